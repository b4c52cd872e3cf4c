"""A chain as data: one row a factor, one row a product, with shapes, bytes and multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..architecture import Architecture, Node
from ..chain import Chain
from ..jacobians import DiagonalPlusLowRankJacobian, Jacobian
from ..layout import Shape
from .forms import Writer
from .notation import UNICODE, Notation


@dataclass(frozen=True)
class FactorRow:
    """One factor of a chain.

    Attributes
    ----------
    shape : tuple of int
        Of one case, out + in, with 1 for a scalar.
    stored, dense : int
        Bytes for all cases.
    multiply_adds : int or None
        The price of taking this factor into the running R; None for a factor that R starts from.
    fused : bool
        Whether the first two factors are multiplied as one accurate atom.
    """

    number: int
    symbol: str
    form: str
    structure: str
    shape: Shape
    stored: int
    dense: int
    multiply_adds: int | None
    fused: bool


@dataclass(frozen=True)
class StepRow:
    """One product of the running R: before . factor = after, with the Jacobians themselves."""

    number: int
    before: str
    factor: str
    after: str
    form: str
    shapes: tuple[Shape, Shape, Shape]
    multiply_adds: int
    jacobians: tuple[Jacobian, Jacobian, Jacobian]


class ChainTable:
    """The rows and totals of a chain, written in one notation.

    Parameters
    ----------
    chain : Chain
        From ``record.chain``.
    architecture : Architecture
        Of the network, ``net.architecture``.
    notation : Notation
        How formulas are written.
    """

    def __init__(self, chain: Chain, architecture: Architecture, notation: Notation = UNICODE) -> None:
        self.chain, self.writer = chain, Writer(architecture, notation)
        self.nodes: tuple[Node, ...] = tuple(architecture.node(v, "report") for v in chain.variables)

    @property
    def symbol(self) -> str:
        """The symbol of the whole product."""
        return self._product(len(self.chain))

    @property
    def formula(self) -> str:
        """The product of all symbols: J_V^L = J_Z^L . J_Y^Z . J_V^Y."""
        product = self.writer.say.dot.join(row.symbol for row in self.factors)
        return f"{self.symbol} = {product}" if len(self.chain) > 1 else product

    @cached_property
    def factors(self) -> tuple[FactorRow, ...]:
        """One row a factor, as on the slide."""
        prices = self._prices()
        return tuple(self._factor(k, J, prices[k]) for k, J in enumerate(self.chain.factors))

    def _prices(self) -> list[int | None]:
        """What each factor costs when R takes it in; the factors of a fused head cost nothing."""
        steps = self.chain.plan("backward").steps
        started: list[int | None] = [None] * (len(self.chain) - len(steps))
        return started + [step.multiply_adds for step in steps]

    def _factor(self, k: int, J: Jacobian, price: int | None) -> FactorRow:
        above, below = self.nodes[k], self.nodes[k + 1]
        return FactorRow(
            number=k + 1,
            symbol=self.writer.symbol(above, below),
            form=self.writer.form(J, above, below),
            structure=structure_name(J, self.writer.say),
            shape=one_case_shape(J),
            stored=J.nbytes,
            dense=J.dense_nbytes,
            multiply_adds=price,
            fused=self.chain.head is not None and k < 2,
        )

    @cached_property
    def steps(self) -> tuple[StepRow, ...]:
        """One row a product, from the loss inward."""
        skipped = len(self.chain) - len(self.chain.atoms)
        rows = []
        for k, step in enumerate(self.chain.steps(), 1 + skipped):
            jacobians = (step.before, step.factor, step.after)
            rows.append(
                StepRow(
                    number=k - skipped,
                    before=self._product(k),
                    factor=self.factors[k].symbol,
                    after=self._product(k + 1),
                    form=self.writer.form(step.after, self.nodes[0], self.nodes[k + 1]),
                    shapes=(one_case_shape(step.before), self.factors[k].shape, one_case_shape(step.after)),
                    multiply_adds=step.multiply_adds,
                    jacobians=jacobians,
                )
            )
        return tuple(rows)

    def _product(self, count: int) -> str:
        """The symbol of the product of the first `count` factors."""
        if count == 1:
            return self.writer.symbol(*self.nodes[:2])
        names = self.writer.architecture.symbol
        return self.writer.say.J(names(self.nodes[count]), names(self.nodes[0]))

    @property
    def stored(self) -> int:
        """Bytes that all factors store."""
        return sum(row.stored for row in self.factors)

    @property
    def dense(self) -> int:
        """Bytes that all factors would take dense."""
        return sum(row.dense for row in self.factors)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the whole product, from the loss inward."""
        return sum(row.multiply_adds or 0 for row in self.factors)


def structure_name(J: Jacobian, notation: Notation) -> str:
    """The structure in words, with its rank as a number."""
    name = J.structure_name.replace(" (x) ", notation.outer)
    return name.replace("rank r", f"rank {J.rank}") if isinstance(J, DiagonalPlusLowRankJacobian) else name


def one_case_shape(J: Jacobian) -> Shape:
    """Out + in of one case; a scalar counts as one row."""
    return (J.out_shape or (1,)) + J.in_shape
