"""F with F F^T = J P^-1 J^T, for P = A^T A + alpha: by a triangle of parameters, or by one of cases.

    by parameters   R^T R = P                              F = J R^-1
    by cases        C C^T = A A^T + alpha,                 F = [(J - U A) / sqrt(alpha), U]
                    U = J A^T (A A^T + alpha)^-1

Where alpha is small beside A^T A, R comes from A itself by orthogonal transformations, so that the prior is
not lost in rounding. By cases, F F^T is the minimum over U of |J - U A|^2 / alpha + |U|^2,
which an error in U changes to second order alone, where J J^T / alpha minus its share would cancel.

Index legend: n rows of A, k rows of J, p parameters.
"""

from __future__ import annotations

import abc
import math

import numpy as np

from .._lazy import scipy_linalg
from ..arrays import Array
from ..errors import NonFiniteError
from ..jacobians.limit import check_dense
from .damped_steps import Method
from .grams import blocks
from .residual_jacobian import ResidualJacobian

_AT_ONCE = 2**26
"""Bytes of A that are expanded at a time."""
_LARGE = 1e6
"""The trace of A^T A beside alpha from which on A^T A is not formed."""


class PrecisionFactor(abc.ABC):
    """P = A^T A + alpha, factored once.

    Attributes
    ----------
    log_determinant : float
        log det(P / alpha).
    width : int
        Columns of F.
    """

    log_determinant: float
    width: int

    @abc.abstractmethod
    def root(self, J: Array) -> Array:
        """F (k, width) of dense rows J (k, p)."""


class ByParameters(PrecisionFactor):
    """R^T R = P, (p, p)."""

    def __init__(self, A: ResidualJacobian, alpha: float, where: str) -> None:
        self.width = A.shape[1]
        self._R = _triangle(A, alpha)
        _require_finite(self._R, where)
        diagonal = np.abs(np.diagonal(self._R))
        self.log_determinant = 2 * float(np.log(diagonal).sum()) - self.width * math.log(alpha)

    def root(self, J: Array) -> Array:
        return np.asarray(scipy_linalg.solve_triangular(self._R, J.T, trans="T", check_finite=False).T)


def _triangle(A: ResidualJacobian, alpha: float) -> Array:
    """R (p, p) with R^T R = A^T A + alpha: by Cholesky, six times as fast, if it keeps ten digits."""
    P = A.normal()
    if not np.trace(P) < _LARGE * alpha:
        return _orthogonal(A, alpha)
    P.reshape(-1)[:: len(P) + 1] += alpha
    C, failed = scipy_linalg.lapack.dpotrf(P.T, lower=1, overwrite_a=1)
    assert not failed, "with a condition below 1e6"
    return np.asarray(C.T)


def _orthogonal(A: ResidualJacobian, alpha: float) -> Array:
    """R from A itself, a block of cases after the other."""
    p = A.shape[1]
    R: Array = math.sqrt(alpha) * np.eye(p)
    step = max(1, max(_AT_ONCE // (8 * p), p) // A._height)
    for cases in blocks(A.shape[0] // A._height, step):
        R = np.asarray(np.linalg.qr(np.concatenate([R, A._expanded(cases)]), mode="r"))
    return R


class ByCases(PrecisionFactor):
    """C C^T = A A^T + alpha, (n, n), from the Gram matrix of the terms."""

    def __init__(self, A: ResidualJacobian, alpha: float, where: str) -> None:
        self.width = A.shape[1] + A.shape[0]
        self._A, self._alpha = A, alpha
        Q = A.gram()
        _require_finite(Q, where)
        self._refined = not np.trace(Q) < _LARGE * alpha
        Q.reshape(-1)[:: len(Q) + 1] += alpha
        self._C, failed = scipy_linalg.lapack.dpotrf(Q.T, lower=1)
        if failed:
            raise NonFiniteError(
                "the prior is lost in rounding beside the curvature of the cases",
                where=where,
                got=f"prior_precision={alpha:.3g}, curvature up to {np.abs(Q).max():.3g}",
                expected="a positive definite matrix",
                remedy='Raise prior_precision, or take method="primal".',
            )
        self.log_determinant = float(2 * np.log(np.diagonal(self._C)).sum() - len(Q) * math.log(alpha))

    def root(self, J: Array) -> Array:
        U = self._solved(J @ self._A.T)
        left = J - U @ self._A
        if self._refined:
            U += self._solved(left @ self._A.T - self._alpha * U)
            left = J - U @ self._A
        return np.concatenate([left / math.sqrt(self._alpha), U], axis=1)

    def _solved(self, right: Array) -> Array:
        """right (A A^T + alpha)^-1, (k, n)."""
        found, _ = scipy_linalg.lapack.dpotrs(self._C, right.T, lower=1)
        return np.asarray(found.T)


def precision_factor(A: ResidualJacobian, alpha: float, method: Method, where: str) -> PrecisionFactor:
    """The factor of P by a method, or for "auto" by the smaller triangle."""
    n, p = A.shape
    chosen = method if method != "auto" else "primal" if p <= n else "dual"
    remedy = 'Take layers="last", or fewer cases; method="auto" takes the smaller matrix.'
    check_dense(8 * (p if chosen == "primal" else n) ** 2, f"{where}, {chosen}", remedy=remedy)
    return ByParameters(A, alpha, where) if chosen == "primal" else ByCases(A, alpha, where)


def _require_finite(curvature: Array, where: str) -> None:
    """Refuse what overflowed."""
    if not np.isfinite(curvature).all():
        raise NonFiniteError(
            "the curvature of the loss is not finite",
            where=where,
            expected="second derivatives in the range of floats",
            remedy="Look for infinities and huge numbers in X, and for a tiny noise_variance.",
        )
