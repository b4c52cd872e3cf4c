"""The command line: the table, derivations in full, the errata, a user's file, pages, or the sabotage."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from .catalogue import CHAPTERS
from .errata import LEFT_OUT
from .lookup import UnknownNameError, find
from .pages import errata, latex, markdown, terminal
from .pages.signs import ASCII
from .pages.table import table, totals
from .proof.checker import Verdict, check, sabotage
from .proof.derivation import Derivation
from .user_file import UserFileError, checked, derivations_in
from .validation import repeated

Chapters = Mapping[str, tuple[Derivation, ...]]
Checker = Callable[[Derivation], Verdict]
Item = TypeVar("Item")


class UsageError(ValueError):
    """What was asked for does not exist, or cannot be done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all holds, 1 when a derivation fails or a wrong variant survives, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (UsageError, UnknownNameError, UserFileError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m derivations", description="Every formula proved, step by step.")
    parser.add_argument(
        "what",
        nargs="*",
        metavar="NAME",
        help="an id, a topic such as softmax or a row such as D-77, to print in full; "
        "'errata' prints the misprints; 'check FILE.py' runs your own",
    )
    parser.add_argument("--sabotage", action="store_true", help="put each wrong variant at the end")
    parser.add_argument("--markdown", metavar="DIR", type=Path, help="write a page for each derivation")
    parser.add_argument("--latex", metavar="DIR", type=Path, help="write a document, derivations.tex")
    return parser


def _run(options: Namespace) -> int:
    command, names = (*options.what, "")[0], options.what[1:]
    if options.sabotage and (options.markdown or options.latex):
        raise UsageError("--sabotage: writes no pages; leave out --markdown and --latex")
    if command == "errata":
        return _errata(names, options)
    chapters = _own(names) if command == "check" else _chosen(options.what)
    if options.sabotage:
        return _sabotage(_flat(chapters))
    return _report(chapters, options, checked if command == "check" else check)


def _chosen(names: Sequence[str]) -> Chapters:
    every = _flat(CHAPTERS)
    asked = {d.id for name in names for d in find(name, every)} if names else {d.id for d in every}
    chosen = {title: tuple(d for d in chapter if d.id in asked) for title, chapter in CHAPTERS.items()}
    return {title: chapter for title, chapter in chosen.items() if chapter}


def _own(names: Sequence[str]) -> Chapters:
    if not names:
        raise UsageError("check: no file given; copy derivations/template.py and start from it")
    own = {name: derivations_in(Path(name)) for name in names}
    if twice := repeated(_flat(own)):
        raise UsageError(f"check: two files have a derivation {twice!r}; pages are named by it")
    return own


def _report(chapters: Chapters, options: Namespace, checker: Checker) -> int:
    directories = _directories(options)
    verdicts: dict[str, list[Verdict]] = {title: [] for title in chapters}
    checking = _checking(chapters, checker, verdicts)
    if options.what:
        _print_pages(checking)
    elif directories:
        _wait_for(checking, len(_flat(chapters)))
    else:
        _print(table(chapters, checking))
    if checker is checked:
        _print(["", *totals(_flat(verdicts))])
    for option, directory in directories.items():
        _write(option, directory, _files(option, verdicts, with_errata=checker is check))
    return _status(_flat(verdicts))


def _checking(
    chapters: Chapters, checker: Checker, verdicts: Mapping[str, list[Verdict]]
) -> Iterator[Verdict]:
    """Each verdict when it is reached, kept in its chapter."""
    for title, chapter in chapters.items():
        for derivation in chapter:
            verdicts[title].append(checker(derivation))
            yield verdicts[title][-1]


def _print_pages(verdicts: Iterable[Verdict]) -> None:
    for number, verdict in enumerate(verdicts):
        _print([""] * bool(number))
        _print(terminal.page(verdict))


def _wait_for(verdicts: Iterable[Verdict], number: int) -> list[Verdict]:
    """All verdicts; whoever waits at a terminal sees how many are reached."""
    reached = []
    for verdict in verdicts:
        reached.append(verdict)
        if sys.stderr.isatty():
            end = "\n" if len(reached) == number else ""
            print(f"\r{len(reached)} of {number} checked", end=end, file=sys.stderr, flush=True)
    return reached


def _errata(names: Sequence[str], options: Namespace) -> int:
    if names or options.latex or options.sabotage:
        extra = names[0] if names else "--latex" if options.latex else "--sabotage"
        raise UsageError(f"errata: prints them all, and takes --markdown DIR only; got {extra}")
    directories = _directories(options)
    printing = [d for d in _flat(CHAPTERS) if d.misprints]
    verdicts = _wait_for(map(check, printing), len(printing))
    for option, directory in directories.items():
        _write(option, directory, {"errata.md": _errata_page(verdicts)})
    if not directories:
        _print(errata.page(verdicts, LEFT_OUT))
    return _status(verdicts)


def _sabotage(derivations: Iterable[Derivation]) -> int:
    caught = []
    for part in (part for derivation in derivations for part in derivation.parts):
        for wrong, refuted in zip(part.wrong, sabotage(part), strict=True):
            caught.append(refuted)
            _print([terminal.sabotage_line(part, wrong, refuted)])
    _print(["", f"{sum(caught)} of {len(caught)} wrong variants refuted"])
    return 0 if all(caught) else 1


def _flat(chapters: Mapping[str, Sequence[Item]]) -> list[Item]:
    return [each for chapter in chapters.values() for each in chapter]


def _status(verdicts: Iterable[Verdict]) -> int:
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _directories(options: Namespace) -> dict[str, Path]:
    """Where to write; made at once, so that a directory that cannot be made is known before the checking."""
    asked = {option: getattr(options, option) for option in ("markdown", "latex") if getattr(options, option)}
    for option, directory in asked.items():
        if directory.is_file():
            raise UsageError(f"--{option} {directory}: is a file, expected a directory")
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--{option} {directory}: cannot be made: {error.strerror}") from None
    return asked


def _files(option: str, verdicts: Mapping[str, Sequence[Verdict]], with_errata: bool) -> Mapping[str, str]:
    if option == "latex":
        return latex.documents(verdicts)
    pages = markdown.pages(verdicts)
    return {**pages, "errata.md": _errata_page(_flat(verdicts))} if with_errata else pages


def _errata_page(verdicts: Sequence[Verdict]) -> str:
    return "\n".join(errata.markdown(verdicts, LEFT_OUT)) + "\n"


def _write(option: str, directory: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        try:
            (directory / name).write_text(content, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--{option} {directory}: {name}: {error.strerror}") from None
    _print([f"{len(files)} file{'s' * (len(files) != 1)} in {directory}"])


def _print(lines: Iterable[str]) -> None:
    """Each line when it is known, in the letters that the terminal has."""
    for line in lines:
        try:
            line.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            line = line.translate(ASCII).encode("ascii", "replace").decode()
        print(line, flush=True)
