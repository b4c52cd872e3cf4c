"""`diagnose`: what somebody's gradient or Jacobian has wrong, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...arrays import Array, as_array, quiet
from ...chain import Chain
from ...errors import DTypeError, NonFiniteError, OptionError, UnknownNameError, shown
from ...jacobians import Jacobian, JacobianTensor
from ...record import Record
from . import arrays, chains
from .answer import Diagnosis, corrected, first_up, not_finite
from .distance import relative_error, tolerance_for
from .gradients import of_gradients

_WHERE = "diagnose"
_OFF = 1e-6
"""From what share of the largest entry on an entry counts as off."""


@quiet
def diagnose(
    candidate: object,
    reference: object,
    *,
    earlier: Record | Sequence[Record] = (),
    terms: Mapping[str, object] | None = None,
    out_ndim: int | None = None,
    tolerance: float | None = None,
) -> Diagnosis:
    """Compare a hand-made gradient or Jacobian with the right one, and name the mistake.

    Parameters
    ----------
    candidate : mapping, array, Jacobian, or sequence of these
        {"W1": array, ...}, one array, or the factors or partial products of a chain.
    reference : Record, mapping, array, Jacobian or Chain
        The pass that the gradients belong to, with loss and target; the right arrays by name; the right
        array; the chain of the factors. A record knows most: it can make the mistakes itself.
    earlier : Record or sequence of Record, optional
        Passes whose activations may have got into the candidate, such as that of the last minibatch.
    terms : mapping, optional
        For an array: named addends of the reference, such as one for each use of a tied weight.
    out_ndim : int, optional
        For an array: how many of its axes belong to the numerator; by default half of them.
    tolerance : float, optional
        The relative error of an array up to which it is right: by default 1e-5 in float64, 1e-3 in
        float32, 5e-2 in float16, by the coarsest dtype on both sides.

    Returns
    -------
    Diagnosis
        True if the candidate is right, with .kind, .where, .message, .alternatives; printed, the answer.

    Raises
    ------
    ShapeError, DTypeError, UnknownNameError, MissingTargetError, NonFiniteError, OptionError
        What cannot be compared: no numbers, other names, a record without a loss, nan in the reference.

    Notes
    -----
    Each mistake of the catalogue is made on purpose in the record's own backward pass, and the result is
    compared with the candidate: a kind is named only if it explains every array to within the tolerance.
    Two mistakes at once are tried when no single one does. The kinds are ok, layout, vec_order, sign,
    factor, missing_derivative, derivative_at_activation, derivative_at_sum, derivative_twice,
    wrong_derivative, wrong_layer_derivative, softmax_coupling, missing_rank_one, missing_target,
    updated_weights, missing_bias, missing_gradient, regularised_bias, penalty, off_by_one_layer,
    sum_for_activation, stale_activation, accumulated_twice, second_use_missing, broadcast_not_summed,
    wrong_axis, dropped_case, inverted_mask and unknown.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2)], loss=jp.SquaredError())
    >>> record = net.forward(np.arange(15.0).reshape(5, 3) / 10, np.ones((5, 2)))
    >>> mine = record.gradients()
    >>> bool(diagnose(mine, record))
    True
    >>> mine["W1"] = -mine["W1"]
    >>> answer = diagnose(mine, record)
    >>> answer.kind, answer.where
    ('sign', 'W1')
    """
    if tolerance is not None and not (isinstance(tolerance, int | float) and 0 < tolerance < 1):
        raise OptionError(
            "the tolerance is a relative error",
            where=_WHERE,
            got=shown(tolerance),
            expected="a number between 0 and 1",
            remedy="Leave it out for the one that suits the dtype.",
        )
    if isinstance(reference, Record):
        past = [earlier] if isinstance(earlier, Record) else list(earlier)
        return of_gradients(candidate, reference, past, tolerance)
    if isinstance(reference, Mapping):
        return _of_mapping(candidate, reference, tolerance)
    if isinstance(reference, Chain):
        return _of_chain(candidate, reference, tolerance)
    given = {
        name: _numbers(term, f"terms[{name!r}]").astype(np.float64) for name, term in (terms or {}).items()
    }
    return _of_array(candidate, _reference(reference, out_ndim, given), "", tolerance)


def _reference(
    value: object, out_ndim: int | None = None, terms: Mapping[str, Array] | None = None
) -> arrays.Reference:
    if isinstance(value, Jacobian):
        array = _finite(_numbers(value.tensor(), "the reference"))
        return arrays.Reference(array, value.cases, len(value.out_shape), value, terms)
    if isinstance(value, JacobianTensor):
        return arrays.Reference(
            _finite(_numbers(value.to("numerator").array, "the reference")),
            None,
            len(value.out_shape),
            None,
            terms,
        )
    return arrays.Reference(_finite(_numbers(value, "the reference")), None, out_ndim, None, terms)


def _candidate(value: object) -> Array:
    if isinstance(value, Jacobian):
        return _numbers(value.tensor(), "the candidate")
    if isinstance(value, JacobianTensor):
        return _numbers(value.to("numerator").array, "the candidate")
    return _numbers(value, "the candidate")


def _numbers(value: object, what: str) -> Array:
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


def _of_array(
    candidate: object, reference: arrays.Reference, name: str, tolerance: float | None
) -> Diagnosis:
    given = _candidate(candidate)
    limit = tolerance_for(given.dtype, reference.array.dtype) if tolerance is None else tolerance
    C, right = given.astype(np.float64), reference.in_double()
    what = name or "the array"
    if not np.isfinite(C).all():
        return not_finite(C, what)
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


def _of_mapping(candidate: object, reference: Mapping[Any, object], tolerance: float | None) -> Diagnosis:
    """Array by array; the first that is wrong."""
    if not isinstance(candidate, Mapping):
        raise OptionError(
            "arrays by name are compared with arrays by name",
            where=_WHERE,
            got=type(candidate).__name__,
            expected="a mapping with the names of the reference",
            remedy="Pass a single array as the reference of a single array.",
        )
    strangers = [name for name in candidate if name not in reference]
    if strangers:
        raise UnknownNameError(
            "the reference has no such name",
            where=_WHERE,
            got=shown(strangers[0]),
            expected="among " + ", ".join(map(str, reference)),
            remedy="Give both the same names.",
        )
    missing = [name for name in reference if name not in candidate]
    found = [
        _of_array(candidate[name], _reference(value), str(name), tolerance)
        for name, value in reference.items()
        if name in candidate
    ]
    if missing:
        kind = "missing_bias" if str(missing[0]).startswith("b") else "missing_gradient"
        message = f"{missing[0]} is missing; add its gradient."
        return Diagnosis(
            False, kind, str(missing[0]), message, 1.0, float("nan"), tuple(d for d in found if not d)
        )
    wrong = [d for d in found if not d]
    if not wrong:
        worst = max((d.error for d in found), default=0.0)
        return Diagnosis(
            True,
            "ok",
            "",
            f"All {len(found)} arrays are right: relative error at most {worst:.2g}.",
            worst,
            worst,
        )
    first, *rest = wrong
    return replace(first, alternatives=(*first.alternatives, *rest))


def _of_chain(candidate: object, chain: Chain, tolerance: float | None) -> Diagnosis:
    if isinstance(candidate, Chain):
        candidate = list(candidate.factors)
    if not isinstance(candidate, list | tuple):
        return _of_array(candidate, _reference(chain.multiply()), "the product", tolerance)
    references, what = chains.as_sequence(candidate, chain)
    values = [_candidate(item) for item in candidate]
    limit = (
        tolerance_for(*(x.dtype for x in values), *(J.dtype for J in references))
        if tolerance is None
        else tolerance
    )
    look = chains.wrong_product if what == "product" else chains.wrong_factor
    place = look([x.astype(np.float64) for x in values], references, limit)
    if place == len(references):
        return Diagnosis(True, "ok", "", f"All {len(references)} {what}s of the chain are right.")
    symbol = references[place].symbol or f"J{place + 1}"
    if what == "product" and place:
        return _of_step(values, references, chain, place, limit)
    found = _of_array(values[place], _reference(references[place]), symbol, limit)
    where = f"{what} {place + 1}, {symbol}"
    message = f"The first wrong {what} is number {place + 1} of {len(references)}, {symbol}. {found.message}"
    return Diagnosis(False, found.kind, where, message, found.error, found.corrected, found.alternatives)


def _of_step(
    values: Sequence[Array], references: Sequence[Jacobian], chain: Chain, place: int, limit: float
) -> Diagnosis:
    """The product before this one is right, so the factor just multiplied is not."""
    factor = chain.atoms[place]
    found = _of_array(values[place], _reference(references[place]), references[place].symbol, limit)
    where = f"product {place + 1}, factor {factor.symbol or place + 1}"
    message = (
        f"The first {place} products of {len(references)} are right, so the mistake is in "
        f"{factor.symbol or 'the next factor'}, or in how it is multiplied. {found.message}"
    )
    return Diagnosis(False, found.kind, where, message, found.error, found.corrected, found.alternatives)
