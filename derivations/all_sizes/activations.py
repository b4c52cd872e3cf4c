"""The usual activations: each slope by the output, for every unit k of a layer of any size."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry
from ..proof.indices import delta
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import j, k, s, z

a, b, u = map(sp.IndexedBase, "abu")
alpha, g, c = sp.symbols("alpha g c")

SIGMOID = {z[k]: 1 / u[k], u[k]: 1 + sp.exp(-s[k])}
TANH = {z[k]: a[k] / b[k], a[k]: sp.exp(s[k]) - sp.exp(-s[k]), b[k]: sp.exp(s[k]) + sp.exp(-s[k])}
SOFTPLUS = {z[k]: sp.log(u[k]), u[k]: 1 + sp.exp(s[k])}
SILU = {z[k]: s[k] * a[k], a[k]: 1 / (1 + sp.exp(-s[k]))}
GELU = {
    z[k]: s[k] * a[k],
    a[k]: (1 + sp.erf(s[k] / sp.sqrt(2))) / 2,
    b[k]: sp.exp(-(s[k] ** 2) / 2) / sp.sqrt(2 * sp.pi),
}
ELU = {z[k]: alpha * (u[k] - 1), u[k]: sp.exp(s[k])}
LEAKY_RELU = {z[k]: g * s[k]}
SOFTSIGN = {z[k]: s[k] / u[k], u[k]: 1 + c * s[k]}

UNITS = "s_k are the sums of a layer of m units, z_k its outputs; output k first, then sum j"
ALONE = "z_k depends on s_k alone"

EXPLICIT_TANH = (sp.exp(2 * s[k]) - 1) / (sp.exp(2 * s[k]) + 1)

J_LINEAR = entry(delta(k, j))
J_SIGMOID = entry(delta(k, j) * z[k] * (1 - z[k]))
J_TANH = entry(delta(k, j) * (1 - z[k] ** 2))
J_SOFTPLUS = entry(delta(k, j) * (1 - sp.exp(-z[k])))
J_SILU = entry(delta(k, j) * (a[k] + z[k] * (1 - a[k])))
J_GELU = entry(delta(k, j) * (a[k] + s[k] * b[k]))
J_ELU = entry(delta(k, j) * (z[k] + alpha))
J_LEAKY_RELU = entry(delta(k, j) * g)
J_SOFTSIGN = entry(delta(k, j) * (1 - c * z[k]) ** 2)

DERIVATIONS = (
    Derivation(
        id="J_linear",
        title="A linear output passes everything on",
        statement="J_Sum^Z[k,j] = δ_kj",
        rows=("B-45",),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS, "z = s, as in regression and before a softmax"),
        where={z[k]: s[k]},
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("z_k = s_k", J_LINEAR),
        ),
        truth=Truth(sp.Array(s[k]), sp.Array(s[j])),
        wrong=(
            negated(J_LINEAR),
            Wrong("1 for all k and j", entry(sp.S.One)),
            Wrong("a sigmoid's slope", J_SIGMOID),
            Wrong("s_k left", entry(delta(k, j) * s[k])),
        ),
    ),
    Derivation(
        id="J_sigmoid",
        title="The slope of the sigmoid by its output",
        statement="J_Sum^Z[k,j] = δ_kj z_k(1-z_k)",
        rows=("D-13", "M-16", "B-24", "H-49"),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS,),
        where=SIGMOID,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("(1/u)' = -u'/u^2", entry(-delta(k, j) * partial(u[k], s[k]) / u[k] ** 2)),
            ("exp(-s)' = -exp(-s)", entry(delta(k, j) * sp.exp(-s[k]) / (1 + sp.exp(-s[k])) ** 2)),
            ("1/u = z", entry(delta(k, j) * z[k] * sp.exp(-s[k]) / (1 + sp.exp(-s[k])))),
            ("1 - z = exp(-s)/(1+exp(-s))", J_SIGMOID),
        ),
        truth=Truth(sp.Array(sigmoid(s[k])), sp.Array(s[j])),
        wrong=(
            negated(J_SIGMOID),
            without(J_SIGMOID, 1 - z[k], "1 - z_k missing"),
            without(J_SIGMOID, delta(k, j), "not diagonal"),
            Wrong("the slope of tanh", J_TANH),
            Wrong("the sum for the output: s_k(1-s_k)", entry(delta(k, j) * s[k] * (1 - s[k]))),
        ),
    ),
    Derivation(
        id="J_tanh",
        title="The slope of tanh by its output",
        statement="J_Sum^Z[k,j] = δ_kj (1 - z_k^2)",
        rows=("B-24", "H-49"),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS,),
        where=TANH,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            (
                "quotient rule",
                entry(
                    delta(k, j) * (partial(a[k], s[k]) * b[k] - a[k] * partial(b[k], s[k])) / b[k] ** 2,
                ),
            ),
            ("a' = b and b' = a", entry(delta(k, j) * (b[k] ** 2 - a[k] ** 2) / b[k] ** 2)),
            ("a/b = z", J_TANH),
        ),
        truth=Truth(sp.Array(EXPLICIT_TANH), sp.Array(s[j])),
        wrong=(
            negated(J_TANH),
            Wrong("the slope of the sigmoid", J_SIGMOID),
            without(J_TANH, delta(k, j), "not diagonal"),
            Wrong("1 + z^2", entry(delta(k, j) * (1 + z[k] ** 2))),
            Wrong("1 - z", entry(delta(k, j) * (1 - z[k]))),
        ),
    ),
    Derivation(
        id="J_softplus",
        title="The slope of softplus is the sigmoid, and 1 - e^-z by its output",
        statement="J_Sum^Z[k,j] = δ_kj (1 - e^-z_k)",
        rows=("B-24", "H-49"),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS,),
        where=SOFTPLUS,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("log' = 1/u", entry(delta(k, j) * partial(u[k], s[k]) / u[k])),
            ("exp' = exp", entry(delta(k, j) * sp.exp(s[k]) / (1 + sp.exp(s[k])))),
            ("this is the sigmoid of s_k", entry(delta(k, j) / (1 + sp.exp(-s[k])))),
            ("by u: (u-1)/u", entry(delta(k, j) * (1 - 1 / u[k]))),
            ("1/u = exp(-z)", J_SOFTPLUS),
        ),
        truth=Truth(sp.Array(s[k] + sp.log(1 + sp.exp(-s[k]))), sp.Array(s[j])),
        wrong=(
            negated(J_SOFTPLUS),
            Wrong("the slope of the sigmoid", J_SIGMOID),
            without(J_SOFTPLUS, delta(k, j), "not diagonal"),
            Wrong("1 - e^z", entry(delta(k, j) * (1 - sp.exp(z[k])))),
            Wrong("the sigmoid of z_k", entry(delta(k, j) * sigmoid(z[k]))),
        ),
    ),
    Derivation(
        id="J_silu",
        title="The slope of silu needs the sum and not the output alone",
        statement="J_Sum^Z[k,j] = δ_kj (a + z (1-a))",
        rows=("B-24",),
        sizes="m",
        scope="all sizes",
        assumptions=(UNITS, "a_k is the sigmoid of s_k; silu falls and rises, so that z_k does not give s_k"),
        where=SILU,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("product rule", entry(delta(k, j) * (a[k] + s[k] * partial(a[k], s[k])))),
            ("J_sigmoid", entry(delta(k, j) * (a[k] + s[k] * a[k] * (1 - a[k])))),
            ("s a = z", J_SILU),
        ),
        truth=Truth(sp.Array(s[k] * sp.exp(s[k]) / (1 + sp.exp(s[k]))), sp.Array(s[j])),
        wrong=(
            negated(J_SILU),
            Wrong("the sigmoid alone", entry(delta(k, j) * a[k])),
            Wrong("the sigmoid's slope alone", entry(delta(k, j) * z[k] * (1 - a[k]))),
            Wrong("a(1-a) without s", entry(delta(k, j) * (a[k] + a[k] * (1 - a[k])))),
        ),
    ),
    Derivation(
        id="J_gelu",
        title="The slope of gelu: the distribution, and the sum times the density",
        statement="J_Sum^Z[k,j] = δ_kj (a + s b)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "a_k is the normal distribution at s_k, b_k its density; gelu falls and rises, so that z_k does "
            "not give s_k",
        ),
        where=GELU,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("product rule", entry(delta(k, j) * (a[k] + s[k] * partial(a[k], s[k])))),
            ("the density is the distribution's slope", J_GELU),
        ),
        truth=Truth(sp.Array(s[k] / 2 + s[k] * sp.erf(s[k] / sp.sqrt(2)) / 2), sp.Array(s[j])),
        wrong=(
            negated(J_GELU),
            Wrong("the distribution alone", entry(delta(k, j) * a[k])),
            Wrong("the density without s", entry(delta(k, j) * (a[k] + b[k]))),
            Wrong("silu's: a(1-a) for the density", entry(delta(k, j) * (a[k] + s[k] * a[k] * (1 - a[k])))),
            without(J_GELU, delta(k, j), "not diagonal"),
        ),
    ),
    Derivation(
        id="J_elu",
        title="The slope of elu on the left of 0, by its output",
        statement="J_Sum^Z[k,j] = δ_kj (z_k + α)",
        rows=("B-24",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "s_k <= 0; on the right elu is linear and J_linear holds; at 0 the slopes α and 1 meet if α = 1",
        ),
        where=ELU,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("definition", entry(delta(k, j) * alpha * partial(u[k], s[k]))),
            ("exp' = exp", entry(delta(k, j) * alpha * u[k])),
            ("α u = z + α", J_ELU),
        ),
        truth=Truth(sp.Array(alpha * sp.exp(s[k]) - alpha), sp.Array(s[j])),
        wrong=(
            negated(J_ELU),
            Wrong("α forgotten: z_k + 1", entry(delta(k, j) * (z[k] + 1))),
            Wrong("the output alone", entry(delta(k, j) * z[k])),
            Wrong("exp(z_k) for exp(s_k)", entry(delta(k, j) * alpha * sp.exp(z[k]))),
            without(J_ELU, delta(k, j), "not diagonal"),
        ),
    ),
    Derivation(
        id="J_leaky_relu",
        title="The slope of leaky relu on the left of 0",
        statement="J_Sum^Z[k,j] = δ_kj g",
        rows=("B-24",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "s_k <= 0, and g > 0 is the leak, so that the sign of z_k is that of s_k; on the right J_linear",
        ),
        where=LEAKY_RELU,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("z_k = g s_k", J_LEAKY_RELU),
        ),
        truth=Truth(sp.Array(s[k] - (1 - g) * s[k]), sp.Array(s[j])),
        wrong=(
            negated(J_LEAKY_RELU),
            Wrong("0, as for relu", entry(sp.S.Zero)),
            Wrong("1, as on the right", J_LINEAR),
            Wrong("1/g", entry(delta(k, j) / g)),
            without(J_LEAKY_RELU, delta(k, j), "not diagonal"),
        ),
    ),
    Derivation(
        id="J_softsign",
        title="The slope of softsign by its output",
        statement="J_Sum^Z[k,j] = δ_kj (1 - c z_k)^2",
        rows=("B-24",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            UNITS,
            "c is the sign of s_k, so that c s_k = |s_k| and c z_k = |z_k|: the slope is (1 - |z_k|)^2",
        ),
        where=SOFTSIGN,
        steps=chain(
            entry(partial(z[k], s[j])),
            (ALONE, entry(delta(k, j) * partial(z[k], s[k]))),
            ("quotient rule", entry(delta(k, j) * (u[k] - s[k] * partial(u[k], s[k])) / u[k] ** 2)),
            ("u' = c", entry(delta(k, j) / u[k] ** 2)),
            ("1/u = 1 - c s/u", J_SOFTSIGN),
        ),
        truth=Truth(sp.Array(s[k] / (1 + c * s[k])), sp.Array(s[j])),
        wrong=(
            negated(J_SOFTSIGN),
            Wrong("not squared", entry(delta(k, j) * (1 - c * z[k]))),
            Wrong("1 - z^2, as for tanh", J_TANH),
            Wrong("the sign forgotten", entry(delta(k, j) * (1 - z[k]) ** 2)),
            without(J_SOFTSIGN, delta(k, j), "not diagonal"),
        ),
    ),
)
