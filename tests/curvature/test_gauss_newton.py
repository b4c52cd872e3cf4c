"""Gauss-Newton and Fisher matrices against their dense definition, layer by layer, and what is refused."""

import itertools

import numpy as np
import pytest
import sympy
from network.custom_layers import RMSNorm
from network.market import DESIGNS, gap, stall
from scipy.sparse.linalg import cg, eigsh

import jacobprop as jp
from jacobprop.curvature import loss_curvature as module
from jacobprop.curvature.kronecker import Kronecker
from jacobprop.curvature.loss_curvature import GaussNewton, fisher, gauss_newton
from jacobprop.curvature.loss_root import expanded

from .test_loss_root import Bare, Cauchy, Coupled, textbook

SMALL = [design for design in DESIGNS if 0 < stall(design).net.size < 300]
RNG = np.random.default_rng(71)
X, LABELS = RNG.normal(0, 1, (6, 4)), np.array([0, 2, 1, 1, 0, 2])


def classifier(reduction="mean", cases=6, **options):
    layers = [jp.Dense(4, 5, "tanh"), jp.Dense(5, 3), jp.Softmax()]
    net = jp.Network(layers, jp.CrossEntropy(reduction=reduction), seed=2, **options)
    return net, (X[:cases] if cases else X[0]), (LABELS[:cases] if cases else LABELS[0])


def stacked_jacobian(record, names, of):
    """(cases, rows, parameters) from the record's Jacobians by each parameter."""
    blocks = []
    for name in names:
        dense = record.jacobian(of, name).matrix()
        blocks.append(dense if record.cases else dense[None])
    return np.concatenate(blocks, axis=-1)


def defined(net, record, H=None):
    """sum_c weight J_c^T H_c J_c, H from the textbook."""
    loss, node, x = expanded(record)
    t = np.atleast_2d(record.target)
    J = stacked_jacobian(record, net.parameters, node.name)
    H = textbook(type(loss).__name__, np.atleast_2d(x), t) if H is None else H
    return loss.weight(record.cases) * np.einsum(
        "cmp,cmn,cnq->pq", J, np.broadcast_to(H, (len(J), *H.shape[-2:])), J
    )


def every_way(G):
    """The dense matrix by each route."""
    yield "matrix", G.matrix()
    yield "products", G @ np.eye(len(G.matrix()))
    yield "rows", np.eye(G.order) @ G


def on_blocks(net, dense):
    """{layer: the square of a dense matrix}."""
    found = {}
    for number in range(1, len(net.layers) + 1):
        places = [net.slices[name] for name in net.parameters if name[1:] == str(number)]
        if places:
            own = slice(places[0].start, places[-1].stop)
            found[number] = dense[own, own]
    return found


# -- the definition ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", SMALL, ids=lambda design: design.id)
def test_it_is_its_dense_definition(design):
    s = stall(design)
    G, wanted = gauss_newton(s.net, s.X, s.T), defined(s.net, s.record)
    scale = np.abs(wanted).max() or 1
    v = np.random.default_rng(design.number).normal(0, 1, s.net.size)
    assert np.abs(G.matrix() - wanted).max() < 1e-12 * scale
    assert gap(G @ v, wanted @ v) < 1e-12
    assert gap(np.stack([v, -2 * v]) @ G, np.stack([wanted @ v, -2 * wanted @ v])) < 1e-12
    assert np.abs(G.diagonal() - np.diag(wanted)).max() < 1e-12 * scale
    blocks, places = G.blocks(), on_blocks(s.net, wanted)
    assert list(blocks) == list(places)
    for number, block in blocks.items():
        assert np.abs(block - places[number]).max() < 1e-12 * scale
    assert np.array_equal(G.matrix(), G.matrix().T)
    assert np.linalg.eigvalsh(G.matrix()).min() > -1e-12 * scale


def test_the_definition_sees_a_wrong_matrix():
    net, X, T = classifier()
    wanted = defined(net, net.forward(X, T))
    assert gap(gauss_newton(*classifier("sum")).matrix(), wanted) > 0.5
    assert gap(gauss_newton(*classifier("sum")).matrix(), 6 * wanted) < 1e-13
    assert gap(fisher(net, X, T, empirical=True).matrix(), wanted) > 0.1


