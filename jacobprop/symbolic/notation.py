"""Expressions as a slide writes them: z1(1-z1) x1 y1(1-y1) w11, for terminals and in LaTeX.

sympy sorts the factors of a product by its own rules and multiplies out what it may; a slide follows the
path through the network instead. The order of the letters is given, everything else is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._lazy import sympy
from .expression import Expression, is_indicator
from .letters import Letters, Place
from .signs import LATEX, TEXT, Signs
from .words import Word


class SlideNotation:
    """Writes expressions in given letters, with TEXT or LATEX signs."""

    def __init__(self, signs: Signs, letters: Letters) -> None:
        self.signs, self._letters = signs, letters

    def write(self, e: Expression, tight: bool = False) -> str:
        """One expression on one line; `tight` leaves out the spaces of a short sum, as in brackets."""
        if e.is_Symbol:
            return self._letter(e)
        if e.is_Rational and not e.is_Integer:
            return ("-" if e < 0 else "") + self.signs.ratio.format(abs(e.p), e.q)
        if e.is_Add:
            return self._sum(e, tight)
        if e.is_Mul:
            return self._product(e)
        if _is_inverse(e):
            return self._ratio([], [1 / e])
        if e.is_Pow:
            return self._power(e)
        return self._applied(e)

    def _letter(self, letter: Expression) -> str:
        word = self._letters.words.get(letter)
        if word is None:
            return str(letter)
        return word.latex if self.signs.latex else word.text

    def _sum(self, e: Expression, tight: bool) -> str:
        """Positive terms first."""
        terms = sorted(e.args, key=lambda term: (_is_negative(term), self._order(term)))
        pieces = [self.write(-term if _is_negative(term) else term) for term in terms]
        close = tight and not any(" " in piece for piece in pieces)
        line = ("-" if _is_negative(terms[0]) else "") + pieces[0]
        for term, piece in zip(terms[1:], pieces[1:], strict=True):
            sign = "-" if _is_negative(term) else "+"
            line += f"{sign}{piece}" if close else f" {sign} {piece}"
        return line

    def _product(self, e: Expression) -> str:
        coefficient, rest = e.as_coeff_Mul()
        factors = sympy.Mul.make_args(rest)
        above = [factor for factor in factors if not _is_inverse(factor)]
        below = [1 / factor for factor in factors if _is_inverse(factor)]
        line = self._ratio(above, below) if below else self._factors(above)
        if abs(coefficient) == 1:
            return ("-" if coefficient < 0 else "") + line
        return self.write(coefficient) + self.signs.space + line

    def _ratio(self, above: Sequence[Expression], below: Sequence[Expression]) -> str:
        return self.signs.ratio.format(self._numerator(above), self._denominator(below))

    def _numerator(self, factors: Sequence[Expression]) -> str:
        if self.signs.latex and len(factors) == 1:  # a fraction bar needs no brackets
            return self.write(factors[0], tight=True)
        return self._factors(factors) or "1"

    def _denominator(self, factors: Sequence[Expression]) -> str:
        line = self._numerator(factors)
        return f"({line})" if len(factors) > 1 and not self.signs.latex else line

    def _factors(self, factors: Sequence[Expression]) -> str:
        """Factors in the order of the slide, a letter and its complement together: z1(1-z1)."""
        words = []
        for factor in sorted(factors, key=self._factor_order):
            if factor.is_Add and 1 - factor in factors:
                continue  # the complement of a letter, and written with it
            complement = factor.is_Symbol and 1 - factor in factors
            word = self._bracketed(factor) if factor.is_Add else self.write(factor)
            words.append(word + (self._bracketed(1 - factor) if complement else ""))
        return self.signs.space.join(words)

    def _bracketed(self, e: Expression) -> str:
        return f"({self.write(e, tight=True)})"

    def _power(self, e: Expression) -> str:
        if e.exp == sympy.S.Half:
            return self.signs.root.format(self.write(e.base, tight=True))
        base, exponent = self.write(e.base, tight=True), self.write(e.exp, tight=True)
        if not e.base.is_Symbol:
            base = f"({base})"
        elif self.signs.latex and "^" in base:  # LaTeX refuses a second exponent
            base = f"{{{base}}}"
        if not (self.signs.latex or e.exp.is_Symbol or e.exp.is_Integer):
            exponent = f"({exponent})"
        return self.signs.power.format(base, exponent)

    def _applied(self, e: Expression) -> str:
        """A function of something, or a number."""
        if isinstance(e, sympy.exp):
            return self.signs.exponential.format(self.write(e.args[0], tight=True))
        if is_indicator(e):
            return self.signs.indicator.format(self.write(e.args[0].cond.args[0]))
        if e.is_Function and not e.is_Piecewise:
            inside = ", ".join(self.write(argument, tight=True) for argument in e.args)
            return self.signs.call.format(e.func.__name__, inside)
        if not self.signs.latex:
            return f"({self.cases(e)})" if e.is_Piecewise else str(e)
        spelling = {letter: self._letter(letter) for letter in e.free_symbols & self._letters.words.keys()}
        return str(sympy.latex(e, symbol_names=spelling))

    def cases(self, e: Expression) -> str:
        """A function by cases in a terminal: 1/100 if s1 <= 0, else 1."""
        return ", ".join(
            f"else {self.write(value)}" if c == sympy.true else f"{self.write(value)} if {self._condition(c)}"
            for value, c in e.args
        )

    def _condition(self, c: Expression) -> str:
        """s1 <= 0; several joined by and, or."""
        if isinstance(c, sympy.And | sympy.Or):
            parts = sorted(map(self._condition, c.args))
            return (" and " if isinstance(c, sympy.And) else " or ").join(parts)
        if not c.is_Relational:
            return str(c)
        sign = "=" if c.rel_op == "==" else c.rel_op
        return f"{self.write(c.lhs)} {sign} {self.write(c.rhs)}"

    def _order(self, e: Expression) -> list[Place]:
        places = self._letters.places
        last = (len(places), 0)
        return sorted(places.get(letter, last) for letter in e.free_symbols)

    def _factor_order(self, e: Expression) -> tuple[bool, int, bool, list[Place]]:
        """By the first variable, in front of it what several letters share; functions last: t1 log(z1)."""
        order = self._order(e)
        return (
            e.is_Function and not e.is_Piecewise,
            order[0][0] if order else -1,
            not (e.is_Add and len(order) > 1),
            order,
        )


def written(e: Expression, letters: Letters) -> Word:
    """An expression in a terminal and in LaTeX."""
    text, latex = SlideNotation(TEXT, letters), SlideNotation(LATEX, letters)
    by_cases = e.is_Piecewise and not is_indicator(e)
    return Word(text.cases(e) if by_cases else text.write(e), latex.write(e))


def _is_negative(term: Expression) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _is_inverse(e: Expression) -> bool:
    """Whether it belongs below the bar of a ratio."""
    return bool(e.is_Pow and e.exp.is_Rational and e.exp < 0)
