"""The mistakes of the corpus are named, right gradients are never called wrong, and bad input is refused."""

import re

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.checking.diagnosis import diagnose
from jacobprop.checking.diagnosis.chains import first_wrong
from tests.checking.diagnosis import students

ALONE_IT_CANNOT_BE_KNOWN = {"soft_factors: W2 updated [4-4-4 sum x4]"}
"""A chain of factors holds no gradient that W2 could have been updated with."""


def kinds_of(text):
    return tuple(sorted(set(text.split("+"))))


def names(text, places):
    return not places or any(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text, re.IGNORECASE) for p in places)


@pytest.mark.parametrize("case", [*students.CASES, *students.PAIRS], ids=lambda case: case.name)
def test_every_mistake_of_the_corpus_is_named(case):
    found = diagnose(case.candidate(), case.reference())
    if case.name in ALONE_IT_CANNOT_BE_KNOWN:
        assert (found.ok, found.kind) == (False, "unknown")
        return
    assert not found
    assert kinds_of(found.kind) in {kinds_of(kind) for kind in case.kinds}, str(found)
    assert names(f"{found.where} {found.message}", case.places)


@pytest.mark.parametrize("case", students.RIGHT, ids=lambda case: case.name)
def test_a_right_one_is_never_called_wrong(case):
    found = diagnose(case.candidate(), case.reference())
    assert found, str(found)
    assert (found.ok, found.kind) == (True, "ok")


# -- a network of one's own ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def record():
    rng = np.random.default_rng(5)
    net = jp.Network(
        [jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2, "tanh")], loss=jp.SquaredError(), names="X Y Z"
    )
    net = net.with_vector(rng.normal(size=net.size))
    return net.forward(rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))


def test_the_sentence_names_place_remedy_and_fit(record):
    mine = record.gradients()
    a1, z1, W2 = record.activation(1), record.sum(1), record.parameters[1]["W"]
    delta = ((record.output - record.target) / 5 * (1 - record.output**2)) @ W2.T
    mine |= {"W1": record.activation(0).T @ delta, "b1": delta.sum(0)}
    assert z1.shape == a1.shape
    found = diagnose(mine, record)
    assert found.message.startswith(
        "W1, b1: f' of layer 1 is missing; multiply delta_1 by a1 (1 - a1). Relative error 0."
    )
    assert "after the correction; next best 0." in found.message
    assert found.where == "layer 1 (W1, b1)"
    assert found.corrected < 1e-14 < found.error


def test_equally_good_readings_are_all_listed_with_a_size_that_tells_them_apart():
    net = jp.Network([jp.Dense(3, 2, "tanh"), jp.Dense(2, 2)], loss=jp.SquaredError())
    record = net.forward(np.eye(3)[:2] + 0.5, np.ones((2, 2)))
    found = diagnose({name: 2 * g for name, g in record.gradients().items()}, record)
    kinds = [found.kind, *(other.kind for other in found.alternatives)]
    assert kinds[0] == "factor"
    assert "accumulated_twice" in kinds
    assert "summed over the 2 cases" in found.message
    assert "5 cases tell apart those that come from a size" in found.message
    seven = net.forward(np.arange(21.0).reshape(7, 3) / 10, np.ones((7, 2)))
    told = diagnose({name: 2 * g for name, g in seven.gradients().items()}, seven)
    assert "summed over" not in str(told)


def test_slide_letters_are_names_too(record):
    net = jp.Network([jp.Dense(3, 2)], loss=jp.SquaredError(), names="X Z", weights="V")
    letters = net.forward(np.ones((4, 3)), np.zeros((4, 2)))
    g = letters.gradients()
    assert diagnose({"V": g["W1"], "b1": g["b1"]}, letters)


def test_an_earlier_pass_confirms_stale_activations(record):
    rng = np.random.default_rng(6)
    net = jp.Network([jp.Dense(3, 4, "sigmoid"), jp.Dense(4, 2)], loss=jp.SquaredError(), seed=2)
    T = rng.normal(size=(5, 2))
    before, now = (net.forward(rng.normal(size=(5, 3)), T) for _ in range(2))
    delta = (now.output - T) / 5
    mine = now.gradients() | {"W2": before.activation(1).T @ delta}
    guess, known = diagnose(mine, now), diagnose(mine, now, earlier=before)
    assert guess.kind == known.kind == "stale_activation"
    assert "Inferred from b2" in guess.message
    assert "of the earlier pass" in known.message
    assert known.corrected < 1e-14


