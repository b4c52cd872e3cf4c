"""The tensors that a Linear or a BatchNorm1d of torch computes with, as arrays."""

from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import DTypeError, UnsupportedLayerError, shown
from .attributes import attribute, defined_in, entries, text

_COMPUTED = {
    "torch.nn.utils.prune": ("_tensor_name", "apply_mask"),
    "torch.nn.utils.weight_norm": ("name", "compute_weight"),
}
"""Hooks that make a weight anew before each pass: which one, and by what. The attribute may lag behind."""

_ABSENT = object()
"""No attribute, or one that cannot be read; a bias of None is another thing: there is none."""


def linear_arrays(module: object, where: str) -> tuple[Array, Array | None]:
    """W (out, in) and b (out,), or None for no bias: what the next forward pass would use."""
    if attribute(module, "parametrizations") is not None and attribute(module, "training", True):
        raise UnsupportedLayerError(
            "a parametrized module in training mode may change when its weight is read",
            where=where,
            got="training=True",
            expected="evaluation mode",
            remedy="Call .eval() on the network first.",
        )
    tensors = {name: attribute(module, name, _ABSENT) for name in ("weight", "bias")}
    tensors |= _made_by_hooks(module, where)
    b = tensors["bias"]
    return _array(tensors["weight"], "weight", where), None if b is None else _array(b, "bias", where)


def normalisation_arrays(module: object, where: str) -> dict[str, Array | None]:
    """The running statistics, the weight and the bias of a BatchNorm1d; None for what there is not."""
    names = ("running_mean", "running_var", "weight", "bias")
    tensors = {name: attribute(module, name, _ABSENT) for name in names}
    return {name: None if t is None else _array(t, name, where) for name, t in tensors.items()}


def refuse_hooks(module: object, where: str, kinds: tuple[str, ...] = ("pre_hooks", "hooks")) -> None:
    """Hooks may change what goes in and what comes out, so that the module alone says neither."""
    for kind in kinds:
        for hook in _hooks(module, kind):
            raise _unknown_hook(hook, where)


def _hooks(module: object, kind: str) -> list[object]:
    return [hook for _, hook in entries(module, f"_forward_{kind}")]


def _unknown_hook(hook: object, where: str) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        "a forward hook may change what the module computes",
        where=where,
        got=shown(hook),
        expected="no hooks but those of pruning and weight_norm",
        remedy="Remove it with its handle's .remove(); a lazy module loses its own in one forward pass.",
    )


def _made_by_hooks(module: object, where: str) -> dict[str, Any]:
    """{name: tensor} of what pre-hooks compute, which must be the weight or the bias."""
    found: dict[str, Any] = {}
    for hook in _hooks(module, "pre_hooks"):
        named_by, method = _COMPUTED.get(defined_in(hook, "__call__")[0], ("", ""))
        name = text(hook, named_by)
        if name not in ("weight", "bias"):
            raise _unknown_hook(hook, where)
        try:
            found[name] = getattr(hook, method)(module)
        except Exception as error:  # a mask or a factor that is no longer there
            raise _unknown_hook(hook, where) from error
    return found


def _array(tensor: Any, what: str, where: str) -> Array:
    """A tensor's numbers; whatever numpy has no float of is refused."""
    try:
        array = np.asarray(tensor.detach().cpu().numpy())
    except Exception:  # torch's own, of bfloat16, meta and uninitialised tensors; or no tensor at all
        array = np.empty(0, object)
    if array.dtype.kind != "f":
        raise DTypeError(
            f"the {what} does not hold floats that numpy knows",
            where=where,
            got=f"{shown(attribute(tensor, 'dtype', tensor))} on {shown(attribute(tensor, 'device'))}",
            expected="float16, float32 or float64, on a device that holds data",
            remedy="Load its weights and convert it with .float() first.",
        )
    return array
