"""The 3-2-1 network: R = XV, Y = g(R), S = YW, Z = f(S), f = g = sigmoid, in the slide's letters.

As on the slide, derivatives with respect to weights are in denominator layout, so that dZ/dV looks like V;
derivatives of one layer with respect to another are in numerator layout.
"""

import sympy as sp

from ..proof.derivation import Truth
from ..proof.expressions import letters, sigmoid, summed
from ..proof.formula import D, Formula, Letter, grid
from ..proof.indices import delta

x, r, y = sp.symbols("x1:4"), sp.symbols("r1:3"), sp.symbols("y1:3")
s1, z1 = sp.symbols("s1 z1")
v, w = letters("v", 3, 2), letters("w", 2, 1)

X, R, Y = Letter("X", sp.Array(x)), Letter("R", sp.Array(r)), Letter("Y", sp.Array(y))
S, Z = Letter("S", sp.Array([s1])), Letter("Z", sp.Array([z1]))
V, W = Letter("V", sp.Array(v)), Letter("W", sp.Array(w))

NETWORK = {
    **{r[j]: summed(x[i] * v[i][j] for i in range(3)) for j in range(2)},
    **{y[j]: sigmoid(r[j]) for j in range(2)},
    s1: summed(y[j] * w[j][0] for j in range(2)),
    z1: sigmoid(s1),
}

EXPLICIT_R = [x[0] * v[0][j] + x[1] * v[1][j] + x[2] * v[2][j] for j in range(2)]
EXPLICIT_Y = [sigmoid(EXPLICIT_R[0]), sigmoid(EXPLICIT_R[1])]
EXPLICIT_Z = [sigmoid(EXPLICIT_Y[0] * w[0][0] + EXPLICIT_Y[1] * w[1][0])]

SIZES = "3-2-1"
ASSUMPTIONS = (
    "R = X·V, Y = g(R), S = Y·W, Z = f(S); f = g = sigmoid; no bias; one case",
    "the letters x, v and w are independent of each other",
    "in ∂/∂V and ∂/∂W the weight's indices come first: denominator layout",
)
INNER = "A • B multiplies each inner vector of B as a column; A · B is numpy.dot"

f_prime = z1 * (1 - z1)
g_prime = [y[0] * (1 - y[0]), y[1] * (1 - y[1])]


def weights(of: Formula, wrt: Letter, symbol: bool = False) -> D:
    """The derivative with respect to weights, which the slide writes in denominator layout."""
    return D(of, wrt, "denominator", symbol)


def truth(of: list[sp.Expr], wrt: Letter) -> Truth:
    """The derivative of an explicit list with respect to weights, in denominator layout."""
    return Truth(sp.Array(of), wrt.array, "denominator")


J_YZ = grid((1, 2), lambda _, j: f_prime * w[j][0])
GRADIENT_R = grid((3, 2, 2), lambda i, j, k: delta(j, k) * x[i])
GRADIENT_Y = grid((3, 2, 2), lambda i, j, k: delta(j, k) * x[i] * g_prime[k])
GRADIENT_Z = grid((3, 2, 1), lambda i, j, _: f_prime * x[i] * g_prime[j] * w[j][0])
