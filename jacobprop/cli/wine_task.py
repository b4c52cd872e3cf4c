"""The task of the demo: tell three cultivars of wine apart by 13 measurements (seed rows D-27, D-28)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..data import load_wine
from ..layers import Dense, Softmax
from ..losses import CrossEntropy, SquaredError
from ..network import Network

HELD_OUT = 44
"""How many of the 178 wines training never sees."""

SLIDE_TARGETS = np.array([0.1, 0.5, 0.9])
"""One sigmoid output for three classes, away from saturation (D-82)."""


class Cases(NamedTuple):
    """Inputs and targets."""

    X: Array
    T: Array


@dataclass(frozen=True)
class WineTask:
    """A network, its training and held-out cases, and how it is trained."""

    title: str
    net: Network
    train: Cases
    held_out: Cases
    learning_rate: float
    batch_size: int
    epochs: int

    def accuracy(self, net: Network) -> float:
        """The share of held-out wines that a network puts into the right class."""
        output = net(self.held_out.X)
        if output.shape[1] == 1:
            right = _nearest(output) == _nearest(self.held_out.T)
        else:
            right = output.argmax(axis=1) == self.held_out.T
        return float(right.mean())


def _nearest(values: Array) -> Array:
    """The class whose target is nearest to each single output."""
    return np.asarray(np.abs(values - SLIDE_TARGETS).argmin(axis=1))


def softmax_task(seed: int) -> WineTask:
    """13-5-3 with softmax and cross-entropy on standardised measurements."""
    X, labels, train, held_out = _split(seed)
    X = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
    return WineTask(
        title="13-5-3 softmax, cross-entropy, standardised inputs",
        net=Network(
            [Dense(13, 5, "sigmoid"), Dense(5, 3), Softmax()],
            loss=CrossEntropy(),
            seed=seed,
            names="X Y Z S",
            weights="V W",
        ),
        train=Cases(X[train], labels[train]),
        held_out=Cases(X[held_out], labels[held_out]),
        learning_rate=0.3,
        batch_size=16,
        epochs=60,
    )


def slide_task(seed: int) -> WineTask:
    """The slide's 13-5-1 sigmoid, incremental, eta .3; inputs in [0, 1], targets .1, .5, .9 (S-36)."""
    X, labels, train, held_out = _split(seed)
    low, high = X[train].min(axis=0), X[train].max(axis=0)
    X, T = (X - low) / (high - low), SLIDE_TARGETS[labels][:, None]
    return WineTask(
        title="13-5-1 sigmoid, squared error, inputs in [0, 1], targets .1 .5 .9",
        net=Network(
            [Dense(13, 5, "sigmoid", init="small"), Dense(5, 1, "sigmoid", init="small")],
            loss=SquaredError(),
            seed=seed,
            names="X Y Z",
            weights="V W",
        ),
        train=Cases(X[train], T[train]),
        held_out=Cases(X[held_out], T[held_out]),
        learning_rate=0.3,
        batch_size=1,
        epochs=300,
    )


def _split(seed: int) -> tuple[Array, Array, Array, Array]:
    """The wines, and the rows to train on and to hold out."""
    wine = load_wine()
    order = np.random.default_rng(seed).permutation(len(wine.X))
    return wine.X, wine.labels, order[HELD_OUT:], order[:HELD_OUT]
