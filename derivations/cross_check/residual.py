"""Residual sums: two paths, and four through two of them."""

import jacobprop as jp

from .agreement import Agreement, Letters
from .layers import GivenRow

SUM = {"w": "m m", "b": "m", "y": "m"}
WITH_ROW = {**SUM, "L'": "m"}
TWO = {"x": "m", "v": "m m", "w": "m m", "b": "m"}


def residual(x: Letters) -> jp.Record:
    """z = tanh(y W + b) + y, with the given row on top if there is one."""
    layers = [jp.Dense.from_arrays(x["w"], x["b"], "tanh"), jp.Residual(0)]
    return jp.Network(layers, loss=GivenRow()).forward(x["y"], x.get("L'"))


def two(x: Letters) -> jp.Record:
    """y = x + sigmoid(x V), z = tanh(y W + b) + y."""
    below = [jp.Dense.from_arrays(x["v"], None, "sigmoid"), jp.Residual(0)]
    above = [jp.Dense.from_arrays(x["w"], x["b"], "tanh"), jp.Residual(2)]
    return jp.Network([*below, *above]).forward(x["x"])


AGREEMENTS = (
    Agreement("res_J", 'jacobian("a2", "a0")', "k q", SUM, lambda x: residual(x).jacobian("a2", "a0")),
    Agreement("res_L", 'jacobian("L", "a0")', "q", WITH_ROW, lambda x: residual(x).jacobian("L", "a0")),
    Agreement("res_W_L", 'jacobian("L", "W1")', "q j", WITH_ROW, lambda x: residual(x).jacobian("L", "W1")),
    Agreement("res_res", 'jacobian("a4", "a0")', "k q", TWO, lambda x: two(x).jacobian("a4", "a0")),
)
