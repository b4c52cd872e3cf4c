"""What the seeds say of training, each statement as a test of `fit`."""

import itertools

import numpy as np
import pytest
import scipy.optimize

import jacobprop as jp
from jacobprop.training import Adam, InverseTimeDecay, fit

RNG = np.random.default_rng(77)
N, M = 3, 2
X, T = RNG.normal(size=(8, N)), RNG.uniform(0.1, 0.9, (8, M))
CASES = len(X)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(reduction="mean", hidden=4):
    layers = [jp.Dense(N, hidden, "sigmoid"), jp.Dense(hidden, M, "sigmoid")]
    return jp.Network(layers, jp.SquaredError(reduction=reduction), seed=5)


def gradient(net, x=X, t=T):
    found = net.forward(x, t).gradients()
    return np.concatenate([found[name].ravel() for name in net.parameters])


def descent(net, x, t, rate=1.0, **options):
    """-gradient, read off one step of fit."""
    return (fit(net, x, t, epochs=1, learning_rate=rate, **options).network.vector - net.vector) / rate


def differences(loss, net, step=1e-6):
    found = np.zeros(net.size)
    for k, e in enumerate(step * np.eye(net.size)):
        found[k] = (loss(net.with_vector(net.vector + e)) - loss(net.with_vector(net.vector - e))) / (
            2 * step
        )
    return found


# -- the update -------------------------------------------------------------------------------------------


@pytest.mark.seed("D-14", "S-11")
@pytest.mark.parametrize("activation", ["identity", "sigmoid"])
def test_the_batch_gradient_of_one_layer_is_the_slides_formula_and_the_differences(activation):
    """dE_i/dw_ij = -sum_d (t_id - o_id) f'(sum_id) x_jd, with f' = 1 or o (1 - o)."""
    net = jp.Network([jp.Dense(N, M, activation, bias=False)], jp.SquaredError(reduction="sum"), seed=3)
    W = net.parameters["W1"]
    o = X @ W if activation == "identity" else sigmoid(X @ W)
    slope = np.ones_like(o) if activation == "identity" else o * (1 - o)
    slide = np.zeros((N, M))
    for d, i, j in itertools.product(range(CASES), range(M), range(N)):
        slide[j, i] += -(T[d, i] - o[d, i]) * slope[d, i] * X[d, j]
    moved = descent(net, X, T)
    np.testing.assert_allclose(moved, -slide.ravel(), rtol=1e-12)
    np.testing.assert_allclose(moved, -differences(lambda net: net.forward(X, T).loss, net), atol=2e-9)


@pytest.mark.seed("D-25", "H-59")
def test_every_arc_moves_by_eta_delta_o():
    """dw_ij = -eta delta_id o_jd for all arcs into i, in both layers, after each case."""
    net, eta = network("sum"), 0.3
    for x, t in zip(X, T, strict=True):
        W2 = net.parameters["W2"]
        hidden = sigmoid(x @ net.parameters["W1"] + net.parameters["b1"])
        output = sigmoid(hidden @ W2 + net.parameters["b2"])
        delta2 = (output - t) * output * (1 - output)
        delta1 = (
            np.array([sum(W2[j, k] * delta2[k] for k in range(M)) for j in range(4)]) * hidden * (1 - hidden)
        )
        after = fit(net, x[None], t[None], epochs=1, learning_rate=eta).network
        for number, delta, below in ((1, delta1, x), (2, delta2, hidden)):
            moved = after.parameters[f"W{number}"] - net.parameters[f"W{number}"]
            np.testing.assert_allclose(moved, -eta * below[:, None] * delta, rtol=1e-9, atol=1e-15)
            shift = after.parameters[f"b{number}"] - net.parameters[f"b{number}"]
            np.testing.assert_allclose(shift, -eta * delta, rtol=1e-9, atol=1e-15)
        net = after


