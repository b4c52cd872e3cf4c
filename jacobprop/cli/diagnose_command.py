"""`jacobprop diagnose FILE GRADIENTS`: what is wrong with a gradient that somebody derived by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from ..arrays import Array
from ..checking.diagnosis import Diagnosis, diagnose
from ..files import load, read_arrays
from ..network import Network
from ..report.machine import plain
from .cases import Given, among, given_cases, require_loss_and_target
from .screen import Screen

EPILOG = """\b
Example: in Python jp.save(net, "net.npz", X=X, T=T)
and np.savez("mine.npz", W1=dW1, b1=db1), then
jacobprop diagnose net.npz mine.npz
Exit code 0: the gradients are right, 1: they are not,
2: a wrong command line or file."""


@click.command("diagnose", epilog=EPILOG)
@click.argument("file")
@click.argument("gradients")
@click.option(
    "--cases",
    "cases_file",
    metavar="NPZ",
    help="a file with arrays X and T  [default: those in FILE, else in GRADIENTS]",
)
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
def diagnose_command(file: str, gradients: str, cases_file: str | None, as_json: bool) -> None:
    """Name the mistake in GRADIENTS of the network in FILE.

    FILE is what jp.save has written. GRADIENTS is an npz file of numpy.savez whose arrays are named like
    the parameters: W1, b1, or the letters of the slides.
    """
    net, arrays = load(file), read_arrays(gradients)
    given = given_cases(file, cases_file) or _beside(net, arrays, gradients)
    require_loss_and_target(net, given, file)
    found = diagnose(_candidate(net, arrays, gradients), net.forward(given.X, given.T))
    if as_json:
        described = {"file": file, "gradients": gradients, "cases": given.source}
        click.echo(json.dumps(described | _data(found), allow_nan=False))
    else:
        screen = Screen()
        for line in str(found).splitlines():
            screen.line(line)
    click.get_current_context().exit(0 if found.ok else 1)


def _beside(net: Network, arrays: Mapping[str, Array], gradients: str) -> Given:
    """The X and T that stand beside the gradients."""
    own = {name: array for name, array in arrays.items() if _is_case(net, name)}
    if (found := among(own, gradients)) is None:
        raise click.UsageError(
            "the cases are missing: pass --cases with arrays X and T, or save them with the network, "
            "jp.save(net, path, X=X, T=T)",
            click.get_current_context(),
        )
    return found


def _candidate(net: Network, arrays: Mapping[str, Array], gradients: str) -> dict[str, Array]:
    found = {name: array for name, array in arrays.items() if not _is_case(net, name)}
    if not found:
        raise click.UsageError(
            f"{gradients} holds no gradients: name the arrays {', '.join(list(net.parameters)[:4])}",
            click.get_current_context(),
        )
    return found


def _is_case(net: Network, name: str) -> bool:
    """X and T, unless a weight has that letter."""
    letters = net.architecture.names
    return name in ("X", "T") and name not in {letters.symbol(parameter) for parameter in net.parameters}


def _data(found: Diagnosis) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "kind": found.kind,
        "where": found.where,
        "message": found.message,
        "error": plain(found.error),
        "corrected": plain(found.corrected),
        "alternatives": [_data(other) for other in found.alternatives],
    }
