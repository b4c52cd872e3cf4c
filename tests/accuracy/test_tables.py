"""The certified tables against the library: the promised ulp, no false zero, limits, and both doors."""

import math
from importlib import import_module

import mpmath
import numpy as np
import pytest
import sympy

from benchmarks.accuracy_tables import FOLDER, Truth, false_zeros, load, near_zero, save, ulp_error
from jacobprop import LogSoftmax, Softmax, activations, elementary
from jacobprop.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    MeanSquaredError,
    NegativeLogLikelihood,
    SquaredError,
)

from .formulas import FORMULAS, ORDERS
from .points import CLASSES, EDGES
from .promises import IN_PLACE, SOFTMAX, exceeding, promised
from .textbook import TEXTBOOK, log_softmax, softmax
from .witnesses import GOOD, WITNESSES

NAMES = activations.NAMES
ORDER = range(len(ORDERS))


def answer(name, order, z):
    activation = activations.get(name)
    return activation.derivative(z, order) if order else activation.value(z)


def table(name, order):
    found = load(name)
    return found.inputs["z"], found.truths[ORDERS[order]]


def said(z, got, truth, excess):
    """The worst point, for an assertion."""
    i = np.argmax(excess)
    return f"at {z.ravel()[i]!r} got {got.ravel()[i]!r}, true {truth.value.ravel()[i]!r}: {excess.ravel()[i]}"


def test_everything_that_is_registered_has_its_table_its_witness_and_its_limits():
    assert set(NAMES) <= set(FORMULAS)
    assert set(FORMULAS) == set(WITNESSES) == set(EDGES)
    files = {*FORMULAS, "hard", "binary cross entropy", *(f"softmax {m}" for m in CLASSES)}
    assert {file.stem for file in FOLDER.iterdir()} == files
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1.5e6


