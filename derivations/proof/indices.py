"""An index knows what it counts, a sum runs over all of it, a delta picks one term."""

import sympy as sp
from sympy.functions.special.tensor_functions import KroneckerDelta

from .errors import FormulaError


def sizes(names: str) -> tuple[sp.Symbol, ...]:
    """Numbers of units or cases: positive integers, otherwise unknown."""
    return tuple(sp.Symbol(name, integer=True, positive=True) for name in names.split())


def index(name: str, size: sp.Expr, first: int = 1) -> sp.Idx:
    """An index that runs from ``first`` to ``size``: from 1, or from 0 where unit 0 is the bias unit."""
    if first not in (0, 1):
        raise FormulaError(
            f"the index {name} starts at {first}: an index starts at 1, or at 0 for a bias unit"
        )
    return sp.Idx(name, (first, size))


def delta(i: sp.Expr, j: sp.Expr) -> sp.Expr:
    """1 if i = j, else 0."""
    return KroneckerDelta(i, j)


def total(body: sp.Expr, *over: sp.Idx) -> sp.Expr:
    """The sum over the whole range of each index."""
    return sp.Sum(body, *((i, i.lower, i.upper) for i in over))


def is_indexed(expr: sp.Expr) -> bool:
    """Whether there is an index in the expression, so that it needs the normal form of this page."""
    return bool(expr.has(sp.Idx, sp.Sum))


def renamed_apart(expr: sp.Expr) -> sp.Expr:
    """The same expression with bound indices that occur nowhere else, so that nothing can be captured."""
    if not expr.has(sp.Sum):
        return expr
    if not isinstance(expr, sp.Sum):
        return expr.func(*map(renamed_apart, expr.args))
    for limit in expr.limits:
        _check_range(*limit)
    names = {i: fresh(i) for i, *_ in expr.limits}
    body = renamed_apart(expr.function).xreplace(names)
    return sp.Sum(body, *((names[i], low, high) for i, low, high in expr.limits))


def _check_range(i: sp.Expr, low: sp.Expr, high: sp.Expr) -> None:
    """A sum runs over the whole range of its index, which no other index bounds."""
    whole = isinstance(i, sp.Idx) and (low, high) == (i.lower, i.upper) and low in (0, 1)
    if not whole or high.has(sp.Idx):
        raise FormulaError(
            f"the sum over {i} from {low} to {high} is not one over the whole range of an index"
        )


def fresh(i: sp.Idx, first: sp.Expr | None = None) -> sp.Idx:
    """An index of the same range that occurs nowhere else."""
    return sp.Idx(sp.Dummy(i.name, integer=True), (i.lower if first is None else first, i.upper))


def free_indices(expr: sp.Expr) -> frozenset[sp.Idx]:
    """The indices that no sum binds."""
    if isinstance(expr, sp.Idx):
        return frozenset({expr})
    inside = frozenset().union(*map(free_indices, expr.args))
    return inside - {i for i, *_ in expr.limits} if isinstance(expr, sp.Sum) else inside
