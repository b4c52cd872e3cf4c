"""Numbers as colours: dark blue for negative, grey for zero, yellow for positive.

The lightness grows with the number from one end to the other, so the sign survives a grey printer.
Structural zeros are not coloured at all: the hatched paper shows through.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .blocks import Block
from .magnitude import largest

_ANCHORS = ("08306b", "5372a9", "a8a8a8", "e2bd6a", "ffe14d")
_RGB = np.array([[int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)] for code in _ANCHORS])

RAMP = np.linspace(-1, 1, len(_ANCHORS))
"""Where the anchors lie, as shares of the largest absolute value."""


def colours(block: Block) -> Array:
    """RGBA, shape (rows, columns, 4): zero in the middle, transparent at structural zeros, nan black.

    Examples
    --------
    >>> from .blocks import full
    >>> (colours(full(np.array([[0.0, 5.0]]))) * 255).round().astype(int)[0].tolist()
    [[168, 168, 168, 255], [255, 225, 77, 255]]
    """
    scale = largest(block.values) or 1.0
    share = np.clip(block.values / scale, -1, 1)
    channels = [np.interp(share, RAMP, _RGB[:, k]) for k in range(3)]
    rgba = np.stack([*channels, np.where(block.zeros, 0.0, 1.0)], axis=-1)
    rgba[np.isnan(block.values)] = (0, 0, 0, 1)
    return rgba


def ink(rgba: Array) -> str:
    """Black or white, whichever reads better on a colour."""
    lightness = float(rgba[:3] @ [0.2126, 0.7152, 0.0722])
    return "white" if lightness < 0.5 else "black"
