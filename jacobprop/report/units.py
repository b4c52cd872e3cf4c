"""Counts, bytes, times and shapes in few characters."""

from __future__ import annotations

from ..layout import Shape
from .notation import Notation

_SCALES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: int) -> str:
    """Exact up to five digits, then three digits and a decimal unit.

    Examples
    --------
    >>> short(384), short(10_400), short(1_310_720), short(411_041_792)
    ('384', '10,400', '1.31M', '411M')
    """
    if number < 100_000:
        return f"{number:,}"
    for scale, unit in _SCALES:
        if number >= scale:
            return f"{number / scale:.3g}{unit}"
    raise AssertionError(number)  # pragma: no cover


def seconds(time: float) -> str:
    """A duration with its unit.

    Examples
    --------
    >>> seconds(0.00012), seconds(2.5)
    ('120 us', '2.5 s')
    """
    for scale, unit in ((1, "s"), (1e-3, "ms")):
        if time >= scale:
            return f"{time / scale:.3g} {unit}"
    return f"{time / 1e-6:.3g} us"


def by(shape: Shape, notation: Notation) -> str:
    """A shape as 2x3x2."""
    return notation.times.strip().join(map(str, shape))
