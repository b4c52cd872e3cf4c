"""The picture of the demo: the chain to the first weights, and beside it the learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..network import Network
from ..record import Record
from .canvas import HEIGHT, WIDTH, new_figure
from .chain_picture import LEGEND, MARGIN, draw_chain
from .learning_curve import draw_learning_curve
from .legend import draw_legend
from .panel import Rectangle

CURVE = 2.6
"""Inches for the learning curve at the right."""


def demo_picture(
    net: Network, record: Record, train: Sequence[float], held_out: Sequence[float], accuracy: float
) -> Any:
    """A slide of 1280 x 720: the chain of one case, the minibatch gradient, and what training made of it."""
    figure = new_figure()
    draw_chain(figure, Rectangle(0, 0, WIDTH - CURVE, HEIGHT), net, record, record.chain("L", "W1"))
    draw_legend(figure, Rectangle(MARGIN, 0, WIDTH - 2 * MARGIN, LEGEND))
    place = Rectangle(WIDTH - CURVE + 0.4, 1.45, CURVE - 0.6, 4.4)
    draw_learning_curve(figure, place, train, held_out)
    x, y = (place.x + place.width / 2) / WIDTH, (place.y + place.height + 0.55) / HEIGHT
    figure.text(x, y, f"held-out accuracy {accuracy:.1%}", fontsize=12, ha="center", color="#333333")
    return figure
