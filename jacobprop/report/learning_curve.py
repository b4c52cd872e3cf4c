"""The learning curve: the loss of training and held-out cases, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .canvas import HEIGHT, WIDTH, new_figure
from .panel import Rectangle

TRAIN, HELD_OUT = "#08306b", "#c77d00"
SPREAD = 10
"""From this ratio of losses on, the axis is logarithmic."""


def draw_learning_curve(
    figure: Any, space: Rectangle, train: Sequence[float], held_out: Sequence[float], unit: str = "epoch"
) -> None:
    """Two curves, told apart by dashes as well as colour, each named where it ends."""
    axes = figure.add_axes(space.fractions)
    curves = (("train", train, TRAIN, "-"), ("held out", held_out, HELD_OUT, "--"))
    shown = [curve for curve in curves if curve[1]]
    for name, losses, colour, dashes in shown:
        axes.plot(range(len(losses)), losses, color=colour, linestyle=dashes, linewidth=2, label=name)
    finite = [loss for _, losses, _, _ in shown for loss in losses if math.isfinite(loss)]
    if finite and min(finite) > 0 and max(finite) / min(finite) > SPREAD:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(unit, fontsize=10)
    axes.set_title("loss", fontsize=12, loc="left")
    axes.set_xlim(0, max(1, len(train) - 1))
    axes.tick_params(labelsize=9)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=10, handlelength=3)


def learning_picture(
    train: Sequence[float], held_out: Sequence[float], unit: str, title: str, result: str
) -> Any:
    """A slide of 1280 x 720: the curve, above it what was trained and what came of it."""
    figure = new_figure()
    draw_learning_curve(figure, Rectangle(1.1, 0.8, WIDTH - 1.7, HEIGHT - 2.3), train, held_out, unit)
    for text, height, size in ((title, HEIGHT - 0.5, 16), (result, HEIGHT - 0.9, 12)):
        figure.text(1.1 / WIDTH, height / HEIGHT, text, fontsize=size, color="#333333")
    return figure
