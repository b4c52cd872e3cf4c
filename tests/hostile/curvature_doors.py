"""Jacobians by all parameters, kernels, curvature and damped training, against dense long doubles."""

import itertools
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp

from .curvature_reference import TIMES, Dense, Lossy, agrees
from .forward_reference import LONG, Reference
from .jacobian_doors import wide
from .material import contained, eps, junk, numbers
from .network_doors import _was_whole, built, inputs, is_spread, targets
from .trying import REFUSED


def products(trial, A, M, bound, comparable=True):
    """A @ x, u @ A, A.T and the names that scipy has for them, for operands that may not fit."""
    m, n = A.shape
    call, length, axis, dense, size = trial.draw(
        st.sampled_from(
            [
                ("A @ x", n, 0, M, bound),
                ("u @ A", m, -1, M, bound),
                ("A.T @ x", m, 0, M.T, bound.T),
                ("matvec", n, None, M, bound),
                ("rmatvec", m, None, M.T, bound.T),
            ]
        )
    )
    k = trial.draw(st.sampled_from([None, None, 0, 1, 3]))
    shape = (length,) if k is None or axis is None else (length, k) if axis == 0 else (k, length)
    if trial.draw(st.integers(0, 7)) == 0:
        shape = trial.draw(st.lists(st.integers(0, 4), max_size=3).map(tuple))
    x = trial.draw(contained(trial.draw(numbers(shape))), label="operand")
    right = not x.bad and (
        x.array.size == length if axis is None else x.array.ndim in (1, 2) and x.array.shape[axis] == length
    )
    calls = {
        "A @ x": lambda v: A @ v,
        "u @ A": lambda v: v @ A if isinstance(v, np.ndarray) else A.__rmatmul__(v),
        "A.T @ x": lambda v: A.T @ v,
        "matvec": A.matvec,
        "rmatvec": A.rmatvec,
    }
    if call == "u @ A" and type(x.value) not in (np.ndarray, list, tuple):
        return  # of a matrix or a subclass numpy decides who multiplies
    found = trial.call(calls[call], x.value, refused=not right)
    if found is REFUSED or not comparable or is_spread(x.array) or not np.isfinite(x.array).all():
        return
    v = wide(np.ravel(x.array) if axis is None else x.array)
    left = call == "u @ A"
    expected, sum_ = (v @ dense, np.abs(v) @ size) if left else (dense @ v, size @ np.abs(v))
    scale = 1 + float(np.abs(v).max(initial=0)) * length
    agrees(found, expected, sum_, np.result_type(x.array, A.dtype), A.dtype, scale)


def refused_top(b, of):
    """Whether there is no such top, by its name."""
    last = b.layers[-1]
    gated = isinstance(last, str) or last[2] == "sigmoid"
    return not isinstance(of, str) or of not in ("output", "logits", "loss") or (of == "logits" and not gated)


def _misfit(fits):
    """Whether a target is known not to fit."""
    return fits is not None and not fits


def dtype_of(b, X):
    return b.net.dtype if _was_whole(X) else np.result_type(X.array, b.net.dtype)


# -- the Jacobian by all parameters ------------------------------------------------------------------------


def parameter_jacobian(trial):
    """jp.parameter_jacobian of each top, and what it is asked for."""
    b = built(trial)
    X, right, cases = inputs(trial, b)
    of = trial.draw(st.one_of(*[st.sampled_from(["output", "logits", "loss"])] * 5, junk), label="of")
    by_loss = isinstance(of, str) and of == "loss"
    T, rows, fits = targets(trial, b, cases) if by_loss else (None, None, True)
    wrong = not right or refused_top(b, of) or _misfit(fits) or (by_loss and T is None)
    refused = True if wrong else None if fits is None else False
    J = trial.call(jp.parameter_jacobian, b.net, X.value, T, of=of, refused=refused)
    if J is REFUSED or (by_loss and rows is None):
        return
    lead = () if cases is None else (cases,)
    assert J.out_shape == (lead if of == "loss" else (*lead, b.widths[-1]))
    assert J.dtype == (dtype_of(b, X) if of != "loss" else J.dtype)
    if of == "loss":
        lossy = Lossy(b, X.array, rows)
        d, (M, bound) = lossy.dense, lossy.gradients
    else:
        d = Dense(b, X.array, of)
        M, bound = (a.reshape(-1, b.net.size) for a in (d.J, d.bound))
    fine = d.comparable and (of != "loss" or not is_spread(rows)) and np.isfinite(M).all()
    _ask(trial, J, M, bound, fine)
    if np.isnan(d.x).any() and of != "loss":
        by_case = J.matrix().reshape(len(d.x), -1)
        assert not np.isfinite(by_case[np.isnan(d.x).any(axis=1)]).all(axis=1).any(), (
            "a nan has become finite"
        )


