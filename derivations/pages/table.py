"""The table of all derivations, chapter by chapter, and the lines of totals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..proof.checker import Verdict
from ..proof.derivation import Derivation
from ..proof.notation import WIDTH

HEAD = ("id", "statement", "sizes", "steps", "refuted", "s", "verdict")
TEXT_COLUMNS = 3
STATEMENT = 1
LONGEST = 99.9
"""Seconds for which the table leaves room before they are known."""

Row = tuple[str, ...]
Chapters = Mapping[str, Sequence[Verdict]]


def table(chapters: Mapping[str, Sequence[Derivation]], verdicts: Iterable[Verdict]) -> Iterator[str]:
    """A heading for each chapter, and the line of each derivation when its verdict is reached."""
    widths = _widths([d for chapter in chapters.values() for d in chapter])
    yield _line(HEAD, widths)
    coming, reached = iter(verdicts), []
    for title, chapter in chapters.items():
        yield from ("", chapter_heading(title))
        for _, verdict in zip(chapter, coming, strict=False):  # the chapter ends first
            reached.append(verdict)
            yield _line(_row(verdict), widths)
    yield ""
    yield from totals(reached)


def chapter_heading(title: str) -> str:
    """The title of a chapter, which is the sentence that its room begins with, without the full stop."""
    return title.strip().rstrip(".")


def totals(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How much holds, and everything that does not."""
    yield from _held(verdicts)
    steps, variants, refuted = (
        sum(getattr(v, of) for v in verdicts) for of in ("steps", "variants", "refuted")
    )
    seconds = sum(v.seconds for v in verdicts)
    yield f"{steps} steps verified, {refuted} of {variants} wrong variants refuted, {seconds:.1f} s"
    for verdict in verdicts:
        yield from (f"{verdict.derivation.id}: {failure}" for failure in verdict.failures)


def _held(verdicts: Sequence[Verdict]) -> Iterator[str]:
    scopes = [verdict.derivation.scope for verdict in verdicts if verdict.holds]
    yield f"{len(scopes)} of {len(verdicts)} derivations hold{':' if scopes else ''}"
    counts = {scope: scopes.count(scope) for scope in ("all sizes", "all depths", "fixed")}
    words = {"fixed": "at fixed sizes"}
    if scopes:
        yield ", ".join(f"{n} {words.get(scope, f'for {scope}')}" for scope, n in counts.items() if n)


def _widths(derivations: Sequence[Derivation]) -> list[int]:
    """The width of each column, known before anything is checked; the statements get what is left."""
    rows = [HEAD, *map(_widest, derivations)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    widths[STATEMENT] -= max(0, sum(widths) + len(widths) - WIDTH)
    return widths


def _widest(d: Derivation) -> Row:
    steps, variants = (sum(len(getattr(part, of)) for part in d.parts) for of in ("steps", "wrong"))
    return (d.id, d.statement, d.sizes, str(steps), f"{variants}/{variants}", f"{LONGEST}", HEAD[-1])


def _row(verdict: Verdict) -> Row:
    d = verdict.derivation
    refuted = f"{verdict.refuted}/{verdict.variants}"
    result = "holds" if verdict.holds else "FAILS"
    return (d.id, d.statement, d.sizes, str(verdict.steps), refuted, f"{verdict.seconds:.1f}", result)


def _line(row: Row, widths: Sequence[int]) -> str:
    cells = [
        _shortened(cell, width).ljust(width) if column < TEXT_COLUMNS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return " ".join((cells[0] + " ", *cells[1:])).rstrip()


def _shortened(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"
