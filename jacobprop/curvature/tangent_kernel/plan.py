"""What a tangent kernel will cost by each method, before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import quiet
from ...errors import DenseLimitError, OptionError, shown
from ...jacobians import DENSE_LIMIT
from ...jacobians.limit import check_dense
from ...network import Network
from .methods import Method
from .prices import Price, price_of
from .question import Question, made_up, question

METHODS: tuple[Method, ...] = ("structured", "dense", "products")


@dataclass(frozen=True, repr=False)
class KernelPlan:
    """The price of each method, and which one is chosen; prints itself.

    Attributes
    ----------
    shape, dtype : of the result
    nbytes : int
        Of the result.
    max_bytes : int
        What was allowed.
    prices : tuple of Price
    chosen : Price
    why : str
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    nbytes: int
    max_bytes: float
    prices: tuple[Price, ...]
    chosen: Price
    why: str

    @property
    def seconds(self) -> float:
        """An estimate for the chosen method: its arithmetic at the speed of a short matrix product."""
        return self.chosen.seconds(self.dtype)

    def __repr__(self) -> str:
        return f"<KernelPlan: {self.chosen.method}, {self.chosen.multiply_adds:,} multiply-adds>"

    def __str__(self) -> str:
        head = f"tangent kernel {self.shape}, {self.dtype}: {self.nbytes:,} bytes"
        titles = f"  {'method':<10} {'multiply-adds':>22} {'bytes beside it':>20} {'seconds, estimated':>19}"
        return "\n".join([head, titles, *map(self._line, self.prices), f"{self.chosen.method}: {self.why}"])

    def _line(self, price: Price) -> str:
        mark = "*" if price is self.chosen else " "
        numbers = f"{price.multiply_adds:>22,} {price.nbytes:>20,} {price.seconds(self.dtype):>19.2g}"
        return f"{mark} {price.method:<10} {numbers}"


@quiet
def plan_ntk(
    net: Network,
    X: object,
    X2: object = None,
    *,
    of: str = "output",
    trace: bool = False,
    diagonal: bool = False,
    method: str = "auto",
    max_bytes: int = DENSE_LIMIT,
    out: object = None,
) -> KernelPlan:
    """What `jacobprop.ntk` would take, told beforehand: multiply-adds, bytes and seconds of each method.

    Parameters
    ----------
    net : Network
    X, X2 : arrays, or numbers of cases
    of, trace, diagonal, method, max_bytes, out
        As for `ntk`.

    Returns
    -------
    KernelPlan
        ``print(plan)`` shows a table; ``plan.seconds``, ``.nbytes`` and ``.chosen`` are what the chosen
        method takes. The seconds compare the methods: they count the arithmetic, at the speed of a short
        matrix product. To write a large result takes as long again several times, to a file or not.

    Raises
    ------
    DenseLimitError
        No method keeps within `max_bytes`.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(64, 32, "tanh"), jp.Dense(32, 10), jp.Softmax()])
    >>> plan = plan_ntk(net, 2000, out="kernel.npy")
    >>> plan.chosen.method, plan.shape, plan.nbytes
    ('structured', (2000, 10, 2000, 10), 3200000000)
    """
    where = "plan_ntk"
    x, x2 = (made_up(net, side, where) for side in (X, X2))
    asked = question(net, x, x if X2 is X else x2, of, trace=trace, diagonal=diagonal, where=where)
    return planned(asked, method, max_bytes, where, inside=out is None)


def planned(asked: Question, method: object, max_bytes: int, where: str, *, inside: bool) -> KernelPlan:
    """The plan of a question; the result counts in the limit if it is `inside`, made here."""
    if not isinstance(method, str) or method not in ("auto", *METHODS):
        raise OptionError(
            "unknown method",
            where=where,
            got=shown(method),
            expected="one of " + ", ".join(("auto", *METHODS)),
            remedy="Leave it out for the cheapest.",
        )
    remedy = 'Name a file, out="kernel.npy", or ask for trace=True or diagonal=True.'
    held = asked.nbytes if inside else 0
    check_dense(held, "{}", where, max_bytes=max_bytes, remedy=remedy)
    prices = tuple(price_of(each, asked, max_bytes - held) for each in METHODS)
    chosen, why = _choice(prices, method, max_bytes, where)
    return KernelPlan(asked.shape, asked.dtype, asked.nbytes, max_bytes, prices, chosen, why)


def _choice(prices: Sequence[Price], method: str, max_bytes: float, where: str) -> tuple[Price, str]:
    allowed = [price for price in prices if method in ("auto", price.method)]
    fitting = [price for price in allowed if price.block]
    if not fitting:
        least = min(allowed, key=lambda price: price.nbytes)
        raise DenseLimitError(
            "not even one case after the other keeps within the byte limit",
            where=where,
            got=f"about {least.nbytes:,} bytes beside the result",
            expected=f"at most {max_bytes:,} bytes in all",
            remedy="Raise max_bytes, or name a file: out=path.",
        )
    chosen = min(fitting, key=lambda price: price.multiply_adds)
    if method != "auto":
        return chosen, "as asked"
    all_fit = len(fitting) == len(prices)
    return chosen, "the fewest multiply-adds" + ("" if all_fit else " of those within the byte limit")
