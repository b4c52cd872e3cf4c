"""The slide's formula for each factor, from its structure and its place in the network.

J_Y^Z = diag(f'_Z) W^T     J_W^Z = diag(f'_Z) (x) y     J^soft = diag(p) - p p^T     J_Z^L = Z - t
"""

from __future__ import annotations

from collections.abc import Callable

from ..architecture import LOSS, SUM, Architecture, Node
from ..jacobians import (
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    Jacobian,
    ScaledJacobian,
    WeightJacobian,
)
from ..layers import Dense, LogSoftmax, Softmax
from ..losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    MeanSquaredError,
    NegativeLogLikelihood,
    SquaredError,
)
from .notation import Notation


class Writer:
    """Writes the variables, symbols and formulas of one network in one notation."""

    def __init__(self, architecture: Architecture, notation: Notation) -> None:
        self.architecture, self.say = architecture, notation

    def letter(self, node: Node) -> str:
        """What is written for a variable; the output of a softmax is p unless the user named it."""
        name = node.name
        if (
            node.letter == "a"
            and name not in self.architecture.names.letters
            and self.gate(node) == "softmax"
        ):
            return "p"
        return self.say.name(self.architecture.symbol(node))

    def symbol(self, above: Node, below: Node) -> str:
        """J_Y^Z, J_Sum^Z or J^soft."""
        if self.is_soft(above, below):
            return self.say.soft
        if above.letter == "a" and below == Node(SUM, above.layer):
            return self.say.J("Sum", self.architecture.symbol(above))
        return self.say.J(self.architecture.symbol(below), self.architecture.symbol(above))

    def is_soft(self, above: Node, below: Node) -> bool:
        """Whether d(above)/d(below) is J^soft: a softmax by its sum, which is the activation below it."""
        if above.letter != "a" or self.gate(above) != "softmax":
            return False
        return below in (Node(SUM, above.layer), self.input_node(above))

    def slope(self, node: Node) -> str:
        """f'(z) of a node's layer."""
        return self.say.slope.format(self.letter(Node("a", node.layer)))

    def form(self, J: Jacobian, above: Node, below: Node) -> str:
        """The slide's formula for a factor or a product: what its structure says."""
        write = _FORMS.get(type(J))
        if above == LOSS and not isinstance(J, WeightJacobian):
            return self._row(below)
        return write(self, J, above, below) if write else self._plain(above, below)

    def _row(self, below: Node) -> str:
        """dL/d(below): the loss's own row, the head below it, or delta further down."""
        architecture = self.architecture
        top = Node("a", architecture.depth)
        forms = _ROWS if below == top else _HEADS if below in heads(architecture) else {}
        write = forms.get(type(architecture.loss))
        return write(self.say, self.letter(top)) if write else self._plain(LOSS, below)

    def _plain(self, above: Node, below: Node) -> str:
        return self.say.fraction.format(
            f"d{self.say.name(self.architecture.symbol(above))}",
            f"d{self.say.name(self.architecture.symbol(below))}",
        )

    def gate(self, node: Node) -> str:
        """What kind of layer a node belongs to, as losses ask for it: softmax, log_softmax, sigmoid or ""."""
        return self.architecture.layers[node.layer - 1].gate if node.layer else ""

    def input_node(self, node: Node) -> Node:
        """The activation that a node's layer reads first."""
        return Node("a", self.architecture.reads(node.layer)[0])

    def weight(self, node: Node) -> str:
        """The letter of the weights of a node's layer."""
        weights = Node("W", node.layer)
        return self.letter(weights) if weights.name in self.architecture.nodes else "M"


def heads(architecture: Architecture) -> tuple[Node, ...]:
    """What a loss fused with its gate reaches at once: z_N, and what enters z_N with the identity."""
    if not architecture.fused:
        return ()
    last, top = architecture.depth, architecture.layers[-1]
    if isinstance(top, Softmax | LogSoftmax):
        return (Node("z", last), Node("a", last - 1))
    return (Node("z", last), Node("b", last)) if isinstance(top, Dense) else (Node("z", last),)


# -- one line a structure ---------------------------------------------------------------------------


def _identity(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    return "I"


def _diagonal(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    return w.say.diag.format(w.slope(above))


def _scaled(w: Writer, J: ScaledJacobian, above: Node, below: Node) -> str:
    rows = "" if J.rows is None else w.say.diag.format(w.slope(above)) + " "
    columns = "" if J.columns is None else " " + w.say.diag.format(w.slope(below))
    return f"{rows}{w.weight(above)}{w.say.transpose}{columns}"


def _low_rank(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    if w.is_soft(above, below):
        p = w.letter(above)
        return f"{w.say.diag.format(p)}{w.say.minus}{p} {p}{w.say.transpose}"
    if w.gate(above) == "log_softmax":
        return f"I{w.say.minus}1 {_exponential(w.say, w.letter(above))}{w.say.transpose}"
    return f"{w.say.diag.format('d')} + U V{w.say.transpose}"


def _weight(w: Writer, J: WeightJacobian, above: Node, below: Node) -> str:
    y = w.letter(w.input_node(below))
    if above == LOSS:
        return f"{w.say.delta}{w.say.outer}{y}"
    inner = _FORMS.get(type(J.left))
    left = (
        inner(w, J.left, above, below) if inner else w.say.J(f"z{below.layer}", w.architecture.symbol(above))
    )
    return f"{left}{w.say.outer}{y}"


_FORMS: dict[type, Callable[..., str]] = {
    IdentityJacobian: _identity,
    DiagonalJacobian: _diagonal,
    ScaledJacobian: _scaled,
    DiagonalPlusLowRankJacobian: _low_rank,
    WeightJacobian: _weight,
}


# -- one line a loss --------------------------------------------------------------------------------


def _difference(say: Notation, y: str) -> str:
    return f"{y}{say.minus}t"


def _mean_difference(say: Notation, y: str) -> str:
    return f"{say.fraction.format('2', 'm')} ({y}{say.minus}t)"


def _ratio(say: Notation, y: str) -> str:
    return f"{say.minus.strip()}{say.fraction.format('t', y)}"


def _two_ratios(say: Notation, y: str) -> str:
    minus = say.minus.strip()
    no, yes = (f"1{minus}t", f"1{minus}{y}")
    if say.fraction.startswith("{}"):
        no, yes = f"({no})", f"({yes})"
    return f"{say.fraction.format(no, yes)}{say.minus}{say.fraction.format('t', y)}"


def _minus_target(say: Notation, y: str) -> str:
    return f"{say.minus.strip()}t"


def _exponential_difference(say: Notation, y: str) -> str:
    return f"{_exponential(say, y)}{say.minus}t"


def _exponential(say: Notation, y: str) -> str:
    """The probabilities whose logarithms are y, with a place for an exponent of their own."""
    return f"exp({y})" if say.fraction.startswith("{}") else f"{{e^{{{y}}}}}"


_ROWS: dict[type, Callable[[Notation, str], str]] = {
    SquaredError: _difference,
    MeanSquaredError: _mean_difference,
    CrossEntropy: _ratio,
    BinaryCrossEntropy: _two_ratios,
    NegativeLogLikelihood: _minus_target,
}
_HEADS: dict[type, Callable[[Notation, str], str]] = {
    CrossEntropy: _difference,  # p sum(t) - t, with targets that add up to one
    BinaryCrossEntropy: _difference,
    NegativeLogLikelihood: _exponential_difference,
}
