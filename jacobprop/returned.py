"""What the code of a layer returned, checked once where it arrives, so that a slip names its layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arrays import Array, whole_number
from .errors import DTypeError, ShapeError, shown
from .jacobians import Jacobian
from .layers import Layer, SumLayer
from .layout import Shape

_REMEDY = "Return what Layer's docstring asks for: see its example."


def checked_init(returned: object, where: str) -> dict[str, object]:
    """{slot: array}; the arrays are looked at where they are copied."""
    if not isinstance(returned, Mapping) or not all(isinstance(slot, str) for slot in returned):
        raise DTypeError(
            "init must return a dict of arrays",
            where=where,
            got=shown(returned),
            expected='{"W": array, ...}, or {} without parameters',
            remedy=_REMEDY,
        )
    return dict(returned)


def checked_width(width: object, what: str, where: str) -> int | None:
    """None, or a number of units."""
    if width is None or (type(width) is int and 0 < width <= sys.maxsize):
        return width
    remedy = "None stands for a width that depends on the input."
    return whole_number(width, what, where, remedy=remedy, most=sys.maxsize)


def checked_layer(new: object, old: Layer, call: str) -> Layer:
    """A layer in the place of another, that reads the same and is differentiated in the same way."""
    kept = ("inputs", "n_in", "gate")
    same = isinstance(new, Layer) and all(getattr(new, name) == getattr(old, name) for name in kept)
    if not same or isinstance(new, SumLayer) != isinstance(old, SumLayer):
        raise DTypeError(
            f"{call} must return a layer that fits in the same place",
            where=f"{old!r}, {call}",
            got=shown(new),
            expected="the layer itself, or another with the same inputs, width and gate",
            remedy=_REMEDY,
        )
    assert isinstance(new, Layer)
    return new


def checked_forward(
    returned: object, lead: Shape, width: int | None, where: Callable[[], str], kinds: str = "f"
) -> tuple[Array, Any]:
    """(values, cache) with values of shape lead + (width,); `where` is asked if they have another."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise DTypeError(
            "forward must return (values, cache)",
            where=where(),
            got=type(returned).__name__,
            expected="a tuple of two",
            remedy=_REMEDY,
        )
    values, cache = returned
    known = isinstance(values, np.ndarray) and values.dtype.kind in kinds and values.dtype.itemsize <= 8
    if not known:
        raise DTypeError(
            "forward must return an array of floats",
            where=where(),
            got=f"{type(values).__name__} {getattr(values, 'dtype', '')}".strip(),
            expected="a numpy array in the dtype of its inputs",
            remedy=_REMEDY,
        )
    if values.ndim != len(lead) + 1 or values.shape[:-1] != lead or width not in (None, values.shape[-1]):
        raise ShapeError(
            "forward returned values of the wrong shape",
            where=where(),
            got=f"shape {values.shape}",
            expected=str((*lead, width or "width")).replace("'", ""),
            remedy="Cases come first and stay; .width() says how many outputs there are.",
        )
    return np.asarray(values), cache  # of a subclass, whose arithmetic may be its own, the numbers


def checked_factors(
    found: Mapping[Any, object],
    operands: Mapping[Any, Shape],
    out_shape: Shape,
    cases: int | None,
    where: Callable[[], str],
) -> dict[Any, Jacobian]:
    """The Jacobian of every operand, with the shapes and the cases of this pass."""
    if not isinstance(found, Mapping):
        raise DTypeError(
            "factors must return a dict of Jacobians",
            where=where(),
            got=type(found).__name__,
            expected='{-1: jp.DenseJacobian(array), "W": ...}',
            remedy=_REMEDY,
        )
    for operand in operands:
        if operand not in found:
            raise ShapeError(
                f"factors has no Jacobian for {operand!r}",
                where=where(),
                got=f"{sorted(map(str, found))}",
                expected="one for each entry of inputs and for each slot of init()",
                remedy=_REMEDY,
            )
    return {
        operand: checked_jacobian(found[operand], out_shape, in_shape, cases, where, f"factor {operand!r}")
        for operand, in_shape in operands.items()
    }


def checked_jacobian(
    J: object, out_shape: Shape, in_shape: Shape, cases: int | None, where: Callable[[], str], what: str
) -> Jacobian:
    """A Jacobian with these shapes and cases."""
    if isinstance(J, Jacobian) and (J.out_shape, J.in_shape, J.cases) == (out_shape, in_shape, cases):
        return J
    if not isinstance(J, Jacobian):
        raise DTypeError(
            "a factor must be a Jacobian",
            where=f"{where()}, {what}",
            got=type(J).__name__,
            expected="an object such as jp.DenseJacobian(array)",
            remedy="Wrap an array: (cases, rows, columns) for a stack, (rows, columns) for one case.",
        )
    if (J.out_shape, J.in_shape) != (out_shape, in_shape):
        raise ShapeError(
            "a factor has the wrong shapes",
            where=f"{where()}, {what}",
            got=f"{J.out_shape} by {J.in_shape}",
            expected=f"{out_shape} by {in_shape}",
            remedy="Numerator layout: out_shape is that of the layer's activations, in_shape the operand's.",
        )
    raise ShapeError(
        "a factor has the wrong number of cases",
        where=f"{where()}, {what}",
        got="none" if J.cases is None else f"{J.cases}",
        expected="none" if cases is None else f"{cases}",
        remedy="A factor that all cases share takes cases=len(values); others have the case axis first.",
    )
