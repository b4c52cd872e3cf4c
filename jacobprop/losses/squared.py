"""The squared errors, of a sum or a mean over the outputs."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, cases_of, quiet
from ..jacobians import Jacobian
from ..jacobians.identity import unit
from .base import Loss
from .hessians import diagonal_of


class SquaredError(Loss):
    """L = 1/2 sum_i (y_i - t_i)^2, J_N^L = y - t (seed rows D-07, H-58).

    Examples
    --------
    >>> y, t = np.array([[1.0, 2.0], [0.0, 4.0]]), np.zeros((2, 2))
    >>> SquaredError().value(y, t)
    array([2.5, 8. ])
    >>> SquaredError().row(y, t).shape
    (2, 2)
    """

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """Half the squared distance."""
        return np.asarray(((y - t) ** 2).sum(axis=-1) / 2)

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """y - t."""
        return np.asarray(y - t)

    def hessian(self, x: Array, t: Array) -> Jacobian:
        """I."""
        return unit(x.shape[-1:], cases_of(x), x.dtype)

    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """I."""
        return self.hessian(x, t)

    def expected_target(self, x: Array) -> Array:
        """The outputs: targets have variance 1 around them."""
        return x


class MeanSquaredError(Loss):
    """L = 1/m sum_i (y_i - t_i)^2 over the m outputs, J_N^L = 2/m (y - t) (seed row D-66).

    Examples
    --------
    >>> y, t = np.array([[1.0, 2.0], [0.0, 4.0]]), np.zeros((2, 2))
    >>> MeanSquaredError().value(y, t)
    array([2.5, 8. ])
    >>> MeanSquaredError().row(y, t).shape
    (2, 2)
    """

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """The mean over the outputs."""
        return np.asarray(((y - t) ** 2).sum(axis=-1) / y.shape[-1])

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """2/m (y - t)."""
        return np.asarray(2 * (y - t) / y.shape[-1])

    def hessian(self, x: Array, t: Array) -> Jacobian:
        """2/m I."""
        return diagonal_of(np.full_like(x, 2 / x.shape[-1]))

    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """sqrt(2/m) I."""
        return diagonal_of(np.full_like(x, np.sqrt(2 / x.shape[-1])))

    def expected_target(self, x: Array) -> Array:
        """The outputs: targets have variance m/2 around them."""
        return x
