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
from ..layers import RBF, BatchNorm, Dense, Elementwise, LogSoftmax, Softmax
from ..layers.dropout import DropoutInTraining
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
        if above == LOSS and not isinstance(J, WeightJacobian):
            return self._row(below)
        return self.structural_form(J, above, below) or self._plain(above, below)

    def structural_form(self, J: Jacobian, above: Node, below: Node) -> str:
        """What the structure says in the letters of the network, empty where it does not."""
        write = _FORMS.get(type(J))
        return write(self, J, above, below) if write else ""

    def is_factor(self, above: Node, below: Node) -> bool:
        """Whether one layer leads from below to above: what lies between is then its own."""
        operands = self.architecture.operands
        within = [edge.below for edge in operands(above)]
        return below in within or any(
            below == edge.below for z in within if z.letter == SUM for edge in operands(z)
        )

    def diagonal(self, above: Node, below: Node) -> str:
        """What stands on the diagonal of a layer's factor: f', or what the layer has in its place."""
        layer = self.architecture.layers[above.layer - 1]
        write = _DIAGONALS.get(type(layer))
        return write(self, above, below) if write else self.slope(above)

    def _row(self, below: Node) -> str:
        """dL/d(below): the loss's own row, the head below it, or delta further down."""
        architecture = self.architecture
        top = Node("a", architecture.depth)
        forms = _ROWS if below == top else _HEADS if below in heads(architecture) else {}
        write = forms.get(type(architecture.loss))
        if write is None or architecture.loss is None:
            return self._plain(LOSS, below)
        row = write(self.say, self.letter(top))
        mean_of_all = architecture.loss.reduction == "mean" and couples_cases(architecture)
        return self.say.fraction.format(f"({row})", "n") if mean_of_all else row

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


def couples_cases(architecture: Architecture) -> bool:
    """Whether a record of the network is one map of the whole batch of n cases."""
    return any(layer.couples_cases for layer in architecture.layers)


def heads(architecture: Architecture) -> tuple[Node, ...]:
    """What a loss fused with its gate reaches at once: z_N, and what enters z_N with the identity."""
    if not architecture.fused:
        return ()
    last, top = architecture.depth, architecture.layers[-1]
    if isinstance(top, Softmax | LogSoftmax | Elementwise):
        return (Node("z", last), Node("a", last - 1))
    return (Node("z", last), Node("b", last)) if isinstance(top, Dense) else (Node("z", last),)


# -- one line a structure ---------------------------------------------------------------------------


def _identity(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    return "I"


def _diagonal(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    return w.say.diag.format(w.diagonal(above, below)) if w.is_factor(above, below) else ""


def _scaled(w: Writer, J: ScaledJacobian, above: Node, below: Node) -> str:
    into = Node("a", below.layer)  # of W, or of the f' on the right
    if not w.is_factor(above, below) and not (below.letter == SUM and w.is_factor(above, into)):
        return ""
    rows = "" if J.rows is None else w.say.diag.format(w.diagonal(above, Node(SUM, above.layer))) + " "
    columns = "" if J.columns is None else " " + w.say.diag.format(w.diagonal(into, below))
    return f"{rows}{w.weight(above)}{w.say.transpose}{columns}"


def _low_rank(w: Writer, J: Jacobian, above: Node, below: Node) -> str:
    if w.is_soft(above, below):
        p = w.letter(above)
        return f"{w.say.diag.format(p)}{w.say.minus}{p} {p}{w.say.transpose}"
    if w.gate(above) == "log_softmax" and w.is_factor(above, below):
        return f"I{w.say.minus}1 {_exponential(w.say, w.letter(above))}{w.say.transpose}"
    return f"{w.say.diag.format('d')} + U V{w.say.transpose}"


def _weight(w: Writer, J: WeightJacobian, above: Node, below: Node) -> str:
    y = w.letter(w.input_node(below))
    if above == LOSS:
        return f"{w.say.delta}{w.say.outer}{y}"
    own_sum = Node(SUM, below.layer)
    left = "I" if above == own_sum else w.structural_form(J.left, above, own_sum)
    return f"{left or w.say.J(own_sum.name, w.architecture.symbol(above))}{w.say.outer}{y}"


_FORMS: dict[type, Callable[..., str]] = {
    IdentityJacobian: _identity,
    DiagonalJacobian: _diagonal,
    ScaledJacobian: _scaled,
    DiagonalPlusLowRankJacobian: _low_rank,
    WeightJacobian: _weight,
}


# -- one line a layer that has no f' ----------------------------------------------------------------


def _normalising(w: Writer, above: Node, below: Node) -> str:
    """C/s by the input, (y - mean)/s by the gains."""
    if below.letter == "C":
        return f"({w.letter(w.input_node(above))}{w.say.minus}{w.say.name('mean')})/s"
    return f"{w.letter(Node('C', above.layer))}/s"


def _masking(w: Writer, above: Node, below: Node) -> str:
    return f"{w.say.name('mask')}/(1{w.say.minus}{w.say.name('rate')})"


def _bump(w: Writer, above: Node, below: Node) -> str:
    """-a by the sum, the squared distance times it by the widths."""
    slope = "" if above.letter == SUM else f"{w.say.minus.strip()}{w.letter(above)}"
    distance = squared_distance(w, above) if below.letter == "B" else ""
    return " ".join(filter(None, [slope, distance]))


def squared_distance(w: Writer, node: Node) -> str:
    """|y - C|^2 of a node's layer, from the centres."""
    return f"|{w.letter(w.input_node(node))}{w.say.minus}{w.letter(Node('C', node.layer))}|^2"


_DIAGONALS: dict[type, Callable[[Writer, Node, Node], str]] = {
    BatchNorm: _normalising,
    DropoutInTraining: _masking,
    RBF: _bump,
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
