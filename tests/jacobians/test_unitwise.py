"""left o V: what the market of pairs does not ask. Its simplified form, its sums, its sizes, its extremes."""

import numpy as np
import pytest

from jacobprop.errors import UnsupportedLayerError
from jacobprop.jacobians import (
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    UnitwiseWeightJacobian,
    WeightJacobian,
)

from .counting import counted, counting
from .market import Numbers, Symbols, close


@pytest.mark.parametrize("cases", [None, 5])
def test_with_the_same_y_for_every_unit_it_is_a_weight(cases):
    draw, lead = Numbers(1), () if cases is None else (cases,)
    left, y = draw(*lead, 2, 3), draw(*lead, 4)
    weight = WeightJacobian(left, y)
    unitwise = UnitwiseWeightJacobian(left, np.repeat(y[..., None], 3, axis=-1))
    close(unitwise.tensor(), weight.tensor())
    close(unitwise.stacked().pull(np.ones((*lead, 2))), weight.stacked().pull(np.ones((*lead, 2))))
    close(unitwise.row_norms(), weight.row_norms())


def test_the_simplified_form_holds_the_entries_that_are_not_zero():
    draw = Numbers(2)
    V, d = draw(5, 4, 3), draw(5, 3)
    for left, slopes in ((DiagonalJacobian(d), d), (IdentityJacobian(3), np.ones(3))):
        J = UnitwiseWeightJacobian(left, V)
        close(J.simplified(), V * slopes[..., None, :])
        assert np.array_equal(J.simplified(), np.einsum("cjij->cij", J.tensor()))
        assert np.count_nonzero(J.tensor()) == V.size
        assert not J.simplified().flags.writeable
    with pytest.raises(UnsupportedLayerError, match="only a weight Jacobian with a diagonal left"):
        UnitwiseWeightJacobian(DenseJacobian(np.eye(3)), V).simplified()


def test_a_product_leaves_V_where_it_is():
    draw = Numbers(3)
    J = UnitwiseWeightJacobian(DiagonalJacobian(draw(5, 3)), draw(5, 4, 3))
    p = draw(5, 3)
    softmax = DiagonalPlusLowRankJacobian(p, -p[..., None], p[..., None])
    row = DenseJacobian(draw(5, 1, 3), out_shape=())
    with counting() as tally:
        product = counted(row) @ (counted(softmax) @ counted(J))
    assert tally.multiply_adds == 5 * 3 * 2 + 5 * 3 * 3  # (diag + rank 1) diag, then a row of it
    assert type(product) is UnitwiseWeightJacobian
    assert np.shares_memory(product.V, J.V)
    close(product.matrix(), row.matrix() @ softmax.matrix() @ J.matrix())


def test_of_the_same_V_the_lefts_add():
    draw = Numbers(4)
    A = UnitwiseWeightJacobian(DiagonalJacobian(draw(5, 3)), draw(5, 4, 3))
    B = DenseJacobian(draw(5, 3, 3)) @ A
    assert type(A + B) is UnitwiseWeightJacobian
    close((A + B).matrix(), A.matrix() + B.matrix())
    other = UnitwiseWeightJacobian(B.left, A.V.copy())
    assert type(A + other) is DenseJacobian
    close((A + other).matrix(), A.matrix() + B.matrix())


def test_its_norms_neither_overflow_nor_vanish():
    sizes, parts = np.array([1e-200, 1.0, 1e200]), np.array([3.0, 4.0])
    V = parts[:, None] * sizes
    J = UnitwiseWeightJacobian(IdentityJacobian(3), V)
    np.testing.assert_allclose(J.row_norms(), 5 * sizes, rtol=4e-16)
    np.testing.assert_allclose(J.column_norms(), V, rtol=0)
    stack = UnitwiseWeightJacobian(IdentityJacobian(3), np.stack([V, V])).stacked()
    np.testing.assert_allclose(stack.column_norms(), np.sqrt(2) * V, rtol=4e-16)
    with pytest.raises(AssertionError), np.errstate(over="ignore"):  # by squares alone
        np.testing.assert_allclose(np.sqrt((J.matrix() ** 2).sum(axis=1)), 5 * sizes, rtol=4e-16)


def test_no_unit_and_no_entry():
    J = UnitwiseWeightJacobian(np.ones((2, 0)), np.ones((3, 0)))
    assert np.array_equal(J.row_norms(), np.zeros(2))
    assert J.push(np.ones((3, 0))).tolist() == [0, 0]
    assert J.pull(np.ones(2)).shape == J.column_norms().shape == (3, 0)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_it_keeps_its_dtype(dtype):
    draw = Numbers(5, dtype)
    J = UnitwiseWeightJacobian(DiagonalJacobian(draw(5, 3)), draw(5, 4, 3))
    u = draw(5, 3)
    for found in (J.matrix(), J.pull(u), J.stacked().pull(u), J.push(draw(4, 3)), J.simplified()):
        assert found.dtype == dtype
    assert UnitwiseWeightJacobian(np.ones((2, 3)), draw(4, 3)).V.dtype == np.float64  # the coarser is raised


def test_of_symbols():
    draw = Symbols("s")
    J = UnitwiseWeightJacobian(draw(2, 3), draw(4, 3))
    left, V, u = J.left.array, J.V, draw(2)
    expected = np.array([[[left[o, j] * V[i, j] for j in range(3)] for i in range(4)] for o in range(2)])
    close(J.tensor(), expected)
    close(J.pull(u), (u[:, None, None] * expected).sum(axis=0))


def test_a_left_of_half_precision_becomes_sparse_in_the_precision_of_the_whole():
    V = np.arange(6, dtype=np.float32).reshape(2, 3)
    J = UnitwiseWeightJacobian(DiagonalJacobian(np.array([1, 2, 3], np.float16)), V)
    assert J.to_sparse().dtype == np.float32
    assert np.array_equal(J.to_sparse().toarray(), J.matrix())
