"""Hostile input is refused with the call, what came, what was expected and one remedy, or it simply works.

The full texts stand in ``bad_input.txt``, one a line, under the names of the calls here. A raise in
the sources that no line of that file comes from fails the last test.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse
import sympy

import jacobprop
from jacobprop import errors
from jacobprop.arrays import as_array, as_cases, freeze, frozen, is_symbolic, require_finite
from jacobprop.jacobians import (
    BlockDiagonalJacobian,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    JacobianTensor,
    ScaledJacobian,
    UnitwiseWeightJacobian,
    WeightJacobian,
)
from jacobprop.layout import check_layout

from .market import Numbers, close

d3 = np.ones(3)
ONE, STACK = DiagonalJacobian(d3), DiagonalJacobian(np.ones((4, 3)))


def D(*arguments, **options):
    return DiagonalJacobian(*arguments, **options)


def L(*arguments, **options):
    return DiagonalPlusLowRankJacobian(*arguments, **options)


def tensor(array, out, inner, layout="numerator"):
    return JacobianTensor(array, out, inner, layout)


BAD = {
    "bool": lambda: D([True, False]),
    "norms of symbols": lambda: D(np.array([sympy.Symbol("x")])).row_norms(),
    "complex": lambda: D(np.ones(2, complex)),
    "string": lambda: D(["1", "2"]),
    "bytes": lambda: D(np.array([b"1"])),
    "dates": lambda: D(np.array(["2020-01-01"], "M8[D]")),
    "durations": lambda: D(np.array([1], "m8[s]")),
    "records": lambda: D(np.ones(2, [("a", float)])),
    "ragged": lambda: DenseJacobian([[1.0, 2.0], [3.0]]),
    "masked": lambda: D(np.ma.array([1.0, 2.0], mask=[0, 1])),
    "sparse": lambda: DenseJacobian(sparse.csr_array(np.eye(2))),
    "objects": lambda: D(np.array([1.0, None], dtype=object)),
    "bools among symbols": lambda: D(np.array([sympy.Symbol("s"), True], dtype=object)),
    "a set": lambda: D({1.0, 2.0}),
    "not finite": lambda: require_finite(np.array([[1.0, 2.0], [np.nan, 1.0]]), "W1", "Network"),
    "three axes of cases": lambda: as_cases(np.ones((2, 3, 4)), "X", 4, "forward"),
    "no axis of cases": lambda: as_cases(1.0, "X", None, "forward"),
    "width": lambda: as_cases(np.ones((5, 3)), "X", 4, "forward"),
    "a row for a column": lambda: as_cases(np.ones(5), "X", 1, "forward"),
    "empty batch": lambda: as_cases(np.ones((0, 4)), "X", 4, "forward"),
    "layout": lambda: STACK.tensor("fortran"),
    "layout of to": lambda: tensor(np.ones(2), (2,), ()).to("C"),
    "layout of a tensor": lambda: tensor(np.ones(2), (2,), (), "rows"),
    "d 0-d": lambda: D(1.0),
    "d 3-d": lambda: D(np.ones((2, 2, 2))),
    "d shape": lambda: D(d3, shape=(2,)),
    "negative shape": lambda: D(d3, shape=(-1, -3)),
    "cases disagree": lambda: D(np.ones((4, 3)), cases=5),
    "no cases": lambda: D(np.ones((0, 3))),
    "zero cases": lambda: D(d3, cases=0),
    "identity no cases": lambda: IdentityJacobian(3, cases=0),
    "identity negative": lambda: IdentityJacobian((2, -3)),
    "identity fraction": lambda: IdentityJacobian(3.7),
    "identity text": lambda: IdentityJacobian("3"),
    "shape fraction": lambda: D(d3, shape=(1.5, 2)),
    "identity dtype": lambda: IdentityJacobian(3, dtype=complex),
    "U rows": lambda: L(d3, np.ones((2, 1)), np.ones((3, 1))),
    "V rank": lambda: L(d3, np.ones((3, 2)), np.ones((3, 1))),
    "diagonal": lambda: L(d3, np.ones((3, 1)), np.ones((3, 1)), diagonal=np.ones(2)),
    "low rank axes": lambda: L(d3, d3, d3),
    "low rank cases": lambda: L(np.ones((4, 3)), np.ones((5, 3, 1)), np.ones((3, 1))),
    "scaled cases": lambda: ScaledJacobian(None, np.ones((4, 3, 2))),
    "scaled rows": lambda: ScaledJacobian(np.ones(2), np.ones((3, 2))),
    "scaled columns": lambda: ScaledJacobian(None, np.ones((3, 2)), np.ones((4, 3))),
    "scaled cases disagree": lambda: ScaledJacobian(np.ones((4, 3)), np.ones((3, 2)), np.ones((5, 2))),
    "scaled out": lambda: ScaledJacobian(None, np.ones((3, 2)), out_shape=(2, 2)),
    "scaled in": lambda: ScaledJacobian(None, np.ones((3, 2)), in_shape=(2, 2)),
    "dense vector": lambda: DenseJacobian(d3),
    "dense tensor": lambda: DenseJacobian(np.ones((2, 2, 2, 2))),
    "dense cases": lambda: DenseJacobian(np.ones((4, 3, 2)), cases=5),
    "dense out": lambda: DenseJacobian(np.ones((3, 2)), ()),
    "weight y": lambda: WeightJacobian(np.ones((2, 3)), np.ones((2, 2, 2))),
    "weight cases": lambda: WeightJacobian(np.ones((4, 2, 3)), np.ones((5, 2))),
    "weight left": lambda: WeightJacobian(np.ones(3), np.ones(2)),
    "unitwise V": lambda: UnitwiseWeightJacobian(np.ones((2, 3)), np.ones(3)),
    "unitwise cases": lambda: UnitwiseWeightJacobian(np.ones((4, 2, 3)), np.ones((5, 2, 3))),
    "unitwise left": lambda: UnitwiseWeightJacobian(np.ones((2, 3)), np.ones((3, 2))),
    "push": lambda: STACK.push(np.ones(4)),
    "push cases": lambda: STACK.push(np.ones((5, 3))),
    "push one": lambda: ONE.push(np.ones((4, 3))),
    "pull": lambda: STACK.pull(np.ones((3, 4))),
    "push dtype": lambda: STACK.push(np.ones(3, complex)),
    "right": lambda: STACK @ np.ones((4, 3, 2, 1)),
    "right rows": lambda: ONE @ np.ones((2, 2)),
    "right scalar": lambda: ONE @ 2.0,
    "right cases": lambda: STACK @ np.ones((5, 3, 2)),
    "left": lambda: np.ones((2, 2)) @ ONE,
    "left cases": lambda: np.ones((5, 2, 3)) @ STACK,
    "left dtype": lambda: ["a"] @ ONE,
    "right dtype": lambda: ONE @ ["a"],
    "chain": lambda: ONE @ D(np.ones(2)),
    "chain cases": lambda: STACK @ D(np.ones((5, 3))),
    "sum": lambda: ONE + D(np.ones(2)),
    "sum cases": lambda: STACK + D(np.ones((5, 3))),
    "case": lambda: STACK.case(4),
    "case below": lambda: STACK.case(-5),
    "case text": lambda: STACK.case("a"),
    "case one": lambda: ONE.case(0),
    "case stacked": lambda: STACK.stacked().case(0),
    "share": lambda: STACK.for_cases(5),
    "share stacked": lambda: STACK.stacked().for_cases(0),
    "tagged": STACK.tagged,
    "scipy": lambda: STACK.matvec(d3),
    "matvec dtype": lambda: ONE.matvec(["a", "b", "c"]),
    "rmatvec dtype": lambda: ONE.rmatvec(["a", "b", "c"]),
    "matmat dtype": lambda: ONE.matmat(["a", "b", "c"]),
    "rmatmat dtype": lambda: ONE.rmatmat(["a", "b", "c"]),
    "matvec": lambda: ONE.matvec(np.ones(2)),
    "limit": lambda: ONE.matrix(max_bytes=71),
    "set": lambda: setattr(ONE, "d", d3),
    "delete": lambda: delattr(ONE, "d"),
    "tensor": lambda: tensor(np.ones((2, 3)), (3,), (2,)),
    "tensor dtype": lambda: tensor(np.ones((2, 3), bool), (2,), (3,)),
    "tensor meet": lambda: tensor(np.ones((2, 3)), (2,), (3,)) @ tensor(np.ones((2, 3)), (2,), (3,)),
    "tensor mix": lambda: (
        tensor(np.ones((2, 2)), (2,), (2,)) @ tensor(np.ones((2, 2)), (2,), (2,), "denominator")
    ),
    "simplified": lambda: WeightJacobian(DenseJacobian(np.eye(2)), d3).simplified(),
    "tensor add": lambda: tensor(np.ones((2, 3)), (2,), (3,)) + tensor(np.ones((1, 3)), (1,), (3,)),
    "a limit in words": lambda: ONE.matrix("2 GiB"),
    "nan for a limit": lambda: ONE.to_sparse(float("nan")),
    "a number to add": lambda: ONE + 3,
    "an array to add": lambda: np.ones((3, 3)) + ONE,
    "cases in words": lambda: D(d3, cases="4"),
    "more cases than there are": lambda: ONE.for_cases(10**30),
    "half a case": lambda: ONE.stacked().for_cases(2.5),
    "a tensor times an array": lambda: tensor(d3, (3,), ()) @ d3,
    "a tensor plus an array": lambda: tensor(d3, (3,), ()) + d3,
    "a tensor with a length for its shape": lambda: tensor(d3, "3", ()),
    "sparse halves": lambda: D(np.ones(3, np.float16)).to_sparse(),
    "a masked entry in a list": lambda: D([np.ma.masked, 1.0]),
    "a layout of arrays": lambda: check_layout(np.array(["numerator"])),
    "an identity of dates": lambda: IdentityJacobian(3, dtype="M8[s]"),
    "norms of too many cases": lambda: ONE.for_cases(2**40).row_norms(),
    "the diagonal of a huge identity": lambda: IdentityJacobian(2**40) + IdentityJacobian(2**40),
    "blocks without cases": lambda: BlockDiagonalJacobian(ONE),
    "blocks in the middle": lambda: BlockDiagonalJacobian(STACK, axis=1),
    "blocks for no case": lambda: BlockDiagonalJacobian(STACK).for_cases(0),
    "too many blocks": lambda: BlockDiagonalJacobian(ONE.for_cases(2**40)).row_norms(),
    "rows of too many cases": lambda: ONE.for_cases(2**40).stacked().push(d3),
}

HERE = Path(__file__).parent
TEXTS = dict(line.split(" | ", 1) for line in (HERE / "bad_input.txt").read_text().splitlines())


def text_of(run):
    """The class and the full text of what a call raises."""
    try:
        result = run()
    except (errors.JacobpropError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    pytest.fail(f"accepted: {result!r}")


@pytest.mark.parametrize("name", list(BAD))
def test_refused(name):
    assert text_of(BAD[name]) == TEXTS[name]


def test_every_text_has_its_call():
    assert list(TEXTS) == list(BAD)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is float64 here")
def test_extended_precision_is_refused():
    with pytest.raises(
        errors.DTypeError, match=r"^DiagonalJacobian: d has an extended precision; got .* float32"
    ):
        D(np.ones(2, np.longdouble))


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if "immutable" not in text])
def test_errors_are_whole(name):
    """Each names the call, the fault and one remedy in a sentence."""
    with pytest.raises(errors.JacobpropError) as caught:
        BAD[name]()
    error = caught.value
    assert error.where
    assert error.what
    assert error.got or error.expected or "is sparse" in error.what or "is a masked" in error.what
    assert error.remedy.endswith(".")


def test_generic_handlers_still_work():
    with pytest.raises(ValueError, match="has the wrong width"):
        BAD["width"]()
    with pytest.raises(TypeError, match="does not hold real numbers"):
        BAD["complex"]()
    with pytest.raises(MemoryError, match="above the byte limit"):
        BAD["limit"]()


def raised_in(path):
    """The patterns of all texts that a source file can raise."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
            what = node.args[0]
            parts = what.values if isinstance(what, ast.JoinedStr) else [what]
            yield "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".*" for part in parts)


