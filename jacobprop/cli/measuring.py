"""The gradient each way: time, peak memory, and how far it is from the structured chain."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..arrays import Array
from ..errors import CheckFailed, NonFiniteError
from ..formulations import FORMULATIONS
from ..network import Network

EXACT, DIFFERENCES = 1e-12, 1e-6
"""The largest relative difference that rounding explains: of derivatives, and of finite differences."""

REPEATS, ENOUGH_SECONDS = 5, 0.1

Gradients = dict[str, Array]
Run = Callable[[], Gradients]


@dataclass(frozen=True)
class Measurement:
    """One formulation's price, and its largest difference relative to the largest entry.

    ``refused`` says why a formulation gave no result; its numbers are then None.
    """

    formulation: str
    seconds: float | None = None
    peak_bytes: int | None = None
    difference: float | None = None
    refused: str = ""

    @property
    def bound(self) -> float:
        """The largest difference that is right."""
        return DIFFERENCES if self.formulation == "finite_difference" else EXACT

    @property
    def agrees(self) -> bool:
        """Whether the gradient is the structured chain's; what was refused is not wrong."""
        return self.difference is None or self.difference <= self.bound


def measure_all(net: Network, X: Array, T: Array) -> Iterator[Measurement]:
    """Measure every formulation against the structured chain."""
    reference = FORMULATIONS["structured"](net, X, T)
    for name, gradients in FORMULATIONS.items():
        run = partial(gradients, net, X, T)
        try:
            found, seconds = _timed(run)
        except NonFiniteError as error:
            yield Measurement(name, refused=str(error))
        else:
            yield Measurement(name, seconds, _peak(run), _difference(found, reference))


def _difference(found: Gradients, reference: Gradients) -> float:
    """The largest difference over all parameters, relative to the largest entry of the reference."""
    scale = max(float(np.abs(array).max()) for array in reference.values()) or 1.0
    return max(float(np.abs(found[name] - array).max()) for name, array in reference.items()) / scale


def _timed(run: Run) -> tuple[Gradients, float]:
    """The gradient, and the shortest of a few runs: the one that was disturbed least."""
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < ENOUGH_SECONDS):
        start = time.perf_counter()
        found = run()
        times.append(time.perf_counter() - start)
    return found, min(times)


def _peak(run: Run) -> int:
    """The most memory that a run held beyond what was there before."""
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def require_agreement(measurements: list[Measurement]) -> None:
    """Raise CheckFailed, naming the formulation that is farthest off."""
    wrong = [m for m in measurements if not m.agrees]
    if wrong:
        worst = max(wrong, key=lambda m: (m.difference or 0) / m.bound)
        raise CheckFailed(
            f"formulation {worst.formulation!r} differs from the structured chain",
            got=f"{worst.difference:.1e} relative",
            expected=f"at most {worst.bound:.0e}",
        )