def _ask(trial, J, M, bound, fine):
    which = trial.draw(st.sampled_from(["products", "push", "pull", "entries", "norms", "clipped", "split"]))
    if which == "products":
        products(trial, J, M, bound, fine)
    elif which == "push":
        _push(trial, J, M, bound, fine)
    elif which == "pull":
        shape = trial.draw(
            st.sampled_from([J.out_shape, J.out_shape, (*J.out_shape, 1), J.out_shape[::-1], ()])
        )
        u = trial.draw(contained(trial.draw(numbers(shape))), label="u")
        found = trial.call(J.pull, u.value, refused=u.bad or u.array.shape != J.out_shape)
        if found is not REFUSED and fine and not is_spread(u.array) and np.isfinite(u.array).all():
            v, size = wide(u.array.ravel()), 1 + float(np.abs(u.array).max(initial=0)) * u.array.size
            out = np.result_type(u.array, J.dtype)
            agrees(found, v @ M, np.abs(v) @ bound, out, J.dtype, size)
    elif which == "entries":
        _entries(trial, J, M, bound, fine)
    elif which == "norms":
        _norms(trial, J, M, bound, fine)
    elif which == "clipped":
        limit = trial.draw(
            st.one_of(st.sampled_from([0.5, 1, 3.0, 1e-3, np.float32(2), np.inf]), junk), label="limit"
        )
        found = trial.call(J.clipped_sum, limit, refused=_unless_positive(limit))
        if found is not REFUSED and fine:
            lengths, most = np.sqrt((M**2).sum(axis=1)), _as_float(limit)
            shrunk = np.where(lengths > most, most / np.where(lengths > 0, lengths, 1), 1)
            # min(1, limit/|g|) g is the nearest point of a ball: it moves no farther than g does
            moved = np.sqrt((bound**2).sum(axis=1)).sum()
            agrees(found, shrunk @ M, np.full(J.shape[1], moved), J.dtype, scale=float(len(M)))
    else:
        length = J.shape[1] + trial.draw(st.sampled_from([0, 0, 0, 1]))
        v = trial.draw(contained(trial.draw(numbers((length,)))), label="v")
        found = trial.call(J.split, v.value, refused=v.bad or v.array.shape != (J.shape[1],))
        if found is not REFUSED:
            back = np.concatenate([found[name].ravel() for name in J.slices])
            assert np.array_equal(back, v.array, equal_nan=True)


def _positive(value):
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return bool(real and value > 0)


def _unless_positive(value):
    """Whether to refuse it; either will do beyond the floats."""
    return None if _positive(value) and not value <= sys.float_info.max else not _positive(value)


def _as_float(value):
    return LONG(np.inf) if isinstance(value, int) and value > sys.float_info.max else LONG(value)


def _push(trial, J, M, bound, fine):
    """Of a tangent of some parameters."""
    net = J._net
    name = trial.draw(st.sampled_from([*net.parameters, "a0", 5]), label="name")
    shape = net.parameters[name].shape if name in net.parameters else (2,)
    shape = trial.draw(st.sampled_from([shape, shape, shape[::-1], (*shape, 1)]))
    v = trial.draw(contained(trial.draw(numbers(shape))), label="tangent")
    right = not v.bad and name in net.parameters and v.array.shape == net.parameters[name].shape
    found = trial.call(J.push, {name: v.value}, refused=not right)
    if found is REFUSED or not fine or is_spread(v.array) or not np.isfinite(v.array).all():
        return
    columns, tangent = J.slices[name], wide(v.array.astype(J.dtype).ravel())
    expected = (M[:, columns] @ tangent).reshape(J.out_shape)
    total = (bound[:, columns] @ np.abs(tangent)).reshape(J.out_shape)
    agrees(found, expected, total, J.dtype, scale=1 + float(np.abs(tangent).max(initial=0)) * tangent.size)


