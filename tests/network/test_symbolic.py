"""sympy symbols through the production chain: what comes out equals sympy.diff of the loss."""

import itertools

import mpmath
import numpy as np
import pytest
import sympy as sp

import jacobprop as jp

x, v, w, b, t = (lambda *at, s=s: sp.Symbol(s + "".join(map(str, at)), real=True) for s in "xvwbt")


def letters(make, *shape):
    """An object array of symbols such as v11, v12, ..."""
    array = np.empty(shape, dtype=object)
    for at in np.ndindex(shape):
        array[at] = make(*(i + 1 for i in at))
    return array


def logistic(z):
    return 1 / (1 + sp.exp(-z))


def layer(row, W, bias, f=logistic):
    """f(row W + bias) as a list, by sums over indices."""
    n, m = W.shape
    return [
        f(sum(row[i] * W[i, j] for i in range(n)) + (bias[j] if bias is not None else 0)) for j in range(m)
    ]


def soft(row):
    total = sum(sp.exp(z) for z in row)
    return [sp.exp(z) / total for z in row]


RULES = {
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: mpmath.power,
    sp.exp: mpmath.exp,
    sp.log: mpmath.log,
    sp.tanh: mpmath.tanh,
}


class Point:
    """A random value for every symbol, with 60 digits; remembers every subexpression it has met."""

    def __init__(self, seed):
        self.rng, self.known = np.random.default_rng(seed), {}

    def __call__(self, expression):
        if expression not in self.known:
            self.known[expression] = self.value(expression)
        return self.known[expression]

    def value(self, expression):
        if expression.is_Symbol:
            return mpmath.mpf(int(self.rng.integers(-40, 41))) / 29
        if expression.is_Number:
            return (
                mpmath.mpf(expression.p) / expression.q
                if expression.is_Rational
                else mpmath.mpf(str(expression))
            )
        return RULES[expression.func](*map(self, expression.args))


POINTS = (Point(1), Point(2))


def assert_equal(expression, expected, digits=45):
    """Equal to 45 digits at two random points: for such expressions, identical."""
    for point in POINTS:
        with mpmath.workdps(60):
            difference = abs(point(sp.sympify(expression)) - point(sp.sympify(expected)))
            assert difference < mpmath.mpf(10) ** -digits, (expression, expected)


def check(net, X, T, output, loss):
    """Every Jacobian of the record against sympy.diff of the hand-written output and loss."""
    record = net.forward(X, T)
    assert record.dtype == object
    for entry, hand in zip(record.output, output, strict=True):
        assert_equal(entry, hand)
    assert_equal(record.losses.item(), loss)
    assert_equal(record.loss, loss)
    gradients, last = record.gradients(), f"a{len(net.layers)}"
    for name, array in [*net.parameters.items(), ("a0", X)]:
        by_loss, by_output = record.jacobian("L", name).tensor(), record.jacobian(last, name).tensor()
        chained = {
            order: record.chain("L", name).multiply(order).tensor() for order in ("forward", "backward")
        }
        assert by_loss.shape == array.shape
        for at in np.ndindex(array.shape):
            expected = sp.diff(loss, array[at])
            assert_equal(by_loss[at], expected)
            for product in chained.values():
                assert_equal(product[at], expected)
            if name != "a0":
                assert_equal(gradients[name][at], expected)
            for k, hand in enumerate(output):
                assert_equal(by_output[(k, *at)], sp.diff(hand, array[at]))


def test_a_wrong_expression_is_noticed():
    z = x(1)
    with pytest.raises(AssertionError):
        assert_equal(
            sp.exp(z) / (1 + sp.exp(z)) ** 2, logistic(z) * (1 - logistic(z)) + sp.Rational(1, 10**30)
        )
    assert_equal(sp.exp(z) / (1 + sp.exp(z)) ** 2, logistic(z) * (1 - logistic(z)))


