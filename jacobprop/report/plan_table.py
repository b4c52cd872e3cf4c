"""A plan of a network's chain beside the pure orders, and one sentence on why it wins."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..jacobians import DenseJacobian, ScaledJacobian, Structure
from ..planning import AUTO_ATOMS, Order, Plan, PlanStep, plan_chain
from .notation import Notation
from .units import by, short


def factors_of(widths: Sequence[int], activation: str | None, cases: int, row: bool) -> list[Structure]:
    """The structures of J_a0^aN's factors, leftmost first, under the row of a scalar loss if it has one.

    With an activation each layer is diag(f') W^T, and W^T alone where f' = 1; without one it is dense.
    """

    def layer(o: int, n: int) -> Structure:
        if activation is None:
            return Structure(DenseJacobian, o, n, cases)
        rows = 0 if activation == "identity" else cases
        return Structure(ScaledJacobian, o, n, max(1, rows), rows=rows)

    layers = [layer(o, n) for n, o in itertools.pairwise(widths)]
    top = [Structure(DenseJacobian, 1, widths[-1], cases)] if row else []
    return top + layers[::-1]


@dataclass(frozen=True)
class PlanTable:
    """The plan of `order` for a chain of factors, beside the other orders."""

    atoms: tuple[Structure, ...]
    order: Order
    max_bytes: int | None
    row: bool
    notation: Notation

    @cached_property
    def plan(self) -> Plan:
        """What was asked for."""
        names = [self.symbol(i, i) for i in range(len(self.atoms))]
        return plan_chain(self.atoms, self.order, names, max_bytes=self.max_bytes)

    @cached_property
    def orders(self) -> dict[str, Plan]:
        """The best plan within the limit, where it was looked for, and each pure order without a limit."""
        found: dict[str, Plan] = {}
        if len(self.atoms) <= AUTO_ATOMS or self.order == "optimal":
            found["optimal"] = plan_chain(self.atoms, "optimal", max_bytes=self.max_bytes)
        return found | {
            "backward": plan_chain(self.atoms, "backward"),
            "forward": plan_chain(self.atoms, "forward"),
        }

    def ratio(self, order: str) -> float | None:
        """Multiply-adds of an order over those of the first one listed; None where that one is free."""
        first = next(iter(self.orders.values())).multiply_adds
        own = self.orders[order].multiply_adds
        return own / first if first else None if own else 1.0

    def too_large(self, plan: Plan) -> bool:
        """Whether a plan breaks the limit."""
        return self.max_bytes is not None and plan.nbytes > self.max_bytes

    # -- words ------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.atoms) - self.row

    def variable(self, place: int) -> str:
        """The variable between two atoms, counted from the left: L where there is a row, a4, a3, ..."""
        return "L" if self.row and place == 0 else f"a{self.depth - place + self.row}"

    def symbol(self, first: int, last: int) -> str:
        """The product of atoms first..last, such as J_a2^a4."""
        return self.notation.jacobian.format(self.variable(last + 1), self.variable(first))

    def product(self, step: PlanStep) -> str:
        """A step in symbols."""
        left, right = self.symbol(step.first, step.split), self.symbol(step.split + 1, step.last)
        return f"{left}{self.notation.dot}{right}{self.notation.arrow}{self.symbol(step.first, step.last)}"

    def shapes(self, step: PlanStep) -> list[tuple[int, int]]:
        """The shapes of left, right and product."""
        o, m, n = self.atoms[step.first].o, self.atoms[step.split].n, self.atoms[step.last].n
        return [(o, m), (m, n), (o, n)]

    @property
    def why(self) -> str:
        """Why the cheapest order is the cheapest: read off the plans, so true for any widths."""
        if len(self.atoms) < 3:
            return ("One factor: nothing is multiplied.", "Two factors: there is one order.")[
                len(self.atoms) - 1
            ]
        best = self.orders.get("optimal")
        if best is None:
            return f"More than {AUTO_ATOMS} factors: --order optimal searches every bracketing."
        if self._is_best("backward"):
            return self._backward + self._without_limit(best)
        if self._is_best("forward"):
            columns = _units(self.atoms[-1].n, "column")
            return f"Forward is optimal: its running product keeps the {columns} of the input." + (
                self._without_limit(best)
            )
        return self._meeting(best) + self._without_limit(best)

    def _is_best(self, order: str) -> bool:
        pure = self.orders[order]
        return pure.multiply_adds == self.orders["optimal"].multiply_adds and not self.too_large(pure)

    @property
    def _backward(self) -> str:
        if self.atoms[0].o == 1:
            return (
                "Backward is optimal: under a row it multiplies that row by one factor after the other. "
                "Planning does not speed up backpropagation."
            )
        rows = _units(self.atoms[0].o, "row")
        return f"Backward is optimal: its running product keeps the {rows} of the output."

    def _meeting(self, best: Plan) -> str:
        """Where the two sides of the last product meet, and what is multiplied before it."""
        last = best.steps[-1]
        m, widths = self.atoms[last.split].n, [self.atoms[0].o, *(atom.n for atom in self.atoms)]
        fewest = ", the fewest of all" if widths.count(m) == 1 and m == min(widths) else ""
        above, below = last.split > last.first, last.split + 1 < last.last
        one_side = f"the factors {'above' if above else 'below'} it are multiplied first"
        start = "both sides are multiplied down to it first" if above and below else one_side
        layer = self.variable(last.split + 1)[1:]
        largest = all(last.structure.numbers > step.structure.numbers for step in best.steps[:-1])
        shape = by((last.structure.o, last.structure.n), self.notation)
        end = f"the largest product, {shape}, comes last" if largest else "the product across it comes last"
        place = f"Layer {layer} has {_units(m, 'unit')}{fewest}"
        return f"{place}: {start}, and {end}."

    def _without_limit(self, best: Plan) -> str:
        """What the limit costs."""
        free = plan_chain(self.atoms, "optimal")
        if free.multiply_adds == best.multiply_adds:
            return ""
        adds, needs = short(free.multiply_adds), short(free.nbytes)
        return f" Without the limit {adds} multiply-adds would do, with an array of {needs} bytes."

    # -- data -------------------------------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """Everything, for json."""
        return {
            "order": self.order,
            "bracketing": self.plan.bracketing,
            **_totals(self.plan),
            "max_bytes": self.max_bytes,
            "factors": [
                {"symbol": name, "shape": [s.o, s.n], "structure": s.name}
                for name, s in zip(self.plan.names, self.atoms, strict=True)
            ],
            "steps": [self._step_data(step) for step in self.plan.steps],
            "orders": {
                name: _totals(plan) | {"ratio": self.ratio(name), "within_limit": not self.too_large(plan)}
                for name, plan in self.orders.items()
            },
            "why": self.why,
        }

    def _step_data(self, step: PlanStep) -> dict[str, Any]:
        return {
            "product": self.product(step),
            "shapes": [list(shape) for shape in self.shapes(step)],
            "structure": step.structure.name,
            "multiply_adds": step.multiply_adds,
        }


def _totals(plan: Plan) -> dict[str, Any]:
    return {"multiply_adds": plan.multiply_adds, "bytes": plan.nbytes, "peak_bytes": plan.peak_nbytes}


def _units(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
