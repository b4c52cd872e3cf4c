"""What the sight of a text already refuses, before any parser sees it: characters, words, and their order."""

import keyword
import re
from collections.abc import Collection, Iterator
from typing import NoReturn, TypeAlias

from ..errors import UnsafeExpressionError

LENGTH, DEPTH, LITERAL = 500, 40, 40
"""Caps: characters of a text, parentheses in one another, and characters of a number."""

NO_CONDITIONS = "Conditions are not read: use max, min, abs, relu."

_WORD = re.compile(
    r"(?P<number>(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)|(?P<name>[a-z_]\w*)|\*\*|//|[-+*/(), ]", re.I | re.A
)
_SAMPLE = re.compile(r"[\w.]{1,30}|\*\*|//|.", re.A | re.S)
_DOTTED = re.compile(r"[a-z_]\w*\.(\w{1,20})", re.I | re.A)
_ASCII_ONLY = "Only ASCII letters, digits and + - * / ( ) . ,"

Words: TypeAlias = list[re.Match[str]]


def refuse(what: str, text: str, column: int, *, remedy: str = "", expected: str = "") -> NoReturn:
    """Say what is wrong, where, and show a little of it."""
    sample = _SAMPLE.match(text, max(0, min(column, len(text)) - 1))
    raise UnsafeExpressionError(
        what,
        where=f"Activation.from_expression, column {column}",
        got=ascii(sample.group()) if sample else "nothing",
        expected=expected or None,
        remedy=remedy or 'Write arithmetic in z, such as "z*exp(-z**2)".',
    ) from None


def screen(text: str, functions: Collection[str], constants: Collection[str]) -> None:
    """Refuse by sight: length, characters, words that are no names, depth, and what cannot follow what."""
    if len(text) > LENGTH:
        refuse(f"the expression has {len(text)} characters", text, LENGTH, expected=f"at most {LENGTH}")
    words = list(_words(text, {*functions, *constants}))
    for word, following in zip(words, [*words[1:], None], strict=False):
        _check_calls(text, word, following, functions, constants)
    for previous, word in zip([None, *words], words, strict=False):
        _check_neighbours(text, previous, word)
    _check_parentheses(text, words)


# ---- words


def _words(text: str, known: Collection[str]) -> Iterator[re.Match[str]]:
    """The words of a text, blanks left out, each of them harmless by itself."""
    position = depth = 0
    while position < len(text):
        word = _WORD.match(text, position)
        if word is None:
            _refuse_character(text, position, known)
        if word["number"]:
            _screen_number(text, word)
        if word["name"]:
            _screen_name(text, word, known)
        depth += {"(": 1, ")": -1}.get(word.group(), 0)
        if depth > DEPTH:
            refuse("the expression is nested too deeply", text, position + 1, expected=f"{DEPTH} levels")
        if word.group() != " ":
            yield word
        position = word.end()


def _refuse_character(text: str, position: int, known: Collection[str]) -> NoReturn:
    character = text[position]
    remedy = _ASCII_ONLY
    if character == "^":
        remedy = "Write a power as z**2."
    elif character in "<>!" or text.startswith("==", position):
        remedy = NO_CONDITIONS
    refuse("this character has no meaning here", text, position + 1, remedy=remedy)


def _screen_name(text: str, word: re.Match[str], known: Collection[str]) -> None:
    column = word.start() + 1
    if keyword.iskeyword(word.group()):
        conditional = word.group() in {"and", "or", "not", "if", "else", "is", "in"}
        refuse("this word is not arithmetic", text, column, remedy=NO_CONDITIONS if conditional else "")
    dotted = _DOTTED.match(text, word.start())
    if dotted is not None and dotted[1] in known:
        example = dotted[1] + "(z)" * (text[dotted.end() :].lstrip().startswith("("))
        remedy = f"Write {example}, without {word.group()[:20]}."
        refuse("a name has a prefix", text, column, remedy=remedy)


