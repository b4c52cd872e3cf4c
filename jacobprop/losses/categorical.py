"""Cross-entropy of classes, on top of a softmax or its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import elementary
from ..arrays import Array, is_masked, is_symbolic, quiet
from ..errors import DTypeError, ShapeError
from ..jacobians import Jacobian
from .base import Loss
from .formulas import exp, log, shares, sqrt, times
from .hessians import low_rank_of

_NUMBER_THEM = {
    "b": "Convert them with .astype(int) if true is class 1.",
    "U": "Number the classes with np.unique(T, return_inverse=True)[1].",
    "S": "Number the classes with np.unique(T, return_inverse=True)[1].",
}


def _plain(T: object) -> Array | None:
    """T as numpy reads it, None where that is not an array of plain numbers."""
    if is_masked(T):
        return None
    try:
        return np.asarray(T)
    except Exception:  # of a list, or of whatever the object's own __array__ raises; `as_array` says it
        return None


class CategoricalLoss(Loss):
    """L = -sum_i t_i log p_i over the classes, p = softmax(z): what its two forms have in common.

    By the sum z: dL/dz = p sum(t) - t, exact at any saturation.
    Targets are integer labels from 0, one-hot rows, or any weights (soft targets).
    """

    def head_value(self, z: Array, t: Array) -> Array:
        """-sum t log_softmax(z)."""
        if is_symbolic(z, t):
            return np.asarray((t * (log(exp(z).sum(axis=-1, keepdims=True)) - z)).sum(axis=-1))
        return elementary.cross_entropy(z, t)[0]

    def head_row(self, z: Array, t: Array) -> Array:
        """p_i sum_{j != i} t_j - t_i (1 - p_i): p sum(t) - t without its cancellation."""
        if is_symbolic(z, t):
            weights, total = exp(z), t.sum(axis=-1, keepdims=True)
            return np.asarray(weights / weights.sum(axis=-1, keepdims=True) * total - t)
        return elementary.cross_entropy(z, t)[1]

    def head(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Both, from one softmax."""
        return super().head(z, t) if is_symbolic(z, t) else elementary.cross_entropy(z, t)

    @quiet
    def hessian(self, x: Array, t: Array) -> Jacobian:
        """sum(t) (diag(p) - p p^T) for p = softmax(x), its diagonal without cancellation."""
        (p, q), total = shares(x), t.sum(axis=-1, keepdims=True)
        return low_rank_of(d=total * p, u=-total * p, v=p, q=q)

    @quiet
    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """sqrt(sum(t)) (diag(sqrt p) - p sqrt(p)^T)."""
        (p, q), total = shares(x), t.sum(axis=-1, keepdims=True)
        d = sqrt(total if is_symbolic(total) else np.maximum(total, 0)) * sqrt(p)
        return low_rank_of(d=d, u=-p, v=d, q=q)

    def expected_target(self, x: Array) -> Array:
        """softmax(x): class k is drawn with probability p_k."""
        return elementary.softmax(x)[0]

    @quiet
    def target(self, T: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """One-hot rows from integer labels; anything shaped like the output passes as it is.

        Raises
        ------
        ShapeError
            Labels below 0 or not below the number of classes, a shape that fits neither, or one output.
        DTypeError
            Labels that are not of an integer dtype.
        """
        where, classes = f"{type(self).__name__} target", shape[-1]
        if classes == 1:
            raise ShapeError(
                "cross-entropy compares at least two classes",
                where=where,
                got="one output, which softmax makes 1",
                expected="one output for each class",
                remedy="For one output take a sigmoid layer and BinaryCrossEntropy.",
            )
        labels = _plain(T)
        if labels is None or labels.shape == shape or labels.dtype.kind == "O":
            return super().target(T, shape, dtype)
        if labels.shape != shape[:-1]:
            raise ShapeError(
                "the target must be integer labels or shaped exactly like the output",
                where=where,
                got=f"shape {labels.shape}",
                expected=f"labels of shape {shape[:-1]} or weights of shape {shape}",
                remedy=self._remedy_for_shape(labels.shape, shape),
            )
        if labels.dtype.kind not in "iu":
            raise DTypeError(
                "labels must be integers",
                where=where,
                got=labels.dtype,
                expected=f"integers from 0 to {classes - 1}, or weights of shape {shape}",
                remedy=_NUMBER_THEM.get(labels.dtype.kind, "Convert whole numbers with .astype(int)."),
            )
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ShapeError(
                "labels are out of range",
                where=where,
                got=f"{labels.min()} to {labels.max()}",
                expected=f"0 to {classes - 1}",
                remedy=self._remedy_for_range(int(labels.min()), int(labels.max()), classes),
            )
        hot: Array = np.zeros(shape, np.float64 if dtype.kind == "O" else dtype)
        hot.reshape(-1, classes)[np.arange(labels.size), labels.ravel()] = 1
        return hot

    @staticmethod
    def _remedy_for_shape(got: tuple[int, ...], shape: tuple[int, ...]) -> str:
        if got == (*shape[:-1], 1):
            return f"Pass the labels without the axis of length 1, {'T[:, 0]' if shape[:-1] else 'T[0]'}."
        return "One integer label, or one row of weights, for each case; nothing is broadcast."

    @staticmethod
    def _remedy_for_range(smallest: int, largest: int, classes: int) -> str:
        if smallest < 0:
            return "Classes count from 0: leave out the cases that have no label."
        if smallest > 0 and largest - smallest < classes:
            return "Classes count from 0: subtract the smallest label."
        return f"{largest + 1} classes need {largest + 1} outputs."


class CrossEntropy(CategoricalLoss):
    """L = -sum_i t_i log y_i, for a Softmax layer on top (seed row S-17).

    By the sum z: dL/dz = y sum(t) - t, exact at any saturation; by the output: -t/y.
    Targets are integer labels from 0, one-hot rows, or any weights (soft targets).

    Examples
    --------
    >>> loss, z = CrossEntropy(), np.array([[0.0, 0.0, 0.0], [800.0, 0.0, 0.0]])
    >>> t = loss.target([2, 0], z.shape, z.dtype)
    >>> t
    array([[0., 0., 1.],
           [1., 0., 0.]])
    >>> loss.head_value(z, t).round(3)
    array([1.099, 0.   ])
    >>> loss.head_row(z, t).shape
    (2, 3)
    """

    gate = "softmax"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From probabilities; infinite where a certain prediction is wrong."""
        return np.asarray(times(t, -log(y)).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """-t/y, 0 where the target is 0."""
        return times(-t, 1 / y)


class NegativeLogLikelihood(CategoricalLoss):
    """L = -sum_i t_i y_i, for a LogSoftmax layer on top, whose outputs y are log-probabilities (S-17).

    By the sum z: dL/dz = p sum(t) - t with p = exp(y), exact at any saturation; by the output: -t.
    The same loss of the same targets as `CrossEntropy` on top of Softmax.

    Examples
    --------
    >>> loss, z = NegativeLogLikelihood(), np.array([[0.0, 0.0, 0.0], [800.0, 0.0, 0.0]])
    >>> t = loss.target([2, 0], z.shape, z.dtype)
    >>> loss.value(np.log([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]), t).round(3)
    array([1.386, 0.693])
    >>> loss.head_value(z, t).round(3)
    array([1.099, 0.   ])
    >>> loss.head_row(z, t).shape
    (2, 3)
    """

    gate = "log_softmax"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From log-probabilities; a target of 0 counts nothing, even where y is -inf."""
        return np.asarray(times(t, -y).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """-t, whatever y."""
        return np.asarray(-t)
