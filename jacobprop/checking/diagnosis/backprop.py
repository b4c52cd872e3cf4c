"""The backward pass of a record on plain rows, every crossing of which a mistake may replace.

Index legend: c cases, m units above a crossing, n below it. Everything is float64 and a stack of cases,
so that neither the dtype of a record nor a single case is a special matter for a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from ...architecture import LOSS, SUM, Edge, Node
from ...arrays import Array
from ...jacobians import BlockDiagonalJacobian, IdentityJacobian, Jacobian, StackedJacobian
from ...jacobians.identity import unit
from ...layers import Dense
from ...network import forward_pass
from ...record import Record

Gradients: TypeAlias = dict[str, Array]
Rows: TypeAlias = Mapping[Node, Array]
"""delta of every variable that the walk has passed, (c, m): dL/d(variable), weighed as the loss says."""

Crossing: TypeAlias = Callable[[Rows], Array]
"""From the rows so far to the rows below an edge (c, n), or to a parameter's gradient."""

Change: TypeAlias = Callable[[Crossing], Crossing]
Place: TypeAlias = Edge | str
"""An edge of the architecture, TOP, or the name of a finished gradient."""

Changes: TypeAlias = Mapping[Any, Change]
"""By place: a mapping is not covariant in its keys."""

TOP = "the loss"


@dataclass(frozen=True, eq=False)
class Mistake:
    """One thing done wrong in a backward pass.

    Attributes
    ----------
    kind : str
        Its kind, as `diagnose` returns it.
    place : str
        The layer or the parameter.
    says : str
        What is wrong, as a clause.
    remedy : str
        The corrected expression, as an imperative clause.
    changes : mapping
        What it makes of the crossings.
    instead : Backprop, optional
        Another forward pass that it computes with.
    habit : str
        The same for the same mistake in another layer, which one loop makes in all of them.
    """

    kind: str
    place: str
    says: str
    remedy: str
    changes: Changes = field(default_factory=dict)
    instead: Backprop | None = None
    habit: str = ""


