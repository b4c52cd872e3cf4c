"""The rounding that right code of a given precision may leave in each gradient: a running error analysis.

Index legend: c cases, m units. Every activation and every delta carries a bound of its error along. Textbook
code computes f' from saturated activations, a (1 - a), with an error of one rounding of 1, however small f'
is; what its delta is off by is no mistake.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...architecture import SUM, Edge, Node
from ...arrays import Array
from ...jacobians import ScaledJacobian, WeightJacobian
from .backprop import Backprop
from .distance import norm

_OPERATIONS = 4
"""Roundings counted for a sum of products."""
_SAFETY = 8.0
"""How many times the estimate an error may be."""
_LEFT = np.array([-2.0, -1.0, -0.5])
_TYPES: dict[int, Any] = {2: np.float16, 4: np.float32, 8: np.float64}


def rounding(backprop: Backprop, itemsize: int) -> dict[str, float]:
    """The norm of the error of each gradient, with a margin."""
    info = np.finfo(_TYPES[itemsize])
    eps, tiny = float(info.eps), float(info.smallest_subnormal)
    above = _forward(backprop, eps)
    bounds = {backprop.top: _of_the_row(backprop, above, eps)}
    found: dict[str, float] = {}
    for edge in backprop.edges:
        if edge.above not in bounds:
            continue
        arrived = _across(backprop, edge, bounds[edge.above], above, eps) + tiny
        if edge.below.is_parameter:
            found[edge.below.name] = _SAFETY * norm(arrived)
        else:
            bounds[edge.below] = bounds[edge.below] + arrived if edge.below in bounds else arrived
    return found


def forward_errors(backprop: Backprop, itemsize: int) -> dict[Node, Array]:
    """The error of every activation and sum that right code of a precision may have, with a margin."""
    eps = float(np.finfo(_TYPES[itemsize]).eps)
    return {node: _SAFETY * bound for node, bound in _forward(backprop, eps).items()}


def _forward(backprop: Backprop, eps: float) -> dict[Node, Array]:
    """The error of every activation and sum."""
    first = Node("a", 0)
    found = {first: eps * np.abs(backprop.values(first))}
    for number in range(1, backprop.depth + 1):
        inputs = [Node("a", k) for k in backprop.architecture.reads(number)]
        bound = sum((found[node].max(axis=-1, keepdims=True) for node in inputs), np.zeros(()))
        own = eps * np.abs(backprop.values(Node("a", number)))
        if backprop.dense(number) is not None:
            edge = Edge(Node("a", number), SUM, Node(SUM, number))
            W = np.abs(backprop.parameter(Node("W", number)))
            y, z = np.abs(backprop.values(inputs[0])), np.abs(backprop.values(edge.below))
            terms = eps * (_OPERATIONS * y @ W + z)  # z + the terms bound the bias, too
            found[edge.below] = found[inputs[0]] @ W + terms
            own = own + found[edge.below] * np.abs(backprop.slope(edge))
            if _is_curved(backprop, number):  # textbook code has exp(z) - 1, where 1 cancels
                own = own + eps
        else:
            own = own + bound
            if backprop.architecture.has_sum(number):
                found[Node(SUM, number)] = bound + np.zeros_like(own)
        found[Node("a", number)] = own
    return found


def _is_curved(backprop: Backprop, number: int) -> bool:
    """Whether f is made of more than straight pieces."""
    dense = backprop.dense(number)
    return dense is not None and any(np.ptp(dense.activation.derivative(z)) > 0 for z in (_LEFT, -_LEFT))


def _of_the_row(backprop: Backprop, above: dict[Node, Array], eps: float) -> Array:
    """y - t cancels, and y has an error of its own."""
    y, t = Node("a", backprop.depth), backprop.record.target
    assert t is not None, "a record with gradients has a target"
    terms = (
        eps * (np.abs(backprop.values(y)) + np.abs(t))
        + above[y]
        + above.get(backprop.top, 0.0) * (np.abs(backprop.values(y)))
    )
    return np.asarray(terms * backprop.weight + eps * np.abs(backprop.loss_rows))


def _across(backprop: Backprop, edge: Edge, bound: Array, above: dict[Node, Array], eps: float) -> Array:
    """The error that arrives, and the one that is made on the way."""
    J, delta = backprop.jacobian(edge), np.abs(backprop.rows[edge.above])
    total = bound + _OPERATIONS * eps * delta
    if isinstance(J, WeightJacobian):
        y = Node("a", backprop.architecture.reads(edge.above.layer)[0])
        return np.asarray(np.abs(J.y).T @ total + above[y].T @ delta)
    if edge.operand == SUM and backprop.dense(edge.above.layer) is not None:
        slope = np.abs(backprop.slope(edge))
        return np.asarray(total * slope + delta * (eps + slope * 2 * np.minimum(above[edge.below], 1)))
    if isinstance(J, ScaledJacobian) and J.rows is None and J.columns is None:
        return np.asarray(total @ np.abs(J.shared))
    dense = np.abs(J.matrix())
    coupled = delta * above[edge.above]
    pulled = total[:, None, :] @ dense + (eps * delta + coupled).sum(axis=-1)[:, None, None]
    return np.asarray(pulled.sum(axis=0).reshape(J.in_shape) if edge.below.is_parameter else pulled[:, 0, :])
