"""Vanishing gradients, saturation, polygons, pulses, the worked example: measured against other routes."""

import re

import numpy as np
import pytest

import jacobprop as jp
from jacobprop.experiments import polygons, pulses, saturation, seed_001, vanishing

# -- vanishing ---------------------------------------------------------------------------------------------


@pytest.mark.seed("S-38", "B-47")
def test_logistic_gradients_vanish_as_measured():
    """The guide's medians .54, .083, .0023; half of the networks lie within a factor 1.5 of theirs."""
    norms = 2 ** np.array([vanishing.input_norms("sigmoid", "unit", seed, depth=10) for seed in range(20)])
    for depth, guide in ((2, 0.54), (5, 0.083), (10, 0.0023)):
        assert guide / 1.5 < np.median(norms[:, depth - 1]) < guide * 1.5


@pytest.mark.seed("S-38", "B-47", "M-25")
def test_what_vanishes_and_what_explodes():
    """Bits a layer: logistic loses in every start, linear and relu explode from [-1, 1], He keeps relu."""
    bits = {}
    for activation in ("sigmoid", "relu", "identity", "tanh"):
        for start in ("unit", "glorot", "he"):
            norms = [vanishing.input_norms(activation, start, seed, depth=30) for seed in range(3)]
            bits[activation, start] = (np.median(norms, axis=0)[29] - np.median(norms, axis=0)[4]) / 25
    assert all(bits["sigmoid", start] < -0.8 for start in ("unit", "glorot", "he"))
    assert bits["identity", "unit"] > 1.2
    assert bits["relu", "unit"] > 0.5
    assert bits["relu", "glorot"] < -0.3
    assert abs(bits["relu", "he"]) < 0.25
    assert abs(bits["identity", "glorot"]) < 0.15
    assert abs(bits["tanh", "glorot"]) < 0.2


def test_the_norms_are_those_of_the_product_of_matrices():
    """W and f' multiplied by hand for one network, whose norm numpy takes."""
    rng = np.random.default_rng([2, 1])
    x, net = rng.uniform(0, 1, 20), jp.Network([jp.Dense(20, 20, "tanh") for _ in range(4)], seed=2)
    product = np.eye(20)
    for layer in range(1, 5):
        x = np.tanh(x @ net.parameters[f"W{layer}"])
        product = np.diag(1 - x**2) @ net.parameters[f"W{layer}"].T @ product
    found = vanishing.input_norms("tanh", "glorot", 2, depth=4)
    assert 2 ** found[-1] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12)


@pytest.mark.seed("S-38", "B-47")
def test_the_chain_knows_what_floats_have_lost():
    exact, floats = vanishing.deep_product(0)
    assert exact.shape == floats.shape == (600,)
    kept = np.isfinite(floats) & (floats > -1000)
    assert exact[kept] == pytest.approx(floats[kept], abs=1e-9)
    assert np.isneginf(floats[-1])
    assert exact[-1] < -1200
    assert (np.diff(exact)[300:] < 0).mean() > 0.95


@pytest.fixture(scope="module")
def vanished():
    return vanishing.run(seeds=[0])


def test_the_vanishing_result(vanished):
    assert len(vanished.trials) == 12
    assert vanished.trials[0].log2_norms.shape == (1, 50)
    row = vanished.table().rows[0]
    assert row[:2] == ("logistic", "U[-1, 1]")
    assert row[2] == f"{2 ** vanished.trials[0].log2_norms[0, 1]:.2g}"
    assert len(vanished.table().columns) == len(row) == 7
    assert vanished.lost == np.flatnonzero(np.isneginf(vanished.in_floats))[0] + 1