def test_the_gradients_of_an_earlier_pass_are_recognised():
    rng = np.random.default_rng(7)
    net = jp.Network([jp.Dense(3, 4, "gelu"), jp.Dense(4, 2)], loss=jp.SquaredError())
    before, now = (net.forward(rng.normal(size=(5, 3)), rng.normal(size=(5, 2))) for _ in range(2))
    old, new = before.gradients(), now.gradients()
    found = diagnose(old, now, earlier=before)
    assert found.kind == "stale_activation"
    assert "they are the gradients of the earlier pass" in found.message
    found = diagnose({name: new[name] + old[name] for name in new}, now, earlier=[before])
    assert found.kind == "accumulated_twice"
    assert "still in them; set the gradients to 0 before each pass" in found.message


def test_without_a_square_a_factor_of_two_is_a_second_pass():
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 3), jp.Softmax()], loss=jp.CrossEntropy())
    record = net.forward(np.arange(21.0).reshape(7, 3) / 20, [0, 1, 2, 2, 1, 0, 1])
    found = diagnose({name: 2 * g for name, g in record.gradients().items()}, record)
    assert found.kind == "accumulated_twice"
    assert [other.kind for other in found.alternatives] == ["factor"]


def test_one_wrong_entry_is_located_and_not_explained(record):
    mine = {name: g.copy() for name, g in record.gradients().items()}
    mine["W1"][1, 2] += 0.5
    found = diagnose(mine, record)
    assert found.kind == "unknown"
    assert "W2, b2, b1 are right, so look first at layer 1: W1[1, 2] is" in found.message


def test_a_small_systematic_error_within_the_tolerance_is_still_found(record):
    mine = record.gradients()
    mine["b1"] = mine["b1"] + 1e-7 * record.parameters[0]["b"]
    assert diagnose(mine, record).kind == "regularised_bias"
    mine["b1"] = record.gradients()["b1"] * (1 + 1e-7)  # the rounding of a difference
    assert diagnose(mine, record)


@pytest.mark.parametrize("bias", [15.0, 18.0, 24.0, 30.0, 36.0])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_textbook_slopes_of_saturated_units_are_right(name, bias):
    net = jp.Network([jp.Dense(2, 3, name), jp.Dense(3, 2)], loss=jp.SquaredError(), seed=1)
    net = net.with_parameters({"b1": np.array([bias, -bias, bias / 2])})
    rng = np.random.default_rng(3)
    record = net.forward(rng.normal(size=(4, 2)), rng.normal(size=(4, 2)))
    a1, delta2 = record.activation(1), (record.output - record.target) / 4
    slope = a1 * (1 - a1) if name == "sigmoid" else 1 - a1**2
    delta1 = delta2 @ net.parameters["W2"].T * slope
    W1, b1 = record.activation(0).T @ delta1, delta1.sum(0)
    found = diagnose({"W2": a1.T @ delta2, "b2": delta2.sum(0), "W1": W1, "b1": b1}, record)
    assert found, str(found)


def test_raw_wine_saturates_and_textbook_code_is_right():
    wine = jp.load_wine()
    net = jp.Network([jp.Dense(13, 5, "sigmoid"), jp.Dense(5, 3), jp.Softmax()], loss=jp.CrossEntropy())
    record = net.forward(wine.X, wine.labels)
    a1, delta2 = record.activation(1), (record.output - record.target) / 178
    delta1 = delta2 @ net.parameters["W2"].T * a1 * (1 - a1)
    mine = {"W2": a1.T @ delta2, "b2": delta2.sum(0), "W1": wine.X.T @ delta1, "b1": delta1.sum(0)}
    found = diagnose(mine, record)
    assert found, str(found)
    single = {name: g.astype(np.float32) for name, g in mine.items()}
    assert diagnose(single, record), str(diagnose(single, record))


