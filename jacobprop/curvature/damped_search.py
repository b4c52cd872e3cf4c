"""The search of Levenberg and Marquardt: how far to trust the model, when a step is taken, and when to stop.

The damping follows Nielsen's rule (Damping parameter in Marquardt's method, IMM-REP-1999-05), the bend of a
step is the geodesic acceleration of Transtrum and Sethna (arXiv:1201.5885).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from .damped_steps import Method, damped_steps
from .objective import Objective, Point, require_value

_REACH = 0.1
"""How far along d the second derivative is measured, as a part of d (h of Transtrum and Sethna)."""
_BEND = 0.75
"""The most that 2 |a| may be of |d|: beyond, the series in d is no help, and d is taken alone."""
_TRUSTED = 0.25
"""The gain ratio from which on a small decrease means that little is left, not that the damping is high."""

_LEAST = float(np.finfo(np.float64).tiny)
"""Neither a damping nor a predicted decrease underflows to 0, from where it could not rise again."""


class Stop(NamedTuple):
    """Why no further step is taken."""

    reason: str
    message: str


class Limits(NamedTuple):
    """When a search has gone far enough."""

    gradient: float
    step: float
    decrease: float
    loss: float

    def reached(self, point: Point, gradient: float) -> Stop | None:
        """At a point."""
        if point.value <= self.loss:
            return Stop("loss", f"The objective is {point.value:.3g}, at most {self.loss:.3g}.")
        if gradient <= self.gradient:
            return Stop(
                "gradient", f"The gradient's largest entry is {gradient:.3g}, at most {self.gradient:.3g}."
            )
        return None

    def short(self, d: Array, v: Array) -> Stop | None:
        """By the length of a step."""
        length, most = _norm(d), self.step * (_norm(v) + self.step)
        if length > most:
            return None
        return Stop("step", f"The length of a step is {length:.3g}, at most {most:.3g}.")

    def stalled(self, before: float, made: Iteration) -> Stop | None:
        """By the decrease of an iteration whose model was about right."""
        fell, most = before - made.point.value, self.decrease * abs(before)
        if made.gain < _TRUSTED or fell > most:
            return None
        return Stop(
            "decrease",
            f"Converged: an iteration lowered the objective by {fell:.3g}, no more than {most:.3g}.",
        )


class Iteration(NamedTuple):
    """A step that was taken."""

    point: Point
    damping: float
    gain: float
    step: float


class Damping:
    """Nielsen's rule: down, to a third at most, by how near the gain is to 1; up by 2, 4, 8, .. in a row."""

    def __init__(self, value: float) -> None:
        self.value, self._growth = max(value, _LEAST), 2.0

    def lower(self, gain: float) -> None:
        """After a step that was taken."""
        self.value *= max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3)
        self.value, self._growth = max(self.value, _LEAST), 2.0

    def higher(self) -> None:
        """After one that was not."""
        self.value, self._growth = self.value * self._growth, self._growth * 2


class Search:
    """A point, the steps from it, and the damping, which outlives them."""

    def __init__(
        self, objective: Objective, start: float, method: Method, accelerate: bool, where: str
    ) -> None:
        self.objective, self._method, self._accelerate, self._where = objective, method, accelerate, where
        point = objective.at(objective.net.vector)
        require_value(point, where)
        self._move(point)
        mean = self._steps.trace / max(objective.net.size, 1)
        self._damping = Damping(start * mean if 0 < mean < math.inf else start)

    def _move(self, point: Point) -> None:
        self.point, self._steps = point, damped_steps(point, self._method, self._where)

    @property
    def gradient(self) -> float:
        """Its largest entry."""
        return float(np.abs(self._steps.gradient).max(initial=0))

    def iterate(self, limits: Limits) -> Iteration | Stop:
        """Raise the damping until a step lowers the objective, and take it."""
        while math.isfinite(self._damping.value):
            d = self._steps.step(self._damping.value)
            if d is not None:
                if stop := limits.short(d, self.point.v):
                    return stop
                taken = self._bent(d) if self._accelerate else d
                after = self._at(taken)
                if after is not None and after.value < self.point.value:
                    return self._taken(d, taken, after)
            self._damping.higher()
        return Stop("damping", "No step lowers the objective, however high the damping.")

    def _taken(self, d: Array, taken: Array, after: Point) -> Iteration:
        used = self._damping.value
        predicted = max(self._steps.predicted(d, used), _LEAST)
        made = Iteration(after, used, (self.point.value - after.value) / predicted, _norm(taken))
        self._damping.lower(made.gain)
        self._move(after)
        return made

    def _at(self, d: Array) -> Point | None:
        """The point after a step, None beyond the range of the parameters' dtype."""
        v = (self.point.v + d).astype(self.point.v.dtype)
        return self.objective.at(v) if np.isfinite(v).all() else None

    def _bent(self, d: Array) -> Array:
        """d + a/2, or d where a is not small beside it."""
        ahead = self._at(_REACH * d)
        if ahead is None:
            return d
        chord = self.point.towards(ahead) / _REACH
        a = self._steps.towards(2 / _REACH * (chord - self._steps.A._push(d[:, None])[:, 0]))
        return d + a / 2 if 2 * _norm(a) <= _BEND * _norm(d) else d


def _norm(d: Array) -> float:
    return math.sqrt(d @ d)
