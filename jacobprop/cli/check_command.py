"""`jacobprop check FILE`: every factor, product and gradient of a saved network against other witnesses."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from ..checking import Report, check
from ..files import load
from ..report.machine import plain
from .cases import given_cases, require_loss_for_target
from .screen import Screen

EPILOG = """\b
Example: in Python jp.save(net, "net.npz", X=X, T=T), then
jacobprop check net.npz, or with other cases: check net.npz --cases mine.npz
Exit code 0: all holds, 1: something fails, 2: a wrong command line or file."""


@click.command("check", epilog=EPILOG)
@click.argument("file")
@click.option(
    "--cases", "cases_file", metavar="NPZ", help="a file with arrays X and T  [default: FILE's own]"
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="for what is drawn at random"
)
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
def check_command(file: str, cases_file: str | None, seed: int, as_json: bool) -> None:
    """Check the network that jp.save has written to FILE.

    Its Jacobians and gradients are compared with differences, expressions and identities, with the
    cases of --cases or of FILE, or else a few that are drawn at random.
    """
    net, given = load(file), given_cases(file, cases_file)
    if given is None:
        report, source = check(net, seed=seed), f"drawn at random, seed {seed}"
    else:
        require_loss_for_target(net, given, file)
        report, source = check(net, given.X, given.T, seed=seed), given.source
    if as_json:
        click.echo(json.dumps({"file": file, "cases": source, **_data(report)}, allow_nan=False))
    else:
        screen = Screen()
        screen.line(f"cases: {source}")
        for line in str(report).splitlines():
            screen.line(line)
    click.get_current_context().exit(0 if report else 1)


def _data(report: Report) -> dict[str, Any]:
    rows = [{key: plain(value) for key, value in asdict(row).items()} for row in report.rows]
    return {"ok": bool(report), "subject": report.subject, "sentence": report.sentence, "rows": rows}
