"""Corners that nobody declared: where the slope jumps however near one looks."""

from __future__ import annotations

import numpy as np

from ..activations import Activation, Kink
from ..arrays import Array, quiet

_CELLS = 2000
_REACH = 10.0
_SUSPECTS = 12
_JUMP = 1e-3


@quiet
def undeclared_kinks(activation: Activation) -> tuple[Kink, ...]:
    """The corners between -10 and 10 that are not among `corners`, by bisection on the slope's jumps."""
    edges = np.linspace(-_REACH, _REACH, _CELLS + 1) + 1e-4 / np.pi
    jumps = np.abs(np.diff(_slopes(activation, edges, 1e-6)))
    found: list[Kink] = []
    for cell in np.argsort(jumps)[::-1][:_SUSPECTS]:
        kink = _corner_between(activation, float(edges[cell]), float(edges[cell + 1]))
        known = (*activation.kinks, *(other.point for other in found))
        if kink is not None and all(abs(kink.point - point) > 1e-5 for point in known):
            found.append(kink)
    return tuple(sorted(found, key=lambda kink: kink.point))


def _slopes(activation: Activation, z: Array, h: float) -> Array:
    return np.asarray((activation.value(z + h) - activation.value(z - h)) / (2 * h))


def _corner_between(activation: Activation, left: float, right: float) -> Kink | None:
    """Bisect to where the slope changes most; a corner if it changes as much over a thousandth of the way."""
    while right - left > 1e-6:
        middle = (left + right) / 2
        a, b, c = _slopes(activation, np.array([left, middle, right]), (right - left) / 64)
        left, right = (left, middle) if abs(b - a) >= abs(c - b) else (middle, right)
    point = round((left + right) / 2, 5) + 0.0  # not -0
    wide, near = (_change(activation, point, h) for h in (1e-2, 1e-5))
    jump = abs(near[1] - near[0])
    if not jump > _JUMP * (1 + abs(near[0]) + abs(near[1])) or jump < abs(wide[1] - wide[0]) / 4:
        return None
    return Kink(point, *near)


def _change(activation: Activation, point: float, h: float) -> tuple[float, float]:
    """The slopes at a distance of 2h on both sides."""
    left, right = _slopes(activation, np.array([point - 2 * h, point + 2 * h]), h)
    return float(left), float(right)
