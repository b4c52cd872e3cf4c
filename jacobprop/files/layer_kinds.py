"""The layers that a file may hold, each as plain data and back; one entry of `KINDS` a class.

Beside the parameters a layer may have statistics: arrays in the file too, always of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..arrays import Array
from ..errors import UnsupportedLayerError
from ..layers import RBF, BatchNorm, Dense, Dropout, Elementwise, Layer, LogSoftmax, Residual, Softmax
from ..layers.batch_norm import BatchNormInTraining
from ..layers.dropout import DropoutInTraining
from ..layout import Shape
from .activation_data import build_activation, check_activation, describe_activation
from .refused import made_of_code
from .strict_json import Data, fields, require

GIVEN = "given"
"""In place of how a layer draws its parameters: it starts from its arrays."""

IN_TRAINING: tuple[type[Layer], ...] = (BatchNormInTraining, DropoutInTraining)
"""What ``net.in_training()`` makes of layers: one batch's and one mask's, not the network's."""


@dataclass(frozen=True)
class LayerKind:
    """One class of layers in a file.

    Attributes
    ----------
    kind : type
        The class itself, not what is derived from it.
    options : mapping
        The keys of its description with their types, beside kind and name.
    describe : callable
        (layer, where) -> {key: value} for these keys.
    build : callable
        (description, {slot or statistic: array}) -> layer, without its name.
    shapes, statistics : callable
        (description) -> {slot: shape} of the parameters, and {attribute: shape} of the statistics.
    """

    kind: type[Layer]
    options: Mapping[str, Any]
    describe: Callable[[Any, str], Data]
    build: Callable[[Data, Mapping[str, Array]], Layer]
    shapes: Callable[[Data], dict[str, Shape]] = lambda data: {}
    statistics: Callable[[Data], dict[str, Shape]] = lambda data: {}


def _describe_dense(layer: Dense, where: str) -> Data:
    return {
        "n_in": layer.n_in,
        "n_out": layer.n_out,
        "activation": describe_activation(layer.activation, where),
        "bias": bool(layer.bias),
        "init": layer._init if isinstance(layer._init, str) else GIVEN,
    }


def _build_dense(data: Data, arrays: Mapping[str, Array]) -> Layer:
    f = build_activation(data["activation"])
    if data["init"] == GIVEN:
        return Dense.from_arrays(arrays["W"], arrays.get("b"), f)
    return Dense(data["n_in"], data["n_out"], f, bias=data["bias"], init=data["init"])


def _dense_shapes(data: Data) -> dict[str, Shape]:
    n, m = data["n_in"], data["n_out"]
    return {"W": (n, m), "b": (m,)} if data["bias"] else {"W": (n, m)}


def _describe_rbf(layer: RBF, where: str) -> Data:
    drawn = isinstance(layer._init, str)
    return {
        "n_in": layer.n_in,
        "n_out": layer.n_out,
        "centres": layer._init if drawn else GIVEN,
        "beta": layer._beta,
    }


def _build_rbf(data: Data, arrays: Mapping[str, Array]) -> Layer:
    if data["centres"] == GIVEN:
        return RBF.from_arrays(arrays["C"], arrays["B"])
    return RBF(data["n_in"], data["n_out"], centres=data["centres"], beta=data["beta"])


def _build_batch_norm(data: Data, arrays: Mapping[str, Array]) -> Layer:
    return BatchNorm.from_statistics(arrays["mean"], arrays["variance"], epsilon=data["epsilon"])


KINDS: dict[str, LayerKind] = {
    entry.kind.__name__: entry
    for entry in (
        LayerKind(
            Dense,
            {"n_in": int, "n_out": int, "activation": dict, "bias": bool, "init": str},
            _describe_dense,
            _build_dense,
            _dense_shapes,
        ),
        LayerKind(Softmax, {}, lambda layer, where: {}, lambda data, arrays: Softmax()),
        LayerKind(LogSoftmax, {}, lambda layer, where: {}, lambda data, arrays: LogSoftmax()),
        LayerKind(
            Elementwise,
            {"activation": dict},
            lambda layer, where: {"activation": describe_activation(layer.activation, where)},
            lambda data, arrays: Elementwise(build_activation(data["activation"])),
        ),
        LayerKind(
            Residual,
            {"start": int},
            lambda layer, where: {"start": layer.inputs[1]},
            lambda data, arrays: Residual(data["start"]),
        ),
        LayerKind(
            RBF,
            {"n_in": int, "n_out": int, "centres": str, "beta": float},
            _describe_rbf,
            _build_rbf,
            lambda data: {"C": (data["n_in"], data["n_out"]), "B": (data["n_out"],)},
        ),
        LayerKind(
            BatchNorm,
            {"width": int, "epsilon": float},
            lambda layer, where: {"width": layer.n_in, "epsilon": layer.epsilon},
            _build_batch_norm,
            lambda data: dict.fromkeys(("C", "b"), (data["width"],)),
            lambda data: dict.fromkeys(("mean", "variance"), (data["width"],)),
        ),
        LayerKind(
            Dropout,
            {"rate": float},
            lambda layer, where: {"rate": layer.rate},
            lambda data, arrays: Dropout(data["rate"]),
        ),
    )
}


def describe_layer(layer: Layer, where: str) -> Data:
    """Everything about a layer but its numbers.

    Raises
    ------
    UnsupportedLayerError
        A layer of the user's own, or one in training.
    """
    if isinstance(layer, IN_TRAINING):
        raise UnsupportedLayerError(
            "a network in training is that of one step",
            where=f"save: {where}",
            got=type(layer).__name__,
            expected=f"the {type(layer).__mro__[1].__name__} that it was made from",
            remedy="Save the network itself, the one that net.in_training() was called on.",
        )
    name = type(layer).__name__
    if name not in KINDS or KINDS[name].kind is not type(layer):
        raise made_of_code("a layer of your own", where, expected="layers of " + ", ".join(KINDS))
    return {"kind": name, **KINDS[name].describe(layer, where), "name": layer.name}


def statistics_of(layer: Layer, where: str) -> dict[str, Array]:
    """The statistics of a layer that `describe_layer` accepts, by attribute."""
    described = KINDS[type(layer).__name__]
    names = described.statistics(described.describe(layer, where))
    return {what: getattr(layer, what).astype(float) for what in names}


def check_layer(data: Any, where: str) -> None:
    """Look at every key and value of a description, and build nothing."""
    kind = data.get("kind") if isinstance(data, dict) else None
    known = isinstance(kind, str) and kind in KINDS
    require(known, "unknown layer", kind, ", ".join(KINDS), where)
    assert isinstance(kind, str)
    fields(data, where, {"kind": str, **KINDS[kind].options, "name": str})
    if "activation" in data:
        check_activation(data["activation"], f"{where}, activation")


def build_layer(data: Data, arrays: Mapping[str, Array]) -> Layer:
    """The layer of a description with its parameters and statistics."""
    layer = KINDS[data["kind"]].build(data, arrays)
    layer.name = data["name"]
    return layer
