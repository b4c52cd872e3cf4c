"""Levenberg-Marquardt: damped Gauss-Newton steps, the damping chosen by how well the model predicts.

    v <- v + d + a/2        (A^T A + decay + damping) d = -g,     the same matrix times a = -A^T r''

r'' = sqrt(weight) S^T x'' is the second derivative of the residuals along d, and a the geodesic acceleration
of Transtrum and Sethna (arXiv:1201.5885). A step that does not lower the objective is not taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..arrays import quiet, whole_number
from ..errors import OptionError, shown
from ..histories import HeldOut, History, Progress, require_held_out, require_progress
from ..network import Network
from .damped_search import Iteration, Limits, Search, Stop
from .damped_steps import METHODS, Method
from .objective import Objective, number

_WHERE = "levenberg_marquardt"


@dataclass(frozen=True, repr=False)
class LevenbergMarquardtHistory(History):
    """What a search went through, iteration by iteration.

    Attributes
    ----------
    train, held_out : list of float
        The loss before the first iteration and after each; `held_out` is empty without held-out cases.
    objective : list of float
        The same with weight decay: it falls in every iteration.
    gradient : list of float
        The largest entry of the objective's gradient, likewise.
    passes : list of int
        How many passes of the network it took so far, likewise.
    damping, gain, step : list of float
        Of each iteration: its damping, actual over predicted decrease, and the norm of its step.
    """

    objective: list[float] = field(default_factory=list)
    gradient: list[float] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    damping: list[float] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    step: list[float] = field(default_factory=list)
    _rounds: ClassVar[str] = "iterations"


@dataclass(frozen=True, repr=False)
class LevenbergMarquardtFit:
    """What `levenberg_marquardt` returns.

    Attributes
    ----------
    network : Network
        The trained network, at the lowest objective that was met.
    history : LevenbergMarquardtHistory
    reason : str
        Why it stopped: "gradient", "step" and "decrease" where little is left to gain, "loss" at the
        `loss_target`, "iterations" at the most of them, "damping" where no step lowers the objective,
        "progress" where the progress function said so.
    message : str
        The same as a sentence, with its numbers.
    """

    network: Network
    history: LevenbergMarquardtHistory
    reason: str
    message: str

    def __repr__(self) -> str:
        return f"<LevenbergMarquardtFit: {self.network!r}, {self.history!r}, stopped by {self.reason}>"


@quiet
def levenberg_marquardt(
    net: Network,
    X: object,
    T: object,
    *,
    iterations: int = 100,
    damping: float = 1.0,
    weight_decay: float = 0.0,
    method: Method = "auto",
    accelerate: bool = True,
    gradient_tolerance: float = 1e-10,
    step_tolerance: float = 1e-12,
    decrease_tolerance: float = 1e-10,
    loss_target: float = -math.inf,
    held_out: HeldOut = None,
    progress: Progress | None = None,
) -> LevenbergMarquardtFit:
    """Train by Levenberg-Marquardt: minimise loss + weight_decay/2 |W|^2; `net` itself stays as it is.

    For small and medium networks and any loss with a Hessian, where the fit can become close. See the notes
    for where it cannot.

    Parameters
    ----------
    net : Network
        With a loss; its reduction decides whether the cases count as mean or sum.
    X, T : as for ``Network.forward``
    iterations : int
        The most steps to take.
    damping : float
        The damping to start with, in units of the mean of the diagonal of A^T A.
    weight_decay : float
        For the slots named "W", not for the biases.
    method : "auto", "primal" or "dual"
        Solve for the parameters (p, p), for the residuals (cases * outputs, cases * outputs), or whichever
        takes fewer multiply-adds. The steps are the same.
    accelerate : bool
        Whether to bend steps by the geodesic acceleration, at one more pass each.
    gradient_tolerance : float
        Stop where no entry of the gradient is above it.
    step_tolerance : float
        Stop at a step shorter than this part of the parameters' norm.
    decrease_tolerance : float
        Stop at an iteration that lowers the objective by no more than this part of it.
    loss_target : float
        Stop at an objective not above it.
    held_out : (X, T), optional
        Cases that only the history sees.
    progress : callable, optional
        Called with (iteration, train loss, held-out loss or None) after every iteration. If it
        raises StopIteration, this iteration was the last.

    Returns
    -------
    LevenbergMarquardtFit
        ``.network``, trained; ``.history.train``, ``.held_out``, ``.gradient``, ``.damping``, ... as lists;
        ``.reason``, one word, and ``.message``, the same as a sentence.

    Raises
    ------
    NonFiniteError
        The loss is not finite at the start.
    OptionError
        An option means nothing.
    DenseLimitError
        The matrix to solve with would take more than 1 GiB.
    MissingTargetError, UnsupportedLayerError, ShapeError, DTypeError
        No loss, no targets, a loss of one's own without `hessian`, or arrays that do not fit.

    Notes
    -----
    Where the fit can become close, the residuals vanish, and with them the part of the Hessian that A^T A
    lacks: sin(3x) on 200 points by 30 tanh units, and exp(-x) sin(3y) on 400 by 20, come to the loss of 5,000
    iterations of L-BFGS about 20 and 40 times sooner, and in 1,000 iterations 9e10 and 3e4 times lower.
    Without acceleration they come there as soon, and end 6e4 and 2e3 times lower.

    Where the data are noisy, residuals stay: on the diabetes regression of scikit-learn, 442 cases by 10
    tanh units, it is 4 times sooner from one start, and from another, after 1,000 iterations, 10 % above the
    loss of L-BFGS. Classes that can be told apart are easy for either: on wine, 13-10-3, L-BFGS comes to a
    loss of 1e-6 some 5 times sooner. The suite `lm` of the benchmarks measures such problems.

    A network of some hundred parameters gains nothing from many threads, and on a machine that is busy with
    other work they wait for each other: ``OPENBLAS_NUM_THREADS=1`` in the environment keeps to one.

    Examples
    --------
    >>> import jacobprop as jp
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> net = jp.Network([jp.Dense(1, 5, "tanh"), jp.Dense(5, 1)], jp.SquaredError(), seed=0)
    >>> found = levenberg_marquardt(net, X, np.exp(X), loss_target=1e-8)
    >>> found.reason, found.network.forward(X, np.exp(X)).loss <= 1e-8
    ('loss', True)
    """
    limits = Limits(
        number(gradient_tolerance, "gradient_tolerance", _WHERE),
        number(step_tolerance, "step_tolerance", _WHERE),
        number(decrease_tolerance, "decrease_tolerance", _WHERE),
        number(loss_target, "loss_target", _WHERE, least=-math.inf),
    )
    most = whole_number(iterations, "iterations", _WHERE, least=0, remedy="Pass such as iterations=100.")
    start = number(damping, "damping", _WHERE, least=math.ulp(0.0))
    _check(method, accelerate)
    require_held_out(held_out, _WHERE)
    require_progress(progress, "iteration", _WHERE)
    objective = Objective(net, X, T, weight_decay, _WHERE)
    search = Search(objective, start, method, bool(accelerate), _WHERE)
    log = _Log(search, held_out, progress)
    stop = _run(search, log, limits, most)
    return LevenbergMarquardtFit(net.with_vector(search.point.v), log.history, *stop)


def _run(search: Search, log: _Log, limits: Limits, most: int) -> Stop:
    """Iterate until something says stop."""
    stop = limits.reached(search.point, search.gradient)
    for _ in range(most):
        if stop is not None:
            return stop
        before, made = search.point.value, search.iterate(limits)
        if isinstance(made, Stop):
            return made
        if not log.iteration(made):
            return Stop("progress", "The progress function raised StopIteration.")
        stop = limits.reached(made.point, search.gradient) or limits.stalled(before, made)
    return stop or Stop("iterations", f"As many iterations as asked for: {most}.")


class _Log:
    """The history of a search, and who follows it."""

    def __init__(self, search: Search, held_out: HeldOut, progress: Progress | None) -> None:
        self.history = LevenbergMarquardtHistory()
        self._search, self._held_out, self._progress = search, held_out, progress
        self._note()

    def iteration(self, made: Iteration) -> bool:
        """Note a step, and tell; whether the search goes on."""
        self.history.damping.append(made.damping)
        self.history.gain.append(made.gain)
        self.history.step.append(made.step)
        self._note()
        return self.history.tell(self._progress)

    def _note(self) -> None:
        history, point = self.history, self._search.point
        history.train.append(point.loss)
        history.objective.append(point.value)
        history.gradient.append(self._search.gradient)
        history.passes.append(point.objective.passes)
        if self._held_out is not None:
            history.held_out.append(point.objective.net.with_vector(point.v).forward(*self._held_out).loss)


def _check(method: object, accelerate: object) -> None:
    """The options that are words."""
    if not isinstance(method, str) or method not in METHODS:
        raise OptionError(
            "unknown method",
            where=_WHERE,
            got=shown(method),
            expected='"auto", "primal" or "dual"',
            remedy='"auto" takes the one with fewer multiply-adds.',
        )
    if not isinstance(accelerate, bool | np.bool):
        raise OptionError(
            "accelerate is yes or no",
            where=_WHERE,
            got=shown(accelerate),
            expected="True or False",
            remedy="Leave it out for True.",
        )
