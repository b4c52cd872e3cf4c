"""Gradients against differences, unrolled; and the seeds' misprints as backward passes that it must catch."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import differences
from jacobprop.network import Network
from jacobprop.training import (
    Adam,
    EarlyStopping,
    check_gradients,
    fit,
    flatten,
    gradient_check,
    unflatten,
)

RNG = np.random.default_rng(24)
X, T = RNG.normal(size=(5, 3)), RNG.uniform(0.1, 0.9, (5, 2))
NETS = {
    "squared": jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2, "sigmoid")], jp.SquaredError()),
    "softmax": jp.Network(
        [jp.Dense(3, 4, "silu", bias=False), jp.Dense(4, 2), jp.Softmax()], jp.CrossEntropy()
    ),
    "sums": jp.Network([jp.Dense(3, 2, "sigmoid")], jp.BinaryCrossEntropy(reduction="sum")),
    "masks": jp.Network(
        [jp.Dense(3, 4, "tanh"), jp.Dropout(0.4), jp.Dense(4, 2)], jp.SquaredError()
    ).in_training(3),
    "batch": jp.Network(
        [jp.Dense(3, 4), jp.BatchNorm(4), jp.Dense(4, 2)], jp.MeanSquaredError()
    ).in_training(),
}


@pytest.mark.seed("S-24", "N-11")
@pytest.mark.parametrize("name", NETS)
def test_vectors_and_arrays_by_name_are_the_same_numbers(name):
    net = NETS[name]
    gradients = net.forward(X, T).gradients()
    vector = flatten(net, gradients)
    assert vector.shape == net.vector.shape
    back = unflatten(net, vector)
    assert list(back) == list(net.parameters)
    for key, array in back.items():
        assert array.shape == net.parameters[key].shape
        assert np.array_equal(array, gradients[key])
        assert np.array_equal(vector[net.slices[key]], gradients[key].ravel())
    assert np.array_equal(flatten(net, dict(reversed(gradients.items()))), vector)
    assert np.array_equal(flatten(net, net.parameters), net.vector)
    step = net.with_vector(net.vector - 0.5 * vector).parameters
    assert all(np.array_equal(step[key], net.parameters[key] - 0.5 * back[key]) for key in step)


@pytest.mark.seed("S-24", "N-11")
@pytest.mark.parametrize("name", NETS)
def test_right_gradients_are_within_1e_7(name):
    net = NETS[name]
    found = check_gradients(net, X, T)
    assert found
    assert found.error < 1e-9
    assert repr(found).startswith("<GradientCheck: holds, relative error ")
    numeric = unflatten(net, found.approximation)
    for key, array in net.forward(X, T).gradients().items():
        assert np.allclose(numeric[key], array, rtol=1e-7, atol=1e-10)
    assert check_gradients(net, X, T, net.forward(X, T).gradients())


@pytest.mark.seed("S-24")
@pytest.mark.parametrize("name", NETS)
def test_a_small_mistake_in_the_lowest_or_the_highest_parameter_is_found(name):
    net = NETS[name]
    right = net.forward(X, T).gradients()
    for key in (next(iter(right)), list(right)[-1]):
        wrong = right | {key: right[key] * (1 + 1e-4)}
        found = check_gradients(net, X, T, wrong)
        assert not found
        assert f"most in {key}" in repr(found)
        total = sum(np.linalg.norm(array) ** 2 for array in right.values()) ** 0.5
        assert found.error == pytest.approx(1e-4 * np.linalg.norm(right[key]) / (2 * total), rel=1e-3)


def test_vanishing_and_broken_gradients():
    zero = jp.Network([jp.Dense(3, 2, "tanh", init="zero"), jp.Dense(2, 2, init="zero")], jp.SquaredError())
    assert check_gradients(zero, X, np.zeros((5, 2)))  # the loss is 0 as well
    balanced = np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert check_gradients(zero, X[:2], balanced)  # the gradient alone is 0
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    best = jp.Network([jp.Dense.from_arrays(np.linalg.lstsq(A, y)[0])], jp.SquaredError())
    assert np.linalg.norm(best.forward(A, y).gradients()["W1"]) < 1e-14  # noise on both sides
    assert check_gradients(best, A, y)
    nan = {key: np.full(array.shape, np.nan) for key, array in zero.parameters.items()}
    assert not check_gradients(zero, X, np.zeros((5, 2)), nan)
    assert "nan" in repr(check_gradients(zero, X, np.zeros((5, 2)), nan))
    single = NETS["squared"].astype(np.float32)
    assert check_gradients(single, X, T)
    assert check_gradients(single, X.astype(np.float32), T.astype(np.float32))
    rounded = single.forward(X.astype(np.float32), T).gradients()
    assert not check_gradients(single, X, T, rounded, tolerance=1e-9)
    assert check_gradients(single, X, T, rounded, tolerance=1e-5)


# -- never while training ----------------------------------------------------------------------------------


@pytest.mark.seed("S-24", "N-12")
def test_fit_never_checks(monkeypatch):
    def refused(*arguments, **options):
        raise AssertionError("a gradient was checked while training")

    for name in ("central_differences", "estimate", "along", "complex_step"):
        monkeypatch.setattr(differences, name, refused)
    monkeypatch.setattr(gradient_check, "central_differences", refused)
    monkeypatch.setattr(gradient_check, "check_gradients", refused)
    passes = []
    forward = Network.forward
    monkeypatch.setattr(Network, "forward", lambda *a, **k: passes.append(1) or forward(*a, **k))
    net = NETS["squared"]
    fit(
        net,
        X,
        T,
        epochs=3,
        batch_size=2,
        optimizer=Adam(),
        l2=1e-3,
        held_out=(X, T),
        early_stopping=EarlyStopping(patience=2),
    )
    assert len(passes) < 3 * net.size  # differences alone take twice as many for each update
    with pytest.raises(AssertionError, match="was checked"):
        check_gradients(net, X, T)  # the switch works


@pytest.mark.seed("N-12")
def test_a_check_costs_eighteen_passes_for_each_parameter(monkeypatch):
    passes = []
    forward = Network.forward
    monkeypatch.setattr(Network, "forward", lambda *a, **k: passes.append(1) or forward(*a, **k))
    check_gradients(NETS["squared"], X, T)
    assert 2 * NETS["squared"].size <= len(passes) <= 18 * NETS["squared"].size + 2


# -- the misprints -----------------------------------------------------------------------------------------

WIDTH = 3
SQUARE = jp.Network(
    [jp.Dense(WIDTH, WIDTH, "tanh"), jp.Dense(WIDTH, WIDTH, "sigmoid"), jp.Dense(WIDTH, WIDTH, "tanh")],
    jp.SquaredError(), seed=6,
)  # fmt: skip
XS, TS = RNG.normal(size=(4, WIDTH)), RNG.normal(size=(4, WIDTH))


def backward(net, X, T, *, sum_by_input=None, weights_from=0, rows_from=0, hidden=1):
    """Backpropagation by hand for half the squared error; the options turn it into a misprint.

    sum_by_input : what d(w . x)/dx is in place of w: "input" is E-22.
    weights_from : 1 takes W_k in place of W_(k+1) on the way down (E-34).
    rows_from : 1 takes y^(k) in place of y^(k-1) for the gradient of W_k (E-31), in layer `hidden`.
    """
    p, depth = net.parameters, len(net.layers)
    y, slopes = [X], []
    for number, layer in enumerate(net.layers, 1):
        z = y[-1] @ p[f"W{number}"] + p[f"b{number}"]
        y.append(layer.activation.value(z))
        slopes.append(layer.activation.derivative(z))
    found, delta = {}, (y[-1] - T) * slopes[-1] / len(X)
    for number in range(depth, 0, -1):
        rows = y[number - 1 + (rows_from if number == hidden else 0)]
        found[f"W{number}"], found[f"b{number}"] = rows.T @ delta, delta.sum(axis=0)
        if number > 1:
            W = p[f"W{number - weights_from}"]
            below = delta.sum(axis=1, keepdims=True) * y[number - 1] if sum_by_input else delta @ W.T
            delta = below * slopes[number - 2]
    return found


MISPRINTS = {
    "E-22": ({"sum_by_input": "input"}, "W1"),
    "E-31": ({"rows_from": 1}, "W1"),
    "E-34": ({"weights_from": 1}, "W1"),
}


@pytest.mark.seed("S-24", "E-22", "E-31", "E-34")
@pytest.mark.parametrize("row", MISPRINTS)
def test_the_seeds_misprints_are_found_in_square_layers_where_no_shape_tells(row):
    assert check_gradients(SQUARE, XS, TS, backward(SQUARE, XS, TS))
    options, spoiled = MISPRINTS[row]
    wrong = backward(SQUARE, XS, TS, **options)
    assert all(array.shape == SQUARE.parameters[name].shape for name, array in wrong.items())
    found = check_gradients(SQUARE, XS, TS, wrong)
    assert not found
    assert found.error > 0.01
    assert found.errors[spoiled] > 0.01
    assert max(found.errors[name] for name in ("W3", "b3")) < 1e-9  # the top layer is right in all three


@pytest.mark.seed("S-24", "E-31", "E-34")
@pytest.mark.parametrize("row", ["E-31", "E-34"])
def test_diagnose_names_what_the_check_only_measures(row):
    answer = jp.diagnose(backward(SQUARE, XS, TS, **MISPRINTS[row][0]), SQUARE.forward(XS, TS))
    assert (answer.ok, answer.kind) == (False, "off_by_one_layer")


@pytest.mark.seed("E-31", "E-34")
def test_in_other_layers_the_shapes_refuse_the_misprints():
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
    assert check_gradients(net, X, T, backward(net, X, T))
    assert backward(net, X, T, rows_from=1)["W1"].shape == (4, 4)
    with pytest.raises(jp.errors.ShapeError, match="parameter W1 keeps its shape"):
        check_gradients(net, X, T, backward(net, X, T, rows_from=1))
    with pytest.raises(ValueError, match="matmul"):
        backward(net, X, T, weights_from=1)
