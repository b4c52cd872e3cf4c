"""One network with a hidden layer, in common letters, and how each note writes it.

Index legend: i inputs (n), j hidden units (m), k outputs (d). In the common letters w_ij leads from i to j,
v_jk from j to k, and the biases b_j and c_k are no weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..proof.arrays import jacobian
from ..proof.derivation import Derivation, Explicit, Wrong, chain
from ..proof.formula import Entries
from ..proof.functions import smooth
from ..proof.indices import index, sizes, total
from ..proof.letters import Definitions, partial
from ..proof.wrong import negated

n, m, d = sizes("n m d")
i, h = index("i", n), index("h", n)
j, p = index("j", m), index("p", m)
k, q = index("k", d), index("q", d)
x, w, v, b, c, R = map(sp.IndexedBase, "xwvbcR")
f, f_slope = smooth("f"), smooth("f'")
g, g_slope = smooth("g"), smooth("g'")
L = sp.Symbol("L")

Entry = Callable[..., sp.Expr]

COMMON = sp.Array([[b[j], w[i, j]], [c[k], v[j, k]]])
HIDDEN_UNIT = f(b[p] + total(w[h, p] * x[h], h))
EXPLICIT = sp.Array(total(R[q] * g(c[q] + total(v[p, q] * HIDDEN_UNIT, p)), q))
ONE_TRUTH = Explicit(
    jacobian(EXPLICIT, COMMON),
    words="sympy's derivative of the loss in the common letters, the same for all five notes",
    of=EXPLICIT,
)

NETWORK = "common letters: o_k = g(c_k + Σ_j v_jk f(b_j + Σ_i w_ij x_i)), with any f and g; one case"
ANY_LOSS = (
    "R_k = ∂L/∂o_k is the row of any loss, which is taken as its linear part Σ_k R_k o_k, with the R_k of "
    "the point held fixed"
)
ROWS = "rows: hidden layer, output layer; columns: bias, weight"


def four(hidden_bias: sp.Expr, hidden: sp.Expr, top_bias: sp.Expr, top: sp.Expr) -> Entries:
    """One entry of each kind of parameter; their gradients are the whole gradient of the network."""
    return Entries(sp.Array([[hidden_bias, hidden], [top_bias, top]]))


@dataclass(frozen=True)
class Note:
    """How a note writes the network: a name for each quantity, as a function of its unit's index.

    ``hidden(i, j)`` and ``top(j, k)`` are the weights from i to j and from j to k, wherever the note puts
    their indices; ``slope`` and ``top_slope`` are the slopes of the activations.
    """

    hidden: Entry
    hidden_bias: Entry
    top: Entry
    top_bias: Entry
    below: Entry
    hidden_sum: Entry
    activation: Entry
    top_sum: Entry
    output: Entry
    delta: Entry
    top_delta: Entry
    loss: sp.Symbol
    slope: Entry
    top_slope: Entry
    bias_unit: bool
    own: Definitions

    @property
    def one(self) -> sp.Expr:
        """What a bias is multiplied by: the letter of a bias unit, or nothing."""
        return self.below(0) if self.bias_unit else sp.S.One

    @property
    def top_one(self) -> sp.Expr:
        """The same for the output layer."""
        return self.activation(0) if self.bias_unit else sp.S.One

    @property
    def conversion(self) -> Definitions:
        """The note's parameters and inputs in the common letters."""
        units = {self.below(0): sp.S.One, self.activation(0): sp.S.One} if self.bias_unit else {}
        inputs = {} if self.below(i) == x[i] else {self.below(i): x[i]}
        return {
            self.hidden_bias(j): b[j],
            self.hidden(i, j): w[i, j],
            self.top_bias(k): c[k],
            self.top(j, k): v[j, k],
            **units,
            **inputs,
        }

    @property
    def forward(self) -> Definitions:
        """The forward pass in the note's letters."""
        from_below = total(self.hidden(i, j) * self.below(i), i)
        from_hidden = total(self.top(j, k) * self.activation(j), j)
        return {
            self.hidden_sum(j): self.hidden_bias(j) * self.one + from_below,
            self.activation(j): f(self.hidden_sum(j)),
            self.top_sum(k): self.top_bias(k) * self.top_one + from_hidden,
            self.output(k): g(self.top_sum(k)),
            self.loss: total(R[k] * self.output(k), k),
        }

    @property
    def backward(self) -> Definitions:
        """The note's deltas, and what else it defines."""
        return {
            **self.own,
            self.top_delta(k): self.top_slope(k) * R[k],
            self.delta(j): self.slope(j) * total(self.top(j, k) * self.top_delta(k), k),
        }


