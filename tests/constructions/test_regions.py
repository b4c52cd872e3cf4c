"""Polygons, unions and circles, against tests of points that know no networks."""

from fractions import Fraction

import numpy as np
import pytest

from jacobprop import constructions as made

TRIANGLE = [(0, 0), (7, 2), (3, 8)]
SQUARE = [(-3, -2), (4, -2), (4, 5), (-3, 5)]
PENTAGON = [(0, -6), (6, -2), (4, 5), (-4, 5), (-6, -2)]
HEXAGON = [(-2, -5), (4, -5), (7, 0), (4, 6), (-2, 6), (-6, 1)]
POLYGONS = {"triangle": TRIANGLE, "square": SQUARE, "pentagon": PENTAGON, "hexagon": HEXAGON}
FAR = [(x + 12, y) for x, y in TRIANGLE]
GRID = np.stack(np.meshgrid(np.arange(-18, 42) / 2, np.arange(-16, 20) / 2), axis=-1).reshape(-1, 2)


def on_edge(point, corners):
    """Whether a point is on a side, in exact arithmetic."""
    px, py = map(Fraction, map(float, point))
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        level = (bx - ax) * (py - ay) - (by - ay) * (px - ax) == 0
        if level and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by):
            return True
    return False


def crossings_are_odd(point, corners):
    """Whether a ray to the right crosses the sides an odd number of times, in exact arithmetic."""
    px, py = map(Fraction, map(float, point))
    odd = False
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (ay > py) != (by > py) and px < ax + (py - ay) * Fraction(bx - ax, by - ay):
            odd = not odd
    return odd


def contains(corners, closed, points=GRID):
    return np.array(
        [closed if on_edge(point, corners) else crossings_are_odd(point, corners) for point in points]
    )


@pytest.mark.seed("S-32", "H-27", "E-45")
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("corners", POLYGONS.values(), ids=POLYGONS)
def test_a_convex_polygon_is_exact_on_a_grid_and_on_its_boundary(corners, closed):
    wanted = contains(corners, closed)
    assert (wanted != contains(corners, not closed)).any()  # the grid meets the boundary
    for order in (corners, corners[::-1], corners[2:] + corners[:2]):
        net = made.polygon_network(order, closed=closed)
        np.testing.assert_array_equal(net(GRID).ravel(), wanted)
        assert made.count_hidden_units(net) == len(corners)
        assert made.depth_of(net) == 2


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-700, 2.0**-60, 2.0**60, 2.0**700, 2.0**1019])
def test_a_polygon_of_any_size_is_as_exact(scale):
    for closed in (False, True):
        net = made.polygon_network(np.array(HEXAGON) * scale, closed=closed)
        points = GRID[np.abs(GRID).max(axis=1) < 8]
        np.testing.assert_array_equal(net(points * scale).ravel(), contains(HEXAGON, closed, points))


@pytest.mark.seed("S-32", "H-31")
@pytest.mark.parametrize("closed", [False, True])
def test_a_union_needs_and_has_a_third_layer(closed):
    parts = [FAR, SQUARE, HEXAGON]
    net = made.union_network(parts, closed=closed)
    wanted = np.any([contains(part, closed) for part in parts], axis=0)
    np.testing.assert_array_equal(net(GRID).ravel(), wanted)
    assert made.depth_of(net) == 3
    assert made.count_hidden_units(net) == 3 + 4 + 6 + 3


@pytest.mark.seed("H-31")
def test_without_the_third_layer_two_polygons_are_not_told_apart():
    """The sum over the sides of both reaches more outside than at a point inside of one."""
    first, second = [(0, 0), (2, 0), (2, 2), (0, 2)], [(10, 10), (12, 10), (12, 12), (10, 12)]
    sums = (
        made.union_network([first, second])
        .forward([[1.0, 1.0], [11.0, 1.0], [5.0, 5.0]])
        .activation(1)
        .sum(axis=1)
    )
    assert sums[0] == sums[1] > sums[2]  # inside the first, and outside both


def test_half_spaces_of_any_dimension():
    x = np.random.default_rng(2).normal(size=(200, 4)).round(1)
    W, b = np.eye(4)[:, :3] - 0.5 * np.eye(4)[:, 1:], np.array([0.5, 1.0, 0.25])
    wanted = (x @ W + b > 0).all(axis=1)
    assert 0.1 < wanted.mean() < 0.9
    np.testing.assert_array_equal(made.half_spaces_network(W, b)(x).ravel(), wanted)
    box = made.half_spaces_network(np.c_[np.eye(3), -np.eye(3)], np.ones(6), closed=True)
    np.testing.assert_array_equal(box([[1.0, -1, 1], [1.0, -1, 1.5]]).ravel(), [1, 0])
    open_box = made.half_spaces_network(np.c_[np.eye(3), -np.eye(3)], np.ones(6))
    np.testing.assert_array_equal(open_box([[1.0, -1, 1], [0.5, -0.5, 0.5]]).ravel(), [0, 1])


