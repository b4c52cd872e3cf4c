"""The suite `accuracy` of the benchmarks: right about ours, about others, and readable."""

import json

import numpy as np
import pytest

from benchmarks import accuracy, accuracy_answers, accuracy_shown, invitation
from benchmarks.accuracy_answers import Library, libraries, parts
from benchmarks.accuracy_shown import BESIDE, FLUSHES, closing, line
from benchmarks.accuracy_tables import Truth, absolute_error, load, near_zero
from benchmarks.catalogue import SUITES
from benchmarks.command import main
from benchmarks.peers import Peer
from benchmarks.report import LEGEND, header, table
from benchmarks.suite import Row, Settings
from jacobprop import activations

from . import textbook
from .promises import IN_PLACE, NEAR_ZERO, SOFTMAX, promised

ALONE = Settings(peers=False)


def errors(row, which):
    return row.errors[which].values()


def test_ours_keep_the_promise_in_every_region_and_have_no_false_zero():
    rows = list(accuracy.rows(ALONE))
    titles = [f"{name}: f and f'" for name in activations.NAMES if name not in accuracy.EXACT]
    assert [row.workload for row in rows if row.candidate == "ours"][: len(titles)] == titles
    assert {row.candidate for row in rows} == {"ours", "ours, in place"}
    beside = [row for row in rows if row.workload == BESIDE]
    assert [row.candidate for row in beside] == ["ours", "ours, in place"]
    for row in beside:
        assert 0 < max(each["near"] for each in row.errors) <= accuracy_shown.PROMISED
    assert accuracy_shown.PROMISED * 2.0**-53 == NEAR_ZERO
    for row in (row for row in rows if row.workload != BESIDE):
        name = row.workload.partition(":")[0]
        for which in (0, 1):
            own = promised(name, which) if name in activations.NAMES else SOFTMAX
            limit = own if row.candidate == "ours" else IN_PLACE
            assert list(row.errors[which]) == list(accuracy.REGIONS)
            assert max(errors(row, which)) <= limit
            assert row.false_zeros[which] == 0
    assert {max(errors(row, 0)) > 0 for row in rows} == {True}
    assert {(row.dtype, row.label) for row in rows} == {("float64", "")}


def test_the_table_is_narrow_and_closes_with_a_line_for_everybody():
    suite, kept = SUITES["accuracy"], []
    lines = [*header("accuracy", suite), *table(suite.rows(ALONE), kept, suite.shown)]
    assert len(lines) == 4 + len(kept) + len({row.workload for row in kept})
    *said, last = suite.closing(kept).split("\n")
    assert [each.partition(":")[0] for each in said] == ["ours", "ours, in place"]
    assert all(each.endswith(" ulp, 0 false zeros.") for each in said)
    assert last.startswith("Around the zeros of silu' and gelu': ours ")
    assert last.endswith(" * 2^-53 at most (promised: 4).")
    said.append(last)
    assert "ulp of float64" in lines[1]
    assert any(
        each.startswith("silu' and gelu' within 1/2 of a zero (left out above), abs") for each in lines
    )
    assert max(map(len, lines + said)) <= 80
    assert suite.closing([]) == "Nothing was compared."


def test_a_row_reads_region_by_region():
    wide = dict(zip(accuracy.REGIONS, (2.25, 511.4, 6.1e5, None), strict=True))
    row = Row("accuracy", "w", "theirs", errors=(wide, {}), false_zeros=(17, None))
    assert line(row) == "  theirs             2.2   511   6e5   inf   17      -     -     -     -    -"
    close = Row(
        "accuracy", "w", "one", errors=(dict.fromkeys(accuracy.REGIONS, 1.0), {}), false_zeros=(1, None)
    )
    assert closing([close]) == "one: at most 1.0 ulp, 1 false zero."
    assert closing([row]) == "theirs: at most inf ulp, 17 false zeros."


def a_row(candidate, role, first, second=0.5, **more):
    """One library on gelu, with one error of f everywhere and one of f'."""
    halves = tuple(dict.fromkeys(accuracy.REGIONS, each) for each in (first, second))
    title = more.pop("workload", "gelu: f and f'")
    return Row(
        "accuracy", title, candidate, role=role, errors=more.pop("errors", halves), false_zeros=(0, 0), **more
    )


def test_what_a_peer_does_twice_as_well_is_said():
    ours, near = a_row("ours", "ours", 5.1, 3.0), a_row("near", "peer", 2.6, 1.6)
    assert closing([ours, near]).count("Beaten") == 0
    said = closing([ours, near, a_row("close", "peer", 2.5, 1.6)]).split("\n")
    assert said[3:] == [
        f"Beaten twofold: gelu f, {region}: 5.1 against 2.5 of close." for region in accuracy.REGIONS
    ]
    assert "f', tails: 3.0 against 1.4" in closing([ours, near, a_row("close", "peer", 2.6, 1.4)])
    assert "Beaten twofold: gelu f, <= 1: inf against 2.6" in closing([a_row("ours", "ours", None), near])
    assert "Beaten" not in closing([a_row("ours", "ours", 0.9), a_row("exact", "peer", 0.0)])
    assert "Beaten" not in closing([ours, a_row("none", "peer", None, None)])
    assert "Beaten" not in closing([ours, a_row("tanh", "peer", 0.1, workload="tanh: f and f'")])


