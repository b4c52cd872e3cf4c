"""A network: every layer at its own point, then the products and the gradients that they make up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TypeVar

import numpy as np

from ..arrays import Array, quiet
from ..delta import DeltaRule
from ..differences import Estimate
from ..layout import size
from ..network import Network
from ..record import Record
from .beside import Kinks, moved, of_beside
from .comparison import compared
from .explanation import explained
from .factors import columns, directed, kinked_units, some_places, unit_tangent, written
from .layers import layer_rows
from .losses import loss_rows
from .point import Point, guarded
from .report import KINK, Row
from .rounding import DRAWS, eps, shaken, size_of, spread
from .targets import shaken_target

_WORK = 1.5e9
"""Multiply-adds that a check may spend on differences, times `effort`."""
_EVALUATIONS = 14
"""About how many function values a derivative takes."""
_LEAST = 8
"""Entries of an array that are compared one by one, however large the network is."""
_CASES = 8
"""Cases of a large stack at which factors and products are compared; gradients take all."""
_LARGE = 2_000_000
_MOST_GAIN = 500.0
"""The logarithm of more than anything is told from."""
_LAYERS = 12
"""Activations of a deep network by which products are taken."""


@dataclass(frozen=True)
class Subject:
    """A network at a point, its float64 twin, and how many entries are compared one by one.

    `patient` is whether witnesses are heard again where something looks wrong: not below a wrong factor.
    """

    net: Network
    X: Array
    T: object
    rng: np.random.Generator
    effort: float
    patient: bool = True

    @cached_property
    def record(self) -> Record:
        return self.net.forward(self.X, self.T)

    @cached_property
    def few(self) -> Record:
        """The record of some cases where a pass of all is expensive."""
        x = self.record.activation(0)
        if self.record.cases is None or self.record.cases <= _CASES or self.cost <= _LARGE:
            return self.record
        chosen = np.linspace(0, len(x) - 1, _CASES).astype(int)
        target = self.record.target
        return self.net.forward(x[chosen], None if target is None else target[chosen])

    @cached_property
    def twin(self) -> Network:
        """The same network in float64."""
        return self.net if self.net.dtype == np.float64 else self.net.astype(np.float64)

    @cached_property
    def gain(self) -> float:
        """A bound of what the layers make of an underflow below them, up to infinity."""
        sizes = [self._gain_of(self.point(k, self.few)) for k in range(1, self.depth + 1)]
        return float(np.exp(min(np.log(sizes).sum(), _MOST_GAIN)))

    def _gain_of(self, point: Point) -> float:
        pushed = [
            J.push(self.rng.choice([-1.0, 1.0], size=J.in_shape).astype(J.dtype))
            for operand, J in point.factors().items()
            if not isinstance(operand, str)
        ]
        return point.gain * size_of(*pushed)

    def shaken_of(self, record: Record) -> list[Record]:
        """The pass of a record in float64, then passes at numbers that are a few roundings off."""
        unit, x, target = eps(record.dtype), record.activation(0).astype(np.float64), record.target
        nets = [
            self.twin.with_parameters(
                {name: shaken(array, unit, self.rng) for name, array in self.twin.parameters.items()}
            )
            for _ in range(DRAWS)
        ]
        around = [net.forward(shaken(x, unit, self.rng), self._near(record)) for net in nets]
        return [self.twin.forward(x, target), *around]

    def _near(self, record: Record) -> Array | None:
        loss, target, unit = self.net.loss, record.target, eps(record.dtype)
        if target is None or loss is None:
            return target
        return shaken_target(loss, target, record.output, unit, self.rng)

    def rounding(self, record: Record, read: Callable[[Record], Array]) -> Array:
        """What roundings make of something that is read of a record."""
        centre, *around = self._shaken if record is self.record else self._shaken_few
        return spread(centre, around, read)

    def noise(self, record: Record, read: Callable[[Record], Array]) -> Array:
        """The same of values in float64, which differences are taken of."""
        return self.rounding(record, read) * (eps(np.float64) / eps(record.dtype))

    @cached_property
    def _shaken(self) -> list[Record]:
        return self.shaken_of(self.record)

    @cached_property
    def _shaken_few(self) -> list[Record]:
        return self.shaken_of(self.few)

    def beside(self) -> Subject:
        """The same network at numbers where no unit is likely to lie at a kink."""
        params = {name: moved(array, self.rng) for name, array in self.net.parameters.items()}
        x = moved(self.record.activation(0), self.rng)
        return replace(self, net=self.net.with_parameters(params), X=x, T=self.record.target)

    @property
    def depth(self) -> int:
        return self.net.architecture.depth

    @property
    def cost(self) -> int:
        """Multiply-adds of a forward pass, with what the calls cost."""
        return self.cost_of(self.record)

    def cost_of(self, record: Record) -> int:
        """The same of a record with fewer cases; a matrix is read from memory however few there are."""
        return 60_000 * self.depth + (8 + (record.cases or 1)) * self.net.size

    def most(self, cost: int, blocks: int) -> int:
        """How many entries of each of so many arrays may be compared one by one."""
        return max(_LEAST, int(self.effort * _WORK / (cost * _EVALUATIONS * blocks)))

    def kinked_layers(self) -> set[int]:
        """The layers with a unit whose activation declares a kink where its sum lies."""
        units = {k: kinked_units(self.point(k, self.record)) for k in range(1, self.depth + 1)}
        return {k for k, near in units.items() if near is not None and near.any()}

    def layer_of(self, name: str) -> int:
        """1 for "W1"."""
        slots = self.net.architecture.slots
        return next(k for k, own in enumerate(slots, 1) for slot in own if f"{slot}{k}" == name)

    def point(self, number: int, record: Record) -> Point:
        """One layer at the numbers of a record."""
        architecture, layer = self.net.architecture, self.net.layers[number - 1]
        params = {
            slot: self.net.parameters[f"{slot}{number}"].astype(record.dtype, copy=False)
            for slot in architecture.slots[number - 1]
        }
        inputs = tuple(record.activation(k) for k in architecture.reads(number))
        kind = layer.name or type(layer).__name__
        return Point(layer, params, inputs, f"layer {number} <{kind}>", f"layer {number}")


@quiet
def network_rows(subject: Subject) -> list[Row]:
    """Factors of every layer and of the loss, products, gradients: causes before what follows from them."""
    few, rows, kinked = subject.few, [], subject.kinked_layers()
    blocks = 4 * subject.depth
    for number in range(1, subject.depth + 1):
        point = subject.point(number, few)
        of_layer = layer_rows(point, subject.rng, subject.most(point.cost, blocks))
        if any(row.verdict == KINK for row in of_layer):
            kinked.add(number)
        rows += of_layer
    if subject.record.target is not None:
        of_loss = _loss_rows(subject, few)
        if any(row.verdict == KINK for row in of_loss):
            kinked.add(subject.depth + 1)
        rows += of_loss
    if few is not subject.record:
        some = f"{few.cases} of {subject.record.cases} cases compared"
        rows = [replace(row, note=f"{row.note}, {some}" if row.note else some) for row in rows]
    rows.sort(key=lambda row: not row.fails)
    cause = next((row.what for row in rows if row.fails), "")
    if any(row.fails and row.witness == "a second call" for row in rows):
        return rows
    if cause:
        subject = replace(subject, patient=False)
    following = [*_whole_rows(subject, Kinks(kinked, subject.depth))]
    unjudged = {row.what for row in following if row.verdict == KINK}
    if unjudged:
        beside = subject.beside()
        again = _whole_rows(beside, Kinks(beside.kinked_layers(), subject.depth))
        following += of_beside(row for row in again if row.what in unjudged)
    return rows + [_following(row, cause) for row in following]


def _whole_rows(subject: Subject, kinks: Kinks) -> Iterator[Row]:
    """Products, then gradients."""
    yield from _product_rows(subject, subject.few, kinks)
    if subject.record.target is not None:
        yield from _gradient_rows(subject, kinks)


def _following(row: Row, cause: str) -> Row:
    """A product or gradient that contains a wrong factor is wrong as well."""
    return replace(row, note=f"as {cause} is") if cause and row.fails else row


def _loss_rows(subject: Subject, record: Record) -> list[Row]:
    loss, t = subject.net.loss, record.target
    assert loss is not None, "a target was taken by a loss"
    assert t is not None, "asked with a target alone"
    y = record.output
    fused = subject.net.architecture.fused
    z = np.atleast_2d(record.sum(subject.depth)) if fused else None
    return loss_rows(loss, np.atleast_2d(y), z, np.atleast_2d(t))


def _product_rows(subject: Subject, record: Record, kinks: Kinks) -> Iterator[Row]:
    """d(output)/d(a_k) and dL/d(a_k) for every layer, or for some of a deep network."""
    depth = subject.depth
    below = [k for k in range(depth) if _reaches(subject, k)]
    below = _some(below)
    most = subject.most(subject.cost_of(record), 2 * len(below))
    for k in reversed(below):
        yield kinks.judged(_product(subject, record, k, f"a{depth}", most), k, depth)
        if subject.record.target is not None:
            yield kinks.judged(_product(subject, record, k, "L", most), k, depth + 1)


def _reaches(subject: Subject, k: int) -> bool:
    """Whether some later layer reads activation k."""
    return any(k in subject.net.architecture.reads(number) for number in range(1, subject.depth + 1))


def _product(subject: Subject, record: Record, k: int, of: str, most: int) -> Row:
    """One product against differences of the layers above."""
    x = record.activation(k)
    shape = x.shape if record.cases is None else x.shape[-1:]
    places, total = some_places(shape, subject.rng, most), size(shape)

    def product(record: Record) -> Array:
        J = record.jacobian(of, f"a{k}")
        return np.stack([J.push(unit_tangent(shape, place, J.dtype)) for place in places], axis=-1)

    candidate = product(record)
    above = _above(subject, record, k, of)
    per_case = record.cases is not None

    def values(moved: Array) -> Array:
        found = above(moved)
        return found[..., None] if of == "L" else found

    noise = subject.noise(
        record, lambda record: np.expand_dims(record.losses, -1) if of == "L" else record.output
    )

    def hear(stretch: float) -> Estimate:
        found = columns(values, x.astype(np.float64), places, per_case, noise, stretch)
        return found.each(lambda part: part.reshape(candidate.shape))

    part = [f"{len(places)} of {total} columns compared"] if len(places) < total else []
    if record is not subject.record:
        part.append(f"{record.cases} of {subject.record.cases} cases compared")
    symbol = f"d{of}/da{k}"
    return compared(
        symbol,
        "differences",
        candidate,
        hear(1.0),
        kind="product",
        cases=per_case,
        describe=lambda place: f"{list(place[:-1])} by entry {written(places[place[-1]])}",
        part=", ".join(part),
        rounding=subject.rounding(record, product),
        gain=subject.gain,
        hear=hear if subject.patient else None,
    ).row


def _above(subject: Subject, record: Record, k: int, of: str) -> Callable[[Array], Array]:
    """The output, or each case's loss, as a function of activation k alone, in float64."""
    points = [subject.point(number, record).in_float64() for number in range(1, subject.depth + 1)]
    start = [record.activation(j).astype(np.float64) for j in range(subject.depth + 1)]
    architecture = subject.net.architecture

    def values(moved: Array) -> Array:
        activations, cache = list(start), None
        activations[k] = moved
        for number in range(k + 1, subject.depth + 1):
            inputs = tuple(activations[j] for j in architecture.reads(number))
            activations[number], cache = points[number - 1].forward(inputs=inputs)
        if of != "L":
            return activations[-1]
        z = points[-1].sum(cache) if architecture.fused else None
        return _losses(subject, z, activations[-1], record)

    return values


