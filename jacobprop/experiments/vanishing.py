"""Vanishing and exploding gradients: |J_a0^aL| by depth, activation and start (B-47, M-25, S-38)."""

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
from ..report.experiment_vanishing import Decay, Descent, vanishing_picture
from ..training.norms import jacobian_norms
from .experiment import Experiment, Progress, Table, checked_seeds, silent

WIDTH, DEPTH, DEEP = 20, 50, 600
SHOWN = (2, 5, 10, 50)
"""The depths of the table."""

ACTIVATIONS = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu", "identity": "linear"}
STARTS = {"unit": "U[-1, 1]", "glorot": "Glorot", "he": "He"}


class Trial(NamedTuple):
    """One activation and start.

    Attributes
    ----------
    log2_norms : array (seeds, 50)
        log2 of the spectral norm of J_a0^aL for L = 1 to 50.
    """

    activation: str
    start: str
    log2_norms: Array

    @property
    def name(self) -> str:
        """logistic, Glorot."""
        return f"{ACTIVATIONS[self.activation]}, {STARTS[self.start]}"

    @property
    def medians(self) -> Array:
        """Over the seeds, shape (50,)."""
        return np.asarray(np.median(self.log2_norms, axis=0))


@dataclass(frozen=True)
class VanishingResult:
    """Every trial, and one product of 600 factors.

    Attributes
    ----------
    exact : array (600,)
        log2 of the Frobenius norm of J_ak^a600 for k = 599 down to 0, by `Chain.log2_norms`.
    in_floats : array (600,)
        The same of the products themselves in float64, -inf where they have become 0.
    """

    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]
    exact: Array
    in_floats: Array

    def table(self) -> Table:
        """A row for each activation and start."""
        columns = ("activation", "start", *(f"L = {depth}" for depth in SHOWN), "bits a layer")
        return Table(columns, tuple(map(_row, self.trials)), words=2)

    def findings(self) -> tuple[str, ...]:
        """Which vanish, which explode, and what floats see of it."""
        rates = {trial.name: _bits(trial) for trial in self.trials}
        least, most = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
        return (
            f"Median spectral norm of J_a0^aL over {counted(len(self.seeds), 'network')} of width {WIDTH},"
            " inputs from [0, 1].",
            f"The fastest to vanish is {least}: {-rates[least]:.1f} bits a layer; the fastest to explode"
            f" {most}: {rates[most]:.1f}.",
            f"Multiplied as floats, {DEEP} logistic layers (Glorot) give 0 from factor {self.lost} on;"
            f" Chain.log2_norms knows it as 2^{self.exact[-1]:.0f}.",
        )

    @property
    def lost(self) -> int:
        """After how many factors the product of floats is 0."""
        return int(np.argmax(np.isneginf(self.in_floats))) + 1

    def picture(self) -> Any:
        """A panel for each start, and the deep product."""
        panels = {
            STARTS[start]: [
                Decay(ACTIVATIONS[trial.activation], trial.log2_norms)
                for trial in self.trials
                if trial.start == start
            ]
            for start in STARTS
        }
        return vanishing_picture(panels, Descent(self.exact, self.in_floats), WIDTH)


def _row(trial: Trial) -> tuple[str, ...]:
    norms = (f"{2.0 ** trial.medians[depth - 1]:.2g}" for depth in SHOWN)
    return (ACTIVATIONS[trial.activation], STARTS[trial.start], *norms, f"{_bits(trial):+.2f}")


def _bits(trial: Trial) -> float:
    """How many powers of two a layer adds, between the layers 10 and 50."""
    return float((trial.medians[49] - trial.medians[9]) / 40)


@quiet
def run(seeds: Iterable[int] = range(20), *, progress: Progress = silent) -> VanishingResult:
    """Draw networks of 50 equal layers, and measure J_a0^aL for every L on the way up.

    Parameters
    ----------
    seeds : iterable of int
        Each draws a network and an input.
    progress : callable, optional

    Raises
    ------
    OptionError
        No seeds, or some that are none.

    Examples
    --------
    >>> result = run(seeds=[0])
    >>> result.trials[0].name, result.trials[0].log2_norms.shape
    ('logistic, U[-1, 1]', (1, 50))
    """
    chosen = checked_seeds(seeds, "vanishing")
    trials, pairs = [], list(itertools.product(ACTIVATIONS, STARTS))
    for number, (activation, start) in enumerate(pairs):
        progress(number / len(pairs), f"{ACTIVATIONS[activation]}, {STARTS[start]}")
        norms = [input_norms(activation, start, seed) for seed in chosen]
        trials.append(Trial(activation, start, np.array(norms)))
    return VanishingResult(chosen, tuple(trials), *deep_product(chosen[0]))


def input_norms(activation: str, start: str, seed: int, depth: int = DEPTH) -> Array:
    """log2 of the spectral norms of J_a0^aL for L = 1 to `depth`, of one network at one input."""
    return jacobian_norms(*_drawn(activation, start, seed, depth)).log2_input


def deep_product(seed: int) -> tuple[Array, Array]:
    """log2 of the norms of the running R of 600 logistic layers, exactly and as floats have them."""
    net, x = _drawn("sigmoid", "glorot", seed, DEEP)
    chain = net.forward(x).chain(f"a{DEEP}", "a0")
    running = [chain.factors[0], *(step.after for step in chain.steps())]
    return chain.log2_norms(), np.array([_log2_norm(R.matrix()) for R in running])


def _log2_norm(matrix: Array) -> float:
    """Of the floats as they are: the squares at least are kept from underflowing."""
    largest = float(np.abs(matrix).max())
    return float(np.log2(largest) + np.log2(np.linalg.norm(matrix / largest))) if largest else -np.inf


def _drawn(activation: str, start: str, seed: int, depth: int) -> tuple[Network, Array]:
    """A network of equal layers, and an input from [0, 1]."""
    layers = [Dense(WIDTH, WIDTH, activation, init=start) for _ in range(depth)]
    return Network(layers, seed=seed), np.random.default_rng([seed, 1]).uniform(0, 1, WIDTH)


EXPERIMENT = Experiment(
    name="vanishing",
    title="Vanishing and exploding gradients, by activation and start",
    about=(
        "The Jacobian of layer L by the input is a product of L factors. Its spectral norm says how much of a"
        " gradient arrives; the chain measures it where floats have long become 0."
    ),
    source="B-47, M-25, S-38",
    run=run,
    seeds=20,
)
