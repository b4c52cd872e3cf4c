"""Activations: dtypes, expressions, kinks, psi, errors, and a user's own, against independent routes."""

import math
import pickle
from dataclasses import FrozenInstanceError

import mpmath
import numpy as np
import pytest
import sympy
from scipy.special import ndtr

import jacobprop as jp
from jacobprop.activations import NAMES, THRESHOLDS, Activation, Jump, Kink, elu, get, leaky_relu
from jacobprop.differences import central_differences
from jacobprop.errors import (
    DTypeError,
    JacobpropError,
    OptionError,
    ShapeError,
    UnknownNameError,
    UnsupportedLayerError,
)

z = sympy.Symbol("z", real=True)
RNG = np.random.default_rng(17)
LIMITS = (-np.inf, np.inf, np.nan)
POINTS = np.array([-30.5, -3.0, -1.25, -0.01, 0.01, 0.5, 2.0, 7.75, 30.5])

WITNESSES = {  # f and f' by other formulas, good to 1e-14 in float64 over the range of float32
    "identity": (lambda x: x, lambda x: np.ones_like(x)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: 0.5 / (1 + np.cosh(x))),
    "tanh": (
        lambda x: np.sign(x) * -np.expm1(-2 * abs(x)) / (1 + np.exp(-2 * abs(x))),
        lambda x: np.cosh(x) ** -2,
    ),
    "relu": (lambda x: (x + abs(x)) / 2, lambda x: (x > 0).astype(float)),
    "softplus": (lambda x: np.where(x > 0, x, 0) + np.log1p(np.exp(-abs(x))), lambda x: 1 / (1 + np.exp(-x))),
    "silu": (
        lambda x: x / (1 + np.exp(-x)),
        lambda x: (1 + np.maximum(x, -700) / (1 + np.exp(x))) / (1 + np.exp(-x)),
    ),
    "gelu": (
        lambda x: x * ndtr(x),
        lambda x: ndtr(x) + np.clip(x, -50, 50) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    ),
    "elu": (
        lambda x: np.where(x > 0, x, 2 * np.exp(low(x) / 2) * np.sinh(low(x) / 2)),
        lambda x: np.exp(-low(x)) ** -1,
    ),
    "leaky_relu": (lambda x: np.where(x > 0, x, x / 100), lambda x: 0.01 + 0.99 * (x > 0)),
    "softsign": (lambda x: 1 / (1 / x + np.sign(x)), lambda x: (1 + abs(x)) ** -2.0),
}
BY_OUTPUT = [name for name in NAMES if name not in ("silu", "gelu")]  # whose outputs do not tell the sums


def low(x):
    return np.clip(x, -700, 0)


def cube(x):
    return x**3


def cube_slope(x):
    return 3 * x**2


def every_float16():
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    return numbers[np.isfinite(numbers)]


def random_float32(count=200_000):
    bits = np.random.default_rng(23).integers(0, 2**32, size=count, dtype=np.uint32).view(np.float32)
    moderate = np.random.default_rng(24).uniform(-110, 110, size=count).astype(np.float32)
    return np.concatenate([bits[np.isfinite(bits)], moderate])


@pytest.mark.parametrize("numbers", [every_float16, random_float32])
@pytest.mark.parametrize("name", NAMES)
def test_half_and_single_precision_round_once(name, numbers):
    x = numbers()
    double = x.astype(np.float64)
    kind = np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        truths = [witness(double) for witness in WITNESSES[name]]
    with np.errstate(all="raise"):
        results = get(name).value(x), get(name).derivative(x)
    for got, truth in zip(results, truths, strict=True):
        assert got.dtype == x.dtype
        exponent = np.maximum(np.frexp(truth)[1] - 1, kind.minexp)
        assert np.all(
            abs(got.astype(float) - truth) <= (0.5 + 2.0**-20) * np.ldexp(1.0, exponent - kind.nmant)
        )


