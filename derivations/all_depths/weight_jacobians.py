"""The Jacobian of the outputs by any layer's weights is left ⊗ a, whatever is above that layer."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed, without
from .induction import Claim, Induction, affine, affine_truth, first_order, words
from .letters import DEPTHS, NETWORK, N, a, explicit_sum, f, f_prime, h, i, j, k, l, o, p, sums, u, w, z
from .written_out import BY_DIFF, OUT_2, TWO, TWO_LAYERS, a0, a2, g_prime, matrix, w1, w2, z1, z2

left = sp.IndexedBase("left")
UNITS = {N: u, l: j, l + 1: k}
ANY_F = "f of layer l is any differentiable function"


def by_sums(layer: sp.Expr) -> Claim:
    """left(l) is the Jacobian of the outputs with respect to the sums of layer l."""
    return Claim(partial(a[N, o], z[layer, UNITS[layer]]), left[layer, o, UNITS[layer]])


DIAGONAL = entry(by_sums(N).right)

BASE = Derivation(
    id="left_base",
    title="A weight Jacobian is left ⊗ a. Base case: the last layer",
    statement="left(N)_ou = δ_ou f'(z(N)_o)",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("layer N: a(N)_o = f(z(N)_o), with any differentiable f",),
    where={a[N, o]: f(z[N, o]), left[N, o, u]: delta(o, u) * f_prime(z[N, o])},
    steps=chain(
        entry(by_sums(N).left),
        ("a_o depends on z_o alone", entry(delta(o, u) * partial(a[N, o], z[N, o]))),
        ("a = f(z)", entry(delta(o, u) * f_prime(z[N, o]))),
        ("definition of left(N)", DIAGONAL),
    ),
    truth=Truth(sp.Array(f(z[N, o])), sp.Array(z[N, u])),
    wrong=(
        negated(DIAGONAL),
        Wrong("f' missing", entry(delta(o, u))),
        Wrong("not diagonal", entry(f_prime(z[N, o]))),
        Wrong("f' at the activation", entry(delta(o, u) * f_prime(a[N, o]))),
    ),
)

LOWER = entry(by_sums(l).right)
THROUGH = total(left[l + 1, o, k] * w[l + 1, j, k], k)

ABOVE = by_sums(l + 1)

STEP = Derivation(
    id="left_step",
    title="A weight Jacobian is left ⊗ a. Induction step: from layer l+1 to l",
    statement="left(l) = left(l+1)·∂z(l+1)/∂z(l)",
    rows=(),
    sizes="n(l)",
    scope="all depths",
    assumptions=(NETWORK, DEPTHS, ANY_F, words(ABOVE), affine(ABOVE)),
    where={
        **first_order(ABOVE),
        **sums(k, p, l + 1),
        a[l, p]: f(z[l, p]),
        left[l, o, j]: f_prime(z[l, j]) * THROUGH,
    },
    steps=chain(
        entry(by_sums(l).left),
        ("chain rule", entry(total(partial(a[N, o], z[l + 1, k]) * partial(z[l + 1, k], z[l, j]), k))),
        ("hypothesis", entry(total(left[l + 1, o, k] * partial(z[l + 1, k], z[l, j]), k))),
        (
            "∂z(l+1)_k/∂a_j = w_jk",
            entry(total(left[l + 1, o, k] * w[l + 1, j, k] * partial(a[l, j], z[l, j]), k)),
        ),
        ("a = f(z); f' does not depend on k", entry(f_prime(z[l, j]) * THROUGH)),
        ("definition of left(l)", LOWER),
    ),
    truth=Truth(
        sp.Array(total(left[l + 1, o, k] * explicit_sum(k, p, l + 1, f(z[l, p])), k)),
        sp.Array(z[l, j]),
        words=affine_truth(ABOVE),
    ),
    wrong=(
        negated(LOWER),
        Wrong("f' missing", entry(THROUGH)),
        Wrong("transposed: w_kj", entry(f_prime(z[l, j]) * total(left[l + 1, o, k] * w[l + 1, k, j], k))),
        Wrong("transposed: left_ko", entry(f_prime(z[l, j]) * total(left[l + 1, k, o] * w[l + 1, j, k], k))),
    ),
)

LEFT_1 = matrix("left", 1, 2, 3)
THREE_AXES = grid((2, 2, 3), lambda k, i, j: LEFT_1[k][j] * a0[i])

WRITTEN_OUT = Derivation(
    id="left_2",
    title="A weight Jacobian is left ⊗ a. Written out for two layers",
    statement="∂a(2)_k/∂w(1)_ij = left(1)_kj a(0)_i",
    rows=(),
    sizes="2-3-2",
    assumptions=(TWO_LAYERS, "entry [k,i,j] is ∂a(2)_k/∂w(1)_ij: numerator layout"),
    where={
        **TWO,
        **{LEFT_1[k][j]: g_prime(z2[k]) * w2[j][k] * f_prime(z1[j]) for k in range(2) for j in range(3)},
    },
    steps=chain(
        grid((2, 2, 3), lambda k, i, j: partial(a2[k], w1[i][j])),
        ("w_ij enters z_j alone, times a_i", grid((2, 2, 3), lambda k, i, j: partial(a2[k], z1[j]) * a0[i])),
        ("left(1)_kj = ∂a(2)_k/∂z(1)_j", THREE_AXES),
    ),
    truth=Truth(sp.Array(OUT_2), sp.Array(w1), words=BY_DIFF),
    wrong=(
        negated(THREE_AXES),
        transposed(THREE_AXES),
        swapped(THREE_AXES, a0[0], a0[1]),
        without(THREE_AXES, a0[1], "a(0)_2 missing"),
        swapped(THREE_AXES, LEFT_1[0][0], LEFT_1[1][0]),
    ),
)

TENSOR = entry(left[l, o, j] * a[l - 1, i])

THEOREM = Derivation(
    id="left_a",
    title="The Jacobian of the outputs by any layer's weights is left ⊗ a, at every depth",
    statement="∂a(N)_o/∂w(l)_ij = left_oj a(l-1)_i",
    rows=("D-57", "D-65"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        NETWORK,
        DEPTHS,
        "f of every layer is any differentiable function: left has them all",
        f"by the induction of left_base and left_step: {by_sums(l)}",
        affine(by_sums(l)),
    ),
    where={**first_order(by_sums(l)), **sums(j, h, l)},
    steps=chain(
        entry(partial(a[N, o], w[l, i, j])),
        ("chain rule", entry(total(partial(a[N, o], z[l, p]) * partial(z[l, p], w[l, i, j]), p))),
        ("by induction", entry(total(left[l, o, p] * partial(z[l, p], w[l, i, j]), p))),
        ("w_ij enters z_j alone, times a_i", entry(total(left[l, o, p] * delta(p, j) * a[l - 1, i], p))),
        ("the delta picks one term", TENSOR),
    ),
    truth=Truth(
        sp.Array(total(left[l, o, p] * explicit_sum(p, h, l, a[l - 1, h]), p)),
        sp.Array(w[l, i, j]),
        words=affine_truth(by_sums(l)),
    ),
    wrong=(
        negated(TENSOR),
        Wrong("a missing", entry(left[l, o, j])),
        Wrong("transposed: left_jo", entry(left[l, j, o] * a[l - 1, i])),
        Wrong("i and j swapped", entry(left[l, o, i] * a[l - 1, j])),
        Wrong("summed over the units", entry(total(left[l, o, j], j) * a[l - 1, i])),
        Wrong("a of layer l", entry(left[l, o, j] * a[l, j])),
    ),
    lemmas=(BASE, STEP, WRITTEN_OUT),
)

INDUCTIONS = (Induction(by_sums, BASE, STEP, start=N, hypothesis=ABOVE),)
DERIVATIONS = (THEOREM,)
