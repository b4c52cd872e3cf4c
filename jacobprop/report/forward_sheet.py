"""The first half of a worksheet: what is given, and the forward pass of one case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..architecture import Node
from ..losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, NegativeLogLikelihood, SquaredError
from ..network import Network
from ..record import Record
from .blocks import full
from .forms import Writer, couples_cases
from .forward_pass import Line, forward, given
from .latex_matrix import latex_matrix, latex_number


def given_lines(net: Network, record: Record, writer: Writer, case: int) -> Iterator[str]:
    """The input, the parameters and the target."""
    return map(_formula, given(net, record, writer, case))


def forward_lines(net: Network, record: Record, writer: Writer, case: int) -> Iterator[str]:
    """Every sum, activation and derivative, then the loss."""
    yield from map(_formula, forward(net, record, writer, case))
    if record.target is not None:
        yield _loss_line(net, record, writer, case)


def _formula(line: Line) -> str:
    return _equal(line.letter, *filter(None, [line.formula]), latex_matrix(full(line.values)))


def _loss_line(net: Network, record: Record, writer: Writer, case: int) -> str:
    y = writer.letter(Node("a", net.architecture.depth))
    formula = None if couples_cases(net.architecture) else _LOSSES.get(type(net.loss))
    losses = record.losses.reshape(-1)
    value = latex_number(float(losses[case]))
    return _equal("L", formula(f"{{{y}}}_i"), value) if formula else _equal("L", value)


def _equal(left: str, *right: str) -> str:
    return f"{left} &= " + " = ".join(right)


_LOSSES: dict[type, Callable[[str], str]] = {
    SquaredError: lambda y: rf"\tfrac{{1}}{{2}} \sum_i ({y} - t_i)^2",
    MeanSquaredError: lambda y: rf"\frac{{1}}{{m}} \sum_i ({y} - t_i)^2",
    CrossEntropy: lambda y: rf"-\sum_i t_i \log {y}",
    NegativeLogLikelihood: lambda y: rf"-\sum_i t_i {y}",
    BinaryCrossEntropy: lambda y: rf"-\sum_i \bigl( t_i \log {y} + (1 - t_i) \log (1 - {y}) \bigr)",
}
