"""The picture: cost against width, a line a formulation, the exponents in the legend.

Points are measured, lines are the fits of `scaling`; the title is the sentence to remember.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jacobprop.errors import MissingExtraError
from jacobprop.report.canvas import ENDINGS, new_figure, require_matplotlib, save

from .scaling import SERIES, SHOWN, Growth, costs, growth
from .suite import Row
from .units import seconds_text
from .widths import CASES, YARDSTICK, remembered, times
from .workloads import name_of


class Style(NamedTuple):
    """How a formulation is drawn; marker and words tell it apart where colours do not."""

    colour: str
    marker: str
    words: str
    lift: int = 0


STYLES: Mapping[str, Style] = {
    "tensor": Style("#D55E00", "o", "dense tensors", 20),
    "simplified": Style("#009E73", "^", "simplified, case by case", -4),
    "structured": Style("#0072B2", "s", "structured chain", 4),
    "delta": Style("#000000", "D", "delta rule", -30),
}
"""In colours of Okabe and Ito, which the colour-blind can tell apart."""

CLAIM = (
    f"One gradient of a network n-n-n, {CASES} cases, one thread. Points: measured. "
    "Lines: fitted, overhead + factor x power of n."
)


def unavailable(file: Path) -> str:
    """Why no picture can be drawn to that file, empty if one can."""
    if file.suffix.lower() not in ENDINGS:
        return f"cannot draw {file}: the name must end in one of {', '.join(ENDINGS)}"
    try:
        require_matplotlib()
    except MissingExtraError:
        return 'pictures need matplotlib: pip install ".[cli]"'
    return ""


def draw(rows: Sequence[Row], file: Path, quick: bool = False) -> None:
    """Write the picture of the series `width`; one of a dry run says so."""
    rows = [row for row in rows if row.suite == "scaling"]
    figure = new_figure()
    axes = figure.add_axes((0.085, 0.23, 0.66, 0.60))
    for candidate in SHOWN:
        points = costs(rows, "width", "seconds", candidate)
        if points:
            _line(axes, STYLES[candidate], points, growth(rows, "width", "seconds", candidate))
            _label(axes, STYLES[candidate], points, _row(rows, candidate, max(points)))
    _frame(axes)
    sentence = remembered(rows).partition("\n")[0]
    figure.text(0.03, 0.92, sentence, fontsize=18, fontweight="bold")
    figure.text(0.03, 0.86, "Dry run. " * quick + CLAIM, fontsize=14, color="#444444")
    save(figure, file)


def _line(axes: Any, style: Style, points: Mapping[int, float], grown: Growth | None) -> None:
    """The points, and through them the fitted law."""
    words = style.words
    if grown is not None:
        law = grown.fit
        words += f":  $n^{{{law.exponent:.2f} \\pm {law.spread:.2f}}}$  (theory $n^{grown.theory}$)"
        widths = np.geomspace(min(points), max(points), 99)
        axes.plot(widths, [law.at(n) for n in widths], color=style.colour, linewidth=2.5, alpha=0.8)
    marks = {"linestyle": "none", "color": style.colour, "marker": style.marker, "markersize": 10}
    axes.plot(list(points), list(points.values()), label=words, **marks)


def _row(rows: Sequence[Row], candidate: str, n: int) -> Row:
    """The candidate at width n, one of those that are drawn."""
    name = name_of(*SERIES["width"][n])
    return next(r for r in rows if (r.workload, r.candidate) == (name, candidate))


def _label(axes: Any, style: Style, points: Mapping[int, float], row: Row) -> None:
    """Beside the last point: the words, the time, and how many times the delta rule's it is."""
    n, seconds = max(points.items())
    ratio = "" if row.candidate == YARDSTICK else f", {times(row)} x delta"
    axes.annotate(
        f"{style.words.partition(',')[0]}\n{seconds_text(seconds)}{ratio}",
        (n, seconds),
        (14, style.lift),
        textcoords="offset points",
        color=style.colour,
        fontsize=13,
        fontweight="bold",
        va="center",
        annotation_clip=False,
    )


def _frame(axes: Any) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.margins(y=0.12)
    widths = list(SERIES["width"])
    axes.set_xticks(widths, [str(n) for n in widths], fontsize=13)
    axes.tick_params(axis="y", labelsize=13)
    axes.set_xlabel("width n", fontsize=15)
    axes.set_ylabel("seconds", fontsize=15)
    axes.grid(which="major", color="#DDDDDD")
    axes.spines[["top", "right"]].set_visible(False)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 2}  # where nothing is drawn
    axes.legend(fontsize=13, frameon=False, **below)
