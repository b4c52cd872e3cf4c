"""Hessians of a loss and their roots, a matrix for each case: structured, or as a user's loss returned it."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, as_array, cases_of
from ..errors import DTypeError, ShapeError
from ..jacobians import DenseJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian, Jacobian


def diagonal_of(d: Array) -> Jacobian:
    """diag(d) for each case."""
    return DiagonalJacobian._make(d=d, out_shape=d.shape[-1:], in_shape=d.shape[-1:], cases=cases_of(d))


def low_rank_of(d: Array, u: Array, v: Array, q: Array | None) -> Jacobian:
    """diag(d) + u v^T for each case, its diagonal d q, or without q d + u v."""
    return DiagonalPlusLowRankJacobian._make(
        d=d,
        U=u[..., None],
        V=v[..., None],
        diagonal=None if q is None else d * q,
        out_shape=d.shape[-1:],
        in_shape=d.shape[-1:],
        cases=cases_of(d),
    )


def eigen(H: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors of symmetric matrices (..., m, m); nan where an entry is not finite."""
    known = np.asarray(np.isfinite(H).all(axis=(-1, -2), keepdims=True))
    wide = np.where(known, H, 0).astype(np.result_type(H, np.float32), copy=False)  # LAPACK has no half
    values, vectors = np.linalg.eigh(wide)
    values = np.where(known[..., 0], values, np.nan)
    return values.astype(H.dtype, copy=False), vectors.astype(H.dtype, copy=False)


def as_jacobian(given: object, x: Array, method: str, columns: int | None = None) -> Jacobian:
    """What a loss has returned for each case's x, as a Jacobian of m rows; the columns any, or so many.

    Raises
    ------
    ShapeError, DTypeError
        Something else.
    """
    m, lead = x.shape[-1], x.shape[:-1]
    matrix = given if isinstance(given, Jacobian) else _floats(given, x, method)
    r = columns or (matrix.shape or (0,))[-1]
    allowed = [(*lead, m, r)] if isinstance(matrix, Jacobian) else [(*lead, m, r), (m, r)]
    if matrix.shape not in allowed:
        raise ShapeError(
            f"{method} of the loss has another shape",
            where=method,
            got=f"shape {matrix.shape}",
            expected=f"{(*lead, m, columns or 'r')}".replace("'", ""),
            remedy="One matrix for each case, or an array (m, r) for all of them.",
        )
    if isinstance(matrix, Jacobian):
        return matrix
    return DenseJacobian._make(array=matrix.view(), out_shape=(m,), in_shape=(r,), cases=cases_of(x))


def _floats(given: object, x: Array, method: str) -> Array:
    array = as_array(given, "the matrix", method)
    if array.dtype.kind == "O":
        raise DTypeError(
            "the matrix holds expressions",
            where=method,
            expected="floats, as x holds",
            remedy="Evaluate them at x and t.",
        )
    return array.astype(x.dtype, copy=False)
