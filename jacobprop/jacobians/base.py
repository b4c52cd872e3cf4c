"""A Jacobian: a linear map with named shapes, stored by its structure.

    J[a.., b..] = dA[a..] / dB[b..]        (numerator layout)

Index legend: c cases, o out (product of `out_shape`), n in (product of `in_shape`),
k columns of a block of tangents or rows of a block of covectors.

Arrays carry the case axis first, or none where all cases share them. A class provides the small
abstract core at the top; everything else is written here once, in terms of that core.
"""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import numpy as np

from ..arrays import Array, as_array, freeze, quiet, whole_number
from ..errors import DTypeError, ShapeError, shown
from ..layout import Layout, Shape, check_layout, size, swap_layout
from .blocks import norms, summed_over_cases
from .limit import DENSE_LIMIT, check_dense
from .structure import Cost, Priced, Structure
from .surface import ScipySurface
from .tensor import JacobianTensor

Entry = TypeVar("Entry")


class Table(dict[tuple[type, type], Entry]):
    """Entries by two exact classes; a class without entries counts as the `stand_in`."""

    stand_in: type

    def fill(self, lines: Mapping[tuple[type, type], Entry], stand_in: type) -> None:
        """Enter all lines; those of `stand_in` serve the classes of users too."""
        self.update(lines)
        self.stand_in = stand_in

    def __missing__(self, pair: tuple[type, type]) -> Entry:
        left, right = (kind if (kind, kind) in self else self.stand_in for kind in pair)
        return self[left, right]


class Rule(NamedTuple):
    """One line of the table of products: the identity on Jacobians, and the same on structures."""

    product: Callable[[Any, Any], Jacobian]
    price: Callable[[Structure, Structure], Priced]


RULES: Table[Rule] = Table()
"""A @ B by exact types; filled from the table in ``rules.py``."""

SUMS: Table[Callable[[Any, Any], Jacobian]] = Table()
"""A + B by exact types; filled from the table in ``sums.py``."""


