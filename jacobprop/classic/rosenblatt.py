"""Rosenblatt's perceptron: a threshold unit that learns from its mistakes alone.

dw_i = learning_rate (d - y) x_i with y = 1 for z > 0, else 0: J_N^L and J_W^Z kept, J_Sum^Z replaced by 1.

Widrow-Hoff's rule on a unit with a step. y - d is 0 where the unit is right, so that it learns from mistakes
alone. Source: seed rows H-15, S-29.
"""

from __future__ import annotations

from ..arrays import quiet
from ..network import Network
from .labelled import finite_cases, two_classes
from .learning_rule import LearningRule
from .outcome import Learned
from .presentation import Layer, schedule, show
from .ties import Tie, threshold_unit
from .widrow_hoff import difference

PERCEPTRON = LearningRule(
    "perceptron",
    error=difference,
    fates=(
        "kept: y - d, with the unit's step for y",
        "dropped: 1 in its place; of a step it is 0, and the gradient would learn nothing",
        "kept: I (x) x",
    ),
    thresholds=True,
)
"""dw_i = learning_rate (d - y) x_i, y the step of z: of a layer that has a step, or a sign, and no other."""


@quiet
def perceptron(
    X: object,
    labels: object,
    *,
    learning_rate: float = 1.0,
    epochs: int = 1000,
    tie: Tie = "left",
    bias: bool = True,
    init: str = "zero",
    shuffle: bool = False,
    seed: int = 0,
) -> Learned:
    """W <- W + learning_rate (d - y) x after each case, until an epoch passes without a mistake.

    It keeps J_N^L, with the step for y, and J_W^Z; J_Sum^Z is dropped.

    Parameters
    ----------
    X : array (cases, n_in)
    labels : array (cases,)
        0 and 1, or -1 and +1: the sign version, where y = sign(z) and the step is (d - y) / 2, so that with
        learning_rate=1 a mistake adds x to W or subtracts it. Both versions go through the same weights.
    learning_rate : float
        Above 0. Started from zero, a power of two scales the weights and changes nothing else; so does any
        other rate but for rounding, by which a sum of zero may come out on either side.
    epochs : int
        At most this many.
    tie : "left" or "right"
        The output at z = 0: as for z < 0, since the unit fires for z > 0 alone, or as for z > 0.
    bias : bool
        Whether W has an entry for the 1 that is appended to x (H-41). It is minus the threshold T.
    init : str
        As for `Dense`: "zero", "small", "unit" or "glorot".
    shuffle : bool
        Draw the order of the cases anew in each epoch.
    seed : int
        For weights and orders.

    Returns
    -------
    Learned
        `network` is the threshold unit, and answers in the labels' own coding; `errors` are the mistakes
        made while an epoch went by; `converged` says that the last one had none.

    Raises
    ------
    OptionError
        Labels of more than two classes, or an option that means nothing.
    NonFiniteError, ShapeError, DTypeError, EmptyBatchError, UnknownNameError
        Arrays that do not fit; weights that left the finite numbers.

    Notes
    -----
    Started from zero it makes at most (R / gamma)^2 mistakes, R the length of the longest case and gamma the
    distance of the nearest one from some hyperplane that separates them, both with the 1 appended: see
    `separable`, which finds such a hyperplane, or proves that there is none and this loop never ends, as
    for XOR. The criterion is the number of mistakes, a flat function: hence a rule, and no gradient.

    Rosenblatt's perceptron is of 1957-58, his book "Principles of Neurodynamics" of 1962, which is the
    date on the slides; "Perceptrons" by Minsky and Papert is of 1969, on one slide 1968 (E-48).

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> learned = perceptron(X, [0, 1, 1, 1])
    >>> learned.errors, learned.converged, learned.network(X).ravel()
    ((1, 2, 1, 0), True, array([0., 1., 1., 1.]))

    Source: seed rows H-14 to H-16, H-41, H-42, B-05, E-45, E-48, S-29.
    """
    where = "perceptron"
    x = finite_cases(X, where)
    classes = two_classes(labels, len(x), where)
    unit = threshold_unit(classes.low, tie, where)
    plan = schedule(learning_rate, epochs, shuffle, seed, where)
    layer = Layer(x.shape[1], 1, bias=bias, init=init, rng=plan.rng)
    d, rate = classes.values[:, None], plan.rate / (1 - classes.low)
    errors: list[int] = []
    for epoch, order in enumerate(plan.orders(len(x)), 1):
        errors.append(show(PERCEPTRON, unit.value, layer, x, d, order, rate))
        layer.check(epoch, plan.rate, where)
        if not errors[-1]:
            break
    return Learned(Network([layer.dense(unit)]), tuple(errors), bool(errors) and not errors[-1])
