"""Errata of XOR: one layer alone cannot compute it, two without bias units can."""

from collections.abc import Sequence

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Printed, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import Entries, entry, grid
from ..proof.wrong import negated

w1, w2, b, gap = sp.symbols("w1 w2 b g")
s = {(x1, x2): sp.Symbol(f"s{x1}{x2}") for x1 in (0, 1) for x2 in (0, 1)}

INPUTS = ((0, 0), (0, 1), (1, 0), (1, 1))
r, h1, h2, q = (sp.symbols(f"{name}00 {name}01 {name}10 {name}11") for name in ("r", "h", "k", "q"))
OUTPUT_SUMS = [50 * (4 * x - 1 - 5 * x**10) / ((1 + x) * (1 + x**10)) for x in q]


def signed(sums: Sequence[sp.Expr]) -> Entries:
    """The sums of the output at the four inputs, and below them their signs."""
    return grid((2, 4), lambda sign, c: sp.sign(sums[c]) if sign else sums[c])


def with_signs(*signs: int) -> Entries:
    """The right sums, with these signs."""
    return grid((2, 4), lambda sign, c: sp.Integer(signs[c]) if sign else OUTPUT_SUMS[c])


XOR = with_signs(-1, 1, 1, -1)

DERIVATIONS = (
    Derivation(
        id="E-18",
        title="Without bias units, two inputs, two hidden units and an output can compute XOR",
        statement="sign of the output's sum: -, +, +, -",
        rows=("E-18",),
        sizes="2-2-1",
        assumptions=(
            "r = 200 h - 250 k is the output's sum at the inputs 00, 01, 10, 11; h = sigma(10 x1 + 10 x2) "
            "and k = sigma(x1 + x2) are the hidden units, without bias",
            "the output sigma(r) is above 1/2 for r > 0 and below for r < 0; q = exp(-x1 - x2) is 1, 1/e, "
            "1/e and 1/e^2",
            "the first line is r, the second its sign",
            "it says nothing about how often such weights are learned",
        ),
        where={
            **{r[c]: 200 * h1[c] - 250 * h2[c] for c in range(4)},
            **{h1[c]: sigmoid(sp.Integer(10 * x1 + 10 * x2)) for c, (x1, x2) in enumerate(INPUTS)},
            **{h2[c]: sigmoid(sp.Integer(x1 + x2)) for c, (x1, x2) in enumerate(INPUTS)},
            **{q[c]: sp.exp(-x1 - x2) for c, (x1, x2) in enumerate(INPUTS)},
        },
        steps=chain(
            signed(list(r)),
            ("forward", signed([200 * h1[c] - 250 * h2[c] for c in range(4)])),
            ("h = 1/(1 + q^10), k = 1/(1 + q)", signed([200 / (1 + x**10) - 250 / (1 + x) for x in q])),
            ("a common denominator", signed(OUTPUT_SUMS)),
            ("1/e is above 1/4, 1/e^2 below", XOR),
        ),
        truth=Explicit(
            signed(
                [250 * e / (1 + e) - 200 * e**10 / (1 + e**10) - 50 for e in map(sp.exp, (0, -1, -1, -2))]
            ).array,
            "the sums for sigma(u) = 1 - exp(-u)/(1 + exp(-u)), and their signs",
        ),
        wrong=(
            negated(XOR),
            Wrong("AND", with_signs(-1, -1, -1, 1)),
            Wrong("OR", with_signs(-1, 1, 1, 1)),
            Wrong("0 at 00, where the hidden sums are 0", with_signs(0, 1, 1, -1)),
            Wrong("200 and -250 exchanged", signed([200 * h2[c] - 250 * h1[c] for c in range(4)])),
            Wrong("one hidden unit alone", signed([200 * h1[c] for c in range(4)])),
        ),
    ),
    Derivation(
        id="E-49",
        title="A single layer cannot compute XOR; it takes a hidden one",
        statement="s00 + s11 = s01 + s10",
        rows=("E-49",),
        sizes="2-1",
        assumptions=(
            "s = b + w1 x1 + w2 x2 is the sum of a unit without a hidden layer, at the four inputs",
            "XOR needs s01 and s10 above the threshold and s00 and s11 below: then s01 + s10 would be larger "
            "by some gap, written e^g because it is positive",
            "what can approximate anything is a single hidden layer, with an output layer on it",
        ),
        where={at: b + w1 * x1 + w2 * x2 for (x1, x2), at in s.items()},
        steps=chain(
            entry(s[0, 0] + s[1, 1]),
            ("the sums at 00 and 11", entry(b + (b + w1 + w2))),
            ("one b and one weight each", entry(s[1, 0] + s[0, 1])),
        ),
        truth=Explicit(sp.Array(2 * (b + w1 / 2 + w2 / 2)), "twice the sum in the middle of the square"),
        wrong=(
            Printed(
                "as printed, XOR with one layer",
                entry(s[1, 0] + s[0, 1] - sp.exp(gap)),
                "E-49",
                "Dehaqani (002), lines 598 and 622",
                "A single-layer MLP can approximate anything to arbitrary precision",
                "one layer and none below it, for XOR: s00 + s11 = s01 + s10 - e^g, a gap e^g > 0",
            ),
            negated(entry(s[1, 0] + s[0, 1])),
            Wrong("b counted once", entry(s[1, 0] + s[0, 1] - b)),
            Wrong("s10 twice", entry(2 * s[1, 0])),
            Wrong("w2 missing", entry(2 * b + w1)),
        ),
    ),
)
