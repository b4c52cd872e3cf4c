"""The command line: the table, derivations in full, the errata, a user's file, pages, or the sabotage."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .catalogue import CHAPTERS
from .errata import LEFT_OUT
from .pages import errata, latex, markdown, terminal
from .pages.signs import ASCII
from .pages.table import table, totals
from .proof.checker import Verdict, check, sabotage
from .proof.derivation import Derivation, Printed
from .user_file import UserFileError, derivations_in

Chapters = Mapping[str, tuple[Derivation, ...]]


class UsageError(ValueError):
    """What was asked for does not exist."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all holds, 1 when a derivation fails or a wrong variant survives, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (UsageError, UserFileError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m derivations", description="Every formula proved, step by step.")
    parser.add_argument(
        "what",
        nargs="*",
        metavar="NAME",
        help="derivations to print in full; 'errata' prints the misprints; 'check FILE.py' runs your own",
    )
    parser.add_argument("--sabotage", action="store_true", help="put each wrong variant at the end")
    parser.add_argument("--markdown", metavar="DIR", type=Path, help="write a page for each derivation")
    parser.add_argument("--latex", metavar="DIR", type=Path, help="write a document, derivations.tex")
    return parser


def _run(options: Namespace) -> int:
    if options.what[:1] == ["check"]:
        return _check_files(options.what[1:])
    if options.what == ["errata"]:
        return _errata()
    chapters = _chosen(options.what)
    if options.sabotage:
        return _sabotage(d for chapter in chapters.values() for d in chapter)
    return _report(chapters, options)


def _chosen(names: Sequence[str]) -> Chapters:
    known = [d.id for chapter in CHAPTERS.values() for d in chapter]
    for name in names:
        if name not in known:
            raise UsageError(f"no derivation {name!r}; there are: {', '.join(known)}")
    chosen = {
        title: tuple(d for d in chapter if not names or d.id in names) for title, chapter in CHAPTERS.items()
    }
    return {title: chapter for title, chapter in chosen.items() if chapter}


def _report(chapters: Chapters, options: Namespace) -> int:
    verdicts = {title: tuple(map(check, chapter)) for title, chapter in chapters.items()}
    if options.what:
        for verdict in _all(verdicts):
            _print(terminal.page(verdict))
    elif not (options.markdown or options.latex):
        _print(table(verdicts))
    if options.markdown:
        pages = markdown.pages(verdicts)
        pages["errata.md"] = "\n".join(errata.markdown(_all(verdicts), LEFT_OUT)) + "\n"
        _write(options.markdown, pages)
    if options.latex:
        _write(options.latex, latex.documents(verdicts))
    return _status(_all(verdicts))


def _check_files(names: Sequence[str]) -> int:
    if not names:
        raise UsageError("check: no file given; copy derivations/template.py and start from it")
    verdicts = [check(d) for name in names for d in derivations_in(Path(name))]
    for verdict in verdicts:
        _print(terminal.page(verdict))
        _print([""])
    _print(totals(verdicts))
    return _status(verdicts)


def _errata() -> int:
    printing = [d for chapter in CHAPTERS.values() for d in chapter if any(_is_printed(p) for p in d.parts)]
    verdicts = list(map(check, printing))
    _print(errata.page(verdicts, LEFT_OUT))
    return _status(verdicts)


def _is_printed(derivation: Derivation) -> bool:
    return any(isinstance(wrong, Printed) for wrong in derivation.wrong)


def _sabotage(derivations: Iterable[Derivation]) -> int:
    parts = [part for derivation in derivations for part in derivation.parts]
    trials = [(d, *trial) for d in parts for trial in zip(d.wrong, sabotage(d), strict=True)]
    refuted = sum(caught for *_, caught in trials)
    _print(terminal.sabotage_line(*trial) for trial in trials)
    _print(["", f"{refuted} of {len(trials)} wrong variants refuted"])
    return 0 if refuted == len(trials) else 1


def _all(verdicts: Mapping[str, tuple[Verdict, ...]]) -> list[Verdict]:
    return [verdict for chapter in verdicts.values() for verdict in chapter]


def _status(verdicts: Iterable[Verdict]) -> int:
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _write(directory: Path, files: Mapping[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_text(content, encoding="utf-8")
    _print([f"{len(files)} files in {directory}"])


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        try:
            line.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            line = line.translate(ASCII).encode("ascii", "replace").decode()
        print(line)
