"""A matrix that is never formed: products with it, and conversions, as scipy and numpy expect them."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from ..arrays import Array, as_array, quiet
from ..errors import ShapeError
from ..jacobians import DENSE_LIMIT
from ..jacobians.limit import check_dense
from ..jacobians.surface import ScipySurface
from ..layout import Shape, size


class Operator(ScipySurface):
    """An (m, n) matrix by its products: ``A @ x``, ``u @ A``, ``A.T``, ``A.matrix()``.

    ``scipy.sparse.linalg`` (lsmr, lsqr, cg, svds, eigsh) takes it as it is, or after
    ``.to_linear_operator()``; ``numpy`` makes it dense, up to 1 GiB.
    """

    cases: int | None = None

    @abc.abstractmethod
    def _push(self, x: Array) -> Array:
        """A x of a block of columns (n, k)."""

    @abc.abstractmethod
    def _pull(self, u: Array) -> Array:
        """u A of a block of rows (k, m)."""

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def dense_nbytes(self) -> int:
        """Bytes that the dense matrix would take."""
        return size(self.shape) * self.dtype.itemsize

    @property
    def T(self) -> Operator:
        """The transposed operator."""
        return Transposed(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {' by '.join(map(str, self.shape))}, {self.dtype}>"

    @quiet
    def matrix(self, max_bytes: int = DENSE_LIMIT) -> Array:
        """The dense matrix.

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; nothing was allocated.
        """
        return self._dense(max_bytes, "raise max_bytes")

    def _dense(self, max_bytes: int, otherwise: str) -> Array:
        remedy = f"Multiply with it instead, {type(self).__name__} @ v; or {otherwise}."
        check_dense(self.dense_nbytes, "matrix of {!r}", self, max_bytes=max_bytes, remedy=remedy)
        return self._matrix()

    def _matrix(self) -> Array:
        m, n = self.shape
        return self._push(np.eye(n, dtype=self.dtype)) if n <= m else self._pull(np.eye(m, dtype=self.dtype))

    @quiet
    def __matmul__(self, other: object) -> Any:
        """A x for a vector (n,) or columns (n, k)."""
        x = self._operand(other, "A @ array", self.shape[1], 0)
        if x.ndim == 1:
            return self._push(x[:, None])[:, 0]
        return self._push(x) if x.shape[1] else np.zeros((self.shape[0], 0), x.dtype)

    @quiet
    def __rmatmul__(self, other: object) -> Array:
        """u A for a vector (m,) or rows (k, m)."""
        u = self._operand(other, "array @ A", self.shape[0], -1)
        if u.ndim == 1:
            return np.asarray(self._pull(u[None, :])[0])
        return self._pull(u) if len(u) else np.zeros((0, self.shape[1]), u.dtype)

    def _operand(self, value: object, call: str, length: int, axis: int) -> Array:
        array = as_array(value, "the operand", f"{call} with {self!r}")
        if array.ndim not in (1, 2) or array.shape[axis] != length:
            raise ShapeError(
                "the operands do not fit",
                where=f"{call} with {self!r}",
                got=f"an array of shape {array.shape}",
                expected=f"({length},) or " + (f"({length}, k)" if axis == 0 else f"(k, {length})"),
                remedy="Parameters count as in net.vector, outputs case by case.",
            )
        return array.astype(np.result_type(array, self.dtype), copy=False)


class Symmetric(Operator):
    """A matrix that equals its transpose."""

    @property
    @abc.abstractmethod
    def order(self) -> int:
        """The number of rows, and of columns."""

    @property
    def shape(self) -> Shape:
        return (self.order, self.order)

    @property
    def T(self) -> Operator:
        return self

    def _pull(self, u: Array) -> Array:
        return self._push(u.T).T


class Transposed(Operator):
    """A^T."""

    def __init__(self, inner: Operator) -> None:
        self._inner = inner

    @property
    def shape(self) -> Shape:
        return self._inner.shape[::-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._inner.dtype

    @property
    def T(self) -> Operator:
        return self._inner

    def _push(self, x: Array) -> Array:
        return self._inner._pull(x.T).T

    def _pull(self, u: Array) -> Array:
        return self._inner._push(u.T).T

    def _matrix(self) -> Array:
        return self._inner._matrix().T
