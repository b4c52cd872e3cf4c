"""The exact Hessian against differences of gradients, against sympy, and against its two parts."""

import numpy as np
import pytest
import sympy
from network.custom_layers import RMSNorm, Shortcut
from network.market import DESIGNS, gap, stall
from scipy.sparse.linalg import eigsh

import jacobprop as jp
from jacobprop.curvature.exact_hessian import Hessian, hessian
from jacobprop.curvature.loss_curvature import gauss_newton

from .test_gauss_newton import LABELS, X, classifier
from .test_loss_root import Bare, Cauchy

OF_THE_LIBRARY = [
    design
    for design in DESIGNS
    if 0 < stall(design).net.size < 300
    and all(piece.kind not in ("rms", "shortcut") for piece in design.pieces)
]
RNG = np.random.default_rng(81)
STEP = 1e-5
RESOLVED = 1e-7
"""What a central difference of gradients resolves, relative to the largest entry of H v: STEP^2 / 6 = 2e-11
times third derivatives, and 1e-16 / STEP = 1e-11 times the gradient; both up to some 1000 of H v here."""


def gradient(net, vector, X, T):
    found = net.with_vector(vector).forward(X, T).gradients()
    return np.concatenate([found[name].ravel() for name in net.parameters])


def by_differences(net, X, T, v):
    forward, backward = (gradient(net, net.vector + step * v, X, T) for step in (STEP, -STEP))
    return (forward - backward) / (2 * STEP)


def differs(net, X, T, H=None, seed=0):
    """How far H v is from the differences, relative to the largest entry."""
    v = np.random.default_rng(seed).normal(0, 1, net.size)
    H = hessian(net, X, T) if H is None else H
    return gap(H @ v, by_differences(net, X, T, v))


# -- the whole ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", OF_THE_LIBRARY, ids=lambda design: design.id)
def test_products_are_the_differences_of_gradients(design):
    s = stall(design)
    H, G = hessian(s.net, s.X, s.T), gauss_newton(s.net, s.X, s.T)
    assert differs(s.net, s.X, s.T, H) < RESOLVED
    u, v = np.random.default_rng(design.number).normal(0, 1, (2, s.net.size))
    Hu, Hv = (H @ np.stack([u, v], axis=1)).T
    scale = np.abs(Hu).max() * np.abs(v).max() * len(v)
    assert abs(v @ Hu - u @ Hv) < 1e-12 * scale
    assert gap(G @ u + H.residual @ u, Hu) < 1e-12


def test_the_differences_see_a_wrong_hessian():
    net, X, T = classifier()
    assert differs(net, X, T) < RESOLVED
    for wrong in (gauss_newton(net, X, T), hessian(*classifier("sum")), hessian(net, X, T).residual):
        assert differs(net, X, T, wrong) > 0.01
    assert differs(*classifier("sum")) < RESOLVED


def test_it_is_sympys():
    """1-2-1 with tanh and a linear unit, squared error, two cases."""
    w, b, v = sympy.symbols("w1:3"), sympy.symbols("b1:3"), sympy.symbols("v1:3")
    X, T = np.array([[0.5], [2.0]]), np.array([[1.0], [-0.5]])
    out = [sum(v[k] * sympy.tanh(x * w[k] + b[k]) for k in range(2)) for x in X[:, 0]]
    loss = sum((y - t) ** 2 for y, t in zip(out, T[:, 0], strict=True)) / 4  # 1/2, and the mean of two
    letters, numbers = [*w, *b, *v], np.array([0.3, -0.7, 1.1, 0.4, 0.9, -1.3])
    wanted = sympy.lambdify(letters, [[loss.diff(p, q) for q in letters] for p in letters])(*numbers)
    net = jp.Network([jp.Dense(1, 2, "tanh"), jp.Dense(2, 1, bias=False)], jp.SquaredError())
    assert gap(hessian(net.with_vector(numbers), X, T).matrix(), np.array(wanted)) < 1e-14


