"""What went wrong, in the words of `diagnose`; nothing where no mistake that is known explains it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..arrays import Array
from ..errors import JacobpropError
from .diagnosis import Diagnosis, diagnose

_NAMELESS = "The array: "


def explained(
    candidate: Array,
    reference: Array,
    *,
    out_ndim: int | None = None,
    terms: Mapping[str, Array] | None = None,
    kinds: Collection[str] = (),
) -> str:
    """One sentence, or the empty string; `kinds` says which are looked for, by default all."""
    found = diagnosed(candidate, reference, out_ndim=out_ndim, terms=terms)
    nothing = found is None or found.ok or found.kind in ("unknown", "not_finite")
    if found is None or nothing or (kinds and found.kind not in kinds):
        return ""
    return found.message.removeprefix(_NAMELESS).rstrip(".")


def diagnosed(
    candidate: Array,
    reference: Array,
    *,
    out_ndim: int | None = None,
    terms: Mapping[str, Array] | None = None,
) -> Diagnosis | None:
    """The diagnosis, None of numbers that cannot be compared."""
    try:
        return diagnose(candidate, reference, out_ndim=out_ndim, terms=terms)
    except JacobpropError:
        return None