def _entries(trial, J, M, bound, fine):
    """matrix, and some rows and columns, by whatever may be an index."""
    axis = trial.draw(st.integers(0, 1))
    n = J.shape[axis]
    index = st.one_of(
        st.integers(-n - 1, n),
        st.lists(st.integers(-n, n - 1), max_size=3),
        st.just(slice(None, None, 2)),
        junk,
    )
    chosen = trial.draw(index, label="index")
    try:
        places = np.atleast_1d(np.arange(n)[chosen])
    except Exception:
        places = np.empty((0, 0), int)
    found = trial.call((J.rows, J.columns)[axis], chosen, refused=places.ndim != 1)
    whole = trial.call(J.matrix, refused=False)
    if fine:
        agrees(whole, M, bound, J.dtype)
    if found is not REFUSED and fine:
        agrees(found, M.take(places, axis), bound.take(places, axis), J.dtype)


def _norms(trial, J, M, bound, fine):
    rows, columns = (trial.call(call, refused=False) for call in (J.row_norms, J.column_norms))
    gram = trial.call(J.gram, refused=False)
    squares = trial.call(J.gram_diagonal, refused=False)
    if not fine:
        return
    cases, dtype = len(J.out_shape), J.dtype
    agrees(
        rows,
        np.sqrt((M**2).sum(axis=1)).reshape(J.out_shape),
        np.sqrt((bound**2).sum(axis=1)).reshape(J.out_shape),
        dtype,
        scale=cases + 1.0,
    )
    agrees(columns, np.sqrt((M**2).sum(axis=0)), np.sqrt((bound**2).sum(axis=0)), dtype, scale=float(len(M)))
    agrees(gram, M @ M.T, bound @ bound.T, dtype, scale=float(M.shape[1]) * (1 + float(bound.max())))
    agrees(
        squares,
        (M**2).sum(axis=0),
        (bound**2).sum(axis=0),
        dtype,
        scale=float(len(M)) * (1 + float(bound.max())),
    )


# -- the tangent kernel --------------------------------------------------------------------------------------


def _kernel_options(trial):
    """Options of a kernel and whether they are right; None where that depends."""
    options, wrong = {}, False
    for name in ("trace", "diagonal"):
        if trial.draw(st.integers(0, 2)) == 0:
            options[name] = trial.draw(st.one_of(st.booleans(), st.booleans(), junk), label=name)
            wrong |= not isinstance(options[name], bool | np.bool)
    if trial.draw(st.booleans()):
        known = ("auto", "structured", "dense", "products")
        options["method"] = trial.draw(st.one_of(*[st.sampled_from(known)] * 4, junk), label="method")
        wrong |= not isinstance(options["method"], str) or options["method"] not in known
    wrong |= not wrong and bool(options.get("trace")) and bool(options.get("diagonal"))
    if trial.draw(st.integers(0, 3)) == 0:
        options["max_bytes"] = trial.draw(
            st.one_of(st.sampled_from([2**20, 1e6, 2000, 10**5000]), junk), label="max_bytes"
        )
    return options, True if wrong else None if "max_bytes" in options else False


