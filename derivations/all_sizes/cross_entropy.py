"""Cross-entropy after a softmax: its row, the mean over cases, and its Hessian."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import N, c, h, j, k, m, q, t, z
from .losses import ENTROPY, L
from .softmax import CLASSES, SOFTMAX, p

u = sp.IndexedBase("u")
sums, weight = sp.IndexedBase("S"), sp.IndexedBase("U")
U = sp.Symbol("U")

AFTER_SOFTMAX = {**ENTROPY, **SOFTMAX}
SUMMING_TO_1 = {**AFTER_SOFTMAX, t[k]: u[k] / U, U: total(u[j], j)}
CASES = {
    L: -total(t[c, k] * sp.log(p[c, k]), c, k) / N,
    p[c, k]: sp.exp(z[c, k]) / sums[c],
    sums[c]: total(sp.exp(z[c, j]), j),
    t[c, k]: u[c, k] / weight[c],
    weight[c]: total(u[c, j], j),
}

TARGETS = "t_k are any numbers that have nothing to do with z"
ONE_CASE = "L = -Σ_k t_k log p_k, of one case"

EXPLICIT_LOG = z[k] - sp.log(total(sp.exp(z[j]), j))
SOFT_ROW = entry(p[q] * total(t[k], k) - t[q])
ROW = entry(p[q] - t[q])
MEAN_ROW = entry((p[c, q] - t[c, q]) / N)
HESSIAN = entry(total(t[j], j) * (delta(k, q) * p[k] - p[k] * p[q]))

DERIVATIONS = (
    Derivation(
        id="CE_soft",
        title="Cross-entropy after a softmax: the row for any targets",
        statement="∂L/∂z_q = p_q Σ_k t_k - t_q",
        rows=("D-68", "D-79"),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ONE_CASE, TARGETS),
        where=AFTER_SOFTMAX,
        steps=chain(
            entry(partial(L, z[q])),
            ("chain rule", entry(total(partial(L, p[k]) * partial(p[k], z[q]), k))),
            ("CE_row", entry(total(-t[k] / p[k] * partial(p[k], z[q]), k))),
            ("J_soft", entry(total(-t[k] / p[k] * (delta(k, q) * p[k] - p[k] * p[q]), k))),
            ("p_k cancels", entry(total(t[k] * p[q] - t[k] * delta(k, q), k))),
            ("the delta picks one term", SOFT_ROW),
        ),
        truth=Truth(sp.Array(-total(t[k] * EXPLICIT_LOG, k)), sp.Array(z[q])),
        wrong=(
            negated(SOFT_ROW),
            Wrong("p_q - t_q, whatever the targets sum to", ROW),
            Wrong("the diagonal of J_soft alone", entry(-t[q] * (1 - p[q]))),
            Wrong("the softmax forgotten: -t_q/p_q", entry(-t[q] / p[q])),
        ),
    ),
    Derivation(
        id="CE_softmax",
        title="Cross-entropy after a softmax: the row for targets that sum to 1",
        statement="∂L/∂z_q = p_q - t_q",
        rows=("E-53",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            ONE_CASE,
            "Σ_k t_k = 1, as one-hot targets do: then t_k = u_k/Σ_j u_j for some u (take u = t)",
        ),
        where=SUMMING_TO_1,
        steps=chain(
            entry(partial(L, z[q])),
            ("as derived in CE_soft", SOFT_ROW),
            ("t_k = u_k/U", entry(p[q] * total(u[k] / U, k) - t[q])),
            ("U is the sum of the u_k", ROW),
        ),
        truth=Truth(
            sp.Array(-total(u[k] / total(u[j], j) * sp.log(sp.exp(z[k]) / total(sp.exp(z[j]), j)), k)),
            sp.Array(z[q]),
        ),
        wrong=(
            negated(ROW),
            Wrong("t_q missing", entry(p[q])),
            Wrong("with a sigmoid's slope", entry((p[q] - t[q]) * p[q] * (1 - p[q]))),
            Wrong("divided by m", entry((p[q] - t[q]) / m)),
            Wrong("u_q for t_q: targets that do not sum to 1", entry(p[q] - u[q])),
        ),
    ),
    Derivation(
        id="CE_mean",
        title="Cross-entropy after a softmax: the mean over cases",
        statement="∂L/∂z_cq = 1/N (p_cq - t_cq)",
        rows=(),
        sizes="N, m",
        scope="all sizes",
        assumptions=(
            "L = -1/N Σ_c Σ_k t_ck log p_ck, the mean over N cases c",
            "the targets of each case sum to 1, so t_ck = u_ck/Σ_j u_cj for some u",
        ),
        where=CASES,
        steps=chain(
            entry(partial(L, z[c, q])),
            ("definition", entry(-total(t[h, k] * partial(sp.log(p[h, k]), z[c, q]), h, k) / N)),
            ("only case c depends on z_c", entry(-total(t[c, k] * partial(sp.log(p[c, k]), z[c, q]), k) / N)),
            ("J_log_soft", entry(-total(t[c, k] * (delta(k, q) - p[c, q]), k) / N)),
            ("the delta picks one term", entry((p[c, q] * total(t[c, k], k) - t[c, q]) / N)),
            ("the targets sum to 1", MEAN_ROW),
        ),
        truth=Truth(
            sp.Array(
                -total(
                    (u[h, k] / total(u[h, j], j)) * (z[h, k] - sp.log(total(sp.exp(z[h, j]), j))) / N, h, k
                )
            ),
            sp.Array(z[c, q]),
        ),
        wrong=(
            negated(MEAN_ROW),
            without(MEAN_ROW, 1 / N, "1/N missing: the sum over cases"),
            Wrong("1/(N m): the mean over classes too", entry((p[c, q] - t[c, q]) / (N * m))),
            Wrong("the mean of the rows of all cases", entry(total(p[h, q] - t[h, q], h) / N)),
        ),
    ),
    Derivation(
        id="CE_Hessian",
        title="Cross-entropy after a softmax: the Hessian by the sums",
        statement="∂²L/∂z_k∂z_q = (Σ t) J^soft[k,q]",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            ONE_CASE,
            TARGETS,
            "J^soft is positive semidefinite (soft_var): L is convex in z where Σ t is not negative",
        ),
        where=AFTER_SOFTMAX,
        steps=chain(
            entry(partial(partial(L, z[k]), z[q])),
            ("CE_soft; t does not depend on z", entry(total(t[j], j) * partial(p[k], z[q]))),
            ("J_soft", HESSIAN),
        ),
        truth=Truth(
            sp.Array(sp.diff(total(t[j], j) * sp.log(total(sp.exp(z[q]), q)) - total(t[j] * z[j], j), z[k])),
            sp.Array(z[q]),
            words="sympy's second derivative of the explicit loss",
        ),
        wrong=(
            negated(HESSIAN),
            without(HESSIAN, total(t[j], j), "Σ t missing"),
            Wrong("diagonal alone", entry(total(t[j], j) * delta(k, q) * p[k] * (1 - p[k]))),
            Wrong("t_k for Σ t", entry(t[k] * (delta(k, q) * p[k] - p[k] * p[q]))),
        ),
    ),
)
