"""XOR by hand: no single unit has it, and a hidden layer of two, of one, or without biases does."""

from __future__ import annotations

from ..layers import Dense, Residual
from ..network import Network


def xor_network() -> Network:
    """y = [x1 or x2] and not [x1 and x2], by 2 hidden threshold units: 2-2-1 (H-21).

    No single threshold unit computes it: the four inequalities of its weights contradict each other (H-20).

    Examples
    --------
    >>> xor_network()([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).ravel()
    array([0., 1., 1., 0.])
    """
    return Network(
        [
            Dense.from_arrays([[1.0, 1.0], [1.0, 1.0]], [-0.5, -1.5], "step"),
            Dense.from_arrays([[1.0], [-1.0]], [-0.5], "step"),
        ]
    )


def xor_shortcut_network() -> Network:
    """y = [x1 + x2 - 2 h > 1/2] with h = [x1 + x2 > 3/2]: 1 hidden threshold unit and shortcuts (H-21).

    The inputs reach the output unit past the hidden one: a linear layer spreads -h, and `Residual` adds
    the inputs to it.

    Examples
    --------
    >>> xor_shortcut_network()([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).ravel()
    array([0., 1., 1., 0.])
    """
    return Network(
        [
            Dense.from_arrays([[1.0], [1.0]], [-1.5], "step"),
            Dense.from_arrays([[-1.0, -1.0]]),
            Residual(0),
            Dense.from_arrays([[1.0], [1.0]], [-0.5], "step"),
        ]
    )


def xor_without_bias_network() -> Network:
    """y = sigma(200 sigma(10 (x1 + x2)) - 250 sigma(x1 + x2)), 2 hidden units and no bias anywhere (E-18).

    The first slides leave open whether XOR needs a bias. It does not: y is 0, 1, 1 and 0 to within 1e-7.
    What is rare is to learn such weights, as bias-free training seldom finds them.

    Examples
    --------
    >>> xor_without_bias_network()([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).ravel().round(6)
    array([0., 1., 1., 0.])
    """
    return Network(
        [
            Dense.from_arrays([[10.0, 1.0], [10.0, 1.0]], None, "sigmoid"),
            Dense.from_arrays([[200.0], [-250.0]], None, "sigmoid"),
        ]
    )
