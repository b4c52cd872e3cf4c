"""Networks built by hand: what they compute, against sets and formulas in exact arithmetic."""

import itertools
import math
from fractions import Fraction

import numpy as np
import sympy
from hypothesis import strategies as st

import jacobprop as jp
from jacobprop import constructions as made

from .layer_doors import is_number, is_whole
from .material import contained, junk, mostly, numbers, numeric
from .training_doors import some_of
from .trying import REFUSED

NUMBER = st.sampled_from([0.5, 1, 2.0, -1.0, 0, np.float32(0.25), np.int8(3), 1e308, -1e308, 5e-324, 1e-200])
COUNT = mostly(st.integers(1, 6))
SYMBOLS = sympy.symbols("a b c")


def huge(value):
    """What is as large as it is asked for, and takes its time."""
    return is_whole(value, 65, 10**9)


def boolean(trial):
    """Tables, terms and expressions: the network is the function, row by row."""
    n = trial.draw(st.integers(1, 3))
    table = trial.draw(st.lists(st.sampled_from([0, 1]), min_size=2**n, max_size=2**n))
    table = table[: trial.draw(st.sampled_from([None, None, None, 3]))]
    given = trial.draw(mostly(numeric(np.array(table))), label="table")
    value, right = (
        getattr(given, "value", given),
        getattr(given, "array", None) is not None and len(table) == 2**n,
    )
    options = some_of(trial, minimise=mostly(st.booleans()))
    fine = isinstance(options.get("minimise", False), bool | np.bool)
    net = trial.call(made.table_network, value, **options, refused=None if right is False else not fine)
    terms = trial.call(made.table_terms, value, **options)
    if net is not REFUSED and right:
        assert np.array_equal(net(made.boolean_inputs(n)).ravel(), table)
        again = trial.call(made.dnf_network, terms, refused=False)
        assert np.array_equal(again(made.boolean_inputs(n)).ravel(), table)
    a, b, c = SYMBOLS
    unread = sympy.And(sympy.Or(a, b, evaluate=False), sympy.Not(c), evaluate=False)
    some = [a & ~b, a | b & c, sympy.Xor(a, b), a >> c, sympy.ITE(a, b, c), sympy.true, a > 1, a + b, ~a, a]
    some += [unread, sympy.Symbol("x" * 900)]
    expression = trial.draw(mostly(st.sampled_from(some)), label="expression")
    variables = trial.draw(
        mostly(st.sampled_from([None, SYMBOLS, [b, a], (a, a), {"a": a}])), label="variables"
    )
    found = trial.call(made.expression_network, expression, variables)
    if found is not REFUSED and expression is not sympy.true:
        order = sorted(expression.free_symbols, key=str) if variables is None else list(variables)
        for row in itertools.product([0, 1], repeat=len(order)):
            truth = bool(expression.subs(dict(zip(order, map(bool, row), strict=True))))
            assert found(np.array(row, float))[0] == truth
    count = trial.draw(COUNT, label="n")
    trial.call(made.boolean_inputs, count, refused=not is_whole(count, 1, 16))
    terms = trial.draw(
        numeric(trial.draw(numbers(trial.draw(st.sampled_from([(2, 3), (0, 2), (2, 0), (2,)])))).round())
    )
    net = trial.call(made.dnf_network, terms.value)
    if net is not REFUSED and not terms.bad and terms.array.size:
        for row in itertools.product([0, 1], repeat=terms.array.shape[1]):
            on = [all(w == 0 or (w > 0) == bool(x) for w, x in zip(t, row, strict=True)) for t in terms.array]
            assert net(np.array(row, float))[0] == any(on)


