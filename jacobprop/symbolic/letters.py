"""A symbol for every entry of every variable: z1 and w11 for the slide's Z and W, a1_1 and w1_11 else.

Indices count from 1. A variable's letter is written small where that keeps all letters different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from .._lazy import sympy
from ..architecture import SUM, Architecture, Node
from ..arrays import Array, freeze
from ..layout import Shape
from .expression import Expression
from .words import Word, in_latex, jacobian, upright

Place: TypeAlias = tuple[int, int]
"""Where a letter stands in a product: first by its variable, then by its index."""

SUM_WORD = upright("Sum")


class Letters:
    """The letters of an architecture, made variable by variable.

    Attributes
    ----------
    words : dict
        {letter: how it is written}.
    places : dict
        {letter: its place in a product}: outputs, their sums and inputs, then the layers between, then
        the parameters, then the targets.
    """

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._base = _different_bases(architecture)
        self._rank = {node: k for k, node in enumerate(_along_the_slide(architecture))}
        self.places: dict[Expression, Place] = {}
        self.words: dict[Expression, Word] = {}

    def array(self, node: Node, shape: Shape) -> Array:
        """The letters of a variable."""
        base = self._base[node]
        if base.startswith("Sum_"):
            spelt = f"{SUM_WORD.latex}^{{{self._of_sum(node).latex}}}"
        else:
            spelt = in_latex(base if base.isascii() else node.name)
        return self._array(base, spelt, shape, self._rank[node])

    def target(self, shape: Shape) -> Array:
        """t1, t2, ..."""
        return self._array("t", "t", shape, len(self._rank))

    def _array(self, base: str, spelt: str, shape: Shape, rank: int) -> Array:
        found = np.empty(shape, dtype=object)
        comma = "," if max(shape) > 9 and len(shape) > 1 else ""
        for k, place in enumerate(np.ndindex(shape)):
            index = comma.join(str(i + 1) for i in place)
            name = f"{base}_{index}" if base[-1].isdigit() else base + index
            found[place] = self._add(Word(name, f"{spelt}_{{{index}}}"), (rank, k))
        return freeze(found)

    def called(self, function: Word, node: Node, arguments: Array) -> Array:
        """f'(s1), f'(s2), ..: letters for what stands beside the activations of `node`, in brackets.

        No letter of a variable has brackets, so that these are new.
        """
        found = np.empty(arguments.shape, dtype=object)
        for k, argument in enumerate(arguments):
            inside = self.words[argument]
            word = Word(f"{function.text}({inside.text})", f"{function.latex}({inside.latex})")
            found[k] = self._add(word, (self._rank[node], len(arguments) + k))
        return found

    def _add(self, word: Word, place: Place) -> Expression:
        """A new letter."""
        letter = sympy.Symbol(word.text)
        self.words[letter], self.places[letter] = word, place
        return letter

    def word(self, node: Node) -> Word:
        """A whole variable: Z, or a1."""
        symbol = self._architecture.symbol(node)
        if node.letter == SUM and symbol.startswith("Sum_"):
            return Word(symbol, f"{SUM_WORD.latex}_{{{self._of_sum(node).latex}}}")
        return Word(symbol, in_latex(symbol if symbol.isascii() and symbol.isalnum() else node.name))

    def _of_sum(self, node: Node) -> Word:
        """The activations of a sum."""
        return self.word(Node("a", node.layer))

    def jacobian(self, above: Node, below: Node) -> Word:
        """J_Y^Z, and J_Sum^Z for the activations by their own sum."""
        own_sum = above.letter == "a" and below == Node(SUM, above.layer)
        return jacobian(self.word(above), SUM_WORD if own_sum else self.word(below))


def _different_bases(architecture: Architecture) -> dict[Node, str]:
    """What precedes the index of each variable: small letters, the slide's own, or canonical names."""
    ways = (
        lambda node: _small(architecture.symbol(node)),
        architecture.symbol,
        lambda node: node.name,
    )
    nodes = architecture.nodes.values()
    candidates = ({node: _usable(way(node), node) for node in nodes} for way in ways)
    return next(bases for bases in candidates if len({*bases.values(), "t"}) > len(bases))


def _small(letter: str) -> str:
    """X as x, W1 as w1; a word stays as it is."""
    return letter.lower() if re.fullmatch("[A-Za-z][0-9]*", letter) else letter


def _usable(letter: str, node: Node) -> str:
    """The letter if indices can follow it, else the canonical name."""
    return letter if letter.removeprefix("Sum_").isalnum() else node.name


def _along_the_slide(architecture: Architecture) -> Iterator[Node]:
    """Variables in the order in which a product on a slide names them."""
    last = architecture.depth
    yield from (Node("a", last), Node(SUM, last), Node("a", 0))
    for k in range(1, last):
        yield from (Node("a", k), Node(SUM, k))
    yield from architecture.parameter_nodes
