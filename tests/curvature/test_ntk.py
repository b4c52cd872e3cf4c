"""The tangent kernel against J J^T of complex steps in plain numpy, in every form and by every method."""

import os
import re
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from network.custom_layers import RMSNorm
from network.market import DESIGNS, FUNCTIONS, STEP, Design, Piece, evaluate, gap, stall

import jacobprop as jp
from jacobprop.curvature import grams, parameter_jacobian
from jacobprop.curvature.tangent_kernel import destination, methods, ntk, plan_ntk, prices
from jacobprop.curvature.terms import Term
from jacobprop.errors import (
    CheckFailed,
    DenseLimitError,
    DTypeError,
    EmptyBatchError,
    OptionError,
    ShapeError,
    UnsupportedLayerError,
)

TOLERANCE = 1e-10
METHODS = ("structured", "dense", "products")
SMALL = [d for d in DESIGNS if 0 < stall(d).net.size < 200 and (d.cases or 1) < 50]
CURVED = [
    Design(900 + k, 4, (Piece("dense", 5, name, bool(k % 2)), Piece("dense", 3, name)), "SquaredError", 7)
    for k, name in enumerate(FUNCTIONS)
]


def dense(design, X, top=None):
    """d(top)/d(parameters) by complex steps, (cases, outputs, parameters) with one case for a single one."""
    s, columns = stall(design), []
    for name, array in s.arrays.items():
        for place in np.ndindex(array.shape):
            step = np.zeros(array.shape, complex)
            step[place] = STEP * 1j
            nodes = evaluate(design, s.arrays, X, np.zeros(s.target.shape[-1]), {name: step})
            columns.append(nodes[top or f"a{design.depth}"].imag / STEP)
    J = np.stack(np.broadcast_arrays(*columns), axis=-1)
    lead = np.broadcast_shapes(J.shape[:-2], X.shape[:-1])
    J = np.broadcast_to(J, (*lead, *J.shape[-2:]))
    return J if X.ndim == 2 else J[None]


def defined(J, J2):
    return np.einsum("nap,mbp->namb", J, J2)


def others(design, cases=3):
    """Cases beside those of the stall, another number of them."""
    return np.random.default_rng(design.number).normal(0, 1, (cases, design.n_in))


def tanh_net(*widths, dtype=np.float64, top=(), seed=3):
    layers = [jp.Dense(n, m, "tanh") for n, m in pairwise(widths)]
    return jp.Network([*layers, *top], seed=seed, dtype=dtype)


def data(cases, width, dtype=np.float64, seed=4):
    return np.random.default_rng(seed).normal(0, 1, (cases, width)).astype(dtype)


NET, X, X2 = tanh_net(5, 7, 4, top=[jp.Dense(4, 3), jp.Softmax()]), data(6, 5), data(9, 5, seed=5)
FORMS = {"whole": {}, "trace": {"trace": True}, "diagonal": {"diagonal": True}, "other": {"X2": X2}}


# -- the definition --------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", SMALL + CURVED, ids=lambda design: design.id)
def test_it_is_the_dense_definition(design):
    s = stall(design)
    single = s.X.ndim == 1
    J, J2 = dense(design, s.X), dense(design, others(design))
    for method in METHODS:
        K = ntk(s.net, s.X, method=method)
        assert gap(K, defined(J, J)[0, :, 0] if single else defined(J, J)) < TOLERANCE
        K = ntk(s.net, s.X, others(design), method=method)
        assert gap(K, defined(J, J2)[0] if single else defined(J, J2)) < TOLERANCE


@pytest.mark.parametrize("design", SMALL[::3], ids=lambda design: design.id)
def test_trace_and_diagonal_are_parts_of_it(design):
    s = stall(design)
    single = s.X.ndim == 1
    K, K2 = (defined(dense(design, s.X), dense(design, x)) for x in (s.X, others(design)))
    trace, trace2 = (np.trace(k, axis1=1, axis2=3) for k in (K, K2))
    diagonal = np.einsum("nana->na", K)
    for method in METHODS:
        found = ntk(s.net, s.X, trace=True, method=method)
        assert gap(found, trace[0, 0] if single else trace) < TOLERANCE
        found = ntk(s.net, s.X, others(design), trace=True, method=method)
        assert gap(found, trace2[0] if single else trace2) < TOLERANCE
        found = ntk(s.net, s.X, diagonal=True, method=method)
        assert gap(found, diagonal[0] if single else diagonal) < TOLERANCE


