"""`jacobprop fit`: what it learns, what it prints and saves, and which files it refuses in one line."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

import jacobprop as jp
from jacobprop.cli import csv_table, fit_command, fit_data, fit_run
from jacobprop.cli.csv_table import read_table
from jacobprop.cli.fit_score import explained, root_mean_square
from jacobprop.cli.fit_screen import progress_bar
from jacobprop.cli.fit_task import Cases, FitTask, scale_of
from jacobprop.cli.interruption import interruptible
from jacobprop.cli.program import program
from jacobprop.cli.screen import Screen
from jacobprop.curvature.marquardt import levenberg_marquardt
from jacobprop.errors import FileFormatError, JacobpropError
from jacobprop.files import load_cases

ROOT = Path(__file__).parent.parent
Y = ("--target", "y")
SMALL = ("--hidden", "3", "--iterations", "4")


def run(*words):
    return CliRunner().invoke(program, ["fit", *map(str, words)], prog_name="jacobprop")


def good(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert_tidy(result.stdout)
    return result


def data_of(*words):
    return json.loads(CliRunner().invoke(program, ["fit", *map(str, words), "--json"]).stdout)


def assert_tidy(text):
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.rstrip() != line]


def one_line(result):
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.output
    assert lines[0].startswith("jacobprop: ")
    return lines[0]


def refused(*words):
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return one_line(result)


@pytest.fixture
def houses(tmp_path):
    """Prices of some 300,000 with a noise of 8,000; a column without news and one of names."""
    rng = np.random.default_rng(0)
    area, rooms = rng.uniform(30, 200, 90).round(1), rng.integers(1, 7, 90)
    price = (1e5 + 1800 * area + 2e4 * np.sqrt(rooms) + rng.normal(0, 8e3, 90)).round()
    with (tmp_path / "houses.csv").open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["name", "area, m2", "rooms", "floors", "price"])
        writer.writerows([f"No. {k}", area[k], rooms[k], 2, price[k]] for k in range(90))
    return tmp_path / "houses.csv", np.column_stack([area, rooms, np.full(90, 2.0)]), price


def fit_task(X, target, hidden=(3,), share=0.25, seed=0):
    data = fit_data.Data("given", X, tuple(f"x{k}" for k in range(X.shape[1])), target)
    return FitTask(data, hidden, "tanh", share, seed)


# -- what is learnt ----------------------------------------------------------------------------------------


def test_wine_is_learnt_and_told(tmp_path):
    text = good("wine", "--hidden", "4", "--iterations", "12").stdout
    assert text.startswith(
        "Data: wine, 178 cases, 13 features\nClasses of cultivar, in the order of the outputs: cultivar 1, "
    )
    assert "Split: 133 to train on, 45 held out (0.25 of each class, seed 0)\n" in text
    assert "Network: 13-4-3 tanh, softmax with cross-entropy, 71 parameters\n" in text
    assert "Training: Levenberg-Marquardt, at most 12 iterations, weight decay 0.001\n" in text
    assert float(re.search(r"accuracy .* ([\d.]+)%\n", text)[1]) > 90
    assert "always the largest class: accuracy 39.9%" in text  # 71 of 178
    assert re.search(r"12 iterations in .*s\. As many iterations as asked for: 12\.\n", text)


@pytest.mark.parametrize("method", ["lm", "descent"])
def test_the_saved_network_takes_wines_as_they_are(tmp_path, method):
    file, wine = tmp_path / "net.npz", jp.load_wine()
    data = data_of("wine", "--method", method, "--hidden", "4", "--epochs", "8", "--save", file)
    right = jp.load(file)(wine.X).argmax(axis=1) == wine.labels
    told, cases = data["scores"]["accuracy"], data["cases"]
    counted = told["train_after"] * cases["train"] + told["held_out_after"] * cases["held_out"]
    assert right.sum() == pytest.approx(counted)
    assert right.sum() > 160
    saved = load_cases(file)
    assert (saved.X.shape, set(saved.T)) == ((16, 13), {0, 1, 2})
    assert all((row == wine.X).all(axis=1).any() for row in saved.X)
    assert data["rounds"] == 8 == len(data["train_loss"]) - 1 == len(data["held_out_loss"]) - 1
    assert data["train_loss"][-1] < 0.3 * data["train_loss"][0]


def test_prices_are_learnt_in_their_own_unit(houses, tmp_path):
    path, X, price = houses
    words = [path, "--target", "price", "--drop", "name", "--hidden", "4", "--iterations", "20"]
    file = tmp_path / "net.npz"
    data = data_of(*words, "--save", file)
    assert (data["features"], data["ignored"]) == (["area, m2", "rooms", "floors"], ["floors"])
    squares = np.square(jp.load(file)(X)[:, 0] - price).sum()
    told, cases = data["scores"]["RMSE of price"], data["cases"]
    assert (cases["train"], cases["held_out"]) == (68, 22)
    assert squares == pytest.approx(68 * told["train_after"] ** 2 + 22 * told["held_out_after"] ** 2)
    assert 5000 < told["train_after"] < 9000 < told["train_before"]
    assert 0.9 < data["scores"]["R^2 of price"]["held_out_after"] < 1
    text = good(*words).stdout
    assert "Ignored, as it never changes in training: floors\n" in text
    assert f"{told['train_before']:,.0f}" in text
    assert "RMSE: in the target's own unit" in text


def test_the_saved_file_passes_the_check(houses, tmp_path):
    path, _, _ = houses
    file = tmp_path / "net.npz"
    result = good(path, "--target", "price", "--drop", "name", *SMALL, "--save", file)
    assert f"network: {file}, for inputs as they are in {path}; with 16 training cases" in result.stderr
    found = CliRunner().invoke(program, ["check", str(file)])
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("cases: saved in")
    assert "properties hold" in found.stdout


@pytest.mark.parametrize("method", ["lm", "descent"])
def test_training_is_that_of_the_library(method):
    """On cases scaled here, by the training part alone."""
    wine = fit_data.wine_data(None)
    task = FitTask(wine, (3,), "tanh", 0.25, 7)
    options = fit_run.Options(method, 5, 0.2, 16, 0.01, 7)
    trained = fit_run.train(task, options, lambda *losses: None)
    mean, deviation = task.train.X.mean(axis=0), task.train.X.std(axis=0)
    scaled = [((side.X - mean) / deviation, side.T) for side in (task.train, task.held_out)]
    if method == "lm":
        found = levenberg_marquardt(task.net, *scaled[0], iterations=5, weight_decay=0.01, held_out=scaled[1])
    else:
        found = jp.fit(
            task.net, *scaled[0], epochs=5, learning_rate=0.2, batch_size=16, seed=7, held_out=scaled[1]
        )
    np.testing.assert_allclose(trained.losses.train, found.history.train, rtol=1e-6)
    np.testing.assert_allclose(trained.losses.held_out, found.history.held_out, rtol=1e-6)
    np.testing.assert_allclose(trained.network(task.held_out.X), found.network(scaled[1][0]), rtol=1e-6)


@pytest.mark.parametrize("hidden", [(), (4,), (5, 4)])
def test_the_scale_goes_into_the_network(hidden):
    rng = np.random.default_rng(3)
    X = rng.normal([5.0, -300.0, 7.0], [2.0, 40.0, 0.0], (30, 3))
    T = rng.normal([1e5, 2.0], [3e4, 0.1], (30, 2))
    task = fit_task(X, fit_data.numbers_target(T, ("u", "v"), ""), hidden)
    x, t = (A[task._rows[0]] for A in (X, T))
    deviation = np.where(x.std(axis=0) > 0, x.std(axis=0), np.inf)
    expected = task.net((X - x.mean(axis=0)) / deviation) * t.std(axis=0) + t.mean(axis=0)
    np.testing.assert_allclose(task.unscaled(task.net)(X), expected, rtol=1e-9)
    np.testing.assert_array_equal(task.unscaled(task.net).parameters["W1"][2], 0)
    scaled = task.scaled(task.train)
    np.testing.assert_allclose(scaled.T.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.T.std(axis=0), 1)


def test_the_split_keeps_the_classes_and_every_case_once():
    labels = np.repeat([0, 1, 2, 3], [40, 20, 3, 1])
    target = fit_data.Target(labels, ("y",), ("a", "b", "c", "d"))
    X = np.arange(64.0)[:, None]
    task = fit_task(X, target)
    assert np.bincount(task.train.T).tolist() == [30, 15, 2, 1]  # a class of one is not held out
    assert np.bincount(task.held_out.T).tolist() == [10, 5, 1]
    np.testing.assert_array_equal(np.sort(np.concatenate([task.train.X, task.held_out.X]), axis=0), X)
    np.testing.assert_array_equal(fit_task(X, target).train.X, task.train.X)
    assert (fit_task(X, target, seed=1).train.X != task.train.X).any()
    everything = fit_task(X, target, share=0.0)
    assert everything.held_out is None
    np.testing.assert_array_equal(everything.train.X, X)
    numbers = fit_task(X, fit_data.numbers_target(X**2, ("y",), ""), share=0.5)
    assert (len(numbers.train.X), len(numbers.held_out.X)) == (32, 32)


def test_nothing_held_out():
    text = good("wine", *SMALL, "--held-out", "0").stdout
    assert "Split: all 178 to train on, none held out\n" in text
    assert "held out\n" not in text.split("Training")[1]
    assert data_of("wine", *SMALL, "--held-out", "0")["held_out_loss"] == []


def test_scores_are_those_of_the_definition():
    net = jp.Network([jp.Dense.from_arrays([[2.0, 0.0]], [1.0, 3.0])], jp.SquaredError())
    cases = Cases(np.array([[0.0], [1.0]]), np.array([[2.0, 3.0], [5.0, 3.0]]))  # errors: -1, -2 and 0, 0
    np.testing.assert_allclose(root_mean_square(net, cases), [np.sqrt(2.5), 0])
    np.testing.assert_allclose(explained(net, cases), [1 - 5 / 4.5, np.nan])


def test_a_single_held_out_number_has_no_r_squared(tmp_path):
    (tmp_path / "d.csv").write_text("x,y\n1,1.5\n2,2.5\n3,2.25\n")
    text = good(tmp_path / "d.csv", "--target", "y", "--hidden", "none", "--iterations", "2").stdout
    assert "Network: 1-1, linear output" in text
    assert re.search(r"R\^2 of y .* -\n", text)
    assert (
        data_of(tmp_path / "d.csv", "--target", "y", *SMALL)["scores"]["R^2 of y"]["held_out_after"] is None
    )


# -- arrays ------------------------------------------------------------------------------------------------


def test_arrays_of_labels_and_of_several_numbers(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)).astype(np.float32)
    file = tmp_path / "a.npz"
    np.savez(file, X=X, T=(X[:, :1] > 0).astype(np.uint8))
    text = good(file, *SMALL).stdout
    assert "Classes of T, in the order of the outputs: 0, 1\n" in text
    assert "Note: 2 whole numbers are taken for classes: else --task regress\n" in text
    assert "Target: T\n" in good(file, *SMALL, "--task", "regress").stdout
    np.savez(file, X=X, T=np.column_stack([X @ [1, 2, 3], X[:, 0] ** 2]))
    text = good(file, *SMALL, "--method", "descent").stdout
    assert "Training: gradient descent, 4 epochs, batches of 16, learning rate 0.1\n" in text
    assert "RMSE of t1" in text
    np.savez(file, X=X, T=rng.normal(size=(40, 12)))
    assert "8 more rows: --json" in good(file, *SMALL).stdout


def test_one_hot_rows_are_pointed_out(tmp_path):
    file, labels = tmp_path / "a.npz", np.arange(30) % 3
    X = np.random.default_rng(0).normal(size=(30, 2))
    note = "Note: each row of T has a single 1: of classes save T.argmax(axis=1)\n"
    np.savez(file, X=X, T=np.eye(3)[labels])
    assert note in good(file, *SMALL).stdout
    np.savez(file, X=X, T=np.eye(3)[labels] + np.eye(3)[0])
    assert "Note" not in good(file, *SMALL).stdout


def test_row_numbers_are_pointed_out(tmp_path):
    file = tmp_path / "a.csv"
    rows = np.random.default_rng(0).normal(size=(30, 2))
    for step, told in ((1, True), (2, False)):
        lines = [f"{5 + k * step},{x},{y}" for k, (x, y) in enumerate(rows)]
        file.write_text("\n".join([",x,y", *lines]))
        text = " ".join(good(file, *Y, *SMALL).stdout.split())
        assert ("Note: column 1 numbers the rows: leave it out with --drop, unless" in text) == told


BAD_ARRAYS = [
    ({"X": np.ones((4, 2))}, [], "there is no array T; got X"),
    ({"X": np.ones((4, 2)), "T": np.arange(5.0)}, [], "got X of shape (4, 2), T of shape (5,)"),
    ({"X": np.ones(4), "T": np.arange(4.0)}, [], "A single feature is X[:, None]"),
    ({"X": np.ones((4, 0)), "T": np.arange(4.0)}, [], "Leave empty arrays out"),
    ({"X": np.ones((4, 2)), "T": np.ones((4, 2, 1))}, [], "X and T do not fit"),
    ({"X": np.ones((1, 2)), "T": np.ones((1, 2))}, [], "got t0 = 1.0 in the only case. A network needs some"),
    ({"X": np.array([[1.0, 2], [3, np.nan]]), "T": np.arange(2.0)}, [], "got X[1, 1] = nan"),
    ({"X": np.ones((2, 2)), "T": np.array([1.0, np.inf])}, [], "got T[1] = inf"),
    ({"X": np.ones((2, 2)), "T": np.eye(2)}, ["--task", "classify"], "take T.argmax(axis=1)"),
    ({"X": np.ones((4, 2)), "T": np.arange(4.0)}, ["--target", "y"], "--target names a column of a CSV"),
    ({"X": np.array([[1e300, 1], [-1e300, 2], [0, 3]]), "T": np.arange(3.0)}, [], "Use other units"),
]


@pytest.mark.parametrize(("arrays", "options", "message"), BAD_ARRAYS, ids=lambda value: str(value)[:30])
def test_bad_arrays(tmp_path, arrays, options, message):
    np.savez(tmp_path / "a.npz", **arrays)
    assert message in refused(tmp_path / "a.npz", *options)


def test_one_case_is_too_few(tmp_path):
    (tmp_path / "d.csv").write_text("x,y\n1,2\n")
    assert "the target never changes" in refused(tmp_path / "d.csv", *Y)
    (tmp_path / "d.csv").write_text("x,y\n1,a\n")
    assert "got 1 classes among 1 cases" in refused(tmp_path / "d.csv", *Y)


def test_a_target_that_is_steady_in_training(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.arange(8.0)[:, None], T=np.eye(8)[0] / 2)
    words = [tmp_path / "a.npz", *SMALL, "--held-out", "0.5", "--task", "regress"]
    messages = {run(*words, "--seed", k).stderr for k in range(9)}
    assert any("a target never changes in the training cases. Take another --seed" in m for m in messages)
    with pytest.raises(JacobpropError, match="no finite mean"):
        scale_of(np.array([[1e308], [-1e308]]), "the features")


# -- CSV files ---------------------------------------------------------------------------------------------


def table(tmp_path, text, **options):
    (tmp_path / "d.csv").write_bytes(text if isinstance(text, bytes) else text.encode(**options))
    return read_table(str(tmp_path / "d.csv"))


@pytest.mark.parametrize("separator", ",;\t")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_dialects(tmp_path, separator, end, mark):
    rows = ['"a, b"', "c", '"d;""e"""'], ["1", " 2 ", '"3\n4"'], ["", "", ""], ["5", "6", "7"]
    text = mark + end.join(separator.join(row) for row in rows) + end + end
    found = table(tmp_path, text)
    assert found.names == ("a, b", "c", 'd;"e"')
    assert found.columns == (("1", "5"), ("2", "6"), ("3\n4", "7"))
    assert found.lines == (2, 5)  # the quoted cell takes two lines, an empty row one


