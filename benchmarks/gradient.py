"""Suite `gradient`: the seven formulations of ``jp.gradients``, side by side.

The yardstick `delta` is a ``jp.DeltaRule`` whose workspace lives on from call to call, as in training;
`delta_once` is the formulation "delta" of ``jp.gradients``, which builds a new one for every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

import jacobprop as jp
from jacobprop.formulations import FORMULATIONS

from .agreement import Arrays
from .comparison import Candidate, Run, compare
from .costs import COSTS, passes
from .suite import Row, Settings, Suite
from .timing import once
from .units import three_digits
from .workloads import SQUARES, Workload, gradient_workloads, square

YARDSTICK = "delta"
TOLERANCE = 1e-12
TOLERANCES = {"finite_difference": 1e-6}
CASE_BY_CASE = ("tensor", "numpy_dot", "simplified", "delta_scalar")


def candidates(work: Workload) -> list[Candidate]:
    """Every formulation on one workload, the yardstick among them."""
    routes: list[tuple[str, str, Callable[[], Run]]] = []
    for name in FORMULATIONS:
        if name == YARDSTICK:
            routes += [(name, name, _reused(work)), ("delta_once", name, _formulation(work, name))]
        else:
            routes.append((name, name, _formulation(work, name)))
    return [
        Candidate(
            title,
            prepare,
            tolerance=TOLERANCES.get(name, TOLERANCE),
            multiply_adds=COSTS[name].multiply_adds(work),
            dense_bytes=COSTS[name].numbers(work) * work.net.dtype.itemsize,
            estimate=_estimate(work, name),
        )
        for title, name, prepare in routes
    ]


def _formulation(work: Workload, name: str) -> Callable[[], Run]:
    return lambda: lambda: jp.gradients(work.net, work.X, work.T, formulation=name)


def _reused(work: Workload) -> Callable[[], Run]:
    def prepare() -> Run:
        rule = jp.DeltaRule(work.net)
        return lambda: rule.gradients(work.X, work.T, copy=False)[1]

    return prepare


def _estimate(work: Workload, name: str) -> Callable[[], float] | None:
    """One case times the cases, or one pass times the passes; the whole-stack formulations are short."""
    if name in CASE_BY_CASE:
        return lambda: work.cases * _warm(_formulation(work.one_case, name)())
    if name == "finite_difference":
        return lambda: passes(work) * _warm(lambda: _pass(work))
    return None


def _pass(work: Workload) -> Arrays:
    """What one difference costs twice: the loss with one parameter replaced."""
    name, array = next(iter(work.net.parameters.items()))
    loss = work.net.with_parameters({name: array}).forward(work.X, work.T).loss
    return {"L": np.asarray(loss)}


def _warm(run: Run) -> float:
    """The shorter of two calls: the first also pays for what is done only once."""
    return min(once(run)[1], once(run)[1])


def rows(settings: Settings) -> Iterator[Row]:
    """All candidates on all workloads."""
    for work in gradient_workloads():
        yield from compare("gradient", work.name, candidates(work), YARDSTICK, settings)


def closing(found: Sequence[Row]) -> str:
    """At the widest n-n-n where the dense tensors ran: what they and the structured chain cost.

    The noise is how far the interval of the delta rule against itself reaches from 1 on that workload:
    a busy machine shows in the sentence that is quoted, not only in the table.
    """
    measured = {(row.workload, row.candidate): row for row in found if row.ratio is not None}
    for n in reversed(SQUARES):
        name = square(n).name
        tensor, chain, itself = (measured.get((name, c)) for c in ("tensor", "structured", YARDSTICK))
        if tensor and chain and itself:
            return (
                f"At width {n}: dense tensors x {_ratio(tensor)}, structured x {_ratio(chain)}, "
                f"delta 1.00 (noise {_noise(itself):.0%})."
            )
    return "The dense tensors ran at no width: nothing to sum up."


def _ratio(row: Row) -> str:
    assert row.ratio is not None, "only measured rows are summed up"
    return three_digits(row.ratio)


def _noise(itself: Row) -> float:
    assert itself.low is not None, "a measured row has an interval"
    assert itself.high is not None, "a measured row has an interval"
    return max(abs(itself.low - 1), abs(itself.high - 1))


SUITE = Suite("the gradient of the loss by every parameter", YARDSTICK, rows, closing)
