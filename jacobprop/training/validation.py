"""Do the pieces of a training task make sense together? What is likely wrong, as a list of findings.

Tip 8 of seed 000: check that sizes, activations, ranges and learning rates fit each other (D-87, S-39).
A finding is no error: the network computes what it says. Shapes that do not fit are errors, everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..activations import Activation
from ..arrays import quiet, real_number
from ..errors import MissingTargetError, shown
from ..layers import LogSoftmax, Softmax
from ..losses import MeanSquaredError, SquaredError
from ..losses.categorical import CategoricalLoss
from ..network import Network, require_network
from ..record import Record
from .plain import plain
from .saturation import EPS, GRID, elementwise, saturation_of
from .symmetry import symmetric_units

_LARGE_INPUT, _SPREAD = 10.0, 10.0
_FAR = np.array([-1e300, 1e300])
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Finding:
    """One thing that is likely wrong.

    Attributes
    ----------
    kind : str
        Its name, such as "target_range".
    where : str
        The layer, or what else it is about.
    message : str
        What it is, and what to do.
    """

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.where}: {self.message}"


@quiet
def validate(net: Network, X: object, T: object, *, learning_rate: object = None) -> list[Finding]:
    """What is likely wrong with training this network on these cases; an empty list where nothing is.

    ==================== ==================================================================================
    kind                 it is found where
    ==================== ==================================================================================
    not_finite           X or T holds nan or infinities; what depends on them is not looked at
    target_range         targets lie outside the values of the last activation, as 2 for a sigmoid (D-87)
    target_limit         under a squared error, targets are limits that it never reaches, as 0 and 1 (D-82)
    unscaled_input       an input is above 10, or some columns are ten times as wide as others (D-81)
    capped_softmax       a bounded activation below softmax keeps probabilities away from 1 (E-14)
    one_class            cross-entropy has one output, which softmax makes 1
    no_derivative        an activation is a step, so that nothing below it learns (H-46)
    not_monotone         an activation falls somewhere: the deltas' signs are not the weights' alone (D-05)
    saturated_start      more than half of a layer's units are saturated (B-48), of relu dead
    symmetric_start      units of a layer start equal, and stay so (N-10)
    learning_rate        it is no finite number above 0
    many_parameters      there are more parameters than numbers to fit (D-80)
    ==================== ==================================================================================

    Parameters
    ----------
    net : Network
        With a loss, as it starts.
    X, T : as for ``Network.forward``
    learning_rate : optional
        To be checked as well.

    Raises
    ------
    MissingTargetError, OptionError
        The network has no loss, or there is no network.
    ShapeError, DTypeError, EmptyBatchError
        X or T does not fit the network.

    Examples
    --------
    >>> from jacobprop.layers import Dense
    >>> net = Network([Dense(2, 3, "tanh"), Dense(3, 1, "sigmoid")], SquaredError())
    >>> X = [[0.0, 0.3], [0.7, 1.0]] * 7
    >>> for finding in validate(net, X, [[2.0], [0.5]] * 7):
    ...     print(finding)
    target_range, layer 2 Dense(3, 1, "sigmoid"): targets from 0.5 to 2, outputs from 0 to 1: scale them
    >>> validate(net, X, [[0.9], [0.1]] * 7)
    []
    """
    require_network(net, "validate")
    if net.loss is None:
        raise MissingTargetError(
            "the network has no loss",
            where="validate",
            expected="a network with a loss",
            remedy="Build jp.Network(layers, loss=...).",
        )
    one_class = list(_one_class(net))
    record = net.forward(X, None if one_class else T)
    plain(record.output, "the network", "validate")
    found = [*one_class, *_not_finite(record)]
    if not any(finding.kind == "not_finite" for finding in found):
        found += [*_targets(net, record), *_inputs(record)]
    found += [*_activations(net, record), *_symmetric(net), *_rate(learning_rate), *_sizes(net, record)]
    return found


def _not_finite(record: Record) -> Iterator[Finding]:
    for name, array in (("X", record.activation(0)), ("T", record.target)):
        if array is not None and not np.isfinite(array).all():
            number = int((~np.isfinite(array)).sum())
            yield Finding("not_finite", name, f"{number} of its numbers are nan or infinite: leave them out")


def _one_class(net: Network) -> Iterator[Finding]:
    if isinstance(net.loss, CategoricalLoss) and net._widths[-1] == 1:
        yield Finding(
            "one_class", repr(net.loss), "one output is always 1: take a sigmoid, BinaryCrossEntropy"
        )


def _targets(net: Network, record: Record) -> Iterator[Finding]:
    """Targets that the last activation does not have, or never quite."""
    last = dict(elementwise(net.layers)).get(len(net.layers))
    t = record.target
    if t is None or last is None:
        return
    where = net.architecture.where(len(net.layers))
    low, high = value_range(last)
    least, most = float(t.min()), float(t.max())
    if least < low - _ROUNDING or most > high + _ROUNDING:
        message = f"targets from {least:g} to {most:g}, outputs from {low:g} to {high:g}: scale them"
        yield Finding("target_range", where, message)
    elif isinstance(net.loss, SquaredError | MeanSquaredError):
        reached = last.value(GRID)
        never = [
            f"{x:g}" for x, hit in ((low, reached.min() <= low), (high, reached.max() >= high)) if not hit
        ]
        met = [limit for limit in never if (t == float(limit)).any()]
        if met:
            message = f"{' and '.join(met)} would take infinite weights: encode_targets keeps off the limits"
            yield Finding("target_limit", where, message)


def value_range(f: Activation) -> tuple[float, float]:
    """The least and the largest value of f, infinite where it grows without end."""
    values = f.value(np.concatenate([GRID, _FAR]))
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low if low > -1e100 else -math.inf), (high if high < 1e100 else math.inf)


def _inputs(record: Record) -> Iterator[Finding]:
    x = np.atleast_2d(record.activation(0))
    largest, widths = np.abs(x).max(), np.ptp(x, axis=0)
    widths = widths[widths > 0]
    if largest > _LARGE_INPUT:
        yield Finding("unscaled_input", "X", f"numbers up to {largest:g}: scale them, MinMaxScaler().fit(X)")
    elif widths.size and widths.max() > _SPREAD * widths.min():
        message = (
            f"columns from {widths.min():.3g} to {widths.max():.3g} wide: scale them, MinMaxScaler().fit(X)"
        )
        yield Finding("unscaled_input", "X", message)


def _activations(net: Network, record: Record) -> Iterator[Finding]:
    """What a layer's activation is, and where it starts."""
    saturation = {line.layer: line for line in saturation_of(net, record, EPS)}
    for number, f in elementwise(net.layers):
        where, (low, high) = net.architecture.where(number), value_range(f)
        slopes = f.derivative(GRID)
        if not slopes.any():
            yield Finding(
                "no_derivative", where, "its derivative is 0: no gradient passes, nothing below learns"
            )
            continue
        if (slopes < -_ROUNDING).any():
            yield Finding("not_monotone", where, "it falls somewhere, where a larger sum lowers the output")
        bounded = math.isfinite(low) and math.isfinite(high)
        share = saturation[number].saturated if bounded else saturation[number].dead
        if share > 0.5:
            message = (
                f"{share:.0%} of its units are saturated: start with smaller weights, or scale the inputs"
            )
            yield Finding("saturated_start", where, message)
        if bounded and (top := _softmax_above(net, number)):
            width = record.activation(number).shape[-1]
            cap = 1 / (1 + (width - 1) * math.exp(low - high))
            message = f"no probability exceeds {cap:.3f}: leave the sums as they are, activation='identity'"
            yield Finding("capped_softmax", f"{where}, below layer {top}", message)


def _softmax_above(net: Network, number: int) -> int:
    """The number of a softmax that reads a layer, 0 if there is none."""
    for above, layer in enumerate(net.layers, 1):
        if isinstance(layer, Softmax | LogSoftmax) and number in net.architecture.reads(above):
            return above
    return 0


def _symmetric(net: Network) -> Iterator[Finding]:
    for number, groups in symmetric_units(net).items():
        units = " = ".join(map(str, groups[0]))
        message = f"units {units} start equal and stay equal: draw the weights at random"
        yield Finding("symmetric_start", net.architecture.where(number), message)


def _rate(value: object) -> Iterator[Finding]:
    if value is not None and not 0 < real_number(value) < math.inf:
        yield Finding("learning_rate", shown(value), "it should be a finite number above 0, such as 0.1")


def _sizes(net: Network, record: Record) -> Iterator[Finding]:
    if record.target is not None and net.size > record.target.size:
        message = (
            f"{net.size} parameters for {record.target.size} numbers: expect over-fitting, hold cases out"
        )
        yield Finding("many_parameters", "the network", message)
