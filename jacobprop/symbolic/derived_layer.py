"""The Jacobians of one layer as formulas: J_Y, J_W, its simplified form, J_b, J_Sum, J_soft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..architecture import Node
from ..arrays import Array
from ..layers import Layer
from ..layers.base import Operand
from .derived import Derived
from .display import Display
from .equality import compared
from .expression import Expression, each_tidy
from .formulas import layer_formulas
from .letter_pass import LetterPass
from .statements import indicator_statement, layer_statements
from .words import Word


class DerivedLayer(Derived):
    """The Jacobians of one layer as formulas: object arrays of sympy expressions in numerator layout.

    ``J_W[k, i, j]`` is dz_k/dw_ij: shapes are out + in. A Jacobian that the layer lacks raises
    UnsupportedLayerError. Made by `derive`.

    Examples
    --------
    >>> from jacobprop import Dense, derive
    >>> layer = derive(Dense(3, 2, "sigmoid"))
    >>> layer.J_W_hat.shape, layer.J_W_hat[0, 1]
    ((3, 2), y1*z2*(1 - z2))
    >>> layer.verify()  # entries compared
    28
    """

    def __init__(self, letter_pass: LetterPass, number: int) -> None:
        self._pass, self._number = letter_pass, number
        self._factors = letter_pass.record.layer(number)

    def __repr__(self) -> str:
        words = (self._pass.word(self._number, below).text for below, _ in self._pass.operands(self._number))
        return f"<derived {self._layer!r}: {', '.join(words)}>"

    @property
    def _layer(self) -> Layer:
        return self._pass.architecture.layers[self._number - 1]

    @property
    def J_Y(self) -> Array:
        """The outputs by the inputs, (m, n): J_Sum^Z W^T."""
        return self[self._layer.inputs[0]]

    @property
    def J_W(self) -> Array:
        """The outputs by the weights, (m, n, m): delta_kj f'_k y_i."""
        return self["W"]

    @property
    def J_b(self) -> Array:
        """The outputs by the bias, (m, m): J_Sum^Z."""
        return self["b"]

    @property
    def J_W_hat(self) -> Array:
        """The simplified Jacobian, (n, m): the entries y_i f'_k of J_W that are not 0."""
        return each_tidy(self._factors.J_W_hat)

    @property
    def J_Sum(self) -> Array:
        """The outputs by their sums, (m, m): diag(f')."""
        return self._pass.entries(self._factors.J_Sum, "J_Sum")

    @property
    def J_soft(self) -> Array:
        """The Jacobian of softmax, (m, m): diag(p) - p p^T."""
        return self._pass.entries(self._factors.J_soft, "J_soft")

    def __getitem__(self, operand: Operand) -> Array:
        """The outputs by a slot such as "W", or by one of ``layer.inputs``."""
        return self._pass.entries(self._factors[operand], f"J_{operand}")

    def _compared(self) -> Iterator[tuple[str, bool]]:
        above, definitions = Node("a", self._number), self._pass.definitions[self._number]
        for below, operand in self._pass.operands(self._number):
            name = self._pass.letters.jacobian(above, below).text
            values, letters = self._pass.values[above], self._pass.arrays[below]
            J = self._pass.entries(self._pass.factor(self._number, below), f"J_{operand}")
            for place, right in compared(J, values, letters, definitions):
                yield f"{name}{place}", right
        if self._pass.simplified(self._number) is not None:
            yield from self._compared_simplified(definitions)

    def _compared_simplified(
        self, definitions: Mapping[Expression, Expression]
    ) -> Iterator[tuple[str, bool]]:
        """Column k of J_W_hat is the derivative of output k by its own weights."""
        values = self._pass.values[Node("a", self._number)]
        weights = self._pass.arrays[Node("W", self._number)]
        for k, column in enumerate(self.J_W_hat.T):
            output = np.array(values[k], dtype=object)
            for place, right in compared(column, output, weights[:, k], definitions):
                yield f"J_W_hat[.,{k + 1}]{place}", right

    def _statements(self) -> Iterator[Word]:
        yield from layer_statements(self._pass, self._number)
        yield from indicator_statement(self._pass)

    def _formulas(self) -> Iterator[list[Display]]:
        return layer_formulas(self._pass, self._number)