def test_the_other_side_of_a_corner_is_right_too():
    net = jp.Network([jp.Dense(2, 3, "relu"), jp.Dense(3, 1)], loss=jp.SquaredError(), seed=1)
    record = net.forward(np.zeros((2, 2)), np.ones((2, 1)))  # every sum is 0
    delta = (record.output - record.target) / 2 @ net.parameters["W2"].T
    mine = record.gradients() | {"W1": record.activation(0).T @ delta, "b1": delta.sum(0)}
    found = diagnose(mine, record)
    assert found
    assert "f' at the corners from the right" in found.message


def test_corners_that_rounding_decides_are_right_case_by_case():
    net = jp.Network([jp.Dense(2, 1, "elu"), jp.Dense(1, 3, "relu")], loss=jp.SquaredError(), seed=3)
    rng = np.random.default_rng(2)
    X, T = rng.normal(size=(9, 2)) * 1e-80, rng.normal(size=(9, 3))
    record, (W1, _, W2, _) = net.forward(X, T), net.parameters.values()
    z1 = X @ W1
    a1 = np.where(z1 > 0, z1, np.exp(z1) - 1)  # exactly 0 for half of the cases
    z2 = a1 @ W2
    assert 0 < (z2 == 0).mean() < 1
    delta2 = (np.maximum(z2, 0) - T) * (z2 > 0) / 9
    delta1 = delta2 @ W2.T * np.where(z1 > 0, 1, np.exp(z1))
    mine = {"W2": a1.T @ delta2, "b2": delta2.sum(0), "W1": X.T @ delta1, "b1": delta1.sum(0)}
    found = diagnose(mine, record)
    assert found, str(found)
    assert "right as far as these numbers can tell" in found.message
    assert "b2" in found.message
    assert not diagnose(mine | {"b2": 30 * mine["b2"]}, record)  # no choice of sides does that
    assert not diagnose(mine | {"b1": 300 * mine["b1"]}, record)


def test_a_sum_that_underflows_is_on_the_corner():
    net = jp.Network([jp.Dense(2, 3, "sigmoid"), jp.Dense(3, 4, "relu"), jp.Dense(4, 2)], jp.SquaredError())
    net = net.with_parameters({"b1": np.full(3, -30.0)}).astype("float16")
    rng = np.random.default_rng(1)
    record = net.forward(rng.normal(size=(3, 2)).astype("f2"), rng.normal(size=(3, 2)).astype("f2"))
    assert not record.sum(2).any()  # exp(-30) is 0 in float16, and z2 is not 0 in float64
    delta = (record.output - record.target) / 3
    right = {"W3": np.zeros((4, 2)), "b3": delta.sum(0), "W2": np.zeros((3, 4)), "b2": np.zeros(4)}
    right |= {"W1": np.zeros((2, 3)), "b1": np.zeros(3)}
    found = diagnose({name: g.astype("f2") for name, g in right.items()}, record)
    assert found, str(found)
    assert not diagnose(right | {"b3": -right["b3"]}, record)


def test_one_saturated_slope_that_rounds_to_zero_is_no_dropped_case():
    net = jp.Network([jp.Dense(4, 1, "tanh"), jp.Dense(1, 2)], loss=jp.SquaredError(), seed=1)
    W1 = np.array([[20.0], [0.1], [0.2], [0.3]])
    record = net.with_parameters({"W1": W1}).forward(
        np.array([[1.0, 0.2, 0.3, 0.4], [0.9, -0.4, 0.5, 0.6]]), np.array([[1.0, 2.0], [3.0, -1.0]])
    )
    a1, X = record.activation(1), record.activation(0)
    delta2 = (record.output - record.target) / 2
    slope = np.array([[0.0], [2.0**-51]])  # as 1 - a1^2 may round
    assert np.abs(slope - net.layers[0].activation.derivative(record.sum(1))).max() < 2.0**-52
    delta1 = delta2 @ record.parameters[1]["W"].T * slope
    mine = {"W2": a1.T @ delta2, "b2": delta2.sum(0), "W1": X.T @ delta1, "b1": delta1.sum(0)}
    assert diagnose(mine, record), str(diagnose(mine, record))
    assert not diagnose(mine | {"W2": 0 * mine["W2"]}, record)


