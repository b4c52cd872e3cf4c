"""`jacobprop fit wine | FILE.csv | FILE.npz`: train a network, and see how well it does on cases held out."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..activations import NAMES
from ..files import save
from ..files.paths import as_path, replacing
from ..report.learning_curve import learning_picture
from ..report.machine import plain
from .fit_data import fit_data
from .fit_run import DESCENT, MARQUARDT, Options, Trained, train
from .fit_score import Scores, scores
from .fit_screen import architecture, counted, progress_bar, show_result, show_task
from .fit_target import Task
from .fit_task import FitTask
from .parameters import picture_file, require_room
from .pictures import write_picture
from .screen import Screen

ROUNDS = {MARQUARDT: 100, DESCENT: 300}
OWN: dict[str, dict[str, Any]] = {
    MARQUARDT: {"weight_decay": 1e-3},
    DESCENT: {"learning_rate": 0.1, "batch_size": 16},
}
"""The options that only one method has, with their defaults."""

SAVED_CASES = 16
"""So many training cases go into the file, for `jacobprop check`."""

EPILOG = """\b
Examples: jacobprop fit wine --plot curve.png
jacobprop fit houses.csv --target price --drop id --save net.npz
jacobprop fit arrays.npz --hidden 16,8 --method descent --epochs 500
A CSV file has a line of names on top, then numbers; only the target may
be text, which are classes. Ctrl-C ends the training, keeps the network
of that moment, and exits with 130."""


def widths_of(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """16,8 to (16, 8); none to ()."""
    words = [word.strip() for word in text.split(",")]
    if words == ["none"]:
        return ()
    if not all(word.isascii() and word.isdigit() and len(word) < 10 and int(word) > 0 for word in words):
        raise click.BadParameter(
            f"{text!r} is no list of widths such as 10 or 16,8; none for no hidden layer"
        )
    return tuple(map(int, words))


class _Rehearsed(Exception):  # noqa: N818  (it is no error)
    """The file could be written."""


def network_file(context: click.Context, parameter: click.Parameter, name: str | None) -> Path | None:
    """A file that a network can be saved to, tried before any work is done."""
    if name is None:
        return None
    path = as_path(name, "--save")
    try:
        with suppress(_Rehearsed), replacing(path):
            raise _Rehearsed
    except OSError as error:
        raise click.BadParameter(f"{name} cannot be written: {error.strerror or error}") from None
    return Path(name)


@click.command("fit", epilog=EPILOG)
@click.argument("data")
@click.option("--target", metavar="COLUMN", help="of a CSV file: what to learn")
@click.option("--drop", metavar="COLUMN", multiple=True, help="of a CSV file: no feature; may be repeated")
@click.option("--task", type=click.Choice(["classify", "regress"]), help="[default: as the target looks]")
@click.option("--hidden", default="10", show_default=True, metavar="WIDTHS", callback=widths_of)
@click.option("--activation", default="tanh", show_default=True, metavar="NAME", help=", ".join(NAMES))
@click.option(
    "--method",
    type=click.Choice([MARQUARDT, DESCENT]),
    default=MARQUARDT,
    show_default=True,
    help="Levenberg-Marquardt, or gradient descent",
)
@click.option(
    "--epochs",
    "--iterations",
    "rounds",
    type=click.IntRange(min=0),
    help="[default: lm at most 100, descent 300]",
)
@click.option("--learning-rate", type=float, metavar="RATE", help="of descent  [default: 0.1]")
@click.option("--batch-size", type=click.IntRange(min=1), help="of descent  [default: 16]")
@click.option("--weight-decay", type=float, metavar="DECAY", help="of lm  [default: 0.001]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--held-out",
    "share",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.25,
    show_default=True,
    metavar="SHARE",
    help="of the cases, never trained on",
)
@click.option(
    "--save",
    "saved",
    metavar="FILE",
    callback=network_file,
    help="write the network, as jp.load reads it, which takes unscaled inputs",
)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_file,
    help="draw the learning curve: .png, .svg or .pdf, replaced if it exists",
)
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
def fit_command(
    data: str,
    target: str | None,
    drop: tuple[str, ...],
    task: Task | None,
    hidden: tuple[int, ...],
    activation: str,
    share: float,
    seed: int,
    saved: Path | None,
    plot: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Train a network on DATA: wine, a CSV file, or an npz file with arrays X and T.

    Classes get a softmax with cross-entropy, numbers a linear output with squared error. Inputs and
    numbers to learn are standardised by the training cases, and the network that is saved undoes that.
    """
    options = _options(seed=seed, **given)
    fitted = FitTask(fit_data(data, target, drop, task), hidden, activation, share, seed)
    require_room(max(map(_product, fitted.sizes, fitted.sizes[1:])), "a weight matrix")
    _require_other_file(saved, data)
    screen = Screen()
    if not as_json:
        show_task(screen, fitted, options)
    trained = _train(screen, fitted, options, as_json)
    if saved:
        save(trained.network, saved, **_cases(fitted))
    found = scores(fitted, trained)
    if as_json:
        click.echo(json.dumps(_data(fitted, options, trained, found), allow_nan=False))
    else:
        show_result(screen, fitted, options, trained, found)
    if saved:
        few = counted(len(_cases(fitted)["X"]), "training case")
        click.echo(
            f"network: {saved}, for inputs as they are in {data}; with {few} for jacobprop check", err=True
        )
    if plot:
        write_picture(_picture(fitted, options, trained, found), plot)
    click.get_current_context().exit(130 if trained.interrupted else 0)