def parities(trial):
    """Parity and the product of n numbers, in each form, and what they count."""
    n = trial.draw(COUNT, label="n")
    if huge(n):
        return
    for build in (made.shallow_parity_network, made.counting_parity_network, made.deep_parity_network):
        net = trial.call(build, n, refused=not is_whole(n, 1, 64))
        if net is not REFUSED:
            X = made.boolean_inputs(int(n))
            assert np.array_equal(net(X).ravel(), X.sum(axis=1) % 2)
            assert trial.call(made.count_hidden_units, net, refused=False) >= int(n) - 1
            assert trial.call(made.depth_of, net, refused=False) == trial.call(
                lambda net=net: len(net.layers)
            )
            assert trial.call(made.count_connections, net, refused=False) >= n
    net = trial.call(made.product_network, n, refused=not is_whole(n, 1, 64))
    if net is not REFUSED:
        x = trial.draw(st.lists(st.integers(-3, 3), min_size=int(n), max_size=int(n)))
        assert net(np.array(x, float))[0] == math.prod(x)
    value = trial.draw(junk)
    for count in (made.depth_of, made.count_hidden_units, made.count_connections):
        trial.call(count, value, refused=True)


def _inside(corners, point, closed):
    """Whether a point is on the inner side of every edge, in whole numbers."""
    crosses = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        crosses.append((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))
    signs = (crosses, [-cross for cross in crosses])
    return any(all(c >= 0 if closed else c > 0 for c in each) for each in signs)


def _exact_sum(w, x, b):
    products = (Fraction(p) * Fraction(q) for p, q in zip(w.tolist(), x.tolist(), strict=True))
    return sum(products, Fraction(float(b)))


def regions(trial):
    """Half-spaces, polygons and unions of them: a point is inside where exact arithmetic says so."""
    convex = [[(0, 0), (4, 0), (0, 4)], [(0, 0), (3, 0), (3, 2), (0, 2)], [(1, 0), (3, 1), (2, 4), (-1, 2)]]
    corners = trial.draw(st.sampled_from(convex))[:: trial.draw(st.sampled_from([1, -1]))]
    closed = trial.draw(mostly(st.booleans()), label="closed")
    fine = isinstance(closed, bool | np.bool)
    grid = np.array(list(itertools.product(range(-1, 5), repeat=2)), float)
    net = trial.call(made.polygon_network, corners, closed=closed, refused=not fine)
    two = [corners, [(-1, -1), (0, -1), (-1, 0)]]
    both = trial.call(made.union_network, two, closed=closed, refused=not fine)
    if fine:
        inside = [[_inside(each, point, closed) for each in two] for point in grid.astype(int).tolist()]
        assert np.array_equal(net(grid).ravel(), [each[0] for each in inside])
        assert np.array_equal(both(grid).ravel(), [any(each) for each in inside])
    shape = trial.draw(st.sampled_from([(3, 2)] * 3 + [(4, 2)] * 3 + [(2, 2), (3,), (3, 3), (0, 2)]))
    wild = trial.draw(numeric(trial.draw(numbers(shape))), label="vertices")
    found = trial.call(made.polygon_network, wild.value, refused=True if wild.bad else None)
    if found is not REFUSED and np.abs(wild.array).max() < 1e3:
        exact = [tuple(map(Fraction, row)) for row in wild.array.astype(float).tolist()]
        middle = [sum(each) / len(exact) for each in zip(*exact, strict=True)]
        assert _inside(exact, middle, closed=False), "no convex polygon"
    parts = ([wild.value], [corners, wild.value], wild.value)
    trial.call(made.union_network, parts[trial.draw(st.integers(0, 2))])
    trial.call(made.union_network, trial.draw(junk), refused=True)
    n, count = trial.draw(st.integers(1, 3)), trial.draw(st.integers(1, 3))
    W = trial.draw(numeric(trial.draw(numbers((n, count)))), label="W")
    b = trial.draw(
        numeric(trial.draw(numbers((count + trial.draw(st.sampled_from([0, 0, 0, 1])),)))), label="b"
    )
    net = trial.call(made.half_spaces_network, W.value, b.value, closed=closed)
    if net is not REFUSED and max(np.abs(W.array).max(), np.abs(b.array).max()) < 100:
        x = np.array(trial.draw(st.lists(st.integers(-2, 2), min_size=n, max_size=n)), float)
        W_, b_ = W.array.astype(float), b.array.astype(float)
        sums = [_exact_sum(W_[:, k], x, b_[k]) for k in range(count)]
        if all(s == 0 or abs(s) > 1e-9 for s in sums) and (
            0 not in sums or np.isin(W.array * 4 % 1, 0).all()
        ):
            assert net(x)[0] == all(s >= 0 if closed else s > 0 for s in sums)


