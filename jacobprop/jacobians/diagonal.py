"""J = diag(d): the Jacobian of an elementwise function."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array, frozen
from ..layout import Shape
from .base import Jacobian
from .stored import StoredJacobian, cases_among, fit_shape
from .structure import Cost, Structure


class DiagonalJacobian(StoredJacobian):
    """J[a, b] = delta_ab d_a; `d` has shape (m,), or (cases, m) for a stack.

    Parameters
    ----------
    d : array (m,) or (cases, m)
    shape : tuple of int, optional
        The variable's shape if it is not (m,).
    cases : int, optional
        For a one-dimensional `d`: this many cases share it.

    Examples
    --------
    >>> J = DiagonalJacobian([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # two cases
    >>> J.shape, J.push([1, 1, 1]).shape
    ((2, 3, 3), (2, 3))

    Source: seed rows D-45, D-70.
    """

    structure_name: ClassVar[str] = "diagonal"
    fields: ClassVar[dict[str, int]] = {"d": 1}
    d: Array

    def __init__(self, d: object, *, shape: Shape | None = None, cases: int | None = None) -> None:
        where = "DiagonalJacobian"
        d = frozen(d, "d", where)
        cases = cases_among(cases, where, d=(d, 1))
        shape = fit_shape(shape, d.shape[-1], "shape", where)
        self.__dict__.update(d=d, out_shape=shape, in_shape=shape, cases=cases, symbol="")

    @property
    def structure(self) -> Structure:
        return Structure(DiagonalJacobian, self._o, self._o, self._copies("d"))

    def _matrix(self) -> Array:
        dense = np.zeros((*self.d.shape, self._o), dtype=self.dtype)
        index = np.arange(self._o)
        dense[..., index, index] = self.d
        return dense

    def _push(self, x: Array) -> Array:
        return self.d[..., :, None] * x

    def _pull(self, u: Array) -> Array:
        return u * self.d[..., None, :]

    def _row_norms(self) -> Array:
        return np.asarray(np.abs(self.d))

    def _column_norms(self) -> Array:
        return np.asarray(np.abs(self.d))

    @property
    def T(self) -> Jacobian:
        return self

    @property
    def _entries(self) -> int:
        return self._o

    def _sparse(self) -> Any:
        return scipy_sparse.diags_array(self.d)

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return s.times * s.o

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(0, s.times)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        times = max(s.times, times)
        return Cost(times * s.o * k, times)
