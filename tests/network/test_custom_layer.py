"""A layer of forty lines goes through forward, chain, gradients and differences. (The market has more.)"""

import ast
import inspect
import itertools

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.differences import central_differences

from .custom_layers import RMSNorm, Shortcut
from .market import gap

RNG = np.random.default_rng(40)
X, LABELS = RNG.normal(size=(6, 5)), [0, 2, 1, 1, 0, 2]


def normalised(loss=True):
    layers = [jp.Dense(5, 4, "tanh"), RMSNorm(4), jp.Dense(4, 3), jp.Softmax()]
    net = jp.Network(layers, jp.CrossEntropy() if loss else None, names="X Y U V P", weights="A B")
    return net.with_parameters({"C2": RNG.uniform(0.5, 1.5, 4)})


@pytest.mark.parametrize("layer", [RMSNorm, Shortcut])
def test_a_layer_takes_at_most_forty_lines(layer):
    assert len(inspect.getsource(layer).splitlines()) <= 40
    tree = ast.parse(inspect.getsource(layer))
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert methods <= {"__init__", "init", "forward", "factors"}


def test_its_gain_is_a_parameter_like_any_other():
    net = normalised()
    assert list(net.parameters) == ["W1", "b1", "C2", "W3", "b3"]
    assert net.vector[net.slices["C2"]].tolist() == net.parameters["C2"].tolist()
    moved = net.with_vector(net.vector + 1)
    assert np.array_equal(moved.parameters["C2"], net.parameters["C2"] + 1)
    r = np.sqrt((X**2).mean(axis=1, keepdims=True) + 1e-6)
    gain = np.arange(5.0)
    alone = jp.Network([RMSNorm(5)]).with_parameters({"C1": gain})
    assert gap(alone(X), gain * X / r) < 1e-15


def test_its_chain_prints_and_multiplies():
    record = normalised().forward(X, LABELS)
    chain = record.chain("L", "W1")
    assert chain.symbols == ("J_P^L", "J^soft", "J_U^V", "J_Y^U", "J_A^Y")
    for order, wrt in itertools.product(("auto", "backward", "forward"), ("A", "C2", "X", "b3")):
        product = record.chain("L", wrt).multiply(order)
        assert gap(product.tensor(), record.jacobian("L", wrt).tensor()) < 1e-13
    assert record.layer(2)["C"].symbol == "J_C2^U"
    assert record.layer(2)["C"].shape == (6, 4, 4)


def test_its_jacobians_agree_with_differences():
    net = normalised(loss=False)
    record = net.forward(X)
    gain = central_differences(lambda c: net.with_parameters({"C2": c})(X), net.parameters["C2"])
    assert gap(record.jacobian("P", "C2").tensor(), gain) < 1e-9
    by_input = central_differences(lambda x: net(x), X[0])
    assert gap(net.forward(X[0]).jacobian("P", "X").tensor(), by_input) < 1e-9


@pytest.mark.parametrize("formulation", ["structured", "delta", "tensor", "finite_difference"])
def test_its_gradients_agree_with_differences(formulation):
    net = normalised()
    gradients = jp.gradients(net, X, LABELS, formulation)
    for name, array in net.parameters.items():
        by_hand = central_differences(
            lambda value, name=name: np.asarray(net.with_parameters({name: value}).forward(X, LABELS).loss),
            array,
        )
        assert gap(gradients[name], by_hand) < 1e-9


def test_branches_add_their_jacobians():
    net = jp.Network([jp.Dense(5, 5, "tanh"), jp.Dense(5, 5, "sigmoid"), Shortcut(5, earlier=0, share=0.5)])
    record = net.forward(X)
    straight = record.jacobian("a2", "a0").tensor()
    assert gap(record.jacobian("a3", "a0").tensor(), straight + 0.5 * np.eye(5)) < 1e-14
    assert record.jacobian("a3", "W1").structure_name == record.jacobian("a2", "W1").structure_name


class TwoInputs(jp.layers.SumLayer):
    """a = tanh(y W + s U) with y the activation below and s the input of the network."""

    inputs = (-1, 0)

    def __init__(self, widths, m):
        self.n_in, self.n_skip, self.m = *widths, m

    def init(self, rng, dtype):
        return {"W": rng.normal(size=(self.n_in, self.m)), "U": rng.normal(size=(self.n_skip, self.m))}

    def width(self, n_in):
        return self.m

    def forward(self, params, inputs):
        y, s = inputs
        z = y @ params["W"] + s @ params["U"]
        return np.tanh(z), (y, s, z)

    def sum(self, cache):
        return cache[2]

    def J_Sum(self, cache):
        return jp.DiagonalJacobian(1 - np.tanh(cache[2]) ** 2)

    def sum_factors(self, params, cache):
        y, s, z = cache
        unit = jp.IdentityJacobian(self.m, cases=len(z) if z.ndim == 2 else None)
        by_input = {
            ref: jp.ScaledJacobian(None, params[slot].T, cases=unit.cases)
            for ref, slot in ((-1, "W"), (0, "U"))
        }
        return by_input | {"W": jp.WeightJacobian(unit, y), "U": jp.WeightJacobian(unit, s)}


