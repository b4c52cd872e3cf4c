"""Matrices in LaTeX: four decimals, a common power of ten in front, large ones elided."""

from __future__ import annotations

import math

from .blocks import Block
from .magnitude import MOST_SHOWN, decimal, largest, power_of_ten

PLACES = 4
"""Decimals."""


def latex_matrix(block: Block) -> str:
    r"""A matrix in brackets; exact zeros are a bare 0.

    Examples
    --------
    >>> import numpy as np
    >>> from .blocks import full
    >>> print(latex_matrix(full(np.array([[0.5, -0.25]]))))
    \begin{bmatrix} 0.5000 & -0.2500 \end{bmatrix}
    """
    power = power_of_ten(largest(block.values))
    rows, columns = (_kept(n) for n in block.values.shape)
    lines = [" & ".join(_entry(block, i, j, power) for j in columns) for i in rows]
    body = r" \\ ".join(lines)
    matrix = rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
    if None in rows or None in columns:
        o, n = block.values.shape
        matrix = rf"\underset{{{o} \times {n}}}{{{matrix}}}"
    return matrix if power == 0 else rf"10^{{{power}}} {matrix}"


def latex_number(value: float) -> str:
    r"""A number with four decimals, or with a power of ten.

    Examples
    --------
    >>> print(latex_number(0.125), latex_number(2.5e-7), latex_number(-math.inf))
    0.1250 2.5000 \cdot 10^{-7} -\infty
    """
    if not math.isfinite(value):
        return r"\mathrm{nan}" if math.isnan(value) else ("-" if value < 0 else "") + r"\infty"
    power = power_of_ten(abs(value))
    shown = decimal(value / 10.0**power, PLACES)
    return shown if power == 0 else rf"{shown} \cdot 10^{{{power}}}"


def _kept(count: int) -> list[int | None]:
    """The indices to print; None stands for those left out."""
    return list(range(count)) if count <= MOST_SHOWN else [0, 1, 2, None, count - 1]


def _entry(block: Block, i: int | None, j: int | None, power: int) -> str:
    if i is None or j is None:
        return r"\ddots" if i is None and j is None else r"\vdots" if i is None else r"\cdots"
    if block.zeros[i, j]:
        return "0"
    value = float(block.values[i, j])
    return decimal(value / 10.0**power, PLACES) if math.isfinite(value) else latex_number(value)
