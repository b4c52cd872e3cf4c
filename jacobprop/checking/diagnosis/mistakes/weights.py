"""Mistakes on the way down across W: its transpose, another layer's, the updated one, a branch left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ....architecture import SUM, Edge, Node
from ....arrays import Array
from ..backprop import Backprop, Crossing, Gradients, Mistake, replaced, times
from .fitting import coefficient, more


def mistakes(backprop: Backprop) -> Iterator[Mistake]:
    """What does not depend on the candidate."""
    for edge in _downward(backprop):
        yield from _other_matrix(backprop, edge)
    for edge in backprop.edges:
        beside = [
            other for other in backprop.edges if other.above == edge.above and not other.below.is_parameter
        ]
        uses = [other for other in backprop.edges if other.below == edge.below]
        if not edge.below.is_parameter and max(len(beside), len(uses)) > 1:
            yield from _branch(edge)


def fitted(backprop: Backprop, candidate: Gradients, given: Sequence[Mistake]) -> Iterator[Mistake]:
    """The weights were updated before the delta was passed back, by a rate that the candidate shows."""
    steps = {edge: f"W{edge.above.layer}" for edge in _downward(backprop)}
    taken = {edge: _batch(edge, candidate[name]) for edge, name in steps.items() if name in candidate}
    for edges in [[edge] for edge in taken] + ([list(taken)] if len(taken) > 1 else []):
        terms = {edge: taken[edge] for edge in edges}
        yield from _updated(backprop, candidate, given, terms, "")
    for edge in steps:
        for text, term in _case_by_case(backprop, edge):
            yield from _updated(backprop, candidate, given, {edge: term}, text)


def _updated(
    backprop: Backprop,
    candidate: Gradients,
    given: Sequence[Mistake],
    terms: Mapping[Edge, Crossing],
    when: str,
) -> Iterator[Mistake]:
    first = next(iter(terms))
    c = coefficient(backprop, candidate, given, first, terms[first])
    if c is None or c > 0:  # nobody climbs
        return
    layers = " and ".join(f"W{edge.above.layer}" for edge in terms)
    yield Mistake(
        "updated_weights",
        f"layer {first.above.layer}",
        f"{layers} {'was' if len(terms) == 1 else 'were'} updated{when} (learning rate {-c:.4g}) "
        "before the delta was passed back",
        "pass the deltas through the old weights, and update afterwards",
        {edge: more(term, c) for edge, term in terms.items()},
    )


def _batch(edge: Edge, step: Array) -> Crossing:
    """delta step^T, what the update adds to the delta below."""
    return lambda rows: rows[edge.above] @ step.T


def _case_by_case(backprop: Backprop, edge: Edge) -> Iterator[tuple[str, Crossing]]:
    """The same where each case updates the weights, for itself or also for those after it."""
    y, right = backprop.values(edge.below), backprop.rows[edge.above]
    yield " with each case", lambda rows: np.diag(np.diag(rows[edge.above] @ right.T)) @ y
    yield " case after case", lambda rows: np.tril(rows[edge.above] @ right.T) @ y
    yield " case after case", lambda rows: np.tril(rows[edge.above] @ right.T, -1) @ y


def _downward(backprop: Backprop) -> list[Edge]:
    """The crossings of a dense layer's W^T."""
    return [
        edge
        for edge in backprop.edges
        if edge.above.letter == SUM
        and not edge.below.is_parameter
        and backprop.dense(edge.above.layer) is not None
    ]


def _weights(backprop: Backprop, number: int) -> Array:
    return backprop.parameter(Node("W", number))


def _other_matrix(backprop: Backprop, edge: Edge) -> Iterator[Mistake]:
    number = edge.above.layer
    W, place = _weights(backprop, number), f"layer {number}"
    right = f"pass delta_{number} W{number}^T down to a{edge.below.layer}"

    def through(kind: str, says: str, matrix: Array, habit: str) -> Mistake:
        change = replaced(lambda rows: rows[edge.above] @ matrix)
        return Mistake(kind, place, says, right, {edge: change}, habit=habit)

    if W.shape[0] == W.shape[1]:
        says = f"the delta is passed down through W{number}, not its transpose"
        yield through("layout", says, W, "W")
        says = f"delta_{number} is passed to a{edge.below.layer} as it is, without W{number}"
        yield through("off_by_one_layer", says, np.eye(len(W)), "I")
    for other in range(1, backprop.depth + 1):
        if other == number or backprop.dense(other) is None:
            continue
        theirs, habit = _weights(backprop, other), f"W{other - number}"
        says = f"delta_{number} is passed down through W{other}"
        if theirs.shape == W.shape:
            yield through("off_by_one_layer", f"{says}^T instead of W{number}^T", theirs.T, habit + "T")
        if theirs.T.shape == W.shape:
            yield through("off_by_one_layer", f"{says}, not transposed", theirs, habit)
    says = f"delta_{number} is added up over its units instead of passed through W{number}"
    yield through("off_by_one_layer", says, np.ones(W.T.shape), "1")
    for unit in (0, -1) if W.shape[1] > 1 else ():
        only = np.zeros_like(W)
        only[:, unit] = W[:, unit]
        what = "first" if unit == 0 else "last"
        says = f"only the {what} unit of layer {number} passes its delta down: overwritten, not added up"
        yield through("sum_not_added", says, only.T, what)


def _branch(edge: Edge) -> Iterator[Mistake]:
    """One way of several that a delta takes."""
    below, reader = edge.below.name, edge.above.layer
    place, right = f"layer {reader}", f"add the delta that layer {reader} passes to {below} once"
    says = f"the way from layer {reader} to {below} is not counted"
    yield Mistake("second_use_missing", place, says, right, {edge: times(0.0)})
    says = f"the way from layer {reader} to {below} counts twice"
    yield Mistake("accumulated_twice", place, says, right, {edge: times(2.0)})
    says = f"the delta from layer {reader} to {below} has the wrong sign"
    yield Mistake("sign", place, says, right, {edge: times(-1.0)})
