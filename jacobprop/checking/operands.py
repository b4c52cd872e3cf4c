"""Which use of an array in somebody's backward takes the wrong one: another in its place makes all right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrays import Array
from ..errors import JacobpropError
from .pair import Pair
from .uses import Lost, operations_of, with_use

_MOST_USES = 24
_CLOSE = 1e-6


def wrong_operand(pair: Pair, k: int, dy: Array, y: Array, right: Array) -> str:
    """'x is taken where y is meant', if that alone makes gradient k the right one; else nothing.

    Parameters
    ----------
    pair : Pair
        In float64; its backward takes the arrays themselves, not a cache.
    k : int
        Of the gradient that is wrong.
    dy, y : array
        A covector, and the value.
    right : array
        The gradient by array k for this covector.

    Returns
    -------
    str
        Words for the first replacement that mends it: of an array everywhere, or in one of its uses.
    """
    try:
        rest = pair.run([array.copy() for array in pair.arrays])[1]
        if len(rest) != len(pair.arrays) or any(a.dtype.kind != "f" for a in (*pair.arrays, dy)):
            return ""
        return next(_mended(pair, k, dy, y, right), "")
    except (Lost, JacobpropError, ArithmeticError, TypeError, ValueError, AttributeError, LookupError):
        return ""


def _mended(pair: Pair, k: int, dy: Array, y: Array, right: Array) -> Iterator[str]:
    for j, x in enumerate(pair.arrays):

        def gradient(given: Array, j: int = j) -> Array:
            rest = [array.copy() for array in pair.arrays]
            found = pair.backward(dy.copy(), *rest[:j], given, *rest[j + 1 :])
            return np.asanyarray(found[k] if isinstance(found, tuple | list) else found)

        others = dict(_others(pair, j, y))
        operations = operations_of(gradient, x) if others else []
        for words, other in others.items():
            if _agree(gradient(other.copy()), right):
                yield f"backward takes {pair.names[j]} where {words} is meant"
            for use, operation in enumerate(operations[:_MOST_USES]):
                if _agree(with_use(gradient, x, use, other), right):
                    of = f"use {use + 1} of {pair.names[j]} in backward (in {operation})"
                    yield f"{of} takes {pair.names[j]} where {words} is meant"


def _others(pair: Pair, j: int, y: Array) -> Iterator[tuple[str, Array]]:
    """What may be meant instead of an array: its transpose, another one, or the value."""
    x = pair.arrays[j]
    if x.ndim == 2 and x.shape[0] == x.shape[1] > 1:
        yield f"{pair.names[j]}.T", x.T
    for i, other in enumerate(pair.arrays):
        if i != j and other.shape == x.shape:
            yield pair.names[i], other
    if y.shape == x.shape:
        yield "the value of forward", y


def _agree(first: Array, right: Array) -> bool:
    if first.shape != right.shape:
        return False
    return bool(np.abs(first - right).max(initial=0.0) <= _CLOSE * np.abs(right).max(initial=0.0))
