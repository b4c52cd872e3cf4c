"""The MSE example: layer Y of size 2 feeds, through W, an output layer Z of 3 sigmoid nodes with targets t.

Numerator layout throughout, except for J_W^Z, whose grid has the weight's indices first as on the slide.
"""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import letters, sigmoid, summed
from ..proof.formula import D, Dot, Letter, grid
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import column_major, negated, swapped, transposed, without
from .network_321 import weights

y = sp.symbols("y1:3")
s, z, t = sp.symbols("s1:4"), sp.symbols("z1:4"), sp.symbols("t1:4")
w = letters("w", 2, 3)
loss = sp.Symbol("L")

Y, Z = Letter("Y", sp.Array(y)), Letter("Z", sp.Array(z))
W, L = Letter("W", sp.Array(w)), Letter("L", sp.Array(loss))

LAYER = {
    **{s[k]: summed([y[i] * w[i][k] for i in range(2)]) for k in range(3)},
    **{z[k]: sigmoid(s[k]) for k in range(3)},
}
LOSS = {loss: sp.Mul(sp.Rational(1, 3), summed((z[k] - t[k]) ** 2 for k in range(3)), evaluate=False)}

EXPLICIT_Z = [sigmoid(y[0] * w[0][k] + y[1] * w[1][k]) for k in range(3)]
EXPLICIT_L = ((EXPLICIT_Z[0] - t[0]) ** 2 + (EXPLICIT_Z[1] - t[1]) ** 2 + (EXPLICIT_Z[2] - t[2]) ** 2) / 3
LOSS_OF_Z = ((z[0] - t[0]) ** 2 + (z[1] - t[1]) ** 2 + (z[2] - t[2]) ** 2) / 3

SIGMOID_LAYER = "S = Y·W, Z = f(S), f is the sigmoid; no bias; one case"
NUMERATOR = "numerator layout: row k belongs to z_k, column i to y_i"


def f_prime(k: int) -> sp.Expr:
    """z_k (1 - z_k)."""
    return z[k] * (1 - z[k])


def error(k: int) -> sp.Expr:
    """2/3 (z_k - t_k), kept factored."""
    return sp.Mul(sp.Rational(2, 3), z[k] - t[k], evaluate=False)


J_ZL = grid((3,), error)
J_YZ = grid((3, 2), lambda k, i: f_prime(k) * w[i][k])
J_WZ = grid((2, 3, 3), lambda i, j, k: delta(j, k) * f_prime(k) * y[i])
J_YL = grid(
    (2,), lambda i: summed([(z[k] - t[k]) * f_prime(k) * w[i][k] * sp.Rational(2, 3) for k in range(3)])
)

DERIVATIONS = (
    Derivation(
        id="mse_J_ZL",
        title="First of the Jacobians: the mean squared error",
        statement="J_Z^L = 2/3 (z_k - t_k)",
        rows=("D-66",),
        sizes="3",
        assumptions=("L is the mean squared error of 3 outputs; the targets t are constants",),
        where=LOSS,
        steps=chain(
            D(L, Z, symbol=True),
            ("definition", grid((3,), lambda k: partial(loss, z[k]))),
            ("only the k-th square depends on z_k", J_ZL),
        ),
        truth=Truth(sp.Array(LOSS_OF_Z), sp.Array(z)),
        wrong=(
            negated(J_ZL),
            swapped(J_ZL, t[0], t[1]),
            Wrong("the factor 2 missing", grid((3,), lambda k: error(k) / 2)),
            Wrong("not divided by 3", grid((3,), lambda k: 3 * error(k))),
            Wrong("target missing", grid((3,), lambda k: 2 * z[k] / 3)),
            Wrong("t - z in place of z - t", grid((3,), lambda k: 2 * (t[k] - z[k]) / 3)),
        ),
    ),
    Derivation(
        id="mse_J_YZ",
        title="Two neighbouring layers, each of several nodes",
        statement="J_Y^Z = z_k(1-z_k) w_ik",
        rows=("D-56", "D-67"),
        sizes="2-3",
        assumptions=(SIGMOID_LAYER, NUMERATOR),
        where=LAYER,
        steps=chain(
            D(Z, Y, symbol=True),
            ("definition", grid((3, 2), lambda k, i: partial(z[k], y[i]))),
            ("chain rule", grid((3, 2), lambda k, i: partial(z[k], s[k]) * partial(s[k], y[i]))),
            ("f is the sigmoid; s_k = sum of y_i w_ik", J_YZ),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(y)),
        wrong=(
            negated(J_YZ),
            without(J_YZ, f_prime(1), "f'(s2) missing"),
            without(J_YZ, w[1][2], "w23 missing"),
            swapped(J_YZ, w[0][1], w[1][0]),
            column_major(J_YZ),
            transposed(J_YZ),
        ),
    ),
    Derivation(
        id="mse_J_WZ",
        title="A layer by its incoming weights: one vector for each weight",
        statement="J_W^Z = δ_jk z_k(1-z_k) y_i",
        rows=("D-57",),
        sizes="2-3",
        assumptions=(SIGMOID_LAYER, "in ∂/∂W the weight's indices come first: denominator layout"),
        where=LAYER,
        steps=chain(
            weights(Z, W, symbol=True),
            ("definition", grid((2, 3, 3), lambda i, j, k: partial(z[k], w[i][j]))),
            (
                "w_ij feeds z_j alone; chain rule",
                grid((2, 3, 3), lambda i, j, k: delta(j, k) * partial(z[k], s[k]) * partial(s[k], w[i][k])),
            ),
            ("f is the sigmoid; s_k = sum of y_i w_ik", J_WZ),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(w), "denominator"),
        wrong=(
            negated(J_WZ),
            without(J_WZ, f_prime(2), "f'(s3) missing"),
            swapped(J_WZ, *y),
            column_major(J_WZ),
            Wrong("δ_jk missing", grid((2, 3, 3), lambda i, j, k: f_prime(k) * y[i])),
            Wrong("numerator layout", grid((3, 2, 3), lambda k, i, j: delta(j, k) * f_prime(k) * y[i])),
        ),
    ),
    Derivation(
        id="mse_J_YL",
        title="First of the Jacobian multiplications",
        statement="J_Y^L = J_Z^L · J_Y^Z",
        rows=("D-67",),
        sizes="2-3",
        assumptions=(SIGMOID_LAYER, "L is the mean squared error; the targets t are constants", NUMERATOR),
        where={**LAYER, **LOSS},
        steps=chain(
            D(L, Y, symbol=True),
            ("chain rule", Dot(D(L, Z, symbol=True), D(Z, Y, symbol=True))),
            ("as derived in mse_J_ZL and mse_J_YZ", Dot(J_ZL, J_YZ)),
            ("row times matrix", J_YL),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(y)),
        wrong=(
            negated(J_YL),
            without(J_YL, f_prime(0), "f'(s1) missing"),
            without(J_YL, w[0][2], "w13 missing"),
            swapped(J_YL, t[0], t[2]),
            swapped(J_YL, w[0][1], w[1][1]),
            Wrong("not divided by 3", grid((2,), lambda i: 3 * J_YL.array[i])),
            Wrong("one path only", grid((2,), lambda i: error(0) * f_prime(0) * w[i][0])),
        ),
    ),
)
