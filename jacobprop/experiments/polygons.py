"""Sums of N half-planes around a circle, from 4 sides to 1000: the slide's claim is false (H-28, E-36)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..constructions import circle_network, circle_profile, share_between
from ..report.experiment_polygons import Field, Profile, polygons_picture
from .experiment import Experiment, Progress, Table, silent

SIDES = (4, 5, 6, 7, 16, 100, 1000)
REACH = 5.0
"""The figure is drawn, and shares are taken, of the square from -5 to 5; the circle has the radius 1."""

DISTANCES = np.linspace(0.05, 10, 200)
SHOWN = (1.5, 3.0, 10.0)
DIRECTIONS = 240
GRID = 120


class Polygon(NamedTuple):
    """One number of sides.

    Attributes
    ----------
    share : float
        Of the square, where N/2 < sum < N.
    mean, least, most : array (200,)
        The sum at each distance, over all directions.
    formula : array (200,)
        N (1 - arccos(1/r) / pi).
    field : array (120, 120)
        The sum over the square, at the middles of cells.
    """

    sides: int
    share: float
    mean: Array
    least: Array
    most: Array
    formula: Array
    field: Array

    @property
    def deviation(self) -> float:
        """The largest difference between any sum and the formula."""
        return float(max(np.abs(self.least - self.formula).max(), np.abs(self.most - self.formula).max()))


@dataclass(frozen=True)
class PolygonsResult:
    """Every polygon, at common distances."""

    distances: Array
    polygons: tuple[Polygon, ...]

    def table(self) -> Table:
        """A row for each number of sides."""
        columns = ("sides N", "share between", *(f"sum/N, r = {r:g}" for r in SHOWN), "formula off by")
        return Table(columns, tuple(map(self._row, self.polygons)), words=0)

    def _row(self, polygon: Polygon) -> tuple[str, ...]:
        means = (np.interp(r, self.distances, polygon.mean) / polygon.sides for r in SHOWN)
        share = f"{polygon.share:.1%}"
        return (str(polygon.sides), share, *(f"{mean:.3f}" for mean in means), f"{polygon.deviation:.2f}")

    def findings(self) -> tuple[str, ...]:
        """What the slide says, and what is so."""
        first, last = self.polygons[0], self.polygons[-1]
        profile = circle_profile(SHOWN, last.sides) / last.sides
        shown = ", ".join(f"{value:.3f}" for value in profile)
        return (
            f"The slide: more sides reduce the area with N/2 < sum < N. Measured on [-5, 5]^2: it grows, from"
            f" {first.share:.1%} with {first.sides} sides to {last.share:.1%} with {last.sides}.",
            f"Outside, the mean sum is N (1 - arccos(1/r) / pi), above N/2 at every distance: of N {shown} at"
            f" r = {', '.join(f'{r:g}' for r in SHOWN)}. No sum is further than 1 from it.",
        )

    def picture(self) -> Any:
        """Four fields, the profiles and the shares."""
        fields = [Field(p.sides, p.field) for p in self.polygons if p.sides in (4, 5, 16, 1000)]
        profiles = [
            Profile(p.sides, p.mean, p.least, p.most) for p in self.polygons if p.sides in (4, 16, 1000)
        ]
        sides = [p.sides for p in self.polygons]
        shares = [p.share for p in self.polygons]
        formula = self.polygons[-1].formula / self.polygons[-1].sides
        return polygons_picture(fields, REACH, self.distances, formula, profiles, sides, shares)


@quiet
def run(*, progress: Progress = silent) -> PolygonsResult:
    """Build the network of every N, and add up its half-planes in all directions.

    Examples
    --------
    >>> polygon = measured(4)
    >>> round(polygon.share, 2), round(polygon.deviation, 2) <= 1
    (0.32, True)
    """
    found = []
    for number, sides in enumerate(SIDES):
        progress(number / len(SIDES), f"{sides} sides")
        found.append(measured(sides))
    return PolygonsResult(DISTANCES, tuple(found))


def measured(sides: int) -> Polygon:
    """The sums of one network."""
    net = circle_network(sides)
    angles = (np.arange(DIRECTIONS) + 0.5) * 2 * np.pi / DIRECTIONS
    rays = DISTANCES[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    sums = np.array([net(ray)[:, 0] for ray in rays])
    axis = ((np.arange(GRID) + 0.5) / GRID * 2 - 1) * REACH
    field = np.array([net(np.stack([axis, np.full(GRID, y)], axis=-1))[:, 0] for y in axis])
    return Polygon(
        sides,
        share_between(sides, reach=REACH),
        sums.mean(axis=1),
        sums.min(axis=1),
        sums.max(axis=1),
        circle_profile(DISTANCES, sides),
        field,
    )


EXPERIMENT = Experiment(
    name="polygons",
    title="Sums of 4 to 1000 half-planes: the slide's claim is false",
    about=(
        "N threshold units, one for each side of a regular polygon around the circle of radius 1, and their"
        " sum: N inside. What is it outside?"
    ),
    source="H-28, E-36",
    run=run,
)
