"""One layer of any size: the Jacobians of its sums and of its outputs."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .letters import ANY_F, ENTRIES, LAYER, ONE_LAYER, a, b, f, i, j, k, s, slope, w, y, z

SUM_K = b[k] + total(y[a] * w[a, k], a)
J_SUM_Y = entry(w[i, k])
J_WZ = entry(delta(j, k) * slope(s[k]) * y[i])

DERIVATIONS = (
    Derivation(
        id="J_Y_Sum",
        title="The sums of a layer by its inputs",
        statement="J_Y^Sum[k,i] = w_ik",
        rows=("D-11", "H-74"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ENTRIES),
        where=LAYER,
        steps=chain(
            entry(partial(s[k], y[i])),
            ("only the sum depends on y", entry(total(partial(y[a], y[i]) * w[a, k], a))),
            ("∂y_a/∂y_i = δ_ai", entry(total(delta(a, i) * w[a, k], a))),
            ("the delta picks one term", J_SUM_Y),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(y[i])),
        wrong=(
            negated(J_SUM_Y),
            Wrong("transposed: w_ki", entry(w[k, i])),
            Wrong("wrong variable: y_i", entry(y[i])),
            Wrong("summed over all inputs", entry(total(w[a, k], a))),
        ),
    ),
    Derivation(
        id="J_W_Z",
        title="The outputs of a layer by its weights",
        statement="J_W^Z[k,i,j] = δ_jk f'(s_k) y_i",
        rows=("D-57", "D-71"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ENTRIES),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], w[i, j])),
            ("chain rule", entry(slope(s[k]) * partial(s[k], w[i, j]))),
            ("only the sum depends on w", entry(slope(s[k]) * total(y[a] * partial(w[a, k], w[i, j]), a))),
            ("∂w_ak/∂w_ij = δ_ai δ_jk", entry(slope(s[k]) * total(y[a] * delta(a, i) * delta(j, k), a))),
            ("the delta picks one term", J_WZ),
        ),
        truth=Truth(sp.Array(f(SUM_K)), sp.Array(w[i, j])),
        wrong=(
            negated(J_WZ),
            without(J_WZ, slope(s[k]), "f' missing"),
            without(J_WZ, y[i], "y_i missing"),
            without(J_WZ, delta(j, k), "δ_jk missing: all outputs depend on w_ij"),
            swapped(J_WZ, i, j),
        ),
    ),
)
