"""What comes in becomes a plain array of floats, or of sympy expressions, or is refused with a remedy."""

import contextlib
import math
import operator
import sys
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import DTypeError, EmptyBatchError, NonFiniteError, OptionError, ShapeError, shown

Array: TypeAlias = NDArray[Any]

_Call = TypeVar("_Call", bound=Callable[..., Any])
quiet: Callable[[_Call], _Call] = np.errstate(all="ignore")
"""Decorates every public computation: no floating point warning leaves it, whatever the caller's errstate.

As a decorator it is entered anew at each call, in any thread.
"""

_REMEDIES = {
    "b": "Convert it with .astype(float) if true means 1.",
    "c": "Take real and imaginary parts as separate columns.",
    "U": "Parse numbers with .astype(float); number classes with np.unique(T, return_inverse=True)[1].",
    "S": "Parse numbers with .astype(float); number classes with np.unique(T, return_inverse=True)[1].",
    "M": "Convert dates to numbers first.",
    "m": "Convert durations to numbers first.",
    "V": "Pass the numeric columns as a two-dimensional array.",
}


def _keep_freed_memory() -> None:
    """Let glibc keep up to 60 MiB of freed memory for the next pass instead of returning it to the system.

    Its threshold is twice the largest block freed so far, so a block is taken and given back untouched:
    addresses, not memory. Without it a pass whose arrays outweigh its largest one faults in the same pages
    each time, 40 % of the time of a gradient of 784-256-128-10. Elsewhere this does nothing.
    """
    np.empty(30 * 2**20, np.uint8)


_keep_freed_memory()


def as_array(value: object, what: str, where: str = "", integers: Any = np.float64) -> Array:
    """Return `value` as a plain array of floats (float16, 32, 64) or of sympy expressions.

    Integers become `integers`, other byte orders the machine's own. The result may share
    memory with `value`; nobody writes into it. `what` and `where` word the error.

    Raises
    ------
    DTypeError
        bool, complex, string, ragged, masked or sparse input, or objects other than sympy expressions.
    """
    if is_masked(value):
        raise DTypeError(
            f"{what} is a masked array, whose hidden values would be used",
            where=where,
            remedy="Fill the mask first with .filled(...).",
        )
    if str(type(value).__module__).startswith("scipy.sparse") and hasattr(value, "toarray"):
        raise DTypeError(f"{what} is sparse", where=where, remedy="Pass .toarray().")
    try:
        array = np.asarray(value)
    except Exception as error:  # of a list, or of whatever the object's own __array__ raises
        raise DTypeError(
            f"{what} is not a rectangular array of numbers",
            where=where,
            got=type(value).__name__,
            remedy="Give every row the same length.",
        ) from error
    kind = array.dtype.kind
    if kind == "f":
        if array.dtype.itemsize > 8:
            raise DTypeError(
                f"{what} has an extended precision",
                where=where,
                got=array.dtype,
                expected="float16, float32 or float64",
                remedy="Convert it with .astype(float).",
            )
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if kind in "iu":
        return array.astype(integers)
    if kind == "O":
        return _symbolic(array, what, where)
    raise DTypeError(
        f"{what} does not hold real numbers",
        where=where,
        got=array.dtype,
        expected="floats or integers",
        remedy=_REMEDIES.get(kind, ""),
    )


def is_a(value: object, kinds: type | tuple[type, ...]) -> bool:
    """Whether the type says so; isinstance asks the object as well, which may raise."""
    return issubclass(type(value), kinds)


_DEEPEST = 64
"""numpy's own limit on the axes of an array."""
_MAY_BE_MASKED = (list, tuple, np.ma.MaskedArray)


def is_masked(value: object) -> bool:
    """Whether a masked array, or numpy's masked constant, is all or any part of nested lists."""
    return is_a(value, _MAY_BE_MASKED) and _holds_masked(value)


def _holds_masked(value: object, depth: int = 0) -> bool:
    if isinstance(value, (list, tuple)):
        parts = (entry for entry in value if is_a(entry, _MAY_BE_MASKED))
        return depth < _DEEPEST and any(_holds_masked(entry, depth + 1) for entry in parts)
    return isinstance(value, np.ma.MaskedArray)


def _symbolic(array: Array, what: str, where: str) -> Array:
    """Accept an object array if sympy expressions (and plain numbers) are all that it holds."""
    loaded = sys.modules.get("sympy")  # without sympy loaded, nothing can be a sympy expression
    allowed = (int, float, loaded.Expr) if loaded else ()
    if loaded and array.size and not any(is_a(entry, loaded.Expr) for entry in array.flat):
        allowed = ()  # plain numbers alone are no expressions, whoever else has loaded sympy
    for entry in sorted(array.flat, key=lambda entry: is_a(entry, (int, float))):  # name a misfit first
        if is_a(entry, bool) or not is_a(entry, allowed):
            raise DTypeError(
                f"{what} is an array of objects",
                where=where,
                got=f"an entry of type {type(entry).__name__}",
                expected="floats, integers, or sympy expressions throughout",
                remedy="Convert it with np.asarray(..., dtype=float).",
            )
    return array


