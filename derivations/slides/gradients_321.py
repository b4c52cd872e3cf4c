"""From dV/dV to dZ/dV: the gradients of the 3-2-1 network by the chain rule of tensor calculus."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import D, Dot, Inner, Map, Plus, Times, Transpose, grid
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import column_major, negated, ones, swapped, transposed, without
from .network_321 import (
    ASSUMPTIONS,
    EXPLICIT_R,
    EXPLICIT_Y,
    EXPLICIT_Z,
    GRADIENT_R,
    GRADIENT_Y,
    GRADIENT_Z,
    INNER,
    NETWORK,
    SIZES,
    R,
    S,
    V,
    W,
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
G_R, F_S, XV, YW = Map("g", sigmoid, R), Map("f", sigmoid, S), Dot(X, V), Dot(Y, W)
UNIT_W = grid((2, 1, 2, 1), lambda i, j, a, b: delta(i, a) * delta(j, b))
UNIT_V = grid((3, 2, 3, 2), lambda i, j, a, b: delta(i, a) * delta(j, b))
J_RY = grid((2, 2), lambda k, j: delta(k, j) * g_prime[k])
GRADIENT_W = grid((2, 1, 1), lambda j, *_: f_prime * y[j])
GRADIENT_YW = grid((3, 2, 1), lambda i, j, _: x[i] * g_prime[j] * w[j][0])

DERIVATIONS = (
    Derivation(
        id="dZ_dW",
        title="The gradient of the output with respect to the last weights",
        statement="∂Z/∂W = z1(1-z1) y_j",
        rows=("D-41", "D-42", "D-43"),
        sizes=SIZES,
        assumptions=ASSUMPTIONS,
        where=NETWORK,
        steps=chain(
            grid((2, 1, 1), lambda j, k, _: partial(z1, w[j][k])),
            ("definition", weights(Z, W)),
            ("Z = f(S)", weights(F_S, W)),
            ("chain rule; ∂f(S)/∂S is a scalar", Times(slope, weights(S, W))),
            ("f is the sigmoid, f' = f(1-f); S = Y·W", Times(f_prime, weights(YW, W))),
            ("product rule", Times(f_prime, Plus(Dot(weights(Y, W), W), Dot(Y, weights(W, W))))),
            ("Y is independent of W", Times(f_prime, Dot(Y, weights(W, W)))),
            ("∂W/∂W is not 1, but unit matrices", Times(f_prime, Dot(Y, UNIT_W))),
            ("each unit matrix picks one y", Times(f_prime, grid((2, 1, 1), lambda j, *_: y[j]))),
            ("the scalar into each entry", GRADIENT_W),
        ),
        truth=truth(EXPLICIT_Z, W),
        wrong=(
            negated(GRADIENT_W),
            without(GRADIENT_W, f_prime, "f' missing"),
            without(GRADIENT_W, 1 - z1, "f' = z in place of z(1-z)"),
            swapped(GRADIENT_W, *y),
            Wrong("∂W/∂W taken for 1", Times(f_prime, Dot(Y, ones(UNIT_W).formula))),
        ),
    ),
    Derivation(
        id="dg_dR",
        title="The Jacobian of an elementwise activation is diagonal",
        statement="∂g(R)/∂R = diag(y_k(1-y_k))",
        rows=("D-45",),
        sizes=SIZES,
        assumptions=(
            "Y = g(R), g is the sigmoid, applied to each entry",
            "numerator layout: row k belongs to y_k",
        ),
        where={y[j]: sigmoid(r[j]) for j in range(2)},
        steps=chain(
            D(G_R, R),
            ("definition; y_k = g(r_k)", grid((2, 2), lambda k, j: partial(y[k], r[j]))),
            ("y_k depends on r_k alone", grid((2, 2), lambda k, j: delta(k, j) * partial(y[k], r[k]))),
            ("g' = g(1-g)", J_RY),
        ),
        truth=Truth(sp.Array([sigmoid(r[0]), sigmoid(r[1])]), sp.Array(r)),
        wrong=(
            negated(J_RY),
            without(J_RY, 1 - y[0], "g' = y1 in place of y1(1-y1)"),
            swapped(J_RY, *y),
            Wrong("not diagonal: y_k(1-y_k) in all of row k", grid((2, 2), lambda k, _: g_prime[k])),
            Wrong(
                "coupled as in a softmax: δ_kj y_k - y_k y_j",
                grid((2, 2), lambda k, j: y[k] * (delta(k, j) - y[j])),
            ),
        ),
    ),
    Derivation(
        id="dV_dV",
        title="A matrix by itself: four dimensions and six unit matrices",
        statement="∂V/∂V = δ_ia δ_jb",
        rows=("D-46",),
        sizes="3x2",
        assumptions=("the six weights are independent of each other",),
        steps=chain(
            weights(V, V),
            ("∂v_ab/∂v_ij = 1 if i = a and j = b, else 0", UNIT_V),
        ),
        truth=Truth(sp.Array(v), sp.Array(v), "denominator"),
        wrong=(
            negated(UNIT_V),
            ones(UNIT_V),
            Wrong("δ_ia alone", grid((3, 2, 3, 2), lambda i, j, a, b: delta(i, a))),
            column_major(grid((3, 2, 3, 2), lambda i, j, a, b: delta(2 * i + j, 3 * b + a))),
        ),
    ),
    Derivation(
        id="dR_dV",
        title="X times the unit matrices",
        statement="∂R/∂V = X·∂V/∂V = x_i δ_jk",
        rows=("D-47",),
        sizes=SIZES,
        assumptions=ASSUMPTIONS,
        where=NETWORK,
        steps=chain(
            weights(R, V),
            ("R = X·V", weights(XV, V)),
            ("product rule", Plus(Dot(X, weights(V, V)), Dot(weights(X, V), V))),
            ("X is independent of V", Dot(X, weights(V, V))),
            ("∂V/∂V is unit matrices", Dot(X, UNIT_V)),
            ("X dotted with each inner matrix", GRADIENT_R),
        ),
        truth=truth(EXPLICIT_R, V),
        wrong=(
            negated(GRADIENT_R),
            swapped(GRADIENT_R, x[0], x[2]),
            column_major(GRADIENT_R),
            Wrong("δ_jk missing", grid((3, 2, 2), lambda i, j, k: x[i])),
            Wrong("δ_jk for 1 - δ_jk", grid((3, 2, 2), lambda i, j, k: (1 - delta(j, k)) * x[i])),
        ),
    ),
    Derivation(
        id="dY_dV",
        title="One layer back, with the slide's twist",
        statement="∂Y/∂V = x_i y_k(1-y_k) δ_jk",
        rows=("D-48", "E-07"),
        sizes=SIZES,
        assumptions=(
            *ASSUMPTIONS,
            INNER,
        ),
        where=NETWORK,
        steps=chain(
            weights(Y, V),
            ("Y = g(R)", weights(G_R, V)),
            ("chain rule, with the twist", Inner(D(G_R, R), weights(R, V))),
            ("the twist is a transposed matrix on the right", Dot(weights(R, V), Transpose(D(G_R, R)))),
            (
                "numpy.dot in the slide's order has axes (k, i, j); since ∂g(R)/∂R is symmetric, "
                "moving the axes repairs it",
                Transpose(Dot(D(G_R, R), weights(R, V)), (1, 0, 2)),
            ),
            ("both factors written out", Inner(J_RY, GRADIENT_R)),
            ("each inner vector multiplied", GRADIENT_Y),
        ),
        truth=truth(EXPLICIT_Y, V),
        wrong=(
            negated(GRADIENT_Y),
            without(GRADIENT_Y, 1 - y[1], "g' = y2 in place of y2(1-y2)"),
            swapped(GRADIENT_Y, *y),
            column_major(GRADIENT_Y),
            Wrong("g' missing", GRADIENT_R),
            Wrong("numpy.dot in the slide's order, axes (k, i, j)", Dot(J_RY, GRADIENT_R)),
        ),
    ),
    Derivation(
        id="dYW_dV",
        title="The inner vectors dotted with W",
        statement="∂(Y·W)/∂V = x_i y_j(1-y_j) w_j1",
        rows=("D-49",),
        sizes=SIZES,
        assumptions=ASSUMPTIONS,
        where=NETWORK,
        steps=chain(
            weights(YW, V),
            ("product rule", Plus(Dot(weights(Y, V), W), Dot(Y, weights(W, V)))),
            ("W is independent of V", Dot(weights(Y, V), W)),
            ("∂Y/∂V, as derived in dY_dV", Dot(GRADIENT_Y, W)),
            ("each of the 6 inner vectors dotted with W", GRADIENT_YW),
        ),
        truth=truth([EXPLICIT_Y[0] * w[0][0] + EXPLICIT_Y[1] * w[1][0]], V),
        wrong=(
            negated(GRADIENT_YW),
            without(GRADIENT_YW, w[0][0], "w11 missing"),
            without(GRADIENT_YW, g_prime[0], "g'(r1) missing"),
            swapped(GRADIENT_YW, w[0][0], w[1][0]),
            column_major(GRADIENT_YW),
            transposed(GRADIENT_YW),
        ),
    ),
    Derivation(
        id="dZ_dV",
        title="The gradient of the output with respect to the first weights",
        statement="∂Z/∂V = z1(1-z1) x_i y_j(1-y_j) w_j1",
        rows=("D-44", "D-50"),
        sizes=SIZES,
        assumptions=ASSUMPTIONS,
        where=NETWORK,
        steps=chain(
            grid((3, 2, 1), lambda i, j, _: partial(z1, v[i][j])),
            ("definition", weights(Z, V)),
            ("Z = f(S)", weights(F_S, V)),
            ("chain rule; ∂f(S)/∂S is a scalar", Times(slope, weights(S, V))),
            ("f is the sigmoid; S = Y·W", Times(f_prime, weights(YW, V))),
            ("product rule", Times(f_prime, Plus(Dot(weights(Y, V), W), Dot(Y, weights(W, V))))),
            ("W is independent of V; Y = g(R)", Times(f_prime, Dot(weights(G_R, V), W))),
            ("chain rule, with the twist", Times(f_prime, Dot(Inner(D(G_R, R), weights(R, V)), W))),
            ("as derived in dg_dR and dR_dV", Times(f_prime, Dot(Inner(J_RY, GRADIENT_R), W))),
            ("each inner vector multiplied", Times(f_prime, Dot(GRADIENT_Y, W))),
            ("each of the 6 inner vectors dotted with W", Times(f_prime, GRADIENT_YW)),
            ("the scalar into each entry", GRADIENT_Z),
        ),
        truth=truth(EXPLICIT_Z, V),
        wrong=(
            negated(GRADIENT_Z),
            without(GRADIENT_Z, f_prime, "f' missing"),
            without(GRADIENT_Z, g_prime[1], "g'(r2) missing"),
            without(GRADIENT_Z, w[1][0], "w21 missing"),
            without(GRADIENT_Z, x[2], "x3 missing"),
            swapped(GRADIENT_Z, w[0][0], w[1][0]),
            swapped(GRADIENT_Z, x[1], x[2]),
            column_major(GRADIENT_Z),
            transposed(GRADIENT_Z),
        ),
    ),
)
