"""MADALINE: every flip is replayed, and XOR is learned from some starts."""

import pickle

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.classic import Flip, madaline

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = [0, 1, 1, 0]
LOGIC = {
    "or": lambda on: on.any(),
    "and": lambda on: on.all(),
    "majority": lambda on: on.sum() > len(on) / 2,
}


def restarts(count, **options):
    return [madaline(SQUARE, XOR, seed=seed, **options) for seed in range(count)]


def replay(x, labels, learned, start, rate, logic):
    """Redo every flip with loops: it mends its case, is the least sure that does, and moves w by ADALINE."""
    W, b = (start.network.parameters[name].copy() for name in ("W1", "b1"))
    for flip in learned.flips:
        z = [sum(x[flip.case][i] * W[i, j] for i in range(len(W))) + b[j] for j in range(len(b))]
        on = np.array([v >= 0 for v in z])
        error = int(LOGIC[logic](on) != (labels[flip.case] > 0))
        turned = on.copy()
        turned[list(flip.units)] ^= True
        assert error == 1
        assert int(LOGIC[logic](turned) != (labels[flip.case] > 0)) < error
        for j in range(len(b)):
            if abs(z[j]) < abs(
                z[flip.units[0]]
            ):  # surer of itself than these: it was tried, and did not help
                other = on.copy()
                other[j] ^= True
                assert LOGIC[logic](other) != (labels[flip.case] > 0)
        for j in flip.units:
            wanted = 1.0 if turned[j] else -1.0
            step = rate * (wanted - z[j])
            assert np.sign(step) == wanted or step == 0
            W[:, j] += step * x[flip.case]
            b[j] += step
    np.testing.assert_allclose(learned.network.parameters["W1"], W, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(learned.network.parameters["b1"], b, rtol=1e-10, atol=1e-12)


@pytest.mark.seed("S-30", "H-45")
@pytest.mark.parametrize(("units", "logic", "together"), [(2, "or", 1), (2, "and", 2), (3, "majority", 2)])
def test_no_accepted_flip_raises_the_error_and_each_teaches_by_adaline(units, logic, together):
    options = {"units": units, "logic": logic, "at_once": together, "learning_rate": 0.1}
    flips = 0
    for seed in range(8):
        start = madaline(SQUARE, XOR, seed=seed, epochs=0, **options)
        learned = madaline(SQUARE, XOR, seed=seed, epochs=20, **options)
        replay(SQUARE, XOR, learned, start, 0.1, logic)
        flips += len(learned.flips)
        assert all(len(flip.units) <= together for flip in learned.flips)
    assert flips > 20


@pytest.mark.seed("S-30", "H-45")
def test_it_learns_xor_from_some_starts():
    """18 of these 50, single flips, two units under OR, rate 0.1; the guide, of other draws, has 23."""
    learned = restarts(50, learning_rate=0.1)
    solved = [one for one in learned if one.converged]
    assert 10 <= len(solved) <= 30
    for one in solved:
        assert one.network(SQUARE).ravel().tolist() == XOR
        assert one.errors[-1] == 0
        assert all(one.errors[:-1])
    for one in learned:
        wrong = (one.network(SQUARE).ravel() != XOR).sum()
        assert wrong == one.errors[-1]
        assert (wrong == 0) == one.converged


@pytest.mark.seed("S-30")
def test_pairs_mend_what_single_flips_cannot():
    """Both units on where none should be. Measured: 18 of 20 starts, of which single flips solve 6."""
    assert sum(one.converged for one in restarts(20, at_once=2)) >= 14


def test_more_units_at_once_than_there_are_is_all_of_them():
    some, most = (madaline(SQUARE, XOR, seed=1, at_once=count) for count in (2, 10**12))
    np.testing.assert_array_equal(some.network.vector, most.network.vector)


@pytest.mark.seed("H-45")
def test_it_updates_only_on_error():
    """Taught what it answers already, it stays as it is."""
    seen = 0
    for seed in range(20):
        start = madaline(SQUARE, XOR, epochs=0, seed=seed)
        answers = start.network(SQUARE).ravel()
        if len(set(answers.tolist())) == 2:
            kept = madaline(SQUARE, answers, epochs=5, seed=seed)
            assert kept.flips == ()
            assert kept.errors == (0,)
            np.testing.assert_array_equal(kept.network.vector, start.network.vector)
            seen += 1
    assert start.errors == ()
    assert seen > 5


@pytest.mark.seed("H-45", "B-05")
def test_it_stops_where_no_wrong_case_can_be_mended():
    """Zero weights: both units on for every case, and no single flip turns an OR of two off."""
    stuck = madaline(SQUARE, XOR, init="zero")
    assert not stuck.converged
    assert stuck.flips == ()
    assert stuck.errors == (2,)
    assert ", not converged after 1 epoch" in repr(stuck)
    assert "MADALINE was stuck" in jp.classic.Learned.__doc__
    assert madaline(SQUARE, XOR, init="zero", at_once=2).converged


@pytest.mark.seed("E-45", "H-43")
def test_the_tie_rule_decides_what_zero_weights_answer():
    for labels, low in ((XOR, 0.0), ([-1, 1, 1, -1], -1.0)):
        on = madaline(SQUARE, labels, init="zero", epochs=0).network(SQUARE)
        off = madaline(SQUARE, labels, init="zero", epochs=0, tie="left").network(SQUARE)
        assert on.ravel().tolist() == [1.0] * 4
        assert off.ravel().tolist() == [low] * 4


@pytest.mark.parametrize("logic", LOGIC)
@pytest.mark.parametrize("units", [1, 2, 3, 4])
def test_the_logic_unit_is_what_its_name_says(logic, units):
    top = madaline(SQUARE, XOR, units=units, logic=logic, epochs=0, tie="left").network.layers[1]
    unit = jp.Network([jp.Dense.from_arrays(*top.init(None, np.dtype(float)).values(), activation="step")])
    for code in range(2**units):
        on = np.array([code >> j & 1 for j in range(units)], bool)
        assert unit(np.where(on, 1.0, -1.0)).tolist() == [float(LOGIC[logic](on))]


def test_the_network_is_ordinary_and_the_result_pickles():
    learned = madaline(SQUARE, [-1, 1, 1, -1], at_once=2, seed=1)
    assert learned.converged
    assert learned.network(SQUARE).ravel().tolist() == [-1, 1, 1, -1]
    record = learned.network.forward(SQUARE)
    assert not record.jacobian("a2", "W1").tensor().any()  # its thresholds have no slope: hence the flips
    assert isinstance(learned.flips[0], Flip)
    assert repr(learned).startswith('<Madaline: Network([Dense(2, 2, "sign"')
    again = pickle.loads(pickle.dumps(learned))  # noqa: S301  (our own bytes)
    assert np.array_equal(again.network(SQUARE), learned.network(SQUARE))
    assert again.flips == learned.flips


def test_seeds_decide():
    runs = [madaline(SQUARE, XOR, seed=seed).network.vector for seed in (4, 4, 5)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])
