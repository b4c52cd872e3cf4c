"""Functions as sums of pulses: two thresholds a pulse, an error of at most Lipschitz * width / 2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..activations import get
from ..arrays import Array, quiet, whole_number
from ..layers import Dense
from ..network import Network
from .given import interval, number, values_at

MOST_PULSES = 2**20
_NARROW = "More than a million thresholds in one layer is more than a table would take."


@quiet
def pulse_network(low: float, high: float, height: float = 1.0) -> Network:
    """y = height [x >= T1] - height [x >= T2]: a pulse on [T1, T2), exact at both ends (H-33).

    Hidden units: 2 thresholds, tied sums on the right side (E-45), and a summing unit.

    Parameters
    ----------
    low, high : float
        T1 < T2.
    height : float

    Returns
    -------
    Network
        1 input, 1 output.

    Examples
    --------
    >>> pulse_network(1.0, 2.0, 5.0)([[0.9], [1.0], [1.9], [2.0]]).ravel()
    array([0., 5., 5., 0.])
    """
    where = "pulse_network"
    edges = np.array(interval(low, high, where))
    return _staircase(edges, np.array([number(height, "height", where)]))


@quiet
def pulse_sum_network(function: Callable[[Array], object], low: float, high: float, pulses: int) -> Network:
    """y = sum_k f(m_k) [e_k <= x < e_{k+1}]: f at the middle of each of n equal pulses, 0 outside (H-33).

    The sup error on [low, high) is at most Lipschitz * width / 2: see `pulse_error_bound`. Hidden units:
    n + 1, as neighbouring pulses share a threshold, whose weight is the step between them. Left of `low` it
    is exactly 0; elsewhere it is the sum of steps up and down, and what it should be up to their rounding,
    which goes with the largest height.

    Parameters
    ----------
    function : callable
        f: an array of points to an array of as many numbers; called once.
    low, high : float
        The interval.
    pulses : int
        n.

    Returns
    -------
    Network
        1 input, 1 output.

    Examples
    --------
    >>> net = pulse_sum_network(np.sin, 0.0, 2 * np.pi, 100)
    >>> x = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    >>> error = np.abs(net(x[:, None]).ravel() - np.sin(x)).max()
    >>> float(error.round(3)), round(pulse_error_bound(1.0, 0.0, 2 * np.pi, 100), 4)
    (0.031, 0.0314)
    """
    where = "pulse_sum_network"
    a, b = interval(low, high, where)
    n = whole_number(pulses, "pulses", where, most=MOST_PULSES, remedy=_NARROW)
    edges = cell_edges(a, b, n)
    return _staircase(edges, values_at(function, (edges[1:] + edges[:-1]) / 2, where))


def pulse_error_bound(lipschitz: float, low: float, high: float, pulses: int) -> float:
    """Lipschitz * width / 2 with width = (high - low) / n: how far f strays from the middle of a pulse.

    Examples
    --------
    >>> round(pulse_error_bound(1.0, 0.0, 2 * np.pi, 10), 3)
    0.314
    """
    where = "pulse_error_bound"
    a, b = interval(low, high, where)
    n = whole_number(pulses, "pulses", where, most=MOST_PULSES, remedy=_NARROW)
    return number(lipschitz, "lipschitz", where, above=0) * (b - a) / n / 2


def cell_edges(low: float, high: float, cells: int) -> Array:
    """cells + 1 edges, the last one exactly `high`."""
    return np.linspace(low, high, cells + 1)


def _staircase(edges: Array, heights: Array) -> Network:
    steps = np.diff(heights, prepend=0.0, append=0.0)
    return Network(
        [
            Dense.from_arrays(np.ones((1, len(edges))), -edges, get("step", at_kink="right")),
            Dense.from_arrays(steps[:, None]),
        ]
    )