def test_with_scipy_as_it_is_and_as_an_operator():
    G = gauss_newton(*classifier())
    dense = G.matrix()
    assert G.shape == (43, 43)
    assert repr(G) == "<GaussNewton: 43 by 43, float64>"
    top = eigsh(G, k=2, return_eigenvectors=False, v0=np.ones(43))
    assert gap(top, np.linalg.eigvalsh(dense)[-2:]) < 1e-10
    b, operator = np.arange(43.0), G.to_linear_operator()
    x, stopped = cg(operator, operator @ b, rtol=1e-12)
    assert stopped == 0
    assert gap(operator @ x, dense @ b) < 1e-10
    assert gap(b @ G, dense @ b) < 1e-13
    assert gap(G.T @ b, dense @ b) < 1e-13
    assert gap(np.asarray(G), dense) == 0


def test_the_cases_are_expanded_a_few_at_a_time(monkeypatch):
    whole = gauss_newton(*classifier())
    monkeypatch.setattr(module, "_AT_ONCE", 4 * 8 * 43 * 3)
    assert gap(gauss_newton(*classifier()).matrix(), whole.matrix()) < 1e-14
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    for number, block in gauss_newton(*classifier()).blocks().items():
        assert gap(block, whole.blocks()[number]) < 1e-14


def test_float32_stays():
    net, X, T = classifier(dtype=np.float32)
    G = gauss_newton(net, X.astype(np.float32), T)
    wide = gauss_newton(net.with_parameters(net.parameters), X.astype(np.float32).astype(float), T)
    v = np.ones(43, np.float32)
    (K, *_) = G.kronecker().values()
    found = (G @ v, G.diagonal(), G.matrix(), *G.blocks().values(), K.matrix(), K.solve(v[:25], 1.0))
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert gap(G.matrix(), wide.matrix()) < 1e-5


def test_a_saturated_network_is_finite_and_right():
    """Logits up to 800 apart: p is 0 or 1, and H with it, but for one case at a gap of 30."""
    net = jp.Network(
        [jp.Dense.from_arrays(np.diag([800.0, 30.0, 1.0]), np.zeros(3)), jp.Softmax()], jp.CrossEntropy()
    )
    X = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0]])
    G = gauss_newton(net, X, [1, 0, 2])
    p = np.exp([-30, 0, -30.0])
    slopes = p * (p.sum() - p) / p.sum() ** 2
    wanted = np.zeros((3, 3))
    wanted[1] = slopes / 3
    by_weight = G.diagonal()[:9].reshape(3, 3)
    assert np.isfinite(G.matrix()).all()
    assert np.allclose(by_weight[1], wanted[1], rtol=1e-14)
    assert by_weight[0, 0] == 0  # e^-800, below the smallest number
    assert gap(by_weight[0, 1], 1 / 12) < 1e-14  # case 2 leaves the other two even: 1/4 of 1/3
    assert gap(np.diag(G.matrix())[3:6], G.diagonal()[3:6]) < 1e-15


# -- Kronecker factors ------------------------------------------------------------------------------------


def test_one_case_is_a_kronecker_product():
    net, X, T = classifier(cases=None)
    G = gauss_newton(net, X, T)
    for number, K in G.kronecker().items():
        assert isinstance(K, Kronecker)
        assert gap(np.kron(K.A, K.B), G.blocks()[number]) < 1e-13
        assert gap(K.matrix(), G.blocks()[number]) < 1e-13


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_many_cases_are_the_product_of_the_means(reduction):
    net, X, T = classifier(reduction)
    G, record = gauss_newton(net, X, T), net.forward(X, T)
    weight = 1 / 6 if reduction == "mean" else 1
    H = textbook("CrossEntropy", record.sum(3), record.target)
    factors = G.kronecker()
    assert list(factors) == [1, 2]
    for number, K in factors.items():
        below = np.column_stack([record.activation(number - 1), np.ones(6)])
        rows = record.jacobian("z3", f"z{number}").matrix()
        assert gap(K.A, np.einsum("ci,ck->ik", below, below) / 6) < 1e-14
        assert gap(K.B, weight * np.einsum("cmj,cmn,cnl->jl", rows, H, rows)) < 1e-13
        assert gap(np.trace(K.A) * 6, (below**2).sum()) < 1e-14
    same = gauss_newton(net, np.tile(X[0], (6, 1)), np.full(6, T[0]))  # all cases alike: exact again
    assert gap(same.kronecker()[1].matrix(), same.blocks()[1]) < 1e-13


