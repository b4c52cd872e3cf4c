"""The Jacobians of a network as formulas, above all J_W^L for every parameter, of one case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

import numpy as np

from ..architecture import LOSS, Node
from ..arrays import Array
from ..errors import MissingTargetError
from .derived import Derived
from .derived_layer import DerivedLayer
from .display import Display
from .equality import compared
from .expression import Expression, exact
from .formulas import network_formulas
from .letter_pass import LetterPass
from .statements import indicator_statement, network_statements
from .words import Word


class DerivedNetwork(Derived):
    """The Jacobians of a network as formulas, above all J_W^L for every parameter, of one case.

    Names and letters are looked up as everywhere: "V" is also "W1". Made by `derive`.

    Examples
    --------
    >>> from jacobprop import Dense, Network, SquaredError, derive
    >>> layers = [Dense(3, 2, "sigmoid", bias=False), Dense(2, 1, "sigmoid", bias=False)]
    >>> derived = derive(Network(layers, SquaredError(), names="X Y Z", weights="V W"))
    >>> print(derived)
    Y = sigmoid(X V)
    Z = sigmoid(Y W)
    L = 1/2 (z1-t1)^2
    <BLANKLINE>
    J_Z^L = [ z1 - t1 ]
    <BLANKLINE>
    J_Y^Z = [ z1(1-z1) w11  z1(1-z1) w21 ]
    <BLANKLINE>
    J_V^L = J_Z^L . J_Y^Z . J_V^Y
            [ (z1-t1) z1(1-z1) x1 y1(1-y1) w11  (z1-t1) z1(1-z1) x1 y2(1-y2) w21 ]
          = [ (z1-t1) z1(1-z1) x2 y1(1-y1) w11  (z1-t1) z1(1-z1) x2 y2(1-y2) w21 ]
            [ (z1-t1) z1(1-z1) x3 y1(1-y1) w11  (z1-t1) z1(1-z1) x3 y2(1-y2) w21 ]
    <BLANKLINE>
    J_W^L = J_Z^L . J_W^Z
          = [ (z1-t1) z1(1-z1) y1 ]
            [ (z1-t1) z1(1-z1) y2 ]
    >>> derived["V"].shape, derived["W1"][0, 0].subs({"z1": 0.5, "t1": 0})
    ((3, 2), 0.125*w11*x1*y1*(1 - y1))
    >>> derived.verify()  # entries compared
    39
    """

    def __init__(self, letter_pass: LetterPass) -> None:
        self._pass = letter_pass

    def __repr__(self) -> str:
        shapes = (f"{node.name} {self._pass.arrays[node].shape}" for node in self._parameters)
        return f"<derived network: d{self._pass.top.name}/d of {', '.join(shapes) or 'no parameters'}>"

    @property
    def _parameters(self) -> tuple[Node, ...]:
        return self._pass.architecture.parameter_nodes

    def jacobian(self, of: str, wrt: str) -> Array:
        """d(of)/d(wrt) as expressions, of + wrt in numerator layout, as ``record.jacobian`` has them."""
        if of == LOSS.name:
            self._check_loss(wrt)
        return self._pass.entries(self._pass.record.jacobian(of, wrt), f"J_{wrt}^{of}")

    def __getitem__(self, parameter: str) -> Array:
        """The gradient of the loss of one case by a parameter, in its shape."""
        return self.jacobian("L", parameter)

    @cached_property
    def gradients(self) -> Mapping[str, Array]:
        """{"W1": array of expressions, ...}: the loss of one case by every parameter."""
        return MappingProxyType({node.name: self[node.name] for node in self._parameters})

    @property
    def J_N(self) -> Array:
        """J_N^L, the loss by the outputs, (m,)."""
        self._check_loss()
        return self._pass.entries(self._pass.record.J_N, "J_N")

    @property
    def loss(self) -> Expression:
        """L of one case, in the letters of the outputs and the targets."""
        self._check_loss()
        return exact(self._pass.record.losses.item())

    def layer(self, layer: int) -> DerivedLayer:
        """The factors of layer l: .J_Y, .J_W, .J_W_hat, .J_b, .J_Sum, .J_soft."""
        return DerivedLayer(self._pass, self._pass.record.layer(layer).number)

    def _check_loss(self, wrt: str = "W1") -> None:
        """Refuse what only the loss has."""
        if self._pass.top != LOSS:
            raise MissingTargetError(
                "the network has no loss",
                where="derive",
                expected="a loss to take the derivative of",
                remedy=f'derive(...).jacobian("{self._pass.last.name}", "{wrt}") has the output instead.',
            )

    def _compared(self) -> Iterator[tuple[str, bool]]:
        for number in self._pass.numbers:
            yield from self.layer(number)._compared()
        top, arrays = self._pass.top, self._pass.arrays
        of = outputs = arrays[self._pass.last]
        if top == LOSS:
            of = np.array(self.loss, dtype=object)
            yield from ((f"J_N{place}", right) for place, right in compared(self.J_N, of, outputs, {}))
        definitions = self.definitions | self._pass.record.assumption
        for node in self._parameters:
            name = self._pass.letters.jacobian(top, node).text
            J = self.jacobian(top.name, node.name)
            yield from ((name + place, right) for place, right in compared(J, of, arrays[node], definitions))

    def _statements(self) -> Iterator[Word]:
        yield from network_statements(self._pass)
        yield from indicator_statement(self._pass)

    def _formulas(self) -> Iterator[list[Display]]:
        return network_formulas(self._pass)
