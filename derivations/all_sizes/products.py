"""Products of diagonal and scaled Jacobians: a scale stays a scale."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.wrong import negated, swapped, without
from .letters import a, c, i, j, k, o, q

diag, diag_right, rows, cols = map(sp.IndexedBase, ("diag", "diag'", "rows", "cols"))
M, P, A, B, S, T, x = map(sp.IndexedBase, "MPABSTx")

DIAGONAL_A = {A[k, j]: delta(k, j) * diag[k]}
DIAGONAL_B = {B[j, q]: delta(j, q) * diag_right[j]}
SCALED = {S[k, i]: rows[k] * M[k, i] * cols[i]}
ROWS_ALONE = {S[o, j]: rows[o] * M[o, j]}
COLUMNS_ALONE = {T[j, i]: P[j, i] * cols[i]}

DIAGONALS = "A and B are diagonal, with the entries diag_k and diag'_k, as J_Sum^Z is"
A_SCALED = "S = diag(rows) M diag(cols) is scaled, as J_Y^Z = diag(f') W^T is, with M = W^T for all cases"
COMPOSED = "sympy's derivative of the two linear maps, one after the other"

DIAG_DIAG = entry(delta(k, q) * diag[k] * diag_right[k])
DIAG_SCALED = entry(diag[k] * rows[k] * M[k, i] * cols[i])
SCALED_DIAG = entry(rows[k] * M[k, i] * cols[i] * diag[i])
JOINED = entry(rows[o] * cols[i] * total(M[o, j] * P[j, i], j))
STACKED = entry(cols[c, i] * total(A[c, o, k] * rows[c, k] * M[k, i], k))

DERIVATIONS = (
    Derivation(
        id="diag_diag",
        title="Diagonal times diagonal is diagonal",
        statement="diag(d) diag(d') = diag(d d')",
        rows=("D-70",),
        sizes="m",
        scope="all sizes",
        assumptions=(DIAGONALS,),
        where={**DIAGONAL_A, **DIAGONAL_B},
        steps=chain(
            entry(total(A[k, j] * B[j, q], j)),
            ("definitions", entry(total(delta(k, j) * diag[k] * delta(j, q) * diag_right[j], j))),
            ("the delta picks one term", DIAG_DIAG),
        ),
        truth=Truth(sp.Array(diag[k] * (diag_right[k] * x[k])), sp.Array(x[q]), words=COMPOSED),
        wrong=(
            negated(DIAG_DIAG),
            without(DIAG_DIAG, delta(k, q), "δ_kq missing: an outer product"),
            without(DIAG_DIAG, diag_right[k], "the right factor missing"),
            Wrong("the sum of the diagonals", entry(delta(k, q) * (diag[k] + diag_right[k]))),
            Wrong("the trace", entry(delta(k, q) * total(diag[j] * diag_right[j], j))),
        ),
    ),
    Derivation(
        id="diag_scaled",
        title="A diagonal on the left scales the rows",
        statement="diag(d) S = diag(d rows) M diag(cols)",
        rows=("D-69", "H-77"),
        sizes="n, m",
        scope="all sizes",
        assumptions=("A is diagonal, with the entries diag_k", A_SCALED),
        where={**DIAGONAL_A, **SCALED},
        steps=chain(
            entry(total(A[k, j] * S[j, i], j)),
            ("definitions", entry(total(delta(k, j) * diag[k] * rows[j] * M[j, i] * cols[i], j))),
            ("the delta picks one row", DIAG_SCALED),
        ),
        truth=Truth(
            sp.Array(diag[k] * (rows[k] * total(M[k, a] * (cols[a] * x[a]), a))),
            sp.Array(x[i]),
            words=COMPOSED,
        ),
        wrong=(
            negated(DIAG_SCALED),
            without(DIAG_SCALED, diag[k], "the diagonal missing"),
            without(DIAG_SCALED, rows[k], "the old scale of the rows lost"),
            without(DIAG_SCALED, cols[i], "the scale of the columns lost"),
            Wrong("the columns scaled", entry(diag[i] * rows[k] * M[k, i] * cols[i])),
            Wrong("M transposed", entry(diag[k] * rows[k] * M[i, k] * cols[i])),
        ),
    ),
    Derivation(
        id="scaled_diag",
        title="A diagonal on the right scales the columns",
        statement="S diag(d) = diag(rows) M diag(cols d)",
        rows=("D-69",),
        sizes="n, m",
        scope="all sizes",
        assumptions=("T is diagonal, with the entries diag_i", A_SCALED),
        where={**SCALED, T[a, i]: delta(a, i) * diag[i]},
        steps=chain(
            entry(total(S[k, a] * T[a, i], a)),
            ("definitions", entry(total(rows[k] * M[k, a] * cols[a] * delta(a, i) * diag[i], a))),
            ("the delta picks one column", SCALED_DIAG),
        ),
        truth=Truth(
            sp.Array(rows[k] * total(M[k, a] * cols[a] * (diag[a] * x[a]), a)), sp.Array(x[i]), words=COMPOSED
        ),
        wrong=(
            negated(SCALED_DIAG),
            without(SCALED_DIAG, diag[i], "the diagonal missing"),
            without(SCALED_DIAG, cols[i], "the old scale of the columns lost"),
            Wrong("the rows scaled", entry(rows[k] * diag[k] * M[k, i] * cols[i])),
            Wrong("summed over the columns", entry(total(rows[k] * M[k, a] * cols[a] * diag[a], a))),
        ),
    ),
    Derivation(
        id="scaled_join",
        title="Two scaled factors with no scale between them: one shared product",
        statement="(diag(r) M)(P diag(c)) = r (M P) c",
        rows=("D-59",),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=("S = diag(rows) M and T = P diag(cols): M P is computed once for all cases",),
        where={**ROWS_ALONE, **COLUMNS_ALONE},
        steps=chain(
            entry(total(S[o, j] * T[j, i], j)),
            ("definitions", entry(total(rows[o] * M[o, j] * P[j, i] * cols[i], j))),
            ("the scales do not depend on j", JOINED),
        ),
        truth=Truth(
            sp.Array(rows[o] * total(M[o, q] * total(P[q, a] * (cols[a] * x[a]), a), q)),
            sp.Array(x[i]),
            words=COMPOSED,
        ),
        wrong=(
            negated(JOINED),
            Wrong("M P entry by entry", entry(rows[o] * cols[i] * M[o, i] * P[o, i])),
            Wrong(
                "the scale of the columns in the sum",
                entry(rows[o] * total(M[o, j] * P[j, i] * cols[j], j)),
            ),
            Wrong("the factors exchanged", entry(rows[o] * cols[i] * total(P[o, j] * M[j, i], j))),
            Wrong("the rows not scaled", entry(cols[i] * total(M[o, j] * P[j, i], j))),
        ),
    ),
    Derivation(
        id="any_scaled",
        title="Anything times scaled: one matrix product for all cases",
        statement="A_c S_c = (A_c rows_c) M diag(cols_c)",
        rows=("D-67",),
        sizes="n,m,d,N",
        scope="all sizes",
        assumptions=(
            "A_c is any matrix of case c; S_c = diag(rows_c) M diag(cols_c) with one M for all cases",
            "so that the rows of all A_c diag(rows_c) can be stacked on each other and multiplied by M once",
        ),
        where={S[c, k, i]: rows[c, k] * M[k, i] * cols[c, i]},
        steps=chain(
            entry(total(A[c, o, k] * S[c, k, i], k)),
            ("definition", entry(total(A[c, o, k] * rows[c, k] * M[k, i] * cols[c, i], k))),
            ("the columns' scale does not depend on k", STACKED),
        ),
        truth=Truth(
            sp.Array(total(A[c, o, q] * (rows[c, q] * total(M[q, a] * (cols[c, a] * x[a]), a)), q)),
            sp.Array(x[i]),
            words=COMPOSED,
        ),
        wrong=(
            negated(STACKED),
            without(STACKED, cols[c, i], "the scale of the columns lost"),
            swapped(STACKED, c, o),
            Wrong("the rows' scale lost", entry(cols[c, i] * total(A[c, o, k] * M[k, i], k))),
            Wrong(
                "the rows' scale on the outputs",
                entry(cols[c, i] * rows[c, o] * total(A[c, o, k] * M[k, i], k)),
            ),
            Wrong("M transposed", entry(cols[c, i] * total(A[c, o, k] * rows[c, k] * M[i, k], k))),
        ),
    ),
)
