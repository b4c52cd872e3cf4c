"""The product of Jacobians from the loss down to a layer's weights is what the delta rule gives."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import D, Dot, Einsum, Letter, entry, grid
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, transposed, without
from .induction import Claim, Induction, affine, affine_truth, first_order, known, words
from .letters import (
    ANY_F,
    DEPTHS,
    NETWORK,
    SLOPES,
    TOP,
    UNITS,
    J,
    L,
    N,
    R,
    a,
    d,
    explicit_sum,
    f,
    f_prime,
    g,
    g_prime,
    h,
    i,
    j,
    k,
    l,
    o,
    p,
    sums,
    u,
    w,
    z,
)
from .written_out import (
    A1,
    A2,
    A3,
    BY_DIFF,
    DELTAS,
    LOSS_3,
    ROWS,
    THREE,
    THREE_LAYERS,
    W1,
    a0,
    d1,
    r1,
    r2,
    r3,
    w1,
    z1,
)


def same(layer: sp.Expr) -> Claim:
    """The running product times the slopes of layer l is the delta rule's δ(l)."""
    here = UNITS[layer]
    return Claim(SLOPES[layer](z[layer, here]) * R[layer, here], d[layer, here])


LOSS = Claim(partial(L, a[N, u]), R[N, u])
TOP_DELTA = entry(same(N).right)

BASE = Derivation(
    id="same_base",
    title="The chain is the delta rule. Base case: the last layer",
    statement="f'(z(N)_o) R(N)_o = δ(N)_o",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=(TOP, "δ(N) is where the delta rule starts, as in delta_base", affine(LOSS)),
    where={**first_order(LOSS), a[N, o]: f(z[N, o]), d[N, o]: f_prime(z[N, o]) * R[N, o]},
    steps=chain(
        entry(same(N).left),
        ("J_Sum is diagonal", entry(total(R[N, u] * delta(u, o) * f_prime(z[N, u]), u))),
        ("a_u depends on z_u alone", entry(total(R[N, u] * partial(a[N, u], z[N, o]), u))),
        ("chain rule; R(N) is the row J_N^L", entry(partial(L, z[N, o]))),
        ("delta_base", TOP_DELTA),
    ),
    truth=Truth(sp.Array(total(R[N, u] * f(z[N, u]), u)), sp.Array(z[N, o]), words=affine_truth(LOSS)),
    wrong=(
        negated(TOP_DELTA),
        Wrong("f' missing", entry(R[N, o])),
        Wrong("f' at the activation", entry(f_prime(a[N, o]) * R[N, o])),
        Wrong("not diagonal", entry(f_prime(z[N, o]) * total(R[N, u], u))),
    ),
)

ROW_DELTA = entry(same(l).right)

ABOVE = same(l + 1)

STEP = Derivation(
    id="same_step",
    title="The chain is the delta rule. Induction step: from layer l+1 to l",
    statement="f'(z(l)_j) R(l)_j = δ(l)_j",
    rows=(),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        NETWORK,
        DEPTHS,
        ANY_F,
        words(ABOVE),
        "R is multiplied by one Jacobian after another, as in chain_loss, and δ is the delta rule's",
    ),
    where={
        R[l, j]: total(R[l + 1, k] * J[l + 1, k, j], k),
        J[l + 1, k, j]: g_prime(z[l + 1, k]) * w[l + 1, j, k],
        d[l, j]: f_prime(z[l, j]) * total(w[l + 1, j, k] * d[l + 1, k], k),
        **known(ABOVE),
        **sums(k, p, l + 1),
        a[l, p]: f(z[l, p]),
    },
    steps=chain(
        entry(same(l).left),
        ("R ← R·J", entry(f_prime(z[l, j]) * total(R[l + 1, k] * J[l + 1, k, j], k))),
        (
            "J(l+1)_kj = ∂a(l+1)_k/∂a(l)_j",
            entry(f_prime(z[l, j]) * total(R[l + 1, k] * g_prime(z[l + 1, k]) * w[l + 1, j, k], k)),
        ),
        ("hypothesis", entry(f_prime(z[l, j]) * total(d[l + 1, k] * w[l + 1, j, k], k))),
        ("the delta rule", ROW_DELTA),
    ),
    truth=Truth(
        sp.Array(total(R[l + 1, k] * g(explicit_sum(k, p, l + 1, f(z[l, p]))), k)),
        sp.Array(z[l, j]),
        words="sympy's derivative of Σ_k R(l+1)_k a(l+1)_k by z(l)_j, with each a(l+1)_k written out",
    ),
    wrong=(
        negated(ROW_DELTA),
        Wrong("f' missing: R alone", entry(R[l, j])),
        Wrong("f' twice", entry(f_prime(z[l, j]) * d[l, j])),
        Wrong("transposed: w_kj", entry(f_prime(z[l, j]) * total(d[l + 1, k] * w[l + 1, k, j], k))),
        Wrong("R(l+1) for δ(l+1)", entry(f_prime(z[l, j]) * total(R[l + 1, k] * w[l + 1, j, k], k))),
    ),
)

