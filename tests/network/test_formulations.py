"""Seven ways to the same gradient, and where each of them refuses."""

import functools
import re

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.errors import NonFiniteError, UnsupportedLayerError
from jacobprop.formulations import FORMULATIONS
from jacobprop.jacobians import Jacobian

from .custom_layers import Shortcut
from .market import DESIGNS, build, gap, numeric_gradients, stall, widened

SLIDES_ONLY = ("numpy_dot", "simplified", "delta_scalar")
EXACT = tuple(name for name in FORMULATIONS if name != "finite_difference")


def applies(formulation, design):
    return design.on_the_slides or formulation not in SLIDES_ONLY


def stalls(names, designs=DESIGNS):
    return [pytest.param(f, d, id=f"{f} {d.id}") for d in designs for f in names if applies(f, d)]


@functools.cache
def wide_gradients(design, dtype):
    return widened(design, dtype).gradients()


def test_the_seven_are_there():
    assert list(FORMULATIONS) == [
        "tensor",
        "numpy_dot",
        "simplified",
        "structured",
        "delta",
        "delta_scalar",
        "finite_difference",
    ]


@pytest.mark.seed("D-20", "D-23", "D-24", "D-68", "D-73", "S-03", "S-04", "S-06", "S-13")
@pytest.mark.parametrize(("formulation", "design"), stalls(EXACT))
def test_formulations_agree_to_rounding(formulation, design):
    s = stall(design)
    gradients = jp.gradients(s.net, s.X, s.T, formulation=formulation)
    assert list(gradients) == list(s.net.parameters)
    for name, expected in numeric_gradients(design).items():
        assert gap(gradients[name], expected) < 1e-12, name


@pytest.mark.parametrize(("formulation", "design"), stalls(["finite_difference"]))
def test_finite_differences_agree_within_their_error(formulation, design):
    s = stall(design)
    gradients = jp.gradients(s.net, s.X, s.T, formulation=formulation)
    for name, expected in numeric_gradients(design).items():
        assert gap(gradients[name], expected) < 1e-6, name


@pytest.mark.parametrize(("formulation", "design"), stalls(EXACT))
def test_float32_comes_out_as_float32(formulation, design):
    s = build(design, np.float32)
    gradients = jp.gradients(s.net, s.X, s.T, formulation=formulation)
    for name, expected in wide_gradients(design, np.float32).items():
        assert gradients[name].dtype == np.float32
        assert gap(gradients[name], expected) < 1e-5, name


def test_float32_differences_are_taken_in_float64():
    for design in DESIGNS[:8]:
        s = build(design, np.float32)
        for name, array in jp.gradients(s.net, s.X, s.T, "finite_difference").items():
            assert array.dtype == np.float32
            assert gap(array, wide_gradients(design, np.float32)[name]) < 1e-6


@pytest.mark.parametrize("formulation", SLIDES_ONLY)
@pytest.mark.parametrize("design", [d for d in DESIGNS if not d.on_the_slides], ids=lambda d: d.id)
def test_slide_formulations_refuse_layers_that_the_slides_lack(formulation, design):
    s = stall(design)
    with pytest.raises(UnsupportedLayerError) as caught:
        jp.gradients(s.net, s.X, s.T, formulation=formulation)
    text = str(caught.value)
    assert f'gradients(formulation="{formulation}"): layer ' in text
    assert "the slides have no such layer" in text
    assert 'Use formulation="structured"' in text


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_without_a_loss_there_is_no_gradient(formulation):
    net = jp.Network([jp.Dense(3, 2)])
    with pytest.raises(jp.errors.JacobpropError, match="no loss"):
        jp.gradients(net, np.ones(3), np.ones(2), formulation=formulation)


# -- saturation ---------------------------------------------------------------------------------------

LOGITS = np.array([800.0, 0.0, -800.0])
LITERAL = ("tensor", *SLIDES_ONLY)


def saturated(label):
    """The logits 800, 0, -800 as biases; the true class is `label`."""
    net = jp.Network(
        [jp.Dense.from_arrays(np.eye(3), LOGITS), jp.Softmax()], jp.CrossEntropy(reduction="sum")
    )
    return net, np.zeros(3), label


def saturated_binary(target):
    dense = jp.Dense.from_arrays(np.eye(3), LOGITS, "sigmoid")
    return jp.Network([dense], jp.BinaryCrossEntropy(reduction="sum")), np.zeros(3), np.asarray(target, float)


