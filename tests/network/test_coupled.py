"""Networks as they learn: batch normalisation couples the cases of a batch, dropout draws masks.

The reference is plain numpy, whose every variable can be moved by an imaginary amount (complex step).
"""

import pickle
from functools import cache

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop import BatchNorm, Dropout, Layer, errors
from jacobprop.jacobians import BlockDiagonalJacobian, DiagonalJacobian

RATE = 0.4
EPSILON = 1e-5
CASES = 7
LOSSES = {
    "CrossEntropy": (jp.CrossEntropy, lambda y, t: -np.log(y[np.arange(len(y)), t])),
    "SquaredError": (jp.SquaredError, lambda y, t: ((y - t) ** 2).sum(-1) / 2),
}


class Case:
    """A network 4-5-BN-6-dropout-3 with its data, and the same in plain numpy."""

    def __init__(self, loss, reduction):
        self.rng = np.random.default_rng(5)
        kind, self.losses = LOSSES[loss]
        self.mean = reduction == "mean"
        soft = loss == "CrossEntropy"
        self.last = self.softmax if soft else (lambda z: z)
        layers = [
            jp.Dense(4, 5, "tanh"),
            BatchNorm(5),
            jp.Dense(5, 6, "sigmoid"),
            Dropout(RATE),
            jp.Dense(6, 3),
        ]
        net = jp.Network([*layers, jp.Softmax()] if soft else layers, kind(reduction=reduction))
        self.net = net.with_vector(net.vector + 0.3 * self.rng.normal(size=net.size))
        self.X = self.rng.normal(size=(CASES, 4))
        self.T = self.rng.integers(3, size=CASES) if soft else self.rng.normal(size=(CASES, 3))
        self.learning = self.net.in_training(11)
        self.mask = self.learning.layers[3].forward({}, (np.ones((CASES, 6)),))[0]

    @staticmethod
    def softmax(z):
        e = np.exp(z)
        return e / e.sum(-1, keepdims=True)

    def activations(self, X, parameters):
        p = parameters
        a1 = np.tanh(X @ p["W1"] + p["b1"])
        centred = a1 - a1.mean(0)
        a2 = p["C2"] * centred / np.sqrt((centred**2).mean(0) + EPSILON) + p["b2"]
        a3 = 1 / (1 + np.exp(-(a2 @ p["W3"] + p["b3"])))
        a4 = self.mask * a3
        a5 = a4 @ p["W5"] + p["b5"]
        return [X, a1, a2, a3, a4, a5, self.last(a5)]

    def loss(self, X, parameters):
        values = self.losses(self.activations(X, parameters)[-1], self.T)
        return values.mean() if self.mean else values.sum()

    def derivative(self, function, name):
        """d(function)/d(name) by the complex step, function's axes first."""
        point = {"a0": self.X, **self.net.parameters}
        x = point[name]
        found = []
        for place in np.ndindex(x.shape):
            moved = x.astype(complex)
            moved[place] += 1e-30j
            given = point | {name: moved}
            found.append(np.imag(function(given.pop("a0"), given)) / 1e-30)
        return np.stack(found, axis=-1).reshape(*np.shape(found[0]), *x.shape)


@cache
def case(loss, reduction):
    return Case(loss, reduction)


every_case = pytest.mark.parametrize(
    ("loss", "reduction"), [("CrossEntropy", "mean"), ("CrossEntropy", "sum"), ("SquaredError", "mean")]
)


def close(actual, expected, tolerance=1e-12):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= tolerance * max(1, np.abs(expected).max())


@every_case
@pytest.mark.seed("S-21", "B-49")
def test_values_and_loss_of_a_network_that_learns(loss, reduction):
    it = case(loss, reduction)
    record = it.learning.forward(it.X, it.T)
    for number, expected in enumerate(it.activations(it.X, it.net.parameters)[:6]):
        close(record.activation(number), expected)
    close(record.loss, it.loss(it.X, it.net.parameters))
    assert record.losses.shape == ()
    assert record.cases is None
    assert record.coupled
    assert repr(record).startswith("<Record: 4-5-5-6-6-3")
    assert "7 cases coupled" in repr(record)


