"""Rows of the notes that are one line each: what a neuron, a layer, a pass and a delta are."""

import itertools

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.errors import ShapeError


def close(actual, expected, tolerance=1e-12):
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.fixture
def rng():
    return np.random.default_rng(77)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def three_layers(rng):
    """3-4-2 of sigmoids with half squared error, and one case."""
    net = jp.Network([jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2, "sigmoid")], jp.SquaredError())
    net = net.with_vector(rng.normal(size=net.size))
    x, t = rng.normal(size=3), rng.random(2)
    return net, x, t, net.forward(x, t)


# -- one neuron -------------------------------------------------------------------------------------------


@pytest.mark.seed("B-03", "B-04", "D-86")
def test_a_neuron_has_a_weight_for_each_input_and_a_bias(rng):
    d = 5
    assert jp.Network([jp.Dense(d, 1)]).size == d + 1
    without = jp.Network([jp.Dense(d, 1, "sigmoid", bias=False)])
    assert without.size == d
    assert without(np.zeros(d)) == 0.5  # whatever the weights are
    w, b, x = rng.normal(size=(d, 1)), rng.normal(size=1), rng.normal(size=(20, d))
    for name, phi in (("sigmoid", sigmoid), ("step", lambda z: 1.0 * (z > 0)), ("sign", np.sign)):
        close(jp.Network([jp.Dense.from_arrays(w, b, name)])(x), phi(x @ w + b))


@pytest.mark.seed("H-48", "D-10")
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus"])
def test_the_slopes_of_a_neuron_are_those_of_f_times_the_other_factor(name, rng):
    w, x, z = rng.normal(size=(3, 1)), rng.normal(size=3), sympy.Symbol("z", real=True)
    record = jp.Network([jp.Dense.from_arrays(w, None, name)]).forward(x)
    f = {"sigmoid": 1 / (1 + sympy.exp(-z)), "tanh": sympy.tanh(z), "softplus": sympy.log(1 + sympy.exp(z))}
    slope = float(sympy.diff(f[name], z).subs(z, float(x @ w[:, 0])))
    close(record.jacobian("a1", "W1").tensor()[0, :, 0], slope * x)
    close(record.jacobian("a1", "a0").tensor()[0], slope * w[:, 0])


@pytest.mark.seed("D-08", "D-09")
def test_the_gradient_of_half_the_squares_is_errors_times_slopes_of_the_output(rng):
    w, X, t = rng.normal(size=(3, 1)), rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
    record = jp.Network([jp.Dense.from_arrays(w, None, "tanh")], jp.SquaredError(reduction="sum")).forward(
        X, t
    )
    for case, x in enumerate(X):  # sum_id = sum_k w_ik x_kd, with one unit i
        close(record.sum(1)[case, 0], sum(w[k, 0] * x[k] for k in range(3)))
    slopes = record.jacobian("a1", "W1").tensor()[:, 0]
    close(record.gradients()["W1"], ((t - record.output)[..., None] * -slopes).sum(0))


# -- networks ---------------------------------------------------------------------------------------------


@pytest.mark.seed("B-11", "B-12")
def test_a_network_may_have_any_number_of_hidden_layers(rng):
    for widths in ((3, 2), (3, 1, 2), (3, 4, 3, 2)):
        net = jp.Network([jp.Dense(n, m, "tanh") for n, m in itertools.pairwise(widths)])
        x = rng.normal(size=3)
        record = net.forward(x)
        assert [record.activation(k).shape for k in range(len(widths))] == [(m,) for m in widths]
        for k in range(1, len(widths)):
            W, b = net.parameters[f"W{k}"], net.parameters[f"b{k}"]
            x = np.tanh(x @ W + b)
        close(record.output, x)


@pytest.mark.seed("M-01")
def test_a_network_has_no_cycle():
    ahead = jp.Dense(3, 3)
    ahead.inputs = (2,)
    with pytest.raises(ShapeError, match="a layer can read earlier activations only"):
        jp.Network([ahead, jp.Dense(3, 3)])


@pytest.mark.seed("M-02")
def test_a_connection_that_skips_a_layer_is_one_through_units_that_pass_it_on(rng):
    """a1 passes the second layer by identity units; missing edges are weights of 0."""
    W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
    skip = jp.Network(
        [jp.Dense.from_arrays(W1, None, "tanh"), jp.Dense.from_arrays(W2, None, "tanh"), jp.Residual(1)]
    )
    x = rng.normal(size=3)
    a1 = np.tanh(x @ W1)
    both = np.hstack([W2, np.eye(4)])  # tanh for the first four units, identity for the others
    z = a1 @ both
    a2 = np.concatenate([np.tanh(z[:4]), z[4:]])
    close(skip(x), a2 @ np.vstack([np.eye(4), np.eye(4)]))
    assert not np.allclose(np.tanh(z) @ np.vstack([np.eye(4), np.eye(4)]), skip(x))  # tanh alters them


@pytest.mark.seed("H-61", "H-71", "M-07")
def test_the_forward_pass_in_scalars(rng):
    net, x, _, record = three_layers(rng)
    y = [*x]
    for number in (1, 2):
        W, b = net.parameters[f"W{number}"], net.parameters[f"b{number}"]
        z = [b[j] + sum(W[i, j] * y[i] for i in range(len(y))) for j in range(W.shape[1])]
        y = [1 / (1 + np.exp(-value)) for value in z]
        close(record.sum(number), np.array(z))
        close(record.activation(number), np.array(y))


@pytest.mark.seed("B-46", "H-56")
def test_softmax_gives_probabilities_and_keeps_the_largest(rng):
    z = rng.normal(size=(30, 4)) * 5
    p = jp.Network([jp.Softmax()])(z)
    close(p.sum(-1), np.ones(30))
    assert (p > 0).all()
    assert np.array_equal(p.argmax(-1), z.argmax(-1))
    close(p, np.exp(z) / np.exp(z).sum(-1, keepdims=True))


