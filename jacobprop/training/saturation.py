"""Which units have stopped responding: f' next to nothing, of the best that f can do.

A sum at which f' < eps max f' passes on next to nothing of any gradient (seed rows B-48, E-28, S-39).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..activations import Activation, get
from ..arrays import Array, quiet, real_number
from ..errors import OptionError, shown
from ..layers import Dense, Elementwise, Layer
from ..network import Network, require_network
from ..record import Record
from .plain import plain

EPS = 0.19
"""4 (1/20) (19/20): the share of its largest slope that sigmoid or tanh has 5 % of its range off a limit."""

GRID = np.linspace(-10, 10, 2001)
"""Where an activation's slopes and values are looked at."""


class LayerSaturation(NamedTuple):
    """One layer's part of the report.

    Attributes
    ----------
    layer : int
        Its number.
    activation : str
        f.
    saturated : float
        The share of its units' sums, over all cases, with f' at most eps of its largest.
    dead : float
        The share of its units for which that holds in every case, such as a relu that is always 0.
    mean_sum : float
        The mean of its sums z.
    """

    layer: int
    activation: str
    saturated: float
    dead: float
    mean_sum: float

    def __str__(self) -> str:
        return (
            f"layer {self.layer} {self.activation:<9} saturated {self.saturated:6.1%}   "
            f"dead {self.dead:6.1%}   mean sum {self.mean_sum:.2g}"
        )


class SaturationReport(tuple[LayerSaturation, ...]):
    """A line for each layer with an elementwise activation."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no layer can saturate"


@quiet
def saturation_report(net: Network, X: object, eps: float = EPS) -> SaturationReport:
    """The share of saturated units, layer by layer: f'(z) <= eps max f'.

    Layers count that have an elementwise activation other than the identity. The largest slope is looked
    for between -10 and 10 and at the sums themselves; of a threshold it is 0, and all units are saturated.

    Parameters
    ----------
    net : Network
    X : as for ``Network.forward``
    eps : float
        From 0 to 1. By default a sigmoid or tanh is saturated within 5 % of its range from a limit.

    Raises
    ------
    OptionError
        `eps` is no such number, or there is no network.
    ShapeError, DTypeError, EmptyBatchError
        X does not fit, or the network computes with expressions.

    Examples
    --------
    The advice of B-48, weights from [0, 1] against saturation, and what it does to 100 inputs (E-28):

    >>> X = np.random.default_rng(0).uniform(0, 1, (50, 100))
    >>> for init in ("positive", "small"):
    ...     print(saturation_report(Network([Dense(100, 20, "sigmoid", init=init)]), X))
    layer 1 sigmoid   saturated 100.0%   dead 100.0%   mean sum 25
    layer 1 sigmoid   saturated   0.0%   dead   0.0%   mean sum -0.0079
    """
    require_network(net, "saturation_report")
    record = net.forward(X)
    plain(record.output, "the network", "saturation_report")
    return saturation_of(net, record, checked_eps(eps, "saturation_report"))


def saturation_of(net: Network, record: Record, eps: float) -> SaturationReport:
    """The report of a pass that has been made."""
    found = []
    for number, f in elementwise(net.layers):
        z = np.atleast_2d(record.sum(number))
        stuck = np.abs(f.derivative(z)) <= eps * largest_slope(f, z)
        found.append(
            LayerSaturation(
                number, f.name, float(stuck.mean()), float(stuck.all(axis=0).mean()), float(z.mean())
            )
        )
    return SaturationReport(found)


def elementwise(layers: tuple[Layer, ...]) -> Iterator[tuple[int, Activation]]:
    """The layers with an elementwise activation: number and activation, the identity left out."""
    for number, layer in enumerate(layers, 1):
        if isinstance(layer, Dense | Elementwise) and layer.activation != get("identity"):
            yield number, layer.activation


def largest_slope(f: Activation, z: Array) -> float:
    """max abs f', between -10 and 10 and at z."""
    return float(np.nanmax(np.abs(f.derivative(np.concatenate([GRID, z.ravel()])))))


def checked_eps(value: object, where: str) -> float:
    """A share."""
    eps = real_number(value)
    if not 0 <= eps <= 1:
        raise OptionError(
            "eps is a share of the largest slope",
            where=where,
            got=shown(value),
            expected="a number from 0 to 1",
            remedy="Leave it out for 0.19, within 5 % of a sigmoid's range from its limits.",
        )
    return eps
