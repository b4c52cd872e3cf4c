"""What the demo computes, apart from how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..histories import Progress
from ..record import Record
from ..training import Fit, fit
from ..training.splitting import Cases
from .measuring import Measurement, measure_all
from .symbolic_check import SymbolicCheck, check_321
from .wine_task import WineTask

MINIBATCH = 32


@dataclass(frozen=True)
class DemoRun:
    """The stations of the demo, each computed when it is first asked for."""

    task: WineTask
    seed: int

    @property
    def minibatch(self) -> Cases:
        """The first training cases."""
        return Cases(*(array[:MINIBATCH] for array in self.task.train))

    @cached_property
    def record(self) -> Record:
        """The forward pass of the minibatch."""
        return self.task.net.forward(*self.minibatch)

    @cached_property
    def measurements(self) -> list[Measurement]:
        """The gradient of the minibatch by all formulations."""
        return list(measure_all(self.task.net, *self.minibatch))

    @cached_property
    def symbolic(self) -> SymbolicCheck:
        """The 3-2-1 network on symbols."""
        return check_321()

    def train(self, epochs: int, progress: Progress | None = None) -> Fit:
        """Train on all training cases, watching those held out."""
        task = self.task
        return fit(
            task.net,
            *task.train,
            epochs=epochs,
            learning_rate=task.learning_rate,
            batch_size=task.batch_size,
            seed=self.seed,
            held_out=task.held_out,
            progress=progress,
        )
