"""A network as plain data, and back: kinds and options by name, never code.

`parse` accepts no more than what `describe` writes. The layers determine names and shapes of the
parameters, so that the arrays can be compared with them before anything is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..arrays import Array
from ..errors import DTypeError, FileFormatError, JacobpropError
from ..layers import Layer
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
from .layer_kinds import KINDS, build_layer, check_layer, describe_layer, statistics_of
from .refused import made_of_code
from .strict_json import Data, fields, read_json, require

FORMAT, VERSION = "jacobprop network", 1
LONGEST = 2**22
"""The most bytes that a description may have: 10,000 Dense layers take half of it."""

MOST_EXPRESSIONS = 64
"""Different expressions in one file: each takes sympy up to some seconds."""

LOSSES: dict[str, type[Loss]] = {
    kind.__name__: kind
    for kind in (BinaryCrossEntropy, CrossEntropy, MeanSquaredError, NegativeLogLikelihood, SquaredError)
}

# -- a network to data -------------------------------------------------------------------------------------


def describe(net: Network) -> Data:
    """Everything about a network but its numbers.

    Raises
    ------
    UnsupportedLayerError
        A layer, loss or activation of the user's own, or a network in training.
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
        "layers": [describe_layer(layer, net.architecture.where(k)) for k, layer in enumerate(net.layers, 1)],
        "loss": None if net.loss is None else _loss_data(net.loss),
        "names": [letter for name, letter in letters.items() if name.startswith("a")] or None,
        "weights": [letter for name, letter in letters.items() if name.startswith("W")] or None,
    }


def _loss_data(loss: Loss) -> Data:
    if LOSSES.get(type(loss).__name__) is not type(loss):
        raise made_of_code("a loss of your own", repr(loss), expected="one of " + ", ".join(LOSSES))
    return {"kind": type(loss).__name__, "reduction": loss.reduction}


def arrays_of(net: Network) -> dict[str, Array]:
    """The numbers of a network that `describe` accepts: its parameters, and the statistics of its layers."""
    found = dict(net.parameters)
    for number, layer in enumerate(net.layers, 1):
        for what, array in statistics_of(layer, net.architecture.where(number)).items():
            found[f"{what}{number}"] = array
    return found


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
        check_layer(layer, f"{where}, layer {number}")
    if data["loss"] is not None:
        loss = fields(data["loss"], f"{where}, loss", {"kind": str, "reduction": str})
        require(loss["kind"] in LOSSES, "unknown loss", loss["kind"], ", ".join(LOSSES), where)
    for letter in (*(data["names"] or ()), *(data["weights"] or ())):
        require(isinstance(letter, str), "a letter is a string", letter, "a string", where)
    texts = {layer["activation"]["expression"] for layer in data["layers"] if "activation" in layer}
    few = len(texts) <= MOST_EXPRESSIONS
    require(few, "too many different expressions", len(texts), f"at most {MOST_EXPRESSIONS}", where)
    return data


def shapes(description: Data) -> dict[str, Shape]:
    """The shape of each parameter, in the order of the layers."""
    return {
        f"{slot}{number}": shape
        for number, layer in enumerate(description["layers"], 1)
        for slot, shape in KINDS[layer["kind"]].shapes(layer).items()
    }


def statistics(description: Data) -> dict[str, Shape]:
    """The shape of each statistic, in the order of the layers: ``mean2`` and ``variance2`` of layer 2."""
    return {
        f"{what}{number}": shape
        for number, layer in enumerate(description["layers"], 1)
        for what, shape in KINDS[layer["kind"]].statistics(layer).items()
    }


def build(description: Data, arrays: Mapping[str, Array], where: str) -> Network:
    """The network of a description and its numbers; what the library refuses is the file's fault."""
    loss = description["loss"]
    try:
        return Network(
            [_layer(layer, k, arrays) for k, layer in enumerate(description["layers"], 1)],
            None if loss is None else LOSSES[loss["kind"]](reduction=loss["reduction"]),
            names=description["names"],
            weights=description["weights"],
            dtype=description["dtype"],
        ).with_parameters({name: arrays[name] for name in shapes(description)})
    except JacobpropError as error:
        raise FileFormatError(
            error.what,
            where=f"{where}: {error.where}",
            got=error.got,
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def _layer(data: Data, number: int, arrays: Mapping[str, Array]) -> Layer:
    kind = KINDS[data["kind"]]
    own = [*kind.shapes(data), *kind.statistics(data)]
    return build_layer(data, {name: arrays[f"{name}{number}"] for name in own})
