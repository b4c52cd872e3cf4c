"""The networks and the cases they meet, seeded; the same for every candidate and every peer.

Classifiers have sigmoid layers, Softmax on top and CrossEntropy; 13-5-1 has sigmoids and
BinaryCrossEntropy. Networks that reproduce or predict an array (`regression`: 1024^5 and the
bottlenecks) have tanh layers, a linear top and SquaredError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array

from .suite import Group

SQUARES = (16, 32, 64)
"""The widths n of the networks n-n-n."""

DTYPES = (np.float64, np.float32)


@dataclass(frozen=True)
class Workload:
    """A network with a loss, and a minibatch for it.

    Attributes
    ----------
    net : jp.Network
    X, T : arrays
        In the dtype of the network, T labels where the loss is CrossEntropy.
    group : str
        See ``suite.Group``.
    note : str
        What tells it from a workload of the same shapes.
    """

    net: jp.Network
    X: Array
    T: Array
    group: Group = ""
    note: str = ""

    @property
    def cases(self) -> int:
        """How many rows X has."""
        return len(self.X)

    @property
    def dtype(self) -> str:
        """float64 or float32."""
        return self.X.dtype.name

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs first."""
        return (self.X.shape[1], *(d.n_out for d in self.net.layers if isinstance(d, jp.Dense)))

    @property
    def name(self) -> str:
        """Widths and cases, and what else tells it apart: 13-5-3 x 178, float32, saturated."""
        parts = [name_of(self.widths, self.cases)]
        parts += [self.dtype] * (self.dtype != "float64")
        return ", ".join(parts + [self.note] * bool(self.note))

    @property
    def one_case(self) -> Workload:
        """The same with its first case alone, as a stack of one."""
        return replace(self, X=self.X[:1], T=self.T[:1])


def name_of(widths: tuple[int, ...], cases: int) -> str:
    """13-5-3 x 178; a long run of equal widths as one power, 64^31 x 8."""
    runs = [(n, len(list(run))) for n, run in groupby(widths)]
    parts = ["-".join([str(n)] * count) if count < 6 else f"{n}^{count}" for n, count in runs]
    return f"{'-'.join(parts)} x {cases}"


def gradient_workloads() -> Iterator[Workload]:
    """From the slides' example to the targets of `gradient`; each is built when asked for."""
    yield example()
    yield wine()
    yield from map(square, SQUARES)
    yield from gradient_targets()


def gradient_targets() -> Iterator[Workload]:
    """The six whose geometric mean against the peers has a target."""
    yield wine_or_not()
    yield classes((64, 64, 64, 64, 10), cases=64)
    yield from (digits(128, dtype) for dtype in DTYPES)
    yield from (regression((1024,) * 5, cases=256, dtype=dtype) for dtype in DTYPES)


def ordinary() -> Iterator[Workload]:
    """Networks without a bottleneck, for Jacobians case by case."""
    for work in (wine(), classes((64, 128, 128, 10), 64), digits(64), classes((256, 512, 512, 16), 32)):
        yield replace(work, group="ordinary")


def bottlenecks() -> Iterator[Workload]:
    """Networks with a narrow waist: the order of multiplication decides."""
    yield regression((512, 512, 8, 512, 512), cases=1, group="bottleneck")
    yield regression((784, 128, 16, 128, 784), cases=4, group="bottleneck")


def example() -> Workload:
    """The slides' 3-2-1: sigmoids, squared error, no softmax (seed row D-40)."""
    net = jp.Network([jp.Dense(3, 2, "sigmoid"), jp.Dense(2, 1, "sigmoid")], loss=jp.SquaredError())
    rng = np.random.default_rng(0)
    return Workload(net, rng.uniform(-1, 1, (4, 3)), rng.uniform(0.1, 0.9, (4, 1)))


def wine() -> Workload:
    """13-5-3 on all 178 wines, each measurement scaled to [0, 1]."""
    X, labels = _wines()
    return Workload(_classifier((13, 5, 3), np.float64), X, labels)


def wine_or_not() -> Workload:
    """13-5-1: is it the first of the three wines? Sigmoids and binary cross-entropy."""
    X, labels = _wines()
    net = jp.Network([jp.Dense(13, 5, "sigmoid"), jp.Dense(5, 1, "sigmoid")], loss=jp.BinaryCrossEntropy())
    return Workload(net, X, (labels == labels[0]).astype(float)[:, None])


def _wines() -> tuple[Array, Array]:
    X, labels, *_ = jp.load_wine()
    low, high = X.min(axis=0), X.max(axis=0)
    return (X - low) / (high - low), labels


def square(n: int, cases: int = 4) -> Workload:
    """n-n-n."""
    return classes((n, n, n), cases)


def digits(cases: int, dtype: Any = np.float64) -> Workload:
    """784-256-128-10, the size of handwritten digits."""
    return classes((784, 256, 128, 10), cases, dtype)


def classes(widths: tuple[int, ...], cases: int, dtype: Any = np.float64) -> Workload:
    """Random cases and labels for a classifier of these widths."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (cases, widths[0])).astype(dtype)
    return Workload(_classifier(widths, dtype), X, rng.integers(0, widths[-1], cases))


def _classifier(widths: tuple[int, ...], dtype: Any) -> jp.Network:
    """Sigmoid layers, softmax on top, cross-entropy."""
    *hidden, last = pairwise(widths)
    sigmoids = [jp.Dense(n, m, "sigmoid") for n, m in hidden]
    return jp.Network([*sigmoids, jp.Dense(*last), jp.Softmax()], loss=jp.CrossEntropy(), dtype=dtype)


def regression(widths: tuple[int, ...], cases: int, dtype: Any = np.float64, group: Group = "") -> Workload:
    """Random cases and targets: tanh layers, a linear top, squared error."""
    *hidden, last = pairwise(widths)
    curved = [jp.Dense(n, m, "tanh") for n, m in hidden]
    net = jp.Network([*curved, jp.Dense(*last)], loss=jp.SquaredError(), dtype=dtype)
    rng = np.random.default_rng(0)
    X, T = (rng.uniform(-1, 1, (cases, width)).astype(dtype) for width in (widths[0], widths[-1]))
    return Workload(net, X, T, group)