@pytest.mark.parametrize("design", [d for d in SMALL if d.pieces[-1].kind == "softmax"], ids=lambda d: d.id)
def test_logits_are_before_the_softmax(design):
    s, top = stall(design), f"z{design.depth}"
    J, J2 = dense(design, s.X, top), dense(design, others(design), top)
    single = s.X.ndim == 1
    assert gap(ntk(s.net, s.X, of="logits"), defined(J, J)[0, :, 0] if single else defined(J, J)) < TOLERANCE
    found = ntk(s.net, s.X, others(design), of="logits")
    assert gap(found, defined(J, J2)[0] if single else defined(J, J2)) < TOLERANCE


def test_a_single_case_lacks_its_axis_on_either_side():
    K = ntk(NET, X, X2)
    assert gap(ntk(NET, X[2], X2), K[2]) < TOLERANCE
    assert gap(ntk(NET, X, X2[4]), K[:, :, 4]) < TOLERANCE
    assert gap(ntk(NET, X[2], X2[4]), K[2, :, 4]) < TOLERANCE
    assert gap(ntk(NET, X[2], X2, trace=True), np.einsum("ama->m", K[2])) < TOLERANCE
    assert gap(ntk(NET, X, X2[4], trace=True), np.einsum("naa->n", K[:, :, 4])) < TOLERANCE


@pytest.mark.parametrize("x", [X, X[1]], ids=["many", "one"])
def test_the_gram_of_a_jacobian_is_the_same_matrix(x):
    net = jp.Network([jp.Dense(5, 4, "tanh"), jp.Dense(4, 3)], jp.SquaredError(), seed=9)
    for of in ("output", "loss"):
        J = parameter_jacobian(net, x, np.ones((*x.shape[:-1], 3)), of=of)
        assert gap(J.gram(), J.matrix() @ J.matrix().T) < TOLERANCE


def test_two_linear_layers_on_top_share_rows_that_are_no_identity():
    net = jp.Network([jp.Dense(5, 4, "tanh"), jp.Dense(4, 6), jp.Dense(6, 3)], seed=8)
    for second in (None, X2):
        J, J2 = (parameter_jacobian(net, x).matrix() for x in (X, X if second is None else second))
        assert gap(ntk(net, X, second).reshape(18, -1), J @ J2.T) < TOLERANCE


@pytest.mark.parametrize("kept", [0.2, 1.0], ids=["few entries", "dense"])
def test_rows_that_all_cases_share_on_one_side_or_both(kept):
    rng = np.random.default_rng(6)
    shared, other = rng.normal(0, 1, (3, 5)), rng.normal(0, 1, (4, 5)) * np.eye(4, 5, 1)
    other = other if kept < 1 else rng.normal(0, 1, (4, 5))
    shared = shared * (np.arange(5) == 2) * np.array([[1], [0], [0]]) if kept < 1 else shared
    own, inner, inner2 = rng.normal(0, 1, (6, 3, 5)), rng.normal(0, 1, (6, 2)), rng.normal(0, 1, (7, 2))
    for rows in (shared, own):
        K = np.einsum(f"{'n' * (rows.ndim - 2)}aj,bj,ni,mi->namb", rows, other, inner, inner2)
        found = grams.gram(K.shape, [Term(rows, inner, ())], [Term(other, inner2, ())], np.dtype(float))
        assert np.abs(K).max() > 0
        assert gap(found, K) < TOLERANCE


def test_without_parameters_it_is_zero():
    net = jp.Network([jp.Softmax()])
    for method in METHODS:
        assert np.array_equal(ntk(net, X, X2, method=method), np.zeros((6, 5, 9, 5)))