class Backprop:
    """dL/d(parameter) by one walk down, right or with mistakes.

    Attributes
    ----------
    record : Record
        The pass in float64, a stack of cases.
    weight : float
        What each case's loss counts.
    """

    def __init__(self, record: Record, parameters: Sequence[Mapping[str, Array]] | None = None) -> None:
        self.record = _in_double(record, record.parameters if parameters is None else parameters)
        self.architecture = self.record.architecture
        self.cases = len(self.record.output)
        self.weight = float(record.weight) / (self.cases if self._mean_of_coupled else 1)
        self._crossed: dict[Edge, Array] = {}

    @property
    def depth(self) -> int:
        """The number of layers."""
        return self.architecture.depth

    @cached_property
    def top(self) -> Node:
        """Where the walk starts: the last activations, or the sum below a fused gate."""
        return Node(SUM if self.architecture.fused else "a", self.depth)

    @cached_property
    def loss_rows(self) -> Array:
        """dL/d(top), (c, m), weighed."""
        rows = self.record.jacobian("L", self.top.name).matrix()
        return rows.reshape(self.cases, -1) * (1.0 if self.record.coupled else self.weight)

    @property
    def _mean_of_coupled(self) -> bool:
        """Whether L is the mean over cases of one batch, for which the record counts 1."""
        loss = self.architecture.loss
        return self.record.coupled and loss is not None and loss.reduction == "mean"

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge that the walk crosses, from the loss down."""
        below_top = (node for node in self.architecture.way_to_parameters if node[0] != LOSS)
        gate = Node("a", self.depth)
        return tuple(
            edge
            for node, edges in below_top
            for edge in edges
            if not (self.architecture.fused and node == gate)
        )

    @cached_property
    def names(self) -> dict[str, Node]:
        """The parameters in the order of the walk: the loss's neighbours first."""
        return {edge.below.name: edge.below for edge in self.edges if edge.below.is_parameter}

    @cached_property
    def right(self) -> Gradients:
        """The gradients without a mistake."""
        return self.gradients()

    @cached_property
    def rows(self) -> Rows:
        """Every delta of the right pass."""
        return self._walk({})[0]

    def values(self, node: Node) -> Array:
        """a_l or z_l, (c, m)."""
        found = self.record.sum(node.layer) if node.letter == SUM else self.record.activation(node.layer)
        return np.asarray(found)

    def jacobian(self, edge: Edge) -> Jacobian:
        """The Jacobian of one edge: that of each case, unless it couples them."""
        J = self.record._edge(edge)
        if isinstance(J, StackedJacobian) or (isinstance(J, BlockDiagonalJacobian) and J.axis == 0):
            return J.inner
        if isinstance(J, IdentityJacobian) and J.cases is None:
            return unit(J.in_shape[1:], self.cases, J.dtype)
        return J

    def parameter(self, node: Node) -> Array:
        """W_l, b_l, ..."""
        return self.record.layer(node.layer).parameters[node.letter]

    def dense(self, layer: int) -> Dense | None:
        """A layer of weights with an elementwise activation, else None."""
        found = self.architecture.layers[layer - 1]
        return found if type(found) is Dense else None

    def nearest(self, names: Sequence[str]) -> list[str]:
        """Those of these gradients that belong to the layer nearest to the loss."""
        ordered = [name for name in self.names if name in names]
        return [name for name in ordered if self.names[name].layer == self.names[ordered[0]].layer]

    def cross(self, edge: Edge, rows: Array) -> Array:
        """rows . J: (c, n), or summed over the cases in the parameter's shape."""
        J = self.jacobian(edge)
        if J.cases is None:  # of the whole batch
            return J.pull(rows)
        if not edge.below.is_parameter:
            return J._pull(rows[:, None, :])[:, 0, :]
        return J._pull_sum(rows[:, None, :]).reshape(J.in_shape)

    def gradients(self, mistakes: Sequence[Mistake] = ()) -> Gradients:
        """The gradients, with these mistakes made, the first nearest to the right code."""
        for mistake in mistakes:
            if mistake.instead is not None:
                others = [m for m in mistakes if m is not mistake]
                return mistake.instead.gradients(others)
        changes: dict[Place, list[Change]] = {}
        for mistake in mistakes:
            for place, change in mistake.changes.items():
                changes.setdefault(place, []).append(change)
        return self._walk(changes)[1]

    def _walk(self, changes: Mapping[Place, Sequence[Change]]) -> tuple[dict[Node, Array], Gradients]:
        """Every delta and gradient; what no change has reached is not computed again."""
        rows: dict[Node, Array] = {}
        rows[self.top] = _changed(_held(self.loss_rows), changes.get(TOP, ()))(rows)
        reached = {self.top} if TOP in changes else set()
        found: Gradients = {}
        for edge in self.edges:
            if edge.above not in rows:
                continue
            if edge.above in reached or edge in changes or edge not in self._crossed:
                arrived = _changed(self._crossing(edge), changes.get(edge, ()))(rows)
                reached.add(edge.below)
            else:
                arrived = self._crossed[edge]
            if not changes:
                self._crossed[edge] = arrived
            if edge.below.is_parameter:
                found[edge.below.name] = _changed(_held(arrived), changes.get(edge.below.name, ()))(rows)
            else:
                rows[edge.below] = rows[edge.below] + arrived if edge.below in rows else arrived
        return rows, found

    def reaches(self, mistake: Mistake) -> frozenset[str]:
        """The gradients that a mistake can spoil."""
        if mistake.instead is not None or TOP in mistake.changes:
            return frozenset(self.names)
        below = {node for place in mistake.changes if isinstance(place, Edge) for node in [place.below]}
        for edge in self.edges:
            if edge.above in below:
                below.add(edge.below)
        spoiled = {node.name for node in below if node.is_parameter}
        return frozenset(spoiled | {place for place in mistake.changes if isinstance(place, str)})

    def _crossing(self, edge: Edge) -> Crossing:
        return lambda rows: self.cross(edge, rows[edge.above])

    def with_kinks(
        self, at_kink: Literal["left", "right", "middle"], margins: Mapping[Node, Array]
    ) -> Gradients | None:
        """The gradients with f' from one side wherever a sum lies on a corner, within a margin; else None."""
        changes: dict[Place, list[Change]] = {}
        for edge in self.edges:
            dense = self.dense(edge.above.layer) if edge.operand == SUM else None
            for corner in () if dense is None else dense.activation.corners:
                there = np.abs(self.values(edge.below) - corner.point) <= margins[edge.below]
                if there.any():
                    slope = np.where(there, corner.derivative(at_kink), self.slope(edge))
                    changes[edge] = [sloped(edge, slope)]
        return self._walk(changes)[1] if changes else None

    def slope(self, edge: Edge) -> Array:
        """f'(z) of a dense layer, (c, m); `edge` leads across f."""
        dense = self.dense(edge.above.layer)
        assert dense is not None, "only a dense layer has an elementwise f"
        return dense.activation.derivative(self.values(edge.below))

    def evidence(self, place: Place) -> int:
        """How many numbers a mistake there can change: one free number explains one of them anyway."""
        if isinstance(place, str) and place != TOP:
            return int(np.count_nonzero(self.right[place]))
        node = self.top if isinstance(place, str) else place.below
        sum_below = Node(SUM, node.layer)  # behind f', where dead units are gone
        return int(np.count_nonzero(self.rows.get(sum_below, self.rows[node])))


