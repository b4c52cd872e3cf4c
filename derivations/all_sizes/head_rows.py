"""The row of a loss at the sums before the output's activation: where the delta rule begins."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import j, k, q, s, t, z
from .losses import BINARY, HALF_SQUARE, L
from .softmax import SOFTMAX, p

SIGMOID = {z[k]: 1 / (1 + sp.exp(-s[k]))}
SIGMOID_UNITS = "z_k = sigmoid(s_k) are the outputs, t_k their targets, with k from 1 to m; one case"
SOFTMAX_UNITS = "p = softmax(z) are the outputs, t_k their targets, with k from 1 to m; one case"
SLOPE = z[k] * (1 - z[k])

EXPLICIT_BINARY = total(t[j] * sp.log(1 + sp.exp(-s[j])) + (1 - t[j]) * sp.log(1 + sp.exp(s[j])), j)
EXPLICIT_SOFT = sp.exp(z[k]) / total(sp.exp(z[j]), j)

DIFFERENCE = entry(z[k] - t[k])
DAMPED = entry((z[k] - t[k]) * SLOPE)
COUPLED = entry(p[q] * (p[q] - t[q] - total((p[k] - t[k]) * p[k], k)))
HESSIAN = entry(delta(k, q) * SLOPE)

DERIVATIONS = (
    Derivation(
        id="BCE_sigmoid",
        title="Binary cross-entropy after a sigmoid: the slope cancels",
        statement="∂L/∂s_k = z_k - t_k",
        rows=("B-22", "N-04", "E-41", "E-53"),
        sizes="m",
        scope="all sizes",
        assumptions=(SIGMOID_UNITS,),
        where={**BINARY, **SIGMOID},
        steps=chain(
            entry(partial(L, s[k])),
            ("chain rule", entry(total(partial(L, z[j]) * partial(z[j], s[k]), j))),
            ("z_j depends on s_j alone", entry(partial(L, z[k]) * partial(z[k], s[k]))),
            ("BCE_row", entry((z[k] - t[k]) / (z[k] * (1 - z[k])) * partial(z[k], s[k]))),
            ("sigmoid' = z(1-z), which cancels", DIFFERENCE),
        ),
        truth=Truth(sp.Array(EXPLICIT_BINARY), sp.Array(s[k])),
        wrong=(
            negated(DIFFERENCE),
            Wrong("z_k(1-z_k) left: the squared error's row", DAMPED),
            Wrong("the row at z taken for that at s", entry((z[k] - t[k]) / SLOPE)),
            Wrong("t_k missing", entry(z[k])),
        ),
    ),
    Derivation(
        id="BCE_Hessian",
        title="Binary cross-entropy after a sigmoid: the Hessian by the sums",
        statement="∂²L/∂s_k∂s_q = δ_kq z_k(1-z_k)",
        rows=("N-04",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            SIGMOID_UNITS,
            "it is diagonal and positive: L is convex in s",
        ),
        where={**BINARY, **SIGMOID},
        steps=chain(
            entry(partial(partial(L, s[k]), s[q])),
            ("BCE_sigmoid; t does not depend on s", entry(partial(z[k], s[q]))),
            ("z_k depends on s_k alone", entry(delta(k, q) * partial(z[k], s[k]))),
            ("sigmoid' = z(1-z)", HESSIAN),
        ),
        truth=Truth(
            sp.Array(sp.diff(EXPLICIT_BINARY, s[k])),
            sp.Array(s[q]),
            words="sympy's second derivative of the explicit loss",
        ),
        wrong=(
            negated(HESSIAN),
            Wrong("coupled as after a softmax", entry(delta(k, q) * z[k] - z[k] * z[q])),
            without(HESSIAN, 1 - z[k], "1 - z_k missing"),
            Wrong("not diagonal", entry(SLOPE)),
            Wrong("with the difference", entry(delta(k, q) * (z[k] - t[k]) * SLOPE)),
        ),
    ),
    Derivation(
        id="SSE_sigmoid",
        title="Half the squared error after a sigmoid: the slope stays",
        statement="∂L/∂s_k = (z_k-t_k) z_k(1-z_k)",
        rows=("E-53", "M-15"),
        sizes="m",
        scope="all sizes",
        assumptions=(SIGMOID_UNITS,),
        where={**HALF_SQUARE, **SIGMOID},
        steps=chain(
            entry(partial(L, s[k])),
            ("chain rule", entry(total(partial(L, z[j]) * partial(z[j], s[k]), j))),
            ("z_j depends on s_j alone", entry(partial(L, z[k]) * partial(z[k], s[k]))),
            ("SSE_row", entry((z[k] - t[k]) * partial(z[k], s[k]))),
            ("sigmoid' = z(1-z)", DAMPED),
        ),
        truth=Truth(sp.Array(total((sigmoid(s[j]) - t[j]) ** 2, j) / 2), sp.Array(s[k])),
        wrong=(
            negated(DAMPED),
            Wrong("z_k - t_k, whatever the loss", DIFFERENCE),
            without(DAMPED, 1 - z[k], "1 - z_k missing"),
            Wrong("the slope's square", entry((z[k] - t[k]) * SLOPE**2)),
            Wrong("1/2 forgotten", entry((z[k] - t[k]) * SLOPE * 2)),
        ),
    ),
    Derivation(
        id="SSE_softmax",
        title="Half the squared error after a softmax: all outputs are coupled",
        statement="∂L/∂z_q = p_q (d_q - Σ_k d_k p_k)",
        rows=("D-68", "E-12", "E-53"),
        sizes="m",
        scope="all sizes",
        assumptions=(SOFTMAX_UNITS, "d_k = p_k - t_k"),
        where={**SOFTMAX, L: total((p[k] - t[k]) ** 2, k) / 2},
        steps=chain(
            entry(partial(L, z[q])),
            ("chain rule", entry(total(partial(L, p[k]) * partial(p[k], z[q]), k))),
            ("SSE_row", entry(total((p[k] - t[k]) * partial(p[k], z[q]), k))),
            ("J_soft", entry(total((p[k] - t[k]) * (delta(k, q) * p[k] - p[k] * p[q]), k))),
            ("the delta picks one term", COUPLED),
        ),
        truth=Truth(sp.Array(total((EXPLICIT_SOFT - t[k]) ** 2, k) / 2), sp.Array(z[q])),
        wrong=(
            negated(COUPLED),
            Wrong("p_q - t_q: the cross-entropy's row", entry(p[q] - t[q])),
            Wrong("the diagonal alone", entry((p[q] - t[q]) * p[q] * (1 - p[q]))),
            Wrong("the sum missing", entry((p[q] - t[q]) * p[q])),
        ),
    ),
)
