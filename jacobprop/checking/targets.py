"""A target a few roundings off: where y is near t, that is what a rounding of y makes of y - t."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..errors import JacobpropError
from ..losses import Loss
from .point import guarded
from .rounding import shaken


def shaken_target(loss: Loss, target: Array, output: Array, unit: float, rng: np.random.Generator) -> Array:
    """A few roundings of the output off, but still a probability or weights; itself if a loss takes no other.

    Each entry moves alone, as roundings of y do: those of a softmax may cancel, if not moved by themselves.
    """
    if target.dtype.kind != "f":
        return target
    near = target.astype(np.float64)
    if loss.gate:
        near = shaken(near, unit, rng)
    else:
        sizes = np.maximum(np.abs(near), np.where(np.isfinite(output), np.abs(output), 0.0))
        near = near + (shaken(sizes, unit, rng) - sizes)
    if loss.gate == "sigmoid":
        near = np.clip(near, 0, 1)
    elif loss.gate:
        total = near.sum(axis=-1, keepdims=True)
        near = near * np.where(total == 0, 1, target.sum(axis=-1, keepdims=True) / total)
    try:
        guarded("target", "it", loss.target, near, target.shape, np.dtype(np.float64))
    except JacobpropError:
        return target
    return near
