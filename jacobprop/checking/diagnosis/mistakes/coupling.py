"""Mistakes with a softmax or a normalisation: diag(d) + U V^T in part, or added up over the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from ....architecture import Edge
from ....arrays import Array
from ....elementary import softmax
from ....jacobians import BlockDiagonalJacobian, DiagonalPlusLowRankJacobian
from ....layers import Softmax
from ..backprop import TOP, Backprop, Changes, Crossing, Gradients, Mistake, Rows, held, replaced
from .fitting import coefficient, more

_CLOSE = 1e-6


class _Coupled:
    """A crossing of diag(d) + U V^T, and the words for it."""

    def __init__(self, backprop: Backprop, edge: Edge, J: DiagonalPlusLowRankJacobian) -> None:
        self.edge, self.J, self.cases = edge, J, backprop.cases
        self.place = f"layer {edge.above.layer}"
        self.soft = isinstance(backprop.architecture.layers[edge.above.layer - 1], Softmax)
        self.kind = "softmax_coupling" if self.soft else "missing_rank_one"
        self.name = "J^soft" if self.soft else f"the Jacobian of {self.place}"
        self.remedy = (
            "take J^soft = diag(p) - p p^T whole: delta_z = p * (delta - delta . p)"
            if self.soft
            else f"add the low-rank term of {self.name}, which couples all units of a case"
        )

    @property
    def dense(self) -> Array:
        """(c, m, m)."""
        return np.broadcast_to(self.J.matrix(), (self.cases, *self.J.matrix().shape[-2:]))

    def diagonal_term(self, delta: Array) -> Array:
        """delta diag(d)."""
        return np.asarray(delta * self.J.d)

    def low_rank_term(self, delta: Array) -> Array:
        """(delta U) V^T."""
        return self.J._pull(delta[:, None, :])[:, 0, :] - self.diagonal_term(delta)

    def low_rank(self, rows: Rows) -> Array:
        """The same of the delta that arrives."""
        return self.low_rank_term(rows[self.edge.above])

    def over_cases(self, scale: float, own: Array) -> Callable[[Array], Array]:
        """The crossing with the sum of the rank-one term taken over the cases, times a scale.

        `own` is a number for each case that stays outside the sum, such as one over the norm of a case.
        """
        u, v = self.J.U[..., 0] / own, self.J.V[..., 0] * own
        return lambda delta: self.diagonal_term(delta) + scale * (delta * u).sum(axis=0, keepdims=True) * v

    def made(self, kind: str, says: str, function: Callable[[Array], Array]) -> Mistake:
        """The mistake that takes another function of delta."""
        change = replaced(lambda rows: function(rows[self.edge.above]))
        return Mistake(kind, self.place, says, self.remedy, {self.edge: change})


def mistakes(backprop: Backprop) -> Iterator[Mistake]:
    """What does not depend on the candidate."""
    yield from _of_the_batch(backprop)
    for coupled in _all(backprop):
        yield from _in_part(coupled)
        yield from _over_cases(coupled)
        if coupled.soft:
            yield from _normalised_over_cases(backprop, coupled)


def _of_the_batch(backprop: Backprop) -> Iterator[Mistake]:
    """Batch normalisation with the mean or the variance of the batch taken for a constant."""
    for edge in backprop.edges:
        J = backprop.jacobian(edge)
        if not isinstance(J, BlockDiagonalJacobian) or not isinstance(J.inner, DiagonalPlusLowRankJacobian):
            continue
        if J.inner.rank != 2:  # two cases: the terms have been added up
            continue
        for kept, what, is_ in (
            ((1,), "the mean", "is"),
            ((0,), "the variance", "is"),
            ((), "mean and variance", "are"),
        ):
            yield Mistake(
                "missing_rank_one",
                f"layer {edge.above.layer}",
                f"{what} of the batch {is_} taken for constant",
                "take dL/dy = C / s * (delta - mean(delta) - u * mean(u * delta)), the means over the batch",
                {edge: replaced(partial(_with_terms, J.inner, edge, kept))},
            )


def _with_terms(J: DiagonalPlusLowRankJacobian, edge: Edge, kept: tuple[int, ...], rows: Rows) -> Array:
    """delta diag(d) + the kept ones of (delta u_r) v_r^T, a block for each unit."""
    delta = rows[edge.above].T
    terms = ((delta * J.U[..., r]).sum(axis=-1, keepdims=True) * J.V[..., r] for r in kept)
    return np.asarray((delta * J.d + sum(terms)).T)


def fitted(backprop: Backprop, candidate: Gradients, given: Sequence[Mistake]) -> Iterator[Mistake]:
    """The low-rank term with another factor, -1 or a size, that the candidate shows."""
    for coupled in _all(backprop):
        c = coefficient(backprop, candidate, given, coupled.edge, coupled.low_rank)
        if c is None or min(abs(c), abs(c + 1)) < _CLOSE:
            continue
        kind, flaw = (
            ("sign", "has the wrong sign")
            if abs(c + 2) < _CLOSE
            else ("factor", f"has a factor of {1 + c:.4g}")
        )
        says = f"the term of {coupled.name} that couples the units {flaw}"
        remedy = f"multiply that term by {1 / (1 + c):.4g}"
        yield Mistake(kind, coupled.place, says, remedy, {coupled.edge: more(coupled.low_rank, c)})


def _all(backprop: Backprop) -> list[_Coupled]:
    found = ((edge, backprop.jacobian(edge)) for edge in backprop.edges)
    return [_Coupled(backprop, edge, J) for edge, J in found if isinstance(J, DiagonalPlusLowRankJacobian)]


def _in_part(it: _Coupled) -> Iterator[Mistake]:
    """One of the two terms, or nothing at all."""
    diagonal = np.einsum("cii->ci", it.dense)
    without = (
        "softmax is treated as elementwise" if it.soft else "the term that couples the units is forgotten"
    )
    first = "p" if it.soft else "d"
    yield it.made(it.kind, f"{without}: {it.name} is taken as its first term diag({first})", it.diagonal_term)
    yield it.made(it.kind, f"{without}: {it.name} is taken as its diagonal", lambda delta: delta * diagonal)
    yield it.made("missing_derivative", f"{it.name} is missing", lambda delta: delta)
    yield it.made(it.kind, f"the diagonal term of {it.name} is missing", it.low_rank_term)


def _over_cases(it: _Coupled) -> Iterator[Mistake]:
    """The sum of the low-rank term taken over the cases instead of the units."""
    if it.J.U.shape[-1] != 1:
        return
    gains = np.broadcast_to(it.J.d, it.dense.shape[:-1])[:, :1]
    for own in (np.ones_like(gains), gains) if gains.all() else (np.ones_like(gains),):
        for scale, what in ((1.0, "sum"), (it.dense.shape[-1] / it.cases, "mean")):
            says = f"the {what} in {it.name} is taken over the cases, not over the units"
            yield it.made("wrong_axis", says, it.over_cases(scale, own))


def _normalised_over_cases(backprop: Backprop, it: _Coupled) -> Iterator[Mistake]:
    """p itself over the wrong axis, with the Jacobian of either axis and either row of the loss."""
    loss, t = backprop.architecture.loss, backprop.record.target
    assert loss is not None, "a record with gradients has a loss"
    assert t is not None, "and a target"
    p = softmax(np.ascontiguousarray(backprop.values(it.edge.below).T))[0].T
    top = it.edge.above.layer == backprop.depth
    says = "softmax is normalised over the cases, not over the units"
    for axis in (-1, 0):
        crossed = replaced(_soft_pull(it.edge, p, axis))
        yield Mistake("wrong_axis", it.place, says, "take the softmax over the last axis", {it.edge: crossed})
        if top:
            row = loss.row(p, t) * backprop.weight
            both: Changes = {it.edge: crossed, TOP: held(row)}
            yield Mistake("wrong_axis", it.place, says, "take the softmax over the last axis", both)


def _soft_pull(edge: Edge, p: Array, axis: int) -> Crossing:
    """p * (delta - sum of delta p) over an axis."""
    return lambda rows: p * (rows[edge.above] - (p * rows[edge.above]).sum(axis=axis, keepdims=True))
