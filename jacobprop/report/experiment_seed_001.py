"""The picture of the experiment seed-001: nine weights before and after, as computed and as printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .experiment_slide import BLUE, GREY, INK, ORANGE, add_panel, new_slide
from .panel import Rectangle


class Update(NamedTuple):
    """Every weight by name: before, after, and after as printed."""

    names: Sequence[str]
    before: Array
    after: Array
    printed: Array


class Prediction(NamedTuple):
    """An output, and whose."""

    name: str
    value: float


def seed_001_picture(update: Update, predictions: Sequence[Prediction], rounding: float) -> Any:
    """At the left an arrow for each weight, at the right how close the predictions come to the target 1."""
    wrong = np.abs(update.after - update.printed) >= rounding
    figure = new_slide(
        f"One update of nine weights, {wrong.sum()} of them misprinted; the printed prediction is right",
        "x = (0, 1), t = 1, logistic units, neg-log-loss, rho = 1",
    )
    _draw_update(figure, update, wrong)
    _draw_predictions(figure, predictions)
    return figure


def _draw_update(figure: Any, update: Update, wrong: Array) -> None:
    axes = add_panel(figure, Rectangle(1.7, 0.85, 5.7, 4.9), "the weights before and after", "weight")
    rows = np.arange(len(update.names))
    for row, start, end in zip(rows, update.before, update.after, strict=True):
        axes.plot([start, end], [row, row], color=BLUE, linewidth=2)
    axes.plot(update.before, rows, "o", color=GREY, markersize=9, label="before")
    axes.plot(update.after, rows, "o", color=BLUE, markersize=7, label="after, computed")
    axes.plot(update.printed[~wrong], rows[~wrong], "|", color=INK, markersize=20, label="after, printed")
    misprint = {"color": ORANGE, "markersize": 11, "markeredgewidth": 3, "label": "after, misprinted"}
    axes.plot(update.printed[wrong], rows[wrong], "x", **misprint)
    for row, printed, computed in zip(rows[wrong], update.printed[wrong], update.after[wrong], strict=True):
        style = {"fontsize": 10, "ha": "center", "va": "bottom"}
        axes.text(printed, row - 0.25, f"{printed:.3f}", color=ORANGE, **style)
        axes.text(computed, row - 0.25, f"{computed:.3f}", color=BLUE, **style)
    axes.set_yticks(rows, update.names, fontsize=10.5)
    axes.set(ylim=(len(rows) - 0.4, -2.3), xlim=(-0.62, 0.92))
    axes.legend(fontsize=10.5, frameon=False, loc="upper left", ncols=2)


def _draw_predictions(figure: Any, predictions: Sequence[Prediction]) -> None:
    axes = add_panel(figure, Rectangle(8.3, 0.85, 3.9, 4.9), "the prediction of the target 1", "yhat")
    for row, (prediction, colour) in enumerate(zip(predictions, (GREY, BLUE, ORANGE), strict=True)):
        axes.barh(row, prediction.value, height=0.42, color=colour)
        axes.text(0.01, row - 0.3, prediction.name, fontsize=11, va="bottom", color=INK)
        axes.text(
            prediction.value + 0.015, row, f"{prediction.value:.3f}", fontsize=12, va="center", color=INK
        )
    axes.axvline(1, color=INK, linewidth=1, linestyle=":")
    axes.set(xlim=(0, 1.02), ylim=(len(predictions) - 0.5, -0.8), yticks=[])
    axes.grid(visible=False)
