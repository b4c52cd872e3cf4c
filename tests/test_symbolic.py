"""jp.derive: formulas against sympy's derivatives of passes written by hand, and how they print."""

import itertools
import re
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import sympy as sp
from network.custom_layers import RMSNorm, Shortcut

import jacobprop as jp
from jacobprop.architecture import Architecture, Node
from jacobprop.symbolic.derived_layer import DerivedLayer
from jacobprop.symbolic.equality import vanishes
from jacobprop.symbolic.expression import positive
from jacobprop.symbolic.letter_pass import LetterPass
from jacobprop.symbolic.letters import Letters
from jacobprop.symbolic.notation import SlideNotation
from jacobprop.symbolic.signs import LATEX, TEXT

# -- a forward pass by hand, in symbols of the same names ---------------------------------------------------

BY_HAND = {
    "identity": lambda s: s,
    "sigmoid": lambda s: 1 / (1 + sp.exp(-s)),
    "tanh": sp.tanh,
    "softplus": lambda s: sp.log(1 + sp.exp(s)),
    "bump": lambda s: s * sp.exp(-(s**2)),
}
BUMP = jp.Activation(
    "bump",
    lambda z: z * np.exp(-(z**2)),
    (lambda z: (1 - 2 * z**2) * np.exp(-(z**2)),),
    lambda z: z * sp.exp(-(z**2)),
)


def letters(base, *shape):
    """An object array of x1, x2, .. or w11, w12, .."""
    array = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        array[place] = sp.Symbol(base + "".join(str(i + 1) for i in place))
    return array


def dense(y, W, b, f):
    """f(y W + b), by sums over indices."""
    n, m = W.shape
    return [f(sum(y[i] * W[i, j] for i in range(n)) + (0 if b is None else b[j])) for j in range(m)]


def softmax(row):
    return [sp.exp(z) / sum(map(sp.exp, row)) for z in row]


VALUES = {
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: mpmath.power,
    sp.exp: mpmath.exp,
    sp.log: mpmath.log,
    sp.tanh: mpmath.tanh,
}


def value(e, point):
    if e.is_Symbol:
        return point[e]
    return mpmath.mpf(e.p) / e.q if e.is_Rational else VALUES[e.func](*(value(a, point) for a in e.args))


def same(e, expected, seeds=(1, 2)):
    """Equal to 40 digits at two random points: a second opinion that shares nothing with `verify`."""
    with mpmath.workdps(55):
        for seed in seeds:
            rng = np.random.default_rng(seed)
            free = sorted(e.free_symbols | expected.free_symbols, key=str)
            point = {s: mpmath.mpf(int(rng.integers(-40, 41))) / 29 for s in free}
            if abs(value(e, point) - value(expected, point)) > mpmath.mpf(10) ** -40:
                return False
    return True


def agree(array, of, wrt, explicit):
    """Every entry, with letters replaced by what they stand for, is d(of)/d(wrt)."""
    of = np.array(of, dtype=object)
    assert array.shape == of.shape + wrt.shape
    for place in np.ndindex(array.shape):
        out, inner = place[: of.ndim], place[of.ndim :]
        entry = sp.sympify(array[place]).xreplace(explicit)
        assert same(entry, sp.diff(of[out], wrt[inner])), (place, array[place])


def test_the_second_opinion_sees_a_difference():
    a = sp.Symbol("a")
    assert same(sp.exp(a) / (1 + sp.exp(a)), 1 / (1 + sp.exp(-a)))
    assert not same(a * (1 - a), a * (1 - a) + sp.Rational(1, 10**30))
    with pytest.raises(AssertionError):
        agree(np.array([a]), a**2, np.array([a]), {})


# -- layers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("bias", [True, False])
def test_a_dense_layer_in_letters(name, bias):
    layer = jp.derive(jp.Dense(3, 2, BUMP if name == "bump" else name, bias=bias))
    y, W, b, z, s = (letters(*args) for args in (("y", 3), ("w", 3, 2), ("b", 2), ("z", 2), ("s", 2)))
    sums = dense(y, W, b if bias else None, lambda s: s)
    values = [BY_HAND[name](e) for e in sums]
    slopes = [sp.diff(BY_HAND[name](a), a).xreplace({a: e}) for a, e in zip(s, sums, strict=True)]
    explicit = dict(zip(z, values, strict=True)) | {
        sp.Symbol(f"f'(s{k + 1})"): e for k, e in enumerate(slopes)
    }
    agree(layer.J_Y, values, y, explicit)
    agree(layer.J_W, values, W, explicit)
    for k, slope in enumerate(slopes):
        assert same(layer.J_Sum[k, k].xreplace(explicit), slope)
        assert layer.J_Sum[k, 1 - k] == 0
        for i in range(3):
            assert same(layer.J_W_hat[i, k].xreplace(explicit), sp.diff(values[k], W[i, k]))
    if bias:
        agree(layer.J_b, values, b, explicit)
        assert layer["b"].tolist() == layer.J_b.tolist()
    layer.verify()


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("identity", lambda a: sp.Integer(1)),
        ("sigmoid", lambda a: a * (1 - a)),
        ("tanh", lambda a: 1 - a**2),
        ("softplus", lambda a: 1 - sp.exp(-a)),
        ("relu", lambda a: sp.Piecewise((0, a <= 0), (1, True))),
    ],
)
def test_f_prime_is_written_in_the_letter_of_the_output(name, slope):
    y1, w22, z2 = sp.symbols("y1 w22 z2")
    layer = jp.derive(jp.Dense(3, 2, name))
    assert layer.J_Sum[1, 1] == slope(z2)
    assert layer.J_Y[1, 1] == slope(z2) * w22
    assert layer.J_W[1, 0, 1] == layer.J_W_hat[0, 1] == slope(z2) * y1
    layer.verify()


