"""Kinks in a pass: there products of one-sided slopes are not judged, but at numbers that are moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Array
from .report import KINK, Row

_MOVED = 0.1
"""Relative; a smaller step would leave many units so near their kinks that differences cross them."""


@dataclass(frozen=True)
class Kinks:
    """The layers that have a unit at a kink, the loss counted as one more.

    The slope chosen at a kink lies between those of its sides; a product of two such slopes need not lie
    between the one-sided derivatives of the whole. With leaky relu twice and a negative weight w between
    them, one slope of the two is 0.01 and the other 1 on either side of 0: both sides of the whole are
    0.01 w, while the slopes chosen give 0.0001 w.
    """

    layers: Collection[int]
    depth: int

    def judged(self, row: Row, above: int, below: int) -> Row:
        """A row that depends on the layers from above + 1 to `below`; if it fails at a kink, not judged."""
        met = [number for number in sorted(self.layers) if above < number <= below]
        if not met or not row.fails:
            return row
        note = (
            f"it depends on units at a kink of {self._named(met)}, where one-sided slopes need not multiply "
            "to the slopes of the whole: compared beside the kink"
        )
        return replace(row, error=0.0, resolves=0.0, verdict=KINK, note=note)

    def _named(self, numbers: Iterable[int]) -> str:
        return " and ".join("the loss" if k > self.depth else f"layer {k}" for k in numbers)


def moved(array: Array, rng: np.random.Generator) -> Array:
    """The array with every entry moved at random by about a tenth, a zero by about 0.1."""
    sizes = np.where(array == 0, 1, np.abs(array))
    return np.asarray(array + _MOVED * sizes * rng.normal(size=array.shape), array.dtype)


def of_beside(rows: Iterable[Row]) -> list[Row]:
    """Rows of the moved numbers, with a note that says so."""
    said = "beside the kink, all numbers moved by 10 %"
    return [replace(row, note=f"{row.note}; {said}" if row.note else said) for row in rows]
