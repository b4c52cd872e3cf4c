"""check_vjp: derivations by hand, right ones and wrong ones, and what is said about the wrong ones."""

import re

import numpy as np
import pytest

from jacobprop.checking import check_vjp
from jacobprop.checking.locating import Functional
from jacobprop.checking.uses import jacobians_by_use
from jacobprop.errors import CheckFailed, DTypeError, NonFiniteError, OptionError

RNG = np.random.default_rng(3)
EPS = 1e-6


def root(x):
    return np.sqrt((x**2).mean(axis=-1, keepdims=True) + EPS)


def rms(x, g):
    return g * x / root(x)


def rms_back(dy, x, g, sign=1, rank_one=1):
    r = root(x)
    u, d = x / r, dy * g
    return sign * (d - rank_one * u * (d * u).mean(axis=-1, keepdims=True)) / r, (dy * u).sum(axis=0)


def layer_norm(x, g, b):
    m = x.mean(axis=-1, keepdims=True)
    s = np.sqrt(((x - m) ** 2).mean(axis=-1, keepdims=True) + EPS)
    u = (x - m) / s
    return g * u + b, (u, s, g)


def layer_norm_back(dy, cache, mean=1, rank_one=1):
    u, s, g = cache
    d = dy * g
    dx = d - mean * d.mean(axis=-1, keepdims=True) - rank_one * u * (d * u).mean(axis=-1, keepdims=True)
    return dx / s, (dy * u).sum(axis=0), dy.sum(axis=0)


def batch_norm(x, g, b):
    return g * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS) + b


def batch_norm_back(dy, x, g, b, mean=1, rank_one=1):
    s = np.sqrt(x.var(axis=0) + EPS)
    u, d = (x - x.mean(axis=0)) / s, dy * g
    return (
        (d - mean * d.mean(axis=0) - rank_one * u * (d * u).mean(axis=0)) / s,
        (dy * u).sum(axis=0),
        dy.sum(axis=0),
    )


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[1])) @ V


def attention_back(dy, Q, K, V, coupled=1, scale=None):
    scale = 1 / np.sqrt(Q.shape[1]) if scale is None else scale
    P = softmax(Q @ K.T / np.sqrt(Q.shape[1]))
    dP = dy @ V.T
    dS = P * (dP - coupled * (dP * P).sum(axis=-1, keepdims=True))
    return dS @ K * scale, dS.T @ Q * scale, P.T @ dy


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru(x, h, Wz, Uz, Wr, Ur, W, U):
    z, r = sigmoid(x @ Wz + h @ Uz), sigmoid(x @ Wr + h @ Ur)
    return (1 - z) * h + z * np.tanh(x @ W + (r * h) @ U)


def gru_back(dy, x, h, Wz, Uz, Wr, Ur, W, U, through_reset=1):
    z, r = sigmoid(x @ Wz + h @ Uz), sigmoid(x @ Wr + h @ Ur)
    c = np.tanh(x @ W + (r * h) @ U)
    dz, dc = dy * (c - h) * z * (1 - z), dy * z * (1 - c * c)
    drh = dc @ U.T
    dr = drh * h * r * (1 - r)
    dh = dy * (1 - z) + through_reset * drh * r + dz @ Uz.T + dr @ Ur.T
    dx = dz @ Wz.T + dr @ Wr.T + dc @ W.T
    return dx, dh, x.T @ dz, h.T @ dz, x.T @ dr, h.T @ dr, x.T @ dc, (r * h).T @ dc


def affine(x, W, b):
    return np.tanh(x @ W + b)


def affine_back(dy, x, W, b, finish=None, slope=lambda y: 1 - y * y):
    dz = dy * slope(affine(x, W, b))
    return (dz @ W.T, x.T @ dz, dz.sum(axis=0)) if finish is None else finish(dz, x, W)


def tied(x, W):
    return np.tanh(x @ W) @ W.T


def tied_back(dy, x, W, first=1, second=1):
    h = np.tanh(x @ W)
    dh = (dy @ W) * (1 - h * h)
    return dh @ W.T, first * (x.T @ dh) + second * (dy.T @ h)


