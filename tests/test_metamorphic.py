"""Relations that hold whatever the right answer is: change the question, and the answer changes likewise.

None of these tests knows a derivative. Each network is asked twice, the second time with its cases or units
exchanged, its batch or its chain split, its loss scaled, its signs turned; both answers must say the same.
"""

import numpy as np
import pytest
from network.custom_layers import RMSNorm, Shortcut

import jacobprop as jp

N = 7
ORDERS = ("auto", "optimal", "backward", "forward")
DESIGNS = {
    "softmax head": lambda: ([jp.Dense(4, 5, "tanh"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy),
    "sigmoid head": lambda: ([jp.Dense(4, 6, "relu"), jp.Dense(6, 2, "sigmoid")], jp.BinaryCrossEntropy),
    "softmax inside": lambda: (
        [jp.Dense(4, 6, "sigmoid"), jp.Softmax(), jp.Dense(6, 3, "softplus", bias=False)],
        jp.MeanSquaredError,
    ),
    "norm": lambda: ([jp.Dense(4, 5, "tanh"), RMSNorm(5), jp.Dense(5, 3, "tanh")], jp.SquaredError),
    "shortcut": lambda: (
        [jp.Dense(4, 5, "tanh"), jp.Dense(5, 5, "sigmoid"), Shortcut(5, 1, 0.5), jp.Dense(5, 2)],
        jp.SquaredError,
    ),
}
ONE_PATH = [name for name in DESIGNS if name != "shortcut"]
every_design = pytest.mark.parametrize("name", list(DESIGNS))
every_path = pytest.mark.parametrize("name", ONE_PATH)


def network(name, reduction="mean"):
    """A network of this design with every parameter drawn, biases and gains too."""
    layers, loss = DESIGNS[name]()
    return drawn(jp.Network(layers, loss(reduction=reduction)))


def drawn(net, seed=5):
    return net.with_vector(np.random.default_rng(seed).normal(size=net.size) / 2)


def data(net):
    """Inputs, and targets inside (0, 1), which every loss takes."""
    rng = np.random.default_rng(6)
    return rng.normal(size=(N, net.n_in)), rng.uniform(0.1, 0.9, (N, net(np.zeros(net.n_in)).size))


def same(actual, expected, tolerance=1e-13):
    """Equal up to the rounding that another order of the same additions brings."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    allowed = tolerance * max(1.0, np.abs(expected).max(initial=0))
    gap = np.abs(actual - expected).max(initial=0)
    assert gap <= allowed, f"differs by {gap}, allowed {allowed}"


def same_all(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in actual.items():
        same(value, expected[name])


def values(record):
    """All that belongs to the cases: {name: array with one row for each case}."""
    depth = len(record._layers)
    found = {f"a{k}": record.activation(k) for k in range(depth + 1)} | {"L": record.losses}
    for above in ("L", f"a{depth}"):
        found |= {f"d{above}/d{name}": J.matrix() for name, J in record.jacobians(above).items()}
    return found


# -- the cases ------------------------------------------------------------------------------------------


def check_permuted_cases(net):
    """What a case yields does not depend on where it stands, and gradients do not on any order."""
    X, T = data(net)
    order = np.random.default_rng(7).permutation(N)
    one, other = net.forward(X, T), net.forward(X[order], T[order])
    same_all(values(other), {name: array[order] for name, array in values(one).items()})
    same_all(other.gradients(), one.gradients())
    same(other.loss, one.loss)
    (loss, rule), (loss2, rule2) = (jp.DeltaRule(net).gradients(*d) for d in ((X, T), (X[order], T[order])))
    same(loss2, loss)
    same_all(rule2, rule)


def check_each_case_alone(net):
    """A stack is its cases on top of each other."""
    X, T = data(net)
    stack = values(net.forward(X, T))
    alone = [values(net.forward(x, t)) for x, t in zip(X, T, strict=True)]
    same_all(stack, {name: np.stack([case[name] for case in alone]) for name in stack})


def check_split_batch(net, cut=3):
    """sum: G = G' + G''; mean: n G = n' G' + n'' G''."""
    X, T = data(net)
    whole, *parts = (net.forward(X[rows], T[rows]) for rows in (slice(None), slice(cut), slice(cut, None)))
    sizes = (cut / N, 1 - cut / N) if net.loss.reduction == "mean" else (1, 1)
    same(sum(s * p.loss for s, p in zip(sizes, parts, strict=True)), whole.loss)
    gradients = [p.gradients() for p in parts]
    added = {n: sum(s * g[n] for s, g in zip(sizes, gradients, strict=True)) for n in gradients[0]}
    same_all(added, whole.gradients())


def check_duplicated_case(net):
    """Once more the third case adds its gradient; once more every case doubles a sum and leaves a mean."""
    X, T = data(net)
    once, third = net.forward(X, T).gradients(), net.forward(X[2], T[2]).gradients()
    rows = [*range(N), 2]
    more = net.forward(X[rows], T[rows]).gradients()
    twice = net.forward(np.tile(X, (2, 1)), np.tile(T, (2, 1))).gradients()
    mean = net.loss.reduction == "mean"
    added = {n: (N * once[n] + third[n]) / (N + 1) if mean else once[n] + third[n] for n in once}
    same_all(more, added)
    same_all(twice, {n: once[n] * (1 if mean else 2) for n in once})


CASE_CHECKS = (check_permuted_cases, check_each_case_alone, check_split_batch, check_duplicated_case)


@pytest.mark.parametrize("check", CASE_CHECKS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@every_design
def test_the_cases_are_independent(name, reduction, check):
    check(network(name, reduction))


class Ranked(jp.Layer):
    """Wrong on purpose: a case is weighed by its place in the stack."""

    def __init__(self, n_in):
        self.n_in = n_in

    def forward(self, params, inputs):
        (y,) = inputs
        weight = 1.0 + np.arange(len(y))[:, None] * np.ones_like(y) if y.ndim == 2 else np.ones_like(y)
        return weight * y, weight

    def factors(self, params, cache):
        return {-1: jp.DiagonalJacobian(cache)}


@pytest.mark.parametrize("check", CASE_CHECKS)
def test_a_layer_that_counts_its_cases_is_noticed(check):
    with pytest.raises(AssertionError, match="differs by"):
        check(drawn(jp.Network([jp.Dense(4, 3, "tanh"), Ranked(3), jp.Dense(3, 2)], jp.SquaredError())))


# -- the loss -------------------------------------------------------------------------------------------


def scaled(loss, factor):
    """The same loss, `factor` times as large."""

    class Scaled(loss):
        def value(self, y, t):
            return factor * super().value(y, t)

        def row(self, y, t):
            return factor * super().row(y, t)

        def head_value(self, z, t):
            return factor * super().head_value(z, t)

        def head_row(self, z, t):
            return factor * super().head_row(z, t)

    return Scaled


@every_design
def test_a_scaled_loss_scales_its_rows_and_gradients(name):
    net, factor = network(name), -0.375
    X, T = data(net)
    larger = jp.Network(DESIGNS[name]()[0], scaled(type(net.loss), factor)()).with_parameters(net.parameters)
    one, other = net.forward(X, T), larger.forward(X, T)
    same(other.losses, factor * one.losses)
    same(other.J_N.matrix(), factor * one.J_N.matrix())
    same_all(other.gradients(), {n: factor * g for n, g in one.gradients().items()})
    expected = {n: factor * J.matrix() for n, J in one.jacobians("L").items()}
    same_all({n: J.matrix() for n, J in other.jacobians("L").items()}, expected)
    same_all(jp.DeltaRule(larger).gradients(X, T)[1], other.gradients())


@every_design
def test_a_sum_is_as_many_means_as_there_are_cases(name):
    X, T = data(network(name))
    mean, total = (network(name, reduction).forward(X, T) for reduction in ("mean", "sum"))
    same(total.loss, N * mean.loss)
    same(total.losses, mean.losses)
    same_all(total.gradients(), {n: N * g for n, g in mean.gradients().items()})


# -- the chain ------------------------------------------------------------------------------------------


def every_cut(factors, whole):
    """(A B .. )(.. Y Z) for every place to cut and every order of multiplication."""
    for order in ORDERS:
        same(jp.Chain(factors).multiply(order).matrix(), whole)
        for cut in range(1, len(factors)):
            left, right = (jp.Chain(part).multiply(order) for part in (factors[:cut], factors[cut:]))
            same((left @ right).matrix(), whole)


@pytest.mark.parametrize("cases", [None, N])
@every_path
def test_a_chain_may_be_cut_anywhere(name, cases):
    net = network(name)
    X, T = data(net) if cases else (array[0] for array in data(net))
    record = net.forward(X, T)
    for of, wrt in (("L", "W1"), ("L", "a0"), (f"a{len(net.layers)}", "b1")):
        every_cut(record.chain(of, wrt).factors, record.jacobian(of, wrt).matrix())


def test_a_factor_that_is_off_is_noticed():
    record = network("norm").forward(*data(network("norm")))
    *above, last = record.chain("L", "a0").factors
    tilted = jp.DenseJacobian(last.matrix() * (1 + 1e-9), last.out_shape, last.in_shape)
    with pytest.raises(AssertionError, match="differs by"):
        every_cut([*above, tilted], record.jacobian("L", "a0").matrix())


@every_path
def test_transposition_reverses_a_chain(name):
    """(A B .. Z)^T = Z^T .. B^T A^T."""
    record = network(name).forward(*data(network(name)))
    for wrt in ("a0", "W1"):
        chain = record.chain("L", wrt)
        turned = [J.T for J in reversed(chain.factors)]
        for order in ORDERS:
            same(
                jp.Chain(turned).multiply(order).matrix(), np.swapaxes(chain.multiply(order).matrix(), -1, -2)
            )


@every_path
def test_a_network_cut_in_two_is_a_composition(name):
    """J = J'' J', and the lower half's gradient is the pull of the upper half's row."""
    net = network(name)
    X, T = data(net)
    whole, depth = net.forward(X, T), len(net.layers)
    for cut in range(1, depth if net.loss.gate != "softmax" else depth - 1):
        lower, upper = jp.Network(net.layers[:cut]), jp.Network(net.layers[cut:], net.loss)
        held = list(net.parameters.values())
        lower = lower.with_parameters(dict(zip(lower.parameters, held, strict=False)))
        upper = upper.with_parameters(dict(zip(upper.parameters, held[len(lower.parameters) :], strict=True)))
        below = lower.forward(X)
        above = upper.forward(below.output, T)
        same(above.output, whole.output)
        J = above.jacobian(f"a{depth - cut}", "a0") @ below.jacobian(f"a{cut}", "a0")
        same(J.matrix(), whole.jacobian(f"a{depth}", "a0").matrix())
        row = above.jacobian("L", "a0").matrix()[:, 0] / N
        found = [*below.pull(f"a{cut}", row).values(), *above.gradients().values()]
        same_all(dict(zip(net.parameters, found, strict=True)), whole.gradients())


# -- the units ------------------------------------------------------------------------------------------


def identity(width):
    return jp.Dense.from_arrays(np.eye(width))


@every_path
def test_an_identity_layer_changes_nothing_else(name):
    net = network(name)
    X, T = data(net)
    plain, kept = net.forward(X, T), list(net.parameters.values())
    free = len(net.layers) - (net.loss.gate == "softmax")
    for place in range(free):
        layers = list(net.layers)
        layers.insert(place, identity(plain.activation(place).shape[-1]))
        longer = jp.Network(layers, net.loss)
        own = [n for n in longer.parameters if n != f"W{place + 1}"]
        longer = longer.with_parameters(dict(zip(own, kept, strict=True)))
        record = longer.forward(X, T)
        same(record.losses, plain.losses)
        same(record.jacobian("L", "a0").matrix(), plain.jacobian("L", "a0").matrix())
        found = record.gradients()
        same_all({n: found[m] for n, m in zip(net.parameters, own, strict=True)}, plain.gradients())
        # dL/dW of W = 1 is the sum over the cases of y (x) dL/dy
        rows = plain.jacobian("L", f"a{place}").matrix()[:, 0]
        same(found[f"W{place + 1}"], plain.activation(place).T @ rows / N)


@pytest.mark.parametrize("name", [name for name in ONE_PATH if name != "norm"])
def test_hidden_units_have_no_order(name):
    """With the first layer's units exchanged, so are their parameters' gradients, and nothing else."""
    net = network(name)
    X, T = data(net)
    above = next(n for n in net.parameters if n[0] == "W" and n != "W1")
    order = np.random.default_rng(8).permutation(net.parameters["W1"].shape[1])

    def exchanged(arrays):
        moved = {"W1": arrays["W1"][:, order], "b1": arrays["b1"][order], above: arrays[above][order]}
        return {**arrays, **moved}

    one, other = net.forward(X, T), net.with_parameters(exchanged(net.parameters)).forward(X, T)
    same(other.activation(1), one.activation(1)[:, order])
    same(other.output, one.output)
    same_all(other.gradients(), exchanged(one.gradients()))
    J, K = one.layer(1), other.layer(1)
    same(K.J_Y.matrix(), J.J_Y.matrix()[:, order])
    same(K.J_W_hat, J.J_W_hat[..., order])
    same(K.J_Sum.matrix(), J.J_Sum.matrix()[:, order][:, :, order])


@every_design
def test_inputs_have_no_order(name):
    net = network(name)
    X, T = data(net)
    order = np.array([2, 0, 3, 1])
    other = net.with_parameters({"W1": net.parameters["W1"][order]}).forward(X[:, order], T)
    one = net.forward(X, T)
    expected = one.gradients()
    same_all(other.gradients(), {**expected, "W1": expected["W1"][order]})
    same(other.jacobian("L", "a0").matrix(), one.jacobian("L", "a0").matrix()[..., order])


def test_classes_have_no_order():
    net = network("softmax head")
    X, T = data(net)
    order = np.array([1, 2, 0])
    top = {name: net.parameters[name][..., order] for name in ("W2", "b2")}
    one, other = net.forward(X, T), net.with_parameters(top).forward(X, T[:, order])
    same(other.layer(3).J_soft.matrix(), one.layer(3).J_soft.matrix()[:, order][:, :, order])
    expected = one.gradients()
    same_all(other.gradients(), {n: g[..., order] if n[1] == "2" else g for n, g in expected.items()})


# -- the signs and sizes --------------------------------------------------------------------------------

TURNED = {
    # f(-z) = -f(z): signs below and above a layer cancel
    "tanh": (-1.0, -1.0, 0.0),
    "identity": (-1.0, -1.0, 0.0),
    # relu(4 z) = 4 relu(z): powers of two cancel exactly
    "relu": (4.0, 0.25, 0.0),
    # sigmoid(-z) = 1 - sigmoid(z): what is missing to 1 goes to the bias above
    "sigmoid": (-1.0, -1.0, 1.0),
}


@pytest.mark.parametrize("activation", list(TURNED))
def test_a_symmetry_of_the_activation_is_one_of_the_gradient(activation):
    below, above, shift = TURNED[activation]
    net = drawn(jp.Network([jp.Dense(4, 5, activation), jp.Dense(5, 3, "tanh")], jp.SquaredError()))
    X, T = data(net)
    W1, b1, W2, b2 = (net.parameters[n] for n in ("W1", "b1", "W2", "b2"))
    other = net.with_parameters(
        {"W1": below * W1, "b1": below * b1, "W2": above * W2, "b2": b2 + shift * W2.sum(axis=0)}
    ).forward(X, T)
    one = net.forward(X, T)
    g = one.gradients()
    same(other.output, one.output)
    # with y' = shift + y / above, dL/dW2' = sum y'^T delta, and delta_1' = delta_1 / below
    same_all(
        other.gradients(),
        {
            "W1": g["W1"] / below,
            "b1": g["b1"] / below,
            "W2": g["W2"] / above + shift * g["b2"],
            "b2": g["b2"],
        },
    )
    same(other.jacobian("a2", "a0").matrix(), one.jacobian("a2", "a0").matrix())


def test_softmax_does_not_see_what_all_classes_share():
    net = network("softmax head")
    X, T = data(net)
    T = T / T.sum(axis=1, keepdims=True)
    one = net.forward(X, T)
    other = net.with_parameters({"b2": net.parameters["b2"] + 8.0}).forward(X, T)
    same(other.output, one.output)
    same_all(other.gradients(), one.gradients())
    same(one.gradients()["b2"].sum(), 0.0)
    same(one.layer(3).J_soft.push(np.ones(3)), np.zeros((N, 3)))
