"""A target: at most so much time or memory. How rows become the number that is held against it.

A target reads rows alone, by suite, group, role and `against`; it never runs anything and asserts
nothing. The yardstick of a comparison is the row whose `against` is itself. A peer whose label begins
with "memory claim" is no rival in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import mean
from typing import Literal, NamedTuple

from .scaling import NAMES, growth
from .suite import Row

Rows = Sequence[Row]
Verdict = Literal["met", "missed", "not measured", "dry run"]


class Number(NamedTuple):
    """A measured number, the interval around it where there is one, and against what if that varies."""

    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


class Outcome(NamedTuple):
    """A target, held against rows."""

    name: str
    claim: str
    limit: float
    verdict: Verdict
    number: Number | None


@dataclass(frozen=True)
class Target:
    """At most `limit`.

    Attributes
    ----------
    suite : str
        Whose rows it reads.
    name : str
        In at most 35 characters.
    claim : str
        In full.
    limit : float
        The number may not be larger.
    number : callable
        Rows to the number, None where rows are missing.
    """

    suite: str
    name: str
    claim: str
    limit: float
    number: Callable[[Rows], Number | None]

    def outcome(self, rows: Rows, quick: bool = False) -> Outcome:
        """Met or missed, or not measured; a dry run passes no verdict."""
        number = self.number(rows)
        verdict: Verdict = "not measured"
        if number is not None:
            verdict = "dry run" if quick else "met" if number.value <= self.limit else "missed"
        return Outcome(self.name, self.claim, self.limit, verdict, number)


# -- one comparison to a number ---------------------------------------------------------------------


def yardstick(rows: Rows) -> Row | None:
    """The row that the others are relative to."""
    return next((row for row in rows if row.candidate == row.against and not row.skipped), None)


def to_floor(rows: Rows) -> Number | None:
    """The yardstick's time over the floor's."""
    own = yardstick(rows)
    if own is None or own.floor_ratio is None:
        return None
    ends = (own.floor_low, own.floor_high) if own.enough else (None, None)
    return Number(own.floor_ratio, *ends)


def to_best_peer(rows: Rows) -> Number | None:
    """The yardstick's time over that of the fastest peer: the largest of all ratios to a peer."""
    peers = [r for r in rows if r.role == "peer" and r.ratio and not r.label.startswith("memory claim")]
    if not peers:
        return None
    best = min(peers, key=lambda row: row.ratio or 0.0)
    assert best.ratio, "chosen for it"
    if not (best.enough and best.low and best.high):
        return Number(1 / best.ratio, note=best.candidate)
    return Number(1 / best.ratio, 1 / best.high, 1 / best.low, best.candidate)


def to_yardstick(candidate: str) -> Callable[[Rows], Number | None]:
    """A candidate's time over the yardstick's."""

    def ratio(rows: Rows) -> Number | None:
        found = (_to_own(r) for r in rows if r.candidate == candidate and r.ratio)
        return next(found, None)

    return ratio


def to_peer(candidate: str) -> Callable[[Rows], Number | None]:
    """The yardstick's time over that of one route of a peer."""

    def ratio(rows: Rows) -> Number | None:
        return to_best_peer([row for row in rows if row.candidate == candidate])

    return ratio


def worst_of_ours(rows: Rows) -> Number | None:
    """The largest ratio of a route of ours to what it is compared with."""
    found = [_to_own(r)._replace(note=r.candidate) for r in rows if r.role == "ours" and r.ratio]
    return largest(found) if found else None


def _to_own(row: Row) -> Number:
    """Its time over that of what it is compared with; no interval from too few pairs."""
    assert row.ratio, "asked of measured rows"
    return Number(row.ratio, row.low, row.high) if row.enough else Number(row.ratio)


def peak_over(dense_bytes: int) -> Callable[[Rows], Number | None]:
    """The yardstick's peak of memory over that of dense tensors."""

    def share(rows: Rows) -> Number | None:
        own = yardstick(rows)
        return Number(own.peak_bytes / dense_bytes) if own and own.peak_bytes is not None else None

    return share


# -- many comparisons to one number -------------------------------------------------------------------


def largest(numbers: Sequence[Number]) -> Number:
    """The worst one, with its interval."""
    return max(numbers, key=lambda number: number.value)


def geometric_mean(numbers: Sequence[Number]) -> Number:
    """Of the numbers and of the ends of their intervals, which bounds the mean's from outside."""
    value, low, high = (
        exp(mean(log(end) for end in ends))
        for ends in zip(*((n.value, n.low or n.value, n.high or n.value) for n in numbers), strict=True)
    )
    notes = ", ".join(dict.fromkeys(n.note for n in numbers if n.note))
    known = all(n.low and n.high for n in numbers)
    return Number(value, low, high, notes) if known else Number(value, note=notes)


def over(
    suite: str,
    each: Callable[[Rows], Number | None],
    join: Callable[[Sequence[Number]], Number] = largest,
    workloads: Sequence[str] = (),
    group: str | None = None,
) -> Callable[[Rows], Number | None]:
    """`each` on every comparison of the suite, on those of a group, or on the workloads named; joined.

    One that is missing leaves the whole unmeasured: a mean over fewer is another number.
    """

    def number(rows: Rows) -> Number | None:
        kept = [row for row in rows if row.suite == suite and group in (None, row.group)]
        names = workloads or tuple(dict.fromkeys(row.workload for row in kept))
        found = [each([row for row in kept if row.workload == name]) for name in names]
        present = [number for number in found if number is not None]
        return join(present) if present and len(present) == len(found) else None

    return number


# -- series to one number ------------------------------------------------------------------------------


def farthest(
    quantity: str, candidates: Sequence[str], series: Sequence[str]
) -> Callable[[Rows], Number | None]:
    """The largest distance of an exponent from theory; None unless all sizes were measured."""

    def number(rows: Rows) -> Number | None:
        found = [growth(rows, one, quantity, candidate) for one in series for candidate in candidates]
        whole = [each for each in found if each is not None and each.complete]
        worst = max(whole, key=lambda each: each.distance, default=None)
        if worst is None or len(whole) < len(found):
            return None
        return Number(worst.distance, note=f"{NAMES[quantity]} of {worst.candidate} by {worst.series}")

    return number


def both(*numbers: Callable[[Rows], Number | None]) -> Callable[[Rows], Number | None]:
    """The larger one; None where one is missing."""

    def number(rows: Rows) -> Number | None:
        found = [each(rows) for each in numbers]
        present = [number for number in found if number is not None]
        return largest(present) if len(present) == len(found) else None

    return number


def gap(above: str, below: str) -> Callable[[Rows], Number | None]:
    """How far the exponent of a ratio of two times is from theory's, over all widths."""

    def number(rows: Rows) -> Number | None:
        high, low = (growth(rows, "width", "seconds", candidate) for candidate in (above, below))
        if not (high and low and high.complete and low.complete):
            return None
        return Number(abs(high.fit.exponent - low.fit.exponent - (high.theory - low.theory)))

    return number
