"""The library's own form of what a dialect holds: reading it from arrays, and writing it as arrays.

With M = W for a bias beside the matrix, and M = [b; W] for one inside it, a weight matrix is M or M^T
(inventory 2.2): Bao's W^(l-1) = [b_l; W_l], and Ng's Theta^(l) is its transpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from ..arrays import Array, as_array, is_symbolic
from ..errors import OptionError, ShapeError, UnknownNameError, shown
from .dialect import Dialect, Slot
from .notation_map import speakers

Layers: TypeAlias = dict[int, dict[Slot, Array]]
"""{layer: {"W": (n_in, n_out), "b": (n_out,)}}."""


def read(given: Mapping[str, object], dialect: Dialect, transposed: bool, where: str) -> Layers:
    """The library's own form of arrays in a dialect."""
    layers: Layers = {}
    for key, (slot, layer) in places(given, dialect, ("W", "b"), where).items():
        array = as_array(given[key], key, where)
        slots = layers.setdefault(layer, {})
        if slot == "b":
            slots["b"] = array
            continue
        matrix = _matrix(array, key, dialect, transposed, where)
        matrix = matrix.T if transposed else matrix
        slots.update({"b": matrix[0], "W": matrix[1:]} if dialect.augmented else {"W": matrix})
    for layer, slots in layers.items():
        if "b" in slots:
            _check_bias(slots, layer, dialect, where)
    return layers


def _matrix(array: Array, key: str, dialect: Dialect, transposed: bool, where: str) -> Array:
    """The array, if it is a matrix with room for what the dialect keeps in it."""
    inputs = array.shape[int(transposed)] if array.ndim == 2 else 0
    if inputs < 1 + dialect.augmented:
        raise ShapeError(
            f"{key} must be a matrix" + (" with the bias in it" if dialect.augmented else ""),
            where=where,
            got=f"shape {array.shape}",
            expected=dialect.shape_if(transposed),
            remedy="One unit, or one input, still makes a matrix: reshape it.",
        )
    return array


def _check_bias(slots: dict[Slot, Array], layer: int, dialect: Dialect, where: str) -> None:
    """A bias is a vector, with an entry for each unit that the weights lead to."""
    b = slots["b"]
    expected = slots["W"].shape[1:] if "W" in slots else b.shape if b.ndim == 1 else ("n_out",)
    if b.shape != expected:
        raise ShapeError(
            f"{dialect.key('b', layer)} is no bias for {dialect.key('W', layer)}",
            where=where,
            got=f"shape {b.shape}",
            expected=f"({expected[0]},), an entry for each unit that {dialect.key('W', layer)} leads to",
            remedy=f"If the other axis of {dialect.key('W', layer)} has that length, check the source.",
        )


def check_widths(layers: Layers, dialect: Dialect, transposed: bool, where: str) -> None:
    """A layer has as many inputs as the layer before it has units: else the source is another dialect."""
    for layer in sorted(layers):
        before, after = (layers.get(number, {}).get("W") for number in (layer, layer + 1))
        if before is None or after is None or before.shape[1] == after.shape[0]:
            continue
        keys = [dialect.key("W", number) for number in (layer, layer + 1)]
        shapes = [_shape(W, dialect, transposed) for W in (before, after)]
        raise ShapeError(
            f"{keys[1]} does not fit {keys[0]}",
            where=where,
            got=f"{keys[0]} {shapes[0]} and {keys[1]} {shapes[1]}",
            expected=f"{dialect.shape_if(transposed)} of {dialect.name}: {keys[0]} leads to "
            f"{before.shape[1]} units, {keys[1]} has {after.shape[0]} inputs",
            remedy="Check the source; where layers skip or branch, chained=False compares no widths.",
        )


def _shape(W: Array, dialect: Dialect, transposed: bool) -> tuple[int, ...]:
    """The shape that a weight matrix came with."""
    inputs, units = W.shape
    shape = (inputs + dialect.augmented, units)
    return shape[::-1] if transposed else shape


def write(layers: Layers, dialect: Dialect, transposed: bool, where: str) -> dict[str, Array]:
    """The arrays of a dialect from the library's own form, each with memory of its own."""
    found = {}
    for layer, slots in layers.items():
        if dialect.augmented:
            _check_both(slots, layer, dialect, where)
            slots = {"W": np.vstack([slots["b"], slots["W"]])}
        for slot in ("W", "b"):
            if slot in slots:
                array = slots[slot]
                found[dialect.key(slot, layer)] = own(array.T if transposed and slot == "W" else array)
    return found


def _check_both(slots: dict[Slot, Array], layer: int, dialect: Dialect, where: str) -> None:
    for slot, what in (("W", "no weights"), ("b", "no bias")):
        if slot not in slots:
            raise UnknownNameError(
                f"layer {layer} has {what}",
                where=where,
                got=" and ".join(f"{name}{layer}" for name in slots) + " of the library's own form",
                expected=f"both, since {dialect.name} has the bias in {dialect.key('W', layer)}",
                remedy="Where there is no bias, add one of zeros, knowing that training would move it."
                if slot == "b"
                else "Convert weights and biases together.",
            )


def places(
    given: Mapping[str, object], dialect: Dialect, slots: tuple[Slot, ...], where: str
) -> dict[str, tuple[Slot, int]]:
    """{key: (slot, layer)} of everything given."""
    if not isinstance(given, Mapping):
        raise OptionError(
            "arrays come in a mapping",
            where=where,
            got=type(given).__name__,
            expected=f"{{{dialect.key(slots[0], 1)!r}: array, ...}}",
            remedy="net.parameters and record.gradients() are such mappings.",
        )
    found = {}
    for key in given:
        place = dialect.parse(key, slots)
        if place is None:
            others = speakers(key, slots)
            raise UnknownNameError(
                f"a key that {dialect.name} does not have",
                where=where,
                got=shown(key),
                expected=" or ".join(
                    f"{dialect.key(slot, 1)}, {dialect.key(slot, 2)}, ..."
                    for slot in slots
                    if slot != "b" or not dialect.augmented
                ),
                remedy=f"It is a key of {', '.join(others)}: check the source."
                if others
                else "Weights and biases go through convert, deltas through convert_deltas.",
            )
        found[key] = place
    return found


def own(array: Array) -> Array:
    """A copy; numbers that had stood among expressions are floats again."""
    numbers = is_symbolic(array) and all(isinstance(entry, int | float) for entry in array.flat)
    return np.array(array, dtype=float if numbers else array.dtype, order="C")
