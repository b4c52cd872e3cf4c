"""A proved formula, evaluated with 50 digits, beside what the library returns for the same numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from sympy.functions.special.tensor_functions import KroneckerDelta

import jacobprop as jp

from ..catalogue import DERIVATIONS
from ..proof.derivation import Derivation
from ..proof.formula import Entries
from ..proof.functions import U, specified
from ..proof.indices import free_indices
from ..proof.instances import written_out
from ..proof.letters import take, unfold

Array = np.ndarray[Any, Any]
Letters = Mapping[str, Array]

DIGITS = 50
SIZES = {"n": 3, "m": 4, "d": 2, "r": 5, "N": 6}
ANY = (-7, -5, -3, -2, -1, 1, 2, 3, 5, 6)
EIGHTHS = {"eps": (1, 2, 3), "rho": (1, 2, 3), "var": (1, 2, 3, 5, 6), "mask": (0, 8)}
"""What some letters are drawn from, in eighths: what is under a root is positive, a mask is 0 or 1."""

FUNCTIONS = {"f": sp.tanh(U), "g": 1 / (1 + sp.exp(-U))}


@dataclass(frozen=True)
class Agreement:
    """The derivation of a formula, and the call of the library that returns its entries.

    ``axes`` names the formula's free indices in the order of the library's axes, ``letters`` the sizes of
    each letter, none for a single number, ``call`` what a user would type, ``library`` the same as a
    function of the letters' arrays.
    """

    id: str
    call: str
    axes: str
    letters: Mapping[str, str]
    library: Callable[[Letters], object]

    @property
    def derivation(self) -> Derivation:
        """The proof of the formula."""
        return next(derivation for derivation in DERIVATIONS if derivation.id == self.id)


@dataclass(frozen=True)
class Comparison:
    """The largest differences, relative to the largest entry: of float64, and of the exact arrays."""

    agreement: Agreement
    entries: int
    float64: float
    exact: float

    @property
    def agrees(self) -> bool:
        """Within 32 units of the last place of float64, and within 45 of the 50 digits."""
        return bool(self.float64 <= 32 * np.finfo(float).eps and self.exact <= 1e-45)


def compare(agreement: Agreement, seed: int = 0) -> Comparison:
    """Evaluate the formula and ask the library twice."""
    letters = _letters(agreement, np.random.default_rng(seed))
    expected = formula(agreement, letters)
    numbers = _entries(agreement.library({name: a.astype(float) for name, a in letters.items()}))
    exact = _entries(agreement.library(letters))
    return Comparison(agreement, expected.size, _error(numbers, expected), _error(exact, expected))


def _entries(result: object) -> Array:
    """The entries of a Jacobian or of an array."""
    return np.asarray(result.tensor() if isinstance(result, jp.Jacobian) else result, dtype=object)


def formula(agreement: Agreement, letters: Letters) -> Array:
    """The entries of the proved formula, to 50 digits."""
    d = agreement.derivation
    closed = unfold(take(d.conclusion.value(d.where)[()], d.where), d.where)
    closed = specified(closed, FUNCTIONS)
    by_name = {str(i): i for i in free_indices(closed) | _indices_of(d)}
    axes = [by_name[name] for name in agreement.axes.split()]
    sizes = {sp.Symbol(name, integer=True, positive=True): size for name, size in SIZES.items()}
    shape = tuple(int(i.upper.xreplace(sizes)) for i in axes)
    values = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        at = {i: number + 1 for i, number in zip(axes, place, strict=True)}
        values[place] = _number(written_out(_without_deltas(closed, at), {**sizes, **at}), letters)
    return values


def _without_deltas(expr: sp.Expr, at: Mapping[sp.Idx, int]) -> sp.Expr:
    """The expression without the terms that a delta of these indices takes away: most entries are 0."""
    deltas = expr.atoms(KroneckerDelta)
    return expr.xreplace({d: d.func(*map(at.get, d.args)) for d in deltas if set(d.args) <= at.keys()})


def _indices_of(derivation: Derivation) -> set[sp.Idx]:
    """The free indices of the claim, some of which the closed form may have lost."""
    claim = derivation.steps[0].lhs
    return set(free_indices(claim.array[()])) if isinstance(claim, Entries) else set()


def _number(expr: sp.Expr, letters: Letters) -> sp.Float:
    values = {
        entry: letters[str(entry.base)][tuple(int(i) - 1 for i in entry.indices)]
        for entry in expr.atoms(sp.Indexed)
    }
    single = {letter: letters[str(letter)][()] for letter in expr.free_symbols if str(letter) in letters}
    return expr.xreplace(values).xreplace(single).evalf(DIGITS)


def _letters(agreement: Agreement, rng: np.random.Generator) -> dict[str, Array]:
    """Rational numbers that float64 holds exactly, none of them zero but in a mask."""
    arrays = {}
    for name, sizes in agreement.letters.items():
        shape = tuple(SIZES[size] for size in sizes.split())
        numbers = rng.choice(EIGHTHS.get(name, ANY), prod(shape))
        arrays[name] = np.array([sp.Rational(int(p), 8) for p in numbers], dtype=object).reshape(shape)
    return arrays


def _error(found: Array, expected: Array) -> float:
    """The largest difference, relative to the largest entry; nan if the shapes differ."""
    if found.shape != expected.shape:
        return float("nan")
    scale = max(abs(value) for value in expected.flat) or sp.Integer(1)
    differences = (sp.sympify(a) - b for a, b in zip(found.flat, expected.flat, strict=True))
    return float(max(abs(sp.N(difference, DIGITS, maxn=400)) for difference in differences) / scale)
