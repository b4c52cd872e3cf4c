"""Levenberg-Marquardt: its steps against the dense definition, its search against closed forms, its ends."""

import math

import numpy as np
import pytest
import sympy
from network.market import stall
from threadpoolctl import threadpool_limits

import jacobprop as jp
from jacobprop import errors
from jacobprop.curvature.by_parameters import parameter_jacobian
from jacobprop.curvature.damped_search import Damping, Iteration, Limits, Search
from jacobprop.curvature.damped_steps import DualSteps, PrimalSteps, cheaper
from jacobprop.curvature.dense_terms import dense_layers
from jacobprop.curvature.marquardt import levenberg_marquardt
from jacobprop.curvature.objective import Objective

from .test_gauss_newton import SMALL, defined


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Matrices this small are slower by two threads, and much slower where two tests run at once."""
    with threadpool_limits(1):
        yield


RNG = np.random.default_rng(83)
CASES, N = 7, 3
X = RNG.normal(size=(CASES, N))


class Weighed(jp.Loss):
    """1/2 e^T Q e with a Hessian of its own that is no diagonal."""

    Q = np.array([[2.0, 0.6], [0.6, 0.5]])

    def value(self, y, t):
        return ((y - t) @ self.Q * (y - t)).sum(axis=-1) / 2

    def row(self, y, t):
        return (y - t) @ self.Q

    def hessian(self, x, t):
        return self.Q


class Huber(jp.Loss):
    """Beyond 1 it has a slope and no curvature: no residual gives its gradient."""

    def value(self, y, t):
        e = abs(y - t)
        return np.where(e < 1, e**2 / 2, e - 0.5).sum(axis=-1)

    def row(self, y, t):
        return np.clip(y - t, -1, 1)

    def hessian(self, x, t):
        return (abs(x - t) < 1)[..., None] * np.eye(x.shape[-1])


class Plain(jp.Dense):
    """A Dense layer by another name: known by its Jacobians alone."""


def layers(m, top=(), kind=jp.Dense, activation="tanh", bias=True):
    return [kind(N, 4, activation), kind(4, 5, "softplus", bias=bias), kind(5, m, *top)]


HALVES = RNG.integers(0, 2, (CASES, 2)).astype(float)
REAL, LABELS = RNG.normal(size=(CASES, 2)), RNG.integers(0, 3, CASES)


def sigmoid_hessian(z, t):
    p = 1 / (1 + np.exp(-z))
    return np.eye(2) * (p * (1 - p))[..., None]


def softmax_hessian(z, t):
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return np.eye(3) * p[..., None] - p[..., None] * p[:, None, :]


def constant(H):
    return lambda z, t: np.broadcast_to(H, (CASES, *H.shape))


MARKET = {
    "squared error": (layers(2), jp.SquaredError(), REAL, "output", constant(np.eye(2))),
    "sum": (layers(2), jp.SquaredError(reduction="sum"), REAL, "output", constant(np.eye(2))),
    "mean squared error": (layers(2), jp.MeanSquaredError(), REAL, "output", constant(np.eye(2))),
    "curved top, no bias": (
        layers(2, ("tanh",), bias=False),
        jp.SquaredError(),
        REAL,
        "output",
        constant(np.eye(2)),
    ),
    "binary cross-entropy": (
        layers(2, ("sigmoid",)),
        jp.BinaryCrossEntropy(),
        HALVES,
        "logits",
        sigmoid_hessian,
    ),
    "cross-entropy": ([*layers(3), jp.Softmax()], jp.CrossEntropy(), LABELS, "logits", softmax_hessian),
    "log-likelihood": (
        [*layers(3), jp.LogSoftmax()],
        jp.NegativeLogLikelihood(),
        LABELS,
        "logits",
        softmax_hessian,
    ),
    "own loss": (layers(2), Weighed(), REAL, "output", constant(Weighed.Q)),
    "own layers": (layers(2, kind=Plain), jp.SquaredError(), REAL, "output", constant(np.eye(2))),
}


def market(name):
    stack, loss, T, of, hessian = MARKET[name]
    return jp.Network(stack, loss, seed=5), T, of, hessian


def weights_of(net):
    chosen = np.zeros(net.size)
    for name, place in net.slices.items():
        chosen[place] = name.startswith("W")
    return chosen


def sums_below(y, gate):
    """z from the output of its gate, up to what the Hessian does not see."""
    if gate == "sigmoid":
        return np.log(y / (1 - y))
    return np.log(y) if gate == "softmax" else y


def dense_step(net, T, of, hessian, damping, decay):
    """(sum_c weight J^T H J + decay + damping)^-1 applied to minus the delta rule's gradient."""
    J = parameter_jacobian(net, X, of=of).matrix().reshape(CASES, -1, net.size)
    z = sums_below(net(X), net.loss.gate)
    weight = 1 if net.loss.reduction == "sum" else 1 / CASES
    G = weight * np.einsum("cmp,cmn,cnq->pq", J, hessian(z, T), J)
    _, gradients = jp.DeltaRule(net).gradients(X, T)
    D = decay * weights_of(net)
    g = np.concatenate([gradients[name].ravel() for name in net.slices]) + D * net.vector
    return np.linalg.solve(G + np.diag(D) + damping * np.eye(net.size), -g)


