"""The problem for scipy: residuals and Jacobian against differences, solvers against closed forms."""

import math

import numpy as np
import pytest
import sympy
from scipy.optimize import least_squares, minimize
from scipy.sparse.linalg import lsmr

import jacobprop as jp
from jacobprop import errors
from jacobprop.curvature.damped_steps import PrimalSteps
from jacobprop.curvature.least_squares import LeastSquaresProblem
from jacobprop.curvature.objective import Objective

RNG = np.random.default_rng(97)
CASES, N = 7, 3
X, T = RNG.normal(size=(CASES, N)), RNG.normal(size=(CASES, 2))
LABELS = RNG.integers(0, 3, CASES)
DECAY = 0.3


def network(loss=None, **options):
    return jp.Network([jp.Dense(N, 4, "tanh"), jp.Dense(4, 2)], loss or jp.SquaredError(), seed=7, **options)


def classifier():
    return jp.Network([jp.Dense(N, 4, "tanh"), jp.Dense(4, 3), jp.Softmax()], jp.CrossEntropy(), seed=7)


def differences(f, v, h=1e-6):
    """df/dv by central differences: a column for each entry of v."""
    columns = [(np.asarray(f(v + e)) - np.asarray(f(v - e))) / (2 * h) for e in h * np.eye(len(v))]
    return np.stack(columns, axis=-1)


LOSSES = {
    "squared": jp.SquaredError(),
    "summed": jp.SquaredError(reduction="sum"),
    "mean": jp.MeanSquaredError(),
}


@pytest.mark.parametrize("decay", [0.0, DECAY])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_residuals_square_to_the_loss_and_differ_by_the_jacobian(loss, decay):
    net = network(loss)
    problem, v = LeastSquaresProblem(net, X, T, weight_decay=decay), net.vector
    r, J = problem.residuals(v), problem.jacobian(v)
    W = [net.parameters[name] for name in ("W1", "W2")]
    expected = net.forward(X, T).loss + decay / 2 * sum((w**2).sum() for w in W)
    assert math.isclose(r @ r / 2, expected, rel_tol=1e-12)
    assert math.isclose(problem.loss(v), expected, rel_tol=1e-12)
    numeric = differences(problem.residuals, v)
    np.testing.assert_allclose(J.matrix(), numeric, atol=1e-8)
    np.testing.assert_allclose(J.residual, r)
    assert J.shape == (14 + (20 if decay else 0), 26)
    assert not np.allclose(1.001 * J.matrix(), numeric, atol=1e-8)  # the check sees a thousandth


