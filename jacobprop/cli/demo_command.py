"""`jacobprop demo`: from a minibatch of wines to a trained network, every factor on the way shown."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..report.chain_table import ChainTable
from ..report.demo_picture import demo_picture
from ..report.machine import chain_data, network_data, plain
from ..report.notation import ASCII
from ..training import Fit
from .demo_run import DemoRun
from .demo_screen import show_chains, show_forward, show_measurements, show_symbolic, show_training
from .measuring import require_agreement
from .parameters import picture_file
from .pictures import write_picture
from .screen import Screen
from .symbolic_check import slide_entry
from .wine_task import slide_task, softmax_task


@click.command("demo")
@click.option("--slide", is_flag=True, help="the slide's 13-5-1 sigmoid with squared error instead of 13-5-3")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(min=0), help="[default: 60, with --slide 300]")
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
@click.option(
    "--plot", metavar="FILE", callback=picture_file, help="draw chain and learning curve: .png, .svg or .pdf"
)
def demo_command(slide: bool, seed: int, epochs: int | None, as_json: bool, plot: Path | None) -> None:
    """Explain one gradient of a network that learns to tell wines apart, then train it."""
    run = DemoRun(slide_task(seed) if slide else softmax_task(seed), seed)
    epochs = run.task.epochs if epochs is None else epochs
    if as_json:
        trained = run.train(epochs)
        click.echo(json.dumps(_data(run, trained, epochs), allow_nan=False))
    else:
        trained = _show(run, epochs)
    if plot:
        history, accuracy = trained.history, run.task.accuracy(trained.network)
        figure = demo_picture(run.task.net, run.record, history.train, history.held_out, accuracy)
        write_picture(figure, plot)
    require_agreement(run.measurements)
    run.symbolic.require()


def _show(run: DemoRun, epochs: int) -> Fit:
    screen = Screen()
    for show in (show_forward, show_chains, show_measurements, show_symbolic):
        show(screen, run)
    return show_training(screen, run, epochs)


def _data(run: DemoRun, trained: Fit, epochs: int) -> dict[str, Any]:
    task, record = run.task, run.record
    tables = [ChainTable(record.chain("L", name), task.net.architecture, ASCII) for name in ("W1", "W2")]
    return {
        "seed": run.seed,
        "task": task.title,
        "network": network_data(task.net, record),
        "chains": [chain_data(table, record.jacobian("L", table.nodes[-1].name)) for table in tables],
        "gradients": {name: plain(array) for name, array in record.gradients().items()},
        "formulations": [{**asdict(m), "agrees": m.agrees} for m in run.measurements],
        "symbolic": {**run.symbolic._asdict(), "slide": slide_entry(ASCII)},
        "training": {
            "epochs": epochs,
            "learning_rate": task.learning_rate,
            "batch_size": task.batch_size,
            "train_loss": plain(trained.history.train),
            "held_out_loss": plain(trained.history.held_out),
        },
        "accuracy": {"before": task.accuracy(task.net), "after": task.accuracy(trained.network)},
    }
