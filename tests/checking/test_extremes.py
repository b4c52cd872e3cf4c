"""Right code at hard numbers is never called wrong: saturation, underflow, overflow, fitted targets."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.checking import check
from jacobprop.checking.comparison import apart
from jacobprop.errors import CheckFailed

from .wrong_layers import WRONG_LAYERS

SATURATED = [
    *(("f4", name, -100) for name in ("sigmoid", "silu", "softplus", "elu")),
    ("f4", "gelu", -20),
    *(("f2", name, -8) for name in ("tanh", "gelu")),
    *(("f2", name, -20) for name in ("sigmoid", "silu", "elu", "softplus")),
]


@pytest.mark.parametrize(("dtype", "name", "z"), SATURATED)
def test_underflow_in_a_small_dtype_is_no_failure(dtype, name, z):
    layer = jp.Dense.from_arrays(np.eye(2, dtype=dtype), activation=name)
    report = check(jp.Network([layer]), np.full((1, 2), z, dtype))
    assert report, str(report)


def test_a_softmax_that_underflows_is_no_failure():
    assert check(jp.Network([jp.Softmax()], dtype="f2"), np.array([[0, 20]], "f2"))


def test_raw_columns_in_float32_are_no_failure_and_the_saturation_is_named():
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(12, 4))) * [13, 2, 100, 746]
    layers = [jp.Dense(4, 5, "sigmoid"), jp.Dense(5, 3), jp.Softmax()]
    report = check(jp.Network(layers, jp.CrossEntropy(), dtype="f4"), X, rng.integers(0, 3, 12))
    assert report, str(report)
    assert "units of layer 1 are saturated; scale the inputs" in str([row.note for row in report.rows])


@pytest.mark.parametrize("residual", [0.0, 1e-8, 1e-6])
def test_a_fitted_network_is_no_failure(residual):
    X = np.arange(12.0).reshape(4, 3) / 7
    net = jp.Network([jp.Dense(3, 2)], jp.SquaredError(), seed=0)
    T = net(X) + residual * np.random.default_rng(1).normal(size=(4, 2))
    report = check(net, X, T)
    assert report, str(report)


@pytest.mark.parametrize("x", [1e308, 1e200, 5e-324, 1e-310])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_numbers_at_the_ends_of_the_range_are_no_failure(x, activation):
    layers = [jp.Dense(3, 4, activation), jp.Dense(4, 2)]
    report = check(jp.Network(layers, jp.SquaredError(), seed=1), np.full((2, 3), x))
    assert report, str(report)
    if x == 1e308:
        assert "the numbers overflow here: compare at smaller ones" in [row.note for row in report.rows]


def test_values_that_overflow_are_said_to():
    layer = jp.Dense.from_arrays(np.full((3, 2), 10, "f2"), activation="relu")
    report = check(jp.Network([layer]), np.full((2, 3), 6e4, "f2"))
    assert report
    (row,) = (row for row in report.rows if row.what.startswith("values"))
    assert row.verdict == "not resolved"
    assert "its values overflow in float16 at these numbers" in row.note


def test_a_slope_below_the_weights_of_corners_is_no_failure():
    layers = [
        jp.Dense.from_arrays(np.array([[-2e-3, 5e-3]]), np.array([-0.093, 0.12]), "relu"),
        jp.Dense.from_arrays(np.array([[-3e-3], [4e-3]]), [-0.495], "leaky_relu"),
        jp.Dense.from_arrays([[-0.0066]], [-0.13], "sigmoid"),
    ]
    net = jp.Network(layers, jp.BinaryCrossEntropy())
    report = check(net, np.array([[65.5], [-103.4], [72.9]]), np.zeros((3, 1)))
    assert report, str(report)


def test_a_report_reads_in_an_assertion():
    report = check(WRONG_LAYERS["sign"][0])
    assert repr(report) == str(report)
    with pytest.raises(CheckFailed) as caught:
        report.raise_if_failed()
    assert str(caught.value).endswith("\n\nMend J_Y of the layer first.")


def test_two_numbers_are_told_apart():
    assert apart(1.3274521, 1.32745212) == "1.3274521 where the witness has 1.32745212"
    assert apart(0.0, 1.0) == "0 where the witness has 1"
