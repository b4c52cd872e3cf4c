"""Errata of layouts: which axes come first, and which ones numpy.dot sums over."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import letters
from ..proof.formula import D, Dot, Einsum, Formula, Letter, Transpose, grid
from ..proof.functions import smooth
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import column_major, negated, swapped, without
from ..slides.network_321 import EXPLICIT_R, R, V, r, v, x

f, f_slope = smooth("f"), smooth("f'")
loss = sp.Symbol("L")
y, s, z, g, out = (sp.symbols(names) for names in ("y1:4", "s1:3", "z1:3", "g1:3", "u1:3"))
w, coupling, above = letters("w", 3, 2), letters("q", 2, 2), letters("a", 2, 2)
L, Z, U = Letter("L", sp.Array(loss)), Letter("Z", sp.Array(z)), Letter("U", sp.Array(out))
A, W22, W32 = Letter("A", sp.Array(above)), Letter("W", sp.Array(w[:2])), Letter("W", sp.Array(w))
G, ROW = Letter("J_Z^L", sp.Array(g)), Letter("J_Z^L", sp.Array([list(g)]))

J_WZ = grid((3, 2, 2), lambda i, j, k: y[i] * coupling[k][j])
J_WL = grid((3, 2), lambda i, j: y[i] * (g[0] * coupling[0][j] + g[1] * coupling[1][j]))
DIAGONAL = grid((2, 2, 2), lambda i, j, k: delta(j, k) * f_slope(s[k]) * y[i])
J_WU = grid((2, 2, 2), lambda i, j, o: y[i] * f_slope(s[j]) * above[o][j])
J_VR = grid((2, 3, 2), lambda k, i, j: delta(j, k) * x[i])


def by_weights(of: Formula, weights: Letter) -> D:
    """In denominator layout, as the slides have it."""
    return D(of, weights, "denominator")


DERIVATIONS = (
    Derivation(
        id="E-05",
        title="The proper call of numpy.dot is proper for a vector, not for a row",
        statement="J_W^L[i,j] = Σ_k g_k J_W^Z[i,j,k]",
        rows=("E-05",),
        sizes="3-2",
        assumptions=(
            "s_j = Σ_i y_i w_ij and z_k = Σ_j q_kj s_j, a layer whose units are coupled; L = Σ_k g_k z_k",
            "J_W^Z is in denominator layout, 3 x 2 x 2; J_Z^L is the vector g; other slides have a 1 x 2 row",
        ),
        where={
            **{s[j]: y[0] * w[0][j] + y[1] * w[1][j] + y[2] * w[2][j] for j in range(2)},
            **{z[k]: coupling[k][0] * s[0] + coupling[k][1] * s[1] for k in range(2)},
            loss: g[0] * z[0] + g[1] * z[1],
        },
        steps=chain(
            by_weights(L, W32),
            ("L = Σ_k g_k z_k", Einsum("k,ijk->ij", G, by_weights(Z, W32))),
            ("numpy.dot sums over the last axis on the left", Dot(by_weights(Z, W32), G)),
            ("∂z_k/∂w_ij = y_i q_kj", Dot(J_WZ, G)),
            ("written out", J_WL),
        ),
        truth=Truth(
            sp.Array(
                (g[0] * coupling[0][0] + g[1] * coupling[1][0])
                * (w[0][0] * y[0] + w[1][0] * y[1] + w[2][0] * y[2])
                + (g[0] * coupling[0][1] + g[1] * coupling[1][1])
                * (w[0][1] * y[0] + w[1][1] * y[1] + w[2][1] * y[2])
            ),
            W32.array,
        ),
        wrong=(
            Printed(
                "as printed, with the 1 x 2 row J_Z^L of the same slides",
                Dot(J_WZ, ROW),
                "E-05",
                "Downing (000), line 622",
                "the proper call is: numpy.dot(J_W^Z, J_Z^L)",
                "with J_Z^L the row of 1 x m that the same slides make it",
            ),
            Printed(
                "as printed, in the order of the formula",
                Dot(G, J_WZ),
                "E-05",
                "Downing (000), lines 615 and 621",
                "J_W^L <- J_Z^L · J_W^Z",
            ),
            negated(J_WL),
            column_major(J_WL),
            swapped(J_WL, y[0], y[1]),
        ),
    ),
    Derivation(
        id="E-08",
        title="J_m^n · J_w^m comes out in the other layout than J_w^m went in",
        statement="J_w^n = J_w^m · (J_m^n)^T",
        rows=("E-08",),
        sizes="2-2-2",
        assumptions=(
            "s_j = Σ_i y_i w_ij, z_k = f(s_k), any f; u_o = Σ_k a_ok z_k, so that J_m^n = A",
            "J_w^m and J_w^n are in denominator layout: the weight's indices first",
            "numpy.dot(J_m^n, J_w^m) has the axes (o, i, j), because J_w^m is diagonal in its last two",
        ),
        where={
            **{s[j]: y[0] * w[0][j] + y[1] * w[1][j] for j in range(2)},
            **{z[k]: f(s[k]) for k in range(2)},
            **{out[o]: above[o][0] * z[0] + above[o][1] * z[1] for o in range(2)},
        },
        steps=chain(
            by_weights(U, W22),
            ("chain rule, with the twist", Dot(by_weights(Z, W22), Transpose(A))),
            ("∂z_k/∂w_ij = δ_jk f'(s_k) y_i", Dot(DIAGONAL, Transpose(A))),
            ("numpy.dot the other way round, axes moved", Transpose(Dot(A, DIAGONAL), (1, 2, 0))),
            ("written out", J_WU),
        ),
        truth=Truth(
            sp.Array(
                [
                    above[o][0] * f(w[0][0] * y[0] + w[1][0] * y[1])
                    + above[o][1] * f(w[0][1] * y[0] + w[1][1] * y[1])
                    for o in range(2)
                ]
            ),
            W22.array,
            "denominator",
        ),
        wrong=(
            Printed(
                "as printed, with axes (o, i, j)",
                Dot(A, DIAGONAL),
                "E-08",
                "Downing (000), lines 495 and 511",
                "J_w^n <- J_m^n · J_w^m",
            ),
            negated(J_WU),
            Wrong("J_m^n not transposed", Dot(DIAGONAL, A)),
            without(J_WU, f_slope(s[0]), "f' missing"),
            column_major(J_WU),
        ),
    ),
    Derivation(
        id="E-10",
        title="∂R/∂V is displayed in denominator layout, without a note",
        statement="numerator layout: [k,i,j] = δ_jk x_i",
        rows=("E-10",),
        sizes="3-2",
        assumptions=(
            "R = X·V: 2 sums, 3 x 2 weights",
            "numerator layout has the index of R first, 2 x 3 x 2; the display has those of V first",
        ),
        where={r[k]: x[0] * v[0][k] + x[1] * v[1][k] + x[2] * v[2][k] for k in range(2)},
        steps=chain(
            D(R, V),
            ("definition of the layout", grid((2, 3, 2), lambda k, i, j: partial(r[k], v[i][j]))),
            (
                "r_k meets column k alone",
                grid((2, 3, 2), lambda k, i, j: delta(j, k) * partial(r[k], v[i][k])),
            ),
            ("r_k is linear", J_VR),
        ),
        truth=Truth(sp.Array(EXPLICIT_R), V.array),
        wrong=(
            Printed(
                "as printed: 3 x 2 x 2",
                grid((3, 2, 2), lambda i, j, k: delta(j, k) * x[i]),
                "E-10",
                "Downing (000), line 303, against lines 401-405",
                "Any usage of denominator layout will be noted",
                "∂R/∂V, without a note, is in numerator layout: [k,i,j]",
            ),
            negated(J_VR),
            swapped(J_VR, x[0], x[2]),
            Wrong("δ_jk missing", grid((2, 3, 2), lambda k, i, j: x[i])),
            Wrong("1 - δ_jk for δ_jk", grid((2, 3, 2), lambda k, i, j: (1 - delta(j, k)) * x[i])),
        ),
    ),
)
