"""What is printed: 80 columns in the characters that the stream can carry, names as plain data."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from ..report.notation import ASCII, UNICODE, Notation
from .escaping import printable

WIDTH = 80


class _Console(Console):
    """Rich's console, which leaves a closed pipe to us."""

    def on_broken_pipe(self) -> None:
        """Say so, instead of ending the program."""
        raise BrokenPipeError


class Screen:
    """Standard output. Nothing that is printed is read as markup.

    Attributes
    ----------
    notation : Notation
        Unicode signs where the stream's encoding has them, else ASCII.
    """

    def __init__(self) -> None:
        self.console = _Console(width=WIDTH, markup=False, highlight=False, emoji=False)
        self._encoding = self.console.encoding
        self.notation: Notation = UNICODE if self._encoding.startswith("utf") else ASCII

    def safe(self, text: str) -> str:
        """Text without control characters, in characters that the encoding has."""
        return printable(text, self._encoding)

    def print(self, shown: RenderableType) -> None:
        """Print; a file or a pipe gets no spaces at the ends of lines."""
        if self.console.is_terminal:
            self.console.print(shown)
            return
        with self.console.capture() as capture:
            self.console.print(shown)
        for line in capture.get().splitlines():
            self.console.file.write(line.rstrip() + "\n")

    def line(self, text: str = "", style: str = "") -> None:
        """One line, wrapped at words if it must be."""
        self.print(Text(self.safe(text), style=style))

    def heading(self, text: str) -> None:
        """A line that opens a section."""
        self.line()
        self.line(text, style="bold")

    def block(self, lines: Iterable[str], indent: int = 0) -> None:
        """Lines that belong together and are never wrapped."""
        margin = " " * indent
        text = "\n".join(margin + self.safe(line) for line in lines)
        self.print(Text(text, no_wrap=True, overflow="ellipsis"))

    def table(
        self,
        columns: Iterable[Column],
        rows: Iterable[Iterable[str]],
        header: bool = True,
        expand: bool = False,
    ) -> None:
        """A table; a long cell continues on the next line."""
        columns = list(columns)
        table = Table(
            *columns,
            box=None,
            show_header=header,
            show_footer=any(column.footer for column in columns),
            expand=expand,
            padding=(0, 2, 0, 0),
            pad_edge=False,
        )
        for row in rows:
            table.add_row(*(Text(self.safe(cell)) for cell in row))
        self.print(table)


def words(header: str, footer: str = "", style: str = "", width: int | None = None) -> Column:
    """A column of words, narrower than `width` if that is given."""
    return Column(header, footer, style=style, overflow="fold", max_width=width)


def numbers(header: str, footer: str = "", width: int | None = None) -> Column:
    """A column of numbers."""
    return Column(header, footer, justify="right", no_wrap=True, width=width)
