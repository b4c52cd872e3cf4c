"""h = g t^2 / 2 by one and by two logistic units: the quiz of seed 001 (B-13, S-37).

One unit under a linear output is monotone, h on [-T, T] is not; two make a parabola as exact as wished.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..constructions.falling_body import GRAVITY, falling_body_error_bound, falling_body_network
from ..curvature import levenberg_marquardt
from ..curvature.sensitivity_table import counted
from ..layers import Dense
from ..losses import SquaredError
from ..network import Network
from ..report.experiment_falling_body import FallingCurve, falling_body_picture
from .experiment import Experiment, Progress, Table, checked_seeds, silent

LATEST = 2.0
"""Seconds."""

TRAIN_TIMES, ITERATIONS = 41, 300
SLOPES = tuple(float(w) for w in np.logspace(-5, 0, 41))
"""The w of the construction."""


class Trial(NamedTuple):
    """Networks with some hidden units on an interval, trained from every seed.

    Attributes
    ----------
    errors : array (seeds,)
        The largest abs error over the interval, in metres.
    times, heights : array (401,)
        Of the seed with the least error.
    """

    units: int
    start: float
    errors: Array
    times: Array
    heights: Array


@dataclass(frozen=True)
class FallingBodyResult:
    """Three trained trials; for every w the largest error of two constructed units, and its bound."""

    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]
    slopes: Array
    constructed: Array
    bounds: Array

    def table(self) -> Table:
        """A row for each network."""
        columns = ("hidden units", "how", "t from", "least error", "median", "largest")
        rows = [
            (str(trial.units), "trained", f"{trial.start:g} to 2", *_spread(trial)) for trial in self.trials
        ]
        for slope in (0.1, 0.01):
            error = f"{constructed_error(slope):.2g}"
            rows.append(("2", f"constructed, w = {slope:g}", "-2 to 2", error, "", ""))
        return Table(columns, tuple(rows), words=3)

    def findings(self) -> tuple[str, ...]:
        """What one unit cannot do, and how well two do it."""
        least = self.trials[0].errors.min()
        return (
            "One unit is monotone: f(-2) <= f(0) <= f(2) or the reverse, so that it errs on [-2, 2] by at"
            f" least h(2)/2 = {GRAVITY * LATEST**2 / 4:.4g} m somewhere. The best trained one errs by"
            f" {least:.4g} m.",
            "Two units, v (s(1 + wt) + s(1 - wt) - 2 s(1)) with v = g / (2 s''(1) w^2), err by the order of"
            " w^2, until v is so large that rounding wins.",
            f"Trained by Levenberg-Marquardt, two units come within 0.01 m on [-2, 2] from {self.solved} of"
            f" {counted(len(self.seeds), 'start')}.",
        )

    @property
    def solved(self) -> int:
        """How many starts with two units are within a centimetre."""
        return int((self.trials[-1].errors < 1e-2).sum())

    def picture(self) -> Any:
        """The heights, the errors along t, and the error of the construction by w."""
        names = ("1 unit, on [-2, 2]", "1 unit, on [0, 2]", "2 units, on [-2, 2]")
        curves = [
            FallingCurve(name, trial.times, trial.heights, height(trial.times))
            for name, trial in zip(names, self.trials, strict=True)
        ]
        times = self.trials[-1].times
        made = falling_body_network(0.01)(times[:, None])[:, 0]
        curves.append(FallingCurve("2 units, w = 0.01", times, made, height(times)))
        return falling_body_picture(
            curves, self.slopes, self.constructed, self.bounds, self.trials[-1].errors
        )


def _spread(trial: Trial) -> tuple[str, ...]:
    return tuple(f"{error:.2g}" for error in np.quantile(trial.errors, [0, 0.5, 1]))


def height(t: Array) -> Array:
    """h = g t^2 / 2."""
    return GRAVITY * t**2 / 2


def constructed_error(w: float) -> float:
    """The largest abs error of the construction on [-2, 2]."""
    times = np.linspace(-LATEST, LATEST, 401)[:, None]
    return float(np.abs(falling_body_network(w)(times) - height(times)).max())


@quiet
def run(seeds: Iterable[int] = range(10), *, progress: Progress = silent) -> FallingBodyResult:
    """Train one unit on [-2, 2] and on [0, 2], and two on [-2, 2]; build two for every w.

    Parameters
    ----------
    seeds : iterable of int
        Each draws a start.
    progress : callable, optional

    Raises
    ------
    OptionError
        No seeds, or some that are none.

    Examples
    --------
    >>> result = run(seeds=[0])
    >>> [trial.units for trial in result.trials], bool(result.trials[2].errors[0] < 1e-3)
    ([1, 1, 2], True)
    """
    chosen = checked_seeds(seeds, "falling-body")
    trials = []
    for number, (units, start) in enumerate(((1, -LATEST), (1, 0.0), (2, -LATEST))):
        progress(number / 3, f"hidden units: {units}")
        trials.append(_trial(units, start, chosen))
    errors = np.array([constructed_error(w) for w in SLOPES])
    bounds = np.array([falling_body_error_bound(w, LATEST) for w in SLOPES])
    return FallingBodyResult(chosen, tuple(trials), np.array(SLOPES), errors, bounds)


def _trial(units: int, start: float, seeds: tuple[int, ...]) -> Trial:
    times = np.linspace(start, LATEST, 401)
    heights = [_learn(units, start, seed)(times[:, None])[:, 0] for seed in seeds]
    errors = np.abs(np.array(heights) - height(times)).max(axis=1)
    return Trial(units, start, errors, times, heights[int(errors.argmin())])


def _learn(units: int, start: float, seed: int) -> Network:
    """A linear output on logistic units, by Levenberg-Marquardt."""
    layers = [Dense(1, units, "sigmoid", init="unit"), Dense(units, 1)]
    times = np.linspace(start, LATEST, TRAIN_TIMES)[:, None]
    net = Network(layers, SquaredError(), seed=seed)
    return levenberg_marquardt(net, times, height(times), iterations=ITERATIONS).network


EXPERIMENT = Experiment(
    name="falling-body",
    title="h = g t^2 / 2 by one and by two logistic units",
    about=(
        "How many hidden units does the way of a falling body need? One input, one linear output; errors in"
        " metres, the largest over the interval of times."
    ),
    source="B-13, S-37",
    run=run,
    seeds=10,
)
