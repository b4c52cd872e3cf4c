"""What the modules of torch compute: sums with activations, and softmaxes."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import activations
from ..activations import Activation
from ..arrays import Array
from ..errors import UnsupportedLayerError, shown
from ..layers import Dense, Layer, LogSoftmax, Softmax
from .attributes import attribute, located
from .torch_parts import Part, parts, refuse_tied
from .torch_tensors import linear_arrays, refuse_hooks


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
    """A softmax over the outputs of a case."""

    part: Part
    kind: type[Layer]

    def layer(self) -> Layer:
        """The layer of its own that it is."""
        return _named(self.kind(), self.part)


Step = Affine | Weightless


def _named(layer: Layer, part: Part) -> Layer:
    layer.name = part.path
    return layer


def steps(root: object) -> list[Step]:
    """What the modules compute, each activation joined to the Linear before it."""
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
            found[-1:] = [_activated(found[-1] if found else None, activation, part)]
        elif part.kind not in _PASSED:
            raise _unknown(part)
    return found


def _unknown(part: Part) -> UnsupportedLayerError:
    name = type(part.module).__name__
    known = ("Sequential", "Linear", *_PASSED, *_PLAIN, *_WITH_PARAMETER, *_SOFTMAXES)
    return UnsupportedLayerError(
        "the module has no counterpart",
        where=part.where,
        got=f"{type(part.module).__module__}.{name}",
        expected="torch.nn." + ", ".join(known),
        remedy=_REMEDIES.get(name, "Write the network as a Sequential of these; or write a jp.Layer."),
    )


def _activated(step: Step | None, activation: Activation, part: Part) -> Affine:
    """The step with its activation: a layer is a sum and one function of it."""
    if not isinstance(step, Affine) or step.activation is not None:
        raise UnsupportedLayerError(
            "an activation belongs to the Linear before it",
            where=part.where,
            got="no Linear before it" if step is None else f"{part.kind} after {_function(step)}",
            expected="Linear, then at most one elementwise activation",
            remedy="Put a Linear between; or make one jp.Activation.from_expression of the two.",
        )
    return step._replace(activation=activation)


def _function(step: Step) -> str:
    return step.part.kind if isinstance(step, Weightless) else f"the activation {step.activation}"


# -- which module is what, and with which options ----------------------------------------------------------

_PASSED = ("Identity", "Dropout", "AlphaDropout", "Flatten")
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
    "BatchNorm1d": "In eval mode torch.nn.utils.fuse_linear_bn_eval(linear, bn) makes one Linear of the two.",
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
