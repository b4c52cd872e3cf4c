"""Errata of the worked example: two updates with wrong numbers, and the right prediction that betrays them.

A 2-2-1 network of sigmoids with bias rows, x = (1, 0, 1), target 1, log-loss, learning rate 1.
"""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Printed, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry, grid
from ..proof.letters import partial
from ..proof.wrong import without

J, r, y, new_y = sp.symbols("J r y y'")
v, new_v = sp.symbols("v0:3"), sp.symbols("V0:3")
s, h, d, new_h = sp.symbols("s1:3"), sp.symbols("h1:3"), sp.symbols("d1:3"), sp.symbols("g1:3")
u, new_u = ([[sp.Symbol(f"{name}{i}{j}") for j in (1, 2)] for i in range(3)] for name in "uU")

X = (1, 0, 1)


def numbers(*fractions: str) -> list[sp.Rational]:
    """Decimals, exactly."""
    return [sp.Rational(fraction) for fraction in fractions]


FORWARD = {
    J: -sp.log(y),
    y: sigmoid(r),
    r: v[0] + v[1] * h[0] + v[2] * h[1],
    **{h[j]: sigmoid(s[j]) for j in range(2)},
    **{s[j]: u[0][j] + u[2][j] for j in range(2)},
    **dict(zip(v, numbers("-0.3", "0.5", "0.1"), strict=True)),
    **dict(zip(sp.flatten(u), numbers("0.4", "0.6", "0.7", "-0.4", "-0.2", "0.3"), strict=True)),
}
ERRORS = {d[j]: (y - 1) * v[j + 1] * h[j] * (1 - h[j]) for j in range(2)}
LOSS = sp.log(
    1 + sp.exp(-v[0] - v[1] / (1 + sp.exp(-u[0][0] - u[2][0])) - v[2] / (1 + sp.exp(-u[0][1] - u[2][1])))
)


def prediction(top: tuple[sp.Expr, ...], sums: tuple[sp.Expr, ...]) -> sp.Expr:
    """The output for weights ``top`` above hidden units with these ``sums``."""
    return 1 / (1 + sp.exp(-top[0] - top[1] / (1 + sp.exp(-sums[0])) - top[2] / (1 + sp.exp(-sums[1]))))


NEW_V = grid((3,), lambda k: [sp.Rational(7, 10) - y, (1 - y) * h[0] + v[1], (1 - y) * h[1] + v[2]][k])
ROW_0 = [sp.Rational(2, 5) - d[0], sp.Rational(3, 5) - d[1]]
ROW_1 = [sp.Rational(7, 10), -sp.Rational(2, 5)]
ROW_2 = [-sp.Rational(1, 5) - d[0], sp.Rational(3, 10) - d[1]]
NEW_U = grid((3, 2), lambda i, j: [ROW_0, ROW_1, ROW_2][i][j])
UPDATED = {
    new_y: sigmoid(new_v[0] + new_v[1] * new_h[0] + new_v[2] * new_h[1]),
    **{new_h[j]: sigmoid(new_u[0][j] + new_u[2][j]) for j in range(2)},
    **dict(zip(new_v, NEW_V.array, strict=True)),
    **{new_u[i][j]: NEW_U.array[i, j] for i in range(3) for j in range(2)},
}
NEW_SUMS = (new_u[0][0] + new_u[2][0], new_u[0][1] + new_u[2][1])
NEW_Y = sigmoid(sp.Rational(7, 10) - y + new_v[1] * new_h[0] + new_v[2] * new_h[1])
PRINTED_SUMS = tuple(numbers("0.92", "1.22"))

EXAMPLE = "x = (1, 0, 1), so that s_j = u_0j + u_2j; h = sigma(s), r = v0 + v1 h1 + v2 h2, y = sigma(r)"
LEARNING = "target 1, J = -log y, learning rate 1: new weights are old weights minus the gradient"

