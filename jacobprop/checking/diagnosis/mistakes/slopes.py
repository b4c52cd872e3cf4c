"""Mistakes with f': forgotten, taken at the wrong place, from the wrong layer or function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ....activations import NAMES, Activation, get
from ....architecture import SUM, Edge, Node
from ....arrays import Array
from ..backprop import TOP, Backprop, Change, Mistake, replaced, sloped, times

_WRITTEN = {
    "sigmoid": "a{0} (1 - a{0})",
    "tanh": "(1 - a{0}^2)",
    "relu": "(z{0} > 0)",
    "softplus": "sigmoid(z{0})",
    "silu": "s (1 + z{0} (1 - s)), s = sigmoid(z{0})",
    "gelu": "Phi(z{0}) + z{0} phi(z{0})",
    "elu": "1 where z{0} > 0, else exp(z{0})",
    "leaky_relu": "1 where z{0} > 0, else 0.01",
    "softsign": "1/(1 + |z{0}|)^2",
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
            told = np.ptp(slope) > 0 or kind in ("missing_derivative", "inverted_mask")  # else it is missing
            if across in backprop.edges and told:
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
    yield Mistake(kind, place, says, right, {across: sloped(across, slope)}, habit=habit)
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
    without_b = z - backprop.parameter(Node("b", number)) if backprop.dense(number).bias else z  # type: ignore[union-attr]  # dense, as the caller knows
    if without_b is not z:
        yield "missing_bias", f"f' of layer {number} is evaluated without b{number}", f.derivative(without_b)
    for kink in f.corners:
        yield "inverted_mask", f"the mask of layer {number} is inverted", kink.left + kink.right - slope
    yield "derivative_twice", f"f' of layer {number} is multiplied twice", slope**2
    yield from _other_layers(backprop, number, f, z)
    yield from _in_part(number, f, z, a)
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


def _in_part(number: int, f: Activation, z: Array, a: Array) -> Iterator[Variant]:
    """f' with a term forgotten or mistaken, as it happens with this function or with any."""
    rest = f.value(-z) if f.name == "sigmoid" else 1 - a  # exact where 1 cancels in right code, too
    parts = {"a{0}": a, "1 - a{0}": rest, "a{0}^2": a**2, "1 + a{0}^2": 1 + a**2, "1 - z{0}^2": 1 - z**2}
    for text, values in (parts | _OFTEN.get(f.name, _nothing)(z, a)).items():
        yield "wrong_derivative", f"f' of layer {number} is written as {text.format(number)}", values


def _often_silu(z: Array, a: Array) -> dict[str, Array]:
    s = get("sigmoid").value(z)
    return {
        "s, s = sigmoid(z{0})": s,
        "s (1 - s), s = sigmoid(z{0})": s * (1 - s),
        "s + z{0} (1 - s), s = sigmoid(z{0})": s + z * (1 - s),
        "s (1 + a{0} (1 - s)), s = sigmoid(z{0})": s * (1 + a * (1 - s)),
        "1 + z{0} (1 - s), s = sigmoid(z{0})": 1 + z * (1 - s),
    }


def _often_gelu(z: Array, a: Array) -> dict[str, Array]:
    with np.errstate(all="ignore"):
        cdf = np.where(z == 0, 0.5, a / z)
    bell = np.exp(-(z**2) / 2)
    u = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    t = np.tanh(u)
    slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return {
        "Phi(z{0}), without z{0} phi(z{0})": cdf,
        "Phi(z{0}) + phi(z{0}), without the factor z{0}": cdf + bell / np.sqrt(2 * np.pi),
        "Phi(z{0}) + z{0} exp(-z{0}^2 / 2), without 1/sqrt(2 pi)": cdf + z * bell,
        "that of the approximation by tanh": (1 + t) / 2 + z / 2 * (1 - t**2) * slope,
    }


def _often_elu(z: Array, a: Array) -> dict[str, Array]:
    return {
        "a{0} for z{0} < 0, without its + 1": np.where(z > 0, 1.0, a),
        "exp(z{0}) on both sides": np.exp(np.minimum(z, 700)),
    }


def _often_leaky(z: Array, a: Array) -> dict[str, Array]:
    slopes = {
        f"{slope:g} for z{{0}} < 0": np.where(z > 0, 1.0, slope) for slope in (0.1, 0.2, 0.3, 0.001, -0.01)
    }
    return slopes | {"(z{0} < 0), inverted": np.where(z < 0, 1.0, 0.01)}


def _often_softsign(z: Array, a: Array) -> dict[str, Array]:
    size = np.abs(z)
    return {
        "1/(1 + |z{0}|), not squared": 1 / (1 + size),
        "1/(1 + z{0}^2)": 1 / (1 + z**2),
        "(1 - a{0})^2": (1 - a) ** 2,
        "1 - a{0}^2, that of tanh": 1 - a**2,
    }


def _nothing(z: Array, a: Array) -> dict[str, Array]:
    return {}


_OFTEN: dict[str, Callable[[Array, Array], dict[str, Array]]] = {
    "silu": _often_silu,
    "gelu": _often_gelu,
    "elu": _often_elu,
    "leaky_relu": _often_leaky,
    "softsign": _often_softsign,
}


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
