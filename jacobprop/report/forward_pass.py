"""What is given and what the forward pass of one case makes of it, line by line, in any notation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..architecture import Node
from ..arrays import Array
from ..layers import RBF, BatchNorm, Dense, Dropout, Elementwise, Layer, LogSoftmax, Residual, Softmax
from ..layers.batch_norm import BatchNormInTraining
from ..layers.dropout import DropoutInTraining
from ..network import Network
from ..record import Record
from .forms import Writer, squared_distance


class Line(NamedTuple):
    """A variable, the formula that makes it ("" where it is given), and its matrix."""

    letter: str
    formula: str
    values: Array


def given(net: Network, record: Record, writer: Writer, case: int) -> Iterator[Line]:
    """The input, the parameters and the target."""
    yield Line(writer.letter(Node("a", 0)), "", _row(record, record.activation(0), case))
    for node in net.architecture.parameter_nodes:
        array = net.parameters[node.name]
        yield Line(writer.letter(node), "", array if array.ndim == 2 else array.reshape(1, -1))
    if record.target is not None:
        yield Line("t", "", _row(record, record.target, case))


def forward(net: Network, record: Record, writer: Writer, case: int) -> Iterator[Line]:
    """Every sum, activation and derivative."""
    for number, layer in enumerate(net.layers, 1):
        node = Node("a", number)
        y = writer.letter(Node("a", net.architecture.reads(number)[0]))
        a, values = writer.letter(node), _row(record, record.activation(number), case)
        if isinstance(layer, Dense):
            z, f = writer.letter(Node("z", number)), layer.activation.name
            total = f"{y} {writer.letter(Node('W', number))}"
            total += f" + {writer.letter(Node('b', number))}" if layer.bias else ""
            if f == "identity":
                yield Line(f"{a} = {z}", total, values)
                continue
            yield Line(z, total, _row(record, record.sum(number), case))
            yield Line(a, f"{writer.say.name(f)}({z})", values)
            slopes = layer.activation.derivative(record.sum(number))
            yield Line(writer.slope(node), f"f{writer.say.prime}({z})", _row(record, slopes, case))
        elif isinstance(layer, Softmax):
            own = writer.say.name(net.architecture.symbol(node))
            yield Line(a if a == own else f"{own} = {a}", f"{writer.say.name('softmax')}({y})", values)
        elif isinstance(layer, LogSoftmax):
            yield Line(a, f"{writer.say.name('log_softmax')}({y})", values)
        elif isinstance(layer, Elementwise):
            yield Line(a, f"{writer.say.name(layer.activation.name)}({y})", values)
            slopes = layer.activation.derivative(record.sum(number))
            yield Line(writer.slope(node), f"f{writer.say.prime}({y})", _row(record, slopes, case))
        else:
            yield Line(a, _formula(writer, layer, node), values)


def _formula(writer: Writer, layer: Layer, node: Node) -> str:
    """What the other layers of the library compute; "" for a layer of the user's own."""
    say, number = writer.say, node.layer
    y, *others = [writer.letter(Node("a", k)) for k in writer.architecture.reads(number)]
    if type(layer) in (BatchNorm, BatchNormInTraining):
        C, b = (writer.letter(Node(slot, number)) for slot in "Cb")
        return f"{C} ({y}{say.minus}{say.name('mean')})/s + {b}"
    if type(layer) is RBF:
        B = writer.letter(Node("B", number))
        return f"{say.name('exp')}({say.minus.strip()}{B} {squared_distance(writer, node)})"
    if type(layer) is DropoutInTraining:
        return f"{say.name('mask')} {y}/(1{say.minus}{say.name('rate')})"
    return " + ".join([y, *others]) if type(layer) in (Residual, Dropout) else ""


def definitions(net: Network, record: Record, writer: Writer) -> Iterator[str]:
    """What each variable is: the input, the layers, the target, the loss."""
    yield f"{writer.letter(Node('a', 0))} input"
    for line in forward(net, record, writer, 0):
        if line.formula:
            yield f"{line.letter} = {line.formula}"
    yield "t target"
    yield "L loss"


def _row(record: Record, values: Array, case: int) -> Array:
    """A case as a row; of a record that couples its cases, all of them."""
    rows = values.reshape(-1, values.shape[-1])
    return rows if record.cases is None else rows[case : case + 1]
