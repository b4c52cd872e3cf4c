"""Bao's grounded example with exact numbers: its gradients and its updated weights in closed form."""

import sympy as sp

from ..proof.arrays import jacobian, mapped
from ..proof.derivation import Derivation, Explicit, Wrong, chain
from ..proof.expressions import sigmoid, summed
from ..proof.formula import D, Dot, Entries, Letter, Plus, Times, grid
from ..proof.letters import partial
from ..proof.wrong import negated, without

HALF = sp.Rational(1, 2)


def tenths(numbers: list[list[int]]) -> list[list[sp.Rational]]:
    """The example's weights, which have one decimal each."""
    return [[sp.Rational(number, 10) for number in row] for row in numbers]


x, v = sp.symbols("x:3"), sp.symbols("v:3")
w = [[sp.Symbol(f"w{i}{j}") for j in (1, 2)] for i in range(3)]
y, J, yhat, r, delta_y = sp.symbols("y J ŷ r δ")
minus_rho = sp.Symbol("(-ρ)")
o, s, d = sp.symbols("o1 o2"), sp.symbols("s1 s2"), sp.symbols("δ1 δ2")
o1, o2 = o

W_START, V_START = tenths([[4, 6], [7, -4], [-2, 3]]), tenths([[-3], [5], [1]])
NUMBERS = {
    **{w[i][j]: W_START[i][j] for i in range(3) for j in range(2)},
    **{v[i]: V_START[i][0] for i in range(3)},
    **dict(zip(x, (1, 0, 1), strict=True)),
    y: sp.S.One,
}
FORWARD = {
    **{s[j]: summed(w[i][j] * x[i] for i in range(3)) for j in range(2)},
    **{o[j]: sigmoid(s[j]) for j in range(2)},
    r: v[0] + v[1] * o1 + v[2] * o2,
    yhat: sigmoid(r),
    J: -y * sp.log(yhat) - (1 - y) * sp.log(1 - yhat),
}
DELTAS = {
    delta_y: yhat - y,
    **{d[j]: o[j] * (1 - o[j]) * v[j + 1] * delta_y for j in range(2)},
}
EXAMPLE = {**FORWARD, **DELTAS, **{letter: sp.sympify(number) for letter, number in NUMBERS.items()}}
STEP = {**EXAMPLE, minus_rho: -sp.S.One}

LOSS, X = Letter("J", sp.Array(J)), Letter("x", sp.Array([[e] for e in x]))
W, V = Letter("W", sp.Array(w)), Letter("V", sp.Array([[e] for e in v]))

EXPLICIT = sp.log(
    1
    + sp.exp(
        -v[0]
        - v[1] / (1 + sp.exp(-w[0][0] * x[0] - w[1][0] * x[1] - w[2][0] * x[2]))
        - v[2] / (1 + sp.exp(-w[0][1] * x[0] - w[1][1] * x[1] - w[2][1] * x[2]))
    )
)
DECIMALS = ["0.4", "0.6", "0.7", "-0.4", "-0.2", "0.3", "-0.3", "0.5", "0.1", "1", "0", "1"]
POINT = dict(zip((*w[0], *w[1], *w[2], *v, *x), map(sp.Rational, DECIMALS), strict=True))


def at_the_numbers(wrt: sp.Array) -> sp.Array:
    """The derivative of the explicit loss in letters, with the example's numbers put in afterwards."""
    return mapped(lambda slope: slope.xreplace(POINT), jacobian(sp.Array(EXPLICIT), wrt))


TOP = grid((3, 1), lambda i, _: [yhat - 1, o1 * (yhat - 1), o2 * (yhat - 1)][i])
DELTA_1 = HALF * o1 * (1 - o1) * (yhat - 1)
DELTA_2 = o2 * (1 - o2) * (yhat - 1) / 10
BELOW = grid((3, 2), lambda i, j: [DELTA_1, DELTA_2][j] if i != 1 else sp.S.Zero)
ROW = grid((1, 2), lambda _, j: d[j])
RAISED = grid((3, 1), lambda i, _: V_START[i][0] - (yhat - 1) * (1, o1, o2)[i])
AS_IN_TOP = grid((3, 1), lambda i, _: delta_y * (1, o1, o2)[i])
UPDATED = grid((3, 2), lambda i, j: W_START[i][j] - (d[j] if i != 1 else 0))
ALREADY = grid((1, 2), lambda _, j: d[j] / v[j + 1] * (v[j + 1] - delta_y * o[j]))
OTHER = grid((1, 2), lambda _, j: d[j] / v[j + 1] * v[2 - j])

BY_DIFF = "sympy's derivative of the explicit loss, at the numbers"
SAMPLE = "x = (1, 0, 1) with the 1 of the bias, target y = 1; W and V as in the seed's figure, rows from 0"
LOGISTIC = "o = φ(W^T x), ŷ = φ(V^T (1, o1, o2)), φ the logistic, J the neg-log-loss"

