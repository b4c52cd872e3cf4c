"""What is given and what the forward pass of one case makes of it, line by line, in any notation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..architecture import Node
from ..arrays import Array
from ..layers import Dense, LogSoftmax, Softmax
from ..network import Network
from ..record import Record
from .forms import Writer


class Line(NamedTuple):
    """A variable, the formula that makes it ("" where it is given), and its matrix."""

    letter: str
    formula: str
    values: Array


def given(net: Network, record: Record, writer: Writer, case: int) -> Iterator[Line]:
    """The input, the parameters and the target."""
    yield Line(writer.letter(Node("a", 0)), "", _row(record.activation(0), case))
    for node in net.architecture.parameter_nodes:
        array = net.parameters[node.name]
        yield Line(writer.letter(node), "", array if array.ndim == 2 else array.reshape(1, -1))
    if record.target is not None:
        yield Line("t", "", _row(record.target, case))


def forward(net: Network, record: Record, writer: Writer, case: int) -> Iterator[Line]:
    """Every sum, activation and derivative."""
    for number, layer in enumerate(net.layers, 1):
        node = Node("a", number)
        y = writer.letter(Node("a", net.architecture.reads(number)[0]))
        a, values = writer.letter(node), _row(record.activation(number), case)
        if isinstance(layer, Dense):
            z, f = writer.letter(Node("z", number)), layer.activation.name
            total = f"{y} {writer.letter(Node('W', number))}"
            total += f" + {writer.letter(Node('b', number))}" if layer.bias else ""
            if f == "identity":
                yield Line(f"{a} = {z}", total, values)
                continue
            yield Line(z, total, _row(record.sum(number), case))
            yield Line(a, f"{writer.say.name(f)}({z})", values)
            slopes = layer.activation.derivative(record.sum(number))
            yield Line(writer.slope(node), f"f{writer.say.prime}({z})", _row(slopes, case))
        elif isinstance(layer, Softmax):
            own = writer.say.name(net.architecture.symbol(node))
            yield Line(a if a == own else f"{own} = {a}", f"{writer.say.name('softmax')}({y})", values)
        elif isinstance(layer, LogSoftmax):
            yield Line(a, f"{writer.say.name('log_softmax')}({y})", values)
        else:
            yield Line(a, "", values)


def definitions(net: Network, record: Record, writer: Writer) -> Iterator[str]:
    """What each variable is: the input, the layers, the target, the loss."""
    yield f"{writer.letter(Node('a', 0))} input"
    for line in forward(net, record, writer, 0):
        if line.formula:
            yield f"{line.letter} = {line.formula}"
    yield "t target"
    yield "L loss"


def _row(values: Array, case: int) -> Array:
    return values.reshape(-1, values.shape[-1])[case : case + 1]
