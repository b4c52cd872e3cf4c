"""The second half of a worksheet: the factors, and the running R, with the numbers of one case."""

from __future__ import annotations

from collections.abc import Iterator

from ..jacobians import DiagonalJacobian, IdentityJacobian, Jacobian, ScaledJacobian, WeightJacobian
from ..record import Record
from .blocks import block_shapes, blocks, full, one_case
from .chain_table import ChainTable, StepRow
from .latex_matrix import latex_matrix
from .magnitude import MOST_SHOWN
from .notation import LATEX

WIDEST = 12
"""The most columns of numbers on one line."""


def factor_lines(table: ChainTable, k: int, record: Record, case: int) -> Iterator[str]:
    """One factor: its symbol, the slide's formula, its matrices; for a weight the simplified Jacobian too."""
    row, J = table.factors[k], one_case(table.chain.factors[k], case)
    yield rf"{row.symbol} &= {row.form} \qquad ({LATEX.times.join(map(str, row.shape))})"
    if isinstance(J, ScaledJacobian) and J.rows is not None:
        diagonal = latex_matrix(full(J.rows[None, :]))
        yield rf"&= \mathrm{{diag}}{diagonal} {latex_matrix(full(J.shared))}"
    yield f"&= {_numbers(J)}"
    if isinstance(J, WeightJacobian) and isinstance(J.left, DiagonalJacobian | IdentityJacobian):
        above, below = table.nodes[k : k + 2]
        if above.letter == "a":
            slopes = r"\mathbf{1}" if isinstance(J.left, IdentityJacobian) else table.writer.slope(above)
            y = table.writer.letter(table.writer.input_node(below))
            hat = record.layer(above.layer).J_W_hat
            values = latex_matrix(full(hat if hat.ndim == 2 else hat[case]))
            symbol = row.symbol.replace("J", r"\hat{J}", 1)
            yield f"{symbol} &= {y}{LATEX.transpose} {slopes} = {values}"


def head_line(table: ChainTable, case: int) -> str:
    """The accurate product of the first two factors."""
    assert table.chain.head is not None
    first, second = (row.symbol for row in table.factors[:2])
    product = table.steps[0].before if table.steps else table.symbol
    form = table.writer.form(table.chain.head, table.nodes[0], table.nodes[2])
    return rf"{product} &= {first} \cdot {second} = {form} = {_numbers(one_case(table.chain.head, case))}"


def step_lines(row: StepRow, case: int) -> Iterator[str]:
    """One product of the running R: R before . factor = R after."""
    before, factor, after = (one_case(J, case) for J in row.jacobians)
    yield rf"{row.after} &= {row.before} \cdot {row.factor}"
    together = _columns(before) + _columns(factor) <= WIDEST
    if together:
        yield rf"&= {_numbers(before)} \cdot {_numbers(factor)}"
    else:
        yield f"&= {_numbers(before)}"
        yield rf"&\qquad \cdot {_numbers(factor)}"
    yield f"&= {_numbers(after)}"


def _numbers(J: Jacobian) -> str:
    return r" \otimes ".join(latex_matrix(block) for block in blocks(J))


def _columns(J: Jacobian) -> int:
    return sum(min(columns, MOST_SHOWN) for _, columns in block_shapes(J))
