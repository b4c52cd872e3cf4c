"""Layers, weights and minibatches: the formulas that a record, a chain or a gradient returns.

The layers are tanh and sigmoid, because ``agreement.FUNCTIONS`` says so of f and g.
"""

from typing import Any

import numpy as np

import jacobprop as jp

from .agreement import Agreement, Letters

LAYER = {"w": "n m", "b": "m", "y": "n"}
WITH_ROW = {**LAYER, "L'": "m"}
BATCH = {"w": "n m", "b": "m", "y": "N n", "L'": "N m"}
TWO = {"x": "n", "v": "n m", "a": "m", "w": "m d", "b": "d"}
SUMS = {"s": "m"}
AT_SUMS = {"r": "m", "w": "m d", "b": "d", "L'": "d"}
DELTA_ABOVE = {"x": "n", "v": "n m", "a": "m", "w": "m d", "delta'": "d"}

SIGMOID, TANH = jp.activations.get("sigmoid"), jp.activations.get("tanh")


class GivenRow(jp.Loss):
    """L = sum_k t_k z_k: the loss whose row is the target, so that any row can be put on top."""

    def value(self, y: Any, t: Any) -> Any:
        return np.asarray((y * t).sum(axis=-1))

    def row(self, y: Any, t: Any) -> Any:
        return np.asarray(t + 0 * y)


def one(x: Letters, reduction: str = "mean") -> jp.Record:
    """z = tanh(y W + b), with the given row on top if there is one."""
    net = jp.Network([jp.Dense.from_arrays(x["w"], x["b"], "tanh")], loss=GivenRow(reduction=reduction))
    return net.forward(x["y"], x.get("L'"))


def two(x: Letters) -> jp.Record:
    """y = sigmoid(x V + a), z = tanh(y W + b)."""
    layers = [jp.Dense.from_arrays(x["v"], x["a"], "sigmoid"), jp.Dense.from_arrays(x["w"], x["b"], "tanh")]
    return jp.Network(layers, loss=GivenRow()).forward(x["x"], x.get("L'"))


def linear(x: Letters) -> jp.Record:
    """s = y W + b."""
    return jp.Network([jp.Dense.from_arrays(x["w"], x["b"])], loss=jp.SquaredError()).forward(x["y"])


def slopes(x: Letters, activation: str | jp.Activation) -> jp.Jacobian:
    """J_Sum of a layer whose sums are given: z = f(s I)."""
    net = jp.Network([at_sums(x["s"], activation)], loss=jp.SquaredError())
    return net.forward(x["s"]).layer(1).J_Sum


def at_sums(s: Any, activation: str | jp.Activation) -> jp.Dense:
    """z = f(s I): a layer whose sums are its inputs."""
    return jp.Dense.from_arrays(0 * s[:, None] + np.eye(len(s), dtype=int), None, activation)


def above_sums(x: Letters) -> jp.Record:
    """y = sigmoid(r), z = tanh(y W + b), with the given row on top."""
    layers = [at_sums(x["r"], "sigmoid"), jp.Dense.from_arrays(x["w"], x["b"], "tanh")]
    return jp.Network(layers, loss=GivenRow()).forward(x["r"], x["L'"])


def below_delta(x: Letters) -> jp.Record:
    """y = sigmoid(x V + a), s = y W, with the delta of the sums s on top."""
    layers = [jp.Dense.from_arrays(x["v"], x["a"], "sigmoid"), jp.Dense.from_arrays(x["w"])]
    return jp.Network(layers, loss=GivenRow()).forward(x["x"], x["delta'"])


def between_cases(record: jp.Record) -> Any:
    """The Jacobian of each case as a block on the diagonal: the library stores no zeros between cases."""
    blocks = record.jacobian("a1", "a0").tensor()
    cases = len(blocks)
    full = np.zeros((cases, cases, *blocks.shape[1:]), dtype=blocks.dtype)
    full[np.arange(cases), np.arange(cases)] = blocks
    return full


