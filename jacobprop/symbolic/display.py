"""Matrices of expressions under their names, on a screen and in LaTeX: columns aligned, large ones cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import TypeAlias

import numpy as np

from ..arrays import Array
from .expression import LONGEST, Expression, nodes
from .notation import SlideNotation
from .signs import WIDTH
from .words import Word, equation

MOST_IN_A_ROW = 8
"""The most rows and columns of a matrix written in full; amsmath's matrices end at ten."""

MOST_LISTED = 3
"""How many entries stand for a matrix that is not written in full."""

Block: TypeAlias = list[str]
"""Lines that belong together."""


@dataclass(frozen=True)
class Display:
    """label = matrix, label = product, or both: a Jacobian, what it is the product of, and its entries."""

    label: Word
    array: Array | None
    product: Word | None = None

    def text(self, say: SlideNotation) -> Block:
        """For a terminal, columns aligned; the first entries where the matrix is wider than a screen."""
        label = self.label.text
        lines = broken(equation(self.label, self.product).text) if self.product else []
        if self.array is None:
            return lines
        block = _matrix_block(" " * len(label) if self.product else label, self.array, say)
        return lines + (block or _listed(label, self.array, say, "{} = {}", "... {}"))

    def latex(self, text: SlideNotation, say: SlideNotation) -> list[str]:
        """The same as lines of an aligned display; in full where the text is."""
        label = self.label.latex
        lines = [equation(self.label, self.product).latex] if self.product else []
        if self.array is None:
            return lines
        if not _matrix_block(self.label.text, self.array, text):
            return lines + _listed(label, self.array, say, "{} &= {}", r"&\;\;\vdots \quad \text{{{}}}")
        body = r" \\ ".join(" & ".join(row) for row in _cells(self.array, say))
        return [*lines, rf"{'' if lines else label} &= \begin{{pmatrix}} {body} \end{{pmatrix}}"]


def _matrix_block(label: str, array: Array, say: SlideNotation) -> Block:
    """The whole matrix, the label in front of its middle; nothing if it is too large or too wide."""
    cells = _cells(array, say)
    if not cells:
        return []
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, middle = f"{label} = ", (len(cells) - 1) // 2
    rows = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    block = [(head if k == middle else " " * len(head)) + f"[ {row} ]" for k, row in enumerate(rows)]
    return block if len(block[0]) <= WIDTH else []


def _cells(array: Array, say: SlideNotation) -> list[list[str]]:
    """Every entry of a matrix, or of a row, written; none where that would be too much."""
    matrix = array.reshape(-1, array.shape[-1] if array.ndim else 1)
    small = array.ndim <= 2 and max(matrix.shape) <= MOST_IN_A_ROW
    if not small or any(nodes(e) > LONGEST for e in matrix.flat):
        return []
    return [[say.write(e) for e in row] for row in matrix]


def _listed(label: str, array: Array, say: SlideNotation, line: str, rest: str) -> Block:
    """The first entries that are not 0, and how many more there are."""
    places = [place for place in np.ndindex(array.shape) if array[place] != 0]
    found = [
        line.format(_entry(label, place, say), _written_or_counted(array[place], say))
        for place in places[:MOST_LISTED]
    ]
    if found and (len(found[0]) > say.signs.width or nodes(array[places[0]]) > LONGEST):
        found = found[:1]
    left, zeros = array.size - len(found), array.size - len(places)
    more = [rest.format(f"and {left:,} more" + (f", {zeros:,} of them 0" if zeros else ""))] if left else []
    return (found if say.signs.latex else [part for line in found for part in broken(line)]) + more


def _entry(label: str, place: tuple[int, ...], say: SlideNotation) -> str:
    """label[1,2], counted from 1."""
    return say.signs.entry.format(label, ",".join(str(i + 1) for i in place))


def _written_or_counted(e: Expression, say: SlideNotation) -> str:
    """An expression, or its size if nobody would read it."""
    count = nodes(e)
    return say.write(e) if count <= LONGEST else f"(too long to write: {count:,} signs)"


def broken(line: str) -> Block:
    """A line, broken between terms and factors where it is longer than a screen."""
    return wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def in_rows(blocks: Iterable[Block]) -> Block:
    """Blocks of one height side by side as far as they fit, the others below."""
    rows: list[Block] = []
    for block in blocks:
        left, right = (max(map(len, part), default=0) for part in (rows[-1] if rows else [], block))
        if rows and len(rows[-1]) == len(block) and left + 3 + right <= WIDTH:
            rows[-1] = [f"{a:{left}}   {b}" for a, b in zip(rows[-1], block, strict=True)]
        else:
            rows.append(block)
    return [line for row in rows for line in row]
