"""The first half of a worksheet: what is given, and the forward pass of one case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..architecture import Node
from ..arrays import Array
from ..layers import Dense, Softmax
from ..losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, SquaredError
from ..network import Network
from ..record import Record
from .blocks import full
from .forms import Writer
from .latex_matrix import latex_matrix, latex_number
from .notation import escape_latex


def given_lines(net: Network, record: Record, writer: Writer, case: int) -> Iterator[str]:
    """The input, the parameters and the target."""
    yield _equal(writer.letter(Node("a", 0)), _row(record.activation(0), case))
    for node in net.architecture.parameter_nodes:
        array = net.parameters[node.name]
        matrix = array if array.ndim == 2 else array.reshape(1, -1)
        yield _equal(writer.letter(node), latex_matrix(full(matrix)))
    if record.target is not None:
        yield _equal("t", _row(record.target, case))


def forward_lines(net: Network, record: Record, writer: Writer, case: int) -> Iterator[str]:
    """Every sum, activation and derivative, then the loss."""
    for number, layer in enumerate(net.layers, 1):
        y = writer.letter(Node("a", net.architecture.reads(number)[0]))
        a, value = writer.letter(Node("a", number)), _row(record.activation(number), case)
        if isinstance(layer, Dense):
            z, f = writer.letter(Node("z", number)), layer.activation.name
            total = f"{y} {writer.letter(Node('W', number))}"
            total += f" + {writer.letter(Node('b', number))}" if layer.bias else ""
            yield _equal(z, total, _row(record.sum(number), case))
            if f == "identity":
                yield _equal(a, z)
                continue
            yield _equal(a, rf"\mathrm{{{escape_latex(f)}}}({z})", value)
            yield _equal(f"f'({z})", _row(layer.activation.derivative(record.sum(number)), case))
        elif isinstance(layer, Softmax):
            yield _equal(a, rf"\mathrm{{softmax}}({y})", value)
        else:
            yield _equal(a, value)
    if record.target is not None:
        yield _loss_line(net, record, writer, case)


def _loss_line(net: Network, record: Record, writer: Writer, case: int) -> str:
    y = writer.letter(Node("a", net.architecture.depth))
    formula = _LOSSES.get(type(net.loss))
    losses = record.losses.reshape(-1)
    value = latex_number(float(losses[case]))
    return _equal("L", formula(f"{{{y}}}_i"), value) if formula else _equal("L", value)


def _row(values: Array, case: int) -> str:
    return latex_matrix(full(values.reshape(-1, values.shape[-1])[case : case + 1]))


def _equal(left: str, *right: str) -> str:
    return f"{left} &= " + " = ".join(right)


_LOSSES: dict[type, Callable[[str], str]] = {
    SquaredError: lambda y: rf"\tfrac{{1}}{{2}} \sum_i ({y} - t_i)^2",
    MeanSquaredError: lambda y: rf"\frac{{1}}{{m}} \sum_i ({y} - t_i)^2",
    CrossEntropy: lambda y: rf"-\sum_i t_i \log {y}",
    BinaryCrossEntropy: lambda y: rf"-\sum_i \bigl( t_i \log {y} + (1 - t_i) \log (1 - {y}) \bigr)",
}
