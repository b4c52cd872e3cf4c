"""Suite `input_jacobian`: the outputs by the input, case by case, forward pass included.

The yardstick `jacobian` is ``net.forward(X).jacobian("aN", "a0").matrix()``; `planned`, `backward` and
`forward` multiply the slides' chain in that order. The floor is ``floors.input_jacobian``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import jacobprop as jp
from jacobprop.arrays import Array
from jacobprop.planning import Order

from . import costs, floors
from .agreement import rounding
from .closing import summed_up
from .comparison import Candidate, compare_on
from .invitation import invited
from .suite import Row, Settings, Suite
from .units import seconds_text
from .workloads import Workload, bottlenecks, ordinary

NAME = "input_jacobian"
YARDSTICK = "jacobian"
FLOOR = "bare products"
ORDERS: dict[str, Order] = {"planned": "auto", "backward": "backward", "forward": "forward"}
RATE = 1e10
"""About how many multiply-adds a core makes in a second."""


def candidates(work: Workload, settings: Settings) -> list[Candidate]:
    """The record, its chain in each order, the floor and the peers."""
    found = [_candidate(work, YARDSTICK, lambda: _record(work).jacobian(_top(work), "a0").matrix())]
    for title, order in ORDERS.items():
        found.append(_candidate(work, title, _chain(work, order), _multiply_adds(work, order)))
    dense_bytes = work.cases * work.widths[-1] * work.widths[0] * work.X.itemsize
    peers = (peer.candidates("input_jacobian", work, dense_bytes) for peer in invited(settings))
    return [*found, _floor(work), *chain.from_iterable(peers)]


def _record(work: Workload) -> jp.Record:
    return work.net.forward(work.X)


def _top(work: Workload) -> str:
    return f"a{len(work.net.layers)}"


def _chain(work: Workload, order: Order) -> Callable[[], Array]:
    return lambda: _record(work).chain(_top(work), "a0").multiply(order).matrix()


def _multiply_adds(work: Workload, order: Order) -> int:
    plan = _record(work).chain(_top(work), "a0").plan(order)
    return costs.forward(work) + plan.multiply_adds


def _candidate(
    work: Workload, title: str, answer: Callable[[], Array], multiply_adds: int | None = None
) -> Candidate:
    def run() -> dict[str, Array]:
        return {"J": answer()}

    return Candidate(title, lambda: run, rounding(work.dtype), multiply_adds=multiply_adds)


def _floor(work: Workload) -> Candidate:
    return Candidate(FLOOR, lambda: floors.input_jacobian(work), 0.0, role="floor", agrees=False)


def rows(settings: Settings) -> Iterator[Row]:
    """All candidates on the ordinary networks, then on the bottlenecks.

    A network is left out where one call of the dearest order takes longer than the budget of a row.
    """
    for work in chain(ordinary(), bottlenecks()):
        dearest = max(_multiply_adds(work, order) for order in ORDERS.values()) / RATE
        if dearest > settings.budget:
            reason = f"about {seconds_text(dearest)} a call, budget {seconds_text(settings.budget)}"
            yield Row(NAME, work.name, YARDSTICK, skipped=reason, group=work.group, dtype=work.dtype)
            continue
        yield from compare_on(work, NAME, candidates(work, settings), YARDSTICK, settings, FLOOR)


def closing(found: Sequence[Row]) -> str:
    """Ordinary networks and bottlenecks apart: what helps the one says nothing of the other."""
    apart = (summed_up(found, NAME, group) for group in ("ordinary", "bottleneck"))
    return "Ordinary networks: {}.\nBottlenecks: {}.".format(*apart)


SUITE = Suite("outputs by the input, case by case, forward included", YARDSTICK, rows, closing, floor=FLOOR)
