"""The numbers of a column of text, or one sentence about the first cell that is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..arrays import Array
from ..errors import FileFormatError, shown
from .csv_table import Table, is_number

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "."})
"""What people write where they have no number, in lower case."""

_COMMA = re.compile(r"[+-]?\d[\d.' ]*(,\d+)+([eE][+-]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


def numbers_in(table: Table, name: str, *, learnt: bool) -> Array:
    """A column as floats, all of them finite; what is learnt cannot be dropped."""
    column = table.column(name, "--target" if learnt else "--drop")
    values = np.array([float(cell) if is_number(cell) else np.nan for cell in column])
    odd = np.flatnonzero(~np.isfinite(values))
    if odd.size:
        raise _refusal(table, name, int(odd[0]), learnt)
    return values


def mostly_text(column: Sequence[str]) -> bool:
    """Whether more cells are words than numbers; missing values are neither."""
    texts = sum(not (is_number(c) or _COMMA.fullmatch(c) or c.lower() in MISSING) for c in column)
    return texts > sum(map(is_number, column))


def require_no_empty(table: Table, name: str) -> None:
    """Every case has a class; here NA may be one."""
    column = table.column(name, "--target")
    if "" in column:
        raise _refusal(table, name, column.index(""), learnt=True)


def _refusal(table: Table, name: str, row: int, learnt: bool) -> FileFormatError:
    """Why the cell of a row is no number, or no class, and what to do."""
    cell = table.columns[table.names.index(name)][row]
    drop = "" if learnt else f", or leave the column out with --drop {shown(name)}"
    what, expected, remedy = _explained(table, name, cell, learnt)
    return FileFormatError(
        what, where=table.place(name, row), got=shown(cell), expected=expected, remedy=f"{remedy}{drop}."
    )


def _explained(table: Table, name: str, cell: str, learnt: bool) -> tuple[str, str | None, str]:
    """What is wrong, what is expected, and a remedy without its full stop."""
    if _COMMA.fullmatch(cell):
        point = "a decimal point, and nothing between thousands: 1234.5"
        return "a number has a comma", point, "Export the table with decimal points"
    if not learnt and mostly_text(table.column(name, "--drop")):
        zero_one = "Write a column of 0 and 1 for each of its values"
        return "the column holds text", "numbers", zero_one
    if cell.lower() in MISSING:
        return "a value is missing", None, "Fill it in, or delete the line"
    if is_number(cell) or _INFINITE.fullmatch(cell):
        return "a number is not finite", None, "Correct it, or delete the line"
    return "this is no number", None, "Correct it, or delete the line"
