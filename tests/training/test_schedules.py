"""Learning rates by the epoch, against their recursions, and what `fit` makes of them."""

import itertools
import math

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import CosineDecay, ExponentialDecay, InverseTimeDecay, StepDecay, fit

RNG = np.random.default_rng(8)
X, T = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
SCHEDULES = {
    "step": StepDecay(0.7, 0.3, every=4),
    "exponential": ExponentialDecay(0.7, 0.93),
    "inverse time": InverseTimeDecay(0.7, 0.2),
    "cosine": CosineDecay(0.7, epochs=23, final=0.1),
    "warm-up": CosineDecay(0.7, epochs=23, final=0.1, warm_up=5),
}
each = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


def network():
    return jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())


def rates(schedule, epochs=30):
    return [schedule(epoch) for epoch in range(1, epochs + 1)]


# -- the schedules ----------------------------------------------------------------------------------------


@pytest.mark.seed("H-53", "M-26")
def test_steps_and_exponential_decay_multiply_the_rate_before():
    rate = 0.7
    for epoch, found in enumerate(rates(SCHEDULES["step"]), 1):
        assert found == pytest.approx(rate, rel=1e-14)
        rate *= 0.3 if epoch % 4 == 0 else 1
    rate = 0.7
    for found in rates(SCHEDULES["exponential"]):
        assert found == pytest.approx(rate, rel=1e-13)
        rate *= 0.93


@pytest.mark.seed("H-53", "M-26")
def test_inverse_time_decay_meets_the_conditions_of_robbins_and_monro():
    """1 / rate grows by a constant; so the sum passes every bound and that of the squares does not."""
    reciprocal = 1 / np.array(rates(SCHEDULES["inverse time"]))
    np.testing.assert_allclose(np.diff(reciprocal), 0.2 / 0.7, rtol=1e-12)
    eta = 0.7 / (1 + 0.2 * np.arange(2**16))
    assert InverseTimeDecay(0.7, 0.2)(2**16) == pytest.approx(eta[-1], rel=1e-14)
    doubling = [eta[2**k : 2 ** (k + 1)] for k in range(8, 16)]
    assert min(part.sum() for part in doubling) > 2
    squares = [float((part**2).sum()) for part in doubling]
    assert all(later < 0.52 * earlier for earlier, later in itertools.pairwise(squares))


@pytest.mark.seed("M-26")
def test_the_cosine_falls_by_half_at_half_time_and_stays_where_it_ends():
    schedule = CosineDecay(0.9, epochs=20, final=0.1)
    assert schedule(1) == 0.9
    assert schedule(11) == pytest.approx(0.5)
    assert schedule(21) == schedule(22) == schedule(2000) == pytest.approx(0.1)
    found = np.array(rates(schedule, 20))
    assert (np.diff(found) < 0).all()
    np.testing.assert_allclose(found[1:] + found[:0:-1], 1.0, rtol=1e-12)  # symmetric about half time


@pytest.mark.seed("M-26")
def test_the_warm_up_rises_evenly_to_the_rate():
    found = rates(CosineDecay(0.6, epochs=9, warm_up=3), 9)
    assert found[:4] == pytest.approx([0.15, 0.3, 0.45, 0.6])
    assert found[3:] == pytest.approx(rates(CosineDecay(0.6, epochs=6), 6))


