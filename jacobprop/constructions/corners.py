"""The corners of a convex polygon and the half-planes that it is the intersection of."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, quiet
from ..errors import NonFiniteError, OptionError, ShapeError
from .given import finite_array

_STRAIGHT = 1e-12
"""The sine of a turn that counts as none."""


@quiet
def sides(vertices: object, where: str) -> tuple[Array, Array]:
    """W (2, N) and b (N,) with y W + b > 0 for every side k exactly where y lies inside.

    Side k runs from vertex v_k along d_k: y W[:, k] + b[k] is the cross product d_k x (y - v_k), exact if
    all are small whole numbers, and d_k is scaled by a power of two so that no product of small or large
    numbers is lost. Corners may come in either sense of rotation.
    """
    v = finite_array(vertices, "vertices", where, ndim=2, expected="(N, 2), N at least 3")
    if v.shape[1] != 2 or len(v) < 3:
        raise ShapeError(
            "a polygon has three corners or more, each with two coordinates",
            where=where,
            got=f"shape {v.shape}",
            expected="(N, 2), N at least 3",
            remedy="A corner is a row; the last one need not repeat the first.",
        )
    v = _anticlockwise(v, where)
    d = np.roll(v, -1, axis=0) - v
    dx, dy = np.ldexp(d, -np.frexp(np.abs(d).max(axis=1, keepdims=True))[1]).T
    W, b = np.array([-dy, dx]), dy * v[:, 0] - dx * v[:, 1]
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        raise NonFiniteError(
            "the sides overflow",
            where=where,
            got=f"coordinates up to {np.abs(v).max():.3g}",
            expected="differences and offsets that are finite",
            remedy="Scale the polygon down.",
        )
    return W, b


def _anticlockwise(v: Array, where: str) -> Array:
    """The corners in positive sense; refuses what is no convex polygon in one turn."""
    size = np.abs(v).max() or 1.0
    d = np.roll(v / size, -1, axis=0) - v / size
    if not d.any(axis=1).all():
        k = int(np.argmin(d.any(axis=1)))
        raise _no_polygon(
            "two neighbouring corners are the same", f"corner {k} again", where, "Name it once."
        )
    d = d / np.hypot(*d.T)[:, None]
    turns = _turns(d)
    if (straight := np.abs(np.sin(turns)) <= _STRAIGHT).any():
        k = (int(np.argmax(straight)) + 1) % len(v)
        raise _no_polygon(
            "three corners lie on a line", f"corner {k} of {len(v)}", where, "Leave the middle one out."
        )
    if turns.sum() < 0:  # no half turn is left, which would be pi or -pi by the sign of a zero alone
        v, turns = v[::-1], -turns
    if (turns < 0).any() or round(float(turns.sum() / (2 * np.pi))) != 1:
        raise _no_polygon(
            "the polygon is not convex",
            "a turn the other way" if (turns < 0).any() else "more than one turn around",
            where,
            "Cut it into convex parts and take their union_network; or sort the corners by angle.",
        )
    return v


def _turns(d: Array) -> Array:
    """The angle from each side to the next, in (-pi, pi]."""
    after = np.roll(d, -1, axis=0)
    return np.asarray(np.arctan2(d[:, 0] * after[:, 1] - d[:, 1] * after[:, 0], (d * after).sum(axis=1)))


def _no_polygon(what: str, got: str, where: str, remedy: str) -> OptionError:
    return OptionError(what, where=where, got=got, expected="the corners of a convex polygon", remedy=remedy)
