"""The experiments on the screen: the list of them, a progress bar, and what one found."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import rich.progress as bars
from rich.console import Console

from ..experiments import Experiment, Progress, Result
from .screen import WIDTH, Screen, numbers, words


def show_experiments(screen: Screen, experiments: Iterable[Experiment]) -> None:
    """A line each."""
    columns = [words("", style="cyan"), words("")]
    screen.table(columns, [[each.name, each.title] for each in experiments], header=False)


@contextmanager
def progress_bar(screen: Screen, experiment: Experiment, hidden: bool) -> Iterator[Progress]:
    """A bar that says what is being done, only on a terminal; it is gone at the end."""
    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.TaskProgressColumn())
    disabled = hidden or not screen.console.is_terminal
    with (
        within_the_terminal(screen.console),
        bars.Progress(*columns, console=screen.console, disable=disabled, transient=True) as bar,
    ):
        line = bar.add_task(experiment.name, total=1.0)

        def follow(share: float, what: str) -> None:
            bar.update(line, completed=share, description=f"{experiment.name}: {what}")

        yield follow


@contextmanager
def within_the_terminal(console: Console) -> Iterator[None]:
    """As wide as the terminal, if that is narrower: a line that wraps cannot be drawn over."""
    before = console.width
    console.width = min(before, shutil.get_terminal_size((WIDTH, 1)).columns)
    try:
        yield
    finally:
        console.width = before


def show_result(screen: Screen, experiment: Experiment, result: Result) -> None:
    """What was done, the table, and what it says."""
    screen.line(experiment.title, style="bold")
    screen.line(experiment.about)
    screen.line()
    table = result.table()
    columns = [
        words(name) if number < table.words else numbers(name.replace(", ", ",\n"))
        for number, name in enumerate(table.columns)
    ]
    screen.table(columns, table.rows)
    for finding in result.findings():
        screen.line()
        screen.line(finding)
