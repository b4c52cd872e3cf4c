"""The rounding that right code of a given precision may leave in each gradient: a running error analysis.

Index legend: c cases, m units. Every activation and every delta carries a bound of its error along. Textbook
code computes f' from saturated activations, a (1 - a), with an error of one rounding of 1, however small f'
is; what its delta is off by is no mistake.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from ...architecture import SUM, Edge, Node
from ...arrays import Array
from ...jacobians import BlockDiagonalJacobian, Jacobian, ScaledJacobian, WeightJacobian
from .backprop import Backprop, Gradients
from .distance import norm

_OPERATIONS = 4
"""Roundings counted for a sum of products."""
_SAFETY = 8.0
"""How many times the estimate an error may be."""
_LEFT = np.array([-2.0, -1.0, -0.5])
_TYPES: dict[int, Any] = {2: np.float16, 4: np.float32, 8: np.float64}


def rounding(backprop: Backprop, itemsize: int) -> dict[str, float]:
    """The norm of the error of each gradient, with a margin."""
    eps, tiny = _units(itemsize)
    above = _forward(backprop, eps, tiny)
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
    return {node: _SAFETY * bound for node, bound in _forward(backprop, *_units(itemsize)).items()}


def undecided(backprop: Backprop, itemsize: int) -> Gradients:
    """How far each entry of each gradient may move where f' is lost in right code, case by case.

    A saturated unit's a (1 - a) is some multiple of the rounding of 1. Where a sum lies on a corner but for
    rounding, f' is that of either side.
    """
    eps, margins = _units(itemsize)[0], forward_errors(backprop, itemsize)
    moved = {backprop.top: np.zeros_like(backprop.loss_rows)}
    found: Gradients = {}
    for edge in backprop.edges:
        if edge.above not in moved:
            continue
        if edge.operand == SUM and backprop.dense(edge.above.layer) is not None:
            arrived = _any_slope(backprop, edge, margins[edge.below], moved[edge.above], eps)
        else:
            arrived = _through(backprop, edge, moved[edge.above])
        if edge.below.is_parameter:
            found[edge.below.name] = arrived
        else:
            moved[edge.below] = moved[edge.below] + arrived if edge.below in moved else arrived
    return found


def _any_slope(backprop: Backprop, edge: Edge, margin: Array, moved: Array, eps: float) -> Array:
    """The same across f; at a corner that is met exactly, without a margin, f' is a choice and not lost."""
    dense = backprop.dense(edge.above.layer)
    assert dense is not None, "only a dense layer has an elementwise f"
    steepest = np.abs(backprop.slope(edge))
    jump = np.full_like(moved, eps if _is_curved(backprop, edge.above.layer) else 0.0)
    for corner in dense.activation.corners:
        there = (margin > 0) & (np.abs(backprop.values(edge.below) - corner.point) <= margin)
        steepest = np.where(there, max(abs(corner.left), abs(corner.right)), steepest)
        jump = np.where(there, abs(corner.right - corner.left), jump)
    return np.asarray(moved * steepest + np.abs(backprop.rows[edge.above]) * jump)


def _units(itemsize: int) -> tuple[float, float]:
    """The rounding of 1 and the least number of a precision."""
    info = np.finfo(_TYPES[itemsize])
    return float(info.eps), float(info.smallest_subnormal)


def _forward(backprop: Backprop, eps: float, tiny: float) -> dict[Node, Array]:
    """The error of every activation and sum; an exact 0 has none, and nothing else is safe from underflow."""
    first = Node("a", 0)
    found = {first: _of_value(backprop.values(first), eps, tiny)}
    for number in range(1, backprop.depth + 1):
        inputs = [Node("a", k) for k in backprop.architecture.reads(number)]
        bound = sum((found[node].max(axis=-1, keepdims=True) for node in inputs), np.zeros(()))
        own = _of_value(backprop.values(Node("a", number)), eps, tiny)
        if backprop.dense(number) is not None:
            edge = Edge(Node("a", number), SUM, Node(SUM, number))
            W = np.abs(backprop.parameter(Node("W", number)))
            y, z = np.abs(backprop.values(inputs[0])), np.abs(backprop.values(edge.below))
            terms = eps * (_OPERATIONS * y @ W + z)  # z + the terms bound the bias, too
            terms = terms + tiny * ((y != 0).astype(np.float64) @ (W != 0))
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


def _of_value(x: Array, eps: float, tiny: float) -> Array:
    return np.asarray(eps * np.abs(x) + tiny * (x != 0))


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
        return np.asarray(_through(backprop, edge, total) + above[y].T @ delta)
    if edge.operand == SUM and backprop.dense(edge.above.layer) is not None:
        slope = np.abs(backprop.slope(edge))
        return np.asarray(total * slope + delta * (eps + slope * 2 * np.minimum(above[edge.below], 1)))
    if _is_shared(J):
        return _through(backprop, edge, total)
    coupled = (eps * delta + delta * above[edge.above]).sum(axis=-1, keepdims=True)
    own = coupled.sum() if edge.below.is_parameter else coupled
    return np.asarray(_through(backprop, edge, total) + own)


def _is_shared(J: Jacobian) -> TypeGuard[ScaledJacobian]:
    """Whether all cases have one matrix."""
    return isinstance(J, ScaledJacobian) and J.rows is None and J.columns is None


def _through(backprop: Backprop, edge: Edge, rows: Array) -> Array:
    """rows . |J|, in a parameter's shape summed over the cases."""
    J = backprop.jacobian(edge)
    if isinstance(J, WeightJacobian):
        return np.asarray(np.abs(J.y).T @ rows)
    if _is_shared(J):
        return np.asarray(rows @ np.abs(J.shared))
    if isinstance(J, BlockDiagonalJacobian):  # of the whole batch: a block for each unit
        across: Array = (rows.T[:, None, :] @ np.abs(J.inner.matrix()))[:, 0, :].T
        return across
    pulled = (rows[:, None, :] @ np.abs(J.matrix()))[:, 0, :]
    return np.asarray(pulled.sum(axis=0).reshape(J.in_shape) if edge.below.is_parameter else pulled)