@pytest.mark.seed("D-12", "D-13", "H-49", "S-19")
@pytest.mark.parametrize("name", NAMES)
def test_derivatives_agree_with_sympy_and_with_differences(name):
    activation = get(name)
    f = activation.expression
    assert f.free_symbols == {z}
    exact_f, *exact = (
        np.array(
            [sympy.N(sympy.diff(f, z, k).subs(z, sympy.Rational(x)), 30, maxn=500) for x in POINTS], float
        )
        for k in range(3)
    )
    np.testing.assert_allclose(activation.value(POINTS), exact_f, rtol=1e-15)
    for order, lower in ((1, activation.value), (2, activation.derivative)):
        got = activation.derivative(POINTS, order)
        np.testing.assert_allclose(got, exact[order - 1], rtol=1e-15)
        expression = activation.derivative_expression(order)
        assert sympy.simplify(expression - sympy.diff(f, z, order)).subs(z, sympy.Rational(3, 7)) == 0
        differences = central_differences(lower, POINTS, step=0.009)
        np.testing.assert_allclose(differences, np.diag(got), rtol=1e-10, atol=1e-10)


@pytest.mark.seed("D-13", "B-45", "H-49")
def test_the_slides_identities():
    sigmoid, tanh, relu, softplus = (get(name).expression for name in ("sigmoid", "tanh", "relu", "softplus"))
    slope = sympy.diff(sigmoid, z)
    assert sympy.simplify(slope - sympy.exp(-z) / (1 + sympy.exp(-z)) ** 2) == 0
    assert sympy.simplify(slope - sigmoid * (1 - sigmoid)) == 0
    assert sympy.simplify((2 * sigmoid.subs(z, 2 * z) - 1 - tanh).rewrite(sympy.exp)) == 0
    assert sympy.simplify(sympy.diff(tanh, z) - (1 - tanh**2)) == 0
    assert sympy.simplify(sympy.diff(softplus, z) - sigmoid) == 0
    assert [relu.subs(z, x) for x in (-2, 0, 3)] == [0, 0, 3]
    assert str(get("sigmoid").derivative_expression()) == "exp(-z)/(1 + exp(-z))**2"


@pytest.mark.seed("B-24", "S-19")
@pytest.mark.parametrize("name", BY_OUTPUT)
def test_psi_is_the_derivative_in_terms_of_the_output(name):
    activation = get(name)
    x = RNG.normal(size=(3, 5))
    np.testing.assert_allclose(
        activation.from_output(activation.value(x)), activation.derivative(x), rtol=1e-13
    )


@pytest.mark.seed("E-29")
def test_at_a_kink_the_derivative_is_chosen():
    x = np.array([-1.0, 0.0, -0.0, 1.0, np.nan])
    for at_kink, middle in ((None, 0), ("left", 0), ("right", 1), ("middle", 0.5), (0.25, 0.25), (1, 1)):
        relu = get("relu", at_kink=at_kink)
        wanted = [0, middle, middle, 1, np.nan]
        assert relu.kinks == (0.0,)
        np.testing.assert_array_equal(relu.derivative(x), wanted)
        np.testing.assert_array_equal(relu.derivative(x.astype(np.float16)), wanted)
        np.testing.assert_array_equal(relu.derivative(x, 2), [0, 0, 0, 0, np.nan])
        value, derivative = x.copy(), np.empty_like(x)
        relu.into(value, value, derivative)
        np.testing.assert_array_equal(derivative, wanted)
        np.testing.assert_array_equal(value, [0, 0, 0, 1, np.nan])
        symbolic = relu.derivative(np.array([-1, sympy.Integer(0), 1], dtype=object))
        assert [float(entry) for entry in symbolic] == [0, middle, 1]
        assert (relu.from_output is None) == (at_kink not in (None, "left"))  # the output 0 cannot tell
        assert get(relu, at_kink="right").derivative(0.0) == 1
    assert get("sigmoid").kinks == ()
    assert float(get("softplus").derivative(0.0)) == 0.5  # the smooth limit of relu


def test_silu_and_gelu_have_no_derivative_by_their_output():
    for name in set(NAMES) - set(BY_OUTPUT):
        assert get(name).from_output is None
        a = get(name).value([-3.0, -0.5, -0.25, 0.0])
        assert a[0] > a[1] < a[2] < a[3]  # it falls and rises


