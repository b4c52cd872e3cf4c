"""One factor of a layer: column by column against differences, with the words for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import itemgetter
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import Estimate, along, complex_step
from ..jacobians import Jacobian
from ..layers import Dense, SumLayer
from ..layers.base import Operand
from ..layout import size
from .comparison import Compared, compared, exactly
from .explanation import explained
from .point import Point
from .report import Row
from .rounding import DRAWS, eps, spread
from .uses import jacobians_by_use

_INNER_ROUNDINGS = 64
"""Roundings of the function's inner values, relative to the largest derivative, that reach a difference."""


@dataclass(frozen=True)
class Measured:
    """The values of a layer, and its sum, by differences in some entries of one operand.

    Both estimates are (cases,) + (m,) + (k,), a column for each of the `places`.
    """

    point: Point
    operand: Operand
    places: list[tuple[int, ...]]

    @classmethod
    def at(cls, point: Point, operand: Operand, rng: np.random.Generator, most: int) -> Measured:
        return cls(point, operand, some_places(point.shapes[operand], rng, most))

    def of_values(self, stretch: float = 1.0) -> Estimate:
        """By steps so many times as long as usual."""
        return self._both(stretch).each(lambda part: part[..., : self._width, :])

    def of_sum(self, stretch: float = 1.0) -> Estimate:
        """Likewise."""
        return self._both(stretch).each(lambda part: part[..., self._width :, :])

    def _both(self, stretch: float) -> Estimate:
        if stretch not in self._heard:
            point, operand = self.point, self.operand
            per_case = not isinstance(operand, str) and point.cases is not None
            self._heard[stretch] = columns(
                lambda moved: _values_and_sum(point, operand, moved),
                point.operands[operand],
                self.places,
                per_case,
                stretch=stretch,
            )
        return self._heard[stretch]

    @cached_property
    def _heard(self) -> dict[float, Estimate]:
        return {}

    @cached_property
    def _width(self) -> int:
        return int(self.point.forward()[0].shape[-1])

    @property
    def name(self) -> str:
        return self.point.name(self.operand)

    @property
    def total(self) -> int:
        return size(self.point.shapes[self.operand])

    @property
    def sampled(self) -> bool:
        return len(self.places) < self.total

    @property
    def part(self) -> str:
        return f"{len(self.places):,} of {self.total:,} columns compared" if self.sampled else ""


@dataclass(frozen=True)
class Neighbours:
    """The factors of a layer in float64, and those at numbers that are a few roundings off."""

    centre: dict[Operand, Jacobian]
    around: list[dict[Operand, Jacobian]]

    @classmethod
    def of(cls, exact: Point, unit: float, rng: np.random.Generator) -> Neighbours:
        around = [exact.shaken(unit, rng).factors() for _ in range(DRAWS)]
        return cls(exact.factors(), around)

    def spread(self, operand: Operand, read: Callable[[Jacobian], Array]) -> Array:
        """What roundings make of something that is read of one factor."""
        return spread(self.centre, self.around, lambda factors: read(factors[operand]))

    def of_columns(self, measured: Measured) -> Array:
        return self.spread(measured.operand, lambda J: _columns(J, measured.places))


def _values_and_sum(point: Point, operand: Operand, moved: Array) -> Array:
    values, cache = point.moved(operand, moved)
    return (
        np.concatenate([values, point.sum(cache)], axis=-1) if isinstance(point.layer, SumLayer) else values
    )


def factor_row(
    point: Point,
    measured: Measured,
    J: Jacobian,
    of: str,
    hear: Callable[[float], Estimate],
    skip: Array | None = None,
    cause: str = "",
    rounding: Array | float = 0.0,
) -> Row:
    """One factor, column by column, against differences, which are heard again where it looks wrong."""
    candidate = _columns(J, measured.places)
    found = compared(
        f"{measured.name} of {of}{point.short}",
        "differences",
        candidate,
        hear(1.0),
        cases=point.cases is not None,
        describe=lambda place: _entry(point, place, measured.places),
        part=measured.part,
        skip=skip,
        rounding=rounding,
        gain=point.gain,
        hear=None if cause else hear,
    )
    return _with_reason(found, candidate, J, cause, point, measured.operand, sampled=measured.sampled)