def test_a_kronecker_product_multiplies_and_solves():
    K = gauss_newton(*classifier()).kronecker()[2]
    dense, v = np.kron(K.A, K.B), RNG.normal(0, 1, (18, 2))
    assert K.shape == (18, 18)
    assert gap(K @ v, dense @ v) < 1e-14
    assert gap(K @ v[:, 0], dense @ v[:, 0]) < 1e-14
    assert gap(v.T @ K, v.T @ dense) < 1e-14
    damped = dense + 1e-3 * np.eye(18)
    assert gap(K.solve(v, 1e-3), np.linalg.solve(damped, v)) < 1e-10
    assert gap(K.solve(v[:, 1], 1e-3), np.linalg.solve(damped, v[:, 1])) < 1e-10


@pytest.mark.parametrize("damping", [0, -1.0, np.nan, "1", None, True])
def test_solving_needs_a_positive_damping(damping):
    with pytest.raises(jp.errors.OptionError, match=r"damping is a positive number.*above 0"):
        gauss_newton(*classifier()).kronecker()[1].solve(np.ones(25), damping)


def test_solving_refuses_what_does_not_fit_or_is_not_finite():
    K = gauss_newton(*classifier()).kronecker()[1]
    with pytest.raises(jp.errors.ShapeError, match=r"do not fit.*shape \(24,\)"):
        K.solve(np.ones(24), 1)
    with pytest.raises(jp.errors.NonFiniteError, match="A is not finite"):
        Kronecker(np.full((2, 2), np.nan), np.eye(3)).solve(np.ones(6), 1)


class Gain(jp.Layer):
    """a = C (y W): two slots, of which the weights do not stand next to the top."""

    n_in = 4

    def init(self, rng, dtype):
        return {"W": rng.normal(0, 1, (4, 3)), "C": rng.normal(1, 1, 3)}

    def width(self, n_in):
        return 3

    def forward(self, params, inputs):
        (y,) = inputs
        return params["C"] * (y @ params["W"]), y

    def factors(self, params, y):
        by_sum, n = jp.DiagonalJacobian(params["C"]), len(y)
        by_sum = by_sum.for_cases(n)
        return {
            -1: by_sum @ jp.ScaledJacobian(None, params["W"].T, cases=n),
            "W": jp.WeightJacobian(by_sum, y),
            "C": jp.DiagonalJacobian(y @ params["W"]),
        }


def test_a_layer_of_several_factors_has_blocks_and_no_kronecker_product():
    net = jp.Network([Gain(), jp.Dense(3, 2, "tanh")], jp.SquaredError())
    T = RNG.normal(0, 1, (6, 2))
    G = gauss_newton(net, X, T)
    wanted = on_blocks(net, defined(net, net.forward(X, T)))
    for number, block in G.blocks().items():
        assert gap(block, wanted[number]) < 1e-13
    with pytest.raises(
        jp.errors.UnsupportedLayerError, match=r"layer 1 .*no Kronecker product; got W1 and C1"
    ):
        G.kronecker()
    normed = gauss_newton(jp.Network([RMSNorm(4)], jp.SquaredError()), X, X)  # one slot, no weights: exact
    assert gap(normed.kronecker()[1].matrix(), normed.blocks()[1]) < 1e-14


# -- losses of one's own ----------------------------------------------------------------------------------


def test_a_loss_that_is_not_convex_keeps_its_signs():
    net = jp.Network([jp.Dense(4, 3, "tanh"), jp.Dense(3, 2)], Cauchy(), seed=1)
    T = RNG.normal(0, 2, (6, 2))
    G, record = gauss_newton(net, X, T), net.forward(X, T)
    wanted = defined(net, record, Cauchy().hessian(record.output, T))
    for way, dense in every_way(G):
        assert gap(dense, wanted) < 1e-13, way
    assert gap(G.diagonal(), np.diag(wanted)) < 1e-13
    assert np.linalg.eigvalsh(wanted).min() < -0.01
    assert np.array_equal(G.matrix(), G.matrix().T)
    one = gauss_newton(net, X[0], T[0])
    assert gap(one.kronecker()[1].matrix(), one.blocks()[1]) < 1e-13
    assert gap(one.matrix(), one @ np.eye(net.size)) < 1e-13


