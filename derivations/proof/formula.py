"""A formula is a tree that prints as the slide writes it and evaluates to an array of expressions.

Text and value come from the same tree, so what a reader sees is what was verified.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

import sympy as sp

from . import notation
from .arrays import Layout, Shape, dot, einsum, entries, filled, mapped, permuted
from .errors import FormulaError
from .letters import Definitions, derivative, take


class Formula(ABC):
    """One side of a step."""

    @abstractmethod
    def value(self, where: Definitions) -> sp.Array:
        """The array that the formula stands for, every derivative in it taken."""

    @abstractmethod
    def block(self) -> notation.Block:
        """The formula as lines of text."""

    def __str__(self) -> str:
        return "\n".join(self.block())

    def walk(self) -> Iterator["Formula"]:
        """This formula and every formula inside it."""
        yield self
        for part in fields(self):  # type: ignore[arg-type]  # every concrete formula is a dataclass
            inner = getattr(self, part.name)
            if isinstance(inner, Formula):
                yield from inner.walk()

    def written(self) -> Iterator[sp.Expr]:
        """The expressions that are written in it: the entries of its arrays, and its scalars."""
        for part in self.walk():
            if isinstance(part, Entries | Letter):
                yield from entries(part.array)
            if isinstance(part, Times):
                yield part.scalar


@dataclass(frozen=True)
class Entries(Formula):
    """An array written out entry by entry."""

    array: sp.Array

    def value(self, where: Definitions) -> sp.Array:
        return mapped(lambda entry: take(entry, where), self.array)

    def block(self) -> notation.Block:
        return notation.array(self.array)


def grid(shape: Shape, entry: Callable[..., sp.Expr]) -> Entries:
    """The formula that writes out A[i, j, ..] = entry(i, j, ..), counted from 0."""
    return Entries(filled(shape, entry))


def entry(expr: sp.Expr) -> Entries:
    """The formula that is one entry, for whatever values its indices have."""
    return Entries(sp.Array(expr))


@dataclass(frozen=True)
class Letter(Formula):
    """A capital letter for an array of small ones: X for [x1, x2, x3]."""

    name: str
    array: sp.Array

    def value(self, where: Definitions) -> sp.Array:
        return self.array

    def block(self) -> notation.Block:
        return [self.name]


@dataclass(frozen=True)
class Map(Formula):
    """f(A): a function applied to each entry."""

    name: str
    function: Callable[[sp.Expr], sp.Expr]
    operand: Formula

    def value(self, where: Definitions) -> sp.Array:
        return mapped(self.function, self.operand.value(where))

    def block(self) -> notation.Block:
        return [f"{self.name}({self.operand})"]


@dataclass(frozen=True)
class D(Formula):
    """The derivative of one array with respect to an array of letters.

    Numerator layout has the shape ``of + wrt``, denominator layout ``wrt + of``.
    ``symbol=True`` writes J_V^Y for dY/dV; the two are the same formula.
    """

    of: Formula
    wrt: Letter
    layout: Layout = "numerator"
    symbol: bool = field(default=False, compare=False)

    def value(self, where: Definitions) -> sp.Array:
        return derivative(self.of.value(where), self.wrt.array, where, self.layout)

    def block(self) -> notation.Block:
        if self.symbol:
            return [f"J_{self.wrt}^{self.of}"]
        return [f"∂{_bracketed(self.of, Dot, Plus)[0]}/∂{self.wrt}"]


@dataclass(frozen=True)
class Dot(Formula):
    """A . B as ``numpy.dot`` has it."""

    a: Formula
    b: Formula

    def value(self, where: Definitions) -> sp.Array:
        return dot(self.a.value(where), self.b.value(where))

    def block(self) -> notation.Block:
        left, right = _bracketed(self.a, Plus, Inner, Times), _bracketed(self.b, Plus, Dot, Inner, Times)
        return notation.beside(left, [" · "], right)


@dataclass(frozen=True)
class Inner(Formula):
    """A matrix times each inner vector of B: [.., o] = sum_k A[o, k] B[.., k], the slide's twist."""

    a: Formula
    b: Formula

    def value(self, where: Definitions) -> sp.Array:
        return dot(self.b.value(where), permuted(self.a.value(where), (1, 0)))

    def block(self) -> notation.Block:
        return notation.beside(_bracketed(self.a, Plus, Times), [" • "], _bracketed(self.b, Plus, Dot, Inner))


@dataclass(frozen=True)
class Transpose(Formula):
    """The axes of A in another order; for a matrix, its transpose."""

    a: Formula
    axes: Shape = (1, 0)

    def value(self, where: Definitions) -> sp.Array:
        return permuted(self.a.value(where), self.axes)

    def block(self) -> notation.Block:
        mark = ".T" if self.axes == (1, 0) else f".transpose{self.axes}"
        return notation.beside(_bracketed(self.a, D, Plus, Dot, Inner, Times), [mark.replace(" ", "")])


@dataclass(frozen=True)
class Einsum(Formula):
    """A sum over indices, written as ``numpy.einsum`` writes it."""

    subscripts: str
    a: Formula
    b: Formula

    def value(self, where: Definitions) -> sp.Array:
        return einsum(self.subscripts, self.a.value(where), self.b.value(where))

    def block(self) -> notation.Block:
        return notation.beside([f"einsum({self.subscripts}: "], self.a.block(), [", "], self.b.block(), [")"])


@dataclass(frozen=True)
class Times(Formula):
    """A scalar times an array."""

    scalar: sp.Expr
    a: Formula

    def value(self, where: Definitions) -> sp.Array:
        return mapped(lambda entry: take(self.scalar, where) * entry, self.a.value(where))

    def block(self) -> notation.Block:
        return notation.beside([f"{notation.text(self.scalar)} × "], _bracketed(self.a, Plus))


@dataclass(frozen=True)
class Plus(Formula):
    """A sum of two arrays of one shape."""

    a: Formula
    b: Formula

    def value(self, where: Definitions) -> sp.Array:
        left, right = self.a.value(where), self.b.value(where)
        if left.shape != right.shape:
            raise FormulaError(f"a sum of shapes {left.shape} and {right.shape}")
        return left + right

    def block(self) -> notation.Block:
        return notation.beside(self.a.block(), [" + "], self.b.block())


def _bracketed(formula: Formula, *kinds: type[Formula]) -> notation.Block:
    block = formula.block()
    if not isinstance(formula, kinds):
        return block
    if len(block) == 1:
        return [f"({block[0].replace(' · ', '·')})"]
    return [f"( {line} )" for line in block]
