"""Bao's signs between arrays: the Hadamard product ∘, and [1+], which drops the bias row."""

from dataclasses import dataclass

import sympy as sp

from ..proof import notation
from ..proof.arrays import filled
from ..proof.errors import FormulaError
from ..proof.formula import Formula
from ..proof.letters import Definitions


@dataclass(frozen=True)
class Hadamard(Formula):
    """A ∘ B: entry by entry, for two arrays of one shape."""

    a: Formula
    b: Formula

    def value(self, where: Definitions) -> sp.Array:
        left, right = self.a.value(where), self.b.value(where)
        if left.shape != right.shape:
            raise FormulaError(f"a Hadamard product of shapes {left.shape} and {right.shape}")
        return filled(left.shape, lambda *place: left[place] * right[place])

    def block(self) -> notation.Block:
        return notation.beside(["{"], _within(self.a), [" ∘ "], _within(self.b), ["}"])


@dataclass(frozen=True)
class WithoutBias(Formula):
    """A_[1+]: the rows of A but row 0, which belongs to the bias unit."""

    a: Formula

    def value(self, where: Definitions) -> sp.Array:
        return self.a.value(where)[1:]

    def block(self) -> notation.Block:
        return notation.beside(_within(self.a), ["_[1+]"])


def _within(formula: Formula) -> notation.Block:
    block = formula.block()
    bare = not block[0].startswith("{") and (" · " in block[0] or " × " in block[0])
    return [f"({block[0]})"] if bare else block


@dataclass(frozen=True)
class WithBias(Formula):
    """1 ⊕ A: a column with the bias unit 1 on top."""

    a: Formula

    def value(self, where: Definitions) -> sp.Array:
        return sp.Array([[sp.S.One], *self.a.value(where).tolist()])

    def block(self) -> notation.Block:
        return notation.beside(["(1 ⊕ "], self.a.block(), [")"])
