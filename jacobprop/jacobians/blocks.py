"""Products of blocks in which some have a case axis and some are shared by all cases."""

import numpy as np

from ..arrays import Array


def transposed(block: Array) -> Array:
    """Swap rows and columns; the case axis stays."""
    return np.swapaxes(block, -1, -2)


def rows_times(rows: Array, right: Array) -> Array:
    """rows @ right; where only the rows have cases, one product over all of them.

    (c, k, m) @ (m, n) is one (c k, m) @ (m, n): the difference between c small products and one GEMM.
    """
    if rows.ndim == 3 and right.ndim == 2:
        cases, k, m = rows.shape
        return (rows.reshape(cases * k, m) @ right).reshape(cases, k, right.shape[1])
    return rows @ right
