"""What is derived, in words: Z = sigmoid(Y W + b), and what else the formulas rest on."""

from __future__ import annotations

from collections.abc import Iterator

from ..architecture import Node
from ..layers import Dense
from .expression import exact, tidy
from .letter_pass import LetterPass
from .notation import written
from .words import SPACE, Word, equation, joined, upright


def layer_statements(letter_pass: LetterPass, number: int) -> Iterator[Word]:
    """What a layer computes, and f' where it has no other name."""
    letters = letter_pass.letters
    yield equation(letters.word(Node("a", number)), _computed(letter_pass, number))
    if number in letter_pass.slope_letters:
        slope = letter_pass.slope_letters[number]
        meaning = letter_pass.definitions[number][slope]
        yield equation(letters.words[slope], written(tidy(meaning), letters))


def network_statements(letter_pass: LetterPass) -> Iterator[Word]:
    """Every layer, the loss, and what is assumed of the targets."""
    letters, record = letter_pass.letters, letter_pass.record
    for number in letter_pass.numbers:
        yield from layer_statements(letter_pass, number)
    if letter_pass.architecture.loss:
        yield equation(Word("L", "L"), written(tidy(exact(record.losses.item())), letters))
    if record.total is not None:
        yield equation(written(record.total, letters), Word("1", "1"))


def _computed(letter_pass: LetterPass, number: int) -> Word:
    """sigmoid(Y W + b)."""
    architecture, letters = letter_pass.architecture, letter_pass.letters
    layer = architecture.layers[number - 1]
    inputs = [letters.word(Node("a", k)) for k in architecture.reads(number)]
    slots = [letters.word(Node(slot, number)) for slot in architecture.slots[number - 1]]
    if not isinstance(layer, Dense):
        return _called(type(layer).__name__, joined([*inputs, *slots], Word(", ", ", ")))
    product = joined([*inputs, *slots[:1]], SPACE)
    return _called(layer.activation.name, joined([product, *slots[1:]], Word(" + ", " + ")))


def _called(name: str, inside: Word) -> Word:
    """name(inside): f for a name that is no word, and the identity as it is."""
    name = name if name.isascii() and name.isalnum() else "f"
    if name == "identity":
        return inside
    function = upright(name.replace("Softmax", "softmax"))
    return Word(f"{function.text}({inside.text})", f"{function.latex}({inside.latex})")
