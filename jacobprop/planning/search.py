"""The cheapest bracketing, by dynamic programming over sub-chains.

A way to multiply a sub-chain is a point (cost, structure): type, rank, copies, scales. The Pareto set of
these points has one member, the cheapest, because no order changes the structure: (A B) C and A (B C)
have the same one, for every triple of structures (a test tries them all). So each sub-chain i..j has
one structure, known beforehand, and

    cost[i, j] = min over k of cost[i, k] + cost[k+1, j] + price(i..k times k+1..j)

A split whose parts alone cost more than the best way so far is not priced: no price is negative.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence

from ..jacobians import DenseJacobian, Structure, price
from ..jacobians.structure import Priced
from .bracketing import PlanStep


def fold_left(atoms: Sequence[Structure]) -> Iterator[PlanStep]:
    """Backward: the running product takes one factor at a time from the left."""
    running = atoms[0]
    for i, atom in enumerate(atoms[1:]):
        cost, running, expanded = price(running, atom)
        yield PlanStep(0, i, i + 1, cost, running, expanded)


def fold_right(atoms: Sequence[Structure]) -> Iterator[PlanStep]:
    """Forward: the running product takes one factor at a time from the right."""
    running, last = atoms[-1], len(atoms) - 1
    for i in range(last - 1, -1, -1):
        cost, running, expanded = price(atoms[i], running)
        yield PlanStep(i, i, last, cost, running, expanded)


def cheapest(atoms: Sequence[Structure], most: float = math.inf) -> list[PlanStep]:
    """The steps with the fewest multiply-adds of which none makes more than `most` numbers.

    Empty where no way keeps within the limit. Ties go to the backward order, which reads best.
    """
    chain = _SubChains(atoms, most)
    count = len(atoms)
    costs: list[list[float]] = [[0] for _ in atoms]  # costs[i][j - i]; an int, or infinite: no way
    splits: dict[tuple[int, int], int] = {}
    for j in range(count):
        below: list[float] = [0]  # cost[k+1, j] for k = j-1, j-2, ...
        for i in range(j - 1, -1, -1):
            parts = list(map(operator.add, reversed(costs[i]), below))
            cost, splits[i, j] = chain.best_split(i, j, parts)
            costs[i].append(cost)
            below.append(cost)
    return [] if math.isinf(costs[0][-1]) else chain.steps(splits)


def smallest_limit(atoms: Sequence[Structure]) -> int:
    """The least `most` with which `cheapest` finds a way: the same recurrence, with max in place of +."""
    chain = _SubChains(atoms, math.inf)
    count = len(atoms)
    least = {(i, i): 0 for i in range(count)}
    for j in range(count):
        for i in range(j - 1, -1, -1):
            ways = (max(least[i, k], least[k + 1, j], chain.price(i, k, j).expanded) for k in range(i, j))
            least[i, j] = max(chain.rows[i][j - i].numbers, min(ways))
    return least[0, count - 1]


class _SubChains:
    """The structure of every sub-chain, and the price of splitting it.

    Of n atoms there are about n^3 / 6 splits to weigh; hence equal structures are one object, by whose
    identity prices are kept: to hash a structure takes longer than the rest of a split.
    """

    def __init__(self, atoms: Sequence[Structure], most: float) -> None:
        self.most = most
        self._one: dict[Structure, Structure] = {}
        self._priced: dict[tuple[int, int], Priced] = {}
        self._units: dict[tuple[int, int], int] = {}
        self.rows = [[self._one.setdefault(atom, atom)] for atom in atoms]  # rows[i][j - i] is that of i..j
        for i, row in enumerate(self.rows):
            for atom, *_ in self.rows[i + 1 :]:
                row.append(self._price(row[-1], atom).structure)
        self.columns = [[self.rows[k][j - k] for k in range(j, -1, -1)] for j in range(len(atoms))]

    def _price(self, left: Structure, right: Structure) -> Priced:
        """The price of a product of two structures of the table, once."""
        pair = (id(left), id(right))
        found = self._priced.get(pair)
        if found is None:
            found = price(left, right)
            found = found._replace(structure=self._one.setdefault(found.structure, found.structure))
            self._priced[pair] = found
        return found

    def price(self, i: int, k: int, j: int) -> Priced:
        """The product of atoms i..k with atoms k+1..j."""
        return self._price(self.rows[i][k - i], self.rows[k + 1][j - k - 1])

    def _multiply_adds(self, left: Structure, right: Structure) -> float:
        """The price of a product; infinite if it makes an operand dense above the limit."""
        if left.kind is DenseJacobian and right.kind is DenseJacobian:
            # the one pair that keeps coming with new sizes: its price is proportional to each of the three
            return self._unit(left.times, right.times) * left.o * left.n * right.n
        priced = self._price(left, right)
        return priced.multiply_adds if priced.expanded <= self.most else math.inf

    def _unit(self, left: int, right: int) -> int:
        """The multiply-adds of 1 x 1 times 1 x 1 in so many copies."""
        copies = (left, right)
        if copies not in self._units:
            one, other = (Structure(DenseJacobian, 1, 1, times) for times in copies)
            self._units[copies] = price(one, other).multiply_adds
        return self._units[copies]

    def best_split(self, i: int, j: int, parts: list[float]) -> tuple[float, int]:
        """The least cost of atoms i..j, and where to split; infinite where there is no way.

        `parts` are the costs of the two sides together, for the splits j-1, j-2, ..., i.
        """
        if self.rows[i][j - i].numbers > self.most:
            return math.inf, -1
        lefts, rights = self.rows[i][j - i - 1 :: -1], self.columns[j]
        lowest = min(parts)
        at = parts.index(lowest)
        best = lowest + self._multiply_adds(lefts[at], rights[at])
        for s in [s for s, part in enumerate(parts) if part <= best]:
            if parts[s] <= best:
                cost = parts[s] + self._multiply_adds(lefts[s], rights[s])
                if cost < best or (cost == best and s < at):
                    best, at = cost, s
        return best, j - 1 - at

    def steps(self, splits: dict[tuple[int, int], int]) -> list[PlanStep]:
        """The products of the best bracketing, each after those it needs."""
        steps: list[PlanStep] = []
        pending = [(0, len(self.rows) - 1)]
        while pending:  # from the root down, so that reversed every step comes after those it needs
            i, j = pending.pop()
            if i < j:
                k = splits[i, j]
                steps.append(PlanStep(i, k, j, *self.price(i, k, j)))
                pending += [(i, k), (k + 1, j)]
        return steps[::-1]
