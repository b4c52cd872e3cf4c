"""J[o, i, j] = left[o, j] beside[i, j]: by weights of which each moves the sum of its own unit alone.

Index legend: c cases, o out, i entries below (n of them), j units above (m of them), k rows or columns of a
block.

Multiplying from the left touches `left` alone, since beside is a factor of columns that left's share:
A (left o beside) = (A left) o beside.
"""

from __future__ import annotations

import abc
from typing import Self

import numpy as np

from ..arrays import Array, freeze, quiet
from ..errors import UnsupportedLayerError
from .base import Jacobian
from .blocks import transposed
from .diagonal import DiagonalJacobian
from .identity import IdentityJacobian
from .stored import StoredJacobian
from .structure import Cost, Structure


class LeftFactoredJacobian(StoredJacobian):
    """What left (x) y and left o V share; the one array field holds the y or the V."""

    left: Jacobian

    @property
    @abc.abstractmethod
    def _beside(self) -> Array:
        """What stands beside `left`: (c, n, m), or (c, n, 1) where all units see the same."""

    @property
    def arrays(self) -> tuple[Array, ...]:
        return (*self.left.arrays, *super().arrays)

    @property
    def structure(self) -> Structure:
        inner = self.left.structure
        (field,) = self.fields
        y_times = self._copies(field)
        times = max(inner.times, y_times)
        return Structure(type(self), self._o, self._n, times, inner=inner, y_times=y_times)

    def _matrix(self) -> Array:
        n, m = self.in_shape
        if isinstance(
            self.left, DiagonalJacobian | IdentityJacobian
        ):  # [k, :, k] = d_k beside[:, k], the rest 0
            block = transposed(self._beside)
            if isinstance(self.left, DiagonalJacobian):
                block = self.left.d[..., :, None] * block
            dense = np.zeros((*block.shape[:-2], m, n, m), self.dtype)
            k = np.arange(m)
            dense[..., k, :, k] = np.moveaxis(block, -2, 0)  # where numpy puts a k that stands twice
        else:
            dense = self._beside[..., None, :, :] * self.left._matrix()[..., :, None, :]
        return dense.reshape(*dense.shape[:-2], self._n)

    def _pull(self, u: Array) -> Array:
        # (u left)[k, j] beside[i, j]
        pulled = self._pull_left(u)
        outer = self._beside[..., None, :, :] * pulled[..., :, None, :]
        return outer.reshape(*outer.shape[:-2], self._n)

    def _pull_left(self, u: Array) -> Array:
        return u if isinstance(self.left, IdentityJacobian) else self.left._pull(u)

    def _column_norms(self) -> Array:
        # |beside[i, j]| |left[:, j]|
        outer = np.abs(self._beside) * self.left._column_norms()[..., None, :]
        return np.asarray(outer.reshape(*outer.shape[:-2], self._n))

    @quiet
    def simplified(self) -> Array:
        """d_j beside[i, j] for a diagonal left: the entries J[j, i, j] that are not zero, (cases,) + (n, m).

        Raises
        ------
        UnsupportedLayerError
            Another left: what is left out would not be zero (seed rows D-72, E-12).
        """
        if not isinstance(self.left, DiagonalJacobian | IdentityJacobian):
            raise UnsupportedLayerError(
                "only a weight Jacobian with a diagonal left has a simplified form",
                where=repr(self),
                got=f"{self.left!r} as left",
                expected="the weights of an elementwise layer by that layer",
                remedy="Use J_W itself: pull and @ need no dense tensor either.",
            )
        d = self.left.d if isinstance(self.left, DiagonalJacobian) else np.ones(self.left._n, self.dtype)
        return freeze(self._every_case(self._beside * d[..., None, :], 2))

    def case(self, index: int) -> Self:
        chosen = super().case(index)
        return chosen._copy(left=self.left.case(index))

    def for_cases(self, cases: int) -> Self:
        return super().for_cases(cases)._copy(left=self.left.for_cases(cases))

    @property
    def _per_case(self) -> bool:
        return self.cases is not None

    @property
    def _entries(self) -> int:
        return int(self.left._entries * self.in_shape[0])

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        left: Cost = s.wrapped.kind.expand_cost(s.wrapped)
        times = max(left.times, s.y_times)
        # products in a column: one entry of it is not a structural zero, or any may be
        products = {IdentityJacobian: 0, DiagonalJacobian: 1}.get(s.wrapped.kind, s.o)
        return Cost(left.multiply_adds + times * products * s.n, times)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        times = max(times, s.y_times)
        left: Cost = s.wrapped.kind.push_cost(s.wrapped, k, times)
        return Cost(times * s.n * k + left.multiply_adds, left.times)

    @classmethod
    def pull_cost(cls, s: Structure, k: int, times: int) -> Cost:
        left: Cost = s.wrapped.kind.pull_cost(s.wrapped, k, times)
        times = max(left.times, s.y_times)
        return Cost(left.multiply_adds + times * k * s.n, times)
