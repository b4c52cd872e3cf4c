"""MADALINE: many ADALINEs under a fixed logic unit, taught by flipping the ones that are least sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..activations import Activation
from ..arrays import Array, quiet, whole_number
from ..errors import UnknownNameError, shown
from ..layers import Dense
from ..network import Network
from .labelled import finite_cases, two_classes
from .outcome import Learned
from .presentation import Layer, Schedule, schedule
from .ties import Tie, threshold_unit
from .widrow_hoff import WIDROW_HOFF

_LOGIC = ("or", "and", "majority")


@dataclass(frozen=True)
class Flip:
    """A trial that was accepted: these units' outputs, turned over, make the case come out right.

    Attributes
    ----------
    epoch, case : int
        When, counted from 1, and for which row of X.
    units : tuple of int
        The ADALINEs that were turned over, the least sure first, and then taught their new output.
    """

    epoch: int
    case: int
    units: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Madaline(Learned):
    """What `madaline` returns.

    Attributes
    ----------
    flips : tuple of Flip
        The accepted ones, in order.
    """

    flips: tuple[Flip, ...]


@quiet
def madaline(
    X: object,
    labels: object,
    *,
    units: int = 2,
    logic: str = "or",
    learning_rate: float = 0.1,
    epochs: int = 200,
    at_once: int = 1,
    tie: Tie = "right",
    init: str = "unit",
    shuffle: bool = True,
    seed: int = 0,
) -> Madaline:
    """Where the output is wrong, teach the ADALINE whose z is nearest 0 the opposite, if that mends it.

    An ADALINE learns by Widrow and Hoff's rule, w <- w + learning_rate (d_j - z_j) x, towards its flipped
    output d_j, -1 or +1: it keeps J_N^L of its own error and J_W^Z, with J_Sum^Z = 1. No factor leads from
    the network's output down to it; the search among the flips stands in its place.

    Parameters
    ----------
    X : array (cases, n_in)
    labels : array (cases,)
        0 and 1, or -1 and +1.
    units : int
        How many ADALINEs.
    logic : "or", "and" or "majority"
        The fixed unit on top of them.
    learning_rate : float
        Above 0.
    epochs : int
        At most this many; it also stops after one in which no wrong case could be mended.
    at_once : int
        Try single units first, then pairs, up to this many together: 1 on the slide.
    tie : "left" or "right"
        The output of an ADALINE at z = 0: -1, or 1 (H-43). "majority" decides a draw likewise.
    init, shuffle, seed
        How the weights start, as for `Dense`; whether the order of the cases is drawn; with what.

    Returns
    -------
    Madaline
        `network` is ordinary: the ADALINEs under a sign, then the logic unit; `errors` count the cases that
        are wrong after each epoch; `converged` says that none is; `flips` are the accepted ones.

    Raises
    ------
    UnknownNameError, OptionError
        No such logic; labels of more than two classes; an option that means nothing.
    NonFiniteError, ShapeError, DTypeError, EmptyBatchError
        Arrays that do not fit, or numbers that are not finite.

    Notes
    -----
    A flip is accepted if it takes the case from wrong to right, so none raises the case's error; the step
    that follows only moves z towards its new side, and other cases may suffer. So it may end in a cycle or
    stuck, and is started anew with another `seed`: to find the best flips is NP-complete. On XOR, with these
    defaults, 18 of the seeds 0 to 49 solve it, and 43 with at_once=2.

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> learned = madaline(X, [0, 1, 1, 0], at_once=2, seed=1)
    >>> learned.converged, learned.network(X).ravel()
    (True, array([0., 1., 1., 0.]))

    Source: seed rows H-45, S-30.
    """
    where = "madaline"
    x = finite_cases(X, where)
    classes = two_classes(labels, len(x), where)
    k = whole_number(units, "units", where, remedy="XOR needs 2.")
    most = whole_number(at_once, "at_once", where, remedy="1 flips single units, as on the slide.")
    plan = schedule(learning_rate, epochs, shuffle, seed, where)
    sign = threshold_unit(-1, tie, where)
    top = _logic_unit(logic, k, threshold_unit(classes.low, tie, where))
    hidden = _Hidden(Layer(x.shape[1], k, bias=True, init=init, rng=plan.rng), sign, top, min(most, k))
    errors, flips = _teach(hidden, x, classes.values, plan)
    network = Network([hidden.layer.dense(sign), Dense.from_arrays(np.ones((k, 1)), [top.bias], top.step)])
    return Madaline(network, errors, bool(errors) and not errors[-1], flips)


class _Logic(NamedTuple):
    """The fixed unit: the sum of the outputs, -1 and +1, and a bias under a step."""

    bias: float
    step: Activation

    def answers(self, outputs: Array) -> Array:
        """The labels, of one case or of all."""
        return np.asarray(self.step.value(outputs.sum(axis=-1) + self.bias))


def _logic_unit(logic: object, units: int, step: Activation) -> _Logic:
    """1 if any of them is on, all of them, or more than half."""
    if not isinstance(logic, str) or logic not in _LOGIC:
        raise UnknownNameError(
            "no such logic unit",
            where="madaline(logic=)",
            got=shown(logic),
            expected=" or ".join(map(repr, _LOGIC)),
            remedy="XOR is the OR of two half-planes.",
        )
    return _Logic({"or": units - 1.0, "and": 1.0 - units, "majority": 0.0}[logic], step)


class _Hidden(NamedTuple):
    """The ADALINEs while they learn, and what is above them."""

    layer: Layer
    sign: Activation
    top: _Logic
    most: int

    def outputs(self, x: Array) -> Array:
        """-1 or +1 of each ADALINE."""
        return np.asarray(self.sign.value(self.layer.sum(x)))

    def turned(self, x: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
        """Units to turn over, and all outputs then: each alone, then pairs, ..., the least sure first."""
        outputs = self.outputs(x)
        nearest = np.argsort(np.abs(self.layer.sum(x)), kind="stable").tolist()
        for size in range(1, self.most + 1):
            for units in combinations(nearest, size):
                flipped = outputs.copy()
                flipped[list(units)] *= -1
                yield units, flipped

    def mend(self, x: Array, d: float, rate: float) -> tuple[int, ...]:
        """Find the first units that, turned over, make the case right, and teach them; () if none do."""
        for units, flipped in self.turned(x):
            if self.top.answers(flipped) == d:
                e = np.zeros(len(flipped))
                e[list(units)] = WIDROW_HOFF.error(self.layer.sum(x), flipped)[list(units)]
                self.layer.step(x, e, rate)
                return units
        return ()


def _teach(hidden: _Hidden, x: Array, d: Array, plan: Schedule) -> tuple[tuple[int, ...], tuple[Flip, ...]]:
    """Epochs until no case is wrong, or none can be mended: the wrong ones after each, and the flips."""
    errors: list[int] = []
    flips: list[Flip] = []
    for epoch, order in enumerate(plan.orders(len(x)), 1):
        before = len(flips)
        for case in order.tolist():
            if hidden.top.answers(hidden.outputs(x[case])) != d[case]:
                units = hidden.mend(x[case], d[case], plan.rate)
                flips += [Flip(epoch, case, units)] if units else []
        hidden.layer.check(epoch, plan.rate, "madaline")
        errors.append(int((hidden.top.answers(hidden.outputs(x)) != d).sum()))
        if not errors[-1] or len(flips) == before:
            break
    return tuple(errors), tuple(flips)