@pytest.mark.parametrize("order", ORDER, ids=ORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_activations_keep_their_ulp_at_every_certified_point(name, order):
    z, truth = table(name, order)
    got = answer(name, order, z)
    excess = exceeding(name, order, z, got, truth, promised(name, order))
    assert (excess <= 1).all(), said(z, got, truth, excess)
    far = ~near_zero(name, order, z)
    assert false_zeros(got[far], truth.take(far)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_limits_are_what_numerics_defines(name):
    z = np.array([-np.inf, np.inf, np.nan])
    for order in ORDER:
        np.testing.assert_array_equal(answer(name, order, z), EDGES[name][order])
    if name in ("silu", "gelu"):
        assert np.signbit(answer(name, 0, z)[0])


@pytest.mark.parametrize("name", NAMES)
def test_in_place_keeps_eight_ulp_in_float64_whatever_else_is_in_the_block(name):
    z, *truths = (*table(name, 0), table(name, 1)[1])
    by_size = np.argsort(np.abs(z))
    for block in (np.arange(len(z)), *np.array_split(by_size, 40), *np.array_split(np.argsort(z), 40)):
        part = z[block]
        value, slope = np.empty_like(part), np.empty_like(part)
        activations.get(name).into(part, value, slope)
        for order, got in enumerate((value, slope)):
            truth = truths[order].take(block)
            excess = exceeding(name, order, part, got, truth, IN_PLACE)
            assert (excess <= 1).all(), said(part, got, truth, excess)
            far = ~near_zero(name, order, part)
            assert false_zeros(got[far], truth.take(far)) == 0


@pytest.mark.parametrize("order", [0, 1], ids=ORDERS[:2])
@pytest.mark.parametrize("name", WITNESSES)
def test_witnesses_are_good_to_2_to_the_minus_21_ulp_of_float32(name, order):
    z, truth = table(name, order)
    held = np.isfinite(z) & (np.abs(z) < 2.0**128) & (np.abs(truth.value) > 2.0**-160)
    with np.errstate(all="ignore"):
        got = WITNESSES[name][order](z)
    excess = exceeding(name, order, z, got, truth, GOOD)[held]
    assert (excess <= 1).all(), said(z[held], got[held], truth.take(held), excess)


# ---- softmax and what is built on it


def jacobian(layer, z):
    return layer.J_Sum(layer.forward({}, (z,))[1]).matrix()


@pytest.mark.parametrize("m", CLASSES)
def test_the_softmax_family_keeps_eight_ulp(m):
    found = load(f"softmax {m}")
    z, truths = found.inputs["z"], found.truths
    (p, q), J, J_log = elementary.softmax(z), jacobian(Softmax(), z), jacobian(LogSoftmax(), z)
    up, down = np.triu_indices(m, 1)
    pairs = [(p, truths["p"]), (q, truths["1 - p"]), (elementary.log_softmax(z), truths["log p"])]
    pairs.append((np.diagonal(J, axis1=1, axis2=2), truths["p_i (1 - p_i)"]))
    pairs.append((np.diagonal(J_log, axis1=1, axis2=2), truths["1 - p"]))
    for i, k in ((up, down), (down, up)):
        pairs += [(-J[:, i, k], truths["p_i p_k"]), (-J_log[:, i, k], truths["p"].take((..., k)))]
    for got, truth in pairs:
        error = ulp_error(got, truth)
        assert (error <= SOFTMAX).all(), said(got, got, truth, error)
        assert false_zeros(got, truth) == 0


@pytest.mark.parametrize("m", CLASSES)
def test_cross_entropy_keeps_eight_ulp_for_every_label(m):
    found = load(f"softmax {m}")
    z, truths = found.inputs["z"], found.truths
    for label in range(m):
        t = np.zeros_like(z)
        t[:, label] = 1
        for loss, row in (CrossEntropy().head(z, t), NegativeLogLikelihood().head(z, t)):
            assert (ulp_error(-loss, truths["log p"].take((..., label))) <= SOFTMAX).all()
            others = np.arange(m) != label
            for got, truth in (
                (row[:, others], truths["p"].take((..., others))),
                (-row[:, label], truths["1 - p"].take((..., label))),
            ):
                error = ulp_error(got, truth)
                assert (error <= SOFTMAX).all(), said(got, got, truth, error)
                assert false_zeros(got, truth) == 0


HEADS = [(CrossEntropy(), f"softmax {m}") for m in CLASSES]
HEADS += [(NegativeLogLikelihood(), "softmax 3"), (BinaryCrossEntropy(), "binary cross entropy")]


@pytest.mark.parametrize(("head", "name"), HEADS, ids=str)
def test_heads_of_soft_targets_keep_eight_ulp_of_the_larger_term(head, name):
    """Where both terms are nearly equal, p = t, no relative precision is left to anybody.

    The loss is compared where every log p is a float; beyond, t log p could be one alone.
    """
    found = load(name)
    z, t, truths = found.inputs["z"], found.inputs["t"], found.truths
    loss, row = head.head(z, t)
    error = ulp_error(row, truths["row"], of=truths["terms"])
    assert (error <= SOFTMAX).all(), said(row, row, truths["row"], error)
    held = np.isfinite(truths["log p"].value).all(axis=-1) if "log p" in truths else ...
    error = ulp_error(loss[held], truths["loss"].take(held))
    assert (error <= SOFTMAX).all(), said(z[held], loss[held], truths["loss"].take(held), error)


def test_squared_errors_have_rows_that_are_one_rounding_each():
    rng = np.random.default_rng(0)
    y, t = rng.normal(size=(2, 50, 5)) * 10.0 ** rng.integers(-9, 9, (2, 50, 5))
    exact = [[(float(a), float(b)) for a, b in zip(*rows, strict=True)] for rows in zip(y, t, strict=True)]
    one = np.array([[math.fsum((a, -b)) for a, b in row] for row in exact])
    np.testing.assert_array_equal(SquaredError().row(y, t), one)
    np.testing.assert_allclose(MeanSquaredError().row(y, t), one * 2 / 5, rtol=2.0**-52)


# ---- the references themselves


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formulas_are_one_function_and_its_derivatives(name):
    f = FORMULAS[name]
    with mpmath.workdps(60):
        for z in map(mpmath.mpf, ("-9.3", "-1.7", "-0.4", "0.3", "1.9", "8.6")):
            for order in (1, 2):
                slope = mpmath.diff(lambda x: f[0](x, mpmath), z, order)
                assert abs(slope - f[order](z, mpmath)) < mpmath.mpf(10) ** -20
            if name in NAMES:
                expression = activations.get(name).expression
                written = sympy.N(expression.subs(sympy.Symbol("z", real=True), sympy.Rational(str(z))), 30)
                assert abs(mpmath.mpf(str(written)) - f[0](z, mpmath)) < mpmath.mpf(10) ** -15


def test_tables_are_kept_as_the_same_bytes(tmp_path):
    for file in FOLDER.iterdir():
        copy = save(file.stem, load(file.stem), tmp_path)
        assert copy.read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("name", [*FORMULAS, "softmax 2", "softmax 5", "binary cross entropy"])
def test_the_tables_are_what_their_generator_makes(name):
    """A sample of the points, computed again."""
    generate = generator()
    found = load(name)
    z = found.inputs["z"]
    if name in FORMULAS:
        sample = np.arange(np.random.default_rng().integers(17), len(z) - 3, 17)
        for order, title in enumerate(ORDERS):
            again = generate.reference(name, order, z[sample])
            same(again, found.truths[title].take(sample))
        return
    heads = {"b": generate.binary_cross_entropy, "s": generate.cross_entropy}
    for i in range(0, len(z), 7):
        again = generate.head_reference(heads[name[0]], z[i], found.inputs["t"][i])
        again |= generate.row_reference(z[i]) if name[0] == "s" else {}
        assert set(again) == set(found.truths)
        for key, truth in again.items():
            same(truth, found.truths[key].take(i))


def generator():
    pytest.importorskip("flint")
    return import_module("tests.accuracy.generate")


def same(again, kept):
    np.testing.assert_array_equal(again.value, kept.value)
    np.testing.assert_array_equal(again.rest, kept.rest)


def test_the_points_are_drawn_again_from_their_seeds():
    generate = generator()
    hard = load("hard").inputs
    for name in ("tanh", "elu"):
        seed = list(FORMULAS).index(name)
        made = generate.activation_table(name, seed, hard[name])
        np.testing.assert_array_equal(made.inputs["z"], load(name).inputs["z"])


# ---- the tester, tested


@pytest.mark.parametrize("order", [0, 1], ids=ORDERS[:2])
@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_forms_are_found_out(name, order):
    z, truth = table(name, order)
    z, truth = z[:-3], truth.take(slice(-3))  # without the limits
    with np.errstate(all="ignore"):
        got = TEXTBOOK[name][order](z)
    assert np.max(exceeding(name, order, z, got, truth, promised(name, order))) > 10


@pytest.mark.parametrize(("name", "order"), [("sigmoid", 1), ("tanh", 1), ("gelu", 0)])
def test_false_zeros_of_textbook_forms_are_counted(name, order):
    z, truth = table(name, order)
    with np.errstate(all="ignore"):
        assert false_zeros(TEXTBOOK[name][order](z), truth) > 10


def test_the_textbook_softmax_is_found_out():
    found = load("softmax 5")
    z, truths = found.inputs["z"], found.truths
    with np.errstate(all="ignore"):
        p, q = softmax(z)
        errors = {
            "p": ulp_error(p, truths["p"]),
            "1 - p": ulp_error(q, truths["1 - p"]),
            "p_i (1 - p_i)": ulp_error(p * q, truths["p_i (1 - p_i)"]),
            "log p": ulp_error(log_softmax(z), truths["log p"]),
        }
    assert {key: bool(np.nanmax(error) > SOFTMAX) for key, error in errors.items()} == dict.fromkeys(
        errors, True
    )
    assert false_zeros(q, truths["1 - p"]) > 5


@pytest.mark.parametrize("order", ORDER, ids=ORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_just_beyond_the_promise_is_found_out(name, order):
    z, truth = table(name, order)
    ulp = promised(name, order)
    finite = np.isfinite(truth.value) & ~near_zero(name, order, z)
    for i in np.flatnonzero(finite)[::37]:
        got = truth.value.copy()
        got[i] += (ulp + 2) * np.spacing(np.abs(got[i])) * (1 if got[i] >= 0 else -1)
        excess = exceeding(name, order, z, got, truth, ulp)
        assert (np.flatnonzero(excess > 1) == [i]).all()
        assert excess[i] > 1


@pytest.mark.parametrize(("name", "order"), [("silu", 1), ("silu", 2), ("gelu", 1), ("gelu", 2)])
def test_beside_a_zero_four_units_are_allowed_and_five_are_found_out(name, order):
    z, truth = table(name, order)
    place = near_zero(name, order, z)
    z, truth = z[place], truth.take(place)
    assert len(z) > 20
    for units, kept in ((3, True), (5, False)):
        excess = exceeding(name, order, z, truth.value + units * 2.0**-53, truth, promised(name, order))
        assert ((excess <= 1) == kept).all()


def test_the_ulp_is_the_last_place_of_the_truth():
    one = Truth(
        np.array([1.0, 1.0, 0.0, 5e-324, 1.0, np.inf, 1.0, np.nan]), np.array([-16384, 16384, *[0] * 6])
    )
    got = np.array([1.0, 1.0, 5e-324, 0.0, 1 - 2.0**-53, np.inf, np.nan, 0.0])
    np.testing.assert_array_equal(ulp_error(got, one), [0.5, 0.25, 1, 1, 0.5, 0, np.inf, np.inf])
    half = ulp_error(np.array([1.0, 6e-8, 65504.0, np.inf], np.float16), np.array([1.001, 0.0, 65504.0, 1e6]))
    np.testing.assert_allclose(half, [0.001 * 2**10, 1.0, 0.0, 0.0], rtol=1e-9)
    apart = ulp_error(
        np.array([3e-17]), Truth(np.array([2e-17]), np.zeros(1)), of=Truth(np.ones(1), np.zeros(1))
    )
    np.testing.assert_allclose(apart, 1e-17 * 2.0**52)
