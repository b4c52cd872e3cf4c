"""For the test suites of people who write their own layers, losses, activations and gradients.

Each function raises CheckFailed, an AssertionError, with a text that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .activations import Activation
from .checking import Diagnosis, Report, check, diagnose
from .checking import check_vjp as compare_vjp
from .errors import CheckFailed, OptionError
from .layers import Layer
from .losses import Loss
from .record import Record

__all__ = ["assert_gradients", "check_activation", "check_layer", "check_loss", "check_vjp"]


def check_layer(layer: Layer, X: object = None, *, seed: int = 0) -> Report:
    """Every factor of a layer is the derivative of its own forward.

    Parameters
    ----------
    layer : Layer
        An object, not the class.
    X : array or tuple of arrays, optional
        Its inputs; by default a few random cases of its width.
    seed : int
        For what is drawn, parameters included.

    Returns
    -------
    Report
        What was compared.

    Raises
    ------
    CheckFailed
        A factor is wrong, or forward raised: the text is the report.

    Examples
    --------
    >>> from jacobprop import Dense
    >>> bool(check_layer(Dense(3, 2, "tanh")))
    True
    """
    return _passed(layer, Layer, "check_layer", X, None, seed)


def check_loss(loss: Loss, Y: object = None, T: object = None, *, seed: int = 0) -> Report:
    """The row of a loss, and the fused head of one with a gate, are derivatives of its value.

    Parameters are as for `check_layer`, with outputs Y and targets T.
    """
    return _passed(loss, Loss, "check_loss", Y, T, seed)


def check_activation(activation: Activation, *, seed: int = 0) -> Report:
    """f' and f'' of an activation are the derivatives of f, in saturation and at its corners too."""
    return _passed(activation, Activation, "check_activation", None, None, seed)


def check_vjp(
    forward: Callable[..., Any], backward: Callable[..., Any], *arrays: object, seed: int = 0
) -> Report:
    """A backward function is the adjoint of a forward function; see ``jacobprop.check_vjp``."""
    report = compare_vjp(forward, backward, *arrays, seed=seed)
    report.raise_if_failed()
    return report


def assert_gradients(candidate: Mapping[str, object], record: Record) -> Diagnosis:
    """Gradients coded by hand are those of a record, or the text names the mistake.

    Parameters
    ----------
    candidate : mapping
        {"W1": array, ...}: every parameter of the network.
    record : Record
        ``net.forward(X, T)`` with the same numbers.

    Raises
    ------
    CheckFailed
        A gradient is wrong or missing.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 2)], jp.SquaredError())
    >>> record = net.forward([1.0, 2.0, 3.0], [0.0, 1.0])
    >>> assert_gradients(record.gradients(), record).kind
    'ok'
    """
    found = diagnose(candidate, record)
    if not found:
        raise CheckFailed(str(found).rstrip("."), where="assert_gradients")
    return found


def _passed(subject: object, kind: type, where: str, X: object, T: object, seed: int) -> Report:
    if not isinstance(subject, kind):
        raise OptionError(
            f"the first argument is no {kind.__name__}",
            where=where,
            got=repr(subject) if isinstance(subject, type) else type(subject).__name__,
            expected=f"an object of a subclass of {kind.__name__}",
            remedy="Create it with parentheses.",
        )
    report = check(subject, X, T, seed=seed)  # type: ignore[arg-type]  # one of the four kinds
    report.raise_if_failed()
    return report
