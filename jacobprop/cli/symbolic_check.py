"""The production chain on symbols: the slides' 3-2-1 network against sympy's own derivative of the loss."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._lazy import sympy
from ..arrays import Array
from ..errors import CheckFailed
from ..layers import Dense
from ..losses import SquaredError
from ..network import Network
from ..report.notation import Notation


class SymbolicCheck(NamedTuple):
    """How many entries were compared, which differ, and whether the slide's entry (D-64) came out."""

    entries: int
    differing: tuple[str, ...]
    slide_entry: bool

    def require(self) -> None:
        """Raise CheckFailed if anything differs."""
        if self.differing or not self.slide_entry:
            raise CheckFailed(
                "the chain on symbols differs from sympy's derivative",
                where="3-2-1",
                got=", ".join(self.differing) or "another entry (1, 1) than the slide",
                expected="the same expressions",
            )


def check_321() -> SymbolicCheck:
    """Push symbols through forward pass, chain and products, and compare each entry of dL/dV and dL/dW."""
    V, W = symbols("v", 3, 2), symbols("w", 2, 1)
    layers = [Dense.from_arrays(V, None, "sigmoid"), Dense.from_arrays(W, None, "sigmoid")]
    net = Network(layers, loss=SquaredError(), names="X Y Z", weights="V W")
    X, t = symbols("x", 3), symbols("t", 1)
    record = net.forward(X, t)
    differing, entries = [], 0
    for name, weights in (("V", V), ("W", W)):
        gradient = record.chain("L", name).multiply().tensor()
        for index in np.ndindex(weights.shape):
            entries += 1
            if not _same(gradient[index], sympy.diff(record.loss, weights[index])):
                differing.append(f"dL/d{weights[index]}")
    y, z = record.activation(1)[0], record.output[0]
    slide = (z - t[0]) * (z * (1 - z) * W[0, 0]) * (y * (1 - y) * X[0])
    first = record.chain("L", "V").multiply().tensor()[0, 0]
    return SymbolicCheck(entries, tuple(differing), _same(first, slide))


def slide_entry(say: Notation) -> str:
    """The entry that the slide prints, one bracket a factor of the chain."""
    minus, dot = say.minus, say.dot
    return f"dL/dv11 = (z1{minus}t1){dot}z1 (1{minus}z1) w11{dot}y1 (1{minus}y1) x1"


def symbols(letter: str, *shape: int) -> Array:
    """An object array of real symbols: v11, v12, ..."""
    names = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        names[index] = sympy.Symbol(letter + "".join(str(k + 1) for k in index), real=True)
    return names


def _same(a: Any, b: Any) -> bool:
    """Whether two expressions are equal for all values of their symbols."""
    return bool(sympy.simplify(a - b) == 0)
