"""An activation against its own differences, its expression, its kernel, its corners and its jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from ..activations import Activation, Jump, Kink
from ..arrays import Array, quiet
from ..differences import Estimate, along
from ..layers import Dense
from .comparison import TOO_SMALL, Compared, as_saturated, compared, exactly
from .exact import known_exactly, values_of
from .explanation import explained
from .kinks import undeclared_kinks
from .point import Point, guarded
from .report import FAILS, HOLDS, KINK, Row
from .rounding import eps

_INEXACT = 1e-7
"""A tenth of the relative error that an author's formula may have: teaching forms lose digits."""
_POINTS = 16
"""How many points of a layer are compared with the expression."""
_FLAT = 1e-9
"""A slope that a unit hardly learns by, and that differences of its layer cannot see."""
_ON_CORNER = 1e-6
"""An absolute error of the slope on a corner, where nothing but a rounding of the declared one is due."""
_ORDERS = {0: "f", 1: "f'", 2: "f''"}


def activation_rows(activation: Activation, rng: np.random.Generator) -> list[Row]:
    """f against f' against f'' against the expression, the kernel, the corners and the jumps."""
    z = _sample(activation, rng)
    where = f"activation {activation.name!r}"
    guarded(where, "its function", activation.value, z)
    guarded(where, "its derivative", activation.derivative, z)
    rows = [_against_expression(activation, 0, z)] if known_exactly(activation) else []
    for order in range(1, 1 + min(len(activation.derivatives), 2)):
        lower = activation.value if order == 1 else activation.derivative
        rows += _derivative_rows(
            activation, order, lower, z if order == 1 else z[~np.isin(z, activation.kinks)]
        )
    rows += [*_corner_rows(activation), *_jump_rows(activation), *_kernel_rows(activation, z)]
    found = undeclared_kinks(activation)
    said = "; ".join(
        f"kink at z = {kink.point:.6g}: left {kink.left:.4g}, right {kink.right:.4g}, not declared: "
        f"add Kink({kink.point:.6g}, {kink.left:.4g}, {kink.right:.4g}) to corners"
        for kink in found
    )
    rows.append(Row("corners", "a search from -10 to 10", 0.0, 1e-3, KINK if found else HOLDS, said))
    return rows


def _sample(activation: Activation, rng: np.random.Generator) -> Array:
    """Points in the middle, in saturation, and on the corners."""
    far = [-700.0, -300.0, -40.0, -20.0, 20.0, 40.0, 300.0, 700.0]
    return np.unique([*rng.uniform(-6, 6, 24).round(3), *far, 0.0, *activation.kinks])


@quiet
def _derivative_rows(
    activation: Activation, order: int, lower: Callable[[Array], Array], z: Array
) -> Iterator[Row]:
    """f' against differences of f, or f'' of f', and against the expression."""
    candidate = activation.derivative(z, order)
    hear = partial(_elementwise, lower, z, flat=_piecewise_constant(activation, candidate))
    off_corners = np.isin(z, activation.kinks)
    found = compared(
        _ORDERS[order],
        "differences",
        candidate,
        hear(),
        describe=lambda place: f"z = {z[place]:.6g}",
        entrywise=True,
        skip=off_corners,
        hear=hear,
    )
    yield _saturated(_told(found, candidate))
    if known_exactly(activation):
        yield _against_expression(activation, order, z)


def _told(found: Compared, candidate: Array) -> Compared:
    """With the words of `diagnose` where it fails."""
    if not found.row.fails:
        return found
    reference = found.reference
    keep = ~found.kinked & ~found.unseen & np.isfinite(reference.value) & np.isfinite(candidate)
    reason = explained(candidate[keep], reference.value[keep])
    return replace(found, row=replace(found.row, note=f"{reason}; {found.row.note}")) if reason else found


