"""Numerator and denominator layout, and the swap between them, in this one place.

Numerator layout:    J[a.., b..] = dA[a..] / dB[b..], shape A.shape + B.shape.
Denominator layout:  J[b.., a..] = dA[a..] / dB[b..], shape B.shape + A.shape.
Tensors flatten to matrices row-major, on both sides: the last index runs fastest (seed rows D-35 to D-39).
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


def swap_layout(tensor: Array, leading: int, cases: int = 0) -> Array:
    """Move `leading` axes behind the others: numerator <-> denominator, a view.

    The first `cases` axes (0 or 1) stay in front.
    """
    moved = range(cases, cases + leading)
    return np.moveaxis(tensor, moved, range(-leading, 0)) if leading else tensor


def size(shape: Shape) -> int:
    """The number of entries of a shape: exact, where ``np.prod`` overflows."""
    return math.prod(shape)