def test_a_column_without_a_name_has_its_number(tmp_path):
    assert table(tmp_path, ",x\n1,2\n").names == ("column 1", "x")


def test_which_targets_are_classes(tmp_path):
    def learnt(cells, *task):
        text = "x,y\n" + "".join(f"{k},{cell}\n" for k, cell in enumerate(cells))
        (tmp_path / "d.csv").write_text(text)
        return fit_data.fit_data(str(tmp_path / "d.csv"), "y", (), *task or (None,)).target

    words = learnt(["no", "yes", "NA", "no", "no"])
    assert (words.classes, words.T.tolist()) == (("NA", "no", "yes"), [1, 2, 0, 1, 1])
    assert learnt([10, 9, 9, 10]).classes == ("9", "10")  # by size, not by letters
    assert learnt([10, 9, 9, 8]).classes == ()  # three numbers among four cases
    assert learnt(range(300)).classes == ()
    assert learnt([1.5, 2.0, 2.0, 1.5]).classes == ()
    assert learnt([1.5, 2.0, 2.0, 1.5], "classify").classes == ("1.5", "2.0")
    assert learnt([10, 9, 9, 10], "regress").T.tolist() == [[10], [9], [9], [10]]
    assert len(learnt([*range(30), 3], "classify").classes) == 30


