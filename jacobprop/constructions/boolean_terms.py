"""A Boolean function as a sum of products: a matrix of terms, from a table or from a sympy expression.

A term is a row with 1 for a variable, -1 for a negated one and 0 for an absent one: x1 and not x3 of three
variables is [1, 0, -1]. These numbers are the weights of the threshold unit that computes the term.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._lazy import sympy
from ..arrays import Array, listed, whole_number
from ..errors import OptionError, ShapeError, shown
from .given import choice, finite_array

MOST_VARIABLES = 16
"""Of a table: 65536 rows, and as many terms at most."""
MOST_TO_MINIMISE = 8
"""Of a function that sympy minimises: 2 seconds were measured for a random table of 8 variables."""
_DEEPEST, _MOST_NODES = 100, 5_000
_KNOWN = ("And", "Or", "Not", "Xor", "Implies", "Equivalent", "ITE")
_FEWER = "A function of more variables takes a DNF: dnf_network(terms)."


def boolean_inputs(n: int) -> Array:
    """All 2^n assignments, rows of 0 and 1 in the order of a truth table: x1 is the highest bit.

    Examples
    --------
    >>> boolean_inputs(2)
    array([[0., 0.],
           [0., 1.],
           [1., 0.],
           [1., 1.]])
    """
    n = whole_number(n, "n", "boolean_inputs", most=MOST_VARIABLES, remedy="2^n rows are made.")
    return ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1).astype(np.float64)


def table_terms(table: object, *, minimise: bool = False) -> Array:
    """The terms of a truth table: one for each row that is on, or fewer by sympy's minimiser.

    Parameters
    ----------
    table : array_like, shape (2^n,)
        0 or 1 for each row of `boolean_inputs`, n at most 16.
    minimise : bool
        Whether sympy's SOPform, Quine and McCluskey's method, merges the rows; then n is at most 8.

    Returns
    -------
    array of float64, shape (terms, n)
    """
    where = "table_terms"
    values = finite_array(table, "the table", where, ndim=1, expected="(2^n,)")
    n = len(values).bit_length() - 1
    if len(values) != 2**n or not 1 <= n <= MOST_VARIABLES:
        raise ShapeError(
            "a truth table has 2^n rows",
            where=where,
            got=f"{len(values)} rows",
            expected=f"2, 4, 8, .. up to 2^{MOST_VARIABLES}",
            remedy=_FEWER,
        )
    if not np.isin(values, (0, 1)).all():
        raise OptionError(
            "a truth table holds 0 and 1",
            where=where,
            got=shown(float(values[~np.isin(values, (0, 1))][0])),
            expected="0 or 1",
            remedy="Compare with a threshold first.",
        )
    on = np.flatnonzero(values)
    if not choice(minimise, "minimise", where):
        return 2 * boolean_inputs(n)[on] - 1
    return _minimal(on, sympy.symbols(f"x1:{n + 1}"), where)


def expression_terms(expression: Any, variables: object = None) -> Array:
    """The terms of a sympy Boolean expression: those of a DNF as it is written, else minimal ones.

    Parameters
    ----------
    expression : sympy Boolean
        And, Or, Not, Xor, Implies, Equivalent and ITE of symbols; never a string.
    variables : sequence of sympy symbols, optional
        In the order of the inputs; by default those of the expression, sorted by name, x2 before x10.

    Returns
    -------
    array of float64, shape (terms, n)
    """
    where = "expression_terms"
    if isinstance(expression, str) or not isinstance(expression, sympy.logic.boolalg.Boolean):
        raise OptionError(
            "a Boolean function is a sympy expression",
            where=where,
            got=shown(expression),
            expected="And, Or, Not, Xor, .. of sympy symbols",
            remedy="Build it of symbols, (x & ~y) | z: strings are not read.",
        )
    _screen(expression, where)
    order = _order(expression, variables, where)
    expression = _evaluated(expression)
    if sympy.logic.boolalg.is_dnf(expression):
        return _rows(expression, order)
    if len(order) > MOST_TO_MINIMISE:
        raise OptionError(
            "too many variables to minimise",
            where=where,
            got=f"{len(order)} variables",
            expected=f"{MOST_TO_MINIMISE} at most, unless the expression is a DNF",
            remedy=_FEWER,
        )
    truth = (sympy.false, sympy.true)
    rows = boolean_inputs(len(order)).astype(int)
    on = [
        k
        for k, row in enumerate(rows)
        if expression.xreplace({symbol: truth[bit] for symbol, bit in zip(order, row, strict=True)})
    ]
    return _minimal(np.array(on, int), order, where)


def _minimal(on: Array, symbols: Sequence[Any], where: str) -> Array:
    if len(symbols) > MOST_TO_MINIMISE:
        raise OptionError(
            "too many variables to minimise",
            where=where,
            got=f"{len(symbols)} variables",
            expected=f"{MOST_TO_MINIMISE} at most",
            remedy="Leave minimise out: a term for each row is exact as well.",
        )
    return _rows(sympy.logic.SOPform(symbols, on.tolist()), symbols)


def _rows(sum_of_products: Any, symbols: Sequence[Any]) -> Array:
    """Or of And of literals to the matrix; false has no term, true an empty one, and x & ~x is none."""
    column = {symbol: k for k, symbol in enumerate(symbols)}
    found = []
    for term in sympy.Or.make_args(sum_of_products) if sum_of_products != sympy.false else ():
        literals = sympy.And.make_args(term) if term != sympy.true else ()
        plain = [column[literal] for literal in literals if not isinstance(literal, sympy.Not)]
        negated = [column[literal.args[0]] for literal in literals if isinstance(literal, sympy.Not)]
        if not set(plain) & set(negated):
            row = np.zeros(len(symbols))
            row[plain], row[negated] = 1, -1
            found.append(row)
    return np.array(found).reshape(len(found), len(symbols))


def _screen(expression: Any, where: str) -> None:
    """Refuse what is no connective of symbols, and what is too deep or too long to be walked."""
    pending, nodes = [(expression, 1)], 0
    while pending:
        node, depth = pending.pop()
        nodes += 1
        known = isinstance(node, sympy.Symbol | sympy.logic.boolalg.BooleanAtom)
        known = known or (
            type(node).__name__ in _KNOWN and isinstance(node, sympy.logic.boolalg.BooleanFunction)
        )
        if not known:
            raise OptionError(
                "this is no connective of symbols",
                where=where,
                got=shown(node),
                expected="And, Or, Not, Xor, Implies, Equivalent and ITE of sympy symbols",
                remedy="Give each condition a symbol of its own.",
            )
        if depth > _DEEPEST or nodes > _MOST_NODES:
            raise OptionError(
                "the expression is too large",
                where=where,
                got=f"more than {_DEEPEST} levels"
                if depth > _DEEPEST
                else f"more than {_MOST_NODES:,} nodes",
                expected=f"{_DEEPEST} levels and {_MOST_NODES:,} nodes at most",
                remedy=_FEWER,
            )
        pending += [(argument, depth + 1) for argument in getattr(node, "args", ())]


def _evaluated(expression: Any) -> Any:
    """Built anew: what was made with evaluate=False may hold one Or inside another."""
    other = {symbol: sympy.Dummy() for symbol in expression.free_symbols}
    return expression.xreplace(other).xreplace({dummy: symbol for symbol, dummy in other.items()})


def _order(expression: Any, variables: object, where: str) -> list[Any]:
    free = sorted(expression.free_symbols, key=_by_name)
    order = free if variables is None else list(listed(variables))
    named = all(isinstance(symbol, sympy.Symbol) for symbol in order)
    if not order or not named or len(set(order)) < len(order) or not set(free) <= set(order):
        raise OptionError(
            "the variables are those of the expression, each once",
            where=where,
            got=shown(variables if variables is not None else order),
            expected="sympy symbols, among them " + (", ".join(map(str, free)) or "at least one"),
            remedy="A constant needs variables=[..] to have inputs.",
        )
    return order


def _by_name(symbol: Any) -> tuple[list[tuple[int, str]], str]:
    """A name as its words and numbers, a number as its length and digits; x01 and x1 as they are written."""
    name = str(symbol.name)
    words = re.split("([0-9]+)", name)  # every second one is a number
    numbered = [word.lstrip("0") if k % 2 else word for k, word in enumerate(words)]
    return [(len(word) if k % 2 else 0, word) for k, word in enumerate(numbered)], name


def checked_terms(terms: object, where: str) -> Array:
    """A matrix of -1, 0 and 1; no rows at all are the constant 0."""
    if isinstance(terms, np.ndarray) and terms.ndim == 2 and len(terms) == 0 and terms.shape[1] > 0:
        return np.zeros((0, terms.shape[1]))
    found = finite_array(terms, "the terms", where, ndim=2, expected="(terms, n)")
    if not np.isin(found, (-1, 0, 1)).all():
        raise OptionError(
            "a term is a row of -1, 0 and 1",
            where=where,
            got=shown(float(found[~np.isin(found, (-1, 0, 1))][0])),
            expected="1 for a variable, -1 for a negated one, 0 for an absent one",
            remedy="x1 and not x3 of three variables is [1, 0, -1].",
        )
    return found
