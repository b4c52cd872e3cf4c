"""J = diag(rows) M diag(columns): a layer's J_Y^Z = diag(f') W^T, with W^T stored once for all cases."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..arrays import Array, cast, frozen
from ..errors import ShapeError
from ..layout import Shape
from .base import Jacobian
from .blocks import rows_times, transposed
from .stored import StoredJacobian, cases_among, fit_shape
from .structure import Cost, Structure


class ScaledJacobian(StoredJacobian):
    """J[a, b] = rows_a M[a, b] columns_b, M shared by all cases.

    Parameters
    ----------
    rows : array (o,) or (cases, o), or None for ones
    shared : array (o, n)
    columns : array (n,) or (cases, n), or None for ones
    out_shape, in_shape : tuple of int, optional
        The shapes behind rows and columns.
    cases : int, optional
        Without a case axis in the scales: this many cases share the map.

    Examples
    --------
    >>> J = ScaledJacobian([[1, 2], [3, 4], [5, 6]], [[1, 0, 2, 0], [0, 1, 0, 2]])  # three cases, one M
    >>> J.shape, J.shared.shape, J.pull([1, 1]).shape
    ((3, 2, 4), (2, 4), (3, 4))

    Source: seed row D-69.
    """

    structure_name: ClassVar[str] = "scaled"
    fields: ClassVar[dict[str, int]] = {"rows": 1, "shared": 2, "columns": 1}
    rows: Array | None
    shared: Array
    columns: Array | None

    def __init__(
        self,
        rows: object,
        shared: object,
        columns: object = None,
        *,
        out_shape: Shape | None = None,
        in_shape: Shape | None = None,
        cases: int | None = None,
    ) -> None:
        where = "ScaledJacobian"
        shared = frozen(shared, "the shared matrix", where)
        rows = None if rows is None else frozen(rows, "rows", where)
        columns = None if columns is None else frozen(columns, "columns", where)
        if shared.ndim != 2:
            raise ShapeError(
                "the shared matrix has no case axis",
                where=where,
                got=f"shape {shared.shape}",
                expected="(o, n)",
                remedy="Use DenseJacobian for a matrix of each case.",
            )
        cases = cases_among(cases, where, rows=(rows, 1), columns=(columns, 1))
        common = np.result_type(*[array for array in (shared, rows, columns) if array is not None])
        shared = cast(shared, common)
        rows, columns = (None if array is None else cast(array, common) for array in (rows, columns))
        for name, scale, width in (("rows", rows, shared.shape[0]), ("columns", columns, shared.shape[1])):
            if scale is not None and scale.shape[-1] != width:
                raise ShapeError(
                    f"{name} does not fit the shared matrix",
                    where=where,
                    got=f"{name} of shape {scale.shape} with a matrix of shape {shared.shape}",
                    expected=f"({width},) or (cases, {width})",
                    remedy="diag(rows) M diag(columns): rows scales the rows of M.",
                )
        self.__dict__.update(
            rows=rows,
            shared=shared,
            columns=columns,
            out_shape=fit_shape(out_shape, shared.shape[0], "out_shape", where),
            in_shape=fit_shape(in_shape, shared.shape[1], "in_shape", where),
            cases=cases,
            symbol="",
        )

    @property
    def structure(self) -> Structure:
        rows, columns = self._copies("rows"), self._copies("columns")
        return Structure(ScaledJacobian, self._o, self._n, max(1, rows, columns), rows=rows, columns=columns)

    def _matrix(self) -> Array:
        dense = self.shared
        if self.columns is not None:
            dense = dense * self.columns[..., None, :]
        return dense if self.rows is None else self.rows[..., :, None] * dense

    def _push(self, x: Array) -> Array:
        if self.columns is not None:
            x = self.columns[..., :, None] * x
        x = self.shared @ x if x.ndim == 2 else transposed(rows_times(transposed(x), self.shared.T))
        return x if self.rows is None else self.rows[..., :, None] * x

    def _pull(self, u: Array) -> Array:
        if self.rows is not None:
            u = u * self.rows[..., None, :]
        u = rows_times(u, self.shared)
        return u if self.columns is None else u * self.columns[..., None, :]

    @property
    def T(self) -> Jacobian:
        return self._flipped(rows=self.columns, shared=self.shared.T, columns=self.rows)

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return s.o * s.n + s.rows * s.o + s.columns * s.n

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        cost, times = (s.columns * s.o * s.n, s.columns) if s.columns else (0, 1)
        times = max(times, s.rows)
        return Cost(cost + (times * s.o * s.n if s.rows else 0), times)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        times = max(times, s.columns)
        cost = times * s.n * k if s.columns else 0
        cost += times * s.o * s.n * k
        times = max(times, s.rows)
        return Cost(cost + (times * s.o * k if s.rows else 0), times)
