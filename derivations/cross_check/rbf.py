"""The layer of radial units: its Jacobians by inputs, centres and widths, and the rows below."""

import jacobprop as jp

from .agreement import Agreement, Letters
from .layers import GivenRow

UNITS = {"C": "n m", "beta": "m", "y": "n"}
MOVED = {**UNITS, "v": "n", "D": "n m", "h": "m"}
WITH_ROW = {**UNITS, "L'": "m"}


def radial(x: Letters) -> jp.Record:
    """z = exp(-beta r), with the given row on top if there is one."""
    net = jp.Network([jp.RBF.from_arrays(x["C"], x["beta"])], loss=GivenRow())
    return net.forward(x["y"], x.get("L'"))


def by_sum(x: Letters) -> jp.Jacobian:
    """J_Sum of a radial unit each, at the centre 0 and of the width s, for the input 1: the sum is s."""
    s = x["s"]
    net = jp.Network([jp.RBF.from_arrays(0 * s[None], s)])
    return net.forward(0 * s[:1] + 1).layer(1).J_Sum


def moving(x: Letters, operand: int | str) -> jp.Jacobian:
    """How a factor of the sums moves along v, D and h."""
    layer, params = jp.RBF.from_arrays(x["C"], x["beta"]), {"C": x["C"], "B": x["beta"]}
    cache = layer.forward(params, (x["y"],))[1]
    return layer.sum_factor_tangents(params, cache, {-1: x["v"], "C": x["D"], "B": x["h"]})[operand]


def bend(x: Letters) -> jp.Jacobian:
    """How J_Sum moves along v; the units are those of `by_sum`."""
    s = x["s"]
    params = {"C": 0 * s[None], "B": s}
    layer = jp.RBF.from_arrays(*params.values())
    return layer.J_Sum_tangent(layer.forward(params, (0 * s[:1] + 1,))[1], x["v"])


AGREEMENTS = (
    Agreement("rbf_slope", "layer(1).J_Sum", "k j", {"s": "m"}, by_sum),
    Agreement("rbf_Y_Sum", 'jacobian("z1", "a0")', "k i", UNITS, lambda x: radial(x).jacobian("z1", "a0")),
    Agreement("rbf_C_Sum", 'jacobian("z1", "C1")', "k i j", UNITS, lambda x: radial(x).jacobian("z1", "C1")),
    Agreement("rbf_beta_Sum", 'jacobian("z1", "B1")', "k j", UNITS, lambda x: radial(x).jacobian("z1", "B1")),
    Agreement("rbf_Y_Z", "layer(1).J_Y", "k i", UNITS, lambda x: radial(x).layer(1).J_Y),
    Agreement("rbf_C_Z", 'jacobian("a1", "C1")', "k i j", UNITS, lambda x: radial(x).jacobian("a1", "C1")),
    Agreement("rbf_beta_Z", 'jacobian("a1", "B1")', "k j", UNITS, lambda x: radial(x).jacobian("a1", "B1")),
    Agreement("rbf_C_L", 'jacobian("L", "C1")', "i j", WITH_ROW, lambda x: radial(x).jacobian("L", "C1")),
    Agreement("rbf_beta_L", 'jacobian("L", "B1")', "j", WITH_ROW, lambda x: radial(x).jacobian("L", "B1")),
    Agreement("rbf_Y_L", 'jacobian("L", "a0")', "i", WITH_ROW, lambda x: radial(x).jacobian("L", "a0")),
    Agreement("rbf_bend", "RBF.J_Sum_tangent", "k j", {"s": "m", "v": "m"}, bend),
    Agreement("rbf_Y_bend", "RBF.sum_factor_tangents", "k i", MOVED, lambda x: moving(x, -1)),
    Agreement("rbf_beta_bend", "RBF.sum_factor_tangents", "k j", MOVED, lambda x: moving(x, "B")),
)