@pytest.mark.parametrize("cases", [6, None, 1])
def test_the_matrix_is_its_columns_and_the_sum_of_its_parts(cases):
    net, X, T = classifier(cases=cases)
    H, G = hessian(net, X, T), gauss_newton(net, X, T)
    dense = H.matrix()
    assert isinstance(H.residual, Hessian)
    assert repr(H) == "<Hessian: 43 by 43, float64>"
    assert np.array_equal(dense, dense.T)
    for column in (0, 13, 22, 42):
        assert gap(H @ np.eye(43)[column], dense[column]) < 1e-13
        assert gap(np.eye(43)[column] @ H, dense[column]) < 1e-13
    assert gap(dense, G.matrix() + H.residual.matrix()) < 1e-13
    assert np.abs(H.residual.matrix()).max() > 1e-3
    assert np.linalg.eigvalsh(dense).min() < -1e-3


def test_gauss_newton_is_the_whole_at_zero_residual_and_below_one_linear_layer():
    net = jp.Network([jp.Dense(4, 5, "tanh"), jp.Dense(5, 2, "sigmoid")], jp.SquaredError())
    H = hessian(net, X, net(X))
    assert np.abs(H.residual.matrix()).max() == 0
    assert gap(H.matrix(), gauss_newton(net, X, net(X)).matrix()) < 1e-13
    linear = jp.Network([jp.Dense(4, 3), jp.Softmax()], jp.CrossEntropy())
    assert np.abs(hessian(linear, X, LABELS).residual.matrix()).max() == 0
    assert np.linalg.eigvalsh(hessian(linear, X, LABELS).matrix()).min() > -1e-15


def test_with_scipy():
    H = hessian(*classifier())
    lowest = eigsh(H, k=1, which="SA", return_eigenvectors=False, v0=np.ones(43))
    assert gap(lowest, np.linalg.eigvalsh(H.matrix())[:1]) < 1e-10


def test_float32_stays():
    net, X, T = classifier(dtype=np.float32)
    H = hessian(net, X.astype(np.float32), T)
    assert (H @ np.ones(43, np.float32)).dtype == H.matrix().dtype == np.float32
    wide = hessian(net.with_parameters({k: a.astype(float) for k, a in net.parameters.items()}), X, T)
    assert gap(H.matrix(), wide.matrix()) < 1e-4


def test_no_warning_leaves_and_nan_passes_through():
    net, X, T = classifier()
    X = X.copy()
    X[2, 1] = np.nan
    with np.errstate(all="raise"):
        H = hessian(net, X, T)
        assert np.isnan(H @ net.vector).any()
        assert np.isnan(H.residual @ net.vector).any()


def test_a_loss_that_is_not_convex():
    net = jp.Network([jp.Dense(4, 3, "tanh"), jp.Dense(3, 2)], Cauchy(), seed=1)
    T = RNG.normal(0, 2, (6, 2))
    H = hessian(net, X, T)
    assert differs(net, X, T, H) < RESOLVED
    assert gap(H.matrix(), gauss_newton(net, X, T).matrix() + H.residual.matrix()) < 1e-13


# -- kinks and saturation -----------------------------------------------------------------------------------


def test_at_a_kink_the_second_derivative_counts_as_0():
    """One sum is exactly 0, where relu' is 0: the Hessian of the network without that unit in that case."""
    layers = [
        jp.Dense.from_arrays([[1.0, 2.0], [0.5, -1.0]], [0.0, 0.25], "relu"),
        jp.Dense.from_arrays([[1.5], [2.0]]),
    ]
    net = jp.Network(layers, jp.SquaredError())
    x, t = np.array([0.5, -1.0]), np.array([3.0])  # z = [0, 2.25]
    assert net.forward(x, t).sum(1).tolist() == [0, 2.25]
    found = hessian(net, x, t).matrix()
    lower = net.with_parameters({"b1": [-0.1, 0.25]})  # just left of the kink, where nothing depends on b1[0]
    assert gap(found, hessian(lower, x, t).matrix()) < 1e-15
    assert differs(lower, x, t) < RESOLVED
    right = jp.Network(
        [jp.Dense(2, 2, jp.activations.get("relu", at_kink="right")), jp.Dense(2, 1, bias=False)],
        jp.SquaredError(),
    )
    upper = net.with_parameters({"b1": [1e-9, 0.25]})
    assert gap(hessian(right.with_vector(net.vector), x, t).matrix(), hessian(upper, x, t).matrix()) < 1e-8


