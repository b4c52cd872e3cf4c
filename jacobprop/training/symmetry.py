"""Units that start equal and stay equal, so that a layer of many learns as one (seed rows N-10, E-54)."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, quiet
from ..layers import Dense
from ..network import Network, require_network


@quiet
def symmetric_units(net: Network) -> dict[int, list[tuple[int, ...]]]:
    """Units j and k of a layer with W_l[:, j] = W_l[:, k], b_j = b_k and W_(l+1)[j, :] = W_(l+1)[k, :].

    Equal arriving weights make equal activations, equal leaving weights equal deltas, so all updates are
    equal, whatever the data: the units stay equal for ever. Seed 004 says that such a network will not learn;
    it does, as the narrower network without the copies.

    Parameters
    ----------
    net : Network
        Hidden Dense layers count that a Dense layer alone reads.

    Returns
    -------
    dict
        {number of the layer: [units that are equal, two or more, ...]}; empty where there are none.

    Raises
    ------
    OptionError
        There is no network.

    Examples
    --------
    >>> layers = [Dense(2, 3, "tanh", init="constant"), Dense(3, 1, init="constant")]
    >>> symmetric_units(Network(layers)), symmetric_units(Network([Dense(2, 3, "tanh"), Dense(3, 1)]))
    ({1: [(0, 1, 2)]}, {})
    """
    require_network(net, "symmetric_units")
    readers: dict[int, list[int]] = {}
    for number in range(1, len(net.layers) + 1):
        for below in net.architecture.reads(number):
            readers.setdefault(below, []).append(number)
    found = {}
    for number, layer in enumerate(net.layers, 1):
        above = readers.get(number, [])
        if isinstance(layer, Dense) and len(above) == 1 and isinstance(net.layers[above[0] - 1], Dense):
            groups = _equal_rows(_around(net, number, above[0]))
            if groups:
                found[number] = groups
    return found


def _around(net: Network, layer: int, above: int) -> Array:
    """A row for each unit: the weights that arrive, the bias, and the weights that leave."""
    parts = [net.parameters[f"W{layer}"].T, net.parameters[f"W{above}"]]
    if f"b{layer}" in net.parameters:
        parts.append(net.parameters[f"b{layer}"][:, None])
    return np.hstack(parts)


def _equal_rows(table: Array) -> list[tuple[int, ...]]:
    groups: dict[tuple[object, ...], list[int]] = {}
    for unit, row in enumerate(table.tolist()):
        groups.setdefault(tuple(row), []).append(unit)
    return [tuple(units) for units in groups.values() if len(units) > 1]
