"""A (x) B: the block of one layer by two small matrices, of what its weights multiply and of its rows."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import Array, quiet, real_number, require_finite
from ..errors import OptionError, shown
from .operator import Symmetric


class Kronecker(Symmetric):
    """(A (x) B)[(i, j), (k, l)] = A[i, k] B[j, l], in the order of a layer's parameters, i-major.

    Index legend: i, k units below and the 1 of a bias; j, l units above.

    Attributes
    ----------
    A : array (i, k)
        Symmetric.
    B : array (j, l)
        Symmetric.
    """

    def __init__(self, A: Array, B: Array) -> None:
        self.A, self.B = A, B

    @property
    def order(self) -> int:
        """The number of the layer's parameters."""
        return len(self.A) * len(self.B)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.result_type(self.A, self.B)

    def _push(self, x: Array) -> Array:
        return self._between(self.A, self.B, x)

    @staticmethod
    def _between(left: Array, right: Array, x: Array) -> Array:
        """left V right^T for each column of x as a matrix V."""
        V = x.T.reshape(x.shape[1], left.shape[1], right.shape[1])
        return (left @ V @ right.T).reshape(x.shape[1], len(left) * len(right)).T

    def _matrix(self) -> Array:
        return np.kron(self.A, self.B)

    @cached_property
    @quiet
    def _eigen(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        wide = [M.astype(np.result_type(M, np.float32), copy=False) for M in (self.A, self.B)]
        (a, U), (b, V) = map(np.linalg.eigh, wide)
        return (np.maximum(a, 0), U), (np.maximum(b, 0), V)

    @quiet
    def solve(self, v: object, damping: float) -> Array:
        """(A (x) B + damping I)^-1 v, through the eigenvectors of A and B; eigenvalues below 0 count as 0.

        Parameters
        ----------
        v : array (i j,), or columns (i j, k)
        damping : float
            Above 0.

        Raises
        ------
        OptionError
            The damping is no positive number.
        ShapeError
            v does not fit.
        NonFiniteError
            A or B is not finite.
        """
        shift = real_number(damping)
        if not shift > 0:
            raise OptionError(
                "the damping is a positive number",
                where=f"solve with {self!r}",
                got=shown(damping),
                expected="a number above 0",
                remedy="A factor of fewer cases than units is singular: it cannot do without.",
            )
        x = self._operand(v, "solve", self.order, 0)
        for name, M in (("A", self.A), ("B", self.B)):
            require_finite(M, name, f"solve with {self!r}")
        (a, U), (b, V) = self._eigen
        columns = self._between(U.T, V.T, x[:, None] if x.ndim == 1 else x)
        columns = columns / (np.outer(a, b).reshape(-1, 1) + shift)
        return self._between(U, V, columns).reshape(x.shape).astype(x.dtype, copy=False)