def circles(trial):
    """Circles of half-planes, their profile and their fitted heights; bumps."""
    sides = trial.draw(mostly(st.integers(3, 9)), label="sides")
    if huge(sides):
        return
    radius, centred = trial.draw(mostly(NUMBER)), trial.draw(mostly(st.booleans()))
    centre = trial.draw(numeric(trial.draw(numbers((2,)))), label="centre")
    fine = (
        is_whole(sides, 3) and is_number(radius) and float(radius) > 0 and isinstance(centred, bool | np.bool)
    )
    net = trial.call(
        made.circle_network,
        sides,
        radius,
        centre.value,
        centred=centred,
        refused=None if fine and not centre.bad else True,
    )
    if net is not REFUSED and np.abs(centre.array).max() < 100 and 1e-3 < float(radius) < 100:
        total = net(centre.array.astype(float))[0]
        assert total == (sides / 2 if centred else sides)
    r = trial.draw(numeric(np.abs(trial.draw(numbers((3,))))), label="r")
    fine = is_whole(sides, 3) and is_number(radius) and float(radius) > 0
    found = trial.call(made.circle_profile, r.value, sides, radius, refused=not fine or r.bad)
    if found is not REFUSED:
        assert np.isnan(found[np.isnan(r.array)]).all()
        assert (found[~np.isnan(r.array)] >= sides / 2 * 0.999).all()
        assert (found[r.array.astype(float) <= float(radius)] == sides).all()
    points = trial.draw(mostly(st.integers(1, 9)))
    if not huge(points):
        share = trial.call(made.share_between, sides, radius, trial.draw(mostly(NUMBER)), points)
        assert share is REFUSED or 0 <= share <= 1
    count = trial.draw(st.integers(1, 3))
    shapes = [(count, 2), (count,), (count + trial.draw(st.sampled_from([0, 0, 0, 1])),)]
    wild = trial.draw(st.integers(0, 2)) == 0
    c, h, v = (trial.draw(numeric(trial.draw(numbers(shape, wild)))) for shape in shapes)
    radii = trial.draw(numeric(np.abs(trial.draw(numbers((count,), wild))) + 0.25))
    bad = any(each.bad for each in (c, radii, h))
    net = trial.call(
        made.circles_network, c.value, radii.value, h.value, sides=sides, refused=True if bad else None
    )
    fitted = trial.call(made.fitted_heights, c.value, radii.value, v.value, sides=sides)
    if fitted is not REFUSED and not wild and np.abs(fitted).max() < 1e6:
        net = trial.call(made.circles_network, c.value, radii.value, fitted, sides=sides, refused=False)
        assert np.allclose(
            net(c.array.astype(float)).ravel(), v.array, atol=1e-6 * (1 + np.abs(fitted).max())
        )
    beta = trial.draw(mostly(NUMBER), label="beta")
    bumps = trial.call(made.bump_network, c.value, beta, h.value, refused=True if c.bad or h.bad else None)
    if bumps is not REFUSED and not wild and float(beta) < 10:
        at, x = np.zeros(2), c.array.astype(float)
        expected = (h.array.astype(float) * np.exp(-float(beta) * ((at - x) ** 2).sum(axis=1))).sum()
        assert np.isclose(bumps(at)[0], expected, rtol=1e-6, atol=1e-9)


FUNCTIONS = (
    np.sin,
    lambda x: np.abs(x).sum(axis=-1) if x.ndim == 2 else np.abs(x),
    lambda x: 1.0,
    lambda x: x[:1],
    lambda x: 1 / 0,
    lambda x: x * np.nan,
    lambda x: [None] * len(x),
)