@pytest.mark.parametrize("method", ["structured", "dense"])
@pytest.mark.parametrize("cases", [1, 6, 60])
def test_it_is_symmetric_and_positive_semidefinite(method, cases):
    x = data(cases, 5)
    K = ntk(NET, x, method=method).reshape(cases * 3, -1)
    assert np.array_equal(K, K.T)
    values = np.linalg.eigvalsh(K)
    assert values.min() > -1e-12 * values.max()
    trace = ntk(NET, x, trace=True, method=method)
    assert np.array_equal(trace, trace.T)


def test_x_itself_as_x2_is_computed_by_half_too():
    lists = X.tolist()
    for x in (X, lists):
        assert np.array_equal(ntk(NET, x, x), ntk(NET, X))
        assert plan_ntk(NET, x, x).chosen == plan_ntk(NET, X).chosen
    assert plan_ntk(NET, X, X.copy()).chosen.multiply_adds > plan_ntk(NET, X).chosen.multiply_adds


def test_nan_stays_among_its_cases():
    broken = X.copy()
    broken[3] = np.nan
    K, whole = ntk(NET, broken, verify=9), ntk(NET, X)
    kept = np.arange(6) != 3
    assert np.isnan(K[3]).all()
    assert np.isnan(K[:, :, 3]).all()
    assert gap(K[kept][:, :, kept], whole[kept][:, :, kept]) < TOLERANCE


# -- dtypes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays_float32(method):
    net, x = NET.astype(np.float32), X.astype(np.float32)
    K = ntk(net, x, method=method)
    assert K.dtype == np.float32
    assert gap(K, ntk(NET, X, method=method)) < 1e-5
    mixed = ntk(net, x, X2, method=method)
    assert mixed.dtype == np.float64
    assert gap(mixed, ntk(net.astype(float), x.astype(float), X2)) < 1e-12


def far_apart(cases, heights, seed):
    """A float32 term whose rows are as small as its inner is large, and both in doubles, near 1."""
    rng = np.random.default_rng(seed)
    rows, inner = rng.normal(0, 1, (cases, 3, 5)), rng.normal(0, 1, (cases, 2))
    height = 10.0 ** np.array(heights)
    small, large = rows * height[:, None, None], inner / height[:, None]
    return Term(small.astype(np.float32), large.astype(np.float32), ()), rows, inner


def test_powers_of_two_keep_small_and_large_factors_apart():
    one, rows, inner = far_apart(4, [-30, -28, 0, -31], seed=2)
    two, rows2, inner2 = far_apart(4, [25, 0, -29, -30], seed=3)
    for other, r, i in ((one, rows, inner), (two, rows2, inner2)):
        expected = np.einsum("naj,mbj,ni,mi->namb", rows, r, inner, i)
        assert gap(grams.gram(expected.shape, [one], [other], np.dtype(np.float32)), expected) < 1e-5
    found = np.empty((4, 3), np.float32)
    grams.diagonal([one], found)
    assert gap(found, np.einsum("naj,ni->na", rows**2, inner**2)) < 1e-5


def test_rows_within_reach_are_not_copied():
    block = np.array([[2.0**400, 1.0], [0.0, -(2.0**-400)]])
    assert grams._normal(block)[0] is block
    scaled, exponents = grams._normal(np.array([[2.0**500, 1.0], [0.0, -(2.0**-500)], [0.0, 0.0]]))
    assert exponents.tolist() == [501, -499, 0]
    assert scaled.tolist() == [[0.5, 2.0**-501], [0.0, -0.5], [0.0, 0.0]]