@every_case
@pytest.mark.seed("S-21")
def test_gradients_by_every_route_are_those_of_the_complex_step(loss, reduction):
    it = case(loss, reduction)
    record = it.learning.forward(it.X, it.T)
    routes = {
        "record": record.gradients(),
        "jacobian": {name: record.jacobian("L", name).tensor() for name in it.net.parameters},
        "jacobians": {name: J.tensor() for name, J in record.jacobians("L").items()},
        "delta": jp.DeltaRule(it.learning).gradients(it.X, it.T)[1],
        "tensor": jp.gradients(it.learning, it.X, it.T, formulation="tensor"),
    }
    for name in it.net.parameters:
        expected = it.derivative(it.loss, name)
        for found in routes.values():
            close(found[name], expected)
    close(record.jacobian("L", "a0").tensor(), it.derivative(it.loss, "a0"))


@pytest.mark.seed("S-21")
@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_jacobians_of_a_coupled_batch_are_those_of_the_complex_step(number):
    it = case("SquaredError", "mean")
    record = it.learning.forward(it.X, it.T)
    for name, J in record.jacobians(f"a{number}").items():
        expected = it.derivative(lambda X, p: it.activations(X, p)[number], name)
        assert J.cases is None
        close(J.tensor(), expected)
        close(record.chain(f"a{number}", name).multiply().tensor(), expected)
        v, u = it.rng.normal(size=J.in_shape), it.rng.normal(size=J.out_shape)
        close(record.push(f"a{number}", {name: v}), np.tensordot(expected, v, v.ndim))
        if name != "a0":
            close(record.pull(f"a{number}", u)[name], np.tensordot(u, expected, u.ndim))


def test_a_tangent_without_cases_counts_for_every_row():
    it = case("CrossEntropy", "mean")
    record, v = it.learning.forward(it.X, it.T), it.rng.normal(size=4)
    whole = np.broadcast_to(v, it.X.shape)
    close(record.push("a3", {"a0": v}), record.jacobian("a3", "a0").push(whole))
    close(record.push("L", {"a0": v}), record.jacobian("L", "a0").push(whole))


def test_factors_below_the_coupling_keep_their_structure():
    it = case("CrossEntropy", "mean")
    record = it.learning.forward(it.X, it.T)
    across = record.jacobian("a2", "a1")
    assert isinstance(across, BlockDiagonalJacobian)
    assert across.axis == -1
    assert across.nbytes < across.dense_nbytes / 2
    assert isinstance(record.jacobian("a1", "a0"), BlockDiagonalJacobian)
    assert record.jacobian("a1", "W1").structure_name == "stacked"
    assert record.jacobian("a4", "a2").structure_name == "block diagonal"  # nothing couples above a2


def test_the_blocks_of_batch_normalisation_ignore_a_shift_and_a_scale():
    """Adding a number to all cases of a unit, or multiplying them, leaves u as it is."""
    it = case("SquaredError", "mean")
    record = it.learning.forward(it.X, it.T)
    J, a1 = record.jacobian("a2", "a1"), record.activation(1)
    close(J.push(np.ones_like(a1)), np.zeros_like(a1), 1e-13)
    close(J.pull(np.ones_like(a1)), np.zeros_like(a1), 1e-13)
    scaled = J.push(a1 - a1.mean(0))
    assert np.abs(scaled).max() < 1e-3  # exactly zero but for epsilon


def test_statistics_of_a_batch_give_it_the_same_activations():
    it = case("CrossEntropy", "mean")
    seen = it.net.with_statistics(it.X)
    learning = jp.Network([*it.net.layers[:3]]).with_parameters(
        {name: it.net.parameters[name] for name in ("W1", "b1", "C2", "b2", "W3", "b3")}
    )
    close(learning.with_statistics(it.X)(it.X), learning.in_training()(it.X))
    a1 = seen.forward(it.X).activation(1)
    close(seen.layers[1].mean, a1.mean(0))
    close(seen.layers[1].variance, a1.var(0))
    record = seen.forward(it.X, it.T)
    assert record.cases == CASES
    close(record.output[2], seen(it.X[2]))
    assert isinstance(record.jacobian("a2", "a1"), DiagonalJacobian)
    assert it.net.in_training().with_statistics(it.X).architecture.couples_cases


def test_statistics_leave_the_network_as_it_was():
    it = case("CrossEntropy", "mean")
    before = it.net(it.X)
    assert not np.array_equal(it.net.with_statistics(it.X)(it.X), before)
    close(it.net(it.X), before)
    plain = jp.Network([jp.Dense(3, 2)])
    assert plain.in_training() is plain
    assert plain.with_statistics(np.ones((2, 3))) is plain


