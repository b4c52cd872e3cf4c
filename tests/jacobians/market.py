"""The market: every kind of Jacobian, in every way of storing it, beside a dense reference.

The reference is built from the raw arrays by another route (np.diag, np.kron, outer products, one
case after the other), never by the code under test. Entries are multiples of 1/8, so products of a
few of them are exact and can be read.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Literal, NamedTuple

import numpy as np
import sympy

from jacobprop.arrays import Array
from jacobprop.jacobians import (
    BlockDiagonalJacobian,
    DenseJacobian,
    DiagonalJacobian,
    DiagonalPlusLowRankJacobian,
    IdentityJacobian,
    Jacobian,
    ScaledJacobian,
    StackedJacobian,
    TransposedJacobian,
    UnitwiseWeightJacobian,
    WeightJacobian,
)

Shape = tuple[int, ...]

OUT: Shape = (5,)  # where a maker may choose
IN: Shape = (7,)
MIDDLE: Shape = (3, 2)  # the variable in which two factors meet
SHAPES: list[tuple[Shape, Shape]] = [((5,), (3, 2)), ((), (4, 3)), ((2, 2), (3, 1)), ((6,), (3, 2))]
CASES = (None, 1, 4)


class Sample(NamedTuple):
    """A Jacobian and what it must be."""

    jacobian: Jacobian
    reference: Array  # (cases,) + (rows, columns)
    numbers: int  # how many numbers it stores
    out_shape: Shape
    in_shape: Shape


class Numbers:
    """Draws multiples of 1/8, none zero, and remembers every array that it hands out."""

    def __init__(self, seed: int = 0, dtype: Any = np.float64) -> None:
        self.rng = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)
        self.given: list[Array] = []

    def __call__(self, *shape: int) -> Array:
        eighths = self.rng.integers(1, 17, shape) * self.rng.choice([-1, 1], shape)
        self.given.append(np.asarray(eighths / 8, dtype=self.dtype))
        return self.given[-1]


class Symbols(Numbers):
    """Draws arrays of fresh sympy symbols."""

    def __init__(self, prefix: str) -> None:
        super().__init__(dtype=object)
        self.names = (sympy.Symbol(f"{prefix}{i}") for i in itertools.count())

    def __call__(self, *shape: int) -> Array:
        array = np.empty(shape, dtype=object)
        array.flat = [next(self.names) for _ in range(math.prod(shape))]
        return array


Maker = Callable[..., Sample]  # (draw, out_shape or None, in_shape or None, cases) -> Sample


def lead(cases: int | None, own: bool) -> Shape:
    """The case axis of an array that each case has of its own."""
    return (cases,) if own and cases is not None else ()


def at(array: Array, axes: int, case: int) -> Array:
    """The array of one case."""
    return array[case] if array.ndim > axes else array


def over(cases: int | None, build: Callable[[int], Array]) -> Array:
    """One case after the other."""
    reference = build(0) if cases is None else np.stack([build(case) for case in range(cases)])
    reference = np.array(reference)
    reference.flags.writeable = False
    return reference


def either(out: Shape | None, inner: Shape | None) -> Shape:
    """The one shape of a square map."""
    return out if out is not None else inner if inner is not None else OUT


def identity(draw: Numbers, out: Shape | None, inner: Shape | None, cases: int | None) -> Sample:
    shape = either(out, inner)
    reference = over(cases, lambda _: np.diag(np.ones(math.prod(shape), dtype=draw.dtype)))
    return Sample(IdentityJacobian(shape, cases=cases, dtype=draw.dtype), reference, 0, shape, shape)


def diagonal(
    draw: Numbers, out: Shape | None, inner: Shape | None, cases: int | None, own: bool = True
) -> Sample:
    shape = either(out, inner)
    d = draw(*lead(cases, own), math.prod(shape))
    reference = over(cases, lambda c: np.diag(at(d, 1, c)))
    return Sample(DiagonalJacobian(d, shape=shape, cases=cases), reference, d.size, shape, shape)


def low_rank(
    draw: Numbers,
    out: Shape | None,
    inner: Shape | None,
    cases: int | None,
    own: Literal["all", "one", "none"] = "all",
    exact: bool = False,
    rank: int = 2,
) -> Sample:
    shape = either(out, inner)
    m, first, rest = math.prod(shape), lead(cases, own != "none"), lead(cases, own == "all")
    d, U, V = draw(*rest, m), draw(*first, m, rank), draw(*rest, m, rank)

    def build(c: int) -> Array:
        u, v = at(U, 2, c), at(V, 2, c)
        return np.diag(at(d, 1, c)) + sum(np.outer(u[:, r], v[:, r]) for r in range(rank))

    whole = None
    if exact:
        whole = over(cases if first else None, lambda c: np.array(np.diagonal(build(c))))
    J = DiagonalPlusLowRankJacobian(d, U, V, shape=shape, diagonal=whole, cases=cases)
    numbers = math.prod(first) * m * (1 + 2 * rank + exact)
    return Sample(J, over(cases, build), numbers, shape, shape)


def scaled(
    draw: Numbers,
    out: Shape | None,
    inner: Shape | None,
    cases: int | None,
    rows: bool | None = True,
    columns: bool | None = None,
) -> Sample:
    """Scales are None, shared by all cases (False) or each case's own (True)."""
    out, inner = out if out is not None else OUT, inner if inner is not None else IN
    o, n = math.prod(out), math.prod(inner)
    shared = draw(o, n)
    r = None if rows is None else draw(*lead(cases, rows), o)
    s = None if columns is None else draw(*lead(cases, columns), n)

    def build(c: int) -> Array:
        left = np.ones(o, dtype=draw.dtype) if r is None else at(r, 1, c)
        right = np.ones(n, dtype=draw.dtype) if s is None else at(s, 1, c)
        return shared * np.outer(left, right)

    J = ScaledJacobian(r, shared, s, out_shape=out, in_shape=inner, cases=cases)
    numbers = sum(array.size for array in (r, shared, s) if array is not None)
    return Sample(J, over(cases, build), numbers, out, inner)


