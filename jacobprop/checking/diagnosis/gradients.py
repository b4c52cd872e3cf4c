"""{name: array} against a record: shapes first, then single mistakes, then two at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ...architecture import SUM, Node
from ...arrays import Array
from ...errors import DTypeError, NonFiniteError, OptionError, UnknownNameError, shown
from ...record import Record
from .answer import Diagnosis, corrected, not_finite
from .backprop import Backprop, Gradients
from .distance import explained_within, norm, rounding_level, tolerance_for
from .noise import forward_errors, rounding, undecided
from .one_array import numbers
from .overflow import overflow
from .search import Explanation, Search
from .shapes import Repair, repair, repair_words

_WHERE = "diagnose"
_MOST_ALTERNATIVES = 5
_SIDES: tuple[Literal["right", "middle", "left"], ...] = ("right", "middle", "left")
_MARGIN = 30
"""How far above rounding an error within the tolerance is worth a search."""
_MOST = 0.95
"""What share of the entries is off where another activation comes in."""
_OTHER_INPUT, _OTHER_PARAMETERS = 0.2, 0.02
"""How large an error another minibatch makes at least, and other parameters."""
_FITS = 1e-6
_WHOSE = {True: "That of another minibatch or of older parameters", False: "That of another minibatch"}


def of_gradients(
    candidate: object, record: Record, earlier: Sequence[Record], tolerance: float | None
) -> Diagnosis:
    """The diagnosis of a whole set of gradients."""
    given = _by_name(candidate, record)
    backprop = Backprop(_numeric(record))
    for name, g in backprop.right.items():
        if not np.isfinite(g).all():
            raise NonFiniteError(
                f"the right gradient of {name} is not finite",
                where=_WHERE,
                expected="a record with finite gradients",
                remedy="Take cases without nan and infinities.",
            )
    dtypes = [array.dtype for array in given.values()]
    itemsize = min([record.dtype.itemsize, *(dtype.itemsize for dtype in dtypes)])
    limit = tolerance_for(record.dtype, *dtypes) if tolerance is None else tolerance
    arrays: Gradients = {}
    repairs: list[Repair] = []
    for name in backprop.names:
        found = repair(backprop, name, given.get(name))
        if found is None:
            arrays[name] = given[name].astype(np.float64)
            continue
        repairs.append(found)
        if found.repaired is not None:
            arrays[name] = found.repaired
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            return not_finite(array, name, overflow(backprop, f"float{8 * itemsize}"))
    within, noise = min(explained_within(itemsize), limit), rounding(backprop, itemsize)
    search = Search(backprop, arrays, limit, within, noise, [Backprop(_numeric(r)) for r in earlier])
    return _answer(search, repairs, itemsize)


def _numeric(record: Record) -> Record:
    if record.dtype.kind == "O":
        raise DTypeError(
            "the record holds expressions",
            where=_WHERE,
            got="sympy expressions",
            expected="floats",
            remedy="Substitute numbers first; jp.derive proves expressions.",
        )
    return record


def _by_name(candidate: object, record: Record) -> dict[str, Array]:
    """Arrays under canonical names."""
    if not isinstance(candidate, Mapping):
        raise OptionError(
            "the gradients of a record are a mapping",
            where=_WHERE,
            got=type(candidate).__name__,
            expected='{"W1": array, ...}',
            remedy="For a single array pass the right array as reference: record.gradients()['W1'].",
        )
    parameters = {node.name for node in record.architecture.parameter_nodes}
    found: dict[str, Array] = {}
    for given, name, value in record.architecture.names.each_once(candidate, _WHERE, "parameter"):
        if name not in parameters:
            raise UnknownNameError(
                f"{name} is no parameter",
                where=_WHERE,
                got=shown(given),
                expected="one of " + ", ".join(sorted(parameters)),
                remedy="Gradients are by parameters.",
            )
        found[name] = numbers(value, f"the gradient of {given}")
    return found


def _answer(search: Search, repairs: Sequence[Repair], itemsize: int) -> Diagnosis:
    """Right; or the repairs and the likeliest explanation of the rest, with what fits as well."""
    if not search.wrong:
        worst = max(search.before.values(), default=0.0)
        if repairs:
            return _repaired(repairs, worst)
        small = _small(search, itemsize)
        return _right(search) if small is None else small
    worst = max(search.before[name] for name in search.wrong)
    lost = None if repairs else _other_side(search, itemsize) or _cannot_tell(search, itemsize)
    if lost is not None:
        return lost
    found = search.explanations()
    return _explained(search, repairs, found, worst) if found else _unexplained(search, repairs, worst)


def _other_side(search: Search, itemsize: int) -> Diagnosis | None:
    """Right with another derivative at the corners, where sums lie on one but for rounding."""
    margins = forward_errors(search.backprop, itemsize)
    for at_kink in _SIDES:
        chosen = search.backprop.with_kinks(at_kink, margins)
        if chosen is None:
            return None
        if all(search.agrees(name, chosen[name]) for name in search.names):
            message = (
                f"All {len(search.names)} gradients are right, with f' at the corners from the {at_kink} "
                "(some sums lie on one, where the record has another side)."
            )
            return Diagnosis(True, "ok", "", message)
    return None


def _cannot_tell(search: Search, itemsize: int) -> Diagnosis | None:
    """Right, if every wrong entry may come from an f' that rounding decides."""
    free, right = undecided(search.backprop, itemsize), search.backprop.right
    for name in search.wrong:
        nearest = np.clip(search.candidate[name], right[name] - free[name], right[name] + free[name])
        if not search.agrees(name, nearest):
            return None
    listed = _listed(sorted(search.wrong), len(search.names))
    message = (
        f"All {len(search.names)} gradients are right as far as these numbers can tell: rounding decides "
        f"f' of some units, saturated or on a corner, and so {listed}."
    )
    worst = max(search.before[name] for name in search.wrong)
    return Diagnosis(True, "ok", "", message, worst, worst)


