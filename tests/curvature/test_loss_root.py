"""The second order of the losses: H and S from the textbook and by differences, and what has no root."""

import mpmath
import numpy as np
import pytest
import sympy
from network.market import LOSSES, gap

import jacobprop as jp
from jacobprop.curvature.loss_root import loss_hessian, loss_root, residual
from jacobprop.losses import Loss, as_jacobian, eigen

RNG = np.random.default_rng(61)
X = RNG.normal(0, 1, (4, 3))
T = RNG.uniform(0.1, 1, (4, 3))
TOPS = {
    "SquaredError": [jp.Dense(5, 3, "tanh")],
    "MeanSquaredError": [jp.Dense(5, 3, "tanh")],
    "BinaryCrossEntropy": [jp.Dense(5, 3, "sigmoid")],
    "CrossEntropy": [jp.Dense(5, 3), jp.Softmax()],
    "NegativeLogLikelihood": [jp.Dense(5, 3), jp.LogSoftmax()],
}
STACKS = pytest.mark.parametrize("stack", [True, False], ids=["stack", "one case"])
EVERY = pytest.mark.parametrize("name", LOSSES)


def textbook(name, x, t):
    """H of each case (c, m, m), as the books write it."""
    m = x.shape[-1]
    if name == "SquaredError":
        d = np.ones_like(x)
    elif name == "MeanSquaredError":
        d = np.full_like(x, 2 / m)
    elif name == "BinaryCrossEntropy":
        d = np.exp(-x) / (1 + np.exp(-x)) ** 2
    else:
        p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        return t.sum(-1)[..., None, None] * (np.eye(m) * p[..., None] - p[..., :, None] * p[..., None, :])
    return np.eye(m) * d[..., None]


def by_differences(row, x):
    """d(row)/dx, an error of 1e-6^2 by the third derivative and 1e-16/1e-6 by rounding."""
    columns = []
    for k in range(x.shape[-1]):
        step = np.zeros(x.shape[-1])
        step[k] = 1e-6
        columns.append((row(x + step) - row(x - step)) / 2e-6)
    return np.stack(columns, axis=-1)


def pushed_root(S):
    S = S.matrix() if isinstance(S, jp.Jacobian) else S
    return S @ np.swapaxes(S, -1, -2)


# -- the losses of the library ------------------------------------------------------------------------


@EVERY
@STACKS
def test_hessian_is_the_textbooks_and_the_differences_of_the_row(name, stack):
    loss = LOSSES[name][0]()
    x, t = (X, T) if stack else (X[0], T[0])
    H = loss.hessian(x, t)
    assert H.cases == (4 if stack else None)
    assert gap(H.matrix(), textbook(name, x, t)) < 1e-14
    row = loss.head_row if loss.gate else loss.row
    assert gap(H.matrix(), by_differences(lambda at: row(at, t), x)) < 1e-8
    assert gap(H.matrix(), np.swapaxes(H.matrix(), -1, -2)) < 1e-15


@EVERY
@STACKS
def test_the_root_squared_is_the_hessian_and_the_residual_its_row(name, stack):
    loss = LOSSES[name][0]()
    x, t = (X, T) if stack else (X[0], T[0])
    S = loss.hessian_root(x, t)
    assert gap(pushed_root(S), textbook(name, x, t)) < 1e-14
    row = (loss.head_row if loss.gate else loss.row)(x, t)
    rho = residual(S, row)
    assert gap(S.push(rho), row) < 1e-14
    assert gap(Loss.hessian_root(loss, x, t) @ np.swapaxes(Loss.hessian_root(loss, x, t), -1, -2),
               textbook(name, x, t)) < 1e-13  # fmt: skip


@EVERY
@STACKS
def test_the_gradient_vanishes_at_the_expected_target(name, stack):
    loss, x = LOSSES[name][0](), X if stack else X[0]
    t = loss.expected_target(x)
    assert t.shape == x.shape
    assert np.abs((loss.head_row if loss.gate else loss.row)(x, t)).max() < 1e-15
    assert np.abs((loss.head_row if loss.gate else loss.row)(x, t + 0.1 * x)).max() > 1e-2


