"""How a formula is written: for a Unicode terminal, for plain ASCII, and for LaTeX.

One sentence of mathematics ("diag(f') W^T") is composed once, from the signs of a notation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

_LATEX_SPECIAL = {
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "'": r"\prime ",
    **{c: f"\\{c}" for c in "{}$%&#_"},
}


_NOT_IN_MATHTEXT = '"#&`'


def escape_latex(text: str) -> str:
    """Text as it reads, safe in LaTeX's math mode: a name typed by a user is data.

    Examples
    --------
    >>> escape_latex("50%_$x$")
    '50\\\\%\\\\_\\\\$x\\\\$'
    """
    return "".join(
        _LATEX_SPECIAL.get(c) or (c if c.isascii() and c.isprintable() else _spelt(c)) for c in text
    )


def _escape_mathtext(text: str) -> str:
    """The same for matplotlib, which lacks a few of LaTeX's characters."""
    return "".join(_spelt(c) if c in _NOT_IN_MATHTEXT else escape_latex(c) for c in text)


def _spelt(character: str) -> str:
    """A Greek letter by its command, any other character by its code point."""
    match = re.fullmatch(r"GREEK SMALL LETTER ([A-Z]+)", unicodedata.name(character, ""))
    if match and match[1] not in ("OMICRON", "FINAL SIGMA"):
        return f"\\{match[1].lower().replace('lamda', 'lambda')} "
    return f"U{{+}}{ord(character):04X}"


def _name(escape: Callable[[str], str], name: str) -> str:
    """a1 as a_{1}, Sum_Z as Sum_{Z}, a single letter as it is, a longer word upright."""
    indexed = re.fullmatch(r"([A-Za-z])([0-9]+)", name)
    if indexed:
        return f"{indexed[1]}_{{{indexed[2]}}}"
    if name.startswith("Sum_") and len(name) > 4:
        return rf"\mathrm{{Sum}}_{{{_name(escape, name[4:])}}}"
    return escape(name) if len(name) == 1 else rf"\mathrm{{{escape(name)}}}"


@dataclass(frozen=True)
class Notation:
    """The signs that formulas are made of.

    Attributes
    ----------
    name : callable
        A variable's letter to what is written for it.
    jacobian : str
        A template with two places: the variable below, the one above.
    slope : str
        A template for f'(z) of the layer whose activations stand in its place.
    """

    name: Callable[[str], str]
    jacobian: str
    diag: str
    outer: str
    transpose: str
    prime: str
    slope: str
    minus: str
    dot: str
    times: str
    arrow: str
    delta: str
    fraction: str
    soft: str = "J^soft"
    entry: str = "[{}]"

    @property
    def outer_product(self) -> str:
        """What left (x) y means, entry by entry."""
        left = self.name("left")
        whole, row, entry = (self.entry.format(index) for index in ("o,i,j", "o,j", "i"))
        return f"({left}{self.outer}y){whole} = {left}{row} y{entry}"

    def J(self, below: str, above: str) -> str:
        """The symbol of d(above)/d(below)."""
        return self.jacobian.format(self.name(below), self.name(above))


UNICODE = Notation(
    name=str,
    jacobian="J_{}^{}",
    diag="diag({})",
    outer=" ⊗ ",
    transpose="ᵀ",
    prime="′",
    slope="f′_{}",
    minus=" − ",
    dot=" · ",
    times=" × ",
    arrow=" → ",
    delta="δ",
    fraction="{}/{}",
)

ASCII = Notation(
    name=str,
    jacobian="J_{}^{}",
    diag="diag({})",
    outer=" (x) ",
    transpose="^T",
    prime="'",
    slope="f'_{}",
    minus=" - ",
    dot=" . ",
    times=" x ",
    arrow=" -> ",
    delta="delta",
    fraction="{}/{}",
)

LATEX = Notation(
    name=partial(_name, escape_latex),
    jacobian="J_{{{}}}^{{{}}}",
    diag=r"\mathrm{{diag}}({})",
    outer=r" \otimes ",
    transpose=r"^{\mathsf{T}}",
    prime="'",
    slope="f'_{{{}}}",
    minus=" - ",
    dot=r" \cdot ",
    times=r" \times ",
    arrow=r" \to ",
    delta=r"\delta",
    fraction=r"\frac{{{}}}{{{}}}",
    soft=r"J^{\mathrm{soft}}",
    entry="_{{{}}}",
)

MATHTEXT = replace(LATEX, name=partial(_name, _escape_mathtext), fraction="{}/{}")
"""For pictures, where a fraction in two storeys is too small to read."""