def more_witnesses(
    point: Point,
    exact: Point,
    measured: Measured,
    near: Neighbours,
    J: Jacobian,
    rng: np.random.Generator,
    skip: Array | None,
) -> Iterator[Row]:
    """Random directions if columns were left out, and the complex step of a layer that allows it."""
    what, x = f"{measured.name} of {point.short}", exact.operands[measured.operand]

    def values(moved: Array) -> Array:
        return exact.moved(measured.operand, moved)[0]

    if measured.sampled:
        moves = _moves(J.in_shape, rng)
        rounding = near.spread(measured.operand, lambda J: _pushed(J, moves))
        yield _along_directions(what, J, values, x, moves, point, skip, rounding)
    elif point.layer.analytic:
        raw = partial(_unchecked, exact, measured.operand)
        yield _by_complex_step(what, raw, x, _columns(J, measured.places), point, measured.operand)


def columns(
    values: Callable[[Array], Array],
    x: Array,
    places: list[tuple[int, ...]],
    per_case: bool,
    noise: Array | float = 0.0,
    stretch: float = 1.0,
) -> Estimate:
    """The Jacobian by some entries of x; with `per_case` the same entry of every case moves at once.

    Steps are `stretch` times as long as usual.
    """
    found = []
    for place in places:
        move = np.zeros(x.shape)
        at: tuple[Any, ...] = (slice(None), *place) if per_case else place
        move[at] = stretch * np.maximum(1.0, np.abs(x[at]))
        found.append(along(values, x, move, itemgetter((*at, None) if per_case else at), noise=noise))
    whole = Estimate(*(np.stack(part, axis=-1) for part in zip(*found, strict=True)))
    axes = tuple(range(1 if per_case else 0, whole.value.ndim))
    largest = np.max(np.abs(whole.value), axis=axes, keepdims=True, initial=0.0, where=~np.isnan(whole.value))
    return whole._replace(error=whole.error + _INNER_ROUNDINGS * eps(np.float64) * largest)


def directed(
    values: Callable[[Array], Array],
    x: Array,
    moves: list[Array],
    noise: Array | float = 0.0,
    stretch: float = 1.0,
) -> Estimate:
    """Derivatives along some directions, on a new last axis."""
    found = [along(values, x, stretch * np.broadcast_to(move, x.shape), noise=noise) for move in moves]
    whole = Estimate(*(np.stack(part, axis=-1) for part in zip(*found, strict=True)))
    return whole.each(lambda part: part / stretch)._replace(kinked=whole.kinked)


def _columns(J: Jacobian, places: list[tuple[int, ...]]) -> Array:
    """J pushed along unit tangents, (cases,) + out + (k,)."""
    return np.stack([J.push(unit_tangent(J.in_shape, place, J.dtype)) for place in places], axis=-1)