def test_an_overflow_of_the_precision_is_not_blamed_on_the_derivation():
    net = jp.Network([jp.Dense(2, 3), jp.Dense(3, 1)], loss=jp.SquaredError())
    net = net.with_parameters({"W1": np.full((2, 3), 300.0), "W2": np.full((3, 1), 90.0)}).astype("float16")
    record = net.forward(np.full((4, 2), 2.0, "f2"), np.zeros((4, 1), "f2"))
    mine = {name: np.full(g.shape, np.nan, "f2") for name, g in net.parameters.items()}
    found = diagnose(mine, record)
    assert (found.ok, found.kind, found.where) == (False, "not_finite", "W2[0, 0]")
    assert "z2 reaches 3.2e+05 and float16 ends at 6.6e+04" in found.message
    assert "need not be a mistake in the derivation" in found.message
    alone = diagnose(np.array([np.inf], "f2"), np.array([1e6]))
    assert "the right one reaches 1e+06" in alone.message
    steep = net.with_parameters({"W1": np.full((2, 3), 0.3)}).forward(np.ones((4, 2)), np.zeros((4, 1)))
    assert "division by 0" in diagnose(mine, steep).message


@pytest.mark.parametrize("n", [1, 5])
def test_one_free_number_is_no_explanation(n):
    net = jp.Network([jp.Dense(1, 1, "tanh"), jp.Dense(1, 1)], loss=jp.SquaredError(), seed=4)
    rng = np.random.default_rng(n)
    record = net.forward(rng.normal(size=(n, 1)), rng.normal(size=(n, 1)))
    wrong = {name: g * c for (name, g), c in zip(record.gradients().items(), (1.7, 1.7, 1, 1), strict=True)}
    found = diagnose(wrong, record)
    assert ("unknown" in found.kind) == (n == 1), str(found)


def test_noise_on_one_gradient_of_one_case_is_not_called_stale():
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], loss=jp.SquaredError(), seed=4)
    rng = np.random.default_rng(0)
    record = net.forward(rng.normal(size=(1, 3)), rng.normal(size=(1, 2)))
    mine = record.gradients()
    mine["W1"] = mine["W1"] + rng.normal(size=(3, 4)) * abs(mine["W1"]).max()
    assert diagnose(mine, record).kind == "unknown"
    mine["W1"] = np.clip(record.gradients()["W1"], -0.001, 0.001)
    assert diagnose(mine, record).kind == "unknown"


def test_weak_mistakes_are_found_in_single_precision():
    rng = np.random.default_rng(8)
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], loss=jp.SquaredError(), dtype="float32")
    record = net.forward(rng.normal(size=(9, 3)).astype("f4"), rng.normal(size=(9, 2)).astype("f4"))
    mine = record.gradients()
    decayed = {
        name: g + np.float32(1e-4) * net.parameters[name] * (name[0] == "W") for name, g in mine.items()
    }
    assert diagnose(mine, record)
    assert diagnose(decayed, record).kind == "penalty"


def test_exchanged_names_of_other_shapes_are_recognised(record):
    g = record.gradients()
    found = diagnose(g | {"W1": g["W2"], "W2": g["W1"]}, record)
    assert found.kind == "off_by_one_layer"
    assert "W2 holds the gradient of W1" in found.message
    assert diagnose({name: 0 * a for name, a in g.items()}, record).kind == "missing_gradient"


def test_shapes_are_undone_before_numbers_are_compared(record):
    g = record.gradients()
    assert diagnose(g | {"b2": g["b2"][None]}, record).kind == "layout"
    assert diagnose(g | {"W1": -g["W1"].T}, record).kind == "layout+sign"
    found = diagnose(g | {"W1": np.zeros((7, 9))}, record)
    assert found.kind == "unknown"
    assert "W1 has the shape (7, 9), not (3, 4)" in found.message
    assert diagnose(g | {"b1": float(g["b1"].sum())}, record).kind == "wrong_axis"
    del g["W2"], g["b1"]
    found = diagnose(g, record)
    assert set(found.kind.split("+")) == {"missing_gradient", "missing_bias"}


