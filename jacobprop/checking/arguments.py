"""The gradient by each argument of a plain function, and the reason where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import Estimate, estimate
from .comparison import compared, exactly
from .explanation import explained
from .factors import columns
from .locating import Functional
from .operands import wrong_operand
from .pair import Pair
from .report import FAILS, UNRESOLVED, Row
from .rounding import eps
from .uses import jacobians_by_use

_FULL = 300
"""Entries of an argument, and of y, up to which whole Jacobians are compared."""
_COVECTORS = 3
_UNIFORM = ("sign", "factor", "accumulated_twice")
"""Kinds of mistake that a sample of entries, without its axes, can tell."""
_CLOSE = 1e-6
"""Relative to the largest entry: two Jacobians that are taken for the same."""


def argument_rows(
    pair: Pair, y: Array, dy: Array, gradients: Sequence[Array | None], rng: np.random.Generator
) -> Iterator[Row]:
    """Each gradient: its shape, random directions, then the whole Jacobian or random covectors.

    What a formula is worth shows in float64: in float32, 1 - h h of a saturated h is rounding alone.
    """
    precise = pair.in_float64()
    exact = precise.arrays
    small = y.size <= _FULL
    pulled = precise.pull_units(y) if small else []
    in_float64 = precise.pull(dy.astype(np.float64))
    for k in pair.differentiable:
        gradient, x, name = gradients[k], pair.arrays[k], pair.names[k]
        what = f"gradient by {name}"
        if gradient is None:
            note = f"backward returns None for {name}: nothing was compared"
            yield Row(what, "none", 0.0, 0.0, UNRESOLVED, note, "gradient")
            continue
        if gradient.shape != x.shape:
            yield _misshapen(pair, k, exact, dy, gradient)
            continue
        if small and x.size <= _FULL:
            yield _whole(pair, k, exact, y, dy, gradient, [found[k] for found in pulled])
        else:
            yield from _through_covectors(pair, k, exact, y, rng, what)
        if x.dtype != np.float64:
            yield _in_own_dtype(what, gradient, in_float64[k])


def _in_own_dtype(what: str, own: Array, precise: Array | None) -> Row:
    """How many digits the same code keeps in a small dtype; no mistake of the derivation."""
    if precise is None or precise.shape != own.shape:
        precise = own
    row = compared(what, f"{own.dtype.name}, float64", own, exactly(precise), kind="gradient").row
    if not row.fails:
        return row
    note = f"rounding of {own.dtype.name} shows here, the same code in float64 is what counts; {row.note}"
    return replace(row, verdict=UNRESOLVED, note=note)


def _jacobian(pair: Pair, k: int, exact: Sequence[Array], y: Array, stretch: float = 1.0) -> Estimate:
    """By steps so many times as long as usual."""
    x = exact[k]
    if not x.size:
        return exactly(np.zeros((y.size, *x.shape)))
    places = [tuple(int(i) for i in place) for place in np.ndindex(x.shape)]
    found = columns(lambda moved: pair.value(k, moved, exact).ravel(), x, places, False, stretch=stretch)
    return found.each(lambda part: part.reshape(y.size, *x.shape))


def _misshapen(pair: Pair, k: int, exact: Sequence[Array], dy: Array, gradient: Array) -> Row:
    """A gradient of another shape than its array, with what sum or transposition would mend it."""
    x, name = pair.arrays[k], pair.names[k]
    note = f"it has shape {gradient.shape}, and {name} has {x.shape}"
    if x.size <= _FULL:
        right = estimate(lambda moved: np.vdot(dy, pair.value(k, moved, exact)), exact[k]).value
        reason = explained(gradient, right, out_ndim=0)
        note = f"{reason}; {note}" if reason else note
    return Row(f"gradient by {name}", "its shape", float("inf"), 0.0, FAILS, note, "gradient")


def _whole(
    pair: Pair,
    k: int,
    exact: Sequence[Array],
    y: Array,
    dy: Array,
    gradient: Array,
    pulled: Sequence[Array | None],
) -> Row:
    """Every entry of d(y)/d(x), the candidate's from unit covectors."""
    x, name = pair.arrays[k], pair.names[k]
    candidate = _stacked(pulled, x)
    hear = partial(_jacobian, pair, k, exact, y)
    found = compared(
        f"gradient by {name}",
        "differences",
        candidate,
        hear(),
        hear=hear,
        kind="gradient",
        describe=lambda place: (
            f"{_entry('dy', np.unravel_index(place[0], y.shape))}/{_entry(f'd{name}', place[1:])}"
        ),
        dtype=np.result_type(x, y),
    )
    if not found.row.fails:
        return found.row
    reason = _reason(pair, k, exact, y, dy, gradient, candidate, found.reference)
    return replace(found.row, note=f"{reason}; {found.row.note}" if reason else found.row.note)


def _stacked(pulled: Sequence[Array | None], x: Array) -> Array:
    """(y.size,) + x.shape, with zeros where there is no gradient or one of another shape."""
    rows = [np.zeros(x.shape) if row is None or row.shape != x.shape else row for row in pulled]
    return np.stack(rows) if rows else np.zeros((0, *x.shape))