def test_statistics_pass_from_layer_to_layer():
    rng = np.random.default_rng(2)
    net = jp.Network([jp.Dense(3, 4, "tanh"), BatchNorm(4), jp.Dense(4, 5), BatchNorm(5)])
    X = rng.normal(size=(6, 3))
    close(net.with_statistics(X)(X), net.in_training()(X))


@pytest.mark.seed("S-21")
def test_masks_are_drawn_by_seed_and_keep_the_mean():
    net = jp.Network([Dropout(0.25)])
    X = np.ones((400, 50))
    masks = [net.in_training(seed)(X) for seed in (1, 1, 2)]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])
    assert set(np.unique(masks[0])) == {0.0, 1 / 0.75}
    assert abs(masks[0].mean() - 1) < 5 * np.sqrt(1 / 3 / X.size)  # five standard errors
    rng = np.random.default_rng(3)
    first, second = net.in_training(rng)(X), net.in_training(rng)(X)
    assert not np.array_equal(first, second)
    assert np.array_equal(net(X), X)


def test_a_generator_is_not_drawn_from_without_dropout():
    rng = np.random.default_rng(3)
    jp.Network([jp.Dense(3, 2), BatchNorm(2)]).in_training(rng)
    assert rng.random() == np.random.default_rng(3).random()


def test_the_first_case_has_the_mask_that_it_has_alone():
    net = jp.Network([Dropout(0.5)]).in_training(4)
    X = np.arange(1.0, 61.0).reshape(3, 20)
    assert np.array_equal(net(X)[0], net(X[0]))


def test_check_holds_for_a_network_that_learns():
    it = case("CrossEntropy", "mean")
    report = jp.check(it.learning, it.X[:3], it.T[:3])
    assert report, str(report)
    compared = {row.what for row in report.rows if row.witness.startswith("differences")}
    assert {"da6/da0", "dL/da0", "dL/dW1", "dL/dC2"} <= compared


@pytest.mark.parametrize(
    "layer",
    [
        BatchNorm(4),
        BatchNorm.from_statistics([1.0, -2.0, 0.5], [0.1, 2.0, 3.0]),
        BatchNorm(5).in_training(None),
        Dropout(0.3),
        Dropout(0.3).in_training(np.random.default_rng(0)),
    ],
    ids=repr,
)
def test_check_layer_holds(layer):
    assert jp.testing.check_layer(layer)


class ForgotTheVariance(type(BatchNorm(2).in_training(None))):
    """The batch's variance taken for a constant, in the factors alone."""

    def factors(self, params, cache):
        found = super().factors(params, cache)
        J = found[-1].inner
        U, V = J.U.copy(), J.V.copy()
        U[..., 1] = 0
        found[-1] = BlockDiagonalJacobian(jp.DiagonalPlusLowRankJacobian(J.d, U, V), axis=-1)
        return found


def test_check_layer_notices_a_forgotten_variance():
    with pytest.raises(errors.CheckFailed, match="J_Y of the layer"):
        jp.testing.check_layer(ForgotTheVariance(BatchNorm(4)))


class Centre(Layer):
    """A layer of a user that couples the cases: y minus its mean over the batch."""

    couples_cases = True
    wrong = 1.0

    def forward(self, params, inputs):
        (y,) = inputs
        return y - y.mean(axis=0), y.shape

    def factors(self, params, cache):
        n, m = cache
        block = np.eye(n) - self.wrong / n
        return {-1: BlockDiagonalJacobian(jp.DenseJacobian(block).for_cases(m), axis=-1)}


def test_a_layer_of_ones_own_may_couple_the_cases():
    assert jp.testing.check_layer(Centre())
    rng = np.random.default_rng(1)
    net = jp.Network([jp.Dense(3, 4, "tanh"), Centre(), jp.Dense(4, 2)], jp.SquaredError())
    assert jp.check(net, rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))
    wrong = Centre()
    wrong.wrong = 0.9
    with pytest.raises(errors.CheckFailed):
        jp.testing.check_layer(wrong)


