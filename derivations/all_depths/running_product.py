"""The running product R of the chain, R ← R·J, is the gradient with respect to each layer that it reaches."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .induction import Claim, Induction, affine, first_order, words
from .letters import (
    ANY_F,
    DEPTHS,
    NETWORK,
    UNITS,
    J,
    L,
    N,
    R,
    a,
    explicit_sum,
    g,
    g_prime,
    j,
    k,
    l,
    n,
    o,
    p,
    sums,
    t,
    u,
    w,
    z,
)


def gradient(layer: sp.Expr) -> Claim:
    """R(l) is the derivative of the loss with respect to the activations of layer l."""
    return Claim(partial(L, a[layer, UNITS[layer]]), R[layer, UNITS[layer]])


MEAN = entry(gradient(N).right)

MEAN_SQUARE = Derivation(
    id="chain_base",
    title="The chain at every depth. Base case: R = J_N^L, here of the mean squared error",
    statement="R(N)_o = 2/n(N) (a(N)_o - t_o)",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("L = 1/n(N) Σ_u (a(N)_u - t_u)^2; any other loss has its own row J_N^L",),
    where={L: total((a[N, u] - t[u]) ** 2, u) / n[N], R[N, o]: 2 * (a[N, o] - t[o]) / n[N]},
    steps=chain(
        entry(gradient(N).left),
        ("power rule", entry(total(2 * (a[N, u] - t[u]) * partial(a[N, u], a[N, o]), u) / n[N])),
        ("∂a_u/∂a_o = δ_ou", entry(total(2 * (a[N, u] - t[u]) * delta(u, o), u) / n[N])),
        ("the delta picks one term", entry(2 * (a[N, o] - t[o]) / n[N])),
        ("definition of R(N)", MEAN),
    ),
    truth=Truth(sp.Array(total((a[N, u] - t[u]) ** 2 / n[N], u)), sp.Array(a[N, o])),
    wrong=(
        negated(MEAN),
        Wrong("1/n(N) missing", entry(n[N] * MEAN.array[()])),
        Wrong("2 missing", entry(MEAN.array[()] / 2)),
        Wrong("summed over the outputs", entry(total(R[N, o], o))),
    ),
)

ROW = entry(gradient(l).right)

ABOVE = gradient(l + 1)

CHAIN = Derivation(
    id="chain_loss",
    title="The chain at every depth. Induction step: R ← R·J(l+1)",
    statement="∂L/∂a(l)_j = Σ_k R(l+1)_k J(l+1)_kj",
    rows=("D-55", "D-60", "D-65", "D-66"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(NETWORK, DEPTHS, ANY_F, words(ABOVE), affine(ABOVE)),
    where={
        **first_order(ABOVE),
        a[l + 1, k]: g(z[l + 1, k]),
        **sums(k, p, l + 1),
        J[l + 1, k, j]: g_prime(z[l + 1, k]) * w[l + 1, j, k],
        R[l, j]: total(R[l + 1, k] * J[l + 1, k, j], k),
    },
    steps=chain(
        entry(gradient(l).left),
        ("chain rule", entry(total(partial(L, a[l + 1, k]) * partial(a[l + 1, k], a[l, j]), k))),
        ("hypothesis", entry(total(R[l + 1, k] * partial(a[l + 1, k], a[l, j]), k))),
        (
            "chain rule in layer l+1",
            entry(total(R[l + 1, k] * g_prime(z[l + 1, k]) * partial(z[l + 1, k], a[l, j]), k)),
        ),
        ("∂z(l+1)_k/∂a_j = w_jk", entry(total(R[l + 1, k] * g_prime(z[l + 1, k]) * w[l + 1, j, k], k))),
        ("definition of the layer's Jacobian J(l+1)", entry(total(R[l + 1, k] * J[l + 1, k, j], k))),
        ("definition of the running product", ROW),
    ),
    truth=Truth(
        sp.Array(total(R[l + 1, k] * g(explicit_sum(k, p, l + 1, a[l, p])), k)),
        sp.Array(a[l, j]),
    ),
    wrong=(
        negated(ROW),
        Wrong("transposed: J_jk", entry(total(R[l + 1, k] * J[l + 1, j, k], k))),
        Wrong("g' missing", entry(total(R[l + 1, k] * w[l + 1, j, k], k))),
        Wrong("weights missing", entry(total(R[l + 1, k] * g_prime(z[l + 1, k]), k))),
        Wrong("R(l+1) missing", entry(total(J[l + 1, k, j], k))),
    ),
    lemmas=(MEAN_SQUARE,),
)

INDUCTIONS = (Induction(gradient, MEAN_SQUARE, CHAIN, start=N, hypothesis=ABOVE),)
DERIVATIONS = (CHAIN,)