@pytest.mark.parametrize("top", [jp.Softmax, jp.LogSoftmax])
@pytest.mark.parametrize("shift", [0.0, 700.0, -800.0])
def test_a_softmax_far_from_0_has_the_same_hessian(top, shift):
    """A constant added to all sums changes nothing: the bias may be hundreds."""
    rng = np.random.default_rng(5)
    W, V, b = rng.normal(0, 1, (4, 3)), rng.normal(0, 1, (3, 2)), np.array([0.3, -0.2, 0.5])
    T = rng.uniform(0, 1, (6, 2))

    def at(bias):
        net = jp.Network(
            [jp.Dense.from_arrays(W, b + bias), top(), jp.Dense.from_arrays(V)], jp.SquaredError()
        )
        return hessian(net, X, T).matrix()

    assert gap(at(shift), at(0.0)) < 1e-12
    assert np.isfinite(at(np.array([shift, 0, -shift]))).all()


def test_a_saturated_softmax_keeps_small_curvature():
    """At a gap of 40, p_1 = e^-40: every entry by mpmath would be of that size; none is lost."""
    b = np.array([40.0, 0.0])
    net = jp.Network([jp.Dense.from_arrays(np.zeros((1, 2)), b), jp.Softmax()], jp.SquaredError())
    t = np.array([0.5, 0.5])
    found = hessian(net, np.array([0.0]), t).matrix()[2:, 2:]
    q = np.exp(-40.0)
    # L = (p - 1/2)^2 with p = 1/(1 + e^-d): L'' = 2 p'^2 + 2 (p - 1/2) p'', and p' = q, p'' = -q up to q^2
    assert np.allclose(found, -q * np.array([[1, -1], [-1, 1]]), rtol=1e-13)


# -- the factors' tangents ------------------------------------------------------------------------------


def moved_factors(layer, params, inputs, tangents, h):
    params = {slot: array + h * tangents[slot] for slot, array in params.items()}
    _, cache = layer.forward(params, (inputs + h * tangents[-1],))
    return {"z": layer.J_Sum(cache), **layer.sum_factors(params, cache)}


@pytest.mark.parametrize("stack", [True, False])
@pytest.mark.parametrize(
    "layer",
    [jp.Dense(4, 3, "gelu"), jp.Dense(4, 3, "silu", bias=False), jp.Softmax(), jp.LogSoftmax()],
    ids=repr,
)
def test_tangents_are_the_differences_of_the_factors(layer, stack):
    rng = np.random.default_rng(91)
    params = layer.init(rng, np.dtype(float))
    y = rng.normal(0, 1, (5, 4) if stack else 4)
    tangents = {slot: rng.normal(0, 1, array.shape) for slot, array in params.items()}
    tangents[-1] = rng.normal(0, 1, y.shape)
    _, cache = layer.forward(params, (y,))
    dz = sum(
        J._push(tangents[key].reshape(*y.shape[:-1], -1, 1) if key == -1 else tangents[key].reshape(-1, 1))
        for key, J in layer.sum_factors(params, cache).items()
    )[..., 0]
    dz = np.broadcast_to(dz, layer.sum(cache).shape)
    found = {"z": layer.J_Sum_tangent(cache, dz), **layer.sum_factor_tangents(params, cache, tangents)}
    factors = moved_factors(layer, params, y, tangents, 0)
    forward, backward = (moved_factors(layer, params, y, tangents, h) for h in (1e-5, -1e-5))
    for key, J in factors.items():
        wanted = (forward[key].matrix() - backward[key].matrix()) / 2e-5
        if key in found:
            assert (found[key].out_shape, found[key].in_shape, found[key].cases) == (
                J.out_shape,
                J.in_shape,
                J.cases,
            )
            assert gap(found[key].matrix(), wanted) < 1e-8
            v = rng.normal(0, 1, found[key].shape[-1])
            assert gap(found[key].push(v.reshape(J.in_shape)), found[key].matrix() @ v) < 1e-13
        else:
            assert np.abs(wanted).max() == 0
    assert layer.sum_factor_tangents(params, cache, {}) == {}


