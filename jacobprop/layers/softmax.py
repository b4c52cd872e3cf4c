"""The weightless softmax layer p = exp(z) / sum exp(z), over all units of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .._lazy import sympy
from ..arrays import Array, cases_of, is_symbolic
from ..elementary import softmax, sum_of_others
from ..jacobians import DiagonalPlusLowRankJacobian, Jacobian
from ..jacobians.identity import unit
from .base import Operand, Parameters, SumLayer, Values, Workspace


@dataclass(frozen=True, eq=False)
class SoftmaxCache:
    """The argument z, the probabilities p, and 1 - p without cancellation (None for symbols).

    A fast path that was asked for the sum alone has left p empty.
    """

    z: Array
    p: Array
    complement: Array | None = None


class Softmax(SumLayer):
    """p_i = exp(z_i) / sum_k exp(z_k); its sum z is the activation below.

    J^soft[k, i] = p_k (delta_ki - p_i) = diag(p) - p p^T: symmetric, rows sum to zero, rank m - 1
    (seed rows D-76 to D-79). Stable for any finite z.

    Examples
    --------
    >>> Softmax().forward({}, (np.array([1000.0, 0.0]),))[0]
    array([1., 0.])
    >>> p, cache = Softmax().forward({}, (np.zeros((5, 4)),))
    >>> p.shape, Softmax().factors({}, cache)[-1].shape
    ((5, 4), (5, 4, 4))
    """

    gate = "softmax"

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, SoftmaxCache]:
        """The probabilities."""
        (z,) = inputs
        if is_symbolic(z):
            weights = np.frompyfunc(sympy.exp, 1, 1)(z)
            p = weights / weights.sum(axis=-1, keepdims=True)
            return p, SoftmaxCache(z, p)
        p, complement = softmax(z)
        return p, SoftmaxCache(z, p, complement)

    def sum(self, cache: SoftmaxCache) -> Array:
        """The argument z."""
        return cache.z

    def J_Sum(self, cache: SoftmaxCache) -> Jacobian:
        """J^soft = diag(p) - p p^T, its diagonal p (1 - p) free of cancellation."""
        p, shape = cache.p, cache.p.shape[-1:]
        column = p[..., None]
        return DiagonalPlusLowRankJacobian._make(
            d=p,
            U=-column,
            V=column,
            diagonal=None if cache.complement is None else p * cache.complement,
            out_shape=shape,
            in_shape=shape,
            cases=cases_of(p),
        )

    def sum_factors(self, params: Parameters, cache: SoftmaxCache) -> dict[Operand, Jacobian]:
        """dz/dy = I."""
        z = cache.z
        return {self.inputs[0]: unit(z.shape[-1:], cases_of(z), z.dtype)}

    def J_Sum_tangent(self, cache: SoftmaxCache, tangent: Array) -> Jacobian:
        """diag(u) - u p^T - p u^T with u = J^soft tangent, its diagonal u (1 - 2 p) (proof: soft_bend)."""
        p, shape = cache.p, cache.p.shape[-1:]
        u = self.J_Sum(cache)._push(tangent[..., None])[..., 0]
        return DiagonalPlusLowRankJacobian._make(
            d=u,
            U=np.stack([-u, -p], axis=-1),
            V=np.stack([p, u], axis=-1),
            diagonal=None if cache.complement is None else u * (cache.complement - p),
            out_shape=shape,
            in_shape=shape,
            cases=cases_of(p),
        )

    def sum_factor_tangents(
        self, params: Parameters, cache: SoftmaxCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """dz/dy = I does not move."""
        return {}

    def forward_into(
        self, params: Parameters, inputs: Values, workspace: Workspace
    ) -> tuple[Array, SoftmaxCache]:
        """Nothing at all below a loss that takes the sum."""
        if not workspace.only_sum:
            return self.forward(params, inputs)
        (z,) = inputs
        return z, SoftmaxCache(z, np.empty(0, z.dtype))

    def backward_into(
        self, delta: Array, params: Parameters, cache: SoftmaxCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """delta_z = p * (delta - delta . p) = p * ((1 - p) delta - the others' p delta)."""
        if cache.complement is None:
            return super().backward_into(delta, params, cache, workspace)
        others = sum_of_others(cache.p * delta)
        return {self.inputs[0]: cache.p * (cache.complement * delta - others)}

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: SoftmaxCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The sum is the activation below: the delta passes as it is."""
        return {self.inputs[0]: delta}
