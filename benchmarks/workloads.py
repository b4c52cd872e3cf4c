"""The networks and the cases they meet, seeded, float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array

SQUARES = (16, 32, 64)
"""The widths n of the networks n-n-n."""


@dataclass(frozen=True)
class Workload:
    """A network with a loss, and a minibatch for it."""

    net: jp.Network
    X: Array
    T: Array

    @property
    def cases(self) -> int:
        """How many rows X has."""
        return len(self.X)

    @property
    def name(self) -> str:
        """Widths and cases: 13-5-3 x 178."""
        widths = [self.X.shape[1], *(d.n_out for d in self.net.layers if isinstance(d, jp.Dense))]
        return f"{'-'.join(map(str, widths))} x {self.cases}"

    @property
    def one_case(self) -> Workload:
        """The same with its first case alone, as a stack of one."""
        return Workload(self.net, self.X[:1], self.T[:1])


def gradient_workloads() -> Iterator[Workload]:
    """From the slides' example to the size of handwritten digits; each is built when asked for."""
    yield example()
    yield wine()
    yield from map(square, SQUARES)
    yield classes((784, 256, 128, 10), cases=128)


def example() -> Workload:
    """The slides' 3-2-1: sigmoids, squared error, no softmax (seed row D-40)."""
    net = jp.Network([jp.Dense(3, 2, "sigmoid"), jp.Dense(2, 1, "sigmoid")], loss=jp.SquaredError())
    rng = np.random.default_rng(0)
    return Workload(net, rng.uniform(-1, 1, (4, 3)), rng.uniform(0.1, 0.9, (4, 1)))


def wine() -> Workload:
    """13-5-3 on all 178 wines, each measurement scaled to [0, 1]."""
    X, labels, *_ = jp.load_wine()
    low, high = X.min(axis=0), X.max(axis=0)
    return Workload(_classifier((13, 5, 3)), (X - low) / (high - low), labels)


def square(n: int) -> Workload:
    """n-n-n, four cases."""
    return classes((n, n, n), cases=4)


def classes(widths: tuple[int, ...], cases: int) -> Workload:
    """Random cases and labels for a classifier of these widths."""
    rng = np.random.default_rng(0)
    return Workload(
        _classifier(widths), rng.uniform(-1, 1, (cases, widths[0])), rng.integers(0, widths[-1], cases)
    )


def _classifier(widths: tuple[int, ...]) -> jp.Network:
    """Sigmoid layers, softmax on top, cross-entropy."""
    *hidden, last = pairwise(widths)
    sigmoids = [jp.Dense(n, m, "sigmoid") for n, m in hidden]
    return jp.Network([*sigmoids, jp.Dense(*last), jp.Softmax()], loss=jp.CrossEntropy())
