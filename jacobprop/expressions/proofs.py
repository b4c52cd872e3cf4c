"""An expression made usable: its kernels chosen by measurement, its derivatives proved, its poles refused.

Each form that the rules find is compared with ``sympy.diff`` of the plain expression twice: symbolically,
and with 350 digits at some points. Among correct forms the one with the least float64 error there wins.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .._lazy import mpmath, sympy
from ..errors import CheckFailed, UnsafeExpressionError
from .forms import Pieces, smooth_pieces, stable
from .kernels import DIGITS, Kernel
from .reading import check_text, read
from .rules import kernel, plain, refusal, slope, symbol

ORDERS = 3
_SIZES = (1e-6, 0.013, 0.21, 0.7, 1.0, 1.9, 3.3, 5.0, 8.7, 13.0, 21.0, 30.0, 100.0)
POINTS = (*(-size for size in reversed(_SIZES)), 0.0, *_SIZES)
"""Where an activation must be finite, besides its corners, and where forms are compared."""

_WORK = 150  # operations in an expression that sympy is asked to rearrange
_AGREE = 1e-40
_NOISE = 2.0**-49  # 16 units in the last place


@dataclass(frozen=True)
class Written:
    """The expression of a text, as a function of its symbol, with what is known of the derivatives.

    Parameters
    ----------
    text : str
        The expression.
    proof : str
        "proved", or at how many points f' and f'' were compared where sympy could not decide.
    error : float
        The largest relative error of f, f' and f'' in float64 that was measured at these points.
    """

    text: str
    proof: str
    error: float

    def __call__(self, z: Any) -> Any:
        """The expression in the symbol z; with a case for each smooth piece where it has corners."""
        pieces = smooth_pieces(read(self.text))
        cases = [(f, symbol() <= end if end != sympy.oo else True) for end, f in pieces]
        whole = sympy.Piecewise(*cases) if len(cases) > 1 else cases[0][0]
        return whole.xreplace({symbol(): z})


@dataclass(frozen=True)
class Usable:
    """f, f' and f'' as kernels, the corners as (point, left f', right f'), and the expression."""

    kernels: tuple[Kernel, ...]
    corners: tuple[tuple[float, float, float], ...]
    written: Written


def usable(text: str) -> Usable:
    """f, f', f'' of a text, proved, in stable forms.

    Raises
    ------
    UnsafeExpressionError
        What `read` refuses; a function that is not finite, or has no finite slope, at some z found.
    """
    check_text(text)
    return _usable(text)


@lru_cache(maxsize=256)
def _usable(text: str) -> Usable:
    pieces = smooth_pieces(read(text))
    forms: list[Pieces] = [[] for _ in range(ORDERS)]
    proved, worst, low = True, 0.0, -math.inf
    for end, piece in pieces:
        places = _places(low, float(end))
        _refuse_poles(piece, places)
        for found, (form, settled, error) in zip(forms, _derivatives(piece, places), strict=True):
            found.append((end, form))
            proved, worst = proved and settled, max(worst, error)
        low = float(end)
    kernels = tuple(map(kernel, forms))
    proof = "proved" if proved else f"compared with {DIGITS} digits at up to {len(POINTS)} points a piece"
    return Usable(kernels, tuple(_corners(kernels[1])), Written(text, proof, worst))


def _places(low: float, high: float) -> list[float]:
    """Points of a piece: those given, its ends, and some between."""
    inside = [point for point in POINTS if low <= point <= high]
    ends = [end for end in (low, high) if math.isfinite(end)]
    between = [low + part * (high - low) / 4 for part in (1, 2, 3)] if len(ends) == 2 else []
    return sorted({*inside, *ends, *between})


