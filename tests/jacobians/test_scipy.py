"""A 2-D Jacobian handed straight to scipy and numpy, and a stack through .stacked()."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg

from jacobprop.errors import DTypeError, ShapeError
from jacobprop.jacobians import (
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    ScaledJacobian,
    TransposedJacobian,
    WeightJacobian,
)

from .market import VARIANTS, Numbers, close, samples

SINGLE = [name for name, variant in VARIANTS.items() if variant.fits(None)]
single = pytest.mark.parametrize("name", SINGLE)


def stack():
    """Weights below a softmax layer, 6 cases: 18 equations for 8 unknowns."""
    draw = Numbers(1)
    low = DiagonalPlusLowRankJacobian(draw(6, 3), draw(6, 3, 1), draw(6, 3, 1))
    return (
        low
        @ ScaledJacobian(draw(6, 3), draw(3, 2))
        @ WeightJacobian(DiagonalJacobian(draw(6, 2)), draw(6, 4))
    )


def maps():
    """A 2-D map of each make, tall and of full column rank but for the last two."""
    draw = Numbers(2)
    yield "dense", DenseJacobian(draw(7, 4))
    yield "scaled", ScaledJacobian(draw(7), draw(7, 4), draw(4))
    yield "stacked dense", DenseJacobian(draw(5, 3, 4)).stacked()
    yield "stacked weight", stack().stacked()
    yield "transposed", WeightJacobian(draw(2, 3), draw(4)).T
    yield "diagonal", DiagonalJacobian(draw(6))
    yield "low rank", DiagonalPlusLowRankJacobian(draw(6), draw(6, 2), draw(6, 2))


MAPS = dict(maps())
each = pytest.mark.parametrize("J", list(MAPS.values()), ids=list(MAPS))


def least_squares_solution(J, b):
    return np.linalg.lstsq(np.array(J.matrix()), b)[0]


@each
def test_lsmr(J):
    b = Numbers(3)(J.shape[0])
    x = linalg.lsmr(J, b, atol=1e-14, btol=1e-14, conlim=0, maxiter=500)[0]
    close(x, least_squares_solution(J, b), 1e-8)


@each
def test_lsqr(J):
    b = Numbers(4)(J.shape[0])
    x = linalg.lsqr(J, b, atol=1e-14, btol=1e-14, conlim=0, iter_lim=500)[0]
    close(x, least_squares_solution(J, b), 1e-8)


@each
@pytest.mark.parametrize("solver", ["arpack", "propack"])
def test_svds(J, solver):
    start = np.linspace(1, 2, min(J.shape) if solver == "arpack" else J.shape[0])
    values = linalg.svds(J, k=1, solver=solver, v0=start, return_singular_vectors=False, tol=1e-10)
    close(np.sort(values)[::-1], np.linalg.svd(J.matrix(), compute_uv=False)[:1], 1e-6)


def test_svds_by_blocks():
    J = DiagonalPlusLowRankJacobian(np.ones(40), *Numbers(10)(2, 40, 2))
    start = Numbers(11)(40)
    values = linalg.svds(J, k=2, solver="lobpcg", v0=start, return_singular_vectors=False, maxiter=200)
    close(np.sort(values)[::-1], np.linalg.svd(J.matrix(), compute_uv=False)[:2], 1e-6)


def test_a_stack_is_told_to_stack():
    J = stack()
    assert J.cases == 6
    vector, rows = np.ones(8), np.ones(3)
    calls = {
        "matvec": lambda: J.matvec(vector),
        "rmatvec": lambda: J.rmatvec(rows),
        "matmat": lambda: J.matmat(vector[:, None]),
        "rmatmat": lambda: J.rmatmat(rows[:, None]),
        "to_linear_operator": J.to_linear_operator,
        "to_sparse": J.to_sparse,
    }
    for call, run in calls.items():
        with pytest.raises(
            ShapeError, match=rf"^{call} of <.*>: scipy's interface is for one map.*\.stacked\(\)"
        ):
            run()


@pytest.mark.parametrize(
    "settings", [{"method": "lm"}, {"x_scale": "jac"}, {"method": "lm", "x_scale": "jac"}]
)
@pytest.mark.parametrize("stacked", [False, True], ids=["one map", "stacked cases"])
def test_least_squares(settings, stacked):
    """Fit tanh(M x) to its values at x = (0.5, -0.25): J = diag(1 - tanh^2) M."""
    M = Numbers(5)(12, 2) / 4
    goal = np.array([0.5, -0.25])
    asked = []

    def residual(x):
        return np.tanh(M @ x) - np.tanh(M @ goal)

    def jacobian(x):
        slopes = 1 - np.tanh(M @ x) ** 2
        asked.append(x)
        if not stacked:
            return ScaledJacobian(slopes, M)
        return DenseJacobian((slopes[:, None] * M).reshape(12, 1, 2), ()).stacked()

    fit = scipy.optimize.least_squares(residual, [0.0, 0.0], jac=jacobian, **settings)
    assert asked
    assert fit.success
    close(fit.x, goal, 1e-7)


def test_curve_fit():
    """f(x; p) = p0 exp(p1 x), whose Jacobian by p is two columns."""
    x = np.linspace(0, 1, 9)

    def jacobian(x, p0, p1):
        return DenseJacobian(np.stack([np.exp(p1 * x), p0 * x * np.exp(p1 * x)], axis=1))

    found, _ = scipy.optimize.curve_fit(
        lambda x, p0, p1: p0 * np.exp(p1 * x), x, 2 * np.exp(0.5 * x), p0=[1, 0], jac=jacobian
    )
    close(found, [2, 0.5], 1e-7)


@single
def test_the_four_products(name):
    for J, reference, *_ in samples(name, None):
        o, n = reference.shape
        v, u = Numbers(6)(n), Numbers(7)(o)
        operators = [J, linalg.aslinearoperator(J), J.to_linear_operator()]
        for op in operators:
            assert op.shape == reference.shape
            assert op.dtype == np.float64
            close(op.matvec(v), reference @ v)
            close(op.rmatvec(u), reference.T @ u)
            for k in (0, 1, 3):
                if k or op is not operators[1]:  # scipy's own default matmat fails on no columns
                    close(op.matmat(Numbers(8)(n, k)), reference @ Numbers(8)(n, k))
                close(op.rmatmat(Numbers(9)(o, k)), reference.T @ Numbers(9)(o, k))
        close(J.to_linear_operator() @ v, reference @ v)
        close(J.to_linear_operator().H @ u, reference.T @ u)
        close(J.matvec(v[:, None]), reference @ v)  # a column is a vector, as in scipy


@single
def test_to_sparse(name):
    for J, reference, *_ in samples(name, None):
        S = J.to_sparse()
        assert isinstance(S, sparse.csr_array)
        assert S.dtype == np.float64
        close(S.toarray(), reference)
        assert np.count_nonzero(S.data) == S.nnz == np.count_nonzero(reference)


def test_sparse_forms_store_no_zeros():
    D = DiagonalJacobian([0.5, 0.0, 2.0])
    assert D.to_sparse().nnz == 2
    for m in (1, 2, 3, 5):
        W = WeightJacobian(DiagonalJacobian(np.ones(m)), [1.0, 0.0, 3.0])
        assert W.to_sparse().nnz == 2 * m
        assert W.T.to_sparse().nnz == 2 * m
        close(W.T.to_sparse().toarray(), W.matrix().T)


def test_sparse_forms_of_what_no_dense_array_could_hold():
    m = 100_000
    assert IdentityJacobian(m).to_sparse().nnz == m
    assert DiagonalJacobian(np.ones(m)).to_sparse().nnz == m
    W = WeightJacobian(DiagonalJacobian(np.ones(1000)), np.ones(500))
    assert W.to_sparse().shape == (1000, 500_000)
    assert W.T.to_sparse().nnz == 500_000


@each
def test_numpy_linalg(J):
    close(np.linalg.norm(np.asarray(J)), np.sqrt((J.matrix() ** 2).sum()))
    close(np.linalg.norm(J), np.sqrt((J.matrix() ** 2).sum()))
    close(np.linalg.matrix_rank(J), np.linalg.matrix_rank(np.array(J.matrix())))
    close(np.linalg.svd(J, compute_uv=False), np.linalg.svd(J.matrix(), compute_uv=False))


@each
def test_asarray(J):
    dense = np.asarray(J)
    assert dense.dtype == np.float64
    close(dense, J.matrix())
    assert np.asarray(J, dtype=np.float32).dtype == np.float32
    assert np.asarray(J, dtype="f4", copy=True).dtype == np.float32
    mine = np.array(J)
    mine[...] = 0  # a copy is the caller's own
    close(np.asarray(J), dense)
    assert np.array(J, copy=True).flags.writeable
    with pytest.raises(ValueError, match="copy"):
        np.asarray(J, dtype="f4", copy=False)
    close(np.asarray(J, copy=False), dense)


def test_asarray_of_a_stack_has_the_cases_first():
    J = stack()
    assert np.asarray(J).shape == J.shape == (6, 3, 8)


def test_arrays_on_the_left_ask_the_jacobian():
    J = DenseJacobian(Numbers(1)(3, 2))
    close(np.ones(3) @ J, np.asarray(J).sum(axis=0))
    close([1, 1, 1] @ J, np.asarray(J).sum(axis=0))
    close(np.ones((4, 3)) @ J, np.ones((4, 3)) @ np.asarray(J))
    with pytest.raises(TypeError):
        np.ones(3) * J  # entrywise products have no meaning for a map
    with pytest.raises(TypeError):
        np.exp(J)


def test_sparse_operands_are_refused():
    with pytest.raises(DTypeError, match=r"is sparse\. Pass \.toarray\(\)"):
        DiagonalJacobian([1.0, 2.0]) @ sparse.csr_array(np.eye(2))


def test_the_transposed_class_stays_a_map():
    J = WeightJacobian(Numbers(1)(2, 3), Numbers(2)(4))
    assert type(J.T) is TransposedJacobian
    u = np.ones(2)
    close(linalg.aslinearoperator(J.T).matvec(u), J.rmatvec(u))
