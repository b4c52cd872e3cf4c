"""Functions of one variable: the sigmoid written out, and smooth functions of which nothing else is known."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import sympy as sp

U = sp.Symbol("u")


class Smooth(sp.Function):  # type: ignore[misc]  # sympy is untyped
    """A smooth function; ``smooth("f")`` is f, and its derivative is f', of which no more is known."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return smooth(f"{type(self).__name__}'")(self.args[0])


@cache
def smooth(name: str) -> Any:
    """The unspecified smooth function of a name."""
    return type(name, (Smooth,), {"__doc__": f"The unspecified smooth function {name}."})


def witnesses(exprs: Iterable[sp.Expr]) -> Mapping[str, sp.Expr]:
    """A polynomial in u for each unspecified function, so that a statement about them can be refuted."""
    names = {type(f).__name__.rstrip("'") for expr in exprs for f in expr.atoms(Smooth)}
    return {name: (-1) ** k * (k + 1) * U + U**2 / (k + 1) for k, name in enumerate(sorted(names))}


def specified(expr: sp.Expr, by: Mapping[str, sp.Expr]) -> sp.Expr:
    """The expression with polynomials in the place of the unspecified functions and their derivatives."""

    def value(f: sp.Expr) -> sp.Expr:
        name = type(f).__name__
        polynomial = by[name.rstrip("'")]
        return sp.diff(polynomial, U, name.count("'")).subs(U, f.args[0])

    return expr.replace(lambda part: isinstance(part, Smooth), value)
