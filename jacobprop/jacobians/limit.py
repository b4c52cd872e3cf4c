"""The byte limit of everything dense: refused before anything is allocated, with a way out."""

from __future__ import annotations

import math

import numpy as np

from ..errors import DenseLimitError, OptionError, shown

DENSE_LIMIT = 2**30
"""The most bytes that a dense array may take unless the caller says otherwise: 1 GiB."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not math.isnan(value)


def check_dense(nbytes: int, call: str, *operands: object, remedy: str, max_bytes: int = DENSE_LIMIT) -> None:
    """Refuse a dense array above the limit; `call` is a format string for the operands."""
    if type(max_bytes) is not int and not _is_number(max_bytes):
        raise OptionError(
            "max_bytes must be a number",
            where=call.format(*operands),
            got=shown(max_bytes),
            expected="bytes, such as 2**30",
            remedy="Leave it out for 1 GiB.",
        )
    if nbytes > max_bytes:
        raise DenseLimitError(
            "the dense form is above the byte limit, nothing was allocated",
            where=call.format(*operands),
            got=f"{nbytes:,} bytes",
            expected=f"at most {max(max_bytes, 0):,}",
            remedy=remedy,
        )
