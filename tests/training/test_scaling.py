"""Scaled inputs: scikit-learn's names and numbers, immutable, with an inverse."""

import dataclasses
import fractions

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import errors
from jacobprop.training import MinMaxScaler, Scaling, StandardScaler

RNG = np.random.default_rng(81)
X = RNG.normal(size=(17, 4)) * [1e-6, 1.0, 1e6, 40.0] + [0.0, 3.0, -2e6, 1e3]
OTHER = RNG.normal(size=(5, 4)) * 1e3
SCALERS = {
    "minmax": (MinMaxScaler(), lambda x: (x - X.min(0)) / (X.max(0) - X.min(0))),
    "symmetric": (MinMaxScaler((-1, 1)), lambda x: 2 * (x - X.min(0)) / (X.max(0) - X.min(0)) - 1),
    "standard": (StandardScaler(), lambda x: (x - X.mean(0)) / X.std(0)),
}
PEERS = {
    "minmax": ("MinMaxScaler", {}),
    "symmetric": ("MinMaxScaler", {"feature_range": (-1, 1)}),
    "standard": ("StandardScaler", {}),
}


@pytest.mark.seed("S-39", "D-81")
@pytest.mark.parametrize(("ours", "formula"), SCALERS.values(), ids=SCALERS)
def test_a_scaling_is_that_of_the_training_data(ours, formula):
    found = ours.fit(X)
    for cases in (X, OTHER):
        assert np.allclose(found.transform(cases), formula(cases), rtol=1e-9, atol=1e-10)
        assert np.allclose(found.inverse_transform(formula(cases)), cases, rtol=1e-9)


@pytest.mark.parametrize("name", PEERS)
def test_a_scaling_is_scikit_learns(name):
    kind, options = PEERS[name]
    peer = getattr(pytest.importorskip("sklearn.preprocessing"), kind)(**options).fit(X)
    found = SCALERS[name][0].fit(X)
    for cases in (X, OTHER):  # of other cases too, by the numbers of the training data
        assert np.allclose(found.transform(cases), peer.transform(cases), rtol=1e-9, atol=1e-10)
        assert np.allclose(found.inverse_transform(cases), peer.inverse_transform(cases), rtol=1e-9)