def _screen_number(text: str, word: re.Match[str]) -> None:
    column = word.start() + 1
    if following := re.match(r"[\w.]{1,20}", text[word.end() :], re.A):
        product = f"{word.group()[:20]}*{following.group()}" if following.group()[0].isalpha() else "2*z"
        remedy = f"Write the product with a star: {product}."
        refuse("a number runs into what follows", text, column, remedy=remedy)
    digits, _, power = word.group().lower().partition("e")
    if len(digits) > LITERAL or len(power) > 4 or abs(int(power or 0)) > 100:
        refuse("the number is too long or too large", text, column, expected=f"at most {LITERAL} digits")


# ---- their order


def _check_calls(
    text: str,
    word: re.Match[str],
    following: re.Match[str] | None,
    functions: Collection[str],
    constants: Collection[str],
) -> None:
    """A function has its parenthesis, and nothing else has one without a star between."""
    called = following is not None and following.group() == "("
    name, column = word.group(), word.start() + 1
    if name in functions and not called:
        argument = following.group()[:20] if following is not None and _is_operand(following) else "z"
        argument += ", 0" * (name in {"max", "min"})
        refuse(f"{name} is a function", text, column, remedy=f"Write {name}({argument}).")
    if called and (word["number"] or name == ")" or name in constants):
        assert following is not None  # it is the parenthesis
        left = "(...)" if name == ")" else name[:20]
        remedy = f"Write {left}*{_parenthesis(text, following.start())}."
        refuse("this cannot be called", text, column, remedy=remedy)


def _parenthesis(text: str, start: int) -> str:
    """A parenthesis from its opening to its end, where it is a short one that holds no other."""
    short = re.compile(r"\([^()]{1,20}\)").match(text, start)
    return short.group() if short else "(...)"


def _is_operand(word: re.Match[str]) -> bool:
    return bool(word["number"] or word["name"])


def _check_neighbours(text: str, previous: re.Match[str] | None, word: re.Match[str]) -> None:
    """Between two operands stands an operator, and on both sides of an operator an operand."""
    column, sign = word.start() + 1, word.group()
    before = previous.group() if previous is not None else ""
    complete = previous is not None and (_is_operand(previous) or before == ")")
    if sign == "//":
        refuse("a division without remainder is not smooth", text, column, remedy="Write z/2 for z//2.")
    if complete and _is_operand(word):
        product = "(...)" if before == ")" else before[:20]
        refuse("an operator is missing", text, column, remedy=f"A product has a star: {product}*{sign[:20]}.")
    opens = _is_operand(word) or sign in ("(", "+", "-")
    empty_call = (before, sign) == ("(", ")")  # which is refused with the number of arguments
    if not complete and not opens and not empty_call:
        what = f"nothing stands between '{before}' and '{sign}'" if before else f"it begins with '{sign}'"
        refuse(what, text, column)


def _check_parentheses(text: str, words: Words) -> None:
    """Every parenthesis is closed, none is empty, and commas stand in calls."""
    if words and not _is_operand(words[-1]) and words[-1].group() not in ("(", ")"):
        refuse(f"it ends after '{words[-1].group()}'", text, words[-1].start() + 1)
    opened: list[tuple[int, bool]] = []
    for previous, word in zip([None, *words], words, strict=False):
        column, call = word.start() + 1, previous is not None and bool(previous["name"])
        if word.group() == "(":
            opened.append((column, call))
        elif word.group() == "," and not (opened and opened[-1][1]):
            refuse("this comma separates no arguments", text, column)
        elif word.group() == ")" and not opened:
            refuse("a parenthesis is closed that was not opened", text, column)
        elif word.group() == ")":
            _, call = opened.pop()
            if previous is not None and previous.group() == "(" and not call:
                refuse("a parenthesis is empty", text, column)
    if opened:
        refuse("a parenthesis is not closed", text, opened[-1][0])
