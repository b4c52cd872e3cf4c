"""The UCI wine data (seed row D-27): 178 wines, 13 measurements, 3 cultivars."""

from __future__ import annotations

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np

from ..arrays import Array, freeze


class Wine(NamedTuple):
    """178 wines.

    Attributes
    ----------
    X : array (178, 13), float64
        The measurements, unscaled, one wine a row.
    labels : array (178,), integers
        The cultivar, 0 to 2.
    feature_names, class_names : tuple of str
        What the columns and the labels mean.
    """

    X: Array
    labels: Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Wine: {len(self.X)} wines, {self.X.shape[1]} features, {len(self.class_names)} cultivars>"


def load_wine() -> Wine:
    """Load the wine data, from a file inside the package.

    Aeberhard and Forina, Wine, UCI Machine Learning Repository (1991), doi:10.24432/C5PC7J, CC BY 4.0.

    Examples
    --------
    >>> wine = load_wine()
    >>> wine.X.shape, wine.labels[[0, 1, 66, 176]].tolist()
    ((178, 13), [0, 0, 1, 2])
    """
    text = resources.files(__package__).joinpath("wine.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    numbers = np.array(rows, dtype=np.float64)
    labels = numbers[:, 0].astype(np.intp) - 1
    classes = tuple(f"cultivar {k + 1}" for k in range(labels.max() + 1))
    return Wine(freeze(numbers[:, 1:].copy()), freeze(labels), tuple(header[1:]), classes)