def test_what_vanishing_says_stands_in_its_table(vanished):
    """Rates of the extreme rows, to the decimal that is printed; the deep product by its last norm."""
    rates = {", ".join(row[:2]): float(row[-1]) for row in vanished.table().rows}
    for trial in vanished.trials:
        slope = (np.median(trial.log2_norms[:, 49]) - np.median(trial.log2_norms[:, 9])) / 40
        assert rates[trial.name] == pytest.approx(slope, abs=0.00501)
    _, extremes, deep = vanished.findings()
    least, down, most, up = re.fullmatch(
        r"The fastest to vanish is (.*): ([\d.]+) bits a layer; the fastest to explode (.*): ([\d.]+)\.",
        extremes,
    ).groups()
    assert (least, most) == (min(rates, key=rates.get), max(rates, key=rates.get))
    assert (least, most) == ("logistic, Glorot", "linear, U[-1, 1]")
    assert float(down) == pytest.approx(-rates[least], abs=0.0551)
    assert float(up) == pytest.approx(rates[most], abs=0.0551)
    assert f"give 0 from factor {vanished.lost} on" in deep
    assert deep.endswith(f"knows it as 2^{round(vanished.exact[-1])}.")


# -- saturation --------------------------------------------------------------------------------------------


@pytest.mark.seed("E-28", "B-48")
def test_the_advice_against_saturation_causes_it():
    """Positive weights: 63 % at 13 inputs, all at 100 with a mean sum of 25; other starts 0 %."""
    shares, sums = np.transpose(
        [saturation.look("positive", n, seed) for seed in range(5) for n in (13, 100)]
    )
    assert shares[::2].mean() == pytest.approx(0.63, abs=0.06)
    assert shares[1::2].min() == 1
    assert sums[1::2].mean() == pytest.approx(24.9, abs=0.5)
    assert sums[::2].mean() == pytest.approx(13 / 4, abs=0.2)
    for start in ("small", "glorot"):
        for n in (13, 100):
            assert saturation.look(start, n, 0)[0] == 0


def test_a_share_is_counted_as_defined():
    """Within 5 % of a limit: outputs below .05 or above .95, counted of the layer's own outputs."""
    net, X = saturation._drawn("unit", 50, 3)
    output = 1 / (1 + np.exp(-(X @ net.parameters["W1"] + net.parameters["b1"])))
    assert saturation.look("unit", 50, 3)[0] == ((output < 0.05) | (output > 0.95)).mean()


def test_the_saturation_result():
    result = saturation.run(seeds=[0, 1])
    assert result.trials[0].saturated.shape == (2, len(result.fan_ins))
    row = result.table().rows[0]
    at = result.fan_ins.index(13)
    assert row[0] == "U[0, 1]"
    assert row[2] == f"{np.mean([saturation.look('positive', 13, seed)[0] for seed in (0, 1)]):.1%}"
    assert row[2] == f"{result.trials[0].saturated[:, at].mean():.1%}"
    assert "from n = 13 on, most units are saturated" in result.findings()[1]


# -- polygons and pulses -----------------------------------------------------------------------------------


@pytest.mark.seed("E-36", "H-28")
def test_the_true_profile_of_a_polygon():
    """N (1 - arccos(1/r) / pi) within 1, and the shares of the square; by counting half-planes directly."""
    guide = {4: 0.318, 5: 0.868, 6: 0.525, 7: 0.942, 16: 0.956, 100: 0.968}
    for sides, share in guide.items():
        polygon = polygons.measured(sides)
        assert polygon.share == pytest.approx(share, abs=0.006)
        assert polygon.deviation <= 1 + 1e-9
        outside = polygons.DISTANCES * np.cos(np.pi / sides) > 1
        expected = sides * (0.5 + np.arcsin(1 / polygons.DISTANCES[outside]) / np.pi)
        assert polygon.mean[outside] == pytest.approx(expected, abs=0.02 * sides)
        assert (polygon.mean[outside] > sides / 2).all()
        assert (polygon.most[polygons.DISTANCES < 1] == sides).all()


def test_a_square_far_from_the_origin():
    """Two of its half-planes hold a point there, and a third where it lies in a strip."""
    square, far = polygons.measured(4), polygons.DISTANCES > 1.5
    assert set(square.least[far]) == {2}
    assert set(square.most[far]) == {3}


def test_the_field_of_a_square():
    axis = (np.arange(120) + 0.5) / 12 - 5
    strip = 1 + (np.abs(axis) < 1)
    assert polygons.measured(4).field.tolist() == (strip[:, None] + strip).tolist()


