"""`jacobprop chain SIZES`: the chain of any network, as tables, JSON, LaTeX or a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..activations import NAMES
from ..chain import Chain
from ..errors import UnknownNameError
from ..network import Network
from ..record import Record
from ..report.chain_picture import chain_picture
from ..report.chain_table import ChainTable
from ..report.machine import chain_data, network_data, plain
from ..report.notation import ASCII
from ..report.worksheet import worksheet
from .chain_screen import show_chain
from .forward_screen import show_forward_pass
from .networks import LOSSES, Description
from .parameters import picture_file, require_room, sizes_of
from .pictures import write_picture
from .screen import Screen

MOST_CHAINS = 4
"""More chains than these fill too many screens: then the first and the last are shown."""

EPILOG = """\b
Example: jacobprop chain 3-2-1 --names "X Y Z" --weights "V W" --no-bias
--loss cross-entropy appends a Softmax layer: --names needs one letter more."""


@click.command("chain", epilog=EPILOG)
@click.argument("sizes", callback=sizes_of)
@click.option("--activation", default="sigmoid", show_default=True, metavar="NAME", help=", ".join(NAMES))
@click.option("--output-activation", metavar="NAME", help="of the last layer; softmax adds a Softmax layer")
@click.option("--loss", type=click.Choice(list(LOSSES)), default="squared-error", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--cases", type=click.IntRange(1, 10**6), default=1, show_default=True)
@click.option("--names", metavar="LETTERS", help='the slides\' letters of input and layers: "X Y Z"')
@click.option("--weights", metavar="LETTERS", help='the slides\' letters of the weights: "V W"')
@click.option("--of", default="L", show_default=True, metavar="NAME", help="the numerator: L, a2, z1 ...")
@click.option("--wrt", metavar="NAME", help="the denominator: W1, b2, a0 ...  [default: every weight]")
@click.option("--no-bias", is_flag=True, help="layers without b")
@click.option("--json", "as_json", is_flag=True, help="print everything as one JSON object")
@click.option("--latex", "as_latex", is_flag=True, help="print a solved worksheet as a LaTeX document")
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_file,
    help="draw the first chain: .png, .svg or .pdf, replaced if it exists",
)
def chain_command(
    sizes: tuple[int, ...],
    seed: int,
    of: str,
    wrt: str | None,
    no_bias: bool,
    as_json: bool,
    as_latex: bool,
    plot: Path | None,
    **given: Any,
) -> None:
    """Show the chain of Jacobians of a network of SIZES, such as 3-2-1, with all its numbers."""
    if as_json and as_latex:
        raise click.UsageError("--json and --latex cannot both be printed", click.get_current_context())
    require_room(given["cases"] * max(sizes), "a layer with all its cases")
    description = Description(sizes, seed=seed, bias=not no_bias, **given)
    net = description.network()
    record = description.record(net)
    chains = [record.chain(of, name) for name in ([wrt] if wrt else weights_below(net, of))]
    if as_json:
        click.echo(json.dumps(_data(net, record, chains, seed), allow_nan=False))
    elif as_latex:
        click.echo(worksheet(net, record, chains))
    else:
        _show(net, record, chains, description)
    if plot:
        write_picture(chain_picture(net, record, chains[0]), plot)


def weights_below(net: Network, of: str) -> list[str]:
    """Every weight matrix that a variable is a function of, first layer first."""
    architecture = net.architecture
    above = architecture.node(of, "--of")
    found = []
    for node in architecture.parameter_nodes:
        if node.letter == "W" and (above.letter == "L" or node.layer <= above.layer):
            found.append(node.name)
    if not found or above.letter not in "Laz":
        raise UnknownNameError(
            f"{of} is no function of any weight",
            where="--of",
            expected="L, an activation or a sum, such as a1 or z1",
            remedy="Name the denominator with --wrt.",
        )
    return found


def _data(net: Network, record: Record, chains: list[Chain], seed: int) -> dict[str, Any]:
    tables = [ChainTable(chain, net.architecture, ASCII) for chain in chains]
    return {
        "seed": seed,
        "network": network_data(net, record),
        "chains": [
            chain_data(table, record.jacobian(table.nodes[0].name, table.nodes[-1].name)) for table in tables
        ],
        "gradients": {name: plain(array) for name, array in record.gradients().items()},
    }


def _show(net: Network, record: Record, chains: list[Chain], description: Description) -> None:
    screen = Screen()
    sizes = "-".join(map(str, description.sizes))
    cases = "one case" if record.cases == 1 else f"{record.cases} cases"
    screen.line(
        f"{sizes}, {description.activation}"
        + (f", {description.top} on top" if description.top != description.activation else "")
        + f", {description.loss}, seed {description.seed}, {cases}: loss {record.loss:.6g}"
    )
    if record.cases != 1:
        screen.line("shapes and numbers: the first case; bytes and multiply-adds: all cases")
    show_forward_pass(screen, net, record)
    for chain in chains if len(chains) <= MOST_CHAINS else (chains[0], chains[-1]):
        show_chain(screen, net, chain)
    if len(chains) > MOST_CHAINS:
        screen.line()
        left_out = f"{len(chains) - 2} chains between these are left out"
        screen.line(f"{left_out}: --wrt {chains[1].variables[-1]} shows the first of them")
