"""Three ways to the same blocks J J'^T: by structure, by dense Jacobians, by products.

    structured   Hadamard products of Gram matrices, nothing of the size of a weight matrix
    dense        the Jacobian by all parameters of each case, then one matrix product
    products     pull each output of each case down to the parameters, push it up through all cases

Index legend: n cases on the left, m on the right; a, b rows of the top; p parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from ...arrays import Array
from ...network import Network
from ...record import Record
from .. import grams
from ..by_parameters import ParameterJacobian
from ..terms import Term
from ..tops import top_of

Form: TypeAlias = Literal["whole", "trace", "diagonal"]
Method: TypeAlias = Literal["structured", "dense", "products"]


@dataclass(frozen=True, eq=False)
class Side:
    """A stack of cases of a network, and what is differentiated there."""

    net: Network
    X: Array
    of: str

    def __len__(self) -> int:
        return len(self.X)

    def part(self, cases: slice) -> Side:
        """Some of the cases."""
        return Side(self.net, self.X[cases], self.of)

    def jacobian(self) -> ParameterJacobian:
        """The operator of these cases."""
        record: Record = self.net.forward(self.X)
        return ParameterJacobian(self.net, record, top_of(record, self.of, "ntk"))

    @cached_property
    def structured(self) -> list[Term]:
        """The terms of the Jacobian, in a list that is this side's own even if there are none."""
        return list(self.jacobian().terms)

    @cached_property
    def dense(self) -> list[Term]:
        """The Jacobian as one dense term."""
        J = self.jacobian()
        rows = J._matrix().reshape(*J.out_shape, -1)
        return [Term(rows, np.ones((len(self), 1), rows.dtype), ())]


def fill(
    method: Method, form: Form, chunk: int, out: Array, left: Side, right: Side, mirror: Array | None = None
) -> Iterator[int]:
    """Write a block of the kernel by a method, and its transpose into `mirror`; yields the numbers written.

    Parameters
    ----------
    chunk : int
        How many rows "products" pulls at once.
    left, right : Side
        One object twice for a block of the diagonal of K = K^T.
    """
    if method == "products" and form == "diagonal":
        yield from _diagonal_by_products(out, left, chunk)
    elif method == "products":
        yield from _by_products(out, left, right, mirror, form, chunk)
    else:
        first: Sequence[Term] = getattr(left, method)
        second: Sequence[Term] = first if left is right else getattr(right, method)
        yield from _by_grams(out, first, second, mirror, form)


def _by_grams(
    out: Array, left: Sequence[Term], right: Sequence[Term], mirror: Array | None, form: Form
) -> Iterator[int]:
    """The terms of both sides, multiplied."""
    if form == "diagonal":
        grams.diagonal(left, out)
        yield out.size
    elif form == "whole":
        yield from grams.fill(out, left, right, mirror)
    else:
        yield from _traced(out, left, right, mirror)


def _traced(out: Array, left: Sequence[Term], right: Sequence[Term], mirror: Array | None) -> Iterator[int]:
    first = [grams.joined(term) for term in left]
    second = first if left is right else [grams.joined(term) for term in right]
    thick = (slice(None), None, slice(None), None)
    return grams.fill(out[thick], first, second, None if mirror is None else mirror[thick])


def _by_products(
    out: Array, left: Side, right: Side, mirror: Array | None, form: Form, chunk: int
) -> Iterator[int]:
    """J (J'^T e) for the unit vectors e of each case on the right."""
    J = left.jacobian()
    for m in range(len(right)):
        other = right.part(slice(m, m + 1)).jacobian()
        column = out[:, m] if form == "trace" else out[:, :, m]
        if form == "trace":
            column[...] = 0
        for b in grams.blocks(other.shape[0], chunk):
            pulled = other._pull(np.eye(other.shape[0], dtype=other.dtype)[b])
            pushed = J._push(pulled.T).reshape(*J.out_shape, -1)
            if form == "trace":
                column += np.trace(pushed[:, b], axis1=1, axis2=2)
            else:
                column[:, :, b] = pushed
        if mirror is not None:
            mirror[m] = np.moveaxis(column, -1, 0) if form == "whole" else column
        yield column.size * (1 if mirror is None else 2)


def _diagonal_by_products(out: Array, side: Side, chunk: int) -> Iterator[int]:
    """|J^T e|^2 for the unit vectors e of each case."""
    for n in range(len(side)):
        J = side.part(slice(n, n + 1)).jacobian()
        for a in grams.blocks(J.shape[0], chunk):
            pulled = J._pull(np.eye(J.shape[0], dtype=J.dtype)[a])
            out[n, a] = np.einsum("ap,ap->a", pulled, pulled)
        yield out[n].size
