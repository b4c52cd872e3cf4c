"""Training by descent or by Levenberg-Marquardt, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..curvature.marquardt import levenberg_marquardt
from ..network import Network
from ..training import fit
from .fit_task import FitTask
from .interruption import interruptible

DESCENT, MARQUARDT = "descent", "lm"
Follower = Callable[[int, float, float | None], None]


class Losses(Protocol):
    """Of training and held-out cases, before the first round and after each."""

    @property
    def train(self) -> list[float]: ...

    @property
    def held_out(self) -> list[float]: ...


class Options(NamedTuple):
    """How to train; what a method does not know it ignores."""

    method: str
    rounds: int
    learning_rate: float
    batch_size: int
    weight_decay: float
    seed: int

    @property
    def unit(self) -> str:
        """What a round is called."""
        return "epoch" if self.method == DESCENT else "iteration"


class Trained(NamedTuple):
    """A network in the units of the data, and how it came about.

    `interrupted` says that Ctrl-C ended the training, whose last whole round counts.
    """

    network: Network
    losses: Losses
    seconds: float
    reason: str
    interrupted: bool

    @property
    def rounds(self) -> int:
        """How many epochs or iterations there were."""
        return len(self.losses.train) - 1


def train(task: FitTask, options: Options, follower: Follower) -> Trained:
    """Train on the scaled cases, and put the scale into the network."""
    start = time.perf_counter()
    with interruptible() as interruption:

        def progress(number: int, train_loss: float, held_out_loss: float | None) -> None:
            follower(number, train_loss, held_out_loss)
            if interruption.wanted:
                raise StopIteration

        trained, losses, reason = _trained(task, options, progress)
    if interruption.wanted:
        reason = f"Ctrl-C after {options.unit} {len(losses.train) - 1}; the network of that moment is kept."
    passed = time.perf_counter() - start
    return Trained(task.unscaled(trained), losses, passed, reason, interruption.wanted)


def _trained(task: FitTask, options: Options, progress: Follower) -> tuple[Network, Losses, str]:
    cases, held_out = task.scaled(task.train), task.held_out and task.scaled(task.held_out)
    if options.method == MARQUARDT:
        found = levenberg_marquardt(
            task.net,
            *cases,
            iterations=options.rounds,
            weight_decay=options.weight_decay,
            held_out=held_out,
            progress=progress,
        )
        return found.network, found.history, found.message
    descended = fit(
        task.net,
        *cases,
        epochs=options.rounds,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        seed=options.seed,
        held_out=held_out,
        progress=progress,
    )
    losses = descended.history.train
    rose = "" if losses[-1] <= losses[0] else " The loss rose: take a smaller --learning-rate."
    reason = f"As many epochs as asked for: {options.rounds}.{rose}"
    return descended.network, descended.history, reason
