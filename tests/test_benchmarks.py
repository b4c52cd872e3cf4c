"""The benchmarks: a wrong formulation stops them, the statistics are right, the output is as documented.

No test asserts a time: where order or calibration matters, the clock is a fake.
"""

from __future__ import annotations

import doctest
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import jacobprop as jp
from benchmarks import (
    catalogue,
    command,
    comparison,
    exponents,
    gradient,
    interval,
    invitation,
    machine,
    plot,
    saturation,
    scaling,
    threads,
    timing,
    workloads,
)
from benchmarks.agreement import agree, rounding
from benchmarks.catalogue import SUITES
from benchmarks.command import main
from benchmarks.comparison import Candidate, compare
from benchmarks.costs import COSTS, passes, products
from benchmarks.exponents import fit
from benchmarks.floors import gemms
from benchmarks.interval import median_interval
from benchmarks.memory import peak_bytes
from benchmarks.peers import Peer
from benchmarks.promises import (
    DEEP,
    DENSE,
    DIGITS,
    FITS,
    KERNEL,
    KERNELS,
    MIDDLE,
    SMALL,
    TARGETS,
    WALKS,
    WIDE,
    WINE,
)
from benchmarks.report import DRY, LEGEND, Report, line, table, target_lines
from benchmarks.suite import QUICK, Row, Settings, Suite
from benchmarks.targets import (
    Number,
    Outcome,
    Target,
    geometric_mean,
    over,
    to_best_peer,
    to_floor,
    worst_of_ours,
)
from benchmarks.timing import calibrate, paired
from benchmarks.units import bytes_text, seconds_text, three_digits
from benchmarks.widths import remembered
from benchmarks.workloads import classes, example, gradient_workloads, square, wine
from jacobprop import formulations
from jacobprop.differences import central_differences
from jacobprop.errors import CheckFailed, MissingExtraError

pytestmark = pytest.mark.usefixtures("few_objects")

ROOT = Path(__file__).parents[1]
TINY = classes((5, 4, 3), cases=2)


