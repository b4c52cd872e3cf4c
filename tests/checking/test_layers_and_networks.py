"""check of layers and networks: right ones hold, and every wrong one is found, at its cause and by name."""

import re
import warnings

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.checking import Report, check, networks
from jacobprop.errors import (
    CheckFailed,
    DTypeError,
    EmptyBatchError,
    MissingTargetError,
    NonFiniteError,
    OptionError,
    ShapeError,
)
from tests.network.custom_layers import RMSNorm, Shortcut
from tests.network.market import DESIGNS, build

from .wrong_layers import (
    WRONG_LAYERS,
    Bilinear,
    NoSlope,
    WrongSecond,
    WrongSign,
    activation,
    sigmoid_slope,
)

RNG = np.random.default_rng(5)
RIGHT_LAYERS = {
    "dense": jp.Dense(4, 3, "tanh"),
    "relu": jp.Dense(4, 3, "relu"),
    "linear": jp.Dense(4, 3, bias=False),
    "one unit": jp.Dense(1, 1, "sigmoid"),
    "softmax": jp.Softmax(),
    "rms": RMSNorm(4),
    "shortcut": Shortcut(4, 0, 0.5),
    "bilinear": Bilinear(3, 2),
    "float32": jp.Dense.from_arrays(RNG.normal(size=(4, 3)).astype("float32"), None, "sigmoid"),
}


def small(loss=True, dtype=None, middle=None):
    layers = [jp.Dense(4, 5, "tanh"), middle or jp.Dense(5, 3, "sigmoid")]
    if loss is True:
        layers, loss = [*layers, jp.Dense(layers[-1].width(5), 3), jp.Softmax()], jp.CrossEntropy()
    return jp.Network(layers, loss or None, dtype=dtype)


@pytest.mark.parametrize("layer", RIGHT_LAYERS.values(), ids=RIGHT_LAYERS)
def test_a_right_layer_holds(layer):
    report = check(layer)
    assert report, str(report)
    assert {row.verdict for row in report.rows} <= {"holds"}
    assert report.failures == ()
    report.raise_if_failed()


@pytest.mark.parametrize(("layer", "first", "words"), WRONG_LAYERS.values(), ids=WRONG_LAYERS)
def test_a_wrong_layer_fails_at_its_cause(layer, first, words):
    report = check(layer)
    assert not report
    assert report.failures[0].what == first
    assert words in report.failures[0].note
    text = str(report)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert f"comparisons fail, first {first}." in " ".join(text.split())
    with pytest.raises(CheckFailed, match=re.escape(first)):
        report.raise_if_failed()


def test_the_second_of_two_inputs_is_checked_by_itself():
    report = check(WrongSecond(3, 2))
    assert [row.what for row in report.failures if row.witness == "differences"] == ["J_Y(0) of the layer"]
    assert "complex step" in {row.witness for row in report.failures}
    X = tuple(RNG.normal(size=(2, 4, 3)))
    assert check(Bilinear(3, 2), X)
    assert check(Bilinear(3, 2), tuple(x[0] for x in X))


def test_the_complex_step_resolves_to_rounding():
    rows = {row.witness: row for row in check(Bilinear(3, 2)).rows if row.what == "J_B of the layer"}
    assert rows["complex step"].resolves < 1e-10
    assert rows["complex step"].error < 1e-14


@pytest.mark.parametrize(
    ("cases", "dtype"), [(None, "float32"), (None, "float64"), (1, "float32"), (6, "float64")]
)
def test_a_right_network_holds(cases, dtype):
    X = RNG.normal(size=(cases, 4) if cases else 4).astype(dtype)
    kept = X.copy()
    report = check(small(dtype=dtype), X)
    assert report, str(report)
    assert np.array_equal(X, kept)
    kinds = {row.kind for row in report.rows}
    assert kinds == {"factor", "product", "gradient", "property"}
    whats = {row.what for row in report.rows}
    assert {
        "J_Sum of layer 1",
        "J_Y of layer 2",
        "J_W of layer 3",
        "J_N",
        "da4/da0",
        "dL/da2",
        "dL/dW1",
    } <= whats
    worst = max(row.error for row in report.rows if row.kind != "property")
    assert worst < (1e-8 if dtype == "float64" else 1e-2)


