"""A derivation holds when every step is an identity, the end is the truth, and every mistake is exposed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter

import sympy as sp

from .arrays import entries, indices, mapped
from .compare import Counterexample, counterexample, is_zero
from .derivation import Derivation, Explicit, Step, Wrong
from .errors import FormulaError
from .formula import D, Formula
from .indices import free_indices, is_indexed
from .letters import PARTIAL, Definitions, check_definitions, unfold
from .normal_form import normal
from .notation import numbered, text


@dataclass(frozen=True)
class Difference:
    """Where two arrays differ: in shape, or in one entry at a point; without a point nothing is proved."""

    index: tuple[int, ...] | None
    at: Counterexample | None
    message: str

    @property
    def refutes(self) -> bool:
        """Whether the two are proved to differ, rather than not proved to agree."""
        return self.index is None or self.at is not None

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Refutation:
    """What the checker found against one wrong variant; ``difference`` is None if it found nothing."""

    wrong: Wrong
    difference: Difference | None

    @property
    def refuted(self) -> bool:
        """Whether the variant is proved wrong."""
        return self.difference is not None and self.difference.refutes


@dataclass(frozen=True)
class Verdict:
    """The outcome of one derivation: what failed at which equals sign, and each wrong variant's fate."""

    derivation: Derivation
    step_failures: tuple[str | None, ...]
    conclusion_failures: tuple[str, ...]
    refutations: tuple[Refutation, ...]
    lemmas: tuple["Verdict", ...]
    seconds: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Everything that keeps the derivation from holding, in words."""
        inherited = (
            f"{lemma.derivation.id}: {failure}" for lemma in self.lemmas for failure in lemma.failures
        )
        survivors = (f"survives: {r.wrong.name}" for r in self.refutations if not r.refuted)
        return (*inherited, *filter(None, self.step_failures), *self.conclusion_failures, *survivors)

    @property
    def parts(self) -> tuple["Verdict", ...]:
        """The verdicts of the lemmas and this one."""
        return (*(part for lemma in self.lemmas for part in lemma.parts), self)

    @property
    def steps(self) -> int:
        """How many equals signs were checked, those of the lemmas too."""
        return sum(len(part.step_failures) for part in self.parts)

    @property
    def variants(self) -> int:
        """How many wrong variants there are, those of the lemmas too."""
        return sum(len(part.refutations) for part in self.parts)

    @property
    def refuted(self) -> int:
        """How many wrong variants were refuted, those of the lemmas too."""
        return sum(r.refuted for part in self.parts for r in part.refutations)

    @property
    def holds(self) -> bool:
        """Every step and the conclusion are verified, and every wrong variant is refuted."""
        return not self.failures


def check(derivation: Derivation) -> Verdict:
    """Verify the lemmas, every step, the conclusion, and the refutation of every wrong variant."""
    start = perf_counter()
    lemmas = tuple(map(check, derivation.lemmas))
    values = _Values(derivation)
    steps = tuple(_step_failures(derivation, values))
    conclusion = tuple(_conclusion_failures(derivation, values))
    refutations = tuple(_refute(wrong, values) for wrong in derivation.wrong)
    return Verdict(derivation, steps, conclusion, refutations, lemmas, perf_counter() - start)


def sabotage(derivation: Derivation) -> tuple[bool, ...]:
    """For each wrong variant, whether at the end it breaks the last step and is refuted."""
    values = _Values(derivation)
    return tuple(_is_caught(derivation.steps[-1], wrong, values) for wrong in derivation.wrong)


def _is_caught(last: Step, wrong: Wrong, values: "_Values") -> bool:
    broken = replace(last, rhs=wrong.formula)
    return _problem(broken, values, True, _likely_difference) is not None and _refute(wrong, values).refuted


class _Values:
    """The formulas of a derivation and its truth in the independent letters alone, each computed once."""

    def __init__(self, derivation: Derivation) -> None:
        check_definitions(derivation.where)
        self._where = derivation.where
        self._ground = derivation.truth
        self._known: dict[Formula, sp.Array] = {}

    def of(self, formula: Formula) -> sp.Array:
        """The value of a formula; letters are unfolded."""
        if formula not in self._known:
            self._known[formula] = self._unfolded(formula.value(self._where))
        return self._known[formula]

    @cached_property
    def truth(self) -> sp.Array:
        """The truth, in which the definitions are unfolded too."""
        return self._unfolded(self._ground.value(self._where))

    def _unfolded(self, array: sp.Array) -> sp.Array:
        return mapped(lambda entry: unfold(entry, self._where), array)


def _refute(wrong: Wrong, values: _Values) -> Refutation:
    """Look for a point at which a wrong variant differs from the truth."""
    try:
        return Refutation(wrong, _likely_difference(values.of(wrong.formula), values.truth))
    except FormulaError as error:
        return Refutation(wrong, Difference(None, None, f"has no value: {error}"))


def _likely_difference(left: sp.Array, right: sp.Array) -> Difference | None:
    """`difference` of what is expected to differ: a point is far cheaper than a proof that fails."""
    at = counterexample(left[()], right[()]) if left.shape == right.shape == () else None
    return Difference((), at, f"the value: {_values(at)}") if at else difference(left, right)


def difference(left: sp.Array, right: sp.Array) -> Difference | None:
    """Where two arrays of explicit expressions differ; None only if all entries are proved equal.

    An entry with a counterexample comes before one that is merely not proved equal.
    """
    if left.shape != right.shape:
        return Difference(None, None, f"the shapes are {left.shape} and {right.shape}")
    unproved = None
    for index, a, b in zip(indices(left.shape), entries(left), entries(right), strict=True):
        if is_zero(a - b):
            continue
        at = counterexample(a, b)
        place = f"entry {numbered(index)}" if index else "the value"
        if at:
            return Difference(index, at, f"{place}: {_values(at)}")
        unproved = unproved or Difference(index, None, f"{place} is not proved equal")
    return unproved


def _values(at: Counterexample) -> str:
    functions = [f"{name}(u)={text(polynomial, tight=True)}" for name, polynomial in at.functions.items()]
    point = ", ".join([*functions, *(f"{text(atom)}={value}" for atom, value in at.point.items())])
    values = f"{float(at.left):.6g} ≠ {float(at.right):.6g}"
    return f"{values} at {point}" if point else values


def _step_failures(derivation: Derivation, values: _Values) -> Iterator[str | None]:
    reached = {derivation.steps[0].lhs}
    for number, step in enumerate(derivation.steps, 1):
        problem = _problem(step, values, step.lhs in reached)
        reached.add(step.rhs)
        yield f"step {number} ({step.reason}): {problem}" if problem else None


def _problem(
    step: Step, values: _Values, connected: bool, compare: Callable[..., Difference | None] = difference
) -> str | None:
    if step.lhs == step.rhs:
        return "compares an expression with itself"
    if not connected:
        return "starts from a formula that no earlier step reached"
    try:
        found = compare(values.of(step.lhs), values.of(step.rhs))
    except FormulaError as error:
        return str(error)
    return str(found) if found else None


def _conclusion_failures(derivation: Derivation, values: _Values) -> Iterator[str]:
    try:
        found = difference(values.of(derivation.conclusion), values.truth)
    except FormulaError as error:
        yield f"conclusion: {error}"
        return
    if found:
        yield f"conclusion: {found}"
    if _begs_the_question(derivation):
        yield "conclusion: still contains the derivative that it claims to compute"
    if (
        isinstance(derivation.truth, Explicit)
        and getattr(derivation.conclusion, "array", None) == derivation.truth.array
    ):
        yield "conclusion: is compared with itself"


def _begs_the_question(derivation: Derivation) -> bool:
    """Whether the conclusion differentiates the very expressions whose derivative is the truth."""
    where = derivation.where
    if derivation.truth.of is None:
        return False
    goal = [unfold(entry, where) for entry in entries(derivation.truth.of)]
    return any(
        _same_up_to_indices(unfold(of, where), entry)
        for of in _differentiated(derivation.conclusion, where)
        for entry in goal
    )


def _same_up_to_indices(a: sp.Expr, b: sp.Expr) -> bool:
    """Whether two expressions are the same entry, whatever their free indices are called."""
    return bool(_anonymous(a) == _anonymous(b))


def _anonymous(expr: sp.Expr) -> sp.Expr:
    if not is_indexed(expr):
        return expr
    expr = normal(expr)
    return expr.xreplace({i: sp.Idx("#", (i.lower, i.upper)) for i in free_indices(expr)})


def _differentiated(formula: Formula, where: Definitions) -> Iterator[sp.Expr]:
    for part in formula.walk():
        if isinstance(part, D):
            yield from entries(part.of.value(where))
    yield from (partial.args[0] for expr in formula.written() for partial in expr.atoms(PARTIAL))