@pytest.mark.parametrize(
    ("make", "name", "parameters"),
    [(leaky_relu, "leaky_relu", (0.2, 0.01, 1e-9)), (elu, "elu", (0.5, 1, 3.25, 1e4))],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_parameters_make_activations_of_their_own(make, name, parameters, dtype):
    assert make() == get(name)
    x = np.array([-2.5, -0.5, -0.0, 0.0, 0.5, 3.0, np.nan], dtype)
    wide = x.astype(float)
    for parameter in parameters:
        activation, q = make(parameter), float(parameter)
        below = (q * wide, q + 0 * wide) if name == "leaky_relu" else (q * np.exp(wide) - q, q * np.exp(wide))
        truths = [np.where(wide > 0, above, low) for above, low in zip((wide, 1.0), below, strict=True)]
        value, slope = np.empty_like(x), np.empty_like(x)
        activation.into(x, value, slope)
        for truth, *found in zip(
            truths, (activation.value(x), activation.derivative(x)), (value, slope), strict=True
        ):
            for got in found:
                tiny = np.finfo(dtype).smallest_subnormal
                np.testing.assert_allclose(got, truth, rtol=8 * np.finfo(dtype).eps, atol=tiny)
        assert activation.kinks == (() if (name, q) == ("elu", 1) else (0.0,))
        np.testing.assert_allclose(
            activation.from_output(activation.value(wide)), activation.derivative(wide), rtol=1e-9
        )
        again = pickle.loads(pickle.dumps(activation))  # noqa: S301  (our own bytes)
        assert again == activation == make(np.float64(parameter))
        assert hash(again) == hash(activation)
        assert activation != make(0.75)
        exact = sympy.nsimplify(parameter, rational=True)
        assert activation.derivative_expression().subs(z, 0) == exact
        if activation.kinks:
            assert get(activation, at_kink="right").derivative(0.0) == 1
            assert get(activation, at_kink="right").derivative_expression().subs(z, 0) == 1
    assert make(0.75).name == f"{name}({'slope' if name == 'leaky_relu' else 'alpha'}=0.75)"


def tied(lower, at_kink):
    """The value at the jump from `lower` to 1."""
    return {"left": lower, "right": 1, "middle": (lower + 1) / 2}.get(at_kink, at_kink)


@pytest.mark.seed("B-07", "H-14", "H-43", "E-45")
@pytest.mark.parametrize(("name", "lower"), [("step", 0), ("sign", -1)])
@pytest.mark.parametrize("at_kink", ["left", "right", "middle", 0.25])
def test_thresholds_jump_at_0_and_the_tie_is_chosen(name, lower, at_kink):
    activation, middle = get(name, at_kink=at_kink), tied(lower, at_kink)
    numbers = every_float16()
    wanted = [lower if x < 0 else 1 if x > 0 else middle for x in numbers]
    numbers, wanted = np.append(numbers, LIMITS), np.array([*wanted, lower, 1, np.nan])
    for dtype in (np.float16, np.float32, np.float64):
        x = np.append(numbers.astype(dtype), np.finfo(dtype).smallest_subnormal)
        value, slope = x.copy(), np.empty_like(x)
        activation.into(value, value, slope)
        alone = np.empty_like(x)
        activation.into(x, alone)
        for got in (activation.value(x), value, alone):
            assert got.dtype == dtype
            np.testing.assert_array_equal(got, [*wanted, 1])
        for got in (activation.derivative(x), activation.derivative(x, 2), slope):
            assert got.dtype == dtype
            np.testing.assert_array_equal(got, np.where(np.isnan(x), np.nan, 0))
    assert (activation.kinks, activation.corners) == ((0.0,), ())
    np.testing.assert_array_equal(activation.from_output(np.array([lower, 1.0, middle])), 0)
    found = [activation.expression.subs(z, x) for x in (-3, 0, sympy.Rational(1, 9))]
    assert [float(value) for value in found] == [lower, middle, 1]
    assert activation.derivative_expression() == activation.derivative_expression(2) == 0
    entries = activation.value(np.array([z, sympy.Integer(0), -1], dtype=object))
    assert [float(value) for value in (entries[0].subs(z, 2), *entries[1:])] == [1, middle, lower]
    assert pickle.loads(pickle.dumps(activation)) == activation  # noqa: S301  (our own bytes)


@pytest.mark.parametrize("at_kink", ["left", "right", "middle", -0.5])
def test_a_threshold_and_its_tie_rule_survive_a_file(tmp_path, at_kink):
    layers = [jp.Dense(3, 2, get(name, at_kink=at_kink)) for name in THRESHOLDS]
    layers[1] = jp.Dense(2, 3, layers[1].activation)
    net = jp.Network(layers)
    jp.save(net, tmp_path / "net.npz")
    again = jp.load(tmp_path / "net.npz")
    assert [layer.activation for layer in again.layers] == [layer.activation for layer in layers]
    np.testing.assert_array_equal(again(np.zeros((4, 3))), net(np.zeros((4, 3))))


@pytest.mark.seed("H-46", "B-07")
def test_a_threshold_gives_nothing_below_it_a_gradient():
    for name in THRESHOLDS:
        net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2, name), jp.Dense(2, 1)], jp.SquaredError())
        found = net.forward(RNG.normal(size=(5, 3)), RNG.normal(size=(5, 1))).gradients()
        assert {key for key, gradient in found.items() if gradient.any()} == {"W3", "b3"}
    assert {get("step").name, get("sign").name} == set(THRESHOLDS)
    assert not set(THRESHOLDS) & set(NAMES)  # those that a network can learn with
    sign = jp.Network([jp.Dense.from_arrays(np.eye(2), None, "sign")])
    np.testing.assert_array_equal(sign([[1.0, -2], [-3, 4]]), [[1, -1], [-1, 1]])
    assert repr(get("sign", at_kink="middle")) == "Activation('sign', at_kink='middle')"


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_is_derived_in_letters_with_its_meaning(name):
    derived = jp.derive(jp.Dense(2, 1, name))
    assert derived.verify() == 7
    assert str(derived).splitlines()[0] == f"Z = {name}(Y W + b)"
    assert str(derived).splitlines()[1].startswith(f"{name}(s) = ")


