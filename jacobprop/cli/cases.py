"""The inputs and targets that a saved network is examined with, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import click

from ..arrays import Array
from ..files import load_cases, read_arrays
from ..network import Network


class Given(NamedTuple):
    """Cases, and the words that say whose they are."""

    X: Array
    T: Array | None
    source: str


def given_cases(file: str, cases_file: str | None) -> Given | None:
    """Those of `--cases`, else those saved with the network, else None."""
    if cases_file is not None:
        found = among(read_arrays(cases_file), cases_file)
        if found is None:
            raise click.UsageError(
                f"{cases_file} holds no array X: write it with numpy.savez({cases_file!r}, X=X, T=T)",
                click.get_current_context(),
            )
        return found
    saved = load_cases(file)
    return None if saved is None else Given(saved.X, saved.T, f"saved in {file}")


def among(arrays: Mapping[str, Array], source: str) -> Given | None:
    """X and T among the arrays of a file."""
    return Given(arrays["X"], arrays.get("T"), source) if "X" in arrays else None


def require_loss_and_target(net: Network, given: Given, file: str) -> None:
    """Refuse a gradient of no loss, in the words of the shell."""
    if net.loss is None:
        raise click.UsageError(
            f"{file} was saved without a loss, and so has no gradients: "
            "give the network a loss in Python and save it again, with its X and T",
            click.get_current_context(),
        )
    if given.T is None:
        raise click.UsageError(
            f"the cases have no targets T ({given.source}): pass --cases NPZ with arrays X and T",
            click.get_current_context(),
        )


def require_loss_for_target(net: Network, given: Given, file: str) -> None:
    """Refuse a target that no loss takes, in the words of the shell."""
    if net.loss is None and given.T is not None:
        raise click.UsageError(
            f"{file} was saved without a loss, which the targets T need ({given.source}): "
            "pass --cases NPZ with X alone",
            click.get_current_context(),
        )
