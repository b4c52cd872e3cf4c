"""Mistakes with finished gradients: transposed, reordered, scaled, exchanged, regularised, left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....architecture import SUM, Edge
from ....arrays import Array
from ..backprop import TOP, Backprop, Change, Changes, Gradients, Mistake, Place, held, places, then, times
from ..distance import norm, scale_between
from ..factors import Sizes, meanings

_ONE = 1e-12
_NO_PENALTY = "leave the penalty out, at least of the biases: the loss of the record has none"
_FITS = 1e-2
"""How much of a gradient a number that it shows may leave before the whole is compared."""


def mistakes(backprop: Backprop) -> Iterator[Mistake]:
    """What does not depend on the candidate."""
    names = list(backprop.names)
    weights = [name for name in names if backprop.right[name].ndim == 2]
    for group in _groups(weights):
        yield from _reordered(backprop, group)
    for name in names:
        yield _missing(name)
    for name in names:
        yield from _exchanged(backprop, name)
    yield from _shifted(backprop, weights)
    yield Mistake(
        "missing_gradient", "the loss", "0 everywhere", "start from the loss's row", {TOP: times(0.0)}
    )


def _groups(names: Sequence[str]) -> list[list[str]]:
    """Each name alone, then all of them."""
    return [[name] for name in names] + ([list(names)] if len(names) > 1 else [])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _reordered(backprop: Backprop, group: Sequence[str]) -> Iterator[Mistake]:
    shapes = {name: backprop.right[name].shape for name in group}
    listed = _listed(group)
    square = {name for name, (n, m) in shapes.items() if n == m}
    if square == set(group):
        says = "transposed, or in denominator layout"
        yield Mistake(
            "layout",
            listed,
            says,
            "transpose: W[i, j] leads from unit i to unit j",
            dict.fromkeys(group, then(np.transpose)),
        )
    remedy = "reshape with order='C': vec is row-major, entry (i, j) stands at i m + j"
    rowwise = then(lambda g: g.ravel().reshape(g.shape, order="F"))
    columnwise = then(lambda g: g.ravel(order="F").reshape(g.shape))
    for change in (rowwise, columnwise):
        says = "rows and columns of vec are swapped"
        yield Mistake("vec_order", listed, says, remedy, dict.fromkeys(group, change))


def _missing(name: str) -> Mistake:
    kind = "missing_bias" if name.startswith("b") else "missing_gradient"
    return Mistake(
        kind,
        name,
        "the gradient is missing (0 everywhere)",
        f"add delta_{name[1:]} up over the cases" if name.startswith("b") else f"take a^T delta_{name[1:]}",
        {name: times(0.0)},
    )


def _exchanged(backprop: Backprop, name: str) -> Iterator[Mistake]:
    """The gradient of another parameter under this name."""
    for other, theirs in backprop.right.items():
        if other != name and other[0] == name[0] and theirs.shape == backprop.right[name].shape:
            yield Mistake(
                "off_by_one_layer",
                name,
                f"{name} holds the gradient of {other}",
                "store each gradient under its own layer's number",
                {name: held(theirs)},
            )


def _shifted(backprop: Backprop, weights: Sequence[str]) -> Iterator[Mistake]:
    """All gradients under the name of the next layer, or in reverse order."""
    biases = [name for name in backprop.names if name.startswith("b")]
    letters = [[name for name in weights if name.startswith("W")], biases]
    remedy = "store each gradient under its own layer's number"
    for says, first in (("are stored one layer off", 1), ("stand in reverse order", -1)):
        changes: dict[str, Change] = {}
        for names in letters:
            others = names[::-1] if first < 0 else [*names[1:], *names[:1]]
            for name, other in zip(names, others, strict=True):
                if backprop.right[name].shape == backprop.right[other].shape and name != other:
                    changes[name] = held(backprop.right[other])
        if len(changes) > 1:
            yield Mistake(
                "off_by_one_layer", _listed(list(changes)), f"the gradients {says}", remedy, changes
            )


# -- with a number that the candidate shows


def scaled(backprop: Backprop, candidate: Gradients, given: Sequence[Mistake]) -> Iterator[Mistake]:
    """A sign or a constant: of everything, from a layer downward, of one gradient, of all of a letter."""
    plain = backprop.gradients(given)
    sizes = Sizes.of(backprop)
    letters = [[name for name in backprop.names if name.startswith(letter)] for letter in "Wb"]
    groups = [(_listed(group), group) for group in letters if 1 < len(group) < len(backprop.names)]
    for place, names in (*places(backprop), *groups):
        names = [name for name in names if name in candidate]
        c = _common_scale(backprop, candidate, plain, names)
        if c is None:
            continue
        where = place if isinstance(place, str) else f"layer {place.above.layer}"
        where = "the loss" if place == TOP else where
        whole = place == TOP or isinstance(place, Edge)
        changes: Changes = {place: times(c)} if whole else dict.fromkeys(names, times(c))
        free = not backprop.evidence(place if whole else names[0]) > 1
        for kind, says, remedy in meanings(c, sizes, whole=place == TOP, named_only=free):
            yield Mistake(kind, where, _from(place) + says, remedy, changes)


def _from(place: Place) -> str:
    """Where on the way down a factor comes in; nothing for finished gradients."""
    if not isinstance(place, Edge):
        return ""
    delta = (
        f"delta_{place.below.layer}"
        if place.below.letter == SUM
        else f"the delta passed to a{place.below.layer}"
    )
    return f"from {delta} on, "


def _common_scale(
    backprop: Backprop, candidate: Gradients, plain: Gradients, names: Sequence[str]
) -> float | None:
    """The factor of the gradients nearest to the loss, if it is neither 1 nor 0; others may lie below."""
    nearest = backprop.nearest(names)
    if not nearest:
        return None
    mine, right = (np.concatenate([g[name].ravel() for name in nearest]) for g in (candidate, plain))
    c = scale_between(mine, right)
    if c == 0 or abs(c - 1) < _ONE or not np.isfinite(c):
        return None
    return c if norm(mine - c * right) <= _FITS * norm(mine) else None


def regularised(backprop: Backprop, candidate: Gradients, given: Sequence[Mistake]) -> Iterator[Mistake]:
    """lambda times the parameter, added to its gradient."""
    plain = backprop.gradients(given)
    names = [name for name in backprop.names if name in candidate]
    groups = _groups([n for n in names if n.startswith("b")]) + _groups(
        [n for n in names if n.startswith("W")]
    )
    for group in [*groups, names]:
        rate = _decay(backprop, candidate, plain, group)
        if rate is None or not all(backprop.parameter(backprop.names[name]).any() for name in group):
            continue
        kind = "regularised_bias" if any(name.startswith("b") for name in group) else "penalty"
        listed = _listed(group)
        says = f"{rate:.4g} times the parameter is added"
        remedy = "do not regularise biases" if all(name.startswith("b") for name in group) else _NO_PENALTY
        changes = {name: _added(rate * backprop.parameter(backprop.names[name])) for name in group}
        yield Mistake(kind, listed, says, remedy, changes)


def _added(term: Array) -> Change:
    return then(lambda g: np.asarray(g + term))


def _decay(backprop: Backprop, candidate: Gradients, plain: Gradients, group: Sequence[str]) -> float | None:
    parameters = np.concatenate([backprop.parameter(backprop.names[name]).ravel() for name in group])
    gap = np.concatenate([(candidate[name] - plain[name]).ravel() for name in group])
    if np.count_nonzero(parameters) < 2 or norm(gap) == 0:
        return None
    rate = scale_between(gap, parameters)
    return rate if norm(gap - rate * parameters) <= _FITS * norm(gap) else None
