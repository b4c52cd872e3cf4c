"""A chain on the screen: the table of its factors, then the running R, product by product."""

from __future__ import annotations

from rich.table import Column

from ..chain import Chain
from ..network import Network
from ..report.chain_table import ChainTable, FactorRow, StepRow
from ..report.numbers import beside, equation_lines, jacobian_lines
from ..report.units import by, short
from .screen import Screen, numbers, words

INDENT = 3


def show_chain(screen: Screen, net: Network, chain: Chain) -> None:
    """The factors of a chain, then its steps."""
    table = ChainTable(chain, net.architecture, screen.notation)
    screen.heading(table.formula)
    show_factors(screen, table)
    screen.line()
    if table.steps:
        show_steps(screen, table)
    else:
        product = jacobian_lines(chain.multiply(), screen.notation)
        screen.block(beside([[f"{screen.safe(table.symbol)} ="], product], " "), indent=INDENT)


def show_factors(screen: Screen, table: ChainTable) -> None:
    """One row a factor, with totals."""
    columns = [
        numbers("#"),
        words("symbol", footer="total", style="cyan"),
        words("slide form"),
        words("structure", width=10),
        words("shape"),
        numbers("stored /\ndense bytes", f"{short(table.stored)} / {short(table.dense)}"),
        numbers("multiply-\nadds", short(table.multiply_adds)),
    ]
    screen.table(columns, (_cells(screen, row) for row in table.factors))
    if table.chain.head is not None:
        first, second = (row.symbol for row in table.factors[:2])
        product = f"{first}{screen.notation.dot}{second} = {_start(table)}"
        screen.line(f"fused: {product} at once, exact where a factor alone is not")


def _cells(screen: Screen, row: FactorRow) -> list[str]:
    price = "fused" if row.fused else "" if row.multiply_adds is None else short(row.multiply_adds)
    shape = by(row.shape, screen.notation)
    stored = f"{short(row.stored)} / {short(row.dense)}"
    return [str(row.number), row.symbol, row.form, row.structure, shape, stored, price]


def _start(table: ChainTable) -> str:
    """The formula that the running R starts with."""
    if table.chain.head is not None:
        return table.writer.form(table.chain.head, table.nodes[0], table.nodes[2])
    return table.factors[0].form


def show_steps(screen: Screen, table: ChainTable) -> None:
    """One row a product: R before . factor -> R after; the numbers of one case where they are few."""
    screen.line(f"The running R starts as {table.steps[0].before} = {_start(table)}:")
    for row in table.steps:
        _show_step(screen, row)
    plan = table.chain.plan()
    if plan.multiply_adds < table.multiply_adds:
        screen.line(f"cheaper in the order {plan.bracketing}: {short(plan.multiply_adds)} multiply-adds")


def _show_step(screen: Screen, row: StepRow) -> None:
    say = screen.notation
    before, factor, after = (by(shape, say) for shape in row.shapes)
    number, price = numbers("", width=1), numbers("", width=7)
    columns = [number, Column(ratio=4, overflow="fold"), Column(ratio=5, overflow="fold"), price]
    cells = [
        str(row.number),
        f"{row.before}{say.dot}{row.factor}{say.arrow}{row.after}",
        f"{before}{say.dot}{factor}{say.arrow}{after}",
        short(row.multiply_adds),
    ]
    screen.table(columns, [cells], header=False, expand=True)
    lines = equation_lines(row.jacobians, say, screen.console.width - INDENT)
    if lines:
        screen.block(lines, indent=INDENT)