def ntk(trial):
    """jp.ntk against J J^T, in each form, by each method, fresh, into an array, or into a file."""
    b = built(trial)
    X, right, cases = inputs(trial, b, fits=True if trial.draw(st.booleans()) else None)
    X2, right2, cases2 = inputs(trial, b) if trial.draw(st.booleans()) else (None, True, cases)
    if X2 is not None and X2.value is None:
        X2, right2, cases2 = None, True, cases
    of = trial.draw(st.one_of(*[st.sampled_from(["output", "logits"])] * 5, junk), label="of")
    options, wrong = _kernel_options(trial)
    wrong = (
        True
        if not (right and right2) or refused_top(b, of) or (isinstance(of, str) and of == "loss")
        else wrong
    )
    if wrong is not True and options.get("diagonal") and X2 is not None:
        wrong = True
    if trial.draw(st.integers(0, 2)) == 0:
        options["verify"] = trial.draw(
            st.one_of(st.integers(0, 5), junk.filter(lambda n: not isinstance(n, int | np.integer) or n < 9))
        )
        index = type(options["verify"]) is int and options["verify"] >= 0
        wrong = wrong if wrong or index else None
    second = None if X2 is None else X2.value
    if wrong:
        trial.call(jp.ntk, b.net, X.value, second, of=of, **options, refused=True)
        return
    form = "trace" if options.get("trace") else "diagonal" if options.get("diagonal") else "whole"
    d = Dense(b, X.array, of)
    d2 = d if X2 is None else Dense(b, X2.array, of)
    dtype = dtype_of(b, X) if X2 is None else np.result_type(dtype_of(b, X), dtype_of(b, X2))
    (M, bound), (M2, bound2) = ((each.J, each.bound) for each in (d, d2))
    letters = {"whole": "nap,mbp->namb", "trace": "nap,map->nm", "diagonal": "nap,nap->na"}[form]
    expected, total = np.einsum(letters, M, M2), np.einsum(letters, bound, bound2)
    alone = [
        place
        for place, c in zip(
            {"whole": (0, 2), "trace": (0, 1), "diagonal": (0,)}[form], (cases, cases2), strict=False
        )
        if c is None
    ]
    expected, total = (np.squeeze(a, axis=tuple(alone)) for a in (expected, total))
    K = _into(
        trial, partial(jp.ntk, b.net), X.value, second, expected.shape, dtype, of=of, refused=wrong, **options
    )
    if K is REFUSED:
        return
    assert K.shape == expected.shape
    assert K.dtype == dtype
    if d.comparable and d2.comparable:
        scale = float(b.net.size) * (1 + float(bound.max())) * (1 + float(bound2.max()))
        agrees(K, expected, total, dtype, scale=scale)
    if X2 is None and form != "diagonal" and options.get("method") in ("structured", "dense"):
        square = np.asarray(K).reshape(int(np.sqrt(K.size)), -1)
        assert np.array_equal(square, square.T, equal_nan=True), "not symmetric"


def _into(trial, call, X, X2, shape, dtype, refused, **options):
    """The kernel, wherever it goes."""
    way = trial.draw(st.sampled_from(["fresh", "fresh", "array", "misfit", "file", "junk", "progress"]))
    if way == "fresh":
        return trial.call(call, X, X2, refused=refused, **options)
    if way == "junk":
        junk_out = trial.draw(junk.filter(lambda value: not isinstance(value, str) and value is not None))
        return trial.call(
            partial(call, out=junk_out), X, X2, refused=_no_room(junk_out, shape, dtype), **options
        )
    if way == "progress":
        seen = []
        found = trial.call(
            partial(call, progress=lambda *done: seen.append(done)), X, X2, refused=refused, **options
        )
        assert found is REFUSED or seen[-1] == (found.size, found.size)
        return found
    if way == "file":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kernel.npy"
            found = trial.call(partial(call, out=path), X, X2, refused=refused, **options)
            assert path.exists() == (found is not REFUSED)
            return found if found is REFUSED else np.array(found)
    room = np.full(shape if way == "array" else (*shape, 1), 777, dtype)
    found = trial.call(
        partial(call, out=room), X, X2, refused=True if way == "misfit" else refused, **options
    )
    assert found is room or found is REFUSED
    return found


def _no_room(value, shape, dtype):
    fits = type(value) is np.ndarray and value.shape == shape and value.dtype == dtype
    return None if fits else True


