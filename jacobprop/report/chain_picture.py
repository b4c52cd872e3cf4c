"""The chain as heat maps: the factors with products between, the running R below, the gradient last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..chain import Chain
from ..network import Network
from ..record import Record
from .canvas import HEIGHT, WIDTH, new_figure
from .chain_layout import GAP, SIGN, Scale, column_widths, fit_scale
from .chain_panels import Panel, chain_panels, shown_factors
from .chain_table import ChainTable
from .legend import draw_legend
from .notation import MATHTEXT
from .panel import Rectangle, draw_block
from .title import network_words

MARGIN, RIGHT, TITLE, LEGEND = 0.7, 0.3, 1.0, 0.5
ABOVE, BELOW, LINE = 0.48, 0.74, 0.19
"""Inches over a row for its symbols, under it for three lines, and for one line."""

GREY = "#555555"
HEADINGS = ("factors", "running R")


@dataclass(frozen=True)
class Row:
    """A row of panels: where its columns start, how wide they are, its middle line and height."""

    panels: Sequence[Panel]
    lefts: Sequence[float]
    widths: Sequence[float]
    middle: float
    height: float
    sign: str


def chain_picture(net: Network, record: Record, chain: Chain, case: int = 0) -> Any:
    """A slide of 1280 x 720 with the chain of one case, and the gradient over all cases."""
    figure = new_figure()
    space = Rectangle(0, 0, WIDTH, HEIGHT)
    draw_chain(figure, space, net, record, chain, case)
    draw_legend(figure, Rectangle(MARGIN, 0, WIDTH - 2 * MARGIN, LEGEND))
    return figure


def draw_chain(
    figure: Any, space: Rectangle, net: Network, record: Record, chain: Chain, case: int = 0
) -> None:
    """Draw a chain into a part of a slide, above the legend."""
    table = ChainTable(chain, net.architecture, MATHTEXT)
    panels = chain_panels(net, record, table, case)
    free = space.width - MARGIN - RIGHT, _free_height(space, len(panels))
    scale = fit_scale(_sizes(panels), *free)
    for row, heading in zip(_rows(panels, scale, space), HEADINGS, strict=False):
        _draw_row(figure, row, scale)
        top = row.middle + row.height / 2 + ABOVE - 0.02
        _text(figure, space.x + 0.15, top, heading, 12, ha="left", weight="bold")
    _draw_title(figure, space, table, _remark(net, record, case))


def _sizes(panels: list[list[Panel]]) -> list[list[tuple[tuple[int, int], ...]]]:
    return [[panel.sizes for panel in row] for row in panels]


def _free_height(space: Rectangle, rows: int) -> float:
    """What title, legend and words leave to the matrices of all rows."""
    return space.height - TITLE - LEGEND - rows * (ABOVE + BELOW)


def _rows(panels: list[list[Panel]], scale: Scale, space: Rectangle) -> list[Row]:
    """The rows, columns over columns, centred in the space."""
    sizes = _sizes(panels)
    widths = column_widths(sizes, scale)
    used = sum(widths) + GAP * (len(widths) - 1)
    x = space.x + MARGIN + (space.width - MARGIN - RIGHT - used) / 2
    lefts = [x + sum(widths[:k]) + GAP * k for k in range(len(widths))]
    heights = [max(map(scale.high, row), default=0.0) for row in sizes]
    spare = (_free_height(space, len(panels)) - sum(heights)) / (len(panels) + 1)
    rows, top = [], space.y + space.height - TITLE
    signs = (rf"${MATHTEXT.dot.strip()}$", r"$\to$")
    for row, high, sign in zip(panels, heights, signs, strict=False):
        top -= spare + ABOVE
        rows.append(Row(row, lefts, widths, top - high / 2, high, sign))
        top -= high + BELOW
    return rows


def _draw_row(figure: Any, row: Row, scale: Scale) -> None:
    """Panels around a middle line, a sign between each two, symbols and words on common lines."""
    for k, panel in enumerate(row.panels):
        centre = row.lefts[k] + row.widths[k] / 2
        _draw_matrices(figure, panel, centre, row.middle, scale)
        _draw_words(figure, panel, centre, row)
        if k and panel.matrices and row.panels[k - 1].matrices:
            _text(figure, row.lefts[k] - GAP / 2, row.middle, row.sign, 19)


def _draw_matrices(figure: Any, panel: Panel, centre: float, middle: float, scale: Scale) -> None:
    """The matrices of a panel in a line, or one below the other, an outer product's sign between."""
    sizes = panel.sizes
    x, y = centre - scale.wide(sizes) / 2, middle + scale.high(sizes) / 2
    for k, (matrix, (m, n)) in enumerate(zip(panel.matrices, sizes, strict=True)):
        width, height = scale.width(n), scale.height(m)
        if scale.stacked:
            if k:
                _text(figure, centre, y - SIGN, r"$\otimes$", 16)
                y -= 2 * SIGN
            draw_block(figure, Rectangle(centre - width / 2, y - height, width, height), matrix)
            y -= height
        else:
            if k:
                _text(figure, x + SIGN, middle, r"$\otimes$", 16)
                x += 2 * SIGN
            draw_block(figure, Rectangle(x, middle - height / 2, width, height), matrix)
            x += width


def _draw_words(figure: Any, panel: Panel, centre: float, row: Row) -> None:
    top, bottom = row.middle + row.height / 2, row.middle - row.height / 2
    _text(figure, centre, row.middle, panel.remark, 15)
    _text(figure, centre, top + 0.17, panel.symbol, 18, va="bottom")
    for k, line in enumerate(panel.lines):
        first = k == 0
        y = bottom - 0.08 - LINE * k - 0.05 * (not first)
        _text(figure, centre, y, line, 12 if first else 10, va="top", color="black" if first else GREY)


def _draw_title(figure: Any, space: Rectangle, table: ChainTable, remark: str) -> None:
    middle, top = space.x + space.width / 2, space.y + space.height
    symbols = [row.symbol for row in table.factors]
    shown = [r"\cdots" if k is None else symbols[k] for k in shown_factors(len(symbols))]
    product = MATHTEXT.dot.join(shown)
    formula = f"{table.symbol} = {product}" if len(symbols) > 1 else product
    _text(figure, middle, top - 0.4, f"${formula}$", 24 if len(shown) < 5 else 20)
    _text(figure, middle, top - 0.8, remark, 12, color=GREY)


def _remark(net: Network, record: Record, case: int) -> str:
    which = "one case" if record.cases in (None, 1) else f"case {case + 1} of {record.cases}"
    if record.output.ndim == 2 and record.cases is None:
        which = f"a batch of n = {len(record.output)} coupled cases"
    return f"{network_words(net, record)}, {which}"


def _text(
    figure: Any,
    x: float,
    y: float,
    text: str,
    size: float,
    va: str = "center",
    color: str = "black",
    **font: str,
) -> None:
    font = {"ha": "center"} | font | ({"math_fontfamily": "cm"} if text.startswith("$") else {})
    figure.text(x / WIDTH, y / HEIGHT, text, fontsize=size, va=va, color=color, **font)
