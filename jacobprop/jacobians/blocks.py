"""Products of blocks in which some have a case axis and some are shared by all cases."""

import numpy as np

from ..arrays import Array


def norms(array: Array, axis: int = -1) -> Array:
    """sqrt of the sum of squares along an axis, each over the power of two of its largest entry.

    No square overflows, and none underflows that counts beside the largest.
    """
    largest = np.abs(array).max(axis=axis, keepdims=True, initial=0.0)
    exponent = np.frexp(np.where(np.isfinite(largest), largest, 0))[1]
    scaled = np.ldexp(array, -exponent)
    total = (scaled * scaled).sum(axis=axis, keepdims=True)
    return np.asarray(np.ldexp(np.sqrt(total), exponent).squeeze(axis))


def summed_over_cases(block: Array) -> Array:
    """1, 1, ... times the cases: more accurate than a running sum, in half precision by far."""
    plain = np.asarray(block).reshape(len(block), -1)
    total: Array = (np.ones(len(block), plain.dtype) @ plain).reshape(block.shape[1:])
    return total


def transposed(block: Array) -> Array:
    """Swap rows and columns; the case axis stays."""
    return np.swapaxes(block, -1, -2)


def rows_times(rows: Array, right: Array) -> Array:
    """rows @ right, without many small products.

    (c, k, m) @ (m, n) is one (c k, m) @ (m, n), a GEMM instead of c small ones; and with one number to
    sum over, as below a loss, (c, k, 1) @ (c, 1, n) is their broadcast product.
    """
    if rows.shape[-1] == 1:
        product: Array = rows * right
        return product
    if rows.ndim == 3 and right.ndim == 2:
        cases, k, m = rows.shape
        return (rows.reshape(cases * k, m) @ right).reshape(cases, k, right.shape[1])
    return rows @ right
