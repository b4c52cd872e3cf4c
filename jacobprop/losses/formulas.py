"""Functions in the losses, of floats by the accurate kernels, and of sympy expressions."""

from __future__ import annotations

import numpy as np

from .. import elementary
from .._lazy import sympy
from ..arrays import Array, is_symbolic


def log(x: Array) -> Array:
    """The natural logarithm."""
    logarithm = np.frompyfunc(sympy.log, 1, 1) if is_symbolic(x) else np.log
    return np.asarray(logarithm(x))


def exp(x: Array) -> Array:
    """Of expressions."""
    return np.asarray(np.frompyfunc(sympy.exp, 1, 1)(x))


def sqrt(x: Array) -> Array:
    """The square root."""
    root = np.frompyfunc(sympy.sqrt, 1, 1) if is_symbolic(x) else np.sqrt
    return np.asarray(root(x))


def sigmoid_slope(x: Array) -> Array:
    """p (1 - p) for p = sigmoid(x)."""
    return exp(-x) / (1 + exp(-x)) ** 2 if is_symbolic(x) else elementary.sigmoid_derivative(x)


def shares(x: Array) -> tuple[Array, Array | None]:
    """p = softmax(x), and 1 - p without cancellation; of expressions p alone."""
    if not is_symbolic(x):
        return elementary.softmax(x)
    return exp(x) / exp(x).sum(axis=-1, keepdims=True), None


def times(t: Array, x: Array) -> Array:
    """t x, with 0 times anything, infinities included, equal to 0."""
    return np.where(t == 0, 0, t * x)
