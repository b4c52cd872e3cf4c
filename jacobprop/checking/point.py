"""One layer at one point: its own code, called with its numbers, and never able to change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ..arrays import Array, cases_of, quiet
from ..errors import CheckFailed, JacobpropError
from ..jacobians import Jacobian
from ..layers import Layer, SumLayer
from ..layers.base import Operand
from ..returned import checked_factors, checked_forward, checked_jacobian
from .rounding import shaken, size_of

Result = TypeVar("Result")


_GIVEN = "it with arrays of floats, one case and stacks of cases"


def guarded(
    where: str, what: str, call: Callable[..., Result], *arguments: Any, given: str = _GIVEN
) -> Result:
    """Call somebody's code; what it raises names the code, unless it is an error of the library."""
    try:
        return call(*arguments)
    except JacobpropError:
        raise
    except Exception as error:
        raise CheckFailed(
            f"{what} raised {type(error).__name__}: {error}",
            where=where,
            remedy=f"The check calls {given}; the traceback above shows the line",
        ) from error


@dataclass(frozen=True)
class Point:
    """A layer with parameters and inputs.

    Attributes
    ----------
    layer : Layer
    params : dict
        {slot: array}.
    inputs : tuple of arrays
        One for each entry of ``layer.inputs``.
    where : str
        "layer 2 <RMSNorm>".
    short : str
        "layer 2".
    """

    layer: Layer
    params: Mapping[str, Array]
    inputs: tuple[Array, ...]
    where: str
    short: str

    @quiet
    def forward(
        self, params: Mapping[str, Array] | None = None, inputs: tuple[Array, ...] | None = None
    ) -> tuple[Array, Any]:
        """(values, cache), from copies."""
        given = self.params if params is None else params
        arrays = self.inputs if inputs is None else inputs
        own = {slot: array.copy() for slot, array in given.items()}
        called = guarded(
            self.where, "forward", self.layer.forward, own, tuple(array.copy() for array in arrays)
        )
        width = self.layer.width(arrays[0].shape[-1])
        return checked_forward(called, arrays[0].shape[:-1], width, lambda: self.where)

    @property
    def operands(self) -> dict[Operand, Array]:
        """Every array that the values are a function of."""
        found: dict[Operand, Array] = dict(zip(self.layer.inputs, self.inputs, strict=True))
        found.update(self.params)
        return found

    def moved(self, operand: Operand, array: Array) -> tuple[Array, Any]:
        """`forward` with one operand replaced."""
        if isinstance(operand, str):
            return self.forward({**self.params, operand: array})
        place = self.layer.inputs.index(operand)
        return self.forward(inputs=(*self.inputs[:place], array, *self.inputs[place + 1 :]))

    @property
    def shapes(self) -> dict[Operand, tuple[int, ...]]:
        """The in_shape of each factor."""
        return {
            operand: array.shape if isinstance(operand, str) else self._of_one(array)
            for operand, array in self.operands.items()
        }

    @property
    def cases(self) -> int | None:
        """The number of cases, None where the layer takes a batch for one."""
        return None if self.layer.couples_cases else cases_of(self.inputs[0])

    def _of_one(self, values: Array) -> tuple[int, ...]:
        """The shape of one case's values."""
        return values.shape if self.cases is None else values.shape[-1:]

    @quiet
    def factors(self) -> dict[Operand, Jacobian]:
        """The Jacobian of the values by each operand."""
        values, cache = self.forward()
        found = guarded(self.where, "factors", self.layer.factors, self.params, cache)
        return checked_factors(found, self.shapes, self._of_one(values), self.cases, lambda: self.where)

    @quiet
    def sum_factors(self) -> dict[Operand, Jacobian]:
        """The Jacobian of the sum by each operand; none without a sum."""
        if not isinstance(self.layer, SumLayer):
            return {}
        cache = self.forward()[1]
        found = guarded(self.where, "sum_factors", self.layer.sum_factors, self.params, cache)
        shape = self._of_one(self.layer.sum(cache))
        return checked_factors(found, self.shapes, shape, self.cases, lambda: self.where)

    @quiet
    def J_Sum(self) -> Jacobian | None:
        """da/dz, None without a sum."""
        if not isinstance(self.layer, SumLayer):
            return None
        values, cache = self.forward()
        J, shape = self.layer.J_Sum(cache), self._of_one(self.layer.sum(cache))
        return checked_jacobian(J, self._of_one(values), shape, self.cases, lambda: self.where, "J_Sum")

    def sum(self, cache: Any) -> Array:
        """z of a cache."""
        assert isinstance(self.layer, SumLayer), "only a layer with a sum is asked for it"
        return self.layer.sum(cache)

    def in_float64(self) -> Point:
        """The same numbers in float64."""
        return replace(
            self,
            params={slot: array.astype(np.float64) for slot, array in self.params.items()},
            inputs=tuple(array.astype(np.float64) for array in self.inputs),
        )

    def shaken(self, unit: float, rng: np.random.Generator) -> Point:
        """Every number a few relative `unit` up or down."""
        return replace(
            self,
            params={slot: shaken(array, unit, rng) for slot, array in self.params.items()},
            inputs=tuple(shaken(array, unit, rng) for array in self.inputs),
        )

    @property
    def gain(self) -> float:
        """How much larger than itself an underflow of this layer may come out of a factor."""
        return size_of(*self.params.values(), *self.inputs)

    def case(self, index: int) -> Point:
        """One case of a stack alone."""
        return replace(self, inputs=tuple(array[index] for array in self.inputs))

    @property
    def cost(self) -> int:
        """About how many multiply-adds a forward pass takes, with what a call costs."""
        numbers = sum(array.size for array in self.params.values())
        return 60_000 + (8 + (self.cases or 1)) * numbers + 20 * sum(array.size for array in self.inputs)

    def name(self, operand: Operand) -> str:
        """J_Y for the first input, J_a3 for another, J_W for a slot."""
        if isinstance(operand, str):
            return f"J_{operand}"
        return "J_Y" if operand == self.layer.inputs[0] else f"J_Y({operand})"
