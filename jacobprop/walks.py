"""One walk through a network: rows pulled down to the parameters, or tangents pushed up from them.

Blocks of numbers pass through the Jacobians of single edges; no product of Jacobians is formed. Rows are
(c, k, m), or (k, m) for one case; tangents are (c, n, k), or (n, k) where all cases share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from .architecture import Architecture, Edge, Node
from .arrays import Array
from .jacobians import Jacobian
from .lifting import Lift, kept_afloat

JacobianOf: TypeAlias = Callable[[Edge], Jacobian]
Blocks: TypeAlias = dict[Node, Array]


def pull_to_parameters(
    architecture: Architecture, jacobian_of: JacobianOf, top: Node, rows: Array
) -> dict[str, Array]:
    """R <- R J from `top` down; at each parameter R J added up over the cases, (k,) + the parameter's shape.

    Branches are added; parameters that `top` does not depend on are left out.
    """
    found = kept_afloat(partial(_pulled, architecture, jacobian_of, {top: rows}), rows.dtype)
    return {name: found[node] for node, name in architecture.parameter_names if node in found}


def _pulled(
    architecture: Architecture, jacobian_of: JacobianOf, running: Blocks, lift: Lift
) -> Iterator[tuple[Node, Array]]:
    for node, edges in architecture.way_to_parameters:
        if node not in running:
            continue

        def step(rows: Blocks, node: Node = node, edges: Sequence[Edge] = edges) -> list[Array]:
            return [_across(jacobian_of(edge), edge.below, rows[node]) for edge in edges]

        running, arrived = lift.through(step, running)
        running = {above: row for above, row in running.items() if above != node}
        for edge, block in zip(edges, arrived, strict=True):
            if edge.below.is_parameter:
                yield edge.below, block
            elif edge.below in running:
                running[edge.below] = running[edge.below] + block
            else:
                running[edge.below] = block


def _across(J: Jacobian, below: Node, rows: Array) -> Array:
    """rows . J, of a parameter summed over the cases and in its shape."""
    if not below.is_parameter:
        return J._pull(rows)
    summed = J._pull(rows) if J.cases is None else J._pull_sum(rows)
    return summed.reshape(-1, *J.in_shape)


def products_to_parameters(
    architecture: Architecture, jacobian_of: JacobianOf, first: Mapping[Node, Jacobian]
) -> Iterator[tuple[Jacobian, tuple[Edge, ...]]]:
    """R <- R J from where `first` begins; wherever parameters come in, R and their edges, from the top down.

    As Jacobians, with their structure. Branches are added, and no product is kept longer than needed.
    """
    running = dict(first)
    for node, edges in architecture.way_to_parameters:
        R = running.pop(node, None)
        if R is None:
            continue
        own = tuple(edge for edge in edges if edge.below.is_parameter)
        if own:
            yield R, own
        for edge in edges:
            if not edge.below.is_parameter:
                term = R @ jacobian_of(edge)
                running[edge.below] = running[edge.below] + term if edge.below in running else term


def push_up(
    architecture: Architecture, jacobian_of: JacobianOf, tangents: Mapping[Node, Array], above: Node
) -> Array | None:
    """The tangent of `above` when all of these variables move at once; None if it depends on none of them."""
    known = dict(tangents)
    for node in architecture.up_to(above):
        for edge in architecture.operands(node):
            if edge.below in known:
                pushed = jacobian_of(edge)._push(known[edge.below])
                known[node] = known[node] + pushed if node in known else pushed
    return known.get(above)
