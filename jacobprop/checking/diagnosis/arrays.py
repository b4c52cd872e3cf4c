"""One array against another: what an array alone gives away about a mistake.

The reference may be a Jacobian, whose structure then says what may have been forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from math import prod
from typing import NamedTuple

import numpy as np

from ...activations import get
from ...arrays import Array
from ...jacobians import (
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    Jacobian,
    ScaledJacobian,
    WeightJacobian,
)
from ...layout import Shape
from .distance import norm, relative_error, scale_between
from .factors import Sizes, meanings

_MOST_AXES = 4
_MOST_TERMS = 6
_MOST = 0.5
"""What share of the rows must show a factor of their own in more than one entry."""
_FITS = 1e-3
"""How much of the error a named factor may leave before it is compared again."""


class Reading(NamedTuple):
    """What the candidate would be if this mistake had been made, or what it becomes once undone."""

    kind: str
    says: str
    remedy: str
    predicted: Array


@dataclass(frozen=True)
class Reference:
    """The right array.

    Attributes
    ----------
    array : array
        With the cases first where there are any.
    cases : int or None
        The number of cases.
    out_ndim : int or None
        How many axes, after that of the cases, belong to the numerator; None if nobody said so.
    jacobian : Jacobian or None
        The structured Jacobian that the array is the tensor of.
    terms : mapping
        Named addends of the array.
    """

    array: Array
    cases: int | None = None
    out_ndim: int | None = None
    jacobian: Jacobian | None = None
    terms: Mapping[str, Array] | None = None

    @property
    def lead(self) -> int:
        """How many axes the cases take."""
        return 0 if self.cases is None else 1

    def in_double(self) -> Reference:
        """The same in float64."""
        return replace(self, array=self.array.astype(np.float64))


class ArrayAnswer(NamedTuple):
    """A reading, perhaps with a constant on top, and the error that is left."""

    kind: str
    says: str
    remedy: str
    error: float


def readings(candidate: Array, reference: Reference, tolerance: float) -> tuple[list[ArrayAnswer], float]:
    """All readings that fit, the likeliest first, and the error of the best that does not."""
    fitting: list[ArrayAnswer] = []
    missed = [1.0]
    for reading in _all(candidate, reference):
        if reading.predicted.shape != candidate.shape:
            continue
        answers = list(_scaled(candidate, reading, reference))
        good = [a for a in answers if a.error <= tolerance]
        fitting += good
        missed += [a.error for a in answers if a.error > tolerance]
    plain = [a for a in fitting if "+" not in a.kind]
    return plain or fitting, min(missed)


def regrouped(shape: Shape, other: Shape) -> bool:
    """Whether joining neighbouring axes makes one shape of the other, as a tensor becomes a matrix."""
    coarse, fine = sorted((shape, other), key=len)
    if len(coarse) == len(fine) or prod(coarse) != prod(fine):
        return False
    ends = {prod(fine[:k]) for k in range(len(fine) + 1)}
    return all(prod(coarse[:k]) in ends for k in range(len(coarse)))


def _all(candidate: Array, reference: Reference) -> Iterator[Reading]:
    yield Reading("", "", "", reference.array)
    yield from _orders(candidate, reference)
    yield from _leading(candidate, reference)
    yield from _of_structure(candidate, reference)
    yield from _coupled(candidate, reference)
    yield from _masks(candidate, reference)
    yield from _slices(candidate, reference)
    yield from _of_terms(reference)
    yield from _row_by_row(candidate, reference)


def _scaled(candidate: Array, reading: Reading, reference: Reference) -> Iterator[ArrayAnswer]:
    """The reading itself, and with the one constant that fits best."""
    if reading.kind:
        error = relative_error(candidate, reading.predicted)
        yield ArrayAnswer(reading.kind, reading.says, reading.remedy, error)
    c = scale_between(candidate, reading.predicted)
    if c == 0 or not np.isfinite(c):
        return
    error = relative_error(candidate, c * reading.predicted)
    sizes = Sizes(cases=reference.cases or 1, mean=False)
    for kind, says, remedy in meanings(c, sizes) if error <= _FITS else ():
        joined = [part for part in (reading.kind, kind) if part]
        texts = [part for part in (reading.says, says) if part]
        remedies = [part for part in (reading.remedy, remedy) if part]
        yield ArrayAnswer("+".join(joined), ", and ".join(texts), ", and ".join(remedies), error)


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


def _of_structure(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """A structured Jacobian without its f', or without its low-rank term."""
    J = reference.jacobian
    if isinstance(J, DiagonalPlusLowRankJacobian):
        eye = np.eye(J.out_shape[0])
        kind, term = (
            ("softmax_coupling", "- p p^T")
            if _is_soft(J.matrix())
            else ("missing_rank_one", "its low-rank term")
        )
        yield Reading(
            kind,
            f"only its first term is there, {term} is missing",
            f"add {term}",
            np.broadcast_to(J.d[..., None] * eye, reference.array.shape),
        )
    elif isinstance(J, ScaledJacobian):
        shared = np.broadcast_to(J.shared, reference.array.shape)
        columns = 1.0 if J.columns is None else J.columns[..., None, :]
        rows = 1.0 if J.rows is None else J.rows[..., :, None]
        if J.columns is not None:
            yield Reading(
                "missing_derivative",
                "f' of its columns is missing",
                "multiply column i by f'_i",
                rows * shared,
            )
        if J.rows is not None:
            slopes = J.rows[..., :, None]
            yield from _of_slopes(candidate, slopes, lambda slope: slope * shared * columns, "row k")
    elif isinstance(J, WeightJacobian) and isinstance(J.left, DiagonalJacobian):
        each = np.eye(J.left.out_shape[0])[:, None, :] * J.y[..., None, :, None]
        slopes = J.left.d[..., :, None, None]
        yield from _of_slopes(candidate, slopes, lambda slope: slope * each, "entry [k, i, k]")


