"""The picture of the experiment vanishing: what depth does to a gradient, and to floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .experiment_slide import BLUE, COLOURS, INK, ORANGE, add_panel, new_slide
from .panel import Rectangle

DASHES = ("-", "--", "-.", ":")
LEAST_FLOAT = -1074
"""log2 of the smallest positive float64."""


class Decay(NamedTuple):
    """log2 norms (seeds, depth) of one activation."""

    name: str
    log2_norms: Array


class Descent(NamedTuple):
    """log2 norms after each factor: exact, and of the floats (-inf for 0)."""

    exact: Array
    in_floats: Array


def vanishing_picture(panels: Mapping[str, Sequence[Decay]], deep: Descent, width: int) -> Any:
    """A panel for each start on one common scale, and to their right a product that floats lose."""
    figure = new_slide(
        "Depth multiplies: a gradient vanishes or explodes unless the start fits the activation",
        f"spectral norm of J_a0^aL, {width} units a layer; medians, and the middle half of the networks",
    )
    shown = [decay.log2_norms for decays in panels.values() for decay in decays]
    ends = min(map(np.min, shown)), max(map(np.max, shown))
    for k, (start, decays) in enumerate(panels.items()):
        axes = add_panel(figure, Rectangle(1.15 + 2.75 * k, 0.85, 2.3, 4.9), start, "layer L")
        _draw_decays(axes, decays)
        axes.set_ylim(ends[0] * 1.03, ends[1] * 1.1)
        if k == 0:
            axes.set_ylabel("norm", fontsize=11)
            axes.legend(fontsize=10, frameon=False, loc="lower left", handlelength=2.6)
        else:
            axes.set_yticklabels([])
    _draw_descent(figure, deep)
    return figure


def _draw_decays(axes: Any, decays: Sequence[Decay]) -> None:
    for decay, colour, dashes in zip(decays, COLOURS, DASHES, strict=False):
        layers = range(1, decay.log2_norms.shape[1] + 1)
        low, middle, high = np.quantile(decay.log2_norms, [0.25, 0.5, 0.75], axis=0)
        axes.fill_between(layers, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(layers, middle, color=colour, linestyle=dashes, linewidth=2, label=decay.name)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlim(1, decays[0].log2_norms.shape[1])
    axes.yaxis.set_major_formatter(_power)


def _draw_descent(figure: Any, deep: Descent) -> None:
    factors = len(deep.exact)
    title = f"{factors} logistic layers, backward"
    axes = add_panel(figure, Rectangle(9.95, 0.85, 2.45, 4.9), title, "factors multiplied")
    counts = np.arange(1, factors + 1)
    left = np.isfinite(deep.in_floats)
    axes.plot(counts, deep.exact, color=BLUE, linewidth=2, label="Chain.log2_norms")
    axes.plot(
        counts[left], deep.in_floats[left], color=ORANGE, linewidth=4, alpha=0.6, label="product of floats"
    )
    if not left.all():
        gone, last = counts[~left][0], deep.in_floats[left][-1]
        axes.plot([gone], [last], "x", color=ORANGE, markersize=11, markeredgewidth=3)
        axes.text(gone - 20, last + 30, f"0 from factor {gone}", fontsize=10, color=INK, ha="right")
    axes.axhline(LEAST_FLOAT, color=INK, linewidth=0.8, linestyle=":")
    axes.text(10, LEAST_FLOAT - 15, "smallest float64", fontsize=10, va="top", color=INK)
    axes.set_xlim(1, factors)
    axes.yaxis.set_major_formatter(_power)
    axes.legend(fontsize=10, frameon=False, loc="upper right")


def _power(exponent: float, _: int) -> str:
    return f"$2^{{{exponent:.0f}}}$"
