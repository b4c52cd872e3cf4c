"""Laplace's approximation against its dense definition, exact linear regression, and what is refused."""

import copy
import pickle

import mpmath
import numpy as np
import pytest
import sympy
from network.market import DESIGNS, gap, stall
from scipy.stats import multivariate_normal

import jacobprop as jp
from jacobprop.curvature import laplace_factors, laplace_posterior
from jacobprop.curvature.laplace_approximation import laplace
from jacobprop.curvature.likelihood import likelihood_of
from jacobprop.losses import Loss

from .test_gauss_newton import stacked_jacobian
from .test_loss_root import textbook

RNG = np.random.default_rng(101)
X, NEW = RNG.normal(0, 1, (9, 4)), RNG.normal(0, 2, (6, 4))
T = RNG.uniform(0.1, 1, (9, 3))
TOPS = {
    "SquaredError": ("identity", []),
    "MeanSquaredError": ("tanh", []),
    "BinaryCrossEntropy": ("sigmoid", []),
    "CrossEntropy": ("identity", [jp.Softmax()]),
    "NegativeLogLikelihood": ("identity", [jp.LogSoftmax()]),
}
METHODS = pytest.mark.parametrize("method", ["primal", "dual"])
LAYERS = pytest.mark.parametrize("layers", ["last", "all"])


def network(name="CrossEntropy", bias=True, reduction="mean", **options):
    function, gate = TOPS[name]
    layers = [jp.Dense(4, 5, "tanh", bias=bias), jp.Dense(5, 3, function, bias=bias), *map(copy.copy, gate)]
    return jp.Network(layers, getattr(jp, name)(reduction=reduction), seed=6, **options)


def by_complex_step(net, inputs):
    """dx/d(parameters) of each case, (cases, 3, parameters), in plain numpy; x: the logits, or outputs."""

    def plain(v):
        W1, W2 = (v[net.slices[k]].reshape(net.parameters[k].shape) for k in ("W1", "W2"))
        b1, b2 = (v[net.slices[k]] if k in net.slices else 0 for k in ("b1", "b2"))
        z = np.tanh(inputs @ W1 + b1) @ W2 + b2
        return np.tanh(z) if type(net.loss) is jp.MeanSquaredError else z

    steps = 1e-30j * np.eye(net.size)
    return np.stack([plain(net.vector + step).imag / 1e-30 for step in steps], axis=-1)


def chosen(net, layers):
    """The indices of the parameters that vary."""
    names = [name for name in net.slices if layers == "all" or name[1:] == "2"]
    return np.concatenate([np.arange(net.size)[net.slices[name]] for name in names])


def defined(net, inputs, t, layers, alpha, noise=None):
    """P as it is defined, from the complex step and the textbook's Hessians."""
    which = chosen(net, layers)
    J = by_complex_step(net, inputs)[..., which]
    x = net.forward(inputs).sum(2) if noise is None else net(inputs)
    H = textbook(type(net.loss).__name__, x, t) if noise is None else np.eye(3) / noise
    return np.einsum("cmp,cmn,cnq->pq", J, np.broadcast_to(H, (len(J), 3, 3)), J) + alpha * np.eye(len(which))


def gaussian(y, t, noise):
    """log p of normal targets."""
    return -((y - t) ** 2).sum() / (2 * noise) - y.size / 2 * np.log(2 * np.pi * noise)


def logistic(net, y, t):
    """log p of classes."""
    if type(net.loss) is jp.BinaryCrossEntropy:
        return (t * np.log(y) + (1 - t) * np.log(1 - y)).sum()
    return (t * (np.log(y) if type(net.loss) is jp.CrossEntropy else y)).sum()


