"""Two expressions are equal when their difference is the zero rational function of independent atoms,
and different when they differ at one rational point.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef

Point = dict[sp.Expr, sp.Rational]

VALUES = [sp.Rational(p, q) for p, q in ((1, 2), (-1, 3), (2, 3), (3, 4), (-2, 5), (5, 3), (-3, 2), (4, 5))]


def is_zero(expr: sp.Expr) -> bool:
    """True only if the expression is identically zero.

    Each exp(c u), c rational, becomes t^c with a fresh t, so that what is left is a rational function; its
    numerator is expanded. ``sympy.simplify`` would take minutes on an expression that is not zero.
    """
    fresh: dict[sp.Expr, sp.Symbol] = {}

    def atom(exponential: sp.exp) -> sp.Expr:
        factor, argument = exponential.args[0].primitive()
        if argument.could_extract_minus_sign():
            factor, argument = -factor, -argument
        return fresh.setdefault(argument, sp.Dummy()) ** factor

    rational = expr.xreplace({e: atom(e) for e in expr.atoms(sp.exp)})
    return bool(sp.expand(sp.numer(sp.together(rational))) == 0)


@dataclass(frozen=True)
class Counterexample:
    """A rational point at which two expressions differ, and their values there."""

    point: Point
    left: sp.Float
    right: sp.Float


def counterexample(left: sp.Expr, right: sp.Expr) -> Counterexample | None:
    """A rational point where the two provably differ, or None.

    The difference is evaluated to 6 significant digits or not at all, so that rounding cannot make it look
    unlike zero. The values and derivatives of unspecified functions are free numbers, because an affine
    function takes any of them.
    """
    for point in _points(left, right):
        try:
            difference = (left - right).xreplace(point).evalf(6, strict=True)
        except PrecisionExhausted:
            continue
        if difference.is_finite and difference != 0:
            return Counterexample(point, left.xreplace(point).evalf(6), right.xreplace(point).evalf(6))
    return None


def _points(left: sp.Expr, right: sp.Expr, tries: int = 5) -> Iterator[Point]:
    unknowns = _unknowns(left) | _unknowns(right)
    ordered = sorted(unknowns, key=str)
    for shift in range(tries):
        yield {
            u: VALUES[(k + shift) % len(VALUES)] + (k + shift) // len(VALUES) for k, u in enumerate(ordered)
        }


def _unknowns(expr: sp.Expr) -> set[sp.Expr]:
    """Symbols, and unspecified functions and their derivatives taken as a whole."""
    if isinstance(expr, sp.Symbol | AppliedUndef | sp.Derivative):
        return {expr}
    return set().union(*map(_unknowns, expr.args))
