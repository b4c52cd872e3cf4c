"""Dropout: while the network learns, a random part of the units is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._lazy import sympy
from ..arrays import Array, cases_of, is_symbolic, real_number
from ..errors import OptionError, shown
from ..jacobians import DiagonalJacobian, Jacobian
from ..jacobians.identity import unit
from .base import Layer, Operand, Parameters, Values, Workspace, require_own, text_or_none


class Dropout(Layer):
    """a = y; while the network learns a = mask y / (1 - rate), each unit of each case silent with `rate`.

    Dividing by 1 - rate ("inverted dropout") makes y the mean over all masks, so that nothing is left to
    rescale afterwards. ``net.in_training(seed)`` draws the masks; the same network has the same ones.

    Parameters
    ----------
    rate : float
        The share of silent units, 0 <= rate < 1.
    name : str, optional
        A name for error messages.

    Notes
    -----
    J = I, or diag(mask) / (1 - rate) with the mask of the case (Srivastava et al., 2014; seed rows B-49,
    S-21).

    Examples
    --------
    >>> from jacobprop import Network
    >>> net = Network([Dropout(0.5)])
    >>> net(np.ones((2, 3))).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    >>> net.in_training(seed=1)(np.ones((2, 3))).tolist()
    [[0.0, 2.0, 0.0], [2.0, 2.0, 0.0]]
    """

    analytic = True
    _once = frozenset({"rate"})

    def __init__(self, rate: float, *, name: str | None = None) -> None:
        self.rate = real_number(rate)
        if not 0 <= self.rate < 1:
            raise OptionError(
                "the rate is a share of the units",
                where=f"Dropout({shown(rate)})",
                got=shown(rate),
                expected="a number from 0 to below 1",
                remedy="It is the share that is silent, not that which is kept.",
            )
        self.name = text_or_none(name, f"Dropout({self.rate:g})")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.rate:g})"

    def in_training(self, rng: np.random.Generator) -> Layer:
        """The layer with masks drawn, those of a batch from one seed."""
        require_own(self, Dropout)
        return DropoutInTraining(self, int(rng.integers(2**63)))

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, Any]:
        """y as it is."""
        (y,) = inputs
        return y, y

    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """The identity."""
        return {self.inputs[0]: unit(cache.shape[-1:], cases_of(cache), cache.dtype)}

    def factor_tangents(
        self, params: Parameters, cache: Any, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """The layer is linear: nothing moves."""
        return {}

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta passes as it is."""
        return {self.inputs[0]: delta}


class DropoutInTraining(Dropout):
    """Dropout with masks drawn; see `Dropout`. Made by ``net.in_training()``.

    Parameters
    ----------
    layer : Dropout
    seed : int
        What the masks are drawn from, row after row: the first case of a stack has the mask that it has
        alone.
    """

    positional = True
    _once = frozenset({"rate", "seed"})

    def __init__(self, layer: Dropout, seed: int) -> None:
        self.rate, self.name, self.seed = layer.rate, layer.name, seed

    def in_training(self, rng: np.random.Generator) -> Layer:
        """Itself."""
        return self

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, Any]:
        """mask y / (1 - rate)."""
        (y,) = inputs
        kept = np.random.default_rng(self.seed).random(y.shape) >= self.rate
        share = 1 - (sympy.Rational(self.rate) if is_symbolic(y) else self.rate)
        factor = np.where(kept, 1 / share, 0 * share).astype(y.dtype)
        return y * factor, factor

    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """diag(mask) / (1 - rate)."""
        return {self.inputs[0]: DiagonalJacobian(cache)}

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta of a silent unit is 0."""
        return {self.inputs[0]: delta * cache}
