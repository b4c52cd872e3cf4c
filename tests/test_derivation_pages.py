"""What the derivations write for users: Markdown, LaTeX, and the errata."""

import re
from dataclasses import replace
from functools import cache

import pytest
import sympy as sp

from derivations import command
from derivations.catalogue import CHAPTERS, DERIVATIONS
from derivations.errata import LEFT_OUT
from derivations.pages import errata, latex, markdown
from derivations.pages.typesetting import sentence, typeset, words
from derivations.proof.checker import Refutation, Verdict, check
from derivations.proof.derivation import Derivation, Printed
from derivations.proof.formula import Dot, Letter, Transpose


@cache
def sample() -> dict[str, tuple[Verdict, ...]]:
    """The first two derivations of each chapter."""
    return {title: tuple(map(check, chapter[:2])) for title, chapter in CHAPTERS.items()}


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
        ("z1(1-z1) w11", r"z_1(1-z_1)\, w_{11}"),
        ("z1(1-z1) w_j1", r"z_1(1-z_1)\, w_{j1}"),
        ("J_Sum^Z W^T", r"J_{\mathrm{Sum}}^Z\, W^T"),
        ("J^soft", r"J^{\mathrm{soft}}"),
        ("J^_W^Z[i,k]", r"\hat J_W^Z[i,k]"),
        ("δ_jk f'(s_k)", r"\delta _{jk}\, f'(s_k)"),
        ("Σ_i w_ik", r"\sum_{i}\, w_{ik}"),
        ("Σ_i^0 w_ik", r"\sum_{i=0}\, w_{ik}"),
        ("p_k Σ_q≠k p_q", r"p_k\, \sum_{q\neq k}\, p_q"),
        ("w(l+1)_jk", r"w_{jk}^{(l+1)}"),
        ("w(1)_11^2", r"(w_{11}^{(1)})^2"),
        ("2/3 (z1-t1)", r"\tfrac{2}{3}\, (z_1-t_1)"),
        ("(1+e)^(1/2)", r"(1+e)^{1/2}"),
        ("e^(beta u)", r"e^{\beta \, u}"),
        ("e^-z_k", r"e^{-z_k}"),
        ("5.2e+06", r"5.2 \cdot 10^{6}"),
        ("∂z_k/∂w_ij", r"\frac{\partial z_k}{\partial w_{ij}}"),
        ("∂²L/∂s_k∂s_q", r"\frac{\partial ^2L}{\partial s_k \partial s_q}"),
        ("J_W1^a1", r"J_{W_1}^{a_1}"),
        ("R(l)·J_W(l)^a(l)", r"R(l)\cdot J_{W(l)}^{a(l)}"),
        ("δ(l)_j", r"\delta _j^{(l)}"),
        ("δ(-2)_[1+]^T", r"(\delta _{[1+]}^{(-2)})^T"),
        ("∂z(l)_j/∂z(l+1)_k", r"\frac{\partial z_j^{(l)}}{\partial z_k^{(l+1)}}"),
        ("∂(Y·W)/∂V", r"\frac{\partial (Y\cdot W)}{\partial V}"),
        ("exp(z_k)", r"\operatorname{exp}(z_k)"),
        ("z⁺_i", r"z_i^+"),
        ("f_N'(z)^2", r"f_N'(z)^2"),
    ],
)
def test_text_is_typeset_as_on_a_slide(written: str, set_as: str) -> None:
    assert re.sub(" +", " ", typeset(written)) == set_as


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("the sum s_k = Σ_i y_i", r"the sum $s_k = \sum_{i}\, y_i$"),
        ("sympy's 100% & more", r"sympy's 100\% \& more"),
        ("as derived in mse_J_ZL, J_log_soft", r"as derived in \texttt{mse\_J\_ZL}, \texttt{J\_log\_soft}"),
        ("a is sigma(z), a number", r"$a$ is $\sigma (z)$, a number"),
        ("A is 2-3-2 or 2 x 3", r"$A$ is 2-3-2 or $2 \times 3$"),
        ("the value: 4.5e-13 ≠ 0.2", r"the value: $4.5 \cdot 10^{-13} \neq 0.2$"),
        ("A layer where p_k > 0", r"A layer where $p_k > 0$"),
    ],
)
def test_prose_keeps_its_words_and_sets_its_mathematics(written: str, set_as: str) -> None:
    assert re.sub(" +", " ", words(written)) == set_as


def test_an_assumption_is_a_sentence() -> None:
    assert sentence("the weights are new") == "The weights are new."
    assert sentence("z is the output; one case") == "$z$ is the output; one case."


def test_a_product_keeps_the_brackets_of_its_order() -> None:
    a, b, c = (Letter(name, sp.Array([[1]])) for name in "ABC")
    assert latex.latex(Dot(a, Dot(b, c))) == r"A \cdot \left(B \cdot C\right)"
    assert latex.latex(Dot(Dot(a, b), c)) == r"A \cdot B \cdot C"
    assert latex.latex(Transpose(Dot(a, b))) == r"\left(A \cdot B\right)^{\mathsf T}"


def test_a_page_is_complete_and_a_lemma_stands_below_its_derivation() -> None:
    verdict = next(unchecked(d) for d in DERIVATIONS if d.id == "chain_loss")
    page = latex.documents({"": (verdict,)})["chain_loss.tex"]
    assert page.startswith(rf"\subsection{{{words(verdict.derivation.title)}}}")
    assert page.count(r"\subsubsection") == len(verdict.parts) - 1
    assert page.count(r"\step{") == verdict.steps
    assert page.count("Definitions:") == len(verdict.parts)
    for part in verdict.parts:
        assert latex.name(part.derivation.id) in page
        assert all(rf"\item \emph{{{words(wrong.name)}}}" in page for wrong in part.derivation.wrong)


