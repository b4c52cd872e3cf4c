"""What the constructions refuse, with the words they refuse it in."""

import numpy as np
import pytest
import sympy

from jacobprop import constructions as made
from jacobprop.errors import (
    DenseLimitError,
    DTypeError,
    JacobpropError,
    NonFiniteError,
    OptionError,
    ShapeError,
)

X, Y = sympy.symbols("X Y")
SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
STAR = [(np.cos(t), np.sin(t)) for t in np.arange(5) * 4 * np.pi / 5]
NOTCHED = [(0, 0), (4, 0), (4, 4), (2, 1)]


def nested(levels):
    expression, symbols = X, sympy.symbols("a b")
    for k in range(levels):
        expression = sympy.Or(symbols[0], expression) if k % 2 else sympy.And(symbols[1], expression)
    return expression


def shared(doublings):
    """A tree that repeats itself: small in memory, and endless to walk."""
    expression = X
    for k in range(doublings):
        a, b = sympy.symbols(f"a{k} b{k}")
        expression = sympy.And(sympy.Or(expression, a), sympy.Or(expression, b))
    return expression


def fails(x):
    raise RuntimeError("no such luck")


REFUSED = {
    # numbers
    "n is no number": (lambda: made.boolean_inputs("3"), OptionError, "n must be a whole number; got '3'"),
    "too many": (lambda: made.boolean_inputs(17), OptionError, "boolean_inputs: .* got 17, expected 1 to 16"),
    "parity of none": (lambda: made.deep_parity_network(0), OptionError, "n must be a whole number; got 0"),
    "parity of 17": (lambda: made.shallow_parity_network(17), OptionError, r"It has 2\^\(n-1\) units"),
    "parity of True": (lambda: made.counting_parity_network(True), OptionError, "got True"),
    "half a product": (lambda: made.product_network(2.5), OptionError, "got 2.5"),
    "a huge product": (lambda: made.product_network(10**30), OptionError, "expected 1 to 4096"),
    # tables and terms
    "three rows": (
        lambda: made.table_network([0, 1, 1]),
        ShapeError,
        r"a truth table has 2\^n rows; got 3 rows",
    ),
    "one row": (lambda: made.table_network([1]), ShapeError, "got 1 rows"),
    "a matrix": (
        lambda: made.table_network([[0, 1], [1, 0]]),
        ShapeError,
        r"got shape \(2, 2\), expected \(2\^n,\)",
    ),
    "no rows": (lambda: made.table_network([]), ShapeError, "the table has the wrong shape"),
    "a half": (lambda: made.table_network([0, 0.5]), OptionError, "a truth table holds 0 and 1; got 0.5"),
    "a large table": (lambda: made.table_network(np.zeros(2**17)), ShapeError, r"up to 2\^16"),
    "nan": (lambda: made.table_network([0, np.nan]), NonFiniteError, r"the table is not finite at \[1\]"),
    "bools": (lambda: made.table_network([True, False]), DTypeError, r"\.astype\(float\) if true means 1"),
    "symbols": (lambda: made.table_network([X, Y]), DTypeError, "the table holds expressions"),
    "minimise": (lambda: made.table_network([0, 1], minimise=1), OptionError, "minimise is a choice; got 1"),
    "minimise nine": (
        lambda: made.table_network(np.zeros(2**9), minimise=True),
        OptionError,
        "table_terms: too many .* minimise; got 9 variables, expected 8 at most. Leave minimise out",
    ),
    "a term of 2": (
        lambda: made.dnf_network([[1, 2]]),
        OptionError,
        "a term is a row of -1, 0 and 1; got 2.0",
    ),
    "a flat term": (lambda: made.dnf_network([1, 0]), ShapeError, r"expected \(terms, n\)"),
    "terms of nothing": (lambda: made.dnf_network(np.zeros((0, 0))), ShapeError, r"got shape \(0, 0\)"),
    # expressions
    "a string": (lambda: made.expression_network("X & Y"), OptionError, "strings are not read"),
    "code": (lambda: made.expression_network("__import__('os')"), OptionError, "strings are not read"),
    "a bool": (lambda: made.expression_network(True), OptionError, "got True, expected And, Or"),
    "arithmetic": (lambda: made.expression_network(X + Y), OptionError, r"got X \+ Y"),
    "a relation": (
        lambda: made.expression_network((X > 0) & Y),
        OptionError,
        "this is no connective of symbols; got X > 0.*Give each condition a symbol",
    ),
    "depth": (
        lambda: made.expression_network(nested(101)),
        OptionError,
        "too large; got more than 100 levels",
    ),
    "nodes": (
        lambda: made.expression_network(shared(11)),
        OptionError,
        "too large; got more than 5,000 nodes",
    ),
    "nine": (
        lambda: made.expression_network(sympy.Xor(*sympy.symbols("a:9"), evaluate=False)),
        OptionError,
        "too many variables to minimise; got 9 variables, expected 8 at most, unless the expression is a DNF",
    ),
    "a missing symbol": (
        lambda: made.expression_network(X & Y, [X]),
        OptionError,
        r"the variables are those of .*, each once; got \[X\], expected sympy symbols, among them X, Y",
    ),
    "twice": (lambda: made.expression_network(X, [X, X]), OptionError, "each once"),
    "names": (lambda: made.expression_network(X, ["X"]), OptionError, r"got \['X'\]"),
    "no variables": (
        lambda: made.expression_network(sympy.true),
        OptionError,
        r"A constant needs variables=\[\.\.\]",
    ),
    # polygons
    "two corners": (
        lambda: made.polygon_network(SQUARE[:2]),
        ShapeError,
        r"three corners or more.*got shape \(2, 2\)",
    ),
    "in space": (lambda: made.polygon_network(np.ones((4, 3))), ShapeError, "each with two coordinates"),
    "no corners": (lambda: made.polygon_network([]), ShapeError, "vertices has the wrong shape"),
    "ragged": (lambda: made.polygon_network([[1, 2], [3]]), DTypeError, "not a rectangular array"),
    "nan corner": (
        lambda: made.polygon_network([*SQUARE, (np.nan, 0)]),
        NonFiniteError,
        "vertices is not finite",
    ),
    "collinear": (
        lambda: made.polygon_network([(0, 0), (1, 0), (2, 0), (1, 2)]),
        OptionError,
        "three corners lie on a line; got corner 1 of 4, expected the corners of a convex polygon",
    ),
    "a half turn": (
        lambda: made.polygon_network([(-1.75, 2), (0.25, 2), (-1.75, -0.25), (-1.5, 2)]),
        OptionError,
        "lie on a line",
    ),
    "a spike": (
        lambda: made.polygon_network([(0, 0), (1, 0), (1, 1), (1, 0)]),
        OptionError,
        "three corners lie on a line; got corner 2 of 4",
    ),
    "a line and a turn back": (
        lambda: made.polygon_network([(1, -2), (2, -1), (2, 0), (2, -2), (-1, -2)]),
        OptionError,
        "lie on a line; got corner 2 of 5",
    ),
    "turns that add up to nothing": (  # to -4e-16 in either sense
        lambda: made.polygon_network([(2, 2), (1, 0), (-2, -2), (2, -1), (0, -1)]),
        OptionError,
        "the polygon is not convex; got a turn the other way",
    ),
    "a spike in a union": (
        lambda: made.union_network([SQUARE, [(1, 1), (1, 0), (0, 0), (1, 0)]]),
        OptionError,
        "union_network, polygon 1: three corners lie on a line; got corner 2 of 4",
    ),
    "there and back": (lambda: made.polygon_network([(0, 0), (2, 0), (1, 0)]), OptionError, "lie on a line"),
    "repeated": (
        lambda: made.polygon_network([*SQUARE, (0, 0)]),
        OptionError,
        "two neighbouring corners are the same; got corner 4 again",
    ),
    "not convex": (
        lambda: made.polygon_network(NOTCHED),
        OptionError,
        "the polygon is not convex; got a turn the other way.*union_network; or sort the corners",
    ),
    "not convex either way": (
        lambda: made.polygon_network(NOTCHED[::-1]),
        OptionError,
        "a turn the other way",
    ),
    "a star": (lambda: made.polygon_network(STAR), OptionError, "more than one turn around"),
    "a bow tie": (lambda: made.polygon_network([(0, 0), (1, 1), (1, 0), (0, 1)]), OptionError, "not convex"),
    "huge": (
        lambda: made.polygon_network((2 * np.array(SQUARE) - 1) * 1.7e308),
        NonFiniteError,
        "the sides overflow",
    ),
    "closed": (
        lambda: made.polygon_network(SQUARE, closed="yes"),
        OptionError,
        "closed is a choice; got 'yes'",
    ),
    "no polygons": (lambda: made.union_network([]), ShapeError, "there is no polygon"),
    "one polygon": (
        lambda: made.union_network(SQUARE),
        ShapeError,
        r"union_network, polygon 0: .*got shape \(2,\)",
    ),
    "no iterable": (lambda: made.union_network(3), ShapeError, r"polygon 0: .*got shape \(\)"),
    "the second": (
        lambda: made.union_network([SQUARE, NOTCHED]),
        OptionError,
        "union_network, polygon 1: .*convex",
    ),
    "offsets": (
        lambda: made.half_spaces_network(np.ones((2, 3)), np.ones(2)),
        ShapeError,
        r"b does not fit W; got shape \(2,\) with W of shape \(2, 3\), expected \(3,\)",
    ),
    "infinite normal": (lambda: made.half_spaces_network([[np.inf]], [0]), NonFiniteError, "W is not finite"),
    # circles
    "two sides": (lambda: made.circle_network(2), OptionError, "sides must be a whole number; got 2"),
    "no radius": (
        lambda: made.circle_network(5, 0),
        OptionError,
        "radius is out of range; got 0, expected a fin",
    ),
    "centre": (
        lambda: made.circle_network(5, 1, (1, 2, 3)),
        ShapeError,
        "a centre has two coordinates; got 3",
    ),
    "centred": (lambda: made.circle_network(5, centred=None), OptionError, "centred is a choice; got None"),
    "profile": (lambda: made.circle_profile([X], 5), DTypeError, "r holds expressions"),
    "a negative distance": (
        lambda: made.circle_profile([2.0, np.nan, -1.0], 4),
        OptionError,
        r"circle_profile: a distance is not negative; got -1\.0, expected 0 or more",
    ),
    "profile radius": (lambda: made.circle_profile(1.0, 5, np.inf), OptionError, "radius is out of range"),
    "reach": (lambda: made.share_between(5, reach=-1), OptionError, "reach is out of range; got -1"),
    "points": (lambda: made.share_between(5, points=0), OptionError, "points must be a whole number"),
    "share of a line": (lambda: made.share_between(2), OptionError, "sides must be a whole number"),
    "radii": (
        lambda: made.circles_network([[0, 0], [1, 1]], [1], [1, 1]),
        ShapeError,
        "radii do not fit the centres; got 1 for 2 centres",
    ),
    "heights": (
        lambda: made.circles_network([[0, 0]], [1], [1, 2]),
        ShapeError,
        "heights do not fit the centres",
    ),
    "values": (
        lambda: made.fitted_heights([[0, 0]], [1], [1, 2]),
        ShapeError,
        "values do not fit the centres",
    ),
    "a radius": (
        lambda: made.circles_network([[0, 0]], [-1], [1]),
        OptionError,
        "a radius is out of range; got -1",
    ),
    "the same circle": (
        lambda: made.fitted_heights([[0, 0], [0, 0]], [1, 1], [1, 2]),
        ShapeError,
        "the circles do not determine the heights",
    ),
    "circles in circles": (
        lambda: made.fitted_heights([[0, 0], [0.1, 0]], [1, 1], [1, 2]),
        ShapeError,
        "expected circles that do not hold each other's centres.*smaller radii",
    ),
    "many circles": (
        lambda: made.fitted_heights(np.arange(4000.0).reshape(-1, 2), np.ones(2000), np.ones(2000)),
        DenseLimitError,
        "fitted_heights: .*Take fewer circles, or fewer sides",
    ),
    "many sides": (lambda: made.circle_network(10**9), DenseLimitError, "circle_network: .*fewer sides"),
    # sums
    "empty interval": (
        lambda: made.pulse_network(1, 1),
        OptionError,
        "the interval is empty.*got from 1 to 1",
    ),
    "infinite interval": (lambda: made.pulse_network(-1e308, 1e308), OptionError, "no finite length"),
    "nan end": (lambda: made.pulse_network(np.nan, 1), OptionError, "low is out of range; got nan"),
    "height": (lambda: made.pulse_network(0, 1, "2"), OptionError, "height is out of range; got '2'"),
    "no pulses": (
        lambda: made.pulse_sum_network(np.sin, 0, 1, 0),
        OptionError,
        "pulses must be a whole number",
    ),
    "many pulses": (lambda: made.pulse_error_bound(1, 0, 1, 2**21), OptionError, "expected 1 to 1048576"),
    "a failing function": (
        lambda: made.pulse_sum_network(fails, 0, 1, 3),
        OptionError,
        r"the function fails; got RuntimeError\('no such luck'\), .* shape \(3,\)\. It is called once",
    ),
    "no function": (
        lambda: made.pulse_sum_network(3, 0, 1, 3),
        OptionError,
        "the function fails; got TypeError",
    ),
    "one number": (
        lambda: made.pulse_sum_network(lambda x: 1.0, 0, 1, 3),
        ShapeError,
        r"expected shape \(3,\)",
    ),
    "too few": (
        lambda: made.pulse_sum_network(lambda x: x[1:], 0, 1, 3),
        ShapeError,
        r"does not return one number for each point; got shape \(2,\)",
    ),
    "a pole": (
        lambda: made.pulse_sum_network(lambda x: 1 / (x - x), 0, 1, 3),
        NonFiniteError,
        "the function's result",
    ),
    "lipschitz": (lambda: made.pulse_error_bound(0, 0, 1, 3), OptionError, "lipschitz is out of range"),
    "cells": (lambda: made.prism_sum_network(fails, 0, 1, 0), OptionError, "cells must be a whole number"),
    "dimensions": (lambda: made.prism_sum_network(fails, 0, 1, 2, 17), OptionError, "dimensions must be"),
    "many cells": (
        lambda: made.prism_sum_network(fails, 0, 1, 1000, 3),
        DenseLimitError,
        r"a grid has cells\^dimensions of them",
    ),
    "error": (lambda: made.cells_for(0.0, 1, 0, 1), OptionError, "error is out of range; got 0.0"),
    "too exact": (
        lambda: made.cells_for(1e-12, 1, 0, 1),
        OptionError,
        "no grid is that fine; got an error of 1e-12",
    ),
    "a flat centre": (lambda: made.bump_network([0.0, 0.0], 1, [1]), ShapeError, r"expected \(C, d\)"),
    "bump heights": (lambda: made.bump_network([[0.0, 0.0]], 1, [1, 2]), ShapeError, "heights do not fit"),
    "beta": (lambda: made.bump_network([[0.0, 0.0]], -1, [1]), OptionError, "beta is out of range; got -1"),
    "step": (lambda: made.falling_body_network(0), OptionError, "step is out of range; got 0"),
    "small step": (
        lambda: made.falling_body_network(1e-170),
        OptionError,
        "the step is too small; got 1e-170",
    ),
    "gravity": (lambda: made.falling_body_network(0.1, np.inf), OptionError, "gravity is out of range"),
    "body reach": (lambda: made.falling_body_error_bound(0.1, 0), OptionError, "reach is out of range"),
    # graphs
    **{
        f"{count.__name__} of no network": (
            lambda count=count: count([1]),
            OptionError,
            f"{count.__name__}: this counts what a network has; got \\[1\\]",
        )
        for count in (made.depth_of, made.count_connections, made.count_hidden_units)
    },
}


@pytest.mark.parametrize(("call", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_with_a_remedy(call, error, text):
    with pytest.raises(error, match=text) as caught, np.errstate(all="raise"):
        call()
    assert isinstance(caught.value, JacobpropError)
    assert str(caught.value).endswith((".", "?"))


def test_what_comes_in_stays_as_it_is():
    corners, centres = np.array(SQUARE, float)[::-1].copy(), np.array([[0.0, 1.0], [2.0, 3.0]])
    before = corners.copy(), centres.copy()
    made.polygon_network(corners)
    made.fitted_heights(centres, np.ones(2), np.ones(2))
    made.bump_network(centres, 1.0, np.ones(2))
    np.testing.assert_array_equal(corners, before[0])
    np.testing.assert_array_equal(centres, before[1])

    def greedy(points):
        points[:] = 0
        return points

    net = made.pulse_sum_network(greedy, 0, 1, 2)
    np.testing.assert_array_equal(net.parameters["b1"], [0, -0.5, -1])
