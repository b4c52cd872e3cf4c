"""What is promised, as numbers: the ulp of each activation, and where an absolute error stands instead."""

import numpy as np

from benchmarks.accuracy_tables import Truth, near_zero, ulp_error
from jacobprop.arrays import Array, quiet

ROUNDING = 0.5 + 2.0**-20
"""ulp of float16 and float32, whose values are float64 rounded once."""
IN_PLACE = 8
"""ulp of ``Activation.into``, in each dtype."""
SOFTMAX = 8
"""ulp of softmax and all that is built on it, for up to 10 classes."""
NEAR_ZERO = 4 * 2.0**-53
"""The absolute error within 1/2 of a zero of f' or f''."""


def promised(name: str, order: int) -> int:
    """ulp of f, f' or f'' in float64: 4, 4 and 8, but 8, 16 and 8 for gelu."""
    return ((8, 16, 8) if name == "gelu" else (4, 4, 8))[order]


@quiet
def exceeding(
    name: str, order: int, z: Array, got: Array, truth: Truth | Array, ulp: float, near: float = NEAR_ZERO
) -> Array:
    """How far each answer goes beyond what is allowed: at most 1 where the promise is kept.

    Allowed are `ulp` units in the last place of the truth; within 1/2 of a zero also `near`, and in
    float64 `near` alone. nan in place of a number is infinitely far.
    """
    error = ulp_error(got, truth) / ulp
    place = near_zero(name, order, z)
    if place.any():
        value = (truth.value if isinstance(truth, Truth) else truth)[place]
        own = np.spacing(np.abs(value).astype(got.dtype)).astype(float)
        allowed = near + (0.0 if got.dtype == np.float64 else ulp * own)
        error[place] = np.abs(got[place].astype(float) - value) / allowed
    return np.where(np.isnan(error), np.inf, error)
