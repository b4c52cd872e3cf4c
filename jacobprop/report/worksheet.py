"""A solved worksheet: the chain of one case as a LaTeX document, every number filled in.

The sections are what a lecturer writes on the board: what is given, the forward pass, the factors,
then for each weight the chain and the running R.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..architecture import LOSS
from ..chain import Chain
from ..network import Network
from ..record import Record
from .blocks import full
from .chain_table import ChainTable
from .factor_sheet import factor_lines, head_line, step_lines
from .forms import Writer
from .forward_sheet import forward_lines, given_lines
from .latex_matrix import latex_matrix
from .notation import LATEX
from .title import network_words

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=20mm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\arraycolsep}{3pt}
\begin{document}
"""


def worksheet(net: Network, record: Record, chains: Sequence[Chain], case: int = 0) -> str:
    """A complete LaTeX document: needs amsmath and geometry, nothing else.

    Parameters
    ----------
    net, record : Network, Record
        A pass with a target if a chain starts at L.
    chains : sequence of Chain
        From ``record.chain``, one for each denominator.
    case : int
        Which case's numbers are filled in.
    """
    writer = Writer(net.architecture, LATEX)
    tables = [ChainTable(chain, net.architecture, LATEX) for chain in chains]
    parts = [
        rf"\section*{{The Jacobian chain of a network {network_words(net, record)}}}",
        _which_case(record, case),
        r"\subsection*{Given}",
        align(given_lines(net, record, writer, case)),
        r"\subsection*{Forward pass}",
        align(forward_lines(net, record, writer, case)),
        r"\subsection*{Factors}",
        *_factors(tables, record, case),
        *(part for table in tables for part in _product(table, case)),
        *_reduced(net, record, tables),
    ]
    return _PREAMBLE + "\n".join(parts) + "\n\\end{document}"


def align(lines: Iterable[str]) -> str:
    """Formulas below each other, lined up at their first equals sign."""
    body = " \\\\\n".join(f"  {line}" for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _which_case(record: Record, case: int) -> str:
    which = f"The numbers are those of case {case + 1} of {record.cases}."
    if record.cases in (None, 1):
        which = "One case."
    if record.output.ndim == 2 and record.cases is None:
        which = f"The batch of n = {len(record.output)} cases is one map: a layer looks at all of them."
    return rf"{which} An exact zero is written 0. \[ {LATEX.outer_product} \]"


def _factors(tables: Sequence[ChainTable], record: Record, case: int) -> Iterator[str]:
    """Every factor of any chain once."""
    seen = set()
    for table in tables:
        for k, row in enumerate(table.factors):
            if row.symbol not in seen:
                seen.add(row.symbol)
                yield align(factor_lines(table, k, record, case))
            if k == 1 and row.fused and "head" not in seen:
                seen.add("head")
                yield align([head_line(table, case)])


def _product(table: ChainTable, case: int) -> Iterator[str]:
    """The chain of one denominator and its running R."""
    yield rf"\subsection*{{The chain ${table.symbol}$}}"
    yield rf"\[ {table.formula} \]"
    for row in table.steps:
        yield align(step_lines(row, case))


def _reduced(net: Network, record: Record, tables: Sequence[ChainTable]) -> Iterator[str]:
    """The gradients over all cases, where there are several."""
    gradients = [table for table in tables if table.nodes[0] == LOSS]
    if not gradients or record.cases in (None, 1) or net.loss is None:
        return
    yield rf"\subsection*{{The gradients, {net.loss.reduction} over all {record.cases} cases}}"
    lines = []
    for table in gradients:
        name = table.nodes[-1].name
        array = record.gradients().get(name)
        if array is not None:
            letter = table.writer.letter(table.nodes[-1])
            matrix = latex_matrix(full(array.reshape(-1, array.shape[-1])))
            lines.append(rf"\frac{{\partial L}}{{\partial {letter}}} &= {matrix}")
    if lines:
        yield align(lines)
