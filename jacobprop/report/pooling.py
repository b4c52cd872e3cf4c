"""A large matrix in few cells: each cell shows the entry of largest size that it covers, with its sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blocks import Block

MOST = 96
"""The most cells along a side."""


def pooled(block: Block, most: int = MOST) -> Block:
    """A matrix with at most `most` rows and columns; nothing that stands out is averaged away.

    A cell is a structural zero only if every entry that it covers is one.

    Examples
    --------
    >>> from .blocks import full
    >>> pooled(full(np.array([[1.0, -3.0, 2.0, 0.5]])), most=2).values
    array([[-3.,  2.]])
    """
    for axis in (0, 1):
        block = _pool(block, axis, most)
    return block


def _pool(block: Block, axis: int, most: int) -> Block:
    count = block.values.shape[axis]
    if count <= most:
        return block
    starts = _starts(count, most)
    high = np.maximum.reduceat(block.values, starts, axis=axis)
    low = np.minimum.reduceat(block.values, starts, axis=axis)
    zeros = np.logical_and.reduceat(block.zeros, starts, axis=axis)
    return Block(np.where(-low > high, low, high), zeros)


def _starts(count: int, most: int) -> NDArray[np.intp]:
    """Where the cells begin, as even as whole numbers allow."""
    return np.arange(most) * count // most
