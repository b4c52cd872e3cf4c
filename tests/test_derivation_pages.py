"""What the derivations write for users: Markdown, LaTeX, the errata, and the check of a file of their own."""

import re
from functools import cache
from pathlib import Path

import pytest

from derivations import command
from derivations.catalogue import CHAPTERS, DERIVATIONS
from derivations.pages import errata, latex, markdown
from derivations.pages.latex import typeset, words
from derivations.proof.checker import Verdict, check
from derivations.proof.derivation import Printed

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "derivations" / "template.py"


@cache
def sample() -> dict[str, tuple[Verdict, ...]]:
    """The first two derivations of each chapter."""
    return {title: tuple(map(check, chapter[:2])) for title, chapter in CHAPTERS.items()}


# ---- a user's own file


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
    source = TEMPLATE.read_text(encoding="utf-8")
    assert right in source
    (tmp_path / "mine.py").write_text(source.replace(right, wrong), encoding="utf-8")
    assert command.main(["check", str(tmp_path / "mine.py")]) == 1
    assert re.search(said, capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("none.py", None, "none.py: no such file; copy derivations/template.py"),
        ("text.txt", "x = 1", "text.txt: not a Python file"),
        ("broken.py", "x = (1\n", "broken.py, line 1: '(' was never closed"),
        ("raises.py", "x = 1\ny = undefined\n", "raises.py, line 2: NameError: name 'undefined'"),
        ("empty.py", "x = 1\n", "empty.py: no tuple DERIVATIONS of Derivation objects"),
        ("other.py", "DERIVATIONS = (1,)\n", "other.py: no tuple DERIVATIONS of Derivation objects"),
        ("exits.py", "raise SystemExit(3)\n", "exits.py, line 1: SystemExit: 3"),
    ],
)
def test_a_file_that_cannot_be_checked_is_answered_in_one_line(tmp_path, capsys, name, source, said) -> None:
    if source is not None:
        (tmp_path / name).write_text(source, encoding="utf-8")
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


# ---- Markdown


def test_every_link_of_the_markdown_pages_leads_to_a_page() -> None:
    pages = markdown.pages(sample())
    pages["errata.md"] = "\n".join(errata.markdown([v for c in sample().values() for v in c], {}))
    assert len(pages) == 2 + sum(map(len, sample().values()))
    for text in pages.values():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert target in pages


def test_a_markdown_page_shows_steps_marks_and_counterexamples() -> None:
    page = markdown.pages({"": (check(DERIVATIONS[0]),)})[f"{DERIVATIONS[0].id}.md"]
    assert page.startswith(f"# {DERIVATIONS[0].title}\n")
    assert page.count("  ✓ =") == len(DERIVATIONS[0].steps)
    assert "| wrong sign | " in page
    assert " ≠ " in page


def test_pages_are_written_into_a_new_directory_and_a_file_in_the_way_is_named(tmp_path, capsys) -> None:
    target = tmp_path / "new" / "pages"
    assert command.main([DERIVATIONS[0].id, "--markdown", str(target), "--latex", str(target)]) == 0
    assert (target / "index.md").is_file()
    assert (target / "derivations.tex").is_file()
    capsys.readouterr()
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert command.main([DERIVATIONS[0].id, "--markdown", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


# ---- LaTeX


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("w_ik y_i", r"w_{ik}\, y_i"),
        ("z1(1-z1) w11", r"z_{1}(1-z_{1})\, w_{11}"),
        ("J_Sum^Z W^T", r"J_{Sum}^Z\, W^T"),
        ("J^soft", r"J^{soft}"),
        ("δ_jk f'(s_k)", r"\delta _{jk}\, f'(s_k)"),
        ("Σ_i w_ik", r"\sum_{i}\, w_{ik}"),
        ("Σ_i^0 w_ik", r"\sum_{i=0}\, w_{ik}"),
        ("w(l+1)_jk", r"w^{(l+1)}_{jk}"),
        ("2/3 (z1-t1)", r"\tfrac{2}{3}\, (z_{1}-t_{1})"),
        ("∂z_k/∂w_ij", r"\frac{\partial  z_k}{\partial  w_{ij}}"),
        ("J_W1^a1", r"J_{W_{1}}^{a_{1}}"),
        ("R(l)·J_W(l)^a(l)", r"R(l)\cdot J_{W(l)}^{a(l)}"),
        ("δ(l)_j", r"\delta ^{(l)}_j"),
        ("∂z(l)_j/∂z(l+1)_k", r"\frac{\partial  z^{(l)}_j}{\partial  z^{(l+1)}_k}"),
        ("∂(Y·W)/∂V", r"\frac{\partial  (Y\cdot W)}{\partial  V}"),
        ("exp(z_k)", r"\operatorname{exp}(z_k)"),
    ],
)
def test_text_is_typeset_as_on_a_slide(written: str, set_as: str) -> None:
    assert typeset(written) == set_as


def test_prose_keeps_its_words_and_sets_its_mathematics() -> None:
    assert words("the sum s_k = Σ_i y_i") == r"the sum $s_k$ = $\sum_{i}$ $y_i$"
    assert words("sympy's 100% & more") == r"sympy's 100\% \& more"


def test_the_document_is_balanced_and_free_of_signs_that_latex_does_not_know() -> None:
    files = latex.documents({title: tuple(map(check, chapter[:2])) for title, chapter in CHAPTERS.items()})
    for name, source in files.items():
        assert source.isascii(), (name, set(filter(lambda c: not c.isascii(), source)))
        braces = re.sub(r"\\[{}]", "", source)
        assert braces.count("{") == braces.count("}"), name
        assert source.count("$") % 2 == 0, name
        for environment in set(re.findall(r"\\begin\{(\w+)\}", source)):
            assert source.count(rf"\begin{{{environment}}}") == source.count(rf"\end{{{environment}}}")
        assert all(f"{target}.tex" in files for target in re.findall(r"\\input\{(\w+)\}", source))


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.id)
def test_every_statement_reason_and_title_can_be_set(d) -> None:
    for part in d.parts:
        lines = [typeset(part.statement), words(part.title), *map(words, part.assumptions)]
        lines += [words(step.reason) for step in part.steps]
        for line in lines:
            assert line.isascii(), line


# ---- the errata


def test_the_errata_say_what_is_printed_what_is_right_and_a_counterexample(capsys) -> None:
    assert command.main(["errata"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    misprints = [w for d in DERIVATIONS for p in d.parts for w in p.wrong if isinstance(w, Printed)]
    assert printed.count("  printed ") == len(misprints)
    assert printed.count("  refuted ") == len(misprints)
    assert "NOT REFUTED" not in printed