@pytest.mark.parametrize("number", range(0, len(DESIGNS), 20))
def test_networks_of_every_kind_hold(number):
    design = DESIGNS[number]
    s = build(design)
    report = check(s.net, s.X[:6] if design.cases else s.X, np.asarray(s.T)[:6] if design.cases else s.T)
    assert report, str(report)


def test_without_loss_there_are_factors_and_products_only():
    report = check(small(loss=False))
    assert report
    assert {row.kind for row in report.rows} == {"factor", "product", "property"}
    assert report.sentence.startswith("Network 4-5-3: ")


def test_the_first_sentence_counts():
    report = check(small())
    assert str(report).splitlines()[0] == (
        "Network 4-5-3-3-3: 25 factors, 8 products, 6 gradients and 25 properties hold."
    )
    assert "da4/da3" in str(report)
    assert all(len(line) <= 80 for line in str(report).splitlines())


def test_a_wrong_layer_comes_before_what_follows_from_it():
    report = check(small(middle=WrongSign(5)))
    first, *others = report.failures
    assert (first.what, first.witness) == ("J_Y of layer 2", "differences")
    assert first.note.startswith("layer 2 <WrongSign>: the sign is wrong")
    assert {row.what for row in others} >= {"da4/da0", "dL/dW1"}
    assert all(row.note == "as J_Y of layer 2 is" for row in others)
    assert {row.what for row in report.rows if not row.fails} >= {"dL/dW3", "J_C of layer 2"}


class UpsideDown(jp.Dense):
    def backward_sum_into(self, delta, params, cache, workspace):
        found = super().backward_sum_into(delta, params, cache, workspace)
        return found | {"b": -found["b"]}


def test_the_delta_rule_is_checked_beside_the_chain():
    report = check(jp.Network([UpsideDown(4, 3, "tanh"), jp.Dense(3, 2)], jp.SquaredError()))
    assert [row.what for row in report.failures] == ["delta rule of layer 1", "dL/db1"]
    assert report.failures[1].witness == "differences, DeltaRule"


def test_a_wrong_product_is_found_with_right_factors(monkeypatch):
    right = jp.Record.jacobian

    def doubled(self, of, wrt):
        J = right(self, of, wrt)
        return jp.DenseJacobian(2 * J.matrix(), J.out_shape, J.in_shape, J.cases) if wrt == "a1" else J

    monkeypatch.setattr(jp.Record, "jacobian", doubled)
    assert {row.what for row in check(small()).failures} == {"da4/da1", "dL/da1"}


def test_a_wrong_gradient_of_the_record_is_found(monkeypatch):
    right = jp.Record.gradients
    monkeypatch.setattr(
        jp.Record, "gradients", lambda self: {k: v * (2 if k == "W1" else 1) for k, v in right(self).items()}
    )
    (failure,) = check(small()).failures
    assert (failure.what, failure.witness) == ("dL/dW1", "differences, record.gradients")
    assert "multiply by 1/2" in failure.note


class WrongAlone(RMSNorm):
    """Wrong for a case without a stack alone."""

    def __init__(self, width, off, dtype=None):
        super().__init__(width)
        self.off, self.only = off, dtype

    def factors(self, params, cache):
        found = super().factors(params, cache)
        wrong = cache[0].ndim == 1 and self.only in (None, cache[0].dtype)
        return found | {"C": jp.DiagonalJacobian(found["C"].d * (1 + self.off * wrong))}


@pytest.mark.parametrize("only", [None, "float32"])
@pytest.mark.parametrize("off", [5e-4, 0.01])
def test_what_is_wrong_for_one_case_alone_is_found_in_float32(only, off):
    net = jp.Network([WrongAlone(5, off, only)], jp.SquaredError(), dtype="float32")
    report = check(net)
    first = "cases of layer 1" if only is None else "J_C of layer 1"
    assert [row.what for row in report.failures][:1] == [first]
    words = "of a case alone, 5 of 25 entries differ, most at unit"
    assert words in {row.witness: row.note for row in report.failures}["differences, one case"]


