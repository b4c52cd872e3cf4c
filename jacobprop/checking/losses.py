"""A loss: its row against differences of its value, by the output and by the sum below the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..arrays import Array, quiet
from ..differences import Estimate
from ..losses import Loss
from .comparison import Compared, compared, same
from .explanation import explained
from .factors import columns
from .point import guarded
from .report import Row
from .rounding import eps, least


@quiet
def loss_rows(loss: Loss, y: Array, z: Array | None, t: Array) -> list[Row]:
    """J_N and, with a gate, the fused head; y, z and t are stacks in one dtype."""
    where = repr(loss)
    value = _called(loss.value, f"{where}, value")
    rows = [_row("J_N", where, value, _called(loss.row, f"{where}, row"), y, t)]
    if loss.gate and z is not None:
        head_value = _called(loss.head_value, f"{where}, head_value")
        head_row = _called(loss.head_row, f"{where}, head_row")
        rows.append(_row("J_N J_Sum, the fused head", where, head_value, head_row, z, t))
        both = guarded(f"{where}, head", "head", loss.head, z.copy(), t.copy())
        slack, floor = 64 * eps(y.dtype), least(y.dtype)
        rows += [
            same("head", name, one, other, slack=slack, floor=floor, note=f"{where}: head disagrees")
            for name, one, other in (
                ("head_value", both[0], head_value(z, t)),
                ("head_row", both[1], head_row(z, t)),
            )
        ]
        usual = np.max(np.abs(z)) < 15
        if usual:
            note = f"{where}: head_value is another function than value"
            rows.append(same("head", "value", both[0], value(y, t), slack=1e6 * eps(y.dtype), note=note))
    row = _called(loss.row, f"{where}, row")
    return [*rows, _alone(where, value, y, t, "value"), _alone(where, row, y, t, "row")]


def _called(call: Callable[[Array, Array], Array], where: str) -> Callable[[Array, Array], Array]:
    def safely(y: Array, t: Array) -> Array:
        return np.asarray(guarded(where, "it", call, y.copy(), t.copy()))

    return safely


def _row(
    what: str,
    where: str,
    value: Callable[[Array, Array], Array],
    row: Callable[[Array, Array], Array],
    y: Array,
    t: Array,
) -> Row:
    """A row against differences of the value; a row that is infinite has no difference."""
    exact, target = y.astype(np.float64), t.astype(np.float64)
    candidate = row(y, t)
    if candidate.shape != y.shape:
        shown = same(what, "differences", candidate, y, note=f"{where}: a row is shaped like the output")
        return replace(shown, kind="factor")
    places: list[tuple[int, ...]] = [(k,) for k in range(y.shape[-1])]

    def hear(stretch: float) -> Estimate:
        found = columns(
            lambda moved: value(moved, target)[:, None], exact, places, per_case=True, stretch=stretch
        )
        return found.each(lambda part: part[:, 0])

    found = compared(
        what,
        "differences",
        candidate,
        hear(1.0),
        cases=True,
        describe=lambda place: f"output {place[1]}, case {place[0]}",
        skip=~np.isfinite(candidate),
        hear=hear,
    )
    return _told(found, candidate, where)


def _told(found: Compared, candidate: Array, where: str) -> Row:
    if not found.row.fails:
        return found.row
    reason = explained(candidate, found.reference.value, out_ndim=0)
    return replace(found.row, note=f"{where}: {reason}; {found.row.note}" if reason else found.row.note)


def _alone(where: str, call: Callable[[Array, Array], Array], y: Array, t: Array, what: str) -> Row:
    """The value, or the row, of each case is that of the case alone."""
    together = call(y, t)
    alone = np.array([call(one, target) for one, target in zip(y, t, strict=True)], y.dtype)
    note = f"{where}: the {what} of a case depends on the others: reduce over axis=-1 alone"
    slack, floor = 64 * eps(y.dtype), least(y.dtype)
    return same(what, "one case alone", together, alone, slack=slack, floor=floor, note=note)