def test_a_function_may_have_corners_and_jumps():
    saw = Activation(
        "saw",
        lambda x: np.where(x <= 1, np.maximum(x, 0), 0.0),
        (lambda x: ((x > 0) & (x <= 1)).astype(float),),
        expression_builder=lambda x: sympy.Piecewise((0, x <= 0), (x, x <= 1), (0, True)),
        corners=(Kink(0.0, left=0.0, right=1.0),),
        jumps=(Jump(1.0, left=1.0, right=0.0),),
    )
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    for at_kink, slope, value in (("left", 0, 1), ("right", 1, 0), ("middle", 0.5, 0.5)):
        activation = get(saw, at_kink=at_kink)
        np.testing.assert_array_equal(activation.value(x), [0, 0, 0.5, value, 0])
        np.testing.assert_array_equal(activation.derivative(x), [0, slope, 1, 1, 0])
        own, slopes = x.copy(), np.empty_like(x)
        activation.into(own, own, slopes)
        np.testing.assert_array_equal([own, slopes], [[0, 0, 0.5, value, 0], [0, slope, 1, 1, 0]])
        assert float(activation.expression.subs(z, 1)) == value


@pytest.mark.parametrize("name", [*NAMES, "elu(alpha=2.0)"])
def test_every_activation_can_be_derived_in_letters(name):
    derived = jp.derive(jp.Dense(2, 1, elu(2.0) if "(" in name else name))
    assert derived.verify() == 7
    first = str(derived).splitlines()[0]
    assert first == {"identity": "Z = Y W + b", "elu(alpha=2.0)": "Z = f(Y W + b)"}.get(
        name, f"Z = {name}(Y W + b)"
    )
    assert (r"\mathrm{leaky\_relu}" in derived._repr_latex_()) == (name == "leaky_relu")


