"""Writing a picture, and saying so on stderr, which leaves stdout to the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..report.canvas import save


def write_picture(figure: Any, path: Path) -> None:
    """Save a figure."""
    save(figure, path)
    click.echo(f"picture: {path}", err=True)
