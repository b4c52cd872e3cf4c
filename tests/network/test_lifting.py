"""Vanishing rows are lifted: exactly, without subnormal operands, and back where lifting would overflow."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.lifting import Lift, kept_afloat

from .market import DESIGNS, stall


def saturated(dtype, spread):
    """A network whose sums spread over +-spread, so that slopes of exp(-spread) are everywhere."""
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (16, 9)).astype(dtype)
    net = jp.Network(
        [jp.Dense(9, 8, "sigmoid"), jp.Dense(8, 7, "sigmoid"), jp.Dense(7, 6, "sigmoid"), jp.Dense(6, 5)],
        loss=jp.SquaredError(),
        dtype=dtype,
    )
    for layer in (1, 2, 3):
        z = net.forward(X).sum(layer)
        net = net.with_parameters({f"W{layer}": net.parameters[f"W{layer}"] * (spread / np.abs(z).max())})
    return net, X, rng.uniform(-1, 1, (16, 5)).astype(dtype)


def routes(net, X, T):
    return {"chain": net.forward(X, T).gradients, "delta": lambda: jp.DeltaRule(net).gradients(X, T)[1]}


def test_the_largest_of_all_rows_stays_at_the_height():
    lift = Lift(np.dtype(np.float64))
    with np.errstate(under="raise"):
        rows, _ = lift.through(
            lambda rows: rows["low"] * 1e-200, {"low": np.array([1e-200]), "high": np.array([1.0, -4.0])}
        )
    assert lift.exponent == 847
    assert np.array_equal(rows["high"], np.ldexp([1.0, -4.0], 847))
    assert np.array_equal(rows["low"], np.ldexp([1e-200], 847))


@pytest.mark.parametrize("design", DESIGNS[::7], ids=lambda d: d.id)
@pytest.mark.parametrize("route", ["chain", "delta"])
def test_a_walk_that_is_lifted_gives_the_same_bits(design, route, monkeypatch):
    s = stall(design)
    assert s.record.dtype == np.float64
    plain = routes(s.net, s.X, s.target)[route]()
    risen = []
    through = Lift.through

    def at_once(self, step, rows):
        self._on = True
        result = through(self, step, rows)
        risen.append(self.exponent)
        return result

    monkeypatch.setattr(Lift, "through", at_once)
    lifted = routes(s.net, s.X, s.target)[route]()
    assert max(risen) > 800
    for name, array in plain.items():
        assert np.array_equal(lifted[name], array), name


def underflows(step, rows):
    try:
        with np.errstate(under="raise"):
            step(rows)
    except FloatingPointError:
        return True
    return False


@pytest.mark.parametrize(("dtype", "spread"), [("float64", 600.0), ("float32", 75.0)])
@pytest.mark.parametrize("route", ["chain", "delta"])
def test_lifted_steps_underflow_nowhere(dtype, spread, route, monkeypatch):
    net, X, T = saturated(dtype, spread)

    def count(lifting):
        through, counts = Lift.through, []

        def counting(self, step, rows):
            if lifting:
                rows, passed = through(self, step, rows)
            else:
                passed = step(rows)
            counts.append(underflows(step, rows))
            return rows, passed

        with monkeypatch.context() as patched:
            patched.setattr(Lift, "through", counting)
            if not lifting:
                patched.setattr("jacobprop.lifting._HEIGHT", {})
            routes(net, X, T)[route]()
        return sum(counts)

    assert count(lifting=False) >= 2
    assert count(lifting=True) == 0


@pytest.mark.parametrize("weight", [1e50, 1e45])
@pytest.mark.parametrize("route", ["chain", "delta"])
def test_what_underflows_on_the_way_is_not_lost(route, weight):
    """Two slopes of 1e-174 multiply to 1e-348, of which a large weight below makes a number again."""
    slope = jp.Activation("slope", lambda z: 1e-174 * z, (lambda z: np.full_like(z, 1e-174),))
    net = jp.Network(
        [
            jp.Dense.from_arrays([[1.0]]),
            jp.Dense.from_arrays([[weight]], activation=slope),
            jp.Dense.from_arrays([[1.0]], activation=slope),
        ],
        loss=jp.SquaredError(),
    )
    found = routes(net, np.array([[3.0]]), np.array([[-1.0]]))[route]()
    assert found["W1"][0, 0] == pytest.approx(3e-174 * (1e-174 * weight), rel=1e-13, abs=0)


@pytest.mark.parametrize("route", ["chain", "delta"])
def test_lifting_gives_way_to_weights_that_are_too_large_for_it(route):
    slope = jp.Activation("slope", lambda z: 1e-200 * z, (lambda z: np.full_like(z, 1e-200),))
    net = jp.Network(
        [
            jp.Dense.from_arrays([[1.0]]),
            jp.Dense.from_arrays([[1e200]], activation=slope),
            jp.Dense.from_arrays([[1e-150]], activation=slope),
        ],
        loss=jp.SquaredError(),
    )
    # dL/dz_3 is 1e-200, dL/dz_2 is 1e-200 * 1e-150 * 1e-200, which is 0 in floats
    found = routes(net, np.array([[2.0]]), np.array([[-1.0]]))[route]()
    assert all(np.isfinite(array).all() for array in found.values())
    assert found["W3"][0, 0] == pytest.approx(1e-200 * 2.0, rel=1e-13, abs=0)


class Gain(jp.layers.Layer):
    """a = s y, with the default walk back: a public call whose errstate is its own."""

    def __init__(self, width, s):
        self.n_in, self.s = width, s

    def init(self, rng, dtype):
        return {"C": np.ones(self.n_in, dtype)}

    def forward(self, params, inputs):
        (y,) = inputs
        return y * self.s * params["C"], y

    def factors(self, params, y):
        scale = np.asarray(self.s * params["C"], y.dtype)
        J = jp.DiagonalJacobian(np.broadcast_to(scale, y.shape))
        return {-1: J, "C": jp.DiagonalJacobian(np.asarray(y * self.s, y.dtype))}


@pytest.mark.parametrize(("dtype", "s"), [("float32", 1e13), ("float64", 1e60)])
@pytest.mark.parametrize("route", ["chain", "delta"])
def test_an_overflow_that_nobody_reports_is_seen_by_its_results(dtype, s, route):
    """One case is ordinary, the other sinks: lifting both makes the ordinary one overflow below."""
    deep = -80.0 if dtype == "float32" else -700.0
    layers = [Gain(2, s), jp.Dense(2, 2, "sigmoid"), jp.Dense(2, 2, "sigmoid"), jp.Dense(2, 1)]
    net = jp.Network(layers, loss=jp.SquaredError(), dtype=dtype, seed=1)
    net = net.with_parameters({"W2": np.eye(2) / s, "b3": [deep, 0.0]})
    X, T = np.array([[0.5, 0.2], [deep, deep]], dtype), np.ones((2, 1), dtype)
    found = routes(net, X, T)[route]()
    exact = net.astype("float64")
    expected = jp.gradients(exact, X.astype(float), T.astype(float), "tensor")
    for name, array in found.items():
        np.testing.assert_allclose(
            array, expected[name], rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-30
        )


def test_an_overflow_of_lifted_rows_starts_again_without():
    tries = []

    def walk(lift):
        tries.append(lift)
        rows, _ = lift.through(lambda rows: rows["a"] * 1e-300, {"a": np.array([1e-200])})
        yield "a", rows["a"] * 1e300

    with np.errstate(all="ignore"):
        found = kept_afloat(walk, np.dtype(np.float64))
    assert len(tries) == 2
    assert tries[0].exponent > 800
    assert tries[1].exponent == 0
    assert found["a"][0] == pytest.approx(1e100)


@pytest.mark.parametrize("dtype", [np.float16, object])
def test_half_precision_and_expressions_are_never_lifted(dtype):
    seen = []
    with np.errstate(all="ignore"):
        kept_afloat(lambda lift: seen.append(lift.through(lambda rows: None, {})) or (), np.dtype(dtype))
    assert seen == [({}, None)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("route", ["chain", "delta"])
def test_a_row_that_underflows_at_the_top_is_no_error(dtype, route):
    """p is 1e-310 or 1e-42: subnormal when it is weighed by 1/cases, and rounded to 0 on the way."""
    logits = [[710.0 + 3, 0.0, -3.0]] if dtype == "float64" else [[96.0, 0.0, -6.0]]
    net = jp.Network([jp.Dense(3, 3), jp.Softmax()], loss=jp.CrossEntropy(), dtype=dtype)
    net = net.with_parameters({"W1": np.eye(3)})
    found = routes(net, np.array(logits * 7), np.zeros(7, int))[route]()
    assert all(np.isfinite(array).all() for array in found.values())
    assert abs(found["b1"]).max() > 0


def test_no_warning_and_no_error_leaks_whatever_the_caller_asks_for():
    for dtype, spread in (("float64", 700.0), ("float32", 90.0)):
        net, X, T = saturated(dtype, spread)
        with np.errstate(all="raise"):
            gradients = {name: route() for name, route in routes(net, X, T).items()}
        for name, array in gradients["chain"].items():
            np.testing.assert_allclose(
                array, gradients["delta"][name], rtol=1e-5 if dtype == "float32" else 1e-12
            )
