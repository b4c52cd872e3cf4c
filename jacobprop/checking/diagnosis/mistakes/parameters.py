"""Mistakes where delta meets the activation: another layer's, stale ones, a bias summed wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....architecture import SUM, Edge, Node
from ....arrays import Array
from ..backprop import Backprop, Change, Mistake, replaced


def mistakes(backprop: Backprop, earlier: Sequence[Backprop] = ()) -> Iterator[Mistake]:
    """Every mistake in Y^T Delta and in the sum of Delta."""
    for edge in backprop.edges:
        if not edge.below.is_parameter:
            continue
        if backprop.dense(edge.above.layer) is None:
            yield from _gain(backprop, edge)
        else:
            yield from _other_delta(backprop, edge)
            if edge.below.letter == "W":
                yield from _other_activation(backprop, edge, earlier)
            else:
                yield from _bias(backprop, edge)


def _right(edge: Edge) -> str:
    number = edge.above.layer
    if edge.below.letter == "W":
        return f"take a{number - 1}^T delta_{number}"
    return f"add delta_{number} up over the cases"


def _other_activation(backprop: Backprop, edge: Edge, earlier: Sequence[Backprop]) -> Iterator[Mistake]:
    number = edge.above.layer
    below = next(
        found.below for found in backprop.architecture.operands(edge.above) if not found.below.is_parameter
    )
    y = backprop.values(below)

    def met(kind: str, says: str, values: Array, habit: str) -> Mistake:
        change = replaced(lambda rows: values.T @ rows[edge.above])
        return Mistake(kind, edge.below.name, says, _right(edge), {edge: change}, habit=habit)

    for other in range(backprop.depth + 1):
        theirs = backprop.values(Node("a", other))
        if other != below.layer and theirs.shape == y.shape:
            says = f"delta_{number} meets a{other} instead of a{below.layer}"
            yield met("off_by_one_layer", says, theirs, f"a{other - number}")
    if below.layer and backprop.architecture.has_sum(below.layer):
        z = backprop.values(Node(SUM, below.layer))
        says = f"delta_{number} meets the sum z{below.layer} instead of the activation a{below.layer}"
        yield met("sum_for_activation", says, z, "z")
    for text, shuffled in _shuffled(y):
        says = f"delta_{number} meets a{below.layer} with its cases {text}"
        yield met("stale_activation", says, shuffled, text)
    for past in earlier:
        if past.cases == backprop.cases:
            says = f"delta_{number} meets a{below.layer} of the earlier pass"
            yield met("stale_activation", says, past.values(below), "earlier")


def _shuffled(y: Array) -> Iterator[tuple[str, Array]]:
    """The cases in another order, or one for all of them."""
    yield "in reverse", y[::-1]
    yield "moved by one", np.roll(y, 1, axis=0)
    yield "moved by one", np.roll(y, -1, axis=0)
    yield "all replaced by the first", np.broadcast_to(y[:1], y.shape)
    yield "all replaced by the last", np.broadcast_to(y[-1:], y.shape)
    yield "all replaced by their mean", np.broadcast_to(y.mean(axis=0, keepdims=True), y.shape)


def _other_delta(backprop: Backprop, edge: Edge) -> Iterator[Mistake]:
    number, name = edge.above.layer, edge.below.name
    width = backprop.values(edge.above).shape
    for other in range(1, backprop.depth + 1):
        node = Node(SUM, other)
        if other == number or node not in backprop.rows or backprop.rows[node].shape != width:
            continue
        says = f"{name} is made of delta_{other} instead of delta_{number}"
        change = {edge: _from(backprop, edge, node)}
        for habit in (f"delta {other - number}", f"delta + {other + number}"):
            yield Mistake("off_by_one_layer", name, says, _right(edge), change, habit=habit)


def _from(backprop: Backprop, edge: Edge, node: Node) -> Change:
    """The crossing of an edge from another delta, the right one where the walk comes to it later."""
    return replaced(lambda rows: backprop.cross(edge, rows.get(node, backprop.rows[node])))


def _bias(backprop: Backprop, edge: Edge) -> Iterator[Mistake]:
    name, number = edge.below.name, edge.above.layer
    cases, units = backprop.values(edge.above).shape
    if cases == units:
        yield Mistake(
            "wrong_axis",
            name,
            f"{name} adds delta_{number} up over the units, not over the cases",
            _right(edge),
            {edge: replaced(lambda rows: rows[edge.above].sum(axis=1))},
        )
    yield Mistake(
        "broadcast_not_summed",
        name,
        f"{name} is one number for all units: delta_{number} is added up over the units too",
        _right(edge),
        {edge: replaced(lambda rows: np.full(units, rows[edge.above].sum()))},
    )


def _gain(backprop: Backprop, edge: Edge) -> Iterator[Mistake]:
    """A gain that meets something else than what it multiplies; its layer's delta without the gain."""
    number, name = edge.above.layer, edge.below.name
    width = backprop.values(edge.above).shape
    if backprop.parameter(edge.below).shape != width[1:]:
        return
    right = f"take dL/d{edge.above.name} times d{edge.above.name}/d{name}"
    for k in range(backprop.depth + 1):
        y = backprop.values(Node("a", k))
        if y.shape == width:
            says = f"the gradient of {name} meets a{k} instead of what {name} multiplies"
            yield Mistake("off_by_one_layer", name, says, right, {edge: _met_by_unit(edge, y)})
    gain = backprop.parameter(edge.below)
    down = [other for other in backprop.edges if other.above == edge.above and not other.below.is_parameter]
    for other in down if gain.all() else ():
        says, remedy = f"{name} is missing on the way down", f"multiply the delta by {name} first"
        yield Mistake(
            "missing_derivative", f"layer {number}", says, remedy, {other: _divided(backprop, other, gain)}
        )


def _met_by_unit(edge: Edge, y: Array) -> Change:
    return replaced(lambda rows: (rows[edge.above] * y).sum(axis=0))


def _divided(backprop: Backprop, edge: Edge, gain: Array) -> Change:
    return replaced(lambda rows: backprop.cross(edge, rows[edge.above] / gain))
