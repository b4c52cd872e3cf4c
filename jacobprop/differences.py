"""Jacobians from function values alone: witnesses that know no calculus rule of this library.

They return numerator layout, J[a.., b..] = d function(x)[a..] / d x[b..], shape function(x).shape + x.shape.
"""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .arrays import Array, quiet

Function: TypeAlias = Callable[[Array], Any]

_LEVELS = 8
_FINE = 2.0**-14  # of the largest step: 8e-6 by default, near the best plain difference
_FINER = 2.0**-20
_NARROWER = _FINE / _FINER
_ROUNDS = 4e-15  # of the slopes over the largest step, which are the scale where the slope itself is 0
_CONFIRMS = 1e-7
_IMAGINARY_STEP = 1e-100
_NOISE = 4  # how many units in the last place a function value may be off
_ENOUGH = 1e-11
_JUMP = 1e-5  # of the slopes on both sides: a smaller one is not told from a curve
_CORNER = 1e-3
_CHANCE = 3e-11
"""Relative: two entries of a table may agree by chance; an error of 5e-11 was met where they did."""


@quiet
def central_differences(function: Function, x: object, step: float | None = None) -> Array:
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
        quotients = [_quotient(function, point, place, largest / 2**level)[0] for level in range(_LEVELS)]
        fine, noise = _quotient(function, point, place, largest * _FINE)
        jacobian[(..., *place)] = _unless_kinked(_extrapolate(quotients), fine, noise)
    return jacobian


class Estimate(NamedTuple):
    """Derivatives with the error that they may have, entry by entry.

    Attributes
    ----------
    value : array
        The derivative; the mean of both sides at a kink.
    error : array
        An absolute error that is rarely exceeded: how far the extrapolations disagree, and rounding.
    left, right : array
        The one-sided difference quotients over a step of about 1e-7.
    kinked : array of bool
        Where the two sides differ and no smaller step brings them together.
    """

    value: Array
    error: Array
    left: Array
    right: Array
    kinked: Array

    def each(self, change: Callable[[Array], Array]) -> "Estimate":
        """The same estimate with every array changed in the same way, for instance reshaped."""
        return Estimate(*map(change, self))


@quiet
def estimate(function: Function, x: object, places: object = None, *, noise: Array | float = 0.0) -> Estimate:
    """The Jacobian by differences with its error: `central_differences`, adaptive and accountable.

    Parameters
    ----------
    function : callable
        As for `central_differences`. An array that it returns in float32 is taken to be off by that much.
    x : array_like
        The point.
    places : sequence of index tuples, optional
        Entries of x; the result then has shape function(x).shape + (len(places),).
    noise : array or float
        As for `along`.

    Examples
    --------
    >>> import numpy as np
    >>> found = estimate(np.abs, np.array([0.0, 2.0]))
    >>> found.kinked.tolist()
    [[True, False], [False, False]]
    >>> float(found.left[0, 0]), float(found.right[0, 0])
    (-1.0, 1.0)
    """
    point = np.array(x, dtype=np.float64)
    chosen = list(np.ndindex(point.shape)) if places is None else list(places)  # type: ignore[call-overload]  # a sequence of tuples
    columns = []
    for place in chosen:
        move = np.zeros(point.shape)
        move[place] = max(1.0, abs(float(point[place])))
        columns.append(along(function, point, move, itemgetter(place), noise=noise))
    shape = np.asarray(function(point.copy())).shape
    tail = point.shape if places is None else (len(chosen),)
    if not columns:
        return Estimate(*(np.zeros(shape + tail, kind) for kind in (*[np.float64] * 4, np.bool_)))
    return Estimate(*(np.stack(part, axis=-1).reshape(shape + tail) for part in zip(*columns, strict=True)))


@quiet
def along(
    function: Function,
    x: Array,
    move: Array,
    distance: Callable[[Array], Any] | None = None,
    *,
    elementwise: bool = False,
    noise: Array | float = 0.0,
) -> Estimate:
    """d function(x + s move) / ds at s = 0, from steps s of 1/8 and less.

    Parameters
    ----------
    function : callable
        A float64 array shaped like x to an array of any shape. It gets private copies.
    x, move : array
        The point and the direction, which also sets the scale of the steps.
    distance : callable, optional
        From what x was really moved by, shaped like x, to the distance that the rise of the
        function is divided by, such as the entry that moved; by default s itself. It makes several
        derivatives of one call: one for each case, where the cases do not depend on each other.
    elementwise : bool
        Whether each value is rounded relative to itself, as those of exp are. By default a value that is
        a sum may have lost digits, and the largest one along the last axis says how many.
    noise : array or float
        An absolute error of the values, where more than that is known of them: a square of a difference
        of near equals has lost digits that its own size cannot tell.

    Returns
    -------
    Estimate
        Shaped like the function's values.
    """
    sample = partial(_sampled, function, elementwise, noise)
    quotient = partial(_two_sided, sample, x, move, distance, sample(x.copy()))
    value, error, coarse = _adaptive(lambda level: quotient(2.0 ** -(3 + level)))
    fine, finer = quotient(_FINE / 8), quotient(_FINER / 8)
    apart = np.abs(fine.value - finer.value)
    straight = np.abs(value - fine.value)
    curved = np.abs(value - (finer.value + (finer.value - fine.value) / (_NARROWER**2 - 1)))
    scale = np.nan_to_num(np.abs(coarse.left) + np.abs(coarse.right), posinf=0.0)
    rounding = 8 * fine.noise + _ROUNDS * scale
    off = np.fmin(straight, curved)
    confirmed = (off <= _CONFIRMS * np.abs(fine.value) + rounding) & np.isfinite(error)
    error = error + np.where(off > fine.noise, off, 0.0)  # a far corner of little weight
    if not elementwise:  # fine steps see nothing of it, and longer ones may cross corners
        error = np.where(np.abs(value) <= 8 * fine.noise, np.fmax(error, fine.noise), error)
    sides = np.abs(finer.left) + np.abs(finer.right)
    drift = np.where(apart > _CORNER * sides, 0.0, apart / 32)  # a corner is behind us or ahead, no curve
    crosses = apart > 8 * finer.noise + 1e-6 * np.abs(finer.value)
    plain = np.where(crosses, finer.value, fine.value)
    plain_error = np.where(crosses, finer.noise + finer.jump + drift, fine.noise + apart)
    kinked = (finer.jump > _JUMP * sides + 8 * finer.noise) & (finer.jump > fine.jump / 4)
    value = np.where(kinked, (finer.left + finer.right) / 2, np.where(confirmed, value, plain))
    error = np.where(kinked, finer.jump / 2, np.where(confirmed, error, plain_error))
    return Estimate(value, error, finer.left, finer.right, kinked)