BAD_CSV = [
    ("", Y, "the file is empty. The first line names the columns"),
    ("\n \n", Y, "the file is empty"),
    ("x,y\n", Y, "no row below the header"),
    ("x\n1\n", Y, "there is one column only; got 'x'"),
    ("a|b\n1|2\n", Y, "expected columns separated by commas, semicolons or tabs"),
    ("1,2\n3,4\n", Y, "the first line does not name the columns; got the number 1 in column 1"),
    ("5.1,3.5,setosa\n4.9,3.0,setosa\n", Y, "Put a line of names on top, such as x1,x2,y"),
    ("x,x,y\n1,2,3\n", Y, "two columns have one name; got 'x'"),
    ("x,y\n1,2\n1,2,3\n", Y, "line 3: a row is not as long as the header; got 3 cells, expected 2"),
    ("x,y\n1,5,2,5\n3,5,1,5\n", Y, "Numbers take a decimal point"),
    ("x;y\n1,5;2\n1;3\n", Y, "line 2, column 'x': a number has a comma; got '1,5', expected a decimal point"),
    ("x;y\n1;1.234,5\n", Y, "line 2, column 'y': a number has a comma"),
    ("x,y\n1,2\n,3\n", Y, "line 3, column 'x': a value is missing; got ''. Fill it in, or delete the line, "),
    ("x,y\n1,2\nNaN,3\n", Y, "a value is missing; got 'NaN'"),
    ("x,y\n1,\n2,3\n", Y, "column 'y': a value is missing; got ''. Fill it in, or delete the line."),
    (
        "x,y\n1,a\n2,b\n3,\n4,a\n",
        Y,
        "line 4, column 'y': a value is missing",
    ),
    ("x,y\n1,2\ninf,3\n", Y, "a number is not finite; got 'inf'"),
    ("x,y\n1,2\n1e999,3\n", Y, "a number is not finite; got '1e999'"),
    ("x,y\n1,2\n1_0,3\n4,5\n", Y, "this is no number; got '1_0'"),
    ("x,y\n1,2\n3,abc\n", Y, "column 'y': this is no number; got 'abc'. Correct it, or delete the line."),
    ("x,y\nred,1\nblue,2\n", Y, "column 'x': the column holds text; got 'red'"),
    ("x,y\nred,1\nblue,2\n", Y, "or leave the column out with --drop 'x'."),
    ("x,y\nred,1\nblue,2\n", [*Y, "--drop", "x"], "no feature is left"),
    ("x,y\n1,2\n", [], "which column is to be learnt; got the columns x, y. Name it with --target COLUMN"),
    ("x,y\n1,2\n", ["--target", "z"], "--target: there is no such column; got 'z', expected one of 'x', 'y'"),
    ("x,y\n1,2\n3,4\n", [*Y, "--drop", "z"], "--drop: there is no such column"),
    ("x,y\n1,a\n2,a\n", Y, "the target tells no classes apart; got 1 classes among 2 cases, all 'a'"),
    ("x,y\n1,a\n2,b\n", Y, "got 2 classes among 2 cases, each case its own"),
    ("x,y\n1,2.5\n2,2.5\n", Y, "the target never changes; got y = 2.5 in all 2 cases"),
    ("x,y\n1,a\n2,b\n3,b\n", [*Y, "--task", "regress"], "text is no number to regress; got 'a'"),
    (
        "x,y\n" + "".join(f"{k},{k / 7}\n" for k in range(30)),
        [*Y, "--task", "classify"],
        "no class but a continuous number; got 30 different numbers, not all of them whole",
    ),
    ('x,y\n1,"2\n', Y, "line 2: the quotes of a cell do not match"),
    ('x,y\n1,"2"3\n', Y, "the quotes of a cell do not match"),
    ("x,y\n1," + "2" * 200_000 + "\n", Y, "or it is too long"),
    (b"x,y\n1,2\n\xe9,3\n", Y, "line 3: this is no text in UTF-8; got the byte 0xe9"),
    ("x,y\n1,2\n".encode("utf-16"), Y, "this is no text in UTF-8; got the byte 0xff"),
    (b"x,y\n1,\0\n", Y, "line 2: this is no text in UTF-8; got the byte 0x00"),
    (b"PK\3\4\0\0\0", Y, "arrays in an npz file have the ending .npz"),
    ("x,y\n1e300,1\n-1e300,2\n0,3\n", Y, "the features have no finite mean and deviation; got numbers up to"),
]


