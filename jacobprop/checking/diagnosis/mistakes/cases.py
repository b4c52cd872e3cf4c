"""Mistakes with cases: dropped, counted twice, only the last one kept.

A gradient is a weighted sum over the cases, so the candidate itself says how much each of them weighs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....architecture import Edge
from ....arrays import Array
from ..backprop import TOP, Backprop, Changes, Gradients, Mistake, Place, Rows, places, replaced, times

_MOST_ENTRIES = 2**12
"""Of a gradient, how many of its entries are asked for the weights of the cases."""
_MOST_CASES = 1024
_CLOSE = 1e-4


def fitted(backprop: Backprop, candidate: Gradients, given: Sequence[Mistake]) -> Iterator[Mistake]:
    """What the weights of the cases say: from the loss, from a layer downward, and of each gradient alone."""
    per_case = _per_case(backprop, given) if backprop.cases > 1 else None
    for place, names in places(backprop) if per_case is not None else ():
        group = [name for name in names if name in candidate]
        if not group:
            continue
        assert per_case is not None, "places are only looked at with shares"
        for part in (group, backprop.nearest(group)) if len(group) > 1 else (group,):
            columns = np.concatenate([per_case[name] for name in part], axis=1).T
            mine = np.concatenate([some(candidate[name]) for name in part])
            shares = _shares(columns, mine) if mine.any() else None
            if shares is not None:
                break
        for kind, says, remedy, weights in [] if shares is None else _read(shares):
            where, changes = _spread(backprop, place, weights)
            yield Mistake(kind, where, says, remedy, changes)


def _spread(backprop: Backprop, place: Place, weights: Array) -> tuple[str, Changes]:
    """Where the cases are weighed, and the crossing that does it."""
    if place == TOP:
        return "the cases", {TOP: times(weights[:, None])}
    if isinstance(place, Edge):
        return f"layer {place.below.layer}", {place: times(weights[:, None])}
    edge = next(edge for edge in backprop.edges if edge.below.name == place)

    def weighed(rows: Rows) -> Array:
        return backprop.cross(edge, rows[edge.above] * weights[:, None])

    return place, {edge: replaced(weighed)}


def _per_case(backprop: Backprop, given: Sequence[Mistake]) -> dict[str, Array] | None:
    """The share of each case in some entries of every gradient, (c, entries)."""
    if backprop.cases > _MOST_CASES or any(m.instead is not None for m in given):
        return None
    found: list[Gradients] = []
    for case in range(backprop.cases):
        only = np.zeros((backprop.cases, 1))
        only[case] = 1.0
        wrong = backprop.gradients([*given, Mistake("", "", "", "", {TOP: times(only)})])
        found.append({name: some(g) for name, g in wrong.items()})
    return {name: np.array([g[name] for g in found]) for name in backprop.right}


def some(gradient: Array) -> Array:
    """All entries of a gradient, or as many as the weights of the cases need, spread evenly."""
    return gradient.ravel()[:: max(1, gradient.size // _MOST_ENTRIES)]


def _shares(columns: Array, candidate: Array) -> Array | None:
    """How much each case counts, 1 for as much as it should; None if the candidate is no such sum."""
    size = float(np.abs(columns).max(initial=0.0))
    if size == 0 or not np.isfinite(size) or not np.isfinite(candidate).all():
        return None
    shares, _, rank, _ = np.linalg.lstsq(columns / size, candidate / size, rcond=1e-9)
    gap = np.linalg.norm(candidate / size - columns / size @ shares)
    if gap > 1e-3 * np.linalg.norm(candidate / size):
        return None
    return np.asarray(shares) if rank == columns.shape[1] else _guess(columns / size, candidate / size)


def _guess(columns: Array, candidate: Array) -> Array | None:
    """Where the shares are not unique: one case or a run of cases left out or counted twice, or one alone."""
    n = columns.shape[1]
    patterns = [
        np.where((np.arange(n) >= i) & (np.arange(n) < j), 0.0, 1.0)
        for i in range(n)
        for j in range(i + 1, n + 1)
        if i == 0 or j == n or j == i + 1
    ]
    weighed = [w * scale for w in patterns if w.any() for scale in (1.0, n / w.sum())]
    weighed += [2 - w for w in patterns if w.any()]
    weighed += [np.eye(n)[k] * scale for k in range(n) for scale in (1.0, n)]
    for w in weighed:
        if np.linalg.norm(columns @ w - candidate) <= _CLOSE * np.linalg.norm(candidate):
            return w
    return None


def _read(shares: Array) -> Iterator[tuple[str, str, str, Array]]:
    """What a pattern of shares means; nothing for the right one and for one common factor."""
    shares = np.where(np.abs(shares) < _CLOSE, 0.0, shares)
    gone = shares == 0
    kept = shares[~gone]
    if not len(kept) or not np.isfinite(shares).all():
        return
    n, same = len(shares), np.ptp(kept) < _CLOSE * np.abs(kept).max()
    remedy = f"add all {n} cases up"
    if gone.any() and same:
        scale = float(kept.mean())
        sign, others = ("sign+", "the others have the wrong sign") if abs(scale + 1) < _CLOSE else ("", "")
        if abs(scale - n / len(kept)) < _CLOSE * n:
            others = f"the mean is taken over {len(kept)}"
        elif np.abs(np.array([n, 1 / n, 1 / len(kept)]) / scale - 1).min() < _CLOSE:
            others = f"the others count {scale:.4g} times"
        elif abs(abs(scale) - 1) > _CLOSE:
            return  # a number that could be anything
        note = f" ({others})" if others else " (counted from 0)"
        if len(kept) == 1:
            only = int(np.flatnonzero(~gone)[0])
            says = f"only case {only} counts{note}: gradients are overwritten, not added up"
        else:
            says = f"{_numbered(gone)} {'is' if gone.sum() == 1 else 'are'} dropped{note}"
        yield sign + "dropped_case", says, remedy, shares
    if not gone.any():
        yield from _mean_of_means(shares)
        yield from _repeated(shares)


def _repeated(shares: Array) -> Iterator[tuple[str, str, str, Array]]:
    """Some count twice or more, as often as gradients were not cleared after them."""
    counts = shares / shares.min()
    whole = np.round(counts)
    if (
        shares.min() <= 0
        or whole.max() < 2
        or whole.max() > len(shares)
        or np.abs(counts - whole).max() > _CLOSE
    ):
        return
    groups = [f"{_numbered(whole == k)} {int(k)} times" for k in np.unique(whole)[::-1] if k > 1]
    remedy = "add each case once, and clear the gradients between minibatches"
    yield "accumulated_twice", f"counted more than once: {', '.join(groups)}", remedy, shares


def _mean_of_means(shares: Array) -> Iterator[tuple[str, str, str, Array]]:
    """Minibatches of unequal size that count alike: weights as one over their length."""
    runs = np.split(shares, np.flatnonzero(np.abs(np.diff(shares)) > _CLOSE * np.abs(shares).max()) + 1)
    totals = np.array([run.sum() for run in runs])
    batches = np.round(totals / totals.min())  # neighbours of one size make one run
    even = np.abs(totals / totals.min() - batches).max() < _CLOSE and not any(
        len(run) % k for run, k in zip(runs, batches, strict=True)
    )
    if len(runs) > 1 and totals.min() > 0 and even and abs(shares.min() - 1) > _CLOSE:
        sizes = [str(int(len(run) // k)) for run, k in zip(runs, batches, strict=True) for _ in range(int(k))]
        says = f"a mean of means: minibatches of {', '.join(sizes)} cases count alike"
        yield "factor", says, "weigh each minibatch by its cases", shares


def _numbered(which: Array) -> str:
    """case 3, or cases 3 to 5."""
    places = np.flatnonzero(which)
    if len(places) == 1:
        return f"case {places[0]}"
    if places[-1] - places[0] == len(places) - 1:
        return f"cases {places[0]} to {places[-1]}"
    listed = ", ".join(map(str, places[:5]))
    return f"cases {listed}" + (f" and {len(places) - 5} more" if len(places) > 5 else "")
