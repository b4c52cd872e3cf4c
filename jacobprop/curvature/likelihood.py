"""A loss read as -log p(t | x), and its second order: normal targets for squared errors, classes for others.

    log p(T | X) = -sum_c |y_c - t_c|^2 / (2 sigma^2) - c m/2 log(2 pi sigma^2)        H = I / sigma^2

Index legend: c cases, m outputs, r columns of S with S S^T = H.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..architecture import Node
from ..arrays import Array
from ..errors import NonFiniteError, OptionError, shown
from ..jacobians import Jacobian
from ..losses import MeanSquaredError, SquaredError
from ..record import Record
from .loss_root import loss_root
from .objective import number
from .tops import starts

_SQUARES = (SquaredError, MeanSquaredError)


class Likelihood(NamedTuple):
    """p(T | X), as the loss has it.

    Attributes
    ----------
    node : Node
        x.
    root : Jacobian (m, r)
        S of each case, scale^2 S S^T the Hessian of -log p(t | x) by x.
    scale : float
    log_value : float
        log p(T | X) for the network as it is.
    noise_variance : float, or None
    """

    node: Node
    root: Jacobian
    scale: float
    log_value: float
    noise_variance: float | None


def likelihood_of(record: Record, noise_variance: object, where: str) -> Likelihood:
    """The loss of a record as a density of its targets.

    Raises
    ------
    MissingTargetError, UnsupportedLayerError, OptionError, NonFiniteError
        No loss or targets, no Hessian, a noise variance of other losses, a loss that is not finite, or
        no residuals to know the noise variance from.
    """
    at = loss_root(record)
    squares = type(record.architecture.loss) in _SQUARES
    if noise_variance is not None and not squares:
        raise OptionError(
            "the loss has no noise variance",
            where=where,
            got=f"noise_variance={shown(noise_variance)} with {record.architecture.loss!r}",
            expected="SquaredError or MeanSquaredError",
            remedy="Leave it out: the loss is -log p(t | x) as it is.",
        )
    if not squares:
        found = Likelihood(at.node, at.root, 1.0, -float(record.losses.sum(dtype=np.float64)), None)
    else:
        found = _normal(record, noise_variance, where)
    if not math.isfinite(found.log_value):
        raise NonFiniteError(
            "the loss of the cases is not finite",
            where=where,
            got=found.log_value,
            expected="finite losses",
            remedy="Look for nan and infinities in X and T.",
        )
    return found


def _normal(record: Record, noise_variance: object, where: str) -> Likelihood:
    """Targets that are normal around the outputs."""
    residuals = _residuals(record)
    if noise_variance is None:
        variance = float(np.square(residuals).mean())
    else:
        variance = number(noise_variance, "noise_variance", where, least=math.ulp(0.0))
    if variance == 0:
        raise NonFiniteError(
            "the residuals vanish, so that the noise variance is not known from them",
            where=where,
            expected="targets with noise",
            remedy="Pass noise_variance.",
        )
    scale = 1 / math.sqrt(variance)
    log_value = (
        -np.square(residuals * scale).sum() / 2 - residuals.size * math.log(2 * math.pi * variance) / 2
    )
    node = Node("a", record.architecture.depth)
    (unit,) = starts(record, node).values()
    return Likelihood(node, unit, scale, float(log_value), variance)


def _residuals(record: Record) -> Array:
    assert record.target is not None, "loss_root has seen to it"
    return np.subtract(record.output, record.target, dtype=np.float64)
