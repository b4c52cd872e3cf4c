"""The affine layer z = y W + b with an elementwise activation a = f(z)."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..activations import Activation, get
from ..arrays import Array, cases_of, frozen, is_symbolic, quiet, require_finite
from ..errors import OptionError, ShapeError, UnknownNameError, UnsupportedLayerError, shown
from ..jacobians import DiagonalJacobian, Jacobian, ScaledJacobian, WeightJacobian
from ..jacobians.identity import unit
from ..jacobians.limit import check_dense
from .base import Operand, Parameters, SumLayer, Values, Workspace


@dataclass(frozen=True, eq=False)
class DenseCache:
    """What the Jacobians of one pass need: the input y (c, n), the sum z and f'(z), both (c, m).

    Of symbols, and where f is linear, there is no f'(z). The fast path writes a = f(z) over z and keeps
    f'(z), unless the workspace asks for z alone. An array that a Jacobian may share is read-only; those of
    a workspace, which goes on to write into them, are not.
    """

    y: Array
    z: Array | None
    derivative: Array | None = None


_LARGE = "Check the widths; Dense.from_arrays(W, b) takes arrays of any size."


def _even(limit: float) -> tuple[float, float]:
    return -limit, limit


_STARTS: dict[str, Callable[[int, int], tuple[float, float]]] = {
    "glorot": lambda n_in, n_out: _even(math.sqrt(6 / (n_in + n_out))),
    "he": lambda n_in, n_out: _even(math.sqrt(6 / n_in)),
    "small": lambda n_in, n_out: _even(0.1),
    "unit": lambda n_in, n_out: _even(1.0),
    "positive": lambda n_in, n_out: (0.0, 1.0),
    "constant": lambda n_in, n_out: (0.5, 0.5),
    "zero": lambda n_in, n_out: (0.0, 0.0),
}
"""Between which limits the weights of each start are drawn, all equally likely."""


class Dense(SumLayer):
    """a = f(y W + b), with W[i, j] the weight from unit i to unit j, shape (n_in, n_out).

    Parameters
    ----------
    n_in, n_out : int
        Widths, at least 1.
    activation : str or Activation
        f, elementwise.
    bias : bool
        Whether there is a b; without it no ``b_l`` is among the parameters.
    init : str
        Between which limits W is drawn, see below. Biases start at zero.
    name : str, optional
        A name for error messages.

    Notes
    -----
    With y the input, f' = f'(z), all per case (seed rows D-56, D-57, D-69 to D-72)::

        J_Sum[k, l] = delta_kl f'_k        J_Y[k, i] = f'_k W[i, k]
        J_W[k, i, j] = delta_kj f'_k y_i   J_b = J_Sum

    The starts, each uniform between two limits:

    - "glorot": +-sqrt(6 / (n_in + n_out)), which keeps the variance of values and deltas from layer to
      layer where f is near its linear part (Glorot and Bengio 2010).
    - "he": +-sqrt(6 / n_in), the same for relu, which drops half of it (He, Zhang, Ren and Sun 2015).
    - "small": +-0.1, the slides' tip (D-85). "unit": +-1, their start for XOR (D-26); see E-18.
    - "positive": 0 to 1, the advice of B-48 against saturation. It causes it: the sum of n inputs from
      [0, 1] is n/4 on average, so that of 100 inputs every sigmoid saturates (E-28).
    - "constant": 0.5, and "zero". The units of a hidden layer start equal and stay equal for ever, and
      from zero a symmetric task has no gradient at all (N-10, E-54): to be looked at, not to be used.
      A network without a hidden layer may start from either.

    Examples
    --------
    >>> layer = Dense(3, 2, "tanh")
    >>> params = layer.init(np.random.default_rng(0), np.dtype(float))
    >>> {slot: array.shape for slot, array in params.items()}
    {'W': (3, 2), 'b': (2,)}
    >>> a, cache = layer.forward(params, (np.ones((5, 3)),))
    >>> a.shape
    (5, 2)
    >>> {operand: (J.out_shape, J.in_shape) for operand, J in layer.factors(params, cache).items()}
    {-1: ((2,), (3,)), 'W': ((2,), (3, 2)), 'b': ((2,), (2,))}
    """

    _once = frozenset({"activation", "bias", "n_in", "n_out"})

    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation: str | Activation = "identity",
        *,
        bias: bool = True,
        init: str = "glorot",
        name: str | None = None,
    ) -> None:
        for what, width in (("n_in", n_in), ("n_out", n_out)):
            whole = isinstance(width, int | np.integer) and not isinstance(width, bool)
            if not whole or not 1 <= width <= sys.maxsize:
                raise ShapeError(
                    f"{what} must be a positive integer",
                    where=f"Dense({shown(n_in)}, {shown(n_out)})",
                    got=shown(width),
                    expected="2**63 - 1 at most" if whole and width > 1 else "1 or more",
                    remedy="A layer has at least one unit on each side.",
                )
        if not isinstance(init, str) or init not in _STARTS:
            raise UnknownNameError(
                "unknown init",
                where=f"Dense({n_in}, {n_out})",
                got=shown(init),
                expected="one of " + ", ".join(_STARTS),
                remedy="Use Dense.from_arrays(W, b) for weights of your own.",
            )
        if not isinstance(bias, bool | np.bool) or not isinstance(name, str | None):
            raise OptionError(
                "bias says whether there is one, and a name is text",
                where=f"Dense({n_in}, {n_out})",
                got=f"bias={shown(bias)}, name={shown(name)}",
                expected="bias=True or False, and a str or None",
                remedy="Use Dense.from_arrays(W, b) for a bias of your own.",
            )
        self.n_in: int = int(n_in)
        self.n_out: int = int(n_out)
        self.activation = get(activation)
        self.bias, self.name = bool(bias), name or ""
        self._init: str | dict[str, Array] = init
        self.gate = "sigmoid" if self.activation == get("sigmoid") else ""
        self._linear = self.activation == get("identity")

    @classmethod
    def from_arrays(cls, W: object, b: object = None, activation: str | Activation = "identity") -> Self:
        """A layer that starts from the given arrays: W (n_in, n_out), and b (n_out,) or None for no bias."""
        W = frozen(W, "W", "Dense.from_arrays")
        if W.ndim != 2:
            raise ShapeError(
                "W must be a matrix",
                where="Dense.from_arrays",
                got=f"shape {W.shape}",
                expected="(n_in, n_out)",
                remedy="W[i, j] is the weight from unit i to unit j: transpose a PyTorch weight.",
            )
        arrays = {"W": W}
        if b is not None:
            arrays["b"] = frozen(b, "b", "Dense.from_arrays")
            if arrays["b"].shape != W.shape[1:]:
                raise ShapeError(
                    "b does not fit W",
                    where="Dense.from_arrays",
                    got=f"b of shape {arrays['b'].shape} with W of shape {W.shape}",
                    expected=f"{W.shape[1:]}",
                    remedy="b has one entry for each column of W; transpose W if it is (n_out, n_in).",
                )
        for slot, array in arrays.items():
            require_finite(array, slot, "Dense.from_arrays")
        n_in, n_out = W.shape
        layer = cls(n_in, n_out, activation, bias=b is not None)
        layer._init = arrays
        layer.dtype = np.result_type(*arrays.values())
        return layer

    def __repr__(self) -> str:
        bias = "" if self.bias else ", bias=False"
        return f'{type(self).__name__}({self.n_in}, {self.n_out}, "{self.activation.name}"{bias})'

    @quiet
    def init(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Draw W, and b = 0 where there is a bias; or return the arrays of `from_arrays`."""
        if not isinstance(self._init, str):
            return {slot: a if a.dtype.kind == "O" else a.astype(dtype) for slot, a in self._init.items()}
        low, high = _STARTS[self._init](self.n_in, self.n_out)
        check_dense(8 * self.n_in * self.n_out, "init of {!r}", self, remedy=_LARGE)
        drawn = {"W": rng.uniform(low, high, (self.n_in, self.n_out)).astype(dtype)}
        return drawn | {"b": np.zeros(self.n_out, dtype)} if self.bias else drawn

    def width(self, n_in: int | None) -> int:
        """n_out."""
        return self.n_out

    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, DenseCache]:
        """a = f(y W + b), and f' at once."""
        (y,) = inputs
        z = y @ params["W"]
        if self.bias:
            z += params["b"]
        if self._linear:
            return z, DenseCache(y, z)
        if is_symbolic(z):
            return self.activation.value(z), DenseCache(y, z)
        a, derivative = np.empty_like(z), np.empty_like(z)
        self.activation.into(z, a, derivative)
        derivative.setflags(write=False)
        return a, DenseCache(y, z, derivative)

    def sum(self, cache: DenseCache) -> Array:
        """z = y W + b."""
        if cache.z is None:
            raise UnsupportedLayerError(
                "the fast path has kept no sum",
                where=repr(self),
                expected="a cache of forward, or a workspace with only_sum=True",
                remedy="J_Sum and sum_factors do without the sum; or write forward_into as well.",
            )
        return cache.z

    def J_Sum(self, cache: DenseCache) -> Jacobian:
        """J[k, l] = delta_kl f'(z_k)."""
        shape, cases = (self.n_out,), cases_of(cache.y)
        if self._linear:
            return unit(shape, cases, self.sum(cache).dtype)
        d = self._slopes(cache)
        if d.flags.writeable:
            d = d.copy()  # a workspace will write over its own
        return DiagonalJacobian._make(d=d, out_shape=shape, in_shape=shape, cases=cases)

    def _slopes(self, cache: DenseCache) -> Array:
        """f'(z), as the forward pass has left it, or from the sum."""
        return self.activation.derivative(self.sum(cache)) if cache.derivative is None else cache.derivative

    def sum_factors(self, params: Parameters, cache: DenseCache) -> dict[Operand, Jacobian]:
        """dz/dy = W^T, dz/dW = I (x) y, dz/db = I."""
        cases = cases_of(cache.y)
        W, n, m = params["W"], (self.n_in,), (self.n_out,)
        dtype = W.dtype if W.dtype == cache.y.dtype else np.result_type(cache.y, W)
        own = unit(m, cases, dtype)
        y = cache.y.view() if cache.y.flags.writeable else cache.y  # a workspace writes on into its own
        found: dict[Operand, Jacobian] = {
            self.inputs[0]: ScaledJacobian._make(
                rows=None, shared=W.T, columns=None, out_shape=m, in_shape=n, cases=cases
            ),
            "W": WeightJacobian._make(left=own, y=y, out_shape=m, in_shape=n + m, cases=cases),
        }
        return found | {"b": own} if self.bias else found

    def J_Sum_tangent(self, cache: DenseCache, tangent: Array) -> Jacobian:
        """J[k, l] = delta_kl f''(z_k) tangent_k, with f'' = 0 at a kink."""
        if len(self.activation.derivatives) < 2:
            raise UnsupportedLayerError(
                "the activation has no second derivative",
                where=repr(self),
                expected="f'' after f'",
                remedy="Make it of more: Activation(name, f, (slope, curvature)), or from_expression.",
            )
        d, shape = self.activation.derivative(self.sum(cache), order=2) * tangent, (self.n_out,)
        return DiagonalJacobian._make(d=d, out_shape=shape, in_shape=shape, cases=cases_of(cache.y))

    def sum_factor_tangents(
        self, params: Parameters, cache: DenseCache, tangents: Mapping[Operand, Array]
    ) -> dict[Operand, Jacobian]:
        """dz/dy moves with W, dz/dW with y, dz/db does not."""
        cases, n, m = cases_of(cache.y), (self.n_in,), (self.n_out,)
        found: dict[Operand, Jacobian] = {}
        if "W" in tangents:
            found[self.inputs[0]] = ScaledJacobian._make(
                rows=None, shared=tangents["W"].T, columns=None, out_shape=m, in_shape=n, cases=cases
            )
        if self.inputs[0] in tangents:
            y = tangents[self.inputs[0]]
            own = unit(m, cases, y.dtype)
            found["W"] = WeightJacobian._make(left=own, y=y, out_shape=m, in_shape=n + m, cases=cases)
        return found

    def forward_into(
        self, params: Parameters, inputs: Values, workspace: Workspace
    ) -> tuple[Array, DenseCache]:
        """The same in place: one GEMM, then f and f' at once."""
        (y,) = inputs
        W = params["W"]
        dtype = W.dtype if y.dtype == W.dtype else np.result_type(y, W)
        z = np.matmul(y, W, out=workspace.array("z", (len(y), self.n_out), dtype))
        if self.bias:
            np.add(z, params["b"], out=z)
        if workspace.only_sum or self._linear:
            return z, DenseCache(y, z)
        derivative = workspace.array("f'", z.shape, dtype)
        self.activation.into(z, z, derivative)
        return z, DenseCache(y, None, derivative)

    def backward_into(
        self, delta: Array, params: Parameters, cache: DenseCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """delta_z = delta_a * f', then across the sum."""
        if self._linear:
            return self.backward_sum_into(delta, params, cache, workspace)
        across_f = workspace.array("delta", delta.shape, delta.dtype)
        np.multiply(delta, self._slopes(cache), out=across_f)
        return self.backward_sum_into(across_f, params, cache, workspace)

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: DenseCache, workspace: Workspace
    ) -> dict[Operand, Array]:
        """dL/dW = Y^T Delta, dL/db = sum of Delta, dL/dY = Delta W^T: at most two GEMMs."""
        W, dtype = params["W"], delta.dtype
        found: dict[Operand, Array] = {
            "W": np.matmul(cache.y.T, delta, out=workspace.array("W", W.shape, dtype))
        }
        if self.bias:
            found["b"] = np.matmul(
                workspace.ones(len(delta), dtype), delta, out=workspace.array("b", (self.n_out,), dtype)
            )
        if workspace.wants_input:
            found[self.inputs[0]] = np.matmul(delta, W.T, out=workspace.array("y", cache.y.shape, dtype))
        return found
