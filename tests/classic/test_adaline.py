"""LMS and ADALINE: every step is the slide's, and where they end is least squares."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.classic import WIDROW_HOFF, adaline, lms

RNG = np.random.default_rng(23)
CASES, N, M = 30, 3, 2
X = RNG.normal(size=(CASES, N))
EXACT = X @ RNG.normal(size=(N, M)) + [0.5, -1.0]
NOISY = EXACT + 0.3 * RNG.normal(size=(CASES, M))
SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def least_squares(x, d):
    return np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), d, rcond=None)[0]


def stacked(net):
    return np.vstack([net.parameters["W1"], net.parameters["b1"]])


def distance(learned, best):
    return np.abs(stacked(learned.network) - best).max()


@pytest.mark.seed("S-10", "H-43", "D-04")
def test_each_step_is_the_slides():
    """w_i += eta delta x_i with delta = d - z, case by case, every sum a loop."""
    W, b, rate = np.zeros((N, M)), np.zeros(M), 0.05
    errors = []
    for _ in range(3):
        for x, d in zip(X, NOISY, strict=True):
            for j in range(M):
                delta = d[j] - (sum(x[i] * W[i, j] for i in range(N)) + b[j])
                b[j] += rate * delta
                for i in range(N):
                    W[i, j] += rate * delta * x[i]
        errors.append(((NOISY - X @ W - b) ** 2).sum(axis=1).mean() / 2)
    learned = lms(X, NOISY, learning_rate=rate, epochs=3)
    np.testing.assert_allclose(learned.network.parameters["W1"], W, rtol=1e-12)
    np.testing.assert_allclose(learned.network.parameters["b1"], b, rtol=1e-12)
    np.testing.assert_allclose(learned.errors, errors, rtol=1e-12)
    assert not learned.converged
    assert learned.errors[-1] == pytest.approx(learned.network.forward(X, NOISY).loss, rel=1e-13)


@pytest.mark.seed("S-10")
def test_where_a_linear_map_fits_it_is_found():
    learned = lms(X, EXACT, learning_rate=0.05, tolerance=1e-13)
    assert learned.converged
    assert distance(learned, least_squares(X, EXACT)) < 1e-10
    assert learned.errors[-1] < 1e-20


@pytest.mark.seed("S-10", "H-43")
def test_it_converges_to_least_squares_as_the_rate_goes_to_zero():
    """The distance from least squares is proportional to the rate; the guide's 0.007 is at a small one."""
    best = least_squares(X, NOISY)
    runs = [lms(X, NOISY, learning_rate=rate, epochs=20000, tolerance=1e-6) for rate in (8e-3, 4e-3, 2e-3)]
    assert all(run.converged for run in runs)
    coarse, middle, fine = (distance(run, best) for run in runs)
    assert fine < 7e-3
    assert 1.8 < coarse / middle < 2.2
    assert 1.8 < middle / fine < 2.2


@pytest.mark.seed("S-10")
def test_steps_on_the_whole_stack_converge_to_least_squares_exactly():
    net = jp.Network([jp.Dense(N, M, init="zero")], jp.SquaredError(reduction="sum"))
    for _ in range(400):
        net = WIDROW_HOFF.update(net, X, NOISY, learning_rate=0.02)
    np.testing.assert_allclose(stacked(net), least_squares(X, NOISY), rtol=1e-10)
    assert max(np.abs(g).max() for g in net.forward(X, NOISY).gradients().values()) < 1e-10


@pytest.mark.seed("H-43", "E-45", "S-10")
@pytest.mark.parametrize("labels", [[0, 0, 0, 1], [-1, 1, 1, 1], [1, 1, 1, 0]])
def test_adaline_learns_gates_towards_plus_and_minus_1_and_thresholds_only_to_predict(labels):
    learned = adaline(SQUARE, labels, learning_rate=0.005, epochs=20000, tolerance=1e-6)
    signs = np.where(np.array(labels) > 0, 1.0, -1.0)[:, None]
    best = least_squares(SQUARE, signs)
    assert learned.converged
    assert distance(learned, best) < 7e-3
    assert learned.classifier(SQUARE).ravel().tolist() == labels
    z = learned.network(SQUARE)
    assert np.abs(z - signs).min() > 0.05
    np.testing.assert_array_equal(learned.network.vector, learned.classifier.vector)
    assert learned.errors[-1] == pytest.approx(((signs - z) ** 2).mean() / 2, rel=1e-13)


