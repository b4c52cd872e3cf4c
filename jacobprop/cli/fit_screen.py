"""A training run on the screen: the data, the network, a progress bar, then what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..report.units import seconds, short
from .fit_run import DESCENT, Follower, Options, Trained
from .fit_score import Scores
from .fit_task import FitTask
from .screen import Screen, numbers, words

MOST_NAMES = 8
"""More classes, features or targets than these are counted, not listed."""
LONGEST_NAME = 40


def cut(name: str) -> str:
    """A name that fits into a line."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."


def few(names: tuple[str, ...]) -> str:
    """The first of many."""
    shown = ", ".join(map(cut, names[:MOST_NAMES]))
    left = len(names) - MOST_NAMES
    return f"{shown} and {left:,} more" if left > 0 else shown


def show_task(screen: Screen, task: FitTask, options: Options) -> None:
    """What is learnt from what, and how; what cannot be learnt fails before anything is printed."""
    for line in list(_told(task, options)):
        screen.line(line)


def _told(task: FitTask, options: Options) -> Iterator[str]:
    data, target = task.data, task.target
    yield f"Data: {data.source}, {counted(len(data.X), 'case')}, {counted(len(data.features), 'feature')}"
    if target.classes:
        yield f"Classes of {few(target.names)}, in the order of the outputs: {few(target.classes)}"
    else:
        yield f"Target: {few(target.names)}"
    if target.note:
        yield f"Note: {target.note}"
    if data.counters:
        yield f"Note: {few(data.counters)} numbers the rows: leave it out with --drop, unless it is a feature"
    if task.ignored:
        yield f"Ignored, as it never changes in training: {few(task.ignored)}"
    yield split(task)
    yield f"Network: {architecture(task)}, {task.net.size:,} parameters"
    scaled = "inputs" if task.target_scale is None else "inputs and target"
    yield f"Scaling: {scaled} to mean 0 and deviation 1 of the training cases"
    yield f"Training: {training(options)}"


def counted(number: int, thing: str) -> str:
    """1 case, 2 cases."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def split(task: FitTask) -> str:
    """How many cases training sees."""
    if task.held_out is None:
        return f"Split: all {len(task.train.X):,} to train on, none held out"
    drawn = "of each class" if task.target.classes else "of all"
    return (
        f"Split: {len(task.train.X):,} to train on, {len(task.held_out.X):,} held out"
        f" ({task.share:g} {drawn}, seed {task.seed})"
    )


def architecture(task: FitTask) -> str:
    """13-10-3 tanh, softmax, cross-entropy."""
    top = "softmax with cross-entropy" if task.target.classes else "linear output with squared error"
    hidden = f" {task.activation}," if task.hidden else ","
    return f"{'-'.join(map(str, task.sizes))}{hidden} {top}"


def training(options: Options) -> str:
    """The method and its numbers."""
    rounds = counted(options.rounds, options.unit)
    if options.method == DESCENT:
        size, rate = options.batch_size, options.learning_rate
        return f"gradient descent, {rounds}, batches of {size:,}, learning rate {rate:g}"
    return f"Levenberg-Marquardt, at most {rounds}, weight decay {options.weight_decay:g}"


@contextmanager
def progress_bar(screen: Screen, options: Options) -> Iterator[Follower]:
    """A bar with the losses, only on a terminal; it is gone at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    terminal = screen.console.is_terminal
    with Progress(*columns, console=screen.console, disable=not terminal, transient=True) as bar:
        line = bar.add_task(options.unit, total=options.rounds)

        def follow(number: int, train: float, held_out: float | None) -> None:
            beside = "" if held_out is None else f", held out {held_out:.4g}"
            bar.update(line, completed=number, description=f"{options.unit}: loss {train:.4g}{beside}")

        yield follow


def show_result(screen: Screen, task: FitTask, options: Options, trained: Trained, scores: Scores) -> None:
    """The losses and the scores before and after, and why training ended."""
    screen.line()
    sides = ["train"] if task.held_out is None else ["train", "held out"]
    columns = [words("", style="cyan")]
    for side in sides:
        columns += [numbers(f"{side}\nbefore"), numbers("\nafter")]
    rows = [["loss", *(f"{loss:.4g}" for loss in scores.losses)]]
    rows += [[cut(score.name), *score.words] for score in scores.shown[: 2 * MOST_NAMES]]
    screen.table(columns, rows)
    left = len(scores.shown) - 2 * MOST_NAMES
    if left > 0:
        screen.line(f"{left:,} more rows: --json")
    if scores.remark:
        screen.line(scores.remark)
    screen.line()
    screen.line(
        f"{short(trained.rounds)} {options.unit}{'' if trained.rounds == 1 else 's'} in "
        f"{seconds(trained.seconds)}. {trained.reason}"
    )
