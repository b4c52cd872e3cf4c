"""Saturated softmax layers: no factor, product or gradient loses what is left of them."""

import numpy as np
import pytest

import jacobprop as jp


def net(dtype=np.float64, loss=None):
    layers = [jp.Dense.from_arrays(np.array([[1.0, -1.0], [0.5, 2.0]], dtype)), jp.Softmax()]
    return jp.Network(layers, loss=loss or jp.SquaredError())


@pytest.mark.parametrize(("dtype", "scale"), [(np.float64, 20.0), (np.float32, 6.0)])
def test_rows_of_a_saturated_jacobian_cancel_each_other(dtype, scale):
    """Two outputs add up to 1, so their rows add up to 0: neither may be flushed to zero."""
    record = net(dtype).forward(np.array([scale, 0.0], dtype))
    tail = np.exp(-2 * scale)
    exact = tail / (1 + tail) ** 2 * np.array([[2.0, -1.5], [-2.0, 1.5]])
    for order in ("backward", "forward"):
        J = record.chain("a2", "a0").multiply(order).matrix()
        np.testing.assert_allclose(J, exact, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("formulation", ["tensor", "numpy_dot", "structured", "delta"])
def test_formulations_agree_below_a_saturated_softmax(formulation):
    X, T = np.array([[20.0, 0.0], [0.0, -15.0]]), np.array([[0.0, 1.0], [0.25, 0.5]])
    gap = X @ net().parameters["W1"] @ [-1.0, 1.0]  # z_2 - z_1; p_1 = sigmoid(-gap)
    slope = np.exp(-np.abs(gap)) / (1 + np.exp(-np.abs(gap))) ** 2
    p = 1 / (1 + np.exp(gap))
    q = 1 / (1 + np.exp(-gap))
    delta = ((p - T[:, 0] - q + T[:, 1]) * slope)[:, None] * [1.0, -1.0]
    found = jp.gradients(net(), X, T, formulation)["W1"]
    np.testing.assert_allclose(found, X.T @ delta / 2, rtol=1e-12)


def test_soft_targets_keep_their_smallest_part():
    """dL/dz_1 = p_1 sum(t) - t_1 is 1e-20 where p_2 underflows, and its sign survives."""
    softmax = jp.Network([jp.Softmax()], loss=jp.CrossEntropy())
    row = softmax.forward([800.0, 0.0], [1.0, 1e-20]).jacobian("L", "a0").tensor()
    np.testing.assert_allclose(row, [1e-20, -1e-20], rtol=1e-15)


def test_a_mean_over_many_cases_stays_within_half_precision():
    """1,000 losses of 200 add up to more than float16 holds; their mean does not."""
    line = jp.Network([jp.Dense.from_arrays([[1.0]])], loss=jp.SquaredError(), dtype=np.float16)
    X, T = np.full((1000, 1), 20, np.float16), np.zeros((1000, 1), np.float16)
    record = line.forward(X, T)
    assert record.loss == 200
    assert jp.DeltaRule(line).gradients(X, T)[0] == 200
    for formulation in ("structured", "delta", "tensor", "simplified"):
        found = jp.gradients(line, X, T, formulation)["W1"]
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, [[400]], rtol=0.02)


def test_differences_see_through_a_near_kink():
    """relu's kink 1e-3 away from the sum does not disturb a derivative."""
    line = jp.Network([jp.Dense.from_arrays([[1.0]], [1e-3], "relu")], loss=jp.SquaredError())
    exact = jp.gradients(line, [0.0], [1.0], "structured")
    found = jp.gradients(line, [0.0], [1.0], "finite_difference")
    np.testing.assert_allclose(found["b1"], exact["b1"], rtol=1e-6)
