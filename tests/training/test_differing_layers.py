"""Dropout and batch normalisation in `fit`: how they learn at each update, and how the history sees them."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.layers.batch_norm import BatchNorm
from jacobprop.layers.dropout import Dropout
from jacobprop.network import Network
from jacobprop.training import EarlyStopping, fit

RNG = np.random.default_rng(53)
X, T = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))
ASIDE = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
RATE = 0.15


def network(*between):
    return jp.Network([jp.Dense(3, 5, "tanh"), *between, jp.Dense(5, 2)], jp.SquaredError(), seed=4)


LAYERS = {
    "dropout": (lambda: Dropout(0.3),),
    "batch normalisation": (lambda: BatchNorm(5),),
    "both": (lambda: BatchNorm(5), lambda: Dropout(0.3)),
}
each = pytest.mark.parametrize("makers", LAYERS.values(), ids=LAYERS)


def built(makers):
    return network(*(make() for make in makers))


def by_hand(net, epochs, size, seed):
    """One generator for the order and for the masks, drawn anew at each update; gradients by the chain."""
    rng, losses = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = rng.permutation(len(X)) if size < len(X) else np.arange(len(X))
        for start in range(0, len(X), size):
            batch = order[start : start + size]
            gradients = net.in_training(rng).forward(X[batch], T[batch]).gradients()
            net = net.with_parameters(
                {name: net.parameters[name] - RATE * g for name, g in gradients.items()}
            )
        losses.append(net.with_statistics(X).forward(X, T).loss)
    return net.with_statistics(X), losses


@pytest.mark.seed("B-49", "S-21")
@each
@pytest.mark.parametrize("size", [4, 10])
def test_each_update_is_that_of_the_network_in_training(makers, size):
    options = {"epochs": 4, "learning_rate": RATE, "batch_size": size, "seed": 6}
    found = fit(built(makers), X, T, held_out=ASIDE, **options)
    net, losses = by_hand(built(makers), 4, size, 6)
    np.testing.assert_allclose(found.network.vector, net.vector, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found.history.train[1:], losses, rtol=1e-11)
    np.testing.assert_allclose(found.network(ASIDE[0]), net(ASIDE[0]), rtol=1e-10)
    assert found.history.train[-1] == found.network.forward(X, T).loss
    assert found.history.held_out[-1] == found.network.forward(*ASIDE).loss
    assert found.history.train[0] == built(makers).with_statistics(X).forward(X, T).loss


@pytest.mark.seed("S-21")
def test_masks_are_drawn_anew_at_each_update_and_come_back_with_the_seed():
    options = {"epochs": 3, "learning_rate": RATE}
    first, again, other = (fit(network(Dropout(0.5)), X, T, seed=seed, **options) for seed in (1, 1, 2))
    assert first.history == again.history
    assert first.history != other.history  # one batch of all cases: only the masks differ
    same_mask = network(Dropout(0.5))
    rng = np.random.default_rng(1)
    one = same_mask.in_training(rng)
    for _ in range(2):
        steps = one.forward(X, T).gradients()
        one = one.with_parameters({name: one.parameters[name] - RATE * g for name, g in steps.items()})
    two = fit(same_mask, X, T, epochs=2, learning_rate=RATE, seed=1).network
    assert np.abs(one.vector - two.vector).max() > 1e-3


@pytest.mark.seed("S-21")
@each
def test_the_network_that_comes_back_takes_a_case_at_a_time(makers):
    found = fit(built(makers), X, T, epochs=3, batch_size=5).network
    assert not found.architecture.couples_cases
    np.testing.assert_allclose(np.stack([found(x) for x in X]), found(X), rtol=1e-12)


@pytest.mark.seed("S-21", "B-49")
def test_early_stopping_restores_the_statistics_too():
    options = {"epochs": 40, "learning_rate": 0.5, "batch_size": 5, "held_out": ASIDE}
    found = fit(network(BatchNorm(5)), X, T, early_stopping=EarlyStopping(3), **options)
    assert found.history.best < len(found.history.train) - 1
    assert found.network.forward(*ASIDE).loss == found.history.held_out[found.history.best]


@pytest.mark.seed("H-53")
@each
def test_the_gradient_that_ends_it_is_that_of_the_network_judged(makers):
    def length(net):
        gradients = net.forward(X, T).gradients()
        return np.linalg.norm(np.concatenate([g.ravel() for g in gradients.values()]))

    options = {"learning_rate": 0.3, "seed": 2}
    ways = [fit(built(makers), X, T, epochs=epochs, **options).network for epochs in range(7)]
    eps = 1.001 * length(ways[5])
    first = next(k for k, net in enumerate(ways) if length(net) <= eps)
    found = fit(built(makers), X, T, epochs=9, min_gradient=eps, **options)
    assert len(found.history.train) == first + 1
    assert found.stopped.startswith(f"The gradient's norm is {length(ways[first]):.3g}, not above")


def test_a_network_without_such_layers_pays_nothing(monkeypatch):
    expected = fit(network(), X, T, epochs=2, batch_size=4).network.vector
    asked = []
    monkeypatch.setattr(Network, "with_statistics", lambda *_: pytest.fail("statistics of nothing"))
    original = Network.in_training
    monkeypatch.setattr(Network, "in_training", lambda net, *seed: asked.append(seed) or original(net, *seed))
    assert np.array_equal(fit(network(), X, T, epochs=2, batch_size=4).network.vector, expected)
    assert asked
    assert all(seed == () for seed in asked)  # only whether there are any, never with a generator


# -- a minibatch of one case ------------------------------------------------------------------------------

ALONE = "fit: batch normalisation cannot learn from a minibatch of one case; got {} cases and batch_size={}, "
MORE = "expected at least two cases in each minibatch, the last one too. "


@pytest.mark.parametrize(
    ("cases", "size", "remedy"),
    [
        (10, 1, "Take such as batch_size=2, or leave it out."),
        (10, 3, "Take such as batch_size=4, or leave it out."),
        (10, 9, "Leave batch_size out."),
        (7, 2, "Take such as batch_size=4, or leave it out."),
        (1, 1, "Pass at least two cases."),
        (1, None, "Pass at least two cases."),
    ],
)
def test_a_minibatch_of_one_case_is_refused_before_anything_is_trained(cases, size, remedy):
    with pytest.raises(errors.OptionError) as caught:
        fit(
            network(BatchNorm(5)),
            X[:cases],
            T[:cases],
            batch_size=size,
            progress=lambda *_: pytest.fail("trained"),
        )
    assert str(caught.value) == ALONE.format(cases, size or cases) + MORE + remedy


@pytest.mark.parametrize(
    ("cases", "size"), [(10, 2), (10, 4), (7, 4), (10, 10), (10, 99), (10, None), (2, None)]
)
def test_two_cases_in_each_are_enough(cases, size):
    fit(network(BatchNorm(5)), X[:cases], T[:cases], epochs=1, batch_size=size, learning_rate=0.01)


@pytest.mark.parametrize(("cases", "size"), [(10, 1), (10, 3), (1, None)])
def test_dropout_learns_from_one_case(cases, size):
    fit(network(Dropout(0.5)), X[:cases], T[:cases], epochs=1, batch_size=size, learning_rate=0.01)


@pytest.mark.seed("S-21")
@pytest.mark.parametrize("layer", [Dropout(0.5), BatchNorm(5)])
def test_a_network_in_training_is_no_network_to_train(layer):
    net = network(layer)
    with pytest.raises(
        errors.OptionError,
        match=r"fit: layer 2 \w+InTraining\(\S+\): the network is one step of a training: its masks are "
        r"drawn, its statistics a batch's; got what net.in_training\(\) returns, expected a network that the "
        r"training can begin with\. Pass net itself: fit calls in_training at each update\.",
    ):
        fit(net.in_training(0), X, T, epochs=1)
    assert fit(net, X, T, epochs=1).network.in_training() is not net
