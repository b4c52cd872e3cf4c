"""What a layer is: a description whose arrays live elsewhere. Also the user's extension point.

A layer maps input activations to output activations and knows its Jacobians by every operand: by an
input it reads, or by a parameter slot such as "W". The network numbers the layers and keeps the arrays.
"""

from __future__ import annotations

import abc
import inspect
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from ..arrays import Array
from ..jacobians import Jacobian
from ..layout import Shape

Operand: TypeAlias = int | str
"""An input, as it stands in ``Layer.inputs``, or the letter of a parameter slot."""

Parameters: TypeAlias = Mapping[str, Array]
Values: TypeAlias = tuple[Array, ...]

PREVIOUS = -1
"""The activation just below: the input of nearly every layer."""


class Workspace:
    """Arrays that one layer's fast path reuses from call to call.

    Attributes
    ----------
    wants_input : bool
        Whether the layer must pass a delta on to its inputs.
    keeps_sum : bool
        Whether the layer must leave its weighted sum under the key "z", for a fused loss.
    """

    def __init__(self, *, wants_input: bool = True, keeps_sum: bool = False) -> None:
        self.wants_input, self.keeps_sum = wants_input, keeps_sum
        self._arrays: dict[str, Array] = {}

    def array(self, key: str, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """An uninitialised array of this shape, the same one as long as the shape stays."""
        held = self._arrays.get(key)
        if held is None or held.shape != shape or held.dtype != dtype:
            held = self._arrays[key] = np.empty(shape, dtype)
        return held


class Layer(abc.ABC):
    """A layer: subclass this, write `forward` and `factors`, and every formulation of the chain works.

    Index legend: c cases (absent for a single case), n in, m out.

    Attributes
    ----------
    inputs : tuple of int
        Which activations it reads, as indices into those so far: -1 is the one below, 0 the input.
    n_in : int or None
        The width it requires of its (first) input, None for any.
    gate : str
        "softmax" or "sigmoid" if a loss may fuse with the layer's last step, else empty.
    """

    inputs: tuple[int, ...] = (PREVIOUS,)
    n_in: int | None = None
    name: str = ""
    gate: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A subclass with other mathematics gives up the fast paths that it would inherit."""
        super().__init_subclass__(**kwargs)
        if vars(cls).keys() & {"forward", "factors", "J_Sum", "sum_factors"}:
            for path in {"forward_into", "backward_into", "backward_sum_into"} - vars(cls).keys():
                for base in cls.__mro__[1:]:
                    if path in vars(base) and inspect.isabstract(base):
                        setattr(cls, path, vars(base)[path])

    def init(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Draw the parameters: {slot letter: array}. A layer without parameters draws none."""
        return {}

    def width(self, n_in: int | None) -> int | None:
        """The number of outputs for `n_in` inputs; the same unless a layer says otherwise."""
        return n_in

    @abc.abstractmethod
    def forward(self, params: Parameters, inputs: Values) -> tuple[Array, Any]:
        """Compute the activations (c, m) from the inputs (c, n), and a cache for `factors`."""

    @abc.abstractmethod
    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """The Jacobian of the activations by each operand, in numerator layout, cases first."""

    def forward_into(self, params: Parameters, inputs: Values, workspace: Workspace) -> tuple[Array, Any]:
        """`forward` for the delta rule: may reuse the workspace's arrays."""
        return self.forward(params, inputs)

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across the layer: dL/d(activations) (c, m) to dL/d(operand), summed over cases.

        May overwrite `delta` and return it. By default the delta is pulled through `factors`.
        """
        return pull_through(self.factors(params, cache), delta)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SumLayer(Layer):
    """A layer with a sum z inside, a = f(z): its Jacobians are J_Sum times the Jacobians of z.

    The sum is a variable of its own in a record: ``z2`` for layer 2.
    """

    @abc.abstractmethod
    def sum(self, cache: Any) -> Array:
        """The sum z (c, m)."""

    @abc.abstractmethod
    def J_Sum(self, cache: Any) -> Jacobian:
        """da/dz."""

    @abc.abstractmethod
    def sum_factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """The Jacobian of z by each operand."""

    def factors(self, params: Parameters, cache: Any) -> dict[Operand, Jacobian]:
        """J_operand^a = J_Sum . J_operand^z (seed rows D-69, D-71)."""
        outer = self.J_Sum(cache)
        return {operand: outer @ inner for operand, inner in self.sum_factors(params, cache).items()}

    def backward_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across f, then across the sum."""
        return self.backward_sum_into(self.J_Sum(cache).pull(delta), params, cache, workspace)

    def backward_sum_into(
        self, delta: Array, params: Parameters, cache: Any, workspace: Workspace
    ) -> dict[Operand, Array]:
        """The delta rule across the sum alone: dL/dz (c, m) to dL/d(operand), summed over cases."""
        return pull_through(self.sum_factors(params, cache), delta)


def pull_through(factors: Mapping[Operand, Jacobian], delta: Array) -> dict[Operand, Array]:
    """Pull a delta through each factor: case by case to the inputs, summed over cases to the slots."""
    return {
        operand: (J.stacked() if isinstance(operand, str) else J).pull(delta)
        for operand, J in factors.items()
    }
