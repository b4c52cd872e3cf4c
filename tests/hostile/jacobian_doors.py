"""Every constructor and method of a Jacobian, against dense matrices of long doubles."""

import itertools
import pickle

import numpy as np
from hypothesis import strategies as st

import jacobprop as jp

from .material import FLOATS, contained, eps, junk, near, numbers, sizes
from .trying import REFUSED

LONG = np.longdouble


def wide(array):
    return np.asarray(array, LONG)


class Model:
    """A Jacobian, its matrix in long doubles, sums of absolute values, and where it is no structural zero."""

    def __init__(self, J, matrix, bound, present):
        self.J, self.matrix, self.bound, self.present = J, matrix, bound, present


def given(trial, array, name, **options):
    return trial.draw(contained(array, **options), label=name)


@np.errstate(all="ignore")
def _diagonal_matrix(d):
    d = wide(d)
    m = d.shape[-1]
    matrix = np.zeros((*d.shape, m), LONG)
    matrix[..., np.arange(m), np.arange(m)] = d
    return matrix


def dense(trial, o, n, cases, wild):
    stored = trial.draw(st.booleans()) and cases is not None
    shape = (cases, o, n) if stored else (o, n)
    g = given(trial, trial.draw(numbers(shape, wild)), "array")
    J = trial.call(jp.DenseJacobian, g.value, cases=cases, refused=g.bad)
    if J is REFUSED:
        return None
    M = wide(g.array)
    return Model(J, M, np.abs(M), np.ones(M.shape, bool))


def diagonal(trial, o, n, cases, wild):
    lead = (cases,) if cases is not None and trial.draw(st.booleans()) else ()
    g = given(trial, trial.draw(numbers((*lead, o), wild)), "d")
    J = trial.call(jp.DiagonalJacobian, g.value, cases=cases, refused=g.bad)
    if J is REFUSED:
        return None
    M = _diagonal_matrix(g.array)
    return Model(J, M, np.abs(M), np.broadcast_to(np.eye(o, dtype=bool), M.shape))


def low_rank(trial, o, n, cases, wild):
    r = trial.draw(sizes)
    parts = []
    for name, core in (("d", (o,)), ("U", (o, r)), ("V", (o, r))):
        lead = (cases,) if cases is not None and trial.draw(st.booleans()) else ()
        parts.append(given(trial, trial.draw(numbers((*lead, *core), wild)), name))
    bad = any(part.bad for part in parts)
    d, U, V = parts
    J = trial.call(jp.DiagonalPlusLowRankJacobian, d.value, U.value, V.value, cases=cases, refused=bad)
    if J is REFUSED:
        return None
    D, U, V = _diagonal_matrix(d.array), wide(U.array), wide(V.array)
    with np.errstate(all="ignore"):
        terms = U[..., :, None, :] * V[..., None, :, :]
        M = D + terms.sum(axis=-1)
        bound = np.abs(D) + np.abs(terms).sum(axis=-1)
    return Model(J, M, bound, np.ones(M.shape, bool))


def scaled(trial, o, n, cases, wild):
    parts = {}
    for name, width in (("rows", o), ("columns", n)):
        lead = (cases,) if cases is not None and trial.draw(st.booleans()) else ()
        there = trial.draw(st.booleans())
        found = given(trial, trial.draw(numbers((*lead, width), wild)), name) if there else None
        parts[name] = None if found is None or found.value is None else found
    shared = given(trial, trial.draw(numbers((o, n), wild)), "shared")
    bad = shared.bad or any(part is not None and part.bad for part in parts.values())
    values = {name: None if part is None else part.value for name, part in parts.items()}
    J = trial.call(
        jp.ScaledJacobian, values["rows"], shared.value, values["columns"], cases=cases, refused=bad
    )
    if J is REFUSED:
        return None
    rows = wide(parts["rows"].array)[..., :, None] if parts["rows"] else 1
    columns = wide(parts["columns"].array)[..., None, :] if parts["columns"] else 1
    with np.errstate(all="ignore"):
        half = wide(shared.array) * columns
        M = rows * half
        lost = np.abs(half) > np.finfo(J.dtype).max  # infinite before the rows, though they be 0
    return Model(J, M, np.where(lost, np.inf, np.abs(M)), np.ones(M.shape, bool))


