"""When training ends: small gradients, small changes, held-out losses that no longer fall."""

import itertools
import math

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import Adam, EarlyStopping, Masked, Momentum, fit

RNG = np.random.default_rng(17)
X, T = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))


def network(**options):
    return jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError(**options))


def length(net, l2=0.0):
    """|dJ/dw|, with the penalty on the weights alone."""
    decay = np.concatenate([np.full(a.size, l2 * (name[0] == "W")) for name, a in net.parameters.items()])
    gradients = net.forward(X, T).gradients()
    return np.linalg.norm(np.concatenate([g.ravel() for g in gradients.values()]) + decay * net.vector)


# -- gradient and change ----------------------------------------------------------------------------------


@pytest.mark.seed("H-53", "B-44", "S-20")
@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_it_goes_on_while_the_gradient_is_above_the_bound(size, l2):
    """The slide's loop, while norm(grad) > eps: x <- x - eta grad, one epoch a turn."""
    options = {"batch_size": size, "shuffle": False, "l2": l2, "learning_rate": 0.2}
    net, turns = network(), 0
    eps = 1.01 * length(fit(net, X, T, epochs=4, **options).network, l2)
    while length(net, l2) > eps:
        net, turns = fit(net, X, T, epochs=1, **options).network, turns + 1
    found = fit(network(), X, T, epochs=500, min_gradient=eps, **options)
    assert 1 < turns == len(found.history.train) - 1
    assert np.array_equal(found.network.vector, net.vector)
    assert found.stopped == f"The gradient's norm is {length(net, l2):.3g}, not above min_gradient={eps:g}."


def test_no_step_is_taken_where_the_gradient_is_small_already():
    trained = fit(network(), X, T, epochs=20).network
    found = fit(trained, X, T, epochs=20, min_gradient=1.01 * length(trained))
    assert np.array_equal(found.network.vector, trained.vector)
    assert len(found.history.train) == 1
    assert len(fit(trained, X, T, epochs=1, min_gradient=0.99 * length(trained)).history.train) == 2


@pytest.mark.seed("H-53", "E-56", "H-80", "S-20")
def test_the_change_of_the_loss_is_looked_at_after_the_step():
    losses = fit(network(), X, T, epochs=60).history.train
    changes = [abs(after - before) for before, after in itertools.pairwise(losses)]
    for epoch in (1, 7, 30):
        found = fit(network(), X, T, epochs=60, min_change=changes[epoch - 1])
        first = next(k for k, change in enumerate(changes, 1) if change <= changes[epoch - 1])
        assert found.history.train == losses[: first + 1]
        assert found.stopped == (
            f"The train loss changed by {changes[first - 1]:.3g}, "
            f"not more than min_change={changes[epoch - 1]:g}."
        )


def test_a_change_of_nothing_ends_it_at_a_fixed_point():
    net = jp.Network([jp.Dense.from_arrays([[0.0]])], jp.SquaredError())
    found = fit(net, [[1.0]], [[2.0]], epochs=50, learning_rate=1.0, min_change=0.0)
    assert found.history.train == [2.0, 0.0, 0.0]
    assert len(fit(net, [[1.0]], [[2.0]], epochs=5, learning_rate=1.0, min_gradient=0.0).history.train) == 2


def test_a_loss_that_is_no_number_meets_no_bound():
    x, t = np.full((2, 3), np.nan), T[:2]
    net = network().with_parameters({"W1": np.zeros((3, 4))})
    found = fit(net, x, t, epochs=0, min_gradient=1e9, min_change=1e9)
    assert found.stopped == "As many epochs as asked for: 0."
    weightless = jp.Network([jp.Softmax()], jp.CrossEntropy())
    found = fit(weightless, x, [0, 2], epochs=2, min_change=1e9)
    assert np.isnan(found.history.train).all()
    assert found.stopped == "As many epochs as asked for: 2."


@pytest.mark.seed("B-44")
def test_otherwise_it_says_that_the_epochs_are_over_or_who_stopped_it():
    assert fit(network(), X, T, epochs=3, min_gradient=1e-9).stopped == "As many epochs as asked for: 3."

    def progress(epoch, *_):
        if epoch == 2:
            raise StopIteration

    found = fit(network(), X, T, epochs=3, progress=progress)
    assert found.stopped == "The progress function raised StopIteration after epoch 2."
    assert len(found.history.train) == 3


# -- early stopping ---------------------------------------------------------------------------------------

NOISY = np.random.default_rng(6)
FEW = NOISY.uniform(-1, 1, (12, 1))
MANY = np.linspace(-1, 1, 60)[:, None]


def wave(x):
    return 2 * np.sin(4 * x) + NOISY.normal(0, 0.6, x.shape)


FEW_T, MANY_T = wave(FEW), wave(MANY)
OVERFIT = {
    "epochs": 100,
    "learning_rate": 0.02,
    "batch_size": 4,
    "optimizer": Adam(),
    "held_out": (MANY, MANY_T),
}


def wide():
    return jp.Network([jp.Dense(1, 30, "tanh", init="unit"), jp.Dense(30, 1)], jp.SquaredError(), seed=3)