AGREEMENTS = (
    Agreement("J_Y_Sum", "layer(1).J_Y, f = identity", "k i", LAYER, lambda x: linear(x).layer(1).J_Y),
    Agreement("J_W_Sum", "layer(1).J_W, f = identity", "k i j", LAYER, lambda x: linear(x).layer(1).J_W),
    Agreement("J_b_Sum", "layer(1).J_b, f = identity", "k j", LAYER, lambda x: linear(x).layer(1).J_b),
    Agreement("J_Sum_Z", "layer(1).J_Sum", "k j", SUMS, lambda x: slopes(x, "tanh")),
    Agreement("J_linear", "J_Sum, identity", "k j", SUMS, lambda x: slopes(x, "identity")),
    Agreement("J_sigmoid", "J_Sum, sigmoid", "k j", SUMS, lambda x: slopes(x, "sigmoid")),
    Agreement("J_tanh", "J_Sum, tanh", "k j", SUMS, lambda x: slopes(x, "tanh")),
    Agreement("J_softplus", "J_Sum, softplus", "k j", SUMS, lambda x: slopes(x, "softplus")),
    Agreement(
        "sig_curve",
        'get("sigmoid").derivative(s, 2)',
        "k j",
        SUMS,
        lambda x: np.diag(SIGMOID.derivative(x["s"], order=2)),
    ),
    Agreement("J_Y_Z", "layer(1).J_Y", "k i", LAYER, lambda x: one(x).layer(1).J_Y),
    Agreement("J_W_Z", "layer(1).J_W", "k i j", LAYER, lambda x: one(x).layer(1).J_W),
    Agreement("J_b_Z", "layer(1).J_b", "k j", LAYER, lambda x: one(x).layer(1).J_b),
    Agreement("J_W_hat", "layer(1).J_W_hat", "i k", LAYER, lambda x: one(x).layer(1).J_W_hat),
    Agreement("J_W_full", "layer(1).J_W", "k i j", LAYER, lambda x: one(x).layer(1).J_W),
    Agreement("J_W_L", 'jacobian("L", "W1")', "i j", WITH_ROW, lambda x: one(x).jacobian("L", "W1")),
    Agreement("J_b_L", 'jacobian("L", "b1")', "j", WITH_ROW, lambda x: one(x).jacobian("L", "b1")),
    Agreement("J_Y_L", 'jacobian("L", "a0")', "i", WITH_ROW, lambda x: one(x).jacobian("L", "a0")),
    Agreement("J_X_Z", 'jacobian("a2", "a0")', "o i", TWO, lambda x: two(x).jacobian("a2", "a0")),
    Agreement("J_V_Z", 'jacobian("a2", "W1")', "o i j", TWO, lambda x: two(x).jacobian("a2", "W1")),
    Agreement("delta_step", 'jacobian("L", "z1")', "j", AT_SUMS, lambda x: above_sums(x).jacobian("L", "z1")),
    Agreement(
        "grad_V", 'jacobian("L", "W1")', "i j", DELTA_ABOVE, lambda x: below_delta(x).jacobian("L", "W1")
    ),
    Agreement("aug_sum", "net(y)", "k", LAYER, lambda x: linear(x).output),
    Agreement("J_silu", "layer(1).J_Sum, f = silu", "k j", SUMS, lambda x: slopes(x, "silu")),
    Agreement("J_gelu", "layer(1).J_Sum, f = gelu", "k j", SUMS, lambda x: slopes(x, "gelu")),
    Agreement("sig_mirror", 'get("sigmoid").value(-s)', "k", SUMS, lambda x: SIGMOID.value(-x["s"])),
    Agreement("sig_even", 'get("sigmoid").derivative(s)', "k", SUMS, lambda x: SIGMOID.derivative(x["s"])),
    Agreement("sig_bound", 'get("sigmoid").derivative(s)', "k", SUMS, lambda x: SIGMOID.derivative(x["s"])),
    Agreement("tanh_sig", 'get("tanh").value(s)', "k", SUMS, lambda x: TANH.value(x["s"])),
    Agreement("tanh_even", 'get("tanh").derivative(s)', "k", SUMS, lambda x: TANH.derivative(x["s"])),
    Agreement("batch_J", 'jacobian("a1", "a0")', "c h k i", BATCH, lambda x: between_cases(one(x))),
    Agreement("batch_W", 'gradients()["W1"], sum', "i j", BATCH, lambda x: one(x, "sum").gradients()["W1"]),
    Agreement("batch_b", 'gradients()["b1"], sum', "j", BATCH, lambda x: one(x, "sum").gradients()["b1"]),
    Agreement("batch_mean", 'gradients()["W1"], mean', "i j", BATCH, lambda x: one(x).gradients()["W1"]),
)