def test_factors_of_a_coupling_layer_have_the_shape_of_the_batch():
    class PerCase(Centre):
        def factors(self, params, cache):
            n, m = cache
            return {-1: jp.IdentityJacobian(m, cases=n)}

    record = jp.Network([PerCase()]).forward(np.ones((5, 3)))
    with pytest.raises(
        errors.ShapeError, match=r"a factor has the wrong shapes.*expected \(5, 3\) by \(5, 3\)"
    ):
        record.jacobian("a1", "a0")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ntk", lambda net, X, T: jp.ntk(net, X)),
        ("gauss_newton", jp.gauss_newton),
        ("hessian", jp.hessian),
        ("parameter_jacobian", lambda net, X, T: jp.parameter_jacobian(net, X)),
        ("levenberg_marquardt", jp.levenberg_marquardt),
        ("sensitivity", lambda net, X, T: jp.sensitivity(net, X)),
        ("laplace", jp.laplace),
    ],
)
def test_what_needs_cases_of_their_own_says_what_to_do(name, call):
    it = case("CrossEntropy", "mean")
    with pytest.raises(errors.UnsupportedLayerError, match=rf"{name}: a layer couples .*with_statistics"):
        call(it.learning, it.X, it.T)


def test_curvature_of_a_network_with_statistics():
    it = case("CrossEntropy", "mean")
    seen = it.net.with_statistics(it.X)
    H = jp.hessian(seen, it.X, it.T)

    def gradient(v):
        found = seen.with_vector(v).forward(it.X, it.T).gradients()
        return np.concatenate([found[name].ravel() for name in seen.parameters])

    v = it.rng.normal(size=seen.size)
    step = 1e-5
    expected = (gradient(seen.vector + step * v) - gradient(seen.vector - step * v)) / (2 * step)
    close(H @ v, expected, 1e-8)


@pytest.mark.parametrize(
    ("kept", "flaw"),
    [((1,), "the mean of the batch is"), ((0,), "the variance of the batch is"), ((), "mean and variance")],
)
def test_diagnose_names_what_was_taken_for_constant(kept, flaw):
    it = case("CrossEntropy", "mean")
    record = it.learning.forward(it.X, it.T)
    u = (record.activation(2) - it.net.parameters["b2"]) / it.net.parameters["C2"]
    a1 = record.activation(1)
    gain = it.net.parameters["C2"] / np.sqrt(a1.var(0) + EPSILON)
    delta = record.jacobian("L", "a2").tensor()
    below = delta - (0 in kept) * delta.mean(0) - (1 in kept) * u * (delta * u).mean(0)
    delta1 = gain * below * (1 - a1**2)
    mine = record.gradients() | {"W1": it.X.T @ delta1, "b1": delta1.sum(0)}
    found = jp.diagnose(mine, record)
    assert (found.kind, found.where) == ("missing_rank_one", "layer 2 (W1, b1)")
    assert flaw in found.message


def test_diagnose_of_a_coupled_batch():
    it = case("CrossEntropy", "mean")
    record = it.learning.forward(it.X, it.T)
    right = record.gradients()
    assert jp.diagnose(right, record)
    assert jp.diagnose(right | {"W3": -right["W3"]}, record).kind == "sign"
    seven = jp.diagnose({name: CASES * array for name, array in right.items()}, record)
    assert seven.kind == "factor"
    assert "1/7" in seven.message


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(8)
    X, delta = rng.normal(size=(6, 4)) * 3 + 1, rng.normal(size=(6, 4))
    params = {"C": rng.normal(size=4), "b": rng.normal(size=4)}
    layer = BatchNorm(4).in_training(None)
    values, cache = layer.forward(params, (X,))
    y = torch.tensor(X, requires_grad=True)
    C, b = (torch.tensor(params[slot], requires_grad=True) for slot in "Cb")
    theirs = torch.nn.functional.batch_norm(y, None, None, C, b, training=True, eps=EPSILON)
    theirs.backward(torch.tensor(delta))
    close(values, theirs.detach().numpy())
    factors = layer.factors(params, cache)
    for operand, tensor in ((-1, y), ("C", C), ("b", b)):
        close(factors[operand].pull(delta), tensor.grad.numpy())