# -- the definition ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TOPS)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@LAYERS
@METHODS
def test_it_is_its_dense_definition(name, bias, layers, method):
    net, squares = network(name, bias), "Squared" in name
    noise = 0.07 if squares else None
    found = laplace(net, X, T, prior_precision=0.4, noise_variance=noise, layers=layers, method=method)
    P = defined(net, X, T, layers, 0.4, noise)
    J = by_complex_step(net, NEW)[..., chosen(net, layers)]
    wanted = np.einsum("cop,pq,cnq->con", J, np.linalg.inv(P), J)
    assert gap(found.covariance(NEW), wanted) < 1e-12
    assert gap(found.variance(NEW), np.einsum("coo->co", wanted)) < 1e-12
    assert found.of == ("output" if squares else "logits")
    theta = net.vector[chosen(net, layers)]
    likelihood = gaussian(net(X), T, noise) if squares else logistic(net, net(X), T)
    evidence = likelihood - 0.4 / 2 * theta @ theta - np.linalg.slogdet(P / 0.4)[1] / 2
    assert abs(found.log_marginal_likelihood - evidence) < 1e-11 * abs(evidence)


def test_the_definition_sees_what_is_wrong():
    net = network()
    found = laplace(net, X, T, prior_precision=0.4, layers="all").covariance(NEW)
    J = by_complex_step(net, NEW)
    data = defined(net, X, T, "all", 0.4) - 0.4 * np.eye(net.size)
    wrong = {
        "the mean over the cases": data / 9 + 0.4 * np.eye(net.size),
        "no prior for the biases": data + 0.4 * np.diag([name[0] == "W" for name in net.slices for _ in
                                                         net.vector[net.slices[name]]]),
        "half a prior": data + 0.2 * np.eye(net.size),
    }  # fmt: skip
    for P in wrong.values():
        assert gap(found, np.einsum("cop,pq,cnq->con", J, np.linalg.pinv(P), J)) > 1e-3


SMALL = [d for d in DESIGNS if 0 < stall(d).net.size < 200 and stall(d).record.output.size < 200][::3]


@pytest.mark.parametrize("design", SMALL, ids=lambda design: design.id)
def test_both_methods_on_any_network(design):
    """Skips, norms, biases, one case and many; all layers by the record's own Jacobians."""
    s = stall(design)
    options = {"noise_variance": 0.5} if "Squared" in design.loss else {}
    primal, dual = (
        laplace(s.net, s.X, s.T, prior_precision=0.3, layers="all", method=method, **options)
        for method in ("primal", "dual")
    )
    at = likelihood_of(s.record, options.get("noise_variance"), "")
    x = s.record.output if options or not s.net.loss.gate else s.record.sum(len(s.net.layers))
    J = stacked_jacobian(s.record, s.net.parameters, at.node.name)
    m = J.shape[1]
    H = 2 * np.eye(m) if options else textbook(design.loss, np.atleast_2d(x), np.atleast_2d(s.record.target))
    P = np.einsum("cmp,cmn,cnq->pq", J, np.broadcast_to(H, (len(J), m, m)), J) + 0.3 * np.eye(s.net.size)
    wanted = J @ np.linalg.solve(P, np.swapaxes(J, 1, 2).transpose(1, 0, 2).reshape(s.net.size, -1)).reshape(
        s.net.size, len(J), m
    ).transpose(1, 0, 2)
    wanted = wanted if s.record.cases else wanted[0]
    for posterior in (primal, dual):
        assert gap(posterior.covariance(s.X), wanted) < 1e-10
    assert gap(dual.log_marginal_likelihood, primal.log_marginal_likelihood) < 1e-10


# -- exact results -------------------------------------------------------------------------------------


def ridge(alpha, noise):
    """A linear network at its most probable weights, 2 outputs, and the kernel of a Gaussian process."""
    t = RNG.normal(0, 1, (9, 2))
    phi = np.column_stack([X, np.ones(9)])
    weights = np.linalg.solve(phi.T @ phi / noise + alpha * np.eye(5), phi.T @ t / noise)
    net = jp.Network([jp.Dense.from_arrays(weights[:4], weights[4])], jp.SquaredError())
    return net, t, lambda a, b: (a @ b.T + 1) / alpha


