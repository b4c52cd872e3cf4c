"""Functions of several inputs as sums of prisms over the cells of a grid, in three layers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..activations import get
from ..arrays import Array, quiet, whole_number
from ..errors import OptionError
from ..jacobians.limit import check_dense
from ..layers import Dense
from ..network import Network
from .given import interval, number, values_at
from .pulses import cell_edges

_FEWER = "Take fewer cells, or fewer dimensions: a grid has cells^dimensions of them."
_MOST_CELLS, _MOST_DIMENSIONS = 2**20, 16


@quiet
def prism_sum_network(
    function: Callable[[Array], object], low: float, high: float, cells: int, dimensions: int = 2
) -> Network:
    """y = sum_c f(m_c) [x in cell c] over the n^d cells of a grid on [low, high)^d, 0 outside (H-34).

    Cylinders whose bases fill the plane: no gaps, no overlaps, no tails. The sup error is at most
    Lipschitz * width * sqrt(d) / 2: see `prism_error_bound`. Hidden units: d (n + 1) thresholds, then n^d
    units that are each the AND of a pulse in every coordinate.

    Parameters
    ----------
    function : callable
        f: an array of points, shape (n^d, d), to as many numbers; called once.
    low, high : float
        The interval of every coordinate.
    cells : int
        n, in each coordinate.
    dimensions : int
        d.

    Returns
    -------
    Network
        d inputs, 1 output.

    Notes
    -----
    The slide has cylinders "even with only one layer". One hidden layer of half-planes makes cylinders with
    tails: `circles_network` and `fitted_heights`.

    Examples
    --------
    >>> net = prism_sum_network(lambda x: x[:, 0] * x[:, 1], 0.0, 1.0, 4)
    >>> net.layers
    (Dense(2, 10, "step"), Dense(10, 16, "step"), Dense(16, 1, "identity", bias=False))
    >>> net([0.3, 0.99])  # the middle of its cell is (3/8, 7/8)
    array([0.328125])
    """
    where = "prism_sum_network"
    a, b = interval(low, high, where)
    n, d = _grid(cells, dimensions, where)
    check_dense(8 * d * (n + 1) * n**d, where, remedy=_FEWER)
    edges = cell_edges(a, b, n)
    cell = np.stack(np.meshgrid(*[np.arange(n)] * d, indexing="ij"), axis=-1).reshape(-1, d)
    heights = values_at(function, ((edges[1:] + edges[:-1]) / 2)[cell], where)
    opens = (cell + np.arange(d) * (n + 1)).T
    W = np.zeros((d * (n + 1), n**d))
    W[opens, np.arange(n**d)], W[opens + 1, np.arange(n**d)] = 1.0, -1.0
    return Network(
        [
            Dense.from_arrays(
                np.kron(np.eye(d), np.ones((1, n + 1))), np.tile(-edges, d), get("step", at_kink="right")
            ),
            Dense.from_arrays(W, np.full(n**d, 0.5 - d), "step"),
            Dense.from_arrays(heights[:, None]),
        ]
    )


def prism_error_bound(lipschitz: float, low: float, high: float, cells: int, dimensions: int = 2) -> float:
    """Lipschitz * width * sqrt(d) / 2: no point of a cell is further from its middle than half a diagonal.

    Examples
    --------
    >>> round(prism_error_bound(1.0, 0.0, 1.0, 10), 4)
    0.0707
    """
    where = "prism_error_bound"
    a, b = interval(low, high, where)
    n, d = _grid(cells, dimensions, where)
    return number(lipschitz, "lipschitz", where, above=0) * (b - a) / n * math.sqrt(d) / 2


def cells_for(error: float, lipschitz: float, low: float, high: float, dimensions: int = 2) -> int:
    """The least n with Lipschitz * width * sqrt(d) / 2 <= error.

    The network then hides d (n + 1) + n^d units, where a bump of the right shape is one radial unit (H-37).

    Examples
    --------
    >>> cells_for(0.05, 1.0, 0.0, 1.0)
    15
    """
    where = "cells_for"
    wanted = number(error, "error", where, above=0)
    needed = prism_error_bound(lipschitz, low, high, 1, dimensions) / wanted
    if not needed <= _MOST_CELLS:
        raise OptionError(
            "no grid is that fine",
            where=where,
            got=f"an error of {wanted:g}",
            expected=f"{_MOST_CELLS:,} cells or fewer in each coordinate",
            remedy="Allow a larger error.",
        )
    return max(1, math.ceil(needed))


def _grid(cells: object, dimensions: object, where: str) -> tuple[int, int]:
    return (
        whole_number(cells, "cells", where, most=_MOST_CELLS, remedy=_FEWER),
        whole_number(dimensions, "dimensions", where, most=_MOST_DIMENSIONS, remedy=_FEWER),
    )