def _against_expression(activation: Activation, order: int, z: Array, what: str = "", part: str = "") -> Row:
    """Any order against what sympy makes of the expression, in as many digits as it takes."""
    candidate = activation.derivative(z, order) if order else activation.value(z)
    return _exact_row(activation, order, z, candidate, what or _ORDERS[order], part, kind="property")


def _exact_row(
    activation: Activation, order: int, z: Array, candidate: Array, what: str, part: str, kind: str
) -> Row:
    exact = z.astype(np.float64)
    value = values_of(activation, order, exact)
    steeper = _conditioning(activation, order, exact)
    unit = 4 * eps(candidate.dtype)
    least = float(np.finfo(candidate.dtype).smallest_normal)
    error = np.maximum(_INEXACT, unit) * np.abs(value) + unit * steeper + least
    error[(value == 0) & (candidate == 0)] = 0.0  # two zeros agree: all there is to see of a threshold's f'
    return compared(
        what,
        "its expression",
        candidate,
        exactly(value, error),
        kind=kind,
        entrywise=True,
        describe=lambda place: f"z = {z[place]:.6g}",
        part=part,
        skip=np.isin(z, activation.kinks) if order else None,
    ).row


def _conditioning(activation: Activation, order: int, z: Array) -> Array:
    """|z f'| or |z f''|: what a rounding of z itself makes of the result."""
    function = activation.derivative if order else activation.value
    step = np.abs(z) * 2.0**-13
    middle = function(z)
    return np.asarray((np.abs(function(z + step) - middle) + np.abs(middle - function(z - step))) * 2.0**12)


def _elementwise(
    function: Callable[[Array], Array], z: Array, stretch: float = 1.0, *, flat: bool = False
) -> Estimate:
    """Differences; `flat` says that nothing is lost where they see one value on both sides."""
    move = stretch * np.maximum(1.0, np.abs(z))
    found = along(function, z, move, lambda moved: moved, elementwise=True)
    same = (found.value == 0) & (found.left == 0) & (found.right == 0)
    return found._replace(error=np.where(same, 0.0, found.error)) if flat else found


def _piecewise_constant(activation: Activation, slopes: Array) -> bool:
    """A threshold: it jumps, and says that it is flat everywhere else."""
    return bool(activation.jumps) and not slopes.any()


def _saturated(found: Compared) -> Row:
    """A difference cannot see a slope far below the values: say so."""
    row = as_saturated(found.row)
    if found.unseen.any() and row.verdict == HOLDS:
        return replace(row, note=row.note.replace(TOO_SMALL, "are saturated"))
    return row


@quiet
def _corner_rows(activation: Activation) -> Iterator[Row]:
    """The declared slopes left and right of each corner, and the slope at the corner itself."""
    for kink in activation.corners:
        sides = _sides(activation, kink)
        at = float(activation.derivative(np.array([kink.point]))[0])
        told = (
            f"kink at z = {kink.point:.6g}: left {sides.left:.4g}, right {sides.right:.4g}, it says {at:.4g}"
        )
        gap = max(abs(sides.left - kink.left), abs(sides.right - kink.right))
        wrong = gap > 1e-4 * (1 + abs(kink.left) + abs(kink.right)) or at != kink.derivative(
            activation.at_kink
        )
        if wrong:
            told += f"; declared were left {kink.left:.4g} and right {kink.right:.4g}"
        yield Row("corners", "one-sided differences", gap, 1e-4, FAILS if wrong else KINK, told)


@quiet
def _jump_rows(activation: Activation) -> Iterator[Row]:
    """The declared limits left and right of each jump, and the value at the tie itself."""
    for jump in activation.jumps:
        h = 1e-5 * max(1.0, abs(jump.point))
        left, at, right = map(float, activation.value(np.array([jump.point - h, jump.point, jump.point + h])))
        told = f"jump at z = {jump.point:.6g}: left {left:.4g}, right {right:.4g}, it says {at:.4g}"
        wanted = jump.value(activation.at_kink)
        gap = max(abs(left - jump.left), abs(right - jump.right), abs(at - wanted))
        wrong = not gap <= 1e-4 * (1 + abs(jump.left) + abs(jump.right))
        if wrong:
            told += f"; declared were left {jump.left:.4g} and right {jump.right:.4g}, at it {wanted:.4g}"
        yield Row("jumps", "one-sided values", gap, 1e-4, FAILS if wrong else KINK, told)