def test_expressions_pass_through_batch_normalisation():
    """The Jacobian of the batch by sympy's own derivative."""
    net = jp.Network([BatchNorm(2, epsilon=0.25)]).in_training()
    symbols = sympy.symbols("y:6", real=True)
    record = net.forward(np.array(symbols, dtype=object).reshape(3, 2))
    J = record.jacobian("a1", "a0").matrix()
    numbers = dict(zip(symbols, (1, 2, 4, 3, -2, 5), strict=True))
    for row, value in enumerate(record.output.ravel()):
        for column, symbol in enumerate(symbols):
            assert abs((sympy.diff(value, symbol) - J[row, column]).subs(numbers)) < 1e-15


def test_single_precision_stays():
    net = jp.Network([jp.Dense(3, 4, "tanh"), BatchNorm(4), Dropout(0.5)], dtype=np.float32)
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    record = net.in_training().forward(X)
    assert record.dtype == np.float32
    assert {J.dtype for J in record.jacobians("a3").values()} == {np.dtype(np.float32)}
    assert net.with_statistics(X).forward(X).dtype == np.float32


def test_a_coupled_record_survives_a_pickle():
    it = case("CrossEntropy", "mean")
    record = it.learning.forward(it.X, it.T)
    repr(record.layer(2))  # makes the factors
    again = pickle.loads(pickle.dumps(record))  # noqa: S301  (our own bytes)
    close(again.jacobian("L", "W1").tensor(), record.jacobian("L", "W1").tensor())


