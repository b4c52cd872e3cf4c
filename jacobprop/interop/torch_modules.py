"""What the modules of torch compute: sums, activations, softmaxes, normalisations and dropout."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import activations
from ..activations import Activation
from ..arrays import Array
from ..errors import UnsupportedLayerError, shown
from ..layers import BatchNorm, Dense, Dropout, Elementwise, Layer, LogSoftmax, Softmax
from .attributes import attribute, located
from .torch_parts import Part, parts, refuse_tied
from .torch_tensors import linear_arrays, normalisation_arrays, refuse_hooks


class Affine(NamedTuple):
    """A Linear, z = y W + b with W (in, out), and the activation that follows it."""

    part: Part
    W: Array
    b: Array | None
    activation: Activation | None = None

    def layer(self) -> Layer:
        """One Dense layer for the two."""
        with located(self.part.where):
            return _named(Dense.from_arrays(self.W, self.b, self.activation or "identity"), self.part)


class Weightless(NamedTuple):
    """A layer without parameters: a softmax, dropout, or an activation that follows no bare Linear."""

    part: Part
    make: Callable[[], Layer]

    def layer(self) -> Layer:
        """The layer of its own that it is."""
        with located(self.part.where):
            return _named(self.make(), self.part)


class Normalised(NamedTuple):
    """A BatchNorm1d in evaluation mode; without a weight and a bias C is 1 and b is 0."""

    part: Part
    arrays: Mapping[str, Array | None]

    def layer(self) -> Layer:
        """A BatchNorm with its running statistics."""
        mean, variance = self.arrays["running_mean"], self.arrays["running_var"]
        with located(self.part.where):
            layer = BatchNorm.from_statistics(mean, variance, epsilon=attribute(self.part.module, "eps"))
        given = [array for array in self.arrays.values() if array is not None]
        layer.dtype = np.result_type(*given)
        return _named(layer, self.part)

    def parameters(self) -> dict[str, Array]:
        """{"C": gains, "b": shifts}, those that there are."""
        found = {"C": self.arrays["weight"], "b": self.arrays["bias"]}
        return {slot: array for slot, array in found.items() if array is not None}


Step = Affine | Weightless | Normalised


def _named(layer: Layer, part: Part) -> Layer:
    layer.name = part.path
    return layer


def steps(root: object) -> list[Step]:
    """What the modules compute, an activation joined to a Linear just before it."""
    found: list[Step] = []
    owners: dict[int, tuple[str, object]] = {}  # the objects are kept, so that no id comes twice
    for part in parts(root):
        _check_options(part)
        if part.kind == "Linear":
            refuse_tied(part, owners)
            refuse_hooks(part.module, part.where, ("hooks",))
            W, b = linear_arrays(part.module, part.where)
            found.append(Affine(part, W.T, b))
            continue
        refuse_hooks(part.module, part.where)
        softmax, activation = _SOFTMAXES.get(part.kind), _activation(part)
        if softmax is not None:
            found.append(Weightless(part, softmax))
        elif activation is not None:
            found[-1:] = _activated(found[-1:], activation, part)
        elif part.kind == "Dropout":
            found.append(Weightless(part, partial(Dropout, attribute(part.module, "p"))))
        elif part.kind == "BatchNorm1d":
            refuse_tied(part, owners)
            found.append(Normalised(part, normalisation_arrays(part.module, part.where)))
        elif part.kind not in _PASSED:
            raise _unknown(part)
    return found


def _unknown(part: Part) -> UnsupportedLayerError:
    name = type(part.module).__name__
    known = (
        "Sequential",
        "Linear",
        "BatchNorm1d",
        "Dropout",
        *_PASSED,
        *_PLAIN,
        *_WITH_PARAMETER,
        *_SOFTMAXES,
    )
    return UnsupportedLayerError(
        "the module has no counterpart",
        where=part.where,
        got=f"{type(part.module).__module__}.{name}",
        expected="torch.nn." + ", ".join(known),
        remedy=_REMEDIES.get(name, "Write the network as a Sequential of these; or write a jp.Layer."),
    )


def _activated(last: list[Step], activation: Activation, part: Part) -> list[Step]:
    """The last step with its activation, or the activation as a layer of its own after it."""
    if last and isinstance(last[0], Affine) and last[0].activation is None:
        return [last[0]._replace(activation=activation)]
    return [*last, Weightless(part, partial(Elementwise, activation))]


# -- which module is what, and with which options ----------------------------------------------------------

_PASSED = ("Identity", "AlphaDropout", "Flatten")
_SOFTMAXES: dict[str, type[Layer]] = {"Softmax": Softmax, "LogSoftmax": LogSoftmax}
_PLAIN = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "ReLU": "relu",
    "SiLU": "silu",
    "GELU": "gelu",
    "Softplus": "softplus",
    "Softsign": "softsign",
}
_WITH_PARAMETER: dict[str, tuple[Callable[[Any], Activation], str]] = {
    "LeakyReLU": (activations.leaky_relu, "negative_slope"),
    "ELU": (activations.elu, "alpha"),
}


def _activation(part: Part) -> Activation | None:
    if part.kind in _PLAIN:
        return activations.get(_PLAIN[part.kind])
    found = _WITH_PARAMETER.get(part.kind)
    if found is None:
        return None
    build, parameter = found
    with located(part.where):
        return build(attribute(part.module, parameter))


class _Options(NamedTuple):
    """The options under which a module is what the tables say."""

    hold: Callable[[Any], bool]
    expected: str
    remedy: str


_EVALUATED = _Options(
    lambda m: m.training is False or m.p == 0, "evaluation mode", "Call .eval() on the network first."
)
_OVER_OUTPUTS = _Options(
    lambda m: m.dim in (None, -1, 1), "dim=-1", "Take dim=-1: over the outputs of a case, not over the cases."
)
_OPTIONS = {
    "BatchNorm1d": _Options(
        lambda m: m.training is False and m.running_mean is not None and m.running_var is not None,
        "evaluation mode, with running statistics",
        "Call .eval() on the network first; track_running_stats=False takes every batch's own.",
    ),
    "Dropout": _EVALUATED,
    "AlphaDropout": _EVALUATED,
    "Softmax": _OVER_OUTPUTS,
    "LogSoftmax": _OVER_OUTPUTS,
    "Flatten": _Options(
        lambda m: (m.start_dim, m.end_dim) == (1, -1),
        "start_dim=1, end_dim=-1",
        "Reshape the inputs yourself, with X.reshape(len(X), -1).",
    ),
    "GELU": _Options(
        lambda m: m.approximate == "none",
        'approximate="none"',
        "For the tanh form build jp.Dense with jp.Activation.from_expression.",
    ),
    "Softplus": _Options(
        lambda m: m.beta == 1 and m.threshold >= 20,
        "beta=1, and a threshold of 20 or more",
        "For another beta build jp.Dense with jp.Activation.from_expression.",
    ),
}
_REMEDIES = {
    "DataParallel": "Pass its .module.",
    "OptimizedModule": "Pass its ._orig_mod, the module that was compiled.",
}


def _check_options(part: Part) -> None:
    options = _OPTIONS.get(part.kind)
    if options is None:
        return
    try:
        hold = bool(options.hold(part.module))
    except Exception:  # of an object that merely looks like the module
        hold = False
    if not hold:
        raise UnsupportedLayerError(
            f"{part.kind} has options that differ",
            where=part.where,
            got=shown(part.module),
            expected=options.expected,
            remedy=options.remedy,
        )
