"""One matrix as a heat map at a place on the slide, with its numbers where they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array
from .blocks import Block
from .canvas import HEIGHT, WIDTH
from .colours import colours, ink
from .magnitude import decimal, largest, power_of_ten
from .pooling import pooled

HATCH = "/////"
PAPER, EDGE = "white", "#b0b0b0"
NUMBER_WIDTH, NUMBER_HEIGHT, GRID = 0.33, 0.17, 0.1
"""The least size in inches of a cell that shows its number, and of one that has an edge."""

LARGEST_FONT, POINTS_AN_INCH = 12.0, 110.0
"""The font of numbers: at most so large, and so large that one character fills an inch of a cell."""


@dataclass(frozen=True)
class Rectangle:
    """A place on the slide in inches, from the lower left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def fractions(self) -> tuple[float, float, float, float]:
        """As matplotlib wants it."""
        return (self.x / WIDTH, self.y / HEIGHT, self.width / WIDTH, self.height / HEIGHT)


def draw_block(figure: Any, place: Rectangle, block: Block) -> None:
    """A heat map that fills a rectangle: each panel is scaled to its own largest entry."""
    axes = figure.add_axes(place.fractions)
    prepare(axes)
    shown = pooled(block)
    rgba = colours(shown)
    rows, columns = shown.values.shape
    wide, tall = place.width / columns, place.height / rows
    if min(wide, tall) >= GRID:  # shapes, sharp at any zoom; else an image
        axes.pcolormesh(rgba, edgecolors=PAPER, linewidth=0.6)
        axes.set_ylim(rows, 0)
    else:
        axes.imshow(rgba, aspect="auto", interpolation="nearest")
    if wide >= NUMBER_WIDTH and tall >= NUMBER_HEIGHT:
        _write_numbers(axes, shown, rgba, wide)


def prepare(axes: Any) -> None:
    """Hatched paper, on which entries are painted, in a thin frame."""
    axes.set(xticks=[], yticks=[])
    axes.patch.set(facecolor=PAPER, edgecolor=EDGE, hatch=HATCH, linewidth=0)
    for spine in axes.spines.values():
        spine.set(color=EDGE, linewidth=0.8)


def _write_numbers(axes: Any, block: Block, rgba: Array, wide: float) -> None:
    """Every entry that is no structural zero; a common power of ten stands at the corner."""
    rows, columns = block.values.shape
    power = power_of_ten(largest(block.values), least=0.1)
    if power:
        corner = rf"$\times 10^{{{power}}}$"
        axes.text(1, 1.01, corner, transform=axes.transAxes, fontsize=9, ha="right", va="bottom")
    texts = {
        (i, j): decimal(float(block.values[i, j]) / 10.0**power, 2).replace("-", "−")
        for i, j in np.ndindex(rows, columns)
        if not block.zeros[i, j]
    }
    font = min(LARGEST_FONT, POINTS_AN_INCH * wide / max(map(len, texts.values()), default=1))
    for (i, j), text in texts.items():
        colour = ink(rgba[i, j])
        axes.text(j + 0.5, i + 0.5, text, color=colour, fontsize=font, ha="center", va="center")
