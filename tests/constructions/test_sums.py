"""Sums of pulses, prisms and bumps, and the falling body: measured errors against their bounds."""

import numpy as np
import pytest

import jacobprop as jp
from jacobprop import constructions as made


@pytest.mark.seed("S-33", "H-33", "E-45")
def test_a_pulse_is_exact_at_both_ends():
    for low, high, height in ((0.1, 0.3, 1.0), (-1e9, 1 / 3, -2.5), (5e-324, 2e-323, 4.0)):
        x = np.array([np.nextafter(low, -np.inf), low, (low + high) / 2, np.nextafter(high, -np.inf), high])
        found = made.pulse_network(low, high, height)(x[:, None]).ravel()
        np.testing.assert_array_equal(found, [0, height, height, height, 0])
    net = made.pulse_network(0.0, 1.0)
    assert (made.count_hidden_units(net), made.depth_of(net)) == (2, 2)


@pytest.mark.seed("S-33", "H-33")
@pytest.mark.parametrize(("pulses", "guide"), [(10, 0.309), (100, 0.0314), (1000, 0.00314)])
def test_a_sum_of_pulses_keeps_the_lipschitz_bound(pulses, guide):
    net = made.pulse_sum_network(np.sin, 0, 2 * np.pi, pulses)
    edges = np.linspace(0, 2 * np.pi, pulses + 1)
    x = np.concatenate(
        [edges[:-1], np.nextafter(edges[1:], 0), np.linspace(0, 2 * np.pi, 999, endpoint=False)]
    )
    error = np.abs(net(x[:, None]).ravel() - np.sin(x)).max()
    bound = made.pulse_error_bound(1.0, 0, 2 * np.pi, pulses)
    assert error == pytest.approx(guide, rel=5e-3)
    assert 0.9 * bound < error <= bound + 1e-12
    assert made.count_hidden_units(net) == pulses + 1
    np.testing.assert_allclose(net([[-0.001], [2 * np.pi]]).ravel(), 0, atol=1e-13)


@pytest.mark.seed("S-33", "H-33", "H-34")
def test_pulses_and_prisms_are_the_middle_values_of_their_cells():
    def f(x):
        return 2 * x + x**2

    cells = made.pulse_sum_network(f, -1, 2, 6)([[-1.0], [-0.4], [0.9], [1.99]]).ravel()
    np.testing.assert_allclose(cells, f(np.array([-0.75, -0.25, 0.75, 1.75])), atol=1e-14)

    def g(x):
        assert x.shape == (27, 3)
        return x @ [1.0, 10.0, 100.0]

    net = made.prism_sum_network(g, 0, 3, 3, dimensions=3)
    x = np.random.default_rng(1).uniform(0, 3, (100, 3))
    np.testing.assert_allclose(net(x).ravel(), (np.floor(x) + 0.5) @ [1, 10, 100], rtol=1e-14)
    np.testing.assert_array_equal(
        net([[0.0, 1, 2], [3, 1, 1], [1, 1, -1e-9], [1, 9, 1]]).ravel(), [265.5, 0, 0, 0]
    )
    assert made.count_hidden_units(net) == 3 * 4 + 27
    assert made.depth_of(net) == 3


@pytest.mark.seed("S-33", "H-33")
def test_right_of_its_pulses_a_sum_leaves_the_rounding_of_the_highest():
    for scale in (1.0, 1e12):
        net = made.pulse_sum_network(lambda x, scale=scale: scale * np.sin(x + 0.5), 0, 6, 100)
        assert net([[-1e-9], [-50.0]]).tolist() == [[0.0], [0.0]]
        rest = abs(net([50.0]).item())
        assert 0 < rest < 100 * np.finfo(float).eps * scale  # 0 only up to rounding


def wave(x):
    """Its slope is at most sqrt(5/4)."""
    return np.sin(x[:, 0]) * np.cos(x[:, 1] / 2)


