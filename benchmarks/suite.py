"""What a suite is: settings go in, rows come out one by one, and a sentence closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How long to measure, and what is too much to run at all.

    Attributes
    ----------
    sample : float
        Seconds that a sample lasts at least.
    budget : float
        Seconds of timing a row, after which no further pair starts.
    pairs : int
        The most pairs a row.
    seconds : float
        A route that needs longer for one answer is skipped.
    bytes : int
        A route that holds more is skipped.
    """

    sample: float = 1e-3
    budget: float = 2.0
    pairs: int = 101
    seconds: float = 10.0
    bytes: int = 2**30


QUICK = Settings(budget=0.05, pairs=7, seconds=0.5)
"""A dry run of everything, for CI: the rows are real, their numbers are not worth quoting."""


@dataclass(frozen=True)
class Row:
    """One candidate on one workload; None where it was not measured or is not known.

    Attributes
    ----------
    suite, workload, candidate : str
        What was run. The workload reads widths x cases.
    seconds : float
        The median time of a call.
    ratio, low, high, coverage : float
        The median of the paired ratios to the yardstick, and the interval that holds the true
        median with probability `coverage`.
    pairs : int
        How many ratios.
    multiply_adds : int
        Predicted from shapes and plans, forward pass included.
    peak_bytes : int
        Measured, in a run of its own.
    difference : float
        The largest relative difference to the median of all candidates.
    skipped : str
        Why it was not run, else empty.
    """

    suite: str
    workload: str
    candidate: str
    seconds: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    pairs: int = 0
    multiply_adds: int | None = None
    peak_bytes: int | None = None
    difference: float | None = None
    skipped: str = ""


@dataclass(frozen=True)
class Suite:
    """A comparison under one name.

    Attributes
    ----------
    claim : str
        What all candidates compute, in one line.
    yardstick : str
        The candidate that the ratios are relative to.
    rows : callable
        Settings to rows; raises CheckFailed where two candidates disagree.
    closing : callable
        All rows to the one sentence to remember.
    """

    claim: str
    yardstick: str
    rows: Callable[[Settings], Iterator[Row]]
    closing: Callable[[Sequence[Row]], str]
