"""Jacobians from function values alone: witnesses that know no calculus rule of this library.

Both return numerator layout, J[a.., b..] = d function(x)[a..] / d x[b..], shape function(x).shape + x.shape.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array, quiet

_LEVELS = 8
_FINE = 2.0**-14  # of the largest step: 8e-6 by default, near the best plain difference
_CONFIRMS = 1e-7
_IMAGINARY_STEP = 1e-100


@quiet
def central_differences(function: Callable[[Array], Any], x: object, step: float | None = None) -> Array:
    """J[.., b] = (f(x + h e_b) - f(x - h e_b)) / 2h, extrapolated to h = 0.

    Each entry starts at `step`, by default max(1, |x_b|) / 8, and halves it seven times.
    Richardson's table removes the even powers of h, and each output takes the entry of the table
    that agrees best with its neighbours (Ridders): about 1e-12 where f is smooth over a step.
    Where that contradicts a plain difference over a far smaller step, a kink lies between, and the
    plain one counts (about 1e-9). A kink nearer than that, 8e-6 of max(1, |x_b|), yields the mean
    of the two sides.

    Parameters
    ----------
    function : callable
        A float64 array shaped like x to an array of any shape. It gets private copies.
    x : array_like
        The point.
    step : float, optional
        The largest step, for a function that varies faster or whose domain ends near x.

    Examples
    --------
    >>> import numpy as np
    >>> central_differences(lambda x: x[0] * x, np.array([2.0, 3.0])).round(9)
    array([[4., 0.],
           [3., 2.]])
    """
    point = np.array(x, dtype=np.float64)
    jacobian = np.empty(np.asarray(function(point.copy())).shape + point.shape)
    for place in np.ndindex(point.shape):
        largest = max(1.0, abs(float(point[place]))) / 8 if step is None else step
        quotients = [_quotient(function, point, place, largest / 2**level) for level in range(_LEVELS)]
        fine = _quotient(function, point, place, largest * _FINE)
        jacobian[(..., *place)] = _unless_kinked(_extrapolate(quotients), fine)
    return jacobian


@quiet
def complex_step(function: Callable[[Array], Any], x: object) -> Array:
    """J[.., b] = Im f(x + i h e_b) / h, exact to rounding since nothing is subtracted.

    Only for analytic code paths: abs, where, maximum and comparisons yield a wrong derivative silently.
    """
    point = np.array(x, dtype=np.complex128)
    jacobian = np.empty(np.asarray(function(point.copy())).shape + point.shape)
    for place in np.ndindex(point.shape):
        moved = point.copy()
        moved[place] += 1j * _IMAGINARY_STEP
        jacobian[(..., *place)] = np.imag(np.asarray(function(moved))) / _IMAGINARY_STEP
    return jacobian


def _quotient(function: Callable[[Array], Any], point: Array, place: tuple[int, ...], step: float) -> Array:
    """The symmetric quotient of one entry, over the distance that the floats really have."""
    right, left = point.copy(), point.copy()
    right[place] += step
    left[place] -= step
    distance = right[place] - left[place]
    rise = np.asarray(function(right), np.float64) - np.asarray(function(left), np.float64)
    return np.asarray(rise / distance)


def _unless_kinked(extrapolated: Array, fine: Array) -> Array:
    """The extrapolated quotient where the fine one confirms it, else the fine one."""
    confirmed = np.abs(extrapolated - fine) <= _CONFIRMS * np.maximum(1, np.abs(fine))
    return np.where(confirmed | np.isnan(fine), extrapolated, fine)


def _extrapolate(quotients: list[Array]) -> Array:
    """Richardson's table over halved steps; per output, the entry nearest to the two it is made of."""
    best, error = quotients[-1], np.full(np.shape(quotients[-1]), np.inf)
    row = quotients[:1]
    for quotient in quotients[1:]:
        fresh = [quotient]
        for column, coarse in enumerate(row):
            fine = fresh[-1]
            better = fine + (fine - coarse) / (4.0 ** (column + 1) - 1)
            disagreement = np.maximum(np.abs(better - fine), np.abs(better - coarse))
            nearer = disagreement < error  # never true for nan
            best, error = np.where(nearer, better, best), np.where(nearer, disagreement, error)
            fresh.append(better)
        row = fresh
    return np.asarray(best)
