"""Every line of the table of sums: branches that meet again add up."""

import itertools

import numpy as np
import pytest

from jacobprop.errors import ShapeError
from jacobprop.jacobians import (
    KINDS,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    ScaledJacobian,
    WeightJacobian,
)
from jacobprop.jacobians.base import SUMS

from .market import Numbers, Symbols, close, diagonal, low_rank, made

PAIRS = list(itertools.product(KINDS, KINDS))
pairs = pytest.mark.parametrize("pair", PAIRS, ids=[f"{A.__name__} + {B.__name__}" for A, B in PAIRS])

BOTH_CASES = [(None, None), (4, 4), (None, 4), (4, None), (1, 1)]
SHAPES = [((3, 2), (3, 2)), ((2,), (4, 2))]  # square, and a weight with a square left


def check_pair(pair):
    compared = 0
    for shapes, (first, second) in itertools.product(SHAPES, BOTH_CASES):
        for (name, A), (other, B) in itertools.product(
            made(pair[0], *shapes, first, seed=1), made(pair[1], *shapes, second, seed=2)
        ):
            total = A.jacobian + B.jacobian
            what = f"({name}, {first} cases) + ({other}, {second} cases)"
            assert total.cases == (first or second), what
            assert (total.out_shape, total.in_shape) == shapes, what
            expected = A.reference + B.reference
            close(total.matrix(), expected)
            close(total @ np.ones(expected.shape[-1]), expected.sum(axis=-1))
            compared += 1
    assert compared


def test_the_table_is_complete():
    assert set(SUMS) == set(PAIRS)


@pairs
def test_every_sum(pair):
    check_pair(pair)


@pairs
def test_a_wrong_rule_is_noticed(monkeypatch, pair):
    monkeypatch.setitem(SUMS, pair, lambda A, B: A.for_cases(B.cases) if B.cases and not A.cases else A)
    with pytest.raises((AssertionError, ShapeError)):
        check_pair(pair)


def test_sums_of_symbols():
    d, low = diagonal(Symbols("a"), (2,), None, None), low_rank(Symbols("b"), (2,), None, None, exact=True)
    one = IdentityJacobian(2)
    close((d.jacobian + low.jacobian).matrix(), d.reference + low.reference)
    close((one + low.jacobian).matrix(), np.eye(2, dtype=int) + low.reference)
    close((one + d.jacobian).matrix(), np.eye(2, dtype=int) + d.reference)


@pytest.mark.parametrize("cases", [None, 4])
def test_structure_is_kept(cases):
    draw = Numbers(3)
    D = diagonal(draw, (3,), None, cases).jacobian
    L = low_rank(draw, (3,), None, cases, exact=True).jacobian
    one = IdentityJacobian(3)
    for total in (D + D, D + one, one + D, one + one):
        assert type(total) is DiagonalJacobian
    for total in (L + D, D + L, L + one, one + L):
        assert type(total) is DiagonalPlusLowRankJacobian
        assert (total.rank, total.diagonal is not None) == (2, True)
    M = ScaledJacobian(None, draw(3, 3))
    assert type(M + M) is DenseJacobian
    assert type(L + L) is DenseJacobian


def test_weights_of_the_same_activations_add_on_the_left():
    draw = Numbers(4)
    y = draw(4, 5)
    y.flags.writeable = False
    A, B = WeightJacobian(DiagonalJacobian(draw(4, 3)), y), WeightJacobian(DiagonalJacobian(draw(4, 3)), y)
    total = A + B
    assert type(total) is WeightJacobian
    assert type(total.left) is DiagonalJacobian
    assert total.y is y
    close(total.matrix(), A.matrix() + B.matrix())
    assert type(A + WeightJacobian(B.left, y.copy())) is DenseJacobian


def test_weights_whose_lefts_differ_in_axes_alone():
    draw = Numbers(5)
    y = draw(3)
    y.flags.writeable = False
    A = WeightJacobian(DenseJacobian(draw(2, 4), in_shape=(2, 2)), y)
    B = WeightJacobian(draw(2, 4), y)
    close((A + B).matrix(), A.matrix() + B.matrix())


def test_a_residual_branch():
    """d(x + f(x))/dx = I + J."""
    M = Numbers(6)(4, 3, 3)
    close((IdentityJacobian(3) + DenseJacobian(M)).matrix(), np.eye(3) + M)


def test_float32_adds_to_float32():
    d, one = np.ones(3, dtype="f4"), IdentityJacobian(3, dtype="f4")
    assert (DiagonalJacobian(d) + one).dtype == np.float32
    assert (one + DenseJacobian(np.ones((3, 3), dtype="f4"))).dtype == np.float32


def test_shapes_must_agree():
    with pytest.raises(ShapeError, match=r"J \+ K: only Jacobians of the same shapes add"):
        DiagonalJacobian([1.0, 2.0]) + DiagonalJacobian([1.0, 2.0], shape=(2, 1))
    with pytest.raises(ShapeError, match="the factors have different numbers of cases; got 2 and 3"):
        IdentityJacobian(3, cases=2) + IdentityJacobian(3, cases=3)
    with pytest.raises(TypeError):
        IdentityJacobian(3) + 1
