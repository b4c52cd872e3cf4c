"""How well a network does before and after training: accuracy, or R^2 and errors in the target's unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..network import Network
from .fit_run import Trained
from .fit_task import Cases, FitTask

LARGE, HUGE = 1e4, 1e9
"""Between these a number is written in full, without decimals."""


class Score(NamedTuple):
    """One number before and after, on the training cases and, if there are any, on those held out."""

    name: str
    values: tuple[float, ...]
    percent: bool = False

    @property
    def words(self) -> list[str]:
        """For a table; a dash where there is no such number."""
        return [self._word(value) for value in self.values]

    def _word(self, value: float) -> str:
        if math.isnan(value):
            return "-"
        if self.percent:
            return f"{value:.1%}"
        return f"{value:,.0f}" if LARGE <= abs(value) < HUGE else f"{value:.4g}"


class Scores(NamedTuple):
    """What is to be shown of a run."""

    losses: tuple[float, ...]
    shown: list[Score]
    remark: str


def scores(task: FitTask, trained: Trained) -> Scores:
    """The losses that training saw, and what the saved network does to the data as they are."""
    histories = [losses for losses in (trained.losses.train, trained.losses.held_out) if losses]
    losses = tuple(loss for history in histories for loss in (history[0], history[-1]))
    if task.target.classes:
        rates = _four(task, trained, accuracy)
        most = np.bincount(task.data.target.T).max() / len(task.data.X)
        remark = f"always the largest class: accuracy {most:.1%}"
        return Scores(losses, [Score("accuracy", tuple(map(float, rates)), percent=True)], remark)
    errors, shares = _four(task, trained, root_mean_square), _four(task, trained, explained)
    found = []
    for k, name in enumerate(task.target.names):
        found.append(Score(f"RMSE of {name}", tuple(float(side[k]) for side in errors)))
        found.append(Score(f"R^2 of {name}", tuple(float(side[k]) for side in shares)))
    return Scores(losses, found, "loss: of the standardised target; RMSE: in the target's own unit")


def _four(task: FitTask, trained: Trained, score: Callable[[Network, Cases], Array]) -> list[Array]:
    before, after = task.unscaled(task.net), trained.network
    with np.errstate(all="ignore"):
        return [
            score(net, cases)
            for cases in (task.train, task.held_out)
            if cases is not None
            for net in (before, after)
        ]


def accuracy(net: Network, cases: Cases) -> Array:
    """The share of cases whose class has the largest output."""
    return np.asarray((net(cases.X).argmax(axis=1) == cases.T).mean())


def root_mean_square(net: Network, cases: Cases) -> Array:
    """Of the errors of each target, in its unit."""
    return np.asarray(np.sqrt(np.square(net(cases.X) - cases.T).mean(axis=0)))


def explained(net: Network, cases: Cases) -> Array:
    """R^2 of each target: 1 - squared errors / squared distances to the mean; nan of a single value."""
    errors = np.square(net(cases.X) - cases.T).sum(axis=0)
    spread = np.square(cases.T - cases.T.mean(axis=0)).sum(axis=0)
    return np.asarray(1 - errors / np.where(spread > 0, spread, np.nan))
