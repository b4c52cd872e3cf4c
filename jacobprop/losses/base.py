"""What a loss is; also the extension point for losses of one's own."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import numpy as np

from ..arrays import Array, as_array, quiet
from ..errors import MissingTargetError, OptionError, ShapeError, UnsupportedLayerError, shown
from ..jacobians import Jacobian
from .hessians import as_jacobian, eigen

REDUCTIONS = ("mean", "sum")


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
