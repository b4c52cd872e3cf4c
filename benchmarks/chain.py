"""Suite `chain`: products of bare Jacobians, planned, against pure orders and other planners.

The yardstick `planned` multiplies in the order that was planned before; `planned anew` plans in every
call, and `planning` is that plan alone. All answers are expanded to one dense matrix, in the call.
numpy's multi_dot and opt_einsum get their dense operands, and opt_einsum its path, before the clock
starts. `opt_einsum, told` is told what its notation can say: diagonals as vectors, and one matrix
for all cases. Neither can say a sum such as diag(p) - p p^T, which stays dense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import jacobprop as jp
from jacobprop.arrays import Array
from jacobprop.planning import Order

from .agreement import Arrays, rounding
from .comparison import Candidate, Run, compare
from .suite import Group, Row, Settings, Suite
from .units import three_digits

NAME = "chain"
YARDSTICK = "planned"
DENSIFIED = "dense factors, made beforehand"
TOLD = "diagonals and shared factors told"
ORDERS: dict[str, Order] = {YARDSTICK: "auto", "backward": "backward", "forward": "forward"}
OURS_TOO = ("planned anew", "planning")
"""What is no other order."""
TOLERANCE = rounding("float64")


class Factors(NamedTuple):
    """A chain to multiply, leftmost first."""

    name: str
    group: Group
    factors: tuple[jp.Jacobian, ...]

    @property
    def cases(self) -> int | None:
        """Of the stacked factors, None where there are none."""
        return next((J.cases for J in self.factors if J.cases is not None), None)


# -- the chains -------------------------------------------------------------------------------------


def chains() -> Iterator[Factors]:
    """Dense ones, for which the other planners are made, then the structures of networks."""
    rng = np.random.default_rng(0)
    for number, count in enumerate((6, 12), 1):
        widths = rng.integers(8, 400, count + 1).tolist()
        yield dense(f"random {number}, {count} matrices", "ordinary", widths)
    yield dense("512-512-8-512-512", "bottleneck", [512, 512, 8, 512, 512])
    yield dense("784-128-16-128-784", "bottleneck", [784, 128, 16, 128, 784])
    yield layers("softmax of 3 layers x 32", "ordinary", [64, 128, 128, 10], cases=32)
    yield layers("softmax of a bottleneck x 8", "bottleneck", [256, 256, 6, 256, 200], cases=8)
    yield normalised("6 normalisations x 8", "ordinary", 96, cases=8)


def dense(name: str, group: Group, widths: Sequence[int]) -> Factors:
    """A matrix between any two neighbouring widths."""
    rng = np.random.default_rng(1)
    found = (jp.DenseJacobian(_random(rng, o, n)) for o, n in pairwise(widths))
    return Factors(name, group, tuple(found))


def layers(name: str, group: Group, widths: Sequence[int], cases: int) -> Factors:
    """J^soft, and diag(f') W^T of every layer of a network with these widths, input first."""
    rng = np.random.default_rng(2)
    found: list[jp.Jacobian] = [softmax(rng, cases, widths[-1])]
    for n, m in reversed(list(pairwise(widths))):
        found.append(jp.ScaledJacobian(rng.uniform(0.1, 1, (cases, m)), _random(rng, m, n)))
    return Factors(name, group, tuple(found))


def normalised(name: str, group: Group, width: int, cases: int) -> Factors:
    """Diagonal plus rank one, diagonal, and so on, with one dense matrix at the end."""
    rng = np.random.default_rng(3)
    found: list[jp.Jacobian] = []
    for _ in range(6):
        found += [softmax(rng, cases, width), jp.DiagonalJacobian(rng.uniform(0.5, 1, (cases, width)))]
    return Factors(name, group, (*found, jp.DenseJacobian(_random(rng, width, width // 2)).for_cases(cases)))


def softmax(rng: np.random.Generator, cases: int, width: int) -> jp.Jacobian:
    """diag(p) - p p^T."""
    p = rng.dirichlet(np.ones(width), cases) * width  # the scale keeps long products in range
    return jp.DiagonalPlusLowRankJacobian(p, -p[..., None], p[..., None] / width)


def _random(rng: np.random.Generator, o: int, n: int) -> Array:
    return np.asarray(rng.standard_normal((o, n)) / np.sqrt(n))


# -- our routes --------------------------------------------------------------------------------------


def candidates(chain: Factors) -> list[Candidate]:
    """Our orders, planning alone, and the other planners."""
    planned = jp.Chain(chain.factors)
    anew = Candidate("planned anew", lambda: lambda: _answer(jp.Chain(chain.factors), "auto"), TOLERANCE)
    alone = Candidate("planning", lambda: lambda: _plan(chain), TOLERANCE, role="baseline", agrees=False)
    found = [_multiplied(planned, order, title) for title, order in ORDERS.items()]
    found += [anew, alone, _baseline("multi_dot", lambda: _multi_dot(chain), DENSIFIED)]
    if find_spec("opt_einsum"):
        found.append(_baseline("opt_einsum", lambda: _einsum(chain, told_dense), DENSIFIED))
        if not all(isinstance(J, jp.DenseJacobian) for J in chain.factors):
            found.append(_baseline("opt_einsum, told", lambda: _einsum(chain, told_structure), TOLD))
    return found


def _multiplied(chain: jp.Chain, order: Order, title: str) -> Candidate:
    """Multiplied in an order that the chain remembers."""
    multiply_adds = chain.plan(order).multiply_adds
    return Candidate(title, lambda: lambda: _answer(chain, order), TOLERANCE, multiply_adds=multiply_adds)


def _answer(chain: jp.Chain, order: Order) -> Arrays:
    return {"J": chain.multiply(order).matrix()}


def _plan(chain: Factors) -> Arrays:
    jp.Chain(chain.factors).plan()
    return {}


def _baseline(title: str, prepare: Callable[[], Run], label: str) -> Candidate:
    return Candidate(title, prepare, TOLERANCE, role="baseline", label=label)


# -- other planners ------------------------------------------------------------------------------------


def _multi_dot(chain: Factors) -> Run:
    """One case after the other: numpy's planner knows matrices alone."""
    matrices = [J.matrix() for J in chain.factors]
    if chain.cases is None:
        return lambda: {"J": np.linalg.multi_dot(matrices)}
    cases = list(zip(*matrices, strict=True))
    return lambda: {"J": np.stack([np.linalg.multi_dot(case) for case in cases])}


class Operand(NamedTuple):
    """An array, and what its axes are: "c" cases, "o" out, "n" in."""

    array: Array
    axes: str


def told_dense(J: jp.Jacobian) -> list[Operand]:
    """The matrix of each case."""
    return [Operand(J.matrix(), "con" if J.cases else "on")]


def told_structure(J: jp.Jacobian) -> list[Operand]:
    """A diagonal as a vector, rows M columns as three, a sum as its matrix."""
    if isinstance(J, jp.DiagonalJacobian):
        return [Operand(J.d, "co"[-J.d.ndim :])]
    if isinstance(J, jp.ScaledJacobian):
        parts = ((J.rows, "co"), (J.shared, "on"), (J.columns, "cn"))
        return [Operand(array, axes[-array.ndim :]) for array, axes in parts if array is not None]
    if isinstance(J, jp.DenseJacobian) and J.structure.times == 1 and J.cases:
        return [Operand(J.case(0).matrix(), "on")]
    return told_dense(J)


def _einsum(chain: Factors, told: Callable[[jp.Jacobian], list[Operand]]) -> Run:
    """One contraction of all operands, by the better path of two searches, found beforehand."""
    letters = {"c": "C", "n": "a"}
    arrays: list[Array] = []
    terms: list[str] = []
    for J in chain.factors:
        letters["o"] = letters["n"]
        operands = told(J)
        if any("n" in axes for _, axes in operands):  # else a diagonal: out and in are one index
            letters["n"] = chr(ord(letters["n"]) + 1)
        for array, axes in operands:
            arrays.append(array)
            terms.append("".join(letters[axis] for axis in axes))
    output = ("C" if chain.cases else "") + "a" + letters["n"]
    equation, shapes = f"{','.join(terms)}->{output}", [array.shape for array in arrays]
    opt_einsum: Any = import_module("opt_einsum")
    searched = [
        opt_einsum.contract_path(equation, *shapes, shapes=True, optimize=search) for search in ("auto", "dp")
    ]
    path, _ = min(searched, key=lambda found: found[1].opt_cost)
    contract = opt_einsum.contract_expression(equation, *shapes, optimize=path)
    return lambda: {"J": contract(*arrays)}


# -- the suite -------------------------------------------------------------------------------------------


def rows(settings: Settings) -> Iterator[Row]:
    """All candidates on all chains."""
    for chain in chains():
        yield from compare(
            NAME, chain.name, candidates(chain), YARDSTICK, settings, group=chain.group, dtype="float64"
        )


def closing(found: Sequence[Row]) -> str:
    """The best rival of the planned order on each chain, from the worst for us to the best."""
    rivals: dict[str, float] = {}
    for row in found:
        if row.ratio and row.candidate not in (YARDSTICK, *OURS_TOO):
            rivals[row.workload] = min(row.ratio, rivals.get(row.workload, row.ratio))
    if not rivals:
        return "No chain was multiplied: nothing to sum up."
    low, high = three_digits(min(rivals.values())), three_digits(max(rivals.values()))
    return f"Planned 1.00; the best other order or planner x {low} to x {high}."


SUITE = Suite("chains of bare Jacobians, one dense matrix in the end", YARDSTICK, rows, closing)
