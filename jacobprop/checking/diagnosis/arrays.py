"""One array against another: what an array alone gives away about a mistake.

The reference may be a Jacobian, whose structure then says what may have been forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from .distance import relative_error, scale_between
from .factors import Sizes, meanings
from .readings.entries import entries
from .readings.orders import orders, regrouped
from .readings.reading import Reading, Reference
from .readings.structures import rank_one_off, structures

__all__ = ["ArrayAnswer", "Reference", "readings", "regrouped"]

_WITHIN = 1e-6
"""The relative error that a reading may leave: the reference may itself come from differences."""
_BETTER = 30.0
"""How many times nearer it has to come than the reference."""
_FITS = 1e-3
"""How much of the error a named factor may leave before it is compared again."""


class ArrayAnswer(NamedTuple):
    """A reading, perhaps with a constant on top, and the error that is left."""

    kind: str
    says: str
    remedy: str
    error: float


def readings(candidate: Array, reference: Reference, tolerance: float) -> tuple[list[ArrayAnswer], float]:
    """All readings that fit, the likeliest first, and the error of the best that does not."""
    R = reference.array
    before = relative_error(candidate, R) if candidate.shape == R.shape else float("inf")
    within = min(tolerance, _WITHIN, before / _BETTER)
    fitting: list[ArrayAnswer] = []
    missed = [1.0]
    for reading in _all(candidate, reference):
        if reading.predicted.shape != candidate.shape:
            continue
        answers = list(_scaled(candidate, reading, reference))
        good = [a for a in answers if a.error <= within]
        fitting += good
        missed += [a.error for a in answers if a.error > within]
    plain = [a for a in fitting if "+" not in a.kind]
    return plain or fitting, min(missed)


def _all(candidate: Array, reference: Reference) -> Iterator[Reading]:
    yield Reading("", "", "", reference.array)
    yield from orders(candidate, reference)
    yield from structures(candidate, reference)
    yield from entries(candidate, reference)
    yield from rank_one_off(candidate, reference.array)  # the least that can be said


def _scaled(candidate: Array, reading: Reading, reference: Reference) -> Iterator[ArrayAnswer]:
    """The reading itself, and with the one constant that fits best."""
    if reading.kind:
        error = relative_error(candidate, reading.predicted)
        yield ArrayAnswer(reading.kind, reading.says, reading.remedy, error)
    c = scale_between(candidate, reading.predicted)
    if c == 0 or not np.isfinite(c):
        return
    error = relative_error(candidate, c * reading.predicted)
    sizes = Sizes(cases=reference.cases or 1, mean=False, axes=reference.array.shape)
    for kind, says, remedy in meanings(c, sizes) if error <= _FITS else ():
        joined = [part for part in (reading.kind, kind) if part]
        texts = [part for part in (reading.says, says) if part]
        remedies = [part for part in (reading.remedy, remedy) if part]
        yield ArrayAnswer("+".join(joined), ", and ".join(texts), ", and ".join(remedies), error)
