"""Softmax and cross-entropy on top of a network of any depth: the running product begins with s - t."""

from dataclasses import replace

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped
from . import delta_rule
from .induction import Induction
from .letters import DEPTHS, L, N, R, a, b, d, e, f, f_prime, o, r, t, u, unit, w, z
from .running_product import ABOVE, CHAIN, gradient
from .written_out import BY_DIFF, a0, a1, b1, b2, d1, layer, vector, w1, w2, z1, z2
from .written_out import t as targets

s = sp.IndexedBase("s")
T = sp.Symbol("T")
v = unit("v", N)

SOFTMAX = {
    L: -total(t[u] * sp.log(s[u]), u),
    s[o]: sp.exp(a[N, o]) / total(sp.exp(a[N, v]), v),
    T: total(t[u], u),
}
HEAD = (
    "s = softmax(a(N)), the cross-entropy L = -Σ_u t_u log(s_u), and T = Σ_u t_u",
    "where the targets are a class or probabilities, T = 1 and R(N) = s - t",
)
START = entry(gradient(N).right)

BASE = Derivation(
    id="soft_base",
    title="Softmax on top of any depth. Base case: R ← J_s^L·J^soft",
    statement="R(N)_o = T s_o - t_o",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=HEAD,
    where={**SOFTMAX, R[N, o]: T * s[o] - t[o]},
    steps=chain(
        entry(gradient(N).left),
        ("chain rule", entry(total(partial(L, s[u]) * partial(s[u], a[N, o]), u))),
        ("J_s^L = -t_u/s_u", entry(total(-t[u] / s[u] * partial(s[u], a[N, o]), u))),
        ("J^soft = diag(s) - s s^T", entry(total(-t[u] / s[u] * (delta(u, o) * s[u] - s[u] * s[o]), u))),
        ("s_u cancels", entry(total(t[u] * (s[o] - delta(u, o)), u))),
        ("the delta picks one term; Σ_u t_u = T", entry(T * s[o] - t[o])),
        ("definition of R(N)", START),
    ),
    truth=Truth(
        sp.Array(-total(t[u] * sp.log(sp.exp(a[N, u]) / total(sp.exp(a[N, v]), v)), u)), sp.Array(a[N, o])
    ),
    wrong=(
        negated(START),
        Wrong("-s s^T missing", entry(-t[o])),
        Wrong("J^soft missing", entry(-t[o] / s[o])),
        Wrong("diagonal alone: s (1-s)", entry(-t[o] * (1 - s[o]))),
        Wrong("T missing", entry(s[o] - t[o])),
    ),
)

HIDDEN = layer(f, a0, w1, b1)
LOGITS = layer(sp.Id, HIDDEN, w2, b2)
CROSS_ENTROPY = -sum(
    t * sp.log(sp.exp(logit) / sum(map(sp.exp, LOGITS))) for t, logit in zip(targets, LOGITS, strict=True)
)
DEEP = grid((3,), lambda j: d1[j])
SOFT = vector("s", 3, 2)

WRITTEN_OUT = Derivation(
    id="soft_2",
    title="Softmax on top of any depth. Written out for two layers below it",
    statement="∂L/∂b(1)_j = ∂L/∂z(1)_j = δ(1)_j",
    rows=(),
    sizes="2-3-2",
    assumptions=(
        "2-3-2: f in layer 1, any differentiable function; layer 2 is affine; s(3) = softmax(z(2))",
        "L = -t_1 log(s(3)_1) - t_2 log(s(3)_2), and T = t_1 + t_2",
        "the bias b(1)_j is added to z(1)_j",
    ),
    where={
        **{z1[j]: b1[j] + a0[0] * w1[0][j] + a0[1] * w1[1][j] for j in range(3)},
        **{a1[j]: f(z1[j]) for j in range(3)},
        **{z2[k]: b2[k] + sum(a1[j] * w2[j][k] for j in range(3)) for k in range(2)},
        **{SOFT[k]: sp.exp(z2[k]) / (sp.exp(z2[0]) + sp.exp(z2[1])) for k in range(2)},
        L: -targets[0] * sp.log(SOFT[0]) - targets[1] * sp.log(SOFT[1]),
        **{
            d1[j]: f_prime(z1[j])
            * sum(w2[j][k] * ((targets[0] + targets[1]) * SOFT[k] - targets[k]) for k in range(2))
            for j in range(3)
        },
    },
    steps=chain(
        grid((3,), lambda j: partial(L, b1[j])),
        ("∂z(1)_j/∂b(1)_j = 1", grid((3,), lambda j: partial(L, z1[j]))),
        (
            "delta rule, layer 1",
            grid((3,), lambda j: f_prime(z1[j]) * sum(w2[j][k] * partial(L, z2[k]) for k in range(2))),
        ),
        ("∂L/∂z(2)_k = T s_k - t_k, and the definition of δ(1)", DEEP),
    ),
    truth=Truth(sp.Array(CROSS_ENTROPY), sp.Array(b1), words=BY_DIFF),
    wrong=(
        negated(DEEP),
        swapped(DEEP, d1[0], d1[2]),
        Wrong("f' missing", grid((3,), lambda j: d1[j] / f_prime(z1[j]))),
        Wrong("-s s^T missing", grid((3,), lambda j: -f_prime(z1[j]) * sum(map(sp.Mul, w2[j], targets)))),
    ),
)

