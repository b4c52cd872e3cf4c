"""Training as a problem of scipy: residuals and their Jacobian; value, gradient, and Gauss-Newton products.

    F(v) = loss(v) + decay/2 |W|^2 = 1/2 |residuals(v)|^2         for a loss that is a sum of squares

Index legend: c cases, r columns of S, p parameters, w weights that decay, k columns or rows of a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Array, as_array, quiet
from ..errors import DTypeError, ShapeError, UnsupportedLayerError
from ..layout import Shape
from ..network import Network
from .objective import Objective, Point
from .operator import Operator
from .residual_jacobian import ResidualJacobian

_WHERE = "LeastSquaresProblem"


class LeastSquaresJacobian(Operator):
    """[A; sqrt(decay) E]: below the Jacobian A of the residuals, a row for each weight that decays.

    Attributes
    ----------
    residual : array (rows,), or None
        [b; sqrt(decay) W], so that A^T b is the gradient: ``lsmr(J, -J.residual, damp=...)`` is a
        Levenberg-Marquardt step for any loss. None where a saturated output is wrong.
    """

    def __init__(self, A: ResidualJacobian, decay: Array, residual: Array | None) -> None:
        self._A, self.residual = A, residual
        self._which = np.flatnonzero(decay)
        self._roots = np.sqrt(decay[self._which]).astype(A.dtype)

    @property
    def shape(self) -> Shape:
        return (self._A.shape[0] + len(self._which), self._A.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._A.dtype

    def _push(self, x: Array) -> Array:
        return np.concatenate([self._A._push(x), self._roots[:, None] * x[self._which]])

    def _pull(self, u: Array) -> Array:
        pulled = self._A._pull(u[:, : self._A.shape[0]])
        pulled[:, self._which] += self._roots * u[:, self._A.shape[0] :]
        return pulled

    def _matrix(self) -> Array:
        below = np.zeros((len(self._which), self.shape[1]), self.dtype)
        below[np.arange(len(self._which)), self._which] = self._roots
        return np.concatenate([self._A._matrix(), below])


class LeastSquaresProblem:
    """A network on its cases as functions of one vector, for the solvers of ``scipy.optimize``.

    Parameters
    ----------
    net : Network
        With a loss; ``net.vector`` is where to start, ``net.with_vector(v)`` the network of a solution.
    X, T : as for ``Network.forward``
    weight_decay : float
        For the slots named "W", not for the biases.

    Raises
    ------
    MissingTargetError, OptionError, ShapeError, DTypeError
        No loss or no targets, a decay that means nothing, arrays that do not fit.

    Examples
    --------
    >>> import jacobprop as jp
    >>> from scipy.optimize import least_squares, minimize
    >>> from scipy.sparse.linalg import lsmr
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> net = jp.Network([jp.Dense(1, 3, "tanh"), jp.Dense(3, 1)], jp.SquaredError(), seed=0)
    >>> problem = LeastSquaresProblem(net, X, X**2, weight_decay=1e-4)

    ``least_squares`` makes the Jacobian dense as it comes; as a LinearOperator it stays as it is:

    >>> dense = least_squares(problem.residuals, net.vector, jac=problem.jacobian)
    >>> free = least_squares(problem.residuals, net.vector, tr_solver="lsmr",
    ...                      jac=lambda v: problem.jacobian(v).to_linear_operator())
    >>> bool(abs(dense.cost - free.cost) < 1e-4), bool(abs(dense.cost - problem.loss(dense.x)) < 1e-12)
    (True, True)

    ``minimize`` takes value, gradient, and products with the Gauss-Newton matrix:

    >>> newton = minimize(problem.loss, net.vector, method="trust-ncg",
    ...                   jac=problem.gradient, hessp=problem.hessp)
    >>> bool(abs(newton.fun - dense.cost) < 1e-4)
    True

    One step by hand, (J^T J + damp^2) d = -J^T r:

    >>> J = problem.jacobian(net.vector)
    >>> d = lsmr(J, -J.residual, damp=0.1)[0]
    >>> problem.loss(net.vector + d) < problem.loss(net.vector)
    True
    """

    def __init__(self, net: Network, X: object, T: object, *, weight_decay: float = 0.0) -> None:
        self._objective = Objective(net, X, T, weight_decay, _WHERE)
        self._last: Point | None = None

    def __repr__(self) -> str:
        net, cases = self._objective.net, self._objective.cases
        return f"<LeastSquaresProblem: {net!r}, {net.size} parameters, {cases} cases>"

    @quiet
    def residuals(self, v: object) -> Array:
        """[b; sqrt(decay) W] with 1/2 |residuals|^2 = F: the errors, each times the root of what it counts.

        Raises
        ------
        UnsupportedLayerError
            The loss is no sum of squares.
        """
        point = self._at(v, "residuals")
        found = self._residual(point)
        squares = None if found is None else float(found @ found) / 2
        near = np.sqrt(np.finfo(point.x.dtype).eps) * abs(point.value)
        if np.isfinite(point.value) and (squares is None or not abs(squares - point.value) <= near):
            raise UnsupportedLayerError(
                "the loss is no sum of squares",
                where=f"{_WHERE}.residuals",
                got=f"1/2 |residuals|^2 = {squares}, loss {point.value}",
                expected="a squared error",
                remedy="Use jp.levenberg_marquardt; or minimize with loss, gradient and hessp.",
            )
        return np.full(self.jacobian(v).shape[0], np.nan, point.x.dtype) if found is None else found

    @quiet
    def jacobian(self, v: object) -> LeastSquaresJacobian:
        """The Jacobian of the residuals, (residuals, p), as an operator: sqrt(weight) S^T J; any loss."""
        point = self._at(v, "jacobian")
        return LeastSquaresJacobian(point.jacobian, self._objective.decay, self._residual(point))

    @quiet
    def loss(self, v: object) -> float:
        """F(v)."""
        return self._at(v, "loss").value

    @quiet
    def gradient(self, v: object) -> Array:
        """dF/dv, (p,)."""
        point = self._at(v, "gradient")
        return point.gradient(point.jacobian).astype(point.x.dtype, copy=False)

    @quiet
    def hessp(self, v: object, p: object) -> Array:
        """(A^T A + decay) p: the Gauss-Newton matrix at v times a vector, for ``minimize(hessp=...)``."""
        objective = self._objective
        direction = self._vector(p, "hessp", "the direction")
        A = self._at(v, "hessp").jacobian
        bent = A._pull(A._push(direction[:, None]).T)[0]
        return np.asarray(bent + objective.decay.astype(A.dtype) * direction)

    def _residual(self, point: Point) -> Array | None:
        if point.residual is None:
            return None
        decay = self._objective.decay
        which = np.flatnonzero(decay)
        found = np.concatenate([point.residual, np.sqrt(decay[which]) * point.v[which]])
        return found.astype(point.x.dtype, copy=False)

    def _at(self, v: object, call: str) -> Point:
        """The model around v, the last one if it is that: scipy asks for one thing after the other."""
        vector = self._vector(v, call, "the vector")
        last = self._last  # another thread may put its own in this place
        if last is None or not np.array_equal(last.v, vector, equal_nan=True):
            last = self._last = self._objective.at(vector)
        return last

    def _vector(self, v: object, call: str, what: str) -> Array:
        size, dtype = self._objective.net.size, self._objective.net.dtype
        vector = as_array(v, what, f"{_WHERE}.{call}")
        if vector.dtype.kind == "O":
            raise DTypeError(
                f"{what} holds expressions",
                where=f"{_WHERE}.{call}",
                expected="floats",
                remedy="Substitute numbers first.",
            )
        if vector.shape != (size,):
            raise ShapeError(
                f"{what} holds all parameters",
                where=f"{_WHERE}.{call}",
                got=f"shape {vector.shape}",
                expected=f"({size},)",
                remedy="Start from net.vector; net.slices says what lies where.",
            )
        return vector.astype(dtype)  # a copy: scipy goes on in the same array
