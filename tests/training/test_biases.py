"""Where a bias lives: nowhere, beside the weights, or inside them as a row, a column or the last entry."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.differences import central_differences
from jacobprop.training import Adam, Masked, Momentum, fit, flatten, pad

RNG = np.random.default_rng(23)
X, T = RNG.normal(size=(5, 3)), RNG.uniform(0.1, 0.9, (5, 2))
NET = jp.Network([jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2, "sigmoid")], jp.SquaredError(), seed=2)
NET = NET.with_vector(RNG.normal(size=NET.size))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def augmented_loss(matrices, first, transposed):
    """The mean of half the squared error, with a unit that is always 1 in each layer, first or last."""
    a = X
    for M in matrices:
        W = M.T if transposed else M
        a = sigmoid(np.insert(a, 0 if first else a.shape[1], 1.0, axis=1) @ W)
    return ((a - T) ** 2).sum() / 2 / len(X)


def augmented(arrays, first, transposed):
    """[b; W], or [W; b], or its transpose, of each layer."""
    found = []
    for k in (1, 2):
        W, b = arrays[f"W{k}"], arrays[f"b{k}"][None]
        M = np.vstack([b, W] if first else [W, b])
        found.append(M.T if transposed else M)
    return found


WAYS = {"row": (True, False), "column": (True, True), "last": (False, False), "last column": (False, True)}
DIALECTS = {"row": "bao", "column": "ng"}


@pytest.mark.seed("S-23", "H-41", "H-60", "B-09")
@pytest.mark.parametrize("way", WAYS)
def test_gradients_are_equal_wherever_the_bias_is(way):
    first, transposed = WAYS[way]
    record = NET.forward(X, T)
    matrices = augmented(NET.parameters, first, transposed)
    assert augmented_loss(matrices, first, transposed) == pytest.approx(record.loss, rel=1e-14)
    own = augmented(record.gradients(), first, transposed)
    for k in (0, 1):

        def loss(M, k=k):
            return augmented_loss([M if j == k else matrices[j] for j in (0, 1)], first, transposed)

        numeric = central_differences(loss, matrices[k])
        assert numeric.shape == own[k].shape
        assert np.allclose(numeric, own[k], rtol=1e-8, atol=1e-11)
    if way in DIALECTS:
        other = DIALECTS[way]
        converted = jp.dialects.convert(NET.parameters, source="jacobprop", target=other)
        assert all(np.array_equal(a, b) for a, b in zip(converted.values(), matrices, strict=True))
        given = jp.dialects.convert_gradients(record.gradients(), source="jacobprop", target=other, cases=5)
        assert all(np.array_equal(a, b) for a, b in zip(given.values(), own, strict=True))


@pytest.mark.seed("S-23", "H-41", "B-09")
def test_a_layer_without_bias_on_inputs_with_a_one_is_a_layer_with_bias():
    with_bias = jp.Network(
        [jp.Dense.from_arrays(NET.parameters["W1"], NET.parameters["b1"], "sigmoid")], jp.SquaredError()
    )
    last = np.vstack([NET.parameters["W1"], NET.parameters["b1"]])
    without = jp.Network([jp.Dense.from_arrays(last, None, "sigmoid")], jp.SquaredError())
    ones = np.column_stack(
        [X, np.ones(5)]
    )  # x_(n+1) = 1: a hyperplane through the origin of one more dimension
    T4 = RNG.uniform(size=(5, 4))
    assert np.allclose(without(ones), with_bias(X), rtol=1e-14)
    separate, together = with_bias.forward(X, T4).gradients(), without.forward(ones, T4).gradients()
    assert np.allclose(together["W1"], np.vstack([separate["W1"], separate["b1"]]), rtol=1e-13)
    options = {"epochs": 20, "learning_rate": 0.5, "batch_size": 2}
    trained, other = fit(with_bias, X, T4, **options).network, fit(without, ones, T4, **options).network
    assert np.allclose(other.parameters["W1"][:-1], trained.parameters["W1"], rtol=1e-12)
    assert np.allclose(other.parameters["W1"][-1], trained.parameters["b1"], rtol=1e-12)


@pytest.mark.seed("S-23")
def test_no_bias_is_a_bias_of_0_that_never_moves():
    layers = [jp.Dense(3, 4, "sigmoid", bias=False), jp.Dense(4, 2, "sigmoid", bias=False)]
    bare = jp.Network(layers, jp.SquaredError(), seed=2)
    zero = NET.with_parameters({**bare.parameters, "b1": np.zeros(4), "b2": np.zeros(2)})
    assert set(bare.parameters) == {"W1", "W2"}
    gradients = zero.forward(X, T).gradients()
    for name, array in bare.forward(X, T).gradients().items():
        assert np.allclose(array, gradients[name], rtol=1e-14)
    assert np.abs(gradients["b1"]).min() > 1e-4  # which is what bare leaves out
    mask = flatten(
        zero, {name: np.full(a.shape, name[0] == "W") * 1.0 for name, a in zero.parameters.items()}
    )
    trained = fit(bare, X, T, epochs=30, learning_rate=0.5).network
    kept = fit(zero, X, T, epochs=30, learning_rate=0.5, optimizer=Masked(mask)).network
    assert not kept.parameters["b1"].any()
    assert np.allclose(kept.parameters["W1"], trained.parameters["W1"], rtol=1e-12)


# -- padding -------------------------------------------------------------------------------------------------


def uneven(activation, top=None, loss=None, bias=True):
    layers = [
        jp.Dense(3, 2, activation, bias=bias),
        jp.Dense(2, 5, activation, bias=bias),
        jp.Dense(5, 4, activation, bias=bias),
        jp.Dense(4, 2, "identity", bias=bias),
    ]
    net = jp.Network([*layers, *([top] if top else [])], loss or jp.SquaredError(), seed=9)
    return net.with_vector(np.random.default_rng(9).normal(size=net.size))


CASES = {
    "sigmoid": (uneven("sigmoid"), T),
    "tanh": (uneven("tanh"), T),
    "softplus": (uneven("softplus", bias=False), T),
    "softmax": (uneven("sigmoid", jp.Softmax(), jp.CrossEntropy()), np.array([0, 1, 1, 0, 1])),
}
OPTIMIZERS = {"plain": None, "momentum": Momentum(0.9), "adam": Adam()}


def true_part(padded, net):
    """The parameters of the padded network that are the network's own, by name."""
    return {
        name: padded.parameters[name][tuple(slice(n) for n in array.shape)]
        for name, array in net.parameters.items()
    }


