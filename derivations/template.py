"""A derivation of your own: copy this file, change it, and run ``python -m derivations check FILE.py``.

The example is a layer that squares its sums: s_k = Σ_i y_i w_ik, z_k = s_k². You claim its J_W^Z, say how you
got there, and the checker verifies every equals sign, the end against sympy's own derivative, and that each
mistake you name is caught.
"""

import sympy as sp

from derivations.proof import (
    Derivation,
    Truth,
    Wrong,
    chain,
    delta,
    entry,
    index,
    negated,
    partial,
    sizes,
    swapped,
    total,
    without,
)

# Sizes and indices: an index knows what it counts. A statement about one entry holds for all n and m.
n, m = sizes("n m")
i, a = index("i", n), index("a", n)
j, k = index("j", m), index("k", m)

# Letters with indices, and what they stand for: s_k is a sum over all i, whatever k is.
w, y, s, z = map(sp.IndexedBase, "wysz")
LAYER = {s[k]: total(y[i] * w[i, k], i), z[k]: s[k] ** 2}

# The claim in closed form, and the same output written out by hand for sympy to differentiate.
J_WZ = entry(2 * delta(j, k) * s[k] * y[i])
EXPLICIT_Z = total(y[a] * w[a, k], a) ** 2

DERIVATIONS = (
    Derivation(
        id="squares",
        title="The outputs of a squaring layer by its weights",
        statement="J_W^Z[k,i,j] = 2 δ_jk s_k y_i",
        rows=(),
        sizes="n, m",
        scope="all sizes",
        assumptions=("s_k = Σ_i y_i w_ik and z_k = s_k^2; one case",),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], w[i, j])),  # the question: ∂z_k/∂w_ij
            ("chain rule", entry(2 * s[k] * partial(s[k], w[i, j]))),
            ("∂w_ak/∂w_ij = δ_ai δ_jk", entry(2 * s[k] * total(y[a] * delta(a, i) * delta(j, k), a))),
            ("the delta picks one term", J_WZ),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(w[i, j])),
        wrong=(
            negated(J_WZ),
            without(J_WZ, sp.Integer(2), "the factor 2 missing"),
            swapped(J_WZ, i, j),
            Wrong("every output depends on w_ij", entry(2 * s[k] * y[i])),
        ),
    ),
)
