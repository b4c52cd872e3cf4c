"""The numeric oracles against derivatives written by hand, and where they must not be believed."""

import numpy as np
import pytest

from jacobprop.differences import central_differences, complex_step

RNG = np.random.default_rng(11)
M = RNG.normal(size=(2, 4))


def mixed(x):
    """(3, 4) -> (2, 3, 4), every output entry depending on a column of x."""
    return np.einsum("ok,nk->onk", M, np.sin(x)) + np.exp(x).sum(axis=0)


def mixed_jacobian(x):
    eye_n, eye_k = np.eye(3), np.eye(4)
    own = np.einsum("ok,nk,na,kb->onkab", M, np.cos(x), eye_n, eye_k)
    shared = np.einsum("ab,kb,o,n->onkab", np.exp(x), eye_k, np.ones(2), np.ones(3))
    return own + shared


@pytest.mark.parametrize(("oracle", "tolerance"), [(central_differences, 1e-11), (complex_step, 1e-15)])
def test_numerator_layout_and_accuracy(oracle, tolerance):
    x = RNG.normal(size=(3, 4))
    before = x.copy()
    jacobian = oracle(mixed, x)
    assert jacobian.shape == (2, 3, 4, 3, 4)
    np.testing.assert_allclose(jacobian, mixed_jacobian(x), rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.exp, np.exp),
        (np.sin, np.cos),
        (lambda x: np.tanh(5 * x), lambda x: 5 / np.cosh(5 * x) ** 2),
        (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
        (lambda x: x**3, lambda x: 3 * x**2),
    ],
    ids=["exp", "sin", "steep tanh", "poles at i", "cubic"],
)
def test_ten_digits_for_smooth_functions(function, derivative):
    x = RNG.uniform(-6, 6, size=30)
    wanted = derivative(x)
    for oracle in (central_differences, complex_step):
        got = np.diagonal(oracle(function, x))
        assert np.all(np.abs(got - wanted) <= 1e-10 * np.maximum(np.abs(wanted), 1e-2))


@pytest.mark.parametrize("oracle", [central_differences, complex_step])
def test_scalars_and_empty_arrays(oracle):
    assert oracle(lambda x: x**2, 3.0).shape == ()
    np.testing.assert_allclose(oracle(lambda x: x**2, 3.0), 6)
    np.testing.assert_allclose(oracle(np.sum, np.ones((2, 3))), np.ones((2, 3)))
    assert oracle(lambda x: x, np.ones(0)).shape == (0, 0)


def test_the_function_cannot_change_the_point():
    def careless(x):
        x *= 2
        return x

    for oracle in (central_differences, complex_step):
        np.testing.assert_allclose(oracle(careless, np.array([1.0, 2.0])), 2 * np.eye(2), rtol=1e-12)


def test_a_smaller_step_where_the_domain_ends():
    assert np.isnan(central_differences(np.log, 1e-6))  # not a number rather than a wrong one
    np.testing.assert_allclose(central_differences(np.log, 1e-6, step=1e-7), 1e6, rtol=1e-9)


def test_kinks():
    def relu(x):
        return np.maximum(x, 0.0)

    near = np.array([-0.05, 0.0, 0.05])
    np.testing.assert_allclose(np.diagonal(central_differences(relu, near)), [0, 0.5, 1], atol=1e-12)
    assert complex_step(np.abs, -1.0) == 0  # silently wrong off analytic paths, as documented


def test_no_warning_leaks():
    with np.errstate(all="raise"):
        for oracle in (central_differences, complex_step):
            oracle(lambda x: np.exp(1000 * x), np.array([1.0]))
