"""Which entry of a large gradient is wrong: directions that are restricted to one half after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import Estimate
from .comparison import apart, compared
from .factors import directed
from .report import Row


@dataclass(frozen=True)
class Functional:
    """u . y as a function of one array, beside the gradient that somebody says it has.

    Attributes
    ----------
    value : callable
        An array shaped like x to one number, as an array of one entry.
    x, gradient : array
        The point, and what is said there.
    rounding : float
        What rounding makes of a value.
    dtype : dtype
        In which the gradient was computed.
    rng : Generator
        For directions.
    """

    value: Callable[[Array], Array]
    x: Array
    gradient: Array
    rounding: float
    dtype: np.dtype[Any]
    rng: np.random.Generator

    def along(self, what: str, chosen: Array) -> Row:
        """A random direction through the chosen entries, a bool for each."""
        move = np.where(chosen, self.rng.normal(size=self.x.shape), 0.0)

        def hear(stretch: float) -> Estimate:
            found = directed(self.value, self.x, [move], stretch=stretch).each(lambda part: part[..., 0])
            return found._replace(error=found.error + self.rounding / stretch)

        said = np.atleast_1d((self.gradient.astype(np.float64) * move).sum())
        return compared(
            what,
            "a random direction",
            said,
            hear(1.0),
            hear=hear,
            kind="gradient",
            dtype=self.dtype,
            describe=lambda place: "this direction",
        ).row

    def block(self, low: int, high: int) -> Array:
        """The entries low to high, in row-major order."""
        flat = np.arange(self.x.size)
        return np.asarray((low <= flat) & (flat < high)).reshape(self.x.shape)

    def wrong_block(self) -> tuple[int, int]:
        """A wrong block of which neither half can be told to be wrong: mostly one entry."""
        low, high = 0, self.x.size
        while high - low > 1:
            middle = (low + high) // 2
            halves = ((low, middle), (middle, high))
            wrong = next((half for half in halves if self.along("", self.block(*half)).fails), None)
            if wrong is None:
                break
            low, high = wrong
        return low, high

    def located(self) -> str:
        """Where the gradient is wrong, and whether it is wrong elsewhere as well."""
        low, high = self.wrong_block()
        first, last = (self._index(flat) for flat in (low, high - 1))
        elsewhere = self.along("", ~self.block(low, high)).fails
        more = "others are wrong too" if elsewhere else "the others are right"
        if high - low > 1:
            return f"wrong somewhere in the entries {first} to {last}; {more}"
        move = self.block(low, high).astype(np.float64)
        right = float(directed(self.value, self.x, [move]).value[0, 0])
        said = float(self.gradient.ravel()[low])
        return f"entry {first} is wrong: {apart(said, right)}; {more}"

    def _index(self, flat: int) -> list[int]:
        return [int(k) for k in np.unravel_index(flat, self.x.shape)]
