"""The factors of one layer in one pass: each Jacobian made at its first use, under the slide's name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

from .architecture import SUM, Architecture, Edge, Node
from .arrays import Array, cases_of, freeze, quiet
from .errors import UnsupportedLayerError, shown
from .jacobians import (
    BlockDiagonalJacobian,
    DiagonalJacobian,
    IdentityJacobian,
    Jacobian,
    StackedJacobian,
    WeightJacobian,
)
from .jacobians.identity import unit
from .layers import SumLayer
from .layers.base import Operand, Parameters
from .layout import Shape
from .returned import checked_factors, checked_jacobian


def couples(architecture: Architecture, values: Array) -> bool:
    """Whether a pass with these values is one case, because a layer mixes those that it has stacked."""
    return architecture.couples_cases and values.ndim == 2


class LayerFactors:
    """J_Y, J_W, J_W_hat, J_b, J_Sum and J_soft of one layer; ``factors[slot]`` for a slot of your own.

    Every Jacobian is structured, in numerator layout, with the cases of the record.
    A factor that the layer does not have raises UnsupportedLayerError; one of the layer's own code
    that has other shapes or cases than this pass raises ShapeError.

    Attributes
    ----------
    number : int
        The layer's.
    """

    def __init__(
        self,
        architecture: Architecture,
        number: int,
        params: Parameters,
        activations: tuple[Array, ...],
        cache: Any,
    ) -> None:
        self._architecture, self.number = architecture, number
        self._layer = architecture.layers[number - 1]
        self._params, self._cache = params, cache
        self._above, values = Node("a", number), activations[number]
        self._coupled = couples(architecture, values)
        whole = self._coupled and self._layer.couples_cases
        self._cases = None if whole else cases_of(values)
        self._axes = 2 if whole else 1
        self._out_shape = values.shape[-self._axes :]
        self._outer: Jacobian | None = None
        self._inner: Mapping[Operand, Jacobian] | None = None
        self._has_sum = architecture.has_sum(number)
        self._edges = architecture.operands(Node(SUM, number) if self._has_sum else self._above)
        self._activations = activations

    def __repr__(self) -> str:
        factors = ", ".join(map(repr, self.by_operand.values()))
        return f"<factors of {self._where()}: {factors}>"

    def _operands(self) -> dict[Operand, Shape]:
        return {
            edge.operand: self._params[edge.operand].shape
            if isinstance(edge.operand, str)
            else self._activations[edge.below.layer].shape[-self._axes :]
            for edge in self._edges
        }

    def _where(self) -> str:
        return self._architecture.where(self.number)

    def _across_f(self) -> Jacobian:
        """da/dz, made at its first use. (A cached_property of Python 3.11 takes a lock, which shows here.)"""
        if self._outer is None:
            layer = self._sum_layer
            J, shape = layer.J_Sum(self._cache), layer.sum(self._cache).shape[-self._axes :]
            J = checked_jacobian(J, self._out_shape, shape, self._cases, self._where, "J_Sum")
            self._outer = self._of_the_batch(J, -1)
        return self._outer

    def _below_sum(self) -> Mapping[Operand, Jacobian]:
        """The Jacobians of z by the operands, made at their first use."""
        if self._inner is None:
            layer = self._sum_layer
            found, shape = layer.sum_factors(self._params, self._cache), layer.sum(self._cache).shape
            self._inner = self._checked(found, shape[-self._axes :])
        return self._inner

    def _checked(self, found: Mapping[Operand, Jacobian], out_shape: Shape) -> Mapping[Operand, Jacobian]:
        """What the layer returned by its operands, looked at; of the whole batch where that is one case."""
        known = checked_factors(found, self._operands(), out_shape, self._cases, self._where)
        return {operand: self._of_the_batch(J, operand) for operand, J in known.items()}

    def _of_the_batch(self, J: Jacobian, operand: Operand) -> Jacobian:
        """A factor of each case as one of all cases: blocks, or rows on top of each other by a parameter."""
        if not self._coupled or J.cases is None:
            return J
        if isinstance(operand, str):
            return J.stacked()
        if isinstance(J, IdentityJacobian):
            return unit((J.cases, *J.in_shape), None, J.dtype)
        return BlockDiagonalJacobian(J)

    @property
    @quiet
    def sum_factors(self) -> Mapping[Operand, Jacobian]:
        """The Jacobians of the sum z by its operands."""
        return MappingProxyType(dict(self._below_sum()))

    @cached_property
    @quiet
    def J_Sum(self) -> Jacobian:
        """J_Sum^Z = da/dz: diag(f'(z)), or J^soft (seed row D-70)."""
        symbol = "J^soft" if self._soft else f"J_Sum^{self._architecture.symbol(self._above)}"
        return self._across_f().named(symbol)

    @cached_property
    @quiet
    def by_operand(self) -> Mapping[Operand, Jacobian]:
        """The Jacobians of the activations by every operand of the layer."""
        if self._has_sum:
            outer = self._across_f()
            found = {operand: outer @ J for operand, J in self._below_sum().items()}
        else:
            found = dict(self._checked(self._layer.factors(self._params, self._cache), self._out_shape))
        return MappingProxyType(
            {edge.operand: found[edge.operand].named(self._symbol(edge)) for edge in self._edges}
        )

    def _symbol(self, edge: Edge) -> str:
        """J^soft for a softmax of the activation below as it is, else J_below^above."""
        if self._soft and isinstance(self.sum_factors[edge.operand], IdentityJacobian):
            return "J^soft"
        symbol = self._architecture.symbol
        return f"J_{symbol(edge.below)}^{symbol(self._above)}"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "by_operand"}  # is made anew

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in self._params.values():
            freeze(array)  # read-only, as before the pickle

    @property
    def parameters(self) -> Parameters:
        """{slot: array}, what the layer computed with."""
        return self._params

    def shape_of(self, slot: str) -> Shape:
        """The shape of a parameter."""
        return self._params[slot].shape

    @property
    def _soft(self) -> bool:
        return self._layer.gate == "softmax" and self._has_sum

    @property
    def z(self) -> Array:
        """The sum, read-only."""
        return freeze(self._sum_layer.sum(self._cache))

    @property
    def J_Y(self) -> Jacobian:
        """J_Y^Z = J_Sum^Z W^T, the activations by the (first) input (seed row D-69)."""
        return self[self._layer.inputs[0]]

    @property
    def J_W(self) -> Jacobian:
        """J_W^Z[k, i, j] = delta_kj f'_k y_i, stored as left (x) y (seed rows D-57, D-71)."""
        return self["W"]

    @property
    def J_b(self) -> Jacobian:
        """J_b^Z = J_Sum^Z, the activations by the bias."""
        return self["b"]

    @property
    @quiet
    def J_W_hat(self) -> Array:
        """The simplified Jacobian y (outer) f', an array (cases,) + (n, m) (seed row D-72).

        Only an elementwise layer has one: with softmax inside, the entries left out are not zero (E-12).
        """
        J = self.by_operand.get("W")
        J = J.inner if isinstance(J, StackedJacobian) else J
        if not isinstance(J, WeightJacobian) or not isinstance(J.left, DiagonalJacobian | IdentityJacobian):
            raise self._missing("J_W_hat", "J_W_hat needs weights and an elementwise activation: use J_W.")
        return J.simplified()

    @property
    def J_soft(self) -> Jacobian:
        """J^soft = diag(p) - p p^T (seed row D-78)."""
        if not self._soft:
            raise self._missing("J_soft", "Only a Softmax layer has J_soft: use J_Sum.")
        return self.J_Sum

    def __getitem__(self, operand: Operand) -> Jacobian:
        if not isinstance(operand, int | str) or operand not in self.by_operand:
            has = ", ".join(f"J_{key}" if isinstance(key, str) else "J_Y" for key in self.by_operand)
            raise self._missing(
                f"J_{operand}" if isinstance(operand, str) else f"input {shown(operand)}", f"It has {has}."
            )
        return self.by_operand[operand]

    def edge(self, edge: Edge) -> Jacobian:
        """The Jacobian of one edge of the architecture."""
        if edge.operand == SUM:
            return self._across_f()
        return (self._below_sum() if edge.above.letter == SUM else self.by_operand)[edge.operand]

    @property
    def _sum_layer(self) -> SumLayer:
        if not self._has_sum:
            raise self._missing("sum", "Only layers with a weighted sum have z, J_Sum and J_W_hat.")
        return cast("SumLayer", self._layer)

    def _missing(self, what: str, remedy: str) -> UnsupportedLayerError:
        return UnsupportedLayerError(f"the layer has no {what}", where=self._where(), remedy=remedy)
