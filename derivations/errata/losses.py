"""Errata of the losses: lost minus signs, 2/n, and where delta = a - y holds."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import D, Letter, entry
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without

(n,) = sizes("n")
i, j, k = index("i", n), index("j", n), index("k", n)
a, y, z, x, w = map(sp.IndexedBase, "ayzxw")
C, s, out, target = sp.symbols("C s a y")
A_J, OUT = Letter("a_j", sp.Array(a[j])), Letter("a", sp.Array(out))

FUSED = entry(a[j] - y[j])
BY_OUTPUT = entry((out - target) / (out * (1 - out)))
NEURON = entry((out - target) * x[i])
MEAN = entry(2 / n * (a[j] - y[j]))
HALF_SQUARE = entry((a[j] - y[j]) * a[j] * (1 - a[j]))

SIGMOIDS = "n sigmoid outputs a_k = sigma(z_k) with targets y_k; one case"
LOG_LOSS = "C = -y log a - (1-y) log(1-a), one output a and its target y"

DERIVATIONS = (
    Derivation(
        id="E-41",
        title="The cost lacks its minus: with it delta = a - y, without it y - a",
        statement="∂C/∂z_j = a_j - y_j",
        rows=("E-41", "E-55"),
        sizes="n",
        scope="all sizes",
        assumptions=(
            SIGMOIDS,
            "C = -Σ_k (y_k log a_k + (1-y_k) log(1-a_k)): a minus, and a sum over outputs",
        ),
        where={
            C: -total(y[k] * sp.log(a[k]) + (1 - y[k]) * sp.log(1 - a[k]), k),
            a[k]: sigmoid(z[k]),
        },
        steps=chain(
            entry(partial(C, z[j])),
            ("a_j alone depends on z_j", entry(partial(C, a[j]) * partial(a[j], z[j]))),
            ("sigma' = a(1-a)", entry(partial(C, a[j]) * a[j] * (1 - a[j]))),
            (
                "derivative of the logarithms",
                entry(((1 - y[j]) / (1 - a[j]) - y[j] / a[j]) * a[j] * (1 - a[j])),
            ),
            ("multiplied out: a_j y_j cancels", FUSED),
        ),
        truth=Truth(
            sp.Array(total(sp.log(1 + sp.exp(z[i])) - y[i] * z[i], i)),
            sp.Array(z[j]),
        ),
        wrong=(
            Printed(
                "as printed, the cost without its minus",
                D(
                    entry(total(y[k] * sp.log(a[k]) + (1 - y[k]) * sp.log(1 - a[k]), k)),
                    Letter("z_j", sp.Array(z[j])),
                ),
                "E-41",
                "Ng's notation (004), line 19, four times more below",
                "cost = y log h + (1 - y) log(1 - h)",
            ),
            Printed(
                "as printed, one y for all outputs",
                entry(a[j] - y[1]),
                "E-55",
                "Ng's notation (004), line 110, against line 198",
                "delta^(L) = a^(L) - y_i, a scalar y_i for as many outputs as classes",
                "the same y_1 is subtracted from every a_j",
            ),
            negated(FUSED),
            Wrong("sigma' still there", HALF_SQUARE),
            Wrong("the target forgotten", entry(a[j])),
        ),
    ),
    Derivation(
        id="E-20",
        title="The log-loss by its prediction: minus signs and a denominator lost",
        statement="∂C/∂a = (a - y)/(a(1 - a))",
        rows=("E-20", "E-21"),
        sizes="1",
        assumptions=(LOG_LOSS,),
        where={C: -target * sp.log(out) - (1 - target) * sp.log(1 - out)},
        steps=chain(
            entry(partial(C, out)),
            ("derivative of the logarithms", entry((1 - target) / (1 - out) - target / out)),
            ("a common denominator", BY_OUTPUT),
        ),
        truth=Truth(sp.Array(target * (sp.log(1 - out) - sp.log(out)) - sp.log(1 - out)), sp.Array(out)),
        wrong=(
            Printed(
                "as printed, a product in place of the difference",
                D(entry(-target * sp.log(out) * (1 - target) * sp.log(1 - out)), OUT),
                "E-20",
                "Bao (001), lines 198 and 252",
                "the neg-log-loss is -y log yhat (1-y) log(1-yhat)",
            ),
            Printed(
                "as printed, the numerator without its minus",
                entry(out * target / (out * (1 - out))),
                "E-20",
                "Bao (001), line 252",
                "(yhat y) / (yhat(1-yhat))",
            ),
            Printed(
                "as printed, divided by 2",
                D(entry((-target * sp.log(out) - (1 - target) * sp.log(1 - out)) / 2), OUT),
                "E-21",
                "Bao (001), line 229",
                "∂J/∂yhat = (∂ -y log yhat - (1-y) log(1-yhat)) / 2",
            ),
            negated(BY_OUTPUT),
            without(BY_OUTPUT, 1 / out, "a missing below"),
            Wrong("the denominator missing", entry(out - target)),
        ),
    ),
    Derivation(
        id="E-21",
        title="The gradient of one neuron: a minus lost in the error",
        statement="∂C/∂w_i = (a - y) x_i",
        rows=("E-21",),
        sizes="n",
        scope="all sizes",
        assumptions=(LOG_LOSS, "a = sigma(s), s = Σ_k w_k x_k"),
        where={
            C: -target * sp.log(out) - (1 - target) * sp.log(1 - out),
            out: sigmoid(s),
            s: total(w[k] * x[k], k),
        },
        steps=chain(
            entry(partial(C, w[i])),
            ("chain rule", entry(partial(C, out) * partial(out, s) * partial(s, w[i]))),
            ("∂C/∂a, as derived in E-20", entry(BY_OUTPUT.array[()] * partial(out, s) * partial(s, w[i]))),
            ("sigma' = a(1-a) cancels", entry((out - target) * partial(s, w[i]))),
            ("∂s/∂w_i = x_i, as derived in E-22", NEURON),
        ),
        truth=Truth(
            sp.Array(sp.log(1 + sp.exp(total(x[j] * w[j], j))) - target * total(x[j] * w[j], j)),
            sp.Array(w[i]),
        ),
        wrong=(
            Printed(
                "as printed, a product for the difference",
                entry(out * target * x[i]),
                "E-21",
                "Bao (001), lines 258 and 259",
                "Put together: ∂J/∂w_i = (yhat y) x_i",
            ),
            negated(NEURON),
            without(NEURON, x[i], "x_i missing"),
            Wrong("sigma' still there", entry((out - target) * out * (1 - out) * x[i])),
            Wrong("w_i for x_i", entry((out - target) * w[i])),
        ),
    ),
    Derivation(
        id="E-37",
        title="The mean of squares has slope 2/n, not 2; and its minus",
        statement="∂C/∂a_j = 2/n (a_j - y_j)",
        rows=("E-37", "E-51"),
        sizes="n",
        scope="all sizes",
        assumptions=("C = 1/n Σ_i (y_i - a_i)^2, where i numbers the n outputs; a_j is one of them",),
        where={C: total((y[i] - a[i]) ** 2, i) / n},
        steps=chain(
            entry(partial(C, a[j])),
            ("only the a_i depend on a_j", entry(-2 / n * total((y[i] - a[i]) * partial(a[i], a[j]), i))),
            ("∂a_i/∂a_j = δ_ij", entry(-2 / n * total((y[i] - a[i]) * delta(i, j), i))),
            ("the delta picks one term", MEAN),
        ),
        truth=Truth(sp.Array(total((a[k] - y[k]) ** 2 / n, k)), sp.Array(a[j])),
        wrong=(
            Printed(
                "as printed, without 1/n",
                entry(2 * (a[j] - y[j])),
                "E-37",
                "Mukund (003), lines 159 and 172",
                "C = 1/n Σ_i (y_i - a_i^L)^2, then ∂C/∂a_j^L = 2(y_j - a_j^L)(-1) = 2(a_j^L - y_j)",
            ),
            Printed(
                "as printed, squares of products",
                D(entry(total((y[i] * a[i]) ** 2, i) / n), A_J),
                "E-51",
                "Mukund (003), line 92",
                "sum-squared error is (y_i a_i^L)^2",
            ),
            negated(MEAN),
            without(MEAN, sp.Integer(2), "the 2 missing"),
            Wrong("summed over the outputs", entry(2 / n * total(a[i] - y[i], i))),
            swapped(MEAN, j, i),
        ),
    ),
)
