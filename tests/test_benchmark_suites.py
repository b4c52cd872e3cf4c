"""The suites of Jacobians and chains, their floors and the peers: right answers, arithmetic and rows.

No test asserts a time. Tests of a peer run where it is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobprop as jp
from benchmarks import (
    chain,
    costs,
    floors,
    input_jacobian,
    invitation,
    ntk,
    parameter_products,
    walk,
    weight_jacobian,
)
from benchmarks.catalogue import SUITES
from benchmarks.closing import summed_up
from benchmarks.peers import Peer, Question, catalogue, installed, jax_routes
from benchmarks.peers.directions import covector, tangent
from benchmarks.peers.reading import read
from benchmarks.report import header, table
from benchmarks.suite import QUICK, Row, Settings
from benchmarks.workloads import Workload, classes, example, regression
from jacobprop.errors import CheckFailed

pytestmark = pytest.mark.usefixtures("few_objects")

ROOT = Path(__file__).parents[1]
TINY = replace(classes((7, 6, 5, 3), cases=4), group="ordinary")
WAIST = regression((6, 5, 2, 7, 4), cases=3, group="bottleneck")
SHORT = replace(QUICK, sample=1e-6, budget=1e-3, peers=False)
MINE = ("input_jacobian", "weight_jacobian", "parameter_products", "walk", "ntk", "chain")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """All suites on networks of a few units, and no peers."""
    monkeypatch.setattr(input_jacobian, "ordinary", lambda: iter([TINY]))
    monkeypatch.setattr(input_jacobian, "bottlenecks", lambda: iter([WAIST]))
    monkeypatch.setattr(input_jacobian, "RATE", 1e99)
    monkeypatch.setattr(weight_jacobian, "workloads", lambda: iter([TINY, WAIST]))
    monkeypatch.setattr(parameter_products, "workload", lambda: TINY)
    monkeypatch.setattr(walk, "ordinary", lambda: iter([TINY]))
    monkeypatch.setattr(ntk, "workloads", lambda: iter([TINY]))
    monkeypatch.setattr(chain, "chains", chains)
    monkeypatch.setattr(invitation, "_installed", tuple)


def chains() -> Iterator[chain.Factors]:
    yield chain.dense("dense", "ordinary", [5, 4, 7, 2, 6])
    yield chain.layers("layers", "bottleneck", [6, 5, 2, 4], cases=3)
    yield chain.normalised("normalised", "ordinary", 5, cases=3)


# -- the rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MINE)
def test_every_suite_runs_without_peers_and_prints_every_row(name: str, tiny: None) -> None:
    suite = SUITES[name]
    rows = list(suite.rows(replace(SHORT, peers=True)))
    assert not [row.candidate for row in rows if row.skipped]
    order = ORDER.get(name, [])
    first = [row.candidate for row in rows if row.workload == rows[0].workload]
    assert first[: len(order)] == order
    assert not order or first[len(order) :] in ([], ["opt_einsum"])
    assert {row.role for row in rows} <= {"ours", "floor", "baseline"}
    for row in rows:
        assert row.suite == name
        assert (row.difference is None) == (row.role == "floor" or (name, row.candidate) in UNCOMPARED)
    compared = [row.workload for row in rows if row.difference is not None]
    assert all(compared.count(workload) > 1 for workload in compared)
    yardsticks = [row for row in rows if row.candidate == row.against]
    assert len(yardsticks) == len({row.workload for row in rows})
    floored = [row.floor_ratio is not None for row in yardsticks]
    assert all(floored) == (name != "chain")
    said = [*header(name, suite), *table(iter(rows), []), *suite.closing(rows).split("\n")]
    assert any("; floor: " in line for line in said) == (name != "chain")
    assert max(map(len, said)) <= 80
    assert said[-1].endswith(".")


UNCOMPARED = {("weight_jacobian", "structured"), ("walk", "forward alone"), ("chain", "planning")}


ORDER = {
    "input_jacobian": ["jacobian", "planned", "backward", "forward", "bare products"],
    "weight_jacobian": ["dense", "dense, forward", "structured", "np.multiply"],
    "walk": ["record.jacobians", "one by one", "forward alone", "bare walk"],
    "chain": ["planned", "backward", "forward", "planned anew", "planning", "multi_dot"],
}
"""The candidates of a suite's first workload; opt_einsum, where it is there, is last in `chain`."""


