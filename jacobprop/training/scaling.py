"""Inputs on one scale: every column to the same range, or to mean 0 and standard deviation 1.

z = (x - shift) / scale + offset        (seed rows D-81, B-48, S-39)

The names are scikit-learn's; a scaler never changes, so `fit` returns what it found: a `Scaling`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, as_cases, frozen, quiet, real_number, require_finite
from ..errors import NonFiniteError, OptionError, ShapeError, shown
from .plain import plain


@dataclass(frozen=True, eq=False, repr=False)
class Scaling:
    """z = (x - shift) / scale + offset, column by column; `fit` of a scaler makes it.

    Attributes
    ----------
    shift, scale : array (n,), float64
        Of each column of the data that it was fitted to; a constant column has the scale 1.
    offset : float
        What `shift` is mapped to.
    """

    shift: Array
    scale: Array
    offset: float = 0.0

    @quiet
    def transform(self, X: object) -> Array:
        """The scaled cases, (n,) or (cases, n), in the dtype of X; nan and infinities propagate.

        Raises
        ------
        ShapeError, DTypeError, EmptyBatchError
            X does not have the columns that the scaling was fitted to, or holds no floats.
        """
        x = self._cases(X, "transform")
        return ((x.astype(np.float64) - self.shift) / self.scale + self.offset).astype(x.dtype)

    @quiet
    def inverse_transform(self, Z: object) -> Array:
        """x = (z - offset) scale + shift: back to the old units, exact to rounding.

        Of data x it loses at most some units in the last place of the largest number in x's column.
        """
        z = self._cases(Z, "inverse_transform")
        return ((z.astype(np.float64) - self.offset) * self.scale + self.shift).astype(z.dtype)

    def _cases(self, X: object, call: str) -> Array:
        where = f"Scaling.{call}"
        return plain(as_cases(X, "X", len(self.shift), where), "X", where)

    def __repr__(self) -> str:
        return f"<Scaling of {len(self.shift)} columns>"


@dataclass(frozen=True)
class MinMaxScaler:
    """Each column of the training data from its least to its largest value onto one range (D-81).

    Parameters
    ----------
    feature_range : (float, float)
        The ends: (0, 1), or (-1, 1), the slide's other choice.

    Raises
    ------
    OptionError
        No two finite numbers, the first the smaller one.

    Examples
    --------
    >>> scaling = MinMaxScaler(feature_range=(-1, 1)).fit([[0.0, 50.0], [4.0, 70.0]])
    >>> scaling.transform([[1.0, 60.0], [4.0, 80.0]])
    array([[-0.5,  0. ],
           [ 1. ,  2. ]])
    """

    feature_range: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        given = self.feature_range
        pair = given if isinstance(given, tuple | list) and len(given) == 2 else ()
        ends = [real_number(end) for end in pair]
        if not (ends and np.isfinite(ends).all() and 0 < ends[1] - ends[0] < np.inf):
            raise OptionError(
                "feature_range is where the columns are to lie",
                where="MinMaxScaler",
                got=shown(given),
                expected="two finite numbers, the smaller one first",
                remedy="(0, 1) and (-1, 1) are the usual ones.",
            )

    @quiet
    def fit(self, X: object) -> Scaling:
        """The scaling of these cases (cases, n): fit the training data, transform all.

        Raises
        ------
        ShapeError, DTypeError, EmptyBatchError, NonFiniteError
            No stack of finite floats, or a column wider than the floats.
        """
        x = _training_data(X, "MinMaxScaler.fit")
        low, high = (real_number(end) for end in self.feature_range)
        return _scaling(x, x.min(axis=0), np.ptp(x, axis=0) / (high - low), low, "MinMaxScaler.fit")


@dataclass(frozen=True)
class StandardScaler:
    """Each column to mean 0 and standard deviation 1 over the training data (the n of its cases below).

    Examples
    --------
    >>> scaling = StandardScaler().fit([[1.0, 7.0], [3.0, 7.0]])
    >>> scaling.transform([[1.0, 7.0], [4.0, 7.0]])
    array([[-1.,  0.],
           [ 2.,  0.]])
    """

    @quiet
    def fit(self, X: object) -> Scaling:
        """The scaling of these cases (cases, n); as `MinMaxScaler.fit`."""
        x = _training_data(X, "StandardScaler.fit")
        apart = x - x[0]  # exact for cases that are near each other
        power = np.frexp(np.abs(apart).max(axis=0))[1]
        apart = np.ldexp(apart, -power)  # exact, and no square overflows
        mean, deviation = (np.ldexp(found, power) for found in (apart.mean(axis=0), apart.std(axis=0)))
        return _scaling(x, x[0] + mean, deviation, 0.0, "StandardScaler.fit")


def _scaling(x: Array, shift: Array, scale: Array, offset: float, where: str) -> Scaling:
    """With the scale 1 where a column is constant; widths that no difference holds are refused."""
    width = np.ptp(x, axis=0)
    scale = np.where(width == 0, 1.0, scale)
    usable = np.isfinite(width) & np.isfinite(scale) & (scale >= np.finfo(float).tiny)
    if not usable.all():
        column = int(np.argmin(usable))
        raise NonFiniteError(
            f"column {column} spans more than the floats, or less",
            where=where,
            got=f"{x[:, column].min():g} to {x[:, column].max():g}",
            expected="a width that is a normal number",
            remedy="Change the unit of the column first.",
        )
    return Scaling(frozen(shift, "shift"), frozen(scale, "scale"), offset)


def _training_data(X: object, where: str) -> Array:
    """A stack of finite cases as float64."""
    x = plain(as_cases(X, "X", None, where), "X", where)
    if x.ndim == 1 or x.shape[1] == 0:
        raise ShapeError(
            "a scaler looks at a stack of cases",
            where=where,
            got=f"shape {x.shape}",
            expected="(cases, n)",
            remedy="One column is X[:, None]; one case has no range.",
        )
    require_finite(x, "X", where)
    return x.astype(np.float64)
