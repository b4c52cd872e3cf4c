"""Saturated units by start and fan-in: the advice of seed 001 defeats itself (B-48, E-28)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..curvature.sensitivity_table import counted
from ..layers import Dense
from ..network import Network
from ..report.experiment_saturation import Start, saturation_picture
from ..training.saturation import saturation_report
from .experiment import Experiment, Progress, Table, checked_seeds, silent

FAN_INS = (1, 2, 4, 8, 13, 20, 32, 50, 64, 100, 200, 400, 1000)
SHOWN = (4, 13, 32, 100, 1000)
"""The fan-ins of the table."""

UNITS, CASES = 50, 100
STARTS = {"positive": "U[0, 1]", "unit": "U[-1, 1]", "he": "He", "glorot": "Glorot", "small": "U[-.1, .1]"}


class Trial(NamedTuple):
    """One start at all fan-ins.

    Attributes
    ----------
    saturated : array (seeds, fan-ins)
        The share of sums at which a unit is within 5 % of a limit.
    mean_sum : array (seeds, fan-ins)
    example : array (units * cases,)
        The activations at 13 inputs, of the first seed.
    """

    start: str
    saturated: Array
    mean_sum: Array
    example: Array

    @property
    def name(self) -> str:
        """As the table calls the start."""
        return STARTS[self.start]

    @property
    def shares(self) -> Array:
        """Means over the seeds, shape (fan-ins,)."""
        return np.asarray(self.saturated.mean(axis=0))


@dataclass(frozen=True)
class SaturationResult:
    """Every start at every fan-in."""

    seeds: tuple[int, ...]
    fan_ins: tuple[int, ...]
    trials: tuple[Trial, ...]

    def table(self) -> Table:
        """A row for each start."""
        columns = ("weights from", *(f"n = {n}" for n in SHOWN), "mean sum, n = 100")
        return Table(columns, tuple(map(self._row, self.trials)))

    def _row(self, trial: Trial) -> tuple[str, ...]:
        shares = (f"{trial.shares[self.fan_ins.index(n)]:.1%}" for n in SHOWN)
        mean = trial.mean_sum.mean(axis=0)[self.fan_ins.index(100)]
        return (trial.name, *shares, f"{mean:.2f}")

    def findings(self) -> tuple[str, ...]:
        """What the advice does."""
        advised = self.trials[0].shares
        half = next(n for n, share in zip(self.fan_ins, advised, strict=True) if share > 0.5)
        return (
            f"Share of the sums of {UNITS} logistic units within 5 % of 0 or 1, for n inputs from [0, 1];"
            f" mean of {counted(len(self.seeds), 'layer')}.",
            "Seed 001 advises weights from [0, 1] against saturation. They are all positive, so that a sum is"
            f" n/4 on average: from n = {half} on, most units are saturated (E-28).",
        )

    def picture(self) -> Any:
        """The share against the fan-in, and the activations at 13 inputs."""
        starts = [Start(trial.name, trial.shares, trial.example) for trial in self.trials]
        return saturation_picture(self.fan_ins, starts)


@quiet
def run(seeds: Iterable[int] = range(5), *, progress: Progress = silent) -> SaturationResult:
    """Draw a layer of 50 logistic units for every start and fan-in, and look at 100 cases from [0, 1].

    Parameters
    ----------
    seeds : iterable of int
        Each draws a layer and its cases.
    progress : callable, optional

    Raises
    ------
    OptionError
        No seeds, or some that are none.

    Examples
    --------
    >>> result = run(seeds=[0])
    >>> [f"{trial.name} {trial.shares[4]:.0%}" for trial in result.trials]  # 13 inputs
    ['U[0, 1] 70%', 'U[-1, 1] 1%', 'He 0%', 'Glorot 0%', 'U[-.1, .1] 0%']
    """
    chosen = checked_seeds(seeds, "saturation")
    trials = []
    for number, start in enumerate(STARTS):
        progress(number / len(STARTS), STARTS[start])
        looks = [look(start, n, seed) for seed, n in itertools.product(chosen, FAN_INS)]
        shares, sums = np.reshape(looks, (len(chosen), len(FAN_INS), 2)).transpose(2, 0, 1)
        net, X = _drawn(start, 13, chosen[0])
        trials.append(Trial(start, shares, sums, net(X).ravel()))
    return SaturationResult(chosen, FAN_INS, tuple(trials))


def look(start: str, fan_in: int, seed: int) -> tuple[float, float]:
    """The share of saturated sums of one layer, and the mean sum."""
    (layer,) = saturation_report(*_drawn(start, fan_in, seed))
    return layer.saturated, layer.mean_sum


def _drawn(start: str, fan_in: int, seed: int) -> tuple[Network, Array]:
    """One layer, and cases from [0, 1]."""
    X = np.random.default_rng([seed, 1]).uniform(0, 1, (CASES, fan_in))
    return Network([Dense(fan_in, UNITS, "sigmoid", init=start)], seed=seed), X


EXPERIMENT = Experiment(
    name="saturation",
    title="How many units are saturated, by start and number of inputs",
    about=(
        "A logistic unit that is close to 0 or 1 passes hardly any gradient. How many of a fresh layer are,"
        " depends on the start of the weights and on the number n of inputs."
    ),
    source="B-48, E-28",
    run=run,
    seeds=5,
)
