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

HARDLY = 5
"""Of an order that saves less than this many percent is said that it hardly matters."""
_OPPOSITE = {"backward": "forward", "forward": "backward"}
_SIDE = {True: "above", False: "below"}


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
        """Which order is the cheapest, and why if the widths say it plainly: true for any widths."""
        if len(self.atoms) < 3:
            return ("One factor: nothing is multiplied.", "Two factors: there is one order.")[
                len(self.atoms) - 1
            ]
        best = self.orders.get("optimal")
        if best is None:
            return f"More than {AUTO_ATOMS} factors: --order optimal searches every bracketing."
        pure = [order for order in _OPPOSITE if self._is_best(order)]
        if len(pure) == 2:
            within = "" if self.max_bytes is None else " within the limit"
            words = f"Backward and forward cost the same, and no order{within} costs less."
        else:
            words = self._pure(pure[0]) if pure else self._mixed(best)
        return words + self._without_limit(best)

    def _is_best(self, order: str) -> bool:
        pure = self.orders[order]
        return pure.multiply_adds == self.orders["optimal"].multiply_adds and not self.too_large(pure)

    def _pure(self, order: str) -> str:
        """Why one pure order wins: a reason only where its ends give one, else the price of the other."""
        saves = self._hardly_saves(_OPPOSITE[order])
        if saves:
            return f"Optimal: {order}. It {saves}"
        widths = self._widths
        kept, what = (widths[0], "row") if order == "backward" else (widths[-1], "column")
        if order == "backward" and kept == 1:
            return (
                "Optimal: backward. Under a row it multiplies that row by one factor after the other. "
                "Planning does not speed up backpropagation."
            )
        if kept == min(widths) and widths.count(kept) == 1:
            end = f"{_units(kept, what)} of the {'output' if what == 'row' else 'input'}"
            return f"Optimal: {order}. Its running product keeps the {end}; every other width is larger."
        return f"Optimal: {order}.{self._dearer(_OPPOSITE[order])}"

    def _mixed(self, best: Plan) -> str:
        """What comes first and last in an order that is not pure, and whether the narrowest layer is why."""
        allowed = [order for order in _OPPOSITE if not self.too_large(self.orders[order])]
        rival = min(allowed, key=lambda order: self.orders[order].multiply_adds, default=None)
        saves = self._hardly_saves(rival) if rival else ""
        if saves:
            return f"Optimal {saves}"
        *before, last = best.steps
        above, below = last.split > last.first, last.split + 1 < last.last
        side = "the factors on both sides of" if above and below else f"the factors {_SIDE[above]}"
        m, layer = self._widths[last.split + 1], self.variable(last.split + 1)[1:]
        if m > min(self._widths):
            end = "; the product across it comes last." + (self._dearer(rival) if rival else "")
            return f"Optimal: first {side} layer {layer}{end}"
        narrowest = "the narrowest" if self._widths.count(m) == 1 else "one of the narrowest"
        shape = by((last.structure.o, last.structure.n), self.notation)
        largest = last.structure.numbers > max([last.expanded, *(step.numbers for step in before)])
        end = f"the largest array, {shape}, comes last" if largest else "the product across it comes last"
        return f"Optimal: first {side} layer {layer}, {narrowest} with {_units(m, 'unit')}; {end}."

    @property
    def _widths(self) -> list[int]:
        return [self.atoms[0].o, *(atom.n for atom in self.atoms)]

    def _hardly_saves(self, order: str) -> str:
        """That the best is hardly cheaper than a pure order, where so and where that order may run."""
        pure = self.orders[order]
        if self.too_large(pure):
            return ""
        percent = 100 * (pure.multiply_adds - self.orders["optimal"].multiply_adds) // pure.multiply_adds + 1
        if percent > HARDLY:
            return ""
        return f"saves less than {percent} % of {order}'s multiply-adds: it hardly matters."

    def _dearer(self, order: str) -> str:
        ratio = self.ratio(order)
        if self.too_large(self.orders[order]):
            return f" {order.capitalize()} is above the limit."
        return f" {order.capitalize()} takes {ratio:.3g} times the multiply-adds." if ratio else ""

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