def _losses(subject: Subject, z: Array | None, y: Array, record: Record) -> Array:
    loss, target = subject.net.loss, record.target
    assert loss is not None, "L was asked for"
    assert target is not None, "L was asked for"
    t = target.astype(np.float64)
    losses = np.asarray(loss.value(y, t) if z is None else loss.head_value(z, t))
    return np.asarray(losses.sum() * loss.weight(len(y))) if record.coupled else losses


def _gradient_rows(subject: Subject, kinks: Kinks) -> Iterator[Row]:
    """Every gradient, of the record and of the delta rule, by entries and along random directions."""
    if not subject.net.parameters:
        return
    routes = {"record.gradients": subject.record.gradients()}
    x, t = subject.record.activation(0), subject.record.target
    routes["DeltaRule"] = guarded("DeltaRule", "gradients", DeltaRule(subject.net).gradients, x, t)[1]
    names = _some(list(subject.net.parameters))
    most = subject.most(subject.cost, len(names))
    for name in names:
        own = {route: found[name] for route, found in routes.items()}
        for row in _gradient(subject, name, own, most):
            yield kinks.judged(row, subject.layer_of(name) - 1, subject.depth + 1)
    if len(names) < len(subject.net.parameters):
        for row in _all_gradients(subject, routes, len(names)):
            yield kinks.judged(row, 0, subject.depth + 1)


