"""The picture of the experiment polygons: sums of half-planes, their tails, and where they are in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..arrays import Array
from .experiment_slide import BLUE, GREY, INK, ORANGE, TEAL, add_panel, new_slide
from .panel import Rectangle

STYLES = ((ORANGE, "--"), (TEAL, "-."), (BLUE, "-"))


class Field(NamedTuple):
    """The sum over a square."""

    sides: int
    sums: Array


class Profile(NamedTuple):
    """Sums by distance: mean, least and largest over the directions."""

    sides: int
    mean: Array
    least: Array
    most: Array


def polygons_picture(
    fields: Sequence[Field],
    reach: float,
    distances: Array,
    formula: Array,
    profiles: Sequence[Profile],
    sides: Sequence[int],
    shares: Sequence[float],
) -> Any:
    """On top the fields; below them the sums by distance, and the share of the square between N/2 and N.

    `formula` is the profile for N = 1.
    """
    figure = new_slide(
        "More sides do not empty the outside: the mean sum stays above N/2 at every distance",
        "sum of N half-planes around the unit circle, as a share of N",
    )
    for k, field in enumerate(fields):
        image = _draw_field(figure, Rectangle(1.0 + 2.75 * k, 3.75, 2.2, 2.2), field, reach)
    bar = figure.colorbar(image, cax=figure.add_axes(Rectangle(12.0, 3.75, 0.15, 2.2).fractions))
    bar.set_ticks([0.5, 0.75, 1], labels=["N/2", "3N/4", "N"])
    _draw_profiles(figure, distances, formula, profiles)
    _draw_shares(figure, sides, shares)
    return figure


def _draw_field(figure: Any, place: Rectangle, field: Field, reach: float) -> Any:
    axes = add_panel(figure, place, f"N = {field.sides}")
    image = axes.imshow(
        field.sums / field.sides,
        extent=(-reach, reach, -reach, reach),
        origin="lower",
        cmap="cividis",
        vmin=0.4,
        vmax=1,
    )
    axes.grid(visible=False)
    axes.set(xticks=[-reach, 0, reach], yticks=[-reach, 0, reach])
    return image


def _draw_profiles(figure: Any, distances: Array, formula: Array, profiles: Sequence[Profile]) -> None:
    axes = add_panel(figure, Rectangle(1.0, 0.75, 5.3, 2.2), "sum / N by distance from the centre", "r")
    for profile, (colour, dashes) in zip(profiles, STYLES, strict=True):
        low, middle, high = (sums / profile.sides for sums in (profile.least, profile.mean, profile.most))
        axes.fill_between(distances, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            distances, middle, color=colour, linestyle=dashes, linewidth=2, label=f"N = {profile.sides}"
        )
    axes.plot(distances, formula, color=GREY, linewidth=5, alpha=0.4, label="1 − arccos(1/r)/π")
    axes.axhline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.text(distances[-1], 0.485, "the slide: N/2 almost everywhere", fontsize=9.5, ha="right", va="top")
    axes.set(xlim=(0, distances[-1]), ylim=(0.4, 1.03))
    axes.legend(fontsize=9.5, frameon=False, loc="upper right", ncols=2)


def _draw_shares(figure: Any, sides: Sequence[int], shares: Sequence[float]) -> None:
    place = Rectangle(7.3, 0.75, 4.9, 2.2)
    axes = add_panel(figure, place, "share of the square with N/2 < sum < N", "number of sides N")
    axes.plot(sides, shares, "o-", color=BLUE, linewidth=2, markersize=6)
    for side, share in zip(sides, shares, strict=True):
        below = share < 0.6
        axes.text(
            side,
            share + (-0.06 if below else 0.05),
            f"{share:.0%}",
            fontsize=9.5,
            ha="center",
            va="top" if below else "bottom",
            color=INK,
        )
    axes.set(xscale="log", ylim=(0, 1.15), xlim=(3.3, 1300))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
