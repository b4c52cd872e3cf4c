"""Which variable is a function of which: the layers, the loss, and the names, without any numbers.

Variables are nodes: L, the activations a0..aN, the sums z_l of layers that have one, and the parameters.
An edge runs from a node to each of its operands; every edge has a Jacobian once there are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .errors import ShapeError, UnknownNameError, UnsupportedLayerError, shown
from .layers import Layer, SumLayer
from .layers.base import Operand
from .losses import Loss
from .names import RESERVED, Names, split_letters


class Node(NamedTuple):
    """A variable: "a", "z" or a slot letter, with its layer; ("L", 0) is the loss."""

    letter: str
    layer: int

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.letter if self.letter == "L" else f"{self.letter}{self.layer}"

    @property
    def is_parameter(self) -> bool:
        """Neither the loss, nor an activation or a sum."""
        return self.letter not in ("L", "a", "z")


LOSS = Node("L", 0)


class Edge(NamedTuple):
    """`above` is a function of `below`, which its layer calls `operand`."""

    above: Node
    operand: Operand
    below: Node


SUM = "z"  # the operand of a_l in a layer with a sum


class Architecture:
    """Layers numbered 1..N, their slots, an optional loss, and names for all variables."""

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss | None,
        slots: Sequence[Sequence[str]],
        names: str | Sequence[str] | None,
        weights: str | Sequence[str] | None,
    ) -> None:
        self.layers = tuple(layers)
        self.loss = loss
        self.slots = tuple(tuple(s) for s in slots)
        self.depth = len(self.layers)
        self._with_sum = tuple(isinstance(layer, SumLayer) for layer in self.layers)
        self._reads = tuple(self._resolve(number, layer) for number, layer in enumerate(self.layers, 1))
        self._check_slots()
        self._check_all_read()
        letters = split_letters(names, self.depth + 1, "names")
        weighted = [number for number, s in enumerate(self.slots, 1) if "W" in s]
        weight_letters = split_letters(weights, len(weighted), "weights")
        printed = {f"a{k}": letter for k, letter in enumerate(letters)}
        printed |= {f"W{k}": letter for k, letter in zip(weighted, weight_letters, strict=False)}
        printed |= {f"z{k}": f"Sum_{letter}" for k, letter in enumerate(letters) if k}
        self.nodes = {node.name: node for node in (*self._descending, *self.parameter_nodes)}
        self.names = Names(self.nodes, printed)

    def with_layers(self, layers: Sequence[Layer]) -> Architecture:
        """The same variables, computed by other layers with the same inputs, slots and widths."""
        other = copy(self)
        other.layers = tuple(layers)
        other.__dict__.pop("couples_cases", None)
        return other

    @cached_property
    def couples_cases(self) -> bool:
        """Whether an output depends on other cases than its own."""
        return any(layer.couples_cases for layer in self.layers)

    def where(self, number: int) -> str:
        """How an error names a layer."""
        layer = self.layers[number - 1]
        return f"layer {number} {layer!r}" + (f" named {layer.name!r}" if layer.name else "")

    def reads(self, number: int) -> tuple[int, ...]:
        """The activations that a layer reads, as layer numbers."""
        return self._reads[number - 1]

    def _resolve(self, number: int, layer: Layer) -> tuple[int, ...]:
        refs = tuple(layer.inputs) if isinstance(layer.inputs, tuple | list) else ()
        if not refs or any(type(ref) is not int or not -number <= ref < number for ref in refs):
            raise ShapeError(
                "a layer can read earlier activations only",
                where=self.where(number),
                got=f"inputs {shown(layer.inputs)}",
                expected=f"a tuple of indices from {-number} to {number - 1}",
                remedy="-1 is the activation below, 0 the network's input.",
            )
        if len(set(refs)) < len(refs):
            raise ShapeError(
                "an index stands twice among the inputs",
                where=self.where(number),
                got=f"inputs {refs}",
                expected="an index for each place, since a factor belongs to an index",
                remedy=f"An activation has two indices: -1 is also {number - 1}.",
            )
        return tuple(number + ref if ref < 0 else ref for ref in refs)

    def _check_slots(self) -> None:
        """A slot letter with a layer number must be a name of its own."""
        for number, letters in enumerate(self.slots, 1):
            for slot in letters:
                if not slot.isalpha() or slot in RESERVED | {"a", SUM}:
                    raise UnknownNameError(
                        "a slot needs a letter of its own",
                        where=self.where(number),
                        got=shown(slot),
                        expected="letters without digits, other than "
                        + ", ".join(sorted(RESERVED | {"a", SUM})),
                        remedy="W, b, C and U are free.",
                    )

    def _check_all_read(self) -> None:
        """A layer that nobody reads has no gradient and is a mistake."""
        read = {k for reads in self._reads for k in reads}
        for number in range(1, self.depth):
            if number not in read:
                raise ShapeError(
                    "no later layer reads this one",
                    where=self.where(number),
                    got=f"inputs from layers {sorted(read)}",
                    expected=f"{number} among them",
                    remedy="Remove the layer, or name it in the inputs of a later one.",
                )

    def has_sum(self, number: int) -> bool:
        """Whether z_number is a variable."""
        return self._with_sum[number - 1]

    @cached_property
    def fused(self) -> bool:
        """Whether the loss and the last layer's gate have an accurate product of their own."""
        gate = "" if self.loss is None else self.loss.gate
        return gate != "" and gate == self.layers[-1].gate and self.has_sum(self.depth)

    @cached_property
    def parameter_nodes(self) -> tuple[Node, ...]:
        """Every parameter, layer by layer in the order of its slots: the one order used everywhere."""
        return tuple(Node(slot, number) for number, s in enumerate(self.slots, 1) for slot in s)

    @cached_property
    def parameter_names(self) -> tuple[tuple[Node, str], ...]:
        """Every parameter with its canonical name, in the same order."""
        return tuple((node, node.name) for node in self.parameter_nodes)

    @cached_property
    def _descending(self) -> tuple[Node, ...]:
        """L, then activations and sums from the last layer down to the input."""
        found = [LOSS] if self.loss else []
        for number in range(self.depth, 0, -1):
            found.append(Node("a", number))
            if self.has_sum(number):
                found.append(Node("z", number))
        return (*found, Node("a", 0))

    @cached_property
    def _position(self) -> dict[Node, int]:
        return {node: k for k, node in enumerate(self._descending)}

    def between(self, above: Node, below: Node) -> tuple[Node, ...]:
        """The activations and sums strictly after `above`, down to and including `below`."""
        return self._descending[self._position[above] + 1 : self._position[below] + 1]

    def up_to(self, above: Node) -> tuple[Node, ...]:
        """The activations and sums from the input up to and including `above`."""
        return self._descending[self._position[above] :][::-1]

    def operands(self, node: Node) -> tuple[Edge, ...]:
        """The edges that leave a node downward."""
        return self._operands.get(node, ())

    @cached_property
    def _operands(self) -> dict[Node, tuple[Edge, ...]]:
        return {node: self._find_operands(node) for node in (LOSS, *self._descending)}

    def _find_operands(self, node: Node) -> tuple[Edge, ...]:
        if node == LOSS:
            return (Edge(LOSS, "a", Node("a", self.depth)),)
        if node.letter == "a" and node.layer and self.has_sum(node.layer):
            return (Edge(node, SUM, Node(SUM, node.layer)),)
        if node.letter not in ("a", "z") or not node.layer:
            return ()
        layer = self.layers[node.layer - 1]
        inputs = zip(layer.inputs, self.reads(node.layer), strict=True)
        slots = self.slots[node.layer - 1]
        return (
            *(Edge(node, ref, Node("a", k)) for ref, k in inputs),
            *(Edge(node, slot, Node(slot, node.layer)) for slot in slots),
        )

    @cached_property
    def consumers(self) -> Mapping[Node, tuple[Edge, ...]]:
        """The edges that arrive at each node from above."""
        found: dict[Node, list[Edge]] = {node: [] for node in self.nodes.values()}
        for node in self._descending:
            for edge in self.operands(node):
                found[edge.below].append(edge)
        return {node: tuple(edges) for node, edges in found.items()}

    @cached_property
    def way_to_parameters(self) -> tuple[tuple[Node, tuple[Edge, ...]], ...]:
        """From the loss down, the nodes that depend on a parameter, each with its edges that lead to one."""
        wanted = set(self.parameter_nodes)
        found: list[tuple[Node, tuple[Edge, ...]]] = []
        for node in reversed(self._descending):
            edges = tuple(edge for edge in self.operands(node) if edge.below in wanted)
            if edges:
                wanted.add(node)
                found.append((node, edges))
        return tuple(reversed(found))

    def node(self, name: object, where: str) -> Node:
        """The node behind a canonical name or a letter."""
        return self.nodes[self.names.key(name, where)]

    def symbol(self, node: Node) -> str:
        """What to print for a node."""
        return self.names.symbol(node.name)

    def check_number(self, number: object, where: str, first: int = 1) -> int:
        """A layer's number, or that of an activation's name; anything else is refused."""
        if isinstance(number, str):
            node = self.node(number, where)
            number = node.layer if node.letter == "a" else number
        if (
            isinstance(number, bool)
            or not isinstance(number, int | np.integer)
            or not first <= number <= self.depth
        ):
            raise UnknownNameError(
                "no such layer",
                where=where,
                got=shown(number),
                expected=f"{first} to {self.depth}",
                remedy="Layers count from 1, weightless ones too; activation 0 is the input.",
            )
        return int(number)

    def path(self, above: Node, below: Node) -> tuple[Edge, ...]:
        """The one path of edges from `above` down to `below`.

        Raises
        ------
        UnknownNameError
            `above` is no function of `below`.
        UnsupportedLayerError
            There is more than one path.
        """
        reaches, pending = {below}, [below]
        while pending:
            for edge in self.consumers[pending.pop()]:
                if edge.above not in reaches:
                    reaches.add(edge.above)
                    pending.append(edge.above)
        path: list[Edge] = []
        current = above
        if above not in reaches:
            raise self.independent(above, below)
        while current != below:
            choices = [edge for edge in self.operands(current) if edge.below in reaches]
            if len(choices) > 1:
                raise UnsupportedLayerError(
                    f"more than one path leads from {above.name} to {below.name}",
                    where="record.chain",
                    got=f"{self.where(current.layer)} reads several activations on the way",
                    expected="a single chain",
                    remedy="record.jacobian adds the branches; record.layer(l) has the factors of each.",
                )
            path.append(choices[0])
            current = choices[0].below
        return tuple(path)

    def only_path(self, above: Node, below: Node) -> tuple[Edge, ...]:
        """As the slides draw it, nothing where there is none or more than one."""
        try:
            return self.slide_path(above, below)
        except (UnknownNameError, UnsupportedLayerError):
            return ()

    def slide_path(self, above: Node, below: Node) -> tuple[Edge, ...]:
        """The path as the slides draw it: one edge from a layer's activations to an operand.

        Under a fused loss the last layer keeps its two edges, across f and across the sum.
        """
        joined: list[Edge] = []
        for edge in self.path(above, below):
            last = joined[-1] if joined else None
            head = above == LOSS and self.fused and edge.above.layer == self.depth
            if last is not None and last.operand == SUM and not head:
                joined[-1] = Edge(last.above, edge.operand, edge.below)
            else:
                joined.append(edge)
        return tuple(joined)

    def independent(self, above: Node, below: Node) -> UnknownNameError:
        """The error for a pair without a Jacobian."""
        return UnknownNameError(
            f"{above.name} is no function of {below.name}",
            where="record",
            got=f"({above.name!r}, {below.name!r})",
            expected="a variable and an earlier one",
            remedy="Name the numerator first: jacobian('L', 'W1') is dL/dW1.",
        )
