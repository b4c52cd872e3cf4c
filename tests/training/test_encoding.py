"""Labels as targets and back, and cases held out."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.training import decode_targets, encode_targets, one_hot, split

LABELS = np.array([3, 0, 4, 4, 1, 2])


@pytest.mark.seed("S-39", "D-84", "H-55")
def test_one_hot_has_one_node_for_each_class():
    hot = one_hot(LABELS, 5)
    assert hot.dtype == np.float64
    assert hot.shape == (6, 5)
    for row, label in zip(hot, LABELS, strict=True):
        assert [k for k, entry in enumerate(row) if entry] == [label]
        assert row.sum() == 1
    assert one_hot([0, 1], 4).shape == (2, 4)  # classes that do not occur
    assert one_hot(2, 3).tolist() == [0.0, 0.0, 1.0]
    loss = jp.CrossEntropy()
    assert np.array_equal(loss.target(LABELS, (6, 5), np.dtype(float)), hot)


@pytest.mark.seed("S-39", "D-82", "E-57", "D-83")
def test_targets_keep_off_the_limits_at_equal_distances():
    assert encode_targets([0, 1]).tolist() == [[0.1], [0.9]]
    assert encode_targets([0, 1, 2], classes=3).tolist() == [[0.1], [0.5], [0.9]]  # wine 13-5-1
    five = encode_targets(range(5), classes=5, low=-1.0, high=1.0)[:, 0]
    assert np.allclose(np.diff(five), 0.5, rtol=1e-15)
    assert five[[0, -1]].tolist() == [-1.0, 1.0]
    table = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert encode_targets(table).tolist() == [[0.9, 0.1, 0.1], [0.1, 0.1, 0.9]]
    assert encode_targets(table.astype(int), low=0.25, high=0.5).max() == 0.5


@pytest.mark.seed("S-39", "D-82")
@pytest.mark.parametrize(
    ("classes", "low", "high"), [(2, 0.1, 0.9), (3, 0.1, 0.9), (7, -0.9, 0.9), (2, -5, 100)]
)
def test_decoding_brings_the_labels_back(classes, low, high):
    rng = np.random.default_rng(classes)
    options = {"classes": classes, "low": low, "high": high}
    half = (high - low) / (classes - 1) / 2
    for shape in ((11,), (4, 3)):
        labels = rng.integers(0, classes, shape)
        targets = encode_targets(labels, **options)
        found = decode_targets(targets + rng.uniform(-0.99, 0.99, targets.shape) * half, **options)
        assert found.dtype.kind == "i"
        assert np.array_equal(found, labels)
    assert decode_targets([[-np.inf], [np.inf]], **options).tolist() == [0, classes - 1]


def test_of_two_labels_equally_near_the_smaller_one_counts():
    assert decode_targets([[0.5], [1.5], [1.75]], classes=3, low=0, high=2).tolist() == [0, 1, 2]


@pytest.mark.seed("D-82")
def test_a_squared_error_drives_weights_to_infinity_for_targets_at_the_limits_only():
    X, T = np.array([[-1.0], [1.0]]), np.array([0, 1])
    sizes = {}
    for name, targets in (("limits", T[:, None].astype(float)), ("inside", encode_targets(T))):
        net = jp.Network([jp.Dense(1, 1, "sigmoid", init="zero")], jp.SquaredError())
        early, late = (
            jp.fit(net, X, targets, epochs=epochs, learning_rate=20.0).network.parameters["W1"][0, 0]
            for epochs in (100, 400)
        )
        sizes[name] = late - early
    assert sizes["inside"] == pytest.approx(0.0, abs=1e-7)
    assert sizes["limits"] > 0.3


# -- splits --------------------------------------------------------------------------------------------------

X = np.arange(60.0).reshape(20, 3)
T = np.repeat([0, 1, 2], [12, 5, 3])


@pytest.mark.seed("S-39", "B-49")
@pytest.mark.parametrize("stratify", [None, T])
@pytest.mark.parametrize(("held_out", "number"), [(4, 4), (0.25, 5), (np.int64(1), 1), (0.96, 19)])
def test_every_case_is_on_one_side_with_its_target(stratify, held_out, number):
    train, held = split(X, T, held_out=held_out, stratify=stratify, seed=3)
    assert len(held.X) == len(held.T) == number
    assert len(train.X) == len(train.T) == 20 - number
    first = np.concatenate([train.X[:, 0], held.X[:, 0]])
    assert sorted(first) == X[:, 0].tolist()
    assert np.array_equal(np.concatenate([train.T, held.T]), T[(first / 3).astype(int)])
    assert held.T.dtype.kind == "i"
    assert train.X.dtype == np.float64


@pytest.mark.seed("S-39")
def test_a_stratified_split_takes_each_class_in_proportion():
    for seed in range(20):
        for number in (3, 7, 10):
            held = split(X, T, held_out=number, stratify=T, seed=seed).held_out
            counts = np.bincount(held.T, minlength=3)
            assert (np.abs(counts - np.array([12, 5, 3]) * number / 20) < 1).all()
    plain = [np.bincount(split(X, T, held_out=7, seed=s).held_out.T, minlength=3)[2] for s in range(20)]
    assert max(plain) - min(plain) >= 2  # the check can fail


def test_every_case_of_a_class_can_be_held_out():
    for stratify in (None, T):
        held = [set(split(X, T, held_out=4, stratify=stratify, seed=s).held_out.X[:, 0]) for s in range(60)]
        assert set.union(*held) == set(X[:, 0])


def test_a_split_is_reproduced_by_its_seed_and_feeds_fit():
    first, again, other = (split(X, T, held_out=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.train.X, again.train.X)
    assert not np.array_equal(first.train.X, other.train.X)
    net = jp.Network([jp.Dense(3, 3), jp.Softmax()], jp.CrossEntropy())
    run = jp.fit(net, *first.train, held_out=first.held_out, epochs=1, learning_rate=1e-4)
    assert len(run.history.held_out) == 2
    first.train.X[:] = 0
    assert X[1, 0] == 3.0
    rows = split(X[:, 0], X[:, 1:], held_out=0.5).train
    assert rows.X.shape == (10,)
    assert np.array_equal(rows.T[:, 0], rows.X + 1)


@pytest.mark.seed("B-49", "S-39")
@pytest.mark.parametrize("dtype", ["uint8", "uint64", ">i4", "int64", "float16", "float64"])
def test_a_split_keeps_dtypes_and_large_numbers(dtype):
    first = {"uint64": 2**64 - 1, "uint8": 200}.get(dtype, -3)
    numbers = np.array([first, 1, 2], dtype)
    train, held = split(numbers[:, None], numbers, held_out=1)
    for part in (train, held):
        assert part.X.dtype == part.T.dtype == np.dtype(dtype).newbyteorder("=")
        assert np.array_equal(part.X[:, 0], part.T)
    assert sorted([*train.T.tolist(), *held.T.tolist()]) == sorted(numbers.tolist())