def _derivatives(piece: Any, places: list[float]) -> Iterator[tuple[Any, bool, float]]:
    """The best form of f, f', f'' on a smooth piece, whether it is proved, and its error at the places."""
    candidates = [stable(piece), piece]
    for order in range(ORDERS):
        truth = sympy.diff(piece, symbol(), order) if order else piece
        exact = _Reference(truth, places)
        errors = [exact.error(form) for form in candidates]
        # a form that looks a little better here may overflow elsewhere, so the first one has the preference
        best = next(i for i, error in enumerate(errors) if error <= 4 * min(errors) + _NOISE)
        values = _exact_values(candidates[best], places)
        exact.compare(values, order)
        if order < 2:
            _require_finite(values, places, f"f{chr(39) * order} of {_short(piece)}")
        yield candidates[best], _is_zero(plain(candidates[best]) - plain(truth)), errors[best]
        raw = stable(slope(candidates[best] if order else candidates[0]))
        candidates = [raw]
        if raw.count_ops() <= _WORK:
            candidates += [stable(sympy.gcd_terms(raw)), stable(sympy.together(raw))]


class _Reference:
    """A derivative of the plain expression with many digits at the places."""

    def __init__(self, truth: Any, places: list[float]) -> None:
        self._places = places
        self._values = _exact_values(truth, places)

    def error(self, form: Any) -> float:
        """The largest relative error of a form in float64 where the value is a normal number."""
        results = kernel([(math.inf, form)])(np.array(self._places))
        errors = [
            float(abs(mpmath.mpf(result) - value) / abs(value)) if math.isfinite(result) else math.inf
            for result, value in zip(results.tolist(), self._values, strict=True)
            if 1e-290 < abs(value) < 1e290
        ]
        return max(errors, default=0.0)

    def compare(self, values: list[Any], order: int) -> None:
        """The values of a form agree with the reference wherever both are numbers of some size."""
        for place, got, value in zip(self._places, values, self._values, strict=True):
            if mpmath.isfinite(value) and abs(got - value) > max(_AGREE * abs(value), 1e-200):
                raise CheckFailed(
                    "a derivative by rules differs from sympy's",
                    where=f"Activation.from_expression, order {order}, z = {place:g}",
                    got=mpmath.nstr(got, 10),
                    expected=mpmath.nstr(value, 10),
                    remedy="Please report the expression.",
                )


def _exact_values(form: Any, places: list[float]) -> list[Any]:
    function = kernel([(math.inf, form)])
    return [function.exactly(place) for place in places]


def _require_finite(values: list[Any], places: list[float], what: str) -> None:
    """Refuse what has no finite value at a place."""
    for place, value in zip(places, values, strict=True):
        if not mpmath.isfinite(value):
            raise _unusable(f"{what} is not finite at z = {place:g}")


def _is_zero(difference: Any) -> bool:
    """Whether sympy shows that it vanishes, asked only where its work is bounded."""
    powers = (p for p in difference.atoms(sympy.Pow) if p.base.is_Add and p.exp.is_Integer)
    if difference.count_ops() > _WORK or any(abs(power.exp) > 10 for power in powers):
        return bool(difference == 0)
    numerator, _ = sympy.together(sympy.expand_power_exp(difference)).as_numer_denom()
    return bool(sympy.expand(numerator) == 0)


def _refuse_poles(piece: Any, places: list[float]) -> None:
    """Refuse a divisor, or the cosine below a tangent, that changes its sign between two places."""
    for part in sympy.preorder_traversal(piece):
        if part.is_Pow and part.exp.is_negative and part.base.has(symbol()):
            zero = part.base
        elif part.func is sympy.tan:
            zero = sympy.cos(part.args[0])
        else:
            continue
        signs = [mpmath.sign(value) for value in _exact_values(plain(zero), places)]
        for left, right, one, two in zip(places, places[1:], signs, signs[1:], strict=False):
            if one * two < 0:
                raise _unusable(f"{_short(part)} has a pole between z = {left:g} and {right:g}")


def _corners(slopes: Kernel) -> Iterator[tuple[float, float, float]]:
    """Where the slopes of two neighbouring pieces differ."""
    for number, end in enumerate(slopes.ends):
        left, right = (float(Kernel((slopes.pieces[side],)).exactly(end)) for side in (number, number + 1))
        if not math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-12):
            yield end, left, right


def _short(expression: Any) -> str:
    text = str(expression)
    return text if len(text) <= 40 else text[:37] + "..."


def _unusable(what: str) -> UnsafeExpressionError:
    remedy = "An activation is finite, with a finite slope, for every z: write log(1 + z**2), not log(z)."
    return refusal(what, remedy)