def unchecked(derivation: Derivation) -> Verdict:
    """The verdict's shape, for what does not depend on the outcome."""
    wrong = tuple(Refutation(variant, None) for variant in derivation.wrong)
    lemmas = tuple(map(unchecked, derivation.lemmas))
    return Verdict(derivation, (None,) * len(derivation.steps), (), wrong, lemmas, 0.0)


def double_scripts(source: str) -> list[str]:
    """Where LaTeX would find a second subscript or superscript on one letter, or a script of a script."""
    found = []
    source = re.sub(r"\\[{}_^]|\\input\{\S+\}", "?", source)
    while True:
        found += re.findall(r"[_^]\s*(?:[_^}]|$)", source, re.MULTILINE)
        for scripts in re.findall(
            r"(?:'|[_^](?:@|\\[A-Za-z]+|[^\s\\]))(?:\s*(?:'|[_^](?:@|\\[A-Za-z]+|\S)))+", source
        ):
            marks = re.sub(r"[_^](?:@|\\[A-Za-z]+|.)", lambda mark: mark[0][0], scripts).replace(" ", "")
            if marks.count("_") > 1 or marks.count("^") > 1 or "^'" in marks or "^_'" in marks:
                found.append(scripts)
        inner = re.sub(r"\{[^{}]*\}", "@", source)
        if inner == source:
            return found
        source = inner


@pytest.mark.parametrize(
    "source", ["J_{a}_{b}", "J^_W^Z", "a^2^3", "a_i^2_j", "f^2'", r"\frac{a_1_2}{b}", "{a_}"]
)
def test_double_scripts_are_found(source: str) -> None:
    assert double_scripts(source)


@pytest.mark.parametrize(
    "source", ["J_{a}^{b}", "f'^2", "(a_1^2)^2", r"\texttt{a\_b\_c}", "a_i b_j", r"\sum_{i} a_i"]
)
def test_single_scripts_are_left_alone(source: str) -> None:
    assert not double_scripts(source)


@pytest.mark.parametrize(("title", "chapter"), CHAPTERS.items(), ids=range(len(CHAPTERS)))
def test_every_page_is_balanced_and_free_of_what_latex_does_not_know(title, chapter) -> None:
    files = latex.documents({title: tuple(map(unchecked, chapter))})
    for name, source in files.items():
        assert source.isascii(), (name, set(filter(lambda c: not c.isascii(), source)))
        assert not double_scripts(source.partition(r"\begin{document}")[2] or source), name
        braces = re.sub(r"\\[{}]", "", source)
        assert braces.count("{") == braces.count("}"), name
        assert source.count("$") % 2 == 0, name
        for environment in set(re.findall(r"\\begin\{(\w+)\}", source)):
            assert source.count(rf"\begin{{{environment}}}") == source.count(rf"\end{{{environment}}}")
        assert all(f"{target}.tex" in files for target in re.findall(r"\\input\{([^#}]+)\}", source))


def test_counterexamples_can_be_set() -> None:
    for name, source in latex.documents(sample()).items():
        assert source.isascii(), name
        assert not double_scripts(source.partition(r"\begin{document}")[2] or source), name
        assert "survives" not in source


# ---- the errata


def test_the_errata_say_what_is_printed_what_is_right_and_a_counterexample(capsys) -> None:
    assert command.main(["errata"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    misprints = [w for d in DERIVATIONS for p in d.parts for w in p.wrong if isinstance(w, Printed)]
    assert printed.count("  printed ") == len(misprints)
    assert printed.count("  refuted ") == len(misprints)
    assert printed.count("  read as ") == sum(bool(w.reading) for w in misprints) > 10
    assert "NOT REFUTED" not in printed


def test_a_sentence_that_is_refuted_says_which_formula_it_is_taken_for() -> None:
    for derivation in DERIVATIONS:
        for wrong in (w for part in derivation.parts for w in part.wrong if isinstance(w, Printed)):
            is_formula = re.search(r"[=/^]|<-|log", wrong.words)
            assert is_formula or wrong.reading, (derivation.id, wrong.words)


def test_the_reading_of_a_sentence_is_on_both_pages() -> None:
    shown, plain = (
        Printed("as printed", DERIVATIONS[0].steps[0].lhs, "E-01", "a line", "some words", reading)
        for reading in ("f' = 1", "")
    )
    for wrong, said in ((shown, 1), (plain, 0)):
        verdict = check(replace(DERIVATIONS[0], wrong=(wrong,)))
        assert "\n".join(errata.page([verdict], {})).count("  read as  f' = 1") == said
        assert "\n".join(errata.markdown([verdict], {})).count("| `some words`, read as `f' = 1` |") == said


def test_the_notes_are_not_said_to_be_wrong_where_they_are_right() -> None:
    refuted = {w.row for d in DERIVATIONS for p in d.parts for w in p.wrong if isinstance(w, Printed)}
    settled = {row for d in DERIVATIONS for part in d.parts for row in part.rows}
    derived = {row for row in LEFT_OUT if row in settled}
    assert derived == {"E-03", "E-15", "E-16", "E-18", "E-28", "E-29", "E-44", "E-52"}
    assert not refuted & derived
    for row in derived:
        assert row in LEFT_OUT[row], row  # the reason names the derivation
