"""Suite `lm`: the time to reach the training loss of 5,000 iterations of L-BFGS, from the same start.

    scipy L-BFGS           ``scipy.optimize.minimize`` with the gradients of ``jp.DeltaRule``
    levenberg_marquardt    ``jp.levenberg_marquardt(..., loss_target=that loss)``
    without acceleration   the same, its steps not bent

Two smooth functions, which a network can fit as closely as it likes; the noisy diabetes regression of
scikit-learn, where large residuals take the advantage away; and the classes of wine, to a loss of 1e-6.
scikit-learn's own L-BFGS trains a network of the same shape from its own start: it is timed, not compared.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize

import jacobprop as jp
from jacobprop.arrays import Array
from jacobprop.curvature.marquardt import LevenbergMarquardtFit, levenberg_marquardt

from .agreement import Arrays
from .comparison import Candidate, Run, compare_on
from .suite import Row, Settings, Suite
from .units import three_digits
from .workloads import Workload

NAME = "lm"
YARDSTICK = "scipy L-BFGS"
OURS = "levenberg_marquardt"
FARTHER = 1000
"""Iterations of ours after which the loss is compared again."""


@dataclass(frozen=True)
class Problem:
    """A network and its cases, how long L-BFGS goes on, and where all must come.

    Attributes
    ----------
    work : Workload
    iterations : int
        Of L-BFGS.
    target : float
        The loss to reach: that of L-BFGS, where it is not given.
    """

    work: Workload
    iterations: int
    target: float = 0.0


def functions() -> Iterator[Workload]:
    """sin(3x) on 200 points by 30 tanh units, and exp(-x) sin(3y) on 400 by 20."""
    x = np.linspace(-2, 2, 200)[:, None]
    yield _regression((1, 30), x, np.sin(3 * x), "sin(3x)")
    side = np.linspace(-1, 1, 20)
    xy = np.array([(a, b) for a in side for b in side])
    yield _regression((2, 20), xy, np.exp(-xy[:, :1]) * np.sin(3 * xy[:, 1:]), "exp(-x) sin(3y)")


def diabetes() -> Iterator[Workload]:
    """10-10-1 on 442 patients, standardised; nothing where scikit-learn is not installed."""
    if importlib.util.find_spec("sklearn") is None:
        return
    data = importlib.import_module("sklearn.datasets").load_diabetes()
    yield _regression((10, 10), _standardised(data.data), _standardised(data.target[:, None]), "diabetes")


def wine() -> Workload:
    """13-10-3 on all wines, standardised."""
    X, labels, *_ = jp.load_wine()
    layers = [jp.Dense(13, 10, "tanh"), jp.Dense(10, 3), jp.Softmax()]
    return Workload(jp.Network(layers, jp.CrossEntropy(), seed=0), _standardised(X), labels, note="wine")


def _standardised(array: Array) -> Array:
    return np.asarray((array - array.mean(axis=0)) / array.std(axis=0))


def _regression(widths: tuple[int, int], X: Array, T: Array, note: str) -> Workload:
    layers = [jp.Dense(*widths, "tanh"), jp.Dense(widths[1], 1)]
    return Workload(jp.Network(layers, jp.SquaredError(), seed=0), X, T, note=note)


def problems(settings: Settings) -> Iterator[Problem]:
    """All four; a dry run goes a hundredth of the way."""
    iterations = 5000 if settings.seconds >= 1 else 50
    for work in (*functions(), *diabetes()):
        yield Problem(work, iterations)
    yield Problem(wine(), iterations, target=1e-6)


# -- the routes ----------------------------------------------------------------------------------------


class _Enough(Exception):  # noqa: N818  (it is no error)
    """L-BFGS has come where it should."""


def lbfgs(problem: Problem) -> float:
    """The loss of L-BFGS after so many iterations, or as soon as it is at the target."""
    net, work = problem.work.net, problem.work
    rule, lowest = jp.DeltaRule(net), float("inf")
    shapes = {name: array.shape for name, array in net.parameters.items()}

    def value_and_gradient(v: Array) -> tuple[float, Array]:
        nonlocal lowest
        parameters = {name: v[part].reshape(shapes[name]) for name, part in net.slices.items()}
        loss, gradients = rule.gradients(work.X, work.T, parameters, copy=False)
        lowest = min(lowest, loss)
        if loss <= problem.target:
            raise _Enough
        return loss, np.concatenate([gradients[name].ravel() for name in net.slices])

    options = {"maxiter": problem.iterations, "maxfun": 100 * problem.iterations, "ftol": 0.0, "gtol": 0.0}
    search: Any = minimize  # its hints know no float and array from one function
    with suppress(_Enough):
        search(value_and_gradient, net.vector, jac=True, method="L-BFGS-B", options=options)
    return lowest


def ours(problem: Problem, **options: Any) -> LevenbergMarquardtFit:
    """Our own search, until it is at the target."""
    work = problem.work
    limits = {"gradient_tolerance": 0.0, "decrease_tolerance": 0.0, "loss_target": problem.target}
    return levenberg_marquardt(work.net, work.X, work.T, **{"iterations": FARTHER} | limits | options)


def scikit_learn(problem: Problem) -> tuple[Run, float]:
    """Its L-BFGS on the same shape without a penalty, and the loss where that ends."""
    network = importlib.import_module("sklearn.neural_network")
    work = problem.work
    squares = isinstance(work.net.loss, jp.SquaredError)
    kind = network.MLPRegressor if squares else network.MLPClassifier
    options = {
        "hidden_layer_sizes": work.widths[1:-1],
        "solver": "lbfgs",
        "alpha": 0.0,
        "activation": "tanh",
        "tol": 0.0,
        "random_state": 0,
    }
    targets = work.T.ravel()

    def run() -> Arrays:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it has not converged
            model = kind(max_iter=problem.iterations, max_fun=100 * problem.iterations, **options)
            return {"loss": np.array(model.fit(work.X, targets).loss_)}

    return run, float(run()["loss"])


def _reached(search: Callable[[], float], target: float) -> Run:
    """Whether a search has come to the target, which all are to agree on."""
    return lambda: {"reached": np.array(float(search() <= target))}


def _candidates(problem: Problem, settings: Settings) -> Iterator[Candidate]:
    def route(name: str, search: Callable[[], float], **facts: Any) -> Candidate:
        return Candidate(name, lambda: _reached(search, problem.target), 0.0, **facts)

    def trained(**options: Any) -> float:
        return ours(problem, **options).history.train[-1]

    yield route(YARDSTICK, lambda: lbfgs(problem), role="baseline")
    for name, options in ((OURS, {}), ("without acceleration", {"accelerate": False})):
        where = trained(**options)
        missed = where > problem.target
        label = f"after {FARTHER} iterations {where / problem.target:.3f} of the loss" if missed else ""
        yield route(name, partial(trained, **options), label=label, agrees=not missed)
    farther = {"loss_target": -np.inf, "iterations": FARTHER if settings.seconds >= 1 else 20}
    label = f"its loss is {problem.target / trained(**farther):.1e} times lower"
    yield route(f"{farther['iterations']} iterations", partial(trained, **farther), label=label, agrees=False)
    if settings.peers and importlib.util.find_spec("sklearn"):
        run, loss = scikit_learn(problem)
        label = f"its own start; ends at {loss / problem.target:.2g} of the loss"
        yield Candidate("scikit-learn L-BFGS", lambda: run, 0.0, role="peer", label=label, agrees=False)


def rows(settings: Settings) -> Iterator[Row]:
    """Each problem on its own."""
    settings = replace(settings, budget=3 * settings.budget)  # a pair takes seconds
    for given in problems(settings):
        problem = given if given.target else replace(given, target=lbfgs(given))
        candidates = list(_candidates(problem, settings))
        yield from compare_on(problem.work, NAME, candidates, YARDSTICK, settings, floor="")


def closing(found: Sequence[Row]) -> str:
    """How much sooner than L-BFGS, problem by problem."""
    ratios = [(row.workload, row.ratio) for row in found if row.candidate == OURS and row.ratio]
    sooner = "; ".join(f"{name.split(', ')[-1]} {three_digits(1 / ratio)}" for name, ratio in ratios)
    return f"L-BFGS takes so many times as long to the same loss: {sooner}."


SUITE = Suite("the training loss of 5,000 iterations of L-BFGS", YARDSTICK, rows, closing)