def test_f_prime_of_the_user_is_taken_only_if_it_is_proved():
    def activation(psi):
        return jp.Activation(
            "f", lambda z: np.exp(2 * z), (lambda z: 2 * np.exp(2 * z),), lambda z: sp.exp(2 * z), None, psi
        )

    z1 = sp.Symbol("z1")
    assert jp.derive(jp.Dense(2, 1, activation(lambda a: 2 * a))).J_b[0, 0] == 2 * z1
    for psi in (lambda a: 3 * a, lambda a: np.exp(a), lambda a: 1 / 0, None):
        layer = jp.derive(jp.Dense(2, 1, activation(psi)))
        assert str(layer.J_b[0, 0]) == "f'(s1)"
        assert layer.definitions[layer.J_b[0, 0]] == 2 * sp.exp(2 * sp.Symbol("s1"))
        layer.verify()


def test_the_value_at_a_kink_is_respected():
    middle = jp.derive(jp.Dense(2, 2, jp.activations.get("relu", at_kink="middle")))
    assert str(middle.J_Sum[0, 0]) == "f'(s1)"  # the output 0 says nothing about the kink
    assert middle.definitions[middle.J_Sum[0, 0]].subs({"s1": 0}) == sp.Rational(1, 2)
    middle.verify()
    right = jp.derive(jp.Dense(2, 2, jp.activations.get("relu", at_kink="right")))
    assert right.definitions[right.J_Sum[1, 1]].subs({"s2": 0}) == 1


@pytest.mark.parametrize("n", [2, 4])
def test_softmax_alone(n):
    layer = jp.derive(jp.Softmax(), n_in=n)
    y, z = letters("y", n), letters("z", n)
    agree(layer.J_soft, softmax(y), y, dict(zip(z, softmax(y), strict=True)))
    assert layer.J_soft.tolist() == layer.J_Y.tolist()
    assert layer.J_soft[0, 1] == -z[0] * z[1]
    assert layer.J_soft[1, 1] == z[1] * (1 - z[1])
    layer.verify()
    assert jp.derive(jp.Softmax()).J_Y.shape == (3, 3)


class Norm(jp.Layer):
    """RMSNorm with code that runs on symbols; `wrong` spoils a factor."""

    def __init__(self, width, wrong=1):
        self.n_in, self.wrong = width, wrong

    def init(self, rng, dtype):
        return {"C": np.ones(self.n_in, dtype)}

    def forward(self, params, inputs):
        (y,) = inputs
        r = (y**2).mean(axis=-1, keepdims=True) ** 0.5
        return params["C"] * (y / r), (y / r, r)

    def factors(self, params, cache):
        u, r = cache
        d = params["C"] / r
        J = jp.DiagonalPlusLowRankJacobian(d, -self.wrong * (d * u)[..., None], u[..., None] / self.n_in)
        return {-1: J, "C": jp.DiagonalJacobian(u)}


def test_a_layer_of_the_user():
    layer = jp.derive(Norm(3))
    y, c = letters("y", 3), letters("c", 3)
    r = sp.sqrt(sum(e**2 for e in y) / 3)
    agree(layer.J_Y, [a * b / r for a, b in zip(c, y, strict=True)], y, {})
    agree(layer["C"], [a * b / r for a, b in zip(c, y, strict=True)], c, {})
    layer.verify()
    assert not any(e.has(sp.Float) for e in layer.J_Y.flat)
    net = jp.derive(jp.Network([jp.Dense(2, 3, "tanh"), Norm(3)], jp.SquaredError()))
    assert net["C2"].shape == (3,)
    with pytest.raises(jp.errors.CheckFailed, match=r"J_Y\^Z\[1,1\], J_Y\^Z\[1,2\]") as info:
        jp.derive(Norm(3, wrong=2)).verify()
    assert "Compare the layer's factors with its forward" in str(info.value)


class Doubled(jp.Dense):
    """a = 2 f(z): Dense's J_Sum is not its derivative."""

    def forward(self, params, inputs):
        values, cache = super().forward(params, inputs)
        return 2 * values, cache


