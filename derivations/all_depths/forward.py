"""From layer m up to any layer: the Jacobian is the product of the layers' Jacobians."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import summed
from ..proof.formula import D, Dot, entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed
from .induction import Claim, Induction, affine, c, first_order, words
from .letters import DEPTHS, NETWORK, J, a, explicit_sum, g, g_prime, j, k, l, m, p, sums, unit, w, z
from .written_out import A0, A1, A2, BY_DIFF, OUT_2, TWO, TWO_LAYERS, a0, f_prime, w1, w2, z1, z2
from .written_out import g_prime as h_prime

P = sp.IndexedBase("P")
v, r = unit("v", m), unit("r", m)
UNITS_ABOVE = {m: r, l: j, l + 1: k}
FROM_M = "all derivatives are with respect to the activations a(m)_v of one layer m below"
ANY_G = "g of layer l+1 is any differentiable function"


def composition(layer: sp.Expr) -> Claim:
    """P(l) is the derivative of the activations of layer l with respect to those of layer m."""
    return Claim(partial(a[layer, UNITS_ABOVE[layer]], a[m, v]), P[layer, UNITS_ABOVE[layer], v])


UNIT = entry(composition(m).right)

BASE = Derivation(
    id="forward_base",
    title="The Jacobian from layer m to any layer. Base case: from m to m",
    statement="P(m)_rv = δ_rv",
    rows=(),
    sizes="n(m)",
    scope="all depths",
    assumptions=("the empty product is the unit matrix: P(m)_rv = δ_rv",),
    where={P[m, r, v]: delta(r, v)},
    steps=chain(
        entry(composition(m).left),
        ("the activations of one layer are independent", entry(delta(r, v))),
        ("definition of the empty product", UNIT),
    ),
    truth=Truth(sp.Array(a[m, r]), sp.Array(a[m, v])),
    wrong=(negated(UNIT), Wrong("1 everywhere", entry(sp.Integer(1))), Wrong("zero", entry(sp.Integer(0)))),
)

PRODUCT = grid(
    (2, 2), lambda k, i: summed(h_prime(z2[k]) * w2[j][k] * f_prime(z1[j]) * w1[i][j] for j in range(3))
)

WRITTEN_OUT = Derivation(
    id="forward_2",
    title="The Jacobian from layer m to any layer. Written out for two layers",
    statement="∂a2/∂a0 = ∂a2/∂a1 · ∂a1/∂a0",
    rows=(),
    sizes="2-3-2",
    assumptions=(TWO_LAYERS, "a0, a1 and a2 are the whole arrays"),
    where=TWO,
    steps=chain(
        D(A2, A0),
        ("the product of the layers' Jacobians", Dot(D(A2, A1), D(A1, A0))),
        ("rows by columns; J[k,j] = g'(z_k) w_jk", PRODUCT),
    ),
    truth=Truth(sp.Array(OUT_2), sp.Array(a0), words=BY_DIFF),
    wrong=(
        negated(PRODUCT),
        transposed(PRODUCT),
        swapped(PRODUCT, w2[0][0], w2[0][1]),
        Wrong("in the other order", Dot(D(A1, A0), D(A2, A1))),
        Wrong(
            "f' missing",
            grid((2, 2), lambda k, i: summed(h_prime(z2[k]) * w2[j][k] * w1[i][j] for j in range(3))),
        ),
    ),
)

AHEAD = entry(composition(l + 1).right)

BELOW = composition(l)

STEP = Derivation(
    id="forward",
    title="The Jacobian from layer m to any layer. Induction step: from layer l to l+1",
    statement="∂a(l)/∂a(m) = J(l)·J(l-1)···J(m+1)",
    rows=("D-59", "D-60", "H-72", "H-75"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(NETWORK, DEPTHS, ANY_G, FROM_M, words(BELOW), affine(BELOW)),
    where={
        **first_order(BELOW),
        a[l + 1, k]: g(z[l + 1, k]),
        **sums(k, j, l + 1),
        J[l + 1, k, j]: g_prime(z[l + 1, k]) * w[l + 1, j, k],
        P[l + 1, k, v]: total(J[l + 1, k, j] * P[l, j, v], j),
    },
    steps=chain(
        entry(composition(l + 1).left),
        ("chain rule", entry(total(partial(a[l + 1, k], a[l, j]) * partial(a[l, j], a[m, v]), j))),
        ("hypothesis", entry(total(partial(a[l + 1, k], a[l, j]) * P[l, j, v], j))),
        (
            "chain rule in layer l+1",
            entry(total(g_prime(z[l + 1, k]) * partial(z[l + 1, k], a[l, j]) * P[l, j, v], j)),
        ),
        ("∂z(l+1)_k/∂a(l)_j = w_jk", entry(total(g_prime(z[l + 1, k]) * w[l + 1, j, k] * P[l, j, v], j))),
        ("definition of the layer's Jacobian J(l+1)", entry(total(J[l + 1, k, j] * P[l, j, v], j))),
        ("definition of the product", AHEAD),
    ),
    truth=Truth(
        sp.Array(g(explicit_sum(k, p, l + 1, c[l, p] + total(P[l, p, r] * a[m, r], r)))),
        sp.Array(a[m, v]),
        words="sympy's derivative of a(l+1)_k written out, each a(l)_j by its affine part",
    ),
    wrong=(
        negated(AHEAD),
        Wrong("transposed: J_jk", entry(total(J[l + 1, j, k] * P[l, j, v], j))),
        Wrong("g' missing", entry(total(w[l + 1, j, k] * P[l, j, v], j))),
        Wrong("weights missing", entry(g_prime(z[l + 1, k]) * total(P[l, j, v], j))),
        Wrong("the layers below missing", entry(total(J[l + 1, k, j], j))),
    ),
    lemmas=(BASE, WRITTEN_OUT),
)

INDUCTIONS = (Induction(composition, BASE, STEP, start=m, hypothesis=BELOW),)
DERIVATIONS = (STEP,)
