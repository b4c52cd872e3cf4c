"""f and f' by other forms than the kernels', in float64, for inputs of half and single precision.

They are themselves held against the certified tables: good to `GOOD` ulp of float64, which is 2^-21 ulp of
float32, wherever the truth is larger than 2^-160. Most are good to 4; gelu's tail, by ndtr, needs the room.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from jacobprop.arrays import Array

Function = Callable[[Array], Array]
GOOD = 2.0**8


def _one(z: Array) -> Array:
    return np.ones_like(z)


def tanh(z: Array) -> Array:
    """u / (u + 2) with u = exp(2 z) - 1; beyond 20 it is 1."""
    u = np.expm1(2 * np.clip(z, -20, 20))
    return u / (u + 2)


def tanh_slope(z: Array) -> Array:
    """1 / cosh^2."""
    return np.cosh(z) ** -2


def sigmoid_slope(z: Array) -> Array:
    """1 / (2 + 2 cosh z)."""
    return 0.5 / (1 + np.cosh(z))


def softplus(z: Array) -> Array:
    """max(z, 0) + log1p(exp(-|z|))."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def silu(z: Array) -> Array:
    """z expit(z)."""
    return z * special.expit(z)


def silu_slope(z: Array) -> Array:
    """s (1 + z (1 - s)) with 1 - s = expit(-z)."""
    return special.expit(z) * (1 + z * special.expit(-z))


def gelu(z: Array) -> Array:
    """z ndtr(z)."""
    return z * special.ndtr(z)


def gelu_slope(z: Array) -> Array:
    """ndtr(z) + z phi(z)."""
    near = np.clip(z, -40, 40)
    return special.ndtr(z) + near * np.exp(-near * near / 2) / np.sqrt(2 * np.pi)


def elu(z: Array) -> Array:
    """2 exp(z/2) sinh(z/2) on the left."""
    low = np.maximum(np.minimum(z, 0), -700) / 2
    return np.maximum(z, 0) + 2 * np.exp(low) * np.sinh(low)


def elu_slope(z: Array) -> Array:
    """exp(min(z, 0))."""
    return np.exp(np.minimum(z, 0))


def softsign(z: Array) -> Array:
    """sign(z) / (1 + 1/|z|)."""
    return np.copysign(1 / (1 + 1 / np.abs(z)), z)


def softsign_slope(z: Array) -> Array:
    """(1 + |z|)^-2."""
    return (1 + np.abs(z)) ** -2


WITNESSES: dict[str, tuple[Function, Function]] = {
    "identity": (lambda z: z, _one),
    "sigmoid": (special.expit, sigmoid_slope),
    "tanh": (tanh, tanh_slope),
    "relu": (lambda z: (z + np.abs(z)) / 2, lambda z: np.heaviside(z, 0)),
    "leaky_relu": (lambda z: np.maximum(z, z / 100), lambda z: np.where(z > 0, 1, 1 / 100)),
    "softplus": (softplus, special.expit),
    "silu": (silu, silu_slope),
    "gelu": (gelu, gelu_slope),
    "elu": (elu, elu_slope),
    "softsign": (softsign, softsign_slope),
}
"""{activation: (f, f')}"""
