"""Bao's equation (2): the gradient of one logistic neuron is the product of three derivatives."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry
from ..proof.indices import delta, index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, without

(n,) = sizes("n")
i, h = index("i", n), index("h", n)
x, w = sp.IndexedBase("x"), sp.IndexedBase("w")
J, yhat, y, s = sp.symbols("J ŷ y s")

ERROR = (yhat - y) / (yhat * (1 - yhat))
QUOTIENT = sp.exp(-s) / (1 + sp.exp(-s)) ** 2
GRADIENT = entry((yhat - y) * x[i])
OUTPUT = 1 / (1 + sp.exp(-total(x[h] * w[h], h)))

DERIVATIONS = (
    Derivation(
        id="bao_2",
        title="Seed 001, eq. (2): one neuron, three factors, for any number of inputs",
        statement="∂J/∂w_i = ∂J/∂ŷ ∂ŷ/∂s ∂s/∂w_i",
        rows=("B-18", "B-19", "B-20", "B-21", "B-22"),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "ŷ = σ(s), s = w^T x = Σ_h w_h x_h, the bias input being one of the n inputs",
            "J = -y log(ŷ) - (1-y) log(1-ŷ), the neg-log-loss; σ(s) = 1/(1+exp(-s)), the logistic",
        ),
        where={
            J: -y * sp.log(yhat) - (1 - y) * sp.log(1 - yhat),
            yhat: sigmoid(s),
            s: total(w[h] * x[h], h),
        },
        steps=chain(
            entry(partial(J, w[i])),
            ("eq. (2): chain rule", entry(partial(J, yhat) * partial(yhat, s) * partial(s, w[i]))),
            ("the loss", entry(ERROR * partial(yhat, s) * partial(s, w[i]))),
            ("the sum, term by term", entry(ERROR * partial(yhat, s) * total(delta(h, i) * x[h], h))),
            ("the delta picks one term", entry(ERROR * partial(yhat, s) * x[i])),
            ("the quotient rule for σ", entry(ERROR * QUOTIENT * x[i])),
            ("σ' = ŷ(1-ŷ), which cancels", GRADIENT),
        ),
        truth=Truth(sp.Array(-y * sp.log(OUTPUT) - (1 - y) * sp.log(1 - OUTPUT)), sp.Array(w[i])),
        wrong=(
            negated(GRADIENT),
            without(GRADIENT, x[i], "x_i missing"),
            Wrong("the slope ŷ(1-ŷ) still there", entry(yhat * (1 - yhat) * GRADIENT.array[()])),
            Wrong("the first factor alone", entry(ERROR * x[i])),
            Wrong("∂s/∂x_i for ∂s/∂w_i", entry((yhat - y) * w[i])),
            Wrong("y missing", entry(yhat * x[i])),
        ),
    ),
)
