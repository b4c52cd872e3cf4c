"""`jacobprop plan SIZES`: in which order to multiply the chain of a network, what it costs, and why."""

from __future__ import annotations

import json
from typing import Any

import click

from ..activations import NAMES
from ..planning import ORDERS, PlanStep, abridged
from ..report.notation import ASCII
from ..report.plan_table import PlanTable, factors_of
from ..report.units import by, short
from .parameters import sizes_of
from .screen import Screen, numbers, words

MOST_AT_AN_END = 6
"""Of more sizes than twice this the middle is left out."""

MEMORY = "Bytes beside the factors: the largest array, and all alive at the worst step."

EPILOG = """\b
Example: jacobprop plan 512-512-8-512-512
A scalar loss on top: jacobprop plan 784-256-128-10 --row"""


def planned_sizes(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """Layer sizes; what is too large for the command line can be planned in Python."""
    try:
        return sizes_of(context, parameter, text)
    except click.BadParameter:
        raise
    except click.UsageError as error:  # a list of sizes, but no room for the matrix
        remedy = "take smaller sizes, or jacobprop.plan in Python, which has no limit"
        raise click.UsageError(f"{error.message}: {remedy}", context) from None


@click.command("plan", epilog=EPILOG)
@click.argument("sizes", callback=planned_sizes)
@click.option(
    "--order", type=click.Choice(ORDERS), default="auto", show_default=True, help="the plan to show"
)
@click.option("--cases", type=click.IntRange(1, 10**6), default=1, show_default=True)
@click.option(
    "--activation", type=click.Choice(NAMES), metavar="NAME", help="factors diag(f') W^T  [default: dense]"
)
@click.option("--row", is_flag=True, help="the row of a scalar loss on top")
@click.option("--max-bytes", type=click.IntRange(0), metavar="BYTES", help="no array above this (float64)")
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
def plan_command(
    sizes: tuple[int, ...],
    cases: int,
    activation: str | None,
    row: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Plan the chain from the output to the input of a network of SIZES, such as 512-8-512."""
    screen = Screen()
    atoms = tuple(factors_of(sizes, activation, cases, row))
    table = PlanTable(atoms, row=row, notation=ASCII if as_json else screen.notation, **given)
    if as_json:
        described = {"sizes": list(sizes), "activation": activation, "cases": cases, "row": row}
        click.echo(json.dumps(described | table.data(), allow_nan=False))
        return
    steps, left_out = abridged(table.plan.steps)  # what cannot be planned fails before anything is printed
    kind = "dense factors" if activation is None else f"{activation} layers"
    top = ", a row on top" if row else ""
    screen.line(f"{few_words(sizes)}, {kind}{top}, {'one case' if cases == 1 else f'{cases} cases'}")
    show_steps(screen, table, steps, left_out)
    show_orders(screen, table)
    screen.line()
    screen.line(table.why)


def few_words(sizes: tuple[int, ...]) -> str:
    """2-3-1; of many sizes the ends."""
    if len(sizes) <= 2 * MOST_AT_AN_END:
        return "-".join(map(str, sizes))
    first, last = sizes[:MOST_AT_AN_END], sizes[-MOST_AT_AN_END:]
    return f"{'-'.join(map(str, first))}-...-{'-'.join(map(str, last))} ({len(sizes) - 1} layers)"


def show_steps(screen: Screen, table: PlanTable, steps: list[tuple[int, PlanStep]], left_out: int) -> None:
    """One row a product."""
    if not steps:
        return
    screen.heading(f"The {table.order} order" + (f", {left_out} products left out" if left_out else ""))
    columns = [
        numbers("#"),
        words("product"),
        words("shapes"),
        words("structure"),
        numbers("multiply-\nadds"),
    ]
    rows = []
    for number, step in steps:
        left, right, _ = (by(shape, screen.notation) for shape in table.shapes(step))
        shapes = f"{left}{screen.notation.dot}{right}"
        price = short(step.multiply_adds)
        rows.append([str(number), table.product(step), shapes, step.structure.name, price])
    screen.table(columns, rows)


def show_orders(screen: Screen, table: PlanTable) -> None:
    """The price of each order beside the others."""
    screen.line()
    columns = [
        words("order"),
        numbers("multiply-adds"),
        numbers("ratio"),
        numbers("largest array"),
        numbers("peak of all"),
        words(""),
    ]
    rows = []
    for name, plan in table.orders.items():
        ratio = table.ratio(name)
        cost = f"{plan.multiply_adds:,}"
        memory = [f"{short(count)} bytes" for count in (plan.nbytes, plan.peak_nbytes)]
        limit = "above the limit" if table.too_large(plan) else ""
        rows.append([name, cost, "" if ratio is None else f"{ratio:.3g}", *memory, limit])
    screen.table(columns, rows)
    screen.line(MEMORY)