def test_a_layer_whose_jacobian_is_wrong_is_seen_by_the_differences():
    class Wrong(jp.Dense):
        def sum_factors(self, params, cache):
            found = super().sum_factors(params, cache)
            return found | {"b": jp.DiagonalJacobian(np.full((CASES, self.n_out), 1.01))}

    net = jp.Network([Wrong(N, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError(), seed=7)
    problem, v = LeastSquaresProblem(net, X, T), net.vector
    gap = abs(problem.jacobian(v).matrix() - differences(problem.residuals, v))
    wrong = np.flatnonzero(gap.max(axis=0) > 1e-8)
    np.testing.assert_array_equal(wrong, np.arange(26)[net.slices["b1"]])


@pytest.mark.parametrize("net", [network(), classifier()], ids=["squares", "classes"])
def test_gradient_and_products(net):
    target = T if isinstance(net.loss, jp.SquaredError) else LABELS
    problem, v = LeastSquaresProblem(net, X, target, weight_decay=DECAY), net.vector
    J, p = problem.jacobian(v), RNG.normal(size=net.size)
    np.testing.assert_allclose(problem.gradient(v), differences(problem.loss, v), atol=1e-8)
    np.testing.assert_allclose(J.residual @ J, problem.gradient(v), atol=1e-12)
    dense = J.matrix()
    np.testing.assert_allclose(problem.hessp(v, p), dense.T @ dense @ p, atol=1e-12)
    block, rows = RNG.normal(size=(net.size, 3)), RNG.normal(size=(2, len(dense)))
    np.testing.assert_allclose(J @ block, dense @ block, atol=1e-12)
    np.testing.assert_allclose(rows @ J, rows @ dense, atol=1e-12)
    np.testing.assert_allclose(J.T @ rows.T, dense.T @ rows.T, atol=1e-12)
    np.testing.assert_allclose(np.asarray(J), dense)


def test_gauss_newton_is_the_hessian_where_the_network_is_linear():
    net = jp.Network([jp.Dense(N, 3), jp.Softmax()], jp.CrossEntropy(), seed=3)
    problem, v = LeastSquaresProblem(net, X, LABELS, weight_decay=DECAY), net.vector
    products = np.stack([problem.hessp(v, e) for e in np.eye(net.size)])
    np.testing.assert_allclose(products, differences(problem.gradient, v), atol=1e-8)


# -- the solvers of scipy ------------------------------------------------------------------------------


def ridge():
    centred = X - X.mean(axis=0)
    W = np.linalg.solve(centred.T @ centred / CASES + DECAY * np.eye(N), centred.T @ T / CASES)
    return np.concatenate([W.ravel(), T.mean(axis=0) - X.mean(axis=0) @ W])


def linear():
    net = jp.Network([jp.Dense(N, 2)], jp.SquaredError(), seed=1)
    return net.vector, LeastSquaresProblem(net, X, T, weight_decay=DECAY)


def free(problem):
    return lambda v: problem.jacobian(v).to_linear_operator()


SOLVERS = {
    "trf, dense": lambda v, p: least_squares(p.residuals, v, jac=p.jacobian, gtol=1e-12).x,
    "lm": lambda v, p: least_squares(p.residuals, v, jac=p.jacobian, method="lm", gtol=1e-12).x,
    "lsmr": lambda v, p: (
        least_squares(p.residuals, v, jac=free(p), tr_solver="lsmr", gtol=1e-12, ftol=None).x
    ),
    "dogbox": lambda v, p: least_squares(p.residuals, v, jac=free(p), method="dogbox", gtol=1e-12).x,
    "Newton-CG": lambda v, p: (
        minimize(p.loss, v, jac=p.gradient, hessp=p.hessp, method="Newton-CG", options={"xtol": 1e-12}).x
    ),
    "trust-ncg": lambda v, p: (
        minimize(p.loss, v, jac=p.gradient, hessp=p.hessp, method="trust-ncg", options={"gtol": 1e-10}).x
    ),
    "L-BFGS": lambda v, p: minimize(p.loss, v, jac=p.gradient, options={"gtol": 1e-10}).x,
    "one step of lsmr": lambda v, p: v + lsmr(p.jacobian(v), -p.residuals(v), atol=1e-14, btol=1e-14)[0],
}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_scipy_finds_ridge_regression(solver):
    np.testing.assert_allclose(solver(*linear()), ridge(), atol=1e-6)


@pytest.mark.parametrize("net", [network(), classifier()], ids=["squares", "classes"])
def test_a_step_of_lsmr_is_a_step_of_levenberg_marquardt(net):
    target = T if isinstance(net.loss, jp.SquaredError) else LABELS
    J = LeastSquaresProblem(net, X, target, weight_decay=DECAY).jacobian(net.vector)
    point = Objective(net, X, target, DECAY, "test").at(net.vector)
    expected = PrimalSteps(point, point.jacobian).step(0.04)
    found = lsmr(J, -J.residual, damp=0.2, atol=1e-14, btol=1e-14)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_one_pass_a_point_and_none_from_an_array_that_was_overwritten():
    net = network()
    problem, v = LeastSquaresProblem(net, X, T), net.vector
    before = problem.loss(v)
    problem.residuals(v), problem.jacobian(v), problem.gradient(v), problem.hessp(v, v)
    assert problem._objective.passes == 1
    v += 0.5
    assert problem.loss(v) == net.with_vector(v).forward(X, T).loss != before
    assert problem._objective.passes == 2


# -- what it may meet ----------------------------------------------------------------------------------


def test_a_loss_that_is_no_sum_of_squares_has_no_residuals():
    net = classifier()
    problem = LeastSquaresProblem(net, X, LABELS)
    with pytest.raises(errors.UnsupportedLayerError, match="the loss is no sum of squares; got 1/2"):
        problem.residuals(net.vector)
    wrong = net.with_parameters({"b2": [900.0, 0.0, -900.0]})
    assert problem.jacobian(wrong.vector).residual is None
    with pytest.raises(errors.UnsupportedLayerError, match="= None, loss"):
        problem.residuals(wrong.vector)


def test_nan_stays_nan():
    problem = LeastSquaresProblem(network(), X, T, weight_decay=DECAY)
    v = np.full(26, np.nan)
    with np.errstate(all="raise"):
        assert math.isnan(problem.loss(v))
        assert np.isnan(problem.residuals(v)).all()
        assert problem.residuals(v).shape == (34,)
        assert np.isnan(problem.gradient(v)).all()
    assert problem._objective.passes == 1


def test_float32_stays_float32():
    net = network(dtype=np.float32)
    problem = LeastSquaresProblem(net, X.astype(np.float32), T.astype(np.float32), weight_decay=DECAY)
    v = net.vector
    for array in (
        problem.residuals(v),
        problem.gradient(v),
        problem.hessp(v, v),
        problem.jacobian(v).matrix(),
    ):
        assert array.dtype == np.float32
    double = LeastSquaresProblem(net.astype(float), X, T, weight_decay=DECAY)
    np.testing.assert_allclose(problem.gradient(v), double.gradient(v), atol=1e-6)
    assert problem.loss(least_squares(problem.residuals, v, jac=problem.jacobian).x) < problem.loss(v)


def test_it_says_what_it_is():
    assert repr(LeastSquaresProblem(network(), X, T)).endswith("26 parameters, 7 cases>")
    assert repr(LeastSquaresProblem(network(), X, T).jacobian(np.zeros(26))) == (
        "<LeastSquaresJacobian: 14 by 26, float64>"
    )


SYMBOLS = np.array(sympy.symbols("v1:27"), dtype=object)
BAD = {
    "length": (lambda p: p.loss(np.zeros(25)), errors.ShapeError, "the vector holds all parameters"),
    "matrix": (lambda p: p.jacobian(np.zeros((26, 1))), errors.ShapeError, r"got shape \(26, 1\)"),
    "direction": (lambda p: p.hessp(np.zeros(26), [1.0]), errors.ShapeError, "the direction holds"),
    "words": (lambda p: p.gradient(["a"] * 26), errors.DTypeError, "does not hold real numbers"),
    "expressions": (lambda p: p.residuals(SYMBOLS), errors.DTypeError, "the vector holds expressions"),
}


@pytest.mark.parametrize(("call", "kind", "text"), BAD.values(), ids=BAD)
def test_vectors_that_do_not_fit_are_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call(LeastSquaresProblem(network(), X, T))


MISFITS = {
    "no network": (lambda: LeastSquaresProblem(None, X, T), errors.OptionError, "there is no network"),
    "no target": (lambda: LeastSquaresProblem(network(), X, None), errors.MissingTargetError, "target"),
    "decay": (
        lambda: LeastSquaresProblem(network(), X, T, weight_decay=-1),
        errors.OptionError,
        "LeastSquaresProblem: weight_decay must be a number; got -1",
    ),
    "cases": (lambda: LeastSquaresProblem(network(), X[:3], T), errors.ShapeError, "shaped exactly"),
}


@pytest.mark.parametrize(("make", "kind", "text"), MISFITS.values(), ids=MISFITS)
def test_what_makes_no_problem_is_refused(make, kind, text):
    with pytest.raises(kind, match=text):
        make()