def test_a_fast_path_that_is_slightly_wrong_is_found_in_float32():
    class Slightly(jp.Dense):
        def backward_sum_into(self, delta, params, cache, workspace):
            found = super().backward_sum_into(delta, params, cache, workspace)
            return found | {"W": found["W"] * 1.001}

    report = check(jp.Network([Slightly(4, 3)], dtype="float32"))
    assert [row.what for row in report.failures] == ["delta rule of layer 1"]


def test_a_kink_is_said_and_not_failed():
    net = jp.Network([jp.Dense(4, 3, "relu"), jp.Dense(3, 2)], jp.SquaredError())
    report = check(net, np.zeros((3, 4)))
    assert report, str(report)
    row = next(row for row in report.rows if row.verdict == "at a kink")
    assert row.what == "J_Sum of layer 1"
    assert row.note.startswith("kink at unit 0 of layer 1, case 0: left 0, right 1, it says 0")
    assert "at a kink" in report.sentence
    assert check(jp.Network([jp.Dense(4, 3, jp.activations.get("relu", at_kink=0.3))]), np.zeros(4))


def test_a_wrong_slope_beside_a_kink_fails():
    relu = jp.activations.get("relu")
    wrong = jp.Activation(
        "relu", relu.function, (lambda z: np.where(z > 1e-9, 1.0, 0.25),), corners=relu.corners
    )
    layer = jp.Dense.from_arrays(np.eye(2), np.zeros(2), wrong)
    report = check(jp.Network([layer]), np.array([[-1e-12, 2.0], [0.0, -3.0]]))
    assert not report
    assert report.failures[0].what == "J_Sum of layer 1"


def test_saturated_units_are_counted_and_settled_by_the_expression():
    layer = jp.Dense.from_arrays(np.eye(2), np.zeros(2), "sigmoid")
    report = check(jp.Network([layer]), np.array([[50.0, 1.0], [0.5, 38.0]]))
    assert report, str(report)
    rows = {row.witness: row for row in report.rows if row.what == "J_Sum of layer 1"}
    assert rows["differences"].note == "2 of 4 entries are saturated"
    assert rows["its expression"].verdict == "holds"
    assert rows["its expression"].error < 1e-14


def test_a_slope_set_to_zero_in_saturation_fails():
    cut = activation(lambda z: np.where(abs(z) > 25, 0.0, sigmoid_slope(z)))
    layer = jp.Dense.from_arrays(np.eye(2), np.zeros(2), cut)
    assert check(jp.Network([layer]), np.array([[2.0, 1.0], [0.5, 3.0]]))
    report = check(jp.Network([layer]), np.array([[50.0, 1.0], [0.5, 38.0]]))
    (first, *_) = report.failures
    assert (first.what, first.witness) == ("J_Sum of layer 1", "its expression")
    hidden = activation(cut.derivatives[0], expression=False)
    unseen = check(jp.Network([jp.Dense.from_arrays(np.eye(2), np.zeros(2), hidden)]), np.full((3, 2), 50.0))
    assert unseen  # 1 - 2e-22 is 1: no difference sees it, and the report says so
    assert "saturated" in {row.verdict for row in unseen.rows}


def test_the_data_are_drawn_by_the_seed():
    layer = RMSNorm(3)
    assert str(check(layer, seed=1)) == str(check(layer, seed=1))
    assert check(layer, seed=1).rows != check(layer, seed=2).rows


def test_large_arrays_are_sampled_and_say_so():
    net = jp.Network([jp.Dense(120, 60, "sigmoid"), jp.Dense(60, 4), jp.Softmax()], jp.CrossEntropy())
    X, T = RNG.uniform(size=(12, 120)), RNG.integers(4, size=12)
    report = check(net, X, T, effort=0.02)
    assert report, str(report)
    notes = {row.what: row.note for row in report.rows if row.witness == "differences"}
    assert notes["J_W of layer 1"].endswith("of 7,200 columns compared")
    assert any(row.witness == "random directions" for row in report.rows)
    assert any("all 7,200 entries along one random direction" in row.note for row in report.rows)
    assert len(str(report).splitlines()) < 60


def test_of_many_cases_in_a_large_network_some_are_taken(monkeypatch):
    monkeypatch.setattr(networks, "_LARGE", 1)
    report = check(jp.Network([jp.Dense(3, 2, "tanh")], jp.SquaredError()), RNG.normal(size=(20, 3)))
    assert report, str(report)
    notes = {row.what: row.note for row in report.rows if row.witness == "differences"}
    assert notes["J_W of layer 1"] == notes["J_N"] == notes["dL/da0"] == "8 of 20 cases compared"
    assert "cases" not in next(row.note for row in report.rows if row.what == "dL/dW1")


