"""Bao's network: a, x = φ(U^T a), o = φ(W^T x), ŷ = φ(V^T o), each with a bias entry number 0.

The sizes are 1-3-2-1 without the bias units. ψ(o1) stands for φ'(w_1^T x), as eq. (4) defines it.
"""

import sympy as sp

from ..proof.derivation import Truth
from ..proof.expressions import summed
from ..proof.formula import D, Formula, Letter
from ..proof.functions import smooth

phi, phi_slope = smooth("φ"), smooth("φ'")
loss, loss_slope = smooth("J"), smooth("J'")

a, x, o, v = sp.symbols("a:2"), sp.symbols("x:4"), sp.symbols("o:3"), sp.symbols("v:3")
q, s = sp.symbols("q:4"), sp.symbols("s:3")
r, yhat, J = sp.symbols("r ŷ J")
u = [[sp.Symbol(f"u{i}{j}") for j in (1, 2, 3)] for i in range(2)]
w = [[sp.Symbol(f"w{i}{j}") for j in (1, 2)] for i in range(4)]

psi_x = [sp.Symbol(f"ψ(x{j})") for j in range(4)]
psi_o = [sp.Symbol(f"ψ(o{j})") for j in range(3)]
psi_yhat = sp.Symbol("ψ(ŷ)")
delta_1 = sp.Symbol("δ(-1)")
delta_2, delta_3 = sp.IndexedBase("δ(-2)"), sp.IndexedBase("δ(-3)")


def column(name: str, entries: list[sp.Expr]) -> Letter:
    """A column of letters, as Bao writes every vector."""
    return Letter(name, sp.Array([[entry] for entry in entries]))


A, X, OUT, V = column("a", a), column("x", x), column("o", o), column("V", v)
U, W, ERROR = Letter("U", sp.Array(u)), Letter("W", sp.Array(w)), Letter("J", sp.Array(J))
PSI_X, PSI_O = column("ψ(x)", psi_x), column("ψ(o)", psi_o)
DELTA_1 = column("δ(-1)", [delta_1])
DELTA_2 = column("δ(-2)", [delta_2[j] for j in range(3)])
DELTA_3 = column("δ(-3)", [delta_3[j] for j in range(4)])

FORWARD = {
    **{s[j]: summed(w[i][j - 1] * x[i] for i in range(4)) for j in (1, 2)},
    **{o[j]: phi(s[j]) for j in (1, 2)},
    r: summed(v[j] * o[j] for j in range(3)),
    yhat: phi(r),
}
NETWORK = {**FORWARD, J: loss(yhat)}
PSI = {**{psi_o[j]: phi_slope(s[j]) for j in (1, 2)}, psi_yhat: phi_slope(r)}
BELOW = {
    **{q[j]: summed(u[i][j - 1] * a[i] for i in range(2)) for j in (1, 2, 3)},
    **{x[j]: phi(q[j]) for j in (1, 2, 3)},
    **{psi_x[j]: phi_slope(q[j]) for j in (1, 2, 3)},
}

O_1 = phi(w[0][0] * x[0] + w[1][0] * x[1] + w[2][0] * x[2] + w[3][0] * x[3])
O_2 = phi(w[0][1] * x[0] + w[1][1] * x[1] + w[2][1] * x[2] + w[3][1] * x[3])
YHAT = phi(v[0] * o[0] + v[1] * O_1 + v[2] * O_2)
J_OF_X = loss(YHAT)
J_OF_A = J_OF_X.xreplace({x[j]: phi(u[0][j - 1] * a[0] + u[1][j - 1] * a[1]) for j in (1, 2, 3)})

HIDDEN = "o_j = φ(s_j), s_j = w_j^T x and ŷ = φ(r), r = v^T o; one case, any φ and any loss J(ŷ)"
BIASES = "x0 and o0 are bias units: both are 1, and no layer below produces them"
EQ_4 = "ψ(o_j) is the slope φ'(s_j), ψ(ŷ) is φ'(r): eq. (4)"
SHAPE = "denominator layout: the gradient has the shape of what is differentiated by"


def gradient(wrt: Letter) -> Formula:
    """∂J/∂W in denominator layout: it has the shape of W."""
    return D(ERROR, wrt, "denominator")


def truth(of: sp.Expr, wrt: Letter) -> Truth:
    """The derivative of the explicit loss, in the shape of what it is differentiated by."""
    return Truth(sp.Array(of), wrt.array, "denominator")
