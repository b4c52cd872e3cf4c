"""What the shape of a gradient gives away before any number is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...architecture import SUM, Node
from ...arrays import Array
from .answer import first_up
from .backprop import Backprop
from .distance import relative_error, scale_between

_SAME = 1e-3


class Repair(NamedTuple):
    """What was wrong with the shape or the presence of an array, and what it is after that."""

    kind: str
    name: str
    says: str
    remedy: str
    repaired: Array | None


def repair(backprop: Backprop, name: str, given: Array | None) -> Repair | None:
    """None for an array of the right shape."""
    right = backprop.right[name]
    if given is None:
        kind = "missing_bias" if name.startswith("b") else "missing_gradient"
        sums = f"add delta_{name[1:]} up over the cases" if name.startswith("b") else "compute it"
        return Repair(kind, name, f"the gradient of {name} is missing", sums, None)
    if given.shape == right.shape:
        return None
    array = given.astype(np.float64)
    if array.ndim == 2 and array.T.shape == right.shape:
        says = f"{name} is transposed, or in denominator layout"
        return Repair("layout", name, says, "transpose it: W[i, j] leads from unit i to unit j", array.T)
    if array.size == right.size and array.ndim != right.ndim:
        rowwise, columnwise = array.reshape(right.shape), array.reshape(right.shape, order="F")
        by_rows = relative_error(rowwise, right) <= relative_error(columnwise, right)
        says = f"{name} has the shape {given.shape}, not {right.shape}"
        if by_rows:
            return Repair("layout", name, says, f"reshape it to {right.shape}", rowwise)
        return Repair(
            "vec_order", name, f"{says}, and is column-major", "vec is row-major: use order='C'", columnwise
        )
    return _exchanged(backprop, name, array) or _summed(backprop, name, array)


def _exchanged(backprop: Backprop, name: str, array: Array) -> Repair | None:
    """The gradient of another layer, whose shape it has."""
    for other, theirs in backprop.right.items():
        alike = other != name and other[0] == name[0] and theirs.shape == array.shape
        if alike and relative_error(array, theirs) <= _SAME:
            says, remedy = (
                f"{name} holds the gradient of {other}",
                "store each gradient under its own layer's number",
            )
            return Repair("off_by_one_layer", name, says, remedy, backprop.right[name])
    return None


def _summed(backprop: Backprop, name: str, array: Array) -> Repair:
    right = backprop.right[name]
    for axis in range(array.ndim):
        if array.shape[:axis] + array.shape[axis + 1 :] == right.shape:
            totals = (array.sum(axis=axis), array.mean(axis=axis))
            best = min(totals, key=lambda total: abs(np.log(abs(scale_between(total, right)) or np.inf)))
            verb = "add it up" if best is totals[0] else "take its mean"
            says = f"{name} still has an axis of {array.shape[axis]}, over which it was broadcast"
            return Repair("broadcast_not_summed", name, says, f"{verb} over axis {axis}", best)
    node = backprop.names[name]
    rows = backprop.rows.get(Node(SUM, node.layer))
    if name.startswith("b") and rows is not None and array.shape == rows.shape[:1]:
        says = f"{name} is added up over the units, not over the cases: one number a case"
        fits = relative_error(array, rows.sum(axis=1))
        repaired = right if fits < 1e-3 or relative_error(array, rows.mean(axis=1)) < 1e-3 else None
        return Repair("wrong_axis", name, says, "add delta up over axis 0", repaired)
    if array.size == 1:
        says = f"{name} is one number for all {right.size} entries: too much is added up"
        return Repair("wrong_axis", name, says, "add delta up over the cases alone, axis 0", right)
    says = f"{name} has the shape {array.shape}, not {right.shape}"
    return Repair("unknown", name, says, "check which arrays are multiplied", None)


def repair_words(repairs: Sequence[Repair]) -> str:
    """One clause for each kind and remedy, the names put together."""
    groups: dict[tuple[str, str], list[Repair]] = {}
    for repair in repairs:
        groups.setdefault((repair.kind, repair.remedy), []).append(repair)
    clauses = []
    for (_, remedy), group in groups.items():
        more = (
            f" (so {'is' if len(group) == 2 else 'are'} {', '.join(r.name for r in group[1:])})"
            if group[1:]
            else ""
        )
        clauses.append(f"{group[0].says}{more}; {remedy}")
    return ". ".join(map(first_up, clauses))