def _small(search: Search, itemsize: int) -> Diagnosis | None:
    """A mistake within the tolerance, such as a weak penalty: only if it explains all but rounding."""
    level = rounding_level(itemsize)
    finer = search.finer(_MARGIN * level, level)
    if not finer.wrong:
        return None
    if _other_side(finer, itemsize) or _cannot_tell(finer, itemsize):
        return None
    found = finer.explanations(pairs=False)
    worst = max(finer.before[name] for name in finer.wrong)
    return _explained(finer, [], found, worst) if found else None


def _right(search: Search) -> Diagnosis:
    name = max(search.before, key=lambda name: search.before[name], default="")
    worst = search.before.get(name, 0.0)
    message = f"All {len(search.before)} gradients are right: relative error at most {worst:.2g} ({name})"
    if worst > search.tolerance:
        message += ", which is rounding: the terms are far larger than the gradient, as in saturated units"
    elif worst > search.within:
        message += f", within the tolerance {search.tolerance:.0e}"
    return Diagnosis(True, "ok", "", f"{message}.", worst, worst)


def _repaired(repairs: Sequence[Repair], worst: float) -> Diagnosis:
    undone = all(r.repaired is not None for r in repairs)
    fit = f" Relative error {worst:.2g} after the correction." if undone else ""
    kind, places = _joined([r.kind for r in repairs]), ", ".join(r.name for r in repairs)
    return Diagnosis(False, kind, places, f"{repair_words(repairs)}.{fit}", float("inf"), worst)


def _joined(kinds: Sequence[str]) -> str:
    """Each once, in order, with a +."""
    return "+".join(dict.fromkeys(part for kind in kinds for part in kind.split("+")))


def _explained(
    search: Search, repairs: Sequence[Repair], found: Sequence[Explanation], worst: float
) -> Diagnosis:
    answers = [_one(search, repairs, explanation, worst) for explanation in found]
    first, others = answers[0], []
    seen = {first.message.partition(". Relative")[0], (first.kind, first.where)}
    for other in answers[1:]:
        told = {other.message.partition(". Relative")[0], (other.kind, other.where)}
        if not told & seen:
            others.append(other)
        seen |= told
    if not others:
        return first
    message = f"{first.message} {_apart(search, first, others)}"
    return replace(first, message=message, alternatives=tuple(others[:_MOST_ALTERNATIVES]))


def _one(search: Search, repairs: Sequence[Repair], explanation: Explanation, worst: float) -> Diagnosis:
    mistakes = explanation.mistakes
    names = [name for name in search.names if name in explanation.spoiled & search.wrong] or sorted(
        explanation.spoiled
    )
    listed = _listed(names, len(search.names))
    clauses = [f"{m.says}; {m.remedy}" for m in mistakes]
    words = ", and: ".join(clauses)
    start = f"{repair_words(repairs)}. " if repairs else ""
    message = f"{start}{listed}: {words}. {corrected(worst, explanation.error, search.next_best)}"
    places = dict.fromkeys([*(r.name for r in repairs), *(m.place for m in mistakes)])
    where = " and ".join(places)
    if not set(names) <= set(where.replace(",", "").split()):
        where = f"{where} ({listed})"
    kind = _joined([*(r.kind for r in repairs), *(m.kind for m in mistakes)])
    return Diagnosis(False, kind, where, message, worst, explanation.error)


