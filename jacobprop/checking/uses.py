"""Which uses a function makes of an array, and the Jacobian of its value by each use alone.

An ndarray subclass counts the operations that an array, or a view of it, enters. Every operation gets the
plain numbers, except the k-th: it alone gets others. So d(value)/d(array) falls apart into one term for
each use, and a gradient that forgot the second use of a tied weight is one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array
from ..differences import estimate
from ..errors import JacobpropError

_MOST_USES = 24
_CLOSE = 1e-6

_VIEWS = {
    np.transpose,
    np.reshape,
    np.ravel,
    np.swapaxes,
    np.squeeze,
    np.expand_dims,
    np.moveaxis,
    np.broadcast_to,
    np.atleast_1d,
    np.atleast_2d,
    np.split,
    np.array_split,
    np.diagonal,
    np.flip,
}
_ABOUT_SHAPE = {np.shape, np.ndim, np.size, np.result_type, np.zeros_like, np.ones_like, np.empty_like}
_COPYING = (
    *(
        "copy",
        "astype",
        "flatten",
        "take",
        "repeat",
        "dot",
        "sum",
        "mean",
        "max",
        "min",
        "prod",
        "std",
        "var",
    ),
    *("cumsum", "cumprod", "clip", "round", "trace", "compress", "item", "tolist", "ptp", "argmax", "argmin"),
)


class Lost(Exception):  # noqa: N818  (a signal, between functions that follow an array)
    """The function does something that cannot be followed."""


class _Watch:
    """One array under watch: its numbers, the numbers that one use sees instead, and what it has entered."""

    def __init__(self, x: Array, instead: Array | None, use: int) -> None:
        self.buffer = np.array(x, np.float64, order="C")
        self.instead = self.buffer if instead is None else np.array(instead, np.float64, order="C")
        self.use, self.operations = use, list[str]()

    def array(self) -> _Watched:
        watched = self.buffer.view(_Watched)
        watched._watch = self
        return watched

    def numbers(self, view: _Watched, operation: str) -> Array:
        """What the next use of this view sees."""
        self.operations.append(operation)
        chosen = self.instead if len(self.operations) - 1 == self.use else self.buffer
        offset = view.__array_interface__["data"][0] - self.buffer.__array_interface__["data"][0]
        if view.size and not 0 <= offset < max(self.buffer.nbytes, 1):
            raise Lost
        if not view.size:
            return np.zeros(view.shape)
        return np.ndarray(view.shape, view.dtype, buffer=chosen.data, offset=offset, strides=view.strides)


class _Watched(np.ndarray):
    """An array that notices what it enters."""

    _watch: _Watch | None = None

    def __array_finalize__(self, parent: object) -> None:
        self._watch = getattr(parent, "_watch", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(array, _Watched) for array in options.get("out", ())):
            raise Lost
        name = str(ufunc.__name__) if method == "__call__" else f"{ufunc.__name__}.{method}"
        return getattr(ufunc, method)(*_plain(inputs, name), **_plain(options, name))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _VIEWS or function in _ABOUT_SHAPE:
            if function in _ABOUT_SHAPE:
                args, kwargs = _bare(args), _bare(kwargs)
                return function(*args, **kwargs)
            return super().__array_function__(function, types, args, kwargs)
        name = str(getattr(function, "__name__", "a function"))
        return function(*_plain(args, name), **_plain(kwargs, name))

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, _Watched) and np.may_share_memory(_bare(found), _bare(self)):
            return found
        return _plain(self, "indexing")[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Lost

    def __float__(self) -> float:
        return float(_plain(self, "float"))


def _copying(name: str) -> Callable[..., Any]:
    def method(self: _Watched, *args: Any, **kwargs: Any) -> Any:
        return getattr(_plain(self, name), name)(*_plain(args, name), **_plain(kwargs, name))

    return method


for _name in _COPYING:
    if hasattr(np.ndarray, _name):
        setattr(_Watched, _name, _copying(_name))


def _plain(given: Any, operation: str) -> Any:
    """Numbers in place of every watched array, however deep in tuples, lists and dicts."""
    if isinstance(given, _Watched):
        if given._watch is None:
            return given.view(np.ndarray)
        return given._watch.numbers(given, operation)
    return _inside(given, partial(_plain, operation=operation))


def _bare(given: Any) -> Any:
    """The same without counting a use, where only shape and dtype matter."""
    return given.view(np.ndarray) if isinstance(given, _Watched) else _inside(given, _bare)


def _inside(given: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(given, tuple | list):
        return type(given)(change(item) for item in given)
    return {key: change(item) for key, item in given.items()} if isinstance(given, dict) else given


def jacobians_by_use(function: Callable[[Array], Any], x: Array, total: Array, name: str) -> dict[str, Array]:
    """{"use 1 of W (in matmul)": d(value)/d(W) through the first use alone, ...}, shaped like `total`.

    Parameters
    ----------
    function : callable
        An array shaped like x to an array; somebody's code.
    x : array
        The point.
    total : array
        The whole Jacobian, value.shape + x.shape: the terms must add up to it, or some use went unseen.
    name : str
        What to call the array.

    Returns
    -------
    dict
        Terms that are not zero, if there are at least two; none where they cannot be told.
    """
    try:
        operations = operations_of(function, x)
        if not 2 <= len(operations) <= _MOST_USES:
            return {}
        terms = {
            f"use {use + 1} of {name} (in {operation})": estimate(
                partial(with_use, function, x, use), x
            ).value
            for use, operation in enumerate(operations)
        }
    except (Lost, JacobpropError, ArithmeticError, TypeError, ValueError, AttributeError, LookupError):
        return {}
    scale = max([np.abs(term).max(initial=0.0) for term in [total, *terms.values()]], default=0.0)
    kept = {use: term for use, term in terms.items() if np.abs(term).max(initial=0.0) > _CLOSE * scale}
    added = sum(kept.values(), np.zeros(total.shape))
    whole = added.shape == total.shape and np.abs(added - total).max(initial=0.0) <= _CLOSE * scale
    return kept if whole and len(kept) > 1 else {}


def operations_of(function: Callable[[Array], Any], x: Array) -> list[str]:
    """What x enters on the way to the value, use by use."""
    watch = _Watch(x, None, use=-1)
    function(watch.array())
    return watch.operations


def with_use(function: Callable[[Array], Any], x: Array, use: int, moved: Array) -> Array:
    """The value if one use of x sees other numbers."""
    found = function(_Watch(x, moved, use).array())
    return np.array(_plain(found, "result"), np.float64)
