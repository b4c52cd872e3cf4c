"""What a caller hands to a trainer: plain values, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ..arrays import Array, real_number, whole_number
from ..errors import DTypeError, MissingTargetError, OptionError, ShapeError, shown
from ..histories import HeldOut, require_held_out
from ..layers.batch_norm import BatchNormInTraining
from ..layers.dropout import DropoutInTraining
from ..network import Network, require_network
from ..record import Record

Callback: TypeAlias = Callable[[Network, int], object]
"""Called with the network and the epoch; raises StopIteration to end the training."""


def stack(net: Network, X: object, T: object) -> tuple[Array, Array]:
    """X and T as stacks of cases, validated once."""
    require_network(net, "fit")
    _check_form(net)
    if net.loss is None:
        raise MissingTargetError(
            "the network has no loss",
            where="fit",
            expected="a network with a loss",
            remedy="Build jp.Network(layers, loss=...).",
        )
    record = _with_floats(net, X, T, "fit(X, T)")
    if record.target is None:
        raise MissingTargetError(
            "training needs targets",
            where="fit(X, T)",
            got="T=None",
            expected="a target for each case",
            remedy="Pass integer labels, or rows shaped like the output.",
        )
    if record.activation(0).ndim == 1:
        raise ShapeError(
            "training needs a stack of cases",
            where="fit(X, T)",
            got=f"X of shape {record.activation(0).shape}",
            expected="X of shape (cases, n_in)",
            remedy="Pass X[None, :] for a single case.",
        )
    return record.activation(0), record.target


def _check_form(net: Network) -> None:
    """Refuse what `in_training` has made of a network."""
    for number, layer in enumerate(net.layers, 1):
        if isinstance(layer, BatchNormInTraining | DropoutInTraining):
            raise OptionError(
                "the network is one step of a training: its masks are drawn, its statistics a batch's",
                where=f"fit: {net.architecture.where(number)}",
                got="what net.in_training() returns",
                expected="a network that the training can begin with",
                remedy="Pass net itself: fit calls in_training at each update.",
            )


def check_held_out(net: Network, held_out: HeldOut) -> None:
    """Refuse held-out cases whose loss is no number."""
    require_held_out(held_out, "fit")
    if held_out is not None:
        _with_floats(net, *held_out, "fit(held_out=)")


def _with_floats(net: Network, X: object, T: object, where: str) -> Record:
    """The record of a pass, which has no expressions."""
    record = net.forward(X, T)
    if record.dtype.kind == "O":
        raise DTypeError(
            "training computes with floats",
            where=where,
            got="sympy expressions",
            expected="floats",
            remedy="Substitute numbers first.",
        )
    return record


def number(
    value: object,
    what: str,
    where: str,
    expected: str,
    holds: Callable[[float], bool],
    remedy: str = "Leave it out for the default.",
) -> float:
    """A finite number that the condition holds for; `expected` is the condition in words."""
    found = real_number(value)
    if not (np.isfinite(found) and holds(found)):
        raise OptionError(
            f"{what} must be a number", where=where, got=shown(value), expected=expected, remedy=remedy
        )
    return found


def not_negative(value: object, what: str, where: str) -> float:
    """A finite number, 0 or more."""
    return number(value, what, where, "0 or more", lambda found: found >= 0)


def yes_or_no(value: object, what: str, where: str, default: bool) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool):
        raise OptionError(
            f"{what} is yes or no",
            where=where,
            got=shown(value),
            expected="True or False",
            remedy=f"Leave it out for {default}.",
        )
    return bool(value)


def learning_rate(value: object, where: str) -> float:
    """A finite number, not below 0, where descent would climb."""
    rate = real_number(value)
    if not 0 <= rate < np.inf:
        raise OptionError(
            "the learning rate must be a finite number, 0 or more",
            where=where,
            got=shown(value),
            expected="a number such as 0.1",
            remedy="Start small and double it while the loss falls.",
        )
    return rate


def schedule(value: object) -> Callable[[int], float]:
    """A learning rate for each epoch."""
    if callable(value) and not isinstance(value, type):
        given = value
        return lambda epoch: learning_rate(given(epoch), f"fit, learning_rate({epoch})")
    rate = learning_rate(value, "fit")
    return lambda epoch: rate


def batch_size(net: Network, cases: int, value: object) -> int:
    """Cases between two updates, all of them for None; at least two where a layer couples the cases."""
    if value is None:
        size = cases
    else:
        remedy = "None takes all cases at once, 1 updates after each case."
        size = whole_number(value, "batch_size", "fit", remedy=remedy)
    if (size == 1 or cases % size == 1) and net.in_training().architecture.couples_cases:
        raise OptionError(
            "batch normalisation cannot learn from a minibatch of one case",
            where="fit",
            got=f"{cases} cases and batch_size={size}",
            expected="at least two cases in each minibatch, the last one too",
            remedy=_enough(cases, size),
        )
    return size


def _enough(cases: int, size: int) -> str:
    """How to have no minibatch of one case."""
    if cases == 1:
        return "Pass at least two cases."
    fitting = next((m for m in range(max(size, 2), cases) if cases % m != 1), None)
    return f"Take such as batch_size={fitting}, or leave it out." if fitting else "Leave batch_size out."


def callbacks(given: object) -> tuple[Callback, ...]:
    """The functions to call after every epoch."""
    found = given if isinstance(given, tuple | list) else None
    if found is None or not all(callable(each) and not isinstance(each, type) for each in found):
        raise OptionError(
            "callbacks are functions that see the network",
            where="fit",
            got=shown(given),
            expected="a sequence of functions of (network, epoch)",
            remedy="Pass [callback] for a single one, such as [jp.training.Monitor(X, T)].",
        )
    return tuple(found)
