"""The rule of Widrow and Hoff: least mean squares (LMS), the delta rule, and ADALINE, which learns by it.

dw_i = learning_rate (d - y) x_i: J_N^L and J_W^Z are kept, and J_Sum^Z is 1.

On a linear unit, y = z, nothing is lost: it is the gradient of half the squared error, and the rule is LMS.
With another f a small step for a single case never leads uphill while f' >= 0, since only factors are missing
that are not negative: with delta = d - y > 0 a weight rises if x > 0 and falls if x < 0 (the slides' delta,
of the other sign than dL/dz, E-17). A stack has no such promise: each case lacks a factor of its own, and
the sum of their steps may lead uphill. An f that falls somewhere is refused.

Examples
--------
>>> from jacobprop import Dense
>>> unit = Network([Dense.from_arrays([[0.5], [1.0]])])
>>> WIDROW_HOFF.update(unit, [1.0, -2.0], [0.5], learning_rate=0.1).parameters["W1"].ravel()  # y = -1.5
array([0.7, 0.6])

Source: seed rows D-04, D-05, H-43, E-17.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..activations import get
from ..arrays import Array, quiet, real_number
from ..errors import OptionError, shown
from ..losses import SquaredError
from ..network import Network
from .labelled import finite_cases, finite_targets, two_classes
from .learning_rule import LearningRule
from .outcome import Learned
from .presentation import Layer, Schedule, schedule, show
from .ties import Tie, threshold_unit


def difference(y: Array, d: Array) -> Array:
    """y - d, the row J_N^L of half the squared error."""
    return y - d


WIDROW_HOFF = LearningRule(
    "Widrow-Hoff",
    error=difference,
    fates=(
        "kept: y - d",
        "dropped: 1 in its place, which is all there is of it if f is the identity",
        "kept: I (x) x",
    ),
)
"""dw_i = learning_rate (d - y) x_i."""


@dataclass(frozen=True, repr=False)
class Adaline(Learned):
    """What `adaline` returns.

    Attributes
    ----------
    classifier : Network
        The weights of `network`, which is linear, under a threshold: the labels themselves.
    """

    classifier: Network


@quiet
def lms(
    X: object,
    D: object,
    *,
    learning_rate: float = 0.01,
    epochs: int = 1000,
    tolerance: float = 1e-8,
    bias: bool = True,
    init: str = "zero",
    shuffle: bool = False,
    seed: int = 0,
) -> Learned:
    """w_i <- w_i + learning_rate (d - z) x_i after each case: least squares, step by step.

    It keeps J_N^L and J_W^Z; J_Sum^Z = 1.

    Parameters
    ----------
    X : array (cases, n_in)
    D : array (cases, n_out)
        Targets, any numbers.
    learning_rate : float
        Above 0; below 2 / |x|^2 of the longest case, (x, 1) with a bias, it is stable. It may be so above,
        too, where the other cases make up for the longest.
    epochs : int
        At most this many.
    tolerance : float
        Stop after an epoch over which no weight has changed by more than this part of the largest one.
    bias, init
        As for `Dense`.
    shuffle : bool
        Draw the order of the cases anew in each epoch.
    seed : int
        For weights and orders.

    Returns
    -------
    Learned
        `network` is linear with `SquaredError`; `errors` are the means of 1/2 |d - z|^2 after each epoch.

    Raises
    ------
    NonFiniteError
        It diverged, or a number that was given is not finite.
    ShapeError, DTypeError, OptionError, EmptyBatchError, UnknownNameError
        Arrays that do not fit; options that mean nothing.

    Notes
    -----
    Where a linear map fits all cases it converges to it. Otherwise each case goes on pulling its own way, and
    what is reached in a fixed order differs from the least squares solution by an amount proportional to the
    learning rate. Steps on the whole stack, ``WIDROW_HOFF.update(net, X, D, ...)``, converge to it exactly.

    Examples
    --------
    >>> learned = lms([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]], learning_rate=0.1)
    >>> learned.converged, {k: v.round(6).tolist() for k, v in learned.network.parameters.items()}
    (True, {'W1': [[2.0]], 'b1': [1.0]})

    Source: seed rows D-04, H-43, S-10.
    """
    where = "lms"
    x = finite_cases(X, where)
    d = finite_targets(D, len(x), where)
    plan = schedule(learning_rate, epochs, shuffle, seed, where)
    layer = Layer(x.shape[1], d.shape[1], bias=bias, init=init, rng=plan.rng)
    errors, converged = _descend(layer, x, d, plan, _tolerance(tolerance, where), where)
    return Learned(_linear(layer), errors, converged)


@quiet
def adaline(
    X: object,
    labels: object,
    *,
    learning_rate: float = 0.01,
    epochs: int = 1000,
    tolerance: float = 1e-8,
    tie: Tie = "right",
    bias: bool = True,
    init: str = "zero",
    shuffle: bool = False,
    seed: int = 0,
) -> Adaline:
    """LMS towards -1 and +1, and a threshold that only predicts: the adaptive linear neuron.

    It keeps J_N^L and J_W^Z with J_Sum^Z = 1; the threshold is in no factor.

    Parameters
    ----------
    X : array (cases, n_in)
    labels : array (cases,)
        0 and 1, or -1 and +1. The unit learns towards -1 and +1 in both codings, so that the threshold
        zero, which the slide has, lies between its targets; with 0 and 1 it would have to be 1/2.
    tie : "left" or "right"
        The class at z = 0: by default that of z > 0, as on the slide (out = 1 for z >= 0).
    learning_rate, epochs, tolerance, bias, init, shuffle, seed : as for `lms`

    Returns
    -------
    Adaline
        `network` is linear, as it was while it learned; `classifier` puts the threshold on it and answers
        in the labels' own coding; `errors` are the means of 1/2 (d - z)^2 after each epoch.

    Raises
    ------
    As `lms`, and OptionError for labels of more than two classes.

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> adaline(X, [0, 0, 0, 1]).classifier(X).ravel()
    array([0., 0., 0., 1.])

    Source: seed rows H-43, E-45, S-10.
    """
    where = "adaline"
    x = finite_cases(X, where)
    classes = two_classes(labels, len(x), where)
    unit = threshold_unit(classes.low, tie, where)
    plan = schedule(learning_rate, epochs, shuffle, seed, where)
    layer = Layer(x.shape[1], 1, bias=bias, init=init, rng=plan.rng)
    errors, converged = _descend(layer, x, classes.signs[:, None], plan, _tolerance(tolerance, where), where)
    return Adaline(_linear(layer), errors, converged, Network([layer.dense(unit)]))


def _linear(layer: Layer) -> Network:
    return Network([layer.dense("identity")], SquaredError())


def _tolerance(value: object, where: str) -> float:
    tolerance = real_number(value)
    if not tolerance >= 0:
        raise OptionError(
            "the tolerance must be a number",
            where=where,
            got=shown(value),
            expected="0 or more",
            remedy="0 stops where no weight moves at all.",
        )
    return tolerance


def _descend(
    layer: Layer, x: Array, d: Array, plan: Schedule, tolerance: float, where: str
) -> tuple[tuple[float, ...], bool]:
    """Epochs of LMS until the weights stand still from one to the next: the errors, and whether they do."""
    identity, errors = get("identity").function, []
    for epoch, order in enumerate(plan.orders(len(x)), 1):
        before = layer.weights()
        show(WIDROW_HOFF, identity, layer, x, d, order, plan.rate)
        layer.check(epoch, plan.rate, where)
        errors.append(float(((d - layer.sum(x)) ** 2).sum(axis=1).mean() / 2))
        after = layer.weights()
        if np.abs(after - before).max() <= tolerance * np.abs(after).max():
            return tuple(errors), True
    return tuple(errors), False
