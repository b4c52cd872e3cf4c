"""f' in the letter of the output: z(1 - z) for the sigmoid, proved by sympy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

import numpy as np

from .._lazy import sympy
from ..activations import Activation
from .equality import vanishes
from .expression import Expression, exact, positive

Slope: TypeAlias = Callable[[Expression], Expression]

_FORMS: tuple[Slope, ...] = (
    lambda a: sympy.Integer(0),
    lambda a: sympy.Integer(1),
    lambda a: a,
    lambda a: a * (1 - a),
    lambda a: 1 - a**2,
    lambda a: 1 - sympy.exp(-a),
    positive,
)
"""What f' often is, shortest first."""


def slope_of_output(activation: Activation) -> Slope | None:
    """psi with f'(z) = psi(f(z)), as far as sympy can prove it; None where the output does not tell.

    Examples
    --------
    >>> from jacobprop.activations import get
    >>> import sympy
    >>> print(slope_of_output(get("tanh"))(sympy.Symbol("a")))
    1 - a**2
    """
    f, slope = activation.expression, activation.derivative_expression()
    return next((psi for psi in (*_FORMS, _given(activation)) if vanishes(psi(f) - slope)), None)


def _given(activation: Activation) -> Slope:
    """The activation's own `from_output`, on an expression; nan where its code is made for floats."""

    def psi(a: Expression) -> Expression:
        if activation.from_output is not None:
            with suppress(Exception):  # code of a user, which may fail in any way
                return exact(activation.from_output(np.array([a], dtype=object))[0])
        return sympy.nan

    return psi
