"""Errata of layer numbers: the first layer's inputs, the last one's slope, the next one's weights."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without
from .letters import a, i, j, n, p, q

y0, y1, w1, z1, w, y, z, g = map(sp.IndexedBase, ("y(0)", "y(1)", "w(1)", "z(1)", "w", "y", "z", "g"))
Div = sp.Symbol("Div")
layer = sp.Symbol("k", integer=True)
above = index("j", n)
f, h, last = map(smooth, ("f", "h", "f_N"))
f_slope, h_slope, last_slope, kth_slope, zeroth_slope = map(smooth, ("f'", "h'", "f_N'", "f_k'", "f_0'"))

FIRST = entry(y0[i] * g[j])
LAST = entry(last_slope(z[j]) * h_slope(y[j]))
INPUT = entry(total(w1[i, j] * g[j], j))
NEXT = entry(total(g[above] * w[layer + 1, above, i], above))

DERIVATIONS = (
    Derivation(
        id="E-31",
        title="The first weights meet the inputs y(0), not the first outputs y(1)",
        statement="∂Div/∂w(1)_ij = y(0)_i ∂Div/∂z(1)_j",
        rows=("E-31",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "y(0) is the input, z(1)_j = Σ_i y(0)_i w(1)_ij, y(1)_j = f(z(1)_j), Div = Σ_j h(y(1)_j)",
            "g_j stands for ∂Div/∂z(1)_j; with unequal layers y(1)_i does not even exist for every i",
        ),
        where={
            Div: total(h(y1[j]), j),
            y1[j]: f(z1[j]),
            z1[j]: total(y0[i] * w1[i, j], i),
            g[j]: h_slope(y1[j]) * f_slope(z1[j]),
        },
        steps=chain(
            entry(partial(Div, w1[i, j])),
            ("z(1)_j alone depends on w(1)_ij", entry(partial(Div, z1[j]) * partial(z1[j], w1[i, j]))),
            ("∂Div/∂z(1)_j = h' f' = g_j", entry(g[j] * partial(z1[j], w1[i, j]))),
            ("only the sum depends on w", entry(g[j] * total(y0[a] * delta(a, i), a))),
            ("the delta picks one term", FIRST),
        ),
        truth=Truth(sp.Array(total(h(f(total(w1[p, q] * y0[p], p))), q)), sp.Array(w1[i, j])),
        wrong=(
            Printed(
                "as printed, with y(1)",
                entry(y1[i] * g[j]),
                "E-31",
                "Dehaqani (002), line 1497",
                "∂Div/∂w_ij^(1) = y_i^(1) ∂Div/∂z_j^(1)",
            ),
            negated(FIRST),
            without(FIRST, y0[i], "y(0)_i missing"),
            without(FIRST, g[j], "∂Div/∂z(1)_j missing"),
            swapped(FIRST, i, j),
        ),
    ),
    Derivation(
        id="E-32a",
        title="The last sums take the slope of the last layer N, not of layer k",
        statement="∂Div/∂z(N)_j = f_N'(z_j) ∂Div/∂y_j",
        rows=("E-32",),
        sizes="m",
        scope="all sizes",
        assumptions=("y_j = last(z_j) are the outputs of the last layer N; Div = Σ_j h(y_j), any h",),
        where={Div: total(h(y[j]), j), y[j]: last(z[j])},
        steps=chain(
            entry(partial(Div, z[j])),
            ("y_j alone depends on z_j", entry(partial(Div, y[j]) * partial(y[j], z[j]))),
            ("layer N computes y_j = last(z_j)", entry(last_slope(z[j]) * partial(Div, y[j]))),
            ("Div = Σ_j h(y_j)", LAST),
        ),
        truth=Truth(sp.Array(total(h(last(z[q])), q)), sp.Array(z[j])),
        wrong=(
            Printed(
                "as printed, the slope of layer k",
                entry(kth_slope(z[j]) * h_slope(y[j])),
                "E-32",
                "Dehaqani (002), line 1509",
                "∂Div/∂z_i^(N) = f_k'(z_i^(N)) ∂Div/∂y_i^(N)",
            ),
            negated(LAST),
            without(LAST, last_slope(z[j]), "the slope missing"),
            without(LAST, h_slope(y[j]), "∂Div/∂y missing"),
            Wrong("the slope taken at y", entry(last_slope(y[j]) * h_slope(y[j]))),
        ),
    ),
    Derivation(
        id="E-32b",
        title="The backward loop ends at ∂Div/∂y(0): there is no z(0) and no f_0",
        statement="∂Div/∂y(0)_i = Σ_j w(1)_ij g_j",
        rows=("E-32",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "y(0) is the input, z(1)_j = Σ_i y(0)_i w(1)_ij, Div = Σ_j h(z(1)_j), g_j = ∂Div/∂z(1)_j",
            "so it is for y(1) and the weights w(2) of line 1479, where i on the right is 1 on the left",
        ),
        where={
            Div: total(h(z1[j]), j),
            z1[j]: total(y0[i] * w1[i, j], i),
            g[j]: h_slope(z1[j]),
        },
        steps=chain(
            entry(partial(Div, y0[i])),
            ("chain rule", entry(total(partial(Div, z1[j]) * partial(z1[j], y0[i]), j))),
            ("definition of g_j", entry(total(g[j] * partial(z1[j], y0[i]), j))),
            ("z(1) is linear", entry(total(g[j] * total(w1[a, j] * delta(a, i), a), j))),
            ("the delta picks one term", INPUT),
        ),
        truth=Truth(sp.Array(total(h(total(w1[p, q] * y0[p], p)), q)), sp.Array(y0[i])),
        wrong=(
            Printed(
                "as printed, one step further, through an f_0",
                entry(zeroth_slope(y0[i]) * total(w1[i, j] * g[j], j)),
                "E-32",
                "Dehaqani (002), lines 1511-1515 and 1535",
                "For layer k = N-1 down to 0: ∂Div/∂z_i^(k) = ∂Div/∂y_i^(k) f_k'(z_i^(k))",
            ),
            Printed(
                "as printed, the index 1 on the left",
                entry(partial(Div, y0[1])),
                "E-32",
                "Dehaqani (002), line 1479",
                "∂Div/∂y_1^(1) = Σ_j w_ij^(2) ∂Div/∂z_j^(2)",
            ),
            negated(INPUT),
            Wrong("the weights missing", entry(total(g[j], j))),
            Wrong("the error missing", entry(total(w1[i, j], j))),
        ),
    ),
    Derivation(
        id="E-34",
        title="The gradient comes back through W_(k+1), not through W_k",
        statement="∂Div/∂y(k)_i = Σ_j g_j w(k+1)_ji",
        rows=("E-34",),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "z(k+1)_j = Σ_i w(k+1)_ji y(k)_i, Div = Σ_j h(z(k+1)_j), g_j = ∂Div/∂z(k+1)_j",
            "all layers have n units: with unequal layers the printed product has no value, here it is wrong "
            "in silence",
        ),
        where={
            Div: total(h(z[layer + 1, above]), above),
            z[layer + 1, above]: total(w[layer + 1, above, i] * y[layer, i], i),
            g[above]: h_slope(z[layer + 1, above]),
        },
        steps=chain(
            entry(partial(Div, y[layer, i])),
            (
                "chain rule",
                entry(
                    total(
                        partial(Div, z[layer + 1, above]) * partial(z[layer + 1, above], y[layer, i]), above
                    )
                ),
            ),
            ("definition of g_j", entry(total(g[above] * partial(z[layer + 1, above], y[layer, i]), above))),
            ("z(k+1) is linear in y(k)", NEXT),
        ),
        truth=Truth(sp.Array(total(h(total(y[layer, a] * w[layer + 1, p, a], a)), p)), sp.Array(y[layer, i])),
        wrong=(
            Printed(
                "as printed, with W_k",
                entry(total(g[above] * w[layer, above, i], above)),
                "E-34",
                "Dehaqani (002), line 1829, against line 1805",
                "grad_{y_k} Div = grad_{z_{k+1}} Div W_k",
            ),
            negated(NEXT),
            Wrong("transposed: w(k+1)_ij", entry(total(g[above] * w[layer + 1, i, above], above))),
            Wrong("the weights missing", entry(total(g[above], above))),
            Wrong("the error missing", entry(total(w[layer + 1, above, i], above))),
        ),
    ),
)
