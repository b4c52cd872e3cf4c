"""Losses: values and rows by hand and by differences, reductions, targets, and the exact head."""

import math

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.layers import Workspace
from jacobprop.losses import Loss

from .market import LOSSES, gap

RNG = np.random.default_rng(31)
Y = RNG.uniform(0.05, 0.95, (4, 3))
T = RNG.uniform(0, 1, (4, 3))
GATED = {"BinaryCrossEntropy": "sigmoid", "CrossEntropy": "softmax", "NegativeLogLikelihood": "log_softmax"}
TOPS = {"CrossEntropy": jp.Softmax, "NegativeLogLikelihood": jp.LogSoftmax}


def numeric_row(value, at, target):
    """Complex steps, one output after the other."""
    columns = []
    for k in range(at.shape[-1]):
        step = np.zeros(at.shape[-1], complex)
        step[k] = 1e-30j
        columns.append(value(at + step, target).imag / 1e-30)
    return np.stack(columns, axis=-1)


@pytest.mark.seed("D-52", "D-66", "S-16", "S-17", "D-07", "H-58", "B-17")
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_rows_agree_with_numpy_and_complex_steps(name):
    kind, value = LOSSES[name]
    loss = kind()
    for y, t in ((Y, T), (Y[0], T[0])):
        assert loss.value(y, t).shape == y.shape[:-1]
        assert gap(loss.value(y, t), value(y, t)) < 1e-14
        assert gap(loss.row(y, t), numeric_row(value, y, t)) < 1e-13


@pytest.mark.seed("S-16", "S-17", "D-66", "B-19")
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_rows_agree_with_sympy(name):
    y, t = (np.array(sympy.symbols(f"{letter}1:4", positive=True), dtype=object) for letter in "yt")
    by_hand = {
        "SquaredError": sum((a - b) ** 2 for a, b in zip(y, t, strict=True)) / 2,
        "MeanSquaredError": sum((a - b) ** 2 for a, b in zip(y, t, strict=True)) / 3,
        "BinaryCrossEntropy": -sum(
            b * sympy.log(a) + (1 - b) * sympy.log(1 - a) for a, b in zip(y, t, strict=True)
        ),
        "CrossEntropy": -sum(b * sympy.log(a) for a, b in zip(y, t, strict=True)),
        "NegativeLogLikelihood": -sum(b * a for a, b in zip(y, t, strict=True)),
    }[name]
    loss = LOSSES[name][0]()
    assert sympy.simplify(loss.value(y, t).item() - by_hand) == 0
    for entry, variable in zip(loss.row(y, t), y, strict=True):
        assert sympy.simplify(entry - sympy.diff(by_hand, variable)) == 0


@pytest.mark.seed("D-66", "S-16")
def test_the_mean_squared_error_of_three_outputs_is_the_slides():
    z, t = np.array([0.2, 0.5, 0.9]), np.array([0.0, 1.0, 1.0])
    assert gap(jp.MeanSquaredError().value(z, t), (0.04 + 0.25 + 0.01) / 3) < 1e-15
    assert gap(jp.MeanSquaredError().row(z, t), 2 / 3 * (z - t)) < 1e-15
    assert gap(jp.SquaredError().row(z, t), z - t) < 1e-15


@pytest.mark.seed("D-53", "S-16", "E-15")
@pytest.mark.parametrize("name", LOSSES)
def test_a_sum_is_the_number_of_cases_times_a_mean(name):
    activation = "sigmoid" if name == "BinaryCrossEntropy" else "tanh"
    layers = [jp.Dense(3, 4, "tanh"), jp.Dense(4, 3, activation)]
    if name in TOPS:
        layers.append(TOPS[name]())
    X = RNG.normal(size=(4, 3))
    kind = LOSSES[name][0]
    summed = jp.Network(layers, kind(reduction="sum")).forward(X, T)
    mean = jp.Network(layers, kind()).forward(X, T)
    assert np.array_equal(summed.losses, mean.losses)
    assert gap(summed.loss, summed.losses.sum()) < 1e-15
    assert gap(summed.loss, 4 * mean.loss) < 1e-15
    for parameter, gradient in summed.gradients().items():
        assert gap(gradient, 4 * mean.gradients()[parameter]) < 1e-14
        rows = summed.jacobian("L", parameter).tensor()
        assert np.array_equal(rows, mean.jacobian("L", parameter).tensor())  # each case's own loss
    one = jp.Network(layers, kind()).forward(X[0], T[0])
    assert one.loss == one.losses.item()