def sums(trial):
    """Pulses, prisms and the falling body: within their own bounds of the function; the bounds themselves."""
    low, high, height = (trial.draw(mostly(NUMBER), label=what) for what in ("low", "high", "height"))
    count, dimensions = (
        trial.draw(COUNT, label="count"),
        trial.draw(mostly(st.integers(1, 3)), label="dimensions"),
    )
    if huge(count) or huge(dimensions):
        return
    ends = is_number(low) and is_number(high) and 0 < float(high) - float(low) < math.inf
    fine = ends and is_number(height)
    pulse = trial.call(made.pulse_network, low, high, height, refused=not fine)
    if pulse is not REFUSED:
        edges = np.array([[float(low)], [np.nextafter(float(high), -np.inf)], [float(high)]])
        assert pulse(edges).ravel().tolist() == [float(height), float(height), 0.0]
    f = trial.draw(mostly(st.sampled_from(FUNCTIONS)), label="f")
    net = trial.call(
        made.pulse_sum_network, f, low, high, count, refused=None if ends and is_whole(count) else True
    )
    usual = ends and float(high) - float(low) > 1e-3 and max(abs(float(low)), abs(float(high))) < 100
    if net is not REFUSED and f is np.sin and usual:
        bound = trial.call(made.pulse_error_bound, 1.0, low, high, count, refused=False)
        x = np.linspace(float(low), float(high), 50, endpoint=False)
        assert np.abs(net(x[:, None]).ravel() - np.sin(x)).max() <= bound + 1e-9
    prism = trial.call(
        made.prism_sum_network, f, low, high, min(count, 4) if is_whole(count) else count, dimensions
    )
    if prism is not REFUSED and f is FUNCTIONS[1] and usual:
        d, cells = int(dimensions), int(min(count, 4))
        bound = trial.call(made.prism_error_bound, math.sqrt(d), low, high, cells, dimensions, refused=False)
        x = np.random.default_rng(0).uniform(float(low), float(high), (20, d))
        assert np.abs(prism(x).ravel() - np.abs(x).sum(axis=1)).max() <= bound + 1e-9
    error = trial.draw(mostly(NUMBER), label="error")
    n = trial.call(made.cells_for, error, height, low, high, dimensions)
    if n is not REFUSED:
        assert trial.call(made.prism_error_bound, height, low, high, n, dimensions) <= float(error) * (
            1 + 1e-12
        )
    trial.call(made.pulse_error_bound, height, low, high, trial.draw(junk))
    step, reach = trial.draw(mostly(NUMBER), label="step"), trial.draw(mostly(NUMBER), label="reach")
    body = trial.call(made.falling_body_network, step, *[] if height is None else [height])
    bound = trial.call(made.falling_body_error_bound, step, reach, *[] if height is None else [height])
    if (
        REFUSED not in (body, bound)
        and 0.1 <= float(step) <= 1
        and float(reach) <= 2
        and 0.1 < abs(float(height)) < 10
    ):
        t = np.linspace(-float(reach), float(reach), 21)
        assert np.abs(body(t[:, None]).ravel() - float(height) * t**2 / 2).max() <= bound


def known(trial):
    """The XOR networks, which take nothing."""
    X = made.boolean_inputs(2)
    for build in (made.xor_network, made.xor_shortcut_network, made.xor_without_bias_network):
        net = trial.call(build, refused=False)
        assert isinstance(net, jp.Network)
        out = trial.call(net, trial.draw(contained(X, bad=False)).value, refused=False)
        assert np.allclose(out.ravel(), [0, 1, 1, 0], atol=1e-6)


quiet = np.errstate(all="ignore")
DOORS = {
    "Boolean networks": quiet(boolean),
    "parity": quiet(parities),
    "regions": quiet(regions),
    "circles and bumps": quiet(circles),
    "pulses and prisms": quiet(sums),
    "XOR": known,
}