class DoubledRight(Doubled):
    def J_Sum(self, cache):
        J = super().J_Sum(cache)
        return jp.DiagonalJacobian(2 * J.d)


def test_a_subclass_of_dense_is_taken_by_its_own_mathematics():
    layer = jp.derive(DoubledRight(2, 3, "sigmoid"))
    assert str(layer.J_b[0, 0]) == "2*f'(s1)"  # z1 (1 - z1) would be wrong: z1 = 2 f(s1)
    layer.verify()
    with pytest.raises(jp.errors.CheckFailed, match="differs from sympy's derivative"):
        jp.derive(Doubled(2, 3, "sigmoid")).verify()


# -- networks -------------------------------------------------------------------------------------------


def network_321(**options):
    layers = [jp.Dense(3, 2, "sigmoid", bias=False), jp.Dense(2, 1, "sigmoid", bias=False)]
    return jp.Network(layers, jp.SquaredError(), **({"names": "X Y Z", "weights": "V W"} | options))


@pytest.mark.seed("D-50", "D-64", "S-25")
def test_the_slides_entry():
    derived = jp.derive(network_321())
    z1, t1, x1, y1, w11 = sp.symbols("z1 t1 x1 y1 w11")
    assert derived["V"][0, 0] == (z1 - t1) * z1 * (1 - z1) * x1 * y1 * (1 - y1) * w11
    assert derived["V"].tolist() == derived["W1"].tolist() == derived.gradients["W1"].tolist()
    assert derived.jacobian("Z", "V")[0, 0, 0] == z1 * (1 - z1) * x1 * y1 * (1 - y1) * w11
    assert derived.jacobian("L", "V").tolist() == derived["V"].tolist()
    assert set(derived.gradients) == {"W1", "W2"}
    assert derived.J_N.tolist() == [z1 - t1]
    assert derived.loss == (z1 - t1) ** 2 / 2
    assert derived.layer("Y").J_Y.shape == derived.layer(1).J_Y.shape == (2, 3)


HAND = {
    "3-2-1 squared": (3, [(2, "sigmoid", True), (1, "sigmoid", True)], jp.SquaredError),
    "2-3-2 mean squared": (2, [(3, "tanh", True), (2, "sigmoid", False)], jp.MeanSquaredError),
    "3-2-4 softplus": (3, [(2, "softplus", False), (4, "identity", True)], jp.SquaredError),
    "4-2-3 binary": (4, [(2, "tanh", True), (3, "sigmoid", True)], jp.BinaryCrossEntropy),
    "4-3-2 softmax": (4, [(3, "sigmoid", True), (2, "identity", True), "softmax"], jp.CrossEntropy),
    "3-4 softmax squared": (3, [(4, "identity", False), "softmax"], jp.SquaredError),
    "2-3-2 own f": (2, [(3, "bump", False), (2, "tanh", True)], jp.SquaredError),
}
LOSS = {
    jp.SquaredError: lambda y, t: sum((a - b) ** 2 for a, b in zip(y, t, strict=True)) / 2,
    jp.MeanSquaredError: lambda y, t: sum((a - b) ** 2 for a, b in zip(y, t, strict=True)) / len(y),
    jp.BinaryCrossEntropy: lambda y, t: (
        -sum(b * sp.log(a) + (1 - b) * sp.log(1 - a) for a, b in zip(y, t, strict=True))
    ),
    jp.CrossEntropy: lambda y, t: -sum(b * sp.log(a) for a, b in zip(y, t, strict=True)),
}


def build(name):
    n_in, widths, loss = HAND[name]
    layers, n = [], n_in
    for width in widths:
        if width == "softmax":
            layers.append(jp.Softmax())
        else:
            m, activation, bias = width
            layers.append(jp.Dense(n, m, BUMP if activation == "bump" else activation, bias=bias))
            n = m
    return jp.Network(layers, loss())


def by_hand(name):
    """The loss, the parameters' letters, and what the other letters stand for."""
    n_in, widths, loss = HAND[name]
    y, explicit, arrays = list(letters("a0_", n_in)), {}, {}
    for k, width in enumerate(widths, 1):
        if width == "softmax":
            y = softmax(y)
        else:
            m, activation, bias = width
            W = arrays[f"W{k}"] = letters(f"w{k}_", len(y), m)
            b = arrays[f"b{k}"] = letters(f"b{k}_", m) if bias else None
            sums = dense(y, W, b, lambda s: s)
            f, s = BY_HAND[activation], sp.Symbol("s")
            slopes = {
                sp.Symbol(f"f'(z{k}_{i + 1})"): sp.diff(f(s), s).xreplace({s: e}) for i, e in enumerate(sums)
            }
            explicit |= slopes
            y = [f(e) for e in sums]
        explicit |= dict(zip(letters(f"a{k}_", len(y)), y, strict=True))
    t = list(letters("t", len(y)))
    if loss is jp.CrossEntropy:
        explicit[t[-1]] = t[-1] = 1 - sum(t[:-1])
    return LOSS[loss](y, t), {name: array for name, array in arrays.items() if array is not None}, explicit


