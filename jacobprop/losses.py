"""Losses of one case: the value, its Jacobian row J_N^L, and the accurate row by the sum below.

With y the output of the last layer, t the target, m outputs:

    squared error         L = 1/2 sum (y - t)^2            dL/dy = y - t            (D-07, H-58)
    mean squared error    L = 1/m sum (y - t)^2            dL/dy = 2/m (y - t)      (D-66)
    binary cross-entropy  L = -sum [t log y + (1 - t) log(1 - y)]   dL/dz = y - t     (B-17, S-17)
    cross-entropy         L = -sum t log y                 dL/dz = y sum(t) - t     (S-17)
    negative log-likelihood   L = -sum t y, y = log p          dL/dz = p sum(t) - t     (S-17)

A reduction over the cases, "mean" or "sum", turns the losses of a stack into the loss that is trained.

Curvature: each loss also has its Hessian H by x, the sum below its gate or else the output, and a root S
with S S^T = H. For the softmax losses H = s (diag(p) - p p^T) and S = sqrt(s) (diag(sqrt p) - p sqrt(p)^T),
s = sum(t); for binary cross-entropy H = diag(p (1 - p)) (derivations CE_Hessian, CE_root, BCE_Hessian).
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import numpy as np

from . import elementary
from ._lazy import sympy
from .arrays import Array, as_array, cases_of, is_masked, is_symbolic, quiet
from .errors import DTypeError, MissingTargetError, OptionError, ShapeError, UnsupportedLayerError, shown
from .jacobians import DenseJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian, Jacobian
from .jacobians.identity import unit

REDUCTIONS = ("mean", "sum")


def _log(x: Array) -> Array:
    logarithm = np.frompyfunc(sympy.log, 1, 1) if is_symbolic(x) else np.log
    return np.asarray(logarithm(x))


def _exp(x: Array) -> Array:
    """Of expressions."""
    return np.asarray(np.frompyfunc(sympy.exp, 1, 1)(x))


def _sqrt(x: Array) -> Array:
    root = np.frompyfunc(sympy.sqrt, 1, 1) if is_symbolic(x) else np.sqrt
    return np.asarray(root(x))


def _sigmoid_slope(x: Array) -> Array:
    """p (1 - p) for p = sigmoid(x)."""
    return _exp(-x) / (1 + _exp(-x)) ** 2 if is_symbolic(x) else elementary.sigmoid_derivative(x)


def _shares(x: Array) -> tuple[Array, Array | None]:
    """p = softmax(x), and 1 - p without cancellation; of expressions p alone."""
    if not is_symbolic(x):
        return elementary.softmax(x)
    return _exp(x) / _exp(x).sum(axis=-1, keepdims=True), None


def _times(t: Array, x: Array) -> Array:
    """t x, with 0 times anything, infinities included, equal to 0."""
    return np.where(t == 0, 0, t * x)


def _plain(T: object) -> Array | None:
    """T as numpy reads it, None where that is not an array of plain numbers."""
    if is_masked(T):
        return None
    try:
        return np.asarray(T)
    except Exception:  # of a list, or of whatever the object's own __array__ raises; `as_array` says it
        return None


def _diagonal(d: Array) -> Jacobian:
    """diag(d) for each case."""
    return DiagonalJacobian._make(d=d, out_shape=d.shape[-1:], in_shape=d.shape[-1:], cases=cases_of(d))


def _low_rank(d: Array, u: Array, v: Array, q: Array | None) -> Jacobian:
    """diag(d) + u v^T for each case, its diagonal d q, or without q d + u v."""
    return DiagonalPlusLowRankJacobian._make(
        d=d,
        U=u[..., None],
        V=v[..., None],
        diagonal=None if q is None else d * q,
        out_shape=d.shape[-1:],
        in_shape=d.shape[-1:],
        cases=cases_of(d),
    )


def eigen(H: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors of symmetric matrices (..., m, m); nan where an entry is not finite."""
    known = np.asarray(np.isfinite(H).all(axis=(-1, -2), keepdims=True))
    wide = np.where(known, H, 0).astype(np.result_type(H, np.float32), copy=False)  # LAPACK has no half
    values, vectors = np.linalg.eigh(wide)
    values = np.where(known[..., 0], values, np.nan)
    return values.astype(H.dtype, copy=False), vectors.astype(H.dtype, copy=False)