LOGIT = b[N, u] + total(w[N, r, u] * f(z[N - 1, r]), r)
BELOW = entry(delta_rule.claim(N - 1).right)
CARRIES_ON = replace(delta_rule.STEP, lemmas=())  # its base is the theorem, and not a squared error

THEOREM = Derivation(
    id="softmax_deep",
    title="Softmax and cross-entropy on top of any depth: δ(N-1), where the delta rule sets in",
    statement="δ(N-1)_e = f' Σ_o w_eo (T s_o - t_o)",
    rows=("D-68", "D-79"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        *HEAD,
        DEPTHS,
        "log(s_u) = a(N)_u - log(Σ_v exp(a(N)_v)), by which L is written without s",
        "layer N below the softmax is affine, a(N) = z(N), so that δ(N) = R(N) by soft_base",
        "f of layer N-1 is any differentiable function",
        "this is about layer N-1; for every layer below, it is the base of the induction whose step is "
        "delta_rule above, which asks for δ(l+1) alone and not for what is on top",
    ),
    where={
        L: T * sp.log(total(sp.exp(a[N, v]), v)) - total(t[u] * a[N, u], u),
        s[o]: SOFTMAX[s[o]],
        T: SOFTMAX[T],
        a[N, o]: b[N, o] + total(w[N, e, o] * a[N - 1, e], e),
        a[N - 1, e]: f(z[N - 1, e]),
        d[N - 1, e]: f_prime(z[N - 1, e]) * total(w[N, e, o] * (T * s[o] - t[o]), o),
    },
    steps=chain(
        entry(delta_rule.claim(N - 1).left),
        ("chain rule", entry(total(partial(L, a[N, o]) * partial(a[N, o], z[N - 1, e]), o))),
        ("soft_base", entry(total((T * s[o] - t[o]) * partial(a[N, o], z[N - 1, e]), o))),
        (
            "chain rule; layer N is affine",
            entry(total((T * s[o] - t[o]) * w[N, e, o] * partial(a[N - 1, e], z[N - 1, e]), o)),
        ),
        ("the delta rule with δ(N) = T s - t", BELOW),
    ),
    truth=Truth(
        sp.Array(total(t[u], u) * sp.log(total(sp.exp(LOGIT), u)) - total(t[u] * LOGIT, u)),
        sp.Array(z[N - 1, e]),
        words="sympy's derivative of L = T log(Σ_u exp(a(N)_u)) - Σ_u t_u a(N)_u, written out",
    ),
    wrong=(
        negated(BELOW),
        Wrong("f' missing", entry(total(w[N, e, o] * (T * s[o] - t[o]), o))),
        Wrong("T missing", entry(f_prime(z[N - 1, e]) * total(w[N, e, o] * (s[o] - t[o]), o))),
        Wrong(
            "softmax counted twice: s (1-s) (s-t)",
            entry(f_prime(z[N - 1, e]) * total(w[N, e, o] * s[o] * (1 - s[o]) * (T * s[o] - t[o]), o)),
        ),
        Wrong("transposed: w_oe", entry(f_prime(z[N - 1, e]) * total(w[N, o, e] * (T * s[o] - t[o]), o))),
    ),
    lemmas=(BASE, WRITTEN_OUT, CARRIES_ON),
)

INDUCTIONS = (
    Induction(gradient, BASE, CHAIN, start=N, hypothesis=ABOVE),
    Induction(delta_rule.claim, THEOREM, CARRIES_ON, start=N - 1, hypothesis=delta_rule.ABOVE),
)
DERIVATIONS = (THEOREM,)
