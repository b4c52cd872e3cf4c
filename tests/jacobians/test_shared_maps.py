"""What all cases share says so all the way in, and keeps its precision."""

import numpy as np
import pytest

from jacobprop.jacobians import (
    BlockDiagonalJacobian,
    DiagonalJacobian,
    IdentityJacobian,
    Jacobian,
    ScaledJacobian,
    StackedJacobian,
    TransposedJacobian,
    WeightJacobian,
)

from .market import VARIANTS, Numbers, close, samples

every_kind = pytest.mark.parametrize("name", [n for n, variant in VARIANTS.items() if variant.fits(None)])


def inside(J: Jacobian) -> list[Jacobian]:
    """The Jacobians that this one is made of, as far as they have its cases."""
    if isinstance(J, StackedJacobian | BlockDiagonalJacobian):
        return []  # the cases inside became rows, or blocks
    held = [value for value in vars(J).values() if isinstance(value, Jacobian)]
    return [*held, *(K for one in held for K in inside(one))]


@every_kind
def test_sharing_a_map_shares_its_parts(name):
    J = samples(name, None)[0].jacobian
    for K, one in (
        (J.for_cases(4), J),
        (J.T.for_cases(4), J.T),
        (J.for_cases(4).T, J.T),
        (J.T.for_cases(4).T, J),
    ):
        assert {part.cases for part in (K, *inside(K))} == {4}
        close(K.matrix()[3], one.matrix())


def test_a_left_of_one_case_is_shared_by_the_cases_of_y():
    draw = Numbers(1)
    for left in (
        DiagonalJacobian(draw(3)),
        draw(2, 3),
        ScaledJacobian(draw(2), draw(2, 3)),
        IdentityJacobian(3),
    ):
        W = WeightJacobian(left, draw(4, 5))
        assert W.left.cases == W.cases == 4
        assert W.T.T.left.cases == 4


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_an_identity_keeps_its_precision_in_every_form(dtype):
    one = IdentityJacobian(3, dtype=dtype)
    forms = (one.matrix(), one.row_norms(), one.column_norms(), one.to_sparse(), one.toarray())
    assert {form.dtype for form in forms} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_linear_operator_names_its_precision_without_a_product(dtype):
    """Told no dtype, scipy multiplies once to find one, and that one is float64."""
    J = DiagonalJacobian(np.ones(3, dtype)).to_linear_operator()
    assert J.dtype == np.dtype(dtype)


def test_a_transposed_map_is_shared_as_its_inner_one():
    draw = Numbers(2)
    turned = TransposedJacobian(WeightJacobian(draw(2, 3), draw(4)))
    product = turned.for_cases(5) @ DiagonalJacobian(draw(5, 2))
    assert product.cases == 5
    close(product.T.matrix(), np.moveaxis(product.matrix(), -1, -2))
