"""The running product R of the chain, R ← R·J, is the gradient with respect to each layer that it reaches."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import summed
from ..proof.formula import D, Dot, Letter, entry, grid
from ..proof.functions import smooth
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped
from .induction import Claim, Induction, affine, affine_part, affine_truth, first_order, words
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
from .written_out import (
    A0,
    A1,
    A2,
    A3,
    BY_DIFF,
    OUT_3,
    ROWS,
    THREE,
    THREE_LAYERS,
    a0,
    a3,
    f_prime,
    r1,
    r2,
    r3,
    w1,
    z1,
)


def gradient(layer: sp.Expr) -> Claim:
    """R(l) is the derivative of the loss with respect to the activations of layer l."""
    return Claim(partial(L, a[layer, UNITS[layer]]), R[layer, UNITS[layer]])


LOSS = Claim(partial(L, a[N, u]), R[N, u])
FIRST = MEAN = entry(gradient(N).right)

ANY_LOSS = Derivation(
    id="chain_any",
    title="The chain at every depth. Base case: R = J_N^L, the row of any loss",
    statement="R(N)_o = ∂L/∂a(N)_o",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=(
        "L is any differentiable function of the outputs a(N)",
        "R(N) is where the product starts: the slopes of L at the point",
        affine(LOSS),
    ),
    where=first_order(LOSS),
    steps=chain(
        entry(gradient(N).left),
        ("L by its affine part", entry(total(R[N, u] * partial(a[N, u], a[N, o]), u))),
        ("the outputs are independent", entry(total(R[N, u] * delta(u, o), u))),
        ("the delta picks one term", FIRST),
    ),
    truth=Truth(sp.Array(total(R[N, u] * a[N, u], u)), sp.Array(a[N, o]), words=affine_part(LOSS)),
    wrong=(
        negated(FIRST),
        Wrong("summed over the outputs", entry(total(R[N, u], u))),
        Wrong("1, as if L were the output", entry(sp.Integer(1))),
        Wrong("times the output", entry(R[N, o] * a[N, o])),
    ),
)

MEAN_SQUARE = Derivation(
    id="chain_base",
    title="The chain at every depth. Base case: the row J_N^L of the mean squared error",
    statement="R(N)_o = 2/n(N) (a(N)_o - t_o)",
    rows=(),
    sizes="n(N)",
    scope="all depths",
    assumptions=("L = 1/n(N) Σ_u (a(N)_u - t_u)^2",),
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

LOSS_OF = smooth("λ")
LOSS_SLOPE = smooth("λ'")
LOSS_L = Letter("L", sp.Array(L))
ROW_3, ROW_2, ROW_1 = (Letter(f"R{k}", sp.Array(row)) for k, row in ((3, r3), (2, r2), (1, r1)))
DOWN = grid((2,), lambda i: summed(r1[j] * f_prime(z1[j]) * w1[i][j] for j in range(3)))

WRITTEN_OUT = Derivation(
    id="chain_3",
    title="The chain at every depth. Written out for N = 3, for any loss of its output",
    statement="∂L/∂a(0)_i = Σ_j R(1)_j J(1)_ji",
    rows=(),
    sizes="2-3-2-1",
    assumptions=(
        THREE_LAYERS,
        "L = λ(a(3)_1), any differentiable loss of the output; J(1)_ji = f'(z(1)_j) w(1)_ij",
        "a0, a1, a2, a3 and R3 are the whole arrays",
    ),
    where={**THREE, **ROWS, L: LOSS_OF(a3[0]), r3[0]: LOSS_SLOPE(a3[0])},
    steps=chain(
        D(LOSS_L, A0),
        ("chain rule", Dot(Dot(Dot(D(LOSS_L, A3), D(A3, A2)), D(A2, A1)), D(A1, A0))),
        ("R3 = ∂L/∂a3 = J_N^L", Dot(Dot(Dot(ROW_3, D(A3, A2)), D(A2, A1)), D(A1, A0))),
        ("R2 = R3·∂a3/∂a2", Dot(Dot(ROW_2, D(A2, A1)), D(A1, A0))),
        ("R1 = R2·∂a2/∂a1", Dot(ROW_1, D(A1, A0))),
        ("∂a(1)_j/∂a(0)_i = f'(z_j) w_ij", DOWN),
    ),
    truth=Truth(sp.Array(LOSS_OF(OUT_3[0])), sp.Array(a0), words=BY_DIFF),
    wrong=(
        negated(DOWN),
        swapped(DOWN, r1[0], r1[2]),
        swapped(DOWN, w1[0][0], w1[1][0]),
        Wrong("f' missing", grid((2,), lambda i: summed(r1[j] * w1[i][j] for j in range(3)))),
        Wrong("in the other order", Dot(D(A1, A0), Dot(D(A2, A1), Dot(D(A3, A2), ROW_3)))),
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
        words=affine_truth(ABOVE),
    ),
    wrong=(
        negated(ROW),
        Wrong("transposed: J_jk", entry(total(R[l + 1, k] * J[l + 1, j, k], k))),
        Wrong("g' missing", entry(total(R[l + 1, k] * w[l + 1, j, k], k))),
        Wrong("weights missing", entry(total(R[l + 1, k] * g_prime(z[l + 1, k]), k))),
        Wrong("R(l+1) missing", entry(total(J[l + 1, k, j], k))),
    ),
    lemmas=(ANY_LOSS, MEAN_SQUARE, WRITTEN_OUT),
)

INDUCTIONS = tuple(
    Induction(gradient, base, CHAIN, start=N, hypothesis=ABOVE) for base in (ANY_LOSS, MEAN_SQUARE)
)
DERIVATIONS = (CHAIN,)