# -- blocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [None, X2], ids=["same", "other"])
@pytest.mark.parametrize("form", [{}, {"trace": True}], ids=["whole", "trace"])
@pytest.mark.parametrize("method", METHODS)
def test_blocks_make_the_same_kernel(monkeypatch, method, form, second):
    whole = ntk(NET, X, second, method=method, **form)
    monkeypatch.setattr(grams, "_HEIGHT", 6)
    monkeypatch.setattr(grams, "_BYTES", 560)
    monkeypatch.setattr(grams, "_SQUARE", 13)
    assert gap(ntk(NET, X, second, method=method, **form), whole) < 1e-13
    for block in (1, 4):
        monkeypatch.setattr(prices, "_block", lambda *_, block=block: block)
        assert gap(ntk(NET, X, second, method=method, **form), whole) < 1e-13


def test_rows_are_pulled_a_few_at_a_time(monkeypatch):
    whole = ntk(NET, X, X2)
    fill = methods.fill
    for chunk in (1, 2):
        for x2, array in ((X2, np.empty_like(whole)), (X2, np.empty((6, 9)))):
            form = "whole" if array.ndim == 4 else "trace"
            list(fill("products", form, chunk, array, methods.Side(NET, X, "output"), _side(x2)))
            expected = whole if form == "whole" else np.trace(whole, axis1=1, axis2=3)
            assert gap(array, expected) < TOLERANCE
        array = np.empty((6, 3))
        list(fill("products", "diagonal", chunk, array, _side(X), _side(X)))
        assert gap(array, np.einsum("nana->na", ntk(NET, X))) < TOLERANCE


def _side(x):
    return methods.Side(NET, x, "output")


@pytest.mark.parametrize(
    "shape", [(7, 3, 7, 3), (5, 2, 11, 4), (1, 1, 1, 1), (300, 1, 300, 1), (2, 900, 3, 7)]
)
@pytest.mark.parametrize("same", [False, True])
def test_tiles_cover_each_pair_of_cases_once(shape, same, monkeypatch):
    monkeypatch.setattr(grams, "_SQUARE", 40)
    n, _, m, _ = shape
    covered = np.zeros((n, n if same else m), int)
    for i, j in grams.tiles((n, shape[1], covered.shape[1], shape[3]), same, 8):
        covered[i, j] += 1
        if same and i != j:
            covered[j, i] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("second", [None, 11], ids=["same", "other"])
def test_the_limit_holds_for_what_is_allocated(monkeypatch, method, second):
    monkeypatch.setattr(grams, "_HEIGHT", 12)
    monkeypatch.setattr(grams, "_BYTES", 4000)
    net, x = tanh_net(20, 30, 15, 4), data(18, 20)
    x2 = None if second is None else data(second, 20, seed=6)
    out = np.empty((18, 4, second or 18, 4))
    everything = plan_ntk(net, x, x2, method=method, out=out).chosen
    held = []
    for limit in (10**8, everything.nbytes * 2 // 3):
        price = plan_ntk(net, x, x2, method=method, out=out, max_bytes=limit).chosen
        tracemalloc.start()
        ntk(net, x, x2, method=method, out=out, max_bytes=limit)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        held.append(price.block * price.chunk)
        assert price.nbytes <= limit
        assert peak < price.nbytes + 2**15, price  # what Python's own objects take
    assert held[0] > held[1] > 0
    assert gap(out, ntk(net, x, x2)) < TOLERANCE


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", ["trace", "diagonal"])
def test_the_limit_holds_for_trace_and_diagonal(method, form):
    net, x = tanh_net(20, 30, 15, 4), data(18, 20)
    price = plan_ntk(net, x, method=method, **{form: True}).chosen
    tracemalloc.start()
    found = ntk(net, x, method=method, **{form: True})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < found.nbytes + price.nbytes + 2**15


def test_memory_is_less_than_three_results():
    net, x = tanh_net(784, 256, 128, top=[jp.Dense(128, 10), jp.Softmax()]), data(64, 784)
    tracemalloc.start()
    K = ntk(net, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * K.nbytes


def test_above_the_limit_nothing_is_computed(tmp_path):
    with pytest.raises(DenseLimitError, match=r"ntk: the dense form is above .* Name a file, out="):
        ntk(NET, X, max_bytes=2000)
    with pytest.raises(DenseLimitError, match=r"not even one case after the other .* Raise max_bytes"):
        ntk(NET, X, out=tmp_path / "k.npy", max_bytes=2000)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OptionError, match="max_bytes must be a number"):
        ntk(NET, X, max_bytes="1 GiB")


# -- where it goes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [{}, {"trace": True}, {"diagonal": True}], ids=["whole", "trace", "diagonal"]
)
def test_a_file_holds_what_the_array_holds(tmp_path, form):
    path = tmp_path / "kernel.npy"
    path.write_bytes(b"older")
    mapped = ntk(NET, X, out=path, **form)
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable
    assert np.array_equal(mapped, ntk(NET, X, **form))
    assert np.array_equal(np.load(path), mapped)
    assert [entry.name for entry in tmp_path.iterdir()] == ["kernel.npy"]


