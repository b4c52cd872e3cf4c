"""The derivations as a LaTeX document: every page is typeset from the very text that was verified."""

from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch

import sympy as sp

from ..proof.arrays import entries
from ..proof.checker import Refutation, Verdict
from ..proof.formula import Dot, Einsum, Entries, Formula, Inner, Plus, Times, Transpose
from ..proof.notation import text
from .table import Chapters, chapter_heading
from .terminal import defined_letters
from .typesetting import name, sentence, typeset, words

CHARACTERS = 150
"""How long a line of text is that fills a line of the page."""

PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,amssymb,graphicx}
\usepackage[margin=25mm]{geometry}
\title{Every formula proved}
\author{}
\date{}
\setlength{\parindent}{0pt}
\setlength{\emergencystretch}{10em}
\setcounter{tocdepth}{2}
\newsavebox{\formula}
\newsavebox{\reason}
\newcommand{\fit}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{#1}}
\newcommand{\claim}[1]{\par\medskip\fit{$\displaystyle #1$}}
\newcommand{\step}[2]{\par\smallskip
  \sbox{\formula}{$\displaystyle\qquad = \; #2$}\sbox{\reason}{\small(#1)}%
  \ifdim\dimexpr\wd\formula+\wd\reason+1em<\linewidth
    \usebox{\formula}\hfill\usebox{\reason}%
  \else
    \fit{\usebox{\formula}}\par\nopagebreak{\raggedleft\small(#1)\par}%
  \fi}
\newenvironment{points}
  {\begin{list}{\textbullet}{\topsep=2pt\partopsep=0pt\itemsep=0pt\parsep=0pt\leftmargin=2em}\raggedright}
  {\end{list}}
\renewcommand{\arraystretch}{1.3}
\makeatletter\@beginparpenalty=10000\makeatother
\begin{document}
\maketitle
\tableofcontents
"""


def documents(chapters: Chapters) -> dict[str, str]:
    """A file for each derivation, and ``derivations.tex`` that inputs them all."""
    inputs = []
    files = {}
    for title, chapter in chapters.items():
        inputs.append(rf"\section{{{words(chapter_heading(title))}}}")
        for verdict in chapter:
            page = verdict.derivation.id
            files[f"{page}.tex"] = "\n".join(_section(verdict)) + "\n"
            inputs.append(rf"\input{{{page}}}")
    return {"derivations.tex": PREAMBLE + "\n".join(inputs) + "\n\\end{document}\n", **files}


@singledispatch
def latex(formula: Formula) -> str:
    """A formula in LaTeX; what has no rule of its own is set from its one line of text."""
    return typeset(str(formula))


@latex.register
def _(formula: Entries) -> str:
    listing = formula.block()
    widest = max(sum(len(text(entry)) for entry in entries(row)) for row in _rows(formula.array))
    return matrix(formula.array) if widest <= CHARACTERS else lines(listing)


@latex.register
def _(formula: Dot) -> str:
    return (
        rf"{_bracketed(formula.a, Plus, Inner, Times)} \cdot {_bracketed(formula.b, Plus, Dot, Inner, Times)}"
    )


@latex.register
def _(formula: Inner) -> str:
    return rf"{_bracketed(formula.a, Plus, Times)} \bullet {_bracketed(formula.b, Plus, Dot, Inner)}"


@latex.register
def _(formula: Plus) -> str:
    return f"{latex(formula.a)} + {latex(formula.b)}"


@latex.register
def _(formula: Times) -> str:
    return rf"{typeset(text(formula.scalar))} \times {_bracketed(formula.a, Plus)}"


@latex.register
def _(formula: Transpose) -> str:
    bare = isinstance(formula.a, Entries) or str(formula.a).isalpha()
    inside = latex(formula.a) if bare else rf"\left({latex(formula.a)}\right)"
    if formula.axes == (1, 0):
        return rf"{inside}^{{\mathsf T}}"
    return rf"{inside} \;\text{{with its axes reordered to }} {formula.axes}"


@latex.register
def _(formula: Einsum) -> str:
    subscripts = formula.subscripts.replace("->", r"\to ")
    return rf"\operatorname{{einsum}}\left({subscripts}:\; {latex(formula.a)},\; {latex(formula.b)}\right)"


def _bracketed(formula: Formula, *kinds: type[Formula]) -> str:
    inside = latex(formula)
    return rf"\left({inside}\right)" if isinstance(formula, kinds) else inside


def matrix(array: sp.Array) -> str:
    """An array as a matrix; from three axes on as a matrix of vectors or matrices."""
    if not array.rank():
        return typeset(text(array[()]))
    if array.rank() == 3 and array.shape[-1] == 1:
        array = array.reshape(*array.shape[:-1])  # the slide prints no brackets round one number
    if array.rank() == 1:
        array = array.reshape(1, *array.shape)
    rows = [" & ".join(_cell(cell) for cell in row) for row in array]
    body = (r" \\[4pt] " if r"\frac" in rows[0] else r" \\ ").join(rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _rows(array: sp.Array) -> list[sp.Array]:
    """What stands on one line each."""
    return list(array) if array.rank() > 1 else [array]


def lines(listing: Sequence[str]) -> str:
    """Lines of text below each other."""
    indented = (
        r"\qquad " * line.startswith(" ") + typeset(line.strip()).replace("]  ", r"]\quad ")
        for line in listing
    )
    return r"\begin{aligned} & " + r" \\ & ".join(indented) + r" \end{aligned}"


def _cell(value: sp.Expr | sp.Array) -> str:
    return matrix(value) if isinstance(value, sp.NDimArray) else typeset(text(value))


def _section(verdict: Verdict) -> Iterator[str]:
    """The derivation, and its lemmas one level below it."""
    for level, part in enumerate(reversed(verdict.parts)):
        yield from _part(part, "subsubsection" if level else "subsection")


def _part(verdict: Verdict, heading: str) -> Iterator[str]:
    d = verdict.derivation
    yield rf"\{heading}{{{words(d.title)}}}"
    yield rf"\begin{{center}}\everymath{{\displaystyle}}{words(d.statement)}\end{{center}}"
    rows = f"; rows {', '.join(d.rows)}" if d.rows else ""
    yield name(d.id) + words(f". Sizes: {d.sizes} ({d.scope}){rows}.")
    yield from _points("", map(sentence, d.assumptions))
    definitions = (f"{text(letter)} = {text(d.where[letter])}" for letter in defined_letters(d))
    yield from _points("Definitions:", (f"${typeset(line)}$" for line in definitions))
    yield from _steps(verdict)
    verified = f"Each equals sign is verified; the last line equals {d.truth.words}."
    yield r"\par\medskip " + words(verified if verdict.holds else "This derivation fails.")
    yield from _points("Refuted:", map(_refuted, verdict.refutations))


def _refuted(refutation: Refutation) -> str:
    by = str(refutation.difference) if refutation.refuted else "survives"
    return rf"\emph{{{words(refutation.wrong.name)}}}: {words(by)}"


def _points(heading: str, lines: Iterable[str]) -> Iterator[str]:
    points = [rf"\item {line}" for line in lines]
    if points:
        yield from (rf"\par\smallskip {heading}\nopagebreak", r"\begin{points}", *points, r"\end{points}")


def _steps(verdict: Verdict) -> Iterator[str]:
    left = None
    for step in verdict.derivation.steps:
        if step.lhs != left:
            yield rf"\claim{{{latex(step.lhs)}}}"
        yield rf"\step{{{words(step.reason)}}}{{{latex(step.rhs)}}}"
        left = step.rhs
