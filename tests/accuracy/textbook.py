"""The forms of textbooks and slides, right in mathematics and wrong where they saturate: what must fail."""

from collections.abc import Callable

import numpy as np
from scipy import special

from jacobprop.arrays import Array

Function = Callable[[Array], Array]


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), which flushes to 0 when exp overflows."""
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(z: Array) -> Array:
    """s (1 - s)."""
    return sigmoid(z) * (1 - sigmoid(z))


def tanh(z: Array) -> Array:
    """2 sigmoid(2 z) - 1, which cancels around 0."""
    return 2 * sigmoid(2 * z) - 1


def tanh_slope(z: Array) -> Array:
    """1 - t^2."""
    return 1 - np.tanh(z) ** 2


def softplus(z: Array) -> Array:
    """log(1 + exp(z)), and z beyond a threshold."""
    return np.where(z > 20, z, np.log(1 + np.exp(np.minimum(z, 20))))


def softplus_slope(z: Array) -> Array:
    """1 - exp(-softplus(z))."""
    return 1 - np.exp(-softplus(z))


def silu(z: Array) -> Array:
    """z times the sigmoid above."""
    return z * sigmoid(z)


def silu_slope(z: Array) -> Array:
    """s + z s (1 - s)."""
    return sigmoid(z) + z * sigmoid_slope(z)


def gelu(z: Array) -> Array:
    """z (1 + erf(z / sqrt 2)) / 2, which is 0 beyond -8."""
    return z * (1 + special.erf(z / np.sqrt(2))) / 2


def gelu_slope(z: Array) -> Array:
    """By the rule of products, with the same Phi."""
    return (1 + special.erf(z / np.sqrt(2))) / 2 + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def elu(z: Array) -> Array:
    """exp(z) - 1 on the left, which cancels around 0."""
    return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)


def elu_slope(z: Array) -> Array:
    """By the output, elu(z) + 1."""
    return np.where(z > 0, 1, elu(z) + 1)


TEXTBOOK: dict[str, tuple[Function, Function]] = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (tanh, tanh_slope),
    "softplus": (softplus, softplus_slope),
    "silu": (silu, silu_slope),
    "gelu": (gelu, gelu_slope),
    "elu": (elu, elu_slope),
}
"""{activation: (f, f')}"""


def softmax(z: Array) -> tuple[Array, Array]:
    """exp(z - max) / sum, and 1 - p."""
    w = np.exp(z - z.max(axis=-1, keepdims=True))
    p = w / w.sum(axis=-1, keepdims=True)
    return p, 1 - p


def log_softmax(z: Array) -> Array:
    """z - max - log(sum)."""
    gap = z - z.max(axis=-1, keepdims=True)
    return gap - np.log(np.exp(gap).sum(axis=-1, keepdims=True))