def test_nan_is_said_plainly(record):
    g = record.gradients()
    g["W1"] = np.where(np.eye(3, 4) > 0, np.nan, g["W1"])
    found = diagnose(g, record)
    assert (found.kind, found.where) == ("not_finite", "W1[0, 0]")
    assert "3 of the 12 entries of W1 are nan or infinite" in found.message
    assert diagnose(np.array([1.0, np.inf]), np.ones(2)).where == "the array[1]"


def test_neither_side_is_changed(record):
    g = {name: a.copy() for name, a in record.gradients().items()}
    kept = {name: a.copy() for name, a in g.items()}
    diagnose({name: -a for name, a in g.items()}, record)
    diagnose(g, record)
    assert all(np.array_equal(g[name], kept[name]) for name in g)


def test_a_single_case_and_float32_are_compared_in_float64():
    net = jp.Network([jp.Dense(3, 4, "tanh"), jp.Dense(4, 2)], loss=jp.SquaredError(), dtype="float32")
    one = net.forward(np.array([0.5, -1.0, 2.0], np.float32), np.zeros(2, np.float32))
    assert diagnose(one.gradients(), one)
    assert diagnose({name: -g for name, g in one.gradients().items()}, one).kind == "sign"


# -- arrays and chains ------------------------------------------------------------------------------


def test_an_array_alone():
    right = np.arange(12.0).reshape(3, 4) + 1
    assert diagnose(right.T, right).kind == "layout"
    assert diagnose(-right, right).kind == "sign"
    assert diagnose(3 * right, right).kind == "factor"
    assert diagnose(right.ravel(order="F").reshape(3, 4), right).kind == "vec_order"
    assert diagnose(right[None] * np.array([0.25, 0.75])[:, None, None], right).kind == "broadcast_not_summed"
    assert diagnose(np.where(right > 4, right, 0.0), right).kind == "dropped_case"
    assert diagnose(right.reshape(2, 6), right).kind == "layout"
    assert diagnose(right, right)
    unknown = diagnose(right + np.eye(3, 4), right)
    assert unknown.kind == "unknown"
    assert "3 of 12 entries are off" in unknown.message


def test_a_normalisation_without_its_rank_one_term():
    u = np.array([0.5, -1.0, 0.7, 0.3])
    right = np.diag([1.0, 2.0, 3.0, 4.0]) - np.outer(u, u)
    assert diagnose(np.diag([1.0, 2.0, 3.0, 4.0]), right).kind == "missing_rank_one"
    p = np.array([0.2, 0.3, 0.5])
    assert diagnose(np.diag(p * (1 - p)), np.diag(p) - np.outer(p, p)).kind == "softmax_coupling"


def test_named_terms_show_which_use_is_missing():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 3, 3))
    terms = {"use 1 of W": first, "use 2 of W": second}
    found = diagnose(first, first + second, terms=terms)
    assert found.kind == "second_use_missing"
    assert "use 2 of W is not counted" in found.message
    assert diagnose(2 * first + second, first + second, terms=terms).kind == "accumulated_twice"


def test_mappings_are_compared_name_by_name():
    right = {"W1": np.arange(6.0).reshape(2, 3) + 1, "b1": np.ones(3)}
    assert diagnose(right, right)
    found = diagnose({"W1": -right["W1"], "b1": right["b1"]}, right)
    assert (found.kind, found.where) == ("sign", "W1")
    assert diagnose({"W1": right["W1"]}, right).kind == "missing_bias"


def test_the_first_wrong_factor_and_product_of_a_chain(record):
    chain = record.chain("L", "W1")
    factors = [J.tensor() for J in chain.factors]
    assert diagnose(factors, chain)
    wrong = [factors[0], -factors[1], *factors[2:]]
    found = diagnose(wrong, chain)
    assert found.kind == "sign"
    assert "number 2 of 3" in found.message
    products = [chain.factors[0].tensor(), *(step.after.tensor() for step in chain.steps())]
    assert diagnose(products, chain)
    found = diagnose([products[0], *(-p for p in products[1:])], chain)
    assert found.kind == "sign"
    assert "Up to product 1 of 3 all is right" in found.message
    assert diagnose(chain.multiply(), chain)
    assert diagnose(-chain.multiply().tensor(), chain).kind == "sign"
    assert diagnose(chain, chain)


