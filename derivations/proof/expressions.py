"""The scalar expressions that slides are made of."""

from collections.abc import Iterable

import sympy as sp


def sigmoid(t: sp.Expr) -> sp.Expr:
    """1 / (1 + e^-t)."""
    return 1 / (1 + sp.exp(-t))


def summed(terms: Iterable[sp.Expr]) -> sp.Expr:
    """The sum of some expressions."""
    return sp.Add(*terms)


def letters(name: str, rows: int, columns: int) -> list[list[sp.Symbol]]:
    """A matrix of letters: v11, v12, .. by rows, counted from 1."""
    return [[sp.Symbol(f"{name}{i}{j}") for j in range(1, columns + 1)] for i in range(1, rows + 1)]


def functions(name: str, rows: int, columns: int, of: Iterable[sp.Symbol]) -> list[list[sp.Expr]]:
    """A matrix of unspecified functions of some letters."""
    variables = tuple(of)
    return [[sp.Function(str(letter))(*variables) for letter in row] for row in letters(name, rows, columns)]
