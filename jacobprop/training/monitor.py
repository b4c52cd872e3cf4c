"""Saturated units and the norms of Jacobians, followed through a training (seed rows B-47, B-48, S-39)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Array, quiet, whole_number
from ..network import Network, require_network
from .norms import JacobianNorms, norms_of
from .plain import plain
from .saturation import EPS, SaturationReport, checked_eps, saturation_of

_LINES = 6
"""How many epochs a printed table shows."""


class Observation(NamedTuple):
    """What a monitor saw at one time."""

    epoch: int
    saturation: SaturationReport
    norms: JacobianNorms


class Monitor:
    """Looks at a network on the same cases again and again, and keeps what it sees.

    ``fit(..., callbacks=[monitor])`` calls it after every epoch; called by hand it looks at any network, such
    as between two pieces of a training. `jacobprop.monitor_picture` draws what it has seen.

    Parameters
    ----------
    X, T : as for ``Network.forward``
        The cases to look at, some hundred at most; without T there are no norms of dL/da_l.
    eps : float
        As for `saturation_report`.

    Attributes
    ----------
    seen : list of Observation

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> from jacobprop.losses import SquaredError
    >>> from jacobprop.training import fit
    >>> X, T = np.eye(3), np.array([[0.9], [0.1], [0.9]])
    >>> net = Network([Dense(3, 4, "sigmoid"), Dense(4, 1, "sigmoid")], SquaredError())
    >>> monitor = Monitor(X, T)
    >>> trained = fit(net, X, T, epochs=50, learning_rate=1.0, callbacks=[monitor])
    >>> monitor.saturated.shape, monitor.log2_input.shape, monitor.log2_loss.shape
    ((51, 2), (51, 2), (51, 3))
    """

    def __init__(self, X: object, T: object = None, *, eps: float = EPS) -> None:
        self._X, self._T, self._eps = X, T, checked_eps(eps, "Monitor")
        self.seen: list[Observation] = []

    @quiet
    def __call__(self, net: Network, epoch: int | None = None) -> None:
        """Look at the network as it is after so many epochs, by default one more than the last time.

        Raises
        ------
        OptionError
            There is no network, or `epoch` counts nothing.
        ShapeError, DTypeError, MissingTargetError, DenseLimitError
            As from `saturation_report` and `jacobian_norms`.
        """
        require_network(net, "Monitor")
        following = self.seen[-1].epoch + 1 if self.seen else 0
        number = (
            following
            if epoch is None
            else whole_number(epoch, "epoch", "Monitor", least=0, remedy="Leave it out to count the calls.")
        )
        record = net.forward(self._X, self._T)
        plain(record.output, "the network", "Monitor")
        self.seen.append(Observation(number, saturation_of(net, record, self._eps), norms_of(net, record)))

    @property
    def epochs(self) -> list[int]:
        """When it looked."""
        return [each.epoch for each in self.seen]

    @property
    def layers(self) -> list[int]:
        """The numbers of the layers with an elementwise activation, the columns of `saturated`."""
        return [line.layer for line in self.seen[-1].saturation] if self.seen else []

    @property
    def saturated(self) -> Array:
        """The share of saturated units, a row for each time and a column for each of `layers`."""
        return np.array([[line.saturated for line in each.saturation] for each in self.seen])

    @property
    def log2_input(self) -> Array:
        """log2 of |J_a0^al|, a row for each time and a column for each layer from 1 to N."""
        return np.array([each.norms.log2_input for each in self.seen])

    @property
    def log2_loss(self) -> Array | None:
        """log2 of |dL/da_l|, with a column for each of a0 to aN; None without targets."""
        return None if self._T is None else np.array([each.norms.log2_loss for each in self.seen])

    def __str__(self) -> str:
        if not self.seen:
            return "nothing seen yet"
        heads = [f"sat{number}" for number in self.layers]
        heads += [f"|J{number}|" for number in range(1, self.log2_input.shape[1] + 1)]
        parts = [self.saturated, self.log2_input]
        if self.log2_loss is not None:
            heads += [f"|g{number}|" for number in range(self.log2_loss.shape[1])]
            parts.append(self.log2_loss)
        table = np.hstack(parts)
        shown = np.unique(np.linspace(0, len(self.seen) - 1, _LINES).round().astype(int))
        shares = len(self.layers)
        lines = ["epoch " + " ".join(f"{head:>6}" for head in heads)]
        for row in shown:
            entries = [f"{x:6.0%}" if k < shares else f"{x:6.1f}" for k, x in enumerate(table[row])]
            lines.append(f"{self.epochs[row]:5} " + " ".join(entries))
        lines.append("sat: share of saturated units; |J|: log2 |J_a0^al|; |g|: log2 |dL/da_l|; medians")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Monitor: looked {len(self.seen)} times>"
