"""Some entries, some terms, or a factor for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from ....arrays import Array
from .reading import Reading, Reference

_MOST_TERMS = 6
_SEEN = 1e-4
"""How far from 1 a number before a term counts as another."""
_MOST = 0.5
"""What share of the rows must show a factor of their own in more than one entry."""


def entries(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """All of these."""
    yield from _masks(candidate, reference)
    yield from _slices(candidate, reference)
    yield from _of_terms(candidate, reference)
    yield from _row_by_row(candidate, reference)


def _masks(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Zeros where the right one has none, and the other way round."""
    R = reference.array
    if candidate.shape != R.shape or not (R.any() and candidate.any()):
        return
    if ((candidate != 0) ^ (R != 0)).all():
        says = "it is zero where it should not be, and the other way round"
        yield Reading("inverted_mask", says, "turn the mask round: relu'(z) = (z > 0)", candidate)


def _slices(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Right but for some places of one axis, where it is zero."""
    R = reference.array
    if candidate.shape != R.shape:
        return
    for axis in range(R.ndim):
        others = tuple(a for a in range(R.ndim) if a != axis)
        empty = ~candidate.any(axis=others) & R.any(axis=others)
        if empty.any() and not empty.all():
            kept = np.expand_dims(~empty, others)
            is_case = axis == 0 and reference.cases is not None
            places = ", ".join(map(str, np.flatnonzero(empty)[:5]))
            says = f"{'case' if is_case else f'place of axis {axis},'} {places} is missing (zero)"
            yield Reading("dropped_case" if is_case or axis == 0 else "unknown", says, "fill it in", R * kept)


def _of_terms(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Some of the named addends left out, or one of them counted twice."""
    terms = dict(reference.terms or {})
    if not 1 < len(terms) <= _MOST_TERMS:
        return
    for count in range(1, len(terms)):
        for kept in combinations(terms, len(terms) - count):
            left = " and ".join(name for name in terms if name not in kept)
            says = f"{left} {'is' if count == 1 else 'are'} not counted"
            yield Reading(
                "second_use_missing",
                says,
                f"add the term of {left}",
                np.asarray(sum(terms[name] for name in kept)),
            )
    for name, term in terms.items():
        yield Reading(
            "accumulated_twice",
            f"{name} is counted twice",
            f"add the term of {name} once",
            reference.array + term,
        )
    if candidate.shape == reference.array.shape:
        yield from _weighed_terms(candidate, terms)


def _weighed_terms(candidate: Array, terms: Mapping[str, Array]) -> Iterator[Reading]:
    """The addends with numbers before them, which the candidate shows; 1 is right."""
    columns = np.stack([term.ravel() for term in terms.values()], axis=1)
    numbers, _, rank, _ = np.linalg.lstsq(columns, candidate.ravel(), rcond=None)
    wrong = [(name, c) for name, c in zip(terms, numbers, strict=True) if abs(c - 1) > _SEEN]
    if rank < len(terms) or candidate.size <= 2 * len(terms) or not wrong:
        return
    flips = all(abs(c + 1) <= _SEEN for _, c in wrong)
    how = [f"{name} {'has the wrong sign' if flips else f'counts {c:.4g} times'}" for name, c in wrong]
    remedy = f"multiply the term of {' and '.join(name for name, _ in wrong)} by "
    remedy += "-1" if flips else ", ".join(f"{1 / c:.4g}" if abs(c) > _SEEN else "1" for _, c in wrong)
    predicted = (columns @ numbers).reshape(candidate.shape)
    yield Reading("sign" if flips else "factor", " and ".join(how), remedy, predicted)


def _row_by_row(candidate: Array, reference: Reference) -> Iterator[Reading]:
    """Each output or each input with a factor of its own, which an elementwise derivative would be."""
    R, lead = reference.array, reference.lead
    out = reference.out_ndim if reference.out_ndim is not None else (R.ndim - lead) // 2
    if candidate.shape != R.shape or not 0 < out < R.ndim - lead:
        return
    inner, outer = tuple(range(lead + out, R.ndim)), tuple(range(lead, lead + out))
    for axes, what in ((inner, "output"), (outer, "input")):
        size = (R**2).sum(axis=axes, keepdims=True)
        factors = (R * candidate).sum(axis=axes, keepdims=True) / np.where(size > 0, size, 1.0)
        seen = np.count_nonzero(R, axis=axes, keepdims=True) > 1  # a single entry has a factor anyway
        if seen.mean() < _MOST or np.ptp(factors[seen]) == 0:
            continue
        low, high = factors[seen].min(), factors[seen].max()
        says = (
            f"each {what} has a factor of its own, {low:.4g} to {high:.4g}: something elementwise, "
            "such as f', is missing, doubled or taken elsewhere"
        )
        remedy = f"look at what multiplies the {what}s one by one"
        yield Reading("wrong_derivative", says, remedy, R * factors)
