"""J = I: nothing is stored."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array, as_array, float_dtype
from ..layout import Shape, whole_shape
from .base import Jacobian
from .blocks import summed_over_cases
from .stored import StoredJacobian, cases_among
from .structure import Cost, Structure


@lru_cache(maxsize=256)
def unit(shape: Shape, cases: int | None, dtype: np.dtype[Any]) -> IdentityJacobian:
    """The identity of shapes that are known to be right, made once: it has no numbers."""
    return IdentityJacobian._make(out_shape=shape, in_shape=shape, cases=cases, _dtype=dtype)


def _dtype_of_entries(dtype: object, where: str) -> np.dtype[Any]:
    """A float dtype, that of integers among floats, or that of expressions."""
    if isinstance(dtype, type | np.dtype):
        with suppress(TypeError):  # and DTypeError, of what holds no numbers
            return as_array(np.empty(0, dtype), "the dtype", where).dtype
    return float_dtype(dtype, where, "entries")


class IdentityJacobian(StoredJacobian):
    """dA/dA: J[a, b] = delta_ab, of the given shape.

    Parameters
    ----------
    shape : int or tuple of int
        A's shape.
    cases : int, optional
        Stacked cases that share it.

    Examples
    --------
    >>> J = IdentityJacobian((3, 2), cases=4)
    >>> J.shape, J.tensor().shape, J.nbytes
    ((4, 6, 6), (4, 3, 2, 3, 2), 0)
    """

    structure_name: ClassVar[str] = "identity"
    fields: ClassVar[dict[str, int]] = {}
    _dtype: np.dtype[Any]

    def __init__(self, shape: int | Shape, *, cases: int | None = None, dtype: Any = np.float64) -> None:
        where = "IdentityJacobian"
        shape = whole_shape(shape, "shape", where)
        dtype = _dtype_of_entries(dtype, where)
        cases = cases_among(cases, where)
        self.__dict__.update(out_shape=shape, in_shape=shape, cases=cases, _dtype=dtype, symbol="")

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def structure(self) -> Structure:
        return Structure(IdentityJacobian, self._o, self._o)

    def _matrix(self) -> Array:
        return np.eye(self._o, dtype=self.dtype)

    def _push(self, x: Array) -> Array:
        return x.copy()  # what comes out never shares memory with what the caller holds

    def _pull(self, u: Array) -> Array:
        return u.copy()

    def _pull_sum(self, u: Array) -> Array:
        return summed_over_cases(u)

    def _row_norms(self) -> Array:
        return np.ones(self._o, self.dtype)

    def _column_norms(self) -> Array:
        return np.ones(self._o, self.dtype)

    @property
    def T(self) -> Jacobian:
        return self

    @property
    def _entries(self) -> int:
        return self._o

    def _sparse(self) -> Any:
        return scipy_sparse.eye_array(self._o, dtype=self.dtype)

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return 0

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(0, 1)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        return Cost(0, times)
