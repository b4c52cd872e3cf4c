"""Momentum and Adam, against scalar recursions and against another library, step by step."""

import math

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import Adam, Masked, Momentum, Optimizer, StepDecay, fit

RNG = np.random.default_rng(29)
X, T = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))
OPTIMIZERS = {
    "momentum": Momentum(0.8),
    "no momentum": Momentum(0.0),
    "nesterov": Momentum(0.8, nesterov=True),
    "adam": Adam(0.7, 0.95, 1e-3),
    "adam as it is": Adam(),
    "adam without memory": Adam(0.0, 0.0, 0.1),
}
each = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
RATE = StepDecay(0.07, 0.5, every=3)


def network(dtype=np.float64):
    return jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError(), dtype=dtype)


def scalar_momentum(optimizer):
    """Of one parameter: what to subtract per unit of learning rate, gradient after gradient."""
    u = 0.0
    g = yield
    while True:
        u = optimizer.beta * u + g
        g = yield g + optimizer.beta * u if optimizer.nesterov else u


def scalar_adam(optimizer):
    m = v = 0.0
    step = 0
    g = yield
    while True:
        step += 1
        m = optimizer.beta1 * m + (1 - optimizer.beta1) * g
        v = optimizer.beta2 * v + (1 - optimizer.beta2) * g * g
        mean, square = m / (1 - optimizer.beta1**step), v / (1 - optimizer.beta2**step)
        g = yield mean / (math.sqrt(square) + optimizer.epsilon)


def started(optimizer):
    recursion = (scalar_momentum if isinstance(optimizer, Momentum) else scalar_adam)(optimizer)
    next(recursion)
    return recursion


@pytest.mark.seed("M-26", "S-22")
@each
@pytest.mark.parametrize("size", [None, 4])
def test_each_parameter_follows_its_own_recursion(optimizer, size):
    """fit with nothing vectorised: one generator for each parameter, gradients by the chain."""
    net, recursions = network(), [started(optimizer) for _ in range(network().size)]
    for epoch in range(1, 6):
        for start in range(0, len(X), size or len(X)):
            batch = slice(start, start + (size or len(X)))
            gradients = net.forward(X[batch], T[batch]).gradients()
            g = np.concatenate([gradients[name].ravel() for name in net.parameters])
            step = [recursion.send(float(part)) for recursion, part in zip(recursions, g, strict=True)]
            net = net.with_vector(net.vector - RATE(epoch) * np.array(step))
    options = {"epochs": 5, "learning_rate": RATE, "batch_size": size, "shuffle": False}
    found = fit(network(), X, T, optimizer=optimizer, **options).network
    np.testing.assert_allclose(found.vector, net.vector, rtol=1e-11, atol=1e-13)
    plain = fit(network(), X, T, **options).network
    if optimizer == Momentum(0.0):
        assert np.array_equal(found.vector, plain.vector)
    else:
        assert np.abs(found.vector - plain.vector).max() > 1e-3


