"""Radial units, residual sums and elementwise layers: what the market of networks does not ask of them."""

import pickle
import tracemalloc
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy

import jacobprop as jp
from jacobprop.differences import central_differences
from jacobprop.errors import DenseLimitError
from jacobprop.jacobians import RULES, IdentityJacobian, UnitwiseWeightJacobian
from jacobprop.layers import Workspace, rbf
from jacobprop.layers.base import pull_through

from .market import DESIGNS, build, gap, numeric_gradients
from .test_record import worst_pair

RNG = np.random.default_rng(34)
X = RNG.normal(size=(6, 4))
C, BETA = RNG.normal(size=(4, 3)), np.array([0.3, 0.7, 1.1])
of_piece = {
    kind: next(d for d in DESIGNS if d.cases and any(p.kind == kind for p in d.pieces))
    for kind in ("rbf", "residual", "elementwise")
}


def bumps(name="a1"):
    return jp.Network([jp.RBF.from_arrays(C, BETA)]).forward(X)


# -- radial units ------------------------------------------------------------------------------------------


@pytest.mark.seed("S-34", "H-36")
@pytest.mark.parametrize("wrt", ["C1", "B1", "a0"])
def test_the_jacobians_of_a_radial_unit_are_differences(wrt):
    net = jp.Network([jp.RBF.from_arrays(C, BETA)])
    for x in (X, X[0]):
        J = net.forward(x).jacobian("a1", wrt).tensor()
        if wrt == "a0":
            numeric = [central_differences(net, one) for one in np.atleast_2d(x)]
            assert gap(np.atleast_3d(J.T).T, np.array(numeric)) < 1e-9
        else:
            numeric = central_differences(
                lambda value, x=x: net.with_parameters({wrt: value})(x), net.parameters[wrt]
            )
            assert gap(J, numeric) < 1e-9


@pytest.mark.seed("S-34", "H-36")
def test_a_radial_unit_knows_the_distance_alone():
    """f(z) = exp(-beta z): the same all around the centre, 1 on it, 1/e at 1 / sqrt(beta)."""
    layer = jp.RBF.from_arrays([[1.0], [-2.0]], 0.25)
    angles = np.linspace(0, 2 * np.pi, 7)
    ring = np.array([1.0, -2.0]) + 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert gap(jp.Network([layer])(ring), np.full((7, 1), np.exp(-1))) < 1e-15
    record = jp.Network([layer]).forward([1.0, -2.0])
    assert record.output.tolist() == [1.0]
    assert not record.jacobian("a1", "a0").tensor().any()


@pytest.mark.seed("H-36")
def test_the_factors_of_a_radial_layer():
    record, factors = bumps(), bumps().layer(1)
    d = X[:, :, None] - C
    assert gap(record.sum(1), BETA * (d**2).sum(axis=1)) < 1e-15
    assert factors.J_Sum.structure_name == "diagonal"
    assert gap(factors.J_Sum.tensor(), -record.output[:, :, None] * np.eye(3)) < 1e-15
    by_z = factors.sum_factors
    assert gap(by_z[-1].tensor(), np.moveaxis(2 * BETA * d, 1, 2)) < 1e-15
    assert gap(by_z["C"].simplified(), -2 * BETA * d) < 1e-15
    assert gap(by_z["B"].tensor(), (d**2).sum(axis=1)[:, :, None] * np.eye(3)) < 1e-15
    for J in (by_z["C"], factors["C"], record.jacobian("a1", "C1")):
        assert type(J) is UnitwiseWeightJacobian
        assert np.shares_memory(J.V, by_z["C"].V) == (J is by_z["C"] or J is factors["C"])
    assert factors["C"].symbol == "J_C1^a1"


