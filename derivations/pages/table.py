"""The table of all derivations, chapter by chapter, and the line of totals."""

from collections.abc import Iterator, Mapping, Sequence

from ..proof.checker import Verdict
from ..proof.notation import WIDTH

HEAD = ("id", "statement", "sizes", "steps", "refuted", "s", "verdict")
TEXT_COLUMNS = 3
STATEMENT = 1

Row = tuple[str, ...]
Chapters = Mapping[str, Sequence[Verdict]]


def table(chapters: Chapters) -> Iterator[str]:
    """A heading for each chapter, one line for each derivation, a line of totals and all failures."""
    verdicts = [verdict for chapter in chapters.values() for verdict in chapter]
    rows = {id(verdict): _row(verdict) for verdict in verdicts}
    widths = [max(len(row[column]) for row in (HEAD, *rows.values())) for column in range(len(HEAD))]
    widths[STATEMENT] -= max(0, sum(widths) + len(widths) - WIDTH)
    yield _line(HEAD, widths)
    for title, chapter in chapters.items():
        yield ""
        yield title.strip().rstrip(".")
        yield from (_line(rows[id(verdict)], widths) for verdict in chapter)
    yield ""
    yield from totals(verdicts)


def totals(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How much holds, and everything that does not."""
    scopes = [verdict.derivation.scope for verdict in verdicts]
    held = sum(v.holds for v in verdicts)
    general = f"{scopes.count('all sizes')} for all sizes, {scopes.count('all depths')} for all depths"
    yield f"{held} of {len(verdicts)} derivations hold, {general}:"
    steps, variants, refuted = (
        sum(getattr(v, of) for v in verdicts) for of in ("steps", "variants", "refuted")
    )
    seconds = sum(v.seconds for v in verdicts)
    yield f"{steps} steps verified, {refuted} of {variants} wrong variants refuted, {seconds:.1f} s"
    for verdict in verdicts:
        yield from (f"{verdict.derivation.id}: {failure}" for failure in verdict.failures)


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
