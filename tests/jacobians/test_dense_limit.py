"""Nothing dense above the limit is allocated: the refusal comes first and names the structured way."""

import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest

from jacobprop.errors import DenseLimitError
from jacobprop.jacobians import (
    DENSE_LIMIT,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    ScaledJacobian,
    WeightJacobian,
)

from .market import STALLS, close, samples

M = 20_000  # m x m float64 numbers are 3.2 GB
d = np.linspace(1, 2, M)
column = d[:, None]
for array in (d, column):
    array.flags.writeable = False

D = DiagonalJacobian(d)
L = DiagonalPlusLowRankJacobian(d, column, column)
S = ScaledJacobian(None, column.T)  # 1 x m
ONE = ScaledJacobian(d, column)  # m x 1
W = WeightJacobian(D, d[:5])  # m x 5 m
THIN = WeightJacobian(np.ones((1, 1)), d)  # 1 x m
TALL, WIDE = DenseJacobian(column), DenseJacobian(column.T)
HUGE = {"diagonal": D, "low rank": L, "weight": W, "transposed": W.T}
huge = pytest.mark.parametrize("J", list(HUGE.values()), ids=list(HUGE))


@contextmanager
def refused(what):
    """The block raises before it allocates anything of note."""
    tracemalloc.start()
    try:
        with pytest.raises(DenseLimitError, match=what) as caught:
            yield caught
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000, f"{peak:,} bytes were allocated first"
    assert isinstance(caught.value, MemoryError)
    assert "Stay structured with push, pull, .stacked() or @" in str(caught.value)


@huge
def test_dense_forms(J):
    calls = {
        "matrix": J.matrix,
        "tensor": J.tensor,
        "denominator": lambda: J.tensor("denominator"),
        "toarray": J.toarray,
        "asarray": lambda: np.asarray(J),
        "tagged": J.tagged,
        "norm": lambda: np.linalg.norm(J),
    }
    for run in calls.values():
        with refused(
            rf"^matrix of <.*>: the dense form is above .* got {J.dense_nbytes:,} bytes, expected at most"
        ):
            run()


def test_sparse_forms_of_dense_structures():
    assert D.to_sparse().nnz == M  # loads scipy, whose own import allocates
    with refused("matrix of <DiagonalPlusLowRankJacobian"):
        L.to_sparse()


def test_products_that_end_dense():
    pairs = {
        "pulled": (TALL, S),
        "pushed": (ONE, WIDE),
        "dense": (TALL, WIDE),
        "gram": (W, W.T),
        "on the left of a weight": (TALL, WeightJacobian(WIDE, [1.0, 2.0])),
    }
    for left, right in pairs.values():
        with refused(r"^<.*> @ <.*>: the dense form"):
            left @ right


def test_shared_products_that_end_dense():
    with refused(r"^the shared matrix of <ScaledJacobian.* @ <ScaledJacobian"):
        ONE @ S


def test_factors_that_would_have_to_be_expanded():
    many = ScaledJacobian(np.ones((5000, 300)), np.ones((300, 300)), in_shape=(300, 1))  # 3.6 GB dense
    thin = WeightJacobian(np.ones((1, 1)), np.ones(300)).T
    with refused("^the left matrix of <ScaledJacobian.* @ <TransposedJacobian"):
        many @ thin
    with refused("^the right matrix of <DiagonalPlusLowRankJacobian.* @ <ScaledJacobian"):
        DiagonalPlusLowRankJacobian(np.ones(300), np.ones((300, 1)), np.ones((300, 1))) @ many


def test_what_stays_small_is_not_refused():
    assert (L @ TALL).shape == (M, 1)
    assert (WIDE @ L).shape == (1, M)
    assert (DiagonalPlusLowRankJacobian(d, column, column, shape=(M, 1)) @ THIN.T).shape == (M, 1)
    assert type(D @ L) is DiagonalPlusLowRankJacobian
    assert type(D @ W) is WeightJacobian


def test_a_matrix_that_all_cases_share_counts_once():
    shared = DenseJacobian(np.ones((300, 300)), cases=5000)  # 720 kB stored, 3.6 GB with every case
    row, own = DenseJacobian(np.ones((1, 300)), ()), DiagonalJacobian(np.ones((5000, 300)))
    assert (row @ shared).shape == (5000, 1, 300)
    assert (shared @ shared).nbytes == shared.nbytes
    assert (shared + shared).nbytes == shared.nbytes
    with refused("got 3,600,000,000 bytes"):
        shared.matrix()
    with refused("got 3,600,000,000 bytes"):
        shared.stacked().matrix()
    with refused("got 3,600,000,000 bytes"):
        shared @ own
    with refused("got 3,600,000,000 bytes"):
        shared + own


def test_sums_that_end_dense():
    assert type(D + L) is DiagonalPlusLowRankJacobian
    for left, right in ((L, L), (W, WeightJacobian(D, d[5:10])), (W.T, W.T)):
        with refused(rf"^<{type(left).__name__}.*> \+ <"):
            left + right


def test_mixed_precision_counts_the_wider():
    row = np.ones((1, 13_000), dtype="f4")
    thin = ScaledJacobian(np.ones(13_000, dtype="f4"), row.T)
    assert 13_000**2 * 4 < DENSE_LIMIT < 13_000**2 * 8
    with refused("@"):
        thin @ DenseJacobian(row.astype("f8"))
    low = DiagonalPlusLowRankJacobian(np.ones(13_000, "f4"), row.T, row.T)
    wide = DiagonalPlusLowRankJacobian(np.ones(13_000), row.T, row.T)
    with refused(r"\+"):
        low + wide


@pytest.mark.parametrize(("name", "cases"), STALLS[::3])
def test_the_limit_is_exact(name, cases):
    for J, reference, *_ in samples(name, cases):
        close(J.matrix(max_bytes=J.dense_nbytes), reference)
        assert J.tensor(max_bytes=J.dense_nbytes).size == reference.size
        for run in (J.matrix, J.tensor, lambda max_bytes, J=J: J.tensor("denominator", max_bytes)):
            limit = J.dense_nbytes - 1
            with pytest.raises(DenseLimitError, match=f"expected at most {limit:,}"):
                run(max_bytes=limit)


def test_shapes_that_overflow():
    """The product of these lengths is 0 in 64-bit integers."""
    J = IdentityJacobian((2**32, 2**32))
    assert np.prod(J.out_shape, dtype=np.int64) == 0
    assert J.dense_nbytes == 2**131
    for run in (J.matrix, J.tensor, lambda: np.asarray(J), J.stacked().matrix):
        with refused(f"got {2**131:,} bytes"):
            run()
    assert type(J @ J) is IdentityJacobian
    assert J.T is J


def test_the_784_256_128_10_chain_stores_its_left_and_y():
    """64 x 10 x 256 numbers on the left, and a reference to the activations."""
    y = np.ones((64, 784))
    y.flags.writeable = False
    W1 = WeightJacobian(np.ones((64, 10, 256)), y)
    assert W1.y is y
    assert W1.left.nbytes == 64 * 10 * 256 * 8
    assert W1.dense_nbytes == 64 * 10 * 784 * 256 * 8
    with refused("matrix of"):
        W1.tensor(max_bytes=2**29)
    with refused("matrix of"):
        WeightJacobian(W1.left.case(0).for_cases(4000), y[0]).tensor()
