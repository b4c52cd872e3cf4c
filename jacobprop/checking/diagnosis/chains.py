"""Factors, partial products or a whole product against a chain: the first wrong factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...arrays import Array
from ...chain import Chain
from ...errors import ShapeError
from ...jacobians import Jacobian
from .distance import relative_error


def first_wrong(count: int, is_right: Callable[[int], bool]) -> int:
    """The first of 0..count-1 that is wrong, by bisection: what follows a wrong partial product is wrong.

    `is_right` is asked about log2(count) places; count if all are right.
    """
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if is_right(middle):
            low = middle + 1
        else:
            high = middle
    return low


def partial_products(chain: Chain) -> list[Jacobian]:
    """R after one factor, two factors, ...: of the chain's atoms."""
    atoms = chain.atoms
    return [atoms[0], *(step.after for step in chain.steps())]


def as_sequence(candidate: Sequence[object], chain: Chain) -> tuple[list[Jacobian], str]:
    """What the candidates stand beside: the chain's factors, or its partial products."""
    shapes = [np.shape(np.asarray(_plain(item))) for item in candidate]
    beside = {"factor": list(chain.factors), "atom": list(chain.atoms), "product": partial_products(chain)}
    for what, references in beside.items():
        if len(references) == len(shapes) and all(
            sorted(shape) == sorted(J.tensor().shape) for shape, J in zip(shapes, references, strict=True)
        ):
            return references, what
    raise ShapeError(
        "these arrays are neither the factors nor the partial products of the chain",
        where="diagnose",
        got=f"shapes {shapes}",
        expected=f"factors {[J.tensor().shape for J in chain.factors]}",
        remedy="Pass one array for each factor, from the loss inward.",
    )


def _plain(item: object) -> object:
    return item.tensor() if isinstance(item, Jacobian) else item


def wrong_product(candidates: Sequence[Array], references: Sequence[Jacobian], tolerance: float) -> int:
    """The first partial product that is wrong."""
    return first_wrong(len(references), lambda k: _agrees(candidates[k], references[k].tensor(), tolerance))


def wrong_factor(candidates: Sequence[Array], references: Sequence[Jacobian], tolerance: float) -> int:
    """The first wrong factor, by the partial products of the candidates themselves where they multiply."""
    for k, (candidate, J) in enumerate(zip(candidates, references, strict=True)):
        if not _agrees(candidate, J.tensor(), tolerance):
            return k
    return len(references)


def _agrees(candidate: Array, right: Array, tolerance: float) -> bool:
    return candidate.shape == right.shape and relative_error(candidate, right) <= tolerance
