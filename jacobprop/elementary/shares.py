"""The softmax family over the last axis, and the losses that fuse with a gate: value and row by the sum."""

from typing import NamedTuple

import numpy as np

from ..arrays import Array, quiet


class _Weights(NamedTuple):
    """exp(z - maximum) of the rows of z in float64, of which the maximum has 1."""

    top: tuple[Array, Array]  # the places of the rows' maxima
    gap: Array  # z - maximum
    weights: Array
    others: Array  # the sum of all weights but the maximum's, (c, 1); nan where softmax is


@quiet
def softmax(z: Array) -> tuple[Array, Array]:
    """p_i = exp(z_i) / sum_k exp(z_k), and q_i = 1 - p_i without cancellation (ulp: 3.8).

    q_i is the sum of the *other* weights over the sum of all. J^soft = diag(p) - p p^T has the
    diagonal p_i q_i (ulp: 4.8) and beside it -p_i p_k (ulp: 7.1).

    Computed in float64 and rounded once to z's dtype. In a row with a single +inf, p is 1
    there and 0 elsewhere (the limit); with two of them, or a nan, or nothing but -inf, all of p and q is nan.
    """
    p, q = _shares(_weights(z))
    return p.reshape(z.shape).astype(z.dtype, copy=False), q.reshape(z.shape).astype(z.dtype, copy=False)


@quiet
def log_softmax(z: Array) -> Array:
    """log p_i = (z_i - z_top) - log1p(sum of exp(z_k - z_top) over k != top) (ulp: 3).

    Computed in float64 and rounded once to z's dtype; infinities and nan as in `softmax`.
    """
    return _log_shares(_weights(z)).reshape(z.shape).astype(z.dtype, copy=False)


@quiet
def cross_entropy(z: Array, t: Array) -> tuple[Array, Array]:
    """-sum_i t_i log p_i, and its row p_i sum_{j != i} t_j - t_i (1 - p_i), for p = softmax(z).

    The row is p sum(t) - t without its cancellation. z and t are (m,), or (c, m); the losses are () or
    (c,). Both in float64, whatever z's dtype.
    """
    w = _weights(z)
    targets = t.astype(np.float64, copy=False).reshape(w.gap.shape)
    totals = targets.sum(axis=-1)
    if np.count_nonzero(targets) == len(targets) == np.count_nonzero(totals):
        losses, row = _of_labels(w, (targets != 0).argmax(axis=-1), totals)
    else:
        losses, row = _of_weighted_classes(w, targets)
    return losses.reshape(z.shape[:-1]), row.reshape(z.shape)


def _of_labels(w: _Weights, label: Array, amount: Array) -> tuple[Array, Array]:
    """Each row has one target, of some amount: amount p_i, and amount (p_i - 1) at the label."""
    rows, others = w.top[0], w.others[:, 0]
    place, total = (rows, label), 1 + others
    unlikely = np.where(label == w.top[1], others, total - w.weights[place])
    share = amount / total
    row = w.weights * share[:, None]
    row[place] = -share * unlikely
    return amount * (np.log1p(others) - w.gap[place]), row


def _of_weighted_classes(w: _Weights, t: Array) -> tuple[Array, Array]:
    p, q = _shares(w)
    terms = t * _log_shares(w)
    terms[t == 0] = 0.0  # where p is 0 as well
    return -terms.sum(axis=-1), p * sum_of_others(t) - t * q


@quiet
def binary_cross_entropy(z: Array, t: Array) -> tuple[Array, Array]:
    """The sum of log1p(e) + (1 - t) max(z, 0) + t max(-z, 0), and its row sigmoid(z) - t; e = exp(-|z|).

    No term cancels another for targets from 0 to 1. z and t are (m,), or (c, m); the losses are () or
    (c,). Both in float64, whatever z's dtype.
    """
    z, t = z.astype(np.float64, copy=False), t.astype(np.float64, copy=False)
    e = np.exp(-np.abs(z))
    rest = 1 - t
    towards, away = np.maximum(z, 0) * rest, np.maximum(-z, 0) * t
    if not np.isfinite(z).all():  # 0 times infinity is 0 here
        towards[rest == 0], away[t == 0] = 0.0, 0.0
    losses = (np.log1p(e) + (towards + away)).sum(axis=-1)
    right = z >= 0  # sigmoid(z) = 1 / (1 + e) and sigmoid(-z) = e / (1 + e); the other way round on the left
    row = np.where(right, rest - t * e, rest * e - t) / (1 + e)
    return np.asarray(losses), row


@quiet
def sum_of_others(x: Array, axis: int = -1) -> Array:
    """sum_{k != i} x_k for each i along an axis; for the largest entry without subtracting it again.

    What p (x - p . x) needs where p is nearly 1: the difference of two nearly equal numbers is the
    sum of the small ones.
    """
    if x.dtype.kind == "O":  # expressions neither compare nor cancel
        return np.asarray(x.sum(axis=axis, keepdims=True) - x)
    top = np.abs(x).argmax(axis=axis, keepdims=True)
    largest = np.take_along_axis(x, top, axis=axis)
    rest = x.copy()
    np.put_along_axis(rest, top, 0, axis=axis)
    total = rest.sum(axis=axis, keepdims=True)
    others: Array = (largest - rest) + total
    np.put_along_axis(others, top, total, axis=axis)
    return others


_EXACT_ENOUGH = 4.0
"""The rounding of a gap up to here changes its exponential by at most 2 ulp."""


def _weights(z: Array) -> _Weights:
    """The weights of softmax, each to 5 ulp however far the entries of a row are spread."""
    x = z.astype(np.float64, copy=False).reshape(-1, z.shape[-1])
    top = np.arange(len(x)), x.argmax(axis=-1)
    maximum = x[top][:, None]
    gap = x - maximum
    if gap.min(initial=0.0) >= -_EXACT_ENOUGH:
        weights = np.exp(gap)
    else:  # nan too
        error = _rounding(x, maximum, gap)
        if not np.isfinite(error).all():
            error[~np.isfinite(error)] = 0.0
            gap[top] = np.where(np.isnan(maximum), maximum, 0.0)[:, 0]  # 0 for a lone +inf too
        weights = np.exp(gap) * (1 + error)
    rest = weights.copy()
    rest[top] = 0.0
    others = rest @ np.ones((x.shape[-1], 1))  # the sum of each row, which the BLAS has sooner
    return _Weights(top, gap, weights, others)


def _rounding(x: Array, maximum: Array, gap: Array) -> Array:
    """(x - maximum) - gap, exactly, by Knuth's TwoDiff: the rounding error of a difference is a float."""
    minus = gap - x
    return np.asarray((x - (gap - minus)) - (maximum + minus))


def _shares(w: _Weights) -> tuple[Array, Array]:
    """p and 1 - p."""
    total = w.weights[w.top][:, None] + w.others
    p, q = w.weights / total, (total - w.weights) / total
    q[w.top] = (w.others / total)[:, 0]
    return p, q


def _log_shares(w: _Weights) -> Array:
    """log p: both terms are at most 0, so nothing cancels."""
    return np.asarray(w.gap - np.log1p(w.others))
