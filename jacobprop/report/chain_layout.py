"""Where the panels of a chain go: the factors above, the running R after each of them below.

Every panel draws the same number of columns with the same width and the same number of rows with the
same height, so that neighbours meet in equal sides. Lengths grow more slowly than counts where that
makes room for the numbers of small panels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .magnitude import MOST_SHOWN
from .panel import NUMBER_HEIGHT, NUMBER_WIDTH

GAP, SIGN, CAPTION = 0.34, 0.2, 1.2
"""Inches: between columns, around an outer product's sign, the least width of a column."""

LARGEST_UNIT = 0.9
"""Inches of one unit at most, lest a small network looks clumsy."""

LARGEST_RATIO = 16
"""How much longer the longest side is than the shortest, at most."""

POWERS = (1.0, 0.85, 0.7, 0.55, 0.4)
"""How lengths may grow with counts, from proportional on."""

FLATTEST = 2.2
"""A cell is at most so many times as wide as it is tall."""

Size = tuple[int, int]
Rows = Sequence[Sequence[Sequence[Size]]]


@dataclass(frozen=True)
class Scale:
    """Inches for a number of columns and of rows: unit * count^power.

    `stacked` puts y of left (x) y below ``left``, not beside it.
    """

    across: float
    down: float
    power: float
    stacked: bool = False

    def width(self, count: int) -> float:
        """How wide `count` columns are drawn."""
        return self.across * math.pow(count, self.power)

    def height(self, count: int) -> float:
        """How high `count` rows are drawn."""
        return self.down * math.pow(count, self.power)

    def wide(self, sizes: Sequence[Size]) -> float:
        """How wide the matrices of one panel are, with the signs between them."""
        widths = [self.width(n) for _, n in sizes]
        return max(widths, default=0.0) if self.stacked else sum(widths) + 2 * SIGN * (len(sizes) - 1)

    def high(self, sizes: Sequence[Size]) -> float:
        """How high the matrices of one panel are."""
        heights = [self.height(m) for m, _ in sizes]
        if self.stacked and sizes:
            return sum(heights) + 2 * SIGN * (len(sizes) - 1)
        return max(heights, default=0.0)

    def shows(self, size: Size) -> bool:
        """Whether the cells of a matrix have room for numbers."""
        m, n = size
        return self.width(n) >= n * NUMBER_WIDTH and self.height(m) >= m * NUMBER_HEIGHT


def fit_scale(rows: Rows, width: float, height: float) -> Scale:
    """The best scale at which rows of panels fit into a space; `rows` lists the sizes in each panel.

    Best shows the numbers of most small matrices, then is nearest to proportional, then largest.
    """
    small = [size for row in rows for sizes in row for size in sizes if max(size) <= MOST_SHOWN]
    most = max((count for row in rows for sizes in row for size in sizes for count in size), default=1)
    steepest = 1.0 if most <= LARGEST_RATIO else math.log(LARGEST_RATIO) / math.log(most)
    scales = [
        _largest(rows, width, height, steepest * power, stacked)
        for power, stacked in itertools.product(POWERS, (False, True))
    ]
    return max(scales, key=lambda s: (sum(map(s.shows, small)), s.power, s.across * s.down))


def _largest(rows: Rows, width: float, height: float, power: float, stacked: bool) -> Scale:
    """The largest scale of one shape that fits."""

    def fits_across(unit: float) -> bool:
        scale = Scale(unit, 0.0, power, stacked)
        return sum(column_widths(rows, scale)) + GAP * (len(rows[0]) - 1) <= width

    def fits_down(unit: float) -> bool:
        scale = Scale(0.0, unit, power, stacked)
        return sum(max(map(scale.high, row), default=0.0) for row in rows) <= height

    units = [LARGEST_UNIT * 0.97**k for k in range(128)]  # down to 0.02
    across = next(filter(fits_across, units), units[-1])
    down = min(across, next(filter(fits_down, units), units[-1]))
    return Scale(min(across, FLATTEST * down), down, power, stacked)


def column_widths(rows: Rows, scale: Scale) -> list[float]:
    """The width of each column: its widest panel, or room for the caption."""
    return [max(CAPTION, *(scale.wide(sizes) for sizes in column)) for column in zip(*rows, strict=True)]