def _listed(names: Sequence[str], count: int) -> str:
    if len(names) > 6:
        return "all gradients" if len(names) == count else f"{', '.join(names[:4])} and {len(names) - 4} more"
    return ", ".join(names)


def _apart(search: Search, first: Diagnosis, others: Sequence[Diagnosis]) -> str:
    """Which sizes would tell explanations apart that fit these numbers equally well."""
    n, m = search.backprop.cases, search.backprop.record.output.shape[-1]
    kinds = {part for answer in (first, *others) for part in answer.kind.split("+")}
    if kinds <= {"factor", "accumulated_twice", "wrong_axis", "sign"}:
        return (
            f"With {n} case{'s' * (n > 1)} and {m} output{'s' * (m > 1)} other readings fit equally well; "
            f"{_other(n, m)} cases tell apart those that come from a size."
        )
    return "Other readings fit these numbers equally well; other sizes or random biases tell them apart."


def _other(n: int, m: int) -> int:
    """A number of cases that is neither a small power of 2 nor related to the outputs."""
    return next(k for k in (5, 7, 11, 13) if k not in (n, m) and m % k and (m == 1 or k % m))


def _unexplained(search: Search, repairs: Sequence[Repair], worst: float) -> Diagnosis:
    """Where it begins: the names that are right say which deltas are."""
    wrong = [name for name in search.names if name in search.wrong]
    right = [name for name in search.names if name not in search.wrong]
    first = wrong[0]
    node = search.backprop.names[first]
    gap = search.candidate[first] - search.backprop.right[first]
    place = np.unravel_index(int(np.abs(gap).argmax()), gap.shape)
    entry = f"{first}[{', '.join(str(int(i)) for i in place)}]"
    stale = _stale(search, first)
    if stale is not None and not repairs and len(wrong) == 1:
        return replace(stale, error=worst)
    start = f"{repair_words(repairs)}. " if repairs else ""
    kept = f"{', '.join(right)} {'is' if len(right) == 1 else 'are'} right, so look" if right else "Look"
    message = (
        f"{start}{', '.join(wrong)}: relative error {worst:.2g}, and no mistake that is known explains it, "
        f"nor two of them. {kept} first at layer {node.layer}: {entry} is "
        f"{search.candidate[first][place]:.6g} instead of {search.backprop.right[first][place]:.6g}."
    )
    kind = _joined([*(r.kind for r in repairs), "unknown"])
    return Diagnosis(False, kind, f"layer {node.layer} ({entry})", message, worst)


def _may_be_stale(search: Search, node: Node) -> bool:
    """Whether W_l may be Y^T delta with other activations Y: every entry is off, in the span of delta."""
    mine, right = search.candidate[node.name], search.backprop.right[node.name]
    scale = np.abs(right).max(initial=0.0)
    delta = search.backprop.rows[Node(SUM, node.layer)]
    touched = delta.any(axis=0)  # a dead unit has no gradient, whatever it meets
    off = np.abs(mine - right)[:, touched] > search.tolerance * scale
    made_of = mine - mine @ np.linalg.pinv(delta) @ delta
    least = _OTHER_INPUT if node.layer == 1 else _OTHER_PARAMETERS
    return bool(
        off.size
        and off.mean() >= _MOST
        and norm(made_of) <= _FITS * norm(mine)
        and search.before[node.name] >= least
    )


def _stale(search: Search, name: str) -> Diagnosis | None:
    """W_l is wrong and b_l right: delta_l is right, so it meets activations of another pass."""
    node = search.backprop.names[name]
    bias = f"b{node.layer}"
    if (
        node.letter != "W"
        or bias not in search.names
        or bias in search.wrong
        or not _may_be_stale(search, node)
    ):
        return None
    number, y = node.layer, f"a{node.layer - 1}"
    message = (
        f"{name}: delta_{number} is right, since {bias} is, but it does not meet the {y} of this pass. "
        f"{_WHOSE[number > 1]}, most likely: take {y}^T delta_{number} from one pass. "
        f"(Inferred from {bias}; pass that other record as earlier= to confirm it. "
        f"Else {name} was changed after it was computed.)"
    )
    return Diagnosis(False, "stale_activation", f"layer {node.layer} ({name})", message, 1.0)