@pytest.fixture(scope="module")
def whole():
    """The run that nothing stops."""
    return fit(wide(), FEW, FEW_T, **OVERFIT).history


@pytest.mark.seed("D-03")
def test_an_over_parameterised_network_learns_the_noise(whole):
    """91 parameters over 12 noisy cases: the train loss falls below the held-out loss, which turns."""
    assert whole.train[-1] < 0.9 * min(whole.held_out)
    assert 20 < whole.best < len(whole.held_out) - 20
    assert whole.held_out[-1] > 1.1 * whole.held_out[whole.best]


def stops_at(losses, patience, least):
    """The first epoch for which `patience` losses in a row were no improvement on the last one."""
    reference, since = losses[0], 0
    for epoch, loss in enumerate(losses[1:], 1):
        reference, since = (loss, 0) if reference - loss > least else (reference, since + 1)
        if since == patience:
            return epoch
    return len(losses) - 1


@pytest.mark.seed("B-49", "E-30", "S-21")
@pytest.mark.parametrize(
    ("patience", "least"), [(1, 0.0), (4, 0.0), (4, 0.003), (15, 0.0), (15, 0.03), (15, 0.1), (999, 0.0)]
)
def test_it_stops_when_the_held_out_loss_has_stopped_falling_and_restores_the_best(whole, patience, least):
    found = fit(wide(), FEW, FEW_T, early_stopping=EarlyStopping(patience, least), **OVERFIT)
    last = stops_at(whole.held_out, patience, least)
    assert found.history.train == whole.train[: last + 1]
    assert found.history.held_out == whole.held_out[: last + 1]
    best = found.history.best
    assert found.history.held_out[best] == min(whole.held_out[: last + 1])
    again = fit(wide(), FEW, FEW_T, **OVERFIT | {"epochs": best})
    assert np.array_equal(found.network.vector, again.network.vector)
    assert found.network.forward(MANY, MANY_T).loss == found.history.held_out[best]
    if last < 100:
        assert found.stopped.startswith("The held-out loss has not improved since epoch ")
        assert int(found.stopped.split()[-1].rstrip(".")) == last - patience
    else:
        assert found.stopped == "As many epochs as asked for: 100."


def test_patience_and_improvement_matter(whole):
    """The cases above end at different epochs."""
    rules = [(1, 0.0), (4, 0.0), (4, 0.003), (15, 0.0), (15, 0.03), (15, 0.1), (999, 0.0)]
    assert len({stops_at(whole.held_out, *rule) for rule in rules}) == len(rules)


class Scripted(jp.SquaredError):
    """Its held-out losses, those with a target of 99, are as they are told."""

    def __init__(self, losses):
        super().__init__()
        self.losses = iter(losses)

    def value(self, y, t):
        return np.array([next(self.losses)]) if t[0, 0] == 99 else super().value(y, t)


@pytest.mark.parametrize(
    ("losses", "patience", "least", "last", "best"),
    [
        ([3, 2, 1, 1, 1, 1], 2, 0.0, 4, 2),
        ([3, 2, 1, 1, 0.5, 1], 2, 0.0, 5, 4),
        ([3, 2.5, 2.4, 2.3, 2.2, 1], 2, 1.0, 2, 2),
        ([3, 2.9, 2.0, 1.9, 1.5, 1.4], 3, 0.5, 5, 5),
        ([3, 2.5, 2.5, 2.5, 1, 1], 3, 0.5, 3, 1),
        ([math.nan, 5, 4, 6, 7, 8], 3, 0.0, 5, 2),
        ([math.nan, math.nan, math.inf, 4, 5, 3], 2, 0.0, 2, 0),
        ([2, math.nan, math.nan, 1, 1, 1], 2, 0.0, 2, 0),
    ],
)
def test_what_is_an_improvement_and_what_is_restored(losses, patience, least, last, best):
    net = jp.Network([jp.Dense(3, 2)], Scripted(losses))
    options = {"epochs": 5, "held_out": (X[:1], [[99.0, 99.0]])}
    found = fit(net, X, T, early_stopping=EarlyStopping(patience, least), **options)
    assert (len(found.history.train) - 1, found.history.best) == (last, best)
    plain = jp.Network([jp.Dense(3, 2)], jp.SquaredError())
    assert np.array_equal(found.network.vector, fit(plain, X, T, epochs=best).network.vector)
    first = fit(jp.Network([jp.Dense(3, 2)], Scripted(losses)), X, T, **options | {"epochs": last}).state
    net = jp.Network([jp.Dense(3, 2)], Scripted(losses[last + 1 :]))
    later = fit(net, X, T, state=first, **options | {"epochs": 5 - last})
    assert later.history.held_out[last + 1 :] == losses[last + 1 :]
    assert np.array_equal(later.state.best, fit(plain, X, T, epochs=later.history.best).network.vector)


