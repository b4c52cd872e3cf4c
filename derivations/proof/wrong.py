"""The mistakes people make in a written-out array: each turns a right formula into a wrong one."""

import sympy as sp

from .arrays import entries, indices, mapped, permuted
from .derivation import Wrong
from .formula import Entries


def negated(right: Entries) -> Wrong:
    """The sign."""
    return Wrong("wrong sign", Entries(mapped(lambda e: -e, right.array)))


def without(right: Entries, factor: sp.Expr, name: str) -> Wrong:
    """A factor left out of every entry that has it."""
    return Wrong(name, Entries(mapped(lambda e: _divided(e, factor), right.array)))


def _divided(entry: sp.Expr, factor: sp.Expr) -> sp.Expr:
    terms = sp.Add.make_args(entry)
    factors = set(sp.Mul.make_args(factor))
    return sp.Add(*(t / factor if factors <= set(sp.Mul.make_args(t)) else t for t in terms))


def swapped(right: Entries, a: sp.Symbol, b: sp.Symbol) -> Wrong:
    """Two letters taken for each other: a wrong index."""
    swap = {a: b, b: a}
    return Wrong(f"wrong index: {a} and {b} swapped", Entries(right.array.xreplace(swap)))


def column_major(right: Entries) -> Wrong:
    """The right numbers in the shape of the array, but written down column by column."""
    columns = sorted(indices(right.array.shape), key=lambda index: index[::-1])
    shuffled = dict(zip(columns, entries(right.array), strict=True))
    in_order = [shuffled[index] for index in indices(right.array.shape)]
    return Wrong("entries in column-major order", Entries(sp.Array(in_order, right.array.shape)))


def transposed(right: Entries) -> Wrong:
    """The first two axes exchanged."""
    axes = (1, 0, *range(2, right.array.rank()))
    return Wrong("transposed", Entries(permuted(right.array, axes)))


def ones(right: Entries) -> Wrong:
    """A derivative of an array by itself taken for the number 1."""
    return Wrong("1 in the place of unit matrices", Entries(mapped(lambda _: sp.Integer(1), right.array)))
