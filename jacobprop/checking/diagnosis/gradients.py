"""{name: array} against a record: shapes first, then single mistakes, then two at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...architecture import Node
from ...arrays import Array
from ...errors import DTypeError, NonFiniteError, OptionError
from ...record import Record
from .answer import Diagnosis, corrected, not_finite
from .backprop import Backprop, Gradients
from .distance import noise_floor, norm, tolerance_for
from .one_array import numbers
from .search import Explanation, Search
from .shapes import Repair, repair, repair_words

_WHERE = "diagnose"
_FINER = 1e-9
"""A float64 gradient that is this right needs no closer look."""
_MOST_ALTERNATIVES = 5
_MOST = 0.5
"""What share of the entries is off where another activation comes in."""


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
            return not_finite(array, name)
    itemsize = min([record.dtype.itemsize, *(dtype.itemsize for dtype in dtypes)])
    floors = {name: noise_floor(backprop.floor_terms(name), itemsize, limit) for name in arrays}
    search = Search(backprop, arrays, limit, floors, [Backprop(_numeric(r)) for r in earlier])
    return _answer(search, repairs, tolerance is None and itemsize == 8)


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
            raise record.architecture.independent(Node("L", 0), record.architecture.nodes[name])
        found[name] = numbers(value, f"the gradient of {given}")
    return found


def _answer(search: Search, repairs: Sequence[Repair], exact: bool) -> Diagnosis:
    """Right; or the repairs and the likeliest explanation of the rest, with what fits as well."""
    worst = max(search.before.values(), default=0.0)
    if not search.wrong:
        closer = _closer(search, worst) if exact and not repairs and worst > _FINER else []
        if closer:
            return _explained(search, [], closer, worst)
        return _repaired(repairs, worst) if repairs else _right(search, worst)
    found = search.explanations()
    return _explained(search, repairs, found, worst) if found else _unexplained(search, repairs, worst)


def _closer(search: Search, worst: float) -> list[Explanation]:
    """What explains an error within the tolerance a thousand times better than rounding does."""
    finer = Search(search.backprop, search.candidate, worst * 1e-3, search.floors, search.earlier)
    return [e for e in finer.explanations(pairs=False) if e.mistakes[0].kind not in ("sign", "factor")]


def _right(search: Search, worst: float) -> Diagnosis:
    name = max(search.before, key=lambda name: search.before[name], default="")
    within = f", within the tolerance {search.tolerance:.0e}" if worst > _FINER else ""
    message = (
        f"All {len(search.before)} gradients are right: relative error at most {worst:.2g} ({name}){within}."
    )
    return Diagnosis(True, "ok", "", message, worst, worst)


def _repaired(repairs: Sequence[Repair], worst: float) -> Diagnosis:
    message = f"{repair_words(repairs)}. Relative error {worst:.2g} after the correction."
    return Diagnosis(
        False,
        _joined([r.kind for r in repairs]),
        ", ".join(r.name for r in repairs),
        message,
        float("inf"),
        worst,
    )


def _joined(kinds: Sequence[str]) -> str:
    """Each once, in order, with a +."""
    return "+".join(dict.fromkeys(part for kind in kinds for part in kind.split("+")))


def _explained(
    search: Search, repairs: Sequence[Repair], found: Sequence[Explanation], worst: float
) -> Diagnosis:
    answers = [_one(search, repairs, explanation, worst) for explanation in found]
    first, others = answers[0], []
    seen = {(first.kind, first.where)}
    for other in answers[1:]:
        if (other.kind, other.where) not in seen:
            seen.add((other.kind, other.where))
            others.append(other)
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
            f"With {n} cases and {m} outputs other readings fit equally well; {_other(n, m)} cases tell "
            "apart those that come from a size."
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


def _stale(search: Search, name: str) -> Diagnosis | None:
    """W_l is wrong and b_l right: delta_l is right, so it meets activations of another pass."""
    node = search.backprop.names[name]
    bias = f"b{node.layer}"
    right, gap = search.backprop.right[name], search.candidate[name] - search.backprop.right[name]
    off = np.abs(gap) > search.tolerance * np.abs(right).max(initial=0.0)
    delta_is_right = search.before.get(bias, 1.0) <= search.tolerance
    if node.letter != "W" or not delta_is_right or not norm(search.candidate[name]) or off.mean() < _MOST:
        return None
    number, y = node.layer, f"a{node.layer - 1}"
    message = (
        f"{name}: delta_{number} is right, since {bias} is, but it does not meet the {y} of this pass: "
        f"that of another minibatch, or of older parameters? Take {y}^T delta_{number} from one pass. "
        f"(Inferred from {bias}; pass that other record as earlier= to confirm it.)"
    )
    return Diagnosis(False, "stale_activation", f"layer {node.layer} ({name})", message, 1.0)
