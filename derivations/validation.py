"""Whether a derivation that a user wrote can be checked at all; if not, what is amiss, in a sentence."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

import sympy as sp

from .proof.arrays import Layout, entries
from .proof.derivation import Derivation, Explicit, Scope, Step, Truth, Wrong
from .proof.formula import Entries, Formula, Letter
from .proof.notation import WIDTH

PAGES_OF_THEIR_OWN = ("index", "errata", "derivations")
EXPECTED_STEPS = 'give chain(start, ("reason", next), ...)'
EXPECTED_TRUTH = "expected Truth(sp.Array(f), sp.Array(x)), both sympy Arrays"


def problem(derivation: Derivation) -> str | None:
    """The first thing that keeps a derivation from being checked, with its remedy."""
    return next(_problems(derivation), None)


def repeated(derivations: Iterable[Derivation]) -> str | None:
    """The first id that two derivations share."""
    seen: set[str] = set()
    return next((d.id for d in derivations if d.id in seen or seen.add(d.id)), None)  # type: ignore[func-returns-value]


def _problems(d: Derivation) -> Iterator[str]:
    yield from _id(d.id)
    yield from _lines(d)
    yield from (*_tuple("rows", d.rows, str), *_tuple("assumptions", d.assumptions, str))
    if d.scope not in get_args(Scope):
        yield f"scope: expected {_either(Scope)}; got {d.scope!r}"
    yield from (*_where(d.where), *_steps(d.steps), *_truth(d.truth), *_wrong(d.wrong))
    yield from _tuple("lemmas", d.lemmas, Derivation)
    yield from (f"lemma {lemma.id!r}: {found}" for lemma in d.lemmas for found in _problems(lemma))


def _id(name: object) -> Iterator[str]:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        yield f"id: pages are named by it, so only letters, digits, _ and -; got {name!r}"
    elif name.casefold() in PAGES_OF_THEIR_OWN:
        yield f"id: {name!r} is the name of another page; choose another id"


def _lines(d: Derivation) -> Iterator[str]:
    for name in ("title", "statement", "sizes"):
        line = getattr(d, name)
        if not isinstance(line, str) or len(line.splitlines()) != 1:
            yield f"{name}: expected one line of text; got {line!r}"
    if len(d.statement) > WIDTH:
        yield f"statement: expected at most {WIDTH} characters, one line; got {len(d.statement)}"


def _tuple(name: str, found: object, kind: type) -> Iterator[str]:
    expected = "texts" if kind is str else kind.__name__
    if isinstance(found, kind):
        yield f"{name}: expected a tuple of {expected}; got one {_kind(found)}: add a comma, (..., )"
    elif not isinstance(found, tuple):
        yield f"{name}: expected a tuple of {expected}; got {_kind(found)}"
    else:
        for number, element in enumerate(found, 1):
            if not isinstance(element, kind):
                yield f"{name}: expected a tuple of {expected}; entry {number} is of type {_kind(element)}"


def _where(where: object) -> Iterator[str]:
    if not isinstance(where, Mapping):
        yield f"where: expected {{letter: definition}}; got {_kind(where)}"
        return
    for letter, value in where.items():
        if not isinstance(letter, sp.Symbol | sp.Indexed):
            yield f"where: a key is a letter such as s[k]; got {letter}, of type {_kind(letter)}"
        elif not isinstance(value, sp.Expr):
            yield f"where: the definition of {letter} is no expression of sympy; got {_kind(value)}"


def _steps(steps: object) -> Iterator[str]:
    if steps == ():
        yield f"steps is empty; {EXPECTED_STEPS}"
    elif not isinstance(steps, tuple) or not all(isinstance(step, Step) for step in steps):
        yield f"steps: got {_kind(steps)}; {EXPECTED_STEPS}"
    else:
        for number, step in enumerate(steps, 1):
            yield from (f"step {number}: {found}" for found in _step(step))


def _step(step: Step) -> Iterator[str]:
    if not isinstance(step.reason, str) or not step.reason.strip():
        yield f"the reason is a text; got {_kind(step.reason)}; {EXPECTED_STEPS}"
    yield from (*_formula(step.lhs), *_formula(step.rhs))


def _formula(formula: object) -> Iterator[str]:
    if not isinstance(formula, Formula):
        yield f"expected a formula such as entry(...); got {_kind(formula)}"
        return
    for part in formula.walk():
        if isinstance(part, Entries | Letter) and not isinstance(part.array, sp.NDimArray):
            yield f"{_kind(part)} holds a sympy Array; got {_kind(part.array)}; use entry(...)"


def _truth(truth: object) -> Iterator[str]:
    if isinstance(truth, Truth):
        yield from _derivative(truth)
    elif not isinstance(truth, Explicit):
        yield f"truth: {EXPECTED_TRUTH}; got {_kind(truth)}"
    elif not isinstance(truth.array, sp.NDimArray):
        yield f"truth: expected Explicit(sp.Array(f)); got {_kind(truth.array)}"


def _derivative(truth: Truth) -> Iterator[str]:
    for array in (truth.of, truth.wrt):
        if not isinstance(array, sp.NDimArray):
            yield f"truth: {EXPECTED_TRUTH}; got {_kind(array)}"
            return
    for letter in entries(truth.wrt):
        if not isinstance(letter, sp.Symbol | sp.Indexed):
            yield f"truth: a derivative is taken by letters such as w[i, j]; got {letter}"
    if truth.layout not in get_args(Layout):
        yield f"truth: the layout is {_either(Layout)}; got {truth.layout!r}"


def _wrong(wrong: object) -> Iterator[str]:
    if wrong == ():
        yield "wrong is empty; name at least one mistake that must be refuted, such as negated(J_WZ)"
        return
    amiss = list(_tuple("wrong", wrong, Wrong))
    yield from amiss
    for variant in wrong if isinstance(wrong, tuple) and not amiss else ():
        if not isinstance(variant.name, str) or not variant.name.strip():
            yield f"wrong: a mistake has a name; got {variant.name!r}"
        yield from (f"wrong, {variant.name!r}: {found}" for found in _formula(variant.formula))


def _either(choices: object) -> str:
    *first, last = (f'"{choice}"' for choice in get_args(choices))
    return f"{', '.join(first)} or {last}"


def _kind(found: object) -> str:
    return "text" if isinstance(found, str) else type(found).__name__