def embedding_back(dy, E, k):
    gradient = np.zeros_like(E)
    np.add.at(gradient, k, dy)
    return gradient, None


def changed(backward, **changes):
    return lambda *arguments: backward(*arguments, **changes)


def finished(finish):
    return changed(affine_back, finish=finish)


def shapes(*each):
    return tuple(RNG.normal(size=shape) for shape in each)


NORM = shapes((5, 4), (4,))
NORMS = shapes((5, 4), (4,), (4,))
QKV = shapes((5, 3), (6, 3), (6, 2))
GRU = shapes((5, 3), (5, 4), (3, 4), (4, 4), (3, 4), (4, 4), (3, 4), (4, 4))
AFFINE = shapes((5, 4), (4, 3), (3,))
SQUARE = shapes((5, 4), (4, 4), (4,))
TIED = shapes((5, 4), (4, 3))

RIGHT = {
    "rms": (rms, rms_back, *NORM),
    "layer norm": (layer_norm, layer_norm_back, *NORMS),
    "batch norm": (batch_norm, batch_norm_back, *NORMS),
    "attention": (attention, attention_back, *QKV),
    "gru": (gru, gru_back, *GRU),
    "affine": (affine, affine_back, *AFFINE),
    "tied": (tied, tied_back, *TIED),
    "one number": (lambda x: x**3, lambda dy, x: 3 * x**2 * dy, 2.0),
    "to one number": (lambda x: (x**2).sum(), lambda dy, x: 2 * x * dy, RNG.normal(size=(3, 2))),
    "integers": (lambda x: 2 * x, lambda dy, x: 2 * dy, [[1, 2], [3, 4]]),
    "labels": (lambda E, k: E[k], embedding_back, RNG.normal(size=(4, 3)), np.array([2, 0, 2])),
    "labels left out": (
        lambda k, E: E[k],
        lambda dy, k, E: embedding_back(dy, E, k)[0],
        np.array([2, 0, 2]),
        RNG.normal(size=(4, 3)),
    ),
    "list of gradients": (affine, lambda *a: list(affine_back(*a)), *AFFINE),
    "empty": (lambda x: 2 * x, lambda dy, x: 2 * dy, np.zeros((0, 3))),
}  # fmt: skip

TOTAL = [0.0]


def adding_up(dy, x, W, b):
    dx, dW, db = affine_back(dy, x, W, b)
    TOTAL[0] = TOTAL[0] + dW
    return dx, TOTAL[0], db


def in_place(dy, x, W, b):
    dy *= 1 - affine(x, W, b) ** 2
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def slightly_off(y):
    return (1 - y * y) * 1.0005


def affine_in_dy(dy, x):
    return 2 * dy + (abs(dy).sum() > 1.5)


def noisy(x, g, rng=np.random.default_rng(0)):  # noqa: B008  (state kept between calls is what is tested)
    return rms(x, g) + 1e-3 * rng.normal()