@pytest.mark.seed("E-30")
def test_a_held_out_loss_that_drops_much_does_not_stop_it():
    """What the slide says, "when test loss drops too much", happens in the first epochs of any good run."""
    net = jp.Network([jp.Dense.from_arrays([[0.0]])], jp.SquaredError())
    x, t = [[1.0], [2.0]], [[3.0], [6.0]]
    found = fit(net, x, t, epochs=9, held_out=(x, t), early_stopping=EarlyStopping(1))
    assert found.history.held_out[1] < 0.6 * found.history.held_out[0]
    assert len(found.history.train) == 10


def test_the_loss_before_the_first_epoch_can_be_the_best():
    net = fit(wide(), MANY, MANY_T, epochs=30, optimizer=Adam(), learning_rate=0.03).network
    options = {"epochs": 9, "held_out": (MANY, MANY_T), "early_stopping": EarlyStopping(2)}
    found = fit(net, FEW, -FEW_T, learning_rate=0.1, **options)
    assert found.history.best == 0
    assert np.array_equal(found.network.vector, net.vector)
    assert found.stopped == "The held-out loss has not improved since epoch 0."


def test_the_state_is_that_of_the_last_epoch_and_knows_the_best(whole):
    found = fit(wide(), FEW, FEW_T, early_stopping=EarlyStopping(4), **OVERFIT)
    last = len(found.history.train) - 1
    assert np.array_equal(found.state.best, found.network.vector)
    end = fit(wide(), FEW, FEW_T, **OVERFIT | {"epochs": last})
    assert np.array_equal(found.state.parameters, end.network.vector)
    assert not np.array_equal(found.state.parameters, found.state.best)


BAD = {
    "a number": (
        {"early_stopping": 5},
        "fit: early_stopping is a rule; got 5, expected jp.training.EarlyStopping",
    ),
    "the class": ({"early_stopping": EarlyStopping}, "Create it with parentheses, or leave it out."),
    "nothing held out": (
        {"early_stopping": EarlyStopping()},
        "fit: early stopping needs held-out cases; got held_out=None, expected held_out=(X, T). Hold",
    ),
    "a negative gradient": (
        {"min_gradient": -1},
        "fit: min_gradient must be a number; got -1, expected 0 or more.",
    ),
    "a gradient of nan": ({"min_gradient": math.nan}, "fit: min_gradient must be a number; got nan"),
    "a change in words": ({"min_change": "1e-3"}, "fit: min_change must be a number; got '1e-3'"),
    "an infinite change": ({"min_change": math.inf}, "fit: min_change must be a number; got inf"),
    "shuffle": (
        {"shuffle": "no"},
        "fit: shuffle is yes or no; got 'no', expected True or False. Leave it out for True.",
    ),
}


@pytest.mark.parametrize(("options", "sentence"), BAD.values(), ids=BAD)
def test_rules_that_mean_nothing_are_refused(options, sentence):
    with pytest.raises(errors.OptionError) as caught:
        fit(network(), X, T, **options)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: EarlyStopping(0),
            "EarlyStopping: patience must be a whole number; got 0, expected 1 or more. It counts",
        ),
        (lambda: EarlyStopping(2.0), "EarlyStopping: patience must be a whole number; got 2.0"),
        (
            lambda: EarlyStopping(2, -0.1),
            "EarlyStopping: min_improvement must be a number; got -0.1, expected 0 or more",
        ),
    ],
)
def test_a_rule_says_what_it_needs(make, sentence):
    with pytest.raises(errors.OptionError) as caught:
        make()
    assert sentence in str(caught.value)


def test_the_rules_go_together(whole):
    """Whichever holds first."""
    found = fit(
        wide(), FEW, FEW_T, early_stopping=EarlyStopping(999), min_change=1e9, min_gradient=0, **OVERFIT
    )
    assert len(found.history.train) == 2
    assert "min_change" in found.stopped
    plain = {**OVERFIT, "optimizer": Momentum(0.5)}
    assert "min_gradient" in fit(wide(), FEW, FEW_T, min_change=1e9, min_gradient=1e9, **plain).stopped


@pytest.mark.seed("H-53", "M-06")
@pytest.mark.parametrize("inner", [None, Momentum(0.5)])
def test_the_norm_is_that_of_what_may_move(inner):
    """With half of the parameters fixed at random numbers, the whole gradient never vanishes."""
    net, mask = network(), np.zeros(26)
    mask[net.slices["W2"]] = mask[net.slices["b2"]] = 1
    options = {"learning_rate": 0.2, "optimizer": Masked(mask, Masked(np.ones(26), inner))}
    found = fit(net, X, T, epochs=5000, min_gradient=1e-3, **options)
    gradients = found.network.forward(X, T).gradients()
    moving = np.linalg.norm(np.concatenate([gradients[name].ravel() for name in ("W2", "b2")]))
    assert len(found.history.train) < 5000
    assert found.stopped == f"The gradient's norm is {moving:.3g}, not above min_gradient=0.001."
    assert length(found.network) > 1e-2
    nothing = fit(net, X, T, epochs=9, min_gradient=0.0, optimizer=Masked(mask, Masked(1 - mask)))
    assert nothing.stopped == "The gradient's norm is 0, not above min_gradient=0."
