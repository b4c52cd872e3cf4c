"""Mistakes with f': forgotten, taken at the wrong place, from the wrong layer or function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....activations import NAMES, Activation, get
from ....architecture import SUM, Edge, Node
from ....arrays import Array
from ..backprop import TOP, Backprop, Change, Mistake, replaced, times

_WRITTEN = {
    "sigmoid": "a{0} (1 - a{0})",
    "tanh": "(1 - a{0}^2)",
    "relu": "(z{0} > 0)",
    "softplus": "sigmoid(z{0})",
}

Variant = tuple[str, str, Array]
"""The kind, what is wrong, and what stands in the place of f'."""


def written(activation: Activation, layer: int) -> str:
    """f'(z_l) as one writes it."""
    return _WRITTEN.get(activation.name, "f'(z{0})").format(layer)


def mistakes(backprop: Backprop, earlier: Sequence[Backprop] = ()) -> Iterator[Mistake]:
    """Every mistake with the f' of every dense layer."""
    for number in range(1, backprop.depth + 1):
        dense = backprop.dense(number)
        if dense is None or dense.activation == get("identity"):
            continue
        right = f"multiply delta_{number} by {written(dense.activation, number)}"
        across = Edge(Node("a", number), SUM, Node(SUM, number))
        for kind, says, slope in _variants(backprop, number, dense.activation):
            constant = np.ptp(slope) == 0  # then it is missing, whatever function it comes from
            if across in backprop.edges and (kind == "missing_derivative" or not constant):
                yield from _at(backprop, number, across, kind, says, slope, right)
        for past in earlier if across in backprop.edges else ():
            if past.cases == backprop.cases:
                says = f"f' of layer {number} is that of the earlier pass"
                slope = dense.activation.derivative(past.values(across.below))
                yield from _at(backprop, number, across, "stale_activation", says, slope, right)
        if across in backprop.edges and dense.activation.corners:
            yield _of_delta(number, across, right)
        yield from _twice(backprop, number, dense.activation, across in backprop.edges)


def _at(
    backprop: Backprop, number: int, across: Edge, kind: str, says: str, slope: Array, right: str
) -> Iterator[Mistake]:
    """Made for the whole layer, for its parameters alone, or on the way down alone."""
    place = f"layer {number}"
    habit = says.replace(str(number), "l")
    across_f = replaced(lambda rows: rows[across.above] * slope)
    yield Mistake(kind, place, says, right, {across: across_f}, habit=habit)
    if kind == "wrong_derivative":
        return
    below = [edge for edge in backprop.edges if edge.above == across.below]
    own = {
        edge: _before_sum(backprop, edge, across.above, slope) for edge in below if edge.below.is_parameter
    }
    down = {
        edge: _before_sum(backprop, edge, across.above, slope)
        for edge in below
        if not edge.below.is_parameter
    }
    if own and down:
        in_own = f"{says} in the gradients of the layer's own parameters"
        yield Mistake(kind, place, in_own, right, own, habit=f"{habit}, own")
        on_the_way = f"{says} on the way to layer {number - 1}"
        yield Mistake(kind, place, on_the_way, right, down, habit=f"{habit}, down")
    for edge, change in own.items() if len(own) > 1 else ():
        yield Mistake(
            kind, edge.below.name, f"{says} in the gradient of {edge.below.name}", right, {edge: change}
        )


def _variants(backprop: Backprop, number: int, f: Activation) -> Iterator[Variant]:
    z, a = backprop.values(Node(SUM, number)), backprop.values(Node("a", number))
    slope = f.derivative(z)
    yield "missing_derivative", f"f' of layer {number} is missing", np.ones_like(z)
    yield (
        "derivative_at_activation",
        f"f' of layer {number} is evaluated at the activation a{number}, not at the sum z{number}",
        f.derivative(a),
    )
    if f.from_output is not None:
        yield (
            "derivative_at_activation",
            f"f' of layer {number}, written for the activation a{number}, is evaluated at the sum z{number}",
            f.from_output(z),
        )
    for kink in f.corners:
        yield "inverted_mask", f"the mask of layer {number} is inverted", kink.left + kink.right - slope
    yield "derivative_twice", f"f' of layer {number} is multiplied twice", slope**2
    yield from _other_layers(backprop, number, f, z)
    yield from _in_part(number, z, a)
    yield from _other_functions(backprop, number, f, z, a)


def _other_layers(backprop: Backprop, number: int, f: Activation, z: Array) -> Iterator[Variant]:
    """f' of another layer of the same width: its function, or this layer's with its numbers."""
    kind = "wrong_layer_derivative"
    for other in range(1, backprop.depth + 1):
        dense = backprop.dense(other)
        if other == number or dense is None or backprop.values(Node(SUM, other)).shape != z.shape:
            continue
        their_z, their_a = backprop.values(Node(SUM, other)), backprop.values(Node("a", other))
        says = f"f' of layer {other} is used for layer {number}"
        yield kind, says, dense.activation.derivative(their_z)
        yield kind, f"f' of layer {number} is evaluated at z{other}", f.derivative(their_z)
        if f.from_output is not None:
            yield kind, f"f' of layer {number} is evaluated at a{other}", f.from_output(their_a)
        if dense.activation.from_output is not None:
            yield kind, f"{says}, with z{other} for a{other}", dense.activation.from_output(their_z)


def _in_part(number: int, z: Array, a: Array) -> Iterator[Variant]:
    """One factor of a (1 - a), or a sign or a letter of 1 - a^2 mistaken."""
    parts = {"a{0}": a, "1 - a{0}": 1 - a, "a{0}^2": a**2, "1 + a{0}^2": 1 + a**2, "1 - z{0}^2": 1 - z**2}
    for text, values in parts.items():
        yield "wrong_derivative", f"f' of layer {number} is written as {text.format(number)}", values


def _other_functions(backprop: Backprop, number: int, f: Activation, z: Array, a: Array) -> Iterator[Variant]:
    """The derivative of another function."""
    others = (backprop.dense(k) for k in range(1, backprop.depth + 1) if k != number)
    used = {dense.activation.name for dense in others if dense is not None}
    for other in map(get, NAMES):
        if other.name in (f.name, "identity"):
            continue
        kind = "wrong_layer_derivative" if other.name in used else "wrong_derivative"
        says = f"f' of layer {number} is that of {other.name}, but its activation is {f.name}"
        yield kind, says, other.derivative(z)
        if other.from_output is not None:
            yield kind, f"{says}, written for the activation", other.from_output(a)


def _twice(backprop: Backprop, number: int, f: Activation, crossed: bool) -> Iterator[Mistake]:
    """Under a fused loss f' is part of the loss's row already."""
    if crossed or number != backprop.depth:
        return
    z = backprop.values(Node(SUM, number))
    says = f"f' of layer {number} is multiplied twice: the row a{number} - t has it already"
    yield Mistake(
        "derivative_twice",
        f"layer {number}",
        says,
        f"take delta_{number} = a{number} - t as it is",
        {TOP: times(f.derivative(z))},
    )


def _of_delta(number: int, across: Edge, right: str) -> Mistake:
    """relu' of the delta itself."""
    says = f"the mask of layer {number} is taken from the sign of delta, not of z{number}"
    masked = replaced(lambda rows: rows[across.above] * (rows[across.above] > 0))
    return Mistake("wrong_derivative", f"layer {number}", says, right, {across: masked})


def _before_sum(backprop: Backprop, edge: Edge, above: Node, slope: Array) -> Change:
    """The crossing of an edge below the sum, from delta_a * slope."""
    return replaced(lambda rows: backprop.cross(edge, rows[above] * slope))
