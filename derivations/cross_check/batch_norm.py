"""Batch normalisation: in training the whole batch is one case, in use each case is its own."""

from typing import Any

import numpy as np

import jacobprop as jp

from .agreement import Agreement, Letters
from .layers import GivenRow

BATCH = {"C": "m", "b": "m", "y": "N m", "eps": ""}
WITH_ROWS = {**BATCH, "L'": "N m"}
HELD = {"C": "m", "b": "m", "y": "m", "mean": "m", "var": "m", "eps": ""}


def training(x: Letters) -> jp.Record:
    """z = C u + b by the statistics of y, with the given rows on top if there are any."""
    layer = jp.BatchNorm(x["y"].shape[1], epsilon=float(x["eps"]))
    net = jp.Network([layer], loss=GivenRow(reduction="sum")).in_training()
    return net.with_parameters({"C1": x["C"], "b1": x["b"]}).forward(x["y"], x.get("L'"))


def units(x: Letters) -> Any:
    """u: what comes out for C = 1 and b = 0."""
    zero = 0 * x["y"][0]
    return training({**x, "C": zero + 1, "b": zero}).output


def held(x: Letters) -> jp.Record:
    """z = C (y - mean) / (var + eps)^(1/2) + b by given statistics."""
    mean, variance = x["mean"].astype(float), x["var"].astype(float)
    layer = jp.BatchNorm.from_statistics(mean, variance, epsilon=float(x["eps"]))
    return jp.Network([layer]).with_parameters({"C1": x["C"], "b1": x["b"]}).forward(x["y"])


def block_sums(x: Letters, axis: int) -> Any:
    """The sums of the Jacobian (c, k, h, q) over the cases c or h."""
    return np.sum(training(x).jacobian("a1", "a0").tensor(), axis=axis)


AGREEMENTS = (
    Agreement("norm_centred", "u.sum(axis=0)", "k", {"y": "N m", "eps": ""}, lambda x: units(x).sum(axis=0)),
    Agreement(
        "norm_length",
        "(u**2).sum(axis=0)",
        "k",
        {"y": "N m", "eps": ""},
        lambda x: (units(x) ** 2).sum(axis=0),
    ),
    Agreement("norm_J", 'jacobian("a1", "a0")', "c k h q", BATCH, lambda x: training(x).jacobian("a1", "a0")),
    Agreement("norm_C", 'jacobian("a1", "C1")', "c k q", BATCH, lambda x: training(x).jacobian("a1", "C1")),
    Agreement("norm_b", 'jacobian("a1", "b1")', "c k q", BATCH, lambda x: training(x).jacobian("a1", "b1")),
    Agreement("norm_cols", "its sum over c", "k h q", BATCH, lambda x: block_sums(x, axis=0)),
    Agreement("norm_rows", "its sum over h", "c k q", BATCH, lambda x: block_sums(x, axis=2)),
    Agreement("norm_Y_L", 'jacobian("L", "a0")', "h q", WITH_ROWS, lambda x: training(x).jacobian("L", "a0")),
    Agreement("norm_C_L", 'gradients()["C1"]', "q", WITH_ROWS, lambda x: training(x).gradients()["C1"]),
    Agreement("norm_b_L", 'gradients()["b1"]', "q", WITH_ROWS, lambda x: training(x).gradients()["b1"]),
    Agreement("held_J", "layer(1).J_Y, in use", "k q", HELD, lambda x: held(x).layer(1).J_Y),
    Agreement("held_C", 'jacobian("a1", "C1"), in use', "k q", HELD, lambda x: held(x).jacobian("a1", "C1")),
    Agreement("held_b", "layer(1).J_b, in use", "k q", HELD, lambda x: held(x).layer(1).J_b),
)
