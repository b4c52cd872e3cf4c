"""J J'^T from the terms of both, tile by tile: for each term a Hadamard product of two Gram matrices.

    K[n, a, m, b] = sum over the terms of (inner[n] . inner'[m]) (rows[n, a] . rows'[m, b])

Its trace over a = b is the same formula for rows that are joined, rows[n, (a, j)], a dense Jacobian the one
for a single term with inner = 1. A tile stays in the cache while the terms are added up in it, and of a
matrix that equals its transpose only the tiles from the diagonal on are computed.

Index legend: n cases on the left, m on the right; a, b rows of the top; j entries of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..jacobians.blocks import norms
from ..layout import Shape
from .terms import Term

_HEIGHT, _BYTES = 160, 2**19
"""Rows of a tile, and its size: two arrays of 160 by 400 doubles fill a cache of 1 MiB."""
_SQUARE = 4096
"""Rows and columns of the squares that are finished one after the other: 128 MiB of doubles."""

Tile = tuple[slice, slice]


def joined(term: Term) -> Term:
    """The term whose J J'^T is the trace over the rows of the top: all of them as one."""
    return Term(term.rows.reshape(*term.rows.shape[:-2], 1, -1), term.inner, term.parts)


def fill(
    out: Array, left: Sequence[Term], right: Sequence[Term], mirror: Array | None = None
) -> Iterator[int]:
    """Write K into ``out[n, a, m, b]``, tile by tile; yields how many numbers each tile has written.

    Parameters
    ----------
    out : array (n, a, m, b)
    left, right : sequences of Term
        As many, in the same order. One object twice stands for K = K^T, and half the work.
    mirror : array (m, b, n, a), optional
        Where the transpose goes too.
    """
    same = left is right
    first = [_Side(term) for term in left]
    second = first if same else [_Side(term) for term in right]
    pairs = [_Pair(a, b) for a, b in zip(first, second, strict=True)]
    room = _Room(out.dtype)
    for i, j in tiles(out.shape, same, out.itemsize):
        tile = _tile(pairs, i, j, room, out[i, :, j, :].shape)
        out[i, :, j, :] = tile
        other = out if same and i != j else mirror
        if other is not None:
            other[j, :, i, :] = tile.transpose(2, 3, 0, 1)
        yield tile.size * (1 if other is None else 2)


