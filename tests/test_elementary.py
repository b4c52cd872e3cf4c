"""Kernels against 50-digit mpmath, in units of the last place; no warning, no false zero, no lost nan."""

import mpmath
import numpy as np
import pytest
import sympy

from jacobprop import elementary

mpmath.mp.dps = 50


def ulp_error(got, truth):
    """|got - truth| in units of the last place of the truth, in the dtype of `got`."""
    kind = np.finfo(got.dtype)
    if truth == 0:
        return 0.0 if got == 0 else np.inf
    if not np.isfinite(got):
        return np.inf
    exponent = max(mpmath.frexp(truth)[1] - 1, kind.minexp)
    return float(abs(mpmath.mpf(float(got)) - truth) / mpmath.ldexp(1, int(exponent) - kind.nmant))


def largest_error(got, truths):
    return max(ulp_error(g, t) for g, t in zip(got, truths, strict=True))


def exact(z):
    return [mpmath.mpf(float(entry)) for entry in z]


def logistic(z):
    return 1 / (1 + mpmath.exp(-z))


def logistic_slope(z):
    return 1 / (2 + 2 * mpmath.cosh(z))


def tanh_slope(z):
    return mpmath.sech(z) ** 2


def softplus(z):
    return mpmath.log1p(mpmath.exp(z))


def normal(z):
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2


def density(z):
    return mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)


def below(function, above):
    """A function of z <= 0, and something else beyond."""
    return lambda z: above(z) if z > 0 else function(z)


TRUTHS = {
    "sigmoid": (logistic, logistic_slope, lambda z: -mpmath.tanh(z / 2) * logistic_slope(z)),
    "tanh": (mpmath.tanh, tanh_slope, lambda z: -2 * mpmath.tanh(z) * tanh_slope(z)),
    "softplus": (softplus, logistic, logistic_slope),
    "silu": (
        lambda z: z * logistic(z),
        lambda z: logistic(z) * (1 + z * logistic(-z)),
        lambda z: logistic_slope(z) * (2 - z * mpmath.tanh(z / 2)),
    ),
    "gelu": (
        lambda z: z * normal(z),
        lambda z: normal(z) + z * density(z),
        lambda z: (2 - z * z) * density(z),
    ),
    "elu": (
        below(mpmath.expm1, lambda z: z),
        below(mpmath.exp, lambda z: mpmath.mpf(1)),
        below(mpmath.exp, lambda z: mpmath.mpf(0)),
    ),
    "softsign": (
        lambda z: z / (1 + abs(z)),
        lambda z: 1 / (1 + abs(z)) ** 2,
        lambda z: (-2 if z > 0 else 2) / (1 + abs(z)) ** 3,
    ),
}
ZEROS = {("silu", 1): [-1.27846], ("gelu", 1): [-0.75179], ("silu", 2): [-2.39936, 2.39936]}
"""Within 1/2 of which the error is absolute."""

FUNCTIONS = {
    "sigmoid": (elementary.sigmoid, elementary.sigmoid_derivative, elementary.sigmoid_second_derivative),
    "tanh": (elementary.tanh, elementary.tanh_derivative, elementary.tanh_second_derivative),
    "softplus": (elementary.softplus, elementary.sigmoid, elementary.sigmoid_derivative),
    "silu": (elementary.silu, elementary.silu_derivative, elementary.silu_second_derivative),
    "gelu": (elementary.gelu, elementary.gelu_derivative, elementary.gelu_second_derivative),
    "elu": (elementary.elu, elementary.elu_derivative, elementary.elu_second_derivative),
    "softsign": (
        elementary.softsign,
        elementary.softsign_derivative,
        elementary.softsign_second_derivative,
    ),
}
KERNELS = {
    "identity": elementary.identity_into,
    "sigmoid": elementary.sigmoid_into,
    "tanh": elementary.tanh_into,
    "relu": elementary.relu_into,
    "softplus": elementary.softplus_into,
    "silu": elementary.silu_into,
    "gelu": elementary.gelu_into,
    "elu": elementary.elu_into,
    "leaky_relu": elementary.leaky_relu_into,
    "softsign": elementary.softsign_into,
}
SMOOTH = sorted(TRUTHS)
PROMISE = {name: (8, 16, 8) if name == "gelu" else (4, 4, 8) for name in SMOOTH}
"""ulp of f, f' and f''"""


BLOCKS = {"gelu": (np.inf,), "elu": (np.inf,), "softsign": (np.inf,), "silu": (0.85, 0.98, np.inf)}
"""Up to which share of exp's overflow a block is tried, where few or no branches depend on the block."""


