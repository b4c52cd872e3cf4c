"""The record of a pass on letters, in which the row of a loss and the gate below it have cancelled."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .._lazy import sympy
from ..jacobians import Jacobian
from ..losses import CategoricalLoss
from ..record import Record
from .expression import Expression, each_tidy


class LetterRecord(Record):
    """A record in letters: where numbers need an accurate row of their own, the product itself will do.

    Under cross-entropy p - t is what is left of p sum(t) - t: the targets of a case sum to 1.
    """

    @cached_property
    def J_N(self) -> Jacobian:
        plain = super().J_N
        return self._row(each_tidy(plain.tensor())).named(plain.symbol)

    @cached_property
    def _head(self) -> Jacobian:
        product = (self.J_N @ self._layers[-1].J_Sum).tensor()
        return self._row(np.array([sympy.cancel(self._with_total_one(e)) for e in product], dtype=object))

    def _with_total_one(self, e: Expression) -> Expression:
        return e if self.total is None else sympy.sympify(e).xreplace({self.total: sympy.Integer(1)})

    @property
    def total(self) -> Expression | None:
        """The sum of the targets, which counts as 1 under cross-entropy; else None."""
        fused = isinstance(self._architecture.loss, CategoricalLoss)
        return self.target.sum() if fused and self.target is not None else None

    @property
    def assumption(self) -> dict[Expression, Expression]:
        """{the last target: what is missing to 1}, under cross-entropy."""
        if self.total is None or self.target is None:
            return {}
        last = self.target[-1]
        return {last: 1 - (self.total - last)}
