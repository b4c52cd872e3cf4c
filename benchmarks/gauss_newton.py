"""Suite `gauss_newton`: products with the curvature of the loss, and its diagonal, without the matrix.

    G v        ``gauss_newton(net, X, T) @ v``            one pass up, one down
    H v        ``hessian(net, X, T) @ v``                 the exact Hessian: the rows' tangents come down too
    diag(G)    ``gauss_newton(net, X, T).diagonal()``     a row for each column of the loss Hessian's root

The forward pass and the making of the operator are included. `again` is a product with an operator that is
there already, which is what conjugate gradients ask for. The floor is the bare arithmetic of the route.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from jacobprop.arrays import Array
from jacobprop.curvature.exact_hessian import hessian
from jacobprop.curvature.loss_curvature import gauss_newton
from jacobprop.curvature.operator import Operator

from . import floors
from .agreement import rounding
from .closing import summed_up
from .comparison import Candidate, Run, compare
from .invitation import invited
from .peers.curvature_routes import CurvatureQuestion, curvature_candidates
from .peers.directions import tangent
from .suite import Row, Settings, Suite
from .workloads import Workload, digits, wine

NAME = "gauss_newton"
YARDSTICK = "operator"
FLOOR = "bare arithmetic"


def workloads() -> Iterator[Workload]:
    """13-5-3 on all wines, and 784-256-128-10 on 128 cases."""
    yield wine()
    yield digits(cases=128)


def _vector(work: Workload) -> Array:
    return np.concatenate([v.ravel() for v in tangent(work).values()])


def _product(make: Callable[..., Operator], work: Workload) -> Run:
    v = _vector(work)
    return lambda: {"product": make(work.net, work.X, work.T) @ v}


def _again(make: Callable[..., Operator], work: Workload) -> Run:
    v, operator = _vector(work), make(work.net, work.X, work.T)
    return lambda: {"product": operator @ v}


def _diagonal(work: Workload) -> Run:
    return lambda: {"diagonal": gauss_newton(work.net, work.X, work.T).diagonal()}


def _dense_diagonal(work: Workload) -> Run:
    return lambda: {"diagonal": np.diag(gauss_newton(work.net, work.X, work.T).matrix()).copy()}


class Curvature(NamedTuple):
    """A question, our route to its answer and another one, and its floor."""

    name: CurvatureQuestion
    operator: Callable[[Workload], Run]
    other: Candidate
    floor: Callable[[Workload], Run]


def curvatures(work: Workload) -> Iterator[Curvature]:
    """All three."""
    tolerance, n = rounding(work.dtype), work.net.size
    makers: tuple[tuple[CurvatureQuestion, Callable[..., Operator], Callable[[Workload], Run]], ...] = (
        ("G v", gauss_newton, floors.gauss_newton_product),
        ("H v", hessian, floors.hessian_product),
    )
    for name, make, floor in makers:
        again = Candidate("again", partial(_again, make, work), tolerance)
        yield Curvature(name, partial(_product, make), again, floor)
    held = n * n * work.X.itemsize
    dense = Candidate("matrix", partial(_dense_diagonal, work), tolerance, dense_bytes=held)
    yield Curvature("diag(G)", _diagonal, dense, floors.diagonal)


def rows(settings: Settings) -> Iterator[Row]:
    """Each question on each network."""
    peers = [peer.name for peer in invited(settings)]
    for work in workloads():
        for own in curvatures(work):
            yield from compare(
                NAME,
                f"{work.name}, {own.name}",
                [
                    Candidate(YARDSTICK, partial(own.operator, work), rounding(work.dtype)),
                    own.other,
                    Candidate(FLOOR, partial(own.floor, work), 0.0, role="floor", agrees=False),
                    *curvature_candidates(own.name, work, peers),
                ],
                YARDSTICK,
                settings,
                floor=FLOOR,
                dtype=work.dtype,
            )


def closing(found: Sequence[Row]) -> str:
    """Time against the peers."""
    return f"Gauss-Newton and the exact Hessian: {summed_up(found, NAME)}."


SUITE = Suite("G v, H v and diag(G) of the loss's curvature", YARDSTICK, rows, closing, floor=FLOOR)
