"""The delta rule holds at every layer of a network of any depth."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import summed
from ..proof.formula import entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .induction import Claim, Induction, affine, affine_truth, first_order, words
from .letters import (
    ANY_F,
    DEPTHS,
    NETWORK,
    TOP,
    UNITS,
    L,
    N,
    R,
    a,
    d,
    explicit_sum,
    f,
    f_prime,
    j,
    k,
    l,
    o,
    p,
    sums,
    t,
    u,
    w,
    z,
)
from .written_out import BY_DIFF, DELTAS, LOSS_3, THREE, THREE_LAYERS, b1, d1, d2, w2, z1, z2


def claim(layer: sp.Expr) -> Claim:
    """δ(l) is the derivative of the loss with respect to the sums of layer l."""
    return Claim(partial(L, z[layer, UNITS[layer]]), d[layer, UNITS[layer]])


LOSS = Claim(partial(L, a[N, u]), R[N, u])
AT_THE_TOP = entry(claim(N).right)

BASE = Derivation(
    id="delta_base",
    title="The delta rule at every depth. Base case: the last layer",
    statement="δ(N)_o = f'(z(N)_o) ∂L/∂a(N)_o",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("layer N: a(N)_o = f(z(N)_o), with any differentiable f", TOP, affine(LOSS)),
    where={**first_order(LOSS), a[N, o]: f(z[N, o]), d[N, o]: f_prime(z[N, o]) * R[N, o]},
    steps=chain(
        entry(claim(N).left),
        ("chain rule", entry(total(partial(L, a[N, u]) * partial(a[N, u], z[N, o]), u))),
        ("the row J_N^L", entry(total(R[N, u] * partial(a[N, u], z[N, o]), u))),
        ("a_u depends on z_u alone", entry(total(R[N, u] * delta(u, o) * f_prime(z[N, u]), u))),
        ("the delta picks one term", entry(f_prime(z[N, o]) * R[N, o])),
        ("definition of δ(N)", AT_THE_TOP),
    ),
    truth=Truth(sp.Array(total(R[N, u] * f(z[N, u]), u)), sp.Array(z[N, o]), words=affine_truth(LOSS)),
    wrong=(
        negated(AT_THE_TOP),
        Wrong("f' missing", entry(R[N, o])),
        Wrong("∂L/∂a missing", entry(f_prime(z[N, o]))),
        Wrong("f' at the activation", entry(f_prime(a[N, o]) * R[N, o])),
    ),
)

SQUARED = entry(f_prime(z[N, o]) * (a[N, o] - t[o]))

SQUARED_ERROR = Derivation(
    id="delta_sse",
    title="The delta rule at every depth. Base case: the squared error on top",
    statement="δ(N)_o = f'(z(N)_o) (a(N)_o - t_o)",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("L = 1/2 Σ_u (a(N)_u - t_u)^2 and a(N)_u = f(z(N)_u), with any differentiable f",),
    where={L: total((a[N, u] - t[u]) ** 2, u) / 2, a[N, o]: f(z[N, o])},
    steps=chain(
        entry(claim(N).left),
        ("chain rule", entry(total(partial(L, a[N, u]) * partial(a[N, u], z[N, o]), u))),
        ("power rule", entry(total((a[N, u] - t[u]) * partial(a[N, u], z[N, o]), u))),
        ("a_u depends on z_u alone", entry((a[N, o] - t[o]) * partial(a[N, o], z[N, o]))),
        ("a = f(z)", SQUARED),
    ),
    truth=Truth(sp.Array(total((f(z[N, u]) - t[u]) ** 2 / 2, u)), sp.Array(z[N, o])),
    wrong=(
        negated(SQUARED),
        without(SQUARED, f_prime(z[N, o]), "f' missing"),
        Wrong("the factor 2 of the power kept", entry(2 * SQUARED.array[()])),
        Wrong("summed over the outputs", entry(f_prime(z[N, o]) * total(a[N, u] - t[u], u))),
    ),
)

DEEP = grid((3,), lambda j: d1[j])

WRITTEN_OUT = Derivation(
    id="delta_3",
    title="The delta rule at every depth. Written out for N = 3",
    statement="∂L/∂b(1)_j = ∂L/∂z(1)_j = δ(1)_j",
    rows=(),
    sizes="2-3-2-1",
    assumptions=(THREE_LAYERS, "L = 1/2 (a(3)_1 - t_1)^2", "the bias b(1)_j is added to z(1)_j"),
    where={**THREE, **DELTAS},
    steps=chain(
        grid((3,), lambda j: partial(L, b1[j])),
        ("∂z(1)_j/∂b(1)_j = 1", grid((3,), lambda j: partial(L, z1[j]))),
        (
            "delta rule, layer 1",
            grid((3,), lambda j: f_prime(z1[j]) * summed(w2[j][k] * partial(L, z2[k]) for k in range(2))),
        ),
        (
            "the base, layer 3, and the delta rule, layer 2",
            grid((3,), lambda j: f_prime(z1[j]) * summed(w2[j][k] * d2[k] for k in range(2))),
        ),
        ("definition of δ(1)", DEEP),
    ),
    truth=Truth(sp.Array(LOSS_3), sp.Array(b1), words=BY_DIFF),
    wrong=(
        negated(DEEP),
        swapped(DEEP, d1[0], d1[2]),
        Wrong("f' missing", grid((3,), lambda j: summed(w2[j][k] * d2[k] for k in range(2)))),
        Wrong("δ of the layer above", grid((3,), lambda j: d2[j % 2])),
    ),
)

BACK = entry(claim(l).right)
WEIGHTED = total(w[l + 1, j, k] * d[l + 1, k], k)

ABOVE = claim(l + 1)

STEP = Derivation(
    id="delta_rule",
    title="The delta rule at every depth. Induction step: from layer l+1 to l",
    statement="δ(l)_j = f'(z_j) Σ_k w_jk δ(l+1)_k",
    rows=("D-23", "M-14", "M-15", "M-17", "M-18", "M-19", "H-64", "H-66", "H-67"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(NETWORK, DEPTHS, ANY_F, words(ABOVE), affine(ABOVE)),
    where={
        **first_order(ABOVE),
        **sums(k, p, l + 1),
        a[l, p]: f(z[l, p]),
        d[l, j]: f_prime(z[l, j]) * WEIGHTED,
    },
    steps=chain(
        entry(claim(l).left),
        ("chain rule", entry(total(partial(L, z[l + 1, k]) * partial(z[l + 1, k], z[l, j]), k))),
        ("hypothesis", entry(total(d[l + 1, k] * partial(z[l + 1, k], z[l, j]), k))),
        (
            "chain rule; a_j alone depends on z_j",
            entry(total(d[l + 1, k] * partial(z[l + 1, k], a[l, j]) * partial(a[l, j], z[l, j]), k)),
        ),
        ("∂z(l+1)_k/∂a_j = w_jk", entry(total(d[l + 1, k] * w[l + 1, j, k] * partial(a[l, j], z[l, j]), k))),
        ("f' does not depend on k", entry(f_prime(z[l, j]) * WEIGHTED)),
        ("definition of δ(l)", BACK),
    ),
    truth=Truth(
        sp.Array(total(d[l + 1, k] * explicit_sum(k, p, l + 1, f(z[l, p])), k)),
        sp.Array(z[l, j]),
        words=affine_truth(ABOVE),
    ),
    wrong=(
        negated(BACK),
        Wrong("f' missing", entry(WEIGHTED)),
        Wrong("f' at the activation", entry(f_prime(a[l, j]) * WEIGHTED)),
        Wrong("transposed: w_kj", entry(f_prime(z[l, j]) * total(w[l + 1, k, j] * d[l + 1, k], k))),
        Wrong("weights missing", entry(f_prime(z[l, j]) * total(d[l + 1, k], k))),
        Wrong("δ(l+1) missing", entry(f_prime(z[l, j]) * total(w[l + 1, j, k], k))),
        Wrong("f' of the layer above", entry(total(f_prime(z[l + 1, k]) * w[l + 1, j, k] * d[l + 1, k], k))),
    ),
    lemmas=(BASE, SQUARED_ERROR, WRITTEN_OUT),
)

INDUCTIONS = (Induction(claim, BASE, STEP, start=N, hypothesis=ABOVE),)

DERIVATIONS = (STEP,)
