"""Many inputs of half and single precision against the witnesses: random strata, or all there are."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from jacobprop import activations
from jacobprop.arrays import Array, quiet

from .promises import ROUNDING, exceeding
from .witnesses import GOOD, WITNESSES

ALLOWED = ROUNDING - GOOD * 2.0**-29
"""ulp from the witness, so that from the truth it is at most `ROUNDING`."""
MANTISSAS = 2**23
STRATA = 2**9
"""Signs and exponents of float32."""
BLOCK, BLOCKS = 2**18, 2**14
"""How many float32 are looked at together, and how often."""


class Worst(NamedTuple):
    """The answer that is farthest out, in units of what is allowed."""

    excess: float
    z: float
    got: float
    expected: float
    order: int

    def __str__(self) -> str:
        if np.isnan(self.z):
            return "every answer is the truth, rounded"
        return (
            f"f{chr(39) * self.order}({self.z!r}) = {self.got!r}, not {self.expected!r}: "
            f"{self.excess:.6f} of what is allowed"
        )


CORRECT = Worst(0.5 / ALLOWED, np.nan, np.nan, np.nan, 0)
"""Where all are rounded correctly."""


@quiet
def worst(name: str, z: Array) -> Worst:
    """Of f and f' of an activation at finite z of half or single precision.

    Nearly every answer is the witness rounded; only the others are measured.
    """
    activation, double, found = activations.get(name), z.astype(np.float64), CORRECT
    for order, witness in enumerate(WITNESSES[name]):
        got = activation.derivative(z) if order else activation.value(z)
        assert got.dtype == z.dtype, "rounded once to the dtype of z"
        expected = witness(double)
        doubtful = np.flatnonzero(got != expected.astype(z.dtype))
        if not len(doubtful):
            continue
        places = double[doubtful], got[doubtful], expected[doubtful]
        excess = exceeding(name, order, *places, ALLOWED)
        i = int(np.argmax(excess))
        found = max(found, Worst(float(excess[i]), *(float(array[i]) for array in places), order))
    return found


def random_float32(rng: np.random.Generator, each: int) -> Iterator[Array]:
    """`each` mantissas of every sign and exponent, in one block for two strata; the finite ones."""
    for first in range(0, STRATA, 2):
        strata = np.arange(first, first + 2, dtype=np.uint32)[:, None] << 23
        mantissas = rng.integers(0, MANTISSAS, (2, each), dtype=np.uint32)
        yield finite((strata | mantissas).ravel().view(np.float32))


def all_float32(part: float = 1.0, block: int = BLOCK) -> Iterator[Array]:
    """All of them in blocks, or the first part of each block, which is one at least."""
    kept = np.arange(max(1, int(block * part)), dtype=np.uint32)
    for first in range(0, 2**32, block):
        yield finite((kept + np.uint32(first)).view(np.float32))


def all_float16() -> Array:
    """All 65,536 patterns that are finite."""
    return finite(np.arange(2**16, dtype=np.uint16).view(np.float16))


def finite(z: Array) -> Array:
    return z[np.isfinite(z)]


def exhaustive(names: Iterable[str], part: float = 1.0) -> int:
    """Every float32, activation by activation, with the worst point; 1 where a promise is broken."""
    names = list(names) or list(activations.NAMES)
    if unknown := [name for name in names if name not in activations.NAMES]:
        print(f"no activation {unknown[0]!r}; there are: {', '.join(activations.NAMES)}", file=sys.stderr)
        return 2
    found = {name: _whole(name, part) for name in names}
    return int(any(each.excess > 1 for each in found.values()))


def _whole(name: str, part: float) -> Worst:
    start, count, found = time.perf_counter(), 0, CORRECT
    for number, z in enumerate(all_float32(part), 1):
        if len(z):
            count += len(z)
            found = max(found, worst(name, z))
        _progress(name, number, start)
    print(f"{name}: {count:,} inputs, f and f'; worst {found}")
    return found


def _progress(name: str, number: int, start: float) -> None:
    """One line that changes on a terminal, and one line every tenth anywhere else."""
    if sys.stderr.isatty():
        if number % (BLOCKS // 64) == 0:
            end = "\n" if number == BLOCKS else ""
            print(f"\r{_done(name, number, start)}", end=end, file=sys.stderr, flush=True)
    elif number * 10 // BLOCKS > (number - 1) * 10 // BLOCKS:
        print(_done(name, number, start), file=sys.stderr, flush=True)


def _done(name: str, number: int, start: float) -> str:
    return f"{name}: {number / BLOCKS:4.0%}, {time.perf_counter() - start:.0f} s"
