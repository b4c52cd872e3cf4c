"""Arrays from one dialect to another: source -> the library's own form -> target."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from .._lazy import sympy
from ..arrays import Array, as_cases, is_symbolic, quiet, whole_number
from ..errors import OptionError, ShapeError
from .canonical import Layers, check_widths, own, places, read, write
from .dialect import Dialect
from .notation_map import get


@quiet
def convert(
    parameters: Mapping[str, object], source: str | Dialect, target: str | Dialect, *, chained: bool = True
) -> dict[str, Array]:
    """Weights and biases of the dialect `source` as weights and biases of `target`: new arrays.

    Nothing is computed, so there and back again is exact. dtypes stay, sympy expressions too; W and b
    share one in a matrix that holds both. Layers keep their numbers, up to where a dialect begins to
    count: gaps, left by layers without weights, stay gaps.

    Parameters
    ----------
    parameters : mapping
        {key: array} for any layers, never modified; of none, {} comes back.
    source, target : str
        Two of `NAMES`.
    chained : bool
        Whether each layer reads the one before it, so that their widths must fit: where they do not, the
        source is likely another dialect. Square weights always fit, and say nothing.

    Raises
    ------
    UnknownNameError
        A dialect, or a key of the source, that does not exist; a layer without a bias, where the
        target has the bias in the weight matrix.
    ShapeError
        A weight that is no matrix, a bias that does not fit it, or widths that do not fit each other.
    DTypeError
        No real numbers and no expressions.

    Examples
    --------
    >>> W1, b1 = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0.1, 0.2])
    >>> theta = convert({"W1": W1, "b1": b1}, source="jacobprop", target="ng")
    >>> theta["Theta1"]
    array([[0.1, 1. , 3. , 5. ],
           [0.2, 2. , 4. , 6. ]])
    >>> convert(theta, source="ng", target="bao")["W0"]
    array([[0.1, 0.2],
           [1. , 2. ],
           [3. , 4. ],
           [5. , 6. ]])
    """
    where = "dialects.convert"
    old, new = get(source, where), get(target, where)
    layers = _read(parameters, old, old.transposed, chained, where)
    return write(layers, new, new.transposed, where)


@quiet
def convert_gradients(
    gradients: Mapping[str, object],
    source: str | Dialect,
    target: str | Dialect,
    cases: int | None = None,
    *,
    chained: bool = True,
) -> dict[str, Array]:
    """Gradients by weights and biases, with their own layout and as a sum or a mean over the cases.

    Parameters
    ----------
    gradients : mapping
        {key of the parameter: array}, never modified.
    source, target : str
        Two of `NAMES`.
    cases : int, optional
        Over how many; needed between a sum and a mean.
    chained : bool
        As in `convert`.

    Raises
    ------
    UnknownNameError, ShapeError, DTypeError
        As in `convert`.
    OptionError
        `cases` is needed and is no whole number.

    Examples
    --------
    >>> D = {"Theta1": np.array([[1.0, 2.0, 3.0]])}  # one unit, two inputs, a mean over 4 cases
    >>> convert_gradients(D, source="ng", target="dehaqani", cases=4)
    {'W1': array([[ 8.],
           [12.]]), 'b1': array([4.])}
    """
    where = "dialects.convert_gradients"
    old, new = get(source, where), get(target, where)
    factor = _reduction(old, new, cases, where)
    layers = _read(gradients, old, old.transposed != old.gradient_transposed, chained, where)
    for slots in layers.values():
        slots.update({slot: _rescaled(array, factor) for slot, array in slots.items()})
    return write(layers, new, new.transposed != new.gradient_transposed, where)


@quiet
def convert_deltas(
    deltas: Mapping[str, object], source: str | Dialect, target: str | Dialect
) -> dict[str, Array]:
    """Deltas of single cases, with the sign and the numbering of the target; a case is a row.

    Bao's hidden layers have one entry more, for a bias unit that nothing leads to: it is dropped, or
    written as 0. The layer with the highest number is the output layer, which has none. Dehaqani's delta
    is -dL/dz, as ADALINE has it; the d - y of a nonlinear unit is to be multiplied by f' first.

    Parameters
    ----------
    deltas : mapping
        {"delta1": (n_out,) or (cases, n_out), ...}, never modified.
    source, target : str
        Two of `NAMES`.

    Raises
    ------
    UnknownNameError, ShapeError, DTypeError, EmptyBatchError
        Keys or arrays that are no deltas of the source.

    Examples
    --------
    >>> deltas = {"delta1": np.array([0.5, 0.25]), "delta2": np.array([2.0])}
    >>> convert_deltas(deltas, source="jacobprop", target="bao")
    {'delta1': array([0.  , 0.5 , 0.25]), 'delta2': array([2.])}
    >>> convert_deltas(deltas, source="jacobprop", target="dehaqani")
    {'delta1': array([-0.5 , -0.25]), 'delta2': array([-2.])}
    """
    where = "dialects.convert_deltas"
    old, new = get(source, where), get(target, where)
    keys = places(deltas, old, ("delta",), where)
    top = max((layer for _, layer in keys.values()), default=0)
    found = {}
    for key, (_, layer) in keys.items():
        delta = as_cases(deltas[key], key, None, where)
        if layer < top:
            delta = _without_placeholder(delta, key, where) if old.placeholder else delta
            delta = _with_placeholder(delta) if new.placeholder else delta
        found[new.key("delta", layer)] = own(delta if old.delta_sign == new.delta_sign else -delta)
    return found


def _read(
    given: Mapping[str, object], dialect: Dialect, transposed: bool, chained: bool, where: str
) -> Layers:
    """The library's own form of layers that fit each other."""
    layers = read(given, dialect, transposed, where)
    if chained:
        check_widths(layers, dialect, transposed, where)
    return layers


def _reduction(old: Dialect, new: Dialect, cases: int | None, where: str) -> Fraction:
    """What turns a sum into a mean, or a mean into a sum, or neither."""
    if old.reduction == new.reduction:
        return Fraction(1)
    remedy = f"The gradient is a {old.reduction} in {old.name} and a {new.reduction} in {new.name}."
    n = whole_number(cases, "cases", where, remedy=remedy)
    if n > sys.maxsize:
        raise OptionError(
            "there are not that many cases",
            where=where,
            got=f"a number of {n.bit_length():,} bits",
            expected=f"at most {sys.maxsize:,}",
            remedy=remedy,
        )
    return Fraction(n) if new.reduction == "sum" else Fraction(1, n)


def _rescaled(array: Array, factor: Fraction) -> Array:
    """The array times a fraction, exact among expressions, computed in float64 among floats."""
    if factor == 1:
        return array
    if is_symbolic(array):
        return np.asarray(array * sympy.Rational(factor))
    scaled = array.astype(np.float64) * float(factor.numerator) / float(factor.denominator)
    return scaled.astype(array.dtype)


def _without_placeholder(delta: Array, key: str, where: str) -> Array:
    if delta.shape[-1] < 2:
        raise ShapeError(
            f"{key} holds nothing but a placeholder",
            where=where,
            got=f"shape {delta.shape}",
            expected="an entry 0 for the bias unit, then one for each unit",
            remedy="The output layer alone lacks entry 0: pass the deltas of all layers together.",
        )
    return delta[..., 1:]


def _with_placeholder(delta: Array) -> Array:
    return np.concatenate([np.zeros((*delta.shape[:-1], 1), delta.dtype), delta], axis=-1)
