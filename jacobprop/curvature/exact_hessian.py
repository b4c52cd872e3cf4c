"""The exact Hessian of the loss, as products: tangents go up, the tangents of rows come down (Pearlmutter).

With R the row dL/d(variable) and a dot for the change along v, the gradient's walk R <- R J becomes, by the
product rule, a walk of R' beside it:

    R' <- R' J + R J'        starting from R' = H x' at x, the sum below the loss's gate or else the output

where J' is the change of a factor, `Layer.factor_tangents`. The first term alone is the Gauss-Newton
matrix, the second the residual term sum_k dL/dx_k d2x_k.

Index legend: c cases, m entries of x, p parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from ..architecture import SUM, Edge, Node
from ..arrays import Array, quiet
from ..errors import DTypeError
from ..jacobians import Jacobian
from ..jacobians.blocks import transposed
from ..layers.base import second_order
from ..network import Network
from ..record import Record
from ..returned import checked_jacobian
from ..walks import Blocks
from .loss_operator import LossOperator
from .loss_root import LossHessian, loss_hessian
from .tops import run


class Hessian(LossOperator):
    """d2(loss)/d(parameters)2, (parameters, parameters), not formed; in the order of ``net.vector``.

    A product costs about two gradients. Symmetric, and indefinite as a rule; at a kink of an activation,
    where there is none, f'' counts as 0. `jacobprop.hessian` makes it.
    """

    def __init__(self, net: Network, record: Record, loss: LossHessian, *, whole: bool = True) -> None:
        super().__init__(net, record, loss)
        self._whole = whole
        self._architecture = record.architecture
        self._tangent_methods = [
            second_order(layer, self._architecture.where(number))
            for number, layer in enumerate(net.layers, 1)
        ]

    @property
    def residual(self) -> Hessian:
        """sum_k dL/dx_k d2x_k alone: what `jacobprop.gauss_newton` leaves out.

        Hessian = Gauss-Newton + residual. It vanishes with the row of the loss, and where x is linear in the
        parameters.
        """
        return Hessian(self._net, self._record, self._loss, whole=False)

    def _matrix(self) -> Array:
        dense = super()._matrix()
        return (dense + dense.T) / 2

    def _push(self, x: Array) -> Array:
        found = np.zeros_like(x)
        for column, v in enumerate(x.T):
            for node, block in self._pulled(self._tangents(v)).items():
                found[self.slices[node.name], column] = block.ravel() * self._loss.weight
        return found

    # -- the factors, and how they change ---------------------------------------------------------

    def _changes(self, node: Node, tangents: Blocks) -> dict[Edge, Jacobian]:
        """J' of the edges below a node; those of constant factors are missing."""
        edges = self._architecture.operands(node)
        factors, methods = self._record.layer(node.layer), self._tangent_methods[node.layer - 1]
        moves = {edge.operand: tangents[edge.below] for edge in edges if edge.below in tangents}
        if edges[0].operand == SUM:
            given = {SUM: methods[0](factors._cache, moves[SUM])} if SUM in moves else {}
        else:
            given = methods[-1](factors.parameters, factors._cache, moves)
        if not isinstance(given, Mapping):
            raise DTypeError(
                "the change of the factors must be a dict of Jacobians",
                where=self._architecture.where(node.layer),
                got=type(given).__name__,
                expected="{-1: jp.DenseJacobian(array), ...}, or {} where all factors are constant",
                remedy="Return what Layer.factor_tangents asks for.",
            )
        return {edge: self._checked(edge, given[edge.operand]) for edge in edges if edge.operand in given}

    def _checked(self, edge: Edge, change: object) -> Jacobian:
        J = self._record._edge(edge)

        def where() -> str:
            return self._architecture.where(edge.above.layer)

        what = f"the tangent of factor {edge.operand!r}"
        return checked_jacobian(change, J.out_shape, J.in_shape, J.cases, where, what)

    # -- the walks ----------------------------------------------------------------------------------

    def _tangents(self, v: Array) -> Blocks:
        """How every variable moves along v: (n,) or (c, n), a parameter in its shape."""
        known = {node: v[self.slices[name]] for node, name in self._architecture.parameter_names}
        for node in self._architecture.up_to(self._loss.node):
            for edge in self._architecture.operands(node):
                if edge.below in known:
                    _add(known, node, self._record._edge(edge)._push(known[edge.below][..., None])[..., 0])
        return {node: self._shaped(node, tangent) for node, tangent in known.items()}

    def _shaped(self, node: Node, tangent: Array) -> Array:
        """With the axes of the variable itself."""
        layer = self._record.layer(node.layer) if node.layer else None
        if node.is_parameter and layer is not None:
            return tangent.reshape(layer.shape_of(node.letter))
        lead = () if self._record.cases is None else (self._record.cases,)
        return np.broadcast_to(tangent, (*lead, tangent.shape[-1]))

    @cached_property
    def _rows(self) -> Blocks:
        """dL/d(variable) of each case, (c, 1, m), for x and what is below."""
        x = self._loss.node
        rows = {x: self._record.jacobian("L", x.name)._matrix()}
        for node, edges in self._architecture.way_to_parameters:
            for edge in edges if node in rows else ():
                if not edge.below.is_parameter:
                    _add(rows, edge.below, self._record._edge(edge)._pull(rows[node]))
        return rows

    def _pulled(self, tangents: Blocks) -> Blocks:
        """R' at every parameter, summed over the cases."""
        running: Blocks = {}
        x = self._loss.node
        if self._whole and x in tangents:
            running[x] = transposed(self._loss.hessian._push(tangents[x][..., None]))
        for node, edges in self._architecture.way_to_parameters:
            if node not in self._rows:
                continue
            moved, changes = running.pop(node, None), self._changes(node, tangents)
            for edge in edges:
                if moved is not None:
                    _add(running, edge.below, _across(self._record._edge(edge), edge, moved))
                if edge in changes:
                    _add(running, edge.below, _across(changes[edge], edge, self._rows[node]))
        return running


