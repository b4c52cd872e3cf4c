"""Suite `scaling`: how the price of a gradient grows with the width, the depth and the cases.

Four series: n-n-n x 16, layers of width 32 x 16, 32-32-32 x cases, and for memory one weight and one
case, n-n x 1. In theory, with n the width, l layers, c cases:

==========  ========  ==============================  ================
            time      peak of memory, one case        stored Jacobians
==========  ========  ==============================  ================
tensor      c l n^3   n^3: J_W^Z holds n m m numbers
simplified  c l n^2   n^2: the gradient itself
structured  c l n^2   n^2: the gradient itself        c l n, exactly
delta       c l n^2   n^2: the gradient itself
==========  ========  ==============================  ================

A machine whose clock rises and falls would bend an exponent. So all rows are also timed against one
fixed job, the bare GEMMs of 64-64-64 x 64, in the place of a floor. The delta rule's time is its ratio to
that job, times the median time of the job; every other time is its paired ratio to the delta rule, times
that. These are fitted and drawn, so no picture can contradict the ratios of the table and the sentence.

The peak of a minibatch follows no power: ``jp.gradients`` makes the dense tensors of all cases at once
while they are small, and case by case beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from .comparison import Candidate, compare
from .exponents import Fit, fit
from .floors import gemms
from .gradient import candidates
from .suite import Row, Settings, Suite
from .widths import CASES, YARDSTICK, remembered
from .workloads import Workload, classes, name_of, square

SHOWN = ("tensor", "simplified", "structured", "delta")
SERIES: dict[str, dict[int, tuple[tuple[int, ...], int]]] = {
    "width": {n: ((n, n, n), CASES) for n in (16, 32, 64, 128, 256, 512)},
    "depth": {layers: ((32,) * (layers + 1), CASES) for layers in (1, 2, 4, 8, 16, 32)},
    "cases": {cases: ((32, 32, 32), cases) for cases in (4, 8, 16, 32, 64, 128, 256)},
    "memory": {n: ((n, n), 1) for n in (16, 32, 64, 128, 256, 512)},
}
"""{series: {size: (widths, cases)}}."""

THEORY: dict[str, dict[str, dict[str, int]]] = {
    "width": {
        "seconds": {"tensor": 3, "simplified": 2, "structured": 2, "delta": 2},
        "stored_bytes": {"structured": 1},
    },
    "depth": {"seconds": dict.fromkeys(SHOWN, 1), "stored_bytes": {"structured": 1}},
    "cases": {"seconds": dict.fromkeys(SHOWN, 1), "stored_bytes": {"structured": 1}},
    "memory": {"peak_bytes": {"tensor": 3, "simplified": 2, "structured": 2, "delta": 2}},
}
"""{series: {field of a row: {candidate: exponent}}}."""

NAMES = {"seconds": "time", "peak_bytes": "memory", "stored_bytes": "stored"}

FIXED = "fixed job"
JOB = "bare GEMMs of 64-64-64 x 64"
UNCLEAR = 1.0
"""A larger spread says nothing about an exponent."""
MOST_SECONDS = 0.5
"""Of timing a row: an exponent needs many sizes, not many samples."""
PATIENCE = 10
"""How many times longer a route may take here: the range of widths is the point."""


class Growth(NamedTuple):
    """How one price of one candidate grows along a series, beside theory."""

    series: str
    candidate: str
    quantity: str
    theory: int
    fit: Fit
    sizes: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether all sizes of the series were measured."""
        return len(self.sizes) == len(SERIES[self.series])

    @property
    def distance(self) -> float:
        """Of the fitted exponent from the theoretical one."""
        return abs(self.fit.exponent - self.theory)


