"""Cases with two classes: stacks of finite rows, and labels 0/1 or -1/+1, read once and refused once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Array, as_array, as_cases, is_symbolic, real_number, require_finite
from ..errors import DTypeError, OptionError, ShapeError, shown


class Labels(NamedTuple):
    """Two classes as the numbers that were given.

    Attributes
    ----------
    values : array (cases,), float64
        `low` or 1.
    low : float
        The label of the other class: 0, or -1 in the sign version.
    """

    values: Array
    low: float

    @property
    def signs(self) -> Array:
        """+1 for the class 1, -1 for the other."""
        return np.where(self.values > 0, 1.0, -1.0)


def finite_cases(X: object, where: str) -> Array:
    """X as float64, (cases, n) with n at least 1, every number finite."""
    x = as_cases(X, "X", None, where)
    if x.ndim != 2 or x.shape[1] == 0:
        raise ShapeError(
            "X must be a stack of cases",
            where=where,
            got=f"shape {x.shape}",
            expected="(cases, n_in), n_in at least 1",
            remedy="Pass X[None, :] for a single case, X[:, None] for a single feature.",
        )
    return _finite(x, "X", where)


def finite_targets(D: object, cases: int, where: str) -> Array:
    """D as float64, (cases, m), every number finite."""
    d = as_array(D, "D", where)
    if d.ndim != 2 or len(d) != cases or d.shape[1] == 0:
        raise ShapeError(
            "D must have a row of targets for each case",
            where=where,
            got=f"shape {d.shape}",
            expected=f"({cases}, n_out)",
            remedy="Pass a column, D[:, None], for a single output.",
        )
    return _finite(d, "D", where)


def _counted(labels: object) -> object:
    """Answers yes or no, such as ``L == 2``, as 1 and 0."""
    return labels.astype(int) if isinstance(labels, np.ndarray) and labels.dtype == bool else labels


def two_classes(labels: object, cases: int, where: str) -> Labels:
    """The labels of all cases, 0/1 or -1/+1; of ones alone the coding is 0/1."""
    values = as_array(_counted(labels), "labels", where)
    if values.shape != (cases,):
        raise ShapeError(
            "labels must have one entry for each case",
            where=where,
            got=f"shape {values.shape}",
            expected=f"({cases},)",
            remedy="A label for each row of X; pass labels.ravel() if they are a column.",
        )
    values = _finite(values, "labels", where)
    found = set(np.unique(values).tolist())
    if not (found <= {0.0, 1.0} or found <= {-1.0, 1.0}):
        raise OptionError(
            "labels say which of two classes a case belongs to",
            where=where,
            got=shown(sorted(found)[:6]),
            expected="0 and 1, or -1 and +1",
            remedy="Compare first: (labels == k).astype(float) is one class against the rest.",
        )
    return Labels(values, -1.0 if -1.0 in found else 0.0)


def positive_rate(value: object, where: str) -> float:
    """A learning rate: a finite number above 0."""
    rate = real_number(value)
    if not 0 < rate < np.inf:
        raise OptionError(
            "the learning rate must be a positive number",
            where=where,
            got=shown(value),
            expected="a finite number above 0",
            remedy="Start with 0.1; the perceptron's 1 is as good as any other.",
        )
    return rate


def _finite(array: Array, what: str, where: str) -> Array:
    if is_symbolic(array):
        raise DTypeError(
            f"{what} holds expressions",
            where=where,
            got="sympy expressions",
            expected="floats or integers",
            remedy="The learning rules compute with floats: put numbers in first.",
        )
    require_finite(array, what, where)
    return array.astype(np.float64, copy=False)