def _sides(activation: Activation, kink: Kink | Jump) -> Kink:
    """The one-sided slopes by differences, from points near the corner but not on it."""
    h = 1e-5 * max(1.0, abs(kink.point))
    z = np.array([kink.point - 2 * h, kink.point - h, kink.point + h, kink.point + 2 * h])
    f = activation.value(z)
    return Kink(kink.point, float((f[1] - f[0]) / (z[1] - z[0])), float((f[3] - f[2]) / (z[3] - z[2])))


@quiet
def _kernel_rows(activation: Activation, z: Array) -> Iterator[Row]:
    """`into`, in place and not, in float64 and float32, against value and derivative."""
    for dtype in (np.float64, np.float32):
        points = z[np.abs(z) < 80].astype(dtype)
        value, slope = np.empty_like(points), np.empty_like(points)
        guarded(f"activation {activation.name!r}", "its kernel", activation.into, points.copy(), value, slope)
        in_place, alone = points.copy(), np.empty_like(points)
        activation.into(in_place, in_place, alone)
        rows = [
            _kernel_row(activation, dtype, points, got, order)
            for order, got in ((0, value), (1, slope), (0, in_place), (1, alone))
        ]
        yield max(rows, key=lambda row: (row.fails, row.error))


def _kernel_row(activation: Activation, dtype: type, points: Array, got: Array, order: int) -> Row:
    wanted = activation.derivative(points) if order else activation.value(points)
    unit = 2 * eps(dtype)
    steeper = _conditioning(activation, order, points.astype(np.float64))
    least = float(np.finfo(dtype).smallest_normal)
    return compared(
        f"{_ORDERS[order]} of into",
        f"{_ORDERS[order]} in {np.dtype(dtype).name}",
        got,
        exactly(wanted, unit * (np.abs(wanted) + steeper) + least),
        kind="property",
        entrywise=True,
        describe=lambda place: f"z = {points[place]:.6g}",
    ).row


@quiet
def slope_rows(point: Point, rng: np.random.Generator) -> Iterator[Row]:
    """J_Sum of a Dense layer at its own sums: differences of f, its expression, and its corners."""
    layer = point.layer
    assert isinstance(layer, Dense), "other layers have no activation"
    J = point.J_Sum()
    assert J is not None, "a Dense layer has a sum"
    z = point.sum(point.forward()[1])
    what, activation = f"J_Sum of {point.short}", layer.activation
    candidate = J.push(np.ones(J.in_shape, J.dtype))
    exact = z.astype(np.float64)
    hear = partial(_elementwise, activation.value, exact, flat=_piecewise_constant(activation, candidate))
    rounding = eps(z.dtype) * _conditioning(activation, 1, exact)
    near = _near_corner(activation, exact)

    def describe(place: tuple[int, ...]) -> str:
        return f"unit {place[-1]} of {point.short}" + (f", case {place[0]}" if len(place) > 1 else "")

    found = compared(
        what,
        "differences",
        candidate,
        hear(),
        entrywise=True,
        describe=describe,
        skip=near,
        rounding=rounding,
        hear=hear,
    )
    row = _saturated(_told(found, candidate))
    reason = _slope_mistake(activation, exact, candidate) if row.fails else ""
    yield replace(row, note=f"{point.where}: {reason}; {found.row.note}") if reason else row
    if near.any():
        yield _corner_row(what, activation, exact, candidate, near, describe)
    if known_exactly(activation):
        places = _telling(exact, found.unseen, rng)
        part = f"{len(places):,} of {exact.size:,} units compared" if len(places) < exact.size else ""
        yield _exact_row(
            activation, 1, z.ravel()[places], candidate.ravel()[places], what, part, kind="factor"
        )


