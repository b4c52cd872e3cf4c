"""One derivation in full for a terminal, and the report of the sabotage."""

from collections.abc import Iterator
from textwrap import wrap

import sympy as sp

from ..proof.checker import Refutation, Verdict
from ..proof.derivation import Derivation, Step, Wrong
from ..proof.formula import Entries, Formula
from ..proof.letters import is_like, letters_in
from ..proof.notation import WIDTH, beside, text

INDENT = " " * len("  ✓ = ")


def page(verdict: Verdict) -> Iterator[str]:
    """One derivation in full, its lemmas first, with a mark at each equals sign that was verified."""
    for lemma in verdict.lemmas:
        yield from page(lemma)
        yield ""
    d = verdict.derivation
    heading = wrap(f"{d.title}  [{d.id}]", WIDTH)
    yield from (*heading, "=" * max(map(len, heading)), d.statement)
    rows = f"; rows {', '.join(d.rows)}" if d.rows else ""
    yield f"sizes {d.sizes}, fixed{rows}" if d.scope == "fixed" else f"{d.scope}: {d.sizes}{rows}"
    yield ""
    yield from assumptions(d)
    yield ""
    yield from steps(verdict)
    yield ""
    yield from _conclusion(verdict)
    yield from _refutations(verdict)


def assumptions(derivation: Derivation) -> Iterator[str]:
    """What is assumed, and what the letters stand for."""
    for assumption in derivation.assumptions:
        yield from wrap(assumption, WIDTH, initial_indent="- ", subsequent_indent="  ")
    for letter in defined_letters(derivation):
        yield from _wrapped(f"{text(letter)} = {text(derivation.where[letter])}")


def steps(verdict: Verdict) -> Iterator[str]:
    """The chain of equals signs, each with its mark and its reason."""
    left: Formula | None = None
    for step, failure in zip(verdict.derivation.steps, verdict.step_failures, strict=True):
        if step.lhs != left:
            yield from (INDENT + line for line in step.lhs.block())
        yield from _step(step, failure)
        left = step.rhs


def defined_letters(derivation: Derivation) -> Iterator[sp.Expr]:
    """The letters that the steps use and whose definitions the reader needs."""
    where = derivation.where
    sides = [side for step in derivation.steps for side in (step.lhs, step.rhs)]
    used = {letter for side in sides for expr in side.written() for letter in letters_in(expr)}
    defined = [letter for letter in where if any(is_like(u, letter) for u in used)]
    used |= {inner for letter in defined for inner in letters_in(where[letter])}
    return (letter for letter in where if any(is_like(u, letter) for u in used))


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
        yield from _wrapped(f"the last line equals {verdict.derivation.truth.words}", "  ✓ ")


def _refutations(verdict: Verdict) -> Iterator[str]:
    """The wrong variants; beside the claim only if that is the truth, from which the numbers are."""
    if verdict.refutations:
        all_refuted = all(refutation.refuted for refutation in verdict.refutations)
        yield from (
            "",
            "Wrong variants, each refuted:" if all_refuted else "Wrong variants of the last line:",
        )
    right = None if verdict.conclusion_failures else verdict.derivation.conclusion
    for refutation in verdict.refutations:
        yield from _refutation(refutation, right)


def _refutation(refutation: Refutation, right: Formula | None) -> Iterator[str]:
    wrong, found = refutation.wrong, refutation.difference
    yield from _wrapped(wrong.name, "  ✗ " if refutation.refuted else "  ? ")
    if found is None:
        yield INDENT + "SURVIVES: it equals the truth"
        return
    if found.index is not None and isinstance(wrong.formula, Entries) and isinstance(right, Entries):
        entries = f"{text(wrong.formula.array[found.index])} ≠ {text(right.array[found.index])}"
        yield from [INDENT + entries] if len(INDENT + entries) <= WIDTH else []
    yield from _wrapped(str(found))


def _wrapped(words: str, start: str = INDENT) -> list[str]:
    return wrap(words, WIDTH, initial_indent=start, subsequent_indent=INDENT)


def sabotage_line(derivation: Derivation, wrong: Wrong, caught: bool) -> str:
    """One wrong variant put in the place of the conclusion, and whether the checker caught it."""
    return f"{'refuted' if caught else 'SURVIVES'}  {derivation.id}: {wrong.name}"
