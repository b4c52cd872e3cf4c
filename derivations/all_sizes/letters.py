"""The letters of one layer of any size: y (n units) below, s = y W + b, z = f(s) (m units) above.

Index legend: i, a units below; j, k, q units above; o, p outputs further up (d of them); c, h cases;
e the terms of a low rank, or rows in between (r of them).
"""

import sympy as sp

from ..proof.functions import smooth
from ..proof.indices import index, sizes, total

n, m, d, r, N = sizes("n m d r N")
i, a = index("i", n), index("a", n)
j, k, q = index("j", m), index("k", m), index("q", m)
o, p = index("o", d), index("p", d)
e = index("e", r)
c, h = index("c", N), index("h", N)

w, b, y, s, z, t = map(sp.IndexedBase, "wbyszt")
f, slope = smooth("f"), smooth("f'")
row, error, J_hat = map(sp.IndexedBase, ("L'", "delta", "Ĵ"))
loss = sp.Symbol("L")

AFFINE = {s[k]: b[k] + total(y[i] * w[i, k], i)}
ELEMENTWISE = {z[k]: f(s[k])}
LAYER = {**AFFINE, **ELEMENTWISE}
LOSS = {loss: total(row[k] * z[k], k)}
ERROR = {error[k]: row[k] * slope(s[k])}

ENTRIES = "numerator layout: the output's index first, then those of the weight or of the input"
ONE_LAYER = "s_k = Σ_i y_i w_ik + b_k and z_k = f(s_k), with i from 1 to n and k from 1 to m; one case"
ANY_F = "f is any differentiable function, applied to each entry"
ANY_LOSS = (
    "J_Z^L[k] = L'_k is any row: a loss that is differentiable in z has the derivatives of its "
    "linear part L = Σ_k L'_k z_k, taken with the L'_k of that point held fixed"
)