@pytest.mark.seed("H-54")
def test_a_weight_below_a_vector_activation_moves_every_output(rng):
    x = rng.normal(size=3)
    soft = jp.Network([jp.Dense(3, 4), jp.Softmax()]).forward(x).jacobian("a2", "W1").tensor()
    alone = jp.Network([jp.Dense(3, 4, "tanh")]).forward(x).jacobian("a1", "W1").tensor()
    assert np.count_nonzero(soft) == soft.size == 4 * 3 * 4
    assert np.count_nonzero(alone) == 3 * 4


@pytest.mark.seed("B-37")
def test_activations_below_can_be_found_where_f_and_weights_can_be_inverted(rng):
    """Into more units than there are below, yes; into fewer, several activations give the same."""
    y = rng.random(3)
    W, b = rng.normal(size=(3, 5)), rng.normal(size=5)
    a = jp.Network([jp.Dense.from_arrays(W, b, "sigmoid")])(y)
    close((np.log(a / (1 - a)) - b) @ np.linalg.pinv(W), y, 1e-9)
    fewer = jp.Network([jp.Dense.from_arrays(W[:, :2], b[:2], "sigmoid")])
    silent = np.linalg.svd(W[:, :2].T)[2][-1]  # no weight sees it
    close(fewer(y + silent), fewer(y))


# -- the backward pass ------------------------------------------------------------------------------------


class Counted(jp.Dense):
    """A Dense layer that counts its forward passes."""

    calls = 0

    def forward(self, params, inputs):
        type(self).calls += 1
        return super().forward(params, inputs)


@pytest.mark.seed("D-02", "H-62")
def test_the_backward_pass_needs_nothing_but_what_the_forward_pass_has_kept(rng):
    net = jp.Network([Counted(3, 4, "tanh"), Counted(4, 2)], jp.SquaredError())
    X = rng.normal(size=(5, 3))
    record = net.forward(X, rng.normal(size=(5, 2)))
    passes = Counted.calls
    first = record.gradients()
    X[:] = np.nan  # the record has its own
    again = record.jacobians("L")
    assert Counted.calls == passes == 2
    for name, gradient in first.items():
        close(again[name].tensor().mean(0), gradient)


@pytest.mark.seed("H-68", "H-69", "M-22", "N-02")
def test_the_backward_pass_in_scalars(rng):
    """For k from the last layer down: across f, by the weights, and a weighted combination of the deltas."""
    net, x, t, record = three_layers(rng)
    y = {0: x, 1: record.activation(1), 2: record.output}
    dy = [y[2][j] - t[j] for j in range(2)]
    for k in (2, 1):
        W = net.parameters[f"W{k}"]
        n, m = W.shape
        dz = [dy[j] * y[k][j] * (1 - y[k][j]) for j in range(m)]
        close(record.jacobian("L", f"z{k}").tensor(), np.array(dz))
        dW = [[y[k - 1][i] * dz[j] for j in range(m)] for i in range(n)]
        close(record.gradients()[f"W{k}"], np.array(dW))
        dy = [sum(W[i, j] * dz[j] for j in range(m)) for i in range(n)]
        close(record.jacobian("L", f"a{k - 1}").tensor(), np.array(dy))


@pytest.mark.seed("M-12", "M-13", "M-03", "H-50")
def test_delta_is_what_moving_a_sum_does_to_the_loss(rng):
    """A bias moves the sum of its unit and nothing else, so that dL/db is delta, along all paths at once."""
    net, x, t, record = three_layers(rng)
    step = 1e-6
    for number in (1, 2):
        b = net.parameters[f"b{number}"]
        moved = []
        for j in range(len(b)):
            up, down = (
                net.with_parameters({f"b{number}": b + sign * step * np.eye(len(b))[j]}) for sign in (1, -1)
            )
            there = up.forward(x, t)
            close(there.sum(number) - record.sum(number), step * np.eye(len(b))[j], 1e-9)
            moved.append((there.loss - down.forward(x, t).loss) / (2 * step))
        close(record.jacobian("L", f"z{number}").tensor(), np.array(moved), 1e-8)
        close(record.gradients()[f"b{number}"], np.array(moved), 1e-8)


@pytest.mark.seed("N-01", "N-03", "E-42")
def test_blame_is_passed_back_by_the_weights_and_is_no_share(rng):
    """Theta_ij delta_i of all units above adds up to dcost/da, which lacks g' and is not normalised."""
    net, _, _, record = three_layers(rng)
    delta = record.jacobian("L", "z2").tensor()
    blame = net.parameters["W2"] * delta  # of unit i below for unit j above
    close(blame.sum(1), record.jacobian("L", "a1").tensor())
    assert not np.allclose(blame.sum(1), record.jacobian("L", "z1").tensor())
    close(blame.sum(1) * sigmoid(record.sum(1)) * (1 - sigmoid(record.sum(1))), record.gradients()["b1"])
    assert not np.allclose(blame.sum(0), delta)


@pytest.mark.seed("M-23")
def test_an_epoch_is_one_pass_in_as_many_updates_as_there_are_minibatches(rng):
    net = jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError())
    X, T = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    by_hand = net
    for start in (0, 4, 8):
        gradients = by_hand.forward(X[start : start + 4], T[start : start + 4]).gradients()
        by_hand = by_hand.with_parameters(
            {name: array - 0.2 * gradients[name] for name, array in by_hand.parameters.items()}
        )
    trained = jp.fit(net, X, T, epochs=1, learning_rate=0.2, batch_size=4, shuffle=False).network
    close(trained.vector, by_hand.vector)
