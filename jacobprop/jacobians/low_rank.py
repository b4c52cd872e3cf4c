"""J = diag(d) + U V^T: softmax and normalisations couple their units by a low rank only."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..arrays import Array, as_array, freeze, frozen
from ..elementary import sum_of_others
from ..errors import ShapeError
from ..layout import Shape
from .base import Jacobian
from .blocks import rows_times, transposed
from .stored import StoredJacobian, cases_among, fit_shape
from .structure import Cost, Structure


class DiagonalPlusLowRankJacobian(StoredJacobian):
    """J[a, b] = delta_ab d_a + sum_r U[a, r] V[b, r]; for softmax d = p, U = -p, V = p.

    Parameters
    ----------
    d : array (m,) or (cases, m)
    U, V : arrays (m, r) or (cases, m, r)
    shape : tuple of int, optional
        The variable's shape if it is not (m,).
    diagonal : array like d, optional
        The diagonal of J, computed without the cancellation of d_a + U_a V_a; it then counts in d's place.
    cases : int, optional
        Without a case axis in the arrays: this many cases share them.

    Examples
    --------
    >>> p = np.array([0.5, 0.25, 0.25])
    >>> J = DiagonalPlusLowRankJacobian(p, -p[:, None], p[:, None])  # softmax
    >>> J.rank, J.shape, J.push([1, 1, 1]).tolist()
    (1, (3, 3), [0.0, 0.0, 0.0])

    Source: seed row D-78.
    """

    structure_name: ClassVar[str] = "diagonal + rank r"
    fields: ClassVar[dict[str, int]] = {"d": 1, "U": 2, "V": 2, "diagonal": 1}
    d: Array
    U: Array
    V: Array
    diagonal: Array | None

    def __init__(
        self,
        d: object,
        U: object,
        V: object,
        *,
        shape: Shape | None = None,
        diagonal: object = None,
        cases: int | None = None,
    ) -> None:
        where = "DiagonalPlusLowRankJacobian"
        arrays = {"d": as_array(d, "d", where), "U": as_array(U, "U", where), "V": as_array(V, "V", where)}
        if diagonal is not None:
            arrays["diagonal"] = as_array(diagonal, "diagonal", where)
        common = np.result_type(*arrays.values())
        arrays = {name: array.astype(common, copy=False) for name, array in arrays.items()}
        axes: dict[str, Any] = {name: (array, self.fields[name]) for name, array in arrays.items()}
        cases = cases_among(cases, where, **axes)
        m, r = arrays["d"].shape[-1], arrays["U"].shape[-1]
        for name, array in arrays.items():
            core = array.shape[-self.fields[name] :]
            if core != ((m, r) if name in "UV" else (m,)):
                raise ShapeError(
                    f"{name} does not fit d",
                    where=where,
                    got=f"{name} of shape {array.shape} with d of shape {arrays['d'].shape}",
                    expected=f"({m}, {r})" if name in "UV" else f"({m},)",
                    remedy="U and V have one row for each entry of d, and the same number of columns.",
                )
        if any(array.ndim > self.fields[name] for name, array in arrays.items()):
            for name, array in arrays.items():  # one axis for all or for none: products stay simple
                core = array.shape[-self.fields[name] :]
                arrays[name] = freeze(np.broadcast_to(array, (cases or 1, *core)).copy())
        ready: dict[str, Array | None] = {name: frozen(array, name, where) for name, array in arrays.items()}
        ready.setdefault("diagonal", None)
        shape = fit_shape(shape, m, "shape", where)
        self.__dict__.update(ready, out_shape=shape, in_shape=shape, cases=cases, symbol="")

    @property
    def rank(self) -> int:
        """The number of columns of U and V."""
        return int(self.U.shape[-1])

    @property
    def structure(self) -> Structure:
        exact = int(self.diagonal is not None)
        return Structure(
            DiagonalPlusLowRankJacobian, self._o, self._o, self._copies("d"), rank=self.rank, exact=exact
        )

    def _matrix(self) -> Array:
        dense = rows_times(self.U, transposed(self.V))
        index = np.arange(self._o)
        if self.diagonal is None:
            dense[..., index, index] += self.d
        else:
            dense[..., index, index] = self.diagonal
        return dense

    def _push(self, x: Array) -> Array:
        if self.diagonal is not None:
            return self._without_cancelling(self.diagonal, self.U, self.V, x)
        pushed: Array = self.d[..., :, None] * x + self.U @ rows_times(transposed(self.V), x)
        return pushed

    def _pull(self, u: Array) -> Array:
        if self.diagonal is not None:
            return transposed(self._without_cancelling(self.diagonal, self.V, self.U, transposed(u)))
        pulled: Array = u * self.d[..., None, :] + (u @ self.U) @ transposed(self.V)
        return pulled

    @staticmethod
    def _without_cancelling(diagonal: Array, U: Array, V: Array, x: Array) -> Array:
        # J[a, a] x[a, k] + sum_r U[a, r] sum_{b != a} V[b, r] x[b, k]: the exact diagonal, then the others
        others = sum_of_others(V[..., :, :, None] * x[..., :, None, :], axis=-3)
        pushed: Array = diagonal[..., :, None] * x + (U[..., None] * others).sum(axis=-2)
        return pushed

    @property
    def T(self) -> Jacobian:
        return self._flipped(U=self.V, V=self.U)

    @classmethod
    def describe(cls, s: Structure) -> str:
        return f"diagonal + rank {s.rank}"

    @staticmethod
    def stored_numbers(s: Structure) -> int:
        return s.times * s.o * (1 + 2 * s.rank + s.exact)

    @staticmethod
    def expand_cost(s: Structure) -> Cost:
        return Cost(s.times * s.o * s.o * s.rank, s.times)

    @staticmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        times = max(s.times, times)
        return Cost(times * s.o * k * (1 + 2 * s.rank), times)
