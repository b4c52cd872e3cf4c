"""The orders that a chain can be planned in: backward, forward, optimal, auto."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Literal, TypeAlias

from ..arrays import whole_number
from ..errors import DenseLimitError, OptionError, ShapeError, UnknownNameError, shown
from ..jacobians import DenseJacobian, Structure
from .bracketing import Plan, PlanStep
from .search import cheapest, fold_left, fold_right, smallest_limit

Order: TypeAlias = Literal["auto", "optimal", "backward", "forward"]
ORDERS: tuple[Order, ...] = ("auto", "optimal", "backward", "forward")
AUTO_ATOMS = 200
"""The longest chain that "auto" plans optimally."""
REMEMBERED = 256
"""Plans kept for the next chain of the same structures, which then takes microseconds."""
_WIDTHS = "Count the units of each layer, input first."
_EXAMPLE = "widths such as [512, 8, 512], input first"


def check_order(order: object) -> None:
    """Refuse anything but the four orders."""
    if not isinstance(order, str) or order not in ORDERS:
        raise UnknownNameError(
            "unknown order",
            where="plan",
            got=shown(order),
            expected="one of " + ", ".join(ORDERS),
            remedy="Leave it out for the cheapest order.",
        )


def check_limit(max_bytes: object) -> None:
    """Refuse a byte limit that is no whole number; None is no limit."""
    if max_bytes is not None:
        remedy = "Leave it out for no limit."
        whole_number(max_bytes, "max_bytes", "plan", least=0, remedy=remedy, most=sys.maxsize)


def plan_chain(
    atoms: Sequence[Structure],
    order: Order = "auto",
    names: Sequence[str] = (),
    itemsize: int = 8,
    max_bytes: int | None = None,
) -> Plan:
    """Plan the product of atoms whose neighbours fit together.

    Parameters
    ----------
    atoms : sequence of Structure
        Leftmost (nearest the loss) first.
    order : {"auto", "optimal", "backward", "forward"}
    names : sequence of str, optional
        What to call the atoms.
    itemsize : int
        Bytes of one number.
    max_bytes : int, optional
        No product, and no operand that is made dense for one, may take more bytes.

    Raises
    ------
    UnknownNameError
        `order` is not one of auto, optimal, backward, forward.
    OptionError
        `max_bytes` is no whole number.
    DenseLimitError
        No way (of that order) keeps within `max_bytes`; the error names the smallest limit that suffices.
    """
    check_order(order)
    check_limit(max_bytes)
    atoms = tuple(atoms)
    searched = order if order != "auto" else "optimal" if len(atoms) <= AUTO_ATOMS else "backward"
    most = math.inf if max_bytes is None else max_bytes // itemsize
    find = _remembered if len(atoms) <= AUTO_ATOMS else _steps
    steps = find(atoms, searched, most)
    backward = sum(step.multiply_adds for step in find(atoms, "backward", math.inf))
    plan = Plan(order, atoms, steps, tuple(names), itemsize, max_bytes, backward)
    if len(steps) < len(atoms) - 1 or any(step.numbers > most for step in steps):
        raise _above_the_limit(plan, searched)
    return plan


def _steps(atoms: tuple[Structure, ...], order: Order, most: float) -> tuple[PlanStep, ...]:
    if order == "optimal":
        return tuple(cheapest(atoms, most))
    return tuple(fold_right(atoms) if order == "forward" else fold_left(atoms))


_remembered = lru_cache(REMEMBERED)(_steps)


def _above_the_limit(plan: Plan, searched: Order) -> DenseLimitError:
    optimal = searched == "optimal"
    needed = smallest_limit(plan.atoms) * plan.itemsize if optimal else plan.nbytes
    instead = "" if optimal else 'try order="optimal", '
    return DenseLimitError(
        ("every order" if optimal else f"the {searched} order") + " needs more bytes, nothing was computed",
        where="plan",
        got=f"max_bytes of {plan.max_bytes:,}",
        expected=f"at least {needed:,}",
        remedy=f"Raise max_bytes, {instead}or push and pull through the factors one after the other.",
    )


def plan(widths: Sequence[int], order: Order = "auto", max_bytes: int | None = None) -> Plan:
    """Plan the chain of a network from its widths alone: input first, one case, dense float64 factors.

    A bottleneck is where it pays: 512-512-8-512-512 takes 22 times fewer multiply-adds than the better of
    backward and forward, 784-128-16-128-784 6.3 times fewer.

    Parameters
    ----------
    widths : sequence of int
        The units of each layer, input first; two widths or more.
    order : {"auto", "optimal", "backward", "forward"}
        "backward" multiplies from the output, "forward" from the input, "optimal" is the cheapest
        bracketing, and "auto" is optimal for up to `AUTO_ATOMS` factors and backward beyond.
    max_bytes : int, optional
        No product may take more bytes; no limit if left out.

    Returns
    -------
    Plan

    Raises
    ------
    ShapeError
        Fewer than two widths.
    OptionError
        `widths` is no list, a width is no positive whole number, or `max_bytes` is no whole number.
    UnknownNameError
        `order` is not one of the four.
    DenseLimitError
        No way keeps within `max_bytes`.

    Examples
    --------
    >>> p = plan([512, 512, 8, 512, 512])
    >>> p.multiply_adds, plan([512, 512, 8, 512, 512], order="backward").multiply_adds, p.gain
    (6291456, 138412032, 22.0)
    """
    numbers = [whole_number(w, "a width", "plan", remedy=_WIDTHS, most=sys.maxsize) for w in _listed(widths)]
    if len(numbers) < 2:
        raise ShapeError(
            "a plan needs at least two widths",
            where="plan",
            got=numbers,
            expected=_EXAMPLE,
            remedy="Pass the number of units of every layer.",
        )
    pairs = list(zip(numbers[1:], numbers[:-1], strict=True))
    atoms = [Structure(DenseJacobian, o, n) for o, n in reversed(pairs)]
    return plan_chain(atoms, order, max_bytes=max_bytes)


def _listed(widths: object) -> list[object]:
    """The widths in order: text, bytes, sets and what cannot be gone through are refused."""
    try:
        if not isinstance(widths, str | bytes | Set | Mapping):
            return list(widths)  # type: ignore[call-overload, no-any-return]  # what is no list is refused below
    except TypeError:
        pass
    raise OptionError(
        "widths must be a list of whole numbers",
        where="plan",
        got=shown(widths),
        expected=_EXAMPLE,
        remedy="Pass the number of units of every layer.",
    )