@pytest.mark.seed("S-34", "H-37")
def test_a_bump_takes_one_radial_unit_and_many_perceptrons():
    """The slides' cylinder: N sigmoids around a circle, here with the best weights above them."""
    axis = np.linspace(-3, 3, 25)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    bump = np.exp(-(grid**2).sum(axis=1, keepdims=True))

    def perceptrons(number):
        angles = 2 * np.pi * np.arange(number) / number
        W = -3 * np.stack([np.cos(angles), np.sin(angles)])
        hidden = jp.Network([jp.Dense.from_arrays(W, np.full(number, 0.9), "sigmoid")])(grid)
        columns = np.column_stack([hidden, np.ones(len(grid))])
        return np.abs(columns @ np.linalg.lstsq(columns, bump)[0] - bump).max()

    errors = {number: perceptrons(number) for number in (2, 4, 8, 16, 64)}  # 0.69 0.45 0.15 0.09 0.09
    assert all(errors[n] > errors[m] for n, m in pairwise((2, 4, 8, 16)))
    assert errors[8] > 0.1 > errors[16]
    assert errors[64] > 0.05  # the tails of the sum stay, however many there are (E-36)
    one = jp.Network([jp.RBF.from_arrays([[0.4], [-0.3]], 0.5), jp.Dense(1, 1)], jp.SquaredError())
    found = jp.levenberg_marquardt(one, grid, bump).network
    assert np.abs(found(grid) - bump).max() < 1e-9
    assert gap(found.parameters["B1"], np.ones(1)) < 1e-9
    assert np.abs(found.parameters["C1"]).max() < 1e-9


@pytest.mark.seed("S-34")
def test_three_bumps_are_three_units():
    centres, heights = np.array([[-2.0, 0.5, 2.0], [1.0, -1.0, 0.0]]), np.array([[1.0], [-0.5], [2.0]])
    grid = np.random.default_rng(101).uniform(-3, 3, (60, 2))
    target = sum(
        h * np.exp(-2 * ((grid - c) ** 2).sum(axis=1)) for h, c in zip(heights, centres.T, strict=True)
    )
    layers = [jp.RBF.from_arrays(centres, 2.0), jp.Dense.from_arrays(heights)]
    assert np.abs(jp.Network(layers)(grid)[:, 0] - target).max() < 1e-15
    near = [jp.RBF.from_arrays(centres + 0.2, 1.5), jp.Dense.from_arrays(heights * 0.8)]
    found = jp.levenberg_marquardt(jp.Network(near, jp.SquaredError()), grid, target[:, None]).network
    assert gap(found.parameters["C1"], centres) < 1e-7
    assert gap(found.parameters["B1"], np.full(3, 2.0)) < 1e-7


def test_far_from_zero_distances_do_not_cancel():
    """||y||^2 - 2 y . c + ||c||^2 has no right digit here."""
    y, c = np.array([1e8 + 0.25, -1e8]), np.array([1e8, -1e8 + 0.125])
    exact = sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(y, c, strict=True))
    record = jp.Network([jp.RBF.from_arrays(c[:, None], 1.0)]).forward(y)
    assert record.sum(1)[0] == float(exact)
    assert abs((y @ y - 2 * (y @ c) + c @ c) / float(exact) - 1) > 0.5


@pytest.mark.parametrize(
    ("dtype", "far", "beta"),
    [
        ("float16", 300.0, 2.0),
        ("float16", 400.0, 100.0),
        ("float16", 6e4, 6e4),
        ("float32", 1e30, 2.0),
        ("float32", 1.7e38, 100.0),
        ("float64", 40.0, 2.0),
        ("float64", 1e200, 2.0),
        ("float64", 1.7e308, 100.0),
        ("float64", 1e200, 1.7e308),
    ],
)
def test_a_far_unit_is_silent(dtype, far, beta):
    """exp(-huge) = 0, and factors above the largest number make no nan: 0 is the limit of every Jacobian."""
    net = jp.Network([jp.RBF.from_arrays([[far, 0.0]], beta), jp.Dense(2, 1)], jp.SquaredError(), dtype=dtype)
    with np.errstate(all="raise"):
        record = net.forward(np.zeros((3, 1), dtype), np.ones((3, 1), dtype))
        assert record.output.dtype == dtype
        assert record.activation(1).tolist() == [[0.0, 1.0]] * 3
        for wrt in ("C1", "B1", "a0"):
            assert np.array_equal(record.jacobian("a1", wrt).tensor(), np.zeros((3, 2, *_shape(net, wrt))))
        for gradients in (
            record.gradients(),
            jp.DeltaRule(net).gradients(np.zeros((3, 1)), np.ones((3, 1)))[1],
        ):
            assert all(np.isfinite(g).all() for g in gradients.values())
            assert not gradients["C1"].any()
        assert not np.isnan(jp.hessian(net, np.zeros((3, 1), dtype), np.ones((3, 1), dtype)).matrix()).any()


