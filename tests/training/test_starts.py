"""Initial weights: their limits, the symmetry they must break, and the saturation they must not cause."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.training import fit, saturation_report, symmetric_units

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_T = np.array([[0.0], [1.0], [1.0], [0.0]])


def drawn(init, n_in=40, n_out=30, seed=3):
    return jp.Network([jp.Dense(n_in, n_out, "tanh", init=init)], seed=seed).parameters


LIMITS = {
    "glorot": (-np.sqrt(6 / 70), np.sqrt(6 / 70)),
    "he": (-np.sqrt(6 / 40), np.sqrt(6 / 40)),
    "small": (-0.1, 0.1),
    "unit": (-1.0, 1.0),
    "positive": (0.0, 1.0),
}


@pytest.mark.seed("S-22", "D-85", "D-26", "B-48")
@pytest.mark.parametrize("init", LIMITS)
def test_a_start_is_uniform_between_its_limits(init):
    low, high = LIMITS[init]
    W = drawn(init)["W1"]
    u = (np.sort(W.ravel()) - low) / (high - low)
    assert 0 <= u[0] < 0.01
    assert 0.99 < u[-1] <= 1
    steps = np.arange(1, u.size + 1) / u.size
    assert np.abs(u - steps).max() < 1.63 / np.sqrt(u.size)  # Kolmogorov and Smirnov, at 1 %
    assert not drawn(init)["b1"].any()
    assert np.array_equal(W, drawn(init)["W1"])
    assert not np.array_equal(W, drawn(init, seed=4)["W1"])


@pytest.mark.seed("S-22")
def test_constant_and_zero_are_just_that():
    assert (drawn("constant")["W1"] == 0.5).all()
    assert (drawn("zero")["W1"] == 0.0).all()
    assert not np.signbit(drawn("zero")["W1"]).any()


@pytest.mark.seed("S-22")
def test_glorot_keeps_the_variance_in_the_linear_part_and_he_keeps_it_under_relu():
    rng = np.random.default_rng(0)
    for init, activation in (("glorot", "identity"), ("he", "relu")):
        layers = [jp.Dense(300, 300, activation, init=init) for _ in range(6)]
        record = jp.Network(layers, seed=1).forward(rng.normal(size=(40, 300)))
        squares = [(record.activation(k) ** 2).mean() for k in (1, 6)]
        assert 0.6 < squares[1] / squares[0] < 1.6
    six = jp.Network([jp.Dense(300, 300, "relu") for _ in range(6)], seed=1).forward(np.ones((1, 300)))
    assert (six.activation(6) ** 2).mean() < 0.1 * (six.activation(1) ** 2).mean()  # relu wants he


# -- symmetry ------------------------------------------------------------------------------------------------


def xor_net(init, hidden=2, activation="sigmoid"):
    layers = [jp.Dense(2, hidden, activation, init=init), jp.Dense(hidden, 1, "sigmoid", init=init)]
    return jp.Network(layers, jp.SquaredError(), seed=5)


def spread(net):
    """How far the hidden units are from each other: arriving weights, biases and leaving weights."""
    p = net.parameters
    return max(np.ptp(p["W1"], axis=1).max(), np.ptp(p["b1"]), np.ptp(p["W2"], axis=0).max())


@pytest.mark.seed("S-22", "N-10", "E-54", "E-18")
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_units_that_start_equal_stay_equal_for_ever(activation):
    constant, random = xor_net("constant", 2, activation), xor_net("unit", 2, activation)
    trained = fit(constant, XOR, XOR_T, epochs=200, learning_rate=0.5).network
    assert spread(trained) == 0.0
    assert not np.array_equal(trained.vector, constant.vector)  # it learns something, as one unit
    assert spread(fit(random, XOR, XOR_T, epochs=200, learning_rate=0.5).network) > 0.1


@pytest.mark.seed("S-22", "N-10", "E-54")
def test_a_constant_start_trains_as_the_network_of_one_hidden_unit():
    three = fit(xor_net("constant", 3, "tanh"), XOR, XOR_T, epochs=50, learning_rate=0.5).network
    p = {name: array.copy() for name, array in xor_net("constant", 1, "tanh").parameters.items()}
    for _ in range(50):  # one unit with three outputs' worth of delta: its leaving weight counts three times
        h = np.tanh(XOR @ p["W1"] + p["b1"])
        a = 1 / (1 + np.exp(-(3 * h @ p["W2"] + p["b2"])))
        delta2 = (a - XOR_T) * a * (1 - a) / 4
        delta1 = delta2 @ p["W2"].T * (1 - h**2)
        steps = {"W1": XOR.T @ delta1, "b1": delta1.sum(0), "W2": h.T @ delta2, "b2": delta2.sum(0)}
        p = {name: array - 0.5 * steps[name] for name, array in p.items()}
    for unit in range(3):
        assert np.allclose(three.parameters["W1"][:, unit], p["W1"][:, 0], rtol=1e-12)
        assert np.allclose(three.parameters["W2"][unit], p["W2"][0], rtol=1e-12)


@pytest.mark.seed("S-22", "N-10", "E-54")
def test_zero_weights_have_exactly_no_gradient_on_xor():
    for activation in ("sigmoid", "tanh"):
        gradients = xor_net("zero", 2, activation).forward(XOR, XOR_T).gradients()
        assert all((array == 0).all() for array in gradients.values())
    layers = [jp.Dense(2, 3, "tanh", init="zero"), jp.Dense(3, 1, "tanh", init="zero")]
    net = jp.Network(layers, jp.SquaredError())
    signed = net.forward(2 * XOR - 1, 2 * XOR_T - 1)  # the symmetric form: inputs and targets -1 and 1
    assert all((array == 0).all() for array in signed.gradients().values())
    assert np.array_equal(fit(net, 2 * XOR - 1, 2 * XOR_T - 1, epochs=5).network.vector, net.vector)
    lopsided = net.forward(XOR, np.ones((4, 1))).gradients()
    assert lopsided["b2"].any()  # the check can fail


@pytest.mark.seed("E-54", "N-10")
def test_logistic_regression_may_start_at_zero():
    net = jp.Network([jp.Dense(2, 1, "sigmoid", init="zero")], jp.BinaryCrossEntropy())
    T = np.array([[0.0], [1.0], [1.0], [1.0]])  # OR
    run = fit(net, XOR, T, epochs=300, learning_rate=2.0)
    assert ((run.network(XOR) > 0.5) == T).all()
    assert symmetric_units(net) == {}


@pytest.mark.seed("N-10", "S-39")
def test_symmetric_units_are_those_with_equal_weights_on_both_sides():
    W1, b1 = np.array([[1.0, 2.0, 1.0, 1.0], [3.0, 4.0, 3.0, 3.0]]), np.array([0.5, 0.0, 0.5, 0.5])
    W2 = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [9.0, 2.0, 3.0]])

    def net(W1=W1, b1=b1, W2=W2):
        return jp.Network([jp.Dense.from_arrays(W1, b1, "tanh"), jp.Dense.from_arrays(W2)])

    assert symmetric_units(net()) == {1: [(0, 2)]}  # 3 leaves otherwise, 1 arrives otherwise
    assert symmetric_units(net(b1=np.array([0.5, 0.0, 0.25, 0.5]))) == {}
    assert symmetric_units(net(W1=np.ones((2, 4)), b1=None, W2=np.ones((4, 3)))) == {1: [(0, 1, 2, 3)]}
    deep = [jp.Dense(2, 3, "tanh", init="constant"), jp.Dense(3, 5, "tanh"), jp.Dense(5, 2)]
    assert symmetric_units(jp.Network(deep)) == {}  # W2 is random: the first layer's deltas differ
    between = [jp.Dense(2, 3, init="constant"), jp.Dropout(0.5), jp.Dense(3, 2, init="constant")]
    assert symmetric_units(jp.Network(between)) == {}


@pytest.mark.seed("N-10")
def test_what_symmetric_units_finds_stays_so_under_training():
    rng = np.random.default_rng(8)
    W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    W1[:, 2], W2[2] = W1[:, 0], W2[0]
    net = jp.Network(
        [jp.Dense.from_arrays(W1, np.zeros(4), "tanh"), jp.Dense.from_arrays(W2)], jp.SquaredError()
    )
    X, T = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    after = fit(net, X, T, epochs=20, batch_size=3).network.parameters
    assert symmetric_units(net) == {1: [(0, 2)]}
    assert np.allclose(after["W1"][:, 0], after["W1"][:, 2], rtol=1e-13)
    assert not np.allclose(after["W1"][:, 0], after["W1"][:, 1], rtol=1e-3)


# -- saturation ----------------------------------------------------------------------------------------------


@pytest.mark.seed("S-22", "E-28", "B-48")
@pytest.mark.parametrize(("inputs", "share", "mean"), [(13, 0.63, 3.25), (100, 1.0, 25.0)])
def test_weights_from_0_to_1_saturate_and_those_around_0_do_not(inputs, share, mean):
    X = np.random.default_rng(inputs).uniform(0, 1, (200, inputs))
    found = {
        init: saturation_report(jp.Network([jp.Dense(inputs, 60, "sigmoid", init=init)], seed=2), X)[0]
        for init in ("positive", "small", "glorot")
    }
    assert found["positive"].saturated == pytest.approx(share, abs=0.06)
    assert found["positive"].mean_sum == pytest.approx(mean, rel=0.06)  # n/4: the mean of a product is 1/4
    for init in ("small", "glorot"):
        assert found[init].saturated < 0.002
        assert abs(found[init].mean_sum) < 0.5


@pytest.mark.seed("B-48", "S-39")
def test_the_report_counts_sums_whose_slope_is_below_a_share_of_the_largest():
    z = np.array([[0.0, -2.9, 3.0], [1.0, -3.5, 2.8]])
    net = jp.Network([jp.Dense.from_arrays(np.eye(3), None, "sigmoid")])
    line = saturation_report(net, z)[0]
    a = 1 / (1 + np.exp(-z))
    by_output = (a < 0.05) | (a > 0.95)  # the default: within 5 % of a limit
    assert by_output.tolist() == [[False, False, True], [False, True, False]]
    assert line == (1, "sigmoid", by_output.mean(), 0.0, pytest.approx(z.mean()))
    slopes = a * (1 - a)
    for eps in (0.0, 0.15, 0.2, 0.9, 1.0):
        stuck = slopes <= eps * 0.25
        line = saturation_report(net, z, eps)[0]
        assert (line.saturated, line.dead) == (stuck.mean(), stuck.all(axis=0).mean())
    tanh = jp.Network([jp.Dense.from_arrays(np.eye(3), None, "tanh")])
    assert saturation_report(tanh, z / 2)[0].saturated == by_output.mean()  # tanh(z/2) = 2 sigmoid(z) - 1


@pytest.mark.seed("B-48", "H-46")
def test_dead_relu_units_and_thresholds():
    z = np.array([[1.0, -1.0, -2.0, 0.0], [2.0, 3.0, -0.1, -4.0]])
    report = saturation_report(jp.Network([jp.Dense.from_arrays(np.eye(4), None, "relu")]), z)
    assert report[0][2:4] == (5 / 8, 2 / 4)
    step = saturation_report(jp.Network([jp.Dense.from_arrays(np.eye(4), None, "step")]), z)
    assert step[0][2:4] == (1.0, 1.0)


@pytest.mark.seed("B-48")
def test_layers_that_cannot_saturate_are_left_out_and_single_cases_are_welcome():
    layers = [
        jp.Dense(3, 4, "tanh"),
        jp.Dense(4, 5),
        jp.Elementwise("sigmoid"),
        jp.Dropout(0.5),
        jp.Dense(5, 2),
    ]
    report = saturation_report(jp.Network([*layers, jp.Softmax()]), [0.1, 0.2, 0.3])
    assert [(line.layer, line.activation) for line in report] == [(1, "tanh"), (3, "sigmoid")]
    assert len(str(report).splitlines()) == 2
    assert str(saturation_report(jp.Network([jp.Dense(3, 2)]), np.ones(3))) == ("no layer can saturate")


def test_every_named_start_is_documented_and_has_a_test():
    described = jp.Dense.__doc__
    for init in (*LIMITS, "constant", "zero"):
        assert f'"{init}"' in described
    with pytest.raises(jp.errors.UnknownNameError, match="glorot, he, small, unit, positive, constant, zero"):
        jp.Dense(3, 2, init="lecun")


@pytest.mark.parametrize("init", [*LIMITS, "constant", "zero"])
def test_a_start_survives_a_file(init, tmp_path):
    net = jp.Network([jp.Dense(3, 2, "tanh", init=init)], jp.SquaredError())
    again = jp.load(jp.save(net, tmp_path / "net.npz"))
    assert np.array_equal(again.vector, net.vector)
    assert again.layers[0]._init == init
