"""jp.derive of RBF, Residual, Elementwise, BatchNorm and Dropout, against passes written by hand."""

import numpy as np
import pytest
import sympy as sp

import jacobprop as jp
from jacobprop.errors import CheckFailed, UnsupportedLayerError
from jacobprop.layers import RBF, BatchNorm, Dropout, Elementwise, Residual

X = np.random.default_rng(1).normal(size=(5, 2))


def letters(base, *shape):
    """x1, x2, .. or w11, w12, .."""
    array = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        array[place] = sp.Symbol(base + "".join(str(i + 1) for i in place))
    return array


def derivatives(outputs, inputs):
    """sympy's derivatives of outputs (m,) by each input, (m, *inputs.shape)."""
    return np.array([[sp.diff(o, x) for x in inputs.ravel()] for o in outputs]).reshape(-1, *inputs.shape)


def assert_equal(found, expected):
    assert found.shape == expected.shape
    assert all(sp.simplify(a - b) == 0 for a, b in zip(found.flat, expected.flat, strict=True))


def in_definitions(derived, array):
    """The array in the letters one step down."""
    return np.vectorize(lambda e: e.xreplace(derived.definitions), otypes=[object])(array)


@pytest.mark.seed("S-34", "H-36")
def test_a_radial_layer_in_letters():
    n, m = 3, 2
    y, C, B = letters("y", n), letters("c", n, m), letters("b", m)
    outputs = [sp.exp(-B[k] * sum((y[i] - C[i, k]) ** 2 for i in range(n))) for k in range(m)]
    derived = jp.derive(RBF(n, m, beta=0.3))
    for found, inputs in ((derived.J_Y, y), (derived["C"], C), (derived["B"], B)):
        assert_equal(in_definitions(derived, found), derivatives(outputs, inputs))
    assert derived.verify() == m * n + m * n * m + m * m
    assert str(derived.J_Sum[0, 0]) == "-z1"


@pytest.mark.seed("S-21")
def test_batch_normalisation_in_letters():
    net = jp.Network([BatchNorm(2, epsilon=0.5)]).with_statistics(X)
    layer = net.layers[0]
    y, C, b = letters("y", 2), letters("c", 2), letters("b", 2)
    mean, s = sp.symbols("mean(y1) mean(y2)"), sp.symbols("s(y1) s(y2)")
    outputs = [C[k] * (y[k] - mean[k]) / s[k] + b[k] for k in range(2)]
    derived = jp.derive(layer)
    for found, inputs in ((derived.J_Y, y), (derived["C"], C), (derived.J_b, b)):
        assert_equal(found, derivatives(outputs, inputs))
    assert derived.verify() == 12
    for k in range(2):  # and the letters stand for the layer's own numbers
        assert float(derived.definitions[mean[k]]) == layer.mean[k]
        assert float(derived.definitions[s[k]]) == pytest.approx(np.sqrt(layer.variance[k] + 0.5), rel=1e-15)


def test_a_wrong_statistic_is_not_proved(monkeypatch):
    derived = jp.derive(BatchNorm(2))
    assert derived.verify() == 12
    s = sp.Symbol("s(y2)")
    monkeypatch.setitem(derived._pass.definitions[1], s, derived.definitions[s] + sp.Rational(1, 10**20))
    with pytest.raises(CheckFailed, match=r"J_Y\^Z\[2,2\]"):
        derived.verify()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softplus"])
def test_an_activation_alone_has_the_slope_of_dense(name):
    alone, dense = jp.derive(Elementwise(name), n_in=2), jp.derive(jp.Dense(2, 2, name))
    assert (dense.J_Sum == alone.J_Y).all()
    assert alone.verify() == 4
    assert str(alone).startswith(f"Z = {name}(Y)")


def test_an_expression_alone_keeps_its_slope_in_a_letter():
    derived = jp.derive(Elementwise(jp.Activation.from_expression("z*exp(-z**2)")), n_in=1)
    assert str(derived).splitlines()[:3] == [
        "Z = f(Y)",
        "f(s) = s*exp(-s**2)",
        "f'(y1) = (1 - 2 y1^2) exp(-y1^2)",
    ]
    y = sp.Symbol("y1")
    assert_equal(in_definitions(derived, derived.J_Y), derivatives([y * sp.exp(-(y**2))], letters("y", 1)))
    derived.verify()


def test_a_shortcut_adds_its_path():
    net = jp.Network([jp.Dense(2, 2, "tanh"), Residual(0)], names="X Y Z", weights="V")
    derived = jp.derive(net)
    x, V, b = letters("x", 2), letters("v", 2, 2), letters("b1_", 2)
    outputs = [sp.tanh(x @ V[:, k] + b[k]) + x[k] for k in range(2)]
    assert_equal(in_definitions(derived, derived.jacobian("Z", "X")), derivatives(outputs, x))
    assert_equal(in_definitions(derived, derived.jacobian("Z", "V")), derivatives(outputs, V))
    assert derived.verify() == 40
    assert "Z = Y + X\n" in str(derived)


def test_one_activation_read_twice_counts_twice():
    derived = jp.derive(jp.Network([jp.Dense(2, 2), Residual(1)]))
    assert (derived.jacobian("a2", "a1") == 2 * np.eye(2, dtype=int)).all()
    assert derived.verify() == 36  # 20 of Dense, 4 of the sum, 12 of the network
    assert str(jp.derive(Residual(0), n_in=1)) == "Z = Y + Y\n\nJ_Y^Z = [ 2 ]"


def everything():
    layers = [
        jp.Dense(2, 2, "tanh"),
        BatchNorm(2),
        Dropout(0.2),
        Elementwise("sigmoid"),
        Residual(1),
        RBF(2, 1),
    ]
    return jp.Network(layers, jp.SquaredError())


def test_a_network_of_all_proves_itself_and_prints():
    derived = jp.derive(everything())
    assert derived.verify() == 67
    assert str(derived).splitlines()[:7] == [
        "a1 = tanh(a0 W1 + b1)",
        "a2 = C2 (a1 - mean(a1))/s(a1) + b2",
        "mean(a1) and s(a1) are numbers that the layer holds",
        "a3 = a2",
        "a4 = sigmoid(a3)",
        "a5 = a4 + a1",
        "a6 = exp(-B6 |a5 - C6|^2)",
    ]
    latex = derived._repr_latex_()
    assert r"\exp(-B^{(6)}\,\|a^{(5)} - C^{(6)}\|^2)" in latex
    assert latex.count("{") == latex.count("}")


class Doubled(Residual):
    """A layer of one's own has its own name, not the sentence of what it is derived from."""

    def forward(self, params, inputs):
        a = 2 * (inputs[0] + inputs[1])
        return a, a

    def factors(self, params, cache):
        two = jp.DiagonalJacobian(np.array([sp.Integer(2)] * len(cache)))
        return dict.fromkeys(self.inputs, two)


def test_a_layer_derived_from_one_of_them_is_called_by_its_own_name():
    derived = jp.derive(jp.Network([jp.Dense(2, 2), Doubled(0)]))
    assert "a2 = Doubled(a1, a0)" in str(derived)
    assert derived.verify() == 40


@pytest.mark.parametrize("layer", [BatchNorm(2), Dropout(0.5)], ids=repr)
def test_what_is_in_training_is_refused(layer):
    net = jp.Network([jp.Dense(2, 2), layer]).in_training(3)
    for subject in (net, net.layers[1]):
        with pytest.raises(
            UnsupportedLayerError, match=r"derive: layer \d .*in training.*Derive the network"
        ):
            jp.derive(subject)
