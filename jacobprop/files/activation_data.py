"""An activation as plain data, and back: its name, its parameter or its expression, and its kink."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .. import activations
from ..activations import Activation
from ..errors import JacobpropError
from ..expressions import Written
from .refused import made_of_code
from .strict_json import Data, fields, require

PARAMETRIC: dict[str, Callable[[float], Activation]] = {
    "elu": activations.elu,
    "leaky_relu": activations.leaky_relu,
}
_WITH_PARAMETER = re.compile(r"(\w+)\(\w+=([-+.e\d]+)\)")
"""The name of such an activation: elu(alpha=2.0)."""


def describe_activation(f: Activation, where: str) -> Data:
    """Its name or expression, if that is all there is to it.

    Raises
    ------
    UnsupportedLayerError
        It is made of functions.
    """
    written = f.expression_builder
    text = written.text if isinstance(written, Written) else None
    data = {"name": f.name, "parameter": None, "expression": text, "at_kink": f.at_kink}
    try:
        if text is None and (found := _WITH_PARAMETER.fullmatch(f.name)):
            data |= {"name": found[1], "parameter": float(found[2])}
        same = build_activation(data) == f
    except (JacobpropError, ValueError):
        same = False
    if not same:
        raise made_of_code(
            "an activation made of functions",
            where,
            got=repr(f),
            expected="a name of jp.activations, or Activation.from_expression",
        )
    return data


def check_activation(data: Any, where: str) -> None:
    """Look at every key and value, and build nothing."""
    kinds = {
        "name": str,
        "parameter": (float, None),
        "expression": (str, None),
        "at_kink": (str, int, float),
    }
    found = fields(data, where, kinds)
    known = found["parameter"] is None or found["name"] in PARAMETRIC
    require(known, "no activation with a parameter", found["name"], ", ".join(PARAMETRIC), where)


def build_activation(data: Data) -> Activation:
    """The activation of a description."""
    if data["expression"] is not None:
        return Activation.from_expression(data["expression"], name=data["name"], at_kink=data["at_kink"])
    parameter = data["parameter"]
    found = activations.get(data["name"]) if parameter is None else PARAMETRIC[data["name"]](parameter)
    return found if data["at_kink"] == found.at_kink else found.with_kink(data["at_kink"])
