"""The sensitivity of each output to each feature: bars as long as the mean size, coloured by direction.

A panel for an output, a line for a feature, the features that matter most on top in all panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..arrays import Array, quiet
from .blocks import full
from .canvas import HEIGHT, WIDTH, new_figure, picture_path, save
from .colours import colours
from .magnitude import largest
from .panel import Rectangle, prepare

MOST_FEATURES, MOST_OUTPUTS, LONGEST, WIDEST = 20, 5, 24, 0.16
"""Lines, panels, characters of a feature's name, and inches of a wide character above a panel."""
LEFT, RIGHT, TOP, BOTTOM, GAP = 2.75, 0.3, 1.25, 1.2, 0.25
"""Inches beside, above, below and between the panels."""
GREY, FRAME = "#555555", "#444444"


class Ranked(Protocol):
    """A feature by its column."""

    @property
    def column(self) -> int:
        """Its number."""


class Summarised(Protocol):
    """What is drawn: a `jacobprop.curvature.sensitivity.Sensitivity`."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names."""

    @property
    def unit(self) -> str:
        """What a number says."""

    @property
    def cases(self) -> int | None:
        """How many."""

    def summary(self, kind: str) -> Array:
        """(outputs, features)."""

    def ranking(self) -> Sequence[Ranked]:
        """The features in order."""


@quiet
def sensitivity_picture(sensitivity: Summarised, path: object = None) -> Any:
    """A slide of 1280 x 720: the mean size of d(output)/d(feature), by length, and its direction, by colour.

    Parameters
    ----------
    sensitivity : Sensitivity
    path : str or Path, optional
        Where to save it too: .png, .svg or .pdf.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        The path is none, or has another ending; nothing is drawn.
    MissingExtraError
        Without matplotlib.
    """
    file = None if path is None else picture_path(path, "sensitivity_picture")
    sizes, means = sensitivity.summary("mean_abs"), sensitivity.summary("mean")
    order = [ranked.column for ranked in sensitivity.ranking()][:MOST_FEATURES]
    figure, panels = new_figure(), min(len(sensitivity.outputs), MOST_OUTPUTS)
    end = largest(sizes[:panels])
    for k, place in enumerate(_places(panels)):
        axes = figure.add_axes(place.fractions)
        _draw_bars(axes, sizes[k, order], means[k, order], end)
        name = _cut(sensitivity.outputs[k], int(place.width / WIDEST))
        axes.set_title(name, fontsize=12, loc="left", parse_math=False)
        if k == 0:
            names = [_cut(sensitivity.features[i], LONGEST) for i in order]
            axes.set_yticks(range(len(order)), names, fontsize=10, parse_math=False)
    _write_words(figure, sensitivity)
    _draw_directions(figure)
    if file is not None:
        save(figure, file)
    return figure


def _places(count: int) -> list[Rectangle]:
    """Panels side by side."""
    width = (WIDTH - LEFT - RIGHT - GAP * (count - 1)) / count
    return [Rectangle(LEFT + k * (width + GAP), BOTTOM, width, HEIGHT - TOP - BOTTOM) for k in range(count)]


def _draw_bars(axes: Any, sizes: Array, means: Array, end: float) -> None:
    """Bars from the left; all panels end at the same number, so that lengths compare."""
    share = np.where(sizes > 0, means / np.where(sizes > 0, sizes, 1), 0)
    rgba = colours(full(np.append(share, 1.0)[None, :]))[0, :-1]  # 1 fixes the scale of the ramp
    axes.barh(range(len(sizes)), sizes, color=rgba, edgecolor=FRAME, linewidth=0.6, height=0.72)
    axes.set_xlim(0, 1.05 * end or 1)
    axes.set_ylim(len(sizes) - 0.4, -0.6)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", labelsize=9)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _cut(name: str, most: int) -> str:
    """A name of at most so many characters, cut in the middle."""
    end = most // 2
    return name if len(name) <= most else f"{name[: most - 1 - end]}…{name[-end:]}"


def _write_words(figure: Any, sensitivity: Summarised) -> None:
    """Title, the unit below the axes, and how much is not shown."""
    cases = "one case" if sensitivity.cases is None else f"mean over {sensitivity.cases} cases"
    figure.text(LEFT / WIDTH, 1 - 0.42 / HEIGHT, "sensitivity to the features", fontsize=16, va="center")
    figure.text(LEFT / WIDTH, 1 - 0.75 / HEIGHT, _left_out(sensitivity), fontsize=10, va="center", color=GREY)
    middle = (LEFT + (WIDTH - LEFT - RIGHT) / 2) / WIDTH
    figure.text(middle, 0.72 / HEIGHT, f"size of the {sensitivity.unit}, {cases}", fontsize=11, ha="center")


def _left_out(sensitivity: Summarised) -> str:
    parts = (
        (len(sensitivity.features), MOST_FEATURES, "features"),
        (len(sensitivity.outputs), MOST_OUTPUTS, "outputs"),
    )
    return ", ".join(
        f"{shown} of {count} {word}" if shown < count else f"{count} {word if count > 1 else word[:-1]}"
        for count, most, word in parts
        for shown in [min(count, most)]
    )


def _draw_directions(figure: Any) -> None:
    """The key to the colours."""
    ramp = Rectangle(LEFT + (WIDTH - LEFT - RIGHT) / 2 - 1, 0.3, 2, 0.17)
    axes = figure.add_axes(ramp.fractions)
    prepare(axes)
    axes.imshow(colours(full(np.linspace(-1, 1, 129)[None, :])), aspect="auto")
    y = (ramp.y + ramp.height / 2) / HEIGHT
    words = (
        (ramp.x - 0.1, "right", "falls in every case"),
        (ramp.x + ramp.width + 0.1, "left", "rises in every case"),
    )
    for x, side, text in words:
        figure.text(x / WIDTH, y, text, ha=side, va="center", fontsize=10, color="#333333")
