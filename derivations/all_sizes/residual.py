"""A residual sum: a branch and what goes round it, and the gradients of both paths."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import ANY_F, ANY_LOSS, LOSS, b, f, j, k, loss, m, q, row, s, slope, w, y, z

g, g_slope = smooth("g"), smooth("g'")
branch, r, x, v = map(sp.IndexedBase, ("B", "r", "x", "v"))
u = index("u", m)

SUM = {s[k]: b[k] + total(y[q] * w[q, k], q)}
RESIDUAL = {**SUM, branch[k]: f(s[k]), z[k]: branch[k] + y[k]}
BELOW = {r[k]: total(x[q] * v[q, k], q), y[k]: x[k] + g(r[k])}

SUMMED = "z_k = B_k + y_k, with the branch B_k = f(s_k) and s_k = Σ_q y_q w_qk + b_k; k from 1 to m; one case"
ANY_BRANCH = "any other branch has its own J_Y^B in the place of f'(s_k) w_qk"
TWICE = "below, y_k = x_k + g(r_k) with r_k = Σ_q x_q v_qk: a residual sum on a residual sum"

EXPLICIT_Z = f(b[k] + total(y[u] * w[u, k], u)) + y[k]
EXPLICIT_L = total(row[k] * EXPLICIT_Z, k)
EXPLICIT_Y = x[u] + g(total(x[j] * v[j, u], j))
EXPLICIT_TWO = f(b[k] + total(EXPLICIT_Y * w[u, k], u)) + x[k] + g(total(x[j] * v[j, k], j))

OWN = slope(s[k]) * w[q, k]
J_RESIDUAL = entry(OWN + delta(k, q))
ROW = entry(total(row[k] * OWN, k) + row[q])
GRADIENT = entry(row[j] * slope(s[j]) * y[q])
LOWER = g_slope(r[k]) * v[q, k]
THROUGH = total(slope(s[k]) * w[j, k] * g_slope(r[j]) * v[q, j], j)
J_TWO = entry(delta(k, q) + OWN + LOWER + THROUGH)

DERIVATIONS = (
    Derivation(
        id="res_J",
        title="The Jacobian of a residual sum: the branch's and a unit matrix",
        statement="J_Y^Z[k,q] = f'(s_k) w_qk + δ_kq",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(SUMMED, ANY_F, ANY_BRANCH),
        where=RESIDUAL,
        steps=chain(
            entry(partial(z[k], y[q])),
            ("the derivative of a sum", entry(partial(branch[k], y[q]) + partial(y[k], y[q]))),
            ("∂y_k/∂y_q = δ_kq", entry(partial(branch[k], y[q]) + delta(k, q))),
            ("J_Y^B of a layer", J_RESIDUAL),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(y[q])),
        wrong=(
            negated(J_RESIDUAL),
            Wrong("the branch alone", entry(OWN)),
            Wrong("the way round it alone", entry(delta(k, q))),
            Wrong("ones in the place of the unit matrix", entry(OWN + 1)),
            Wrong("multiplied in the place of added", entry(OWN * delta(k, q))),
        ),
    ),
    Derivation(
        id="res_L",
        title="The row below a residual sum: both paths add",
        statement="∂L/∂y_q = Σ_k L'_k f'(s_k) w_qk + L'_q",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(SUMMED, ANY_F, ANY_BRANCH, ANY_LOSS),
        where={**RESIDUAL, **LOSS},
        steps=chain(
            entry(partial(loss, y[q])),
            ("chain rule", entry(total(row[k] * partial(z[k], y[q]), k))),
            ("res_J", entry(total(row[k] * J_RESIDUAL.array[()], k))),
            ("the delta picks one term", ROW),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(y[q])),
        wrong=(
            negated(ROW),
            Wrong("the branch's alone", entry(total(row[k] * OWN, k))),
            Wrong("the way round it alone", entry(row[q])),
            Wrong("the way round it twice", entry(total(row[k] * OWN, k) + 2 * row[q])),
            Wrong("the mean of the two paths", entry((total(row[k] * OWN, k) + row[q]) / 2)),
        ),
    ),
    Derivation(
        id="res_W_L",
        title="The branch's weights do not see the way round it",
        statement="∂L/∂w_qj = L'_j f'(s_j) y_q",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(SUMMED, ANY_F, ANY_LOSS),
        where={**RESIDUAL, **LOSS},
        steps=chain(
            entry(partial(loss, w[q, j])),
            ("y does not depend on w", entry(total(row[k] * partial(branch[k], w[q, j]), k))),
            ("J_W^B of a layer", entry(total(row[k] * delta(j, k) * slope(s[k]) * y[q], k))),
            ("the delta picks one output", GRADIENT),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(w[q, j])),
        wrong=(
            negated(GRADIENT),
            without(GRADIENT, slope(s[j]), "f' missing"),
            Wrong("the way round it added", entry(row[j] * (slope(s[j]) * y[q] + 1))),
            Wrong("half of it, for one path of two", entry(row[j] * slope(s[j]) * y[q] / 2)),
            Wrong("the output in the place of y", entry(row[j] * slope(s[j]) * z[q])),
        ),
    ),
    Derivation(
        id="res_res",
        title="Two residual sums: four paths, one of them without a factor",
        statement="J_X^Z = 1 + J_Y^B + J_X^G + J_Y^B J_X^G",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(SUMMED, TWICE, "f and g are any differentiable functions, applied to each entry"),
        where={**RESIDUAL, **BELOW},
        steps=chain(
            entry(partial(z[k], x[q])),
            ("chain rule", entry(total(partial(z[k], y[j]) * partial(y[j], x[q]), j))),
            (
                "res_J of both",
                entry(
                    total((slope(s[k]) * w[j, k] + delta(k, j)) * (g_slope(r[j]) * v[q, j] + delta(j, q)), j)
                ),
            ),
            ("multiplied out", J_TWO),
        ),
        truth=Truth(sp.Array(EXPLICIT_TWO), sp.Array(x[q])),
        wrong=(
            negated(J_TWO),
            Wrong("the product alone", entry(THROUGH)),
            Wrong("through both branches or none", entry(delta(k, q) + THROUGH)),
            Wrong("the path through both missing", entry(delta(k, q) + OWN + LOWER)),
            Wrong("the path round both missing", entry(OWN + LOWER + THROUGH)),
        ),
    ),
)