@pytest.mark.seed("S-33", "H-34")
def test_a_function_of_two_inputs_by_prisms_and_by_cylinders_with_tails():
    axis = np.linspace(0, 3, 41)[:-1] + 1e-3
    x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    for cells in (4, 8, 16):
        error = np.abs(made.prism_sum_network(wave, 0, 3, cells)(x).ravel() - wave(x)).max()
        bound = made.prism_error_bound(1.25**0.5, 0, 3, cells)
        assert bound / 2 < error <= bound
    errors = []
    for cells in (3, 6):  # one hidden layer: the tails are fitted, the steep rims stay
        axis = (np.arange(cells) + 0.5) * 3 / cells
        centres = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        radii = np.full(len(centres), 1.5 / cells)
        heights = made.fitted_heights(centres, radii, wave(centres))
        net = made.circles_network(centres, radii, heights)
        errors.append(np.abs(net(x).ravel() - wave(x)).max())
        assert made.depth_of(net) == 2
    assert errors[1] < 0.8 * errors[0] < 0.4


@pytest.mark.seed("S-34", "H-36", "H-37")
def test_one_radial_unit_does_what_takes_threshold_units_a_grid():
    beta, centre = 2.0, np.array([0.3, -0.2])

    def bump(x):
        return 1.5 * np.exp(-beta * ((x - centre) ** 2).sum(axis=1))

    net = made.bump_network(centre[None], beta, [1.5])
    axis = np.linspace(-2, 2, 31)[:-1]
    x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert made.count_hidden_units(net) == 1
    np.testing.assert_allclose(net(x).ravel(), bump(x), atol=1e-15)
    lipschitz = 1.5 * (2 * beta) ** 0.5 * np.exp(-0.5)  # where the bump is steepest
    units = []
    for error in (0.4, 0.2):
        cells = made.cells_for(error, lipschitz, -2, 2)
        grid = made.prism_sum_network(bump, -2, 2, cells)
        assert np.abs(grid(x).ravel() - bump(x)).max() <= error
        assert made.prism_error_bound(lipschitz, -2, 2, cells - 1) > error
        units.append(made.count_hidden_units(grid))
        assert units[-1] == 2 * (cells + 1) + cells**2
    assert units[0] > 150
    assert units[1] > 3 * units[0]


@pytest.mark.seed("S-34", "H-36")
def test_bumps_add_in_any_dimension():
    rng = np.random.default_rng(3)
    centres, heights, x = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=(7, 3))
    wanted = sum(h * np.exp(-0.7 * ((x - c) ** 2).sum(axis=1)) for h, c in zip(heights, centres, strict=True))
    np.testing.assert_allclose(made.bump_network(centres, 0.7, heights)(x).ravel(), wanted, rtol=1e-13)


@pytest.mark.seed("S-37", "B-13")
@pytest.mark.parametrize(("step", "guide"), [(0.1, 8.9e-2), (0.01, 8.9e-4)])
def test_two_logistic_units_are_a_parabola_in_the_limit(step, guide):
    t = np.linspace(-2, 2, 2001)
    net = made.falling_body_network(step)
    error = np.abs(net(t[:, None]).ravel() - 9.81 * t**2 / 2).max()
    assert error == pytest.approx(guide, rel=0.01)
    assert [layer.n_out for layer in net.layers] == [2, 1]


@pytest.mark.seed("S-37", "B-13")
def test_the_error_of_the_parabola_keeps_its_bound():
    for gravity in (9.81, -1.62):
        for step in (1.0, 0.3, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7):
            for reach in (0.5, 2.0, 5.0):
                t = np.linspace(-reach, reach, 501)
                found = made.falling_body_network(step, gravity)(t[:, None]).ravel()
                bound = made.falling_body_error_bound(step, reach, gravity)
                assert np.abs(found - gravity * t**2 / 2).max() <= bound
    assert made.falling_body_error_bound(0.01, 2.0) < 1e-2


@pytest.mark.seed("B-13")
def test_one_hidden_unit_is_monotone_and_so_never_a_parabola():
    t, rng = np.linspace(-2, 2, 201), np.random.default_rng(6)
    truth, least = 9.81 * t**2 / 2, 9.81 * 4 / 4
    for _ in range(50):
        w, b, v, c = rng.normal(size=4) * [2, 2, 40, 10]
        net = jp.Network([jp.Dense.from_arrays([[w]], [b], "sigmoid"), jp.Dense.from_arrays([[v]], [c])])
        found = net(t[:, None]).ravel()
        steps = np.diff(found) * np.sign(v * w)
        assert (steps >= -1e-12).all()
        assert np.abs(found - truth).max() >= least - 1e-9
    flat = made.pulse_network(-3, 3, least)(t[:, None]).ravel()
    assert np.abs(flat - truth).max() == pytest.approx(least)  # a constant is the best that is monotone
