"""The picture of the experiment wine: how the loss falls, and how many held-out wines are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .experiment_slide import COLOURS, INK, add_panel, new_slide
from .panel import Rectangle


class Band(NamedTuple):
    """One network: losses (seeds, epochs + 1) and accuracies (seeds,) of the held-out cases."""

    name: str
    losses: Array
    accuracy: Array


def wine_picture(bands: Sequence[Band], held_out: int) -> Any:
    """At the left the median loss of each network between its extremes, at the right every accuracy."""
    seeds = len(bands[0].accuracy)
    figure = new_slide(
        "One sigmoid tells three cultivars apart, a softmax does it better",
        f"178 wines, {held_out} of them held out; random splits and starts: {seeds}",
    )
    _draw_losses(figure, bands)
    _draw_accuracies(figure, bands)
    return figure


def _draw_losses(figure: Any, bands: Sequence[Band]) -> None:
    place = Rectangle(1.1, 0.85, 5.2, 4.9)
    axes = add_panel(figure, place, "held-out loss, of what it was at first", "epoch")
    for band, colour in zip(bands, COLOURS, strict=True):
        losses = band.losses / band.losses[:, :1]
        epochs = range(losses.shape[1])
        axes.fill_between(
            epochs, losses.min(axis=0), losses.max(axis=0), color=colour, alpha=0.12, linewidth=0
        )
        axes.plot(epochs, np.median(losses, axis=0), color=colour, linewidth=2, label=band.name)
    axes.set(xlim=(0, max(1, bands[0].losses.shape[1] - 1)), yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(fontsize=10, frameon=False)


def _draw_accuracies(figure: Any, bands: Sequence[Band]) -> None:
    place = Rectangle(8.7, 0.85, 3.1, 4.9)
    axes = add_panel(figure, place, "held-out accuracy: starts and their median")
    for row, (band, colour) in enumerate(zip(bands, COLOURS, strict=True)):
        values, counts = np.unique(band.accuracy, return_counts=True)
        for value, count in zip(values, counts, strict=True):
            heights = row + 0.11 * (np.arange(count) - (count - 1) / 2)
            axes.plot(np.full(count, value), heights, "o", color=colour, markersize=6, alpha=0.8)
        middle = np.median(band.accuracy)
        axes.plot([middle, middle], [row - 0.35, row + 0.35], color=INK, linewidth=2)
        place_of_text = {"xy": (1.03, row), "xycoords": ("axes fraction", "data")}
        axes.annotate(f"{middle:.1%}", **place_of_text, va="center", fontsize=11, color=INK)
    axes.set_yticks(range(len(bands)), [band.name for band in bands], fontsize=10)
    axes.set_ylim(len(bands) - 0.4, -0.7)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