def dense(
    draw: Numbers, out: Shape | None, inner: Shape | None, cases: int | None, own: bool = True
) -> Sample:
    out, inner = out if out is not None else OUT, inner if inner is not None else IN
    array = draw(*lead(cases, own), math.prod(out), math.prod(inner))
    J = DenseJacobian(array, out, inner, cases)
    return Sample(J, over(cases, lambda c: at(array, 2, c)), array.size, out, inner)


def two_axes(inner: Shape | None) -> Shape:
    """The shape of a matrix of weights."""
    return (4, 2) if inner is None else inner if len(inner) == 2 else (math.prod(inner), 1)


def weight(
    draw: Numbers,
    out: Shape | None,
    inner: Shape | None,
    cases: int | None,
    left: Maker = dense,
    own: bool = True,
    alone: bool = False,
) -> Sample:
    """An in_shape of other than two axes becomes (n, 1); a left that stands alone has no cases of its own."""
    n, m = two_axes(inner)
    dA = left(draw, out, (m,), None if alone else cases)
    y = draw(*lead(cases, own), n)
    blocks = dA.reference

    def build(c: int) -> Array:
        return np.kron(at(y, 1, c)[None, :], at(blocks, 2, c))

    J = WeightJacobian(dA.jacobian, y)
    in_shape = (n, blocks.shape[-1])
    return Sample(J, over(cases, build), dA.numbers + y.size, dA.out_shape, in_shape)


def unitwise(
    draw: Numbers,
    out: Shape | None,
    inner: Shape | None,
    cases: int | None,
    left: Maker = dense,
    own: bool = True,
    alone: bool = False,
) -> Sample:
    """As `weight`, with a y for each column of the left."""
    n, m = two_axes(inner)
    dA = left(draw, out, (m,), None if alone else cases)
    blocks = dA.reference
    V = draw(*lead(cases, own), n, blocks.shape[-1])

    def build(c: int) -> Array:
        return np.concatenate([at(blocks, 2, c) * row for row in at(V, 2, c)], axis=1)

    J = UnitwiseWeightJacobian(dA.jacobian, V)
    return Sample(J, over(cases, build), dA.numbers + V.size, dA.out_shape, V.shape[-2:])


def transposed(
    draw: Numbers, out: Shape | None, inner: Shape | None, cases: int | None, of: Maker = weight
) -> Sample:
    J = of(draw, inner, out, cases)
    reference = np.moveaxis(J.reference, -1, -2)
    return Sample(TransposedJacobian(J.jacobian), reference, J.numbers, J.in_shape, J.out_shape)


