"""A training as its Jacobians see it: saturated units and norms of each layer, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..arrays import Array
from ..errors import OptionError
from .canvas import HEIGHT, WIDTH, new_figure, picture_path, save
from .panel import Rectangle

_FIRST, _LAST = "#08306b", "#e0a100"
"""The colours of the lowest and the highest layer; those between are mixed."""
_DASHES = ("-", "--", ":", "-.")
_ROWS, _FEW = 7, 3
"""Lines in a column of the legend; and so few epochs are shown as points."""


class Curves(NamedTuple):
    """Values over the epochs (e, k), a column for each of some layers."""

    title: str
    layers: Sequence[int]
    values: Array
    ends: tuple[float, float] | None = None


def draw_layers(figure: Any, space: Rectangle, epochs: Sequence[int], panel: Curves, depth: int) -> None:
    """A line for each layer: its colour and dashes tell how far up it is, the same in every panel."""
    axes = figure.add_axes(space.fractions)
    marker = "o" if len(epochs) < _FEW else ""
    for column, layer in enumerate(panel.layers):
        line = np.where(np.isfinite(panel.values[:, column]), panel.values[:, column], np.nan)
        colour, dashes = _colour(layer / depth), _DASHES[layer % len(_DASHES)]
        axes.plot(epochs, line, color=colour, linestyle=dashes, marker=marker, linewidth=2, label=f"a{layer}")
    axes.set_title(panel.title, fontsize=12, loc="left", pad=10)
    axes.set_xlabel("epoch", fontsize=10)
    if panel.ends is not None:
        axes.set_ylim(*panel.ends)
    axes.tick_params(labelsize=9)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    below = {"loc": "upper left", "bbox_to_anchor": (-0.03, -0.13), "ncols": 1 + len(panel.layers) // _ROWS}
    axes.legend(frameon=False, fontsize=9, handlelength=3, reverse=True, **below)


class Watched(Protocol):
    """What is drawn: a `jacobprop.training.Monitor`."""

    @property
    def epochs(self) -> Sequence[int]:
        """When it looked (e,)."""

    @property
    def layers(self) -> Sequence[int]:
        """The numbers of the layers that can saturate (s,)."""

    @property
    def saturated(self) -> Array:
        """(e, s)."""

    @property
    def log2_input(self) -> Array:
        """(e, N)."""

    @property
    def log2_loss(self) -> Array | None:
        """(e, N + 1)."""


def monitor_picture(
    monitor: Watched, path: object = None, *, title: str = "a training, layer by layer"
) -> Any:
    """A slide of 1280 x 720: shares of saturated units, |J_a0^al| and, where there is one, |dL/da_l|.

    Parameters
    ----------
    monitor : Monitor
        That has seen something.
    path : str or Path, optional
        Where to save it too: .png, .svg or .pdf.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        The monitor has seen nothing, or the path is none or has another ending; nothing is drawn.
    MissingExtraError
        Without matplotlib.
    """
    file = None if path is None else picture_path(path, "monitor_picture")
    epochs, layers, log2_input, log2_loss = (
        monitor.epochs,
        monitor.layers,
        monitor.log2_input,
        monitor.log2_loss,
    )
    if not len(epochs):
        raise OptionError(
            "there is nothing to draw",
            where="monitor_picture",
            got="a monitor that has seen no network",
            expected="one or more epochs",
            remedy="Pass it to fit(callbacks=[monitor]), or call monitor(net).",
        )
    figure, depth = new_figure(), log2_input.shape[1]
    panels = [
        Curves(r"$\log_2\ \Vert J_{a0}^{al}\Vert$, from input to layer", range(1, depth + 1), log2_input)
    ]
    if len(layers):
        panels.insert(0, Curves("saturated units, %", layers, monitor.saturated * 100, (-2, 102)))
    if log2_loss is not None:
        head = r"$\log_2\ \Vert dL/da_l\Vert$, from loss to layer"
        panels.append(Curves(head, range(depth + 1), log2_loss))
    wide = (WIDTH - 1.2) / len(panels)
    for place, panel in enumerate(panels):
        space = Rectangle(0.8 + place * wide, 2.3, wide - 0.6, HEIGHT - 3.7)
        draw_layers(figure, space, epochs, panel, depth)
    figure.text(0.8 / WIDTH, (HEIGHT - 0.6) / HEIGHT, title, fontsize=16, color="#333333", parse_math=False)
    if file is not None:
        save(figure, file)
    return figure


def _colour(share: float) -> tuple[float, ...]:
    """Between the two ends."""
    ends = [[int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)] for code in (_FIRST, _LAST)]
    return tuple((1 - share) * low + share * high for low, high in zip(*ends, strict=True))