@pytest.mark.seed("D-15", "D-16", "S-20")
def test_incremental_training_makes_an_update_for_each_case_and_batch_training_one():
    for size, updates in ((None, 1), (1, CASES), (3, 3)):
        assert fit(network(), X, T, epochs=5, batch_size=size).state.updates == 5 * updates


@pytest.mark.seed("D-06")
@pytest.mark.parametrize("seed", range(5))
def test_a_line_search_down_the_gradient_finds_a_rate_that_lowers_the_error(seed):
    net = jp.Network([jp.Dense(N, 6, "tanh", init="unit"), jp.Dense(6, M)], jp.SquaredError(), seed=seed)
    rate, length = 64.0, float(gradient(net) @ gradient(net))
    for _ in range(30):
        before, after = fit(net, X, T, epochs=1, learning_rate=rate).history.train
        if after <= before - 0.5 * rate * length:
            break
        rate /= 2
    assert after < before
    assert 1e-3 < rate < 64
    uphill = net.with_vector(net.vector + rate * gradient(net))
    assert uphill.forward(X, T).loss > before


# -- mean and sum -----------------------------------------------------------------------------------------


@pytest.mark.seed("M-10", "M-11")
def test_the_mean_of_the_gradients_of_the_cases_is_the_gradient():
    net = network("mean")
    alone = [descent(net, x[None], t[None]) for x, t in zip(X, T, strict=True)]
    np.testing.assert_allclose(np.mean(alone, axis=0), descent(net, X, T), rtol=1e-11, atol=1e-15)
    summed = network("sum")
    alone = [descent(summed, x[None], t[None]) for x, t in zip(X, T, strict=True)]
    np.testing.assert_allclose(np.sum(alone, axis=0), descent(summed, X, T), rtol=1e-11, atol=1e-15)
    losses = [net.forward(x, t).loss for x, t in zip(X, T, strict=True)]
    assert net.forward(X, T).loss == pytest.approx(np.mean(losses), rel=1e-13)


@pytest.mark.seed("M-11", "D-19")
@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_minibatch_gradient_is_right_on_average(size):
    """Over all minibatches of a size, each as likely, the mean is the gradient; a single one is not."""
    net = network()
    every = [
        descent(net, X[list(chosen)], T[list(chosen)])
        for chosen in itertools.combinations(range(CASES), size)
    ]
    np.testing.assert_allclose(np.mean(every, axis=0), -gradient(net), rtol=1e-10, atol=1e-15)
    assert np.abs(every[0] + gradient(net)).max() > 1e-3


@pytest.mark.seed("E-15", "S-20")
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_eta_of_a_sum_is_eta_of_a_mean_over_the_batch_size(size):
    options = {"epochs": 6, "batch_size": size, "seed": 1}
    mean = fit(network("mean"), X, T, learning_rate=0.8, **options)
    summed = fit(network("sum"), X, T, learning_rate=0.8 / size, **options)
    np.testing.assert_allclose(summed.network.vector, mean.network.vector, rtol=1e-12)
    np.testing.assert_allclose(np.array(summed.history.train) / CASES, mean.history.train, rtol=1e-12)


@pytest.mark.seed("E-16", "D-17")
@pytest.mark.parametrize(("reduction", "times"), [("sum", 1), ("mean", CASES)])
def test_how_much_farther_incremental_training_goes_depends_on_the_reduction(reduction, times):
    """To first order in eta: with sums an epoch goes equally far, with means n times as far."""
    net, eta = network(reduction), 1e-6
    batch = descent(net, X, T, eta)
    incremental = descent(net, X, T, eta, batch_size=1)
    np.testing.assert_allclose(incremental, times * batch, rtol=1e-4, atol=1e-7)
    assert np.linalg.norm(incremental) / np.linalg.norm(batch) == pytest.approx(times, rel=1e-5)


