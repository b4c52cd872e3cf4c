"""Bao's equations (8) to (10): further upstream, to the inputs and to the weights below them."""

import sympy as sp

from ..proof.derivation import Derivation, Wrong, chain
from ..proof.formula import Dot, Letter, Times, Transpose, grid
from ..proof.letters import partial
from ..proof.wrong import negated, swapped
from .bao_network import (
    BELOW,
    DELTA_1,
    DELTA_2,
    DELTA_3,
    EQ_4,
    HIDDEN,
    J_OF_A,
    J_OF_X,
    NETWORK,
    PSI,
    PSI_O,
    PSI_X,
    SHAPE,
    A,
    J,
    U,
    V,
    W,
    X,
    a,
    column,
    delta_1,
    delta_2,
    delta_3,
    gradient,
    loss_slope,
    o,
    psi_o,
    psi_x,
    psi_yhat,
    q,
    r,
    s,
    truth,
    u,
    v,
    w,
    x,
    yhat,
)
from .hadamard import Hadamard, WithoutBias

SCALAR = loss_slope(yhat) * psi_yhat
UP_TO_2 = {delta_1: psi_yhat * loss_slope(yhat), **{delta_2[j]: psi_o[j] * v[j] * delta_1 for j in (1, 2)}}
DELTAS = {
    **UP_TO_2,
    **{delta_3[i]: psi_x[i] * (w[i][0] * delta_2[1] + w[i][1] * delta_2[2]) for i in (1, 2, 3)},
}
X_1 = column("x1", [x[1]])
TWO_WAYS = grid((1, 1), lambda *_: SCALAR * (v[1] * psi_o[1] * w[1][0] + v[2] * psi_o[2] * w[1][1]))
ROW_1 = Letter("w_1*", sp.Array([w[1]]))
BRACES = Hadamard(PSI_O, Times(SCALAR, V))
TO_X = grid((4, 1), lambda i, _: w[i][0] * delta_2[1] + w[i][1] * delta_2[2])
BACK_2 = Hadamard(PSI_O, Dot(V, DELTA_1))
TO_U = grid((2, 3), lambda i, j: a[i] * delta_3[j + 1])

PLACEHOLDER = "δ_0 and ψ of a bias unit are placeholders: [1+] drops them, whatever they are"
PASSED_BACK = "δ(-1) = ψ(ŷ) J'(ŷ), δ(-2) = ψ(o) ∘ (V δ(-1)), δ(-3) = ψ(x) ∘ (W δ(-2)_[1+])"
INPUT_LAYER = "x_j = φ(q_j), q_j = u_j^T a, ψ(x_j) = φ'(q_j); no weight leads to x0"


def through(j: int, i: int) -> sp.Expr:
    """The way from the loss to x_i through the hidden neuron j."""
    return partial(J, o[j]) * partial(o[j], x[i])


