"""Errata of the backward step: a slope missing, and a product read in the wrong way."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import i, j, p, q

x, w, v, s, o, z, theta, activation = map(sp.IndexedBase, ("x", "w", "v", "s", "o", "z", "Theta", "a"))
C, r, delta4 = sp.symbols("C r delta4")
f, h = smooth("f"), smooth("h")
f_slope, h_slope = smooth("f'"), smooth("h'")

BY_SUM = entry(theta[1, j] * delta4 * f_slope(z[j]))
BY_WEIGHT = entry(h_slope(r) * v[j] * f_slope(s[j]) * x[i])

DERIVATIONS = (
    Derivation(
        id="E-26",
        title="delta is ∂J/∂x times psi(x) entry by entry, and belongs to neuron j",
        statement="∂J/∂w_ij = (∂J/∂o_j psi_j) x_i",
        rows=("E-26",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "s_j = Σ_i x_i w_ij, o_j = f(s_j), psi_j = f'(s_j), r = Σ_j v_j o_j, C = h(r) is the loss J",
            "with a softmax the two factors are a row and a full Jacobian, and neither reading is right",
        ),
        where={
            C: h(r),
            r: total(v[j] * o[j], j),
            o[j]: f(s[j]),
            s[j]: total(x[i] * w[i, j], i),
        },
        steps=chain(
            entry(partial(C, w[i, j])),
            ("s_j alone depends on w_ij", entry(partial(C, s[j]) * partial(s[j], w[i, j]))),
            (
                "o_j alone depends on s_j",
                entry(partial(C, o[j]) * partial(o[j], s[j]) * partial(s[j], w[i, j])),
            ),
            ("∂s_j/∂w_ij = x_i", entry(partial(C, o[j]) * partial(o[j], s[j]) * x[i])),
            ("o_j = f(s_j)", entry(partial(C, o[j]) * f_slope(s[j]) * x[i])),
            ("chain rule through r", BY_WEIGHT),
        ),
        truth=Truth(sp.Array(h(total(f(total(w[p, q] * x[p], p)) * v[q], q))), sp.Array(w[i, j])),
        wrong=(
            Printed(
                "as printed, the two side by side: row times column",
                entry(total(h_slope(r) * v[q] * f_slope(s[q]), q) * x[i]),
                "E-26",
                "Bao (001), line 364",
                "delta^(l) = ∂J/∂x^(l) psi(x^(l))",
            ),
            Printed(
                "as printed, the error of neuron i",
                entry(h_slope(r) * v[i] * f_slope(s[i]) * x[i]),
                "E-26",
                "Bao (001), line 385",
                "scalar, pre-activation loss on neuron x_i^(l-1)",
                "the error of neuron i, the input's index, in ∂J/∂w_ij",
            ),
            negated(BY_WEIGHT),
            without(BY_WEIGHT, f_slope(s[j]), "psi missing"),
            without(BY_WEIGHT, x[i], "x_i missing"),
        ),
    ),
    Derivation(
        id="E-42",
        title="The error of a hidden node lacks its slope g'(z)",
        statement="∂C/∂z_j = Theta_1j delta4 g'(z_j)",
        rows=("E-42",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "r = Σ_j Theta_1j a_j, a_j = f(z_j), C = h(r); f is the slide's g, delta4 = ∂C/∂r = h'(r)",
            "as printed it is ∂C/∂a_j, while the same slide defines delta_j as ∂C/∂z_j",
        ),
        where={
            C: h(r),
            r: total(theta[1, j] * activation[j], j),
            activation[j]: f(z[j]),
            delta4: h_slope(r),
        },
        steps=chain(
            entry(partial(C, z[j])),
            ("chain rule", entry(partial(C, r) * partial(r, activation[j]) * partial(activation[j], z[j]))),
            (
                "definition of delta4",
                entry(delta4 * partial(r, activation[j]) * partial(activation[j], z[j])),
            ),
            ("r is linear in a_j", entry(delta4 * theta[1, j] * partial(activation[j], z[j]))),
            ("a_j = f(z_j)", BY_SUM),
        ),
        truth=Truth(sp.Array(h(total(f(z[q]) * theta[1, q], q))), sp.Array(z[j])),
        wrong=(
            Printed(
                "as printed, without the slope",
                entry(theta[1, j] * delta4),
                "E-42",
                "Ng's notation (004), lines 48-51",
                "delta_2^(3) = Theta_12^(3) x delta_1^(4)",
            ),
            negated(BY_SUM),
            without(BY_SUM, theta[1, j], "the weight missing"),
            without(BY_SUM, delta4, "delta4 missing"),
            Wrong("divided among the nodes", entry(BY_SUM.array[()] / total(theta[1, q], q))),
        ),
    ),
)
