"""Arrays of expressions: the Jacobian in numerator layout, and the contractions of numpy."""

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Literal

import sympy as sp
from sympy.functions.special.tensor_functions import KroneckerDelta

from .errors import FormulaError
from .indices import renamed_apart

Shape = tuple[int, ...]
Layout = Literal["numerator", "denominator"]


def indices(shape: Shape) -> Iterator[Shape]:
    """All indices of an array, in row-major order."""
    return product(*map(range, shape))


def filled(shape: Shape, entry: Callable[..., sp.Expr]) -> sp.Array:
    """The array with A[i, j, ..] = entry(i, j, ..), counted from 0."""
    return sp.Array([entry(*index) for index in indices(shape)], shape)


def entries(array: sp.Array) -> list[sp.Expr]:
    """The entries of an array as a row-major list."""
    return [array[index] for index in indices(array.shape)]


def mapped(function: Callable[[sp.Expr], sp.Expr], array: sp.Array) -> sp.Array:
    """The function applied to each entry. (``Array.applyfunc`` fails for an array without axes.)"""
    return sp.Array([function(entry) for entry in entries(array)], array.shape)


def permuted(array: sp.Array, axes: Shape) -> sp.Array:
    """The array with its axes in another order, as in ``numpy.transpose``."""
    if sorted(axes) != list(range(array.rank())):
        raise FormulaError(f"the axes {axes} do not fit the shape {array.shape}")
    return sp.permutedims(array, list(axes))


def jacobian(outputs: sp.Array, inputs: sp.Array, layout: Layout = "numerator") -> sp.Array:
    """J[a.., b..] = d outputs[a..] / d inputs[b..], of shape ``outputs.shape + inputs.shape``.

    Denominator layout puts the axes of the inputs first. Both arrays are read row-major.
    (``sympy.derive_by_array`` has the input's index first and is no numerator layout.)
    """
    rows, columns = list(map(renamed_apart, entries(outputs))), entries(inputs)
    constant = {d: sp.Dummy() for row in rows for d in row.atoms(KroneckerDelta)}
    matrix = sp.Matrix([row.xreplace(constant) for row in rows]).jacobian(sp.Matrix(columns))
    matrix = matrix.xreplace({dummy: d for d, dummy in constant.items()})
    assert matrix.shape == (prod(outputs.shape), prod(inputs.shape))
    if layout == "denominator":
        return sp.Array(list(matrix.T), inputs.shape + outputs.shape)
    return sp.Array(list(matrix), outputs.shape + inputs.shape)


def einsum(subscripts: str, *arrays: sp.Array) -> sp.Array:
    """The sum over every letter that the output lacks, as in ``numpy.einsum``."""
    inputs, output = subscripts.replace(" ", "").split("->")
    terms = inputs.split(",")
    size: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        if len(term) != array.rank():
            raise FormulaError(f"einsum {subscripts!r}: {term!r} does not fit the shape {array.shape}")
        for letter, length in zip(term, array.shape, strict=True):
            if size.setdefault(letter, length) != length:
                raise FormulaError(f"einsum {subscripts!r}: {letter!r} is both {size[letter]} and {length}")
    summed = sorted(set(size) - set(output))

    def entry(*index: int) -> sp.Expr:
        at = dict(zip(output, index, strict=True))
        total = sp.Integer(0)
        for inner in product(*(range(size[letter]) for letter in summed)):
            at.update(zip(summed, inner, strict=True))
            total += sp.Mul(
                *(array[tuple(at[i] for i in term)] for term, array in zip(terms, arrays, strict=True))
            )
        return total

    return filled(tuple(size[letter] for letter in output), entry)


def dot(a: sp.Array, b: sp.Array) -> sp.Array:
    """``numpy.dot``: the last axis of a with the last but one of b (its only one, when b is a vector)."""
    if not a.rank() or not b.rank():
        raise FormulaError("dot: a scalar has no axis to sum over")
    left, right = list("abcdefgh"[: a.rank()]), list("pqrstuvw"[: b.rank()])
    left[-1] = right[max(0, b.rank() - 2)] = "z"
    output = "".join(letter for letter in left + right if letter != "z")
    return einsum(f"{''.join(left)},{''.join(right)}->{output}", a, b)
