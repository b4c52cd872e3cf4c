"""A network for some data: which cases it never sees, how the numbers are scaled, how well it does.

Training sees (X - mean) factor. The saved network takes X itself:

    W1' = diag(factor) W1,    b1' = b1 - (mean factor) W1,    and W_N' = W_N / factor_T, b_N' alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import NonFiniteError, OptionError
from ..layers import Dense, Layer, Softmax
from ..losses import CrossEntropy, SquaredError
from ..network import Network
from .fit_data import Data
from .fit_target import Target


class Cases(NamedTuple):
    """Inputs and targets."""

    X: Array
    T: Array


class Scale(NamedTuple):
    """(A - mean) factor has mean 0 and deviation 1; a column that never changes has the factor 0."""

    mean: Array
    factor: Array

    def applied(self, A: Array) -> Array:
        """Numbers to learn from."""
        return np.asarray((A - self.mean) * self.factor)


def scale_of(A: Array, what: str) -> Scale:
    """That of the columns of A."""
    with np.errstate(all="ignore"):
        mean, deviation = A.mean(axis=0), A.std(axis=0)
        steady = (A[:1] == A).all(axis=0) | (deviation == 0)
        factor = np.where(steady, 0.0, 1 / deviation)
        good = np.isfinite(mean).all() and np.isfinite(factor).all() and (factor[~steady] > 0).all()
    if not good:
        raise NonFiniteError(
            f"{what} have no finite mean and deviation",
            where="fit",
            got=f"numbers up to {np.abs(A).max():.3g}",
            remedy="Use other units.",
        )
    return Scale(mean, factor)


@dataclass(frozen=True)
class FitTask:
    """Data, what is held out of it, and an untrained network.

    Attributes
    ----------
    data : Data
    hidden : tuple of int
        Widths.
    activation : str
        Of the hidden layers.
    share : float
        Of the cases, or of each class, that is held out.
    seed : int
    """

    data: Data
    hidden: tuple[int, ...]
    activation: str
    share: float
    seed: int

    @property
    def target(self) -> Target:
        """What is to be learnt."""
        return self.data.target

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths, input first."""
        return (self.data.X.shape[1], *self.hidden, self.target.outputs)

    @cached_property
    def net(self) -> Network:
        """Dense layers; on top of classes a softmax."""
        activations = [*[self.activation] * len(self.hidden), "identity"]
        pairs = zip(self.sizes, self.sizes[1:], activations, strict=False)
        layers: list[Layer] = [Dense(n, m, f) for n, m, f in pairs]
        if self.target.classes:
            return Network([*layers, Softmax()], loss=CrossEntropy(), seed=self.seed)
        return Network(layers, loss=SquaredError(), seed=self.seed)

    @cached_property
    def _rows(self) -> tuple[Array, Array]:
        """The rows to train on and those held out, each in the order of the data."""
        rng = np.random.default_rng([self.seed, 1])  # another stream than the parameters'
        labels = self.target.T if self.target.classes else np.zeros(len(self.data.X), int)
        held_out = [
            rng.permutation(rows)[: _held_out(len(rows), self.share)]
            for rows in (np.flatnonzero(labels == k) for k in np.unique(labels))
        ]
        away = np.isin(np.arange(len(labels)), np.concatenate(held_out))
        return np.flatnonzero(~away), np.flatnonzero(away)

    @cached_property
    def train(self) -> Cases:
        """As measured."""
        return Cases(self.data.X[self._rows[0]], self.target.T[self._rows[0]])

    @cached_property
    def held_out(self) -> Cases | None:
        """As measured; None if nothing is held out."""
        rows = self._rows[1]
        return Cases(self.data.X[rows], self.target.T[rows]) if len(rows) else None

    @cached_property
    def scale(self) -> Scale:
        """Of the features, from the training cases alone."""
        return scale_of(self.train.X, "the features")

    @cached_property
    def target_scale(self) -> Scale | None:
        """Of the numbers to learn, likewise; classes have none."""
        if self.target.classes:
            return None
        scale = scale_of(self.train.T, "the targets")
        if not scale.factor.all():
            raise OptionError(
                "a target never changes in the training cases",
                where="fit",
                remedy="Take another --seed, or a smaller --held-out.",
            )
        return scale

    @property
    def ignored(self) -> tuple[str, ...]:
        """The features that never change in training."""
        pairs = zip(self.data.features, self.scale.factor, strict=True)
        return tuple(name for name, factor in pairs if factor == 0)

    def scaled(self, cases: Cases) -> Cases:
        """As training sees them."""
        T = cases.T if self.target_scale is None else self.target_scale.applied(cases.T)
        return Cases(self.scale.applied(cases.X), T)

    def unscaled(self, net: Network) -> Network:
        """The network that takes X and gives T as they are measured."""
        factor, mean = self.scale.factor, self.scale.mean
        last, given = len(self.hidden) + 1, dict(net.parameters)
        given["b1"] = given["b1"] - (mean * factor) @ given["W1"]
        given["W1"] = factor[:, None] * given["W1"]
        if self.target_scale is not None:
            given[f"W{last}"] = given[f"W{last}"] / self.target_scale.factor
            given[f"b{last}"] = given[f"b{last}"] / self.target_scale.factor + self.target_scale.mean
        return net.with_parameters(given)


def _held_out(cases: int, share: float) -> int:
    """How many of so many; one is left at least, and of two or more one is taken."""
    return min(max(round(share * cases), 1), cases - 1) if share else 0