class Saddle(Coupled):
    """1/2 (y - t)^T M (y - t) with M of no sign."""

    M = np.array([[1.0, 0.3, -2.0], [0.3, -0.7, 0.1], [-2.0, 0.1, 0.2]])

    def row(self, y, t):
        return (y - t) @ self.M

    def hessian(self, x, t):
        return self.M


def test_a_saddle_is_symmetric_and_expanded_a_few_cases_at_a_time(monkeypatch):
    net = jp.Network([jp.Dense(4, 7, "tanh"), jp.Dense(7, 3)], Saddle(), seed=1)
    wanted = defined(net, net.forward(X, np.ones((6, 3))), Saddle.M)
    G = gauss_newton(net, X, np.ones((6, 3)))
    assert gap(G.matrix(), wanted) < 1e-13
    assert np.array_equal(G.matrix(), G.matrix().T)
    monkeypatch.setattr(module, "_AT_ONCE", 8 * 3 * net.size * 4)
    assert gap(G.matrix(), wanted) < 1e-13
    own = jp.Network([jp.Dense(4, 3, "tanh"), jp.Dense(3, 2)], Cauchy(), seed=1)
    T = RNG.normal(0, 2, (6, 2))
    monkeypatch.setattr(module, "_AT_ONCE", 8 * 2 * own.size * 4)
    wanted = defined(own, own.forward(X, T), Cauchy().hessian(own(X), T))
    assert gap(gauss_newton(own, X, T).matrix(), wanted) < 1e-13


def test_a_loss_with_one_root_for_all_cases():
    net = jp.Network([jp.Dense(4, 3)], Coupled())
    T = RNG.normal(0, 2, (6, 3))
    wanted = defined(net, net.forward(X, T), Coupled.R @ Coupled.R.T)
    for _, dense in every_way(gauss_newton(net, X, T)):
        assert gap(dense, wanted) < 1e-13


# -- Fisher -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cases", [6, None])
def test_fisher_of_a_softmax_is_the_mean_over_the_classes(cases):
    net, X, T = classifier(cases=cases)
    p = net(X)
    total = 0
    for k in range(3):
        labels = np.full(6, k) if cases else np.int64(k)
        g = stacked_jacobian(net.forward(X, labels), net.parameters, "L")[:, 0]
        total = total + np.einsum("c,cp,cq->pq", np.atleast_2d(p)[:, k], g, g) / (cases or 1)
    F = fisher(net, X)
    assert isinstance(F, GaussNewton)
    for way, dense in every_way(F):
        assert gap(dense, total) < 1e-12, way
    assert gap(gauss_newton(net, X, T).matrix(), total) < 1e-12


def test_fisher_of_sigmoids_is_the_mean_over_their_targets():
    net = jp.Network([jp.Dense(4, 2, "sigmoid")], jp.BinaryCrossEntropy(reduction="sum"))
    p, total = net(X), 0
    for t in itertools.product([0.0, 1.0], repeat=2):
        g = stacked_jacobian(net.forward(X, np.tile(t, (6, 1))), net.parameters, "L")[:, 0]
        share = np.where(t, p, 1 - p).prod(axis=1)
        total = total + np.einsum("c,cp,cq->pq", share, g, g)
    assert gap(fisher(net, X).matrix(), total) < 1e-13


@pytest.mark.parametrize("loss", [jp.SquaredError(), jp.MeanSquaredError()])
def test_fisher_of_a_squared_error_is_gauss_newton_whatever_the_targets(loss):
    net = jp.Network([jp.Dense(4, 3, "tanh"), jp.Dense(3, 2, "sigmoid")], loss)
    assert gap(fisher(net, X).matrix(), gauss_newton(net, X, np.ones((6, 2))).matrix()) < 1e-15


