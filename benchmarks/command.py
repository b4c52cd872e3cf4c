"""The command line: suites to a table, and to a JSON file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from jacobprop.errors import CheckFailed

from . import threads
from .catalogue import SUITES
from .report import as_json, header, table
from .suite import QUICK, Row, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all was measured, 1 when results disagree, 2 for wrong usage."""
    parser = ArgumentParser(prog="python -m benchmarks", description="Competing routes, side by side.")
    parser.add_argument("--suite", metavar="NAME", help=f"one of {', '.join(SUITES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="a dry run of a few seconds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the rows to FILE")
    options = parser.parse_args(arguments)
    if options.suite is not None and options.suite not in SUITES:
        return _refuse(f"no suite {options.suite!r}; there are: {', '.join(SUITES)}", 2)
    if not threads.installed():
        return _refuse(threads.REMEDY, 2)
    if options.json is not None and (options.json.is_dir() or not options.json.absolute().parent.is_dir()):
        return _refuse(f"cannot write {options.json}: not a file in an existing directory", 2)
    settings = QUICK if options.quick else Settings()
    names = [options.suite] if options.suite else list(SUITES)
    try:
        with threads.one_thread():
            rows, closing = _run(names, settings)
            text = as_json(rows, settings, options.quick, closing)
    except CheckFailed as error:
        return _refuse(str(error), 1)
    if options.quick:
        print("(--quick: a dry run, too short for numbers to quote)")
    if options.json is not None:
        try:
            options.json.write_text(text, encoding="utf-8")
        except OSError as error:
            return _refuse(f"cannot write {options.json}: {error.strerror}", 2)
    return 0


def _run(names: Sequence[str], settings: Settings) -> tuple[list[Row], dict[str, str]]:
    """Print every suite as it goes; the rows, and the closing sentences by suite."""
    rows: list[Row] = []
    closing: dict[str, str] = {}
    for name in names:
        suite, kept = SUITES[name], list[Row]()
        for line in header(name, suite):
            print(line)
        for line in table(suite.rows(settings), kept):
            print(line, flush=True)
        closing[name] = suite.closing(kept)
        print(closing[name])
        rows += kept
    return rows, closing


def _refuse(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status
