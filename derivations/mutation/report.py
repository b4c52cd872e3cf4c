"""How many mutants were killed, and what keeps the run from passing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from .mutants import Kind, Mutant
from .survivors import Explanation, reason
from .trials import Fate

REQUIRED = 0.95
HEADINGS: dict[Kind, str] = {"term": "deleted terms", "index": "exchanged indices"}

Found = Mapping[Mutant, Fate]
Explanations = Sequence[Explanation]


def table(found: Found, kind: Kind) -> Iterator[str]:
    """One line for each module and one of totals, for one kind of mutant."""
    counts = Counter((mutant.module, fate) for mutant, fate in found.items() if mutant.kind == kind)
    modules = sorted({module for module, _ in counts})
    width = max(map(len, (HEADINGS[kind], *modules)))
    yield " ".join((f"{HEADINGS[kind]:{width}}", *(f"{fate:>8}" for fate in get_args(Fate)), "  killed"))
    for module in modules:
        yield _row(module.ljust(width), [counts[module, fate] for fate in get_args(Fate)])
    totals = [sum(counts[module, fate] for module in modules) for fate in get_args(Fate)]
    yield _row("all".ljust(width), totals)


def _row(name: str, counts: list[int]) -> str:
    survived, *killed = counts
    rate = sum(killed) / (survived + sum(killed)) if any(counts) else 1.0
    return " ".join((name, *(f"{count:8}" for count in counts), f"{rate:8.1%}"))


def rate(found: Found) -> float:
    """The part of the deleted terms that something noticed; 1 if there is none to delete."""
    terms = [fate for mutant, fate in found.items() if mutant.kind == "term"]
    return 1 - terms.count("survived") / len(terms) if terms else 1.0


def survivors(found: Found) -> list[Mutant]:
    """The mutants that nothing noticed, in the order of the modules."""
    return [mutant for mutant, fate in found.items() if fate == "survived"]


def described(mutant: Mutant, explanations: Explanations) -> Iterator[str]:
    """Where it is, what it changes, and why it survives if that is known."""
    yield str(mutant)
    if why := reason(mutant, explanations):
        yield f"    {why}"


def complaints(found: Found, explanations: Explanations) -> Iterator[str]:
    """What keeps the run from passing; an explanation of something that is killed is one too."""
    if rate(found) < REQUIRED:
        yield f"only {rate(found):.1%} of the deleted terms are killed, and not {REQUIRED:.0%}"
    alive = survivors(found)
    for mutant in alive:
        if mutant.kind == "term" and not reason(mutant, explanations):
            yield f"survives and is not explained: {mutant}"
    for mutant, fate in found.items():
        if fate != "survived" and reason(mutant, explanations):
            yield f"is explained and yet killed: {mutant}"