def test_around_a_zero_the_error_is_absolute_and_no_ulp():
    row = a_row("ours", "ours", 0, workload=BESIDE, errors=({"near": 0.25}, {"near": 3.5}))
    assert line(row) == "  ours               silu'  0.2   gelu'  3.5"
    assert closing([row]) == "Around the zeros of silu' and gelu': ours 3.5 * 2^-53 at most (promised: 4)."
    lost = a_row("ours, in place", "ours", 0, workload=BESIDE, errors=({}, {"near": None}))
    assert line(lost) == "  ours, in place     silu'    -   gelu'  inf"
    assert "ours inf * 2^-53" in closing([row, lost])
    assert "Around" not in closing([a_row("theirs", "peer", 0, workload=BESIDE, errors=row.errors)] * 2)


def test_an_absolute_error_counts_the_rest_of_the_truth():
    truth = Truth(np.array([0.0, 1.0, 0.75]), np.array([0, 2**14, -(2**15)]))
    got = np.array([2.0**-53, 1.0, np.nan])
    assert absolute_error(got, truth).tolist() == [2.0**-53, 2.0**-54, np.inf]


def test_a_slope_that_is_off_beside_its_zero_is_seen(monkeypatch):
    """By 2^-50 at the points left out of the table in ulp, and there alone."""

    def activation(name, z):
        f, slope = (load(name).truths[key].value for key in ("f", "f'"))
        return f, slope + np.where(near_zero(name, 1, z), 2.0**-50, 0)

    rows = with_library(monkeypatch, Library("off", "ours", activation))
    for each in rows[BESIDE].errors:
        assert 7.5 < each["near"] < 8.5
    assert max(errors(rows["silu"], 1)) <= 0.5 + 2.0**-16
    hole = Library("hole", "peer", lambda name, z: (None, np.full_like(z, np.nan)))
    assert with_library(monkeypatch, hole)[BESIDE].errors == ({"near": None}, {"near": None})


def test_the_slope_at_the_kink_is_a_convention(monkeypatch):
    def activation(name, z):
        f, slope = (load(name).truths[key].value for key in ("f", "f'"))
        return f, np.where(z == 0, 1.0, slope) if name == "leaky_relu" else slope

    assert 0.0 in load("leaky_relu").inputs["z"]
    rows = with_library(monkeypatch, Library("right", "peer", activation))
    assert max(errors(rows["leaky_relu"], 1)) <= 0.5 + 2.0**-16


def test_arithmetic_that_flushes_subnormals_is_found_by_trying(monkeypatch):
    def flushed(z):
        return np.where(np.abs(z) / 2 < np.finfo(float).tiny, 0.0, z / 2)

    def nothing(name, z):
        return (z, None) if name == "tanh" else (None, None)

    rows = with_library(monkeypatch, Library("flat", "peer", nothing, halved=flushed))
    assert rows["tanh"].label == FLUSHES
    assert closing(list(rows.values())).split("\n")[1:] == [
        "flat takes subnormals for 0 (1e-310 / 2 is 0 there): part of its",
        "  tails, and leaky_relu' at <= 1, the other slope where z < 0 is subnormal.",
    ]
    assert with_library(monkeypatch, Library("gradual", "peer", nothing))["tanh"].label == ""


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_peers_flushing_is_that_of_its_own_arithmetic(library, monkeypatch):
    """Whoever halves 1e-310 to 0 is off at leaky_relu' of negative subnormals too, if at all."""
    pytest.importorskip(library)
    monkeypatch.setattr(invitation, "_installed", lambda: (Peer(library, "1.2+cpu", {}),))
    theirs = next(each for each in libraries(Settings()) if each.name.startswith(library))
    assert theirs.halved(np.array([3.0])).tolist() == [1.5]
    slope = theirs.activation("leaky_relu", np.array([-1e-310]))[1]
    assert theirs.label == (FLUSHES if slope[0] == 1 else "")


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
    assert set(rows) - {BESIDE} == {*textbook.TEXTBOOK, "softmax", "J^soft"}
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
    assert len(rows) == len(activations.NAMES) - len(accuracy.EXACT) + 4 + 1
    assert max(each["near"] for each in rows.pop(BESIDE).errors) <= 0.5
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
    assert out[-1].startswith("Around the zeros of silu' and gelu': ours ")
    assert not set(LEGEND) & set(out)
    assert max(map(len, out)) <= 80
    whole = json.loads(file.read_text(encoding="utf-8"))
    (tanh,) = (r for r in whole["rows"] if (r["workload"], r["candidate"]) == ("tanh: f and f'", "ours"))
    assert tanh["false_zeros"] == [0, 0]
    assert tanh["errors"][1]["<= 10"] <= 4
    assert main(["accuracy", "nonsense"]) == 2
    assert capsys.readouterr().err.startswith("no suite 'nonsense'; there are: gradient, ")
