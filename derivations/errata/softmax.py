"""Errata of the softmax: where the chain starts, what does not commute with it, and its sum."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Printed, Truth, Wrong, chain
from ..proof.formula import D, Letter, entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped
from .letters import a, i, j, k, m, q

y, w, s, z, t, e, u, prob = map(sp.IndexedBase, "ywszteup")
L, S, high = sp.symbols("L S a")

LOG_SOFTMAX = entry(w[i, k] - total(prob[j] * w[i, j], j))
CHAIN_START = entry(s[j] * total(t[k], k) - t[j])
LARGEST = entry(sp.exp(high) / (sp.exp(high) + m - 1))
LOG_SLOPE = entry(delta(j, k) - prob[k])

DERIVATIONS = (
    Derivation(
        id="E-09",
        title="(W · J)^T = J · W^T only if J is symmetric",
        statement="J_Y^Z[k,i] = Σ_j J[k,j] w_ij",
        rows=("E-09",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "z_k = s_k - log Σ_q exp(s_q), the log-softmax of s_j = Σ_i y_i w_ij; p is the softmax of s",
            "its Jacobian J[k,j] = δ_kj - p_j is not symmetric, unlike those of sigmoids and of the softmax",
        ),
        where={
            z[k]: s[k] - sp.log(total(sp.exp(s[q]), q)),
            prob[j]: sp.exp(s[j]) / total(sp.exp(s[q]), q),
            s[j]: total(y[i] * w[i, j], i),
        },
        steps=chain(
            entry(partial(z[k], y[i])),
            ("chain rule", entry(total(partial(z[k], s[j]) * partial(s[j], y[i]), j))),
            ("∂s_j/∂y_i = w_ij", entry(total(partial(z[k], s[j]) * w[i, j], j))),
            ("J[k,j] = δ_kj - p_j", entry(total((delta(k, j) - prob[j]) * w[i, j], j))),
            ("the delta picks one term", LOG_SOFTMAX),
        ),
        truth=Truth(
            sp.Array(total(y[a] * w[a, k], a) - sp.log(total(sp.exp(total(y[a] * w[a, j], a)), j))),
            sp.Array(y[i]),
        ),
        wrong=(
            Printed(
                "as printed, the first form (W · J)^T",
                entry(total(w[i, j] * (delta(j, k) - prob[k]), j)),
                "E-09",
                "Downing (000), line 580",
                "J_Y^Z = (W · J_Sum^Z)^T = J_Sum^Z · W^T",
            ),
            negated(LOG_SOFTMAX),
            Wrong("the coupling ignored", entry(w[i, k])),
            Wrong("the weights not averaged", entry(w[i, k] - total(w[i, j], j))),
            Wrong("a softmax in place of its log", entry(prob[k] * LOG_SOFTMAX.array[()])),
        ),
    ),
    Derivation(
        id="E-14a",
        title="With a softmax the chain starts at its outputs, R = J_S^L",
        statement="J_S^L · J_Z^S = s_j Σ_k t_k - t_j",
        rows=("E-14",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "s_k = exp(z_k)/Σ_q exp(z_q), k from 1 to m",
            "L = -Σ_k t_k log s_k; J^soft[k,j] = s_k (δ_kj - s_j) is the softmax's own Jacobian",
            "started at the sums z, the chain would pass the softmax twice",
        ),
        where={L: -total(t[k] * sp.log(s[k]), k), s[k]: sp.exp(z[k]) / total(sp.exp(z[q]), q)},
        steps=chain(
            entry(partial(L, z[j])),
            ("R = J_S^L, then R · J^soft", entry(total(partial(L, s[k]) * partial(s[k], z[j]), k))),
            ("derivative of the logarithm", entry(total(-t[k] / s[k] * partial(s[k], z[j]), k))),
            ("∂s_k/∂z_j = s_k (δ_kj - s_j)", entry(total(-t[k] * (delta(k, j) - s[j]), k))),
            ("the delta picks one term", CHAIN_START),
        ),
        truth=Truth(
            sp.Array(total(t[q] * sp.log(total(sp.exp(z[k]), k)), q) - total(t[q] * z[q], q)),
            sp.Array(z[j]),
        ),
        wrong=(
            Printed(
                "as printed, R = J_Z^L of the output layer, then J^soft again",
                entry(total((s[k] * total(t[q], q) - t[k]) * s[k] * (delta(k, j) - s[j]), k)),
                "E-14",
                "Downing (000), lines 559 and 560",
                "R = J_N^L (w.r.t. the output layer); if output layer is Softmax: R <- R · J^soft",
                "R = ∂L/∂z for the units z below the softmax, then R · J^soft",
            ),
            negated(CHAIN_START),
            Wrong("J^soft left out", entry(-t[j] / s[j])),
            Wrong("the diagonal of J^soft alone", entry(-t[j] * (1 - s[j]))),
            Wrong("the targets not summed", entry(s[j] - t[j])),
        ),
    ),
    Derivation(
        id="E-14b",
        title="A softmax on top of sigmoids cannot come near 1",
        statement="largest p = e^a/(e^a + m - 1), a < 1",
        rows=("E-14",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "unit j below the softmax gives a, the others 0: e_jk = exp(a δ_jk) = 1 + (exp(a)-1) δ_jk",
            "sigmoids stay between 0 and 1, so that p_jj is below e/(e + m - 1): 0.731, 0.576 and 0.232 for "
            "m = 2, 3 and 10; the sums below a softmax should be linear",
        ),
        where={
            prob[j, k]: e[j, k] / total(e[j, q], q),
            e[j, k]: 1 + (sp.exp(high) - 1) * delta(j, k),
        },
        steps=chain(
            entry(prob[j, j]),
            ("definition of the softmax", entry(e[j, j] / total(e[j, k], k))),
            ("unit j gives exp(a)", entry(sp.exp(high) / total(1 + (sp.exp(high) - 1) * delta(j, k), k))),
            ("m ones; the delta picks one term", LARGEST),
        ),
        truth=Explicit(
            sp.Array(1 / (1 + total((1 - delta(k, j)) * sp.exp(-high), k))),
            "1/Σ_k exp(a_k - a_j)",
        ),
        wrong=(
            Wrong("1, as if the units below were linear", entry(sp.Integer(1))),
            Wrong("unit j counted twice below", entry(sp.exp(high) / (sp.exp(high) + m))),
            Wrong("all alike", entry(1 / m)),
            Wrong("the others not counted", entry(sp.exp(high) / (sp.exp(high) + 1))),
            Wrong("another unit's", entry(1 / (sp.exp(high) + m - 1))),
        ),
    ),
    Derivation(
        id="E-30b",
        title="The sum of the softmax runs over its own index",
        statement="∂log p_j/∂z_k = δ_jk - p_k",
        rows=("E-30",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "p_j = exp(z_j)/S, S = Σ_q exp(z_q): the bound index q is the one in exp(z_q)",
            "a sum of exp(z_q) over another index has m equal terms, and nothing is normalised",
        ),
        where={u[j]: sp.log(prob[j]), prob[j]: sp.exp(z[j]) / S, S: total(sp.exp(z[q]), q)},
        steps=chain(
            entry(partial(u[j], z[k])),
            ("u_j = log p_j", entry(partial(prob[j], z[k]) / prob[j])),
            ("quotient rule", entry((delta(j, k) * sp.exp(z[j]) / S - sp.exp(z[j] + z[k]) / S**2) / prob[j])),
            ("exp(z_j)/S = p_j cancels", entry(delta(j, k) - sp.exp(z[k]) / S)),
            ("exp(z_k)/S = p_k", LOG_SLOPE),
        ),
        truth=Truth(sp.Array(z[j] - sp.log(total(sp.exp(z[q]), q))), sp.Array(z[k])),
        wrong=(
            Printed(
                "as printed, a sum over the free index of exp(z_q)",
                D(entry(sp.log(sp.exp(z[j]) / total(sp.exp(z[q]), j))), Letter("z_k", sp.Array(z[k]))),
                "E-30",
                "Bao (001), line 538",
                "softmax(z_i) = e^(z_i) / Σ_{i=1}^K e^(z_j)",
            ),
            negated(LOG_SLOPE),
            swapped(LOG_SLOPE, j, k),
            Wrong("1 - p_k for every j", entry(1 - prob[k])),
            Wrong("the log forgotten", entry(prob[j] * (delta(j, k) - prob[k]))),
        ),
    ),
)
