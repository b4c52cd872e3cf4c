"""Correctness first: all candidates give the same arrays, or the one that does not is named.

The reference is the entrywise median of all candidates, so no single one can be wrong unnoticed,
the yardstick included. Each must lie within half its tolerance of the median; hence any two agree
to the larger of theirs. Below the smallest normal number of the dtype there is no relative precision:
such a difference is none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jacobprop.arrays import Array, quiet
from jacobprop.errors import CheckFailed

Arrays = Mapping[str, Array]


def rounding(dtype: str) -> float:
    """What sums in another order may differ by: 4096 eps, four layers of sums of 1024 terms.

    9.1e-13 in float64, 4.9e-4 in float32.
    """
    return float(4096 * np.finfo(dtype).eps)


@quiet
def agree(found: Mapping[str, Arrays], tolerances: Mapping[str, float], where: str) -> dict[str, float]:
    """The largest difference of each candidate to the median, relative to the largest entry per array.

    Parameters
    ----------
    found : mapping
        {candidate: {name: array}}
    tolerances : mapping
        {candidate: relative tolerance}
    where : str
        Suite and workload, for the error.

    Raises
    ------
    CheckFailed
        Names every candidate that is wrong, with its first wrong array and the worst entry there.
    """
    differences = dict.fromkeys(found, 0.0)
    faults: dict[str, str] = {}
    shapes = [{name: array.shape for name, array in arrays.items()} for arrays in found.values()]
    usual = max(shapes, key=shapes.count)
    for candidate, shape in zip(found, shapes, strict=True):
        if shape != usual:
            faults[candidate] = f"{candidate} returned arrays of shapes {shape}, the others {usual}"
    for name in usual:
        same = {candidate: arrays[name] for candidate, arrays in found.items() if candidate not in faults}
        if not same:
            break  # two candidates, and nobody can say which is wrong
        finite = [array for array in same.values() if np.isfinite(array).all()]
        reference = np.median(finite or list(same.values()), axis=0)
        for candidate, array in same.items():
            distance = np.abs(array - reference)
            worst = _worst(distance)
            relative = 0.0
            if not distance[worst] <= np.finfo(distance.dtype).tiny:
                relative = float(distance[worst] / np.abs(reference).max())
            if not relative <= tolerances[candidate] / 2:  # nan is a fault too
                faults[candidate] = (
                    f"{candidate} {name}{list(worst)} = {array[worst]:.17g}, the median of all is "
                    f"{reference[worst]:.17g} (relative {relative:.1e}, allowed {tolerances[candidate]:.0e})"
                )
            differences[candidate] = max(differences[candidate], relative)
    if faults:
        raise CheckFailed(
            "; ".join(faults.values()), where=where, remedy="A wrong result has no speed: repair it first."
        )
    return differences


def _worst(distance: Array) -> tuple[int, ...]:
    """The place of the largest entry, or of the first nan."""
    return tuple(int(i) for i in np.unravel_index(np.argmax(distance), distance.shape))
