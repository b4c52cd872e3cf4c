"""Every finding: a task in which it is found, and a near one in which it is not."""

import json
import re

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.training import (
    Finding,
    MinMaxScaler,
    default_architecture,
    encode_targets,
    fit,
    one_hot,
    validate,
)

RNG = np.random.default_rng(87)
X = RNG.uniform(-1, 1, (60, 3))
LABELS = RNG.integers(0, 3, 60)
T = encode_targets(one_hot(LABELS, 3))


def net(hidden="tanh", top="sigmoid", loss=None, inputs=3, width=4, outputs=3, init="glorot", extra=()):
    layers = [jp.Dense(inputs, width, hidden, init=init), jp.Dense(width, outputs, top), *extra]
    return jp.Network(layers, loss or jp.SquaredError(), seed=1)


def softmax_net(top="identity", hidden="tanh", outputs=3):
    return net(hidden, top, jp.CrossEntropy(), extra=[jp.Softmax()], outputs=outputs)


STEEP = jp.Activation.from_expression("z*exp(-z**2)")
WIDE = X * [1.0, 5.0, 0.1]
MISSING = np.where(X > 0.8, np.nan, X)

FOUND = {
    "targets above a sigmoid": ("target_range", net(), X, T * 2, {}),
    "targets below a sigmoid": ("target_range", net(), X, -T, {}),
    "targets outside of tanh": ("target_range", net(top="tanh"), X, T * 1.5, {}),
    "negative targets for relu": ("target_range", net(top="relu"), X, T - 0.5, {}),
    "targets outside of a bump": ("target_range", net(top=STEEP), X, T, {}),
    "targets 0 and 1": ("target_limit", net(), X, one_hot(LABELS, 3), {}),
    "targets 0 alone": ("target_limit", net(), X, T * (T > 0.5), {}),
    "targets -1 for tanh": (
        "target_limit",
        net(top="tanh", loss=jp.MeanSquaredError()),
        X,
        one_hot(LABELS, 3) - 1,
        {},
    ),
    "large inputs": ("unscaled_input", net(), 40 * X, T, {}),
    "inputs of several sizes": ("unscaled_input", net(), WIDE, T, {}),
    "sigmoid below softmax": ("capped_softmax", softmax_net("sigmoid"), X, LABELS, {}),
    "tanh below log-softmax": (
        "capped_softmax",
        net("tanh", "tanh", jp.NegativeLogLikelihood(), extra=[jp.LogSoftmax()]),
        X,
        LABELS,
        {},
    ),
    "one class": ("one_class", softmax_net(outputs=1), X, np.zeros(60, int), {}),
    "a step": ("no_derivative", net("step", init="unit"), X, T, {}),
    "a sign": ("no_derivative", net("sign"), X, T, {}),
    "gelu": ("not_monotone", net("gelu"), X, T, {}),
    "a bump": ("not_monotone", net(STEEP), X, T, {}),
    "saturated tanh": ("saturated_start", net(width=5, init="unit"), 10 * X, T, {}),
    "dead relu": ("saturated_start", net("relu", init="positive"), -np.abs(X), T, {}),
    "a constant start": (
        "symmetric_start",
        net(init="constant").with_parameters({"W2": np.ones((4, 3))}),
        X,
        T,
        {},
    ),
    "rate 0": ("learning_rate", net(), X, T, {"learning_rate": 0.0}),
    "a negative rate": ("learning_rate", net(), X, T, {"learning_rate": -0.1}),
    "an infinite rate": ("learning_rate", net(), X, T, {"learning_rate": float("inf")}),
    "a rate in words": ("learning_rate", net(), X, T, {"learning_rate": "0.1"}),
    "many parameters": ("many_parameters", net(width=40), X, T, {}),
    "nan in X": ("not_finite", net(), MISSING, T, {}),
    "inf in T": ("not_finite", net(), X, np.where(T > 0.5, np.inf, T), {}),
}

