"""Learning rates that depend on the epoch, eta^k (seed rows H-53, M-26).

A schedule is any function of the epoch, the first one being 1; here are the ones that have names.
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass

from ..arrays import whole_number
from .arguments import learning_rate, not_negative, number

_MOST = 2**53
"""The last epoch that a float counts."""


class Schedule(abc.ABC):
    """A learning rate for each epoch, the first one being 1."""

    def __call__(self, epoch: int) -> float:
        """The rate of an epoch."""
        where, remedy = type(self).__name__, "The first epoch is 1."
        return self._after(whole_number(epoch, "epoch", where, most=_MOST, remedy=remedy) - 1)

    def _keep(self, **options: float) -> None:
        """The options as plain numbers of Python, whose products do not wrap round."""
        for name, value in options.items():
            object.__setattr__(self, name, value)

    @abc.abstractmethod
    def _after(self, past: int) -> float:
        """The rate after so many whole epochs."""


def _factor(value: object, where: str) -> float:
    return number(value, "factor", where, "above 0, at most 1", lambda found: 0 < found <= 1)


@dataclass(frozen=True)
class StepDecay(Schedule):
    """eta_k = rate factor^floor((k - 1) / every): the rate falls by a factor every so many epochs.

    Parameters
    ----------
    rate : float
        Of the first epoch.
    factor : float
        Above 0, at most 1.
    every : int
        How many epochs keep one rate.

    Examples
    --------
    >>> [StepDecay(0.8, 0.5, every=2)(epoch) for epoch in (1, 2, 3, 4, 5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """

    rate: float
    factor: float = 0.5
    every: int = 10

    def __post_init__(self) -> None:
        where = "StepDecay"
        self._keep(
            rate=learning_rate(self.rate, where),
            factor=_factor(self.factor, where),
            every=whole_number(self.every, "every", where, remedy="It counts epochs."),
        )

    def _after(self, past: int) -> float:
        return self.rate * self.factor ** (past // self.every)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """eta_k = rate factor^(k - 1): each epoch takes the same part of the rate before it.

    Parameters
    ----------
    rate : float
        Of the first epoch.
    factor : float
        Above 0, at most 1.

    Notes
    -----
    All steps together go no farther than rate / (1 - factor) allows: a minimum beyond that is never reached.

    Examples
    --------
    >>> [ExponentialDecay(0.8, 0.5)(epoch) for epoch in (1, 2, 3)]
    [0.8, 0.4, 0.2]
    """

    rate: float
    factor: float = 0.99

    def __post_init__(self) -> None:
        where = "ExponentialDecay"
        self._keep(rate=learning_rate(self.rate, where), factor=_factor(self.factor, where))

    def _after(self, past: int) -> float:
        return self.rate * self.factor**past


@dataclass(frozen=True)
class InverseTimeDecay(Schedule):
    """eta_k = rate / (1 + decay (k - 1)): the sum of the rates diverges, that of their squares does not.

    These are the conditions of Robbins and Monro, under which minibatch descent of a convex loss comes to
    its minimum in spite of the noise.

    Parameters
    ----------
    rate : float
        Of the first epoch.
    decay : float
        Not below 0. After 1 / decay epochs half of the rate is left.

    Examples
    --------
    >>> [InverseTimeDecay(0.8, 0.5)(epoch) for epoch in (1, 3, 7)]
    [0.8, 0.4, 0.2]
    """

    rate: float
    decay: float = 0.01

    def __post_init__(self) -> None:
        where = "InverseTimeDecay"
        self._keep(rate=learning_rate(self.rate, where), decay=not_negative(self.decay, "decay", where))

    def _after(self, past: int) -> float:
        return self.rate / (1 + self.decay * past)


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """eta_k = final + (rate - final) (1 + cos(pi (k - 1 - w) / (epochs - w))) / 2 after w epochs of warm-up.

    During the warm-up eta_k = rate k / (w + 1); after the last epoch it stays at `final`.

    Parameters
    ----------
    rate : float
        The highest, at epoch ``warm_up + 1``.
    epochs : int
        How many there are, the warm-up included.
    final : float
        Where it falls to.
    warm_up : int
        Epochs with a rising rate, less than `epochs`.

    Examples
    --------
    >>> [round(CosineDecay(0.8, epochs=6, warm_up=2)(epoch), 3) for epoch in range(1, 8)]
    [0.267, 0.533, 0.8, 0.683, 0.4, 0.117, 0.0]
    """

    rate: float
    epochs: int
    final: float = 0.0
    warm_up: int = 0

    def __post_init__(self) -> None:
        where, remedy = "CosineDecay", "It counts epochs."
        self._keep(
            rate=learning_rate(self.rate, where),
            final=number(self.final, "final", where, "a finite number", math.isfinite),
            epochs=whole_number(self.epochs, "epochs", where, remedy=remedy),
        )
        self._keep(
            warm_up=whole_number(self.warm_up, "warm_up", where, least=0, most=self.epochs - 1, remedy=remedy)
        )

    def _after(self, past: int) -> float:
        if past < self.warm_up:
            return self.rate * ((past + 1) / (self.warm_up + 1))
        done = min((past - self.warm_up) / (self.epochs - self.warm_up), 1)
        share = (1 + math.cos(math.pi * done)) / 2
        return share * self.rate + (1 - share) * self.final
