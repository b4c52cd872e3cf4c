"""Products with diagonal + low rank, the structure of a softmax and of a normalisation."""

from collections.abc import Callable

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, index, total
from ..proof.wrong import negated
from .letters import a, e, i, j, k, m, o, q

diag, diag_right, U, V, P, Q = map(sp.IndexedBase, ("diag", "diag'", "U", "V", "P", "Q"))
J, K, D, M, x = map(sp.IndexedBase, "JKDMx")
u = index("u", m)

LOW = {J[k, j]: delta(k, j) * diag[k] + total(U[k, e] * V[j, e], e)}
LOW_RIGHT = {K[k, j]: delta(k, j) * diag_right[k] + total(P[k, o] * Q[j, o], o)}
DIAGONAL = {D[k, j]: delta(k, j) * diag_right[k]}
DIAGONAL_RIGHT = {K[k, j]: delta(k, j) * diag_right[k]}

A_LOW = "J = diag + U V^T, where U and V have r columns: for a softmax, diag = p, U = -p, V = p"
A_DIAGONAL = "D is diagonal, with the entries diag'_k"
A_DIAGONAL_RIGHT = "K is diagonal, with the entries diag'_k"
COMPOSED = "sympy's derivative of the two linear maps, one after the other"


def low(column: Callable[[sp.Idx], sp.Expr], k: sp.Idx) -> sp.Expr:
    """Entry k of J times a column."""
    return diag[k] * column(k) + total(U[k, e] * total(V[u, e] * column(u), u), e)


def low_right(k: sp.Idx) -> sp.Expr:
    """Entry k of K times x."""
    return diag_right[k] * x[k] + total(P[k, o] * total(Q[j, o] * x[j], j), o)


LOW_DENSE = entry(diag[k] * M[k, i] + total(U[k, e] * total(V[j, e] * M[j, i], j), e))
DIAG_LOW = entry(delta(k, q) * diag_right[k] * diag[k] + total(diag_right[k] * U[k, e] * V[q, e], e))
LOW_DIAG = entry(delta(k, q) * diag[k] * diag_right[k] + total(U[k, e] * (diag_right[q] * V[q, e]), e))
INNER = total(Q[q, o] * total(P[j, o] * V[j, e], j), o)
LOW_LOW = entry(
    delta(k, q) * diag[k] * diag_right[k]
    + total(diag[k] * P[k, o] * Q[q, o], o)
    + total(U[k, e] * (diag_right[q] * V[q, e] + INNER), e)
)

