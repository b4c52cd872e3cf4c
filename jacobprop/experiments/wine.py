"""Wines told apart: the slides' four runs with one sigmoid on top, and a softmax (D-27, D-28, S-36, E-57)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..curvature.sensitivity_table import counted
from ..data import load_wine
from ..layers import Dense, Softmax
from ..losses import CrossEntropy, SquaredError
from ..network import Network
from ..report.experiment_wine import Band, wine_picture
from ..training import fit
from ..training.encoding import decode_targets, encode_targets
from ..training.scaling import MinMaxScaler
from ..training.splitting import Cases, Split, split
from .experiment import Experiment, Progress, Table, checked_seeds, silent

HELD_OUT, CLASSES, FEATURES = 44, 3, 13
BATCH, EPOCHS = 8, 300

PRINTED = (
    (1, (14.23, 1.71, 2.43, 15.6, 127, 2.8)),
    (1, (13.2, 1.78, 2.14, 11.2, 100, 2.65)),
    (2, (13.11, 1.01, 1.7, 15, 78, 2.98)),
    (3, (13.17, 2.59, 2.37, 20, 120, 1.65)),
)
"""The four wines on the slide: the class, from 1, and the first six measurements (D-27)."""


class Setup(NamedTuple):
    """One network and how it is trained."""

    hidden: int
    softmax: bool
    learning_rate: float

    @property
    def name(self) -> str:
        """13-5-1 sigmoid."""
        top = "3 softmax" if self.softmax else "1 sigmoid"
        return f"{FEATURES}-{self.hidden}-{top}"

    def network(self, seed: int) -> Network:
        """Weights from [-.1, .1], losses summed over a batch (E-15)."""
        hidden = Dense(FEATURES, self.hidden, "sigmoid", init="small")
        if self.softmax:
            top = [Dense(self.hidden, CLASSES, init="small"), Softmax()]
            return Network([hidden, *top], CrossEntropy(reduction="sum"), seed=seed)
        out = Dense(self.hidden, 1, "sigmoid", init="small")
        return Network([hidden, out], SquaredError(reduction="sum"), seed=seed)

    def targets(self, labels: Array) -> Array:
        """The labels themselves under a softmax, else .1, .5, .9."""
        return labels if self.softmax else encode_targets(labels, CLASSES)

    def labels(self, output: Array) -> Array:
        """The class that an output stands for."""
        return output.argmax(axis=1) if self.softmax else decode_targets(output, CLASSES)


SETUPS = (
    Setup(5, False, 0.3),
    Setup(5, False, 0.1),
    Setup(10, False, 0.3),
    Setup(25, False, 0.3),
    Setup(5, True, 0.1),
)
"""The four runs of the slides, and 13-5-3, which their own tip asks for (D-83, E-57)."""


class Trial(NamedTuple):
    """All the seeds of one setup.

    Attributes
    ----------
    accuracy : array (seeds,)
        The share of the held-out wines that are put into the right class.
    train, held_out : array (seeds, epochs + 1)
        Losses a case.
    """

    setup: Setup
    accuracy: Array
    train: Array
    held_out: Array


@dataclass(frozen=True)
class WineResult:
    """Every trial; the rows of the data, from 0, that the slide prints."""

    seeds: tuple[int, ...]
    epochs: int
    batch_size: int
    trials: tuple[Trial, ...]
    printed: tuple[int, ...]

    def table(self) -> Table:
        """A row for each setup."""
        return Table(("network", "rate", "least", "median", "best"), tuple(map(self._row, self.trials)))

    def _row(self, trial: Trial) -> tuple[str, ...]:
        found = (trial.accuracy.min(), np.median(trial.accuracy), trial.accuracy.max())
        return (trial.setup.name, f"{trial.setup.learning_rate:g}", *(f"{share:.1%}" for share in found))

    def findings(self) -> tuple[str, ...]:
        """What was trained how, and where the slide's wines are."""
        of = "each case" if self.batch_size == 1 else f"every {self.batch_size} cases, gradients summed"
        where = ", ".join(str(row + 1) for row in self.printed)
        return (
            f"Accuracy on {HELD_OUT} held-out wines over {counted(len(self.seeds), 'random split')}, each"
            f" with a start of its own, after {counted(self.epochs, 'epoch')} with an update after {of}.",
            f"The four wines printed on the slide are rows {where} of the data.",
            "One sigmoid has to lay three nominal classes on one line (E-57), a softmax has not.",
        )

    def picture(self) -> Any:
        """Learning curves, and the accuracy of every seed."""
        bands = [
            Band(f"{trial.setup.name}, rate {trial.setup.learning_rate:g}", trial.held_out, trial.accuracy)
            for trial in self.trials
        ]
        return wine_picture(bands, HELD_OUT)