def test_opt_einsum_stands_last_in_a_chain(tiny: None) -> None:
    pytest.importorskip("opt_einsum")
    first, second, *_ = chains()
    assert [c.name for c in chain.candidates(first)][-1] == "opt_einsum"
    assert [c.name for c in chain.candidates(second)][-1] == "opt_einsum, told"


def test_the_structured_weights_tell_what_they_store(tiny: None) -> None:
    structured = next(r for r in weight_jacobian.rows(SHORT) if r.candidate == "structured")
    lefts = {"W1": 3 * 6, "W2": 3 * 5, "W3": 3 * 3, "b1": 3 * 6, "b2": 3 * 5, "b3": 3 * 3}
    dense = 4 * 3 * TINY.net.size * 8
    assert weight_jacobian.dense_bytes(TINY) == dense
    assert structured.stored_bytes is not None
    assert structured.stored_bytes <= 8 * 4 * (sum(lefts.values()) + 7 + 6 + 5)
    assert structured.stored_bytes < dense / 2
    assert structured.label.startswith("memory claim")


def test_what_does_not_fit_is_skipped_with_its_reason() -> None:
    rows = list(weight_jacobian.rows(replace(SHORT, bytes=1, peers=False)))
    assert all("would hold" in row.skipped and row.skipped.endswith("limit 1 B") for row in rows)
    assert len(rows) == len(list(weight_jacobian.workloads()))
    slow = list(weight_jacobian.rows(replace(SHORT, seconds=1e-9)))
    assert all("would take about" in row.skipped for row in slow)
    left_out = list(input_jacobian.rows(replace(SHORT, budget=1e-9)))
    assert [row.group for row in left_out] == ["ordinary"] * 4 + ["bottleneck"] * 2
    assert all(" a call, budget 0.00 us" in row.skipped for row in left_out)
    assert input_jacobian.closing(left_out) == (
        "Ordinary networks: not measured on all networks.\nBottlenecks: not measured on all networks."
    )


def test_large_tensors_are_compared_on_views_of_some_entries() -> None:
    large, small = np.zeros((2, 3, 650, 400)), np.zeros((2, 3, 5, 4))
    found = weight_jacobian.thinned({"W1": large, "W2": small})
    assert found["W2"] is small
    assert found["W1"].shape == (2, 3, 50, 58)
    assert found["W1"].base is large


# -- wrong answers stop a suite ------------------------------------------------------------------------


def _wrong(suite: str, found: str, settings: Settings = SHORT) -> None:
    with pytest.raises(CheckFailed, match=found):
        list(SUITES[suite].rows(settings))


