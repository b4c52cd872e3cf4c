"""A network as a dialect writes it: its parameters, gradients, deltas and symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..architecture import Architecture
from ..arrays import Array
from ..record import Record
from .conversion import convert, convert_deltas, convert_gradients
from .dialect import Dialect, Symbols
from .notation_map import JACOBPROP


class _Network(Protocol):
    """What the view asks of a network, which is above it."""

    architecture: Architecture

    @property
    def parameters(self) -> Mapping[str, Array]: ...

    def forward(self, X: object, T: object = None) -> Record: ...


@dataclass(frozen=True, eq=False)
class NetworkInDialect:
    """A network's arrays and symbols in one dialect; made by ``Network.in_dialect``.

    Attributes
    ----------
    dialect : Dialect
        Its facts; printed, a sheet of formulas.
    network : Network

    Examples
    --------
    >>> from jacobprop import BinaryCrossEntropy, Dense, Network
    >>> net = Network([Dense(3, 2, "sigmoid"), Dense(2, 1, "sigmoid")], BinaryCrossEntropy())
    >>> view = net.in_dialect("ng")
    >>> {key: theta.shape for key, theta in view.parameters.items()}
    {'Theta1': (2, 4), 'Theta2': (1, 3)}
    >>> D = view.gradients([[0.0, 1.0, 2.0]] * 5, [[1.0]] * 5)  # five cases
    >>> {key: array.shape for key, array in D.items()}
    {'Theta1': (2, 4), 'Theta2': (1, 3)}
    >>> view.symbols["a0"], view.symbols["W1"], view.symbols["delta1"]
    ('a^(1)', 'Theta^(1)', 'delta^(2)')
    """

    dialect: Dialect
    network: _Network

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters, as arrays of their own.

        Raises
        ------
        UnknownNameError
            A layer has other parameters than weights and a bias, or no bias where the dialect needs one.
        """
        return convert(self.network.parameters, JACOBPROP, self.dialect, chained=False)

    def gradients(self, X: object, T: object) -> dict[str, Array]:
        """The gradient of the loss, in the dialect's layout and reduced over the cases as it says.

        Whether the network's loss is a sum or a mean does not matter: the dialect decides.

        Parameters
        ----------
        X, T : as for ``Network.forward``
        """
        record = self.network.forward(X, T)
        found = record.gradients()
        loss = self.network.architecture.loss
        assert loss is not None  # there would be no gradients
        own = replace(JACOBPROP, reduction=loss.reduction)
        return convert_gradients(found, own, self.dialect, cases=record.cases or 1, chained=False)

    def deltas(self, X: object, T: object) -> dict[str, Array]:
        """dL/dz of each case and each layer with weights, with the dialect's sign and placeholders.

        Parameters
        ----------
        X, T : as for ``Network.forward``
        """
        record = self.network.forward(X, T)
        found = {
            JACOBPROP.key("delta", layer): record.jacobian("L", f"z{layer}").tensor()
            for layer in self._weighted
        }
        return convert_deltas(found, JACOBPROP, self.dialect)

    @property
    def symbols(self) -> dict[str, str]:
        """How the dialect writes each variable of the network, {canonical name: symbol}."""
        found = {"a0": self._written(0).activation}
        for layer, slots in enumerate(self.network.architecture.slots, 1):
            written = self._written(layer)
            own = {"W": written.weights, "b": written.bias}
            found |= {f"{slot}{layer}": own[slot] for slot in slots if slot in own}
            if layer in self._weighted:
                found |= {f"z{layer}": written.sum, f"delta{layer}": written.delta}
            found[f"a{layer}"] = written.activation
        return found | {"t": self._written(0).target, "L": self._written(0).loss}

    @property
    def _weighted(self) -> tuple[int, ...]:
        """The layers with weights and a sum."""
        architecture = self.network.architecture
        slots = enumerate(architecture.slots, 1)
        return tuple(layer for layer, s in slots if "W" in s and architecture.has_sum(layer))

    def _written(self, layer: int) -> Symbols:
        """The symbols of a layer; of the input, layer 0, the activation alone means something."""
        return self.dialect.written(self.dialect.number("delta", layer), self.dialect.number("W", layer))
