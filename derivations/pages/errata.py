"""The page of misprints: what a note prints, what is right, and the numbers that tell them apart."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from ..proof.checker import Refutation, Verdict
from ..proof.derivation import Derivation, Printed
from ..proof.notation import WIDTH

Misprint = tuple[Derivation, Printed, Refutation]
NOT_REFUTED = "Not refuted here, and why:"


def misprints(verdicts: Sequence[Verdict]) -> list[Misprint]:
    """Every printed mistake with its derivation and its refutation, by row."""
    found = [
        (part.derivation, refutation.wrong, refutation)
        for verdict in verdicts
        for part in verdict.parts
        for refutation in part.refutations
        if isinstance(refutation.wrong, Printed)
    ]
    return sorted(found, key=lambda misprint: (misprint[1].row, misprint[1].place))


def page(verdicts: Sequence[Verdict], left_out: Mapping[str, str]) -> Iterator[str]:
    """The errata for a terminal."""
    yield from ("Errata: what the five notes print, and what is right", "=" * 52)
    for derivation, printed, refutation in misprints(verdicts):
        mark = "refuted" if refutation.refuted else "NOT REFUTED"
        yield from ("", f"{printed.row}  {printed.place}")
        yield from _item("printed", printed.words)
        if printed.reading:
            yield from _item("read as", printed.reading)
        yield from _item("right", f"{derivation.statement}  [{derivation.id}]")
        yield from _item(mark, str(refutation.difference))
    yield from ("", NOT_REFUTED)
    for row, reason in left_out.items():
        yield from _item(row, reason)


def markdown(verdicts: Sequence[Verdict], left_out: Mapping[str, str]) -> Iterator[str]:
    """The errata as a Markdown page."""
    yield from ("# Errata: what the five notes print, and what is right", "")
    yield from ("| row | where | printed | right | counterexample |", "|---|---|---|---|---|")
    for derivation, printed, refutation in misprints(verdicts):
        right = f"`{derivation.statement}` ([{derivation.id}]({derivation.id}.md))"
        read_as = f", read as `{printed.reading}`" if printed.reading else ""
        words = f"`{printed.words}`{read_as}"
        cells = (printed.row, printed.place, words, right, str(refutation.difference))
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield from ("", NOT_REFUTED, "")
    yield from (f"- {row}: {reason}" for row, reason in left_out.items())


def _item(name: str, words: str) -> list[str]:
    return wrap(words, WIDTH, initial_indent=f"  {name:<8} ", subsequent_indent=" " * 11)
