"""Sensitivity: the Jacobian by the input against the complex step, its summaries, names and table."""

import pickle

import numpy as np
import pytest
import sympy
from network.market import gap

import jacobprop as jp
from jacobprop.curvature.input_sensitivity import Influence, sensitivity
from jacobprop.curvature.sensitivity_table import table

RNG = np.random.default_rng(91)
X, LABELS = RNG.normal(0, 1, (5, 4)), np.array([0, 2, 1, 1, 0])
NET = jp.Network([jp.Dense(4, 6, "tanh"), jp.Dense(6, 3), jp.Softmax()], jp.CrossEntropy(), seed=4)


def plain(x, of, label=None):
    """The network NET in numpy, of complex numbers too."""
    p = NET.parameters
    z = np.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
    if of == "logits":
        return z
    shares = np.exp(z) / np.exp(z).sum()
    return shares if of == "output" else -np.log(shares[label])[None]


def by_complex_step(x, of, label=None):
    """d(of)/dx, (outputs, features)."""
    steps = 1e-30j * np.eye(len(x))
    return np.stack([plain(x + step, of, label).imag / 1e-30 for step in steps], axis=-1)


def linear(*slopes, **options):
    """The sensitivity of a linear network: its slopes, for each of two cases."""
    W = np.array(slopes, float)
    net = jp.Network([jp.Dense.from_arrays(W)])
    return sensitivity(net, np.ones((2, len(W))), **options)


# -- the Jacobian --------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["output", "logits", "loss"])
def test_jacobian_is_the_complex_step(of):
    T = LABELS if of == "loss" else None
    s = sensitivity(NET, X, T, of=of)
    wanted = np.stack([by_complex_step(x, of, label) for x, label in zip(X, LABELS, strict=True)])
    assert s.jacobian.shape == (5, 1 if of == "loss" else 3, 4)
    assert gap(s.jacobian, wanted) < 1e-13
    one = sensitivity(NET, X[1], None if T is None else T[1], of=of)
    assert gap(one.jacobian, wanted[1]) < 1e-13
    assert (one.cases, s.cases) == (None, 5)


def test_the_complex_step_sees_another_network():
    other = NET.with_parameters({"b1": NET.parameters["b1"] + 0.1})
    wanted = np.stack([by_complex_step(x, "output") for x in X])
    assert gap(sensitivity(other, X).jacobian, wanted) > 1e-2


def test_the_result_is_read_only_and_its_own():
    x = X.copy()
    s = sensitivity(NET, x)
    before = s.jacobian.copy()
    x[...] = 7
    assert np.array_equal(s.jacobian, before)
    with pytest.raises(ValueError, match="read-only"):
        s.jacobian[0, 0, 0] = 1
    steps = np.ones(4)
    scaled = sensitivity(NET, x, scale=steps)
    steps[0] = 7
    assert scaled.scale.tolist() == [1, 1, 1, 1]
    for array in (scaled.jacobian, scaled.scale):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        s.features = ()
    assert np.array_equal(pickle.loads(pickle.dumps(s)).jacobian, before)  # noqa: S301  (our own)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_dtype_stays(dtype):
    s = sensitivity(NET.astype(dtype), X.astype(dtype), scale="std")
    assert {s.jacobian.dtype, *(s.summary(kind).dtype for kind in ("mean", "rms", "max_abs"))} == {
        np.dtype(dtype)
    }
    assert gap(s.jacobian, sensitivity(NET, X, scale="std").jacobian) < 20 * np.finfo(dtype).eps


# -- summaries -----------------------------------------------------------------------------------------


def test_summaries_are_their_definitions():
    J = sensitivity(NET, X).jacobian
    s = sensitivity(NET, X)
    assert gap(s.summary(), np.abs(J).sum(0) / 5) < 1e-15
    assert gap(s.summary("rms"), np.sqrt((J**2).sum(0) / 5)) < 1e-15
    assert np.array_equal(s.summary("max_abs"), np.abs(J).max(0))
    assert gap(s.summary("mean"), J.sum(0) / 5) < 1e-15
    one = sensitivity(NET, X[0])
    for kind in ("mean_abs", "rms", "max_abs"):
        assert gap(one.summary(kind), np.abs(one.jacobian)) < 1e-15
    assert np.array_equal(one.summary("mean"), one.jacobian)
    assert gap(linear([1e-200, 3e200]).summary("rms"), [[1e-200], [3e200]]) < 1e-15