@pytest.mark.seed("D-40", "D-41", "D-43", "D-50", "D-63", "D-64", "S-06")
def test_the_321_network_of_the_slides():
    X, V, W, T = letters(x, 3), letters(v, 3, 2), letters(w, 2, 1), letters(t, 1)
    layers = [jp.Dense.from_arrays(V, None, "sigmoid"), jp.Dense.from_arrays(W, None, "sigmoid")]
    net = jp.Network(layers, jp.SquaredError(), names="X Y Z", weights="V W")
    Y = layer(X, V, None)
    Z = layer(Y, W, None)
    check(net, X, T, Z, (Z[0] - T[0]) ** 2 / 2)
    by_slide = net.forward(X, T).jacobian("Z", "V").tensor()
    for i, j in itertools.product(range(3), range(2)):
        assert_equal(by_slide[0, i, j], Z[0] * (1 - Z[0]) * X[i] * Y[j] * (1 - Y[j]) * W[j, 0])


@pytest.mark.seed("D-68", "D-77", "D-78", "S-07", "S-17")
def test_232_with_softmax_and_cross_entropy():
    X, V, W, T = letters(x, 2), letters(v, 2, 3), letters(w, 3, 2), letters(t, 2)
    first, second = letters(b, 1, 3)[0], letters(b, 2, 2)[1]
    layers = [jp.Dense.from_arrays(V, first, "sigmoid"), jp.Dense.from_arrays(W, second), jp.Softmax()]
    P = soft(layer(layer(X, V, first), W, second, lambda z: z))
    loss = -sum(target * sp.log(p) for target, p in zip(T, P, strict=True))
    check(jp.Network(layers, jp.CrossEntropy()), X, T, P, loss)


@pytest.mark.seed("S-17")
def test_sigmoid_and_binary_cross_entropy():
    X, W, bias, T = letters(x, 2), letters(w, 2, 2), letters(b, 2), letters(t, 2)
    Y = layer(X, W, bias)
    loss = -sum(u * sp.log(y) + (1 - u) * sp.log(1 - y) for u, y in zip(T, Y, strict=True))
    net = jp.Network([jp.Dense.from_arrays(W, bias, "sigmoid")], jp.BinaryCrossEntropy())
    check(net, X, T, Y, loss)


@pytest.mark.parametrize("name", ["identity", "tanh", "softplus"])
def test_the_other_smooth_activations(name):
    f = {"identity": lambda z: z, "tanh": sp.tanh, "softplus": lambda z: sp.log(1 + sp.exp(z))}[name]
    X, W, T = letters(x, 2), letters(w, 2, 3), letters(t, 3)
    Y = layer(X, W, None, f)
    net = jp.Network([jp.Dense.from_arrays(W, None, name)], jp.MeanSquaredError())
    check(net, X, T, Y, sum((y - u) ** 2 for y, u in zip(Y, T, strict=True)) / 3)


def test_a_stack_of_symbolic_cases_and_numbers_among_symbols():
    W = letters(w, 2, 1)
    net = jp.Network([jp.Dense.from_arrays(W, None, "sigmoid")], jp.SquaredError())
    X, T = letters(x, 3, 2), np.array([[0], [1], [0]])
    record = net.forward(X, T)
    loss = sum((layer(row, W, None)[0] - target) ** 2 / 6 for row, (target,) in zip(X, T, strict=True))
    assert_equal(record.loss, loss)
    for i in range(2):
        assert_equal(record.gradients()["W1"][i, 0], sp.diff(loss, W[i, 0]))
    numbers = net.forward(np.array([[1.0, 2.0]]), [[0.5]])
    assert numbers.dtype == object
    assert_equal(numbers.output[0, 0], logistic(W[0, 0] + 2 * W[1, 0]), digits=15)


def test_float_parameters_take_symbolic_inputs():
    net = jp.Network([jp.Dense.from_arrays([[0.5], [0.25]], [1.0], "sigmoid")])
    X = letters(x, 2)
    J = net.forward(X).jacobian("a1", "a0").tensor()
    for i, weight in enumerate((0.5, 0.25)):
        assert_equal(J[0, i], sp.diff(logistic(X[0] / 2 + X[1] / 4 + 1), X[i]), digits=15)
        assert J[0, i].has(X[1 - i])
        assert abs(float(J[0, i].subs({X[0]: -2, X[1]: 0})) - weight / 4) < 1e-15