def _add(blocks: Blocks, node: Node, block: Array) -> None:
    """blocks[node] += block, from nothing on."""
    blocks[node] = blocks[node] + block if node in blocks else block


def _across(J: Jacobian, edge: Edge, rows: Array) -> Array:
    """rows . J, of a parameter summed over the cases."""
    return J._pull_sum(rows) if edge.below.is_parameter and J.cases is not None else J._pull(rows)


@quiet
def hessian(net: Network, X: object, T: object) -> Hessian:
    """d2(loss)/d(parameters)2, exact, as an operator: the Gauss-Newton matrix and the residual term.

    Parameters
    ----------
    net : Network
        With a loss. A layer of one's own needs `factor_tangents`, an activation f''.
    X : array (n_in,) for one case, or (cases, n_in)
    T : targets

    Returns
    -------
    Hessian
        H @ v, ``.matrix()``, ``.residual``. With the loss's mean or sum over the cases, without weight decay.

    Raises
    ------
    MissingTargetError
        No loss or no targets.
    UnsupportedLayerError
        A loss of one's own without `hessian`, a layer without `factor_tangents`, an activation without f''.
    ShapeError, DTypeError
        Arrays that do not fit; expressions.

    Examples
    --------
    >>> import jacobprop as jp
    >>> net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy())
    >>> X, T = np.arange(15.0).reshape(5, 3) / 10, [0, 1, 1, 0, 1]
    >>> H = hessian(net, X, T)
    >>> H, (H @ net.vector).shape
    (<Hessian: 26 by 26, float64>, (26,))
    >>> from jacobprop.curvature.loss_curvature import gauss_newton
    >>> G = gauss_newton(net, X, T)
    >>> np.allclose(H.matrix(), G.matrix() + H.residual.matrix())
    True
    """
    record = run(net, X, T, "hessian")
    return Hessian(net, record, loss_hessian(record))
