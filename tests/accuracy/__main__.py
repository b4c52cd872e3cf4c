"""``python -m tests.accuracy generate | climb | --exhaustive [names]``."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from .sweep import exhaustive


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 where a promise is broken."""
    parser = ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument(
        "action", nargs="?", choices=("generate", "climb"), help="make the tables; find hard points"
    )
    parser.add_argument(
        "--exhaustive", nargs="*", metavar="NAME", help="all float32 of these activations, or of all"
    )
    parser.add_argument(
        "--part", type=_share, default=1.0, help="of all float32, spread evenly: 0.01 is 1 %%"
    )
    options = parser.parse_args(arguments)
    if options.exhaustive is not None:
        return exhaustive(options.exhaustive, options.part)
    if options.action is None:
        parser.print_help()
        return 2
    if find_spec("flint") is None:
        print('the tables are made with python-flint: pip install ".[dev]"', file=sys.stderr)
        return 2
    maker = import_module("tests.accuracy.generate")
    for file in getattr(maker, options.action)() or ():
        print(f"{file.stat().st_size:>9,} {file.name}")
    return 0


def _share(text: str) -> float:
    """A number above 0 and at most 1."""
    part = float(text)
    if not 0 < part <= 1:
        raise ArgumentTypeError(f"{text} is no part: a number above 0 and at most 1")
    return part


if __name__ == "__main__":
    sys.exit(main())