@pytest.mark.seed("S-17", "D-68")
@pytest.mark.parametrize("formulation", ["structured", "delta"])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_saturated_softmax_gives_the_exact_row(formulation, label):
    net, X, T = saturated(label)
    exact = np.array([1.0, 0.0, 0.0]) - np.eye(3)[label]
    if label == 0:
        exact[0] = -np.exp(-800.0)  # minus the sum of the others, an exact zero in float64
    record = net.forward(X, T)
    assert np.array_equal(record.jacobian("L", "z2").tensor(), exact)
    assert np.array_equal(jp.gradients(net, X, T, formulation)["b1"], exact)
    assert record.loss == [0.0, 800.0, 1600.0][label]
    assert jp.DeltaRule(net).gradients(X, T)[0] == record.loss


@pytest.mark.seed("S-17")
@pytest.mark.parametrize("formulation", ["structured", "delta"])
@pytest.mark.parametrize("target", [(0, 0, 0), (1, 1, 1), (0, 1, 1), (1, 0, 0), (0.25, 0.5, 0.75)], ids=str)
def test_saturated_sigmoid_gives_the_exact_row(formulation, target):
    net, X, T = saturated_binary(target)
    exact = np.array([1 - T[0], 0.5 - T[1], -T[2]])
    record = net.forward(X, T)
    assert np.array_equal(record.jacobian("L", "z1").tensor(), exact)
    assert np.array_equal(jp.gradients(net, X, T, formulation)["b1"], exact)
    assert record.loss == 800 * (1 - T[0]) + np.log1p(1) + 800 * T[2]


@pytest.mark.parametrize("formulation", LITERAL)
def test_formulations_that_follow_the_slides_literally_say_where_they_fail(formulation):
    for net, X, T in (saturated(1), saturated(2), saturated_binary((0, 0, 1)), saturated_binary((1, 1, 1))):
        with pytest.raises(NonFiniteError) as caught:
            jp.gradients(net, X, T, formulation=formulation)
        text = str(caught.value)
        assert f'gradients(formulation="{formulation}")' in text
        assert "J_N^L is infinite where a saturated output is wrong" in text
        assert re.search("got an output of exactly [01], expected finite entries", text)
        assert 'Use formulation="structured"' in text


@pytest.mark.parametrize("formulation", LITERAL)
def test_where_the_saturated_output_is_right_the_literal_row_is_finite(formulation):
    net, X, T = saturated(0)
    assert np.isfinite(jp.gradients(net, X, T, formulation)["b1"]).all()


@pytest.mark.seed("D-68")
def test_the_loss_row_alone_may_be_infinite_and_nothing_is_computed_from_it():
    net, X, T = saturated(2)
    record = net.forward(X, T)
    assert record.J_N.tensor()[2] == -np.inf
    for wrt in ("z2", "a1", "z1", "b1", "W1", "a0"):
        chain = record.chain("L", wrt)
        assert chain.symbols[0] == "J_a2^L"
        assert np.isfinite(record.jacobian("L", wrt).tensor()).all()
        assert np.array_equal(chain.multiply().tensor(), record.jacobian("L", wrt).tensor())