@pytest.mark.seed("S-17")
@pytest.mark.parametrize("name", GATED)
def test_the_head_is_the_product_of_loss_row_and_gate(name):
    kind, value = LOSSES[name]
    z = RNG.normal(size=(4, 3))
    gates = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
        "log_softmax": lambda z: z - np.log(np.exp(z).sum(-1, keepdims=True)),
    }
    gate = gates[GATED[name]]
    loss = kind()
    assert loss.gate == GATED[name]
    assert gap(loss.head_value(z, T), value(gate(z), T)) < 1e-14
    assert gap(loss.head_row(z, T), numeric_row(lambda at, t: value(gate(at), t), z, T)) < 1e-13


@pytest.mark.seed("S-17", "M-28")
def test_the_head_rows_are_output_minus_target():
    z = RNG.normal(size=(4, 3))
    hot = np.eye(3)[[0, 2, 1, 1]]
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    assert gap(jp.CrossEntropy().head_row(z, hot), p - hot) < 1e-14
    assert gap(jp.CrossEntropy().head_row(z, T), p * T.sum(-1, keepdims=True) - T) < 1e-14
    assert gap(jp.BinaryCrossEntropy().head_row(z, T), 1 / (1 + np.exp(-z)) - T) < 1e-14


@pytest.mark.seed("S-17")
def test_heads_are_accurate_where_the_gate_saturates():
    for z in (40.0, 100.0, 700.0):
        rest = math.exp(-z)  # the probability of the other class, to 1e-17 relative
        row = jp.CrossEntropy().head_row(np.array([z, 0.0]), np.array([1.0, 0.0]))
        np.testing.assert_allclose(row, [-rest, rest], rtol=1e-15)
        np.testing.assert_allclose(
            jp.CrossEntropy().head_value(np.array([z, 0.0]), np.array([1.0, 0.0])), rest, rtol=1e-15
        )
        one = np.array([z])
        np.testing.assert_allclose(jp.BinaryCrossEntropy().head_row(one, np.ones(1)), [-rest], rtol=1e-15)
        np.testing.assert_allclose(jp.BinaryCrossEntropy().head_row(-one, np.zeros(1)), [rest], rtol=1e-15)
        np.testing.assert_allclose(jp.BinaryCrossEntropy().head_value(one, np.ones(1)), rest, rtol=1e-15)


@pytest.mark.seed("S-17")
@pytest.mark.parametrize(
    "T", [[2, 0, 1, 1], np.eye(3)[[2, 0, 1, 1]], RNG.uniform(0, 2, (4, 3))], ids=["labels", "one-hot", "soft"]
)
def test_a_log_softmax_with_its_likelihood_is_a_softmax_with_its_cross_entropy(T):
    X = RNG.normal(size=(4, 2)) * 300  # where softmax has zeros
    records = [
        jp.Network([jp.Dense(2, 3), top], loss, seed=3).forward(X, T)
        for top, loss in (
            (jp.Softmax(), jp.CrossEntropy()),
            (jp.LogSoftmax(), jp.NegativeLogLikelihood()),
        )
    ]
    soft, log = records
    assert np.array_equal(soft.losses, log.losses)
    assert np.array_equal(soft.jacobian("L", "z2").tensor(), log.jacobian("L", "z2").tensor())
    for name, gradient in soft.gradients().items():
        assert np.array_equal(gradient, log.gradients()[name])
    assert gap(np.exp(log.output), soft.output) < 1e-12
    assert np.isfinite(log.J_N.tensor()).all()


