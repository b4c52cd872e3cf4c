"""The weightless layer a = f(y) of an elementwise activation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..activations import Activation, get
from ..arrays import Array, cases_of, is_symbolic
from ..errors import UnsupportedLayerError
from ..jacobians import DiagonalJacobian, Jacobian
from ..jacobians.identity import unit
from .base import Operand, Parameters, SumLayer, Values, Workspace, text_or_none


@dataclass(frozen=True, eq=False)
class ElementwiseCache:
    """The argument z and f'(z), both (c, m); of symbols, and where a loss takes z alone, there is no f'."""

    z: Array
    derivative: Array | None = None


class Elementwise(SumLayer):
    """a_i = f(y_i), without weights; its sum z is the activation below.

    J_Sum[k, i] = delta_ki f'(z_k): a diagonal (seed rows D-45, D-70). Dense does the same on top of its own
    sum; here f stands alone, after a residual sum or a normalisation.

    Index legend: c cases (absent for a single case), m units, i in, k out.

    Parameters
    ----------
    activation : str or Activation
        f. An expression of your own is ``Activation.from_expression("z*exp(-z**2)")``.
    name : str, optional
        A name for error messages.

    Raises
    ------
    UnknownNameError
        No activation of that name.

    Examples
    --------
    >>> layer = Elementwise("tanh")
    >>> a, cache = layer.forward({}, (np.zeros((5, 4)),))
    >>> a.shape, layer.factors({}, cache)[-1].structure_name
    ((5, 4), 'diagonal')
    """

    _once = frozenset({"activation"})

    def __init__(self, activation: str | Activation, *, name: str | None = None) -> None:
        self.activation = get(activation)
        self.name = text_or_none(name, repr(self))
        self.gate = "sigmoid" if self.activation == get("sigmoid") else ""

    def __repr__(self) -> str:
        return f'{type(self).__name__}("{self.activation.name}")'

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, ElementwiseCache]:
        """f(y), and f' at once."""
        (z,) = inputs
        if is_symbolic(z):
            return self.activation.value(z), ElementwiseCache(z)
        a, derivative = np.empty_like(z), np.empty_like(z)
        self.activation.into(z, a, derivative)
        derivative.setflags(write=False)
        return a, ElementwiseCache(z, derivative)

    def sum(self, cache: ElementwiseCache) -> Array:
        """The argument z."""
        return cache.z

    def J_Sum(self, cache: ElementwiseCache) -> Jacobian:
        """J[k, i] = delta_ki f'(z_k)."""
        return self._diagonal(cache, self._slopes(cache))

    def _slopes(self, cache: ElementwiseCache) -> Array:
        return self.activation.derivative(cache.z) if cache.derivative is None else cache.derivative

    def _diagonal(self, cache: ElementwiseCache, d: Array) -> Jacobian:
        shape = d.shape[-1:]
        return DiagonalJacobian._make(d=d, out_shape=shape, in_shape=shape, cases=cases_of(cache.z))

    def sum_factors(self, params: Parameters, cache: ElementwiseCache) -> dict[Operand, Jacobian]:
        """dz/dy = I."""
        z = cache.z
        return {self.inputs[0]: unit(z.shape[-1:], cases_of(z), z.dtype)}

    def J_Sum_tangent(self, cache: ElementwiseCache, tangent: Array) -> Jacobian:
        """J[k, i] = delta_ki f''(z_k) tangent_k, with f'' = 0 at a kink."""
        if len(self.activation.derivatives) < 2:
            raise UnsupportedLayerError(
                "the activation has no second derivative",
                where=repr(self),
                expected="f'' after f'",
                remedy="Make it of more: Activation(name, f, (slope, curvature)), or from_expression.",
            )
        return self._diagonal(cache, self.activation.derivative(cache.z, order=2) * tangent)

    def sum_factor_tangents(
        self, params: Parameters, cache: ElementwiseCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """dz/dy = I does not move."""
        return {}

    def forward_into(
        self, params: Parameters, inputs: Values, workspace: Workspace
    ) -> tuple[Array, ElementwiseCache]:
        """Nothing at all below a loss that takes the sum."""
        if not workspace.only_sum:
            return self.forward(params, inputs)
        (z,) = inputs
        return z, ElementwiseCache(z)

    def backward_into(
        self, delta: Array, params: Parameters, cache: ElementwiseCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """delta_z = delta * f'."""
        return {self.inputs[0]: delta * self._slopes(cache)}

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: ElementwiseCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The sum is the activation below: the delta passes as it is."""
        return {self.inputs[0]: delta}