def test_expressions_go_in_and_out_entry_by_entry():
    x, y = sympy.symbols("x y", real=True)
    entries = np.array([[x, y + 1, 0], [0.5, x * y, -2]], dtype=object)
    for name in NAMES:
        activation = get(name)
        for got, expression in (
            (activation.value(entries), activation.expression),
            (activation.derivative(entries), activation.derivative_expression()),
            (activation.derivative(entries, 2), activation.derivative_expression(2)),
        ):
            assert got.dtype == object
            assert got.shape == entries.shape
            for place in np.ndindex(entries.shape):
                assert isinstance(got[place], sympy.Expr)
                difference = got[place] - expression.subs(z, entries[place])
                assert abs(difference.subs({x: 0.3, y: -1.7}).evalf()) < 1e-15
    scalar = get("sigmoid").value(np.array(x, dtype=object))
    assert scalar.shape == ()
    assert scalar[()] == 1 / (1 + sympy.exp(-x))
    renamed = get("tanh").derivative(np.array([z], dtype=object))  # the symbol z itself may come in
    assert renamed[0] == 1 - sympy.tanh(z) ** 2


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_in_is_not_changed_and_not_shared(name):
    activation = get(name)
    for x in (
        POINTS,
        POINTS[::-2],
        np.broadcast_to(np.float32(1.5), (2, 3)),
        np.asfortranarray(POINTS.reshape(3, 3)),
    ):
        before = x.copy()
        for got in (activation.value(x), activation.derivative(x)):
            assert got.shape == x.shape
            assert got.dtype == x.dtype
            assert not np.shares_memory(got, x)
            got[...] = 7
        np.testing.assert_array_equal(x, before)
    assert activation.value([1, 2]).dtype == np.float64
    assert activation.value(np.int8(3)).shape == ()
    assert activation.value(np.zeros((0, 4), np.float32)).shape == (0, 4)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_warns(name):
    x = np.array([np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 745.0, -745.0])
    activation = get(name)
    with np.errstate(all="raise"):
        for numbers in (x, x[:3].astype(np.float32), x[:3].astype(np.float16)):
            results = [
                activation.value(numbers),
                activation.derivative(numbers),
                activation.derivative(numbers, 2),
            ]
            value, slope = numbers.copy(), np.empty_like(numbers)
            activation.into(value, value, slope)
            assert np.isnan(results[0][0])
            assert not np.isnan([result[1:] for result in (*results, value, slope)]).any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_into_agrees_with_the_accurate_door(dtype):
    x = RNG.normal(size=(6, 7)).astype(dtype)
    for activation in (*map(get, NAMES), Activation("cube", cube, (cube_slope,))):
        value, derivative = np.empty_like(x), np.empty_like(x)
        activation.into(x, value, derivative)
        tolerance = 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(value, activation.value(x), rtol=tolerance)
        np.testing.assert_allclose(derivative, activation.derivative(x), rtol=tolerance)
        overwritten = x.copy()
        activation.into(overwritten, overwritten, None)
        np.testing.assert_array_equal(overwritten, value)
        overwritten, slope = x.copy(), np.empty_like(x)
        activation.into(overwritten, overwritten, slope)
        np.testing.assert_array_equal(overwritten, value)
        np.testing.assert_array_equal(slope, derivative)


def test_an_activation_of_ones_own():
    own = Activation("cube", cube, (cube_slope,), expression_builder=cube)
    np.testing.assert_array_equal(own.value([1, 2]), [1, 8])
    np.testing.assert_array_equal(own.derivative([1, 2]), [3, 12])
    assert own.derivative_expression(3) == 6
    assert own.value(np.array([z + 1], dtype=object))[0] == (z + 1) ** 3
    assert get(own) is own
    assert own.from_output is None
    assert repr(own) == "Activation('cube')"
    assert repr(get("relu", at_kink="right")) == "Activation('relu', at_kink='right')"

    clipped = Activation(
        "clip",
        lambda x: np.clip(x, -1, 1),
        (lambda x: ((x > -1) & (x <= 1)).astype(float),),
        expression_builder=lambda x: sympy.Min(1, sympy.Max(-1, x)),
        corners=(Kink(-1.0, left=0.0, right=1.0), Kink(1.0, left=1.0, right=0.0)),
    )
    x = np.array([-2.0, -1, 0, 1, 2])
    for at_kink, slopes in (
        ("left", [0, 0, 1, 1, 0]),
        ("right", [0, 1, 1, 0, 0]),
        ("middle", [0, 0.5, 1, 0.5, 0]),
    ):
        activation = get(clipped, at_kink=at_kink)
        derivative = np.empty_like(x)
        activation.into(x.copy(), np.empty_like(x), derivative)
        np.testing.assert_array_equal(derivative, slopes)
        np.testing.assert_array_equal(activation.derivative(x), slopes)
        symbolic = activation.derivative(np.array([sympy.Integer(int(entry)) for entry in x], dtype=object))
        np.testing.assert_array_equal(symbolic.astype(float), slopes)


