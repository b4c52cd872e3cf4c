"""Classes and truth values as targets, and back.

The tips of seed 000: one node for each class (D-84), and no target at a sigmoid's limits (D-82).
"""

from __future__ import annotations

import sys

import numpy as np

from ..arrays import Array, quiet, real_number, whole_number
from ..errors import NonFiniteError, OptionError, ShapeError, shown
from ..jacobians.limit import check_dense
from .plain import labels_of, numbers_of

_FEWER = "Check the number of classes, or take fewer cases at a time."


@quiet
def one_hot(labels: object, classes: int) -> Array:
    """t_k = 1 for the class k = label, else 0: one node for each class (D-84, H-55).

    Parameters
    ----------
    labels : array (cases,) of integers
        From 0 to ``classes - 1``; a single label makes a single row.
    classes : int
        How many there are, whether or not all occur.

    Returns
    -------
    array (cases, classes), float64

    Raises
    ------
    DTypeError, ShapeError, OptionError
        No integers, some out of range, or no number of classes.
    DenseLimitError
        The rows would take more than 1 GiB; nothing was allocated.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    remedy = "One class leaves nothing to tell apart."
    k = whole_number(classes, "classes", "one_hot", least=2, most=sys.maxsize, remedy=remedy)
    found = labels_of(labels, k, "one_hot")
    if found.ndim > 1:
        raise ShapeError(
            "labels are one integer a case",
            where="one_hot",
            got=f"shape {found.shape}",
            expected="(cases,)",
            remedy="Rows of 0 and 1 are one-hot already; a column of labels is T[:, 0].",
        )
    check_dense(8 * found.size * k, "one_hot", remedy=_FEWER)
    rows = np.zeros((*found.shape, k))
    np.put_along_axis(rows, found[..., None], 1.0, axis=-1)
    return rows


@quiet
def encode_targets(labels: object, classes: int = 2, *, low: float = 0.1, high: float = 0.9) -> Array:
    """t = low + (high - low) label / (classes - 1): targets that a sigmoid reaches at finite sums (D-82).

    At the targets 0 and 1 themselves the weights of a squared error grow for ever. More than two classes
    on one node stand at equal distances, as wine 13-5-1 has them: .1, .5, .9. The same slide advises
    against it (D-83): the node says that class 1 lies between 0 and 2, which nominal classes do not
    (E-57). `one_hot`, or labels under softmax and cross-entropy, say nothing of the kind.

    Parameters
    ----------
    labels : array of integers, or of floats 0. and 1.
        (cases,) for one node, or (cases, nodes), such as one-hot rows.
    classes : int
        How many values a label can have.
    low, high : float
        The targets of label 0 and of the last one.

    Returns
    -------
    array, float64
        Of the labels' shape; of (cases,) a column (cases, 1), as the network needs it.

    Raises
    ------
    DTypeError, ShapeError, OptionError
        No labels, some out of range, or ends that are not two numbers in order.

    Examples
    --------
    >>> encode_targets([0, 2, 1], classes=3)
    array([[0.1],
           [0.9],
           [0.5]])
    >>> encode_targets(one_hot([2, 0], 3))
    array([[0.1, 0.1, 0.9],
           [0.9, 0.1, 0.1]])
    """
    levels = _levels(classes, low, high, "encode_targets")
    found = levels[labels_of(labels, len(levels), "encode_targets")]
    return found[:, None] if found.ndim == 1 else found


@quiet
def decode_targets(outputs: object, classes: int = 2, *, low: float = 0.1, high: float = 0.9) -> Array:
    """The label whose target is nearest to each output, the smaller one of two equally near.

    Parameters
    ----------
    outputs : array
        (cases, nodes); of a single node (cases, 1) the labels come back as (cases,).
    classes, low, high
        As for `encode_targets`.

    Returns
    -------
    array of integers

    Raises
    ------
    NonFiniteError
        An output is nan, which is near nothing.
    DTypeError, OptionError
        No numbers, or ends that are not two numbers in order.

    Examples
    --------
    >>> decode_targets([[0.2], [0.97], [0.4]], classes=3)
    array([0, 2, 1])
    """
    levels = _levels(classes, low, high, "decode_targets")
    found = numbers_of(outputs, "the output", "decode_targets").astype(np.float64)
    if np.isnan(found).any():
        raise NonFiniteError(
            "an output is not a number",
            where="decode_targets",
            got="nan",
            expected="numbers",
            remedy="Training may have diverged: lower the learning rate, or look for nan in X.",
        )
    check_dense(8 * found.size * len(levels), "decode_targets", remedy=_FEWER)
    found = np.clip(found, levels[0], levels[-1])
    label = np.abs(found[..., None] - levels).argmin(axis=-1)
    return np.asarray(label[:, 0] if label.ndim == 2 and label.shape[1] == 1 else label)


def _levels(classes: object, low: object, high: object, where: str) -> Array:
    """The targets of the labels."""
    remedy = "0/1 data have two classes."
    k = whole_number(classes, "classes", where, least=2, most=sys.maxsize, remedy=remedy)
    ends = real_number(low), real_number(high)
    if not (np.isfinite(ends).all() and 0 < ends[1] - ends[0] < np.inf):
        raise OptionError(
            "low and high are the targets of the first and the last class",
            where=where,
            got=f"low={shown(low)}, high={shown(high)}",
            expected="two finite numbers, low the smaller one",
            remedy="0.1 and 0.9 suit a sigmoid, -0.9 and 0.9 tanh.",
        )
    check_dense(8 * k, where, remedy=_FEWER)
    return np.linspace(*ends, k)
