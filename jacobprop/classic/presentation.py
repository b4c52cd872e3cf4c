"""Showing cases one at a time to one layer: the incremental loop of the perceptron, LMS and MADALINE.

w_ij <- w_ij - rate e_j x_i        e from the rule, after each case
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..activations import Activation
from ..arrays import Array, whole_number
from ..errors import NonFiniteError, OptionError, shown
from ..layers import Dense
from .labelled import positive_rate
from .learning_rule import LearningRule


class Schedule(NamedTuple):
    """How the cases are shown: checked options."""

    rate: float
    epochs: int
    shuffle: bool
    rng: np.random.Generator

    def orders(self, cases: int) -> Iterator[Array]:
        """The order of the cases, epoch by epoch."""
        for _ in range(self.epochs):
            yield self.rng.permutation(cases) if self.shuffle else np.arange(cases)


def schedule(learning_rate: object, epochs: object, shuffle: object, seed: object, where: str) -> Schedule:
    """The options that all incremental rules share, or the error for the first that means nothing."""
    remedy = "The same seed draws the same weights and the same order of cases."
    if not isinstance(shuffle, bool | np.bool):
        raise OptionError(
            "shuffle says whether the order of the cases is drawn",
            where=where,
            got=shown(shuffle),
            expected="True or False",
            remedy="False shows them as they stand.",
        )
    return Schedule(
        positive_rate(learning_rate, where),
        whole_number(epochs, "epochs", where, least=0, remedy="An epoch shows every case once."),
        bool(shuffle),
        np.random.default_rng(whole_number(seed, "seed", where, least=0, remedy=remedy)),
    )


class Layer:
    """W and b of one layer while it learns, in place.

    Parameters
    ----------
    n, m : int
        Its widths.
    init, bias
        As for `Dense`, whose draw this is.
    """

    def __init__(self, n: int, m: int, *, bias: bool, init: str, rng: np.random.Generator) -> None:
        drawn = Dense(n, m, bias=bias, init=init).init(rng, np.dtype(np.float64))
        self.W, self.b = drawn["W"], drawn.get("b")

    def sum(self, x: Array) -> Array:
        """z = x W + b, of one case or of all."""
        z = x @ self.W
        return z if self.b is None else z + self.b

    def step(self, x: Array, e: Array, rate: float) -> None:
        """W <- W - rate x (x) e, and b with 1 in place of x."""
        self.W -= rate * np.outer(x, e)
        if self.b is not None:
            self.b -= rate * e

    def weights(self) -> Array:
        """All numbers that it learns, copied, b last: w_{n+1}, where the input is 1 (H-41)."""
        return self.W.copy() if self.b is None else np.vstack([self.W, self.b])

    def check(self, epoch: int, rate: float, where: str) -> None:
        """Refuse what has left the finite numbers."""
        if not np.isfinite(self.W).all() or not (self.b is None or np.isfinite(self.b).all()):
            raise NonFiniteError(
                "the weights are no longer finite",
                where=f"{where}, epoch {epoch}",
                got=f"learning_rate={rate:g}",
                expected="errors that fall",
                remedy="Lower the learning rate below 2 / |x|^2 of the longest case, or scale the inputs.",
            )

    def dense(self, activation: str | Activation) -> Dense:
        """The same as a layer of a network."""
        return Dense.from_arrays(self.W, self.b, activation)


def show(
    rule: LearningRule,
    f: Callable[[Array], Array],
    layer: Layer,
    x: Array,
    d: Array,
    order: Array,
    rate: float,
) -> int:
    """Show every case once and learn after each; how many of them moved the weights."""
    moved = 0
    for case in order:
        e = rule.error(f(layer.sum(x[case])), d[case])
        if e.any():
            layer.step(x[case], e, rate)
            moved += 1
    return moved
