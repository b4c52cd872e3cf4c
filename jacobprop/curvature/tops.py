"""What is differentiated: the output, the logits below its gate, or each case's own loss."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from ..architecture import LOSS, SUM, Node
from ..errors import DTypeError, OptionError, UnsupportedLayerError, shown
from ..jacobians import Jacobian
from ..jacobians.identity import unit
from ..network import Network, require_network
from ..record import Record

Of: TypeAlias = Literal["output", "logits", "loss"]
OF = ("output", "logits", "loss")


def run(net: Network, X: object, T: object, where: str) -> Record:
    """The pass of a network of floats."""
    require_network(net, where)
    _require_own_cases(net, where)
    record = net.forward(X, T)
    require_floats(record.dtype, where)
    return record


def _require_own_cases(net: Network, where: str) -> None:
    """Refuse a network in which an output depends on other cases than its own."""
    for number, layer in enumerate(net.layers, 1):
        if layer.couples_cases:
            raise UnsupportedLayerError(
                "a layer couples the cases, so that none has a Jacobian of its own",
                where=where,
                got=net.architecture.where(number),
                expected="cases that do not depend on each other",
                remedy="Use net.with_statistics(X): batch normalisation by fixed means and variances.",
            )


def require_floats(dtype: np.dtype[Any], where: str) -> None:
    """Refuse a pass of expressions."""
    if dtype.kind == "O":
        raise DTypeError(
            "the parameters, or X, are sympy expressions",
            where=where,
            expected="floats",
            remedy="record.jacobian works on expressions.",
        )


def top_of(record: Record, of: object, where: str) -> Node:
    """The node that `of` names."""
    if not isinstance(of, str) or of not in OF:
        raise OptionError(
            "unknown top",
            where=where,
            got=shown(of),
            expected='"output", "logits" or "loss"',
            remedy='"logits" is the sum below a softmax or sigmoid, "loss" each case\'s own loss.',
        )
    depth = record.architecture.depth
    if of == "output":
        return Node("a", depth)
    if of == "logits":
        return _gated(record, where)
    record.losses  # noqa: B018  (refuses a record without a loss or a target)
    return LOSS


def _gated(record: Record, where: str) -> Node:
    depth = record.architecture.depth
    last = record.architecture.layers[-1]
    if not (last.gate and record.architecture.has_sum(depth)):
        raise UnsupportedLayerError(
            "there are no logits: the last layer is neither a softmax nor a sigmoid",
            where=where,
            got=record.architecture.where(depth),
            expected="Softmax, LogSoftmax or a sigmoid layer on top",
            remedy='Use of="output".',
        )
    return Node(SUM, depth)


def starts(record: Record, node: Node) -> dict[Node, Jacobian]:
    """Where a walk from this node begins: the identity, or the row of the loss, fused where it can be."""
    architecture = record.architecture
    if node != LOSS:
        return {node: unit(record._values(node).shape[-1:], record.cases, record.dtype)}
    if architecture.fused:
        below = Node(SUM, architecture.depth)
        return {below: record.jacobian("L", below.name)}
    return {Node("a", architecture.depth): record.J_N}
