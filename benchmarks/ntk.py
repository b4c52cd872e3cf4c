"""Suite `ntk`: the neural tangent kernel of the outputs, ``jp.ntk(net, X)``, forward pass included.

The yardstick `structured` multiplies Gram matrices, `dense` the Jacobians by all parameters, `products`
pulls each output down and pushes it up again. The floor is ``floors.tangent_kernel``. torch.func's
contracted Jacobians are what torch's tutorial recommends; "by hand" is the structured formula written in
the peer's own arrays, which its users would have to derive.

neural-tangents has a structured mode too, but does not run on a current JAX. Measured once on an old one,
on one core, in float64, at 784-256-128-10 and 64 cases: 26.5 ms, where a prototype of the formula in numpy
took 7.5 ms, a ratio of 3.5. That figure is not of this run and counts in no target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np

from jacobprop.curvature.tangent_kernel import ntk, plan_ntk
from jacobprop.curvature.tangent_kernel.methods import Method

from . import floors
from .agreement import rounding
from .closing import summed_up
from .comparison import Candidate, Run, compare_on
from .invitation import invited
from .suite import Row, Settings, Suite
from .workloads import Workload, digits

NAME = "ntk"
YARDSTICK = "structured"
FLOOR = "bare Grams"
METHODS: tuple[Method, ...] = ("structured", "dense", "products")
RATE = 2e10
"""About how many multiply-adds a core makes in a second."""
PUBLISHED = "Published, not of this run: neural-tangents on an old JAX, 3.5 x a prototype."


def workloads() -> Iterator[Workload]:
    """784-256-128-10, 64 cases, in both dtypes."""
    return (digits(64, dtype) for dtype in (np.float64, np.float32))


def _kernel(work: Workload, method: str) -> Run:
    return lambda: {"K": ntk(work.net, work.X, method=method)}


def candidates(work: Workload, settings: Settings) -> list[Candidate]:
    """Our three methods, the floor, and the peers."""
    prices = {price.method: price for price in plan_ntk(work.net, work.X).prices}
    dense = prices["dense"].multiply_adds
    ours = [
        Candidate(
            method,
            partial(_kernel, work, method),
            rounding(work.dtype),
            multiply_adds=prices[method].multiply_adds,
            estimate=partial(_seconds, prices[method].multiply_adds),
        )
        for method in METHODS
    ]
    floor = Candidate(FLOOR, partial(floors.tangent_kernel, work), 0.0, role="floor", agrees=False)
    peers = chain.from_iterable(peer.candidates("tangent_kernel", work) for peer in invited(settings))
    slow = (replace(c, estimate=partial(_seconds, dense)) if "contracted" in c.name else c for c in peers)
    return [*ours, floor, *slow]


def _seconds(multiply_adds: int) -> float:
    return multiply_adds / RATE


def rows(settings: Settings) -> Iterator[Row]:
    """Both dtypes."""
    for work in workloads():
        yield from compare_on(work, NAME, candidates(work, settings), YARDSTICK, settings, FLOOR)


def closing(found: Sequence[Row]) -> str:
    """Against the peers and the floor, and the figure that is not ours."""
    return f"The tangent kernel: {summed_up(found, NAME)}.\n{PUBLISHED}"


SUITE = Suite(
    "the tangent kernel J J^T of the outputs, forward included", YARDSTICK, rows, closing, floor=FLOOR
)
