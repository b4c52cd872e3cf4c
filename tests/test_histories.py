"""The room below the trainers: their losses, their held-out cases, and who follows them."""

import math

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.curvature.marquardt import LevenbergMarquardtHistory
from jacobprop.histories import History, require_held_out, require_progress

RNG = np.random.default_rng(3)
X, T = RNG.normal(size=(6, 2)), RNG.normal(size=(6, 1))


def network():
    return jp.Network([jp.Dense(2, 3, "tanh"), jp.Dense(3, 1)], jp.SquaredError(), seed=1)


TRAINERS = {
    "fit": lambda **options: jp.fit(network(), X, T, epochs=5, **options),
    "levenberg_marquardt": lambda **options: jp.levenberg_marquardt(network(), X, T, iterations=5, **options),
}
each_trainer = pytest.mark.parametrize("name", TRAINERS)


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([], None),
        ([3.0], 0),
        ([3.0, 1.0, 2.0], 1),
        ([3.0, 1.0, 1.0], 1),
        ([math.nan, 5.0, 4.0], 2),
        ([2.0, math.nan, 3.0], 0),
        ([math.nan, math.inf], 0),
        ([math.inf, -math.inf, 0.0], 1),
    ],
)
def test_the_best_entry_is_the_first_of_the_lowest_held_out_losses(losses, best):
    assert History([0.0] * len(losses), losses).best == best


def test_the_history_says_its_rounds_and_its_losses():
    assert repr(History([2.0, 1.5], [3.0, 2.5])) == "<History: 1 epochs, train 2 -> 1.5, held out 3 -> 2.5>"
    assert repr(History([2.0])) == "<History: 0 epochs, train 2 -> 2>"
    longer = LevenbergMarquardtHistory([2.0, 1.0, 0.5])
    assert repr(longer) == "<LevenbergMarquardtHistory: 2 iterations, train 2 -> 0.5>"


def test_the_latest_losses_are_told():
    heard = []
    assert History([2.0, 1.0]).tell(None)
    assert History([2.0, 1.0]).tell(lambda *news: heard.append(news))
    assert History([2.0, 1.0, 0.5], [5.0, 4.0, 3.0]).tell(lambda *news: heard.append(news))
    assert heard == [(1, 1.0, None), (2, 0.5, 3.0)]


def stop(*_):
    raise StopIteration


def test_a_stop_iteration_ends_it_and_another_error_passes():
    assert not History([2.0, 1.0]).tell(stop)
    with pytest.raises(KeyboardInterrupt):
        History([2.0, 1.0]).tell(lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))


@each_trainer
def test_every_trainer_stops_after_the_round_that_is_stopped(name):
    heard = []

    def progress(number, train, held_out):
        heard.append((number, train, held_out))
        if number == 2:
            raise StopIteration

    history = TRAINERS[name](held_out=(X[:2], T[:2]), progress=progress).history
    assert len(history.train) == len(history.held_out) == 3
    assert heard == list(zip((1, 2), history.train[1:], history.held_out[1:], strict=True))


@each_trainer
@pytest.mark.parametrize("held_out", [X, (X,), (X, T, T), "XT", 3, {"X": X, "T": T}])
def test_every_trainer_refuses_what_is_no_pair(name, held_out):
    words = f"{name}: held_out is a pair of inputs and targets; got {type(held_out).__name__}, "
    with pytest.raises(errors.OptionError) as caught:
        TRAINERS[name](held_out=held_out)
    assert str(caught.value) == words + "expected (X, T). Split the data first: X[:n], X[n:]."


@each_trainer
def test_every_trainer_refuses_what_is_no_function(name):
    round_ = {"fit": "epoch", "levenberg_marquardt": "iteration"}[name]
    with pytest.raises(errors.OptionError) as caught:
        TRAINERS[name](progress=3)
    assert str(caught.value) == (
        f"{name}: progress is called after every {round_}; got 3, expected a function of "
        f"({round_}, train loss, held-out loss or None). Leave it out, or pass such as "
        "lambda number, train, held_out: print(number, train)."
    )


def test_none_a_pair_and_a_function_pass():
    require_held_out(None, "here")
    require_held_out((X, T), "here")
    require_held_out([X, T], "here")
    require_progress(None, "epoch", "here")
    require_progress(print, "epoch", "here")
