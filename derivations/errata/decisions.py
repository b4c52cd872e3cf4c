"""Errata of networks that decide: a form that is not minimal, a circle with tails, one layer alone."""

import re

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Printed, Wrong, chain
from ..proof.formula import Letter, Map, entry
from ..proof.wrong import negated

ROWS = Letter("rows", sp.Array([[4 * line + column for column in range(4)] for line in range(4)]))
ON = sp.Array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]])


def form(sum_of_products: str) -> Map:
    """The 16 values of a disjunctive normal form in W, X, Y, Z, whose bits are the number of the row."""
    terms = [re.findall("([WXYZ])('?)", term) for term in sum_of_products.split("+")]

    def value(row: sp.Expr) -> sp.Expr:
        bit = dict(zip("WXYZ", f"{int(row):04b}", strict=True))
        return sp.Integer(any(all(bit[x] == ("0" if not_ else "1") for x, not_ in term) for term in terms))

    return Map(f"({sum_of_products})", value, ROWS)


angle, first, last = sp.symbols("h first last")
PROFILE = entry(1 - angle / sp.pi)

w1, w2, b = sp.symbols("w1 w2 b")
s = {(x1, x2): sp.Symbol(f"s{x1}{x2}") for x1 in (0, 1) for x2 in (0, 1)}

DERIVATIONS = (
    Derivation(
        id="E-35",
        title="The reduced form is not reduced: X'YZ' can be X'Z'",
        statement="O = Y'Z' + W'XY' + X'Z'",
        rows=("E-35",),
        sizes="16 rows",
        assumptions=(
            "W' is not W, a product is AND, + is OR; the rows of the truth table are WXYZ = 0000 to 1111",
            "the printed form has the right values; it only has a letter too many",
        ),
        steps=chain(
            form("Y'Z' + W'XY' + X'YZ'"),
            ("X'Y'Z' is a part of Y'Z'", form("Y'Z' + W'XY' + X'YZ' + X'Y'Z'")),
            ("X'YZ' + X'Y'Z' = X'Z'", form("Y'Z' + W'XY' + X'Z'")),
        ),
        truth=Explicit(ON, "the truth table, a line for each of WX = 00, 01, 10, 11"),
        wrong=(
            Printed(
                "as printed, if X'YZ' could not be shortened: X'Y'Z' off",
                form("XY'Z' + W'XY' + X'YZ'"),
                "E-35",
                "Dehaqani (002), line 346",
                "Reduced DNF form: O = Y'Z' + W'XY' + X'YZ'",
            ),
            Wrong("Y'Z' left out", form("W'XY' + X'Z'")),
            Wrong("W'XY' left out", form("Y'Z' + X'Z'")),
            Wrong("W'XY' shortened to XY'", form("Y'Z' + XY' + X'Z'")),
            Wrong("X'Z' shortened to Z'", form("Y'Z' + W'XY' + Z'")),
        ),
    ),
    Derivation(
        id="E-36",
        title="Outside the circle the sum is not N/2, but falls to it slowly",
        statement="F = 1 - h/pi > 1/2, cos h = r0/r",
        rows=("E-36",),
        sizes="1",
        assumptions=(
            "F is the share of the N sides whose units fire at distance r from the centre, for N large; "
            "r0 is the radius of the circle, r > r0",
            "a side fires unless the point is beyond it: unless their directions differ by less than "
            "h = acos(r0/r); so the directions from h to 2 pi - h fire",
            "h is below pi/2 at every finite r; for small r0/r, F is about 1/2 + r0/(pi r)",
        ),
        where={first: angle, last: 2 * sp.pi - angle},
        steps=chain(
            entry((last - first) / (2 * sp.pi)),
            ("from h to 2 pi - h", entry((2 * sp.pi - 2 * angle) / (2 * sp.pi))),
            ("divided by 2 pi", PROFILE),
        ),
        truth=Explicit(
            sp.Array(sp.Rational(1, 2) + (sp.pi / 2 - angle) / sp.pi),
            "1/2 + arcsin(r0/r)/pi, where arcsin is pi/2 - arccos",
        ),
        wrong=(
            Printed(
                "as printed, N/2 everywhere outside",
                entry(sp.Rational(1, 2)),
                "E-36",
                "Dehaqani (002), lines 528-530",
                "Sum is N inside the circle, N/2 outside almost everywhere",
            ),
            Wrong("the sides that do not fire", entry(angle / sp.pi)),
            Wrong("h on one side only", entry(1 - angle / (2 * sp.pi))),
            Wrong("shares of a half circle", entry(1 - 2 * angle / sp.pi)),
            Wrong("an arc sine for the arc cosine", entry(sp.Rational(1, 2) + angle / sp.pi)),
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
            "XOR needs s01 and s10 above the threshold and s00 and s11 below: then the sums would differ",
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
                "as printed, with the values of XOR",
                entry(s[1, 0] + s[0, 1] - 2),
                "E-49",
                "Dehaqani (002), lines 598 and 622",
                "A single-layer MLP can approximate anything to arbitrary precision",
            ),
            negated(entry(s[1, 0] + s[0, 1])),
            Wrong("b counted once", entry(s[1, 0] + s[0, 1] - b)),
            Wrong("s10 twice", entry(2 * s[1, 0])),
            Wrong("w2 missing", entry(2 * b + w1)),
        ),
    ),
)