def plan_ntk(trial):
    """jp.plan_ntk of arrays or numbers of cases: shape, bytes, a choice among three prices, and a text."""
    b = built(trial)
    sides = []
    for side in range(2):
        if side and trial.draw(st.booleans()):
            sides.append(None)
        elif trial.draw(st.booleans()):
            sides.append(trial.draw(st.one_of(st.integers(1, 10**5), st.sampled_from([2**32, 0, -1]), junk)))
        else:
            sides.append(inputs(trial, b)[0].value)
    options, wrong = _kernel_options(trial)
    plan = trial.call(jp.plan_ntk, b.net, *sides, **options, refused=wrong or None)
    if plan is REFUSED:
        return
    assert plan.nbytes == int(np.prod(plan.shape, dtype=object)) * plan.dtype.itemsize
    assert plan.chosen in plan.prices
    assert [price.method for price in plan.prices] == ["structured", "dense", "products"]
    assert plan.chosen.block >= 1
    assert min(price.multiply_adds for price in plan.prices) >= 0
    assert 0 < plan.seconds < np.inf
    assert len(str(plan)) < 2000
    counts = [side for side in sides if type(side) is int]
    if len(counts) == 2 and not options.get("trace"):
        assert plan.shape == (counts[0], b.widths[-1], counts[1], b.widths[-1])


# -- curvature of the loss -----------------------------------------------------------------------------------


def _given(trial, wild=False):
    """A network, its cases, and what a call that needs a target does with them."""
    b = built(trial)
    X, right, cases = inputs(trial, b)
    T, rows, fits = targets(trial, b, cases, wild=wild)
    refused = True if not right or T is None or _misfit(fits) else None if fits is None else False
    return b, X, T, rows, refused


def gauss_newton(trial):
    """jp.gauss_newton and jp.fisher: products, entries, blocks and Kronecker factors."""
    b, X, T, rows, refused = _given(trial)
    which = trial.draw(st.sampled_from(["gauss_newton", "fisher", "empirical", "contradiction"]))
    if which == "gauss_newton":
        G = trial.call(jp.gauss_newton, b.net, X.value, T, refused=refused)
    elif which == "empirical":
        G = trial.call(jp.fisher, b.net, X.value, T, empirical=True, refused=refused)
    elif which == "fisher":
        wrong = True if refused is True and X.bad else None
        G = trial.call(jp.fisher, b.net, X.value, refused=wrong)
        if G is not REFUSED:
            ones = np.ones((1 if X.array.ndim == 1 else len(X.array), b.widths[-1])) / b.widths[-1]
            rows = ones  # H depends on the sum of the targets alone
    else:
        flag = trial.draw(junk)
        trial.call(jp.fisher, b.net, X.value, T, empirical=flag, refused=True if refused is True else None)
        return
    if G is REFUSED or rows is None:
        return
    assert G.dtype == dtype_of(b, X) if which == "fisher" else True
    lossy = Lossy(b, X.array, rows)
    M, bound = lossy.gauss_newton
    if which == "empirical":
        g, size = lossy.gradients
        M, bound = lossy.weight * g.T @ g, lossy.weight * size.T @ size
    fine = lossy.dense.comparable and not is_spread(np.asarray(rows)) and np.isfinite(M).all()
    _ask_curvature(trial, G, lossy, M, bound, fine, which)


def _ask_curvature(trial, G, lossy, M, bound, fine, which):
    asked = trial.draw(st.sampled_from(["products", "matrix", "diagonal", "blocks", "kronecker"]))
    scale = (
        float(len(M))
        * (1 + float(np.nan_to_num(lossy.dense.bound.max())))
        * (1 + float(np.nan_to_num(lossy.H_bound.max())))
    )
    if asked == "products":
        products(trial, G, M, bound, fine)
    elif asked == "matrix":
        found = trial.call(G.matrix, refused=False)
        assert np.array_equal(found, found.T, equal_nan=True) or not fine
        if fine:
            agrees(found, M, bound, G.dtype, scale=scale)
    elif asked == "diagonal":
        found = trial.call(G.diagonal, refused=False)
        if fine:
            agrees(found, np.diag(M), np.diag(bound), G.dtype, scale=scale)
    elif asked == "blocks":
        for number, block in trial.call(G.blocks, refused=False).items():
            own = slice(G.slices[f"W{number}"].start, G.slices[f"b{number}"].stop)
            if fine:
                agrees(block, M[own, own], bound[own, own], G.dtype, scale=scale)
    else:
        for number, K in trial.call(G.kronecker, refused=False).items():
            _factors(trial, number, K, lossy, fine and which != "empirical", scale)


