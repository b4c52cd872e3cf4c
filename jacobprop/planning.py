"""In which order to multiply a chain: a plan is pure data, made from structures alone.

The atoms of a chain are numbered from the left, the side of the loss. "backward" multiplies from the
left (reverse accumulation), "forward" from the right, "optimal" is the cheapest bracketing found by
dynamic programming over (cost, structure) of every sub-chain, and "auto" is optimal for up to
`AUTO_ATOMS` atoms and backward beyond.

With a row on top and every width at least 2, backward is optimal: planning does not speed up the
gradient of a scalar loss. It pays for matrix-valued tops and bottlenecks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from .errors import ShapeError, UnknownNameError
from .jacobians import DenseJacobian, Structure, price

Order: TypeAlias = Literal["auto", "optimal", "backward", "forward"]
ORDERS: tuple[Order, ...] = ("auto", "optimal", "backward", "forward")
AUTO_ATOMS = 200
"""The longest chain that "auto" plans optimally."""


class PlanStep(NamedTuple):
    """Multiply the product of atoms first..split with that of split+1..last."""

    first: int
    split: int
    last: int
    multiply_adds: int
    structure: Structure


@dataclass(frozen=True)
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
    """

    order: str
    atoms: tuple[Structure, ...]
    steps: tuple[PlanStep, ...]
    names: tuple[str, ...] = ()
    itemsize: int = 8

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for the whole stack of cases."""
        return sum(step.multiply_adds for step in self.steps)

    @property
    def nbytes(self) -> int:
        """Bytes that the largest product stores."""
        return max((step.structure.numbers for step in self.steps), default=0) * self.itemsize

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

    def __str__(self) -> str:
        width = max([len(self._product(step)) for step in self.steps], default=0)
        lines = [f"{self.order} order, {len(self.atoms)} factors, {self.multiply_adds:,} multiply-adds"]
        for number, step in enumerate(self.steps, 1):
            s = step.structure
            what = f"{s.o} x {s.n} {s.kind.structure_name}"
            lines.append(f"{number:>3}  {self._product(step):<{width}}  {what:<24} {step.multiply_adds:>14,}")
        return "\n".join(lines)

    def _product(self, step: PlanStep) -> str:
        return f"{self._name(step.first, step.split)} . {self._name(step.split + 1, step.last)}"


def plan_chain(
    atoms: Sequence[Structure], order: Order = "auto", names: Sequence[str] = (), itemsize: int = 8
) -> Plan:
    """Plan the product of atoms whose neighbours fit together.

    Raises
    ------
    UnknownNameError
        `order` is not one of auto, optimal, backward, forward.
    """
    if order not in ORDERS:
        raise UnknownNameError(
            "unknown order",
            where="plan",
            got=repr(order),
            expected="one of " + ", ".join(ORDERS),
            remedy="Leave it out for the cheapest order.",
        )
    atoms = tuple(atoms)
    optimal = order == "optimal" or (order == "auto" and len(atoms) <= AUTO_ATOMS)
    if optimal and len(atoms) > 2:
        steps = _optimal(atoms)
    elif order == "forward":
        steps = list(_fold_right(atoms))
    else:
        steps = list(_fold_left(atoms))
    return Plan(order, atoms, tuple(steps), tuple(names), itemsize)


def _fold_left(atoms: Sequence[Structure]) -> Iterator[PlanStep]:
    running = atoms[0]
    for i, atom in enumerate(atoms[1:]):
        cost, running = price(running, atom)
        yield PlanStep(0, i, i + 1, cost, running)


def _fold_right(atoms: Sequence[Structure]) -> Iterator[PlanStep]:
    running, last = atoms[-1], len(atoms) - 1
    for i in range(last - 1, -1, -1):
        cost, running = price(atoms[i], running)
        yield PlanStep(i, i, last, cost, running)


class _Best(NamedTuple):
    """The cheapest way found to a structure of a sub-chain."""

    total: int
    step: PlanStep | None
    left: Structure | None
    right: Structure | None


def _optimal(atoms: Sequence[Structure]) -> list[PlanStep]:
    """Dynamic programming; each sub-chain keeps the cheapest way to every structure it can have."""
    count = len(atoms)
    table: dict[tuple[int, int], dict[Structure, _Best]] = {
        (i, i): {atom: _Best(0, None, None, None)} for i, atom in enumerate(atoms)
    }
    for length in range(2, count + 1):
        for i in range(count - length + 1):
            j = i + length - 1
            best: dict[Structure, _Best] = {}
            for k in range(j - 1, i - 1, -1):  # ties go to the backward order, which reads best
                for left, before in table[i, k].items():
                    for right, after in table[k + 1, j].items():
                        cost, structure = price(left, right)
                        total = before.total + after.total + cost
                        held = best.get(structure)
                        if held is None or total < held.total:
                            step = PlanStep(i, k, j, cost, structure)
                            best[structure] = _Best(total, step, left, right)
            table[i, j] = best
    root = min(table[0, count - 1].items(), key=lambda item: item[1].total)[0]
    steps: list[PlanStep] = []
    pending = [(0, count - 1, root)]
    while pending:  # from the root down; reversed, every step comes after those it needs
        i, j, structure = pending.pop()
        found = table[i, j][structure]
        if found.step is None or found.left is None or found.right is None:
            continue
        steps.append(found.step)
        pending.append((i, found.step.split, found.left))
        pending.append((found.step.split + 1, j, found.right))
    return steps[::-1]


def plan(widths: Sequence[int], order: Order = "auto") -> Plan:
    """Plan the chain of a network from its widths alone: input first, one case, dense factors.

    Examples
    --------
    >>> p = plan([512, 512, 8, 512, 512])
    >>> p.multiply_adds, plan([512, 512, 8, 512, 512], order="backward").multiply_adds
    (6291456, 138412032)
    """
    if len(widths) < 2 or any(isinstance(w, bool) or not isinstance(w, int) or w < 1 for w in widths):
        raise ShapeError(
            "a plan needs at least two positive widths",
            where="plan",
            got=list(widths),
            expected="integers such as [512, 8, 512], input first",
            remedy="Pass the number of units of every layer.",
        )
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return plan_chain([Structure(DenseJacobian, o, n) for o, n in reversed(pairs)], order)
