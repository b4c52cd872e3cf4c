"""When training ends before its last epoch (seed rows H-53, B-44, B-49, E-30, E-56)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ..arrays import whole_number
from ..errors import OptionError, shown
from ..histories import History
from .arguments import not_negative


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the held-out loss has stopped falling, and go back to where it was lowest.

    Seed 001 says "when the test loss drops too much" (E-30), which would end a training that goes well.

    Parameters
    ----------
    patience : int
        How many epochs in a row may pass without an improvement.
    min_improvement : float
        By how much the loss must fall below the last improvement to count as one: more than this.

    Notes
    -----
    The parameters that come back are those of the lowest loss, whether or not it counts as an improvement.
    The held-out cases choose the epoch, so their loss there is no measure of what the network will do with
    others: keep a third set for that.
    """

    patience: int = 10
    min_improvement: float = 0.0

    def __post_init__(self) -> None:
        whole_number(self.patience, "patience", "EarlyStopping", remedy="It counts epochs.")
        not_negative(self.min_improvement, "min_improvement", "EarlyStopping")


@dataclass
class Waiting:
    """For how many epochs the held-out loss has not improved."""

    min_improvement: float
    epochs: int = -1
    improved: int = 0
    last: float = field(default=math.inf)

    def note(self, loss: float) -> None:
        """The loss of the next epoch; the first is that of epoch 0."""
        self.epochs += 1
        if loss < self.last - self.min_improvement:
            self.last, self.improved = loss, self.epochs

    @property
    def waited(self) -> int:
        """Epochs since the last improvement."""
        return self.epochs - self.improved


class StopRules:
    """What ends a training, looked at before the first epoch and after each.

    Parameters
    ----------
    min_gradient, min_change : float or None
    early_stopping : EarlyStopping or None
    history : History
        As far as it goes; it will grow.
    """

    def __init__(
        self, min_gradient: object, min_change: object, early_stopping: object, history: History
    ) -> None:
        self._min_gradient = (
            None if min_gradient is None else not_negative(min_gradient, "min_gradient", "fit")
        )
        self._min_change = None if min_change is None else not_negative(min_change, "min_change", "fit")
        self.early_stopping = _early_stopping(early_stopping, history)
        self._history = history
        self._waiting = Waiting(float(self.early_stopping.min_improvement) if self.early_stopping else 0.0)

    def reached(self, gradient_norm: Callable[[], float]) -> str | None:
        """Which rule holds now, in words."""
        return self._small_gradient(gradient_norm) or self._small_change() or self._patience_gone()

    def _small_gradient(self, gradient_norm: Callable[[], float]) -> str | None:
        if self._min_gradient is None or not (norm := gradient_norm()) <= self._min_gradient:
            return None
        return f"The gradient's norm is {norm:.3g}, not above min_gradient={self._min_gradient:g}."

    def _small_change(self) -> str | None:
        losses = self._history.train[-2:]
        if self._min_change is None or len(losses) < 2:
            return None
        change = abs(losses[1] - losses[0])
        if not change <= self._min_change:
            return None
        return f"The train loss changed by {change:.3g}, not more than min_change={self._min_change:g}."

    def _patience_gone(self) -> str | None:
        if self.early_stopping is None:
            return None
        for loss in self._history.held_out[self._waiting.epochs + 1 :]:
            self._waiting.note(loss)
        if self._waiting.waited < self.early_stopping.patience:
            return None
        return f"The held-out loss has not improved since epoch {self._waiting.improved}."


def _early_stopping(value: object, history: History) -> EarlyStopping | None:
    """The rule, which needs held-out losses."""
    if value is None:
        return None
    if not isinstance(value, EarlyStopping):
        raise OptionError(
            "early_stopping is a rule",
            where="fit",
            got=shown(value),
            expected="jp.training.EarlyStopping(patience=10)",
            remedy="Create it with parentheses, or leave it out.",
        )
    if not history.held_out:
        raise OptionError(
            "early stopping needs held-out cases",
            where="fit",
            got="held_out=None",
            expected="held_out=(X, T)",
            remedy="Hold some cases out of X and T and pass them.",
        )
    return value
