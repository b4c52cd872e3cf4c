"""One array beside the right one, and the answer in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...arrays import Array, as_array
from ...errors import DTypeError, NonFiniteError
from ...jacobians import Jacobian, JacobianTensor
from . import arrays
from .answer import Diagnosis, corrected, first_up, not_finite
from .distance import relative_error, tolerance_for
from .overflow import beyond

_WHERE = "diagnose"
_OFF = 1e-6
"""From what share of the largest entry on an entry counts as off."""


def reference_of(
    value: object, out_ndim: int | None = None, terms: Mapping[str, Array] | None = None
) -> arrays.Reference:
    """The right array, with all that the object says about it."""
    if isinstance(value, Jacobian):
        array = _finite(numbers(value.tensor(), "the reference"))
        return arrays.Reference(array, value.cases, len(value.out_shape), value, terms)
    if isinstance(value, JacobianTensor):
        return arrays.Reference(
            _finite(numbers(value.to("numerator").array, "the reference")),
            None,
            len(value.out_shape),
            None,
            terms,
        )
    return arrays.Reference(_finite(numbers(value, "the reference")), None, out_ndim, None, terms)


def candidate_of(value: object) -> Array:
    """The array in question, of a Jacobian its tensor in numerator layout."""
    if isinstance(value, Jacobian):
        return numbers(value.tensor(), "the candidate")
    if isinstance(value, JacobianTensor):
        return numbers(value.to("numerator").array, "the candidate")
    return numbers(value, "the candidate")


def numbers(value: object, what: str) -> Array:
    """A plain array of floats, or one of our errors."""
    array = as_array(value, what, _WHERE)
    if array.dtype.kind == "O":
        raise DTypeError(
            f"{what} holds expressions",
            where=_WHERE,
            got="sympy expressions",
            expected="floats",
            remedy="Substitute numbers first; jp.derive proves expressions.",
        )
    return array


def _finite(array: Array) -> Array:
    if not np.isfinite(array).all():
        raise NonFiniteError(
            "the reference is not finite",
            where=_WHERE,
            got=f"{int((~np.isfinite(array)).sum())} entries that are nan or infinite",
            expected="numbers to compare with",
            remedy="Take cases without nan and infinities.",
        )
    return array


def of_array(candidate: object, reference: arrays.Reference, name: str, tolerance: float | None) -> Diagnosis:
    """The diagnosis of one array; `name` goes before its sentence."""
    given = candidate_of(candidate)
    limit = tolerance_for(given.dtype, reference.array.dtype) if tolerance is None else tolerance
    C, right = given.astype(np.float64), reference.in_double()
    what = name or "the array"
    if not np.isfinite(C).all():
        return not_finite(C, what, beyond(right.array, str(given.dtype), "the right one"))
    if arrays.regrouped(C.shape, right.array.shape):  # a matrix is as good as its tensor
        C = C.reshape(right.array.shape)
    before = relative_error(C, right.array) if C.shape == right.array.shape else float("inf")
    if before <= limit:
        message = f"{first_up(what)} is right: relative error {before:.2g}."
        return Diagnosis(True, "ok", name, message, before, before)
    found, missed = arrays.readings(C, right, limit)
    if not found:
        place = name or _worst(C, right.array)
        return Diagnosis(False, "unknown", place, _unknown(C, right.array, what), before)
    first, *others = [_named(answer, what, name, before, min(before, missed)) for answer in found]
    return replace(first, alternatives=_distinct(first, others))


def _named(answer: arrays.ArrayAnswer, what: str, name: str, before: float, missed: float) -> Diagnosis:
    fit = corrected(before, answer.error, missed)
    message = f"{first_up(what)}: {answer.says}; {answer.remedy}. {fit}"
    return Diagnosis(False, answer.kind, name or what, message, before, answer.error)


def _distinct(first: Diagnosis, others: Sequence[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Each kind once."""
    seen, kept = {first.kind}, []
    for other in others:
        if other.kind not in seen:
            seen.add(other.kind)
            kept.append(other)
    return tuple(kept)


def _worst(C: Array, R: Array) -> str:
    if C.shape != R.shape:
        return "the shape"
    place = np.unravel_index(int(np.abs(C - R).argmax()), R.shape) if R.ndim else ()
    return f"entry [{', '.join(str(int(i)) for i in place)}]"


def _unknown(C: Array, R: Array, what: str) -> str:
    if C.shape != R.shape:
        return (
            f"{first_up(what)} has the shape {C.shape} where {R.shape} is right, and no sum, transposition "
            "or reshaping makes one of the other."
        )
    place = np.unravel_index(int(np.abs(C - R).argmax()), R.shape) if R.ndim else ()
    wrong = np.abs(C - R) > _OFF * np.abs(R).max(initial=0.0)
    return (
        f"{first_up(what)} differs, relative error {relative_error(C, R):.2g}, and no mistake that is known "
        f"explains it: {int(wrong.sum())} of {R.size} entries are off, the worst is {_worst(C, R)}, "
        f"{C[place]:.6g} instead of {R[place]:.6g}."
    )
