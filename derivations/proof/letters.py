"""A letter stands for its definition: y1 is sigmoid(r1), and r1 is x1 v11 + x2 v21 + x3 v31."""

from collections.abc import Collection, Mapping

import sympy as sp

from .arrays import FormulaError, Layout, entries, jacobian, mapped

Definitions = Mapping[sp.Symbol, sp.Expr]

PARTIAL = sp.Function("partial")


def partial(of: sp.Symbol, wrt: sp.Symbol) -> sp.Expr:
    """The derivative of one letter with respect to another, written down and not yet taken."""
    return PARTIAL(of, wrt)


def unfold(expr: sp.Expr, where: Definitions, keep: Collection[sp.Symbol] = ()) -> sp.Expr:
    """Replace letters by their definitions until only the letters of ``keep`` and undefined ones are left."""
    rules = {letter: value for letter, value in where.items() if letter not in keep}
    for _ in range(len(rules) + 1):
        if not expr.free_symbols & rules.keys():
            return expr
        expr = expr.xreplace(rules)
    raise FormulaError("the definitions go round in a circle")


def derivative(of: sp.Array, wrt: sp.Array, where: Definitions, layout: Layout = "numerator") -> sp.Array:
    """The total derivative: ``of`` is unfolded down to the letters of ``wrt``, which are held independent."""
    letters = entries(wrt)
    return jacobian(mapped(lambda e: unfold(e, where, keep=letters), of), wrt, layout)


def take(expr: sp.Expr, where: Definitions) -> sp.Expr:
    """Take every derivative that was only written down."""
    return expr.replace(PARTIAL, lambda of, wrt: derivative(sp.Array(of), sp.Array(wrt), where)[()])
