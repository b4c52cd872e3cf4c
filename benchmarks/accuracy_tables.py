"""Certified values of every activation and of the softmax family, and how far an answer is from them.

The tables lie in ``tests/accuracy/tables``, where it is told how they were made. A true value is kept as
its nearest float64 and a rest, counted in 2^-16 of an ulp, so that errors far below half an ulp are seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jacobprop.arrays import Array, quiet

FOLDER = Path(__file__).parents[1] / "tests" / "accuracy" / "tables"
REST = 2.0**-16
"""The unit of a rest, in ulp."""


class Truth(NamedTuple):
    """True values: the nearest float64 of each, and the rest in units of `REST` ulp."""

    value: Array
    rest: Array

    def take(self, index: Any) -> Truth:
        """Some of them, by any numpy index."""
        return Truth(self.value[index], self.rest[index])


class Table(NamedTuple):
    """Named inputs, and the truth of each named quantity there."""

    inputs: Mapping[str, Array]
    truths: Mapping[str, Truth]


def load(name: str) -> Table:
    """The table of a family, such as "tanh" or "softmax 3"."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    rests = {key.removesuffix(_REST): array for key, array in arrays.items() if key.endswith(_REST)}
    return Table(
        {key: array for key, array in arrays.items() if key not in rests and not key.endswith(_REST)},
        {key: Truth(arrays[key], rest) for key, rest in rests.items()},
    )


_REST = " rest"


def save(name: str, table: Table, folder: Path = FOLDER) -> Path:
    """Write a table, uncompressed: the same numbers give the same bytes everywhere."""
    arrays = dict(table.inputs)
    for key, truth in table.truths.items():
        arrays |= {key: truth.value, key + _REST: truth.rest}
    file = folder / f"{name}.npz"
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the stubs take its one option for any keyword
    return file


@quiet
def ulp_error(got: Array, truth: Truth | Array, of: Truth | None = None) -> Array:
    """|got - truth| in units of the last place of the truth in got's dtype, entry by entry.

    Where the truth is a difference of two terms, `of` is the larger one, whose last place then counts.

    Below the smallest normal number the unit is the smallest subnormal one. An infinite answer to a
    finite truth that does not round to it, and nan in place of a number, are infinitely far away.
    """
    value, rest = truth if isinstance(truth, Truth) else (np.asarray(truth, float), np.zeros(()))
    unit = _last_place(*((value, rest) if of is None else of), got.dtype)
    own = _last_place(value, np.zeros(()), np.dtype(float))
    tail = np.ldexp(rest * REST, own - unit)
    error = np.abs(np.ldexp(got.astype(float) - value, -unit) - tail)
    rounded = value.astype(got.dtype)
    special = ~(np.isfinite(rounded) & np.isfinite(got))
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    return np.asarray(np.where(special, np.where(same, 0.0, np.inf), error))


@quiet
def absolute_error(got: Array, truth: Truth) -> Array:
    """|got - truth|, entry by entry, of float64 near a zero of the truth; nan is infinitely far away."""
    own = _last_place(truth.value, np.zeros(()), np.dtype(float))
    error = np.abs((got - truth.value) - np.ldexp(truth.rest * REST, own))
    return np.asarray(np.where(np.isnan(error), np.inf, error))


def _last_place(value: Array, rest: Array, dtype: np.dtype[Any]) -> Array:
    """The exponent of the unit in the last place of the truth, which may lie just below a power of two."""
    kind = np.finfo(dtype)
    fraction, exponent = np.frexp(value)
    below = (np.abs(fraction) == 0.5) & (rest * value < 0)
    exponent = np.where(value == 0, kind.minexp, exponent - 1 - below)
    return np.asarray(np.maximum(exponent, kind.minexp) - kind.nmant)


def false_zeros(got: Array, truth: Truth, of: Truth | None = None) -> int:
    """How often the answer is 0 though the truth is a normal number, and above the last place of `of`."""
    least = np.finfo(got.dtype).tiny if of is None else np.maximum(np.spacing(of.value), np.finfo(float).tiny)
    return int(np.count_nonzero((got == 0) & (np.abs(truth.value) >= least)))


_ZEROS: dict[tuple[str, int], tuple[float, ...]] = {
    ("silu", 1): (-1.2784645427610738,),
    ("silu", 2): (-2.3993572805154, 2.3993572805154),
    ("gelu", 1): (-0.7517915246935645,),
    ("gelu", 2): (-(2.0**0.5), 2.0**0.5),
}


def near_zero(name: str, order: int, z: Array) -> Array:
    """Where z is within 1/2 of a zero of f' or f'' that is crossed, and ulp mean nothing."""
    found = np.zeros(z.shape, bool)
    for zero in _ZEROS.get((name, order), ()):
        found |= np.abs(z - zero) < 0.5
    return found