Item = TypeVar("Item")


def _some(items: list[Item]) -> list[Item]:
    """All of a few, or some of many, the first and the last among them."""
    if len(items) <= _LAYERS:
        return items
    return [items[int(k)] for k in np.linspace(0, len(items) - 1, _LAYERS)]


def _all_gradients(subject: Subject, routes: Mapping[str, Mapping[str, Array]], taken: int) -> Iterator[Row]:
    """The parameters of a deep network all at once, along random directions."""
    net, x, target = subject.twin, subject.record.activation(0).astype(np.float64), subject.record.target
    moves = [subject.rng.normal(size=net.size) / np.sqrt(net.size) for _ in range(3)]

    def loss(vector: Array) -> Array:
        return np.asarray(net.with_vector(vector).forward(x, target).loss)

    noise = subject.noise(subject.record, lambda record: np.asarray(record.loss))
    terms = np.asarray(eps(subject.record.dtype) * np.abs(_flat(routes["record.gradients"])).max())

    @cache
    def hear(stretch: float) -> Estimate:
        return _with_rounding(directed(loss, net.vector, moves, noise, stretch), terms)

    for route, gradients in routes.items():
        yield compared(
            "dL by all parameters",
            f"directions, {route}",
            _vector(gradients, moves),
            hear(1.0),
            kind="gradient",
            rounding=subject.rounding(subject.record, lambda record: _vector(record.gradients(), moves)),
            gain=subject.gain,
            part=f"{taken} of {len(net.parameters):,} gradients compared one by one, all of them along "
            "3 directions",
            describe=lambda place: f"direction {place[0]}",
            hear=hear if subject.patient else None,
        ).row


