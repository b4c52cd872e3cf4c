"""Rows about training that belong to no single part: what a divergence is, empirical risk, kinks and ties."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import elementary
from jacobprop.differences import central_differences

RNG = np.random.default_rng(18)


def simplex(shape):
    p = RNG.exponential(size=shape)
    return p / p.sum(axis=-1, keepdims=True)


def interval(shape):
    return RNG.uniform(0.02, 0.98, shape)


def log_simplex(shape):
    return np.log(simplex(shape))


def anywhere(shape):
    return RNG.normal(size=shape) * 3


LOSSES = {
    "squared": (jp.SquaredError(), anywhere, anywhere, lambda t: t),
    "mean squared": (jp.MeanSquaredError(), anywhere, anywhere, lambda t: t),
    "binary": (jp.BinaryCrossEntropy(), interval, interval, lambda t: t),
    "categorical": (jp.CrossEntropy(), simplex, simplex, lambda t: t),
    "log-likelihood": (jp.NegativeLogLikelihood(), log_simplex, simplex, np.log),
}
"""Each loss with its outputs, its targets, and the output that equals a target."""
SHAPE = (300, 4)


def test_no_loss_is_left_out():
    def below(kind):
        return {kind} | {loss for child in kind.__subclasses__() for loss in below(child)}

    public = {kind for kind in below(jp.Loss) if kind is getattr(jp, kind.__name__, None)} - {jp.Loss}
    assert {type(loss) for loss, *_ in LOSSES.values()} == public


@pytest.mark.seed("S-18", "H-38")
@pytest.mark.parametrize("name", LOSSES)
def test_a_divergence_is_0_where_output_and_target_are_equal_and_positive_elsewhere(name):
    """div(y, t) = L(y, t) - L(t, t): squared errors themselves, Kullback and Leibler's for the others.

    Cross-entropies of soft targets do not reach 0: their least value L(t, t) is the targets' entropy.
    """
    loss, outputs, targets, equal = LOSSES[name]
    y, t = outputs(SHAPE), targets(SHAPE)
    least = loss.value(equal(t), t)
    assert (loss.value(y, t) >= 0).all()
    assert (loss.value(y, t) - least > 0).all()
    near = equal(t) + 1e-3 * (y - equal(t))
    near = np.log(t + 1e-3 * (np.exp(y) - t)) if name == "log-likelihood" else near
    assert (loss.value(near, t) - least > 0).all()
    if name in ("squared", "mean squared"):
        assert (least == 0).all()
    elif name == "binary":
        entropy = -(t * np.log(t) + (1 - t) * np.log1p(-t)).sum(axis=-1)
        assert np.allclose(least, entropy, rtol=1e-12)
        assert (entropy > 0).all()
    else:
        entropy = -(t * np.log(t)).sum(axis=-1)
        assert np.allclose(least, entropy, rtol=1e-12)
        assert (entropy > 0).all()


@pytest.mark.seed("S-18", "H-38")
@pytest.mark.parametrize("name", ["binary", "categorical", "log-likelihood"])
def test_of_hard_targets_a_cross_entropy_is_0_where_all_are_right_and_nowhere_else(name):
    loss, outputs, _, equal = LOSSES[name]
    t = np.eye(4)[RNG.integers(0, 4, 50)] if name != "binary" else RNG.integers(0, 2, (50, 4)).astype(float)
    with np.errstate(divide="ignore"):
        assert (loss.value(equal(t), t) == 0).all()
    assert (loss.value(outputs((50, 4)), t) > 0).all()


@pytest.mark.seed("S-18")
@pytest.mark.parametrize("name", LOSSES)
def test_the_row_of_a_loss_is_its_gradient_and_vanishes_at_the_target(name):
    loss, outputs, targets, equal = LOSSES[name]
    y, t = outputs((7, 3)), targets((7, 3))
    for case in range(7):
        step = 0.01 if name in ("binary", "categorical") else None  # probabilities end at 0
        numeric = central_differences(lambda x, c=case: loss.value(x, t[c]), y[case], step)
        assert np.allclose(loss.row(y, t)[case], numeric, rtol=1e-8, atol=1e-9)
    if name in ("squared", "mean squared", "binary"):
        assert np.abs(loss.row(equal(t), t)).max() < 1e-14
    else:  # among probabilities: by the sums, where they cannot leave the simplex
        assert np.abs(loss.head_row(np.log(t), t)).max() < 1e-15
    assert not np.allclose(2 * loss.row(y, t)[-1], numeric, rtol=1e-3)


# -- empirical risk ------------------------------------------------------------------------------------------


def line(w):
    """f(x; w) = w x under half the squared error."""
    return jp.Network([jp.Dense.from_arrays([[w]])], jp.SquaredError())


def expected(w):
    """E[1/2 (w x - x^2)^2] for x uniform in [0, 1]."""
    return (w**2 / 3 - w / 2 + 1 / 5) / 2


@pytest.mark.seed("H-51", "H-52", "S-18")
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_mean_over_samples_comes_to_the_expected_divergence(noise):
    """Err(W) = 1/N sum div(f(X_i; W), d_i), with d = g(X) + noise: its variance is a part of it."""
    errors = []
    for cases in (100, 10_000, 400_000):
        X = np.random.default_rng(cases).uniform(0, 1, (cases, 1))
        d = X**2 + noise * np.random.default_rng(1).normal(size=X.shape)
        record = line(0.4).forward(X, d)
        off = abs(record.loss - expected(0.4) - noise**2 / 2)
        assert off < 4 * record.losses.std() / np.sqrt(cases)
        errors.append(off)
    assert errors[-1] < 3e-4
    assert abs(expected(0.4) - expected(0.75)) > 0.01  # which the error could hide


@pytest.mark.seed("H-51", "H-52")
def test_minimising_the_empirical_risk_comes_to_the_minimiser_of_the_expected_one():
    """argmin_w E[1/2 (w x - x^2)^2] = E[x^3] / E[x^2] = 3/4, although no w makes it 0."""
    X = np.random.default_rng(3).uniform(0, 1, (20_000, 1))
    found = jp.fit(line(0.0), X, X**2, epochs=60, learning_rate=1.0)
    assert found.network.parameters["W1"][0, 0] == pytest.approx(0.75, abs=0.01)
    assert found.history.train[-1] == pytest.approx(expected(0.75), rel=0.05)
    assert expected(0.75) > 0.005


@pytest.mark.seed("H-38")
def test_a_network_with_the_capacity_comes_to_a_divergence_of_0():
    X = np.random.default_rng(4).uniform(0, 1, (50, 1))
    found = jp.fit(line(0.0), X, 0.75 * X, epochs=120, learning_rate=1.0)
    assert found.network.parameters["W1"][0, 0] == pytest.approx(0.75, abs=1e-12)
    assert found.history.train[-1] < 1e-24


# -- kinks and ties ------------------------------------------------------------------------------------------


@pytest.mark.seed("S-19", "E-29")
@pytest.mark.parametrize(("at_kink", "slope"), [("left", 0.0), ("right", 1.0), ("middle", 0.5), (0.25, 0.25)])
def test_relu_of_0_has_the_slope_that_it_is_given(at_kink, slope):
    """Seed 002 says 1; libraries take 0, softplus tends to 1/2; all from 0 to 1 are subgradients."""
    f = jp.activations.get("relu", at_kink=at_kink)
    z = np.array([-1.0, -0.0, 0.0, 1.0])
    assert f.derivative(z).tolist() == [0.0, slope, slope, 1.0]
    value, derivative = np.empty(4), np.empty(4)
    f.into(z, value, derivative)
    assert derivative.tolist() == [0.0, slope, slope, 1.0]
    net = jp.Network([jp.Dense.from_arrays(np.eye(4), None, f)], jp.SquaredError())
    record = net.forward(z, np.full(4, -1.0))
    assert np.diag(record.layer(1).J_Sum.matrix()).tolist() == [0.0, slope, slope, 1.0]
    assert record.gradients()["W1"][0].tolist() == (-1 * np.array([0.0, slope, slope, 2.0])).tolist()
    assert (f.from_output is None) == (at_kink != "left")  # the output 0 does not say which side it is from


@pytest.mark.seed("S-19", "E-45")
@pytest.mark.parametrize(("name", "below", "above"), [("step", 0.0, 1.0), ("sign", -1.0, 1.0)])
@pytest.mark.parametrize("at_kink", ["left", "right", "middle"])
def test_a_tie_of_a_threshold_goes_where_it_is_told(name, below, above, at_kink):
    """> 0 of the perceptron is "left", >= 0 of the half-space and of ADALINE "right"."""
    tie = {"left": below, "right": above, "middle": (below + above) / 2}[at_kink]
    f = jp.activations.get(name, at_kink=at_kink)
    z = np.array([[-5e-324, 0.0, -0.0, 5e-324]])
    assert f.value(z).tolist() == [[below, tie, tie, above]]
    net = jp.Network([jp.Dense.from_arrays(np.eye(4), None, f)])
    assert net(z).tolist() == [[below, tie, tie, above]]
    assert not net.forward(z).layer(1).J_Sum.matrix().any()  # no gradient passes, wherever ties go


@pytest.mark.seed("S-19")
def test_log_softmax_is_the_jacobian_that_is_not_symmetric():
    """da_i/dz_j = delta_ij - p_j: J differs from its transpose, unlike J^soft."""
    z = np.array([0.3, -1.2, 2.0])
    J = jp.Network([jp.LogSoftmax()]).forward(z).jacobian("a1", "a0").matrix()
    p = np.exp(z) / np.exp(z).sum()
    assert np.allclose(J, np.eye(3) - p, rtol=1e-13)
    assert np.abs(J - J.T).max() > 0.5
    soft = jp.Network([jp.Softmax()]).forward(z).jacobian("a1", "a0").matrix()
    assert np.allclose(soft, soft.T, rtol=1e-15)
    assert np.allclose(elementary.softmax(z)[0], p, rtol=1e-14)
