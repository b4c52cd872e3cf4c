"""The benchmarks: a wrong formulation stops them, the statistics are right, the output is as documented.

No test asserts a time: where order or calibration matters, the clock is a fake.
"""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobprop as jp
from benchmarks import comparison, gradient, interval, threads, timing
from benchmarks.agreement import agree
from benchmarks.catalogue import SUITES
from benchmarks.command import main
from benchmarks.comparison import Candidate, compare
from benchmarks.costs import COSTS, passes
from benchmarks.interval import median_interval
from benchmarks.memory import peak_bytes
from benchmarks.report import line, table
from benchmarks.suite import QUICK, Row, Settings
from benchmarks.timing import calibrate, paired
from benchmarks.units import bytes_text, seconds_text, three_digits
from benchmarks.workloads import classes, example, gradient_workloads, square, wine
from jacobprop import formulations
from jacobprop.differences import central_differences
from jacobprop.errors import CheckFailed

ROOT = Path(__file__).parents[1]
TINY = classes((5, 4, 3), cases=2)


@pytest.fixture
def only_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite `gradient` on 5-4-3 x 2 alone."""
    monkeypatch.setattr(gradient, "gradient_workloads", lambda: iter([TINY]))


# -- the command ----------------------------------------------------------------------------------


def test_quick_runs_everything_and_writes_the_documented_json(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--suite", "gradient", "--json", str(file)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603  (our own command)
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert set(whole) == {"machine", "quick", "settings", "rows", "closing"}
    assert set(whole["machine"]) == {"python", "numpy", "platform", "blas", "when"}
    assert [library["num_threads"] for library in whole["machine"]["blas"]] == [1]
    assert whole["quick"] is True
    assert Settings(**whole["settings"]) == QUICK
    assert whole["closing"]["gradient"] in lines
    rows = [Row(**row) for row in whole["rows"]]
    assert all(set(row) == {field.name for field in fields(Row)} for row in whole["rows"])
    names = [
        name for name in formulations.FORMULATIONS for name in (name, "delta_once")[: 1 + (name == "delta")]
    ]
    assert [(row.workload, row.candidate) for row in rows] == [
        (work.name, name) for work in gradient_workloads() for name in names
    ]
    for row in rows:
        assert line(row) in lines
        measured = (row.seconds, row.ratio, row.low, row.high, row.coverage, row.difference)
        assert (None in measured) == bool(row.skipped)
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
        (["--suite", "nonsense"], "no suite 'nonsense'; there are: gradient\n"),
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
    assert found == (0.25, (2.0, 2.0, 2.0, 0.875), 4)


def test_a_slow_candidate_gets_one_pair_and_no_calibration(clock: Clock) -> None:
    found = paired(clock.work("a", 30.0), clock.work("b", 1.0), least=1e-3, budget=2.0, most=9, first=30.0)
    assert clock.calls == "b" + "ab"
    assert (found.pairs, found.ratio.coverage) == (1, 0.0)


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
        "would take about 90.0 s, limit 500 ms",
    ]
    assert [row.candidate for row in rows] == ["huge", "unit", "slow"]


# -- the report -----------------------------------------------------------------------------------


def test_rows_stand_under_their_workload_and_few_pairs_give_no_interval() -> None:
    row = Row("s", "2-3 x 4", "tensor", 1.5e-3, 12.25, 12.0, 12.5, 0.96, 9, 1234, 2**20, 0.0)
    once = Row("s", "5-6 x 7", "tensor", 26.0, 140_000.0, 14e4, 14e4, 0.0, 1, 4_361_912_320, None, 0.0)
    kept: list[Row] = []
    lines = list(table(iter([row, once]), kept))
    assert lines == [
        "2-3 x 4",
        "  tensor             1.50 ms      12.2  [12.0, 12.5]      1.00 MiB         1,234",
        "5-6 x 7",
        "  tensor              26.0 s   140,000  (1 pair)                 - 4,361,912,320",
    ]
    assert kept == [row, once]


def test_the_closing_sentence_takes_the_widest_square_network_and_tells_its_noise() -> None:
    rows = [
        Row("gradient", square(n).name, name, 1.0, ratio, low, high)
        for n, tensor in ((16, 4.0), (32, 10.04))
        for name, ratio, low, high in (
            ("tensor", tensor, 3.0, 11.0),
            ("structured", 2.25, 2.0, 2.5),
            ("delta", 0.92, 0.30, 1.06),
        )
    ]
    skipped = Row("gradient", square(64).name, "tensor", skipped="would hold 3.00 GiB")
    expected = "At width 32: dense tensors x 10.0, structured x 2.25, delta 1.00 (noise 70%)."
    assert gradient.closing([*rows, skipped]) == expected
    assert gradient.closing([skipped]) == "The dense tensors ran at no width: nothing to sum up."


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
