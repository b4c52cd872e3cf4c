"""How far two arrays are apart, and what counts as equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...arrays import Array

_TOLERANCES = {2: 5e-2, 4: 1e-3, 8: 1e-5}
"""By itemsize: what right code of that precision, or differences in float64, may lose."""

_EXPLAINED = {2: 2e-2, 4: 3e-5, 8: 1e-9}
"""How near an explanation has to come: to the rounding, not just within a tolerance."""

_ROUNDING = {2: 1e-2, 4: 2e-6, 8: 1e-12}
"""Relative errors that plain rounding makes."""


def tolerance_for(*dtypes: np.dtype[Any]) -> float:
    """The relative error up to which a gradient counts as right, by the coarsest dtype that it met."""
    return max(_TOLERANCES[dtype.itemsize] for dtype in dtypes)


def norm(x: Array) -> float:
    """The Euclidean norm, whatever the size of the entries."""
    largest = float(np.abs(x).max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm((x / largest).ravel()))


def explained_within(itemsize: int) -> float:
    """The relative error that an explanation may leave."""
    return _EXPLAINED[itemsize]


def rounding_level(itemsize: int) -> float:
    """What right code leaves at best: below it there is nothing to explain."""
    return _ROUNDING[itemsize]


_HUGE, _DOWN = 1e290, 2.0**-64
"""Above, a norm or a difference may overflow; so much smaller, none does."""


def relative_error(candidate: Array, right: Array) -> float:
    """|candidate - right| over the larger norm of the two."""
    if max(np.abs(candidate).max(initial=0.0), np.abs(right).max(initial=0.0)) > _HUGE:
        candidate, right = candidate * _DOWN, right * _DOWN
    scale, gap = max(norm(candidate), norm(right)), norm(candidate - right)
    if np.isnan(gap):
        return float("inf")
    return gap / scale if scale > 0 else 0.0


def is_close(candidate: Array, right: Array, tolerance: float, noise: float) -> bool:
    """|candidate - right| up to a share of the larger norm, or up to the noise."""
    return relative_error(candidate, right) <= tolerance or norm(candidate - right) <= noise


def scale_between(candidate: Array, right: Array) -> float:
    """The c for which c right comes nearest to the candidate, 0 if there is none."""
    size = norm(right)
    if size == 0:
        return 0.0
    unit = right / size
    return float(np.vdot(unit, candidate / size))
