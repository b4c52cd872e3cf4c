"""Prices are whole numbers, and a rank decides from which size on a softmax is worth its own passes."""

import numpy as np
import pytest

from jacobprop.errors import EmptyBatchError, JacobpropError
from jacobprop.jacobians import (
    DenseJacobian,
    DiagonalPlusLowRankJacobian,
    JacobianTensor,
    ScaledJacobian,
    WeightJacobian,
    price,
)
from jacobprop.jacobians.rules import _transposed_structure

from .counting import counted, counting
from .market import Numbers, close
from .test_products import PAIRS, Doubling, market


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{A.__name__} @ {B.__name__}" for A, B in PAIRS])
def test_prices_are_whole_numbers(pair):
    """They print with thousands separators, and a plan adds them up exactly."""
    for name, A, B in market(pair)[::7]:
        priced = price(A.jacobian.structure, B.jacobian.structure)
        made = priced.structure
        found = (priced.multiply_adds, priced.expanded, made.numbers, made.dense_numbers, made.times)
        assert {type(number) for number in found} == {int}, name


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_low_rank_is_expanded_for_few_units(rank):
    """Up to 16 (1 + 2 r) units one product with the expanded matrix, beyond them the parts."""
    few, n = 16 * (1 + 2 * rank), 2
    for m in (few, few + 1):
        draw = Numbers(m)
        low = DiagonalPlusLowRankJacobian(draw(m), draw(m, rank), draw(m, rank))
        layer = ScaledJacobian(None, draw(m, n))
        with counting() as tally:
            product = counted(low) @ counted(layer)
        close(product.matrix(), low.matrix() @ layer.matrix())
        assert tally.multiply_adds == (m * m * rank + m * m * n if m == few else m * n * (1 + 2 * rank))


def test_a_class_without_rules_leaves_the_other_factor_its_structure():
    weight = WeightJacobian(Numbers(1)(3, 2), Numbers(2)(4))
    product = Doubling(3) @ weight
    assert type(product) is WeightJacobian
    close(product.matrix(), 2 * weight.matrix())


def test_a_scale_that_is_absent_hides_no_other():
    """diag(rows) M diag(columns) without rows takes its cases from the columns."""
    draw = Numbers(3)
    M, columns = draw(2, 3), draw(4, 3)
    J = ScaledJacobian(None, M, columns)
    assert J.cases == 4
    close(J.matrix(), M * columns[:, None, :])


def test_every_empty_array_is_counted():
    with pytest.raises(EmptyBatchError, match="got 0 in d, 0 in U, 0 in V, expected at least one case"):
        DiagonalPlusLowRankJacobian(np.ones((0, 3)), np.ones((0, 3, 1)), np.ones((0, 3, 1)))


def test_any_name_may_be_transposed():
    J = DenseJacobian(np.ones((2, 3)))
    turned = {name: J.named(name).T.symbol for name in ("", "J", "(J)^T", "(A)(B)^T", "()^T")}
    assert turned == {"": "", "J": "(J)^T", "(J)^T": "J", "(A)(B)^T": "((A)(B)^T)^T", "()^T": ""}


def test_a_product_of_unnamed_factors_has_no_name():
    for pair in PAIRS[::5]:
        _, A, B = market(pair)[0]
        assert (A.jacobian @ B.jacobian).symbol == ""


def test_a_stacked_gram_expands_the_lefts_of_both_its_weights():
    draw = Numbers(5)
    A, B = (
        WeightJacobian(ScaledJacobian(draw(4, o), draw(o, 2), draw(4, 2)), draw(4, 5)).stacked()
        for o in (3, 6)
    )
    priced = price(A.structure, B.T.structure)
    with counting() as tally:
        product = counted(A) @ counted(B.T)
    close(product.matrix(), A.matrix() @ B.matrix().T)
    assert tally.multiply_adds == priced.multiply_adds
    assert type(priced.multiply_adds) is int


def test_the_structure_of_a_transposed_map_is_foreseen():
    draw = Numbers(6)
    weight = WeightJacobian(ScaledJacobian(draw(4, 3), draw(3, 2)), draw(4, 5))
    for J in (weight, weight.T, weight.stacked(), weight.stacked().T, weight.left, DenseJacobian(draw(2, 3))):
        assert _transposed_structure(J.structure) == J.T.structure


@pytest.mark.parametrize("cases", [(4, 4), (4, None), (None, 4), (None, None)])
def test_two_low_ranks_make_one_of_the_sum_of_their_ranks(cases):
    draw = Numbers(7)
    leads = [() if count is None else (count,) for count in cases]
    A, B = (
        DiagonalPlusLowRankJacobian(draw(*lead, 5), draw(*lead, 5, rank), draw(*lead, 5, rank))
        for lead, rank in zip(leads, (1, 2), strict=True)
    )
    with counting() as tally:
        product = counted(A) @ counted(B)
    close(product.matrix(), A.matrix() @ B.matrix())
    assert (product.rank, product.cases) == (3, None if cases == (None, None) else 4)
    assert price(A.structure, B.structure)[:2] == (tally.multiply_adds, product.structure)
    assert tally.multiply_adds == (product.cases or 1) * 5 * (1 + 1 + 2 + 2 * 1 * 2)


@pytest.mark.parametrize("place", ["out_shape", "in_shape"])
def test_a_shape_that_is_none_is_named(place):
    shapes = {"out_shape": (2,), "in_shape": (3,), place: ("x",)}
    with pytest.raises(JacobpropError, match=rf"^JacobianTensor: .*\b{place}\b"):
        JacobianTensor(np.ones((2, 3)), **shapes, layout="numerator")


def test_cases_that_are_no_number_are_refused_by_name():
    stack = WeightJacobian(DenseJacobian(np.ones((4, 3, 2))), np.ones((4, 5))).stacked()
    with pytest.raises(JacobpropError, match=r"^for_cases of <StackedJacobian.*: cases must be a whole num"):
        stack.for_cases("x")
