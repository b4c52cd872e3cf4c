"""Parity, depth against width: 2^(n-1) terms in one layer, n counting units, or 2 (n - 1) in a tree."""

from __future__ import annotations

import numpy as np

from ..arrays import quiet, whole_number
from ..layers import Dense
from ..network import Network
from .boolean_networks import table_network
from .boolean_terms import MOST_VARIABLES, boolean_inputs
from .pairing import Joint, paired

_MOST = 4096
_TOO_LARGE = "The weights are dense arrays."


@quiet
def shallow_parity_network(n: int) -> Network:
    """y = x1 xor .. xor xn as a DNF: 2^(n-1) hidden units, since no two of its terms can merge (H-32).

    Parameters
    ----------
    n : int
        From 1 to 16.

    Notes
    -----
    The slides' "potentially exponential" holds for the DNF. Threshold units that count do better: see
    `counting_parity_network`.

    Examples
    --------
    >>> shallow_parity_network(4).layers
    (Dense(4, 8, "step"), Dense(8, 1, "step"))
    """
    n = whole_number(n, "n", "shallow_parity_network", most=MOST_VARIABLES, remedy="It has 2^(n-1) units.")
    return table_network(boolean_inputs(n).sum(axis=1) % 2)


@quiet
def counting_parity_network(n: int) -> Network:
    """y = [1/2 < sum_k (-1)^(k+1) h_k] with h_k = [sum x >= k]: n hidden units in one layer.

    The worst case of the slides (H-32) is one of AND and OR: parity depends on the count alone.

    Parameters
    ----------
    n : int
        From 1 to 4096.

    Examples
    --------
    >>> counting_parity_network(4).layers
    (Dense(4, 4, "step"), Dense(4, 1, "step"))
    """
    n = whole_number(n, "n", "counting_parity_network", most=_MOST, remedy=_TOO_LARGE)
    k = np.arange(1, n + 1)
    signs = np.where(k % 2 == 1, 1.0, -1.0)
    return Network(
        [
            Dense.from_arrays(np.ones((n, n)), 0.5 - k, "step"),
            Dense.from_arrays(signs[:, None], [-0.5], "step"),
        ]
    )


@quiet
def deep_parity_network(n: int) -> Network:
    """y = x1 xor .. xor xn as a tree of pairs: ceil(log2 n) hidden layers (H-22, H-32).

    s xor t = [s + t > 1/2] - [s + t > 3/2], a difference that the next layer's weights take; an odd one
    passes through a unit of its own. Hidden units: 2 (n - 1), and at most one more in each layer.

    Parameters
    ----------
    n : int
        From 1 to 4096.

    Examples
    --------
    >>> deep_parity_network(4).layers
    (Dense(4, 4, "step"), Dense(4, 2, "step"), Dense(2, 1, "step"))
    """
    n = whole_number(n, "n", "deep_parity_network", most=_MOST, remedy=_TOO_LARGE)
    pair = Joint(np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([[1.0], [-1.0]]))
    alone = Joint(np.ones((1, 1)), np.array([-0.5]), np.ones((1, 1)))
    layers, last = paired(n, pair, alone, "step")
    return Network([*layers, Dense.from_arrays(last, [-0.5], "step")])
