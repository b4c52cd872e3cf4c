"""A chain as plain data for other programs: dictionaries, lists and numbers that json accepts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..jacobians import Jacobian
from ..layout import Shape, size
from ..network import Network
from ..record import Record
from .chain_table import ChainTable, FactorRow, StepRow

MOST_NUMBERS = 100_000
"""The largest array that is written out; its shape stands for a larger one."""


def plain(value: object) -> Any:
    """Nested lists of an array; null stands for nan and the infinities, which JSON lacks.

    Of an array of more than `MOST_NUMBERS` only the shape is written, with a note.

    Examples
    --------
    >>> plain(np.array([[1.0, np.inf]]))
    [[1.0, None]]
    """
    if isinstance(value, np.ndarray) and value.size > MOST_NUMBERS:
        return _elided(value.shape)
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def network_data(net: Network, record: Record) -> dict[str, Any]:
    """The network with its parameters and the pass through it: enough to build both again."""
    return {
        "layers": [repr(layer) for layer in net.layers],
        "loss_function": repr(net.loss),
        "dtype": str(record.dtype),
        "cases": record.cases,
        "letters": dict(net.architecture.names.letters),
        "parameters": {name: plain(array) for name, array in net.parameters.items()},
        "X": plain(record.activation(0)),
        "T": plain(record.target),
        "output": plain(record.output),
        "loss": plain(record.loss),
    }


def chain_data(table: ChainTable, product: Jacobian) -> dict[str, Any]:
    """The rows of a chain, the running R after each step, and the tensor of the product."""
    plan = table.chain.plan()
    return {
        "of": table.nodes[0].name,
        "wrt": table.nodes[-1].name,
        "symbol": table.symbol,
        "variables": list(table.chain.variables),
        "factors": [_factor_data(row) for row in table.factors],
        "totals": {
            "stored_bytes": table.stored,
            "dense_bytes": table.dense,
            "multiply_adds": table.multiply_adds,
        },
        "plan": {"order": plan.order, "bracketing": plan.bracketing, "multiply_adds": plan.multiply_adds},
        "steps": [_step_data(row) for row in table.steps],
        "jacobian": _tensor(product),
    }


def _factor_data(row: FactorRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "symbol": row.symbol,
        "slide_form": row.form,
        "structure": row.structure,
        "shape": list(row.shape),
        "stored_bytes": row.stored,
        "dense_bytes": row.dense,
        "multiply_adds": row.multiply_adds,
        "fused": row.fused,
    }


def _step_data(row: StepRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "before": row.before,
        "factor": row.factor,
        "after": row.after,
        "slide_form": row.form,
        "shapes": [list(shape) for shape in row.shapes],
        "multiply_adds": row.multiply_adds,
        "R": _tensor(row.jacobians[2]),
    }


def _tensor(J: Jacobian) -> Any:
    """The dense tensor in numerator layout, cases first; a large one is not even made."""
    cases = () if J.cases is None else (J.cases,)
    shape = cases + J.out_shape + J.in_shape
    return plain(J.tensor()) if size(shape) <= MOST_NUMBERS else _elided(shape)


def _elided(shape: Shape) -> dict[str, Any]:
    return {"shape": list(shape), "note": f"not written: more than {MOST_NUMBERS:,} numbers"}
