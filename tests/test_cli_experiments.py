"""`jacobprop experiment`: what it lists, prints, draws and refuses, and how it ends."""

import dataclasses
import json
import os
import re
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from rich.console import Console

from jacobprop.cli import experiment_command
from jacobprop.cli.experiment_command import described
from jacobprop.cli.experiment_screen import progress_bar
from jacobprop.cli.program import program
from jacobprop.cli.screen import Screen
from jacobprop.experiments import EXPERIMENTS, polygons, wine, xor


def run(*words):
    return CliRunner().invoke(program, ["experiment", *map(str, words)], prog_name="jacobprop")


def good(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.rstrip() != line]
    return result


def refused(*words):
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("jacobprop: ")
    return line


@pytest.fixture
def quick(monkeypatch):
    """A wine that learns for two epochs."""
    short = partial(EXPERIMENTS["wine"].run, epochs=2)
    monkeypatch.setitem(EXPERIMENTS, "wine", dataclasses.replace(EXPERIMENTS["wine"], run=short))


# -- the list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("--list",), ("xor", "--list")])
def test_the_experiments_are_listed_a_line_each(words):
    lines = good(*words).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    assert all(experiment.title in line for line, experiment in zip(lines, EXPERIMENTS.values(), strict=True))


def test_help_names_the_options():
    text = good("--help").stdout
    for word in ("[NAME]", "--list", "--seeds", "--incremental", "--plot", "--json"):
        assert word in text


# -- what is printed ---------------------------------------------------------------------------------------


def test_the_worked_example_on_the_screen():
    text = good("seed-001").stdout
    assert text.startswith("The worked example of seed 001, with its misprints corrected\nOne case, ")
    assert re.search(r"new W\(1\) +0\.188  0\.769  -0\.447 +0\.188  0\.769  0\.447 +misprint E-02\n", text)
    assert "those give 0.597." in " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (("pulses",), r"1000 +1001 +0\.006283 +0\.00314 +0\.00314"),
        (("saturation", "--seeds", "2"), r"U\[0, 1\] +0\.0% +6\d\.\d% +100\.0%"),
        (("falling-body", "--seeds", "1"), r"2 +constructed, w = 0\.01 +-2 to 2 +0\.00089\n"),
        (("vanishing", "--seeds", "1"), r"logistic +U\[-1, 1\] +0\.\d+ +0\.\d+ +0\.00\d+ "),
        (("wine", "--seeds", "2"), r"13-5-3 softmax +0\.1 +\d+\.\d% +\d+\.\d% +\d+\.\d%"),
        (("wine", "--seeds", "1", "--incremental"), r"update after each case"),
    ],
    ids=lambda words: "-".join(words) if isinstance(words, tuple) else "",
)
@pytest.mark.usefixtures("quick")
def test_a_table_is_printed(words, row):
    assert re.search(row, good(*words).stdout)


def test_json_holds_the_numbers():
    data = json.loads(run("seed-001", "--json").stdout)
    assert data["experiment"] == "seed-001"
    assert data["after"] == pytest.approx(0.721874455865625)
    assert data["steps"][0]["printed"] == [0.55, 0.711]
    assert data["label"]["meant"] == "w(0)_0,2"
    assert len(data["findings"]) == 2


def test_what_json_makes_of_a_result():
    trial = xor.Trial(xor.BATCH[0], np.array([30.0, np.nan]))
    found = described(xor.XorResult((0, 1), (trial,), None, None, None))
    assert found["seeds"] == [0, 1]
    assert found["trials"][0]["epochs"] == [30.0, None]
    assert found["trials"][0]["setup"]["learning_rate"] == 5.0
    assert found["solved"] is None


# -- what is refused ---------------------------------------------------------------------------------------


def test_unknown_names_and_options_end_in_one_line(tmp_path):
    line = refused("nonsense")
    assert "'nonsense' is not one of 'xor', 'wine', 'falling-body'" in line
    assert line.endswith("See: jacobprop experiment --help")
    assert "polygons draws nothing at random: leave --seeds out" in refused("polygons", "--seeds", 3)
    assert "pulses knows no --incremental" in refused("pulses", "--incremental")
    assert "Invalid value for '--seeds': 0 is not in the range" in refused("xor", "--seeds", 0)
    assert "an option needs the NAME of an experiment" in refused("--json")
    assert "an option needs the NAME of an experiment" in refused("--seeds", 3)
    assert "an option needs the NAME of an experiment" in refused("--plot", tmp_path / "x.png")
    assert "an option needs the NAME of an experiment" in refused("pulses", "--list", "--json")
    assert "nexpected extra argument" in refused("pulses", "xor")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "is a directory"),
        ("x.gif", "must end in .png, .svg, .pdf"),
        ("no/x.png", "there is no directory"),
    ],
)
def test_a_bad_path_is_refused_before_anything_runs(tmp_path, monkeypatch, name, sentence):
    def never(**options):
        raise AssertionError("it ran")

    monkeypatch.setitem(EXPERIMENTS, "pulses", dataclasses.replace(EXPERIMENTS["pulses"], run=never))
    assert sentence in refused("pulses", "--plot", tmp_path / name)