def _factors(trial, number, K, lossy, fine, scale):
    inner, rows, above, size = lossy.dense.layers[number]
    if fine:
        c = len(inner)
        agrees(K.A, inner.T @ inner / c, above.T @ above / c, K.dtype, scale=scale)
        agrees(K.B, lossy.squared(rows, lossy.H), lossy.squared(size, lossy.H_bound), K.dtype, scale=scale)
    damping = trial.draw(
        st.one_of(st.sampled_from([1.0, 0.5, 1e-3, np.float32(2), 3]), junk), label="damping"
    )
    v = trial.draw(contained(trial.draw(numbers((K.order,), wild=False))), label="v")
    finite = np.isfinite(K.A).all() and np.isfinite(K.B).all()
    x = trial.call(K.solve, v.value, damping, refused=v.bad or not finite or _unless_positive(damping))
    if x is REFUSED:
        return
    assert x.dtype == np.result_type(v.array, K.dtype), (x.dtype, v.array.dtype, K.dtype)
    if not 1e-6 < _as_float(damping) < 1e6 or not fine or K.dtype == np.float16 or x.dtype == np.float16:
        return
    M, d = np.kron(wide(K.A), wide(K.B)), LONG(damping)
    error = np.abs(M @ wide(x) + d * wide(x) - wide(v.array))
    # the residual of a solution through eigenvectors: n eps |M| |x|, and |x| <= |v| / damping
    allowed = (
        64 * len(M) * eps(K.dtype) * (1 + np.sqrt((M**2).sum()) / d) * (1 + np.abs(v.array).max(initial=0))
    )
    assert (error <= allowed * len(M)).all(), (error, allowed)


def hessian(trial):
    """jp.hessian against differences of gradients in long doubles; with its residual part."""
    b, X, T, rows, refused = _given(trial)
    H = trial.call(jp.hessian, b.net, X.value, T, refused=refused)
    if H is REFUSED or rows is None:
        return
    lossy = Lossy(b, X.array, rows)
    fine = lossy.dense.comparable and not is_spread(np.asarray(rows)) and np.isfinite(rows).all()
    v = wide(trial.draw(numbers((b.net.size,), wild=False)))
    found = trial.call(lambda: H @ v.astype(H.dtype), refused=False)
    part = trial.call(lambda: H.residual @ v.astype(H.dtype), refused=False)
    whole = trial.call(H.matrix, refused=False)
    assert np.array_equal(whole, whole.T, equal_nan=True)
    if not fine or _kinked(b, lossy, X) or H.dtype == np.float16:
        return
    expected, size = _bent(b, X, rows, v)
    # a difference of long doubles over h = 1e-6: h^2 of the next order, and its rounding over h
    allowed = (1e-11 + 64 * eps(H.dtype)) * size
    for each in (found, wide(whole) @ v):
        assert (np.abs(each - expected) <= allowed).all(), (each, expected, allowed)
    residual = expected - lossy.gauss_newton[0] @ v
    assert (np.abs(part - residual) <= allowed).all(), (part, residual, allowed)


def _kinked(b, lossy, X):
    relus = [n for n, layer in enumerate(b.layers) if not isinstance(layer, str) and layer[2] == "relu"]
    return any((np.abs(lossy.dense.r.sums[n]) < 1e-2).any() for n in relus)


@np.errstate(all="ignore")
def _bent(b, X, rows, v):
    """H v by a central difference of gradients, and the size of what it was made of."""
    h, slices, sides = LONG(1e-6), b.net.slices, []
    for sign in (1, -1):
        moved, number = [], 0
        for number, layer in enumerate(b.layers, 1):
            if isinstance(layer, str):
                moved.append(layer)
                continue
            W, bias, name = layer
            dW, db = v[slices[f"W{number}"]].reshape(W.shape), v[slices[f"b{number}"]]
            moved.append((W + sign * h * dW, bias + sign * h * db, name))
        r = Reference(moved, np.atleast_2d(X.array))
        found = r.gradients(r.loss(b.loss, np.atleast_2d(rows))[1], b.fused)
        sides.append(np.concatenate([found[name].ravel() for name in slices]))
    # with weights as large as both, all products of weights and moves are among those of the bound
    lossy = Lossy(_moved(b, np.abs(_vector(b)) + np.abs(v)), X.array, rows)
    d, moves = lossy.dense, np.abs(v)
    along = 1 + (d.bound @ moves)[:, :, None]
    bent = lossy.weight * (lossy.row_bound[:, :, None] * d.bound * along).sum(axis=(0, 1))
    size = lossy.squared(d.bound, lossy.H_bound) @ moves + bent
    return lossy.weight * (sides[0] - sides[1]) / (2 * h), size


