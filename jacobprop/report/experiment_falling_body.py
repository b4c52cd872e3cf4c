"""The picture of the experiment falling-body: the parabola, who misses it, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .experiment_slide import BLUE, GREY, INK, ORANGE, PURPLE, TEAL, add_panel, new_slide
from .panel import Rectangle

STYLES = ((ORANGE, "-"), (PURPLE, "--"), (BLUE, "-"), (TEAL, "-."))
LEAST = 1e-9
"""Errors below are drawn there."""


class FallingCurve(NamedTuple):
    """What a network says at some times, and what is right."""

    name: str
    times: Array
    heights: Array
    truth: Array


def falling_body_picture(
    curves: Sequence[FallingCurve], slopes: Array, constructed: Array, bounds: Array, trained: Array
) -> Any:
    """Heights, errors along t, and the largest error of the construction for each w beside its bound.

    The first curve is the one whose truth is drawn; `trained` are largest errors of trained networks.
    """
    figure = new_slide(
        "One logistic unit is monotone and misses the fall; two are enough",
        "h = g t² / 2 by logistic units under a linear output",
    )
    _draw_heights(figure, curves)
    _draw_errors(figure, curves)
    _draw_construction(figure, slopes, constructed, bounds, trained)
    return figure


def _draw_heights(figure: Any, curves: Sequence[FallingCurve]) -> None:
    axes = add_panel(figure, Rectangle(1.0, 0.85, 3.2, 4.9), "h in metres", "t in seconds")
    axes.plot(curves[0].times, curves[0].truth, color=GREY, linewidth=7, alpha=0.45, label="g t² / 2")
    for curve, (colour, dashes) in zip(curves, STYLES, strict=True):
        axes.plot(curve.times, curve.heights, color=colour, linestyle=dashes, linewidth=2, label=curve.name)
    axes.set_ylim(-10, 32)
    axes.legend(fontsize=9.5, frameon=False, loc="upper left")


def _draw_errors(figure: Any, curves: Sequence[FallingCurve]) -> None:
    axes = add_panel(figure, Rectangle(5.0, 0.85, 3.2, 4.9), "abs error in metres", "t in seconds")
    for curve, (colour, dashes) in zip(curves, STYLES, strict=True):
        error = np.maximum(np.abs(curve.heights - curve.truth), LEAST)
        axes.plot(curve.times, error, color=colour, linestyle=dashes, linewidth=1.8)
    axes.set(yscale="log", ylim=(LEAST, 100))


def _draw_construction(figure: Any, slopes: Array, constructed: Array, bounds: Array, trained: Array) -> None:
    place = Rectangle(9.1, 0.85, 3.2, 4.9)
    axes = add_panel(figure, place, "largest abs error on [-2, 2]", "w of the construction")
    axes.plot(slopes, constructed, color=TEAL, linewidth=2.2, label="2 units, constructed")
    axes.plot(slopes, bounds, color=GREY, linewidth=1.5, linestyle="--", label="its bound")
    axes.axhline(np.median(trained), color=BLUE, linewidth=2, label="2 units, trained, median")
    axes.axhline(1e-2, color=INK, linewidth=0.8, linestyle=":")
    axes.text(slopes[0] * 1.3, 1.2e-2, "1 cm", fontsize=10, color=INK)
    axes.set(xscale="log", yscale="log", ylim=(LEAST, 100), xlim=(slopes[0], slopes[-1]))
    axes.legend(fontsize=9.5, frameon=False, loc="upper left")
