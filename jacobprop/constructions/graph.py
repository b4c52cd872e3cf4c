"""A network as a graph: how deep it is, how many units it hides, how many connections it has."""

from __future__ import annotations

import numpy as np

from ..errors import OptionError, shown
from ..layers import RBF
from ..network import Network


def depth_of(net: Network) -> int:
    """The longest path from an input to an output, in layers with parameters (H-23).

    Layers without parameters lie on a path and do not lengthen it. The slides call a network deep if this
    is above 2.

    Examples
    --------
    >>> from jacobprop import Dense, Softmax
    >>> depth_of(Network([Dense(3, 4, "tanh"), Dense(4, 2), Softmax()]))
    2
    """
    _require_network(net, "depth_of")
    longest = [0]
    for number, slots in enumerate(net.architecture.slots, 1):
        longest.append(max(longest[below] for below in net.architecture.reads(number)) + bool(slots))
    return longest[-1]


def count_hidden_units(net: Network) -> int:
    """The outputs of all layers with parameters but the last of these.

    Examples
    --------
    >>> from jacobprop import Dense
    >>> count_hidden_units(Network([Dense(3, 4, "tanh"), Dense(4, 5, "tanh"), Dense(5, 2)]))
    9
    """
    _require_network(net, "count_hidden_units")
    widths = [
        layer.width(layer.n_in)
        for layer, slots in zip(net.layers, net.architecture.slots, strict=True)
        if slots
    ]
    return sum(width or 0 for width in widths[:-1])


def count_connections(net: Network) -> int:
    """The weights that are not 0: what a network costs in hardware (H-22); biases are no connections.

    A radial unit has one with each input: a centre at 0 is a place like any other.

    Examples
    --------
    >>> from jacobprop.constructions import xor_network
    >>> count_connections(xor_network())
    6
    """
    _require_network(net, "count_connections")
    return sum(
        array.size if isinstance(layer, RBF) else int(np.count_nonzero(array))
        for number, layer in enumerate(net.layers, 1)
        for slot in net.architecture.slots[number - 1]
        if (array := net.parameters[f"{slot}{number}"]).ndim == 2
    )


def _require_network(net: object, where: str) -> None:
    if not isinstance(net, Network):
        raise OptionError(
            "this counts what a network has",
            where=where,
            got=shown(net),
            expected="a Network",
            remedy="Put layers into a Network first.",
        )