WRONG = {
    "sign": (rms, changed(rms_back, sign=-1), *NORM, "gradient by x", "the sign is wrong"),
    "rank one": (rms, changed(rms_back, rank_one=0), *NORM, "gradient by x", r"use 2 of x \("),
    "not summed": (
        rms,
        lambda dy, x, g: (rms_back(dy, x, g)[0], dy * x / root(x)),
        *NORM,
        "gradient by g",
        r"axis 0 \(5 long\) of what was broadcast is not added up.*shape \(5, 4\), and g has \(4,\)",
    ),
    "layer norm, mean": (layer_norm, changed(layer_norm_back, mean=0), *NORMS, "gradient by x", "in mean"),
    "layer norm, rank one": (
        layer_norm,
        changed(layer_norm_back, rank_one=0),
        *NORMS,
        "gradient by x",
        "use 2 of x",
    ),
    "batch norm, mean": (batch_norm, changed(batch_norm_back, mean=0), *NORMS, "gradient by x", "differ"),
    "batch norm, rank one": (
        batch_norm,
        changed(batch_norm_back, rank_one=0),
        *NORMS,
        "gradient by x",
        "use . of x",
    ),
    "attention, coupling": (attention, changed(attention_back, coupled=0), *QKV, "gradient by Q", "differ"),
    "attention, scale": (attention, changed(attention_back, scale=1), *QKV, "gradient by Q", r"1\.732|sqrt"),
    "gru": (gru, changed(gru_back, through_reset=0), *GRU, "gradient by h", r"use 4 of h \(in multiply\)"),
    "mean for sum": (
        affine,
        finished(lambda dz, x, W: (dz @ W.T, x.T @ dz / len(x), dz.mean(axis=0))),
        *AFFINE,
        "gradient by W",
        "multiply by 5",
    ),
    "bias not summed": (
        affine,
        finished(lambda dz, x, W: (dz @ W.T, x.T @ dz, dz)),
        *AFFINE,
        "gradient by b",
        "not added up",
    ),
    "no slope": (affine, changed(affine_back, slope=np.ones_like), *AFFINE, "gradient by x", "differ"),
    "0.05 %": (affine, changed(affine_back, slope=slightly_off), *AFFINE, "gradient by x", "1.0005"),
    "transposed": (
        affine,
        finished(lambda dz, x, W: (dz @ W.T, (x.T @ dz).T, dz.sum(axis=0))),
        *SQUARE,
        "gradient by W",
        "transpose",
    ),
    "transposed shape": (
        affine,
        finished(lambda dz, x, W: (dz @ W.T, dz.T @ x, dz.sum(axis=0))),
        *AFFINE,
        "gradient by W",
        r"transpose.*it has shape \(3, 4\), and W has \(4, 3\)",
    ),
    "W for its transpose": (
        affine,
        finished(lambda dz, x, W: (dz @ W, x.T @ dz, dz.sum(axis=0))),
        *SQUARE,
        "gradient by x",
        "differ",
    ),
    "first use": (tied, changed(tied_back, first=0), *TIED, "gradient by W", r"use 1 of W \(in"),
    "second use": (tied, changed(tied_back, second=0), *TIED, "gradient by W", r"use 2 of W \(in"),
    "a case dropped": (
        affine,
        finished(lambda dz, x, W: (dz @ W.T, x[1:].T @ dz[1:], dz[1:].sum(axis=0))),
        *AFFINE,
        "gradient by W",
        "missing",
    ),
    "relu mask": (lambda x: np.maximum(x, 0), lambda dy, x: dy * (x < 0), NORM[0], "gradient by x", "mask"),
    "J for its transpose": (
        np.cumsum,
        lambda dy, x: np.cumsum(dy),
        RNG.normal(size=5),
        "gradient by a",
        r"^backward computes J dy, not J\^T dy",
    ),
    "inverse": (
        np.linalg.inv,
        lambda dy, x: -np.linalg.inv(x) @ dy @ np.linalg.inv(x),
        RNG.normal(size=(3, 3)) + 3 * np.eye(3),
        "gradient by a",
        r"^backward computes J dy, not J\^T dy",
    ),
    "no gradient at all": (
        lambda x: x,
        lambda dy, x: None,
        np.ones(3),
        "gradients",
        "returns None for every array of floats: no gradient was compared",
    ),
    "too few": (
        affine,
        lambda *a: affine_back(*a)[:2],
        *AFFINE,
        "gradients",
        "returns 2 gradients for 3 arrays: return one for each of x, W, b",
    ),
    "added up": (affine, adding_up, *AFFINE, "backward", "keeps state, or adds to an earlier call"),
    "not linear": (lambda x: 2 * x, affine_in_dy, NORM[0], "backward", "not linear"),
    "in place": (affine, in_place, *AFFINE, "backward", "writes into dy"),
    "random": (noisy, rms_back, *NORM, "forward", "keeps state, or draws random numbers"),
    "wrong for one entry": (
        lambda x: x**2,
        lambda dy, x: 2 * x * dy * (np.arange(x.size).reshape(x.shape) != 7),
        NORM[0],
        "gradient by x",
        "place|entries differ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("forward", "backward", "arrays"), [(f, b, a) for f, b, *a in RIGHT.values()], ids=RIGHT
)
def test_a_right_derivation_holds(forward, backward, arrays):
    kept = [np.array(array) for array in arrays]
    report = check_vjp(forward, backward, *arrays)
    assert report, str(report)
    assert all(np.array_equal(before, after) for before, after in zip(kept, arrays, strict=True))
    assert all(row.error < 1e-5 for row in report.rows)
    assert {row.verdict for row in report.rows} <= {"holds", "not resolved"}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_wrong_derivation_is_named(case):
    forward, backward, *arrays, what, words = case
    report = check_vjp(forward, backward, *arrays)
    assert not report
    first = report.failures[0]
    assert first.what == what
    with pytest.raises(CheckFailed) as caught:
        report.raise_if_failed()
    assert re.search(words, first.note), first.note
    assert first.note.split()[0] in str(caught.value)


def test_the_gradients_beside_a_wrong_one_hold():
    report = check_vjp(tied, changed(tied_back, second=0), *TIED)
    assert [row.what for row in report.failures] == ["gradient by W"]
    held = {row.what for row in report.rows if row.verdict == "holds"}
    assert held == {"forward", "backward", "gradient by x"}


def test_large_arrays_go_through_random_covectors():
    arrays = shapes((40, 30), (30, 20), (20,))
    arrays[1][...] /= 6
    report = check_vjp(affine, affine_back, *arrays)
    assert report, str(report)
    witnesses = {row.witness for row in report.rows if row.what == "gradient by W"}
    assert witnesses == {"differences", "a random direction"}
    assert any("60 of 1,200 entries compared, for a random dy" in row.note for row in report.rows)

    def one_entry(dy, x, W, b):
        dx, dW, db = affine_back(dy, x, W, b)
        dW[3, 4] *= 1.5
        return dx, dW, db

    wrong = check_vjp(affine, one_entry, *arrays)
    assert {row.what for row in wrong.failures} == {"gradient by W"}
    negative = check_vjp(affine, lambda *a: tuple(-g for g in affine_back(*a)), *arrays)
    assert "the sign is wrong" in " ".join(row.note for row in negative.failures)


def linear(x, W):
    return x @ W


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ({(7, 9): 1.01}, r"entry \[7, 9\] is wrong: \S+ where the witness has \S+; the others are right"),
        ({(7, 9): 1.001, (31, 2): 2.0}, r"entry \[(7, 9|31, 2)\] is wrong.*; others are wrong too"),
    ],
    ids=["one", "two"],
)
def test_the_wrong_entry_of_a_large_gradient_is_located(off, words):
    def backward(dy, x, W):
        gradient = x.T @ dy
        for place, factor in off.items():
            gradient[place] *= factor
        return dy @ W.T, gradient

    (failure,) = check_vjp(linear, backward, *shapes((20, 40), (40, 30))).failures
    assert failure.witness == "a random direction"
    assert re.search(words, failure.note), failure.note
    said, right = map(float, re.findall(r"-?\d\S*(?= where|;)", failure.note))
    assert min(abs(said / right - factor) for factor in off.values()) < 1e-5


