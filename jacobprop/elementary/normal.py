"""gelu, z times the normal distribution, from a tail that neither cancels nor loses digits to underflow.

With y = |z|, the tail Phi(-y) = exp(-y^2 / 2) R(y): R falls slowly, from 1/2 to 1 / (y sqrt(2 pi)), and
(y + sqrt(2 / pi)) R(y) stays between 0.39 and 0.48, a polynomial in t = (y - 5) / (y + 5). gelu and
gelu' on the right of 0 follow by symmetry, so that one exponential serves both on either side.
"""

from typing import NamedTuple

import numpy as np

from ..arrays import Array, quiet

_END = 39.0
"""exp(-y^2 / 2) is 0 from here on."""

_DENSITY_AT_0 = 0.3989422804014327
_SHIFT = 0.7978845608028654  # sqrt(2 / pi): the scaled ratio is 0.4 at both ends
_RATIO = (
    0.44596925074227606,
    -0.06255729504567582,
    0.0075710695345340764,
    0.02635023276241132,
    -0.036073348511143556,
    0.029269274024847733,
    -0.016987710210303143,
    0.0070028018281785365,
    -0.0017204469426059488,
    -1.9347731976287125e-05,
    0.0001945475297069179,
    -5.3802332923063755e-05,
    -1.1239408896103038e-05,
    9.31790774563562e-06,
    6.748676410509862e-08,
    -1.3591934388639035e-06,
    1.0912974470391111e-07,
    2.0687956171013094e-07,
    -1.9735648904179467e-08,
    -3.323640796772318e-08,
    -1.6563175174182494e-11,
    4.153083915829025e-09,
    8.189745358277377e-10,
)
"""(y + _SHIFT) R(y) as a polynomial in t: it interpolates at the 23 Chebyshev points of 0 <= y <= 39."""


class _Tail(NamedTuple):
    """Of y = min(|z|, 39): R(y), y^2 as square + rest, and exp(-y^2 / 2) as near times far.

    The exponential is kept in two halves: what it is multiplied with need not underflow with it.
    """

    y: Array
    ratio: Array
    square: Array
    rest: Array
    near: Array
    far: Array


def _tail(z: Array) -> _Tail:
    y = np.minimum(np.abs(z), _END)
    square, rest = _squared(y)
    far = np.exp(square / -4)
    return _Tail(y, _ratio(y), square, rest, far - far * (rest / 2), far)


def _ratio(y: Array) -> Array:
    """R(y) by Horner's rule, in place (ulp: 4.3)."""
    t = (y - 5) / (y + 5)
    total = t * _RATIO[-1]
    for coefficient in _RATIO[-2:0:-1]:
        total += coefficient
        total *= t
    return np.asarray((total + _RATIO[0]) / (y + _SHIFT))


def _squared(y: Array) -> tuple[Array, Array]:
    """y^2 and its rounding error, by Dekker's TwoProduct: float32 halves an entry's digits."""
    high = y.astype(np.float32).astype(np.float64)
    low, square = y - high, y * y
    return square, ((high * high - square) + 2 * high * low) + low * low


def _value(z: Array, tail: _Tail) -> Array:
    """z Phi(z): z Phi(-|z|) on the left, and z - z Phi(-|z|) on the right."""
    beyond = np.copysign(tail.y, z) * tail.ratio * tail.near * tail.far
    return np.where(z > 0, z - beyond, beyond)


def _slope(z: Array, tail: _Tail) -> Array:
    """Phi(z) + z phi(z): D = Phi(-|z|) - |z| phi(z) on the left, and 1 - D on the right."""
    beyond = (tail.ratio - tail.y * _DENSITY_AT_0) * tail.near * tail.far
    return np.where(z > 0, 1 - beyond, beyond)


@quiet
def gelu(z: Array) -> Array:
    """z Phi(z), Phi the normal distribution (ulp: 4.6)."""
    return _value(z, _tail(z))


@quiet
def gelu_derivative(z: Array) -> Array:
    """gelu'(z) = Phi(z) + z phi(z) (ulp: 6.1).

    Within 1/2 of its zero, -0.7518, the error is at most 2 2^-53.
    """
    return _slope(z, _tail(z))


@quiet
def gelu_second_derivative(z: Array) -> Array:
    """gelu''(z) = (2 - z^2) phi(z) (ulp: 4.8)."""
    tail = _tail(z)
    return np.asarray(((2 - tail.square) - tail.rest) * _DENSITY_AT_0 * tail.near * tail.far)


@quiet
def gelu_into(z: Array, value: Array, derivative: Array | None = None) -> None:
    """gelu and gelu' at once, in float64 and rounded once (ulp: 6.1)."""
    wide = z.astype(np.float64, copy=False)
    tail = _tail(wide)
    if derivative is not None:
        derivative[...] = _slope(wide, tail)
    value[...] = _value(wide, tail)
