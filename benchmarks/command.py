"""The command line: suites to a table, the targets, a sentence; and to a JSON file and a picture."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jacobprop.errors import CheckFailed

from . import threads
from .catalogue import SUITES
from .invitation import invited, told, unwarned
from .machine import description
from .plot import draw, unavailable
from .promises import TARGETS
from .report import DRY, LEGEND, Report, header, table, target_lines
from .suite import QUICK, Row, Settings
from .widths import remembered


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all was measured, 1 when results disagree, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    options.suite += options.also
    if options.list:
        print(*(f"{name}\n    {suite.claim}" for name, suite in SUITES.items()), sep="\n")
        return 0
    if fault := _fault(options):
        return _refuse(fault, 2)
    settings = replace(QUICK if options.quick else Settings(), peers=not options.no_peers)
    try:
        report = _measure(list(dict.fromkeys(options.suite or SUITES)), options.quick, settings)
    except CheckFailed as error:
        return _refuse(str(error), 1)
    try:
        _write(report, options)
    except OSError as error:
        return _refuse(f"cannot write {error.filename or 'the files'}: {error.strerror}", 2)
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m benchmarks", description="Competing routes, side by side.")
    named = f"any of {', '.join(SUITES)}; default: all"
    parser.add_argument("suite", metavar="NAME", nargs="*", help=named)
    parser.add_argument("--suite", metavar="NAME", action="append", default=[], dest="also", help="the same")
    parser.add_argument("--list", action="store_true", help="say what each suite compares, and stop")
    parser.add_argument("--quick", action="store_true", help="a dry run: about half a minute without peers")
    parser.add_argument("--no-peers", action="store_true", help="leave torch and JAX out, installed or not")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write everything to FILE")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw cost against width, from `scaling`")
    return parser


def _fault(options: Namespace) -> str:
    """What is wrong with the options, before anything is measured; empty if nothing is."""
    for name in options.suite or ():
        if name not in SUITES:
            return f"no suite {name!r}; there are: {', '.join(SUITES)}"
    if not threads.installed():
        return threads.REMEDY
    for file in (options.json, options.plot):
        if file is not None and (fault := _unwritable(file)):
            return fault
    if options.plot is not None:
        if options.suite and "scaling" not in options.suite:
            return "--plot draws the rows of `scaling`: add --suite scaling"
        return unavailable(options.plot)
    return ""


def _unwritable(file: Path) -> str:
    """Why nothing can be written there, empty if it can; leaves what is there as it is."""
    if file.is_dir() or not file.absolute().parent.is_dir():
        return f"cannot write {file}: not a file in an existing directory"
    new = not file.exists()
    try:
        file.open("a", encoding="utf-8").close()
    except OSError as error:
        return f"cannot write {file}: {error.strerror}"
    if new:
        file.unlink()
    return ""


def _measure(names: Sequence[str], quick: bool, settings: Settings) -> Report:
    """Run the suites on one thread and one core, and print all that they come to."""
    if quick:
        print(DRY)
    with threads.one_core() as core, unwarned():
        print(told(settings))
        with threads.one_thread():
            rows, closing = _run(names, settings)
            machine = description(core, [(peer.name, peer.version) for peer in invited(settings)])
    outcomes = [target.outcome(rows, quick) for target in TARGETS if target.suite in names]
    timed = any(SUITES[name].shown is None for name in names)
    for line in (*(LEGEND if timed else ()), *target_lines(outcomes)):
        print(line)
    if len(names) > 1 and {"gradient", "scaling"} & set(names):  # one suite has said it already
        print(remembered(rows))
    if quick:
        print(DRY)
    return Report(machine, quick, settings, rows, closing, outcomes)


def _write(report: Report, options: Namespace) -> None:
    """The files that were asked for."""
    if options.json is not None:
        options.json.write_text(report.json(), encoding="utf-8")
    if options.plot is not None:
        draw(report.rows, options.plot, report.quick)


def _run(names: Sequence[str], settings: Settings) -> tuple[list[Row], dict[str, str]]:
    """Print every suite as it goes; the rows, and the closing sentences by suite."""
    rows: list[Row] = []
    closing: dict[str, str] = {}
    for name in names:
        suite, kept = SUITES[name], list[Row]()
        for line in header(name, suite):
            print(line)
        for line in table(suite.rows(settings), kept, suite.shown):
            print(line, flush=True)
        for line in suite.summary(kept):
            print(line)
        closing[name] = suite.closing(kept)
        print(closing[name])
        rows += kept
    return rows, closing


def _refuse(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status