DERIVATIONS = (
    Derivation(
        id="bao_8",
        title="Seed 001, eq. (8): to one input, through both hidden neurons",
        statement="∂J/∂x1 = w_1* {ψ(o) ∘ V δ(-1)}_[1+]",
        rows=("B-28",),
        sizes="3-2-1",
        assumptions=(HIDDEN, EQ_4, "w_1* is the row of the weights that leave x1", PLACEHOLDER),
        where={**NETWORK, **PSI},
        steps=chain(
            gradient(X_1),
            ("both neurons depend on x1", grid((1, 1), lambda *_: through(1, 1) + through(2, 1))),
            (
                "chain rule, to ŷ and on to each neuron",
                grid(
                    (1, 1),
                    lambda *_: (
                        SCALAR
                        * (
                            partial(r, o[1]) * psi_o[1] * partial(s[1], x[1])
                            + partial(r, o[2]) * psi_o[2] * partial(s[2], x[1])
                        )
                    ),
                ),
            ),
            ("∂r/∂o_j = v_j, ∂s_j/∂x1 = w_1j", TWO_WAYS),
            (
                "a row times a Hadamard product",
                Dot(ROW_1, Hadamard(WithoutBias(PSI_O), Times(SCALAR, WithoutBias(V)))),
            ),
            ("with a bias row, which is dropped", Dot(ROW_1, WithoutBias(BRACES))),
        ),
        truth=truth(J_OF_X, X_1),
        wrong=(
            negated(TWO_WAYS),
            swapped(TWO_WAYS, v[1], v[2]),
            swapped(TWO_WAYS, w[1][0], w[1][1]),
            Wrong("one way only", grid((1, 1), lambda *_: SCALAR * v[1] * psi_o[1] * w[1][0])),
            Wrong("ψ(o) missing", Dot(ROW_1, Times(SCALAR, WithoutBias(V)))),
            Wrong("the bias row kept", Dot(ROW_1, BRACES)),
            Wrong("the bias weights of row 0", Dot(Letter("w_0*", sp.Array([w[0]])), WithoutBias(BRACES))),
        ),
    ),
    Derivation(
        id="bao_9",
        title="Seed 001, eq. (9): to all inputs, W times the delta without its bias row",
        statement="∂J/∂x = W [ψ(o) ∘ (V δ(-1))]_[1+]",
        rows=("B-29", "B-36"),
        sizes="3-2-1",
        assumptions=(HIDDEN, EQ_4, SHAPE, PASSED_BACK, PLACEHOLDER),
        where={**NETWORK, **PSI, **UP_TO_2},
        steps=chain(
            gradient(X),
            ("definition", grid((4, 1), lambda i, _: partial(J, x[i]))),
            ("both neurons depend on x_i", grid((4, 1), lambda i, _: through(1, i) + through(2, i))),
            (
                "eq. (8) for each x_i, with δ(-1)",
                grid(
                    (4, 1),
                    lambda i, _: delta_1 * (w[i][0] * v[1] * psi_o[1] + w[i][1] * v[2] * psi_o[2]),
                ),
            ),
            ("definition of δ(-2)", TO_X),
            ("a matrix times a column", Dot(W, WithoutBias(DELTA_2))),
            ("definition of δ(-2)", Dot(W, WithoutBias(BACK_2))),
        ),
        truth=truth(J_OF_X, X),
        wrong=(
            negated(TO_X),
            swapped(TO_X, delta_2[1], delta_2[2]),
            Wrong("the bias row kept", Dot(W, DELTA_2)),
            Wrong("ψ(o) missing", Dot(W, WithoutBias(Dot(V, DELTA_1)))),
            Wrong("W^T in the place of W", Dot(Transpose(W), WithoutBias(DELTA_2))),
            Wrong("ψ(x) too many: that is δ(-3)", Hadamard(PSI_X, Dot(W, WithoutBias(BACK_2)))),
        ),
    ),
    Derivation(
        id="bao_10",
        title="Seed 001, eq. (10): the weights below, an outer product again",
        statement="∂J/∂U = a (δ(-3)_[1+])^T",
        rows=("B-30", "B-35"),
        sizes="1-3-2-1",
        assumptions=(HIDDEN, INPUT_LAYER, PASSED_BACK, PLACEHOLDER, SHAPE),
        where={**NETWORK, **BELOW, **PSI, **DELTAS},
        steps=chain(
            gradient(U),
            (
                "u_ij acts through x_j alone",
                grid((2, 3), lambda i, j: partial(J, x[j + 1]) * partial(x[j + 1], u[i][j])),
            ),
            ("x_j = φ(q_j)", grid((2, 3), lambda i, j: a[i] * psi_x[j + 1] * partial(J, x[j + 1]))),
            (
                "eq. (9): ∂J/∂x = W δ(-2)_[1+]",
                grid((2, 3), lambda i, j: a[i] * psi_x[j + 1] * TO_X.array[j + 1, 0]),
            ),
            ("definition of δ(-3)", TO_U),
            ("eq. (10), transposed", Transpose(Dot(WithoutBias(DELTA_3), Transpose(A)))),
            ("(δ a^T)^T = a δ^T", Dot(A, Transpose(WithoutBias(DELTA_3)))),
        ),
        truth=truth(J_OF_A, U),
        wrong=(
            negated(TO_U),
            swapped(TO_U, a[0], a[1]),
            swapped(TO_U, delta_3[1], delta_3[3]),
            Wrong("the bias row kept: c+1 by d+1", Dot(A, Transpose(DELTA_3))),
            Wrong("∂J/∂x: ψ(x) missing", Dot(A, Transpose(WithoutBias(Dot(W, WithoutBias(DELTA_2)))))),
            Wrong("not transposed: δ a^T", Dot(WithoutBias(DELTA_3), Transpose(A))),
            Wrong("q_j for ψ(x_j)", grid((2, 3), lambda i, j: a[i] * q[j + 1] * TO_X.array[j + 1, 0])),
        ),
    ),
)
