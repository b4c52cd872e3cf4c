"""What the pictures of all experiments share: a slide with a title, and panels in one style."""

from __future__ import annotations

from typing import Any

from .canvas import HEIGHT, WIDTH, new_figure
from .panel import Rectangle

BLUE, ORANGE, TEAL, PURPLE, GREY = "#08306b", "#c77d00", "#1b8a7a", "#8e4a9e", "#8a8a8a"
COLOURS = (BLUE, ORANGE, TEAL, PURPLE, GREY)
"""For lines that are told apart; they also differ in lightness or in their dashes."""

INK = "#333333"
MARGIN = 0.75
"""Inches to the left of the title, and of what stands below it."""


def new_slide(title: str, subtitle: str) -> Any:
    """An empty slide of 1280 x 720 under one sentence that says what is to be seen, and one that says how."""
    figure = new_figure()
    for text, height, size in ((title, HEIGHT - 0.5, 17), (subtitle, HEIGHT - 0.9, 12)):
        figure.text(MARGIN / WIDTH, height / HEIGHT, text, fontsize=size, color=INK)
    return figure


def add_panel(figure: Any, place: Rectangle, title: str, across: str = "", up: str = "") -> Any:
    """Axes without a frame on the right and on top."""
    axes = figure.add_axes(place.fractions)
    axes.set_title(title, fontsize=12, loc="left", color=INK)
    axes.set_xlabel(across, fontsize=11)
    axes.set_ylabel(up, fontsize=11)
    axes.tick_params(labelsize=10)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return axes
