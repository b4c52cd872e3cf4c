"""Decision regions of threshold units: half-spaces, convex polygons, and unions, which need a third layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations import Activation, get
from ..arrays import Array, listed, quiet
from ..errors import ShapeError
from ..layers import Dense
from ..network import Network
from .corners import sides
from .given import choice, finite_array
from .pairing import block_diagonal


@quiet
def half_spaces_network(W: object, b: object, *, closed: bool = False) -> Network:
    """y = AND_k [x W_k + b_k > 0]: 1 where x lies in every half-space, a convex region (H-27).

    Hidden units: one for each half-space. The AND unit is sum - N + 1/2 > 0 and is never tied.

    Parameters
    ----------
    W : array_like, shape (n, N)
        A normal a column, pointing inside.
    b : array_like, shape (N,)
        Their offsets.
    closed : bool
        Whether the boundary belongs to the region: sums >= 0 in place of > 0 (E-45).

    Returns
    -------
    Network
        n inputs, one output of 0 or 1.

    Examples
    --------
    >>> wedge = half_spaces_network([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
    >>> wedge([[1.0, 2.0], [1.0, -2.0], [0.0, 1.0]]).ravel()
    array([1., 0., 0.])

    Notes
    -----
    The slides say that "sum >= 0" is a hyperplane; it is a half-space, and its boundary is the hyperplane.
    """
    where = "half_spaces_network"
    normals = finite_array(W, "W", where, ndim=2, expected="(n, N)")
    offsets = finite_array(b, "b", where, ndim=1, expected="(N,)")
    if offsets.shape != normals.shape[1:]:
        raise ShapeError(
            "b does not fit W",
            where=where,
            got=f"shape {offsets.shape} with W of shape {normals.shape}",
            expected=f"{normals.shape[1:]}",
            remedy="A normal is a column of W, with one offset.",
        )
    return _and_of(normals, offsets, _rule(closed, where))


@quiet
def polygon_network(vertices: object, *, closed: bool = False) -> Network:
    """y = 1 inside a convex polygon of N sides, else 0: N hidden threshold units and an AND (H-27).

    Parameters
    ----------
    vertices : array_like, shape (N, 2)
        The corners in order, in either sense.
    closed : bool
        Whether the boundary belongs to the polygon. On it the sums are exactly 0 for small whole numbers;
        elsewhere they are rounded, and a point on the boundary may fall on either side.

    Returns
    -------
    Network
        2 inputs, one output of 0 or 1.

    Raises
    ------
    OptionError
        Corners that repeat, lie on a line, or make no convex polygon.
    ShapeError
        Fewer than three corners, or not two coordinates each.

    Examples
    --------
    >>> square = [[0, 0], [2, 0], [2, 2], [0, 2]]
    >>> polygon_network(square)([[1.0, 1.0], [3.0, 1.0], [2.0, 1.0]]).ravel()
    array([1., 0., 0.])
    >>> polygon_network(square, closed=True)([2.0, 1.0])
    array([1.])
    """
    where = "polygon_network"
    return _and_of(*sides(vertices, where), _rule(closed, where))


@quiet
def union_network(polygons: Sequence[object], *, closed: bool = False) -> Network:
    """y = OR_p AND_k [x W_pk + b_pk > 0]: 1 inside any of some convex polygons, in three layers (H-31).

    Hidden units: one for each side, then one for each polygon.

    Parameters
    ----------
    polygons : sequence of array_like, each of shape (N_p, 2)
        The corners of each, in order.
    closed : bool
        Whether boundaries belong to the polygons.

    Returns
    -------
    Network
        2 inputs, one output of 0 or 1.

    Examples
    --------
    >>> net = union_network([[[0, 0], [1, 0], [0, 1]], [[5, 5], [7, 5], [7, 7], [5, 7]]])
    >>> net.layers
    (Dense(2, 7, "step"), Dense(7, 2, "step"), Dense(2, 1, "step"))
    >>> net([[0.25, 0.25], [6.0, 6.0], [3.0, 3.0]]).ravel()
    array([1., 1., 0.])
    """
    where = "union_network"
    each = [sides(vertices, f"{where}, polygon {k}") for k, vertices in enumerate(listed(polygons))]
    if not each:
        raise ShapeError(
            "there is no polygon",
            where=where,
            got="no corners at all",
            expected="one polygon or more",
            remedy="A network that never fires is dnf_network(np.zeros((0, 2))).",
        )
    counts = np.array([len(b) for _, b in each])
    W, b = (np.concatenate(parts, axis=-1) for parts in zip(*each, strict=True))
    return Network(
        [
            Dense.from_arrays(W, b, _rule(closed, where)),
            Dense.from_arrays(
                block_diagonal([np.ones((count, 1)) for count in counts]), 0.5 - counts, "step"
            ),
            Dense.from_arrays(np.ones((len(counts), 1)), [-0.5], "step"),
        ]
    )


def _rule(closed: object, where: str) -> Activation:
    return get("step", at_kink="right" if choice(closed, "closed", where) else "left")


def _and_of(W: Array, b: Array, rule: Activation) -> Network:
    count = len(b)
    return Network(
        [Dense.from_arrays(W, b, rule), Dense.from_arrays(np.ones((count, 1)), [0.5 - count], "step")]
    )
