"""Errata of training: the factor of the penalty, and weights that start equal."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import i, j, k, m, p, q

(cases,) = sizes("N")
c = index("c", cases)
x, w, v, z, s, theta, accumulated, common = map(
    sp.IndexedBase, ("x", "w", "v", "z", "s", "Theta", "Delta", "u")
)
C, J, r, b, kappa, leaving, common_sum = sp.symbols("C J r b kappa e s")
f, h = smooth("f"), smooth("h")
f_slope, h_slope = smooth("f'"), smooth("h'")

PENALISED = entry(accumulated[j] / cases + 2 * kappa * theta[j])
EQUAL = entry(h_slope(r) * leaving * f_slope(common_sum) * x[i])

DERIVATIONS = (
    Derivation(
        id="E-44",
        title="D = Delta/N + lambda Theta belongs to the penalty lambda/2 Σ Theta^2",
        statement="D_j = Delta_j/N + 2 kappa Theta_j",
        rows=("E-44",),
        sizes="N, m",
        scope="all sizes",
        assumptions=(
            "J = 1/N Σ_c h(s_c) + kappa Σ_k Theta_k^2 with s_c = b + Σ_k Theta_k x_ck; k from 1 to m, so "
            "that the bias b has no penalty; h is any function",
            "Delta_j = Σ_c h'(s_c) x_cj is accumulated over the cases",
            "D_j = Delta_j/N + lambda Theta_j is right for kappa = lambda/2 alone; kappa = lambda/(2N) gives "
            "lambda/N Theta, kappa = lambda gives 2 lambda Theta",
        ),
        where={
            J: total(h(s[c]), c) / cases + kappa * total(theta[k] ** 2, k),
            s[c]: b + total(theta[k] * x[c, k], k),
            accumulated[j]: total(h_slope(s[c]) * x[c, j], c),
        },
        steps=chain(
            entry(partial(J, theta[j])),
            (
                "chain rule",
                entry(
                    total(h_slope(s[c]) * partial(s[c], theta[j]), c) / cases
                    + 2 * kappa * total(theta[k] * delta(j, k), k)
                ),
            ),
            (
                "s_c is linear; the delta picks one term",
                entry(total(h_slope(s[c]) * x[c, j], c) / cases + 2 * kappa * theta[j]),
            ),
            ("definition of Delta_j", PENALISED),
        ),
        truth=Truth(
            sp.Array(total(h(total(x[c, q] * theta[q], q) + b) / cases, c) + total(kappa * theta[q] ** 2, q)),
            sp.Array(theta[j]),
        ),
        wrong=(
            negated(PENALISED),
            Wrong(
                "the factor kappa as in the penalty, the 2 missing",
                entry(accumulated[j] / cases + kappa * theta[j]),
            ),
            Wrong("1/N missing", entry(accumulated[j] + 2 * kappa * theta[j])),
            Wrong("the penalty divided by N", entry((accumulated[j] + 2 * kappa * theta[j]) / cases)),
        ),
    ),
    Derivation(
        id="E-54",
        title="Equal weights: the hidden units stay equal, but the net learns",
        statement="∂C/∂w_ij = h'(r) e f'(s) x_i, any j",
        rows=("E-54",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "z_j = Σ_i x_i w_ij, r = Σ_j v_j f(z_j), C = h(r): one hidden layer, one output, any f and h",
            "after the derivative is taken, w_ij = u_i and v_j = e: all m hidden units are alike",
            "the result does not depend on j, nor does ∂C/∂v_j = h'(r) f(s): the units stay alike for ever, "
            "and learn as one; only from e = 0 does nothing come back",
        ),
        where={
            C: h(r),
            r: total(v[j] * f(z[j]), j),
            z[j]: total(x[i] * w[i, j], i),
            w[i, j]: common[i],
            v[j]: leaving,
            common_sum: total(x[i] * common[i], i),
        },
        steps=chain(
            entry(partial(C, w[i, j])),
            ("chain rule", entry(partial(C, r) * partial(r, z[j]) * partial(z[j], w[i, j]))),
            ("C = h(r)", entry(h_slope(r) * partial(r, z[j]) * partial(z[j], w[i, j]))),
            ("r is a sum over j", entry(h_slope(r) * v[j] * f_slope(z[j]) * partial(z[j], w[i, j]))),
            ("∂z_j/∂w_ij = x_i", entry(h_slope(r) * v[j] * f_slope(z[j]) * x[i])),
            ("all units are alike: v_j = e, z_j = s", EQUAL),
        ),
        truth=Truth(
            sp.Array(h(total(f(total(w[p, q] * x[p], p)) * v[q], q))),
            sp.Array(w[i, j]),
        ),
        wrong=(
            Printed(
                "as printed, one update for all weights",
                entry(h_slope(r) * leaving * f_slope(common_sum) * x[1]),
                "E-54",
                "Ng's notation (004), line 172",
                "all updates will be identical",
                "∂C/∂w_ij is the same for all weights, for all i too",
            ),
            Printed(
                "as printed, nothing learned",
                entry(sp.Integer(0)),
                "E-54",
                "Ng's notation (004), line 172",
                "& the net won't learn",
                "the gradient is 0",
            ),
            negated(EQUAL),
            without(EQUAL, leaving, "the outgoing weight missing"),
            Wrong("counted once for each unit", entry(m * EQUAL.array[()])),
        ),
    ),
)
