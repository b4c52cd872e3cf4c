"""An activation's expression in 800 digits: it sees what saturation hides from every difference."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .._lazy import mpmath, sympy
from ..activations import Activation
from ..arrays import Array
from ..errors import UnsupportedLayerError

_DIGITS = 800
"""Enough for the smallest normal number as the difference of two numbers near 1, and as many to spare."""


def known_exactly(activation: Activation) -> bool:
    """Whether there is an expression."""
    return activation.expression_builder is not None


def values_of(activation: Activation, order: int, points: Array) -> Array:
    """f, f' or f'' of some points as sympy derives it from the expression, rounded once; nan if undefined."""
    tree = activation.derivative_expression(order) if order else activation.expression
    return np.array([_rounded(tree, float(point)) for point in points.ravel()]).reshape(points.shape)


def _rounded(tree: Any, point: float) -> float:
    try:
        return float(_value(tree, _context().mpf(point)))
    except (UnsupportedLayerError, ZeroDivisionError, TypeError, ValueError, OverflowError):
        return float("nan")


@lru_cache(maxsize=1)
def _context() -> Any:
    """A context of our own: mpmath's global precision is the user's."""
    context = mpmath.mp.clone()
    context.dps = _DIGITS
    return context


def _value(tree: Any, z: Any) -> Any:
    """Walk the tree; an unknown function is left to sympy."""
    if tree.is_Symbol:
        return z
    if tree.is_Rational:
        return _context().mpf(int(tree.p)) / int(tree.q)
    if tree.is_Float or tree.is_NumberSymbol:
        return _context().mpf(tree._to_mpmath(int(_DIGITS * 3.33)))
    name = type(tree).__name__
    if name == "Piecewise":
        return next(_value(branch, z) for branch, condition in tree.args if _holds(condition, z))
    arguments = [_value(argument, z) for argument in tree.args]
    if name not in _OPERATIONS:
        raise UnsupportedLayerError(f"{name} is not evaluated", where="checking")
    return _OPERATIONS[name](arguments)


def _holds(condition: Any, z: Any) -> bool:
    if condition in (True, False):
        return bool(condition)
    if condition.func in (sympy.And, sympy.Or):
        parts = [_holds(part, z) for part in condition.args]
        return all(parts) if condition.func is sympy.And else any(parts)
    left, right = (_value(side, z) for side in condition.args)
    return bool(_RELATIONS[condition.rel_op](left, right))


def _function(name: str) -> Callable[[list[Any]], Any]:
    return lambda arguments: getattr(_context(), name)(*arguments)


_OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "Add": lambda terms: _context().fsum(terms),
    "Mul": lambda factors: _context().fprod(factors),
    "Pow": lambda pair: pair[0] ** pair[1],
    "Abs": lambda one: abs(one[0]),
    "sign": lambda one: _context().sign(one[0]),
    "Max": max,
    "Min": min,
    "Heaviside": lambda given: _context().mpf(given[0] > 0) if given[0] else given[1],
    **{name: _function(name) for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: _function(name) for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **{name: _function(name) for name in ("log", "erf", "erfc", "sech", "csch", "coth", "sec")},
}
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