def check_promise(name, order, z, got, truths, ulp):
    """ulp of the truth; near a zero of it, 4 units of the last place of numbers below 1."""
    near = np.zeros(z.shape, bool)
    for zero in ZEROS.get((name, order), ()):
        near |= abs(z.astype(float) - zero) <= 0.5
    largest = 4 * np.finfo(got.dtype).epsneg
    for g, truth, close in zip(got, truths, near, strict=True):
        assert abs(float(g) - truth) <= largest if close else ulp_error(g, truth) <= ulp


def points(dtype, seed):
    """Random and hard points: near 0, where rounding piles up, near every overflow and underflow."""
    rng = np.random.default_rng(seed)
    kind = np.finfo(dtype)
    edge = -np.log(float(kind.smallest_subnormal))  # exp(-edge) is the last number above zero
    hard = [
        0.0,
        float(kind.smallest_subnormal),
        float(kind.tiny),
        float(kind.eps),
        0.3465,
        4.8368,
        36.7,
        37.4,
    ]
    hard += [1.001 * np.log(float(kind.max))]  # exp overflows
    hard += [share * edge for share in (0.45, 0.49, 0.5, 0.51, 0.937, 0.94, 0.952, 0.953, 0.99, 1.0, 1.01)]
    random = np.concatenate(
        [rng.uniform(-1.02 * edge, 1.02 * edge, 300), rng.uniform(-8, 8, 400), rng.normal(size=200)]
    )
    tiny = np.exp(rng.uniform(np.log(float(kind.tiny)), 0, 100))
    z = np.concatenate([hard, np.negative(hard), random, tiny, -tiny]).astype(dtype)
    return np.concatenate([z, np.nextafter(z, dtype(0))])


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", SMOOTH)
def test_four_ulp_in_float64(name, order):
    z = points(np.float64, seed=order)
    got = FUNCTIONS[name][order](z)
    truths = [TRUTHS[name][order](entry) for entry in exact(z)]
    check_promise(name, order, z, got, truths, PROMISE[name][order])
    normal = np.array([abs(truth) >= np.finfo(np.float64).tiny for truth in truths])
    assert got[normal].all()  # no false zero


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("name", SMOOTH)
def test_joint_kernels_keep_eight_ulp_in_the_dtype_of_z(name, dtype):
    every = points(dtype, seed=7)
    values, slopes = ([truth(entry) for entry in exact(every)] for truth in TRUTHS[name][:2])
    overflow = np.log(
        float(np.finfo(dtype).max)
    )  # of exp; a block beyond about half or all of it takes another form
    for share in BLOCKS.get(name, (0.1, 0.49, 0.51, 0.8, 0.9, 0.98, 1.0, 1.0015, 1.02, np.inf)):
        block = np.flatnonzero(np.abs(every) <= share * overflow)
        z = every[block]
        value, derivative = np.empty_like(z), np.empty_like(z)
        KERNELS[name](z, value, derivative)
        check_promise(name, 0, z, value, [values[k] for k in block], 8)
        check_promise(name, 1, z, derivative, [slopes[k] for k in block], 8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_joint_kernels_work_in_place_and_without_derivative(name, dtype):
    every = np.append(points(dtype, seed=3), [np.inf, -np.inf, np.nan]).astype(dtype)
    for z in (
        every[np.abs(every) <= 2],
        every,
        every[:0],
        every[:6].reshape(2, 3)[:, ::2],
        every[4:5].reshape(()),
    ):
        before = z.copy()
        value, derivative = np.empty_like(z), np.empty_like(z)
        KERNELS[name](z, value, derivative)
        np.testing.assert_array_equal(z, before)
        alone = np.empty_like(z)
        KERNELS[name](z, alone, None)
        np.testing.assert_array_equal(alone, value)
        for slope in (np.empty_like(z), None):
            overwritten = z.copy()
            KERNELS[name](overwritten, overwritten, slope)
            np.testing.assert_array_equal(overwritten, value)
            if slope is not None:
                np.testing.assert_array_equal(slope, derivative)


def test_piecewise_linear_functions_are_exact():
    z = np.array([-2.0, -0.0, 0.0, 5e-324, 3.0, np.nan])
    np.testing.assert_array_equal(elementary.relu(z), [0, 0, 0, 5e-324, 3, np.nan])
    np.testing.assert_array_equal(elementary.relu_derivative(z), [0, 0, 0, 1, 1, np.nan])
    np.testing.assert_array_equal(elementary.zero_off_kink(z), [0, 0, 0, 0, 0, np.nan])
    np.testing.assert_array_equal(elementary.identity(z), z)
    assert not np.shares_memory(elementary.identity(z), z)
    np.testing.assert_array_equal(elementary.one(z), np.ones(6))
    np.testing.assert_array_equal(elementary.zero(z), np.zeros(6))


LIMITS = {  # f and f' at -inf and +inf
    "identity": ((-np.inf, np.inf), (1, 1)),
    "sigmoid": ((0, 1), (0, 0)),
    "tanh": ((-1, 1), (0, 0)),
    "relu": ((0, np.inf), (0, 1)),
    "softplus": ((0, np.inf), (0, 1)),
    "silu": ((0, np.inf), (0, 1)),
    "gelu": ((0, np.inf), (0, 1)),
    "elu": ((-1, np.inf), (0, 1)),
    "leaky_relu": ((-np.inf, np.inf), (0.01, 1)),
    "softsign": ((-1, 1), (0, 0)),
}


@pytest.mark.parametrize("hidden", [0.0, -800.0, 800.0])
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_infinities_have_limits_and_nan_propagates_even_beside_saturated_entries(name, hidden):
    z = np.array([-np.inf, np.inf, np.nan, hidden])
    value, derivative = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="raise"):
        KERNELS[name](z, value, derivative)
    values, slopes = LIMITS[name]
    np.testing.assert_array_equal(value[:2], values)
    np.testing.assert_array_equal(derivative[:2], slopes)
    assert np.isnan(value[2])
    assert np.isnan(derivative[2]) == (name != "identity")  # the identity's derivative is 1 whatever z is
    assert np.isfinite(value[3])
    assert np.isfinite(derivative[3])


