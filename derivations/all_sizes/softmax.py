"""The softmax of any number of classes: what it does to z, and its Jacobian."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import Plus, Times, entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import j, k, q, z

p = sp.IndexedBase("p")
S, shift = sp.symbols("S c")

SOFTMAX = {p[k]: sp.exp(z[k]) / S, S: total(sp.exp(z[j]), j)}
CLASSES = "z_k are the sums that enter the softmax, p_k its outputs, with k from 1 to m; one case"
ROWS = "numerator layout: the output's index k first, then q of the variable"

EXPLICIT_P = sp.exp(z[k]) / total(sp.exp(z[j]), j)
J_SOFT = entry(delta(k, q) * p[k] - p[k] * p[q])
J_LOG = entry(delta(k, q) - p[q])
STABLE = entry(p[k] * total((1 - delta(k, q)) * p[q], q))

DERIVATIONS = (
    Derivation(
        id="soft_sum",
        title="The outputs of a softmax sum to 1",
        statement="Σ_k p_k = 1",
        rows=("D-76",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES,),
        where=SOFTMAX,
        steps=chain(
            entry(total(p[k], k)),
            ("definition", entry(total(sp.exp(z[k]) / S, k))),
            ("S has no index k", Times(1 / S, entry(total(sp.exp(z[k]), k)))),
            ("S is the same sum", entry(sp.S.One)),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_P, k)), "the sum of the explicit outputs"),
        wrong=(
            negated(entry(sp.S.One)),
            Wrong("0, as the sum of a row of J", entry(sp.S.Zero)),
            Wrong("one output alone", entry(p[k])),
            Wrong("not divided by S", entry(total(sp.exp(z[k]), k))),
        ),
    ),
    Derivation(
        id="soft_shift",
        title="A softmax ignores a constant that is added to all sums",
        statement="softmax(z + c) = softmax(z)",
        rows=("D-76",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, "c is any number, -max z_j in a computation, so that no exponential overflows"),
        where=SOFTMAX,
        steps=chain(
            entry(sp.exp(z[k] + shift) / total(sp.exp(z[j] + shift), j)),
            (
                "exp(z+c) = exp(c) exp(z)",
                entry(sp.exp(shift) * sp.exp(z[k]) / total(sp.exp(shift) * sp.exp(z[j]), j)),
            ),
            ("c has no index j", entry(sp.exp(shift) * sp.exp(z[k]) / (sp.exp(shift) * S))),
            ("definition", entry(p[k])),
        ),
        truth=Explicit(sp.Array(EXPLICIT_P.xreplace({z[k]: z[k] + shift, z[j]: z[j] + shift}))),
        wrong=(
            negated(entry(p[k])),
            Wrong("a factor exp(c) is left", entry(sp.exp(shift) * p[k])),
            Wrong("c is added to the output", entry(p[k] + shift)),
            Wrong("c is added to one sum alone", entry(sp.exp(z[k] + shift) / S)),
        ),
    ),
    Derivation(
        id="J_soft",
        title="The Jacobian of a softmax: diag(p) - p p^T",
        statement="J^soft[k,q] = δ_kq p_k - p_k p_q",
        rows=("D-77", "D-78"),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROWS),
        where=SOFTMAX,
        steps=chain(
            entry(partial(p[k], z[q])),
            (
                "quotient rule",
                entry((partial(sp.exp(z[k]), z[q]) * S - sp.exp(z[k]) * partial(S, z[q])) / S**2),
            ),
            (
                "∂exp(z_k)/∂z_q = δ_kq exp(z_k)",
                entry((delta(k, q) * sp.exp(z[k]) * S - sp.exp(z[k]) * partial(S, z[q])) / S**2),
            ),
            (
                "one term of S depends on z_q",
                entry((delta(k, q) * sp.exp(z[k]) * S - sp.exp(z[k]) * sp.exp(z[q])) / S**2),
            ),
            ("divided by S twice", J_SOFT),
        ),
        truth=Truth(sp.Array(EXPLICIT_P), sp.Array(z[q])),
        wrong=(
            negated(J_SOFT),
            Wrong("-p p^T missing: a sigmoid's diagonal", entry(delta(k, q) * p[k])),
            Wrong("diagonal alone: δ_kq p_k(1-p_k)", entry(delta(k, q) * p[k] * (1 - p[k]))),
            Wrong("+p p^T", entry(delta(k, q) * p[k] + p[k] * p[q])),
            Wrong("δ_kq missing", entry(p[k] - p[k] * p[q])),
            Wrong("the logarithm's: δ_kq - p_q", J_LOG),
        ),
    ),
    Derivation(
        id="J_soft_sym",
        title="The Jacobian of a softmax is symmetric",
        statement="J^soft[k,q] = J^soft[q,k]",
        rows=("D-78",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROWS),
        where=SOFTMAX,
        steps=chain(
            entry(partial(p[k], z[q])),
            ("as derived in J_soft", J_SOFT),
            ("δ_kq p_k = δ_kq p_q", entry(delta(k, q) * p[q] - p[k] * p[q])),
            ("J_soft, with k and q exchanged", entry(partial(p[q], z[k]))),
        ),
        truth=Explicit(sp.Array(sp.diff(EXPLICIT_P, z[q])), "sympy's derivative of p_k by z_q"),
        wrong=(
            negated(entry(partial(p[q], z[k]))),
            Wrong("∂p_q/∂z_q", entry(partial(p[q], z[q]))),
            Wrong("∂p_k/∂z_k", entry(partial(p[k], z[k]))),
            Wrong("the logarithm's, which is not symmetric", entry(partial(sp.log(p[q]), z[k]))),
        ),
    ),
    Derivation(
        id="J_soft_diag",
        title="The diagonal of the softmax's Jacobian without cancellation",
        statement="J^soft[k,k] = p_k Σ_q≠k p_q",
        rows=("D-77",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            CLASSES,
            "1 - p_k is 0 in floating point where p_k rounds to 1; a sum of positive terms is not",
        ),
        where=SOFTMAX,
        steps=chain(
            entry(partial(p[k], z[k])),
            ("J_soft with q = k", entry(p[k] * (1 - p[k]))),
            ("1 is the sum of all outputs", entry(p[k] * (total(p[q], q) - p[k]))),
            ("all terms but q = k are left", STABLE),
        ),
        truth=Truth(sp.Array(EXPLICIT_P), sp.Array(z[k])),
        wrong=(
            negated(STABLE),
            without(STABLE, p[k], "p_k missing"),
            Wrong("all outputs summed", entry(p[k] * total(p[q], q))),
            Wrong("the term q = k alone", entry(p[k] * total(delta(k, q) * p[q], q))),
        ),
    ),
    Derivation(
        id="J_log_soft",
        title="The Jacobian of the logarithm of a softmax",
        statement="∂log p_k/∂z_q = δ_kq - p_q",
        rows=("E-09",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROWS),
        where=SOFTMAX,
        steps=chain(
            entry(partial(sp.log(p[k]), z[q])),
            ("chain rule; log' = 1/p", entry(partial(p[k], z[q]) / p[k])),
            ("J_soft", entry((delta(k, q) * p[k] - p[k] * p[q]) / p[k])),
            ("divided by p_k", J_LOG),
        ),
        truth=Truth(sp.Array(z[k] - sp.log(total(sp.exp(z[j]), j))), sp.Array(z[q])),
        wrong=(
            negated(J_LOG),
            Wrong("transposed: δ_kq - p_k", entry(delta(k, q) - p[k])),
            Wrong("δ_kq missing", entry(-p[q])),
            Wrong("the softmax's, not divided by p_k", J_SOFT),
        ),
    ),
    Derivation(
        id="J_log_asym",
        title="The Jacobian of the logarithm of a softmax is not symmetric",
        statement="J^log[k,q] - J^log[q,k] = p_k - p_q",
        rows=("E-09",),
        sizes="m",
        scope="all sizes",
        assumptions=(CLASSES, ROWS, "so (W·J)^T is not J·W^T here, as it is after a softmax or a sigmoid"),
        where=SOFTMAX,
        steps=chain(
            entry(partial(sp.log(p[k]), z[q]) - partial(sp.log(p[q]), z[k])),
            ("J_log_soft", entry((delta(k, q) - p[q]) - partial(sp.log(p[q]), z[k]))),
            ("J_log_soft, with k and q exchanged", Plus(J_LOG, entry(p[k] - delta(k, q)))),
            ("δ_kq cancels", entry(p[k] - p[q])),
        ),
        truth=Explicit(
            sp.Array(sp.diff(sp.log(EXPLICIT_P), z[q]) - sp.diff(sp.log(EXPLICIT_P.xreplace({k: q})), z[k])),
            "the difference of sympy's derivatives",
        ),
        wrong=(
            negated(entry(p[k] - p[q])),
            Wrong("0: symmetric, as J_soft is", entry(sp.S.Zero)),
            Wrong("one of the two alone", entry(delta(k, q) - p[q])),
            Wrong("their sum", entry(2 * delta(k, q) - p[k] - p[q])),
        ),
    ),
)