@pytest.mark.parametrize(("text", "options", "message"), BAD_CSV, ids=lambda value: str(value)[:30])
def test_bad_csv_files(tmp_path, monkeypatch, text, options, message):
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert message in refused("d.csv", *options)


@pytest.mark.parametrize("cell", ["", "NA", "n/a", "#N/A", "nan", "NULL", "None", "?", "-", "."])
def test_what_is_missing(tmp_path, cell):
    (tmp_path / "d.csv").write_text(f"x,y\n1,2\n{cell},3\n")
    assert f"line 3, column 'x': a value is missing; got {cell!r}" in refused(tmp_path / "d.csv", *Y)


@pytest.mark.parametrize("cell", ["٣", "0x10", "1e", "e5", "--1", "1 000", "+", "1.2.3", "1d5", "１"])
def test_what_is_no_number(tmp_path, cell):
    (tmp_path / "d.csv").write_text(f"x,y\n1,2\n{cell},3\n", encoding="utf-8")
    assert "line 3, column 'x': this is no number" in refused(tmp_path / "d.csv", *Y)


@pytest.mark.parametrize("cell", ["1", "-1.5", "+.5", "2.", "1e5", "1.5E-3", "0" * 400 + "7"])
def test_what_is_a_number(tmp_path, cell):
    (tmp_path / "d.csv").write_text(f"x,y\n{cell},2.5\n4,3\n")
    assert fit_data.fit_data(str(tmp_path / "d.csv"), "y", (), None).X[0, 0] == float(cell)


