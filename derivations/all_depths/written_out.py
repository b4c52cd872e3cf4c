"""Networks of two and of three layers, written out with a letter for every number: the theorems' instances.

The definitions go from layer to layer. The explicit outputs are one nested expression each, in the inputs,
weights and biases alone, from which ``diff`` gets the truth without any rule of this chapter.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from ..proof.expressions import summed
from ..proof.formula import Letter
from ..proof.functions import smooth

f, g, h = map(smooth, "fgh")
f_prime, g_prime, h_prime = (smooth(f"{name}'") for name in "fgh")
L = sp.Symbol("L")


def vector(name: str, layer: int, size: int) -> list[sp.Symbol]:
    """The letters of a layer's units: a(1)_1, a(1)_2, .."""
    return [sp.Symbol(f"{name}({layer})_{k}") for k in range(1, size + 1)]


def matrix(name: str, layer: int, rows: int, columns: int) -> list[list[sp.Symbol]]:
    """The letters of a layer's weights by rows: w(1)_11, w(1)_12, .."""
    return [[sp.Symbol(f"{name}({layer})_{i}{j}") for j in range(1, columns + 1)] for i in range(1, rows + 1)]


a0, a1, a2, a3 = vector("a", 0, 2), vector("a", 1, 3), vector("a", 2, 2), vector("a", 3, 1)
z1, z2, z3 = vector("z", 1, 3), vector("z", 2, 2), vector("z", 3, 1)
b1, b2, b3 = vector("b", 1, 3), vector("b", 2, 2), vector("b", 3, 1)
w1, w2, w3 = matrix("w", 1, 2, 3), matrix("w", 2, 3, 2), matrix("w", 3, 2, 1)
A0, A1, A2, A3 = (Letter(f"a{k}", sp.Array(entries)) for k, entries in enumerate((a0, a1, a2, a3)))
W1 = Letter("W1", sp.Array(w1))
d1, d2, d3 = vector("δ", 1, 3), vector("δ", 2, 2), vector("δ", 3, 1)
r1, r2, r3 = vector("R", 1, 3), vector("R", 2, 2), vector("R", 3, 1)
t = sp.symbols("t_1:3")

TWO = {
    **{z1[j]: b1[j] + summed(a0[i] * w1[i][j] for i in range(2)) for j in range(3)},
    **{a1[j]: f(z1[j]) for j in range(3)},
    **{z2[k]: b2[k] + summed(a1[j] * w2[j][k] for j in range(3)) for k in range(2)},
    **{a2[k]: g(z2[k]) for k in range(2)},
}
THREE = {
    **TWO,
    z3[0]: b3[0] + a2[0] * w3[0][0] + a2[1] * w3[1][0],
    a3[0]: h(z3[0]),
    L: (a3[0] - t[0]) ** 2 / 2,
}
DELTAS = {
    d3[0]: h_prime(z3[0]) * (a3[0] - t[0]),
    **{d2[k]: g_prime(z2[k]) * w3[k][0] * d3[0] for k in range(2)},
    **{d1[j]: f_prime(z1[j]) * summed(w2[j][k] * d2[k] for k in range(2)) for j in range(3)},
}
ROWS = {
    r3[0]: a3[0] - t[0],
    **{r2[k]: r3[0] * h_prime(z3[0]) * w3[k][0] for k in range(2)},
    **{r1[j]: summed(r2[k] * g_prime(z2[k]) * w2[j][k] for k in range(2)) for j in range(3)},
}


def layer(
    f: Callable[[sp.Expr], Any],
    below: Sequence[sp.Expr],
    weights: Sequence[Sequence[sp.Expr]],
    biases: Sequence[sp.Expr],
) -> list[sp.Expr]:
    """f(below · weights + biases), by the columns of the weights."""
    columns = zip(biases, zip(*weights, strict=True), strict=True)
    return [f(sum(map(sp.Mul, below, column), bias)) for bias, column in columns]


OUT_1 = layer(f, a0, w1, b1)
OUT_2 = layer(g, OUT_1, w2, b2)
OUT_3 = layer(h, OUT_2, w3, b3)
LOSS_3 = (OUT_3[0] - t[0]) ** 2 / 2

TWO_LAYERS = "2-3-2, f in layer 1 and g in layer 2, any differentiable functions"
THREE_LAYERS = "2-3-2-1, f, g and h in the layers 1, 2 and 3, any differentiable functions"
BY_DIFF = "what diff makes of the network as one nested expression"
