"""Figures and surfaces as sums of circles, whose tails are fitted."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, quiet
from ..errors import ShapeError
from ..jacobians.limit import check_dense
from ..layers import Dense
from ..network import Network
from .circles import FEWER, checked_centres, checked_sides, half_planes_around
from .given import finite_array, number


@quiet
def circles_network(centres: object, radii: object, heights: object, *, sides: int = 64) -> Network:
    """y = sum_c h_c (2/N S_c - 1), with S_c the sum of N half-planes around circle c (H-30).

    One hidden layer. Each term is h_c inside and h_c (2/pi) arcsin(r_c/r) outside: cylinders with tails
    (H-34), which `fitted_heights` takes into account. The slides' "arbitrary precision" needs that, or a
    threshold for each circle in a layer more, which `union_network` has. Hidden units: N for each circle.
    Far from a circle of few sides its sum is coarse, so that more circles need more sides: 64 were enough for
    400 circles in a row of tries, 32 were not.

    Parameters
    ----------
    centres : array_like, shape (C, 2)
    radii : array_like, shape (C,)
        Above 0.
    heights : array_like, shape (C,)
    sides : int
        N.

    Returns
    -------
    Network
        2 inputs, one output.

    Examples
    --------
    >>> net = circles_network([[0.0, 0.0], [5.0, 0.0]], [1.0, 1.0], [2.0, 0.0])
    >>> net([0.5, 0.5])
    array([2.])
    """
    where = "circles_network"
    sides = checked_sides(sides, where)
    hidden = _circles(centres, radii, sides, where)
    h = finite_array(heights, "heights", where, ndim=1, expected="(C,)")
    _require_one_each(h, hidden.n_out // sides, "heights", where)
    return Network([hidden, Dense.from_arrays(np.repeat(2 * h / sides, sides)[:, None], [-h.sum()])])


@quiet
def fitted_heights(centres: object, radii: object, values: object, *, sides: int = 64) -> Array:
    """The heights h with which `circles_network` takes the given values at the centres, tails and all.

    They solve A h = v, with A[i, c] what circle c of height 1 is at centre i.

    Parameters
    ----------
    centres, radii, sides
        As in `circles_network`.
    values : array_like, shape (C,)
        v.

    Returns
    -------
    array of float64, shape (C,)

    Raises
    ------
    ShapeError
        Arrays that do not fit, or circles that share a centre.
    """
    where = "fitted_heights"
    sides = checked_sides(sides, where)
    hidden = _circles(centres, radii, sides, where)
    count = hidden.n_out // sides
    check_dense(16 * count**2 * sides, where, remedy=FEWER)
    v = finite_array(values, "values", where, ndim=1, expected="(C,)")
    _require_one_each(v, count, "values", where)
    points = finite_array(centres, "centres", where, ndim=2, expected="(C, 2)")
    inside = Network([hidden])(points).reshape(count, count, sides)
    try:
        return np.asarray(np.linalg.solve(inside.mean(axis=2) * 2 - 1, v))
    except np.linalg.LinAlgError as error:
        raise ShapeError(
            "the circles do not determine the heights",
            where=where,
            got="a singular matrix",
            expected="circles that do not hold each other's centres",
            remedy="Take smaller radii, and leave out circles that repeat others.",
        ) from error


def _circles(centres: object, radii: object, sides: int, where: str) -> Dense:
    c = checked_centres(finite_array(centres, "centres", where, ndim=2, expected="(C, 2)"), where)
    r = finite_array(radii, "radii", where, ndim=1, expected="(C,)")
    _require_one_each(r, len(c), "radii", where)
    for radius in r.tolist():
        number(radius, "a radius", where, above=0)
    return half_planes_around(c, r, sides, where)


def _require_one_each(array: Array, count: int, what: str, where: str) -> None:
    if len(array) != count:
        raise ShapeError(
            f"{what} do not fit the centres",
            where=where,
            got=f"{len(array)} for {count} centres",
            expected=f"{count}",
            remedy="Every circle has a centre, a radius and a height.",
        )