# -- damped training ---------------------------------------------------------------------------------------


def levenberg_marquardt(trial):
    """jp.levenberg_marquardt: the objective falls, what it says is so, and options that mean nothing."""
    b, X, T, rows, refused = _given(trial, wild=trial.draw(st.integers(0, 7)) == 0)
    numbers_ = (
        "damping",
        "weight_decay",
        "gradient_tolerance",
        "step_tolerance",
        "decrease_tolerance",
        "loss_target",
    )
    options = {}
    for name in numbers_:
        if trial.draw(st.integers(0, 5)) == 0:
            options[name] = trial.draw(
                st.one_of(st.sampled_from([0.0, 1e-3, 1, 1e10, 1e-300, np.float32(0.5)]), junk), label=name
            )
    if trial.draw(st.booleans()):
        options["method"] = trial.draw(
            st.one_of(*[st.sampled_from(["auto", "primal", "dual"])] * 4, junk), label="method"
        )
    if trial.draw(st.integers(0, 3)) == 0:
        options["accelerate"] = trial.draw(st.one_of(st.booleans(), junk), label="accelerate")
    if trial.draw(st.integers(0, 3)) == 0:
        options["held_out"] = [(X.value, T), (X.value,), trial.draw(junk)][
            trial.draw(st.integers(0, 2), label="held_out")
        ]
    if trial.draw(st.integers(0, 7)) == 0:
        options["progress"] = trial.draw(junk.filter(lambda value: not callable(value)), label="progress")
    most = st.one_of(
        st.integers(0, 4), junk.filter(lambda n: not isinstance(n, int | np.integer | np.ndarray) or _few(n))
    )
    iterations = trial.draw(most, label="iterations")
    before = b.net.vector
    plain = not options and type(iterations) is int and iterations >= 0 and refused is False
    fit = trial.call(
        jp.levenberg_marquardt,
        b.net,
        X.value,
        T,
        iterations=iterations,
        **options,
        refused=True
        if refused is True
        else False
        if plain and rows is not None and _tame(b, X, rows)
        else None,
    )
    assert np.array_equal(b.net.vector, before)
    if fit is REFUSED:
        return
    _check_fit(b, X, T, fit, iterations, options)


def _few(n):
    return np.ndim(n) == 0 and n < 5


def _tame(b, X, rows):
    return (
        np.isfinite(X.array).all()
        and np.isfinite(rows).all()
        and not is_spread(X.array, np.asarray(rows))
        and b.net.dtype != np.float16
    )


def _check_fit(b, X, T, fit, iterations, options):
    history, done = fit.history, len(fit.history.step)
    assert done <= iterations
    assert fit.reason in ("iterations", "gradient", "step", "decrease", "loss", "damping")
    for name in ("train", "objective", "gradient", "passes"):
        assert len(getattr(history, name)) == done + 1, name
    assert len(history.held_out) == (done + 1 if options.get("held_out") is not None else 0)
    assert all(after < earlier for earlier, after in itertools.pairwise(history.objective))
    assert np.isfinite(fit.network.vector).all()
    assert fit.network.vector.dtype == b.net.dtype
    record = fit.network.forward(X.value, T)
    assert np.isclose(
        float(record.loss), history.train[-1], rtol=1e3 * eps(record.dtype), atol=1e3 * eps(record.dtype)
    )
    assert len(fit.message) > 10


