"""Candidates for the same answer, compared: skip what is too large, check, trace memory, time in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from jacobprop.errors import CheckFailed

from .agreement import Arrays, agree
from .memory import SLOWDOWN, peak_bytes
from .suite import Row, Settings
from .timing import once, paired
from .units import bytes_text, seconds_text

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
    """

    name: str
    prepare: Callable[[], Run]
    tolerance: float
    multiply_adds: int | None = None
    dense_bytes: int = 0
    estimate: Callable[[], float] | None = None


def compare(
    suite: str, workload: str, candidates: Sequence[Candidate], yardstick: str, settings: Settings
) -> Iterator[Row]:
    """One row a candidate, in their order; nothing is timed before all results agree.

    Raises
    ------
    CheckFailed
        Two results differ, or a candidate raised an error.
    """
    where = f"{suite}, {workload}"
    skipped: dict[str, str] = {}
    runs: dict[str, Run] = {}
    found: dict[str, Arrays] = {}
    first: dict[str, float] = {}
    for c in candidates:
        with _named(c.name, where):
            skipped[c.name] = "" if c.name == yardstick else too_much(c, settings)
            if not skipped[c.name]:
                runs[c.name] = c.prepare()
                result, first[c.name] = once(runs[c.name])
                found[c.name] = {name: np.array(array) for name, array in result.items()}
    differences = agree(found, {c.name: c.tolerance for c in candidates}, where)
    for c in candidates:
        if skipped[c.name]:
            yield Row(suite, workload, c.name, multiply_adds=c.multiply_adds, skipped=skipped[c.name])
            continue
        traceable = SLOWDOWN * first[c.name] <= settings.seconds
        peak = peak_bytes(partial(_from_scratch, c)) if traceable else None
        timing = paired(
            runs[c.name],
            runs[yardstick],
            least=settings.sample,
            budget=settings.budget,
            most=settings.pairs,
            first=first[c.name],
        )
        yield Row(
            suite,
            workload,
            c.name,
            seconds=timing.seconds,
            ratio=timing.ratio.median,
            low=timing.ratio.low,
            high=timing.ratio.high,
            coverage=timing.ratio.coverage,
            pairs=timing.pairs,
            multiply_adds=c.multiply_adds,
            peak_bytes=peak,
            difference=differences[c.name],
        )


def too_much(candidate: Candidate, settings: Settings) -> str:
    """Why the candidate is not run, empty if it is; memory is predicted before anything runs."""
    if candidate.dense_bytes > settings.bytes:
        return f"would hold {bytes_text(candidate.dense_bytes)}, limit {bytes_text(settings.bytes)}"
    seconds = candidate.estimate() if candidate.estimate else 0.0
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