@pytest.mark.parametrize("z", [[40.0, 0.0, 3.0], [800.0, 0.0, -800.0], [-800.0, 700.0, 699.0], [0, 0, 0]])
def test_saturated_softmax_keeps_every_entry(z):
    z = np.array(z, float)
    with mpmath.workdps(1000):
        e = [mpmath.exp(mpmath.mpf(v)) for v in z]
        p = [v / sum(e) for v in e]
        wanted = [[float(p[i] * ((i == j) - p[j])) for j in range(3)] for i in range(3)]
        root = [[float(((i == j) - p[i]) * mpmath.sqrt(p[j])) for j in range(3)] for i in range(3)]
    loss, t = jp.CrossEntropy(), np.array([0.0, 1.0, 0.0])
    H, S = loss.hessian(z, t).matrix(), loss.hessian_root(z, t).matrix()
    small = np.finfo(float).tiny
    assert np.allclose(H, wanted, rtol=1e-14, atol=small)
    assert np.allclose(S, root, rtol=1e-14, atol=np.sqrt(small))
    assert np.isfinite(loss_root(jp.Network([jp.Softmax()], loss).forward(z, t)).root.matrix()).all()


def test_saturated_sigmoid_keeps_its_slope():
    x, t = np.array([40.0, -40.0, 800.0]), np.zeros(3)
    wanted = [np.exp(-40.0), np.exp(-40.0), 0]
    assert np.allclose(np.diag(jp.BinaryCrossEntropy().hessian(x, t).matrix()), wanted, rtol=1e-15)
    assert np.allclose(np.diag(jp.BinaryCrossEntropy().hessian_root(x, t).matrix()), np.sqrt(wanted))


@EVERY
@STACKS
def test_expanded_at_the_sum_below_the_gate_or_the_output(name, stack):
    net = jp.Network(TOPS[name], LOSSES[name][0](reduction="mean"), seed=3)
    inputs, t = (RNG.normal(0, 1, (4, 5)), T) if stack else (RNG.normal(0, 1, 5), T[0])
    record = net.forward(inputs, t)
    found, bent = loss_root(record), loss_hessian(record)
    x = record.sum(len(net.layers)) if net.loss.gate else record.output
    assert found.node.name == bent.node.name == ("z" if net.loss.gate else "a") + str(len(net.layers))
    assert found.weight == bent.weight == (0.25 if stack else 1)
    assert gap(bent.hessian.matrix(), textbook(name, x, t)) < 1e-14
    assert gap(pushed_root(found.root), bent.hessian.matrix()) < 1e-14
    assert gap(found.row, record.jacobian("L", found.node.name).matrix()[..., 0, :]) == 0
    assert bent.signed_root[1] is None
    assert gap(pushed_root(bent.signed_root[0]), bent.hessian.matrix()) < 1e-14
    at_expected = loss_hessian(record, expected=True).hessian.matrix()
    assert gap(at_expected, textbook(name, x, t / t.sum(-1, keepdims=True))) < 1e-14


@EVERY
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_dtype_stays(name, dtype):
    loss, x, t = LOSSES[name][0](), X.astype(dtype), T.astype(dtype)
    for array in (
        loss.hessian(x, t).matrix(),
        loss.hessian_root(x, t).matrix(),
        loss.expected_target(x),
        Loss.hessian_root(loss, x, t),
    ):
        assert array.dtype == dtype
    eps = float(np.finfo(dtype).eps)
    assert np.abs(pushed_root(Loss.hessian_root(loss, x, t)) - textbook(name, x, t)).max() < 8 * eps


# -- losses of one's own --------------------------------------------------------------------------------


