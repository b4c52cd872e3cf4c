"""A function of z as plain data: steps that numpy runs in float64 and mpmath in exact enough arithmetic.

Nothing here is code made from text: a step names an entry of a table. An entry whose float64 result
has left the range of the numbers (nan, an infinity, or a zero that a large factor belies) is computed
again with 350 digits and exponents without bound, where 1e200 exp(-1e400) is simply 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from threading import Lock
from typing import Any, TypeAlias

import numpy as np

from .. import elementary
from .._lazy import mpmath, scipy_special
from ..arrays import Array

Step: TypeAlias = tuple[Any, ...]
"""("z",), ("number", float, exact text), or (operation, indices of earlier steps...)."""

DIGITS = 350
"""Enough for a normal number, 1e-308, to survive as the difference of two numbers near 1."""

_MOST_BITS = 4000  # of an argument of sin
_MOST_BITS_OF_EXPONENT = 64
_ONE_AT_A_TIME = Lock()  # mpmath changes the precision of its context while it works
_LARGE = 2.0**52  # the smallest normal number over the smallest subnormal one


def _total(*terms: Any) -> Any:
    return reduce(np.add, terms)


def _product(*factors: Any) -> Any:
    return reduce(np.multiply, factors)


_FLOAT64: dict[str, Callable[..., Any]] = {
    "add": _total,
    "multiply": _product,
    "divide": np.divide,
    "power": np.power,
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "atan": np.arctan,
    "erf": lambda u: scipy_special.erf(u),
    "erfc": lambda u: scipy_special.erfc(u),
    "sigmoid": elementary.sigmoid,
    "sigmoid_slope": elementary.sigmoid_derivative,
    "softplus": elementary.softplus,
}


@lru_cache(maxsize=1)
def _exact() -> Any:
    """Arithmetic with 350 digits in a context of our own: mpmath's global precision is the user's."""
    context = mpmath.mp.clone()
    context.dps = DIGITS
    return context


def _exp(u: Any) -> Any:
    """exp(u), whose exponent would not fit into memory for u = 10^4000."""
    return _exact().exp(u) if abs(u) < _exact().mpf(10) ** 500 else _exact().inf if u > 0 else _exact().mpf(0)


def _sigmoid(u: Any) -> Any:
    return 1 / (1 + _exp(-u))


def _softplus(u: Any) -> Any:
    return max(u, _exact().mpf(0)) + _exact().log1p(_exp(-abs(u)))


def _saturating(function: str) -> Callable[[Any], Any]:
    """tanh, erf or erfc, which have their limits from 10^10 on."""

    def apply(u: Any) -> Any:
        return getattr(_exact(), function)(max(min(u, _exact().mpf(10) ** 10), -(_exact().mpf(10) ** 10)))

    return apply


def _turning(function: str) -> Callable[[Any], Any]:
    """sin, cos or tan, nan where reducing the argument by pi would need thousands of digits."""

    def apply(u: Any) -> Any:
        return getattr(_exact(), function)(u) if _exact().mag(u) <= _MOST_BITS else _exact().nan

    return apply


def _power(base: Any, exponent: Any) -> Any:
    """base^exponent; by logarithms where the exponent is too large to multiply base with itself."""
    if _exact().mag(exponent) <= _MOST_BITS_OF_EXPONENT:
        return _exact().power(base, exponent)
    return _exp(exponent * _exact().log(base)) if base > 0 else _exact().nan


_EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda *terms: _exact().fsum(terms),
    "multiply": lambda *factors: _exact().fprod(factors),
    "divide": lambda left, right: left / right,
    "power": _power,
    "square": lambda u: u * u,
    "sqrt": lambda u: _exact().sqrt(u),
    "exp": _exp,
    "expm1": lambda u: _exact().expm1(u) if abs(u) < 1 else _exp(u) - 1,
    "log": lambda u: _exact().log(u),
    "log1p": lambda u: _exact().log1p(u),
    "sin": _turning("sin"),
    "cos": _turning("cos"),
    "tan": _turning("tan"),
    "sinh": lambda u: _exact().sinh(u) if abs(u) < 1 else (_exp(u) - _exp(-u)) / 2,
    "cosh": lambda u: (_exp(u) + _exp(-u)) / 2,
    "tanh": _saturating("tanh"),
    "atan": lambda u: _exact().atan(u),
    "erf": _saturating("erf"),
    "erfc": _saturating("erfc"),
    "sigmoid": _sigmoid,
    "sigmoid_slope": lambda u: _sigmoid(u) * _sigmoid(-u),
    "softplus": _softplus,
}

OPERATIONS = frozenset(_FLOAT64)


@dataclass(frozen=True)
class Kernel:
    """f(z) = f_i(z) for ends[i-1] < z <= ends[i], each f_i a list of steps; it pickles as it stands.

    Parameters
    ----------
    pieces : tuple of tuples of steps
        f_0, f_1, ...; the last step of each is the result.
    ends : tuple of float
        Where a piece ends and the next one begins, one fewer than there are pieces.
    """

    pieces: tuple[tuple[Step, ...], ...]
    ends: tuple[float, ...] = ()

    def __call__(self, z: Array) -> Array:
        """f(z) in float64, nan where z is."""
        if not self.ends:
            return _run(self.pieces[0], z)
        result = np.full(z.shape, np.nan)
        place = np.searchsorted(self.ends, z, side="left")  # a corner belongs to the piece on its left
        for number, steps in enumerate(self.pieces):
            here = (place == number) & ~np.isnan(z)
            if here.any():
                result[here] = _run(steps, z[here])
        return result

    def exactly(self, z: float) -> Any:
        """f(z) with 350 digits as an mpmath number; nan where f has no real value."""
        return _exact_value(self.pieces[int(np.searchsorted(self.ends, z, side="left"))], z)


def _run(steps: tuple[Step, ...], z: Array) -> Array:
    """The steps in float64, with a second look where they left the range of the numbers."""
    with np.errstate(all="ignore"):
        values: list[Any] = []
        for operation, *rest in steps:
            if operation == "z":
                values.append(z)
            elif operation == "number":
                values.append(np.float64(rest[0]))
            else:
                values.append(_FLOAT64[operation](*(values[index] for index in rest)))
        result = np.array(np.broadcast_to(values[-1], z.shape), dtype=np.float64)
        unknown = np.isnan(z)
        result[unknown] = np.nan
        doubtful = _doubtful(steps, values, z, result) & ~unknown
    if doubtful.any():
        points, back = np.unique(z[doubtful], return_inverse=True)
        result[doubtful] = np.array([_second_look(steps, point) for point in points.tolist()])[back]
    return result


def _doubtful(steps: tuple[Step, ...], values: list[Any], z: Array, result: Array) -> Array:
    """Where the result is no number, infinite by more than its last step, or 0 beside a large factor."""
    suspect: Array = np.isnan(result) | (
        np.isinf(result) & np.isfinite(z) & ~_from_numbers(steps[-1], values)
    )
    if not (zero := (result == 0) & np.isfinite(z)).any():
        return suspect
    for step, value in zip(steps, values, strict=True):
        if step[0] in ("multiply", "divide", "power"):
            largest = reduce(np.maximum, (np.abs(values[index]) for index in step[1:]))
            suspect = suspect | (zero & (value == 0) & ~(largest < _LARGE))
    return suspect


def _from_numbers(step: Step, values: list[Any]) -> Any:
    """Whether the operands of a step are finite, so that an infinite result is the float64 value."""
    operands = step[1:] if step[0] not in ("z", "number") else ()
    return reduce(np.logical_and, (np.isfinite(values[index]) for index in operands), np.True_)


@lru_cache(maxsize=4096)
def _second_look(steps: tuple[Step, ...], z: float) -> float:
    """f(z) rounded once; at an infinity the limit, if f has come to rest at 10^400."""
    if math.isfinite(z):
        return float(_exact_value(steps, z))
    nearer, farther = (float(_exact_value(steps, z, 10**power)) for power in (400, 450))
    return nearer if nearer == farther else math.nan


def _exact_value(steps: tuple[Step, ...], z: float, infinity: int = 0) -> Any:
    with _ONE_AT_A_TIME:
        point = _exact().mpf(z) if not infinity else _exact().mpf(math.copysign(1, z)) * infinity
        values: list[Any] = []
        for operation, *rest in steps:
            try:
                value = _exact_step(operation, rest, values, point)
            except (ArithmeticError, ValueError):
                return _exact().nan
            if not isinstance(value, _exact().mpf):  # a complex number: no real value here
                return _exact().nan
            values.append(value)
        return values[-1]


def _exact_step(operation: str, rest: list[Any], values: list[Any], point: Any) -> Any:
    if operation == "z":
        return point
    if operation == "number":
        exact = Fraction(rest[1])
        return _exact().mpf(exact.numerator) / exact.denominator
    return _EXACT[operation](*(values[index] for index in rest))
