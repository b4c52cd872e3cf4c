"""Two layers of a user: a normalisation with a gain, and a shortcut that reads two activations."""

import numpy as np

import jacobprop as jp


class RMSNorm(jp.Layer):
    """a_k = C_k u_k with u = y / r and r^2 = mean(y^2) + eps: C_k (delta_ki - u_k u_i / n) / r by y_i."""

    def __init__(self, width, eps=1e-6):
        self.n_in, self.eps = width, eps

    def init(self, rng, dtype):
        return {"C": np.ones(self.n_in, dtype)}

    def forward(self, params, inputs):
        (y,) = inputs
        r = np.sqrt((y**2).mean(axis=-1, keepdims=True) + self.eps)
        return params["C"] * (y / r), (y / r, r)

    def factors(self, params, cache):
        u, r = cache
        d = params["C"] / r
        by_input = jp.DiagonalPlusLowRankJacobian(d, -(d * u)[..., None], u[..., None] / self.n_in)
        return {-1: by_input, "C": jp.DiagonalJacobian(u)}


class Shortcut(jp.Layer):
    """a = y + share s with y the activation below and s an earlier one."""

    def __init__(self, width, earlier, share=1.0):
        self.n_in, self.inputs, self.share = width, (-1, earlier), share

    def forward(self, params, inputs):
        y, s = inputs
        return y + self.share * s, y

    def factors(self, params, y):
        cases = len(y) if y.ndim == 2 else None
        unit = jp.IdentityJacobian(self.n_in, cases=cases, dtype=y.dtype)
        scaled = unit if self.share == 1 else jp.DiagonalJacobian(np.full_like(y, self.share))
        return {-1: unit, self.inputs[1]: scaled}
