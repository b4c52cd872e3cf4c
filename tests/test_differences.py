"""The numeric oracles against derivatives written by hand, and where they must not be believed."""

import numpy as np
import pytest

from jacobprop.differences import along, central_differences, complex_step, estimate

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


# -- with an error estimate --------------------------------------------------------------------------------

SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "steep": (lambda x: np.tanh(5 * x), lambda x: 5 / np.cosh(5 * x) ** 2),
    "poles": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "cubic": (lambda x: x**3, lambda x: 3 * x**2),
    "bends in f'": (lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
    "float32": (lambda x: np.sin(x).astype(np.float32), np.cos),
}


@pytest.mark.parametrize(("function", "derivative"), SMOOTH.values(), ids=SMOOTH)
def test_the_error_estimate_covers_the_error(function, derivative):
    x = np.concatenate([RNG.uniform(-6, 6, size=300), [0.0, 1e-9, -1e-6]])
    found = along(function, x, np.maximum(1, abs(x)), lambda moved: moved, elementwise=True)
    off = abs(found.value - derivative(x))
    assert not found.kinked.any()
    assert np.all(off <= 10 * found.error)
    sizes = np.maximum(1, abs(derivative(x)))
    assert np.median(found.error / sizes) < (1e-4 if function(x).dtype == np.float32 else 1e-10)


def test_an_estimate_is_the_jacobian_in_numerator_layout():
    x = RNG.normal(size=(3, 4))
    before = x.copy()
    found = estimate(mixed, x)
    assert found.value.shape == found.error.shape == found.kinked.shape == (2, 3, 4, 3, 4)
    np.testing.assert_allclose(found.value, mixed_jacobian(x), atol=1e-10)
    assert np.all(abs(found.value - mixed_jacobian(x)) <= 10 * found.error + 1e-15)
    np.testing.assert_array_equal(x, before)
    some = estimate(mixed, x, [(2, 1), (0, 3)])
    np.testing.assert_array_equal(some.value[..., 0], found.value[..., 2, 1])
    np.testing.assert_array_equal(some.error[..., 1], found.error[..., 0, 3])
    assert estimate(np.sin, np.zeros((0, 2))).value.shape == (0, 2, 0, 2)
    assert estimate(lambda x: x**2, 3.0).value == pytest.approx(6, rel=1e-12)


def test_one_call_for_every_case():
    x = RNG.normal(size=(5, 3))
    move = np.zeros((5, 3))
    move[:, 1] = np.maximum(1, abs(x[:, 1]))
    found = along(
        lambda y: np.sin(y @ np.arange(6.0).reshape(3, 2)), x, move, lambda moved: moved[:, 1, None]
    )
    wanted = np.cos(x @ np.arange(6.0).reshape(3, 2)) * [2.0, 3.0]
    np.testing.assert_allclose(found.value, wanted, atol=1e-9)


@pytest.mark.parametrize("distance", [0.0, 1e-9, 1e-6, 1e-5, 1e-3, 0.05])
def test_a_corner_is_seen_or_left_aside(distance):
    found = along(abs, np.array([distance]), np.ones(1), lambda moved: moved)
    if distance < 1e-8:
        assert found.kinked.all()
        assert found.left[0] < found.right[0]
    else:
        assert not found.kinked.any()
        assert abs(found.value[0] - 1) <= 10 * found.error[0]
        assert found.error[0] < 1e-4
    sides = estimate(abs, np.zeros(1))
    np.testing.assert_allclose([sides.left[0, 0], sides.right[0, 0]], [-1, 1], atol=1e-9)


def test_a_cancelled_sum_is_less_certain_than_a_small_value():
    terms = np.array([1e8, -1e8, 1.0])
    sums = along(lambda s: np.stack([terms @ np.ones(3) + s, 1e8 * s + 1e8]), np.zeros(()), np.ones(()))
    alone = along(np.exp, np.array([-40.0]), np.ones(1), lambda moved: moved, elementwise=True)
    assert sums.error[0] > 1e-9
    assert alone.error[0] < 1e-10 * np.exp(-40.0)
    parts = sums.each(lambda part: part[:1])
    assert parts.value.shape == parts.kinked.shape == (1,)


def test_an_estimate_stops_early_where_the_table_has_settled():
    calls = []
    along(lambda x: calls.append(1) or x**2, np.ones(1), np.ones(1))
    assert len(calls) <= 13


def test_what_is_not_a_number_stays_so():
    found = along(np.log, np.array([-1.0, 1.0]), np.ones(2) / 8, lambda moved: moved)
    assert np.isnan(found.value[0])
    assert found.value[1] == pytest.approx(1)


def test_a_small_slope_is_not_taken_from_beyond_a_corner():
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(400):
        corners = rng.uniform(-0.13, 0.13, 2)
        weights = rng.normal(size=2) * 10.0 ** -rng.integers(0, 4, 2)
        scale, slope = 10.0 ** -rng.integers(3, 7), rng.normal()

        def bent(x, corners=corners, weights=weights, scale=scale, slope=slope):
            return scale * (slope * x + (weights * np.maximum(x[..., None] - corners, 0)).sum(-1))

        found = estimate(bent, np.zeros(1))
        right = scale * (slope + weights[corners < 0].sum())
        if np.abs(corners).min() > 1e-4 and not found.kinked.any():
            wrong += abs(found.value[0, 0] - right) > 10 * found.error[0, 0] + 1e-15
            plain = central_differences(bent, np.zeros(1))[0, 0]
            wrong += abs(plain - right) > 1e-6 * abs(right) + 1e-9 * scale
    assert wrong == 0


@pytest.mark.parametrize("function", [np.cos, lambda x: x**3, lambda x: 1e-8 * np.cos(x), lambda x: x**2 + 1])
def test_a_slope_of_zero_is_zero_within_its_error(function):
    found = along(function, np.zeros(1), np.ones(1), lambda moved: moved)
    assert abs(found.value[0]) <= 10 * found.error[0] + 1e-20
    assert found.error[0] < 1e-8


def test_a_known_noise_of_the_values_is_an_error_of_the_slope():
    quiet, noisy = (estimate(lambda x: x**2, np.ones(1), noise=noise).error[0, 0] for noise in (0.0, 1e-9))
    assert quiet < 1e-9 < noisy < 1e-4
