"""True values as floats: a ball is accepted only when both its ends round to the same float and rest."""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from benchmarks.accuracy_tables import REST, Truth
from jacobprop.arrays import Array

FIRST, LAST = 128, 2**14
"""Bits of precision: tried first, and given up at."""
NOTHING = flint.arb(2) ** -8000
"""A ball with a smaller radius counts as its middle: a tie that exp(-1e200) disturbs counts as a tie."""

Number = tuple[float, int]


class Balls:
    """The arithmetic of `formulas`, in balls."""

    exp = staticmethod(flint.arb.exp)
    expm1 = staticmethod(flint.arb.expm1)
    log1p = staticmethod(flint.arb.log1p)
    erfc = staticmethod(flint.arb.erfc)
    pi = staticmethod(flint.arb.pi)

    @staticmethod
    def sqrt(x: Any) -> Any:
        """Of an integer or a ball."""
        return flint.arb(x).sqrt()


def certified(compute: Callable[[], list[Any]]) -> list[Number]:
    """(nearest float64, rest in units of `REST` ulp) of each number, at whatever precision that takes."""
    precision = FIRST
    while precision <= LAST:
        with flint.ctx.workprec(precision):
            found = [rounded(x) for x in compute()]
        if None not in found:
            return [each for each in found if each is not None]
        precision *= 2
    raise ArithmeticError(f"no unique float after {LAST} bits")


def rounded(ball: Any) -> Number | None:
    """The float and the rest that both ends of a ball round to, None where they do not agree."""
    if not ball.is_finite():
        return None
    if abs(ball) < _VANISHING:
        return 0.0, 0
    middle, radius = _fraction(ball.mid()), ball.rad()
    about = Fraction(0) if radius < NOTHING else _fraction(radius)
    value, other = _float(middle - about), _float(middle + about)
    rest, also = _rest(middle - about, value), _rest(middle + about, other)
    return (value, also) if value == other and rest == also else None


_VANISHING = flint.arb(2) ** -1200


def _fraction(ball: Any) -> Fraction:
    mantissa, exponent = (int(part) for part in ball.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def _float(number: Fraction) -> float:
    """The nearest, ties to even, which the division of Python's integers gives."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else -float("inf")


def _rest(number: Fraction, value: float) -> int:
    if math.isinf(value):
        return 0
    unit = Fraction(math.ulp(value))
    return max(-32767, min(32767, round((number - Fraction(value)) / unit / Fraction(REST))))


def truth(numbers: Iterable[Number], shape: tuple[int, ...]) -> Truth:
    """As arrays."""
    values, rests = zip(*numbers, strict=True)
    return Truth(np.reshape(np.array(values, float), shape), np.reshape(np.array(rests, np.int16), shape))


def exact(z: Array) -> list[Any]:
    """Each float as a ball without a radius."""
    return [flint.arb(float(x)) for x in z]
