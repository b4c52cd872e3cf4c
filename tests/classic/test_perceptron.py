"""The perceptron: gates, both versions, ties, the bound on its mistakes, and XOR, which no line solves."""

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls

import jacobprop as jp
from jacobprop.classic import homogeneous, perceptron, separable, soft_perceptron

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "NOR": [1, 0, 0, 0]}
XOR = [0, 1, 1, 0]


def slide(X, d, rate, epochs, w, tie=0):
    """H-15 in 0/1 with the 1 appended, case by case, every sum a loop: the weights, and mistakes an epoch."""
    mistakes = []
    for _ in range(epochs):
        wrong = 0
        for row, target in zip(X, d, strict=True):
            x = [*row, 1.0]
            z = sum(a * b for a, b in zip(w, x, strict=True))
            y = 1 if z > 0 else tie if z == 0 else 0
            wrong += y != target
            w = [a + rate * (target - y) * b for a, b in zip(w, x, strict=True)]
        mistakes.append(wrong)
        if not wrong:
            break
    return w, tuple(mistakes)


def sign_version(X, d, epochs):
    """H-42: add a misclassified case of the class +1 to W, subtract one of the class -1."""
    W = np.zeros(X.shape[1] + 1)
    for _ in range(epochs):
        perfect = True
        for x, label in zip(homogeneous(X), d, strict=True):
            if (1 if W @ x > 0 else -1) != label:
                W, perfect = (W + x if label > 0 else W - x), False
        if perfect:
            break
    return W


def weights(learned):
    return np.append(learned.network.parameters["W1"][:, 0], learned.network.parameters["b1"])


def blobs(seed, cases=40, n=3, apart=0.3):
    """Cases with a random hyperplane between them, `apart` from its nearest on either side."""
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(cases, n)), rng.normal(size=n)
    w /= np.linalg.norm(w)
    side = np.where(x @ w + 0.2 > 0, 1.0, -1.0)
    return x + apart * side[:, None] * w, (side > 0).astype(float)


@pytest.mark.seed("S-29", "H-15", "H-16", "B-05")
@pytest.mark.parametrize(("gate", "epochs"), [("AND", 5), ("OR", 3), ("NAND", 5), ("NOR", 3)])
def test_it_learns_the_gates_in_a_few_epochs(gate, epochs):
    """So many epochs with mistakes, and one without: arithmetic in small integers, the same everywhere."""
    learned = perceptron(SQUARE, GATES[gate])
    assert learned.converged
    assert learned.network(SQUARE).ravel().tolist() == GATES[gate]
    assert learned.epochs == epochs + 1
    assert all(learned.errors[:-1])
    assert learned.errors[-1] == 0


@pytest.mark.seed("H-16")
def test_one_class_against_the_rest_may_be_asked_for_as_true_and_false():
    labels = np.array([2, 1, 1, 1])
    asked, told = perceptron(SQUARE, labels == 1), perceptron(SQUARE, [0, 1, 1, 1])
    assert np.array_equal(asked.network.vector, told.network.vector)
    assert bool(separable(SQUARE, labels == 1))


def test_it_learns_not():
    learned = perceptron([[0.0], [1.0]], [1, 0])
    assert learned.converged
    assert learned.network([[0.0], [1.0]]).ravel().tolist() == [1, 0]


@pytest.mark.seed("H-16", "H-17")
def test_of_the_16_functions_of_two_inputs_it_learns_all_but_xor_and_its_opposite():
    for table in itertools.product([0, 1], repeat=4):
        learnable = table not in ((0, 1, 1, 0), (1, 0, 0, 1))
        assert perceptron(SQUARE, table, epochs=30).converged == learnable
        assert bool(separable(SQUARE, table)) == learnable


@pytest.mark.seed("H-14", "H-15", "E-45")
@pytest.mark.parametrize("tie", ["left", "right"])
@pytest.mark.parametrize("rate", [1.0, 0.25])
def test_every_step_is_the_slides(rate, tie):
    for seed in range(3):
        x, d = blobs(seed)
        w, mistakes = slide(x, d, rate, 200, [0.0] * 4, int(tie == "right"))
        learned = perceptron(x, d, learning_rate=rate, epochs=200, tie=tie)
        np.testing.assert_allclose(weights(learned), w, rtol=1e-12)
        assert learned.errors == mistakes
    start = perceptron(x, d, epochs=0, init="unit", seed=5)
    w, mistakes = slide(x, d, rate, 200, weights(start).tolist(), int(tie == "right"))
    learned = perceptron(x, d, learning_rate=rate, epochs=200, tie=tie, init="unit", seed=5)
    np.testing.assert_allclose(weights(learned), w, rtol=1e-12)
    assert learned.errors == mistakes