@pytest.mark.seed("S-39", "D-81")
def test_the_columns_lie_in_the_range_and_the_ends_are_met():
    for ends in ((0.0, 1.0), (-1.0, 1.0), (0.1, 0.9)):
        Z = MinMaxScaler(feature_range=ends).fit(X).transform(X)
        assert np.allclose(Z.min(axis=0), ends[0], rtol=1e-15)
        assert np.allclose(Z.max(axis=0), ends[1], rtol=1e-14)
    assert np.array_equal(MinMaxScaler().fit(X).transform(X).min(axis=0), np.zeros(4))
    Z = StandardScaler().fit(X).transform(X)
    assert np.allclose(Z.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(Z.std(axis=0), 1, rtol=1e-12)


@pytest.mark.seed("S-39", "D-81")
@pytest.mark.parametrize("name", SCALERS)
def test_the_inverse_is_exact_to_rounding(name):
    scaling = SCALERS[name][0].fit(X)
    back = scaling.inverse_transform(scaling.transform(X))
    unit = np.finfo(float).eps * np.abs(X).max(axis=0)
    assert (np.abs(back - X) <= 4 * unit).all()
    exactly = [[fractions.Fraction(x) for x in row] for row in OTHER.tolist()]
    for i, j in np.ndindex(OTHER.shape):  # the formula in exact arithmetic, of the stored numbers
        shift, scale = fractions.Fraction(scaling.shift[j]), fractions.Fraction(scaling.scale[j])
        z = (exactly[i][j] - shift) / scale + fractions.Fraction(scaling.offset)
        assert float(z) == pytest.approx(scaling.transform(OTHER)[i, j], rel=1e-14, abs=1e-15)


@pytest.mark.seed("S-39", "D-81")
@pytest.mark.parametrize("value", [0.1, 7.0, 0.0, -1e300, 5e-324])
def test_a_constant_column_divides_by_nothing(value):
    cases = np.column_stack([np.full(10, value), np.arange(10.0)])
    for scaler, low in ((MinMaxScaler(), 0.0), (MinMaxScaler((-1, 1)), -1.0), (StandardScaler(), 0.0)):
        scaling = scaler.fit(cases)
        Z = scaling.transform(cases)
        assert (Z[:, 0] == low).all()
        assert scaling.scale[0] == 1.0
        assert (scaling.inverse_transform(Z)[:, 0] == value).all()
        assert scaling.transform([[value + 0.25, 3.0]])[0, 0] == pytest.approx(low + 0.25, abs=0.25)


def test_single_cases_types_and_infinities_pass():
    scaling = MinMaxScaler().fit(X)
    assert np.array_equal(scaling.transform(X[3]), scaling.transform(X)[3])
    assert np.array_equal(scaling.inverse_transform(X[3]), scaling.inverse_transform(X)[3])
    assert scaling.transform(X.astype(np.float32)).dtype == np.float32
    assert scaling.inverse_transform(np.ones((2, 4), np.float16)).dtype == np.float16
    assert scaling.transform(np.ones((2, 4), int)).dtype == np.float64
    bad = X.copy()
    bad[1, 2], bad[2, 0] = np.nan, np.inf
    Z = scaling.transform(bad)
    assert np.isnan(Z[1, 2])
    assert np.isposinf(Z[2, 0])
    assert np.isfinite(Z).sum() == Z.size - 2


def test_nothing_changes_and_nothing_is_shared():
    given = X.copy()
    scaling = StandardScaler().fit(given)
    given[:] = 0
    assert np.allclose(scaling.transform(X).std(axis=0), 1, rtol=1e-12)
    with pytest.raises(dataclasses.FrozenInstanceError):
        scaling.offset = 1.0
    with pytest.raises(ValueError, match="read-only"):
        scaling.shift[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        MinMaxScaler().feature_range = (0, 2)
    assert repr(scaling) == "<Scaling of 4 columns>"
    assert MinMaxScaler((0, 1)) == MinMaxScaler((0, 1))


@pytest.mark.seed("S-39", "D-81")
@pytest.mark.parametrize("ends", [(0.0, 1.0), (-0.9, 0.9), (0.0, 0.3), (-1e-3, 7.0)])
@pytest.mark.parametrize("far", [0.0, 1.7e9, -1e15])
def test_a_narrow_column_far_from_zero_meets_both_ends(ends, far):
    """Times in seconds: max / (h - l) - min / (h - l) has seven digits of the width, max - min has all."""
    cases = far + np.array([[0.5], [0.0], [1.0]])
    Z = MinMaxScaler(ends).fit(cases).transform(cases)
    assert Z[1, 0] == ends[0]
    assert Z[2, 0] == pytest.approx(ends[1], rel=1e-15, abs=0)
    assert Z[0, 0] == pytest.approx(sum(ends) / 2, rel=1e-14, abs=1e-15)


@pytest.mark.seed("S-39", "D-81")
@pytest.mark.parametrize("far", [0.0, 1.0, 1e9, -1e15])
def test_the_deviation_of_cases_far_from_zero_is_exact(far):
    scaling = StandardScaler().fit(far + np.array([[0.0], [1.0], [2.0]]))
    assert scaling.scale[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-15)
    assert scaling.shift[0] == far + 1


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MinMaxScaler((-1, 1)), StandardScaler()])
def test_what_is_wider_than_the_floats_is_refused_by_both(scaler):
    wide = np.array([[0.0, -1e308], [1.0, 1e308], [2.0, 0.0]])
    for cases in (wide, wide[::-1], wide * 1e-320):
        with pytest.raises(errors.NonFiniteError, match="spans more than the floats, or less"):
            scaler.fit(cases)
    plain = scaler.fit(wide * 1e-100).transform(wide * 1e-100)
    for factor in (0.4, 1e-300):
        assert np.allclose(scaler.fit(wide * factor).transform(wide * factor), plain, rtol=1e-14, atol=1e-14)


def test_wide_columns():
    huge = StandardScaler().fit([[1e200], [3e200]])
    assert np.allclose(huge.transform([[1e200], [3e200]]), [[-1.0], [1.0]])
    with np.errstate(all="raise"):
        StandardScaler().fit([[1e200], [3e200]]).transform([[1e-300]])


def test_the_wines_scaled_train_and_unscaled_do_not():
    wine = jp.load_wine()

    def accuracy(inputs):
        net = jp.Network([jp.Dense(13, 5, "sigmoid"), jp.Dense(5, 3), jp.Softmax()], jp.CrossEntropy())
        trained = jp.fit(net, inputs, wine.labels, epochs=20, learning_rate=0.3, batch_size=16).network
        return (trained(inputs).argmax(axis=1) == wine.labels).mean()

    assert accuracy(StandardScaler().fit(wine.X).transform(wine.X)) > 0.95
    assert accuracy(wine.X) < 0.75


def test_a_scaling_by_hand():
    scaling = Scaling(np.array([1.0, 2.0]), np.array([4.0, 8.0]), 0.5)
    assert scaling.transform([[5.0, 2.0]]).tolist() == [[1.5, 0.5]]
    assert scaling.inverse_transform([[1.5, 0.5]]).tolist() == [[5.0, 2.0]]