@pytest.fixture
def only_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite `gradient` on 5-4-3 x 2 alone, without peers and without a limit of time."""
    monkeypatch.setattr(command, "QUICK", replace(QUICK, seconds=1e9))
    monkeypatch.setattr(invitation, "_installed", lambda: ())
    monkeypatch.setattr(gradient, "gradient_workloads", lambda: iter([TINY]))


# -- the command ----------------------------------------------------------------------------------


def test_quick_runs_everything_and_writes_the_documented_json(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--no-peers", "--suite", "gradient"]
    command += ["--json", str(file)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603  (our own command)
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert set(whole) == {"machine", "quick", "settings", "rows", "closing", "exponents", "targets"}
    machine = {"processor", "core", "platform", "python", "numpy", "blas", "peers", "when"}
    assert set(whole["machine"]) == machine
    assert {library["num_threads"] for library in whole["machine"]["blas"]} == {1}
    assert whole["quick"] is True
    assert Settings(**whole["settings"]) == replace(QUICK, peers=False)
    assert whole["closing"]["gradient"] in lines
    assert lines[0] == lines[-1] == DRY
    targets = [target for target in whole["targets"] if target["number"]]
    assert {target["verdict"] for target in targets} <= {"dry run"}
    assert all(target["number"]["low"] is None for target in targets)
    rows = [Row(**row) for row in whole["rows"]]
    assert all(set(row) == {field.name for field in fields(Row)} for row in whole["rows"])
    names = [
        name for name in formulations.FORMULATIONS for name in (name, "delta_once")[: 1 + (name == "delta")]
    ]
    assert [(row.workload, row.candidate) for row in rows] == [
        (work.name, name) for work in gradient_workloads() for name in [*names, gradient.FLOOR]
    ]
    for row in rows:
        assert line(row) in lines
        measured = (row.seconds, row.ratio, row.low, row.high, row.coverage)
        assert (None in measured) == bool(row.skipped)
        assert (row.difference is None) == bool(row.skipped or row.role == "floor")
        if not row.skipped:
            assert row.low <= row.ratio <= row.high
            assert row.pairs >= 1
        assert row.multiply_adds is not None


@pytest.mark.parametrize("name", ["tensor", "structured", "finite_difference"])
def test_a_wrong_formulation_stops_before_any_timing(
    name: str,
    only_tiny: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    right = formulations.FORMULATIONS[name]

    def wrong(net: jp.Network, X: object, T: object) -> dict[str, Any]:
        found = {key: array.copy() for key, array in right(net, X, T).items()}
        found["W2"][3, 1] *= 1.001
        return found

    monkeypatch.setitem(formulations.FORMULATIONS, name, wrong)
    monkeypatch.setattr(comparison, "paired", lambda *_, **__: pytest.fail("timed before the results agree"))
    assert main(["--quick", "--json", str(tmp_path / "none.json")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"gradient, 5-4-3 x 2: {name} W2[3, 1] = ")
    assert said.count(" the median of all is ") == 1, "the others are right"
    assert said.count("\n") == 1
    assert not (tmp_path / "none.json").exists()


def test_a_wrong_yardstick_is_named_itself(only_tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    right = jp.DeltaRule.gradients

    def wrong(*args: Any, copy: bool = True, **kwargs: Any) -> Any:
        loss, found = right(*args, copy=True, **kwargs)
        return loss, (found if copy else {name: -array for name, array in found.items()})

    monkeypatch.setattr(jp.DeltaRule, "gradients", wrong)
    with pytest.raises(CheckFailed, match=r"x 2: delta W1\[") as caught:
        list(gradient.rows(QUICK))
    assert "delta_once" not in str(caught.value)


def test_a_formulation_that_raises_is_named(
    only_tiny: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(net: jp.Network, X: object, T: object) -> dict[str, Any]:
        raise ValueError("operands could not be broadcast")

    monkeypatch.setitem(formulations.FORMULATIONS, "numpy_dot", broken)
    assert main(["--quick"]) == 1
    assert "gradient, 5-4-3 x 2: numpy_dot raised ValueError: operands" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--suite", "nonsense"], f"no suite 'nonsense'; there are: {', '.join(SUITES)}\n"),
        (
            ["--json", "/no/such/place.json"],
            "cannot write /no/such/place.json: not a file in an existing directory\n",
        ),
        (["--json", str(ROOT)], f"cannot write {ROOT}: not a file in an existing directory\n"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", said)


def test_without_threadpoolctl_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        threads, "find_spec", lambda name: None if name == "threadpoolctl" else pytest.fail(name)
    )
    assert main(["--quick"]) == 2
    assert capsys.readouterr() == ("", 'benchmarks pin the BLAS with threadpoolctl: pip install ".[test]"\n')


def test_every_formulation_has_a_price_and_every_suite_its_own_name() -> None:
    assert set(COSTS) == set(formulations.FORMULATIONS)
    assert SUITES["gradient"] is gradient.SUITE


# -- correctness ------------------------------------------------------------------------------------


def _found(**changes: Any) -> dict[str, dict[str, Any]]:
    array = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, -8.0]])
    return {name: {"W1": array.copy(), "b1": np.zeros(3)} for name in "abc"} | changes


def test_agreement_is_relative_to_the_largest_entry() -> None:
    found = _found()
    found["b"]["W1"][0, 0] += 8e-3
    assert agree(found, dict.fromkeys("abc", 3e-3), "here") == pytest.approx(
        {"a": 0, "b": 1e-3, "c": 0}, abs=1e-15
    )


def test_within_half_the_tolerance_of_the_median_any_two_agree() -> None:
    pair = {name: {"x": np.array([entry]), "y": np.ones(2)} for name, entry in (("a", 1.0), ("b", 1.0011))}
    agree(pair, dict.fromkeys("ab", 1.2e-3), "here")
    with pytest.raises(CheckFailed, match=r"here: a x\[0\] = 1, .*; b x\[0\] = 1\.001"):
        agree(pair, dict.fromkeys("ab", 1e-3), "here")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"W1": np.array([[1.0, 2.0, 3.0], [4.0, np.nan, -8.0]]), "b1": np.zeros(3)},
            r"here: b W1\[1, 1\] = nan",
        ),
        (
            {"W1": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, np.inf]]), "b1": np.zeros(3)},
            r"here: b W1\[1, 2\] = inf",
        ),
        ({"W1": _found()["a"]["W1"], "b1": np.array([0, 0, 1e-300])}, r"here: b b1\[2\] = 1.*relative inf"),
        ({"W1": _found()["a"]["W1"].T, "b1": np.zeros(3)}, r"here: b returned arrays of shapes .*\(3, 2\)"),
        ({"W1": _found()["a"]["W1"]}, "here: b returned arrays of shapes"),
    ],
    ids=["nan", "inf", "not zero", "transposed", "missing"],
)
def test_every_kind_of_wrong_result_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckFailed, match=said) as caught:
        agree(_found(b=wrong), dict.fromkeys("abc", 1e-12), "here")
    assert "a W1" not in str(caught.value)


# -- statistics and timing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "median", "low", "high", "coverage"),
    [
        (1, 1, 1, 1, 0.0),
        (2, 1.5, 1, 2, 0.5),
        (5, 3, 1, 5, 0.9375),
        (6, 3.5, 1, 6, 0.96875),
        (8, 4.5, 1, 8, 0.9921875),
        (9, 5, 2, 8, 0.9609375),
        (20, 10.5, 6, 15, 0.9586105346679688),
        (101, 51, 41, 61, 0.9539559330706295),
    ],
)
def test_the_interval_of_the_median_is_the_tabulated_one(
    count: int, median: float, low: float, high: float, coverage: float
) -> None:
    shuffled = np.random.default_rng(count).permutation(np.arange(1.0, count + 1)).tolist()
    found = median_interval(shuffled)
    assert found[:3] == (median, low, high)
    assert found.coverage == pytest.approx(coverage, abs=1e-12)


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(interval, raise_on_error=True) == (0, 1)


class Clock:
    """A clock that stands still but for the calls it is told about, and remembers their order."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, ""

    def work(self, letter: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            self.now += seconds
            self.calls += letter

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", lambda: clock.now)
    return clock


def test_samples_last_at_least_as_long_as_asked(clock: Clock) -> None:
    assert calibrate(clock.work("a", 2**-12), least=2**-9) == 8
    assert calibrate(clock.work("a", 2**-12), least=2**-9 + 2**-20) == 16
    assert calibrate(clock.work("a", 1.0), least=2**-9) == 1


def test_pairs_alternate_and_their_ratio_is_that_of_single_calls(clock: Clock) -> None:
    found = paired(clock.work("a", 0.25), clock.work("b", 0.125), least=0.5, budget=1e9, most=4)
    assert clock.calls == "aaa" + "bbbbbbb" + "aabbbb" + "bbbbaa" + "aabbbb" + "bbbbaa"
    assert found == (0.25, (2.0, 2.0, 2.0, 0.875), 4, None)


def test_a_slow_candidate_gets_one_pair_and_no_calibration(clock: Clock) -> None:
    found = paired(clock.work("a", 30.0), clock.work("b", 1.0), least=1e-3, budget=2.0, most=9, first=30.0)
    assert clock.calls == "b" + "ab"
    assert (found.pairs, found.ratio.coverage) == (1, 0.0)


def test_beside_a_slow_run_the_others_are_sampled_longer(clock: Clock) -> None:
    run, unit, floor = clock.work("a", 0.5), clock.work("b", 2**-8), clock.work("f", 2**-7)
    paired(run, unit, floor=floor, least=1e-3, budget=0.1, most=9, first=0.5)  # 25 ms each
    assert clock.calls.endswith("ffff" + "a" + "b" * 8)
    paired(run, unit, least=1e-3, budget=0.1, most=9, first=30.0)  # 50 ms, and no more
    assert clock.calls.endswith("a" + "b" * 16)


def test_a_machine_that_slows_down_leaves_the_ratio_alone(clock: Clock) -> None:
    slowdown = iter([1, 1, 1, 1, 4, 4, 1, 1])  # two calibrations, then three pairs

    def work(seconds: float) -> Callable[[], None]:
        def run() -> None:
            clock.now += seconds * next(slowdown)

        return run

    found = paired(work(3.0), work(2.0), least=0.1, budget=1e9, most=3)
    assert found.ratio[:3] == (1.5, 1.5, 1.5)


# -- memory, prices and limits ------------------------------------------------------------------------


def test_peak_memory_counts_what_is_alive_at_once() -> None:
    def run() -> None:
        for _ in range(3):
            np.ones(100_000)

    assert 800_000 <= peak_bytes(run) < 810_000


@pytest.mark.parametrize(
    "work", [example(), wine(), square(16), classes((9, 7, 6, 5), cases=3)], ids=lambda w: w.name
)
def test_the_delta_rule_is_the_structured_chain_to_the_last_multiply_add(work: Any) -> None:
    assert COSTS["delta"].multiply_adds(work) == COSTS["structured"].multiply_adds(work)


class CountingNumpy:
    """numpy, counting the multiply-adds of dot and tensordot with a row on one side."""

    def __init__(self) -> None:
        self.multiply_adds = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def dot(self, a: Any, b: Any) -> Any:
        self.multiply_adds += max(a.size, b.size)
        return np.dot(a, b)

    def tensordot(self, a: Any, b: Any, axes: int) -> Any:
        assert (a.ndim, axes) == (1, 1)
        self.multiply_adds += b.size
        return np.tensordot(a, b, axes)


@pytest.mark.parametrize("name", ["tensor", "numpy_dot"])
@pytest.mark.parametrize("work", [example(), TINY, classes((9, 7, 6, 5), cases=3)], ids=lambda w: w.name)
def test_dense_prices_are_what_is_multiplied(name: str, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = CountingNumpy()
    monkeypatch.setattr(formulations, "np", counting)
    jp.gradients(work.net, work.X, work.T, name)
    forward = work.cases * sum(
        layer.n_in * layer.n_out for layer in work.net.layers if isinstance(layer, jp.Dense)
    )
    assert COSTS[name].multiply_adds(work) == counting.multiply_adds + forward


def test_predicted_passes_are_those_of_the_differences() -> None:
    calls = []
    for array in TINY.net.parameters.values():
        central_differences(lambda value: calls.append(1) or np.sum(value), array)
    assert passes(TINY) == len(calls)


@pytest.mark.parametrize("name", ["tensor", "numpy_dot"])
def test_predicted_dense_bytes_are_most_of_the_peak(name: str) -> None:
    work = square(64)
    predicted = 8 * COSTS[name].numbers(work)
    assert predicted <= peak_bytes(lambda: jp.gradients(work.net, work.X, work.T, name)) <= 1.3 * predicted


def _candidate(name: str, **limits: Any) -> Candidate:
    return Candidate(name, lambda: lambda: {"x": np.ones(2)}, 1e-12, **limits)


def test_what_is_too_large_is_skipped_with_its_reason_before_it_runs() -> None:
    def never() -> Any:
        pytest.fail("was run")

    huge = Candidate("huge", never, 1e-12, dense_bytes=3 * 2**30, estimate=never)
    slow = Candidate("slow", never, 1e-12, estimate=lambda: 90.0)
    rows = list(compare("s", "w", [huge, _candidate("unit"), slow], "unit", QUICK))
    assert [row.skipped for row in rows] == [
        "would hold 3.00 GiB, limit 1.00 GiB",
        "",
        "would take about 90.0 s, limit 100 ms",
    ]
    assert [row.candidate for row in rows] == ["huge", "unit", "slow"]


# -- the report -----------------------------------------------------------------------------------


def test_rows_stand_under_their_workload_and_few_pairs_give_no_interval() -> None:
    row = Row("s", "2-3 x 4", "tensor", 1.5e-3, 12.25, 12.0, 12.5, 0.96, 9, 1234, 2**20, 0.0)
    once = Row(
        "s",
        "5-6 x 7",
        "tensor",
        26.0,
        140_000.0,
        14e4,
        14e4,
        0.0,
        1,
        4_361_912_320,
        None,
        0.0,
        floor_ratio=1.25,
    )
    kept: list[Row] = []
    lines = list(table(iter([row, once]), kept))
    assert lines == [
        "2-3 x 4",
        "  tensor             1.50 ms      12.2  [12.0, 12.5]          - 1.00 MiB  1.23 k",
        "5-6 x 7",
        "  tensor              26.0 s   140,000  (1 pair)           1.25        -  4.36 G",
    ]
    assert kept == [row, once]


def test_the_closing_sentence_takes_the_widest_square_network_and_tells_its_noise() -> None:
    rows = [
        Row("gradient", square(n).name, name, 1.0, ratio, low, high, pairs=6)
        for n, tensor in ((16, 4.0), (32, 10.04))
        for name, ratio, low, high in (
            ("tensor", tensor, 3.0, 11.0),
            ("structured", 2.25, 2.0, 2.5),
            ("delta", 0.92, 0.30, 1.06),
        )
    ]
    skipped = Row("gradient", square(64).name, "tensor", skipped="would hold 3.00 GiB")
    expected = "At width 32, 4 cases: dense x 10.0, structured x 2.25, delta 1.00."
    noise = "Noise, as delta against itself shows: 70%."
    assert remembered([*rows, skipped]) == f"{expected}\n{noise}"
    few = [replace(row, pairs=5) for row in rows]
    rough = "At width 32, 4 cases: dense x about 10, structured x about 2.2, delta 1.00."
    assert remembered(few) == rough, "and no noise without an interval"
    assert remembered([skipped]) == "The dense tensors ran at no width: nothing to sum up."


# -- the floor, the peers and what a candidate is paired with ------------------------------------------


def test_run_yardstick_and_floor_are_timed_in_one_round(clock: Clock) -> None:
    run, unit, floor = clock.work("a", 0.5), clock.work("b", 0.25), clock.work("f", 0.125)
    found = paired(run, unit, floor=floor, least=0.5, budget=1e9, most=3)
    calibration = "fffffff" + "a" + "bbb"
    assert clock.calls == calibration + "ffffabb" + "bbffffa" + "abbffff"
    assert (found.seconds, found.ratio.median, found.floor) == (0.5, 2.0, (4.0, 4.0, 4.0, 0.75))


@pytest.mark.parametrize("count", [2, 3])
def test_nobody_is_always_second(count: int) -> None:
    orders = timing.ORDERS[count]
    row = [place for order in (*orders, orders[0]) for place in order][: count * len(orders) + 1]
    followed = Counter(pairwise(row))
    assert len(followed) == count**2, "each follows each, itself too"
    assert len(set(followed.values())) == 1, "equally often"
    assert all(sorted(order) == list(range(count)) for order in orders)


def test_known_slow_calls_are_not_calibrated(clock: Clock) -> None:
    run, unit, floor = clock.work("a", 3.0), clock.work("b", 2.0), clock.work("f", 1.0)
    slow = {"first": 3.0, "yardstick_first": 2.0, "floor_first": 1.0}
    paired(run, unit, floor=floor, least=1e-3, budget=1.0, most=3, **slow)
    assert clock.calls == "fab"


def _timed(clock: Clock, name: str, seconds: float, **more: Any) -> Candidate:
    """A candidate that takes so long by the fake clock."""

    def run() -> dict[str, Any]:
        clock.now += seconds
        return {"x": np.ones(2)}

    return Candidate(name, lambda: run, 1e-12, **more)


def test_every_row_but_the_floors_has_a_ratio_to_the_floor(clock: Clock) -> None:
    candidates = [
        _timed(clock, "unit", 0.5),
        _timed(clock, "twice", 1.0, stored=lambda: 77),
        _timed(clock, "bare", 0.25, role="floor", agrees=False),
        _timed(clock, "guest", 2.0, role="peer", label="same answer"),
        _timed(clock, "own", 3.0, against="guest"),
    ]
    patient = replace(QUICK, seconds=1e9)
    told: dict[str, Any] = {"floor": "bare", "group": "ordinary", "dtype": "float32"}
    rows = list(compare("s", "w", candidates, "unit", patient, **told))
    assert [(row.ratio, row.floor_ratio, row.against) for row in rows] == [
        (1.0, 2.0, "unit"),
        (2.0, 4.0, "unit"),
        (0.5, None, "unit"),
        (4.0, 8.0, "unit"),
        (1.5, 12.0, "guest"),
    ]
    assert [row.role for row in rows] == ["ours", "ours", "floor", "peer", "ours"]
    assert {(row.group, row.dtype) for row in rows} == {("ordinary", "float32")}
    assert [row.stored_bytes for row in rows] == [None, 77, None, None, None]
    assert [row.difference for row in rows] == [0, 0, None, 0, 0]
    peaks = [row.candidate for row in rows if row.peak_bytes is not None]
    assert peaks == ["unit", "twice", "bare", "own"], "nobody traces a peer's own memory"
    assert rows[3].label == "same answer"


def test_what_gives_no_answer_is_not_compared() -> None:
    silent = Candidate("silent", lambda: dict, 0, role="floor", agrees=False)
    wrong = Candidate("wrong", lambda: lambda: {"x": np.zeros(2)}, 1e-12)
    right = [_candidate("unit"), _candidate("other")]
    assert len(list(compare("s", "w", [*right, silent], "unit", QUICK, floor="silent"))) == 3
    with pytest.raises(CheckFailed, match=r"^s, w: wrong x\[0\] = 0"):
        list(compare("s", "w", [*right, silent, wrong], "unit", QUICK, floor="silent"))


def _peer(answer: Callable[[Any], Any]) -> Peer:
    return Peer("guest", "1.2", {"gradient": {"best route": lambda work: lambda: answer(work)}})


def test_a_peer_takes_part_under_the_name_of_its_route(
    only_tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = _peer(lambda work: jp.gradients(work.net, work.X, work.T, "tensor"))
    monkeypatch.setattr(invitation, "_installed", lambda: (peer,))
    (row,) = (row for row in gradient.rows(QUICK) if row.role == "peer")
    assert (row.candidate, row.label, row.against) == ("guest best route", "same answer", "delta")
    assert row.ratio
    assert row.floor_ratio
    assert not [c for c in gradient.candidates(TINY, replace(QUICK, peers=False)) if c.role == "peer"]


def test_a_wrong_peer_stops_the_run_and_is_named(
    only_tiny: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(work: Any) -> dict[str, Any]:
        return {name: 1.01 * array for name, array in jp.gradients(work.net, work.X, work.T).items()}

    monkeypatch.setattr(invitation, "_installed", lambda: (_peer(answer),))
    monkeypatch.setattr(comparison, "paired", lambda *_, **__: pytest.fail("timed before the results agree"))
    assert main(["--quick", "--suite", "gradient"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{DRY}\npeers: guest 1.2\n")
    assert err.startswith("gradient, 5-4-3 x 2: guest best route W1[")
    assert err.count(" the median of all is ") == 1


@pytest.mark.parametrize(
    ("peers", "asked", "said"),
    [
        ((), True, 'no peers: pip install ".[peers]"'),
        ((_peer(lambda work: {}),), True, "peers: guest 1.2"),
        ((_peer(lambda work: {}),), False, "peers: left out"),
    ],
)
def test_one_line_says_who_takes_part(
    peers: Any, asked: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation, "_installed", lambda: peers)
    assert invitation.told(replace(QUICK, peers=asked)) == said


@pytest.mark.parametrize("work", [TINY, classes((9, 7, 6, 5), 3, np.float32)], ids=lambda w: w.name)
def test_the_floor_is_the_products_of_the_delta_rule_and_nothing_else(
    work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    matmul = np.matmul

    def counting(a: Any, b: Any, out: Any) -> None:
        assert matmul(a, b, out=out) is out
        assert out.dtype == work.dtype
        done.append(a.size * b.shape[1])

    monkeypatch.setattr(np, "matmul", counting)
    run = gemms(work)
    assert done == []
    assert run() == {}
    first, *above = [W.size for name, W in work.net.parameters.items() if name.startswith("W")]
    assert done == [work.cases * size for size in [first] * 2 + [size for size in above for _ in "abc"]]
    assert sum(done) == products(work)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounding_follows_the_dtype(dtype: str) -> None:
    assert rounding(dtype) == pytest.approx({"float64": 9.1e-13, "float32": 4.9e-4}[dtype], rel=0.01)


def test_below_the_smallest_normal_number_nothing_differs() -> None:
    found = _found()
    for name in found:
        found[name]["b1"][:] = 3e-320
    found["b"]["b1"][1] = 5e-320
    assert agree(found, dict.fromkeys("abc", 1e-12), "here") == {"a": 0, "b": 0, "c": 0}


# -- the workloads ---------------------------------------------------------------------------------------


def test_the_targets_name_networks_that_are_there() -> None:
    found = {work.name: work for work in workloads.gradient_targets()}
    assert set(found) == {*DEEP, *DIGITS, *MIDDLE, *WINE}
    for name, work in found.items():
        assert (work.dtype == "float32") == name.endswith(", float32")
        assert {array.dtype.name for array in work.net.parameters.values()} == {work.dtype}


def test_ordinary_networks_and_bottlenecks_are_those_of_the_table() -> None:
    assert [(w.name, w.group) for w in workloads.ordinary()] == [
        ("13-5-3 x 178", "ordinary"),
        ("64-128-128-10 x 64", "ordinary"),
        ("784-256-128-10 x 64", "ordinary"),
        ("256-512-512-16 x 32", "ordinary"),
    ]
    assert [(w.name, w.group) for w in workloads.bottlenecks()] == [
        ("512-512-8-512-512 x 1", "bottleneck"),
        ("784-128-16-128-784 x 4", "bottleneck"),
    ]
    digits = workloads.digits(64)
    sizes = [W.size for name, W in digits.net.parameters.items() if name.startswith("W")]
    assert digits.cases * digits.widths[-1] * sum(sizes) * 8 == DENSE


def test_long_runs_of_a_width_are_a_power() -> None:
    assert workloads.name_of((7, 32, 32, 32, 32, 32, 32, 3), 9) == "7-32^6-3 x 9"
    assert workloads.name_of((4, 4, 4, 4, 4), 1) == "4-4-4-4-4 x 1"


HARD = [saturation.saturated(classes((6, 5, 4, 3), 4)), saturation.vanishing(classes((5,) * 31, 3))]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_saturated_sums_are_as_large_as_they_are_said_to_be(dtype: Any) -> None:
    usual = classes((9, 8, 7, 5), 6, dtype)
    hard = saturation.saturated(usual)
    record = hard.net.forward(hard.X)
    expected = {np.float64: 400, np.float32: 60}[dtype]
    assert [np.median(abs(record.sum(n))) for n in (1, 2)] == pytest.approx([expected] * 2, rel=1e-3)
    assert hard.name == f"{usual.name}, saturated"
    assert np.array_equal(hard.net.parameters["W3"], usual.net.parameters["W3"])


def _exact_gradient(work: Any) -> dict[str, Any]:
    """Backpropagation in 40 digits with exponents of any size: mpmath knows no underflow."""
    with mpmath.workdps(40):
        exact = {name: mpmath.matrix(np.atleast_2d(a).tolist()) for name, a in work.net.parameters.items()}
        depth = len(exact) // 2
        total = {name: mpmath.zeros(a.rows, a.cols) for name, a in exact.items()}
        for x, label in zip(work.X, work.T, strict=True):
            ys, zs = [mpmath.matrix([x.tolist()])], []
            for layer in range(1, depth + 1):
                zs.append(ys[-1] * exact[f"W{layer}"] + exact[f"b{layer}"])
                ys.append(zs[-1].apply(lambda z: 1 / (1 + mpmath.exp(-z))))
            raised = zs[-1].apply(mpmath.exp)
            delta = raised / mpmath.fsum(raised)
            delta[int(label)] -= 1
            for layer in range(depth, 0, -1):
                total[f"W{layer}"] += ys[layer - 1].T * delta / work.cases
                total[f"b{layer}"] += delta / work.cases
                if layer > 1:
                    row = delta * exact[f"W{layer}"].T
                    slopes = zs[layer - 2].apply(lambda z: 1 / (2 + mpmath.exp(z) + mpmath.exp(-z)))
                    delta = mpmath.matrix([[r * f for r, f in zip(row, slopes, strict=True)]])
        return {
            name: np.array([float(v) for v in a]).reshape(work.net.parameters[name].shape)
            for name, a in total.items()
        }


@pytest.mark.parametrize("route", ["delta", "structured"])
@pytest.mark.parametrize("work", HARD, ids=lambda work: work.name)
def test_saturated_gradients_are_right_to_the_last_that_a_float_can_hold(work: Any, route: str) -> None:
    exact = _exact_gradient(work)
    found = jp.gradients(work.net, work.X, work.T, route)
    tiny = np.finfo(float).tiny
    assert any((abs(array) > 0).any() and (abs(array) < tiny).any() for array in exact.values()), "not hard"
    for name, array in exact.items():
        # z near 1000 is known to 1e-13, hence exp(-z) to a relative 1e-13, in each of 30 layers
        np.testing.assert_allclose(found[name], array, rtol=1e-10, atol=tiny, err_msg=name)


def test_saturation_closes_with_its_worst() -> None:
    rows = [
        Row("saturation", "a, saturated", "delta", 1.0, 1.25, 1.0, 1.0),
        Row("saturation", "b, vanishing", "structured", 1.0, 1.5, 1.0, 1.0),
        Row("saturation", "b, vanishing", "delta, usual", 1.0, 7.0, 1.0, 1.0, role="baseline"),
    ]
    assert saturation.closing(rows) == "Saturation costs at most x 1.50: structured, b, vanishing."
    assert saturation.closing(rows[:1]) == "Saturation costs at most x 1.25: delta, a."
    assert saturation.closing(rows[2:]) == "Nothing saturated was measured."


def test_saturated_routes_are_paired_with_themselves_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = classes((6, 5, 4, 3), 4)
    monkeypatch.setattr(saturation, "pairs", lambda: iter([(HARD[0], usual)]))
    rows = list(saturation.rows(QUICK))
    assert [(row.candidate, row.against, row.role) for row in rows] == [
        (f"{name}{ending}", f"{name}, usual", role)
        for ending, role in (("", "ours"), (", usual", "baseline"))
        for name in ("structured", "delta")
    ]
    assert {row.group for row in rows} == {"saturated"}


# -- exponents ------------------------------------------------------------------------------------------

WIDTHS = (16, 32, 64, 128, 256, 512)


@pytest.mark.parametrize("overhead", [0.0, 1e-3, 2.0])
@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.0])
def test_a_power_law_is_found_under_its_overhead(exponent: float, overhead: float) -> None:
    factor = 1e-3 / 16**exponent
    found = fit(WIDTHS, [overhead + factor * n**exponent for n in WIDTHS])
    assert found is not None
    assert found.exponent == pytest.approx(exponent, abs=0.02)
    assert found.overhead == pytest.approx(overhead, rel=0.01, abs=1e-5)
    assert found.at(100) == pytest.approx(overhead + factor * 100**exponent, rel=0.01)


def test_the_spread_covers_the_noise() -> None:
    rng = np.random.default_rng(1)
    outside = 0
    for _ in range(40):
        found = fit(WIDTHS, [(2e-4 + 1e-9 * n**2.5) * np.exp(rng.normal(0, 0.05)) for n in WIDTHS])
        assert found is not None
        outside += abs(found.exponent - 2.5) > 3.2 * found.spread  # 95 % of Student's t, 3 degrees
    assert outside <= 6


def test_too_few_points_are_not_fitted() -> None:
    assert fit(WIDTHS[:3], [1.0, 2.0, 4.0]) is None


def test_the_example_of_the_fit_runs() -> None:
    assert doctest.testmod(exponents, raise_on_error=True).failed == 0


def _scaling(laws: dict[str, float], overhead: float = 1.0, drift: bool = False) -> list[Row]:
    """Rows of `scaling` that follow power laws: {candidate: exponent in the width}."""
    rows = []
    shapes = dict.fromkeys(shape for series in scaling.SERIES.values() for shape in series.values())
    for k, (widths, cases) in enumerate(shapes):
        name, speed, layers = workloads.name_of(widths, cases), 1.0 + 2.0 * (k % 2) * drift, len(widths) - 1
        for candidate, exponent in laws.items():
            units = overhead + cases * layers * (widths[0] / 16) ** exponent
            delta = overhead + cases * layers * (widths[0] / 16) ** laws["delta"]
            row = Row("scaling", name, candidate, 1e-4 * units * speed, units / delta, floor_ratio=units)
            stored = 8 * cases * layers * widths[0] if candidate == "structured" else None
            rows.append(replace(row, peak_bytes=int(1e6 * units), stored_bytes=stored))
        rows.append(Row("scaling", name, scaling.FIXED, 1e-4 * speed, role="floor"))
    return rows


LAWS = {"tensor": 3.0, "simplified": 2.0, "structured": 2.0, "delta": 2.0}


@pytest.mark.seed("S-13")
@pytest.mark.parametrize("drift", [False, True])
def test_exponents_do_not_see_a_clock_that_rises_and_falls(drift: bool) -> None:
    found = {(g.series, g.quantity, g.candidate): g for g in scaling.growths(_scaling(LAWS, drift=drift))}
    known = {
        (series, quantity, candidate)
        for series, quantities in scaling.THEORY.items()
        for quantity, candidates in quantities.items()
        for candidate in candidates
    }
    assert set(found) == known
    assert max(growth.distance for growth in found.values()) < 0.02
    assert {growth.sizes for key, growth in found.items() if key[0] == "width"} == {WIDTHS}


def test_exponents_stand_beside_theory() -> None:
    lines = list(scaling.summary(_scaling(LAWS | {"delta": 2.5})))
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["tensor", "simplified", "structured", "delta"]
    assert lines[2] == "  time by width     3.00+-0.00 (3) 2.00+-0.00 (2) 2.00+-0.00 (2) 2.50+-0.00 (2)"
    assert lines[3] == "  stored by width   -              -              1.00+-0.00 (1) -"
    vague = scaling.Growth("depth", "delta", "seconds", 1, exponents.Fit(-9.0, 16.0, 1.0, 0.0), ())
    assert scaling._cell(vague) == "unclear (1)"
    assert [cell for cell in list(scaling.summary([]))[2].split() if cell == "-"] == ["-"] * 4


@pytest.mark.seed("S-13")
def test_the_series_share_their_workloads_and_tell_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "SERIES", {"width": {6: ((6, 6, 6), 5)}, "cases": {5: ((6, 6, 6), 5)}})
    rows = list(scaling.rows(QUICK))
    assert [row.candidate for row in rows] == [*scaling.SHOWN, scaling.FIXED]
    stored = {row.candidate: row.stored_bytes for row in rows}
    assert stored.pop("structured") == 8 * 5 * (2 * (6 + 6 + 6) + 6)  # row and y of W, row of b; row of a0
    assert set(stored.values()) == {None}


# -- targets --------------------------------------------------------------------------------------------


def _yard(suite: str, workload: str, **more: Any) -> Row:
    return Row(suite, workload, "ours", 1.0, 1.0, 0.9, 1.1, against="ours", **{"pairs": 9} | more)


def _guest(suite: str, workload: str, ratio: float, **more: Any) -> Row:
    """A peer that takes `ratio` times as long as ours."""
    more = {"role": "peer", "label": "same answer", "pairs": 9} | more
    return Row(suite, workload, "guest", ratio, ratio, ratio / 2, ratio * 2, against="ours", **more)


def _floors(suite: str, names: Any, value: float, **more: Any) -> list[Row]:
    return [
        _yard(suite, name, floor_ratio=value, floor_low=value, floor_high=value, **more) for name in names
    ]


def _guests(suite: str, names: Any, value: float, **more: Any) -> list[Row]:
    return [row for n in names for row in (_yard(suite, n, **more), _guest(suite, n, 1 / value, **more))]


def _chains(names: Any, value: float) -> list[Row]:
    return [
        Row("gradient", name, "structured", 1.0, value, value, value, pairs=9, against="delta")
        for name in names
    ]


def _storing(value: float) -> list[Row]:
    rows = _scaling(LAWS)
    extra = {workloads.name_of(*shape): n**value for n, shape in scaling.SERIES["width"].items()}
    return [
        replace(row, stored_bytes=round(1e6 * row.stored_bytes * extra.get(row.workload, 32**value)))
        if row.stored_bytes
        else row
        for row in rows
    ]


SIX = (*DEEP, *DIGITS, *MIDDLE, *WINE)
ROWS: dict[str, Callable[[float], list[Row]]] = {
    "delta / bare GEMMs, 1024^5 x 256": lambda v: _floors("gradient", DEEP, v),
    "delta / bare GEMMs, 784.. x 128": lambda v: _floors("gradient", DIGITS, v),
    "delta / best peer, six networks": lambda v: _guests("gradient", SIX, v),
    "record.gradients() / delta, n >= 64": lambda v: _chains([*DEEP, *DIGITS, *MIDDLE], v),
    "record.gradients() / delta, 13-5-1": lambda v: _chains(WINE, v),
    "J of a0 / best peer, ordinary": lambda v: _guests("input_jacobian", "abc", v, group="ordinary"),
    "J of a0 / floor, ordinary": lambda v: _floors("input_jacobian", "abc", v, group="ordinary"),
    "J of a0 / best peer, bottlenecks": lambda v: _guests("input_jacobian", "de", v, group="bottleneck"),
    "dense J of weights / best peer": lambda v: _guests("weight_jacobian", WIDE, v),
    "dense J / best peer, 13-5-3": lambda v: _guests("weight_jacobian", SMALL, v),
    "dense J of weights / np.multiply": lambda v: _floors("weight_jacobian", WIDE, v),
    "dense J / np.multiply, 13-5-3": lambda v: _floors("weight_jacobian", SMALL, v),
    "Jv, uJ, diag, norms / each peer": lambda v: _guests("parameter_products", "abcd", v),
    "Jv, uJ, diag, norms: memory / dense": lambda v: [
        _yard("parameter_products", name, peak_bytes=round(v * DENSE)) for name in "abcd"
    ],
    "record.jacobians / backward walk": lambda v: _floors("walk", WALKS, v),
    "record.jacobians / walk, 13-5-3": lambda v: _floors("walk", SMALL, v),
    "tangent kernel / bare Grams": lambda v: _floors("ntk", KERNELS, v),
    "tangent kernel / torch.func": lambda v: [
        row
        for name in KERNELS
        for row in (
            _yard("ntk", name),
            replace(_guest("ntk", name, 1 / v), candidate="torch jacrev contracted"),
            _guest("ntk", name, 0.5),
        )
    ],
    "tangent kernel: memory / result": lambda v: [_yard("ntk", KERNELS[0], peak_bytes=round(v * KERNEL))],
    "Levenberg-Marquardt / L-BFGS": lambda v: [
        Row("lm", name, "levenberg_marquardt", 1.0, v, v, v, pairs=9, against="scipy L-BFGS") for name in FITS
    ],
    "exponents of tensor, delta: error": lambda v: _scaling(LAWS | {"tensor": 3 + v}, overhead=0),
    "exponent of tensor / delta: error": lambda v: _scaling(LAWS | {"delta": 2 - v}, overhead=0),
    "saturated / unsaturated": lambda v: [
        Row("saturation", "w", "delta", 1.0, v, v, v, against="delta, usual"),
        Row("saturation", "w", "delta, usual", 1.0, 9.0, 9.0, 9.0, role="baseline"),
    ],
    "stored chain ~ cases, widths: error": _storing,
    "peak of the chain ~ n m: error": lambda v: _scaling(LAWS | {"structured": 2 + v}, overhead=0),
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_is_met_missed_or_not_measured(target: Target) -> None:
    rows = ROWS[target.name](1.03 * target.limit)
    assert {row.suite for row in rows} == {target.suite}
    assert target.outcome(rows, quick=True).verdict == "dry run"
    assert target.outcome([], quick=True).verdict == "not measured"
    met = target.outcome(ROWS[target.name](0.97 * target.limit))
    missed = target.outcome(ROWS[target.name](1.03 * target.limit))
    assert (met.verdict, missed.verdict) == ("met", "missed")
    assert met.number is not None
    assert met.number.value == pytest.approx(0.97 * target.limit, rel=0.02)
    assert target.outcome([]) == Outcome(target.name, target.claim, target.limit, "not measured", None)
    others = [row for name, make in ROWS.items() if name != target.name for row in make(1.0)]
    unrelated = [row for row in others if row.suite != ROWS[target.name](1.0)[0].suite]
    assert target.outcome(unrelated).verdict == "not measured"


def test_every_row_of_the_table_has_its_target() -> None:
    assert [target.name for target in TARGETS] == list(ROWS)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_one_comparison_that_is_missing_leaves_a_target_unmeasured(target: Target) -> None:
    rows = ROWS[target.name](0.9 * target.limit)
    assert target.outcome(rows).verdict == "met"
    names = list(dict.fromkeys(row.workload for row in rows if row.candidate != scaling.FIXED))
    first = next(name for name in names if "16-16" in name or rows[0].suite != "scaling")
    skipped = [
        replace(row, skipped="too much", seconds=None, ratio=None, floor_ratio=None, peak_bytes=None)
        if row.workload in (first, "16-16 x 1")
        else row
        for row in rows
    ]
    skipped = [replace(row, stored_bytes=None) if row.skipped else row for row in skipped]
    assert target.outcome(skipped).verdict == "not measured"


def test_the_best_of_the_peers_counts_and_a_claim_about_memory_does_not() -> None:
    slow = _guest("s", "w", 4.0)
    fast = replace(_guest("s", "w", 2.0), candidate="fast")
    dense = replace(_guest("s", "w", 0.1), label="memory claim: dense route")
    assert to_best_peer([_yard("s", "w"), slow, fast, dense]) == Number(0.5, 0.25, 1.0, "fast")
    assert to_best_peer([_yard("s", "w"), dense]) is None
    assert to_floor([replace(_yard("s", "w", floor_ratio=1.5), skipped="too much")]) is None


def test_too_few_pairs_give_a_target_no_interval() -> None:
    few = [_yard("s", "w", floor_ratio=1.5, floor_low=1.0, floor_high=2.0, pairs=5), _guest("s", "w", 2.0)]
    assert to_floor(few) == Number(1.5)
    assert to_floor([replace(few[0], pairs=6)]) == Number(1.5, 1.0, 2.0)
    assert to_best_peer([few[0], replace(few[1], pairs=5)]) == Number(0.5, note="guest")
    ours = Row("s", "w", "delta", 1.0, 1.25, 1.0, 1.5, pairs=5, against="usual")
    assert worst_of_ours([ours]) == Number(1.25, note="delta")
    assert worst_of_ours([replace(ours, pairs=6)]) == Number(1.25, 1.0, 1.5, "delta")
    joined = geometric_mean([Number(2.0, 1.0, 4.0), Number(8.0)])
    assert (joined.value, joined.low, joined.high) == (pytest.approx(4.0), None, None)


def test_the_mean_is_geometric() -> None:
    found = geometric_mean(
        [Number(0.5, 0.25, 1.0, "a"), Number(2.0, 1.0, 4.0, "b"), Number(8.0, 2.0, 16.0, "a")]
    )
    assert found[:3] == pytest.approx((2.0, 0.5 ** (1 / 3), 4.0))
    assert found.note == "a, b"


def test_groups_are_kept_apart() -> None:
    rows = _guests("s", "ab", 0.5, group="ordinary") + _guests("s", "cd", 0.1, group="bottleneck")
    number = over("s", to_best_peer, geometric_mean, group="ordinary")(rows)
    assert number is not None
    assert number.value == pytest.approx(0.5)


def test_targets_are_told_on_a_line_each_and_in_the_json() -> None:
    outcomes = [target.outcome(ROWS[target.name](0.97 * target.limit)) for target in TARGETS[:2]]
    outcomes.append(TARGETS[2].outcome([]))
    assert list(target_lines(outcomes)) == [
        "targets:",
        "  met           1.09 [1.09, 1.09]   <= 1.12  delta / bare GEMMs, 1024^5 x 256",
        "  met           1.21 [1.21, 1.21]   <= 1.25  delta / bare GEMMs, 784.. x 128",
        "  not measured     -                <= 0.97  delta / best peer, six networks",
    ]
    assert max(map(len, target_lines([t.outcome([]) for t in TARGETS]))) <= 80
    whole = json.loads(Report({}, True, QUICK, [], {}, outcomes).json())
    assert whole["targets"][0] == {
        "name": "delta / bare GEMMs, 1024^5 x 256",
        "claim": TARGETS[0].claim,
        "limit": 1.12,
        "verdict": "met",
        "number": {
            "value": pytest.approx(1.0864),
            "low": pytest.approx(1.0864),
            "high": pytest.approx(1.0864),
            "note": "",
        },
    }
    assert whole["targets"][2]["number"] is None


# -- the picture ----------------------------------------------------------------------------------------


def _pictured(drawn: float = 1.25) -> list[Row]:
    """The structured chain takes `drawn` times as long as the delta rule, whose own pair is noisy."""
    rows = [replace(row, pairs=9) for row in _scaling(LAWS) if row.ratio or row.role == "floor"]
    few = {"tensor": {"pairs": 1}, "structured": {"ratio": drawn}}
    few["delta"] = {"ratio": 0.97, "low": 0.9, "high": 1.1}
    return [replace(row, **few.get(row.candidate, {})) for row in rows]


def _figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every figure that will be made."""
    figures: list[Any] = []
    make = plot.new_figure
    monkeypatch.setattr(plot, "new_figure", lambda: figures.append(make()) or figures[-1])
    return figures


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_picture_is_written(ending: str, start: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"cost.{ending}"
    plot.draw(_pictured(), file)
    assert file.read_bytes().startswith(start)


def test_the_picture_tells_exponents_ratios_and_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = _figures(monkeypatch)
    plot.draw(_pictured(), tmp_path / "cost.png")
    (figure,) = figures
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[0] == r"dense tensors:  $n^{3.00 \pm 0.00}$  (theory $n^3$)"
    assert [label.partition(":")[0] for label in labels[1:]] == [
        "simplified, case by case",
        "structured chain",
        "delta rule",
    ]
    beside = [text.get_text() for text in axes.texts]
    assert beside[0] == "dense tensors\n105 s, about 32 x delta"
    assert beside[2:] == ["structured chain\n4.10 s, 1.25 x delta", "delta rule\n3.28 s"]
    sentence = "At width 512, 16 cases: dense x about 32, structured x 1.25, delta 1.00."
    assert figure.texts[0].get_text() == sentence


def test_the_points_of_the_picture_stand_in_the_ratios_that_are_told() -> None:
    """Whatever a pair with the fixed job says: one measurement tells sentence, labels and points."""
    rows = [replace(r, floor_ratio=7.0) if r.candidate == "structured" else r for r in _pictured(1.75)]
    chain, rule = (scaling.costs(rows, "width", "seconds", name) for name in ("structured", "delta"))
    assert set(chain) == set(rule) == set(WIDTHS)
    assert all(chain[n] / rule[n] == pytest.approx(1.75) for n in WIDTHS)
    assert "structured x 1.75" in remembered(rows)


def test_the_sentence_takes_the_series_of_widths_and_no_other_number_of_cases() -> None:
    def row(suite: str, workload: str, name: str, ratio: float) -> Row:
        return Row(suite, workload, name, 1.0, ratio, pairs=9)

    rows = [
        row(suite, workload, name, ratio)
        for suite, workload, tensor in (
            ("scaling", "32-32-32 x 16", 4.0),
            ("scaling", "32-32-32 x 8", 5.0),
            ("scaling", "32-32-32 x 256", 6.0),
            ("gradient", "32-32-32 x 4", 7.0),
            ("gradient", "9-9-9 x 99", 8.0),
            ("scaling", "64-64-64-64 x 16", 9.0),
        )
        for name, ratio in (("tensor", tensor), ("structured", 2.0), ("delta", 1.0))
    ]
    told = "At width 32, 16 cases: dense x 4.00, structured x 2.00, delta 1.00."
    assert remembered(rows) == remembered(rows[::-1]) == told


@pytest.mark.parametrize("quick", [True, False])
def test_the_picture_of_a_dry_run_says_so_and_no_legend_covers_a_line(
    quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = _figures(monkeypatch)
    plot.draw(_pictured(), tmp_path / "cost.png", quick)
    (figure,) = figures
    title, claim = figure.texts
    assert claim.get_text().startswith("Dry run. ") == quick
    (axes,) = figure.axes
    ends = [text.get_window_extent().x1 for text in (title, claim, *axes.texts)]
    assert max(ends) < figure.bbox.x1
    assert not axes.get_legend().get_window_extent().overlaps(axes.get_window_extent())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plot", "a.jpeg"], "cannot draw a.jpeg: the name must end in one of .png, .svg, .pdf"),
        (["--plot", "a.png", "--suite", "walk"], "--plot draws the rows of `scaling`: add --suite scaling"),
        (["--plot", "/no/such/a.png"], "cannot write /no/such/a.png: not a file in an existing directory"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_before_anything_runs(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", *arguments]) == 2
    assert capsys.readouterr() == ("", f"{said}\n")


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_file_that_cannot_be_opened_is_refused_before_anything_runs(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(self: Path, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(command, "_measure", lambda *args: pytest.fail("measured first"))
    monkeypatch.setattr(Path, "open", closed)
    file = tmp_path / "a.png"
    assert main(["--quick", option, str(file)]) == 2
    assert capsys.readouterr() == ("", f"cannot write {file}: Permission denied\n")


def test_asking_whether_a_file_can_be_written_leaves_it_as_it_was(tmp_path: Path) -> None:
    there, new = tmp_path / "there.json", tmp_path / "new.json"
    there.write_text("kept", encoding="utf-8")
    assert command._unwritable(there) == command._unwritable(new) == ""
    assert there.read_text(encoding="utf-8") == "kept"
    assert not new.exists()


def test_without_matplotlib_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> None:
        raise MissingExtraError("matplotlib is not installed")

    monkeypatch.setattr(plot, "require_matplotlib", absent)
    assert main(["--quick", "--plot", "cost.png"]) == 2
    assert capsys.readouterr() == ("", 'pictures need matplotlib: pip install ".[cli]"\n')


# -- the command and the machine ------------------------------------------------------------------------


def test_list_names_every_suite_with_its_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == list(SUITES)
    assert lines[1::2] == [f"    {suite.claim}" for suite in SUITES.values()]
    assert max(map(len, lines)) <= 80


def test_the_help_tells_how_long_a_dry_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "about half a minute without peers" in " ".join(capsys.readouterr().out.split())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "--list"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "cannot write output: No space left on device\n")


def test_one_suite_tells_its_sentence_once_and_its_own_targets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _pictured()
    suite = Suite("one claim", "delta", lambda settings: iter(rows), remembered)
    monkeypatch.setitem(catalogue.SUITES, "scaling", suite)
    assert main(["--no-peers", "--suite", "scaling", "--suite", "scaling"]) == 0
    out = capsys.readouterr().out
    assert out.count(remembered(rows)) == 1
    lines = out.splitlines()
    asked = [target.name for target in TARGETS if target.suite == "scaling"]
    said = lines[lines.index("targets:") + 1 :]
    assert [line.rpartition("  ")[2] for line in said] == asked
    assert lines[lines.index("targets:") - len(LEGEND) : lines.index("targets:")] == list(LEGEND)
    assert max(map(len, LEGEND)) <= 80


def test_no_verdict_is_passed_in_a_dry_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = Suite("one claim", "delta", lambda settings: iter(_scaling(LAWS)), remembered)
    monkeypatch.setitem(catalogue.SUITES, "scaling", suite)
    assert main(["--quick", "--no-peers", "--suite", "scaling"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == lines[-1] == DRY
    said = lines[lines.index("targets:") + 1 : -1]
    assert said
    assert all(line.startswith("  dry run ") for line in said)
    assert "noise" not in out.lower()


def test_suites_may_be_repeated_and_their_picture_and_rows_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _pictured()
    first = Suite("one claim", "delta", lambda settings: iter(rows), remembered)
    other = Suite("another", "ours", lambda s: iter([_yard("walk", "w")]), lambda rows: "Done.", floor="bare")
    monkeypatch.setitem(catalogue.SUITES, "scaling", first)
    monkeypatch.setitem(catalogue.SUITES, "walk", other)
    files = [str(tmp_path / name) for name in ("a.json", "a.png")]
    arguments = [
        "--no-peers",
        "--suite",
        "scaling",
        "--suite",
        "walk",
        "--json",
        files[0],
        "--plot",
        files[1],
    ]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "peers: left out"
    assert "walk: another" in lines
    assert "  (unit: ours; floor: bare; one thread on one core)" in lines
    assert lines[-2:] == remembered(rows).split("\n")
    whole = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert len(whole["rows"]) == len(rows) + 1
    assert whole["closing"] == {"scaling": remembered(rows), "walk": "Done."}
    (width,) = (e for e in whole["exponents"] if (e["series"], e["candidate"]) == ("width", "tensor"))
    assert (width["quantity"], width["fit"]["exponent"]) == ("seconds", pytest.approx(3.0, abs=0.01))
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_one_core_is_taken_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: asked.append(cores), raising=False)
    with threads.one_core() as core:
        assert (core, asked) == (5, [{5}])
    assert asked == [{5}, {2, 5}]


def test_a_system_without_affinity_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with threads.one_core() as core:
        assert core is None


def test_the_processor_has_a_model(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: Abacus 9: fast\n\n", encoding="utf-8")
    assert machine.processor(told) == "Abacus 9: fast"
    assert machine.processor(tmp_path / "none") == (platform.processor() or platform.machine())


def test_a_long_name_or_a_note_has_a_line_of_its_own() -> None:
    row = Row("s", "w", "jax jit(value_and_grad)", 1e-3, 1.0, 1.0, 1.0, pairs=9, label="same answer")
    dense = replace(row, candidate="torch vmap", label="memory claim: dense route")
    lines = list(table(iter([row, dense, replace(row, skipped="too much")]), []))
    assert lines[1] == "  jax jit(value_and_grad):"
    assert lines[2].startswith(" " * 19 + "  1.00 ms")
    assert lines[3] == "  torch vmap (memory claim: dense route):"
    assert lines[-1] == " " * 20 + "skipped: too much"
    assert max(map(len, lines)) <= 80


def test_units_keep_three_digits() -> None:
    assert [three_digits(v) for v in (0.974, 9.996, 75.34, 99.96, 1310.4)] == [
        "0.97",
        "10.0",
        "75.3",
        "100",
        "1,310",
    ]
    assert [seconds_text(v) for v in (48.5e-6, 9.62e-3, 26.1, 0.99999)] == [
        "48.5 us",
        "9.62 ms",
        "26.1 s",
        "1.00 s",
    ]
    assert [bytes_text(v) for v in (999, 2048, 1000 * 2**10, 5 * 2**18, 2**30)] == [
        "999 B",
        "2.00 KiB",
        "0.98 MiB",
        "1.25 MiB",
        "1.00 GiB",
    ]
