"""Every Jacobian of the market is the linear map that its arrays say, and stays it."""

import copy
import inspect
import itertools
import math
import pickle
import tracemalloc

import numpy as np
import pytest
import sympy

import jacobprop.jacobians as jacobians
from jacobprop.errors import ShapeError
from jacobprop.jacobians import (
    KINDS,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    Jacobian,
    ScaledJacobian,
    WeightJacobian,
)

from .counting import counted, counting
from .market import SHAPES, STALLS, VARIANTS, Numbers, Symbols, close, over, samples

stalls = pytest.mark.parametrize(("name", "cases"), STALLS, ids=[f"{n}, {c} cases" for n, c in STALLS])


def block(seed, *shape):
    """Numbers for an argument."""
    return Numbers(100 + seed)(*shape)


def axis(J):
    """The case axis."""
    return () if J.cases is None else (J.cases,)


def test_the_market_is_complete():
    def below(cls):
        return [cls, *itertools.chain.from_iterable(below(child) for child in cls.__subclasses__())]

    concrete = {
        cls
        for cls in below(Jacobian)
        if not inspect.isabstract(cls) and cls.__module__.startswith("jacobprop.jacobians")
    }
    public = {
        cls for cls in vars(jacobians).values() if inspect.isclass(cls) and issubclass(cls, Jacobian)
    } - {Jacobian}
    assert concrete == public == set(KINDS) == {variant.kind for variant in VARIANTS.values()}
    assert len(KINDS) == len(set(KINDS))