@pytest.mark.parametrize("name", SMOOTH)
def test_functions_have_limits_at_infinity_and_never_warn(name):
    z = np.array([-np.inf, np.inf, np.nan, 1e308, -1e308, 5e-324, -5e-324, -745.0, 745.0])
    with np.errstate(all="raise"):
        value, derivative, second = (function(z) for function in FUNCTIONS[name])
    np.testing.assert_array_equal(value[:2], LIMITS[name][0])
    np.testing.assert_array_equal(derivative[:2], LIMITS[name][1])
    np.testing.assert_array_equal(second[:2], 0)
    assert np.isnan([value[2], derivative[2], second[2]]).all()
    assert not np.isnan(np.delete([value, derivative, second], 2, axis=1)).any()


@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_on_the_far_left_zero_keeps_its_sign(name):
    z = np.array([-np.inf, -1e5, -0.0])
    value, slope = np.empty_like(z), np.empty_like(z)
    KERNELS[name](z, value, slope)
    right, right_slope = np.empty(2), np.empty(2)
    KERNELS[name](np.array([np.inf, 50.0]), right, right_slope)  # no entry on the left decides the form
    np.testing.assert_array_equal([right, right_slope], [[np.inf, 50], [1, 1]])
    for a in (FUNCTIONS[name][0](z), value):
        np.testing.assert_array_equal(a, [0, 0, 0])
        assert np.signbit(a).all()


@pytest.mark.parametrize(("name", "ends"), [("silu", (-751, -700)), ("gelu", (-38.6, -8))])
def test_tails_underflow_gradually(name, ends):
    """exp(z) alone has lost its digits where z exp(z) has not."""
    z = np.random.default_rng(11).uniform(*ends, 500)
    for order in range(3):
        got = FUNCTIONS[name][order](z)
        assert largest_error(got, [TRUTHS[name][order](entry) for entry in exact(z)]) <= PROMISE[name][order]
        assert np.count_nonzero(got) > 450


def test_a_parameter_may_be_no_normal_number_of_the_dtype():
    z = np.array([-6e4, -1.0, 2.0], np.float16)
    value, slope = np.empty_like(z), np.empty_like(z)
    elementary.leaky_relu_into(z, value, slope, slope=1e-6)
    np.testing.assert_allclose(value, [-0.06, -1e-6, 2], rtol=1e-3, atol=6e-8)
    elementary.elu_into(np.array([-1e-3, 1.0], np.float16), value[:2], slope[:2], alpha=1e5)
    np.testing.assert_allclose(value[:2], [-99.95, 1], rtol=2e-3)
    np.testing.assert_array_equal(slope[:2], [np.inf, 1])  # 99900 is no float16


# ---- softmax


