"""The product of n numbers, a polynomial of degree n, by ceil(log2 n) layers of squares."""

from __future__ import annotations

import numpy as np

from ..activations import Activation
from ..arrays import quiet, whole_number
from ..layers import Dense
from ..network import Network
from .pairing import Joint, paired

_MOST = 4096


@quiet
def product_network(n: int) -> Network:
    """y = x1 x2 .. xn by a tree of pairs, s t = ((s + t)^2 - (s - t)^2) / 4.

    Hidden layers: ceil(log2 n) (H-32). Hidden units: 2 (n - 1) with f(z) = z^2, and two more in each layer
    where one is left over, s = ((s + 1)^2 - (s - 1)^2) / 4. Exact on whole numbers whose squares a float
    holds. x^n is the product of n copies of x.

    Parameters
    ----------
    n : int
        From 1 to 4096.

    Examples
    --------
    >>> net = product_network(3)
    >>> net([[2.0, 3.0, 7.0], [-1.0, 4.0, 5.0]]).ravel()
    array([ 42., -20.])
    """
    n = whole_number(n, "n", "product_network", most=_MOST, remedy="The weights are dense arrays.")
    quarter = np.array([[0.25], [-0.25]])
    pair = Joint(np.array([[1.0, 1.0], [1.0, -1.0]]), np.zeros(2), quarter)
    alone = Joint(np.ones((1, 2)), np.array([1.0, -1.0]), quarter)
    layers, last = paired(n, pair, alone, Activation.from_expression("z**2", name="square"))
    return Network([*layers, Dense.from_arrays(last)])
