"""`check`: a network, a layer, a loss or an activation against witnesses that share no rule with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import Activation
from ..arrays import Array, as_cases, require_finite, whole_number
from ..errors import DTypeError, MissingTargetError, OptionError, ShapeError, shown
from ..layers import Layer
from ..losses import Loss
from ..network import Network
from .activations import activation_rows
from .drawing import ANY_WIDTH, some_cases, some_input, some_output, some_target
from .layers import layer_rows
from .losses import loss_rows
from .networks import Subject, network_rows
from .point import Point
from .report import Report

_SEED = "The same seed draws the same numbers and directions."


def check(
    subject: Network | Layer | Loss | Activation,
    X: object = None,
    T: object = None,
    *,
    seed: int = 0,
    effort: float = 1.0,
) -> Report:
    """Every factor, product and gradient is what differences, expressions and identities say it is.

    Parameters
    ----------
    subject : Network, Layer, Loss or Activation
        A class of your own too.
    X : array or tuple of arrays, optional
        The input (n,) or (cases, n); for a layer that reads several activations a tuple of arrays; for a
        loss its outputs y; not for an activation. By default a few seeded random cases.
    T : array, optional
        The target, of a network or of a loss.
    seed : int
        For what is drawn.
    effort : float
        How much work may go into differences; 1 is a few seconds for a large network. Of what is too large
        a sample of entries is compared, with random directions through all of them: the rows say so.

    Returns
    -------
    Report
        True if nothing fails; ``str(report)`` is the table.

    Raises
    ------
    NonFiniteError
        X or a parameter holds nan or an infinity: nothing could be compared there.
    CheckFailed
        The code of a layer, a loss or an activation raised an exception of its own.

    Notes
    -----
    Witnesses: adaptive differences in float64 with an error estimate; the complex step for a layer that
    declares ``analytic = True``; an activation's expression in 800 digits, which sees saturated units; the
    adjoint identity <u, J v> = <J^T u, v>; a case alone; a second call. An entry that a witness
    cannot tell from one 0.02 % off is counted and not judged by it. A layer in float32 is compared
    with differences in float64 at the same numbers, one case as well as stacks.
    Where a unit lies at a kink, each factor is judged by the slope chosen there. A product of chosen slopes
    need not lie between the one-sided derivatives of the whole: such a row says "at a kink", and the same
    product or gradient is compared again with all numbers moved by a tenth.

    Examples
    --------
    >>> from jacobprop import CrossEntropy, Dense, Network, Softmax
    >>> net = Network([Dense(4, 3, "tanh"), Dense(3, 2), Softmax()], CrossEntropy())
    >>> report = check(net)
    >>> bool(report)
    True
    >>> print(str(report).splitlines()[0])
    Network 4-3-2-2: 18 factors, 6 products, 4 gradients and 19 properties hold.
    """
    rng = np.random.default_rng(whole_number(seed, "seed", "check", least=0, remedy=_SEED))
    if not isinstance(effort, (int, float)) or isinstance(effort, bool) or not 0 < effort < float("inf"):
        raise OptionError(
            "effort must be a positive number",
            where="check",
            got=shown(effort),
            expected="such as 1.0",
            remedy="10 compares ten times as many entries of large arrays.",
        )
    if isinstance(subject, Network):
        return _check_network(subject, X, T, rng, float(effort))
    if isinstance(subject, Layer):
        return _check_layer(subject, X, rng, float(effort))
    if isinstance(subject, Loss):
        return _check_loss(subject, X, T, rng)
    if isinstance(subject, Activation):
        return Report(f"Activation {subject.name!r}", tuple(activation_rows(subject, rng)))
    raise OptionError(
        "nothing that can be checked",
        where="check",
        got=type(subject).__name__,
        expected="a Network, Layer, Loss or Activation, as an object",
        remedy="For two plain functions there is check_vjp(forward, backward, *arrays).",
    )


def _check_network(net: Network, X: object, T: object, rng: np.random.Generator, effort: float) -> Report:
    if net.dtype.kind == "O":
        raise DTypeError(
            "check compares floats",
            where="check(net)",
            got="parameters that are sympy expressions",
            expected="floats",
            remedy="Give it numbers with net.with_parameters, or prove it with derive(net).",
        )
    widths = [width for width in net._widths if width is not None]
    if X is None:
        x: Array = some_input(rng, some_cases(widths), net.n_in or ANY_WIDTH).astype(net.dtype)
    else:
        x = as_cases(X, "X", net.n_in, "check(net, X)", integers=net.dtype)
    if x.dtype.kind == "O":
        raise DTypeError(
            "check compares floats",
            where="check(net, X)",
            got="X of sympy expressions",
            expected="floats",
            remedy="Substitute numbers first; derive(net) proves expressions.",
        )
    require_finite(x, "X", "check(net, X)")
    if T is None and net.loss is not None:
        T = some_target(net.loss, rng, net(x).shape)
    elif T is not None and net.loss is None:
        raise MissingTargetError(
            "the network has no loss for the target",
            where="check(net, X, T)",
            remedy="Build jp.Network(layers, loss=...), or leave T out.",
        )
    subject = Subject(net, x, T, rng, effort)
    if subject.record.target is not None:
        require_finite(subject.record.target, "T", "check(net, X, T)")
    shape = "-".join(str(subject.record.activation(k).shape[-1]) for k in range(subject.depth + 1))
    return Report(f"Network {shape}", tuple(network_rows(subject)))


def _check_layer(layer: Layer, X: object, rng: np.random.Generator, effort: float) -> Report:
    dtype = np.dtype(np.float64) if layer.dtype is None or layer.dtype.kind != "f" else layer.dtype
    params = {
        slot: np.asarray(array, dtype) + 0.1 * rng.normal(size=np.shape(array)).astype(dtype)
        for slot, array in layer.init(np.random.default_rng(rng), dtype).items()
    }
    inputs = _layer_inputs(layer, X, rng, dtype)
    name = layer.name or type(layer).__name__
    point = Point(layer, params, inputs, f"layer <{name}>", "the layer")
    most = max(8, int(effort * 1e9 / (14 * point.cost * (len(params) + len(inputs)))))
    return Report(f"Layer {layer!r}", tuple(layer_rows(point, rng, most)))


def _layer_inputs(layer: Layer, X: object, rng: np.random.Generator, dtype: Any) -> tuple[Array, ...]:
    """One array for each entry of `inputs`."""
    width = layer.n_in or ANY_WIDTH
    if X is None:
        cases = some_cases([width, layer.width(width) or width])
        return tuple(some_input(rng, cases, width).astype(dtype) for _ in layer.inputs)
    given = X if isinstance(X, tuple) else (X,)
    if len(given) != len(layer.inputs):
        raise ShapeError(
            "a layer takes one array for each of its inputs",
            where="check(layer, X)",
            got=f"{len(given)}",
            expected=f"{len(layer.inputs)}, for inputs {layer.inputs}",
            remedy="Pass them as a tuple: check(layer, (y, s)).",
        )
    widths = [layer.n_in, *[None] * (len(given) - 1)]
    arrays = tuple(
        as_cases(array, "X", n, "check(layer, X)", integers=dtype)
        for array, n in zip(given, widths, strict=True)
    )
    for array in arrays:
        require_finite(array, "X", "check(layer, X)")
    return tuple(array.astype(np.result_type(array, dtype), copy=False) for array in arrays)


def _check_loss(loss: Loss, Y: object, T: object, rng: np.random.Generator) -> Report:
    """Of outputs that were passed, only what depends on them; else the fused head as well."""
    if Y is None:
        z, y = some_output(loss, rng, (5, ANY_WIDTH))
    else:
        z, y = None, as_cases(Y, "X", None, "check(loss, X)")
        require_finite(y, "X", "check(loss, X)")
    t = loss.target(some_target(loss, rng, y.shape) if T is None else T, y.shape, y.dtype)
    require_finite(t, "T", "check(loss, X, T)")
    return Report(f"Loss {loss!r}", tuple(loss_rows(loss, np.atleast_2d(y), z, np.atleast_2d(t))))
