"""A training run: epochs of updates, and what is noted after each.

A network with layers that differ while it learns is ``net.in_training(rng)`` at each update, with new
masks, and ``net.with_statistics(X)`` where it is judged; any other network is itself both times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from ..arrays import Array, freeze
from ..delta import DeltaRule
from ..errors import NonFiniteError
from ..histories import History, Progress
from ..network import Network
from .arguments import Callback
from .state import TrainingState, generator_of, words_of
from .stopping import StopRules
from .task import Task
from .update import Update


class Run:
    """A training run in motion.

    Parameters
    ----------
    task : Task
    rng : numpy.random.Generator
        For the order of the cases and the masks.

    Attributes
    ----------
    network : Network
        As it is after the last epoch.
    history : History
    best : array (p,) or None
        The parameters of the lowest held-out loss.
    """

    def __init__(self, task: Task, rng: np.random.Generator) -> None:
        self._task, self._rng, self._differs = task, rng, task.differs
        self._rule = DeltaRule(task.net)
        dtype = np.result_type(task.x, task.net.dtype)
        self._update = Update(task.net, dtype, task.optimizer, task.l2)
        self.network, self.history = self._judged(), History()
        self.best: Array | None = None
        self._lowest, self._begins = math.inf, False

    @classmethod
    def begin(cls, task: Task, seed: int) -> Run:
        """From the network's own parameters; entry 0 of the history is made."""
        run = cls(task, np.random.default_rng(seed))
        run._note()
        run._begins = True
        return run

    @classmethod
    def resume(cls, task: Task, state: TrainingState) -> Run:
        """From where another run has come to."""
        run = cls(task, generator_of(state.random))
        run._update.count = state.updates
        for name, array in state.memory.items():
            run._update.memory[name][...] = array
        run.history.train.extend(state.history.train)
        run.history.held_out.extend(state.history.held_out)
        run.best = state.best
        numbers = (loss for loss in state.history.held_out if not math.isnan(loss))
        run._lowest = min(numbers, default=math.inf)
        return run

    def go(
        self,
        epochs: int,
        rate: Callable[[int], float],
        rules: StopRules,
        progress: Progress | None,
        callbacks: tuple[Callback, ...] = (),
    ) -> str:
        """Train for so many epochs, or until a rule holds; why it ended."""
        going = not self._begins or self._call(callbacks, 0)
        for _ in range(epochs if going else 0):
            if stopped := rules.reached(self.gradient_norm):
                return stopped
            epoch = len(self.history.train)
            self._epoch(epoch, rate(epoch))
            self._note()
            going = self._call(callbacks, epoch)
            if not self.history.tell(progress):
                return f"The progress function raised StopIteration after epoch {epoch}."
            if not going:
                break
        if not going:
            return f"A callback raised StopIteration after epoch {len(self.history.train) - 1}."
        return rules.reached(self.gradient_norm) or f"As many epochs as asked for: {epochs}."

    def _call(self, callbacks: tuple[Callback, ...], epoch: int) -> bool:
        """Show the network to everyone who wants to see it; whether the training goes on."""
        going = True
        for callback in callbacks:
            try:
                callback(self.network, epoch)
            except StopIteration:
                going = False
        return going

    def _epoch(self, epoch: int, rate: float) -> None:
        for batch in self._batches():
            _, gradients = self._learning().gradients(
                self._task.x[batch], self._task.target[batch], self._update.parameters, copy=False
            )
            self._update.apply(gradients, rate)
            if lost := self._update.not_finite():
                raise _diverged(lost, epoch, rate)
        self.network = self._judged()

    def _batches(self) -> Iterator[Array | slice]:
        """Every case once, in a new order where it matters."""
        cases, size = len(self._task.x), self._task.size
        if size >= cases:
            yield slice(None)
            return
        order = self._rng.permutation(cases) if self._task.shuffle else np.arange(cases)
        for start in range(0, cases, size):
            yield order[start : start + size]

    def _learning(self) -> DeltaRule:
        """The delta rule of the network while it learns."""
        return DeltaRule(self._task.net.in_training(self._rng)) if self._differs else self._rule

    def _judged(self) -> Network:
        """The network with the parameters of now, as the history sees it."""
        net = self._task.net.with_parameters(self._update.parameters)
        return net.with_statistics(self._task.x) if self._differs else net

    def _note(self) -> None:
        self.history.train.append(self.network.forward(self._task.x, self._task.target).loss)
        if self._task.held_out is not None:
            loss = self.network.forward(*self._task.held_out).loss
            self.history.held_out.append(loss)
            if self.best is None or loss < self._lowest:
                self.best = freeze(self._update.vector.copy())
                self._lowest = math.inf if math.isnan(loss) else loss

    def gradient_norm(self) -> float:
        """|gradient of L + l2/2 |W|^2| by what may move, over all cases, as the history sees the network."""
        rule = DeltaRule(self.network) if self._differs else self._rule
        _, gradients = rule.gradients(self._task.x, self._task.target, self._update.parameters, copy=False)
        moving = self._update.gradient(gradients)[self._update.moving]
        return float(np.linalg.norm(moving.astype(np.float64, copy=False)))

    def restored(self) -> Network:
        """The network at its lowest held-out loss."""
        assert self.best is not None, "early stopping asks for held-out cases"
        net = self._task.net.with_vector(self.best)
        return net.with_statistics(self._task.x) if self._differs else net

    def state(self) -> TrainingState:
        """Where the run has come to."""
        update = self._update
        arrays = {name: freeze(array.copy()) for name, array in update.memory.items()}
        history = History(list(self.history.train), list(self.history.held_out))
        words = freeze(words_of(self._rng))
        return TrainingState(
            freeze(update.vector.copy()),
            arrays,
            update.count,
            words,
            history,
            self._task.description,
            self.best,
        )


def _diverged(lost: str, epoch: int, rate: float) -> NonFiniteError:
    return NonFiniteError(
        f"training diverged: {lost} is no longer finite",
        where=f"fit, epoch {epoch}",
        got=f"learning_rate={rate}",
        expected="a loss that falls",
        remedy="Lower the learning rate, scale the inputs, or look for nan among them.",
    )
