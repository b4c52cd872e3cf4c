"""The inputs and targets that a saved network is examined with, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import click

from ..arrays import Array
from ..files import load_cases, read_arrays


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