def _require_other_file(saved: Path | None, data: str) -> None:
    """Refuse to replace the data by the network."""
    if saved and saved.exists() and Path(data).exists() and saved.samefile(data):
        raise click.UsageError(f"--save {saved} would replace the data", click.get_current_context())


def _product(n: int, m: int) -> int:
    return n * m


def _options(method: str, rounds: int | None, seed: int, **given: Any) -> Options:
    """With the defaults of the method; the other's options are refused."""
    for option, value in given.items():
        if value is not None and option not in OWN[method]:
            other = DESCENT if method == MARQUARDT else MARQUARDT
            raise click.UsageError(
                f"--{option.replace('_', '-')} belongs to --method {other}", click.get_current_context()
            )
    known = {name: value for own in OWN.values() for name, value in own.items()}
    known |= {name: value for name, value in given.items() if value is not None}
    return Options(method, ROUNDS[method] if rounds is None else rounds, seed=seed, **known)


def _train(screen: Screen, task: FitTask, options: Options, silent: bool) -> Trained:
    if silent:
        return train(task, options, lambda number, train, held_out: None)
    with progress_bar(screen, options) as follow:
        return train(task, options, follow)


def _cases(task: FitTask) -> dict[str, Any]:
    """A few training cases as they are, from the first to the last: files are often sorted by class."""
    last = len(task.train.X) - 1
    rows = np.linspace(0, last, min(SAVED_CASES, last + 1)).astype(int)
    return {name: array[rows] for name, array in task.train._asdict().items()}


def _picture(task: FitTask, options: Options, trained: Trained, found: Scores) -> Any:
    method = "gradient descent" if options.method == DESCENT else "Levenberg-Marquardt"
    rounds = counted(trained.rounds, options.unit)
    side = "train" if task.held_out is None else "held out"
    kinds = ["accuracy"] if task.target.classes else ["RMSE", "R²"]
    result = ", ".join(f"{kind} {score.words[-1]}" for kind, score in zip(kinds, found.shown, strict=False))
    many = len(task.target.names)
    side += f", first of {many:,} targets" if many > 1 else ""
    title = f"{architecture(task)}; {method}, {rounds}"
    losses = trained.losses
    return learning_picture(losses.train, losses.held_out, options.unit, title, f"{side}: {result}")


def _data(task: FitTask, options: Options, trained: Trained, found: Scores) -> dict[str, Any]:
    data, target = task.data, task.target
    sides = ["train", "held_out"] if task.held_out else ["train"]
    moments = [f"{side}_{moment}" for side in sides for moment in ("before", "after")]
    return {
        "data": data.source,
        "features": list(data.features),
        "ignored": list(task.ignored),
        "targets": list(target.names),
        "classes": list(target.classes),
        "cases": {"train": len(task.train.X), "held_out": len(task.held_out.X) if task.held_out else 0},
        "network": architecture(task),
        "options": options._asdict(),
        "train_loss": plain(trained.losses.train),
        "held_out_loss": plain(trained.losses.held_out),
        "scores": {score.name: dict(zip(moments, plain(score.values), strict=True)) for score in found.shown},
        "rounds": trained.rounds,
        "seconds": trained.seconds,
        "reason": trained.reason,
        "interrupted": trained.interrupted,
    }
