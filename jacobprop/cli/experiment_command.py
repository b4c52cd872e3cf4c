"""`jacobprop experiment NAME`: run an experiment of the seeds, and show what it found."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from ..experiments import EXPERIMENTS, Experiment, Result
from ..report.machine import plain
from .experiment_screen import progress_bar, show_experiments, show_result
from .parameters import picture_file
from .pictures import write_picture
from .screen import Screen

MOST_SEEDS = 10_000

EPILOG = """\b
Examples: jacobprop experiment vanishing --plot vanishing.png
jacobprop experiment xor --seeds 10
jacobprop experiment wine --incremental
Without NAME they are listed. Ctrl-C ends with 130."""


@click.command("experiment", epilog=EPILOG)
@click.argument("name", required=False, type=click.Choice(tuple(EXPERIMENTS)), metavar="[NAME]")
@click.option("--list", "listed", is_flag=True, help="list the experiments, a line each")
@click.option(
    "--seeds",
    type=click.IntRange(1, MOST_SEEDS),
    metavar="N",
    help="how many random starts, where there are any  [default: the experiment's own]",
)
@click.option(
    "--incremental",
    is_flag=True,
    help="xor, wine: update after every case, to the letter of the slides; takes minutes",
)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_file,
    help="draw what was found: .png, .svg or .pdf, replaced if it exists",
)
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
def experiment_command(
    name: str | None, listed: bool, plot: Path | None, as_json: bool, **options: Any
) -> None:
    """Run the experiment NAME of the seeds, print a short table, and draw a picture."""
    screen = Screen()
    if name is None or listed:
        _require_nothing_else(plot is not None or as_json or any(options.values()))
        show_experiments(screen, EXPERIMENTS.values())
        return
    experiment = EXPERIMENTS[name]
    chosen = _chosen(experiment, **options)
    with progress_bar(screen, experiment, hidden=as_json) as follow:
        result = experiment.run(progress=follow, **chosen)
    if as_json:
        click.echo(json.dumps(_data(experiment, result), allow_nan=False))
    else:
        show_result(screen, experiment, result)
    if plot:
        write_picture(result.picture(), plot)


def _require_nothing_else(given: bool) -> None:
    """Options belong to an experiment."""
    if given:
        raise click.UsageError("an option needs the NAME of an experiment", click.get_current_context())


def _chosen(experiment: Experiment, seeds: int | None, incremental: bool) -> dict[str, Any]:
    """The options that a run takes; the others are refused."""
    context = click.get_current_context()
    if seeds is not None and not experiment.seeds:
        raise click.UsageError(f"{experiment.name} draws nothing at random: leave --seeds out", context)
    if incremental and not experiment.incremental:
        raise click.UsageError(f"{experiment.name} knows no --incremental", context)
    chosen: dict[str, Any] = {"incremental": True} if incremental else {}
    return chosen if seeds is None else chosen | {"seeds": range(seeds)}


def _data(experiment: Experiment, result: Result) -> dict[str, Any]:
    about = {"experiment": experiment.name, "title": experiment.title, "source": experiment.source}
    return {**about, "findings": list(result.findings()), **described(result)}


def described(value: Any) -> Any:
    """Dataclasses and named tuples as dictionaries, arrays as lists, whatever is in them likewise."""
    if dataclasses.is_dataclass(value):
        return {field.name: described(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        return {name: described(entry) for name, entry in value._asdict().items()}
    if isinstance(value, tuple):
        return [described(entry) for entry in value]
    return plain(value)
