"""A + B, one identity a line: what branches that meet again add up to. Unlisted pairs add densely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..layout import size
from .base import SUMS, Jacobian
from .block_diagonal import BlockDiagonalJacobian
from .dense import DenseJacobian
from .diagonal import DiagonalJacobian
from .identity import IdentityJacobian
from .left_factored import LeftFactoredJacobian
from .limit import check_dense
from .low_rank import DiagonalPlusLowRankJacobian
from .rules import KINDS, frame
from .unitwise import UnitwiseWeightJacobian
from .weight import WeightJacobian


def _d(J: Jacobian) -> Any:
    """The diagonal part of an identity, a diagonal or a diagonal plus low rank."""
    if isinstance(J, IdentityJacobian):
        J._check_room("the diagonal", J.out_shape)
        return np.ones(size(J.out_shape), J.dtype)
    return J.d  # type: ignore[attr-defined]  # the table sends no other kind


def _diagonals(A: Jacobian, B: Jacobian) -> Jacobian:
    return DiagonalJacobian._make(d=_d(A) + _d(B), **frame(A, B))


def _one_low_rank(A: Jacobian, B: Jacobian) -> Jacobian:
    low, other = (A, B) if isinstance(A, DiagonalPlusLowRankJacobian) else (B, A)
    assert isinstance(low, DiagonalPlusLowRankJacobian)
    exact = None if low.diagonal is None else low.diagonal + _d(other)
    d = low.d + _d(other)
    lead = d.shape[:-1]
    U, V = (
        np.broadcast_to(part.astype(d.dtype, copy=False), lead + part.shape[-2:]) for part in (low.U, low.V)
    )
    return DiagonalPlusLowRankJacobian._make(d=d, U=U, V=V, diagonal=exact, **frame(A, B))


def _weights(A: LeftFactoredJacobian, B: LeftFactoredJacobian) -> Jacobian:
    if A.arrays[-1] is not B.arrays[-1]:  # the y, or the V
        return _densely(A, B)
    left = SUMS[type(A.left), type(B.left)](A.left, B.left)
    return A._copy(left=left, symbol="", **frame(A, B))


def _blocks(A: BlockDiagonalJacobian, B: BlockDiagonalJacobian) -> Jacobian:
    if A.axis != B.axis or A.inner.cases != B.inner.cases or A.inner.out_shape != B.inner.out_shape:
        return _densely(A, B)
    blocks = SUMS[type(A.inner), type(B.inner)](A.inner, B.inner)
    return BlockDiagonalJacobian(blocks, A.axis)._copy(cases=frame(A, B)["cases"], symbol="")


def _densely(A: Jacobian, B: Jacobian) -> Jacobian:
    numbers = max(A.structure.dense_numbers, B.structure.dense_numbers)
    remedy = "Push or pull through each of them, and add the results."
    check_dense(numbers * np.result_type(A.dtype, B.dtype).itemsize, "{!r} + {!r}", A, B, remedy=remedy)
    return DenseJacobian._make(array=A._matrix() + B._matrix(), **frame(A, B))


_I, _D, _L, _W = IdentityJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian, WeightJacobian

_LINES: dict[tuple[type, type], Callable[[Any, Any], Jacobian]] = {
    **dict.fromkeys([(A, B) for A in KINDS for B in KINDS], _densely),
    # diag(d) + diag(e) = diag(d + e), with I = diag(1)
    **dict.fromkeys([(_D, _D), (_D, _I), (_I, _D), (_I, _I)], _diagonals),
    # (diag(d) + U V^T) + diag(e) = diag(d + e) + U V^T
    **dict.fromkeys([(_L, _D), (_D, _L), (_L, _I), (_I, _L)], _one_low_rank),
    # blocks A_c and B_c of the same cases: blocks A_c + B_c
    (BlockDiagonalJacobian, BlockDiagonalJacobian): _blocks,
    # left (x) y + left' (x) y = (left + left') (x) y
    (_W, _W): _weights,
    # left o V + left' o V = (left + left') o V
    (UnitwiseWeightJacobian, UnitwiseWeightJacobian): _weights,
}

SUMS.fill(_LINES, stand_in=DenseJacobian)
