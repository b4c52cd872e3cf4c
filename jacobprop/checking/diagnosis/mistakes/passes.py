"""Mistakes in which pass is taken: one without a bias, an earlier one, or both of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....architecture import Node
from ....arrays import Array
from ....record import Record
from ..backprop import Backprop, Change, Mistake, then


def mistakes(backprop: Backprop, earlier: Sequence[Backprop] = ()) -> Iterator[Mistake]:
    """Every mistake with a whole pass."""
    yield from _forgotten_biases(backprop)
    for past in earlier:
        if {name: g.shape for name, g in past.right.items()} == {
            n: g.shape for n, g in backprop.right.items()
        }:
            says, remedy = (
                "they are the gradients of the earlier pass",
                "run the backward pass after each forward pass",
            )
            yield Mistake("stale_activation", "all layers", says, remedy, instead=past)
            says = "the gradients of the earlier pass are still in them"
            changes = {name: _added(g) for name, g in past.right.items()}
            yield Mistake(
                "accumulated_twice", "all layers", says, "set the gradients to 0 before each pass", changes
            )


def _added(g: Array) -> Change:
    return then(lambda own: np.asarray(own + g))


def _forgotten_biases(backprop: Backprop) -> Iterator[Mistake]:
    """The gradients of a forward pass without one of the biases, or without any."""
    biases = [node for node in backprop.names.values() if node.letter == "b"]
    groups = [[node] for node in biases] + ([biases] if len(biases) > 1 else [])
    for group in groups:
        if all(not backprop.parameter(node).any() for node in group):
            continue
        names = " and ".join(node.name for node in reversed(group))
        yield Mistake(
            "missing_bias",
            f"layer {group[-1].layer}",
            f"the forward pass leaves out {names}",
            f"add {names} to the sum before f",
            instead=Backprop(backprop.record, _without(backprop.record, group)),
        )


def _without(record: Record, biases: Sequence[Node]) -> list[dict[str, Array]]:
    return [
        {slot: np.zeros_like(a) if Node(slot, number) in biases else a for slot, a in own.items()}
        for number, own in enumerate(record.parameters, 1)
    ]
