"""A CSV file that anybody may have written, as columns of text: names on top, rectangular, and capped."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import FileFormatError, UnknownNameError, shown
from ..files.paths import as_path

MOST_BYTES = 2**26
MOST_ROWS = 10**6
MOST_COLUMNS = 2000
MOST_CELLS = 5 * 10**6
"""A cell takes some 60 bytes as text: 300 MB."""

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SNIFFED = 20
"""So many records decide what separates the cells."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_number(cell: str) -> bool:
    """Whether a cell is a decimal number, with a point if any; nan, inf and 1_000 are none."""
    return _NUMBER.fullmatch(cell) is not None


class Table(NamedTuple):
    """Columns of stripped text, and the line of the file at which each row starts."""

    path: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def place(self, name: str, row: int | None = None) -> str:
        """A column, or a cell, for errors."""
        line = "" if row is None else f", line {self.lines[row]}"
        return f"{self.path}{line}, column {shown(name)}"

    def column(self, name: str, option: str) -> tuple[str, ...]:
        """The cells below a name."""
        if name not in self.names:
            known = ", ".join(map(shown, self.names[:20])) + (", ..." if len(self.names) > 20 else "")
            raise UnknownNameError(
                "there is no such column", where=option, got=shown(name), expected=f"one of {known}"
            )
        return self.columns[self.names.index(name)]


def read_table(path: str) -> Table:
    """The rows below the header; empty lines are left out."""
    raw = _bytes(path)
    records = _records(raw, _delimiter(raw), path)
    header = next(records, None)
    if header is None:
        raise FileFormatError("the file is empty", where=path, remedy="The first line names the columns.")
    names = _names(header.cells, path)
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, cells in records:
        _require_room(path, len(rows) + 1, len(names))
        if len(cells) != len(names):
            raise FileFormatError(
                "a row is not as long as the header",
                where=f"{path}, line {line}",
                got=f"{len(cells)} cells",
                expected=f"{len(names)}, separated by {DELIMITERS[_delimiter(raw)]}",
                remedy='Quote a cell that has such a sign in it: "1, 2". Numbers take a decimal point.',
            )
        rows.append(cells)
        lines.append(line)
    if not rows:
        raise FileFormatError(
            "there is no row below the header", where=path, remedy="Write one line for each case."
        )
    return Table(path, names, tuple(zip(*rows, strict=True)), tuple(lines))


class _Record(NamedTuple):
    line: int
    cells: list[str]


def _bytes(path: str) -> bytes:
    """The file, which is UTF-8 text of a size that fits."""
    with as_path(path, "fit").open("rb") as stream:
        raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise FileFormatError(
            "the file is too large",
            where=path,
            expected=f"at most {MOST_BYTES:,} bytes",
            remedy="Read it in Python and write arrays X and T with numpy.savez.",
        )
    try:
        raw.decode("utf-8")
        at = raw.find(b"\0")
    except UnicodeDecodeError as error:
        at = error.start
    if at >= 0:
        raise FileFormatError(
            "this is no text in UTF-8",
            where=f"{path}, line {raw.count(bytes([10]), 0, at) + 1}",
            got=f"the byte {raw[at]:#04x}",
            remedy="Save it as CSV in UTF-8; arrays in an npz file have the ending .npz.",
        )
    return raw


def _records(raw: bytes, delimiter: str, path: str) -> Iterator[_Record]:
    """The records that have any text, cell by cell stripped."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise FileFormatError(
                "the quotes of a cell do not match, or it is too long",
                where=f"{path}, line {line}",
                got=str(error),
                remedy='A quote within a quoted cell is written twice: "say ""so""".',
            ) from None
        if any(cells):
            yield _Record(line, cells)


def _delimiter(raw: bytes) -> str:
    """What splits the most of the first records into as many cells as the first, and that into most."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(raw, delimiter))


def _regularity(raw: bytes, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    with contextlib.suppress(FileFormatError):  # which is told once it is known what separates the cells
        for record in itertools.islice(_records(raw, delimiter, ""), _SNIFFED):
            widths.append(len(record.cells))
    if not widths or widths[0] == 1:
        return (0.0, len(widths))
    return (widths.count(widths[0]) / len(widths), widths[0])


def _names(header: list[str], path: str) -> tuple[str, ...]:
    """The names of the columns; one without a name is called by its number."""
    if len(header) == 1:
        raise FileFormatError(
            "there is one column only",
            where=path,
            got=shown(header[0]),
            expected="columns separated by commas, semicolons or tabs",
            remedy="A target needs at least one feature beside it.",
        )
    _require_room(path, 1, len(header))
    for k, cell in enumerate(header, 1):
        if is_number(cell):
            raise FileFormatError(
                "the first line does not name the columns",
                where=path,
                got=f"the number {cell} in column {k}",
                expected="a header",
                remedy="Put a line of names on top, such as x1,x2,y; no name is a mere number.",
            )
    names = tuple(cell or f"column {k}" for k, cell in enumerate(header, 1))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FileFormatError(
            "two columns have one name", where=path, got=shown(twice), remedy="Rename one of them."
        )
    return names


def _require_room(path: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise FileFormatError(
            "the table is too large",
            where=path,
            got=f"{rows:,} rows or more of {columns:,} columns",
            expected=f"at most {MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells",
            remedy="Read it in Python and write arrays X and T with numpy.savez.",
        )
