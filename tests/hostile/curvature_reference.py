"""J by all parameters, and the loss around it to second order, dense in long doubles.

Written from the definitions alone, layer by layer, each with a bound for what rounding may do to it.
"""

import numpy as np

from .forward_reference import FUNCTIONS, LONG, Reference
from .jacobian_doors import wide
from .material import eps
from .network_doors import TOPS, is_spread

TIMES = 64.0
"""Roundings of an entry that its bound counts as one: sums of up to 80 terms, and a few layers of them."""

# -- the dense definition, in long doubles ------------------------------------------------------------------


class Dense:
    """J[c, o, p] of a top by all parameters, and a bound: what rounding may do to it, in units of eps.

    A bound has |y| + what y was made of for y, 1 for every f', and for the sensitivity of all f' to
    their sums (|f''| <= 1) one factor: 1 + all the absolute values that the sums were made of.
    """

    @np.errstate(all="ignore")
    def __init__(self, b, X, of):
        self.b, self.x = b, np.atleast_2d(np.asarray(X))
        self.r = Reference(b.layers, self.x)
        cases, top = len(self.x), b.widths[-1]
        self.J = np.zeros((cases, top, b.net.size), LONG)
        self.bound, self.layers = self.J.copy(), {}
        self.sway = 1 + sum(bound.max(axis=-1) for bound in [np.abs(self.x), *self.r.bounds])
        rows = np.broadcast_to(np.eye(top, dtype=LONG), (cases, top, top))
        size = rows * self.sway[:, None, None]
        for number in range(len(b.layers), 0, -1):
            through = of == "output" or number < len(b.layers)
            rows, size = self._below(number, rows, size, through)

    def _below(self, number, rows, size, through):
        layer, r, slices = self.b.layers[number - 1], self.r, self.b.net.slices
        if isinstance(layer, str):
            if not through:
                return rows, size
            a = r.activations[number]
            p = (a if layer == "softmax" else np.exp(a))[:, None, :]
            if layer == "softmax":
                rows = p * (rows - (p * rows).sum(axis=-1, keepdims=True))
            else:
                rows = rows - rows.sum(axis=-1, keepdims=True) * p
            return rows, size + size.sum(axis=-1, keepdims=True)
        W, _, activation = layer
        if through:
            rows = rows * FUNCTIONS[activation][1](r.sums[number - 1])[:, None, :]
        y = r.activations[number - 1]
        above = 1 + (r.bounds[number - 2] if number > 1 else np.abs(y))
        y, above = (np.concatenate([a, np.ones((len(a), 1), LONG)], axis=1) for a in (y, above))
        self.layers[number] = (y, rows, above, size)
        for whole, inner, outer in ((self.J, y, rows), (self.bound, above, size)):
            block = inner[:, None, :, None] * outer[:, :, None, :]
            for name, part in ((f"W{number}", block[:, :, :-1]), (f"b{number}", block[:, :, -1])):
                whole[:, :, slices[name]] = part.reshape(len(whole), part.shape[1], -1)
        return rows @ W.T, size @ np.abs(W).T

    @property
    def comparable(self):
        """Whether X is small and finite, and no relu below is so near its kink that rounding decides."""
        if not np.isfinite(self.x).all() or is_spread(self.x):
            return False
        dtype = self.b.net.dtype if self.x.dtype.kind != "f" else np.result_type(self.x, self.b.net.dtype)
        kinks = [
            n for n, layer in enumerate(self.b.layers) if not isinstance(layer, str) and layer[2] == "relu"
        ]
        near = 1024 * eps(dtype)
        return all((np.abs(self.r.sums[n]) > near * self.r.bounds[n]).all() for n in kinks)


@np.errstate(all="ignore")
def agrees(found, expected, bound, out, coarse=None, scale=1.0, times=TIMES):
    """Of dtype `out`, and within what rounding in `coarse` may do; where that has no room, anything."""
    found, coarse = np.asarray(found), np.dtype(out if coarse is None else coarse)
    assert found.dtype == out, (found.dtype, out)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    info = np.finfo(coarse)
    error = np.abs(wide(found) - expected)
    allowed = times * LONG(info.eps) * bound + LONG(info.tiny) * 2**12 * scale
    ok = (error <= allowed) | ~(bound < LONG(info.max) / 64)
    assert ok.all(), f"\nfound\n{found}\nexpected\n{expected}\nerror\n{error}\nallowed\n{allowed}"


class Lossy:
    """The dense definition of a network with a loss: rows of the cases, the Hessian by x, weights."""

    @np.errstate(all="ignore")
    def __init__(self, b, X, rows):
        self.dense = d = Dense(b, X, "logits" if b.fused else "output")
        t = np.atleast_2d(wide(rows))
        self.value, self.row = d.r.loss(b.loss, t)
        total = 1 + np.abs(t).sum(axis=-1, keepdims=True)
        self.row_bound = (2 + d.r.bounds[-1]) * total
        self.value_bound = ((d.r.bounds[-1] + np.abs(t)) ** 2).sum() * len(t)
        self.weight = LONG(1) / (1 if b.net.loss.reduction == "sum" else len(t))
        self.H, m = np.zeros((len(t), b.widths[-1], b.widths[-1]), LONG), b.widths[-1]
        self.H[:, range(m), range(m)] = self._curvature(b, t)
        if b.loss in TOPS:
            p = self._shares(b)
            self.H -= t.sum(axis=-1)[:, None, None] * p[:, :, None] * p[:, None, :]
        self.H_bound = np.zeros_like(self.H)
        self.H_bound[:, range(m), range(m)] = total
        if b.loss in TOPS:
            self.H_bound += total[..., None]

    def _shares(self, b):
        output = self.dense.r.output
        return np.exp(output) if b.loss == "NegativeLogLikelihood" else output

    def _curvature(self, b, t):
        if b.loss == "BinaryCrossEntropy":
            return FUNCTIONS["sigmoid"][1](self.dense.r.sums[-1])
        if b.loss in TOPS:
            return t.sum(axis=-1, keepdims=True) * self._shares(b)
        return LONG(1) if b.loss == "SquaredError" else LONG(2) / t.shape[-1]

    @property
    def gradients(self):
        """dL/dp of each case, (c, p), and its bound."""
        d = self.dense
        found = (self.row[:, :, None] * d.J).sum(axis=1)
        return found, (self.row_bound[:, :, None] * d.bound).sum(axis=1)

    @property
    def gauss_newton(self):
        """G and its bound."""
        return self.squared(self.dense.J, self.H), self.squared(self.dense.bound, self.H_bound)

    @np.errstate(all="ignore")
    def squared(self, rows, H):
        """weight sum_c rows_c^T H_c rows_c."""
        return self.weight * (np.swapaxes(rows, 1, 2) @ H @ rows).sum(axis=0)
