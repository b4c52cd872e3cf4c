"""What cannot be derived: arrays that nobody reads, another width of the input, code made for floats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..arrays import whole_number
from ..errors import DenseLimitError, JacobpropError, ShapeError, UnsupportedLayerError
from ..layers.batch_norm import BatchNormInTraining
from ..layers.dropout import DropoutInTraining
from ..layout import Shape, size
from ..network import Network

MOST_ENTRIES = 2000
"""The most entries of one array of expressions."""


def check_entries(shape: Shape, what: str) -> None:
    """Refuse an array of more expressions than anyone reads."""
    if size(shape) > MOST_ENTRIES:
        raise DenseLimitError(
            f"{what} has too many entries to be written as formulas",
            where="derive",
            got=f"shape {shape}, {size(shape):,} entries",
            expected=f"at most {MOST_ENTRIES:,}",
            remedy="Derive a narrower network of the same kind: the formulas do not depend on the widths.",
        )


def check_width(n_in: int | None, own: int | None) -> None:
    """Refuse a width of the input that is none, or not the network's own."""
    if n_in is None:
        return
    whole_number(n_in, "n_in", "derive", remedy="It is the width of the input.", most=sys.maxsize)
    if own is not None and n_in != own:
        raise ShapeError(
            "the input has a width of its own",
            where="derive(n_in=)",
            got=n_in,
            expected=own,
            remedy="Leave n_in out.",
        )


def check_in_use(net: Network) -> None:
    """Refuse a network in training, whose masks and whose batch are not those of a formula."""
    for number, layer in enumerate(net.layers, 1):
        if isinstance(layer, BatchNormInTraining | DropoutInTraining):
            raise UnsupportedLayerError(
                "a network in training belongs to one step",
                where=f"derive: {net.architecture.where(number)}",
                got=type(layer).__name__,
                expected="layers that compute each case by itself",
                remedy="Derive the network itself, the one that net.in_training() was called on.",
            )


@contextmanager
def on_letters(where: str) -> Iterator[None]:
    """Code of a layer or a loss that fails on symbols is named, with what would help."""
    try:
        yield
    except JacobpropError:
        raise
    except Exception as error:
        raise UnsupportedLayerError(
            "the code does not run on arrays of sympy symbols",
            where=where,
            got=f"{type(error).__name__}: {error}",
            expected="arithmetic, powers, .sum() and .mean()",
            remedy="Write **0.5 for np.sqrt, and np.frompyfunc(sympy.exp, 1, 1) for np.exp.",
        ) from error
