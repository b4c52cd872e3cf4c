"""Numerator and denominator layout, and the swap between them, in this one place.

Numerator layout:    J[a.., b..] = dA[a..] / dB[b..], shape A.shape + B.shape.
Denominator layout:  J[b.., a..] = dA[a..] / dB[b..], shape B.shape + A.shape.
Tensors flatten to matrices row-major, on both sides: the last index runs fastest (seed rows D-35 to D-39).
"""

import math
import sys
from typing import Literal, TypeAlias

import numpy as np

from .arrays import Array, whole_number
from .errors import LayoutError, shown

Layout: TypeAlias = Literal["numerator", "denominator"]
LAYOUTS: tuple[Layout, ...] = ("numerator", "denominator")
Shape: TypeAlias = tuple[int, ...]


def check_layout(layout: object, where: str = "layout") -> None:
    """Refuse anything but the two layouts."""
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise LayoutError(
            "unknown layout",
            where=where,
            got=shown(layout),
            expected="'numerator' or 'denominator'",
            remedy="Numerator layout puts the axes of dA first.",
        )


def swap_layout(tensor: Array, leading: int, cases: int = 0) -> Array:
    """Move `leading` axes behind the others: numerator <-> denominator, a view.

    The first `cases` axes (0 or 1) stay in front.
    """
    moved = range(cases, cases + leading)
    return np.moveaxis(tensor, moved, range(-leading, 0)) if leading else tensor


def whole_shape(shape: object, what: str, where: str) -> Shape:
    """A length, or a sequence of them, as a shape."""
    lengths = shape if isinstance(shape, tuple | list | range) else [shape]
    if isinstance(shape, np.ndarray) and shape.ndim == 1:
        lengths = shape.tolist()
    remedy = "Pass the shape of the variable, such as (3, 2)."
    what = f"each length in {what}"
    return tuple(whole_number(n, what, where, least=0, remedy=remedy, most=sys.maxsize) for n in lengths)


def size(shape: Shape) -> int:
    """The number of entries of a shape: exact, where ``np.prod`` overflows."""
    return math.prod(shape)
