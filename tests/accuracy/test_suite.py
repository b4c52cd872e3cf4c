"""The suite `accuracy` of the benchmarks: right about ours, about others, and readable."""

import json

import numpy as np
import pytest

from benchmarks import accuracy, accuracy_answers, invitation
from benchmarks.accuracy_answers import Library, libraries, parts
from benchmarks.accuracy_tables import load
from benchmarks.catalogue import SUITES
from benchmarks.command import main
from benchmarks.peers import Peer
from benchmarks.report import LEGEND, header, table
from benchmarks.suite import Row, Settings
from jacobprop import activations

from . import textbook
from .promises import IN_PLACE, SOFTMAX, promised

ALONE = Settings(peers=False)


def errors(row, which):
    return row.errors[which].values()


def test_ours_keep_the_promise_in_every_region_and_have_no_false_zero():
    rows = list(accuracy.rows(ALONE))
    titles = [f"{name}: f and f'" for name in activations.NAMES if name not in accuracy.EXACT]
    assert [row.workload for row in rows if row.candidate == "ours"][: len(titles)] == titles
    assert {row.candidate for row in rows} == {"ours", "ours, in place"}
    for row in rows:
        name = row.workload.partition(":")[0]
        for which in (0, 1):
            own = promised(name, which) if name in activations.NAMES else SOFTMAX
            limit = own if row.candidate == "ours" else IN_PLACE
            assert list(row.errors[which]) == list(accuracy.REGIONS)
            assert max(errors(row, which)) <= limit
            assert row.false_zeros[which] == 0
    assert {max(errors(row, 0)) > 0 for row in rows} == {True}


def test_the_table_is_narrow_and_closes_with_a_line_for_everybody():
    suite, kept = SUITES["accuracy"], []
    lines = [*header("accuracy", suite), *table(suite.rows(ALONE), kept, suite.shown)]
    assert len(lines) == 4 + len(kept) + len({row.workload for row in kept})
    said = suite.closing(kept).split("\n")
    assert [line.partition(":")[0] for line in said] == ["ours", "ours, in place"]
    assert all(line.endswith(" ulp, 0 false zeros.") for line in said)
    assert max(map(len, lines + said)) <= 80
    assert suite.closing([]) == "Nothing was compared."


def test_a_row_reads_region_by_region():
    wide = dict(zip(accuracy.REGIONS, (2.25, 511.4, 6.1e5, None), strict=True))
    row = Row("accuracy", "w", "theirs", errors=(wide, {}), false_zeros=(17, None))
    line = accuracy.line(row)
    assert line == "  theirs             2.2   511   6e5   inf   17      -     -     -     -    -"
    close = Row(
        "accuracy", "w", "one", errors=(dict.fromkeys(accuracy.REGIONS, 1.0), {}), false_zeros=(1, None)
    )
    assert accuracy.closing([close]) == "one: at most 1.0 ulp, 1 false zero."
    assert accuracy.closing([row]) == "theirs: at most inf ulp, 17 false zeros."


def with_library(monkeypatch, library):
    monkeypatch.setattr(accuracy, "libraries", lambda settings: iter([library]))
    return {row.workload.partition(":")[0]: row for row in accuracy.rows(ALONE)}


def test_textbook_forms_show_where_they_fail(monkeypatch):
    def activation(name, z):
        if name not in textbook.TEXTBOOK:
            return None, None
        return tuple(form(z) for form in textbook.TEXTBOOK[name])

    def jacobian(z):
        p, q = textbook.softmax(z)
        return p * q, parts(-p[:, :, None] * p[:, None, :])[1]

    def softmax(z):
        return textbook.softmax(z)[0], textbook.log_softmax(z)

    rows = with_library(monkeypatch, Library("textbook", "peer", activation, softmax, jacobian))
    assert set(rows) == {*textbook.TEXTBOOK, "softmax", "J^soft"}
    sigmoid, tanh = rows["sigmoid"], rows["tanh"]
    assert (
        sigmoid.errors[0]["<= 10"] < 4 < 1e4 < sigmoid.errors[1]["<= 10"] < 1e5 < sigmoid.errors[1]["<= 40"]
    )
    assert tanh.errors[1]["<= 10"] > 1e7
    assert min(sigmoid.false_zeros[1], tanh.false_zeros[1], rows["J^soft"].false_zeros[0]) > 50
    assert rows["softmax"].errors[0]["tails"] > 100
    assert rows["softmax"].errors[1]["<= 40"] > 1e15


