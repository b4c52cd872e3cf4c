"""Numerator and denominator layout, and vec, each in this one place.

Numerator layout:    J[a.., b..] = dA[a..] / dB[b..], shape A.shape + B.shape.
Denominator layout:  J[b.., a..] = dA[a..] / dB[b..], shape B.shape + A.shape.
vec is row-major: the last index runs fastest (seed rows D-35 to D-39).
"""

import math
from typing import Literal, TypeAlias

import numpy as np

from .arrays import Array
from .errors import LayoutError

Layout: TypeAlias = Literal["numerator", "denominator"]
LAYOUTS: tuple[Layout, ...] = ("numerator", "denominator")
Shape: TypeAlias = tuple[int, ...]


def check_layout(layout: str, where: str = "layout") -> None:
    """Refuse anything but the two layouts."""
    if layout not in LAYOUTS:
        raise LayoutError(
            "unknown layout",
            where=where,
            got=repr(layout),
            expected="'numerator' or 'denominator'",
            remedy="Numerator layout puts the axes of dA first.",
        )


def swap_layout(tensor: Array, leading: int) -> Array:
    """Move the `leading` first axes behind the others: numerator <-> denominator, a view."""
    return np.moveaxis(tensor, range(leading), range(-leading, 0)) if leading else tensor


def vec(array: Array, axes: int) -> Array:
    """Flatten the last `axes` axes, row-major."""
    kept = array.shape[: array.ndim - axes]
    return array.reshape(*kept, size(array.shape[array.ndim - axes :]))


def size(shape: Shape) -> int:
    """The number of entries of a shape: exact, where ``np.prod`` overflows."""
    return math.prod(shape)
