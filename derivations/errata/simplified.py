"""Errata of the simplified Jacobian: its signs, what multiplies it, and where it fails."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import Map, entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .letters import a, i, j, k, n, p, q

y, w, s, z, c, u, prob = map(sp.IndexedBase, "ywszcup")
L, one = sp.symbols("L y")
to = index("j", n)
f, f_slope = smooth("f"), smooth("f'")

HAT = entry(y[i] * z[k] * (1 - z[k]))
COUPLED = entry(one * prob[j] * (c[j] - total(c[k] * prob[k], k)))
BY_COLUMN = entry(c[to] * f_slope(s[to]) * y[i])

DERIVATIONS = (
    Derivation(
        id="E-11",
        title="The kept entries are not positive: they have the sign of y_i",
        statement="J^_W^Z[i,k] = y_i z_k(1-z_k)",
        rows=("E-11",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "z_k = sigma(s_k), s_k = Σ_i y_i w_ik; y_i is negative for tanh units or inputs in [-1, 1]",
        ),
        where={z[k]: sigmoid(s[k]), s[k]: total(y[i] * w[i, k], i)},
        steps=chain(
            entry(partial(z[k], w[i, k])),
            ("chain rule", entry(partial(z[k], s[k]) * partial(s[k], w[i, k]))),
            ("sigma' = z(1-z)", entry(z[k] * (1 - z[k]) * partial(s[k], w[i, k]))),
            ("only the sum depends on w", entry(z[k] * (1 - z[k]) * total(y[a] * delta(a, i), a))),
            ("the delta picks one term", HAT),
        ),
        truth=Truth(sp.Array(1 / (1 + sp.exp(-total(w[p, k] * y[p], p)))), sp.Array(w[i, k])),
        wrong=(
            Printed(
                "as printed, made positive",
                Map("abs", sp.Abs, HAT),
                "E-11",
                "Downing (000), line 597",
                "Make a simpler, more practical, matrix of only these positive values",
                "the entries are |y_i z_k(1-z_k)|",
            ),
            negated(HAT),
            without(HAT, y[i], "y_i missing"),
            without(HAT, 1 - z[k], "1 - z_k missing"),
            swapped(HAT, i, k),
        ),
    ),
    Derivation(
        id="E-12",
        title="The simplified Jacobian fails where a softmax couples the outputs",
        statement="∂L/∂w_j = y p_j (c_j - Σ_k c_k p_k)",
        rows=("E-12",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "p_k = exp(s_k)/Σ_q exp(s_q) with s_j = y w_j + u_j: one input y, the others are in u_j",
            "L = Σ_k c_k p_k, so that c is J_P^L",
            "the simplified Jacobian keeps ∂p_j/∂w_j alone, but w_j affects all outputs",
        ),
        where={
            L: total(c[k] * prob[k], k),
            prob[k]: sp.exp(s[k]) / total(sp.exp(s[q]), q),
            s[j]: one * w[j] + u[j],
        },
        steps=chain(
            entry(partial(L, w[j])),
            ("s_j alone depends on w_j", entry(partial(L, s[j]) * partial(s[j], w[j]))),
            ("∂s_j/∂w_j = y", entry(partial(L, s[j]) * one)),
            ("chain rule over all outputs", entry(total(c[k] * partial(prob[k], s[j]), k) * one)),
            ("∂p_k/∂s_j = p_k (δ_kj - p_j)", entry(total(c[k] * prob[k] * (delta(k, j) - prob[j]), k) * one)),
            ("the delta picks one term", COUPLED),
        ),
        truth=Truth(
            sp.Array(total(c[q] * sp.exp(w[q] * one + u[q]), q) / total(sp.exp(w[q] * one + u[q]), q)),
            sp.Array(w[j]),
        ),
        wrong=(
            Printed(
                "as printed, for this layer",
                entry(c[j] * one * prob[j] * (1 - prob[j])),
                "E-12",
                "Downing (000), lines 599-606 and 625",
                "J_W^L <- J_Z^L x J^_W^Z",
            ),
            negated(COUPLED),
            Wrong("p_j missing", entry(one * (c[j] - total(c[k] * prob[k], k)))),
            Wrong("p_k missing in the mean", entry(one * prob[j] * (c[j] - total(c[k], k)))),
            Wrong("y missing", entry(prob[j] * (c[j] - total(c[k] * prob[k], k)))),
        ),
    ),
    Derivation(
        id="E-13",
        title="A column J_Z^L times J^_W^Z is wrong in silence if n = m",
        statement="J_W^L[i,j] = c_j J^_W^Z[i,j]",
        rows=("E-13",),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "z_j = f(s_j), s_j = Σ_i y_i w_ij, i and j from 1 to n; L = Σ_j c_j z_j, so that c is J_Z^L",
            "numpy's * matches the last axis of a vector or a row, and the first of a column; the norm of "
            "J_Z^L has nothing to do with it: its length is meant",
        ),
        where={
            L: total(c[to] * z[to], to),
            z[to]: f(s[to]),
            s[to]: total(y[i] * w[i, to], i),
        },
        steps=chain(
            entry(partial(L, w[i, to])),
            ("z_j alone depends on w_ij", entry(partial(L, z[to]) * partial(z[to], w[i, to]))),
            ("L = Σ_j c_j z_j", entry(c[to] * partial(z[to], w[i, to]))),
            ("the entry J^_W^Z[i,j]", BY_COLUMN),
        ),
        truth=Truth(sp.Array(total(f(total(w[a, p] * y[a], a)) * c[p], p)), sp.Array(w[i, to])),
        wrong=(
            Printed(
                "as printed, for a column as long as J^ has columns",
                entry(c[i] * f_slope(s[to]) * y[i]),
                "E-13",
                "Downing (000), line 628",
                "* will perform the desired operation, as long as ||J_Z^L|| = the number of columns",
                "any J_Z^L with as many entries as columns; a column with m = n too",
            ),
            negated(BY_COLUMN),
            without(BY_COLUMN, c[to], "J_Z^L missing"),
            without(BY_COLUMN, y[i], "y_i missing"),
            Wrong("summed: the product of row and matrix", entry(total(c[a] * f_slope(s[to]) * y[a], a))),
        ),
    ),
)
