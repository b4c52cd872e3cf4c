"""The fast door: f and f' at once, in place, in z's dtype; value may be z itself, derivative may be None.

The ulp in a docstring is the largest error measured, the worst of the three dtypes.
"""

from collections.abc import Callable

import numpy as np

from ..arrays import Array, quiet
from .accurate import (
    scaled_exp,
    silu,
    silu_derivative,
    softsign,
    softsign_derivative,
    tanh_derivative,
)

_SATURATED = {np.dtype(np.float64): 700.0, np.dtype(np.float32): 87.0, np.dtype(np.float16): 9.0}
"""Up to here exp(|z|) is finite and 1 / (1 + exp(|z|)) is a normal number."""


@quiet
def sigmoid_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = 1 / (1 + e) and a' = (e a) a with e = exp(-z); where that overflows both are exp(z) (ulp: 5.3)."""
    limit = -_SATURATED[z.dtype]
    e = value if derivative is None else derivative
    if z.min(initial=0.0) >= limit:
        far_left = None
        np.negative(z, out=e)
    else:  # beside a nan the minimum is nan
        far_left = np.flatnonzero(z < limit)
        tail = np.exp(z.take(far_left))
        np.maximum(z, limit, out=e)  # an exponential that overflows takes much longer
        np.negative(e, out=e)
    np.exp(e, out=e)
    np.add(e, 1, out=value)
    np.divide(1, value, out=value)  # np.reciprocal takes twice as long
    if derivative is not None:
        np.multiply(derivative, value, out=derivative)
        np.multiply(derivative, value, out=derivative)
    if far_left is not None:
        np.put(value, far_left, tail)
        if derivative is not None:
            np.put(derivative, far_left, tail)


@quiet
def tanh_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """t = tanh(z) and t' = 2 / (1 + cosh(2 z)) (ulp: 3.7)."""
    if derivative is not None:
        np.add(z, z, out=derivative)
        np.cosh(derivative, out=derivative)
        if derivative.max(initial=0.0) < np.inf:
            np.add(derivative, 1, out=derivative)
            np.divide(2, derivative, out=derivative)
        else:  # overflow, or nan: the form that keeps gradual underflow
            np.copyto(derivative, tanh_derivative(z))
    np.tanh(z, out=value)


@quiet
def relu_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = max(0, z) and a' = sign(a): at the kink the left derivative, exact."""
    np.maximum(z, 0, out=value)
    if derivative is not None:
        np.sign(value, out=derivative)


@quiet
def step_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = [z > 0] and a' = 0, exact."""
    np.heaviside(z, 0, out=value)
    if derivative is not None:
        np.subtract(value, value, out=derivative)


@quiet
def sign_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = 2 [z > 0] - 1 and a' = 0, exact."""
    step_into(z, value, derivative)
    np.add(value, value, out=value)
    np.subtract(value, 1, out=value)


@quiet
def softplus_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = log1p(e) and a' = e / (1 + e) with e = exp(z) (ulp: 3.6)."""
    if not z.max(initial=0.0) <= _SATURATED[z.dtype]:
        if derivative is not None:
            sigmoid_into(z, derivative)
        np.logaddexp(z, 0, out=value)
        return
    np.exp(z, out=value)
    if derivative is not None:
        np.add(value, 1, out=derivative)
        np.divide(value, derivative, out=derivative)
    np.log1p(value, out=value)


@quiet
def identity_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = z and a' = 1."""
    np.copyto(value, z)
    if derivative is not None:
        derivative.fill(1)


@quiet
def silu_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = z / (1 + e) and a' = (1 + e (1 + z)) / (1 + e)^2 with e = exp(-z) (ulp: 3.6).

    Within 1/2 of the zero of a', the error is at most 0.5 2^-53, in z's dtype likewise.
    """
    steep = 0.9 * _SATURATED[z.dtype]  # e z overflows before e does
    if not (z.min(initial=0.0) >= -steep and z.max(initial=0.0) < np.inf):
        _accurately(z, value, derivative, silu, silu_derivative)
        return
    e = np.negative(z, out=np.empty_like(z))
    np.exp(e, out=e)
    if derivative is not None:
        np.add(z, 1, out=derivative)
        np.multiply(derivative, e, out=derivative)
        np.add(derivative, 1, out=derivative)
    np.add(e, 1, out=e)
    np.divide(z, e, out=value)
    if derivative is not None:
        np.divide(derivative, e, out=derivative)
        np.divide(derivative, e, out=derivative)


@quiet
def elu_into(z: Array, value: Array, derivative: Array | None = None, *, alpha: float = 1.0) -> None:
    """a = max(z, 0) + alpha (exp(low) - 1) and a' = alpha exp(low), or 1, with low = min(z, 0) (ulp: 2.2)."""
    low = np.minimum(z, 0, out=np.empty_like(z))
    if derivative is not None:
        np.exp(low, out=derivative)
        if alpha != 1:
            far = np.flatnonzero(low < -_SATURATED[z.dtype]) if alpha > 1 else np.empty(0, np.intp)
            tail = scaled_exp(low.take(far).astype(np.float64), alpha)
            _scale(derivative, alpha)
            derivative[z > 0] = 1
            np.put(derivative, far, tail)
    np.expm1(low, out=low)
    if alpha != 1:
        _scale(low, alpha)
    np.maximum(z, 0, out=value)
    np.add(value, low, out=value)


@quiet
def leaky_relu_into(z: Array, value: Array, derivative: Array | None = None, *, slope: float = 0.01) -> None:
    """a = max(z, slope z) and a' = max([z > 0], slope) for a slope below 1 (ulp: 0.9)."""
    if derivative is not None:
        np.maximum(z, 0, out=derivative)
        np.sign(derivative, out=derivative)
        np.maximum(derivative, slope, out=derivative)
    low = z.copy()
    _scale(low, slope)
    np.maximum(z, low, out=value)


@quiet
def softsign_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """a = z / (1 + |z|) and a' = 1 / (1 + |z|)^2 (ulp: 3.4)."""
    below = np.abs(z, out=np.empty_like(z) if derivative is None else derivative)
    np.add(below, 1, out=below)
    if not below.max(initial=0.0) < np.inf:
        _accurately(z, value, derivative, softsign, softsign_derivative)
        return
    np.divide(z, below, out=value)
    if derivative is not None:
        np.divide(1, below, out=derivative)
        np.multiply(derivative, derivative, out=derivative)


def _accurately(
    z: Array,
    value: Array,
    derivative: Array | None,
    f: Callable[[Array], Array],
    slope: Callable[[Array], Array],
) -> None:
    """Through the other door, where z holds a nan or what overflows here."""
    wide = z.astype(np.float64)
    if derivative is not None:
        derivative[...] = slope(wide)
    value[...] = f(wide)


def _scale(x: Array, factor: float) -> None:
    """x factor in place, the factor as it is even where it is no normal number of x's dtype."""
    kind = np.finfo(x.dtype)
    wide = None if kind.tiny <= factor <= kind.max else np.float64
    np.multiply(x, factor, out=x, dtype=wide, casting="same_kind")
