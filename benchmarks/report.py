"""Rows as a table of at most 80 columns, and as JSON.

The JSON is one object: `machine` (see ``machine.description``), `quick`, `settings` (the fields of
``Settings``), `rows` (each the fields of ``Row``), `closing` ({suite: sentence}), `exponents` (each the
fields of ``scaling.Growth``), `targets` (each the fields of ``Outcome``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from .scaling import growths
from .suite import Row, Settings, Shown, Suite
from .targets import Number, Outcome
from .units import bytes_text, count_text, seconds_text, three_digits

_COLUMNS = "  {:<17} {:>8} {:>9}  {:<15} {:>7} {:>8} {:>7}"
_NAME = 17

LEGEND = (
    "x unit, x floor: times as long, in pairs; (n pairs): too few for an interval",
    "floor: bare arithmetic of numpy and its BLAS, which other libraries may beat",
    "memory: peak of one call; mul-add: predicted; -: not known or not measured",
    "  (the memory of a peer cannot be traced)",
)
"""What the columns are, for the end of a run."""

DRY = "(--quick: a dry run, too short for numbers to quote)"


def header(name: str, suite: Suite) -> Iterator[str]:
    """What the suite compares, and the columns."""
    yield f"{name}: {suite.claim}"
    if suite.shown is not None:
        yield from suite.shown.heading
        return
    yield _COLUMNS.format("", "time", "x unit", "95 % interval", "x floor", "memory", "mul-add")
    floor = f"; floor: {suite.floor}" * bool(suite.floor)
    yield f"  (unit: {suite.yardstick}{floor}; one thread on one core)"


def table(rows: Iterator[Row], kept: list[Row], shown: Shown | None = None) -> Iterator[str]:
    """Each row as a line as soon as it is measured, under the name of its workload; `kept` collects them."""
    workload = ""
    for row in rows:
        kept.append(row)
        if row.workload != workload:
            workload = row.workload
            yield workload
        if shown is None:
            yield from title(row)
        yield line(row) if shown is None else shown.line(row)


def title(row: Row) -> Iterator[str]:
    """A line of its own for a name or a note that the columns have no room for."""
    note = "" if row.label in ("", "same answer") else f" ({row.label})"
    if note or len(row.candidate) > _NAME:
        yield f"  {row.candidate}{note}:"


def line(row: Row) -> str:
    """One row of the table."""
    name = "" if len(row.candidate) > _NAME else row.candidate
    if row.skipped:
        return f"  {name:<{_NAME}} skipped: {row.skipped}"
    assert row.seconds is not None, "a row that was not skipped was timed"
    return _COLUMNS.format(
        name,
        seconds_text(row.seconds),
        "-" if row.ratio is None else three_digits(row.ratio),
        _interval(row),
        "-" if row.floor_ratio is None else three_digits(row.floor_ratio),
        "-" if row.peak_bytes is None else bytes_text(row.peak_bytes),
        "-" if row.multiply_adds is None else count_text(row.multiply_adds),
    )


def _interval(row: Row) -> str:
    if row.low is None or row.high is None or not row.enough:
        return f"({row.pairs} pair{'s' * (row.pairs != 1)})"
    return f"[{three_digits(row.low)}, {three_digits(row.high)}]"


def target_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Each target on a line: the verdict, the number, its interval, the limit, the name."""
    if outcomes:
        yield "targets:"
    for outcome in outcomes:
        number = outcome.number
        value = "-" if number is None else _number(number.value)
        limit = f"<= {outcome.limit:.2f}"
        yield f"  {outcome.verdict:<12} {value:>5} {_ends(number):<14} {limit:<7}  {outcome.name}"


def _number(value: float) -> str:
    """With a third decimal where two would leave nothing."""
    return f"{value:.3f}" if 0 < value < 0.1 else three_digits(value)


def _ends(number: Number | None) -> str:
    if number is None or number.low is None or number.high is None:
        return ""
    return f"[{three_digits(number.low)}, {three_digits(number.high)}]"


class Report(NamedTuple):
    """Everything that was measured, and on what."""

    machine: Mapping[str, object]
    quick: bool
    settings: Settings
    rows: Sequence[Row]
    closing: Mapping[str, str]
    targets: Sequence[Outcome]

    def json(self) -> str:
        """As one object."""
        whole = {
            "machine": dict(self.machine),
            "quick": self.quick,
            "settings": asdict(self.settings),
            "rows": [asdict(row) for row in self.rows],
            "closing": dict(self.closing),
            "exponents": [each._asdict() | {"fit": each.fit._asdict()} for each in growths(self.rows)],
            "targets": [_target(outcome) for outcome in self.targets],
        }
        return json.dumps(whole, indent=1, allow_nan=False) + "\n"


def _target(outcome: Outcome) -> dict[str, object]:
    number = None if outcome.number is None else outcome.number._asdict()
    return outcome._asdict() | {"number": number}
