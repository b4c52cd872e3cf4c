"""The command line: a table of all derivations, one in full, or the sabotage of all."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence

from .catalogue import DERIVATIONS
from .pages.terminal import page, sabotage_line, table
from .proof.checker import check, sabotage
from .proof.derivation import Derivation

SYMBOLS, WORDS = "∂·•×✓✗≠δΣ←", ("d", ".", "o", "x", "+", "x", "/=", "d", "sum", ":=")
ASCII = str.maketrans(dict(zip(SYMBOLS, WORDS, strict=True)))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all holds, 1 when a derivation fails or a wrong variant survives, 2 for wrong usage."""
    parser = ArgumentParser(prog="python -m derivations", description="Every formula proved, step by step.")
    parser.add_argument("name", nargs="?", help="print this derivation in full")
    parser.add_argument(
        "--sabotage", action="store_true", help="put each wrong variant in the place of the end"
    )
    options = parser.parse_args(arguments)
    names = [d.id for d in DERIVATIONS]
    if options.name is not None and options.name not in names:
        print(f"no derivation {options.name!r}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    chosen = [d for d in DERIVATIONS if options.name in (None, d.id)]
    if options.sabotage:
        return _sabotage(chosen)
    verdicts = [check(d) for d in chosen]
    _print(page(verdicts[0]) if options.name else table(verdicts))
    return 0 if all(v.holds for v in verdicts) else 1


def _sabotage(derivations: Iterable[Derivation]) -> int:
    parts = [part for derivation in derivations for part in derivation.parts]
    trials = [(d, wrong, sabotage(d, wrong)) for d in parts for wrong in d.wrong]
    refuted = sum(caught for *_, caught in trials)
    _print(sabotage_line(*trial) for trial in trials)
    _print(["", f"{refuted} of {len(trials)} wrong variants refuted"])
    return 0 if refuted == len(trials) else 1


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        try:
            line.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            line = line.translate(ASCII)
        print(line)
