"""What a constant factor between two gradients may mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import isfinite

from .backprop import Backprop

_CLOSE = 1e-4
"""How near a factor comes to one with a name: more than single precision leaves."""


@dataclass(frozen=True)
class Sizes:
    """The numbers that a forgotten or doubled factor may come from.

    Attributes
    ----------
    cases, outputs : int
        n and m.
    mean : bool
        Whether the loss is averaged over the cases.
    loss : str
        The name of its class.
    axes : tuple of int
        Of an array without a network: the lengths of its axes.
    """

    cases: int = 1
    outputs: int = 1
    mean: bool = True
    loss: str = ""
    axes: tuple[int, ...] = ()

    @classmethod
    def of(cls, backprop: Backprop) -> Sizes:
        """Those of a record."""
        loss = backprop.architecture.loss
        assert loss is not None, "a record with gradients has a loss"
        outputs = int(backprop.record.output.shape[-1])
        return cls(backprop.cases, outputs, loss.reduction == "mean", type(loss).__name__)


_EXACT = 1e-12

Meaning = tuple[str, str, str]
"""The kind, the predicate of a sentence, and the remedy."""


def meanings(c: float, sizes: Sizes, *, whole: bool = True, named_only: bool = False) -> list[Meaning]:
    """Every reading of the factor c, the likeliest first; none for 1, nor for a number that has no name."""
    size = abs(c)
    if abs(size - 1) < _CLOSE:
        return [("sign", "the sign is wrong", "multiply by -1")] if c < 0 else []
    readings = list(_readings(size, sizes, whole))
    if not readings and not named_only:
        rate = " (a learning rate?)" if size < 1 else ""
        what = f"{size:.6g} times too large" if size > 1 else f"too small, by a factor of {size:.6g}{rate}"
        readings = [("factor", what)]
    sign, also = ("sign+", "the sign is wrong, and ") if c < 0 else ("", "")
    remedy = f"multiply by {_inverse(c)}"
    return [(sign + kind, also + says, remedy) for kind, says in readings]


def _readings(c: float, sizes: Sizes, whole: bool) -> Iterator[tuple[str, str]]:
    """The named ones, then products of small powers of 2, n and m."""
    n, m = sizes.cases, sizes.outputs
    named = [
        (n, sizes.mean, "factor", f"summed over the {n} cases, not averaged"),
        (1 / n, not sizes.mean, "factor", f"averaged over the {n} cases, not summed"),
        (1 / n, sizes.mean, "factor", f"divided by the {n} cases twice"),
        (m, sizes.loss == "MeanSquaredError", "factor", f"the 1/m of the loss's {m} outputs is missing"),
        (
            m / 2,
            sizes.loss == "MeanSquaredError",
            "factor",
            f"1/2 of the sum is derived, not 1/m: the factor 2/{m} is missing",
        ),
        (
            2,
            sizes.loss == "SquaredError",
            "factor",
            "the 2 of the square is there, which the 1/2 of the loss cancels",
        ),
        (0.5, sizes.loss == "MeanSquaredError", "factor", "the 2 of the square is missing"),
        (0.5, sizes.loss != "MeanSquaredError", "factor", "half as large as they should be"),
        (1 / m, m > 1, "factor", f"divided by the {m} outputs"),
        (m, m > 1 and sizes.loss != "MeanSquaredError", "factor", f"multiplied by the {m} outputs"),
        (n / m, m > 1 and sizes.mean, "wrong_axis", f"averaged over the {m} outputs, not over the {n} cases"),
        (2, whole and not sizes.axes, "accumulated_twice", "accumulated twice: the minibatch counts double"),
        (2, sizes.loss != "SquaredError", "factor", "twice too large"),
    ]
    for axis, k in enumerate(sizes.axes):
        if k > 1:
            root = k**0.5
            named += [
                (k, True, "factor", f"{k} times too large, the length of axis {axis}"),
                (1 / k, True, "factor", f"divided by {k}, the length of axis {axis}"),
                (root, True, "factor", f"sqrt({k}) times too large, the root of the length of axis {axis}"),
                (1 / root, True, "factor", f"divided by sqrt({k}), the root of the length of axis {axis}"),
            ]
    found = False
    for value, holds, kind, says in named:
        if holds and value != 1 and abs(c / value - 1) < _CLOSE:
            found = True
            yield kind, says
    if found:
        return
    for two, cases, outputs in product((0, 1, -1, 2, -2), (0, 1, -1, 2, -2), (0, 1, -1)):
        value = 2.0**two * float(n) ** cases * float(m) ** outputs
        if abs(c / value - 1) < _CLOSE and value != 1:
            powers = ((2, two), (f"n = {n}", cases), (f"m = {m}", outputs))
            parts = [f"{base}^{power}" if power != 1 else str(base) for base, power in powers if power]
            yield "factor", f"{value:.6g} times the right ones ({' . '.join(parts)}: n cases, m outputs)"
            return


def _inverse(c: float) -> str:
    """1 / c as one writes it."""
    if not isfinite(1 / c):
        return "a number beyond all floats"
    exact = Fraction(1 / c).limit_denominator(1000)
    return str(exact) if abs(float(exact) * c - 1) < _EXACT else f"{1 / c:.8g}"