DERIVATIONS = (
    Derivation(
        id="E-02",
        title="The worked example's new W(1): the third entry is +0.447",
        statement="v_k - ∂J/∂v_k = v_k + (1-y) h_k",
        rows=("E-02",),
        sizes="2-2-1",
        assumptions=(EXAMPLE, LEARNING),
        where=FORWARD,
        steps=chain(
            grid((3,), lambda k: v[k] - partial(J, v[k])),
            ("chain rule, r = v0 + v1 h1 + v2 h2", grid((3,), lambda k: v[k] - partial(J, r) * (1, *h)[k])),
            ("J = -log sigma(r)", grid((3,), lambda k: v[k] - (y - 1) * (1, *h)[k])),
            ("v0 = -0.3", NEW_V),
        ),
        truth=Explicit(
            sp.Array([v[k] - sp.diff(LOSS, v[k]) for k in range(3)]),
            "the old weights minus sympy's derivative of the explicit loss",
        ),
        wrong=(
            Printed(
                "as printed, -0.447 in the third entry",
                grid((3,), lambda k: [*NEW_V.array[:2], sp.Rational(-447, 1000)][k]),
                "E-02",
                "Bao (001), line 491",
                "(-0.3, 0.5, 0.1) - (-0.488, -0.269, -0.347) = (0.188, 0.769, -0.447)",
            ),
            Wrong("the gradient added", grid((3,), lambda k: v[k] - (1 - y) * (1, *h)[k])),
            Wrong("h missing", grid((3,), lambda k: v[k] + (1 - y))),
            Wrong(
                "sigma' of the output still there", grid((3,), lambda k: v[k] + (1 - y) ** 2 * y * (1, *h)[k])
            ),
            Wrong("the bias not updated", grid((3,), lambda k: [v[0], *NEW_V.array[1:]][k])),
        ),
    ),
    Derivation(
        id="E-01",
        title="The worked example's new W(0): the last row is a copy of the first",
        statement="u_ij - ∂J/∂u_ij = u_ij - x_i d_j",
        rows=("E-01",),
        sizes="2-2-1",
        assumptions=(EXAMPLE, LEARNING, "in numbers the last row is (-0.140, 0.310)"),
        where={**FORWARD, **ERRORS},
        steps=chain(
            grid((3, 2), lambda i, j: u[i][j] - partial(J, u[i][j])),
            (
                "x_1 = 0: no sum depends on the middle row",
                grid((3, 2), lambda i, j: u[i][j] if i == 1 else u[i][j] - partial(J, u[i][j])),
            ),
            (
                "chain rule, ∂s_j/∂u_ij = 1",
                grid((3, 2), lambda i, j: u[i][j] if i == 1 else u[i][j] - partial(J, s[j])),
            ),
            (
                "∂J/∂s_j = (y-1) v_j h_j(1-h_j) = d_j",
                grid((3, 2), lambda i, j: u[i][j] if i == 1 else u[i][j] - d[j]),
            ),
            ("the old weights", NEW_U),
        ),
        truth=Explicit(
            sp.Array([[u[i][j] - sp.diff(LOSS, u[i][j]) for j in range(2)] for i in range(3)]),
            "the old weights minus sympy's derivative of the explicit loss",
        ),
        wrong=(
            Printed(
                "as printed, the last row equal to the first",
                grid((3, 2), lambda i, j: [ROW_0, ROW_1, ROW_0][i][j]),
                "E-01",
                "Bao (001), line 493",
                "new W(0) = (0.460, 0.610; 0.700, -0.400; 0.460, 0.610)",
            ),
            Wrong("the gradient added", grid((3, 2), lambda i, j: u[i][j] + X[i] * d[j])),
            Wrong("x_1 = 0 taken for 1", grid((3, 2), lambda i, j: u[i][j] - d[j])),
            without(
                grid((3, 2), lambda i, j: u[i][j] - X[i] * ERRORS[d[j]]), 1 - h[0], "h' = h1 in column 1"
            ),
            Wrong(
                "the error from weights already updated",
                grid(
                    (3, 2), lambda i, j: u[i][j] - X[i] * (d[j] + (y - 1) * (1 - y) * h[j] ** 2 * (1 - h[j]))
                ),
            ),
        ),
    ),
    Derivation(
        id="E-03",
        title="The printed new prediction, 0.722, is right, and not that of the printed weights",
        statement="y' = sigma(V0 + V1 g1 + V2 g2)",
        rows=("E-03",),
        sizes="2-2-1",
        assumptions=(
            EXAMPLE,
            LEARNING,
            "V and U are the new weights, as proved in E-02 and E-01; g are the new hidden outputs",
            "in numbers y' is 0.721874; with the weights as printed it would be 0.597",
        ),
        where={**FORWARD, **ERRORS, **UPDATED},
        steps=chain(
            entry(new_y),
            ("forward", entry(sigmoid(new_v[0] + new_v[1] * new_h[0] + new_v[2] * new_h[1]))),
            ("V0 = -0.3 + 1 - y", entry(NEW_Y)),
        ),
        truth=Explicit(
            sp.Array(prediction(new_v, NEW_SUMS)),
            "the output of the network with the new weights, which is 0.72187..",
        ),
        wrong=(
            Wrong(
                "with all weights as printed: 0.597",
                entry(prediction(tuple(numbers("0.188", "0.769", "-0.447")), PRINTED_SUMS)),
            ),
            Wrong("the old prediction: 0.512", entry(y)),
            Wrong("W(1) alone updated: 0.717", entry(sigmoid(new_v[0] + new_v[1] * h[0] + new_v[2] * h[1]))),
            Wrong("W(0) alone updated: 0.515", entry(sigmoid(v[0] + v[1] * new_h[0] + v[2] * new_h[1]))),
            Wrong("the printed W(0) with the right W(1): 0.747", entry(prediction(new_v, PRINTED_SUMS))),
        ),
    ),
)
