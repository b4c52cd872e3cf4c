"""A network as plain data, and back: kinds and options by name, never code.

`parse` accepts no more than what `describe` writes. The layers determine names and shapes of the
parameters, so that the arrays can be compared with them before anything is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .. import activations
from ..activations import Activation
from ..arrays import Array
from ..errors import DTypeError, FileFormatError, JacobpropError, UnsupportedLayerError
from ..expressions import Written
from ..layers import Dense, Layer, LogSoftmax, Softmax
from ..layout import Shape
from ..losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MeanSquaredError,
    NegativeLogLikelihood,
    SquaredError,
)
from ..network import Network
from .strict_json import Data, fields, read_json, require

FORMAT, VERSION = "jacobprop network", 1
LONGEST = 2**22
"""The most bytes that a description may have: 10,000 Dense layers take half of it."""

MOST_EXPRESSIONS = 64
"""Different expressions in one file: each takes sympy up to some seconds."""

GIVEN = "given"
"""In place of an `init`: the layer starts from its arrays."""

WEIGHTLESS: dict[str, type[Layer]] = {kind.__name__: kind for kind in (Softmax, LogSoftmax)}
LOSSES: dict[str, type[Loss]] = {
    kind.__name__: kind
    for kind in (BinaryCrossEntropy, CrossEntropy, MeanSquaredError, NegativeLogLikelihood, SquaredError)
}
PARAMETRIC: dict[str, Callable[[float], Activation]] = {
    "elu": activations.elu,
    "leaky_relu": activations.leaky_relu,
}
_WITH_PARAMETER = re.compile(r"(\w+)\(\w+=([-+.e\d]+)\)")
"""The name of such an activation: elu(alpha=2.0)."""

_REBUILD = "Save its numbers with numpy.savez(path, **net.parameters), and build it again in Python."


# -- a network to data -------------------------------------------------------------------------------------


def describe(net: Network) -> Data:
    """Everything about a network but its numbers.

    Raises
    ------
    UnsupportedLayerError
        A layer, loss or activation of the user's own.
    DTypeError
        Parameters that are symbols.
    """
    if net.dtype.kind == "O":
        raise DTypeError(
            "parameters that are sympy expressions cannot be saved",
            where="save",
            expected="floats",
            remedy="Put numbers in with net.with_parameters.",
        )
    letters = net.architecture.names.letters
    return {
        "format": FORMAT,
        "version": VERSION,
        "dtype": net.dtype.name,
        "layers": [_layer_data(layer, net.architecture.where(k)) for k, layer in enumerate(net.layers, 1)],
        "loss": None if net.loss is None else _loss_data(net.loss),
        "names": [letter for name, letter in letters.items() if name.startswith("a")] or None,
        "weights": [letter for name, letter in letters.items() if name.startswith("W")] or None,
    }


def _layer_data(layer: Layer, where: str) -> Data:
    if type(layer) is Dense:
        return {
            "kind": "Dense",
            "n_in": layer.n_in,
            "n_out": layer.n_out,
            "activation": _activation_data(layer.activation, where),
            "bias": bool(layer.bias),
            "init": layer._init if isinstance(layer._init, str) else GIVEN,
            "name": layer.name,
        }
    if WEIGHTLESS.get(type(layer).__name__) is not type(layer):
        raise UnsupportedLayerError(
            "a layer of your own is code, and files hold none",
            where=f"save: {where}",
            expected="layers of " + ", ".join(["Dense", *WEIGHTLESS]),
            remedy=_REBUILD,
        )
    return {"kind": type(layer).__name__, "name": layer.name}


def _loss_data(loss: Loss) -> Data:
    if LOSSES.get(type(loss).__name__) is not type(loss):
        raise UnsupportedLayerError(
            "a loss of your own is code, and files hold none",
            where=f"save: {loss!r}",
            expected="one of " + ", ".join(LOSSES),
            remedy=_REBUILD,
        )
    return {"kind": type(loss).__name__, "reduction": loss.reduction}


def _activation_data(f: Activation, where: str) -> Data:
    """Its name or expression, if that is all there is to it."""
    written = f.expression_builder
    text = written.text if isinstance(written, Written) else None
    data = {"name": f.name, "parameter": None, "expression": text, "at_kink": f.at_kink}
    try:
        if text is None and (found := _WITH_PARAMETER.fullmatch(f.name)):
            data |= {"name": found[1], "parameter": float(found[2])}
        same = _activation(data) == f
    except (JacobpropError, ValueError):
        same = False
    if not same:
        raise UnsupportedLayerError(
            "an activation made of functions is code, and files hold none",
            where=f"save: {where}",
            got=repr(f),
            expected="a name of jp.activations, or Activation.from_expression",
            remedy=_REBUILD,
        )
    return data


def as_text(description: Data) -> bytes:
    """JSON that a human can read, one line for each value."""
    return json.dumps(description, indent=1, allow_nan=False).encode("ascii") + b"\n"


# -- data to a network -------------------------------------------------------------------------------------


def parse(text: bytes, where: str) -> Data:
    """JSON to the description that it holds, every key and value looked at."""
    data = fields(
        read_json(text, where),
        where,
        {
            "format": str,
            "version": int,
            "dtype": str,
            "layers": list,
            "loss": (dict, None),
            "names": (list, None),
            "weights": (list, None),
        },
    )
    require(data["format"] == FORMAT, "this describes no network", data["format"], FORMAT, where)
    version = "Install a newer jacobprop."
    require(data["version"] == VERSION, "unknown version", data["version"], VERSION, where, version)
    floats = ("float16", "float32", "float64")
    require(data["dtype"] in floats, "unknown dtype", data["dtype"], ", ".join(floats), where)
    for number, layer in enumerate(data["layers"], 1):
        _check_layer(layer, f"{where}, layer {number}")
    if data["loss"] is not None:
        loss = fields(data["loss"], f"{where}, loss", {"kind": str, "reduction": str})
        require(loss["kind"] in LOSSES, "unknown loss", loss["kind"], ", ".join(LOSSES), where)
    for letter in (*(data["names"] or ()), *(data["weights"] or ())):
        require(isinstance(letter, str), "a letter is a string", letter, "a string", where)
    texts = {layer["activation"]["expression"] for layer in data["layers"] if "activation" in layer}
    few = len(texts) <= MOST_EXPRESSIONS
    require(few, "too many different expressions", len(texts), f"at most {MOST_EXPRESSIONS}", where)
    return data


def _check_layer(layer: Any, where: str) -> None:
    kind = layer.get("kind") if isinstance(layer, dict) else None
    if kind != "Dense":
        known = isinstance(kind, str) and kind in WEIGHTLESS
        require(known, "unknown layer", kind, ", ".join(["Dense", *WEIGHTLESS]), where)
        fields(layer, where, {"kind": str, "name": str})
        return
    fields(
        layer,
        where,
        {
            "kind": str,
            "n_in": int,
            "n_out": int,
            "activation": dict,
            "bias": bool,
            "init": str,
            "name": str,
        },
    )
    activation = fields(
        layer["activation"],
        f"{where}, activation",
        {
            "name": str,
            "parameter": (float, None),
            "expression": (str, None),
            "at_kink": (str, int, float),
        },
    )
    known = activation["parameter"] is None or activation["name"] in PARAMETRIC
    require(known, "no activation with a parameter", activation["name"], ", ".join(PARAMETRIC), where)


def shapes(description: Data) -> dict[str, Shape]:
    """The shape of each parameter, in the order of the layers."""
    found: dict[str, Shape] = {}
    for number, layer in enumerate(description["layers"], 1):
        if layer["kind"] == "Dense":
            found[f"W{number}"] = (layer["n_in"], layer["n_out"])
            if layer["bias"]:
                found[f"b{number}"] = (layer["n_out"],)
    return found


def build(description: Data, parameters: Mapping[str, Array], where: str) -> Network:
    """The network of a description and its numbers; what the library refuses is the file's fault."""
    loss = description["loss"]
    try:
        return Network(
            [_layer(layer, k, parameters) for k, layer in enumerate(description["layers"], 1)],
            None if loss is None else LOSSES[loss["kind"]](reduction=loss["reduction"]),
            names=description["names"],
            weights=description["weights"],
            dtype=description["dtype"],
        ).with_parameters(parameters)
    except JacobpropError as error:
        raise FileFormatError(
            error.what,
            where=f"{where}: {error.where}",
            got=error.got,
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def _layer(data: Data, number: int, parameters: Mapping[str, Array]) -> Layer:
    if data["kind"] != "Dense":
        layer = WEIGHTLESS[data["kind"]]()
    elif data["init"] == GIVEN:
        W, b = parameters[f"W{number}"], parameters.get(f"b{number}")
        layer = Dense.from_arrays(W, b, _activation(data["activation"]))
    else:
        f, options = _activation(data["activation"]), {key: data[key] for key in ("bias", "init")}
        layer = Dense(data["n_in"], data["n_out"], f, **options)
    layer.name = data["name"]
    return layer


def _activation(data: Data) -> Activation:
    if data["expression"] is not None:
        return Activation.from_expression(data["expression"], name=data["name"], at_kink=data["at_kink"])
    parameter = data["parameter"]
    found = activations.get(data["name"]) if parameter is None else PARAMETRIC[data["name"]](parameter)
    return found if data["at_kink"] == found.at_kink else found.with_kink(data["at_kink"])