class Cauchy(Loss):
    """sum log(1 + e^2): convex for |e| < 1 alone."""

    def value(self, y, t):
        return np.log1p((y - t) ** 2).sum(axis=-1)

    def row(self, y, t):
        return 2 * (y - t) / (1 + (y - t) ** 2)

    def hessian(self, x, t):
        e = (x - t) ** 2
        return np.eye(x.shape[-1]) * (2 * (1 - e) / (1 + e) ** 2)[..., None]


class Coupled(Loss):
    """1/2 (y - t)^T M (y - t) with one M for all cases, of rank 2."""

    R = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])

    def value(self, y, t):
        return ((((y - t) @ self.R) ** 2) / 2).sum(axis=-1)

    def row(self, y, t):
        return (y - t) @ self.R @ self.R.T

    def hessian(self, x, t):
        return self.R @ self.R.T

    def hessian_root(self, x, t):
        return self.R


def recorded(loss, cases=4):
    x = RNG.normal(0, 1, (cases, 3) if cases else 3)
    return jp.Network([jp.Dense(3, 3)], loss).forward(x, RNG.normal(0, 2, x.shape))


def test_a_loss_that_is_not_convex_has_signs():
    record = recorded(Cauchy())
    root, signs = loss_hessian(record).signed_root
    assert set(np.unique(signs)) == {-1, 1}
    S = root.matrix()
    H = Cauchy().hessian(record.output, record.target)
    assert gap((S * signs[:, None, :]) @ np.swapaxes(S, 1, 2), H) < 1e-14
    assert np.linalg.eigvalsh(H).min() < -0.1
    nearest = loss_root(record).root.matrix()
    assert gap(nearest @ np.swapaxes(nearest, 1, 2), np.maximum(H, 0)) < 1e-14  # H is diagonal


def test_weights_below_0_have_signs():
    record = jp.Network([jp.Dense(3, 3), jp.Softmax()], jp.CrossEntropy()).forward(X, -T)
    bent = loss_hessian(record)
    root, signs = bent.signed_root
    S = root.matrix()
    assert gap((S * signs[:, None, :]) @ np.swapaxes(S, 1, 2), bent.hessian.matrix()) < 1e-13
    assert signs.min() == -1


@pytest.mark.parametrize("cases", [4, None])
def test_a_root_of_ones_own_serves_all_cases(cases):
    record = recorded(Coupled(), cases)
    found = loss_root(record)
    assert found.root.shape[-2:] == (3, 2)
    assert gap(found.root.push(residual(found.root, found.row)), found.row) < 1e-13
    assert loss_hessian(record).signed_root[1] is None


@pytest.mark.parametrize("cases", [4, None])
def test_a_low_rank_root_that_is_no_softmaxs(cases):
    lead = (cases,) if cases else ()
    S = jp.DiagonalPlusLowRankJacobian(*(RNG.normal(1, 1, (*lead, 3, *r)) for r in ((), (1,), (1,))))
    row = RNG.normal(0, 1, (*lead, 3))
    assert gap(S.push(residual(S, row)), row) < 1e-12


def test_a_wrong_and_certain_output_has_an_infinite_residual_and_a_certain_right_one_none():
    x, t = np.array([[800.0], [800.0]]), np.array([[0.0], [1.0]])
    loss = jp.BinaryCrossEntropy()
    assert residual(loss.hessian_root(x, t), loss.head_row(x, t)).tolist() == [[np.inf], [0]]


def test_nan_passes_through():
    H = np.stack([np.eye(3), np.full((3, 3), np.nan), np.diag([1.0, np.inf, 1.0])])
    values, vectors = eigen(H)
    assert np.isnan(values).all(axis=-1).tolist() == [False, True, True]
    assert vectors.shape == H.shape
    S = jp.DenseJacobian(H)
    rho = residual(S, np.ones((3, 3)))
    assert np.isnan(rho).all(axis=-1).tolist() == [False, True, True]
    assert gap(rho[0], np.ones(3)) < 1e-15


class Bare(Loss):
    def value(self, y, t):
        return ((y - t) ** 4).sum(axis=-1)

    def row(self, y, t):
        return 4 * (y - t) ** 3