def unit_tangent(shape: tuple[int, ...], place: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """1 at one place, 0 elsewhere."""
    unit = np.zeros(shape, dtype)
    unit[place] = 1
    return unit


def some_places(shape: tuple[int, ...], rng: np.random.Generator, most: int) -> list[tuple[int, ...]]:
    """Every index of a shape, or a sorted random sample."""
    total = size(shape)
    chosen = range(total) if total <= most else sorted(rng.choice(total, most, replace=False))
    return [tuple(int(k) for k in np.unravel_index(int(flat), shape)) for flat in chosen]


def _entry(point: Point, place: tuple[int, ...], places: list[tuple[int, ...]]) -> str:
    """'unit 3, case 0, by entry [2, 1]'."""
    *lead, unit, column = place
    case = f", case {lead[0]}" if lead else ""
    return f"unit {unit}{case}, by entry {written(places[column])}"


def written(place: tuple[int, ...]) -> str:
    """3 for (3,), [2, 1] for (2, 1)."""
    return str(place[0] if len(place) == 1 else list(place))


def kinked_units(point: Point) -> Array | None:
    """Where the sum of a Dense layer lies on a corner of its activation; None without corners."""
    if not isinstance(point.layer, Dense) or not point.layer.activation.kinks:
        return None
    z = point.sum(point.forward()[1]).astype(np.float64)
    near = np.zeros(z.shape, np.bool_)
    for kink in point.layer.activation.kinks:
        near |= np.abs(z - kink) <= 1e-5 * np.maximum(1, np.abs(z))
    return near


def alone_row(
    point: Point, measured: Measured, J: Jacobian, k: int, skip: Array | None, rounding: Array
) -> Row:
    """A factor of one case without a stack, in its own dtype, against the differences of that case."""

    def hear(stretch: float) -> Estimate:
        return measured.of_values(stretch).each(lambda part: part[k])

    found = compared(
        f"{measured.name} of {point.short}",
        "differences, one case",
        _columns(J, measured.places),
        hear(1.0),
        describe=lambda place: _entry(point, place, measured.places),
        part=measured.part,
        skip=None if skip is None else skip[k],
        rounding=rounding[k],
        gain=point.gain,
        hear=hear,
    ).row
    return replace(found, note=f"{point.where}: of a case alone, {found.note}") if found.fails else found


def _with_reason(
    found: Compared,
    candidate: Array,
    J: Jacobian,
    cause: str,
    point: Point,
    operand: Operand,
    *,
    sampled: bool,
) -> Row:
    """A row that fails, with what `diagnose` says of its worst case, or the factor that it follows from."""
    if not found.row.fails:
        return found.row
    if cause:
        return replace(found.row, note=f"as {cause} is")
    if sampled:
        return found.row
    worst = (int(np.argmax(found.wrong.reshape(len(found.wrong), -1).sum(axis=1))),) if J.cases else ()
    shape = J.out_shape + J.in_shape
    right = found.reference.value[worst].reshape(shape)
    reason = explained(
        candidate[worst].reshape(shape),
        right,
        out_ndim=len(J.out_shape),
        terms=_by_use(point, operand, right, worst) or None,
    )
    name = f"{point.where}: " if reason and point.where != point.short else ""
    return replace(found.row, note=f"{name}{reason}; {found.row.note}" if reason else found.row.note)


def _by_use(point: Point, operand: Operand, right: Array, case: tuple[int, ...]) -> dict[str, Array]:
    """The same factor of one case through each use that forward makes of the operand."""
    alone = point.in_float64()
    if case:
        alone = alone.case(case[0])
    name = operand if isinstance(operand, str) else "the input"
    if right.shape != alone.forward()[0].shape + alone.operands[operand].shape:
        return {}  # of the sum
    return jacobians_by_use(partial(_unchecked, alone, operand), alone.operands[operand], right, name)


def _unchecked(point: Point, operand: Operand, moved: Array) -> Array:
    """The layer's values with one operand as it is given: complex, or under watch."""
    inputs = tuple(
        moved if key == operand else x for key, x in zip(point.layer.inputs, point.inputs, strict=True)
    )
    params = {**point.params, operand: moved} if isinstance(operand, str) else point.params
    return point.layer.forward(params, inputs)[0]


def _along_directions(
    what: str,
    J: Jacobian,
    values: Callable[[Array], Array],
    x: Array,
    moves: list[Array],
    point: Point,
    skip: Array | None,
    rounding: Array,
) -> Row:
    """Two random directions, which every column takes part in."""

    def hear(stretch: float) -> Estimate:
        return directed(values, x, moves, stretch=stretch)

    outputs = None if skip is None else skip[..., :2]
    return compared(
        what,
        "random directions",
        _pushed(J, moves),
        hear(1.0),
        cases=point.cases is not None,
        describe=lambda place: f"entry {list(place[:-1])}, direction {place[-1]}",
        skip=outputs,
        rounding=rounding,
        gain=point.gain,
        part=f"all {size(J.in_shape):,} columns, along 2 directions",
        hear=hear,
    ).row


def _moves(shape: tuple[int, ...], rng: np.random.Generator) -> list[Array]:
    return [rng.normal(size=shape) / np.sqrt(size(shape)) for _ in range(2)]


def _pushed(J: Jacobian, moves: list[Array]) -> Array:
    return np.stack([J.push(move.astype(J.dtype)) for move in moves], axis=-1)


def _by_complex_step(
    what: str, values: Callable[[Array], Array], x: Array, candidate: Array, point: Point, operand: Operand
) -> Row:
    """For a layer that says it is analytic: exact to rounding."""
    if isinstance(operand, str) or point.cases is None:
        value = complex_step(values, x)
    else:
        value = np.stack([complex_step(partial(_case_of, values, x, k), x[k]) for k in range(len(x))])
    value = value.reshape(candidate.shape)
    largest = np.abs(value).max(initial=0.0)
    return compared(
        what,
        "complex step",
        candidate,
        exactly(value, 4 * eps(np.float64) * largest),
        cases=point.cases is not None,
        gain=point.gain,
    ).row


def _case_of(values: Callable[[Array], Array], x: Array, k: int, y: Array) -> Array:
    moved = x.astype(y.dtype)
    moved[k] = y
    return np.asarray(values(moved)[k])
