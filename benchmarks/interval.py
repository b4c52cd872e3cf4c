"""The median of a sample, and an interval for it that assumes no distribution.

P(x_(k) <= median <= x_(n+1-k)) = 1 - 2 P(Binomial(n, 1/2) < k), with x_(k) the k-th smallest of n.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple


class Interval(NamedTuple):
    """A median, and where the true one lies with probability `coverage`."""

    median: float
    low: float
    high: float
    coverage: float


def median_interval(samples: Sequence[float], confidence: float = 0.95) -> Interval:
    """The median and its narrowest symmetric interval x_(k) .. x_(n+1-k) of at least `confidence`.

    Fewer than 6 samples cannot reach 0.95: the interval is then their range, and `coverage` tells.

    Examples
    --------
    >>> median_interval([5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 7.0, 8.0, 6.0])
    Interval(median=5.0, low=2.0, high=8.0, coverage=0.9609375)
    """
    ordered = sorted(samples)
    n, k = len(ordered), 1
    outside = 2 * comb(n, 0) / 2**n
    while 2 * k < n and (wider := outside + 2 * comb(n, k) / 2**n) <= 1 - confidence:
        k, outside = k + 1, wider
    return Interval(median(ordered), ordered[k - 1], ordered[n - k], 1 - outside)


ENOUGH = next(n for n in range(1, 99) if median_interval([0.0] * n).coverage >= 0.95)
"""From so many samples on there is an interval of 95 %."""