@pytest.mark.parametrize(
    ("cap", "most", "message"),
    [
        ("MOST_BYTES", 20, "the file is too large; expected at most 20 bytes"),
        ("MOST_ROWS", 3, "got 4 rows or more of 2 columns"),
        ("MOST_COLUMNS", 1, "the table is too large; got 1 rows or more of 2 columns"),
        ("MOST_CELLS", 7, "and 7 cells. Read it in Python"),
    ],
)
def test_caps(tmp_path, monkeypatch, cap, most, message):
    text = "x,y\n" + "1,2\n" * 5
    assert table(tmp_path, text).columns == (("1",) * 5, ("2",) * 5)
    monkeypatch.setattr(csv_table, cap, most)
    with pytest.raises(FileFormatError, match=re.escape(message)):
        table(tmp_path, text)


def test_names_are_data(tmp_path):
    (tmp_path / "d.csv").write_text("[red]x[/red],\x1b[31my" + "z" * 500 + "\n1,a\n2,b\n3,b\n", newline="")
    text = good(tmp_path / "d.csv", "--target", "\x1b[31my" + "z" * 500, *SMALL).stdout
    assert r"Classes of \x1b[31myzz" in text
    assert "\x1b" not in text


# -- wrong command lines and files -------------------------------------------------------------------------


