"""Gradient descent: batch, incremental and minibatch are one loop with three batch sizes.

w <- w - learning_rate * dL/dw        (seed rows D-15 to D-19, B-35; mind E-15: sum or mean)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..delta import DeltaRule
from ..errors import MissingTargetError, NonFiniteError, ShapeError
from ..network import Network


@dataclass(frozen=True)
class History:
    """The losses of a training run; entry 0 is before the first epoch.

    Attributes
    ----------
    train, held_out : list of float
        One loss an epoch; `held_out` is empty without held-out cases.
    """

    train: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)


class Fit(NamedTuple):
    """What `fit` returns: the trained network and its history."""

    network: Network
    history: History


Progress = Callable[[int, float, float | None], None]


def fit(
    net: Network,
    X: object,
    T: object,
    *,
    epochs: int = 100,
    learning_rate: float = 0.1,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    held_out: tuple[object, object] | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Train by gradient descent; `net` itself stays as it is.

    Parameters
    ----------
    net : Network
        With a loss; its reduction decides whether a batch counts as mean or sum.
    X, T : as for ``Network.forward``, a stack of cases
    epochs : int
        Passes over the data.
    learning_rate : float
        The step per unit of gradient.
    batch_size : int, optional
        Cases between two updates: all of them by default (batch), 1 is incremental.
    shuffle : bool
        Whether to order the cases anew each epoch (D-18); without effect on batch training.
    seed : int
        For the shuffling.
    held_out : (X, T), optional
        Cases that only the history sees.
    progress : callable, optional
        Called with (epoch, train loss, held-out loss or None) after every epoch.

    Raises
    ------
    NonFiniteError
        The loss or a parameter left the finite numbers.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> from jacobprop.losses import SquaredError
    >>> net = Network([Dense.from_arrays([[0.0]])], loss=SquaredError())
    >>> trained = fit(net, [[1.0], [2.0]], [[3.0], [6.0]], epochs=200).network
    >>> float(trained.parameters["W1"][0, 0].round(6))
    3.0
    """
    x, target = _stack(net, X, T)
    cases = len(x)
    size = _check_options(cases, epochs, learning_rate, batch_size)
    rng = np.random.default_rng(seed)
    rule, history = DeltaRule(net), History()
    parameters = {name: array.copy() for name, array in net.parameters.items()}
    _note(history, net, (x, target), held_out)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(cases) if shuffle and size < cases else np.arange(cases)
        for start in range(0, cases, size):
            batch = order[start : start + size]
            whole = len(batch) == cases
            _, gradient = rule.gradients(
                x if whole else x[batch], target if whole else target[batch], parameters, copy=False
            )
            for name, array in parameters.items():
                array -= array.dtype.type(learning_rate) * gradient[name]
            _check_finite(parameters, epoch, learning_rate)
        current = net.with_parameters(parameters)
        _note(history, current, (x, target), held_out)
        if progress is not None:
            progress(epoch, history.train[-1], history.held_out[-1] if history.held_out else None)
    return Fit(net.with_parameters(parameters), history)


def _stack(net: Network, X: object, T: object) -> tuple[Array, Array]:
    """X and T as stacks of cases, validated once."""
    if net.loss is None:
        raise MissingTargetError(
            "the network has no loss",
            where="fit",
            expected="a network with a loss",
            remedy="Build jp.Network(layers, loss=...).",
        )
    record = net.forward(X, T)
    if record.cases is None or record.target is None:
        raise ShapeError(
            "training needs a stack of cases" if record.cases is None else "training needs targets",
            where="fit(X, T)",
            got=f"X of shape {record.activation(0).shape}",
            expected="X of shape (cases, n_in) and its targets",
            remedy="Pass X[None, :] for a single case.",
        )
    return record.activation(0), record.target


def _check_options(cases: int, epochs: int, learning_rate: float, batch_size: int | None) -> int:
    """The batch size to use; refuses options that mean nothing."""
    size = cases if batch_size is None else batch_size
    for name, value in (("epochs", epochs), ("batch_size", size)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < (name != "epochs"):
            raise ShapeError(
                f"{name} must be a whole number",
                where="fit",
                got=repr(value),
                expected="1 or more" if name == "batch_size" else "0 or more",
                remedy="batch_size=None takes all cases at once, 1 updates after each case.",
            )
    if not np.isfinite(learning_rate):
        raise NonFiniteError(
            "the learning rate must be finite",
            where="fit",
            got=repr(learning_rate),
            expected="a number such as 0.1",
            remedy="Start small and double it while the loss falls.",
        )
    return int(size)


def _check_finite(parameters: dict[str, Array], epoch: int, learning_rate: float) -> None:
    for name, array in parameters.items():
        if not np.isfinite(array).all():
            raise NonFiniteError(
                f"training diverged: {name} is no longer finite",
                where=f"fit, epoch {epoch}",
                got=f"learning_rate={learning_rate}",
                expected="a loss that falls",
                remedy="Lower the learning rate, or scale the inputs.",
            )


def _note(
    history: History, net: Network, train: tuple[Array, Array], held_out: tuple[object, object] | None
) -> None:
    history.train.append(net.forward(*train).loss)
    if held_out is not None:
        history.held_out.append(net.forward(*held_out).loss)