def as_jacobian(given: object, x: Array, method: str, columns: int | None = None) -> Jacobian:
    """What a loss has returned for each case's x, as a Jacobian of m rows; the columns any, or so many.

    Raises
    ------
    ShapeError, DTypeError
        Something else.
    """
    m, lead = x.shape[-1], x.shape[:-1]
    matrix = given if isinstance(given, Jacobian) else _floats(given, x, method)
    r = columns or (matrix.shape or (0,))[-1]
    allowed = [(*lead, m, r)] if isinstance(matrix, Jacobian) else [(*lead, m, r), (m, r)]
    if matrix.shape not in allowed:
        raise ShapeError(
            f"{method} of the loss has another shape",
            where=method,
            got=f"shape {matrix.shape}",
            expected=f"{(*lead, m, columns or 'r')}".replace("'", ""),
            remedy="One matrix for each case, or an array (m, r) for all of them.",
        )
    if isinstance(matrix, Jacobian):
        return matrix
    return DenseJacobian._make(array=matrix.view(), out_shape=(m,), in_shape=(r,), cases=cases_of(x))


def _floats(given: object, x: Array, method: str) -> Array:
    array = as_array(given, "the matrix", method)
    if array.dtype.kind == "O":
        raise DTypeError(
            "the matrix holds expressions",
            where=method,
            expected="floats, as x holds",
            remedy="Evaluate them at x and t.",
        )
    return array.astype(x.dtype, copy=False)