def _of_slopes(
    candidate: Array, slopes: Array, made_of: Callable[[Array], Array], where: str
) -> Iterator[Reading]:
    """A Jacobian made of f', made of something else, as far as f' tells what it is a function of."""
    remedy = f"multiply {where} by f'(z_k)"
    variants = {
        ("missing_derivative", "f' is missing"): np.ones_like(slopes),
        ("derivative_twice", "f' is multiplied twice"): slopes**2,
        ("inverted_mask", "the mask is inverted"): 1 - slopes,
    }
    for (kind, says), wrong in variants.items():
        yield Reading(kind, says, remedy, made_of(wrong))
    says = "f' is evaluated at the activation, not at the sum"
    tanh = get("tanh").derivative(np.sqrt(np.maximum(1 - slopes, 0)))
    yield Reading("derivative_at_activation", says, remedy, made_of(tanh))
    root = np.sqrt(np.maximum(1 - 4 * slopes, 0)) / 2  # a (1 - a) = f' has two solutions, 1/2 +- root
    low, high = (made_of(get("sigmoid").derivative(0.5 + side * root)) for side in (-1, 1))
    if candidate.shape == low.shape:
        nearer = np.where(np.abs(candidate - low) <= np.abs(candidate - high), low, high)
        yield Reading("derivative_at_activation", says, remedy, nearer)


