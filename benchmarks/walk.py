"""Suite `walk`: ``record.jacobians("aN")``, every parameter and the input, structured.

Its floor is one bare backward walk with as many rows, a row for each output, with the same forward
pass: a record remembers its products, so each call needs a new one, and both sides pay for it.
`one by one` asks the record for one Jacobian after the other, which share the walk just the same.
What is compared is the last Jacobian of the walk, by the input: no tensor is expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import jacobprop as jp

from . import floors
from .agreement import Arrays, rounding
from .closing import summed_up
from .comparison import Candidate, Run, compare_on
from .suite import Row, Settings, Suite
from .workloads import Workload, ordinary

NAME = "walk"
YARDSTICK = "record.jacobians"
FLOOR = "bare walk"


def candidates(work: Workload) -> list[Candidate]:
    """The record's walk, the same in single steps, its forward pass alone, and the bare walk."""

    def stored() -> int:
        return sum(J.nbytes for J in _at_once(work).values())

    def forward() -> Arrays:
        work.net.forward(work.X)
        return {}

    def walked(answer: Callable[[Workload], dict[str, jp.Jacobian]]) -> Run:
        return lambda: {"J": answer(work)["a0"].matrix()}

    tolerance = rounding(work.dtype)
    return [
        Candidate(YARDSTICK, lambda: walked(_at_once), tolerance, stored=stored),
        Candidate("one by one", lambda: walked(_one_by_one), tolerance),
        Candidate("forward alone", lambda: forward, tolerance, role="baseline", agrees=False),
        Candidate(FLOOR, lambda: floors.backward_walk(work), tolerance, role="floor", agrees=False),
    ]


def _at_once(work: Workload) -> dict[str, jp.Jacobian]:
    return work.net.forward(work.X).jacobians(f"a{len(work.net.layers)}")


def _one_by_one(work: Workload) -> dict[str, jp.Jacobian]:
    record = work.net.forward(work.X)
    return {name: record.jacobian(f"a{len(work.net.layers)}", name) for name in (*work.net.parameters, "a0")}


def rows(settings: Settings) -> Iterator[Row]:
    """On the ordinary networks: classifiers, which the bare walk is written for."""
    for work in ordinary():
        yield from compare_on(work, NAME, candidates(work), YARDSTICK, settings, FLOOR)


def closing(found: Sequence[Row]) -> str:
    """The worst network, as there are no peers."""
    return f"All structured Jacobians of a network: {summed_up(found, NAME)}."


SUITE = Suite("every Jacobian of the outputs, structured, in one walk", YARDSTICK, rows, closing, floor=FLOOR)
