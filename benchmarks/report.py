"""Rows as a table of at most 80 columns, and as JSON.

The JSON is one object: `machine` (python, numpy, platform, blas, when), `quick`, `settings`
(the fields of ``Settings``), `rows` (each the fields of ``Row``), `closing` ({suite: sentence}).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np

from .interval import median_interval
from .suite import Row, Settings, Suite
from .threads import libraries
from .units import bytes_text, seconds_text, three_digits

_COLUMNS = "  {:<17} {:>8} {:>9}  {:<17} {:>8} {:>13}"
_ENOUGH = next(n for n in range(1, 99) if median_interval([0.0] * n).coverage >= 0.95)
"""From so many pairs on there is an interval of 95 %."""


def header(name: str, suite: Suite) -> Iterator[str]:
    """What the suite compares, and the columns."""
    yield f"{name}: {suite.claim}, one BLAS thread"
    unit = f"x {suite.yardstick}"
    yield _COLUMNS.format("", "time", unit, "95 % interval", "memory", "multiply-adds").rstrip()


def table(rows: Iterator[Row], kept: list[Row]) -> Iterator[str]:
    """Each row as a line as soon as it is measured, under the name of its workload; `kept` collects them."""
    workload = ""
    for row in rows:
        kept.append(row)
        if row.workload != workload:
            workload = row.workload
            yield workload
        yield line(row)


def line(row: Row) -> str:
    """One row of the table."""
    if row.skipped:
        return f"  {row.candidate:<17} skipped: {row.skipped}"
    assert row.seconds is not None, "a row that was not skipped was timed"
    return _COLUMNS.format(
        row.candidate,
        seconds_text(row.seconds),
        "-" if row.ratio is None else three_digits(row.ratio),
        _interval(row),
        "-" if row.peak_bytes is None else bytes_text(row.peak_bytes),
        "-" if row.multiply_adds is None else f"{row.multiply_adds:,}",
    )


def _interval(row: Row) -> str:
    if row.low is None or row.high is None or row.pairs < _ENOUGH:
        return f"({row.pairs} pair{'s' * (row.pairs != 1)})"
    return f"[{three_digits(row.low)}, {three_digits(row.high)}]"


def as_json(rows: Sequence[Row], settings: Settings, quick: bool, closing: Mapping[str, str]) -> str:
    """Everything that was measured, and on what."""
    machine = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "blas": libraries(),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    whole = {
        "machine": machine,
        "quick": quick,
        "settings": asdict(settings),
        "rows": [asdict(row) for row in rows],
        "closing": dict(closing),
    }
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"