@pytest.mark.seed("S-25")
@pytest.mark.parametrize("name", HAND)
def test_every_gradient_against_a_pass_written_by_hand(name):
    derived = jp.derive(build(name))
    loss, arrays, explicit = by_hand(name)
    assert list(derived.gradients) == list(arrays)
    for parameter, array in arrays.items():
        agree(derived[parameter], loss, array, explicit)


@pytest.mark.parametrize("name", HAND)
def test_every_network_proves_itself(name):
    jp.derive(build(name)).verify()


def test_branches_relu_and_a_network_without_a_loss_prove_themselves():
    layers = [jp.Dense(3, 2, "relu"), jp.Dense(2, 2, "tanh"), Shortcut(2, 1), jp.Dense(2, 1, "sigmoid")]
    derived = jp.derive(jp.Network(layers))
    derived.verify()
    a1, a2, b2, a4, v, w = sp.symbols("a1_1 a2_1 a2_2 a4_1 w4_11 w4_21")
    inner = sp.Symbol("w2_11") * (1 - a2**2) * v + sp.Symbol("w2_12") * (1 - b2**2) * w + v
    expected = a4 * (1 - a4) * inner * sp.Piecewise((0, a1 <= 0), (1, True))
    assert sp.expand(derived.jacobian("a4", "b1")[0, 0] - expected) == 0
    assert derived.jacobian("a4", "b2")[0, 0] == a4 * (1 - a4) * v * (1 - a2**2)


@pytest.mark.parametrize("where", ["gradient", "factor", "loss row"])
def test_a_wrong_formula_is_not_proved(where, monkeypatch):
    """Spoil one entry of one array of expressions, whichever it is."""
    plain = LetterPass.entries
    target = {"gradient": "J_W1^L", "factor": "J_-1", "loss row": "J_N"}[where]

    def spoilt(self, J, what):
        array = np.array(plain(self, J, what))
        if what == target:
            array.flat[-1] += sp.Rational(1, 10**20)
        return array

    derived = jp.derive(network_321(names=None, weights=None))
    derived.verify()
    monkeypatch.setattr(LetterPass, "entries", spoilt)
    with pytest.raises(jp.errors.CheckFailed, match="sympy's derivative of the forward pass"):
        derived.verify()


def test_a_wrong_simplified_jacobian_is_not_proved(monkeypatch):
    layer = jp.derive(jp.Dense(3, 2, "tanh"))
    hat = np.array(layer.J_W_hat)
    hat[2, 0] = hat[1, 0]
    monkeypatch.setattr(DerivedLayer, "J_W_hat", hat)
    with pytest.raises(jp.errors.CheckFailed, match=re.escape("J_W_hat[.,1][3]")):
        layer.verify()


def test_cross_entropy_is_p_minus_t_and_so_is_binary_cross_entropy():
    soft = jp.derive(jp.Network([jp.Dense(4, 3), jp.Softmax()], jp.CrossEntropy(), names="X Y S"))
    s2, t2, x4 = sp.symbols("s2 t2 x4")
    assert soft["W1"][3, 1] == (s2 - t2) * x4
    assert soft["b1"][1] == s2 - t2
    assert "t1 + t2 + t3 = 1" in str(soft)
    binary = jp.derive(jp.Network([jp.Dense(4, 2, "sigmoid")], jp.BinaryCrossEntropy(), names="X S"))
    assert binary["W1"][3, 1] == (s2 - t2) * x4
    assert binary["b1"][1] == s2 - t2
    assert "= 1" not in str(binary)


def test_no_exponential_is_nested_and_weights_do_not_matter():
    net = jp.Network([jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 3), jp.Softmax()], jp.CrossEntropy())
    derived = jp.derive(net)
    assert not any(e.has(sp.exp) for array in derived.gradients.values() for e in array.flat)
    other = jp.derive(net.with_vector(np.full(net.size, 7.0)))
    assert all((other[name] == array).all() for name, array in derived.gradients.items())
    assert not derived["W1"].flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        derived["W1"][0, 0] = 0


def test_definitions_lead_one_step_down():
    derived = jp.derive(network_321())
    z1, y1, y2, w11, w21 = sp.symbols("z1 y1 y2 w11 w21")
    assert derived.definitions[z1] == 1 / (1 + sp.exp(-(y1 * w11 + y2 * w21)))
    assert set(map(str, derived.definitions)) == {"z1", "y1", "y2", "Sum_Y1", "Sum_Y2", "Sum_Z1"}


# -- the proof ------------------------------------------------------------------------------------------