@pytest.mark.parametrize("formulation", ["structured", "delta"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_saturated_stacks_stay_finite_in_every_dtype(formulation, dtype):
    net = jp.Network([jp.Dense(3, 3, init="zero"), jp.Softmax()], jp.CrossEntropy(), dtype=dtype)
    net = net.with_parameters({"W1": np.eye(3)})
    X = np.array([LOGITS, LOGITS[::-1], 0 * LOGITS, LOGITS]).astype(dtype)
    gradients = jp.gradients(net, X, [1, 1, 1, 2], formulation)
    assert all(np.isfinite(array).all() and array.dtype == dtype for array in gradients.values())
    thirds = np.full(3, 1 / 3) - [0, 1, 0]
    expected = (np.array([1, -1, 0]) + np.array([0, -1, 1]) + thirds + np.array([1, 0, -1])) / 4
    assert gap(gradients["b1"], expected) < 2 * np.finfo(dtype).eps


# -- the delta rule -------------------------------------------------------------------------------------


@pytest.fixture
def wide():
    """A slide network and a batch, all sizes different."""
    net = jp.Network(
        [jp.Dense(7, 6, "tanh"), jp.Dense(6, 5, "sigmoid"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy()
    )
    rng = np.random.default_rng(4)
    return net, rng.normal(size=(11, 7)), rng.integers(0, 3, 11)


def test_the_delta_rule_knows_no_jacobian(wide, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a Jacobian was made")

    expected = jp.gradients(*wide, "structured")
    monkeypatch.setattr(Jacobian, "_make", refuse)
    monkeypatch.setattr(Jacobian, "__matmul__", refuse)
    found = jp.gradients(*wide, "delta")
    assert all(gap(found[name], expected[name]) < 1e-12 for name in expected)


def test_the_delta_rule_makes_at_most_three_gemms_a_layer(wide, monkeypatch):
    net, X, T = wide
    rule, calls = jp.DeltaRule(net), []
    product = np.matmul

    def counting(*args, **kwargs):
        calls.append(args[0].shape)  # a vector sums the rows of a bias
        return product(*args, **kwargs)

    monkeypatch.setattr(np, "matmul", counting)
    rule.gradients(X, T)
    assert sum(len(shape) == 2 for shape in calls) == 3 * 3 - 1  # the input needs no delta


def test_the_delta_rule_reuses_its_workspace(wide):
    net, X, T = wide
    rule = jp.DeltaRule(net)
    _, first = rule.gradients(X, T, copy=False)
    kept = {name: array.copy() for name, array in first.items()}
    _, second = rule.gradients(-X, T, copy=False)
    assert all(np.shares_memory(first[name], second[name]) for name in first)
    assert not np.array_equal(first["W1"], kept["W1"])
    _, copied = rule.gradients(X, T)
    rule.gradients(-X, T)
    assert all(np.array_equal(copied[name], kept[name]) for name in kept)


def test_the_delta_rule_takes_other_parameters_and_other_batch_sizes(wide):
    net, X, T = wide
    rule, other = jp.DeltaRule(net), net.with_vector(net.vector * 0.5)
    for size in (11, 1, 4, 11):
        record = other.forward(X[:size], T[:size])
        loss, gradients = rule.gradients(X[:size], T[:size], parameters=other.parameters)
        assert gap(loss, record.loss) < 1e-12
        assert all(gap(gradients[name], g) < 1e-12 for name, g in record.gradients().items())
    loss, gradients = rule.gradients(X[0], T[0])
    record = net.forward(X[0], T[0])
    assert gap(loss, record.loss) < 1e-12
    assert all(gap(gradients[name], g) < 1e-12 for name, g in record.gradients().items())
    loss, _ = rule.gradients(X, T, parameters={"W2": other.parameters["W2"]})
    assert gap(loss, net.with_parameters({"W2": other.parameters["W2"]}).forward(X, T).loss) < 1e-12


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d.id)
def test_the_delta_rule_returns_the_loss_too(design):
    s = stall(design)
    rule = jp.DeltaRule(s.net)
    for _ in range(2):  # the second call finds a used workspace
        loss, gradients = rule.gradients(s.X, s.T)
        assert gap(loss, s.record.loss) < 1e-12
        for name, expected in numeric_gradients(design).items():
            assert gap(gradients[name], expected) < 1e-12


def test_borrowed_parameters_count_as_those_of_a_new_network(wide):
    net, X, T = wide
    small = net.astype("float32")
    rng = np.random.default_rng(3)
    given = {name: rng.normal(size=a.shape) for name, a in net.parameters.items() if name != "b1"}
    before = {name: array.copy() for name, array in given.items()}
    for one, x in ((net, X), (small, X), (small, X.astype("float32"))):
        loss, found = jp.DeltaRule(one).gradients(x, T, given)
        expected_loss, expected = jp.DeltaRule(one.with_parameters(given)).gradients(x, T)
        assert loss == expected_loss
        for name in expected:
            assert found[name].dtype == expected[name].dtype
            assert np.array_equal(found[name], expected[name])
    assert all(np.array_equal(given[name], before[name]) for name in given)
    assert all(array.flags.writeable for array in given.values())


class Doubled(jp.Layer):
    """a = 2 y with y an earlier activation."""

    def __init__(self, width, earlier):
        self.n_in, self.inputs = width, (earlier,)

    def forward(self, params, inputs):
        return 2 * inputs[0], inputs[0]

    def factors(self, params, y):
        return {self.inputs[0]: jp.DiagonalJacobian(np.full_like(y, 2.0))}


def test_the_delta_rule_passes_a_branch_without_parameters_by():
    """Layer 2 gets no delta, since layer 3 hands none to what needs none; layer 1 below it gets one."""
    layers = [jp.Dense(4, 3, "tanh"), Doubled(4, earlier=0), jp.Dense(4, 3, "tanh"), Shortcut(3, earlier=1)]
    net = jp.Network(layers, jp.SquaredError(), seed=2)
    X, T = np.random.default_rng(6).normal(size=(5, 4)), np.zeros((5, 3))
    _, found = jp.DeltaRule(net).gradients(X, T)
    for name, expected in net.forward(X, T).gradients().items():
        assert gap(found[name], expected) < 1e-14


def test_a_layer_cannot_write_into_the_delta_that_it_is_given():
    class Careless(Doubled):
        def backward_into(self, delta, params, cache, workspace):
            delta *= 2
            return {self.inputs[0]: delta}

    net = jp.Network([jp.Dense(4, 3), Careless(3, earlier=-1)], jp.SquaredError())
    with pytest.raises(ValueError, match="read-only"):
        jp.DeltaRule(net).gradients(np.ones((5, 4)), np.zeros((5, 3)))
