"""The weightless layer a = log(softmax(z)), over all units of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._lazy import sympy
from ..arrays import Array, cases_of, is_symbolic, quiet
from ..elementary import log_softmax, softmax, sum_of_others
from ..jacobians import DiagonalPlusLowRankJacobian, Jacobian
from ..jacobians.identity import unit
from .base import Operand, Parameters, SumLayer, Values, Workspace


@dataclass(frozen=True, eq=False)
class LogSoftmaxCache:
    """The argument z and the activations log p. A fast path that was asked for the sum alone has no log p."""

    z: Array
    log_p: Array | None = None

    @cached_property
    @quiet
    def shares(self) -> tuple[Array, Array | None]:
        """p, and 1 - p without cancellation; of symbols the exponentials alone."""
        if is_symbolic(self.z):
            return np.frompyfunc(sympy.exp, 1, 1)(self.log_p), None
        return softmax(self.z)


class LogSoftmax(SumLayer):
    """a_i = log p_i = z_i - log sum_k exp(z_k), with p = softmax(z); its sum z is the activation below.

    J_Sum[k, i] = delta_ki - p_i, that is I - 1 p^T: its rows sum to zero, its rank is m - 1, and it is not
    symmetric (seed row E-09). Stable for any finite z, where log(Softmax) is not. The diagonal 1 - p is
    the other classes' share, free of cancellation.

    Examples
    --------
    >>> LogSoftmax().forward({}, (np.array([1000.0, 0.0]),))[0]
    array([    0., -1000.])
    >>> a, cache = LogSoftmax().forward({}, (np.zeros((5, 4)),))
    >>> a.shape, LogSoftmax().factors({}, cache)[-1].shape
    ((5, 4), (5, 4, 4))
    """

    gate = "log_softmax"

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, LogSoftmaxCache]:
        """The logarithms of the probabilities."""
        (z,) = inputs
        if is_symbolic(z):
            total = np.frompyfunc(sympy.exp, 1, 1)(z).sum(axis=-1, keepdims=True)
            log_p = z - np.frompyfunc(sympy.log, 1, 1)(total)
        else:
            log_p = log_softmax(z)
        return log_p, LogSoftmaxCache(z, log_p)

    def sum(self, cache: LogSoftmaxCache) -> Array:
        """The argument z."""
        return cache.z

    def J_Sum(self, cache: LogSoftmaxCache) -> Jacobian:
        """I - 1 p^T, its diagonal 1 - p free of cancellation."""
        p, complement = cache.shares
        shape, ones = p.shape[-1:], np.ones_like(p)
        return DiagonalPlusLowRankJacobian._make(
            d=ones,
            U=-ones[..., None],
            V=p[..., None],
            diagonal=complement,
            out_shape=shape,
            in_shape=shape,
            cases=cases_of(p),
        )

    def sum_factors(self, params: Parameters, cache: LogSoftmaxCache) -> dict[Operand, Jacobian]:
        """dz/dy = I."""
        z = cache.z
        return {self.inputs[0]: unit(z.shape[-1:], cases_of(z), z.dtype)}

    def J_Sum_tangent(self, cache: LogSoftmaxCache, tangent: Array) -> Jacobian:
        """-1 u^T with u = J^soft tangent = p (tangent - p . tangent): only p moves (proof: log_bend)."""
        p, complement = cache.shares
        shape, zeros = p.shape[-1:], np.zeros_like(p)
        if complement is None:
            u = p * (tangent - (p * tangent).sum(axis=-1, keepdims=True))
        else:
            u = p * (complement * tangent - sum_of_others(p * tangent))
        return DiagonalPlusLowRankJacobian._make(
            d=zeros,
            U=np.full_like(p, -1)[..., None],
            V=u[..., None],
            diagonal=-u,
            out_shape=shape,
            in_shape=shape,
            cases=cases_of(p),
        )

    def sum_factor_tangents(
        self, params: Parameters, cache: LogSoftmaxCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """dz/dy = I does not move."""
        return {}

    def forward_into(
        self, params: Parameters, inputs: Values, workspace: Workspace
    ) -> tuple[Array, LogSoftmaxCache]:
        """Nothing at all below a loss that takes the sum."""
        if not workspace.only_sum:
            return self.forward(params, inputs)
        (z,) = inputs
        return z, LogSoftmaxCache(z)

    def backward_into(
        self, delta: Array, params: Parameters, cache: LogSoftmaxCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """delta_z = delta - p sum(delta) = (1 - p) delta - p (the others' delta)."""
        p, complement = cache.shares
        if complement is None:
            return super().backward_into(delta, params, cache, workspace)
        return {self.inputs[0]: complement * delta - p * sum_of_others(delta)}

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: LogSoftmaxCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The sum is the activation below: the delta passes as it is."""
        return {self.inputs[0]: delta}