def test_activations_are_frozen_values_that_pickle():
    for activation in (
        *map(get, NAMES),
        get("leaky_relu", at_kink=0.5),
        Activation("cube", cube, (cube_slope,)),
    ):
        again = pickle.loads(pickle.dumps(activation))  # noqa: S301  (our own bytes)
        assert again == activation
        assert hash(again) == hash(activation)
        np.testing.assert_array_equal(again.derivative(POINTS), activation.derivative(POINTS))
    with pytest.raises(FrozenInstanceError):
        get("relu").name = "other"
    assert get("logistic") is get("sigmoid")
    assert get("swish") is get("silu")


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: get("sigmiod"),
            UnknownNameError,
            r"unknown activation; got 'sigmiod', expected one of identity, "
            r"sigmoid, tanh, relu, softplus, silu, gelu, elu, leaky_relu, softsign, step, sign, logistic, "
            r"swish\. Did you mean 'sigmoid'\?",
        ),
        (lambda: get("ReLU"), UnknownNameError, "Did you mean 'relu'"),
        (
            lambda: get("softmax"),
            UnknownNameError,
            r"Softmax is a layer of its own: append jp\.Softmax\(\) to the layers\.",
        ),
        (lambda: get("mish"), UnknownNameError, r"got 'mish', .*swish\. For a function of your own"),
        (lambda: get("LeakyReLU"), UnknownNameError, "Did you mean 'leaky_relu'"),
        (lambda: get("SoftmaX"), UnknownNameError, "Softmax is a layer of its own"),
        (lambda: get("log_softmax"), UnknownNameError, r"append jp\.LogSoftmax\(\) to the layers\."),
        (
            lambda: leaky_relu(0),
            OptionError,
            r"leaky_relu\(slope=\): the parameter is out of range; got 0, expected a finite number above 0 "
            r"and below 1\. 0 is relu and 1 the identity",
        ),
        (lambda: leaky_relu(1.0), OptionError, r"got 1\.0"),
        (lambda: leaky_relu("0.1"), OptionError, "got '0.1'"),
        (lambda: leaky_relu(math.nan), OptionError, "got nan"),
        (
            lambda: elu(math.inf),
            OptionError,
            r"elu\(alpha=\): .*got inf, expected a finite number above 0\. For 0 take relu\.",
        ),
        (lambda: elu(-1.0), OptionError, r"got -1\.0"),
        (lambda: elu(True), OptionError, "got True"),
        (lambda: get("soft-plus"), UnknownNameError, "Did you mean 'softplus'"),
        (
            lambda: Activation("s", np.sin, np.cos),
            OptionError,
            r"'s', Activation: an activation is made of functions; got function <ufunc 'sin'> and "
            r"derivatives <ufunc 'cos'>, expected f and a tuple of at least f'\. "
            r"Write \(derivative,\) for a single one\.",
        ),
        (lambda: Activation("s", np.sin, ()), OptionError, r"derivatives \(\), expected"),
        (lambda: Activation("s", np.sin, (1.0,)), OptionError, r"derivatives \(1\.0,\), expected"),
        (lambda: Activation("s", 3, (np.cos,)), OptionError, "got function 3"),
        (lambda: get("tanh").derivative(1.0, -1), OptionError, "got -1, expected an integer from 1 to 2"),
        (lambda: get(np.tanh), UnknownNameError, "For a function of your own pass an Activation"),
        (
            lambda: get("relu", at_kink="up"),
            OptionError,
            "'relu', at_kink: .*got 'up', expected 'left', 'right'",
        ),
        (lambda: get("relu", at_kink=math.nan), OptionError, "got nan, expected .* a finite number"),
        (lambda: get("relu", at_kink=True), OptionError, "got True"),
        (
            lambda: get("tanh", at_kink="left"),
            OptionError,
            "'tanh', at_kink: .* smooth.*Leave at_kink out",
        ),
        (lambda: get("tanh").derivative(1.0, 3), OptionError, "got 3, expected an integer from 1 to 2"),
        (lambda: get("tanh").derivative(1.0, 0), OptionError, "no derivative of this order; got 0"),
        (lambda: get("tanh").derivative(1.0, True), OptionError, "got True"),
        (
            lambda: get("tanh").derivative_expression(1.5),
            OptionError,
            "got 1.5, expected an integer from 1 on",
        ),
        (
            lambda: get("tanh").value(["a"]),
            DTypeError,
            "activation 'tanh', value: z does not hold real numbers",
        ),
        (lambda: get("tanh").value(np.array([1j])), DTypeError, "Take real and imaginary parts"),
        (
            lambda: Activation("cube", cube, (cube_slope,)).expression,
            UnsupportedLayerError,
            "'cube', expression: .*no sympy expression.*expression_builder",
        ),
        (
            lambda: Activation("cube", cube, (cube_slope,)).value(np.array([z])),
            UnsupportedLayerError,
            "'cube'",
        ),
        (
            lambda: Activation("total", np.sum, (np.ones_like,)).value([1, 2]),
            ShapeError,
            r"'total', value: .* not elementwise; got shape \(\), expected the shape of z, \(2,\)",
        ),
        (
            lambda: Activation("flat", cube, (lambda x: 1.0,)).derivative([1, 2]),
            ShapeError,
            r"np\.full_like\(z, c\)",
        ),
    ],
)
def test_errors_name_the_call_and_the_remedy(call, error, text):
    with pytest.raises(error, match=text):
        call()
    assert issubclass(UnknownNameError, ValueError)


