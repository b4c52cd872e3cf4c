"""Errata of delta at the outputs: its sign, its slope, and the sum over outputs."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.expressions import sigmoid
from ..proof.formula import entry, grid
from ..proof.functions import smooth
from ..proof.indices import index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated, swapped, without

(n,) = sizes("n")
j, k = index("j", n), index("k", n)
a, y, z = map(sp.IndexedBase, "ayz")
C, E, s, o, t, w, x = sp.symbols("C E s o t w x")
f, f_slope = smooth("f"), smooth("f'")
f1, f2, slope1, slope2 = map(smooth, ("f1", "f2", "f1'", "f2'"))
a1, z1, z2, t1, t2, d1, d2, y1, y2, sum_z = sp.symbols("a1 z1 z2 t1 t2 d1 d2 y1 y2 z")
sums = (z1, z2)

HALF_SQUARE = entry((a[j] - y[j]) * a[j] * (1 - a[j]))
SQUARES = grid((2,), lambda k: [2 * (a1 - t1) * a1 * (1 - a1), 2 * (z2 - t2)][k])
DELTA = entry(-(t - o) * f_slope(s))
TWO_OUTPUTS = entry(-((d1 - y1) * slope1(sum_z) + (d2 - y2) * slope2(sum_z)) * x)

DERIVATIONS = (
    Derivation(
        id="E-53",
        title="delta = a - y is not for every loss: squared error keeps sigma'",
        statement="∂C/∂z_j = (a_j - y_j) a_j(1 - a_j)",
        rows=("E-53",),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "sigmoid outputs a_k = sigma(z_k) and half the squared error, C = 1/2 Σ_k (a_k - y_k)^2",
            "delta = a - y holds for a sigmoid with log-loss (E-41), which both notes use elsewhere, for a "
            "softmax with cross-entropy, and for a linear output with this error",
        ),
        where={C: total((a[k] - y[k]) ** 2, k) / 2, a[k]: sigmoid(z[k])},
        steps=chain(
            entry(partial(C, z[j])),
            ("a_j alone depends on z_j", entry(partial(C, a[j]) * partial(a[j], z[j]))),
            ("derivative of the square", entry((a[j] - y[j]) * partial(a[j], z[j]))),
            ("sigma' = a(1-a)", HALF_SQUARE),
        ),
        truth=Truth(sp.Array(total((1 / (1 + sp.exp(-z[k])) - y[k]) ** 2 / 2, k)), sp.Array(z[j])),
        wrong=(
            Printed(
                "as printed, for this loss too",
                entry(a[j] - y[j]),
                "E-53",
                "Ng's notation (004), line 77; Bao (001), line 474",
                "delta^(4) = a^(4) - y",
                "delta = a - y for every loss, as none is named beside it",
            ),
            negated(HALF_SQUARE),
            without(HALF_SQUARE, 1 - a[j], "sigma' = a"),
            Wrong("the half forgotten", entry(2 * (a[j] - y[j]) * a[j] * (1 - a[j]))),
            Wrong("the square's slope missing", entry(a[j] * (1 - a[j]))),
        ),
    ),
    Derivation(
        id="E-52",
        title="Squared error is a bad choice for a sigmoid, not for a linear output",
        statement="2(a1-t1) a1(1-a1), but 2(z2-t2)",
        rows=("E-52",),
        sizes="2",
        assumptions=(
            "C = (a1 - t1)^2 + (z2 - t2)^2: output 1 is a sigmoid, a1 = sigma(z1), output 2 is linear",
            "the slope a1(1-a1), which vanishes for a saturated unit, belongs to the sigmoid; with log-loss "
            "it cancels (E-41)",
        ),
        where={C: (a1 - t1) ** 2 + (z2 - t2) ** 2, a1: sigmoid(z1)},
        steps=chain(
            grid((2,), lambda k: partial(C, sums[k])),
            ("chain rule", grid((2,), lambda k: [partial(C, a1) * partial(a1, z1), partial(C, z2)][k])),
            (
                "derivatives of the squares",
                grid((2,), lambda k: [2 * (a1 - t1) * partial(a1, z1), 2 * (z2 - t2)][k]),
            ),
            ("sigma' = a(1-a)", SQUARES),
        ),
        truth=Truth(sp.Array((z2 - t2) ** 2 + (sp.exp(z1) / (1 + sp.exp(z1)) - t1) ** 2), sp.Array([z1, z2])),
        wrong=(
            Wrong(
                "a vanishing slope for the linear output too",
                grid((2,), lambda k: [2 * (a1 - t1) * a1 * (1 - a1), 2 * (z2 - t2) * z2 * (1 - z2)][k]),
            ),
            negated(SQUARES),
            Wrong("the sigmoid's slope missing", grid((2,), lambda k: [2 * (a1 - t1), 2 * (z2 - t2)][k])),
            without(SQUARES, sp.Integer(2), "the 2 missing"),
            swapped(SQUARES, t1, t2),
        ),
    ),
    Derivation(
        id="E-17",
        title="Two deltas of opposite sign: ∂E/∂sum has the minus",
        statement="∂E/∂s = -(t - o) f'(s)",
        rows=("E-17",),
        sizes="1",
        assumptions=(
            "o = f(s) with any differentiable f, E = 1/2 (t - o)^2",
            "raising w when delta = t - o is positive is a descent; with delta = ∂E/∂s it is an ascent",
        ),
        where={E: (t - o) ** 2 / 2, o: f(s)},
        steps=chain(
            entry(partial(E, s)),
            ("chain rule", entry(partial(E, o) * partial(o, s))),
            ("derivative of the square", entry(-(t - o) * partial(o, s))),
            ("o = f(s)", DELTA),
        ),
        truth=Truth(sp.Array((f(s) - t) ** 2 / 2), sp.Array(s)),
        wrong=(
            Printed(
                "as printed first, for the delta printed later",
                entry(t - o),
                "E-17",
                "Downing (000), lines 47-49 and 156; Dehaqani (002), line 775",
                "Delta = error; if delta > 0 we must increase Y; later delta_jd = ∂E_d/∂sum_jd",
                "delta = t - o is the later delta = ∂E/∂s",
            ),
            Printed(
                "as printed for any f, for the delta printed later",
                entry((t - o) * f_slope(s)),
                "E-17",
                "Dehaqani (002), line 800",
                "delta = d - y, w_i = w_i + eta delta f'(z) x_i",
                "delta f'(z) = (d - y) f'(z) is the delta = ∂E/∂z of backpropagation",
            ),
            without(DELTA, f_slope(s), "f' missing"),
            Wrong("the half forgotten", entry(-2 * (t - o) * f_slope(s))),
            Wrong("f for its slope", entry(-(t - o) * f(s))),
        ),
    ),
    Derivation(
        id="E-50",
        title="The generalised delta rule is backpropagation for one output only",
        statement="∂E/∂w = -x Σ_k (d_k - y_k) f_k'(z)",
        rows=("E-50",),
        sizes="1-2",
        assumptions=(
            "f1 and f2 are the entire network between z = w x and its two outputs y1, y2",
            "E = 1/2 (d1 - y1)^2 + 1/2 (d2 - y2)^2",
        ),
        where={
            E: (d1 - y1) ** 2 / 2 + (d2 - y2) ** 2 / 2,
            y1: f1(sum_z),
            y2: f2(sum_z),
            sum_z: w * x,
        },
        steps=chain(
            entry(partial(E, w)),
            ("z = w x", entry(partial(E, sum_z) * x)),
            (
                "chain rule: over both outputs",
                entry((partial(E, y1) * partial(y1, sum_z) + partial(E, y2) * partial(y2, sum_z)) * x),
            ),
            (
                "derivatives of the squares",
                entry(-((d1 - y1) * partial(y1, sum_z) + (d2 - y2) * partial(y2, sum_z)) * x),
            ),
            ("y_k = f_k(z)", TWO_OUTPUTS),
        ),
        truth=Truth(sp.Array(((d1 - f1(w * x)) ** 2 + (d2 - f2(w * x)) ** 2) / 2), sp.Array(w)),
        wrong=(
            Printed(
                "as printed, with one delta and one f'",
                entry(-(d1 - y1) * slope1(sum_z) * x),
                "E-50",
                "Dehaqani (002), line 805",
                "exactly backpropagation if we let f(z) represent the entire network between z and y",
                "one y = f(z) and one error, for two outputs too",
            ),
            negated(TWO_OUTPUTS),
            without(TWO_OUTPUTS, x, "x missing"),
            Wrong("errors summed before the slope", entry(-(d1 - y1 + d2 - y2) * slope1(sum_z) * x)),
            Wrong(
                "slopes of the wrong output",
                entry(-((d1 - y1) * slope2(sum_z) + (d2 - y2) * slope1(sum_z)) * x),
            ),
        ),
    ),
)
