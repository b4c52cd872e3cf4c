"""What rounding may make of a result: the same arithmetic in float64, a few roundings beside the numbers.

Where a slope decays or a difference of near equals is taken, a rounding of the numbers below is far more than
one of the result. Nobody's rule is needed to know by how much: it is what the candidate itself, right or
wrong, changes by when every number moves a little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..arrays import Array, quiet

Item = TypeVar("Item")

DRAWS = 4
"""Sets of random moves, no mere signs: that all of them cancel, or move y as they move t, is rare."""
_SHAKEN, _TAKEN = 32, 8
"""By how many roundings numbers are moved, and how many of those count: a move by one alone may be lost in
the rounding of a larger number, which would look like no error at all."""
_ROUNDINGS = 32
"""How many roundings, relative to the largest entry of the same case, the candidate may have."""


def eps(dtype: Any) -> float:
    """The distance from 1 to the next number."""
    return float(np.finfo(_float(dtype)).eps)


def relative(dtype: Any) -> float:
    """The relative error that a candidate of this dtype may have."""
    return _ROUNDINGS * eps(dtype)


def least(dtype: Any, gain: float = 1.0) -> float:
    """The absolute error of underflow, with what later factors of this size may make of it."""
    return _ROUNDINGS * float(np.finfo(_float(dtype)).smallest_subnormal) * _capped(gain, dtype)


def largest(dtype: Any, gain: float = 1.0) -> float:
    """Results above may have overflowed on the way; where factors are that large, all may have."""
    most = float(np.finfo(_float(dtype)).max)
    return -np.inf if gain > most**0.5 else most / _capped(gain, dtype)


def _capped(gain: float, dtype: Any) -> float:
    """A deep chain multiplies its norms to infinity, without any underflow that they could magnify."""
    return min(max(1.0, gain), eps(dtype) ** -2)


def _float(dtype: Any) -> Any:
    return dtype if np.dtype(dtype).kind == "f" else np.float64


def shaken(array: Array, unit: float, rng: np.random.Generator) -> Array:
    """Every number a few relative `unit` up or down."""
    return np.asarray(array * (1 + _SHAKEN * unit * rng.uniform(-1, 1, size=array.shape)))


@quiet
def spread(centre: Item, around: Sequence[Item], read: Callable[[Item], Array]) -> Array:
    """How far what is read of the neighbours is from the centre, entry by entry; infinite if unknown."""
    middle = read(centre)
    off = np.max([np.abs(read(other) - middle) for other in around], axis=0, initial=0.0)
    return np.asarray(np.where(np.isnan(off), np.inf, off * _TAKEN / _SHAKEN))


def size_of(*arrays: Array) -> float:
    """The largest finite number among them, at least 1."""
    sizes = [np.max(np.abs(a), initial=0.0, where=np.isfinite(a)) for a in arrays if a.dtype.kind == "f"]
    return max([1.0, *map(float, sizes)])