@pytest.mark.parametrize(("dtype", "edge"), [("float16", 6e4), ("float32", 3e38), ("float64", 1.7e308)])
def test_a_difference_above_the_largest_number_is_as_silent(dtype, edge):
    layers = [jp.RBF.from_arrays([[-edge, edge]], [3.0, 1.0]), jp.Dense(2, 1)]
    net = jp.Network(layers, jp.SquaredError(), dtype=dtype)
    x, target = np.array([[edge], [-edge]], dtype), np.ones((2, 1), dtype)
    record = net.forward(x, target)
    assert record.activation(1).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    for gradients in (record.gradients(), jp.DeltaRule(net).gradients(x, target)[1]):
        assert not any(gradients[name].any() for name in ("C1", "B1"))
    deep = jp.Network([jp.Dense.from_arrays(np.eye(1)), *layers], jp.SquaredError(), dtype=dtype)
    assert not jp.DeltaRule(deep).gradients(x, target)[1]["W1"].any()


def test_halves_keep_squares_above_their_largest_number():
    """1e-5 (4 . 500^2) = 10, where 4 . 500^2 is no half; every step but the last is wider."""
    layers = [jp.RBF.from_arrays(np.zeros((4, 2)), [1e-5, 1.0]), jp.Dense(2, 3)]
    net = jp.Network(layers, jp.SquaredError(), dtype=np.float16)
    x, target = np.full((2, 4), 500, np.float16), np.ones((2, 3), np.float16)
    exact = net.astype(float).forward(x.astype(float), target.astype(float))
    record = net.forward(x, target)
    assert np.array_equal(record.activation(1), exact.activation(1).astype(np.float16))
    assert record.activation(1)[0] == pytest.approx([4.5e-5, 0], rel=1e-2)
    B = jp.DeltaRule(net).gradients(x, target)[1]["B1"]
    assert B.dtype == np.float16
    assert gap(B.astype(float), exact.gradients()["B1"]) < 5e-3
    assert np.isinf(record.gradients()["B1"]).tolist() == [True, False]  # no wrong number for what is none


def test_halves_are_rounded_once():
    net = jp.Network([jp.RBF.from_arrays(300 * C, 1e-5 * BETA)], dtype=np.float16)
    x = (300 * X).astype(np.float16)
    record, exact = net.forward(x), net.astype(float).forward(x.astype(float))
    assert np.array_equal(record.sum(1), exact.sum(1).astype(np.float16))
    assert np.array_equal(record.output, exact.output.astype(np.float16))


def _shape(net, name):
    return (1,) if name == "a0" else net.parameters[name].shape


def test_what_is_no_number_stays_none():
    record = jp.Network([jp.RBF.from_arrays(C, BETA)]).forward([[np.nan, 0, 0, 0], [0, 0, 0, 0]])
    assert np.isnan(record.output[0]).all()
    assert np.isfinite(record.output[1]).all()


def test_a_layer_of_symbols_is_differentiated_by_sympy():
    letters = sympy.symbols("y0:3 c0:6 b0:2")
    y, c, b = (np.array(letters[k:m], dtype=object) for k, m in ((0, 3), (3, 9), (9, 11)))
    net = jp.Network([jp.RBF.from_arrays(c.reshape(3, 2), b)])
    record = net.forward(y)
    for wrt, block in (("a0", y), ("C1", c), ("B1", b)):
        J = record.jacobian("a1", wrt).matrix()
        expected = [[sympy.diff(a, symbol) for symbol in block] for a in record.output]
        gaps = [sympy.expand(p - q) for p, q in zip(J.ravel(), np.ravel(expected), strict=True)]
        assert gaps == [0] * len(gaps)


