"""Where the panels of a chain go: the factors above, the running R after each of them below.

Every panel draws the same width with the same length, so that neighbours meet in equal sides. Widths
up to `LINEAR` are drawn to scale; larger ones are compressed by a power that keeps their order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LINEAR = 16
GAP, SIGN, CAPTION = 0.34, 0.2, 1.2
"""Inches: between columns, around an outer product's sign, the least width of a column."""

LARGEST_UNIT = 0.72
"""Inches of one unit at most, lest a small network looks clumsy."""

Size = tuple[int, int]


@dataclass(frozen=True)
class Scale:
    """Inches for a number of rows or columns: unit * count^power."""

    unit: float
    power: float

    def length(self, count: int) -> float:
        """How long a side of `count` entries is drawn."""
        return self.unit * math.pow(count, self.power)

    def width(self, sizes: Sequence[Size]) -> float:
        """How wide the matrices of one panel are, with the signs between them."""
        return sum(self.length(n) for _, n in sizes) + 2 * SIGN * (len(sizes) - 1)

    def height(self, sizes: Sequence[Size]) -> float:
        """How high the matrices of one panel are."""
        return max((self.length(m) for m, _ in sizes), default=0.0)


def fit_scale(rows: Sequence[Sequence[Sequence[Size]]], width: float, height: float) -> Scale:
    """The largest scale at which rows of panels fit into a space; `rows` lists the sizes in each panel."""
    counts = [n for row in rows for sizes in row for size in sizes for n in size]
    most = max(counts, default=1)
    power = 1.0 if most <= LINEAR else math.log(LINEAR) / math.log(most)
    unit = LARGEST_UNIT
    while unit > 0.02:
        scale = Scale(unit, power)
        high = sum(max(map(scale.height, row), default=0.0) for row in rows)
        if high <= height and sum(column_widths(rows, scale)) + GAP * (len(rows[0]) - 1) <= width:
            return scale
        unit *= 0.97
    return Scale(unit, power)


def column_widths(rows: Sequence[Sequence[Sequence[Size]]], scale: Scale) -> list[float]:
    """The width of each column: its widest panel, or room for the caption."""
    return [max(CAPTION, *(scale.width(sizes) for sizes in column)) for column in zip(*rows, strict=True)]
