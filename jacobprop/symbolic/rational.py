"""Expressions as rational functions of letters and unknowns, of which exp(-u) is 1/exp(u).

Where 1 + exp(u) is a denominator, the unknown is y = 1/(1 + exp(-u)), and exp(u) = y/(1 - y): what
sigmoids are made of turns into polynomials.
"""

from __future__ import annotations

from collections import defaultdict

from .._lazy import sympy
from .expression import Expression


class RationalForm:
    """One expression, every exponential, logarithm or root in it an unknown of its own."""

    def __init__(self, e: Expression) -> None:
        gates = (_argument(power.base.args[1])[1] for power in e.atoms(sympy.Pow) if _is_gate(power.base))
        self._gates: dict[Expression, Expression] = {u: sympy.Dummy() for u in gates}
        self._unknowns: dict[Expression, Expression] = defaultdict(lambda: sympy.Dummy())
        self._roots: dict[tuple[Expression, int], Expression] = defaultdict(lambda: sympy.Dummy())
        self._e = e

    def numerator(self) -> Expression:
        """The numerator over the common denominator, multiplied out; for a root r of b, r^q is b again."""
        found = _numerator(self._of(self._e))
        for (base, q), root in list(self._roots.items()):
            terms = sympy.Poly(found, root).terms()
            reduced = (c * self._of(base) ** (k // q) * root ** (k % q) for (k,), c in terms)
            found = _numerator(sympy.Add(*reduced))
        return found

    def _of(self, e: Expression) -> Expression:
        """A rational function equal to the expression."""
        if e.is_Symbol or e.is_Number:
            return e
        if e.is_Add or e.is_Mul:
            return e.func(*map(self._of, e.args))
        if e.is_Pow and e.exp.is_Integer:
            return (self._gate(e.base) if _is_gate(e.base) else self._of(e.base)) ** e.exp
        if e.is_Pow and e.exp.is_Rational:
            return self._root(e.base, e.exp)
        return self._exponential(e) if isinstance(e, sympy.exp) else self._unknowns[e]

    def _root(self, base: Expression, exponent: Expression) -> Expression:
        """base^(p/q) as r^p with r^q = base, a number in it as a root of its own."""
        content, rest = base.primitive()
        if base.is_Number or content == 1:
            return self._roots[base, exponent.q] ** exponent.p
        return self._of(content**exponent) * self._of(rest**exponent)

    def _gate(self, base: Expression) -> Expression:
        """1 + exp(u) = 1/(1 - y), and 1 + exp(-u) = 1/y."""
        factor, u = _argument(base.args[1])
        return 1 / (1 - self._gates[u] if factor > 0 else self._gates[u])

    def _exponential(self, e: Expression) -> Expression:
        """exp(k u) as a power of exp(u), which is y/(1 - y) where there is a y."""
        factor, u = _argument(e)
        y = self._gates.get(u)
        return (self._unknowns[sympy.exp(u)] if y is None else y / (1 - y)) ** factor


def _numerator(e: Expression) -> Expression:
    numerator, _ = sympy.together(e).as_numer_denom()
    return sympy.expand(numerator)


def _is_gate(base: Expression) -> bool:
    """Whether it is 1 + exp(u) or 1 + exp(-u)."""
    return bool(
        base.is_Add
        and len(base.args) == 2
        and base.args[0] == 1
        and isinstance(base.args[1], sympy.exp)
        and abs(_argument(base.args[1])[0]) == 1
    )


def _argument(e: Expression) -> tuple[Expression, Expression]:
    """(k, u) with e = exp(k u), k an integer, and u of one sign for u and -u."""
    factor, u = e.args[0].primitive()
    if not factor.is_Integer:
        factor, u = sympy.Integer(1), e.args[0]
    return (-factor, -u) if u.could_extract_minus_sign() else (factor, u)
