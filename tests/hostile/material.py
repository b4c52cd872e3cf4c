"""What is handed to the doors: numbers, arrays in every container, and things that are no arrays at all."""

import sys

import numpy as np
import scipy.sparse
import sympy
from hypothesis import strategies as st

from jacobprop import activations, losses
from jacobprop.checking import pair

SPECIAL = (
    np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 5e-324, -1e-310, 1e-200, 2.3e-308, 1e-30,
    9.0, -17.0, 37.0, 88.0, -104.0, 710.0, -745.2, 1e30, -1e155, 1e200, 1e308, -1e308, 65504.0, 2.0**53,
)  # fmt: skip
"""Kinks, ties, and the edges of the float types and of the exponential function."""

plain = st.integers(-8, 8).map(lambda k: k / 4)
special = st.sampled_from(SPECIAL)
sizes = st.integers(1, 4)
FLOATS = ("float16", "float32", "float64")


@st.composite
def numbers(draw, shape, wild=None):
    """A float64 array: short decimals, or with special values among them."""
    wild = draw(st.booleans()) if wild is None else wild
    entry = st.one_of(plain, special) if wild else plain
    count = int(np.prod(shape, dtype=object)) if shape else 1
    return np.array(draw(st.lists(entry, min_size=count, max_size=count)), dtype=np.float64).reshape(shape)


class Duck:
    """What pandas and others are to numpy: an object with __array__ alone."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


class OldDuck(Duck):
    """The same before numpy 2 asked for `copy`."""

    def __array__(self, dtype=None):
        return np.array(self._array, dtype=dtype)


class Wrong:
    """An __array__ that fails in a way of its own."""

    def __array__(self, dtype=None, copy=None):
        raise LookupError("no such column")


class Sub(np.ndarray):
    """A subclass with arithmetic of its own, which must not be used."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return NotImplemented


class Mute:
    """An object that cannot be shown, while a door is being tried."""

    tried = False

    def __repr__(self):
        if Mute.tried:
            raise RuntimeError("no repr")
        return "Mute()"


def _with_stride(array, step):
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 777.0, array.dtype)
    view = wide[..., ::2] if step > 0 else wide[..., ::-2]
    view[...] = array
    return view


def _fixed(array):
    array = array.copy()
    array.flags.writeable = False
    return array


GOOD = {
    "as it is": lambda a: a,
    "column-major": lambda a: np.asfortranarray(a) if a.ndim else a,
    "strided": lambda a: _with_stride(a, 2) if a.ndim else a,
    "backward": lambda a: _with_stride(a, -2) if a.ndim else a,
    "read-only": _fixed,
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()) if a.ndim else a.tolist(),
    "matrix": lambda a: a.view(np.matrix) if a.ndim == 2 else a,
    "list of arrays": lambda a: list(a) if a.ndim else a,
    "duck": Duck,
    "old duck": OldDuck,
    "subclass": lambda a: a.view(Sub),
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, a.size, 1).reshape(a.shape),
    "memoryview": lambda a: memoryview(a) if a.ndim and a.flags.c_contiguous else a,
}
"""Containers that hold the same numbers."""

BAD = {
    "masked": lambda a: np.ma.masked_array(a, mask=np.zeros(a.shape)),
    "masked in a list": lambda a: [np.ma.masked_array(a)],
    "the masked constant": lambda a: [np.ma.masked],
    "sparse": lambda a: scipy.sparse.csr_array(np.nan_to_num(a.astype(float).reshape(1, -1))),
    "bool": lambda a: a > 0,
    "complex": lambda a: a * 1j if np.isfinite(a).all() else a.astype(complex),
    "text": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S"),
    "objects": lambda a: a.astype(object),
    "None": lambda a: None,
    "dates": lambda a: np.zeros(a.shape, "M8[D]"),
    "durations": lambda a: np.zeros(a.shape, "m8[s]"),
    "long double": lambda a: a.astype(np.longdouble),
    "records": lambda a: np.zeros(a.shape, [("a", float)]),
    "ragged": lambda a: [[1.0, 2.0], [1.0]],
    "dict": lambda a: {"a": a},
    "set": lambda a: {1.0, 2.0},
    "generator": lambda a: (entry for entry in a.tolist()) if a.ndim else iter(()),
    "wrong duck": lambda a: Wrong(),
    "huge integers": lambda a: [10**400, 1],
    "a type": lambda a: float,
    "mute": lambda a: [Mute()],
    "itself": lambda a: _endless(),
}
"""Containers that are refused, whatever they hold."""


