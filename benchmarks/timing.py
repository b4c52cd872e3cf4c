"""Paired, interleaved timing: the ratio of two routes on this machine, at this moment.

A pair is one sample of each, in alternating order, so that a machine that slows down slows both.
A sample repeats its call until it lasts long enough for the clock.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

from .interval import Interval, median_interval

_SLOW = 0.1
"""A first call of so many seconds needs no calibration: warm, it still outlasts a sample."""

Result = TypeVar("Result")


class Timing(NamedTuple):
    """Seconds a call (median), its ratio to the yardstick, and from how many pairs."""

    seconds: float
    ratio: Interval
    pairs: int


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
) -> Timing:
    """Time `run` against `yardstick` until the budget is spent: at least one pair, at most `most`.

    Parameters
    ----------
    least : float
        Seconds a sample must last.
    budget : float
        Seconds after which no further pair starts.
    first : float
        Seconds of a call made before, which spares a slow one its calibration.
    """
    with _no_collection():
        ours = 1 if first > _SLOW else calibrate(run, least)
        theirs = calibrate(yardstick, least)
        seconds: list[float] = []
        ratios: list[float] = []
        end = perf_counter() + budget
        while not ratios or (len(ratios) < most and perf_counter() < end):
            if len(ratios) % 2:
                unit = sample(yardstick, theirs) / theirs
                own = sample(run, ours) / ours
            else:
                own = sample(run, ours) / ours
                unit = sample(yardstick, theirs) / theirs
            seconds.append(own)
            ratios.append(own / unit)
    return Timing(median(seconds), median_interval(ratios), len(ratios))


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