@pytest.mark.seed("E-09")
def test_the_log_softmax_jacobian_is_the_identity_minus_p_in_every_row():
    z = np.array([[0.0, 40.0, -3.0], [1.0, 1.5, -0.25]])
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    record = jp.Network([jp.LogSoftmax()]).forward(z)
    J = record.layer(1).J_Sum
    assert gap(J.tensor(), np.eye(3) - p[:, None, :]) < 1e-15
    assert isinstance(J, jp.DiagonalPlusLowRankJacobian)
    assert J.rank == 1
    np.testing.assert_allclose(J.tensor()[0, 1, 1], np.exp(-40) + np.exp(-43), rtol=1e-15)  # 1 - p is 0
    covector = np.array([[0.0, 1.0, 0.0], [0.5, -1.0, 2.0]])
    pulled = covector - p * covector.sum(-1, keepdims=True)
    assert gap(J.pull(covector)[1], pulled[1]) < 1e-15
    np.testing.assert_allclose(J.pull(covector)[0, 1], np.exp(-40) + np.exp(-43), rtol=1e-15)
    net = jp.Network([jp.Dense.from_arrays(np.eye(3)), jp.LogSoftmax()], jp.SquaredError())
    _, fast = jp.DeltaRule(net).gradients(z, np.zeros((2, 3)))
    assert gap(fast["W1"], net.forward(z, np.zeros((2, 3))).gradients()["W1"]) < 1e-15
    layer, params = jp.LogSoftmax(), {}
    passed = layer.backward_into(covector, params, layer.forward(params, (z,))[1], Workspace())[-1]
    np.testing.assert_allclose(passed, J.pull(covector), rtol=1e-15)
    derived = jp.derive(jp.LogSoftmax(), n_in=2)
    assert derived.verify() == 4
    assert str(derived).startswith("Z = log_softmax(Y)\n\nJ_Sum^Z = [ 1 - exp(z1)  -exp(z2)    ]\n")


def test_a_certain_zero_without_a_target_costs_nothing():
    y, t = np.array([[0.0, -np.inf], [-np.inf, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(jp.NegativeLogLikelihood().value(y, t), [0.0, np.inf])
    np.testing.assert_array_equal(jp.NegativeLogLikelihood().row(y, t), -t)


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_warns(name):
    y, t = np.array([[0.0, 1.0], [1e300, -np.inf]]), np.array([[1.0, 0.0], [-1e300, 0.5]])
    with np.errstate(all="raise"):
        assert LOSSES[name][0]().value(y, t).shape == (2,)
        assert LOSSES[name][0]().row(y, t).shape == (2, 2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: jp.Network([jp.Dense(2, 3), jp.Softmax()], jp.NegativeLogLikelihood()),
            jp.errors.UnsupportedLayerError,
            "NegativeLogLikelihood needs log_softmax as the last layer",
        ),
        (
            lambda: jp.NegativeLogLikelihood().target([0, 3], (2, 3), np.dtype(float)),
            jp.errors.ShapeError,
            "NegativeLogLikelihood target: labels are out of range; got 0 to 3, expected 0 to 2",
        ),
        (
            lambda: jp.gradients(
                jp.Network([jp.LogSoftmax(), jp.Dense(3, 2)], jp.SquaredError()),
                np.zeros(3),
                np.zeros(2),
                "numpy_dot",
            ),
            jp.errors.UnsupportedLayerError,
            r"layer 1 LogSoftmax\(\): the slides have no such layer",
        ),
    ],
)
def test_log_softmax_is_refused_with_its_name(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.seed("B-16", "E-52", "S-17")
def test_squared_error_hardly_moves_a_saturated_unit_and_cross_entropy_does():
    dense = jp.Dense.from_arrays([[1.0]], [0.0], "sigmoid")
    rows = {
        kind.__name__: jp.Network([dense], kind()).forward([10.0], [0.0]).jacobian("L", "z1").tensor()[0]
        for kind in (jp.SquaredError, jp.BinaryCrossEntropy)
    }
    assert gap(rows["BinaryCrossEntropy"], 0.9999546021312976) < 1e-15
    assert gap(rows["SquaredError"], 4.539580773595167e-05 * (1 - 4.5397868702434395e-05)) < 1e-11


# -- targets ----------------------------------------------------------------------------------------------


def softmax_net(dtype=np.float64):
    return jp.Network([jp.Dense(2, 3, "tanh"), jp.Softmax()], jp.CrossEntropy(), dtype=dtype)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1, 2],
        (0, 2, 1, 2),
        np.array([0, 2, 1, 2]),
        np.array([0, 2, 1, 2], np.uint8),
        np.array([0, 2, 1, 2], np.uint64),
        np.array([0, 2, 1, 2], ">i4"),
        np.eye(3)[[0, 2, 1, 2]],
        np.eye(3, dtype=int)[[0, 2, 1, 2]],
        np.eye(3, dtype=np.float32)[[0, 2, 1, 2]].tolist(),
    ],
    ids=["list", "tuple", "int64", "uint8", "uint64", "big endian", "one-hot", "whole one-hot", "lists"],
)
def test_labels_and_one_hot_rows_are_the_same_target(labels):
    X = RNG.normal(size=(4, 2))
    record = softmax_net().forward(X, labels)
    assert np.array_equal(record.target, np.eye(3)[[0, 2, 1, 2]])
    assert record.target.dtype == np.float64
    chosen = record.output[np.arange(4), [0, 2, 1, 2]]
    assert gap(record.losses, -np.log(chosen)) < 1e-14


