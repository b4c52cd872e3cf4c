"""Axes in another order, entries in another order, axes too many or too few."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from math import prod

import numpy as np

from ....arrays import Array
from ....layout import Shape
from ..distance import relative_error
from .reading import Reading, Reference

_MOST_AXES = 4


def orders(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """All of these."""
    yield from _orders(candidate, reference)
    yield from _leading(candidate, reference)


def regrouped(shape: Shape, other: Shape) -> bool:
    """Whether joining neighbouring axes makes one shape of the other, as a tensor becomes a matrix."""
    coarse, fine = sorted((shape, other), key=len)
    if len(coarse) == len(fine) or prod(coarse) != prod(fine):
        return False
    ends = {prod(fine[:k]) for k in range(len(fine) + 1)}
    return all(prod(coarse[:k]) in ends for k in range(len(coarse)))


def _orders(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Axes in another order, then entries in another order."""
    R, lead = reference.array, reference.lead
    axes = tuple(range(lead, R.ndim))
    out = reference.out_ndim if reference.out_ndim is not None else len(axes) // 2
    for order in _by_likelihood(axes, out):
        kept = (*range(lead), *order)
        permuted = R.transpose(kept)
        says = (
            "it is transposed, in denominator layout"
            if order == (*axes[out:], *axes[:out])
            else (f"its axes stand in the order {', '.join(map(str, kept))}")
        )
        yield Reading(
            "layout", says, "numerator layout has the axes of the numerator first: transpose it", permuted
        )
    if lead and R.ndim > 1:
        yield Reading(
            "layout", "its cases stand last", "put the axis of the cases first", np.moveaxis(R, 0, -1)
        )
    yield from _vec_orders(R, lead, out)
    if candidate.size == R.size and candidate.shape != R.shape:
        says, remedy = f"it has the shape {candidate.shape}, not {R.shape}", f"reshape it to {R.shape}"
        yield Reading("layout", says, remedy, R.reshape(candidate.shape))
        columnwise = R.ravel(order="F").reshape(candidate.shape)
        yield Reading("vec_order", "vec is column-major", "vec is row-major: use order='C'", columnwise)


def _by_likelihood(axes: Shape, out: int) -> Iterator[Shape]:
    """Denominator layout first, then every other order of few axes."""
    first = (*axes[out:], *axes[:out])
    found = [first] if first != axes else []
    if len(axes) <= _MOST_AXES:
        found += [order for order in permutations(axes) if order not in (axes, first)]
    yield from found


def _vec_orders(R: Array, lead: int, out: int) -> Iterator[Reading]:
    """Rows and columns of a vec exchanged: of the whole, or of the columns of a matrix that are a W."""
    remedy = "vec is row-major: entry (i, j) of an (n, m) array stands at i m + j"
    if R.ndim - lead == 2 and not lead:
        yield Reading(
            "vec_order", "its entries are in column-major order", remedy, R.ravel(order="F").reshape(R.shape)
        )
        yield Reading(
            "vec_order",
            "its entries are in column-major order",
            remedy,
            R.ravel().reshape(R.shape, order="F"),
        )
    if R.ndim - lead == 2:
        *rest, columns = R.shape
        for n in range(2, columns):
            if columns % n == 0:
                swapped = R.reshape(*rest, n, columns // n).swapaxes(-1, -2).reshape(R.shape)
                says = f"the {columns} columns are the {n} by {columns // n} parameters in column-major order"
                yield Reading("vec_order", says, remedy, swapped)
    if R.ndim - lead - out == 2:
        *rest, n, m = R.shape
        swapped = R.reshape(*rest, n * m).reshape(*rest, m, n).swapaxes(-1, -2)
        yield Reading("vec_order", "rows and columns of its vec are swapped", remedy, swapped)
        swapped = R.swapaxes(-1, -2).reshape(*rest, n * m).reshape(*rest, n, m)
        yield Reading("vec_order", "rows and columns of its vec are swapped", remedy, swapped)


def _leading(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Axes too many, over which the candidate should have been added up; or the cases added up already."""
    R = reference.array
    surplus = candidate.ndim - R.ndim
    for axes in combinations(range(candidate.ndim), surplus) if candidate.size and 0 < surplus <= 2 else ():
        kept = tuple(k for a, k in enumerate(candidate.shape) if a not in axes)
        if kept != R.shape:
            continue
        count = prod(candidate.shape[a] for a in axes)
        for total, what, verb in (
            (candidate.sum(axis=axes), "added up", "add it up"),
            (candidate.mean(axis=axes), "averaged", "take its mean"),
        ):
            gap = relative_error(total, R)
            if gap < 1e-3:
                listed = ", ".join(map(str, axes))
                says = f"axis {listed} ({count} long) of what was broadcast is not {what}"
                yield Reading(
                    "broadcast_not_summed",
                    says,
                    f"{verb} over axis {listed}",
                    candidate + (R - total).reshape(_spread(R.shape, axes)) / count,
                )
    if reference.cases is not None and candidate.shape == R.shape[1:]:
        yield Reading(
            "dropped_case",
            "the cases are added up, but each has a Jacobian of its own",
            "keep the axis of the cases",
            R.sum(axis=0),
        )
        yield Reading(
            "dropped_case",
            "the cases are averaged, but each has a Jacobian of its own",
            "keep the axis of the cases",
            R.mean(axis=0),
        )
        for case in {0, len(R) - 1}:
            yield Reading("dropped_case", f"only case {case} is there", "keep the axis of the cases", R[case])


def _spread(shape: Shape, axes: Shape) -> Shape:
    """The shape with axes of length 1 put in."""
    found = list(shape)
    for axis in axes:
        found.insert(axis, 1)
    return tuple(found)
