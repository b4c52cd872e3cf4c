"""Paired, interleaved timing: the ratio of two routes on this machine, at this moment.

A round is one sample of each, close together, so that a machine that slows down slows all. The order
changes from round to round: each follows itself and every other equally often, for what ran before
has filled the caches. A sample repeats its call until it lasts long enough for the clock.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

from .interval import Interval, median_interval

_SLOW = 0.1
"""A first call of so many seconds needs no calibration: warm, it still outlasts a sample."""

SHARE, LONGEST = 0.05, 0.05
"""Beside a slow run, which gets few rounds, a sample of the others lasts this share of it, up to so many
seconds: a moment in which the machine is busy would be the whole of a short one."""

ORDERS = {
    2: ((0, 1), (1, 0)),
    3: ((0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1), (1, 0, 2), (2, 1, 0)),
}
"""Rounds of two and of three, to be repeated: each ends with whom the next begins."""

Result = TypeVar("Result")


class Timing(NamedTuple):
    """Seconds a call (median), its ratio to the yardstick, from how many pairs, and that to the floor."""

    seconds: float
    ratio: Interval
    pairs: int
    floor: Interval | None = None


def once(run: Callable[[], Result]) -> tuple[Result, float]:
    """The result of one call, and its seconds."""
    start = perf_counter()
    result = run()
    return result, perf_counter() - start


def sample(run: Callable[[], object], repeats: int) -> float:
    """Seconds for `repeats` calls."""
    start = perf_counter()
    for _ in range(repeats):
        run()
    return perf_counter() - start


def calibrate(run: Callable[[], object], least: float) -> int:
    """How many calls a sample of at least `least` seconds takes, in powers of two."""
    repeats = 1
    while sample(run, repeats) < least:
        repeats *= 2
    return repeats


def paired(
    run: Callable[[], object],
    yardstick: Callable[[], object],
    *,
    least: float,
    budget: float,
    most: int,
    first: float = 0.0,
    yardstick_first: float = 0.0,
    floor: Callable[[], object] | None = None,
    floor_first: float = 0.0,
) -> Timing:
    """Time `run` against `yardstick`, and `floor`, until the budget is spent: 1 to `most` rounds.

    Parameters
    ----------
    least : float
        Seconds a sample must last.
    budget : float
        Seconds after which no further round starts.
    first, yardstick_first, floor_first : float
        Seconds of a call made before, which spares a slow one its calibration.
    floor : callable, optional
        A second yardstick.
    """
    with _no_collection():
        beside = max(least, min(first * SHARE, LONGEST))
        known = [] if floor is None else [(floor, floor_first, beside)]
        known += [(run, first, least), (yardstick, yardstick_first, beside)]
        row = [(call, 1 if seconds > _SLOW else calibrate(call, span)) for call, seconds, span in known]
        rounds: list[list[float]] = []
        end = perf_counter() + budget
        while not rounds or (len(rounds) < most and perf_counter() < end):
            orders = ORDERS[len(row)]
            rounds.append(_round(row, orders[len(rounds) % len(orders)]))
    return Timing(
        seconds=median(own for *_, own, _ in rounds),
        ratio=median_interval([own / unit for *_, own, unit in rounds]),
        pairs=len(rounds),
        floor=None if floor is None else median_interval([own / bare for bare, own, _ in rounds]),
    )


def _round(row: Sequence[tuple[Callable[[], object], int]], order: Sequence[int]) -> list[float]:
    """Seconds of a call of each, sampled in this order, returned in that of the row."""
    seconds = {place: sample(*row[place]) / row[place][1] for place in order}
    return [seconds[place] for place in range(len(row))]


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection while the block runs: it would hit one side of a pair."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