@pytest.mark.parametrize(
    "label", [2, np.int64(2), np.array(2), np.eye(3)[2]], ids=["int", "int64", "0-d", "row"]
)
def test_one_case_takes_one_label(label):
    record = softmax_net().forward([0.5, -1.0], label)
    assert np.array_equal(record.target, [0, 0, 1])
    assert record.losses.shape == ()


def test_an_array_like_of_labels_is_labels_too():
    class Column:
        """What a data frame's column looks like from numpy."""

        def __array__(self, dtype=None, copy=None):
            return np.array([0, 2], dtype=dtype or np.int64)

    record = softmax_net().forward([[0.5, -1.0], [1.0, 2.0]], Column())
    assert np.array_equal(record.target, np.eye(3)[[0, 2]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_targets_take_the_dtype_of_the_record(dtype):
    net = softmax_net(dtype)
    X = np.ones((1, 2), dtype)
    for target in ([1], [[0, 1, 0]], np.array([[0.0, 1.0, 0.0]])):
        record = net.forward(X, target)
        assert record.target.dtype == record.losses.dtype == dtype


# -- a user's loss ----------------------------------------------------------------------------------------


class LogCosh(Loss):
    """L = sum log cosh(y - t), J_N^L = tanh(y - t)."""

    def value(self, y, t):
        return np.log(np.cosh(y - t)).sum(axis=-1)

    def row(self, y, t):
        return np.tanh(y - t)


def test_a_loss_of_a_user_needs_a_value_and_a_row():
    net = jp.Network([jp.Dense(2, 4, "tanh"), jp.Dense(4, 3)], LogCosh())
    X, t = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 3))
    expected = jp.gradients(net, X, t, "structured")
    for formulation in ("tensor", "numpy_dot", "simplified", "delta", "delta_scalar"):
        found = jp.gradients(net, X, t, formulation)
        assert all(gap(found[name], g) < 1e-12 for name, g in expected.items())
    found = jp.gradients(net, X, t, "finite_difference")
    assert all(gap(found[name], g) < 1e-8 for name, g in expected.items())


def test_a_loss_without_a_gate_has_no_head():
    for loss, half in ((LogCosh(), "value"), (LogCosh(), "row"), (jp.SquaredError(), "row")):
        text = f"^{type(loss).__name__} has no head_{half}: a loss with a gate writes it$"
        with pytest.raises(NotImplementedError, match=text):
            getattr(loss, f"head_{half}")(Y, T)


def test_a_repr_can_be_typed_in_again():
    for name, (kind, _) in LOSSES.items():
        assert repr(kind()) == f"{name}()"
        assert repr(kind(reduction="sum")) == f"{name}(reduction='sum')"


@pytest.mark.parametrize("weight", [-1.0, 2.5, 1e-300])
def test_a_label_may_count_for_more_or_less_than_nothing(weight):
    """A negative weight is what a policy gradient gives an action that was a mistake."""
    z, t = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]), np.array([[0.0, weight, 0.0], [0.0, 0.0, 1.0]])
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    losses, row = jp.CrossEntropy().head(z, t)
    np.testing.assert_allclose(losses, -(t * np.log(p)).sum(-1), rtol=1e-14)
    np.testing.assert_allclose(row, p * t.sum(-1, keepdims=True) - t, rtol=1e-13)
    soft = np.array([[0.25, weight, 0.5], [0.0, 0.0, 1.0]])
    losses, row = jp.CrossEntropy().head(z, soft)
    np.testing.assert_allclose(losses, -(soft * np.log(p)).sum(-1), rtol=1e-14)
    np.testing.assert_allclose(row, p * soft.sum(-1, keepdims=True) - soft, rtol=1e-12, atol=1e-15)


class Sevens:
    """A mixin that changes the mathematics of the loss after it."""

    def head_row(self, z, t):
        return np.full_like(z, 7.0)


class OfValue(jp.CrossEntropy):
    def head_value(self, z, t):
        return np.full(z.shape[:-1], 3.0)


class Mixed(Sevens, jp.CrossEntropy):
    pass


class Own(Mixed):
    def head(self, z, t):
        return np.zeros(z.shape[:-1]), np.zeros_like(z)


