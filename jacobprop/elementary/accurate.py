"""The accurate door: f, f' and f'' of float64 arrays, and f' in terms of the output.

The ulp in a docstring is the largest error measured, in units of the last place of the true value.
"""

import numpy as np

from ..arrays import Array, quiet


@quiet
def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), from exp(-|z|) <= 1 on both sides (ulp: 2.4)."""
    e = np.exp(-np.abs(z))
    weight = np.where(z < 0, e, 1.0)
    return np.asarray(weight / (1 + e))


@quiet
def sigmoid_derivative(z: Array) -> Array:
    """sigmoid'(z) = e / (1 + e)^2 with e = exp(-|z|), free of s (1 - s)'s cancellation (ulp: 2.4)."""
    return _even_slope(np.exp(-np.abs(z)))


@quiet
def sigmoid_second_derivative(z: Array) -> Array:
    """sigmoid''(z) = -tanh(z / 2) sigmoid'(z) (ulp: 3.5)."""
    return np.asarray(-np.tanh(z / 2) * _even_slope(np.exp(-np.abs(z))))


def _even_slope(e: Array) -> Array:
    """e / (1 + e)^2, the square expanded: it rounds less than squaring a rounded 1 + e."""
    return np.asarray(e / (1 + e * (2 + e)))


@quiet
def tanh(z: Array) -> Array:
    """The hyperbolic tangent, 2 sigmoid(2 z) - 1 (ulp: 1.2)."""
    return np.asarray(np.tanh(z))


@quiet
def tanh_derivative(z: Array) -> Array:
    """tanh'(z) = 4 e / (1 + e)^2 with e = exp(-2 |z|), free of 1 - t^2's cancellation (ulp: 2.5)."""
    return 4 * _even_slope(np.exp(-2 * np.abs(z)))


@quiet
def tanh_second_derivative(z: Array) -> Array:
    """tanh''(z) = -2 tanh(z) tanh'(z) (ulp: 4)."""
    return np.asarray(-2 * np.tanh(z) * tanh_derivative(z))


@quiet
def relu(z: Array) -> Array:
    """max(0, z), exact."""
    return np.asarray(np.maximum(z, 0.0))


@quiet
def relu_derivative(z: Array) -> Array:
    """relu'(z) = 1 for z > 0, else 0: at the kink the left derivative, exact."""
    return np.asarray(np.sign(np.maximum(z, 0.0)))


@quiet
def softplus(z: Array) -> Array:
    """log(1 + exp(z)), without overflow or threshold (ulp: 1.6)."""
    return np.asarray(np.logaddexp(0.0, z))


@quiet
def identity(z: Array) -> Array:
    """z itself, as a new array."""
    return np.array(z)


def one(z: Array) -> Array:
    """The constant 1, the derivative of the identity, whatever z holds."""
    return np.ones_like(z)


def zero(z: Array) -> Array:
    """The constant 0, the derivative of 1."""
    return np.zeros_like(z)


def zero_off_kink(z: Array) -> Array:
    """0, the second derivative of a piecewise linear function, where z is a number."""
    return np.where(np.isnan(z), z, np.zeros_like(z))


@quiet
def silu(z: Array) -> Array:
    """z sigmoid(z), z / (1 + e) on the right and z e / (1 + e) on the left of 0; e = exp(-|z|) (ulp: 2.9)."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0, _times_decay(z, z, e), z) / (1 + e))


@quiet
def silu_derivative(z: Array) -> Array:
    """silu'(z) = (1 + e (1 + z)) / (1 + e)^2 on the right, e (1 + z + e) / (1 + e)^2 on the left (ulp: 3.4).

    For |z| < 1 it is 1/2 + h + z (1/4 - h^2) with h = sigmoid(z) - 1/2, which rounds less. Within 1/2 of the
    zero, -1.2785, the error is at most 0.6 2^-53.
    """
    e = np.exp(-np.abs(z))
    near = np.clip(z, -_OVER, _OVER)
    left, right = _times_decay(1 + near + e, z, e), 1 + e * (1 + near)
    far = np.where(z < 0, left, right) / (1 + e * (2 + e))
    h = np.tanh(near / 2) / 2
    return np.asarray(np.where(np.abs(z) < 1, 0.5 + (h + near * (0.25 - h * h)), far))


@quiet
def silu_second_derivative(z: Array) -> Array:
    """silu''(z) = (2 - y + e (2 + y)) e / (1 + e)^3 with y = |z| and e = exp(-y).

    (ulp: 3.8 beyond 1/2 of its zeros, +-2.3994; within, the error is at most 0.4 2^-53).
    """
    y = np.abs(z)
    e, near = np.exp(-y), np.minimum(y, _OVER)
    bent = 2 - near + e * (2 + near)
    return np.asarray(_times_decay(bent, y, e) / (1 + e * (3 + e * (3 + e))))


_OVER = 1500.0
"""exp(-z) is 0 from here on, and z exp(-z) is too."""


def _times_decay(x: Array, z: Array, e: Array) -> Array:
    """x e for e = exp(-|z|), in two steps where e has lost digits to underflow and x e need not have."""
    product = np.asarray(np.clip(x, -_OVER, _OVER) * e)
    if (far := np.abs(z) > 700).any():
        root = np.exp(-np.abs(z[far]) / 2)
        product[far] = np.clip(x[far], -_OVER, _OVER) * root * root
    return product


@quiet
def elu(z: Array, alpha: float = 1.0) -> Array:
    """z for z > 0, else alpha (exp(z) - 1) (ulp: 1.2)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


