"""Where the numbers of a right pass leave the range of a precision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...architecture import SUM, Node
from ...arrays import Array
from .backprop import Backprop


def overflow(backprop: Backprop, dtype: str) -> str:
    """The first number of the right pass that a precision cannot hold, in words; empty if it holds all."""
    for name, array in _all(backprop):
        if found := beyond(array, dtype, name):
            return found
    return ""


def beyond(array: Array, dtype: str, name: str) -> str:
    """Whether some entry is too large for a precision, in words."""
    end, largest = float(np.finfo(dtype).max), float(np.abs(array).max(initial=0.0))
    return f"{name} reaches {largest:.2g} and {dtype} ends at {end:.2g}" if largest > end else ""


def _all(backprop: Backprop) -> Iterator[tuple[str, Array]]:
    """Every sum, activation, delta and gradient, as they are computed."""
    for number in range(1, backprop.depth + 1):
        if backprop.architecture.has_sum(number):
            yield f"z{number}", backprop.values(Node(SUM, number))
        yield f"a{number}", backprop.values(Node("a", number))
    for node, delta in backprop.rows.items():
        yield f"dL/d{node.name}", delta
    for name, gradient in backprop.right.items():
        yield f"the gradient of {name}", gradient
