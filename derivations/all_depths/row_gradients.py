"""The recursion of row gradients with vector activations: the weights' rows belong to their destinations."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.notation import text
from ..proof.wrong import negated
from .induction import Claim, Induction, affine, affine_part, affine_truth, first_order, words
from .letters import DEPTHS, UNITS, J, N, b, i, j, k, l, o, p, u, unit, z
from .vector_activation import WRITTEN_OUT

y, W, G, H = map(sp.IndexedBase, "yWGH")
D = sp.Symbol("Div")
r, s, v = unit("r", l), unit("s", l - 1), unit("v", N)

ROWS = "z(l)_j = b(l)_j + Σ_i W(l)_ji y(l-1)_i: the rows of W(l) belong to the units of layer l"
VECTOR = (
    "y(l) is any differentiable function of the vector z(l), with Jacobian J(l)_pj = ∂y(l)_p/∂z(l)_j: "
    "a softmax in any layer, or the diagonal of an elementwise f"
)


def sums(here: sp.Idx, below: sp.Idx, layer: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    """What the sums of a layer are made of."""
    return {z[layer, here]: b[layer, here] + total(W[layer, here, below] * y[layer - 1, below], below)}


def explicit_sum(here: sp.Idx, below: sp.Idx, layer: sp.Expr, activation: sp.Expr) -> sp.Expr:
    """The same written out for the truths, with the activation of unit ``below`` as an expression."""
    return total(activation * W[layer, here, below], below) + b[layer, here]


def row(layer: sp.Expr) -> Claim:
    """H(l) is the row of the derivatives of the divergence with respect to the sums of layer l."""
    return Claim(partial(D, z[layer, UNITS[layer]]), H[layer, UNITS[layer]])


DIVERGENCE = Claim(partial(D, y[N, u]), G[N, u])
VECTOR_N = Claim(partial(y[N, u], z[N, o]), J[N, u, o])
TOP_ROW = entry(row(N).right)

BASE = Derivation(
    id="row_base",
    title="Row gradients at every depth. Base case: through the last activation",
    statement="∇z(N) = ∇Y·J_Y(z(N))",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=(
        "Y = y(N) is any differentiable function of the vector z(N), with Jacobian J(N)_uo = ∂y(N)_u/∂z(N)_o",
        "G(N)_u = ∂Div/∂y(N)_u is the row ∇Y of any differentiable divergence, and H(N) = ∇z(N)",
        affine(DIVERGENCE),
        affine(VECTOR_N),
    ),
    where={
        **first_order(DIVERGENCE),
        **first_order(VECTOR_N),
        H[N, o]: total(G[N, u] * J[N, u, o], u),
    },
    steps=chain(
        entry(row(N).left),
        ("chain rule", entry(total(partial(D, y[N, u]) * partial(y[N, u], z[N, o]), u))),
        ("the row ∇Y", entry(total(G[N, u] * partial(y[N, u], z[N, o]), u))),
        ("the Jacobian J_Y(z(N))", entry(total(G[N, u] * J[N, u, o], u))),
        ("definition of H(N)", TOP_ROW),
    ),
    truth=Truth(
        sp.Array(total(G[N, u] * total(J[N, u, v] * z[N, v], v), u)),
        sp.Array(z[N, o]),
        words=f"{affine_part(DIVERGENCE)}, with each {text(y[N, u])} by its own affine part",
    ),
    wrong=(
        negated(TOP_ROW),
        Wrong("transposed: J_ou", entry(total(G[N, u] * J[N, o, u], u))),
        Wrong("the diagonal alone", entry(G[N, o] * J[N, o, o])),
        Wrong("J missing", entry(G[N, o])),
    ),
)

LOWER_ROW = entry(row(l).right)
VECTOR_L = Claim(partial(y[l, p], z[l, j]), J[l, p, j])
BACK = total(H[l + 1, k] * W[l + 1, k, p], k)

ABOVE = row(l + 1)

STEP = Derivation(
    id="row_step",
    title="Row gradients at every depth. Induction step: from layer l+1 to l",
    statement="∇z(l) = ∇z(l+1)·W(l+1)·J_y(z(l))",
    rows=(),
    sizes="n(l)",
    scope="all depths",
    assumptions=(ROWS, VECTOR, DEPTHS, words(ABOVE), affine(ABOVE), affine(VECTOR_L)),
    where={
        **first_order(ABOVE),
        **sums(k, p, l + 1),
        **first_order(VECTOR_L),
        H[l, j]: total(BACK * J[l, p, j], p),
    },
    steps=chain(
        entry(row(l).left),
        ("chain rule", entry(total(partial(D, y[l, p]) * partial(y[l, p], z[l, j]), p))),
        ("the Jacobian J_y(z(l))", entry(total(partial(D, y[l, p]) * J[l, p, j], p))),
        (
            "chain rule: ∇y(l) = ∇z(l+1)·∂z(l+1)/∂y(l)",
            entry(total(total(partial(D, z[l + 1, k]) * partial(z[l + 1, k], y[l, p]), k) * J[l, p, j], p)),
        ),
        (
            "∂z(l+1)_k/∂y_p = W_kp",
            entry(total(total(partial(D, z[l + 1, k]) * W[l + 1, k, p], k) * J[l, p, j], p)),
        ),
        ("hypothesis", entry(total(BACK * J[l, p, j], p))),
        ("definition of H(l)", LOWER_ROW),
    ),
    truth=Truth(
        sp.Array(total(H[l + 1, k] * explicit_sum(k, p, l + 1, total(J[l, p, r] * z[l, r], r)), k)),
        sp.Array(z[l, j]),
        words=f"{affine_truth(ABOVE)} and {text(y[l, p])} by its own affine part",
    ),
    wrong=(
        negated(LOWER_ROW),
        Wrong("transposed: W_pk", entry(total(total(H[l + 1, k] * W[l + 1, p, k], k) * J[l, p, j], p))),
        Wrong("transposed: J_jp", entry(total(BACK * J[l, j, p], p))),
        Wrong("the diagonal of J alone", entry(BACK.xreplace({p: j}) * J[l, j, j])),
        Wrong("J missing", entry(BACK.xreplace({p: j}))),
    ),
)

INPUT = y[l - 1, s]
BIAS_ROW = entry(H[l, j])

BIAS = Derivation(
    id="row_bias",
    title="Row gradients at every depth: ∇b(l) = ∇z(l)",
    statement="∂Div/∂b(l)_j = ∇z(l)_j",
    rows=(),
    sizes="n(l)",
    scope="all depths",
    assumptions=(ROWS, DEPTHS, f"by the induction of row_base and row_step: {row(l)}", affine(row(l))),
    where={**first_order(row(l)), **sums(j, s, l)},
    steps=chain(
        entry(partial(D, b[l, j])),
        ("chain rule", entry(total(partial(D, z[l, p]) * partial(z[l, p], b[l, j]), p))),
        ("by induction; b_j is added to z_j alone", entry(total(H[l, p] * delta(p, j), p))),
        ("the delta picks one term", BIAS_ROW),
    ),
    truth=Truth(
        sp.Array(total(H[l, p] * explicit_sum(p, s, l, INPUT), p)),
        sp.Array(b[l, j]),
        words=affine_truth(row(l)),
    ),
    wrong=(
        negated(BIAS_ROW),
        Wrong("times y, as for a weight", entry(y[l, j] * H[l, j])),
        Wrong("summed over the units", entry(total(H[l, j], j))),
        Wrong("1", entry(sp.Integer(1))),
    ),
)

GRADIENT = entry(y[l - 1, i] * H[l, j])

THEOREM = Derivation(
    id="row_gradient",
    title="Row gradients at every depth: ∇W(l) = y(l-1) ∇z(l)",
    statement="∂Div/∂W(l)_ji = y(l-1)_i ∇z(l)_j",
    rows=("H-70", "H-76", "H-79"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        ROWS,
        DEPTHS,
        "the activation of every layer is any differentiable function of a vector",
        f"by the induction of row_base and row_step: {row(l)}",
        affine(row(l)),
        "entry [i,j] is ∂Div/∂W(l)_ji: a matrix of the shape of W(l) transposed",
    ),
    where={**first_order(row(l)), **sums(j, s, l)},
    steps=chain(
        entry(partial(D, W[l, j, i])),
        ("chain rule", entry(total(partial(D, z[l, p]) * partial(z[l, p], W[l, j, i]), p))),
        ("by induction", entry(total(H[l, p] * partial(z[l, p], W[l, j, i]), p))),
        ("W_ji enters z_j alone, times y_i", entry(total(H[l, p] * delta(p, j) * y[l - 1, i], p))),
        ("the delta picks one term", GRADIENT),
    ),
    truth=Truth(
        sp.Array(total(H[l, p] * explicit_sum(p, s, l, INPUT), p)),
        sp.Array(W[l, j, i]),
        words=affine_truth(row(l)),
    ),
    wrong=(
        negated(GRADIENT),
        Wrong("shape of W: y_j H_i", entry(y[l - 1, j] * H[l, i])),
        Wrong("y of layer l", entry(y[l, i] * H[l, j])),
        Wrong("y missing", entry(H[l, j])),
        Wrong("summed over the units", entry(y[l - 1, i] * total(H[l, j], j))),
    ),
    lemmas=(BASE, STEP, WRITTEN_OUT, BIAS),
)

INDUCTIONS = (Induction(row, BASE, STEP, start=N, hypothesis=ABOVE),)
DERIVATIONS = (THEOREM,)
