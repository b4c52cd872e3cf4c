"""Cases to train on, and cases to hold out (seed rows B-49, S-39)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arrays import Array, quiet, real_number, whole_number
from ..errors import EmptyBatchError, OptionError, ShapeError, shown
from .plain import labels_of, numbers_of


class Cases(NamedTuple):
    """Inputs and targets, row by row."""

    X: Array
    T: Array


class Split(NamedTuple):
    """What `split` returns: ``fit(net, *found.train, held_out=found.held_out)``."""

    train: Cases
    held_out: Cases

    def __repr__(self) -> str:
        return f"<Split: {len(self.train.X)} cases to train on, {len(self.held_out.X)} held out>"


@quiet
def split(X: object, T: object, *, held_out: float, stratify: object = None, seed: int = 0) -> Split:
    """Cases drawn at random to be held out, and the others to train on, each in random order.

    Parameters
    ----------
    X, T : arrays with a row for each case
        Of any dtype that the network takes, which they keep: labels stay integers.
    held_out : int or float
        How many cases, or which share of them between 0 and 1 (rounded to whole cases).
    stratify : array (cases,) of integers, optional
        Labels: each class is held out in proportion, to less than one case.
    seed : int
        The same seed draws the same cases.

    Raises
    ------
    ShapeError, EmptyBatchError, DTypeError, OptionError
        Arrays that are not row by row, or a number of cases that leaves none on one side.

    Examples
    --------
    >>> X, labels = np.arange(12.0).reshape(6, 2), np.array([0, 0, 0, 0, 1, 1])
    >>> train, held = split(X, labels, held_out=3, stratify=labels)
    >>> sorted(held.T.tolist()), train.X.shape
    ([0, 0, 1], (3, 2))
    """
    x, t = _rows(X, "X"), _rows(T, "T")
    cases = _same_length(x, t, "T")
    number = _held_out(held_out, cases)
    rng = np.random.default_rng(
        whole_number(seed, "seed", "split", least=0, remedy="The same seed draws the same cases.")
    )
    order = rng.permutation(cases)
    if stratify is not None:
        labels = labels_of(stratify, None, "split(stratify=)")
        _same_length(x, labels, "stratify")
        if labels.ndim != 1:
            raise ShapeError(
                "there is one label for each case",
                where="split(stratify=)",
                got=f"shape {labels.shape}",
                expected=f"({cases},)",
                remedy="A column of labels is T[:, 0], rows of 0 and 1 are T.argmax(axis=1).",
            )
        order = _in_proportion(order, labels, number)
    first, rest = order[:number], order[number:]
    return Split(Cases(x[rest], t[rest]), Cases(x[first], t[first]))


def _rows(value: object, what: str) -> Array:
    """Numbers in their own dtype, integers too."""
    found = numbers_of(value, what, "split")
    given = np.asarray(value)
    return given.astype(given.dtype.newbyteorder("="), copy=False) if given.dtype.kind in "iu" else found


def _in_proportion(order: Array, labels: Array, number: int) -> Array:
    """The same cases with those to be held out in front: of each class its share, the rest by remainders."""
    values, counts = np.unique(labels, return_counts=True)
    exact = counts * (number / len(labels))
    shares = np.floor(exact).astype(int)
    largest = np.argsort(shares - exact, kind="stable")[: number - shares.sum()]
    shares[largest] += 1
    rank = np.empty(len(order), int)  # of each case among those of its class, in the drawn order
    for value in values:
        own = order[labels[order] == value]
        rank[own] = np.arange(len(own))
    chosen = rank < shares[np.searchsorted(values, labels)]
    return np.concatenate([order[chosen[order]], order[~chosen[order]]])


def _held_out(value: object, cases: int) -> int:
    """A number of cases from a number or a share, at least one on each side."""
    amount = real_number(value)
    number = round(amount * cases) if 0 < amount < 1 else amount
    if not (math.isfinite(amount) and number == int(number) and 0 < number < cases):
        raise OptionError(
            "held_out leaves cases on both sides",
            where="split",
            got=shown(value),
            expected=f"1 to {cases - 1} cases, or a share between 0 and 1",
            remedy="A fifth to a third of the cases is usual.",
        )
    return int(number)


def _same_length(X: Array, other: Array, what: str) -> int:
    if X.ndim == 0 or other.ndim == 0 or len(X) != len(other):
        raise ShapeError(
            f"X and {what} have a row for each case",
            where="split",
            got=f"X of shape {X.shape}, {what} of shape {other.shape}",
            expected="the same first axis",
            remedy="Check for a transpose.",
        )
    if len(X) < 2:
        raise EmptyBatchError(
            "there are too few cases to split",
            where="split",
            got=f"{len(X)}",
            expected="at least 2",
            remedy="Gather more cases.",
        )
    return len(X)