FINE = {
    "targets of a sigmoid": ("target_range", net(), X, T, {}),
    "targets of tanh": ("target_range", net(top="tanh"), X, 2 * T - 1, {}),
    "targets of relu": ("target_range", net(top="relu"), X, 5 * T, {}),
    "any targets of the identity": ("target_range", net(top="identity"), X, 50 * T - 9, {}),
    "targets of softmax": ("target_range", softmax_net(), X, LABELS, {}),
    "targets 0 and 1 in cross-entropy": (
        "target_limit",
        net(loss=jp.BinaryCrossEntropy()),
        X,
        one_hot(LABELS, 3),
        {},
    ),
    "the 0 of relu": ("target_limit", net(top="relu"), X, one_hot(LABELS, 3), {}),
    "the 0 of the identity": ("target_limit", net(top="identity"), X, one_hot(LABELS, 3), {}),
    "scaled": ("unscaled_input", net(), MinMaxScaler().fit(WIDE).transform(WIDE), T, {}),
    "a constant column": ("unscaled_input", net(), X * [1, 0, 1], T, {}),
    "identity below softmax": ("capped_softmax", softmax_net(), X, LABELS, {}),
    "relu below softmax": ("capped_softmax", softmax_net("relu"), X, LABELS, {}),
    "two classes": ("one_class", softmax_net(outputs=2), X, LABELS % 2, {}),
    "one number": ("one_class", net(outputs=1), X, T[:, :1], {}),
    "relu passes gradients": ("no_derivative", net("relu"), X, T, {}),
    "sigmoid": ("not_monotone", net("sigmoid"), X, T, {}),
    "softplus, elu, relu": ("not_monotone", net("softplus", "elu"), X, T, {}),
    "a small start": ("saturated_start", net(init="small"), X, T, {}),
    "relu, half of it idle": ("saturated_start", net("relu", width=9), X, T, {}),
    "relu, most of it idle": (
        "saturated_start",
        net("relu", width=9).with_parameters({"b1": np.full(9, -0.4)}),
        X,
        T,
        {},
    ),
    "a random start": ("symmetric_start", net(init="small"), X, T, {}),
    "a rate": ("learning_rate", net(), X, T, {"learning_rate": 0.1}),
    "no rate": ("learning_rate", net(), X, T, {}),
    "few parameters": ("many_parameters", net(), X, T, {}),
    "fewer than numbers, more than cases": ("many_parameters", net(width=10), X, T, {}),
    "finite": ("not_finite", net(), X, T, {}),
}


def kinds(task):
    _, network, inputs, targets, options = task
    return [finding.kind for finding in validate(network, inputs, targets, **options)]


@pytest.mark.seed("S-39", "D-87", "D-05", "D-80", "D-81", "D-82", "E-14", "H-46", "B-48", "N-10")
@pytest.mark.parametrize("name", FOUND)
def test_it_is_found(name):
    assert FOUND[name][0] in kinds(FOUND[name])


@pytest.mark.seed("S-39", "D-87", "D-05", "D-80", "H-46")
@pytest.mark.parametrize("name", FINE)
def test_it_is_not_found_where_all_is_well(name):
    assert FINE[name][0] not in kinds(FINE[name])


@pytest.mark.seed("S-39", "D-87")
def test_every_kind_is_in_the_docstring_and_in_both_tables():
    described = set(re.findall(r"^    ([a-z_]+) {2,}\S", validate.__doc__, flags=re.MULTILINE)) - {"kind"}
    assert described == {kind for kind, *_ in FOUND.values()} == {kind for kind, *_ in FINE.values()}


@pytest.mark.seed("S-39")
def test_a_good_task_has_no_findings_and_they_are_falsy():
    assert not validate(net(), X, T, learning_rate=0.3)
    wine = jp.load_wine()
    scaled = MinMaxScaler().fit(wine.X).transform(wine.X)
    start = default_architecture(13, 3, width=5)
    assert validate(start, scaled, wine.labels, learning_rate=0.3) == []
    found = validate(start, wine.X, wine.labels)
    assert {finding.kind for finding in found} == {"unscaled_input", "saturated_start"}


def test_a_finding_says_where_and_what_to_do():
    (finding,) = validate(net(), X, 2 * T)
    assert finding == Finding(
        "target_range",
        'layer 2 Dense(4, 3, "sigmoid")',
        "targets from 0.2 to 1.8, outputs from 0 to 1: scale them",
    )
    assert str(finding).startswith("target_range, layer 2 Dense")
    for task in FOUND.values():
        for found in validate(task[1], task[2], task[3], **task[4]):
            assert found.where
            assert ": " in found.message or "," in found.message or found.kind == "learning_rate"


