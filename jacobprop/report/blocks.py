"""A Jacobian of one case as the matrices that show it: itself, or ``left`` and y of left (x) y."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array
from ..jacobians import Jacobian, WeightJacobian
from .sparsity import structural_zeros


class Block(NamedTuple):
    """A matrix, and which of its entries are zero by structure."""

    values: Array
    zeros: NDArray[np.bool_]


def one_case(J: Jacobian, case: int = 0) -> Jacobian:
    """The Jacobian of one case of a stack."""
    return J if J.cases is None else J.case(case)


def blocks(J: Jacobian) -> tuple[Block, ...]:
    """The matrices of one case's Jacobian, as they are drawn.

    left (x) y gives ``left`` and the row y; with a row for left it is the gradient, shaped like W;
    anything else gives its matrix.

    Examples
    --------
    >>> J = WeightJacobian([[2.0, 3.0]], [1.0, 10.0, 100.0])
    >>> [block.values.shape for block in blocks(J)]
    [(1, 2), (1, 3)]
    """
    if isinstance(J, WeightJacobian) and J.out_shape:
        return (_matrix(J.left), full(J.y[None, :]))
    if len(J.in_shape) == 2 and not J.out_shape:
        values = J.matrix().reshape(J.in_shape)
        return (Block(values, structural_zeros(J).reshape(J.in_shape)),)
    return (_matrix(J),)


def block_shapes(J: Jacobian) -> tuple[tuple[int, int], ...]:
    """The shapes of `blocks`, without their numbers."""
    if isinstance(J, WeightJacobian) and J.out_shape:
        return ((J.left.shape[-2], J.left.shape[-1]), (1, J.in_shape[0]))
    if len(J.in_shape) == 2 and not J.out_shape:
        return ((J.in_shape[0], J.in_shape[1]),)
    return ((J.shape[-2], J.shape[-1]),)


def full(values: Array) -> Block:
    """A matrix without structural zeros."""
    return Block(values, np.zeros(values.shape, dtype=bool))


def _matrix(J: Jacobian) -> Block:
    return Block(J.matrix(), structural_zeros(J))
