"""Candidates for the same answer, compared: skip what is too large, check, trace memory, time in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from jacobprop.errors import CheckFailed

from .agreement import Arrays, agree
from .memory import LARGE, SLOWDOWN, peak_bytes
from .suite import Group, Role, Row, Settings
from .timing import once, paired
from .units import bytes_text, seconds_text
from .workloads import Workload

Run = Callable[[], Arrays]


@dataclass(frozen=True)
class Candidate:
    """One route to the answer.

    Attributes
    ----------
    name : str
        What the row is called.
    prepare : callable
        Makes the call that is timed; what it does itself is not timed, but counts as memory.
    tolerance : float
        Relative, to the other candidates.
    multiply_adds : int, optional
        Predicted.
    dense_bytes : int
        What its dense tensors will hold.
    estimate : callable, optional
        Predicts the seconds of one call, from a part of it; None where a call is surely short.
    role : str
        "ours", "floor", "peer" or "baseline", see ``suite.Role``.
    label : str
        A note for the table, such as "same answer" or "memory claim: dense route". A peer's row whose
        label begins with "memory claim" counts in no target of time.
    agrees : bool
        False for what gives no answer to compare, such as a floor: it is timed only.
    stored : callable, optional
        The bytes that the structured object of this route keeps (`nbytes`).
    against : str
        Another candidate as its yardstick; empty for that of the comparison.
    """

    name: str
    prepare: Callable[[], Run]
    tolerance: float
    multiply_adds: int | None = None
    dense_bytes: int = 0
    estimate: Callable[[], float] | None = None
    role: Role = "ours"
    label: str = ""
    agrees: bool = True
    stored: Callable[[], int] | None = None
    against: str = ""


def compare(
    suite: str,
    workload: str,
    candidates: Sequence[Candidate],
    yardstick: str,
    settings: Settings,
    *,
    floor: str = "",
    group: Group = "",
    dtype: str = "",
) -> Iterator[Row]:
    """One row a candidate, in their order; nothing is timed before all results agree.

    Parameters
    ----------
    suite, workload : str
        As in ``Row``; two comparisons of one suite have different workloads.
    candidates : sequence of Candidate
        The yardstick and the floor among them.
    yardstick : str
        The candidate that all are paired with.
    floor : str, optional
        The candidate that all others are also paired with, in the same rounds.
    group, dtype : str
        For the rows.

    Raises
    ------
    CheckFailed
        Two results differ, or a candidate raised an error.
    """
    where = f"{suite}, {workload}"
    tried = {c.name: _try(c, c.name in (yardstick, floor), settings, where) for c in candidates}
    found = {c.name: tried[c.name].answer for c in candidates if c.agrees and not tried[c.name].skipped}
    differences = agree(found, {c.name: c.tolerance for c in candidates}, where)
    for c in candidates:
        own, unit = tried[c.name], tried[c.against or yardstick]
        row = Row(suite, workload, c.name, multiply_adds=c.multiply_adds, skipped=own.skipped, role=c.role)
        row = replace(row, group=group, dtype=dtype, label=c.label, against=c.against or yardstick)
        if own.skipped:
            yield row
            continue
        beside = tried[floor] if floor and c.name != floor else None
        yield replace(
            row,
            **_times(own, unit, beside, settings),
            peak_bytes=_peak(c, own.seconds, settings),
            difference=differences.get(c.name),
            stored_bytes=c.stored() if c.stored else None,
        )


def compare_on(
    work: Workload,
    suite: str,
    candidates: Sequence[Candidate],
    yardstick: str,
    settings: Settings,
    floor: str,
) -> Iterator[Row]:
    """`compare` on a workload, whose name, group and dtype the rows take."""
    yield from compare(
        suite, work.name, candidates, yardstick, settings, floor=floor, group=work.group, dtype=work.dtype
    )


class _Tried(NamedTuple):
    """A candidate's first call: why there was none, or what it gave and how long it took."""

    skipped: str
    run: Run
    answer: Arrays
    seconds: float


def _try(candidate: Candidate, needed: bool, settings: Settings, where: str) -> _Tried:
    """Prepare and run it once, unless it is too much and not needed."""
    with _named(candidate.name, where):
        if not needed and (reason := too_much(candidate, settings)):
            return _Tried(reason, dict, {}, 0.0)
        run = candidate.prepare()
        result, seconds = once(run)
        return _Tried("", run, {name: np.array(array) for name, array in result.items()}, seconds)


def _times(own: _Tried, unit: _Tried, beside: _Tried | None, settings: Settings) -> dict[str, Any]:
    """The fields of a row that tell its time."""
    timing = paired(
        own.run,
        unit.run,
        least=settings.sample,
        budget=settings.budget,
        most=settings.pairs,
        first=own.seconds,
        yardstick_first=unit.seconds,
        floor=beside and beside.run,
        floor_first=beside.seconds if beside else 0.0,
    )
    median, low, high, coverage = timing.ratio
    found = {"seconds": timing.seconds, "pairs": timing.pairs}
    found |= {"ratio": median, "low": low, "high": high, "coverage": coverage}
    if timing.floor:
        floor_ratio, floor_low, floor_high, _ = timing.floor
        found |= {"floor_ratio": floor_ratio, "floor_low": floor_low, "floor_high": floor_high}
    return found


def _peak(candidate: Candidate, first: float, settings: Settings) -> int | None:
    """The peak of a run of its own; None where tracing takes too long, or where it cannot see.

    Only numpy reports its allocations: a peer's arrays would be missing.
    """
    slowdown = 1 if candidate.dense_bytes > LARGE else SLOWDOWN  # few allocations, all of them large
    if candidate.role == "peer" or slowdown * first > settings.seconds:
        return None
    return peak_bytes(partial(_from_scratch, candidate))


def too_much(candidate: Candidate, settings: Settings) -> str:
    """Why the candidate is not run, empty if it is; memory is predicted before anything runs."""
    return beyond(candidate.dense_bytes, candidate.estimate, settings)


def beyond(held: int, estimate: Callable[[], float] | None, settings: Settings) -> str:
    """Which limit so many bytes, or else so many seconds, are above; empty within both."""
    if held > settings.bytes:
        return f"would hold {bytes_text(held)}, limit {bytes_text(settings.bytes)}"
    seconds = estimate() if estimate else 0.0
    if seconds > settings.seconds:
        return f"would take about {seconds_text(seconds)}, limit {seconds_text(settings.seconds)}"
    return ""


def _from_scratch(candidate: Candidate) -> Arrays:
    return candidate.prepare()()


@contextmanager
def _named(candidate: str, where: str) -> Iterator[None]:
    """Say which candidate raised, whatever it raised."""
    try:
        yield
    except Exception as error:
        raise CheckFailed(f"{candidate} raised {type(error).__name__}: {error}", where=where) from error
