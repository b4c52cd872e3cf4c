"""The Jacobians of a layer or a network in the order of a slide, each ready to be displayed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import pairwise

from ..architecture import LOSS, SUM, Node
from ..errors import UnsupportedLayerError
from ..jacobians import IdentityJacobian, Jacobian
from ..layers import Softmax, SumLayer
from ..layout import size
from .display import Display
from .letter_pass import LetterPass
from .refusals import MOST_ENTRIES
from .words import DOT, SOFT, Word, jacobian, joined

MOST_IN_SLABS = 48
"""The most entries of a tensor that is written as one matrix for each output."""


def layer_formulas(letter_pass: LetterPass, number: int) -> Iterator[list[Display]]:
    """J_Sum, then the activations by every operand; those of a list stand side by side where they fit."""
    letters, factors = letter_pass.letters, letter_pass.record.layer(number)
    layer = letter_pass.architecture.layers[number - 1]
    above, own_sum = Node("a", number), Node(SUM, number)
    through_sum = isinstance(layer, SumLayer) and not isinstance(layer, Softmax)
    across = letters.jacobian(above, own_sum)
    if through_sum:
        yield _displays(letter_pass, across, above, own_sum, factors.J_Sum)
    for below, operand in letter_pass.operands(number):
        word, J = letter_pass.word(number, below), letter_pass.factor(number, below)
        if through_sum and isinstance(factors.sum_factors[operand], IdentityJacobian):
            yield [Display(word, None, across)]
        else:
            yield _displays(letter_pass, word, above, below, J)
        if operand == "W" and (hat := letter_pass.simplified(number)) is not None:
            yield [Display(jacobian(letters.word(above), letters.word(below), hat=True), hat)]


def network_formulas(letter_pass: LetterPass) -> Iterator[list[Display]]:
    """J_N^L, the layers by their inputs from the top down, and the loss by every parameter."""
    architecture, letters, record = letter_pass.architecture, letter_pass.letters, letter_pass.record
    top, last = letter_pass.top, letter_pass.last
    if top == LOSS:
        yield _displays(letter_pass, letters.jacobian(top, last), top, last, record.J_N)
    for number in reversed(letter_pass.numbers[1:]):
        for below, _ in letter_pass.operands(number):
            if below.letter == "a":
                word, J = letter_pass.word(number, below), letter_pass.factor(number, below)
                yield _displays(letter_pass, word, Node("a", number), below, J)
    for node in architecture.parameter_nodes:
        J = record.jacobian(top.name, node.name)
        (first, *others) = _displays(letter_pass, letters.jacobian(top, node), top, node, J)
        if first.array is not None and not others:
            first = dataclasses.replace(first, product=_product(letter_pass, node))
        yield [first, *others]


def _displays(letter_pass: LetterPass, word: Word, above: Node, below: Node, J: Jacobian) -> list[Display]:
    """A matrix as it is, a small tensor as one matrix for each output, and the size of a huge one."""
    entries = size(J.out_shape + J.in_shape)
    if entries > MOST_ENTRIES:
        words = f"({entries:,} entries)"
        return [Display(word, None, Word(words, rf"\text{{{words}}}"))]
    array = letter_pass.entries(J, word.text)
    if array.ndim < 3 or entries > MOST_IN_SLABS:
        return [Display(word, array)]
    outputs = (letter_pass.letters.words[a] for a in letter_pass.arrays[above])
    whole = letter_pass.letters.word(below)
    return [Display(jacobian(output, whole), slab) for output, slab in zip(outputs, array, strict=True)]


def _product(letter_pass: LetterPass, node: Node) -> Word | None:
    """The factors of the chain, or nothing where more than one path leads to the parameter."""
    try:
        chain = letter_pass.record.chain(letter_pass.top.name, node.name)
    except UnsupportedLayerError:
        return None
    if len(chain.factors) == 1:
        return None
    variables = [letter_pass.architecture.node(name, "derive") for name in chain.variables]
    words = (
        SOFT if J.symbol == SOFT.text else letter_pass.letters.jacobian(above, below)
        for J, (above, below) in zip(chain.factors, pairwise(variables), strict=True)
    )
    return joined(words, DOT)