def test_the_polygons_result():
    result = polygons.PolygonsResult(polygons.DISTANCES, tuple(map(polygons.measured, (4, 16))))
    first, second = result.table().rows
    assert first[:2] == ("4", "32.0%")
    assert float(second[2]) == pytest.approx(1 - np.arccos(1 / 1.5) / np.pi, abs=2e-3)
    assert "it grows, from 32.0% with 4 sides to 95.6% with 16" in result.findings()[0]


@pytest.mark.seed("H-33")
def test_pulses_keep_their_bound():
    """Against the sine on a fine grid, which is no multiple of any width."""
    x = np.linspace(0, 2 * np.pi, 2003, endpoint=False)
    for n, guide in ((10, 0.309), (100, 0.0314), (1000, 0.00314)):
        found = pulses.measured(n)
        assert found.error == pytest.approx(guide, rel=2e-3)
        assert found.bound == pytest.approx(np.pi / n)
        assert found.error <= found.bound
        steps = np.sin((np.floor(x / (2 * np.pi) * n) + 0.5) * 2 * np.pi / n)
        assert np.abs(steps - np.sin(x)).max() <= found.error + 1e-12


def test_the_pulses_result():
    result = pulses.run()
    assert [row[0] for row in result.table().rows] == ["10", "100", "1000"]
    assert [row[3] for row in result.table().rows] == ["0.309", "0.0314", "0.00314"]
    assert "to the power -1.00" in result.findings()[1]


# -- seed 001 ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example():
    return seed_001.run()


@pytest.mark.seed("E-01", "E-02", "E-04", "B-39", "B-40", "B-41", "S-15")
def test_the_worked_example_and_its_misprints(example):
    computed = {step.symbol: step.computed.tolist() for step in example.steps}
    approx = lambda *values: pytest.approx(values, abs=1e-11)  # noqa: E731
    assert computed["x(1)"] == approx(0.549833997312478, 0.710949502625004)
    assert computed["yhat"] == approx(0.511500958245252)
    assert computed["delta(2)"] == approx(-0.488499041754748)
    assert computed["delta(1)"] == approx(-0.060455804294082, -0.010038670321700)
    assert computed["grad W(1)"] == approx(-0.488499041755, -0.268593380811, -0.347298150768)
    assert computed["grad W(0), row 1"] == [0, 0]
    assert computed["grad W(0), row 0"] == computed["grad W(0), row 2"] == computed["delta(1)"]
    assert computed["new W(0), row 0"] == approx(0.460455804294, 0.610038670322)
    assert computed["new W(0), row 2"] == approx(-0.139544195706, 0.310038670322)
    assert computed["new W(1)"] == approx(0.188499041755, 0.768593380811, 0.447298150768)
    assert computed["new yhat"] == approx(0.721874455865625)
    assert example.as_printed == pytest.approx(0.596945726594, abs=1e-11)
    wrong = {step.symbol: step.right.tolist() for step in example.steps if not step.right.all()}
    assert wrong == {"new W(0), row 2": [False, False], "new W(1)": [True, True, False]}
    assert example.misprints == ("E-01", "E-02", "E-04")


def test_its_table_says_which_numbers_are_wrong(example):
    verdicts = {row[0]: row[3] for row in example.table().rows}
    assert [name for name, verdict in verdicts.items() if verdict != "ok"] == [
        "new W(0), row 2",
        "new W(1)",
        "a label in W(0)",
    ]
    assert verdicts["new W(1)"] == "misprint E-02"
    assert ("yhat", "0.512", "0.512", "ok") in example.table().rows
    assert example.findings()[0].startswith("3 printed numbers and a label are wrong")
    assert example.findings()[1].endswith("those give 0.597.")


def test_a_step_can_be_found_wrong():
    step = seed_001.Step("y", np.array([0.5, 0.25]), np.array([0.5004, 0.2489]), "E-99")
    assert step.right.tolist() == [True, False]
    assert step.verdict == "misprint E-99"