PAIR = [np.ones(2)] * 3
ONE = Activation("one", lambda z: 1, (lambda z: 1,))
FUNCTIONS = "an activation is made of functions; got function"
SENTENCES = [
    (
        lambda name=name: Activation(name, cube, (cube_slope,)),
        f"Activation: an activation needs a name; got {name!r}, expected a str that is not empty. "
        "Leave name out in from_expression: the text is the name.",
    )
    for name in (" ", 3)
] + [
    (
        lambda: Activation("s", np.sin, np.cos),
        f"activation 's', Activation: {FUNCTIONS} <ufunc 'sin'> and derivatives <ufunc 'cos'>, "
        "expected f and a tuple of at least f'. Write (derivative,) for a single one.",
    ),
    (
        lambda: get("relu", at_kink="up"),
        "activation 'relu', at_kink: no such derivative at a kink; got 'up', expected 'left', 'right', "
        "'middle' or a finite number. 'left' is the default: relu'(0) = 0 and step(0) = 0.",
    ),
    (
        lambda: get("tanh", at_kink="left"),
        "activation 'tanh', at_kink: the function is smooth and has no kink; got 'left'. Leave at_kink out.",
    ),
    (
        lambda: get("tanh").derivative(1.0, 3),
        "activation 'tanh', derivative: there is no derivative of this order; got 3, expected an integer "
        "from 1 to 2. derivative_expression(order) knows every order from 1 on.",
    ),
    (
        lambda: get("tanh").derivative_expression(0),
        "activation 'tanh', derivative_expression: there is no derivative of this order; got 0, expected an "
        "integer from 1 on. derivative_expression(order) knows every order from 1 on.",
    ),
    (
        lambda: Activation("cube", cube, (cube_slope,)).latex,
        "activation 'cube', expression: the activation has no sympy expression. Give it an "
        "expression_builder, a function from the symbol z to the expression.",
    ),
    (
        lambda: get("sigmiod"),
        f"activations.get: unknown activation; got 'sigmiod', expected one of {', '.join(NAMES)}, step, "
        "sign, logistic, swish. Did you mean 'sigmoid'?",
    ),
    (
        lambda: get("mish"),
        f"activations.get: unknown activation; got 'mish', expected one of {', '.join(NAMES)}, step, "
        "sign, logistic, swish. For a function of your own pass an Activation, such as "
        'Activation.from_expression("max(z, z/100)").',
    ),
    (
        lambda: leaky_relu(2),
        "activations.leaky_relu(slope=): the parameter is out of range; got 2, expected a finite number "
        "above 0 and below 1. 0 is relu and 1 the identity, each with its own name.",
    ),
    (
        lambda: elu(0),
        "activations.elu(alpha=): the parameter is out of range; got 0, expected a finite number above 0. "
        "For 0 take relu.",
    ),
    *(
        (
            lambda call=call: getattr(get("tanh"), call)("a"),
            f"activation 'tanh', {call}: z does not hold real numbers; got <U1, expected floats or integers. "
            "Parse numbers with .astype(float); number classes with np.unique(T, return_inverse=True)[1].",
        )
        for call in ("value", "derivative")
    ),
    *(
        (
            lambda call=call, arrays=arrays: getattr(ONE, call)(*arrays),
            f"activation 'one', {call}: the function is not elementwise; got shape (), expected the shape of "
            "z, (2,). Return one number for each entry; for a constant use np.full_like(z, c).",
        )
        for call, arrays in (
            ("value", PAIR[:1]),
            ("derivative", PAIR[:1]),
            ("into", PAIR[:2]),
            ("into", PAIR),
        )
    ),
]


@pytest.mark.parametrize(("call", "sentence"), SENTENCES)
def test_every_refusal_is_one_whole_sentence(call, sentence):
    with pytest.raises(JacobpropError) as caught:
        call()
    assert str(caught.value) == sentence


