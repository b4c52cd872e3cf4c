"""J = left o V: the Jacobian by weights of which each unit sees an input of its own.

    J[o, i, j] = left[o, j] V[i, j]

Where V[i, j] = y[i] for every unit j it is left (x) y, the Jacobian of a weighted sum. A unit that compares
its input with a vector of its own, z_j = ||y - c_j||^2, has dz_j/dc_ij = -2 (y_i - c_ij): another y for
each j.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array, cast, frozen
from ..errors import ShapeError
from .base import Jacobian
from .blocks import norms, summed_over_cases, transposed
from .dense import DenseJacobian
from .diagonal import DiagonalJacobian
from .left_factored import LeftFactoredJacobian
from .stored import cases_among
from .structure import Cost, Structure


class UnitwiseWeightJacobian(LeftFactoredJacobian):
    """J[o, i, j] = left[o, j] V[i, j], in_shape (n, m): left o V.

    Index legend: c cases, o out, i entries of a unit's own vector (n of them), j units (m of them), k rows
    or columns of a block.

    Parameters
    ----------
    left : Jacobian, or an array (o, m) or (cases, o, m)
        dA/dz, the Jacobian by what the units compute.
    V : array (n, m) or (cases, n, m)
        dz_j/dC_ij; no other entry of C moves z_j.

    Raises
    ------
    ShapeError
        `left` has another number of columns than V.

    Examples
    --------
    >>> J = UnitwiseWeightJacobian(DiagonalJacobian([1, 2, 3]), np.ones((4, 3)))  # d(3 units)/d(4 by 3)
    >>> J.tensor().shape, J.nbytes // 8, J.dense_nbytes // 8
    ((3, 4, 3), 15, 36)
    >>> type(DiagonalJacobian([5, 5, 5]) @ J).__name__, (DenseJacobian([[1, 1, 1]]) @ J).structure_name
    ('UnitwiseWeightJacobian', 'left o V')

    Source: seed rows H-36, S-34.
    """

    structure_name: ClassVar[str] = "left o V"
    fields: ClassVar[dict[str, int]] = {"V": 2}
    V: Array

    def __init__(self, left: object, V: object) -> None:
        where = "UnitwiseWeightJacobian"
        left = left if isinstance(left, Jacobian) else DenseJacobian(left)
        V = frozen(V, "V", where)
        V = cast(V, np.result_type(V, *left.arrays))
        cases = cases_among(left.cases, where, "left", V=(V, 2))
        if V.shape[-1] != left._n:
            raise ShapeError(
                "left does not fit V",
                where=where,
                got=f"left {left.out_shape} by {left.in_shape} with V of shape {V.shape}",
                expected=f"V of shape (n, {left._n}), or (cases, n, {left._n})",
                remedy="V[i, j] belongs to unit j, and left[o, j] to the same one: transpose V if need be.",
            )
        if left.cases is None and cases is not None:
            left = left.for_cases(cases)
        self.__dict__.update(
            left=left, V=V, out_shape=left.out_shape, in_shape=V.shape[-2:], cases=cases, symbol=""
        )

    @property
    def _beside(self) -> Array:
        return self.V

    def _push(self, x: Array) -> Array:
        # sum_i V[i, j] x[i, j, k], then left
        columns = x.reshape(*x.shape[:-2], *self.in_shape, x.shape[-1]).swapaxes(-2, -3)
        summed = transposed(self.V)[..., None, :] @ columns  # one row for each j
        return self.left._push(summed[..., 0, :])

    def _pull_sum(self, u: Array) -> Array:
        # sum_c V[c, i, j] (u left)[c, k, j]
        pulled = self._pull_left(u)
        if self.V.ndim == 2:
            pulled = summed_over_cases(pulled)
            outer: Array = self.V * pulled[:, None, :]
            return outer.reshape(len(pulled), self._n)
        found = np.empty((pulled.shape[1], *self.in_shape), np.result_type(pulled, self.V))
        for k in range(len(found)):  # a block of all of them would be k times as large as V
            found[k] = summed_over_cases(self.V * pulled[:, k, None, :])
        return found.reshape(len(found), self._n)

    def _row_norms(self) -> Array:
        # |left[o, :] * (|V[:, 1]|, .., |V[:, m]|)|
        d, shape = norms(self.V, axis=-2), self.left.in_shape
        scaled = self.left @ DiagonalJacobian._make(d=d, out_shape=shape, in_shape=shape, cases=self.cases)
        found: Array = scaled._row_norms()
        return found

    def _sparse(self) -> Any:
        # row-major vec: column i m + j holds left's column j times V[i, j]
        left = scipy_sparse.coo_array(self.left._sparse().astype(self.dtype))  # scipy has no float16
        n, m = self.in_shape
        entries = (self.V[:, left.col] * left.data).ravel()
        places = np.tile(left.row, n), (m * np.arange(n)[:, None] + left.col).ravel()
        return scipy_sparse.coo_array((entries.astype(self.dtype, copy=False), places), shape=self.shape)

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        numbers: int = s.wrapped.numbers + s.y_times * s.n
        return numbers

    @classmethod
    def pull_sum_cost(cls, s: Structure, k: int, times: int) -> Cost:
        left: Cost = s.wrapped.kind.pull_cost(s.wrapped, k, times)
        return Cost(left.multiply_adds + s.y_times * k * s.n, 1)
