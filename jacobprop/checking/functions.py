"""`check_vjp`: a forward and a backward function in plain numpy, and no layer at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import Array, quiet, require_finite, whole_number
from .arguments import argument_rows
from .comparison import same
from .pair import Pair, names_of, taken
from .report import FAILS, HOLDS, Report, Row
from .rounding import eps


def check_vjp(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *arrays: object,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Report:
    """backward(dy, ...) is dy . d(forward)/d(argument) for every argument, or what is wrong with it.

    Parameters
    ----------
    forward : callable
        ``forward(*arrays) -> y``, an array, or ``(y, cache)``.
    backward : callable
        ``backward(dy, *arrays)``, or ``backward(dy, cache)`` if there is a cache, to one gradient for each
        array, in a tuple if there are several; None for an array that is not differentiated. Those of
        integer and bool arrays may be left out.
    *arrays : array_like
        Where to check: floats of any shape. Integer and bool arrays, such as labels and masks, are passed
        on as they are and not differentiated.
    names : sequence of str, optional
        What to call the arrays; by default as the parameters of `forward`.
    seed : int
        For random covectors and directions.

    Returns
    -------
    Report
        True if everything holds; where something fails, the note says in a sentence what is wrong.

    Raises
    ------
    CheckFailed
        One of the functions raised an exception of its own.
    NonFiniteError, DTypeError, OptionError
        nan or infinities in the arrays or in y; no numbers, no floats, or gradients in a dict; no arrays.

    Notes
    -----
    Large Jacobians, above 300 entries on a side, are compared through random covectors.

    Examples
    --------
    >>> def forward(x, W, b):
    ...     return x @ W + b
    >>> def backward(dy, x, W, b):
    ...     return dy @ W.T, x.T @ dy, dy
    >>> x, W, b = np.arange(15.0).reshape(5, 3), np.ones((3, 2)), np.zeros(2)
    >>> report = check_vjp(forward, backward, x, W, b)
    >>> [row.what for row in report.failures]
    ['gradient by b']
    >>> bool(check_vjp(forward, lambda dy, x, W, b: (dy @ W.T, x.T @ dy, dy.sum(axis=0)), x, W, b))
    True
    """
    rng = np.random.default_rng(whole_number(seed, "seed", "check_vjp", least=0))
    pair = Pair(forward, backward, taken(arrays), names_of(forward, len(arrays), names))
    return Report(f"{pair.title}: {', '.join(pair.names)}", tuple(_rows(pair, rng)))


@quiet
def _rows(pair: Pair, rng: np.random.Generator) -> list[Row]:
    given = [array.copy() for array in pair.arrays]
    y, rest = pair.run(given)
    require_finite(y, "y", "forward")
    y = y.copy()
    rows = [_unchanged("forward", pair, given), _again(pair, y)]
    if any(row.fails for row in rows):
        return rows
    dy = rng.normal(size=y.shape).astype(y.dtype)
    own = dy.copy()
    pair.gradients(own, *rest)
    rows.append(_unchanged("backward", pair, given, (dy, own)))
    gradients = pair.pull(dy)
    if note := _uncounted(pair, gradients):
        return [Row("gradients", "their number", 0.0, 0.0, FAILS, note, "gradient"), *rows]
    rows.append(_repeats(pair, dy, gradients))
    shaped = [*argument_rows(pair, y, dy, gradients, rng)]
    if not any(row.fails for row in shaped):
        rows.append(_linear(pair, y, dy, rng))
    return sorted(rows, key=lambda row: not row.fails) + shaped


def _uncounted(pair: Pair, gradients: Sequence[Array | None]) -> str:
    """What is wrong with the number of gradients, or nothing."""
    if len(gradients) == len(pair.arrays):
        absent = all(gradients[k] is None for k in pair.differentiable)
        return "backward returns None for every array of floats: no gradient was compared" if absent else ""
    returned = f"{len(gradients)} gradient" + ("s" if len(gradients) != 1 else "")
    return (
        f"backward returns {returned} for {len(pair.arrays)} arrays: return one for each "
        f"of {', '.join(pair.names)}, None where there is none"
    )


def _unchanged(
    what: str, pair: Pair, given: Sequence[Array], extra: tuple[Array, Array] | None = None
) -> Row:
    changed = [
        name
        for name, before, after in zip(pair.names, pair.arrays, given, strict=True)
        if not np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    ]
    if extra is not None and not np.array_equal(*extra, equal_nan=True):
        changed.append("dy")
    note = f"{what} writes into {', '.join(changed)}: work on a copy" if changed else ""
    return Row(what, "its arguments", 0.0, 0.0, FAILS if changed else HOLDS, note)


def _again(pair: Pair, y: Array) -> Row:
    """The same y, also after a call elsewhere."""
    pair.run(
        [array + array.dtype.type(0.5) if array.dtype.kind == "f" else array.copy() for array in pair.arrays]
    )
    second = pair.run([array.copy() for array in pair.arrays])[0]
    note = "forward returns other values for the same arrays: it keeps state, or draws random numbers"
    return same("forward", "a second call", y, second, note=note)


def _repeats(pair: Pair, dy: Array, gradients: Sequence[Array | None]) -> Row:
    pair.pull(2 * dy + 1)
    note = "backward returns other gradients for the same arrays: it keeps state, or adds to an earlier call"
    rows = [
        same("backward", "a second call", first, second, note=note)
        for first, second in zip(gradients, pair.pull(dy), strict=True)
        if first is not None and second is not None
    ]
    return max(
        rows,
        key=lambda row: (row.fails, row.error),
        default=Row("backward", "a second call", 0.0, 0.0, HOLDS),
    )


def _linear(pair: Pair, y: Array, dy: Array, rng: np.random.Generator) -> Row:
    """backward(2 u - 3 v) = 2 backward(u) - 3 backward(v): not an affine function either."""
    dy, v = dy.astype(np.float64), rng.normal(size=y.shape)
    exact = pair.in_float64()
    both, one, other = exact.pull(2 * dy - 3 * v), exact.pull(dy), exact.pull(v)
    slack = 1e4 * eps(y.dtype)
    rows = [
        same(
            "backward",
            "linear in dy",
            a,
            2 * b - 3 * c,
            slack=slack,
            floor=slack * _usual_gradient(pair.arrays[k], y, np.abs(dy) + np.abs(v)),
            note="backward is not linear in dy",
        )
        for k, (a, b, c) in enumerate(zip(both, one, other, strict=True))
        if a is not None and b is not None and c is not None
    ]
    return max(
        rows,
        key=lambda row: (row.fails, row.error),
        default=Row("backward", "linear in dy", 0.0, slack, HOLDS),
    )


def _usual_gradient(x: Array, y: Array, dy: Array) -> float:
    """The size of a gradient if a move as large as x changes y by itself; terms of a smaller one cancel."""
    largest = float(np.max(np.abs(x), initial=0.0)) or 1.0
    return float(dy.sum()) * float(np.max(np.abs(y), initial=0.0)) / largest
