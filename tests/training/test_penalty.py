"""The penalty l2/2 |W|^2: whose gradient, on which parameters, and what the history keeps."""

import math

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.layers.batch_norm import BatchNorm
from jacobprop.layers.rbf import RBF
from jacobprop.training import Adam, Momentum, fit

RNG = np.random.default_rng(41)
X, T = RNG.normal(size=(7, 3)), RNG.uniform(size=(7, 2)).round()
L2 = 0.37


def network(reduction="mean"):
    layers = [jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2, "sigmoid")]
    return jp.Network(layers, jp.BinaryCrossEntropy(reduction=reduction), seed=2)


def objective(net, l2=L2):
    """J = mean BCE + l2/2 sum of squares of the weights, spelt out."""
    a = net(X)
    bce = -(T * np.log(a) + (1 - T) * np.log(1 - a)).sum(axis=1).mean()
    return bce + l2 / 2 * sum(float((net.parameters[name] ** 2).sum()) for name in ("W1", "W2"))


def differences(function, net, step=1e-6):
    """dJ/dw by central differences, a parameter at a time."""
    found = np.zeros(net.size)
    for k in range(net.size):
        e = step * np.eye(net.size)[k]
        found[k] = (function(net.with_vector(net.vector + e)) - function(net.with_vector(net.vector - e))) / (
            2 * step
        )
    return found


@pytest.mark.seed("N-06", "E-44", "S-21")
def test_a_step_goes_down_the_differences_of_the_penalised_objective():
    net, rate = network(), 0.5
    moved = fit(net, X, T, epochs=1, learning_rate=rate, l2=L2).network
    np.testing.assert_allclose((net.vector - moved.vector) / rate, differences(objective, net), atol=2e-9)
    lambdas = [lambda net: objective(net, 2 * L2), lambda net: objective(net, L2 / len(X))]
    for wrong in lambdas:  # lambda |W|^2 and lambda/(2n) |W|^2 have another gradient
        assert np.abs((net.vector - moved.vector) / rate - differences(wrong, net)).max() > 0.05


@pytest.mark.seed("N-06", "E-44")
def test_it_is_the_accumulators_D_of_the_slide():
    """Delta += a delta over the cases; D = Delta / n + lambda Theta, without lambda for the biases."""
    net = network()
    p, n = net.parameters, len(X)
    accumulated = {"W1": 0.0, "b1": 0.0, "W2": 0.0, "b2": 0.0}
    for x, t in zip(X, T, strict=True):
        a1 = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
        delta2 = 1 / (1 + np.exp(-(a1 @ p["W2"] + p["b2"]))) - t
        delta1 = (p["W2"] @ delta2) * a1 * (1 - a1)
        parts = {"W1": np.outer(x, delta1), "b1": delta1, "W2": np.outer(a1, delta2), "b2": delta2}
        accumulated = {name: accumulated[name] + part for name, part in parts.items()}
    found = fit(net, X, T, epochs=1, learning_rate=1.0, l2=L2).network.parameters
    for name, total in accumulated.items():
        D = total / n + (L2 * p[name] if name[0] == "W" else 0)
        np.testing.assert_allclose(p[name] - found[name], D, rtol=1e-11, atol=1e-14)


@pytest.mark.seed("S-21", "B-49")
def test_only_weights_decay():
    """A layer whose gradient is zero moves by the penalty alone; gains, shifts, centres and widths stay."""
    layers = [jp.Dense(3, 4), BatchNorm(4), RBF(4, 5), jp.Dense(5, 2, init="zero")]
    net = jp.Network(layers, jp.SquaredError(), seed=1)
    start = {name: array + 0.5 for name, array in net.parameters.items() if name not in ("W4", "b4")}
    net = net.with_parameters(start)
    found = fit(net, X, np.zeros((7, 2)), epochs=3, learning_rate=0.1, l2=L2).network
    assert {name[0] for name in net.parameters} > {"W", "b", "C"}
    for name, array in net.parameters.items():
        shrunk = (1 - 0.1 * L2) ** 3 if name[0] == "W" else 1
        np.testing.assert_allclose(found.parameters[name], shrunk * array, rtol=1e-13, atol=1e-15)


@pytest.mark.seed("S-21")
def test_the_history_has_the_loss_without_the_penalty():
    found = fit(network(), X, T, epochs=4, l2=L2, held_out=(X[:2], T[:2]))
    assert found.history.train[0] == network().forward(X, T).loss
    assert found.history.train[-1] == found.network.forward(X, T).loss
    assert found.history.held_out[-1] == found.network.forward(X[:2], T[:2]).loss


@pytest.mark.seed("S-21")
def test_it_ends_where_the_objective_is_least():
    """Ridge regression has a closed form: (X^T X / n + l2) W = X^T T / n, the bias being free."""
    net = jp.Network([jp.Dense(3, 2)], jp.SquaredError())
    found = fit(net, X, T, epochs=2000, learning_rate=0.4, l2=L2, min_gradient=1e-13).network
    Xc, Tc, n = X - X.mean(axis=0), T - T.mean(axis=0), len(X)
    W = np.linalg.solve(Xc.T @ Xc / n + L2 * np.eye(3), Xc.T @ Tc / n)
    np.testing.assert_allclose(found.parameters["W1"], W, rtol=1e-10)
    np.testing.assert_allclose(found.parameters["b1"], T.mean(axis=0) - X.mean(axis=0) @ W, rtol=1e-9)


@pytest.mark.seed("E-15", "S-21")
def test_a_sum_of_m_cases_takes_m_times_the_penalty_at_the_mth_part_of_the_rate():
    options = {"epochs": 4, "batch_size": 7, "seed": 3}
    mean = fit(network("mean"), X, T, learning_rate=0.7, l2=L2, **options).network
    summed = fit(network("sum"), X, T, learning_rate=0.1, l2=7 * L2, **options).network
    np.testing.assert_allclose(summed.vector, mean.vector, rtol=1e-12)


@pytest.mark.parametrize("optimizer", [Momentum(0.9), Adam()], ids=["momentum", "adam"])
def test_an_optimizer_sees_the_gradient_of_the_objective(optimizer):
    net = network()
    found = fit(net, X, T, epochs=1, learning_rate=0.1, l2=L2, optimizer=optimizer).network
    g = differences(objective, net)
    direction = g if isinstance(optimizer, Momentum) else g / (np.abs(g) + 1e-8)
    np.testing.assert_allclose(net.vector - found.vector, 0.1 * direction, atol=1e-7)


def test_no_penalty_is_no_penalty():
    plain, zero = fit(network(), X, T, epochs=3), fit(network(), X, T, epochs=3, l2=0)
    assert np.array_equal(plain.network.vector, zero.network.vector)


@pytest.mark.parametrize("l2", [-0.1, math.nan, math.inf, "0.1", True, None, [0.1], 10**400])
def test_a_penalty_that_means_nothing_is_refused(l2):
    with pytest.raises(
        errors.OptionError, match=r"fit: l2 must be a number; got .*expected 0 or more. Leave it out"
    ):
        fit(network(), X, T, l2=l2)
