"""A @ B, one identity a line: what comes out, and what it costs in multiply-adds.

The keys are exact types. Every pair without a line of its own goes through the dense fallback:
the left matrix, row by row, is pulled back through the right factor (or the right one is pushed
through the left where that is a line below), under the byte limit.

Legend: d, e diagonals; U V^T rank r; M a matrix that all cases share; y the activations below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .base import PRODUCTS, Jacobian, Table, check_dense, common_cases
from .blocks import transposed
from .dense import DenseJacobian
from .diagonal import DiagonalJacobian
from .identity import IdentityJacobian
from .low_rank import DiagonalPlusLowRankJacobian
from .scaled import ScaledJacobian
from .structure import Structure
from .weight import WeightJacobian
from .wrapped import StackedJacobian, TransposedJacobian


class Priced(NamedTuple):
    """The multiply-adds of a product for all cases, and the structure that it has."""

    multiply_adds: int
    structure: Structure


class Rule(NamedTuple):
    """One line of the table: the identity on Jacobians, and the same on structures."""

    product: Callable[[Any, Any], Jacobian]
    price: Callable[[Structure, Structure], Priced]


def price(a: Structure, b: Structure) -> Priced:
    """What A @ B will cost and be, from the structures alone."""
    return RULES[a.kind, b.kind].price(a, b)


def _frame(A: Jacobian, B: Jacobian) -> dict[str, Any]:
    """Shapes and cases of A @ B."""
    return {"out_shape": A.out_shape, "in_shape": B.in_shape, "cases": common_cases(A, B)}


# -- the products -------------------------------------------------------------------------------


def _keep(A: Jacobian, B: Jacobian) -> Jacobian:
    """The factor that is not the identity, shared by the stack if the identity has one."""
    kept, other = (B, A) if isinstance(A, IdentityJacobian) else (A, B)
    return kept if kept.cases is not None or other.cases is None else kept.for_cases(other.cases)


def _diagonal_diagonal(A: DiagonalJacobian, B: DiagonalJacobian) -> Jacobian:
    return DiagonalJacobian._make(d=A.d * B.d, **_frame(A, B))


def _low_rank(A: Jacobian, B: Jacobian, d: Any, U: Any, V: Any, diagonal: Any = None) -> Jacobian:
    """Assemble diag(d) + U V^T with one case axis for all its arrays or for none."""
    cases = max(d.ndim - 1, U.ndim - 2, V.ndim - 2) and common_cases(A, B)
    lead = (cases,) if cases else ()
    whole: dict[str, Any] = {
        name: None if array is None else np.broadcast_to(array, lead + array.shape[-axes:], subok=True)
        for name, array, axes in (("d", d, 1), ("U", U, 2), ("V", V, 2), ("diagonal", diagonal, 1))
    }
    return DiagonalPlusLowRankJacobian._make(**whole, **_frame(A, B))


def _diagonal_low_rank(A: DiagonalJacobian, B: DiagonalPlusLowRankJacobian) -> Jacobian:
    exact = None if B.diagonal is None else A.d * B.diagonal
    return _low_rank(A, B, A.d * B.d, A.d[..., None] * B.U, B.V, exact)


def _low_rank_diagonal(A: DiagonalPlusLowRankJacobian, B: DiagonalJacobian) -> Jacobian:
    exact = None if A.diagonal is None else A.diagonal * B.d
    return _low_rank(A, B, A.d * B.d, A.U, B.d[..., None] * A.V, exact)


def _low_rank_low_rank(A: DiagonalPlusLowRankJacobian, B: DiagonalPlusLowRankJacobian) -> Jacobian:
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
    return ScaledJacobian._make(rows=rows, shared=B.shared, columns=B.columns, **_frame(A, B))


def _scaled_diagonal(A: ScaledJacobian, B: DiagonalJacobian) -> Jacobian:
    columns = B.d if A.columns is None else A.columns * B.d
    return ScaledJacobian._make(rows=A.rows, shared=A.shared, columns=columns, **_frame(A, B))


def _scaled_scaled(A: ScaledJacobian, B: ScaledJacobian) -> Jacobian:
    if A.columns is not None or B.rows is not None:
        return _pulled(A, B)
    _check_room(A._o * B._n, "the shared matrix of {!r} @ {!r}", A, B)
    return ScaledJacobian._make(rows=A.rows, shared=A.shared @ B.shared, columns=B.columns, **_frame(A, B))


def _left_only(A: Jacobian, B: WeightJacobian) -> Jacobian:
    left = PRODUCTS[type(A), type(B.left)](A, B.left)
    return WeightJacobian._make(left=left, y=B.y, **_frame(A, B))


def _gram(A: WeightJacobian, B: TransposedJacobian) -> Jacobian:
    if not isinstance(B.inner, WeightJacobian):
        return _pulled(A, B)
    right = B.inner.left.T
    lefts = PRODUCTS[type(A.left), type(right)](A.left, right)  # their in_shapes may differ in axes alone
    dots = (A.y * B.inner.y).sum(axis=-1, keepdims=True)
    return _dense(A, B, lambda: lefts._matrix() * dots[..., None])


def _pulled(A: Jacobian, B: Jacobian) -> Jacobian:
    _check_room(A.structure.dense_numbers, "the left matrix of {!r} @ {!r}", A, B)
    return _dense(A, B, lambda: B._pull(A._matrix()))


def _pushed(A: Jacobian, B: Jacobian) -> Jacobian:
    _check_room(B.structure.dense_numbers, "the right matrix of {!r} @ {!r}", A, B)
    return _dense(A, B, lambda: A._push(B._matrix()))


def _dense(A: Jacobian, B: Jacobian, compute: Callable[[], Any]) -> Jacobian:
    """A dense product, refused above the limit before it is computed."""
    _check_room(price(A.structure, B.structure).structure.numbers, "{!r} @ {!r}", A, B)
    return DenseJacobian._make(array=compute(), **_frame(A, B))


def _check_room(numbers: int, step: str, A: Jacobian, B: Jacobian) -> None:
    check_dense(numbers * np.result_type(A.dtype, B.dtype).itemsize, step, A, B)


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
    times, m, r, s = max(a.times, b.times), a.o, a.rank, b.rank
    return Priced(times * m * (1 + r + s + 2 * r * s), a._replace(times=times, rank=r + s, exact=0))


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
    assert b.inner is not None
    left = price(a, b.inner)
    times = max(left.structure.times, b.y_times)
    return Priced(left.multiply_adds, b._replace(o=a.o, times=times, inner=left.structure))


def _price_gram(a: Structure, b: Structure) -> Priced:
    w = b.inner
    if w is None or w.kind is not WeightJacobian or a.inner is None or w.inner is None:
        return _price_pulled(a, b)
    lefts = price(a.inner, _transposed_structure(w.inner))
    grams = lefts.structure.kind.expand_cost(lefts.structure)
    dots = max(a.y_times, w.y_times)
    times = max(grams.times, dots)
    cost = lefts.multiply_adds + grams.multiply_adds + dots * (a.n // a.inner.n) + times * a.o * b.n
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, times))


def _transposed_structure(s: Structure) -> Structure:
    """The structure of J.T."""
    if s.kind is TransposedJacobian and s.inner is not None:
        return s.inner
    if s.kind in (WeightJacobian, StackedJacobian):
        return Structure(TransposedJacobian, s.n, s.o, s.times, inner=s)
    return s.flipped


def _price_pulled(a: Structure, b: Structure) -> Priced:
    expanded = a.kind.expand_cost(a)
    pulled = b.kind.pull_cost(b, a.o, expanded.times)
    cost = expanded.multiply_adds + pulled.multiply_adds
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, pulled.times))


def _price_pushed(a: Structure, b: Structure) -> Priced:
    expanded = b.kind.expand_cost(b)
    pushed = a.kind.push_cost(a, b.n, expanded.times)
    cost = expanded.multiply_adds + pushed.multiply_adds
    return Priced(cost, Structure(DenseJacobian, a.o, b.n, pushed.times))


# -- the table ------------------------------------------------------------------------------------

_I, _D, _L, _S = IdentityJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian, ScaledJacobian
_F, _W, _T, _K = DenseJacobian, WeightJacobian, TransposedJacobian, StackedJacobian
KINDS: tuple[type[Jacobian], ...] = (_I, _D, _L, _S, _F, _W, _T, _K)

_fallback = Rule(_pulled, _price_pulled)  # A . B = B^T A^T, row by row: o (price of one pull)
_push = Rule(_pushed, _price_pushed)  # A . B, column by column: n (price of one push)

_LINES: dict[tuple[type, type], Rule] = {
    **dict.fromkeys([(A, B) for A in KINDS for B in KINDS], _fallback),
    # diag(d) F: size                (diag(d) + U V^T) F: size (1 + 2 r)        M F: o m n
    **dict.fromkeys([(A, _F) for A in (_D, _L, _S, _W, _T)], _push),
    **dict.fromkeys([(A, B) for A in (_D, _L) for B in (_S, _T, _K)], _push),
    # diag(d) diag(e) = diag(d e): m
    (_D, _D): Rule(_diagonal_diagonal, _price_diagonal_diagonal),
    # diag(d) (diag(e) + U V^T) = diag(d e) + (d U) V^T: m (1 + r)
    (_D, _L): Rule(_diagonal_low_rank, _price_diagonal_low_rank),
    # (diag(e) + U V^T) diag(d) = diag(e d) + U (d V)^T: m (1 + r)
    (_L, _D): Rule(_low_rank_diagonal, _price_diagonal_low_rank),
    # (diag(d) + U V^T)(diag(e) + P Q^T) = diag(d e) + (d P) Q^T + U (e V + Q P^T V)^T:
    #     m (1 + r + s + 2 r s)
    (_L, _L): Rule(_low_rank_low_rank, _price_low_rank_low_rank),
    # diag(d) (diag(r) M diag(c)) = diag(d r) M diag(c): m
    (_D, _S): Rule(_diagonal_scaled, _price_diagonal_scaled),
    # (diag(r) M diag(c)) diag(d) = diag(r) M diag(c d): m
    (_S, _D): Rule(_scaled_diagonal, _price_scaled_diagonal),
    # (diag(r) M)(M' diag(c)) = diag(r) (M M') diag(c): o m n, once for all cases
    (_S, _S): Rule(_scaled_scaled, _price_scaled_scaled),
    # A (left (x) y) = (A left) (x) y: the price of A left
    **dict.fromkeys([(A, _W) for A in KINDS], Rule(_left_only, _price_left_only)),
    # (left (x) y)(left' (x) y')^T = (y . y') (left left'^T): the price of the lefts + n + size
    (_W, _T): Rule(_gram, _price_gram),
    # I A = A and A I = A: nothing
    **dict.fromkeys([(_I, A) for A in KINDS], Rule(_keep, _price_keep)),
    **dict.fromkeys([(A, _I) for A in KINDS], Rule(_keep, _price_keep)),
}

RULES: Table[Rule] = Table(_LINES)
Table.dense = DenseJacobian  # a class of a user multiplies as a dense one would
PRODUCTS.update({pair: rule.product for pair, rule in RULES.items()})
