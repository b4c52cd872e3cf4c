"""The sentence to remember: what dense tensors and the structured chain cost at the widest n-n-n.

The noise is how far the interval of the delta rule against itself reaches from 1 on that workload:
a busy machine shows in the sentence that is quoted, not only in the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from .suite import Row
from .units import three_digits

YARDSTICK = "delta"


def remembered(found: Sequence[Row]) -> str:
    """At the widest n-n-n of all suites where the dense tensors ran."""
    measured = {(row.workload, row.candidate): row for row in found if row.ratio is not None}
    wide = sorted({(_width(row.workload), row.workload) for row in measured.values()}, reverse=True)
    for n, name in wide:
        tensor, chain, itself = (measured.get((name, c)) for c in ("tensor", "structured", YARDSTICK))
        if n and tensor and chain and itself:
            return (
                f"At width {n}: dense tensors x {_ratio(tensor)}, structured x {_ratio(chain)}, "
                f"delta 1.00 (noise {_noise(itself):.0%})."
            )
    return "The dense tensors ran at no width: nothing to sum up."


def _width(workload: str) -> int:
    """n of "n-n-n x 4", 0 of any other."""
    widths = set(workload.partition(" x ")[0].split("-"))
    return int(widths.pop()) if len(widths) == 1 and workload.count("-") == 2 else 0


def _ratio(row: Row) -> str:
    assert row.ratio is not None, "only measured rows are summed up"
    return three_digits(row.ratio)


def _noise(itself: Row) -> float:
    assert itself.low is not None, "a measured row has an interval"
    assert itself.high is not None, "a measured row has an interval"
    return max(abs(itself.low - 1), abs(itself.high - 1))
