"""Batch normalisation: each unit brought to mean 0 and variance 1, then scaled and shifted.

Index legend: c, d cases of a batch of n; k units, m of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from .._lazy import sympy
from ..arrays import (
    Array,
    cases_of,
    cast,
    freeze,
    frozen,
    is_symbolic,
    quiet,
    real_number,
    require_finite,
    whole_number,
)
from ..errors import DTypeError, OptionError, ShapeError, shown
from ..jacobians import (
    BlockDiagonalJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    Jacobian,
    StackedJacobian,
)
from ..jacobians.identity import unit
from ..jacobians.limit import check_dense
from .base import Layer, Operand, Parameters, Values, Workspace, require_own, text_or_none


@dataclass(frozen=True, eq=False)
class BatchNormCache:
    """The normalised values u (c, m), and 1 / s, the reciprocal deviations (m,), in double precision."""

    u: Array
    scale: Array


class BatchNorm(Layer):
    """a_k = C_k u_k + b_k with u_k = (y_k - mean_k) / sqrt(variance_k + epsilon).

    Mean and variance are numbers of the layer, not parameters: 0 and 1 at first, those of a set of inputs
    after ``net.with_statistics(X)``, as `jacobprop.fit` does. While the network learns
    (``net.in_training()``) they are those of the batch at hand, which couples its cases:

        da_ck/dy_dl = delta_kl C_k / s_k (delta_cd - 1/n - u_ck u_dk / n),   s_k^2 = variance_k + epsilon

    Parameters
    ----------
    width : int
        The number of units m.
    epsilon : float
        Added to the variance; positive.
    name : str, optional
        A name for error messages.

    Notes
    -----
    The variance divides by n, in training and in the statistics, so that a network that has seen X gives X
    the same activations as it does in training with X as its batch (Ioffe and Szegedy, 2015, take the
    unbiased variance there). Seed rows B-49, S-21.

    Examples
    --------
    >>> from jacobprop import Dense, Network
    >>> net = Network([Dense(3, 4), BatchNorm(4), Dense(4, 2)])
    >>> X = np.arange(15.0).reshape(5, 3) ** 2
    >>> net.in_training().forward(X).jacobian("a2", "a1")             # one map of the whole batch
    <J_a1^a2: block diagonal, (5, 4) by (5, 4), 800 of 3,200 bytes>
    >>> net.with_statistics(X).forward(X).jacobian("a2", "a1")        # the cases on their own
    <J_a1^a2: diagonal, (4,) by (4,), 5 cases, 32 of 640 bytes>
    """

    analytic = True
    _once = frozenset({"epsilon", "mean", "n_in", "variance"})

    def __init__(self, width: int, *, epsilon: float = 1e-5, name: str | None = None) -> None:
        where = f"BatchNorm({shown(width)})"
        self.n_in = whole_number(width, "width", where, remedy="It is that of the layer below.")
        self.epsilon = real_number(epsilon)
        if not 0 < self.epsilon < np.inf:
            raise OptionError(
                "epsilon keeps the variance away from zero",
                where=where,
                got=shown(epsilon),
                expected="a small positive number",
                remedy="Leave it out for 1e-5.",
            )
        self.name = text_or_none(name, where)
        check_dense(16 * self.n_in, where, remedy="It is the width of the layer below.")
        self.mean, self.variance = freeze(np.zeros(self.n_in)), freeze(np.ones(self.n_in))

    @classmethod
    def from_statistics(cls, mean: object, variance: object, *, epsilon: float = 1e-5) -> Self:
        """A layer with the given mean (m,) and variance (m,)."""
        where = "BatchNorm.from_statistics"
        means, variances = frozen(mean, "mean", where), frozen(variance, "variance", where)
        if is_symbolic(means, variances):
            raise _expressions(where)
        for array, what in ((means, "mean"), (variances, "variance")):
            require_finite(array, what, where)
        if means.ndim != 1 or means.shape != variances.shape or (variances < 0).any():
            raise ShapeError(
                "there is a mean and a variance for each unit",
                where=where,
                got=f"means of shape {means.shape}, variances of shape {variances.shape}, "
                f"the least {variances.min(initial=np.inf):g}",
                expected="two vectors of one length, no variance below 0",
                remedy="net.with_statistics(X) finds both.",
            )
        layer = cls(len(means), epsilon=epsilon)
        wide = np.dtype(np.float64)
        layer.__dict__.update(mean=cast(means, wide), variance=cast(variances, wide))
        return layer

    @property
    def has_statistics(self) -> bool:
        """Whether mean and variance are others than 0 and 1, which no data have been seen for."""
        return bool(self.mean.any() or (self.variance != 1).any())

    def __repr__(self) -> str:
        seen = ", with statistics" if self.has_statistics and not self.couples_cases else ""
        return f"{type(self).__name__}({self.n_in}{seen})"

    def init(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
        """C = 1 and b = 0."""
        assert self.n_in is not None
        return {"C": np.ones(self.n_in, dtype), "b": np.zeros(self.n_in, dtype)}

    def in_training(self, rng: np.random.Generator) -> Layer:
        """The layer that normalises by the batch at hand."""
        require_own(self, BatchNorm)
        return BatchNormInTraining(self)

    @quiet
    def with_statistics(self, inputs: Values) -> Layer:
        """The layer with the mean and the variance of these inputs (c, m)."""
        (y,) = inputs
        _require_batch(y, repr(self), least=2)
        if is_symbolic(y):
            raise _expressions(repr(self))
        batch = _Batch.of(y, self.epsilon)
        layer = type(self).from_statistics(batch.mean, batch.variance, epsilon=self.epsilon)
        layer.name = self.name
        return layer

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, BatchNormCache]:
        """a = C u + b, each case by itself."""
        (y,) = inputs
        mean, variance = (_exact(part) if is_symbolic(y) else part for part in (self.mean, self.variance))
        scale = _reciprocal_root(variance + _like(self.epsilon, variance))
        return _affine(params, y, (_wide(y) - mean) * scale, scale)

    def factors(self, params: Parameters, cache: BatchNormCache) -> dict[Operand, Jacobian]:
        """diag(C / s), diag(u) and I."""
        cases, gain = cases_of(cache.u), self._gain(params, cache)
        return {
            self.inputs[0]: DiagonalJacobian(gain, cases=cases),
            "C": DiagonalJacobian(cache.u),
            "b": unit(gain.shape, cases, gain.dtype),
        }

    def factor_tangents(
        self, params: Parameters, cache: BatchNormCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """diag(C / s) moves with C, diag(u) with y."""
        cases, found = cases_of(cache.u), dict[Operand, Jacobian]()
        if "C" in tangents:
            found[self.inputs[0]] = DiagonalJacobian(self._gain(tangents, cache), cases=cases)
        if self.inputs[0] in tangents:
            moved = cast(tangents[self.inputs[0]] * cache.scale, cache.u.dtype)
            found["C"] = DiagonalJacobian(np.broadcast_to(moved, cache.u.shape))
        return found

    @staticmethod
    def _gain(params: Mapping[Any, Array], cache: BatchNormCache) -> Array:
        """C / s, in the precision of the pass."""
        return cast(params["C"] * cache.scale, cache.u.dtype)

    def backward_into(
        self, delta: Array, params: Parameters, cache: BatchNormCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """dL/dC = sum_c delta u, dL/db = sum_c delta, dL/dy = delta C / s."""
        wide = _wide(delta)
        found: dict[Operand, Array] = {"C": (wide * cache.u).sum(axis=0), "b": wide.sum(axis=0)}
        if workspace.wants_input:
            found[self.inputs[0]] = wide * (params["C"] * cache.scale)
        return {operand: cast(array, delta.dtype) for operand, array in found.items()}


class BatchNormInTraining(BatchNorm):
    """Batch normalisation by the mean and the variance of the batch itself; see `BatchNorm`.

    Made by ``net.in_training()``. Its cases are coupled, so a record with it is one case.
    """

    couples_cases = True
    analytic = False  # of two cases the complex step has nothing left: what it adds up cancels

    def __init__(self, layer: BatchNorm) -> None:
        self.__dict__.update({key: value for key, value in vars(layer).items() if key != "_settled"})

    def in_training(self, rng: np.random.Generator) -> Layer:
        """Itself."""
        return self

    def with_statistics(self, inputs: Values) -> Layer:
        """Itself: it uses none but the batch's."""
        return self

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, BatchNormCache]:
        """a = C u + b with u of mean 0 and variance just below 1 over the cases."""
        (y,) = inputs
        _require_batch(y, repr(self), least=2)
        batch = _Batch.of(y, self.epsilon)
        return _affine(params, y, batch.u, batch.scale)

    def factors(self, params: Parameters, cache: BatchNormCache) -> dict[Operand, Jacobian]:
        """A block for each unit, C_k / s_k (I - 1 1^T / n - u_k u_k^T / n), and the rows of all cases."""
        u, gain = cache.u.T, self._slope(params, cache)  # (m, c), (m,)
        own = unit(gain.shape, u.shape[1], gain.dtype)
        V = np.stack([np.ones_like(u), u][: 1 if u.shape[1] == 2 else 2], axis=-1)
        U = V * (-gain / _like(u.shape[1], u))[:, None, None]
        d = np.broadcast_to(gain[:, None], u.shape)
        return {
            self.inputs[0]: BlockDiagonalJacobian(DiagonalPlusLowRankJacobian(d, U, V), axis=-1),
            "C": StackedJacobian(DiagonalJacobian(cache.u)),
            "b": own.stacked(),
        }

    def factor_tangents(
        self, params: Parameters, cache: BatchNormCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """Not written: the curvature of a batch asks for `BatchNorm` with statistics."""
        return Layer.factor_tangents(self, params, cache, tangents)

    def backward_into(
        self, delta: Array, params: Parameters, cache: BatchNormCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """dL/dy = C / s (delta - mean delta - u mean(u delta)), the means over the batch."""
        wide, u, n = _wide(delta), _wide(cache.u), len(delta)
        found: dict[Operand, Array] = {"C": (wide * u).sum(axis=0), "b": wide.sum(axis=0)}
        if workspace.wants_input:
            centred = wide - found["b"] / n - (0 if n == 2 else u * (found["C"] / n))
            found[self.inputs[0]] = centred * self._slope(params, cache)
        return {operand: cast(array, delta.dtype) for operand, array in found.items()}

    def _slope(self, params: Parameters, cache: BatchNormCache) -> Array:
        """C / s; of two cases C / s (1 - |u|^2 / 2) = C / s epsilon / s^2, which is all that is left there.

        Two cases have no direction but u beside that of their mean: what the three terms would cancel to.
        """
        gain = params["C"] * cache.scale
        if len(cache.u) == 2:
            gain = gain * (cache.scale * cache.scale * _like(self.epsilon, gain))
        return cast(gain, cache.u.dtype)


class _Batch(NamedTuple):
    """What a batch is normalised by, in double precision, and the normalised values.

    Differences to the first case are exact where the cases are near each other; squares of differences
    over a power of two do not overflow.
    """

    u: Array
    mean: Array
    variance: Array
    scale: Array

    @classmethod
    def of(cls, y: Array, epsilon: float) -> _Batch:
        first, n = _wide(y[:1]), _like(len(y), _wide(y[:1]))
        centred = _wide(y) - first
        mean = centred.sum(axis=0) / n
        centred = centred - mean
        if is_symbolic(y):
            variance = (centred**2).sum(axis=0) / n
            scale = _reciprocal_root(variance + _like(epsilon, y))
            return cls(centred * scale, first[0] + mean, variance, scale)
        left = centred.sum(axis=0) / n  # what rounding has left of the mean
        centred = centred - left
        power = np.maximum(np.frexp(np.abs(centred.real).max(axis=0))[1], 0)
        down = np.ldexp(1.0, -power)
        lower = centred * down
        variance = (lower * lower).sum(axis=0) / n
        root = 1 / np.sqrt(variance + epsilon * down * down)
        up = np.ldexp(1.0, power)
        return cls(lower * root, first[0] + mean + left, variance * up * up, root * down)


def _affine(params: Parameters, y: Array, u: Array, scale: Array) -> tuple[Array, BatchNormCache]:
    values = params["C"] * u + params["b"]
    dtype = np.result_type(y, params["C"], params["b"])
    return cast(values, dtype), BatchNormCache(cast(u, y.dtype), scale)


def _wide(array: Array) -> Array:
    """Floats in double precision: sums over many cases are made there."""
    return array.astype(np.float64, copy=False) if array.dtype.kind == "f" else array


def _exact(numbers: Array) -> Array:
    return np.asarray(np.frompyfunc(sympy.Rational, 1, 1)(numbers.astype(object)))


def _like(value: float, y: Array) -> Any:
    """A number for arithmetic with y that keeps its dtype; among symbols an exact one."""
    return sympy.Rational(str(value)) if is_symbolic(y) else y.dtype.type(value)


def _reciprocal_root(variance: Array) -> Array:
    if not is_symbolic(variance):
        return np.asarray(1 / np.sqrt(variance))
    return np.asarray(np.frompyfunc(lambda v: 1 / sympy.sqrt(v), 1, 1)(variance))


def _expressions(where: str) -> DTypeError:
    return DTypeError(
        "statistics are of numbers",
        where=where,
        got="sympy expressions",
        expected="floats",
        remedy="Take them from numbers first; the network then runs on expressions.",
    )


def _require_batch(y: Array, where: str, least: int) -> None:
    if y.ndim != 2 or len(y) < least:
        raise ShapeError(
            "the statistics of batch normalisation are those of a batch",
            where=where,
            got="a single case" if y.ndim == 1 else f"{len(y)} case",
            expected=f"X of shape (cases, n_in), {least} cases or more",
            remedy="Stack cases; a network that is not in training takes one case.",
        )