@pytest.mark.seed("H-15", "H-14")
def test_from_zero_the_rate_scales_the_weights_and_only_rounding_does_more():
    for x, d in ((SQUARE, GATES["NAND"]), blobs(3)):
        one = perceptron(x, d)
        for rate in (8.0, 0.5, 2.0**-20):
            other = perceptron(x, d, learning_rate=rate)
            assert other.errors == one.errors
            np.testing.assert_array_equal(weights(other), rate * weights(one))
    assert perceptron(SQUARE, GATES["NAND"]).errors == (2, 3, 3, 2, 1, 0)
    rounded = perceptron(SQUARE, GATES["NAND"], learning_rate=0.1)  # .3 - .1 - .1 - .1 is above 0
    assert rounded.errors == (2, 3, 3, 0)
    assert rounded.network(SQUARE).ravel().tolist() == GATES["NAND"]


@pytest.mark.seed("H-14", "E-45")
def test_a_sum_of_zero_does_not_fire_unless_the_tie_rule_says_so():
    """From zero weights: the first case, a 1, is a mistake if the tie is to the left, and none if not."""
    x = [[1.0, 2.0]]
    assert perceptron(x, [1]).errors == (1, 0)
    assert perceptron(x, [1], tie="right").errors == (0,)
    assert perceptron(x, [0]).errors == (0,)
    assert perceptron(x, [0], tie="right").errors == (1, 0)
    silent = perceptron(x, [0]).network
    assert silent([0.0, 0.0]).tolist() == [0.0]
    assert perceptron(x, [1], tie="right").network([5.0, -1.0]).tolist() == [1.0]
    assert perceptron([[1.0, 2.0], [2.0, 1.0]], [-1, -1]).network([0.0, 0.0]).tolist() == [-1.0]


@pytest.mark.seed("H-42", "S-29")
def test_the_sign_version_goes_through_the_same_weights():
    """H-42 equals H-15 with rate 1 and labels 0/1."""
    for seed in range(3):
        x, d = blobs(seed)
        signs = 2 * d - 1
        zero_one, sign = perceptron(x, d), perceptron(x, signs)
        np.testing.assert_array_equal(weights(zero_one), weights(sign))
        np.testing.assert_allclose(weights(sign), sign_version(x, signs, 1000), rtol=1e-12)
        assert sign.network(x).ravel().tolist() == signs.tolist()
        assert zero_one.errors == sign.errors


@pytest.mark.seed("H-41")
def test_the_bias_is_the_last_weight_of_a_hyperplane_through_the_origin():
    x, d = blobs(4)
    separate = perceptron(x, d)
    through_origin = perceptron(homogeneous(x), d, bias=False)
    assert set(through_origin.network.parameters) == {"W1"}
    np.testing.assert_array_equal(weights(separate), through_origin.network.parameters["W1"][:, 0])
    assert separate.errors == through_origin.errors


@pytest.mark.seed("H-41")
def test_errors_count_mistakes_and_the_criterion_is_zero_where_it_stops():
    x, d = blobs(6)
    learned = perceptron(x, d)
    assert (learned.network(x)[:, 0] != d).sum() == learned.errors[-1] == 0
    short = perceptron(SQUARE, XOR, epochs=7)
    assert not short.converged
    assert short.epochs == 7