@pytest.mark.seed("S-21")
def test_no_bias_of_the_layer_below_matters_to_batch_normalisation():
    it = case("CrossEntropy", "mean")
    net = jp.Network([jp.Dense(4, 5), BatchNorm(5), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy())
    gradient = net.in_training().forward(it.X, it.T).gradients()
    assert np.abs(gradient["b1"]).max() < 1e-15
    assert np.abs(gradient["W1"]).max() > 1e-3


# -- precision --------------------------------------------------------------------------------------------


def normalised(X):
    """u in double precision, of differences to the first case."""
    x = X.astype(np.float64) - X[0].astype(np.float64)
    x = x - x.mean(0)
    return x / np.sqrt((x**2).mean(0) + EPSILON)


@pytest.mark.parametrize(
    ("dtype", "cases", "shift", "size", "within"),
    [
        ("f2", 5000, 1.0, 1.0, 4e-3),
        ("f2", 20, 0.0, 400.0, 4e-3),  # whose variance is no number of half precision
        ("f2", 70_000, 0.0, 1.0, 4e-3),
        ("f4", 20_000, 1000.0, 1.0, 5e-7),
        ("f4", 20, 0.0, 1e20, 5e-7),
        ("f8", 20, 1e3, 1e-3, 1e-9),
    ],
)
def test_statistics_are_taken_in_double_precision(dtype, cases, shift, size, within):
    X = (shift + size * np.random.default_rng(3).normal(size=(cases, 2))).astype(dtype)
    net = jp.Network([BatchNorm(2)], dtype=dtype)
    for form in (net.in_training(), net.with_statistics(X)):
        found = form(X)
        assert found.dtype == dtype
        assert np.abs(found - normalised(X)).max() <= within * np.abs(normalised(X)).max()


def test_squares_of_a_batch_do_not_overflow():
    X = np.random.default_rng(3).normal(size=(6, 2))
    net = jp.Network([BatchNorm(2)]).in_training()
    close(net(1e160 * X), normalised(1e80 * X))
    J = net.forward(1e160 * X).jacobian("a1", "a0").tensor()
    close(J * 1e160, net.forward(1e5 * X).jacobian("a1", "a0").tensor() * 1e5, 1e-9)


def test_a_constant_unit_is_zero():
    X = np.full((7, 2), 1e12 + 0.1)
    for dtype, epsilon in (("f8", EPSILON), ("f4", 1e-50), ("f2", 1e-8)):
        net = jp.Network([BatchNorm(2, epsilon=epsilon)], dtype=dtype)
        data = X.astype(dtype) if dtype != "f2" else np.full((7, 2), 9.7, dtype)
        assert not net.in_training()(data).any()
        assert not net.with_statistics(data)(data).any()


@pytest.mark.parametrize("form", ["in_training", "with_statistics"])
def test_many_cases_in_half_precision_are_added_up_without_losing_any(form):
    rng = np.random.default_rng(1)
    X, T = rng.normal(size=(5000, 3)).astype("f2"), rng.normal(size=(5000, 3)).astype("f2") + 3
    layers = [jp.Dense(3, 3), BatchNorm(3)]
    net = jp.Network(layers, jp.SquaredError(reduction="mean"), dtype="f2")
    net = net.in_training() if form == "in_training" else net.with_statistics(X)
    exact = net.astype("f8").forward(X.astype("f8"), T.astype("f8")).gradients()
    for found in (net.forward(X, T).gradients(), jp.DeltaRule(net).gradients(X, T)[1]):
        for name, expected in exact.items():
            assert np.abs(found[name] - expected).max() < 5e-3 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_of_two_cases_only_epsilon_is_left(dtype):
    """u is +-(1 - epsilon / s^2 / 2 ..), so that what is left is C epsilon / (2 s^3) (I - 1 1^T / 2) 2."""
    X = np.random.default_rng(5).normal(size=(2, 3)).astype(dtype)
    net = jp.Network([BatchNorm(3)], dtype=dtype).in_training()
    half = (X[0].astype("f8") - X[1].astype("f8")) / 2
    slope = EPSILON / (half**2 + EPSILON) ** 1.5 / 2
    expected = np.einsum("k,cd,kl->ckdl", slope, np.array([[1, -1], [-1, 1]]), np.eye(3))
    J = net.forward(X).jacobian("a1", "a0").tensor()
    within = 4 * np.finfo(dtype).eps
    assert np.abs(J / np.where(expected, expected, 1) - (expected != 0)).max() < within
    layer = net.layers[0]
    params = {slot: net.parameters[f"{slot}1"] for slot in "Cb"}
    delta = np.array([[1, 2, 3], [0, 5, -4]], dtype)
    cache = layer.forward(params, (X,))[1]
    passed = layer.backward_into(delta, params, cache, jp.layers.Workspace())[-1]
    by_hand = np.einsum("ck,ckdl->dl", delta, expected)
    assert np.abs(passed / by_hand - 1).max() < within
    assert jp.check(jp.Network([jp.Dense(3, 4, "tanh"), BatchNorm(4)]).in_training(), X.astype("f8"))
    record = net.forward(X)
    assert record.jacobian("a1", "a0").inner.rank == 1


def test_diagnose_of_two_cases():
    it = case("CrossEntropy", "mean")
    record = it.learning.forward(it.X[:2], it.T[:2])
    right = record.gradients()
    assert jp.diagnose(right, record)
    assert jp.diagnose(right | {"W3": -right["W3"]}, record).kind == "sign"


# -- layers are values ------------------------------------------------------------------------------------


def test_statistics_and_masks_cannot_be_set():
    net = jp.Network([BatchNorm(3), Dropout(0.5)])
    for layer, name in (
        (net.layers[0], "epsilon"),
        (net.layers[0], "mean"),
        (net.with_statistics(np.eye(3)).layers[0], "variance"),
        (net.layers[1], "rate"),
        (net.in_training().layers[1], "seed"),
    ):
        with pytest.raises(AttributeError, match="a layer does not change"):
            setattr(layer, name, 3.0)
    with pytest.raises(ValueError, match="read-only"):
        net.layers[0].variance[0] = 99


def test_a_normalisation_says_whether_it_has_seen_data():
    net = jp.Network([BatchNorm(3)])
    seen = net.with_statistics(np.eye(3))
    assert (repr(net.layers[0]), net.layers[0].has_statistics) == ("BatchNorm(3)", False)
    assert (repr(seen.layers[0]), seen.layers[0].has_statistics) == ("BatchNorm(3, with statistics)", True)
    assert repr(seen.in_training().layers[0]) == "BatchNormInTraining(3)"


def test_the_simplified_jacobian_of_a_coupled_record_is_that_of_each_case():
    it = case("CrossEntropy", "mean")
    coupled = it.learning.forward(it.X, it.T).layer(1).J_W_hat
    plain = jp.Network(it.net.layers[:1]).with_parameters(
        {name: it.net.parameters[name] for name in ("W1", "b1")}
    )
    close(coupled, plain.forward(it.X).layer(1).J_W_hat)


def test_statistics_given_in_single_precision_are_used_in_double():
    mean, variance = np.array([0.25], np.float32), np.array([0.0], np.float32)
    net = jp.Network([BatchNorm.from_statistics(mean, variance)])
    close(net(np.zeros((1, 1))), np.array([[-0.25 / np.sqrt(EPSILON)]]), 1e-15)