def test_ranking_of_all_outputs_and_of_one():
    s = linear([1, -5], [-4, 0], [2, 2], features=["a", "b", "c"], outputs=["p", "q"])
    assert s.ranking() == [Influence("a", 0, 3.0), Influence("b", 1, 2.0), Influence("c", 2, 2.0)]
    assert [i.feature for i in s.ranking("p")] == ["b", "c", "a"]
    assert [i.feature for i in s.ranking(-1)] == [i.feature for i in s.ranking(np.int64(1))] == list("acb")
    by_kind = {kind: {i.feature: i.value for i in s.ranking(kind=kind)} for kind in ("rms", "max_abs")}
    assert gap(by_kind["rms"]["a"], np.sqrt(13)) < 1e-15
    assert by_kind["max_abs"] == {"a": 5, "b": 4, "c": 2}
    assert s.ranking(kind="mean")[0].value == 3


def test_a_feature_without_weights_comes_last_and_nan_after_it():
    net = jp.Network([jp.Dense.from_arrays([[0.0], [2.0], [1.0]], activation="tanh")])
    s = sensitivity(net, np.zeros((3, 3)))
    assert [i.column for i in s.ranking()] == [1, 2, 0]
    assert s.ranking()[-1].value == 0
    steps = sensitivity(net, [[0.0, np.nan, 0], [0, 0, 1]], scale="std")
    assert np.isnan(steps.summary()).all()  # one nan reaches the output of its case
    assert "nan" in str(steps)


def test_steps_are_standard_deviations_or_given():
    raw = sensitivity(NET, X).jacobian
    assert gap(sensitivity(NET, X, scale="std").jacobian, raw * X.std(axis=0)) < 1e-15
    s = sensitivity(NET, X, scale=[1, 2, 3, 0])
    assert gap(s.jacobian, raw * [1, 2, 3, 0]) < 1e-15
    assert s.scale.tolist() == [1, 2, 3, 0]
    assert s.unit == "change of the output per step of the feature"
    assert sensitivity(NET, X).scale is None
    words = "change of the loss per standard deviation of the feature"
    assert sensitivity(NET, X, LABELS, of="loss", scale="std").unit == words
    assert sensitivity(NET, X, of="logits").unit == "change of the logit per unit of the feature"


def test_features_of_other_units_compare_after_scaling():
    """The same data in other units: raw sensitivities change, those per standard deviation do not."""
    units = np.array([1000.0, 1, 0.01, 1])
    other = NET.with_parameters({"W1": NET.parameters["W1"] / units[:, None]})
    assert gap(sensitivity(other, X * units).jacobian, sensitivity(NET, X).jacobian) > 1
    scaled = [sensitivity(net, x, scale="std").summary() for net, x in ((NET, X), (other, X * units))]
    assert gap(*scaled) < 1e-13


# -- names and the table -------------------------------------------------------------------------------


def test_names():
    s = sensitivity(NET, X)
    assert s.features == ("feature 0", "feature 1", "feature 2", "feature 3")
    assert s.outputs == ("output 0", "output 1", "output 2")
    assert sensitivity(NET, X, of="logits").outputs[2] == "logit 2"
    assert sensitivity(NET, X, LABELS, of="loss").outputs == ("loss",)
    assert linear([1]).features == ("feature 0",)
    assert linear([1]).outputs == ("output",)
    given = sensitivity(NET, X, features=np.array(["a", "b", "c", "d"]), outputs=(n for n in "xyz"))
    assert (given.features, given.outputs) == (("a", "b", "c", "d"), ("x", "y", "z"))
    assert linear([1], outputs="price").outputs == ("price",)
    assert repr(given) == "<Sensitivity: 3 outputs by 4 features, 5 cases>"
    assert repr(sensitivity(NET, X[0])) == "<Sensitivity: 3 outputs by 4 features, one case>"


def test_the_table():
    s = linear([0.25, -12.5], [-4, 0], features=["acidity", "b"], outputs=["p", "quality"])
    assert str(s).splitlines() == [
        "Sensitivity: 2 outputs by 2 features, 2 cases",
        "mean size over the cases: change of the output per unit of the feature",
        "",
        "            p  quality",
        "acidity  0.25    12.50",
        "b        4.00     0.00",
    ]


def test_a_table_is_no_wall_of_text():
    W = RNG.normal(0, 1, (64, 40))
    names = [f"a rather long name, as of a survey, {k}" for k in range(64)]
    lines = str(sensitivity(jp.Network([jp.Dense.from_arrays(W)]), np.ones((1, 64)), features=names)).split(
        "\n"
    )
    assert len(lines) == 3 + 1 + 20 + 1
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "... and 44 features and 35 outputs more"
    assert len(set(lines[4:24])) == 20
    order = np.argsort(-np.abs(W).mean(axis=1))
    assert [line.split("  ")[0].strip().split()[-1] for line in lines[4:24]] == [str(k) for k in order[:20]]


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ([1e-9, 5e-12], ["1.000e-09", "5.000e-12"]),
        ([2e7, 1.0], ["2.000e+07", "1.000e+00"]),
        ([0.0, 0.0], ["0", "0"]),
        ([np.nan, 123.456], ["nan", "123.5"]),
        ([np.inf, 0.5], ["inf", "0.5000"]),
        ([99999.0, -0.0], ["99999", "0"]),
    ],
)
def test_digits_of_a_table(values, cells):
    lines = table(np.array([values]), [0, 1], ["a", "b"], ["y"]).splitlines()
    assert [line.split()[-1] for line in lines[1:]] == cells