def test_a_large_gradient_that_is_wrong_everywhere_is_named_by_a_sample():
    X, W = shapes((20, 40), (40, 30))
    report = check_vjp(linear, lambda dy, x, W: (dy @ W.T, -x.T @ dy), X, W)
    assert [row.witness for row in report.failures] == ["differences", "a random direction"]
    assert report.failures[0].note.startswith("the sign is wrong")
    assert report.failures[1].note == "as its entries are"


def test_what_no_half_shows_is_a_block():
    x = np.zeros((2, 4))
    wrong = Functional(lambda x: np.atleast_1d(x.sum()), x, np.full((2, 4), 1.3), 100.0, x.dtype, RNG)
    assert wrong.located() == "wrong somewhere in the entries [0, 0] to [1, 3]; the others are right"


def test_an_array_without_gradient_is_said():
    X, T = shapes((4, 3), (4, 3))
    report = check_vjp(lambda x, t: (x - t) ** 2, lambda dy, x, t: (2 * dy * (x - t), None), X, T)
    assert report
    (row,) = (row for row in report.rows if row.what == "gradient by t")
    assert (row.verdict, row.note) == (
        "not resolved",
        "backward returns None for t: nothing was compared",
    )
    assert report.sentence.endswith("1 gradient and 2 properties hold, 1 not resolved")


