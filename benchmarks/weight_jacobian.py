"""Suite `weight_jacobian`: the outputs by all weights and biases, case by case, forward pass included.

The yardstick `dense` expands every Jacobian to its tensor, as the peers do; its floor is
``np.multiply`` into fresh arrays of that size. `dense, forward` multiplies each chain from the weights
upward instead. `structured` is ``record.jacobians("aN")`` as it stands:
left (x) y, from which push, pull and norms are computed without a tensor (suite `parameter_products`).

An array beyond `WHOLE` numbers is compared on every 13th unit below and every 7th above: a copy of each
candidate's tensors would not fit beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import jacobprop as jp
from jacobprop.arrays import Array

from . import floors
from .agreement import Arrays, rounding
from .closing import summed_up
from .comparison import Candidate, Run, beyond, compare_on
from .invitation import invited
from .suite import Row, Settings, Suite
from .units import bytes_text
from .workloads import Workload, classes, digits, wine

NAME = "weight_jacobian"
YARDSTICK = "dense"
FLOOR = "np.multiply"
WHOLE = 2**20
RATE = 2**30
"""About how many bytes of new memory a core fills in a second."""
UNEXPANDED = "memory claim: kept structured, no tensor made"


def workloads() -> Iterator[Workload]:
    """The widths of the other suites, and as many cases as leave room for dense tensors."""
    yield wine()
    yield classes((64, 128, 128, 10), cases=64)
    yield digits(cases=16)


def dense_bytes(work: Workload) -> int:
    """What the tensors of all weights and biases hold."""
    return work.cases * work.widths[-1] * work.net.size * work.X.itemsize


def jacobians(work: Workload) -> dict[str, jp.Jacobian]:
    """The outputs by every parameter, structured, and by the input."""
    return work.net.forward(work.X).jacobians(f"a{len(work.net.layers)}")


def thinned(arrays: Arrays) -> Mapping[str, Array]:
    """Views of large arrays (cases, outputs, n, m) on some of their entries."""
    return {name: a[:, :, ::13, ::7] if a.ndim == 4 and a.size > WHOLE else a for name, a in arrays.items()}


def _dense(work: Workload) -> Arrays:
    record, top = work.net.forward(work.X), f"a{len(work.net.layers)}"
    return {name: record.jacobian(top, name).tensor() for name in work.net.parameters}


def _dense_forward(work: Workload) -> Arrays:
    record, top = work.net.forward(work.X), f"a{len(work.net.layers)}"
    return {name: record.chain(top, name).multiply("forward").tensor() for name in work.net.parameters}


def _structured(work: Workload) -> Arrays:
    jacobians(work)
    return {}


def _stored(work: Workload) -> int:
    return sum(J.nbytes for name, J in jacobians(work).items() if name in work.net.parameters)


def candidates(work: Workload, settings: Settings) -> list[Candidate]:
    """Dense in two orders and by the peers, structured, and the floor."""
    tolerance, held = rounding(work.dtype), dense_bytes(work)
    dense = [
        Candidate(YARDSTICK, lambda: partial(_dense, work), tolerance, dense_bytes=held),
        Candidate("dense, forward", lambda: partial(_dense_forward, work), tolerance, dense_bytes=held),
    ]
    for peer in invited(settings):
        dense += peer.candidates("weight_jacobians", work, held)
    structured = Candidate(
        "structured",
        lambda: partial(_structured, work),
        tolerance,
        label=UNEXPANDED,
        agrees=False,
        stored=partial(_stored, work),
    )
    floor = Candidate(FLOOR, partial(floors.fresh_multiply, work), tolerance, role="floor", agrees=False)
    return [*(replace(c, prepare=partial(_thin, c)) for c in dense), structured, floor]


def _thin(candidate: Candidate) -> Run:
    run = candidate.prepare()
    return lambda: thinned(run())


def rows(settings: Settings) -> Iterator[Row]:
    """All candidates on the workloads whose tensors fit, in memory and in time."""
    for work in workloads():
        if reason := _too_much(work, settings):
            yield Row(NAME, work.name, YARDSTICK, skipped=reason, dtype=work.dtype)
            continue
        yield from compare_on(work, NAME, candidates(work, settings), YARDSTICK, settings, FLOOR)


def _too_much(work: Workload, settings: Settings) -> str:
    """Why no route to the tensors is run, empty if they are: the yardstick is one of these routes."""
    held = dense_bytes(work)
    return beyond(held, lambda: held / RATE, settings)


def closing(found: Sequence[Row]) -> str:
    """The dense tensors against peers and floor, and what the structured ones keep."""
    kept = [(row.stored_bytes, row.workload) for row in found if row.stored_bytes]
    held = {work.name: dense_bytes(work) for work in workloads()}
    largest = max(kept, key=lambda pair: pair[0], default=None)
    text = f"Time of the dense tensors: {summed_up(found, NAME)}."
    if largest is None:
        return text
    stored, name = largest
    return (
        f"{text}\n{name}: structured keeps {bytes_text(stored)}, dense tensors hold {bytes_text(held[name])}."
    )


SUITE = Suite("outputs by all weights, case by case, forward included", YARDSTICK, rows, closing, floor=FLOOR)
