"""What a suite is: settings go in, rows come out one by one, and a sentence closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from .interval import ENOUGH

Role = Literal["ours", "floor", "peer", "baseline"]
"""ours: a route of the library; floor: the same arithmetic, bare; peer: another library's route;
baseline: what a route of ours is compared with, such as the same shapes unsaturated."""

Group = Literal["ordinary", "bottleneck", "saturated", ""]
"""Networks that are reported apart."""


Errors: TypeAlias = Mapping[str, float | None]
"""{region: the largest error in ulp}, None for an answer that is no number."""


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
    largest : int
        Size up to which the series of `scaling` go.
    peers : bool
        Whether the peers that are installed are asked too.
    """

    sample: float = 1e-3
    budget: float = 2.0
    pairs: int = 101
    seconds: float = 10.0
    bytes: int = 2**30
    largest: int = 512
    peers: bool = True


QUICK = Settings(budget=0.02, pairs=3, seconds=0.1, largest=16)
"""A dry run of everything, for CI: the rows are real, their numbers are not worth quoting."""


@dataclass(frozen=True)
class Row:
    """One candidate on one workload; None where it was not measured or is not known.

    A row of role "floor", "peer" or "baseline" is no route of ours; `targets` reads roles, not names.

    Attributes
    ----------
    suite, workload, candidate : str
        What was run. The workload reads widths x cases, then what else tells it from others.
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
        The largest relative difference to the median of all candidates; None for one that gives
        no answer to compare.
    skipped : str
        Why it was not run, else empty.
    role, group, label : str
        From the candidate and its workload.
    dtype : str
        Of the workload: "float64" or "float32".
    floor_ratio, floor_low, floor_high : float
        As `ratio`, to the floor of the comparison, from the same rounds; None without a floor.
    stored_bytes : int
        What the structured object of this route keeps, by its own `nbytes`.
    against : str
        The candidate that `ratio` is relative to: itself for the yardstick.
    errors, false_zeros : pairs
        Of the two quantities that the workload names; None where times were measured instead.
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
    role: Role = "ours"
    group: Group = ""
    dtype: str = ""
    floor_ratio: float | None = None
    floor_low: float | None = None
    floor_high: float | None = None
    stored_bytes: int | None = None
    label: str = ""
    against: str = ""
    errors: tuple[Errors, Errors] | None = None
    false_zeros: tuple[int | None, int | None] | None = None

    @property
    def enough(self) -> bool:
        """Whether there were pairs enough for an interval."""
        return self.pairs >= ENOUGH


class Shown(NamedTuple):
    """How rows are printed that hold errors instead of times: the columns, and a row as a line."""

    heading: tuple[str, ...]
    line: Callable[[Row], str]


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
    summary : callable
        All rows to the lines before it.
    floor : str
        The candidate of role "floor" in words, for the heading; empty where there is none.
    shown : Shown
        Of a suite that measures no times.
    """

    claim: str
    yardstick: str
    rows: Callable[[Settings], Iterator[Row]]
    closing: Callable[[Sequence[Row]], str]
    summary: Callable[[Sequence[Row]], Iterator[str]] = lambda rows: iter(())
    floor: str = ""
    shown: Shown | None = None
