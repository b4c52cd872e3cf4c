"""A term that comes in with an unknown number, which the candidate itself shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....architecture import Edge
from ....arrays import Array
from ..backprop import Backprop, Change, Crossing, Gradients, Mistake
from ..distance import norm

_FITS = 0.1
"""How much of the gap the term may leave where further mistakes lie below."""


def more(term: Crossing, c: float) -> Change:
    """What a crossing yields, and c times a term."""
    return lambda crossing: lambda rows: crossing(rows) + c * term(rows)


def coefficient(
    backprop: Backprop, candidate: Gradients, given: Sequence[Mistake], edge: Edge, term: Crossing
) -> float | None:
    """The c for which c times the term, added to a crossing, explains the gradients just below it."""
    below = [
        name for name, node in backprop.names.items() if node.layer <= edge.below.layer and name in candidate
    ]
    nearest = backprop.nearest(below)
    if backprop.evidence(edge) < 2 or not any(candidate[name].any() for name in nearest):
        return None
    plain = backprop.gradients(given)
    moved = backprop.gradients([*given, Mistake("", "", "", "", {edge: more(term, 1.0)})])
    parts = [nearest, *([name] for name in nearest if candidate[name].size > 1)]
    for part in parts:  # another mistake may spoil one of them
        c = _number(
            np.concatenate([(moved[name] - plain[name]).ravel() for name in part]),
            np.concatenate([(candidate[name] - plain[name]).ravel() for name in part]),
        )
        if c is not None:
            return c
    return None


def _number(slope: Array, gap: Array) -> float | None:
    """The c for which c slope is nearly all of the gap."""
    size = norm(slope)
    if size == 0 or norm(gap) == 0:
        return None
    c = float(np.vdot(slope / size, gap / size))
    return c if norm(gap - c * slope) <= _FITS * norm(gap) else None
