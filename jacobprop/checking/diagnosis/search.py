"""The search for the mistake, or the two mistakes, that turn the right gradients into the candidate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from time import monotonic

from ...arrays import Array
from .backprop import Backprop, Gradients, Mistake
from .distance import is_close, norm, relative_error
from .mistakes import cases, coupling, finished, loss_rows, parameters, passes, slopes, weights

_SECONDS = 5.0
"""How long pairs of mistakes are tried. Single mistakes are always tried all."""

_LIKELY = 30.0
"""How many times smaller the rounding of right code mostly is than its bound."""

_LARGE = 2**20
"""Multiply-adds of a pass from which on a mistake is not made that reaches a right gradient."""

_BETTER = 30.0
"""How many times nearer an explanation has to come than the right gradients do."""

_VACUOUS = 1e-9
"""Below this a mistake makes no difference with these numbers."""


@dataclass(frozen=True)
class Explanation:
    """Mistakes and how far from the candidate they lead.

    Attributes
    ----------
    mistakes : tuple of Mistake
        One, or two.
    error : float
        The relative error that they leave in the worst array.
    fits : bool
        Whether every array is explained.
    explained, spoiled : frozenset of str
        The arrays that come out as they are in the candidate, and those that they change at all.
    """

    mistakes: tuple[Mistake, ...]
    error: float
    fits: bool
    explained: frozenset[str]
    spoiled: frozenset[str]


class Search:
    """Everything that is tried for one candidate.

    Attributes
    ----------
    backprop : Backprop
        The right pass.
    candidate : dict
        The arrays in question, in the right shapes.
    tolerance, within : float
        The relative error up to which an array counts as right, and as explained.
    noise : mapping
        By name, the norm up to which a difference is rounding.
    before : dict
        By name, the relative error of the candidate.
    wrong : frozenset of str
        The arrays that are not right.
    next_best : float
        The smallest error that something else has left.
    """

    def __init__(
        self,
        backprop: Backprop,
        candidate: Gradients,
        tolerance: float,
        within: float,
        noise: Mapping[str, float],
        earlier: Sequence[Backprop] = (),
    ) -> None:
        self.backprop, self.candidate, self.tolerance = backprop, candidate, tolerance
        self.within, self.noise, self.earlier = within, noise, earlier
        self.names = [name for name in backprop.names if name in candidate]
        right = backprop.right
        self.before = {name: relative_error(candidate[name], right[name]) for name in self.names}
        self.wrong = frozenset(
            name
            for name in self.names
            if not is_close(candidate[name], right[name], tolerance, self.noise[name])
        )
        self.zero = frozenset(name for name in self.names if not right[name].any())
        self.is_large = backprop.cases * sum(g.size for g in right.values()) > _LARGE
        self.next_best = max((self.before[name] for name in self.wrong), default=0.0)

    def finer(self, tolerance: float, within: float) -> Search:
        """The same among smaller errors, down to the rounding that there mostly is."""
        noise = {name: bound / _LIKELY for name, bound in self.noise.items()}
        return Search(self.backprop, self.candidate, tolerance, within, noise, self.earlier)

    def agrees(self, name: str, found: Array) -> bool:
        """Whether the candidate is as near to another array as it should be to the right one."""
        return is_close(self.candidate[name], found, self.tolerance, self.noise[name])

    def _comes_near(self, name: str, found: Array) -> bool:
        """Whether a wrong array is explained, better by far than by rounding; a right one stays right."""
        mine, right = self.candidate[name], self.backprop.right[name]
        gap, before = norm(mine - found), norm(mine - right)
        if name not in self.wrong:
            return gap <= before or is_close(mine, found, self.within, self.noise[name])
        return gap <= before / _BETTER and is_close(mine, found, self.within, self.noise[name])

    def explanations(self, *, pairs: bool = True) -> list[Explanation]:
        """All that fit: single mistakes, or else pairs; the likeliest first."""
        tried = self._tried(self._singles())
        told = [e.mistakes[0] for e in tried]
        tried += self._tried(habits(told))
        fitting = self._fitting(tried)
        return fitting or (self._fitting(self._pairs(tried)) if pairs else [])

    def _tried(self, mistakes: Iterable[Mistake]) -> list[Explanation]:
        return [found for m in mistakes if (found := self._try((m,))) is not None]

    def _fitting(self, tried: Sequence[Explanation]) -> list[Explanation]:
        """Those that explain all, unless another is better by far."""
        good = [e for e in tried if e.fits]
        best = min((e.error for e in good), default=0.0)
        close = [e for e in good if e.error <= max(100 * best, self.within)]
        rest = [e.error for e in tried if e not in close]
        self.next_best = min([self.next_best, *rest])
        return close

    def _singles(self) -> Iterator[Mistake]:
        """Every mistake that is known."""
        return chain(self._fitted(()), self._fixed, passes.mistakes(self.backprop, self.earlier))

    def _fitted(self, given: Sequence[Mistake]) -> Iterator[Mistake]:
        """The mistakes with a number that the candidate shows, once these others are made."""
        b, c = self.backprop, self.candidate
        return chain(
            finished.scaled(b, c, given),
            weights.fitted(b, c, given),
            coupling.fitted(b, c, given),
            finished.regularised(b, c, given),
            cases.fitted(b, c, given),
        )

    @cached_property
    def _fixed(self) -> tuple[Mistake, ...]:
        """The mistakes that do not depend on the candidate."""
        b = self.backprop
        return (
            *slopes.mistakes(b, self.earlier),
            *loss_rows.mistakes(b),
            *coupling.mistakes(b),
            *weights.mistakes(b),
            *parameters.mistakes(b, self.earlier),
            *finished.mistakes(b),
        )

    def _try(self, mistakes: tuple[Mistake, ...]) -> Explanation | None:
        """What these mistakes explain; None if they change nothing."""
        reached = frozenset(name for m in mistakes for name in self.backprop.reaches(m)) & set(self.names)
        if self.is_large and not reached <= self.wrong | self.zero and not any(m.instead for m in mistakes):
            return None  # it would hardly leave right what is right
        found, right = self.backprop.gradients(mistakes), self.backprop.right
        spoiled = frozenset(
            name
            for name in reached
            if not is_close(found[name], right[name], _VACUOUS, self.noise[name] / _BETTER)
        )
        if not spoiled:
            return None
        after = self.before | {name: relative_error(self.candidate[name], found[name]) for name in spoiled}
        near = {name: self._comes_near(name, found[name]) for name in spoiled}
        explained = frozenset(self.names) - self.wrong - spoiled | {name for name in spoiled if near[name]}
        fits = self.wrong <= spoiled and all(near.values())
        return Explanation(
            mistakes, max(after[name] for name in spoiled | self.wrong), fits, explained, spoiled
        )

    def _pairs(self, tried: Sequence[Explanation]) -> list[Explanation]:
        """Two mistakes that spoil nothing that is right: one that explains some more arrays, then another;
        or two that both reach the arrays nearest to the loss."""
        deadline = monotonic() + _SECONDS
        able = [e for e in tried if e.spoiled <= self.wrong]
        right = frozenset(self.names) - self.wrong
        promising = sorted((e for e in able if e.explained - right), key=lambda e: -len(e.explained))
        nearest = next(name for name in self.names if name in self.wrong)
        together = [e for e in able if not e.explained - right and nearest in e.spoiled]
        found: list[Explanation] = []
        for first in (*promising, *together):
            if monotonic() > deadline or (found and first not in promising):
                break
            fixed = able if first in promising else together
            for second in self._seconds(first, fixed):
                pair = self._try((*first.mistakes, second))
                if pair is not None and pair.fits:
                    found.append(pair)
        return _unordered(found)

    def _seconds(self, first: Explanation, able: Sequence[Explanation]) -> Iterator[Mistake]:
        """What may come on top: the mistakes that were possible alone, and those the rest now shows."""
        return chain(
            self._fitted(first.mistakes),
            (m for e in able if e is not first for m in e.mistakes),
        )


def _unordered(pairs: Sequence[Explanation]) -> list[Explanation]:
    """Each pair of kinds and places once, whichever of the two came first."""
    seen: set[frozenset[tuple[str, str]]] = set()
    kept = []
    for pair in pairs:
        key = frozenset((m.kind, m.place) for m in pair.mistakes)
        if key not in seen:
            seen.add(key)
            kept.append(pair)
    return kept


def habits(mistakes: Sequence[Mistake]) -> Iterator[Mistake]:
    """The same mistake in all layers where it can be made, and in all of these but the first or the last."""
    groups: dict[str, list[Mistake]] = {}
    for mistake in mistakes:
        if mistake.habit:
            groups.setdefault(mistake.habit, []).append(mistake)
    for group in groups.values():
        for members in {tuple(group), tuple(group[1:]), tuple(group[:-1])} if len(group) > 1 else ():
            if len(members) > 1:
                places = ", ".join(m.place.removeprefix("layer ") for m in members)
                remedies = ", ".join(dict.fromkeys(m.remedy for m in members))
                yield Mistake(
                    members[0].kind,
                    f"{'layers ' if members[0].place.startswith('layer') else ''}{places}",
                    f"{members[0].says}, and so in every place: {places}",
                    remedies,
                    {place: change for m in members for place, change in m.changes.items()},
                )
