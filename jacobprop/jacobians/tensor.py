"""A dense Jacobian tensor of one case that knows its layout.

``A @ B`` is always dA/dB . dB/dC, in either layout: the object contracts the right axes, and
refuses to mix layouts. (The slides' reversed ``np.dot`` lives in ``formulation="numpy_dot"`` alone.)
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, frozen, quiet
from ..errors import DTypeError, LayoutError
from ..layout import Layout, Shape, check_layout, swap_layout, whole_shape


class JacobianTensor:
    """J[a.., b..] = dA[a..]/dB[b..] in numerator layout, J[b.., a..] in denominator layout.

    Parameters
    ----------
    array : array of shape out_shape + in_shape (numerator) or in_shape + out_shape (denominator)
    out_shape, in_shape : tuple of int
        The shapes of A and of B.
    layout : "numerator" or "denominator"

    Raises
    ------
    LayoutError
        The array's shape contradicts the layout, or two layouts meet in a product or a sum.

    Examples
    --------
    >>> J = JacobianTensor(np.ones((2, 3, 2)), (2,), (3, 2), "numerator")
    >>> J.to("denominator").array.shape
    (3, 2, 2)

    Source: seed rows D-35 to D-39, S-01.
    """

    __slots__ = ("_array", "_in_shape", "_layout", "_out_shape")
    __array_ufunc__ = None

    def __init__(self, array: object, out_shape: Shape, in_shape: Shape, layout: Layout) -> None:
        check_layout(layout, "JacobianTensor")
        self._array = frozen(array, "the array", "JacobianTensor")
        self._out_shape = whole_shape(out_shape, "out_shape", "JacobianTensor")
        self._in_shape = whole_shape(in_shape, "in_shape", "JacobianTensor")
        self._layout = layout
        expected = self.out_shape + self.in_shape if layout == "numerator" else self.in_shape + self.out_shape
        if self._array.shape != expected:
            raise LayoutError(
                f"the array contradicts the {layout} layout",
                where="JacobianTensor",
                got=f"shape {self._array.shape}",
                expected=f"{expected} for out_shape {self.out_shape} and in_shape {self.in_shape}",
                remedy="Numerator layout puts the axes of dA first, denominator layout those of dB.",
            )

    @property
    def array(self) -> Array:
        """The numbers, read-only."""
        return self._array

    @property
    def out_shape(self) -> Shape:
        """The shape of A in dA/dB."""
        return self._out_shape

    @property
    def in_shape(self) -> Shape:
        """The shape of B in dA/dB."""
        return self._in_shape

    @property
    def layout(self) -> Layout:
        """ "numerator" or "denominator"."""
        return self._layout

    def to(self, layout: Layout) -> JacobianTensor:
        """The same derivative in the other layout; converting twice is the identity."""
        check_layout(layout, "JacobianTensor.to")
        if layout == self.layout:
            return self
        leading = self.out_shape if self.layout == "numerator" else self.in_shape
        swapped = swap_layout(self.array, len(leading))
        return JacobianTensor(swapped, self.out_shape, self.in_shape, layout)

    @quiet
    def __matmul__(self, other: JacobianTensor) -> JacobianTensor:
        """dA/dB . dB/dC = dA/dC: sum over all axes of B."""
        self._check_other(other, "@")
        self._same_layout(other, "@")
        if self.in_shape != other.out_shape:
            raise LayoutError(
                "the factors do not meet in the same variable",
                where="JacobianTensor @ JacobianTensor",
                got=f"dA/dB with B of shape {self.in_shape}, dB/dC with B of shape {other.out_shape}",
                remedy="Write the factors from the numerator on the left to the denominator on the right.",
            )
        axes = len(self.in_shape)
        first, second = (self, other) if self.layout == "numerator" else (other, self)
        product = np.tensordot(first.array, second.array, axes=axes)
        return JacobianTensor(product, self.out_shape, other.in_shape, self.layout)

    @quiet
    def __add__(self, other: JacobianTensor) -> JacobianTensor:
        """dA/dB + dA'/dB."""
        self._check_other(other, "+")
        self._same_layout(other, "+")
        if (self.out_shape, self.in_shape) != (other.out_shape, other.in_shape):
            raise LayoutError(
                "only derivatives of the same shapes add",
                where="JacobianTensor + JacobianTensor",
                got=f"{self.out_shape} by {self.in_shape} and {other.out_shape} by {other.in_shape}",
                remedy="Both terms must have the same out_shape and in_shape.",
            )
        return JacobianTensor(self.array + other.array, self.out_shape, self.in_shape, self.layout)

    def _check_other(self, other: object, sign: str) -> None:
        if not isinstance(other, JacobianTensor):
            raise DTypeError(
                "a tensor with a layout meets one without",
                where=f"JacobianTensor {sign} ...",
                got=type(other).__name__,
                expected="a JacobianTensor",
                remedy="Wrap an array with jp.JacobianTensor(array, out_shape, in_shape, layout).",
            )

    def _same_layout(self, other: JacobianTensor, sign: str) -> None:
        if self.layout != other.layout:
            raise LayoutError(
                "two layouts meet",
                where=f"JacobianTensor {sign} JacobianTensor",
                got=f"{self.layout} and {other.layout}",
                expected="one layout",
                remedy=f'Convert one of them with .to("{self.layout}").',
            )

    def __repr__(self) -> str:
        return (
            f"<JacobianTensor: {self.out_shape} by {self.in_shape}, {self.layout} layout, {self.array.dtype}>"
        )

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.array, self.out_shape, self.in_shape, self.layout)
