"""The demo on the screen, station by station."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..report.units import seconds
from ..training import Fit
from .chain_screen import show_chain
from .demo_run import DemoRun
from .forward_screen import show_definitions
from .measuring import Measurement
from .screen import Screen, numbers, words
from .symbolic_check import slide_entry

MEANINGS = {
    "tensor": "dense tensors, np.tensordot",
    "numpy_dot": "the slide's np.dot",
    "simplified": "the slide's J_Z^L x J^_W^Z",
    "structured": "the chain above",
    "delta": "delta rule, the whole minibatch",
    "delta_scalar": "delta rule, node by node",
    "finite_difference": "central differences of the loss",
}


def show_forward(screen: Screen, run: DemoRun) -> None:
    """What is trained on what, and the pass of one minibatch."""
    task, record = run.task, run.record
    screen.line(
        f"Wine: {len(task.train.X)} cases to train on, {len(task.held_out.X)} held out, seed {run.seed}"
    )
    screen.line(f"Network: {task.title}")
    screen.heading("1  Forward")
    show_definitions(screen, task.net, record)
    screen.line(f"a minibatch of {record.cases} cases has the loss {record.loss:.6g}")


def show_chains(screen: Screen, run: DemoRun) -> None:
    """The chain from J_N^L to each weight, with the running R."""
    screen.heading("2  The chain of Jacobians, from the loss to each weight")
    screen.line("shapes and numbers: the first case; bytes and multiply-adds: all cases")
    screen.line(screen.notation.outer_product)
    for name in ("W2", "W1"):
        show_chain(screen, run.task.net, run.record.chain("L", name))


def show_measurements(screen: Screen, run: DemoRun) -> None:
    """The table of the seven formulations."""
    screen.heading("3  The same gradient seven ways")
    columns = [words("formulation", style="cyan"), words("how")]
    columns += [numbers("time"), numbers("peak\nbytes"), numbers("largest\ndifference")]
    screen.table(columns, map(_cells, run.measurements))
    screen.line("difference to the structured chain, relative to the largest entry")


def _cells(m: Measurement) -> list[str]:
    meaning = MEANINGS.get(m.formulation, "")
    if m.seconds is None or m.peak_bytes is None or m.difference is None:
        return [m.formulation, f"refused: {m.refused}", "", "", ""]
    return [m.formulation, meaning, seconds(m.seconds), f"{m.peak_bytes:,}", f"{m.difference:.1e}"]


def show_symbolic(screen: Screen, run: DemoRun) -> None:
    """The check against sympy."""
    screen.heading("4  The same chain on symbols, 3-2-1, against sympy")
    check = run.symbolic
    equal = check.entries - len(check.differing)
    screen.line(f"{equal} of {check.entries} entries of dL/dV and dL/dW equal sympy.diff of the loss")
    if check.slide_entry:
        screen.line(f"as on the slide: {slide_entry(screen.notation)}")


def show_training(screen: Screen, run: DemoRun, epochs: int) -> Fit:
    """Train behind a progress bar, then say what became of it."""
    task = run.task
    screen.heading("5  Training")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    terminal = screen.console.is_terminal
    with Progress(*columns, console=screen.console, disable=not terminal, transient=True) as bar:
        line = bar.add_task("training", total=epochs)

        def progress(epoch: int, train: float, held_out: float | None) -> None:
            bar.update(line, completed=epoch, description=f"loss {train:.4f}")

        trained = run.train(epochs, progress)
    _show_losses(screen, run, trained, epochs)
    before, after = task.accuracy(task.net), task.accuracy(trained.network)
    cases = len(task.held_out.X)
    wines = f"{round(after * cases)} of {cases} wines"
    screen.line(f"held-out accuracy {after:.1%} ({wines}), before training {before:.1%}", style="bold")
    return trained


def _show_losses(screen: Screen, run: DemoRun, trained: Fit, epochs: int) -> None:
    task, arrow = run.task, screen.notation.arrow
    screen.line(f"{epochs} epochs, batches of {task.batch_size}, learning rate {task.learning_rate}")
    for what, losses in (("train", trained.history.train), ("held-out", trained.history.held_out)):
        screen.line(f"{what} loss {losses[0]:.4f}{arrow}{losses[-1]:.4f}")
