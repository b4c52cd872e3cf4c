"""A forward pass in which every activation is a letter: the production code, run on arrays of symbols."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from .._lazy import sympy
from ..activations import Activation
from ..architecture import LOSS, SUM, Node
from ..arrays import Array
from ..errors import UnsupportedLayerError
from ..jacobians import Jacobian
from ..layers import BatchNorm, Dense, Elementwise, SumLayer
from ..layers.base import Operand, Parameters
from ..layers.dense import DenseCache
from ..layers.elementwise import ElementwiseCache
from ..layout import Shape
from ..network import Network
from ..returned import checked_forward
from .expression import Expression, each_exact, each_tidy, is_indicator
from .letter_record import LetterRecord
from .letters import Letters
from .refusals import check_entries, check_in_use, check_width, on_letters
from .slopes import slope_of_output
from .words import SOFT, Word

SMALL = 3
"""The width of the input of a layer that takes any, unless one is given."""


class LetterPass:
    """One pass, layer by layer; what a layer computes gets letters before the next layer reads it.

    Attributes
    ----------
    record : LetterRecord
        Of the letters.
    arrays : dict
        {node: array}: the letters of each variable.
    values : dict
        {node: array}: what a layer computed, in the letters of the ones below.
    definitions : dict
        {layer number: {letter: expression}}: what the letters of a layer stand for, one step down.
    slope_letters : dict
        {layer number: letter}: the first of the letters for f', where f' needs any.
    has_indicator : bool
        Whether [z1 > 0] occurs among the slopes.
    """

    def __init__(self, net: Network, n_in: int | None) -> None:
        check_width(n_in, net.n_in)
        check_in_use(net)
        self.architecture = net.architecture
        self.numbers = range(1, self.architecture.depth + 1)
        self.letters = Letters(self.architecture)
        self.arrays: dict[Node, Array] = {}
        self.values: dict[Node, Array] = {}
        self.definitions: dict[int, dict[Expression, Expression]] = defaultdict(dict)
        self.slope_letters: dict[int, Expression] = {}
        self.has_indicator = False
        for node in self.architecture.parameter_nodes:
            self._name(node, net.parameters[node.name].shape)
        self._name(Node("a", 0), (net.n_in or n_in or SMALL,))
        self.record = self._record([self._run(number) for number in self.numbers])
        self._try_all()

    @property
    def last(self) -> Node:
        """The activations of the last layer."""
        return Node("a", self.architecture.depth)

    @property
    def top(self) -> Node:
        """What is derived: the loss, or the output of a network without one."""
        return LOSS if self.architecture.loss else self.last

    def below(self, number: int) -> dict[Operand, Node]:
        """What a layer calls its operands: {-1: the layer before it, "W": its weights, ...}."""
        has_sum = self.architecture.has_sum(number)
        node = Node(SUM if has_sum else "a", number)
        return {edge.operand: edge.below for edge in self.architecture.operands(node)}

    def operands(self, number: int) -> list[tuple[Node, Operand]]:
        """The variables that a layer reads, each once, with what it calls them, the first name first."""
        return list({node: operand for operand, node in reversed(self.below(number).items())}.items())[::-1]

    def factor(self, number: int, below: Node) -> Jacobian:
        """The Jacobian of a layer by a variable; a layer that reads it twice has two factors, which add."""
        factors = self.record.layer(number)
        by_operand = [factors[operand] for operand, node in self.below(number).items() if node == below]
        return reduce(add, by_operand)

    def word(self, number: int, below: Node) -> Word:
        """The symbol of a layer's Jacobian."""
        if self.factor(number, below).symbol == SOFT.text:
            return SOFT
        return self.letters.jacobian(Node("a", number), below)

    def entries(self, J: Jacobian, what: str) -> Array:
        """A Jacobian as an array of expressions, out_shape + in_shape."""
        check_entries(J.out_shape + J.in_shape, what)
        return each_tidy(J.tensor())

    def simplified(self, number: int) -> Array | None:
        """The simplified Jacobian of a layer; None where an output mixes the weights of several units."""
        with suppress(UnsupportedLayerError):
            return each_tidy(self.record.layer(number).J_W_hat)
        return None

    # -- the pass -----------------------------------------------------------------------------------

    def _name(self, node: Node, shape: Shape) -> Array:
        """Letters for a variable."""
        check_entries(shape, node.name)
        self.arrays[node] = self.letters.array(node, shape)
        return self.arrays[node]

    def _define(self, node: Node, values: Array) -> Array:
        """Letters for computed values."""
        letters = self._name(node, values.shape)
        self.values[node] = each_exact(values)
        self.definitions[node.layer] |= dict(zip(letters, self.values[node], strict=True))
        return letters

    def _parameters(self, number: int) -> Parameters:
        return {slot: self.arrays[Node(slot, number)] for slot in self.architecture.slots[number - 1]}

    def _run(self, number: int) -> Any:
        """Run a layer; its activations and its sum become letters, in the cache that is returned too."""
        layer, where = self.architecture.layers[number - 1], self.architecture.where(number)
        inputs = tuple(self.arrays[Node("a", k)] for k in self.architecture.reads(number))
        with on_letters(where):
            values, cache = checked_forward(
                layer.forward(self._parameters(number), inputs), (), None, lambda: where, kinds="fO"
            )
            z = layer.sum(cache) if isinstance(layer, SumLayer) else None
        letters = {id(values): self._define(Node("a", number), values)}
        if z is not None and not any(z is y for y in inputs):
            letters[id(z)] = self._define(Node(SUM, number), z)
        if type(layer) is BatchNorm:
            letters |= self._statistics(cache, inputs[0], number)
        cache = _renamed(cache, letters)
        if isinstance(layer, Dense | Elementwise) and isinstance(cache, DenseCache | ElementwiseCache):
            plain = np.array_equal(values, layer.activation.value(z))
            sums = letters.get(id(z), inputs[0])
            return dataclasses.replace(cache, derivative=self._slopes(layer.activation, number, plain, sums))
        return cache

    def _statistics(self, cache: Any, y: Array, number: int) -> dict[int, Array]:
        """Letters for the means and the deviations that a normalisation holds: u = (y - mean(y)) / s(y)."""
        means = self.letters.called(Word("mean", r"\mathrm{mean}"), Node("a", number), y)
        deviations = self.letters.called(Word("s", "s"), Node("a", number), y)
        at_zero = [u.xreplace({letter: sympy.Integer(0)}) for u, letter in zip(cache.u, y, strict=True)]
        self.definitions[number] |= dict(zip(means, -np.array(at_zero) / cache.scale, strict=True))
        self.definitions[number] |= dict(zip(deviations, 1 / cache.scale, strict=True))
        return {id(cache.u): (y - means) / deviations, id(cache.scale): 1 / deviations}

    def _slopes(self, activation: Activation, number: int, plain: bool, sums: Array) -> Array:
        """f'(z) in the letters of the output, or letters of its own where that cannot be.

        `plain`: the activations are f(z) and nothing else.
        """
        psi = slope_of_output(activation) if plain else None
        if psi is not None:
            outputs = self.arrays[Node("a", number)]
            self.has_indicator |= is_indicator(psi(outputs[0]))
            return np.array([psi(a) for a in outputs], dtype=object)
        slopes = self.letters.called(Word("f'", "f'"), Node("a", number), sums)
        self.slope_letters[number] = slopes[0]
        self.definitions[number] |= dict(zip(slopes, activation.derivative(sums), strict=True))
        return slopes

    def _record(self, caches: list[Any]) -> LetterRecord:
        activations = tuple(self.arrays[Node("a", k)] for k in (0, *self.numbers))
        parameters = tuple(self._parameters(number) for number in self.numbers)
        target = self.letters.target(activations[-1].shape) if self.architecture.loss else None
        return LetterRecord(self.architecture, parameters, activations, tuple(caches), target)

    def _try_all(self) -> None:
        """Whatever does not run on symbols is refused now, not when a result is printed."""
        for number in self.numbers:
            with on_letters(self.architecture.where(number)):
                _ = self.record.layer(number).by_operand
        if self.architecture.loss is not None:
            with on_letters(f"the loss {self.architecture.loss!r}"):
                _ = self.record.losses, self.record.J_N


def _renamed(cache: Any, letters: Mapping[int, Array]) -> Any:
    """The cache with letters in place of the very arrays (by their id) that they stand for."""
    if id(cache) in letters:
        return letters[id(cache)]
    if dataclasses.is_dataclass(cache) and not isinstance(cache, type):
        fields = {field.name: getattr(cache, field.name) for field in dataclasses.fields(cache)}
        found = {name: letters[id(value)] for name, value in fields.items() if id(value) in letters}
        return dataclasses.replace(cache, **found) if found else cache
    if type(cache) is tuple:
        return tuple(letters.get(id(value), value) for value in cache)
    return cache