def test_what_vanishes():
    u, v = sp.symbols("u v", real=True)
    gate = 1 / (1 + sp.exp(-u))
    step = sp.Piecewise((0, u <= 0), (1, True))
    inner = sp.Piecewise((0, u <= 0), (u, True))
    zeros = (
        gate - sp.exp(u) / (1 + sp.exp(u)),
        gate * (1 - gate) - sp.diff(gate, u),
        sp.diff(sp.log(1 + sp.exp(u)), u) - gate,
        sp.exp(2 * u) - sp.exp(u) ** 2,
        sp.exp(2 * u) - 1 / sp.exp(-2 * u),
        sp.tanh(u * v) * 2 / (v * sp.tanh(u * v)) - 2 / v,
        sp.sqrt(u**2 + v**2) ** 3 / (u**2 + v**2) - sp.sqrt(u**2 + v**2),
        sp.sqrt(u**2 / 2 + v**2 / 2) - sp.sqrt(u**2 + v**2) / sp.sqrt(2),
        step - sp.Piecewise((0, inner <= 0), (1, True)),
    )
    assert all(map(vanishes, zeros))
    others = (
        gate - sp.exp(-u) / (1 + sp.exp(-u)),
        sp.exp(u) - sp.exp(v),
        sp.exp(sp.tanh(u)) - sp.tanh(u),
        sp.sqrt(u**2 + v**2) - u - v,
        sp.sqrt(u**2 + v**2) - 1,
        step - inner,
        step - 1,
        gate - gate**2,
        sp.nan,
        sp.zoo,
    )
    assert not any(map(vanishes, others))
    kink = sp.Piecewise((sp.Rational(1, 2), sp.Eq(u, 0)), (0, u <= 0), (1, True))
    assert not vanishes(kink - step)
    assert vanishes(kink - step, kinks=False)


# -- how it prints ---------------------------------------------------------------------------------------

LAYER = """\
Z = sigmoid(Y W + b)

J_Sum^Z = [ z1(1-z1)  0        ]
          [ 0         z2(1-z2) ]

J_Y^Z = [ z1(1-z1) w11  z1(1-z1) w21  z1(1-z1) w31 ]
        [ z2(1-z2) w12  z2(1-z2) w22  z2(1-z2) w32 ]

         [ z1(1-z1) y1  0 ]            [ 0  z2(1-z2) y1 ]
J_W^z1 = [ z1(1-z1) y2  0 ]   J_W^z2 = [ 0  z2(1-z2) y2 ]
         [ z1(1-z1) y3  0 ]            [ 0  z2(1-z2) y3 ]

         [ z1(1-z1) y1  z2(1-z2) y1 ]
J^_W^Z = [ z1(1-z1) y2  z2(1-z2) y2 ]
         [ z1(1-z1) y3  z2(1-z2) y3 ]

J_b^Z = J_Sum^Z"""

CLASSIFIER = """\
Y = X W + b1
S = softmax(Y)
L = -(t1 log(s1) + t2 log(s2))
t1 + t2 = 1

J_S^L = [ -t1/s1  -t2/s2 ]

J^soft = [ s1(1-s1)  -s1 s2   ]
         [ -s1 s2    s2(1-s2) ]

J_W^L = J_S^L . J^soft . J_W^Y
        [ (s1-t1) x1  (s2-t2) x1 ]
      = [ (s1-t1) x2  (s2-t2) x2 ]
        [ (s1-t1) x3  (s2-t2) x3 ]

J_b1^L = J_S^L . J^soft . J_b1^Y
       = [ s1 - t1  s2 - t2 ]"""


def classifier():
    return jp.Network([jp.Dense(3, 2), jp.Softmax()], jp.CrossEntropy(), names="X Y S", weights="W")


def test_the_text_of_a_layer_and_of_a_classifier():
    assert str(jp.derive(jp.Dense(3, 2, "sigmoid"))) == LAYER
    assert str(jp.derive(classifier())) == CLASSIFIER


LEAKY = """\
Z = f(Y W + b)
f(s) = max(s, s/100)
f'(s1) = 1/100 if s1 <= 0, else 1

J_Sum^Z = [ f'(s1) ]"""


def test_f_is_written_where_its_name_does_not_say_it():
    leaky = jp.Activation.from_expression("max(z, z/100)")
    derived = jp.derive(jp.Dense(2, 1, leaky))
    assert str(derived).startswith(LEAKY)
    assert r"\mathrm{f}(s) &= \begin{cases}" in derived._repr_latex_()
    clip = jp.Activation.from_expression(" min(max(z, -1), exp(0))", name="clip", at_kink="middle")
    lines = str(jp.derive(jp.Dense(2, 1, clip))).splitlines()
    assert lines[:2] == ["Z = clip(Y W + b)", "clip(s) = min(max(s, -1), exp(0))"]
    assert lines[2] == "f'(s1) = 1/2 if s1 = -1 or s1 = 1, 0 if s1 <= -1, 1 if s1 <= 1, else 0"
    bump = str(jp.derive(jp.Dense(2, 1, BUMP))).splitlines()
    assert bump[:2] == ["Z = bump(Y W + b)", "bump(s) = s exp(-s^2)"]