DEEP = grid((2, 3), lambda i, j: a0[i] * d1[j])
LOSS_L = Letter("L", sp.Array(L))
ROW_3, ROW_2, ROW_1 = (Letter(f"R{k}", sp.Array(row)) for k, row in ((3, r3), (2, r2), (1, r1)))

WRITTEN_OUT = Derivation(
    id="same_3",
    title="The chain is the delta rule. Written out for N = 3",
    statement="∂L/∂w(1)_ij = a(0)_i δ(1)_j",
    rows=(),
    sizes="2-3-2-1",
    assumptions=(
        THREE_LAYERS,
        "L = 1/2 (a(3)_1 - t_1)^2; W1, a1, a2, a3, R1, R2 and R3 are the whole arrays",
        "entry [k,i,j] of ∂a1/∂W1 is ∂a(1)_k/∂w(1)_ij: numerator layout",
    ),
    where={**THREE, **DELTAS, **ROWS},
    steps=chain(
        D(LOSS_L, W1),
        ("chain rule", Einsum("k,kij->ij", Dot(Dot(D(LOSS_L, A3), D(A3, A2)), D(A2, A1)), D(A1, W1))),
        ("R3 = ∂L/∂a3 = J_N^L", Einsum("k,kij->ij", Dot(Dot(ROW_3, D(A3, A2)), D(A2, A1)), D(A1, W1))),
        ("R2 = R3·∂a3/∂a2", Einsum("k,kij->ij", Dot(ROW_2, D(A2, A1)), D(A1, W1))),
        ("R1 = R2·∂a2/∂a1", Einsum("k,kij->ij", ROW_1, D(A1, W1))),
        ("∂a1/∂W1: w_ij enters a_j alone", grid((2, 3), lambda i, j: a0[i] * r1[j] * f_prime(z1[j]))),
        ("delta rule", DEEP),
    ),
    truth=Truth(sp.Array(LOSS_3), sp.Array(w1), words=BY_DIFF),
    wrong=(
        negated(DEEP),
        swapped(DEEP, d1[0], d1[2]),
        transposed(DEEP),
        Wrong("f' missing: R in the place of δ", grid((2, 3), lambda i, j: a0[i] * r1[j])),
        without(DEEP, a0[1], "a(0)_2 missing"),
    ),
)

OUTER = entry(d[l, j] * a[l - 1, i])

THEOREM = Derivation(
    id="chain_delta",
    title="The chain is the delta rule, at every layer of every depth",
    statement="R(l)·J_W = a(l-1)_i δ(l)_j",
    rows=("D-24", "D-61", "D-68", "M-20", "M-21", "H-65"),
    sizes="n(l)",
    scope="all depths",
    assumptions=(
        NETWORK,
        DEPTHS,
        "R(l) is the running product J_N^L·J(N)···J(l+1), and ∂L/∂a(l) by chain_loss",
        f"by the induction of same_base and same_step: {same(l)}",
    ),
    where={**known(same(l)), **sums(j, h, l), a[l, p]: f(z[l, p])},
    steps=chain(
        entry(total(R[l, p] * partial(a[l, p], w[l, i, j]), p)),
        (
            "chain rule; only the sum depends on w",
            entry(total(R[l, p] * f_prime(z[l, p]) * partial(z[l, p], w[l, i, j]), p)),
        ),
        (
            "w_ij enters z_j alone, times a_i",
            entry(total(R[l, p] * f_prime(z[l, p]) * delta(p, j) * a[l - 1, i], p)),
        ),
        ("the delta picks one term", entry(R[l, j] * f_prime(z[l, j]) * a[l - 1, i])),
        ("by induction", OUTER),
    ),
    truth=Truth(
        sp.Array(total(R[l, p] * f(explicit_sum(p, h, l, a[l - 1, h])), p)),
        sp.Array(w[l, i, j]),
        words="sympy's derivative of Σ_p R(l)_p a(l)_p, the a(l)_p written out and the R(l)_p held fixed",
    ),
    wrong=(
        negated(OUTER),
        Wrong("f' missing: R in the place of δ", entry(R[l, j] * a[l - 1, i])),
        Wrong("f' twice", entry(d[l, j] * f_prime(z[l, j]) * a[l - 1, i])),
        Wrong("a_i missing", entry(d[l, j])),
        Wrong("transposed: a_j δ_i", entry(d[l, i] * a[l - 1, j])),
        Wrong("a of layer l", entry(d[l, j] * a[l, j])),
        Wrong("summed over the units", entry(total(d[l, j], j) * a[l - 1, i])),
    ),
    lemmas=(BASE, STEP, WRITTEN_OUT),
)

INDUCTIONS = (Induction(same, BASE, STEP, start=N, hypothesis=ABOVE),)
DERIVATIONS = (THEOREM,)
