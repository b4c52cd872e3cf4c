"""The Jacobian of a softmax in products: with ones, with a row, with a column, with both."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import j, k, m, q, z
from .softmax import CLASSES, J_LOG, J_SOFT, ROWS, SOFTMAX, p

g, v = map(sp.IndexedBase, "gv")
P = sp.Symbol("P")

EXPLICIT_J = sp.diff(sp.exp(z[k]) / total(sp.exp(z[j]), j), z[q])
BY_DIFF = "the sum with sympy's derivatives of p_k by z_q"
ANY_ROW = "g_k is any row, as ∂L/∂p_k of a loss, and has nothing to do with z"
ANY_COLUMN = "v_k is any column, as a small change of z"

PULLED = entry(p[q] * (g[q] - total(g[k] * p[k], k)))
LOG_PULLED = entry(g[q] - p[q] * total(g[k], k))
PUSHED = entry(p[k] * (v[k] - total(p[q] * v[q], q)))
SPREAD = entry(total(p[k] * v[k] ** 2, k) - total(p[k] * v[k], k) ** 2)
VARIANCE = entry(total(p[k] * (v[k] - total(p[q] * v[q], q)) ** 2, k))

DERIVATIONS = (
    Derivation(
        id="J_soft_rows",
        title="The rows of the softmax's Jacobian sum to 0",
        statement="Σ_q J^soft[k,q] = 0",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            ROWS,
            "J times a column of ones is 0: what all sums have in common has no effect",
        ),
        where=SOFTMAX,
        steps=chain(
            entry(total(partial(p[k], z[q]), q)),
            ("J_soft", entry(total(J_SOFT.array[()], q))),
            ("the delta picks one term", entry(p[k] - p[k] * total(p[q], q))),
            ("the outputs sum to 1", entry(sp.S.Zero)),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_J, q)), BY_DIFF),
        wrong=(
            Wrong("1, as the outputs", entry(sp.S.One)),
            Wrong("-p p^T missing", entry(p[k])),
            Wrong("diagonal alone", entry(p[k] - p[k] ** 2)),
            Wrong("without the diagonal", entry(-p[k] * (1 - p[k]))),
            Wrong("the logarithm's", entry(1 - p[k])),
        ),
    ),
    Derivation(
        id="J_soft_cols",
        title="The columns of the softmax's Jacobian sum to 0",
        statement="Σ_k J^soft[k,q] = 0",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROWS, "what one output gains, the others lose"),
        where={**SOFTMAX, P: total(p[k], k)},
        steps=chain(
            entry(total(partial(p[k], z[q]), k)),
            ("the sum of derivatives", entry(partial(P, z[q]))),
            ("the outputs sum to 1", entry(partial(sp.S.One, z[q]))),
            ("the derivative of a number", entry(sp.S.Zero)),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_J, k)), BY_DIFF),
        wrong=(
            Wrong("1, as the outputs", entry(sp.S.One)),
            Wrong("-p p^T missing", entry(p[q])),
            Wrong("diagonal alone", entry(p[q] - p[q] ** 2)),
            Wrong("the logarithm's: 1 - m p_q", entry(1 - k.upper * p[q])),
        ),
    ),
    Derivation(
        id="soft_pull",
        title="A row times the softmax's Jacobian: the step back through a softmax",
        statement="(g J)[q] = p_q (g_q - Σ_k g_k p_k)",
        rows=("D-79",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ANY_ROW),
        where=SOFTMAX,
        steps=chain(
            entry(total(g[k] * partial(p[k], z[q]), k)),
            ("J_soft", entry(total(g[k] * (delta(k, q) * p[k] - p[k] * p[q]), k))),
            ("the delta picks one term", entry(g[q] * p[q] - total(g[k] * p[k] * p[q], k))),
            ("p_q is in both", PULLED),
        ),
        truth=Explicit(sp.Array(total(g[k] * EXPLICIT_J, k)), BY_DIFF),
        wrong=(
            negated(PULLED),
            Wrong("the sum missing: a sigmoid's step", entry(p[q] * g[q])),
            Wrong("diagonal alone", entry(p[q] * (1 - p[q]) * g[q])),
            Wrong("g not weighted by p", entry(p[q] * (g[q] - total(g[k], k)))),
            Wrong("p_q missing", entry(g[q] - total(g[k] * p[k], k))),
            Wrong("+ the sum", entry(p[q] * (g[q] + total(g[k] * p[k], k)))),
        ),
    ),
    Derivation(
        id="log_pull",
        title="A row times the Jacobian of the logarithm of a softmax",
        statement="(g J)[q] = g_q - p_q Σ_k g_k",
        rows=("E-09",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, "g_k is any row, as ∂L/∂log p_k of a loss, and has nothing to do with z"),
        where=SOFTMAX,
        steps=chain(
            entry(total(g[k] * partial(sp.log(p[k]), z[q]), k)),
            ("J_log_soft", entry(total(g[k] * J_LOG.array[()], k))),
            ("the delta picks one term", LOG_PULLED),
        ),
        truth=Explicit(
            sp.Array(total(g[k] * sp.diff(z[k] - sp.log(total(sp.exp(z[j]), j)), z[q]), k)),
            "the sum with sympy's derivatives of log p_k by z_q",
        ),
        wrong=(
            negated(LOG_PULLED),
            Wrong("the sum missing", entry(g[q])),
            Wrong("p_q missing", entry(g[q] - total(g[k], k))),
            Wrong("g weighted by p", entry(g[q] - total(g[k] * p[k], k))),
            Wrong("1/m for p_q", entry(g[q] - total(g[k], k) / m)),
            Wrong("the softmax's", PULLED),
        ),
    ),
    Derivation(
        id="soft_push",
        title="The softmax's Jacobian times a column: how a small change goes on",
        statement="(J v)[k] = p_k (v_k - Σ_q p_q v_q)",
        rows=("D-79",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ANY_COLUMN, "the same product as with a row, since J is symmetric"),
        where=SOFTMAX,
        steps=chain(
            entry(total(partial(p[k], z[q]) * v[q], q)),
            ("J_soft", entry(total((delta(k, q) * p[k] - p[k] * p[q]) * v[q], q))),
            ("the delta picks one term", entry(p[k] * v[k] - total(p[k] * p[q] * v[q], q))),
            ("p_k is in both", PUSHED),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_J * v[q], q)), BY_DIFF),
        wrong=(
            negated(PUSHED),
            without(PUSHED, p[k], "p_k missing"),
            Wrong("the sum missing", entry(p[k] * v[k])),
            Wrong("v not weighted by p", entry(p[k] * (v[k] - total(v[q], q)))),
            Wrong("the logarithm's", entry(v[k] - total(p[q] * v[q], q))),
        ),
    ),
    Derivation(
        id="soft_form",
        title="The quadratic form of the softmax's Jacobian",
        statement="v^T J v = Σ p v^2 - (Σ p v)^2",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ANY_COLUMN),
        where=SOFTMAX,
        steps=chain(
            entry(total(v[k] * partial(p[k], z[q]) * v[q], k, q)),
            ("J_soft", entry(total(v[k] * (delta(k, q) * p[k] - p[k] * p[q]) * v[q], k, q))),
            (
                "the delta picks the terms with q = k",
                entry(total(p[k] * v[k] ** 2, k) - total(p[k] * v[k] * p[q] * v[q], k, q)),
            ),
            ("the double sum is a product of two equal sums", SPREAD),
        ),
        truth=Explicit(sp.Array(total(v[k] * EXPLICIT_J * v[q], k, q)), BY_DIFF),
        wrong=(
            negated(SPREAD),
            Wrong("(Σ p v)^2 missing", entry(total(p[k] * v[k] ** 2, k))),
            Wrong("Σ p^2 v^2 for (Σ p v)^2", entry(total(p[k] * v[k] ** 2 - p[k] ** 2 * v[k] ** 2, k))),
            Wrong("v for v^2", entry(total(p[k] * v[k], k) - total(p[k] * v[k], k) ** 2)),
        ),
    ),
    Derivation(
        id="soft_var",
        title="The softmax's Jacobian is positive semidefinite: a variance",
        statement="v^T J v = Σ_k p_k (v_k - Σ p v)^2",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            ANY_COLUMN,
            "a sum of squares with weights p_k > 0 is never negative, and 0 only if all v_k are equal: "
            "no eigenvalue is negative, and the rank is m - 1",
        ),
        where=SOFTMAX,
        steps=chain(
            entry(total(v[k] * partial(p[k], z[q]) * v[q], k, q)),
            ("as derived in soft_form", SPREAD),
            (
                "-u^2 = -2 u u + u^2 Σ_k p_k, with u = Σ_k p_k v_k",
                entry(
                    total(p[k] * v[k] ** 2, k)
                    - 2 * total(p[k] * v[k], k) * total(p[q] * v[q], q)
                    + total(p[k], k) * total(p[q] * v[q], q) ** 2
                ),
            ),
            ("the square of a difference", VARIANCE),
        ),
        truth=Explicit(sp.Array(total(v[k] * EXPLICIT_J * v[q], k, q)), BY_DIFF),
        wrong=(
            negated(VARIANCE),
            Wrong("not weighted by p", entry(total((v[k] - total(p[q] * v[q], q)) ** 2, k))),
            Wrong("mean not weighted by p", entry(total(p[k] * (v[k] - total(v[q], q)) ** 2, k))),
            Wrong("not squared: 0", entry(total(p[k] * (v[k] - total(p[q] * v[q], q)), k))),
        ),
    ),
)
