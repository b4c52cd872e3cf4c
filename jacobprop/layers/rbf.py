"""The layer of radial units a = exp(-beta ||y - c||^2), each a bump around a centre of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._lazy import sympy
from ..arrays import Array, cases_of, frozen, is_symbolic, quiet, real_number, require_finite, whole_number
from ..errors import OptionError, ShapeError, UnknownNameError, shown
from ..jacobians import DenseJacobian, DiagonalJacobian, Jacobian, UnitwiseWeightJacobian
from ..jacobians.blocks import transposed
from ..jacobians.limit import check_dense
from .base import Operand, Parameters, SumLayer, Values, Workspace, text_or_none

_LARGE = "Check the widths; RBF.from_arrays(C, beta) takes arrays of any size."


@dataclass(frozen=True, eq=False)
class RBFCache:
    """The input y (c, n), the squared distances to the centres, the sum z and a = exp(-z), all (c, m).

    The distances are float32 where the others are float16.
    """

    y: Array
    squared: Array
    z: Array
    a: Array


class RBF(SumLayer):
    """a_j = exp(-z_j) with z_j = B_j sum_i (y_i - C_ij)^2: column j of C is the centre of unit j.

    Index legend: c cases (absent for a single case), i in (n of them), j, k units (m of them).

    Parameters
    ----------
    n_in, n_out : int
        Widths, at least 1.
    centres : str
        "normal" (of mean 0 and variance 1, as standardised inputs are), or "unit" (uniform in [-1, 1]).
    beta : float
        Where every B_j starts, above 0: a unit falls to 1/e at the distance 1 / sqrt(beta).
    name : str, optional
        A name for error messages.

    Raises
    ------
    OptionError, UnknownNameError
        Widths that are no whole numbers from 1 on, a beta that is no positive number, unknown centres.

    Notes
    -----
    With d_ij = y_i - C_ij, all per case (seed rows H-36, S-34, where f(z) = exp(-beta z))::

        J_Sum[k, j] = -delta_kj a_j                dz_j/dy_i = 2 B_j d_ij
        dz_k/dC_ij = -2 delta_kj B_j d_ij          dz_k/dB_j = delta_kj sum_i d_ij^2

    Distances are sums of squared differences, free of the cancellation in ||y||^2 - 2 y . c + ||c||^2. Where
    a number is too large for them or for a factor of z, a is 0: every Jacobian of a is then 0, its limit. Of
    float16 the distances are float32, and z and a rounded once; dz/dB alone may be inf beside an a above 0.
    Training may carry a B_j below 0; the unit then grows without bound.

    Examples
    --------
    >>> layer = RBF(3, 2, beta=0.5)
    >>> params = layer.init(np.random.default_rng(0), np.dtype(float))
    >>> {slot: array.shape for slot, array in params.items()}
    {'C': (3, 2), 'B': (2,)}
    >>> a, cache = layer.forward(params, (np.ones((5, 3)),))
    >>> {operand: (J.out_shape, J.in_shape) for operand, J in layer.factors(params, cache).items()}
    {-1: ((2,), (3,)), 'C': ((2,), (3, 2)), 'B': ((2,), (2,))}
    """

    analytic = True  # the cut at the largest number compares real parts alone
    _once = frozenset({"n_in", "n_out"})
    _DRAWN = ("normal", "unit")

    def __init__(
        self, n_in: int, n_out: int, *, centres: str = "normal", beta: float = 1.0, name: str | None = None
    ) -> None:
        where = f"RBF({shown(n_in)}, {shown(n_out)})"
        remedy = "A layer has at least one unit on each side."
        self.n_in: int = whole_number(n_in, "n_in", where, remedy=remedy, most=sys.maxsize)
        self.n_out: int = whole_number(n_out, "n_out", where, remedy=remedy, most=sys.maxsize)
        if not isinstance(centres, str) or centres not in self._DRAWN:
            raise UnknownNameError(
                "unknown centres",
                where=where,
                got=shown(centres),
                expected="one of " + ", ".join(self._DRAWN),
                remedy="Use RBF.from_arrays(C, beta) for centres of your own.",
            )
        self._beta = real_number(beta)
        if not 0 < self._beta < np.inf:
            raise OptionError(
                "beta must be a number above 0",
                where=where,
                got=shown(beta),
                expected="a finite float",
                remedy="Use RBF.from_arrays(C, beta) for a beta of each unit.",
            )
        self.name = text_or_none(name, where)
        self._init: str | dict[str, Array] = centres

    @classmethod
    @quiet
    def from_arrays(cls, C: object, beta: object = 1.0) -> Self:
        """A layer that starts from C (n_in, n_out), a centre a column, and beta, a number or (n_out,)."""
        C, B = frozen(C, "C", "RBF.from_arrays"), frozen(beta, "beta", "RBF.from_arrays")
        if C.ndim != 2 or 0 in C.shape:
            raise ShapeError(
                "C must be a matrix",
                where="RBF.from_arrays",
                got=f"shape {C.shape}",
                expected="(n_in, n_out), a centre in each column",
                remedy="Transpose rows of data that are to be centres: RBF.from_arrays(X[:5].T).",
            )
        if B.ndim == 0:
            B = np.full(C.shape[1:], B[()], C.dtype if C.dtype.kind == B.dtype.kind else B.dtype)
        if B.shape != C.shape[1:]:
            raise ShapeError(
                "beta does not fit C",
                where="RBF.from_arrays",
                got=f"beta of shape {B.shape} with C of shape {C.shape}",
                expected=f"{C.shape[1:]}, or one number",
                remedy="There is one beta for each column of C; transpose C if it is (n_out, n_in).",
            )
        for what, array in (("C", C), ("beta", B)):
            require_finite(array, what, "RBF.from_arrays")
        layer = cls(*C.shape)
        layer._init = {"C": C, "B": B}
        layer.dtype = np.result_type(C, B)
        return layer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_in}, {self.n_out})"

    @quiet
    def init(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Draw C, and B = beta; or return the arrays of `from_arrays`."""
        if not isinstance(self._init, str):
            return {slot: a if a.dtype.kind == "O" else a.astype(dtype) for slot, a in self._init.items()}
        shape = (self.n_in, self.n_out)
        check_dense(8 * self.n_in * self.n_out, "init of {!r}", self, remedy=_LARGE)
        C = rng.normal(size=shape) if self._init == "normal" else rng.uniform(-1, 1, shape)
        return {"C": C.astype(dtype), "B": np.full(self.n_out, self._beta, dtype)}

    def width(self, n_in: int | None) -> int:
        """n_out."""
        return self.n_out

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, RBFCache]:
        """a = exp(-z)."""
        (y,) = inputs
        squared = _squared_distances(y, params["C"])
        z = params["B"] * squared
        if is_symbolic(z):
            a = np.frompyfunc(sympy.exp, 1, 1)(-z)
            return a, RBFCache(y, squared, z, a)
        dtype = np.result_type(y, *params.values())
        a = np.exp(-z).astype(dtype, copy=False)
        return a, RBFCache(y, squared, z.astype(dtype, copy=False), a)

    def sum(self, cache: RBFCache) -> Array:
        """z_j = B_j sum_i (y_i - C_ij)^2."""
        return cache.z

    def J_Sum(self, cache: RBFCache) -> Jacobian:
        """J[k, j] = -delta_kj a_j."""
        return _diagonal(-cache.a, cases_of(cache.y))

    def sum_factors(self, params: Parameters, cache: RBFCache) -> dict[Operand, Jacobian]:
        """dz/dy = V^T, dz/dC = -I o V, with V_ij = 2 B_j (y_i - C_ij); dz/dB = diag(sum_i (y_i - C_ij)^2)."""
        d, cases = _differences(cache.y, params["C"], self), cases_of(cache.y)
        V = d * params["B"]
        V *= 2  # last: twice the largest B_j is none
        V = _without_overflow(V, cache.a)
        by_beta = _without_overflow(cache.squared, cache.a)
        return self._by_input_and_centre(V, cases) | {"B": _diagonal(by_beta, cases)}

    def _by_input_and_centre(self, V: Array, cases: int | None) -> dict[Operand, Jacobian]:
        """z is a function of y - C alone: what the input adds, the centre takes away."""
        n, m = (self.n_in,), (self.n_out,)
        opposite = _diagonal(np.full(m, -1, V.dtype), cases)
        return {
            self.inputs[0]: DenseJacobian._make(array=transposed(V), out_shape=m, in_shape=n, cases=cases),
            "C": UnitwiseWeightJacobian._make(left=opposite, V=V, out_shape=m, in_shape=n + m, cases=cases),
        }

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: RBFCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The same by a few cases at a time: no array of the size of the factors is made."""
        C, wide = params["C"], _wide(params["B"], delta)
        scaled = 2 * np.multiply(params["B"], delta, dtype=wide)
        by_centre, by_input = np.zeros(C.shape, wide), np.empty(cache.y.shape, wide)
        most = np.finfo(cache.squared.dtype).max
        far = not cache.squared.max() < most  # only then may a difference overflow, beside a delta of 0
        for cases in _few_cases(len(delta), C.size):
            d = np.subtract(cache.y[cases, :, None], C, dtype=wide)
            if far:
                np.clip(d, -most, most, out=d)
            by_centre -= np.einsum("cj,cij->ij", scaled[cases], d, dtype=by_centre.dtype)
            if workspace.wants_input:
                np.einsum("cj,cij->ci", scaled[cases], d, dtype=by_input.dtype, out=by_input[cases])
        by_beta = workspace.ones(len(delta), wide) @ (delta * cache.squared)
        found: dict[Operand, Array] = {
            "C": by_centre.astype(delta.dtype, copy=False),
            "B": by_beta.astype(delta.dtype, copy=False),
        }
        if workspace.wants_input:
            found[self.inputs[0]] = by_input.astype(delta.dtype, copy=False)
        return found

    def J_Sum_tangent(self, cache: RBFCache, tangent: Array) -> Jacobian:
        """J[k, j] = delta_kj a_j tangent_j: the second derivative of exp(-z) is exp(-z)."""
        return _diagonal(cache.a * tangent, cases_of(cache.y))

    def sum_factor_tangents(
        self, params: Parameters, cache: RBFCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """V' = 2 B (y - C)' + 2 B' (y - C); dz/dB moves by sum_i 2 (y_i - C_ij) (y_i - C_ij)'."""
        d, cases = _differences(cache.y, params["C"], self), cases_of(cache.y)
        found: dict[Operand, Jacobian] = {}
        V = np.zeros_like(d)
        if "B" in tangents:
            V += 2 * tangents["B"] * d
        if self.inputs[0] in tangents or "C" in tangents:
            y = tangents.get(self.inputs[0], np.zeros_like(cache.y))
            moved = 2 * (y[..., :, None] - tangents.get("C", 0))
            V += params["B"] * moved
            found["B"] = _diagonal(_without_overflow((d * moved).sum(axis=-2), cache.a), cases)
        return found | self._by_input_and_centre(_without_overflow(V, cache.a), cases)


def _diagonal(d: Array, cases: int | None) -> Jacobian:
    return DiagonalJacobian._make(d=d, out_shape=d.shape[-1:], in_shape=d.shape[-1:], cases=cases)


_BLOCK = 2**15
"""So many differences at a time, which a second-level cache holds."""


def _few_cases(cases: int, numbers: int) -> Iterator[slice]:
    """All cases, with so many differences each, a block at a time."""
    step = max(1, _BLOCK // numbers)
    return (slice(start, start + step) for start in range(0, cases, step))


def _wide(*arrays: Array) -> np.dtype[Any]:
    """What their products are added up in: halves as floats."""
    return np.result_type(*arrays, np.float32)


def _squared_distances(y: Array, C: Array) -> Array:
    """sum_i (y_i - C_ij)^2 (c, m), at most the largest number of the dtype; nothing of size c n m is made."""
    if is_symbolic(y, C):
        return np.asarray(((y[..., :, None] - C) ** 2).sum(axis=-2))
    rows, dtype = np.atleast_2d(y), _wide(y, C)
    found = np.empty((len(rows), C.shape[1]), dtype)
    for cases in _few_cases(len(rows), C.size):
        d = np.subtract(rows[cases, :, None], C, dtype=dtype)
        np.einsum("cij,cij->cj", d, d, out=found[cases])
    np.minimum(found, np.finfo(dtype).max, out=found)
    return found.reshape(*y.shape[:-1], C.shape[1])


def _without_overflow(numbers: Array, a: Array) -> Array:
    """Numbers (c, m) or (c, n, m) in the dtype of a (c, m), 0 where they are too large beside an a of 0."""
    if is_symbolic(numbers):
        return numbers
    found, silent = numbers.astype(a.dtype, copy=False), a == 0
    if not silent.any():
        return found
    beside = silent if found.ndim == a.ndim else silent[..., None, :]
    return np.where(beside & ~np.isfinite(found), found.dtype.type(0), found)


def _differences(y: Array, C: Array, layer: RBF) -> Array:
    """y_i - C_ij for each case, (c, n, m)."""
    numbers = y.size * C.shape[1]
    remedy = "Take fewer cases at a time."
    check_dense(numbers * np.result_type(y, C).itemsize, "the factors of {!r}", layer, remedy=remedy)
    return np.asarray(y[..., :, None] - C)
