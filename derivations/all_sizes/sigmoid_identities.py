"""The sigmoid's relatives: its mirror image, tanh, its slope's even form and bound, its curvature."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import j, k, s, z

u, v, r = map(sp.IndexedBase, "uvr")

SIGMOID = {z[k]: 1 / (1 + sp.exp(-s[k]))}
MIRRORED = {**SIGMOID, v[k]: 1 / (1 + sp.exp(s[k]))}
DOUBLED = {v[k]: 1 / (1 + sp.exp(-2 * s[k]))}

UNITS = "z_k = sigmoid(s_k), for every unit k from 1 to m"
EXPLICIT_SLOPE = sp.exp(s[k]) / (1 + sp.exp(s[k])) ** 2
EXPLICIT_TANH = (sp.exp(s[k]) - sp.exp(-s[k])) / (sp.exp(s[k]) + sp.exp(-s[k]))

MIRROR = entry(1 - z[k])
RESCALED = entry(2 * v[k] - 1)
EVEN = entry(sp.exp(s[k]) / (1 + sp.exp(s[k])) ** 2)
TANH_SLOPE = entry(4 * u[k] / (1 + u[k]) ** 2)
BELOW_QUARTER = entry(sp.Rational(1, 4) - (z[k] - sp.Rational(1, 2)) ** 2)
CURVATURE = entry(delta(k, j) * z[k] * (1 - z[k]) * (1 - 2 * z[k]))

DERIVATIONS = (
    Derivation(
        id="sig_mirror",
        title="The sigmoid of -s is 1 minus the sigmoid of s",
        statement="sigmoid(-s) = 1 - sigmoid(s)",
        rows=("B-45",),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS, "v_k = sigmoid(-s_k): the probability of the other of two classes"),
        where=MIRRORED,
        steps=chain(
            entry(v[k]),
            ("times exp(-s) above and below", entry(sp.exp(-s[k]) / (sp.exp(-s[k]) + 1))),
            ("exp(-s) = (1+exp(-s)) - 1", entry(1 - 1 / (1 + sp.exp(-s[k])))),
            ("definition of z", MIRROR),
        ),
        truth=Explicit(sp.Array(sigmoid(-s[k])), "the explicit sigmoid of -s_k"),
        wrong=(
            negated(MIRROR),
            Wrong("odd, as tanh is: -z_k", entry(-z[k])),
            Wrong("even: z_k", entry(z[k])),
            Wrong("1/z_k", entry(1 / z[k])),
        ),
    ),
    Derivation(
        id="tanh_sig",
        title="tanh is a sigmoid, rescaled from (0, 1) to (-1, 1)",
        statement="tanh(s) = 2 sigmoid(2s) - 1",
        rows=("B-45",),
        sizes="m",
        scope="all sizes",
        assumptions=("v_k = sigmoid(2 s_k), for every unit k from 1 to m",),
        where=DOUBLED,
        steps=chain(
            entry((sp.exp(s[k]) - sp.exp(-s[k])) / (sp.exp(s[k]) + sp.exp(-s[k]))),
            ("times exp(-s) above and below", entry((1 - sp.exp(-2 * s[k])) / (1 + sp.exp(-2 * s[k])))),
            ("definition of v", entry(v[k] * (1 - sp.exp(-2 * s[k])))),
            ("exp(-2s) = 1/v - 1", entry(v[k] * (2 - 1 / v[k]))),
            ("v times 1/v is 1", RESCALED),
        ),
        truth=Explicit(
            sp.Array((sp.exp(2 * s[k]) - 1) / (sp.exp(2 * s[k]) + 1)), "tanh written with exp(2 s_k)"
        ),
        wrong=(
            negated(RESCALED),
            Wrong("2 sigmoid(s) - 1", entry((1 - sp.exp(-s[k])) / (1 + sp.exp(-s[k])))),
            Wrong("sigmoid(2s), not rescaled", entry(v[k])),
            Wrong("2 sigmoid(2s)", entry(2 * v[k])),
        ),
    ),
    Derivation(
        id="sig_even",
        title="The sigmoid's slope is even: it may be computed from exp(-|s|)",
        statement="sigmoid'(s) = e^s/(1+e^s)^2",
        rows=("D-13",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "z(1-z) is 0 in floating point where z rounds to 1; e/(1+e)^2 with e = exp(-|s|) is not",
        ),
        where=SIGMOID,
        steps=chain(
            entry(partial(z[k], s[k])),
            ("J_sigmoid", entry(z[k] * (1 - z[k]))),
            ("definition", entry(sp.exp(-s[k]) / (1 + sp.exp(-s[k])) ** 2)),
            ("times exp(2s) above and below", EVEN),
        ),
        truth=Truth(sp.Array(sigmoid(s[k])), sp.Array(s[k])),
        wrong=(
            negated(EVEN),
            Wrong("not squared", entry(sp.exp(s[k]) / (1 + sp.exp(s[k])))),
            Wrong("e^2s above", entry(sp.exp(2 * s[k]) / (1 + sp.exp(s[k])) ** 2)),
            Wrong("e^-s above, e^s below", entry(sp.exp(-s[k]) / (1 + sp.exp(s[k])) ** 2)),
        ),
    ),
    Derivation(
        id="tanh_even",
        title="The slope of tanh from exp(-2s), without cancellation",
        statement="tanh'(s) = 4e/(1+e)^2, e = exp(-2s)",
        rows=("H-49",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "z_k = tanh(s_k), for every unit k from 1 to m; u_k is e",
            "1 - z^2 is 0 in floating point where z rounds to 1; this is not",
        ),
        where={u[k]: sp.exp(-2 * s[k]), z[k]: (1 - u[k]) / (1 + u[k])},
        steps=chain(
            entry(partial(z[k], s[k])),
            ("J_tanh", entry(1 - z[k] ** 2)),
            ("definition", entry(((1 + u[k]) ** 2 - (1 - u[k]) ** 2) / (1 + u[k]) ** 2)),
            ("difference of two squares", TANH_SLOPE),
        ),
        truth=Truth(sp.Array(EXPLICIT_TANH), sp.Array(s[k])),
        wrong=(
            negated(TANH_SLOPE),
            without(TANH_SLOPE, sp.Integer(4), "4 missing"),
            Wrong("exp(-s) for exp(-2s)", entry(4 * sp.exp(-s[k]) / (1 + sp.exp(-s[k])) ** 2)),
            Wrong("not squared", entry(4 * u[k] / (1 + u[k]))),
        ),
    ),
    Derivation(
        id="sig_bound",
        title="The sigmoid's slope is at most 1/4: gradients vanish",
        statement="sigmoid' = 1/4 - (z_k - 1/2)^2",
        rows=("E-30",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "a square is never negative, so the slope is at most 1/4, reached where z_k = 1/2",
        ),
        where=SIGMOID,
        steps=chain(
            entry(partial(z[k], s[k])),
            ("J_sigmoid", entry(z[k] * (1 - z[k]))),
            ("multiplied out", entry(z[k] - z[k] ** 2)),
            ("(z - 1/2)^2 = z^2 - z + 1/4", BELOW_QUARTER),
        ),
        truth=Truth(sp.Array(sigmoid(s[k])), sp.Array(s[k])),
        wrong=(
            negated(BELOW_QUARTER),
            Wrong("at most 1, as for tanh", entry(1 - (z[k] - sp.Rational(1, 2)) ** 2)),
            Wrong("always 1/4", entry(sp.Rational(1, 4))),
            Wrong("1/4 + the square", entry(sp.Rational(1, 4) + (z[k] - sp.Rational(1, 2)) ** 2)),
        ),
    ),
    Derivation(
        id="sig_curve",
        title="The second derivative of the sigmoid by its output",
        statement="sigmoid'' = z(1-z)(1-2z)",
        rows=("M-16",),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS, "r_k = ∂z_k/∂s_k, as derived in J_sigmoid"),
        where={**SIGMOID, r[k]: z[k] * (1 - z[k])},
        steps=chain(
            entry(partial(r[k], s[j])),
            ("product rule", entry(partial(z[k], s[j]) * (1 - z[k]) - z[k] * partial(z[k], s[j]))),
            ("the slope is in both", entry(partial(z[k], s[j]) * (1 - 2 * z[k]))),
            ("J_sigmoid", CURVATURE),
        ),
        truth=Truth(sp.Array(EXPLICIT_SLOPE), sp.Array(s[j]), words="sympy's derivative of e^s/(1+e^s)^2"),
        wrong=(
            negated(CURVATURE),
            without(CURVATURE, 1 - 2 * z[k], "the slope itself"),
            Wrong("z^2 for z(1-z)", entry(delta(k, j) * z[k] ** 2 * (1 - 2 * z[k]))),
            Wrong("1 - 2z alone: the slope by z", entry(delta(k, j) * (1 - 2 * z[k]))),
            Wrong("1 - z for 1 - 2z", entry(delta(k, j) * z[k] * (1 - z[k]) ** 2)),
        ),
    ),
)
