"""One update of all parameters, w <- w - eta d, with d from the gradient of L + l2/2 |W|^2.

All parameters are one vector, so that an optimiser is a few operations whatever the layers are. Index
legend: p parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array
from ..network import Network
from .optimizers import Optimizer


class Update:
    """The parameters in motion.

    Parameters
    ----------
    net : Network
        Where they start.
    dtype : dtype
        That of its gradients.
    optimizer : Optimizer or None
        None is plain gradient descent.
    l2 : float
        The decay of the slots named "W": not of biases, the gains of batch normalisation, or widths.

    Attributes
    ----------
    vector : array (p,)
    parameters : dict
        Views into it, by name.
    memory : dict
        What the optimiser remembers, (p,) each.
    moving : array (p,) of bool, or slice
        Which parameters may move.
    count : int
        The updates so far.
    """

    def __init__(self, net: Network, dtype: np.dtype[Any], optimizer: Optimizer | None, l2: float) -> None:
        self.vector = net.vector
        self.parameters = _parts(net, self.vector)
        self._slices = net.slices
        self.count = 0
        self._optimizer = optimizer
        moving = None if optimizer is None else optimizer.moving(net.size)
        self.moving = slice(None) if moving is None else moving
        precise = dtype if optimizer is None else np.result_type(dtype, np.float32)
        self._decay = _decay(net, precise, l2)
        self._gradient = np.empty(net.size, precise)
        self._parts = _parts(net, self._gradient)
        self.memory = {
            name: np.zeros_like(self._gradient)
            for name in (optimizer.memory if optimizer is not None else ())
        }

    def apply(self, gradients: Mapping[str, Array], rate: float) -> None:
        """Take a step with the gradients of L, {name: array}."""
        self.count += 1
        if self._optimizer is None:
            self.vector -= self.gradient(gradients, rate)
            return
        direction = self.gradient(gradients)
        self._optimizer.direct(direction, self.memory, self.count)
        direction *= direction.dtype.type(rate)
        self.vector -= direction

    def not_finite(self) -> str:
        """The first parameter, or what the optimiser remembers of one, that is not; empty if all are."""
        for what, vector in (("", self.vector), *self.memory.items()):
            finite = np.isfinite(vector)
            if not finite.all():
                name = next(name for name, part in self._slices.items() if not finite[part].all())
                return f"the {what.replace('_', ' ')} of {name}" if what else name
        return ""

    def gradient(self, gradients: Mapping[str, Array], times: float = 1.0) -> Array:
        """Of L + l2/2 |W|^2, (p,), times a number: valid until the next call."""
        found = self._gradient
        factor = found.dtype.type(times)
        for name, part in self._parts.items():
            np.multiply(gradients[name], factor, out=part)
        if self._decay is not None:
            found += factor * self._decay * self.vector
        return found


def _parts(net: Network, vector: Array) -> dict[str, Array]:
    """Views into a vector of all parameters, by name."""
    shapes = {name: array.shape for name, array in net.parameters.items()}
    return {name: vector[part].reshape(shapes[name]) for name, part in net.slices.items()}


def _decay(net: Network, dtype: np.dtype[Any], l2: float) -> Array | None:
    """What multiplies each parameter in the gradient of the penalty, None for no penalty."""
    if not l2:
        return None
    decay = np.zeros(net.size, dtype)
    for node, name in net.architecture.parameter_names:
        decay[net.slices[name]] = l2 if node.letter == "W" else 0
    return decay
