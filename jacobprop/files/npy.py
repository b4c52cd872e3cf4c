"""The header of a .npy member: a dtype and a shape, read by a pattern and never evaluated."""

from __future__ import annotations

import math
import re
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import FileFormatError
from ..layout import Shape

MOST_AXES = 32
_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4}
"""How many bytes say how long the header is, for each version that holds plain numbers."""

_LONGEST = 4096
_MOST_DIGITS = 15
_HEADER = re.compile(
    r"\{\s*'descr':\s*(?P<dtype>.+?),\s*'fortran_order':\s*(?P<fortran>True|False),"
    r"\s*'shape':\s*\((?P<shape>[0-9, ]*)\),?\s*\}\s*"
)
_DTYPES = {
    f"'{order}{kind}{width}'": np.dtype(f"{order}{kind}{width}")
    for kind, widths in (("f", (2, 4, 8)), ("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8)))
    for width in widths
    for order in ("<>" if width > 1 else "|")
}


class Header(NamedTuple):
    """What a .npy member holds.

    Attributes
    ----------
    dtype : dtype
        float16, 32 or 64, or an integer, of either byte order.
    shape : tuple of int
        Each at least 1.
    order : "C" or "F"
        How the numbers follow each other.
    length : int
        Bytes before the first number.
    """

    dtype: np.dtype[Any]
    shape: Shape
    order: str
    length: int

    @property
    def nbytes(self) -> int:
        """What the numbers take."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], where: str) -> Header:
    """Read the header at the start of a member, of at most 4 KiB; nothing is allocated for the array.

    Raises
    ------
    FileFormatError
        No .npy member, or one of anything but plain numbers.
    """
    magic, version = stream.read(len(_MAGIC)), stream.read(2)
    if magic != _MAGIC or version not in _LENGTH_BYTES:
        raise FileFormatError(
            "the member is no array",
            where=where,
            got=repr(magic + version),
            expected="a .npy header of version 1.0 or 2.0",
            remedy="Write arrays with numpy.savez.",
        )
    width = _LENGTH_BYTES[version]
    length = int.from_bytes(stream.read(width), "little")
    text = stream.read(min(length, _LONGEST)).decode("latin-1")
    found = _HEADER.fullmatch(text) if len(text) == length else None
    if found is None:
        raise FileFormatError(
            "the array's header cannot be read",
            where=where,
            got=repr(text[:100]),
            expected="{'descr': ..., 'fortran_order': ..., 'shape': ...} as numpy writes it",
            remedy="Write arrays of numbers with numpy.savez.",
        )
    return Header(
        _dtype(found["dtype"], where),
        _shape(found["shape"], where),
        "F" if found["fortran"] == "True" else "C",
        len(_MAGIC) + 2 + width + length,
    )


def _dtype(text: str, where: str) -> np.dtype[Any]:
    if text not in _DTYPES:
        raise FileFormatError(
            "the array holds no plain numbers",
            where=where,
            got=f"dtype {text[:60]}",
            expected="float16, float32, float64 or integers",
            remedy="Convert it with .astype(float) before it is saved.",
        )
    return _DTYPES[text]


def _shape(text: str, where: str) -> Shape:
    words = [word.strip() for word in text.split(",") if word.strip()]
    good = all(word.isdigit() and len(word) <= _MOST_DIGITS and int(word) > 0 for word in words)
    if not good or len(words) > MOST_AXES:
        raise FileFormatError(
            "the array has an impossible shape",
            where=where,
            got=f"({text[:60]})",
            expected=f"at most {MOST_AXES} lengths, each at least 1",
            remedy="Leave empty arrays out.",
        )
    return tuple(map(int, words))