def whole_number(
    value: object, what: str, where: str, least: int = 1, remedy: str = "", most: int | None = None
) -> int:
    """Return an integer from `least` to `most`, numpy's included; anything else, bool too, is refused."""
    try:
        number = least - 1 if isinstance(value, bool | np.bool) else operator.index(value)  # type: ignore[arg-type]  # what has no index is refused below
    except TypeError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise OptionError(
            f"{what} must be a whole number",
            where=where,
            got=shown(value),
            expected=f"{least} or more" if most is None or number < least else f"{least} to {most}",
            remedy=remedy,
        )
    return number


def real_number(value: object) -> float:
    """The float of a real number of Python or numpy; nan of bools, of what no float holds, and all else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a huge int
        return math.nan


_FLOATS = ("float16", "float32", "float64", "half", "single", "double", "float", *"efd", "f2", "f4", "f8")


def float_dtype(dtype: object, where: str, what: str = "parameters") -> np.dtype[Any]:
    """float16, float32 or float64, however it is written; anything else is refused."""
    found = None
    if isinstance(dtype, type | np.dtype) or (isinstance(dtype, str) and dtype.lstrip("<>=|") in _FLOATS):
        with contextlib.suppress(TypeError):
            found = np.dtype(dtype)
    if found is None or found not in [np.dtype(name) for name in _FLOATS[:3]]:
        raise DTypeError(
            f"{what} are floats",
            where=where,
            got=shown(dtype),
            expected="float16, float32 or float64",
            remedy="Leave it out for float64.",
        )
    return found


def listed(value: object) -> tuple[Any, ...]:
    """The entries of a list, a tuple, or whatever can be gone through; anything else as a single entry."""
    try:
        return tuple(value)  # type: ignore[arg-type]  # what is no iterable, or a 0-d array
    except Exception:  # whatever the object's own __iter__ raises
        return (value,)


def cases_of(values: Array) -> int | None:
    """The cases of a stack of rows; None for the values of one case."""
    return len(values) if values.ndim == 2 else None


def is_symbolic(*arrays: Array) -> bool:
    """True if any array holds sympy expressions."""
    return any(array.dtype.kind == "O" for array in arrays)


def freeze(array: Array) -> Array:
    """Make a freshly computed array read-only, with the memory it views."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner.flags.writeable = False
        owner = owner.base
    return array


def frozen(value: object, what: str, where: str = "") -> Array:
    """Return `value` as a read-only array: shared if nobody can write into it, else copied."""
    array = as_array(value, what, where)
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return freeze(array.copy())
        owner = owner.base
    return array if owner is None else freeze(array.copy())  # bytes, mmap: their owner may write


def cast(array: Array, dtype: np.dtype[Any]) -> Array:
    """A read-only array in another dtype; the same one if it has it already."""
    return array if array.dtype == dtype else freeze(array.astype(dtype))


def require_finite(array: Array, what: str, where: str = "") -> None:
    """Refuse nan and infinities, sympy's included, naming the first place."""
    finite = np.isfinite(array) if array.dtype.kind == "f" else np.frompyfunc(_may_be_finite, 1, 1)(array)
    if not np.all(finite):
        place = tuple(int(i) for i in np.argwhere(~np.asarray(finite, bool))[0])
        raise NonFiniteError(
            f"{what} is not finite at {list(place)}",
            where=where,
            got=array[place],
            expected="finite numbers",
            remedy="Training may have diverged: lower the learning rate, or repair the values.",
        )


def _may_be_finite(entry: Any) -> bool:
    """False for the infinities and nan of Python and of sympy."""
    if isinstance(entry, int | float):
        return math.isfinite(entry)
    return entry.is_finite is not False and not entry.has(sys.modules["sympy"].nan)


def as_cases(
    value: object, what: str, width: int | None, where: str = "", integers: Any = np.float64
) -> Array:
    """Return `value` as one case (1-D) or a stack of cases (2-D) of the given width.

    Raises
    ------
    ShapeError
        Another number of axes, or another width.
    EmptyBatchError
        A stack of zero cases.
    """
    array = as_array(value, what, where, integers)
    if array.ndim not in (1, 2):
        raise ShapeError(
            f"{what} must be one case or a stack of cases",
            where=where,
            got=f"shape {array.shape}",
            expected=f"({width or 'width'},) or (cases, {width or 'width'})",
            remedy="Reshape it with .reshape(cases, -1).",
        )
    if width is not None and array.shape[-1] != width:
        one_column = array.ndim == 1 and width == 1
        raise ShapeError(
            f"{what} has the wrong width",
            where=where,
            got=f"shape {array.shape}",
            expected=f"({width},) or (cases, {width})",
            remedy="One feature and many cases: pass a column, X[:, None]."
            if one_column
            else "A row is a case and a column is a feature: check for a transpose or a missing column.",
        )
    if array.ndim == 2 and array.shape[0] == 0:
        raise EmptyBatchError(
            f"{what} has no cases",
            where=where,
            got=f"shape {array.shape}",
            expected="at least one case",
            remedy="Skip empty batches.",
        )
    return array
