"""Text that somebody typed, made safe to print."""

from __future__ import annotations


def printable(text: str, encoding: str) -> str:
    r"""Text without control characters, in characters that the encoding has.

    Examples
    --------
    >>> print(printable("\x1b é", "ascii"))
    \x1b \xe9
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)
