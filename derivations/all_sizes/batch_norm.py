"""Batch normalisation of any size: in training, where the cases meet, and in use, where it is affine."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import N, b, c, h, k, loss, q, row, y, z

gain, mean, spread, unit = map(sp.IndexedBase, ("C", "mu", "s", "u"))
held_mean, held_variance = map(sp.IndexedBase, ("mean", "var"))
eps = sp.Symbol("eps", positive=True)
g, e = index("g", N), index("e", N)

STATISTICS = {
    mean[k]: total(y[c, k], c) / N,
    spread[k]: sp.sqrt(total((y[c, k] - mean[k]) ** 2, c) / N + eps),
}
UNITS = {**STATISTICS, unit[c, k]: (y[c, k] - mean[k]) / spread[k]}
TRAINING = {**UNITS, z[c, k]: gain[k] * unit[c, k] + b[k]}
LOSS = {loss: total(row[c, k] * z[c, k], c, k)}
HELD = {z[k]: gain[k] * (y[k] - held_mean[k]) / sp.sqrt(held_variance[k] + eps) + b[k]}

CASES = (
    "mu_k = 1/N Σ_c y_ck, s_k = (1/N Σ_c (y_ck - mu_k)^2 + eps)^(1/2), u_ck = (y_ck - mu_k)/s_k "
    "and z_ck = C_k u_ck + b_k: case c from 1 to N, unit k from 1 to m; eps > 0"
)
ONE_CASE = (
    "z_k = C_k (y_k - mean_k)/(var_k + eps)^(1/2) + b_k, with k from 1 to m; one case; "
    "mean and var are numbers from training, and eps > 0"
)
ANY_ROWS = "L'_ck = ∂L/∂z_ck is any row for each case, as of a loss L that is differentiable in z"

CENTRED = y[c, k] - total(y[g, k], g) / N
SPREAD_K = sp.sqrt(total((y[e, k] - total(y[g, k], g) / N) ** 2, e) / N + eps)
EXPLICIT_U = CENTRED / SPREAD_K
EXPLICIT_Z = gain[k] * EXPLICIT_U + b[k]
EXPLICIT_L = total(row[c, k] * EXPLICIT_Z, c, k)
EXPLICIT_HELD = sp.Array(b[k] + gain[k] * (y[k] - held_mean[k]) * (held_variance[k] + eps) ** -sp.S.Half)
BY_DIFF = "the sum of sympy's derivatives of z_ck by y_hq"

J_MEAN = entry(delta(k, q) / N)
J_SPREAD = entry(delta(k, q) * unit[h, k] / N)
COUPLING = delta(c, h) - 1 / N - unit[c, k] * unit[h, k] / N
J_NORM = entry(delta(k, q) * gain[k] / spread[k] * COUPLING)
LENGTH = entry(N * (1 - eps / spread[k] ** 2))
GRADIENT_C = entry(total(row[c, q] * unit[c, q], c))
GRADIENT_B = entry(total(row[c, q], c))
ROW_MEAN, ROW_UNIT = total(row[c, q], c) / N, unit[h, q] / N * total(row[c, q] * unit[c, q], c)
ROW_Y = entry(gain[q] / spread[q] * (row[h, q] - ROW_MEAN - ROW_UNIT))
HELD_SPREAD = sp.sqrt(held_variance[k] + eps)
J_HELD = entry(delta(k, q) * gain[k] / HELD_SPREAD)
J_HELD_C = entry(delta(k, q) * (y[k] - held_mean[k]) / HELD_SPREAD)

DERIVATIONS = (
    Derivation(
        id="norm_mean",
        title="The mean of a batch by one case",
        statement="∂mu_k/∂y_hq = δ_kq / N",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES,),
        where=STATISTICS,
        steps=chain(
            entry(partial(mean[k], y[h, q])),
            ("the derivative of a sum", entry(total(partial(y[c, k], y[h, q]), c) / N)),
            ("∂y_ck/∂y_hq = δ_ch δ_kq", entry(total(delta(c, h) * delta(k, q), c) / N)),
            ("the delta picks one case", J_MEAN),
        ),
        truth=Truth(sp.Array(total(y[g, k], g) / N), sp.Array(y[h, q])),
        wrong=(
            negated(J_MEAN),
            Wrong("the sum's: 1/N missing", entry(delta(k, q))),
            without(J_MEAN, delta(k, q), "δ_kq missing: the units mixed"),
            Wrong("0: the mean taken for a number", entry(sp.S.Zero)),
        ),
    ),
    Derivation(
        id="norm_centred",
        title="What is normalised has mean 0",
        statement="Σ_c u_ck = 0",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES,),
        where=UNITS,
        steps=chain(
            entry(total(unit[c, k], c)),
            ("definition; s_k is the same for all cases", entry(total(y[c, k] - mean[k], c) / spread[k])),
            ("mu_k, N times", entry((total(y[c, k], c) - N * mean[k]) / spread[k])),
            ("N mu_k is the sum", entry(sp.S.Zero)),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_U, c)), "the sum of the explicit units"),
        wrong=(
            Wrong("1", entry(sp.S.One)),
            Wrong("one case alone", entry(unit[1, k])),
            Wrong("mu_k not subtracted", entry(N * mean[k] / spread[k])),
            Wrong("mu_k subtracted once", entry((N - 1) * mean[k] / spread[k])),
        ),
    ),
    Derivation(
        id="norm_length",
        title="What is normalised has variance 1, but for eps",
        statement="Σ_c u_ck^2 = N (1 - eps/s_k^2)",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, "1 - eps/s_k^2 is the variance's share of s_k^2: 0 for a constant unit"),
        where=UNITS,
        steps=chain(
            entry(total(unit[c, k] ** 2, c)),
            ("definition", entry(total((y[c, k] - mean[k]) ** 2, c) / spread[k] ** 2)),
            ("s_k^2 has the same sum", entry(N * (spread[k] ** 2 - eps) / spread[k] ** 2)),
            ("divided by s_k^2", LENGTH),
        ),
        truth=Explicit(sp.Array(total(EXPLICIT_U**2, c)), "the sum of the explicit squares"),
        wrong=(
            negated(LENGTH),
            Wrong("eps forgotten", entry(N)),
            Wrong("the mean in the place of the sum", entry(1 - eps / spread[k] ** 2)),
            Wrong("eps added", entry(N * (1 + eps / spread[k] ** 2))),
            Wrong("N - 1, as for an unbiased variance", entry((N - 1) * (1 - eps / spread[k] ** 2))),
        ),
    ),
    Derivation(
        id="norm_spread",
        title="The spread of a batch by one case",
        statement="∂s_k/∂y_hq = δ_kq u_hk / N",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES,),
        where=UNITS,
        steps=chain(
            entry(partial(spread[k], y[h, q])),
            (
                "the root's derivative",
                entry(
                    total((y[c, k] - mean[k]) * (partial(y[c, k], y[h, q]) - partial(mean[k], y[h, q])), c)
                    / (N * spread[k])
                ),
            ),
            (
                "∂y_ck/∂y_hq = δ_ch δ_kq; norm_mean",
                entry(delta(k, q) / N * total(unit[c, k] * (delta(c, h) - 1 / N), c)),
            ),
            ("the delta picks one case; the mean of u is 0", J_SPREAD),
        ),
        truth=Truth(sp.Array(SPREAD_K), sp.Array(y[h, q])),
        wrong=(
            negated(J_SPREAD),
            Wrong("1/N missing", entry(delta(k, q) * unit[h, k])),
            without(J_SPREAD, delta(k, q), "δ_kq missing: the units mixed"),
            Wrong("the variance's", entry(2 * delta(k, q) * (y[h, k] - mean[k]) / N)),
            Wrong("0: the spread taken for a number", entry(sp.S.Zero)),
        ),
    ),
    Derivation(
        id="norm_J",
        title="The Jacobian of batch normalisation: every case by every case",
        statement="∂z_ck/∂y_hq = δ_kq C_k/s_k (δ_ch - 1/N - u_ck u_hk/N)",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, "for each unit a diagonal + rank 2 over the cases; symmetric in c and h"),
        where=TRAINING,
        steps=chain(
            entry(partial(z[c, k], y[h, q])),
            ("C_k and b_k do not depend on y", entry(gain[k] * partial(unit[c, k], y[h, q]))),
            (
                "quotient rule",
                entry(
                    gain[k]
                    / spread[k]
                    * (
                        partial(y[c, k], y[h, q])
                        - partial(mean[k], y[h, q])
                        - unit[c, k] * partial(spread[k], y[h, q])
                    )
                ),
            ),
            (
                "norm_mean and norm_spread",
                entry(
                    gain[k]
                    / spread[k]
                    * (
                        delta(c, h) * delta(k, q)
                        - delta(k, q) / N
                        - unit[c, k] * delta(k, q) * unit[h, k] / N
                    )
                ),
            ),
            ("δ_kq is in all three", J_NORM),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(y[h, q])),
        wrong=(
            negated(J_NORM),
            Wrong("the statistics taken for numbers", entry(delta(k, q) * delta(c, h) * gain[k] / spread[k])),
            Wrong(
                "the spread taken for a number",
                entry(delta(k, q) * gain[k] / spread[k] * (delta(c, h) - 1 / N)),
            ),
            Wrong(
                "the mean taken for a number",
                entry(delta(k, q) * gain[k] / spread[k] * (delta(c, h) - unit[c, k] * unit[h, k] / N)),
            ),
            without(J_NORM, gain[k], "C_k missing"),
            Wrong("not divided by s_k", entry(delta(k, q) * gain[k] * COUPLING)),
            Wrong("the units mixed", entry(gain[k] / spread[k] * COUPLING)),
        ),
    ),
    Derivation(
        id="norm_C",
        title="Batch normalisation by its gains",
        statement="∂z_ck/∂C_q = δ_kq u_ck",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES,),
        where=TRAINING,
        steps=chain(
            entry(partial(z[c, k], gain[q])),
            ("u does not depend on C", entry(partial(gain[k], gain[q]) * unit[c, k])),
            ("∂C_k/∂C_q = δ_kq", entry(delta(k, q) * unit[c, k])),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(gain[q])),
        wrong=(
            Wrong("y in the place of u", entry(delta(k, q) * y[c, k])),
            Wrong("not divided by s_k", entry(delta(k, q) * (y[c, k] - mean[k]))),
            Wrong("δ_kq missing", entry(unit[c, k])),
            Wrong("the output itself", entry(delta(k, q) * z[c, k])),
        ),
    ),
    Derivation(
        id="norm_b",
        title="Batch normalisation by its shifts",
        statement="∂z_ck/∂b_q = δ_kq",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, "a bias below the layer has no effect: the mean takes it away (norm_rows)"),
        where=TRAINING,
        steps=chain(
            entry(partial(z[c, k], b[q])),
            ("C_k u_ck does not depend on b", entry(partial(b[k], b[q]))),
            ("∂b_k/∂b_q = δ_kq", entry(delta(k, q))),
        ),
        truth=Truth(sp.Array(EXPLICIT_Z), sp.Array(b[q])),
        wrong=(
            negated(entry(delta(k, q))),
            Wrong("0: a bias that the mean takes away", entry(sp.S.Zero)),
            Wrong("1: every shift moves every unit", entry(sp.S.One)),
            Wrong("1/N of it", entry(delta(k, q) / N)),
        ),
    ),
    Derivation(
        id="norm_cols",
        title="The columns of each unit's block sum to 0",
        statement="Σ_c ∂z_ck/∂y_hq = 0",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, "the sum of a unit's outputs is N b_k, whatever y is"),
        where=TRAINING,
        steps=chain(
            entry(total(partial(z[c, k], y[h, q]), c)),
            ("norm_J", entry(total(J_NORM.array[()], c))),
            (
                "the delta picks one case; 1/N, N times",
                entry(-delta(k, q) * gain[k] * unit[h, k] / (N * spread[k]) * total(unit[c, k], c)),
            ),
            ("the units sum to 0", entry(sp.S.Zero)),
        ),
        truth=Explicit(sp.Array(total(sp.diff(EXPLICIT_Z, y[h, q]), c)), BY_DIFF),
        wrong=(
            Wrong("1", entry(sp.S.One)),
            Wrong("the statistics taken for numbers", entry(delta(k, q) * gain[k] / spread[k])),
            Wrong(
                "the mean taken for a number", entry(delta(k, q) * gain[k] / spread[k] * (1 - unit[h, k] / N))
            ),
            Wrong("one case alone", entry(partial(z[1, k], y[h, q]))),
        ),
    ),
    Derivation(
        id="norm_rows",
        title="The rows of each unit's block sum to 0",
        statement="Σ_h ∂z_ck/∂y_hq = 0",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, "what is added to all cases has no effect: a bias below is never learnt"),
        where=TRAINING,
        steps=chain(
            entry(total(partial(z[c, k], y[h, q]), h)),
            ("norm_J", entry(total(J_NORM.array[()], h))),
            (
                "the delta picks one case; 1/N, N times",
                entry(-delta(k, q) * gain[k] * unit[c, k] / (N * spread[k]) * total(unit[h, k], h)),
            ),
            ("the units sum to 0", entry(sp.S.Zero)),
        ),
        truth=Explicit(sp.Array(total(sp.diff(EXPLICIT_Z, y[h, q]), h)), BY_DIFF),
        wrong=(
            Wrong("1", entry(sp.S.One)),
            Wrong("the statistics taken for numbers", entry(delta(k, q) * gain[k] / spread[k])),
            Wrong(
                "the mean taken for a number", entry(delta(k, q) * gain[k] / spread[k] * (1 - unit[c, k] / N))
            ),
            Wrong("one case alone", entry(partial(z[c, k], y[1, q]))),
        ),
    ),
    Derivation(
        id="norm_Y_L",
        title="The rows below batch normalisation",
        statement="∂L/∂y_hq = C_q/s_q (L'_hq - Σ_c L'_cq/N - u_hq Σ_c L'_cq u_cq/N)",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_ROWS, "a row loses its mean over the cases and what it shares with u"),
        where={**TRAINING, **LOSS},
        steps=chain(
            entry(partial(loss, y[h, q])),
            ("every case depends on y_hq", entry(total(row[c, k] * partial(z[c, k], y[h, q]), c, k))),
            ("norm_J", entry(total(row[c, k] * J_NORM.array[()], c, k))),
            ("the deltas pick unit q and case h", ROW_Y),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(y[h, q])),
        wrong=(
            negated(ROW_Y),
            Wrong("the statistics taken for numbers", entry(gain[q] / spread[q] * row[h, q])),
            Wrong("the spread taken for a number", entry(gain[q] / spread[q] * (row[h, q] - ROW_MEAN))),
            Wrong("the mean taken for a number", entry(gain[q] / spread[q] * (row[h, q] - ROW_UNIT))),
            Wrong("C_q missing", entry((row[h, q] - ROW_MEAN - ROW_UNIT) / spread[q])),
            Wrong(
                "sums in the place of means",
                entry(gain[q] / spread[q] * (row[h, q] - N * ROW_MEAN - N * ROW_UNIT)),
            ),
        ),
    ),
    Derivation(
        id="norm_C_L",
        title="The gradient of the gains",
        statement="∂L/∂C_q = Σ_c L'_cq u_cq",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_ROWS),
        where={**TRAINING, **LOSS},
        steps=chain(
            entry(partial(loss, gain[q])),
            ("chain rule", entry(total(row[c, k] * partial(z[c, k], gain[q]), c, k))),
            ("norm_C", entry(total(row[c, k] * delta(k, q) * unit[c, k], c, k))),
            ("the delta picks one unit", GRADIENT_C),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(gain[q])),
        wrong=(
            negated(GRADIENT_C),
            Wrong("y in the place of u", entry(total(row[c, q] * y[c, q], c))),
            Wrong("the first case alone", entry(row[1, q] * unit[1, q])),
            Wrong("that of the shifts", GRADIENT_B),
            Wrong("sums multiplied", entry(total(row[c, q], c) * total(unit[c, q], c))),
        ),
    ),
    Derivation(
        id="norm_b_L",
        title="The gradient of the shifts",
        statement="∂L/∂b_q = Σ_c L'_cq",
        rows=(),
        sizes="m, N",
        scope="all sizes",
        assumptions=(CASES, ANY_ROWS),
        where={**TRAINING, **LOSS},
        steps=chain(
            entry(partial(loss, b[q])),
            ("chain rule", entry(total(row[c, k] * partial(z[c, k], b[q]), c, k))),
            ("norm_b", entry(total(row[c, k] * delta(k, q), c, k))),
            ("the delta picks one unit", GRADIENT_B),
        ),
        truth=Truth(sp.Array(EXPLICIT_L), sp.Array(b[q])),
        wrong=(
            negated(GRADIENT_B),
            Wrong("the mean in the place of the sum", entry(total(row[c, q], c) / N)),
            Wrong("the first case alone", entry(row[1, q])),
            Wrong("that of the gains", GRADIENT_C),
        ),
    ),
    Derivation(
        id="held_J",
        title="Batch normalisation in use: diagonal, each case by itself",
        statement="∂z_k/∂y_q = δ_kq C_k/(var_k + eps)^(1/2)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(ONE_CASE, "a Dense layer below swallows it: its columns times C_k/s_k"),
        where=HELD,
        steps=chain(
            entry(partial(z[k], y[q])),
            ("affine in y", entry(gain[k] / HELD_SPREAD * partial(y[k], y[q]))),
            ("∂y_k/∂y_q = δ_kq", J_HELD),
        ),
        truth=Truth(EXPLICIT_HELD, sp.Array(y[q])),
        wrong=(
            negated(J_HELD),
            without(J_HELD, gain[k], "C_k missing"),
            without(J_HELD, delta(k, q), "δ_kq missing: the units mixed"),
            Wrong("divided by the variance", entry(delta(k, q) * gain[k] / (held_variance[k] + eps))),
            Wrong("eps outside the root", entry(delta(k, q) * gain[k] / (sp.sqrt(held_variance[k]) + eps))),
        ),
    ),
    Derivation(
        id="held_C",
        title="Batch normalisation in use, by its gains",
        statement="∂z_k/∂C_q = δ_kq (y_k - mean_k)/(var_k + eps)^(1/2)",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(ONE_CASE,),
        where=HELD,
        steps=chain(
            entry(partial(z[k], gain[q])),
            ("linear in C", entry(partial(gain[k], gain[q]) * (y[k] - held_mean[k]) / HELD_SPREAD)),
            ("∂C_k/∂C_q = δ_kq", J_HELD_C),
        ),
        truth=Truth(EXPLICIT_HELD, sp.Array(gain[q])),
        wrong=(
            negated(J_HELD_C),
            Wrong("the mean not subtracted", entry(delta(k, q) * y[k] / HELD_SPREAD)),
            Wrong("not divided by the spread", entry(delta(k, q) * (y[k] - held_mean[k]))),
            Wrong("the output itself", entry(delta(k, q) * z[k])),
            without(J_HELD_C, delta(k, q), "δ_kq missing"),
        ),
    ),
    Derivation(
        id="held_b",
        title="Batch normalisation in use, by its shifts",
        statement="∂z_k/∂b_q = δ_kq",
        rows=(),
        sizes="m",
        scope="all sizes",
        assumptions=(ONE_CASE,),
        where=HELD,
        steps=chain(
            entry(partial(z[k], b[q])),
            ("C_k (y_k - mean_k) does not depend on b", entry(partial(b[k], b[q]))),
            ("∂b_k/∂b_q = δ_kq", entry(delta(k, q))),
        ),
        truth=Truth(EXPLICIT_HELD, sp.Array(b[q])),
        wrong=(
            negated(entry(delta(k, q))),
            Wrong("divided by the spread", entry(delta(k, q) / HELD_SPREAD)),
            Wrong("times the gain", entry(delta(k, q) * gain[k])),
            Wrong("1: every shift moves every unit", entry(sp.S.One)),
        ),
    ),
)
