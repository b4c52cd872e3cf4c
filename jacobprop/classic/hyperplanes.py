"""A unit as a hyperplane: its threshold as a bias, its bias as a weight of an input that is 1."""

from __future__ import annotations

import numpy as np

from ..activations import Activation
from ..arrays import Array, as_array, as_cases, freeze, quiet, real_number
from ..errors import OptionError, ShapeError, shown
from ..layers import Dense
from ..network import Network


@quiet
def homogeneous(X: object) -> Array:
    """(x_1, ..., x_n, 1): with w_{n+1} = b the hyperplane w x + b = 0 goes through the origin.

    Parameters
    ----------
    X : array (n,) or (cases, n)

    Returns
    -------
    array (n + 1,) or (cases, n + 1)
        Read-only.

    Raises
    ------
    ShapeError, DTypeError, EmptyBatchError
        No cases.

    Examples
    --------
    >>> homogeneous([[2.0, 3.0], [4.0, 5.0]])
    array([[2., 3., 1.],
           [4., 5., 1.]])

    Source: seed row H-41.
    """
    x = as_cases(X, "X", None, "homogeneous")
    return freeze(np.concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], axis=-1))


@quiet
def soft_perceptron(weights: object, threshold: float, activation: str | Activation = "sigmoid") -> Network:
    """y = f(sum_i w_i x_i - T): the perceptron with real inputs and a real output, as a network of one unit.

    Parameters
    ----------
    weights : array (n,)
    threshold : float
        T, which is the bias -T.
    activation : str or Activation
        f; the sigmoid by default, whose output may be read as the probability of firing.

    Raises
    ------
    ShapeError, OptionError, DTypeError, NonFiniteError, UnknownNameError
        No vector of finite weights, no finite threshold, or no such activation.

    Examples
    --------
    >>> unit = soft_perceptron([2.0, -1.0], 0.5)
    >>> unit.parameters["b1"], unit([0.25, 0.0])
    (array([-0.5]), array([0.5]))

    Source: seed rows H-14, H-24, H-25.
    """
    where = "soft_perceptron"
    w = as_array(weights, "weights", where)
    if w.ndim != 1 or not w.size:
        raise ShapeError(
            "a unit has one weight for each input",
            where=where,
            got=f"shape {w.shape}",
            expected="(n,), n at least 1",
            remedy="Dense.from_arrays(W, b) makes a layer of several units.",
        )
    T = real_number(threshold)
    if not np.isfinite(T):
        raise OptionError(
            "the threshold must be a finite number",
            where=where,
            got=shown(threshold),
            expected="T, such as 0.5",
            remedy="The unit's bias is -T.",
        )
    return Network([Dense.from_arrays(w[:, None], np.array([-T], w.dtype), activation)])
