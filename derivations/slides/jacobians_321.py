"""The Jacobian product chain of the 3-2-1 network: J_Y^Z, J_V^Y, their product, and the sum over paths."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid, summed
from ..proof.formula import D, Dot, Inner, Times, grid
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed, without
from .network_321 import (
    ASSUMPTIONS,
    EXPLICIT_Y,
    EXPLICIT_Z,
    GRADIENT_Y,
    GRADIENT_Z,
    INNER,
    J_YZ,
    NETWORK,
    SIZES,
    V,
    X,
    Y,
    Z,
    f_prime,
    g_prime,
    r,
    s1,
    truth,
    v,
    w,
    weights,
    x,
    y,
    z1,
)

slope = partial(z1, s1)
ROW_W = grid((1, 2), lambda _, j: w[j][0])


def through(k: int, i: int) -> sp.Expr:
    """The product along the path x_i, y_k, z1."""
    return f_prime * w[k][0] * g_prime[k] * v[i][k]


J_XY = grid((2, 3), lambda k, i: g_prime[k] * v[i][k])
J_XZ = grid((1, 3), lambda _, i: through(0, i) + through(1, i))
ENTRY = grid((), lambda: f_prime * x[0] * g_prime[0] * w[0][0])

DERIVATIONS = (
    Derivation(
        id="J_VY",
        title="The Jacobian of a layer with respect to its own weights",
        statement="J_V^Y = y_k(1-y_k) x_i δ_jk",
        rows=("D-62",),
        sizes=SIZES,
        assumptions=ASSUMPTIONS,
        where=NETWORK,
        steps=chain(
            weights(Y, V, symbol=True),
            ("definition", grid((3, 2, 2), lambda i, j, k: partial(y[k], v[i][j]))),
            (
                "∂y_k/∂v_ij = 0 when j ≠ k",
                grid((3, 2, 2), lambda i, j, k: delta(j, k) * partial(y[k], v[i][k])),
            ),
            (
                "chain rule through the sum r_k",
                grid((3, 2, 2), lambda i, j, k: delta(j, k) * partial(y[k], r[k]) * partial(r[k], v[i][k])),
            ),
            ("g is the sigmoid; r_k = sum of x_i v_ik", GRADIENT_Y),
        ),
        truth=truth(EXPLICIT_Y, V),
        wrong=(
            negated(GRADIENT_Y),
            without(GRADIENT_Y, g_prime[0], "g'(r1) missing"),
            without(GRADIENT_Y, x[1], "x2 missing"),
            swapped(GRADIENT_Y, x[0], x[1]),
            Wrong("δ_jk missing", grid((3, 2, 2), lambda i, j, k: x[i] * g_prime[k])),
            Wrong("numerator layout", grid((2, 3, 2), lambda k, i, j: delta(j, k) * x[i] * g_prime[k])),
        ),
    ),
    Derivation(
        id="J_YZ",
        title="The Jacobian that links two neighbouring layers",
        statement="J_Y^Z = z1(1-z1) w_j1",
        rows=("D-63",),
        sizes=SIZES,
        assumptions=("Z = f(S), S = Y·W, f is the sigmoid", "numerator layout: column j belongs to y_j"),
        where=NETWORK,
        steps=chain(
            D(Z, Y, symbol=True),
            ("definition", grid((1, 2), lambda _, j: partial(z1, y[j]))),
            ("chain rule through the sum s1", grid((1, 2), lambda _, j: slope * partial(s1, y[j]))),
            ("f is the sigmoid; ∂s1/∂y_j = w_j1", J_YZ),
        ),
        truth=Truth(sp.Array([sigmoid(y[0] * w[0][0] + y[1] * w[1][0])]), sp.Array(y)),
        wrong=(
            negated(J_YZ),
            without(J_YZ, f_prime, "f' missing"),
            without(J_YZ, w[0][0], "w11 missing"),
            swapped(J_YZ, w[0][0], w[1][0]),
            transposed(J_YZ),
        ),
    ),
    Derivation(
        id="J_VZ",
        title="The last of the Jacobian multiplications",
        statement="J_V^Z = J_Y^Z • J_V^Y",
        rows=("D-61", "D-63"),
        sizes=SIZES,
        assumptions=(*ASSUMPTIONS, INNER),
        where=NETWORK,
        steps=chain(
            weights(Z, V, symbol=True),
            ("chain rule", Inner(D(Z, Y, symbol=True), weights(Y, V, symbol=True))),
            ("J_Y^Z, as derived in J_YZ", Inner(J_YZ, weights(Y, V, symbol=True))),
            ("the scalar in front; J_V^Y, as derived in J_VY", Times(f_prime, Inner(ROW_W, GRADIENT_Y))),
            ("dot products with the inner vectors", GRADIENT_Z),
        ),
        truth=truth(EXPLICIT_Z, V),
        wrong=(
            negated(GRADIENT_Z),
            without(GRADIENT_Z, f_prime, "f' missing"),
            Wrong("J_Y^Z without W", Inner(grid((1, 2), lambda *_: f_prime), GRADIENT_Y)),
            swapped(GRADIENT_Z, w[0][0], w[1][0]),
            Wrong("numpy.dot in the slide's order, axes (1, i, j)", Dot(J_YZ, GRADIENT_Y)),
        ),
    ),
    Derivation(
        id="J_VZ_11",
        title="One entry, along a single path",
        statement="J_V^Z(1,1) = z1(1-z1) x1 y1(1-y1) w11",
        rows=("D-64",),
        sizes=SIZES,
        assumptions=ASSUMPTIONS[:2],
        where=NETWORK,
        steps=chain(
            grid((), lambda: partial(z1, v[0][0])),
            (
                "both paths from v11 to z1",
                grid((), lambda: summed(partial(z1, y[k]) * partial(y[k], v[0][0]) for k in range(2))),
            ),
            ("v11 does not reach y2", grid((), lambda: partial(z1, y[0]) * partial(y[0], v[0][0]))),
            (
                "through the sums on the way",
                grid((), lambda: slope * partial(s1, y[0]) * partial(y[0], r[0]) * partial(r[0], v[0][0])),
            ),
            ("f and g are the sigmoid", ENTRY),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z[0]), sp.Array(v[0][0])),
        wrong=(
            negated(ENTRY),
            without(ENTRY, f_prime, "f' missing"),
            without(ENTRY, g_prime[0], "g' missing"),
            without(ENTRY, x[0], "x1 missing"),
            without(ENTRY, w[0][0], "w11 missing"),
            swapped(ENTRY, w[0][0], w[1][0]),
            swapped(ENTRY, *y),
        ),
    ),
    Derivation(
        id="paths",
        title="The product of two Jacobians is the sum over all paths",
        statement="∂z1/∂x_i = Σ_k ∂z1/∂y_k ∂y_k/∂x_i",
        rows=("D-58", "D-59", "D-60"),
        sizes=SIZES,
        assumptions=(ASSUMPTIONS[0], "numerator layout: column i belongs to x_i"),
        where=NETWORK,
        steps=chain(
            D(Z, X, symbol=True),
            (
                "chain rule: the sum over the paths x_i, y_k, z1",
                grid((1, 3), lambda _, i: summed(partial(z1, y[k]) * partial(y[k], x[i]) for k in range(2))),
            ),
            (
                "which is the product of two matrices of partial derivatives",
                Dot(
                    grid((1, 2), lambda _, k: partial(z1, y[k])),
                    grid((2, 3), lambda k, i: partial(y[k], x[i])),
                ),
            ),
            ("definition of the Jacobians", Dot(D(Z, Y, symbol=True), D(Y, X, symbol=True))),
            (
                "as a running product: R = I; R ← R·J_Y^Z; R ← R·J_X^Y",
                Dot(Dot(grid((1, 1), lambda *_: sp.Integer(1)), D(Z, Y, symbol=True)), D(Y, X, symbol=True)),
            ),
            ("f and g are the sigmoid", Times(f_prime, Dot(ROW_W, J_XY))),
            ("matrix product", J_XZ),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(x)),
        wrong=(
            negated(J_XZ),
            without(J_XZ, g_prime[1], "g'(r2) missing"),
            without(J_XZ, f_prime, "f' missing"),
            swapped(J_XZ, w[0][0], w[1][0]),
            Wrong("only the path through y1", grid((1, 3), lambda _, i: through(0, i))),
            Wrong("only the path through y2", grid((1, 3), lambda _, i: through(1, i))),
            transposed(J_XZ),
        ),
    ),
)