@quiet
def run(
    seeds: Iterable[int] = range(8),
    *,
    incremental: bool = False,
    epochs: int = EPOCHS,
    progress: Progress = silent,
) -> WineResult:
    """Train every setup on every split; a seed decides the split, the start and the order of the cases.

    Summed over eight cases, the gradients of an epoch move the weights as far as eight single updates do,
    to first order (E-15, E-16), and the accuracies are the same to a wine or two.

    Parameters
    ----------
    seeds : iterable of int
    incremental : bool
        As on the slides, an update after every case.
    epochs : int
    progress : callable, optional

    Raises
    ------
    OptionError
        No seeds, or some that are none; no number of epochs.

    Examples
    --------
    >>> result = run(seeds=[0], epochs=2)
    >>> result.trials[0].held_out.shape, result.printed
    ((1, 3), (0, 1, 66, 176))
    """
    chosen = checked_seeds(seeds, "wine")
    batch_size = 1 if incremental else BATCH
    trials = []
    for number, setup in enumerate(SETUPS):

        def follow(share: float, what: str, before: int = number) -> None:
            progress((before + share) / len(SETUPS), what)

        trials.append(trial(setup, chosen, epochs, batch_size, follow))
    return WineResult(chosen, epochs, batch_size, tuple(trials), printed_rows())


def trial(
    setup: Setup, seeds: tuple[int, ...], epochs: int, batch_size: int, progress: Progress = silent
) -> Trial:
    """One setup from every seed."""
    runs = []
    for k, seed in enumerate(seeds):
        progress(k / len(seeds), f"{setup.name}, seed {seed}")
        runs.append(_learn(setup, seed, epochs, batch_size))
    return Trial(setup, *map(np.array, zip(*runs, strict=True)))


def _learn(setup: Setup, seed: int, epochs: int, batch_size: int) -> tuple[float, Array, Array]:
    """Accuracy on held-out wines, and the two losses a case, epoch by epoch."""
    train, held_out = scaled_split(seed)
    targets = [setup.targets(cases.T) for cases in (train, held_out)]
    trained = fit(
        setup.network(seed),
        train.X,
        targets[0],
        epochs=epochs,
        learning_rate=setup.learning_rate,
        batch_size=batch_size,
        seed=seed,
        held_out=(held_out.X, targets[1]),
    )
    right = setup.labels(trained.network(held_out.X)) == held_out.T
    history = trained.history
    losses = np.array(history.train) / len(train.X), np.array(history.held_out) / len(held_out.X)
    return float(right.mean()), *losses


def scaled_split(seed: int) -> Split:
    """134 wines to train on and 44 held out, every measurement from 0 to 1 over those to train on."""
    wine = load_wine()
    train, held_out = split(wine.X, wine.labels, held_out=HELD_OUT, seed=seed)
    scaling = MinMaxScaler().fit(train.X)
    return Split(*(Cases(scaling.transform(cases.X), cases.T) for cases in (train, held_out)))


def printed_rows() -> tuple[int, ...]:
    """Where the slide's four wines are in the data."""
    wine = load_wine()
    return tuple(
        int(row)
        for label, measured in PRINTED
        for row in np.flatnonzero((wine.X[:, : len(measured)] == measured).all(axis=1))
        if wine.labels[row] == label - 1
    )


EXPERIMENT = Experiment(
    name="wine",
    title="Three cultivars told apart by one sigmoid, and by a softmax",
    about=(
        "The slides' four networks learn the class of a wine from 13 measurements, scaled to [0, 1], as .1,"
        " .5 or .9 on one sigmoid; a fifth has a softmax. Weights start in [-.1, .1]."
    ),
    source="D-27, D-28, D-83, E-57, S-36",
    run=run,
    seeds=8,
    incremental=True,
)
