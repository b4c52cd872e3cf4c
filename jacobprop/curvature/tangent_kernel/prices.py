"""What a tangent kernel takes by one method: multiply-adds, numbers handled one by one, bytes, seconds.

Index legend: o outputs; a term has rows (o, w) and inner (k,) for each case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from ..grams import tile_numbers
from .methods import Method
from .question import Question

_PARTS = 8
"""Into so many blocks "products" divides a kernel that equals its transpose, to compute half of it."""


@dataclass(frozen=True)
class Price:
    """What one method takes.

    Attributes
    ----------
    method : str
    multiply_adds : int
        Of matrix products, forward pass included.
    passes : int
        Numbers that are multiplied or added one by one.
    nbytes : int
        What is made beside the result, about; with one case at a time where it cannot be less.
    block : int
        How many cases of a side are held at once; 0 where not even one fits.
    chunk : int
        How many rows "products" pulls at once.
    """

    method: Method
    multiply_adds: int
    passes: int
    nbytes: int
    block: int
    chunk: int

    def seconds(self, dtype: np.dtype[Any]) -> float:
        """About, at this machine's speed at the moment."""
        products, passes = _rates(dtype)
        return self.multiply_adds / products + self.passes / passes


class _Needs(NamedTuple):
    """Numbers held for each case, for both sides alike, and whatever the number of cases."""

    case: int
    fixed: int
    sides: int = 2


def price_of(method: Method, asked: Question, room: float) -> Price:
    """The price within so many bytes beside the result."""
    numbers = int(min(room, 2**62)) // asked.dtype.itemsize
    chunk = max(1, min(asked.outputs, numbers // (8 * max(1, asked.left.net.size))))
    needs = _needs(method, asked, chunk)
    block = _block(method, asked, needs, numbers)
    at_once = min(block or 1, max(len(asked.left), len(asked.right)))
    sides = 1 if asked.same and at_once >= len(asked.left) else needs.sides
    nbytes = (needs.fixed + sides * at_once * needs.case) * asked.dtype.itemsize
    multiply_adds, passes = _WORK[method](asked, at_once)
    return Price(method, multiply_adds, passes, nbytes, block, chunk)


def _needs(method: Method, asked: Question, chunk: int) -> _Needs:
    o, size = asked.outputs, asked.left.net.size
    a = 1 if asked.form == "trace" else o
    shape = (len(asked.left), a, len(asked.right), a)
    tile = 0 if asked.form == "diagonal" else tile_numbers(shape, asked.dtype.itemsize)
    record = 4 * sum(asked.widths) + sum(term.inner.shape[1] for term in asked.terms)
    if method == "products":
        return _Needs(record + 3 * chunk * max(asked.widths), 4 * chunk * size + o * o, sides=1)
    rows = sum(term.rows[..., 0, :].size * o for term in asked.terms if term.rows.ndim == 3)
    walk = record + rows + 3 * o * max(asked.widths)
    held = 2 * o * size if method == "dense" else rows  # rows over powers of two are copies
    copies = 2 if asked.form == "diagonal" else 1  # the norms take more of them
    return _Needs(walk + copies * held, tile)


def _block(method: Method, asked: Question, needs: _Needs, numbers: int) -> int:
    """How many cases of each side fit; all if all of both do."""
    left, right = len(asked.left), len(asked.right)
    room = max(0, (numbers - needs.fixed) // needs.case)
    one_side = asked.same or asked.form == "diagonal" or needs.sides == 1
    fits = room if (left if one_side else left + right) <= room else room // needs.sides
    if method == "products" and asked.same and asked.form != "diagonal":
        fits = min(fits, ceil(left / _PARTS))
    return min(fits, max(left, right))


def _half(asked: Question, block: int) -> float:
    """The share of the pairs of cases that is computed, by blocks of so many."""
    return (1 + min(1.0, block / len(asked.left))) / 2 if asked.same else 1.0


def _walks(asked: Question, block: int) -> int:
    """Forward and down to the sums, again for each block of the other side."""
    weights = [term.rows.shape[-1] * term.inner.shape[1] for term in asked.terms]
    a_case: int = sum(weights) + asked.outputs * sum(weights[:-1])
    left, right = len(asked.left), len(asked.right)
    again = ceil(left / block)
    if asked.same or asked.form == "diagonal":
        return a_case * left * (again + 1) // 2
    return a_case * (left + again * right)


def _by_structure(asked: Question, block: int) -> tuple[int, int]:
    shapes = [
        (0 if term.rows.ndim == 2 else term.rows.shape[-1], term.inner.shape[1]) for term in asked.terms
    ]
    return _grams(asked, block, shapes)


def _by_dense(asked: Question, block: int) -> tuple[int, int]:
    work, passes = _grams(asked, block, [(asked.left.net.size, 1)])
    entries = asked.outputs * asked.left.net.size * (len(asked.left) + len(asked.right) * (not asked.same))
    return work, passes + entries


def _grams(asked: Question, block: int, shapes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Of terms with these (w, k)."""
    o, walks = asked.outputs, _walks(asked, block)
    if asked.form == "diagonal":
        return walks, len(asked.left) * sum(o * w + k for w, k in shapes)
    pairs = len(asked.left) * len(asked.right) * _half(asked, 1)
    squared = o if asked.form == "trace" else o * o
    products = sum(squared * w + k for w, k in shapes)
    numbers = 1 if asked.form == "trace" else squared
    return walks + int(pairs * products), int(pairs * numbers * (2 * len(shapes) + 1))


def _by_products(asked: Question, block: int) -> tuple[int, int]:
    """A pull is worth one pass over the parameters for each row and case, a push two."""
    pulled = asked.outputs * asked.left.net.size
    blocks: int = ceil(len(asked.left) / block) if asked.form != "diagonal" else 1
    pulls = pulled * len(asked.right) * (1 + blocks) // (2 if asked.same else 1)
    if asked.form == "diagonal":
        return pulls, pulled * len(asked.left)
    pairs = int(len(asked.left) * len(asked.right) * _half(asked, block))
    return pulls + 2 * pulled * pairs, asked.outputs**2 * pairs


_WORK = {"structured": _by_structure, "dense": _by_dense, "products": _by_products}


# -- how fast this machine is ------------------------------------------------------------------------------


@cache
def _rates(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Multiply-adds of a matrix product, and numbers multiplied one by one, in a second: measured once."""
    n = 192 if dtype.itemsize > 2 else 16
    matrix = np.ones((n, n), dtype)
    product, row = np.empty_like(matrix), np.ones(2**14, dtype)
    together = _shortest(lambda: np.matmul(matrix, matrix, out=product))
    apart = _shortest(lambda: np.multiply(row, row, out=row))
    return n**3 / together, row.size / apart


def _shortest(call: Callable[[], object]) -> float:
    """Seconds of the fastest call of some, for other programs slow a few."""
    times = []
    for _ in range(20):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return max(min(times), 1e-9)
