"""What the constructions are given: finite arrays of a shape, numbers in a range, functions of the user."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..arrays import Array, as_array, is_symbolic, quiet, real_number, require_finite
from ..errors import DTypeError, OptionError, ShapeError, shown


@quiet
def real_array(value: object, what: str, where: str) -> Array:
    """A float64 array of any shape, no expressions."""
    array = as_array(value, what, where)
    if is_symbolic(array):
        raise DTypeError(
            f"{what} holds expressions",
            where=where,
            expected="numbers",
            remedy="Put numbers in for the symbols first.",
        )
    return array.astype(np.float64)


def finite_array(value: object, what: str, where: str, *, ndim: int, expected: str) -> Array:
    """A finite float64 array that is not empty, with `ndim` axes."""
    array = real_array(value, what, where)
    if array.ndim != ndim or array.size == 0:
        raise ShapeError(
            f"{what} has the wrong shape",
            where=where,
            got=f"shape {array.shape}",
            expected=expected,
            remedy="Nothing may be empty: a network has at least one unit.",
        )
    require_finite(array, what, where)
    return array


def number(value: object, what: str, where: str, *, above: float = -math.inf) -> float:
    """A finite number above a bound."""
    found = real_number(value)
    if not (math.isfinite(found) and found > above):
        raise OptionError(
            f"{what} is out of range",
            where=where,
            got=shown(value),
            expected="a finite number" + (f" above {above:g}" if above > -math.inf else ""),
            remedy="Pass a plain float.",
        )
    return found


def interval(low: object, high: object, where: str) -> tuple[float, float]:
    """The ends of an interval, low < high, whose length is a finite number."""
    a, b = number(low, "low", where), number(high, "high", where)
    if not 0 < b - a < math.inf:
        raise OptionError(
            "the interval is empty or has no finite length",
            where=where,
            got=f"from {shown(low)} to {shown(high)}",
            expected="low < high",
            remedy="Name the lower end first.",
        )
    return a, b


def choice(value: object, what: str, where: str) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool):
        raise OptionError(
            f"{what} is a choice",
            where=where,
            got=shown(value),
            expected="True or False",
            remedy="Leave it out for False.",
        )
    return bool(value)


def values_at(function: Callable[..., object], points: Array, where: str) -> Array:
    """function(points), one finite number for each point, whatever the function does."""
    try:
        found = function(points)
    except Exception as error:  # code of a user, which may fail in any way
        raise OptionError(
            "the function fails",
            where=where,
            got=shown(error),
            expected=f"a number for each of the points, an array of shape {points.shape}",
            remedy="It is called once, with all points in one array.",
        ) from error
    values = finite_array(found, "the function's result", where, ndim=1, expected=f"shape {points.shape[:1]}")
    if values.shape != points.shape[:1]:
        raise ShapeError(
            "the function does not return one number for each point",
            where=where,
            got=f"shape {values.shape}",
            expected=f"shape {points.shape[:1]}",
            remedy="For a constant use np.full(len(points), c).",
        )
    return values