def places(backprop: Backprop) -> list[tuple[Place, list[str]]]:
    """Where something may come in, with the gradients below: the loss, each crossing, each gradient."""
    names = list(backprop.names)
    found: list[tuple[Place, list[str]]] = [(TOP, names)]
    for edge in backprop.edges:
        below = [name for name, node in backprop.names.items() if node.layer <= edge.below.layer]
        if not edge.below.is_parameter and len(below) < len(names):
            found.append((edge, below))
    return found + [(name, [name]) for name in names if len(names) > 1]


def replaced(wrong: Crossing) -> Change:
    """Something else in the place of a crossing."""
    return lambda crossing: wrong


def then(function: Callable[[Array], Array]) -> Change:
    """A function of what the crossing yields."""
    return lambda crossing: lambda rows: function(crossing(rows))


def sloped(edge: Edge, slope: Array) -> Change:
    """Something else in the place of f', times which delta crosses an edge."""
    return replaced(lambda rows: rows[edge.above] * slope)


def times(factor: Array | float) -> Change:
    """What the crossing yields, times a factor."""
    return then(lambda array: np.asarray(array * factor))


def _held(array: Array) -> Crossing:
    """What a walk has already, whatever the rows."""
    return lambda rows: array


def held(array: Array) -> Change:
    """A fixed array in the place of what the crossing yields."""
    return replaced(_held(array))


def _changed(crossing: Crossing, changes: Sequence[Change]) -> Crossing:
    for change in changes:
        crossing = change(crossing)
    return crossing


def _in_double(record: Record, parameters: Sequence[Mapping[str, Array]]) -> Record:
    """The same pass in float64, a single case as a stack of one, perhaps with other parameters."""
    architecture = record.architecture
    X = np.atleast_2d(record.activation(0)).astype(np.float64)
    params = tuple({slot: a.astype(np.float64) for slot, a in own.items()} for own in parameters)
    widths = [record.activation(number).shape[-1] for number in range(architecture.depth + 1)]
    stacked, caches = forward_pass(architecture, widths, X, params)
    target = None if record.target is None else np.atleast_2d(record.target).astype(np.float64)
    return Record(architecture, params, tuple(stacked), tuple(caches), target)
