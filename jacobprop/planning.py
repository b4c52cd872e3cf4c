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

from .arrays import whole_number
from .errors import ShapeError, UnknownNameError
from .jacobians import DenseJacobian, Structure, price

Order: TypeAlias = Literal["auto", "optimal", "backward", "forward"]
_WIDTHS = "Count the units of each layer, input first."
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

    def __repr__(self) -> str:
        return f"<Plan: {self.order}, {len(self.atoms)} factors, {self.multiply_adds:,} multiply-adds>"

    def __str__(self) -> str:
        width = max([len(self._product(step)) for step in self.steps], default=0)
        lines = [f"{self.order} order, {len(self.atoms)} factors, {self.multiply_adds:,} multiply-adds"]
        for number, step in enumerate(self.steps, 1):
            s = step.structure
            what = f"{s.o} x {s.n} {s.name}"
            lines.append(f"{number:>3}  {self._product(step):<{width}}  {what:<24} {step.multiply_adds:>14,}")
        return "\n".join(lines)

    def _product(self, step: PlanStep) -> str:
        return f"{self._name(step.first, step.split)} . {self._name(step.split + 1, step.last)}"


def check_order(order: object) -> None:
    """Refuse anything but the four orders."""
    if not isinstance(order, str) or order not in ORDERS:
        raise UnknownNameError(
            "unknown order",
            where="plan",
            got=repr(order),
            expected="one of " + ", ".join(ORDERS),
            remedy="Leave it out for the cheapest order.",
        )


def plan_chain(
    atoms: Sequence[Structure], order: Order = "auto", names: Sequence[str] = (), itemsize: int = 8
) -> Plan:
    """Plan the product of atoms whose neighbours fit together.

    Raises
    ------
    UnknownNameError
        `order` is not one of auto, optimal, backward, forward.
    """
    check_order(order)
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


class _Catalogue:
    """Structures as small integers, and each product of two of them priced once."""

    def __init__(self) -> None:
        self.structures: list[Structure] = []
        self._numbers: dict[Structure, int] = {}
        self._priced: dict[tuple[int, int], tuple[int, int]] = {}

    def number(self, structure: Structure) -> int:
        found = self._numbers.setdefault(structure, len(self.structures))
        if found == len(self.structures):
            self.structures.append(structure)
        return found

    def price(self, left: int, right: int) -> tuple[int, int]:
        """Multiply-adds of a product, and the number of its structure."""
        key = (left, right)
        if key not in self._priced:
            cost, structure = price(self.structures[left], self.structures[right])
            self._priced[key] = (cost, self.number(structure))
        return self._priced[key]


class _Best(NamedTuple):
    """The cheapest way found to a structure of a sub-chain: its total, last price and split."""

    total: int
    cost: int = 0
    split: int = -1
    left: int = -1
    right: int = -1


def _optimal(atoms: Sequence[Structure]) -> list[PlanStep]:
    """Dynamic programming; each sub-chain keeps the cheapest way to every structure it can have."""
    count, catalogue = len(atoms), _Catalogue()
    table: dict[tuple[int, int], dict[int, _Best]] = {
        (i, i): {catalogue.number(atom): _Best(0)} for i, atom in enumerate(atoms)
    }
    for length in range(2, count + 1):
        for i in range(count - length + 1):
            table[i, i + length - 1] = _best_ways(table, catalogue, i, i + length - 1)
    root = min(table[0, count - 1].items(), key=lambda item: item[1].total)[0]
    steps: list[PlanStep] = []
    pending = [(0, count - 1, root)]
    while pending:  # from the root down; reversed, every step comes after those it needs
        i, j, number = pending.pop()
        found = table[i, j][number]
        if i < j:
            steps.append(PlanStep(i, found.split, j, found.cost, catalogue.structures[number]))
            pending.append((i, found.split, found.left))
            pending.append((found.split + 1, j, found.right))
    return steps[::-1]


def _best_ways(
    table: dict[tuple[int, int], dict[int, _Best]], catalogue: _Catalogue, i: int, j: int
) -> dict[int, _Best]:
    """The cheapest way to each structure of atoms i..j; ties go to the backward order, which reads best."""
    best: dict[int, _Best] = {}
    for k in range(j - 1, i - 1, -1):
        rights = table[k + 1, j]
        for left, before in table[i, k].items():
            for right, after in rights.items():
                cost, number = catalogue.price(left, right)
                total = before.total + after.total + cost
                held = best.get(number)
                if held is None or total < held.total:
                    best[number] = _Best(total, cost, k, left, right)
    return best


def plan(widths: Sequence[int], order: Order = "auto") -> Plan:
    """Plan the chain of a network from its widths alone: input first, one case, dense factors.

    Examples
    --------
    >>> p = plan([512, 512, 8, 512, 512])
    >>> p.multiply_adds, plan([512, 512, 8, 512, 512], order="backward").multiply_adds
    (6291456, 138412032)
    """
    numbers = [whole_number(w, "a width", "plan", remedy=_WIDTHS) for w in widths]
    if len(numbers) < 2:
        raise ShapeError(
            "a plan needs at least two widths",
            where="plan",
            got=numbers,
            expected="widths such as [512, 8, 512], input first",
            remedy="Pass the number of units of every layer.",
        )
    pairs = list(zip(numbers[1:], numbers[:-1], strict=True))
    return plan_chain([Structure(DenseJacobian, o, n) for o, n in reversed(pairs)], order)
