"""What all structures that hold their own arrays have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..arrays import Array
from ..errors import EmptyBatchError, ShapeError
from ..layout import size, whole_shape
from .base import Jacobian, check_case, whole_cases
from .wrapped import StackedJacobian, TransposedJacobian


class StoredJacobian(Jacobian):
    """A Jacobian made of named fields: arrays (optional ones may be None) and inner Jacobians.

    ``fields`` maps each array field to its number of axes without cases; an array with one more
    axis is stored per case.
    """

    fields: ClassVar[dict[str, int]]

    @property
    def arrays(self) -> tuple[Array, ...]:
        return tuple(a for name in self.fields if (a := self.__dict__[name]) is not None)

    @property
    def _per_case(self) -> bool:
        return any(map(self._has_cases, self.fields))

    def _has_cases(self, name: str) -> bool:
        array = self.__dict__[name]
        return array is not None and array.ndim > self.fields[name]

    def _copies(self, name: str) -> int:
        """How many copies of a field are stored: 0 if absent, 1 if shared, else the cases."""
        array = self.__dict__[name]
        return 0 if array is None else array.shape[0] if array.ndim > self.fields[name] else 1

    @property
    def T(self) -> Jacobian:
        return TransposedJacobian(self)

    def stacked(self) -> Jacobian:
        return self if self.cases is None else StackedJacobian(self)

    def case(self, index: int) -> Self:
        check_case(self, index)
        chosen: dict[str, Any] = {
            name: self.__dict__[name][index] for name in self.fields if self._has_cases(name)
        }
        return self._copy(cases=None, **chosen)

    def for_cases(self, cases: int) -> Self:
        cases = whole_cases(cases, self)
        if self.cases == cases:
            return self
        if self._per_case or cases < 1:
            raise ShapeError(
                "only a map without a case axis can be shared",
                where=f"for_cases of {self!r}",
                got=cases,
                remedy="Build the factor from one case.",
            )
        return self._copy(cases=cases)


def cases_among(
    cases: int | None, where: str, source: str = "cases", /, **arrays: tuple[Array | None, int]
) -> int | None:
    """The number of cases that `source` and all arrays with a case axis agree on.

    `arrays` maps name to (array, axes without cases).
    """
    found = {} if cases is None else {source: whole_cases(cases, where)}
    for name, (array, axes) in arrays.items():
        if array is None:
            continue
        if array.ndim not in (axes, axes + 1):
            own = "1 axis" if axes == 1 else f"{axes} axes"
            raise ShapeError(
                f"{name} has the wrong number of axes",
                where=where,
                got=f"shape {array.shape}",
                expected=f"{own}, or {axes + 1} with the cases in front",
                remedy="One case has no case axis; a stack has it first.",
            )
        if array.ndim == axes + 1:
            found[name] = array.shape[0]
    if min(found.values(), default=1) < 1:
        raise EmptyBatchError(
            "a stack of no cases",
            where=where,
            got=", ".join(f"{n} in {name}" for name, n in found.items()),
            expected="at least one case",
            remedy="Skip empty batches.",
        )
    if len(set(found.values())) > 1:
        raise ShapeError(
            "the arrays have different numbers of cases",
            where=where,
            got=", ".join(f"{n} in {name}" for name, n in found.items()),
            expected="the same number",
            remedy="Take all arrays from the same stack.",
        )
    return next(iter(found.values()), None)


def fit_shape(shape: tuple[int, ...] | None, width: int, what: str, where: str) -> tuple[int, ...]:
    """`shape` if given, which must hold `width` entries; else one axis of `width`."""
    if shape is None:
        return (width,)
    shape = whole_shape(shape, what, where)
    if size(shape) != width:
        raise ShapeError(
            f"{what} does not fit the array",
            where=where,
            got=shape,
            expected=f"a shape with {width} entries",
            remedy=f"Leave {what} out for ({width},).",
        )
    return shape
