"""The derivations as Markdown pages: one a derivation, the errata, and an index."""

from collections.abc import Iterator

from ..proof.checker import Refutation, Verdict
from .table import Chapters, chapter_heading, totals
from .terminal import assumptions, steps

Pages = dict[str, str]


def pages(chapters: Chapters) -> Pages:
    """The file names and texts of all pages but the errata."""
    verdicts = [verdict for chapter in chapters.values() for verdict in chapter]
    index = _text(_index(chapters))
    return {"index.md": index, **{f"{v.derivation.id}.md": _text(_page(v)) for v in verdicts}}


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _index(chapters: Chapters) -> Iterator[str]:
    yield from ("# Every formula proved", "")
    for title, chapter in chapters.items():
        yield from (f"## {chapter_heading(title)}", "")
        yield from (
            "| derivation | statement | sizes | steps | refuted | verdict |",
            "|---|---|---|---|---|---|",
        )
        yield from map(_row, chapter)
        yield ""
    yield from totals([verdict for chapter in chapters.values() for verdict in chapter])


def _row(verdict: Verdict) -> str:
    d = verdict.derivation
    cells = (
        f"[{d.title}]({d.id}.md)",
        f"`{d.statement}`",
        d.sizes,
        str(verdict.steps),
        f"{verdict.refuted}/{verdict.variants}",
        "holds" if verdict.holds else "**fails**",
    )
    return f"| {' | '.join(cells)} |"


def _page(verdict: Verdict) -> Iterator[str]:
    for level, part in enumerate(reversed(verdict.parts)):
        yield from _part(part, "#" if not level else "##")


def _part(verdict: Verdict, heading: str) -> Iterator[str]:
    d = verdict.derivation
    yield from (f"{heading} {d.title}", "", f"`{d.statement}`", "")
    rows = f"; rows {', '.join(d.rows)}" if d.rows else ""
    yield from (f"Sizes: {d.sizes} ({d.scope}){rows}.", "", "```text")
    yield from (*assumptions(d), "", *steps(verdict), "```", "")
    yield f"The last line equals {d.truth.words}." if verdict.holds else "**This derivation fails.**"
    yield ""
    if verdict.refutations:
        yield from ("| wrong variant | refuted by |", "|---|---|")
        yield from map(_variant, verdict.refutations)
        yield ""


def _variant(refutation: Refutation) -> str:
    by = str(refutation.difference) if refutation.refuted else "**survives**"
    return f"| {refutation.wrong.name} | {by} |".replace("\n", " ")
