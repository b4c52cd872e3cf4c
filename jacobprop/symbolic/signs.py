"""What stands between and around the letters of a formula, in a terminal and in LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 80
"""The width of a screen."""


@dataclass(frozen=True)
class Signs:
    """Patterns, to be filled with what is already written."""

    latex: bool
    width: int  # of a line
    space: str
    ratio: str
    power: str
    root: str
    exponential: str
    call: str
    indicator: str
    entry: str


TEXT = Signs(
    latex=False,
    width=WIDTH,
    space=" ",
    ratio="{}/{}",
    power="{}^{}",
    root="sqrt({})",
    exponential="exp({})",
    call="{}({})",
    indicator="[{} > 0]",
    entry="{}[{}]",
)
LATEX = Signs(
    latex=True,
    width=4 * WIDTH,
    space=r"\, ",
    ratio=r"\frac{{{}}}{{{}}}",
    power="{}^{{{}}}",
    root=r"\sqrt{{{}}}",
    exponential="e^{{{}}}",
    call=r"\operatorname{{{}}}({})",
    indicator="{{[{} > 0]}}",  # in braces: a bracket that follows a line's end would be its argument
    entry=r"\bigl[ {} \bigr]_{{{}}}",
)
