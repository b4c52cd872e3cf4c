"""Views of another Jacobian: its transpose, and all its cases stacked into one map."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import numpy as np

from ..arrays import Array
from ..errors import ShapeError
from ..layout import size
from .base import Jacobian, check_case, transposed_symbol, whole_cases
from .blocks import transposed
from .limit import check_dense
from .structure import Cost, Structure


class Wrapper(Jacobian):
    """What all views share: they hold nothing of their own."""

    inner: Jacobian

    @property
    def arrays(self) -> tuple[Array, ...]:
        return self.inner.arrays

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.inner.dtype

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return s.wrapped.numbers


class TransposedJacobian(Wrapper):
    """J^T of a Jacobian whose class is not closed under transposition: push is pull and the reverse."""

    structure_name: ClassVar[str] = "transposed"

    def __init__(self, inner: Jacobian) -> None:
        self.__dict__.update(
            inner=inner,
            out_shape=inner.in_shape,
            in_shape=inner.out_shape,
            cases=inner.cases,
            symbol=transposed_symbol(inner.symbol),
        )

    @property
    def structure(self) -> Structure:
        s = self.inner.structure
        return Structure(TransposedJacobian, s.n, s.o, s.times, inner=s)

    def _matrix(self) -> Array:
        return transposed(self.inner._matrix())

    def _push(self, x: Array) -> Array:
        return transposed(self.inner._pull(transposed(x)))

    def _pull(self, u: Array) -> Array:
        return transposed(self.inner._push(transposed(u)))

    def _row_norms(self) -> Array:
        return self.inner._column_norms()

    def _column_norms(self) -> Array:
        return self.inner._row_norms()

    @property
    def T(self) -> Jacobian:
        symbol = transposed_symbol(self.symbol)
        return self.inner if symbol == self.inner.symbol else self.inner.named(symbol)

    @property
    def _entries(self) -> int:
        return self.inner._entries

    def _sparse(self) -> Any:
        return self.inner._sparse().T

    def case(self, index: int) -> Jacobian:
        return self._copy(inner=self.inner.case(index), cases=None)

    def for_cases(self, cases: int) -> Jacobian:
        return self._copy(inner=self.inner.for_cases(cases), cases=cases)

    def stacked(self) -> Jacobian:
        return self if self.cases is None else StackedJacobian(self)

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        cost: Cost = s.wrapped.kind.expand_cost(s.wrapped)
        return cost

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        cost: Cost = s.wrapped.kind.pull_cost(s.wrapped, k, times)
        return cost

    @classmethod
    def pull_cost(cls, s: Structure, k: int, times: int) -> Cost:
        cost: Cost = s.wrapped.kind.push_cost(s.wrapped, k, times)
        return cost


class OneMap(Wrapper):
    """What has taken in the cases of another Jacobian: one map, which another stack of cases may share."""

    def case(self, index: int) -> Jacobian:
        check_case(self, index)
        return self._copy(cases=None)

    def for_cases(self, cases: int) -> Jacobian:
        cases = whole_cases(cases, self)
        if cases < 1:
            raise ShapeError(
                "a stack has at least one case",
                where=f"for_cases of {self!r}",
                got=cases,
                remedy="Skip empty batches.",
            )
        return self._copy(cases=cases)

    def stacked(self) -> Jacobian:
        return self if self.cases is None else StackedJacobian(self)

    def _push(self, x: Array) -> Array:
        if x.ndim == 2:
            return self._push_columns(x)
        times, n, k = x.shape  # of other cases, which become more columns
        pushed = self._push_columns(np.swapaxes(x, 0, 1).reshape(n, times * k))
        return np.swapaxes(pushed.reshape(self._o, times, k), 0, 1)

    @abc.abstractmethod
    def _push_columns(self, x: Array) -> Array:
        """J x for a block of tangents (n, k)."""


class StackedJacobian(OneMap):
    """The rows of all cases on top of each other: push each case, pull and sum over the cases.

    out_shape is (cases,) + the case's; in_shape is the shared variable's; ``cases`` is None, unless
    another stack of cases shares this one map.
    """

    structure_name: ClassVar[str] = "stacked"

    def __init__(self, inner: Jacobian) -> None:
        self.__dict__.update(
            inner=inner,
            out_shape=inner._lead + inner.out_shape,
            in_shape=inner.in_shape,
            cases=None,
            symbol=inner.symbol,
        )

    @property
    def _cases(self) -> int:
        return self.inner._lead[0]

    @property
    def structure(self) -> Structure:
        s = self.inner.structure
        return Structure(StackedJacobian, s.o * self._cases, s.n, inner=s)

    def _rows(self, block: Array) -> Array:
        nbytes = self._o * block.shape[-1] * block.dtype.itemsize
        check_dense(nbytes, "the rows of {!r}", self, remedy="Take fewer cases, or .case(i) of them.")
        return self.inner._every_case(block, 2).reshape(self._o, block.shape[-1])

    def _matrix(self) -> Array:
        return self._rows(self.inner._matrix())

    def _row_norms(self) -> Array:
        return self.inner._every_case(self.inner._row_norms(), 1).reshape(self._o)

    def _column_norms(self) -> Array:
        return self.inner._column_norms_of_all()

    def _push_columns(self, x: Array) -> Array:
        return self._rows(self.inner._push(x))

    def _pull(self, u: Array) -> Array:
        rows = u.reshape(size(u.shape[:-1]), self._cases, self.inner._o)
        pulled = self.inner._pull_sum(np.swapaxes(rows, 0, 1))
        return pulled.reshape(*u.shape[:-1], self._n)

    @property
    def T(self) -> Jacobian:
        return TransposedJacobian(self)

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(s.wrapped.kind.expand_cost(s.wrapped).multiply_adds, 1)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        return Cost(s.wrapped.kind.push_cost(s.wrapped, k * times, 1).multiply_adds, times)

    @classmethod
    def pull_cost(cls, s: Structure, k: int, times: int) -> Cost:
        summed: Cost = s.wrapped.kind.pull_sum_cost(s.wrapped, k * times, s.o // s.wrapped.o)
        return Cost(summed.multiply_adds, times)