@quiet
def complex_step(function: Function, x: object) -> Array:
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


class _Sample(NamedTuple):
    """Function values, and by how much rounding may have moved each."""

    value: Array
    noise: Array


class _Quotient(NamedTuple):
    """The symmetric quotient of one step, its one-sided halves, and what rounding makes of it."""

    value: Array
    left: Array
    right: Array
    noise: Array

    @property
    def jump(self) -> Array:
        return np.asarray(np.abs(self.right - self.left))


def _sampled(function: Function, elementwise: bool, known: Array | float, x: Array) -> _Sample:
    array = np.asarray(function(x))
    unit = np.finfo(array.dtype).eps if array.dtype.kind == "f" else np.finfo(np.float64).eps
    plain = np.asarray(array, np.float64)
    sizes = np.abs(plain)
    if not elementwise and plain.ndim:
        sizes = np.broadcast_to(sizes.max(axis=-1, keepdims=True, initial=0.0), plain.shape)
    return _Sample(plain, _NOISE * unit * sizes + known)


def _two_sided(
    sample: Callable[[Array], _Sample],
    x: Array,
    move: Array,
    distance: Callable[[Array], Any] | None,
    centre: _Sample,
    s: float,
) -> _Quotient:
    """The quotients of one step, over the distance that the floats really have."""
    ahead, behind = x + s * move, x - s * move
    forth = s if distance is None else distance(ahead - x)
    back = s if distance is None else distance(x - behind)
    right, left = sample(ahead), sample(behind)
    return _Quotient(
        (right.value - left.value) / (forth + back),
        (centre.value - left.value) / back,
        (right.value - centre.value) / forth,
        (right.noise + left.noise) / np.abs(forth + back),
    )


def _adaptive(quotient: Callable[[int], _Quotient]) -> tuple[Array, Array, _Quotient]:
    """Richardson's table, a row for each halved step, until it has settled; its error and its first entry."""
    first = halved = quotient(0)
    row, best, error = [first.value], first.value, np.full(np.shape(first.value), np.inf)
    for level in range(1, _LEVELS):
        before, halved = halved, quotient(level)
        fresh, best, error = _next_row(row, halved.value, best, error, halved.noise)
        if level > 2 and np.all(error <= _ENOUGH * np.abs(best) + 2 * halved.noise):
            break
        row = fresh
    else:  # entries that agree by chance, with a corner between their steps, contradict the last ones
        last = halved.value + (halved.value - before.value) / 3
        off = np.abs(best - last)
        error = error + np.where(off > halved.noise, off, 0.0)
    return best, error + _CHANCE * np.abs(best), first


def _next_row(
    row: list[Array], quotient: Array, best: Array, error: Array, noise: Array | float = 0.0
) -> tuple[list[Array], Array, Array]:
    """One more row of Richardson's table; per output, the entry nearest to the two it is made of."""
    fresh = [quotient]
    for column, coarse in enumerate(row):
        fine = fresh[-1]
        better = fine + (fine - coarse) / (4.0 ** (column + 1) - 1)
        disagreement = np.maximum(np.abs(better - fine), np.abs(better - coarse)) + noise
        nearer = disagreement < error  # never true for nan
        best, error = np.where(nearer, better, best), np.where(nearer, disagreement, error)
        fresh.append(better)
    return fresh, best, error


def _quotient(function: Function, point: Array, place: tuple[int, ...], step: float) -> tuple[Array, Array]:
    """The symmetric quotient of one entry, over the distance that the floats really have; and its noise."""
    right, left = point.copy(), point.copy()
    right[place] += step
    left[place] -= step
    distance = right[place] - left[place]
    above, below = (_sampled(function, False, 0.0, x) for x in (right, left))
    noise = (above.noise + below.noise) / abs(distance)
    return np.asarray((above.value - below.value) / distance), noise


def _unless_kinked(extrapolated: Array, fine: Array, noise: Array) -> Array:
    """The extrapolated quotient where the fine one confirms it, else the fine one."""
    confirmed = np.abs(extrapolated - fine) <= _CONFIRMS * np.abs(fine) + 8 * noise
    return np.where(confirmed | np.isnan(fine), extrapolated, fine)


def _extrapolate(quotients: list[Array]) -> Array:
    """The best entry of Richardson's table over halved steps."""
    best, error = quotients[-1], np.full(np.shape(quotients[-1]), np.inf)
    row = quotients[:1]
    for quotient in quotients[1:]:
        row, best, error = _next_row(row, quotient, best, error)
    return np.asarray(best)
