"""Suite `parameter_products`: what people want a Jacobian by all parameters for, without its tensors.

    J v            ``record.push``, from the input up       the outputs of each case
    u J            ``record.pull``, from the top down       summed over the cases
    diag(J^T J)    ``J.stacked().gram_diagonal()``          summed over cases and outputs
    norms          ``J.row_norms()`` of each case's loss    the size of its own gradient

The yardstick `structured` is the cheapest of our public routes; `whole J` multiplies the Jacobian by
each parameter first, ``record.jacobian("aN", name)``, which pays where many products follow. The
forward pass is included, and every structured object is consumed. The floor is the bare arithmetic of
the cheapest route. Routes that make the dense tensors first, ours and the peers', are marked: to beat
those is a claim about memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from jacobprop.arrays import Array

from . import floors
from .agreement import Arrays, rounding
from .closing import summed_up
from .comparison import Candidate, Run, compare
from .invitation import invited
from .peers import Question
from .peers.directions import covector, tangent
from .suite import Row, Settings, Suite
from .units import bytes_text
from .workloads import Workload, digits

NAME = "parameter_products"
YARDSTICK = "structured"
FLOOR = "bare arithmetic"


def workload() -> Workload:
    """784-256-128-10, 64 cases."""
    return digits(cases=64)


def _jacobians(work: Workload, of: str = "") -> dict[str, Any]:
    """The outputs, or `of`, by every parameter."""
    record = work.net.forward(work.X, work.T if of == "L" else None)
    above = of or f"a{len(work.net.layers)}"
    return {name: record.jacobian(above, name) for name in work.net.parameters}


def _added(arrays: Iterable[Array]) -> Array:
    return reduce(np.add, arrays)


def pushed(work: Workload) -> Run:
    """J v in one walk up: what forward mode does."""
    v = tangent(work)

    return lambda: {"J v": work.net.forward(work.X).push(f"a{len(work.net.layers)}", v)}


def pulled(work: Workload) -> Run:
    """u J in one walk down: what reverse mode does."""
    u = covector(work)

    return lambda: work.net.forward(work.X).pull(f"a{len(work.net.layers)}", u)


def pushed_whole(work: Workload) -> Run:
    """J v from the Jacobian by each parameter."""
    v = tangent(work)
    return lambda: {"J v": _added(J.push(v[name]) for name, J in _jacobians(work).items())}


def pulled_whole(work: Workload) -> Run:
    """u J from the Jacobian by each parameter."""
    u = covector(work)
    return lambda: {name: J.stacked().pull(u) for name, J in _jacobians(work).items()}


def diagonal(work: Workload) -> Run:
    """diag(J^T J)."""
    return lambda: {name: J.stacked().gram_diagonal() for name, J in _jacobians(work).items()}


def gradient_norms(work: Workload) -> Run:
    """The norm of each case's gradient of its own loss."""

    def run() -> Arrays:
        squares = (J.row_norms() ** 2 for J in _jacobians(work, "L").values())
        return {"norms": np.sqrt(_added(squares))}

    return run


def dense_diagonal(work: Workload) -> Run:
    """The squares of the dense tensors, added up."""
    return lambda: {name: (J.tensor() ** 2).sum((0, 1)) for name, J in _jacobians(work).items()}


def dense_norms(work: Workload) -> Run:
    """The norms of the dense gradients of all cases."""

    def run() -> Arrays:
        gradients = (J.matrix() for J in _jacobians(work, "L").values())
        return {"norms": np.sqrt(_added((g**2).sum((1, 2)) for g in gradients))}

    return run


class Product(NamedTuple):
    """A question, our route to its answer and another one, its floor, and what the peers call it."""

    name: str
    structured: Callable[[Workload], Run]
    other: Candidate
    floor: Callable[[Workload], Run]
    question: Question


def products(work: Workload) -> Iterator[Product]:
    """All four."""
    rows = work.widths[-1]
    tolerance = rounding(work.dtype)

    def whole(route: Callable[[Workload], Run]) -> Candidate:
        return Candidate("whole J", partial(route, work), tolerance)

    def dense(route: Callable[[Workload], Run], rows: int) -> Candidate:
        held = work.cases * rows * work.net.size * work.X.itemsize
        label = "memory claim: dense tensors"
        return Candidate("dense", partial(route, work), tolerance, dense_bytes=held, label=label)

    yield Product("J v", pushed, whole(pushed_whole), floors.push, "jvp")
    yield Product("u J", pulled, whole(pulled_whole), floors.pull, "vjp")
    yield Product("diag(J^T J)", diagonal, dense(dense_diagonal, rows), floors.diagonal, "diagonal")
    yield Product("norms", gradient_norms, dense(dense_norms, 1), floors.gradient_norms, "gradient_norms")


def candidates(product: Product, work: Workload, settings: Settings) -> list[Candidate]:
    """Our routes, the floor, and every route of the peers."""
    structured = Candidate(YARDSTICK, partial(product.structured, work), rounding(work.dtype))
    floor = Candidate(FLOOR, partial(product.floor, work), 0.0, role="floor", agrees=False)
    peers = (peer.candidates(product.question, work) for peer in invited(settings))
    return [structured, product.other, floor, *chain.from_iterable(peers)]


def rows(settings: Settings) -> Iterator[Row]:
    """Each product on its own."""
    work = workload()
    for product in products(work):
        yield from compare(
            NAME,
            f"{work.name}, {product.name}",
            candidates(product, work, settings),
            YARDSTICK,
            settings,
            floor=FLOOR,
            dtype=work.dtype,
        )


def closing(found: Sequence[Row]) -> str:
    """Time against the peers, and the most memory that one of the products took."""
    peaks = [row.peak_bytes for row in found if row.candidate == YARDSTICK and row.peak_bytes]
    memory = f"\nThe largest peak of memory of the four: {bytes_text(max(peaks))}." if peaks else ""
    return f"The four products: {summed_up(found, NAME)}.{memory}"


SUITE = Suite("J v, u J, diag(J^T J), gradient norms", YARDSTICK, rows, closing, floor=FLOOR)