def test_a_gradient_that_changes_its_shape_is_refused():
    def moody(dy, x, W, b):
        dx, dW, db = affine_back(dy, x, W, b)
        moody.calls += 1
        return dx, dW if moody.calls < 7 else None, db

    moody.calls = 0
    arrays = shapes((40, 30), (30, 20), (20,))
    assert any("changes its shape" in row.note for row in check_vjp(affine, moody, *arrays).failures)


def test_float32_is_compared_in_float64():
    single = [array.astype(np.float32) for array in AFFINE]
    report = check_vjp(affine, affine_back, *single)
    assert report, str(report)
    wrong = check_vjp(affine, changed(affine_back, slope=lambda y: 1.02 * (1 - y * y)), *single)
    assert not wrong
    rounding = check_vjp(
        lambda x: np.float32(1) * np.tanh(x.astype(np.float32)), lambda dy, x: dy / np.cosh(x) ** 2, NORM[0]
    )
    assert rounding, str(rounding)
    assert max(row.resolves for row in rounding.rows) > 1e-6


def test_kinks_are_said():
    x = np.array([-1.0, 0.0, 2.0])
    for chosen in (0.0, 0.5, 1.0):
        report = check_vjp(
            lambda x: np.maximum(x, 0), lambda dy, x, c=chosen: dy * np.where(x == 0, c, x > 0), x
        )
        assert report, str(report)
        assert "at a kink" in {row.verdict for row in report.rows}
    assert not check_vjp(lambda x: np.maximum(x, 0), lambda dy, x: dy * np.where(x == 0, 7.0, x > 0), x)


def test_names_come_from_forward_or_from_the_caller():
    assert "gradient by W" in {row.what for row in check_vjp(affine, affine_back, *AFFINE).rows}
    named = check_vjp(affine, affine_back, *AFFINE, names=["input", "weight", "bias"])
    assert "gradient by weight" in {row.what for row in named.rows}
    anonymous = check_vjp(lambda *a: affine(*a), affine_back, *AFFINE)
    assert "gradient by array 2" in {row.what for row in anonymous.rows}
    with pytest.raises(OptionError, match="one name for each array; got"):
        check_vjp(affine, affine_back, *AFFINE, names=["x"])


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(OptionError, match="nothing to differentiate by"):
        check_vjp(affine, affine_back)
    with pytest.raises(NonFiniteError, match="array 1 is not finite"):
        check_vjp(np.sin, np.cos, np.array([1.0, np.nan]))
    with pytest.raises(NonFiniteError, match="forward: y is not finite"):
        check_vjp(lambda x: x / 0, lambda dy, x: dy, np.ones(2))
    with pytest.raises(DTypeError, match="forward must return y, or y and a cache; got a tuple of 3"):
        check_vjp(lambda x: (x, x, x), lambda dy, x: dy, np.ones(2))
    with pytest.raises(CheckFailed, match="forward: it raised KeyError"):
        check_vjp(lambda x: {}["x"], lambda dy, x: dy, np.ones(2))
    words = r"backward: it raised TypeError(?!.*stacks).*calls backward\(dy, x\), with copies"
    with pytest.raises(CheckFailed, match=words):
        check_vjp(np.sin, lambda dy: dy, np.ones(2))
    with pytest.raises(DTypeError, match="no array of floats, so no gradient to compare; got int64"):
        check_vjp(lambda k: 2.0 * k, lambda dy, k: 5 * dy, np.arange(3))
    with pytest.raises(DTypeError, match=r"got a dict.*Return a tuple with one gradient for each array"):
        check_vjp(np.sin, lambda dy, x: {"x": dy}, np.ones(2))
    with pytest.raises(DTypeError, match="forward returned nothing; got None"):
        check_vjp(lambda x: None, lambda dy, x: dy, np.ones(2))
    with pytest.raises(DTypeError, match="array 1 does not hold real numbers"):
        check_vjp(np.sin, np.cos, np.ones(2) * 1j)
    sympy = pytest.importorskip("sympy")
    with pytest.raises(DTypeError, match="check_vjp compares floats"):
        check_vjp(np.sin, np.cos, np.array(sympy.symbols("x y"), dtype=object))