@quiet
def elu_derivative(z: Array, alpha: float = 1.0) -> Array:
    """elu'(z) = 1 for z > 0, else alpha exp(z): at 0 the left derivative (ulp: 2.7)."""
    return np.where(z > 0, 1.0, scaled_exp(np.minimum(z, 0), alpha))


@quiet
def elu_second_derivative(z: Array, alpha: float = 1.0) -> Array:
    """elu''(z) = 0 for z > 0, else alpha exp(z): at 0 the left derivative (ulp: 2.7)."""
    return np.where(z > 0, 0.0, scaled_exp(np.minimum(z, 0), alpha))


def scaled_exp(z: Array, alpha: float) -> Array:
    """alpha exp(z), in two steps where exp(z) has lost digits to underflow and alpha exp(z) need not have."""
    product = np.asarray(alpha * np.exp(z))
    if alpha > 1 and (far := z < _UNDERFLOW).any():
        root = np.exp(z[far] / 2)
        product[far] = (alpha * root) * root
    return product


_UNDERFLOW = -708.0
"""exp(z) is a normal number above."""


@quiet
def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """z for z > 0, else slope z (ulp: 0.5)."""
    return np.where(z > 0, z, slope * z)


@quiet
def leaky_relu_derivative(z: Array, slope: float = 0.01) -> Array:
    """1 for z > 0, else slope: at the kink the left derivative, exact."""
    return np.where(np.isnan(z), z, np.where(z > 0, 1.0, slope))


@quiet
def softsign(z: Array) -> Array:
    """z / (1 + |z|) (ulp: 1.5)."""
    near = np.clip(z, -_FAR, _FAR)
    return np.asarray(near / (1 + np.abs(near)))


_FAR = 2.0**60
"""softsign has rounded to 1 long before."""


@quiet
def softsign_derivative(z: Array) -> Array:
    """softsign'(z) = 1 / (1 + |z|)^2 (ulp: 3.5)."""
    share = 1 / (1 + np.abs(z))
    return np.asarray(share * share)


@quiet
def softsign_second_derivative(z: Array) -> Array:
    """softsign''(z) = -+2 / (1 + |z|)^3: at 0, where it jumps, the value 2 of the left (ulp: 5)."""
    share = 1 / (1 + np.abs(z))
    return np.asarray(np.where(z > 0, -2, 2) * share * share * share)


@quiet
def step(z: Array) -> Array:
    """1 for z > 0, else 0: at the jump the limit from the left, exact."""
    return np.asarray(np.heaviside(z, 0.0))


@quiet
def sign(z: Array) -> Array:
    """1 for z > 0, else -1: at the jump the limit from the left, exact."""
    return np.asarray(2 * np.heaviside(z, 0.0) - 1)


# ---- derivatives in terms of the output a = f(z): the slides' psi, exact mathematics, lossy when saturated


@quiet
def sigmoid_psi(a: Array) -> Array:
    """sigmoid'(z) = a (1 - a) for a = sigmoid(z)."""
    return np.asarray(a * (1 - a))


@quiet
def tanh_psi(a: Array) -> Array:
    """tanh'(z) = (1 - a)(1 + a) for a = tanh(z)."""
    return np.asarray((1 - a) * (1 + a))


@quiet
def softplus_psi(a: Array) -> Array:
    """softplus'(z) = 1 - exp(-a) for a = softplus(z)."""
    return np.asarray(-np.expm1(-a))


@quiet
def elu_psi(a: Array, alpha: float = 1.0) -> Array:
    """elu'(z) = 1 for a > 0, else a + alpha, for a = elu(z)."""
    return np.where(a > 0, 1.0, a + alpha)


@quiet
def softsign_psi(a: Array) -> Array:
    """softsign'(z) = (1 - |a|)^2 for a = softsign(z)."""
    return np.asarray((1 - np.abs(a)) ** 2)
