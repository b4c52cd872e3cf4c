"""h = g t^2 / 2 by two logistic units, and why not by one (the quiz of row B-13)."""

from __future__ import annotations

import math
import sys

import numpy as np

from ..arrays import quiet
from ..errors import OptionError, shown
from ..layers import Dense
from ..network import Network
from .given import number

GRAVITY = 9.81
_SIGMOID = 1 / (1 + math.exp(-1.0))
_BEND = _SIGMOID * (1 - _SIGMOID) * (1 - 2 * _SIGMOID)
_FOURTH = 0.12769
"""The largest fourth derivative of sigma, rounded up: it is met at z = 0.8426."""
_ROUNDINGS = 6


@quiet
def falling_body_network(step: float, gravity: float = GRAVITY) -> Network:
    """h = v (sigma(1 + w t) + sigma(1 - w t) - 2 sigma(1)) = g t^2 / 2 + O(w^2 t^4), 2 hidden units (B-13).

    v = g / (2 sigma''(1) w^2) makes the even Taylor series begin with g t^2 / 2. The error falls with w^2
    until rounding, which grows with v, takes over near w = 1e-4: see `falling_body_error_bound`.

    Parameters
    ----------
    step : float
        w, above 0.
    gravity : float
        g, by default 9.81.

    Returns
    -------
    Network
        1 input t, 1 output h.

    Raises
    ------
    OptionError
        A w so small that v overflows.

    Notes
    -----
    The quiz: one input and a bias, one output. A lone logistic output is bounded and cannot; with a linear
    output a single logistic hidden unit is monotone in t, so that it is off by at least g R^2 / 4 somewhere
    on [-R, R], and two suffice.

    Examples
    --------
    >>> falling_body_network(0.01)([[0.0], [1.0], [-2.0]]).ravel().round(2)
    array([ 0.  ,  4.9 , 19.62])
    """
    w, v = _scale(step, gravity, "falling_body_network")
    return Network(
        [
            Dense.from_arrays([[w, -w]], [1.0, 1.0], "sigmoid"),
            Dense.from_arrays([[v], [v]], [-2 * v * _SIGMOID]),
        ]
    )


@quiet
def falling_body_error_bound(step: float, reach: float, gravity: float = GRAVITY) -> float:
    """|v| (w R)^4 max |sigma^(4)| / 12, and 6 roundings of v: the sup error on [-R, R], in float64.

    Examples
    --------
    >>> round(falling_body_error_bound(0.1, 2.0), 3), round(falling_body_error_bound(0.01, 2.0), 5)
    (0.092, 0.00092)
    """
    where = "falling_body_error_bound"
    w, v = _scale(step, gravity, where)
    R = number(reach, "reach", where, above=0)
    return float(
        abs(v) * np.float64(w * R) ** 4 * _FOURTH / 12 + _ROUNDINGS * sys.float_info.epsilon * abs(v)
    )


def _scale(step: object, gravity: object, where: str) -> tuple[float, float]:
    """w and v."""
    w, g = number(step, "step", where, above=0), number(gravity, "gravity", where)
    v = g / (2 * _BEND) / w / w
    if not math.isfinite(3 * v):
        raise OptionError(
            "the step is too small",
            where=where,
            got=shown(step),
            expected="a finite g / w^2",
            remedy="Near 1e-4 the error is least.",
        )
    return w, v