def test_an_array_is_filled_whatever_its_strides():
    for second in (None, X2[1]):
        expected = ntk(NET, X, second)
        room = np.full((2, *expected.shape[::-1]), np.nan)
        out = room.T[..., 0]
        assert ntk(NET, X, second, out=out) is out
        assert gap(out, expected) < 1e-15
        assert np.isnan(room[1]).all()


def test_an_interrupted_file_leaves_the_older_one(tmp_path):
    path = tmp_path / "kernel.npy"
    path.write_bytes(b"older")

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ntk(NET, X, out=str(path), progress=interrupt)
    assert path.read_bytes() == b"older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kernel.npy"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the place is not taken beforehand")
def test_a_full_disk_is_said_before_anything_is_computed(tmp_path, monkeypatch):
    def full(descriptor, start, length):
        assert length == os.fstat(descriptor).st_size == np.prod((6, 3, 6, 3)) * 8 + 128
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(destination.os, "posix_fallocate", full)
    path = tmp_path / "kernel.npy"
    with pytest.raises(OSError, match=f"No space left on device: '{re.escape(str(path))}'"):
        ntk(NET, X, out=path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", FORMS.values(), ids=FORMS)
def test_progress_counts_every_entry(monkeypatch, method, options):
    monkeypatch.setattr(grams, "_HEIGHT", 2)
    monkeypatch.setattr(grams, "_BYTES", 56)
    shown = []
    K = ntk(NET, X, **options, method=method, progress=lambda done, total: shown.append((done, total)))
    assert [done for done, _ in shown] == sorted({done for done, _ in shown})
    assert shown[-1] == (K.size, K.size)
    assert {total for _, total in shown} == {K.size}
    assert len(shown) > 1 or "diagonal" in options


# -- verification ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_wrong_does_not_pass_its_verification(monkeypatch, tmp_path, method, options):
    ntk(NET, X, **options, method=method, verify=50)
    right = methods.fill

    def wrong(*arguments):
        yield from right(*arguments)
        arguments[3][...] *= 1 + 1e-6

    monkeypatch.setattr("jacobprop.curvature.tangent_kernel.kernel.fill", wrong)
    other = "dense gradients" if method == "products" else "products"
    with pytest.raises(CheckFailed, match=rf"ntk: the kernel differs at .* by {method}, .* by {other}"):
        ntk(NET, X, **options, method=method, verify=50, out=tmp_path / "k.npy")
    assert not list(tmp_path.iterdir())


def test_a_layer_whose_factors_contradict_each_other_is_found():
    class Twisted(RMSNorm):
        def factors(self, params, cache):
            found = super().factors(params, cache)
            return found | {"C": Lying(cache[0])}

    class Lying(jp.DiagonalJacobian):
        def _matrix(self):
            return 2 * super()._matrix()

    net = jp.Network([jp.Dense(5, 4, "tanh"), Twisted(4)])
    with pytest.raises(CheckFailed, match=r"jp\.check says whether its factors fit"):
        ntk(net, X, verify=20)


# -- the plan --------------------------------------------------------------------------------------------


def test_the_plan_says_which_method_and_why():
    lines = str(plan_ntk(NET, 200)).splitlines()
    assert lines[0] == "tangent kernel (200, 3, 200, 3), float64: 2,880,000 bytes"
    assert lines[1].split() == ["method", "multiply-adds", "bytes", "beside", "it", "seconds,", "estimated"]
    assert [line[:12].strip(" *") for line in lines[2:5]] == list(METHODS)
    assert [line[0] for line in lines[2:5]] == ["*", " ", " "]
    assert lines[5] == "structured: the fewest multiply-adds"
    assert max(map(len, lines)) <= 80
    plan = plan_ntk(NET, 200, method="dense")
    assert str(plan).endswith("dense: as asked")
    assert repr(plan) == f"<KernelPlan: dense, {plan.chosen.multiply_adds:,} multiply-adds>"
    assert plan.seconds > 0


def test_a_limit_may_change_the_method():
    net = tanh_net(3, 2, 300)  # an output costs more by its rows than by a walk
    free = plan_ntk(net, 40, out="k.npy")
    assert free.chosen.method == "products"
    price = {price.method: price for price in free.prices}
    assert price["products"].multiply_adds < price["structured"].multiply_adds < price["dense"].multiply_adds
    tight = plan_ntk(NET, 40, out="k.npy", max_bytes=30_000)
    assert tight.chosen.method == "products"
    assert str(tight).endswith("products: the fewest multiply-adds of those within the byte limit")


def test_numbers_of_cases_are_as_good_as_cases():
    for form in ({}, {"trace": True}):
        assert plan_ntk(NET, 6, 9, **form).prices == plan_ntk(NET, X, X2, **form).prices
    assert plan_ntk(NET, 6, diagonal=True).prices == plan_ntk(NET, X, diagonal=True).prices
    assert plan_ntk(NET, 6).prices == plan_ntk(NET, X).prices
    assert plan_ntk(NET, np.int64(10**8), out="k.npy").shape == (10**8, 3, 10**8, 3)
    with pytest.raises(OptionError, match="the network takes inputs of any width"):
        plan_ntk(jp.Network([jp.Softmax()]), 6)
    for wrong in (0, -3, 2**40):
        with pytest.raises(OptionError, match="the number of cases must be a whole number"):
            plan_ntk(NET, wrong)


def test_the_predicted_multiply_adds_of_the_grams_are_exact():
    """4 cases, 5-7-4-3 and softmax: pairs (4 * 5 / 2) times 9 (w) + k of each term, and the walks."""
    terms = [(3, 5), (4, 8), (7, 6)]
    walks = 4 * (sum(w * k for w, k in terms) + 3 * (3 * 5 + 4 * 8))
    expected = walks + 10 * sum(9 * w + k for w, k in terms)
    assert plan_ntk(NET, 4).chosen.multiply_adds == expected
    trace = plan_ntk(NET, 4, trace=True).chosen.multiply_adds
    assert trace == walks + 10 * sum(3 * w + k for w, k in terms)
    other = plan_ntk(NET, 4, 3).chosen.multiply_adds
    assert other == walks * 7 // 4 + 12 * sum(9 * w + k for w, k in terms)


def test_the_limit_counts_the_result_unless_it_goes_elsewhere():
    plan = plan_ntk(NET, 40)
    assert plan_ntk(NET, 40, out="k.npy", max_bytes=plan.chosen.nbytes).chosen == plan.chosen
    assert plan_ntk(NET, 40, max_bytes=plan.nbytes + plan.chosen.nbytes).chosen == plan.chosen
    limit = plan.nbytes + plan.chosen.nbytes - 1
    tight = plan_ntk(NET, 40, max_bytes=limit)
    assert tight.chosen != plan.chosen
    assert tight.nbytes + tight.chosen.nbytes <= limit


# -- bad arguments ---------------------------------------------------------------------------------------

READ_ONLY = np.empty((6, 3, 6, 3))
READ_ONLY.flags.writeable = False
BAD = {
    "no network": (lambda: ntk("net", X), OptionError, "there is no network"),
    "another width": (lambda: ntk(NET, X[:, :4]), ShapeError, "X has the wrong width"),
    "another width of X2": (lambda: ntk(NET, X, X2[:, :4]), ShapeError, r"ntk\(X2=\): X has the wrong width"),
    "no cases": (lambda: ntk(NET, X[:0]), EmptyBatchError, "X has no cases"),
    "no cases in X2": (lambda: ntk(NET, X, X2[:0]), EmptyBatchError, "X has no cases"),
    "bool": (lambda: ntk(NET, X > 0), DTypeError, "does not hold real numbers"),
    "words": (lambda: ntk(NET, "X"), DTypeError, "does not hold real numbers"),
    "another top": (lambda: ntk(NET, X, of="hidden"), OptionError, "unknown top"),
    "a top of another type": (lambda: ntk(NET, X, of=1), OptionError, "unknown top"),
    "the loss": (
        lambda: ntk(NET, X, of="loss"),
        OptionError,
        r"parameter_jacobian\(net, X, T, of=\"loss\"\)",
    ),
    "no logits": (lambda: ntk(tanh_net(5, 3), X, of="logits"), UnsupportedLayerError, "there are no logits"),
    "both": (lambda: ntk(NET, X, trace=True, diagonal=True), OptionError, "are two questions"),
    "no flag": (lambda: ntk(NET, X, trace=1), OptionError, "trace is a flag"),
    "no flag either": (lambda: ntk(NET, X, diagonal="yes"), OptionError, "diagonal is a flag"),
    "diagonal of two": (lambda: ntk(NET, X, X2, diagonal=True), OptionError, "with itself has a diagonal"),
    "method": (lambda: ntk(NET, X, method="fast"), OptionError, "unknown method"),
    "method of another type": (lambda: ntk(NET, X, method=None), OptionError, "unknown method"),
    "verify": (lambda: ntk(NET, X, verify=-1), OptionError, "verify must be a whole number"),
    "verify a flag": (lambda: ntk(NET, X, verify=True), OptionError, "verify must be a whole number"),
    "progress": (lambda: ntk(NET, X, progress=5), OptionError, "progress is called as the blocks are done"),
    "out a list": (lambda: ntk(NET, X, out=[0.0]), OptionError, "out is neither a file nor an array"),
    "out a matrix": (lambda: ntk(NET, X, out=np.ma.ones(3)), OptionError, "out is neither a file"),
    "out of another shape": (lambda: ntk(NET, X, out=np.ones(3)), ShapeError, "out does not fit the kernel"),
    "out of another dtype": (lambda: ntk(NET, X, out=np.ones((6, 3, 6, 3), int)), ShapeError, "out does not"),
    "out read-only": (lambda: ntk(NET, X, out=READ_ONLY), OptionError, "out must not be written"),
    "out a bad name": (lambda: ntk(NET, X, out="a\0b"), OptionError, "a character that no file name has"),
}


@pytest.mark.parametrize(("call", "kind", "text"), BAD.values(), ids=BAD)
def test_what_means_nothing_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_out_that_is_part_of_x_is_refused():
    net = tanh_net(3, 2)
    memory = np.ones(64)
    with pytest.raises(OptionError, match="one that shares memory with X"):
        ntk(net, memory[:12].reshape(4, 3), out=memory[:64].reshape(4, 2, 4, 2))


def test_expressions_are_refused():
    sympy = pytest.importorskip("sympy")
    symbols = np.array([[*sympy.symbols("x0:5")]])
    for call in (lambda: ntk(NET, symbols), lambda: ntk(NET, X, symbols), lambda: plan_ntk(NET, symbols)):
        with pytest.raises(DTypeError, match="are sympy expressions"):
            call()


def test_a_directory_is_named_as_it_was_given(tmp_path):
    with pytest.raises(OSError, match=re.escape(str(tmp_path))):
        ntk(NET, X, out=tmp_path)


def test_no_warning_leaves_it():
    with np.errstate(all="raise"):
        assert np.isfinite(ntk(NET, X * 1e5)).all()
        ntk(NET, X * 1e300)
        str(plan_ntk(NET, X))
