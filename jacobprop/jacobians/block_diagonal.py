"""All cases side by side in one map, each moved by its own entries alone.

    J[(c, o), (d, n)] = delta_cd J_c[o, n]

Index legend: c, d blocks, the cases of the map inside; o out and n in of a block; k columns or rows.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array
from ..errors import OptionError, ShapeError, shown
from ..layout import Shape
from .base import Jacobian, transposed_symbol
from .limit import check_dense
from .structure import Cost, Structure
from .wrapped import OneMap

Axis: TypeAlias = Literal[0, -1]


class BlockDiagonalJacobian(OneMap):
    """J[(c, o), (d, n)] = delta_cd J_c[o, n]: the cases of a Jacobian as the blocks of one map.

    Parameters
    ----------
    blocks : Jacobian
        With cases, which become an axis of both variables.
    axis : 0 or -1
        Whether that axis stands in front, as where a whole batch is one variable (cases, units), or behind,
        as where each unit of a batch is normalised for itself.

    Examples
    --------
    >>> from jacobprop import DiagonalJacobian
    >>> J = BlockDiagonalJacobian(DiagonalJacobian([[1, 2], [3, 4], [5, 6]]))  # three cases of two units
    >>> J.out_shape, J.shape, J.nbytes // 8, J.dense_nbytes // 8
    ((3, 2), (6, 6), 6, 36)

    Source: design of batches that are one case; seed rows B-49, S-21.
    """

    structure_name: ClassVar[str] = "block diagonal"
    axis: Axis

    def __init__(self, blocks: Jacobian, axis: Axis = 0) -> None:
        if not isinstance(blocks, Jacobian) or blocks.cases is None:
            raise ShapeError(
                "the blocks are the cases of a Jacobian",
                where="BlockDiagonalJacobian",
                got=shown(blocks),
                expected="a Jacobian with cases",
                remedy="Use for_cases(n) where all blocks are the same map.",
            )
        if type(axis) is not int or axis not in (0, -1):
            raise OptionError(
                "the blocks are the first axis or the last",
                where="BlockDiagonalJacobian",
                got=shown(axis),
                expected="0 or -1",
                remedy="Transpose the variables for another one.",
            )
        self.__dict__.update(
            inner=blocks,
            axis=axis,
            out_shape=_with_blocks(blocks.out_shape, blocks.cases, axis),
            in_shape=_with_blocks(blocks.in_shape, blocks.cases, axis),
            cases=None,
            symbol=blocks.symbol,
        )

    @property
    def _blocks(self) -> int:
        return self.inner._lead[0]

    @property
    def structure(self) -> Structure:
        return Structure(BlockDiagonalJacobian, self._o, self._n, inner=self.inner.structure, axis=self.axis)

    def _matrix(self) -> Array:
        blocks = self.inner._every_case(self.inner._matrix(), 2)
        b, o, n = blocks.shape
        shape = (b, o, b, n) if self.axis == 0 else (o, b, n, b)
        dense, index = np.zeros(shape, blocks.dtype), np.arange(b)
        if self.axis == 0:
            dense[index, :, index, :] = blocks
        else:
            dense[:, index, :, index] = blocks
        return dense.reshape(self._o, self._n)

    def _push_columns(self, x: Array) -> Array:
        return self._join(self.inner._push(self._split(x, self.inner._n)), self._o)

    def _pull(self, u: Array) -> Array:
        if u.ndim == 3:
            return self._pull(u.reshape(-1, self._o)).reshape(*u.shape[:2], self._n)
        columns = self._split(u.T, self.inner._o)
        pulled = self.inner._pull(np.swapaxes(columns, -1, -2))
        return self._join(np.swapaxes(pulled, -1, -2), self._n).T

    def _split(self, columns: Array, width: int) -> Array:
        """(b * width, k) as (b, width, k)."""
        k = columns.shape[-1]
        if self.axis == 0:
            return columns.reshape(self._blocks, width, k)
        return np.swapaxes(columns.reshape(width, self._blocks, k), 0, 1)

    def _join(self, blocks: Array, width: int) -> Array:
        """(b, width / b, k), or one block for all, as (width, k)."""
        nbytes = width * blocks.shape[-1] * blocks.dtype.itemsize
        check_dense(nbytes, "the blocks of {!r}", self, remedy="Take fewer cases, or the Jacobian of one.")
        whole = self.inner._every_case(blocks, 2)
        return (whole if self.axis == 0 else np.swapaxes(whole, 0, 1)).reshape(width, whole.shape[-1])

    def _row_norms(self) -> Array:
        norms = self.inner._row_norms()
        return self._join(norms[..., None], self._o)[:, 0]

    def _column_norms(self) -> Array:
        norms = self.inner._column_norms()
        return self._join(norms[..., None], self._n)[:, 0]

    @property
    def T(self) -> Jacobian:
        flipped = BlockDiagonalJacobian(self.inner.T, self.axis)
        return flipped._copy(cases=self.cases, symbol=transposed_symbol(self.symbol))

    @property
    def _entries(self) -> int:
        return self._blocks * self.inner._entries

    def _sparse(self) -> Any:
        whole = scipy_sparse.block_diag([self.inner.case(i)._sparse() for i in range(self._blocks)], "csr")
        if self.axis == 0:
            return whole
        rows, columns = (
            np.arange(self._blocks * width).reshape(self._blocks, width).T.ravel()
            for width in (self.inner._o, self.inner._n)
        )
        return whole[rows][:, columns]

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(s.wrapped.kind.expand_cost(s.wrapped).multiply_adds, 1)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        blocks = s.o // s.wrapped.o
        return Cost(s.wrapped.kind.push_cost(s.wrapped, k * times, blocks).multiply_adds, times)

    @classmethod
    def pull_cost(cls, s: Structure, k: int, times: int) -> Cost:
        blocks = s.o // s.wrapped.o
        return Cost(s.wrapped.kind.pull_cost(s.wrapped, k * times, blocks).multiply_adds, times)


def _with_blocks(shape: Shape, blocks: int, axis: Axis) -> Shape:
    return (blocks, *shape) if axis == 0 else (*shape, blocks)