@pytest.mark.seed("H-43")
def test_its_network_is_linear_and_passes_the_gradient_check():
    learned = adaline(SQUARE, [0, 0, 0, 1], epochs=5)
    assert jp.check(learned.network, SQUARE, np.ones((4, 1)))
    assert learned.network.forward(SQUARE).layer(1).J_Sum.tensor()[0].tolist() == [[1.0]]


@pytest.mark.seed("E-45", "H-43")
def test_a_sum_of_zero_is_the_class_1_unless_the_tie_rule_says_otherwise():
    zero = [0.0, 0.0]
    for labels, low in (([0, 1], 0.0), ([-1, 1], -1.0)):
        x = [[-1.0, 0.0], [1.0, 0.0]]
        assert adaline(x, labels, bias=False).classifier(zero).tolist() == [1.0]
        assert adaline(x, labels, bias=False, tie="left").classifier(zero).tolist() == [low]


@pytest.mark.seed("H-43")
def test_least_squares_may_misclassify_what_a_perceptron_separates():
    """One case far out on its own side drags the plane: the error is of z, not of the class."""
    x = np.array([[-1.0], [-0.8], [0.2], [30.0]])
    labels = [0, 0, 1, 1]
    learned = adaline(x, labels, learning_rate=1e-3, epochs=20000, tolerance=1e-5)
    assert learned.converged
    assert learned.classifier(x).ravel().tolist() != labels


def test_the_tolerance_is_relative_to_the_largest_weight():
    near, far = (lms(X, NOISY * scale, learning_rate=0.01, tolerance=1e-6) for scale in (1.0, 1024.0))
    assert near.converged
    assert near.epochs == far.epochs < lms(X, NOISY, learning_rate=0.01, tolerance=1e-9).epochs
    np.testing.assert_allclose(far.network.vector, 1024 * near.network.vector, rtol=1e-13)


@pytest.mark.seed("S-10", "D-04")
def test_below_2_over_the_longest_case_it_is_stable_and_sometimes_above():
    """Cases 1 and 2 without a bias: an epoch takes w's distance times (1 - rate) (1 - 4 rate)."""
    x, start = np.array([[1.0], [2.0]]), {"init": "unit", "bias": False, "seed": 2}

    def distances(targets, **options):
        learned = [lms(x, targets, **start, epochs=epochs, **options) for epochs in (0, 1, 2)]
        return [one.network.parameters["W1"].item() - 3 for one in learned]

    for rate, factor in ((0.49, 0.51 * -0.96), (0.7, 0.3 * -1.8), (1.5, -0.5 * -5.0)):
        first, second, third = distances(3 * x, learning_rate=rate)
        assert [second / first, third / second] == pytest.approx([factor] * 2)
    assert lms(x, 3 * x, learning_rate=0.7, bias=False).converged
    assert lms(x, 3 * x + [[0.0], [1.0]], learning_rate=0.499, bias=False).errors[-1] < 1
    with pytest.raises(jp.errors.NonFiniteError, match="no longer finite"):
        lms(x, 3 * x, learning_rate=1.5, bias=False)


def test_the_rate_may_be_too_high():
    with pytest.raises(jp.errors.NonFiniteError, match="the weights are no longer finite"):
        lms(X * 100, NOISY, learning_rate=1.0)


def test_seeds_decide_and_nothing_given_changes():
    kept = X.copy(), NOISY.copy()
    runs = [
        lms(X, NOISY, epochs=2, init="small", shuffle=True, seed=seed).network.vector for seed in (0, 0, 1)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
    assert np.array_equal(X, kept[0])
    assert np.array_equal(NOISY, kept[1])
    through_origin = lms(X, NOISY, epochs=2, bias=False)
    assert set(through_origin.network.parameters) == {"W1"}
