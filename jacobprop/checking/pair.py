"""Somebody's forward and backward function at a point, called with copies alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import Array, as_array, require_finite
from ..errors import DTypeError, OptionError, shown
from .point import guarded

_GIVEN = "with copies of the arrays that were passed, the floats also moved and in float64"


@dataclass(frozen=True)
class Pair:
    """Two functions at a point."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arrays: tuple[Array, ...]
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"backward of {getattr(self.forward, '__name__', 'forward')}"

    def run(self, arrays: Sequence[Array]) -> tuple[Array, Any]:
        """(y, what backward takes after dy)."""
        returned = guarded(
            "forward", "it", self.forward, *arrays, given=f"forward({', '.join(self.names)}), {_GIVEN}"
        )
        if returned is None:
            raise DTypeError(
                "forward returned nothing",
                where="check_vjp",
                got="None",
                expected="an array, or (y, cache)",
                remedy="End forward with return y.",
            )
        if isinstance(returned, tuple):
            if len(returned) != 2:
                raise DTypeError(
                    "forward must return y, or y and a cache",
                    where="check_vjp",
                    got=f"a tuple of {len(returned)}",
                    expected="an array, or (y, cache)",
                    remedy="Return several outputs as one array.",
                )
            return as_array(returned[0], "y", "forward"), (returned[1],)
        return as_array(returned, "y", "forward"), tuple(arrays)

    def value(self, k: int, moved: Array, exact: Sequence[Array]) -> Array:
        """y with argument k replaced."""
        given = [array.copy() for array in exact]
        given[k] = moved
        return self.run(given)[0]

    def pull(self, dy: Array) -> tuple[Array | None, ...]:
        """The gradients of one covector, each as its own array."""
        rest = self.run([array.copy() for array in self.arrays])[1]
        returned = self.gradients(dy.copy(), *rest)
        return tuple(
            None if array is None else as_array(array, f"the gradient by {name}", "backward").copy()
            for array, name in zip(returned, (*self.names, *["nothing"] * len(returned)), strict=False)
        )

    def pull_units(self, y: Array) -> list[tuple[Array | None, ...]]:
        """The gradients of every entry of y."""
        units = np.eye(y.size).reshape(y.size, *y.shape)
        return [self.pull(unit) for unit in units]

    def in_float64(self) -> Pair:
        """At the same numbers in float64."""
        return replace(
            self,
            arrays=tuple(a.astype(np.float64) if a.dtype.kind == "f" else a for a in self.arrays),
        )

    def gradients(self, dy: Array, *rest: Any) -> tuple[Any, ...]:
        """What backward returns, as a tuple; None for labels and masks that it leaves out."""
        cached = len(rest) == 1 and not (len(self.names) == 1 and isinstance(rest[0], np.ndarray))
        call = ", ".join(("dy", "cache") if cached else ("dy", *self.names))
        given = f"backward({call}), {_GIVEN}"
        returned = guarded("backward", "it", self.backward, dy, *rest, given=given)
        if isinstance(returned, Mapping | set):
            raise DTypeError(
                "backward must return its gradients in the order of the arrays",
                where="check_vjp",
                got=f"a {type(returned).__name__}",
                expected=f"one gradient for each of {', '.join(self.names)}",
                remedy="Return a tuple with one gradient for each array.",
            )
        found = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
        if len(found) != len(self.differentiable):
            return found
        of_floats = dict(zip(self.differentiable, found, strict=True))
        return tuple(of_floats.get(k) for k in range(len(self.arrays)))

    @property
    def differentiable(self) -> tuple[int, ...]:
        return tuple(k for k, array in enumerate(self.arrays) if array.dtype.kind == "f")


def taken(arrays: tuple[object, ...]) -> tuple[Array, ...]:
    """The arrays as they will be passed on: floats, of which there must be one, and integers and bools.

    Floats must be finite: there is no difference to take at an infinity.
    """
    if not arrays:
        raise OptionError(
            "nothing to differentiate by",
            where="check_vjp",
            expected="forward, backward and the arrays that they take",
            remedy="check_vjp(forward, backward, x, W).",
        )
    found = []
    for number, given in enumerate(arrays, 1):
        whole = isinstance(given, np.ndarray | np.generic) and given.dtype.kind in "iub"
        array = np.asarray(given) if whole else as_array(given, f"array {number}", "check_vjp")
        if array.dtype.kind == "O":
            raise DTypeError("check_vjp compares floats", where=f"array {number}", got="expressions")
        if not whole:
            require_finite(array, f"array {number}", "check_vjp")
        found.append(array)
    if all(array.dtype.kind != "f" for array in found):
        raise DTypeError(
            "no array of floats, so no gradient to compare",
            where="check_vjp",
            got=", ".join(str(array.dtype) for array in found),
            expected="at least one array of floats; integers and bools are not differentiated",
            remedy="Pass x.astype(float).",
        )
    return tuple(found)


def names_of(forward: Callable[..., Any], count: int, given: Sequence[str] | None) -> tuple[str, ...]:
    """What each array is called: as given, else as the parameters of forward, else "array 1" and so on."""
    if given is not None:
        if isinstance(given, str) or len(given) != count:
            raise OptionError(
                "one name for each array",
                where="check_vjp",
                got=shown(given),
                expected=f"{count} names",
                remedy="Leave names out for those of the parameters of forward.",
            )
        return tuple(str(name) for name in given)
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except Exception:  # of what is no function, or has no signature that Python can read
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(plain[:count]) if len(plain) >= count else tuple(f"array {k}" for k in range(1, count + 1))
