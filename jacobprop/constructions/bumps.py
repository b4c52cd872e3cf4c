"""Sums of radial bumps: one unit for each, where threshold units need a whole grid."""

from __future__ import annotations

from ..arrays import quiet
from ..errors import ShapeError
from ..layers import RBF, Dense
from ..network import Network
from .given import finite_array, number


@quiet
def bump_network(centres: object, beta: float, heights: object) -> Network:
    """y = sum_c h_c exp(-beta |x - c|^2): one radial hidden unit for each bump, and a summing unit (H-36).

    Parameters
    ----------
    centres : array_like, shape (C, d)
        A centre a row.
    beta : float
        Above 0: the bump falls to 1/e at a distance of 1/sqrt(beta).
    heights : array_like, shape (C,)

    Returns
    -------
    Network
        d inputs, 1 output.

    Notes
    -----
    The slides' f(z) = exp(-beta z) has z the distance "squared" in brackets; it is squared here (H-36).
    For a cylinder of threshold units N goes to infinity, and the tails stay: see `circle_profile` (H-37).

    Examples
    --------
    >>> bump_network([[0.0, 0.0]], 0.5, [3.0])([[0.0, 0.0], [1.0, 1.0]]).ravel().round(4)
    array([3.    , 1.1036])
    """
    where = "bump_network"
    c = finite_array(centres, "centres", where, ndim=2, expected="(C, d)")
    h = finite_array(heights, "heights", where, ndim=1, expected="(C,)")
    if len(h) != len(c):
        raise ShapeError(
            "heights do not fit the centres",
            where=where,
            got=f"{len(h)} for {len(c)} centres",
            expected=f"{len(c)}",
            remedy="Every bump has a centre and a height.",
        )
    return Network(
        [RBF.from_arrays(c.T, number(beta, "beta", where, above=0)), Dense.from_arrays(h[:, None])]
    )
