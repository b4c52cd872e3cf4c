"""The byte limit of everything dense: refused before anything is allocated, with a way out."""

from __future__ import annotations

from ..errors import DenseLimitError

DENSE_LIMIT = 2**30
"""The most bytes that a dense array may take unless the caller says otherwise: 1 GiB."""


def check_dense(nbytes: int, call: str, *operands: object, remedy: str, max_bytes: int = DENSE_LIMIT) -> None:
    """Refuse a dense array above the limit; `call` is a format string for the operands."""
    if nbytes > max_bytes:
        raise DenseLimitError(
            "the dense form is above the byte limit, nothing was allocated",
            where=call.format(*operands),
            got=f"{nbytes:,} bytes",
            expected=f"at most {max_bytes:,}",
            remedy=remedy,
        )
