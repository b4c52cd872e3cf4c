"""Count the multiply-adds that really run, with an array class that sees every ufunc."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from jacobprop.jacobians import Jacobian

_UNSEEN = {np.dot, np.einsum, np.tensordot, np.inner, np.outer, np.vdot, np.kron, np.linalg.multi_dot}


class Tally:
    """A running number of multiply-adds."""

    multiply_adds = 0


class CountedArray(np.ndarray):
    """np.multiply counts the size of its result, np.matmul that times the inner length."""

    tally = Tally()
    __array_priority__ = 1.0  # np.concatenate keeps the class of the highest

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        plain = [_plain(value) for value in inputs]
        if out is not None:
            kwargs["out"] = tuple(_plain(value) for value in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if method == "__call__" and ufunc in (np.multiply, np.matmul):
            inner = plain[0].shape[-1] if ufunc is np.matmul else 1
            CountedArray.tally.multiply_adds += np.size(result) * inner
        assert ufunc not in (np.divide, np.power, np.vecdot, np.matvec, np.vecmat), "a product goes uncounted"
        return out[0] if out is not None else np.asarray(result).view(CountedArray)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        assert func not in _UNSEEN, f"{func.__name__} goes uncounted"
        return super().__array_function__(func, types, args, kwargs)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, CountedArray) else value


def counted(J: Jacobian) -> Jacobian:
    """The same Jacobian on counting arrays, all the way in."""
    changes: dict[str, Any] = {}
    for name, value in vars(J).items():
        if isinstance(value, np.ndarray):
            changes[name] = value.view(CountedArray)
        elif isinstance(value, Jacobian):
            changes[name] = counted(value)
    return J._copy(**changes)


@contextmanager
def counting() -> Iterator[Tally]:
    """A fresh tally while the block runs."""
    before, CountedArray.tally = CountedArray.tally, Tally()
    try:
        yield CountedArray.tally
    finally:
        CountedArray.tally = before
