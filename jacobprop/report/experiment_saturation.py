"""The picture of the experiment saturation: how the share grows with the inputs, and where the units sit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..arrays import Array
from .experiment_slide import BLUE, GREY, INK, ORANGE, PURPLE, TEAL, add_panel, new_slide
from .panel import Rectangle

STYLES = ((ORANGE, "-"), (BLUE, "-"), (TEAL, "--"), (PURPLE, "-."), (GREY, ":"))
LIMIT = 0.05
"""How close to 0 or 1 a unit is saturated."""


class Start(NamedTuple):
    """Shares by fan-in, and the activations of an example."""

    name: str
    shares: Array
    activations: Array


def saturation_picture(fan_ins: Sequence[int], starts: Sequence[Start]) -> Any:
    """At the left the share of saturated units, at the right a histogram for each start."""
    figure = new_slide(
        "Weights from [0, 1] are no remedy against saturation, they cause it",
        "fresh layers of logistic units, inputs from [0, 1]; saturated: within 5 % of 0 or 1",
    )
    axes = add_panel(figure, Rectangle(1.1, 0.85, 6.2, 4.9), "share of saturated units", "number of inputs n")
    for start, (colour, dashes) in zip(starts, STYLES, strict=True):
        style = {"color": colour, "linestyle": dashes, "linewidth": 2.2, "markersize": 5}
        axes.plot(fan_ins, start.shares, "o", **style, label=start.name)
    axes.set(xscale="log", xlim=(fan_ins[0], fan_ins[-1]), ylim=(-0.02, 1.03))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.axvline(13, color=INK, linewidth=0.8, linestyle=":")
    axes.text(13.5, 0.5, "wine, n = 13", fontsize=10, color=INK)
    axes.legend(title="weights from", fontsize=10.5, frameon=False, loc="upper left")
    _draw_activations(figure, starts)
    return figure


def _draw_activations(figure: Any, starts: Sequence[Start]) -> None:
    """One below the other, on the axis from 0 to 1."""
    height = 4.9 / len(starts)
    for k, (start, (colour, _)) in enumerate(zip(starts, STYLES, strict=True)):
        place = Rectangle(8.9, 0.85 + 4.9 - (k + 1) * height, 3.3, height - 0.22)
        last = k == len(starts) - 1
        axes = add_panel(
            figure, place, "" if k else "their activations at n = 13", "activation" if last else ""
        )
        axes.hist(start.activations, bins=50, range=(0, 1), color=colour)
        for limit in (LIMIT, 1 - LIMIT):
            axes.axvline(limit, color=INK, linewidth=0.8, linestyle=":")
        axes.set(xlim=(0, 1), yticks=[], xticks=[0, 0.5, 1])
        axes.set_xticklabels(["0", "0.5", "1"] if last else [])
        axes.set_ylabel(start.name, fontsize=10, rotation=0, ha="right", va="center")
        axes.spines["left"].set_visible(False)