def test_every_raise_has_its_text():
    package = Path(jacobprop.__file__).parent
    sources = [package / "arrays.py", package / "layout.py", *(package / "jacobians").glob("*.py")]
    patterns = {pattern: path.name for path in sources for pattern in raised_in(path)}
    assert len(patterns) > 30
    covered = [*TEXTS.values(), "d has an extended precision"]
    missing = {p: name for p, name in patterns.items() if not any(re.search(p, text) for text in covered)}
    assert missing == {}


# -- what looks odd and is welcome ------------------------------------------------------------------------

GOOD = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])

WELCOME = {
    "a list": GOOD.tolist(),
    "a tuple of tuples": tuple(map(tuple, GOOD.tolist())),
    "np.matrix": np.asmatrix(GOOD),
    "other byte order": GOOD.astype(GOOD.dtype.newbyteorder("S")),
    "Fortran order": np.asfortranarray(GOOD),
    "negative strides": GOOD[::-1, ::-1].copy()[::-1, ::-1],
    "not contiguous": np.repeat(GOOD, 2, axis=1)[:, ::2],
    "read-only": freeze(GOOD.copy()),
    "a Jacobian": DenseJacobian(GOOD),
}


@pytest.mark.parametrize("name", list(WELCOME))
def test_containers(name):
    given = WELCOME[name]
    before = np.array(given)
    J = DenseJacobian(given)
    assert type(J.array) is np.ndarray
    assert J.array.dtype == np.float64
    assert J.array.dtype.isnative
    close(J.matrix(), GOOD)
    close(J.push([1, 2, 3]), GOOD @ [1, 2, 3])
    close(DenseJacobian(np.eye(3)) @ np.array(GOOD).T, GOOD.T)
    close(np.array(given), before)
    if isinstance(given, np.ndarray):
        close(DenseJacobian(np.eye(3)) @ given.T, GOOD.T)
        close(given @ DenseJacobian(np.eye(3)), GOOD)


