"""Can a hyperplane tell two classes apart? One linear program finds it, or a point that lies in both hulls.

    max t   subject to   s_c (w x_c + b) >= t,   |w_i| <= 1,   |b| <= 1         c cases, s_c = +1 or -1

With t > 0 its solution is such a hyperplane. With t = 0 its dual is a proof that there is none: multipliers
lambda >= 0, adding up to 1 in each class, for which  sum lambda_c x_c  is the same over either class. This
point lies in both convex hulls, and a hyperplane would have to put it on both of its sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._lazy import scipy_optimize
from ..arrays import Array, freeze, quiet
from ..errors import OptionError
from .hyperplanes import homogeneous
from .labelled import Labels, finite_cases, two_classes

_RESOLVED = 1e-6
"""Hulls as near as this, for their extent, count as touching: ten times the solver's tolerance."""


@dataclass(frozen=True)
class Hyperplane:
    """w x + b > 0 for every case of the class 1, and < 0 for every other; true as a bool.

    Attributes
    ----------
    weights : array (n,)
    bias : float
    margin : float
        The distance of the nearest case; infinite if w = 0, where there is one class alone.
    mistakes : float
        (R / gamma)^2, the most mistakes that a perceptron with a bias makes when it starts from zero: R is
        the length of the longest (x, 1), gamma the least |(w, b) (x, 1)| / |(w, b)|.
    """

    weights: Array
    bias: float
    margin: float
    mistakes: float

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class SharedPoint:
    """A point of both convex hulls: the proof that no hyperplane separates the classes; false as a bool.

    Attributes
    ----------
    point : array (n,)
        sum_c lambda_c x_c over the cases of the class 1.
    multipliers : array (cases,)
        lambda, not negative, adding up to 1 in each class.
    gap : float
        How far the same sum over the other class is from `point`, as the largest part of the cases' extent
        along a coordinate: 0 up to rounding where the hulls overlap, below 1e-6 always.
    """

    point: Array
    multipliers: Array
    gap: float

    def __bool__(self) -> bool:
        return False


@quiet
def separable(X: object, labels: object) -> Hyperplane | SharedPoint:
    """A hyperplane with the classes strictly on its two sides, or a point that lies in both convex hulls.

    Exactly one of the two exists (Farkas), so this decides whether the perceptron converges.

    Parameters
    ----------
    X : array (cases, n_in)
    labels : array (cases,)
        0 and 1, or -1 and +1.

    Returns
    -------
    Hyperplane or SharedPoint
        True and false as bools. A hyperplane has been checked on every case with a bound on the rounding, so
        it is a proof. Hulls that come nearer than 1e-7 of their extent, the solver's tolerance, without
        touching may be called inseparable: `gap` shows it.

    Raises
    ------
    OptionError
        Labels of more than two classes; cases so far from the origin that rounding decides.
    NonFiniteError, ShapeError, DTypeError, EmptyBatchError
        Arrays that do not fit, or numbers that are not finite.

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> bool(separable(X, [0, 0, 0, 1]))
    True
    >>> separable(X, [0, 1, 1, 0]).point
    array([0.5, 0.5])

    Source: seed rows H-17, H-26, S-29.
    """
    x = finite_cases(X, "separable")
    classes = two_classes(labels, len(x), "separable")
    if np.ptp(classes.signs) == 0:  # one class alone: w = 0, whatever rounding does to the others
        alone = _hyperplane(x, classes, np.zeros(x.shape[1]), float(classes.signs[0]))
        assert alone is not None, "every case is on the side of b"
        return alone
    centre = x.min(axis=0) / 2 + x.max(axis=0) / 2
    extent = np.abs(x - centre).max(axis=0)
    extent[extent == 0] = 1
    scaled = (x - centre) / extent
    w, b, multipliers = _solve(scaled, classes.signs)
    found = _hyperplane(x, classes, w / extent, b - w / extent @ centre)
    return _shared_point(scaled, classes, multipliers, centre, extent) if found is None else found


def _solve(x: Array, signs: Array) -> tuple[Array, float, Array]:
    """w, b and the multipliers of the linear program, for coordinates between -1 and 1."""
    cases, n = x.shape
    rows = np.column_stack([-signs[:, None] * homogeneous(x), np.ones(cases)])
    bounds = [(-1, 1)] * (n + 1) + [(None, None)]
    solved = scipy_optimize.linprog([0.0] * (n + 1) + [-1.0], rows, np.zeros(cases), bounds=bounds)
    assert solved.x is not None, "w = 0, t = 0 is feasible, and t is at most n + 1"
    return solved.x[:n], float(solved.x[n]), np.maximum(-solved.ineqlin.marginals, 0)


def _hyperplane(x: Array, classes: Labels, w: Array, b: float) -> Hyperplane | None:
    """The hyperplane, if every case is on its side by more than a bound on the rounding of its sum."""
    sides = classes.signs * (x @ w + b)
    doubt = (x.shape[1] + 3) * np.finfo(float).eps * (np.abs(x) @ np.abs(w) + abs(b))
    if not (sides > doubt).all():
        return None
    nearest = sides.min()
    longest = np.float64(max(math.hypot(*case, 1.0) for case in x))
    mistakes = (longest * math.hypot(*w, b) / nearest) ** 2
    length = np.float64(math.hypot(*w))
    return Hyperplane(freeze(w), float(b), float(nearest / length), float(mistakes))


def _shared_point(
    scaled: Array, classes: Labels, multipliers: Array, centre: Array, extent: Array
) -> SharedPoint:
    """The point of both hulls, from the multipliers brought to the sum 1 in each class."""
    upper = classes.signs > 0
    shares = multipliers / np.where(upper, multipliers[upper].sum(), multipliers[~upper].sum())
    point, other = shares[upper] @ scaled[upper], shares[~upper] @ scaled[~upper]
    gap = float(np.abs(point - other).max() / 2)
    if not gap < _RESOLVED:
        raise OptionError(
            "rounding hides whether the classes are separable",
            where="separable",
            got=f"cases that spread over {extent.min():.3g} around {np.abs(centre).max():.3g}",
            expected="a spread that floats resolve at this distance from the origin",
            remedy="Subtract the columns' means first.",
        )
    return SharedPoint(freeze(centre + extent * point), freeze(shares), gap)