def test_regular_polygons_of_many_sides_are_convex():
    angles = np.arange(1000) * 2 * np.pi / 1000
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1e-3 + 5.0
    net = made.polygon_network(corners)
    np.testing.assert_array_equal(net([[5.0, 5.0], [5.0009, 5.0], [5.0, 5.0011]]).ravel(), [1, 1, 0])


# -- circles -----------------------------------------------------------------------------------------------


def around(r, count=120):
    angles = np.random.default_rng(7).uniform(-np.pi, np.pi, count)
    return r * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.seed("S-32", "H-28", "H-29", "E-36")
def test_the_profile_of_a_circle_is_not_what_the_slide_says():
    np.testing.assert_array_equal(made.circle_profile([1.01, 2, 10], 1000).round(), [955, 667, 532])
    for sides in (5, 16, 1000):
        for r in (0.5, 0.99, 1.01, 2.0, 10.0, 1e6):
            sums = made.circle_network(sides, 1.5, (2.0, -3.0))(1.5 * around(r) + [2.0, -3.0]).ravel()
            truth = sides * (0.5 + np.arcsin(min(1, 1 / r)) / np.pi)  # the other form of E-36
            assert abs(made.circle_profile(1.5 * r, sides, 1.5) - truth) < 1e-9 * sides
            if r < 1:
                assert (sums == sides).all()
            assert abs(sums - truth).max() < 1 + 1e-9
            assert (sums >= np.floor(sides / 2)).all()
    assert made.circle_profile(np.inf, 10) == 5
    half = made.circle_network(1000, centred=True)
    assert half([0.3, 0.3]) == 500  # N/2 inside
    assert 31 <= half([10.0, 0.0]) <= 32  # and not 0 outside, but N arcsin(1/10) / pi
    np.testing.assert_array_equal(made.circle_profile([0.0, np.nan], 8), [8, np.nan])


@pytest.mark.seed("S-32", "H-28", "E-36")
def test_more_sides_leave_more_between_and_not_less():
    measured = {4: 0.318, 5: 0.868, 6: 0.526, 7: 0.942, 16: 0.956, 100: 0.968}
    found = {sides: made.share_between(sides, points=100) for sides in measured}
    assert found == pytest.approx(measured, abs=0.006)
    assert found[4] < found[6] < found[16] < found[100]
    axis = (np.arange(30) + 0.5) / 3 - 5
    x, y = np.meshgrid(axis, axis)
    fires = [np.cos(t) * x + np.sin(t) * y < 1.5 for t in np.arange(7) * 2 * np.pi / 7]
    total = np.sum(fires, axis=0)
    assert made.share_between(7, 1.5, 5.0, 30) == ((total > 3.5) & (total < 7)).mean()


def in_the_l(points):
    """An L of three unit squares in [0, 2]^2."""
    inside = ((points > 0) & (points < 2)).all(axis=1)
    return inside & ((points[:, 0] < 1) | (points[:, 1] < 1))


def middles(cells, low, high):
    axis = low + (np.arange(cells) + 0.5) * (high - low) / cells
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


@pytest.mark.seed("S-32", "H-30", "E-36")
def test_an_l_shape_by_more_and_smaller_circles():
    points = middles(43, -1, 3)
    truth, area = in_the_l(points), 16.0
    corrected, plain, thresholded = [], [], []

    def misclassified(net):
        return area * ((net(points).ravel() > 0.5) != truth).mean()

    for cells in (4, 8, 12):  # of the square [-1, 3]^2
        centres, radius = middles(cells, -1, 3), 2 / cells
        radii, inside = np.full(len(centres), radius), in_the_l(centres).astype(float)
        heights = made.fitted_heights(centres, radii, inside, sides=32)
        corrected.append(misclassified(made.circles_network(centres, radii, heights, sides=32)))
        plain.append(misclassified(made.circles_network(centres, radii, inside, sides=32)))
        turn = np.arange(16) * np.pi / 8
        ring = 2**0.5 * radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        thresholded.append(misclassified(made.union_network([c + ring for c in centres[inside > 0]])))
    assert corrected == sorted(corrected, reverse=True)
    assert corrected[0] > 2.5 * corrected[-1]
    assert corrected[-1] < 0.15
    assert thresholded == sorted(thresholded, reverse=True)
    assert thresholded[0] > 1.6 * thresholded[-1]
    assert plain[-1] > 3  # the tails of all together pass 1/2 outside as well, the slide notwithstanding


def test_fitted_heights_meet_the_values_at_the_centres():
    rng = np.random.default_rng(4)
    centres, radii, values = middles(4, 0, 3), rng.uniform(0.2, 0.4, 16), rng.normal(size=16)
    heights = made.fitted_heights(centres, radii, values, sides=24)
    np.testing.assert_allclose(
        made.circles_network(centres, radii, heights, sides=24)(centres).ravel(), values, atol=1e-12
    )
    alone = made.circles_network([[1.0, 2.0]], [0.5], [3.0], sides=1000)
    x = around(2.0) + np.array([1.0, 2.0])
    np.testing.assert_allclose(alone(x).ravel(), 3 * 2 / np.pi * np.arcsin(0.25), atol=6e-3)
    assert made.count_hidden_units(alone) == 1000