def test_what_a_text_writes_down_is_the_activation_of_its_sympy_expression():
    written = Activation.from_expression("z*exp(-z**2)")
    assert (written.name, written.at_kink, written.kinks) == ("z*exp(-z**2)", "left", ())
    assert written.expression == z * sympy.exp(-(z**2))
    for order in range(3):
        exact = sympy.lambdify(z, sympy.diff(written.expression, z, order))(POINTS[2:7])
        found = written.derivative(POINTS[2:7], order) if order else written.value(POINTS[2:7])
        np.testing.assert_allclose(found, exact, rtol=1e-14)
    bent = Activation.from_expression("max(z, z/4)", name="bent", at_kink="middle")
    assert repr(bent) == "Activation('bent', at_kink='middle')"
    assert bent.corners == (Kink(0.0, left=0.25, right=1.0),)
    np.testing.assert_array_equal(bent.derivative([-2.0, 0.0, 2.0]), [0.25, 0.625, 1.0])


def test_a_choice_at_a_kink_is_shown_where_it_matters():
    assert repr(get("relu")) == "Activation('relu')"
    assert repr(Activation("cube", cube, (cube_slope,), at_kink="right")) == "Activation('cube')"
    assert get("relu")._repr_latex_() == f"$f(z) = {sympy.latex(get('relu').expression)}$"
    assert Activation("cube", cube, (cube_slope,))._repr_latex_() is None


def test_expressions_are_exact_and_turn_at_the_left():
    assert get("relu").expression == sympy.Piecewise((0, z <= 0), (z, True))
    assert leaky_relu(0.1).expression == sympy.Piecewise((z / 10, z <= 0), (z, True))
    assert get("softsign").expression == sympy.Piecewise((z / (1 - z), z <= 0), (z / (1 + z), True))
    (falling, condition), _ = elu(3**-0.5).expression.args
    assert condition == (z <= 0)
    slope = falling.diff(z).subs(z, 0)
    assert slope.is_Rational  # and not the root that it is near
    assert abs(slope - 3**-0.5) < 1e-15
    a = sympy.Symbol("a")
    scaled = Activation("scaled", cube, (cube_slope,), expression_builder=lambda z: a * z)
    assert scaled.derivative_expression() == a  # by z, whatever else is in it


def test_the_kernel_of_a_parameter_takes_its_arrays_by_name():
    x = np.array([-2.0, 3.0])
    value, slope = np.empty(2), np.empty(2)
    leaky_relu(0.25).kernel(x, value=value, derivative=slope)
    np.testing.assert_array_equal([value, slope], [[-0.5, 3.0], [0.25, 1.0]])


def test_a_slope_in_an_expression_is_the_very_float():
    third = 1 / 3**0.5
    z = sympy.Symbol("z", real=True)
    steep = jp.activations.leaky_relu(third).derivative_expression().subs(z, -1)
    assert float(steep) == third
    assert jp.activations.leaky_relu(0.1).derivative_expression().subs(z, -1) == sympy.Rational(1, 10)


@pytest.mark.parametrize("alpha", [2.0, 100.0, 1e30, 1e300])
@pytest.mark.parametrize(
    ("dtype", "least"), [(np.float16, -17.0), (np.float32, -103.0), (np.float64, -745.0)]
)
def test_a_large_alpha_of_elu_brings_back_what_the_exponential_loses(alpha, dtype, least):
    kind, activation = np.finfo(dtype), elu(alpha)
    z = np.linspace(least - min(np.log(alpha), 700), least * 0.9, 60).astype(dtype)
    value, slope = np.empty_like(z), np.empty_like(z)
    activation.into(z, value, slope)
    with mpmath.workdps(40):
        for k, point in enumerate(z):
            true = alpha * mpmath.exp(mpmath.mpf(float(point)))
            if not kind.tiny <= true <= kind.max:
                continue
            unit = mpmath.ldexp(1, int(mpmath.floor(mpmath.log(true, 2))) - kind.nmant)
            for found in (slope[k], activation.derivative(point), activation.derivative(point, 2)):
                assert abs(float(found) - true) <= 4 * unit


def test_a_choice_at_the_kink_beyond_the_dtype_warns_nowhere():
    steep = get("relu", at_kink=1e30)
    with np.errstate(all="raise"):
        assert np.isinf(steep.derivative(np.zeros(2, np.float16))).all()
        value, slope = np.empty(2, np.float16), np.empty(2, np.float16)
        steep.into(np.zeros(2, np.float16), value, slope)
    assert np.isinf(slope).all()