DERIVATIONS = (
    Derivation(
        id="low_dense",
        title="Diagonal + low rank times a dense matrix, without the dense square",
        statement="(d + U V^T) M = d M + U (V^T M)",
        rows=("D-68",),
        sizes="n, m, r",
        scope="all sizes",
        assumptions=(A_LOW, "M is any matrix"),
        where=LOW,
        steps=chain(
            entry(total(J[k, j] * M[j, i], j)),
            (
                "definition",
                entry(total((delta(k, j) * diag[k] + total(U[k, e] * V[j, e], e)) * M[j, i], j)),
            ),
            (
                "the delta picks one row",
                entry(diag[k] * M[k, i] + total(total(U[k, e] * V[j, e], e) * M[j, i], j)),
            ),
            ("first the sum over j, of V^T M", LOW_DENSE),
        ),
        truth=Truth(sp.Array(low(lambda j: total(M[j, a] * x[a], a), k)), sp.Array(x[i]), words=COMPOSED),
        wrong=(
            negated(LOW_DENSE),
            Wrong("the low rank forgotten", entry(diag[k] * M[k, i])),
            Wrong("the diagonal forgotten", entry(total(U[k, e] * total(V[j, e] * M[j, i], j), e))),
            Wrong(
                "the low rank subtracted",
                entry(diag[k] * M[k, i] - total(U[k, e] * total(V[j, e] * M[j, i], j), e)),
            ),
            Wrong(
                "U and V exchanged",
                entry(diag[k] * M[k, i] + total(V[k, e] * total(U[j, e] * M[j, i], j), e)),
            ),
            Wrong(
                "the sums over e and j apart",
                entry(diag[k] * M[k, i] + total(U[k, e], e) * total(total(V[j, e], e) * M[j, i], j)),
            ),
        ),
    ),
    Derivation(
        id="diag_low",
        title="A diagonal on the left of diagonal + low rank",
        statement="d' (d + U V^T) = d' d + (d' U) V^T",
        rows=("D-68",),
        sizes="m, r",
        scope="all sizes",
        assumptions=(A_LOW, A_DIAGONAL),
        where={**LOW, **DIAGONAL},
        steps=chain(
            entry(total(D[k, j] * J[j, q], j)),
            ("D is diagonal", entry(total(delta(k, j) * diag_right[k] * J[j, q], j))),
            ("the delta picks one row", entry(diag_right[k] * J[k, q])),
            ("definition; diag'_k into the sum", DIAG_LOW),
        ),
        truth=Truth(sp.Array(diag_right[k] * low(lambda j: x[j], k)), sp.Array(x[q]), words=COMPOSED),
        wrong=(
            negated(DIAG_LOW),
            Wrong("U not scaled", entry(delta(k, q) * diag_right[k] * diag[k] + total(U[k, e] * V[q, e], e))),
            Wrong(
                "V scaled in the place of U",
                entry(delta(k, q) * diag_right[k] * diag[k] + total(U[k, e] * diag_right[q] * V[q, e], e)),
            ),
            Wrong(
                "diagonal not scaled",
                entry(delta(k, q) * diag[k] + total(diag_right[k] * U[k, e] * V[q, e], e)),
            ),
            Wrong("the low rank forgotten", entry(delta(k, q) * diag_right[k] * diag[k])),
        ),
    ),
    Derivation(
        id="low_diag",
        title="A diagonal on the right of diagonal + low rank",
        statement="(d + U V^T) d' = d d' + U (d' V)^T",
        rows=("D-68",),
        sizes="m, r",
        scope="all sizes",
        assumptions=(A_LOW, A_DIAGONAL_RIGHT, "a softmax over units with an activation: J^soft J_Sum^Z"),
        where={**LOW, **DIAGONAL_RIGHT},
        steps=chain(
            entry(total(J[k, j] * K[j, q], j)),
            ("K is diagonal", entry(total(J[k, j] * delta(j, q) * diag_right[j], j))),
            ("the delta picks one column", entry(J[k, q] * diag_right[q])),
            ("definition; diag'_q into the sum", LOW_DIAG),
        ),
        truth=Truth(sp.Array(low(lambda j: diag_right[j] * x[j], k)), sp.Array(x[q]), words=COMPOSED),
        wrong=(
            negated(LOW_DIAG),
            Wrong("V not scaled", entry(delta(k, q) * diag[k] * diag_right[k] + total(U[k, e] * V[q, e], e))),
            Wrong("U scaled in the place of V", DIAG_LOW),
            Wrong(
                "diagonal not scaled",
                entry(delta(k, q) * diag[k] + total(U[k, e] * (diag_right[q] * V[q, e]), e)),
            ),
            Wrong("the low rank forgotten", entry(delta(k, q) * diag[k] * diag_right[k])),
        ),
    ),
    Derivation(
        id="low_low",
        title="Two diagonals + low rank: the ranks add",
        statement="J K = d d' + (d P) Q^T + U (K^T V)^T",
        rows=(),
        sizes="m, r, d",
        scope="all sizes",
        assumptions=(A_LOW, "K = diag' + P Q^T likewise, where P and Q have d columns: rank r + d"),
        where={**LOW, **LOW_RIGHT},
        steps=chain(
            entry(total(J[k, j] * K[j, q], j)),
            (
                "definition of J",
                entry(total((delta(k, j) * diag[k] + total(U[k, e] * V[j, e], e)) * K[j, q], j)),
            ),
            (
                "the delta picks one row",
                entry(diag[k] * K[k, q] + total(U[k, e] * total(V[j, e] * K[j, q], j), e)),
            ),
            ("definition of K", LOW_LOW),
        ),
        truth=Truth(sp.Array(low(low_right, k)), sp.Array(x[q]), words=COMPOSED),
        wrong=(
            negated(LOW_LOW),
            Wrong("the ranks' product forgotten", entry(LOW_LOW.array[()] - total(U[k, e] * INNER, e))),
            Wrong("the diagonals alone", entry(delta(k, q) * diag[k] * diag_right[k])),
            Wrong(
                "P not scaled",
                entry(LOW_LOW.array[()] + total((1 - diag[k]) * P[k, o] * Q[q, o], o)),
            ),
            Wrong(
                "V scaled by diag",
                entry(LOW_LOW.array[()] + total(U[k, e] * (diag[q] - diag_right[q]) * V[q, e], e)),
            ),
        ),
    ),
)
