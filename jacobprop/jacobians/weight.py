"""J = left (x) y: the Jacobian by the weights, without its zeros.

    J[o, i, j] = left[o, j] y[i]

Index legend: c cases, o out, i units below (n of them), j units above (m of them), k rows or columns
of a block; p, reserved, runs over the positions at which a weight is used (one here).

Multiplying from the left touches `left` alone: A (left (x) y) = (A left) (x) y. With a diagonal left
it holds m + n numbers (the slides' simplified Jacobian); with a row for left it is the delta rule.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lazy import scipy_sparse
from ..arrays import Array, cast, frozen
from .base import Jacobian
from .blocks import norms
from .dense import DenseJacobian
from .left_factored import LeftFactoredJacobian
from .stored import cases_among
from .structure import Cost, Structure


def _near_one(block: Array) -> tuple[Array, Array]:
    """The columns over powers of two that bring their largest entries below 1, and the exponents."""
    largest = np.abs(block).max(axis=0)
    exponents = np.frexp(np.where(np.isfinite(largest), largest, 0))[1]
    return np.ldexp(block, -exponents), exponents


class WeightJacobian(LeftFactoredJacobian):
    """J[o, i, j] = left[o, j] y[i], in_shape (n, m): left (x) y.

    Parameters
    ----------
    left : Jacobian, or an array (o, m) or (cases, o, m)
        dA/dz, the Jacobian by the weighted sums.
    y : array (n,) or (cases, n)
        The activations that the weights multiply.

    Examples
    --------
    >>> from jacobprop import DiagonalJacobian
    >>> J = WeightJacobian(DiagonalJacobian([1, 2, 3]), [1, 2, 3, 4])  # d(3 units)/d(4 by 3 weights)
    >>> J.tensor().shape, J.nbytes // 8, J.dense_nbytes // 8
    ((3, 4, 3), 7, 36)

    Source: seed rows D-57, D-62, D-71, D-72.
    """

    structure_name: ClassVar[str] = "left (x) y"
    fields: ClassVar[dict[str, int]] = {"y": 1}
    y: Array

    def __init__(self, left: object, y: object) -> None:
        where = "WeightJacobian"
        left = left if isinstance(left, Jacobian) else DenseJacobian(left)
        y = frozen(y, "y", where)
        y = cast(y, np.result_type(y, *left.arrays))  # sums are in the precision of the whole
        cases = cases_among(left.cases, where, "left", y=(y, 1))
        if left.cases is None and cases is not None:
            left = left.for_cases(cases)
        self.__dict__.update(
            left=left,
            y=y,
            out_shape=left.out_shape,
            in_shape=(y.shape[-1], left._n),
            cases=cases,
            symbol="",
        )

    @property
    def _beside(self) -> Array:
        return self.y[..., :, None]

    def _push(self, x: Array) -> Array:
        # sum_i y[i] x[i, j, k], then left
        n, m, k = *self.in_shape, x.shape[-1]
        rows = x.reshape(*x.shape[:-2], n, m * k)
        summed = self.y @ rows if rows.ndim == 2 or self.y.ndim == 1 else (self.y[:, None, :] @ rows)[:, 0, :]
        return self.left._push(summed.reshape(*summed.shape[:-1], m, k))

    def _pull_sum(self, u: Array) -> Array:
        # sum_c y[c, i] (u left)[c, k, j] = Y^T Delta, one GEMM
        pulled = self._pull_left(u)
        if self.y.ndim == 1:
            pulled = pulled.sum(axis=0)
            outer: Array = self.y[None, :, None] * pulled[:, None, :]
            return outer.reshape(len(pulled), self._n)
        cases, k, m = pulled.shape
        if k == 1:
            return (self.y.T @ pulled.reshape(cases, m)).reshape(1, self._n)
        summed = (self.y.T @ pulled.reshape(cases, k * m)).reshape(self.y.shape[-1], k, m)
        return np.ascontiguousarray(summed.swapaxes(0, 1)).reshape(k, self._n)

    def _row_norms(self) -> Array:
        # |left[o, :]| |y|
        return np.asarray(self.left._row_norms() * norms(self.y)[..., None])

    def _column_norms_of_all(self) -> Array:
        # the root of sum_c y[c, i]^2 |left[c, :, j]|^2: one GEMM, of columns near 1
        (left, m), (y, n) = (
            _near_one(self._every_case(block, 1)) for block in (self.left._column_norms(), self.y)
        )
        squares = (y * y).T @ (left * left)
        return np.asarray(np.ldexp(np.sqrt(squares), n[:, None] + m).reshape(self._n))

    def _sparse(self) -> Any:
        # row-major vec: column i m + j; "csr" because kron's default may fill in zeros blockwise
        left = scipy_sparse.csr_array(self.left._sparse().astype(self.dtype))
        y = self.y[None, :].astype(self.dtype, copy=False)  # scipy has no float16
        product = scipy_sparse.kron(y, left, format="csr")
        return product.astype(self.dtype, copy=False)  # without any entry it comes in float64

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        numbers: int = s.wrapped.numbers + s.y_times * (s.n // s.wrapped.n)
        return numbers

    @classmethod
    def pull_sum_cost(cls, s: Structure, k: int, times: int) -> Cost:
        left: Cost = s.wrapped.kind.pull_cost(s.wrapped, k, times)
        return Cost(left.multiply_adds + s.y_times * k * s.n, 1)
