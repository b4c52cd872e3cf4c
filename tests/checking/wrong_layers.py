"""Layers, losses and activations with one thing wrong each, and a few that are right in an unusual way."""

import numpy as np

import jacobprop as jp
from tests.network.custom_layers import RMSNorm


class WrongSign(RMSNorm):
    def factors(self, params, cache):
        found = super().factors(params, cache)
        return found | {-1: jp.DenseJacobian(-found[-1].matrix())}


class NoRankOne(RMSNorm):
    def factors(self, params, cache):
        u, r = cache
        return {-1: jp.DiagonalJacobian(params["C"] / r), "C": jp.DiagonalJacobian(u)}


class SlightlyOff(RMSNorm):
    def factors(self, params, cache):
        found = super().factors(params, cache)
        return found | {"C": jp.DiagonalJacobian(found["C"].d * 1.0005)}


class Transposed(jp.Dense):
    def sum_factors(self, params, cache):
        return super().sum_factors(params | {"W": params["W"].T}, cache)


class NoSlope(jp.Dense):
    def J_Sum(self, cache):
        return jp.IdentityJacobian(self.n_out, cases=len(cache.z) if cache.z.ndim == 2 else None)


class SlopeAtActivation(jp.Dense):
    def J_Sum(self, cache):
        return jp.DiagonalJacobian(self.activation.derivative(self.activation.value(cache.z)))


class BiasForgotten(jp.Dense):
    def sum_factors(self, params, cache):
        found = super().sum_factors(params, cache)
        return found | {"b": jp.DiagonalJacobian(np.zeros_like(cache.z))}


class Counting(RMSNorm):
    calls = 0

    def forward(self, params, inputs):
        self.calls += 1
        values, cache = super().forward(params, inputs)
        return values + 1e-3 * self.calls, cache


class Writing(RMSNorm):
    def forward(self, params, inputs):
        (y,) = inputs
        returned = super().forward(params, (y.copy(),))
        y *= 2
        return returned


class Coupling(RMSNorm):
    """One root for all cases."""

    def forward(self, params, inputs):
        (y,) = inputs
        r = np.sqrt((y**2).mean() + self.eps) * np.ones((*y.shape[:-1], 1))
        return params["C"] * y / r, (y / r, r)


class WrongFastPath(jp.Dense):
    def backward_sum_into(self, delta, params, cache, workspace):
        found = super().backward_sum_into(delta, params, cache, workspace)
        return found | {"W": found["W"] * 2}


class NotAdjoint(jp.DiagonalJacobian):
    def _pull(self, u):
        return 2 * super()._pull(u)


class PullsTwice(RMSNorm):
    def factors(self, params, cache):
        found = super().factors(params, cache)
        return found | {"C": NotAdjoint(found["C"].d)}


WRONG_LAYERS = {
    "sign": (WrongSign(4), "J_Y of the layer", "sign is wrong"),
    "rank one": (NoRankOne(4), "J_Y of the layer", "rank-one term"),
    "0.05 %": (SlightlyOff(4), "J_C of the layer", "1.0005"),
    "transposed": (Transposed(4, 4, "tanh"), "J_Y of z of the layer", "transposed"),
    "no slope": (NoSlope(4, 3, "tanh"), "J_Sum of the layer", "f' of tanh is missing"),
    "slope at a": (SlopeAtActivation(4, 3, "sigmoid"), "J_Sum of the layer", "instead of the sum"),
    "no bias": (BiasForgotten(4, 3), "J_b of z of the layer", "0 where the witness has 1"),
    "state": (Counting(4), "forward of the layer", "keeps state between calls"),
    "writes": (Writing(4), "forward of the layer", "writes into input -1"),
    "couples": (Coupling(4), "cases of the layer", "a case alone has other"),
    "fast path": (WrongFastPath(4, 3), "delta rule of the layer", "contradicts factors in 'W'"),
    "pull": (PullsTwice(4), "J_C of the layer", "not adjoint"),
}


class Bilinear(jp.Layer):
    """a_k = sum_ij y_i B_ijk s_j: two inputs, a slot with three axes, and complex numbers welcome."""

    inputs = (-1, 0)
    analytic = True

    def __init__(self, n, m):
        self.n_in, self.m = n, m

    def width(self, n_in):
        return self.m

    def init(self, rng, dtype):
        return {"B": rng.normal(size=(self.n_in, self.n_in, self.m)).astype(dtype)}

    def forward(self, params, inputs):
        y, s = inputs
        return np.einsum("...i,ijk,...j->...k", y, params["B"], s), (y, s)

    def factors(self, params, cache):
        y, s = cache
        by_B = np.einsum("...i,...j,kl->...kijl", y, s, np.eye(self.m))
        cases = len(y) if y.ndim == 2 else None
        return {
            -1: jp.DenseJacobian(np.einsum("ijk,...j->...ki", params["B"], s)),
            0: jp.DenseJacobian(self._by_second(params, y)),
            "B": jp.DenseJacobian(
                by_B.reshape(*y.shape[:-1], self.m, -1), (self.m,), params["B"].shape, cases
            ),
        }

    def _by_second(self, params, y):
        return np.einsum("ijk,...i->...kj", params["B"], y)


class WrongSecond(Bilinear):
    def _by_second(self, params, y):
        return -super()._by_second(params, y)


def sigmoid_slope(z):
    e = np.exp(-abs(z))
    return e / (1 + e) ** 2


def activation(derivative, expression=True):
    """A sigmoid with another derivative."""
    right = jp.activations.get("sigmoid")
    return jp.Activation(
        "mine", right.function, (derivative,), right.expression_builder if expression else None
    )
