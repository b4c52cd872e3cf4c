"""J as an ordinary matrix: the fallback, and the row that a loss Jacobian is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..arrays import Array, frozen
from ..errors import ShapeError
from ..layout import Shape
from .base import Jacobian
from .blocks import rows_times, transposed
from .stored import StoredJacobian, cases_among, fit_shape
from .structure import Cost, Structure


class DenseJacobian(StoredJacobian):
    """J[a, b], all entries stored.

    Parameters
    ----------
    array : array (rows, columns), or (cases, rows, columns); never a tensor
    out_shape, in_shape : tuple of int, optional
        The shapes behind rows and columns, row-major; ``()`` for the one row of a scalar.
    cases : int, optional
        For a two-dimensional array: this many cases share the matrix, which is stored once.

    Examples
    --------
    >>> J = DenseJacobian([[1, 2, 3, 4, 5, 6]], out_shape=(), in_shape=(3, 2))  # the row of a loss
    >>> J.shape, J.tensor().shape
    ((1, 6), (3, 2))
    """

    structure_name: ClassVar[str] = "dense"
    fields: ClassVar[dict[str, int]] = {"array": 2}
    array: Array

    def __init__(
        self,
        array: object,
        out_shape: Shape | None = None,
        in_shape: Shape | None = None,
        cases: int | None = None,
    ) -> None:
        where = "DenseJacobian"
        array = frozen(array, "the array", where)
        if array.ndim not in (2, 3):
            raise ShapeError(
                "the array must be a matrix or a stack of matrices",
                where=where,
                got=f"shape {array.shape}",
                expected="(rows, columns) or (cases, rows, columns)",
                remedy="Flatten a tensor to a matrix and pass out_shape and in_shape.",
            )
        self.__dict__.update(
            array=array,
            out_shape=fit_shape(out_shape, array.shape[-2], "out_shape", where),
            in_shape=fit_shape(in_shape, array.shape[-1], "in_shape", where),
            cases=cases_among(cases, where, array=(array, 2)),
            symbol="",
        )

    @property
    def structure(self) -> Structure:
        return Structure(DenseJacobian, self._o, self._n, self._copies("array"))

    def _matrix(self) -> Array:
        return self.array

    def _push(self, x: Array) -> Array:
        return rows_times(self.array, x)

    def _pull(self, u: Array) -> Array:
        return rows_times(u, self.array)

    def _pull_sum(self, u: Array) -> Array:
        if self.array.ndim == 2:
            return np.asanyarray(u.sum(axis=0) @ self.array)  # any: a subclass that counts stays one
        cases, k, o = u.shape  # sum_c u[c, k, o] J[c, o, n] is one (k, c o) @ (c o, n)
        summed: Array = np.swapaxes(u, 0, 1).reshape(k, cases * o) @ self.array.reshape(cases * o, self._n)
        return summed

    @property
    def T(self) -> Jacobian:
        return self._flipped(array=transposed(self.array))

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return s.times * s.o * s.n

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(0, s.times)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        times = max(s.times, times)
        return Cost(times * s.o * s.n * k, times)

    @classmethod
    def pull_sum_cost(cls, s: Structure, k: int, times: int) -> Cost:
        return Cost(s.times * s.o * s.n * k, 1)
