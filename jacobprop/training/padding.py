"""All hidden layers padded to one width, and the mask that keeps the padding out of training (M-06).

Seed 003 sets w, b, z and a of a unit beyond the layer's own to 0. Its a is f(0), which for a sigmoid is 1/2
(E-40): with zero weights leaving it nothing is seen of that, but their gradient is delta / 2, so after one
update the padding takes part. Hence the mask.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from ..arrays import Array, freeze, quiet, whole_number
from ..errors import UnsupportedLayerError
from ..jacobians.limit import check_dense
from ..layers import Dense, LogSoftmax, Softmax
from ..network import Network, require_network
from .gradient_check import flatten


class Padded(NamedTuple):
    """What `pad` returns.

    Attributes
    ----------
    network : Network
        With zero weights from and to the padding.
    mask : array (p,)
        1 for the parameters of the network as it was, 0 for those of the padding.
    """

    network: Network
    mask: Array


@quiet
def pad(net: Network, width: int | None = None) -> Padded:
    """The same function with `width` units in every hidden layer, those beyond the layer's own masked out.

    ``fit(padded.network, X, T, optimizer=Masked(padded.mask))`` trains it as the network itself is trained:
    the padding stays 0, and both go on computing the same. Without the mask they do not, unless f(0) = 0, as
    for tanh and relu. Input and output keep their widths, which belong to the data.
    Letters and the names of layers stay as well.

    Parameters
    ----------
    net : Network
        Dense layers, one above the other; a softmax may be the last.
    width : int, optional
        By default the largest width of a hidden layer.

    Raises
    ------
    UnsupportedLayerError
        Another layer, or one that reads anything but the layer below.
    OptionError
        There is no network, or `width` is less than the largest.
    DenseLimitError
        The weights would take more than 1 GiB; nothing was allocated.

    Examples
    --------
    >>> net = Network([Dense(2, 3, "sigmoid"), Dense(3, 4, "sigmoid"), Dense(4, 1)])
    >>> padded = pad(net)
    >>> {name: array.shape for name, array in padded.network.parameters.items()}
    {'W1': (2, 4), 'b1': (4,), 'W2': (4, 4), 'b2': (4,), 'W3': (4, 1), 'b3': (1,)}
    >>> np.allclose(padded.network([1.0, 2.0]), net([1.0, 2.0]), rtol=1e-14)
    True
    >>> int(padded.mask.sum()), net.size, padded.network.size
    (30, 30, 37)
    """
    require_network(net, "pad")
    dense = _dense_layers(net)
    least = max((layer.n_out for layer in dense[:-1]), default=1)
    wide = (
        least
        if width is None
        else whole_number(width, "width", "pad", least=least, remedy="The widest hidden layer stays whole.")
    )
    weights = (dense[0].n_in + dense[-1].n_out) * wide + max(len(dense) - 2, 0) * wide**2
    check_dense(min(8 * weights, sys.maxsize), "pad", remedy="Take a smaller width.")
    arrays, masks = {}, {}
    for number, layer in enumerate(dense, 1):
        n = layer.n_in if number == 1 else wide
        m = layer.n_out if number == len(dense) else wide
        for name, shape in ((f"W{number}", (n, m)), (f"b{number}", (m,))):
            if name in net.parameters:
                old = net.parameters[name]
                arrays[name] = _corner(old, shape)
                masks[name] = _corner(np.ones(old.shape), shape)
    layers = [
        Dense.from_arrays(arrays[f"W{number}"], arrays.get(f"b{number}"), layer.activation)
        for number, layer in enumerate(dense, 1)
    ]
    for wide_layer, layer in zip(layers, dense, strict=True):
        wide_layer.name = layer.name
    letters = net.architecture.names.letters
    padded = Network(
        [*layers, *net.layers[len(dense) :]],
        net.loss,
        names=[letter for name, letter in letters.items() if name.startswith("a")] or None,
        weights=[letter for name, letter in letters.items() if name.startswith("W")] or None,
        dtype=net.dtype,
    )
    return Padded(padded, freeze(flatten(padded, masks)))


def _corner(array: Array, shape: tuple[int, ...]) -> Array:
    """The array in the first corner of zeros."""
    found = np.zeros(shape, array.dtype)
    found[tuple(slice(n) for n in array.shape)] = array
    return found


def _dense_layers(net: Network) -> list[Dense]:
    """The Dense layers of a plain stack of them, without the softmax on top."""
    body = net.layers[:-1] if type(net.layers[-1]) in (Softmax, LogSoftmax) else net.layers
    found = [layer for layer in body if type(layer) is Dense]
    if len(found) < len(body) or not found or any(tuple(layer.inputs) != (-1,) for layer in net.layers):
        odd = next((n for n, layer in enumerate(body, 1) if type(layer) is not Dense), len(net.layers))
        raise UnsupportedLayerError(
            "padding is defined for Dense layers, one above the other",
            where=f"pad: {net.architecture.where(odd)}",
            got=repr(net),
            expected="Dense layers, and a softmax on top or none",
            remedy="Masked(mask) keeps any parameters where they are, in any network.",
        )
    return found
