"""Gradient descent: batch, incremental and minibatch are one loop with three batch sizes.

w <- w - learning_rate * dL/dw        (seed rows D-15 to D-19, B-35; mind E-15: sum or mean)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..arrays import Array, quiet, real_number, whole_number
from ..delta import DeltaRule
from ..errors import MissingTargetError, NonFiniteError, OptionError, ShapeError, shown
from ..network import Network, require_network


@dataclass(frozen=True, repr=False)
class History:
    """The losses of a training run; entry 0 is before the first epoch.

    Attributes
    ----------
    train, held_out : list of float
        One loss an epoch; `held_out` is empty without held-out cases.
    """

    train: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    def __repr__(self) -> str:
        runs = (("train", self.train), ("held out", self.held_out))
        losses = ", ".join(f"{name} {run[0]:.6g} -> {run[-1]:.6g}" for name, run in runs if run)
        return f"<History: {len(self.train) - 1} epochs, {losses}>"


@dataclass(frozen=True, repr=False)
class Fit:
    """What `fit` returns.

    Attributes
    ----------
    network : Network
        The trained network.
    history : History
        Its losses, epoch by epoch.
    """

    network: Network
    history: History

    def __repr__(self) -> str:
        return f"<Fit: {self.network!r}, {self.history!r}>"


Progress = Callable[[int, float, float | None], None]


@quiet
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
        Called with (epoch, train loss, held-out loss or None) after every epoch. If it raises
        StopIteration, this epoch was the last.

    Raises
    ------
    NonFiniteError
        A parameter left the finite numbers.
    OptionError
        `epochs`, `batch_size`, `learning_rate` or `seed` means nothing.
    MissingTargetError, ShapeError, DTypeError
        No loss, no targets, a single case, or arrays that do not fit.

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
    if held_out is not None and (not isinstance(held_out, tuple | list) or len(held_out) != 2):
        raise OptionError(
            "held_out is a pair of inputs and targets",
            where="fit",
            got=type(held_out).__name__,
            expected="(X, T)",
            remedy="Split the data first: X[:n], X[n:].",
        )
    if progress is not None and not callable(progress):
        raise OptionError(
            "progress is called after every epoch",
            where="fit",
            got=shown(progress),
            expected="a function of (epoch, train loss, held-out loss or None)",
            remedy="Leave it out, or pass such as lambda epoch, train, held_out: print(epoch, train).",
        )
    cases, where = len(x), "fit"
    epochs = whole_number(epochs, "epochs", where, least=0, remedy="An epoch is one pass over all cases.")
    size = (
        cases
        if batch_size is None
        else whole_number(
            batch_size, "batch_size", where, remedy="None takes all cases at once, 1 updates after each case."
        )
    )
    rate = _learning_rate(learning_rate)
    rng = np.random.default_rng(
        whole_number(seed, "seed", where, least=0, remedy="The same seed draws the same order of cases.")
    )
    rule, history = DeltaRule(net), History()
    parameters = {name: array.copy() for name, array in net.parameters.items()}
    _note(history, net, (x, target), held_out)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(cases) if shuffle and size < cases else np.arange(cases)
        for start in range(0, cases, size):
            batch = order[start : start + size] if size < cases else slice(None)
            _, gradient = rule.gradients(x[batch], target[batch], parameters, copy=False)
            for name, array in parameters.items():
                array -= array.dtype.type(rate) * gradient[name]
            _check_finite(parameters, epoch, rate)
        net = net.with_parameters(parameters)
        _note(history, net, (x, target), held_out)
        if progress is not None:
            try:
                progress(epoch, history.train[-1], history.held_out[-1] if history.held_out else None)
            except StopIteration:
                break
    return Fit(net, history)


def _stack(net: Network, X: object, T: object) -> tuple[Array, Array]:
    """X and T as stacks of cases, validated once."""
    require_network(net, "fit")
    if net.loss is None:
        raise MissingTargetError(
            "the network has no loss",
            where="fit",
            expected="a network with a loss",
            remedy="Build jp.Network(layers, loss=...).",
        )
    record = net.forward(X, T)
    if record.target is None:
        raise MissingTargetError(
            "training needs targets",
            where="fit(X, T)",
            got="T=None",
            expected="a target for each case",
            remedy="Pass integer labels, or rows shaped like the output.",
        )
    if record.cases is None:
        raise ShapeError(
            "training needs a stack of cases",
            where="fit(X, T)",
            got=f"X of shape {record.activation(0).shape}",
            expected="X of shape (cases, n_in)",
            remedy="Pass X[None, :] for a single case.",
        )
    return record.activation(0), record.target


def _learning_rate(value: object) -> float:
    """A finite number."""
    rate = real_number(value)
    if not np.isfinite(rate):
        raise OptionError(
            "the learning rate must be a finite number",
            where="fit",
            got=shown(value),
            expected="a number such as 0.1",
            remedy="Start small and double it while the loss falls.",
        )
    return rate


def _check_finite(parameters: dict[str, Array], epoch: int, learning_rate: float) -> None:
    for name, array in parameters.items():
        if not np.isfinite(array).all():
            raise NonFiniteError(
                f"training diverged: {name} is no longer finite",
                where=f"fit, epoch {epoch}",
                got=f"learning_rate={learning_rate}",
                expected="a loss that falls",
                remedy="Lower the learning rate, scale the inputs, or look for nan among them.",
            )


def _note(
    history: History, net: Network, train: tuple[Array, Array], held_out: tuple[object, object] | None
) -> None:
    history.train.append(net.forward(*train).loss)
    if held_out is not None:
        history.held_out.append(net.forward(*held_out).loss)