def _endless():
    endless = []
    endless.append(endless)
    return endless


class Given:
    """What is handed over, and the plain array that it stands for; None if it must be refused."""

    def __init__(self, value, array, how):
        self.value, self.array, self.how = value, array, how

    def __repr__(self):
        return f"{self.how}: {self.value if self.array is None else self.array!r}"[:500]

    @property
    def bad(self):
        return self.array is None


@st.composite
def contained(draw, array, bad=True, dtypes=FLOATS):
    """An array in some float or integer type, in some container; one time in eight in a bad one."""
    if bad and draw(st.integers(0, 7)) == 0:
        how = draw(st.sampled_from(sorted(BAD)))
        return Given(BAD[how](array), None, how)
    dtype = draw(st.sampled_from((*dtypes, "float64", "whole")))
    with np.errstate(all="ignore"):
        if dtype == "whole":
            dtype = draw(st.sampled_from(["int64", "int8", "uint8", "int32", "uint64", "int16"]))
            small = np.nan_to_num(array, posinf=3, neginf=2)
            typed = np.asarray(np.abs(small) % 5 if dtype[0] == "u" else np.fmod(small, 5)).astype(dtype)
        else:
            typed = np.asarray(array.astype(dtype))
    how = draw(st.sampled_from(sorted(GOOD)))
    value = GOOD[how](typed)
    seen = np.array(typed) if typed.dtype.kind == "f" else typed.astype(np.float64)
    if how in ("list", "tuple"):
        seen = seen.astype(np.float64)  # Python's floats
    if seen.size == 0 and how in ("list", "tuple", "list of arrays"):
        seen = np.asarray(value)
        seen = seen if seen.dtype.kind == "f" else seen.astype(np.float64)
    return Given(value, seen, f"{how}, {dtype}")


@st.composite
def numeric(draw, array, dtypes=FLOATS):
    """The same for rooms that compute with floats alone: sympy's expressions are bad as well."""
    if array.size and draw(st.integers(0, 15)) == 0:
        return Given(np.full(array.shape, sympy.Symbol("x") / 3), None, "expressions")
    return draw(contained(array, dtypes=dtypes))


junk = st.one_of(
    st.sampled_from([
        None, True, False, 0, -1, 1, 2, 3.5, 10**30, -(10**30), 10**4000, float("nan"), float("inf"),
        "", "a1", "W1", "L", "relu", "x" * 5000, "\ud800", "\x00", "a\nb", b"W1", (), [], {}, set(), (1, 2),
        [None], [[]], ["a", 1], {"W1": 1}, Mute(), object(), int, np, len, Ellipsis, range(3), slice(1), 1j,
        sys.maxsize, np.float64(2), np.int8(3), np.bool(True), np.array(3), np.array([]), np.ones(3),
        np.ones((2, 3)),
    ]),
    st.integers(),
    st.text(max_size=5),
    st.floats(),
)  # fmt: skip
"""Things that are rarely right anywhere."""

_SHOW = all(hasattr(module, "shown") for module in (activations, losses, pair))


def mostly(good):
    """What is right, eleven times in twelve."""
    return st.integers(0, 11).flatmap(lambda k: junk if k == 7 else good)


tame = junk if _SHOW else junk.filter(lambda value: not isinstance(value, Mute) and len(str(value)) < 100)
"""The same for rooms whose errors show what came with repr."""


def eps(dtype):
    return float(np.finfo(dtype).eps)


def near(found, expected, bound, dtype, times=16.0):
    """found agrees with a long double reference within `times` eps of `bound`, which sums absolute values.

    Where the reference is not finite the result is not finite either. Where the bound leaves the range of
    the dtype, overflow and underflow on the way are no errors, but a finite number still has to be right.
    """
    found = np.asarray(found)
    assert found.dtype == np.dtype(dtype), (found.dtype, dtype)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        wide = np.asarray(found, np.longdouble)
        known = np.isfinite(expected)
        error = np.abs(wide - expected)
        tiny = np.longdouble(info.tiny) * 2.0**12
        right = error <= times * eps(dtype) * bound + tiny
        beyond = ~(bound < np.longdouble(info.max) / 64) & ~np.isfinite(wide)
        ok = np.where(known, right | beyond, ~np.isfinite(wide))
    assert np.all(ok), f"\nfound\n{found}\nexpected\n{expected}\nerror\n{error}\nbound\n{bound}"