class Jacobian(ScipySurface):
    """dA/dB as an immutable linear map: `out_shape` is A's shape, `in_shape` is B's, without cases.

    Attributes
    ----------
    out_shape, in_shape : tuple of int
        Shapes of one case; ``()`` for a scalar such as a loss.
    cases : int or None
        The number of stacked cases; None for one case without a case axis.
    symbol : str
        Its name in formulas, such as ``J_W1^a3``; empty for an unnamed product.
    """

    out_shape: Shape
    in_shape: Shape
    cases: int | None
    symbol: str
    structure_name: ClassVar[str]

    # -- the core that every class provides ---------------------------------------------------

    @property
    @abc.abstractmethod
    def arrays(self) -> tuple[Array, ...]:
        """The stored arrays."""

    @property
    @abc.abstractmethod
    def structure(self) -> Structure:
        """Sizes and copies without the numbers."""

    @abc.abstractmethod
    def _matrix(self) -> Array:
        """The dense matrix, (c, o, n), or (o, n) where all cases share it."""

    @abc.abstractmethod
    def _push(self, x: Array) -> Array:
        """J x for a block of tangents (c, n, k) or (n, k)."""

    @abc.abstractmethod
    def _pull(self, u: Array) -> Array:
        """u J for a block of covectors (c, k, o) or (k, o)."""

    @property
    @abc.abstractmethod
    def T(self) -> Jacobian:
        """The transposed map of each case: `push` and `pull` change places."""

    @abc.abstractmethod
    def case(self, index: int) -> Jacobian:
        """The Jacobian of one case of a stack, with ``cases`` None."""

    @abc.abstractmethod
    def for_cases(self, cases: int) -> Jacobian:
        """This one map shared by a stack of cases, without a copy."""

    @abc.abstractmethod
    def stacked(self) -> Jacobian:
        """With respect to a parameter that all cases share: the rows of all cases in one 2-D map.

        out_shape becomes (cases,) + out_shape, and `pull` sums over the cases: the J of least squares.
        """

    @staticmethod
    @abc.abstractmethod
    def stored_numbers(s: Structure) -> int:
        """How many numbers a Jacobian of this structure stores."""

    @staticmethod
    @abc.abstractmethod
    def expand_cost(s: Structure) -> Cost:
        """The price of `_matrix`."""

    @staticmethod
    @abc.abstractmethod
    def push_cost(s: Structure, k: int, times: int) -> Cost:
        """The price of `_push` on k columns stored `times` times."""

    @classmethod
    def describe(cls, s: Structure) -> str:
        """The structure in words."""
        return cls.structure_name

    @classmethod
    def pull_cost(cls, s: Structure, k: int, times: int) -> Cost:
        """The price of `_pull` on k rows stored `times` times: that of the transposed push."""
        return cls.push_cost(s.flipped, k, times)

    @classmethod
    def pull_sum_cost(cls, s: Structure, k: int, times: int) -> Cost:
        """The price of `_pull_sum` on k rows of each of `times` cases."""
        return Cost(cls.pull_cost(s, k, times).multiply_adds, 1)

    def _pull_sum(self, u: Array) -> Array:
        """The sum over cases of u_c J_c, (k, n): the adjoint of the stacked map."""
        return summed_over_cases(self._pull(u))

    # -- immutability -------------------------------------------------------------------------

    @classmethod
    def _make(cls, symbol: str = "", **fields: Any) -> Self:
        """Build from fields known to be right: arrays are made read-only, nothing is copied."""
        self = object.__new__(cls)
        for value in fields.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        fields["symbol"] = symbol
        self.__dict__.update(fields)
        return self

    def _copy(self, **changes: Any) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **changes)
        return other

    def _flipped(self, **changes: Any) -> Self:
        """A copy that maps the other way, as `T` does."""
        shapes = {"out_shape": self.in_shape, "in_shape": self.out_shape}
        return self._copy(**shapes, symbol=transposed_symbol(self.symbol), **changes)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Jacobian is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Jacobian is immutable: cannot delete {name!r}")

    def __setstate__(self, state: dict[str, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                freeze(value)
        self.__dict__.update(state)

    def named(self, symbol: str) -> Self:
        """The same Jacobian under another symbol; the arrays are shared."""
        return self._copy(symbol=symbol)

    # -- shapes and bytes -----------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """The common dtype of what is stored."""
        return np.result_type(*self.arrays)

    @property
    def _o(self) -> int:
        return size(self.out_shape)

    @property
    def _n(self) -> int:
        return size(self.in_shape)

    @property
    def _lead(self) -> Shape:
        return () if self.cases is None else (self.cases,)

    @property
    def shape(self) -> Shape:
        """The shape of `matrix()`: (cases,) + (product of out_shape, product of in_shape)."""
        return (*self._lead, self._o, self._n)

    @property
    def ndim(self) -> int:
        """2, or 3 for a stack of cases."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes stored; memory that two fields share counts once."""
        spans: dict[tuple[int, int], int] = {}
        for array in self.arrays:
            low, high = np.lib.array_utils.byte_bounds(array)
            spans[low, high] = min(array.nbytes, high - low)
        return sum(spans.values())

    @property
    def dense_nbytes(self) -> int:
        """Bytes that the dense tensor would take."""
        return size(self.shape) * self.dtype.itemsize

    def __repr__(self) -> str:
        cases = "" if self.cases is None else f", {self.cases} cases"
        name = self.symbol or type(self).__name__
        return (
            f"<{name}: {self.structure.name}, {self.out_shape} by {self.in_shape}{cases}, "
            f"{self.nbytes:,} of {self.dense_nbytes:,} bytes>"
        )

    # -- dense forms ----------------------------------------------------------------------------

    @quiet
    def matrix(self, max_bytes: int = DENSE_LIMIT) -> Array:
        """The dense matrix, shape (cases,) + (o, n), row-major vec on both sides, read-only.

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; nothing was allocated.
        """
        return self._dense(max_bytes, "raise max_bytes")

    def _dense(self, max_bytes: int, otherwise: str) -> Array:
        remedy = f"Stay structured with push, pull, .stacked() or @; or {otherwise}."
        check_dense(self.dense_nbytes, "matrix of {!r}", self, max_bytes=max_bytes, remedy=remedy)
        dense = self._matrix().view()  # of a stored array that nobody can open for writing again
        dense.flags.writeable = False
        return dense if dense.ndim == self.ndim else np.broadcast_to(dense, self.shape)

    def tensor(self, layout: Layout = "numerator", max_bytes: int = DENSE_LIMIT) -> Array:
        """The dense tensor, (cases,) + out_shape + in_shape; in denominator layout in_shape comes first.

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; nothing was allocated.
        """
        check_layout(layout, "tensor(layout)")
        dense = self.matrix(max_bytes).reshape(self._lead + self.out_shape + self.in_shape)
        if layout == "numerator":
            return dense
        return swap_layout(dense, len(self.out_shape), cases=len(self._lead))

    def tagged(self, layout: Layout = "numerator", max_bytes: int = DENSE_LIMIT) -> JacobianTensor:
        """The dense tensor of one case with its layout attached: products then refuse to mix layouts.

        Raises
        ------
        DenseLimitError
            It would take more than `max_bytes`; nothing was allocated.
        """
        if self.cases is not None:
            raise ShapeError(
                "a tagged tensor holds one case",
                where=f"tagged of {self!r}",
                got=f"{self.cases} cases",
                expected="one",
                remedy="Choose a case: J.case(0).tagged(layout).",
            )
        return JacobianTensor(self.tensor(layout, max_bytes), self.out_shape, self.in_shape, layout)

    # -- as a linear map --------------------------------------------------------------------------

    @quiet
    def push(self, tangent: object) -> Array:
        """J v: the directional derivative of A along the tangent v (jvp).

        Parameters
        ----------
        tangent : array of shape in_shape, or (cases,) + in_shape

        Returns
        -------
        array of shape (cases,) + out_shape
        """
        x = self._block(tangent, self.in_shape, "push")
        pushed = self._push(x.reshape(*x.shape[: x.ndim - len(self.in_shape)], self._n, 1))[..., 0]
        return self._every_case(pushed, 1).reshape(self._lead + self.out_shape)

    @quiet
    def pull(self, covector: object) -> Array:
        """u J for each case: the covector u of A carried back to B (vjp).

        Parameters
        ----------
        covector : array of shape (cases,) + out_shape, or out_shape for all cases alike

        Returns
        -------
        array of shape (cases,) + in_shape
        """
        u = self._block(covector, self.out_shape, "pull")
        pulled = self._pull(u.reshape(*u.shape[: u.ndim - len(self.out_shape)], 1, self._o))[..., 0, :]
        return self._every_case(pulled, 1).reshape(self._lead + self.in_shape)

    @quiet
    def row_norms(self) -> Array:
        """sqrt(sum_b J[a, b]^2) for each a: how much that entry of A can move.

        Of ``jacobian("L", "W1")`` the norm of each case's gradient; no dense weight Jacobian is made.

        Returns
        -------
        array of shape (cases,) + out_shape
            Right wherever it is a number of the dtype, also where squares overflow or underflow; infinite
            beyond, and nan where an entry is.

        Raises
        ------
        DTypeError
            The entries are sympy expressions.
        DenseLimitError
            A structure without a rule of its own would need a dense matrix above 1 GiB.
        """
        self._only_floats("row_norms")
        self._check_room("row_norms", self.out_shape)
        return self._spread(self._row_norms(), self.out_shape)

    @quiet
    def column_norms(self) -> Array:
        """sqrt(sum_a J[a, b]^2) for each b: how much that entry of B moves; the root of `gram_diagonal`.

        As `row_norms` of the transposed map.
        """
        self._only_floats("column_norms")
        self._check_room("column_norms", self.in_shape)
        return self._spread(self._column_norms(), self.in_shape)

    @quiet
    def gram_diagonal(self) -> Array:
        """sum_a J[a, b]^2 for each b: diag(J^T J), of ``J.stacked()`` summed over the cases as well.

        Returns
        -------
        array of shape (cases,) + in_shape
            The squares of `column_norms`, infinite or 0 where they are no numbers of the dtype.
        """
        self._only_floats("gram_diagonal")
        self._check_room("gram_diagonal", self.in_shape)
        return np.asarray(np.square(self._spread(self._column_norms(), self.in_shape)))

    def _only_floats(self, call: str) -> None:
        if self.dtype.kind == "O":
            raise DTypeError(
                "norms are of floats",
                where=f"{call} of {self!r}",
                got="sympy expressions",
                expected="floats",
                remedy="Add up the squares of .matrix() yourself.",
            )

    def _check_room(self, call: str, shape: Shape) -> None:
        """Refuse an array of numbers for every case, of some shape, above the limit."""
        nbytes = size(self._lead + shape) * self.dtype.itemsize
        check_dense(nbytes, "{} of {!r}", call, self, remedy="Take fewer cases, or .case(i) of them.")

    def _row_norms(self) -> Array:
        """The norms of the rows, (c, o), or (o,) where all cases share them."""
        return norms(self.matrix())

    def _column_norms(self) -> Array:
        """The norms of the columns, (c, n) or (n,)."""
        return norms(self.matrix(), axis=-2)

    def _column_norms_of_all(self) -> Array:
        """Those of the stacked map, (n,)."""
        return norms(self._every_case(self._column_norms(), 1), axis=0)

    def _spread(self, block: Array, shape: Shape) -> Array:
        """Numbers of every case in the shape of a variable, in memory of their own."""
        whole = self._every_case(block, 1).reshape(self._lead + shape)
        return whole if whole.flags.writeable else whole.copy()

    def _every_case(self, block: Array, axes: int) -> Array:
        """Give a block that all cases share its case axis."""
        if block.ndim == axes + len(self._lead):
            return block
        return np.broadcast_to(block, self._lead + block.shape)

    def _block(self, value: object, shape: Shape, call: str) -> Array:
        array = as_array(value, "the argument", call)
        if array.shape not in (shape, self._lead + shape):
            raise ShapeError(
                "the argument does not fit",
                where=f"{call} of {self!r}",
                got=f"shape {array.shape}",
                expected=" or ".join(dict.fromkeys([str(self._lead + shape), str(shape)])),
                remedy="A tangent has in_shape, a covector has out_shape, with the cases in front.",
            )
        return self._as_precise(array)

    def _as_precise(self, array: Array) -> Array:
        """An operand in the dtype of the result: what a coarser one would round on the way is kept."""
        return array.astype(np.result_type(array, self.dtype), copy=False)

    @quiet
    def __matmul__(self, other: object) -> Any:
        """``J @ K`` is one rule of the table; ``J @ array`` is ``J.matrix() @ array`` without the matrix."""
        if isinstance(other, Jacobian):
            check_chained(self, other)
            return RULES[type(self), type(other)].product(self, other)
        array = as_array(other, "the right operand", "J @ array")
        vector = array.ndim == 1
        x = array[:, None] if vector else array
        if x.ndim not in (2, self.ndim) or x.shape[-2] != self._n or (x.ndim == 3 and len(x) != self.cases):
            raise self._misfit("J @ array", array, self._n, f"({self._n}, k)")
        product = self._every_case(self._push(self._as_precise(x)), 2)
        return product[..., 0] if vector else product

    @quiet
    def __rmatmul__(self, other: object) -> Array:
        """``array @ J`` is ``array @ J.matrix()`` without the matrix."""
        array = as_array(other, "the left operand", "array @ J")
        vector = array.ndim == 1
        u = array[None, :] if vector else array
        if u.ndim not in (2, self.ndim) or u.shape[-1] != self._o or (u.ndim == 3 and len(u) != self.cases):
            raise self._misfit("array @ J", array, self._o, f"(k, {self._o})")
        product = self._every_case(self._pull(self._as_precise(u)), 2)
        return product[..., 0, :] if vector else product

    def _misfit(self, call: str, array: Array, width: int, block: str) -> ShapeError:
        stack = "" if self.cases is None else f" or ({self.cases}, {block[1:]}"
        return ShapeError(
            "the operands do not fit",
            where=f"{call} with {self!r}",
            got=f"an array of shape {array.shape}",
            expected=f"({width},) or {block}{stack}",
            remedy="@ works on the rows and columns of matrix(); use push and pull for tensors.",
        )

    @quiet
    def __add__(self, other: object) -> Jacobian:
        """dA/dB + dA'/dB, for branches that meet: one rule of the table of sums."""
        if not isinstance(other, Jacobian):
            raise DTypeError(
                "only Jacobians add to a Jacobian",
                where=f"{self!r} + ...",
                got=type(other).__name__,
                expected="a Jacobian of the same shapes",
                remedy="Wrap an array with jp.DenseJacobian(array), or add to .matrix().",
            )
        if (self.out_shape, self.in_shape) != (other.out_shape, other.in_shape):
            raise ShapeError(
                "only Jacobians of the same shapes add",
                where="J + K",
                got=f"{self!r} and {other!r}",
                remedy="Both terms must have the same out_shape and in_shape.",
            )
        common_cases(self, other)
        return SUMS[type(self), type(other)](self, other)

    __radd__ = __add__  # of what is no Jacobian, and refused


def common_cases(left: Jacobian, right: Jacobian) -> int | None:
    """The cases of a product or a sum: a single map fits any stack, two stacks must agree."""
    if left.cases is None or right.cases is None:
        return left.cases if right.cases is None else right.cases
    if left.cases != right.cases:
        raise ShapeError(
            "the factors have different numbers of cases",
            where=f"{left!r} with {right!r}",
            got=f"{left.cases} and {right.cases}",
            expected="the same number",
            remedy="Take both factors from the same record.",
        )
    return left.cases


def transposed_symbol(symbol: str) -> str:
    """(symbol)^T, and the plain symbol of one that is transposed already."""
    plain = symbol[1:-3]
    depths = accumulate((letter == "(") - (letter == ")") for letter in plain)
    if symbol == f"({plain})^T" and min(depths, default=0) >= 0:  # not so in (A)(B)^T
        return plain
    return f"({symbol})^T" if symbol else ""


def whole_cases(cases: object, where: object) -> int:
    """A number of cases; how many there must be is said elsewhere."""
    if type(cases) is int and cases <= sys.maxsize:
        return cases
    where = f"for_cases of {where!r}" if isinstance(where, Jacobian) else str(where)
    remedy = "It counts the cases that share the map; leave it out for one case."
    return whole_number(cases, "cases", where, remedy=remedy, most=sys.maxsize)


def check_case(J: Jacobian, index: int) -> None:
    """Refuse an index outside the stack, or any index into one case."""
    where = f"case({shown(index)}) of {J!r}"
    if isinstance(index, np.ndarray) and index.ndim == 0:
        index = index.item()  # which numpy takes for a number
    if J.cases is None or (isinstance(index, int | np.integer) and not -J.cases <= index < J.cases):
        raise ShapeError(
            "no such case",
            where=where,
            expected="one case, without an index" if J.cases is None else f"0 to {J.cases - 1}",
            remedy="Use the Jacobian itself." if J.cases is None else "Cases count from 0.",
        )
    whole_number(index, "the index", where, least=-J.cases, remedy="Cases count from 0.")


def check_chained(left: Jacobian, right: Jacobian) -> None:
    """dA/dB . dB/dC needs the same B on both sides."""
    if left.in_shape != right.out_shape:
        raise ShapeError(
            "the factors do not meet in the same variable",
            where=f"{left!r} @ {right!r}",
            got=f"in_shape {left.in_shape} and out_shape {right.out_shape}",
            expected="the same shape",
            remedy="Write the chain from the numerator on the left to the denominator on the right.",
        )
    common_cases(left, right)