def test_a_broadcast_array_stays_one():
    J = DiagonalJacobian(np.broadcast_to(freeze(np.arange(3.0)), (1000, 3)))
    assert J.cases == 1000
    assert J.nbytes == 24
    close(J.matrix()[7], np.diag([0.0, 1.0, 2.0]))


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8", "i8"])
def test_integers_become_float64(dtype):
    J = DiagonalJacobian(np.array([100, 120], dtype))
    assert J.dtype == np.float64
    close(J @ J @ np.ones(2), [10_000, 14_400])  # int8 would wrap round
    close(J.push(np.array([2, 1], dtype)), [200, 120])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_keep_their_precision(dtype):
    draw = Numbers(1, dtype)
    S, W = ScaledJacobian(draw(3), draw(3, 2)), WeightJacobian(DiagonalJacobian(draw(2)), draw(4))
    product = S @ W
    assert {S.dtype, W.dtype, product.dtype, product.matrix().dtype} == {np.dtype(dtype)}
    assert product.push(draw(4, 2)).dtype == np.dtype(dtype)
    swapped = draw(2).astype(np.dtype(dtype).newbyteorder("S"))
    assert DiagonalJacobian(swapped).dtype == np.dtype(dtype)


def test_values_pass_unchanged():
    odd = [np.nan, np.inf, -np.inf, 5e-324, 1.7e308, -0.0]
    held = DiagonalJacobian(odd).matrix().diagonal()
    assert held.tobytes() == np.array(odd).tobytes()
    assert np.isnan(DiagonalJacobian(odd).push(np.zeros(6))[:3]).all()


