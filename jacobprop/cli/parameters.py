"""The arguments that only jacobprop has: layer sizes, and a file for a picture."""

from __future__ import annotations

import itertools
from pathlib import Path

import click

from ..report.canvas import ENDINGS, require_matplotlib

MOST_NUMBERS = 2**27
"""The most numbers that one array may hold: 1 GiB of float64."""


def sizes_of(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """3-2-1 to (3, 2, 1): widths, input first."""
    words = text.split("-")
    good = all(word.isascii() and word.isdigit() and len(word) < 15 and int(word) > 0 for word in words)
    if not good or len(words) < 2:
        raise click.BadParameter(
            f"{text!r} is no list of layer sizes: two or more positive widths, input first, as in 3-2-1"
        )
    sizes = tuple(map(int, words))
    require_room(max(n * m for n, m in itertools.pairwise(sizes)), f"a weight matrix of {text}")
    return sizes


def require_room(numbers: int, what: str) -> None:
    """Refuse an array that would fill the memory."""
    if numbers > MOST_NUMBERS:
        raise click.UsageError(
            f"{what} has {numbers:,} numbers, more than {MOST_NUMBERS:,}", click.get_current_context()
        )


def picture_file(context: click.Context, parameter: click.Parameter, name: str | None) -> Path | None:
    """A file that a picture can be written to, looked at before any work is done."""
    if name is None:
        return None
    path = Path(name)
    if path.is_dir():
        raise click.BadParameter(f"{name} is a directory: name a file in it, such as {path / 'chain.png'}")
    if path.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{name} must end in {', '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no directory {path.parent}")
    if path.exists() and not path.is_file():
        raise click.BadParameter(f"{name} is no ordinary file")
    _require_writable(path)
    require_matplotlib()
    return path


def _require_writable(path: Path) -> None:
    """Open a file for writing now; one that was not there is not left behind."""
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written: {error.strerror or error}") from None
