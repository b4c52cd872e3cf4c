"""The row of a loss at its own outputs: where every chain begins."""

import sympy as sp

from ..proof.derivation import Derivation, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.indices import delta, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import N, c, h, j, k, m, t, z
from .softmax import p

L = sp.Symbol("L")

OUTPUTS = "z_k are the outputs, t_k their targets, with k from 1 to m; one case"
ENTROPY = {L: -total(t[k] * sp.log(p[k]), k)}
BINARY = {L: -total(t[k] * sp.log(z[k]) + (1 - t[k]) * sp.log(1 - z[k]), k)}
HALF_SQUARE = {L: total((z[k] - t[k]) ** 2, k) / 2}
MEAN_SQUARE = {L: total((z[k] - t[k]) ** 2, k) / m}
CASES_SQUARE = {L: total((z[c, k] - t[c, k]) ** 2, c, k) / (N * m)}

DIFFERENCE = entry(z[k] - t[k])
MSE_ROW = entry(2 / m * (z[k] - t[k]))
CASE_ROW = entry(2 / (N * m) * (z[c, k] - t[c, k]))
CE_ROW = entry(-t[k] / p[k])
BCE_ROW = entry((z[k] - t[k]) / (z[k] * (1 - z[k])))

DERIVATIONS = (
    Derivation(
        id="SSE_row",
        title="The row of half the squared error",
        statement="J_Z^L[k] = z_k - t_k",
        rows=("H-58",),
        sizes="m",
        scope="all sizes",
        assumptions=(OUTPUTS,),
        where=HALF_SQUARE,
        steps=chain(
            entry(partial(L, z[k])),
            ("definition", entry(total(partial((z[j] - t[j]) ** 2, z[k]), j) / 2)),
            ("chain rule", entry(total((z[j] - t[j]) * partial(z[j], z[k]) * 2, j) / 2)),
            ("∂z_j/∂z_k = δ_jk", entry(total((z[j] - t[j]) * delta(j, k) * 2, j) / 2)),
            ("the delta picks one term", DIFFERENCE),
        ),
        truth=Truth(sp.Array(sp.Rational(1, 2) * total((z[j] - t[j]) ** 2, j)), sp.Array(z[k])),
        wrong=(
            negated(DIFFERENCE),
            Wrong("1/2 forgotten", entry(2 * (z[k] - t[k]))),
            Wrong("exponent not lowered", entry((z[k] - t[k]) ** 2)),
            Wrong("summed over the outputs", entry(total(z[j] - t[j], j))),
        ),
    ),
    Derivation(
        id="MSE_row",
        title="The row of the mean squared error over the outputs",
        statement="J_Z^L[k] = 2/m (z_k - t_k)",
        rows=("D-66", "E-37", "M-15"),
        sizes="m",
        scope="all sizes",
        assumptions=(OUTPUTS,),
        where=MEAN_SQUARE,
        steps=chain(
            entry(partial(L, z[k])),
            ("definition", entry(total(partial((z[j] - t[j]) ** 2, z[k]), j) / m)),
            ("chain rule", entry(total((z[j] - t[j]) * partial(z[j], z[k]) * 2, j) / m)),
            ("∂z_j/∂z_k = δ_jk", entry(total((z[j] - t[j]) * delta(j, k) * 2, j) / m)),
            ("the delta picks one term", MSE_ROW),
        ),
        truth=Truth(sp.Array(total((z[j] - t[j]) ** 2 / m, j)), sp.Array(z[k])),
        wrong=(
            negated(MSE_ROW),
            Wrong("1/m dropped: 2 (z_k - t_k)", entry(2 * (z[k] - t[k]))),
            without(MSE_ROW, sp.Integer(2), "2 missing"),
            Wrong("the mean of the differences", entry(2 * total(z[j] - t[j], j) / m)),
        ),
    ),
    Derivation(
        id="MSE_cases",
        title="The mean squared error over cases and outputs",
        statement="∂L/∂z_ck = 2/(N m) (z_ck - t_ck)",
        rows=("B-15", "E-37"),
        sizes="N, m",
        scope="all sizes",
        assumptions=("z_ck is output k in case c, with c from 1 to N and k from 1 to m",),
        where=CASES_SQUARE,
        steps=chain(
            entry(partial(L, z[c, k])),
            ("definition", entry(total(partial((z[h, j] - t[h, j]) ** 2, z[c, k]), h, j) / (N * m))),
            ("chain rule", entry(total((z[h, j] - t[h, j]) * partial(z[h, j], z[c, k]) * 2, h, j) / (N * m))),
            (
                "∂z_hj/∂z_ck = δ_ch δ_jk",
                entry(total((z[h, j] - t[h, j]) * delta(c, h) * delta(j, k) * 2, h, j) / (N * m)),
            ),
            ("the deltas pick one term", CASE_ROW),
        ),
        truth=Truth(sp.Array(total((z[h, j] - t[h, j]) ** 2 / (m * N), j, h)), sp.Array(z[c, k])),
        wrong=(
            negated(CASE_ROW),
            Wrong("1/N dropped: the sum over cases", entry(2 / m * (z[c, k] - t[c, k]))),
            Wrong("1/m dropped", entry(2 / N * (z[c, k] - t[c, k]))),
            Wrong("2 missing", entry((z[c, k] - t[c, k]) / (N * m))),
            Wrong("the mean over cases again", entry(2 / (N * m) * total(z[h, k] - t[h, k], h))),
        ),
    ),
    Derivation(
        id="CE_row",
        title="The row of the cross-entropy at the probabilities",
        statement="J_P^L[k] = -t_k/p_k",
        rows=("D-68", "E-14"),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "p_k are the probabilities, t_k their targets, with k from 1 to m; one case",
            "the p_k are independent letters here: the softmax comes next in the chain",
        ),
        where=ENTROPY,
        steps=chain(
            entry(partial(L, p[k])),
            ("definition", entry(-total(t[j] * partial(sp.log(p[j]), p[k]), j))),
            ("log' = 1/p, by its own p alone", entry(-total(t[j] * delta(j, k) / p[j], j))),
            ("the delta picks one term", CE_ROW),
        ),
        truth=Truth(sp.Array(-total(t[j] * sp.log(p[j]), j)), sp.Array(p[k])),
        wrong=(
            negated(CE_ROW),
            without(CE_ROW, t[k], "t_k missing"),
            Wrong("1/p_k missing", entry(-t[k])),
            Wrong("p_k - t_k: the row before the softmax", entry(p[k] - t[k])),
        ),
    ),
    Derivation(
        id="BCE_row",
        title="The row of the binary cross-entropy at its outputs",
        statement="J_Z^L[k] = (z_k-t_k)/(z_k(1-z_k))",
        rows=("B-17", "B-19", "E-20", "E-41"),
        sizes="m",
        scope="all sizes",
        assumptions=(OUTPUTS, "each output is a probability of its own, as a sigmoid's is"),
        where=BINARY,
        steps=chain(
            entry(partial(L, z[k])),
            (
                "definition",
                entry(
                    -total(
                        t[j] * partial(sp.log(z[j]), z[k]) + (1 - t[j]) * partial(sp.log(1 - z[j]), z[k]), j
                    )
                ),
            ),
            (
                "log' = 1/z, by its own z alone",
                entry(-total(t[j] * delta(j, k) / z[j] - (1 - t[j]) * delta(j, k) / (1 - z[j]), j)),
            ),
            ("the delta picks one term", entry((1 - t[k]) / (1 - z[k]) - t[k] / z[k])),
            ("common denominator", entry(((1 - t[k]) * z[k] - t[k] * (1 - z[k])) / (z[k] * (1 - z[k])))),
            ("t_k z_k cancels", BCE_ROW),
        ),
        truth=Truth(
            sp.Array(total(-t[j] * sp.log(z[j]), j) - total((1 - t[j]) * sp.log(1 - z[j]), j)),
            sp.Array(z[k]),
        ),
        wrong=(
            negated(BCE_ROW),
            Wrong("z_k - t_k: the row before the sigmoid", DIFFERENCE),
            Wrong("multiplied by the slope", entry((z[k] - t[k]) * z[k] * (1 - z[k]))),
            Wrong("the second term missing", entry(-t[k] / z[k])),
            Wrong("the second sign", entry(-t[k] / z[k] - (1 - t[k]) / (1 - z[k]))),
        ),
    ),
)
