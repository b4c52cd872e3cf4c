"""`jacobprop check` and `jacobprop diagnose`: the answer on stdout, the exit code, one line for bad files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import jacobprop as jp
from jacobprop.checking.report import FAILS, HOLDS, Report, Row
from jacobprop.cli import check_command, diagnose_command
from jacobprop.cli.program import program

RNG = np.random.default_rng(5)
X, T = RNG.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])
NET = jp.Network(
    [jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()],
    jp.CrossEntropy(),
    seed=2,
    names="X Y Z S",
    weights="V W",
)
GRADIENTS = dict(NET.forward(X, T).gradients())
WRONG = GRADIENTS | {"W1": -GRADIENTS["W1"]}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    """A folder with a network with and without cases, and gradients that are right and wrong."""
    monkeypatch.chdir(tmp_path)
    jp.save(NET, "net.npz", X=X, T=T)
    jp.save(NET, "bare.npz")
    np.savez("right.npz", **GRADIENTS)
    np.savez_compressed("wrong.npz", **WRONG)
    np.savez("cases.npz", X=X, T=T)


def run(*words):
    return CliRunner().invoke(program, list(words), prog_name="jacobprop")


def said(code, *words):
    """Stdout, within 80 columns and with nothing beside it."""
    result = run(*words)
    assert (result.exit_code, result.stderr) == (code, "")
    if "--json" in words:
        return json.loads(result.stdout, parse_constant=lambda word: pytest.fail(word))
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not [line for line in result.stdout.splitlines() if line.rstrip() != line]
    return result.stdout


@pytest.fixture
def stub(monkeypatch):
    """In place of the check: a report with one row, and the arguments that came."""
    calls = []

    def check(net, X=None, T=None, *, seed=0):
        calls.append((net, X, T, seed))
        verdict = HOLDS if X is None or np.asarray(X).sum() < 50 else FAILS
        return Report("Network 3-4-2-2", (Row("dL/dW1", "differences", np.inf, 1e-9, verdict, "off"),))

    monkeypatch.setattr(check_command, "check", check)
    return calls


# -- check -------------------------------------------------------------------------------------------------


def test_a_right_network_holds():
    text = said(0, "check", "net.npz")
    assert text.startswith("cases: saved in net.npz\n")
    assert " hold" in text
    told = said(0, "check", "bare.npz", "--json")
    assert told["ok"] is True
    assert told["cases"] == "drawn at random, seed 0"
    assert {"what", "witness", "error", "resolves", "verdict", "note", "kind"} == set(told["rows"][0])
    assert len(told["rows"]) > 20


def test_the_cases_are_those_of_the_option_then_of_the_file_then_drawn(stub):
    np.savez("others.npz", X=X + 1, T=1 - T, unrelated=X)
    assert "cases: others.npz\n" in said(0, "check", "net.npz", "--cases", "others.npz")
    assert "cases: saved in net.npz\n" in said(0, "check", "net.npz")
    assert "cases: drawn at random, seed 7\n" in said(0, "check", "bare.npz", "--seed", "7")
    np.savez("inputs.npz", X=X)
    said(0, "check", "bare.npz", "--cases", "inputs.npz")
    for found, wanted in zip(
        stub, [(X + 1, 1 - T, 0), (X, T, 0), (None, None, 7), (X, None, 0)], strict=True
    ):
        assert list(found[0].parameters) == list(NET.parameters)
        for got, expected in zip(found[1:], wanted, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.usefixtures("stub")
def test_a_failed_check_is_an_answer_with_exit_code_1():
    np.savez("bad.npz", X=X + 100, T=T)
    assert "1 of 1 comparisons fail, first dL/dW1" in said(1, "check", "net.npz", "--cases", "bad.npz")
    told = said(1, "check", "net.npz", "--cases", "bad.npz", "--json")
    assert told["ok"] is False
    assert told["rows"][0]["error"] is None  # infinite, which JSON lacks
    assert told["rows"][0]["verdict"] == FAILS


# -- diagnose ----------------------------------------------------------------------------------------------


def test_right_gradients():
    assert "right" in said(0, "diagnose", "net.npz", "right.npz")
    told = said(0, "diagnose", "net.npz", "right.npz", "--json")
    assert (told["ok"], told["kind"], told["cases"]) == (True, "ok", "saved in net.npz")


def test_a_wrong_sign_is_named():
    text = said(1, "diagnose", "net.npz", "wrong.npz")
    assert "W1" in text
    assert "sign" in text
    told = said(1, "diagnose", "bare.npz", "wrong.npz", "--cases", "cases.npz", "--json")
    assert (told["ok"], told["kind"], told["cases"]) == (False, "sign", "cases.npz")
    assert told["where"] == "W1"


def test_letters_and_cases_beside_the_gradients():
    letters = {"V": "W1", "W": "W2", "b1": "b1", "b2": "b2"}
    np.savez("mine.npz", X=X, T=T, **{letter: GRADIENTS[name] for letter, name in letters.items()})
    assert said(0, "diagnose", "bare.npz", "mine.npz", "--json")["cases"] == "mine.npz"
    assert said(0, "diagnose", "net.npz", "mine.npz", "--json")["cases"] == "saved in net.npz"


def test_a_weight_may_be_called_x():
    net = jp.Network([jp.Dense(3, 2, "tanh", bias=False)], jp.SquaredError(), weights="X")
    x, t = np.eye(3), np.ones((3, 2))
    jp.save(net, "x.npz", X=x, T=t)
    np.savez("gradient.npz", X=net.forward(x, t).gradients()["W1"])
    assert said(0, "diagnose", "x.npz", "gradient.npz", "--json")["ok"] is True


def test_alternatives_are_data_too(monkeypatch):
    other = jp_diagnosis("factor", alternatives=(jp_diagnosis("sign", error=np.nan),))
    monkeypatch.setattr(diagnose_command, "diagnose", lambda candidate, record: other)
    told = said(1, "diagnose", "net.npz", "wrong.npz", "--json")
    assert told["alternatives"][0]["kind"] == "sign"
    assert told["alternatives"][0]["error"] is None


def jp_diagnosis(kind, **options):
    return diagnose_command.Diagnosis(ok=False, kind=kind, where="W1", message=f"W1: {kind}.", **options)


# -- bad input ---------------------------------------------------------------------------------------------


def spoil():
    """Files that are none."""
    Path("text.npz").write_text("W1 = 1")
    Path("cut.npz").write_bytes(Path("net.npz").read_bytes()[:-30])
    Path("folder").mkdir()
    np.savez("objects.npz", W1=np.array([print], dtype=object))
    np.savez("first.npz", W1=np.ones((3, 2)))
    np.savez("other.npz", Q=np.ones(3))
    np.savez("shape.npz", **(GRADIENTS | {"W1": np.ones((7, 7))}))
    np.savez("narrow.npz", X=X[:, :2], T=T)
    np.savez("inputs.npz", X=X)
    jp.save(jp.Network([jp.Dense(3, 2)]), "lossless.npz", X=X)
    jp.save(NET, "targetless.npz", X=X)


BAD = {
    "missing": (["check", "none.npz"], "none.npz: No such file or directory"),
    "a directory": (["check", "folder"], "folder: Is a directory"),
    "empty": (["check", ""], "must be a str or a pathlib.Path"),
    "text": (["check", "text.npz"], "load text.npz: this is no npz file"),
    "cut": (["check", "cut.npz"], "load cut.npz: this is no npz file, or only a part of one"),
    "no network": (["check", "right.npz"], "load right.npz: no network is saved here"),
    "no cases there": (["check", "net.npz", "--cases", "right.npz"], "right.npz holds no array X: write it"),
    "no case file": (["check", "net.npz", "--cases", "none.npz"], "none.npz: No such file"),
    "narrow cases": (["check", "net.npz", "--cases", "narrow.npz"], "wrong width"),
    "objects": (["check", "net.npz", "--cases", "objects.npz"], "holds no plain numbers; got dtype '|O'"),
    "seed": (["check", "net.npz", "--seed", "-1"], "not in the range"),
    "no argument": (["check"], "Missing argument 'FILE'"),
    "one argument": (["diagnose", "net.npz"], "Missing argument 'GRADIENTS'"),
    "no gradients": (["diagnose", "net.npz", "none.npz"], "none.npz: No such file"),
    "a network": (["diagnose", "net.npz", "net.npz"], "read_arrays net.npz: a member is no array"),
    "no cases": (["diagnose", "bare.npz", "right.npz"], "the cases are missing: pass --cases with arrays X"),
    "only cases": (["diagnose", "net.npz", "cases.npz"], "cases.npz holds no gradients: name the arrays W1"),
    "no target": (
        ["diagnose", "bare.npz", "right.npz", "--cases", "inputs.npz"],
        "the cases have no targets T (inputs.npz): pass --cases NPZ with arrays X and T. See: ",
    ),
    "saved without a target": (
        ["diagnose", "targetless.npz", "right.npz"],
        "the cases have no targets T (saved in targetless.npz): pass --cases NPZ with arrays X and T",
    ),
    "no loss": (
        ["diagnose", "lossless.npz", "first.npz"],
        "lossless.npz was saved without a loss, and so has no gradients: give the network a loss in Python",
    ),
    "no loss for a target": (
        ["check", "lossless.npz", "--cases", "cases.npz"],
        "lossless.npz was saved without a loss, which the targets T need (cases.npz): pass --cases NPZ with",
    ),
    "unknown names": (["diagnose", "net.npz", "other.npz"], "Q"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_exit_code_2(words, message):
    spoil()
    before = {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("jacobprop: ")
    assert message in line
    assert {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_gradients_of_another_shape_are_answered_or_refused_in_one_line():
    spoil()
    result = run("diagnose", "net.npz", "shape.npz")
    assert result.exit_code in (1, 2)
    assert "W1" in result.stdout + result.stderr


def test_ctrl_c(monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "check", interrupt)
    monkeypatch.setattr(diagnose_command, "diagnose", interrupt)
    for words in (["check", "net.npz"], ["diagnose", "net.npz", "right.npz"]):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (130, "")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_closed_pipe_is_quiet():
    for words in (["check", "bare.npz"], ["diagnose", "net.npz", "wrong.npz"]):
        reader, writer = os.pipe()
        os.close(reader)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        found = subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-m", "jacobprop", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=60,
            check=False,
        )
        os.close(writer)
        assert (found.returncode, found.stderr) == (141, b"")


def test_help():
    for command in ("check", "diagnose"):
        text = said(0, command, "--help")
        assert "Example: in Python jp.save(net, \"net.npz\", X=X, T=T)" in text  # fmt: skip
        for code in ("Exit code 0:", "1:", "2: a wrong command line or file."):
            assert code in text
        assert f"\njacobprop {command} net.npz" in text.replace("  ", "")
        assert command in said(0, "--help")


def test_cases_given_at_the_shell_mend_a_file_without_targets():
    spoil()
    assert "right" in said(0, "diagnose", "targetless.npz", "right.npz", "--cases", "cases.npz")
    assert " hold" in said(0, "check", "lossless.npz", "--cases", "inputs.npz")
    assert " hold" in said(0, "check", "targetless.npz")
