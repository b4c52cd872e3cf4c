"""A layer alone: every factor against differences of its own forward, and what a layer must keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arrays import quiet
from ..jacobians import Jacobian
from ..layers import Dense, SumLayer
from ..layers.base import Operand, Workspace, fast_path, pull_through
from ..layout import size
from .activations import saturated_units, slope_rows
from .comparison import OVERFLOW, TOO_SMALL, same
from .factors import Measured, Neighbours, alone_row, factor_row, kinked_units, more_witnesses
from .point import Point, guarded
from .report import FAILS, HOLDS, UNRESOLVED, Row
from .rounding import eps, least

_MANY = 100_000
"""Entries of a tensor that is still made dense."""
_OTHER_ORDER = 1e5
"""Roundings that sums in another order may differ by, after a saturated f has magnified them."""


def layer_rows(point: Point, rng: np.random.Generator, most: int) -> list[Row]:
    """All rows of one layer, causes first: J_Sum, the sum's factors, the layer's factors, properties.

    `most` is how many columns of a factor are compared one by one.
    """
    exact = point.in_float64()
    rows = [*_repeats(point)]
    if any(row.fails for row in rows):
        return rows
    if lost := _not_finite(point):
        return [*rows, lost]
    single = point.inputs[0].dtype != np.float64
    rows += _alone(point)
    if single:  # whose own slack would hide what is wrong by 1 %
        rows += _alone(exact)
    if isinstance(point.layer, Dense):
        rows += slope_rows(point, rng)
    by_sum, factors = point.sum_factors(), point.factors()
    last = (point.cases or 0) - 1
    alone = point.case(last).factors() if single and point.cases and not point.layer.positional else {}
    near, around = kinked_units(point), Neighbours.of(exact, eps(point.inputs[0].dtype), rng)
    for operand in factors:
        measured = Measured.at(exact, operand, rng, most)
        of_sum = [factor_row(point, measured, by_sum[operand], "z of ", measured.of_sum)] if by_sum else []
        broken = [
            row.what for row in rows + of_sum if row.fails and row.what.startswith(("J_Sum", measured.name))
        ]
        rows += of_sum
        skip = None if near is None else np.broadcast_to(near[..., None], measured.of_values().value.shape)
        cause, rounding = "".join(broken[:1]), around.of_columns(measured)
        rows.append(
            factor_row(point, measured, factors[operand], "", measured.of_values, skip, cause, rounding)
        )
        if operand in alone:
            rows.append(alone_row(point, measured, alone[operand], last, skip, rounding))
        rows += more_witnesses(point, exact, measured, around, factors[operand], rng, skip)
    rows += _linear_map_rows(point, factors, rng)
    rows += _fast(point, rng)
    if single:
        rows += _fast(exact, rng)
    return sorted(_of_saturated(point, rows), key=lambda row: not row.fails)


@quiet
def _of_saturated(point: Point, rows: list[Row]) -> list[Row]:
    """The reason where a witness cannot see the entries of a layer, and what to do."""
    flat, units = saturated_units(point)
    if not flat:
        return rows
    told = f"{TOO_SMALL}: {flat:,} of {units:,} units of {point.short} are saturated; scale the inputs"
    return [replace(row, note=row.note.replace(TOO_SMALL, told)) for row in rows]


def _not_finite(point: Point) -> Row | None:
    """Of values that are no numbers there is nothing to compare."""
    values, cache = point.forward()
    sums = point.sum(cache) if isinstance(point.layer, SumLayer) else values
    if np.isfinite(values).all() and np.isfinite(sums).all():
        return None
    dtype = values.dtype.name
    told = "overflow" if np.isinf(values).any() or np.isinf(sums).any() else "are nan"
    note = (
        f"{point.where}: its values {told} in {dtype} at these numbers, so nothing was compared: "
        "scale the inputs or the parameters down"
    )
    return Row(f"values of {point.short}", "a finite number", 0.0, 0.0, UNRESOLVED, note)


@quiet
def _linear_map_rows(
    point: Point, factors: dict[Operand, Jacobian], rng: np.random.Generator
) -> Iterator[Row]:
    """<u, J v> = <J^T u, v> for every factor, and its dense tensor against push and pull."""
    for operand, J in factors.items():
        what = f"{point.name(operand)} of {point.short}"
        slack = 64 * eps(J.dtype) * np.sqrt(size(J.in_shape) + size(J.out_shape))
        lead = () if J.cases is None else (J.cases,)
        u = rng.normal(size=lead + J.out_shape).astype(J.dtype)
        v = rng.normal(size=J.in_shape).astype(J.dtype)
        pushed = J.push(v)
        pulled = J.stacked().pull(u) if isinstance(operand, str) and J.cases else J.pull(u)
        terms = u * pushed
        there = (pulled * v).sum() if isinstance(operand, str) else (pulled * v)
        scale = float(np.abs(terms).sum()) + float(np.abs(pulled * v).sum())
        floor = least(J.dtype, point.gain) * max(u.size, 1) * max(v.size, 1)
        gap = abs(float(terms.sum()) - float(there.sum()))
        gap = 0.0 if gap <= floor else gap / scale
        note = "" if gap <= slack else "push and pull are not adjoint to each other"
        verdict = FAILS if note else HOLDS
        if not np.isfinite(scale):
            gap, verdict, note = 0.0, UNRESOLVED, OVERFLOW
        yield Row(what, "adjoint identity", gap, slack, verdict, note)
        if size(J.shape) <= _MANY:
            dense = J.tensor().reshape((*lead, size(J.out_shape), size(J.in_shape)))
            pushed_dense = (dense @ v.ravel()).reshape(pushed.shape)
            note = "tensor() is not what push does"
            floor += slack * float((np.abs(dense) @ np.abs(v.ravel())).max(initial=0.0))
            if np.isfinite(dense).all() and not np.isfinite(pushed + pushed_dense).all():
                yield Row(what, "its tensor", 0.0, slack, UNRESOLVED, OVERFLOW)
                continue
            yield same(what, "its tensor", pushed, pushed_dense, slack=slack, floor=floor, note=note)


@quiet
def _repeats(point: Point) -> Iterator[Row]:
    """forward leaves what it is given, and returns the same whenever it is called."""
    what = f"forward of {point.short}"
    own = {slot: array.copy() for slot, array in point.params.items()}
    given = tuple(array.copy() for array in point.inputs)
    first = guarded(point.where, "forward", point.layer.forward, own, given)[0]
    changed = [str(slot) for slot in own if not np.array_equal(own[slot], point.params[slot], equal_nan=True)]
    changed += [
        f"input {operand}"
        for operand, before, after in zip(point.layer.inputs, point.inputs, given, strict=True)
        if not np.array_equal(before, after, equal_nan=True)
    ]
    note = f"{point.where}: forward writes into {', '.join(changed)}: work on a copy" if changed else ""
    yield Row(what, "its arguments", 0.0, 0.0, FAILS if changed else HOLDS, note)
    first = np.array(first)
    point.forward(inputs=tuple(array + 0.25 for array in point.inputs))
    again = point.forward()[0]
    yield same(
        what,
        "a second call",
        first,
        again,
        note=f"{point.where}: the same arguments give other values later: it keeps state between calls",
    )


@quiet
def _alone(point: Point) -> Iterator[Row]:
    """A case of a stack is what the layer makes of it alone: values and factors."""
    if point.cases is None or point.layer.positional:
        return
    what, k = f"cases of {point.short}", point.cases - 1
    alone = point.case(k)
    note = f"{point.where}: a case alone has other values than in a stack: write over the last axis, {{}}"
    slack = _OTHER_ORDER * eps(point.inputs[0].dtype)
    floor = least(point.inputs[0].dtype, point.gain)
    rows = [
        same(
            what,
            "one case alone",
            point.forward()[0][k],
            alone.forward()[0],
            slack=slack,
            floor=floor,
            note=note.format("axis=-1"),
        )
    ]
    own = alone.factors()
    for operand, J in point.factors().items():
        if size(J.in_shape) * size(J.out_shape) <= _MANY:
            rows.append(
                same(
                    what,
                    "one case alone",
                    J.case(k).tensor(),
                    own[operand].tensor(),
                    slack=slack,
                    floor=floor,
                    note=note.format(f"also in {point.name(operand)}").replace("values", "factors"),
                )
            )
    yield max(rows, key=lambda row: (row.fails, row.error))


@quiet
def _fast(point: Point, rng: np.random.Generator) -> Iterator[Row]:
    """The delta rule across the layer against its factors, twice in one workspace."""
    if point.inputs[0].ndim == 1:
        point = replace(point, inputs=tuple(array[None] for array in point.inputs))
    layer, workspace = point.layer, Workspace()
    forward, backward = fast_path(layer, "forward_into"), fast_path(layer, "backward_into")
    factors = point.factors()
    for _ in range(2):
        values, cache = guarded(
            point.where,
            "forward_into",
            forward,
            point.params,
            tuple(a.copy() for a in point.inputs),
            workspace,
        )
        delta = rng.normal(size=values.shape).astype(values.dtype)
        slow = pull_through(factors, delta)
        fast = guarded(point.where, "backward_into", backward, delta.copy(), point.params, cache, workspace)
        slack = _OTHER_ORDER * eps(values.dtype)
        floor = least(values.dtype, point.gain) * delta.size
        what = f"delta rule of {point.short}"
        note = f"{point.where}: backward_into contradicts factors in {{!r}}"
        rows = [
            same(
                what,
                "its factors",
                np.array(fast[operand]),
                array,
                slack=slack,
                floor=floor,
                note=note.format(operand),
            )
            for operand, array in slow.items()
            if operand in fast or isinstance(operand, str)
        ]
    yield max(rows, key=lambda row: (row.fails, row.error))
