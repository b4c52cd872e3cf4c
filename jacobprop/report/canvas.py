"""A figure of 1280 x 720 points to draw on, and the file that it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._lazy import matplotlib, matplotlib_figure
from ..errors import OptionError
from ..files.paths import as_path

ENDINGS = (".png", ".svg", ".pdf")
"""The formats of pictures."""

WIDTH, HEIGHT, DPI = 12.8, 7.2, 100
"""Inches, and dots an inch: a slide."""


def require_matplotlib() -> None:
    """Raise MissingExtraError now rather than after the work."""
    matplotlib_figure.Figure  # noqa: B018  (the attribute loads the package)


def new_figure() -> Any:
    """An empty slide; no global state of matplotlib is touched."""
    return matplotlib_figure.Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")


def save(figure: Any, path: Path) -> None:
    """Write PNG, SVG or PDF by the ending, the same bytes for the same picture."""
    kind = path.suffix.lower()[1:]
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    with matplotlib.rc_context({"svg.hashsalt": "jacobprop", "hatch.linewidth": 0.6}):
        figure.savefig(path, format=kind, metadata=undated)


def picture_path(path: object, where: str) -> Path:
    """A path with the ending of a picture."""
    file = as_path(path, where)
    if file.suffix.lower() not in ENDINGS or not file.parent.is_dir():
        raise OptionError(
            "a picture cannot be saved there",
            where=where,
            got=path,
            expected=f"a name in an existing directory that ends in {', '.join(ENDINGS)}",
            remedy="Leave it out: the figure has savefig.",
        )
    return file
