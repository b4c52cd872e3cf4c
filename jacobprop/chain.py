"""A chain of Jacobians, from the loss inward: lazy until multiplied, in any order.

J_V^L = J_N^L . J_{N-1}^N . ... . J_M^{M+1} . J_V^M        (seed rows D-55, D-65, D-68)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .arrays import Array, is_symbolic, listed, quiet
from .errors import DTypeError, ShapeError, shown
from .jacobians import Jacobian, WeightJacobian
from .jacobians.base import check_chained
from .jacobians.limit import check_dense
from .layout import size
from .planning import Order, Plan, check_limit, check_order, plan_chain

_NARROW = "Put a row on top of the chain, such as a loss Jacobian, or take fewer cases."


class ChainStep(NamedTuple):
    """One product of the running R: before . factor = after."""

    before: Jacobian
    factor: Jacobian
    after: Jacobian
    multiply_adds: int

    def __str__(self) -> str:
        shapes = " -> ".join(f"{J.out_shape} by {J.in_shape}" for J in (self.factor, self.after))
        names = f"{self.before.symbol} . {self.factor.symbol} = {self.after.symbol}"
        return f"{names}, {shapes}, {self.multiply_adds:,} multiply-adds"


class Chain:
    """The product of `factors`, leftmost (nearest the loss) first.

    Parameters
    ----------
    factors : sequence of Jacobian
        Each dA/dB followed by a dB/dC.
    variables : sequence of str, optional
        The names of A, B, C, ...: one more than factors; they name the partial products.
    head : Jacobian, optional
        The accurate product of the first two factors, multiplied in their place. (A loss and the
        softmax or sigmoid under it have an exact product even where the loss's own row is infinite.)
    """

    def __init__(
        self, factors: Sequence[Jacobian], *, variables: Sequence[str] = (), head: Jacobian | None = None
    ) -> None:
        self.factors: tuple[Jacobian, ...] = listed(factors)
        if not self.factors or not all(isinstance(J, Jacobian) for J in self.factors):
            raise ShapeError(
                "a chain needs Jacobians",
                where="Chain",
                got=shown([type(J).__name__ for J in self.factors]),
                expected="at least one Jacobian",
                remedy="Wrap a matrix with jp.DenseJacobian(array).",
            )
        for left, right in zip(self.factors, self.factors[1:], strict=False):
            check_chained(left, right)
        self.variables = listed(variables)
        self.head = head
        self._plans: dict[tuple[Order, int | None], Plan] = {}
        self._check_head()
        named = all(isinstance(variable, str) for variable in self.variables)
        if self.variables and not (named and len(self.variables) == len(self.factors) + 1):
            raise ShapeError(
                "a chain has one variable more than factors",
                where="Chain(variables=)",
                got=f"{len(self.variables)} variables, {len(self.factors)} factors"
                if named
                else shown(variables),
                expected=f"{len(self.factors) + 1} variables" if named else "text throughout",
                remedy='For dL/dZ . dZ/dY pass ["L", "Z", "Y"].',
            )

    def _check_head(self) -> None:
        """The head stands for the first two factors, so it has their outer shapes."""
        if self.head is None:
            return
        pair = self.factors[:2]
        if not isinstance(self.head, Jacobian):
            raise ShapeError(
                "the head is no Jacobian",
                where="Chain(head=)",
                got=type(self.head).__name__,
                expected="a Jacobian, or None",
                remedy="Leave the head out to multiply the factors themselves.",
            )
        shapes = (self.head.out_shape, self.head.in_shape)
        if len(pair) < 2 or shapes != (pair[0].out_shape, pair[1].in_shape):
            raise ShapeError(
                "the head does not stand for the first two factors",
                where="Chain(head=)",
                got=f"{shapes[0]} by {shapes[1]}, {len(self.factors)} factors",
                expected="at least two factors, and their outer shapes",
                remedy="Leave the head out to multiply the factors themselves.",
            )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The factors' names, such as ``("J_Z^L", "J_Y^Z", "J_V^Y")``."""
        return tuple(J.symbol or f"J{number}" for number, J in enumerate(self.factors, 1))

    @property
    def atoms(self) -> tuple[Jacobian, ...]:
        """What is multiplied: the factors, the first two replaced by the head where there is one."""
        return self.factors if self.head is None else (self.head, *self.factors[2:])

    def plan(self, order: Order = "auto", max_bytes: int | None = None) -> Plan:
        """The order of multiplication as data, with its price.

        Parameters
        ----------
        order : {"auto", "optimal", "backward", "forward"}
            "auto" is optimal for up to 200 atoms, and backward beyond.
        max_bytes : int, optional
            Look for the cheapest way that makes no array above this: no product, nor an operand that
            becomes dense for one. `Plan.nbytes` says what a plan needs.

        Raises
        ------
        DenseLimitError
            No way of that order keeps within `max_bytes`; the smallest limit that suffices is named.
        """
        check_order(order)
        check_limit(max_bytes)
        if (order, max_bytes) not in self._plans:
            names = self.symbols if self.head is None else (self._symbol(2), *self.symbols[2:])
            structures = [J.structure for J in self.atoms]
            itemsize = max(J.dtype.itemsize for J in self.atoms)
            self._plans[order, max_bytes] = plan_chain(structures, order, names, itemsize, max_bytes)
        return self._plans[order, max_bytes]

    @quiet
    def multiply(self, order: Order = "auto", max_bytes: int | None = None) -> Jacobian:
        """Run the plan of that order and limit; what `plan` refuses is refused before anything is computed.

        Whatever `max_bytes` allows, a dense array above 1 GiB is refused when its product is reached.
        """
        parts = {(i, i): J for i, J in enumerate(self.atoms)}
        for step in self.plan(order, max_bytes).steps:
            left = parts.pop((step.first, step.split))
            parts[step.first, step.last] = left @ parts.pop((step.split + 1, step.last))
        return parts[0, len(self.atoms) - 1].named(self._symbol(len(self.factors)))

    def steps(self) -> tuple[ChainStep, ...]:
        """The running R, backward: R starts as the first atom and takes one factor at a time."""
        atoms, plan = self.atoms, self.plan("backward")
        skipped = len(self.factors) - len(atoms)
        R = atoms[0].named(self._symbol(1 + skipped))
        steps = []
        for number, (atom, priced) in enumerate(zip(atoms[1:], plan.steps, strict=True), 2 + skipped):
            after = (R @ atom).named(self._symbol(number))
            steps.append(ChainStep(R, atom, after, priced.multiply_adds))
            R = after
        return tuple(steps)

    @quiet
    def log2_norms(self) -> Array:
        """log2 of the Frobenius norm of R after each atom, exact beyond the range of the floats.

        Shape (atoms,) or (atoms, cases). R is rescaled by powers of two on the way, so a gradient
        that vanished or exploded still has its size: -2000 means 2^-2000.
        """
        if any(is_symbolic(*atom.arrays) for atom in self.atoms):
            raise DTypeError(
                "norms are computed of floats",
                where="Chain.log2_norms",
                got="sympy expressions",
                expected="floats",
                remedy="Substitute numbers first.",
            )
        lead = self._cases()
        exponents = np.zeros(lead, np.int64)
        norms: list[Array] = []
        R: Array | None = None
        for number, atom in enumerate(self.atoms, 1):
            y_norm: Array | float = 0.0
            if isinstance(atom, WeightJacobian) and number == len(self.atoms):
                y_norm = _log2_norm(atom.y, (-1,))  # |left (x) y| = |left| |y|
                atom = atom.left
            rows = atom._o if R is None else R.shape[-2]
            check_dense(8 * size((*lead, rows, atom._n)), "Chain.log2_norms", remedy=_NARROW)
            product = atom._matrix() if R is None else atom._pull(R)
            R = np.broadcast_to(product, (*lead, *product.shape[-2:])).astype(np.float64)
            norms.append(_log2_norm(R, (-2, -1)) + exponents + y_norm)
            R, shift = _rescaled(R, (-2, -1))
            exponents = exponents + shift[..., 0, 0]
        return np.array(norms)

    def _cases(self) -> tuple[int, ...]:
        cases = next((J.cases for J in self.atoms if J.cases is not None), None)
        return () if cases is None else (cases,)

    def _symbol(self, factors: int) -> str:
        """The name of the product of the first `factors` factors."""
        return f"J_{self.variables[factors]}^{self.variables[0]}" if self.variables else ""

    def __len__(self) -> int:
        return len(self.factors)

    def __repr__(self) -> str:
        return f"<Chain {' . '.join(self.symbols)}>"


def _rescaled(array: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """The array over a power of two that brings its largest entry to 1/2 or more, and the exponent."""
    exact = array.astype(np.float64)
    largest = np.abs(exact).max(axis=axes, keepdims=True)
    shift = np.where((largest > 0) & np.isfinite(largest), np.frexp(largest)[1], 0)
    return np.ldexp(exact, -shift), shift


def _log2_norm(array: Array, axes: tuple[int, ...]) -> Array:
    """log2 of the Frobenius norm over some axes, without overflow or underflow of the squares."""
    scaled, shift = _rescaled(array, axes)
    return np.asarray(np.log2((scaled**2).sum(axis=axes)) / 2 + shift.squeeze(axes))
