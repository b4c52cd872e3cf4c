"""How far a feature is moved: by 1, by a standard deviation, or by a step of its own."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, as_array, require_finite
from ..errors import DTypeError, OptionError, ShapeError, shown


def step_words(scale: object) -> str:
    """What a step of a feature is."""
    if scale is None:
        return "unit"
    return "standard deviation" if isinstance(scale, str) else "step"


def steps_of(scale: object, x: Array, where: str) -> Array | None:
    """What each column of the Jacobian is multiplied with; None for 1.

    Raises
    ------
    OptionError, ShapeError, DTypeError, NonFiniteError
        Neither "std" nor a finite number for each feature; "std" of a single case.
    """
    if scale is None:
        return None
    if isinstance(scale, str):
        return _deviations(scale, x, where)
    steps = as_array(scale, "the scale", where)
    if steps.dtype.kind == "O":
        raise DTypeError(
            "the scale holds expressions",
            where=where,
            expected="floats",
            remedy="Substitute numbers first.",
        )
    if steps.shape != x.shape[-1:]:
        raise ShapeError(
            "the scale holds a number for each feature",
            where=where,
            got=f"shape {steps.shape}",
            expected=f"{x.shape[-1:]}",
            remedy='scale="std" takes the standard deviations of X.',
        )
    require_finite(steps, "the scale", where)
    return steps.copy()


def _deviations(scale: str, x: Array, where: str) -> Array:
    """The standard deviation of each column."""
    if scale != "std":
        raise OptionError(
            "unknown scale",
            where=where,
            got=shown(scale),
            expected='"std", or a number for each feature',
            remedy="Leave it out for the unit of X.",
        )
    if x.ndim == 1 or len(x) == 1:
        raise OptionError(
            "a single case has no standard deviation",
            where=where,
            got=f"X of shape {x.shape}",
            expected="at least two cases",
            remedy="Pass the deviations of all data, scale=data.std(axis=0).",
        )
    return np.asarray(x.std(axis=0, dtype=np.float64))
