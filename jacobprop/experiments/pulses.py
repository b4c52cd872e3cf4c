"""A sine by pulses of threshold units: the error falls with their width, and the bound is met (H-33)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, quiet
from ..constructions import pulse_error_bound, pulse_sum_network
from ..network import Network
from ..report.experiment_pulses import Staircase, pulses_picture
from .experiment import Experiment, Progress, Table, silent

COUNTS = (3, 10, 30, 100, 300, 1000)
TABLED = (10, 100, 1000)
END = 2 * np.pi
TIMES = np.linspace(0, END, 1000, endpoint=False)


class PulseSum(NamedTuple):
    """One network.

    Attributes
    ----------
    pulses : int
        How many.
    error, bound : float
        The largest abs error on [0, 2 pi), and Lipschitz * width / 2.
    heights : array (1000,)
        What it says on an even grid.
    """

    pulses: int
    error: float
    bound: float
    heights: Array


@dataclass(frozen=True)
class PulsesResult:
    """Every network, at common points."""

    points: Array
    sums: tuple[PulseSum, ...]

    def table(self) -> Table:
        """A row for 10, 100 and 1000 pulses."""
        columns = ("pulses", "hidden units", "width", "largest error", "bound: width / 2")
        rows = [
            (str(n), str(n + 1), f"{END / n:.4g}", f"{error:.3g}", f"{bound:.3g}")
            for n, error, bound, _ in self.sums
            if n in TABLED
        ]
        return Table(columns, tuple(rows), words=0)

    def findings(self) -> tuple[str, ...]:
        """How the error falls."""
        first, last = self.sums[1], self.sums[-1]
        slope = np.log(last.error / first.error) / np.log(last.pulses / first.pulses)
        return (
            "A pulse has the height of the sine at its middle, so the error is at most half its width times"
            " the steepest slope, which is 1.",
            f"From {first.pulses} to {last.pulses} pulses the error falls like their number to the power"
            f" {slope:.2f}: every further digit costs ten times as many units.",
        )

    def picture(self) -> Any:
        """Two staircases, their errors, and the error by the number of pulses."""
        stairs = [Staircase(s.pulses, s.heights) for s in self.sums if s.pulses in (10, 100)]
        counts, errors, bounds = (np.array([s[k] for s in self.sums]) for k in range(3))
        return pulses_picture(self.points, np.sin(self.points), stairs, counts, errors, bounds)


@quiet
def run(*, progress: Progress = silent) -> PulsesResult:
    """Build the sums of 3 to 1000 pulses, and measure each.

    Examples
    --------
    >>> [f"{measured(n).error:.3g}" for n in TABLED]
    ['0.309', '0.0314', '0.00314']
    """
    found = []
    for number, pulses in enumerate(COUNTS):
        progress(number / len(COUNTS), f"{pulses} pulses")
        found.append(measured(pulses))
    return PulsesResult(TIMES, tuple(found))


def measured(pulses: int) -> PulseSum:
    """One network, its largest error and the bound."""
    net = pulse_sum_network(np.sin, 0.0, END, pulses)
    bound = pulse_error_bound(1.0, 0.0, END, pulses)
    return PulseSum(pulses, _largest_error(net, pulses), bound, net(TIMES[:, None])[:, 0])


def _largest_error(net: Network, pulses: int) -> float:
    """At both ends of every pulse, where the sine is furthest from the pulse's height."""
    edges = np.linspace(0, END, pulses + 1)
    x = np.concatenate([edges[:-1], np.nextafter(edges[1:], 0.0)])
    return float(np.abs(net(x[:, None])[:, 0] - np.sin(x)).max())


EXPERIMENT = Experiment(
    name="pulses",
    title="sin x by 10, 100 and 1000 pulses of threshold units",
    about=(
        "Two thresholds and a sum make a pulse, and pulses make any function. How good are they for sin x on"
        " [0, 2 pi)?"
    ),
    source="H-33",
    run=run,
)