def test_square_brackets_are_explained_once_where_there_are_any():
    line = "[c] is 1 where c holds, else 0"
    net = jp.Network([jp.Dense(3, 2, "relu"), jp.Dense(2, 2, "relu"), jp.Dense(2, 1)], jp.SquaredError())
    for model in (net, jp.Dense(3, 2, "relu"), jp.Dense(3, 2, jp.Activation.from_expression("max(z, 0)"))):
        text = str(jp.derive(model))
        assert text.count(line) == 1
        assert text.index(line) < text.index("> 0]")
        assert r"{[c]} &= 1 \text{ where } c" in jp.derive(model)._repr_latex_()
    assert "[c]" not in str(jp.derive(jp.Dense(3, 2, "tanh")))
    middle = jp.activations.get("relu", at_kink="middle")
    assert "[c]" not in str(jp.derive(jp.Dense(3, 2, middle)))


def test_verify_says_how_many_entries_it_compared():
    assert jp.derive(jp.Dense(3, 2, "tanh")).verify() == 2 * 3 + 2 * 6 + 2 * 2 + 6  # J_Y, J_W, J_b, J_W_hat
    layers = 2 * 3 + 2 * 6 + 6, 1 * 2 + 1 * 2 + 2
    assert jp.derive(network_321()).verify() == sum(layers) + 1 + 6 + 2  # and J_N, J_V^L, J_W^L


def wide_network():
    layers = [jp.Dense(11, 9, "softplus"), jp.Dense(9, 2, BUMP), jp.Dense(2, 12, "tanh"), jp.Dense(12, 3)]
    return jp.Network(layers, jp.MeanSquaredError())


SHOWN = {
    "layer": lambda: jp.Dense(3, 2, "sigmoid"),
    "own f": lambda: jp.Dense(2, 3, BUMP),
    "relu": lambda: jp.Dense(3, 2, "relu"),
    "middle": lambda: jp.Dense(3, 2, jp.activations.get("relu", at_kink="middle")),
    "softmax": jp.Softmax,
    "3-2-1": network_321,
    "canonical": lambda: network_321(names=None, weights=None),
    "words": lambda: network_321(names=["input", "50%_$x$", "θ"], weights=["\\evil{", "Z#"]),
    "classifier": classifier,
    "wide": wide_network,
    "no loss": lambda: jp.Network([jp.Dense(2, 3, "relu"), jp.Dense(3, 2, "sigmoid")]),
    "own layer": lambda: jp.Network([jp.Dense(2, 3, "sigmoid"), Norm(3)], jp.SquaredError()),
}


@pytest.mark.parametrize("name", SHOWN)
def test_text_fits_a_screen_and_matrices_are_aligned(name):
    derived = jp.derive(SHOWN[name]())
    lines = str(derived).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)
    assert "\n" not in repr(derived)
    assert repr(derived).startswith("<derived ")
    for upper, lower in itertools.pairwise(lines):  # rows of one matrix open and close in the same columns
        if upper.endswith("]") and lower.endswith("]") and lower.lstrip().startswith("["):
            assert [m.start() for m in re.finditer(r"\[ | \]", upper)] == [
                m.start() for m in re.finditer(r"\[ | \]", lower)
            ]


@pytest.mark.parametrize("name", SHOWN)
def test_latex_is_balanced(name):
    latex = jp.derive(SHOWN[name]())._repr_latex_()
    assert latex.startswith("$$\\begin{aligned}\n")
    assert latex.endswith("\n\\end{aligned}$$")
    bare = re.sub(r"\\[{}\\]", "", latex)
    depths = list(itertools.accumulate((c == "{") - (c == "}") for c in bare))
    assert min(depths) == 0
    assert depths[-1] == 0
    assert latex.count(r"\begin{pmatrix}") == latex.count(r"\end{pmatrix}") > 0
    assert not re.search(r"\\\\\s*\[", latex)  # a bracket there is the argument of the line's end
    assert latex.isascii()
    assert "%" not in latex
    assert "#" not in latex
    assert latex.count("$") == 4


@pytest.mark.seed("S-25")
def test_the_latex_of_the_slides_entry():
    latex = jp.derive(network_321())._repr_latex_()
    assert r"(z_{1}-t_{1})\, z_{1}(1-z_{1})\, x_{1}\, y_{1}(1-y_{1})\, w_{11}" in latex
    assert r"J_{V}^{L} &= J_{Z}^{L} \cdot J_{Y}^{Z} \cdot J_{V}^{Y}" in latex
    assert r"\hat{J}_{W}^{Z} &= \begin{pmatrix}" in jp.derive(jp.Dense(2, 2, "tanh"))._repr_latex_()
    assert r"1 - {a^{(1)}_{1}}^{2}" in jp.derive(jp.Network([jp.Dense(2, 1, "tanh")]))._repr_latex_()
    assert jp.activations.get("tanh")._repr_latex_() == r"$f(z) = \tanh{\left(z \right)}$"


