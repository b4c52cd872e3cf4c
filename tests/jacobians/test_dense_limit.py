"""Nothing dense above the limit is allocated: the refusal comes first and names the structured way."""

import tracemalloc
from contextlib import contextmanager
from functools import partial

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
    UnitwiseWeightJacobian,
    WeightJacobian,
)

from .market import STALLS, Numbers, close, samples

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
def refused(what, remedy="Stay structured with push, pull, .stacked() or @; or raise max_bytes."):
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
    assert caught.value.remedy == remedy


# each remedy can be followed: only calls that have a max_bytes ask to raise it
OF_PRODUCTS = "Apply the factors one after the other, with push, pull or A @ (B @ x)."
OF_SUMS = "Push or pull through each of them, and add the results."
OF_SPARSE = "Use to_linear_operator(), which makes no matrix; or raise max_bytes."
OF_ARRAYS = "Stay structured with push, pull, .stacked() or @; or call .matrix(max_bytes=...) yourself."


@huge
def test_dense_forms(J):
    calls = {
        "matrix": J.matrix,
        "tensor": J.tensor,
        "denominator": lambda: J.tensor("denominator"),
        "toarray": J.toarray,
        "tagged": J.tagged,
    }
    text = rf"^matrix of <.*>: the dense form is above .* got {J.dense_nbytes:,} bytes, expected at most"
    for run in calls.values():
        with refused(text):
            run()
    for run in (np.asarray, np.linalg.norm):
        with refused(text, OF_ARRAYS):
            run(J)


def test_sparse_forms_of_dense_structures():
    assert D.to_sparse().nnz == M  # loads scipy, whose own import allocates
    with refused("^to_sparse of <DiagonalPlusLowRankJacobian", OF_SPARSE):
        L.to_sparse()


def test_sparse_forms_are_charged_for_values_indices_and_temporaries():
    """Each entry is counted as two floats and three indices, which is what scipy takes on the way to CSR."""
    left = Numbers(1)(300, 20)
    makes = {
        "dense": DenseJacobian(Numbers(2)(300, 400)),
        "weight": WeightJacobian(left, np.ones(20)),
        "transposed weight": WeightJacobian(left, np.ones(20)).T,
        "unitwise weight": UnitwiseWeightJacobian(left, np.ones((20, 20))),
        "stacked weight": WeightJacobian(left.reshape(10, 30, 20), np.ones((10, 20))).stacked(),
        "diagonal": DiagonalJacobian(np.ones(120_000)),
        "weight with a diagonal": WeightJacobian(DiagonalJacobian(np.ones(400)), np.ones(300)),
    }
    for name, J in makes.items():
        entries = np.count_nonzero(J.matrix(max_bytes=2**40)) if name != "diagonal" else 120_000
        assert entries == 120_000
        with refused(rf"^to_sparse of <.* got {entries * 40:,} bytes", OF_SPARSE):
            J.to_sparse(max_bytes=entries * 40 - 1)
        tracemalloc.start()
        try:
            sparse = J.to_sparse(max_bytes=entries * 40)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert sparse.nnz == entries
        assert peak < entries * 40 * 1.05, f"{name}: {peak / entries:.1f} bytes for each entry"


def test_products_that_end_dense():
    pairs = {
        "pulled": (TALL, S),
        "pushed": (ONE, WIDE),
        "dense": (TALL, WIDE),
        "gram": (W, W.T),
        "on the left of a weight": (TALL, WeightJacobian(WIDE, [1.0, 2.0])),
    }
    for left, right in pairs.values():
        with refused(r"^<.*> @ <.*>: the dense form", OF_PRODUCTS):
            left @ right


def test_shared_products_that_end_dense():
    with refused(r"^the shared matrix of <ScaledJacobian.* @ <ScaledJacobian", OF_PRODUCTS):
        ONE @ S


