"""Backprops written by hand, each once, with a switch for every mistake that people make in it.

`CASES` holds single mistakes, `PAIRS` two at once, `RIGHT` gradients without any. A case gives what is handed
in (`candidate()`), what it is compared with (`reference()`), the same code with the mistake switched off
(`corrected()`), the kinds of a good answer (the likeliest first; `+` joins two, in any order), and words for
the place, one of which the answer must contain (none: the whole gradient is wrong in one way).
None of the codes calls the library; `assert_one_mistake` holds them against it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

import jacobprop as jp
from tests.network.custom_layers import RMSNorm, Shortcut

BEYOND = {
    "derivative_twice": "f' multiplied twice",
    "wrong_derivative": "f' of another activation function",
    "weight_not_transposed": "W where W^T belongs",
    "missing_target": "p for p - t",
    "forward_bias_forgotten": "the bias left out of the forward pass",
    "sum_for_activation": "z where f(z) belongs",
    "sum_not_added": "= where += belongs",
    "gain_forgotten": "the gain of a normalisation left out of its Jacobian",
    "mean_of_means": "minibatches of unequal size, averaged as if they were equal",
}
"""Mistakes for which the list of kinds has no word of its own: such a case also names the nearest kinds."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: z * (z > 0),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "identity": lambda z: z,
}
SLOPES: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(z.dtype),
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
    "identity": np.ones_like,
}


@dataclass(frozen=True)
class Problem:
    """A network with random parameters, biases too, and seeded data: all that a student's code is given."""

    layers: Callable[[], list[jp.Layer]]
    loss: jp.Loss
    cases: int
    seed: int
    target: str = "real"
    functions: tuple[str, ...] = ()
    rate: float = 0.5
    row: int = 0

    @cached_property
    def net(self) -> jp.Network:
        bare = jp.Network(self.layers(), loss=self.loss, seed=self.seed)
        rng = np.random.default_rng(self.seed)
        drawn = {name: rng.normal(0, 0.8, value.shape) for name, value in bare.parameters.items()}
        return bare.with_parameters({k: 1 + v / 3 if k[0] == "C" else v for k, v in drawn.items()})

    @cached_property
    def X(self):
        width = next(iter(self.net.parameters.values())).shape[0]
        return np.random.default_rng(self.seed + 1).normal(size=(self.cases, width))

    @cached_property
    def T(self):
        rng, shape = np.random.default_rng(self.seed + 2), self.net(self.X).shape
        if self.target == "classes":
            return np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]
        return rng.integers(0, 2, shape) * 1.0 if self.target == "bits" else rng.normal(size=shape)

    @property
    def weight(self) -> float:
        return 1 / self.cases if self.loss.reduction == "mean" else 1.0

    @property
    def size(self) -> str:
        """Widths, reduction and cases."""
        widths = [str(v.shape[-1]) for k, v in self.net.parameters.items() if k[0] in "WC"]
        return f"{'-'.join([str(self.X.shape[1]), *widths])} {self.loss.reduction} x{self.cases}"

    @property
    def arrays(self) -> dict[str, Any]:
        """The parameters, free to be overwritten."""
        return {name: np.array(value) for name, value in self.net.parameters.items()}

    @cached_property
    def record(self) -> Any:
        return self.net.forward(self.X, self.T)


Code = Callable[[Problem, frozenset[str]], Any]


@dataclass(frozen=True)
class Case:
    """One thing handed in."""

    name: str
    kinds: tuple[str, ...]
    places: tuple[str, ...]
    problem: Problem = field(repr=False)
    code: Code = field(repr=False)
    mistakes: frozenset[str] = frozenset()
    against: Callable[[Problem], Any] = field(default=lambda p: p.record, repr=False)

    def candidate(self) -> Any:
        return self.code(self.problem, self.mistakes)

    def corrected(self) -> Any:
        return self.code(self.problem, frozenset())

    def reference(self) -> Any:
        return self.against(self.problem)

    @property
    def beyond(self) -> bool:
        """Whether the list of kinds has no word of its own for it."""
        return self.kinds[0] in BEYOND


def dense(*widths: int, f: tuple[str, ...], soft: bool = False) -> Callable[[], list[jp.Layer]]:
    """The layers of a plain network."""

    def layers() -> list[jp.Layer]:
        made = [jp.Dense(a, b, g) for (a, b), g in zip(pairwise(widths), f, strict=True)]
        return [*made, jp.Softmax()] if soft else made

    return layers


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# ---- 1. row vectors, the whole minibatch at once: sigmoid, sigmoid, squared error ----


