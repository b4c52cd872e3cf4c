"""What broke once: empty blocks, huge numbers, powers beyond all floats, pickles, threads, narrow dtypes."""

import pickle
import tracemalloc

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.curvature.damped_steps import cheaper
from jacobprop.curvature.residual_jacobian import ResidualJacobian
from jacobprop.curvature.terms import Part, Term
from jacobprop.errors import DTypeError, OptionError

RNG = np.random.default_rng(6)
X, T = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
NET = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], jp.SquaredError(), seed=2)
HUGE = 10**400


def problem(net=NET, **options):
    return jp.LeastSquaresProblem(net, X, T, **options)


OPERATORS = {
    "parameter_jacobian": lambda: jp.parameter_jacobian(NET, X),
    "transposed": lambda: jp.parameter_jacobian(NET, X).T,
    "gauss_newton": lambda: jp.gauss_newton(NET, X, T),
    "hessian": lambda: jp.hessian(NET, X, T),
    "kronecker": lambda: jp.gauss_newton(NET, X, T).kronecker()[1],
    "least_squares": lambda: problem(weight_decay=0.1).jacobian(NET.vector),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_no_columns_and_no_rows(name):
    A = OPERATORS[name]()
    m, n = A.shape
    assert (A @ np.ones((n, 0))).shape == (m, 0)
    assert (np.ones((0, m)) @ A).shape == (0, n)


def test_rows_and_columns_of_nothing_and_of_what_is_no_index():
    class Broken:
        def __index__(self):
            raise RuntimeError("broken")

    J = jp.parameter_jacobian(NET, X)
    assert J.rows([]).shape == (0, 26)
    assert J.columns([]).shape == (10, 0)
    for given in (2**63, Broken()):
        for take in (J.rows, J.columns):
            with pytest.raises(OptionError, match="no such entries"):
                take(given)


def test_a_row_takes_no_square_of_all_rows():
    line = jp.Network([jp.Dense(1, 1)])
    J = jp.parameter_jacobian(line, np.arange(4000.0)[:, None])
    tracemalloc.start()
    try:
        assert np.array_equal(J.rows([7, -1]), [[7, 1], [3999, 1]])
        assert tracemalloc.get_traced_memory()[1] < 4000**2  # a square of doubles is 8 times that
    finally:
        tracemalloc.stop()


def test_numbers_beyond_all_floats():
    J, K = jp.parameter_jacobian(NET, X), jp.gauss_newton(NET, X, T).kronecker()[1]
    with pytest.raises(OptionError, match="the limit of a norm is a positive number"):
        J.clipped_sum(HUGE)
    with pytest.raises(OptionError, match="the damping is a positive number"):
        K.solve(np.ones(16), HUGE)
    for value in (-HUGE, HUGE, np.float32("inf")):
        with pytest.raises(OptionError, match="loss_target must be a number"):
            jp.levenberg_marquardt(NET, X, T, loss_target=value)
    with np.errstate(all="raise"), pytest.raises(OptionError, match="weight_decay must be a number"):
        problem(weight_decay=np.float32("inf"))
    with np.errstate(all="raise"):
        narrow = problem(weight_decay=np.float32(0.25)).loss(NET.vector)
    assert narrow == problem(weight_decay=0.25).loss(NET.vector)
    unlimited = J.clipped_sum(np.inf)
    assert np.allclose(unlimited, J.matrix().sum(axis=0), rtol=0, atol=1e-13)


def test_a_tangent_of_some_parameters_keeps_its_dtype():
    narrow = jp.parameter_jacobian(NET.astype(np.float32), X.astype(np.float32))
    tangent = RNG.normal(size=(3, 4))
    assert narrow.push({"W1": tangent}).dtype == np.float64
    s = sympy.Symbol("s")
    moved = jp.parameter_jacobian(NET, X).push({"b2": np.array([s, 2 * s])})
    assert moved[3, 0] == s
    assert moved[3, 1] == 2 * s


def test_the_residuals_jacobian_keeps_the_operands_dtype():
    net = NET.astype(np.float32)
    A = jp.LeastSquaresProblem(net, X.astype(np.float32), T).jacobian(net.vector)
    v = RNG.normal(size=26)
    assert (A @ v).dtype == np.float64
    assert (np.ones(10) @ A).dtype == np.float64
    assert np.allclose(A @ v, A._A.wide().matrix() @ v, rtol=0, atol=1e-13)
    assert not np.allclose(A @ v, A @ v.astype(np.float32), rtol=0, atol=1e-9)


def test_a_problem_survives_a_pickle():
    given = problem(weight_decay=0.1)
    v = NET.vector
    J = given.jacobian(v)
    again, J_again = pickle.loads(pickle.dumps((given, J)))  # noqa: S301  (our own)
    assert np.array_equal(J_again.matrix(), J.matrix())
    assert again.loss(v) == given.loss(v)


def test_threads_that_share_a_problem_get_their_own_points():
    class Contested(jp.LeastSquaresProblem):
        """Where another thread is always the last to write."""

        @property
        def _last(self):
            return self.__dict__.get("last")

        @_last.setter
        def _last(self, point):
            self.__dict__["last"] = other

    other = problem()._at(NET.vector + 1, "loss")
    contested = Contested(NET, X, T)
    assert contested.loss(NET.vector) == problem().loss(NET.vector) != other.value


def test_0_stays_0_beside_a_power_of_two_beyond_all_floats():
    """The inner product of both cases is 1e400; the unit that is off moves with none of its weights."""
    net = jp.Network([jp.Dense.from_arrays([[1.0, -1.0]], activation="relu")])
    K = jp.ntk(net, np.array([[1e200], [2e200]]), method="structured")
    assert np.array_equal(K[:, 1], np.zeros((2, 2, 2)))
    assert np.isinf(K[:, 0, :, 0]).all()


def test_rows_that_all_cases_share_and_0_between_them():
    """K = sum of x x' W2^T W2, whose rows 0 and 1 are orthogonal, beside a and b of the layer above."""
    W2 = np.array([[1.0, 1.0, 2.0], [1.0, -1.0, 1.0]])
    net = jp.Network([jp.Dense.from_arrays(np.zeros((1, 2))), jp.Dense.from_arrays(W2)])
    K = jp.ntk(net, np.array([[1e200], [1e-200]]), method="structured")
    assert np.array_equal(K[0, 0, 0], np.array([np.inf, 0, np.inf]))
    assert np.allclose(K[0, :, 1], W2.T @ W2, rtol=1e-14, atol=0)


def test_no_more_entries_are_verified_than_there_are(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "jacobprop.curvature.tangent_kernel.verification._entry",
        lambda *given: asked.append(given) or (np.nan, np.nan),
    )
    jp.ntk(NET, X[:2], trace=True, verify=HUGE)
    assert len(asked) == 4


def test_a_plan_for_expressions_says_so():
    net = jp.Network([jp.Dense.from_arrays(np.array([[sympy.Symbol("w")]]))])
    with pytest.raises(DTypeError, match="the parameters, or X, are sympy expressions"):
        jp.plan_ntk(net, 5)


@pytest.mark.parametrize("method", ["primal", "dual"])
def test_a_damping_that_underflows_can_rise_again(method):
    found = jp.levenberg_marquardt(NET, X, T, damping=5e-324, method=method, iterations=1, weight_decay=0.1)
    assert found.history.objective[1] < found.history.objective[0]


def test_auto_takes_the_matrix_that_fits():
    """By multiply-adds 13,000 residuals are cheaper than 10,000 parameters, and above 1 GiB."""

    def jacobian(cases, width):
        term = Term(
            np.broadcast_to(0.0, (cases, 1, width)),
            np.broadcast_to(0.0, (cases, width)),
            (Part("W1", slice(0, width)),),
        )
        return ResidualJacobian((term,), {}, (cases, width * width), np.dtype(float))

    assert cheaper(jacobian(1300, 32)) == "dual"
    assert cheaper(jacobian(13000, 100)) == "primal"
    assert cheaper(jacobian(13000, 120)) == "dual"


def test_no_warning_leaves_the_terms():
    """f' = 1e-304 of a saturated unit times 1e-200 underflows."""
    below = jp.Dense.from_arrays([[30.0, -700.0]], activation="sigmoid")
    above = jp.Dense.from_arrays([[1.0, 1.0], [1e-200, 1.0]], activation="sigmoid")
    net = jp.Network([below, above], jp.BinaryCrossEntropy())
    with np.errstate(all="raise"):
        assert jp.parameter_jacobian(net, [[1.0]]).terms[-1].rows[0, 0, 1] == 0
        assert len(jp.gauss_newton(net, [[1.0]], [[0.0, 1.0]]).terms) == 2


def test_an_operator_is_indexed_by_name_alone():
    net = jp.Network([jp.Dense(2, 3, "tanh")])
    J = jp.parameter_jacobian(net, np.ones((4, 2)))
    assert J["b1"].shape == (4, 3, 3)
    with pytest.raises(jp.errors.OptionError, match=r"no entries to index.*J\.rows\(\[0\]\)"):
        J[0]
