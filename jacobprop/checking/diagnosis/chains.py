"""Factors, partial products or a whole product beside a chain: the first wrong one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...arrays import Array
from ...chain import Chain
from ...errors import ShapeError
from ...jacobians import Jacobian
from .answer import Diagnosis
from .distance import relative_error, tolerance_for
from .one_array import candidate_of, of_array, reference_of


def of_chain(candidate: object, chain: Chain, tolerance: float | None) -> Diagnosis:
    """The first wrong factor, or the factor before the first wrong partial product."""
    if isinstance(candidate, Chain):
        candidate = list(candidate.factors)
    if not isinstance(candidate, list | tuple):
        return of_array(candidate, reference_of(chain.multiply()), "the product", tolerance)
    values = [candidate_of(item) for item in candidate]
    what, references = _beside(values, chain)
    limit = tolerance or tolerance_for(*[x.dtype for x in values], *[J.dtype for J in references])

    def is_right(k: int) -> bool:
        right = references[k].tensor()
        return values[k].shape == right.shape and relative_error(values[k].astype(np.float64), right) <= limit

    first = first_wrong(len(references), is_right) if what == "product" else _first(references, is_right)
    if first == len(references):
        return Diagnosis(True, "ok", "", f"All {len(references)} {what}s of the chain are right.")
    symbol = references[first].symbol or f"J{first + 1}"
    found = of_array(values[first], reference_of(references[first]), symbol, limit)
    if what == "product" and first:
        factor = chain.atoms[first].symbol or f"factor {first + 1}"
        where = f"product {first + 1}, {factor}"
        right = f"Up to product {first} of {len(references)} all is right"
        start = f"{right}: look at {factor}, or how it is multiplied"
    else:
        where = f"{what} {first + 1}, {symbol}"
        start = f"The first wrong {what} is number {first + 1} of {len(references)}, {symbol}"
    return replace(found, where=where, message=f"{start}. {found.message}")


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


def _first(references: Sequence[Jacobian], is_right: Callable[[int], bool]) -> int:
    """The same of factors, any of which may be wrong by itself."""
    return next((k for k in range(len(references)) if not is_right(k)), len(references))


def _beside(values: Sequence[Array], chain: Chain) -> tuple[str, Sequence[Jacobian]]:
    """Whether these are the chain's factors or its partial products, by their shapes or their number."""
    products = [chain.atoms[0], *(step.after for step in chain.steps())]
    known = {"factor": chain.factors, "product": products}
    for what, references in known.items():
        if [_sizes(x.shape) for x in values] == [_sizes(J.tensor().shape) for J in references]:
            return what, references
    if len(values) == len(chain.factors):
        return "factor", chain.factors
    raise ShapeError(
        "these are neither the factors nor the partial products of the chain",
        where="diagnose",
        got=f"{len(values)} arrays",
        expected=f"{len(chain.factors)}, one for each of {', '.join(chain.symbols)}",
        remedy="Pass one array for each factor, from the loss inward.",
    )


def _sizes(shape: tuple[int, ...]) -> list[int]:
    """The axes in any order: a transposed factor is still that factor."""
    return sorted(shape)
