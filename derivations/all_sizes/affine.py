"""One layer of any size: the Jacobians of its sums and of its outputs."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .letters import (
    AFFINE,
    ANY_F,
    ELEMENTWISE,
    ENTRIES,
    LAYER,
    ONE_LAYER,
    a,
    b,
    f,
    i,
    j,
    k,
    q,
    s,
    slope,
    w,
    y,
    z,
)

SUM_K = b[k] + total(y[a] * w[a, k], a)
Z_K = sp.Array(f(SUM_K))

J_SUM_Y = entry(w[i, k])
J_SUM_W = entry(delta(j, k) * y[i])
J_SUM_B = entry(delta(j, k))
J_Z_SUM = entry(delta(k, j) * slope(s[k]))
J_ZY = entry(slope(s[k]) * w[i, k])
J_WZ = entry(delta(j, k) * slope(s[k]) * y[i])
J_ZB = entry(delta(j, k) * slope(s[k]))

DERIVATIONS = (
    Derivation(
        id="J_Y_Sum",
        title="The sums of a layer by its inputs",
        statement="J_Y^Sum[k,i] = w_ik",
        rows=("D-11", "H-74"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ENTRIES),
        where=AFFINE,
        steps=chain(
            entry(partial(s[k], y[i])),
            ("only the sum depends on y", entry(total(partial(y[a], y[i]) * w[a, k], a))),
            ("∂y_a/∂y_i = δ_ai", entry(total(delta(a, i) * w[a, k], a))),
            ("the delta picks one term", J_SUM_Y),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(y[i])),
        wrong=(
            negated(J_SUM_Y),
            Wrong("transposed: w_ki", entry(w[k, i])),
            Wrong("wrong variable: y_i", entry(y[i])),
            Wrong("summed over all inputs", entry(total(w[a, k], a))),
        ),
    ),
    Derivation(
        id="J_W_Sum",
        title="The sums of a layer by its weights",
        statement="J_W^Sum[k,i,j] = δ_jk y_i",
        rows=("D-11", "M-21"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ENTRIES),
        where=AFFINE,
        steps=chain(
            entry(partial(s[k], w[i, j])),
            ("only the sum depends on w", entry(total(y[a] * partial(w[a, k], w[i, j]), a))),
            ("∂w_ak/∂w_ij = δ_ai δ_jk", entry(total(y[a] * delta(a, i) * delta(j, k), a))),
            ("the delta picks one term", J_SUM_W),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(w[i, j])),
        wrong=(
            negated(J_SUM_W),
            without(J_SUM_W, delta(j, k), "δ_jk missing: every sum depends on w_ij"),
            without(J_SUM_W, y[i], "y_i missing, as for the bias"),
            swapped(J_SUM_W, i, j),
            Wrong("wrong variable: w_ij", entry(delta(j, k) * w[i, j])),
            Wrong("summed over all inputs", entry(delta(j, k) * total(y[a], a))),
        ),
    ),
    Derivation(
        id="J_b_Sum",
        title="The sums of a layer by its biases",
        statement="J_b^Sum[k,j] = δ_jk",
        rows=("M-21",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ENTRIES),
        where=AFFINE,
        steps=chain(
            entry(partial(s[k], b[j])),
            ("y and w do not depend on b", entry(partial(b[k], b[j]))),
            ("the biases are independent of each other", J_SUM_B),
        ),
        truth=Truth(sp.Array(SUM_K), sp.Array(b[j])),
        wrong=(
            negated(J_SUM_B),
            Wrong("1 in the place of the unit matrix", entry(sp.Integer(1))),
            Wrong("the bias itself", entry(delta(j, k) * b[k])),
            Wrong("an input taken for the constant 1", entry(delta(j, k) * total(y[a], a))),
        ),
    ),
    Derivation(
        id="J_Sum_Z",
        title="An activation that acts on each entry has a diagonal Jacobian",
        statement="J_Sum^Z[k,j] = δ_kj f'(s_k)",
        rows=("D-45", "D-70", "H-77"),
        sizes="m",
        scope="all sizes",
        assumptions=(ANY_F, ENTRIES),
        where=ELEMENTWISE,
        steps=chain(
            entry(partial(z[k], s[j])),
            ("z_k = f(s_k), chain rule", entry(slope(s[k]) * partial(s[k], s[j]))),
            ("the sums are independent variables here", J_Z_SUM),
        ),
        truth=Truth(sp.Array(f(s[k])), sp.Array(s[j])),
        wrong=(
            negated(J_Z_SUM),
            without(J_Z_SUM, slope(s[k]), "the unit matrix: f' missing"),
            without(J_Z_SUM, delta(k, j), "not diagonal: δ_kj missing"),
            Wrong("f in the place of f'", entry(delta(k, j) * f(s[k]))),
            Wrong("f' at the output z_k", entry(delta(k, j) * slope(z[k]))),
        ),
    ),
    Derivation(
        id="J_Y_Z",
        title="The outputs of a layer by its inputs: J_Sum^Z W^T",
        statement="J_Y^Z[k,i] = f'(s_k) w_ik",
        rows=("D-56", "D-67", "D-69", "H-77"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ENTRIES),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], y[i])),
            ("chain rule, through all sums", entry(total(partial(z[k], s[j]) * partial(s[j], y[i]), j))),
            ("J_Y^Sum[j,i] = w_ij, so that it is W^T", entry(total(partial(z[k], s[j]) * w[i, j], j))),
            ("J_Sum^Z is diagonal", entry(total(delta(k, j) * slope(s[k]) * w[i, j], j))),
            ("the delta picks one term", J_ZY),
        ),
        truth=Truth(Z_K, sp.Array(y[i])),
        wrong=(
            negated(J_ZY),
            without(J_ZY, slope(s[k]), "f' missing"),
            without(J_ZY, w[i, k], "w_ik missing"),
            Wrong("W in the place of W^T: w_ki", entry(slope(s[k]) * w[k, i])),
            Wrong("f' of the wrong sum", entry(slope(s[i]) * w[i, k])),
            Wrong("J_Sum^Z not diagonal: all sums", entry(total(slope(s[k]) * w[i, j], j))),
            Wrong("f' at the output z_k", entry(slope(z[k]) * w[i, k])),
        ),
    ),
    Derivation(
        id="J_W_Z",
        title="The outputs of a layer by its weights",
        statement="J_W^Z[k,i,j] = δ_jk f'(s_k) y_i",
        rows=("D-57", "D-71"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ENTRIES),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], w[i, j])),
            ("chain rule", entry(slope(s[k]) * partial(s[k], w[i, j]))),
            ("only the sum depends on w", entry(slope(s[k]) * total(y[a] * partial(w[a, k], w[i, j]), a))),
            ("∂w_ak/∂w_ij = δ_ai δ_jk", entry(slope(s[k]) * total(y[a] * delta(a, i) * delta(j, k), a))),
            ("the delta picks one term", J_WZ),
        ),
        truth=Truth(Z_K, sp.Array(w[i, j])),
        wrong=(
            negated(J_WZ),
            without(J_WZ, slope(s[k]), "f' missing"),
            without(J_WZ, y[i], "y_i missing"),
            without(J_WZ, delta(j, k), "δ_jk missing: all outputs depend on w_ij"),
            swapped(J_WZ, i, j),
        ),
    ),
    Derivation(
        id="J_b_Z",
        title="The outputs of a layer by its biases: J_Sum^Z again",
        statement="J_b^Z[k,j] = δ_jk f'(s_k)",
        rows=("M-20",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ENTRIES),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], b[j])),
            ("chain rule, through all sums", entry(total(partial(z[k], s[q]) * partial(s[q], b[j]), q))),
            ("J_b^Sum is the unit matrix", entry(total(partial(z[k], s[q]) * delta(j, q), q))),
            ("J_Sum^Z is diagonal", entry(total(delta(k, q) * slope(s[k]) * delta(j, q), q))),
            ("the delta picks one term", J_ZB),
        ),
        truth=Truth(Z_K, sp.Array(b[j])),
        wrong=(
            negated(J_ZB),
            without(J_ZB, slope(s[k]), "f' missing"),
            without(J_ZB, delta(j, k), "δ_jk missing"),
            Wrong("an input too many: y_1", entry(delta(j, k) * slope(s[k]) * y[1])),
            Wrong("f' at the bias alone", entry(delta(j, k) * slope(b[k]))),
        ),
    ),
)