def test_factors_that_would_have_to_be_expanded():
    many = ScaledJacobian(np.ones((5000, 300)), np.ones((300, 300)), in_shape=(300, 1))  # 3.6 GB dense
    thin = WeightJacobian(np.ones((1, 1)), np.ones(300)).T
    with refused("^the left matrix of <ScaledJacobian.* @ <TransposedJacobian", OF_PRODUCTS):
        many @ thin
    row = WeightJacobian(np.ones((1, 1, 300)), np.ones((1, 2))).stacked().T
    left = ScaledJacobian(many.rows, many.shared)
    with refused("^the left of a weight in <StackedJacobian.* @ <TransposedJacobian", OF_PRODUCTS):
        WeightJacobian(left, np.ones((5000, 2))).stacked() @ row
    with refused("^the right matrix of <DiagonalPlusLowRankJacobian.* @ <ScaledJacobian", OF_PRODUCTS):
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
    with refused("got 3,600,000,000 bytes", OF_PRODUCTS):
        shared @ own
    with refused("got 3,600,000,000 bytes", OF_SUMS):
        shared + own


def test_sums_that_end_dense():
    assert type(D + L) is DiagonalPlusLowRankJacobian
    for left, right in ((L, L), (W, WeightJacobian(D, d[5:10])), (W.T, W.T)):
        with refused(rf"^<{type(left).__name__}.*> \+ <", OF_SUMS):
            left + right


def test_mixed_precision_counts_the_wider():
    row = np.ones((1, 13_000), dtype="f4")
    thin = ScaledJacobian(np.ones(13_000, dtype="f4"), row.T)
    assert 13_000**2 * 4 < DENSE_LIMIT < 13_000**2 * 8
    with refused("@", OF_PRODUCTS):
        thin @ DenseJacobian(row.astype("f8"))
    low = DiagonalPlusLowRankJacobian(np.ones(13_000, "f4"), row.T, row.T)
    wide = DiagonalPlusLowRankJacobian(np.ones(13_000), row.T, row.T)
    with refused(r"\+", OF_SUMS):
        low + wide


@pytest.mark.parametrize(("name", "cases"), STALLS[::3])
def test_the_limit_is_exact(name, cases):
    for J, reference, *_ in samples(name, cases):
        close(J.matrix(max_bytes=J.dense_nbytes), reference)
        runs = [J.matrix, J.toarray, J.tensor, partial(J.tensor, "denominator")]
        runs += [J.tagged] if cases is None else []
        for run in runs[2:]:
            result = run(max_bytes=J.dense_nbytes)
            assert getattr(result, "array", result).size == reference.size
        for run in runs:
            limit = J.dense_nbytes - 1
            with pytest.raises(DenseLimitError, match=f"expected at most {limit:,}"):
                run(max_bytes=limit)


def test_shapes_that_overflow():
    """The product of these lengths is 0 in 64-bit integers."""
    J = IdentityJacobian((2**32, 2**32))
    assert np.prod(J.out_shape, dtype=np.int64) == 0
    assert J.dense_nbytes == 2**131
    for run in (J.matrix, J.tensor, J.stacked().matrix):
        with refused(f"got {2**131:,} bytes"):
            run()
    with refused(f"got {2**131:,} bytes", OF_ARRAYS):
        np.asarray(J)
    with refused(f"got {2**64 * 40:,} bytes", OF_SPARSE):
        J.to_sparse()
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


@pytest.mark.parametrize("left", ["f4", "f8"])
@pytest.mark.parametrize("right", ["f4", "f8"])
def test_the_wider_precision_of_two_factors_is_charged(left, right):
    """A number takes 4 bytes only where both are float32."""
    needed = M * M * (4 if left == right == "f4" else 8)
    (tall, low), (wide, other) = (
        (DenseJacobian(made.astype(dtype)), DiagonalPlusLowRankJacobian(*(a.astype(dtype) for a in parts)))
        for made, parts, dtype in (
            (column, (d, column, column), left),
            (column.T, (d, column, column), right),
        )
    )
    with refused(rf"^<.*> @ <.*>: the dense form .* got {needed:,} bytes", OF_PRODUCTS):
        tall @ wide
    with refused(rf"^<.*> \+ <.*>: the dense form .* got {needed:,} bytes", OF_SUMS):
        low + other