@METHODS
@LAYERS
def test_exact_for_a_linear_network(method, layers):
    """Bayesian linear regression as a Gaussian process: predictions and evidence without any weights."""
    net, t, k = ridge(0.7, 0.3)
    found = laplace(net, X, t, prior_precision=0.7, noise_variance=0.3, layers=layers, method=method)
    K = k(X, X) + 0.3 * np.eye(9)
    one = np.diag(k(NEW, NEW) - k(NEW, X) @ np.linalg.solve(K, k(X, NEW)))
    assert gap(found.covariance(NEW), one[:, None, None] * np.eye(2)) < 1e-12
    assert gap(net(NEW), k(NEW, X) @ np.linalg.solve(K, t)) < 1e-12
    evidence = sum(multivariate_normal(np.zeros(9), K).logpdf(column) for column in t.T)
    assert abs(found.log_marginal_likelihood - evidence) < 1e-11 * abs(evidence)
    off = laplace(net, X, t, prior_precision=0.9, noise_variance=0.3, layers=layers, method=method)
    assert gap(off.variance(NEW)[:, 0], one) > 1e-3


def test_the_evidence_prefers_the_prior_that_drew_the_weights():
    rng = np.random.default_rng(7)
    inputs = rng.normal(0, 1, (60, 30))
    weights = rng.normal(0, 0.1, (30, 4))  # precision 100
    t = inputs @ weights + rng.normal(0, 0.5, (60, 4))
    evidence = {}
    for alpha in (1.0, 10.0, 100.0, 1000.0):
        best = np.linalg.solve(inputs.T @ inputs / 0.25 + alpha * np.eye(30), inputs.T @ t / 0.25)
        net = jp.Network([jp.Dense.from_arrays(best)], jp.SquaredError())
        found = laplace(net, inputs, t, prior_precision=alpha, noise_variance=0.25)
        evidence[alpha] = found.log_marginal_likelihood
    assert max(evidence, key=evidence.get) == 100.0


def exact_hessian(name, z, t):
    """The Hessian of a case by mpmath; of squares for a noise of 0.07."""
    if name == "SquaredError":
        return mpmath.eye(3) / mpmath.mpf(0.07)
    e = [mpmath.exp(v) for v in z]
    p = mpmath.matrix([v / sum(e) for v in e])
    return mpmath.fsum(t) * (mpmath.diag(list(p)) - p * p.T)


@METHODS
@pytest.mark.parametrize("name", ["CrossEntropy", "SquaredError"])
def test_a_tiny_prior_beside_100_digits(name, method):
    """P has a condition of 1e13, and its inverse in doubles is off by 1e-3 for the softmax."""
    net, noise = network(name), 0.07 if name == "SquaredError" else None
    which = chosen(net, "last")
    cases = zip(by_complex_step(net, X)[..., which], net.forward(X).sum(2), T, strict=True)
    with mpmath.workdps(100):
        P = mpmath.mpf(1e-12) * mpmath.eye(len(which))
        for j, z, t in cases:
            J = mpmath.matrix(j)
            P += J.T * exact_hessian(name, z, t) * J
        row = mpmath.matrix(by_complex_step(net, NEW[:1])[0][:, which])
        wanted = np.array((row * mpmath.inverse(P) * row.T).tolist(), float)
    found = laplace(net, X, T, prior_precision=1e-12, noise_variance=noise, method=method)
    assert gap(found.covariance(NEW[0]), wanted) < 1e-6
    naive = np.linalg.inv(defined(net, X, T, "last", 1e-12, noise))
    j = np.array(row.tolist(), float)
    if name == "CrossEntropy":
        assert gap(j @ naive @ j.T, wanted) > 1e-6


# -- what it counts ------------------------------------------------------------------------------------