def test_large_arrays_are_abbreviated():
    text = str(jp.derive(wide_network()))
    assert "J_W1^L[1,1] = (too long to write: " in text
    assert "... and 98 more" in text  # of 99, the first being longer than a line
    assert "J_W4^L[1,2] = 2/3 (a4_2-t2) a3_1\n" in text
    layer = str(jp.derive(jp.Dense(30, 10)))
    assert "J_W^Z = (3,000 entries)" in layer
    assert "... and 97 more, 90 of them 0" in layer
    assert "J_Y^Z[1,2] = w2,1" in layer
    net = jp.Network([jp.Dense(30, 10, "tanh")])
    assert "J_W1^a1 = (3,000 entries)" in str(jp.derive(net))
    classes = jp.derive(jp.Network([jp.Dense(2, 50), jp.Softmax()], jp.CrossEntropy()))
    assert "J^soft = (2,500 entries)\n" in str(classes)
    assert classes["b1"][49] == sp.Symbol("a2_50") - sp.Symbol("t50")


def notation(signs=TEXT):
    names = Letters(Architecture([jp.Dense(3, 2)], None, [["W"]], "X Z", "W"))
    made = {names.array(Node(*node), shape)[0] for node, shape in ((("a", 1), (2,)), (("a", 0), (3,)))}
    names.array(Node("W", 1), (3, 2))
    names.target((2,))
    assert len(made) == 2
    return SlideNotation(signs, names)


z1, z2, x1, w11, t1 = sp.symbols("z1 z2 x1 w11 t1")


@pytest.mark.parametrize(
    ("e", "text", "latex"),
    [
        (w11 * x1 * z1 * (1 - z1), "z1(1-z1) x1 w11", r"z_{1}(1-z_{1})\, x_{1}\, w_{11}"),
        (z1 - t1, "z1 - t1", "z_{1} - t_{1}"),
        (-t1 / z1, "-t1/z1", r"-\frac{t_{1}}{z_{1}}"),
        ((1 - t1) / (1 - z1), "(1-t1)/(1-z1)", r"\frac{1-t_{1}}{1-z_{1}}"),
        (x1 / (z1 * z2), "x1/(z1 z2)", r"\frac{x_{1}}{z_{1}\, z_{2}}"),
        (1 / z1, "1/z1", r"\frac{1}{z_{1}}"),
        (sp.Rational(-2, 3) * z1 * x1, "-2/3 z1 x1", r"-\frac{2}{3}\, z_{1}\, x_{1}"),
        (sp.Rational(-2, 3), "-2/3", r"-\frac{2}{3}"),
        (sp.Integer(0), "0", "0"),
        ((1 - z1**2) * x1, "(1-z1^2) x1", r"(1-z_{1}^{2})\, x_{1}"),
        ((z1 + x1) ** 2, "(z1+x1)^2", r"(z_{1}+x_{1})^{2}"),
        (sp.sqrt(z1), "sqrt(z1)", r"\sqrt{z_{1}}"),
        (z1 ** sp.Rational(3, 2), "z1^(3/2)", r"z_{1}^{\frac{3}{2}}"),
        (sp.exp(-z1), "exp(-z1)", "e^{-z_{1}}"),
        (t1 * sp.log(z1), "t1 log(z1)", r"t_{1}\, \operatorname{log}(z_{1})"),
        (positive(z1) * w11, "[z1 > 0] w11", r"{[z_{1} > 0]}\, w_{11}"),
        (z1 * x1 - z2 * w11, "z1 x1 - z2 w11", r"z_{1}\, x_{1} - z_{2}\, w_{11}"),
        ((z1 * x1 + z2) * w11, "(z1 x1 + z2) w11", r"(z_{1}\, x_{1} + z_{2})\, w_{11}"),
        (-z1 - x1, "-z1 - x1", "-z_{1} - x_{1}"),
        (sp.Piecewise((1, z1 > 3), (0, True)), "(1 if z1 > 3, else 0)", None),
        (
            sp.Piecewise((0, sp.Eq(z1, 0)), (x1, (z1 > -1) & (z1 < 3)), (1, sp.Ne(z2, 1))) * w11,
            "(0 if z1 = 0, x1 if z1 < 3 and z1 > -1, 1 if z2 != 1) w11",
            None,
        ),
    ],
)
def test_how_expressions_are_written(e, text, latex):
    assert notation().write(e) == text
    written = notation(LATEX).write(e)
    assert written == latex if latex else "z_{1}" in written


@pytest.mark.parametrize(
    ("names", "entry"),
    [
        ("X Z", "(z1-t1) z1(1-z1) x1"),
        ("Y y", "(y1-t1) y1(1-y1) Y1"),
        ("T Z", "(Z1-t1) Z1(1-Z1) T1"),
        ("Y Y1", "(y1_1-t1) y1_1(1-y1_1) y1"),
        ("in Out", "(Out1-t1) Out1(1-Out1) in1"),
        ("w b", "(b1-t1) b1(1-b1) w1"),
        ("θ X_1", "(a1_1-t1) a1_1(1-a1_1) θ1"),
    ],
)
def test_letters_never_collide(names, entry):
    derived = jp.derive(jp.Network([jp.Dense(2, 1, "sigmoid")], jp.SquaredError(), names=names))
    assert f"[ {entry} ]" in str(derived)
    derived.verify()


