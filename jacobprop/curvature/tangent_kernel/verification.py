"""Some entries of a kernel once more, by another method: g . g', the gradients of two outputs."""

from __future__ import annotations

import numpy as np

from ...arrays import Array
from ...errors import CheckFailed
from .methods import Method, Side
from .question import Question


def verify(kernel: Array, asked: Question, method: Method, count: int, where: str) -> None:
    """Compare random entries, no more than there are; the seed is always the same.

    What may differ is half the digits of |g| |g'|: the two methods round differently where terms cancel,
    and a wrong entry is wrong in its first digits.

    Raises
    ------
    CheckFailed
        An entry differs.
    """
    rng = np.random.default_rng(0)
    allowed = float(np.sqrt(np.finfo(asked.dtype).eps))
    for _ in range(min(count, kernel.size)):
        place = tuple(int(rng.integers(length)) for length in kernel.shape)
        expected, size = _entry(asked, method, place)
        got = float(kernel[place])
        if np.isfinite(expected) and np.isfinite(size) and not abs(got - expected) <= allowed * size:
            raise CheckFailed(
                f"the kernel differs at {list(place)}",
                where=where,
                got=f"{got:.17g} by {method}",
                expected=f"{expected:.17g} by {_other(method)}, to {allowed:.0e} of {size:.3g}",
                remedy="If a layer is your own, jp.check says whether its factors fit its forward pass.",
            )


def _entry(asked: Question, method: Method, place: tuple[int, ...]) -> tuple[float, float]:
    """The entry, and the product of the norms of its gradients."""
    every = slice(None)
    if asked.form == "whole":
        n, a, m, b = place
        return _product(asked, method, (n, a), (m, b))
    n, other = place
    if asked.form == "trace":
        return _product(asked, method, (n, every), (other, every))
    return _product(asked, method, (n, other), (n, other))


def _product(
    asked: Question, method: Method, first: tuple[int, int | slice], second: tuple[int, int | slice]
) -> tuple[float, float]:
    g, g2 = _gradients(asked.left, *first, method), _gradients(asked.right, *second, method)
    return float((g * g2).sum()), float(np.linalg.norm(g) * np.linalg.norm(g2))


def _other(method: Method) -> str:
    return "dense gradients" if method == "products" else "products"


def _gradients(side: Side, case: int, outputs: int | slice, method: Method) -> Array:
    """The gradients of some outputs of a case, (outputs, parameters): pulled, or from the terms."""
    one = side.part(slice(case, case + 1))
    J = one.jacobian()
    chosen = np.atleast_1d(np.arange(J.shape[0])[outputs])
    if method == "products":
        dense: Array = J._matrix()[chosen]
        return dense
    return J._pull(np.eye(J.shape[0], dtype=J.dtype)[chosen])
