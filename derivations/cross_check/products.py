"""The page of product rules: A @ B, push and pull, and the Gram matrix, against their index formulas."""

from typing import Any

import jacobprop as jp

from .agreement import Agreement, Letters

DENSE, DIAGONAL, LOW_RANK = jp.DenseJacobian, jp.DiagonalJacobian, jp.DiagonalPlusLowRankJacobian
SCALED, LEFT = jp.ScaledJacobian, jp.WeightJacobian

LOW = {"diag": "m", "U": "m r", "V": "m r"}
GRAM = {"left": "d m", "left'": "d m", "y": "n", "y'": "n"}


def low(x: Letters) -> jp.Jacobian:
    """diag + U V^T."""
    return LOW_RANK(x["diag"], x["U"], x["V"])


def scaled(x: Letters) -> jp.Jacobian:
    """diag(rows) M diag(cols)."""
    return SCALED(x["rows"], x["M"], x["cols"])


def gram(x: Letters) -> Any:
    """J J'^T of two weight Jacobians, without either of them written out."""
    return (LEFT(x["left"], x["y"]) @ LEFT(x["left'"], x["y'"]).T).tensor()


def gram_with_bias(x: Letters) -> Any:
    """The same with the biases' Jacobians, which are the lefts."""
    return gram(x) + (DENSE(x["left"]) @ DENSE(x["left'"]).T).tensor()


AGREEMENTS = (
    Agreement(
        "diag_diag",
        "diagonal @ diagonal",
        "k q",
        {"diag": "m", "diag'": "m"},
        lambda x: DIAGONAL(x["diag"]) @ DIAGONAL(x["diag'"]),
    ),
    Agreement(
        "diag_scaled",
        "diagonal @ scaled",
        "k i",
        {"diag": "m", "rows": "m", "M": "m n", "cols": "n"},
        lambda x: DIAGONAL(x["diag"]) @ scaled(x),
    ),
    Agreement(
        "scaled_diag",
        "scaled @ diagonal",
        "k i",
        {"diag": "n", "rows": "m", "M": "m n", "cols": "n"},
        lambda x: scaled(x) @ DIAGONAL(x["diag"]),
    ),
    Agreement(
        "low_dense",
        "low rank @ dense",
        "k i",
        {**LOW, "M": "m n"},
        lambda x: low(x) @ DENSE(x["M"]),
    ),
    Agreement(
        "diag_low",
        "diagonal @ low rank",
        "k q",
        {**LOW, "diag'": "m"},
        lambda x: DIAGONAL(x["diag'"]) @ low(x),
    ),
    Agreement(
        "low_diag",
        "low rank @ diagonal",
        "k q",
        {**LOW, "diag'": "m"},
        lambda x: low(x) @ DIAGONAL(x["diag'"]),
    ),
    Agreement(
        "low_low",
        "low rank @ low rank",
        "k q",
        {**LOW, "diag'": "m", "P": "m d", "Q": "m d"},
        lambda x: low(x) @ LOW_RANK(x["diag'"], x["P"], x["Q"]),
    ),
    Agreement(
        "any_scaled",
        "dense @ scaled, M shared",
        "c o i",
        {"A": "N d m", "rows": "N m", "M": "m n", "cols": "N n"},
        lambda x: DENSE(x["A"]) @ scaled(x),
    ),
    Agreement(
        "left_mult",
        "dense @ (left (x) y)",
        "e i j",
        {"A": "r d", "left": "d m", "y": "n"},
        lambda x: DENSE(x["A"]) @ LEFT(x["left"], x["y"]),
    ),
    Agreement(
        "left_row",
        "row @ (left (x) y)",
        "i j",
        {"row": "d", "left": "d m", "y": "n"},
        lambda x: DENSE(x["row"][None], (), x["row"].shape) @ LEFT(x["left"], x["y"]),
    ),
    Agreement(
        "left_pull",
        "(left (x) y).stacked().pull",
        "i j",
        {"u": "N d", "left": "N d m", "y": "N n"},
        lambda x: LEFT(x["left"], x["y"]).stacked().pull(x["u"]),
    ),
    Agreement("Gram_W", "(left (x) y) @ (left' (x) y').T", "o p", GRAM, gram),
    Agreement("Gram_W_b", "the same and the biases", "o p", GRAM, gram_with_bias),
    Agreement(
        "reversed",
        "(A @ B).T",
        "o i",
        {"A": "d m", "B": "m n"},
        lambda x: (DENSE(x["B"]).T @ DENSE(x["A"]).T).T,
    ),
    Agreement(
        "any_order",
        "(A @ B) @ C",
        "o i",
        {"A": "d m", "B": "m r", "C": "r n"},
        lambda x: (DENSE(x["A"]) @ DENSE(x["B"])) @ DENSE(x["C"]),
    ),
    Agreement(
        "scaled_join",
        "scaled @ scaled",
        "o i",
        {"rows": "d", "M": "d m", "P": "m n", "cols": "n"},
        lambda x: SCALED(x["rows"], x["M"], None) @ SCALED(None, x["P"], x["cols"]),
    ),
    Agreement(
        "adjoint_W",
        "u . (left (x) y).push(V)",
        "",
        {"u": "d", "left": "d m", "y": "n", "V": "n m"},
        lambda x: x["u"] @ LEFT(x["left"], x["y"]).push(x["V"]),
    ),
)