def stacked(
    draw: Numbers, out: Shape | None, inner: Shape | None, cases: int | None, of: Maker = dense
) -> Sample:
    """One map whose rows are those of all cases: out_shape is (cases,) + that of a case."""
    count, rest = (3, out) if not out else (out[0], out[1:])
    J = of(draw, rest, inner, count)
    K: Jacobian = StackedJacobian(J.jacobian)
    K = K if cases is None else K.for_cases(cases)  # the cases of another stack share the map
    reference = over(cases, lambda _: np.concatenate(list(J.reference)))
    return Sample(K, reference, J.numbers, (count, *J.out_shape), J.in_shape)


def block_diagonal(
    draw: Numbers,
    out: Shape | None,
    inner: Shape | None,
    cases: int | None,
    of: Maker = dense,
    axis: Literal[0, -1] = 0,
) -> Sample:
    """As many blocks as the shape with more axes has entries along the axis; the other shape gets as many."""
    count = max(out or (), inner or (), key=len)[axis] if out or inner else 3

    def rest(shape: Shape | None, width: int) -> Shape:
        return (width,) if not shape else shape[1:] if axis == 0 else shape[:-1]

    J = of(draw, rest(out, 2), rest(inner, 4), count)
    K: Jacobian = BlockDiagonalJacobian(J.jacobian, axis)
    K = K if cases is None else K.for_cases(cases)
    o, n = J.reference.shape[1:]
    tensor = np.zeros((count, o, count, n), dtype=draw.dtype)
    for c, block in enumerate(J.reference):
        tensor[c, :, c, :] = block
    if axis == -1:
        tensor = tensor.transpose(1, 0, 3, 2)
    shapes = [(count, *shape) if axis == 0 else (*shape, count) for shape in (J.out_shape, J.in_shape)]
    matrix = tensor.reshape(count * o, count * n)
    return Sample(K, over(cases, lambda _: matrix), J.numbers, *shapes)


class Variant(NamedTuple):
    """A way of storing a Jacobian; where nothing but the sharing is special, for stacks only."""

    kind: type[Jacobian]
    make: Maker
    cases: Literal["any", "stack"] = "any"

    def fits(self, cases: int | None) -> bool:
        return self.cases == "any" or cases is not None


def _variants() -> Iterator[tuple[str, Variant]]:
    yield "identity", Variant(IdentityJacobian, identity)

    yield "diagonal", Variant(DiagonalJacobian, diagonal)
    yield "diagonal shared", Variant(DiagonalJacobian, partial(diagonal, own=False), "stack")

    for exact in (False, True):
        for own in ("all", "one", "none"):
            maker = partial(low_rank, own=own, exact=exact)
            name = f"low rank, cases in {own}" + ", exact diagonal" * exact
            yield name, Variant(DiagonalPlusLowRankJacobian, maker, "any" if own == "all" else "stack")

    words = {None: "no", False: "shared", True: "own"}
    for rows, columns in itertools.product((None, False, True), repeat=2):
        maker = partial(scaled, rows=rows, columns=columns)
        only = "stack" if False in (rows, columns) else "any"
        yield f"scaled, {words[rows]} rows, {words[columns]} columns", Variant(ScaledJacobian, maker, only)

    yield "dense", Variant(DenseJacobian, dense)
    yield "dense shared", Variant(DenseJacobian, partial(dense, own=False), "stack")

    weight_diagonal = partial(weight, left=diagonal)
    lefts: dict[str, tuple[Maker, Literal["any", "stack"]]] = {
        "identity": (identity, "any"),
        "diagonal": (diagonal, "any"),
        "diagonal shared": (partial(diagonal, own=False), "stack"),
        "low rank exact": (partial(low_rank, exact=True), "any"),
        "low rank shared": (partial(low_rank, own="none"), "stack"),
        "scaled by own rows": (scaled, "any"),
        "scaled by own columns": (partial(scaled, rows=None, columns=True), "any"),
        "scaled by nothing": (partial(scaled, rows=None), "any"),
        "dense": (dense, "any"),
        "dense shared": (partial(dense, own=False), "stack"),
        "weight": (weight, "any"),
        "transposed weight": (transposed, "any"),
        "stacked": (stacked, "any"),
    }
    for name, (left, only) in lefts.items():
        yield f"weight, {name} left", Variant(WeightJacobian, partial(weight, left=left), only)
        maker = partial(weight, left=left, own=False)
        yield f"weight, {name} left, shared y", Variant(WeightJacobian, maker, "stack")

    for name, (left, only) in lefts.items():
        if only == "any":
            maker = partial(weight, left=left, alone=True)
            yield f"weight, {name} left of one case", Variant(WeightJacobian, maker, "stack")

    for name in ("identity", "diagonal", "low rank exact", "dense"):
        left, only = lefts[name]
        yield f"unitwise, {name} left", Variant(UnitwiseWeightJacobian, partial(unitwise, left=left), only)
    yield "unitwise, shared V", Variant(UnitwiseWeightJacobian, partial(unitwise, own=False), "stack")
    yield (
        "unitwise, left of one case",
        Variant(UnitwiseWeightJacobian, partial(unitwise, alone=True), "stack"),
    )

    stacks: dict[str, Maker] = {
        "identity": identity,
        "diagonal": diagonal,
        "low rank": low_rank,
        "scaled": scaled,
        "dense": dense,
        "dense shared": partial(dense, own=False),
        "weight, diagonal left": weight_diagonal,
        "weight, shared y": partial(weight, own=False),
        "unitwise": unitwise,
        "unitwise, shared V": partial(unitwise, own=False),
        "transposed weight": transposed,
    }
    for name, of in stacks.items():
        yield f"stacked {name}", Variant(StackedJacobian, partial(stacked, of=of))

    blocks: dict[str, tuple[Maker, Literal[0, -1]]] = {
        "dense": (dense, 0),
        "dense shared": (partial(dense, own=False), 0),
        "scaled": (scaled, 0),
        "dense, behind": (dense, -1),
        "low rank, behind": (low_rank, -1),
        "scaled, behind": (scaled, -1),
    }
    for name, (of, axis) in blocks.items():
        maker = partial(block_diagonal, of=of, axis=axis)
        yield f"blocks of {name}", Variant(BlockDiagonalJacobian, maker)

    insides: dict[str, Maker] = {
        "weight": weight,
        "weight, diagonal left": weight_diagonal,
        "weight, weight left": partial(weight, left=weight),
        "weight, transposed left": partial(weight, left=transposed),
        "weight, stacked left": partial(weight, left=stacked),
        "unitwise, diagonal left": partial(unitwise, left=diagonal),
        "stacked dense": stacked,
        "stacked weight": partial(stacked, of=weight),
    }
    for name, of in insides.items():
        yield f"transposed {name}", Variant(TransposedJacobian, partial(transposed, of=of))


