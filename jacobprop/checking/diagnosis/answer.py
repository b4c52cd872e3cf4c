"""What a diagnosis says: one sentence, the kind, the place, and what fits equally well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import Array


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The answer of `diagnose`; true if the candidate is right.

    Attributes
    ----------
    ok : bool
        Whether candidate and reference agree.
    kind : str
        "ok", the kind of the mistake, kinds joined by "+", or "unknown".
    where : str
        The layer, factor or entry, and the names that the mistake spoils: ``"layer 1 (W1, b1)"``.
    message : str
        One sentence: what is wrong, the corrected expression, and how well the correction fits.
    error, corrected : float
        The largest relative error of an array, before and after the correction (nan without one).
    alternatives : tuple of Diagnosis
        Other explanations that fit these numbers equally well.
    """

    ok: bool
    kind: str
    where: str
    message: str
    error: float = 0.0
    corrected: float = float("nan")
    alternatives: tuple[Diagnosis, ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Diagnosis: {self}>"

    def __str__(self) -> str:
        others = [f"  or {other.kind}: {other.message}" for other in self.alternatives]
        return "\n".join([self.message, *others])


def not_finite(array: Array, what: str, overflow: str = "") -> Diagnosis:
    """The answer to nan and infinities; `overflow` says which number right code cannot hold either."""
    bad = np.argwhere(~np.isfinite(array))
    place = f"{what}[{', '.join(map(str, bad[0]))}]"
    reason = "a division by 0, log(0) or an overflow; compute from the sum z, not from saturated activations"
    if overflow:
        reason = (
            f"{overflow}. That is the precision, and need not be a mistake in the derivation; "
            "compute in a wider one to have it compared"
        )
    count = f"{len(bad)} of the {array.size} entries of {what}"
    message = f"{count} are nan or infinite, first {place}: {reason}."
    return Diagnosis(False, "not_finite", place, message, float("inf"))


def first_up(text: str) -> str:
    """The text with a capital, unless a name such as b1 comes first."""
    return text[:1].upper() + text[1:] if text.split(" ")[0].rstrip(",:").isalpha() else text


def corrected(before: float, after: float, next_best: float) -> str:
    """How well a correction fits."""
    was = "" if np.isinf(before) else f"{before:.2g} -> "
    best = "" if np.isinf(next_best) else f"; next best {next_best:.2g}"
    return f"Relative error {was}{after:.2g} after the correction{best}."