def _reason(
    pair: Pair,
    k: int,
    exact: Sequence[Array],
    y: Array,
    dy: Array,
    gradient: Array,
    candidate: Array,
    reference: Estimate,
) -> str:
    """Jacobian against Jacobian, with a term for each use; then gradient against gradient."""
    x, name = exact[k], pair.names[k]
    if x.shape == y.shape and _agree(
        candidate.reshape(x.size, x.size).T, reference.value.reshape(x.size, x.size)
    ):
        return (
            "backward computes J dy, not J^T dy: it is the forward derivative; multiply by the transpose of J"
        )
    uses = jacobians_by_use(lambda moved: _followed(pair, k, moved, exact), x, reference.value, name)
    shape = (*y.shape, *x.shape)
    terms = {use: term.reshape(shape) for use, term in uses.items()}
    told = explained(
        candidate.reshape(shape), reference.value.reshape(shape), out_ndim=y.ndim, terms=terms or None
    )
    if told:
        return told
    dy, y = dy.astype(np.float64), y.astype(np.float64)
    pull = np.tensordot(dy.ravel(), reference.value, 1)
    if taken := wrong_operand(pair.in_float64(), k, dy, y, pull):
        return taken
    return explained(gradient, pull, out_ndim=0)


def _entry(name: str, place: Iterable[Any]) -> str:
    """dy[0, 2]; dy of a single number."""
    listed = ", ".join(str(int(k)) for k in place)
    return f"{name}[{listed}]" if listed else name


def _agree(first: Array, second: Array) -> bool:
    return bool(np.abs(first - second).max(initial=0.0) <= _CLOSE * np.abs(second).max(initial=0.0))


def _followed(pair: Pair, k: int, moved: Array, exact: Sequence[Array]) -> Array:
    """y, without a copy that would hide a watched array."""
    given = [array.copy() for array in exact]
    given[k] = moved
    returned = pair.forward(*given)
    y = returned[0] if isinstance(returned, tuple) else returned
    return np.ravel(y)


def _through_covectors(
    pair: Pair, k: int, exact: Sequence[Array], y: Array, rng: np.random.Generator, what: str
) -> Iterator[Row]:
    """Of what is too large: gradients of random covectors, at some entries and along random directions."""
    directions: list[Row] = []
    for number in range(_COVECTORS):
        u = rng.normal(size=y.shape)
        found = pair.in_float64().pull(u)[k]
        if found is None or found.shape != exact[k].shape:
            name = pair.names[k]
            note = f"the gradient by {name} is None or changes its shape from one dy to the next"
            yield Row(what, "its shape", float("inf"), 0.0, FAILS, note, "gradient")
            return
        against = _functional(pair, k, exact, y, u, found, rng)
        if number == 0:
            yield (entries := _some_entries(against, what))
        row = against.along(what, np.ones(found.shape, np.bool_))
        if row.fails:
            note = "as its entries are" if entries.fails else against.located()
            yield replace(row, note=note)
            return
        directions.append(row)
    yield max(directions, key=lambda row: (row.resolves, row.error))


def _functional(
    pair: Pair,
    k: int,
    exact: Sequence[Array],
    y: Array,
    u: Array,
    found: Array,
    rng: np.random.Generator,
) -> Functional:
    def value(moved: Array) -> Array:
        return np.atleast_1d(np.vdot(u, pair.value(k, moved, exact)))

    rounding = float(np.abs(u).sum() * eps(pair.run(exact)[0].dtype) * np.abs(y).max())
    return Functional(value, exact[k], found, rounding, np.result_type(pair.arrays[k], y), rng)


def _some_entries(against: Functional, what: str) -> Row:
    """All entries of a gradient, or of a large one a random sample."""
    found, total = against.gradient, against.x.size
    whole = total <= _FULL
    chosen = np.arange(total) if whole else np.sort(against.rng.choice(total, _FULL // 5, replace=False))
    places = [tuple(int(i) for i in np.unravel_index(int(flat), found.shape)) for flat in chosen]

    def hear(stretch: float) -> Estimate:
        entries = columns(against.value, against.x, places, False, stretch=stretch)
        return entries._replace(error=entries.error + against.rounding / stretch)

    said = np.array([found[place] for place in places])
    compare = compared(
        what,
        "differences",
        said[None],
        hear(1.0),
        hear=hear,
        kind="gradient",
        describe=lambda place: f"entry {list(places[place[1]])}",
        dtype=against.dtype,
        part="for a random dy"
        if whole
        else f"{len(places):,} of {total:,} entries compared, for a random dy",
    )
    row, right = compare.row, compare.reference.value[0]
    if not row.fails:
        return row
    if whole:
        reason = explained(found, right.reshape(found.shape), out_ndim=0)
    else:
        reason = explained(said, right, out_ndim=0, kinds=_UNIFORM)
    return replace(row, note=f"{reason}; {row.note}" if reason else row.note)
