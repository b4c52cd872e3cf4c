"""Sums of N half-planes around a circle, and their true profile.

The slides say that such a sum is N inside and N/2 almost everywhere outside, so that more sides leave less
between. It is not so (E-36): outside it is N (1 - arccos(r0/r)/pi), above N/2 at every distance. What is
left of a circle, (2/pi) arcsin(r0/r) of its height, falls like 1/r only, and a sum of circles carries all
of these tails: `circle_sums` corrects them.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, quiet, whole_number
from ..errors import OptionError, ShapeError, shown
from ..jacobians.limit import check_dense
from ..layers import Dense
from ..network import Network
from .given import choice, finite_array, number, real_array

_BLOCK = 2**22
"""So many sums at a time, 32 MiB."""
FEWER = "Take fewer circles, or fewer sides."


@quiet
def circle_network(
    sides: int, radius: float = 1.0, centre: object = (0.0, 0.0), *, centred: bool = False
) -> Network:
    """y = sum_k [n_k . (x - c) < r0], k = 1..N: how many of N half-planes around a circle hold x (H-28).

    It is N inside the polygon that touches the circle from outside, and falls slowly: `circle_profile`.
    Hidden units: N.

    Parameters
    ----------
    sides : int
        N, at least 3; the normals n_k point to the angles 2 pi k / N.
    radius : float
        r0, above 0.
    centre : array_like, shape (2,)
        c.
    centred : bool
        Whether N/2 is subtracted, as on the slide: N/2 inside, and 0 outside in the limit (H-29).

    Returns
    -------
    Network
        2 inputs, one output.

    Examples
    --------
    >>> circle_network(4)([[0.0, 0.0], [3.0, 0.0], [3.0, 3.0]]).ravel()
    array([4., 3., 2.])
    """
    where = "circle_network"
    c = finite_array(centre, "centre", where, ndim=1, expected="(2,)")
    r0 = number(radius, "radius", where, above=0)
    hidden = half_planes_around(
        checked_centres(c[None], where), np.array([r0]), checked_sides(sides, where), where
    )
    bias = [-hidden.n_out / 2] if choice(centred, "centred", where) else None
    return Network([hidden, Dense.from_arrays(np.ones((hidden.n_out, 1)), bias)])


@quiet
def circle_profile(r: object, sides: int, radius: float = 1.0) -> Array:
    """N (1 - arccos(min(1, r0/r)) / pi): the sum of N half-planes at a distance r, N inside (E-36).

    This is the mean over all directions; the network's own sum is a whole number within 1 of it.

    Parameters
    ----------
    r : array_like
        Distances from the centre, at least 0.
    sides : int
        N.
    radius : float
        r0.

    Returns
    -------
    array of float64, shaped like r

    Examples
    --------
    >>> circle_profile([0.5, 1.0, 1.01, 2.0, 10.0, 1e9], 1000).round()
    array([1000., 1000.,  955.,  667.,  532.,  500.])
    """
    where = "circle_profile"
    distances = real_array(r, "r", where)
    if (distances < 0).any():
        raise OptionError(
            "a distance is not negative",
            where=where,
            got=shown(float(np.nanmin(distances))),
            expected="0 or more",
            remedy="Take np.hypot(*(x - centre).T).",
        )
    r0, count = number(radius, "radius", where, above=0), checked_sides(sides, where)
    near = r0 / np.maximum(distances, r0)
    return np.asarray(count * (1 - np.arccos(near) / np.pi))


@quiet
def share_between(sides: int, radius: float = 1.0, reach: float = 5.0, points: int = 200) -> float:
    """The share of the square [-reach, reach]^2 where N/2 < sum < N, by the middles of points^2 cells.

    It does not shrink with N, as the slide has it, but grows to nearly all that lies outside (E-36):
    .32 for a square, .87 for a pentagon, .53, .94 and .96 for 6, 7 and 16 sides, .97 for 100.
    An even N keeps pairs of opposite sides, which hold a strip each, whence the zigzag.

    Examples
    --------
    >>> [round(share_between(sides, points=100), 1) for sides in (4, 5, 6, 7)]
    [0.3, 0.9, 0.5, 0.9]
    """
    where = "share_between"
    extent = number(reach, "reach", where, above=0)
    count = whole_number(points, "points", where, most=10_000, remedy="points^2 sums are made.")
    sides = checked_sides(sides, where)
    axis = (np.arange(count) + 0.5) / count * 2 * extent - extent
    net, found, step = circle_network(sides, radius), 0, max(1, _BLOCK // (count * sides))
    for rows in (axis[start : start + step] for start in range(0, count, step)):
        total = net(np.stack(np.meshgrid(axis, rows), axis=-1).reshape(-1, 2))
        found += int(((total > sides / 2) & (total < sides)).sum())
    return found / count**2


def half_planes_around(c: Array, r: Array, sides: int, where: str) -> Dense:
    """Unit k of circle c fires where n_k . (x - c) < r: n_out = circles x sides, circle by circle."""
    check_dense(24 * len(c) * sides, where, remedy=FEWER)
    angles = 2 * np.pi * np.arange(sides) / sides
    inward = -np.array([np.cos(angles), np.sin(angles)])
    offsets = r[:, None] - c @ inward
    return Dense.from_arrays(np.tile(inward, len(c)), offsets.ravel(), "step")


def checked_sides(sides: object, where: str) -> int:
    return whole_number(sides, "sides", where, least=3, remedy="A triangle has 3.")


def checked_centres(c: Array, where: str) -> Array:
    if c.shape[1] != 2:
        raise ShapeError(
            "a centre has two coordinates",
            where=where,
            got=f"{c.shape[1]}",
            expected="2",
            remedy="A centre is a row; transpose columns.",
        )
    return c
