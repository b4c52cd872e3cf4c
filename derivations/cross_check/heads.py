"""Softmax and the losses: J^soft, its products, the rows of the losses and the rows at the sums below."""

from typing import Any

import numpy as np

import jacobprop as jp
from jacobprop.layers import SumLayer

from .agreement import Agreement, Letters
from .layers import at_sums

Z, Z_T = {"z": "m"}, {"z": "m", "t": "m"}
S_T = {"s": "m", "t": "m"}
Y_T = {"y": "m", "t": "m"}


def softmax(x: Letters) -> jp.Record:
    """The forward pass of a network that is a softmax alone."""
    return jp.Network([jp.Softmax()], loss=jp.SquaredError()).forward(x["z"], x.get("t"))


def J_soft(x: Letters) -> Any:
    """diag(p) - p p^T, as the layer makes it."""
    return softmax(x).layer(1).J_soft


def log_softmax(x: Letters) -> jp.Record:
    """The forward pass of a network that is a log-softmax alone."""
    net = jp.Network([jp.LogSoftmax()], loss=jp.NegativeLogLikelihood())
    return net.forward(x["z"], x.get("t"))


def J_log(x: Letters) -> Any:
    """I - 1 p^T, as the layer makes it."""
    return log_softmax(x).layer(1).J_Sum


def bend(x: Letters, layer: SumLayer) -> Any:
    """How the layer's J_Sum moves along v."""
    return layer.J_Sum_tangent(layer.forward({}, (x["z"],))[1], x["v"])


def squared_root(x: Letters) -> Any:
    """S S^T of the cross-entropy, for targets that sum to 1."""
    label = 0 * x["z"] + np.eye(len(x["z"]), dtype=int)[0]
    S = jp.CrossEntropy().hessian_root(x["z"], label)
    return S.tensor() @ S.T.tensor()


def half_squares(x: Letters) -> Any:
    """The row of the squared error at the sums of a sigmoid layer."""
    net = jp.Network([at_sums(x["s"], "sigmoid")], loss=jp.SquaredError())
    return net.forward(x["s"], x["t"]).jacobian("L", "z1")


def for_each_label(x: Letters, call: Any) -> Any:
    """What the cross-entropy says for each class in turn as the label."""
    labels = 0 * x["z"] + np.eye(len(x["z"]), dtype=int)
    return np.stack([call(x["z"], label) for label in labels])


