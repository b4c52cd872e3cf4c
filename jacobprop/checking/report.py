"""What a check says: one row for each comparison, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import CheckFailed

HOLDS, FAILS, KINK, SATURATED, UNRESOLVED = "holds", "fails", "at a kink", "saturated", "not resolved"

_WIDTH = 80
_SMALL = 15
_LINES = 40
"""How many lines of a table are read; of more rows those that hold are put together."""
_REMARKS = 12
_AT = "kink at "


@dataclass(frozen=True)
class Row:
    """One quantity against one witness.

    Attributes
    ----------
    what : str
        The quantity, such as "J_W of layer 2".
    witness : str
        What it was compared with.
    error : float
        The largest relative error of an entry that the witness can see.
    resolves : float
        The largest relative error that would have stayed unseen in such an entry.
    verdict : str
        "holds", "fails", "at a kink" (one-sided derivatives differ there), "saturated" (the true value is
        below what the witness can see) or "not resolved".
    note : str
        A sentence: where, how much of it was compared, or what is wrong.
    kind : str
        "factor", "product", "gradient" or "property".
    """

    what: str
    witness: str
    error: float
    resolves: float
    verdict: str
    note: str = ""
    kind: str = "property"

    @property
    def fails(self) -> bool:
        """Whether it was found wrong."""
        return self.verdict == FAILS


@dataclass(frozen=True, repr=False)
class Report:
    """All rows of a check, causes before consequences; true if nothing fails.

    Attributes
    ----------
    subject : str
        What was checked.
    rows : tuple of Row
        Every comparison.
    """

    subject: str
    rows: tuple[Row, ...]

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that fail; the first is the cause, or the nearest to it."""
        return tuple(row for row in self.rows if row.fails)

    def __bool__(self) -> bool:
        return not self.failures

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        counts = ", ".join(_counted(self.rows)) or "nothing to compare"
        if not self:
            first = self.failures[0]
            counts = f"{len(self.failures)} of {len(self.rows)} comparisons fail"
            return f"{self.subject}: {counts}, first {first.what}"
        return f"{self.subject}: {counts}"

    def __str__(self) -> str:
        lines = _wrapped(f"{self.sentence}.", "")
        if self.failures:
            lines += ["", *_wrapped(f"{self.failures[0].what}: {self.failures[0].note}", "  ")]
        shown = _shown(list(_worst_of_each(self.rows)))
        if shown:
            lines += ["", *_table(shown), *_remarks([row for row in shown if row not in self.failures[:1]])]
            lines += _of_kinks([row for row in shown if row.verdict == KINK])
        if (left_out := len(self.rows) - len(shown)) > 0:
            lines.append(f"({left_out} more {'rows' if left_out > 1 else 'row'} in .rows)")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def raise_if_failed(self) -> None:
        """Raise CheckFailed with the whole text if anything fails.

        Raises
        ------
        CheckFailed
            A comparison fails.
        """
        if not self:
            raise CheckFailed(f"{self}\n\nMend {self.failures[0].what} first")


def _counted(rows: tuple[Row, ...]) -> Iterator[str]:
    """'12 factors, 6 products and 4 gradients hold', and how many of the others there are."""
    named: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        named.setdefault(row.kind, {}).setdefault(row.what, []).append(row.verdict)
    held = [
        f"{count} {kind if count == 1 else _plural(kind)}"
        for kind in ("factor", "product", "gradient", "property")
        if (count := sum(HOLDS in verdicts for verdicts in named.get(kind, {}).values()))
    ]
    if held:
        listed = held[0] if len(held) == 1 else f"{', '.join(held[:-1])} and {held[-1]}"
        yield f"{listed} hold" + ("s" if listed.startswith("1 ") and len(held) == 1 else "")
    for verdict in (KINK, SATURATED, UNRESOLVED):
        only = sum(
            HOLDS not in verdicts and verdict in verdicts
            for whats in named.values()
            for verdicts in whats.values()
        )
        if only:
            yield f"{only} {verdict}"


def _plural(kind: str) -> str:
    return "properties" if kind == "property" else f"{kind}s"


def _worst_of_each(rows: tuple[Row, ...]) -> Iterator[Row]:
    """One row for each quantity: the witness that speaks most against it."""
    gravity = {FAILS: 3, HOLDS: 1, KINK: 2, SATURATED: 0, UNRESOLVED: 0}
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.what, []).append(row)
    for group in groups.values():
        yield max(group, key=lambda row: (gravity[row.verdict], row.resolves, row.error))


def _shown(rows: list[Row]) -> list[Row]:
    """What does not hold, and what holds: in full if it is little, else the worst of each kind."""
    open_ones = [row for row in rows if row.verdict != HOLDS][:_LINES]
    held = [row for row in rows if row.verdict == HOLDS]
    if len(rows) > _SMALL:
        held = [row for row in held if row.kind != "property"]
    if len(held) + len(open_ones) <= _LINES:
        return open_ones + held
    kinds = dict.fromkeys(row.kind for row in held)
    return open_ones + [_worst([row for row in held if row.kind == kind]) for kind in kinds]


def _worst(rows: list[Row]) -> Row:
    """The row of several that hold which is least sure, under the name of all."""
    worst = max(rows, key=lambda row: row.resolves)
    return replace(worst, what=f"{len(rows)} {_plural(worst.kind)}", note=f"the worst is {worst.what}")


def _table(rows: list[Row]) -> list[str]:
    widest = min(max(len(row.what) for row in rows), 30)
    head = f"{'what':<{widest}}  {'witness':<20}  {'error':>7}  {'resolves':>8}"
    return [f"{head}  verdict", *(_line(row, widest) for row in rows)]


def _line(row: Row, widest: int) -> str:
    what, witness = _cut(row.what, widest), _cut(row.witness, 20)
    numbers = f"{_short(row.error):>7}  {_short(row.resolves):>8}"
    return f"{what:<{widest}}  {witness:<20}  {numbers}  {row.verdict}"


def _remarks(rows: list[Row]) -> Iterator[str]:
    """The notes below the table, once each and no more than are read."""
    plain = [row for row in rows if row.note and row.verdict != KINK]
    notes = list({row.note: f"{row.what}: {row.note}" for row in reversed(plain)}.values())[::-1]
    for note in notes[:_REMARKS]:
        yield from _wrapped(note, "  ", first="- ")
    if len(notes) > _REMARKS:
        yield f"- and {len(notes) - _REMARKS} more notes in .rows"


def _of_kinks(rows: list[Row]) -> Iterator[str]:
    """One remark for all kinks: how many rows, and the first of them in full."""
    if rows:
        first = rows[0].note.partition(_AT)[2] or f"{rows[0].what}: {rows[0].note}"
        count = f"{len(rows)} rows" if len(rows) > 1 else rows[0].what
        yield from _wrapped(
            f"{count} at a kink{', e.g.' if len(rows) > 1 else ':'} {first}", "  ", first="- "
        )


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    """Lines of at most 80 columns; a word is never cut."""
    lines, line = [], indent if first is None else first
    for word in text.split():
        if line.strip(" -") and len(line) + len(word) > _WIDTH - 1:
            lines.append(line.rstrip())
            line = indent
        line += word + " "
    return [*lines, line.rstrip()]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + ".."


def _short(number: float) -> str:
    return "0" if number == 0 else "" if number != number else f"{number:.0e}"
