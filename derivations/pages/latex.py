"""The derivations as a LaTeX document: every page is typeset from the very text that was verified."""

import re
from collections.abc import Iterator
from functools import singledispatch

import sympy as sp

from ..proof.arrays import entries, indices
from ..proof.checker import Verdict
from ..proof.formula import Dot, Entries, Formula, Inner, Plus, Times, Transpose
from ..proof.notation import numbered, text
from .signs import LATEX
from .table import Chapters

FUNCTIONS = ("exp", "log", "tanh", "arccos", "arcsin", "diag", "sigmoid", "einsum", "partial", "softmax")
"""Names of several letters that are set upright."""

LAYER = r"\((?:[klmN](?:[+-]1)?|\d)\)"
"""A layer number in brackets."""

DIFFERENTIATED = rf"\([^()]*\)|[A-Za-zδ]+\d*(?:{LAYER}|\([A-Z]\))?(?:_\w+)?"
"""What stands after a ∂: z_k, z(l+1)_k, f(S) or a bracket."""

PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,amssymb,graphicx}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\newcommand{\fit}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$\displaystyle #1$}}
\newcommand{\claim}[1]{\par\medskip\fit{#1}}
\newcommand{\step}[2]{\par\smallskip\fit{\qquad = \; #2}\hspace*{\fill}\mbox{\small\ (#1)}}
\begin{document}
"""


def documents(chapters: Chapters) -> dict[str, str]:
    """A file for each derivation, and ``derivations.tex`` that inputs them all."""
    inputs = []
    files = {}
    for title, chapter in chapters.items():
        inputs.append(rf"\section{{{words(title.strip().rstrip('.'))}}}")
        for verdict in chapter:
            name = verdict.derivation.id
            files[f"{name}.tex"] = "\n".join(_section(verdict)) + "\n"
            inputs.append(rf"\input{{{name}}}")
    return {"derivations.tex": PREAMBLE + "\n".join(inputs) + "\n\\end{document}\n", **files}


def typeset(line: str) -> str:
    """A line of mathematics as a slide writes it, in LaTeX: w_ik, z1(1-z1), Σ_i, ∂z_k/∂w_ij."""
    line = re.sub(rf"∂({DIFFERENTIATED})/∂({DIFFERENTIATED})", r"\\frac{∂ \1}{∂ \2}", line)
    line = re.sub(r"Σ_(\w)\^0", r"\\sum_{\1=0}", line)
    line = re.sub(r"Σ_(\w)", r"\\sum_{\1}", line)
    line = re.sub(rf"\b({'|'.join(FUNCTIONS)})(?=\()", r"\\operatorname{\1}", line)
    line = re.sub(rf"\b([A-Za-zδ])({LAYER})_", r"\1^{\2}_", line)
    line = re.sub(rf"([_^])([^\W_]+(?:{LAYER})?)", lambda found: found[1] + _script(found[2]), line)
    line = re.sub(r"\b([A-Za-z])(\d+)\b", r"\1_{\2}", line)
    line = re.sub(r"(?<![\w/])(\d+)/(\d+) ", r"\\tfrac{\1}{\2} ", line)
    line = re.sub(r"(?<=[\w)}']) (?=[\w(\\])", r"\\, ", line)
    return "".join(LATEX.get(character, character) for character in line)


def _script(name: str) -> str:
    """An index or exponent: one sign as it is, W1 with its number below, the rest in braces."""
    numbered_letter = re.fullmatch(r"([A-Za-z])(\d+)", name)
    inside = f"{numbered_letter[1]}_{{{numbered_letter[2]}}}" if numbered_letter else name
    return inside if len(inside) == 1 else f"{{{inside}}}"


def words(line: str) -> str:
    """A line of prose, in which the words with signs or indices are set as mathematics."""
    return " ".join(map(_word, line.split()))


def _word(word: str) -> str:
    bare = word.rstrip(".,;:")
    if set(bare) & {"_", "^", *LATEX} or re.search(r"\w'\(|\d'|\d\(", bare):
        return f"${typeset(bare)}${word[len(bare) :]}"
    return re.sub(r"([_&%#{}])", r"\\\1", word)


@singledispatch
def latex(formula: Formula) -> str:
    """A formula in LaTeX; what has no rule of its own is set from its one line of text."""
    return typeset(str(formula))


@latex.register
def _(formula: Entries) -> str:
    return matrix(formula.array)


@latex.register
def _(formula: Dot) -> str:
    return rf"{_in_brackets(formula.a)} \cdot {_in_brackets(formula.b)}"


@latex.register
def _(formula: Inner) -> str:
    return rf"{_in_brackets(formula.a)} \bullet {_in_brackets(formula.b)}"


@latex.register
def _(formula: Plus) -> str:
    return f"{latex(formula.a)} + {latex(formula.b)}"


@latex.register
def _(formula: Times) -> str:
    return rf"{typeset(text(formula.scalar))} \times {_in_brackets(formula.a)}"


@latex.register
def _(formula: Transpose) -> str:
    axes = r"\mathsf T" if formula.axes == (1, 0) else ",".join(map(str, formula.axes))
    return f"{_in_brackets(formula.a, always=True)}^{{{axes}}}"


def _in_brackets(formula: Formula, always: bool = False) -> str:
    inside = latex(formula)
    bracketed = always or isinstance(formula, Plus | Times | Inner)
    return rf"\left({inside}\right)" if bracketed else inside


def matrix(array: sp.Array) -> str:
    """An array as a matrix; from three axes on as a list of its entries."""
    if not array.rank():
        return typeset(text(array[()]))
    if array.rank() > 2:
        lines = [
            rf"[{numbered(index)[1:-1]}] &= {typeset(text(entry))}"
            for index, entry in zip(indices(array.shape), entries(array), strict=True)
        ]
        return r"\left\{\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}\right."
    rows = array.tolist() if array.rank() == 2 else [array.tolist()]
    body = r" \\ ".join(" & ".join(typeset(text(sp.sympify(cell))) for cell in row) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _section(verdict: Verdict) -> Iterator[str]:
    for part in verdict.parts:
        d = part.derivation
        yield rf"\subsection*{{{words(d.title)}}}"
        yield rf"\[ {typeset(d.statement)} \]"
        yield words(f"Sizes: {d.sizes} ({d.scope}).") + " " + "; ".join(map(words, d.assumptions)) + "."
        yield from _steps(part)
        verified = f"Each equals sign is verified; the last line equals {d.truth.words}."
        yield r"\par\medskip " + words(verified if part.holds else "This derivation fails.")


def _steps(verdict: Verdict) -> Iterator[str]:
    left = None
    for step in verdict.derivation.steps:
        if step.lhs != left:
            yield rf"\claim{{{latex(step.lhs)}}}"
        yield rf"\step{{{words(step.reason)}}}{{{latex(step.rhs)}}}"
        left = step.rhs
