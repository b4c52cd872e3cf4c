"""The picture of the experiment pulses: staircases on a sine, and the error by the number of pulses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..arrays import Array
from .experiment_slide import BLUE, GREY, INK, ORANGE, TEAL, add_panel, new_slide
from .panel import Rectangle

STYLES = (ORANGE, BLUE)


class Staircase(NamedTuple):
    """What a sum of pulses says at the points."""

    pulses: int
    heights: Array


def pulses_picture(
    points: Array,
    truth: Array,
    stairs: Sequence[Staircase],
    counts: Array,
    errors: Array,
    bounds: Array,
) -> Any:
    """The function and two staircases, their errors below, and at the right the largest error by number."""
    figure = new_slide(
        "Pulses approximate any function, and their error is half their width at most",
        "sin x on [0, 2π) by threshold units, each pulse as high as the sine at its middle",
    )
    heights = add_panel(figure, Rectangle(1.1, 3.05, 6.2, 2.75), "sin x and the sum of pulses")
    heights.plot(points, truth, color=GREY, linewidth=6, alpha=0.45, label="sin x")
    differences = add_panel(figure, Rectangle(1.1, 0.8, 6.2, 1.6), "difference", "x")
    for stair, colour in zip(stairs, STYLES, strict=True):
        heights.step(
            points, stair.heights, where="post", color=colour, linewidth=1.6, label=f"{stair.pulses} pulses"
        )
        differences.plot(points, stair.heights - truth, color=colour, linewidth=1.1)
    for axes in (heights, differences):
        axes.set_xlim(points[0], points[-1])
    heights.legend(fontsize=10.5, frameon=False)
    _draw_errors(figure, counts, errors, bounds)
    return figure


def _draw_errors(figure: Any, counts: Array, errors: Array, bounds: Array) -> None:
    axes = add_panel(figure, Rectangle(8.5, 0.8, 3.8, 5.0), "largest abs error", "number of pulses")
    axes.plot(counts, bounds, color=GREY, linewidth=5, alpha=0.45, label="bound: width / 2")
    axes.plot(counts, errors, "o--", color=TEAL, linewidth=1.5, markersize=7, label="measured")
    for count, error in zip(counts, errors, strict=True):
        axes.text(count * 0.87, error * 0.86, f"{error:.2g}", fontsize=10, ha="right", va="top", color=INK)
    axes.set(xscale="log", yscale="log", xlim=(1.3, 1800), ylim=(1.2e-3, 2))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.legend(fontsize=10.5, frameon=False, loc="upper right")
