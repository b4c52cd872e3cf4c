"""A network to begin with (seed row N-13)."""

from __future__ import annotations

import sys
from itertools import pairwise

from ..arrays import whole_number
from ..jacobians.limit import check_dense
from ..layers import Dense, Softmax
from ..losses import CrossEntropy
from ..network import Network

_MOST = 10_000


def default_architecture(
    n_features: int, n_classes: int, *, hidden_layers: int = 1, width: int | None = None, seed: int = 0
) -> Network:
    """A unit for each feature, one hidden layer, or several of equal width, and a unit for each class.

    Hidden units are tanh, the output softmax under cross-entropy. Seed 004 says of the width that more
    units are usually better, seed 000 that the fewest are best (D-80), and neither gives a number.

    Parameters
    ----------
    n_features, n_classes : int
        The columns of X, and how many labels there are.
    hidden_layers : int
        How many, 0 or more.
    width : int, optional
        Of each hidden layer: by default the larger of the two numbers.
    seed : int
        For the initial parameters.

    Raises
    ------
    OptionError
        No whole numbers, fewer than two classes, or more than 10,000 hidden layers.
    DenseLimitError
        The weights would take more than 1 GiB; nothing was allocated.

    Examples
    --------
    >>> default_architecture(13, 3, width=5)
    Network([Dense(13, 5, "tanh"), Dense(5, 3, "identity"), Softmax()], loss=CrossEntropy())
    >>> len(default_architecture(13, 3, hidden_layers=2).layers)
    4
    """
    where = "default_architecture"
    n_in = whole_number(n_features, "n_features", where, remedy="It is the number of columns of X.")
    n_out = whole_number(n_classes, "n_classes", where, least=2, remedy="One class leaves nothing to learn.")
    depth = whole_number(
        hidden_layers, "hidden_layers", where, least=0, most=_MOST, remedy="One is the usual number."
    )
    wide = max(n_in, n_out) if width is None else whole_number(width, "width", where, remedy="Leave it out.")
    weights = n_in * wide + (depth - 1) * wide**2 + wide * n_out if depth else n_in * n_out
    check_dense(min(8 * weights, sys.maxsize), where, remedy="Take fewer layers, or narrower ones.")
    hidden = [Dense(n, m, "tanh") for n, m in pairwise([n_in] + [wide] * depth)]
    top = Dense(wide if depth else n_in, n_out)
    return Network([*hidden, top, Softmax()], CrossEntropy(), seed=seed)
