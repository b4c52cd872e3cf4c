"""Gradient descent: batch, incremental and minibatch against plain loops; history, order, errors."""

import itertools

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import Fit, History, fit

RNG = np.random.default_rng(61)
CASES, N, M = 7, 3, 2
X = RNG.normal(size=(CASES, N))
T = RNG.uniform(0.1, 0.9, (CASES, M))
RATE = 0.3


def single(reduction="sum", **options):
    """The one layer of the slides: sigmoid units, half the squared error, summed."""
    return jp.Network([jp.Dense(N, M, "sigmoid")], jp.SquaredError(reduction=reduction), **options)


def deep(**options):
    layers = [jp.Dense(N, 4, "tanh"), jp.Dense(4, M)]
    return jp.Network(layers, jp.SquaredError(), **options)


def slide_update(W, b, cases):
    """dw_ij = rate sum_d (t_j - o_j) o_j (1 - o_j) x_i over the cases, every sum a loop."""
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for d in cases:
        o = 1 / (1 + np.exp(-(X[d] @ W + b)))
        for j in range(M):
            push = RATE * (T[d, j] - o[j]) * o[j] * (1 - o[j])
            db[j] += push
            for i in range(N):
                dW[i, j] += push * X[d, i]
    return W + dW, b + db


def close(net, W, b):
    np.testing.assert_allclose(net.parameters["W1"], W, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(net.parameters["b1"], b, rtol=1e-12, atol=1e-14)


def same(first, second):
    return all(np.array_equal(first.parameters[name], array) for name, array in second.parameters.items())


class Watched(jp.SquaredError):
    """Keeps the targets of every minibatch it is asked a row for."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def row(self, y, t):
        self.batches.append(t[:, 0].tolist())
        return super().row(y, t)


def batches(epochs=3, **options):
    """What each update saw, by the first target, with the targets 0, 1, 2, ..."""
    loss = Watched()
    net = jp.Network([jp.Dense(N, 1, init="zero")], loss)
    fit(net, X, np.arange(float(CASES))[:, None], epochs=epochs, learning_rate=0.01, **options)
    return loss.batches


# -- the three ways ---------------------------------------------------------------------------------------


@pytest.mark.seed("D-15", "S-11", "S-20")
def test_batch_descent_is_the_slides_update_once_an_epoch():
    net = single()
    W, b = net.parameters["W1"], net.parameters["b1"]
    for epochs in (1, 2, 3):
        W, b = slide_update(W, b, range(CASES))
        close(fit(net, X, T, epochs=epochs, learning_rate=RATE).network, W, b)


@pytest.mark.seed("D-16", "S-11", "S-20")
def test_incremental_descent_is_the_slides_update_after_each_case():
    net = single()
    W, b = net.parameters["W1"], net.parameters["b1"]
    for _ in range(2):
        for d in range(CASES):
            W, b = slide_update(W, b, [d])
    trained = fit(net, X, T, epochs=2, learning_rate=RATE, batch_size=1, shuffle=False).network
    close(trained, W, b)
    batch = fit(net, X, T, epochs=2, learning_rate=RATE).network
    assert not np.allclose(trained.parameters["W1"], batch.parameters["W1"], rtol=1e-3)


@pytest.mark.seed("D-19", "S-11")
@pytest.mark.parametrize("net", [single(), deep()], ids=["one layer", "two layers"])
def test_a_batch_size_of_all_cases_is_batch_exactly_and_of_one_is_incremental_exactly(net):
    batch = fit(net, X, T, epochs=4, learning_rate=RATE)
    for size in (CASES, CASES + 5):
        for shuffle in (True, False):
            again = fit(net, X, T, epochs=4, learning_rate=RATE, batch_size=size, shuffle=shuffle, seed=9)
            assert same(again.network, batch.network)
            assert again.history == batch.history
    by_hand, rule = net, jp.DeltaRule(net)
    for _ in range(4):
        for d in range(CASES):
            _, gradient = rule.gradients(X[d : d + 1], T[d : d + 1], by_hand.parameters)
            moved = {name: array - RATE * gradient[name] for name, array in by_hand.parameters.items()}
            by_hand = by_hand.with_parameters(moved)
    assert same(fit(net, X, T, epochs=4, learning_rate=RATE, batch_size=1, shuffle=False).network, by_hand)


@pytest.mark.seed("D-19", "S-20")
def test_a_minibatch_is_reproduced_by_its_seed():
    options = {"epochs": 3, "learning_rate": RATE, "batch_size": 3}
    first, again, other = (fit(deep(), X, T, seed=seed, **options) for seed in (4, np.int64(4), 5))
    assert same(first.network, again.network)
    assert first.history == again.history
    assert not same(first.network, other.network)


@pytest.mark.seed("D-19")
def test_an_epoch_takes_every_case_once_and_the_last_minibatch_takes_the_rest():
    for size, sizes in ((1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (50, [7])):
        found = batches(epochs=3, batch_size=size)
        assert [len(batch) for batch in found] == sizes * 3
        for epoch in range(3):
            own = found[epoch * len(sizes) : (epoch + 1) * len(sizes)]
            assert sorted(itertools.chain(*own)) == list(range(CASES))
    assert batches(epochs=2) == [list(range(CASES))] * 2


@pytest.mark.seed("D-18")
def test_cases_are_ordered_anew_each_epoch_unless_shuffle_is_off():
    seen = batches(epochs=3, batch_size=3)
    found = [[*itertools.chain(*seen[k : k + 3])] for k in (0, 3, 6)]
    assert len({tuple(order) for order in [*found, range(CASES)]}) == 4
    assert batches(epochs=2, batch_size=3, shuffle=False) == [[0, 1, 2], [3, 4, 5], [6]] * 2


@pytest.mark.seed("D-15", "D-18")
def test_incremental_descent_depends_on_the_order_and_batch_descent_does_not():
    turned = slice(None, None, -1)
    for size, depends in ((None, False), (1, True), (2, True)):
        options = {"epochs": 3, "learning_rate": RATE, "batch_size": size, "shuffle": False}
        ahead = fit(single(), X, T, **options).network.vector
        back = fit(single(), X[turned], T[turned], **options).network.vector
        difference = np.abs(ahead - back).max()
        assert difference > 1e-3 if depends else difference < 1e-13
    ways = {
        fit(single(), X, T, epochs=3, batch_size=1, seed=seed).network.vector.tobytes() for seed in range(4)
    }
    assert len(ways) == 4


@pytest.mark.seed("E-15", "S-20")
@pytest.mark.parametrize("size", [1, 7])
def test_a_summed_loss_takes_the_rate_of_a_mean_divided_by_the_batch_size(size):
    options = {"epochs": 5, "batch_size": size, "seed": 2}
    summed = fit(single("sum"), X, T, learning_rate=RATE / size, **options).network
    mean = fit(single("mean"), X, T, learning_rate=RATE, **options).network
    np.testing.assert_allclose(summed.vector, mean.vector, rtol=1e-13)
    if size > 1:
        unscaled = fit(single("sum"), X, T, learning_rate=RATE, **options).network
        assert np.abs(unscaled.vector - mean.vector).max() > 1e-2


@pytest.mark.seed("D-17")
def test_a_rate_that_suits_batch_descent_can_be_too_high_for_incremental():
    """A case alone may pull harder than the mean of all: x = 3 multiplies w by 1 - rate x^2 = -1.7."""
    net = jp.Network([jp.Dense.from_arrays([[0.0]])], jp.SquaredError())
    x, t = np.array([[3.0], [0.1], [0.1], [0.1]]), np.array([[1.0], [1.0], [-1.0], [0.0]])
    batch = fit(net, x, t, epochs=30, learning_rate=0.3).history.train
    incremental = fit(net, x, t, epochs=30, learning_rate=0.3, batch_size=1).history.train
    lowered = fit(net, x, t, epochs=30, learning_rate=0.03, batch_size=1).history.train
    assert batch[-1] < batch[0]
    assert incremental[-1] > 1e3 * incremental[0]
    assert lowered[-1] < lowered[0]


@pytest.mark.seed("B-35")
def test_a_step_descends():
    """The loss falls by rate |gradient|^2 to first order; a step uphill would raise it by as much."""
    net, rate = deep(), 1e-6
    length = sum(float((g**2).sum()) for g in jp.gradients(net, X, T).values())
    before, after = fit(net, X, T, epochs=1, learning_rate=rate).history.train
    np.testing.assert_allclose(before - after, rate * length, rtol=1e-4)
    gradients = jp.gradients(net, X, T)
    uphill = {name: array + rate * gradients[name] for name, array in net.parameters.items()}
    np.testing.assert_allclose(
        net.with_parameters(uphill).forward(X, T).loss - before, rate * length, rtol=1e-4
    )


def test_it_converges_to_the_least_squares_solution():
    net = jp.Network([jp.Dense(N, M)], jp.SquaredError())
    trained = fit(net, X, T, epochs=3000, learning_rate=0.5).network
    design = np.column_stack([X, np.ones(CASES)])
    best = np.linalg.lstsq(design, T)[0]
    np.testing.assert_allclose(trained.parameters["W1"], best[:-1], rtol=1e-9)
    np.testing.assert_allclose(trained.parameters["b1"], best[-1], rtol=1e-9)


# -- history and progress ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 2])
def test_the_history_has_the_losses_before_and_after_each_epoch(size):
    aside = X[:2] + 1, T[:2]
    trained = fit(deep(), X, T, epochs=4, batch_size=size, held_out=aside)
    assert isinstance(trained, Fit)
    assert len(trained.history.train) == len(trained.history.held_out) == 5
    for epochs in range(5):
        net = fit(deep(), X, T, epochs=epochs, batch_size=size).network
        assert trained.history.train[epochs] == net.forward(X, T).loss
        assert trained.history.held_out[epochs] == net.forward(*aside).loss
    assert all(type(loss) is float for loss in (*trained.history.train, *trained.history.held_out))


def test_held_out_cases_are_only_looked_at():
    alone = fit(deep(), X, T, epochs=3, batch_size=2)
    beside = fit(deep(), X, T, epochs=3, batch_size=2, held_out=(X[0], T[0]))
    assert same(alone.network, beside.network)
    assert alone.history.train == beside.history.train
    assert alone.history.held_out == []
    assert len(beside.history.held_out) == 4


@pytest.mark.parametrize("held_out", [None, (X[:3], T[:3])], ids=["alone", "held out"])
def test_progress_hears_every_epoch(held_out):
    heard = []
    history = fit(
        deep(), X, T, epochs=3, held_out=held_out, progress=lambda *news: heard.append(news)
    ).history
    aside = history.held_out[1:] if held_out else [None] * 3
    assert heard == list(zip((1, 2, 3), history.train[1:], aside, strict=True))


def test_no_epochs_leave_the_network_as_it_is():
    net = deep()
    trained = fit(net, X, T, epochs=0, progress=lambda *_: pytest.fail("there was no epoch"))
    assert same(trained.network, net)
    assert trained.history == History([net.forward(X, T).loss])


# -- what stays as it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 1, 3])
def test_the_given_network_and_arrays_do_not_change(size):
    net, x, t = deep(), X.copy(), T.copy()
    before = {name: array.copy() for name, array in net.parameters.items()}
    trained = fit(net, x, t, epochs=2, batch_size=size).network
    assert all(np.array_equal(net.parameters[name], array) for name, array in before.items())
    assert np.array_equal(x, X)
    assert np.array_equal(t, T)
    assert not same(trained, net)
    for name, array in trained.parameters.items():
        assert not np.shares_memory(array, net.parameters[name])
        assert not array.flags.writeable


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("size", [None, 1])
def test_the_dtype_stays(dtype, size):
    net = deep(dtype=dtype)
    trained = fit(
        net, X.astype(dtype), T.astype(dtype), epochs=3, batch_size=size, learning_rate=np.float64(0.1)
    )
    assert {array.dtype for array in trained.network.parameters.values()} == {np.dtype(dtype)}
    assert trained.history.train[-1] < trained.history.train[0]
    exact = fit(deep().with_parameters(net.parameters), X, T, epochs=3, batch_size=size).network
    np.testing.assert_allclose(trained.network.vector, exact.vector, atol=50 * np.finfo(dtype).eps)


def test_nothing_leaks_under_raise():
    """Saturation and divergence overflow inside; the caller sees the library's own error or nothing."""
    steep = jp.Network([jp.Dense(N, M, "sigmoid", init="unit")], jp.BinaryCrossEntropy())
    with np.errstate(all="raise"):
        fit(steep, 1e200 * X, np.round(T), epochs=2, learning_rate=1e-300, batch_size=2, held_out=(X, T))
        with pytest.raises(errors.NonFiniteError):
            fit(deep(), X, T, epochs=500, learning_rate=1e3)
        with pytest.raises(errors.NonFiniteError):
            fit(deep(), X, T, learning_rate=1.7e308, epochs=9)  # rate times gradient overflows
        fit(deep(dtype=np.float16), X, T, epochs=1, learning_rate=1e-300)  # the rate underflows
        assert np.geterr() == dict.fromkeys(("divide", "over", "under", "invalid"), "raise")


def test_labels_and_lists_are_taken_as_forward_takes_them():
    net = jp.Network([jp.Dense(N, 3), jp.Softmax()], jp.CrossEntropy())
    labels = [0, 2, 1, 1, 0, 2, 1]
    by_label = fit(net, X.tolist(), labels, epochs=3, batch_size=2).network
    assert same(by_label, fit(net, X, np.eye(3)[labels], epochs=3, batch_size=2).network)


# -- errors -----------------------------------------------------------------------------------------------

LOW = "Start small and double it while the loss falls."
EPOCHS = "An epoch is one pass over all cases."
SEED = "The same seed draws the same order of cases."
BATCH = "None takes all cases at once, 1 updates after each case."
RATE_ERROR = (
    "fit: the learning rate must be a finite number, 0 or more; got {}, expected a number such as 0.1. " + LOW
)

BAD = {
    "no loss": (
        lambda: fit(jp.Network([jp.Dense(N, M)]), X, T),
        errors.MissingTargetError,
        "fit: the network has no loss; expected a network with a loss. Build jp.Network(layers, loss=...).",
    ),
    "one case": (
        lambda: fit(deep(), X[0], T[0]),
        errors.ShapeError,
        "fit(X, T): training needs a stack of cases; got X of shape (3,), "
        "expected X of shape (cases, n_in). Pass X[None, :] for a single case.",
    ),
    "epochs below none": (
        lambda: fit(deep(), X, T, epochs=-1),
        errors.OptionError,
        f"fit: epochs must be a whole number; got -1, expected 0 or more. {EPOCHS}",
    ),
    "half an epoch": (
        lambda: fit(deep(), X, T, epochs=0.5),
        errors.OptionError,
        f"fit: epochs must be a whole number; got 0.5, expected 0 or more. {EPOCHS}",
    ),
    "no batch": (
        lambda: fit(deep(), X, T, batch_size=0),
        errors.OptionError,
        f"fit: batch_size must be a whole number; got 0, expected 1 or more. {BATCH}",
    ),
    "true batch": (
        lambda: fit(deep(), X, T, batch_size=True),
        errors.OptionError,
        f"fit: batch_size must be a whole number; got True, expected 1 or more. {BATCH}",
    ),
    "a seed below 0": (
        lambda: fit(deep(), X, T, seed=-3),
        errors.OptionError,
        f"fit: seed must be a whole number; got -3, expected 0 or more. {SEED}",
    ),
    "a rate of nan": (
        lambda: fit(deep(), X, T, learning_rate=np.nan),
        errors.OptionError,
        RATE_ERROR.format("nan"),
    ),
    "an infinite rate": (
        lambda: fit(deep(), X, T, learning_rate=np.inf),
        errors.OptionError,
        RATE_ERROR.format("inf"),
    ),
    "a true rate": (
        lambda: fit(deep(), X, T, learning_rate=True),
        errors.OptionError,
        RATE_ERROR.format("True"),
    ),
    "a rate in words": (
        lambda: fit(deep(), X, T, learning_rate="fast"),
        errors.OptionError,
        RATE_ERROR.format("'fast'"),
    ),
    "held-out inputs alone": (
        lambda: fit(deep(), X, T, held_out=X),
        errors.OptionError,
        "fit: held_out is a pair of inputs and targets; got ndarray, expected (X, T). "
        "Split the data first: X[:n], X[n:].",
    ),
    "three parts held out": (
        lambda: fit(deep(), X, T, held_out=(X, T, T)),
        errors.OptionError,
        "fit: held_out is a pair of inputs and targets; got tuple, expected (X, T). "
        "Split the data first: X[:n], X[n:].",
    ),
    "expressions": (
        lambda: fit(deep(), np.array([sympy.symbols("x y z")] * 2), T[:2]),
        errors.DTypeError,
        "fit(X, T): training computes with floats; got sympy expressions, expected floats. "
        "Substitute numbers first.",
    ),
    "expressions held out": (
        lambda: fit(deep(), X, T, held_out=(np.array([sympy.symbols("x y z")] * 2), T[:2])),
        errors.DTypeError,
        "fit(held_out=): training computes with floats; got sympy expressions, expected floats. "
        "Substitute numbers first.",
    ),
    "divergence": (
        lambda: fit(jp.Network([jp.Dense(1, 1)], jp.SquaredError()), [[1e200]], [[0.0]], learning_rate=1e3),
        errors.NonFiniteError,
        "fit, epoch 1: training diverged: W1 is no longer finite; got learning_rate=1000.0, "
        "expected a loss that falls. Lower the learning rate, scale the inputs, or look for nan among them.",
    ),
    "a target of another width": (
        lambda: fit(deep(), X, T[:, :1]),
        errors.ShapeError,
        "SquaredError target: the target must be shaped exactly like the output; got shape (7, 1), "
        "expected (7, 2). One row per case, one column per output; nothing is broadcast.",
    ),
}


@pytest.mark.parametrize(("call", "kind", "sentence"), BAD.values(), ids=BAD)
def test_the_error_says_where_what_and_what_to_do(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == sentence


def test_no_targets_are_refused():
    with pytest.raises(errors.MissingTargetError, match=r"fit.*training needs targets.*T=None.*labels"):
        fit(deep(), X, None)
