"""What is given and the forward pass on the screen, where the numbers are few enough to be redone by hand."""

from __future__ import annotations

from collections.abc import Iterable

from ..network import Network
from ..record import Record
from ..report.forms import Writer
from ..report.forward_pass import Line, definitions, forward, given
from ..report.magnitude import MOST_SHOWN
from ..report.numbers import flowing, value_lines
from .screen import Screen

DEEPEST = 4
"""The most layers whose pass is shown; the worksheet shows any."""

INDENT = 3


def show_forward_pass(screen: Screen, net: Network, record: Record) -> None:
    """What each variable is, then the numbers of the first case."""
    if len(net.layers) <= DEEPEST:
        show_definitions(screen, net, record)
    screen.line(screen.notation.outer_product)
    if len(net.layers) <= DEEPEST:
        writer = Writer(net.architecture, screen.notation)
        _show(screen, "Given", given(net, record, writer, 0))
        _show(screen, "Forward", forward(net, record, writer, 0))


def show_definitions(screen: Screen, net: Network, record: Record) -> None:
    """What each variable is, a few to a line."""
    writer = Writer(net.architecture, screen.notation)
    words = [[screen.safe(words)] for words in definitions(net, record, writer)]
    for (line,) in flowing(words, screen.console.width, ";  "):
        screen.line(line)


def _show(screen: Screen, title: str, lines: Iterable[Line]) -> None:
    """The small matrices, several next to each other."""
    shown = [
        value_lines(screen.safe(line.letter), line.values)
        for line in lines
        if max(line.values.shape) <= MOST_SHOWN
    ]
    if shown:
        screen.heading(title)
    for row in flowing(shown, screen.console.width - INDENT):
        screen.block(row, indent=INDENT)
