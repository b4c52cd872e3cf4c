"""The losses that a training run goes through, the cases beside it, and the function that follows it.

Every trainer keeps the same history and takes the same `held_out` and `progress`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from .errors import OptionError, shown

Progress = Callable[[int, float, float | None], None]
"""Called with (number of the round, train loss, held-out loss or None); raises StopIteration to end it."""

HeldOut = tuple[object, object] | None
"""Inputs and targets that training never sees."""


@dataclass(frozen=True, repr=False)
class History:
    """The losses of a training run; entry 0 is before the first epoch.

    Attributes
    ----------
    train, held_out : list of float
        One loss an epoch; `held_out` is empty without held-out cases.
    """

    train: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    _rounds: ClassVar[str] = "epochs"

    @property
    def best(self) -> int | None:
        """Where the held-out loss is lowest, 0 being before the first epoch; None without held-out cases."""
        losses = [math.inf if math.isnan(loss) else loss for loss in self.held_out]
        return losses.index(min(losses)) if losses else None

    def tell(self, progress: Progress | None) -> bool:
        """Call `progress` with the latest losses; whether the training goes on."""
        if progress is None:
            return True
        try:
            progress(len(self.train) - 1, self.train[-1], self.held_out[-1] if self.held_out else None)
        except StopIteration:
            return False
        return True

    def __repr__(self) -> str:
        runs = (("train", self.train), ("held out", self.held_out))
        losses = ", ".join(f"{name} {run[0]:.6g} -> {run[-1]:.6g}" for name, run in runs if run)
        return f"<{type(self).__name__}: {len(self.train) - 1} {self._rounds}, {losses}>"


def require_held_out(held_out: object, where: str) -> None:
    """Refuse anything but None or a pair."""
    if held_out is not None and (not isinstance(held_out, tuple | list) or len(held_out) != 2):
        raise OptionError(
            "held_out is a pair of inputs and targets",
            where=where,
            got=type(held_out).__name__,
            expected="(X, T)",
            remedy="Split the data first: X[:n], X[n:].",
        )


def require_progress(progress: object, unit: str, where: str) -> None:
    """Refuse anything but None or a function; `unit` is what one round is called."""
    if progress is not None and not callable(progress):
        raise OptionError(
            f"progress is called after every {unit}",
            where=where,
            got=shown(progress),
            expected=f"a function of ({unit}, train loss, held-out loss or None)",
            remedy="Leave it out, or pass such as lambda number, train, held_out: print(number, train).",
        )
