"""The damped step d of least squares, by a matrix of parameters or by one of residuals, whichever is smaller.

    (A^T A + M) d = -g,        M = damping + decay on the diagonal,        g = A^T b + decay v

Primal: this, (p, p), by Cholesky. Dual: by the matrix inversion lemma the same d is

    Q = A (damping M^-1) A^T + damping             (c r, c r), from the Gram matrix of the terms
    Q u = b - A (decay M^-1 v)
    d = -(damping M^-1) A^T u - decay M^-1 v       one backward pass

where A^T A is never formed; without decay, damping M^-1 = 1 and Q = A A^T + damping. Either matrix serves any
number of dampings.

Index legend: c cases, r columns of S, p parameters.
"""

from __future__ import annotations

import abc
from typing import Literal, TypeAlias

import numpy as np

from .._lazy import scipy_linalg
from ..arrays import Array
from ..jacobians.limit import DENSE_LIMIT, check_dense
from .objective import Point
from .residual_jacobian import ResidualJacobian

Method: TypeAlias = Literal["auto", "primal", "dual"]
METHODS = ("auto", "primal", "dual")


class DampedSteps(abc.ABC):
    """Steps from one point, for one damping after the other.

    Attributes
    ----------
    A : ResidualJacobian
        In float64, whatever the network's dtype.
    gradient : array (p,)
    """

    def __init__(self, point: Point, A: ResidualJacobian) -> None:
        self.point, self.A = point, A
        self.gradient = point.gradient(A)
        self._decay = point.objective.decay
        self._factor: Array | None = None

    @property
    @abc.abstractmethod
    def trace(self) -> float:
        """|A|^2, the sum of the eigenvalues of A^T A."""

    @abc.abstractmethod
    def step(self, damping: float) -> Array | None:
        """d; None where rounding has made the matrix indefinite."""

    @abc.abstractmethod
    def towards(self, residual: Array) -> Array:
        """-(A^T A + M)^-1 A^T residual, (p,), with the damping of the last step."""

    def predicted(self, d: Array, damping: float) -> float:
        """How much less than at 0 the quadratic model, without the damping, is at the step d."""
        return float(damping * (d @ d) - self.gradient @ d) / 2

    def _solved(self, matrix: Array, right: Array) -> Array | None:
        """The solution of a positive definite system, whose factor is kept.

        Cholesky is numpy's: scipy may bring a BLAS of its own, whose threads and those of the products
        before would wait for each other.
        """
        try:
            self._factor = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            return None
        found = self._again(right)
        return found if np.isfinite(found).all() else None

    def _again(self, right: Array) -> Array:
        """Another right-hand side of the last system."""
        assert self._factor is not None, "a system has been solved"
        found, _ = scipy_linalg.lapack.dpotrs(self._factor.T, right, lower=0)
        return np.asarray(found)


class PrimalSteps(DampedSteps):
    """(A^T A + M) d = -g."""

    def __init__(self, point: Point, A: ResidualJacobian) -> None:
        self._normal = A.normal()  # the products of what follows are faster for it
        super().__init__(point, A)

    @property
    def trace(self) -> float:
        return float(np.trace(self._normal))

    def step(self, damping: float) -> Array | None:
        damped = self._normal.copy()
        damped.reshape(-1)[:: len(damped) + 1] += self._decay + damping
        return self._solved(damped, -self.gradient)

    def towards(self, residual: Array) -> Array:
        return self._again(-self.A._pull(residual[None])[0])


class DualSteps(DampedSteps):
    """d = -(damping M^-1) A^T u - decay M^-1 v."""

    def __init__(self, point: Point, A: ResidualJacobian) -> None:
        super().__init__(point, A)
        weight = {
            name for node, name in point.objective.net.architecture.parameter_names if node.letter == "W"
        }
        weights, others = (
            (weight, A.slices.keys() - weight) if point.objective.weight_decay else ((), A.slices)
        )
        self._grams = [A.of(frozenset(names)).gram() if names else None for names in (weights, others)]
        self._shrink = np.ones(A.shape[1])

    @property
    def trace(self) -> float:
        return float(sum(np.trace(gram) for gram in self._grams if gram is not None))

    def step(self, damping: float) -> Array | None:
        self._shrink = damping / (damping + self._decay)
        shift = (1 - self._shrink) * self.point.v
        b = self.point.residual
        if b is None:
            return self._by_gradient(damping)
        u = self._solved(self._matrix(damping), b - self._pushed(shift))
        return None if u is None else -self._shrink * self.A._pull(u[None])[0] - shift

    def _by_gradient(self, damping: float) -> Array | None:
        """d = -M^-1 (g - A^T Q^-1 A (damping M^-1) g): the gradient is finite where the residual is not."""
        u = self._solved(self._matrix(damping), self._pushed(self._shrink * self.gradient))
        if u is None:
            return None
        return np.asarray(self._shrink / damping * (self.A._pull(u[None])[0] - self.gradient))

    def towards(self, residual: Array) -> Array:
        return np.asarray(-self._shrink * self.A._pull(self._again(residual)[None])[0])

    def _pushed(self, v: Array) -> Array:
        return self.A._push(v[:, None])[:, 0]

    def _matrix(self, damping: float) -> Array:
        """Q."""
        shrunk, whole = self._grams
        decay = self.point.objective.weight_decay
        n = self.A.shape[0]
        Q = np.zeros((n, n)) if whole is None else whole.copy()
        if shrunk is not None:
            Q += damping / (damping + decay) * shrunk
        Q.reshape(-1)[:: n + 1] += damping
        return Q


def damped_steps(point: Point, method: Method, where: str) -> DampedSteps:
    """The steps from a point, by this method, or for "auto" by the one with fewer multiply-adds."""
    A = point.jacobian.wide()
    chosen = cheaper(A) if method == "auto" else method
    side = A.shape[1] if chosen == "primal" else A.shape[0]
    remedy = (
        'Take the other method, fewer cases at a time, or jp.fit; method="auto" takes the smaller matrix.'
    )
    check_dense(8 * side * side, f"{where}, {chosen}", remedy=remedy)
    return PrimalSteps(point, A) if chosen == "primal" else DualSteps(point, A)


def cheaper(A: ResidualJacobian) -> Method:
    """The method with fewer multiply-adds: a symmetric product, half of a full one, and Cholesky.

    Where either matrix is above the byte limit, the one with the smaller matrix.
    """
    m, n = A.shape
    if 8 * max(m, n) ** 2 > DENSE_LIMIT:
        return "primal" if n <= m else "dual"
    primal = m * n * n / 2 + n**3 / 6
    widths = sum(term.inner.shape[1] + term.rows.shape[-1] for term in A.terms)
    dual = m * m * widths / 2 + m**3 / 6
    return "primal" if primal <= dual else "dual"
