"""The letters of a network of any depth: layer l has n(l) units, z = a W + b and a = f(z) in each.

A layer number is the first index of an entry: z(l)_j, w(l + 1)_jk. The widths n(l) are unknown too.
"""

import sympy as sp

from ..proof.functions import smooth
from ..proof.indices import index, total

l, m, N = sp.symbols("l m N", integer=True)  # noqa: E741  (the layer, as on the slides)
n = sp.IndexedBase("n", integer=True, positive=True)


def unit(name: str, layer: sp.Expr) -> sp.Idx:
    """An index of the units of a layer."""
    return index(name, n[layer])


i, h = unit("i", l - 1), unit("h", l - 1)
j, p = unit("j", l), unit("p", l)
k, q = unit("k", l + 1), unit("q", l + 1)
o, u = unit("o", N), unit("u", N)
e, r = unit("e", N - 1), unit("r", N - 1)

a, b, w, z, t, d, R, J = map(sp.IndexedBase, ("a", "b", "w", "z", "t", "δ", "R", "J"))
L = sp.Symbol("L")

f, g = smooth("f"), smooth("g")
f_prime, g_prime = smooth("f'"), smooth("g'")
UP = l + 1
UNITS = {N: o, N - 1: e, l: j, UP: k}
SLOPES = {N: f_prime, l: f_prime, UP: g_prime}


def sums(here: sp.Idx, below: sp.Idx, layer: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    """What the sums of a layer are made of."""
    return {z[layer, here]: b[layer, here] + total(w[layer, below, here] * a[layer - 1, below], below)}


def explicit_sum(here: sp.Idx, below: sp.Idx, layer: sp.Expr, activation: sp.Expr) -> sp.Expr:
    """The same written out for the truths, with the activation of unit ``below`` as an expression."""
    return total(activation * w[layer, below, here], below) + b[layer, here]


NETWORK = "z(l)_j = b(l)_j + Σ_i w(l)_ij a(l-1)_i and a(l)_j = f(z(l)_j); one case"
DEPTHS = "the layers 1 to N have any widths n(1) to n(N), and N is any number"
ANY_F = "f of layer l and g of layer l+1 are any differentiable functions"
TOP = "R(N)_o = ∂L/∂a(N)_o is the row J_N^L of any differentiable loss"
