"""A workload in plain arrays and words, and its forward pass in whatever library speaks them.

Index legend: c cases, n inputs and m outputs of a layer, o outputs of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array
from jacobprop.errors import CheckFailed

from ..workloads import Workload

ACTIVATIONS = ("identity", "sigmoid", "tanh")
LOSSES = (jp.CrossEntropy, jp.BinaryCrossEntropy, jp.SquaredError)


class Reading(NamedTuple):
    """What a peer needs to know of a workload.

    Attributes
    ----------
    layers : tuple
        The number and the activation of each Dense layer, from the input up.
    softmax : bool
        Whether a softmax stands on top.
    loss : str
        The class of the loss, and `weight` what each case's loss counts.
    parameters : dict
        {"W1": (n, m), "b1": (m,), ...}
    """

    layers: tuple[tuple[int, str], ...]
    softmax: bool
    loss: str
    weight: float
    parameters: dict[str, Array]


class Words(NamedTuple):
    """How a library says y W + b, each activation, and the softmax of the last axis."""

    affine: Callable[[Any, Any, Any], Any]
    activations: Mapping[str, Callable[[Any], Any]]
    softmax: Callable[[Any], Any]


class Pass(NamedTuple):
    """A forward pass: below and sum of every layer, then what the softmax reads, and what it gives."""

    below: tuple[Any, ...]
    sums: tuple[Any, ...]
    last: Any
    output: Any


def read(work: Workload) -> Reading:
    """The workload as a peer sees it.

    Raises
    ------
    CheckFailed
        A layer, activation or loss that no peer has been taught.
    """
    *_, top = work.net.layers
    softmax = isinstance(top, jp.Softmax)
    dense = work.net.layers[:-1] if softmax else work.net.layers
    layers = tuple(
        (number, layer.activation.name)
        for number, layer in enumerate(dense, 1)
        if isinstance(layer, jp.Dense)
    )
    taught = len(layers) == len(dense) and all(name in ACTIVATIONS for _, name in layers)
    if not taught or not isinstance(work.net.loss, LOSSES):
        raise CheckFailed(
            "the peers have not been taught this network",
            where=work.name,
            got=repr(work.net),
            expected=f"Dense layers with {', '.join(ACTIVATIONS)}, at most a Softmax on top, and one of "
            + ", ".join(loss.__name__ for loss in LOSSES),
            remedy="Add the word in benchmarks/peers.",
        )
    loss = type(work.net.loss).__name__
    parameters = {name: np.array(array) for name, array in work.net.parameters.items()}
    return Reading(layers, softmax, loss, work.net.loss.weight(work.cases), parameters)


def forward(
    net: Reading,
    words: Words,
    parameters: Mapping[str, Any],
    X: Any,
    offsets: Mapping[int, Any] | None = None,
) -> Pass:
    """Run the network on one case or a stack; `offsets` are added to the sums, to differentiate by them."""
    y, below, sums = X, [], []
    for number, activation in net.layers:
        z = words.affine(y, parameters[f"W{number}"], parameters[f"b{number}"])
        z = z if offsets is None else z + offsets[number]
        below.append(y)
        sums.append(z)
        y = words.activations[activation](z)
    return Pass(tuple(below), tuple(sums), y, words.softmax(y) if net.softmax else y)