def test_a_wrong_order_of_multiplication_is_named(tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    right = jp.Chain.multiply

    def wrong(self: jp.Chain, order: Any = "auto") -> Any:
        found = right(self, order)
        if order != "forward":
            return found
        return jp.DenseJacobian(found.matrix() * 1.01, found.out_shape, found.in_shape)

    monkeypatch.setattr(jp.Chain, "multiply", wrong)
    _wrong("input_jacobian", r"^input_jacobian, 7-6-5-3 x 4: forward J\[")
    _wrong("chain", r"^chain, dense: forward J\[")


def test_a_wrong_baseline_is_named(tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    right = np.linalg.multi_dot
    monkeypatch.setattr(np.linalg, "multi_dot", lambda matrices: -right(matrices))
    _wrong("chain", r"^chain, dense: multi_dot J\[")


def test_the_walk_is_compared_by_its_last_jacobian() -> None:
    want = expected("input_jacobian", TINY)["J"]
    for c in walk.candidates(TINY):
        if c.agrees:
            np.testing.assert_allclose(c.prepare()()["J"], want, rtol=1e-12)


def test_a_walk_that_ends_elsewhere_is_named(tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    right = jp.Record.jacobians

    def wrong(self: jp.Record, of: str) -> Any:
        return right(self, "z4" if of == "a4" else of)

    monkeypatch.setattr(jp.Record, "jacobians", wrong)
    _wrong("walk", r"^walk, 7-6-5-3 x 4: record\.jacobians J\[")


@pytest.mark.parametrize(
    ("suite", "floor"),
    [
        ("input_jacobian", "bare products"),
        ("parameter_products", "bare arithmetic"),
        ("walk", "bare walk"),
    ],
)
def test_a_floor_of_wrong_shapes_is_named(
    suite: str, floor: str, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = floors._layers

    def wrong(work: Workload) -> Any:
        first, *rest = right(work)
        return [first._replace(Y=first.Y[:, :-1], W=first.W[:, :-1]), *rest]

    monkeypatch.setattr(floors, "_layers", wrong)
    _wrong(suite, rf"^{suite}, 7-6-5-3 x 4.*: {floor} raised ValueError: ")


def _fake(answer: Callable[[Workload], dict[str, Any]], question: Question) -> tuple[Peer, ...]:
    return (Peer("fake", "0.0", {question: {"route": lambda work: lambda: answer(work)}}),)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            lambda J: J.swapaxes(1, 2),
            r"fake route returned arrays of shapes \{'J': \(4, 7, 3\)\}, the others",
        ),
        (lambda J: J * np.array([1, 1, 1.001])[:, None], r"fake route J\[\d, 2, \d\] = "),
    ],
    ids=["shape", "value"],
)
def test_a_wrong_peer_is_named(
    answer: Callable[[Any], Any], said: str, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(work: Workload) -> dict[str, Any]:
        return {"J": answer(expected("input_jacobian", work)["J"])}

    monkeypatch.setattr(invitation, "_installed", lambda: _fake(wrong, "input_jacobian"))
    _wrong("input_jacobian", said, replace(SHORT, peers=True))


def test_a_right_peer_gets_a_row_with_its_label(tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    question: Question = "input_jacobian"
    peers = _fake(lambda work: expected(question, work), question)
    monkeypatch.setattr(invitation, "_installed", lambda: peers)
    rows = [r for r in input_jacobian.rows(replace(SHORT, peers=True)) if r.role == "peer"]
    assert [(r.candidate, r.label, r.peak_bytes) for r in rows] == [("fake route", "same answer", None)] * 2


# -- the floors ----------------------------------------------------------------------------------------


class CountingNumpy:
    """numpy, counting the products of matmul and multiply, and the shapes written into no given array."""

    def __init__(self) -> None:
        self.products = 0
        self.fresh: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        found = np.matmul(a, b, out=out)
        self.products += found.size * a.shape[-1]
        return self._kept(found, out)

    def multiply(self, a: Any, b: Any, out: Any = None) -> Any:
        found = np.multiply(a, b, out=out)
        self.products += found.size
        return self._kept(found, out)

    def _kept(self, found: Any, out: Any) -> Any:
        if out is None:
            self.fresh.append(found.shape)
        return found


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingNumpy:
    counting = CountingNumpy()
    monkeypatch.setattr(floors, "np", counting)
    return counting


FORWARD = costs.forward(TINY)
TOP, TOP_SCALED = 3 * 3 * 5, 3 * 5  # J^soft W3^T in TINY, then f' of the second layer
MIDDLE, MIDDLE_SCALED = 3 * 5 * 6, 3 * 6  # times W2^T, f' of the first layer
BOTTOM = 3 * 6 * 7  # times W1^T
ROWS = 4 * (TOP + TOP_SCALED + MIDDLE + MIDDLE_SCALED)
UPPER, LOWER, JOINED = (
    4 * 7 * 2 + 7 * 2,
    2 * 5 * 6 + 2 * 5,
    4 * 2 * 6 + 4 * 2,
)  # of WAIST, f' on the smaller side


@pytest.mark.parametrize(
    ("floor", "work", "products", "fresh"),
    [
        ("input_jacobian", TINY, ROWS + 4 * BOTTOM, [(12, 7)]),
        ("input_jacobian", WAIST, 3 * (UPPER + LOWER + JOINED), [(3, 4, 6)]),
        ("backward_walk", TINY, ROWS + 4 * BOTTOM, [(12, 5), (12, 6), (12, 7)]),
        ("push", TINY, FORWARD + 4 * (6 * 5 + 5 * 3 + 6 + 5), []),
        ("pull", TINY, FORWARD + ROWS // 3, [(7, 6), (6, 5), (5, 3)]),
        ("diagonal", TINY, FORWARD + ROWS, [(7, 6), (6, 5), (5, 3)]),
        ("gradient_norms", TINY, ROWS // 3, []),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_floor_multiplies_what_it_says_and_makes_only_the_answer_anew(
    floor: str, work: Workload, products: int, fresh: list[Any], counting: CountingNumpy
) -> None:
    getattr(floors, floor)(work)()
    assert counting.products == costs.forward(work) + products
    assert counting.fresh == fresh


def test_the_floor_of_dense_tensors_writes_each_of_them(counting: CountingNumpy) -> None:
    floors.fresh_multiply(TINY)()
    assert counting.fresh == [(4, 3, 7, 6), (4, 3, 6, 5), (4, 3, 5, 3)]
    weights = sum(prod(p.shape) for name, p in TINY.net.parameters.items() if name[0] == "W")
    assert sum(map(prod, counting.fresh)) == 4 * 3 * weights


def test_floors_stay_finite_call_after_call() -> None:
    with np.errstate(all="raise"):
        for floor in ("input_jacobian", "backward_walk", "diagonal", "gradient_norms"):
            run = getattr(floors, floor)(TINY)
            for _ in range(200):
                assert run() == {}


# -- the chains ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", range(3), ids=["dense", "layers", "normalised"])
def test_chains_are_the_product_of_their_dense_matrices(which: int) -> None:
    factors = list(chains())[which]
    first, *rest = (J.matrix() for J in factors.factors)
    for matrix in rest:
        first = first @ matrix
    for c in chain.candidates(factors):
        found = c.prepare()()
        if c.agrees:
            assert np.allclose(found["J"], first, rtol=1e-12, atol=1e-14), c.name


def test_opt_einsum_is_told_diagonals_and_shared_matrices() -> None:
    def axes(J: jp.Jacobian) -> list[str]:
        return [axes for _, axes in chain.told_structure(J)]

    M = np.ones((3, 4))
    assert axes(jp.DiagonalJacobian(np.ones((2, 3)))) == ["co"]
    assert axes(jp.DiagonalJacobian(np.ones(3))) == ["o"]
    assert axes(jp.ScaledJacobian(np.ones((2, 3)), M, np.ones(4))) == ["co", "on", "n"]
    assert axes(jp.DenseJacobian(M).for_cases(2)) == ["on"]
    assert axes(jp.DenseJacobian(np.ones((2, 3, 4)))) == ["con"]
    assert [o.axes for o in chain.told_dense(jp.DiagonalJacobian(np.ones((2, 3))))] == ["con"]


def test_the_closing_sentence_of_chains_names_the_best_rival() -> None:
    ratios = {"planned": 1.0, "backward": 4.0, "planned anew": 0.5, "planning": 0.1, "multi_dot": 1.5}
    rows = [Row("chain", "w", name, 1.0, ratio) for name, ratio in ratios.items()]
    rows += [Row("chain", "v", "planned", 1.0, 1.0), Row("chain", "v", "multi_dot", 1.0, 0.75)]
    assert chain.closing(rows) == "Planned 1.00; the best other order or planner x 0.75 to x 1.50."
    assert chain.closing(rows[:1]) == "No chain was multiplied: nothing to sum up."


def test_rows_are_summed_up_against_the_best_peer_and_the_largest_floor() -> None:
    def row(workload: str, candidate: str, ratio: float, **more: Any) -> Row:
        return Row("s", workload, candidate, 1.0, ratio, ratio, ratio, against="ours", **more)

    rows = [row("w", "ours", 1.0, floor_ratio=1.25), row("v", "ours", 1.0, floor_ratio=1.5)]
    assert summed_up(rows, "s") == "at worst 1.50 x floor"
    rows += [
        row("w", "slow", 8.0, role="peer"),
        row("w", "p", 4.0, role="peer"),
        row("v", "p", 1.0, role="peer"),
    ]
    assert summed_up(rows, "s") == "mean 0.50 x best peer, at worst 1.50 x floor"
    assert summed_up(rows, "other") == "not measured on all networks"
    apart = [replace(row, group="bottleneck" if row.workload == "w" else "ordinary") for row in rows]
    assert summed_up(apart, "s", "bottleneck").startswith("mean 0.25 x best peer")
    assert summed_up(apart, "s", "ordinary").startswith("mean 1.00 x best peer")


# -- the peers -----------------------------------------------------------------------------------------


def expected(question: Question, work: Workload) -> dict[str, Any]:
    """The answers from dense tensors of the record, one sum over indices each."""
    record, top = work.net.forward(work.X, work.T), f"a{len(work.net.layers)}"
    if question == "gradient":
        return record.gradients()
    if question == "input_jacobian":
        return {"J": record.jacobian(top, "a0").matrix()}
    of = "L" if question == "gradient_norms" else top
    dense = {name: record.jacobian(of, name).matrix() for name in work.net.parameters}
    shapes = {name: p.shape for name, p in work.net.parameters.items()}
    if question == "weight_jacobians":
        return {name: J.reshape(*J.shape[:2], *shapes[name]) for name, J in dense.items()}
    if question == "jvp":
        v = tangent(work)
        return {"J v": sum(J @ v[name].ravel() for name, J in dense.items())}
    if question == "vjp":
        u = covector(work)
        return {name: np.einsum("co,con->n", u, J).reshape(shapes[name]) for name, J in dense.items()}
    if question == "diagonal":
        return {name: np.einsum("con,con->n", J, J).reshape(shapes[name]) for name, J in dense.items()}
    if question == "tangent_kernel":
        return {"K": sum(np.einsum("nap,mbp->namb", J, J) for J in dense.values())}
    assert question == "gradient_norms"
    return {"norms": np.sqrt(sum(np.einsum("con,con->c", J, J) for J in dense.values()))}


def binary() -> Workload:
    net = jp.Network([jp.Dense(5, 4, "tanh"), jp.Dense(4, 3, "sigmoid")], loss=jp.BinaryCrossEntropy())
    rng = np.random.default_rng(0)
    return Workload(net, rng.uniform(-1, 1, (6, 5)), rng.uniform(0.1, 0.9, (6, 3)))


QUESTIONS: tuple[Question, ...] = tuple(catalogue._KNOWN["torch"])


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_every_route_of_a_peer_gives_our_answer(library: str, question: Question) -> None:
    pytest.importorskip(library)
    (peer,) = (peer for peer in installed() if peer.name == library)
    works = [TINY, WAIST] + [binary()] * (question in ("gradient", "gradient_norms"))
    for work in works:
        want = expected(question, work)
        for c in peer.candidates(question, work):
            found = c.prepare()()
            assert set(found) == set(want)
            for name, array in found.items():
                assert type(array) is np.ndarray
                assert array.dtype == np.float64
                assert array.shape == want[name].shape, (c.name, name)
                np.testing.assert_allclose(array, want[name], rtol=1e-11, atol=1e-14, err_msg=c.name)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_peers_stay_in_the_dtype_of_the_workload(library: str) -> None:
    pytest.importorskip(library)
    (peer,) = (peer for peer in installed() if peer.name == library)
    work = classes((5, 4, 3), cases=2, dtype=np.float32)
    (gradient,) = peer.candidates("gradient", work)
    assert {array.dtype for array in gradient.prepare()().values()} == {np.dtype(np.float32)}


def test_dense_routes_of_peers_are_claims_about_memory() -> None:
    peers = [Peer(name, "0.0", routes) for name, routes in catalogue._KNOWN.items()]
    labels = {
        c.name: c.label
        for peer in peers
        for question in QUESTIONS
        for c in peer.candidates(question, TINY, dense_bytes=99)
        if c.role == "peer" and c.dense_bytes == 99
    }
    dense = {name for name, label in labels.items() if label == "memory claim: dense route"}
    assert dense == {"torch vmap(grad)", "jax vmap(grad)"}
    assert set(labels.values()) == {"memory claim: dense route", "same answer"}


def test_looking_for_peers_imports_none() -> None:
    code = (
        "import sys; from benchmarks.peers import installed; installed(); "
        "print({'torch', 'jax', 'opt_einsum'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_only_what_is_there_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert installed() == ()
    monkeypatch.setattr(catalogue, "find_spec", lambda name: name if name == "jax" else None)
    monkeypatch.setattr(catalogue, "version", lambda name: "1.2.3")
    assert [(peer.name, peer.version) for peer in installed()] == [("jax", "1.2.3")]


def test_starting_jax_leaves_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPROC", "7")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    with jax_routes._environment(NPROC="1", XLA_FLAGS="--flag"):
        assert (os.environ["NPROC"], os.environ["XLA_FLAGS"]) == ("1", "--flag")
    assert os.environ["NPROC"] == "7"
    assert "XLA_FLAGS" not in os.environ


@pytest.mark.parametrize(
    "net",
    [
        jp.Network([jp.Dense(3, 2, "softplus")], loss=jp.SquaredError()),
        jp.Network([jp.Dense(3, 2, "tanh")], loss=jp.MeanSquaredError()),
        jp.Network([jp.Softmax(), jp.Dense(3, 2)], loss=jp.SquaredError()),
    ],
    ids=["activation", "loss", "layer"],
)
def test_a_network_that_no_peer_was_taught_is_refused(net: jp.Network) -> None:
    work = Workload(net, np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(CheckFailed, match="the peers have not been taught this network"):
        read(work)


def test_a_network_is_read_layer_by_layer() -> None:
    found = read(TINY)
    assert found.layers == ((1, "sigmoid"), (2, "sigmoid"), (3, "identity"))
    assert (found.softmax, found.loss, found.weight) == (True, "CrossEntropy", 0.25)
    assert (read(example()).softmax, read(WAIST).layers[-1]) == (False, (4, "identity"))
    assert all(p.flags.writeable for p in found.parameters.values())
