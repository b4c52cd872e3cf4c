"""F(v) = loss(v) + decay/2 |W|^2 over all parameters v, and its quadratic model at a point.

    F(v + d) ~ F(v) + g . d + 1/2 |A d|^2 + decay/2 |d_W|^2        A = sqrt(weight) S^T J
    g = A^T b + decay v_W                                          b = sqrt(weight) rho

with S S^T the Hessian of a case's loss and S rho its gradient (see `jacobprop.curvature.loss_root`). Slots
named "W" decay, biases and other slots do not.

Index legend: c cases, r columns of S, p parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ..arrays import Array, real_number
from ..errors import NonFiniteError, OptionError, shown
from ..jacobians import DiagonalJacobian, IdentityJacobian, Jacobian
from ..jacobians.blocks import transposed
from ..layers.base import Parameters
from ..losses import as_jacobian
from ..network import Network, forward_pass
from ..record import Record
from .dense_terms import DensePass, dense_layers, dense_pass, dense_terms
from .loss_root import expanded, residual
from .residual_jacobian import ResidualJacobian
from .terms import Term, terms
from .tops import run, top_of


class Objective:
    """A network with a loss, its cases, and the decay of its weights, as a function of one vector.

    A single case counts as a stack of one.

    Attributes
    ----------
    net : Network
        Whose architecture and slices count.
    loss : Loss
    target : array (c, m)
    weight : float
        What each case's loss counts.
    weight_decay : float
    decay : array (p,)
        What multiplies v in the gradient: the decay for a weight, 0 for others.
    passes : int
        How many passes of the network were made.
    """

    def __init__(self, net: Network, X: object, T: object, weight_decay: object, where: str) -> None:
        record = run(net, X, T, where)
        top_of(record, "loss", where)
        assert net.loss is not None, "top_of has seen a loss"
        assert record.target is not None, "and a target"
        self.net, self.loss, self.passes = net, net.loss, 0
        self._x, self.target = np.atleast_2d(record.activation(0)), np.atleast_2d(record.target)
        self.weight = float(record.weight)
        self.dense = dense_layers(net.architecture)
        self.weight_decay = number(weight_decay, "weight_decay", where)
        self.decay = np.zeros(net.size)
        for node, name in net.architecture.parameter_names:
            self.decay[net.slices[name]] = self.weight_decay if node.letter == "W" else 0

    @property
    def cases(self) -> int:
        """How many cases."""
        return len(self._x)

    def penalty(self, v: Array) -> float:
        """decay/2 |W|^2."""
        return float(self.decay @ np.square(v, dtype=np.float64)) / 2 if self.weight_decay else 0.0

    def at(self, v: Array) -> Point:
        """The value, and what a quadratic model around v needs: one pass."""
        self.passes += 1
        if self.dense is None:
            record = self.record(v)
            return Point(self, v, expanded(record)[2], record)
        dense = dense_pass(self.net.architecture, self.dense, self._parameters(v), self._x)
        return Point(self, v, dense.x, dense)

    def record(self, v: Array) -> Record:
        """The pass with these parameters, and its Jacobians."""
        net, parameters = self.net, self._parameters(v)
        activations, caches = forward_pass(net.architecture, net._widths, self._x, parameters)
        for array in activations:
            array.setflags(write=False)
        return Record(net.architecture, parameters, tuple(activations), tuple(caches), self.target)

    def _parameters(self, v: Array) -> tuple[Parameters, ...]:
        net = self.net
        given = {name: v[part].reshape(net.parameters[name].shape) for name, part in net.slices.items()}
        return net._layered(given, np.result_type(self._x, net.dtype))


class Point:
    """The quadratic model of an objective around v, from one pass.

    Attributes
    ----------
    objective : Objective
    v : array (p,)
    x : array (c, m)
        The sum below the gate of the loss, or else the output.
    """

    def __init__(self, objective: Objective, v: Array, x: Array, passed: Record | DensePass) -> None:
        self.objective, self.v, self.x, self._passed = objective, v, x, passed

    @cached_property
    def loss(self) -> float:
        """As ``record.loss``, without the decay."""
        loss, t = self.objective.loss, self.objective.target
        losses = loss.head_value(self.x, t) if self._fused else loss.value(self.x, t)
        return float(np.asarray(losses, self.x.dtype).sum(dtype=np.float64) * self.objective.weight)

    @cached_property
    def value(self) -> float:
        """F(v)."""
        return self.loss + self.objective.penalty(self.v)

    @property
    def _fused(self) -> bool:
        return self.objective.net.architecture.fused

    @cached_property
    def row(self) -> Array:
        """dL/dx of each case, (c, m)."""
        loss, t = self.objective.loss, self.objective.target
        row = loss.head_row(self.x, t) if self._fused else loss.row(self.x, t)
        return np.asarray(row, self.x.dtype)

    @cached_property
    def root(self) -> Jacobian:
        """S of each case, (m, r)."""
        return as_jacobian(
            self.objective.loss.hessian_root(self.x, self.objective.target), self.x, "hessian_root"
        )

    @cached_property
    def jacobian(self) -> ResidualJacobian:
        """A."""
        objective, net = self.objective, self.objective.net
        scale = self.x.dtype.type(np.sqrt(objective.weight))
        found = tuple(Term(term.rows * scale, term.inner, term.parts) for term in self._terms())
        shape = (objective.cases * self.root.shape[-1], net.size)
        return ResidualJacobian(found, net.slices, shape, self.x.dtype)

    def _terms(self) -> Iterator[Term]:
        """Of S^T J."""
        if isinstance(self._passed, Record):
            return terms(self._passed, {expanded(self._passed)[1]: self.root.T})
        if isinstance(self.root, IdentityJacobian):
            return dense_terms(self._passed, np.eye(self.x.shape[1], dtype=self.x.dtype))
        return dense_terms(self._passed, transposed(self.root._matrix()))

    @cached_property
    def residual(self) -> Array | None:
        """b = sqrt(weight) rho, (c r,); None where no rho gives the gradient, or only a huge one.

        So it is where a saturated output is wrong, whose rho is row / sqrt(p), and where a loss of one's own
        has a slope but no curvature.
        """
        rho, eps = residual(self.root, self.row), np.finfo(self.x.dtype).eps
        largest = np.abs(self.row).max(initial=0)
        if not np.abs(rho).max(initial=0) <= max(1, largest) / eps**0.25:
            return None
        if not isinstance(self.root, IdentityJacobian | DiagonalJacobian):
            left_over = self.root._push(rho[..., None])[..., 0] - self.row
            if not np.abs(left_over).max(initial=0) <= largest * eps**0.5:
                return None
        return np.asarray(np.multiply(rho, np.sqrt(self.objective.weight), dtype=np.float64)).ravel()

    def towards(self, other: Point) -> Array:
        """sqrt(weight) S^T (x' - x) for the x' of another point, (c r,)."""
        moved = other.x - self.x
        if not isinstance(self.root, IdentityJacobian):
            moved = self.root.T._push(moved[..., None])[..., 0]
        return np.asarray(np.multiply(moved, np.sqrt(self.objective.weight), dtype=np.float64)).ravel()

    def gradient(self, A: ResidualJacobian) -> Array:
        """g, (p,)."""
        if self.residual is not None:
            found = A._pull(self.residual[None].astype(A.dtype, copy=False))[0]
        else:
            parts = self._record().gradients()
            found = np.concatenate([parts[name].ravel() for name in self.objective.net.slices])
        return np.asarray(found + self.objective.decay * self.v)

    def _record(self) -> Record:
        return self._passed if isinstance(self._passed, Record) else self.objective.record(self.v)


def number(value: object, what: str, where: str, *, least: float = 0.0) -> float:
    """A number below infinity and not below `least`."""
    found = real_number(value)
    if not least <= found < np.inf:
        raise OptionError(
            f"{what} must be a {'positive ' if least > 0 else ''}number",
            where=where,
            got=shown(value),
            expected="a finite number" + (", 0 or more" if least == 0 else " above 0" if least > 0 else ""),
            remedy="Leave it out for the default.",
        )
    return found


def require_value(point: Point, where: str) -> None:
    """Refuse to start where the loss is not finite."""
    if not np.isfinite(point.value):
        raise NonFiniteError(
            "the loss is not finite where the search starts",
            where=where,
            got=point.value,
            expected="a finite loss",
            remedy="Look for nan and infinities in X and T, or start from smaller weights.",
        )
