"""A structured Jacobian with a part left out or made of something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ....activations import get
from ....arrays import Array
from ....jacobians import DiagonalJacobian, DiagonalPlusLowRankJacobian, ScaledJacobian, WeightJacobian
from ..distance import norm
from .reading import Reading, Reference

_WIDE = 3
"""From how many units on a difference of rank one is no accident."""
_SEEN = 1e-6
_TWICE = 4
"""Axes of outputs (c, m) by inputs (c, m)."""


def structures(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """What the structure of the reference suggests, told or seen."""
    yield from _of_structure(candidate, reference)
    yield from _coupled(candidate, reference)


def _of_structure(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """A structured Jacobian without its f', or without its low-rank term."""
    J = reference.jacobian
    if isinstance(J, DiagonalPlusLowRankJacobian):
        yield from _of_low_rank(J, reference.array)
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


def _of_low_rank(J: DiagonalPlusLowRankJacobian, right: Array) -> Iterator[Reading]:
    """diag(d) + U V^T with one of its terms, or with a sign between them."""
    first = np.broadcast_to(J.d[..., None] * np.eye(J.out_shape[0]), right.shape)
    soft = _is_soft(J.matrix())
    kind, term = ("softmax_coupling", "- p p^T") if soft else ("missing_rank_one", "its low-rank term")
    yield Reading(kind, f"only its first term is there, {term} is missing", f"add {term}", first)
    says = f"only {'-p p^T' if soft else term} is there, the diagonal is missing"
    yield Reading(kind, says, f"add {'diag(p)' if soft else 'diag(d)'}", right - first)
    says = f"{'p p^T' if soft else term} has the wrong sign"
    yield Reading("sign", says, "subtract it" if soft else "turn its sign", 2 * first - right)


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


def rank_one_off(candidate: Array, right: Array) -> Iterator[Reading]:
    """Wrong by rank one in each case: by one sum over the units, such as a mean or a norm."""
    if candidate.shape != right.shape:
        return
    C, R = _blocks(candidate), _blocks(right)
    if C is None or R is None or R.shape[-1] < _WIDE:
        return
    values = np.linalg.svd(R - C, compute_uv=False)
    touched = values[:, 0] > _SEEN * np.abs(R).max(axis=(-2, -1))
    if touched.any() and (values[:, 1] <= _SEEN * values[:, 0])[touched].all():
        says = (
            "what is wrong has rank one in each case: a term that couples the units through one sum, such as "
            "the mean or the norm of a normalisation, is missing or mistaken"
        )
        yield Reading("missing_rank_one", says, "derive the way through that sum again", candidate)


def _blocks(array: Array) -> Array | None:
    """A square block a case, (c, m, m), where cases do not mix; None if there are none."""
    if array.ndim in (2, 3) and array.shape[-1] == array.shape[-2]:
        return array.reshape(-1, *array.shape[-2:])
    if array.ndim != _TWICE or array.shape[:2] != array.shape[2:]:
        return None
    own = np.einsum("cicj->cij", array)
    mixed = norm(array) ** 2 - norm(own) ** 2
    return own if abs(mixed) <= _SEEN * norm(array) ** 2 else None


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