@pytest.mark.parametrize("layer", [jp.Softmax(), jp.LogSoftmax()], ids=repr)
def test_tangents_of_expressions(layer):
    z, v = (np.array(sympy.symbols(f"{letter}1:4", real=True), object) for letter in "zv")
    _, cache = layer.forward({}, (z,))
    found = layer.J_Sum_tangent(cache, v).matrix()
    J = sympy.Matrix(layer.J_Sum(cache).matrix())
    wanted = sum((J.diff(a) * b for a, b in zip(z, v, strict=True)), sympy.zeros(3, 3))
    at = {**dict(zip(z, (0.3, -1.2, 0.8), strict=True)), **dict(zip(v, (1.1, 0.4, -0.6), strict=True))}
    assert max(abs(entry.subs(at)) for entry in sympy.Matrix(found) - wanted) < 1e-14


# -- layers of one's own --------------------------------------------------------------------------------


class Skip(Shortcut):
    def factor_tangents(self, params, cache, tangents):
        return {}


class Norm(RMSNorm):
    """u = y / r moves by u' = (y' - u (u . y') / n) / r, and 1/r by -(u . y') / n / r^2."""

    def factor_tangents(self, params, cache, tangents):
        u, r = cache
        dy, dC, n = tangents.get(-1, np.zeros_like(u)), tangents["C"], self.n_in
        along = (u * dy).sum(-1, keepdims=True) / n
        du = (dy - u * along) / r
        C = params["C"]
        d, dd = C / r, dC / r - C * along / r**2
        columns = [-(d * u)[..., None], -(dd * u + d * du)[..., None]]
        rows = [du[..., None] / n, u[..., None] / n]
        J = jp.DiagonalPlusLowRankJacobian(dd, np.concatenate(columns, -1), np.concatenate(rows, -1))
        return {-1: J, "C": jp.DiagonalJacobian(du)}


@pytest.mark.parametrize("cases", [6, None])
def test_branches_and_normalisations_of_a_user(cases):
    layers = [
        jp.Dense(4, 5, "tanh"),
        Norm(5),
        jp.Dense(5, 5, "softplus"),
        Skip(5, 1, 0.5),
        jp.Dense(5, 3),
        jp.Softmax(),
    ]
    net = jp.Network(layers, jp.CrossEntropy(), seed=4)
    x, t = (X, LABELS) if cases else (X[0], 2)
    assert differs(net, x, t) < RESOLVED
    H = hessian(net, x, t)
    assert gap(H.matrix(), gauss_newton(net, x, t).matrix() + H.residual.matrix()) < 1e-13
    bottom = jp.Network([Norm(4), jp.Dense(4, 2)], jp.SquaredError())
    assert differs(bottom, x, bottom(x) + 1) < RESOLVED


def refused(layer, text, error=jp.errors.UnsupportedLayerError):
    net = jp.Network([jp.Dense(4, 5, "tanh"), layer, jp.Dense(5, 2)], jp.SquaredError())
    with pytest.raises(error, match=text):
        hessian(net, X, np.ones((6, 2))) @ net.vector