def rows(settings: Settings) -> Iterator[Row]:
    """Every workload of the series once, up to the largest size that the settings ask for."""
    brief = replace(
        settings,
        budget=min(settings.budget, MOST_SECONDS),
        seconds=PATIENCE * settings.seconds,
        peers=False,
    )
    asked = {
        shape: None
        for series in SERIES.values()
        for size, shape in series.items()
        if size <= settings.largest
    }
    for widths, cases in asked:
        work = classes(widths, cases)
        routes = [_storing(work, c) for c in candidates(work, brief) if c.name in SHOWN]
        routes.append(Candidate(FIXED, lambda: gemms(square(64, 64)), 0, role="floor", agrees=False))
        yield from compare("scaling", work.name, routes, YARDSTICK, brief, floor=FIXED, dtype=work.dtype)


def _storing(work: Workload, candidate: Candidate) -> Candidate:
    """The structured route tells what its Jacobians by all parameters keep."""
    if candidate.name != "structured":
        return candidate

    def stored() -> int:
        return sum(J.nbytes for J in work.net.forward(work.X, work.T).jacobians("L").values())

    return replace(candidate, stored=stored)


def growths(found: Sequence[Row]) -> list[Growth]:
    """Every exponent that theory knows and enough rows are there for."""
    known = (
        growth(found, series, quantity, candidate)
        for series, quantities in THEORY.items()
        for quantity, candidates in quantities.items()
        for candidate in candidates
    )
    return [each for each in known if each is not None]


def growth(found: Sequence[Row], series: str, quantity: str, candidate: str) -> Growth | None:
    """One exponent, None where too few rows are there for it."""
    points = costs(found, series, quantity, candidate)
    law = fit(list(points), list(points.values()))
    theory = THEORY[series][quantity][candidate]
    return None if law is None else Growth(series, candidate, quantity, theory, law, tuple(points))


def costs(found: Sequence[Row], series: str, quantity: str, candidate: str) -> dict[int, float]:
    """{size: cost} of what was measured, times in seconds at the usual speed of the machine."""
    size_of = {name_of(*shape): size for size, shape in SERIES[series].items()}
    ours = [r for r in found if r.suite == "scaling" and r.candidate == candidate and r.workload in size_of]
    times = _seconds(found) if quantity == "seconds" else {}
    prices = {
        r.workload: times.get(r.workload, 0.0) * _ratio(r) if times else getattr(r, quantity) or 0.0
        for r in ours
    }
    return {size: float(prices[name]) for name, size in size_of.items() if prices.get(name)}


def _seconds(found: Sequence[Row]) -> dict[str, float]:
    """{workload: the delta rule's time}, by the fixed job."""
    job = median([r.seconds for r in found if r.candidate == FIXED and r.seconds] or [1.0])
    delta = [r for r in found if r.suite == "scaling" and r.candidate == YARDSTICK]
    return {r.workload: job * r.floor_ratio for r in delta if r.floor_ratio}


def _ratio(row: Row) -> float:
    """To the delta rule: 1 for itself, whatever noise its own pair has."""
    return 1.0 if row.candidate == YARDSTICK else row.ratio or 0.0


def summary(found: Sequence[Row]) -> Iterator[str]:
    """A line for every series: fitted exponents, their spread, and theory."""
    yield "  exponents, fitted +- spread (theory):"
    yield "  " + f"{'':<18}" + "".join(f"{name:<15}" for name in SHOWN).rstrip()
    by_place = {(g.series, g.quantity, g.candidate): g for g in growths(found)}
    for series, quantities in THEORY.items():
        for quantity in quantities:
            cells = [_cell(by_place.get((series, quantity, candidate))) for candidate in SHOWN]
            name = f"{NAMES[quantity]} by {'width' if series == 'memory' else series}"
            yield f"  {name:<18}" + "".join(f"{cell:<15}" for cell in cells).rstrip()


def _cell(growth: Growth | None) -> str:
    if growth is None:
        return "-"
    if growth.fit.spread > UNCLEAR:
        return f"unclear ({growth.theory})"
    return f"{growth.fit.exponent:.2f}+-{growth.fit.spread:.2f} ({growth.theory})"


SUITE = Suite("the price of a gradient as the network grows", YARDSTICK, rows, remembered, summary, JOB)
