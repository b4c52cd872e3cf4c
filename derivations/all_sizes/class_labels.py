"""Cross-entropy after a softmax where the target is a class: one-hot, smoothed, weighted."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .cross_entropy import ONE_CASE, u
from .letters import j, k, m, q, t, y, z
from .losses import L
from .softmax import CLASSES, SOFTMAX, S, p

label = index("l", m)
share = sp.Symbol("g")
loss = sp.IndexedBase("L")

LABEL = "l is the number of the right class: t_k = δ_kl; L_l is the loss where it is"
LIKELIHOOD = {loss[label]: -sp.log(p[label]), **SOFTMAX}
SMOOTH = {
    loss[label]: -total(t[label, k] * sp.log(p[k]), k),
    **SOFTMAX,
    t[label, k]: (1 - share) * delta(k, label) + share / m,
}
LOG_SHARES = {L: -total(t[k] * y[k], k)}
NLL = {L: -total(t[k] * y[k], k), y[k]: sp.log(p[k]), **SOFTMAX}
WEIGHTED = {**SOFTMAX, L: -total(u[k] * t[k] * sp.log(p[k]), k)}

EXPLICIT_LOSS = sp.log(total(sp.exp(z[j]), j)) - z[label]

ON_SUMS = entry(sp.log(S) - z[label])
LABEL_ROW = entry(p[q] - delta(q, label))
OTHERS = entry(-total((1 - delta(k, label)) * p[k], k))
SMOOTH_ROW = entry(p[q] - (1 - share) * delta(q, label) - share / m)
NLL_ROW = entry(-t[k])
NLL_HEAD = entry(p[q] * total(t[k], k) - t[q])
WEIGHTED_ROW = entry(p[q] * total(u[k] * t[k], k) - u[q] * t[q])

DERIVATIONS = (
    Derivation(
        id="CE_label",
        title="One-hot cross-entropy is the negative logarithm of the likelihood",
        statement="-Σ_k δ_kl log p_k = log S - z_l",
        rows=("E-52",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, LABEL, "p_l is the probability that the network gives to what was observed"),
        where=SOFTMAX,
        steps=chain(
            entry(-total(delta(k, label) * sp.log(p[k]), k)),
            ("the delta picks one term", entry(-sp.log(p[label]))),
            ("definition", entry(-sp.log(sp.exp(z[label]) / S))),
            ("log(a/b) = log a - log b; log exp(z) = z", ON_SUMS),
        ),
        truth=Explicit(
            sp.Array(-total(delta(k, label) * sp.log(sp.exp(z[k]) / total(sp.exp(z[j]), j)), k)),
            "the sum with the explicit softmax",
        ),
        wrong=(
            negated(ON_SUMS),
            Wrong("the logarithm of the likelihood", entry(sp.log(p[label]))),
            Wrong("all classes", entry(-total(sp.log(p[k]), k))),
            Wrong("log S missing", entry(-z[label])),
        ),
    ),
    Derivation(
        id="CE_label_row",
        title="The row of the negative log-likelihood of a class",
        statement="∂L_l/∂z_q = p_q - δ_ql",
        rows=("E-52",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, LABEL),
        where=LIKELIHOOD,
        steps=chain(
            entry(partial(loss[label], z[q])),
            ("definition; log' = 1/p", entry(-partial(p[label], z[q]) / p[label])),
            ("J_soft", entry(-(delta(q, label) * p[label] - p[label] * p[q]) / p[label])),
            ("divided by p_l", LABEL_ROW),
        ),
        truth=Truth(sp.Array(EXPLICIT_LOSS), sp.Array(z[q])),
        wrong=(
            negated(LABEL_ROW),
            Wrong("δ_ql missing", entry(p[q])),
            Wrong("at the right class alone", entry(delta(q, label) * (p[q] - 1))),
            Wrong("the row at p: -δ_ql/p_q", entry(-delta(q, label) / p[q])),
        ),
    ),
    Derivation(
        id="CE_label_acc",
        title="The row at the right class without cancellation",
        statement="∂L_l/∂z_l = -Σ_k≠l p_k",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            LABEL,
            "p_l - 1 is 0 in floating point where p_l rounds to 1; a sum of positive terms is not",
        ),
        where=LIKELIHOOD,
        steps=chain(
            entry(partial(loss[label], z[label])),
            ("CE_label_row with q = l", entry(p[label] - 1)),
            ("1 is the sum of all outputs", entry(p[label] - total(p[k], k))),
            ("all terms but k = l are left", OTHERS),
        ),
        truth=Truth(sp.Array(EXPLICIT_LOSS), sp.Array(z[label])),
        wrong=(
            negated(OTHERS),
            Wrong("all outputs summed", entry(-total(p[k], k))),
            Wrong("the softmax's slope", entry(-p[label] * total((1 - delta(k, label)) * p[k], k))),
            Wrong("the right class alone", entry(-p[label])),
        ),
    ),
    Derivation(
        id="CE_smooth",
        title="The row of the cross-entropy with smoothed labels",
        statement="∂L_l/∂z_q = p_q - (1-g) δ_ql - g/m",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ONE_CASE, "the share g of the target is spread evenly over all m classes"),
        where=SMOOTH,
        steps=chain(
            entry(partial(loss[label], z[q])),
            ("CE_soft", entry(p[q] * total(t[label, k], k) - t[label, q])),
            (
                "definition of t",
                entry(p[q] * (total((1 - share) * delta(k, label), k) + total(share / m, k)) - t[label, q]),
            ),
            ("one delta; m equal terms", entry(p[q] * (1 - share + share) - t[label, q])),
            ("definition of t_q", SMOOTH_ROW),
        ),
        truth=Truth(
            sp.Array(
                (1 - share) * EXPLICIT_LOSS + share / m * total(sp.log(total(sp.exp(z[j]), j)) - z[k], k)
            ),
            sp.Array(z[q]),
        ),
        wrong=(
            negated(SMOOTH_ROW),
            Wrong("not smoothed", LABEL_ROW),
            Wrong("g/m missing", entry(p[q] - (1 - share) * delta(q, label))),
            Wrong("1 for 1-g", entry(p[q] - delta(q, label) - share / m)),
            Wrong(
                "g spread over the wrong classes alone",
                entry(p[q] - (1 - share) * delta(q, label) - share * (1 - delta(q, label)) / m),
            ),
        ),
    ),
    Derivation(
        id="CE_weighted",
        title="The row of the cross-entropy with a weight for each class",
        statement="∂L/∂z_q = p_q Σ u t - u_q t_q",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, "u_k is the weight of class k: L = -Σ_k u_k t_k log p_k"),
        where=WEIGHTED,
        steps=chain(
            entry(partial(L, z[q])),
            ("definition", entry(-total(u[k] * t[k] * partial(sp.log(p[k]), z[q]), k))),
            ("J_log_soft", entry(-total(u[k] * t[k] * (delta(k, q) - p[q]), k))),
            ("the delta picks one term", WEIGHTED_ROW),
        ),
        truth=Truth(
            sp.Array(-total(t[k] * sp.log(sp.exp(z[k]) / total(sp.exp(z[j]), j)) * u[k], k)), sp.Array(z[q])
        ),
        wrong=(
            negated(WEIGHTED_ROW),
            Wrong("u_q (p_q - t_q): one weight for both", entry(u[q] * (p[q] - t[q]))),
            Wrong("no weights", entry(p[q] * total(t[k], k) - t[q])),
            Wrong("weight missing in the sum", entry(p[q] * total(t[k], k) - u[q] * t[q])),
            Wrong("weight missing at t_q", entry(p[q] * total(u[k] * t[k], k) - t[q])),
        ),
    ),
    Derivation(
        id="NLL_row",
        title="The row of the negative log-likelihood at the log-probabilities",
        statement="∂L/∂y_k = -t_k",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=("y_k are log-probabilities, t_k their targets: L = -Σ_k t_k y_k; one case",),
        where=LOG_SHARES,
        steps=chain(
            entry(partial(L, y[k])),
            ("definition", entry(-total(t[j] * partial(y[j], y[k]), j))),
            ("one term depends on y_k", NLL_ROW),
        ),
        truth=Truth(sp.Array(total(-y[j] * t[j], j)), sp.Array(y[k])),
        wrong=(
            negated(NLL_ROW),
            Wrong("by the probability: -t_k/y_k", entry(-t[k] / y[k])),
            Wrong("all targets", entry(-total(t[j], j))),
            Wrong("t_k missing", entry(-sp.S.One)),
            Wrong("the squared error's", entry(y[k] - t[k])),
        ),
    ),
    Derivation(
        id="NLL_log_soft",
        title="The negative log-likelihood after a log-softmax: the row at the sums",
        statement="∂L/∂z_q = p_q Σ t - t_q",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, "y_k = log p_k, and L = -Σ_k t_k y_k: the cross-entropy of p in two layers"),
        where=NLL,
        steps=chain(
            entry(partial(L, z[q])),
            ("chain rule", entry(total(partial(L, y[k]) * partial(y[k], z[q]), k))),
            ("NLL_row", entry(-total(t[k] * partial(y[k], z[q]), k))),
            ("J_log_soft", entry(-total(t[k] * (delta(k, q) - p[q]), k))),
            ("the delta picks one term", NLL_HEAD),
        ),
        truth=Truth(sp.Array(total(t[k] * (sp.log(total(sp.exp(z[j]), j)) - z[k]), k)), sp.Array(z[q])),
        wrong=(
            negated(NLL_HEAD),
            Wrong("the row at y for that at z", entry(-t[q])),
            Wrong("log p for p", entry(y[q] * total(t[k], k) - t[q])),
            Wrong("t_q missing", entry(p[q] * total(t[k], k))),
            Wrong("transposed: Σ t p - t", entry(total(t[k] * p[k], k) - t[q])),
        ),
    ),
)