def by_parameters(note: Note) -> Entries:
    """The gradient by the note's own parameters, not taken yet."""
    parameters = (note.hidden_bias(j), note.hidden(i, j), note.top_bias(k), note.top(j, k))
    return four(*(partial(note.loss, parameter) for parameter in parameters))


def by_sums(note: Note) -> Entries:
    """The same through the sum that each parameter belongs to."""
    lower, upper = note.hidden_sum(j), note.top_sum(k)
    through_lower = partial(note.loss, lower)
    through_upper = partial(note.loss, upper)
    return four(
        through_lower * note.one,
        through_lower * note.below(i),
        through_upper * note.top_one,
        through_upper * note.activation(j),
    )


def backward_once(note: Note) -> Entries:
    """The same with the loss differentiated by the outputs only."""
    at_output = partial(note.loss, note.output(k)) * note.top_slope(k)
    back = note.slope(j) * total(note.top(j, k) * at_output, k)
    return four(
        back * note.one, back * note.below(i), at_output * note.top_one, at_output * note.activation(j)
    )


def by_deltas(note: Note) -> Entries:
    """What the note computes: each delta times what comes in from below."""
    delta, top_delta = note.delta(j), note.top_delta(k)
    return four(delta, note.below(i) * delta, top_delta, note.activation(j) * top_delta)


def mistakes(note: Note) -> tuple[Wrong, ...]:
    """What goes wrong between two notations."""
    right = by_deltas(note)
    delta, top_delta = note.delta(j), note.top_delta(k)
    back = total(note.top(j, k) * top_delta, k)
    other_way = note.slope(j) * total(note.top(k, j) * top_delta, k)
    upper = (top_delta, note.activation(j) * top_delta)
    return (
        negated(right),
        Wrong("the slope of the hidden layer missing", four(back, note.below(i) * back, *upper)),
        Wrong(
            "the weights read in the other order on the way back",
            four(other_way, note.below(i) * other_way, *upper),
        ),
        Wrong("the gradient transposed", four(delta, note.below(j) * note.delta(i), *upper)),
        Wrong("the bias missing", four(sp.S.Zero, note.below(i) * delta, sp.S.Zero, upper[1])),
        Wrong(
            "the inputs for the hidden units",
            four(delta, note.below(i) * delta, top_delta, note.below(i) * top_delta),
        ),
    )


def same_gradient(
    note: Note, id: str, title: str, statement: str, rows: tuple[str, ...], assumptions: tuple[str, ...]
) -> Derivation:
    """The derivation that a note's formulas are the gradient of the network in the common letters."""
    links = [
        ("the conversion of the parameters", by_parameters(note)),
        ("chain rule: ∂sum/∂weight is what comes in", by_sums(note)),
        ("back through the outputs and the weights", backward_once(note)),
        ("definition of the deltas" + (", bias unit 1" if note.bias_unit else ""), by_deltas(note)),
    ]
    return Derivation(
        id=id,
        title=title,
        statement=statement,
        rows=rows,
        sizes="n, m, d",
        scope="all sizes",
        assumptions=(NETWORK, ANY_LOSS, *assumptions, ROWS),
        where={
            **note.conversion,
            L: note.loss,
            **note.forward,
            **note.backward,
        },
        steps=chain(four(*(partial(L, letter) for row in COMMON.tolist() for letter in row)), *links),
        truth=ONE_TRUTH,
        wrong=mistakes(note),
    )