class Loss(abc.ABC):
    """A loss of one case: subclass it, write `value` and `row`, and every formulation works.

    Index legend: c cases (absent for a single case), m outputs.

    Parameters
    ----------
    reduction : "mean" or "sum"
        How the losses of a stack become one number (seed row D-53: the slides sum).

    Attributes
    ----------
    gate : str
        What the last layer must be, "softmax" or "sigmoid", or anything if empty. A loss with a gate
        writes `head_value` and `head_row` too: they take the sum z below the gate, and stand in
        for `value` and for the product of `row` and the gate's Jacobian, which fail where it saturates.

    Examples
    --------
    Huber's loss, quadratic near the target and linear beyond 1:

    >>> class Huber(Loss):
    ...     def value(self, y, t):
    ...         e = abs(y - t)
    ...         return np.where(e < 1, e**2 / 2, e - 0.5).sum(axis=-1)
    ...     def row(self, y, t):
    ...         return np.clip(y - t, -1, 1)
    >>> y, t = np.array([[0.5, 3.0], [0.0, 0.0]]), np.zeros((2, 2))
    >>> Huber().value(y, t)
    array([2.625, 0.   ])
    >>> Huber().row(y, t).shape
    (2, 2)
    """

    gate: ClassVar[str] = ""

    def __init__(self, *, reduction: str = "mean") -> None:
        if not isinstance(reduction, str) or reduction not in REDUCTIONS:
            raise OptionError(
                "unknown reduction",
                where=type(self).__name__,
                got=shown(reduction),
                expected="'mean' or 'sum'",
                remedy='"sum" adds the losses of the cases, "mean" divides by their number.',
            )
        self.reduction = reduction

    def __setattr__(self, name: str, value: object) -> None:
        if name == "reduction" and name in self.__dict__:
            raise AttributeError(
                f"a loss does not change: cannot set {name!r}, build another {type(self).__name__}"
            )
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        chosen = "" if self.reduction == "mean" else f"reduction={self.reduction!r}"
        return f"{type(self).__name__}({chosen})"

    @abc.abstractmethod
    def value(self, y: Array, t: Array) -> Array:
        """L, one number a case.

        Parameters
        ----------
        y, t : arrays
            Outputs and targets, both (m,) for one case or (c, m) for a stack.

        Returns
        -------
        array
            () or (c,): the sum or mean over the last axis only, as in ``.sum(axis=-1)``.
        """

    @abc.abstractmethod
    def row(self, y: Array, t: Array) -> Array:
        """J_N^L = dL/dy of each case's own loss; may be infinite where y is saturated.

        Parameters
        ----------
        y, t : arrays
            As for `value`.

        Returns
        -------
        array
            The shape of `y`.
        """

    def head_value(self, z: Array, t: Array) -> Array:
        """L from the sum below the gate, accurate where the gate saturates.

        Parameters
        ----------
        z, t : arrays
            The sum of the last layer, and the targets: (m,) or (c, m). Only where the layer's gate is
            the loss's own.

        Returns
        -------
        array
            As from `value`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no head_value: a loss with a gate writes it")

    def head_row(self, z: Array, t: Array) -> Array:
        """dL/dz for the sum below the gate, accurate where the gate saturates.

        Parameters
        ----------
        z, t : arrays
            As for `head_value`.

        Returns
        -------
        array
            The shape of `z`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no head_row: a loss with a gate writes it")

    def head(self, z: Array, t: Array) -> tuple[Array, Array]:
        """`head_value` and `head_row` at once: optional, and only for speed, where they share work.

        A subclass that writes one of the two, and not this, is asked for each of them.
        """
        return self.head_value(z, t), self.head_row(z, t)

    def hessian(self, x: Array, t: Array) -> Jacobian | Array:
        """H = d2L/dx2 of each case's own loss: optional, for what `jacobprop.curvature` computes.

        Parameters
        ----------
        x, t : arrays
            (m,) or (c, m): the sum below the gate for a loss with a gate, else the output; and the targets.

        Returns
        -------
        Jacobian, or array (m, m) or (c, m, m)
            Symmetric.
        """
        raise UnsupportedLayerError(
            "the loss has no Hessian",
            where=repr(self),
            expected="a method hessian(x, t)",
            remedy="Write it: the matrix (m, m) of second derivatives of each case's loss.",
        )

    def hessian_root(self, x: Array, t: Array) -> Jacobian | Array:
        """S with S S^T = H, (m, r) for each case: by default from the eigenvalues of `hessian`.

        Negative eigenvalues count as 0: a sum of squares has none, and this is the nearest one.
        """
        values, vectors = eigen(as_jacobian(self.hessian(x, t), x, "hessian", x.shape[-1]).matrix())
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0))[..., None, :])

    def expected_target(self, x: Array) -> Array:
        """The mean of targets drawn with the density exp(-L): what the model itself expects. Optional.

        There the gradient vanishes, and H is the Fisher information of x, if it does not depend on the
        targets, or is linear in them: for `jacobprop.fisher`.

        Parameters
        ----------
        x : array
            As for `hessian`.

        Returns
        -------
        array
            The shape of `x`.
        """
        raise UnsupportedLayerError(
            "the loss does not say what its targets are drawn from",
            where=repr(self),
            expected="a method expected_target(x)",
            remedy="Write it: the mean of the targets; or take empirical=True, or gauss_newton.",
        )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """What a class before it in the method resolution order has changed is not inherited."""
        super().__init_subclass__(**kwargs)
        by_sum, by_output = {"head_value", "head_row"}, {"value", "row", "gate"}
        own = by_sum if cls.gate else by_output
        depends = {
            "head": by_sum,
            "hessian": own,
            "hessian_root": own | {"hessian"},
            "expected_target": own | {"hessian"},
        }
        for method, mathematics in depends.items():
            for base in cls.__mro__:
                if method in vars(base):
                    break
                if vars(base).keys() & mathematics:
                    setattr(cls, method, getattr(Loss, method))
                    break

    def weight(self, cases: int | None) -> float:
        """What each case's loss is multiplied with before they are added up."""
        return 1 / cases if self.reduction == "mean" and cases else 1.0

    @quiet
    def target(self, T: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The target as an array shaped exactly like the output.

        Parameters
        ----------
        T : array_like
            What the user passed.
        shape : tuple of int
            The output's, (m,) or (c, m).
        dtype : numpy.dtype
            The output's.

        Returns
        -------
        array
            Of this shape and dtype; sympy expressions stay what they are.

        Raises
        ------
        ShapeError
            Any other shape: nothing is broadcast.
        MissingTargetError
            T is None.
        """
        where = f"{type(self).__name__} target"
        if T is None:
            raise MissingTargetError(
                "there is no target",
                where=where,
                got="None",
                expected=f"an array of shape {shape}",
                remedy="Pass the targets as T.",
            )
        t = as_array(T, "the target", where)
        if t.shape != shape:
            raise ShapeError(
                "the target must be shaped exactly like the output",
                where=where,
                got=f"shape {t.shape}",
                expected=f"{shape}",
                remedy="Pass a column, T[:, None]."
                if t.ndim == 1 and shape == (*t.shape, 1)
                else "One row per case, one column per output; nothing is broadcast.",
            )
        return t if t.dtype.kind == "O" or dtype.kind == "O" else t.astype(dtype, copy=False)


class SquaredError(Loss):
    """L = 1/2 sum_i (y_i - t_i)^2, J_N^L = y - t (seed rows D-07, H-58).

    Examples
    --------
    >>> y, t = np.array([[1.0, 2.0], [0.0, 4.0]]), np.zeros((2, 2))
    >>> SquaredError().value(y, t)
    array([2.5, 8. ])
    >>> SquaredError().row(y, t).shape
    (2, 2)
    """

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """Half the squared distance."""
        return np.asarray(((y - t) ** 2).sum(axis=-1) / 2)

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """y - t."""
        return np.asarray(y - t)

    def hessian(self, x: Array, t: Array) -> Jacobian:
        """I."""
        return unit(x.shape[-1:], cases_of(x), x.dtype)

    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """I."""
        return self.hessian(x, t)

    def expected_target(self, x: Array) -> Array:
        """The outputs: targets have variance 1 around them."""
        return x


class MeanSquaredError(Loss):
    """L = 1/m sum_i (y_i - t_i)^2 over the m outputs, J_N^L = 2/m (y - t) (seed row D-66).

    Examples
    --------
    >>> y, t = np.array([[1.0, 2.0], [0.0, 4.0]]), np.zeros((2, 2))
    >>> MeanSquaredError().value(y, t)
    array([2.5, 8. ])
    >>> MeanSquaredError().row(y, t).shape
    (2, 2)
    """

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """The mean over the outputs."""
        return np.asarray(((y - t) ** 2).sum(axis=-1) / y.shape[-1])

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """2/m (y - t)."""
        return np.asarray(2 * (y - t) / y.shape[-1])

    def hessian(self, x: Array, t: Array) -> Jacobian:
        """2/m I."""
        return _diagonal(np.full_like(x, 2 / x.shape[-1]))

    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """sqrt(2/m) I."""
        return _diagonal(np.full_like(x, np.sqrt(2 / x.shape[-1])))

    def expected_target(self, x: Array) -> Array:
        """The outputs: targets have variance m/2 around them."""
        return x


class BinaryCrossEntropy(Loss):
    """L = -sum_i [t_i log y_i + (1 - t_i) log(1 - y_i)], for a sigmoid layer on top (B-17, B-19).

    By the sum z: dL/dz = y - t, exact at any saturation; by the output: (y - t)/(y (1 - y)).
    Targets are probabilities shaped like the output, for one output a column, (c, 1).

    Examples
    --------
    >>> z, t = np.array([[800.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> BinaryCrossEntropy().head_value(z, t).round(3)
    array([8.00e+02, 6.93e-01])
    >>> BinaryCrossEntropy().head_row(z, t).shape
    (2, 1)
    """

    gate = "sigmoid"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From probabilities; infinite where a certain prediction is wrong."""
        return np.asarray((_times(t, -_log(y)) + _times(1 - t, -_log(1 - y))).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """(1 - t)/(1 - y) - t/y, each term 0 where its target is 0."""
        return _times(1 - t, 1 / (1 - y)) - _times(t, 1 / y)

    def head_value(self, z: Array, t: Array) -> Array:
        """softplus(z) - t z, without its cancellation."""
        if is_symbolic(z, t):
            return np.asarray((_log(1 + _exp(z)) - t * z).sum(axis=-1))
        return elementary.binary_cross_entropy(z, t)[0]

    def head_row(self, z: Array, t: Array) -> Array:
        """y - t = (1 - t) sigmoid(z) - t sigmoid(-z): no cancellation at t = 0 or 1."""
        if is_symbolic(z, t):
            return np.asarray(1 / (1 + _exp(-z)) - t)
        return elementary.binary_cross_entropy(z, t)[1]

    def head(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Both, from one exponential."""
        return super().head(z, t) if is_symbolic(z, t) else elementary.binary_cross_entropy(z, t)

    @quiet
    def hessian(self, x: Array, t: Array) -> Jacobian:
        """diag(p (1 - p)) for p = sigmoid(x), whatever the targets."""
        return _diagonal(_sigmoid_slope(x))

    @quiet
    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """diag(sqrt(p (1 - p)))."""
        return _diagonal(_sqrt(_sigmoid_slope(x)))

    @quiet
    def expected_target(self, x: Array) -> Array:
        """sigmoid(x): a target is 1 with this probability."""
        return elementary.sigmoid(x)


_NUMBER_THEM = {
    "b": "Convert them with .astype(int) if true is class 1.",
    "U": "Number the classes with np.unique(T, return_inverse=True)[1].",
    "S": "Number the classes with np.unique(T, return_inverse=True)[1].",
}


class CategoricalLoss(Loss):
    """L = -sum_i t_i log p_i over the classes, p = softmax(z): what its two forms have in common.

    By the sum z: dL/dz = p sum(t) - t, exact at any saturation.
    Targets are integer labels from 0, one-hot rows, or any weights (soft targets).
    """

    def head_value(self, z: Array, t: Array) -> Array:
        """-sum t log_softmax(z)."""
        if is_symbolic(z, t):
            return np.asarray((t * (_log(_exp(z).sum(axis=-1, keepdims=True)) - z)).sum(axis=-1))
        return elementary.cross_entropy(z, t)[0]

    def head_row(self, z: Array, t: Array) -> Array:
        """p_i sum_{j != i} t_j - t_i (1 - p_i): p sum(t) - t without its cancellation."""
        if is_symbolic(z, t):
            weights, total = _exp(z), t.sum(axis=-1, keepdims=True)
            return np.asarray(weights / weights.sum(axis=-1, keepdims=True) * total - t)
        return elementary.cross_entropy(z, t)[1]

    def head(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Both, from one softmax."""
        return super().head(z, t) if is_symbolic(z, t) else elementary.cross_entropy(z, t)

    @quiet
    def hessian(self, x: Array, t: Array) -> Jacobian:
        """sum(t) (diag(p) - p p^T) for p = softmax(x), its diagonal without cancellation."""
        (p, q), total = _shares(x), t.sum(axis=-1, keepdims=True)
        return _low_rank(d=total * p, u=-total * p, v=p, q=q)

    @quiet
    def hessian_root(self, x: Array, t: Array) -> Jacobian:
        """sqrt(sum(t)) (diag(sqrt p) - p sqrt(p)^T)."""
        (p, q), total = _shares(x), t.sum(axis=-1, keepdims=True)
        d = _sqrt(total if is_symbolic(total) else np.maximum(total, 0)) * _sqrt(p)
        return _low_rank(d=d, u=-p, v=d, q=q)

    def expected_target(self, x: Array) -> Array:
        """softmax(x): class k is drawn with probability p_k."""
        return elementary.softmax(x)[0]

    @quiet
    def target(self, T: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """One-hot rows from integer labels; anything shaped like the output passes as it is.

        Raises
        ------
        ShapeError
            Labels below 0 or not below the number of classes, a shape that fits neither, or one output.
        DTypeError
            Labels that are not of an integer dtype.
        """
        where, classes = f"{type(self).__name__} target", shape[-1]
        if classes == 1:
            raise ShapeError(
                "cross-entropy compares at least two classes",
                where=where,
                got="one output, which softmax makes 1",
                expected="one output for each class",
                remedy="For one output take a sigmoid layer and BinaryCrossEntropy.",
            )
        labels = _plain(T)
        if labels is None or labels.shape == shape or labels.dtype.kind == "O":
            return super().target(T, shape, dtype)
        if labels.shape != shape[:-1]:
            raise ShapeError(
                "the target must be integer labels or shaped exactly like the output",
                where=where,
                got=f"shape {labels.shape}",
                expected=f"labels of shape {shape[:-1]} or weights of shape {shape}",
                remedy=self._remedy_for_shape(labels.shape, shape),
            )
        if labels.dtype.kind not in "iu":
            raise DTypeError(
                "labels must be integers",
                where=where,
                got=labels.dtype,
                expected=f"integers from 0 to {classes - 1}, or weights of shape {shape}",
                remedy=_NUMBER_THEM.get(labels.dtype.kind, "Convert whole numbers with .astype(int)."),
            )
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ShapeError(
                "labels are out of range",
                where=where,
                got=f"{labels.min()} to {labels.max()}",
                expected=f"0 to {classes - 1}",
                remedy=self._remedy_for_range(int(labels.min()), int(labels.max()), classes),
            )
        hot: Array = np.zeros(shape, np.float64 if dtype.kind == "O" else dtype)
        hot.reshape(-1, classes)[np.arange(labels.size), labels.ravel()] = 1
        return hot

    @staticmethod
    def _remedy_for_shape(got: tuple[int, ...], shape: tuple[int, ...]) -> str:
        if got == (*shape[:-1], 1):
            return f"Pass the labels without the axis of length 1, {'T[:, 0]' if shape[:-1] else 'T[0]'}."
        return "One integer label, or one row of weights, for each case; nothing is broadcast."

    @staticmethod
    def _remedy_for_range(smallest: int, largest: int, classes: int) -> str:
        if smallest < 0:
            return "Classes count from 0: leave out the cases that have no label."
        if smallest > 0 and largest - smallest < classes:
            return "Classes count from 0: subtract the smallest label."
        return f"{largest + 1} classes need {largest + 1} outputs."


class CrossEntropy(CategoricalLoss):
    """L = -sum_i t_i log y_i, for a Softmax layer on top (seed row S-17).

    By the sum z: dL/dz = y sum(t) - t, exact at any saturation; by the output: -t/y.
    Targets are integer labels from 0, one-hot rows, or any weights (soft targets).

    Examples
    --------
    >>> loss, z = CrossEntropy(), np.array([[0.0, 0.0, 0.0], [800.0, 0.0, 0.0]])
    >>> t = loss.target([2, 0], z.shape, z.dtype)
    >>> t
    array([[0., 0., 1.],
           [1., 0., 0.]])
    >>> loss.head_value(z, t).round(3)
    array([1.099, 0.   ])
    >>> loss.head_row(z, t).shape
    (2, 3)
    """

    gate = "softmax"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From probabilities; infinite where a certain prediction is wrong."""
        return np.asarray(_times(t, -_log(y)).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """-t/y, 0 where the target is 0."""
        return _times(-t, 1 / y)


class NegativeLogLikelihood(CategoricalLoss):
    """L = -sum_i t_i y_i, for a LogSoftmax layer on top, whose outputs y are log-probabilities (S-17).

    By the sum z: dL/dz = p sum(t) - t with p = exp(y), exact at any saturation; by the output: -t.
    The same loss of the same targets as `CrossEntropy` on top of Softmax.

    Examples
    --------
    >>> loss, z = NegativeLogLikelihood(), np.array([[0.0, 0.0, 0.0], [800.0, 0.0, 0.0]])
    >>> t = loss.target([2, 0], z.shape, z.dtype)
    >>> loss.value(np.log([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]), t).round(3)
    array([1.386, 0.693])
    >>> loss.head_value(z, t).round(3)
    array([1.099, 0.   ])
    >>> loss.head_row(z, t).shape
    (2, 3)
    """

    gate = "log_softmax"

    @quiet
    def value(self, y: Array, t: Array) -> Array:
        """From log-probabilities; a target of 0 counts nothing, even where y is -inf."""
        return np.asarray(_times(t, -y).sum(axis=-1))

    @quiet
    def row(self, y: Array, t: Array) -> Array:
        """-t, whatever y."""
        return np.asarray(-t)
