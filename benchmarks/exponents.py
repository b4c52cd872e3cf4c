"""The exponent of a power law, fitted by least squares in log-log, with its spread.

    cost = overhead + factor . size^exponent

The overhead is what does not depend on the size, such as the calls of a Python function: a plain
straight line would read it as a smaller exponent. It is fitted too, and never negative; where it
takes no part, the line is straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from jacobprop.arrays import Array

LEAST = 4
"""Points: one more than there are unknowns."""


class Fit(NamedTuple):
    """cost = overhead + factor . size^exponent, and the standard error of the exponent."""

    exponent: float
    spread: float
    factor: float
    overhead: float

    def at(self, size: float) -> float:
        """The fitted cost."""
        return float(self.overhead + self.factor * size**self.exponent)


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Fit | None:
    """The power law through at least `LEAST` points, None through fewer.

    Examples
    --------
    >>> law = fit([1, 2, 4, 8, 16], [50 + 3 * n**2 for n in (1, 2, 4, 8, 16)])
    >>> round(law.exponent, 3), round(law.factor, 3), round(law.overhead, 3)
    (2.0, 3.0, 50.0)
    """
    if len(sizes) < LEAST:
        return None
    x, y = np.log(sizes), np.log(costs)
    least, middle = min(costs), float(x.mean())

    def residuals(unknowns: Array) -> Array:
        exponent, level, share = unknowns  # the overhead as a share of the least cost
        return np.asarray(np.log(share * least + np.exp(level + exponent * (x - middle))) - y)

    slope, level = np.polyfit(x - middle, y, 1)
    starts = [(slope, level, 0.0), (1, level - 1, 0.9), (3, level - 1, 0.9)]
    bounds = ((-1, -np.inf, 0), (9, np.inf, 1))
    tries = [least_squares(residuals, np.clip(start, *bounds), bounds=bounds) for start in starts]
    found = min(tries, key=lambda solution: float(solution.cost))
    exponent, level, share = found.x.tolist()
    factor = float(np.exp(level - exponent * middle))
    return Fit(exponent, _spread(np.asarray(found.jac), 2 * found.cost), factor, share * least)


def _spread(slopes: Array, squares: float) -> float:
    """The standard error of the first unknown, from the residuals' derivatives and sum of squares."""
    points, unknowns = slopes.shape
    covariance = np.linalg.pinv(slopes.T @ slopes) * squares / (points - unknowns)
    return float(np.sqrt(covariance[0, 0]))
