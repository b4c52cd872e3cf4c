"""A network in a few words."""

from __future__ import annotations

import re

from ..layers import Softmax
from ..network import Network
from ..record import Record


def network_words(net: Network, record: Record) -> str:
    """Widths, a softmax by name, and the loss: 13-5-3 softmax, cross entropy.

    Examples
    --------
    >>> from ..layers import Dense
    >>> from ..losses import CrossEntropy
    >>> net = Network([Dense(3, 2), Softmax()], loss=CrossEntropy())
    >>> network_words(net, net.forward([0.1, 0.2, 0.3], 1))
    '3-2 softmax, cross entropy'
    """
    kept = [0] + [k for k, layer in enumerate(net.layers, 1) if not isinstance(layer, Softmax)]
    widths = "-".join(str(record.activation(k).shape[-1]) for k in kept)
    soft = " softmax" if any(isinstance(layer, Softmax) for layer in net.layers) else ""
    loss = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(net.loss).__name__).lower() if net.loss else "no loss"
    return f"{widths}{soft}, {loss}"
