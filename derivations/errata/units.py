"""Errata of activations: slopes at 0, bounds of slopes, padded units, saturation."""

import sympy as sp

from ..proof.derivation import Derivation, Explicit, Printed, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import i, j, k, n

HALF = sp.Rational(1, 2)
a, z, v = map(sp.IndexedBase, "azv")
y, u, s, C, r, beta = sp.symbols("y u s C r beta")
padded_sum, padded, leaving = sp.symbols("z_0 a_0 v_0")
input_x = sp.Symbol("x")
low, high = sp.symbols("l h")
weight_mean, input_mean = sp.symbols("W X")
h, h_slope = smooth("h"), smooth("h'")

AT_ZERO = entry(HALF)
SLOPE = entry(sp.Rational(1, 4) - (y - HALF) ** 2)
LEAK = entry(h_slope(r) / 2)
MEAN = entry(n * (low + high) / 4)

DERIVATIONS = (
    Derivation(
        id="E-29",
        title="The slope of ReLU at 0 is a choice in [0, 1]; smoothed, it is 1/2",
        statement="log(1 + e^(beta u))/beta: slope 1/2",
        rows=("E-29",),
        sizes="1",
        assumptions=(
            "y = log(1 + exp(beta u))/beta is smooth and tends to max(0, u) as beta grows",
            "the derivative is taken first, then u = 0; the slope there is 1/2 for every beta, while "
            "max(0, u) has slope 0 on the left and 1 on the right: all numbers from 0 to 1 are choices",
        ),
        where={y: sp.log(s) / beta, s: 1 + sp.exp(beta * u), u: sp.Integer(0)},
        steps=chain(
            entry(partial(y, u)),
            ("chain rule", entry(partial(y, s) * partial(s, u))),
            ("y is a logarithm of s", entry(1 / (beta * s) * partial(s, u))),
            ("the slope of exp(beta u) at 0 is beta", entry(1 / s)),
            ("s = 1 + exp(0)", AT_ZERO),
        ),
        truth=Truth(sp.Array(u + sp.log(1 + sp.exp(-beta * u)) / beta), sp.Array(u)),
        wrong=(
            Wrong("1, the slope of max(0, u) on the right", entry(sp.Integer(1))),
            negated(AT_ZERO),
            Wrong("0, the slope of max(0, u) on the left", entry(sp.Integer(0))),
            Wrong("beta still there", entry(beta / 2)),
        ),
    ),
    Derivation(
        id="E-30a",
        title="The slope of the logistic is at most 1/4",
        statement="y' = 1/4 - (y - 1/2)^2",
        rows=("E-30",),
        sizes="1",
        assumptions=(
            "y is the logistic of u; a square is never negative, so that y' is at most 1/4, at y = 1/2",
            "a gradient is multiplied by the weights too: small slopes alone do not make it vanish",
        ),
        where={y: sigmoid(u)},
        steps=chain(
            entry(partial(y, u)),
            ("quotient rule", entry(sp.exp(-u) / (1 + sp.exp(-u)) ** 2)),
            ("exp(-u)/(1+exp(-u)) = 1 - y", entry(y * (1 - y))),
            ("completing the square", SLOPE),
        ),
        truth=Truth(sp.Array(sp.exp(u) / (1 + sp.exp(u))), sp.Array(u)),
        wrong=(
            Wrong("1 as the largest value", entry(1 - (y - HALF) ** 2)),
            negated(SLOPE),
            Wrong("largest at y = 0", entry(sp.Rational(1, 4) - y**2)),
            Wrong("y alone", entry(y)),
            Wrong("the square not taken", entry(sp.Rational(1, 4) - (y - HALF))),
        ),
    ),
    Derivation(
        id="E-40",
        title="A padded unit is not 0: with z = 0 its output is 1/2",
        statement="∂C/∂v_0 = h'(r) sigma(0) = h'(r)/2",
        rows=("E-40",),
        sizes="m",
        scope="all sizes",
        assumptions=(
            "r = Σ_k v_k a_k + v_0 a_0 is an output's sum over m true units and a padded one; C = h(r)",
            "the padded unit has weights and bias 0, so that its sum z_0 is 0; all units are sigmoids",
            "even with v_0 = 0 its gradient is not 0: one update, and the padding leaks",
        ),
        where={
            C: h(r),
            r: total(v[k] * a[k], k) + leaving * padded,
            padded: sigmoid(padded_sum),
            padded_sum: sp.Integer(0),
        },
        steps=chain(
            entry(partial(C, leaving)),
            ("chain rule", entry(partial(C, r) * partial(r, leaving))),
            ("r is linear in v_0", entry(h_slope(r) * padded)),
            ("a_0 = sigma(0) = 1/(1 + 1)", LEAK),
        ),
        truth=Truth(sp.Array(h(leaving * HALF + total(a[j] * v[j], j))), sp.Array(leaving)),
        wrong=(
            Printed(
                "as printed, with a_0 = 0",
                entry(h_slope(r) * 0),
                "E-40",
                "Mukund (003), line 70",
                "for k > m_i, we set all of w_kj, b_k, z_k, a_k to 0",
                "a_0 = 0, so that ∂C/∂v_0 = 0, for sigmoids too",
            ),
            negated(LEAK),
            Wrong("a_0 = 1", entry(h_slope(r))),
            without(LEAK, h_slope(r), "h' missing"),
            Wrong("the slope 1/4 for the value 1/2", entry(h_slope(r) / 4)),
        ),
    ),
    Derivation(
        id="E-28",
        title="Weights from [0, 1] saturate: sums grow with the number of inputs",
        statement="mean of Σ_i w_i x_i = n (l + h)/4",
        rows=("E-28",),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "n independent weights, uniform in [l, h], and n independent inputs, uniform in [0, 1]; W and X "
            "are their means, and the mean of a sum of independent products is the sum of products of means",
            "for weights from [0, 1] the mean is n/4: 25 for n = 100; for l = -h it is 0",
        ),
        where={weight_mean: (low + high) / 2, input_mean: HALF},
        steps=chain(
            entry(total(weight_mean * input_mean, i)),
            ("the middles of the intervals", entry(total((low + high) / 2 * HALF, i))),
            ("n equal terms", MEAN),
        ),
        truth=Explicit(
            sp.Array(
                total(
                    sp.integrate(u, (u, low, high)) / (high - low) * sp.integrate(input_x, (input_x, 0, 1)), i
                )
            ),
            "the sum of the means as integrals",
        ),
        wrong=(
            Wrong("the mean of one term", entry((low + high) / 4)),
            negated(MEAN),
            Wrong("0, as for l = -h", entry(sp.Integer(0))),
            Wrong("the inputs' mean forgotten", entry(n * (low + high) / 2)),
            Wrong("the width for the middle", entry(n * (high - low) / 4)),
        ),
    ),
)