def weight(trial, o, n, cases, wild):
    below = trial.draw(st.integers(1, 3))
    inner = trial.draw(st.sampled_from([dense, diagonal, low_rank]))
    left = inner(trial, o, o if inner is not dense else n, cases, wild)
    if left is None:
        return None
    lead = (cases,) if cases is not None and trial.draw(st.booleans()) else ()
    y = given(trial, trial.draw(numbers((*lead, below), wild)), "y")
    J = trial.call(jp.WeightJacobian, left.J, y.value, refused=y.bad)
    if J is REFUSED:
        return None
    y = wide(y.array)
    with np.errstate(all="ignore"):
        parts = [
            a[..., :, None, :] * b[..., None, :, None] for a, b in ((left.matrix, y), (left.bound, np.abs(y)))
        ]
    there = left.present[..., :, None, :] & np.ones(y.shape, bool)[..., None, :, None]
    parts = [np.where(there, part, 0) for part in parts]  # 0 times nan is 0 where the structure has a zero
    M, bound, present = (part.reshape(*part.shape[:-2], -1) for part in (*parts, there))
    return Model(J, M, bound, present)


def identity(trial, o, n, cases, wild):
    dtype = trial.draw(st.sampled_from(FLOATS))
    J = trial.call(jp.IdentityJacobian, o, cases=cases, dtype=dtype, refused=False)
    M = np.eye(o, dtype=LONG)
    return Model(J, M, M, M > 0)


def unitwise(trial, o, n, cases, wild):
    below = trial.draw(st.integers(1, 3))
    inner = trial.draw(st.sampled_from([dense, diagonal, low_rank]))
    left = inner(trial, o, o if inner is not dense else n, cases, wild)
    if left is None:
        return None
    lead = (cases,) if cases is not None and trial.draw(st.booleans()) else ()
    V = given(trial, trial.draw(numbers((*lead, below, left.J._n), wild)), "V")
    J = trial.call(jp.UnitwiseWeightJacobian, left.J, V.value, refused=V.bad)
    if J is REFUSED:
        return None
    V = wide(V.array)[..., None, :, :]
    there = left.present[..., :, None, :] & np.ones(V.shape, bool)
    with np.errstate(all="ignore"):
        M, bound = left.matrix[..., :, None, :] * V, left.bound[..., :, None, :] * np.abs(V)
    parts = (np.where(there, M, 0), np.where(there, bound, 0), there)
    return Model(J, *(part.reshape(*part.shape[:-2], -1) for part in parts))


