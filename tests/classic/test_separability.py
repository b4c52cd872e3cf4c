"""A hyperplane or a shared point: each answer is a proof, and each is checked as one, in exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.classic import Hyperplane, SharedPoint, perceptron, separable

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = [0, 1, 1, 0]


def on_their_sides(x, labels, found):
    """w x + b > 0 for the class 1 and < 0 for the other, in fractions."""
    w, b = [Fraction(v) for v in found.weights.tolist()], Fraction(found.bias)
    sums = [sum(a * Fraction(v) for a, v in zip(w, row, strict=True)) + b for row in x.tolist()]
    return all((s > 0) == (label > 0) and s != 0 for s, label in zip(sums, labels, strict=True))


def prove_shared(x, labels, found, tolerance):
    """Convex combinations of either class that meet in one point."""
    labels = np.asarray(labels)
    assert (found.multipliers >= 0).all()
    for own in (labels > 0, labels <= 0):
        assert found.multipliers[own].sum() == pytest.approx(1, abs=1e-12)
        assert (np.abs(found.multipliers[own] @ x[own] - found.point) <= tolerance).all()


@pytest.mark.seed("S-29", "H-17", "H-26")
def test_the_hulls_of_xor_meet_in_the_middle_of_the_square():
    """Diagonals: 1/2 (0,0) + 1/2 (1,1) = 1/2 (0,1) + 1/2 (1,0), so that no line parts the classes."""
    found = separable(SQUARE, XOR)
    assert isinstance(found, SharedPoint)
    assert not found
    np.testing.assert_allclose(found.point, [0.5, 0.5], atol=1e-12)
    np.testing.assert_allclose(found.multipliers, 0.5, atol=1e-12)
    assert found.gap < 1e-12
    prove_shared(SQUARE, XOR, found, 1e-12)


@pytest.mark.seed("H-26")
@pytest.mark.parametrize("coding", [(0, 1), (-1, 1)])
def test_gates_have_their_line(coding):
    for table in ([0, 0, 0, 1], [0, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0]):
        found = separable(SQUARE, np.array(coding)[table])
        assert isinstance(found, Hyperplane)
        assert found
        assert on_their_sides(SQUARE, table, found)
        distances = np.abs(SQUARE @ found.weights + found.bias) / np.linalg.norm(found.weights)
        assert found.margin == pytest.approx(distances.min(), rel=1e-12)


@pytest.mark.seed("S-29", "H-17")
@pytest.mark.parametrize("bits", [3, 4])
def test_parity_of_more_bits_has_none_either(bits):
    cube = np.array(np.meshgrid(*[[0.0, 1.0]] * bits)).reshape(bits, -1).T
    parity = cube.sum(axis=1) % 2
    found = separable(cube, parity)
    assert not found
    prove_shared(cube, parity, found, 1e-12)
    majority = (cube.sum(axis=1) > bits / 2).astype(float)
    assert separable(cube, majority)


@pytest.mark.seed("S-29", "H-26")
@pytest.mark.parametrize("seed", range(40))
def test_either_answer_is_a_proof(seed):
    rng = np.random.default_rng(seed)
    cases, n = int(rng.integers(2, 40)), int(rng.integers(1, 6))
    x = rng.normal(size=(cases, n)) * 10.0 ** rng.integers(-6, 7, n) + rng.integers(-3, 4, n)
    labels = (rng.random(cases) > 0.5).astype(float)
    if seed % 2:
        labels = (x @ rng.normal(size=n) > 0).astype(float)
    found = separable(x, labels)
    if found:
        assert on_their_sides(x, labels, found)
    else:
        prove_shared(x, labels, found, 1e-9 * (np.abs(x).max(axis=0)))
        assert found.gap < 1e-10
    if seed % 2:
        assert found


def test_both_answers_come_up_among_random_labels():
    rng = np.random.default_rng(0)
    answers = {bool(separable(rng.normal(size=(6, 2)), [0, 1, 0, 1, 0, 1])) for _ in range(30)}
    assert answers == {True, False}


@pytest.mark.parametrize("distance", [1e-3, 1e-5])
def test_classes_that_nearly_touch_are_told_apart(distance):
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, distance], [0.5, 1.0]])
    found = separable(x, [0, 0, 1, 1])
    assert found
    assert on_their_sides(x, [0, 0, 1, 1], found)
    crossing = x - [[0, 0], [0, 0], [0, 2 * distance], [0, 0]]
    found = separable(crossing, [0, 0, 1, 1])
    assert not found
    np.testing.assert_allclose(found.point, [0.5, 0.0], atol=1e-9)
    touching = separable(np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]), [0, 0, 1])
    np.testing.assert_allclose(touching.point, [0.5, 0.0], atol=1e-12)


def test_the_same_case_in_both_classes_is_the_shared_point():
    x = np.array([[1.0, 2.0], [3.0, 5.0], [1.0, 2.0]])
    found = separable(x, [0, 1, 1])
    np.testing.assert_allclose(found.point, [1.0, 2.0], atol=1e-12)
    prove_shared(x, [0, 1, 1], found, 1e-12)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_on_one_side(label):
    found = separable(SQUARE, [label] * 4)
    assert found
    assert on_their_sides(SQUARE, [label] * 4, found)
    assert found.mistakes >= 1


@pytest.mark.seed("S-29")
def test_it_says_whether_the_perceptron_converges():
    rng = np.random.default_rng(11)
    seen = set()
    for _ in range(25):
        x, labels = rng.integers(-3, 4, (6, 2)).astype(float), rng.integers(0, 2, 6)
        found, learned = separable(x, labels), perceptron(x, labels, epochs=150)
        assert learned.converged == bool(found)
        if found:
            assert sum(learned.errors) <= found.mistakes
        seen.add(bool(found))
    assert seen == {True, False}


def test_the_cultivars_of_wine_are_separable_and_the_scales_do_not_matter():
    wine = jp.load_wine()
    for cultivar in range(3):
        labels = (wine.labels == cultivar).astype(float)
        found = separable(wine.X, labels)
        assert on_their_sides(wine.X, labels, found)
        assert separable(wine.X * 10.0 ** np.arange(-6, 7), labels)


def test_arrays_are_read_only():
    for found in (
        separable(SQUARE, XOR).point,
        separable(SQUARE, XOR).multipliers,
        separable(SQUARE, [0, 0, 0, 1]).weights,
    ):
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 1


def test_one_class_alone_is_never_called_inseparable():
    X = [[0.5, 1e30, -1e-310], [1e30, 1e30, 1e30]]
    for labels, bias in (([0, 0], -1.0), ([1, 1], 1.0)):
        found = separable(X, labels)
        assert found
        assert (found.weights == 0).all()
        assert (found.bias, found.margin) == (bias, np.inf)
