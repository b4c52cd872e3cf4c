"""One sympy expression: its type, its size, and the form in which it is shown."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .._lazy import sympy
from ..arrays import Array, freeze

Expression: TypeAlias = Any

LONGEST = 400
"""Expressions of more nodes are neither factored nor written out."""


def positive(a: Expression) -> Expression:
    """[a > 0]: 1 for a > 0, else 0."""
    return sympy.Piecewise((0, a <= 0), (1, True))


def is_indicator(e: Expression) -> bool:
    """Whether it is [u > 0] for some u."""
    if not e.is_Piecewise or not e.args[0].cond.is_Relational:
        return False
    return bool(e == positive(e.args[0].cond.lhs))


def nodes(e: Expression, known: dict[Expression, int] | None = None) -> int:
    """How many nodes the tree of an expression has, without walking shared parts twice."""
    known = {} if known is None else known
    if e not in known:
        known[e] = 1 + sum(nodes(argument, known) for argument in e.args)
    return known[e]


def exact(entry: object) -> Expression:
    """A sympy expression with fractions in place of floats."""
    e = sympy.sympify(entry)
    return sympy.nsimplify(e, rational=True) if e.has(sympy.Float) else e


def tidy(entry: object) -> Expression:
    """Exact, and common factors taken out, as far as the expression is short enough to be read."""
    e = sympy.sympify(entry)
    return sympy.factor_terms(exact(e)) if nodes(e) <= LONGEST else e


def each_exact(array: Array) -> Array:
    """Every entry exact, read-only."""
    return freeze(np.asarray(np.frompyfunc(exact, 1, 1)(array), dtype=object))


def each_tidy(array: Array) -> Array:
    """Every entry tidy, read-only."""
    return freeze(np.asarray(np.frompyfunc(tidy, 1, 1)(array), dtype=object))
