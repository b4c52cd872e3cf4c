"""What the derivations print: the table of all, one in full, and the report of the sabotage."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

import sympy as sp

from ..proof.checker import Refutation, Verdict
from ..proof.derivation import Derivation, Step, Wrong
from ..proof.formula import Entries, Formula, Letter
from ..proof.notation import WIDTH, beside, text

INDENT = " " * len("  ✓ = ")


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """One line for each derivation and a line of totals."""
    head = ("id", "statement", "sizes", "steps", "refuted", "s", "verdict")
    rows = [head, *map(_row, verdicts)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    for row in rows:
        cells = [
            c.ljust(w) if k < 3 else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        yield " ".join((cells[0] + " ", *cells[1:]))
    refuted = sum(v.refuted for v in verdicts)
    variants = sum(len(v.refutations) for v in verdicts)
    steps = sum(len(v.step_failures) for v in verdicts)
    held = sum(v.holds for v in verdicts)
    yield ""
    yield (
        f"{held} of {len(verdicts)} derivations hold: {steps} steps, {refuted} of {variants} wrong variants "
        f"refuted, {sum(v.seconds for v in verdicts):.1f} s"
    )
    for verdict in verdicts:
        yield from (f"{verdict.derivation.id}: {failure}" for failure in verdict.failures)


def _row(verdict: Verdict) -> tuple[str, ...]:
    d = verdict.derivation
    refuted = f"{verdict.refuted}/{len(verdict.refutations)}"
    result = "holds" if verdict.holds else "FAILS"
    return (d.id, d.statement, d.sizes, str(len(d.steps)), refuted, f"{verdict.seconds:.1f}", result)


def page(verdict: Verdict) -> Iterator[str]:
    """One derivation in full, with a mark at each equals sign that was verified."""
    d = verdict.derivation
    heading = f"{d.title}  [{d.id}]"
    yield from (heading, "=" * len(heading), d.statement)
    yield f"sizes {d.sizes}, fixed; rows {', '.join(d.rows)}"
    yield ""
    for assumption in d.assumptions:
        yield from wrap(assumption, WIDTH, initial_indent="- ", subsequent_indent="  ")
    yield from (f"{INDENT}{text(letter)} = {text(d.where[letter])}" for letter in _defined_letters(d))
    yield ""
    left: Formula | None = None
    for step, failure in zip(d.steps, verdict.step_failures, strict=True):
        if step.lhs != left:
            yield from (INDENT + line for line in step.lhs.block())
        yield from _step(step, failure)
        left = step.rhs
    yield ""
    yield from _conclusion(verdict)
    yield ""
    yield "Wrong variants of the last line:"
    for refutation in verdict.refutations:
        yield from _refutation(refutation, d)


def _defined_letters(derivation: Derivation) -> Iterator[sp.Symbol]:
    """The letters that the steps use and whose definitions the reader needs."""
    sides = [side for step in derivation.steps for side in (step.lhs, step.rhs)]
    arrays = [f.array for side in sides for f in side.walk() if isinstance(f, Letter | Entries)]
    used = {symbol for array in arrays for symbol in array.free_symbols}
    needed = used | {s for u in used & derivation.where.keys() for s in derivation.where[u].free_symbols}
    return (letter for letter in derivation.where if letter in needed)


def _step(step: Step, failure: str | None) -> Iterator[str]:
    reason = f"({step.reason})"
    lines = beside([f"  {'✗' if failure else '✓'} = "], step.rhs.block())
    if len(lines) == 1 and len(lines[0]) + len(reason) + 2 <= WIDTH:
        lines = [lines[0] + reason.rjust(WIDTH - len(lines[0]))]
    else:
        yield from _wrapped(reason)
    yield from (line.rstrip() for line in lines)
    if failure:
        yield from _wrapped(failure)


def _conclusion(verdict: Verdict) -> Iterator[str]:
    for failure in verdict.conclusion_failures:
        yield from _wrapped(failure, "  ✗ ")
    if not verdict.conclusion_failures:
        yield "  ✓ the last line equals sympy's derivative of the explicit expression"


def _refutation(refutation: Refutation, derivation: Derivation) -> Iterator[str]:
    wrong, found = refutation.wrong, refutation.difference
    yield from _wrapped(wrong.name, "  ✗ " if refutation.refuted else "  ? ")
    if found is None:
        yield INDENT + "SURVIVES: it equals the truth"
        return
    right = derivation.conclusion
    if found.index is not None and isinstance(wrong.formula, Entries) and isinstance(right, Entries):
        entries = f"{text(wrong.formula.array[found.index])} ≠ {text(right.array[found.index])}"
        yield from [INDENT + entries] if len(INDENT + entries) <= WIDTH else []
    yield from _wrapped(str(found))


def _wrapped(words: str, start: str = INDENT) -> list[str]:
    return wrap(words, WIDTH, initial_indent=start, subsequent_indent=INDENT)


def sabotage_line(derivation: Derivation, wrong: Wrong, caught: bool) -> str:
    """One wrong variant put in the place of the conclusion, and whether the checker caught it."""
    return f"{'refuted' if caught else 'SURVIVES'}  {derivation.id}: {wrong.name}"
