"""A @ B, one identity a line: what comes out, and what it costs in multiply-adds.

The keys are exact types. Every pair without a line of its own goes through the dense fallback:
the left matrix, row by row, is pulled back through the right factor (or the right one is pushed
through the left where that is a line below), under the byte limit.

Legend: d, e diagonals; U V^T rank r; M a matrix that all cases share; y the activations below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import RULES, Jacobian, Rule, common_cases
from .block_diagonal import BlockDiagonalJacobian
from .blocks import transposed
from .dense import DenseJacobian
from .diagonal import DiagonalJacobian
from .identity import IdentityJacobian
from .limit import DENSE_LIMIT, check_dense
from .low_rank import DiagonalPlusLowRankJacobian
from .scaled import ScaledJacobian
from .structure import Priced, Structure
from .unitwise import UnitwiseWeightJacobian
from .weight import WeightJacobian
from .wrapped import StackedJacobian, TransposedJacobian


def price(a: Structure, b: Structure) -> Priced:
    """What A @ B will cost and be, from the structures alone."""
    return RULES[a.kind, b.kind].price(a, b)


def frame(A: Jacobian, B: Jacobian) -> dict[str, Any]:
    """Shapes and cases of A @ B, and of A + B, whose shapes are equal."""
    return {"out_shape": A.out_shape, "in_shape": B.in_shape, "cases": common_cases(A, B)}


# -- the products -------------------------------------------------------------------------------


def _keep(A: Jacobian, B: Jacobian) -> Jacobian:
    """The factor that is not the identity, shared by the stack if the identity has one."""
    kept, other = (B, A) if isinstance(A, IdentityJacobian) else (A, B)
    return kept if kept.cases is not None or other.cases is None else kept.for_cases(other.cases)


def _diagonal_diagonal(A: DiagonalJacobian, B: DiagonalJacobian) -> Jacobian:
    return DiagonalJacobian._make(d=A.d * B.d, **frame(A, B))


def _low_rank(A: Jacobian, B: Jacobian, d: Any, U: Any, V: Any, diagonal: Any = None) -> Jacobian:
    """Assemble diag(d) + U V^T with one case axis for all its arrays or for none.

    Here and below, subok lets a subclass of ndarray through, such as one that counts multiply-adds.
    """
    cases = max(d.ndim - 1, U.ndim - 2, V.ndim - 2) and common_cases(A, B)
    lead = (cases,) if cases else ()
    whole: dict[str, Any] = {
        name: None if array is None else np.broadcast_to(array, lead + array.shape[-axes:], subok=True)
        for name, array, axes in (("d", d, 1), ("U", U, 2), ("V", V, 2), ("diagonal", diagonal, 1))
    }
    return DiagonalPlusLowRankJacobian._make(**whole, **frame(A, B))


def _diagonal_low_rank(A: DiagonalJacobian, B: DiagonalPlusLowRankJacobian) -> Jacobian:
    exact = None if B.diagonal is None else A.d * B.diagonal
    return _low_rank(A, B, A.d * B.d, A.d[..., None] * B.U, B.V, exact)


def _low_rank_diagonal(A: DiagonalPlusLowRankJacobian, B: DiagonalJacobian) -> Jacobian:
    exact = None if A.diagonal is None else A.diagonal * B.d
    return _low_rank(A, B, A.d * B.d, A.U, B.d[..., None] * A.V, exact)


def _low_rank_low_rank(A: DiagonalPlusLowRankJacobian, B: DiagonalPlusLowRankJacobian) -> Jacobian:
    if A.diagonal is not None or B.diagonal is not None:  # every entry cancels where a softmax saturates
        return _pushed(A, B)
    U = (A.d[..., None] * B.U, A.U)
    V = (B.V, B.d[..., None] * A.V + B.V @ (transposed(B.U) @ A.V))
    lead = np.broadcast_shapes(U[0].shape[:-2], U[1].shape[:-2], V[0].shape[:-2], V[1].shape[:-2])
    joined = [
        np.concatenate([np.broadcast_to(part, lead + part.shape[-2:], subok=True) for part in parts], axis=-1)
        for parts in (U, V)
    ]
    return _low_rank(A, B, A.d * B.d, *joined)


def _diagonal_scaled(A: DiagonalJacobian, B: ScaledJacobian) -> Jacobian:
    rows = A.d if B.rows is None else A.d * B.rows
    return ScaledJacobian._make(rows=rows, shared=B.shared, columns=B.columns, **frame(A, B))


def _scaled_diagonal(A: ScaledJacobian, B: DiagonalJacobian) -> Jacobian:
    columns = B.d if A.columns is None else A.columns * B.d
    return ScaledJacobian._make(rows=A.rows, shared=A.shared, columns=columns, **frame(A, B))


def _scaled_scaled(A: ScaledJacobian, B: ScaledJacobian) -> Jacobian:
    if A.columns is not None or B.rows is not None:
        return _pulled(A, B)
    _check_room(A._o * B._n, "the shared matrix of {!r} @ {!r}", A, B)
    return ScaledJacobian._make(rows=A.rows, shared=A.shared @ B.shared, columns=B.columns, **frame(A, B))


def _left_only(A: Jacobian, B: WeightJacobian | UnitwiseWeightJacobian) -> Jacobian:
    left = RULES[type(A), type(B.left)].product(A, B.left)
    return B._copy(left=left, symbol="", **frame(A, B))


def _gram(A: WeightJacobian, B: TransposedJacobian) -> Jacobian:
    if not isinstance(B.inner, WeightJacobian):
        return _pulled(A, B)
    right = B.inner.left.T
    # not A.left @ right: their in_shapes may differ in axes alone
    lefts = RULES[type(A.left), type(right)].product(A.left, right)
    dots = (A.y * B.inner.y).sum(axis=-1, keepdims=True)
    return _dense(A, B, lambda: lefts._matrix() * dots[..., None])


def _stacked_gram(A: StackedJacobian, B: TransposedJacobian) -> Jacobian:
    a, b = A.inner, B.inner.inner if isinstance(B.inner, StackedJacobian) else None
    if not isinstance(a, WeightJacobian) or not isinstance(b, WeightJacobian):
        return _pulled(A, B)
    lefts = max(w.left.structure.dense_numbers for w in (a, b))
    _check_room(lefts, "the left of a weight in {!r} @ {!r}", A, B)

    def gram() -> Any:
        rows, columns = (w.left._matrix() for w in (a, b))
        c, d = (len(left) if left.ndim == 3 else 1 for left in (rows, columns))
        rows, columns = rows.reshape(c * a._o, a.left._n), columns.reshape(d * b._o, b.left._n)
        blocks = (rows @ columns.T).reshape(c, a._o, d, b._o)
        dots = np.atleast_2d(a.y) @ np.atleast_2d(b.y).T
        whole = (*a._lead, a._o, *b._lead, b._o)
        return np.broadcast_to(blocks * dots[:, None, :, None], whole, subok=True).reshape(A._o, B._n)

    return _dense(A, B, gram)


def _block_diagonals(A: BlockDiagonalJacobian, B: BlockDiagonalJacobian) -> Jacobian:
    if A.axis != B.axis or A.inner.cases != B.inner.cases:
        return _pulled(A, B)
    blocks = RULES[type(A.inner), type(B.inner)].product(A.inner, B.inner)
    return BlockDiagonalJacobian(blocks, A.axis)._copy(cases=common_cases(A, B), symbol="")


def _blocks_stacked(A: BlockDiagonalJacobian, B: StackedJacobian) -> Jacobian:
    if A.axis != 0 or A.inner.cases != B.inner.cases:
        return _pushed(A, B)
    blocks = RULES[type(A.inner), type(B.inner)].product(A.inner, B.inner)
    return StackedJacobian(blocks)._copy(cases=common_cases(A, B), symbol="")


def _pulled(A: Jacobian, B: Jacobian) -> Jacobian:
    if not _fits(A.cases, A._o, A._n):
        _check_room(A.structure.dense_numbers, "the left matrix of {!r} @ {!r}", A, B)
    return _dense(A, B, lambda: B._pull(A._matrix()))


def _pushed(A: Jacobian, B: Jacobian) -> Jacobian:
    if not _fits(B.cases, B._o, B._n):
        _check_room(B.structure.dense_numbers, "the right matrix of {!r} @ {!r}", A, B)
    return _dense(A, B, lambda: A._push(B._matrix()))


_GEMM = 16
"""So many multiply-adds run in a GEMM while one runs entry by entry (measured: 15 to 40)."""


def _few_units(o: int, rank: int) -> bool:
    """Whether a GEMM with (diag(d) + U V^T) expanded is sooner done than two passes with its parts."""
    return o <= _GEMM * (1 + 2 * rank)


def _low_rank_scaled(A: DiagonalPlusLowRankJacobian, B: ScaledJacobian) -> Jacobian:
    return (_pulled if _few_units(A._o, A.rank) else _pushed)(A, B)


def _dense(A: Jacobian, B: Jacobian, compute: Callable[[], Any]) -> Jacobian:
    """A dense product, refused above the limit before it is computed."""
    shapes = frame(A, B)
    if not _fits(shapes["cases"], A._o, B._n):
        _check_room(price(A.structure, B.structure).structure.numbers, "{!r} @ {!r}", A, B)
    return DenseJacobian._make(array=compute(), **shapes)


def _fits(cases: int | None, o: int, n: int) -> bool:
    """Whether a matrix is below the limit even if no case shares it with another, at 8 bytes a number."""
    return (cases or 1) * o * n * 8 <= DENSE_LIMIT


def _check_room(numbers: int, step: str, A: Jacobian, B: Jacobian) -> None:
    remedy = "Apply the factors one after the other, with push, pull or A @ (B @ x)."
    check_dense(numbers * np.result_type(A.dtype, B.dtype).itemsize, step, A, B, remedy=remedy)


# -- their prices ---------------------------------------------------------------------------------


def _price_keep(a: Structure, b: Structure) -> Priced:
    return Priced(0, b if a.kind is IdentityJacobian else a)


def _price_diagonal_diagonal(a: Structure, b: Structure) -> Priced:
    times = max(a.times, b.times)
    return Priced(times * a.o, Structure(DiagonalJacobian, a.o, a.o, times))


def _price_diagonal_low_rank(a: Structure, b: Structure) -> Priced:
    times, low = max(a.times, b.times), (a if a.kind is DiagonalPlusLowRankJacobian else b)
    cost = times * a.o + times * a.o * low.exact + times * a.o * low.rank
    return Priced(cost, low._replace(times=times))


def _price_low_rank_low_rank(a: Structure, b: Structure) -> Priced:
    if a.exact or b.exact:
        return _price_pushed(a, b)
    times, m, r, s = max(a.times, b.times), a.o, a.rank, b.rank
    return Priced(times * m * (1 + r + s + 2 * r * s), a._replace(times=times, rank=r + s))


def _price_diagonal_scaled(a: Structure, b: Structure) -> Priced:
    times = max(a.times, b.rows)
    cost = times * a.o if b.rows else 0
    return Priced(cost, b._replace(rows=times, times=max(times, b.columns)))


def _price_scaled_diagonal(a: Structure, b: Structure) -> Priced:
    times = max(a.columns, b.times)
    cost = times * b.o if a.columns else 0
    return Priced(cost, a._replace(columns=times, times=max(times, a.rows)))


def _price_scaled_scaled(a: Structure, b: Structure) -> Priced:
    if a.columns or b.rows:
        return _price_pulled(a, b)
    joined = a._replace(n=b.n, columns=b.columns, times=max(1, a.rows, b.columns))
    return Priced(a.o * a.n * b.n, joined)


def _price_left_only(a: Structure, b: Structure) -> Priced:
    left = price(a, b.wrapped)
    times = max(left.structure.times, b.y_times)
    weight = b._replace(o=a.o, times=times, inner=left.structure)
    return Priced(left.multiply_adds, weight, left.expanded)


def _price_gram(a: Structure, b: Structure) -> Priced:
    w = b.wrapped
    if w.kind is not WeightJacobian:
        return _price_pulled(a, b)
    lefts = price(a.wrapped, _transposed_structure(w.wrapped))
    grams = lefts.structure.kind.expand_cost(lefts.structure)
    dots = max(a.y_times, w.y_times)
    times = max(grams.times, dots)
    cost = lefts.multiply_adds + grams.multiply_adds + dots * (a.n // a.wrapped.n) + times * a.o * b.n
    made = max(lefts.expanded, lefts.structure.numbers, _made_dense(lefts.structure))
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, times), made)


def _price_stacked_gram(a: Structure, b: Structure) -> Priced:
    v, w = a.wrapped, b.wrapped.inner if b.wrapped.kind is StackedJacobian else None
    if w is None or v.kind is not WeightJacobian or w.kind is not WeightJacobian:
        return _price_pulled(a, b)
    rows, columns = (s.kind.expand_cost(s) for s in (v.wrapped, w.wrapped))
    blocks = rows.times * columns.times * v.o * v.wrapped.n * w.o
    dots = v.y_times * w.y_times * (v.n // v.wrapped.n)
    scaled = max(rows.times, v.y_times) * v.o * max(columns.times, w.y_times) * w.o
    cost = rows.multiply_adds + columns.multiply_adds + blocks + dots + scaled
    made = max(_made_dense(v.wrapped), _made_dense(w.wrapped))
    return Priced(cost, Structure(DenseJacobian, a.o, b.n), made)


def _same_blocks(a: Structure, b: Structure) -> bool:
    """Whether as many rows of `b` belong to a block as columns of `a`."""
    return a.axis == b.axis and a.wrapped.n == b.wrapped.o


def _price_block_diagonals(a: Structure, b: Structure) -> Priced:
    if not _same_blocks(a, b):
        return _price_pulled(a, b)
    blocks = price(a.wrapped, b.wrapped)
    return Priced(blocks.multiply_adds, a._replace(n=b.n, inner=blocks.structure), blocks.expanded)


def _price_blocks_stacked(a: Structure, b: Structure) -> Priced:
    if not _same_blocks(a, b):
        return _price_pushed(a, b)
    blocks = price(a.wrapped, b.wrapped)
    return Priced(blocks.multiply_adds, b._replace(o=a.o, inner=blocks.structure), blocks.expanded)


def _made_dense(s: Structure) -> int:
    """How many numbers expanding makes: none where the dense matrix is what is stored."""
    return 0 if s.kind is DenseJacobian else s.dense_numbers


def _transposed_structure(s: Structure) -> Structure:
    """The structure of J.T."""
    if s.kind is TransposedJacobian:
        return s.wrapped
    if s.kind in (WeightJacobian, UnitwiseWeightJacobian, StackedJacobian):
        return Structure(TransposedJacobian, s.n, s.o, s.times, inner=s)
    return s.flipped


def _price_pulled(a: Structure, b: Structure) -> Priced:
    expanded = a.kind.expand_cost(a)
    pulled = b.kind.pull_cost(b, a.o, expanded.times)
    cost = expanded.multiply_adds + pulled.multiply_adds
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, pulled.times), _made_dense(a))


def _price_low_rank_scaled(a: Structure, b: Structure) -> Priced:
    return (_price_pulled if _few_units(a.o, a.rank) else _price_pushed)(a, b)


def _price_pushed(a: Structure, b: Structure) -> Priced:
    expanded = b.kind.expand_cost(b)
    pushed = a.kind.push_cost(a, b.n, expanded.times)
    cost = expanded.multiply_adds + pushed.multiply_adds
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, pushed.times), _made_dense(b))


# -- the table ------------------------------------------------------------------------------------

_I, _D, _L, _S = IdentityJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian, ScaledJacobian
_F, _W, _T, _K = DenseJacobian, WeightJacobian, TransposedJacobian, StackedJacobian
_B, _U = BlockDiagonalJacobian, UnitwiseWeightJacobian
KINDS: tuple[type[Jacobian], ...] = (_I, _D, _L, _S, _F, _W, _T, _K, _B, _U)

_fallback = Rule(_pulled, _price_pulled)  # A . B = B^T A^T, row by row: o (price of one pull)
_push = Rule(_pushed, _price_pushed)  # A . B, column by column: n (price of one push)

_LINES: dict[tuple[type, type], Rule] = {
    **dict.fromkeys([(A, B) for A in KINDS for B in KINDS], _fallback),
    # diag(d) F: size                (diag(d) + U V^T) F: size (1 + 2 r)        M F: o m n
    **dict.fromkeys([(A, _F) for A in (_D, _L, _S, _W, _T, _B, _U)], _push),
    **dict.fromkeys([(A, B) for A in (_D, _L) for B in (_S, _T, _K)], _push),
    # (diag(d) + U V^T) (diag(r) M diag(c)): o^2 (r + n) in one GEMM for few units, else size (1 + 2 r)
    (_L, _S): Rule(_low_rank_scaled, _price_low_rank_scaled),
    # diag(d) diag(e) = diag(d e): m
    (_D, _D): Rule(_diagonal_diagonal, _price_diagonal_diagonal),
    # diag(d) (diag(e) + U V^T) = diag(d e) + (d U) V^T: m (1 + r)
    (_D, _L): Rule(_diagonal_low_rank, _price_diagonal_low_rank),
    # (diag(e) + U V^T) diag(d) = diag(e d) + U (d V)^T: m (1 + r)
    (_L, _D): Rule(_low_rank_diagonal, _price_diagonal_low_rank),
    # (diag(d) + U V^T)(diag(e) + P Q^T) = diag(d e) + (d P) Q^T + U (e V + Q P^T V)^T:
    #     m (1 + r + s + 2 r s); densely, size (1 + 2 r), where one of them knows its diagonal exactly
    (_L, _L): Rule(_low_rank_low_rank, _price_low_rank_low_rank),
    # diag(d) (diag(r) M diag(c)) = diag(d r) M diag(c): m
    (_D, _S): Rule(_diagonal_scaled, _price_diagonal_scaled),
    # (diag(r) M diag(c)) diag(d) = diag(r) M diag(c d): m
    (_S, _D): Rule(_scaled_diagonal, _price_scaled_diagonal),
    # (diag(r) M)(M' diag(c)) = diag(r) (M M') diag(c): o m n, once for all cases
    (_S, _S): Rule(_scaled_scaled, _price_scaled_scaled),
    # A (left (x) y) = (A left) (x) y: the price of A left
    **dict.fromkeys([(A, _W) for A in KINDS], Rule(_left_only, _price_left_only)),
    # A (left o V) = (A left) o V: the price of A left
    **dict.fromkeys([(A, _U) for A in KINDS], Rule(_left_only, _price_left_only)),
    # (left (x) y)(left' (x) y')^T = (y . y') (left left'^T): the price of the lefts + n + size
    (_W, _T): Rule(_gram, _price_gram),
    # stacked left (x) y with stacked left' (x) y': the blocks (y_c . y'_d) left_c left'_d^T,
    #     all cases with all: two GEMMs + size
    (_K, _T): Rule(_stacked_gram, _price_stacked_gram),
    # blocks A_c and B_c of the same cases: blocks A_c B_c, the price of the blocks
    (_B, _B): Rule(_block_diagonals, _price_block_diagonals),
    # blocks A_c with B_c on top of each other: A_c B_c on top of each other
    (_B, _K): Rule(_blocks_stacked, _price_blocks_stacked),
    # I A = A and A I = A: nothing
    **dict.fromkeys([(_I, A) for A in KINDS], Rule(_keep, _price_keep)),
    **dict.fromkeys([(A, _I) for A in KINDS], Rule(_keep, _price_keep)),
}

RULES.fill(_LINES, stand_in=DenseJacobian)
