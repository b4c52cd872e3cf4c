"""Powers of two that keep the vanishing rows of a backward walk away from subnormal numbers, exactly.

Saturated and deep networks multiply slopes such as 1e-174 until rows reach the subnormal numbers, which
some processors multiply up to 170 times slower than others. A walk watches for the first underflow, which
the processor reports for nothing; its rows are lifted then and the step is taken again, and what the walk
returns is lowered at the end. Scaling by a power of two rounds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from .arrays import Array

_HEIGHT = {np.dtype(np.float64): (850, 1000), np.dtype(np.float32): (90, 120)}
"""The power of two near which lifted rows have their largest entry, with room for weights above and slopes
below; and the largest power that is a factor, a normal number like its reciprocal."""
_WORTHWHILE = 32
"""Rows that would rise by fewer powers of two stay."""

Place = TypeVar("Place")
Result = TypeVar("Result")


class Lift:
    """The running rows of a walk are 2^exponent times their true value."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.exponent = 0
        self._on = False
        self._height, self.factor = _HEIGHT.get(dtype, (0, 0))

    def through(
        self, step: Callable[[dict[Place, Array]], Result], rows: dict[Place, Array]
    ) -> tuple[dict[Place, Array], Result]:
        """The rows, lifted if the step from them would underflow, and what the step makes of them."""
        if not self._on:
            try:
                return rows, step(rows)
            except FloatingPointError:
                self._on = True
        with np.errstate(under="ignore"):
            rise = self._rise(rows.values())
            if rise >= _WORTHWHILE:
                self.exponent += rise
                rows = {place: row * math.ldexp(1.0, rise) for place, row in rows.items()}
            return rows, step(rows)

    def _rise(self, rows: Iterable[Array]) -> int:
        """The power of two that brings the largest entry to the height, or as near as one factor can."""
        largest = max(float(np.abs(row).max(initial=0)) for row in rows)
        return min(self._height - math.frexp(largest)[1], self.factor) if 0 < largest < math.inf else 0


def kept_afloat(
    walk: Callable[[Lift], Iterable[tuple[Place, Array]]], dtype: np.dtype[Any]
) -> dict[Place, Array]:
    """The arrays that a walk yields, whose steps go `through` a Lift; plain ones where lifting overflows.

    What overflows is seen by the results: the threads of a BLAS, and calls with an errstate of their own, do
    not report it.
    """
    lift = Lift(dtype)
    if dtype in _HEIGHT:
        try:
            with np.errstate(under="raise"):
                found = [(place, array, lift.exponent) for place, array in walk(lift)]
        except FloatingPointError:  # of somebody else's errstate
            found = None
        if found is not None and (not lift.exponent or all(_is_finite(array) for _, array, _ in found)):
            return {place: _lowered(array, exponent, lift.factor) for place, array, exponent in found}
    return dict(walk(Lift(dtype)))  # underflow is not reported here: nothing is lifted


def _is_finite(array: Array) -> bool:
    """Whether the sum is; a sum that overflows by itself costs a plain walk and no more."""
    return math.isfinite(array.sum())


def _lowered(array: Array, exponent: int, factor: int) -> Array:
    """What was computed from rows that stood 2^exponent too high."""
    if not exponent:
        return array
    if exponent <= factor:
        return np.asarray(array * math.ldexp(1.0, -exponent))
    return np.asarray(np.ldexp(array, -exponent))
