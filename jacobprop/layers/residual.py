"""The weightless sum of two activations, a_l = a_{l-1} + a_start: a shortcut past the layers between."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from ..arrays import Array, cases_of
from ..errors import OptionError, ShapeError, shown
from ..jacobians import Jacobian
from ..jacobians.identity import unit
from .base import PREVIOUS, Layer, Operand, Parameters, Values, Workspace, text_or_none


class Residual(Layer):
    """a_l = a_{l-1} + a_start, both of the same width; its Jacobian by either is the identity.

    What lies between learns the difference, and dL/da_start = dL/da_l (I + J), with J = da_{l-1}/da_start:
    the row from above arrives undiminished however small J is.

    Index legend: c cases (absent for a single case), m units.

    Parameters
    ----------
    start : int
        The activation to add, as an index into those so far: 0 is the network's input, 1 that of layer 1,
        -2 the one before the one below.
    name : str, optional
        A name for error messages.

    Raises
    ------
    OptionError
        `start` is no whole number, or -1, the activation below itself. An index that does not exist
        is refused by the network.

    Examples
    --------
    >>> from jacobprop import Dense, Network
    >>> record = Network([Dense(3, 4), Dense(4, 4, "tanh"), Residual(1)]).forward(np.ones((5, 3)))
    >>> bool(np.array_equal(record.output, record.activation(2) + record.activation(1)))
    True
    >>> record.jacobian("a3", "a1").structure_name
    'dense'
    """

    analytic = True
    same_widths = True
    _once = frozenset({"inputs"})

    def __init__(self, start: int, *, name: str | None = None) -> None:
        whole = isinstance(start, int | np.integer) and not isinstance(start, bool)
        if not whole or start == PREVIOUS or abs(int(start)) > sys.maxsize:
            raise OptionError(
                "start is the index of an earlier activation",
                where="Residual",
                got=shown(start),
                expected="0 for the network's input, l for layer l, or -2 and below from the end",
                remedy="-1 is the activation below, which is one of the two in any case.",
            )
        self.inputs = (PREVIOUS, int(start))
        self.name = text_or_none(name, repr(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inputs[1]})"

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, Array]:
        """a_{l-1} + a_start.

        Raises
        ------
        ShapeError
            They have different widths.
        """
        y, start = inputs
        if y.shape != start.shape:
            raise ShapeError(
                "only activations of the same width add",
                where=repr(self) + (f" named {self.name!r}" if self.name else ""),
                got=f"{y.shape[-1]} units below and {start.shape[-1]} in activation {self.inputs[1]}",
                expected="the same number",
                remedy="Give the layers between as many outputs as inputs, or change the width first.",
            )
        a = y + start
        return a, a

    def factors(self, params: Parameters, cache: Array) -> dict[Operand, Jacobian]:
        """I by both."""
        one = unit(cache.shape[-1:], cases_of(cache), cache.dtype)
        return dict.fromkeys(self.inputs, one)

    def factor_tangents(
        self, params: Parameters, cache: Array, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """I does not move."""
        return {}

    def backward_into(
        self, delta: Array, params: Parameters, cache: Array, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta passes to both as it is."""
        return dict.fromkeys(self.inputs, delta)
