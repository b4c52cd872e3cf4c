"""Instances: what an expression says for sizes and indices that are numbers."""

from collections.abc import Iterable, Mapping
from itertools import product

import sympy as sp

from .errors import FormulaError


def index_sizes(exprs: Iterable[sp.Expr]) -> list[sp.Expr]:
    """The sizes in some expressions, as ends of ranges or as numbers, in a fixed order."""
    found = {i.upper for expr in exprs for i in expr.atoms(sp.Idx) if not i.upper.is_Integer}
    bases = {base.label for expr in exprs for base in expr.atoms(sp.IndexedBase)}
    found |= {size for expr in exprs for size in expr.atoms(sp.Symbol, sp.Indexed) if _is_size(size)}
    return sorted(found - bases, key=str)


def _is_size(letter: sp.Expr) -> bool:
    return bool(letter.is_integer and letter.is_positive and not isinstance(letter, sp.Idx))


def written_out(expr: sp.Expr, numbers: Mapping[sp.Expr, int]) -> sp.Expr:
    """The expression for sizes and free indices that are numbers: every sum term by term."""
    if isinstance(expr, sp.Sum):
        body, limits = expr.function, expr.limits
        ranges = (range(int(low), _number(high, numbers) + 1) for _, low, high in limits)
        places = product(*ranges)
        bound = [i for i, *_ in limits]
        return sp.Add(
            *(written_out(body, {**numbers, **dict(zip(bound, place, strict=True))}) for place in places)
        )
    if expr in numbers:
        return sp.Integer(numbers[expr])
    if not expr.args or isinstance(expr, sp.Idx | sp.IndexedBase):
        return expr
    return expr.func(*(written_out(part, numbers) for part in expr.args))


def _number(size: sp.Expr, numbers: Mapping[sp.Expr, int]) -> int:
    value = size.xreplace({name: sp.Integer(number) for name, number in numbers.items()})
    if not value.is_Integer:
        raise FormulaError(f"the size {size} has no number")
    return int(value)
