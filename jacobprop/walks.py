"""One walk through a network: rows pulled down to the parameters, or tangents pushed up from them.

Blocks of numbers pass through the Jacobians of single edges; no product of Jacobians is formed. Rows are
(c, k, m), or (k, m) for one case; tangents are (c, n, k), or (n, k) where all cases share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .architecture import SUM, Architecture, Edge, Node
from .arrays import Array
from .jacobians import Jacobian

JacobianOf: TypeAlias = Callable[[Edge], Jacobian]


def pull_to_parameters(
    architecture: Architecture, jacobian_of: JacobianOf, top: Node, rows: Array
) -> dict[str, Array]:
    """R <- R J from `top` down; at each parameter R J added up over the cases, in the parameter's shape.

    With k = 1 row a case. Branches are added; parameters that `top` does not depend on are left out.
    """
    running, found = {top: rows}, dict[Node, Array]()
    for node, edges in architecture.way_to_parameters:
        if node not in running:
            continue
        row = running.pop(node)
        for edge in edges:
            J, below = jacobian_of(edge), edge.below
            if below.letter in ("a", SUM):
                pulled = J._pull(row)
                running[below] = running[below] + pulled if below in running else pulled
            else:
                summed = J._pull(row) if J.cases is None else J._pull_sum(row)
                found[below] = summed.reshape(J.in_shape)
    return {name: found[node] for node, name in architecture.parameter_names if node in found}


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
