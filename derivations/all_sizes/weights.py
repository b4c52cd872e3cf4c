"""The weights of one layer of any size: the simplified Jacobian, and the step backward across the layer."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .letters import (
    ANY_F,
    ANY_LOSS,
    ENTRIES,
    ERROR,
    LAYER,
    LOSS,
    ONE_LAYER,
    J_hat,
    a,
    b,
    error,
    f,
    i,
    j,
    k,
    loss,
    q,
    row,
    s,
    slope,
    w,
    y,
    z,
)

HAT = {J_hat[i, k]: y[i] * slope(s[k])}
EXPLICIT_Z = sp.Array(f(b[k] + total(y[a] * w[a, k], a)))
EXPLICIT_L = sp.Array(total(row[q] * f(b[q] + total(y[a] * w[a, q], a)), q))

HAT_IK = entry(y[i] * slope(s[k]))
FULL = entry(delta(j, k) * J_hat[i, j])
J_LW = entry(row[j] * J_hat[i, j])
J_LB = entry(error[j])
J_LY = entry(total(w[i, k] * error[k], k))

DERIVATIONS = (
    Derivation(
        id="J_W_hat",
        title="The simplified Jacobian: the entries that are not zero by structure",
        statement="Ĵ[i,k] = J_W^Z[k,i,k] = y_i f'(s_k)",
        rows=("D-71", "D-72"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, "w_ik touches the output z_k alone, so that Ĵ has the shape of W"),
        where=LAYER,
        steps=chain(
            entry(partial(z[k], w[i, k])),
            ("chain rule", entry(slope(s[k]) * partial(s[k], w[i, k]))),
            ("only the sum depends on w", entry(slope(s[k]) * total(y[a] * partial(w[a, k], w[i, k]), a))),
            ("∂w_ak/∂w_ik = δ_ai", entry(slope(s[k]) * total(y[a] * delta(a, i), a))),
            ("the outer product of Y and the diagonal", HAT_IK),
        ),
        truth=Truth(EXPLICIT_Z, sp.Array(w[i, k])),
        wrong=(
            negated(HAT_IK),
            without(HAT_IK, slope(s[k]), "f' missing"),
            without(HAT_IK, y[i], "y_i missing"),
            swapped(HAT_IK, i, k),
            Wrong("the weight in the place of the input", entry(w[i, k] * slope(s[k]))),
            Wrong("f' at the output z_k", entry(y[i] * slope(z[k]))),
        ),
    ),
    Derivation(
        id="J_W_full",
        title="The whole Jacobian from the simplified one",
        statement="J_W^Z[k,i,j] = δ_jk Ĵ[i,j]",
        rows=("D-57", "D-71", "D-72"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ENTRIES),
        where={**LAYER, **HAT},
        steps=chain(
            entry(partial(z[k], w[i, j])),
            ("chain rule", entry(slope(s[k]) * partial(s[k], w[i, j]))),
            ("J_W^Sum[k,i,j] = δ_jk y_i", entry(slope(s[k]) * delta(j, k) * y[i])),
            ("where δ_jk is not 0, k is j", entry(slope(s[j]) * delta(j, k) * y[i])),
            ("definition of Ĵ", FULL),
        ),
        truth=Truth(EXPLICIT_Z, sp.Array(w[i, j])),
        wrong=(
            negated(FULL),
            without(FULL, delta(j, k), "δ_jk missing: Ĵ in every output's place"),
            Wrong("Ĵ transposed", entry(delta(j, k) * J_hat[j, i])),
            Wrong("δ_ik in the place of δ_jk", entry(delta(i, k) * J_hat[i, j])),
            Wrong("Ĵ summed over the inputs", entry(delta(j, k) * total(J_hat[a, j], a))),
        ),
    ),
    Derivation(
        id="J_W_L",
        title="The gradient of the weights: the row times the columns of Ĵ",
        statement="J_W^L[i,j] = J_Z^L[j] Ĵ[i,j]",
        rows=("D-24", "D-73", "D-74", "D-75", "M-20"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ANY_LOSS, "the result has the shape of W"),
        where={**LAYER, **LOSS, **HAT},
        steps=chain(
            entry(partial(loss, w[i, j])),
            ("chain rule: J_Z^L · J_W^Z", entry(total(partial(loss, z[k]) * partial(z[k], w[i, j]), k))),
            ("J_Z^L[k] = L'_k", entry(total(row[k] * partial(z[k], w[i, j]), k))),
            ("J_W^Z from Ĵ", entry(total(row[k] * delta(j, k) * J_hat[i, j], k))),
            ("the delta picks one term", J_LW),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(w[i, j])),
        wrong=(
            negated(J_LW),
            without(J_LW, row[j], "the loss forgotten"),
            Wrong("f' missing: L'_j y_i", entry(row[j] * y[i])),
            Wrong("Ĵ transposed", entry(row[j] * J_hat[j, i])),
            Wrong("the row along the inputs: L'_i", entry(row[i] * J_hat[i, j])),
            Wrong("a dot product in the place of ×", entry(total(row[k] * J_hat[i, k], k))),
        ),
    ),
    Derivation(
        id="J_b_L",
        title="The gradient of the biases: the delta of the layer",
        statement="J_b^L[j] = J_Z^L[j] f'(s_j) = delta_j",
        rows=("D-20", "H-64", "M-15", "M-20", "M-21"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(ONE_LAYER, ANY_F, ANY_LOSS),
        where={**LAYER, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, b[j])),
            ("chain rule, through all sums", entry(total(partial(loss, s[k]) * partial(s[k], b[j]), k))),
            ("J_b^Sum is the unit matrix", entry(total(partial(loss, s[k]) * delta(j, k), k))),
            ("the delta picks one term", entry(partial(loss, s[j]))),
            ("J_Z^L[j] = L'_j, J_Sum^Z is diagonal", entry(row[j] * slope(s[j]))),
            ("definition of delta", J_LB),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(b[j])),
        wrong=(
            negated(J_LB),
            Wrong("f' missing", entry(row[j])),
            Wrong("the loss forgotten", entry(slope(s[j]))),
            Wrong("times the bias", entry(error[j] * b[j])),
            Wrong("summed over the units", entry(total(error[k], k))),
            Wrong("f' at the output z_j", entry(row[j] * slope(z[j]))),
        ),
    ),
    Derivation(
        id="J_Y_L",
        title="What is passed upstream: the deltas through the weights",
        statement="J_Y^L[i] = Σ_k w_ik delta_k",
        rows=("D-67", "D-73", "H-66", "H-76", "B-36"),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            ONE_LAYER,
            ANY_F,
            ANY_LOSS,
            "the weights are those of the forward pass, not updated yet",
        ),
        where={**LAYER, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, y[i])),
            ("chain rule: J_Z^L · J_Y^Z", entry(total(partial(loss, z[k]) * partial(z[k], y[i]), k))),
            ("J_Z^L[k] = L'_k", entry(total(row[k] * partial(z[k], y[i]), k))),
            ("J_Y^Z[k,i] = f'(s_k) w_ik", entry(total(row[k] * slope(s[k]) * w[i, k], k))),
            ("definition of delta", J_LY),
        ),
        truth=Truth(EXPLICIT_L, sp.Array(y[i])),
        wrong=(
            negated(J_LY),
            Wrong("f' missing", entry(total(w[i, k] * row[k], k))),
            Wrong("the weights missing", entry(total(error[k], k))),
            Wrong("W^T in the place of W", entry(total(w[k, i] * error[k], k))),
            Wrong("f' of the layer below", entry(slope(y[i]) * total(w[i, k] * error[k], k))),
            Wrong("one output alone", entry(w[i, 1] * error[1])),
        ),
    ),
)