WRONG = [
    ([], "Missing argument 'DATA'"),
    (["nothing.csv"], "nothing.csv: No such file or directory"),
    (["nothing.npz"], "nothing.npz: No such file or directory"),
    (["."], "Is a directory"),
    (["wine", "--target", "x"], "--target names a column of a CSV file; got wine. Leave it out"),
    (["wine", "--drop", "x"], "--drop names a column"),
    (["wine", "--task", "regress"], "text is no number to regress"),
    (["wine", "--hidden", "3,x"], "'3,x' is no list of widths such as 10 or 16,8"),
    (["wine", "--hidden", "0"], "none for no hidden layer"),
    (["wine", "--hidden", "99999999"], "a weight matrix has 1,299,999,987 numbers"),
    (["wine", "--activation", "sgmoid"], "Did you mean 'sigmoid'?"),
    (["wine", "--learning-rate", "1"], "--learning-rate belongs to --method descent"),
    (["wine", "--batch-size", "1"], "--batch-size belongs to --method descent"),
    (["wine", "--method", "descent", "--weight-decay", "1"], "--weight-decay belongs to --method lm"),
    (["wine", "--held-out", "1"], "not in the range"),
    (["wine", "--epochs", "-1"], "not in the range"),
    (["wine", "--save", "."], "cannot be written: Is a directory"),
    (["wine", "--save", "none/net.npz"], "cannot be written: No such file or directory"),
    (["wine", "--save", ""], "--save: the path must be"),
    (["wine", "--plot", "x.gif"], "must end in .png"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_command_lines(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "descent", "--learning-rate", "nan"], "learning rate must be a finite number"),
        (["--weight-decay", "-1"], "weight_decay"),
    ],
)
def test_what_training_refuses_is_one_line(words, message):
    result = run("wine", *SMALL, *words)
    assert result.exit_code == 2
    assert message in one_line(result)


