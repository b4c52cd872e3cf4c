"""A plan: pure data that prints itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from ..jacobians import Structure

SHOWN_FIRST, SHOWN_LAST = 12, 4
"""Of a plan with more steps than these, the ones between are left out when it is printed."""


class PlanStep(NamedTuple):
    """Multiply the product of atoms first..split with that of split+1..last."""

    first: int
    split: int
    last: int
    multiply_adds: int
    structure: Structure
    expanded: int = 0  # numbers of the dense form of an operand that is made on the way

    @property
    def numbers(self) -> int:
        """How many numbers the largest array holds that the step makes."""
        return max(self.structure.numbers, self.expanded)


@dataclass(frozen=True, repr=False)
class Plan:
    """A bracketing of a chain with its price.

    Attributes
    ----------
    order : str
        How it was found.
    atoms : tuple of Structure
        What is multiplied, leftmost (nearest the loss) first.
    steps : tuple of PlanStep
        The products, each after those it needs.
    names : tuple of str
        What to call the atoms; J1, J2, ... by default.
    itemsize : int
        Bytes of one number.
    max_bytes : int or None
        The limit that it was asked to keep within.
    backward : int
        Multiply-adds of the backward order, for comparison.
    """

    order: str
    atoms: tuple[Structure, ...]
    steps: tuple[PlanStep, ...]
    names: tuple[str, ...] = ()
    itemsize: int = 8
    max_bytes: int | None = None
    backward: int = 0

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for the whole stack of cases."""
        return sum(step.multiply_adds for step in self.steps)

    @property
    def gain(self) -> float:
        """How many times fewer multiply-adds than backward: 1 where planning does not pay.

        Below 1 the order is dearer, as forward can be; infinite if it is free and backward is not.
        """
        if self.multiply_adds == self.backward:
            return 1.0
        return self.backward / self.multiply_adds if self.multiply_adds else math.inf

    @property
    def nbytes(self) -> int:
        """Bytes of the largest array that a step makes: its product, or an operand made dense for it.

        This is what `max_bytes` bounds. The atoms themselves do not count, nor does what a product
        needs while it runs and drops at once, such as a scaled copy of an operand.
        """
        return max((step.numbers for step in self.steps), default=0) * self.itemsize

    @property
    def peak_nbytes(self) -> int:
        """Bytes of all products alive at once, at the worst step, with an operand made dense for it.

        An upper bound of what the run holds beside the atoms: parts that a product shares with its
        operands (a matrix of all cases, the y of a weight) count in each.
        """
        alive: dict[tuple[int, int], int] = {}
        peak = 0
        for step in self.steps:
            own = step.structure.numbers
            peak = max(peak, sum(alive.values()) + own + step.expanded)
            for operand in ((step.first, step.split), (step.split + 1, step.last)):
                alive.pop(operand, None)  # an atom is not ours to free
            alive[step.first, step.last] = own
        return peak * self.itemsize

    @property
    def bracketing(self) -> str:
        """The order as a formula, such as ``(J1 (J2 J3))``."""
        parts: dict[tuple[int, int], str] = {(i, i): self._name(i) for i in range(len(self.atoms))}
        for step in self.steps:
            left, right = parts[step.first, step.split], parts[step.split + 1, step.last]
            parts[step.first, step.last] = f"({left} {right})"
        return parts[0, len(self.atoms) - 1]

    def _name(self, first: int, last: int | None = None) -> str:
        names = self.names or [f"J{number}" for number in range(1, len(self.atoms) + 1)]
        return names[first] if last in (None, first) else f"{names[first]}..{names[last]}"

    def __repr__(self) -> str:
        return f"<Plan: {self.order}, {len(self.atoms)} factors, {self.multiply_adds:,} multiply-adds>"

    def __str__(self) -> str:
        shown, left_out = abridged(self.steps)
        width = max([len(self._product(step)) for _, step in shown], default=0)
        within = "" if self.max_bytes is None else f", at most {self.max_bytes:,} bytes an array"
        head = f"{self.order} order, {len(self.atoms)} factors, {self.multiply_adds:,} multiply-adds"
        lines = [head + within]
        for number, step in shown:
            s = step.structure
            what = f"{s.o} x {s.n} {s.name}"
            lines.append(f"{number:>3}  {self._product(step):<{width}}  {what:<24} {step.multiply_adds:>14,}")
        if left_out:
            lines.insert(1 + SHOWN_FIRST, f"     ... {left_out} products more ...")
        return "\n".join(lines)

    def _product(self, step: PlanStep) -> str:
        return f"{self._name(step.first, step.split)} . {self._name(step.split + 1, step.last)}"


def abridged(steps: tuple[PlanStep, ...]) -> tuple[list[tuple[int, PlanStep]], int]:
    """The steps to show with their numbers, and how many are left out after the first `SHOWN_FIRST`."""
    numbered = list(enumerate(steps, 1))
    left_out = len(numbered) - SHOWN_FIRST - SHOWN_LAST
    if left_out <= 1:
        return numbered, 0
    return numbered[:SHOWN_FIRST] + numbered[-SHOWN_LAST:], left_out
