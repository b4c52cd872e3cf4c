"""The task of the demo: tell three cultivars of wine apart by 13 measurements (seed rows D-27, D-28)."""

from __future__ import annotations

from dataclasses import dataclass

from ..data import load_wine
from ..layers import Dense, Softmax
from ..losses import CrossEntropy, SquaredError
from ..network import Network
from ..training import MinMaxScaler, StandardScaler, decode_targets, encode_targets, split
from ..training.splitting import Cases, Split

HELD_OUT, CLASSES = 44, 3
"""How many of the 178 wines training never sees, and the number of cultivars."""


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
        output, T = net(self.held_out.X), self.held_out.T
        if output.shape[1] == 1:
            return float((decode_targets(output, CLASSES) == decode_targets(T, CLASSES)).mean())
        return float((output.argmax(axis=1) == T).mean())


def softmax_task(seed: int) -> WineTask:
    """13-5-3 with softmax and cross-entropy on standardised measurements."""
    train, held_out = _wines(seed, StandardScaler())
    return WineTask(
        title="13-5-3 softmax, cross-entropy, standardised inputs",
        net=Network(
            [Dense(13, 5, "sigmoid"), Dense(5, 3), Softmax()],
            loss=CrossEntropy(),
            seed=seed,
            names="X Y Z S",
            weights="V W",
        ),
        train=train,
        held_out=held_out,
        learning_rate=0.3,
        batch_size=16,
        epochs=60,
    )


def slide_task(seed: int) -> WineTask:
    """The slide's 13-5-1 sigmoid, incremental, eta .3; inputs in [0, 1], targets .1, .5, .9 (S-36)."""
    train, held_out = (
        Cases(cases.X, encode_targets(cases.T, CLASSES)) for cases in _wines(seed, MinMaxScaler())
    )
    return WineTask(
        title="13-5-1 sigmoid, squared error, inputs in [0, 1], targets .1 .5 .9",
        net=Network(
            [Dense(13, 5, "sigmoid", init="small"), Dense(5, 1, "sigmoid", init="small")],
            loss=SquaredError(),
            seed=seed,
            names="X Y Z",
            weights="V W",
        ),
        train=train,
        held_out=held_out,
        learning_rate=0.3,
        batch_size=1,
        epochs=300,
    )


def _wines(seed: int, scaler: MinMaxScaler | StandardScaler) -> Split:
    """The wines, scaled by those to train on."""
    wine = load_wine()
    found = split(wine.X, wine.labels, held_out=HELD_OUT, seed=seed)
    scaling = scaler.fit(found.train.X)
    return Split(*(Cases(scaling.transform(cases.X), cases.T) for cases in found))