def test_a_loss_that_changes_half_of_its_head_is_asked_for_both_halves():
    z, t = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])
    plain = jp.CrossEntropy()
    for loss, value, row in (
        (Mixed(), plain.head_value(z, t), [[7.0, 7.0]]),
        (OfValue(), [3.0], plain.head_row(z, t)),
        (Own(), [0.0], [[0.0, 0.0]]),
    ):
        found = loss.head(z, t)
        assert np.array_equal(found[0], value)
        assert np.array_equal(found[1], row)
        net = jp.Network([jp.Dense(2, 2), jp.Softmax()], loss=loss).with_parameters({"W1": np.eye(2)})
        _, gradients = jp.DeltaRule(net).gradients(z, t)
        assert np.array_equal(gradients["b1"], np.asarray(row)[0])
        assert np.array_equal(net.forward(z, t).gradients()["b1"], np.asarray(row)[0])


def test_a_certain_prediction_that_is_right_costs_nothing():
    z, t = np.array([[np.inf, -np.inf], [-np.inf, 3.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    losses, row = jp.BinaryCrossEntropy().head(z, t)
    assert np.array_equal(losses, [0.0, np.inf])
    np.testing.assert_allclose(row, [[0.0, 0.0], [-1.0, -1 / (1 + np.exp(3.0))]], rtol=1e-15)


@pytest.mark.parametrize("name", GATED)
@pytest.mark.parametrize("in_letters", [(True, True), (True, False), (False, True)], ids=["z t", "z", "t"])
@pytest.mark.parametrize("cases", [slice(2), 0], ids=["two", "one"])
def test_heads_of_letters_are_those_of_the_numbers_put_in(name, in_letters, cases):
    loss, numbers = LOSSES[name][0](), (Y[cases] * 3 - 1, T[cases])
    letters = [np.array(sympy.symbols(f"{x}:6"), dtype=object).reshape(2, 3)[cases] for x in "zt"]
    put = dict(zip(np.ravel(letters), np.ravel(numbers), strict=True))
    z, t = (a if chosen else n for a, n, chosen in zip(letters, numbers, in_letters, strict=True))
    halves = loss.head_value(z, t), loss.head_row(z, t)
    for found, expected in zip((*halves, *loss.head(z, t)), 2 * loss.head(*numbers), strict=True):
        assert (found.shape, found.dtype, expected.dtype) == (expected.shape, object, np.float64)
        assert gap([float(entry.subs(put)) for entry in found.flat], expected.ravel()) < 1e-13


@pytest.mark.parametrize("name", LOSSES)
def test_numbers_stay_numbers(name):
    assert LOSSES[name][0]().value(Y, T).dtype == LOSSES[name][0]().row(Y, T).dtype == np.float64


def test_a_class_that_writes_half_a_head_has_the_head_of_two_halves():
    def half(self, z, t):
        return z

    def written(*bases, **methods):
        return type("Written", bases, methods)

    for name in ("head_value", "head_row"):
        assert written(jp.CrossEntropy, **{name: half}).head is Loss.head
        assert written(written(jp.CrossEntropy, **{name: half})).head is Loss.head
        assert written(jp.CrossEntropy, **{name: half, "head": half}).head is half
    for kind in (jp.CrossEntropy, jp.BinaryCrossEntropy):
        assert written(kind).head is kind.head is not Loss.head
        assert written(kind, value=half, row=half).head is kind.head


@pytest.mark.parametrize(
    ("labels", "remedy"),
    [
        ([1, 3], "Classes count from 0: subtract the smallest label."),
        ([1, 4], "5 classes need 5 outputs."),
        ([0, 3], "4 classes need 4 outputs."),
    ],
)
def test_labels_that_count_from_one_are_told_from_a_class_too_many(labels, remedy):
    with pytest.raises(jp.errors.ShapeError) as caught:
        jp.CrossEntropy().target(labels, (2, 3), np.dtype(float))
    assert str(caught.value).endswith(f"expected 0 to 2. {remedy}")


def test_a_target_of_zero_silences_an_infinite_letter_too():
    y = sympy.Symbol("y", positive=True)
    outputs, targets = np.array([sympy.Integer(0), y]), np.array([0, 1])
    assert jp.CrossEntropy().value(outputs, targets) == -sympy.log(y)
    assert jp.CrossEntropy().row(outputs, targets).tolist() == [0, -1 / y]
