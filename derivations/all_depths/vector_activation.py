"""The instance of the row gradients: two layers, the first with an activation whose Jacobian is full."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import grid
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed
from .written_out import BY_DIFF, f, f_prime, g, g_prime, h, h_prime, matrix, vector

D = sp.Symbol("Div")
x, y_1, z_1 = vector("y", 0, 3), vector("y", 1, 2), vector("z", 1, 2)
b_1, H_1, W_1 = vector("b", 1, 2), vector("H", 1, 2), matrix("W", 1, 2, 3)
W_2 = matrix("W", 2, 1, 2)[0]
y_2, z_2, b_2, target = sp.symbols("y(2) z(2) b(2) d")
OUTER = grid((3, 2), lambda i, j: x[i] * H_1[j])
SUM_1 = [b_1[j] + sum(map(sp.Mul, W_1[j], x)) for j in range(2)]
OUTPUT = h(b_2 + W_2[0] * f(SUM_1[0]) * g(SUM_1[1]) + W_2[1] * (f(SUM_1[0]) + g(SUM_1[1])))

WRITTEN_OUT = Derivation(
    id="row_2",
    title="Row gradients at every depth. Written out for two layers",
    statement="∂Div/∂W(1)_ji = y(0)_i H(1)_j",
    rows=(),
    sizes="3-2-1",
    assumptions=(
        "y(1)_1 = f(z(1)_1) g(z(1)_2) and y(1)_2 = f(z(1)_1) + g(z(1)_2): a vector activation, with a "
        "Jacobian that is not diagonal",
        "y(2) = h(z(2)), and Div = 1/2 (y(2) - d)^2; f, g and h are any differentiable functions",
        "the gradient is a matrix of the shape of W(1) transposed: entry [i,j] is ∂Div/∂W(1)_ji",
    ),
    where={
        **{z_1[j]: b_1[j] + W_1[j][0] * x[0] + W_1[j][1] * x[1] + W_1[j][2] * x[2] for j in range(2)},
        y_1[0]: f(z_1[0]) * g(z_1[1]),
        y_1[1]: f(z_1[0]) + g(z_1[1]),
        z_2: b_2 + W_2[0] * y_1[0] + W_2[1] * y_1[1],
        y_2: h(z_2),
        D: (y_2 - target) ** 2 / 2,
        H_1[0]: (y_2 - target) * h_prime(z_2) * f_prime(z_1[0]) * (W_2[0] * g(z_1[1]) + W_2[1]),
        H_1[1]: (y_2 - target) * h_prime(z_2) * g_prime(z_1[1]) * (W_2[0] * f(z_1[0]) + W_2[1]),
    },
    steps=chain(
        grid((3, 2), lambda i, j: partial(D, W_1[j][i])),
        ("W_ji enters z_j alone, times y_i", grid((3, 2), lambda i, j: x[i] * partial(D, z_1[j]))),
        ("H(1) = ∂Div/∂z(2)·W(2)·J_y(z(1)) = ∂Div/∂z(1)", OUTER),
    ),
    truth=Truth(sp.Array((OUTPUT - target) ** 2 / 2), sp.Array(W_1).transpose(), words=BY_DIFF),
    wrong=(
        negated(OUTER),
        transposed(OUTER),
        swapped(OUTER, H_1[0], H_1[1]),
        Wrong(
            "the diagonal of J alone",
            grid(
                (3, 2), lambda i, j: x[i] * (y_2 - target) * h_prime(z_2) * W_2[j] * partial(y_1[j], z_1[j])
            ),
        ),
    ),
)
