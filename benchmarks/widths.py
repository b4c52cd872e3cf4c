"""The sentence to remember: what dense tensors and the structured chain cost at the widest n-n-n.

The noise is how far the interval of the delta rule against itself reaches from 1 on that workload:
a busy machine shows in the sentence that is quoted, not only in the table. From too few pairs there
is no interval, so no noise is told, and a ratio is rough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .suite import Row
from .units import rough, three_digits

YARDSTICK = "delta"
CASES = 16
"""Of the widths in the suite `scaling`; its other n-n-n vary the cases, not the width."""


def remembered(found: Sequence[Row]) -> str:
    """At the widest n-n-n of all suites where the dense tensors ran."""
    comparisons: dict[tuple[str, str], dict[str, Row]] = {}
    for row in found:
        if row.ratio is not None and width(row):
            comparisons.setdefault((row.suite, row.workload), {})[row.candidate] = row
    whole = [rows for rows in comparisons.values() if {"tensor", "structured", YARDSTICK} <= set(rows)]
    if not whole:
        return "The dense tensors ran at no width: nothing to sum up."
    rows = max(whole, key=lambda rows: _precedence(rows[YARDSTICK]))
    itself = rows[YARDSTICK]
    return (
        f"At width {width(itself)}, {_cases(itself)} cases: dense x {times(rows['tensor'])}, "
        f"structured x {times(rows['structured'])}, delta 1.00.{_noise(itself)}"
    )


def width(row: Row) -> int:
    """n of a workload n-n-n that tells what width costs, 0 of any other."""
    shape = _square(row)
    return 0 if shape is None or (row.suite == "scaling" and _cases(row) != CASES) else int(shape[1])


def times(row: Row) -> str:
    """How many times the yardstick's its time is; rough from too few pairs."""
    assert row.ratio is not None, "only measured rows are summed up"
    return three_digits(row.ratio) if row.enough else rough(row.ratio)


def _square(row: Row) -> re.Match[str] | None:
    return re.fullmatch(r"(\d+)-\1-\1 x (\d+)", row.workload)


def _cases(row: Row) -> int:
    shape = _square(row)
    return int(shape[2]) if shape else 0


def _precedence(row: Row) -> tuple[int, bool]:
    """The widest, and of two suites at one width the one that varies it."""
    return width(row), row.suite == "scaling"


def _noise(itself: Row) -> str:
    if itself.low is None or itself.high is None or not itself.enough:
        return ""
    return f"\nNoise, as delta against itself shows: {max(abs(itself.low - 1), abs(itself.high - 1)):.0%}."