# -- progress and interruption -----------------------------------------------------------------------------


def test_the_bar_follows_on_a_terminal_only(monkeypatch):
    for terminal in (True, False):
        screen = Screen()
        screen.console = Console(force_terminal=terminal, width=80, file=open(os.devnull, "w"))  # noqa: SIM115
        with (
            screen.console.capture() as capture,
            progress_bar(screen, EXPERIMENTS["xor"], hidden=False) as follow,
        ):
            follow(0.5, "seed 3")
        assert ("xor: seed 3" in capture.get()) == terminal
        screen.console.file.close()


def drawn_beside_a_terminal_of(columns, monkeypatch, experiment, what):
    """The lines of a progress bar, without the signs that colour them and move the cursor."""
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Screen()
    with open(os.devnull, "w") as nowhere:
        screen.console = Console(force_terminal=True, width=80, file=nowhere)
        with (
            screen.console.capture() as capture,
            progress_bar(screen, EXPERIMENTS[experiment], hidden=False) as follow,
        ):
            follow(0.5, what)
        assert screen.console.width == 80  # what is printed later is wrapped as ever
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", capture.get()))


@pytest.mark.parametrize("columns", [20, 40, 79, 200])
def test_the_bar_keeps_to_the_terminal(monkeypatch, columns):
    lines = drawn_beside_a_terminal_of(columns, monkeypatch, "wine", "13-25-1 sigmoid, seed 7")
    assert 10 < max(map(len, lines)) <= min(80, columns)
    assert any("wine: 13-25" in line for line in lines)


def test_ctrl_c_ends_with_130(monkeypatch):
    def interrupted(**options):
        options["progress"](0.1, "seed 0")
        raise KeyboardInterrupt

    monkeypatch.setitem(EXPERIMENTS, "xor", dataclasses.replace(EXPERIMENTS["xor"], run=interrupted))
    result = run("xor")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (130, "", "")


# -- pictures ----------------------------------------------------------------------------------------------


def xor_result():
    net = xor.learn(xor.BATCH[0], 1).network
    field, rng = xor._plane(net), np.random.default_rng(0)
    epochs = [np.where(rng.random(9) < 0.7, rng.integers(5, 60, 9) * 10.0, np.nan) for _ in xor.BATCH]
    trials = tuple(map(xor.Trial, xor.BATCH, epochs))
    return xor.XorResult(tuple(range(9)), trials, field, 0.5 * field, np.array([0.01, 0.5, 0.99, 0.5]))


RESULTS = {
    "xor": xor_result,
    "wine": partial(wine.run, seeds=[0, 1], epochs=3),
    "polygons": lambda: polygons.PolygonsResult(
        polygons.DISTANCES,
        # 64 sides stand for 1000, which take a second
        (*map(polygons.measured, (4, 5, 16)), polygons.measured(64)._replace(sides=1000)),
    ),
    **{
        name: partial(EXPERIMENTS[name].run, seeds=[0, 1])
        for name in ("falling-body", "vanishing", "saturation")
    },
    **{name: EXPERIMENTS[name].run for name in ("pulses", "seed-001")},
}


def overlap(first, second):
    """Of two boxes, in square points, with some slack."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    return max(0, wide - 2) * max(0, high - 2)


def shown_texts(figure):
    """Every text that a reader sees, and its box."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    ticks = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not (axis.get_view_interval()[0] <= tick.get_loc() <= axis.get_view_interval()[1])
    }
    return [(t.get_text(), t.get_window_extent(renderer)) for t in texts if t not in ticks]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_picture_is_readable(name):
    """No text leaves the slide, and none lies on another."""
    figure = RESULTS[name]().picture()
    found = shown_texts(figure)
    assert len(found) > 10
    for text, box in found:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= 1280, text
        assert box.y1 <= 720, text
    clashes = [
        (first[0], second[0])
        for k, first in enumerate(found)
        for second in found[:k]
        if overlap(first[1], second[1])
    ]
    assert clashes == []


def test_the_legend_of_xor_stands_above_every_curve():
    """With one start all curves end at 100 %."""
    trials = tuple(xor.Trial(setup, np.array([100.0])) for setup in xor.BATCH)
    figure = xor.XorResult((1,), trials, None, None, None).picture()
    assert any("starts from [-1, 1]: 1;" in text for text, _ in shown_texts(figure))
    (axes,) = figure.axes
    assert all(line.get_ydata()[-1] == 1 for line in axes.lines[:3])
    assert axes.transData.transform((0, 1))[1] + 4 < axes.get_legend().get_window_extent().y0


def test_a_text_on_another_is_seen():
    figure = RESULTS["seed-001"]().picture()
    figure.text(0.06, 0.93, "over the title")
    found = shown_texts(figure)
    assert any(overlap(found[-1][1], box) for _, box in found[:-1])


def test_the_picture_is_written(tmp_path):
    result = good("seed-001", "--plot", tmp_path / "x.png")
    assert result.stderr == f"picture: {tmp_path / 'x.png'}\n"
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert experiment_command.MOST_SEEDS == 10_000
