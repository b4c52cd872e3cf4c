"""The indices of the errata: i, a, p count the n units below, j, k, q the m units above."""

from ..proof.indices import index, sizes

n, m = sizes("n m")
i, a, p = index("i", n), index("a", n), index("p", n)
j, k, q = index("j", m), index("k", m), index("q", m)
