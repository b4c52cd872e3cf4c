"""Products with left ⊗ y: a Jacobian by weights is touched in its left factor alone."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import total
from ..proof.wrong import negated
from .letters import N, a, b, c, e, error, h, i, j, m, o, p, q, w, y

left, above, row, u = map(sp.IndexedBase, ("left", "A", "row", "u"))
J, J_other = sp.IndexedBase("J"), sp.IndexedBase("J'")
left_other, y_other = sp.IndexedBase("left'"), sp.IndexedBase("y'")

LEFT_Y = {J[o, i, j]: left[o, j] * y[i]}
OTHER = {J_other[o, i, j]: left_other[o, j] * y_other[i]}
ROW_LEFT = {error[j]: total(row[o] * left[o, j], o)}

PULLED = entry(y[i] * total(above[e, o] * left[o, j], o))
STACKED = entry(total(y[c, i] * error[c, j], c))
DELTA_Y = entry(error[j] * y[i])
LEFTS = total(left[o, j] * left_other[p, j], j)
LEFTS_UNTRANSPOSED = total(left[o, j] * left_other[j, p], j)
GRAM = entry(total(y[i] * y_other[i], i) * LEFTS)
GRAM_B = entry((1 + total(y[i] * y_other[i], i)) * LEFTS)

A_LAYER = "J[o,i,j] = left_oj y_i: left is any matrix, ∂(outputs o)/∂(sums j); y is what the weights multiply"
ANY_A = "A is any matrix, what the outputs o go through next: e from 1 to r, o from 1 to d"
ANOTHER = "J' = left' ⊗ y' likewise, for another case or for the same one"


def output(left: sp.IndexedBase, y: sp.IndexedBase, o: sp.Idx) -> sp.Expr:
    """Output o as a linear function of the weights: what left ⊗ y is the Jacobian of."""
    return total(left[o, q] * total(y[a] * w[a, q], a), q)


def by_w_and_b(left: sp.IndexedBase, y: sp.IndexedBase, o: sp.Idx) -> tuple[sp.Expr, sp.Expr]:
    """The derivatives of output o by w_ij and by b_j, which ``diff`` finds."""
    with_bias = output(left, y, o) + total(left[o, q] * b[q], q)
    return sp.diff(with_bias, w[i, j]), sp.diff(with_bias, b[j])


OUTPUT_BY_W, OUTPUT_BY_B = by_w_and_b(left, y, o)
OTHER_BY_W, OTHER_BY_B = by_w_and_b(left_other, y_other, p)
BY_DIFF = "the sum over all parameters of products of sympy's derivatives"

DERIVATIONS = (
    Derivation(
        id="left_mult",
        title="Multiplying left ⊗ y from the left",
        statement="A · (left ⊗ y) = (A left) ⊗ y",
        rows=("D-61", "D-63", "D-74"),
        sizes="n,m,d,r",
        scope="all sizes",
        assumptions=(A_LAYER, ANY_A),
        where=LEFT_Y,
        steps=chain(
            entry(total(above[e, o] * J[o, i, j], o)),
            ("definition of left ⊗ y", entry(total(above[e, o] * left[o, j] * y[i], o))),
            ("y does not depend on o", PULLED),
        ),
        truth=Truth(sp.Array(total(above[e, p] * output(left, y, p), p)), sp.Array(w[i, j])),
        wrong=(
            negated(PULLED),
            Wrong("A missing", entry(y[i] * total(left[o, j], o))),
            Wrong("left transposed", entry(y[i] * total(above[e, o] * left[j, o], o))),
            Wrong("y and left exchanged", entry(y[j] * total(above[e, o] * left[o, i], o))),
            Wrong("A transposed", entry(y[i] * total(above[o, e] * left[o, j], o))),
            Wrong("y summed", entry(total(y[a], a) * total(above[e, o] * left[o, j], o))),
        ),
    ),
    Derivation(
        id="left_row",
        title="A row times left ⊗ y: the delta rule",
        statement="row · (left ⊗ y) = delta ⊗ y",
        rows=("D-24", "D-75", "B-34", "N-05"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(A_LAYER, "delta = row · left is a row with one number for each unit j"),
        where={**LEFT_Y, **ROW_LEFT},
        steps=chain(
            entry(total(row[o] * J[o, i, j], o)),
            ("definition of left ⊗ y", entry(total(row[o] * left[o, j] * y[i], o))),
            ("y does not depend on o", entry(y[i] * total(row[o] * left[o, j], o))),
            ("definition of delta", DELTA_Y),
        ),
        truth=Truth(sp.Array(total(row[p] * output(left, y, p), p)), sp.Array(w[i, j])),
        wrong=(
            negated(DELTA_Y),
            Wrong("y missing", entry(error[j])),
            Wrong("delta missing", entry(y[i])),
            Wrong("transposed: y_j delta_i", entry(y[j] * error[i])),
            Wrong("left skipped: the row for delta", entry(row[j] * y[i])),
            Wrong("an inner product in the place of ⊗", entry(total(error[a] * y[a], a))),
        ),
    ),
    Derivation(
        id="left_pull",
        title="Cases stacked on each other: pulling back sums over the cases",
        statement="u · J = Σ_c y_ci (u_c · left_c)_j",
        rows=("D-53",),
        sizes="n,m,d,N",
        scope="all sizes",
        assumptions=(
            "J[c,o,i,j] = left_coj y_ci: the outputs of all N cases by the weights that they share",
            "u is any covector with a number for each output of each case; delta_c = u_c · left_c",
        ),
        where={J[c, o, i, j]: left[c, o, j] * y[c, i], error[c, j]: total(u[c, o] * left[c, o, j], o)},
        steps=chain(
            entry(total(u[c, o] * J[c, o, i, j], c, o)),
            ("left ⊗ y in each case", entry(total(u[c, o] * left[c, o, j] * y[c, i], c, o))),
            ("y does not depend on o", entry(total(y[c, i] * total(u[c, o] * left[c, o, j], o), c))),
            ("definition of delta", STACKED),
        ),
        truth=Truth(
            sp.Array(total(u[h, p] * left[h, p, q] * y[h, a] * w[a, q], h, p, a, q)), sp.Array(w[i, j])
        ),
        wrong=(
            negated(STACKED),
            Wrong("the cases not summed", entry(y[1, i] * error[1, j])),
            Wrong("sums multiplied: ΣY ΣDelta", entry(total(y[c, i], c) * total(error[c, j], c))),
            Wrong("transposed: Delta^T Y", entry(total(y[c, j] * error[c, i], c))),
            Wrong("the mean in the place of the sum", entry(total(y[c, i] * error[c, j], c) / N)),
        ),
    ),
    Derivation(
        id="Gram_W",
        title="The Gram matrix of two weight Jacobians needs neither of them",
        statement="J · J'^T = (y·y') left · left'^T",
        rows=(),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(A_LAYER, ANOTHER),
        where={**LEFT_Y, **OTHER},
        steps=chain(
            entry(total(J[o, i, j] * J_other[p, i, j], i, j)),
            ("definitions", entry(total(left[o, j] * y[i] * left_other[p, j] * y_other[i], i, j))),
            ("i stands in the y alone, j in the lefts", GRAM),
        ),
        truth=Explicit(sp.Array(total(OUTPUT_BY_W * OTHER_BY_W, i, j)), BY_DIFF),
        wrong=(
            negated(GRAM),
            Wrong("y·y' missing", entry(LEFTS)),
            Wrong("the lefts missing", entry(total(y[i] * y_other[i], i))),
            Wrong("y·y in the place of y·y'", entry(total(y[i] ** 2, i) * LEFTS)),
            Wrong("left' not transposed", entry(total(y[i] * y_other[i], i) * LEFTS_UNTRANSPOSED)),
            Wrong("one sum for both", entry(total(y[j] * y_other[j] * left[o, j] * left_other[p, j], j))),
        ),
    ),
    Derivation(
        id="Gram_W_b",
        title="The Gram matrix of weights and biases: the biases add 1",
        statement="K = (1 + y·y') left · left'^T",
        rows=(),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(A_LAYER, ANOTHER, "the Jacobian by the biases is left, by which y_0 = 1 is multiplied"),
        where={**LEFT_Y, **OTHER},
        steps=chain(
            entry(
                total(J[o, i, j] * J_other[p, i, j], i, j) + total(left[o, j] * left_other[p, j], j),
            ),
            (
                "the Gram matrix of the weights",
                entry(total(y[i] * y_other[i], i) * LEFTS + total(left[o, j] * left_other[p, j], j)),
            ),
            ("the lefts are a common factor", GRAM_B),
        ),
        truth=Explicit(
            sp.Array(total(OUTPUT_BY_W * OTHER_BY_W, i, j) + total(OUTPUT_BY_B * OTHER_BY_B, j)), BY_DIFF
        ),
        wrong=(
            negated(GRAM_B),
            Wrong("the biases forgotten", GRAM),
            Wrong("the weights forgotten", entry(LEFTS)),
            Wrong("1 apart from the lefts", entry(1 + GRAM.array[()])),
            Wrong("a 1 for each unit", entry((m + total(y[i] * y_other[i], i)) * LEFTS)),
        ),
    ),
)
