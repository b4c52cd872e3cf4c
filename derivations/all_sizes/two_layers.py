"""Two layers of any sizes: the chain, and one step of the delta rule."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import a, b, error, f, i, j, k, loss, o, p, q, row, s, slope, w, y, z

x, v, hidden_bias, r = map(sp.IndexedBase, ("x", "v", "a", "r"))
g, g_slope = smooth("g"), smooth("g'")
up = sp.IndexedBase("delta'")

BELOW = {r[j]: hidden_bias[j] + total(x[i] * v[i, j], i)}
FROM_R = {y[j]: g(r[j]), s[o]: b[o] + total(y[j] * w[j, o], j), z[o]: f(s[o])}
LAYERS = {**BELOW, **FROM_R}
LOSS = {loss: total(row[o] * z[o], o)}
ERROR_ABOVE = {up[o]: row[o] * slope(s[o])}
LOSS_BY_SUMS = {loss: total(up[o] * total(y[j] * w[j, o], j), o)}
ERROR_BELOW = {error[j]: g_slope(r[j]) * total(w[j, o] * up[o], o)}

TWO = (
    "below: r_j = Σ_i x_i v_ij + a_j, y_j = g(r_j); above: s_o = Σ_j y_j w_jo + b_o, z_o = f(s_o); "
    "i from 1 to n, j from 1 to m, o from 1 to d"
)
FUNCTIONS = "f and g are any differentiable functions, applied to each entry"
BY_SUMS = (
    "delta'_o = ∂L/∂s_o is any row: L is differentiable in s, enters by its linear part Σ_o delta'_o s_o, "
    "and b_o does not depend on V"
)
LINEAR = "J_Z^L[o] = L'_o is any row, as of a loss L that is differentiable in z"

SUM_R = hidden_bias[q] + total(x[a] * v[a, q], a)
HIDDEN = g(SUM_R)
EXPLICIT_Z = f(b[o] + total(HIDDEN * w[q, o], q))
EXPLICIT_L = total(up[p] * total(HIDDEN * w[q, p], q), p)
LOSS_OF_R = total(row[p] * f(b[p] + total(g(r[q]) * w[q, p], q)), p)

CHAIN = entry(total(slope(s[o]) * w[j, o] * g_slope(r[j]) * v[i, j], j))
DELTA = entry(g_slope(r[j]) * total(w[j, o] * up[o], o))
GRADIENT_V = entry(x[i] * error[j])
J_ZV = entry(slope(s[o]) * w[j, o] * g_slope(r[j]) * x[i])

DERIVATIONS = (
    Derivation(
        id="J_X_Z",
        title="The chain of two layers: the matrix product of their Jacobians",
        statement="J_X^Z = J_Y^Z · J_X^Y",
        rows=("D-34", "D-55", "D-58", "D-59", "H-75"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(TWO, FUNCTIONS, "one term for each path from x_i through y_j to z_o"),
        where=LAYERS,
        steps=chain(
            entry(partial(z[o], x[i])),
            ("chain rule, through all of y", entry(total(partial(z[o], y[j]) * partial(y[j], x[i]), j))),
            ("the layer above", entry(total(slope(s[o]) * w[j, o] * partial(y[j], x[i]), j))),
            ("the layer below", CHAIN),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(x[i])),
        wrong=(
            negated(CHAIN),
            Wrong("one path alone", entry(slope(s[o]) * w[1, o] * g_slope(r[1]) * v[i, 1])),
            Wrong("g' missing", entry(total(slope(s[o]) * w[j, o] * v[i, j], j))),
            Wrong("W transposed", entry(total(slope(s[o]) * w[o, j] * g_slope(r[j]) * v[i, j], j))),
            Wrong(
                "sums multiplied",
                entry(slope(s[o]) * total(w[j, o], j) * total(g_slope(r[j]) * v[i, j], j)),
            ),
        ),
    ),
    Derivation(
        id="delta_step",
        title="One step of the delta rule",
        statement="∂L/∂r_j = g'(r_j) Σ_o w_jo delta'_o",
        rows=("D-21", "D-22", "D-23", "M-17", "M-19", "B-33", "N-04"),
        sizes="m, d",
        scope="all sizes",
        assumptions=(
            TWO,
            FUNCTIONS,
            LINEAR,
            "delta'_o = ∂L/∂s_o = L'_o f'(s_o) is the delta of the layer above",
        ),
        where={**FROM_R, **LOSS, **ERROR_ABOVE},
        steps=chain(
            entry(partial(loss, r[j])),
            (
                "chain rule, through all sums above",
                entry(total(partial(loss, s[o]) * partial(s[o], r[j]), o)),
            ),
            ("the delta of the layer above", entry(total(up[o] * partial(s[o], r[j]), o))),
            (
                "s_o is a sum over all units of y",
                entry(total(up[o] * total(w[k, o] * partial(y[k], r[j]), k), o)),
            ),
            (
                "y_k depends on r_k alone",
                entry(total(up[o] * total(w[k, o] * delta(k, j) * g_slope(r[k]), k), o)),
            ),
            ("the delta picks one unit", DELTA),
        ),
        truth=Truth(sp.Array(LOSS_OF_R), sp.Array(r[j])),
        wrong=(
            negated(DELTA),
            without(DELTA, g_slope(r[j]), "g' missing"),
            Wrong("W transposed", entry(g_slope(r[j]) * total(w[o, j] * up[o], o))),
            Wrong("g' at the output y_j", entry(g_slope(y[j]) * total(w[j, o] * up[o], o))),
            Wrong("the row of the outputs for delta", entry(g_slope(r[j]) * total(w[j, o] * row[o], o))),
            Wrong("one output alone", entry(g_slope(r[j]) * w[j, 1] * up[1])),
        ),
    ),
    Derivation(
        id="grad_V",
        title="The gradient of the weights below: their input times their delta",
        statement="∂L/∂v_ij = x_i delta_j",
        rows=("D-24", "B-30", "B-34", "H-67", "N-05"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(TWO, FUNCTIONS, BY_SUMS),
        where={**BELOW, y[j]: g(r[j]), **LOSS_BY_SUMS, **ERROR_BELOW},
        steps=chain(
            entry(partial(loss, v[i, j])),
            (
                "chain rule, through all sums below",
                entry(total(partial(loss, r[k]) * partial(r[k], v[i, j]), k)),
            ),
            ("J_V^R[k,i,j] = δ_jk x_i", entry(total(partial(loss, r[k]) * delta(j, k) * x[i], k))),
            ("the delta rule", entry(total(error[k] * delta(j, k) * x[i], k))),
            ("the delta picks one unit", GRADIENT_V),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(v[i, j])),
        wrong=(
            negated(GRADIENT_V),
            without(GRADIENT_V, x[i], "x_i missing"),
            Wrong("the delta of the layer above", entry(x[i] * up[j])),
            Wrong("its outputs in the place of its inputs", entry(y[i] * error[j])),
            Wrong("transposed", entry(x[j] * error[i])),
            Wrong("g' missing", entry(x[i] * total(w[j, o] * up[o], o))),
        ),
    ),
    Derivation(
        id="J_V_Z",
        title="The outputs by the weights of the layer below: one path a weight",
        statement="J_V^Z = f'(s_o) w_jo g'(r_j) x_i",
        rows=("D-50", "D-61", "D-63", "D-64"),
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(TWO, FUNCTIONS, "it is (J_Y^Z J_R^Y) ⊗ x: not diagonal, but still a left factor and x"),
        where=LAYERS,
        steps=chain(
            entry(partial(z[o], v[i, j])),
            ("chain rule: J_Y^Z · J_V^Y", entry(total(partial(z[o], y[k]) * partial(y[k], v[i, j]), k))),
            ("J_Y^Z", entry(total(slope(s[o]) * w[k, o] * partial(y[k], v[i, j]), k))),
            (
                "J_V^Y[k,i,j] = δ_jk g'(r_k) x_i",
                entry(total(slope(s[o]) * w[k, o] * delta(j, k) * g_slope(r[k]) * x[i], k)),
            ),
            ("the delta picks one path", J_ZV),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(v[i, j])),
        wrong=(
            negated(J_ZV),
            without(J_ZV, x[i], "x_i missing"),
            without(J_ZV, g_slope(r[j]), "g' missing"),
            Wrong("all paths summed", entry(x[i] * slope(s[o]) * total(w[k, o] * g_slope(r[k]), k))),
            Wrong("W transposed", entry(slope(s[o]) * w[o, j] * g_slope(r[j]) * x[i])),
        ),
    ),
)