@pytest.mark.parametrize("cases", [6, None])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_empirical_fisher_adds_up_gradients(cases, reduction):
    net, X, T = classifier(reduction, cases)
    g = stacked_jacobian(net.forward(X, T), net.parameters, "L")[:, 0]
    wanted = g.T @ g / (6 if cases and reduction == "mean" else 1)
    F = fisher(net, X, T, empirical=True)
    for way, dense in every_way(F):
        assert gap(dense, wanted) < 1e-13, way
    assert gap(F.diagonal(), np.diag(wanted)) < 1e-13
    assert gap(F.kronecker()[1].B, (on_blocks(net, wanted)[1][20:, 20:])) < 1e-13


# -- what is refused --------------------------------------------------------------------------------------


def test_fisher_takes_targets_for_the_empirical_one_alone():
    net, X, T = classifier()
    for bad in ({"T": T}, {"empirical": "yes"}, {"T": T, "empirical": 1}):
        with pytest.raises(jp.errors.OptionError, match=r"draws its own targets.*empirical=True"):
            fisher(net, X, **bad)
    with pytest.raises(jp.errors.MissingTargetError, match="no target"):
        fisher(net, X, empirical=True)
    with pytest.raises(
        jp.errors.MissingTargetError, match="no loss, so that its targets have no distribution"
    ):
        fisher(jp.Network([jp.Dense(4, 2)]), X)
    with pytest.raises(jp.errors.UnsupportedLayerError, match=r"expected_target\(x\)"):
        fisher(jp.Network([jp.Dense(4, 3)], Coupled()), X)


def test_what_has_no_curvature_is_refused():
    net, X, T = classifier()
    with pytest.raises(jp.errors.MissingTargetError, match="no target"):
        gauss_newton(net, X, None)
    with pytest.raises(jp.errors.MissingTargetError, match="no loss"):
        gauss_newton(jp.Network([jp.Dense(4, 2)]), X, None)
    with pytest.raises(jp.errors.UnsupportedLayerError, match="no Hessian"):
        gauss_newton(jp.Network([jp.Dense(4, 2)], Bare()), X, np.ones((6, 2)))
    with pytest.raises(jp.errors.JacobpropError):
        gauss_newton("net", X, T)
    with pytest.raises(jp.errors.ShapeError, match="wrong width"):
        gauss_newton(net, X[:, :3], T)
    with pytest.raises(jp.errors.DTypeError, match="sympy"):
        gauss_newton(net, np.full((6, 4), sympy.Symbol("x")), T)


def test_dense_forms_stop_at_the_limit_and_products_do_not():
    net = jp.Network([jp.Dense(400, 300), jp.Dense(300, 2)], jp.SquaredError())
    G = gauss_newton(net, np.ones((3, 400)), np.ones((3, 2)))
    for ask in (G.matrix, G.blocks, lambda: np.asarray(G)):
        with pytest.raises(jp.errors.DenseLimitError, match="GaussNewton: 120902 by 120902"):
            ask()
    assert (G @ np.ones(G.order)).shape == G.diagonal().shape == (120902,)
    small = gauss_newton(*classifier())
    with pytest.raises(jp.errors.DenseLimitError, match=r"blocks of .*kronecker\(\)"):
        small.blocks(max_bytes=8 * (25**2 + 18**2) - 1)
    assert len(small.blocks(max_bytes=8 * (25**2 + 18**2))) == 2


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(jp.errors.ShapeError, match=r"do not fit.*shape \(42,\)"):
        gauss_newton(*classifier()) @ np.ones(42)


def test_no_warning_leaves_and_nan_passes_through():
    net, X, T = classifier()
    X = X.copy()
    X[2, 1] = np.nan
    with np.errstate(all="raise"):
        G = gauss_newton(net, X, T)
        found = (G @ net.vector, G.diagonal(), G.matrix(), *G.blocks().values(), G.kronecker()[1].B)
    assert all(np.isnan(array).any() for array in found)
    own = jp.Network([jp.Dense(4, 3)], Cauchy())
    assert np.isnan(gauss_newton(own, X, np.ones((6, 3))).matrix()).any()


def test_a_network_without_parameters_has_an_empty_matrix():
    G = gauss_newton(jp.Network([jp.Softmax()], jp.CrossEntropy()), X, LABELS)
    assert G.matrix().shape == (0, 0)
    assert G.diagonal().shape == (0,)
    assert (G @ np.empty(0)).shape == (0,)
    assert G.blocks() == G.kronecker() == {}
