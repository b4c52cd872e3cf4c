"""Errata of the step: its sign, and sums and means over the cases."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import D, Letter, entry
from ..proof.functions import smooth
from ..proof.indices import index, sizes, total
from ..proof.letters import partial
from ..proof.wrong import negated
from .letters import i, p

(cases,) = sizes("N")
c = index("c", cases)
x, w, loss, gradient = map(sp.IndexedBase, ("x", "w", "L", "g"))
C, u, rate, eta, moved, start, before, after = sp.symbols("C u rho eta S w w' w''")
f, g1, g2 = map(smooth, ("f", "g1", "g2"))
f_slope = smooth("f'")

MEAN = entry(total(f_slope(u * x[c]) * x[c], c) / cases)
EPOCH = entry(-g1(start) - g2(start))
DESCENT = entry(-total(gradient[i] ** 2, i))

DERIVATIONS = (
    Derivation(
        id="E-15",
        title="Sum or mean over the cases: N times the step",
        statement="∂C/∂u = 1/N Σ_c ∂L_c/∂u",
        rows=("E-15", "E-47"),
        sizes="N",
        scope="all sizes",
        assumptions=(
            "L_c = f(u x_c) is the loss of case c, any function f; C is the mean of the N losses",
            "so a rate eta for the mean is eta/N for the sum",
        ),
        where={C: total(loss[c], c) / cases, loss[c]: f(u * x[c])},
        steps=chain(
            entry(partial(C, u)),
            ("C is the mean", entry(total(partial(loss[c], u), c) / cases)),
            ("chain rule", MEAN),
        ),
        truth=Truth(sp.Array(total(f(x[c] * u) / cases, c)), sp.Array(u)),
        wrong=(
            Wrong("the sum over the cases, right for a sum of losses", entry(total(partial(loss[c], u), c))),
            Printed(
                "as printed, the error of an epoch as a sum",
                D(entry(total(loss[c], c)), Letter("u", sp.Array(u))),
                "E-47",
                "Dehaqani (002), line 1827, against line 1041",
                "Err += Div(Y_t, d_t), while Err = 1/T Σ_t Div(Y_t, d_t)",
            ),
            negated(MEAN),
            Wrong("divided by N twice", entry(total(f_slope(u * x[c]) * x[c], c) / cases**2)),
            Wrong("x_c missing", entry(total(f_slope(u * x[c]), c) / cases)),
        ),
    ),
    Derivation(
        id="E-16",
        title="One epoch, case by case, moves as far as one summed batch step",
        statement="∂w''/∂eta = -g1(w) - g2(w)",
        rows=("E-16",),
        sizes="2",
        assumptions=(
            "g1 and g2 are the gradients of the two cases' losses; w' = w - eta g1(w), w'' = w' - eta g2(w')",
            "the derivative is taken first, then eta = 0: the movement to first order in eta",
            "with a mean over N cases the batch step is N times shorter: whether a lower rate is needed "
            "case by case depends on the reduction",
        ),
        where={
            after: before - eta * g2(before),
            before: start - eta * g1(start),
            eta: sp.Integer(0),
        },
        steps=chain(
            entry(partial(after, eta)),
            ("product rule; g2' has the factor eta = 0", entry(partial(before, eta) - g2(before))),
            ("w' is linear in eta", entry(-g1(start) - g2(before))),
            ("w' = w", EPOCH),
        ),
        truth=Truth(sp.Array(start - eta * (g1(start) + g2(start - g1(start) * eta))), sp.Array(eta)),
        wrong=(
            Wrong("the batch step of a mean", entry(-(g1(start) + g2(start)) / 2)),
            negated(EPOCH),
            Wrong("the last case alone", entry(-g2(start))),
            Wrong("the first case twice", entry(-2 * g1(start))),
            Wrong("twice as far as the batch", entry(-2 * (g1(start) + g2(start)))),
        ),
    ),
    Derivation(
        id="E-19",
        title="The update needs a minus: with a plus the loss rises",
        statement="∂L(w - rho g)/∂rho = -Σ_i g_i^2",
        rows=("E-19",),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "C = f(S) is the loss, any function of a sum, at weights moved by rho against the gradient g",
            "the derivative is taken first, then rho = 0: it says what a small step does to the loss",
        ),
        where={
            C: f(moved),
            moved: total((w[i] - rate * gradient[i]) * x[i], i),
            gradient[i]: f_slope(total(w[p] * x[p], p)) * x[i],
            rate: sp.Integer(0),
        },
        steps=chain(
            entry(partial(C, rate)),
            ("chain rule", entry(partial(C, moved) * partial(moved, rate))),
            ("S is linear in rho", entry(-partial(C, moved) * total(gradient[i] * x[i], i))),
            ("C = f(S)", entry(-f_slope(moved) * total(gradient[i] * x[i], i))),
            ("at rho = 0, f'(S) x_i = g_i", DESCENT),
        ),
        truth=Truth(
            sp.Array(f(total(w[p] * x[p], p) - rate * f_slope(total(w[p] * x[p], p)) * total(x[i] ** 2, i))),
            sp.Array(rate),
        ),
        wrong=(
            Printed(
                "as printed, the step with a plus",
                D(
                    entry(f(total((w[i] + rate * gradient[i]) * x[i], i))),
                    Letter("rho", sp.Array(rate)),
                ),
                "E-19",
                "Bao (001), line 189",
                "W <- W + rho grad Loss",
            ),
            Wrong("the gradient not squared", entry(-total(gradient[i], i))),
            Wrong("the square of the sum", entry(-(total(gradient[i], i) ** 2))),
            Wrong("one weight alone", entry(-(gradient[1] ** 2))),
        ),
    ),
)
