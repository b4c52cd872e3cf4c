"""Binary cross-entropy, on top of a sigmoid."""

from __future__ import annotations

import numpy as np

from .. import elementary
from ..arrays import Array, is_symbolic, quiet
from ..jacobians import Jacobian
from .base import Loss
from .formulas import exp, log, sigmoid_slope, sqrt, times
from .hessians import diagonal_of


class BinaryCrossEntropy(Loss):
    """L = -sum_i [t_i log y_i + (1 - t_i) log(1 - y_i)], for a sigmoid layer on top (B-17, B-19).

    By the sum z: dL/dz = y - t, exact at any saturation; by the output: (y - t)/(y (1 - y)).
    Targets are probabilities shaped like the output, for one output a column, (c, 1).

    Examples
    --------
    >>> z, t = np.array([[800.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> BinaryCrossEntropy().head_value(z, t).round(3)
    array([8.00e+02, 6.93e-01])
    >>> BinaryCrossEntropy().head_row(z, t).shape
    (2, 1)
    """

    gate = "sigmoid"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From probabilities; infinite where a certain prediction is wrong."""
        return np.asarray((times(t, -log(y)) + times(1 - t, -log(1 - y))).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """(1 - t)/(1 - y) - t/y, each term 0 where its target is 0."""
        return times(1 - t, 1 / (1 - y)) - times(t, 1 / y)

    def head_value(self, z: Array, t: Array) -> Array:
        """softplus(z) - t z, without its cancellation."""
        if is_symbolic(z, t):
            return np.asarray((log(1 + exp(z)) - t * z).sum(axis=-1))
        return elementary.binary_cross_entropy(z, t)[0]

    def head_row(self, z: Array, t: Array) -> Array:
        """y - t = (1 - t) sigmoid(z) - t sigmoid(-z): no cancellation at t = 0 or 1."""
        if is_symbolic(z, t):
            return np.asarray(1 / (1 + exp(-z)) - t)
        return elementary.binary_cross_entropy(z, t)[1]

    def head(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Both, from one exponential."""
        return super().head(z, t) if is_symbolic(z, t) else elementary.binary_cross_entropy(z, t)

    @quiet
    def hessian(self, x: Array, t: Array) -> Jacobian:
        """diag(p (1 - p)) for p = sigmoid(x), whatever the targets."""
        return diagonal_of(sigmoid_slope(x))

    @quiet
    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """diag(sqrt(p (1 - p)))."""
        return diagonal_of(sqrt(sigmoid_slope(x)))

    @quiet
    def expected_target(self, x: Array) -> Array:
        """sigmoid(x): a target is 1 with this probability."""
        return elementary.sigmoid(x)