def test_one_wide_output_is_shown_whole():
    text = table(np.ones((2, 1)), [0], ["f" * 90], ["o" * 90, "p" * 90])
    assert max(map(len, text.splitlines())) <= 80
    assert "more" not in text
    assert "f" * 11 + "…" + "f" * 12 in text


# -- what is refused -----------------------------------------------------------------------------------

WRONG = {
    "no network": ({"net": 3}, jp.errors.OptionError, "there is no network"),
    "of": ({"of": "z"}, jp.errors.OptionError, "unknown top"),
    "no targets": ({"of": "loss"}, jp.errors.MissingTargetError, "has no target"),
    "width": ({"X": X[:, :3]}, jp.errors.ShapeError, "wrong width"),
    "empty": ({"X": X[:0]}, jp.errors.EmptyBatchError, "no cases"),
    "strings": ({"X": [["a"] * 4]}, jp.errors.DTypeError, "does not hold real numbers"),
    "expressions": ({"X": [sympy.Symbol("s")] * 4}, jp.errors.DTypeError, "sympy expressions"),
    "few names": ({"features": ["a"]}, jp.errors.ShapeError, "features has a name for each column"),
    "one text": ({"features": "abcd"}, jp.errors.ShapeError, "got 1 names, expected 4"),
    "names twice": ({"outputs": ["a", "b", "a"]}, jp.errors.OptionError, "has a name twice; got 'a'"),
    "no text": ({"outputs": [1, 2, 3]}, jp.errors.OptionError, "outputs are names; got 1"),
    "blank": ({"outputs": ["a", " ", "c"]}, jp.errors.OptionError, "outputs are names"),
    "lines": ({"features": ["a\n", "b", "c", "d"]}, jp.errors.OptionError, "features are names"),
    "terminal": ({"features": ["\x1b[2J", "b", "c", "d"]}, jp.errors.OptionError, "features are names"),
    "number": ({"features": 7}, jp.errors.OptionError, "features are names; got 7"),
    "scale": ({"scale": "sd"}, jp.errors.OptionError, "unknown scale; got 'sd'"),
    "std of one": ({"X": X[0], "scale": "std"}, jp.errors.OptionError, "a single case has no standard"),
    "std of a stack": ({"X": X[:1], "scale": "std"}, jp.errors.OptionError, "at least two cases"),
    "scale shape": ({"scale": [1, 2]}, jp.errors.ShapeError, "the scale holds a number for each feature"),
    "scale scalar": ({"scale": 2.0}, jp.errors.ShapeError, r"got shape \(\)"),
    "scale nan": ({"scale": [1, 2, np.nan, 1]}, jp.errors.NonFiniteError, r"the scale is not finite at"),
    "scale bool": ({"scale": [True] * 4}, jp.errors.DTypeError, "the scale does not hold real numbers"),
    "scale letters": ({"scale": [sympy.Symbol("s")] * 4}, jp.errors.DTypeError, "scale holds expressions"),
    "bytes": ({"max_bytes": 100}, jp.errors.DenseLimitError, "nothing was allocated"),
    "limit": ({"max_bytes": "a"}, jp.errors.OptionError, "max_bytes must be a number"),
}


@pytest.mark.parametrize(("changes", "error", "text"), WRONG.values(), ids=WRONG)
def test_refused(changes, error, text):
    with pytest.raises(error, match=text):
        sensitivity(**{"net": NET, "X": X} | changes)


@pytest.mark.parametrize("kind", ["median", None, 3])
def test_no_such_kind(kind):
    with pytest.raises(jp.errors.OptionError, match="unknown kind of summary"):
        sensitivity(NET, X).summary(kind)


@pytest.mark.parametrize("output", [3, -4, "output 3", 1.0, True, [0]])
def test_no_such_output(output):
    with pytest.raises(jp.errors.UnknownNameError, match="there is no such output"):
        sensitivity(NET, X).ranking(output)


def test_no_logits():
    with pytest.raises(jp.errors.UnsupportedLayerError, match="there are no logits"):
        linear([1], of="logits")