def test_a_loss_without_hessian_says_what_to_write():
    for ask in (loss_root, loss_hessian):
        with pytest.raises(jp.errors.UnsupportedLayerError, match=r"no Hessian.*hessian\(x, t\)"):
            ask(recorded(Bare()))
    with pytest.raises(jp.errors.UnsupportedLayerError, match=r"drawn from.*expected_target\(x\)"):
        loss_hessian(recorded(Coupled()), expected=True)
    for ask in (loss_root, loss_hessian):
        with pytest.raises(jp.errors.MissingTargetError, match="no target"):
            ask(jp.Network([jp.Dense(3, 3)], Coupled()).forward(X))


def changed(base, **members):
    return type("Changed", (base,), members)()


def test_what_belongs_to_other_mathematics_is_not_inherited():
    wide = changed(jp.SquaredError, row=lambda self, y, t: np.clip(y - t, -1, 1))
    soft = changed(jp.CrossEntropy, head_row=lambda self, z, t: z - t)
    free = changed(jp.CrossEntropy, gate="")
    for loss in (wide, soft, free):
        for ask in (lambda loss=loss: loss.hessian(X, T), lambda loss=loss: loss.expected_target(X)):
            with pytest.raises(jp.errors.UnsupportedLayerError, match=r"no Hessian|drawn from"):
                ask()
    same = changed(jp.CrossEntropy, value=lambda self, y, t: 0 * t.sum(-1))  # of the gate's loss, not read
    assert gap(same.hessian(X, T).matrix(), textbook("CrossEntropy", X, T)) < 1e-14
    own = changed(jp.SquaredError, hessian=lambda self, x, t: 4 * np.eye(3))
    assert gap(pushed_root(own.hessian_root(X, T)), np.stack([4 * np.eye(3)] * 4)) < 1e-14
    assert type(changed(jp.SquaredError)).hessian is jp.SquaredError.hessian


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "array of objects"),
        (np.diag(sympy.symbols("x y z")), "holds expressions.*Evaluate them"),
        (np.eye(4), r"hessian of the loss has another shape; got shape \(4, 4\), expected \(4, 3, 3\)"),
        (np.ones((3, 2)), r"got shape \(3, 2\)"),
        (np.ones((5, 3, 3)), r"got shape \(5, 3, 3\)"),
        (np.ones((4, 3)), r"got shape \(4, 3\)"),
        (np.ones(()), r"got shape \(\)"),
        (np.ones(3), r"got shape \(3,\)"),
        ([[1, 2, 3], [1, 2]], "not a rectangular array"),
        (jp.IdentityJacobian(3), r"got shape \(3, 3\).*for each case"),
        (jp.IdentityJacobian(2, cases=4), r"got shape \(4, 2, 2\)"),
        (1j * np.eye(3), "does not hold real numbers"),
    ],
    ids=str,
)
def test_another_matrix_is_refused(given, text):
    loss = changed(jp.SquaredError, hessian=lambda self, x, t: given)
    for ask in (loss_root, loss_hessian):
        with pytest.raises((jp.errors.ShapeError, jp.errors.DTypeError), match=text):
            ask(recorded(loss))


def test_another_root_is_refused():
    loss = changed(jp.SquaredError, hessian_root=lambda self, x, t: np.ones((2, 3)))
    for ask in (loss_root, lambda record: loss_hessian(record).signed_root):
        with pytest.raises(jp.errors.ShapeError, match=r"hessian_root of the loss.*expected \(4, 3, r\)"):
            ask(recorded(loss))
    with pytest.raises(jp.errors.ShapeError, match=r"expected \(3, r\)"):
        as_jacobian(np.ones((2, 3)), X[0], "hessian_root")
    with pytest.raises(jp.errors.ShapeError, match=r"got shape \(1, 3, 3\), expected \(3, 3\)"):
        as_jacobian(np.ones((1, 3, 3)), X[0], "hessian", 3)