def two_layers(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    W1, b1, W2, b2 = (p.arrays[name] for name in ("W1", "b1", "W2", "b2"))
    X, T, scale = p.X, p.T, p.weight
    if "last case left out" in m:
        X, T = X[:-1], T[:-1]
    if "first case left out" in m:
        X, T = X[1:], T[1:]
    if "two cases left out" in m:
        X, T = np.delete(X, [2, 4], 0), np.delete(T, [2, 4], 0)
    z1 = X @ W1 + (0 if "no b1 forward" in m else b1)
    a1 = 1 / (1 + np.exp(-z1))
    z2 = a1 @ W2 + b2
    a2 = 1 / (1 + np.exp(-z2))
    e = T - a2 if "t - y" in m else a2 - T
    if "2 (y - t)" in m:
        e = 2 * e
    if "mean over outputs" in m:
        e = e / T.shape[1]
    if "y for y - t" in m:
        e = a2
    slope1, slope2 = a1 * (1 - a1), a2 * (1 - a2)
    if "f' at a1" in m:
        slope1 = SLOPES["sigmoid"](a1)
    if "f' at a2" in m:
        slope2 = SLOPES["sigmoid"](a2)
    if "z1(1 - z1)" in m:
        slope1 = z1 * (1 - z1)
    if "z2(1 - z2)" in m:
        slope2 = z2 * (1 - z2)
    if "f'2 for f'1" in m:
        slope1 = slope2
    if "f'1 for f'2" in m:
        slope2 = slope1
    if "1 - a1^2" in m:
        slope1 = 1 - a1**2
    if "f'2 twice" in m:
        slope2 = slope2**2
    delta2 = e if "no f'2" in m else e * slope2
    gW2, gb2 = a1.T @ delta2, delta2.sum(axis=0)
    if "W2 updated first" in m:
        W2 = W2 - p.rate * scale * gW2
    if "W2 updated by the sum" in m:
        W2 = W2 - p.rate * gW2
    back = delta2 @ (W2 if "W2 for W2.T" in m else W2.T)
    if "delta not passed" in m:
        back = delta2
    delta1 = back if "no f'1" in m else back * slope1
    if "delta2 for delta1" in m:
        delta1 = delta2
    below1, below2 = X, a1
    if "x of the last minibatch" in m:
        below1 = np.random.default_rng(77).normal(size=X.shape)
    if "x shuffled" in m:
        below1 = X[np.random.default_rng(5).permutation(len(X))]
    if "a1 of the old weights" in m:
        below2 = 1 / (1 + np.exp(-(X @ (W1 + 0.3 * np.cos(W1 * 9)) + b1)))
    if "x for a1" in m:
        below2 = X
    if "a2 for a1" in m:
        below2 = a2
    gW1, gW2 = below1.T @ delta1, below2.T @ delta2
    gb1 = delta1.sum(axis=1 if "b1 over units" in m else 0)
    if "b2 over units" in m:
        gb2 = delta2.sum(axis=1)
    if "sum for mean" in m:
        scale = 1
    if "mean for sum" in m:
        scale = 1 / len(X)
    if "mean over the rest" in m:
        scale = 1 / len(X)
    if "mean over n - 1" in m:
        scale = 1 / (len(X) - 1)
    if "b1 per case" in m:
        gb1 = delta1
    if "b2 per case" in m:
        gb2 = delta2
    if "W1 shared out by rows of vec" in m:
        gW1 = gW1.ravel().reshape(gW1.shape, order="F")
    grads = {"W1": scale * gW1, "b1": scale * gb1, "W2": scale * gW2, "b2": scale * gb2}
    if "W1 transposed" in m:
        grads["W1"] = grads["W1"].T
    if "all transposed" in m:
        grads = {name: g.T for name, g in grads.items()}
    if "W2 by columns" in m:
        grads["W2"] = grads["W2"].ravel(order="F").reshape(grads["W2"].shape)
    if "b1 left out" in m:
        del grads["b1"]
    if "no biases" in m:
        grads = {"W1": grads["W1"], "W2": grads["W2"]}
    if "b2 zero" in m:
        grads["b2"] = np.zeros_like(gb2)
    if "penalty on b1" in m:
        grads["b1"] = grads["b1"] + 0.05 * b1
    if "penalty on biases" in m:
        grads["b1"], grads["b2"] = grads["b1"] + 0.1 * b1, grads["b2"] + 0.1 * b2
    if "b2 negative" in m:
        grads["b2"] = -grads["b2"]
    if "W1 negative" in m:
        grads["W1"] = -grads["W1"]
    if "b2 not averaged" in m:
        grads["b2"] = grads["b2"] * len(X)
    if "names exchanged" in m:
        grads = {"W1": grads["W2"], "b1": grads["b2"], "W2": grads["W1"], "b2": grads["b1"]}
    if "backward called twice" in m:
        grads = {name: g + g for name, g in grads.items()}
    if "W1 added twice" in m:
        grads["W1"] = grads["W1"] + grads["W1"]
    return grads


# ---- 2. column vectors, a loop over cases: tanh, linear, softmax, cross-entropy ----


def columns(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    V, c, W, d = p.arrays["W1"].T, p.arrays["b1"][:, None], p.arrays["W2"].T, p.arrays["b2"][:, None]
    dV, dc, dW, dd = np.zeros_like(V), np.zeros_like(c), np.zeros_like(W), np.zeros_like(d)
    for number, (row, label) in enumerate(zip(p.X, p.T, strict=True)):
        if "case 0 skipped" in m and number == 0:
            continue
        if "every third case skipped" in m and number % 3 == 2:
            continue
        x, t = row[:, None], label[:, None]
        s = V @ x + c
        h = np.tanh(s)
        prob = softmax(W @ h + d, axis=0)
        delta = prob - t
        if "t - p" in m:
            delta = t - prob
        if "p for p - t" in m:
            delta = prob
        if "times p(1 - p)" in m:
            delta = delta * prob * (1 - prob)
        if "-t/p times p" in m:
            delta = -t
        if "-t/p times p(1 - p)" in m:
            delta = -t * (1 - prob)
        slope = 1 - h**2
        if "1 - tanh(h)^2" in m:
            slope = 1 - np.tanh(h) ** 2
        if "1 - s^2" in m:
            slope = 1 - s**2
        if "h(1 - h)" in m:
            slope = h * (1 - h)
        if "no tanh'" in m:
            slope = 1
        if "tanh' twice" in m:
            slope = slope**2
        U = W - p.rate * delta @ h.T if "W updated in the loop" in m else W
        inner = (U.T @ delta) * slope
        if "W for W.T" in m:
            inner = (U @ delta) * slope
        if "last case only" in m:
            dV, dW, dc, dd = 0 * dV, 0 * dW, 0 * dc, 0 * dd
        dV, dW = dV + inner @ x.T, dW + delta @ h.T
        dc, dd = dc + inner, dd + delta
    if "d of the last case" in m:
        dd = delta
    out = {"W1": dV.T, "b1": dc[:, 0], "W2": dW.T, "b2": dd[:, 0]}
    if "not turned back" in m:
        out["W1"], out["W2"] = dV, dW
    if "W2 not turned back" in m:
        out["W2"] = dW
    if "reshaped back" in m:
        out["W1"], out["W2"] = dV.reshape(dV.T.shape), dW.reshape(dW.T.shape)
    if "W2 reshaped back" in m:
        out["W2"] = dW.reshape(dW.T.shape)
    return {name: g if "sum for mean" in m else p.weight * g for name, g in out.items()}


# ---- 3. scalar loops over nodes: relu, linear, mean squared error ----


def nodes(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    a = p.arrays
    W1, b1, W2, b2 = a["W1"], a["b1"], a["W2"], a["b2"]
    g = {name: np.zeros_like(value) for name, value in a.items()}
    n, (n_in, hidden), outputs = p.cases, W1.shape, W2.shape[1]
    for c in range(1 if "from case 1" in m else 0, n):
        x, t = p.X[c], p.T[c]
        z = [b1[j] + sum(x[i] * W1[i, j] for i in range(n_in)) for j in range(hidden)]
        h = [max(0.0, v) for v in z]
        y = [b2[k] + sum(h[j] * W2[j, k] for j in range(hidden)) for k in range(outputs)]
        delta = [2 * (y[k] - t[k]) / outputs for k in range(outputs)]
        if "no 2" in m:
            delta = [v / 2 for v in delta]
        if "no 1/m" in m:
            delta = [v * outputs for v in delta]
        if "no 2/m" in m:
            delta = [v * outputs / 2 for v in delta]
        if "t - y" in m:
            delta = [-v for v in delta]
        for k in range(outputs):
            g["b2"][k] += delta[k]
            for j in range(hidden):
                g["W2"][j, k] += delta[k] * (z[j] if "z1 for a1" in m else h[j])
        for j in range(hidden):
            back = 0.0
            for k in range(outputs):
                back = delta[k] * W2[j, k] if "= for +=" in m else back + delta[k] * W2[j, k]
            on = z[j] > 0
            if "mask inverted" in m:
                on = z[j] <= 0
            if "mask of the delta" in m:
                on = back > 0
            if "no mask" in m:
                on = True
            inner = back if on else 0.0
            g["b1"][j] = inner if "b1 overwritten" in m else g["b1"][j] + inner
            for i in range(n_in):
                g["W1"][i, j] += inner * x[i]
    if "1/n forgotten" in m:
        n = 1
    if "1/n twice" in m:
        n = n * n
    return {name: value / (1 if p.weight == 1 else n) for name, value in g.items()}


# ---- 4. any depth, deltas in a list ----


def lists(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    depth, a = len(p.functions), p.arrays
    W, b = [a[f"W{k}"] for k in range(1, depth + 1)], [a[f"b{k}"] for k in range(1, depth + 1)]
    A, Z = [p.X], []
    for w, v, f in zip(W, b, p.functions, strict=True):
        Z.append(A[-1] @ w + v)
        A.append(FUNCTIONS[f](Z[-1]))

    def slope(k):
        f = p.functions[k]
        if f"no f' in layer {k + 1}" in m or ("no f' in hidden layers" in m and k < depth - 1):
            return 1
        if f"f' at the activation in layer {k + 1}" in m:
            return SLOPES[f](A[k + 1])
        if f"f' below in layer {k + 1}" in m:
            return SLOPES[p.functions[k - 1]](Z[k - 1])
        if f"f' above in layer {k + 1}" in m:
            return SLOPES[p.functions[k + 1]](Z[k + 1])
        if f"sigmoid' in layer {k + 1}" in m:
            return SLOPES["sigmoid"](Z[k])
        if f"mask inverted in layer {k + 1}" in m:
            return 1 - SLOPES[f](Z[k])
        return SLOPES[f](Z[k])

    deltas = [(A[-1] - p.T) * slope(depth - 1)]
    for k in reversed(range(depth - 1)):
        w = W[k + 1]
        if "weights of the layer below" in m:
            w = W[k]
        if "all updated first" in m or ("W3 updated first" in m and k == 1):
            w = w - p.rate * p.weight * A[k + 1].T @ deltas[0]
        through = w if f"W{k + 2} not transposed" in m else w.T
        back = deltas[0] if f"delta not passed to layer {k + 1}" in m else deltas[0] @ through
        deltas.insert(0, back * slope(k))
    if "deltas in reverse" in m:
        deltas.reverse()
    out = {}
    for k in range(depth):
        y = A[k]
        if f"own activation for W{k + 1}" in m or "own activations" in m:
            y = A[k + 1]
        if f"two below for W{k + 1}" in m:
            y = A[k - 1]
        out[f"W{k + 1}"], out[f"b{k + 1}"] = p.weight * y.T @ deltas[k], p.weight * deltas[k].sum(axis=0)
    if "b3 zero" in m:
        out["b3"] = 0 * out["b3"]
    if "top bias left out" in m:
        del out[f"b{depth}"]
    if "b2 of layer 3" in m:
        out["b2"] = out["b3"]
    if "decay on b2" in m:
        out["b2"] = out["b2"] + 0.2 * b[1]
    return out


# ---- 5. a tape of closures, with a shortcut round the second layer ----


class Node:
    """A value, its gradient, and the closure that hands the gradient on."""

    def __init__(self, value):
        self.value, self.grad, self.back = value, 0 * value, lambda: None


def tape(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    leaf, order = {name: Node(value) for name, value in p.arrays.items()}, []

    def affine(y, W, b):
        out = Node(y.value @ W.value + b.value)

        def back():
            y.grad = y.grad + out.grad @ W.value.T
            W.grad = W.grad + y.value.T @ out.grad
            b.grad = b.grad + (out.grad if "bias broadcast" in m else out.grad.sum(axis=0))

        out.back = back
        order.append(out)
        return out

    def tanh(z):
        out = Node(np.tanh(z.value))

        def back():
            z.grad = z.grad + (out.grad if "tanh' forgotten" in m else out.grad * (1 - out.value**2))

        out.back = back
        order.append(out)
        return out

    def add(left, right):
        out = Node(left.value + right.value)

        def back():
            if "branch forgotten" not in m:
                left.grad = left.grad + out.grad
            if "trunk forgotten" not in m:
                right.grad = right.grad + out.grad
            if "branch counted twice" in m:
                left.grad = left.grad + out.grad

        out.back = back
        order.append(out)
        return out

    h = tanh(affine(Node(p.X), leaf["W1"], leaf["b1"]))
    joined = add(h, tanh(affine(h, leaf["W2"], leaf["b2"])))
    y = affine(joined, leaf["W4"], leaf["b4"])
    y.grad = p.weight * (y.value - p.T)
    if "seeded with 2" in m:
        y.grad = 2 * y.grad
    if "seeded with -1" in m:
        y.grad = -y.grad
    for node in reversed(order):
        node.back()
    if "not zeroed" in m:
        for node in leaf.values():
            node.grad = 2 * node.grad
    return {name: node.grad for name, node in leaf.items()}


# ---- 6. a normalisation with a gain between two layers ----


def normalised(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    a = p.arrays
    W1, b1, C, W3, b3 = a["W1"], a["b1"], a["C2"], a["W3"], a["b3"]
    y = np.tanh(p.X @ W1 + b1)
    r = np.sqrt((y**2).mean(axis=1, keepdims=True) + 1e-6)
    u = y / r
    out = (C * u) @ W3 + b3
    delta3 = p.weight * (out - p.T)
    g = delta3 @ W3.T
    gC = g * u
    if "gain by y" in m:
        gC = g * y
    v = g if "no gain backward" in m else g * C
    axis = 0 if "mean over cases" in m else 1
    rank_one = u * (v * u).mean(axis=axis, keepdims=True)
    if "sum for the mean" in m:
        rank_one = rank_one * u.shape[1]
    if "no rank one" in m:
        rank_one = 0
    if "plus rank one" in m:
        rank_one = -rank_one
    back = (v - rank_one) / r
    delta1 = back if "no tanh'" in m else back * (1 - y**2)
    return {
        "W1": p.X.T @ delta1,
        "b1": delta1 if "b1 per case" in m else delta1.sum(axis=0),
        "C2": gC if "C2 per case" in m else gC.sum(axis=0),
        "W3": (y if "y for a2" in m else C * u).T @ delta3,
        "b3": delta3.sum(axis=0),
    }


# ---- 7. softmax below a squared error: nothing to fuse ----


def softmax_squared(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    a = p.arrays
    z1 = p.X @ a["W1"] + a["b1"]
    h = FUNCTIONS["sigmoid"](z1)
    prob = softmax(h @ a["W2"] + a["b2"], axis=0 if "softmax over cases" in m else 1)
    e = prob - p.T
    delta = prob * (e - (prob * e).sum(axis=1, keepdims=True))
    if "diagonal p" in m:
        delta = prob * e
    if "diagonal p(1 - p)" in m:
        delta = prob * (1 - prob) * e
    if "no softmax Jacobian" in m:
        delta = e
    if "row summed over cases" in m:
        delta = prob * (e - (prob * e).sum(axis=0, keepdims=True))
    if "row not summed" in m:
        delta = prob * (e - prob * e)
    inner = delta @ a["W2"].T
    if "no f'1" not in m:
        inner = inner * h * (1 - h)
    out = {"W1": p.X.T @ inner, "b1": inner.sum(0), "W2": h.T @ delta, "b2": delta.sum(0)}
    return {
        k: (-1 if "sign" in m else 1) * (1 if "sum for mean" in m else p.weight) * v for k, v in out.items()
    }


# ---- 8. minibatches added up: softplus, sigmoid, binary cross-entropy ----


def minibatches(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    a, size = p.arrays, 4
    total = {name: np.zeros_like(value) for name, value in a.items()}
    running = {name: np.zeros_like(value) for name, value in a.items()}
    for start in range(0, p.cases, size):
        X, T = p.X[start : start + size], p.T[start : start + size]
        if "incomplete batch dropped" in m and len(X) < size:
            break
        z1 = X @ a["W1"] + a["b1"]
        h = np.log1p(np.exp(z1))
        q = 1 / (1 + np.exp(-(h @ a["W2"] + a["b2"])))
        delta = q - T
        if "times q(1 - q)" in m:
            delta = delta * q * (1 - q)
        if "row only" in m:
            delta = delta / (q * (1 - q))
        if "t - q" in m:
            delta = -delta
        slope = 1 / (1 + np.exp(-z1))
        if "softplus' at h" in m:
            slope = 1 / (1 + np.exp(-h))
        if "no softplus'" in m:
            slope = 1
        inner = delta @ a["W2"].T * slope
        g = {"W1": X.T @ inner, "b1": inner.sum(0), "W2": h.T @ delta, "b2": delta.sum(0)}
        if "mean of means" in m:
            g = {k: v * p.cases / len(X) / -(-p.cases // size) for k, v in g.items()}
        if "means added" in m:
            g = {k: v * p.cases / len(X) for k, v in g.items()}
        if "second batch twice" in m and start == size:
            g = {k: 2 * v for k, v in g.items()}
        if "not zeroed between batches" in m:
            g = running = {k: running[k] + v for k, v in g.items()}
        total = {k: total[k] + v for k, v in g.items()}
    return {k: v * p.weight for k, v in total.items()}


# ---- 9. Jacobians of one case, or of a stack ----


def jacobian_by_input(p: Problem, m: frozenset[str]) -> Any:
    """J_a0^a2 of the first case, through sigmoid and tanh."""
    a, x = p.arrays, p.X[p.row]
    z1 = x @ a["W1"] + a["b1"]
    z2 = FUNCTIONS[p.functions[0]](z1) @ a["W2"] + a["b2"]
    first = SLOPES[p.functions[0]](z1)[:, None] * a["W1"].T
    second = SLOPES[p.functions[1]](z2)[:, None] * a["W2"].T
    J = second @ first
    if "gradient's layout" in m:
        J = J.T
    if "negative" in m:
        J = -J
    if "doubled" in m:
        J = 2 * J
    return J


def jacobian_by_weights(p: Problem, m: frozenset[str]) -> Any:
    """J_W1^a1 of the first case: [k, i, j] = delta_kj f'_k y_i, or a matrix of rows."""
    a, x = p.arrays, p.X[0]
    f = SLOPES[p.functions[0]](x @ a["W1"] + a["b1"])
    J = np.einsum("kj,k,i->kij", np.eye(len(f)), f, x)
    if "units last" in m:
        J = J.transpose(1, 2, 0)
    if "vec by columns" in m:
        J = J.transpose(0, 2, 1).reshape(J.shape)
    if "negative" in m:
        J = -J
    return J


def weights_as_matrix(p: Problem, m: frozenset[str]) -> Any:
    J = jacobian_by_weights(p, frozenset())
    return J.reshape(len(J), -1, order="F") if "vec by columns" in m else J.reshape(len(J), -1)


def softmax_jacobian(p: Problem, m: frozenset[str]) -> Any:
    """J^soft of the first case."""
    a, x = p.arrays, p.X[0]
    s = softmax(FUNCTIONS["sigmoid"](x @ a["W1"] + a["b1"]) @ a["W2"] + a["b2"])
    if "diagonal s" in m:
        return np.diag(s)
    if "diagonal s(1 - s)" in m:
        return np.diag(s * (1 - s))
    J = np.diag(s) - np.outer(s, s)
    return 3 * J if "times m" in m else -J if "negative" in m else J


def norm_jacobian(p: Problem, m: frozenset[str]) -> Any:
    """RMSNorm's J_Y of the first case: C_k (delta_ki - u_k u_i / n) / r."""
    a = p.arrays
    y = np.tanh(p.X[0] @ a["W1"] + a["b1"])
    r, C = np.sqrt((y**2).mean() + 1e-6), a["C2"]
    inner = np.eye(len(y)) - (0 if "no rank one" in m else np.outer(y, y) / r**2 / len(y))
    J = C[:, None] * inner / r
    return J.T if "transposed" in m else J


def stack_by_input(p: Problem, m: frozenset[str]) -> Any:
    """The Jacobians J_a0^a2 of all cases, cases first."""
    J = np.stack([jacobian_by_input(replace(p, row=c), m) for c in range(p.cases)])
    if "cases last" in m:
        J = J.transpose(1, 2, 0)
    return J.swapaxes(1, 2) if "each transposed" in m else J


def bias_gradient(p: Problem, m: frozenset[str]) -> Any:
    """db1 alone, as an array."""
    if "per case" in m:
        return two_layers(p, frozenset({"b1 per case"}))["b1"]
    return two_layers(p, m)["b1"]


# ---- 10. the factors of one chain ----


def factors(p: Problem, m: frozenset[str]) -> list[Any]:
    """J_N^L, J_a1^a2, J_W1^a1 of the first case, each a tensor, for a squared error."""
    a, x = p.arrays, p.X[0]
    f1, f2 = (SLOPES[f] for f in p.functions)
    z1 = x @ a["W1"] + a["b1"]
    a1 = FUNCTIONS[p.functions[0]](z1)
    z2 = a1 @ a["W2"] + a["b2"]
    J_N = FUNCTIONS[p.functions[1]](z2) - p.T[0]
    if "t - y" in m:
        J_N = -J_N
    if "2 (y - t)" in m:
        J_N = 2 * J_N
    J_Y = a["W2"].T if "no f' in J_Y" in m else f2(z2)[:, None] * a["W2"].T
    if "J_Y transposed" in m:
        J_Y = J_Y.T
    if "f' at a2 in J_Y" in m:
        J_Y = f2(FUNCTIONS[p.functions[1]](z2))[:, None] * a["W2"].T
    slope1 = np.ones_like(z1) if "no f' in J_W" in m else f1(z1)
    J_W = np.einsum("kj,k,i->kij", np.eye(len(z1)), slope1, x)
    if "J_W units last" in m:
        J_W = J_W.transpose(1, 2, 0)
    if "J_W vec by columns" in m:
        J_W = J_W.transpose(0, 2, 1).reshape(J_W.shape)
    return [J_N, J_Y, J_W]


def soft_factors(p: Problem, m: frozenset[str]) -> list[Any]:
    """J_N^L, J^soft, J_a1^a2, J_W1^a1 for every case of a stack: softmax below a squared error."""
    a = p.arrays
    h = FUNCTIONS["sigmoid"](p.X @ a["W1"] + a["b1"])
    s = softmax(h @ a["W2"] + a["b2"])
    J_soft = np.einsum("ck,ki->cki", s, np.eye(s.shape[1]))
    if "diagonal s" not in m:
        J_soft = J_soft - s[:, :, None] * s[:, None, :]
    if "J_soft negative" in m:
        J_soft = -J_soft
    J_Y = np.broadcast_to(a["W2"] if "W2 for W2.T" in m else a["W2"].T, (len(h), *a["W2"].T.shape))
    if "W2 updated" in m:
        delta = np.einsum("ck,cki->ci", s - p.T, J_soft)
        J_Y = np.broadcast_to((a["W2"] - p.rate * p.weight * h.T @ delta).T, J_Y.shape)
    J_W = np.einsum("kj,ck,ci->ckij", np.eye(h.shape[1]), h * (1 - h), p.X)
    return [s - p.T, J_soft, J_Y, J_W]


def norm_factors(p: Problem, m: frozenset[str]) -> list[Any]:
    """J_N^L, J_a2^a3, J_a1^a2, J_W1^a1 of the first case: a normalisation in the middle."""
    a, x = p.arrays, p.X[0]
    y = np.tanh(x @ a["W1"] + a["b1"])
    r = np.sqrt((y**2).mean() + 1e-6)
    J_N = (a["C2"] * y / r) @ a["W3"] + a["b3"] - p.T[0]
    J_norm = norm_jacobian(p, m)
    slope = np.ones_like(y) if "no tanh'" in m else 1 - y**2
    J_W = np.einsum("kj,k,i->kij", np.eye(len(y)), slope, x)
    return [J_N, a["W3"].T, J_norm, -J_W if "J_W negative" in m else J_W]


# ---- right by other routes ----


def loss_of(p: Problem, parameters: dict[str, Any]) -> Any:
    """The loss of two_layers' network, for any arithmetic."""
    a = p.X
    for k, f in enumerate(p.functions, 1):
        a = FUNCTIONS[f](a @ parameters[f"W{k}"] + parameters[f"b{k}"])
    return ((a - p.T) ** 2).sum() / 2 * p.weight


def by_differences(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    """Forward or central differences, entry by entry; or the complex step."""
    step = 1e-20j if "complex" in m else 1e-6 if "central" in m else 1e-7
    out = {}
    for name, value in p.arrays.items():
        out[name] = np.zeros_like(value)
        for at in np.ndindex(value.shape):

            def moved(by, name=name, at=at):
                a = {k: v + 0j if "complex" in m else v for k, v in p.arrays.items()}
                a[name][at] += by
                return loss_of(p, a)

            if "complex" in m:
                out[name][at] = moved(step).imag / step.imag
            elif "central" in m:
                out[name][at] = (moved(step) - moved(-step)) / (2 * step)
            else:
                out[name][at] = (moved(step) - moved(0)) / step
    return out


def in_float32(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    """lists in single precision, returned as it is or as float64."""
    small = replace(p)
    small.__dict__["X"], small.__dict__["T"] = p.X.astype("f4"), p.T.astype("f4")
    single = {name: value.astype("f4") for name, value in p.arrays.items()}
    W, b = [single[f"W{k}"] for k in (1, 2)], [single[f"b{k}"] for k in (1, 2)]
    a1 = FUNCTIONS[p.functions[0]](small.X @ W[0] + b[0])
    z2 = a1 @ W[1] + b[1]
    delta2 = (FUNCTIONS[p.functions[1]](z2) - small.T) * SLOPES[p.functions[1]](z2)
    delta1 = delta2 @ W[1].T * SLOPES[p.functions[0]](small.X @ W[0] + b[0])
    g = {"W1": small.X.T @ delta1, "b1": delta1.sum(0), "W2": a1.T @ delta2, "b2": delta2.sum(0)}
    return {k: (v * np.float32(p.weight)).astype("f8" if "widened" in m else "f4") for k, v in g.items()}


def backwards_sums(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    """two_layers one case at a time, added up from the last case to the first, the keys in another order."""
    total: dict[str, Any] = {}
    for c in reversed(range(p.cases)):
        one = replace(p)
        one.__dict__["X"], one.__dict__["T"] = p.X[c : c + 1], p.T[c : c + 1]
        for name, value in reversed(two_layers(one, m).items()):
            total[name] = total.get(name, 0) + value
    return total


# ---- the problems ----

SS = ("sigmoid", "sigmoid")
PLAIN = Problem(dense(5, 4, 3, f=SS), jp.SquaredError(), 9, 11, functions=SS)
PLAIN_SUM = Problem(dense(5, 4, 3, f=SS), jp.SquaredError(reduction="sum"), 7, 12, functions=SS, rate=0.1)
SQUARE = Problem(dense(4, 4, 4, f=SS), jp.SquaredError(), 7, 13, functions=SS)
SQUARE_SUM = Problem(dense(3, 3, 3, f=SS), jp.SquaredError(reduction="sum"), 3, 14, functions=SS, rate=0.02)
SMALL = Problem(dense(2, 3, 1, f=SS), jp.SquaredError(), 6, 15, functions=SS, rate=2.0)
CLASSES = Problem(
    dense(13, 5, 3, f=("tanh", "identity"), soft=True),
    jp.CrossEntropy(reduction="sum"),
    8,
    21,
    "classes",
    rate=0.05,
)
CLASSES_MEAN = Problem(
    dense(3, 3, 3, f=("tanh", "identity"), soft=True), jp.CrossEntropy(), 10, 22, "classes"
)
RELU = Problem(dense(4, 6, 3, f=("relu", "identity")), jp.MeanSquaredError(), 8, 31)
RELU_SQUARE = Problem(dense(4, 4, 4, f=("relu", "identity")), jp.MeanSquaredError(reduction="sum"), 5, 32)
FOUR = ("sigmoid", "tanh", "relu", "softplus")
DEEP = Problem(
    dense(5, 5, 5, 5, 5, f=FOUR), jp.SquaredError(reduction="sum"), 6, 41, functions=FOUR, rate=0.03
)
THREE = ("tanh", "softplus", "identity")
DEEP_MEAN = Problem(dense(3, 6, 4, 2, f=THREE), jp.SquaredError(), 11, 42, functions=THREE)
SKIP = Problem(
    lambda: [jp.Dense(3, 4, "tanh"), jp.Dense(4, 4, "tanh"), Shortcut(4, 1), jp.Dense(4, 2)],
    jp.SquaredError(),
    7,
    51,
)
NORM = Problem(lambda: [jp.Dense(3, 5, "tanh"), RMSNorm(5), jp.Dense(5, 2)], jp.SquaredError(), 8, 61)
SOFT = Problem(dense(5, 4, 3, f=("sigmoid", "identity"), soft=True), jp.SquaredError(), 9, 71, "classes")
SOFT_SQUARE = Problem(
    dense(4, 4, 4, f=("sigmoid", "identity"), soft=True), jp.SquaredError(reduction="sum"), 4, 72, "classes"
)
BITS = Problem(
    dense(6, 5, 2, f=("softplus", "sigmoid")), jp.BinaryCrossEntropy(reduction="sum"), 10, 81, "bits"
)
BITS_MEAN = Problem(dense(6, 5, 2, f=("softplus", "sigmoid")), jp.BinaryCrossEntropy(), 12, 82, "bits")
TS = ("tanh", "sigmoid")
MIXED = Problem(dense(4, 5, 3, f=TS), jp.SquaredError(), 4, 91, functions=TS)
MIXED_SQUARE = Problem(dense(4, 4, 4, f=TS), jp.SquaredError(), 4, 92, functions=TS)


def layer(k: int, *more: str) -> tuple[str, ...]:
    """The words for layer k."""
    return (f"layer {k}", f"delta_{k}", f"delta{k}", f"z{k}", *more)


def wrong(code: Code, p: Problem, mistake: str, kinds: str, places: tuple[str, ...] = (), **how: Any) -> Case:
    """A case; the kinds are words with blanks between them, and `mistake` two with " & " between them."""
    name = f"{code.__name__}: {mistake} [{p.size}]"
    return Case(name, tuple(kinds.split()), places, p, code, frozenset(mistake.split(" & ")), **how)


def first(p: Problem) -> Any:
    """The record of the first case alone."""
    return p.net.forward(p.X[0], p.T[0])


HEAD = ("output", "head", "loss", "target", "delta_2", "layer 2", "delta2", "layer 3", "softmax", "J_N")

NAMED = [
    # row vectors
    wrong(two_layers, PLAIN, "t - y", "sign"),
    wrong(two_layers, PLAIN, "sum for mean", "factor"),
    wrong(two_layers, PLAIN_SUM, "mean for sum", "factor"),
    wrong(two_layers, PLAIN, "mean over n - 1", "factor"),
    wrong(two_layers, PLAIN, "2 (y - t)", "factor accumulated_twice"),
    wrong(two_layers, PLAIN, "mean over outputs", "factor"),
    wrong(two_layers, SMALL, "no f'2", "missing_derivative", layer(2)),
    wrong(two_layers, PLAIN, "no f'1", "missing_derivative", layer(1)),
    wrong(two_layers, PLAIN, "f' at a1", "derivative_at_activation", layer(1)),
    wrong(two_layers, PLAIN, "f' at a2", "derivative_at_activation", layer(2)),
    wrong(two_layers, PLAIN, "z1(1 - z1)", "derivative_at_activation", layer(1)),
    wrong(two_layers, SMALL, "z2(1 - z2)", "derivative_at_activation", layer(2)),
    wrong(two_layers, SQUARE, "f'2 for f'1", "wrong_layer_derivative", layer(1)),
    wrong(two_layers, SQUARE, "f'1 for f'2", "wrong_layer_derivative", layer(2)),
    wrong(two_layers, PLAIN, "W2 updated first", "updated_weights", layer(1, "W2", "W1")),
    wrong(two_layers, PLAIN_SUM, "W2 updated first", "updated_weights", layer(1, "W2", "W1")),
    wrong(two_layers, SMALL, "W2 updated by the sum", "updated_weights", layer(1, "W2", "W1")),
    wrong(two_layers, SQUARE_SUM, "W2 updated first", "updated_weights", layer(1, "W2", "W1")),
    wrong(two_layers, PLAIN, "W1 transposed", "layout", ("W1",)),
    wrong(two_layers, SQUARE, "W1 transposed", "layout vec_order", ("W1",)),
    wrong(two_layers, PLAIN, "all transposed", "layout", ("W1", "W2", "every", "all")),
    wrong(two_layers, PLAIN, "W2 by columns", "vec_order", ("W2",)),
    wrong(two_layers, PLAIN, "W1 shared out by rows of vec", "vec_order", ("W1",)),
    wrong(two_layers, PLAIN, "b1 left out", "missing_bias", ("b1",)),
    wrong(two_layers, PLAIN, "b2 zero", "missing_bias", ("b2",)),
    wrong(two_layers, SQUARE_SUM, "no biases", "missing_bias", ("b1", "b2", "bias")),
    wrong(two_layers, PLAIN, "penalty on b1", "regularised_bias", ("b1",)),
    wrong(two_layers, SQUARE, "penalty on biases", "regularised_bias", ("b1", "b2", "bias")),
    wrong(two_layers, SQUARE, "x for a1", "off_by_one_layer", ("W2",)),
    wrong(two_layers, SQUARE, "a2 for a1", "off_by_one_layer", ("W2",)),
    wrong(two_layers, SQUARE, "delta2 for delta1", "off_by_one_layer", layer(1, "W1", "b1")),
    wrong(two_layers, SQUARE_SUM, "names exchanged", "off_by_one_layer", ("W1", "W2", "layer 1", "layer 2")),
    wrong(two_layers, SQUARE, "delta not passed", "off_by_one_layer", layer(1, "W2", "W1")),
    wrong(two_layers, PLAIN, "b2 per case", "broadcast_not_summed", ("b2",)),
    wrong(two_layers, SQUARE, "b1 per case", "broadcast_not_summed", ("b1",)),
    wrong(two_layers, PLAIN, "b1 over units", "wrong_axis", ("b1",)),
    wrong(two_layers, SQUARE_SUM, "b2 over units", "wrong_axis", ("b2",)),
    wrong(two_layers, PLAIN, "last case left out", "dropped_case"),
    wrong(two_layers, SMALL, "first case left out", "dropped_case"),
    wrong(two_layers, PLAIN, "last case left out & mean over the rest", "dropped_case dropped_case+factor"),
    wrong(two_layers, SQUARE, "two cases left out", "dropped_case"),
    wrong(two_layers, PLAIN, "x of the last minibatch", "stale_activation", ("W1", "a0")),
    wrong(two_layers, SQUARE, "x shuffled", "stale_activation", ("W1", "a0")),
    wrong(two_layers, SMALL, "a1 of the old weights", "stale_activation", ("W2", "a1")),
    wrong(two_layers, PLAIN, "b2 negative", "sign", ("b2",)),
    wrong(two_layers, SMALL, "W1 negative", "sign", ("W1",)),
    wrong(two_layers, PLAIN, "b2 not averaged", "factor", ("b2",)),
    wrong(two_layers, PLAIN, "backward called twice", "accumulated_twice factor"),
    wrong(two_layers, SQUARE, "W1 added twice", "accumulated_twice factor", ("W1",)),
    # columns
    wrong(columns, CLASSES, "t - p", "sign"),
    wrong(columns, CLASSES_MEAN, "sum for mean", "factor"),
    wrong(columns, CLASSES, "-t/p times p", "softmax_coupling", HEAD),
    wrong(columns, CLASSES_MEAN, "-t/p times p(1 - p)", "softmax_coupling", HEAD),
    wrong(columns, CLASSES, "1 - tanh(h)^2", "derivative_at_activation", layer(1)),
    wrong(columns, CLASSES_MEAN, "1 - s^2", "derivative_at_activation", layer(1)),
    wrong(columns, CLASSES, "no tanh'", "missing_derivative", layer(1)),
    wrong(columns, CLASSES, "not turned back", "layout", ("W1", "W2", "every", "all")),
    wrong(columns, CLASSES_MEAN, "W2 not turned back", "layout vec_order", ("W2",)),
    wrong(columns, CLASSES, "reshaped back", "vec_order layout", ("W1", "W2", "every", "all")),
    wrong(columns, CLASSES_MEAN, "W2 reshaped back", "layout vec_order", ("W2",)),
    wrong(columns, CLASSES, "last case only", "dropped_case"),
    wrong(columns, CLASSES, "case 0 skipped", "dropped_case"),
    wrong(columns, CLASSES_MEAN, "every third case skipped", "dropped_case"),
    wrong(columns, CLASSES_MEAN, "d of the last case", "dropped_case", ("b2",)),
    # nodes
    wrong(nodes, RELU, "no 2", "factor"),
    wrong(nodes, RELU, "no 1/m", "factor"),
    wrong(nodes, RELU_SQUARE, "no 2/m", "factor"),
    wrong(nodes, RELU, "1/n forgotten", "factor"),
    wrong(nodes, RELU, "1/n twice", "factor"),
    wrong(nodes, RELU_SQUARE, "t - y", "sign"),
    wrong(nodes, RELU, "mask inverted", "inverted_mask", layer(1)),
    wrong(nodes, RELU_SQUARE, "mask inverted", "inverted_mask", layer(1)),
    wrong(nodes, RELU, "no mask", "missing_derivative", layer(1)),
    wrong(nodes, RELU_SQUARE, "from case 1", "dropped_case"),
    wrong(nodes, RELU, "b1 overwritten", "dropped_case", ("b1",)),
    # lists
    wrong(lists, DEEP, "no f' in layer 2", "missing_derivative", layer(2)),
    wrong(lists, DEEP, "no f' in layer 3", "missing_derivative", layer(3)),
    wrong(lists, DEEP, "no f' in layer 4", "missing_derivative", layer(4)),
    wrong(lists, DEEP_MEAN, "f' at the activation in layer 1", "derivative_at_activation", layer(1)),
    wrong(lists, DEEP_MEAN, "f' at the activation in layer 2", "derivative_at_activation", layer(2)),
    wrong(lists, DEEP, "f' below in layer 2", "wrong_layer_derivative", layer(2)),
    wrong(lists, DEEP, "f' above in layer 1", "wrong_layer_derivative", layer(1)),
    wrong(lists, DEEP, "mask inverted in layer 3", "inverted_mask", layer(3)),
    wrong(lists, DEEP, "all updated first", "updated_weights"),
    wrong(lists, DEEP_MEAN, "W3 updated first", "updated_weights", layer(2, "W3", "W2")),
    wrong(lists, DEEP, "weights of the layer below", "off_by_one_layer"),
    wrong(lists, DEEP, "deltas in reverse", "off_by_one_layer"),
    wrong(lists, DEEP, "own activation for W3", "off_by_one_layer", ("W3",)),
    wrong(lists, DEEP, "two below for W4", "off_by_one_layer", ("W4",)),
    wrong(lists, DEEP, "own activations", "off_by_one_layer"),
    wrong(lists, DEEP, "delta not passed to layer 2", "off_by_one_layer", layer(2, "W3", "W2")),
    wrong(lists, DEEP, "b3 zero", "missing_bias", ("b3",)),
    wrong(lists, DEEP_MEAN, "top bias left out", "missing_bias", ("b3",)),
    wrong(lists, DEEP, "b2 of layer 3", "off_by_one_layer", ("b2",)),
    wrong(lists, DEEP_MEAN, "decay on b2", "regularised_bias", ("b2",)),
    # the tape
    wrong(tape, SKIP, "branch forgotten", "second_use_missing", ("a1", "layer 1", "layer 3", "delta_1")),
    wrong(tape, SKIP, "trunk forgotten", "second_use_missing", ("a2", "a1", "layer 2", "layer 3", "delta_2")),
    wrong(tape, SKIP, "bias broadcast", "broadcast_not_summed", ("b1", "b2", "b4", "bias", "all")),
    wrong(tape, SKIP, "tanh' forgotten", "missing_derivative missing_derivative+missing_derivative"),
    wrong(tape, SKIP, "seeded with 2", "factor accumulated_twice"),
    wrong(tape, SKIP, "seeded with -1", "sign"),
    wrong(tape, SKIP, "not zeroed", "accumulated_twice factor"),
    # a normalisation
    wrong(normalised, NORM, "no rank one", "missing_rank_one", ("layer 2", "a2", "C2", "delta_2", "delta_1")),
    wrong(normalised, NORM, "mean over cases", "wrong_axis", ("layer 2", "a2", "C2", "delta_2", "delta_1")),
    wrong(normalised, NORM, "C2 per case", "broadcast_not_summed", ("C2",)),
    wrong(normalised, NORM, "b1 per case", "broadcast_not_summed", ("b1",)),
    wrong(normalised, NORM, "no tanh'", "missing_derivative", layer(1)),
    # softmax not fused
    wrong(softmax_squared, SOFT, "diagonal p", "softmax_coupling missing_rank_one", HEAD),
    wrong(softmax_squared, SOFT_SQUARE, "diagonal p(1 - p)", "softmax_coupling missing_rank_one", HEAD),
    wrong(softmax_squared, SOFT, "row not summed", "softmax_coupling", HEAD),
    wrong(softmax_squared, SOFT, "no softmax Jacobian", "missing_derivative softmax_coupling", HEAD),
    wrong(softmax_squared, SOFT, "softmax over cases", "wrong_axis", HEAD),
    wrong(softmax_squared, SOFT_SQUARE, "row summed over cases", "wrong_axis softmax_coupling", HEAD),
    # minibatches
    wrong(minibatches, BITS, "incomplete batch dropped", "dropped_case"),
    wrong(minibatches, BITS, "second batch twice", "accumulated_twice"),
    wrong(minibatches, BITS_MEAN, "not zeroed between batches", "accumulated_twice"),
    wrong(minibatches, BITS_MEAN, "means added", "factor"),
    wrong(minibatches, BITS, "row only", "missing_derivative", layer(2, "output", "head")),
    wrong(minibatches, BITS_MEAN, "softplus' at h", "derivative_at_activation", layer(1)),
    wrong(minibatches, BITS_MEAN, "no softplus'", "missing_derivative", layer(1)),
    wrong(minibatches, BITS, "t - q", "sign"),
]


def of_array(code: Code, p: Problem, mistake: str, kinds: str, reference: Callable[[Problem], Any]) -> Case:
    """An array against a Jacobian, or against an array."""
    return wrong(code, p, mistake, kinds, against=reference)


def by_input(p: Problem) -> Any:
    return first(p).jacobian("a2", "a0")


def by_weights(p: Problem) -> Any:
    return first(p).jacobian("a1", "W1")


def soft_layer(p: Problem) -> Any:
    return first(p).layer(3).J_soft


def norm_layer(p: Problem) -> Any:
    return first(p).layer(2).J_Y


def b1_alone(p: Problem) -> Any:
    return p.record.gradients()["b1"]


ARRAYS = [
    of_array(jacobian_by_input, MIXED, "gradient's layout", "layout", by_input),
    of_array(jacobian_by_input, MIXED_SQUARE, "gradient's layout", "layout", by_input),
    of_array(jacobian_by_input, MIXED, "negative", "sign", lambda p: by_input(p).toarray()),
    of_array(jacobian_by_input, MIXED, "doubled", "factor accumulated_twice", by_input),
    of_array(jacobian_by_weights, MIXED, "units last", "layout", by_weights),
    of_array(jacobian_by_weights, MIXED_SQUARE, "units last", "layout", lambda p: by_weights(p).tensor()),
    of_array(jacobian_by_weights, MIXED, "vec by columns", "vec_order", by_weights),
    of_array(weights_as_matrix, MIXED, "vec by columns", "vec_order", by_weights),
    of_array(softmax_jacobian, SOFT, "diagonal s", "softmax_coupling missing_rank_one", soft_layer),
    of_array(softmax_jacobian, SOFT_SQUARE, "diagonal s(1 - s)", "softmax_coupling", soft_layer),
    of_array(softmax_jacobian, SOFT, "times m", "factor", lambda p: soft_layer(p).toarray()),
    of_array(softmax_jacobian, SOFT, "negative", "sign", soft_layer),
    of_array(norm_jacobian, NORM, "no rank one", "missing_rank_one", norm_layer),
    of_array(norm_jacobian, NORM, "transposed", "layout", norm_layer),
    of_array(
        stack_by_input, MIXED, "cases last", "wrong_axis layout", lambda p: p.record.jacobian("a2", "a0")
    ),
    of_array(stack_by_input, MIXED, "each transposed", "layout", lambda p: p.record.jacobian("a2", "a0")),
    of_array(bias_gradient, PLAIN, "per case", "broadcast_not_summed", b1_alone),
    of_array(bias_gradient, SQUARE, "per case", "broadcast_not_summed", b1_alone),
]


def chain_of(p: Problem) -> Any:
    return first(p).chain("L", "W1")


def chain_of_all(p: Problem) -> Any:
    return p.record.chain("L", "W1")


TOP = ("J_a2^L", "factor 1", "J_N", "factors[0]")
MIDDLE = ("J_a1^a2", "factor 2", "factors[1]", "layer 2")
LAST = ("J_W1^a1", "factor 3", "factors[2]", "layer 1", "W1")
SOFT_PLACE = ("J^soft", "factor 2", "factors[1]", "layer 3")
THIRD = ("J_a1^a2", "factor 3", "factors[2]", "layer 2")
FOURTH = ("J_W1^a1", "factor 4", "factors[3]", "layer 1", "W1")

CHAINS = [
    wrong(factors, MIXED, "t - y", "sign", TOP, against=chain_of),
    wrong(factors, MIXED, "2 (y - t)", "factor accumulated_twice", TOP, against=chain_of),
    wrong(factors, MIXED, "no f' in J_Y", "missing_derivative", MIDDLE, against=chain_of),
    wrong(factors, MIXED, "J_Y transposed", "layout", MIDDLE, against=chain_of),
    wrong(factors, MIXED_SQUARE, "J_Y transposed", "layout", MIDDLE, against=chain_of),
    wrong(factors, MIXED, "f' at a2 in J_Y", "derivative_at_activation", MIDDLE, against=chain_of),
    wrong(factors, MIXED, "no f' in J_W", "missing_derivative", LAST, against=chain_of),
    wrong(factors, MIXED, "J_W units last", "layout", LAST, against=chain_of),
    wrong(factors, MIXED, "J_W vec by columns", "vec_order", LAST, against=chain_of),
    wrong(
        soft_factors,
        SOFT,
        "diagonal s",
        "softmax_coupling missing_rank_one",
        SOFT_PLACE,
        against=chain_of_all,
    ),
    wrong(soft_factors, SOFT, "J_soft negative", "sign", SOFT_PLACE, against=chain_of_all),
    wrong(
        soft_factors, SOFT_SQUARE, "W2 for W2.T", "layout weight_not_transposed", THIRD, against=chain_of_all
    ),
    wrong(soft_factors, SOFT_SQUARE, "W2 updated", "updated_weights", THIRD, against=chain_of_all),
    wrong(norm_factors, NORM, "no rank one", "missing_rank_one", THIRD, against=chain_of),
    wrong(norm_factors, NORM, "no tanh'", "missing_derivative", FOURTH, against=chain_of),
    wrong(norm_factors, NORM, "J_W negative", "sign", FOURTH, against=chain_of),
]

OUTSIDE = [
    wrong(two_layers, SQUARE, "W2 for W2.T", "weight_not_transposed layout", layer(1, "W2", "W1")),
    wrong(columns, CLASSES_MEAN, "W for W.T", "weight_not_transposed layout", layer(1, "W2", "W1")),
    wrong(lists, DEEP, "W3 not transposed", "weight_not_transposed layout", layer(2, "W3", "W2")),
    wrong(two_layers, PLAIN, "y for y - t", "missing_target", HEAD),
    wrong(columns, CLASSES, "p for p - t", "missing_target", HEAD),
    wrong(two_layers, PLAIN, "f'2 twice", "derivative_twice", layer(2)),
    wrong(columns, CLASSES, "tanh' twice", "derivative_twice", layer(1)),
    wrong(minibatches, BITS, "times q(1 - q)", "derivative_twice", layer(2, "output", "head")),
    wrong(columns, CLASSES, "times p(1 - p)", "derivative_twice softmax_coupling", HEAD),
    wrong(two_layers, PLAIN, "1 - a1^2", "wrong_derivative derivative_at_activation", layer(1)),
    wrong(columns, CLASSES, "h(1 - h)", "wrong_derivative derivative_at_activation", layer(1)),
    wrong(lists, DEEP, "sigmoid' in layer 2", "wrong_derivative wrong_layer_derivative", layer(2)),
    wrong(
        two_layers,
        PLAIN,
        "no b1 forward",
        "forward_bias_forgotten stale_activation missing_bias",
        layer(1, "b1"),
    ),
    wrong(nodes, RELU, "= for +=", "sum_not_added dropped_case wrong_axis", layer(1, "W2")),
    wrong(nodes, RELU, "mask of the delta", "wrong_derivative inverted_mask", layer(1)),
    wrong(nodes, RELU, "z1 for a1", "sum_for_activation stale_activation off_by_one_layer", ("W2",)),
    wrong(
        normalised,
        NORM,
        "no gain backward",
        "gain_forgotten missing_derivative",
        ("layer 2", "C2", "delta_1"),
    ),
    wrong(normalised, NORM, "sum for the mean", "factor missing_rank_one", ("layer 2", "delta_1", "a2")),
    wrong(normalised, NORM, "plus rank one", "sign missing_rank_one", ("layer 2", "delta_1", "a2")),
    wrong(normalised, NORM, "gain by y", "stale_activation off_by_one_layer", ("C2",)),
    wrong(normalised, NORM, "y for a2", "off_by_one_layer", ("W3",)),
    wrong(minibatches, BITS, "mean of means", "mean_of_means factor"),
    wrong(tape, SKIP, "branch counted twice", "accumulated_twice", ("a1", "layer 1", "layer 3", "delta_1")),
    wrong(lists, DEEP, "no f' in hidden layers", "missing_derivative missing_derivative+missing_derivative"),
    wrong(columns, CLASSES, "W updated in the loop", "updated_weights", layer(1, "W2", "W1")),
]

CASES = [*NAMED, *ARRAYS, *CHAINS, *OUTSIDE]

PAIRS = [
    wrong(two_layers, PLAIN, "t - y & sum for mean", "sign+factor"),
    wrong(two_layers, PLAIN, "no f'1 & sum for mean", "missing_derivative+factor"),
    wrong(two_layers, PLAIN, "t - y & no f'2", "sign+missing_derivative"),
    wrong(two_layers, PLAIN, "no f'1 & no f'2", "missing_derivative+missing_derivative missing_derivative"),
    wrong(two_layers, PLAIN, "W1 transposed & b2 zero", "layout+missing_bias"),
    wrong(two_layers, PLAIN, "last case left out & t - y", "dropped_case+sign"),
    wrong(two_layers, SQUARE, "f' at a1 & b2 per case", "derivative_at_activation+broadcast_not_summed"),
    wrong(columns, CLASSES, "no tanh' & t - p", "missing_derivative+sign"),
    wrong(columns, CLASSES_MEAN, "-t/p times p & sum for mean", "softmax_coupling+factor"),
    wrong(nodes, RELU, "mask inverted & no 2", "inverted_mask+factor"),
    wrong(lists, DEEP, "no f' in layer 2 & own activation for W3", "missing_derivative+off_by_one_layer"),
    wrong(softmax_squared, SOFT, "diagonal p & sign", "softmax_coupling+sign"),
    wrong(minibatches, BITS, "incomplete batch dropped & no softplus'", "dropped_case+missing_derivative"),
    wrong(normalised, NORM, "no rank one & C2 per case", "missing_rank_one+broadcast_not_summed"),
    wrong(
        tape,
        SKIP,
        "branch forgotten & seeded with 2",
        "second_use_missing+factor second_use_missing+accumulated_twice",
    ),
]


def right(name: str, code: Code, p: Problem, how: str = "", **more: Any) -> Case:
    return Case(f"right: {name}", ("ok",), (), p, code, frozenset({how} - {""}), **more)


def with_target(p: Problem, T: Any) -> Problem:
    """The same problem with other targets."""
    other = replace(p)
    other.__dict__["T"] = np.asarray(T)
    return other


def one_neuron(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    """No hidden layer: a sigmoid, cross-entropy."""
    q = FUNCTIONS["sigmoid"](p.X @ p.arrays["W1"] + p.arrays["b1"])
    return {"W1": p.X.T @ (q - p.T) / p.cases, "b1": (q - p.T).mean(axis=0)}


def without_bias(p: Problem, m: frozenset[str]) -> dict[str, Any]:
    """Two layers that have no biases: nothing is missing."""
    W1, W2 = p.arrays["W1"], p.arrays["W2"]
    h = np.tanh(p.X @ W1)
    delta = h @ W2 - p.T
    return {"W1": p.X.T @ ((delta @ W2.T) * (1 - h**2)) / p.cases, "W2": h.T @ delta / p.cases}


ONE_CASE = replace(PLAIN, cases=1)
TWINS = with_target(replace(PLAIN, cases=2), np.ones((2, 3)))
TWINS.__dict__["X"] = np.repeat(PLAIN.X[:1], 2, axis=0)
NEURON = Problem(dense(3, 1, f=("sigmoid",)), jp.BinaryCrossEntropy(), 6, 95, "bits")
BIASLESS = Problem(
    lambda: [jp.Dense(3, 4, "tanh", bias=False), jp.Dense(4, 2, bias=False)], jp.SquaredError(), 5, 96
)

RIGHT = [
    right("one case", two_layers, ONE_CASE),
    right("two cases that are equal", two_layers, TWINS),
    right(
        "every target hit, so that all gradients vanish", two_layers, with_target(PLAIN, PLAIN.net(PLAIN.X))
    ),
    right("a single neuron", one_neuron, NEURON),
    right("no biases in the network", without_bias, BIASLESS),
    right("rows, mean", two_layers, PLAIN),
    right("rows, sum", two_layers, SQUARE_SUM),
    right("columns", columns, CLASSES),
    right("nodes", nodes, RELU),
    right("deltas in a list", lists, DEEP),
    right("deltas in a list, mean", lists, DEEP_MEAN),
    right("tape", tape, SKIP),
    right("normalisation", normalised, NORM),
    right("softmax, not fused", softmax_squared, SOFT),
    right("minibatches added up", minibatches, BITS),
    right("minibatches added up, mean", minibatches, BITS_MEAN),
    right("added up from the last case", backwards_sums, PLAIN),
    right("complex step", by_differences, PLAIN, "complex"),
    right("central differences", by_differences, PLAIN, "central"),
    right("forward differences", by_differences, SQUARE, "forward"),
    right("forward differences, sum", by_differences, PLAIN_SUM, "forward"),
    right("float32", in_float32, PLAIN),
    right("float32, sum", in_float32, SQUARE_SUM),
    right("float32, returned as float64", in_float32, PLAIN, "widened"),
    right("Jacobian", jacobian_by_input, MIXED_SQUARE, against=by_input),
    right("Jacobian by weights", jacobian_by_weights, MIXED, against=by_weights),
    right("matrix by weights", weights_as_matrix, MIXED, against=by_weights),
    right("softmax Jacobian", softmax_jacobian, SOFT, against=soft_layer),
    right("norm Jacobian", norm_jacobian, NORM, against=norm_layer),
    right("stack of Jacobians", stack_by_input, MIXED, against=lambda p: p.record.jacobian("a2", "a0")),
    right("chain", factors, MIXED, against=chain_of),
    right("chain with a normalisation", norm_factors, NORM, against=chain_of),
    right("chain of a stack", soft_factors, SOFT, against=chain_of_all),
]


# ---- one mistake each, and not a small one ----


def _arrays(thing: Any) -> dict[str, Any]:
    """What is compared, by name."""
    if isinstance(thing, dict):
        return thing
    if isinstance(thing, list):
        return {str(k): np.asarray(f) for k, f in enumerate(thing)}
    if isinstance(thing, jp.Chain):
        return {str(k): f.tensor() for k, f in enumerate(thing.factors)}
    if hasattr(thing, "gradients"):
        return dict(thing.gradients())
    return {"J": thing if isinstance(thing, np.ndarray) else thing.tensor()}


def distance(candidate: Any, reference: Any) -> float:
    """The largest relative distance of the arrays; infinite where a name or a shape differs."""
    ours, theirs = _arrays(candidate), _arrays(reference)
    if ours.keys() != theirs.keys():
        return np.inf
    worst = 0.0
    for name, value in theirs.items():
        mine = np.asarray(ours[name])
        if name == "J" and mine.size == value.size and mine.shape == (value.shape[0], value[0].size):
            mine = mine.reshape(value.shape)
        if mine.shape != value.shape:
            return np.inf
        worst = max(worst, float(np.linalg.norm(mine - value) / max(np.linalg.norm(value), 1e-9)))
    return worst


def assert_one_mistake(case: Case) -> None:
    """The code with its mistake differs clearly from the library; without it, not at all."""
    reference = case.reference()
    without = distance(case.corrected(), reference)
    assert without < 1e-10, f"{case.name}: wrong even without its mistake, {without:.1e}"
    gap = distance(case.candidate(), reference)
    assert gap > 1e-3, f"{case.name}: the mistake makes no difference here, {gap:.1e}"


def assert_right(case: Case) -> None:
    """The gradient is right to the accuracy of its arithmetic: float32, or differences of the loss."""
    gap = distance(case.candidate(), case.reference())
    assert gap < 3e-6, f"{case.name}: {gap:.1e}"