@pytest.mark.seed("M-26", "S-22")
@each
def test_the_steps_are_those_of_torch(optimizer):
    torch = pytest.importorskip("torch")
    point = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    if isinstance(optimizer, Momentum):
        nesterov = {"nesterov": True} if optimizer.nesterov else {}
        theirs = torch.optim.SGD([point], lr=1.0, momentum=optimizer.beta, **nesterov)
    else:
        betas = (optimizer.beta1, optimizer.beta2)
        theirs = torch.optim.Adam([point], lr=1.0, betas=betas, eps=optimizer.epsilon)
    memory, ours = {name: np.zeros(5) for name in optimizer.memory}, np.zeros(5)
    for update in range(1, 31):
        g = RNG.normal(size=5) * 10.0 ** RNG.integers(-3, 3, 5)
        point.grad = torch.from_numpy(g.copy())
        theirs.step()
        optimizer.direct(g, memory, update)
        ours -= g
        np.testing.assert_allclose(ours, point.detach().numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.seed("M-26")
def test_momentum_damps_the_oscillations_of_a_narrow_valley():
    """L = (9 u^2 + v^2 / 9) / 2 at a rate where plain descent swings across u and creeps along v."""
    X = np.array([[3.0, 0.0], [0.0, 1 / 3]])
    net = jp.Network([jp.Dense.from_arrays([[1.0], [1.0]])], jp.SquaredError(reduction="sum"))
    run = {
        name: fit(net, X, [[0.0], [0.0]], epochs=60, learning_rate=0.2, optimizer=optimizer).history.train
        for name, optimizer in (("plain", None), ("momentum", Momentum(0.7)))
    }
    assert run["momentum"][-1] < 1e-2 * run["plain"][-1]
    assert run["plain"][-1] > 1e-3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_adams_first_step_is_the_rate_whatever_the_gradients_size(scale):
    net = jp.Network([jp.Dense.from_arrays([[0.0, 0.0]])], jp.SquaredError())
    found = fit(net, [[scale]], [[1.0, -1.0]], epochs=1, learning_rate=0.01, optimizer=Adam(epsilon=1e-30))
    np.testing.assert_allclose(found.network.parameters["W1"], [[0.01, -0.01]], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@each
def test_small_floats_stay_and_the_memory_is_float32(optimizer, dtype):
    found = fit(
        network(dtype), X.astype(dtype), T.astype(dtype), epochs=4, learning_rate=0.01, optimizer=optimizer
    )
    assert found.network.dtype == dtype
    assert {array.dtype for array in found.state.memory.values()} == {np.dtype(np.float32)}
    exact = fit(
        network().with_parameters(network(dtype).parameters),
        X,
        T,
        epochs=4,
        learning_rate=0.01,
        optimizer=optimizer,
    )
    np.testing.assert_allclose(found.network.vector, exact.network.vector, atol=20 * np.finfo(dtype).eps)


def test_an_optimizer_of_ones_own_remembers_what_it_names():
    class Signs(Optimizer):
        memory = ("votes",)

        def direct(self, gradient, memory, update):
            memory["votes"] += np.sign(gradient)
            gradient[:] = np.sign(memory["votes"]) / update

    start = network()
    found = fit(start, X, T, epochs=1, learning_rate=0.5, optimizer=Signs())
    gradients = start.forward(X, T).gradients()
    signs = np.sign(np.concatenate([gradients[name].ravel() for name in start.parameters]))
    np.testing.assert_allclose(start.vector - found.network.vector, 0.5 * signs, rtol=1e-13)
    assert np.array_equal(found.state.memory["votes"], signs)


BAD = {
    "a name": (
        lambda: fit(network(), X, T, optimizer="adam"),
        "fit: unknown optimizer; got 'adam', expected an object",
    ),
    "a class": (
        lambda: fit(network(), X, T, optimizer=Adam),
        "jp.training.Adam(). Create it with parentheses, or leave it out for plain gradient descent.",
    ),
    "beta of 1": (
        lambda: Momentum(1.0),
        "Momentum: beta must be a number; got 1.0, expected 0 or more, below 1.",
    ),
    "a negative beta": (lambda: Momentum(-0.1), "Momentum: beta must be a number; got -0.1"),
    "beta in words": (lambda: Momentum("0.9"), "Momentum: beta must be a number; got '0.9'"),
    "nesterov": (
        lambda: Momentum(0.9, nesterov="yes"),
        "Momentum: nesterov is yes or no; got 'yes', expected True or False. Leave it out for False.",
    ),
    "beta1": (lambda: Adam(beta1=1), "Adam: beta1 must be a number; got 1, expected 0 or more, below 1."),
    "beta2": (lambda: Adam(beta2=math.nan), "Adam: beta2 must be a number; got nan"),
    "no epsilon": (
        lambda: Adam(epsilon=0),
        "Adam: epsilon must be a number; got 0, expected above 0. Leave it out",
    ),
    "an infinite epsilon": (lambda: Adam(epsilon=math.inf), "Adam: epsilon must be a number; got inf"),
}


@pytest.mark.parametrize(("call", "sentence"), BAD.values(), ids=BAD)
def test_what_means_nothing_is_refused(call, sentence):
    with pytest.raises(errors.OptionError) as caught:
        call()
    assert sentence in str(caught.value)


@pytest.mark.parametrize("optimizer", [Momentum(0.9), Adam()], ids=["momentum", "adam"])
def test_divergence_is_told_and_no_warning_leaks(optimizer):
    with (
        np.errstate(all="raise"),
        pytest.raises(errors.NonFiniteError, match=r"training diverged: W1 is no longer"),
    ):
        fit(network(), X, T, learning_rate=1e308, optimizer=optimizer)


@pytest.mark.parametrize("inner", [None, Momentum(0.5), Adam()])
@pytest.mark.parametrize("wild", [np.inf, -np.inf, np.nan])
def test_what_does_not_move_may_have_any_gradient(inner, wild):
    masked = Masked([1, 0, 1], inner)
    memory = {name: np.zeros(3) for name in masked.memory}
    for update in (1, 2):
        gradient = np.array([1.0, wild, -2.0])
        masked.direct(gradient, memory, update)
        assert gradient[1] == 0
        assert np.isfinite(gradient).all()
        assert gradient[[0, 2]].all()
    assert all(np.isfinite(array).all() and array[1] == 0 for array in memory.values())


def test_an_optimizer_that_pushes_everything_moves_nothing_masked():
    class Push(Optimizer):
        def direct(self, gradient, memory, update):
            gradient += 1

    net, mask = network(), np.arange(network().size) % 2
    found = fit(net, X, T, epochs=3, optimizer=Masked(mask, Push())).network.vector
    assert np.array_equal(found == net.vector, mask == 0)


def test_a_mask_of_another_network_is_refused_before_anything_is_trained():
    with pytest.raises(errors.ShapeError, match="Masked: the mask has another length"):
        fit(network(), X, T, epochs=0, optimizer=Masked(np.ones(3)))


def test_a_memory_that_overflows_is_told():
    """g = 1e25 is a float32 and g^2 is none: m / sqrt(inf) = 0 would be the step for ever."""
    net = jp.Network([jp.Dense.from_arrays(np.ones((3, 2), np.float32))], jp.SquaredError())
    far = 1e25 * np.ones((9, 2), np.float32)
    with pytest.raises(
        errors.NonFiniteError,
        match=r"fit, epoch 1: training diverged: the second moment of W1 is no longer finite; got learning",
    ):
        fit(net, X.astype(np.float32) + 3, far, optimizer=Adam(), epochs=3)
    assert fit(net, X.astype(np.float32) + 3, far, optimizer=Momentum(), epochs=1, learning_rate=1e-9)