def least_squares(trial):
    """jp.LeastSquaresProblem: each of its functions, at vectors that may be anything."""
    b, X, T, rows, refused = _given(trial)
    decay = trial.draw(st.one_of(*[st.sampled_from([0.0, 0.5, 1])] * 4, junk), label="weight_decay")
    meant = _positive(decay) or (type(decay) in (int, float) and decay == 0)
    meant = meant and decay <= sys.float_info.max
    problem = trial.call(
        jp.LeastSquaresProblem,
        b.net,
        X.value,
        T,
        weight_decay=decay,
        refused=True if refused is True or not (meant or isinstance(decay, np.number)) else None,
    )
    if problem is REFUSED:
        return
    assert len(repr(problem)) < 1000
    size = b.net.size + trial.draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, -1]))
    v = trial.draw(
        contained(trial.draw(numbers((max(size, 0),), trial.draw(st.integers(0, 4)) == 0))), label="v"
    )
    wrong = v.bad or v.array.shape != (b.net.size,)
    found = {
        name: trial.call(getattr(problem, name), v.value, refused=wrong)
        for name in ("loss", "gradient", "jacobian")
    }
    squares = b.loss in ("SquaredError", "MeanSquaredError")
    residuals = trial.call(problem.residuals, v.value, refused=True if wrong else False if squares else None)
    p = trial.draw(contained(trial.draw(numbers((b.net.size,), wild=False))), label="p")
    bent = trial.call(problem.hessp, v.value, p.value, refused=wrong or p.bad)
    if wrong or rows is None or not _positive(decay + 1) or float(decay) > 10:
        return
    with np.errstate(all="ignore"):
        at = wide(v.array.astype(b.net.dtype))
    if is_spread(at) or not np.isfinite(at).all() or b.net.dtype == np.float16:
        return
    there = _moved(b, at)
    lossy = Lossy(there, X.array, rows)
    if not lossy.dense.comparable or is_spread(np.asarray(rows)) or not np.isfinite(rows).all():
        return
    shrink = np.zeros(b.net.size, LONG)
    for name, part in b.net.slices.items():
        shrink[part] = LONG(decay) if name[0] == "W" else 0
    _check_problem(found, residuals, bent, p, lossy, at, shrink)


def _vector(b):
    """All parameters, exactly."""
    return wide(b.net.vector)


def _moved(b, v):
    """The same with other parameters."""
    layers = []
    for number, layer in enumerate(b.layers, 1):
        if isinstance(layer, str):
            layers.append(layer)
            continue
        W = v[b.net.slices[f"W{number}"]].reshape(layer[0].shape)
        layers.append((W, v[b.net.slices[f"b{number}"]], layer[2]))
    return type(b)(b.net, layers, b.loss, b.widths)


def _check_problem(found, residuals, bent, p, lossy, at, shrink):
    J = found["jacobian"]
    coarse = J.dtype
    value = (lossy.value * lossy.weight).sum() + (shrink * at**2).sum() / 2
    room = lossy.value_bound * lossy.dense.sway.max() + (shrink * at**2).sum()
    assert abs(LONG(found["loss"]) - value) <= TIMES * eps(coarse) * room, (found["loss"], value)
    g, g_bound = (lossy.weight * part.sum(axis=0) for part in lossy.gradients)
    agrees(found["gradient"], g + shrink * at, g_bound * 16 + shrink * np.abs(at), coarse)
    G, bound = lossy.gauss_newton
    G, bound = G + np.diag(shrink), bound * 16 + np.diag(shrink)
    A = wide(J.matrix())
    scale = float(A.shape[0]) * (1 + float(np.abs(A).max(initial=0)))
    agrees((A.T @ A).astype(coarse), G, bound, coarse, scale=scale)
    if bent is not REFUSED:
        direction = wide(p.array.astype(at.dtype))
        agrees(bent.astype(coarse), G @ direction, bound @ np.abs(direction), coarse, scale=scale * 10)
    if residuals is not REFUSED:
        r = wide(residuals)
        assert abs((r @ r) / 2 - value) <= np.sqrt(eps(coarse)) * room
        agrees((A.T @ r).astype(coarse), g + shrink * at, g_bound * 64 + shrink * np.abs(at), coarse)


quiet = np.errstate(all="ignore")
"""For what the doors compute themselves; a call raises whatever floats complain of."""
DOORS = {
    "parameter_jacobian": quiet(parameter_jacobian),
    "ntk": quiet(ntk),
    "plan_ntk": plan_ntk,
    "gauss_newton": quiet(gauss_newton),
    "hessian": quiet(hessian),
    "levenberg_marquardt": quiet(levenberg_marquardt),
    "LeastSquaresProblem": quiet(least_squares),
}