def test_empty_widths():
    """Zero units are an odd network and still a map."""
    J = DenseJacobian(np.ones((3, 0)))
    assert (J.push([]).shape, J.pull(np.ones(3)).shape, J.nbytes) == ((3,), (0,), 0)
    close((J @ J.T).matrix(), np.zeros((3, 3)))
    assert repr(J) == "<DenseJacobian: dense, (3,) by (0,), 0 of 0 bytes>"
    assert DiagonalJacobian([]).matrix().shape == (0, 0)
    close((DenseJacobian(np.ones((3, 2))) @ DenseJacobian(np.ones((2, 0)))).matrix(), np.zeros((3, 0)))


def test_arguments_are_not_modified():
    J = WeightJacobian(DiagonalJacobian(Numbers(1)(4, 3)), Numbers(2)(4, 5))
    tangent, covector = Numbers(3)(4, 5, 3), Numbers(4)(4, 3)
    kept = tangent.copy(), covector.copy()
    _ = J.push(tangent), J.pull(covector), J @ tangent.reshape(4, 15, 1), covector[0] @ J
    close(tangent, kept[0], 0)
    close(covector, kept[1], 0)
    assert tangent.flags.writeable


# -- the coercions themselves ------------------------------------------------------------------------------


def test_as_array():
    floats = np.ones(3)
    assert as_array(floats, "X") is floats  # no copy is made of what is right already
    assert as_array([1, 2], "X").dtype == np.float64
    assert as_array([1, 2], "X", integers="f4").dtype == np.float32
    assert as_array([], "X").shape == (0,)
    assert is_symbolic(floats, as_array([sympy.Symbol("s"), 1, 0.5], "X"))
    assert not is_symbolic(floats, floats)


def test_as_cases():
    assert as_cases([1, 2], "X", 2).shape == (2,)
    assert as_cases([[1, 2]], "X", 2).shape == (1, 2)
    assert as_cases(np.ones((4, 7)), "X", None).shape == (4, 7)
    assert as_cases(np.ones((4, 7)), "X", 7).shape == (4, 7)


def test_frozen_and_freeze():
    view = np.ones((2, 3)).T
    assert not freeze(view).flags.writeable
    assert not view.base.flags.writeable
    assert frozen(view, "X") is view
    mine = np.ones(3)
    copied = frozen(mine, "X")
    assert not np.may_share_memory(mine, copied)
    assert not copied.flags.writeable


def test_require_finite():
    require_finite(np.array([1.0, -1e308]), "W1")
    require_finite(np.array([sympy.Symbol("s")], dtype=object), "W1")
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(errors.NonFiniteError, match=r"W1 is not finite at \[1\]"):
            require_finite(np.array([1.0, value]), "W1")


def test_check_layout():
    check_layout("numerator")
    check_layout("denominator")
    for wrong in ("Numerator", "", None, 0):
        with pytest.raises(errors.LayoutError, match="unknown layout"):
            check_layout(wrong)