class Gain(jp.Layer):
    """a = A y, whose slot is called as the activations are."""

    n_in = 2

    def init(self, rng, dtype):
        return {"A": np.ones(2, dtype), "Z": np.zeros(2, dtype)}

    def forward(self, params, inputs):
        return params["A"] * inputs[0] + params["Z"], (params["A"], inputs[0])

    def factors(self, params, cache):
        return {
            -1: jp.DiagonalJacobian(cache[0]),
            "A": jp.DiagonalJacobian(cache[1]),
            "Z": jp.IdentityJacobian(2),
        }


def test_slots_that_are_called_as_the_letters_keep_their_canonical_names():
    layer = jp.derive(Gain())
    assert str(layer.J_Y[1, 1]) == "A1_2"
    assert str(layer["A"][0, 0]) == "a0_1"
    layer.verify()


# -- what cannot be derived --------------------------------------------------------------------------------

CUBE = jp.Activation("cube", lambda z: z**3, (lambda z: 3 * z**2,))


class Hinge(jp.SquaredError):
    def value(self, y, t):
        return np.exp(y - t).sum(axis=-1)


REFUSED = {
    "no layer": (lambda: jp.derive("sigmoid"), "OptionError", "only a layer or a network can be derived"),
    "a class": (lambda: jp.derive(jp.Dense), "OptionError", "got <class"),
    "numpy's functions": (
        lambda: jp.derive(RMSNorm(2)),
        "UnsupportedLayerError",
        r"layer 1 RMSNorm\(\): the code",
    ),
    "a loss's": (
        lambda: jp.derive(jp.Network([jp.Dense(2, 1)], Hinge())),
        "UnsupportedLayerError",
        "the loss Hinge.* does not run on arrays of sympy symbols",
    ),
    "no expression": (
        lambda: jp.derive(jp.Dense(2, 1, CUBE)),
        "UnsupportedLayerError",
        "no sympy expression",
    ),
    "too many weights": (
        lambda: jp.derive(jp.Dense(50, 41)),
        "DenseLimitError",
        "W1 has too many entries.*2,050",
    ),
    "too many entries": (
        lambda: jp.derive(jp.Dense(30, 10)).J_W,
        "DenseLimitError",
        "at most 2,000.*narrower",
    ),
    "another width": (
        lambda: jp.derive(jp.Dense(3, 1), n_in=2),
        "ShapeError",
        "width of its own; got 2, expected 3",
    ),
    "no width": (lambda: jp.derive(jp.Softmax(), n_in=0), "OptionError", "n_in must be a whole number"),
    "no J_W": (lambda: jp.derive(jp.Softmax()).J_W, "UnsupportedLayerError", "the layer has no J_W"),
    "no J_W_hat": (lambda: jp.derive(jp.Softmax()).J_W_hat, "UnsupportedLayerError", "no J_W_hat.*use J_W"),
    "no J_soft": (lambda: jp.derive(jp.Dense(2, 3)).J_soft, "UnsupportedLayerError", "no J_soft"),
    "no J_b": (lambda: jp.derive(jp.Dense(2, 3, bias=False)).J_b, "UnsupportedLayerError", "no J_b"),
    "no loss": (
        lambda: jp.derive(jp.Network([jp.Dense(2, 3), jp.Dense(3, 1)]))["W2"],
        "MissingTargetError",
        r'^derive: the network has no loss; .*derive\(\.\.\.\)\.jacobian\("a2", "W2"\)',
    ),
    "no J_N": (lambda: jp.derive(jp.Network([jp.Dense(2, 3)])).J_N, "MissingTargetError", "^derive: .*a1"),
    "no L": (lambda: jp.derive(jp.Network([jp.Dense(2, 3)])).loss, "MissingTargetError", "^derive: .*a1"),
    "no gradients": (
        lambda: jp.derive(jp.Network([jp.Dense(2, 3)])).gradients,
        "MissingTargetError",
        "^derive: ",
    ),
    "unknown name": (lambda: jp.derive(network_321())["U"], "UnknownNameError", "got 'U'"),
    "unknown layer": (lambda: jp.derive(network_321()).layer(3), "UnknownNameError", "no such layer"),
}


@pytest.mark.parametrize(("call", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(call, error, words):
    with pytest.raises(getattr(jp.errors, error), match=words):
        call()


def test_sympy_is_loaded_by_the_first_derivation_only():
    code = (
        "import sys, jacobprop as jp; jp.derive; assert 'sympy' not in sys.modules; jp.derive(jp.Softmax())"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  (our own interpreter, our own code)