def test_what_a_sample_misses_a_direction_sees(monkeypatch):
    right = jp.Dense.sum_factors

    def one_entry(self, params, cache):
        W = params["W"].copy()
        W[0, 0] += 0.5
        return right(self, {**params, "W": W}, cache)

    monkeypatch.setattr(jp.Dense, "sum_factors", one_entry)
    layer = jp.Dense(150, 40)
    report = check(layer, RNG.normal(size=(3, 150)), effort=1e-4, seed=3)
    assert [row.witness for row in report.failures][:1] == ["random directions"]


def deep():
    return jp.Network([jp.Dense(2, 2, "tanh", bias=False) for _ in range(13)], jp.SquaredError())


def test_a_deep_network_is_summarised():
    report = check(deep(), RNG.normal(size=(4, 2)), effort=0.05)
    assert report, str(report)
    assert len(str(report).splitlines()) < 40
    assert "of 13 gradients compared one by one, all of them along 3 directions" in str(
        [row.note for row in report.rows]
    )


def test_a_wrong_gradient_of_a_deep_network_is_found(monkeypatch):
    right = jp.Record.gradients
    monkeypatch.setattr(
        jp.Record, "gradients", lambda self: {k: v * (k != "W2") for k, v in right(self).items()}
    )
    whats = {row.what for row in check(deep(), RNG.normal(size=(4, 2)), effort=0.05).failures}
    assert "dL by all parameters" in whats


class Raises(RMSNorm):
    def forward(self, params, inputs):
        raise KeyError("gamma")


def test_an_exception_of_a_layer_names_the_layer():
    with pytest.raises(CheckFailed, match=r"layer <Raises>: forward raised KeyError: 'gamma'") as caught:
        check(Raises(4))
    assert isinstance(caught.value.__cause__, KeyError)


def test_what_cannot_be_checked_is_refused():
    net = small()
    with pytest.raises(OptionError, match="nothing that can be checked; got ABCMeta"):
        check(RMSNorm)
    with pytest.raises(OptionError, match="effort must be a positive number"):
        check(net, effort=0)
    with pytest.raises(OptionError, match="seed must be a whole number"):
        check(net, seed=-1)
    with pytest.raises(NonFiniteError, match=r"X is not finite at \[1, 2\]"):
        check(net, np.where(np.arange(12).reshape(3, 4) == 6, np.nan, 1.0))
    with pytest.raises(NonFiniteError, match="T is not finite"):
        check(jp.Network([jp.Dense(2, 1)], jp.SquaredError()), np.ones((3, 2)), np.full((3, 1), np.inf))
    with pytest.raises(NonFiniteError, match="X is not finite"):
        check(RMSNorm(2), np.full((3, 2), np.nan))
    with pytest.raises(MissingTargetError, match="no loss for the target"):
        check(small(loss=False), np.ones((2, 4)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="one array for each of its inputs; got 1, expected 2"):
        check(Bilinear(3, 2), np.ones((4, 3)))
    with pytest.raises(ShapeError, match="X has the wrong width"):
        check(net, np.ones((2, 5)))
    with pytest.raises(EmptyBatchError):
        check(net, np.ones((0, 4)))


def test_expressions_are_refused():
    sympy = pytest.importorskip("sympy")
    net = small()
    letters = net.with_parameters({"b1": np.array(sympy.symbols("b:5"), dtype=object)})
    with pytest.raises(DTypeError, match="check compares floats; got parameters"):
        check(letters)
    with pytest.raises(DTypeError, match="check compares floats; got X"):
        check(net, np.array([sympy.symbols("x:4")], dtype=object))


def test_no_warning_leaks_and_nothing_global_changes():
    options = np.get_printoptions()
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(small(), 30 * RNG.normal(size=(3, 4)))
        assert not check(NoSlope(4, 3, "tanh"))
    assert np.get_printoptions() == options


def test_an_empty_report_is_true_and_says_so():
    report = Report("Nothing", ())
    assert report
    assert str(report) == "Nothing: nothing to compare."