def logits(seed, count=250):
    """Rows of 1 to 10 logits with spreads from 1e-13 to 2000, shifted, some with ties."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        row = rng.normal(size=rng.integers(1, 11)) * 10.0 ** rng.uniform(-13, 3.3)
        row += rng.choice([0.0, 1.0, 1000.0, -300.7])
        yield np.round(row, 1) if rng.random() < 0.2 else row
    yield from (
        np.array(row) for row in ([1000.0, 0.0], [800.0, 0.0, -800.0], [0.0, -745.0], [1.0, 1.0 + 1e-12])
    )
    yield from (
        np.array(row) for row in ([1.0, 0.0, 1e-12], [0.0, -708.0, -36.7, -37.0], [-1e308, 1e308], [5.0])
    )


def exact_softmax(row):
    """p, q = 1 - p and log p, at 50 digits beyond the largest cancellation."""
    z = exact(row)
    top = max(z)
    weights = [mpmath.exp(entry - top) for entry in z]
    total = mpmath.fsum(weights)
    others = [mpmath.fsum(weights[:i] + weights[i + 1 :]) for i in range(len(z))]
    place = z.index(top)
    log_total = mpmath.log1p(others[place])
    return (
        [weight / total for weight in weights],
        [other / total for other in others],
        [entry - top - log_total for entry in z],
    )


@pytest.mark.seed("D-76")
def test_softmax_family_keeps_eight_ulp():
    for row in logits(seed=1):
        p, q = elementary.softmax(row)
        p_true, q_true, log_p_true = exact_softmax(row)
        assert largest_error(p, p_true) <= 8
        assert largest_error(q, q_true) <= 8
        if abs(row).max() < 1e300:  # else log p leaves the range of float64
            assert largest_error(elementary.log_softmax(row), log_p_true) <= 8
        if abs(row).max() < 300:
            np.testing.assert_allclose(p, np.exp(row) / np.exp(row).sum(), rtol=1e-12)  # naive where finite
    np.testing.assert_array_equal(elementary.softmax(np.array([1000.0, 0.0]))[0], [1, 0])


@pytest.mark.seed("D-77")
def test_softmax_derivatives_keep_eight_ulp():
    """dp_i/dz_i = p_i q_i and dp_k/dz_i = -p_k p_i: by sympy exactly, and in ulp."""
    for m in (2, 3, 5):
        z = sympy.symbols(f"z:{m}", real=True)
        total = sum(sympy.exp(entry) for entry in z)
        p = [sympy.exp(entry) / total for entry in z]
        for i in range(m):
            for k in range(m):
                claim = p[i] * (1 - p[i]) if i == k else -p[k] * p[i]
                assert sympy.simplify(sympy.diff(p[k], z[i]) - claim) == 0
    for row in logits(seed=2):
        p, q = elementary.softmax(row)
        p_true, q_true, _ = exact_softmax(row)
        assert largest_error(p * q, [a * b for a, b in zip(p_true, q_true, strict=True)]) <= 8
        shifted = [a * b for a, b in zip(p_true, p_true[1:] + p_true[:1], strict=True)]
        assert largest_error(p * np.roll(p, -1), shifted) <= 8


@pytest.mark.parametrize(
    ("row", "p", "log_p"),
    [
        ([np.inf, 0, 1], [1, 0, 0], [0, -np.inf, -np.inf]),
        ([-np.inf, 0, 0], [0, 0.5, 0.5], [-np.inf, -np.log(2), -np.log(2)]),
        ([np.inf, np.inf, 0], [np.nan] * 3, [np.nan] * 3),
        ([-np.inf, -np.inf, -np.inf], [np.nan] * 3, [np.nan] * 3),
        ([np.nan, 0, 1], [np.nan] * 3, [np.nan] * 3),
        ([0, 1, np.nan], [np.nan] * 3, [np.nan] * 3),
        ([800, 0, -800], [1, 0, 0], [0, -800, -1600]),
    ],
    ids=str,
)
def test_softmax_of_infinities_stays_in_its_row(row, p, log_p):
    stack = np.array([[0.5, -1, 2], row, [3, 3, 3]], float)
    before = stack.copy()
    with np.errstate(all="raise"):
        got, got_q = elementary.softmax(stack)
        got_log = elementary.log_softmax(stack)
    np.testing.assert_array_equal(stack, before)
    np.testing.assert_array_equal(got[1], p)
    np.testing.assert_allclose(got_q[1], 1 - np.array(p))
    np.testing.assert_allclose(got_log[1], log_p, rtol=1e-15)
    for other in (0, 2):
        np.testing.assert_array_equal(got[other], elementary.softmax(before[other])[0])
        np.testing.assert_array_equal(got_q[other], elementary.softmax(before[other])[1])
        np.testing.assert_array_equal(got_log[other], elementary.log_softmax(before[other]))


def test_softmax_of_one_nan_is_nan():
    p, q = elementary.softmax(np.array([np.nan]))
    assert np.isnan([p[0], q[0], elementary.log_softmax(np.array([np.nan]))[0]]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_softmax_rounds_once(dtype):
    z = np.random.default_rng(5).normal(size=(40, 3, 4)).astype(dtype) * dtype(3)
    got = (*elementary.softmax(z), elementary.log_softmax(z))
    double = z.astype(np.float64)
    wanted = (*elementary.softmax(double), elementary.log_softmax(double))
    for array, reference in zip(got, wanted, strict=True):
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, reference.astype(dtype))
