"""What is derived, in words: Z = sigmoid(Y W + b), what f is, and what else the formulas rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import activations
from .._lazy import sympy
from ..activations import Activation
from ..architecture import Node
from ..expressions import Written
from ..layers import RBF, BatchNorm, Dense, Dropout, Elementwise, Residual
from .expression import exact, tidy
from .letter_pass import LetterPass
from .letters import Letters
from .notation import written
from .words import SPACE, Word, equation, joined, upright


def layer_statements(letter_pass: LetterPass, number: int) -> Iterator[Word]:
    """What a layer computes, f where its name does not say it, and f' where it has no other name."""
    letters, layer = letter_pass.letters, letter_pass.architecture.layers[number - 1]
    yield equation(letters.word(Node("a", number)), _computed(letter_pass, number))
    if type(layer) is BatchNorm:
        yield _held(letters.word(Node("a", letter_pass.architecture.reads(number)[0])))
    if isinstance(layer, Dense | Elementwise) and layer.activation.name not in activations.NAMES:
        yield _function(layer.activation, letters)
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


def indicator_statement(letter_pass: LetterPass) -> Iterator[Word]:
    """What square brackets mean, where there are any."""
    if letter_pass.has_indicator:
        yield Word("[c] is 1 where c holds, else 0", r"{[c]} &= 1 \text{ where } c \text{ holds, else } 0")


def _function(activation: Activation, letters: Letters) -> Word:
    """f(s) = max(s, s/100): as it was written, if it was, or as its expression says."""
    s = sympy.Symbol("s", real=True)
    word = written(activation.expression.xreplace({sympy.Symbol("z", real=True): s}), letters)
    if isinstance(activation.expression_builder, Written):
        word = Word(re.sub(r"\bz\b", "s", activation.expression_builder.text.strip()), word.latex)
    return equation(_called(activation.name, Word("s", "s")), word)


def _computed(letter_pass: LetterPass, number: int) -> Word:
    """sigmoid(Y W + b)."""
    architecture, letters = letter_pass.architecture, letter_pass.letters
    layer = architecture.layers[number - 1]
    inputs = [letters.word(Node("a", k)) for k in architecture.reads(number)]
    slots = [letters.word(Node(slot, number)) for slot in architecture.slots[number - 1]]
    if isinstance(layer, Dense):
        product = joined([*inputs, *slots[:1]], SPACE)
        return _called(layer.activation.name, joined([product, *slots[1:]], PLUS))
    if type(layer) is Elementwise:
        return _called(layer.activation.name, *inputs)
    if type(layer) is Residual:
        return joined(inputs, PLUS)
    if type(layer) is RBF:
        return _bump(*inputs, *slots)
    if type(layer) is BatchNorm:
        return _normalised(*inputs, *slots)
    if type(layer) is Dropout:
        return inputs[0]
    return _called(type(layer).__name__, joined([*inputs, *slots], Word(", ", ", ")))


def _held(y: Word) -> Word:
    """That the statistics of a normalisation are constants, as they are not while the network learns."""
    return Word(
        f"mean({y.text}) and s({y.text}) are numbers that the layer holds",
        rf"\mathrm{{mean}}({y.latex}), s({y.latex}) &\colon \text{{numbers that the layer holds}}",
    )


def _bump(y: Word, C: Word, B: Word) -> Word:
    """exp(-B |Y - C|^2)."""
    return Word(f"exp(-{B.text} |{y.text} - {C.text}|^2)", rf"\exp(-{B.latex}\,\|{y.latex} - {C.latex}\|^2)")


def _normalised(y: Word, C: Word, b: Word) -> Word:
    """C (Y - mean(Y))/s(Y) + b."""
    return Word(
        f"{C.text} ({y.text} - mean({y.text}))/s({y.text}) + {b.text}",
        rf"{C.latex}\,({y.latex} - \mathrm{{mean}}({y.latex}))/s({y.latex}) + {b.latex}",
    )


PLUS = Word(" + ", " + ")
_WRITTEN = {"Softmax": "softmax", "LogSoftmax": "log_softmax"}


def _called(name: str, inside: Word) -> Word:
    """name(inside): f for a name that is no word, and the identity as it is."""
    name = name if name.isascii() and name.isidentifier() else "f"
    if name == "identity":
        return inside
    function = upright(_WRITTEN.get(name, name))
    return Word(f"{function.text}({inside.text})", f"{function.latex}({inside.latex})")
