"""A candidate against a witness, entry by entry: what agrees, and what the witness cannot see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..differences import Estimate
from .report import FAILS, HOLDS, KINK, SATURATED, UNRESOLVED, Row
from .rounding import largest, least
from .rounding import relative as relative_error

SEES = 2e-4
"""An entry counts as seen if a relative error of this size would show: 0.05 % always does."""

_SAFETY = 10
"""How many times its estimated error a difference may be off."""
_HEARD_AGAIN = (0.37, 2.0**-6, 2.0**-12)
"""Steps, relative to the usual ones, of the hearings before anything is called wrong: another table, where
entries of the first agreed by chance; far shorter ones for a function that turns within a usual step."""
TOO_SMALL = "are too small for this witness"
OVERFLOW = "the numbers overflow here: compare at smaller ones"


@dataclass(frozen=True)
class Compared:
    """The entries of a comparison, each with what was found.

    Attributes
    ----------
    wrong, kinked, unseen : array of bool
        Which entries contradict the witness, lie on a kink, or are too small for it.
    row : Row
        The summary.
    reference : Estimate
        What the witness says: of entries that another hearing cleared, there.
    """

    wrong: Array
    kinked: Array
    unseen: Array
    row: Row
    reference: Estimate


class _Judged(NamedTuple):
    """Entry by entry: the tolerance, the relative error, how much would stay unseen, and the verdicts."""

    tolerance: Array
    relative: Array
    unsure: Array
    wrong: Array
    kinked: Array
    unseen: Array


@quiet
def compared(
    what: str,
    witness: str,
    candidate: Array,
    reference: Estimate,
    *,
    kind: str = "factor",
    cases: bool = False,
    dtype: np.dtype[Any] | None = None,
    describe: Callable[[tuple[int, ...]], str] | None = None,
    part: str = "",
    skip: Array | None = None,
    entrywise: bool = False,
    rounding: Array | float = 0.0,
    gain: float = 1.0,
    hear: Callable[[float], Estimate] | None = None,
) -> Compared:
    """Compare entry by entry; the tolerance of each is what its witness may be off, plus rounding.

    The estimated error of a difference is no bound: an entry is wrong if it is so with steps of every length.

    Parameters
    ----------
    what, witness, kind : str
        As in a Row.
    candidate : array
        The library's, or the author's.
    reference : Estimate
        Of the same shape.
    cases : bool
        Whether the first axis counts cases, whose sizes are judged separately.
    dtype : dtype, optional
        That the candidate was computed in, if not its own.
    describe : callable, optional
        An index to words such as "unit 3, case 0".
    part : str
        Which part of a large array was compared.
    skip : array of bool, optional
        Entries that lie on a kink for another reason than the witness knows.
    entrywise : bool
        Whether the candidate is a function of each entry alone, which rounds relative to itself.
    rounding : array or float
        What roundings below the candidate may have made of it: see `spread`.
    gain : float
        How much larger than itself an underflow, or an overflow, may come out.
    hear : callable, optional
        The witness again, at steps so many times as long; it is asked only where something looks wrong.
    """
    found = np.asarray(candidate, np.float64)
    kind_of = dtype or np.asarray(candidate).dtype
    scale = None if entrywise else _largest_of_each(found, cases)
    judge = partial(_judged, found, kind_of, scale, skip, rounding, gain)
    judged = judge(reference)
    for stretch in _HEARD_AGAIN if hear else ():
        if hear is None or not judged.wrong.any():
            break
        other = hear(stretch)
        second = judge(other)
        contradicts = np.abs(other.value - reference.value) > second.tolerance  # a blind one does not
        cleared = judged.wrong & ~second.wrong & ~second.kinked & contradicts
        reference = Estimate(*(np.where(cleared, *both) for both in zip(other, reference, strict=True)))
        judged = judge(reference)
    told = describe or (lambda place: str(list(place)))
    _, relative, unsure, wrong, kinked, unseen = judged
    seen = ~(unseen | kinked)
    row = Row(
        what,
        witness,
        error=_largest(relative, wrong if wrong.any() else seen),
        resolves=_largest(unsure, seen & (unsure <= SEES)),
        verdict=_verdict(wrong, kinked, unseen),
        note=_note(found, reference, wrong, kinked, unseen, relative, told, part),
        kind=kind,
    )
    return Compared(wrong, kinked, unseen, row, reference)


def _judged(
    found: Array,
    kind_of: np.dtype[Any],
    scale: Array | None,
    skip: Array | None,
    rounding: Array | float,
    gain: float,
    reference: Estimate,
) -> _Judged:
    """One hearing; `scale` is what entries are rounded relative to, by default themselves."""
    size = np.maximum(np.abs(found), np.abs(reference.value))
    tolerance = _SAFETY * (reference.error + rounding) + relative_error(kind_of) * (
        size if scale is None else scale
    )
    tolerance = tolerance + least(kind_of, gain)
    kinked = reference.kinked if skip is None else reference.kinked | skip
    off = np.abs(found - reference.value)
    off = np.where(np.isnan(found) & np.isnan(reference.value), 0.0, off)
    reach = np.abs(reference.left) + np.abs(reference.right)
    known = np.isfinite(reference.value) & ~np.isnan(reference.error)
    lost = ~np.isfinite(found) & ~(np.abs(reference.value) <= largest(kind_of, gain))
    wrong = ~(off <= tolerance) & ~kinked & known & ~lost
    wrong |= reference.kinked & (np.abs(found) > reach * (1 + SEES) + tolerance) & np.isfinite(reach)
    relative, unsure = off / size, tolerance / size
    exact = (off == 0) & (size == 0) & ((reference.error == 0) | (scale is not None))
    relative, unsure = np.where(size == 0, 0.0, relative), np.where(exact, 0.0, unsure)
    unsure = np.where(lost | ~known, np.inf, unsure)
    unseen = ((unsure > SEES) | np.isnan(unsure)) & ~exact & ~wrong & ~kinked
    return _Judged(tolerance, relative, unsure, wrong, kinked, unseen)


def exactly(value: Array, error: Array | float = 0.0) -> Estimate:
    """A witness that knows the value up to an error, and no kinks."""
    value = np.asarray(value, np.float64)
    errors = np.broadcast_to(np.asarray(error, np.float64), value.shape)
    return Estimate(value, errors, value, value, np.zeros(value.shape, np.bool_))


def same(
    what: str,
    witness: str,
    first: Array,
    second: Array,
    *,
    slack: float = 0.0,
    floor: float = 0.0,
    note: str = "",
) -> Row:
    """Two routes to the same numbers; `slack` and `floor` are their relative and absolute error."""
    if first.shape != second.shape:
        shapes = f"shape {first.shape} here and {second.shape} there"
        return Row(what, witness, float("inf"), slack, FAILS, f"{shapes}; {note}".rstrip("; "))
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    scale = float(
        np.max(np.maximum(np.abs(a), np.abs(b)), initial=0.0, where=np.isfinite(a) & np.isfinite(b))
    )
    off = np.where(np.isnan(a) & np.isnan(b) | (a == b), 0.0, np.abs(a - b))
    off = np.where(off <= floor, 0.0, off)
    gap = float(np.max(off, initial=0.0))
    if not np.isfinite(gap) and slack and (np.isinf(a).any() or np.isinf(b).any()):
        return Row(what, witness, 0.0, slack, UNRESOLVED, OVERFLOW)
    if scale and gap:
        gap = gap / scale
    holds = gap <= slack
    return Row(what, witness, gap, slack, HOLDS if holds else FAILS, "" if holds else note)


def _largest_of_each(found: Array, cases: bool) -> Array:
    """The largest entry of each case, relative to which the others are rounded."""
    axes = tuple(range(1 if cases else 0, found.ndim))
    finite = np.where(np.isfinite(found), np.abs(found), 0.0)
    return np.asarray(np.max(finite, axis=axes, initial=0.0, keepdims=True))


def _largest(numbers: Array, where: Array) -> float:
    return float(np.max(np.where(np.isnan(numbers), np.inf, numbers), initial=0.0, where=where))


def _verdict(wrong: Array, kinked: Array, unseen: Array) -> str:
    if wrong.any():
        return FAILS
    if kinked.any():
        return KINK
    return UNRESOLVED if unseen.size and unseen.all() else HOLDS


def _note(
    found: Array,
    reference: Estimate,
    wrong: Array,
    kinked: Array,
    unseen: Array,
    relative: Array,
    describe: Callable[[tuple[int, ...]], str],
    part: str,
) -> str:
    """Which part, then the worst entry that is wrong, the first on a kink, and how many are unseen."""
    said = [part] if part else []
    if wrong.any():
        worst = np.where(wrong, np.where(np.isnan(relative), np.inf, relative), -1.0)
        place = _index(np.unravel_index(int(np.argmax(worst)), found.shape))
        said.append(
            f"{int(wrong.sum())} of {wrong.size} entries differ, most at {describe(place)}: "
            f"{apart(float(found[place]), float(reference.value[place]))}"
        )
    elif kinked.any():
        place = _index(np.argwhere(kinked)[0])
        more = f", and {int(kinked.sum()) - 1} more" if kinked.sum() > 1 else ""
        said.append(
            f"kink at {describe(place)}: left {reference.left[place]:.4g}, "
            f"right {reference.right[place]:.4g}, it says {found[place]:.4g}{more}"
        )
    if unseen.any():
        said.append(f"{int(unseen.sum())} of {unseen.size} entries {TOO_SMALL}")
    return "; ".join(said)


def apart(said: float, right: float) -> str:
    """Two numbers in as many digits as it takes to tell them apart."""
    for digits in (7, 10, 13, 17):
        words = f"{said:.{digits}g}", f"{right:.{digits}g}"
        if words[0] != words[1]:
            break
    return f"{words[0]} where the witness has {words[1]}"


def _index(place: Any) -> tuple[int, ...]:
    return tuple(int(k) for k in place)


def as_saturated(row: Row) -> Row:
    """What cannot be seen because a slope vanishes."""
    verdict = SATURATED if row.verdict == UNRESOLVED else row.verdict
    return Row(row.what, row.witness, row.error, row.resolves, verdict, row.note, row.kind)