# -- the uses of an array ----------------------------------------------------------------------------------

W = RNG.normal(size=(3, 3))


def jacobian(function, x):
    from_columns = [
        (function(x + 1e-6 * unit) - function(x - 1e-6 * unit)) / 2e-6
        for unit in np.eye(x.size).reshape(-1, *x.shape)
    ]
    return np.stack(from_columns, axis=-1).reshape(*np.shape(function(x)), *x.shape)


FOLLOWED = {
    "views": (lambda W: W @ W.T + 2 * W[:1], ["matmul", "matmul", "multiply"]),
    "methods": (lambda W: W.dot(W) + W.mean(axis=0), ["dot", "dot", "mean"]),
    "functions": (lambda W: np.einsum("ij,kj->ik", W, W.reshape(3, 3)), ["einsum", "einsum"]),
    "reductions": (lambda W: W / np.sqrt((W**2).sum(axis=0)), ["square", "divide"]),
    "copies": (lambda W: W.copy() * W[[2, 0, 1]], ["copy", "indexing"]),
    "stacks": (lambda W: np.concatenate([W, np.transpose(W)]), ["concatenate", "concatenate"]),
}


@pytest.mark.parametrize(("function", "operations"), FOLLOWED.values(), ids=FOLLOWED)
def test_the_terms_of_all_uses_add_up(function, operations):
    total = jacobian(function, W)
    terms = jacobians_by_use(function, W, total, "W")
    found = [label.split("(in ")[1].rstrip(")") for label in terms]
    assert [name.replace("power", "square") for name in found] == operations
    assert abs(sum(terms.values()) - total).max() < 1e-7
    assert all(abs(term).max() > 1e-3 for term in terms.values())


def test_each_term_is_that_use_alone():
    terms = jacobians_by_use(lambda W: W @ W, W, jacobian(lambda W: W @ W, W), "W")
    left = jacobian(lambda moved: moved @ W, W)
    right = jacobian(lambda moved: W @ moved, W)
    np.testing.assert_allclose(terms["use 1 of W (in matmul)"], left, atol=1e-8)
    np.testing.assert_allclose(terms["use 2 of W (in matmul)"], right, atol=1e-8)


def writes(W):
    W[0] = 1
    return W @ W


def hidden(W):
    plain = np.frombuffer(memoryview(np.ascontiguousarray(W)), float).reshape(3, 3)
    return plain @ W


@pytest.mark.parametrize(
    "function",
    [writes, hidden, lambda W: 2 * W, lambda W: sum(W * k for k in range(40)), lambda W: np.add(W, W, out=W)],
    ids=["writes", "hidden", "one use", "forty uses", "out"],
)
def test_what_cannot_be_followed_has_no_terms(function):
    total = jacobian(lambda x: function(x.copy()), W)
    assert jacobians_by_use(function, W, total, "W") == {}


def test_a_wrong_entry_and_a_wrong_call_are_written_as_in_a_derivation():
    report = check_vjp(lambda x: x**2, lambda dy, x: np.where(x > 2, 3, 2) * x * dy, np.array([1.0, 5.0]))
    assert "most at dy[1]/dx[1]: 15 where the witness has 10" in report.failures[0].note
    with pytest.raises(CheckFailed, match=r"The check calls backward\(dy, x, g\), with copies"):
        check_vjp(lambda x, g: x * g, lambda dy, x: dy, np.ones(2), np.ones(2))
