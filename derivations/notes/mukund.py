"""Mukund's induction: the base at the last layer, the step back, and the weights, target first: w_kj."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import Entries, entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, without

n, m = sizes("n m")
i, j = index("i", n), index("j", n)
k, q = index("k", m), index("q", m)
a, z, w, b, d, term, above, t = map(sp.IndexedBase, ("a", "z", "w", "b", "δ", "term", "z⁺", "y"))
C, s, u, E = sp.symbols("C σ u E")
sigma, slope = smooth("σ"), smooth("σ'")
cost, cost_slope = smooth("c"), smooth("c'")

ABOVE = "z⁺_k = Σ_i w_ki σ(z_i) + b_k are the sums of layer l+1: w_ki leads from i to k"
HYPOTHESIS = "δ_k = ∂C/∂z⁺_k is known; C is taken as its linear part, with the δ_k of the point held fixed"
STEP = {C: total(d[k] * above[k], k), above[k]: b[k] + total(w[k, i] * a[i], i)}

SIGMA = entry(s * (1 - s))
BASE = entry(cost_slope(a[j] - t[j]) * a[j] * (1 - a[j]))
ZERO = entry(delta(i, j) * w[k, j] * slope(z[j]))
BACK = entry(slope(z[j]) * total(w[k, j] * d[k], k))
WEIGHTS = Entries(sp.Array([d[k], d[k] * a[j]]))

DERIVATIONS = (
    Derivation(
        id="mk_sigma",
        title="Seed 003, work this out: the derivative of the sigmoid",
        statement="σ'(u) = σ(u)(1 - σ(u))",
        rows=("M-16", "B-20"),
        sizes="1",
        assumptions=("σ = 1/(1 + E) with E = exp(-u)",),
        where={s: 1 / (1 + E), E: sp.exp(-u)},
        steps=chain(
            entry(partial(s, u)),
            ("chain rule", entry(partial(s, E) * partial(E, u))),
            ("the derivative of exp(-u) is -E", entry(-E * partial(s, E))),
            ("the derivative of 1/(1 + E) is -1/(1 + E)^2", entry(E / (1 + E) ** 2)),
            ("σ = 1/(1 + E)", entry(E / (1 + E) * s)),
            ("E/(1 + E) = 1 - 1/(1 + E)", SIGMA),
        ),
        truth=Truth(sp.Array(sp.exp(u) / (sp.exp(u) + 1)), sp.Array(u)),
        wrong=(
            negated(SIGMA),
            without(SIGMA, s, "σ missing"),
            without(SIGMA, 1 - s, "1 - σ missing"),
            Wrong("as for tanh: 1 - σ^2", entry(1 - s**2)),
            Wrong("at the sum: u(1 - u)", entry(u * (1 - u))),
        ),
    ),
    Derivation(
        id="mk_base",
        title="Seed 003, base case: the last layer",
        statement="δ(L)_j = ∂C/∂a_j σ'(z_j)",
        rows=("M-09", "M-15"),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "a_i = σ(z_i) is the sigmoid, C = Σ_i c(a_i - y_i) depends on the outputs alone, with any c",
        ),
        where={C: total(cost(a[i] - t[i]), i), a[i]: sigmoid(z[i])},
        steps=chain(
            entry(partial(C, z[j])),
            ("chain rule, through all outputs", entry(total(partial(C, a[i]) * partial(a[i], z[j]), i))),
            (
                "a_i depends on z_i alone",
                entry(total(partial(C, a[i]) * delta(i, j) * partial(a[j], z[j]), i)),
            ),
            ("the delta picks one term", entry(partial(C, a[j]) * partial(a[j], z[j]))),
            ("σ' = σ(1 - σ)", entry(partial(C, a[j]) * a[j] * (1 - a[j]))),
            ("the cost's own derivative", BASE),
        ),
        truth=Truth(sp.Array(total(cost(1 / (sp.exp(-z[i]) + 1) - t[i]), i)), sp.Array(z[j])),
        wrong=(
            negated(BASE),
            without(BASE, 1 - a[j], "1 - a_j missing"),
            Wrong("σ' missing", entry(cost_slope(a[j] - t[j]))),
            Wrong("the cost missing", entry(a[j] * (1 - a[j]))),
            Wrong("y_j - a_j", entry(cost_slope(t[j] - a[j]) * a[j] * (1 - a[j]))),
        ),
    ),
    Derivation(
        id="mk_zero",
        title="Seed 003, in the step: i ≠ j gives 0, i = j gives one weight and one slope",
        statement="∂term_ki/∂z_j = δ_ij w_kj σ'(z_j)",
        rows=("M-19",),
        sizes="n, m",
        scope="all sizes",
        assumptions=("term_ki = w_ki σ(z_i) + b_k, one term of the sum z⁺_k, with the bias as on the slide",),
        where={term[k, i]: w[k, i] * sigma(z[i]) + b[k]},
        steps=chain(
            entry(partial(term[k, i], z[j])),
            ("w and b do not depend on z", entry(w[k, i] * slope(z[i]) * partial(z[i], z[j]))),
            ("∂z_i/∂z_j = δ_ij", entry(w[k, i] * slope(z[i]) * delta(i, j))),
            ("where δ_ij is not 0, i is j", ZERO),
        ),
        truth=Truth(sp.Array(b[k] + sigma(z[i]) * w[k, i]), sp.Array(z[j])),
        wrong=(
            negated(ZERO),
            without(ZERO, delta(i, j), "not 0 for i ≠ j"),
            without(ZERO, slope(z[j]), "σ' missing"),
            without(ZERO, w[k, j], "the weight missing"),
            Wrong("source first: w_jk", entry(delta(i, j) * w[j, k] * slope(z[j]))),
            Wrong("with the bias", entry(delta(i, j) * (w[k, j] * slope(z[j]) + b[k]))),
        ),
    ),
    Derivation(
        id="mk_step",
        title="Seed 003, induction step: from layer l+1 to layer l, with the lost last line",
        statement="δ(l)_j = σ'(z_j) Σ_k w_kj δ(l+1)_k",
        rows=("M-17", "M-18", "M-19"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ABOVE, HYPOTHESIS, "a_i = σ(z_i), with any differentiable σ"),
        where={**STEP, a[i]: sigma(z[i])},
        steps=chain(
            entry(partial(C, z[j])),
            ("chain rule", entry(total(partial(C, above[k]) * partial(above[k], z[j]), k))),
            ("first term: δ_k", entry(total(d[k] * partial(above[k], z[j]), k))),
            (
                "second term: only σ(z_i) depends on z",
                entry(total(d[k] * total(w[k, i] * partial(a[i], z[j]), i), k)),
            ),
            (
                "i ≠ j gives 0",
                entry(total(d[k] * total(w[k, i] * delta(i, j) * slope(z[j]), i), k)),
            ),
            ("i = j gives one term", entry(total(d[k] * w[k, j] * slope(z[j]), k))),
            ("σ' does not depend on k", BACK),
        ),
        truth=Truth(sp.Array(total((total(w[k, i] * sigma(z[i]), i) + b[k]) * d[k], k)), sp.Array(z[j])),
        wrong=(
            negated(BACK),
            without(BACK, slope(z[j]), "σ' missing"),
            Wrong("source first: w_jk", entry(slope(z[j]) * total(w[j, k] * d[k], k))),
            Wrong("all terms, not i = j alone", entry(total(d[k] * total(w[k, i] * slope(z[i]), i), k))),
            Wrong("the weights missing", entry(slope(z[j]) * total(d[k], k))),
            Wrong("σ in the place of σ'", entry(sigma(z[j]) * total(w[k, j] * d[k], k))),
        ),
    ),
    Derivation(
        id="mk_weights",
        title="Seed 003: what we actually need, the weights and the biases",
        statement="∂C/∂b_k = δ_k, ∂C/∂w_kj = δ_k a_j",
        rows=("M-20", "M-21"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ABOVE.replace("σ(z_i)", "a_i"), HYPOTHESIS),
        where=STEP,
        steps=chain(
            Entries(sp.Array([partial(C, b[k]), partial(C, w[k, j])])),
            (
                "z⁺_k alone depends on b_k and w_kj",
                Entries(
                    sp.Array([partial(C, above[k]) * partial(above[k], letter) for letter in (b[k], w[k, j])])
                ),
            ),
            (
                "definition of δ_k",
                Entries(sp.Array([d[k] * partial(above[k], letter) for letter in (b[k], w[k, j])])),
            ),
            ("∂z⁺_k/∂b_k = 1; terms with i ≠ j vanish", WEIGHTS),
        ),
        truth=Truth(sp.Array(total((total(w[q, i] * a[i], i) + b[q]) * d[q], q)), sp.Array([b[k], w[k, j]])),
        wrong=(
            negated(WEIGHTS),
            without(WEIGHTS, a[j], "a_j missing"),
            Wrong("a_j at the bias too", Entries(sp.Array([d[k] * a[j], d[k] * a[j]]))),
            Wrong("source first: δ_j a_k", Entries(sp.Array([d[k], d[j] * a[k]]))),
            Wrong("terms with i ≠ j kept", Entries(sp.Array([d[k], d[k] * total(a[i], i)]))),
        ),
    ),
)