def test_the_sum_of_the_losses_counts_whatever_the_reduction():
    found = [laplace(network(reduction=r), X, T) for r in ("mean", "sum")]
    assert gap(found[0].covariance(NEW), found[1].covariance(NEW)) < 1e-15
    assert found[0].log_marginal_likelihood == found[1].log_marginal_likelihood
    twice = laplace(network(), np.tile(X, (2, 1)), np.tile(T, (2, 1)))
    assert (twice.variance(NEW) < found[0].variance(NEW)).all()


@pytest.mark.parametrize("name", ["SquaredError", "MeanSquaredError"])
def test_the_noise_is_the_mean_squared_residual(name):
    net = network(name)
    noise = ((net(X) - T) ** 2).mean()
    found, given = laplace(net, X, T), laplace(net, X, T, noise_variance=noise)
    assert gap(found.noise_variance, noise) < 1e-15
    assert gap(found.covariance(NEW), given.covariance(NEW)) < 1e-13
    assert laplace(network(), X, T).noise_variance is None


def test_the_last_layer_is_the_last_with_parameters():
    net = jp.Network([jp.Dense(4, 5, "tanh"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy(), seed=6)
    found = laplace(net, X, T)
    assert found.slices == {"W2": slice(0, 15), "b2": slice(15, 18)}
    assert repr(found) == "<LaplacePosterior: logits, 18 of 43 parameters, prior precision 1>"
    assert laplace(net, X, T, layers="all").slices == net.slices
    plain = jp.Network([jp.Dense(4, 3, "tanh")], jp.SquaredError(), seed=1)
    assert laplace(plain, X, T).slices == plain.slices


class OwnSquare(jp.SquaredError):
    """Three times the square: a loss of one's own is -log p as it is, whatever it inherits from."""

    def value(self, y, t):
        return 3 * ((y - t) ** 2).sum(axis=-1)

    def row(self, y, t):
        return 6 * (y - t)

    def hessian(self, x, t):
        return 6 * np.eye(x.shape[-1])


def test_a_loss_of_ones_own():
    net = jp.Network([jp.Dense(4, 3, "tanh")], OwnSquare(), seed=1)
    same = jp.Network([jp.Dense(4, 3, "tanh")], jp.SquaredError(), seed=1)
    found, wanted = laplace(net, X, T), laplace(same, X, T, noise_variance=1 / 6)
    assert gap(found.covariance(NEW), wanted.covariance(NEW)) < 1e-13
    constant = T.size / 2 * np.log(2 * np.pi / 6)  # which this loss leaves out
    assert abs(found.log_marginal_likelihood - wanted.log_marginal_likelihood - constant) < 1e-11


def test_squares_of_probabilities_are_expanded_at_the_output():
    net = jp.Network([jp.Dense(4, 3), jp.Softmax()], jp.SquaredError(), seed=1)
    found = laplace(net, X, T, noise_variance=0.2)
    J = jp.curvature.parameter_jacobian(net, X).matrix()
    P = J.T @ J / 0.2 + np.eye(15)
    assert found.of == "output"
    assert gap(found.covariance(X)[0], J[:3] @ np.linalg.solve(P, J[:3].T)) < 1e-13


# -- shapes, blocks, dtypes ------------------------------------------------------------------------------


@LAYERS
@METHODS
def test_one_case_and_many_in_blocks(layers, method, monkeypatch):
    net = network()
    found = laplace(net, X, T, layers=layers, method=method)
    whole = [f(NEW) for f in (found.variance, found.covariance, found.probabilities)]
    assert [array.shape for array in whole] == [(6, 3), (6, 3, 3), (6, 3)]
    monkeypatch.setattr(laplace_posterior, "_AT_ONCE", 1)
    monkeypatch.setattr(laplace_factors, "_AT_ONCE", 1)
    again = laplace(net, X, T, layers=layers, method=method)
    for f, wanted in zip((again.variance, again.covariance, again.probabilities), whole, strict=True):
        assert gap(f(NEW), wanted) < 1e-12
        assert gap(f(NEW[2]), wanted[2]) < 1e-12
        assert f(NEW[2]).shape == wanted.shape[1:]
    single = laplace(net, X[0], T[0], layers=layers, method=method)
    stack = laplace(net, X[:1], T[:1], layers=layers, method=method)
    assert gap(single.covariance(NEW), stack.covariance(NEW)) < 1e-14


def test_the_memory_stays_in_blocks(monkeypatch):
    seen = []
    root = laplace_factors.ByParameters.root
    monkeypatch.setattr(
        laplace_factors.ByParameters, "root", lambda self, J: (seen.append(J.nbytes), root(self, J))[1]
    )
    monkeypatch.setattr(laplace_posterior, "_AT_ONCE", 40_000)
    laplace(network(), X, T, layers="all", method="primal").variance(np.ones((300, 4)))
    assert sum(seen) == 8 * 300 * 3 * 43
    assert max(seen) <= 40_000


@METHODS
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_dtype_stays(dtype, method):
    net = network().astype(dtype)
    found = laplace(net, X.astype(dtype), T.astype(dtype), method=method)
    wide = laplace(network(), X, T, method=method)
    for name in ("variance", "covariance", "probabilities"):
        array = getattr(found, name)(NEW.astype(dtype))
        assert array.dtype == dtype
        assert gap(array, getattr(wide, name)(NEW)) < 50 * np.finfo(dtype).eps


def test_covariances_are_symmetric_and_not_negative():
    for alpha in (1e-12, 1.0, 1e12):
        for method in ("primal", "dual"):
            V = laplace(network("SquaredError"), X, T, prior_precision=alpha, method=method).covariance(NEW)
            assert gap(V, np.swapaxes(V, 1, 2)) < 1e-15
            assert (np.linalg.eigvalsh(V) > -1e-14 * np.abs(V).max()).all()


@METHODS
def test_nan_and_infinity_stay_in_their_case(method):
    found = laplace(network(), X, T, layers="all", method=method)
    inputs = NEW.copy()
    inputs[1, 2], inputs[4, 0] = np.nan, np.inf
    variance = found.variance(inputs)
    assert np.isnan(variance[1]).all()
    clean = [0, 2, 3, 5]
    assert gap(variance[clean], found.variance(NEW)[clean]) < 1e-14
    assert np.isnan(found.probabilities(inputs)[1]).all()


@METHODS
def test_a_saturated_network(method):
    """Logits 800 apart tell nothing: H is 0, and the posterior is the prior."""
    net = jp.Network([jp.Dense.from_arrays(np.diag([800.0, -800, 0])), jp.Softmax()], jp.CrossEntropy())
    inputs = np.array([[1.0, 0, 0], [0, -1, 0]])
    found = laplace(net, inputs, [0, 1], prior_precision=0.5, method=method)
    assert gap(found.variance(inputs), np.full((2, 3), 2.0)) < 1e-14
    assert np.isfinite(found.log_marginal_likelihood)
    assert gap(found.probabilities(inputs), np.eye(3)[:2]) < 1e-14
    dead = jp.Network([jp.Dense.from_arrays(-np.ones((4, 5)), -9 * np.ones(5), "relu"), jp.Dense(5, 3)],
                      jp.SquaredError())  # fmt: skip
    variance = laplace(dead, X, T, layers="all", noise_variance=1.0, method=method).variance(X)
    assert gap(variance, np.full((9, 3), 1 / 10)) < 1e-14  # the bias of each output alone is known


def test_more_parameters_than_cases_takes_the_cases():
    net = jp.Network([jp.Dense(4, 3000, "tanh"), jp.Dense(3000, 3)], jp.SquaredError(), seed=3)
    found = laplace(net, X, T, layers="all")
    assert isinstance(found._factor, laplace_factors.ByCases)
    J, Jn = (jp.curvature.parameter_jacobian(net, inputs).matrix() for inputs in (X, NEW))
    inner = np.linalg.solve(J @ J.T + found.noise_variance * np.eye(27), J @ Jn.T)
    wanted = (Jn @ Jn.T - Jn @ J.T @ inner)[:3, :3]
    assert gap(found.covariance(NEW)[0], wanted) < 1e-10
    assert isinstance(laplace(network(), X, T)._factor, laplace_factors.ByParameters)  # 18 of 27


def test_a_small_prior_takes_the_cases_in_blocks(monkeypatch):
    net, inputs, t = network(), np.tile(X, (8, 1)), np.tile(T, (8, 1))
    whole = laplace(net, inputs, t, prior_precision=1e-9).covariance(NEW)
    seen, qr = [], np.linalg.qr
    monkeypatch.setattr(laplace_factors, "_AT_ONCE", 1)
    monkeypatch.setattr(np.linalg, "qr", lambda A, mode: (seen.append(A.shape), qr(A, mode))[1])
    assert gap(laplace(net, inputs, t, prior_precision=1e-9).covariance(NEW), whole) < 1e-8
    assert set(seen) == {(36, 18)}  # 18 rows at a time below the 18 of R
    assert len(seen) == 72 * 3 / 18


def test_an_ordinary_prior_takes_the_quick_factor(monkeypatch):
    monkeypatch.setattr(laplace_factors, "_orthogonal", None)
    assert np.isfinite(laplace(network(), X, T, prior_precision=0.01).variance(NEW)).all()
    with pytest.raises(TypeError):
        laplace(network(), X, T, prior_precision=1e-9)


def test_nothing_is_modified_and_it_pickles():
    net, inputs, t = network(), X.copy(), T.copy()
    found = laplace(net, inputs, t)
    before = found.variance(NEW)
    inputs[...], t[...] = 3, 3
    assert np.array_equal(found.variance(NEW), before)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  (our own)
    assert np.array_equal(again.variance(NEW), before)
    with pytest.raises(AttributeError):
        found.prior_precision = 2.0
    with np.errstate(all="raise"):
        laplace(net, X, T, prior_precision=1e-200).probabilities(np.zeros(4))


# -- probabilities -------------------------------------------------------------------------------------


def test_probabilities_of_a_sigmoid_beside_quadrature():
    """MacKay's approximation is within 0.02 of the integral."""
    net = network("BinaryCrossEntropy")
    found = laplace(net, X, T, prior_precision=0.2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z, v = net.forward(NEW).sum(2), found.variance(NEW)
    drawn = z[..., None] + np.sqrt(v)[..., None] * nodes
    mean = (1 / (1 + np.exp(-drawn))) @ weights / weights.sum()
    assert np.abs(found.probabilities(NEW) - mean).max() < 0.02
    assert np.abs(net(NEW) - mean).max() > 0.05
    assert gap(found.probabilities(NEW), 1 / (1 + np.exp(-z / np.sqrt(1 + np.pi * v / 8)))) < 1e-14


@pytest.mark.parametrize("name", ["CrossEntropy", "NegativeLogLikelihood"])
def test_probabilities_of_a_softmax_beside_draws(name):
    net = network(name)
    found = laplace(net, X, T, prior_precision=0.3)
    p, rng = found.probabilities(NEW), np.random.default_rng(1)
    assert gap(p.sum(axis=1), np.ones(6)) < 1e-15
    z, V = net.forward(NEW).sum(3), found.covariance(NEW)
    drawn = np.stack([rng.multivariate_normal(a, b, 20_000) for a, b in zip(z, V, strict=True)])
    e = np.exp(drawn - drawn.max(axis=-1, keepdims=True))
    mean = (e / e.sum(axis=-1, keepdims=True)).mean(axis=1)
    certain = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert np.abs(p - mean).max() < 0.03
    assert np.abs(certain - mean).max() > 0.05


def test_two_classes_are_one_sigmoid():
    """A shift of both logits has a variance too, of 1e12 at this prior, and does not count."""
    W = RNG.normal(0, 1, (4, 2))
    soft = jp.Network([jp.Dense.from_arrays(W), jp.Softmax()], jp.CrossEntropy())
    labels = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1])
    found = laplace(soft, X, labels, prior_precision=0.5)
    z, V = NEW @ (W[:, 0] - W[:, 1]), found.covariance(NEW)
    v = V[:, 0, 0] + V[:, 1, 1] - 2 * V[:, 0, 1]
    first = 1 / (1 + np.exp(-z / np.sqrt(1 + np.pi / 8 * v)))
    assert gap(found.probabilities(NEW), np.column_stack([first, 1 - first])) < 1e-13
    tiny = laplace(soft, X, labels, prior_precision=1e-12).probabilities(NEW)
    sigmoid = jp.Network([jp.Dense.from_arrays(W[:, :1] - W[:, 1:], None, "sigmoid")],
                         jp.BinaryCrossEntropy())  # fmt: skip
    one = laplace(sigmoid, X, 1.0 - labels[:, None], prior_precision=1e-12).probabilities(NEW)
    assert gap(tiny[:, :1], one) < 1e-6


def test_a_sure_posterior_is_the_network_itself():
    for name in ("CrossEntropy", "BinaryCrossEntropy"):
        net = network(name)
        assert gap(laplace(net, X, T, prior_precision=1e15).probabilities(NEW), net(NEW)) < 1e-12


# -- what is refused -----------------------------------------------------------------------------------


class NoHessian(OwnSquare):
    hessian = Loss.hessian


def changed(X=X, **entry):
    (value,) = entry.values()
    return np.where(np.eye(9, 4, 1) == 1, value, X)


E = jp.errors
WRONG = {
    "no network": ({"net": 3}, E.OptionError, "there is no network"),
    "no loss": ({"net": jp.Network([jp.Dense(4, 3)])}, E.MissingTargetError, "has no loss"),
    "no targets": ({"T": None}, E.MissingTargetError, "has no target"),
    "no Hessian": ({"net": jp.Network([jp.Dense(4, 3)], NoHessian())}, E.UnsupportedLayerError, "no Hessian"),
    "no parameters": (
        {"net": jp.Network([jp.Softmax()], jp.CrossEntropy()), "X": X[:, :3]},
        E.UnsupportedLayerError,
        "the network has no parameters",
    ),
    "width": ({"X": X[:, :3]}, E.ShapeError, "wrong width"),
    "targets": ({"T": T[:5]}, E.ShapeError, "the target must be"),
    "expressions": ({"X": [sympy.Symbol("s")] * 4, "T": 0}, E.DTypeError, "sympy expressions"),
    "prior 0": ({"prior_precision": 0}, E.OptionError, "prior_precision must be a positive number"),
    "prior -1": ({"prior_precision": -1.0}, E.OptionError, "prior_precision must be a positive number"),
    "prior nan": ({"prior_precision": np.nan}, E.OptionError, "prior_precision must be a positive number"),
    "prior inf": ({"prior_precision": np.inf}, E.OptionError, "prior_precision must be a positive number"),
    "prior text": ({"prior_precision": "1"}, E.OptionError, "prior_precision must be a positive number"),
    "priors": ({"prior_precision": np.ones(43)}, E.OptionError, "prior_precision must be a positive number"),
    "layers": ({"layers": 1}, E.OptionError, "unknown layers; got 1, expected 'last', 'all'"),
    "method": (
        {"method": "cg"},
        E.OptionError,
        "unknown method; got 'cg', expected 'auto', 'primal', 'dual'",
    ),
    "noise of classes": ({"noise_variance": 1.0}, E.OptionError, "the loss has no noise variance"),
    "noise of one's own": (
        {"net": jp.Network([jp.Dense(4, 3)], OwnSquare()), "noise_variance": 1.0},
        E.OptionError,
        "the loss has no noise variance",
    ),
    "noise 0": (
        {"net": network("SquaredError"), "noise_variance": 0.0},
        E.OptionError,
        "noise_variance must be a positive number",
    ),
    "no residuals": (
        {"net": network("SquaredError"), "T": network("SquaredError")(X)},
        E.NonFiniteError,
        "the residuals vanish",
    ),
    "nan in X": ({"X": changed(value=np.nan)}, E.NonFiniteError, "the loss of the cases is not finite"),
    "nan in T": ({"T": T * np.nan}, E.NonFiniteError, "the loss of the cases is not finite"),
    "nan in squares": (
        {"net": network("SquaredError"), "T": T * np.nan},
        E.NonFiniteError,
        "the loss of the cases is not finite",
    ),
    "inf in squares": (
        {"net": network("SquaredError"), "T": T * np.inf},
        E.NonFiniteError,
        "the loss of the cases is not finite",
    ),
}


@pytest.mark.parametrize(("changes", "error", "text"), WRONG.values(), ids=WRONG)
@METHODS
def test_refused(changes, error, text, method):
    with pytest.raises(error, match=text):
        laplace(**{"net": network(), "X": X, "T": T, "method": method} | changes)


@METHODS
def test_a_curvature_that_overflows(method):
    net = jp.Network([jp.Dense.from_arrays(np.zeros((1, 1)))], jp.SquaredError())
    with pytest.raises(E.NonFiniteError, match="the curvature of the loss is not finite"):
        laplace(net, [[1e300], [1e300]], [[0.0], [1.0]], noise_variance=1e-20, method=method)


def test_a_prior_lost_in_rounding_is_refused_by_cases_and_kept_by_parameters():
    net = network("SquaredError")
    double, t = np.tile(X[:2] * 1e3, (2, 1)), np.tile(T[:2], (2, 1))
    options = {"prior_precision": 1e-18, "noise_variance": 1e-2}
    with pytest.raises(E.NonFiniteError, match=r'lost in rounding .*prior_precision=1e-18.*method="primal"'):
        laplace(net, double, t, method="dual", **options)
    assert np.isfinite(laplace(net, double, t, method="primal", **options).variance(NEW)).all()


@METHODS
def test_a_variance_beyond_the_floats(method):
    net = network("SquaredError")
    found = laplace(net, X[:2], T[:2], prior_precision=1e-320, noise_variance=1e307, method=method)
    with pytest.raises(E.NonFiniteError, match="a variance is beyond the range of floats"):
        found.variance(NEW)
    half = laplace(
        net.astype(np.float16), X[:2].astype(np.float16), T[:2], prior_precision=1e-7, method=method
    )
    with pytest.raises(E.NonFiniteError, match="float16, expected finite variances"):
        half.covariance(NEW.astype(np.float16))


def test_limits_of_bytes():
    wide = jp.Network([jp.Dense(4, 4000), jp.Dense(4000, 3)], jp.SquaredError())
    with pytest.raises(E.DenseLimitError, match=r'laplace, primal: .*Take layers="last"'):
        laplace(wide, X, T, layers="all", method="primal")
    found = laplace(network(), X, T)
    with pytest.raises(E.DenseLimitError, match=r"covariance of .*got 432 bytes, expected at most 431"):
        found.covariance(NEW, max_bytes=431)
    assert found.covariance(NEW, max_bytes=432).nbytes == 432


def test_what_the_posterior_refuses():
    found = laplace(network(), X, T)
    for call in (found.variance, found.covariance, found.probabilities):
        with pytest.raises(E.ShapeError, match="wrong width"):
            call(NEW[:, :3])
        with pytest.raises(E.EmptyBatchError, match="no cases"):
            call(NEW[:0])
        with pytest.raises(E.DTypeError, match="sympy expressions"):
            call([sympy.Symbol("s")] * 4)
    with pytest.raises(E.UnsupportedLayerError, match="the outputs are no probabilities"):
        laplace(network("SquaredError"), X, T).probabilities(NEW)
