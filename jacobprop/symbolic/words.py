"""What a formula consists of, in a terminal and in LaTeX at once: J_Y^Z and J_{Y}^{Z}."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Word(NamedTuple):
    """The same in a terminal and in LaTeX."""

    text: str
    latex: str


SOFT = Word("J^soft", r"J^{\mathrm{soft}}")
SPACE = Word(" ", r"\, ")
DOT = Word(" . ", r" \cdot ")


def jacobian(above: Word, below: Word, hat: bool = False) -> Word:
    """The symbol of a Jacobian, the denominator below; J^_W^Z for the simplified one."""
    sign = Word("J^", r"\hat{J}") if hat else Word("J", "J")
    return Word(f"{sign.text}_{below.text}^{above.text}", f"{sign.latex}_{{{below.latex}}}^{{{above.latex}}}")


def equation(left: Word, right: Word) -> Word:
    """left = right, aligned at the sign in LaTeX."""
    return Word(f"{left.text} = {right.text}", f"{left.latex} &= {right.latex}")


def joined(words: Iterable[Word], between: Word) -> Word:
    """Words in a row, with a sign between them."""
    words = list(words)
    text, latex = (between[way].join(word[way] for word in words) for way in (0, 1))
    return Word(text, latex)


def upright(name: str) -> Word:
    """A name that is no letter, not slanted in LaTeX."""
    escaped = name.replace("_", r"\_")
    return Word(name, rf"\mathrm{{{escaped}}}")


def in_latex(base: str) -> str:
    """a1 as a^{(1)}, a letter as it is, a word upright."""
    stem = base.rstrip("0123456789")
    number = base[len(stem) :]
    return (stem if len(stem) == 1 else upright(stem).latex) + (f"^{{({number})}}" if number else "")