def _coupled(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """A diagonal candidate where the right one is a diagonal plus rank one."""
    R = reference.array
    if R.ndim < 2 or R.shape[-1] != R.shape[-2] or candidate.shape != R.shape or R.shape[-1] < 2:
        return
    C, m = candidate.reshape(-1, *R.shape[-2:]), R.shape[-1]
    off = ~np.eye(m, dtype=bool)
    rest = (R - candidate).reshape(C.shape)
    if not (R.reshape(C.shape)[:, off] != 0).any() or (C[:, off] != 0).any():
        return
    if _is_soft(R):
        says = "softmax is treated as elementwise: only a diagonal is there, -p_i p_k is missing beside it"
        yield Reading("softmax_coupling", says, "J^soft = diag(p) - p p^T", candidate)
    elif m > 1 and np.linalg.matrix_rank(rest, tol=1e-8 * max(norm(rest), 1e-300)).max() == 1:
        says = "the rank-one term of a normalisation, which couples the units, is missing"
        yield Reading("missing_rank_one", says, "add the rank-one term, reference minus candidate", candidate)
    else:
        yield Reading(
            "missing_rank_one",
            "only the diagonal is there, but the units are coupled",
            "add what stands beside the diagonal",
            R * ~off,
        )


def _is_soft(matrix: Array) -> bool:
    """Symmetric, rows that add up to 0, nothing positive beside the diagonal: diag(p) - p p^T."""
    size = float(np.abs(matrix).max(initial=0.0))
    off = ~np.eye(matrix.shape[-1], dtype=bool)
    return bool(
        size > 0
        and np.abs(matrix.sum(axis=-1)).max() <= 1e-6 * size
        and np.abs(matrix - matrix.swapaxes(-1, -2)).max() <= 1e-6 * size
        and (matrix[..., off] <= 0).all()
        and (np.einsum("...ii->...", matrix) <= 1).all()
    )


def _masks(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Zeros where the right one has none, and the other way round."""
    R = reference.array
    if candidate.shape != R.shape or not (R.any() and candidate.any()):
        return
    if ((candidate != 0) ^ (R != 0)).all():
        says = "it is zero where it should not be, and the other way round"
        yield Reading("inverted_mask", says, "turn the mask round: relu'(z) = (z > 0)", candidate)


def _row_by_row(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Each output or each input with a factor of its own, which an elementwise derivative would be."""
    R, lead = reference.array, reference.lead
    out = reference.out_ndim if reference.out_ndim is not None else (R.ndim - lead) // 2
    if candidate.shape != R.shape or not 0 < out < R.ndim - lead:
        return
    inner, outer = tuple(range(lead + out, R.ndim)), tuple(range(lead, lead + out))
    for axes, what in ((inner, "output"), (outer, "input")):
        size = (R**2).sum(axis=axes, keepdims=True)
        factors = (R * candidate).sum(axis=axes, keepdims=True) / np.where(size > 0, size, 1.0)
        seen = np.count_nonzero(R, axis=axes, keepdims=True) > 1  # a single entry has a factor anyway
        if seen.mean() < _MOST or np.ptp(factors[seen]) == 0:
            continue
        low, high = factors[seen].min(), factors[seen].max()
        says = (
            f"each {what} has a factor of its own, {low:.4g} to {high:.4g}: f' is missing, doubled or "
            "taken elsewhere"
        )
        remedy = f"multiply each {what} once by its own f'(z)"
        yield Reading("wrong_derivative", says, remedy, R * factors)


def _slices(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Right but for some places of one axis, where it is zero."""
    R = reference.array
    if candidate.shape != R.shape:
        return
    for axis in range(R.ndim):
        others = tuple(a for a in range(R.ndim) if a != axis)
        empty = ~candidate.any(axis=others) & R.any(axis=others)
        if empty.any() and not empty.all():
            kept = np.expand_dims(~empty, others)
            is_case = axis == 0 and reference.cases is not None
            places = ", ".join(map(str, np.flatnonzero(empty)[:5]))
            says = f"{'case' if is_case else f'place of axis {axis},'} {places} is missing (zero)"
            yield Reading("dropped_case" if is_case or axis == 0 else "unknown", says, "fill it in", R * kept)


def _of_terms(reference: Reference) -> Iterator[Reading]:
    """Some of the named addends left out, or one of them counted twice."""
    terms = dict(reference.terms or {})
    if not 1 < len(terms) <= _MOST_TERMS:
        return
    for count in range(1, len(terms)):
        for kept in combinations(terms, len(terms) - count):
            left = " and ".join(name for name in terms if name not in kept)
            says = f"{left} {'is' if count == 1 else 'are'} not counted"
            yield Reading(
                "second_use_missing",
                says,
                f"add the term of {left}",
                np.asarray(sum(terms[name] for name in kept)),
            )
    for name, term in terms.items():
        yield Reading(
            "accumulated_twice",
            f"{name} is counted twice",
            f"add the term of {name} once",
            reference.array + term,
        )
