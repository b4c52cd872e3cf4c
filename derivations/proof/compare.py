"""Two expressions are equal when their difference is the zero rational function of independent atoms,
and different when they differ at one rational point.

Expressions with indices are equal when they are so for all sizes and all values of the indices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import sympy as sp
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef
from sympy.functions.special.tensor_functions import KroneckerDelta

from .functions import specified, witnesses
from .indices import free_indices, is_indexed
from .instances import index_sizes, written_out
from .normal_form import normal

Point = dict[sp.Expr, sp.Rational]
Pair = frozenset[sp.Expr]

VALUES = [sp.Rational(p, q) for p, q in ((1, 2), (-1, 3), (2, 3), (3, 4), (-2, 5), (5, 3), (-3, 2), (4, 5))]
SIZES = ((2, 3, 4), (3, 2, 1))


def is_zero(expr: sp.Expr) -> bool:
    """True only if the expression is identically zero, in each case of equal and different indices."""
    return _is_zero_in_each_case(expr, frozenset()) if is_indexed(expr) else _is_zero_rational(expr)


def _is_zero_in_each_case(expr: sp.Expr, different: frozenset[Pair]) -> bool:
    """Whether an expression is zero where the indices of each pair in ``different`` are not equal."""
    expr = normal(expr).xreplace({KroneckerDelta(*pair): sp.S.Zero for pair in different})
    undecided = sorted(expr.atoms(KroneckerDelta), key=str)
    if not undecided:
        return _is_zero_rational(expr)
    d = undecided[0]
    if not d.atoms(sp.Idx) <= free_indices(expr):
        return False
    a, b = d.args if isinstance(d.args[1], sp.Idx) else reversed(d.args)
    if not _is_zero_in_each_case(expr.xreplace({d: sp.S.Zero}), different | {frozenset({a, b})}):
        return False
    still = frozenset(frozenset(a if i == b else i for i in pair) for pair in different)
    impossible = any(len(pair) == 1 for pair in still)
    return impossible or _is_zero_in_each_case(expr.xreplace({d: sp.S.One}).xreplace({b: a}), still)


def _is_zero_rational(expr: sp.Expr) -> bool:
    """Whether the numerator of a rational function of atoms is zero, and its denominator is not.

    Each exp(c u), c rational, becomes t^c with a fresh t; entries, sums and functions become letters.
    ``sympy.simplify`` would take minutes on an expression that is not zero.
    """
    fresh: dict[sp.Expr, sp.Symbol] = {}

    def lettered(part: sp.Expr) -> sp.Expr:
        if isinstance(part, sp.Add | sp.Mul | sp.Pow):
            return part.func(*map(lettered, part.args))
        if part.is_Atom:
            return part
        if not isinstance(part, sp.exp):
            return fresh.setdefault(part, sp.Dummy())
        factor, argument = part.args[0].primitive()
        if argument.could_extract_minus_sign():
            factor, argument = -factor, -argument
        return fresh.setdefault(sp.exp(argument), sp.Dummy()) ** factor

    above, below = sp.fraction(sp.together(lettered(expr)))
    return bool(sp.expand(above) == 0 and sp.expand(below) != 0)


@dataclass(frozen=True)
class Counterexample:
    """A rational point at which two expressions differ, and their values there.

    The point says the sizes and indices too, and ``functions`` which polynomials in u stand for the
    unspecified functions.
    """

    point: Point
    left: sp.Float
    right: sp.Float
    functions: Mapping[str, sp.Expr] = field(default_factory=dict)


def counterexample(left: sp.Expr, right: sp.Expr) -> Counterexample | None:
    """A rational point where the two provably differ, or None.

    The difference is evaluated to 6 significant digits or not at all, so that rounding cannot make it look
    unlike zero. The values and derivatives of undefined functions of letters are free numbers, because an
    affine function takes any of them; of undefined functions of expressions nothing is said.
    """
    if any(
        not letter.is_Symbol for side in (left, right) for f in side.atoms(AppliedUndef) for letter in f.args
    ):
        return None
    functions = witnesses((left, right))
    a, b = specified(left, functions), specified(right, functions)
    for place in _places(a, b):
        found = _differ(written_out(a, place), written_out(b, place))
        if found:
            where = {name: sp.Integer(number) for name, number in place.items()}
            return Counterexample({**where, **found.point}, found.left, found.right, functions)
    return None


def _differ(left: sp.Expr, right: sp.Expr) -> Counterexample | None:
    for point in _points(left, right):
        try:
            difference = (left - right).xreplace(point).evalf(6, strict=True)
        except PrecisionExhausted:
            continue
        sides = left.xreplace(point).evalf(6, chop=True), right.xreplace(point).evalf(6, chop=True)
        if difference.is_finite and difference != 0 and all(side.is_real for side in sides):
            return Counterexample(point, *sides)
    return None


def _places(left: sp.Expr, right: sp.Expr) -> Iterator[dict[sp.Expr, int]]:
    """Small unequal sizes, with every value of the free indices; one empty place where there are none."""
    names = index_sizes((left, right))
    free = sorted(free_indices(left) | free_indices(right), key=str)
    for cycle in SIZES if names else SIZES[:1]:
        numbers = {name: cycle[k % len(cycle)] for k, name in enumerate(names)}
        ranges = (range(int(i.lower), int(i.upper.xreplace(numbers)) + 1) for i in free)
        for values in product(*ranges):
            yield {**numbers, **dict(zip(free, values, strict=True))}


def _points(left: sp.Expr, right: sp.Expr, tries: int = 5) -> Iterator[Point]:
    unknowns = _unknowns(left) | _unknowns(right)
    ordered = sorted(unknowns, key=str)
    for shift in range(tries):
        yield {
            u: VALUES[(k + shift) % len(VALUES)] + (k + shift) // len(VALUES) for k, u in enumerate(ordered)
        }


def _unknowns(expr: sp.Expr) -> set[sp.Expr]:
    """Symbols, entries, and undefined functions and their derivatives taken as a whole."""
    if isinstance(expr, sp.Symbol | sp.Indexed | AppliedUndef | sp.Derivative):
        return {expr}
    return set().union(*map(_unknowns, expr.args))
