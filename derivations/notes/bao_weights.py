"""Bao's equations (1) to (7): from one neuron to the gradient of a matrix of weights."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Wrong, chain
from ..proof.formula import Dot, Letter, Map, Times, Transpose, entry, grid
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .bao_network import (
    BIASES,
    EQ_4,
    FORWARD,
    HIDDEN,
    J_OF_X,
    NETWORK,
    OUT,
    PSI,
    PSI_O,
    SHAPE,
    J,
    V,
    W,
    X,
    column,
    gradient,
    loss_slope,
    o,
    phi,
    phi_slope,
    psi_o,
    psi_yhat,
    r,
    s,
    truth,
    v,
    w,
    x,
    yhat,
)
from .hadamard import Hadamard, WithBias, WithoutBias

Y_HAT_EXPLICIT = phi(
    v[0]
    + v[1] * phi(w[0][0] * x[0] + w[1][0] * x[1] + w[2][0] * x[2] + w[3][0] * x[3])
    + v[2] * phi(w[0][1] * x[0] + w[1][1] * x[1] + w[2][1] * x[2] + w[3][1] * x[3])
)
HIDDEN_LAYER = Map("φ", phi, Dot(Transpose(W), X))
FED_FORWARD = Map("φ", phi, Dot(Transpose(V), WithBias(HIDDEN_LAYER)))

PATH = entry(loss_slope(yhat) * phi_slope(r) * v[1] * phi_slope(s[1]) * x[1])
W_1 = column("w_1", [row[0] for row in w])
COLUMN = grid((4, 1), lambda i, _: loss_slope(yhat) * psi_yhat * v[1] * psi_o[1] * x[i])
ENTRIES = grid((4, 2), lambda i, j: loss_slope(yhat) * psi_yhat * v[j + 1] * psi_o[j + 1] * x[i])
SCALARS = loss_slope(yhat) * psi_yhat
ROW = grid((1, 2), lambda _, j: v[j + 1] * psi_o[j + 1])
EQ_7 = Times(SCALARS, Dot(X, Transpose(WithoutBias(Hadamard(V, PSI_O)))))

DERIVATIONS = (
    Derivation(
        id="bao_1",
        title="Seed 001, eq. (1): feed forward with the bias as row 0 of each matrix",
        statement="ŷ = φ(V^T (1 ⊕ φ(W^T x)))",
        rows=("B-02", "B-06", "B-08", "B-09", "B-10"),
        sizes="3-2-1",
        assumptions=(
            "column j of W holds the weights of neuron j, its bias w_0j on top",
            "x and o are columns, number 0 is the bias unit; φ acts on each entry",
        ),
        where={**FORWARD, o[0]: sp.S.One},
        steps=chain(
            grid((1, 1), lambda *_: yhat),
            ("eq. (1): one neuron", grid((1, 1), lambda *_: phi(v[0] * o[0] + v[1] * o[1] + v[2] * o[2]))),
            ("a row times a column", Map("φ", phi, Dot(Transpose(V), OUT))),
            (
                "W gives o_[1+] only; o_0 = 1 on top",
                Map("φ", phi, Dot(Transpose(V), WithBias(WithoutBias(OUT)))),
            ),
            ("eq. (1) for each hidden neuron", FED_FORWARD),
        ),
        truth=Explicit(sp.Array([[Y_HAT_EXPLICIT]]), words="φ of the sums written out term by term"),
        wrong=(
            Wrong("W in the place of W^T", Map("φ", phi, Dot(Transpose(V), WithBias(Dot(W, X))))),
            Wrong(
                "φ applied to the bias unit as well",
                Map("φ", phi, Dot(Transpose(V), Map("φ", phi, WithBias(Dot(Transpose(W), X))))),
            ),
            Wrong(
                "φ of the hidden layer missing",
                Map("φ", phi, Dot(Transpose(V), WithBias(Dot(Transpose(W), X)))),
            ),
            Wrong("φ of the output missing", Dot(Transpose(V), WithBias(HIDDEN_LAYER))),
            Wrong("no bias unit in o", Map("φ", phi, Dot(Transpose(WithoutBias(V)), HIDDEN_LAYER))),
        ),
    ),
    Derivation(
        id="bao_3",
        title="Seed 001, eq. (3): back to the neuron the weight leads to, then to it",
        statement="∂J/∂w11 = J'(ŷ) φ'(r) v1 φ'(s1) x1",
        rows=("B-18", "B-23"),
        sizes="3-2-1",
        assumptions=(HIDDEN, BIASES),
        where=NETWORK,
        steps=chain(
            entry(partial(J, w[1][0])),
            ("w11 acts through o1 alone", entry(partial(J, o[1]) * partial(o[1], w[1][0]))),
            (
                "chain rule, twice on each side",
                entry(
                    partial(J, yhat)
                    * partial(yhat, r)
                    * partial(r, o[1])
                    * partial(o[1], s[1])
                    * partial(s[1], w[1][0])
                ),
            ),
            (
                "∂r/∂o1 = v1, ∂s1/∂w11 = x1",
                entry(partial(J, yhat) * partial(yhat, r) * v[1] * partial(o[1], s[1]) * x[1]),
            ),
            ("the slopes of J and of φ", PATH),
        ),
        truth=truth(J_OF_X, Letter("w11", sp.Array(w[1][0]))),
        wrong=(
            negated(PATH),
            without(PATH, v[1], "v1 missing"),
            without(PATH, x[1], "x1 missing, as for the bias w01"),
            without(PATH, phi_slope(s[1]), "φ' of the hidden neuron missing"),
            swapped(PATH, v[1], v[2]),
            swapped(PATH, s[1], s[2]),
            Wrong("φ' at the output: φ'(o1)", entry(PATH.array[()].xreplace({s[1]: o[1]}))),
        ),
    ),
    Derivation(
        id="bao_5",
        title="Seed 001, eqs. (4), (5): all weights of one neuron, as a column",
        statement="∂J/∂w_1 = J'(ŷ) ψ(ŷ) v1 ψ(o1) x",
        rows=("B-23", "B-25"),
        sizes="3-2-1",
        assumptions=(HIDDEN, BIASES, EQ_4, SHAPE),
        where={**NETWORK, psi_o[1]: PSI[psi_o[1]], psi_yhat: PSI[psi_yhat]},
        steps=chain(
            gradient(W_1),
            ("definition", grid((4, 1), lambda i, _: partial(J, w[i][0]))),
            (
                "eq. (3) for each weight",
                grid(
                    (4, 1),
                    lambda i, _: partial(J, yhat) * partial(yhat, r) * v[1] * partial(o[1], s[1]) * x[i],
                ),
            ),
            ("eq. (4): slopes in terms of the outputs", COLUMN),
            ("x is the common column", Times(SCALARS * v[1] * psi_o[1], X)),
        ),
        truth=truth(J_OF_X, W_1),
        wrong=(
            negated(COLUMN),
            without(COLUMN, psi_o[1], "ψ(o1) missing"),
            without(COLUMN, psi_yhat, "ψ(ŷ) missing"),
            swapped(COLUMN, x[0], x[3]),
            Wrong("v2, the other neuron's way up", Times(SCALARS * v[2] * psi_o[1], X)),
            Wrong("a row in the place of the column", Times(SCALARS * v[1] * psi_o[1], Transpose(X))),
        ),
    ),
    Derivation(
        id="bao_7",
        title="Seed 001, eqs. (6), (7): the gradient of a matrix; drop the bias row",
        statement="∂J/∂W = x J' ψ(ŷ) [V ∘ ψ(o)]_[1+]^T",
        rows=("B-25", "B-26", "B-27"),
        sizes="3-2-1",
        assumptions=(
            HIDDEN,
            EQ_4,
            SHAPE,
            "V ∘ ψ(o) has the rows 0, 1, 2; [1+] drops row 0, whatever ψ(o0) is: no weight leads to o0",
        ),
        where={**NETWORK, **PSI},
        steps=chain(
            gradient(W),
            ("column j is ∂J/∂w_j", grid((4, 2), lambda i, j: partial(J, w[i][j]))),
            ("eq. (5) for each column", ENTRIES),
            ("eq. (6): the column x times a row", Times(SCALARS, Dot(X, ROW))),
            ("eq. (7): Hadamard product, row 0 dropped", EQ_7),
        ),
        truth=truth(J_OF_X, W),
        wrong=(
            negated(ENTRIES),
            Wrong(
                "the bias row kept: one column too many",
                Times(SCALARS, Dot(X, Transpose(Hadamard(V, PSI_O)))),
            ),
            Wrong("ψ(o) missing", Times(SCALARS, Dot(X, Transpose(WithoutBias(V))))),
            Wrong("V missing", Times(SCALARS, Dot(X, Transpose(WithoutBias(PSI_O))))),
            swapped(ENTRIES, v[1], v[2]),
            swapped(ENTRIES, x[1], x[2]),
            without(ENTRIES, psi_yhat, "ψ(ŷ) missing"),
            Wrong("transposed: δ x^T", Times(SCALARS, Dot(WithoutBias(Hadamard(V, PSI_O)), Transpose(X)))),
        ),
    ),
)