@pytest.mark.seed("S-23", "M-06", "E-40")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_padded_networks_are_the_same_networks_after_updates(case, optimizer):
    net, targets = CASES[case]
    padded = pad(net, 7)
    assert [layer.n_out for layer in padded.network.layers[:3]] == [7, 7, 7]
    assert padded.mask.sum() == net.size
    assert np.allclose(padded.network(X), net(X), rtol=1e-14)
    options = {"epochs": 25, "learning_rate": 0.02, "batch_size": 2, "l2": 0.01}
    inner = OPTIMIZERS[optimizer]
    alone = fit(net, X, targets, optimizer=inner, **options).network
    beside = fit(padded.network, X, targets, optimizer=Masked(padded.mask, inner), **options).network
    assert not beside.vector[padded.mask == 0].any()  # the padding is 0, bit for bit
    for name, array in true_part(beside, alone).items():
        assert np.allclose(array, alone.parameters[name], rtol=1e-9, atol=1e-12)
    assert np.allclose(beside(X), alone(X), rtol=1e-9)
    assert np.abs(alone.vector - net.vector).max() > 0.01  # something was learnt


@pytest.mark.seed("E-40", "M-06", "S-23")
@pytest.mark.parametrize("case", CASES)
def test_without_the_mask_the_padding_leaks_unless_f_of_0_is_0(case):
    net, targets = CASES[case]
    padded = pad(net)
    gradients = padded.network.forward(X, targets).gradients()
    leaving = gradients["W2"][2:]  # of the three units that layer 1 was padded with
    f = net.layers[0].activation.value(np.zeros(1))[0]
    delta = padded.network.forward(X, targets).jacobian("L", "z2").matrix()[:, 0].mean(axis=0)
    assert np.allclose(
        leaving, np.broadcast_to(f * delta, (3, 5)), rtol=1e-12
    )  # f(0) delta, for each of them
    alone = fit(net, X, targets, epochs=25, learning_rate=0.05).network
    leaked = fit(padded.network, X, targets, epochs=25, learning_rate=0.05).network
    apart = np.abs(leaked(X) - alone(X)).max()
    assert (apart > 1e-4) == (f != 0)
    if f == 0:
        assert apart < 1e-12


@pytest.mark.seed("E-40")
def test_a_sigmoid_of_0_is_seen_at_once_where_the_leaving_weights_are_not_0():
    """The erratum's other half: arriving weights and bias 0, leaving weights as they come."""
    net = pad(uneven("sigmoid"), 5).network
    W2 = net.parameters["W2"].copy()
    W2[2:] = 0.3
    careless = net.with_parameters({"W2": W2})
    assert np.abs(careless(X) - net(X)).max() > 1e-3
    z = careless.forward(X).sum(2) - net.forward(X).sum(2)
    assert np.allclose(z, 3 * 0.5 * 0.3, rtol=1e-12)  # three padded units of output 1/2


def test_padding_to_the_largest_width_is_the_default():
    padded = pad(uneven("tanh"))
    assert [layer.n_out for layer in padded.network.layers] == [5, 5, 5, 2]
    assert repr(padded.network.loss) == "SquaredError()"
    single = pad(uneven("tanh").astype(np.float32), 6)
    assert single.network.dtype == np.float32
    one = pad(jp.Network([jp.Dense(3, 2)]), 9)
    assert one.network.parameters["W1"].shape == (3, 2)
    assert one.mask.all()
    with pytest.raises(ValueError, match="read-only"):
        padded.mask[0] = 0


def test_padding_keeps_letters_and_names():
    layers = [jp.Dense(2, 3, "sigmoid", name="first"), jp.Dense(3, 4, "tanh"), jp.Dense(4, 2), jp.Softmax()]
    net = jp.Network(layers, jp.CrossEntropy(), names="X Y Z Q S", weights="U V W")
    padded = pad(net).network
    assert [layer.name for layer in padded.layers] == ["first", "", "", ""]
    assert padded.architecture.names.letters == net.architecture.names.letters
    assert padded.forward(np.ones(2), 1).jacobian("Z", "V").shape == (4, 16)
    assert pad(jp.Network(layers[:3])).network.architecture.names.letters == {}
    assert padded.layers[3] is net.layers[3]
