"""Dehaqani's vector recursion: gradients are rows, and each Jacobian multiplies from the right."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import Entries, entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, without

n, m = sizes("n m")
i, a = index("i", n), index("a", n)
j, q = index("j", m), index("q", m)
x, y, z, b, W, Y = map(sp.IndexedBase, ("x", "y", "z", "b", "W", "Y"))
grad_z, row, P, K, G, shift, u, start = map(sp.IndexedBase, ("∇z", "∇Y", "∇D", "J", "G", "Δ", "u", "a"))
Div, D, tau, r = sp.symbols("Div D τ r")
f, f_slope, g, g_slope = (smooth(name) for name in ("f", "f'", "g", "g'"))

AFFINE = {z[j]: b[j] + total(W[j, i] * y[i], i)}
FIRST_ORDER = {Div: total(grad_z[j] * z[j], j)}
LAYER = "z = W y + b: z_j = Σ_i W_ji y_i + b_j, and W_ji is the weight w_ij from i to j; one case"
ROW = "∇z_j = ∂Div/∂z_j is a row; Div is taken as its linear part, with the ∇z_j of the point held fixed"

CHAIN = entry(total(P[j] * total(K[j, i] * shift[i], i), j))
DIAGONAL = entry(row[j] * f_slope(z[j]))
BACK = entry(total(grad_z[j] * W[j, i], j))
WEIGHTS = Entries(sp.Array([grad_z[j], y[i] * grad_z[j]]))

DERIVATIONS = (
    Derivation(
        id="deh_affine",
        title="Seed 002: the Jacobian of an affine function is its matrix",
        statement="J_z(y)[j,i] = W_ji",
        rows=("H-70", "H-73", "H-74"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(LAYER, "J_z(y)[j,i] = ∂z_j/∂y_i: numerator layout"),
        where=AFFINE,
        steps=chain(
            entry(partial(z[j], y[i])),
            ("b and W do not depend on y", entry(total(W[j, a] * partial(y[a], y[i]), a))),
            ("∂y_a/∂y_i = δ_ai", entry(total(W[j, a] * delta(a, i), a))),
            ("the delta picks one term", entry(W[j, i])),
        ),
        truth=Truth(sp.Array(total(y[a] * W[j, a], a) + b[j]), sp.Array(y[i])),
        wrong=(
            negated(entry(W[j, i])),
            Wrong("transposed: W_ij", entry(W[i, j])),
            Wrong("with the bias", entry(W[j, i] + b[j])),
            Wrong("summed over the inputs", entry(total(W[j, a], a))),
        ),
    ),
    Derivation(
        id="deh_chain",
        title="Seed 002: the chain rule of Jacobians, as a small shift of x arrives in D",
        statement="ΔD = ∇_z(D) J_z(x) Δx",
        rows=("H-73", "H-75"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "x_i = a_i + τ Δ_i is shifted along Δ; ΔD is ∂D/∂τ at any τ, with the row and the matrix at x",
            "z_j = f(u_j), u_j = Σ_i G_ji x_i and D = g(r), r = Σ_j z_j: any f, g and G",
            "∇D_j = ∂D/∂z_j is a row, J_ji = ∂z_j/∂x_i is the matrix J_z(x)",
        ),
        where={
            D: g(r),
            r: total(z[j], j),
            z[j]: f(u[j]),
            u[j]: total(G[j, i] * x[i], i),
            x[i]: start[i] + tau * shift[i],
            P[j]: g_slope(r),
            K[j, i]: f_slope(u[j]) * G[j, i],
        },
        steps=chain(
            entry(partial(D, tau)),
            ("D depends on all z_j", entry(total(partial(D, z[j]) * partial(z[j], tau), j))),
            ("the row ∇_z(D)", entry(total(P[j] * partial(z[j], tau), j))),
            (
                "z_j depends on all x_i",
                entry(total(P[j] * total(partial(z[j], x[i]) * partial(x[i], tau), i), j)),
            ),
            ("the matrix J_z(x)", entry(total(P[j] * total(K[j, i] * partial(x[i], tau), i), j))),
            ("x_i = a_i + τ Δ_i", CHAIN),
        ),
        truth=Truth(
            sp.Array(g(total(f(total(G[j, a] * start[a], a) + tau * total(G[j, a] * shift[a], a)), j))),
            sp.Array(tau),
        ),
        wrong=(
            negated(CHAIN),
            Wrong("J_z(x) transposed", entry(total(P[j] * total(K[i, j] * shift[i], i), j))),
            Wrong("the row missing", entry(total(total(K[j, i] * shift[i], i), j))),
            Wrong("J_z(x) missing: G alone", entry(total(P[j] * total(G[j, i] * shift[i], i), j))),
            Wrong("Δx missing", entry(total(P[j] * total(K[j, i], i), j))),
        ),
    ),
    Derivation(
        id="deh_diagonal",
        title="Seed 002: the gradient by z is a row times a diagonal Jacobian",
        statement="∇_z Div = ∇_Y Div J_Y(z)",
        rows=("H-63", "H-64", "H-76", "H-77"),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "Y_j = f(z_j), an activation of each entry, so that J_Y(z)[q,j] = δ_qj f'(z_q)",
            "∇Y_j = ∂Div/∂Y_j is a row; Div is taken as its linear part, with the ∇Y_j held fixed",
        ),
        where={Div: total(row[j] * Y[j], j), Y[j]: f(z[j])},
        steps=chain(
            entry(partial(Div, z[j])),
            ("a row times a Jacobian", entry(total(partial(Div, Y[q]) * partial(Y[q], z[j]), q))),
            ("the row ∇_Y Div", entry(total(row[q] * partial(Y[q], z[j]), q))),
            ("the Jacobian is diagonal", entry(total(row[q] * delta(q, j) * f_slope(z[q]), q))),
            ("the delta picks one term", DIAGONAL),
        ),
        truth=Truth(sp.Array(total(f(z[q]) * row[q], q)), sp.Array(z[j])),
        wrong=(
            negated(DIAGONAL),
            without(DIAGONAL, f_slope(z[j]), "f' missing"),
            without(DIAGONAL, row[j], "∇_Y missing"),
            Wrong("f' at the output Y_j", entry(row[j] * f_slope(Y[j]))),
            Wrong("not diagonal", entry(total(row[q] * f_slope(z[q]), q))),
        ),
    ),
    Derivation(
        id="deh_back",
        title="Seed 002: across the weights, a row times W",
        statement="∇_y Div = ∇_z Div W",
        rows=("H-66", "H-76", "H-78", "H-79"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(LAYER, ROW, "at the lowest layer y is the input x"),
        where={**AFFINE, **FIRST_ORDER},
        steps=chain(
            entry(partial(Div, y[i])),
            ("a row times a Jacobian", entry(total(partial(Div, z[j]) * partial(z[j], y[i]), j))),
            ("the row ∇_z Div", entry(total(grad_z[j] * partial(z[j], y[i]), j))),
            ("J_z(y) = W", BACK),
        ),
        truth=Truth(sp.Array(total(grad_z[q] * (total(W[q, a] * y[a], a) + b[q]), q)), sp.Array(y[i])),
        wrong=(
            negated(BACK),
            Wrong("W^T in the place of W", entry(total(grad_z[j] * W[i, j], j))),
            Wrong("the row missing", entry(total(W[j, i], j))),
            Wrong("W missing", entry(total(grad_z[j], j))),
            Wrong("one unit alone", entry(grad_z[1] * W[1, i])),
        ),
    ),
    Derivation(
        id="deh_weights",
        title="Seed 002: the weights, a column times a row, of the shape of W^T",
        statement="(∇_W Div)[i,j] = y_i (∇_z Div)_j",
        rows=("H-65", "H-67", "H-76"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(LAYER, ROW, "first the bias b_j, then (∇_W Div)[i,j] = ∂Div/∂W_ji"),
        where={**AFFINE, **FIRST_ORDER},
        steps=chain(
            Entries(sp.Array([partial(Div, b[j]), partial(Div, W[j, i])])),
            (
                "only z_j depends on b_j and W_ji",
                Entries(sp.Array([partial(Div, z[j]) * partial(z[j], letter) for letter in (b[j], W[j, i])])),
            ),
            (
                "∂z_j/∂b_j = 1, ∂z_j/∂W_ji = y_i",
                Entries(sp.Array([partial(Div, z[j]), y[i] * partial(Div, z[j])])),
            ),
            ("the row ∇_z Div", WEIGHTS),
        ),
        truth=Truth(
            sp.Array(total(grad_z[q] * (total(W[q, a] * y[a], a) + b[q]), q)),
            sp.Array([b[j], W[j, i]]),
        ),
        wrong=(
            negated(WEIGHTS),
            without(WEIGHTS, y[i], "y_i missing"),
            without(WEIGHTS, grad_z[j], "the row missing"),
            Wrong("in the shape of W: y_j ∇z_i", Entries(sp.Array([grad_z[j], y[j] * grad_z[i]]))),
            Wrong("z_j for y_i, one layer too high", Entries(sp.Array([grad_z[j], z[j] * grad_z[j]]))),
        ),
    ),
)
