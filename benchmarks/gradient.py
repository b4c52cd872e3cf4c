"""Suite `gradient`: the seven formulations of ``jp.gradients`` and the peers, side by side.

The yardstick `delta` is a ``jp.DeltaRule`` whose workspace lives on from call to call, as in training;
`delta_once` is the formulation "delta" of ``jp.gradients``, which builds a new one for every call.
`structured` is ``net.forward(X, T).gradients()``: the record's gradients with their forward pass.
The floor is `bare GEMMs`, see ``floors.gemms``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

import jacobprop as jp
from jacobprop.formulations import FORMULATIONS

from .agreement import Arrays, rounding
from .comparison import Candidate, Run, compare_on
from .costs import COSTS, passes, products
from .floors import gemms
from .invitation import invited
from .suite import Row, Settings, Suite
from .timing import once
from .widths import YARDSTICK, remembered
from .workloads import Workload, gradient_workloads, square

FLOOR = "bare GEMMs"
DIFFERENCES = 1e-6
"""Relative tolerance of the central differences."""
LONG = 0.05
"""Seconds beside which what is done only once is little."""
CASE_BY_CASE = ("tensor", "numpy_dot", "simplified")


def candidates(work: Workload, settings: Settings) -> list[Candidate]:
    """Every formulation on one workload, the yardstick among them, then the floor and the peers."""
    found = []
    for name in FORMULATIONS:
        found.append(_candidate(work, name, name, _reused(work) if name == YARDSTICK else None))
        if name == YARDSTICK:
            found.append(_candidate(work, "delta_once", name))
    return [*found, _floor(work), *_peers(work, settings)]


def _candidate(work: Workload, title: str, name: str, prepare: Callable[[], Run] | None = None) -> Candidate:
    tolerance = rounding(work.dtype)
    return Candidate(
        title,
        prepare or _formulation(work, name),
        tolerance=max(tolerance, DIFFERENCES) if name == "finite_difference" else tolerance,
        multiply_adds=COSTS[name].multiply_adds(work),
        dense_bytes=COSTS[name].numbers(work) * work.net.dtype.itemsize,
        estimate=_estimate(work, name),
    )


def _floor(work: Workload) -> Candidate:
    return Candidate(
        FLOOR,
        lambda: gemms(work),
        tolerance=0,
        multiply_adds=products(work),
        role="floor",
        agrees=False,
    )


def _peers(work: Workload, settings: Settings) -> Iterator[Candidate]:
    for peer in invited(settings):
        for title, prepare in peer.prepared("gradient", work).items():
            yield Candidate(title, prepare, rounding(work.dtype), role="peer", label="same answer")


def _formulation(work: Workload, name: str) -> Callable[[], Run]:
    return lambda: lambda: jp.gradients(work.net, work.X, work.T, formulation=name)


def _reused(work: Workload) -> Callable[[], Run]:
    def prepare() -> Run:
        rule = jp.DeltaRule(work.net)
        return lambda: rule.gradients(work.X, work.T, copy=False)[1]

    return prepare


def _estimate(work: Workload, name: str) -> Callable[[], float] | None:
    """One case times the cases, or one pass times the passes; the whole-stack formulations are short.

    The loops over nodes take the same time for every number: one case of theirs could be long already.
    """
    if name == "delta_scalar":
        return lambda: COSTS[name].multiply_adds(work) * _scalar_rate()
    if name in CASE_BY_CASE:
        return lambda: work.cases * _warm(_formulation(work.one_case, name)())
    if name == "finite_difference":
        return lambda: passes(work) * _warm(lambda: _pass(work))
    return None


@cache
def _scalar_rate() -> float:
    """Seconds that a multiply-add takes in a Python loop."""
    small = square(16)
    return _warm(_formulation(small, "delta_scalar")()) / COSTS["delta_scalar"].multiply_adds(small)


def _pass(work: Workload) -> Arrays:
    """What one difference costs twice: the loss with one parameter replaced."""
    name, array = next(iter(work.net.parameters.items()))
    loss = work.net.with_parameters({name: array}).forward(work.X, work.T).loss
    return {"L": np.asarray(loss)}


def _warm(run: Run) -> float:
    """The shorter of two calls, as the first also pays for what is done only once; of a long one, that."""
    first = once(run)[1]
    return first if first > LONG else min(first, once(run)[1])


def rows(settings: Settings) -> Iterator[Row]:
    """All candidates on all workloads."""
    for work in gradient_workloads():
        yield from compare_on(work, "gradient", candidates(work, settings), YARDSTICK, settings, FLOOR)


SUITE = Suite("the gradient of the loss by every parameter", YARDSTICK, rows, remembered, floor=FLOOR)
