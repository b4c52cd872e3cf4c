"""One hidden layer of threshold units computes every Boolean function: a unit for each term, and an OR."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, quiet
from ..layers import Dense
from ..network import Network
from .boolean_terms import checked_terms, expression_terms, table_terms


@quiet
def dnf_network(terms: object) -> Network:
    """y = OR_k AND_i literal_ki: unit k sums its term to 1/2 where it holds and to -1/2 or less elsewhere.

    W1[i, k] = terms[k, i] and b1[k] = 1/2 - (number of 1s in term k), then an OR, sum - 1/2 > 0: no sum is
    ever tied. Hidden units: one for each term; none for the constant 0, which is one unit that never fires.

    Parameters
    ----------
    terms : array_like, shape (terms, n)
        1 for a variable, -1 for a negated one, 0 for an absent one. A row of zeros is always on;
        ``np.zeros((0, n))`` is the constant 0.

    Returns
    -------
    Network
        n inputs of 0 and 1, one output of 0 or 1.

    Raises
    ------
    OptionError, ShapeError
        Other numbers, or no matrix.

    Notes
    -----
    Seed rows H-18 and H-19. The slide's reduced O = Y'Z' + W'XY' + X'YZ' has three terms and is right, but
    X'YZ' is not prime: X'Z' does as well, with one connection fewer (E-35).

    Examples
    --------
    >>> net = dnf_network([[1, -1], [-1, 1]])  # x1 and not x2, or x2 and not x1
    >>> net([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).ravel()
    array([0., 1., 1., 0.])
    """
    return _or_of(checked_terms(terms, "dnf_network"))


def table_network(table: object, *, minimise: bool = False) -> Network:
    """y = table[x]: any truth table, with a hidden unit for each row that is on.

    Parameters
    ----------
    table : array_like, shape (2^n,)
        0 or 1 for each row of `boolean_inputs`, x1 the highest bit; n at most 16.
    minimise : bool
        Whether sympy merges the rows into fewer terms; then n is at most 8. The seed's table of 5 variables
        needs 6 hidden units as it stands and 5 so (H-18, E-35).

    Returns
    -------
    Network
        n inputs of 0 and 1, one output of 0 or 1.

    Examples
    --------
    >>> table_network([0, 1, 1, 0]).layers
    (Dense(2, 2, "step"), Dense(2, 1, "step"))
    >>> table_network([0, 1, 1, 1], minimise=True)([[1.0, 0.0], [0.0, 0.0]]).ravel()
    array([1., 0.])
    """
    return _or_of(table_terms(table, minimise=minimise))


def expression_network(expression: object, variables: object = None) -> Network:
    """y = expression(x), with a hidden unit for each term of a DNF; what is no DNF is minimised by sympy.

    Parameters
    ----------
    expression : sympy Boolean
        Of at most 8 variables unless it is a DNF; never a string.
    variables : sequence of sympy symbols, optional
        In the order of the inputs; by default sorted by name, x2 before x10.

    Returns
    -------
    Network
        One input for each variable, one output of 0 or 1.

    Examples
    --------
    >>> from sympy import symbols
    >>> w, x, y = symbols("w x y")
    >>> expression_network((w >> x) & ~y).layers  # not y, and not w or x
    (Dense(3, 2, "step"), Dense(2, 1, "step"))
    """
    return _or_of(expression_terms(expression, variables))


def _or_of(terms: Array) -> Network:
    count, n = terms.shape
    if not count:
        return Network([Dense.from_arrays(np.zeros((n, 1)), [-0.5], "step")])
    return Network(
        [
            Dense.from_arrays(terms.T, 0.5 - (terms == 1).sum(axis=1), "step"),
            Dense.from_arrays(np.ones((count, 1)), [-0.5], "step"),
        ]
    )
