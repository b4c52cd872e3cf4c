"""The Hessian of a cross-entropy as a square, and how the Jacobians of a softmax move with its sums."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .letters import j, k, m, q, t, z
from .softmax import CLASSES, J_LOG, J_SOFT, SOFTMAX, p
from .softmax_products import ANY_COLUMN, BY_DIFF, v

g = index("g", m)
u = sp.IndexedBase("u")

ROOT = "S[k,q] = (δ_kq - p_k) r_q with r_q r_q = p_q: S = diag(r) - p r^T, r the roots of p"
SCALED = "targets that do not sum to 1 put the root of Σ t before S, and below d"
MOVED = {**SOFTMAX, u[k]: p[k] * (v[k] - total(p[g] * v[g], g))}
CHANGE = "u_k = p_k (v_k - Σ p v), the change of p_k along v (soft_push)"

P_K, P_Q = (sp.exp(z[a]) / total(sp.exp(z[j]), j) for a in (k, q))
SQUARED = total((delta(k, g) - P_K) * (delta(q, g) - P_Q) * sp.exp(z[g]) / total(sp.exp(z[j]), j), g)
RESIDUAL = entry(p[k] * total(t[j], j) - t[k])
BENT = entry(delta(k, q) * u[k] - u[k] * p[q] - p[k] * u[q])
LOG_BENT = entry(-u[q])

DERIVATIONS = (
    Derivation(
        id="CE_root",
        title="Cross-entropy after a softmax: a root of the Hessian",
        statement="Σ_g S[k,g] S[q,g] = J^soft[k,q]",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROOT, SCALED, "so that v^T H v = |S^T v|^2 (CE_Hessian)"),
        where=SOFTMAX,
        steps=chain(
            entry(total((delta(k, g) - p[k]) * (delta(q, g) - p[q]) * p[g], g)),
            (
                "the deltas pick their terms",
                entry(delta(k, q) * p[k] - p[k] * p[q] - p[q] * p[k] + p[k] * p[q] * total(p[g], g)),
            ),
            ("the outputs sum to 1", J_SOFT),
        ),
        truth=Explicit(sp.Array(SQUARED), "the sum of the explicit products"),
        wrong=(
            negated(J_SOFT),
            Wrong("diag(p), as from diag(r) alone", entry(delta(k, q) * p[k])),
            Wrong("p p^T for the outputs' sum", entry(delta(k, q) * p[k] - 2 * p[k] * p[q])),
            Wrong(
                "the square of J^soft",
                entry(total((delta(k, g) * p[k] - p[k] * p[g]) * J_SOFT.array[()].subs(k, g), g)),
            ),
        ),
    ),
    Derivation(
        id="CE_residual",
        title="Cross-entropy after a softmax: the residual of which the row is made",
        statement="Σ_q S[k,q] d_q = p_k Σ t - t_k",
        rows=("D-68",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            ROOT,
            "d_q = (p_q Σ t - t_q)/r_q, where r_q cancels",
            SCALED,
            "so that to second order the loss is half the square of d + S^T v, and a constant (CE_soft)",
        ),
        where=SOFTMAX,
        steps=chain(
            entry(total((delta(k, q) - p[k]) * (p[q] * total(t[j], j) - t[q]), q)),
            (
                "the delta picks one term",
                entry(
                    p[k] * total(t[j], j) - t[k] - p[k] * (total(p[q], q) * total(t[j], j) - total(t[q], q))
                ),
            ),
            ("the outputs sum to 1: a row sums to 0", RESIDUAL),
        ),
        truth=Explicit(
            sp.Array(
                total((delta(k, q) - P_K) * (P_Q * total(t[g], g) - t[q]), q),
            ),
            "the sum of the explicit products",
        ),
        wrong=(
            negated(RESIDUAL),
            Wrong("t_k missing", entry(p[k] * total(t[j], j))),
            Wrong("p_k - t_k, whatever the targets sum to", entry(p[k] - t[k])),
            Wrong("the row times p_k", entry(p[k] * (p[k] * total(t[j], j) - t[k]))),
        ),
    ),
    Derivation(
        id="soft_bend",
        title="How the softmax's Jacobian moves along v",
        statement="Σ_g ∂J^soft[k,q]/∂z_g v_g = δ_kq u_k - u_k p_q - p_k u_q",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ANY_COLUMN, CHANGE),
        where=MOVED,
        steps=chain(
            entry(total(partial(delta(k, q) * p[k] - p[k] * p[q], z[g]) * v[g], g)),
            (
                "the product rule",
                entry(
                    total(
                        (
                            delta(k, q) * partial(p[k], z[g])
                            - partial(p[k], z[g]) * p[q]
                            - p[k] * partial(p[q], z[g])
                        )
                        * v[g],
                        g,
                    )
                ),
            ),
            ("soft_push", BENT),
        ),
        truth=Explicit(
            sp.Array(total(sp.diff(delta(k, q) * P_K - P_K * P_Q, z[g]) * v[g], g)),
            BY_DIFF,
        ),
        wrong=(
            negated(BENT),
            Wrong("diag(u) alone", entry(delta(k, q) * u[k])),
            Wrong("p u^T forgotten", entry(delta(k, q) * u[k] - u[k] * p[q])),
            Wrong("u u^T for u p^T + p u^T", entry(delta(k, q) * u[k] - u[k] * u[q])),
        ),
    ),
    Derivation(
        id="log_bend",
        title="How the log-softmax's Jacobian moves along v",
        statement="Σ_g ∂(δ_kq - p_q)/∂z_g v_g = -u_q",
        rows=("E-09",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ANY_COLUMN, CHANGE, "the same for every k: -1 u^T"),
        where=MOVED,
        steps=chain(
            entry(total(partial(J_LOG.array[()], z[g]) * v[g], g)),
            ("δ_kq does not depend on z", entry(-total(partial(p[q], z[g]) * v[g], g))),
            ("soft_push", LOG_BENT),
        ),
        truth=Explicit(sp.Array(total(sp.diff(-P_Q, z[g]) * v[g], g)), BY_DIFF),
        wrong=(
            negated(LOG_BENT),
            Wrong("-u_k", entry(-u[k])),
            Wrong("with a diagonal, as the softmax's", entry(delta(k, q) * u[k] - u[q])),
            Wrong("-p_q v_q: the outputs' mean forgotten", entry(-p[q] * v[q])),
        ),
    ),
)