@pytest.mark.seed("B-43")
def test_errors_of_opposite_sign_do_not_cancel():
    """Two errors of -1 and 1 have the mean 0: the loss of it would be 0, and nothing would be learnt."""
    net = jp.Network([jp.Dense(1, 1, init="zero")], jp.SquaredError())
    x, t = np.array([[1.0], [-1.0]]), np.array([[1.0], [-1.0]])
    assert (net(x) - t).mean() == 0
    found = fit(net, x, t, epochs=200, learning_rate=0.3)
    assert found.history.train[0] == 0.5
    assert found.history.train[-1] < 1e-20
    assert found.network.parameters["W1"][0, 0] == pytest.approx(1)


@pytest.mark.seed("H-58", "H-59")
def test_the_error_is_the_mean_divergence_and_its_derivative_a_row():
    """Div = 1/2 |y - d|^2 with dDiv/dy_i = y_i - d_i, and Err = 1/T sum of Div."""
    net = network()
    record = net.forward(X, T)
    np.testing.assert_allclose(record.J_N.matrix()[:, 0], record.output - T, rtol=1e-14)
    assert record.J_N.shape == (CASES, 1, M)
    divergences = [
        0.5 * sum((y - d) ** 2 for y, d in zip(*pair, strict=True)) for pair in zip(net(X), T, strict=True)
    ]
    assert fit(net, X, T, epochs=0).history.train == [pytest.approx(sum(divergences) / CASES, rel=1e-13)]


# -- the loops --------------------------------------------------------------------------------------------


@pytest.mark.seed("N-08", "H-80", "B-44")
def test_the_loop_of_the_slides_until_the_error_has_converged():
    """D = 0; for each case D += its gradient; Theta -= alpha D / n; until converged or max epochs."""
    net, alpha, most, enough = network(), 0.5, 50, 2e-4
    start, errors = net, [net.forward(X, T).loss]
    for _ in range(most):
        D = np.zeros(net.size)
        for x, t in zip(X, T, strict=True):
            D += gradient(net, x, t)
        net = net.with_vector(net.vector - alpha * D / CASES)
        errors.append(net.forward(X, T).loss)
        if abs(errors[-1] - errors[-2]) < enough:
            break
    assert 2 < len(errors) < most
    found = fit(start, X, T, epochs=most, learning_rate=alpha, min_change=enough)
    np.testing.assert_allclose(found.history.train, errors, rtol=1e-11)
    np.testing.assert_allclose(found.network.vector, net.vector, rtol=1e-10)
    assert np.abs(start.vector).max() > 0.1  # the weights are drawn, not 0
    capped = fit(start, X, T, epochs=2, learning_rate=alpha, min_change=enough)
    assert len(capped.history.train) == 3


@pytest.mark.seed("H-53")
def test_the_loop_with_a_rate_for_each_step_and_both_of_its_ends():
    """while norm(grad) > eps: x <- x - eta^k grad, on a parabola where every step is known."""
    net = jp.Network([jp.Dense.from_arrays([[5.0]])], jp.SquaredError())  # L = (w - 1)^2 / 2
    schedule = InverseTimeDecay(0.5, 0.1)
    w, errors = 5.0, [8.0]
    while abs(w - 1) > 1e-3:
        w -= 0.5 / (1 + 0.1 * (len(errors) - 1)) * (w - 1)
        errors.append((w - 1) ** 2 / 2)
    found = fit(net, [[1.0]], [[1.0]], epochs=500, learning_rate=schedule, min_gradient=1e-3)
    np.testing.assert_allclose(found.history.train, errors, rtol=1e-10)
    by_change = fit(net, [[1.0]], [[1.0]], epochs=500, learning_rate=schedule, min_change=1e-3)
    first = next(k for k in range(1, len(errors)) if abs(errors[k] - errors[k - 1]) <= 1e-3)
    assert len(by_change.history.train) == first + 1


