"""What the results of a derivation share: text, LaTeX, and the proof."""

from __future__ import annotations

import abc
from collections.abc import Iterator

from ..errors import CheckFailed
from .display import Display, broken, in_rows
from .expression import Expression
from .letter_pass import LetterPass
from .notation import SlideNotation
from .signs import LATEX, TEXT
from .words import Word

MOST_NAMED = 4
"""How many wrong formulas an error names."""


class Derived(abc.ABC):
    """Formulas of one pass on letters."""

    _pass: LetterPass

    @abc.abstractmethod
    def _compared(self) -> Iterator[tuple[str, bool]]:
        """The name of each entry, and whether it is sympy's derivative."""

    @abc.abstractmethod
    def _statements(self) -> Iterator[Word]:
        """What is derived."""

    @abc.abstractmethod
    def _formulas(self) -> Iterator[list[Display]]:
        """The formulas, those of a list side by side where they fit."""

    @property
    def definitions(self) -> dict[Expression, Expression]:
        """{letter: what it stands for}, one step down: z1 is f of a sum of y's and w's."""
        return {letter: e for own in self._pass.definitions.values() for letter, e in own.items()}

    def verify(self) -> int:
        """Put in what the letters stand for, and compare every formula with sympy's derivative, exactly.

        f' is that of the activation's expression, and the row at a fused head is the product of its two
        factors: the float64 kernels have tests of their own and are not looked at here.

        Returns
        -------
        int
            How many entries were compared.

        Raises
        ------
        CheckFailed
            A formula differs: the factors of a layer are not the derivatives of its forward.
        """
        compared = list(self._compared())
        wrong = [name for name, right in compared if not right]
        if wrong:
            more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
            raise CheckFailed(
                "a derived formula differs from sympy's derivative of the forward pass",
                where="derive",
                got=", ".join(wrong[:MOST_NAMED]) + more,
                expected="the same expression",
                remedy="Compare the layer's factors with its forward.",
            )
        return len(compared)

    def __str__(self) -> str:
        say = SlideNotation(TEXT, self._pass.letters)
        lines = [line for word in self._statements() for line in broken(word.text)]
        for side_by_side in self._formulas():
            lines += ["", *in_rows(display.text(say) for display in side_by_side)]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_latex_(self) -> str:
        text, latex = (SlideNotation(signs, self._pass.letters) for signs in (TEXT, LATEX))
        lines = [word.latex for word in self._statements()]
        for side_by_side in self._formulas():
            lines += [line for display in side_by_side for line in display.latex(text, latex)]
        body = " \\\\\n".join(lines)
        return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"