def test_an_answer_that_is_no_number_is_told_and_is_no_number_in_json(monkeypatch):
    rows = with_library(
        monkeypatch, Library("hole", "peer", lambda name, z: (np.where(z > 20, np.nan, z), None))
    )
    row = rows["leaky_relu"]
    assert row.errors[0]["<= 40"] is None
    assert row.errors[1] == {}
    json.dumps(row.errors, allow_nan=False)


def test_every_truth_is_compared_with_its_own_question(monkeypatch):
    """A library that returns the truth is 1/2 ulp out at most: no table is mistaken for another."""

    def activation(name, z):
        return tuple(load(name).truths[key].value for key in ("f", "f'"))

    def of(*keys):
        return lambda z, *rest: tuple(load(f"softmax {z.shape[-1]}").truths[key].value for key in keys)

    def jacobian(z):
        diagonal, off = of("p_i (1 - p_i)", "p_i p_k")(z)
        return diagonal, -off

    def cross_entropy(z, label):
        truths = load(f"softmax {z.shape[-1]}").truths
        row, places = truths["p"].value.copy(), (np.arange(len(z)), label)
        row[places] = -truths["1 - p"].value[places]
        return -truths["log p"].value[places], row

    def binary(z, t):
        return tuple(load("binary cross entropy").truths[key].value for key in ("loss", "row"))

    exact = Library("exact", "peer", activation, of("p", "log p"), jacobian, cross_entropy, binary)
    rows = with_library(monkeypatch, exact)
    assert len(rows) == len(activations.NAMES) - len(accuracy.EXACT) + 4
    for row in rows.values():
        for which in (0, 1):
            assert max(errors(row, which)) <= 0.5 + 2.0**-16
            assert row.false_zeros[which] == 0


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_peers_are_asked_for_what_the_columns_say(library, monkeypatch):
    """Where nothing saturates everybody is right to some ulp, so the questions are understood."""
    pytest.importorskip(library)
    monkeypatch.setattr(invitation, "_installed", lambda: (Peer(library, "1.2+cpu", {}),))
    ours, _, theirs, scipy = libraries(Settings())
    assert theirs.name == f"{library} 1.2"
    z, rows = np.linspace(-0.9, 0.9, 7) + 0.01, np.array([[0.1, -0.4, 0.7], [0.0, 0.5, 0.2]])
    for other in (theirs, scipy):
        pairs = [(ours.activation(name, z), other.activation(name, z)) for name in activations.NAMES]
        t = np.array([[1.0, 0.0, 0.25], [0.5, 1.0, 0.0]])
        for ask, *question in (
            ("softmax", rows),
            ("jacobian", rows),
            ("cross_entropy", rows, np.array([2, 0])),
            ("binary_cross_entropy", rows, t),
        ):
            pairs.append(tuple(getattr(who, ask)(*question) for who in (ours, other)))
        answered = 0
        for own, other_answers in pairs:
            for mine, answer in zip(own, other_answers, strict=True):
                if answer is not None:
                    assert answer.dtype == np.float64
                    np.testing.assert_allclose(answer, mine, rtol=1e-13)
                    answered += 1
        assert answered == (2 * 8 + 8 if other is theirs else 4 + 2 + 1)


def test_without_peers_nobody_else_is_asked(monkeypatch):
    monkeypatch.setattr(invitation, "_installed", lambda: pytest.fail("asked"))
    assert [library.name for library in libraries(ALONE)] == ["ours", "ours, in place"]
    monkeypatch.setattr(invitation, "_installed", lambda: (Peer("numba", "0.1", {}),))
    assert [library.role for library in libraries(Settings())] == ["ours", "ours", "peer"]
    assert set(accuracy_answers._PEERS) == {"torch", "jax"}


def test_the_command_takes_a_suite_by_its_name_and_writes_its_rows(tmp_path, capsys):
    file = tmp_path / "rows.json"
    assert main(["accuracy", "--no-peers", "--json", str(file)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1] == "accuracy: how many ulp from the truth, ours beside other libraries"
    assert out[-1].startswith("ours, in place: ")
    assert not set(LEGEND) & set(out)
    assert max(map(len, out)) <= 80
    whole = json.loads(file.read_text(encoding="utf-8"))
    (tanh,) = (r for r in whole["rows"] if (r["workload"], r["candidate"]) == ("tanh: f and f'", "ours"))
    assert tanh["false_zeros"] == [0, 0]
    assert tanh["errors"][1]["<= 10"] <= 4
    assert main(["accuracy", "nonsense"]) == 2
    assert capsys.readouterr().err.startswith("no suite 'nonsense'; there are: gradient, ")
