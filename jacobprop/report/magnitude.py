"""How large numbers are, and how many are shown: what every way of printing a matrix agrees on."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Array

MOST_SHOWN = 6
"""The most rows and columns of a matrix that is printed in full."""


def largest(values: Array) -> float:
    """The largest absolute value among the finite ones."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def power_of_ten(scale: float, least: float = 0.01) -> int:
    """The power of ten to take out, 0 while the largest entry is between `least` and 1000.

    Examples
    --------
    >>> power_of_ten(0.5), power_of_ten(2.5e-7), power_of_ten(0.05, least=0.1)
    (0, -7, -2)
    """
    return 0 if scale == 0 or least <= scale < 1000 else math.floor(math.log10(scale))


def decimal(value: float, places: int) -> str:
    """A number with its decimals, a whole one below 1000 without; never -0.

    Examples
    --------
    >>> decimal(0.125, 4), decimal(-1.0, 4), decimal(-1e-9, 2), decimal(-0.0, 4)
    ('0.1250', '-1', '0.00', '0')
    """
    whole = value == round(value) and abs(value) < 1000
    return f"{value:z.{0 if whole else places}f}"