def test_a_rate_that_is_too_large_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.arange(8.0)[:, None], T=np.arange(8.0) ** 2)
    words = ["--method", "descent", "--learning-rate"]
    assert "training diverged" in one_line(run(tmp_path / "a.npz", *SMALL, *words, "1e100"))
    text = good("wine", *SMALL, *words, "1e9").stdout
    assert "The loss rose: take a smaller --learning-rate." in " ".join(text.split())
    assert "rose" not in good("wine", *SMALL, *words, "0.1").stdout


def test_the_data_are_never_replaced(houses):
    path, _, _ = houses
    before = path.read_bytes()
    assert "would replace the data" in refused(path, "--target", "price", "--drop", "name", "--save", path)
    assert path.read_bytes() == before


def test_a_full_disk_keeps_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "net.npz"
    file.write_text("kept")

    def full(net, path, **cases):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(fit_command, "save", full)
    result = run("wine", *SMALL, "--save", file)
    assert result.exit_code == 2
    assert "net.npz: No space left on device" in one_line(result)
    assert file.read_text() == "kept"


def test_picture(tmp_path):
    file = tmp_path / "curve.png"
    assert f"picture: {file}\n" in good("wine", *SMALL, "--plot", file).stderr
    width, height = (int.from_bytes(file.read_bytes()[k : k + 4], "big") for k in (16, 20))
    assert (width, height) == (1280, 720)


