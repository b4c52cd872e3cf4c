"""The letters of one layer of any size: y (n units) below, s = y W + b, z = f(s) (m units) above."""

import sympy as sp

from ..proof.functions import smooth
from ..proof.indices import index, sizes, total

n, m = sizes("n m")
i, a, p = index("i", n), index("a", n), index("p", n)
j, k, q = index("j", m), index("k", m), index("q", m)

w, b, y, s, z, t = map(sp.IndexedBase, "wbyszt")
f, slope = smooth("f"), smooth("f'")

AFFINE = {s[k]: b[k] + total(y[i] * w[i, k], i)}
LAYER = {**AFFINE, z[k]: f(s[k])}

ENTRIES = "numerator layout: the output's index first, then those of the weight or of the input"
ONE_LAYER = "s_k = Σ_i y_i w_ik + b_k and z_k = f(s_k), with i from 1 to n and k from 1 to m; one case"
ANY_F = "f is any differentiable function, applied to each entry"