def tiles(shape: Shape, same: bool, itemsize: int) -> Iterator[Tile]:
    """Which cases a tile spans; from the diagonal on where the sides are the same.

    Square after square, so that in a file the rows of a tile and those of its mirror image meet each page
    once, not in every row of tiles again.
    """
    n, a, m, _ = shape
    coarse = max(1, _SQUARE // a)
    for rows in blocks(n, coarse):
        for columns in blocks(m, coarse, rows.start if same else 0):
            yield from _within(rows, columns, shape, itemsize, same and rows == columns)


def _within(rows: slice, columns: slice, shape: Shape, itemsize: int, on_diagonal: bool) -> Iterator[Tile]:
    _, a, _, b = shape
    height = max(1, _HEIGHT // a)
    width = max(1, _BYTES // (itemsize * height * a * b))
    for i in blocks(rows.stop, height, rows.start):
        if on_diagonal:
            yield i, i
        yield from ((i, j) for j in blocks(columns.stop, width, i.stop if on_diagonal else columns.start))


def blocks(length: int, most: int, start: int = 0) -> Iterator[slice]:
    """The range from start to length in pieces of at most so many."""
    return (slice(first, min(first + most, length)) for first in range(start, length, most))


def tile_numbers(shape: Shape, itemsize: int) -> int:
    """How many numbers the arrays of a tile hold at most, for a kernel of this shape."""
    n, a, m, b = shape
    height = min(n, max(1, _HEIGHT // a))
    return 3 * min(n * a * m * b, max(_BYTES // itemsize, height * a * b * max(1, min(height, m))))


def gram(shape: Shape, left: Sequence[Term], right: Sequence[Term], dtype: np.dtype[np.generic]) -> Array:
    """K as a fresh array (n, a, m, b)."""
    found = np.empty(shape, dtype)
    for _ in fill(found, left, right):
        pass
    return found


def diagonal(terms: Sequence[Term], out: Array) -> None:
    """K[n, a, n, a] into ``out[n, a]``: (|inner[n]| |rows[n, a]|)^2 of every term."""
    out[...] = 0
    for term in terms:
        out += np.square(norms(term.rows) * norms(term.inner)[:, None])


# -- a tile ----------------------------------------------------------------------------------------------


class _Room:
    """The two arrays of a tile, as large as the largest so far."""

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self._held = np.empty((2, 0), dtype)

    def pair(self, rows: int, columns: int) -> tuple[Array, Array]:
        """Uninitialised arrays (rows, columns) for the sum, and for a term beside it."""
        if self._held.shape[1] < rows * columns:
            self._held = np.empty((2, rows * columns), self._held.dtype)
        total, beside = self._held[:, : rows * columns].reshape(2, rows, columns)
        return total, beside


def _tile(pairs: Sequence[_Pair], i: slice, j: slice, room: _Room, shape: Shape) -> Array:
    n, a, m, b = shape
    total, beside = room.pair(n * a, m * b)
    if not pairs or pairs[0].shared:
        total[...] = 0
    for number, pair in enumerate(pairs):
        scale, exponents = pair.scale(i, j)
        if pair.shared:
            _add_shared(pair.left.rows @ pair.right.rows.T, scale, exponents, total, beside)
            continue
        product = beside if number else total
        np.matmul(pair.left.flat(i), pair.right.flat(j).T, out=product)
        by_case = product.reshape(n, a, m * b)
        by_case *= _every_output(scale, b)
        _lift(by_case, exponents, b)
        if number:
            total += beside
    return total.reshape(shape)


class _Side:
    """A term, its rows and its inner each over a power of two for each case, where that is called for."""

    def __init__(self, term: Term) -> None:
        self.shared = term.rows.ndim == 2
        self.rows, self.height = term.rows, term.rows.shape[-2]
        self.inner, self.exponents = _normal(term.inner)
        if not self.shared:
            flat, lifted = _normal(term.rows.reshape(len(term.rows), -1))
            self.rows = np.ascontiguousarray(flat.reshape(len(flat) * self.height, term.rows.shape[-1]))
            self.exponents = self.exponents + lifted
        self.lifted = bool(self.exponents.any())

    def flat(self, cases: slice) -> Array:
        """The rows of these cases below each other; the same memory each time."""
        if self.shared:
            return np.tile(self.rows, (cases.stop - cases.start, 1))
        rows: Array = self.rows[cases.start * self.height : cases.stop * self.height]
        return rows


def _normal(block: Array) -> tuple[Array, Array]:
    """The cases over powers of two, if products of two entries might not be normal numbers; the powers.

    They slow a matrix product up to 170 times, and what underflows in one factor may be large by the other.
    """
    largest = np.maximum(block.max(axis=1, initial=0), -block.min(axis=1, initial=0))
    exponents = np.frexp(np.where(np.isfinite(largest), largest, 0))[1]
    room = np.finfo(block.dtype).maxexp // 2 - np.finfo(block.dtype).nmant // 2
    if np.abs(exponents).max(initial=0) <= room:
        return block, np.zeros_like(exponents)
    return np.ldexp(block, -exponents[:, None]), exponents


class _Pair(NamedTuple):
    """The same term on the left and on the right."""

    left: _Side
    right: _Side

    @property
    def shared(self) -> bool:
        """Whether all cases have the same rows, on both sides."""
        return self.left.shared and self.right.shared

    def scale(self, i: slice, j: slice) -> tuple[Array, Array | None]:
        """inner . inner' of these cases, and the powers of two that are still to come."""
        scale: Array = self.left.inner[i] @ self.right.inner[j].T
        if not (self.left.lifted or self.right.lifted):
            return scale, None
        return scale, self.left.exponents[i, None] + self.right.exponents[None, j]


def _add_shared(gram: Array, scale: Array, exponents: Array | None, total: Array, beside: Array) -> None:
    """Add scale[n, m] gram[a, b] for rows that all cases share; those of the identity are a few numbers."""
    (n, m), (a, b) = scale.shape, gram.shape
    entries = np.argwhere(gram)
    if len(entries) <= max(a, b):
        for p, q in entries:
            product = (scale * gram[p, q])[:, None, :]
            _lift(product, exponents, 1)
            total.reshape(n, a, m, b)[:, p, :, q] += product[:, 0, :]
        return
    by_case = beside.reshape(n, a, m * b)
    np.multiply(_every_output(scale, b), np.tile(gram, (1, m)), out=by_case)
    _lift(by_case, exponents, b)
    total += beside


def _every_output(values: Array, b: int) -> Array:
    """values[n, m] where by_case[n, a, (m, b)] needs them."""
    return np.repeat(values, b, axis=1)[:, None, :]


def _lift(by_case: Array, exponents: Array | None, b: int) -> None:
    """Times the powers of two: last of all, so that 0 stays 0 where the power is beyond all floats."""
    if exponents is not None:
        np.ldexp(by_case, _every_output(exponents, b), out=by_case)
