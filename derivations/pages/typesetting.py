"""Text to LaTeX: mathematics as a slide writes it on one line, and prose with mathematics in it."""

import re
from collections.abc import Iterator, Sequence

from ..catalogue import DERIVATIONS
from .signs import GREEK, LATEX, RELATIONS

IDS = frozenset(part.id for d in DERIVATIONS for part in d.parts if {"_", "-"} & set(part.id))
"""The names of derivations, except those that are a word of prose too."""

FUNCTIONS = frozenset(
    ("exp", "log", "cos", "acos", "arcsin", "arccos", "max", "tanh", "sigmoid", "softmax", "diag", "einsum")
)
"""Names of several letters that are set upright and stand before what they are applied to."""

SCRIPT_NAMES = frozenset(("paths", "edges", "prev"))
"""Names below or above a letter other than J, where ij are two indices."""

NAME = r"[^\W\d_ᵀ]+"
NUMBER = r"\((?:[klmN](?:[+-]1)?|-?\d)\)"
"""The number of a layer."""
BRACKET = r"\((?:[^()]|\([^()]*\))*\)"
"""A bracket, with brackets in it."""
MARK = rf"[^\W_²ᵀ]+(?:{NUMBER})?"
LAYER = rf"{NUMBER}(?=_)"
LOW = rf"_(?:\d\*|\[1\+\]|{MARK}|{BRACKET})"
HIGH = rf"\^(?:{BRACKET}|-[^\W_²ᵀ]+(?:_\w+)?|{MARK})"
SCRIPT = rf"\d+|{LAYER}|{LOW}|{HIGH}|'+|⁺|ᵀ|²"
SCRIPTS = rf"(?:{SCRIPT})*"
OPERAND = rf"(?:{NAME}{SCRIPTS}(?:{BRACKET})?|{BRACKET})"

TOKEN = re.compile(
    rf"∂(?P<of>²?{OPERAND})/(?P<by>(?:∂{OPERAND})+)"
    r"|Σ(?:_(?P<over>(?:[^\W_]|≠)+))?(?P<zero>\^0)?"
    r"|(?<![\w/])(?P<numerator>\d+)/(?P<denominator>\d+)(?= )"
    r"|(?P<mantissa>\d[\d.]*)e(?P<tens>[+-]\d+)"
    rf"|(?P<base>{NAME}|\d[\d.]*(?=\^)|[)\]}}])(?P<scripts>{SCRIPTS})"
    r"|(?P<factors>(?<=[\w)\]}'²⁺ᵀ]) (?=[\w(\[{∂∇Σ]))"
    rf"|(?P<relation>{'|'.join(map(re.escape, RELATIONS))})"
    r"|(?P<sign>.)"
)

SUPERSCRIPTS = {"⁺": "+", "ᵀ": r"\mathsf T", "²": "2"}
TIMES = re.compile(r"(?<=[\dmnrdD)]) x (?=[\dmnrcd(])")

NAMED = "|".join(sorted(FUNCTIONS | set(GREEK)))
SURELY = re.compile(
    rf"[_^=<>|+{''.join(LATEX)}]|[\w')][(\[]|\)\)|[\w)]/[\w(]|\b[\dA-Za-z][*-][\dA-Za-z]\b|\b[A-Za-z]\d+\b"
    r"|^(?:[b-zB-Z]|-[A-Za-z]?|-[\d.]+|-\(.*|[/*]|\d+[a-z]|\w(?:,[a-z])+)$"
    rf"|^(?:{'|'.join(GREEK)})\d?$|(?:\b[A-Z]+|\b[A-Za-z]\d*|{NAMED})'(?![a-z])"
)
"""What makes a word of prose a formula, whatever stands beside it."""
PERHAPS = re.compile(rf"(?!0\d)\d+(?:\.\d+)?(?:e[+-]\d+)?|-?(?:{'|'.join(sorted(FUNCTIONS))})")
"""What belongs to a formula that stands beside it."""
NEVER = re.compile(r"\d+(?:-\d+)+|'.*")
"""The sizes of layers are no differences; what is quoted is left as it is."""
OPERATORS = frozenset("=+-<>·×•∘⊗")
AROUND = "()[]{}|,.;:"
STOPS = ".,;:"


def typeset(line: str) -> str:
    """A line of mathematics in LaTeX: no letter in it has two subscripts or two superscripts."""
    line = re.sub(r"J\^(?=_|\W|$)", "Ĵ", line)
    return TOKEN.sub(_token, TIMES.sub(" × ", line))


def _token(found: re.Match[str]) -> str:
    if found["of"]:
        below = " ".join(rf"\partial {typeset(letter)}" for letter in found["by"][1:].split("∂"))
        return rf"\frac{{\partial {typeset(found['of'])}}}{{{below}}}"
    if found[0].startswith("Σ"):
        over = typeset(found["over"] or "") + ("=0" if found["zero"] else "")
        return rf"\sum_{{{over}}}" if over else r"\sum "
    if found["numerator"]:
        return rf"\tfrac{{{found['numerator']}}}{{{found['denominator']}}}"
    if found["mantissa"]:
        return rf"{found['mantissa']} \cdot 10^{{{int(found['tens'])}}}"
    if found["base"]:
        return _atom(found["base"], found["scripts"])
    if found["factors"]:
        return r"\, "
    return RELATIONS.get(found[0]) or _sign(found[0])


