"""A derivation is a document that runs: steps ``lhs = rhs`` with reasons, and an independent truth."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import sympy as sp

from .arrays import Layout
from .formula import Formula
from .letters import Definitions, derivative

Scope = Literal["fixed", "all sizes", "all depths"]


@dataclass(frozen=True)
class Step:
    """One equals sign."""

    lhs: Formula
    rhs: Formula
    reason: str


def chain(start: Formula, *links: tuple[str, Formula]) -> tuple[Step, ...]:
    """Steps that follow each other: start = first (reason) = second (reason) ..."""
    sides = [start, *(rhs for _, rhs in links)]
    return tuple(Step(lhs, rhs, reason) for lhs, (reason, rhs) in zip(sides, links, strict=False))


@dataclass(frozen=True)
class Wrong:
    """A plausible mistake in the conclusion, which the checker has to refute."""

    name: str
    formula: Formula


@dataclass(frozen=True)
class Printed(Wrong):
    """A mistake that one of the five notes prints: ``row`` of the errata, where, and its words.

    Where the words are a sentence and no formula, ``reading`` says which formula they are taken for.
    """

    row: str
    place: str
    words: str
    reading: str = ""


class Ground(Protocol):
    """What a conclusion has to equal, in independent letters, by another route than the steps."""

    @property
    def of(self) -> sp.Array | None:
        """What is differentiated, if it is a derivative."""

    @property
    def words(self) -> str:
        """What it is, after "the last line equals"."""

    def value(self, where: Definitions) -> sp.Array:
        """The array, every derivative in it taken."""


@dataclass(frozen=True)
class Truth:
    """The derivative of expressions written out in the independent letters: nothing but ``diff``."""

    of: sp.Array
    wrt: sp.Array
    layout: Layout = "numerator"
    words: str = "sympy's derivative of the explicit expression"

    def value(self, where: Definitions) -> sp.Array:
        return derivative(self.of, self.wrt, where, self.layout)


@dataclass(frozen=True)
class Explicit:
    """An explicit expression, for statements that are no derivatives, or in which ``diff`` was called."""

    array: sp.Array
    words: str = "the explicit expression"
    of: sp.Array | None = None

    def value(self, where: Definitions) -> sp.Array:
        return self.array


@dataclass(frozen=True)
class Derivation:
    """A statement, the steps that lead to it, the truth it has to equal, and the mistakes it has to expose.

    The first left side and the last right side are what is claimed to be equal; ``statement`` says it in one
    line, with indices i, j, k, for the table. ``lemmas`` are proved first: the base of an induction, whose
    step is the derivation itself, and instances of it that are written out in full.
    """

    id: str
    title: str
    statement: str
    rows: tuple[str, ...]
    sizes: str
    assumptions: tuple[str, ...]
    steps: tuple[Step, ...]
    truth: Ground
    wrong: tuple[Wrong, ...]
    where: Definitions = field(default_factory=dict)
    scope: Scope = "fixed"
    lemmas: tuple["Derivation", ...] = ()

    @property
    def conclusion(self) -> Formula:
        """The last right side."""
        return self.steps[-1].rhs

    @property
    def parts(self) -> tuple["Derivation", ...]:
        """The lemmas, with their own lemmas before them, and this."""
        return (*(part for lemma in self.lemmas for part in lemma.parts), self)

    @property
    def misprints(self) -> tuple[Printed, ...]:
        """What the notes print and this refutes, in the lemmas too."""
        return tuple(wrong for part in self.parts for wrong in part.wrong if isinstance(wrong, Printed))
