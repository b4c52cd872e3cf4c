"""Dehaqani's training: the backward pass through a network of two layers, and the mean over T cases."""

import sympy as sp

from ..proof.arrays import filled
from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import letters, summed
from ..proof.formula import D, Dot, Letter, entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated

n, m, T = sizes("n m T")
i, a = index("i", n), index("a", n)
j, q = index("j", m), index("q", m)
c = index("c", T)
y, z, b, W, grad_z = map(sp.IndexedBase, ("y", "z", "b", "W", "∇z"))
Err, Div = sp.symbols("Err Div")
f, f_slope, g, g_slope = (smooth(name) for name in ("f", "f'", "g", "g'"))

MEAN = entry(total(y[c, i] * grad_z[c, j], c) / T)

x1, z1, y1 = sp.symbols("x1:3"), sp.symbols("z11:15"), sp.symbols("y11:15")
z2, y2, row = sp.symbols("z21:24"), sp.symbols("y21:24"), sp.symbols("g1:4")
w1, w2 = letters("u", 4, 2), letters("w", 3, 4)
X, Z1, Y1 = Letter("x", sp.Array(x1)), Letter("z1", sp.Array(z1)), Letter("y1", sp.Array(y1))
Z2, Y2, LOSS = Letter("z2", sp.Array(z2)), Letter("Y", sp.Array(y2)), Letter("Div", sp.Array(Div))
W1, W2, ROW = Letter("W1", sp.Array(w1)), Letter("W2", sp.Array(w2)), Letter("∇_Y", sp.Array(row))

TWO_LAYERS = {
    **{z1[k]: summed(w1[k][h] * x1[h] for h in range(2)) for k in range(4)},
    **{y1[k]: f(z1[k]) for k in range(4)},
    **{z2[k]: summed(w2[k][h] * y1[h] for h in range(4)) for k in range(3)},
    **{y2[k]: g(z2[k]) for k in range(3)},
    Div: summed(row[k] * y2[k] for k in range(3)),
}
HIDDEN = [f(w1[k][0] * x1[0] + w1[k][1] * x1[1]) for k in range(4)]
EXPLICIT = summed(
    row[k] * g(w2[k][0] * HIDDEN[0] + w2[k][1] * HIDDEN[1] + w2[k][2] * HIDDEN[2] + w2[k][3] * HIDDEN[3])
    for k in range(3)
)
J_Y = Letter("diag(g'(z2))", filled((3, 3), lambda k, h: delta(k, h) * g_slope(z2[k])))
J_Y1 = Letter("diag(f'(z1))", filled((4, 4), lambda k, h: delta(k, h) * f_slope(z1[k])))
AT_OUTPUT = Letter("diag(f'(y1))", filled((4, 4), lambda k, h: delta(k, h) * f_slope(y1[k])))
ROWS = Dot(Dot(Dot(Dot(ROW, J_Y), W2), J_Y1), W1)

DERIVATIONS = (
    Derivation(
        id="deh_input",
        title="Seed 002: the backward pass, one row times five matrices down to the input",
        statement="∇_x Div = ∇_Y J_Y(z2) W2 J_y1(z1) W1",
        rows=("H-72", "H-78", "H-79"),
        sizes="2-4-3",
        assumptions=(
            "z1 = W1 x, y1 = f(z1), z2 = W2 y1, Y = g(z2), any f and g; no biases; one case",
            "∇_Y = (g1, g2, g3) is the row ∂Div/∂Y of any divergence, which is taken as its linear part",
            "W1 has the entries u, W2 the entries w; the first index is the unit they lead to",
        ),
        where=TWO_LAYERS,
        steps=chain(
            D(LOSS, X),
            (
                "chain rule for Jacobians",
                Dot(Dot(Dot(Dot(D(LOSS, Y2), D(Y2, Z2)), D(Z2, Y1)), D(Y1, Z1)), D(Z1, X)),
            ),
            ("the row of the divergence", Dot(Dot(Dot(Dot(ROW, D(Y2, Z2)), D(Z2, Y1)), D(Y1, Z1)), D(Z1, X))),
            ("affine: J_z(y) = W", Dot(Dot(Dot(Dot(ROW, D(Y2, Z2)), W2), D(Y1, Z1)), W1)),
            ("scalar activations: diagonal Jacobians", ROWS),
        ),
        truth=Truth(sp.Array(EXPLICIT), X.array),
        wrong=(
            Wrong("J_y1 missing", Dot(Dot(Dot(ROW, J_Y), W2), W1)),
            Wrong("J_Y missing", Dot(Dot(Dot(ROW, W2), J_Y1), W1)),
            Wrong("∇_Y missing", Dot(Dot(Dot(Letter("1", sp.Array([1, 1, 1])), W2), J_Y1), W1)),
            Wrong("the matrices in the order of the forward pass", Dot(W1, Dot(J_Y1, Dot(W2, J_Y)))),
            Wrong("f' at the outputs y1", Dot(Dot(Dot(Dot(ROW, J_Y), W2), AT_OUTPUT), W1)),
        ),
    ),
    Derivation(
        id="deh_train",
        title="Seed 002: what is accumulated over T cases and divided by T is the gradient",
        statement="∂Err/∂W_ji = 1/T Σ_c y_ci ∇z_cj",
        rows=("H-59", "H-80"),
        sizes="n, m, T",
        scope="all sizes",
        assumptions=(
            "Err = 1/T Σ_c Div_c, and Div_c is taken as its linear part Σ_j ∇z_cj z_cj",
            "z_cj = Σ_i W_ji y_ci + b_j: the cases c share the weights; the update is W_ji - η ∂Err/∂W_ji",
        ),
        where={
            Err: total(total(grad_z[c, j] * z[c, j], j), c) / T,
            z[c, j]: b[j] + total(W[j, i] * y[c, i], i),
        },
        steps=chain(
            entry(partial(Err, W[j, i])),
            (
                "in each case only z_cj depends on W_ji",
                entry(total(grad_z[c, j] * partial(z[c, j], W[j, i]), c) / T),
            ),
            (
                "only one term of the sum depends on W_ji",
                entry(total(grad_z[c, j] * total(delta(a, i) * y[c, a], a), c) / T),
            ),
            ("the delta picks one term", MEAN),
        ),
        truth=Truth(
            sp.Array(total(total(grad_z[c, q] / T * (total(W[q, a] * y[c, a], a) + b[q]), q), c)),
            sp.Array(W[j, i]),
        ),
        wrong=(
            negated(MEAN),
            Wrong("the sum, not divided by T", entry(total(y[c, i] * grad_z[c, j], c))),
            Wrong("transposed", entry(total(y[c, j] * grad_z[c, i], c) / T)),
            Wrong("the last case alone", entry(y[T, i] * grad_z[T, j] / T)),
            Wrong(
                "the product of the sums",
                entry(total(y[c, i], c) * total(grad_z[c, j], c) / T),
            ),
        ),
    ),
)