@pytest.mark.parametrize("numbers", [1, 12 * 4, rbf._BLOCK])
def test_the_delta_rule_of_a_block_at_a_time(numbers, monkeypatch):
    monkeypatch.setattr(rbf, "_BLOCK", numbers)
    layer = jp.RBF.from_arrays(C, BETA)
    rng = np.random.default_rng(102)
    params = layer.init(rng, np.dtype(float))
    a, cache = layer.forward(params, (X,))
    assert gap(a, np.exp(-BETA * ((X[:, :, None] - C) ** 2).sum(axis=1))) < 1e-15
    delta = rng.normal(size=a.shape)
    found = layer.backward_sum_into(delta, params, cache, Workspace())
    expected = pull_through(layer.sum_factors(params, cache), delta)
    assert found.keys() == expected.keys()
    assert max(gap(found[name], expected[name]) for name in expected) < 1e-15
    assert -1 not in layer.backward_sum_into(delta, params, cache, Workspace(wants_input=False))


def test_the_delta_rule_makes_nothing_of_the_size_of_the_factors():
    cases, n, m = 2000, 20, 30
    rule = jp.DeltaRule(jp.Network([jp.RBF(n, m), jp.Dense(m, 1)], jp.SquaredError()))
    data, target = np.random.default_rng(103).normal(size=(cases, n)), np.ones((cases, 1))
    rule.gradients(data, target)
    tracemalloc.start()
    try:
        rule.gradients(data, target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < cases * n * m * 8 / 2


@pytest.mark.parametrize(("dtype", "allowed"), [("float16", 2e-3), ("float32", 5e-6)])
def test_many_cases_are_added_up_without_losing_any(dtype, allowed):
    net = jp.Network([jp.RBF(3, 4, beta=0.3), jp.Dense(4, 2)], jp.SquaredError(), dtype=dtype)
    rng = np.random.default_rng(5)
    data, T = rng.normal(size=(10_000, 3)).astype(dtype), rng.uniform(1, 2, (10_000, 2)).astype(dtype)
    exact = net.astype("float64").forward(data.astype(float), T.astype(float)).gradients()
    for found in (net.forward(data, T).gradients(), jp.DeltaRule(net).gradients(data, T)[1]):
        for name in ("C1", "B1"):
            assert found[name].dtype == dtype
            assert gap(found[name].astype(float), exact[name]) < allowed


def test_halves_of_many_inputs_are_added_up_as_floats():
    """A running sum of 4,000 halves of 1/64 stops at 32, where 1/64 is half a step."""
    halves = np.full(4000, 1 / 64, np.float16)
    assert np.cumsum(halves, dtype=np.float16)[-1] == 32
    net = jp.Network([jp.RBF.from_arrays(np.full((4000, 3), 0.125), 2**-5)], dtype="float16")
    z = net.forward(np.zeros((2, 4000), np.float16)).sum(1)
    assert z.dtype == np.float16
    assert np.array_equal(z, np.full((2, 3), 4000 / 64 / 32))
    layer = jp.RBF.from_arrays(np.full((3, 4000), np.float16(0.125)), 2**-5)
    params = layer.init(np.random.default_rng(0), np.dtype(np.float16))
    _, cache = layer.forward(params, (np.zeros((2, 3), np.float16),))
    found = layer.backward_sum_into(np.ones((2, 4000), np.float16), params, cache, Workspace())
    assert np.array_equal(found[-1], np.full((2, 3), -4000 * 2 / 32 / 8))


def test_where_centres_and_betas_start():
    drawn = jp.Network([jp.RBF(40, 50, beta=0.5)], seed=1).parameters
    assert abs(drawn["C1"].mean()) < 0.1
    assert abs(drawn["C1"].std() - 1) < 0.1
    assert np.array_equal(drawn["B1"], np.full(50, 0.5))
    even = jp.Network([jp.RBF(40, 50, centres="unit")], seed=1).parameters["C1"]
    assert 0.99 < np.abs(even).max() <= 1
    assert abs(even.std() - 1 / np.sqrt(3)) < 0.03
    again = jp.Network([jp.RBF(40, 50, beta=0.5)], seed=1).parameters["C1"]
    assert np.array_equal(again, drawn["C1"])
    half = jp.Network([jp.RBF.from_arrays(C.astype("f4"))])
    assert half.dtype == np.float32
    assert np.array_equal(half.parameters["B1"], np.ones(3))
    assert jp.Network([jp.RBF(2, 3)], dtype="float16").parameters["C1"].dtype == np.float16


def test_a_radial_network_keeps_its_curvature():
    """H by differences is in the tests of curvature; here the tangent kernel is that of dense Jacobians."""
    net = jp.Network([jp.RBF.from_arrays(C, BETA), jp.Dense(3, 2, "tanh")])
    record = net.forward(X)
    J = np.concatenate(
        [record.jacobian("a2", name).matrix().reshape(12, -1) for name in net.parameters], axis=1
    )
    assert gap(jp.ntk(net, X).reshape(12, 12), J @ J.T) < 1e-14


def test_terms_of_centres_are_refused_above_the_limit():
    """1.2 GB for the Jacobian of all cases, though the factors themselves take 12 MB."""
    net = jp.Network([jp.RBF(100, 100), jp.Dense(100, 100)])
    J = jp.parameter_jacobian(net, np.ones((150, 100)))
    with pytest.raises(
        DenseLimitError, match=r"^the terms of <.*left o V, \(100,\) by \(100, 100\), 150 cases"
    ):
        J.row_norms()


# -- residual sums -----------------------------------------------------------------------------------------


def residual(start, f="tanh"):
    return jp.Network([jp.Dense(4, 5, f), jp.Dense(5, 5, f), jp.Residual(start)], jp.SquaredError())


def test_a_residual_sum_adds_the_identity():
    record = residual(1).forward(X)
    assert np.array_equal(record.output, record.activation(2) + record.activation(1))
    assert isinstance(record.layer(3)[-1], IdentityJacobian)
    assert isinstance(record.layer(3)[1], IdentityJacobian)
    straight = record.jacobian("a2", "a1").tensor()
    assert gap(record.jacobian("a3", "a1").tensor(), straight + np.eye(5)) < 1e-15


def test_both_indices_of_an_activation_make_the_same_network():
    far, near = residual(1), residual(-2)
    T = np.zeros((6, 5))
    assert np.array_equal(far(X), near(X))
    for name, gradient in far.forward(X, T).gradients().items():
        assert np.array_equal(gradient, near.forward(X, T).gradients()[name])


def test_of_the_activation_below_it_is_the_double():
    record = jp.Network([jp.Dense(4, 5), jp.Residual(1)]).forward(X)
    assert np.array_equal(record.output, 2 * record.activation(1))
    assert np.array_equal(record.jacobian("a2", "a1").tensor()[0], 2 * np.eye(5))


def test_through_dead_layers_the_row_still_arrives():
    """Forty saturated layers: without the sums dL/da0 is 0, with them each J is I + 0."""

    def deep(residuals):
        layers = [jp.Dense(3, 3)]
        for _ in range(40):
            below = len(layers)
            layers.append(jp.Dense.from_arrays(np.eye(3), np.full(3, 500.0), "sigmoid"))
            if residuals:
                layers.append(jp.Residual(below))
        record = jp.Network(layers, jp.SquaredError()).forward(X[:, :3], np.zeros((6, 3)))
        return np.abs(record.jacobian("L", "a1").matrix())

    assert deep(residuals=False).max() < 1e-300
    assert deep(residuals=True).min() > 1


# -- elementwise layers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", ["tanh", "relu", jp.Activation.from_expression("z*exp(-z**2)")])
def test_an_elementwise_layer_is_the_f_of_a_dense_layer(f):
    rng = np.random.default_rng(104)
    W = rng.normal(size=(4, 3))
    joined = jp.Network([jp.Dense.from_arrays(W, None, f)], jp.SquaredError())
    parted = jp.Network([jp.Dense.from_arrays(W), jp.Elementwise(f)], jp.SquaredError())
    T = np.ones((6, 3))
    one, other = joined.forward(X, T), parted.forward(X, T)
    assert np.array_equal(one.output, other.output)
    assert np.array_equal(one.layer(1).J_Sum.matrix(), other.layer(2).J_Sum.matrix())
    assert other.layer(2)[-1].structure_name == "diagonal"
    for net, found in ((joined, one), (parted, other)):
        assert gap(found.gradients()["W1"], one.gradients()["W1"]) < 1e-15
        assert gap(jp.DeltaRule(net).gradients(X, T)[1]["W1"], one.gradients()["W1"]) < 1e-15
    v = rng.normal(size=12)
    assert gap(jp.hessian(parted, X, T) @ v, jp.hessian(joined, X, T) @ v) < 1e-14


def test_a_sigmoid_of_its_own_fits_the_loss_of_probabilities():
    """a - t, where the slope of the sigmoid has vanished long ago."""
    net = jp.Network([jp.Elementwise("sigmoid")], jp.BinaryCrossEntropy(reduction="sum"))
    z, t = np.array([[800.0, -800.0, 40.0]]), np.array([[0.0, 1.0, 1.0]])
    record = net.forward(z, t)
    head = record.jacobian("L", "a0").matrix().ravel()
    np.testing.assert_allclose(head, [1, -1, -np.exp(-40)], rtol=1e-15)
    np.testing.assert_allclose(record.losses, [1600.0], rtol=1e-15)
    below = jp.Network([jp.Dense.from_arrays(np.eye(3)), jp.Elementwise("sigmoid")], jp.BinaryCrossEntropy())
    gradient = jp.DeltaRule(below).gradients(z, t)[1]["W1"]
    np.testing.assert_allclose(gradient, z.T @ head[None, :], rtol=1e-15)


# -- all of them -------------------------------------------------------------------------------------------

LAYERS = {
    "rbf": jp.RBF(4, 3, beta=0.5),
    "rbf of arrays": jp.RBF.from_arrays(C, BETA),
    "rbf of halves": jp.RBF.from_arrays(C.astype("f4"), 0.5),
    "residual": jp.Residual(0),
    "elementwise": jp.Elementwise("softplus"),
    "kinked": jp.Elementwise("relu"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_public_check_holds(name):
    report = jp.testing.check_layer(LAYERS[name])
    assert {row.verdict for row in report.rows} == {"holds"}
    assert ("complex step" in {row.witness for row in report.rows}) == LAYERS[name].analytic


@pytest.mark.parametrize("kind", of_piece)
def test_networks_and_records_pickle(kind):
    s = build(of_piece[kind])
    net, record = (pickle.loads(pickle.dumps(thing)) for thing in (s.net, s.record))  # noqa: S301  (our own)
    assert np.array_equal(net(s.X), s.record.output)
    for name, gradient in s.record.gradients().items():
        assert np.array_equal(record.gradients()[name], gradient)


@pytest.mark.parametrize("kind", of_piece)
def test_the_public_check_of_a_network_holds(kind):
    s = build(of_piece[kind])
    report = jp.check(s.net, s.X[:4], np.asarray(s.T)[:4])
    assert report, str(report)


@pytest.mark.parametrize(
    ("layer", "attribute"),
    [(jp.RBF(2, 3), "n_in"), (jp.Residual(0), "inputs"), (jp.Elementwise("tanh"), "activation")],
    ids=["rbf", "residual", "elementwise"],
)
def test_what_a_layer_is_made_from_stays(layer, attribute):
    with pytest.raises(AttributeError, match=f"cannot set '{attribute}'"):
        setattr(layer, attribute, 2)


# -- the tester is tested ----------------------------------------------------------------------------------

right = {
    (owner, method): getattr(owner, method)
    for owner, method in ((jp.RBF, "sum_factors"), (jp.RBF, "backward_sum_into"))
}


def changed(slot, change, method="sum_factors"):
    """The right method with one of its answers changed."""

    def wrong(self, *arguments):
        found = right[jp.RBF, method](self, *arguments)
        return found | ({slot: change(found[slot])} if slot in found else {})

    return method, wrong


def jacobians_differ(design):
    return worst_pair(build(design).record, design)[1] > 1e-6


def delta_differs(design):
    s = build(design)
    found = jp.gradients(s.net, s.X, s.T, "delta")
    return max(gap(found[name], g) for name, g in numeric_gradients(design).items()) > 1e-6


WRONG = {
    "a sign": (jp.RBF, ("J_Sum", lambda self, c: jp.DiagonalJacobian(c.a)), jacobians_differ),
    "f in place of f'": (jp.RBF, ("J_Sum", lambda self, c: jp.DiagonalJacobian(-c.z)), jacobians_differ),
    "half a slope": (jp.RBF, changed("C", lambda J: J._copy(V=J.V / 2)), jacobians_differ),
    "centre and input alike": (
        jp.RBF,
        changed("C", lambda J: J._copy(left=jp.DiagonalJacobian(-J.left.d, cases=J.cases))),
        jacobians_differ,
    ),
    "units mixed": (jp.RBF, changed("C", lambda J: J._copy(V=J.V[..., ::-1])), jacobians_differ),
    "input reversed": (jp.RBF, changed(-1, lambda J: J._copy(array=J.array[..., ::-1])), jacobians_differ),
    "distance for its square": (
        jp.RBF,
        changed("B", lambda J: jp.DiagonalJacobian(np.sqrt(J.d))),
        jacobians_differ,
    ),
    "delta of C": (jp.RBF, changed("C", lambda g: -g, "backward_sum_into"), delta_differs),
    "delta of B": (jp.RBF, changed("B", lambda g: g * 2, "backward_sum_into"), delta_differs),
    "delta of y": (jp.RBF, changed(-1, lambda g: g[::-1], "backward_sum_into"), delta_differs),
    "one branch": (
        jp.Residual,
        ("backward_into", lambda self, delta, params, cache, workspace: {-1: delta, 1: 0 * delta}),
        delta_differs,
    ),
    "no f'": (
        jp.Elementwise,
        ("J_Sum", lambda self, c: jp.IdentityJacobian(c.z.shape[-1], cases=len(c.z))),
        jacobians_differ,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_layer_is_noticed(name, monkeypatch):
    owner, (method, wrong), differs = WRONG[name]
    design = of_piece[owner.__name__.lower()]
    assert not differs(design)
    monkeypatch.setattr(owner, method, wrong)
    assert differs(design)


def test_a_wrong_product_is_noticed(monkeypatch):
    design = of_piece["rbf"]
    for pair, line in list(RULES.items()):
        if pair[1] is UnitwiseWeightJacobian:
            product = line.product
            wrong = lambda A, B, product=product: product(A, B)._copy(V=B.V * 2)  # noqa: E731
            monkeypatch.setitem(RULES, pair, line._replace(product=wrong))
    assert jacobians_differ(design)


@pytest.mark.parametrize("method", ["J_Sum_tangent", "sum_factor_tangents"])
def test_a_wrong_second_derivative_is_noticed(method, monkeypatch):
    net = jp.Network([jp.RBF.from_arrays(C, BETA), jp.Dense(3, 1)], jp.SquaredError())
    T, v = np.ones((6, 1)), np.random.default_rng(105).normal(size=net.size)

    def gradient(vector):
        found = net.with_vector(vector).forward(X, T).gradients()
        return np.concatenate([array.ravel() for array in found.values()])

    numeric = (gradient(net.vector + 1e-5 * v) - gradient(net.vector - 1e-5 * v)) / 2e-5
    assert gap(jp.hessian(net, X, T) @ v, numeric) < 1e-8
    tangent = getattr(jp.RBF, method)

    def wrong(self, *arguments):
        found = tangent(self, *arguments)
        return found._copy(d=-found.d) if method == "J_Sum_tangent" else {"B": found["B"]}

    monkeypatch.setattr(jp.RBF, method, wrong)
    assert gap(jp.hessian(net, X, T) @ v, numeric) > 0.01