AGREEMENTS = (
    Agreement("soft_sum", "softmax(z).sum()", "", Z, lambda x: softmax(x).output.sum()),
    Agreement("J_soft", "layer(1).J_soft", "k q", Z, lambda x: J_soft(x)),
    Agreement("J_soft_sym", "layer(1).J_soft.T", "k q", Z, lambda x: J_soft(x).T),
    Agreement("J_soft_rows", "J_soft.push(1)", "k", Z, lambda x: J_soft(x).push(x["z"] * 0 + 1)),
    Agreement("J_soft_cols", "J_soft.pull(1)", "q", Z, lambda x: J_soft(x).pull(x["z"] * 0 + 1)),
    Agreement("J_soft_diag", "the diagonal of J_soft", "k", Z, lambda x: np.diagonal(J_soft(x).tensor())),
    Agreement("soft_pull", "J_soft.pull(g)", "q", {"z": "m", "g": "m"}, lambda x: J_soft(x).pull(x["g"])),
    Agreement("J_log_soft", "layer(1).J_Sum", "k q", Z, lambda x: J_log(x)),
    Agreement("J_log_asym", "J_Sum - J_Sum.T", "k q", Z, lambda x: J_log(x).tensor() - J_log(x).T.tensor()),
    Agreement("log_pull", "J_Sum.pull(g)", "q", {"z": "m", "g": "m"}, lambda x: J_log(x).pull(x["g"])),
    Agreement(
        "NLL_row",
        "NegativeLogLikelihood().row",
        "k",
        Y_T,
        lambda x: jp.NegativeLogLikelihood().row(x["y"], x["t"]),
    ),
    Agreement("NLL_log_soft", 'jacobian("L", "a0")', "q", Z_T, lambda x: log_softmax(x).jacobian("L", "a0")),
    Agreement("soft_push", "J_soft.push(v)", "k", {"z": "m", "v": "m"}, lambda x: J_soft(x).push(x["v"])),
    Agreement(
        "soft_form", "v . J_soft.push(v)", "", {"z": "m", "v": "m"}, lambda x: x["v"] @ J_soft(x).push(x["v"])
    ),
    Agreement(
        "SSE_row",
        "SquaredError().row",
        "k",
        {"z": "m", "t": "m"},
        lambda x: jp.SquaredError().row(x["z"], x["t"]),
    ),
    Agreement(
        "MSE_row",
        "MeanSquaredError().row",
        "k",
        {"z": "m", "t": "m"},
        lambda x: jp.MeanSquaredError().row(x["z"], x["t"]),
    ),
    Agreement(
        "CE_row",
        "CrossEntropy().row",
        "k",
        {"p": "m", "t": "m"},
        lambda x: jp.CrossEntropy().row(x["p"], x["t"]),
    ),
    Agreement(
        "BCE_row",
        "BinaryCrossEntropy().row",
        "k",
        {"z": "m", "t": "m"},
        lambda x: jp.BinaryCrossEntropy().row(x["z"], x["t"]),
    ),
    Agreement(
        "BCE_sigmoid",
        "BinaryCrossEntropy().head_row",
        "k",
        S_T,
        lambda x: jp.BinaryCrossEntropy().head_row(x["s"], x["t"]),
    ),
    Agreement("SSE_sigmoid", 'jacobian("L", "z1")', "k", S_T, half_squares),
    Agreement("SSE_softmax", 'jacobian("L", "a0")', "q", Z_T, lambda x: softmax(x).jacobian("L", "a0")),
    Agreement(
        "CE_soft", "CrossEntropy().head_row", "q", Z_T, lambda x: jp.CrossEntropy().head_row(x["z"], x["t"])
    ),
    Agreement(
        "CE_Hessian",
        "CrossEntropy().hessian",
        "k q",
        Z_T,
        lambda x: jp.CrossEntropy().hessian(x["z"], x["t"]),
    ),
    Agreement(
        "BCE_Hessian",
        "BinaryCrossEntropy().hessian",
        "k q",
        S_T,
        lambda x: jp.BinaryCrossEntropy().hessian(x["s"], x["t"]),
    ),
    Agreement("CE_root", "CrossEntropy().hessian_root squared", "k q", Z, squared_root),
    Agreement(
        "soft_bend", "Softmax().J_Sum_tangent", "k q", {"z": "m", "v": "m"}, lambda x: bend(x, jp.Softmax())
    ),
    Agreement(
        "log_bend",
        "LogSoftmax().J_Sum_tangent",
        "k q",
        {"z": "m", "v": "m"},
        lambda x: bend(x, jp.LogSoftmax()),
    ),
    Agreement("soft_shift", "softmax(z + 1)", "k", Z, lambda x: softmax({"z": x["z"] + 1}).output),
    Agreement(
        "soft_var", "v . J_soft.push(v)", "", {"z": "m", "v": "m"}, lambda x: x["v"] @ J_soft(x).push(x["v"])
    ),
    Agreement(
        "CE_label",
        "CrossEntropy().head_value",
        "l",
        Z,
        lambda x: for_each_label(x, jp.CrossEntropy().head_value),
    ),
    Agreement(
        "CE_label_row",
        "CrossEntropy().head_row",
        "l q",
        Z,
        lambda x: for_each_label(x, jp.CrossEntropy().head_row),
    ),
    Agreement(
        "CE_label_acc",
        "its entry at the label",
        "l",
        Z,
        lambda x: np.diagonal(for_each_label(x, jp.CrossEntropy().head_row)),
    ),
)