@pytest.mark.seed("N-14")
def test_the_six_steps():
    """Draw the weights, forward, cost, backpropagation, check the gradient once, descend without checks."""
    layers = [jp.Dense(2, 3, "sigmoid", init="unit"), jp.Dense(3, 1, "sigmoid", init="unit")]
    net = jp.Network(layers, jp.BinaryCrossEntropy(), seed=1)
    x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [0], [0], [1.0]])
    assert len(set(net.parameters["W1"].ravel())) == 6
    record = net.forward(x, t)
    a = net(x)
    assert record.loss == pytest.approx(-(t * np.log(a) + (1 - t) * np.log(1 - a)).mean(), rel=1e-13)
    assert jp.check(net, x, t)
    found = fit(net, x, t, epochs=300, learning_rate=0.05, optimizer=Adam())
    assert np.array_equal(found.network(x) > 0.5, t == 1)
    assert found.history.train[-1] < 0.2 * found.history.train[0]


# -- what is learnt ---------------------------------------------------------------------------------------


@pytest.mark.seed("H-47")
def test_one_sigmoid_unit_is_logistic_regression():
    """Its fit by cross-entropy has the likelihood's maximum, as another optimiser finds it."""
    x = np.concatenate([RNG.normal(-0.6, 1, (40, 2)), RNG.normal(0.6, 1, (40, 2))])
    t = np.repeat([[0.0], [1.0]], 40, axis=0)

    def minus_log_likelihood(w):
        z = x @ w[:2] + w[2]
        return float(np.logaddexp(0, z).sum() - t[:, 0] @ z)

    best = scipy.optimize.minimize(minus_log_likelihood, np.zeros(3), method="BFGS", options={"gtol": 1e-7})
    net = jp.Network([jp.Dense(2, 1, "sigmoid")], jp.BinaryCrossEntropy())
    found = fit(net, x, t, epochs=3000, learning_rate=1.5, min_gradient=1e-9)
    np.testing.assert_allclose(found.network.vector, best.x, rtol=1e-5)
    assert found.history.train[-1] * 80 == pytest.approx(best.fun, rel=1e-10)
    posterior = 1 / (1 + np.exp(-(x @ best.x[:2] + best.x[2])))
    np.testing.assert_allclose(found.network(x)[:, 0], posterior, atol=1e-5)


DIGITS = """
### .#. ### ### #.# ### ### ### ### ###
#.# ##. ..# ..# #.# #.. #.. ..# #.# #.#
#.# .#. ### ### ### ### ### .#. ### ###
#.# .#. #.. ..# ..# ..# #.# .#. #.# ..#
### ### ### ### ..# ### ### .#. ### ###
"""


@pytest.mark.seed("H-57")
def test_pairs_of_an_image_and_a_label_teach_a_detector_and_a_classifier():
    """The slide's tasks: (5, 0) (2, 1) tells twos from other digits; (digit, class) tells them all apart."""
    rows = [row.split() for row in DIGITS.split("\n") if row]
    images = np.array(
        [[[c == "#" for c in row[digit]] for row in rows] for digit in range(10)], float
    ).reshape(10, 15)
    noisy = np.clip(images[:, None] + RNG.normal(0, 0.1, (10, 3, 15)), 0, 1).reshape(30, 15)
    digits = np.repeat(np.arange(10), 3)
    detector = jp.Network([jp.Dense(15, 1, "sigmoid")], jp.BinaryCrossEntropy())
    is_two = (digits == 2)[:, None].astype(float)
    found = fit(detector, noisy, is_two, epochs=150, learning_rate=0.1, optimizer=Adam()).network
    assert np.array_equal(found(images)[:, 0] > 0.5, np.arange(10) == 2)
    classifier = jp.Network([jp.Dense(15, 10), jp.Softmax()], jp.CrossEntropy())
    found = fit(classifier, noisy, digits, epochs=150, learning_rate=0.1, optimizer=Adam()).network
    assert np.array_equal(found(images).argmax(axis=1), np.arange(10))
