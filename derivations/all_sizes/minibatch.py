"""A minibatch of any size: the cases share the weights, so that their gradients are summed."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import (
    ANY_F,
    N,
    a,
    b,
    c,
    error,
    f,
    h,
    i,
    j,
    k,
    loss,
    m,
    q,
    row,
    s,
    slope,
    w,
    y,
    z,
)

BATCH = {s[c, k]: b[k] + total(y[c, i] * w[i, k], i), z[c, k]: f(s[c, k])}
LOSS = {loss: total(row[c, k] * z[c, k], c, k)}
MEAN = {loss: total(row[c, k] * z[c, k], c, k) / N}
ERROR = {error[c, k]: row[c, k] * slope(s[c, k])}

CASES = "s_ck = Σ_i y_ci w_ik + b_k and z_ck = f(s_ck): case c from 1 to N, i from 1 to n, k from 1 to m"
SUM_OF_LOSSES = (
    "L is the sum of the losses of the cases; L'_ck is the derivative of the loss of case c by z_ck"
)
MEAN_OF_LOSSES = (
    "L is the mean of the losses of the cases; L'_ck is the derivative of the loss of case c by z_ck"
)

SUM_HQ = b[q] + total(y[h, a] * w[a, q], a)
EXPLICIT_L = total(row[h, q] * f(SUM_HQ), h, q)

BLOCK = entry(delta(c, h) * slope(s[c, k]) * w[i, k])
GRADIENT_W = entry(total(y[c, i] * error[c, j], c))
GRADIENT_B = entry(total(error[c, j], c))
MEAN_W = entry(total(y[c, i] * error[c, j], c) / N)

DERIVATIONS = (
    Derivation(
        id="batch_J",
        title="The Jacobian of a batch is block-diagonal: one block a case",
        statement="∂z_ck/∂y_hi = δ_ch f'(s_ck) w_ik",
        rows=("D-51",),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_F, "N blocks of m x n numbers say it all, and not N x N of them"),
        where=BATCH,
        steps=chain(
            entry(partial(z[c, k], y[h, i])),
            ("chain rule", entry(slope(s[c, k]) * partial(s[c, k], y[h, i]))),
            ("the sum", entry(slope(s[c, k]) * total(partial(y[c, a], y[h, i]) * w[a, k], a))),
            (
                "∂y_ca/∂y_hi = δ_ch δ_ai",
                entry(slope(s[c, k]) * total(delta(c, h) * delta(a, i) * w[a, k], a)),
            ),
            ("the delta picks one term", BLOCK),
        ),
        truth=Truth(sp.Array(f(b[k] + total(y[c, a] * w[a, k], a))), sp.Array(y[h, i])),
        wrong=(
            negated(BLOCK),
            without(BLOCK, delta(c, h), "δ_ch missing: the cases mixed"),
            without(BLOCK, slope(s[c, k]), "f' missing"),
            Wrong("f' of another case", entry(delta(c, h) * slope(s[1, k]) * w[i, k])),
            Wrong("W transposed", entry(delta(c, h) * slope(s[c, k]) * w[k, i])),
        ),
    ),
    Derivation(
        id="batch_W",
        title="The gradient of the weights over a minibatch: Y^T Delta",
        statement="∂L/∂w_ij = Σ_c y_ci delta_cj",
        rows=("D-14", "D-53", "H-80", "N-06", "N-07"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(
            CASES,
            ANY_F,
            SUM_OF_LOSSES,
            "(Y^T Delta)_ij is this sum by the definition of a product",
        ),
        where={**BATCH, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, w[i, j])),
            (
                "chain rule: all cases depend on w_ij",
                entry(total(row[c, k] * partial(z[c, k], w[i, j]), c, k)),
            ),
            ("J_W^Z of each case", entry(total(row[c, k] * delta(j, k) * slope(s[c, k]) * y[c, i], c, k))),
            ("the delta picks one output", entry(total(row[c, j] * slope(s[c, j]) * y[c, i], c))),
            ("definition of delta", GRADIENT_W),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(w[i, j])),
        wrong=(
            negated(GRADIENT_W),
            Wrong("the first case alone", entry(y[1, i] * error[1, j])),
            Wrong("the mean in the place of the sum", MEAN_W),
            Wrong("transposed: Delta^T Y", entry(total(y[c, j] * error[c, i], c))),
            Wrong("sums multiplied: ΣY ΣDelta", entry(total(y[c, i], c) * total(error[c, j], c))),
            Wrong("f' missing", entry(total(y[c, i] * row[c, j], c))),
        ),
    ),
    Derivation(
        id="batch_b",
        title="The gradient of the biases over a minibatch",
        statement="∂L/∂b_j = Σ_c delta_cj",
        rows=("D-53", "H-76", "M-20"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_F, SUM_OF_LOSSES),
        where={**BATCH, **LOSS, **ERROR},
        steps=chain(
            entry(partial(loss, b[j])),
            ("chain rule: all cases depend on b_j", entry(total(row[c, k] * partial(z[c, k], b[j]), c, k))),
            ("J_b^Z of each case", entry(total(row[c, k] * delta(j, k) * slope(s[c, k]), c, k))),
            ("the delta picks one output", entry(total(row[c, j] * slope(s[c, j]), c))),
            ("definition of delta", GRADIENT_B),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(b[j])),
        wrong=(
            negated(GRADIENT_B),
            Wrong("not summed: one case broadcast", entry(error[1, j])),
            Wrong("the mean in the place of the sum", entry(total(error[c, j], c) / N)),
            Wrong("summed over the units too", entry(total(error[c, k], c, k))),
            Wrong("f' missing", entry(total(row[c, j], c))),
        ),
    ),
    Derivation(
        id="batch_mean",
        title="The gradient of a mean is the mean of the gradients",
        statement="∂L/∂w_ij = 1/N Σ_c y_ci delta_cj",
        rows=("B-43", "M-10", "M-11", "N-06"),
        sizes="n, m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_F, MEAN_OF_LOSSES, "delta_cj is that of the loss of case c, without 1/N"),
        where={**BATCH, **MEAN, **ERROR},
        steps=chain(
            entry(partial(loss, w[i, j])),
            (
                "1/N does not depend on w; chain rule",
                entry(total(row[c, k] * partial(z[c, k], w[i, j]), c, k) / N),
            ),
            (
                "J_W^Z of each case",
                entry(total(row[c, k] * delta(j, k) * slope(s[c, k]) * y[c, i], c, k) / N),
            ),
            ("the delta picks one output; delta_cj", MEAN_W),
        ),
        truth=Truth(sp.Array(EXPLICIT_L / N), sp.Array(w[i, j])),
        wrong=(
            negated(MEAN_W),
            Wrong("the sum in the place of the mean", GRADIENT_W),
            Wrong("divided twice", entry(total(y[c, i] * error[c, j], c) / N**2)),
            Wrong("divided by the units", entry(total(y[c, i] * error[c, j], c) / m)),
            Wrong("mean input times mean delta", entry(total(y[c, i], c) * total(error[c, j], c) / N**2)),
        ),
    ),
)
