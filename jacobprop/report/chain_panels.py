"""What a picture of a chain shows, before anything is drawn: the matrices and words of each panel."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..architecture import LOSS
from ..jacobians import Jacobian
from ..layout import Shape
from ..network import Network
from ..record import Record
from .blocks import Block, blocks, full, one_case
from .chain_table import ChainTable, one_case_shape, structure_name
from .magnitude import largest
from .notation import UNICODE
from .units import by

MOST_FACTORS = 6
"""The most factors of a chain that are drawn."""


@dataclass(frozen=True)
class Panel:
    """The matrices of a Jacobian, its symbol above and lines below; a remark stands alone in its place."""

    matrices: tuple[Block, ...] = ()
    symbol: str = ""
    lines: tuple[str, ...] = ()
    remark: str = ""

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each matrix."""
        return tuple((m.values.shape[0], m.values.shape[1]) for m in self.matrices)


def chain_panels(net: Network, record: Record, table: ChainTable, case: int) -> list[list[Panel]]:
    """The factors, and under each the running R after it; the gradient over all cases at the end.

    A single factor has no second row.
    """
    kept = shown_factors(len(table.chain))
    gap = Panel(remark=r"$\cdots$")
    factors = [gap if k is None else _factor_panel(table, k, case) for k in kept]
    if len(table.chain) == 1:
        return [factors]
    products = _running(table, case)
    running = [gap if k is None else products[k] for k in kept]
    gradient = _gradient_panel(net, record, table)
    if gradient is None:
        return [factors, running]
    return [[*factors, Panel()], [*running, gradient]]


def shown_factors(count: int) -> list[int | None]:
    """The factors that are drawn; None stands for those left out in the middle."""
    if count <= MOST_FACTORS:
        return list(range(count))
    half = MOST_FACTORS // 2
    return [*range(half), None, *range(count - half, count)]


def _factor_panel(table: ChainTable, k: int, case: int) -> Panel:
    row = table.factors[k]
    return _panel(table.chain.factors[k], row.symbol, row.form, case)


def _panel(J: Jacobian, symbol: str, form: str, case: int) -> Panel:
    matrices = blocks(one_case(J, case))
    size = math.prod(largest(m.values) for m in matrices)  # of left (x) y too
    lines = (f"${form}$", _facts(one_case_shape(J), size), structure_name(J, UNICODE))
    return Panel(matrices, f"${symbol}$", lines)


def _facts(shape: Shape, size: float) -> str:
    return f"{by(shape, UNICODE)}, max {size:.2g}"


def _running(table: ChainTable, case: int) -> list[Panel]:
    """R after each factor; where the first two are one atom, R starts under the second."""
    skipped = len(table.chain) - len(table.chain.atoms)
    start = table.writer.form(table.chain.atoms[0], table.nodes[0], table.nodes[1 + skipped])
    symbol = table.steps[0].before if table.steps else table.symbol
    product = table.writer.say.dot.join(row.symbol for row in table.factors[: 1 + skipped])
    panels = [Panel(remark=f"${product} =$")] * skipped
    panels.append(_panel(table.chain.atoms[0], symbol, start, case))
    return panels + [_panel(row.jacobians[2], row.after, row.form, case) for row in table.steps]


def _gradient_panel(net: Network, record: Record, table: ChainTable) -> Panel | None:
    """The gradient reduced over all cases, if there are several."""
    node = table.nodes[-1]
    if table.nodes[0] != LOSS or record.cases in (None, 1) or node not in net.architecture.parameter_nodes:
        return None
    gradient = record.gradients()[node.name]
    assert net.loss is not None
    lines = (
        "gradient",
        _facts(gradient.shape, largest(gradient)),
        f"{net.loss.reduction} of {record.cases} cases",
    )
    symbol = rf"$\partial L / \partial {table.writer.letter(node)}$"
    return Panel((full(gradient.reshape(-1, gradient.shape[-1])),), symbol, lines)
