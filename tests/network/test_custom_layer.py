"""A layer of forty lines goes through forward, chain, gradients and differences. (The market has more.)"""

import ast
import inspect
import itertools

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.differences import central_differences
from jacobprop.layers.base import fast_path

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


class Clipped(jp.Dense):
    """f, cut at 1/2 from above."""

    def forward(self, params, inputs):
        a, cache = super().forward(params, inputs)
        return np.minimum(a, 0.5), cache

    def J_Sum(self, cache):
        z = self.sum(cache)
        return jp.DiagonalJacobian(
            np.where(self.activation.value(z) < 0.5, self.activation.derivative(z), 0.0)
        )


class Halved:
    """A mixin: half the activations."""

    def forward(self, params, inputs):
        a, cache = super().forward(params, inputs)
        return a / 2, cache

    def J_Sum(self, cache):
        return jp.DiagonalJacobian(self.activation.derivative(self.sum(cache)) / 2)


class Mixed(Halved, jp.Dense):
    """The mathematics of the mixin before the fast paths of Dense."""


class Below(Mixed):
    """Nothing of its own."""


class DoubledWeights(jp.Dense):
    """z = 2 y W + b: other mathematics of the sum, and a forward path of its own."""

    def forward(self, params, inputs):
        return super().forward({"W": 2 * params["W"], "b": params["b"]}, inputs)

    def forward_into(self, params, inputs, workspace):
        return self.forward(params, inputs)

    def sum_factors(self, params, cache):
        found = super().sum_factors({"W": 2 * params["W"]}, cache)
        return found | {"W": jp.WeightJacobian(found["W"].left, 2 * cache.y)}


class SlowWayBack(jp.Dense):
    """Dense forward in place; the way back is the default, on a cache without a sum."""

    backward_into = jp.layers.SumLayer.backward_into
    backward_sum_into = jp.layers.SumLayer.backward_sum_into


class Counted(jp.Dense):
    """The way back is its own, the mathematics is not."""

    calls = 0

    def backward_sum_into(self, delta, params, cache, workspace):
        type(self).calls += 1
        return super().backward_sum_into(delta, params, cache, workspace)


@pytest.mark.parametrize("place", ["below", "middle", "top", "fused"])
@pytest.mark.parametrize("kind", [Clipped, Mixed, Below, DoubledWeights, SlowWayBack, Counted])
def test_the_fast_path_of_a_class_serves_its_own_mathematics_only(kind, place):
    layers = {
        "below": [kind(5, 4, "tanh"), jp.Dense(4, 2)],
        "middle": [jp.Dense(5, 3, "sigmoid"), kind(3, 4, "tanh"), jp.Dense(4, 2)],
        "top": [jp.Dense(5, 3, "sigmoid"), kind(3, 2, "tanh")],
        "fused": [jp.Dense(5, 3, "tanh"), kind(3, 2, "sigmoid")],
    }[place]
    fused = place == "fused" and kind not in (Clipped, Mixed, Below)
    if not fused:
        layers[-1].gate = ""  # what is cut or halved is no sigmoid any more
    net = jp.Network(layers, jp.BinaryCrossEntropy() if fused else jp.SquaredError())
    T = RNG.uniform(0.2, 0.8, size=(6, 2))
    rule, structured = jp.DeltaRule(net), jp.gradients(net, X, T, "structured")
    differences = jp.gradients(net, X, T, "finite_difference")
    for _ in range(2):  # the second time in the same workspace
        loss, found = rule.gradients(X, T)
        assert gap(loss, net.forward(X, T).loss) < 1e-14
        for name, expected in structured.items():
            assert gap(found[name], expected) < 1e-13
            assert gap(found[name], differences[name]) < 1e-9


def test_which_methods_a_layer_is_served_by():
    methods = ("forward_into", "backward_into", "backward_sum_into")
    defaults = jp.Layer.forward_into, jp.layers.SumLayer.backward_into, jp.layers.SumLayer.backward_sum_into

    def served(layer):
        return tuple(fast_path(layer, method).__func__ for method in methods)

    def own(kind):
        return tuple(getattr(kind, method) for method in methods)

    assert served(jp.Dense(2, 3)) == own(jp.Dense)
    assert served(jp.Softmax()) == own(jp.Softmax)
    assert not set(own(jp.Dense)) & set(defaults)
    assert served(Counted(2, 3)) == own(Counted)
    assert served(SlowWayBack(2, 3)) == (jp.Dense.forward_into, *defaults[1:])
    assert served(DoubledWeights(2, 3)) == (DoubledWeights.forward_into, *defaults[1:])
    for kind in (Clipped, Mixed, Below):
        assert served(kind(2, 3)) == defaults
        assert own(kind) == own(jp.Dense)  # no class is written into
    assert fast_path(OneDeltaForBoth(3, earlier=1), "backward_into").__func__ is OneDeltaForBoth.backward_into
    Counted.calls = 0
    jp.gradients(jp.Network([Counted(5, 4), Counted(4, 2)], jp.SquaredError()), X, np.zeros((6, 2)))
    assert Counted.calls == 2
    assert repr(Clipped(5, 4, "tanh")) == 'Clipped(5, 4, "tanh")'


def test_a_cache_without_a_sum_says_so_and_still_has_its_factors():
    layer = jp.Dense(5, 4, "tanh")
    params = layer.init(np.random.default_rng(2), np.dtype(float))
    _, full = layer.forward(params, (X,))
    a, fast = layer.forward_into(params, (X,), jp.layers.Workspace())
    assert fast.z is None
    with pytest.raises(jp.errors.UnsupportedLayerError, match="the fast path has kept no sum"):
        layer.sum(fast)
    exact = layer.factors(params, full)
    for operand, J in layer.factors(params, fast).items():
        assert gap(J.tensor(), exact[operand].tensor()) < 1e-14
    by_sum = layer.J_Sum(fast)
    before = by_sum.tensor()
    layer.forward_into(params, (X + 1,), jp.layers.Workspace())
    fast.derivative[...] = 7.0  # the workspace goes on
    assert np.array_equal(by_sum.tensor(), before)
    assert a.flags.writeable
    kept = layer.forward_into(params, (X,), jp.layers.Workspace(only_sum=True))[1]
    assert gap(layer.sum(kept), layer.sum(full)) < 1e-15


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
