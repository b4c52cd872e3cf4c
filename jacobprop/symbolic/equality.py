"""Formulas are equal if their difference vanishes for all values of its letters: exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .._lazy import sympy
from ..arrays import Array
from .expression import Expression
from .rational import RationalForm


def vanishes(e: Expression, kinks: bool = True) -> bool:
    """Whether an expression is 0 for all values of its real letters, proved by exact arithmetic.

    Either truth value of each condition is tried; without `kinks` no equation is taken to hold. Then every
    exponential, logarithm or root is an unknown of its own, and the numerator is multiplied out.
    """
    return _vanishes_given({}, e, kinks)


def _vanishes_given(facts: Mapping[Expression, Expression], e: Expression, kinks: bool) -> bool:
    """The same where the truth of some conditions is known; all of them are kept, for one may come back."""
    e = _replaced(e, facts)
    conditions = [c for c in e.atoms(sympy.core.relational.Relational) if not c.has(sympy.Piecewise)]
    if not conditions:
        return bool(RationalForm(e).numerator() == 0)
    first = min(conditions, key=str)
    truths = (sympy.false,) if isinstance(first, sympy.Eq) and not kinks else (sympy.true, sympy.false)
    return all(_vanishes_given({**facts, first: truth}, e, kinks) for truth in truths)


def unfold(e: Expression, definitions: Mapping[Expression, Expression]) -> Expression:
    """Put in what the letters stand for, until only letters without a definition are left."""
    e = _replaced(e, definitions)
    return e.xreplace({letter: sympy.Symbol(letter.name, real=True) for letter in e.free_symbols})


def _replaced(e: Expression, replacements: Mapping[Expression, Expression]) -> Expression:
    """Replace until there is nothing left to replace."""
    while (known := e.xreplace(replacements)) != e:
        e = known
    return e


def compared(
    entries: Array, of: Array, wrt: Array, definitions: Mapping[Expression, Expression]
) -> Iterator[tuple[str, bool]]:
    """The place [1,2] of each entry, and whether it is sympy's derivative of `of` by a letter of `wrt`."""
    explicit = np.asarray(np.frompyfunc(lambda e: unfold(e, definitions), 1, 1)(of))
    for place in np.ndindex(entries.shape):
        out, inner = place[: of.ndim], place[of.ndim :]
        truth = sympy.diff(explicit[out], unfold(wrt[inner], {}))
        right = vanishes(unfold(entries[place], definitions) - truth, kinks=False)
        yield f"[{','.join(str(i + 1) for i in place)}]", right