@pytest.mark.seed("S-29", "H-15")
@pytest.mark.parametrize("shuffle", [False, True])
def test_mistakes_stay_below_the_bound(shuffle):
    """(R / gamma)^2, gamma of the best hyperplane, by least squares: the hull point nearest to the origin."""
    for seed in range(6):
        x, d = blobs(seed, apart=0.1)
        rows = np.where(d > 0, 1.0, -1.0)[:, None] * homogeneous(x)
        heavy = 1e3  # holds sum lambda = 1
        shares, _ = nnls(np.vstack([rows.T, heavy * np.ones(len(x))]), np.append(np.zeros(4), heavy))
        nearest = shares @ rows
        gamma = (rows @ nearest).min() / np.linalg.norm(nearest)
        best = (np.linalg.norm(rows, axis=1).max() / gamma) ** 2
        learned = perceptron(x, d, shuffle=shuffle, seed=seed)
        assert learned.converged
        assert 0 < sum(learned.errors) <= best
        found = separable(x, d)
        assert found.mistakes >= best * (1 - 1e-9)
        assert found.mistakes < 30 * best


@pytest.mark.seed("S-29", "H-17", "B-05")
@pytest.mark.parametrize("labels", [XOR, [-1, 1, 1, -1]])
def test_it_never_learns_xor(labels):
    learned = perceptron(SQUARE, labels, epochs=1000)
    assert not learned.converged
    assert learned.epochs == 1000
    assert min(learned.errors) > 0
    assert (learned.network(SQUARE).ravel() != labels).any()


@pytest.mark.seed("B-05", "H-13")
def test_association_units_of_fixed_weights_make_xor_separable():
    """Rosenblatt's S, A1 and R: only the weights from A to R learn. The OR and AND of the slide's MLP."""
    association = jp.Network([jp.Dense.from_arrays(np.ones((2, 2)), [-0.5, -1.5], "step")])
    features = association(SQUARE)
    learned = perceptron(features, XOR)
    assert learned.converged
    whole = jp.Network(
        [
            jp.Dense.from_arrays(np.ones((2, 2)), [-0.5, -1.5], "step"),
            jp.Dense.from_arrays(*learned.network.parameters.values(), activation="step"),
        ]
    )
    assert whole(SQUARE).ravel().tolist() == XOR


def test_seeds_decide_and_nothing_given_changes():
    x, d = blobs(2)
    kept = x.copy(), d.copy()
    runs = [perceptron(x, d, init="small", shuffle=True, seed=seed).network.vector for seed in (0, 0, 1)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    assert np.array_equal(x, kept[0])
    assert np.array_equal(d, kept[1])


@pytest.mark.seed("E-48")
def test_the_docstring_tells_the_dates_and_what_the_slides_say():
    for words in ("1957-58", "of 1962", "Minsky and Papert is of 1969, on one slide 1968"):
        assert words in perceptron.__doc__


def test_what_is_learned_says_how_it_went():
    learned = perceptron(SQUARE, GATES["OR"])
    assert repr(learned) == (
        '<Learned: Network([Dense(2, 1, "step")]), converged after 4 epochs, errors 1 -> 0>'
    )
    assert "not converged after 0 epochs>" in repr(perceptron(SQUARE, XOR, epochs=0))


# -- soft -------------------------------------------------------------------------------------------------


@pytest.mark.seed("H-24", "H-25")
def test_a_threshold_is_minus_the_bias_and_the_sigmoid_a_soft_step():
    w, T = np.array([2.0, -1.0, 0.5]), 0.75
    x = np.random.default_rng(3).normal(size=(6, 3))
    soft = soft_perceptron(w, T)
    np.testing.assert_allclose(soft(x)[:, 0], [1 / (1 + np.exp(-(row @ w - T))) for row in x], rtol=1e-14)
    assert soft.parameters["b1"].tolist() == [-T]
    hard = soft_perceptron(w, T, "step")
    assert hard(x)[:, 0].tolist() == [float(row @ w > T) for row in x]
    assert ((soft(x) > 0.5) == hard(x)).all()
    assert soft_perceptron([1.0], 0.0, "tanh")([2.0]) == pytest.approx(np.tanh(2.0))


@pytest.mark.seed("H-41")
def test_a_1_is_appended():
    assert homogeneous([3.0, 4.0]).tolist() == [3.0, 4.0, 1.0]
    assert homogeneous(np.ones((2, 3), "float32")).dtype == np.float32
    x, w, b = blobs(0)[0], np.array([0.3, -2.0, 1.0]), 0.7
    np.testing.assert_allclose(homogeneous(x) @ np.append(w, b), x @ w + b, rtol=1e-13)
    with pytest.raises(ValueError, match="read-only"):
        homogeneous(x)[0] = 0
