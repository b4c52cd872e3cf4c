"""What is compared: the right array with all that is known of it, and one way of reading the candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ....arrays import Array
from ....jacobians import Jacobian


class Reading(NamedTuple):
    """What the candidate would be if this mistake had been made, or what it becomes once undone."""

    kind: str
    says: str
    remedy: str
    predicted: Array


@dataclass(frozen=True)
class Reference:
    """The right array.

    Attributes
    ----------
    array : array
        With the cases first where there are any.
    cases : int or None
        The number of cases.
    out_ndim : int or None
        How many axes, after that of the cases, belong to the numerator; None if nobody said so.
    jacobian : Jacobian or None
        The structured Jacobian that the array is the tensor of.
    terms : mapping
        Named addends of the array.
    """

    array: Array
    cases: int | None = None
    out_ndim: int | None = None
    jacobian: Jacobian | None = None
    terms: Mapping[str, Array] | None = None

    @property
    def lead(self) -> int:
        """How many axes the cases take."""
        return 0 if self.cases is None else 1

    def in_double(self) -> Reference:
        """The same in float64."""
        return replace(self, array=self.array.astype(np.float64))