def block_diagonal(trial, o, n, cases, wild):
    inner = trial.draw(st.sampled_from([dense, diagonal, low_rank]))
    widths = (o, n if inner is dense else o)
    blocks = trial.draw(st.sampled_from([b for b in range(1, 5) if not any(w % b for w in widths)]))
    model = inner(trial, *(w // blocks for w in widths), blocks, wild)
    if model is None:
        return None
    axis = trial.draw(st.sampled_from([0, -1]))
    J = trial.call(jp.BlockDiagonalJacobian, model.J, axis, refused=False)
    J = J if cases is None else trial.call(J.for_cases, cases, refused=False)
    parts = [_blocks(full(model, part), axis) for part in (model.matrix, model.bound, model.present)]
    return Model(J, *parts)


def _blocks(part, axis):
    """Every block in its place, case by case."""
    b, o, n = part.shape
    whole = np.zeros((o * b, n * b), part.dtype)
    for k in range(b):
        places = (slice(k * o, k * o + o), slice(k * n, k * n + n)) if axis == 0 else (slice(k, None, b),) * 2
        whole[places] = part[k]
    return whole


MAKERS = (dense, diagonal, low_rank, scaled, weight, identity, unitwise, block_diagonal)


def made(trial, o=None, n=None, cases=..., wild=None):
    """A Jacobian of some structure; None if an argument was bad and so refused."""
    cases = trial.draw(st.sampled_from([None, 1, 3])) if cases is ... else cases
    wild = trial.draw(st.booleans()) if wild is None else wild
    maker = trial.draw(st.sampled_from(MAKERS), label="structure")
    o = trial.draw(sizes) if o is None else o
    n = trial.draw(sizes) if n is None else n
    model = maker(trial, o, n, cases, wild)
    if model is not None and trial.draw(st.integers(0, 3)) == 0:
        model = turned(trial, model)
    return model


def turned(trial, model):
    """The transposed map, or the stack of the cases."""
    if trial.draw(st.booleans()):
        swapped = [np.swapaxes(part, -1, -2) for part in (model.matrix, model.bound, model.present)]
        return Model(model.J.T, *swapped)
    J = model.J.stacked()
    shape = (J._o, J._n)
    lead = () if model.J.cases is None else (model.J.cases,)
    parts = [
        np.broadcast_to(part, lead + part.shape[-2:]).reshape(shape)
        for part in (model.matrix, model.bound, model.present)
    ]
    return Model(J, *parts)


def full(model, part):
    lead = () if model.J.cases is None else (model.J.cases,)
    return np.broadcast_to(part, lead + part.shape[-2:])


@np.errstate(all="ignore")
def times(model, x, transposed=False):
    """(J x, |J| |x|) with structural zeros left out, for a block (.., n, k)."""
    parts = [full(model, part) for part in (model.matrix, model.bound, model.present)]
    if transposed:
        parts = [np.swapaxes(part, -1, -2) for part in parts]
    M, bound, present = (part[..., :, :, None] for part in parts)
    x = wide(x)[..., None, :, :]
    return np.where(present, M * x, 0).sum(axis=-2), np.where(present, bound * np.abs(x), 0).sum(axis=-2)


def too_spread(*arrays):
    """Whether products of the entries may overflow or underflow on the way."""
    with np.errstate(all="ignore"):
        sizes = np.concatenate([np.abs(np.asarray(a, float)).ravel() for a in arrays] or [np.zeros(1)])
    sizes = sizes[(sizes > 0) & np.isfinite(sizes)]
    return bool(sizes.size) and not (sizes.min() > 1e-3 and sizes.max() < 1e3)


def agrees(found, expected, bound, dtype, *inputs):
    """`near`, and where values are spread so far that products leave the range, only that nan stays nan."""
    if too_spread(*inputs):
        found = np.asarray(found)
        assert found.shape == expected.shape
        assert found.dtype == dtype
        with np.errstate(all="ignore"):
            unknown = np.isnan(expected)
        assert not np.isfinite(found[unknown]).any(), "a nan has become finite"
        return
    near(found, expected, bound, dtype, times=32.0)


def _numbers_of(model):
    return list(model.J.arrays)


def constructors(trial):
    """All constructors with arguments that fit in number alone."""
    kind = trial.draw(st.sampled_from([
        jp.DenseJacobian, jp.DiagonalJacobian, jp.DiagonalPlusLowRankJacobian, jp.ScaledJacobian,
        jp.WeightJacobian, jp.IdentityJacobian, jp.JacobianTensor, jp.Chain,
        jp.UnitwiseWeightJacobian, jp.BlockDiagonalJacobian,
    ]))  # fmt: skip
    counts = {
        jp.DiagonalPlusLowRankJacobian: 3,
        jp.ScaledJacobian: 3,
        jp.WeightJacobian: 2,
        jp.UnitwiseWeightJacobian: 2,
        jp.JacobianTensor: 4,
    }
    options = {
        jp.DenseJacobian: ("out_shape", "in_shape", "cases"),
        jp.DiagonalJacobian: ("shape", "cases"),
        jp.DiagonalPlusLowRankJacobian: ("shape", "diagonal", "cases"),
        jp.ScaledJacobian: ("out_shape", "in_shape", "cases"),
        jp.IdentityJacobian: ("cases", "dtype"),
        jp.Chain: ("variables", "head"),
        jp.BlockDiagonalJacobian: ("axis",),
    }.get(kind, ())
    shape = st.lists(st.integers(0, 3), max_size=4).map(tuple)
    good = st.sampled_from(
        [(2,), (3,), (2, 3), 2, "numerator", jp.IdentityJacobian(2), [jp.IdentityJacobian(2)]]
    )
    some = st.one_of(junk, good, shape.flatmap(numbers).flatmap(contained).map(lambda g: g.value))
    arguments = [trial.draw(some, label="argument") for _ in range(counts.get(kind, 1))]
    chosen = {name: trial.draw(some, label=name) for name in options if trial.draw(st.booleans())}
    J = trial.call(kind, *arguments, **chosen)
    if J is not REFUSED:
        assert len(trial.call(repr, J, refused=False)) < 2000
        if isinstance(J, jp.Jacobian):
            assert all(np.isscalar(length) for length in J.shape)
            pickle.loads(pickle.dumps(J))  # noqa: S301  (our own bytes)


def dense_forms(trial):
    """matrix, tensor, toarray, __array__, to_sparse, case, with limits of every kind."""
    model = made(trial)
    if model is None:
        return
    J = model.J
    M, bound = full(model, model.matrix), full(model, model.bound)
    which = trial.draw(
        st.sampled_from(["matrix", "tensor", "denominator", "array", "sparse", "case", "tagged"])
    )
    limit = trial.draw(st.one_of(st.just({}), junk.map(lambda value: {"max_bytes": value})), label="limit")
    if which == "matrix":
        found = trial.call(J.matrix, **limit)
    elif which == "tensor":
        found = trial.call(J.tensor, "numerator", **limit)
        found = found if found is REFUSED else found.reshape(M.shape)
    elif which == "denominator":
        found = trial.call(J.tensor, "denominator", **limit)
        if found is not REFUSED:
            assert found.shape == J._lead + J.in_shape + J.out_shape
            found = np.swapaxes(found.reshape(*J._lead, J._n, J._o), -1, -2)
    elif which == "array":
        found = trial.call(np.asarray, J)
    elif which == "sparse":
        found = trial.call(J.to_sparse, refused=J.cases is not None or J.dtype == np.float16)
        if found is REFUSED:
            return
        found = found.toarray()
    elif which == "tagged":
        found = trial.call(J.tagged, refused=J.cases is not None)
        found = found if found is REFUSED else found.array.reshape(M.shape)
    else:
        index = trial.draw(junk)
        one = trial.call(J.case, index)
        if one is REFUSED:
            return
        found, M, bound = one.matrix(), M[index], bound[index]
    if found is not REFUSED:
        agrees(found, M, bound, J.dtype, *_numbers_of(model))


def maps(trial):
    """push, pull, @ with arrays, and scipy's names, with arguments that fit or nearly."""
    model = made(trial)
    if model is None:
        return
    J = model.J
    way = trial.draw(
        st.sampled_from(["push", "pull", "right", "left", "matvec", "rmatvec", "matmat", "rmatmat"])
    )
    forward = way in ("push", "right", "matvec", "matmat")
    width = J._n if forward else J._o
    k = trial.draw(sizes)
    shapes = {
        "push": [J.in_shape, J._lead + J.in_shape],
        "pull": [J.out_shape, J._lead + J.out_shape],
        "right": [(width,), (width, k), (*J._lead, width, k)],
        "left": [(width,), (k, width), (*J._lead, k, width)],
        "matmat": [(width, k)],
        "rmatmat": [(width, k)],
    }.get(way, [(width,), (width, 1)])
    fits = trial.draw(st.integers(0, 4)) > 0
    shape = trial.draw(
        st.sampled_from(shapes) if fits else st.lists(st.integers(0, 4), max_size=4).map(tuple)
    )
    g = given(trial, trial.draw(numbers(shape)), "argument")
    function = {"right": J.__matmul__, "left": J.__rmatmul__}.get(way) or getattr(J, way)
    single = way in ("matvec", "rmatvec", "matmat", "rmatmat")
    wrong = g.bad or (single and J.cases is not None)
    found = trial.call(
        function, g.value, refused=True if wrong else False if shape in shapes and fits else None
    )
    if found is REFUSED or (shape not in shapes and way in ("push", "pull")):
        assert found is REFUSED, "an argument that does not fit was taken"
        return
    if shape not in shapes:
        return
    x = g.array
    lead = len(shape) - len(J.in_shape if way == "push" else J.out_shape)
    if way in ("push", "pull"):
        block = x.reshape(*x.shape[:lead], width, 1)
    elif way in ("matvec", "rmatvec"):
        block = x.reshape(width, 1)
    elif way == "left":
        block = np.swapaxes(np.atleast_2d(x), -1, -2)
    else:
        block = x[:, None] if x.ndim == 1 else x
    expected, bound = times(model, block, transposed=not forward)
    if way == "left" and x.ndim > 1:
        expected, bound = (np.swapaxes(part, -1, -2) for part in (expected, bound))
    if not (way in ("right", "left", "matmat", "rmatmat") and x.ndim > 1):
        expected, bound = (part[..., 0] for part in (expected, bound))
    if way in ("push", "pull"):
        out = J.out_shape if forward else J.in_shape
        expected, bound = (part.reshape(J._lead + out) for part in (expected, bound))
    dtype = found.dtype if not J.arrays else np.result_type(J.dtype, x)  # 1 is 1 in any
    agrees(found, expected, bound, dtype, x, *_numbers_of(model))


@np.errstate(all="ignore")
def products(trial):
    """A @ B and A + B for every pair of structures: the sums of products of their matrices."""
    cases = trial.draw(st.sampled_from([None, 1, 3]))
    wild = trial.draw(st.integers(0, 3)) == 0
    A = made(trial, cases=cases, wild=wild)
    if A is None:
        return
    fitting = trial.draw(st.integers(0, 4)) > 0
    B = made(
        trial, o=A.J._n if fitting else None, cases=trial.draw(st.sampled_from([None, cases, 2])), wild=wild
    )
    if B is None:
        return
    if trial.draw(st.booleans()):
        found = trial.call(A.J.__matmul__, B.J)
        fit = A.J.in_shape == B.J.out_shape
        combined = [] if not fit or found is REFUSED else [(A.matrix, B.matrix), (A.bound, B.bound)]
        parts = [(left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2) for left, right in combined]
    else:
        found = trial.call(A.J.__add__, B.J)
        fit = (A.J.out_shape, A.J.in_shape) == (B.J.out_shape, B.J.in_shape)
        parts = [] if not fit or found is REFUSED else [A.matrix + B.matrix, A.bound + B.bound]
    same = None in (A.J.cases, B.J.cases) or A.J.cases == B.J.cases
    assert (found is REFUSED) == (not (fit and same)), "refused wrongly" if fit and same else "not refused"
    if found is REFUSED or wild:
        return
    lead = () if found.cases is None else (found.cases,)
    expected, bound = (np.broadcast_to(part, lead + part.shape[-2:]) for part in parts)
    assert found.cases == (A.J.cases if B.J.cases is None else B.J.cases)
    dtypes = [J.dtype for J in (A.J, B.J) if not isinstance(J, jp.IdentityJacobian)]  # 1 is 1 in any
    dtype = np.result_type(*dtypes) if len(dtypes) == 2 else found.dtype
    near(found.matrix(), expected, bound, dtype, times=64.0)


@np.errstate(all="ignore")
def norms(trial):
    """row_norms, column_norms and gram_diagonal: numbers wherever the norm is one, whatever the entries."""
    model = made(trial)
    if model is None:
        return
    J = model.J
    M, present = full(model, model.matrix), full(model, model.present)
    rows = trial.draw(st.booleans())
    found = trial.call(J.row_norms if rows else J.column_norms, refused=False)
    squares = np.where(present, M**2, 0)
    expected = np.sqrt(squares.sum(axis=-1 if rows else -2))
    expected = expected.reshape(J._lead + (J.out_shape if rows else J.in_shape))
    if isinstance(J, jp.DiagonalPlusLowRankJacobian | jp.WeightJacobian | jp.ScaledJacobian) and too_spread(
        *J.arrays
    ):
        assert not np.isfinite(found[np.isnan(expected)]).any()
        return
    if "low rank" in J.structure.name or "rank" in J.structure.name or J.structure.inner is not None:
        bound = np.full(expected.shape, np.nan_to_num(full(model, model.bound), nan=1.0).sum())
        if too_spread(*J.arrays):
            return
    else:
        bound = np.nan_to_num(expected, nan=1.0)
    coarse = max([eps(array.dtype) for array in J.arrays], default=0) / eps(J.dtype)  # the norm of each part
    near(found, expected, bound, J.dtype, times=32.0 * max(1, coarse))
    squared = trial.call(J.gram_diagonal, refused=False)
    assert not np.isnan(squared[np.isfinite(np.asarray(J.column_norms()))]).any()


def options(trial):
    """Options of a Jacobian's methods that mean nothing, operands that are none, and pickles."""
    model = made(trial, wild=False)
    if model is None:
        return
    J, value = model.J, trial.draw(junk, label="value")
    calls = {
        "layout": lambda: J.tensor(value),
        "tagged": lambda: J.tagged(value),
        "for_cases": lambda: J.for_cases(value),
        "case": lambda: J.case(value),
        "add": lambda: J + value,
        "radd": lambda: value + J,
        "times": lambda: J @ value,
        "push": lambda: J.push(value),
        "pull": lambda: J.pull(value),
        "sparse": lambda: J.to_sparse(value),
        "operator": lambda: J.to_linear_operator(),
        "chain": lambda: jp.Chain([J, value]),
        "many": lambda: J.for_cases(2**40),
    }
    which = trial.draw(st.sampled_from(sorted(calls)))
    if which == "radd" and hasattr(type(value), "__array_ufunc__") and not isinstance(value, np.ndarray):
        return  # numpy's scalars add before they ask
    found = trial.call(calls[which])
    if which == "many" and found is not REFUSED and J._n:
        for call in (found.matrix, found.row_norms, found.column_norms):
            trial.call(call, refused=True)
        trial.call(found.push, np.ones(J.in_shape, J.dtype), refused=False)  # one result that all cases share
        assert len(repr(found)) < 1000


def tensors(trial):
    """JacobianTensor: its layouts, products and sums."""
    shapes = [trial.draw(st.lists(st.integers(1, 3), max_size=2).map(tuple)) for _ in range(3)]
    layouts = [trial.draw(st.sampled_from(["numerator", "denominator"])) for _ in range(2)]
    made_of = []
    for (out, inner), layout in zip((shapes[:2], shapes[1:]), layouts, strict=True):
        shape = out + inner if layout == "numerator" else inner + out
        g = given(trial, trial.draw(numbers(shape, wild=False)), "array")
        J = trial.call(jp.JacobianTensor, g.value, out, inner, layout, refused=g.bad)
        if J is REFUSED:
            return
        made_of.append((J, wide(g.array)))
    (J, A), (K, B) = made_of
    axes = len(shapes[1])
    found = trial.call(J.__matmul__, K, refused=layouts[0] != layouts[1])
    if found is not REFUSED:
        first, second = (A, B) if layouts[0] == "numerator" else (B, A)
        expected = np.tensordot(first, second, axes=axes)
        bound = np.tensordot(np.abs(first), np.abs(second), axes=axes)
        near(found.array, expected, bound, np.result_type(J.array, K.array))
    assert np.array_equal(J.to("denominator").to("numerator").array, J.to("numerator").array)
    value = trial.draw(junk)
    for call in (lambda: J.to(value), lambda: J @ value, lambda: J + value):
        trial.call(call)


def chains(trial):
    """Chains: every order and limit multiplies to the product of the matrices."""
    cases = trial.draw(st.sampled_from([None, 3]))
    models = [made(trial, cases=cases, wild=False)]
    for _ in range(trial.draw(st.integers(0, 3))):
        models.append(models[-1] and made(trial, o=models[-1].J._n, cases=cases, wild=False))
    if None in models:
        return
    fit = all(a.J.in_shape == b.J.out_shape for a, b in itertools.pairwise(models))
    fit = fit and len({model.J.cases for model in models} - {None}) <= 1
    chain = trial.call(jp.Chain, [model.J for model in models], refused=not fit)
    if chain is REFUSED:
        return
    order = trial.draw(st.one_of(st.sampled_from(["auto", "optimal", "backward", "forward"]), junk))
    limit = trial.draw(st.one_of(st.none(), st.integers(0, 2000), junk))
    plan = trial.call(chain.plan, order, limit)
    found = trial.call(chain.multiply, order, limit, refused=plan is REFUSED)
    if found is REFUSED:
        return
    assert len(str(plan)) < 5000
    expected, bound = models[0].matrix, models[0].bound
    for model in models[1:]:
        expected = (expected[..., :, :, None] * model.matrix[..., None, :, :]).sum(axis=-2)
        bound = (bound[..., :, :, None] * model.bound[..., None, :, :]).sum(axis=-2)
    lead = () if found.cases is None else (found.cases,)
    expected, bound = (np.broadcast_to(part, lead + part.shape[-2:]) for part in (expected, bound))
    dtypes = [model.J.dtype for model in models if not isinstance(model.J, jp.IdentityJacobian)]
    dtype = np.result_type(*dtypes) if len(dtypes) == len(models) else found.dtype
    near(found.matrix(), expected, bound, dtype, times=256.0)
    trial.call(chain.log2_norms, refused=False)
    trial.call(chain.steps, refused=False)


def plans(trial):
    """jp.plan with widths that are none."""
    widths = trial.draw(
        st.one_of(st.lists(st.one_of(st.integers(1, 30), junk), max_size=5), junk), label="widths"
    )
    order = trial.draw(st.one_of(st.sampled_from(["auto", "optimal", "backward", "forward"]), junk))
    limit = trial.draw(st.one_of(st.none(), junk))
    plan = trial.call(jp.plan, widths, order, limit)
    if plan is not REFUSED:
        costs = [o * n * k for o, n, k in zip(widths, widths[1:], widths[2:], strict=False)]
        assert (plan.multiply_adds > 0) == bool(costs)
        assert len(trial.call(str, plan, refused=False)) < 5000
        assert len(trial.call(repr, plan, refused=False)) < 500


DOORS = {
    "Jacobian constructors": constructors,
    "Jacobian dense forms": dense_forms,
    "Jacobian maps": maps,
    "Jacobian products and sums": products,
    "Jacobian norms": norms,
    "Jacobian options": options,
    "JacobianTensor": tensors,
    "Chain": chains,
    "plan": plans,
}
