"""J = I: nothing is stored."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array, as_array
from ..errors import ShapeError
from ..layout import Shape
from .base import Jacobian
from .stored import StoredJacobian, cases_among
from .structure import Cost, Structure


class IdentityJacobian(StoredJacobian):
    """dA/dA: J[a, b] = delta_ab, of the given shape.

    Parameters
    ----------
    shape : int or tuple of int
        A's shape.
    cases : int, optional
        Stacked cases that share it.
    """

    structure_name: ClassVar[str] = "identity"
    fields: ClassVar[dict[str, int]] = {}
    _dtype: np.dtype[Any]

    def __init__(self, shape: int | Shape, *, cases: int | None = None, dtype: Any = np.float64) -> None:
        where = "IdentityJacobian"
        shape = tuple(int(n) for n in np.atleast_1d(np.asarray(shape, dtype=object)))
        if min(shape, default=0) < 0:
            raise ShapeError(
                "a shape has no negative lengths",
                where=where,
                got=shape,
                remedy="Pass the shape of the variable, such as 3 or (3, 2).",
            )
        dtype = as_array(np.empty(0, dtype), "the dtype", where).dtype
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

    @property
    def T(self) -> Jacobian:
        return self

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