def test_a_layer_with_a_sum_of_two_inputs():
    net = jp.Network([jp.Dense(5, 4, "tanh"), TwoInputs((4, 5), 3), jp.Softmax()], jp.CrossEntropy())
    record = net.forward(X, LABELS)
    assert list(net.parameters) == ["W1", "b1", "W2", "U2"]
    for formulation in ("structured", "delta", "tensor"):
        gradients = jp.gradients(net, X, LABELS, formulation)
        for name, array in net.parameters.items():
            by_hand = central_differences(
                lambda value, name=name: np.asarray(
                    net.with_parameters({name: value}).forward(X, LABELS).loss
                ),
                array,
            )
            assert gap(gradients[name], by_hand) < 1e-9
    by_input = central_differences(lambda x: net(x), X[0])
    assert gap(record.jacobian("a3", "a0").tensor()[0], by_input) < 1e-9
    slopes = 1 - record.activation(2) ** 2
    assert gap(record.layer(2).J_W_hat, record.activation(1)[:, :, None] * slopes[:, None, :]) < 1e-14
    assert record.layer(2).J_W_hat.shape == (6, 4, 3)
    assert record.jacobian("z2", "U2").symbol == "J_U2^z2"


def test_a_shortcut_of_nothing_doubles():
    record = jp.Network([Shortcut(5, earlier=0)]).forward(X)
    assert np.array_equal(record.output, 2 * X)
    assert np.array_equal(record.jacobian("a1", "a0").tensor(), np.broadcast_to(2 * np.eye(5), (6, 5, 5)))


def test_the_layers_of_the_library_may_read_other_inputs():
    class FromInput(jp.Dense):
        inputs = (0,)

    layers = [jp.Dense(5, 4, "tanh"), FromInput(5, 4, "sigmoid"), Shortcut(4, earlier=1)]
    net = jp.Network(layers, jp.SquaredError())
    T = RNG.normal(size=(6, 4))
    structured = jp.gradients(net, X, T, "structured")
    for formulation in ("delta", "tensor", "finite_difference"):
        found = jp.gradients(net, X, T, formulation)
        assert all(gap(found[name], expected) < 1e-9 for name, expected in structured.items())


def test_a_subclass_with_other_mathematics_does_not_inherit_the_fast_path():
    class Clipped(jp.Dense):
        """tanh, cut at 1/2 from above."""

        def forward(self, params, inputs):
            a, cache = super().forward(params, inputs)
            return np.minimum(a, 0.5), cache

        def J_Sum(self, cache):
            a = self.activation.value(cache.z)
            return jp.DiagonalJacobian(np.where(a < 0.5, 1 - a**2, 0.0))

    net = jp.Network([Clipped(5, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError())
    T = RNG.normal(size=(6, 2))
    structured = jp.gradients(net, X, T, "structured")
    for formulation in ("delta", "tensor", "finite_difference"):
        found = jp.gradients(net, X, T, formulation)
        assert all(gap(found[name], expected) < 1e-9 for name, expected in structured.items())
    assert jp.Dense.forward_into is not jp.Layer.forward_into
    assert repr(net.layers[0]) == 'Clipped(5, 4, "tanh")'


@pytest.mark.parametrize("name", ["sigmoid", "identity"])
def test_an_activation_is_not_known_by_its_name_alone(name):
    """A user's function that happens to be called like one of the library's is not mistaken for it."""
    impostor = jp.Activation(name, lambda z: z**3, (lambda z: 3 * z**2,))
    net = jp.Network([jp.Dense(5, 2, impostor)], jp.SquaredError())
    assert net.layers[0].gate == ""
    record = net.forward(X, np.zeros((6, 2)))
    z = record.sum(1)
    assert gap(record.output, z**3) < 1e-15
    assert gap(record.jacobian("L", "z1").tensor(), z**3 * 3 * z**2) < 1e-15
    for formulation in ("delta", "delta_scalar"):
        found = jp.gradients(net, X, np.zeros((6, 2)), formulation)
        assert gap(found["W1"], record.gradients()["W1"]) < 1e-13


class OneDeltaForBoth(Shortcut):
    """A shortcut whose own delta rule hands one array to both its inputs."""

    def backward_into(self, delta, params, cache, workspace):
        return dict.fromkeys(self.inputs, delta)


def test_one_array_may_be_handed_to_two_inputs():
    layers = [
        jp.Dense(4, 3, "tanh"),
        jp.Dense(3, 3, "sigmoid"),
        OneDeltaForBoth(3, earlier=1),
        jp.Dense(3, 2, "sigmoid"),
    ]
    net = jp.Network(layers, loss=jp.SquaredError(), seed=3)
    X, T = np.random.default_rng(5).normal(size=(6, 4)), np.full((6, 2), 0.25)
    exact = jp.gradients(net, X, T, formulation="structured")
    for name, found in jp.gradients(net, X, T, formulation="delta").items():
        assert gap(found, exact[name]) < 1e-14