def test_a_layer_without_tangents_is_refused_when_the_hessian_is_made():
    text = "does not say how its factors move.*factor_tangents beside.*gauss_newton does without"
    net = jp.Network([jp.Dense(4, 5), RMSNorm(5)], jp.SquaredError())
    with pytest.raises(jp.errors.UnsupportedLayerError, match="layer 2 RMSNorm.*" + text):
        hessian(net, X, np.ones((6, 5)))
    with pytest.raises(jp.errors.UnsupportedLayerError, match=text):
        RMSNorm(5).factor_tangents({}, None, {})
    base, soft = jp.layers.SumLayer, jp.Softmax()
    for call in (
        lambda: base.J_Sum_tangent(soft, None, None),
        lambda: base.sum_factor_tangents(soft, {}, None, {}),
    ):
        with pytest.raises(jp.errors.UnsupportedLayerError, match=r"Softmax.*expected a method \w+ beside"):
            call()


class Doubled(jp.Dense):
    def J_Sum(self, cache):
        return super().J_Sum(cache)


class Mended(Doubled):
    J_Sum_tangent = jp.Dense.J_Sum_tangent
    sum_factor_tangents = jp.Dense.sum_factor_tangents


def test_other_mathematics_does_not_inherit_the_tangents():
    refused(Doubled(5, 5, "tanh"), "expected a method J_Sum_tangent beside the mathematics")
    net = jp.Network([Mended(4, 5, "tanh"), jp.Dense(5, 2)], jp.SquaredError())
    assert differs(net, X, np.ones((6, 2))) < RESOLVED


def test_an_activation_without_a_second_derivative_is_refused():
    sine = jp.Activation("sine", np.sin, (np.cos,))
    refused(jp.Dense(5, 5, sine), r"Dense\(5, 5, \"sine\"\): the activation has no second derivative.*f''")
    more = jp.Activation("sine", np.sin, (np.cos, lambda z: -np.sin(z)))
    net = jp.Network([jp.Dense(4, 2, more)], jp.SquaredError())
    assert differs(net, X, np.ones((6, 2))) < RESOLVED


@pytest.mark.parametrize(
    ("returned", "text", "error"),
    [
        (None, "must be a dict of Jacobians; got NoneType", jp.errors.DTypeError),
        ({-1: np.eye(5)}, r"the tangent of factor -1: a factor must be a Jacobian", jp.errors.DTypeError),
        ({-1: jp.IdentityJacobian(4, cases=6)}, r"wrong shapes; got \(4,\) by \(4,\)", jp.errors.ShapeError),
        ({-1: jp.IdentityJacobian(5)}, "wrong number of cases", jp.errors.ShapeError),
    ],
)
def test_what_is_no_tangent_of_a_factor_is_refused(returned, text, error):
    class Odd(Shortcut):
        inputs = (-1,)

        def factor_tangents(self, params, cache, tangents):
            return returned

    refused(Odd(5, 1), text, error)


def test_what_has_no_hessian_is_refused():
    net, X, T = classifier()
    with pytest.raises(jp.errors.MissingTargetError, match="no target"):
        hessian(net, X, None)
    with pytest.raises(jp.errors.MissingTargetError, match="no loss"):
        hessian(jp.Network([jp.Dense(4, 2)]), X, None)
    with pytest.raises(jp.errors.UnsupportedLayerError, match="no Hessian"):
        hessian(jp.Network([jp.Dense(4, 2)], Bare()), X, np.ones((6, 2)))
    with pytest.raises(jp.errors.JacobpropError):
        hessian(None, X, T)
    with pytest.raises(jp.errors.DTypeError, match="sympy"):
        hessian(net, np.full((6, 4), sympy.Symbol("x")), T)
    with pytest.raises(jp.errors.ShapeError, match=r"do not fit.*shape \(44,\)"):
        hessian(net, X, T) @ np.ones(44)
    with pytest.raises(jp.errors.DenseLimitError, match="Hessian: 43 by 43"):
        hessian(net, X, T).matrix(max_bytes=43 * 43 * 8 - 1)
    assert hessian(jp.Network([jp.Softmax()], jp.CrossEntropy()), X, T).matrix().shape == (0, 0)
