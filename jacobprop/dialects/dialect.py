"""A notation as facts: where the bias is, which index comes first, what is numbered from where.

Everything that is converted follows from the facts; the formulas and symbols are there to be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Slot: TypeAlias = Literal["W", "b", "delta"]

_KEY = re.compile(r"([A-Za-z]+)(0|[1-9][0-9]{0,8})")


class Symbols(NamedTuple):
    """How the variables of layer {n}, whose weights have the number {w}, are written."""

    activation: str
    sum: str
    weights: str
    bias: str
    delta: str
    target: str
    loss: str


class Formulas(NamedTuple):
    """The four steps of training in the dialect's own letters."""

    forward: str
    backward: str
    gradient: str
    step: str


@dataclass(frozen=True, repr=False, kw_only=True)
class Dialect:
    """A notation: a weight matrix is W or its transpose, with the bias beside it or inside.

    Attributes
    ----------
    name : str
        What `get` knows it by.
    source : str
        Where it is used.
    weight : str
        The letters of a weight's key, "Theta" for Theta1, Theta2, ...
    transposed : bool
        Whether a weight's first index is the unit that it leads to: (n_out, n_in).
    augmented : bool
        Whether the bias is part of the matrix, as the weights of a unit 0 that is always 1: row 0, or
        column 0 if `transposed`.
    gradient_transposed : bool
        Whether the gradient by a weight matrix has the shape of its transpose.
    reduction : "sum" or "mean"
        What a gradient is over the cases.
    input_layer : int
        The number of the input among the layers.
    named_by_start : bool
        Whether weights have the number of the layer they leave; else of the layer they lead to.
    placeholder : bool
        Whether the delta of a hidden layer has an entry 0 for its bias unit.
    delta_sign : int
        1 if delta is dL/dz, -1 if it is -dL/dz.
    symbols : Symbols
    formulas : Formulas
    remark : str
        One more line for the sheet.
    """

    name: str
    source: str
    symbols: Symbols
    formulas: Formulas
    weight: str = "W"
    transposed: bool = False
    augmented: bool = False
    gradient_transposed: bool = False
    reduction: str = "mean"
    input_layer: int = 0
    named_by_start: bool = False
    placeholder: bool = False
    delta_sign: Literal[1, -1] = 1
    remark: str = ""

    # -- keys -----------------------------------------------------------------------------------------

    def number(self, slot: Slot, layer: int) -> int:
        """The number that layer l of the library has here, or its weights have."""
        return layer + self.input_layer - (slot != "delta" and self.named_by_start)

    def key(self, slot: Slot, layer: int) -> str:
        """The key of a layer's weights, bias or delta."""
        return f"{self.weight if slot == 'W' else slot}{self.number(slot, layer)}"

    def parse(self, key: object, slots: Iterable[Slot]) -> tuple[Slot, int] | None:
        """Which slot and layer of the library a key stands for; None if it is no key of this dialect."""
        match = _KEY.fullmatch(key) if isinstance(key, str) else None
        if match is None:
            return None
        for slot in slots:
            layer = int(match[2]) - self.number(slot, 0)
            if layer >= 1 and key == self.key(slot, layer) and not (slot == "b" and self.augmented):
                return slot, layer
        return None

    # -- the facts in words -------------------------------------------------------------------------------

    @property
    def keys(self) -> str:
        """The keys of the first two weight matrices, as in "W1, W2, ..."."""
        return f"{self.key('W', 1)}, {self.key('W', 2)}, ..."

    @property
    def shape(self) -> str:
        """The shape of a weight matrix."""
        return self.shape_if(self.transposed)

    def shape_if(self, transposed: bool) -> str:
        """The shape of a weight matrix or a gradient whose first index is, or is not, the unit led to."""
        sides = ["n_in + 1" if self.augmented else "n_in", "n_out"]
        return f"({', '.join(reversed(sides) if transposed else sides)})"

    @property
    def bias(self) -> str:
        """Where the bias is."""
        return ("column 0" if self.transposed else "row 0") if self.augmented else self.key("b", 1) + ", ..."

    @property
    def gradient_shape(self) -> str:
        """The shape of a gradient, in words."""
        return "transposed" if self.gradient_transposed else f"as {self.weight}"

    @property
    def delta(self) -> str:
        """What delta is, by the loss of one case."""
        return "dL/dz" if self.delta_sign > 0 else "-dL/dz"

    def generic(self) -> Symbols:
        """The symbols of a layer l."""
        return self.written("l", "l-1" if self.named_by_start else "l")

    def written(self, n: object, w: object) -> Symbols:
        """The symbols of the layer with number n, whose weights have the number w."""
        return Symbols(*(symbol.format(n=n, w=w) for symbol in self.symbols))

    def __repr__(self) -> str:
        return f"<Dialect {self.name}: {self.source}>"

    def __str__(self) -> str:
        ends = ("l", "l+1") if self.named_by_start else ("l-1", "l")
        lines = {
            "layers": f"the input is layer {self.input_layer}; "
            f"{self.weight} number l leads from layer {ends[0]} to layer {ends[1]}",
            "weights": f"{self.keys}  {self.shape}",
            "bias": f"{self.bias} of {self.weight}" if self.augmented else f"{self.bias}  (n_out,)",
            "forward": self.formulas.forward,
            "delta": f"{self.delta} of one case" + ", with a placeholder for bias units" * self.placeholder,
            "backward": self.formulas.backward,
            "gradient": f"{self.formulas.gradient}  ({self.gradient_shape}; {self.reduction} over cases)",
            "step": self.formulas.step,
            "remark": self.remark,
        }
        sheet = [f"  {label:<10}{text}" for label, text in lines.items() if text]
        return "\n".join([f"{self.name}: {self.source}", *sheet])
