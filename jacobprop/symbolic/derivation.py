"""jp.derive: the formulas of a layer or a network."""

from __future__ import annotations

from typing import overload

from ..arrays import quiet
from ..errors import OptionError, shown
from ..layers import Layer
from ..names import Names
from ..network import Network
from .derived_layer import DerivedLayer
from .derived_network import DerivedNetwork
from .letter_pass import LetterPass


@overload
def derive(layer_or_network: Layer, *, n_in: int | None = None) -> DerivedLayer: ...
@overload
def derive(layer_or_network: Network, *, n_in: int | None = None) -> DerivedNetwork: ...
@quiet
def derive(layer_or_network: object, *, n_in: int | None = None) -> DerivedLayer | DerivedNetwork:
    """J_Y, J_W, J_b of a layer, or J_W^L of a network, as a slide writes them: z1(1-z1) x1 y1(1-y1) w11.

    Only shapes and activations count: the numbers in the parameters are replaced by letters, and those of
    a batch normalisation by mean(y1) and s(y1).

    Parameters
    ----------
    layer_or_network : Layer or Network
        For a layer alone the input is Y and the output Z. A layer of your own works if its code runs on
        object arrays of sympy symbols.
    n_in : int, optional
        The width of the input where the layers take any, such as Softmax; 3 by default.

    Returns
    -------
    DerivedLayer or DerivedNetwork
        Prints itself, shows itself in notebooks, and proves itself by ``.verify()``.

    Raises
    ------
    OptionError
        Neither a layer nor a network.
    UnsupportedLayerError
        Code that does not run on symbols, an activation without a sympy expression, or a network in
        training.
    DenseLimitError
        More than 2,000 entries in one array.

    Examples
    --------
    >>> from jacobprop import Dense
    >>> print(derive(Dense(2, 1, "tanh")))
    Z = tanh(Y W + b)
    <BLANKLINE>
    J_Sum^Z = [ 1 - z1^2 ]
    <BLANKLINE>
    J_Y^Z = [ (1-z1^2) w11  (1-z1^2) w21 ]
    <BLANKLINE>
    J_W^z1 = [ (1-z1^2) y1 ]
             [ (1-z1^2) y2 ]
    <BLANKLINE>
    J^_W^Z = [ (1-z1^2) y1 ]
             [ (1-z1^2) y2 ]
    <BLANKLINE>
    J_b^Z = J_Sum^Z
    """
    if isinstance(layer_or_network, Network):
        return DerivedNetwork(LetterPass(layer_or_network, n_in))
    if isinstance(layer_or_network, Layer):
        return DerivedLayer(LetterPass(_alone(layer_or_network), n_in), 1)
    raise OptionError(
        "only a layer or a network can be derived",
        where="derive",
        got=shown(layer_or_network),
        expected="a Layer or a Network",
        remedy='For example jp.derive(jp.Dense(3, 2, "sigmoid")).',
    )


def _alone(layer: Layer) -> Network:
    """A network of this layer, with the slide's letters: Y below, Z above, S its sum, W and b as they are."""
    net = Network([layer])
    slots = {f"{slot}1": slot for slot in net.architecture.slots[0]}
    letters = {"a0": "Y", "a1": "Z", "z1": "S"} | slots
    if len(set(letters.values())) == len(letters):
        net.architecture.names = Names(net.architecture.nodes, letters)
    return net