def _sign(character: str) -> str:
    return LATEX.get(character) or (character if character == "_" else _escaped(character))


def _atom(base: str, scripts: str) -> str:
    """A letter with all its indices in one subscript and all else in one superscript."""
    low, high = [], []
    for mark in re.findall(SCRIPT, scripts):
        if mark[0] == "_" or mark.isdecimal():
            low.append(_below(mark.removeprefix("_"), base))
        else:
            high.append(_above(mark.removeprefix("^"), base))
    letter = _sign(base) if base in ")]}" else _name(base)
    if len(high) > 1 and re.fullmatch(NUMBER, high[0]):  # the number of a layer is no factor of an exponent
        return rf"({_with(letter, low, high[:1])}){_with('', [], high[1:])}"
    return _with(letter, low, high)


def _with(letter: str, low: list[str], high: list[str]) -> str:
    below = f"_{_braced(','.join(low))}" if low else ""
    above = "".join(high)
    if set(above) <= {"'"}:
        return letter + below + above
    primed = above.replace("'", r"\prime ")
    return f"{letter}{below}^{_braced(primed)}"


def _braced(inside: str) -> str:
    return inside if len(inside) == 1 else f"{{{inside}}}"


def _below(mark: str, base: str) -> str:
    """Indices: ij are two of them; W1 below a J is one name."""
    bare = mark[1:-1] if re.fullmatch(BRACKET, mark) else mark
    if base == "J" or bare in SCRIPT_NAMES or not re.fullmatch(r"\w+\*?", bare):
        return typeset(bare)
    return "".join(map(_sign, bare))


def _above(mark: str, base: str) -> str:
    """An exponent or a name; the brackets of an exponent are not needed."""
    if re.fullmatch(NUMBER, mark) or set(mark) == {"'"}:
        return mark
    if mark in SUPERSCRIPTS:
        return SUPERSCRIPTS[mark]
    return typeset(mark[1:-1] if re.fullmatch(BRACKET, mark) else mark)


def _name(name: str) -> str:
    if name in FUNCTIONS:
        return rf"\operatorname{{{name}}}"
    if name in GREEK:
        return GREEK[name]
    if len(name) > 2 and name.isascii() and not name.isupper():
        return rf"\mathrm{{{name}}}"
    return "".join(map(_sign, name))


def words(line: str) -> str:
    """A line of prose, in which neighbouring words with signs or indices are set as one formula."""
    return " ".join(_runs(TIMES.sub(" × ", line).split()))


def sentence(line: str) -> str:
    """A line of prose with a capital and a full stop."""
    first, _, rest = line.partition(" ")
    if first.rstrip(STOPS).isalpha() and first.islower() and not _is_formula("", first, rest.split(" ")[0]):
        line = line[0].upper() + line[1:]
    return words(line).rstrip(".") + "."


def _runs(tokens: Sequence[str]) -> Iterator[str]:
    """Words that are set together: a formula ends at punctuation and at a word of prose."""
    run: list[str] = []
    sure = False
    for before, word, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        formula = _is_formula(before, word, after)
        goes_on = formula or PERHAPS.fullmatch(word.strip(AROUND))
        if run and not goes_on:
            yield _set(run, sure)
            run, sure = [], False
        run.append(word)
        sure |= formula
        if not goes_on or word[-1] in STOPS:
            yield _set(run, sure)
            run, sure = [], False
    if run:
        yield _set(run, sure)


def _set(run: Sequence[str], formula: bool) -> str:
    line = " ".join(run)
    inside = line.rstrip(STOPS)
    return f"${typeset(inside)}${line[len(inside) :]}" if formula else " ".join(map(_prose, run))


def _is_formula(before: str, word: str, after: str) -> bool:
    bare = word.strip(AROUND)
    if bare in IDS or NEVER.fullmatch(bare):
        return False
    named = bare.isalpha() and {"=", "⊗"} & {before, after}
    return bool(named or SURELY.search(bare) or (bare in ("a", "A") and not _is_article(before, word, after)))


def _is_article(before: str, word: str, after: str) -> bool:
    """Whether the word "a" is no letter."""
    if word in ("a", "A") and ({before, after} & OPERATORS or after in ("is", "and", "from")):
        return False
    return word.strip("(") == "a" or (word == "A" and not before)


def _prose(word: str) -> str:
    bare = word.strip(AROUND)
    escaped = _escaped(word).replace("->", r"$\to$")
    return escaped.replace(_escaped(bare), name(bare)) if bare in IDS else escaped


def name(derivation: str) -> str:
    """The name of a derivation."""
    return rf"\texttt{{{_escaped(derivation)}}}"


def _escaped(word: str) -> str:
    return re.sub(r"([_&%#{}$])", r"\\\1", word)