def saturated_units(point: Point) -> tuple[int, int]:
    """How many units of a Dense layer have next to no slope, of how many; slopes of a corner do not count."""
    layer = point.layer
    if not isinstance(layer, Dense):
        return 0, 0
    z = point.sum(point.forward()[1]).astype(np.float64)
    slope = layer.activation.derivative(z)
    sides = [side for kink in layer.activation.corners for side in (kink.left, kink.right)]
    return int(((np.abs(slope) < _FLAT) & ~np.isin(slope, sides)).sum()), z.size


def _slope_mistake(activation: Activation, z: Array, candidate: Array) -> str:
    """The two mistakes that only an activation can tell."""
    slopes = activation.derivative(activation.value(z))
    said = activation.name
    others = {
        f"f' of {said} is missing; multiply by f'(z)": np.ones(z.shape),
        f"f' of {said} is evaluated at the activation instead of the sum; take f'(z), not f'(f(z))": slopes,
        f"f of {said} stands in the place of f'; take f'(z)": activation.value(z),
    }
    return next((words for words, wrong in others.items() if np.allclose(candidate, wrong, rtol=1e-5)), "")


def _near_corner(activation: Activation, z: Array) -> Array:
    near = np.zeros(z.shape, np.bool_)
    for kink in activation.kinks:
        near |= np.abs(z - kink) <= 1e-6 * np.maximum(1.0, np.abs(z))
    return near


def _corner_row(
    what: str,
    activation: Activation,
    z: Array,
    candidate: Array,
    near: Array,
    describe: Callable[[tuple[int, ...]], str],
) -> Row:
    """On a corner the slope that `at_kink` chooses, beside it the slope of that side; on a jump either."""
    wrong, notes, gap = False, [], 0.0
    for place in map(tuple, np.argwhere(near)):
        place = tuple(int(k) for k in place)
        wanted, met, says = _slope_at(activation, float(z[place]))
        off = abs(float(candidate[place]) - wanted)
        differs = off > _ON_CORNER * (1 + abs(wanted)) + eps(candidate.dtype) * abs(wanted)
        wrong, gap = wrong or differs, max(gap, off)
        notes.append(
            f"{met} at {describe(place)}: {says} {candidate[place]:.4g}"
            + (f", not {wanted:.4g}" if differs else "")
        )
    more = f", and {len(notes) - 1} more" if len(notes) > 1 else ""
    return Row(
        what, "one-sided differences", gap, _ON_CORNER, FAILS if wrong else KINK, notes[0] + more, "factor"
    )


def _slope_at(activation: Activation, z: float) -> tuple[float, str, str]:
    """The slope that is due on a corner or jump or beside it, what that is, and what it says of itself."""
    near: tuple[Kink | Jump, ...] = (*activation.corners, *activation.jumps)
    place = min(near, key=lambda known: abs(known.point - z))
    sides = _sides(activation, place)
    if isinstance(place, Jump):
        value = float(activation.value(np.array(z)))
        told = f"on the jump of {activation.name} from {place.left:.4g} to {place.right:.4g} f is {value:.4g}"
        return sides.right if z > place.point else sides.left, "tie", f"{told}, f' says"
    chosen = place.derivative(activation.at_kink)
    wanted = chosen if z == place.point else place.left if z < place.point else place.right
    return wanted, "kink", f"left {sides.left:.4g}, right {sides.right:.4g}, it says"


def _telling(z: Array, unseen: Array, rng: np.random.Generator) -> Array:
    """Flat places: what differences could not see, the extremes, and some at random."""
    flat = z.ravel()
    hidden = np.flatnonzero(unseen.ravel())
    order = np.argsort(flat)
    wanted = [*hidden[: _POINTS // 2], *order[:2], *order[-2:]]
    some = rng.choice(flat.size, min(_POINTS // 2, flat.size), replace=False)
    return np.unique([*wanted, *some])[: 2 * _POINTS].astype(int)