def steps_of(kind, net, T, decay, x=X):
    point = Objective(net, x, T, decay, "test").at(net.vector)
    return kind(point, point.jacobian.wide())


def near(found, expected, tolerance):
    return np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("decay", [0.0, 0.3], ids=["free", "decay"])
@pytest.mark.parametrize("name", MARKET)
def test_both_steps_are_the_dense_definition(name, decay):
    net, T, of, hessian = market(name)
    primal, dual = steps_of(PrimalSteps, net, T, decay), steps_of(DualSteps, net, T, decay)
    for damping in (1e-3, 0.7):
        expected = dense_step(net, T, of, hessian, damping, decay)
        assert near(primal.step(damping), expected, 1e-10)
        assert near(dual.step(damping), expected, 1e-10)
        assert not near(primal.step(damping * 1.01), expected, 1e-5)  # the check sees one percent


@pytest.mark.parametrize("design", SMALL, ids=lambda design: design.id)
def test_both_steps_on_the_market_of_networks(design):
    s = stall(design)
    G, D = defined(s.net, s.record), 0.2 * weights_of(s.net)
    gradients = s.record.gradients()
    g = np.concatenate([gradients[name].ravel() for name in s.net.slices]) + D * s.net.vector
    damping = 1e-2 * max(np.trace(G) / s.net.size, 1e-6)
    expected = np.linalg.solve(G + np.diag(D + damping), -g)
    point = Objective(s.net, s.X, s.T, 0.2, "test").at(s.net.vector)
    for kind in (PrimalSteps, DualSteps):
        assert near(kind(point, point.jacobian.wide()).step(damping), expected, 1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cases", [5, 31])
def test_dual_and_primal_agree_on_random_problems(seed, cases):
    rng = np.random.default_rng(seed)
    widths = rng.integers(2, 9, 3)
    net = jp.Network(
        [
            jp.Dense(widths[0], widths[1], "sigmoid"),
            jp.Dense(widths[1], widths[2]),
            jp.Dense(widths[2], 1, "tanh"),
        ],
        jp.SquaredError(),
        seed=seed,
    )
    x, t = rng.normal(size=(cases, widths[0])), rng.normal(size=(cases, 1))
    for decay in (0.0, 1e-2):
        primal, dual = (steps_of(kind, net, t, decay, x) for kind in (PrimalSteps, DualSteps))
        assert math.isclose(primal.trace, dual.trace, rel_tol=1e-12)
        for damping in (1e-4, 1e-1, 10.0):
            step = primal.step(damping)
            assert near(dual.step(damping), step, 1e-10)
            assert math.isclose(dual.predicted(step, damping), primal.predicted(step, damping), rel_tol=1e-10)
            r = rng.normal(size=dual.A.shape[0])
            assert near(dual.towards(r), primal.towards(r), 1e-9)


def test_the_predicted_decrease_is_the_models():
    net, T, *_ = market("cross-entropy")
    steps = steps_of(PrimalSteps, net, T, 0.2)
    d, D = steps.step(0.05), 0.2 * weights_of(net)
    moved = steps.A @ d
    model = steps.gradient @ d + (moved @ moved + d @ (D * d)) / 2
    assert math.isclose(steps.predicted(d, 0.05), -model, rel_tol=1e-10)


def test_plain_dense_networks_take_the_short_way_to_the_same_terms():
    net, T, *_ = market("cross-entropy")
    other = jp.Network([*layers(3, kind=Plain), jp.Softmax()], jp.CrossEntropy()).with_vector(net.vector)
    assert dense_layers(net.architecture) == net.layers[:3]
    assert dense_layers(other.architecture) is None
    short, long = (Objective(n, X, T, 0.0, "test").at(n.vector) for n in (net, other))
    np.testing.assert_allclose(short.jacobian.matrix(), long.jacobian.matrix(), rtol=0, atol=1e-14)
    a, b = (levenberg_marquardt(n, X, T, iterations=5, gradient_tolerance=0) for n in (net, other))
    np.testing.assert_allclose(a.history.train, b.history.train, rtol=1e-7)


def test_a_linear_network_ends_at_ridge_regression_whose_intercept_is_free():
    net = jp.Network([jp.Dense(N, 2)], jp.SquaredError(), seed=1)
    decay = 0.4
    centred = X - X.mean(axis=0)
    W = np.linalg.solve(centred.T @ centred / CASES + decay * np.eye(N), centred.T @ REAL / CASES)
    b = REAL.mean(axis=0) - X.mean(axis=0) @ W
    for method in ("primal", "dual"):
        options = {"gradient_tolerance": 1e-13, "decrease_tolerance": 0}
        found = levenberg_marquardt(net, X, REAL, weight_decay=decay, method=method, **options)
        np.testing.assert_allclose(found.network.parameters["W1"], W, atol=1e-10)
        np.testing.assert_allclose(found.network.parameters["b1"], b, atol=1e-10)
        assert math.isclose(
            found.history.objective[-1], found.history.train[-1] + decay / 2 * (W**2).sum(), rel_tol=1e-9
        )


def test_the_bend_of_a_step_is_its_second_derivative():
    """Of x W1 W2 it is 2 x D1 D2 along (D1, D2), which differences have exactly."""
    net = jp.Network([jp.Dense(N, 4, bias=False), jp.Dense(4, 2, bias=False)], jp.SquaredError(), seed=2)
    search = Search(Objective(net, X, REAL, 0.0, "test"), 50.0, "primal", True, "test")
    steps = search._steps
    d = steps.step(40.0)
    D = net.with_vector(d).parameters
    second = 2 * X @ D["W1"] @ D["W2"] / np.sqrt(CASES)
    A = steps.A.matrix()
    a = np.linalg.solve(A.T @ A + 40.0 * np.eye(net.size), -A.T @ second.ravel())
    np.testing.assert_allclose(search._bent(d), d + a / 2, rtol=1e-9, atol=1e-13)
    far = 1e4 * d
    assert search._bent(far) is far  # a bend that is not small beside the step is left out


# -- where residuals fail ------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [60.0, 800.0, 2000.0])
def test_a_saturated_output_that_is_wrong_is_left_again(shift):
    net = jp.Network([jp.Dense(N, 2, "sigmoid")], jp.BinaryCrossEntropy(), seed=3)
    net = net.with_parameters({"b1": [shift, -shift]})
    point = Objective(net, X, HALVES, 0.1, "test").at(net.vector)
    assert point.residual is None
    primal, dual = (kind(point, point.jacobian.wide()) for kind in (PrimalSteps, DualSteps))
    _, gradients = jp.DeltaRule(net).gradients(X, HALVES)
    g = np.concatenate([gradients["W1"].ravel(), gradients["b1"]]) + 0.1 * weights_of(net) * net.vector
    np.testing.assert_allclose(primal.gradient, g, rtol=1e-12, atol=1e-15)
    assert near(dual.step(1e-3), primal.step(1e-3), 1e-10)
    found = levenberg_marquardt(net, X, HALVES, weight_decay=0.1, iterations=60)
    start = levenberg_marquardt(
        net.with_parameters({"b1": [0, 0]}), X, HALVES, weight_decay=0.1, iterations=60
    )
    assert math.isclose(found.history.objective[-1], start.history.objective[-1], rel_tol=1e-8)


def test_the_dual_step_by_the_gradient_is_the_primal_one():
    net = jp.Network(layers(2), Huber(), seed=4)
    for decay in (0.0, 0.3):
        primal, dual = (steps_of(kind, net, 2 * REAL, decay) for kind in (PrimalSteps, DualSteps))
        assert primal.point.residual is None
        assert primal.trace > 0.1
        for damping in (1e-2, 1.0):
            assert near(dual.step(damping), primal.step(damping), 1e-10)


@pytest.mark.parametrize("method", ["primal", "dual"])
def test_a_loss_with_slope_and_no_curvature_is_lowered_by_its_slope(method):
    net = jp.Network([jp.Dense(N, 2)], Huber(), seed=4)
    far = 5 * REAL
    assert Objective(net, X, far, 0.0, "test").at(net.vector).residual is None
    found = levenberg_marquardt(net, X, far, method=method, iterations=300, gradient_tolerance=1e-8)
    assert found.reason == "gradient"
    _, gradients = jp.DeltaRule(found.network).gradients(X, far)
    assert max(abs(g).max() for g in gradients.values()) <= 1e-8


# -- the search ----------------------------------------------------------------------------------------


def wave(units=30):
    x = np.linspace(-2, 2, 200)[:, None]
    net = jp.Network([jp.Dense(1, units, "tanh"), jp.Dense(units, 1)], jp.SquaredError(), seed=0)
    return net, x, np.sin(3 * x)


def surface():
    grid = np.linspace(-1, 1, 20)
    x = np.array([(a, b) for a in grid for b in grid])
    net = jp.Network([jp.Dense(2, 20, "tanh"), jp.Dense(20, 1)], jp.SquaredError(), seed=0)
    return net, x, np.exp(-x[:, :1]) * np.sin(3 * x[:, 1:])


@pytest.mark.parametrize(
    ("problem", "iterations", "target"),
    [(wave, 300, 1.4e-9), (surface, 500, 6.9e-9)],
    ids=["wave", "surface"],
)
def test_functions_are_fitted_closer_than_by_lbfgs(problem, iterations, target):
    """A thousand times closer than by 5,000 iterations from the same start, as the suite `lm` has them."""
    found = levenberg_marquardt(*problem(), iterations=iterations, loss_target=target)
    assert found.reason == "loss"


def test_wine_is_learnt_to_a_millionth():
    features, labels, *_ = jp.load_wine()
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    net = jp.Network([jp.Dense(13, 10, "tanh"), jp.Dense(10, 3), jp.Softmax()], jp.CrossEntropy(), seed=0)
    found = levenberg_marquardt(net, features, labels, iterations=40, loss_target=1e-6)
    assert found.reason == "loss"
    assert found.network.forward(features, labels).loss <= 1e-6


def test_the_history_says_what_happened():
    net, x, t = wave(6)
    calls = []
    found = levenberg_marquardt(
        net,
        x,
        t,
        iterations=12,
        weight_decay=1e-3,
        accelerate=False,
        held_out=(x[:9] + 0.1, t[:9]),
        progress=lambda *a: calls.append(a),
    )
    h = found.history
    assert [len(h.train), len(h.held_out), len(h.objective), len(h.gradient), len(h.passes)] == [13] * 5
    assert [len(h.damping), len(h.gain), len(h.step)] == [12] * 3
    assert (np.diff(h.objective) < 0).all()
    assert h.train[0] == net.forward(x, t).loss
    assert h.train[-1] == found.network.forward(x, t).loss
    assert h.held_out[-1] == found.network.forward(x[:9] + 0.1, t[:9]).loss
    assert calls == list(zip(range(1, 13), h.train[1:], h.held_out[1:], strict=True))
    steps = steps_of(PrimalSteps, net, t, 1e-3, x)
    assert math.isclose(h.gradient[0], abs(steps.gradient).max(), rel_tol=1e-12)
    d = steps.step(h.damping[0])
    assert math.isclose(h.step[0], np.linalg.norm(d), rel_tol=1e-9)
    gain = (h.objective[0] - h.objective[1]) / steps.predicted(d, h.damping[0])
    assert math.isclose(h.gain[0], gain, rel_tol=1e-9)
    assert h.passes[0] == 1
    assert h.passes[-1] >= 13
    assert repr(found).endswith("stopped by iterations>")
    assert "\n" not in repr(found)
    assert repr(h).startswith("<LevenbergMarquardtHistory: 12 iterations, train 0.")
    assert ", held out 0." in repr(h)


def test_the_damping_starts_at_the_mean_diagonal_and_follows_nielsen():
    net, x, t = wave(6)
    h = levenberg_marquardt(net, x, t, iterations=40, damping=0.25, accelerate=False).history
    steps = steps_of(PrimalSteps, net, t, 0.0, x)
    A = steps.A.matrix()
    tried = [0.25 * (A**2).sum() / net.size * 2 ** (k * (k + 1) // 2) for k in range(5)]
    assert any(math.isclose(h.damping[0], value, rel_tol=1e-9) for value in tried)
    for used, gain, following in zip(h.damping, h.gain, h.damping[1:], strict=False):
        lowered = used * max(1 / 3, 1 - (2 * min(gain, 1) - 1) ** 3)
        raised = [lowered * 2 ** (k * (k + 1) // 2) for k in range(9)]  # by 2, 4, 8, .. for each refusal
        assert any(math.isclose(following, value, rel_tol=1e-9) for value in raised)


def test_a_step_that_raises_the_loss_is_refused_and_nothing_is_lost():
    net, x, t = wave(6)
    found = levenberg_marquardt(net, x, t, iterations=25, damping=1e-12, accelerate=False)
    assert (np.diff(found.history.train) < 0).all()
    assert found.history.passes[-1] > 26  # some were refused


def test_a_step_out_of_the_finite_numbers_is_refused():
    rise = jp.Activation.from_expression("exp(z)")
    net = jp.Network([jp.Dense.from_arrays([[1.0]], [-9.0], rise)], jp.SquaredError())
    found = levenberg_marquardt(net, [[1.0], [2.0]], [[1.0], [3.0]], damping=1e-9, iterations=100)
    assert found.history.train[-1] < 1e-10
    assert found.history.passes[-1] > len(found.history.step) + 5


REASONS = {
    "iterations": ({"iterations": 3}, "As many iterations as asked for: 3."),
    "gradient": ({"gradient_tolerance": 1e-2}, "The gradient's largest entry is .*, at most 0.01."),
    "loss": ({"loss_target": 0.1}, "The objective is 0.0.*, at most 0.1."),
    "decrease": (
        {"decrease_tolerance": 0.9},
        "Converged: an iteration lowered the objective by .*, no more than",
    ),
    "step": ({"step_tolerance": 0.5}, "The length of a step is .*, at most"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_to_stop(reason):
    options, message = REASONS[reason]
    net, x, t = wave(6)
    found = levenberg_marquardt(net, x, t, **{"iterations": 60} | options)
    assert found.reason == reason
    assert found.message.startswith(message.split(".*")[0])
    assert all(part in found.message for part in message.split(".*"))
    h = found.history
    if reason == "gradient":
        assert h.gradient[-1] <= 1e-2 < min(h.gradient[:-1])
    if reason == "loss":
        assert h.train[-1] <= 0.1 < h.train[-2]
    if reason == "decrease":
        assert h.train[-2] - h.train[-1] <= 0.9 * h.train[-2]
        assert h.gain[-1] >= 0.25


@pytest.mark.parametrize("method", ["primal", "dual"])
def test_where_no_damping_helps_the_search_ends(method):
    class Unknown(jp.SquaredError):
        def hessian(self, x, t):
            return np.full((2, 2), np.nan)

        def hessian_root(self, x, t):
            return np.full((2, 2), np.nan)

    net = jp.Network([jp.Dense(N, 2)], Unknown())
    found = levenberg_marquardt(net, X, REAL, method=method)
    assert found.reason == "damping"
    assert found.message == "No step lowers the objective, however high the damping."
    assert not found.history.step
    np.testing.assert_array_equal(found.network.vector, net.vector)


@pytest.mark.parametrize("method", ["primal", "dual"])
def test_a_square_that_overflows_loses_nothing(method):
    net = jp.Network([jp.Dense(N, 2, init="zero")], jp.SquaredError())
    with np.errstate(all="raise"):
        found = levenberg_marquardt(net, 1e200 * X, REAL, method=method)
    assert found.history.train[-1] <= found.history.train[0]
    assert np.isfinite(found.network.vector).all()


def test_a_minimum_that_nothing_beats_ends_by_the_length_of_a_step():
    class Cliff(jp.SquaredError):
        """Finite at the start alone."""

        def value(self, y, t):
            return np.where(np.any(y, axis=-1), np.inf, super().value(y, t))

        def hessian(self, x, t):
            return np.eye(x.shape[-1])

    net = jp.Network([jp.Dense(N, 2, init="zero")], Cliff())
    found = levenberg_marquardt(net, X, REAL)
    assert found.reason == "step"
    np.testing.assert_array_equal(found.network.vector, net.vector)


def test_a_small_decrease_under_a_high_damping_is_no_reason_to_stop():
    net, T, *_ = market("squared error")
    point = Objective(net, X, T, 0.0, "test").at(net.vector)
    limits = Limits(0.0, 0.0, 1e-3, 0.0)
    before = point.value * (1 + 5e-4)
    assert limits.stalled(before, Iteration(point, 1.0, 0.3, 1.0)).reason == "decrease"
    assert limits.stalled(before, Iteration(point, 1.0, 0.2, 1.0)) is None
    assert limits.stalled(before * 1.01, Iteration(point, 1.0, 0.3, 1.0)) is None


def test_a_damping_never_underflows_to_nothing():
    damping = Damping(1e-307)
    for _ in range(5):
        damping.lower(1.0)
    damping.higher()
    assert damping.value == 2 * np.finfo(float).tiny


def test_no_point_lies_beyond_the_range_of_the_parameters():
    net, x, t = wave(6)
    search = Search(Objective(net.astype(np.float16), x, t, 0.0, "test"), 1.0, "auto", True, "test")
    far = np.full(net.size, 1e5)  # which float16 has no number for; tanh would hide it
    with np.errstate(over="ignore"):
        assert search._at(far) is None
        assert search._bent(1e6 * far) is not None


def test_the_columns_of_other_parameters_are_zero():
    net, T, *_ = market("squared error")
    A = Objective(net, X, T, 0.0, "test").at(net.vector).jacobian
    dense, some = A.matrix(), frozenset({"b1", "W3"})
    kept = np.zeros(net.size, bool)
    for name in some:
        kept[net.slices[name]] = True
    np.testing.assert_array_equal(A.of(some).matrix(), np.where(kept, dense, 0))


def test_a_start_that_is_good_enough_takes_no_step():
    net, x, t = wave(6)
    for options in ({"loss_target": 1e3}, {"gradient_tolerance": 1e3}, {"iterations": 0}):
        found = levenberg_marquardt(net, x, t, **options)
        assert found.history.passes == [1]
        np.testing.assert_array_equal(found.network.vector, net.vector)


# -- what it may meet ----------------------------------------------------------------------------------


def test_the_same_run_twice_and_the_network_as_it_was():
    net, x, t = wave(6)
    before, inputs = net.vector.copy(), (x.copy(), t.copy())
    a, b = (levenberg_marquardt(net, x, t, iterations=20) for _ in range(2))
    assert a.history == b.history
    np.testing.assert_array_equal(a.network.vector, b.network.vector)
    np.testing.assert_array_equal(net.vector, before)
    np.testing.assert_array_equal(x, inputs[0])
    np.testing.assert_array_equal(t, inputs[1])
    assert not np.array_equal(a.network.vector, before)


def test_the_methods_take_the_same_way():
    net, T, *_ = market("cross-entropy")
    runs = [levenberg_marquardt(net, X, T, method=m, iterations=8) for m in ("primal", "dual", "auto")]
    for other in runs[1:]:
        np.testing.assert_allclose(other.history.train, runs[0].history.train, rtol=1e-6)


def test_auto_takes_the_smaller_matrix():
    few, many = RNG.normal(size=(5, 9)), RNG.normal(size=(400, 9))
    net = jp.Network([jp.Dense(9, 8, "tanh"), jp.Dense(8, 2)], jp.SquaredError())
    for x, expected in ((few, "dual"), (many, "primal")):
        point = Objective(net, x, np.zeros((len(x), 2)), 0.0, "test").at(net.vector)
        assert cheaper(point.jacobian) == expected


@pytest.mark.parametrize(("dtype", "within"), [(np.float16, 0.2), (np.float32, 1e-4)])
def test_smaller_floats_stay_what_they_are(dtype, within):
    net, x, t = wave(8)
    small = [array.astype(dtype) for array in (net, x, t)]
    found, double = (levenberg_marquardt(*given, iterations=10) for given in (small, (net, x, t)))
    assert found.network.dtype == dtype
    np.testing.assert_allclose(found.history.train, double.history.train, rtol=within)


@pytest.mark.parametrize("method", ["primal", "dual"])
def test_one_case_counts_as_a_stack_of_one(method):
    net, T, *_ = market("squared error")
    one = levenberg_marquardt(net, X[0], T[0], method=method, iterations=4)
    stack = levenberg_marquardt(net, X[:1], T[:1], method=method, iterations=4)
    np.testing.assert_allclose(one.network.vector, stack.network.vector, rtol=1e-9)


def test_nothing_to_learn():
    net = jp.Network([jp.Softmax()], jp.CrossEntropy())
    found = levenberg_marquardt(net, X, LABELS)
    assert found.reason == "gradient"


OPTIONS = {
    "iterations": ({"iterations": -1}, errors.OptionError, "iterations must be a whole number"),
    "damping": ({"damping": 0}, errors.OptionError, "damping must be a positive number"),
    "huge damping": ({"damping": 10**400}, errors.OptionError, "damping must be a positive number"),
    "decay": ({"weight_decay": -0.1}, errors.OptionError, "weight_decay must be a number"),
    "decay in words": ({"weight_decay": "l2"}, errors.OptionError, "got 'l2'"),
    "bool": ({"gradient_tolerance": True}, errors.OptionError, "gradient_tolerance must be a number"),
    "nan": ({"step_tolerance": math.nan}, errors.OptionError, "step_tolerance must be a number"),
    "infinite": ({"decrease_tolerance": math.inf}, errors.OptionError, "0 or more"),
    "target": ({"loss_target": None}, errors.OptionError, "loss_target must be a number"),
    "method": ({"method": "both"}, errors.OptionError, "unknown method; got 'both'"),
    "method list": ({"method": ["dual"]}, errors.OptionError, "unknown method"),
    "accelerate": ({"accelerate": 1}, errors.OptionError, "accelerate is yes or no"),
    "held out": ({"held_out": X}, errors.OptionError, "held_out is a pair of inputs and targets"),
    "held out misfit": ({"held_out": (X[:, :2], REAL)}, errors.ShapeError, "X has the wrong width"),
    "progress": ({"progress": 3}, errors.OptionError, "progress is called after every iteration"),
}


@pytest.mark.parametrize(("options", "kind", "text"), OPTIONS.values(), ids=OPTIONS)
def test_options_that_mean_nothing_are_refused(options, kind, text):
    net, T, *_ = market("squared error")
    with pytest.raises(kind, match=text):
        levenberg_marquardt(net, X, T, **options)


def with_nan():
    x = X.copy()
    x[2, 1] = np.nan
    return x


ARRAYS = {
    "no network": (lambda: ("net", X, REAL), errors.OptionError, "there is no network"),
    "no loss": (lambda: (jp.Network(layers(2)), X, REAL), errors.MissingTargetError, "has no loss"),
    "no targets": (lambda: (market("squared error")[0], X, None), errors.MissingTargetError, "target"),
    "misfit": (lambda: (market("squared error")[0], X, REAL[:, :1]), errors.ShapeError, "shaped exactly"),
    "nan": (
        lambda: (market("squared error")[0], with_nan(), REAL),
        errors.NonFiniteError,
        "the loss is not finite where the search starts",
    ),
    "too large": (
        lambda: (market("squared error")[0], X, 1e200 * REAL),
        errors.NonFiniteError,
        "the loss is not finite where the search starts; got inf",
    ),
    "no hessian": (
        lambda: (jp.Network(layers(2), type("Bare", (Huber,), {"hessian": jp.Loss.hessian})()), X, REAL),
        errors.UnsupportedLayerError,
        "the loss has no Hessian",
    ),
}


@pytest.mark.parametrize(("arguments", "kind", "text"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit_are_refused(arguments, kind, text):
    with np.errstate(all="raise"), pytest.raises(kind, match=text):
        levenberg_marquardt(*arguments())


def test_expressions_are_refused():
    symbols = np.array([sympy.symbols("x1:4")] * CASES, dtype=object)
    with pytest.raises(errors.DTypeError, match="sympy expressions"):
        levenberg_marquardt(market("squared error")[0], symbols, REAL)


def test_a_matrix_beyond_the_limit_is_refused_before_it_is_made():
    net = jp.Network([jp.Dense(N, 3000), jp.Dense(3000, 2)], jp.SquaredError())
    with pytest.raises(errors.DenseLimitError, match="levenberg_marquardt, primal"):
        levenberg_marquardt(net, X, REAL, method="primal")
    assert levenberg_marquardt(net, X, REAL, iterations=2).history.step  # the dual takes 14 by 14


def test_a_large_jacobian_is_squared_in_pieces(monkeypatch):
    net, T, *_ = market("cross-entropy")
    whole = steps_of(PrimalSteps, net, T, 0.0)._normal
    monkeypatch.setattr("jacobprop.curvature.residual_jacobian._AT_ONCE", 8 * 3 * 2 * net.size)
    pieces = steps_of(PrimalSteps, net, T, 0.0)
    assert pieces.A._whole is None
    np.testing.assert_allclose(pieces._normal, whole, rtol=0, atol=1e-14)
