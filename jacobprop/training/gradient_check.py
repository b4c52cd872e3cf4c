"""A gradient against central differences, as one unrolled vector: DVec and gradApprox (N-11, N-12, S-24).

gradApprox_k = (L(v + h e_k) - L(v - h e_k)) / 2h        v = net.vector
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, as_array, quiet, real_number
from ..delta import DeltaRule
from ..differences import central_differences
from ..errors import OptionError, ShapeError, UnknownNameError, shown
from ..network import Network, require_network
from .plain import plain

TOLERANCE = 1e-7
_NOTHING = 1e-5
"""Of the loss: differences resolve 1e-12 of it, which is 1e-7 of a gradient of this size."""


def flatten(net: Network, arrays: Mapping[str, object]) -> Array:
    """DVec: arrays shaped like the parameters as one vector, in the order of ``net.vector``.

    Raises
    ------
    OptionError, UnknownNameError, ShapeError, DTypeError
        No mapping, a name that is missing or does not exist, another shape, or no numbers.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> net = Network([Dense(3, 2)])
    >>> flatten(net, {"b1": [7.0, 8.0], "W1": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})
    array([1., 2., 3., 4., 5., 6., 7., 8.])
    """
    require_network(net, "flatten")
    given = net._given(arrays)
    if missing := [name for name in net.parameters if name not in given]:
        raise UnknownNameError(
            f"{missing[0]} is missing",
            where="flatten",
            got=", ".join(given) or "nothing",
            expected=", ".join(net.parameters),
            remedy="A vector holds an entry for every parameter.",
        )
    parts = [given[name].ravel() for name in net.parameters]
    return np.concatenate(parts) if parts else np.empty(0, net.dtype)


def unflatten(net: Network, vector: object) -> dict[str, Array]:
    """{"W1": array, "b1": array, ..} from one vector: the inverse of `flatten`, as views.

    Raises
    ------
    ShapeError, DTypeError
        Another length, or no numbers.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> unflatten(Network([Dense(1, 2)]), [1.0, 2.0, 3.0, 4.0])
    {'W1': array([[1., 2.]]), 'b1': array([3., 4.])}
    """
    require_network(net, "unflatten")
    array = as_array(vector, "the vector", "unflatten")
    if array.shape != (net.size,):
        raise ShapeError(
            "the vector has an entry for each number among the parameters",
            where="unflatten",
            got=f"shape {array.shape}",
            expected=f"({net.size},)",
            remedy="net.slices says what lies where.",
        )
    return {name: array[net.slices[name]].reshape(a.shape) for name, a in net.parameters.items()}


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """How far a gradient is from central differences; true if that is within the tolerance.

    Attributes
    ----------
    error : float
        |DVec - gradApprox| / (|DVec| + |gradApprox|), Euclidean norms of the whole vectors.
    tolerance : float
    errors : dict
        {parameter: its part of the error}, on the same scale.
    approximation : array (p,)
        gradApprox.
    """

    error: float
    tolerance: float
    errors: Mapping[str, float]
    approximation: Array

    def __bool__(self) -> bool:
        return self.error <= self.tolerance  # never for nan

    def __repr__(self) -> str:
        worst = max(self.errors, key=lambda name: np.nan_to_num(self.errors[name], nan=np.inf), default="")
        verdict = "holds" if self else f"differs, most in {worst}"
        return f"<GradientCheck: {verdict}, relative error {self.error:.2g}>"


@quiet
def check_gradients(
    net: Network,
    X: object,
    T: object,
    gradients: Mapping[str, object] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> GradientCheck:
    """|DVec - gradApprox| / (|DVec| + |gradApprox|) <= 1e-7: the slides' check of somebody's backprop.

    One number for the whole gradient, from losses alone: 18 passes for each parameter, so check before
    training and never during it; `fit` calls no check. `jacobprop.check` asks several independent
    witnesses about every factor and says where a mistake is, `jacobprop.diagnose` says which one.
    A gradient below 1e-5 of the loss, all in all, is measured on that scale instead, for it would be lost
    in the rounding of the losses.

    Parameters
    ----------
    net : Network
        With a loss, and without random layers: ``net.in_training(seed)`` holds its masks.
    X, T : as for ``Network.forward``
    gradients : mapping, optional
        {parameter: array}: those to be checked, by default those of `DeltaRule`.
    tolerance : float

    Raises
    ------
    MissingTargetError
        The network has no loss.
    OptionError, UnknownNameError, ShapeError, DTypeError
        Arrays that do not fit the network, or expressions.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> from jacobprop.losses import SquaredError
    >>> net = Network([Dense(2, 3, "tanh"), Dense(3, 1)], SquaredError())
    >>> X, T = [[0.5, -1.0], [1.0, 2.0]], [[1.0], [0.0]]
    >>> bool(check_gradients(net, X, T))
    True
    >>> wrong = net.forward(X, T).gradients() | {"b1": [0.0, 0.0, 0.0]}
    >>> check_gradients(net, X, T, wrong)  # doctest: +ELLIPSIS
    <GradientCheck: differs, most in b1, relative error 0...>
    """
    require_network(net, "check_gradients")
    limit = real_number(tolerance)
    if not 0 < limit < np.inf:
        raise OptionError(
            "the tolerance is a relative error",
            where="check_gradients",
            got=shown(tolerance),
            expected="a small number above 0",
            remedy="Leave it out for 1e-7.",
        )
    exact = net.astype(np.float64)
    loss, own = DeltaRule(exact).gradients(X, T)
    analytic = flatten(net, own if gradients is None else gradients)
    plain(analytic, "the gradient", "check_gradients")
    numeric = central_differences(lambda v: exact.with_vector(v).forward(X, T).loss, exact.vector)
    scale = max(_norm(analytic) + _norm(numeric), _NOTHING * abs(loss)) or 1.0
    apart = unflatten(net, analytic - numeric)
    errors = {name: _norm(array) / scale for name, array in apart.items()}
    return GradientCheck(_norm(analytic - numeric) / scale, limit, errors, numeric)


def _norm(array: Array) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))