def _flat(gradients: Mapping[str, Array]) -> Array:
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in gradients.values()])


def _vector(gradients: Mapping[str, Array], moves: list[Array]) -> Array:
    """The slopes along some moves of all parameters."""
    whole = _flat(gradients)
    return np.array([whole @ move for move in moves])


def _gradient(subject: Subject, name: str, routes: Mapping[str, Array], most: int) -> Iterator[Row]:
    x = subject.record.activation(0).astype(np.float64)
    array = subject.net.parameters[name].astype(np.float64)
    target = subject.record.target

    def loss(value: Array) -> Array:
        return np.asarray(subject.twin.with_parameters({name: value}).forward(x, target).loss)

    total = array.size
    flat = np.arange(total) if total <= most else np.sort(subject.rng.choice(total, most, replace=False))
    places = [tuple(int(k) for k in np.unravel_index(int(k), array.shape)) for k in flat]
    noise = subject.noise(subject.record, lambda record: np.asarray(record.loss))
    terms = _size_of_terms(subject, name)
    move = subject.rng.normal(size=array.shape) / np.sqrt(max(total, 1))

    @cache
    def hear(stretch: float) -> Estimate:
        return _with_rounding(columns(loss, array, places, False, noise, stretch), terms.ravel()[flat])

    @cache
    def hear_along(stretch: float) -> Estimate:
        found = directed(loss, array, [move], noise, stretch).each(lambda part: part[0])
        return _with_rounding(found, np.asarray((terms * np.abs(move)).max()))

    what, part = f"dL/d{name}", f"{len(places):,} of {total:,} entries compared" if total > most else ""
    rounding = subject.rounding(subject.record, lambda record: record.gradients()[name])
    for route, gradient in routes.items():
        found = compared(
            what,
            f"differences, {route}",
            gradient.ravel()[flat],
            hear(1.0),
            kind="gradient",
            describe=lambda place: f"entry {list(places[place[0]])}",
            part=part,
            rounding=rounding.ravel()[flat],
            gain=subject.gain,
            hear=hear if subject.patient else None,
        )
        reason = ""
        if found.row.fails and total <= most:
            reason = explained(gradient, found.reference.value.reshape(array.shape), out_ndim=0)
        row = replace(found.row, note=f"{reason}; {found.row.note}") if reason else found.row
        yield replace(row, note=f"{row.note} ({route})") if row.fails else row
        if total > most:
            along_all = np.asarray((gradient.astype(np.float64) * move).sum())
            yield compared(
                what,
                f"a direction, {route}",
                along_all,
                hear_along(1.0),
                kind="gradient",
                rounding=np.sqrt((rounding**2 * move**2).sum()),
                gain=subject.gain,
                part=f"all {total:,} entries along one random direction",
                hear=hear_along if subject.patient else None,
            ).row


def _with_rounding(reference: Estimate, terms: Array) -> Estimate:
    return reference._replace(error=reference.error + terms)


def _size_of_terms(subject: Subject, name: str) -> Array:
    """A rounding of the terms that a gradient adds up, which may cancel: each case's own row."""
    unit = float(np.finfo(subject.record.dtype).eps)
    cases = subject.record.cases or 1
    weight = float(subject.record.weight)
    J = subject.record.jacobian("L", name)
    scale = weight * np.sqrt(cases) * np.sqrt(J.stacked().gram_diagonal() if cases > 1 else J.gram_diagonal())
    largest = float(np.max(scale, initial=0.0, where=np.isfinite(scale)))
    return np.full(size(subject.net.parameters[name].shape), unit * largest).reshape(
        subject.net.parameters[name].shape
    )
