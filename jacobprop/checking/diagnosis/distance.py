"""How far two arrays are apart, and what counts as equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array

_TOLERANCES = {2: 5e-2, 4: 1e-3, 8: 1e-5}
"""By itemsize: what right code of that precision, or differences in float64, may lose."""

_NOISE = 100.0
"""How many roundings of the terms of a sum may be left where they cancel."""


def tolerance_for(*dtypes: np.dtype[Any]) -> float:
    """The relative error up to which a gradient counts as right, by the coarsest dtype that it met."""
    return max(_TOLERANCES[dtype.itemsize] for dtype in dtypes)


def norm(x: Array) -> float:
    """The Euclidean norm, whatever the size of the entries."""
    largest = float(np.abs(x).max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm((x / largest).ravel()))


def relative_error(candidate: Array, right: Array, floor: float = 0.0) -> float:
    """|candidate - right| over the larger norm of the two, or over a floor where both vanish."""
    scale = max(norm(candidate), norm(right), floor)
    gap = norm(candidate - right)
    if np.isnan(gap):
        return float("inf")
    return gap / scale if scale > 0 else 0.0


def errors(
    candidate: Mapping[str, Array], right: Mapping[str, Array], floors: Mapping[str, float]
) -> dict[str, float]:
    """The relative error of every array."""
    return {name: relative_error(x, right[name], floors.get(name, 0.0)) for name, x in candidate.items()}


def noise_floor(terms: float, itemsize: int, tolerance: float) -> float:
    """The norm below which a sum of terms of this norm is rounding."""
    eps = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}[itemsize]
    return _NOISE * eps / tolerance * terms


def scale_between(candidate: Array, right: Array) -> float:
    """The c for which c right comes nearest to the candidate, 0 if there is none."""
    size = norm(right)
    if size == 0:
        return 0.0
    unit = right / size
    return float(np.vdot(unit, candidate / size))
