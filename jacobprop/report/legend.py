"""The key to the colours: the ramp from -max over 0 to +max, and the hatched paper of structural zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from .blocks import full
from .canvas import HEIGHT, WIDTH
from .colours import colours
from .panel import Rectangle, prepare


def draw_legend(figure: Any, space: Rectangle) -> None:
    """A line at the bottom of a slide."""
    y, high = space.y + 0.2, 0.17
    middle = (y + high / 2) / HEIGHT
    ramp = Rectangle(space.x + 0.45, y, 1.7, high)
    axes = figure.add_axes(ramp.fractions)
    prepare(axes)
    axes.imshow(colours(full(np.linspace(-1, 1, 129)[None, :])), aspect="auto")
    sample = Rectangle(ramp.x + ramp.width + 1.05, y, 0.34, high)
    prepare(figure.add_axes(sample.fractions))
    words = [
        (ramp.x + ramp.width / 2, "center", "0"),
        (ramp.x - 0.08, "right", "−max"),
        (ramp.x + ramp.width + 0.08, "left", "+max"),
        (sample.x + sample.width + 0.1, "left", "structural zero, not stored"),
        (space.x + space.width, "right", "each panel is scaled to its own largest entry"),
    ]
    for x, side, text in words:
        figure.text(x / WIDTH, middle, text, ha=side, va="center", fontsize=10, color="#333333")
