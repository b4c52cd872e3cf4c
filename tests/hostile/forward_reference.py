"""Networks of Dense and Softmax layers in long doubles, case by case: activations, losses and gradients.

Written from the definitions alone. Beside each value goes a bound: the sum of the absolute values that
it was made of: times an eps of the dtype it says what rounding can do.
"""

import numpy as np

LONG = np.longdouble


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "identity": (lambda z: z, np.ones_like),
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: np.where(z < 0, 0 * z, z), lambda z: np.where(np.isnan(z), z, (z > 0).astype(LONG))),
    "softplus": (lambda z: np.logaddexp(LONG(0), z), _sigmoid),
}
"""f and f'."""


def _softmax(z):
    top = z.max(axis=-1, keepdims=True)
    weights = np.exp(z - top)
    return weights / weights.sum(axis=-1, keepdims=True)


def _log_softmax(z):
    gap = z - z.max(axis=-1, keepdims=True)
    return gap - np.log(np.exp(gap).sum(axis=-1, keepdims=True))


class Reference:
    """One pass of a stack of cases through [(W, b, activation) "softmax" or "log_softmax", ...]."""

    @np.errstate(all="ignore")
    def __init__(self, layers, X):
        self.layers, self.activations, self.sums, self.bounds = layers, [np.asarray(X, LONG)], [], []
        bound = np.abs(self.activations[0])
        for layer in layers:
            y = self.activations[-1]
            if isinstance(layer, str):
                self.sums.append(y)
                self.activations.append(_softmax(y) if layer == "softmax" else _log_softmax(y))
                bound = 2 * bound + 3
            else:
                W, b, activation = layer
                z = (y[..., :, None] * W).sum(axis=-2) + b
                bound = (bound[..., :, None] * np.abs(W)).sum(axis=-2) + np.abs(b)
                self.sums.append(z)
                self.activations.append(FUNCTIONS[activation][0](z))
                bound = bound + 1
            self.bounds.append(np.broadcast_to(bound.max(axis=-1, keepdims=True), self.activations[-1].shape))

    @property
    def output(self):
        return self.activations[-1]

    @np.errstate(all="ignore")
    def loss(self, kind, T):
        """L of each case, and dL/d(output) or, for the others, dL/d(sum)."""
        y, z, T = self.output, self.sums[-1], np.asarray(T, LONG)
        if kind == "SquaredError":
            return ((y - T) ** 2).sum(axis=-1) / 2, y - T
        if kind == "MeanSquaredError":
            return ((y - T) ** 2).mean(axis=-1), 2 * (y - T) / y.shape[-1]
        if kind == "BinaryCrossEntropy":
            return (np.logaddexp(LONG(0), z) - T * z).sum(axis=-1), y - T
        return -(T * _log_softmax(z)).sum(axis=-1), _softmax(z) * T.sum(axis=-1, keepdims=True) - T

    @np.errstate(all="ignore")
    def gradients(self, row, fused):
        """{"W1": ...} summed over the cases, from each case's dL/d(output) or, if fused, dL/d(sum)."""
        found, delta = {}, row
        for number in range(len(self.layers), 0, -1):
            layer, y = self.layers[number - 1], self.activations[number - 1]
            if isinstance(layer, str):
                if not (fused and number == len(self.layers)):
                    p = self.activations[number]
                    delta = p * (delta - (p * delta).sum(axis=-1, keepdims=True))
                continue
            W, _, activation = layer
            if not (fused and number == len(self.layers)):
                delta = delta * FUNCTIONS[activation][1](self.sums[number - 1])
            found[f"W{number}"] = (y[..., :, None] * delta[..., None, :]).reshape(-1, *W.shape).sum(axis=0)
            found[f"b{number}"] = delta.reshape(-1, delta.shape[-1]).sum(axis=0)
            delta = (delta[..., None, :] * W).sum(axis=-1)
        return found