@pytest.mark.seed("E-14", "D-87")
@pytest.mark.parametrize(("classes", "cap"), [(2, 0.731), (3, 0.576), (10, 0.232)])
def test_the_cap_of_a_sigmoid_below_softmax_is_reached_and_not_exceeded(classes, cap):
    network = softmax_net("sigmoid", outputs=classes)
    (message,) = [f.message for f in validate(network, X, LABELS % 2) if f.kind == "capped_softmax"]
    assert f"{cap:.3f}" in message
    one = np.where(np.arange(classes) == 0, 60.0, -60.0)
    best = network.with_parameters({"W2": np.zeros((4, classes)), "b2": one})(X)
    assert best.max() == pytest.approx(cap, abs=5e-4)


@pytest.mark.seed("H-46", "D-87")
def test_what_a_step_hides_does_not_learn():
    network = net("step", init="unit")
    trained = fit(network, X, T, epochs=5).network
    assert np.array_equal(trained.parameters["W1"], network.parameters["W1"])
    assert not np.array_equal(trained.parameters["W2"], network.parameters["W2"])


@pytest.mark.seed("D-05")
def test_the_named_activations_are_monotone_or_not():
    falling = {
        name
        for name in (*jp.activations.NAMES, "step", "sign")
        if "not_monotone" in kinds((None, net(name, "identity"), X, T, {}))
    }
    assert falling == {"silu", "gelu"}
    z = np.linspace(-8, 8, 4001)
    for name in jp.activations.NAMES:
        assert (np.diff(jp.activations.get(name).value(z)) < -1e-12).any() == (name in falling)


# -- what to begin with ------------------------------------------------------------------------------------


@pytest.mark.seed("N-13", "S-39")
@pytest.mark.parametrize("hidden_layers", [0, 1, 2, 4])
def test_the_default_has_equal_hidden_layers_between_features_and_classes(hidden_layers):
    start = default_architecture(7, 3, hidden_layers=hidden_layers, width=5)
    widths = [7] + [layer.n_out for layer in start.layers if isinstance(layer, jp.Dense)]
    assert widths == [7] + [5] * hidden_layers + [3]
    assert start(np.ones((2, 7))).sum(axis=1) == pytest.approx(1)
    assert isinstance(start.loss, jp.CrossEntropy)
    assert np.array_equal(
        start.vector, default_architecture(7, 3, hidden_layers=hidden_layers, width=5).vector
    )
    assert not np.array_equal(
        start.vector, default_architecture(7, 3, hidden_layers=hidden_layers, seed=1).vector
    )


@pytest.mark.seed("N-13")
def test_one_hidden_layer_is_the_default_and_it_learns():
    start = default_architecture(2, 2)
    assert [type(layer).__name__ for layer in start.layers] == ["Dense", "Dense", "Softmax"]
    assert start.layers[0].n_out == 2
    wide = default_architecture(2, 2, width=6, seed=1)
    xor = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    trained = fit(wide, xor, [0, 1, 1, 0], epochs=400, learning_rate=1.0).network
    assert trained(xor).argmax(axis=1).tolist() == [0, 1, 1, 0]


@pytest.mark.seed("B-50")
def test_a_configuration_is_plain_numbers_that_a_text_keeps():
    config = {
        "architecture": {"n_features": 3, "n_classes": 3, "hidden_layers": 2, "width": 4, "seed": 5},
        "training": {
            "epochs": 3,
            "learning_rate": 0.2,
            "batch_size": 8,
            "l2": 0.01,
            "min_change": 1e-9,
            "seed": 1,
        },
    }
    read = json.loads(json.dumps(config))
    assert read == config
    runs = [
        fit(default_architecture(**c["architecture"]), X, LABELS, **c["training"]) for c in (config, read)
    ]
    assert np.array_equal(runs[0].network.vector, runs[1].network.vector)
    checked = validate(
        default_architecture(**read["architecture"]),
        X,
        LABELS,
        learning_rate=read["training"]["learning_rate"],
    )
    assert {finding.kind for finding in checked} <= {"many_parameters"}