@pytest.mark.seed("M-26")
def test_the_schedules_are_those_of_torch():
    torch = pytest.importorskip("torch")
    makers = {
        "step": lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=4, gamma=0.3),
        "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.93),
        "inverse time": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda k: 1 / (1 + 0.2 * k)),
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=23, eta_min=0.1),
    }
    for name, maker in makers.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.7)
        scheduler, found = maker(optimizer), []
        for _ in range(23):
            found.append(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()
        assert rates(SCHEDULES[name], 23) == pytest.approx(found, rel=1e-12), name


@each
def test_a_schedule_is_a_value_that_gives_floats(schedule):
    assert all(type(rate) is float and math.isfinite(rate) for rate in rates(schedule))
    assert schedule == type(schedule)(**vars(schedule))
    assert 0 <= schedule(2**53) <= 0.7
    assert schedule(np.int64(3)) == schedule(3)
    with pytest.raises(AttributeError):
        schedule.rate = 1.0


# -- in fit -----------------------------------------------------------------------------------------------


@pytest.mark.seed("H-53")
@each
@pytest.mark.parametrize("size", [None, 3])
def test_each_epoch_takes_its_own_rate(schedule, size):
    """Against calls of one epoch each, with a number for a rate, the order of the cases as it is given."""
    options = {"batch_size": size, "shuffle": False}
    net = network()
    for epoch in range(1, 8):
        net = fit(net, X, T, epochs=1, learning_rate=schedule(epoch), **options).network
    assert np.array_equal(
        fit(network(), X, T, epochs=7, learning_rate=schedule, **options).network.vector, net.vector
    )


def test_any_function_of_the_epoch_is_a_schedule():
    asked = []

    def schedule(epoch):
        asked.append(epoch)
        return np.float32(0.25)

    found = fit(network(), X, T, epochs=4, learning_rate=schedule)
    assert asked == [1, 2, 3, 4]
    assert np.array_equal(
        found.network.vector, fit(network(), X, T, epochs=4, learning_rate=0.25).network.vector
    )


@pytest.mark.seed("D-17", "H-53")
def test_a_falling_rate_ends_the_noise_of_incremental_descent():
    """Cases that contradict each other: at a constant rate each pulls to its own side for ever."""
    x, t = np.ones((20, 1)), RNG.normal(size=(20, 1))
    net = jp.Network([jp.Dense(1, 1, bias=False, init="zero")], jp.SquaredError())
    options = {"epochs": 40, "batch_size": 1, "seed": 2}
    least = 0.5 * float(((t - t.mean()) ** 2).mean())
    constant, falling = (
        np.mean(fit(net, x, t, learning_rate=rate, **options).history.train[-20:]) - least
        for rate in (0.5, InverseTimeDecay(0.5, 1.0))
    )
    assert 0 <= falling < 0.05 * constant


# -- errors -----------------------------------------------------------------------------------------------

RATE = (
    "the learning rate must be a finite number, 0 or more; got {}, expected a number such as 0.1. "
    "Start small and double"
)
BAD = {
    "rate": (lambda: StepDecay("0.1"), "StepDecay: " + RATE.format("'0.1'")),
    "rate of nan": (lambda: ExponentialDecay(math.nan), "ExponentialDecay: " + RATE.format("nan")),
    "infinite rate": (lambda: InverseTimeDecay(math.inf), "InverseTimeDecay: " + RATE.format("inf")),
    "true rate": (lambda: CosineDecay(True, 5), "CosineDecay: " + RATE.format("True")),
    "factor": (
        lambda: StepDecay(0.1, factor=10),
        "StepDecay: factor must be a number; got 10, expected above 0, at most 1. Leave it out",
    ),
    "no factor": (lambda: ExponentialDecay(0.1, 0.0), "ExponentialDecay: factor must be a number; got 0.0"),
    "factor of nan": (lambda: ExponentialDecay(0.1, math.nan), "factor must be a number; got nan"),
    "every": (
        lambda: StepDecay(0.1, every=0),
        "StepDecay: every must be a whole number; got 0, expected 1 or more",
    ),
    "decay": (
        lambda: InverseTimeDecay(0.1, -1),
        "InverseTimeDecay: decay must be a number; got -1, expected 0 or",
    ),
    "epochs": (lambda: CosineDecay(0.1, 2.5), "CosineDecay: epochs must be a whole number; got 2.5"),
    "final": (lambda: CosineDecay(0.1, 5, final=None), "CosineDecay: final must be a number; got None"),
    "warm-up": (
        lambda: CosineDecay(0.1, 5, warm_up=5),
        "CosineDecay: warm_up must be a whole number; got 5, expected 0 to 4. It counts epochs.",
    ),
    "epoch 0": (
        lambda: StepDecay(0.1)(0),
        "StepDecay: epoch must be a whole number; got 0, expected 1 or more. The first epoch is 1.",
    ),
    "a huge epoch": (lambda: CosineDecay(0.1, 5)(10**400), "CosineDecay: epoch must be a whole number"),
    "what a function returns": (
        lambda: fit(network(), X, T, learning_rate=lambda epoch: [0.1, math.nan][epoch > 2]),
        "fit, learning_rate(3): " + RATE.format("nan"),
    ),
    "a class": (
        lambda: fit(network(), X, T, learning_rate=CosineDecay),
        "fit: " + RATE.format(repr(CosineDecay)),
    ),
    "nothing returned": (
        lambda: fit(network(), X, T, learning_rate=lambda epoch: None),
        "fit, learning_rate(1): " + RATE.format("None"),
    ),
}


@pytest.mark.parametrize(("call", "sentence"), BAD.values(), ids=BAD)
def test_what_means_nothing_is_refused(call, sentence):
    with pytest.raises(errors.OptionError) as caught:
        call()
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("schedule", "same"),
    [
        (StepDecay(np.float16(0.5), np.float16(0.5), np.int8(3)), StepDecay(0.5, 0.5, 3)),
        (ExponentialDecay(np.uint8(200), np.float32(0.5)), ExponentialDecay(200.0, 0.5)),
        (InverseTimeDecay(np.uint8(1), 10**308), InverseTimeDecay(1.0, 1e308)),
        (
            CosineDecay(np.uint8(200), np.int8(100), np.uint8(201), np.int8(5)),
            CosineDecay(200.0, 100, 201.0, 5),
        ),
    ],
)
def test_small_numbers_of_numpy_neither_wrap_round_nor_underflow(schedule, same):
    with np.errstate(all="raise"):
        for epoch in (1, 2, 6, 300, 2**53):
            assert type(schedule(epoch)) is float
            assert schedule(epoch) == same(epoch)


def test_rates_next_to_the_largest_number_do_not_overflow_on_the_way():
    falling = CosineDecay(1e308, 10, final=-1e308, warm_up=4)
    assert [falling(epoch) for epoch in (3, 5, 11)] == pytest.approx([6e307, 1e308, -1e308], rel=1e-15)
    assert CosineDecay(0.5, 10**5000, warm_up=10**4999)(1) == 0
