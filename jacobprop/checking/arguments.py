"""The gradient by each argument of a plain function, and the reason where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array
from ..differences import Estimate, along, estimate
from .comparison import compared, eps
from .explanation import explained
from .pair import Pair
from .report import FAILS, Row
from .uses import jacobians_by_use

_FULL = 300
"""Entries of an argument, and of y, up to which whole Jacobians are compared."""
_COVECTORS = 3


def argument_rows(
    pair: Pair, y: Array, dy: Array, gradients: Sequence[Array | None], rng: np.random.Generator
) -> Iterator[Row]:
    """Each gradient: its shape, random directions, then the whole Jacobian or random covectors."""
    exact = [array.astype(np.float64) if array.dtype.kind == "f" else array for array in pair.arrays]
    small = y.size <= _FULL
    pulled = [pair.pull(unit) for unit in _units(y)] if small else []
    for k in pair.differentiable:
        gradient, x, name = gradients[k], pair.arrays[k], pair.names[k]
        if gradient is None:
            continue
        what = f"gradient by {name}"
        if gradient.shape != x.shape:
            yield _misshapen(pair, k, exact, dy, gradient)
        elif small and x.size <= _FULL:
            yield _whole(pair, k, exact, y, dy, gradient, [found[k] for found in pulled])
        else:
            yield from _through_covectors(pair, k, exact, y, rng, what)


def _units(y: Array) -> Iterator[Array]:
    for place in np.ndindex(y.shape):
        unit = np.zeros(y.shape, y.dtype)
        unit[place] = 1
        yield unit


def _jacobian(pair: Pair, k: int, exact: Sequence[Array]) -> Estimate:
    return estimate(lambda moved: pair.value(k, moved, exact).ravel(), exact[k])


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
    rows = [np.zeros(x.shape) if row is None else np.broadcast_to(row, x.shape) for row in pulled]
    candidate = np.stack(rows) if rows else np.zeros((0, *x.shape))
    reference = _jacobian(pair, k, exact)
    found = compared(
        f"gradient by {name}",
        "differences",
        candidate,
        reference,
        kind="gradient",
        describe=lambda place: (
            f"dy/d{name}[{', '.join(map(str, place[1:]))}] of entry "
            f"{[int(i) for i in np.unravel_index(place[0], y.shape)]}"
        ),
        dtype=np.result_type(x, y),
    )
    if not found.row.fails:
        return found.row
    reason = _reason(pair, k, exact, y, dy, gradient, candidate, reference)
    return replace(found.row, note=f"{reason}; {found.row.note}" if reason else found.row.note)


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
    uses = jacobians_by_use(lambda moved: _followed(pair, k, moved, exact), x, reference.value, name)
    shape = (*y.shape, *x.shape)
    terms = {use: term.reshape(shape) for use, term in uses.items()}
    told = explained(
        candidate.reshape(shape), reference.value.reshape(shape), out_ndim=y.ndim, terms=terms or None
    )
    if told:
        return told
    pull = np.tensordot(dy.ravel().astype(np.float64), reference.value, 1)
    return explained(gradient, pull, out_ndim=0)


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
    x, name = pair.arrays[k], pair.names[k]
    chosen = np.arange(x.size) if x.size <= _FULL else np.sort(rng.choice(x.size, _FULL // 5, replace=False))
    places = [tuple(int(i) for i in np.unravel_index(int(flat), x.shape)) for flat in chosen]
    for number in range(_COVECTORS):
        u = rng.normal(size=y.shape).astype(y.dtype)
        found = pair.pull(u)[k]
        if found is None or found.shape != x.shape:
            note = f"the gradient by {name} is None or changes its shape from one dy to the next"
            yield Row(what, "its shape", float("inf"), 0.0, FAILS, note, "gradient")
            return

        def value(moved: Array, u: Array = u) -> Array:
            return np.atleast_1d(np.vdot(u, pair.value(k, moved, exact)))

        rounding = np.abs(u).sum() * eps(y.dtype) * np.abs(y).max()
        move = rng.normal(size=x.shape)
        direction = along(value, exact[k], move)
        direction = direction._replace(error=direction.error + rounding)
        yield compared(
            what,
            "a random direction",
            np.atleast_1d((found.astype(np.float64) * move).sum()),
            direction,
            kind="gradient",
            dtype=np.result_type(x, y),
        ).row
        if number == 0:
            entries = estimate(value, exact[k], places)
            entries = entries._replace(error=entries.error + rounding)
            row = compared(
                what,
                "differences",
                np.array([found[place] for place in places])[None],
                entries,
                kind="gradient",
                describe=lambda place: f"entry {list(places[place[1]])}",
                dtype=np.result_type(x, y),
                part=f"{len(places):,} of {x.size:,} entries, for a random dy",
            ).row
            if row.fails and len(places) == x.size:
                reason = explained(found, entries.value[0].reshape(x.shape), out_ndim=0)
                row = replace(row, note=f"{reason}; {row.note}" if reason else row.note)
            yield row
