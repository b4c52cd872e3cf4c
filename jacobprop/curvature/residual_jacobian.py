"""A = sqrt(weight) S^T J: the Jacobian of the residuals whose squares a loss is, to second order.

    A[(c, r), (i, j)] = rows[c, r, j] inner[c, i]         term by term, see `jacobprop.curvature.terms`

Products with it are two matrix products a layer; no weight is looked at again once the terms are there.

Index legend: c cases, r columns of S, i units below (and the 1 of a bias), j units above, p parameters,
k columns or rows of a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import Array
from ..layout import Shape
from .grams import blocks, fill
from .operator import Operator
from .terms import Part, Term, dense

_AT_ONCE = 2**25
"""Bytes of A that are expanded at a time: its square has no need of all of it."""


class ResidualJacobian(Operator):
    """sqrt(weight) S^T J of all cases: (cases * columns of S, parameters), not formed.

    Attributes
    ----------
    slices : mapping
        Where each parameter lies among the columns, as in ``net.slices``.
    """

    def __init__(
        self, terms: tuple[Term, ...], slices: Mapping[str, slice], shape: Shape, dtype: np.dtype[Any]
    ) -> None:
        self.terms, self.slices, self._shape, self._dtype = terms, dict(slices), shape, dtype

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @cached_property
    def _whole(self) -> Array | None:
        """All of A, dense, if that is little; products use it once it is there."""
        return self._expanded(slice(None)) if self.dense_nbytes <= _AT_ONCE else None

    def _push(self, x: Array) -> Array:
        if (whole := self.__dict__.get("_whole")) is not None:
            return np.asarray(whole @ x)
        pushed = np.zeros((self.shape[0], x.shape[1]), np.result_type(x, self.dtype))
        for term in self.terms:
            cases, units = len(term.inner), term.rows.shape[-1]
            moved = np.concatenate([x[self.slices[part.name]] for part in term.parts])
            sums = (term.inner @ moved.reshape(term.inner.shape[1], -1)).reshape(cases, units, -1)
            pushed += (term.rows @ sums).reshape(pushed.shape)
        return pushed

    def _pull(self, u: Array) -> Array:
        if (whole := self.__dict__.get("_whole")) is not None:
            return np.asarray(u @ whole)
        pulled = np.zeros((len(u), self.shape[1]), np.result_type(u, self.dtype))
        for term in self.terms:
            by_case = u.reshape(len(u), len(term.inner), 1, -1)
            deltas = (by_case @ term.rows)[:, :, 0]
            by_inner = term.inner.T @ deltas
            for part in term.parts:
                pulled[:, self.slices[part.name]] = by_inner[:, part.inner].reshape(len(u), -1)
        return pulled

    def _matrix(self) -> Array:
        return self._expanded(slice(None))

    def _expanded(self, cases: slice) -> Array:
        """The rows of some cases, dense."""
        count = len(range(*cases.indices(self.shape[0] // self._height)))
        shape = (count, self._height, self.shape[1])
        return dense(self.terms, self.slices, shape, self.dtype, cases).reshape(
            count * self._height, self.shape[1]
        )

    @cached_property
    def _height(self) -> int:
        """Rows of a case."""
        return self.terms[0].rows.shape[-2] if self.terms else self.shape[0]

    def normal(self) -> Array:
        """A^T A, (p, p)."""
        if self._whole is not None:
            return np.asarray(self._whole.T @ self._whole)  # of one array with itself: half the work
        total = np.zeros((self.shape[1], self.shape[1]), self.dtype)
        step = max(1, _AT_ONCE // (self.dtype.itemsize * self.shape[1] * self._height))
        for cases in blocks(self.shape[0] // self._height, step):
            rows = self._expanded(cases)
            total += rows.T @ rows
        return total

    def gram(self) -> Array:
        """A A^T, (c r, c r), from the terms."""
        m = self.shape[0]
        total = np.zeros((m, m), self.dtype)
        view = total.reshape(m // self._height, self._height, m // self._height, self._height)
        for _ in fill(view, self.terms, self.terms):
            pass
        return total

    def wide(self) -> ResidualJacobian:
        """The same in float64: what is squared loses half of its digits."""
        if self.dtype == np.float64:
            return self
        found = tuple(
            Term(t.rows.astype(np.float64), t.inner.astype(np.float64), t.parts) for t in self.terms
        )
        return ResidualJacobian(found, self.slices, self.shape, np.dtype(np.float64))

    def of(self, names: frozenset[str]) -> ResidualJacobian:
        """The same for some parameters: the columns of all others are 0."""
        kept = [(term, tuple(part for part in term.parts if part.name in names)) for term in self.terms]
        chosen = tuple(_restricted(term, parts) for term, parts in kept if parts)
        return ResidualJacobian(chosen, self.slices, self.shape, self.dtype)


def _restricted(term: Term, parts: tuple[Part, ...]) -> Term:
    """The term of some of its parts."""
    if parts == term.parts:
        return term
    kept: list[Part] = []
    for part in parts:
        start = kept[-1].inner.stop if kept else 0
        kept.append(Part(part.name, slice(start, start + part.inner.stop - part.inner.start)))
    inner = np.concatenate([term.inner[:, part.inner] for part in parts], axis=1)
    return Term(term.rows, inner, tuple(kept))
