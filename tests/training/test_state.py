"""A training run in two calls is the run in one, bit for bit, also by way of a file."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.layers.batch_norm import BatchNorm
from jacobprop.layers.dropout import Dropout
from jacobprop.training import (
    Adam,
    CosineDecay,
    EarlyStopping,
    Masked,
    Momentum,
    Optimizer,
    StepDecay,
    TrainingState,
    fit,
)
from jacobprop.training.state import generator_of, words_of

RNG = np.random.default_rng(23)
X, T = RNG.normal(size=(11, 3)), RNG.normal(size=(11, 2))
ASIDE = X[:4] + 0.3, T[:4]


def network(*between, dtype=np.float64):
    return jp.Network([jp.Dense(3, 4, "tanh"), *between, jp.Dense(4, 2)], jp.SquaredError(), dtype=dtype)


RUNS = {
    "batch": (network(), {}),
    "incremental": (network(), {"batch_size": 1}),
    "minibatch": (network(), {"batch_size": 4, "seed": 5}),
    "in order": (network(), {"batch_size": 4, "shuffle": False}),
    "momentum": (network(), {"batch_size": 4, "optimizer": Momentum(0.8, nesterov=True)}),
    "adam": (network(), {"batch_size": 4, "optimizer": Adam(), "held_out": ASIDE, "l2": 0.1}),
    "float32": (network(dtype=np.float32), {"batch_size": 4, "optimizer": Adam()}),
    "steps": (network(), {"learning_rate": StepDecay(0.2, 0.5, every=2)}),
    "cosine": (network(), {"learning_rate": CosineDecay(0.2, 9, warm_up=4), "batch_size": 3}),
    "early stopping": (network(), {"held_out": ASIDE, "early_stopping": EarlyStopping(3)}),
    "dropout": (network(Dropout(0.4)), {"batch_size": 4, "optimizer": Momentum(0.5)}),
    "batch normalisation": (network(BatchNorm(4)), {"batch_size": 4, "held_out": ASIDE}),
}
each_run = pytest.mark.parametrize(("net", "options"), RUNS.values(), ids=RUNS)


def same_state(first, second):
    arrays = [[s.parameters, s.random, np.float64(s.updates), *s.memory.values()] for s in (first, second)]
    assert list(first.memory) == list(second.memory)
    assert (first.best is None) == (second.best is None)
    assert first.best is None or np.array_equal(first.best, second.best)
    assert first.history == second.history
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(*arrays, strict=True))


@pytest.mark.seed("S-20")
@each_run
@pytest.mark.parametrize("way", ["as it is", "by file", "by pickle"])
def test_two_calls_are_one(net, options, way, tmp_path):
    whole = fit(net, X, T, epochs=9, **options)
    for first in (0, 1, 6):
        state = fit(net, X, T, epochs=first, **options).state
        if way == "by file":
            state = TrainingState.load(state.save(tmp_path / "state.npz"))
        if way == "by pickle":
            state = pickle.loads(pickle.dumps(state))  # noqa: S301  (our own bytes)
        found = fit(net, X, T, epochs=9 - first, state=state, **options)
        assert np.array_equal(found.network.vector, whole.network.vector)
        assert found.network.forward(X, T).loss == whole.network.forward(X, T).loss
        assert found.history == whole.history
        assert same_state(found.state, whole.state)


def test_each_epoch_in_a_call_of_its_own_is_the_run():
    options = {"batch_size": 4, "optimizer": Adam(), "held_out": ASIDE}
    whole, state, told = fit(network(), X, T, epochs=5, **options), None, []
    for _ in range(5):
        found = fit(network(), X, T, epochs=1, state=state, progress=lambda *n: told.append(n), **options)
        state = found.state
    assert same_state(state, whole.state)
    assert [news[0] for news in told] == [1, 2, 3, 4, 5]
    assert [news[1] for news in told] == whole.history.train[1:]


def test_the_state_takes_the_place_of_the_networks_parameters_and_of_the_seed():
    options = {"batch_size": 4}
    state = fit(network(), X, T, epochs=2, seed=7, **options).state
    other = network().with_vector(np.zeros(network().size))
    found = fit(other, X, T, epochs=2, seed=1, state=state, **options)
    assert np.array_equal(
        found.network.vector, fit(network(), X, T, epochs=4, seed=7, **options).network.vector
    )


def test_a_run_that_a_rule_has_ended_takes_no_step_more():
    options = {"held_out": ASIDE, "early_stopping": EarlyStopping(2), "learning_rate": 1.2}
    ended = fit(network(), X, T, epochs=200, **options)
    assert len(ended.history.train) < 200
    again = fit(network(), X, T, epochs=5, state=ended.state, **options)
    assert same_state(again.state, ended.state)
    assert again.stopped == ended.stopped
    assert np.array_equal(again.network.vector, ended.network.vector)
    patient = options | {"early_stopping": EarlyStopping(100)}
    assert (
        len(fit(network(), X, T, epochs=5, state=ended.state, **patient).history.train)
        == len(ended.history.train) + 5
    )


def test_a_state_does_not_change():
    options = {"batch_size": 4, "optimizer": Momentum(0.9), "held_out": ASIDE}
    found = fit(network(), X, T, epochs=2, **options)
    kept = pickle.loads(pickle.dumps(found.state))  # noqa: S301  (our own bytes)
    later = fit(network(), X, T, epochs=3, state=found.state, **options)
    assert same_state(found.state, kept)
    assert len(found.history.train) == 3
    assert len(later.history.train) == 6
    for array in (found.state.parameters, found.state.random, found.state.best, *found.state.memory.values()):
        assert not array.flags.writeable
    found.history.train.append(0.0)
    assert same_state(found.state, kept)


def test_the_state_says_where_it_is():
    state = fit(network(), X, T, epochs=3, optimizer=Adam()).state
    assert repr(state) == "<TrainingState: after epoch 3, 26 parameters, first_moment, second_moment>"
    assert (state.epoch, state.updates, state.best) == (3, 3, None)
    assert repr(fit(network(), X, T, epochs=0).state) == "<TrainingState: after epoch 0, 26 parameters>"
    assert fit(network(), X, T, epochs=2, batch_size=4).state.updates == 6


def test_the_words_of_a_generator_are_all_of_it():
    rng = np.random.default_rng(9)
    for draws in range(4):
        twin = generator_of(words_of(rng))
        assert twin.bit_generator.state == rng.bit_generator.state
        assert np.array_equal(twin.random(5), rng.random(5))
        rng.integers(10, size=2 * draws + 1, dtype=np.uint32)  # keeps half a draw


# -- errors -----------------------------------------------------------------------------------------------

STATE = fit(network(), X, T, epochs=1).state
BESIDE = fit(network(), X, T, epochs=1, held_out=ASIDE, optimizer=Momentum(0.9)).state
MASKED = fit(network(), X, T, epochs=1, optimizer=Masked(np.eye(26)[3])).state
WIDE = RNG.normal(size=(11, 6))
OTHER = "fit(state=): the state belongs to another training; got {}, expected {}. Go on with the network and"
BARE = "26 parameters of float64, nothing remembered, without held_out"
BAD = {
    "a path": (
        lambda: fit(network(), X, T, state="state.npz"),
        "fit(state=): there is no training state; got str, expected the .state of an earlier fit, or "
        "TrainingState.load(path). Leave it out to begin anew.",
    ),
    "a Fit": (
        lambda: fit(network(), X, T, state=fit(network(), X, T, epochs=1)),
        "got Fit, expected the .state",
    ),
    "another size": (
        lambda: fit(jp.Network([jp.Dense(3, 2)], jp.SquaredError()), X, T, state=STATE),
        OTHER.format(
            BARE + "; W1 (3, 4), b1 (4,), W2 (4, 2), b2 (2,)",
            "8 parameters of float64, nothing remembered, without held_out; W1 (3, 2), b1 (2,)",
        ),
    ),
    "another dtype": (
        lambda: fit(network(dtype=np.float32), X, T, state=STATE),
        OTHER.format(BARE, "26 parameters of float32, nothing remembered, without held_out"),
    ),
    "another optimizer": (
        lambda: fit(network(), X, T, state=STATE, optimizer=Adam()),
        OTHER.format(
            BARE + "; plain descent",
            "26 parameters of float64, first_moment, second_moment remembered, without held_out; "
            "Adam(beta1=0.9, beta2=0.999, epsilon=1e-08)",
        ),
    ),
    "the same size": (
        lambda: fit(jp.Network([jp.Dense(3, 2), jp.Dense(2, 6)], jp.SquaredError()), X, WIDE, state=STATE),
        OTHER.format(
            "W1 (3, 4), b1 (4,), W2 (4, 2), b2 (2,)",
            "W1 (3, 2), b1 (2,), W2 (2, 6), b2 (6,)",
        ),
    ),
    "other options of the optimizer": (
        lambda: fit(network(), X, T, state=BESIDE, optimizer=Momentum(0.8), held_out=ASIDE),
        OTHER.format("Momentum(beta=0.9, nesterov=False)", "Momentum(beta=0.8, nesterov=False)"),
    ),
    "another mask": (
        lambda: fit(network(), X, T, state=MASKED, optimizer=Masked(np.eye(26)[4])),
        OTHER.format("Masked(1 of 26 move, 349f54e6)", "Masked(1 of 26 move, b8c4daf2)"),
    ),
    "another batch size": (
        lambda: fit(network(), X, T, state=STATE, batch_size=4),
        OTHER.format("batch_size=11", "batch_size=4"),
    ),
    "another penalty": (
        lambda: fit(network(), X, T, state=STATE, l2=0.5),
        OTHER.format("l2=0.0", "l2=0.5"),
    ),
    "other cases": (
        lambda: fit(network(), X[:9], T[:9], state=STATE, batch_size=11),
        OTHER.format("11 cases", "9 cases"),
    ),
    "held out now": (
        lambda: fit(network(), X, T, state=STATE, held_out=ASIDE),
        OTHER.format(BARE, "26 parameters of float64, nothing remembered, with held_out"),
    ),
    "held out before": (
        lambda: fit(network(), X, T, state=BESIDE, optimizer=Momentum(0.9)),
        OTHER.format(
            "26 parameters of float64, velocity remembered, with held_out",
            "26 parameters of float64, velocity remembered, without held_out",
        ),
    ),
}


@pytest.mark.parametrize(("call", "sentence"), BAD.values(), ids=BAD)
def test_a_state_of_another_training_is_refused(call, sentence):
    with pytest.raises(errors.OptionError) as caught:
        call()
    assert sentence in str(caught.value)


class Signs(Optimizer):
    """An optimiser of one's own, which says nothing of itself."""

    def direct(self, gradient, memory, update):
        np.sign(gradient, out=gradient)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Momentum(np.float64(0.5)), Momentum(0.5)),
        (Adam(np.float32(0.5), 0, epsilon=1), Adam(0.5, np.int8(0), epsilon=1.0)),
        (Masked(np.eye(26)[3], Adam()), Masked(np.eye(26, dtype=int)[3], Adam())),
        (Signs(), Signs()),
        (Masked(np.ones(26), Signs()), Masked(np.ones(26), Signs())),
    ],
)
def test_equal_options_are_equal_however_they_are_written(first, second, tmp_path):
    state = fit(network(), X, T, epochs=1, optimizer=first, learning_rate=0.01).state
    state = TrainingState.load(state.save(tmp_path / "state.npz"))
    found = fit(network(), X, T, epochs=1, optimizer=second, learning_rate=0.01, state=state)
    whole = fit(network(), X, T, epochs=2, optimizer=first, learning_rate=0.01)
    assert np.array_equal(found.network.vector, whole.network.vector)


def test_a_long_description_is_cut_and_still_differs(tmp_path):
    def deep(first, last):
        widths = [3, first, *[2] * 40, last, 2]
        return jp.Network([jp.Dense(n, m) for n, m in pairwise(widths)], jp.SquaredError())

    state = fit(deep(2, 4), X, T, epochs=0).state
    assert max(map(len, state.task.splitlines())) < 230
    assert TrainingState.load(state.save(tmp_path / "state.npz")).task == state.task
    fit(deep(2, 4), X, T, epochs=1, state=state)
    lines = {fit(deep(2, last), X, T, epochs=0).state.task.splitlines()[0] for last in (3, 4, 5)}
    assert len(lines) == 3
    assert len({line[:200] for line in lines}) == 1


def test_what_an_optimizer_says_of_itself_is_one_line_of_text(tmp_path):
    class Wordy(Signs):
        def __repr__(self):
            return "a\nb\x1b[31m c\ud800" + "d" * 10**6

    state = fit(network(), X, T, epochs=1, optimizer=Wordy()).state
    assert state.task.splitlines()[1].startswith("a b [31m c ddd")
    assert TrainingState.load(state.save(tmp_path / "state.npz")).task == state.task
