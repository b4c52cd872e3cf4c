"""The shape of a Jacobian without its numbers: all that a planner needs.

``times`` counts stored copies: 1 for a matrix that all cases share (or for a single case), else
the number of cases. Costs are multiply-adds for the whole stack; copying and transposing are free.

Index legend: o rows (out), n columns (in), k columns or rows of the block it meets, r rank.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Structure(NamedTuple):
    """What a Jacobian of class `kind` looks like to a planner."""

    kind: Any  # the Jacobian class
    o: int
    n: int
    times: int = 1
    rank: int = 0  # r of U V^T beside a diagonal
    exact: int = 0  # 1 if a diagonal computed without cancellation travels along
    rows: int = 0  # copies of the row scales, 0 if there are none
    columns: int = 0  # copies of the column scales, 0 if there are none
    inner: Structure | None = None  # the left factor of left (x) y, or what a wrapper wraps
    y_times: int = 1  # copies of the y of left (x) y
    axis: int = 0  # where the blocks of a block diagonal stand among its axes: 0 or -1

    @property
    def name(self) -> str:
        """The structure in words, with its rank as a number."""
        return str(self.kind.describe(self))

    @property
    def wrapped(self) -> Structure:
        """The structure inside: every weight, transposed and stacked Jacobian has one."""
        assert self.inner is not None
        return self.inner

    @property
    def flipped(self) -> Structure:
        """The structure of the transposed map, where transposing keeps the class."""
        return self._replace(o=self.n, n=self.o, rows=self.columns, columns=self.rows)

    @property
    def numbers(self) -> int:
        """How many numbers are stored, shared ones once."""
        return int(self.kind.stored_numbers(self))

    @property
    def dense_numbers(self) -> int:
        """How many numbers the dense matrix holds, one copy where all cases share it."""
        return int(self.kind.expand_cost(self).times) * self.o * self.n


class Cost(NamedTuple):
    """Multiply-adds of a step, and how many copies its dense result has."""

    multiply_adds: int
    times: int


class Priced(NamedTuple):
    """The multiply-adds of a product for all cases, its structure, and what is made on the way."""

    multiply_adds: int
    structure: Structure
    expanded: int = 0  # numbers of the largest dense form of an operand that the rule makes
