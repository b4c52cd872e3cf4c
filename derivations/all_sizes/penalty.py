"""The penalty λ/2 Σ w²: its gradient, and the gradient of a penalised mean."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .letters import ANY_F, N, a, b, c, error, f, h, i, j, k, loss, q, row, w, y, z
from .minibatch import BATCH, CASES, ERROR

decay, penalty = sp.symbols("λ P")
summed = sp.IndexedBase("Delta")

PENALTY = {penalty: decay / 2 * total(w[i, j] ** 2, i, j)}
SUMMED = {summed[i, j]: total(y[c, i] * error[c, j], c)}
PENALISED = {loss: total(row[c, k] * z[c, k], c, k) / N + penalty}

OUTPUTS = f(b[q] + total(y[h, a] * w[a, q], a))
EXPLICIT_P = decay * total(w[a, q] ** 2, a, q) / 2
EXPLICIT_L = total(row[h, q] * OUTPUTS, h, q) / N + EXPLICIT_P

DECAY = entry(decay * w[i, j])
REGULARISED = entry(summed[i, j] / N + decay * w[i, j])
SUMMED_B = total(error[c, j], c)
BIASES = entry(SUMMED_B / N)
HALF = "the penalty is λ/2 Σ w²; with λ/(2N) it is λ/N w, and with λ Σ w² it is 2 λ w"
MEAN = "L is the mean of the losses of N cases plus P; L'_ck belongs to the loss of case c"
UNPENALISED = "the biases are not in the penalty"

DERIVATIONS = (
    Derivation(
        id="L2",
        title="The gradient of the penalty is the weight itself",
        statement="∂/∂w_ij (λ/2 Σ w²) = λ w_ij",
        rows=("N-06", "E-44"),
        sizes="n, m",
        scope="all sizes",
        assumptions=("P is λ/2 times the sum of the squares of all weights",),
        where=PENALTY,
        steps=chain(
            entry(partial(penalty, w[i, j])),
            ("definition", entry(decay / 2 * total(partial(w[a, q] ** 2, w[i, j]), a, q))),
            ("chain rule", entry(decay / 2 * total(2 * w[a, q] * partial(w[a, q], w[i, j]), a, q))),
            ("∂w_aq/∂w_ij = δ_ai δ_qj", entry(decay * total(w[a, q] * delta(a, i) * delta(q, j), a, q))),
            ("the deltas pick one weight", DECAY),
        ),
        truth=Truth(sp.Array(EXPLICIT_P), sp.Array(w[i, j])),
        wrong=(
            negated(DECAY),
            Wrong("the gradient of λ Σ w²: 2 λ w", entry(2 * decay * w[i, j])),
            Wrong("1/2 left standing", entry(decay * w[i, j] / 2)),
            Wrong("λ alone", entry(decay)),
            Wrong("summed over the weights", entry(decay * total(w[a, q], a, q))),
            Wrong("transposed", entry(decay * w[j, i])),
        ),
    ),
    Derivation(
        id="L2_W",
        title="The gradient of a penalised mean",
        statement="D_ij = 1/N Delta_ij + λ w_ij",
        rows=("N-06", "E-44"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_F, MEAN, HALF),
        where={**BATCH, **PENALISED, **PENALTY, **ERROR, **SUMMED},
        steps=chain(
            entry(partial(loss, w[i, j])),
            (
                "the derivative of a sum",
                entry(
                    total(row[c, k] * partial(z[c, k], w[i, j]), c, k) / N + partial(penalty, w[i, j]),
                ),
            ),
            ("the gradient of the mean: Y^T Delta / N", entry(summed[i, j] / N + partial(penalty, w[i, j]))),
            ("the gradient of the penalty", REGULARISED),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(w[i, j])),
        wrong=(
            negated(REGULARISED),
            Wrong("λ/N: the penalty is divided too", entry((summed[i, j] + decay * w[i, j]) / N)),
            Wrong("2 λ w: the penalty without 1/2", entry(summed[i, j] / N + 2 * decay * w[i, j])),
            Wrong("the sum in the place of the mean", entry(summed[i, j] + decay * w[i, j])),
            Wrong("the penalty forgotten", entry(summed[i, j] / N)),
            Wrong("the penalty subtracted", entry(summed[i, j] / N - decay * w[i, j])),
        ),
    ),
    Derivation(
        id="L2_b",
        title="The biases of a penalised mean are not penalised",
        statement="D_j = 1/N Σ_c delta_cj",
        rows=("N-06", "E-44"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_F, MEAN, UNPENALISED),
        where={**BATCH, **PENALISED, **PENALTY, **ERROR},
        steps=chain(
            entry(partial(loss, b[j])),
            (
                "the derivative of a sum",
                entry(total(row[c, k] * partial(z[c, k], b[j]), c, k) / N + partial(penalty, b[j])),
            ),
            ("no bias is in the penalty", entry(total(row[c, k] * partial(z[c, k], b[j]), c, k) / N)),
            ("the gradient of the mean: Σ delta / N", BIASES),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(b[j])),
        wrong=(
            negated(BIASES),
            Wrong("the bias penalised", entry(SUMMED_B / N + decay * b[j])),
            Wrong("the weights' penalty summed", entry(SUMMED_B / N + decay * total(w[i, j], i))),
            Wrong("the sum in the place of the mean", entry(SUMMED_B)),
            Wrong("one case broadcast", entry(error[1, j] / N)),
        ),
    ),
)