DERIVATIONS = (
    Derivation(
        id="ex_top",
        title="Seed 001's example: the gradient of the upper weights in closed form",
        statement="∂J/∂V = (ŷ-1) (1, o1, o2)",
        rows=("B-22", "B-39", "B-40"),
        sizes="2-2-1",
        assumptions=(LOGISTIC, SAMPLE),
        where={letter: EXAMPLE[letter] for letter in (*FORWARD, *NUMBERS)},
        steps=chain(
            D(LOSS, V),
            ("definition", grid((3, 1), lambda i, _: partial(J, v[i]))),
            ("chain rule, ∂r/∂v_i = o_i", grid((3, 1), lambda i, _: partial(J, r) * (1, o1, o2)[i])),
            ("logistic and neg-log-loss: ŷ - y", grid((3, 1), lambda i, _: (yhat - y) * (1, o1, o2)[i])),
            ("y = 1", TOP),
        ),
        truth=Explicit(at_the_numbers(V.array), BY_DIFF, sp.Array(EXPLICIT)),
        wrong=(
            negated(TOP),
            without(TOP, o1, "o1 missing"),
            Wrong("o1 and o2 swapped", grid((3, 1), lambda i, _: (yhat - 1) * (1, o2, o1)[i])),
            Wrong("the slope ŷ(1-ŷ) still there", Times(yhat * (1 - yhat), TOP)),
            Wrong("the prediction for the error", grid((3, 1), lambda i, _: (1, o1, o2)[i] * yhat)),
        ),
    ),
    Derivation(
        id="ex_below",
        title="Seed 001's example: the gradient of the lower weights in closed form",
        statement="∂J/∂W = x (δ1, δ2), its row 1 is 0",
        rows=("B-40",),
        sizes="2-2-1",
        assumptions=(LOGISTIC, SAMPLE, "the input x1 is 0, so that the weights from it do not move"),
        where=EXAMPLE,
        steps=chain(
            D(LOSS, W),
            ("w_ij acts through s_j alone", grid((3, 2), lambda i, j: x[i] * partial(J, s[j]))),
            (
                "chain rule, through r and o_j",
                grid((3, 2), lambda i, j: x[i] * delta_y * v[j + 1] * partial(o[j], s[j])),
            ),
            ("δ_j = o_j (1-o_j) v_j δ", Dot(X, ROW)),
            ("the numbers of x, y and V", BELOW),
        ),
        truth=Explicit(at_the_numbers(W.array), BY_DIFF, sp.Array(EXPLICIT)),
        wrong=(
            negated(BELOW),
            without(BELOW, 1 - o1, "1 - o1 missing"),
            Wrong("V of the other neuron", Dot(X, OTHER)),
            Wrong("with V updated already", Dot(X, ALREADY)),
            Wrong("row 0 in all rows", grid((3, 2), lambda i, j: BELOW.array[0, j])),
            Wrong("transposed", grid((2, 3), lambda j, i: BELOW.array[i, j])),
        ),
    ),
    Derivation(
        id="ex_update",
        title="Seed 001's example: the updated lower weights",
        statement="W - ρ ∂J/∂W at ρ = 1",
        rows=("B-41",),
        sizes="2-2-1",
        assumptions=(
            LOGISTIC,
            SAMPLE,
            "ρ = 1; δ1 and δ2 are negative, so that weights from inputs 1 grow",
        ),
        where=STEP,
        steps=chain(
            Plus(W, Times(minus_rho, D(LOSS, W))),
            ("as derived in ex_below", Plus(W, Times(minus_rho, Dot(X, ROW)))),
            ("the numbers of x, ρ and W", UPDATED),
        ),
        truth=Explicit(
            mapped(lambda letter: letter.xreplace(POINT), W.array) - at_the_numbers(W.array),
            words="the weights less sympy's derivative of the explicit loss",
        ),
        wrong=(
            Wrong("ascent: + in the place of -", Plus(W, Times(-minus_rho, Dot(X, ROW)))),
            Wrong("row 0 copied to row 2", grid((3, 2), lambda i, j: UPDATED.array[i % 2, j])),
            Wrong("row 1 moved too", grid((3, 2), lambda i, j: W_START[i][j] - d[j])),
            Wrong("not moved", Entries(sp.Array(W_START))),
            Wrong("the deltas swapped", grid((3, 2), lambda i, j: W_START[i][j] - x[i] * d[1 - j])),
        ),
    ),
    Derivation(
        id="ex_update_v",
        title="Seed 001's example: the updated upper weights",
        statement="V - ρ ∂J/∂V at ρ = 1",
        rows=("B-41",),
        sizes="2-2-1",
        assumptions=(LOGISTIC, SAMPLE, "ρ = 1; δ = ŷ - y is negative, so that all three weights grow"),
        where={letter: STEP[letter] for letter in (*FORWARD, *NUMBERS, delta_y, minus_rho)},
        steps=chain(
            Plus(V, Times(minus_rho, D(LOSS, V))),
            ("as derived in ex_top", Plus(V, Times(minus_rho, AS_IN_TOP))),
            ("the numbers of ρ, y and V", RAISED),
        ),
        truth=Explicit(
            mapped(lambda letter: letter.xreplace(POINT), V.array) - at_the_numbers(V.array),
            words="the weights less sympy's derivative of the explicit loss",
        ),
        wrong=(
            Wrong("ascent: + in the place of -", Plus(V, Times(-minus_rho, AS_IN_TOP))),
            Wrong(
                "the bias not moved", grid((3, 1), lambda i, _: RAISED.array[i, 0] if i else V_START[0][0])
            ),
            Wrong(
                "o1 and o2 swapped", grid((3, 1), lambda i, _: V_START[i][0] - (yhat - 1) * (1, o2, o1)[i])
            ),
            Wrong("the slope ŷ(1-ŷ) still there", Plus(V, Times(minus_rho * yhat * (1 - yhat), AS_IN_TOP))),
            Wrong("not moved", Entries(sp.Array(V_START))),
        ),
    ),
)
