"""The bias as row 0 of the weights: an input Y_0 that is always 1."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .letters import ANY_F, ANY_LOSS, ERROR, LOSS, a, b, error, f, i, j, k, loss, n, q, row, s, w, y, z

g = index("g", n, 0)
Y, W = sp.IndexedBase("Y"), sp.IndexedBase("W")

INPUTS = {Y[g]: delta(0, g) + (1 - delta(0, g)) * y[g]}
WEIGHTS = {W[g, k]: delta(0, g) * b[k] + (1 - delta(0, g)) * w[g, k]}
LAYER = {**INPUTS, s[k]: total(Y[g] * w[g, k], g), z[k]: f(s[k])}

ONE = "Y_0 = 1 and Y_g = y_g for g from 1 to n: δ_0g says which; Σ^0 is a sum that begins with g = 0"
BIASES = "W_0k = b_k and W_gk = w_gk for g from 1 to n"
ROW_0 = "s_k = Σ_g^0 Y_g w_gk, with the bias w_0k in row 0, and z_k = f(s_k)"

SUM = entry(b[k] + total(y[i] * w[i, k], i))
GRADIENT_0 = entry(error[j])
GRADIENT_I = entry(y[i] * error[j])
SUM_Q = w[0, q] + total(y[a] * w[a, q], a)
EXPLICIT_L = sp.Array(total(row[q] * f(SUM_Q), q))

DERIVATIONS = (
    Derivation(
        id="aug_sum",
        title="An augmented row of weights is the bias",
        statement="Σ_g^0 Y_g W_gk = Σ_i y_i w_ik + b_k",
        rows=("B-02", "B-10", "H-60"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE, BIASES),
        where={**INPUTS, **WEIGHTS},
        steps=chain(
            entry(total(Y[g] * W[g, k], g)),
            ("the term g = 0 written apart", entry(Y[0] * W[0, k] + total(Y[i] * W[i, k], i))),
            ("Y_0 = 1 and W_0k = b_k", entry(b[k] + total(Y[i] * W[i, k], i))),
            ("the other rows are the layer's own", SUM),
        ),
        truth=Explicit(sp.Array(total(y[a] * w[a, k], a) + b[k]), "the sum of a layer with its bias apart"),
        wrong=(
            negated(SUM),
            Wrong("the bias forgotten", entry(total(y[i] * w[i, k], i))),
            Wrong("the bias twice", entry(b[k] + total(Y[g] * W[g, k], g))),
            Wrong("the bias times an input", entry(b[k] * y[1] + total(y[i] * w[i, k], i))),
            Wrong("the bias once for each input", entry(total(b[k] + y[i] * w[i, k], i))),
            Wrong("the bias subtracted, as a threshold", entry(total(y[i] * w[i, k], i) - b[k])),
        ),
    ),
    Derivation(
        id="aug_row_0",
        title="Row 0 of the gradient is the delta",
        statement="∂L/∂w_0j = delta_j",
        rows=("B-27", "B-32", "H-60", "H-65"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ROW_0, ONE, ANY_F, ANY_LOSS),
        where={**LAYER, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, w[0, j])),
            ("chain rule; ∂L/∂s_k = delta_k", entry(total(error[k] * partial(s[k], w[0, j]), k))),
            ("the sum", entry(total(error[k] * total(Y[g] * partial(w[g, k], w[0, j]), g), k))),
            (
                "∂w_gk/∂w_0j = δ_0g δ_jk",
                entry(total(error[k] * total(Y[g] * delta(0, g), g) * delta(j, k), k)),
            ),
            ("the deltas pick Y_0 and one unit", entry(Y[0] * error[j])),
            ("Y_0 = 1", GRADIENT_0),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(w[0, j])),
        wrong=(
            negated(GRADIENT_0),
            Wrong("row 1 taken for row 0", entry(y[1] * error[j])),
            Wrong("no gradient for the bias", entry(sp.S.Zero)),
            Wrong("the bias in the place of Y_0", entry(w[0, j] * error[j])),
            Wrong("f' missing", entry(row[j])),
            Wrong("delta_0, which belongs to no unit", entry(error[0])),
        ),
    ),
    Derivation(
        id="aug_rows",
        title="The other rows of the gradient: no trace of the bias",
        statement="∂L/∂w_ij = y_i delta_j",
        rows=("B-34", "B-35", "H-60", "H-65"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ROW_0, ONE, ANY_F, ANY_LOSS, "i is one of 1 to n, a row below row 0"),
        where={**LAYER, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, w[i, j])),
            ("chain rule; ∂L/∂s_k = delta_k", entry(total(error[k] * partial(s[k], w[i, j]), k))),
            ("the sum", entry(total(error[k] * total(Y[g] * partial(w[g, k], w[i, j]), g), k))),
            (
                "row 0 is another weight than w_ij",
                entry(total(error[k] * total(Y[a] * partial(w[a, k], w[i, j]), a), k)),
            ),
            (
                "∂w_ak/∂w_ij = δ_ai δ_jk",
                entry(total(error[k] * total(Y[a] * delta(a, i), a) * delta(j, k), k)),
            ),
            ("the deltas pick Y_i = y_i and one unit", GRADIENT_I),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(w[i, j])),
        wrong=(
            negated(GRADIENT_I),
            Wrong("as in row 0: delta_j", GRADIENT_0),
            Wrong("transposed", entry(y[j] * error[i])),
            Wrong("all rows summed", entry(total(Y[g], g) * error[j])),
            Wrong("f' missing", entry(y[i] * row[j])),
            Wrong("row 0 added", entry((1 + y[i]) * error[j])),
        ),
    ),
)
