"""`diagnose`: what somebody's gradient or Jacobian has wrong, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...arrays import quiet
from ...chain import Chain
from ...errors import OptionError, UnknownNameError, shown
from ...record import Record
from .answer import Diagnosis
from .chains import of_chain
from .gradients import of_gradients
from .one_array import numbers, of_array, reference_of

_WHERE = "diagnose"


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
    compared with the candidate: a kind is named only if it explains every array up to rounding, and thirty
    times better than the right gradients do. Two mistakes at once are tried when no single one does.
    What right code may lose where units are saturated, or sums cancel, counts as rounding; where a sum lies
    on a corner of f but for rounding, either side's f' is right. Arrays with nan or infinities are
    not_finite, and the sentence says whether the precision overflows in right code, too.

    The kinds are ok, layout, vec_order, sign, factor, missing_derivative, derivative_at_activation (or one
    written for the activation and taken at the sum), derivative_twice, wrong_derivative,
    wrong_layer_derivative, softmax_coupling, missing_rank_one, missing_target, updated_weights, missing_bias,
    missing_gradient, regularised_bias, penalty, off_by_one_layer, sum_for_activation, sum_not_added,
    stale_activation, accumulated_twice, second_use_missing, broadcast_not_summed, wrong_axis, dropped_case,
    inverted_mask, not_finite and unknown. Cases, units and axes count from 0, layers from 1.

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
        return of_chain(candidate, reference, tolerance)
    given = {
        name: numbers(term, f"terms[{name!r}]").astype(np.float64) for name, term in (terms or {}).items()
    }
    return of_array(candidate, reference_of(reference, out_ndim, given), "", tolerance)


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
        of_array(candidate[name], reference_of(value), str(name), tolerance)
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