VARIANTS: dict[str, Variant] = dict(_variants())

STALLS = [(name, cases) for name, variant in VARIANTS.items() for cases in CASES if variant.fits(cases)]
"""Every variant with every number of cases that it exists for."""


@cache
def samples(name: str, cases: int | None) -> list[Sample]:
    """One Jacobian for every pair of shapes."""
    make = VARIANTS[name].make
    return [make(Numbers(seed), out, inner, cases) for seed, (out, inner) in enumerate(SHAPES)]


@cache
def made(
    kind: type[Jacobian], out: Shape | None, inner: Shape | None, cases: int | None, seed: int
) -> list[tuple[str, Sample]]:
    """Every variant of a kind that can have these shapes; None leaves a shape to the variant."""
    found = [
        (name, variant.make(Numbers(seed), out, inner, cases))
        for name, variant in VARIANTS.items()
        if variant.kind is kind and variant.fits(cases)
    ]
    return [
        (name, sample)
        for name, sample in found
        if out in (None, sample.out_shape) and inner in (None, sample.in_shape)
    ]


PLAIN: dict[type[Jacobian], Maker] = {
    IdentityJacobian: identity,
    DiagonalJacobian: diagonal,
    DiagonalPlusLowRankJacobian: low_rank,
    ScaledJacobian: partial(scaled, rows=True, columns=True),
    DenseJacobian: dense,
    WeightJacobian: weight,
    TransposedJacobian: transposed,
    StackedJacobian: stacked,
    BlockDiagonalJacobian: block_diagonal,
    UnitwiseWeightJacobian: unitwise,
}
"""One maker of each kind, where all variants would be too many."""

SQUARE = {IdentityJacobian, DiagonalJacobian, DiagonalPlusLowRankJacobian}


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """The same shape and the same values, relative to the largest (symbols: identically)."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    if object in (actual.dtype, expected.dtype):
        gaps = [sympy.expand(a - e) for a, e in zip(actual.flat, expected.flat, strict=True)]
        assert all(gap == 0 for gap in gaps), f"differs by {gaps}"
        return
    gap = np.abs(actual - expected).max(initial=0)
    allowed = tolerance * max(1, np.abs(expected).max(initial=0))
    assert gap <= allowed, f"differs by {gap}, allowed {allowed}"