def test_bisection_asks_logarithmically_often():
    asked = []

    def is_right(k):
        asked.append(k)
        return k < 700

    assert first_wrong(1000, is_right) == 700
    assert len(asked) <= 10
    assert first_wrong(5, lambda k: True) == 5


# -- bad input ---------------------------------------------------------------------------------------


def expressions():
    import sympy

    return np.array([sympy.Symbol("x")])


BAD = [
    (lambda r: diagnose([1.0], r), jp.errors.OptionError, "the gradients of a record are a mapping"),
    (lambda r: diagnose({"W9": 1.0}, r), jp.errors.UnknownNameError, "W9"),
    (lambda r: diagnose({"a1": 1.0}, r), jp.errors.UnknownNameError, "a1"),
    (lambda r: diagnose({"W1": "one"}, r), jp.errors.DTypeError, "real numbers"),
    (lambda r: diagnose({"W1": expressions()}, r), jp.errors.DTypeError, "holds expressions"),
    (lambda r: diagnose(expressions(), np.ones(1)), jp.errors.DTypeError, "holds expressions"),
    (lambda r: diagnose([1.0], [np.nan]), jp.errors.NonFiniteError, "the reference is not finite"),
    (
        lambda r: diagnose(r.gradients(), r, tolerance=2),
        jp.errors.OptionError,
        "the tolerance is a relative error",
    ),
    (lambda r: diagnose([1.0], {"W1": [1.0]}), jp.errors.OptionError, "compared with arrays by name"),
    (lambda r: diagnose({"b": [1.0]}, {"W1": [1.0]}), jp.errors.UnknownNameError, "no such name"),
    (
        lambda r: diagnose([[1.0]], r.chain("L", "W1")),
        jp.errors.ShapeError,
        "neither the factors nor the partial",
    ),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD)
def test_bad_input_is_refused(record, call, error, words):
    with pytest.raises(error, match=words):
        call(record)


def test_a_record_without_a_target_or_with_nan_is_refused(record):
    net = jp.Network([jp.Dense(2, 1)], loss=jp.SquaredError())
    with pytest.raises(jp.errors.MissingTargetError, match="no target"):
        diagnose({}, net.forward(np.ones((3, 2))))
    with pytest.raises(jp.errors.NonFiniteError, match="the right gradient of W1 is not finite"):
        diagnose({}, net.forward(np.full((3, 2), np.nan), np.ones((3, 1))))


def normalisation(x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True))


@pytest.mark.parametrize("factor", [0.0, -1.0, 5.0])
def test_a_normalisation_with_a_wrong_sum_is_told_so(factor):
    def backward(dy, x):
        u = normalisation(x)
        through_norm = factor * (dy * u).mean(-1, keepdims=True)
        return (dy - dy.mean(-1, keepdims=True) - u * through_norm) / x.std(-1, keepdims=True)

    report = jp.check_vjp(normalisation, backward, np.random.default_rng(1).normal(size=(3, 5)))
    assert not report
    assert "rank one in each case" in report.failures[0].note


@pytest.mark.parametrize(("factor", "words"), [(5.0, "counts 5 times"), (-1.0, "has the wrong sign")])
def test_a_use_with_a_wrong_number_is_told_so(factor, words):
    def forward(x):
        return x / np.sqrt((x**2).mean(-1, keepdims=True))

    def backward(dy, x):
        r = np.sqrt((x**2).mean(-1, keepdims=True))
        return (dy - factor * x / r * (dy * x / r).mean(-1, keepdims=True)) / r

    report = jp.check_vjp(forward, backward, np.random.default_rng(1).normal(size=(3, 5)))
    assert f"use 1 of x (in square) {words}" in report.failures[0].note
