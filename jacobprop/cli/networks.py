"""The network, the cases and the targets that a command line describes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..layers import Dense, Layer, Softmax
from ..losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError, SquaredError
from ..network import Network
from ..record import Record

LOSSES: dict[str, type[Loss]] = {
    "squared-error": SquaredError,
    "mean-squared-error": MeanSquaredError,
    "binary-cross-entropy": BinaryCrossEntropy,
    "cross-entropy": CrossEntropy,
}
PLACES = 3
"""Decimals of drawn numbers: few enough to be copied by hand."""


class Description(NamedTuple):
    """What a command line says about a network; None where it says nothing."""

    sizes: tuple[int, ...]
    activation: str = "sigmoid"
    output_activation: str | None = None
    loss: str = "squared-error"
    bias: bool = True
    names: str | None = None
    weights: str | None = None
    seed: int = 0
    cases: int = 1

    @property
    def top(self) -> str:
        """The last layer's activation: what the loss needs, else the same as the others."""
        needed = {"cross-entropy": "softmax", "binary-cross-entropy": "sigmoid"}
        return self.output_activation or needed.get(self.loss, self.activation)

    def layers(self) -> list[Layer]:
        """Dense layers, and a Softmax if the last activation is called softmax."""
        soft = self.top == "softmax"
        hidden = [self.activation] * (len(self.sizes) - 2)
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        activations = [*hidden, "identity" if soft else self.top]
        layers: list[Layer] = [
            Dense(n, m, f, bias=self.bias) for (n, m), f in zip(pairs, activations, strict=True)
        ]
        return [*layers, Softmax()] if soft else layers

    def network(self) -> Network:
        """The network, its parameters rounded."""
        net = Network(
            self.layers(),
            loss=LOSSES[self.loss](),
            seed=self.seed,
            names=self.names,
            weights=self.weights,
        )
        return net.with_parameters({name: _short(a) for name, a in net.parameters.items()})

    def record(self, net: Network) -> Record:
        """A pass with random inputs in [-1, 1] and targets that suit the loss."""
        rng = np.random.default_rng([self.seed, 1])  # another stream than the parameters'
        X = rng.uniform(-1, 1, (self.cases, self.sizes[0]))
        return net.forward(_short(X), self._targets(rng))

    def _targets(self, rng: np.random.Generator) -> Array:
        outputs = self.sizes[-1]
        if self.loss == "cross-entropy":
            return rng.integers(outputs, size=self.cases)
        if self.loss == "binary-cross-entropy":
            return rng.integers(2, size=(self.cases, outputs))
        return _short(rng.uniform(0.1, 0.9, (self.cases, outputs)))  # within a sigmoid's reach (D-82)


def _short(drawn: Array) -> Array:
    """Rounded; -0.0 becomes 0.0."""
    return np.asarray(drawn.round(PLACES) + 0.0)