@stalls
def test_shapes(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        assert type(J) is VARIANTS[name].kind
        assert (J.out_shape, J.in_shape, J.cases) == (out_shape, in_shape, cases)
        assert J.shape == reference.shape
        assert J.ndim == reference.ndim
        assert J.dtype == np.float64


@stalls
def test_matrix(name, cases):
    for J, reference, *_ in samples(name, cases):
        close(J.matrix(), reference)
        close(J.toarray(), reference)


@stalls
@pytest.mark.seed("D-35", "D-36", "D-37")
def test_tensor_in_both_layouts(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        close(J.tensor(), reference.reshape(axis(J) + out_shape + in_shape))
        rows_last = np.einsum("...on->...no", reference)
        close(J.tensor("denominator"), rows_last.reshape(axis(J) + in_shape + out_shape))


@stalls
def test_tagged(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        if cases is None:
            tagged = J.tagged("denominator")
            assert (tagged.out_shape, tagged.in_shape, tagged.layout) == (out_shape, in_shape, "denominator")
            close(tagged.array, reference.T.reshape(in_shape + out_shape))
            close(J.tagged().array, reference.reshape(out_shape + in_shape))
        else:
            with pytest.raises(ShapeError, match="a tagged tensor holds one case"):
                J.tagged()


@stalls
def test_push(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        for first in {(), axis(J)}:
            tangent = block(1, *first, *in_shape)
            flat = tangent.reshape(*first, reference.shape[-1])
            expected = np.einsum("...on,...n->...o", reference, flat)
            close(J.push(tangent), expected.reshape(axis(J) + out_shape))
            close(J.push(tangent.tolist()), expected.reshape(axis(J) + out_shape))


@stalls
def test_pull(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        for first in {(), axis(J)}:
            covector = block(2, *first, *out_shape)
            flat = covector.reshape(*first, reference.shape[-2])
            expected = np.einsum("...o,...on->...n", flat, reference)
            close(J.pull(covector), expected.reshape(axis(J) + in_shape))


@stalls
def test_push_and_pull_are_adjoint(name, cases):
    for J, _, _, out_shape, in_shape in samples(name, cases):
        tangent, covector = block(3, *axis(J), *in_shape), block(4, *axis(J), *out_shape)
        close(np.sum(covector * J.push(tangent)), np.sum(J.pull(covector) * tangent))


@stalls
def test_matmul_with_arrays(name, cases):
    for J, reference, *_ in samples(name, cases):
        o, n = reference.shape[-2:]
        stacks = [()] if cases is None else [(), (cases,)]
        for x in [block(5, n), *(block(6, *first, n, k) for first in stacks for k in (0, 1, 3))]:
            close(J @ x, np.matmul(reference, x))
        for u in [block(7, o), *(block(8, *first, k, o) for first in stacks for k in (0, 1, 3))]:
            close(u @ J, np.matmul(u, reference))
            close(u.tolist() @ J if u.size else u @ J, np.matmul(u, reference))


@stalls
def test_transpose(name, cases):
    for J, reference, numbers, out_shape, in_shape in samples(name, cases):
        turned = np.moveaxis(reference, -1, -2)
        close(J.T.matrix(), turned)
        assert (J.T.out_shape, J.T.in_shape, J.T.cases) == (in_shape, out_shape, cases)
        covector = block(9, *out_shape)
        close(J.T.push(covector), J.pull(covector))
        close(J.T.T.matrix(), reference)
        assert type(J.T.T) is type(J)
        assert J.T.structure.numbers == numbers


@stalls
def test_case(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        if cases is None:
            with pytest.raises(ShapeError, match="no such case"):
                J.case(0)
            continue
        for index in (0, cases - 1, -1):
            one = J.case(index)
            assert (one.cases, one.out_shape, one.in_shape) == (None, out_shape, in_shape)
            assert type(one) is type(J)
            close(one.matrix(), reference[index])
            close(one.push(np.ones(in_shape)), reference[index].sum(axis=1).reshape(out_shape))
        for outside in (cases, -cases - 1):
            with pytest.raises(ShapeError, match="no such case"):
                J.case(outside)


@stalls
def test_for_cases(name, cases):
    for J, reference, numbers, *_ in samples(name, cases):
        if cases is not None:
            assert J.for_cases(cases).cases == cases
            close(J.for_cases(cases).matrix(), reference)
        else:
            shared = J.for_cases(3)
            close(shared.matrix(), np.stack([reference] * 3))
            assert shared.structure.numbers == numbers
            assert shared.nbytes == J.nbytes
            with pytest.raises(ShapeError, match=r"only a map without a case axis|at least one case"):
                J.for_cases(0)


@stalls
def test_an_own_case_axis_is_not_shared_again(name, cases):
    for J, *_ in samples(name, cases):
        if cases is not None and name in ("diagonal", "dense", "weight, dense left", "transposed weight"):
            with pytest.raises(ShapeError, match="only a map without a case axis can be shared"):
                J.for_cases(cases + 1)


@stalls
def test_stacked(name, cases):
    for J, reference, numbers, out_shape, in_shape in samples(name, cases):
        S = J.stacked()
        assert S.cases is None
        assert S.stacked() is S
        if cases is None:
            assert S is J
            continue
        assert (S.out_shape, S.in_shape) == ((cases, *out_shape), in_shape)
        o, n = reference.shape[-2:]
        close(S.matrix(), reference.reshape(cases * o, n))
        tangent, covector = block(10, *in_shape), block(11, cases, *out_shape)
        close(S.push(tangent), np.stack(list(J.push(tangent))))
        close(S.pull(covector), sum(one for one in J.pull(covector)))
        rows = block(12, 3, cases * o)
        close(rows @ S, rows @ reference.reshape(cases * o, n))
        close(S.T.matrix(), reference.reshape(cases * o, n).T)
        assert S.structure.numbers == numbers


@stalls
def test_norms_of_rows_and_columns(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        rows, columns = (np.sqrt((reference**2).sum(axis=axis)) for axis in (-1, -2))
        close(J.row_norms(), rows.reshape(axis(J) + out_shape))
        close(J.column_norms(), columns.reshape(axis(J) + in_shape))
        S = J.stacked()
        together = np.sqrt((reference**2).reshape(-1, reference.shape[-1]).sum(axis=0))
        close(S.row_norms(), rows.reshape(axis(J) + out_shape))
        close(S.column_norms(), together.reshape(in_shape))
        close(S.gram_diagonal(), together.reshape(in_shape) ** 2)
        close(J.T.row_norms(), columns.reshape(axis(J) + in_shape))
        for found in (J.row_norms(), J.gram_diagonal()):
            assert found.flags.writeable


def test_norms_of_a_weight_need_no_dense_tensor():
    """2 GB if it were dense: the norms of the parts are enough."""
    J = WeightJacobian(Numbers(1)(8, 20, 1000), Numbers(2)(8, 1500))
    with pytest.raises(MemoryError):
        J.matrix()
    left, y = J.left.array, J.y
    close(J.row_norms(), np.linalg.norm(left, axis=-1) * np.linalg.norm(y, axis=-1)[:, None])
    expected = np.einsum("coj,ci->ij", left**2, y**2)
    close(J.stacked().column_norms() ** 2, expected)


def test_rows_of_very_different_size_have_norms_beside_each_other():
    """With one scale for all of them the squares of the small ones would be 0, of the large ones infinite."""
    sizes, parts = np.array([1e-200, 1.0, 1e200]), np.array([3.0, 4.0])
    each = sizes[:, None] * parts
    for J, lengths in (
        (DenseJacobian(each), 5 * sizes),
        (DenseJacobian(each[:, None, :]), 5 * sizes[:, None]),
        (WeightJacobian(sizes[:, None], parts), 5 * sizes),
        (WeightJacobian([[1.0]], each), 5 * sizes[:, None]),
    ):
        np.testing.assert_allclose(J.row_norms(), lengths, rtol=4e-16, atol=0)
        np.testing.assert_allclose(J.T.column_norms(), lengths, rtol=4e-16, atol=0)


def test_norms_of_maps_without_inputs_or_outputs():
    """Nothing moves them: each norm is the empty sum, 0."""
    for J in (
        DenseJacobian(np.ones((3, 0))),
        DenseJacobian(np.ones((0, 3))).T,
        ScaledJacobian(Numbers(5)(3), np.ones((3, 0))),
        WeightJacobian(Numbers(6)(3, 2), np.ones(0)),
        DenseJacobian(np.ones((2, 3, 0))).stacked(),
    ):
        rows = J.row_norms()
        assert np.array_equal(rows, np.zeros(J.out_shape))
        assert J.column_norms().size == J.gram_diagonal().size == 0
        assert np.array_equal(J.T.column_norms(), rows)


@stalls
def test_bytes(name, cases):
    for J, reference, numbers, *_ in samples(name, cases):
        assert J.nbytes == numbers * 8
        assert J.structure.numbers == numbers
        assert J.dense_nbytes == reference.nbytes


@stalls
def test_named(name, cases):
    for J, reference, *_ in samples(name, cases):
        named = J.named("J_Y^Z")
        assert (named.symbol, J.symbol) == ("J_Y^Z", "")
        assert named is not J
        assert all(a is b for a, b in zip(named.arrays, J.arrays, strict=True))
        close(named.matrix(), reference)


@stalls
def test_repr_is_one_line(name, cases):
    for J, reference, numbers, out_shape, in_shape in samples(name, cases):
        text = repr(J)
        assert "\n" not in text
        stack = "" if cases is None else f", {cases} cases"
        words = J.structure_name.replace("rank r", "rank 2")
        bytes_ = f"{numbers * 8:,} of {reference.nbytes:,} bytes"
        assert text == (f"<{type(J).__name__}: {words}, {out_shape} by {in_shape}{stack}, {bytes_}>")
        assert repr(J.named("R")).startswith("<R: ")


@stalls
@pytest.mark.parametrize("through", [lambda J: pickle.loads(pickle.dumps(J)), copy.deepcopy])  # noqa: S301  (our own bytes)
def test_pickle_and_copy(name, cases, through):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        again = through(J.named("R"))
        assert type(again) is type(J)
        assert (again.symbol, again.cases) == ("R", cases)
        assert (again.out_shape, again.in_shape) == (out_shape, in_shape)
        assert again.structure == J.structure
        assert not any(array.flags.writeable for array in again.arrays)
        close(again.matrix(), reference)


@stalls
def test_immutable(name, cases):
    J = samples(name, cases)[0].jacobian
    for field in (*vars(J), "new"):
        with pytest.raises(AttributeError, match=f"a Jacobian is immutable: cannot set '{field}'"):
            setattr(J, field, 1)
    with pytest.raises(AttributeError, match="a Jacobian is immutable: cannot delete 'symbol'"):
        del J.symbol
    for array in J.arrays:
        assert not array.flags.writeable


@stalls
def test_the_arrays_given_stay_the_users_own(name, cases):
    for seed, (out, inner) in enumerate(SHAPES):
        draw = Numbers(seed)
        sample = VARIANTS[name].make(draw, out, inner, cases)
        for array in draw.given:
            array[...] = np.nan
        close(sample.jacobian.matrix(), sample.reference)


@stalls
def test_what_comes_back_shares_nothing_writable(name, cases):
    for J, reference, _, out_shape, in_shape in samples(name, cases):
        tangent, covector = block(13, *in_shape), block(14, *out_shape)
        x, u = block(15, reference.shape[-1], 2), block(16, 2, reference.shape[-2])
        back = [J.push(tangent), J.pull(covector), J @ x, u @ J, J.matrix(), J.tensor(), np.asarray(J)]
        for array in back:
            assert not any(np.may_share_memory(array, given) for given in (tangent, covector, x, u))
            if array.flags.writeable:
                assert not any(np.may_share_memory(array, stored) for stored in J.arrays)


@stalls
def test_equality_is_identity(name, cases):
    J = samples(name, cases)[0].jacobian
    again = J
    assert again == J
    assert J.named(J.symbol) != J
    assert len({J, J.named(J.symbol)}) == 2


@stalls
def test_costs_are_what_runs(name, cases):
    for J, reference, *_ in samples(name, cases):
        s, own = J.structure, counted(J)
        o, n = reference.shape[-2:]
        with counting() as tally:
            dense = own._matrix()
        assert tally.multiply_adds == s.kind.expand_cost(s).multiply_adds
        assert s.kind.expand_cost(s).times == math.prod(dense.shape[:-2])
        for k, times in itertools.product((1, 3), {1, cases or 3}):
            if cases is not None and times not in (1, cases):
                continue
            first = () if times == 1 else (times,)
            with counting() as tally:
                pushed = own._push(counted(DenseJacobian(block(17, *first, n, k))).array)
            assert tally.multiply_adds == s.kind.push_cost(s, k, times).multiply_adds
            assert s.kind.push_cost(s, k, times).times == math.prod(pushed.shape[:-2])
            with counting() as tally:
                pulled = own._pull(counted(DenseJacobian(block(18, *first, k, o))).array)
            assert tally.multiply_adds == s.kind.pull_cost(s, k, times).multiply_adds
            assert s.kind.pull_cost(s, k, times).times == math.prod(pulled.shape[:-2])


@stalls
def test_one_case_meets_a_stack_of_blocks(name, cases):
    if cases is not None:
        return
    for J, reference, *_ in samples(name, cases):
        o, n = reference.shape
        x, u = block(19, 4, n, 2), block(20, 4, 2, o)
        close(over(None, lambda _, J=J, x=x: J._push(x) + np.zeros((4, 1, 1))), np.matmul(reference, x))
        close(J._pull(u), np.matmul(u, reference))


@stalls
def test_float32_stays_float32(name, cases):
    for seed, (out, inner) in enumerate(SHAPES):
        J, reference, _, out_shape, in_shape = VARIANTS[name].make(Numbers(seed, "f4"), out, inner, cases)
        tangent, covector = block(21, *in_shape).astype("f4"), block(22, *out_shape).astype("f4")
        results = [J.matrix(), J.tensor("denominator"), J.push(tangent), J.pull(covector), np.asarray(J)]
        results += [J @ tangent.ravel(), covector.ravel() @ J, J.T.push(covector), J.stacked().push(tangent)]
        results += [J.stacked().pull(block(23, *J.stacked().out_shape).astype("f4"))]
        assert {array.dtype for array in results} == {J.dtype} == {np.dtype("f4")}
        close(J.matrix(), reference, 1e-6)
        assert J.dense_nbytes == reference.nbytes


@stalls
def test_symbols(name, cases):
    out, inner = (2,), (2, 1)
    J, reference, _, out_shape, in_shape = VARIANTS[name].make(Symbols("s"), out, inner, cases)
    close(J.matrix(), reference)
    tangent, covector = Symbols("t")(*in_shape), Symbols("u")(*out_shape)
    o, n = reference.shape[-2:]
    close(J.push(tangent), np.matmul(reference, tangent.reshape(n)).reshape(axis(J) + out_shape))
    close(J.pull(covector), np.matmul(covector.reshape(o), reference).reshape(axis(J) + in_shape))
    assert (J.T @ J).dtype == object


def test_symbols_of_the_softmax_row():
    z = sympy.symbols("z0:3")
    total = sum(sympy.exp(entry) for entry in z)
    p = np.array([sympy.exp(entry) / total for entry in z], dtype=object)
    J = DiagonalPlusLowRankJacobian(p, -p[:, None], p[:, None])
    expected = sympy.Matrix(list(p)).jacobian(z)
    assert (sympy.Matrix(J.matrix()) - expected).applyfunc(sympy.simplify) == sympy.zeros(3, 3)


# -- promises that one object settles ---------------------------------------------------------------


def test_an_exact_diagonal_shows_in_every_form():
    d, U, V = [0.5, 0.5], [[-0.5], [-0.5]], [[0.5], [0.5]]
    J = DiagonalPlusLowRankJacobian(d, U, V, diagonal=[0.25 + 1e-9, 0.25])
    close(J.matrix(), [[0.25 + 1e-9, -0.25], [-0.25, 0.25]], 1e-15)
    close(J.push([1, 0]), [0.25 + 1e-9, -0.25], 1e-15)
    close(J.pull([1, 0]), [0.25 + 1e-9, -0.25], 1e-15)
    close(J.T.matrix(), J.matrix().T, 1e-15)


@pytest.mark.parametrize("small", [1e-9, 1e-30, 1e-300])
def test_a_saturated_softmax_multiplies_as_exactly_as_its_matrix(small):
    """p = (1 - 2 small, small, small): each row of J x is a sum of small terms, not a difference of large."""
    p = np.array([1.0 - 2 * small, small, small])
    others = np.array([2 * small, 1 - small, 1 - small])
    J = DiagonalPlusLowRankJacobian(p, -p[:, None], p[:, None], diagonal=p * others)
    x = np.array([3.0, -2.0, 5.0])
    exact = p[0] * small * np.array([(3.0 + 2.0) + (3.0 - 5.0), 0, 0])  # p_0 sum_j p_j (x_0 - x_j)
    assert J.push(x)[0] == pytest.approx(exact[0], rel=1e-14)
    assert J.pull(x)[0] == pytest.approx(exact[0], rel=1e-14)
    assert (J @ DenseJacobian(x[:, None])).matrix()[0, 0] == pytest.approx(exact[0], rel=1e-14)
    assert J.push(x)[1] == pytest.approx(small * p[0] * (-2.0 - 3.0), rel=1e-6)


def test_products_keep_the_exact_diagonal():
    J = DiagonalPlusLowRankJacobian([0.5, 0.5], [[-0.5]] * 2, [[0.5]] * 2, diagonal=[1e-300, 0.25])
    D = DiagonalJacobian([2.0, 4.0])
    assert (D @ J).matrix()[0, 0] == 2e-300
    assert (J @ D).matrix()[0, 0] == 2e-300
    assert (J + DiagonalJacobian([0.0, 0.0])).matrix()[0, 0] == 1e-300


def test_memory_that_two_fields_share_counts_once():
    y = np.arange(4.0)
    y.flags.writeable = False
    W = WeightJacobian(DiagonalJacobian(y), y)
    assert W.nbytes == y.nbytes
    assert WeightJacobian(W, y).nbytes == y.nbytes


def test_parts_of_one_buffer_count_each():
    vector = np.arange(9.0)
    vector.flags.writeable = False
    J = ScaledJacobian(vector[:3], vector[3:].reshape(3, 2))
    assert J.nbytes == vector.nbytes
    assert J.T.nbytes == vector.nbytes
    assert DiagonalJacobian(vector[:2]).nbytes == 16


def test_a_read_only_array_is_shared_and_a_writable_one_copied():
    fixed, free = np.arange(3.0), np.arange(3.0)
    fixed.flags.writeable = False
    assert DiagonalJacobian(fixed).d is fixed
    assert DiagonalJacobian(free).d is not free
    assert free.flags.writeable
    view = free[:]
    view.flags.writeable = False  # the owner can still write
    J = DiagonalJacobian(view)
    free[0] = 9
    assert J.d[0] == 0


def test_a_foreign_buffer_is_copied():
    buffer = bytearray(np.arange(3.0).tobytes())
    view = np.frombuffer(buffer)
    view.flags.writeable = False
    J = DiagonalJacobian(view)
    buffer[:8] = np.array([9.0]).tobytes()
    assert J.d[0] == 0


def test_asking_costs_nothing_dense():
    m = 100_000  # the dense form of d alone would take 80 GB
    d = np.ones(m)
    row = np.ones((1, m))
    huge = [
        IdentityJacobian((2**40, 2**40)),
        DiagonalJacobian(d),
        DiagonalPlusLowRankJacobian(d, row.T, row.T),
        ScaledJacobian(None, row),
        WeightJacobian(DiagonalJacobian(d), d),
        WeightJacobian(DiagonalJacobian(d), d).T,
        DiagonalJacobian(d).for_cases(50).stacked(),
        WeightJacobian(row, d),
    ]
    tracemalloc.start()
    try:
        for J in huge:
            for view in (J, J.T, J.named("R"), J.stacked()):
                repr(view)
                _ = view.shape, view.nbytes, view.dense_nbytes, view.structure.numbers, view.dtype
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000
    assert huge[0].dense_nbytes == 2**163


def test_no_cases_by_cases_blocks():
    cases, m = 2000, 64
    draw = Numbers(1)
    J = WeightJacobian(DiagonalJacobian(draw(cases, m)), draw(cases, m))
    row = DenseJacobian(draw(cases, 1, m), ())
    tracemalloc.start()
    try:
        gradient = (row @ J).stacked().pull(np.ones(cases))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert gradient.shape == (m, m)
    assert peak < 8 * J.nbytes


def test_stacked_gram_needs_no_block_a_case():
    cases, o, n = 200, 3, 64
    S = DenseJacobian(Numbers(2)(cases, o, n)).stacked()
    tracemalloc.start()
    try:
        gram = (S.T @ S).matrix()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    close(gram, S.matrix().T @ S.matrix())
    assert peak < 4 * (S.nbytes + gram.nbytes)  # a block a case would take cases * n * n numbers


def test_no_warning_leaks():
    with np.errstate(all="raise"):
        J = DiagonalJacobian([1e308, 1e-308, np.nan])
        W = WeightJacobian(J, [1e308, 1e-308])
        S = ScaledJacobian([1e308] * 2, [[1e308, 1e-308]] * 2)
        assert np.isinf(J.push([10, 1, 1])[0])
        assert np.isinf(W.pull([10, 1, 1])[0, 0])
        assert np.isinf(S.matrix()[0, 0])
        assert np.isinf((J @ J).matrix()[0, 0])
        assert np.isinf((J + J).matrix()[0, 0])
        assert np.isinf((W @ W.T).matrix()[0, 0])
        assert np.isinf(W.to_sparse().toarray()[0, 0])
        assert np.isinf(S.to_sparse().toarray()[0, 0])
        assert np.isinf((J.tagged() @ J.tagged()).array[0, 0])
        assert np.isinf((J.tagged() + J.tagged()).array[0, 0])


def test_nan_stays_nan():
    J = DiagonalJacobian([np.nan, 1.0])
    assert np.isnan(J.push([1, 1])[0])
    assert np.isnan((J @ DenseJacobian([[0.0], [1.0]])).matrix()[0, 0])


def test_identity_of_any_integer_and_precision():
    assert IdentityJacobian(np.int64(3)).shape == (3, 3)
    assert IdentityJacobian((2, 3)).shape == (6, 6)
    assert IdentityJacobian(3, dtype="f4").matrix().dtype == np.float32
    assert IdentityJacobian(3, dtype=int).dtype == np.float64  # integers become float64, as everywhere


def test_a_transposed_case_keeps_its_name():
    J = WeightJacobian(Numbers(3)(4, 2, 3), Numbers(4)(4, 5)).T.named("R")
    assert (J.case(0).symbol, J.for_cases(4).symbol) == ("R", "R")


def test_transposing_a_name():
    W = WeightJacobian(Numbers(3)(2, 3), Numbers(4)(5)).named("J_W")
    assert (W.T.symbol, W.T.T.symbol) == ("(J_W)^T", "J_W")
    assert DenseJacobian([[1.0, 2.0]]).named("R").T.symbol == "(R)^T"
    assert DenseJacobian([[1.0, 2.0]]).named("(A)(B)^T").T.symbol == "((A)(B)^T)^T"
    assert W.T.named("R").T.T.symbol == "R"
    assert W.T.T is W


@stalls
def test_transposing_twice_gives_the_name_back(name, cases):
    for J, *_ in samples(name, cases):
        for symbol in ("R", "(A)(B)^T", "(R)^T", ""):
            named = J.named(symbol)
            assert named.T.T.symbol == symbol
            assert named.T.symbol in (symbol, f"({symbol})^T", symbol[1:-3])


@stalls
def test_structural_zeros_are_plus_zero(name, cases):
    for J, reference, *_ in samples(name, cases):
        assert not np.signbit(J.tensor()[J.tensor() == 0]).any()
        close(J.matrix(), reference)


def test_the_simplified_form_holds_the_entries_that_are_not_zero():
    rng = np.random.default_rng(11)
    d, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    for left, slopes in ((DiagonalJacobian(d), d), (IdentityJacobian(3, cases=4), np.ones((4, 3)))):
        J = WeightJacobian(left, y)
        assert np.array_equal(J.simplified(), np.einsum("cj,ci->cij", slopes, y))
        assert np.array_equal(J.simplified(), np.einsum("cjij->cij", J.tensor()))
        assert not J.simplified().flags.writeable


@pytest.mark.parametrize("cases", [None, 4])
def test_the_simplified_form_of_symbols_is_exact(cases):
    axis = () if cases is None else (cases,)
    d, y = Symbols("d")(3), Symbols("y")(*axis, 2)
    one = np.array([sympy.Integer(1)] * 3)
    for left, slopes in (
        (DiagonalJacobian(d), d),
        (IdentityJacobian(3, dtype=object), one),
        (IdentityJacobian(3), one),  # floats among symbols: no 1.0 comes in
    ):
        found = WeightJacobian(left, y).simplified()
        assert found.shape == (*axis, 2, 3)
        for *case, i, j in np.ndindex(found.shape):
            assert found[*case, i, j] == y[*case, i] * slopes[j]
            assert not found[*case, i, j].has(sympy.Float)


def test_the_simplified_form_of_cases_that_share_everything():
    J = WeightJacobian(DiagonalJacobian([2.0, 3.0, 5.0], cases=4), [7.0, 11.0])
    assert np.array_equal(J.simplified(), [[[14, 21, 35], [22, 33, 55]]] * 4)
    single = WeightJacobian(IdentityJacobian(3), np.array([7, 11], "f4"))
    assert single.simplified().dtype == single.dtype == np.float32
