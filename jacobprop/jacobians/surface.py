"""How scipy and numpy see a 2-D Jacobian: four products, and a dense form under the byte limit.

``lsmr``, ``lsqr`` and ``svds`` use the products alone. ``least_squares``, ``curve_fit`` and
``numpy.linalg`` ask for ``__array__`` and so make the dense matrix.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from .._lazy import scipy_sparse, scipy_sparse_linalg
from ..arrays import Array, as_array, quiet
from ..errors import DTypeError, ShapeError
from ..layout import Shape, size
from .limit import DENSE_LIMIT, check_dense


class ScipySurface(abc.ABC):
    """matvec, rmatvec, matmat, rmatmat and conversions of a map that can multiply arrays."""

    cases: int | None
    __array_ufunc__ = None  # so that ndarray @ Jacobian asks __rmatmul__

    @property
    @abc.abstractmethod
    def shape(self) -> Shape:
        """The shape of `matrix()`."""

    @property
    @abc.abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the numbers."""

    @abc.abstractmethod
    def _dense(self, max_bytes: int, otherwise: str) -> Array:
        """`matrix()` under a limit, or a refusal that names what else to do."""

    @abc.abstractmethod
    def __matmul__(self, other: object) -> Any: ...

    @abc.abstractmethod
    def __rmatmul__(self, other: object) -> Array: ...

    @quiet
    def toarray(self, max_bytes: int = DENSE_LIMIT) -> Array:
        """`matrix()` under the name that scipy's sparse matrices use."""
        return self._dense(max_bytes, "raise max_bytes")

    @quiet
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        dense = self._dense(DENSE_LIMIT, "call .matrix(max_bytes=...) yourself")
        return np.array(dense, dtype=dtype, copy=copy)

    def _one_map(self, call: str) -> None:
        if self.cases is not None:
            raise ShapeError(
                "scipy's interface is for one map, and this is a stack of cases",
                where=f"{call} of {self!r}",
                got=f"{self.cases} cases",
                expected="a 2-D Jacobian",
                remedy="Use .stacked() for the rows of all cases in one map, or .case(i) for one of them.",
            )

    def matvec(self, v: object) -> Array:
        """J v for a vector of `in_shape`'s size (scipy's name for push)."""
        self._one_map("matvec")
        return np.asarray(self @ np.ravel(as_array(v, "the vector", "matvec")))

    def rmatvec(self, u: object) -> Array:
        """J^T u for a vector of `out_shape`'s size (scipy's name for pull)."""
        self._one_map("rmatvec")
        return np.ravel(as_array(u, "the vector", "rmatvec")) @ self

    def matmat(self, X: object) -> Array:
        """J X for a matrix of columns (scipy's name)."""
        self._one_map("matmat")
        return np.asarray(self @ as_array(X, "the matrix", "matmat"))

    def rmatmat(self, U: object) -> Array:
        """J^T U for a matrix of columns (scipy's name)."""
        self._one_map("rmatmat")
        return (as_array(U, "the matrix", "rmatmat").T @ self).T

    def to_linear_operator(self) -> Any:
        """A ``scipy.sparse.linalg.LinearOperator`` with all four products."""
        self._one_map("to_linear_operator")
        return scipy_sparse_linalg.LinearOperator(
            self.shape,
            matvec=self.matvec,
            rmatvec=self.rmatvec,
            matmat=self.matmat,
            rmatmat=self.rmatmat,
            dtype=self.dtype,
        )

    @quiet
    def to_sparse(self, max_bytes: int = DENSE_LIMIT) -> Any:
        """A ``scipy.sparse.csr_array``; a structure that has zeros by construction does not store them.

        Raises
        ------
        DenseLimitError
            Building it could take more than `max_bytes`; nothing was allocated.
        """
        self._one_map("to_sparse")
        if self.dtype.kind == "O" or self.dtype.itemsize < 4:
            raise DTypeError(
                "scipy's sparse arrays hold neither half precision nor expressions",
                where=f"to_sparse of {self!r}",
                got=self.dtype,
                expected="float32 or float64",
                remedy="Use .matrix(), or make the Jacobian of float32.",
            )
        # an entry costs its value twice, dense and sparse, and three indices of 8 bytes, row and column found
        # and column kept
        check_dense(
            self._entries * (2 * self.dtype.itemsize + 24),
            "to_sparse of {!r}",
            self,
            max_bytes=max_bytes,
            remedy="Use to_linear_operator(), which makes no matrix; or raise max_bytes.",
        )
        return scipy_sparse.csr_array(self._sparse())

    @property
    def _entries(self) -> int:
        """The most entries that `_sparse` stores."""
        return size(self.shape)

    def _sparse(self) -> Any:
        return self._matrix()

    @abc.abstractmethod
    def _matrix(self) -> Array:
        """The dense matrix without its case axis where all cases share it."""
