"""The Θ, Δ and D of seed 004: errors back, gradients accumulated over instances, the regularised mean."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import D as Derivative
from ..proof.formula import Dot, Entries, Letter, Plus, Transpose, entry, grid
from ..proof.indices import index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without

n, m, N = sizes("n m N")
i, q = index("i", m), index("q", m)
j, p = index("j", n), index("p", n)
i0 = index("i", m, 0)
c = index("c", N)
a, z, above, d, theta, Delta = map(sp.IndexedBase, ("a", "z", "z⁺", "δ", "Θ", "Δ"))
cost, cost_1, cost_2, J, lam = sp.symbols("cost cost1 cost2 J λ")

ABOVE = "z⁺_i = Θ_i0 a_0 + Σ_j Θ_ij a_j: Θ_ij leads from j to i, column 0 holds the biases, a_0 = 1"
ERRORS = "δ_i = ∂cost/∂z⁺_i; the cost is taken as its linear part, with the δ_i of the point held fixed"
LAYER = {
    cost: total(d[i] * above[i], i),
    above[i]: theta[i, 0] * a[0] + total(theta[i, j] * a[j], j),
    a[0]: sp.S.One,
}
CASES = {
    J: total(total(d[c, i] * above[c, i], i), c) / N,
    above[c, i]: theta[i, 0] + total(theta[i, j] * a[c, j], j),
}
SQUARES = lam / 2 * total(theta[i, j] ** 2, i, j)
ACCUMULATED = {Delta[i, 0]: total(d[c, i], c), Delta[i, j]: total(a[c, j] * d[c, i], c)}

BACK = entry(total(theta[i, j] * d[i], i) * a[j] * (1 - a[j]))
GRADIENT = Entries(sp.Array([d[i], a[j] * d[i]]))
MEAN = Entries(sp.Array([Delta[i, 0] / N, Delta[i, j] / N + lam * theta[i, j]]))

T = [[sp.Symbol(f"Θ{row}{column}") for column in range(3)] for row in (1, 2)]
e1, e2 = sp.symbols("δ11 δ12"), sp.symbols("δ21 δ22")
a1, a2 = sp.symbols("a10 a11 a12"), sp.symbols("a20 a21 a22")
THETA, COST = Letter("Θ", sp.Array(T)), Letter("cost", sp.Array(cost))
COST_1, COST_2 = Letter("cost1", sp.Array(cost_1)), Letter("cost2", sp.Array(cost_2))
D1, D2 = Letter("δ1", sp.Array([[e] for e in e1])), Letter("δ2", sp.Array([[e] for e in e2]))
A1, A2 = Letter("a1", sp.Array([[e] for e in a1])), Letter("a2", sp.Array([[e] for e in a2]))
OUTER = Plus(Dot(D1, Transpose(A1)), Dot(D2, Transpose(A2)))
OUTER_ENTRIES = grid((2, 3), lambda r, k: e1[r] * a1[k] + e2[r] * a2[k])


def instance(errors: tuple[sp.Symbol, ...], inputs: tuple[sp.Symbol, ...]) -> sp.Expr:
    """The cost of one instance: its linear part Σ_r δ_r z_r, z = Θ a."""
    return sp.Add(*(errors[r] * sp.Add(*(T[r][k] * inputs[k] for k in range(3))) for r in range(2)))


DERIVATIONS = (
    Derivation(
        id="ng_back",
        title="Seed 004: the error one layer back, without the bias column of Θ",
        statement="δ_j = (Θ^T δ⁺)_j .* a_j (1 - a_j)",
        rows=("N-04", "E-43"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ABOVE, ERRORS, "a_j = g(z_j) for j from 1 to n, with the sigmoid g"),
        where={**LAYER, a[j]: sigmoid(z[j])},
        steps=chain(
            entry(partial(cost, z[j])),
            ("chain rule", entry(total(partial(cost, above[i]) * partial(above[i], z[j]), i))),
            ("definition of the δ above", entry(total(d[i] * partial(above[i], z[j]), i))),
            (
                "a_j alone depends on z_j",
                entry(total(d[i] * partial(above[i], a[j]), i) * partial(a[j], z[j])),
            ),
            ("∂z⁺_i/∂a_j = Θ_ij, j >= 1", entry(total(theta[i, j] * d[i], i) * partial(a[j], z[j]))),
            ("g' = a .* (1 - a)", BACK),
        ),
        truth=Truth(
            sp.Array(total((total(theta[i, p] / (1 + sp.exp(-z[p])), p) + theta[i, 0]) * d[i], i)),
            sp.Array(z[j]),
        ),
        wrong=(
            negated(BACK),
            Wrong("g' missing, as in the figure's text", entry(total(theta[i, j] * d[i], i))),
            Wrong("Θ in the place of Θ^T", entry(total(theta[j, i] * d[i], i) * a[j] * (1 - a[j]))),
            Wrong("the bias column", entry(total(theta[i, 0] * d[i], i) * a[j] * (1 - a[j]))),
            Wrong("a bias unit above", entry(total(theta[i0, j] * d[i0], i0) * a[j] * (1 - a[j]))),
            without(BACK, 1 - a[j], "1 - a_j missing"),
        ),
    ),
    Derivation(
        id="ng_theta",
        title="Seed 004: the gradient of Θ for one instance",
        statement="∂J/∂Θ_ij = a_j δ_i, also for j = 0",
        rows=("N-05",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ABOVE, ERRORS, "first the bias Θ_i0, then Θ_ij with j >= 1; no λ yet"),
        where=LAYER,
        steps=chain(
            Entries(sp.Array([partial(cost, theta[i, 0]), partial(cost, theta[i, j])])),
            (
                "Θ_ij touches z⁺_i alone",
                Entries(
                    sp.Array(
                        [partial(cost, above[i]) * partial(above[i], t) for t in (theta[i, 0], theta[i, j])]
                    )
                ),
            ),
            (
                "definition of δ_i",
                Entries(sp.Array([d[i] * partial(above[i], t) for t in (theta[i, 0], theta[i, j])])),
            ),
            ("∂z⁺_i/∂Θ_ij = a_j", Entries(sp.Array([a[0] * d[i], a[j] * d[i]]))),
            ("a_0 = 1", GRADIENT),
        ),
        truth=Truth(
            sp.Array(total(d[q] * (theta[q, 0] + total(a[p] * theta[q, p], p)), q)),
            sp.Array([theta[i, 0], theta[i, j]]),
        ),
        wrong=(
            negated(GRADIENT),
            without(GRADIENT, a[j], "a_j missing"),
            without(GRADIENT, d[i], "δ_i missing"),
            Wrong("transposed: a_i δ_j", Entries(sp.Array([d[i], a[i] * d[j]]))),
            Wrong("a_j for the bias too", Entries(sp.Array([a[j] * d[i], a[j] * d[i]]))),
        ),
    ),
    Derivation(
        id="ng_Delta",
        title="Seed 004: the accumulator, one outer product for each instance",
        statement="Δ = δ1 a1^T + δ2 a2^T",
        rows=("N-06", "N-07"),
        sizes="2-2",
        assumptions=(
            "two instances with a1 = (1, a11, a12) and a2 = (1, a21, a22); a10 and a20 are the 1 of the bias",
            "each cost is taken as its linear part Σ_r δ_r z_r with z = Θ a; Θ is 2 by 1 + 2",
        ),
        where={cost: cost_1 + cost_2, cost_1: instance(e1, a1), cost_2: instance(e2, a2)},
        steps=chain(
            Derivative(COST, THETA),
            ("one term for each instance", Plus(Derivative(COST_1, THETA), Derivative(COST_2, THETA))),
            ("∂cost/∂Θ_ij = δ_i a_j", OUTER_ENTRIES),
            ("outer products, of the shape of Θ", OUTER),
        ),
        truth=Truth(
            sp.Array(
                e1[0] * (T[0][0] * a1[0] + T[0][1] * a1[1] + T[0][2] * a1[2])
                + e1[1] * (T[1][0] * a1[0] + T[1][1] * a1[1] + T[1][2] * a1[2])
                + e2[0] * (T[0][0] * a2[0] + T[0][1] * a2[1] + T[0][2] * a2[2])
                + e2[1] * (T[1][0] * a2[0] + T[1][1] * a2[1] + T[1][2] * a2[2])
            ),
            THETA.array,
        ),
        wrong=(
            negated(OUTER_ENTRIES),
            Wrong("the last instance alone: Δ not kept", Dot(D2, Transpose(A2))),
            Wrong("instances mixed", Plus(Dot(D1, Transpose(A2)), Dot(D2, Transpose(A1)))),
            Wrong("transposed: a δ^T", Plus(Dot(A1, Transpose(D1)), Dot(A2, Transpose(D2)))),
            swapped(OUTER_ENTRIES, *e1),
            Wrong("the mean already", grid((2, 3), lambda r, k: OUTER_ENTRIES.array[r, k] / 2)),
        ),
    ),
    Derivation(
        id="ng_D",
        title="Seed 004: D is the gradient of J, the mean cost with λ/2 of the squared weights",
        statement="D_ij = Δ_ij/N + λ Θ_ij, no λ at j = 0",
        rows=("N-06", "E-44"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(
            "J = 1/N Σ_c cost_c + λ/2 Σ_i Σ_j Θ_ij^2 with j >= 1; cost_c is its linear part Σ_i δ_ci z⁺_ci",
            "Δ_i0 and Δ_ij are accumulated over the N instances c; first the bias Θ_i0, then Θ_ij, j >= 1",
        ),
        where={**CASES, J: CASES[J] + SQUARES, **ACCUMULATED},
        steps=chain(
            Entries(sp.Array([partial(J, theta[i, 0]), partial(J, theta[i, j])])),
            (
                "a mean; the squares leave out the bias",
                Entries(
                    sp.Array(
                        [
                            total(d[c, i] * partial(above[c, i], theta[i, 0]), c) / N,
                            total(d[c, i] * partial(above[c, i], theta[i, j]), c) / N
                            + lam / 2 * partial(theta[i, j] ** 2, theta[i, j]),
                        ]
                    )
                ),
            ),
            (
                "∂z⁺_ci/∂Θ_ij = a_cj; power rule",
                Entries(
                    sp.Array(
                        [
                            total(d[c, i], c) / N,
                            total(a[c, j] * d[c, i], c) / N + lam * theta[i, j],
                        ]
                    )
                ),
            ),
            ("definition of Δ", MEAN),
        ),
        truth=Truth(
            sp.Array(
                total(total(d[c, q] / N * (theta[q, 0] + total(a[c, p] * theta[q, p], p)), q), c)
                + total(total(theta[q, p] ** 2 * lam / 2, p), q)
            ),
            sp.Array([theta[i, 0], theta[i, j]]),
        ),
        wrong=(
            negated(MEAN),
            Wrong(
                "the bias regularised too",
                Entries(sp.Array([Delta[i, 0] / N + lam * theta[i, 0], MEAN.array[1]])),
            ),
            Wrong("Δ not divided", Entries(sp.Array([Delta[i, 0], Delta[i, j] + lam * theta[i, j]]))),
            Wrong("λ/N", Entries(sp.Array([Delta[i, 0] / N, (Delta[i, j] + lam * theta[i, j]) / N]))),
            Wrong("2 λ", Entries(sp.Array([Delta[i, 0] / N, Delta[i, j] / N + 2 * lam * theta[i, j]]))),
            Wrong("λ missing", Entries(sp.Array([Delta[i, 0] / N, Delta[i, j] / N]))),
        ),
    ),
)
