"""Which entries of a Jacobian are zero by its structure, and not merely small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jacobians import DiagonalJacobian, IdentityJacobian, Jacobian, WeightJacobian


def structural_zeros(J: Jacobian) -> NDArray[np.bool_]:
    """True where `J.matrix()` of one case is zero whatever the numbers are, shape (o, n).

    Examples
    --------
    >>> structural_zeros(DiagonalJacobian([2.0, 0.0]))
    array([[False,  True],
           [ True, False]])
    """
    o, n = J.shape[-2:]
    if isinstance(J, DiagonalJacobian | IdentityJacobian):
        return ~np.eye(o, dtype=bool)
    if isinstance(J, WeightJacobian):  # [o, i, j] = left[o, j] y[i]
        left = structural_zeros(J.left)
        return np.broadcast_to(left[:, None, :], (o, *J.in_shape)).reshape(o, n)
    return np.zeros((o, n), dtype=bool)
