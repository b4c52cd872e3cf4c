"""The command of the derivations: names, options, pipes, and a file that a user wrote."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from derivations import command, user_file
from derivations.catalogue import DERIVATIONS
from derivations.lookup import TOPICS, UnknownNameError, find
from derivations.pages.table import table, totals
from derivations.pages.terminal import page
from derivations.proof.checker import check
from derivations.validation import problem

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "derivations" / "template.py"
SOURCE = TEMPLATE.read_text(encoding="utf-8")
ONE = DERIVATIONS[0].id


# ---- names


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("J_soft", ["J_soft"]),
        ("j_SOFT", ["J_soft"]),
        ("J_YZ", ["J_YZ"]),
        ("J_Y_Z", ["J_Y_Z"]),
        ("softmax", ["J_soft"]),
        ("Cross Entropy", ["CE_row", "CE_soft"]),
        ("delta", ["delta_rule"]),
        ("delta_base", ["delta_rule"]),
        ("D-77", ["J_soft", "J_soft_diag"]),
        ("d-78", [d.id for d in DERIVATIONS if "D-78" in d.rows]),
        ("E-06", ["product_n", "product_d"]),
        ("E-14", ["E-14a", "E-14b"]),
        ("E-55", ["E-41"]),
    ],
)
def test_a_name_is_an_id_a_topic_a_part_a_printed_row_or_a_row(name: str, ids: list[str]) -> None:
    assert [d.id for d in find(name, DERIVATIONS)] == ids


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_no_id_and_names_derivations_that_exist(topic: str) -> None:
    assert {d.id for d in find(topic, DERIVATIONS)} == set(TOPICS[topic])


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("jsoft", "; did you mean J_soft, J_soft_sym?"),
        ("sigmiod", "; did you mean J_sigmoid, sig_mirror?"),
        ("cross-entropi", "; did you mean CE_soft, CE_row?"),
        ("qqqq", "."),
        ("", "."),
    ],
)
def test_an_unknown_name_is_answered_with_the_names_like_it(name: str, question: str) -> None:
    said = f'no derivation {name!r}{question} "python -m derivations" lists all {len(DERIVATIONS)}.'
    with pytest.raises(UnknownNameError, match=f"^{re.escape(said)}$"):
        find(name, DERIVATIONS)


def test_a_row_without_a_derivation_is_answered_with_the_reason() -> None:
    with pytest.raises(UnknownNameError, match=r"^E-04 has no derivation: a label printed twice"):
        find("e-04", DERIVATIONS)


def test_the_issues_own_example_is_printed_and_each_derivation_once(capsys) -> None:
    assert command.main(["softmax", "J_soft"]) == 0
    assert capsys.readouterr().out.count("[J_soft]") == 1


def test_pages_are_separated_by_a_blank_line(capsys) -> None:
    assert command.main(["E-06"]) == 0
    first, second = (page(check(d)) for d in find("E-06", DERIVATIONS))
    assert capsys.readouterr().out.splitlines() == [*first, "", *second]


# ---- pipes


@pytest.mark.parametrize("arguments", [["derivations", "J_soft"], ["derivations.cross_check"]])
def test_a_reader_who_goes_away_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(  # noqa: S603  # the project's own module
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


# ---- the table as it grows, and what is said when a claim is wrong


def test_a_row_is_printed_before_the_next_derivation_is_checked() -> None:
    derivations, reached = DERIVATIONS[1:4], []
    lines = table({"A chapter.": derivations}, (reached.append(d) or check(d) for d in derivations))
    assert [next(lines) for _ in range(3)][1:] == ["", "A chapter"]
    assert reached == []
    for number, d in enumerate(derivations, 1):
        assert re.match(rf"{d.id} .* holds$", next(lines))
        assert len(reached) == number


def failing(capsys, tmp_path: Path) -> str:
    """The page of a claim that lacks its factor 2."""
    source = SOURCE.replace("J_WZ = entry(2 *", "J_WZ = entry(1 *")
    assert command.main(["check", str(written(tmp_path, source))]) == 1
    return capsys.readouterr().out


def test_a_wrong_claim_is_not_shown_beside_its_variants(tmp_path, capsys) -> None:
    printed = failing(capsys, tmp_path)
    assert "  ✗ wrong sign\n      the value: " in printed
    assert "2 s_k y_i δ_jk ≠ " not in printed


def test_totals_count_the_scopes_of_what_holds(tmp_path, capsys) -> None:
    assert "0 of 1 derivations hold\n3 steps verified, " in failing(capsys, tmp_path)
    verdicts = [check(DERIVATIONS[1]), check(next(d for d in DERIVATIONS if d.id == "J_Y_Z"))]
    assert list(totals(verdicts))[:2] == ["2 of 2 derivations hold:", "1 for all sizes, 1 at fixed sizes"]
    assert next(totals([])) == "0 of 0 derivations hold"


def test_the_variants_are_headed_by_whether_each_is_refuted(tmp_path, capsys) -> None:
    assert command.main(["check", str(TEMPLATE)]) == 0
    assert "Wrong variants, each refuted:\n  ✗ wrong sign" in capsys.readouterr().out
    survives = SOURCE.replace("entry(2 * s[k] * y[i])", "J_WZ")
    assert command.main(["check", str(written(tmp_path, survives))]) == 1
    assert "Wrong variants of the last line:\n  ✗ wrong sign" in capsys.readouterr().out


# ---- options


def test_the_errata_are_written_as_a_page(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(
        command, "CHAPTERS", {"A chapter": find("E-14", DERIVATIONS) + find("D-33", DERIVATIONS)}
    )
    assert command.main(["errata", "--markdown", str(tmp_path / "new")]) == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["errata.md"]
    found = re.findall(r"^\| (E-\d+) \|", (tmp_path / "new" / "errata.md").read_text("utf-8"), re.MULTILINE)
    assert set(found) == {"E-06", "E-14"}
    assert capsys.readouterr().out == f"1 file in {tmp_path / 'new'}\n"


def test_pages_of_a_users_file_are_written_without_the_errata(tmp_path, capsys) -> None:
    target = tmp_path / "pages"
    assert command.main(["check", str(TEMPLATE), "--markdown", str(target), "--latex", str(target)]) == 0
    found = {path.name for path in target.iterdir()}
    assert found == {"index.md", "squares.md", "derivations.tex", "squares.tex"}
    assert "1 of 1 derivations hold" in capsys.readouterr().out


def test_a_users_wrong_variants_are_put_at_the_end(tmp_path, capsys) -> None:
    assert command.main(["check", str(TEMPLATE), "--sabotage"]) == 0
    assert capsys.readouterr().out.endswith("\n\n4 of 4 wrong variants refuted\n")
    survives = SOURCE.replace("entry(2 * s[k] * y[i])", "J_WZ")
    assert command.main(["check", str(written(tmp_path, survives)), "--sabotage"]) == 1
    assert "SURVIVES  squares: every output depends on w_ij" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["errata", ONE], f"errata: prints them all, and takes --markdown DIR only; got {ONE}"),
        (["errata", "--sabotage"], "errata: prints them all, and takes --markdown DIR only; got --sabotage"),
        (["errata", "--latex", "DIR"], "errata: prints them all, and takes --markdown DIR only; got --latex"),
        (["--sabotage", "--latex", "DIR"], "--sabotage: writes no pages; leave out --markdown and --latex"),
        ([ONE, "--markdown", "FILE"], "--markdown FILE: is a file, expected a directory"),
        ([ONE, "--latex", "FILE/sub"], "--latex FILE/sub: cannot be made: Not a directory"),
        ([ONE, "--markdown", "taken"], "--markdown taken: index.md: Is a directory"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(tmp_path, monkeypatch, capsys, arguments, said) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("", encoding="utf-8")
    Path("taken", "index.md").mkdir(parents=True)
    assert command.main(arguments) == 2
    assert capsys.readouterr().err == said + "\n"
    assert not Path("DIR").exists()


def test_progress_is_shown_at_a_terminal_and_nowhere_else(tmp_path, monkeypatch, capsys) -> None:
    arguments = ["--markdown", str(tmp_path)]
    monkeypatch.setattr(command, "CHAPTERS", {"A chapter": DERIVATIONS[1:3]})
    assert command.main(arguments) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert command.main(arguments) == 0
    assert capsys.readouterr().err == "\r1 of 2 checked\r2 of 2 checked\n"


# ---- a user's own file


def written(directory: Path, source: str | bytes, name: str = "mine.py") -> Path:
    path = directory / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


def test_the_template_is_a_derivation_that_holds(capsys) -> None:
    assert command.main(["check", str(TEMPLATE)]) == 0
    printed = capsys.readouterr().out
    assert "✓ = 2 s_k y_i δ_jk" in printed
    assert "1 of 1 derivations hold" in printed


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("2 * delta(j, k) * s[k]", "delta(j, k) * s[k]", "FAILS|step 3|conclusion: the value"),
        ("** 2\n\nDERIV", "** 3\n\nDERIV", "conclusion: the value"),
        ("entry(2 * s[k] * y[i])", "J_WZ", "survives: every output depends"),
    ],
)
def test_a_mistake_in_a_users_file_is_found(tmp_path, capsys, right, wrong, said) -> None:
    assert right in SOURCE
    assert command.main(["check", str(written(tmp_path, SOURCE.replace(right, wrong)))]) == 1
    assert re.search(said, capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("none.py", None, "none.py: no such file; copy derivations/template.py"),
        ("text.txt", "x = 1", "text.txt: not a Python file"),
        ("broken.py", "x = (1\n", "broken.py, line 1: '(' was never closed"),
        ("raises.py", "x = 1\ny = undefined\n", "raises.py, line 2: NameError: name 'undefined'"),
        ("empty.py", "x = 1\n", "empty.py: no tuple DERIVATIONS of Derivation objects"),
        ("other.py", "DERIVATIONS = ('x',)\n", "other.py: DERIVATIONS: entry 1 is a str, no Derivation"),
        ("list.py", "DERIVATIONS = ['x']\n", "list.py: DERIVATIONS is a list; write (Derivation(...),)"),
        ("none.py", "DERIVATIONS = ()\n", "none.py: DERIVATIONS is an empty tuple; write (Derivation(...),)"),
        ("bare.py", SOURCE + "\n(DERIVATIONS,) = DERIVATIONS\n", "bare.py: DERIVATIONS lacks a comma; write"),
        ("nul.py", b"x = 1\0\n", "nul.py: not UTF-8 text; save it as UTF-8"),
        ("utf16.py", "x = 1\n".encode("utf-16"), "utf16.py: not UTF-8 text; save it as UTF-8"),
        ("exits.py", "raise SystemExit(3)\n", "exits.py, line 1: SystemExit: 3"),
    ],
)
def test_a_file_that_cannot_be_checked_is_answered_in_one_line(tmp_path, capsys, name, source, said) -> None:
    if source is not None:
        written(tmp_path, source, name)
    assert command.main(["check", str(tmp_path / name)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_check_without_a_file_and_with_a_directory(tmp_path, capsys) -> None:
    assert command.main(["check"]) == 2
    assert "no file given" in capsys.readouterr().err
    assert command.main(["check", str(tmp_path)]) == 2
    assert "no such file" in capsys.readouterr().err


STEPS = SOURCE[SOURCE.index("chain(\n") : SOURCE.index("        truth=")]
TRUTH = "Truth(sp.Array(EXPLICIT_Z), sp.Array(w[i, j]))"
WRONG = SOURCE[SOURCE.index("wrong=(") : SOURCE.index("    ),\n)\n")]
REASON = "the delta picks one term"


@pytest.mark.parametrize(
    ("right", "mistaken", "said"),
    [
        ('id="squares"', 'id=""', "so only letters, digits, _ and -; got ''"),
        ('id="squares"', 'id="../x"', "so only letters, digits, _ and -; got '../x'"),
        ('id="squares"', 'id="index"', "id: 'index' is the name of another page; choose another id"),
        ('sizes="n, m"', "sizes=3", "sizes: expected one line of text; got 3"),
        ('title="The', 'title="The\\n', r"title: expected one line of text; got 'The\n outputs"),
        (
            'δ_jk s_k y_i"',
            'δ_jk s_k y_i" + 60 * "x"',
            "statement: expected at most 80 characters, one line; got 89",
        ),
        ("rows=()", 'rows="E-22"', "rows: expected a tuple of texts; got one text: add a comma"),
        ("rows=()", 'rows=["E-22"]', "rows: expected a tuple of texts; got list"),
        ("rows=()", "rows=(22,)", "rows: expected a tuple of texts; entry 1 is of type int"),
        ('one case",)', 'one case")', "assumptions: expected a tuple of texts; got one text: add a comma"),
        (
            'scope="all sizes"',
            'scope="everything"',
            """scope: expected "fixed", "all sizes" or "all depths"; got 'everything'""",
        ),
        ("where=LAYER", "where={s: 3}", "where: a key is a letter such as s[k]; got s, of type IndexedBase"),
        (
            "where=LAYER",
            "where={s[k]: 3}",
            "where: the definition of s[k] is no expression of sympy; got int",
        ),
        ("where=LAYER", "where=3", "where: expected {letter: definition}; got int"),
        (STEPS, "(),\n", 'steps is empty; give chain(start, ("reason", next), ...)'),
        (STEPS, "chain(J_WZ),\n", 'steps is empty; give chain(start, ("reason", next), ...)'),
        (STEPS, "[],\n", 'steps: got list; give chain(start, ("reason", next), ...)'),
        (
            f'("{REASON}", J_WZ)',
            '(J_WZ, "x")',
            'step 3: the reason is a text; got Entries; give chain(start, ("',
        ),
        (f'("{REASON}", J_WZ)', '("x", s[k])', "step 3: expected a formula such as entry(...); got Indexed"),
        ("sp.Array(EXPLICIT_Z)", "EXPLICIT_Z", "both sympy Arrays; got Pow"),
        ("sp.Array(w[i, j])", "w[i, j]", "both sympy Arrays; got Indexed"),
        (TRUTH, "Truth(J_WZ, J_WZ)", "both sympy Arrays; got Entries"),
        (TRUTH, "J_WZ", "truth: expected Truth(sp.Array(f), sp.Array(x)), both sympy Arrays; got Entries"),
        (TRUTH, "Explicit(J_WZ)", "truth: expected Explicit(sp.Array(f)); got Entries"),
        (
            "sp.Array(w[i, j])",
            "sp.Array(2 * w[i, j])",
            "truth: a derivative is taken by letters such as w[i, j]; got 2*w[i, j]",
        ),
        (
            "sp.Array(w[i, j]))",
            'sp.Array(w[i, j]), "both")',
            """truth: the layout is "numerator" or "denominator"; got 'both'""",
        ),
        (WRONG, "wrong=(),\n", "wrong is empty; name at least one mistake that must be refuted, such as neg"),
        (WRONG, "wrong=negated(J_WZ),\n", "wrong: expected a tuple of Wrong; got one Wrong: add a comma"),
        (
            '"every output depends on w_ij", entry(2 * s[k] * y[i])',
            '"", J_WZ',
            "wrong: a mistake has a name; got ''",
        ),
        (
            "entry(2 * s[k] * y[i])",
            "2 * s[k] * y[i]",
            "w_ij': expected a formula such as entry(...); got Mul",
        ),
        (
            "entry(2 * s[k] * y[i])",
            "Entries(y[i])",
            "Entries holds a sympy Array; got Indexed; use entry(...)",
        ),
        ("where=LAYER", "where=LAYER, lemmas=3", "lemmas: expected a tuple of Derivation; got int"),
    ],
)
def test_a_derivation_that_cannot_be_checked_is_answered_in_a_sentence(
    tmp_path, capsys, right, mistaken, said
) -> None:
    assert right in SOURCE
    source = SOURCE.replace("    Derivation,", "    Derivation, Entries, Explicit,", 1)
    path = written(tmp_path, source.replace(right, mistaken, 1))
    assert command.main(["check", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"{path}, derivation '")
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.id)
def test_no_derivation_of_the_table_is_amiss(d) -> None:
    assert problem(d) is None


def test_a_lemma_is_looked_at_too(tmp_path, capsys) -> None:
    source = SOURCE + "\nfrom dataclasses import replace\n(d,) = DERIVATIONS\n"
    source += 'DERIVATIONS = (replace(d, lemmas=(replace(d, id="base", wrong=()),)),)\n'
    assert command.main(["check", str(written(tmp_path, source))]) == 2
    assert "derivation 'squares': lemma 'base': wrong is empty; name" in capsys.readouterr().err


def test_an_id_is_given_once_in_a_file_and_once_in_all_files(tmp_path, capsys) -> None:
    path = written(tmp_path, SOURCE + "\nDERIVATIONS += DERIVATIONS\n")
    assert command.main(["check", str(path)]) == 2
    assert f"{path}: two derivations with the id 'squares'; pages" in capsys.readouterr().err
    assert command.main(["check", str(TEMPLATE), str(written(tmp_path, SOURCE))]) == 2
    assert "check: two files have a derivation 'squares'; pages" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("right", "mistaken", "said"),
    [
        (
            "J_WZ = entry(2 * delta(j, k) * s[k] * y[i])",
            "J_WZ = 2 * delta(j, k) * s[k] * y[i]",
            "AttributeError: 'Mul' object has no attribute 'array'; wrap the formula in entry(...)",
        ),
        ("negated(J_WZ)", "negated(entry(J_WZ))", "it is a formula already, and needs no entry(...)"),
        (
            'i, a = index("i", n), index("a", n)',
            'i, a = sp.symbols("i a")',
            """AttributeError: 'Symbol' object has no attribute 'lower'; make indices with index("i", n)""",
        ),
        ("w[i, k], i)", 'w[i, k], "i")', 'make indices with index("i", n)'),
        (f'("{REASON}", J_WZ)', "J_WZ", 'each step is ("reason", formula)'),
        (f'("{REASON}", J_WZ)', '("a", J_WZ, "b")', 'each step is ("reason", formula)'),
    ],
)
def test_a_common_slip_is_answered_with_its_remedy(tmp_path, capsys, right, mistaken, said) -> None:
    assert right in SOURCE
    path = written(tmp_path, SOURCE.replace(right, mistaken))
    assert command.main(["check", str(path)]) == 2
    assert re.search(rf"^{re.escape(str(path))}, line \d+: .*{re.escape(said)}\n$", capsys.readouterr().err)


def test_what_the_checker_has_no_rule_for_is_named(monkeypatch, capsys) -> None:
    monkeypatch.setattr(user_file, "check", lambda _: SimpleNamespace().missing)
    assert command.main(["check", str(TEMPLATE)]) == 2
    assert "derivation 'squares' cannot be checked: AttributeError: " in capsys.readouterr().err
