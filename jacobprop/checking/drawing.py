"""Inputs and targets for whoever passes none: seeded, of unequal sizes, away from special points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Array
from ..elementary import log_softmax, sigmoid, softmax
from ..losses import CrossEntropy, Loss

_CASES = (5, 7, 3, 6)
ANY_WIDTH = 4
"""For a layer or a loss that takes any."""
_GATES: dict[str, Callable[[Array], Array]] = {
    "softmax": lambda z: softmax(z)[0],
    "log_softmax": log_softmax,
    "sigmoid": sigmoid,
}


def some_cases(widths: Sequence[int]) -> int:
    """A number of cases that is no width, so that a transposition cannot hide."""
    return next((cases for cases in _CASES if cases not in widths), _CASES[0])


def some_input(rng: np.random.Generator, cases: int, width: int) -> Array:
    """Normal numbers of three decimals."""
    return rng.normal(size=(cases, width)).round(3)


def some_output(loss: Loss, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """(z, y): a sum, and the output that the loss's gate makes of it."""
    z = rng.normal(size=shape).round(3)
    return z, _GATES[loss.gate](z) if loss.gate in _GATES else z


def some_target(loss: Loss, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Labels for CrossEntropy, weights or probabilities above another gate, else normal numbers."""
    if isinstance(loss, CrossEntropy):
        return rng.integers(shape[-1], size=shape[:-1])
    if loss.gate in ("softmax", "log_softmax"):
        return softmax(rng.normal(size=shape))[0]
    if loss.gate == "sigmoid":
        return rng.uniform(0.1, 0.9, size=shape).round(3)
    return rng.normal(size=shape).round(3)