def test_the_picture_shows_the_losses(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(fit_command, "write_picture", lambda figure, path: shown.append(figure))
    data = data_of("wine", *SMALL, "--plot", tmp_path / "curve.png")
    (axes,) = shown[0].axes
    for line, losses in zip(axes.lines, (data["train_loss"], data["held_out_loss"]), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), losses)
    assert axes.get_xlabel() == "iteration"
    title, result = (text.get_text() for text in shown[0].texts)
    assert title.startswith("13-3-3 tanh, softmax with cross-entropy; Levenberg-Marquardt, 4 iterations")
    assert result == f"held out: accuracy {data['scores']['accuracy']['held_out_after']:.1%}"


def test_the_picture_says_which_target_it_scores(tmp_path, monkeypatch):
    shown, X = [], np.random.default_rng(0).normal(size=(40, 3))
    monkeypatch.setattr(fit_command, "write_picture", lambda figure, path: shown.append(figure))
    np.savez(tmp_path / "a.npz", X=X, T=X[:, :2] ** 2)
    good(tmp_path / "a.npz", *SMALL, "--plot", tmp_path / "curve.png")
    assert shown[0].texts[1].get_text().startswith("held out, first of 2 targets: RMSE ")


def test_a_terminal_gets_a_bar():
    screen, options = Screen(), fit_run.Options("lm", 9, 0.1, 16, 0.01, 0)
    screen.console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with progress_bar(screen, options) as follow:
        follow(4, 0.5, None)
        follow(5, 0.25, 1e-7)
    assert re.search(r"iteration: loss 0.25, held out 1e-07 .*5/9", screen.console.file.getvalue())


def test_help():
    text = good("--help").stdout
    assert "--epochs, --iterations" in text
    assert text == good("-h").stdout


# -- Ctrl-C ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "trainer"), [("lm", "levenberg_marquardt"), ("descent", "fit")])
def test_ctrl_c_keeps_the_network(tmp_path, monkeypatch, method, trainer):
    """A signal in the third round: the network is that of three rounds."""
    real = getattr(fit_run, trainer)

    def interrupted(*cases, progress, **options):
        def pressed(number, *losses):
            if number == 3:
                signal.raise_signal(signal.SIGINT)
            progress(number, *losses)

        return real(*cases, progress=pressed, **options)

    words = ["wine", "--method", method, "--hidden", "3", "--epochs"]
    run(*words, "3", "--save", tmp_path / "three.npz")
    monkeypatch.setattr(fit_run, trainer, interrupted)
    result = run(*words, "50", "--save", tmp_path / "net.npz")
    assert result.exit_code == 130
    unit = "iteration" if method == "lm" else "epoch"
    assert f"Ctrl-C after {unit} 3; the network of that moment is kept." in " ".join(result.stdout.split())
    kept, three = (jp.load(tmp_path / name).vector for name in ("net.npz", "three.npz"))
    np.testing.assert_allclose(kept, three, rtol=1e-9)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_ends_at_once():
    with interruptible() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.wanted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_is_ignored_stays_so():
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible() as interruption:
            signal.raise_signal(signal.SIGINT)
            assert not interruption.wanted
    finally:
        signal.signal(signal.SIGINT, old)


def test_another_thread_leaves_signals_alone():
    handlers = []

    def work():
        with interruptible():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


# -- as a process ------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "jacobprop", "fit", "wine", *SMALL]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(  # noqa: S603  (our own command)
        command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
    )
    os.close(writer)
    assert (found.returncode, found.stderr) == (141, b"")
