"""The picture of the experiment xor: who has learnt it when, and what a network that has not computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .experiment_slide import BLUE, COLOURS, INK, add_panel, new_slide
from .panel import Rectangle


class Curve(NamedTuple):
    """The epochs after which the starts of one setup had learnt it; nan where they have not."""

    name: str
    epochs: Array
    most: int
    solid: bool


class Surface(NamedTuple):
    """An output over the plane of the two inputs, (x2, x1)."""

    title: str
    output: Array


def xor_picture(
    curves: Sequence[Curve], surfaces: Sequence[Surface], field: Array, X: Array, targets: Array
) -> Any:
    """At the left the share of starts that have learnt XOR, at the right the outputs of two of them."""
    figure = new_slide(
        "XOR by two hidden units: biases decide, and some starts are stuck",
        f"2-2-1 of sigmoids; starts from [-1, 1]: {len(curves[0].epochs)}; learnt: every output within 0.4",
    )
    _draw_shares(figure, curves)
    for k, surface in enumerate(surfaces):
        _draw_surface(figure, Rectangle(8.7, 3.95 - 3.15 * k, 2.9, 2.2), surface, field, X, targets)
    return figure


def _draw_shares(figure: Any, curves: Sequence[Curve]) -> None:
    axes = add_panel(
        figure, Rectangle(1.1, 0.85, 6.7, 5.0), "share of the starts that have learnt it", "epoch"
    )
    for curve, colour in zip(curves, COLOURS, strict=False):
        found = np.sort(curve.epochs[np.isfinite(curve.epochs)])
        share = np.arange(len(found) + 1) / len(curve.epochs)
        axes.step(
            [0, *found, curve.most],
            [*share, share[-1]],
            where="post",
            color=colour,
            linestyle="-" if curve.solid else "--",
            linewidth=2.2,
            label=f"{curve.name}: {share[-1]:.0%}",
        )
    axes.axhline(0.8, color=INK, linewidth=0.8, linestyle=":")
    axes.set(ylim=(0, 1.2), yticks=np.linspace(0, 1, 6), xlim=(0, max(curve.most for curve in curves)))
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(fontsize=9.5, loc="upper left", frameon=False)  # above 100 %, where no curve can be


def _draw_surface(
    figure: Any, place: Rectangle, surface: Surface, field: Array, X: Array, targets: Array
) -> None:
    axes = add_panel(figure, place, surface.title, "x1", "x2")
    ends = (field[0], field[-1])
    image = axes.imshow(surface.output, extent=ends * 2, origin="lower", cmap="cividis", vmin=0, vmax=1)
    levels = [level for level in (0.5,) if surface.output.min() < level < surface.output.max()]
    if levels:
        axes.contour(field, field, surface.output, levels=levels, colors="white", linewidths=1.5)
    for (x1, x2), target in zip(X, targets, strict=True):
        axes.text(
            x1,
            x2,
            f"{target:g}",
            ha="center",
            va="center",
            fontsize=11,
            color=BLUE,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": BLUE},
        )
    axes.grid(visible=False)
    axes.set(xticks=[0, 1], yticks=[0, 1])
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.06, ticks=[0, 0.5, 1])
    bar.set_label("output", fontsize=10)
