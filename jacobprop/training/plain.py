"""Data as plain numbers: no expressions, and labels as indices."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, as_array, is_symbolic
from ..errors import DTypeError, EmptyBatchError, ShapeError


def plain(array: Array, what: str, where: str) -> Array:
    """The array, which must not hold expressions."""
    if is_symbolic(array):
        raise DTypeError(
            f"{what} holds expressions",
            where=where,
            got="sympy expressions",
            expected="numbers",
            remedy="Substitute numbers first.",
        )
    return array


def numbers_of(value: object, what: str, where: str, integers: type = np.float64) -> Array:
    """Any array of numbers; integers become `integers`."""
    return plain(as_array(value, what, where, integers), what, where)


def labels_of(value: object, classes: int | None, where: str) -> Array:
    """Whole numbers from 0, as indices; below `classes` where that is given."""
    found = numbers_of(value, "the array of labels", where)
    if found.size == 0:
        raise EmptyBatchError(
            "there are no labels",
            where=where,
            got=f"shape {found.shape}",
            expected="at least one",
            remedy="Skip empty batches.",
        )
    whole = (found == np.floor(found)) & (found >= 0) & (found < 2**53)  # what a float counts
    fits = whole if classes is None else whole & (found < classes)
    if not fits.all():
        raise ShapeError(
            "a label is no class",
            where=where,
            got=f"{found[~fits][0]:g}",
            expected="whole numbers from 0" + ("" if classes is None else f" to {classes - 1}"),
            remedy="Number the classes with np.unique(T, return_inverse=True)[1].",
        )
    return found.astype(np.intp)
