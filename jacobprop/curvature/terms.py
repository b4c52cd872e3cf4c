"""The Jacobian by all parameters as a few terms, none of them larger than an activation's Jacobian.

    J[c, o, (i, j)] = rows[c, o, j] inner[c, i]

A layer of weights with a bias is one term: the bias is the weight from a unit that is always 1, so that
inner = [y, 1] and rows = d(top)/dz. The Gram matrix of two terms is a Hadamard product of two small ones,
(inner . inner') (rows . rows'), and nothing of the size of the weights is ever made.

Index legend: c cases, o rows of the top, i units below (and the 1 of a bias), j units above.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..architecture import Edge, Node
from ..arrays import Array
from ..jacobians import IdentityJacobian, Jacobian, WeightJacobian
from ..jacobians.limit import check_dense
from ..record import Record
from ..walks import products_to_parameters


class Part(NamedTuple):
    """One parameter in a term: its name, and its entries of `inner`."""

    name: str
    inner: slice


@dataclass(frozen=True, eq=False)
class Term:
    """rows (x) inner for the parameters of one sum.

    Attributes
    ----------
    rows : array (c, o, m), or (o, m) where all cases share them
    inner : array (c, k)
    parts : tuple of Part
        Which entries of `inner` belong to which parameter; in this order their entries are i-major.
    """

    rows: Array
    inner: Array
    parts: tuple[Part, ...]

    @property
    def every_row(self) -> Array:
        """The rows with their case axis, (c, o, m)."""
        return np.broadcast_to(self.rows, (len(self.inner), *self.rows.shape[-2:]))

    @property
    def width(self) -> int:
        """How many parameters it belongs to."""
        return int(self.inner.shape[1] * self.rows.shape[-1])


def dense(
    chosen: Sequence[Term],
    places: Mapping[str, slice],
    shape: tuple[int, int, int],
    dtype: np.dtype[Any],
    cases: slice = slice(None),
) -> Array:
    """The Jacobian (c, o, p) of some cases, dense, each parameter in its place; 0 where no term writes."""
    make = np.empty if sum(term.width for term in chosen) == shape[-1] else np.zeros
    found = make(shape, dtype)
    for term in chosen:
        inner = term.inner[cases]
        rows = (term.rows if term.rows.ndim == 2 else term.rows[cases])[..., :, None, :]
        for part in term.parts:
            block = inner[:, None, part.inner, None]
            place = found[:, :, places[part.name]]
            np.multiply(
                block, rows, out=place.reshape(*shape[:2], block.shape[2], rows.shape[-1], copy=False)
            )
    return found


def terms(record: Record, first: Mapping[Node, Jacobian]) -> Iterator[Term]:
    """The terms of first . d(node)/d(parameters), from the top down; one case counts as a stack of one.

    Parameters
    ----------
    record : Record
        Of floats.
    first : mapping
        {node: Jacobian of the top by it} where the walk starts: the identity for the node itself.
    """

    for product, edges in products_to_parameters(record.architecture, record._edge, first):
        inner, parts, rest = _weights_and_bias([(edge, record._edge(edge)) for edge in edges])
        if parts:
            yield _term(product, inner, parts, record)
        for edge, J in rest:
            whole = product @ J
            if isinstance(whole, WeightJacobian):
                yield _term(
                    whole.left, [whole.y], [Part(edge.below.name, slice(0, whole.y.shape[-1]))], record
                )
            else:
                nbytes = whole.structure.dense_numbers * whole.dtype.itemsize
                check_dense(nbytes, "the terms of {!r}", whole, remedy="Take fewer cases at a time.")
                yield _term(whole, [np.ones(1, whole.dtype)], [Part(edge.below.name, slice(0, 1))], record)


def _weights_and_bias(
    factors: list[tuple[Edge, Jacobian]],
) -> tuple[list[Array], list[Part], list[tuple[Edge, Jacobian]]]:
    """The parameters whose factor is I (x) y or I: what stands beside the product; and the others."""
    inner: list[Array] = []
    parts: list[Part] = []
    rest = []
    start = 0
    for edge, J in factors:
        if isinstance(J, WeightJacobian) and isinstance(J.left, IdentityJacobian):
            beside = J.y
        elif isinstance(J, IdentityJacobian):
            beside = np.ones(1, J.dtype)
        else:
            rest.append((edge, J))
            continue
        inner.append(beside)
        parts.append(Part(edge.below.name, slice(start, start + beside.shape[-1])))
        start += beside.shape[-1]
    return inner, parts, rest


def _term(product: Jacobian, inner: list[Array], parts: list[Part], record: Record) -> Term:
    cases = record.cases or 1
    rows = product._matrix()
    if record.cases is None:
        rows = rows.reshape(1, *rows.shape)
    columns = [np.broadcast_to(y, (cases, y.shape[-1])) for y in inner]
    joined = columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)
    return Term(rows, joined, tuple(parts))
