"""A derivation is a document that runs: steps ``lhs = rhs`` with reasons, and an independent truth."""

from dataclasses import dataclass, field

import sympy as sp

from .arrays import Layout, jacobian
from .formula import Formula
from .letters import Definitions


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
class Truth:
    """The derivative of expressions written out in the independent letters: nothing but ``diff``."""

    of: sp.Array
    wrt: sp.Array
    layout: Layout = "numerator"

    def value(self) -> sp.Array:
        return jacobian(self.of, self.wrt, self.layout)


@dataclass(frozen=True)
class Derivation:
    """A statement, the steps that lead to it, the truth it has to equal, and the mistakes it has to expose.

    The first left side and the last right side are what is claimed to be equal; ``statement`` says it in one
    line, with indices i, j, k, for the table.
    """

    id: str
    title: str
    statement: str
    rows: tuple[str, ...]
    sizes: str
    assumptions: tuple[str, ...]
    steps: tuple[Step, ...]
    truth: Truth
    wrong: tuple[Wrong, ...]
    where: Definitions = field(default_factory=dict)

    @property
    def conclusion(self) -> Formula:
        """The last right side."""
        return self.steps[-1].rhs
