"""Whether a rule may do without f': where f never falls, the sign of the error is enough (D-05)."""

import numpy as np

from ..activations import Activation, get
from ..arrays import quiet

_GRID = np.linspace(-40.0, 40.0, 3201)


@quiet
def monotone(activation: str | Activation) -> bool:
    """f'(z) >= 0 on a grid of sums from -40 to 40, 1/40 apart: f never falls there.

    The Widrow-Hoff rule raises a weight whose input is positive when the output is too low, whatever the
    slope: right where f rises, wrong where it falls (seed row D-05).

    Raises
    ------
    UnknownNameError
        No such activation.

    Examples
    --------
    >>> monotone("tanh"), monotone("silu")
    (True, False)
    """
    return bool((get(activation).derivative(_GRID) >= 0).all())
