"""Errata of neurons: what a sum is differentiated by, its bias, and which way the weights lead."""

import sympy as sp

from ..proof.derivation import Derivation, Printed, Truth, Wrong, chain
from ..proof.formula import D, Letter, entry
from ..proof.functions import smooth
from ..proof.indices import delta, index, total
from ..proof.letters import partial
from ..proof.wrong import negated, without
from .letters import a, i, j, k, n, p, q

x, w, z, b, theta, activation = map(sp.IndexedBase, ("x", "w", "z", "b", "Theta", "a"))
s, u, y, C, input_x = sp.symbols("s u y C x")
f, g, h = smooth("f"), smooth("g"), smooth("h")
f_slope, g_slope, h_slope = smooth("f'"), smooth("g'"), smooth("h'")
to = index("j", n)

NEURON = "s = Σ_a w_a x_a, a from 1 to n: the sum of one neuron"
X_I = entry(x[i])
CHAIN = entry(g_slope(u) * f_slope(input_x))
TRANSPOSED = entry(theta[to, i])
BY_BIAS = entry(h_slope(z[k]))

DERIVATIONS = (
    Derivation(
        id="E-22",
        title="The sum is differentiated by w_i, not by x_i",
        statement="∂(w^T x)/∂w_i = x_i",
        rows=("E-22",),
        sizes="n",
        scope="all sizes",
        assumptions=(NEURON,),
        where={s: total(w[a] * x[a], a)},
        steps=chain(
            entry(partial(s, w[i])),
            ("the inputs do not depend on w", entry(total(partial(w[a], w[i]) * x[a], a))),
            ("∂w_a/∂w_i = δ_ai", entry(total(delta(a, i) * x[a], a))),
            ("the delta picks one term", X_I),
        ),
        truth=Truth(sp.Array(total(x[p] * w[p], p)), sp.Array(w[i])),
        wrong=(
            Printed(
                "as printed, the derivative by x_i",
                entry(partial(s, x[i])),
                "E-22",
                "Bao (001), line 257",
                "∂ w^T x / ∂x_i = x_i",
            ),
            negated(X_I),
            Wrong("w_i, the derivative by x_i", entry(w[i])),
            Wrong("summed over all inputs", entry(total(x[a], a))),
            Wrong("the weight still there: w_i x_i", entry(w[i] * x[i])),
        ),
    ),
    Derivation(
        id="E-38",
        title="The last factor of the chain rule is ∂f/∂x, not ∂g/∂x",
        statement="∂g(f(x))/∂x = g'(f(x)) f'(x)",
        rows=("E-38",),
        sizes="1",
        assumptions=("y = g(u), u = f(x); f and g are any differentiable functions",),
        where={y: g(u), u: f(input_x)},
        steps=chain(
            entry(partial(y, input_x)),
            ("chain rule", entry(partial(y, u) * partial(u, input_x))),
            ("y = g(u)", entry(g_slope(u) * partial(u, input_x))),
            ("u = f(x)", CHAIN),
        ),
        truth=Truth(sp.Array(g(f(input_x))), sp.Array(input_x)),
        wrong=(
            Printed(
                "as printed, with ∂g/∂x as the last factor",
                entry(partial(y, u) * partial(y, input_x)),
                "E-38",
                "Mukund (003), line 131",
                "y = g(f(x)) => ∂g/∂x = ∂g/∂f ∂g/∂x",
            ),
            negated(CHAIN),
            without(CHAIN, f_slope(input_x), "f' missing"),
            without(CHAIN, g_slope(u), "g' missing"),
            Wrong("g' taken at x", entry(g_slope(input_x) * f_slope(input_x))),
            Wrong("a sum in place of the product", entry(g_slope(u) + f_slope(input_x))),
        ),
    ),
    Derivation(
        id="E-23",
        title="The sums are W^T x, not W x; and Theta is W^T, not its transpose",
        statement="∂z_j/∂x_i = w_ij = Theta_ji",
        rows=("E-23", "E-27"),
        sizes="n",
        scope="all sizes",
        assumptions=(
            "w_ij leads from neuron i to neuron j; Theta_ji, destination first, is the same weight",
            "both layers have n neurons: with unequal layers W x has no value, here it is wrong in silence",
        ),
        where={z[to]: total(w[a, to] * x[a], a), theta[to, i]: w[i, to]},
        steps=chain(
            entry(partial(z[to], x[i])),
            ("the weights of a neuron are a column of W", entry(total(w[a, to] * partial(x[a], x[i]), a))),
            ("∂x_a/∂x_i = δ_ai", entry(total(w[a, to] * delta(a, i), a))),
            ("the delta picks one term", entry(w[i, to])),
            ("Theta = W^T", TRANSPOSED),
        ),
        truth=Truth(sp.Array(total(x[p] * w[p, to], p)), sp.Array(x[i])),
        wrong=(
            Printed(
                "as printed, the derivative of W x",
                D(entry(total(w[to, a] * x[a], a)), Letter("x_i", sp.Array(x[i]))),
                "E-23",
                "Bao (001), lines 137 and 558",
                "x^(l+1) = phi(W^(l) x^(l))",
            ),
            Printed(
                "as printed, Theta the transpose of W^T: w_ji",
                entry(w[to, i]),
                "E-27",
                "Bao (001), line 417",
                "his Theta^(l) and our W^(l)T are transpose to each other",
                "Theta_ji is the entry ij of W^T: Theta_ji = w_ji",
            ),
            negated(TRANSPOSED),
            Wrong("x_i", entry(x[i])),
            Wrong("summed over the inputs", entry(total(w[a, to], a))),
        ),
    ),
    Derivation(
        id="E-39",
        title="The bias is missing in z = w · a",
        statement="∂C/∂b_k = ∂C/∂z_k, not 0",
        rows=("E-39",),
        sizes="n, m",
        scope="all sizes",
        assumptions=(
            "z_k = Σ_i w_ki a_i + b_k, i from 1 to n, k from 1 to m; C = Σ_q h(z_q), h differentiable",
            "the note's own later lines 219 and 625 have the bias",
        ),
        where={z[k]: b[k] + total(w[k, i] * activation[i], i), C: total(h(z[q]), q)},
        steps=chain(
            entry(partial(C, b[k])),
            ("chain rule", entry(total(partial(C, z[j]) * partial(z[j], b[k]), j))),
            ("∂z_j/∂b_k = δ_jk", entry(total(partial(C, z[j]) * delta(j, k), j))),
            ("∂C/∂z_j = h'(z_j)", entry(total(h_slope(z[j]) * delta(j, k), j))),
            ("the delta picks one term", BY_BIAS),
        ),
        truth=Truth(sp.Array(total(h(b[q] + total(activation[p] * w[q, p], p)), q)), sp.Array(b[k])),
        wrong=(
            Printed(
                "as printed, sums without a bias: 0",
                D(
                    entry(total(h(total(w[q, i] * activation[i], i)), q)),
                    Letter("b_k", sp.Array(b[k])),
                ),
                "E-39",
                "Mukund (003), lines 54-76",
                "z_k^l = w_k^l · a^(l-1)",
            ),
            negated(BY_BIAS),
            Wrong("b_k times the slope", entry(b[k] * h_slope(z[k]))),
            Wrong("summed over the units", entry(total(h_slope(z[q]), q))),
            Wrong("1: the loss forgotten", entry(sp.Integer(1))),
        ),
    ),
)
